"""One workbook as read, its tables and findings; and which finding is the same as one of before. Without pandas."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from .columns import Values, as_array
from .findings import Finding, Place
from .schema import Book, Field, Sheet

# Nothing here, nor in what reads a workbook, needs pandas: the process apart takes as long to import it as to read a school
if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.extensions import ExtensionArray


def column_letters(number: int) -> str:
    """Excel letters of a 1-based column number: 1 -> A, 27 -> AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(frozen=True)
class Typed:
    """The rows of a worksheet before a frame is made of them: their Excel rows, and each field's column."""

    rows: list[int]
    values: dict[str, Values]

    def __len__(self) -> int:
        return len(self.rows)

    def frame(self, sheet: Sheet) -> pd.DataFrame:
        """The frame of a table of the sheet."""
        import pandas as pd

        arrays = {item.name: as_array(self.values[item.name], item) for item in sheet.fields}
        return pd.DataFrame(arrays, index=pd.Index(self.rows, dtype="int64", name="row"), copy=False)


class Framed(Protocol):
    """What a frame is made of."""

    def __len__(self) -> int:
        """How many rows it has."""

    def frame(self, sheet: Sheet) -> pd.DataFrame:
        """The frame of a table of the sheet."""


class _Frame:
    """A frame that is made when somebody looks at it first. In a county most tables are only ever read together with those of the
    other workbooks (Town), and a frame of twenty columns costs more than the few rows it holds.
    """

    def __set__(self, table: Table, held: object) -> None:
        table.__dict__["frame"] = held

    def __get__(self, table: Table | None, owner: type) -> pd.DataFrame:
        if table is None:
            raise AttributeError  # so that the dataclass takes this for no default
        held = table.held
        if not hasattr(held, "iloc"):
            held = table.__dict__["frame"] = held.frame(table.sheet)
        return held


@dataclass(frozen=True)
class Table:
    """One worksheet as read. frame: index = Excel row, a column for every field of the sheet, missing columns all NA; until it is
    asked for, `held` is what it is made of. `len` gives its rows.

    `columns` maps a field to its 1-based Excel column; `unread` holds (row, field) of cells that could not be read;
    `hidden` the rows nobody sees; `header_row` the Excel row of the header. `instead`: the table as it would be if two headers
    that seem to be exchanged stood right (F40); nothing counts with it. `displays`: by (row, field), what a cell shows by its
    number format and what it holds, where that reads differently. `later`: (row, field) of cells that were
    filled after the day the town is looked at, or that do not say whether the row was there.
    """

    sheet: Sheet
    frame: pd.DataFrame = _Frame()  # type: ignore[assignment]
    columns: dict[str, int] = field(default_factory=dict)
    unread: frozenset[tuple[int, str]] = frozenset()
    hidden: frozenset[int] = frozenset()
    header_row: int = 1
    instead: Table | None = None
    displays: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)
    later: frozenset[tuple[int, str]] = frozenset()

    @property
    def held(self) -> pd.DataFrame | Framed:
        """The frame, or what it is made of."""
        return self.__dict__["frame"]

    def hold(self, instead: Framed) -> None:
        """Let go of the frame for what gives the same one when it is asked for."""
        self.__dict__["frame"] = instead

    def __len__(self) -> int:
        return len(self.held)

    def column(self, name: str) -> ExtensionArray:
        """The values of one column; no frame is made for it."""
        held = self.held  # looked at once: another thread may make the frame
        if isinstance(held, Typed):
            return as_array(held.values[name], self.sheet.by_name[name])
        return self.frame[name].array

    def __bool__(self) -> bool:
        return True  # without rows too

    @cached_property
    def latest(self) -> dict[str, pd.Timestamp]:
        """By column of dates the last one that stands in it, NaT where none does."""
        return {item.name: self.frame[item.name].max() for item in self.sheet.typed if item.type == "date"}


@dataclass(frozen=True)
class Asked:
    """A waiver as typed on 校验结果: for which finding, with which value held (hashes), why, who, confirmed, until, as typed."""

    identity: str
    held: str
    reason: str
    asked_by: str
    confirmed: bool
    until: dt.date | None
    typed: str = ""


@dataclass(frozen=True)
class Workbook:
    """One workbook: name = path inside the shared folder ("2023-2024/示例中学/学籍.xlsx"), home = its folder's name.

    `read` is False when the file is missing or cannot be read; `findings` hold what reading saw, `asked` the waivers typed,
    `version` that of the template it was made from (None: it does not say).
    """

    name: str
    book: Book
    home: str
    read: bool = True
    sha256: str = ""
    tables: dict[str, Table] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    asked: tuple[Asked, ...] = ()
    version: int | None = None

    def place(self, sheet: Sheet | None = None, row: int = 0, item: Field | None = None) -> Place:
        """The Place of a row and column of this workbook, with the cell's address where the column is known."""
        if sheet is None:
            return Place(self.name)
        table = self.tables.get(sheet.name)
        column = table.columns.get(item.name) if table and item else None
        cell = f"{column_letters(column)}{row}" if column and row else ""
        return Place(self.name, sheet.title, row, item.title if item else "", cell)


# --- Which finding is the same as one of before, and whether what it was found in is still the same --------------------
# A finding keeps its identity while months go by: rule, workbook, worksheet, column and what identifies the row, but never the
# row's number, which sorting changes. Both are hashes: nothing personal can be read in them.
LENGTH = 16


def table_of(workbook: Workbook, finding: Finding) -> Table | None:
    """The table with the row that a finding is about; None where it is about no row that was read."""
    for table in workbook.tables.values():
        if table.sheet.title == finding.sheet:
            return table if finding.row in table.frame.index else None
    return None


def key_of(table: Table, row: int) -> str:
    """What identifies a row: its primary key, without one its first column."""
    names = table.sheet.primary_key or (table.sheet.typed[0].name,)
    return "|".join(str(table.frame.at[row, name]) for name in names)


def identity(finding: Finding, key: str) -> str:
    """The identity of a finding in a row with a key."""
    return _hash(finding.rule, finding.workbook, finding.sheet, finding.column, key or str(finding.row))


def identity_of(workbook: Workbook, finding: Finding) -> str:
    """The identity of a finding in its workbook."""
    table = table_of(workbook, finding)
    return identity(finding, key_of(table, finding.row) if table is not None else "")


def known_as(workbook: Workbook, finding: Finding) -> tuple[str, str]:
    """The identity of a finding, and a hash of what it was found in: its cell, else its row, else what it says.

    A cell nobody could read counts as what is said of it. Where rows share a key, the whole row counts.
    """
    table = table_of(workbook, finding)
    if table is None:
        return identity(finding, ""), _hash(finding.message)
    row, frame = finding.row, table.frame
    field = next((item.name for item in table.sheet.fields if item.title == finding.column), None)
    key = key_of(table, row)
    whole = field is None or not _alone(table, row)
    value = "|".join(map(str, frame.loc[row])) if whole else str(frame.at[row, field])
    said = finding.message if (row, field) in table.unread else ""
    return identity(finding, key), _hash(key, value, said)


def _alone(table: Table, row: int) -> bool:
    """Whether no other row has the row's key."""
    frame, same = table.frame, True
    for name in table.sheet.primary_key or (table.sheet.typed[0].name,):
        empty = frame[name].isna()
        same = same & (empty if empty.at[row] else frame[name].eq(frame.at[row, name]).fillna(False))
    return int(same.sum()) == 1


def _hash(*said: str) -> str:
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:LENGTH]
