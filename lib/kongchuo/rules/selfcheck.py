"""Rules on 自查档案: the monthly self-check against the ledgers, reports in time, the eighteen archive items."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from ..core.findings import ERROR, INFO, WARNING
from ..core.numbers import some
from ..core.policy import Policy
from ..core.tables import Town, among, book_of, by_place, complete, each, no, of_year, yes
from ..due import selfcheck
from ..due.base import KEY, overdue, schools, state
from ..facts import cases as case_facts
from .base import SCHOOL_DAYS, Spot, at, readable, rule, spots

# --- Rules on what a school sends and prints: weekly and monthly reports, the monthly bulletin, a case each term ----
SHOWN = 5  # names in a message


def month_name(period: pd.Timestamp) -> str:
    """2023年9月."""
    return f"{period.year}年{period.month}月"


def listed(periods: list[pd.Timestamp]) -> str:
    """Months for a message, the first few of them."""
    return some(map(month_name, periods), SHOWN, "个月")


def gaps(missing: pd.DataFrame, present: pd.DataFrame, *order: str) -> Iterator[tuple[int, str, list[object]]]:
    """(place, home, periods) for what is missing: each run of periods once, at the row of that school after which it belongs.

    That is the last row of an earlier period (of those the last in `order`); row 0 of the workbook where there is none.
    """
    if missing.empty:
        return
    held = complete(present[present["home"].isin(missing["home"])], "period")
    held = held.sort_values(["period", *order], kind="stable")
    rows = {home: (own["period"].tolist(), list(own.index)) for home, own in held.groupby("home")}
    found: dict[tuple[object, str], list[object]] = {}
    for index, home, period in missing[["home", "period"]].sort_values("period").itertuples(name=None):
        periods, places = rows.get(home, ([], []))
        number = bisect_left(periods, period)
        place = places[number - 1] if number else book_of(index)
        found.setdefault((place, home), []).append(period)
    for (place, home), periods in found.items():
        yield place, home, periods


NOT_FILED = "{school}没有登记{which}的{report}，最早一期逾期{days}天"


@rule(
    "T03",
    WARNING,
    needs=("filing.report", "filing.until", "filing.date", *SCHOOL_DAYS),
    says="{school}截止{due}的{report}，{done}才报，逾期{days}天",
    fix="请按期报送：周报当周{weekday}前，月报次月{day}日前；已经报过的补记“报送登记”，照实写报送日期。",
    source="domain.md 3.3 T03; 方案七-6",
)
def report_late(town: Town, policy: Policy) -> Iterator[Spot]:
    """周报、月报要按期报到中心学校，报一期在“报送登记”记一行；没有上课日的周和月不用报。报得晚，中心学校看到时人已经走了。"""
    limits = {"day": policy["month_report_due_day"], "weekday": policy.parameter("week_report_due_weekday").said}
    for kind, deadline in ((selfcheck.WEEKLY, selfcheck.WEEKLY_REPORT), (selfcheck.MONTHLY, selfcheck.MONTHLY_REPORT)):
        found = state(town, policy, deadline)
        late = found[found["late"] & readable(town, found["home"], "filing.until", "filing.report", *SCHOOL_DAYS)]
        sent = complete(late, "done")
        facts = {"due": "due", "done": "done", "days": "over", "alike": {"report": kind, **limits}}
        yield from spots(sent.assign(over=-sent["days"]), "filing", "date", **facts)
        absent = late[late["done"].isna()]
        if absent.empty:
            continue
        names = absent.drop_duplicates("period").set_index("period")["name"]
        latest = absent.groupby("period")["days"].min()
        for place, school, periods in gaps(absent, selfcheck.reports(town, kind), "date"):
            which = some((names[period] for period in periods), SHOWN, "期")
            facts = {"which": which, "report": kind, "days": -latest[periods[0]], **limits}
            yield at("filing", place, "until", says=NOT_FILED, school=school, **facts)


@rule(
    "T04",
    INFO,
    needs=("bulletin.kind", "bulletin.date", *SCHOOL_DAYS),
    says="{school}{months}没有编印控辍保学简报",
    fix="请补编一期，记入“简报案例”；以后每月最后一个工作日前编印。",
    source="domain.md 3.3 T04; 方案六-1",
)
def no_bulletin(town: Town, policy: Policy) -> Iterator[Spot]:
    """方案要求分月编印《控辍保学简报》，各校自己编印或供稿，也是档案第18项；有上课日的月份每月一期。"""
    periods, absent = _not_printed(town, policy, selfcheck.BULLETIN)
    for place, school, months in gaps(absent, periods, "date"):
        yield at("bulletin", place, "date", school=school, months=listed(months))


@rule(
    "T05",
    INFO,
    needs=("bulletin.kind", "bulletin.date", *SCHOOL_DAYS),
    says="{school}{terms}没有典型案例",
    fix="请选一名劝返或转化成功的学生，隐去姓名、村名和班级写成案例，记入“简报案例”；放假前{limit}个工作日报出。",
    source="domain.md 3.3 T05; 方案六-1",
)
def no_case(town: Town, policy: Policy) -> Iterator[Spot]:
    """方案要求分学期编报《控辍典型案例集》，各校每学期至少一篇，放假前报出。成功的做法写下来，别的学校才学得到。"""
    periods, absent = _not_printed(town, policy, selfcheck.CASE)
    names = absent.drop_duplicates("period").set_index("period")["name"]
    for place, school, terms in gaps(absent, periods, "date"):
        facts = {"terms": "、".join(names[term] for term in terms), "limit": policy["case_before_term_end"]}
        yield at("bulletin", place, "date", school=school, **facts)


def _not_printed(town: Town, policy: Policy, kind: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a kind with their periods, and what should have been printed and has not been, not even late."""
    late = overdue(town, policy, selfcheck.PRINTED[kind])
    late = late[readable(town, late["home"], "bulletin.kind", "bulletin.date", *SCHOOL_DAYS)]
    return selfcheck.prints(town, policy, kind), late


# --- Rules on 档案目录: the eighteen items that each school keeps, and the pictures that belong to some of them ---------
NOT_LISTED = "{school}档案目录没有第{numbers}项：{items}"


@rule(
    "A01",
    WARNING,
    needs=("archive.archive_no", "archive.copies", "archive.missing", *SCHOOL_DAYS),
    says="{school}缺档案第{numbers}项：{items}，没有写明原因",
    fix="请归档后填份数；确实没有的，份数写0，在“缺失说明”写明原因。",
    source="domain.md 3.3 A01; 方案七",
)
def archive_item_missing(town: Town, policy: Policy) -> Iterator[Spot]:
    """方案规定的十八项档案，每项一行；没有材料的写明原因。从第一次月自查截止时起，目录里没有的项也算缺。检查先看档案，缺了说不清。"""
    rows, names = of_year(town, town["archive"]), town.schema.codes["archive_item"].names
    unexplained = (rows["copies"] == 0) & rows["missing"].isna() & town.known("archive", "missing").reindex(rows.index)
    unexplained &= rows["archive_no"].between(1, len(names)).fillna(False)
    for index, school, number in each(rows[unexplained], "home", "archive_no"):
        yield at("archive", index, "missing", school=school, numbers=number, items=names[number - 1])
    if not _begun(town, policy):
        return
    expected = schools(town, "archive")
    expected = expected[readable(town, expected["home"], "archive.archive_no", *SCHOOL_DAYS)]
    numbers = pd.DataFrame({"period": range(1, policy["archive_items"] + 1)})
    expected = expected.merge(numbers, how="cross")
    rows = rows.assign(period=rows["archive_no"])
    absent = expected[~among(expected, rows, ("home", "period"))]
    unclear = rows.loc[rows["period"].isna(), "home"].value_counts()  # each may be one that seems to be missing
    absent = absent[absent.groupby("home")["period"].transform("size") > absent["home"].map(unclear).fillna(0)]
    absent = absent.set_axis(by_place(absent["workbook"]))
    for place, school, lost in gaps(absent, rows):
        items = "、".join(names[number - 1] for number in lost)
        facts = {"numbers": "、".join(map(str, lost)), "items": items}
        yield at("archive", place, "archive_no", says=NOT_LISTED, school=school, **facts)


def _begun(town: Town, policy: Policy) -> bool:
    """Whether the first self-check of the year, which asks for the archive, has been due."""
    return bool((selfcheck.months(town, policy)["due"] < pd.Timestamp(town.as_of)).any())


@rule(
    "A02",
    INFO,
    needs=("archive.archive_no", "archive.copies", "archive.has_media"),
    says="{school}档案第{number}项“{item}”没有影像资料",
    fix="请补拍照片或录像归档，再把“含影像”改为“是”；画面里不出现学生正脸和姓名。",
    source="domain.md 3.3 A02",
)
def archive_without_pictures(town: Town, policy: Policy) -> Iterator[Spot]:
    """日查、送教、联防联控、会议、简报案例这几项光有文字说服力不够，应有照片或录像。"""
    rows, names = of_year(town, town["archive"]), town.schema.codes["archive_item"].names
    rows = rows[rows["archive_no"].isin(policy["media_archive_items"]) & no(rows["has_media"])]
    for index, school, number in each(rows[rows["copies"] > 0], "home", "archive_no"):
        yield at("archive", index, "has_media", school=school, number=number, item=names[number - 1])


# --- Rules on 月自查 and 问题整改: a check that is late or has gaps, a zero the ledgers contradict, problems not mended in time ---
MISSING_MONTH = "{school}没有{months}的自查"


@rule(
    "T01",
    ERROR,
    needs=(*(f"selfcheck.{name}" for name in ("month", "item_no", "date", "confirmed")), *SCHOOL_DAYS),
    says="{school}{month}自查未按期完成：{why}",
    fix="请补齐各项，校长逐项确认；以后每月自查次月{day}日前完成。",
    source="domain.md 3.3 T01; 方案六-9",
)
def self_check_not_in_time(town: Town, policy: Policy) -> Iterator[Spot]:
    """每月自查二十项，次月按期查完，校长逐项确认，每校每月只报一处。不查，或拖到下个月才查，问题就没有人管。"""
    rows = selfcheck.checks(town)
    now, day = pd.Timestamp(town.as_of), policy["month_report_due_day"]
    made = rows[~(rows["date"] > now)]
    found = state(town, policy, selfcheck.SELF_CHECK)
    late = found[found["late"] & readable(town, found["home"], "selfcheck.month", *SCHOOL_DAYS)]
    begun = among(late, made, KEY)
    for place, school, periods in gaps(late[~begun], made, "item_no"):
        yield at("selfcheck", place, "month", says=MISSING_MONTH, school=school, months=listed(periods), day=day)
    for school, period, due, done in late.loc[begun, [*KEY, "due", "done"]].itertuples(index=False):
        own = made[(made["home"] == school) & (made["period"] == period)].sort_values("item_no", kind="stable")
        place, column, why = _fault(town, own, due, done)
        yield at("selfcheck", place, column, school=school, month=month_name(period), why=why, day=day)


def _fault(town: Town, own: pd.DataFrame, due: pd.Timestamp, done: pd.Timestamp) -> tuple[int, str, str]:
    """The cell of a month's check that somebody has to go to first, and all that is wrong with it."""
    places, why = [], []
    numbers = own["item_no"].dropna().astype(int)
    without = [number for number in range(1, selfcheck.items(town) + 1) if number not in set(numbers)]
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
    "suspected": (case_facts.suspected, ("found", "closed")),
    "dropout": (case_facts.dropouts, ("confirm_date", "closed", "back_date", "state")),
}
ZERO_REPORT = "{school}截止{until}的{report}填零报告，当天台账在册{counts}"


@rule(
    "X41",
    ERROR,
    needs=("selfcheck.result", "selfcheck.month", "filing.zero", "filing.until",
           *("suspected.found", "suspected.closed", "dropout.confirm_date", "dropout.closed")),
    says="{school}{month}自查第{item}项填“不适用”，月末台账在册{counts}",
    fix="请核对台账：确有在册的，改正自查结果或零报告并重报；已返校、已查清的，在台账上结案销号。",
    source="domain.md 3.2 X41",
)  # fmt: skip
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
    rows = selfcheck.checks(town)
    rows = rows[(rows["result"] == "不适用") & rows["item_no"].isin(ITEMS)]
    parts = [rows.assign(sheet="selfcheck", report="", item=rows["item_no"], day=selfcheck.month_end(rows["period"]))]
    for kind in (selfcheck.WEEKLY, selfcheck.MONTHLY):
        rows = selfcheck.reports(town, kind)
        rows = rows[yes(rows["zero"])]
        day = selfcheck.month_end(rows["period"]) if kind == selfcheck.MONTHLY else _week_end(town, policy, rows)
        parts.append(rows.assign(sheet="filing", item=10, day=day))
    columns = ["sheet", "home", "period", "report", "item", "date", "day", "place"]
    found = pd.concat([part.assign(place=list(part.index))[columns] for part in parts], ignore_index=True)
    found = found[found["period"].notna() & ~(found["date"] > now)]
    return found.assign(day=found["day"].clip(upper=now))


def _week_end(town: Town, policy: Policy, rows: pd.DataFrame) -> pd.Series:
    due = selfcheck.weeks(town, policy).set_index("period")["due"].reindex(rows["period"])
    return due.set_axis(rows.index).fillna(rows["until"])


def _open(town: Town, sheet: str, rows: pd.DataFrame) -> dict[tuple[str, int], int]:
    """How many a ledger holds at the end of each row's day, by sheet and place of the row.

    An entry whose dates could not be read says nothing of that day.
    """
    opened, cells = OPENS[sheet]
    cases = complete(opened(town[sheet]), "entered")
    for cell in cells:
        cases = cases[town.known(sheet, cell).reindex(cases.index)]
    pairs = rows[["home", "day", "sheet", "place"]].merge(cases[["home", "entered", "left"]], on="home")
    pairs = pairs[case_facts.open_at(pairs, pairs["day"])]
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
    for deadline in (selfcheck.PROBLEM, selfcheck.FAILED_ITEM):
        late = overdue(town, policy, deadline)
        rows = town[deadline.sheet].loc[late.index]
        for place, school, days in zip(late.index, late["home"], -late["days"], strict=True):
            row = rows.loc[place]
            if deadline is selfcheck.PROBLEM:
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
    rows = complete(selfcheck.checks(town), "period", "item_no", "date")
    rows = rows.sort_values(["home", "period", "item_no"], kind="stable")
    early = rows[rows["date"] < rows["period"]].drop_duplicates(["home", "period"])
    months: dict[str, dict[pd.Timestamp, tuple[int, dict[int, tuple]]]] = {}
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
    for index, home, period, day in each(early, "home", "period", "date"):
        if (home, period) not in said:
            facts = {"month": month_name(period), "day": f"{day:%Y-%m-%d}"}
            yield at("selfcheck", index, "date", school=home, **facts)


RULES = (report_late, no_bulletin, no_case, archive_item_missing, archive_without_pictures, self_check_not_in_time,
         zero_but_cases_open, problem_not_mended, self_check_copied)  # fmt: skip
