"""What may be a cause: one mistake, the finding that would say it, and the township with that mistake mended. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import partial

import pandas as pd

from ..core.findings import ERROR, Finding, Kind
from ..core.findings import KINDS as OF_READING
from ..core.policy import Policy
from ..core.schema import CENTRE, Field, Sheet
from ..core.tables import Town, called, complete, mapping, row_of
from ..core.workbooks import Table, column_letters
from ..facts import enrolment
from ..facts.references import NONE, class_names, dangling, homes_of, keyed, look_up
from .attendance import expected_days, missing_days
from .checks import CASE_NUMBERS, references
from .duty import actors

# --- What may be a cause: a finding that would say it, and the township with that one mistake mended. Pure ----------
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
    frames = {name: frame for name, frame in town._frames.items() if name != sheet_name}
    return replace(town, workbooks=books, _frames=frames, _made={})


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
    if len(table.frame) < LEAST:
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


def _exchanged(table: Table, one: str, other: str) -> Table:
    frame = table.frame.assign(**{one: table.frame[other].array, other: table.frame[one].array})
    return replace(table, frame=frame)


# --- Days of the office that are wrong for all schools at once: the dates of a term, a day of 教学日历 ------------------
DAY = re.compile(r"\d{4}-\d\d-\d\d")  # the date a message quotes first


def terms(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """开学日期 or 放假日期 against the days on which most schools have 日查."""
    if len(of(loose, "F28", "X11")) < ENOUGH:
        return
    planned = complete(town["calendar"], "date")
    lessons = planned.loc[planned["is_school_day"].fillna(False).astype(bool), "date"]
    for row in enrolment.terms(town).itertuples():
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
        for row in enrolment.terms(town).itertuples()
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


def calendar(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
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
    entries = entries[entries["is_school_day"].fillna(False).astype(bool)].sort_values("date")
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
            yield Suspect(
                one,
                edited(town, sheet.name, index, **{item.name: right}),
                "",
                proven=True,
                sheet=sheet.name,
            )


# --- A name or number retyped on one side: a row of the registry nobody refers to, and a name in use that no row bears ---
CODES = ("F10", "F22", "G05")
NEAR = 0.5  # how alike a name in use and one that nobody uses must be, 1 being the same
LEDGERS = {"suspected": "YS-", "dropout": "CX-"}  # what a case number begins with, by the ledger it is of
HEADED = "班级"  # a class without a head teacher is what is to be mended first
NAMES_TRIED = 8  # names in use, most used first


def renamed(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A school, class, village, member of staff, case or paper whose name or number stands one way here, another way elsewhere."""
    if len(of(loose, *CODES)) < ENOUGH:
        return
    cells = _cells(town)
    used = {
        (target, home, value)
        for target, home, value in cells.loc[cells["key"] != "", ["target", "home", "value"]].itertuples(index=False)
    }
    lost = Counter(cells.loc[cells["lost"], ["target", "value"]].itertuples(index=False, name=None))
    for (target, value), count in lost.most_common(NAMES_TRIED):
        if count < ENOUGH:
            return
        homes = Counter(cells.loc[cells["lost"] & (cells["target"] == target) & (cells["value"] == value), "home"])
        place = _nearest(town, target, value, homes, used)
        if place:
            index, column, written = place
            kind = KINDS["X70"].at(town.place(target, index, column), value=written, used=value, count=count)
            code = "G05" if target == "staff" else "F22" if target == "class" else "F10"
            mended = edited(town, target, index, **{column: value})
            yield Suspect(kind, mended, code, _of_folders(town, target, value, written))


def departed(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A member of staff who has left and whom rows still name: where a class has nobody else, that is what is to be mended."""
    if len(of(loose, "G05")) < ENOUGH:
        return
    titles = {sheet.title: sheet.name for sheet in town.schema.sheets.values()}
    places = {
        (titles.get(one.sheet), one.column, town.place_of(one.workbook, one.row)): one for one in of(loose, "G05")
    }
    found = [cells[cells["left"]].assign(sheet=sheet, column=column) for sheet, column, cells in actors(town)]
    cells = pd.concat(found)
    cells["column"] = [
        town.schema.sheets[sheet].by_name[name].title
        for sheet, name in zip(cells["sheet"], cells["column"], strict=True)
    ]
    staff = complete(town["staff"], "staff_id").drop_duplicates("staff_id")
    for key, own in cells.groupby("key"):
        found = [
            places.get((sheet, column, index))
            for index, sheet, column in own[["sheet", "column"]].itertuples(name=None)
        ]
        found = sorted(
            (one for one in found if one), key=lambda one: (one.sheet != HEADED, f"/{CENTRE}/" not in one.workbook, one)
        )
        index = next(iter(staff.index[staff["staff_id"] == key]), None)
        if len(found) > ENOUGH and index is not None:
            yield Suspect(found[0], edited(town, "staff", index, active=True, to=pd.NaT), "G05")


def _cells(town: Town) -> pd.DataFrame:
    """Every cell that refers to a row elsewhere: value, home, key, target, and `lost`, whether there is no such row."""
    found = []
    for _, _, cells, target in references(town):
        found.append(cells.assign(target=target, lost=cells.index.isin(dangling(town, cells, target).index)))
    for sheet in CASE_NUMBERS:
        frame = complete(town[sheet], "case_id")
        for target, prefix in LEDGERS.items():
            own = frame[frame["case_id"].str.startswith(prefix)]
            cells = look_up(town, own["case_id"], target, own["home"])
            found.append(cells.assign(target=target, lost=cells.index.isin(dangling(town, cells, target).index)))
    for _, _, cells in actors(town):
        found.append(cells.assign(target="staff", lost=cells.index.isin(dangling(town, cells, "staff").index)))
    made = pd.concat(found) if found else pd.DataFrame(columns=["value", "home", "key", "via", "target", "lost"])
    return made.assign(lost=made["lost"].astype(bool) & (made["via"] == NONE))


def _nearest(town: Town, target: str, value: str, homes: Counter, used: set) -> tuple[int, str, str] | None:
    """The row and column of a sheet that may be meant by a name in use: nobody uses what it says, and it is alike, or alone so."""
    sheet, frame = town.schema.sheets[target], town[target]
    townwide = town.schema.book_of[target].owner == "centre" and target != "class"
    here = homes_of(town, target) if not townwide else pd.Series("", frame.index)
    taken = {(kind, one) for kind, _, one in used}
    found = []
    for column in dict.fromkeys((sheet.primary_key[0], *sheet.labels[:1])):
        own = "" if column == sheet.primary_key[0] else None
        for index, written, home in zip(frame.index, frame[column], here, strict=True):
            if pd.isna(written) or (not townwide and home not in homes):
                continue
            if (target, written) in taken if townwide or own == "" else (target, home, written) in used:
                continue
            found.append((SequenceMatcher(None, written, value).ratio(), index, column, written))
    found.sort(key=lambda one: (-one[0], one[1]))
    near = [one for one in found if one[0] >= NEAR]
    if near:
        return near[0][1:]
    return found[0][1:] if len(found) == 1 else None


def _of_folders(town: Town, target: str, value: str, written: str) -> tuple[Finding, ...]:
    """What reading said of a school's folder that bears one of the two names: that it is missing, or that nobody knows it."""
    if target != "school":
        return ()
    both = {value, written}
    return tuple(
        finding
        for book in town.workbooks
        for finding in book.findings
        if finding.rule in ("R01", "R13") and both & {*finding.workbook.split("/")}
    )


# --- One row of 学生花名册 that is missing, there twice, or in a wrong state or class: its class's 应到 differs day after day ---
ALIKE_DAYS = 5  # days in a row with the same difference, before the roster is suspected and not the count of a day
NAMING = ("X04", "X02", "X26", "X34", "F18", "X07", "X23", "X01")  # codes that name the pupil already, best first

TOGETHER = ("X26",)
MOST = 8  # rows of one kind that are tried one by one


def steady(town: Town, loose: frozenset[Finding]) -> pd.DataFrame:
    """X08 of classes whose 应到 differs by the same number on one counted day after the other: class_id, delta, date, since, finding.

    delta: how many more 应到 has than the roster. Indexed as 日查.
    """
    at = at_rows(town, of(loose, "X08"), "daily")
    rows = town["daily"].assign(class_id=keyed(town, "daily", "class_id")).dropna(subset=["class_id", "date", "due"])
    rows = rows[rows["class_id"].isin(rows.loc[rows.index.isin(list(at)), "class_id"])]
    rows = rows.sort_values(["class_id", "date"])
    if rows.empty:
        return rows.assign(delta=[], since=[], finding=[])
    number = enrolment.due(town, rows["class_id"], rows["date"])["number"]
    rows = rows.assign(delta=(rows["due"] - number).astype("int64"), found=rows.index.isin(list(at)))
    run = ((rows["delta"] != rows.groupby("class_id")["delta"].shift()) | ~rows["found"]).cumsum()
    rows = rows[rows["found"] & (rows.groupby(run)["delta"].transform("size") >= ALIKE_DAYS)]
    run = run[rows.index]
    finding = [at[index] for index in rows.index]
    return rows.assign(since=rows.groupby(run)["date"].transform("min"), run=run, finding=finding)


def roster(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """The pupils in whom the roster differs from the baseline and 学生变动, in classes whose 应到 differs steadily."""
    if not of(loose, "X08"):
        return
    rows = steady(town, loose)
    labels = class_names(town)
    # first the classes that lack somebody: who stands in a wrong class is lacking in one and too many in another
    for class_id, own in sorted(rows.groupby("class_id"), key=lambda one: -one[1]["delta"].iloc[-1]):
        delta = int(own["delta"].iloc[-1])
        facts = {"class_name": labels.get(class_id, class_id), "since": f"{own['since'].iloc[-1]:%Y-%m-%d}"}
        facts |= {"count": len(own), "number": abs(delta)}
        home = own["home"].iloc[0]
        for what, mend, column, rows in _candidates(town, home, class_id, delta):
            # one row each, or all of them where they are as many as differ
            for some in (
                [rows] if len(rows) >= abs(delta) > 1 else [{index: mended} for index, mended in rows.items()][:MOST]
            ):
                (sheet, index), mended = next(iter(some)), town
                for change in some.values():
                    mended = change(mended)
                told = {"name": called(town[sheet].at[index, "name"]) + (f"等{len(some)}人" if len(some) > 1 else "")}
                place = town.place(sheet, index, column if sheet == "roster" else "student_key")
                made = KINDS["X73"].at(place, what=what, mend=mend, **told, **facts)
                yield Suspect(_naming(town, loose, index, sheet, len(some)) or made, mended, "X08")


Change = Callable[[Town], Town]


def _candidates(
    town: Town, home: str, class_id: str, delta: int
) -> Iterator[tuple[str, str, str, dict[tuple[str, int], Change]]]:
    """(what is wrong, how to mend it, column, {(sheet, index): what mends it}) for the rows that would explain a difference."""
    listed = enrolment.listed(town)
    listed = listed[listed["home"] == home]
    base = town["baseline"].assign(class_id=keyed(town, "baseline", "class_id"))
    base = base[(base["home"] == home) & (base["class_id"] == class_id)].dropna(subset=["student_key"])
    came = enrolment.changes(town)
    came = came[(came["class_to"] == class_id) & (came["home"] == home)]
    keys = {*base["student_key"], *came["student_key"]}
    here = listed["class_id"] == class_id
    if delta < 0:
        rows = {
            ("roster", index): partial(without, sheet_name="roster", index=index)
            for index in listed.index[here & ~listed["student_key"].isin(keys)]
        }
        yield "多出一行", "重复或写错班级的改正，确实转入的补记“学生变动”", "student_key", rows
        return
    book = next((book.name for book in town.holding("roster") if book.home == home), "")
    # whoever left meanwhile had a row as well, in the state that 学生变动 led to
    kinds = mapping(enrolment.changes(town), "student_key", "kind")
    left = {key: enrolment.AFTER[kind] for key, kind in kinds.items() if kind in enrolment.AFTER}
    rows = {}
    for sheet, frame in (("baseline", base), ("change", came)):
        for index, key, name in frame.loc[
            ~frame["student_key"].isin(listed["student_key"]), ["student_key", "name"]
        ].itertuples(name=None):
            values = {
                "student_key": key,
                "name": name,
                "class_id": class_id,
                "status": left.get(key, enrolment.ENROLLED),
            }
            rows[sheet, index] = partial(with_row, sheet_name="roster", workbook=book, **values)
    yield "没有这个人", "漏了的补回花名册", "student_key", rows
    for status, own in listed[here & (listed["status"] != enrolment.ENROLLED)].groupby("status"):
        rows = {
            ("roster", index): partial(edited, sheet_name="roster", index=index, status=enrolment.ENROLLED)
            for index in own.index
        }
        yield f"状态写“{status}”", "状态写错的改正，确有变动的补记“学生变动”", "status", rows
    rows = {
        ("roster", index): partial(edited, sheet_name="roster", index=index, class_id=class_id)
        for index in listed.index[~here & listed["student_key"].isin(keys)]
    }
    yield "班级写到了别的班", "班级写错的改正，确实调班的补记“学生变动”", "class_id", rows


def _naming(town: Town, loose: frozenset[Finding], index: int, sheet: str, number: int) -> Finding | None:
    """The finding that names the pupil of a row already: at that row, or at the row of the same pupil in 摸底登记.

    Of several pupils it is the one that names them together (X26).
    """
    key = town[sheet].at[index, "student_key"]
    places = {index} if sheet == "roster" else set()
    for name in ("baseline", "census"):
        frame = town[name]
        places |= set(frame.index[frame["student_key"] == key])
    titles = {town.schema.sheets[name].title for name in ("roster", "baseline", "census")}
    found = [
        one
        for one in of(loose, *(NAMING if number == 1 else TOGETHER))
        if one.row and town.place_of(one.workbook, one.row) in places and one.sheet in titles
    ]
    return min(found, key=lambda one: NAMING.index(one.rule), default=None)


# --- One mistake that stands in many cells: the first place says it, the others follow from it. Nothing is judged again ---
Fold = tuple[Finding, list[Finding]]  # what stands for all of them, and those that follow from it
MANY = 8  # findings of one code in a column that hold for most of its cells: the whole column is wrong
LACKING_DAYS = 5  # 日查 that one class lacks in a row, or all classes on a day
EMPTY = 5  # required cells empty in one row
WORDLESS = (
    "F01",
    "F03",
    "F04",
    "F05",
    "F06",
    "F11",
    "F12",
    "F13",
    "F15",
    "F16",
    "F17",
    "F20",
    "F25",
    "F26",
)  # do not quote what stands there


def same_value(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """The same wrong value again and again in one column: what is said of it is word for word the same.

    Not what a rule says of the rows of a list of children: two rows with one name there are two children.
    """
    keys = {sheet.title: sheet.primary_key for sheet in town.schema.sheets.values()}
    children = {title for title, key in keys.items() if "student_key" in key and "date" not in key}
    rows = [
        one
        for one in findings
        if one.row and one.rule not in WORDLESS and not (one.rule[0] == "X" and one.sheet in children)
    ]
    yield from _grouped(rows, lambda one: (one.rule, one.workbook, one.sheet, one.column, one.message), ENOUGH)


def same_person(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """A member of staff who is not there or has left, named in many sheets: what the office's own workbooks say comes first."""
    said = {one: one.message.partition("“")[2] for one in of(findings, "G05")}
    yield from _grouped(list(said), said.__getitem__, ENOUGH)


def whole_column(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """Most cells of a column with the same mistake: an empty column, numbers that lost their digits, one wrong form."""
    sizes = {
        (book.name, table.sheet.title): len(table.frame) for book in town.workbooks for table in book.tables.values()
    }
    rows = [one for one in findings if one.row and one.column and one.rule[0] == "F"]
    for first, others in _grouped(rows, lambda one: (one.rule, one.workbook, one.sheet, one.column), MANY):
        if 2 * (len(others) + 1) >= sizes.get((first.workbook, first.sheet), 0):
            yield first, others


def empty_row(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """A row of which nearly nothing is filled in, as when one cell slipped below the last row."""
    yield from _grouped(of(findings, "F17"), lambda one: (one.workbook, one.sheet, one.row), EMPTY)


def days_lacking(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """日查 that is missing for a class over many school days, for all classes of a school over some."""
    found = of(findings, "X11")
    if len(found) < LACKING_DAYS:
        return
    expected = expected_days(town)
    missing = missing_days(town, expected)
    # which of the expected days of its class a day is: two that follow each other lie in one stretch
    order = expected.assign(nth=expected.sort_values("date").groupby(["workbook", "class_id"]).cumcount())
    missing = missing.merge(order[["workbook", "class_id", "date", "nth"]], on=["workbook", "class_id", "date"])
    missing = missing.sort_values(["workbook", "class_id", "date"])
    stretch = ((missing["nth"].diff() != 1) | (missing["class_id"] != missing["class_id"].shift())).cumsum()
    missing = missing.assign(stretch=stretch)
    by_text = {(one.workbook, one.message): one for one in found}
    # stretches of classes of one workbook that begin on the same day are one gap
    missing["begin"] = missing.groupby("stretch")["date"].transform("min")
    for (workbook, _), own in missing.groupby(["workbook", "begin"]):
        if len(own) < LACKING_DAYS:
            continue
        days = {f"{day:%Y-%m-%d}" for day in own["date"]}
        labels = _labels(town, own["class_id"])
        members = [
            one
            for (book, text), one in by_text.items()
            if book == town.book_name(workbook)
            and any(day in text for day in days)
            and any(label in text for label in labels)
        ]
        if len(members) >= LACKING_DAYS:
            first, *others = sorted(members, key=lambda one: (DAY.search(one.message)[0], one.row))
            yield first, others


def _labels(town: Town, class_ids: pd.Series) -> set[str]:
    rows = town["class"]
    return set(rows.loc[rows["class_id"].isin(class_ids), "class_name"].dropna())


def steady_difference(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """应到 that differs from the roster by the same number for days on end: so many days are not all wrong, the roster is."""
    rows = steady(town, findings) if len(of(findings, "X08")) else pd.DataFrame()
    for _, own in rows.groupby("run") if len(rows) else ():
        first, *others = own.sort_values("date")["finding"]
        delta, last = int(own["delta"].iloc[0]), own["date"].max()
        way = "花名册可能少了人" if delta > 0 else "花名册可能多了人"
        fix = (
            f"到{last:%Y-%m-%d}连续{len(own)}天都差这{abs(delta)}人，{way}：请先核对这个班的花名册和“学生变动”，"
            "应到和当天实有人数一致的不要改。"
        )
        yield replace(first, fix=fix), others


def _grouped(rows: list[Finding], same: Callable[[Finding], object], least: int) -> Iterator[Fold]:
    groups: dict[object, list[Finding]] = {}
    for one in sorted(rows, key=lambda one: ("/中心学校/" not in one.workbook, one)):
        groups.setdefault(same(one), []).append(one)
    for first, *others in groups.values():
        if len(others) + 1 >= least:
            yield first, others


REPEATS = (steady_difference, days_lacking, same_person, same_value, whole_column, empty_row)
