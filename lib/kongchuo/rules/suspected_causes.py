"""What may be a cause: one mistake, the finding that would say it, and the township with that mistake mended; columns in a wrong place
and days that are wrong (names and single rows: misnamed). Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import pandas as pd

from ..core.findings import ERROR, KINDS as OF_READING, Finding, Kind
from ..core.policy import Policy
from ..core.schema import CENTRE, Field, Sheet
from ..core.tables import Town, book_of, complete, mapping, once, row_of, yes
from ..core.workbooks import Table, column_letters
from ..facts import calendar
from .attendance import expected_days, missing_days

ENOUGH = 3  # findings that must go with the mistake before it is called their cause


@dataclass(frozen=True)
class Suspect:
    """A possible cause: the finding that says it, and the township as it would be without the mistake.

    `code` is one that must go then. `with_it` goes as well if it does: what reading said, which is not judged again.
    `proven`: the cause is found without any guess, and must go as well; then one more that goes is enough. `sheet`: the only one
    that differs ("": several), so that rules that do not read it need not judge again.
    """

    cause: Finding
    town: Town
    code: str
    with_it: tuple[Finding, ...] = ()
    proven: bool = False
    sheet: str = ""


Suspecting = Callable[[Town, Policy, frozenset[Finding]], Iterator[Suspect]]


def of(findings: Iterable[Finding], *codes: str) -> list[Finding]:
    """Those of these codes, in order."""
    return sorted(finding for finding in findings if finding.rule in codes)


def at_rows(town: Town, findings: Iterable[Finding], sheet_name: str) -> dict[int, Finding]:
    """Findings in a worksheet by their index in `town[sheet_name]`; of several in a row, the last."""
    title = town.schema.sheets[sheet_name].title
    return {town.place_of(one.workbook, one.row): one for one in findings if one.sheet == title and one.row}


# --- a township with one thing changed ----------------------------------------------------------------------------------
def changed(town: Town, sheet_name: str, workbook: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Town:
    """The township with one worksheet's frame changed; `change` gets a copy and gives what takes its place."""

    def other(table: Table) -> Table:
        return replace(table, frame=change(table.frame.copy()))

    return with_table(town, sheet_name, workbook, other)


def with_table(town: Town, sheet_name: str, workbook: str, other: Callable[[Table], Table]) -> Town:
    """The township with another table in place of one."""
    books = tuple(
        replace(book, tables=book.tables | {sheet_name: other(book.tables[sheet_name])})
        if book.name == workbook
        else book
        for book in town.workbooks
    )
    return replace(town, workbooks=books, _frames=town.frames_but(sheet_name), _made={})


def edited(town: Town, sheet_name: str, index: int, **values: object) -> Town:
    """The township with other values in one row."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        for name, value in values.items():
            frame.at[row_of(index), name] = value
        return frame

    return changed(town, sheet_name, town.book_name(index), change)


def without(town: Town, sheet_name: str, index: int) -> Town:
    """The township without one row."""
    return changed(town, sheet_name, town.book_name(index), lambda frame: frame.drop(index=row_of(index)))


def with_row(town: Town, sheet_name: str, workbook: str, **values: object) -> Town:
    """The township with one row more, which holds these values only."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        row = max(frame.index, default=1) + 1
        one = pd.DataFrame([values], index=[row]).reindex(columns=frame.columns).astype(frame.dtypes.to_dict())
        return pd.concat([frame, one])

    return changed(town, sheet_name, workbook, change)


# --- The findings that name a cause where no rule and no cell of its own does. They are given only where others follow from them ---
KINDS = {
    kind.code: kind
    for kind in (
        Kind("F41", ERROR, "“{column}”从这一格起整列错开了一格，和同一行的其他格对不上",
             "请看这一格附近是不是多插、多删了一个单元格：{mend}，再核对后面几行。", "issue 12",
             why="插入或删除单元格只动了一列，下面每一行就都成了别人的。只改错开的那一处，其余的会一起改好。"),
        Kind("X70", ERROR, "“{column}”写的是“{value}”，没有一处用到；别处写“{used}”{count}处，这里却没有",
             "请核对哪边写错：这里写错的改这里（是不是“{used}”？）；确实改了名或编号的，各表要一起改。", "issue 12",
             why="编号和名称是各表互相认的依据。只改了一边，用到它的每一行就都找不到了。改对这一处，其余的会一起消失。"),
        Kind("X71", ERROR, "{term}的{column}写{value}，但{seen}",
             "请核对学期起止日期，改正这一格；日查和缺勤明细不用改。确实提前放假、推迟开学的，请先改教学日历。", "issue 12",
             why="学期的起止日期管着一学期的日查、缺勤明细和各项时限。这里写错一天，别处就成百上千处对不上。"),
        Kind("X72", ERROR, "教学日历{value}写的是上课，但{count}所学校各班都没有这一天的日查",
             "请核对这一天（{days}天）上不上课：放假、停课的把“上课”改为“否”；确实上了课的，请各校补填日查。", "issue 12",
             why="放假的一天写成上课，每个班就都少一行日查。改教学日历一处就好，不要补填没有上课的日查。"),
        Kind("X76", ERROR, "“{column}”整列的次序和同一行的其他格对不上：{count}行的内容都在，只是不在自己那一行",
             "多半是只给这一列排了序：请撤销排序，或从备份、上一版取回这一列；以后排序先选中整张表。", "issue 12",
             why="只给一列排序，每一行就都成了几个人拼起来的。改回这一列，其余的会一起改好。"),
        Kind("X73", ERROR, "{name}在花名册上{what}，{class_name}的日查从{since}起{count}天都和花名册差这{number}人",
             "请核对这名学生，{mend}；日查的应到不用改。", "issue 12",
             why="日查每天的应到都和花名册差同样的人数，错的多半是花名册这一行，不是那么多天的日查。"),
    )
}  # fmt: skip


# --- A column of a worksheet that stands in the wrong place: one cell too low or too high from some row on, or under another's header ---
LEAST = 8  # findings in a worksheet before its columns are suspected
PLACES_TRIED = 6  # columns of a worksheet, and places in a column
COVERS = 0.4  # share of the rows in which two columns differ whose findings suggest that their headers are exchanged


def _sheets(town: Town, loose: frozenset[Finding]) -> Iterator[tuple[str, Sheet, Table, list[Finding]]]:
    """(workbook, sheet, table, findings) of the worksheets with so many findings that a column may be the cause."""
    by_place: dict[tuple[str, str], list[Finding]] = {}
    for one in sorted(loose):
        by_place.setdefault((one.workbook, one.sheet), []).append(one)
    for book in town.workbooks:
        if sum(len(found) for (name, _), found in by_place.items() if name == book.name) < LEAST:
            continue
        for table in book.tables.values():
            yield book.name, table.sheet, table, by_place.get((book.name, table.sheet.title), [])


# --- one cell too low or too high -----------------------------------------------------------------------------------------
def shifted(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A column in which a cell was inserted or deleted: an empty cell, and from there on every value is the neighbour's."""
    codes = {
        book: Counter(one.rule for one in loose if one.workbook == book).most_common(1)[0][0]
        for book in {one.workbook for one in loose}
    }
    for workbook, sheet, table, found in _sheets(town, loose):
        frame = table.frame
        for item, hole in _holes(table, found):
            rows = frame.index.tolist()
            place = rows.index(hole)
            starts = [(place, "down")]
            if place == len(rows) - 1:  # what was deleted lies above: the first row with a finding, or the one before
                first = min((one.row for one in found if one.row != hole), default=hole)
                starts = [(max(rows.index(first) - back, 0), "up") for back in (0, 1) if first in rows] + starts
            code = Counter(one.rule for one in found if one.rule != "F17").most_common(1)
            for start, way in starts:
                mended = changed(
                    town, sheet.name, workbook, lambda copy, i=item, s=start, w=way: _moved(copy, i.name, s, w)
                )
                where = town.place(sheet.name, town.place_of(workbook, rows[start]), item.name)
                mend = "多插的删掉，下面的上移一格" if way == "down" else "少了的插入一格，下面的下移一格"
                cause = KINDS["F41"].at(where, mend=mend)
                yield Suspect(cause, mended, code[0][0] if code else codes[workbook])


def _holes(table: Table, found: list[Finding]) -> Iterator[tuple[Field, int]]:
    """Columns that have one empty cell only, with its row; those that findings name come first."""
    named = Counter(one.column for one in found)
    if len(table) < LEAST:
        return
    columns = [item for item in table.sheet.typed if item.name in table.columns]
    for item in sorted(columns, key=lambda item: -named[item.title])[:]:
        empty = table.frame.index[table.frame[item.name].isna()]
        if len(empty) == 1:
            yield item, int(empty[0])


def _moved(frame: pd.DataFrame, name: str, start: int, way: str) -> pd.DataFrame:
    """The frame with a column moved by one from a position on: up where a cell was inserted, down where one was deleted."""
    column = frame[name].copy()
    part = column.iloc[start:]
    column.iloc[start:] = part.shift(-1 if way == "down" else 1).array
    return frame.assign(**{name: column})


# --- two headers exchanged ------------------------------------------------------------------------------------------------
def exchanged(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """Two columns that hold what the other's header says: as reading saw by their values, or as the rules see by what they find."""
    for book in town.workbooks:
        for name, table in book.tables.items():
            if table.instead is not None:
                headers = (one for one in book.findings if one.rule == "F40" and one.sheet == table.sheet.title)
                cause = next(headers, None)
                if cause is not None:
                    yield Suspect(cause, with_table(town, name, book.name, lambda one: one.instead), "")
    for workbook, sheet, table, found in _sheets(town, loose):
        by_column = Counter((one.column, one.rule) for one in found if one.rule != "F17")
        for (title, code), count in by_column.most_common(2):
            item = next((one for one in sheet.typed if one.title == title), None)
            if item is None or count < LEAST:
                continue
            alike = [
                one
                for one in sheet.typed
                if _alike(one, item)
                and one.name in table.columns
                and table.frame[one.name].notna().any()
                and _fits(table.frame[one.name], item)
                and _fits(table.frame[item.name], one)
                and count >= COVERS * (table.frame[one.name] != table.frame[item.name]).sum()
            ]
            for other in alike[:PLACES_TRIED]:
                mended = with_table(
                    town, sheet.name, workbook, lambda one, a=item.name, b=other.name: _exchanged(one, a, b)
                )
                letters = column_letters(table.columns[item.name])
                place = replace(
                    town.place(sheet.name, town.place_of(workbook, table.header_row), item.name),
                    cell=f"{letters}{table.header_row}",
                )
                near = f"{column_letters(table.columns[other.name])}列"
                yield Suspect(OF_READING["F40"].at(place, other=other.title, near=near), mended, code)


def _alike(one: Field, item: Field) -> bool:
    """Whether cells of one column could stand in the other."""
    return one is not item and (one.type, one.format, one.codes, one.reference) == (
        item.type,
        item.format,
        item.codes,
        item.reference,
    )


def _fits(values: pd.Series, item: Field) -> bool:
    """Whether a column could hold these values: no grade is 12."""
    low = item.minimum is None or not (values < item.minimum).any()
    return low and (item.maximum is None or not (values > item.maximum).any())


def _exchanged(table: Table, one: str, other: str) -> Table:
    frame = table.frame.assign(**{one: table.frame[other].array, other: table.frame[one].array})
    return replace(table, frame=frame)


# --- one column sorted by itself ------------------------------------------------------------------------------------------
COPIED = ("name", "id_no", "birth_date", "status_no")  # what roster and census both say of a pupil, most telling first
IN_PLACE = 0.9  # share of the values that stand somewhere in the column, if it was only sorted


def sorted_alone(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A column that holds the right values in the wrong rows, by what the roster (of the roster: the census) says of each pupil."""
    if max(Counter(one.workbook for one in loose).values(), default=0) < LEAST:
        return
    keyed = [
        sheet for sheet in town.schema.sheets.values() if "student_key" in sheet.by_name and sheet.name != "census"
    ]
    found: dict[tuple[int, str], tuple[str, pd.DataFrame]] = {}  # by workbook and sheet, its first such column
    for sheet in keyed:
        for column in COPIED if len(town[sheet.name]) else ():
            for book, rows in _in_other_rows(town, sheet, column):
                found.setdefault((book, sheet.name), (column, rows))
    for book, name in product(town.workbooks, (sheet.name for sheet in keyed)):
        column, rows = found.get((town.place_of(book.name), name), ("", None))
        if column:
            right = rows["right"].set_axis(row_of(rows.index)).astype(town[name][column].dtype)
            mended = changed(
                town, name, book.name, lambda copy, c=column, r=right: copy.assign(**{c: r.combine_first(copy[c])})
            )
            wrong = rows.index[rows["given"] != rows["right"]]
            cause = KINDS["X76"].at(town.place(name, int(wrong[0]), column), count=len(wrong))
            own = [one.rule for one in loose if one.workbook == book.name] or [one.rule for one in loose]
            yield Suspect(cause, mended, Counter(own).most_common(1)[0][0])


def _in_other_rows(town: Town, sheet: Sheet, column: str) -> Iterator[tuple[int, pd.DataFrame]]:
    """The workbooks in which a column was perhaps sorted alone: place of each as a whole, its rows with what is `given` and `right`."""
    source = "census" if sheet.name == "roster" else "roster"
    if column not in sheet.by_name or column not in town[source]:
        return
    frame, said = town[sheet.name], _said_by(town, source, column)
    right = pd.Series([said.get(key) for key in frame["student_key"].tolist()], frame.index, dtype=frame[column].dtype)
    rows = pd.DataFrame({"given": frame[column], "right": right}).dropna()
    wrong = (rows["given"] != rows["right"]).groupby(book_of(rows.index)).sum()
    for book in wrong.index[wrong >= LEAST]:
        own = rows[book_of(rows.index) == book]
        given, right = own["given"].to_numpy(), own["right"].to_numpy()
        kept = (Counter(given.tolist()) & Counter(right.tolist())).total()
        # `shifted` says it better
        slipped = max((given[1:] == right[:-1]).sum(), (given[:-1] == right[1:]).sum())
        if kept >= IN_PLACE * len(own) and 2 * slipped < wrong[book]:
            yield book, own


@once
def _said_by(town: Town, source: str, column: str) -> dict[object, object]:
    """What a sheet says of each pupil in a column, of those who stand in it once."""
    known = complete(town[source], "student_key").drop_duplicates("student_key", keep=False)
    return mapping(complete(known, column), "student_key", column)


# --- Days of the office that are wrong for all schools at once: the dates of a term, a day of 教学日历 ------------------
DAY = re.compile(r"\d{4}-\d\d-\d\d")  # the date a message quotes first


def terms(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """开学日期 or 放假日期 against the days on which most schools have 日查."""
    if len(of(loose, "F28", "X11")) < ENOUGH:
        return
    planned = complete(town["calendar"], "date")
    lessons = planned.loc[yes(planned["is_school_day"]), "date"]
    for row in calendar.terms(town).itertuples():
        first, last, schools = _filled(town, row.term)
        if not schools:
            continue
        for column, wrong, day in (
            ("start", row.start != first, first),
            ("end", row.end < last or row.end < row.start, last),
        ):
            # days that 日查 lacks are no lessons only where 教学日历 has none either
            early = column == "start" and row.start < first
            if not wrong or (early and lessons.between(row.start, first, inclusive="left").any()):
                continue
            seen = f"{schools}所学校的日查从{first:%Y-%m-%d}填到{last:%Y-%m-%d}"
            inside = lessons[lessons.between(first, last)]
            if len(inside):
                seen += f"，教学日历这段时间有{len(inside)}天上课"
            place = town.place("term", row.Index, column)
            cause = KINDS["X71"].at(place, term=row.term, value=f"{getattr(row, column):%Y-%m-%d}", seen=seen)
            mended = edited(town, "term", row.Index, **{column: day})
            if column == "start" and row.end < last:  # both may be needed before anything goes
                mended = mended if row.end >= first else edited(mended, "term", row.Index, end=last)
            if not _counted(town):  # no day counted, so the data seemed to go on until today
                mended = replace(mended, as_of=min(town.as_of, last.date()))
            yield Suspect(cause, mended, "X11" if early else "F28", _too_late(town, last) if column == "end" else ())


def _counted(town: Town) -> bool:
    """Whether any 日查 lies within the term of its workbook."""
    dates = town["daily"]["date"]
    names = town.book_names(dates.index)
    return any(
        (names.str.contains(row.term) & dates.between(row.start, row.end)).any()
        for row in calendar.terms(town).itertuples()
    )


def _too_late(town: Town, last: pd.Timestamp) -> tuple[Finding, ...]:
    """Dates that reading did not take (F30) only because the data seem to end with the term: none later than the right end."""
    late = (finding for book in town.workbooks for finding in book.findings if finding.rule == "F30")
    return tuple(one for one in late if pd.Timestamp(DAY.search(one.message)[0]) <= last)


def _filled(town: Town, term: str) -> tuple[pd.Timestamp, pd.Timestamp, int]:
    """The first and last day on which at least half of the schools have a 日查 in their workbook of a term; how many schools have any."""
    books = [book for book in town.holding("daily") if term in book.name and "daily" in book.tables]
    days = [set(book.tables["daily"].frame["date"].dropna()) for book in books]
    days = [own for own in days if own]
    common = pd.Series([day for own in days for day in own], dtype="datetime64[us]").value_counts()
    common = common[common * 2 > len(days)] if len(days) > 1 else common.iloc[:0]
    if common.empty:
        return pd.NaT, pd.NaT, 0
    return common.index.min(), common.index.max(), len(days)


def mismarked(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """Days that 教学日历 calls school days and of which no class of any school has a 日查."""
    if len(of(loose, "X11")) < ENOUGH:
        return
    expected = expected_days(town)
    missing = missing_days(town, expected)
    filled = town["daily"]["date"].max()
    whole = missing.groupby("date").size()
    whole = whole[whole == expected.groupby("date").size().reindex(whole.index)]
    schools = missing.groupby("date")["home"].nunique()
    entries = complete(town["calendar"], "date").drop_duplicates("date", keep="last")
    entries = entries[entries["date"].isin(whole.index[(schools[whole.index] > 1) & (whole.index < filled)])]
    entries = entries[yes(entries["is_school_day"])].sort_values("date")
    if entries.empty:
        return
    (index, first), mended = next(entries["date"].items()), town
    for one in entries.index:
        mended = edited(mended, "calendar", one, is_school_day=False)
    facts = {"value": f"{first:%Y-%m-%d}", "count": int(schools[first]), "days": len(entries)}
    yield Suspect(KINDS["X72"].at(town.place("calendar", index, "is_school_day"), **facts), mended, "X11")


# --- A date that is wrong by years: it lies before what it must come after, and the same day of this school year does not ----------
DATED = ("X52", "F36", "F37", "F28", "G09")  # codes that name the date itself, best first
DATES_TRIED = 8
AUGUST = 8  # the month before lessons begin belongs to the school year that follows


def misdated(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """Dates of other years at which a contradiction is found already, each put into this school year."""
    others = {one.workbook.split("/")[1] for one in loose if one.rule not in DATED}
    sheets = {sheet.title: sheet for sheet in town.schema.sheets.values()}
    first, second = int(town.year[:4]), int(town.year[5:])
    tried, times = set(), Counter((one.rule, one.workbook, one.column) for one in loose)
    for one in sorted(of(loose, *DATED), key=lambda one: (DATED.index(one.rule), one)):
        sheet = sheets.get(one.sheet)
        item = next((item for item in sheet.recorded if item.title == one.column), None) if sheet and one.row else None
        place = (one.workbook, one.sheet, one.cell)
        if item is None or place in tried or not others & {one.workbook.split("/")[1], CENTRE}:
            continue
        if times[one.rule, one.workbook, one.column] >= ENOUGH:  # no slip: last year's rows
            continue
        if len(tried) == DATES_TRIED:
            return
        tried.add(place)
        index = town.place_of(one.workbook, one.row)
        day = town[sheet.name].at[index, item.name]
        year = first if day.month >= AUGUST else second
        if day.year != year:
            right = day + pd.DateOffset(years=year - day.year)
            yield Suspect(one, edited(town, sheet.name, index, **{item.name: right}), "", proven=True, sheet=sheet.name)
