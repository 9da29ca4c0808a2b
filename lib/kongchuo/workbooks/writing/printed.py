"""Tables to print and to edit further: a worksheet each, A4 lying, header on every page, page numbers, lines to sign on, seal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from . import MADE, TEXT_ONLY

_FONT = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_CELL = {**_FONT, "border": 1, "align": "center", "text_wrap": True}
FORMATS = {
    "title": {"font_name": "宋体", "font_size": 18, "bold": True, "align": "center", "valign": "vcenter"},
    "meta": {**_FONT},
    "head": {**_CELL, "font_name": "黑体", "bg_color": "#E7E6E6"},
    "text": {**_CELL, "num_format": "@"},
    "long": {**_CELL, "num_format": "@", "align": "left"},
    "number": {**_CELL, "num_format": "0"},
    "date": {**_CELL, "num_format": "yyyy-mm-dd"},
    "total": {**_CELL, "bold": True, "bg_color": "#F2F2F2"},
    "note": {**_FONT, "text_wrap": True, "valign": "top"},
    "sign": {**_FONT, "font_size": 11, "valign": "bottom"},
}


A4_WIDTH, A4_HEIGHT = 784, 500  # points between the margins of a lying page, a little less than there is
HEAD_HEIGHT, SIGN_HEIGHT, ROW_HEIGHTS = 100, 40, (19, 18.5, 18, 17.5, 17, 16.5, 16, 15.5, 15, 14.5, 14)
FONT_WIDTHS = (
    1,
    1.2,
    1.4,
)  # columns are measured by a digit of the machine's own font: from Excel's to the widest seen


@dataclass(frozen=True)
class Column:
    """A column of a printed table: its title, the group of columns it stands under ("" for none), width in characters."""

    title: str
    group: str = ""
    width: float = 7


@dataclass(frozen=True)
class Grid:
    """One printed table. Cells: text, numbers, dates, None (an empty cell to write in). `totals` says which rows are sums."""

    title: str  # of the worksheet
    heading: str
    columns: tuple[Column, ...]
    rows: tuple[tuple, ...]
    meta: str = ""
    notes: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ("填表人", "复核人", "单位负责人", "日期")
    seal: str = "（盖章处）"
    totals: frozenset[int] = frozenset()

    @property
    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(group, its titles) from left to right; a column that stands alone has its title as group and nothing below."""
        found: list[tuple[str, tuple[str, ...]]] = []
        for column in self.columns:
            if found and column.group and found[-1][0] == column.group and found[-1][1]:
                found[-1] = (column.group, (*found[-1][1], column.title))
            else:
                found.append((column.group, (column.title,)) if column.group else (column.title, ()))
        return tuple(found)


def printed_bytes(grids: Sequence[Grid], title: str) -> bytes:
    """A workbook with a worksheet for each grid; the same bytes for the same grids."""
    buffer = BytesIO()
    workbook = Workbook(buffer, {"in_memory": True, **TEXT_ONLY})
    workbook.set_properties({"title": title, "created": MADE})
    formats = {name: workbook.add_format(properties) for name, properties in FORMATS.items()}
    for grid in grids:
        _sheet(workbook.add_worksheet(grid.title), grid, formats)
    workbook.close()
    return buffer.getvalue()


def _sheet(ws: Worksheet, grid: Grid, formats: dict) -> None:
    last = len(grid.columns) - 1
    ws.merge_range(0, 0, 0, last, grid.heading, formats["title"])
    ws.set_row(0, 30)
    ws.write(1, 0, grid.meta, formats["meta"])
    for place, column in enumerate(grid.columns):
        ws.set_column(place, place, column.width)
    first = _head(ws, grid, formats["head"])
    notes = [15 * (1 + len(text) * 2 // int(sum(column.width for column in grid.columns))) for text in grid.notes]
    heights = _heights(grid, sum(notes))
    for number, row in enumerate(grid.rows):
        ws.set_row(first + number, heights[number])
        for place, value in enumerate(row):
            wide = isinstance(value, str) and len(value) > 12
            kind = "number" if isinstance(value, (int, float)) else "date" if isinstance(value, dt.date) else "text"
            look = formats["total"] if number in grid.totals else formats["long" if wide else kind]
            ws.write(first + number, place, value, look)
    at = first + len(grid.rows)
    for text, height in zip(grid.notes, notes, strict=True):
        ws.merge_range(at, 0, at, last, text, formats["note"])
        ws.set_row(at, height)
        at += 1
    ws.set_row(at, SIGN_HEIGHT)
    labels = (*(f"{label}：__________" for label in grid.signatures), grid.seal)
    for place, label in zip(_spread(grid.columns, len(labels)), labels, strict=True):
        ws.write(at, place, label, formats["sign"])
    ws.set_landscape()
    ws.set_paper(9)
    ws.center_horizontally()
    ws.fit_to_pages(1, 0)
    ws.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    ws.repeat_rows(0, first - 1)
    ws.freeze_panes(first, 2)
    ws.set_footer("&C第 &P 页，共 &N 页")
    ws.print_area(0, 0, at, last)


def _heights(grid: Grid, notes: float) -> list[float]:
    """How high each row is: as airy as leaves the places to sign on a page with rows. Excel keeps nothing together by itself.

    An estimate by what lying A4 holds at the scale that fits the width; texts that run over several lines have room for them.
    """
    lines = [
        max((_lines(value, column.width) for value, column in zip(row, grid.columns, strict=True)), default=1)
        for row in grid.rows
    ]
    width = sum(column.width * 5.25 + 3.75 for column in grid.columns)
    rooms = [A4_HEIGHT * max(1, width * font / A4_WIDTH) - HEAD_HEIGHT for font in FONT_WIDTHS]
    for height in (*ROW_HEIGHTS, ROW_HEIGHTS[0]):
        found = [max(height, 13 * count + 4) for count in lines]
        if all(_last_page(found, room) + notes + SIGN_HEIGHT <= room for room in rooms):
            break
    return found


def _last_page(heights: list[float], room: float) -> float:
    """What the rows take on the last of the pages they fill."""
    used = 0.0
    for height in heights:
        used = height if used + height > room else used + height
    return used


def _lines(value: object, width: float) -> int:
    """How many lines a text takes in a column: a Chinese character is two wide."""
    return -(-sum(1 + (ord(letter) > 255) for letter in value) // max(int(width), 1)) if isinstance(value, str) else 1


def _spread(columns: Sequence[Column], parts: int) -> Iterator[int]:
    """The columns at which so many parts of the table's width begin."""
    edges = [0.0, *accumulate(column.width for column in columns)][:-1]
    whole = sum(column.width for column in columns)
    for part in range(parts):
        yield min(range(len(edges)), key=lambda place: abs(edges[place] - whole * part / parts))


def _head(ws: Worksheet, grid: Grid, look: object) -> int:
    """One row of titles, or two where columns stand in groups; returns the first row below."""
    if not any(column.group for column in grid.columns):
        for place, column in enumerate(grid.columns):
            ws.write(2, place, column.title, look)
        ws.set_row(2, 30)
        return 3
    ws.set_row(2, 18)
    ws.set_row(3, 34)
    place = 0
    for group, titles in grid.groups:
        until = place + max(len(titles), 1) - 1
        if not titles:
            ws.merge_range(2, place, 3, place, group, look)
        elif until == place:
            ws.write(2, place, group, look)
        else:
            ws.merge_range(2, place, 2, until, group, look)
        for inside, title in enumerate(titles):
            ws.write(3, place + inside, title, look)
        place = until + 1
    return 4
