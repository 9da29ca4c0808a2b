"""Rules on what a school sends and prints: weekly and monthly reports, the monthly bulletin, a case each term."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import pandas as pd

from ...core.findings import INFO, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field.deadlines import filings, state
from .base import Spot, at, readable, rule

DAYS = ("term.start", "term.end", "calendar.date", "calendar.is_school_day")  # what says on which days there was school
SHOWN = 5  # names in a message


def month_name(period: pd.Timestamp) -> str:
    """2023年9月."""
    return f"{period.year}年{period.month}月"


def listed(periods: list[pd.Timestamp]) -> str:
    """Months for a message, the first few of them."""
    more = f"等{len(periods)}个月" if len(periods) > SHOWN else ""
    return "、".join(month_name(period) for period in periods[:SHOWN]) + more


def gaps(
    missing: pd.DataFrame, present: pd.DataFrame, *order: str
) -> Iterator[tuple[tuple[str, int], str, list[object]]]:
    """(place, home, periods) for what is missing: each run of periods once, at the row of that school after which it belongs.

    That is the last row of an earlier period (of those the last in `order`); row 0 of the workbook where there is none.
    """
    if missing.empty:
        return
    held = present[present["home"].isin(missing["home"])].dropna(subset=["period"])
    held = held.sort_values(["period", *order], kind="stable")
    rows = {home: (own["period"].tolist(), list(own.index)) for home, own in held.groupby("home")}
    found: dict[tuple[object, str], list[object]] = {}
    for index, home, period in missing[["home", "period"]].sort_values("period").itertuples(name=None):
        periods, places = rows.get(home, ([], []))
        number = bisect_left(periods, period)
        place = places[number - 1] if number else (index[0], 0)
        found.setdefault((place, home), []).append(period)
    for (place, home), periods in found.items():
        yield place, home, periods


NOT_FILED = "{school}没有登记{which}的{report}，最早一期逾期{days}天"


@rule(
    "T03",
    WARNING,
    needs=("filing.report", "filing.until", "filing.date", *DAYS),
    says="{school}截止{due}的{report}，{done}才报，逾期{days}天",
    fix="请按期报送：周报当周{weekday}前，月报次月{day}日前；已经报过的补记“报送登记”，照实写报送日期。",
    source="domain.md 3.3 T03; 方案七-6",
)
def report_late(town: Town, policy: Policy) -> Iterator[Spot]:
    """周报、月报要按期报到中心学校，报一期在“报送登记”记一行；没有上课日的周和月不用报。报得晚，中心学校看到时人已经走了。"""
    limits = {"day": policy["month_report_due_day"], "weekday": policy.parameter("week_report_due_weekday").said}
    for kind, deadline in ((filings.WEEKLY, filings.WEEKLY_REPORT), (filings.MONTHLY, filings.MONTHLY_REPORT)):
        found = state(town, policy, deadline)
        late = found[found["late"] & readable(town, found["home"], "filing.until", "filing.report", *DAYS)]
        sent = late.dropna(subset=["done"])
        for index, school, due, done, days in sent[["home", "due", "done", "days"]].itertuples(name=None):
            facts = {"due": f"{due:%Y-%m-%d}", "done": f"{done:%Y-%m-%d}", "days": -days, **limits}
            yield at("filing", index, "date", school=school, report=kind, **facts)
        absent = late[late["done"].isna()]
        if absent.empty:
            continue
        names = absent.drop_duplicates("period").set_index("period")["name"]
        latest = absent.groupby("period")["days"].min()
        for place, school, periods in gaps(absent, filings.reports(town, kind), "date"):
            which = "、".join(names[period] for period in periods[:SHOWN])
            which += f"等{len(periods)}期" if len(periods) > SHOWN else ""
            facts = {"which": which, "report": kind, "days": -latest[periods[0]], **limits}
            yield at("filing", place, "until", says=NOT_FILED, school=school, **facts)


@rule(
    "T04",
    INFO,
    needs=("bulletin.kind", "bulletin.date", *DAYS),
    says="{school}{months}没有编印控辍保学简报",
    fix="请补编一期，记入“简报案例”；以后每月最后一个工作日前编印。",
    source="domain.md 3.3 T04; 方案六-1",
)
def no_bulletin(town: Town, policy: Policy) -> Iterator[Spot]:
    """方案要求分月编印《控辍保学简报》，各校自己编印或供稿，也是档案第18项；有上课日的月份每月一期。"""
    periods, absent = _not_printed(town, policy, filings.BULLETIN)
    for place, school, months in gaps(absent, periods, "date"):
        yield at("bulletin", place, "date", school=school, months=listed(months))


@rule(
    "T05",
    INFO,
    needs=("bulletin.kind", "bulletin.date", *DAYS),
    says="{school}{terms}没有典型案例",
    fix="请选一名劝返或转化成功的学生，隐去姓名、村名和班级写成案例，记入“简报案例”；放假前{limit}个工作日报出。",
    source="domain.md 3.3 T05; 方案六-1",
)
def no_case(town: Town, policy: Policy) -> Iterator[Spot]:
    """方案要求分学期编报《控辍典型案例集》，各校每学期至少一篇，放假前报出。成功的做法写下来，别的学校才学得到。"""
    periods, absent = _not_printed(town, policy, filings.CASE)
    names = absent.drop_duplicates("period").set_index("period")["name"]
    for place, school, terms in gaps(absent, periods, "date"):
        facts = {"terms": "、".join(names[term] for term in terms), "limit": policy["case_before_term_end"]}
        yield at("bulletin", place, "date", school=school, **facts)


def _not_printed(town: Town, policy: Policy, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a kind with their periods, and what should have been printed and has not been, not even late."""
    deadline, periods = filings.PRINTED[kind]
    found = state(town, policy, deadline)
    wrong = found["late"] & found["done"].isna()
    wrong &= readable(town, found["home"], "bulletin.kind", "bulletin.date", *DAYS)
    return filings.prints(town, kind, periods(town, policy)), found[wrong]


RULES = (report_late, no_bulletin, no_case)
