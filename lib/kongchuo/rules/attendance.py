"""Rules on 出勤: the daily count against the roster, against itself, against the list of absentees, and days without a count.

Who was away for days and stands on no ledger: rules.cases.
"""

from collections.abc import Iterator

import pandas as pd

from ..core.findings import ERROR, WARNING
from ..core.policy import Policy
from ..core.tables import Town, book_of, complete, each, of_year, row_of
from ..facts import attendance, calendar, enrolment
from ..facts.references import class_names, homes_of, keyed, named, tally
from .base import Spot, at, readable, rule, spots

PARTS = ("present", "sick", "personal", "other_leave", "unexcused")


def _daily(town: Town) -> pd.DataFrame:
    """日查 up to now with class ids and labels; rows without a readable date or a known class are left out."""
    frame = complete(town["daily"].assign(class_id=keyed(town, "daily", "class_id")), "class_id", "date")
    frame = frame[frame["date"] <= pd.Timestamp(town.as_of)]
    return frame.assign(label=named(frame["class_id"], class_names(town)), day=frame["date"].dt.strftime("%Y-%m-%d"))


@rule(
    "X08",
    ERROR,
    needs=("daily.due", "daily.date", "daily.class_id", "roster.status", "roster.class_id", "change.kind",
           "change.date"),
    says="{school}{class_name}{day}应到填{count}人，按花名册和学生变动当天在读{number}人",
    fix="请先核对花名册：漏了人、重了人，状态或班级写错的改花名册；转入、转出、休学、复学没有记的补记“学生变动”。当天应到数错了，才改应到。",
    source="domain.md 3.2 X08, 4.1",
)  # fmt: skip
def due_differs_from_roster(town: Town, policy: Policy) -> Iterator[Spot]:
    """日查的“应到”就是当天花名册上的在读人数，疑似辍学的学生在认定之前也算应到。少算一个人，这个孩子就从日查里消失了。"""
    rows = complete(_daily(town), "due")
    rows = rows[
        rows["home"].isin(town["roster"]["home"])
        & readable(town, rows["home"], "roster.status", "roster.class_id", "change.kind")
    ]
    held = enrolment.due(town, rows["class_id"], rows["date"])
    rows = rows.assign(number=held["number"])[(rows["due"] - held["number"]).abs() > held["slack"]]
    yield from spots(rows, "daily", "due", class_name="label", day="day", count="due", number="number")


@rule(
    "X09",
    ERROR,
    needs=tuple(f"daily.{name}" for name in ("due", *PARTS)),
    says="{class_name}{day}应到填{count}人，实到和各类缺勤加起来是{total}人",
    fix="请重新清点：应到＝实到＋病假＋事假＋其他请假＋无故缺勤。",
    source="domain.md 3.2 X09",
)
def parts_do_not_add_up(town: Town, policy: Policy) -> Iterator[Spot]:
    """应到要等于实到、病假、事假、其他请假、无故缺勤之和。合计不平，说明有学生当天没有着落。"""
    rows = complete(town["daily"], "due", *PARTS)
    rows = rows[rows["date"].isna() | (rows["date"] <= pd.Timestamp(town.as_of))]
    rows = rows.assign(total=rows[list(PARTS)].sum(axis=1))
    rows = rows[rows["due"] != rows["total"]]
    labels = named(keyed(town, "daily", "class_id"), class_names(town)).reindex(rows.index)
    labels, days = labels.fillna(rows["class_id"]).fillna(""), rows["date"].dt.strftime("%Y-%m-%d").fillna("")
    rows = rows.assign(label=labels, day=days)
    yield from spots(rows, "daily", "due", class_name="label", day="day", count="due", total="total")


@rule(
    "X10",
    ERROR,
    needs=("daily.unexcused", "daily.date", "daily.class_id", "absence.kind", "absence.date", "absence.class_id"),
    says="{class_name}{day}日查填无故缺勤{count}人，缺勤明细里这天记了{listed}人",
    fix="请把当天无故缺勤的学生逐人记入“缺勤明细”，或改正日查的无故缺勤人数。",
    source="domain.md 3.2 X10",
)
def absentees_not_listed(town: Town, policy: Policy) -> Iterator[Spot]:
    """日查写了几个无故缺勤，缺勤明细里就要有几个名字（旷课、开学未报到、失联）。只有人数没有名字，就没法逐个联系、连续计算。"""
    rows = complete(_daily(town), "unexcused")
    rows = rows[_absence_readable(town, rows)]
    listed, slack = _listed(town, rows)
    wrong = (rows["unexcused"] - listed).abs() > slack
    columns = ["label", "day", "unexcused", "listed", "present"]
    for index, label, day, count, number, present in each(rows.assign(listed=listed)[wrong], *columns):
        fix = _exchanged("无故缺勤") if pd.notna(present) and present == number < count else ""
        yield at("daily", index, "unexcused", fix=fix, class_name=label, day=day, count=count, listed=number)


def _exchanged(title: str) -> str:
    """The remedy where 实到 says how many the 缺勤明细 lists: nobody is to list a whole class as absent."""
    return (
        f"“实到”和“{title}”像是填反了：填反的对调这两格，“缺勤明细”不用补；没有填反的，把当天的学生逐人记入“缺勤明细”。"
    )


def _absence_readable(town: Town, rows: pd.DataFrame) -> pd.Series:
    """Rows of workbooks (one a term) whose own 缺勤明细 could be read."""
    columns = ("kind", "date", "class_id")
    read = [
        town.place_of(book.name)
        for book in town.holding("absence")
        if (t := book.tables.get("absence")) and all(c in t.columns for c in columns)
    ]
    return pd.Series(book_of(rows.index).isin(read), rows.index)


def _listed(town: Town, rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """For each 日查 row: how many pupils 缺勤明细 lists without leave that day, and by how many that may be wrong."""
    absence = town["absence"].assign(class_id=keyed(town, "absence", "class_id"))
    doubtful = absence[absence["kind"].isna() | absence["date"].isna() | absence["class_id"].isna()]
    doubtful = doubtful[doubtful["kind"].isna() | doubtful["kind"].isin(attendance.UNEXCUSED)]
    sure = complete(absence[absence["kind"].isin(attendance.UNEXCUSED)], "date", "class_id")
    repeated = sure[sure.duplicated(["home", "date", "student_key"]) & sure["student_key"].notna()]
    pairs = pd.MultiIndex.from_frame(rows[["class_id", "date"]])
    number, doubled = (
        frame.groupby(["class_id", "date"]).size().reindex(pairs, fill_value=0).set_axis(rows.index)
        for frame in (sure, repeated)
    )
    lost = tally(rows["home"], doubtful["home"].value_counts())
    return number, doubled + lost


@rule(
    "X11",
    WARNING,
    needs=("daily.date", "daily.class_id", "class.class_id", "calendar.date", "calendar.is_school_day", "term.start"),
    says="按教学日历{day}上课，{school}{class_name}这天没有日查（无人缺勤也要填）",
    fix="请按当天点名册补填日查；当天停课的，请中心学校改教学日历。",
    source="domain.md 3.2 X11",
)
def day_without_count(town: Town, policy: Policy) -> Iterator[Spot]:
    """每个上课日每个班都要有一行日查，没有人缺勤也要填。缺一天，连续缺勤就算不准，孩子不来也没人知道。"""
    labels = class_names(town)
    for missing in missing_days(town, expected_days(town)).itertuples():
        column = "date" if row_of(missing.place) else ""
        facts = {"school": missing.home, "class_name": labels[missing.class_id], "day": f"{missing.date:%Y-%m-%d}"}
        yield at("daily", missing.place, column, **facts)


def expected_days(town: Town) -> pd.DataFrame:
    """Every (workbook as a whole, home, class_id, date) that must have a 日查 row: school days of the term up to as_of, classes with pupils."""
    classes = complete(town["class"].assign(home=homes_of(town, "class")), "class_id").drop_duplicates("class_id")
    ids = of_year(town, classes).groupby("home")["class_id"].agg(list)
    days = pd.DatetimeIndex([day for day in calendar.school_days(town) if day <= town.as_of]).astype("datetime64[us]")
    taught, rooms = [], []
    for term in calendar.terms(town).itertuples():
        taught += [(term.term, day) for day in days[(days >= term.start) & (days <= term.end)]]
        for book in town.holding("daily"):
            table = book.tables.get("daily")
            if term.term in book.name and table and len(table) and {"date", "class_id"} <= set(table.columns):
                place = town.place_of(book.name)
                rooms += [(place, book.home, class_id, term.term) for class_id in ids.get(book.home, ())]
    taught = pd.DataFrame(taught, columns=["term", "date"]).astype({"term": "str", "date": "datetime64[us]"})
    texts = dict.fromkeys(("home", "class_id", "term"), "str")
    rooms = pd.DataFrame(rooms, columns=["workbook", *texts]).astype({"workbook": "int64"} | texts)
    found = rooms.merge(taught, on="term").drop(columns="term")
    tells = found["home"].isin(town["roster"]["home"])
    tells &= readable(town, found["home"], "roster.class_id", "roster.status")
    return found[~tells | (enrolment.due(town, found["class_id"], found["date"])["number"] > 0)]


def missing_days(town: Town, expected: pd.DataFrame) -> pd.DataFrame:
    """The expected rows that are not there, with `place`: the row of the class in that workbook nearest in time, else row 0."""
    key = ["workbook", "class_id", "date"]
    held = town["daily"][["date"]].assign(class_id=keyed(town, "daily", "class_id"))
    held = held.assign(workbook=book_of(held.index), place=held.index)
    found = expected[~pd.MultiIndex.from_frame(expected[key]).isin(pd.MultiIndex.from_frame(held[key]))]
    # a row whose date or class could not be read may be the very one that seems to be missing
    for known, lost in (("class_id", "date"), ("date", "class_id")):
        pair = ["workbook", known]
        may_be = held[held[lost].isna()].groupby(pair).size()
        may_be = may_be.reindex(pd.MultiIndex.from_frame(found[pair]), fill_value=0).to_numpy()
        found = found[found.groupby(pair)[lost].transform("size") > may_be]
    near = complete(held[[*key, "place"]], "class_id", "date").sort_values("date", kind="stable")
    found = found.sort_values("date", kind="stable")
    found = pd.merge_asof(found, near, on="date", by=["workbook", "class_id"], direction="nearest")
    return found.assign(place=found["place"].astype("Int64").fillna(found["workbook"]).astype("int64"))


LEAVE = {"sick": "病假", "personal": "事假", "other_leave": "其他请假"}  # column of 日查 -> 缺勤类型
BY_KIND = "{class_name}{day}日查{kind}{count}人，缺勤明细{kind}{listed}人，请假的总数一样"
NONE_LISTED = "{school}日查共有请假、缺勤{count}人次，缺勤明细一行也没有"


@rule(
    "X64",
    WARNING,
    needs=(
        *(f"daily.{name}" for name in (*LEAVE, "date", "class_id")),
        *("absence.kind", "absence.date", "absence.class_id"),
    ),
    says="{class_name}{day}日查请假{count}人，缺勤明细请假{listed}人",
    fix="请把当天请假的学生逐人记入“缺勤明细”（病假、事假、其他请假），或改正日查的人数；类别不一样的，照假条改正写错的一处。",
    source="domain.md 2.5 缺勤明细（只记缺勤学生，每人每天一行）, 8",
)
def leave_not_listed(town: Town, policy: Policy) -> Iterator[Spot]:
    """请了假的也要在缺勤明细里有名字。只有人数没有名字，谁病了多久、有没有假条都说不清；整本明细空着的，只报一处。无故缺勤的见X10。"""
    rows = complete(_daily(town), *list(LEAVE))
    rows = rows[_absence_readable(town, rows)]
    rows = rows.assign(count=rows[list(LEAVE)].sum(axis=1))
    books = book_of(rows.index)
    read = [book for book in town.holding("absence") if "absence" in book.tables]
    empty = {town.place_of(book.name) for book in read if not len(book.tables["absence"])} & set(books)
    for book in sorted(empty):
        own = rows[books == book]
        count = own["count"].sum() + own["unexcused"].fillna(0).sum()
        if own["count"].sum() > 0:
            yield at("absence", book, says=NONE_LISTED, school=own["home"].iloc[0], count=count)
    rows = rows[~books.isin(empty)]
    absence = town["absence"].assign(class_id=keyed(town, "absence", "class_id"))
    leave = absence["kind"].isin(LEAVE.values())
    pairs = pd.MultiIndex.from_frame(rows[["class_id", "date"]])
    sure = complete(absence[leave], "date", "class_id")
    # half a day may have been counted or not; of a pupil who stands twice nobody knows how often
    sure = sure.assign(odd=(sure["halves"] == 1) | sure.duplicated(["home", "date", "student_key"]))
    by_class = sure.groupby(["class_id", "date"]).agg(listed=("odd", "size"), odd=("odd", "sum"))
    found = by_class.reindex(pairs, fill_value=0).set_axis(rows.index)
    lost = absence[absence["kind"].isna() | (leave & absence[["date", "class_id"]].isna().any(axis=1))]
    slack = found["odd"] + tally(rows["home"], lost["home"].value_counts())
    wrong = (rows["count"] - found["listed"]).abs() > slack
    yield from _other_kind(rows[~wrong & (slack == 0)], sure)
    columns = ["label", "day", "count", "listed", "present", *LEAVE]
    rows = rows.assign(listed=found["listed"])[wrong]
    for index, label, day, count, number, present, *parts in each(rows, *columns):
        parts = dict(zip(LEAVE, parts, strict=True))
        swapped = [
            name for name, part in parts.items() if pd.notna(present) and present < part == count - number + present
        ]
        column = next((name for name in (*swapped, *LEAVE) if parts[name] > 0), "sick")
        fix = _exchanged(LEAVE[column]) if swapped else ""
        yield at("daily", index, column, fix=fix, class_name=label, day=day, count=count, listed=number)


def _other_kind(rows: pd.DataFrame, listed: pd.DataFrame) -> Iterator[Spot]:
    """日查 rows whose leave adds up, but not by kind: sick leave counted as personal, or the two columns exchanged."""
    numbers = listed.groupby(["class_id", "date", "kind"]).size()
    by_kind = (
        numbers.unstack(fill_value=0).reindex(columns=list(LEAVE.values()), fill_value=0) if len(numbers) else None
    )
    if by_kind is None or rows.empty:
        return
    by_kind = by_kind.reindex(pd.MultiIndex.from_frame(rows[["class_id", "date"]]), fill_value=0).set_axis(rows.index)
    apart = rows[list(LEAVE)].astype("int64") - by_kind.set_axis(list(LEAVE), axis=1)
    for index, *parts in apart[(apart != 0).any(axis=1)].itertuples(name=None):
        name = next(name for name, part in zip(LEAVE, parts, strict=True) if part > 0)
        facts = {"class_name": rows.at[index, "label"], "day": rows.at[index, "day"], "kind": LEAVE[name]}
        count = int(rows.at[index, name])
        yield at("daily", index, name, says=BY_KIND, count=count, listed=int(by_kind.at[index, LEAVE[name]]), **facts)


RULES = (due_differs_from_roster, parts_do_not_add_up, absentees_not_listed, day_without_count, leave_not_listed)  # fmt: skip
