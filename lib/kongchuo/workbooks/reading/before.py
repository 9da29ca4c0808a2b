"""School years before: last year's rosters and classes, which this one is compared with; of all years back to the first grade,
the lists of intake and the changes (`past`), which the share that finishes is counted from.

Read from the same shared folder, sheet by sheet what is needed and no more. What is not there gives no finding: an office
that begins with this year has nothing to put right. A workbook that is missed stands there unread, so nothing is taken for
empty that was not seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from ...core import apart, years
from ...core.schema import CENTRE, LAST_PRIMARY, Book, Codes, Schema
from ...core.tables import Town, Workbook
from ...field.references import homes_of
from .packages import size_of

SHEETS = ("school", "class", "roster")  # of last year's workbooks, only these
PAST = ("school", "class", "baseline", "change")  # of the workbooks of all years of a pupil at school
LONGEST = 8  # years before the one in which a ninth-grader finishes
# findings that tell why something needed cannot be used; what else is wrong in last year's rows was last year's business
TOLD = ("R02", "R03", "R05", "R06", "R10", "R16")

Read = Callable[[Path, str, Book, dict[str, Codes]], Workbook]


def files(shared: Path, year: str, schema: Schema) -> Iterator[tuple[Path, Book]]:
    """The workbooks of the year before that reading `year` opens, with the book each is of, as far as they are there."""
    return _files(shared / years.before(year), schema, SHEETS)


def past_files(shared: Path, year: str, schema: Schema) -> Iterator[tuple[Path, Book]]:
    """The workbooks that `past` opens, with the book each is of, as far as they are there."""
    for _ in range(LONGEST):
        year = years.before(year)
        yield from _files(shared / year, schema, PAST)


def _files(root: Path, schema: Schema, sheets: tuple[str, ...]) -> Iterator[tuple[Path, Book]]:
    for book in (book for book in schema.books if any(name in book.by_name for name in sheets)):
        homes = [root / CENTRE] if book.owner == "centre" else sorted(root.glob("*/"))
        for home in homes:
            path = home / f"{book.title}.xlsx"
            if path.is_file() and not home.name.startswith((".", "~")):
                yield path, book


def read(shared: Path, year: str, as_of: dt.date, schema: Schema, read_workbook: Read) -> Town | None:
    """The year before as a Town of few sheets; None where the shared folder holds nothing of it."""

    def read_part(one: tuple[Path, Book]) -> Workbook:
        path, book = one
        workbook = read_workbook(path, path.relative_to(shared).as_posix(), _part(book, SHEETS), schema.codes)
        return replace(workbook, findings=tuple(finding for finding in workbook.findings if finding.rule in TOLD))

    found = _each(read_part, files(shared, year, schema))
    if not found:
        return None
    year = years.before(year)
    registry, enrolment = schema.book_of["class"], schema.book_of["roster"]
    if not any(workbook.home == CENTRE for workbook in found):
        found.append(_absent(year, CENTRE, registry))
    town = Town(year, as_of, schema, tuple(found))
    due = set(homes_of(town, "class")[(town["class"]["grade"] == LAST_PRIMARY).fillna(False)]) - {""}
    absent = sorted(due - {workbook.home for workbook in town.holding("roster")})
    return Town(year, as_of, schema, (*found, *(_absent(year, home, enrolment) for home in absent)))


def past(shared: Path, year: str, schema: Schema, read_workbook: Read) -> tuple[Town, ...]:
    """The school years before, newest first, as Towns of few sheets, each as of its last day; those that are not there are left out."""

    def read_part(one: tuple[Path, Book]) -> Workbook:
        path, book = one
        workbook = read_workbook(path, path.relative_to(shared).as_posix(), _part(book, PAST), schema.codes)
        return replace(workbook, findings=())

    found: dict[str, list[Workbook]] = {}
    for workbook in _each(read_part, past_files(shared, year, schema)):
        found.setdefault(workbook.name.split("/")[0], []).append(workbook)
    ends = {earlier: years.days_of(f"{earlier[5:]}-08")[1] for earlier in found}
    return tuple(Town(earlier, ends[earlier], schema, tuple(workbooks)) for earlier, workbooks in found.items())


def _each(read_part: Callable[[tuple[Path, Book]], Workbook], files: Iterator[tuple[Path, Book]]) -> list[Workbook]:
    there = list(files)
    return apart.spread(read_part, there, sum(size_of(path) for path, _ in there))


def _part(book: Book, sheets: tuple[str, ...]) -> Book:
    return replace(book, sheets=tuple(sheet for sheet in book.sheets if sheet.name in sheets))


def _absent(year: str, home: str, book: Book) -> Workbook:
    return Workbook(f"{year}/{home}/{book.title}.xlsx", _part(book, SHEETS), home, read=False)
