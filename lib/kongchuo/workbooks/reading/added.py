"""Worksheets of a workbook that its template does not have: what a clerk added, and what a missing one was perhaps renamed to."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator

from ...core import schema as schemas
from ...core.cells import clean, shown
from ...core.findings import ADDED, KINDS, Finding, Place
from ...core.places import GUIDE, LISTS, RESULTS
from ...core.schema import Book, Codes, Sheet
from ...core.sheets import Grid, alike, shape_apart

OURS = (RESULTS, GUIDE, LISTS)


def unknown(
    titles: Iterable[str],
    missing: Iterable[Sheet],
    grid: Callable[[str], Grid | None],
    name: str,
    book: Book,
    codes: dict[str, Codes],
) -> Iterator[Finding]:
    """R05 for each sheet that is `missing`, with the one of `titles` that it may be; R14 or R15 for the other titles.

    `titles` are worksheets that were not read. One with a known header and rows holds data that nobody counts; one that holds
    anything else is said as well; an empty one is not.
    """
    whole = next((one for one in schemas.default().books if one.name == book.name), book)
    known = {
        *OURS,
        *(sheet.title for sheet in whole.sheets),
    }  # where only a part of the book is asked for, the rest is no stranger
    grids = {title: cells for title in titles if title not in known and (cells := grid(title)) and _filled(cells)}
    sheets = [
        *whole.sheets,
        *(sheet for one in schemas.default().books if one.name != book.name for sheet in one.sheets),
    ]
    like = {title: alike(cells, sheets) for title, cells in grids.items()}
    for sheet in missing:
        same = [title for title, other in like.items() if other is not None and other.name == sheet.name]
        same = same or difflib.get_close_matches(sheet.title, list(grids), 1, 0.5)
        near = f"是不是改名成了“{same[0]}”？" if same else ""
        kind = (ADDED if sheet.added and not near else KINDS)["R05"]
        yield kind.at(Place(name, sheet.title), name=sheet.title, near=near)
        grids = {title: cells for title, cells in grids.items() if title not in same[:1]}
    for title, cells in grids.items():
        sheet = like[title]
        table = shape_apart(cells, sheet, name, codes)[0] if sheet else None
        if table is None or not len(table.frame):
            yield KINDS["R15"].at(Place(name, title))
        else:
            other = next(one for one in schemas.default().books if sheet.name in one.by_name)
            named = sheet.title if other.name == book.name else f"{other.title}·{sheet.title}"
            yield KINDS["R14"].at(Place(name, title), like=named, rows=len(table.frame))


def _filled(cells: Grid) -> bool:
    return any(clean(shown(value)) for row in cells.rows for value in row if value not in (None, ""))
