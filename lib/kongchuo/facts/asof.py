"""The town as it stood on a day: what is dated later is not there. A recorded date that cannot have come yet is no date (F30).

Which column dates a row, and from when a cell is known, says the schema (`dated`, `known_from`, `earlier`, `overwritten`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ..core.findings import KINDS, Finding
from ..core.schema import Sheet
from ..core.tables import Cut, Town, book_of, complete, once, row_of
from ..core.workbooks import Table, Workbook
from ..core.years import TERMS, usual_begin
from . import calendar, cases, enrolment

Cells = dict[str, pd.Series]  # column -> which rows of a table


# --- F30 ----------------------------------------------------------------------------------------------------------------
def without_future(town: Town, until: dt.date, counted: dt.date, ends: Mapping[str, dt.date]) -> Town:
    """The town whose recorded dates after `until` are unread cells, each with F30 at its own cell.

    `counted` is the day the data have come to, which the message names. `ends`: by 学期 the last day of an attendance workbook,
    beyond which F28 says what is wrong with a day.
    """
    beyond = {
        sheet.name
        for sheet in town.schema.sheets.values()
        if any((town[sheet.name][item.name] > pd.Timestamp(until)).any() for item in sheet.recorded)
    }
    workbooks = []
    for workbook in town.workbooks:
        stop = next((end for term, end in ends.items() if workbook.book.per_term and term in workbook.name), None)
        tables, found = dict(workbook.tables), []
        for name, table in workbook.tables.items():
            if name not in beyond:
                continue
            late = {item.name: _between(table.frame[item.name], until, stop) for item in table.sheet.recorded}
            late = {column: rows for column, rows in late.items() if rows.any()}
            if late:
                frame = table.frame.assign(**{column: table.frame[column].mask(rows) for column, rows in late.items()})
                tables[name] = replace(table, frame=frame, unread=table.unread | _places(late))
                found += _said(workbook, table, late, counted)
        workbooks.append(replace(workbook, tables=tables, findings=(*workbook.findings, *found)) if found else workbook)
    frames = {name: frame for name, frame in town._frames.items() if isinstance(name, str) and name not in beyond}
    return replace(town, workbooks=tuple(workbooks), _frames=frames, _made={})


def _between(days: pd.Series, after: dt.date, stop: dt.date | None) -> pd.Series:
    late = days > pd.Timestamp(after)
    return late if stop is None else late & (days <= pd.Timestamp(stop))


def _places(cells: Cells) -> frozenset[tuple[int, str]]:
    return frozenset((int(row), column) for column, rows in cells.items() for row in rows.index[rows])


def _said(workbook: Workbook, table: Table, late: Cells, counted: dt.date) -> list[Finding]:
    return [
        KINDS["F30"].at(
            workbook.place(table.sheet, int(row), table.sheet.by_name[column]),
            value=f"{day:%Y-%m-%d}",
            counted=f"{counted:%Y-%m-%d}",
        )
        for column, rows in late.items()
        for row, day in table.frame.loc[rows, column].items()
    ]


# --- as of a day ----------------------------------------------------------------------------------------------------------
ELSEWHERE = ("roster", "change")  # which school a pupil is at may be said by any of them


def on(town: Town, day: dt.date, *homes: str) -> Town:
    """`at`, worked out once a day, however many schools and sections look at it; the town itself on its own day.

    `homes`: the schools it is asked about, where these are few; of the others it then only knows where their pupils are.
    """
    return town if day == town.as_of else _on(town, day, *homes)


@once
def _on(town: Town, day: dt.date, *homes: str) -> Town:
    return at(town.part(homes, *ELSEWHERE) if homes else town, day)


def forget(town: Town, day: dt.date) -> None:
    """Let go of what `on` has kept of a day: with all that was counted in it, it is as large as the town itself."""
    for key in [key for key in town._made if key[:2] == (_on, day)]:
        del town._made[key]


def at(town: Town, day: dt.date) -> Town:
    """The town as it stood at the end of a day: rows dated later are not there, cells filled later are empty.

    What a cell said before it was filled is put back where that can be told: 在籍状态 and class from 学生变动, the state of a case
    or an issue from its dates. A cell that is written anew each time (最近跟踪) cannot be known, and is as one nobody could
    read. A row without its date stays, and so do findings about cells that were there on the day.
    """
    then = _Then.of(town, day)
    sheets = {sheet.name: _cut(town, sheet, then) for sheet in town.filled}
    gone = {name: keys for name, cut in sheets.items() if (keys := cut.gone)}
    sheets = {name: _without_references(town.schema.sheets[name], cut, gone) for name, cut in sheets.items()}
    tables = {name: cut.tables(town, name) for name, cut in sheets.items()}
    workbooks = [
        replace(book, tables={name: tables.get(name, {}).get(book.name, table) for name, table in book.tables.items()})
        for book in town.workbooks
    ]
    found = [_only_there(town, old, new) for old, new in zip(town.workbooks, workbooks, strict=True)]
    before = town.before and at(town.before, day)  # the years of `past` were over before this one began
    frames = {name: cut.frame for name, cut in sheets.items()}
    return replace(town, as_of=day, past_day=True, workbooks=tuple(found), before=before, _frames=frames, _made={})


@dataclass(frozen=True)
class _Then:
    """What must be known of a day to tell what stood in the ledgers: `pending` are the terms that were not over, `ends` the last
    days of terms; `rolled` roster rows that have changed since, `again` those of 辍学台账 of pupils who had not gone again;
    `absent` who was not here yet, (home, student_key), and `here` the keys of those who were.
    """

    now: pd.Timestamp
    pending: tuple[str, ...]
    ends: Mapping[str, dt.date]
    rolled: pd.DataFrame
    again: list[int]
    absent: frozenset[tuple[str, str]]
    here: frozenset[str]

    @classmethod
    def of(cls, town: Town, day: dt.date) -> _Then:
        now, ends = pd.Timestamp(day), {one.term: one.end.date() for one in calendar.terms(town).itertuples()}
        usual = {TERMS[0]: usual_begin(town.year, TERMS[1]), TERMS[1]: dt.date(int(town.year[5:]), 8, 31)}
        pending = tuple(term for term in TERMS if ends.get(term, usual[term]) > day)
        rolled = _on_the_roll(town, now)
        away = rolled[rolled["state"] == ""]
        keys = enrolment.PUPIL
        absent = frozenset(zip(*(complete(away, *keys)[name].tolist() for name in keys), strict=True))
        here = frozenset(town["roster"]["student_key"].drop(away.index, errors="ignore").dropna())
        return cls(now, pending, ends, rolled, _not_yet_again(town, now), absent, here)


@dataclass(frozen=True)
class _SheetThen:
    """A sheet of all workbooks as of a day, by place: its rows, the cells that nobody can know and those filled later, and the keys
    of rows that are not there yet.
    """

    frame: pd.DataFrame
    unread: Cells = field(default_factory=dict)
    later: Cells = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def tables(self, town: Town, name: str) -> dict[str, Table]:
        """The sheet's tables, by workbook: their rows in the frame of all."""
        books = book_of(self.frame.index).to_numpy()
        starts = np.flatnonzero(np.r_[True, books[1:] != books[:-1]]) if len(books) else np.array([], int)
        parts = {books[at]: slice(at, end) for at, end in zip(starts, [*starts[1:], len(books)], strict=False)}
        unread, later = _by_book(self.unread), _by_book(self.later)
        found = {}
        for book in town.workbooks:
            if (table := book.tables.get(name)) is None or not len(table):
                continue
            start = town.place_of(book.name)
            old = [
                frozenset(one for one in cells if start + one[0] in self.frame.index)
                for cells in (table.unread, table.later)
            ]
            found[book.name] = replace(
                table,
                frame=Cut(self.frame, parts.get(start, slice(0, 0))),
                unread=old[0] | unread.get(start, frozenset()),
                later=old[1] | later.get(start, frozenset()),
            )
        return found


def _by_book(cells: Cells) -> dict[int, frozenset[tuple[int, str]]]:
    """By place of a workbook its cells, as (Excel row, column)."""
    found: dict[int, set[tuple[int, str]]] = {}
    for column, rows in cells.items():
        for place in rows.index[rows].tolist():
            found.setdefault(book_of(place), set()).add((row_of(place), column))
    return {place: frozenset(one) for place, one in found.items()}


def _on_the_roll(town: Town, now: pd.Timestamp) -> pd.DataFrame:
    """The roster's rows whose state or class has changed since: home, student_key, state ("": not here yet), class_id, start."""
    rows = enrolment.spells(town)
    rows = rows[(rows["start"] <= now) & (now < rows["end"]) & (rows["end"] < enrolment.LAST)]
    return rows[["home", "student_key", "state", "class_id", "start"]]


def _not_yet_again(town: Town, now: pd.Timestamp) -> list[int]:
    """The 辍学台账 rows of pupils who were back and had not gone again by the day."""
    book = cases.cases(town)
    return book.loc[(book["state"] == cases.BACK_AGAIN) & (book["relapsed"] > now), "dropout"].tolist()


def _later(town: Town, sheet: Sheet, frame: pd.DataFrame, then: _Then) -> pd.Series:
    """Which rows are not there yet. The day of a row outside its workbook's term (F28) is not known; who stands on a school's
    list without dates stands there since he came.
    """
    if sheet.dated:
        late = frame[sheet.dated] > then.now
        if late.any() and town.schema.book_of[sheet.name].per_term:
            late &= ~(frame[sheet.dated] > _stops(town, sheet, frame, then.ends))
        return late
    if not then.absent or "student_key" not in frame:
        return pd.Series(False, frame.index)
    rows = zip(frame["home"].tolist(), frame["student_key"].tolist(), strict=True)
    return pd.Series([row in then.absent for row in rows], frame.index, dtype=bool)


def _stops(town: Town, sheet: Sheet, frame: pd.DataFrame, ends: Mapping[str, dt.date]) -> pd.Series:
    """For each row the last day of its workbook's term, NaT where it is not known."""
    stops = {
        town.place_of(one.name): end
        for one in town.holding(sheet.name)
        for term, end in ends.items()
        if term in one.name
    }
    return pd.to_datetime(pd.Series(book_of(frame.index), frame.index).map(stops))


def _cut(town: Town, sheet: Sheet, then: _Then) -> _SheetThen:
    """A sheet as of a day; references to rows that are not there yet still stand (`_without_references`)."""
    frame, unread = town[sheet.name], Cells()
    if sheet.name == "census":
        frame, unread = _surveyed(frame, then)
    elif sheet.name == "dropout" and then.again:
        before = sheet.by_name["state"].earlier["closed"]
        frame = frame.assign(state=frame["state"].mask(frame.index.isin(then.again), before))
    gone: frozenset[str] = frozenset()
    if (later := _later(town, sheet, frame, then)).any():
        if len(sheet.primary_key) == 1:
            gone = frozenset(frame.loc[later, sheet.primary_key[0]].dropna())
        frame = frame[~later]
    frame, late = _emptied(sheet, frame, then)
    if sheet.name == "roster" and len(then.rolled):
        frame, late = _as_enrolled(frame, then.rolled, late)
    over = {item.name for item in sheet.typed if item.overwritten}
    over |= {item.name for item in sheet.typed if item.known_from in over}
    unread |= {column: rows for column, rows in late.items() if column in over}
    if sheet.dated and not sheet.by_name[sheet.dated].required:  # nobody can tell whether such a row was there that day
        late[sheet.dated] = frame[sheet.dated].isna()
    return _SheetThen(frame, {column: rows.reindex(frame.index) for column, rows in unread.items()}, late, gone)


def _surveyed(frame: pd.DataFrame, then: _Then) -> tuple[pd.DataFrame, Cells]:
    """摸底登记 without children found only later; of one who came to a school later, how he was schooled cannot be told."""
    frame = frame[~(frame["visit_date"] > then.now) | frame["student_key"].isin(then.here)]
    unsure = frame["student_key"].isin({key for _, key in then.absent} - then.here)
    return frame, {"study_status": unsure, "study_school": unsure} if unsure.any() else {}


def _emptied(sheet: Sheet, frame: pd.DataFrame, then: _Then) -> tuple[pd.DataFrame, Cells]:
    """The rows without what was written later, and which cells these were."""
    late: Cells = {item.name: frame[item.name] > then.now for item in sheet.recorded if item.name != sheet.dated}
    late.pop("visit_date", None)  # see _surveyed
    dates = {item.name for item in sheet.typed if item.type == "date"}
    for item in sheet.typed:
        since = item.known_from
        if since in then.pending:
            late[item.name] = frame[item.name].notna()
        elif since in late or since in dates:
            late[item.name] = frame[item.name].notna() & (late[since] if since in late else frame[since] > then.now)
    late = {column: rows for column, rows in late.items() if rows.any()}
    frame = frame.assign(**{column: frame[column].mask(rows) for column, rows in late.items()}) if late else frame
    return _put_back(sheet, frame, late), late


def _put_back(sheet: Sheet, frame: pd.DataFrame, late: Cells) -> pd.DataFrame:
    """What cells said before the date of another column of the row, which has been emptied."""
    for item in sheet.typed:
        if not item.earlier.keys() & late.keys():
            continue
        emptied = pd.Series(False, frame.index)
        for column, value in item.earlier.items():
            emptied |= late.get(column, False)
            now_empty = emptied & frame[column].isna()
            if now_empty.any():
                frame = frame.assign(**{item.name: frame[item.name].mask(now_empty, value)})
    return frame


def _as_enrolled(frame: pd.DataFrame, rolled: pd.DataFrame, late: Cells) -> tuple[pd.DataFrame, Cells]:
    """The roster with the state and class of the day; since when, only where a dated change says it."""
    held = rolled[(rolled["state"] != "") & rolled.index.isin(frame.index) & ~rolled.index.duplicated()]
    changed = pd.Series(frame.index.isin(held.index), frame.index)
    status = held["state"].reindex(frame.index)
    since = held["start"].where(held["start"] > enrolment.FIRST).reindex(frame.index)
    frame = frame.assign(
        status=frame["status"].mask(changed, status),
        status_date=frame["status_date"].mask(changed, since),
        class_id=frame["class_id"].mask(changed, held["class_id"].reindex(frame.index).fillna(frame["class_id"])),
    )
    return frame, late | {"status_date": changed & since.isna()}


def _without_references(sheet: Sheet, cut: _SheetThen, gone: Mapping[str, frozenset[str]]) -> _SheetThen:
    """The sheet without references to rows that are not there yet, and without what hangs on them."""
    for item in sheet.typed:
        keys = gone.get(item.reference) if item.reference and not item.many else None
        if keys and (lost := cut.frame[item.name].isin(keys)).any():
            hanging = [item.name, *(other.name for other in sheet.typed if other.known_from == item.name)]
            frame = cut.frame.assign(**{column: cut.frame[column].mask(lost) for column in hanging})
            later = {column: lost | cut.later.get(column, False) for column in hanging}
            cut = replace(cut, frame=frame, later=cut.later | later)
    return cut


def _only_there(town: Town, old: Workbook, new: Workbook) -> Workbook:
    """The workbook with the findings of reading that are about rows and cells there on the day."""
    kept = []
    titles = {table.sheet.title: name for name, table in old.tables.items()}
    for finding in old.findings:
        name = titles.get(finding.sheet)
        if name is not None and town.place_of(old.name, finding.row) in town[name].index:
            table = new.tables[name]
            column = next((item.name for item in table.sheet.fields if item.title == finding.column), "")
            if finding.row not in table.frame.index or (finding.row, column) in table.later:
                continue
        kept.append(finding)
    return replace(new, findings=tuple(kept))
