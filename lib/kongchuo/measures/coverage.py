"""D13 覆盖率: of those who should have a plan, a bond, a pledge or a visit, how many have one. domain.md 4.1, D13: 已落实 ÷ 应落实.

Each function returns a Ratio. What a ledger says of a pupil is joined by 学生编号. Knows no files.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

import pandas as pd

from .. import duties, groups
from ..references import keyed
from . import Ratio, ratio, true
from .flows import at_school, dropouts, open_at, suspected
from .scopes import Scope

UNPLACED = "未安置"


def _given(column: pd.Series) -> frozenset[str]:
    return frozenset(column.dropna())


def pupils(scope: Scope) -> pd.DataFrame:
    """The roster's rows of pupils who are at school (在读, 送教上门) on the last day of the scope."""
    rows = scope.rows("roster")
    return rows[rows["student_key"].isin(at_school(scope, pd.Timestamp(scope.end))["student_key"])]


# --- 四包 and 责任书 ---------------------------------------------------------------------------------------------------
def _answered(scope: Scope, kind: str) -> pd.DataFrame:
    """The units of a duty that somebody answers for on the last day of the scope: home, unit."""
    rows = duties.answering(scope.town, scope.end)
    return rows.loc[(rows["kind"] == kind) & (rows["holder"].notna() | rows["name"].notna()), ["home", "unit"]]


def _units(units: Iterable[tuple[str, int, bool]]) -> tuple[pd.DataFrame, pd.Series]:
    """Units that belong to no class, as (home, grade, hit)."""
    frame = pd.DataFrame(list(units), columns=["home", "grade", "hit"]).assign(class_id="")
    return frame, frame["hit"].astype(bool)


def schools_bonded(scope: Scope) -> Ratio:
    """包学校: schools with a 中心学校 person answering for them ÷ schools."""
    held = _given(_answered(scope, duties.SCHOOLS)["unit"])
    frame, hit = _units((home, 0, scope.key("school", home) in held) for home in scope.homes)
    return ratio(scope, "D13", "包学校", frame, hit, needs=("bond",))


def grades_bonded(scope: Scope) -> Ratio:
    """包年级: grades of a school with a leader answering for them ÷ grades that have a class."""
    held = _given(_answered(scope, duties.GRADES)["unit"])
    pairs = scope.classes.drop_duplicates(["home", "grade"])[["home", "grade"]].itertuples(index=False, name=None)
    frame, hit = _units((home, grade, f"{scope.key('school', home)}-{grade}" in held) for home, grade in pairs)
    return ratio(scope, "D13", "包年级", frame, hit, needs=("bond", "class"))


def pupils_bonded(scope: Scope) -> Ratio:
    """包学生: pupils with a teacher answering for them ÷ pupils; the class's 班主任 unless the roster or a bond names another."""
    rows = pupils(scope)
    held = pd.MultiIndex.from_frame(_answered(scope, duties.PUPILS))
    hit = pd.Series(pd.MultiIndex.from_frame(rows[["home", "student_key"]]).isin(held), rows.index)
    return ratio(scope, "D13", "包学生", rows, hit, needs=("roster", "class", "bond"))


def _served(scope: Scope) -> pd.DataFrame:
    """home, school code and village code for every village a school of the scope serves: 学校.服务行政村."""
    rows = duties.served(scope.town)
    return rows[rows["home"].isin(scope.homes)]


def villages_bonded(scope: Scope) -> Ratio:
    """包家长: pairs of a school and a village it serves where the village has somebody answering for its parents ÷ pairs."""
    rows, held = _served(scope), _answered(scope, duties.VILLAGES)["unit"]
    frame, hit = _units(zip(rows["home"], repeat(0), rows["village"].isin(held), strict=False))
    return ratio(scope, "D13", "包家长（校—村）", frame, hit, needs=("bond", "school"))


def pledges(scope: Scope) -> list[Ratio]:
    """责任书: signed ÷ due between 中心校 and schools, schools and class teachers, schools and the villages they serve."""
    rows = duties.signed(scope.town)
    rows = rows[rows["signed"] <= pd.Timestamp(scope.end)]
    schools, teachers, villages = (
        rows[rows["kind"] == kind] for kind in (duties.WITH_SCHOOL, duties.WITH_TEACHER, duties.WITH_VILLAGE)
    )
    parties = _given(schools["other"])
    frame, hit = _units((home, 0, scope.key("school", home) in parties) for home in scope.homes)
    found = [ratio(scope, "D13", "责任书：中心校—学校", frame, hit, needs=("pledge",))]

    classes = scope.classes
    heads = keyed(scope.town, "class", "head_teacher").reindex(classes.index)
    found.append(
        ratio(
            scope,
            "D13",
            "责任书：学校—班主任",
            classes,
            heads.isin(teachers["other"].dropna()),
            needs=("pledge", "class"),
        )
    )

    pairs = _served(scope)
    done = pd.MultiIndex.from_frame(pairs[["school", "village"]]).isin(
        pd.MultiIndex.from_frame(villages[["school", "other"]])
    )
    frame, hit = _units(zip(pairs["home"], repeat(0), done, strict=False))
    return [*found, ratio(scope, "D13", "责任书：学校—村", frame, hit, needs=("pledge", "school"))]


# --- groups that need help ----------------------------------------------------------------------------------------------
def family_plans(scope: Scope) -> Ratio:
    """一家一案: pupils of poor families (脱贫户, 监测户, 低保, 特困供养, 孤儿) with a 一家一案 ÷ those pupils (rule X29)."""
    rows = pupils(scope)
    rows = rows[groups.marked(rows["groups"], groups.POOR)]
    hit = rows["student_key"].isin(_given(scope.town["family_plan"]["student_key"]))
    return ratio(scope, "D13", "一家一案", rows, hit, needs=("roster.groups", "family_plan"))


def aid_paid(scope: Scope) -> Ratio:
    """资助: pupils with a 一家一案 who got aid in this term ÷ pupils with a 一家一案 (rule X30)."""
    rows = scope.rows("family_plan").drop_duplicates("student_key")
    paid = scope.town["aid"]
    paid = paid[(paid["term"] == scope.term) & (paid["paid_on"] <= pd.Timestamp(scope.end))]
    return ratio(
        scope,
        "D13",
        "本学期资助已发放",
        rows,
        rows["student_key"].isin(_given(paid["student_key"])),
        needs=("family_plan", "aid"),
    )


def pupil_plans(scope: Scope) -> Ratio:
    """一生一案（学困厌学）: pupils marked 学困 or 厌学 with a plan ÷ pupils so marked."""
    rows = pupils(scope)
    rows = rows[true(rows["weak"]) | true(rows["weary"])]
    hit = rows["student_key"].isin(_given(scope.town["pupil_plan"]["student_key"]))
    return ratio(scope, "D13", "一生一案（学困厌学）", rows, hit, needs=("roster", "pupil_plan"))


def plans_logged(scope: Scope) -> Ratio:
    """学困厌学月帮扶: open plans with enough 帮扶记录 in the month ÷ open plans (rule X31)."""
    rows = scope.rows("pupil_plan")
    rows = rows[~(rows["listed"] > pd.Timestamp(scope.end)) & ~true(rows["converted"])]
    logs = scope.town["support_log"]
    counts = logs[scope.in_month(logs["date"])].groupby(["home", "pupil_plan"]).size()
    enough = counts[counts >= scope.policy["support_logs_per_month"]].index
    hit = pd.Series(
        [pair in enough for pair in zip(rows["home"], rows["pupil_plan"], strict=True)], rows.index, dtype=bool
    )
    return ratio(scope, "D13", "本月已帮扶（学困厌学）", rows, hit, needs=("pupil_plan", "support_log"))


def disabled_placed(scope: Scope) -> Ratio:
    """残疾儿童安置: disabled children with a 安置方式 other than 未安置 ÷ disabled children (rule X32)."""
    rows = scope.rows("disabled")
    hit = rows["placement"].notna() & (rows["placement"] != UNPLACED)
    return ratio(scope, "D13", "残疾儿童已安置", rows, hit, needs=("disabled.placement",))


def home_taught(scope: Scope) -> Ratio:
    """送教上门: children taught at home often enough this month ÷ children to be taught at home (rule X34)."""
    rows = scope.rows("disabled")
    rows = rows[rows["placement"] == "送教上门"]
    visits = scope.town["home_teaching"]
    counts = visits[scope.in_month(visits["date"])].groupby("student_key").size()
    due = rows["plan_per_month"].fillna(0).clip(lower=scope.policy["home_teaching_per_month"]).astype(int)
    done = pd.Series([int(counts.get(key, 0)) for key in rows["student_key"]], rows.index, dtype="int64")
    return ratio(scope, "D13", "本月送教次数达标", rows, done >= due, needs=("disabled", "home_teaching"))


def leftbehind_contacted(scope: Scope) -> Ratio:
    """留守联系: left-behind pupils whose parents were reached in the month (or later) ÷ left-behind pupils."""
    rows = scope.rows("leftbehind")
    hit = rows["last_contact"] >= pd.Timestamp(scope.start)
    return ratio(scope, "D13", "本月联系留守学生父母", rows, hit, needs=("leftbehind.last_contact",))


# --- cases --------------------------------------------------------------------------------------------------------------
def suspected_step(scope: Scope, column: str, title: str) -> Ratio:
    """Open suspected cases for which a step (首次家访, 报中心校日期 …) is dated ÷ open suspected cases."""
    rows = suspected(scope)
    rows = rows[open_at(rows, scope.end)]
    return ratio(scope, "D13", title, rows, rows[column] <= pd.Timestamp(scope.end), needs=(f"suspected.{column}",))


def dropouts_planned(scope: Scope) -> Ratio:
    """辍学一生一案: open dropouts with a 一生一案编号 ÷ open dropouts (rule X47)."""
    rows = dropouts(scope)
    rows = rows[open_at(rows, scope.end)]
    return ratio(scope, "D13", "辍学学生一生一案", rows, rows["plan_id"].notna(), needs=("dropout.plan_id",))
