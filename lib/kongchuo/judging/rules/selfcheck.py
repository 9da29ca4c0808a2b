"""Rules on 月自查 and 问题整改: a check that is late or has gaps, a zero the ledgers contradict, problems not mended in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import ledgers
from ...field.deadlines import filings, state
from .base import Spot, at, no, readable, rule, yes
from .filings import DAYS, gaps, listed, month_name

MISSING_MONTH = "{school}没有{months}的自查"


@rule(
    "T01",
    ERROR,
    needs=(*(f"selfcheck.{name}" for name in ("month", "item_no", "date", "confirmed")), *DAYS),
    says="{school}{month}自查未按期完成：{why}",
    fix="请补齐各项，校长逐项确认；以后每月自查次月{day}日前完成。",
    source="domain.md 3.3 T01; 方案六-9",
)
def self_check_not_in_time(town: Town, policy: Policy) -> Iterator[Spot]:
    """每月自查二十项，次月按期查完，校长逐项确认，每校每月只报一处。不查，或拖到下个月才查，问题就没有人管。"""
    rows = filings.checks(town)
    now, day = pd.Timestamp(town.as_of), policy["month_report_due_day"]
    made = rows[~(rows["date"] > now)]
    found = state(town, policy, filings.SELF_CHECK)
    late = found[found["late"] & readable(town, found["home"], "selfcheck.month", *DAYS)]
    begun = pd.MultiIndex.from_frame(late[filings.KEY]).isin(pd.MultiIndex.from_frame(made[filings.KEY]))
    for place, school, periods in gaps(late[~begun], made, "item_no"):
        yield at("selfcheck", place, "month", says=MISSING_MONTH, school=school, months=listed(periods), day=day)
    for school, period, due, done in late.loc[begun, [*filings.KEY, "due", "done"]].itertuples(index=False):
        own = made[(made["home"] == school) & (made["period"] == period)].sort_values("item_no", kind="stable")
        place, column, why = _fault(town, own, due, done)
        yield at("selfcheck", place, column, school=school, month=month_name(period), why=why, day=day)


def _fault(town: Town, own: pd.DataFrame, due: pd.Timestamp, done: pd.Timestamp) -> tuple[tuple[str, int], str, str]:
    """The cell of a month's check that somebody has to go to first, and all that is wrong with it."""
    places, why = [], []
    numbers = own["item_no"].dropna().astype(int)
    without = [number for number in range(1, filings.items(town) + 1) if number not in set(numbers)]
    if len(without) > own["item_no"].isna().sum():
        before = numbers[numbers < without[0]]
        places.append((before.index[-1] if len(before) else own.index[0], "item_no"))
        why.append(f"缺第{'、'.join(map(str, without))}项")
    refused = own[no(own["confirmed"])]
    if len(refused):
        places.append((refused.index[0], "confirmed"))
        why.append(f"{len(refused)}项校长没有确认")
    if own["date"].max() > due:
        places.append((own.index[own["date"] > due][0], "date"))
        why.append(f"{own['date'].max():%Y-%m-%d}才查完，逾期{(own['date'].max() - due).days}天")
    return (*(places or [(own.index[0], "item_no")])[0], "；".join(why) or "有几行读不出是哪个月的")


# the item of the self-check -> the ledgers that must be empty where it says 不适用
ITEMS = {8: ("suspected",), 9: ("dropout",), 10: ("suspected", "dropout")}
OPENS = {
    "suspected": (ledgers.suspected, ("found", "closed")),
    "dropout": (ledgers.dropouts, ("confirm_date", "closed", "back_date", "state")),
}
ZERO_REPORT = "{school}截止{until}的{report}填零报告，当天台账在册{counts}"


@rule(
    "X41",
    ERROR,
    needs=(
        "selfcheck.result",
        "selfcheck.month",
        "filing.zero",
        "filing.until",
        *("suspected.found", "suspected.closed", "dropout.confirm_date", "dropout.closed"),
    ),
    says="{school}{month}自查第{item}项填“不适用”，月末台账在册{counts}",
    fix="请核对台账：确有在册的，改正自查结果或零报告并重报；已返校、已查清的，在台账上结案销号。",
    source="domain.md 3.2 X41",
)
def zero_but_cases_open(town: Town, policy: Policy) -> Iterator[Spot]:
    """自查说没有疑似、没有辍学，或者周报月报填零报告，台账上就不能有在册的人。习惯性零报告会把已经发现的孩子报没了。"""
    rows = _zeros(town, policy)
    numbers = {sheet: _open(town, sheet, rows) for sheet in OPENS}
    for row in rows.itertuples(index=False):
        held = {sheet: int(numbers[sheet].get((row.sheet, row.place), 0)) for sheet in OPENS}
        if any(held[sheet] for sheet in ITEMS[row.item]):
            facts = {"school": row.home, "counts": f"疑似{held['suspected']}人、辍学{held['dropout']}人"}
            if row.sheet == "selfcheck":
                yield at("selfcheck", row.place, "result", month=month_name(row.period), item=row.item, **facts)
            else:
                until = f"{row.day:%Y-%m-%d}"
                yield at("filing", row.place, "zero", says=ZERO_REPORT, report=row.report, until=until, **facts)


def _zeros(town: Town, policy: Policy) -> pd.DataFrame:
    """Every answer that says zero: sheet, place, home, period, report, item (for a report that of both ledgers), day."""
    now = pd.Timestamp(town.as_of)
    rows = filings.checks(town)
    rows = rows[(rows["result"] == "不适用") & rows["item_no"].isin(ITEMS)]
    parts = [rows.assign(sheet="selfcheck", report="", item=rows["item_no"], day=filings.month_end(rows["period"]))]
    for kind in (filings.WEEKLY, filings.MONTHLY):
        rows = filings.reports(town, kind)
        rows = rows[yes(rows["zero"])]
        day = filings.month_end(rows["period"]) if kind == filings.MONTHLY else _week_end(town, policy, rows)
        parts.append(rows.assign(sheet="filing", item=10, day=day))
    columns = ["sheet", "home", "period", "report", "item", "date", "day", "place"]
    found = pd.concat([part.assign(place=list(part.index))[columns] for part in parts], ignore_index=True)
    found = found[found["period"].notna() & ~(found["date"] > now)]
    return found.assign(day=found["day"].clip(upper=now))


def _week_end(town: Town, policy: Policy, rows: pd.DataFrame) -> pd.Series:
    due = filings.weeks(town, policy).set_index("period")["due"].reindex(rows["period"])
    return due.set_axis(rows.index).fillna(rows["until"])


def _open(town: Town, sheet: str, rows: pd.DataFrame) -> dict[tuple[str, tuple[str, int]], int]:
    """How many a ledger holds at the end of each row's day, by sheet and place of the row.

    An entry whose dates could not be read says nothing of that day.
    """
    opened, cells = OPENS[sheet]
    cases = opened(town[sheet]).dropna(subset=["entered"])
    for cell in cells:
        cases = cases[town.known(sheet, cell).reindex(cases.index)]
    pairs = rows[["home", "day", "sheet", "place"]].merge(cases[["home", "entered", "left"]], on="home")
    pairs = pairs[ledgers.open_at(pairs, pairs["day"])]
    return Counter(zip(pairs["sheet"], pairs["place"], strict=True))


UNMENDED_ITEM = "{school}{month}自查第{item}项整改逾期{days}天"


@rule(
    "T06",
    WARNING,
    needs=("issue.due", "issue.done", "issue.state", "selfcheck.due", "selfcheck.done", "selfcheck.result"),
    says="{school}问题{issue}整改逾期{days}天",
    fix="请责任人马上整改，改好后填完成日期并请人复核；确有困难的报中心学校另定期限。",
    source="domain.md 3.3 T06",
)
def problem_not_mended(town: Town, policy: Policy) -> Iterator[Spot]:
    """自查、督查发现的问题，到了期限就要改好。查出来不改，下一轮督查还是同样的问题。"""
    for deadline in (filings.PROBLEM, filings.FAILED_ITEM):
        found = state(town, policy, deadline)
        late = found[found["late"] & found["done"].isna()]
        rows = town[deadline.sheet].loc[late.index]
        for place, school, days in zip(late.index, late["home"], -late["days"], strict=True):
            row = rows.loc[place]
            if deadline is filings.PROBLEM:
                issue = "" if pd.isna(row["issue_id"]) else row["issue_id"]
                yield at("issue", place, "due", school=school, issue=issue, days=days)
            else:
                facts = {"month": row["month"], "item": row["item_no"], "days": days}
                yield at("selfcheck", place, "due", says=UNMENDED_ITEM, school=school, **facts)


COPIED = "{school}{month}的自查与{other}逐项相同，连自查日期也一样，疑似照抄"
ANSWERS = ("date", "result", "problem", "action")


@rule(
    "T10",
    WARNING,
    needs=("selfcheck.month", "selfcheck.item_no", "selfcheck.date", "selfcheck.result"),
    says="{school}{month}的自查日期写{day}，这个月还没有开始",
    fix="请按这个月的实际情况重新查一遍，照实写结果和自查日期；抄来的整月删掉重填。",
    source="domain.md 2.9 月自查, 7.1 自查每月次数",
)
def self_check_copied(town: Town, policy: Policy) -> Iterator[Spot]:
    """每个月都要真查。整月的日期和结果与另一个月一样，多半是把上个月的复制过来只改了月份；自查日期早于这个月的，这个月就没有查过。日期不同、结果相同的不算。"""
    rows = filings.checks(town).dropna(subset=["period", "item_no", "date"])
    rows = rows.sort_values(["home", "period", "item_no"], kind="stable")
    early = rows[rows["date"] < rows["period"]].drop_duplicates(["home", "period"])
    months: dict[str, dict[pd.Timestamp, tuple[tuple[str, int], dict[int, tuple]]]] = {}
    answers = zip(*(rows[name].astype("str").tolist() for name in ANSWERS), strict=True)
    for place, home, period, item, answer in zip(
        rows.index, rows["home"].tolist(), rows["period"].tolist(), rows["item_no"].tolist(), answers, strict=True
    ):
        months.setdefault(home, {}).setdefault(period, (place, {}))[1][item] = answer
    said: set[tuple[str, pd.Timestamp]] = set()
    for home, own in months.items():
        for period, (place, held) in own.items():
            for other, (_, before) in own.items():
                same = sum(before.get(item) == answer for item, answer in held.items()) if other < period else 0
                if same >= policy["selfcheck_copied_items"]:
                    said.add((home, period))
                    facts = {"month": month_name(period), "other": month_name(other)}
                    yield at("selfcheck", place, "date", says=COPIED, school=home, **facts)
                    break
    for index, home, period, day in early[["home", "period", "date"]].itertuples(name=None):
        if (home, period) not in said:
            facts = {"month": month_name(period), "day": f"{day:%Y-%m-%d}"}
            yield at("selfcheck", index, "date", school=home, **facts)


RULES = (self_check_not_in_time, zero_but_cases_open, problem_not_mended, self_check_copied)
