"""Rules on 劝返: visits, written reports and papers in time."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import deadlines
from ...field.deadlines.cases import CENTER, FIRST_VISIT, INTERVAL
from ...field.deadlines.opening import OPENING
from ...field.deadlines.papers import PAPER
from .base import Rule, Spot, at, called, readable, rule
from .pupils import maybe_listed

SCHOOL_DAYS = ("calendar.date", "calendar.is_school_day", "term.start", "term.end")
VISITED = ("visit.case_id", "visit.date", "visit.mode")


def _missed(town: Town, policy: Policy, deadline: deadlines.Deadline) -> pd.DataFrame:
    """What is past its due day and not done yet, with `since`, the calendar days from its start. What was done late is done:
    the lists of deadlines and the life of the case show by how much.
    """
    rows = deadlines.state(town, policy, deadline)
    rows = rows[rows["late"] & rows["done"].isna()]
    return rows.assign(since=(pd.Timestamp(town.as_of) - rows["start"]).dt.days)


@rule(
    "X13",
    ERROR,
    needs=("suspected.found", "suspected.first_visit", "suspected.closed", *VISITED, *SCHOOL_DAYS),
    says="{school}{name}列为疑似已{days}天，没有家访记录",
    fix="请当天上门，填“首次家访”，并在“劝返记录”里记一行；打电话不算家访。",
    source="domain.md 3.2 X13",
)
def not_visited(town: Town, policy: Policy) -> Iterator[Spot]:
    """列入疑似的学生，要在首访时限（上课日）内有人上门。只打过电话不算家访：不到家里去，就不知道孩子在不在、为什么不来。时限内已经结案的不算。"""
    for index, home, name, days in _missed(town, policy, FIRST_VISIT)[["home", "name", "since"]].itertuples(name=None):
        yield at("suspected", index, "first_visit", school=home, name=called(name), days=days)


@rule(
    "X14",
    ERROR,
    needs=("suspected.found", "suspected.rep_center", "suspected.closed", *SCHOOL_DAYS),
    says="{school}{name}列为疑似已{days}天，没有按时书面报告中心学校",
    fix="请今天书面报告中心学校，填“报中心校日期”；已经报过的补填日期。",
    source="domain.md 3.2 X14",
)
def not_reported(town: Town, policy: Policy) -> Iterator[Spot]:
    """列入疑似的学生，要在书面报告时限（上课日）内报到中心学校。不报，镇里和村里就帮不上忙，最好的几天就过去了。时限内已经结案的不算。"""
    for index, home, name, days in _missed(town, policy, CENTER)[["home", "name", "since"]].itertuples(name=None):
        yield at("suspected", index, "rep_center", school=home, name=called(name), days=days)


@rule(
    "X15",
    WARNING,
    needs=("dropout.confirm_date", "dropout.back_date", "dropout.closed", "dropout.state", *VISITED),
    says="{school}{name}已{days}天没有新的劝返记录",
    fix="请尽快再次上门或联系，在“劝返记录”里记一行；没有见到人也要记。已经复学或销号的请填日期。",
    source="domain.md 3.2 X15, 7",
)
def not_persuaded_lately(town: Town, policy: Policy) -> Iterator[Spot]:
    """在册的辍学学生要不断劝返：从上一次劝返（没有劝返的从认定）算起，认定后第一个月按首月的间隔，以后按之后的间隔。一停下来，孩子就再也叫不回来了。"""
    for index, home, name, days in _missed(town, policy, INTERVAL)[["home", "name", "since"]].itertuples(name=None):
        yield at("dropout", index, "state", school=home, name=called(name), days=days)


@rule(
    "T07",
    ERROR,
    needs=("legal.case_id", "legal.deadline", "legal.served", "legal.result", "suspected.closed", "dropout.back_date"),
    says="{name}的{paper}限期{date}已过，未复学也没有后续文书",
    fix="请依次出具下一步文书或移送镇政府，并记下来；已经返校的填“结果”和复学日期。",
    source="domain.md 3.3 T07",
)
def paper_ran_out(town: Town, policy: Policy) -> Iterator[Spot]:
    """文书的限期过了，孩子没有返校，就要有下一步：后一份文书、移送镇政府或者起诉。限期过了没有下文，文书就成了一张废纸。"""
    rows = _missed(town, policy, PAPER)
    own = town["legal"].reindex(rows.index)
    rows = rows.assign(paper=own["doc_type"].fillna("文书"))[own["deadline"].notna()]  # an empty 限期日期 is F17's
    for index, name, paper, due in rows[["name", "paper", "due"]].itertuples(name=None):
        yield at("legal", index, "deadline", name=called(name), paper=paper, date=f"{due:%Y-%m-%d}")


LISTS = ("absence", "change", "suspected", "dropout")


@rule(
    "T09",
    WARNING,
    needs=("notice.student_key", "notice.arrived", "term.start", *(f"{sheet}.student_key" for sheet in LISTS)),
    says="{school}开学已{days}天，入学通知发给了{name}，“实际报到日期”空着，缺勤明细、学生变动和台账里也都没有他",
    fix="已经到校的补填“实际报到日期”；没有到校的马上查清去向：在别处就读的记明学校和证明，没有上学的列入“疑似辍学台账”；刚开学、还在联系的，逐日记入“缺勤明细”（开学未报到）。",
    source="domain.md 3.3 T09, 7",
)
def nobody_wrote_down_who_did_not_come(town: Town, policy: Policy) -> Iterator[Spot]:
    """开学之初，没有来报到的孩子要一个一个登记清楚。通知书上没有实际报到日期，缺勤明细、学生变动和台账里又都没有他，就是没有人管的孩子。

    从提醒日起就提示，到登记完成的时限还来得及补。只看发了入学通知的新生；其他年级由日查和缺勤明细看（X10、X12）。
    """
    rows = deadlines.state(town, policy, OPENING)
    since = (pd.Timestamp(town.as_of) - rows["start"]).dt.days
    rows = rows.assign(since=since)[rows["due"].notna() & rows["done"].isna()]
    rows = rows[rows["since"] >= policy["opening_absent_warn_day"]]
    rows = rows[readable(town, rows["home"], *(f"{sheet}.student_key" for sheet in LISTS))]
    rows = rows[~maybe_listed(town, rows, *LISTS)]
    for index, home, name, days in rows[["home", "name", "since"]].itertuples(name=None):
        yield at("notice", index, "arrived", school=home, name=called(name), days=days)


RULES: tuple[Rule, ...] = (
    not_visited,
    not_reported,
    not_persuaded_lately,
    paper_ran_out,
    nobody_wrote_down_who_did_not_come,
)
