"""The typed tables of one school year: what reading gives and what checks, rules and measures work on.

Knows no files. The index of every table is the Excel row number; where the tables of several schools stand in one frame,
the index is the place of each row, one number that names school year, workbook and Excel row. Nothing resets it, so every
row knows its place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, wraps
from typing import TypeVar

import numpy as np
import pandas as pd

from .columns import DTYPES, stacked
from .findings import Place
from .policy import Policy
from .schema import CENTRE, Schema, Sheet
from .workbooks import Typed, Workbook

Made = TypeVar("Made")

UNDER = ("under a policy",)  # where Town keeps what depends on a policy as well
BOOKS, ROWS = 10_000, 10_000_000  # a place: year, number of the workbook in its year, Excel row, as digits side by side
NOWHERE = 0  # the place of a row in no workbook of the township


def row_of(place: int | pd.Index) -> int | pd.Index:
    """The Excel row of a place, or of each place of an index; 0 for a workbook as a whole."""
    return place % ROWS


def book_of(place: int | pd.Index) -> int | pd.Index:
    """The place of the workbook as a whole that a place, or each place of an index, lies in."""
    return place - place % ROWS


def by_place(places: Iterable[int]) -> pd.Index:
    """Places as an index (not called place, as some columns are)."""
    return pd.Index(list(places), dtype="int64", name="place_no")


def empty_frame(sheet: Sheet) -> pd.DataFrame:
    """A frame with every column of the sheet (generated ones too), the right dtypes and no rows."""
    return _empty(tuple((item.name, item.type) for item in sheet.fields)).copy()


@cache
def _empty(columns: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    """Made once for each sheet: thirty times dearer than a copy of it."""
    return pd.DataFrame({name: pd.Series(dtype=DTYPES[type_]) for name, type_ in columns})


@dataclass(frozen=True)
class Cut:
    """The rows of one table in the frame of all workbooks."""

    whole: pd.DataFrame
    part: slice

    def __len__(self) -> int:
        return self.part.stop - self.part.start

    def frame(self, sheet: Sheet) -> pd.DataFrame:
        """The frame of the table."""
        rows = self.whole.iloc[self.part]
        return rows[[item.name for item in sheet.fields]].set_axis(pd.Index(row_of(rows.index), name="row"))


@dataclass(frozen=True)
class Town:
    """All workbooks of one school year of one township, as of a date.

    `town["roster"]` is the frame of that sheet over all workbooks that could be read: index place, the sheet's columns, and
    `home`, the folder (school) the row comes from. A place is the same number in the town of every day, and sorts by the
    workbook's name, then by row. `before` is the school year before, of which only what a
    comparison with it needs was read (None where the shared folder has none). `past`: the years before, newest first, of which
    only the lists of intake and the changes were read, and only for the report of the year.
    """

    year: str
    as_of: dt.date
    schema: Schema
    workbooks: tuple[Workbook, ...]
    before: Town | None = None
    past_day: bool = False  # cut to a day before the last 日查: what was written anew since, its sheets do not say
    past: tuple[Town, ...] = ()
    # by sheet, and by sheet and function what `of_sheet` made
    _frames: dict[str | tuple, object] = field(default_factory=dict, repr=False, compare=False)
    _made: dict[tuple, object] = field(default_factory=dict, repr=False, compare=False)
    _numbered: dict[str, int] | None = field(
        default=None, repr=False, compare=False
    )  # of a part: the places of the whole

    def __getitem__(self, sheet_name: str) -> pd.DataFrame:
        if sheet_name not in self._frames:
            self._frames[sheet_name] = self._combine(self.schema.sheets[sheet_name])
        return self._frames[sheet_name]

    def _combine(self, sheet: Sheet) -> pd.DataFrame:
        held = [book for book in self.workbooks if sheet.name in book.tables and len(book.tables[sheet.name])]
        if not held:
            return empty_frame(sheet).set_axis(by_place([])).assign(home=pd.array([], dtype="str"))
        tables = [book.tables[sheet.name] for book in held]
        kept = [table.held for table in tables]  # looked at once: another thread may combine them, too
        sizes = [len(one) for one in kept]
        dtypes = {item.name: DTYPES[item.type] for item in sheet.fields}
        alike = True
        if all(isinstance(one, Typed) for one in kept):
            columns = {item.name: stacked([one.values[item.name] for one in kept], item) for item in sheet.fields}
            rows = np.fromiter((row for one in kept for row in one.rows), "int64")
            frame = pd.DataFrame(columns, index=rows, copy=False)
        else:
            alike = all(table.frame.dtypes.to_dict() == dtypes for table in tables)
            frame = pd.concat([table.frame for table in tables]) if len(tables) > 1 else tables[0].frame.copy()
        starts = np.repeat([self.place_of(book.name) for book in held], sizes)
        frame.index = by_place(starts + frame.index.to_numpy("int64"))
        frame["home"] = pd.array(np.repeat([book.home for book in held], sizes), dtype="str")
        if alike:  # nothing is held twice
            for table, end in zip(tables, np.cumsum(sizes).tolist(), strict=True):
                table.hold(Cut(frame, slice(end - len(table), end)))
        found = frame.dtypes.to_dict()
        others = {name: dtype for name, dtype in dtypes.items() if found[name] != dtype}
        return frame.astype(others) if others else frame

    def share_texts(self) -> None:
        """Of equal texts in all frames keep one. In a county a text stands in several ledgers, each read by itself; and of a text that
        is looked at each fork of this process has a copy.
        """
        texts: dict[str, str] = {}
        for sheet in self.schema.sheets:
            frame = self[sheet]
            for name in frame.columns[frame.dtypes == "str"]:
                codes, found = pd.factorize(frame[name])
                known = pd.array([texts.setdefault(text, text) for text in found.tolist()], "str")
                frame[name] = known.take(codes, allow_fill=True)

    @cached_property
    def by_name(self) -> dict[str, Workbook]:
        """Workbooks by their path inside the shared folder, those of earlier years among them."""
        return {book.name: book for town in (*self.earlier, self) for book in town.workbooks}

    @cached_property
    def _places(self) -> dict[str, int]:
        """By its name the place of a workbook as a whole, of this year or an earlier one."""
        if self._numbered is not None:
            return self._numbered
        names = sorted({book.name for book in self.workbooks})
        own = {name: (int(self.year[:4]) * BOOKS + number) * ROWS for number, name in enumerate(names)}
        return {name: place for town in self.earlier for name, place in town._places.items()} | own

    @cached_property
    def _names(self) -> dict[int, str]:
        return {place: name for name, place in self._places.items()}

    def place_of(self, workbook: str, row: int = 0) -> int:
        """The place of an Excel row of a workbook; without a row, of the workbook as a whole."""
        return self._places[workbook] + row

    def book_name(self, place: int) -> str:
        """The name of the workbook a place lies in; "" where it lies in none."""
        return self._names.get(book_of(place), "")

    def book_names(self, index: pd.Index) -> pd.Series:
        """The name of the workbook each place lies in, indexed by the places."""
        return pd.Series([self.book_name(place) for place in index], index, dtype="str")

    @property
    def earlier(self) -> tuple[Town, ...]:
        """The school years before of which anything was read."""
        return (*self.past, *([self.before] if self.before else []))

    def holding(self, sheet_name: str) -> Iterator[Workbook]:
        """The workbooks (read or not) that should hold the sheet."""
        book = self.schema.book_of[sheet_name]
        return (workbook for workbook in self.workbooks if workbook.book.name == book.name)

    def unread_homes(self, sheet_name: str, *field_names: str) -> frozenset[str]:
        """Folders whose sheet could not be read: the workbook, the sheet or one of the columns is missing."""
        return self.of_sheet(_unread_homes, sheet_name, *field_names)

    @property
    def filled(self) -> Iterator[Sheet]:
        """The sheets that have rows, in the order of the schema."""
        return (sheet for sheet in self.schema.sheets.values() if len(self[sheet.name]))

    def known(self, sheet_name: str, field_name: str) -> pd.Series:
        """Which rows' cell of a column could be read (an empty cell could); never where the column itself is missing."""
        return self.of_sheet(_known, sheet_name, field_name)

    def later(self, sheet_name: str, field_name: str) -> pd.Series:
        """Which rows' cell of a column was filled only after the day the town is looked at."""
        index = self[sheet_name].index
        found = [
            self.place_of(book.name, row)
            for book in self.workbooks
            if (table := book.tables.get(sheet_name)) and table.later
            for row, column in table.later
            if column == field_name
        ]
        return pd.Series(index.isin(found) if found else False, index)

    def any_later(self, sheet_name: str) -> bool:
        """Whether any cell of a sheet was filled only after the day the town is looked at."""
        return sheet_name in self._rewritten

    @cached_property
    def _rewritten(self) -> frozenset[str]:
        return frozenset(name for book in self.workbooks for name, table in book.tables.items() if table.later)

    def once(self, make: Callable[..., Made], *given: str) -> Made:
        """What `make(town, *given)` works out from the workbooks, worked out only once. It must not look at `as_of`."""
        if (make, *given) not in self._made:
            self._made[make, *given] = make(self, *given)
        return self._made[make, *given]

    def of_sheet(self, make: Callable[..., Made], sheet_name: str, *given: str) -> Made:
        """As `once`, of what depends on the tables of one sheet alone: it stands where another sheet is changed (`frames_but`)."""
        key = (sheet_name, make, *given)
        if key not in self._frames:
            self._frames[key] = make(self, sheet_name, *given)
        return self._frames[key]

    def frames_but(self, sheet_name: str) -> dict[str | tuple, object]:
        """What was made of the other sheets, for a town in which this one's tables are changed and nothing else."""
        return {key: made for key, made in self._frames.items() if sheet_name not in (key, key[0])}

    def once_under(self, policy: object, make: Callable[..., Made], *given: object) -> Made:
        """As `once`, of what also depends on the policy and the day: `make(town, policy, *given)`, worked out once for each."""
        if not self.has_under(policy, make, *given):
            self.keep_under(policy, make(self, policy, *given), make, *given)
        return self._made[UNDER][make, id(policy), self.as_of, *given][1]

    def has_under(self, policy: object, make: Callable[..., object], *given: object) -> bool:
        """Whether `once_under` would find it made."""
        held = self._made.get(UNDER, {}).get((make, id(policy), self.as_of, *given))
        return held is not None and held[0] is policy  # kept with it, so that no other policy can come to have its id

    def keep_under(self, policy: object, made: object, make: Callable[..., object], *given: object) -> None:
        """Have `once_under` find it made, by another process for example."""
        self._made.setdefault(UNDER, {})[make, id(policy), self.as_of, *given] = policy, made

    def part(self, homes: Iterable[str], *everywhere: str) -> Town:
        """The town with the workbooks of the centre and of these schools, of the other schools only those with these sheets.

        Each row keeps its place, and what was made of the sheets that are kept whole stands.
        """
        kept = {CENTRE, *homes}
        books = {self.schema.book_of[name].name for name in everywhere}
        held = tuple(one for one in self.workbooks if one.home in kept or one.book.name in books)
        before = self.before and self.before.part(homes, *everywhere)
        of_sheet = {key: self.schema.book_of[key if isinstance(key, str) else key[0]] for key in self._frames}
        whole = {
            key: self._frames[key] for key, book in of_sheet.items() if book.owner == "centre" or book.name in books
        }
        return replace(self, workbooks=held, before=before, _frames=whole, _made={}, _numbered=self._places)

    def __getstate__(self) -> dict[str, object]:
        # what was made under a policy or of one sheet stays behind: its functions need have no name of their own
        frames = {key: frame for key, frame in self._frames.items() if isinstance(key, str)}
        return {
            **self.__dict__,
            "_frames": frames,
            "_made": {key: one for key, one in self._made.items() if key != UNDER},
        }

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """Folder names of the schools, in the order of the registry; the centre's own folder is not among them."""
        found = sorted({workbook.home for workbook in self.workbooks} - {CENTRE})
        return tuple(dict.fromkeys([*(name for name in self.schools["school_name"].dropna() if name in found), *found]))

    @cached_property
    def schools(self) -> pd.DataFrame:
        """The rows of 学校 that teach pupils: all but the centre's own row (学段 = 中心学校)."""
        frame = self["school"]
        return frame[frame["stage"] != CENTRE]

    def place(self, sheet_name: str, index: int, field_name: str = "") -> Place:
        """The Place of a row of `town[sheet_name]` or `town.before[sheet_name]` (its index entry) and one of its columns."""
        sheet = self.schema.sheets[sheet_name]
        return self.by_name[self.book_name(index)].place(sheet, int(row_of(index)), sheet.by_name.get(field_name))


def once(make: Callable[..., Made]) -> Callable[..., Made]:
    """`make(town, *given)`, worked out once for a town and what is given, whoever asks: a table of the whole town that each school's
    page and paper takes its rows from. Where a policy is the first thing given, once for the policy and the town's day.
    """

    @wraps(make)
    def kept(town: Town, *given: object) -> Made:
        if given and isinstance(given[0], Policy):
            return town.once_under(given[0], make, *given[1:])
        key = (kept, *given)  # by the function that bears the name, or pickle could not carry it
        if key not in town._made:
            town._made[key] = make(town, *given)
        return town._made[key]

    return kept


def mapping(frame: pd.DataFrame, key: str | tuple[str, ...], value: str) -> dict[object, object]:
    """What the column `value` says for each key, a column or several taken together; of a key that comes twice, the last.

    By lists, since walking over a column of texts itself is slow.
    """
    keys = frame[key].tolist() if isinstance(key, str) else zip(*(frame[name].tolist() for name in key), strict=True)
    return dict(zip(keys, frame[value].tolist(), strict=True))


def each(frame: pd.DataFrame, *columns: str) -> Iterator[tuple]:
    """The index entry of each row and what it says in these columns, as plain values; as itertuples, in a fraction of its time."""
    return zip(frame.index.tolist(), *(frame[name].tolist() for name in columns), strict=True)


def complete(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The rows in which all of these columns are filled; as dropna(subset=columns), in a fraction of its time."""
    filled = ~np.logical_or.reduce([frame[name].array.isna() for name in columns])
    return frame.copy(deep=False) if filled.all() else frame[filled]


def among(rows: pd.DataFrame, others: pd.DataFrame, columns: Iterable[str]) -> pd.Series:
    """Of which rows the columns, taken together, say what they say in some row of `others`.

    By sets of lists: an index of several levels takes longer to make than to ask.
    """
    known, asked = (zip(*(frame[name].tolist() for name in columns), strict=True) for frame in (others, rows))
    known = set(known)
    return pd.Series([key in known for key in asked], rows.index, dtype=bool)


def yes(column: pd.Series) -> pd.Series:
    """Which cells of a boolean column say 是; an empty one does not."""
    return column.fillna(False).astype(bool)


def no(column: pd.Series) -> pd.Series:
    """Which cells of a boolean column say 否; an empty one does not."""
    return ~column.fillna(True).astype(bool)


def called(name: object) -> str:
    """A pupil's name for a message, also where there is none to read."""
    return "该生" if pd.isna(name) else str(name)


def of_year(town: Town, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of this school year, and those that name none."""
    year = frame["school_year"]
    own = year.to_numpy() == town.year
    return frame.copy(deep=False) if own.all() else frame[own | year.isna()]


def _unread_homes(town: Town, sheet_name: str, *field_names: str) -> frozenset[str]:
    return frozenset(
        workbook.home
        for workbook in town.holding(sheet_name)
        if (table := workbook.tables.get(sheet_name)) is None or any(n not in table.columns for n in field_names)
    )


def _known(town: Town, sheet_name: str, field_name: str) -> pd.Series:
    tables = {book.name: book.tables[sheet_name] for book in town.workbooks if sheet_name in book.tables}
    absent = [town.place_of(name) for name, table in tables.items() if field_name not in table.columns]
    unread = [
        town.place_of(name, row) for name, table in tables.items() for row, lost in table.unread if lost == field_name
    ]
    index = town[sheet_name].index
    known = pd.Series(True, index)
    if absent:
        known &= ~book_of(index).isin(absent)
    if unread:
        known &= ~index.isin(unread)
    return known
