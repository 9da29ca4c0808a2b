"""What is in place of 四包 and 责任书, and who holds how much."""

import datetime as dt
from dataclasses import dataclass, replace

import pandas as pd

from ..core.policy import Policy
from ..core.tables import NOWHERE, Town, among, by_place, complete, mapping, once, yes
from ..facts import duty
from ..facts.cases import open_at
from ..facts.enrolment import PUPIL
from ..facts.references import keyed, look_up, meant, named, school_names
from .base import Ratio, by_school, by_school_or_each, ratio, summed
from .flows import at_school, dropouts, suspected, unsure
from .scopes import KEYS, Scope
from .support import given, pupils


# --- D13 覆盖率 of 四包 and 责任书: of what somebody must answer for or sign, how much is held or signed. 已落实 ÷ 应落实 ---------
# Read from facts.duty, as the rules on duties do. Knows no files.
# --- units ----------------------------------------------------------------------------------------------------------------
def schools(scope: Scope) -> pd.DataFrame:
    """One row a school of the scope, at its place in 学校: code, KEYS."""
    rows = complete(scope.town.schools, "school_name").drop_duplicates("school_name")
    place = dict(zip(rows["school_name"], rows.index, strict=True))
    index = by_place(place.get(home, NOWHERE) for home in scope.homes)
    codes = [scope.key("school", home) for home in scope.homes]
    return pd.DataFrame({"home": list(scope.homes), "grade": 0, "class_id": "", "code": codes}, index)


def grades(scope: Scope) -> pd.DataFrame:
    """One row a grade of a school that has a class, at the place of its first class: unit (`code-grade`), KEYS."""
    rows = scope.classes[scope.classes["grade"] > 0].drop_duplicates(["home", "grade"])
    units = [f"{scope.key('school', home)}-{grade}" for home, grade in zip(rows["home"], rows["grade"], strict=True)]
    return rows[["home", "grade"]].assign(class_id="", unit=units)


SERVING = ("school_code", "school_name", "catchment")  # what `villages` asks of a row of 学校


def villages(scope: Scope) -> pd.DataFrame:
    """One row a pair of a school and a village it serves (学校.服务行政村): school (code), village (code), KEYS."""
    rows = duty.served(scope.town)
    return rows[rows["home"].isin(scope.homes)].assign(grade=0, class_id="")


def _of_villages(found: Ratio, scope: Scope) -> Ratio:
    """Says what is lacking where 学校 names no village at all, as in an office of yesterday: its rows are not wrong."""
    schools = scope.town.schools
    empty = len(schools) and schools["catchment"].isna().all() and scope.town.known("school", "catchment").all()
    return replace(found, why="“学校”的“服务行政村”还没有填") if empty else found


def _registered(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of `schools` those that stand in 学校; and those of whose folder nobody knows the row."""
    there = rows.index != NOWHERE
    return rows[there], rows[~there]


def pairs(frame: pd.DataFrame, *columns: str) -> pd.MultiIndex:
    """Two columns as pairs, to look for in others."""
    return pd.MultiIndex.from_frame(frame[list(columns)])


# --- 四包 -------------------------------------------------------------------------------------------------------------------
def answered(scope: Scope, kind: str) -> pd.DataFrame:
    """The units of a duty that somebody answers for on the last day of the scope: home, unit."""
    return scope.everybody.once(_answered, kind)


def _answered(scope: Scope, kind: str) -> pd.DataFrame:
    rows = duty.answering(scope.town, scope.end)
    return rows.loc[(rows["kind"] == kind) & (rows["holder"].notna() | rows["name"].notna()), ["home", "unit"]]


def _unclear(scope: Scope, kind: str) -> pd.DataFrame:
    """KEYS of the rows of 包保责任 in force of this kind (or of none) that name nobody, or nothing that is known."""
    rows = duty.held_on(scope.town, scope.end)
    rows = rows[rows["target"].isna() | (rows["holder"].isna() & rows["name"].isna()) | rows["kind"].isna()]
    return _somewhere(scope, rows[rows["kind"].isna() | (rows["kind"] == kind)])


def _somewhere(scope: Scope, rows: pd.DataFrame) -> pd.DataFrame:
    """KEYS of the office's rows of the scope's schools, and of those of which nobody knows the school: each school's may be."""
    own = rows[rows["home"].isin(scope.homes)].assign(grade=0, class_id="")
    return pd.concat([own[KEYS], scope.of_all(rows[~rows["home"].isin(scope.town.homes)])])


@by_school_or_each
def schools_bonded(scope: Scope) -> Ratio:
    """包学校: schools with a 中心学校 person answering for them ÷ schools."""
    rows, lost = _registered(schools(scope))
    hit = rows["code"].isin(given(answered(scope, duty.SCHOOLS)["unit"]))
    left_out = [_unclear(scope, duty.SCHOOLS), lost]
    return ratio(scope, "D13", "包学校", rows, hit, of="school", needs=("bond",), left_out=left_out)


@by_school_or_each
def grades_bonded(scope: Scope) -> Ratio:
    """包年级: grades of a school with a leader answering for them ÷ grades that have a class."""
    rows = grades(scope)
    hit = rows["unit"].isin(given(answered(scope, duty.GRADES)["unit"]))
    left_out = [_unclear(scope, duty.GRADES), scope.unplaced("class", "class_id", "grade")]
    return ratio(scope, "D13", "包年级", rows, hit, of="class", needs=("bond", "class"), left_out=left_out)


@by_school_or_each
def pupils_bonded(scope: Scope) -> Ratio:
    """包学生: pupils with a teacher answering for them ÷ pupils; the class's 班主任 unless the roster or a bond names another."""
    rows = pupils(scope)
    held = pairs(rows, "home", "student_key").isin(pairs(answered(scope, duty.PUPILS), "home", "unit"))
    # whom an unread cell names, nobody knows, nor who is named for a pupil without a number
    told = held | scope.town.known("roster", "teacher").reindex(rows.index) & rows["student_key"].notna()
    needs, left_out = ("roster", "class", "bond"), [rows[~told], _unclear(scope, duty.PUPILS), unsure(scope)]
    hit = pd.Series(held, rows.index)[told]
    return ratio(scope, "D13", "包学生", rows[told], hit, of="roster", needs=needs, left_out=left_out)


@by_school_or_each
def villages_bonded(scope: Scope) -> Ratio:
    """包家长: pairs of a school and a village it serves where the village has somebody answering for its parents ÷ pairs."""
    rows = villages(scope)
    hit = rows["village"].isin(given(answered(scope, duty.VILLAGES)["unit"]))
    needs, left_out = ("bond", "school"), [_unclear(scope, duty.VILLAGES), scope.unplaced("school", *SERVING)]
    return _of_villages(
        ratio(scope, "D13", "包家长（校—村）", rows, hit, of="school", needs=needs, left_out=left_out), scope
    )


# --- 责任书 -----------------------------------------------------------------------------------------------------------------
def signed(scope: Scope, *kinds: str) -> pd.DataFrame:
    """The 责任书 of these kinds signed by the last day of the scope, as facts.duty.signed."""
    rows = duty.signed(scope.town)
    return rows[rows["kind"].isin(kinds) & (rows["signed"] <= pd.Timestamp(scope.end))]


def _unsigned(scope: Scope, *kinds: str) -> pd.DataFrame:
    """KEYS of the rows of 责任书签订 of these kinds (or of none) that do not say when or with whom."""
    rows = duty.signed(scope.town)
    rows = rows[rows["kind"].isna() | (rows["kind"].isin(kinds) & (rows["other"].isna() | rows["signed"].isna()))]
    return _somewhere(scope, rows.assign(home=named(rows["school"], school_names(scope.town)).fillna("")))


@by_school_or_each
def schools_pledged(scope: Scope) -> Ratio:
    """责任书，中心校—学校: schools that signed ÷ schools."""
    rows, lost = _registered(schools(scope))
    hit = rows["code"].isin(given(signed(scope, duty.WITH_SCHOOL)["other"]))
    left_out = [_unsigned(scope, duty.WITH_SCHOOL), lost]
    return ratio(scope, "D13", "责任书：中心校—学校", rows, hit, of="school", needs=("pledge",), left_out=left_out)


@by_school_or_each
def heads_pledged(scope: Scope) -> Ratio:
    """责任书，学校—班主任: classes whose 班主任 signed ÷ classes."""
    rows = scope.classes
    heads = keyed(scope.town, "class", "head_teacher").reindex(rows.index)
    # of a name that 教职工 does not have nobody knows whether it signed
    told = heads.notna() | (scope.told(rows, "class", "head_teacher") & rows["head_teacher"].isna())
    rows, lost, heads = rows[told], rows[~told], heads[told]
    hit = heads.isin(given(signed(scope, duty.WITH_TEACHER)["other"]))
    left_out = [_unsigned(scope, duty.WITH_TEACHER), lost, scope.unplaced("class", "class_id")]
    return ratio(
        scope, "D13", "责任书：学校—班主任", rows, hit, of="class", needs=("pledge", "class"), left_out=left_out
    )


@by_school_or_each
def teachers_pledged(scope: Scope) -> Ratio:
    """责任书，学校—包保教师: teachers who answer for pupils by a bond or the roster and signed ÷ such teachers; 班主任 sign theirs."""
    rows = duty.answering(scope.town, scope.end)
    rows = rows[(rows["kind"] == duty.PUPILS) & (rows["via"] != duty.BY_CLASS) & rows["holder"].notna()]
    rows = rows[rows["home"].isin(scope.homes)].drop_duplicates(["home", "holder"])
    staff = complete(scope.town["staff"], "staff_id").drop_duplicates("staff_id")
    place = dict(zip(staff["staff_id"], staff.index, strict=True))
    known = rows["holder"].isin(place.keys())
    rows, lost = rows[known], rows[~known]
    index = by_place(place.get(holder, NOWHERE) for holder in rows["holder"])
    rows = rows[["home", "holder"]].set_index(index).assign(grade=0, class_id="")
    hit = rows["holder"].isin(given(signed(scope, duty.WITH_TEACHER, duty.WITH_HOLDER)["other"]))
    needs = ("pledge", "bond", "roster")
    lost = lost.assign(grade=0, class_id="")
    left_out = [_unsigned(scope, duty.WITH_TEACHER, duty.WITH_HOLDER), _unclear(scope, duty.PUPILS), lost]
    return ratio(scope, "D13", "责任书：学校—包保教师", rows, hit, of="staff", needs=needs, left_out=left_out)


@by_school_or_each
def villages_pledged(scope: Scope) -> Ratio:
    """责任书，学校—村: pairs of a school and a village it serves that signed ÷ pairs."""
    rows = villages(scope)
    done = pairs(rows, "school", "village").isin(pairs(signed(scope, duty.WITH_VILLAGE), "school", "other"))
    needs, hit = ("pledge", "school"), pd.Series(done, rows.index)
    left_out = [_unsigned(scope, duty.WITH_VILLAGE), scope.unplaced("school", *SERVING)]
    return _of_villages(
        ratio(scope, "D13", "责任书：学校—村", rows, hit, of="school", needs=needs, left_out=left_out), scope
    )


@by_school_or_each
def parents_pledged(scope: Scope) -> Ratio:
    """责任书，学校—家长: pupils whose parents signed ÷ pupils, by class: 份数 of the class, or one a pupil.

    A row of a class without 份数, or with somebody whom nobody knows, is left out and counted.
    """
    town, rows = scope.town, scope.classes
    here = at_school(scope, pd.Timestamp(scope.end))
    due = here.groupby("class_id").size().reindex(rows["class_id"]).fillna(0).astype(int)
    done = signed(scope, duty.WITH_PARENTS)
    done = done.assign(copies=town["pledge"]["copies"].reindex(done.index))
    homes = named(done["school"], school_names(town)).fillna("")
    by_class = look_up(town, done["other"], "class", homes)["key"].replace("", pd.NA).reindex(done.index)
    classes = mapping(here, "student_key", "class_id")
    unclear = done["other"].notna() & by_class.isna() & ~done["other"].isin(given(town["roster"]["student_key"]))
    unclear |= by_class.notna() & done["copies"].isna()  # a class's row without a number of copies says nothing
    by_class = by_class.fillna(named(done["other"], classes))
    done = done.assign(copies=done["copies"].fillna(1).astype(int))[~unclear]
    copies = done.groupby(by_class)["copies"].sum().reindex(rows["class_id"]).fillna(0).astype(int)
    counts = [pd.Series(values.to_numpy(), rows.index) for values in (copies.clip(upper=due), due)]
    needs = ("pledge", "roster", "class")
    lost = _somewhere(scope, homes[unclear].to_frame("home"))
    nowhere = scope.unplaced("class", "class_id")
    left_out = [_unsigned(scope, duty.WITH_PARENTS), lost, unsure(scope), nowhere]
    return summed(scope, "D13", "责任书：学校—家长", rows, *counts, of="class", needs=needs, left_out=left_out)


FOUR_BONDS = (schools_bonded, grades_bonded, pupils_bonded, villages_bonded)
PLEDGES = (schools_pledged, heads_pledged, teachers_pledged, parents_pledged, villages_pledged)


def pledges(scope: Scope) -> list[Ratio]:
    """责任书, kind by kind."""
    return [function(scope) for function in PLEDGES]


# --- 四包 seen from the people: who holds what, how much one person answers for, who has left, what changed and when nobody did ---
# From `facts.duty.answering`, so that it cannot disagree with the rules on duties. A Load beyond the policy's line is a question to the
# office, not a finding: the lines are our defaults. Knows no files.
UNNAMED = "姓名读不到"
# what one person may hold: column of `loads` -> the policy key of its line, the word for it
LINES = {
    "schools": ("bond_max_schools", "所学校"),
    "grades": ("bond_max_grades", "个年级"),
    "pupils": ("bond_max_pupils", "名台账学生"),
    "villages": ("bond_max_villages", "个村"),
}
# who answers for an open entry of a ledger is written there; where it is not, the roster's 包保教师, else the 班主任
LEDGERS = {"watch": "teacher", "suspected": "teacher", "dropout": "bond_school", "pupil_plan": "helper"}


# --- who holds what -------------------------------------------------------------------------------------------------------
def held(scope: Scope, day: dt.date | None = None) -> pd.DataFrame:
    """The four duties of the scope's schools on a day (its last one): as facts.duty.answering, `name` never empty.

    A village counts to every school that serves it, so it stands once for each of them.
    """
    rows = scope.town.once_under(scope.policy, _held, day or scope.end)
    return rows[rows["home"].isin(scope.homes)]


def _held(town: Town, _: Policy, day: dt.date) -> pd.DataFrame:
    rows = duty.answering(town, day)
    rows = rows[rows["holder"].notna() | rows["name"].notna()]
    of_village = rows["kind"] == duty.VILLAGES
    pairs = duty.served(town)[["home", "village"]]
    shared = (
        rows[of_village].drop(columns="home").merge(pairs, left_on="unit", right_on="village").drop(columns="village")
    )
    rows = pd.concat([rows[~of_village], shared], ignore_index=True)
    names = rows["name"].fillna(rows["holder"]).fillna(UNNAMED)
    return rows.assign(name=names, holder=rows["holder"].fillna(rows["name"]))


def names_by(rows: pd.DataFrame, *keys: str) -> dict:
    """The holders' names of each unit (or school and unit), each once, joined as people read them."""
    rows = rows.drop_duplicates([*keys, "holder"])
    return {key: "、".join(own["name"]) for key, own in rows.groupby(keys[0] if len(keys) == 1 else list(keys))}


@by_school
def gone(scope: Scope) -> pd.DataFrame:
    """What is held by people who have left by the scope's last day: kind, home, holder, name, left, units (how many)."""
    rows = held(scope)
    rows = rows[rows["left"] < pd.Timestamp(scope.end)]
    return rows.groupby(["kind", "home", "holder", "name", "left"])["unit"].nunique().rename("units").reset_index()


@by_school
def doubles(scope: Scope) -> pd.DataFrame:
    """Schools and grades with more than one holder, pupils for whom two teachers are named: kind, home, unit, names.

    A village has one of its own and one of each school that serves it, a pupil a 班主任 besides the teacher named: no doubles.
    """
    rows = pd.concat([held(scope).loc[lambda f: f["kind"].isin((duty.SCHOOLS, duty.GRADES))], named_for_pupils(scope)])
    several = rows.groupby(["kind", "home", "unit"])["holder"].transform("nunique") > 1
    found = names_by(rows[several], "kind", "home", "unit")
    return pd.DataFrame([(*key, names) for key, names in found.items()], columns=["kind", "home", "unit", "names"])


@by_school
def named_for_pupils(scope: Scope) -> pd.DataFrame:
    """Who is named for one pupil alone: by the roster's 包保教师 or a bond of that pupil. kind, home, unit, holder, name."""
    rows = held(scope)
    rows = rows[(rows["kind"] == duty.PUPILS) & (rows["via"] == duty.BY_ROSTER)]
    own = duty.held_on(scope.town, scope.end)
    own = own[(own["kind"] == duty.PUPILS) & (own["target_type"] == duty.PUPIL) & own["home"].isin(scope.homes)]
    own = complete(own.rename(columns={"target": "unit"}), "unit", "holder")
    columns = ["kind", "home", "unit", "holder", "name"]
    return pd.concat([rows[columns], own[columns]], ignore_index=True).drop_duplicates(["home", "unit", "holder"])


# --- how much one person answers for -----------------------------------------------------------------------------------------
def on_ledgers(scope: Scope) -> pd.DataFrame:
    """Every pupil with an open entry in 重点关注, 疑似辍学, 辍学 or 学困厌学, once a person who answers: PUPIL, holder."""
    parts, end = [], pd.Timestamp(scope.end)
    for sheet, column in LEDGERS.items():
        if sheet in ("suspected", "dropout"):
            rows = {"suspected": suspected, "dropout": dropouts}[sheet](scope)
            rows = rows[open_at(rows, scope.end)]
        elif sheet == "watch":
            rows = scope.rows(sheet)
            rows = rows[~(rows["found"] > end) & ~(rows["closed"] <= end)]
        else:
            rows = scope.rows(sheet)
            rows = rows[~(rows["listed"] > end) & ~yes(rows["converted"])]
        keys = meant(scope.town, sheet, column)
        parts.append(rows[PUPIL].assign(holder=keys.reindex(rows.index)))
    rows = complete(pd.concat(parts, ignore_index=True), "student_key").drop_duplicates()
    return _answered_else(scope, rows)


def _answered_else(scope: Scope, rows: pd.DataFrame) -> pd.DataFrame:
    """Entries that name nobody go to who is named for the pupil elsewhere, else to the 班主任."""
    heads = held(scope)
    heads = heads[(heads["kind"] == duty.PUPILS) & (heads["via"] == duty.BY_CLASS)]
    for others in (named_for_pupils(scope), heads):
        others = others.rename(columns={"unit": "student_key", "holder": "other"})[[*PUPIL, "other"]]
        rows = rows.merge(others.drop_duplicates(PUPIL), "left", PUPIL)
        rows = rows.assign(holder=rows["holder"].fillna(rows["other"])).drop(columns="other")
    return complete(rows, "holder").drop_duplicates([*PUPIL, "holder"])


@dataclass(frozen=True)
class Load:
    """What one person answers for on a day, and in words what of it is beyond the policy's lines."""

    holder: str
    name: str
    home: str
    counts: dict[str, int]
    over: str = ""


def loads(scope: Scope) -> list[Load]:
    """Everybody who holds something of the scope, the most burdened first, with all he holds in the town.

    Pupils are those on ledgers (`on_ledgers`).
    """
    rows, entries, everybody = scope.everybody.once(_burdens)
    own = {
        one for part in (rows, entries) for one in part.loc[part["home"].isin(scope.homes), "holder"].unique().tolist()
    }
    return [load for load in everybody if load.holder in own]


def _burdens(scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame, list[Load]]:
    """What is held, the entries of ledgers with who answers for each, and what each person answers for, of all schools."""
    town, rows, entries = scope.town, held(scope), on_ledgers(scope)
    kinds = {"schools": duty.SCHOOLS, "grades": duty.GRADES, "villages": duty.VILLAGES}
    counts = {column: rows[rows["kind"] == kind].groupby("holder")["unit"].nunique() for column, kind in kinds.items()}
    counts["pupils"] = entries.groupby("holder").size()
    table = pd.DataFrame(counts).reindex(columns=list(LINES)).fillna(0).astype(int)
    names = mapping(rows, "holder", "name") | scope.staff_names
    homes = _home_of_staff(town)
    found = []
    for holder, numbers in zip(table.index, table.to_dict("records"), strict=True):
        over = [
            f"{numbers[column]}{word}（上限{scope.policy[key]}）"
            for column, (key, word) in LINES.items()
            if numbers[column] > scope.policy[key]
        ]
        found.append(Load(holder, names.get(holder, holder), homes.get(holder, ""), numbers, "、".join(over)))
    return rows, entries, sorted(found, key=lambda load: (not load.over, -sum(load.counts.values()), load.holder))


@once
def _home_of_staff(town: Town) -> dict[str, str]:
    schools = named(
        keyed(town, "staff", "school_code"),
        dict(zip(town["school"]["school_code"], town["school"]["school_name"], strict=True)),
    )
    return dict(zip(town["staff"]["staff_id"], schools.fillna(""), strict=True))


# --- by date ------------------------------------------------------------------------------------------------------------------
def turnover(scope: Scope) -> pd.DataFrame:
    """What began and what ended in 包保责任 within the scope's days: date, what, and the bond's columns; indexed as the sheet."""
    rows = duty.bonds(scope.town)
    rows = rows[rows["home"].isin(scope.homes) | rows["target"].isin(set(villages(scope)["village"]))]
    parts = [
        rows[scope.in_days(rows[column])].assign(date=lambda f, column=column: f[column], what=what)
        for column, what in (("from", "开始"), ("to", "结束"))
    ]
    return pd.concat(parts).sort_values("date", kind="stable")


@by_school
def vacancies(scope: Scope) -> pd.DataFrame:
    """Stretches of the scope's days on which nobody held a school, a grade or a village: kind, home, unit, first, last."""
    due = [
        (duty.SCHOOLS, schools(scope).rename(columns={"code": "unit"})),
        (duty.GRADES, grades(scope)),
        (duty.VILLAGES, villages(scope).rename(columns={"village": "unit"})),
    ]
    due = pd.concat([rows[["home", "unit"]].assign(kind=kind) for kind, rows in due], ignore_index=True)
    keys = ["kind", "home", "unit"]
    every = duty.bonds(scope.town)
    edges = {pd.Timestamp(scope.start), *every["from"].dropna(), *(every["to"].dropna() + pd.Timedelta(days=1))}
    edges = sorted(day for day in edges if pd.Timestamp(scope.start) <= day <= pd.Timestamp(scope.end))
    parts = []
    for first, after in zip(edges, [*edges[1:], pd.Timestamp(scope.end) + pd.Timedelta(days=1)], strict=True):
        open_ = due[~among(due, held(scope, first.date()), keys)]
        parts.append(open_.assign(first=first, last=after - pd.Timedelta(days=1)))
    found = pd.concat(parts, ignore_index=True).sort_values([*keys, "first"])
    # stretches that touch are one
    fresh = (found[keys] != found[keys].shift()).any(axis=1) | (
        found["first"] != found["last"].shift() + pd.Timedelta(days=1)
    )
    ends = {"first": ("first", "min"), "last": ("last", "max")}
    return found.groupby([*keys, fresh.cumsum().rename("stretch")]).agg(**ends).reset_index().drop(columns="stretch")
