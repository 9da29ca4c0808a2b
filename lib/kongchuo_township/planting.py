"""Faults planted in a clean example township, and the list of where they are.

`plant` takes the rows of `generate` and changes them: wrong values, missing rows, a header renamed, cells merged. Each fault
stands alone (no pupil, class or row has two), so each gives one finding, or, where one mistake cannot but show in several
places, one for each of them, and all are listed. Near misses are planted too: they look odd and must stay silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import NamedTuple

from kongchuo.core.schema import Schema
from kongchuo.core.years import before

from .days import YEAR

Row = dict[str, object]
Rows = dict[str, list[Row]]
Plant = Callable[["Hand"], None]


def plain(row: Row) -> bool:
    """A pupil of the roster whom no ledger but the baseline and the census holds."""
    marks = row.get("groups") or row["weak"] or row["weary"] or row["guest"] or row["health"] != "健康或良好"
    return row["status"] == "在读" and not marks and bool(row.get("id_no")) and "village_code" in row


class NoPlace(LookupError):
    """The township is too small to hold this fault once more."""


@dataclass
class Spoilt:
    """What is wrong with a worksheet beyond its values; rows are those of the sheet, columns field names.

    `header` maps a field to the text that stands in its place (empty: none), `errors` are cells that show #N/A, `merged`
    ranges run over two rows of one column. `title` stands in row 1; the header then is the first of the rows.
    """

    title: str = ""
    header: dict[str, str] = field(default_factory=dict)
    hidden: list[Row] = field(default_factory=list)
    errors: list[tuple[Row, str]] = field(default_factory=list)
    merged: list[tuple[Row, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Planted:
    """One finding to expect. `row` is None for a fault of the whole sheet; a field that is no field stands as it is."""

    rule: str
    workbook: str
    sheet: str
    row: Row | None
    column: str


class Hand:
    """What plants faults: picks free rows at random, keeps what is used, notes what was planted."""

    def __init__(self, books: dict[str, Rows], schema: Schema, random: Random) -> None:
        self.books, self.schema, self.random = books, schema, random
        self.planted: list[Planted] = []
        self.spoilt: dict[tuple[str, str], Spoilt] = {}
        # identity of a row, student_key, class_id, (workbook, sheet) -> itself: a row that is gone keeps its identity
        self._used: dict[object, object] = {}
        self._places: dict[str, list[tuple[str, Row]]] = {}

    def rows(self, sheet: str) -> list[tuple[str, Row]]:
        """Every row of a sheet over the township, with its workbook."""
        if sheet not in self._places:
            self._places[sheet] = [(book, row) for book, rows in self._of(YEAR) for row in rows.get(sheet, ())]
        return self._places[sheet]

    def of(self, sheet: str, key: str) -> tuple[str, Row]:
        """The row of a pupil in a sheet."""
        return next((book, row) for book, row in self.rows(sheet) if row["student_key"] == key)

    def earlier(self, sheet: str) -> list[tuple[str, Row]]:
        """Every row of a sheet in the workbooks of the school year before, with its workbook."""
        return [(book, row) for book, rows in self._of(before(YEAR)) for row in rows.get(sheet, ())]

    def _of(self, year: str) -> list[tuple[str, Rows]]:
        return [(book, rows) for book, rows in self.books.items() if book.startswith(f"{year}/")]

    def take(self, *things: object) -> None:
        """Keep pupils, classes, workbooks or rows from every other fault."""
        self._used |= {id(thing) if isinstance(thing, dict) else thing: thing for thing in things}

    def free(self, *things: object) -> bool:
        """Whether no other fault has any of these."""
        return not any((id(thing) if isinstance(thing, dict) else thing) in self._used for thing in things)

    def pick(self, sheet: str, suits: Callable[[Row], bool] = bool, *, whole_class: bool = False) -> tuple[str, Row]:
        """A free row that suits, taken: its pupil, and its class where `whole_class`. Raises NoPlace when none is left."""
        places = self.rows(sheet)
        tries = (self.random.choice(places) for _ in range(400 if places else 0))
        one = next((one for one in islice(tries, len(places)) if self._suits(sheet, one, suits)), None)
        if one is None:  # all are looked at once, and chance goes on among them
            possible = {id(row): (book, row) for book, row in places if self._suits(sheet, (book, row), suits)}
            one = next((one for one in tries if id(one[1]) in possible), None)
            if not possible:
                raise NoPlace(sheet)
            one = one or self.random.choice([*possible.values()])
        row = one[1]
        self.take(row, *([row["student_key"]] if "student_key" in row else []))
        if whole_class:
            self.take(row["class_id"])
        return one

    def _suits(self, sheet: str, place: tuple[str, Row], suits: Callable[[Row], bool]) -> bool:
        book, row = place
        things = id(row), (book, sheet), row.get("student_key"), row.get("class_id")
        return self._used.keys().isdisjoint(things) and suits(row)

    def remove(self, book: str, sheet: str, row: Row) -> None:
        """Delete a row; nothing else can be planted in it."""
        rows = self.books[book][sheet]
        del rows[next(place for place, one in enumerate(rows) if one is row)]
        self.take(row)

    def sheet(self, name: str, least: int = 6) -> tuple[str, list[Row], Spoilt]:
        """A free worksheet with rows enough, taken: no other fault comes near it."""
        used = {book for book, row in self.rows(name) if not self.free(row)}
        possible = [
            (book, rows[name])
            for book, rows in self._of(YEAR)
            if len(rows.get(name, ())) >= least and book not in used and self.free((book, name))
        ]
        if not possible:
            raise NoPlace(name)
        book, rows = self.random.choice(possible)
        self.take((book, name))
        return book, rows, self.spoilt.setdefault((book, name), Spoilt())

    def spoil(self, workbook: str, sheet: str) -> Spoilt:
        """The Spoilt of a worksheet that other faults may share."""
        return self.spoilt.setdefault((workbook, sheet), Spoilt())

    def note(self, rule: str, workbook: str, sheet: str, row: Row | None = None, column: str = "") -> None:
        """Note a finding to expect."""
        self.planted.append(Planted(rule, workbook, sheet, row, column))

    def listed(self) -> Iterator[dict[str, object]]:
        """The list for planted.json: rows as Excel counts them, sheets and columns by their titles."""
        numbers: dict[tuple[str, str], dict[int, int]] = {}
        for one in self.planted:
            sheet = self.schema.sheets[one.sheet]
            place = one.workbook, one.sheet
            if place not in numbers:
                numbers[place] = {id(row): at for at, row in enumerate(self.books[one.workbook][one.sheet], start=2)}
            item = sheet.by_name.get(one.column)
            yield {
                "workbook": one.workbook,
                "sheet": sheet.title,
                "row": None if one.row is None else 1 if one.row is HEADER else numbers[place][id(one.row)],
                "column": (item.title if item else one.column) or None,
                "rule": one.rule,
            }


HEADER: Row = {"": "row 1"}  # stands for the header in a note
EMPTY = object()  # for a value: the cell is emptied


class Fault(NamedTuple):
    """A kind of fault: what it is (with the code of its finding, none for a near miss), how often and how it is planted."""

    says: str
    times: int
    plant: Plant


def by(times: int, how: Plant) -> Fault:
    """A fault that a function plants, whose docstring says what it is."""
    return Fault(how.__doc__ or "", times, how)


def at(
    code: str,
    times: int,
    says: str,
    places: str,
    value: object = None,
    suits: Callable[[Row], bool] = bool,
    *,
    of: Callable[[Hand], tuple[str, Row]] | None = None,
    also: Mapping[str, object] | None = None,
    without: str = "",
    noted: str = "",
    among: int = 0,
    whole_class: bool = False,
) -> Fault:
    """A fault in one cell: a free row that `suits` is picked, or `of` makes one that is right, and its cell is set.

    `places`: "sheet.column", or several parted by blanks, of which chance takes one. `value`: what the cell says then; None leaves
    it, EMPTY empties it, of a tuple chance takes one, a function is asked with what stood there, the row and the hand.
    `also`: the same for other cells, `without`: cells emptied besides. The finding is noted at the cell, or at the column
    `noted`; without a code none is: a near miss. `among`: only rows of so many schools, those that most faults are in already.
    """

    def plant(hand: Hand) -> None:
        sheet, _, column = hand.random.choice(places.split()).partition(".")
        near = crowded(hand, sheet, among) if among else bool

        def fits(row: Row) -> bool:
            return (value is None or column in row) and suits(row) and near(row)

        book, row = of(hand) if of else hand.pick(sheet, fits, whole_class=whole_class)
        for name, new in {column: value, **(also or {})}.items():
            new = hand.random.choice(new) if isinstance(new, tuple) else new
            if new is EMPTY:
                row.pop(name, None)
            elif new is not None:
                row[name] = new(row.get(name), row, hand) if callable(new) else new
        for name in without.split():
            row.pop(name, None)
        if code:
            hand.note(code, book, sheet, row, noted or column)

    return Fault(f"{code or 'None'}: {says}", times, plant)


def plus(*more: object) -> tuple[Callable, ...]:
    """For a value: one of these added to what stood there."""
    return tuple(lambda old, *_, part=part: old + part for part in more)


def crowded(hand: Hand, sheet: str, schools: int = 2) -> Callable[[Row], bool]:
    """Which rows are those of the few schools whose sheet most faults are in already, so that whole sheets stay free for others."""
    used: dict[str, int] = {}
    for book, row in hand.rows(sheet):
        used[book] = used.get(book, 0) + (not hand.free(row))
    books = sorted(used, key=lambda book: (-used[book], book))[:schools]
    mine = {id(row) for book, row in hand.rows(sheet) if book in books}
    return lambda row: id(row) in mine


def plant(books: dict[str, Rows], schema: Schema, seed: int, faults: Iterable[Fault]) -> Hand:
    """Plant each kind of fault as often as it says, at places that depend on the seed alone; changes `books`."""
    hand = Hand(books, schema, Random(f"faults {seed}"))
    for fault in faults:
        done = 0
        # a small township may have no place in the sheet that chance picked, but in another
        for _ in range(10 * fault.times):
            if done < fault.times:
                try:
                    fault.plant(hand)
                    done += 1
                except NoPlace:
                    continue
    return hand
