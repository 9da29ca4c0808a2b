"""Rules on 帮扶: plans, aid and records for those who need them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import deadlines, groups
from ...field.deadlines.support import AID, LOGS, missed
from ...field.references import class_names
from .base import Spot, at, called, readable, rule


@rule(
    "X29",
    ERROR,
    needs=("roster.groups", "roster.student_key", "roster.status", "family_plan.student_key"),
    says="{school}{class_name}{name}属{kinds}，没有一家一案",
    fix="请入户了解后在“家庭困难_一家一案”为该生建案，落实应享资助；其实不属的，改正花名册的特殊群体。",
    source="domain.md 3.2 X29; 方案六-4",
)
def poor_without_plan(town: Town, policy: Policy) -> Iterator[Spot]:
    """脱贫户、监测户、低保、特困供养家庭的学生和孤儿，要一家一案。没有建案就没有人管资助是否到位，容易因贫失学。"""
    rows = groups.held(town)
    rows = rows[groups.marked(rows["groups"], groups.POOR) & readable(town, rows["home"], "family_plan.student_key")]
    rows = rows[groups.absent_from(rows, groups.rows_of(town, "family_plan"))]
    labels = class_names(town)
    for index, school, name, class_id, kinds in rows[["home", "name", "class_id", "groups"]].itertuples(name=None):
        facts = {"school": school, "class_name": labels.get(class_id, ""), "name": called(name)}
        poor = "、".join(kind for kind in kinds.split("、") if kind in groups.POOR)
        yield at("roster", index, "groups", kinds=poor, **facts)


@rule(
    "X30",
    WARNING,
    needs=("family_plan.student_key", "family_plan.aid_due", "aid.student_key", "aid.term", "term.end"),
    says="{school}{name}应享资助，{term}到{due}还没有资助发放记录",
    fix="请核实是否已发：已发的补记“资助发放”；没发的请资助员尽快办理；不该享受的改正“应享资助”。",
    source="domain.md 3.2 X30; 方案六-4",
)
def aid_not_paid(town: Town, policy: Policy) -> Iterator[Spot]:
    """一家一案写了应享资助的在校生，每学期要有发放记录。放假前的最后一次月自查就要查到，过了学期再补，就帮不上这个学期。"""
    rows = deadlines.state(town, policy, AID)
    rows = rows[rows["late"] & rows["done"].isna()]
    for index, school, name, term, due in rows[["home", "name", "term", "due"]].itertuples(name=None):
        facts = {"school": school, "name": called(name), "term": term, "due": f"{due:%Y-%m-%d}"}
        yield at("family_plan", index, "aid_done", **facts)


@rule(
    "X31",
    WARNING,
    needs=(
        "pupil_plan.pupil_plan",
        "pupil_plan.student_key",
        "pupil_plan.listed",
        "pupil_plan.converted",
        "support_log.pupil_plan",
        "support_log.date",
        "roster.status",
        "term.start",
        "term.end",
    ),
    says="{school}{name}的一生一案帮扶次数不够：{months}，每月至少{need}次",
    fix="请补记确实做过的帮扶；没有做的，本月安排帮扶教师辅导、谈心或家访，并记入“帮扶记录”。",
    source="domain.md 3.2 X31, 7.1; 方案六-8",
)
def month_without_support(town: Town, policy: Policy) -> Iterator[Spot]:
    """学困厌学学生没有转化以前，每个月都要有帮扶。只建案不帮扶，孩子一步步跟不上，就是辍学的开头。"""
    for index, facts in by_months(missed(town, deadlines.state(town, policy, LOGS))):
        yield at("pupil_plan", index, "pupil_plan", **facts)


def by_months(rows: pd.DataFrame) -> Iterator[tuple[tuple[str, int], dict[str, object]]]:
    """(row of the sheet, facts of a message) for each case: school, name, need, and the months: 10月1次、12月0次."""
    months: dict[tuple[str, int], list[str]] = {}
    facts: dict[tuple[str, int], dict[str, object]] = {}
    columns = ["home", "name", "need", "start", "number"]
    for index, school, name, need, start, number in rows[columns].itertuples(name=None):
        months.setdefault(index, []).append(f"{start.month}月{number}次")
        facts[index] = {"school": school, "name": called(name), "need": need}
    for index, said in facts.items():
        yield index, said | {"months": "、".join(months[index])}


RULES = (poor_without_plan, aid_not_paid, month_without_support)
