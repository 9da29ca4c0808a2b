"""A column of a worksheet that stands in the wrong place: one cell too low or too high from some row on, or under another's header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from ...core.findings import KINDS as OF_READING
from ...core.findings import Finding
from ...core.policy import Policy
from ...core.schema import Field, Sheet
from ...core.tables import Table, Town, column_letters
from .base import Suspect, changed, with_table
from .kinds import KINDS

LEAST = 8  # findings in a worksheet before its columns are suspected
TRIED = 6  # columns of a worksheet, and places in a column
COVERS = 0.4  # share of a worksheet's rows whose findings suggest that two headers are exchanged


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
                where = town.place(sheet.name, (workbook, rows[start]), item.name)
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
                cause = next(
                    (one for one in book.findings if one.rule == "F40" and one.sheet == table.sheet.title), None
                )
                if cause is not None:
                    yield Suspect(cause, with_table(town, name, book.name, lambda one: one.instead), "")
    for workbook, sheet, table, found in _sheets(town, loose):
        by_column = Counter((one.column, one.rule) for one in found if one.rule != "F17")
        for (title, code), count in by_column.most_common(2):
            item = next((one for one in sheet.typed if one.title == title), None)
            if item is None or count < max(LEAST, COVERS * len(table.frame)):
                continue
            alike = [
                one
                for one in sheet.typed
                if _alike(one, item) and one.name in table.columns and table.frame[one.name].notna().any()
            ]
            for other in alike[:TRIED]:
                mended = with_table(
                    town, sheet.name, workbook, lambda one, a=item.name, b=other.name: _exchanged(one, a, b)
                )
                letters = column_letters(table.columns[item.name])
                place = replace(
                    town.place(sheet.name, (workbook, table.header_row), item.name), cell=f"{letters}{table.header_row}"
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
