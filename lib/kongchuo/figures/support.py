"""D13 覆盖率: of those who should have a plan, help or a visit, how many have one. domain.md 4.1, D13: 已落实 ÷ 应落实.

Each function returns a Ratio. What a ledger says of a pupil is joined by 学生编号. 四包 and 责任书 are in `duty`. Knows no files.
"""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from ..core.tables import complete, yes
from ..facts import support
from ..facts.cases import open_at
from ..facts.enrolment import PUPIL, each_once
from .base import Ratio, by_school, ratio
from .flows import CASE_DAYS, at_school, dropouts, suspected, unsure
from .scopes import Scope

UNPLACED = "未安置"


def given(column: pd.Series) -> frozenset[str]:
    """The values of a column that are not empty."""
    return frozenset(column.dropna().unique().tolist())


@by_school
def pupils(scope: Scope) -> pd.DataFrame:
    """The roster's rows of pupils who are at school (在读, 送教上门) on the last day of the scope, in the class of that day."""
    here = at_school(scope, pd.Timestamp(scope.end))
    rows = scope.office("roster").reindex(here.index)
    return rows.assign(home=here["home"], grade=here["grade"], class_id=here["class_id"])


# --- groups that need help ----------------------------------------------------------------------------------------------
@by_school
def family_plans(scope: Scope) -> Ratio:
    """一家一案: pupils of poor families (脱贫户, 监测户, 低保, 特困供养, 孤儿) with a 一家一案 ÷ those pupils (rule X29)."""
    needs = ("roster.groups", "family_plan")
    return listed(scope, "一家一案", ("groups",), lambda rows: support.marked(rows["groups"], support.POOR), needs)


def listed(
    scope: Scope,
    title: str,
    marks: tuple[str, ...],
    marked: Callable[[pd.DataFrame], pd.Series],
    needs: tuple[str, str],
) -> Ratio:
    """Pupils whom these columns of the roster mark as of a group and who stand on its sheet, the second of `needs` ÷ those pupils."""
    rows, sheet = pupils(scope), needs[1]
    told = scope.told(rows, "roster", *marks) & rows["student_key"].notna()
    left_out = [rows[~told], scope.nameless(sheet), unsure(scope)]
    rows = rows[told & marked(rows)]
    hit = rows["student_key"].isin(given(scope.town[sheet]["student_key"]))
    return ratio(scope, "D13", title, rows, hit, of="roster", needs=needs, left_out=left_out)


def left_behind(scope: Scope) -> Ratio:
    """留守: pupils marked so on the roster with a row in 留守儿童 ÷ those pupils."""
    return listed(
        scope,
        "留守儿童登记",
        ("leftbehind",),
        lambda rows: rows["leftbehind"].notna() & (rows["leftbehind"] != "非留守"),
        ("roster", "leftbehind"),
    )


@by_school
def aid_paid(scope: Scope) -> Ratio:
    """资助: pupils with a 一家一案 who got aid in this term ÷ pupils with a 一家一案 (rule X30)."""
    rows = complete(scope.rows("family_plan"), "student_key").drop_duplicates(PUPIL)
    paid, everything = scope.town["aid"], scope.rows("aid")
    lost = everything[scope.dateless("aid") | everything["student_key"].isna() | everything["term"].isna()]
    paid = paid[(paid["term"] == scope.term) & (paid["paid_on"] <= pd.Timestamp(scope.end))]
    hit, needs = rows["student_key"].isin(given(paid["student_key"])), ("family_plan", "aid")
    left_out = [lost, scope.nameless("family_plan")]
    return ratio(scope, "D13", "本学期资助已发放", rows, hit, of="family_plan", needs=needs, left_out=left_out)


@by_school
def pupil_plans(scope: Scope) -> Ratio:
    """一生一案（学困厌学）: pupils marked 学困 or 厌学 with a plan ÷ pupils so marked."""
    needs, marks = ("roster", "pupil_plan"), ("weak", "weary")
    return listed(scope, "一生一案（学困厌学）", marks, lambda rows: yes(rows["weak"]) | yes(rows["weary"]), needs)


@by_school
def plans_logged(scope: Scope) -> Ratio:
    """学困厌学月帮扶: open plans with enough 帮扶记录 in the month ÷ open plans (rule X31)."""
    rows = scope.rows("pupil_plan")
    rows = rows[~(rows["listed"] > pd.Timestamp(scope.end)) & ~yes(rows["converted"])]
    told = scope.told(rows, "pupil_plan", "pupil_plan", "listed", "converted")
    unsure, rows, notes = rows[~told], rows[told], scope.rows("support_log")
    lost = notes[scope.dateless("support_log") | notes["pupil_plan"].isna()]
    logs = scope.town["support_log"]
    counts = logs[scope.in_days(logs["date"])].groupby(["home", "pupil_plan"]).size()
    enough = counts[counts >= scope.policy["support_logs_per_month"]].index
    hit = pd.Series(
        [pair in enough for pair in zip(rows["home"], rows["pupil_plan"], strict=True)], rows.index, dtype=bool
    )
    needs, left_out = ("pupil_plan", "support_log"), [lost, unsure]
    return ratio(scope, "D13", "本月已帮扶（学困厌学）", rows, hit, of="pupil_plan", needs=needs, left_out=left_out)


@by_school
def disabled_placed(scope: Scope) -> Ratio:
    """残疾儿童安置: disabled children with a 安置方式 other than 未安置 ÷ disabled children (rule X32)."""
    rows = scope.rows("disabled")
    told = scope.told(rows, "disabled", "placement")
    left_out, rows = [rows[~told]], rows[told]
    hit, needs = rows["placement"].notna() & (rows["placement"] != UNPLACED), ("disabled.placement",)
    return ratio(scope, "D13", "残疾儿童已安置", rows, hit, of="disabled", needs=needs, left_out=left_out)


@by_school
def home_taught(scope: Scope) -> Ratio:
    """送教上门: children taught at home often enough this month ÷ children to be taught at home (rule X34)."""
    rows = scope.rows("disabled")
    lost = [rows[~scope.told(rows, "disabled", "placement")], scope.nameless("disabled")]
    rows = rows[(rows["placement"] == "送教上门") & rows["student_key"].notna()]
    lessons = scope.rows("home_teaching")
    lost += [lessons[scope.dateless("home_teaching") | lessons["student_key"].isna()]]
    visits = scope.town["home_teaching"]
    counts = visits[scope.in_days(visits["date"])].groupby("student_key").size()
    due = rows["plan_per_month"].fillna(0).clip(lower=scope.policy["home_teaching_per_month"]).astype(int)
    done = pd.Series([int(counts.get(key, 0)) for key in rows["student_key"]], rows.index, dtype="int64")
    needs, left_out = ("disabled", "home_teaching"), lost
    return ratio(scope, "D13", "本月送教次数达标", rows, done >= due, of="disabled", needs=needs, left_out=left_out)


def leftbehind_contacted(scope: Scope) -> Ratio:
    """留守联系: left-behind pupils whose parents were reached in the month, by 联系记录 or 最近联系父母日期 ÷ left-behind pupils.

    最近联系 is written anew each time: where it says a later day, and the school keeps no 联系记录, nobody knows of this month.
    """
    rows = scope.rows("leftbehind")
    logs, last = scope.rows("contact"), rows["last_contact"]
    within = logs[scope.in_days(logs["date"])]
    hit = scope.in_days(last) | pd.Series(pairs(rows).isin(pairs(within)), rows.index)
    unread = ~scope.town.known("leftbehind", "last_contact").reindex(rows.index) | (last > pd.Timestamp(scope.end))
    told = hit | ((~unread | rows["home"].isin(logs["home"])) & rows["student_key"].notna())
    left_out = [rows[~told], logs[scope.dateless("contact") | logs["student_key"].isna()]]
    needs = ("leftbehind.last_contact",)
    found = ratio(
        scope, "D13", "本月联系留守学生父母", rows[told], hit[told], of="leftbehind", needs=needs, left_out=left_out
    )
    return (
        found
        if told[rows["student_key"].notna()].all()
        else replace(found, why="没有联系记录、最近联系日期又晚于本期的，不知道本期有没有联系")
    )


def pairs(rows: pd.DataFrame) -> pd.MultiIndex:
    """School and pupil of each row."""
    return pd.MultiIndex.from_frame(rows[PUPIL])


def converted(scope: Scope) -> Ratio:
    """D14 转化率 = 学年内认定转化人数 ÷ 学年初学困厌学名单人数: plans listed by the policy's day; 是否转化 is filled at the year's end."""
    rows = scope.rows("pupil_plan")
    rows = each_once(rows)
    day = pd.Timestamp(f"{scope.town.year[:4]}-{scope.policy['weak_list_day']}")
    rows = rows[~(rows["listed"] > day)]
    known = scope.told(rows, "pupil_plan", "converted", "listed")
    unread, rows = rows[~known], rows[known]
    needs, hit = ("pupil_plan.converted", "pupil_plan.listed"), yes(rows["converted"])
    found = ratio(scope, "D14", "学困厌学转化率", rows, hit, of="pupil_plan", needs=needs, left_out=[unread])
    waiting = int(rows["converted"].isna().sum())
    return replace(found, why=f"{waiting}人还没有认定是否转化") if waiting else found


# the figures of the four groups that the report of a round gives as of the inspection
COVERED = (family_plans, disabled_placed, pupil_plans, left_behind, aid_paid)


# --- cases --------------------------------------------------------------------------------------------------------------
@by_school
def suspected_step(scope: Scope, column: str, title: str) -> Ratio:
    """Open suspected cases for which a step (首次家访, 报中心校日期 …) is dated ÷ open suspected cases."""
    rows = suspected(scope)
    rows = rows[open_at(rows, scope.end)]
    told = scope.told(rows, "suspected", column, *CASE_DAYS["suspected"][1:])
    left_out, rows = [rows[~told]], rows[told]
    hit = rows[column] <= pd.Timestamp(scope.end)
    return ratio(scope, "D13", title, rows, hit, of="suspected", needs=(f"suspected.{column}",), left_out=left_out)


@by_school
def dropouts_planned(scope: Scope) -> Ratio:
    """辍学一生一案: open dropouts with a 一生一案编号 ÷ open dropouts (rule X47)."""
    rows = dropouts(scope)
    rows = rows[open_at(rows, scope.end)]
    told = scope.told(rows, "dropout", "plan_id", *CASE_DAYS["dropout"][1:])
    left_out, rows, needs = [rows[~told]], rows[told], ("dropout.plan_id",)
    hit = rows["plan_id"].notna()
    return ratio(scope, "D13", "辍学学生一生一案", rows, hit, of="dropout", needs=needs, left_out=left_out)
