"""The town as it stood on a day: what is dated later is not there. A recorded date that cannot have come yet is no date (F30).

Which column dates a row, and from when a cell is known, says the schema (`dated`, `known_from`, `earlier`, `overwritten`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from ..core.findings import KINDS, Finding
from ..core.schema import Sheet
from ..core.tables import Town, book_of, once, row_of
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
    now, ends = pd.Timestamp(day), {one.term: one.end.date() for one in calendar.terms(town).itertuples()}
    usual = {TERMS[0]: usual_begin(town.year, TERMS[1]), TERMS[1]: dt.date(int(town.year[5:]), 8, 31)}
    pending = tuple(term for term in TERMS if ends.get(term, usual[term]) > day)
    rolled, relapsed = _on_the_roll(town, now), _not_yet_again(town, now)
    absent = {home: set(rows) for home, rows in rolled[rolled["state"] == ""].groupby("home")["student_key"]}
    arriving = set().union(*absent.values())
    here = set(town["roster"]["student_key"].drop(rolled.index[rolled["state"] == ""], errors="ignore").dropna())
    gone: dict[str, set[str]] = {}  # sheet -> keys of rows that are not there yet
    workbooks = []
    for workbook in town.workbooks:
        tables = {}
        for name, table in workbook.tables.items():
            if table.frame.empty:
                tables[name] = table
                continue
            own = rolled[book_of(rolled.index) == town.place_of(workbook.name)] if name == "roster" else None
            if name == "census":
                table = _surveyed(table, now, here, arriving)
            elif name == "dropout":
                own_rows = [row_of(place) for place in relapsed if book_of(place) == town.place_of(workbook.name)]
                table = _with_state(table, own_rows)
            stop = next((end for term, end in ends.items() if workbook.book.per_term and term in workbook.name), None)
            later = _later(table, now, stop, absent.get(workbook.home, set()))
            tables[name] = _cut(table, now, pending, own, later, gone)
        workbooks.append(replace(workbook, tables=tables))
    workbooks = [_without_references(workbook, gone) for workbook in workbooks]
    found = [_only_there(old, new) for old, new in zip(town.workbooks, workbooks, strict=True)]
    before = town.before and at(town.before, day)  # the years of `past` were over before this one began
    return replace(town, as_of=day, past_day=True, workbooks=tuple(found), before=before, _frames={}, _made={})


def _later(table: Table, now: pd.Timestamp, stop: dt.date | None, absent: set[str]) -> pd.Series:
    """Which rows are not there yet. The day of a row outside its workbook's term (F28) is not known; who stands on a school's
    list without dates stands there since he came.
    """
    frame, dated = table.frame, table.sheet.dated
    if dated and table.latest[dated] > now:
        return _between(frame[dated], now, stop)
    inside = absent and not dated and "student_key" in frame
    return frame["student_key"].isin(absent) if inside else pd.Series(False, frame.index)


def _on_the_roll(town: Town, now: pd.Timestamp) -> pd.DataFrame:
    """The roster's rows whose state or class has changed since: home, student_key, state ("": not here yet), class_id, start."""
    rows = enrolment.spells(town)
    rows = rows[(rows["start"] <= now) & (now < rows["end"]) & (rows["end"] < enrolment.LAST)]
    return rows[["home", "student_key", "state", "class_id", "start"]]


def _not_yet_again(town: Town, now: pd.Timestamp) -> list[int]:
    """The 辍学台账 rows of pupils who were back and had not gone again by the day."""
    book = cases.cases(town)
    return book.loc[(book["state"] == cases.BACK_AGAIN) & (book["relapsed"] > now), "dropout"].tolist()


def _surveyed(table: Table, now: pd.Timestamp, here: set[str], arriving: set[str]) -> Table:
    """摸底登记 without children found only later; of one who came to a school later, how he was schooled cannot be told."""
    frame = table.frame
    frame = frame[~(frame["visit_date"] > now) | frame["student_key"].isin(here)]
    unsure = frame["student_key"].isin(arriving - here)
    unread = table.unread | _places({"study_status": unsure, "study_school": unsure})
    return replace(table, frame=frame, unread=_still_there(unread, frame))


def _with_state(table: Table, rows: list[int]) -> Table:
    state = table.frame["state"].mask(table.frame.index.isin(rows), table.sheet.by_name["state"].earlier["closed"])
    return replace(table, frame=table.frame.assign(state=state)) if rows else table


def _cut(
    table: Table,
    now: pd.Timestamp,
    pending: tuple[str, ...],
    rolled: pd.DataFrame | None,
    later: pd.Series,
    gone: dict[str, set[str]],
) -> Table:
    """A table as of a day, without the rows that come `later`, whose keys are added to `gone`."""
    sheet, frame = table.sheet, table.frame
    if later.any():
        if len(sheet.primary_key) == 1:
            gone.setdefault(sheet.name, set()).update(frame.loc[later, sheet.primary_key[0]].dropna())
        frame = frame[~later]
    nothing = pd.Series(False, frame.index)
    after = {column for column, day in table.latest.items() if day > now}
    late: Cells = {
        item.name: frame[item.name] > now for item in sheet.recorded if item.name != sheet.dated and item.name in after
    }
    late.pop("visit_date", None)  # see _surveyed
    for item in sheet.typed:
        since = item.known_from
        if since in pending or since in late or since in after:
            asked = True if since in TERMS else late[since] if since in late else frame[since] > now
            late[item.name] = frame[item.name].notna() & asked
        elif since:
            late[item.name] = nothing
    late = {column: rows for column, rows in late.items() if rows.any()}
    frame = frame.assign(**{column: frame[column].mask(rows) for column, rows in late.items()}) if late else frame
    frame = _put_back(sheet, frame, late)
    if rolled is not None and len(rolled):
        frame, late = _as_enrolled(frame, rolled, late)
    over = {item.name for item in sheet.typed if item.overwritten}
    over |= {item.name for item in sheet.typed if item.known_from in over}
    unread = _places({column: rows for column, rows in late.items() if column in over})
    unread |= _still_there(table.unread, frame)
    if sheet.dated and not sheet.by_name[sheet.dated].required:  # nobody can tell whether such a row was there that day
        late[sheet.dated] = frame[sheet.dated].isna()
    return replace(table, frame=frame, unread=unread, later=_places(late) | _still_there(table.later, frame))


def _still_there(places: frozenset[tuple[int, str]], frame: pd.DataFrame) -> frozenset[tuple[int, str]]:
    return frozenset(place for place in places if place[0] in frame.index) if places else places


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
    held = rolled.set_axis(row_of(rolled.index))
    held = held[(held["state"] != "") & held.index.isin(frame.index) & ~held.index.duplicated()]
    changed = pd.Series(frame.index.isin(held.index), frame.index)
    status = held["state"].reindex(frame.index)
    since = held["start"].where(held["start"] > enrolment.FIRST).reindex(frame.index)
    frame = frame.assign(
        status=frame["status"].mask(changed, status),
        status_date=frame["status_date"].mask(changed, since),
        class_id=frame["class_id"].mask(changed, held["class_id"].reindex(frame.index).fillna(frame["class_id"])),
    )
    return frame, late | {"status_date": changed & since.isna()}


def _without_references(workbook: Workbook, gone: dict[str, set[str]]) -> Workbook:
    """The workbook without references to rows that are not there yet, and without what hangs on them."""
    tables = dict(workbook.tables)
    for name, table in workbook.tables.items():
        for item in table.sheet.typed:
            keys = gone.get(item.reference) if item.reference and not item.many else None
            lost = table.frame[item.name].isin(keys) if keys else None
            if lost is not None and lost.any():
                hanging = [item.name, *(other.name for other in table.sheet.typed if other.known_from == item.name)]
                cells = dict.fromkeys(hanging, lost)
                frame = table.frame.assign(**{column: table.frame[column].mask(lost) for column in hanging})
                table = tables[name] = replace(table, frame=frame, later=table.later | _places(cells))
    return replace(workbook, tables=tables)


def _only_there(old: Workbook, new: Workbook) -> Workbook:
    """The workbook with the findings of reading that are about rows and cells there on the day."""
    kept = []
    titles = {table.sheet.title: name for name, table in old.tables.items()}
    for finding in old.findings:
        name = titles.get(finding.sheet)
        if name is not None and finding.row in old.tables[name].frame.index:
            table = new.tables[name]
            column = next((item.name for item in table.sheet.fields if item.title == finding.column), "")
            if finding.row not in table.frame.index or (finding.row, column) in table.later:
                continue
        kept.append(finding)
    return replace(new, findings=tuple(kept))
