"""D13 覆盖率 of 四包 and 责任书: of what somebody must answer for or sign, how much is held or signed. 已落实 ÷ 应落实.

Read from `duties`, as the rules on duties do. Knows no files.
"""

from __future__ import annotations

import pandas as pd

from ..core.tables import mapping
from ..field import duties
from ..field.references import keyed, look_up, named, school_names
from .base import Ratio, ratio, summed
from .coverage import given, pupils
from .flows import at_school, of_unknown_state
from .scopes import KEYS, Scope


# --- units ----------------------------------------------------------------------------------------------------------------
def schools(scope: Scope) -> pd.DataFrame:
    """One row a school of the scope, at its place in 学校: code, KEYS."""
    rows = scope.town.schools.dropna(subset=["school_name"]).drop_duplicates("school_name")
    place = dict(zip(rows["school_name"], rows.index, strict=True))
    index = scope.places(place.get(home, ("", 0)) for home in scope.homes)
    codes = [scope.key("school", home) for home in scope.homes]
    return pd.DataFrame({"home": list(scope.homes), "grade": 0, "class_id": "", "code": codes}, index)


def grades(scope: Scope) -> pd.DataFrame:
    """One row a grade of a school that has a class, at the place of its first class: unit (`code-grade`), KEYS."""
    rows = scope.classes.drop_duplicates(["home", "grade"])
    units = [f"{scope.key('school', home)}-{grade}" for home, grade in zip(rows["home"], rows["grade"], strict=True)]
    return rows[["home", "grade"]].assign(class_id="", unit=units)


def villages(scope: Scope) -> pd.DataFrame:
    """One row a pair of a school and a village it serves (学校.服务行政村): school (code), village (code), KEYS."""
    rows = duties.served(scope.town)
    return rows[rows["home"].isin(scope.homes)].assign(grade=0, class_id="")


def pairs(frame: pd.DataFrame, *columns: str) -> pd.MultiIndex:
    """Two columns as pairs, to look for in others."""
    return pd.MultiIndex.from_frame(frame[list(columns)])


# --- 四包 -------------------------------------------------------------------------------------------------------------------
def answered(scope: Scope, kind: str) -> pd.DataFrame:
    """The units of a duty that somebody answers for on the last day of the scope: home, unit."""
    rows = duties.answering(scope.town, scope.end)
    return rows.loc[(rows["kind"] == kind) & (rows["holder"].notna() | rows["name"].notna()), ["home", "unit"]]


def _unclear(scope: Scope, kind: str) -> pd.DataFrame:
    """KEYS of the rows of 包保责任 in force of this kind (or of none) that name nobody, or nothing that is known."""
    rows = duties.held_on(scope.town, scope.end)
    rows = rows[rows["target"].isna() | (rows["holder"].isna() & rows["name"].isna()) | rows["kind"].isna()]
    return _somewhere(scope, rows[rows["kind"].isna() | (rows["kind"] == kind)])


def _somewhere(scope: Scope, rows: pd.DataFrame) -> pd.DataFrame:
    """KEYS of the office's rows of the scope's schools, and of those of which nobody knows the school: each school's may be."""
    known = rows["home"].isin(scope.town.homes)
    rows = rows[~known | rows["home"].isin(scope.homes)]
    nobody = scope.homes[0] if len(scope.homes) == 1 else ""
    return rows.assign(home=rows["home"].where(known, nobody), grade=0, class_id="")[KEYS]


def schools_bonded(scope: Scope) -> Ratio:
    """包学校: schools with a 中心学校 person answering for them ÷ schools."""
    rows = schools(scope)
    hit = rows["code"].isin(given(answered(scope, duties.SCHOOLS)["unit"]))
    return ratio(
        scope, "D13", "包学校", rows, hit, of="school", needs=("bond",), left_out=[_unclear(scope, duties.SCHOOLS)]
    )


def grades_bonded(scope: Scope) -> Ratio:
    """包年级: grades of a school with a leader answering for them ÷ grades that have a class."""
    rows = grades(scope)
    hit = rows["unit"].isin(given(answered(scope, duties.GRADES)["unit"]))
    left_out = [_unclear(scope, duties.GRADES)]
    return ratio(scope, "D13", "包年级", rows, hit, of="class", needs=("bond", "class"), left_out=left_out)


def pupils_bonded(scope: Scope) -> Ratio:
    """包学生: pupils with a teacher answering for them ÷ pupils; the class's 班主任 unless the roster or a bond names another."""
    rows = pupils(scope)
    held = pairs(rows, "home", "student_key").isin(pairs(answered(scope, duties.PUPILS), "home", "unit"))
    told = held | scope.town.known("roster", "teacher").reindex(rows.index)  # whom an unread cell names, nobody knows
    needs, left_out = (
        ("roster", "class", "bond"),
        [rows[~told], _unclear(scope, duties.PUPILS), of_unknown_state(scope)],
    )
    hit = pd.Series(held, rows.index)[told]
    return ratio(scope, "D13", "包学生", rows[told], hit, of="roster", needs=needs, left_out=left_out)


def villages_bonded(scope: Scope) -> Ratio:
    """包家长: pairs of a school and a village it serves where the village has somebody answering for its parents ÷ pairs."""
    rows = villages(scope)
    hit = rows["village"].isin(given(answered(scope, duties.VILLAGES)["unit"]))
    return ratio(
        scope,
        "D13",
        "包家长（校—村）",
        rows,
        hit,
        of="school",
        needs=("bond", "school"),
        left_out=[_unclear(scope, duties.VILLAGES)],
    )


# --- 责任书 -----------------------------------------------------------------------------------------------------------------
def signed(scope: Scope, *kinds: str) -> pd.DataFrame:
    """The 责任书 of these kinds signed by the last day of the scope, as duties.signed."""
    rows = duties.signed(scope.town)
    return rows[rows["kind"].isin(kinds) & (rows["signed"] <= pd.Timestamp(scope.end))]


def _unsigned(scope: Scope, *kinds: str) -> pd.DataFrame:
    """KEYS of the rows of 责任书签订 of these kinds (or of none) that do not say when or with whom."""
    rows = duties.signed(scope.town)
    rows = rows[rows["kind"].isna() | (rows["kind"].isin(kinds) & (rows["other"].isna() | rows["signed"].isna()))]
    return _somewhere(scope, rows.assign(home=named(rows["school"], school_names(scope.town)).fillna("")))


def schools_pledged(scope: Scope) -> Ratio:
    """责任书，中心校—学校: schools that signed ÷ schools."""
    rows = schools(scope)
    hit = rows["code"].isin(given(signed(scope, duties.WITH_SCHOOL)["other"]))
    return ratio(
        scope,
        "D13",
        "责任书：中心校—学校",
        rows,
        hit,
        of="school",
        needs=("pledge",),
        left_out=[_unsigned(scope, duties.WITH_SCHOOL)],
    )


def heads_pledged(scope: Scope) -> Ratio:
    """责任书，学校—班主任: classes whose 班主任 signed ÷ classes."""
    rows = scope.classes
    heads = keyed(scope.town, "class", "head_teacher").reindex(rows.index)
    hit = heads.isin(given(signed(scope, duties.WITH_TEACHER)["other"]))
    left_out = [_unsigned(scope, duties.WITH_TEACHER)]
    return ratio(
        scope, "D13", "责任书：学校—班主任", rows, hit, of="class", needs=("pledge", "class"), left_out=left_out
    )


def teachers_pledged(scope: Scope) -> Ratio:
    """责任书，学校—包保教师: teachers who answer for pupils by a bond or the roster and signed ÷ such teachers; 班主任 sign theirs."""
    rows = duties.answering(scope.town, scope.end)
    rows = rows[(rows["kind"] == duties.PUPILS) & (rows["via"] != duties.BY_CLASS) & rows["holder"].notna()]
    rows = rows[rows["home"].isin(scope.homes)].drop_duplicates(["home", "holder"])
    staff = scope.town["staff"].dropna(subset=["staff_id"]).drop_duplicates("staff_id")
    place = dict(zip(staff["staff_id"], staff.index, strict=True))
    index = scope.places(place.get(holder, ("", 0)) for holder in rows["holder"])
    rows = rows[["home", "holder"]].set_index(index).assign(grade=0, class_id="")
    hit = rows["holder"].isin(given(signed(scope, duties.WITH_TEACHER, duties.WITH_HOLDER)["other"]))
    needs = ("pledge", "bond", "roster")
    left_out = [_unsigned(scope, duties.WITH_TEACHER, duties.WITH_HOLDER), _unclear(scope, duties.PUPILS)]
    return ratio(scope, "D13", "责任书：学校—包保教师", rows, hit, of="staff", needs=needs, left_out=left_out)


def villages_pledged(scope: Scope) -> Ratio:
    """责任书，学校—村: pairs of a school and a village it serves that signed ÷ pairs."""
    rows = villages(scope)
    done = pairs(rows, "school", "village").isin(pairs(signed(scope, duties.WITH_VILLAGE), "school", "other"))
    needs, left_out, hit = ("pledge", "school"), [_unsigned(scope, duties.WITH_VILLAGE)], pd.Series(done, rows.index)
    return ratio(scope, "D13", "责任书：学校—村", rows, hit, of="school", needs=needs, left_out=left_out)


def parents_pledged(scope: Scope) -> Ratio:
    """责任书，学校—家长: pupils whose parents signed ÷ pupils, by class: 份数 of the class, or one a pupil."""
    town, rows = scope.town, scope.classes
    here = at_school(scope, pd.Timestamp(scope.end))
    due = here.groupby("class_id").size().reindex(rows["class_id"]).fillna(0).astype(int)
    done = signed(scope, duties.WITH_PARENTS)
    done = done.assign(copies=town["pledge"]["copies"].reindex(done.index).fillna(1).astype(int))
    cells = pd.DataFrame(
        {"value": done["other"], "home": named(done["school"], school_names(town)).fillna("")}
    ).dropna()
    by_class = look_up(town, cells, "class")["key"].replace("", pd.NA).reindex(done.index)
    classes = mapping(here, "student_key", "class_id")
    by_class = by_class.fillna(named(done["other"], classes))
    copies = done.groupby(by_class)["copies"].sum().reindex(rows["class_id"]).fillna(0).astype(int)
    counts = [pd.Series(values.to_numpy(), rows.index) for values in (copies.clip(upper=due), due)]
    needs = ("pledge", "roster", "class")
    left_out = [_unsigned(scope, duties.WITH_PARENTS), of_unknown_state(scope)]
    return summed(scope, "D13", "责任书：学校—家长", rows, *counts, of="class", needs=needs, left_out=left_out)


FOUR_BONDS = (schools_bonded, grades_bonded, pupils_bonded, villages_bonded)
PLEDGES = (schools_pledged, heads_pledged, teachers_pledged, parents_pledged, villages_pledged)


def pledges(scope: Scope) -> list[Ratio]:
    """责任书, kind by kind."""
    return [function(scope) for function in PLEDGES]
