"""Rules on disabled children: placed, enrolled, taught at home."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import deadlines, groups
from ...field.ages import of_age
from ...field.deadlines.support import LESSONS, VISITS, missed
from ...field.references import keyed, named, school_names
from .base import Spot, at, called, readable, rule
from .membership import Group, differing, marks
from .pupils import GONE, maybe_listed
from .support import by_months

UNPLACED = "未安置"
AT_OURS = ("随班就读", "普通学校特教班", "送教上门")  # these are on the register of a school of the township
WITH_NUMBER = (*AT_OURS, "特殊教育学校就读")


def _listed(town: Town) -> pd.DataFrame:
    """残疾儿童 without those whom every roster that has them calls gone."""
    rows, roster = groups.rows_of(town, "disabled"), town["roster"]
    gone = roster["status"].isin(GONE)
    return rows[~rows["student_key"].isin(set(roster.loc[gone, "student_key"]) - set(roster.loc[~gone, "student_key"]))]


@rule(
    "X32",
    ERROR,
    needs=("disabled.placement", "disabled.birth_date"),
    says="{name}（残疾）没有落实安置方式",
    fix="请报专家委员会评估，按“一人一案”落实：随班就读、特教学校、送教上门，或经批准延缓入学。",
    source="domain.md 3.2 X32; 方案六-5",
)
def not_placed(town: Town, policy: Policy) -> Iterator[Spot]:
    """每个适龄残疾儿童都要有安置方式。未安置就是没有接受义务教育，与辍学一样要马上落实。"""
    rows = _listed(town)
    rows = rows[of_age(town, policy, rows["birth_date"]) & town.known("disabled", "placement").reindex(rows.index)]
    for index, name in rows.loc[rows["placement"].isna() | (rows["placement"] == UNPLACED), "name"].items():
        yield at("disabled", index, "placement", name=called(name))


ON_NO_ROSTER = "{name}（残疾）写的是{placement}，各校花名册都没有该生，没有建立学籍"


@rule(
    "X33",
    ERROR,
    needs=("disabled.placement", "disabled.status_no", "roster.student_key", "census.student_key"),
    says="{name}（残疾）{placement}，没有建立学籍",
    fix="请学籍管理员为该生建立学籍，填入学籍号，并登记在学籍学校的花名册。",
    source="domain.md 3.2 X33",
)
def placed_but_not_enrolled(town: Town, policy: Policy) -> Iterator[Spot]:
    """随班就读、特教学校、送教上门的残疾儿童都要有学籍；在本镇学校的还要在花名册上。没有学籍，经费、升学和统计里都没有这个孩子。"""
    rows = _listed(town)
    rows = rows[rows["placement"].isin(WITH_NUMBER) & town.known("disabled", "status_no").reindex(rows.index)]
    without = rows["status_no"].isna()
    # who is on no list at all is no pupil of that number: X06
    lost = rows["student_key"].isin(town["census"]["student_key"].dropna()) & rows["placement"].isin(AT_OURS)
    lost &= ~rows["student_key"].isin(town["roster"]["student_key"].dropna()) & ~maybe_listed(town, rows, "roster")
    at_school = named(keyed(town, "disabled", "school_code").reindex(rows.index), school_names(town))
    for homes in (rows["home"], at_school.fillna(rows["home"])):
        lost &= readable(town, homes, "roster.student_key")
    for index, name, placement in rows.loc[without | lost, ["name", "placement"]].itertuples(name=None):
        says = "" if without[index] else ON_NO_ROSTER
        yield at("disabled", index, "status_no", says=says, name=called(name), placement=placement)


TOO_FEW_LESSONS = "{name}送教上门，本学年共{lessons}课时，应有{least}课时"


@rule(
    "X34",
    WARNING,
    needs=(
        "disabled.placement",
        "disabled.plan_per_month",
        "home_teaching.student_key",
        "home_teaching.date",
        "home_teaching.lessons",
        "roster.status",
        "term.start",
        "term.end",
    ),
    says="{name}送教次数不够：{months}，每月应有{need}次",
    fix="请补记确实做过的送教；没有做的，安排送教教师补上，并记入“送教记录”。",
    source="domain.md 3.2 X34, 7.1",
)
def taught_too_seldom(town: Town, policy: Policy) -> Iterator[Spot]:
    """送教上门要按计划的次数去，全学年课时也有最低数。不去或很少去，孩子就只是名义上在上学。"""
    for index, facts in by_months(missed(town, deadlines.state(town, policy, VISITS))):
        yield at("disabled", index, "plan_per_month", **facts)
    rows = deadlines.state(town, policy, LESSONS)
    least = policy["home_teaching_lessons_per_year"]
    for index, name, lessons in missed(town, rows)[["name", "number"]].itertuples(name=None):
        facts = {"name": called(name), "lessons": f"{lessons:g}", "least": least}
        yield at("disabled", index, "plan_per_month", says=TOO_FEW_LESSONS, **facts)


DISABLED = Group("残疾", "disabled", own="health", marks=("残疾",), agree=False)


@rule(
    "X35",
    WARNING,
    needs=("roster.groups", "roster.health", "roster.status", "disabled.student_key"),
    says="{name}的残疾信息两表不一致：{what}",
    fix="请核实后改正：是残疾儿童的，花名册的特殊群体写“残疾”，并在“残疾儿童”登记；不是的，两处都去掉。",
    source="domain.md 3.2 X35",
)
def disability_differs(town: Town, policy: Policy) -> Iterator[Spot]:
    """花名册标为残疾的学生和“残疾儿童”表登记的应当是同一批人。漏在哪一边，随班就读、送教和资助都会落空。"""
    found = marks(town, (DISABLED,))
    for key, column, what in differing(town, found, DISABLED):
        index, _, name = found.rows[key]
        yield at("roster", index, column, name=called(name), what=what)


RULES = (not_placed, placed_but_not_enrolled, taught_too_seldom, disability_differs)
