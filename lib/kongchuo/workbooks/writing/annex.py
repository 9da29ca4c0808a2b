"""附表.xlsx: the tables of a page as worksheets, to sort, filter and reckon with; a list of them in front."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from numbers import Real

from xlsxwriter import Workbook
from xlsxwriter.utility import quote_sheetname
from xlsxwriter.worksheet import Worksheet

from . import MADE, PAGE, TEXT_ONLY, looks

LIST = "目录"
SHEET_NAME, FORBIDDEN = 31, re.compile(r"[][:*?/\\]")  # Excel's own limits for the name of a worksheet
WIDEST, NARROWEST, FILTER = 46, 8, 4  # characters of a column; what the arrow of the filter covers
_TOTAL = {**looks.FORMATS["text"], "bold": True, "bg_color": "#F2F2F2"}
FORMATS = {
    **{name: looks.FORMATS[name] for name in ("title", "text", "long", "number", "date", "link")},
    "head": looks.FORMATS["选填"],
    "rate": {**looks.FORMATS["number"], "num_format": "0.0%"},
    "total": _TOTAL,
    "total_number": {**_TOTAL, "num_format": "General"},
    "total_rate": {**_TOTAL, "num_format": "0.0%"},
}


@dataclass(frozen=True)
class Sheet:
    """One table. Cells: text, numbers, dates, None. `total` is set off below; `rates`: the places of columns of shares (0 to 1)."""

    columns: tuple[str, ...]
    rows: tuple[tuple, ...]
    total: tuple = ()
    rates: frozenset[int] = frozenset()


def annex_bytes(title: str, sheets: Mapping[str, Sheet]) -> bytes:
    """The workbook as bytes, the same for the same arguments; `sheets` by their headings, each at least one column wide."""
    buffer = BytesIO()
    workbook = Workbook(buffer, {"in_memory": True, **TEXT_ONLY})
    workbook.set_properties({"title": title, "created": MADE})
    formats = {name: workbook.add_format(properties) for name, properties in FORMATS.items()}
    front = workbook.add_worksheet(LIST)
    front.write(0, 0, f"{title}　附表", formats["title"])
    _write(front, 1, ("序号", "表", "行数"), [formats["head"]] * 3)
    front.set_column(1, 1, 60)
    _page(front)
    for number, (heading, sheet) in enumerate(sheets.items(), 1):
        ws = workbook.add_worksheet(_name(number, heading))
        _sheet(ws, heading, sheet, formats)
        front.write(number + 1, 0, number, formats["number"])
        front.write_url(number + 1, 1, f"internal:{quote_sheetname(ws.name)}!A1", formats["link"], heading)
        front.write(number + 1, 2, len(sheet.rows), formats["number"])
    workbook.close()
    return buffer.getvalue()


def _name(number: int, heading: str) -> str:
    """A name that Excel takes and no other worksheet has."""
    return f"{number} {FORBIDDEN.sub('', heading)}"[:SHEET_NAME].strip("' ")


def _sheet(ws: Worksheet, heading: str, sheet: Sheet, formats: dict) -> None:
    ws.write(0, 0, heading, formats["title"])
    _write(ws, 1, sheet.columns, [formats["head"]] * len(sheet.columns))
    for at, row in enumerate(sheet.rows, 2):
        _write(ws, at, row, [formats[_kind(value, place in sheet.rates)] for place, value in enumerate(row)])
    last = max(len(sheet.rows) + 1, 2)
    ws.autofilter(1, 0, last, len(sheet.columns) - 1)
    if sheet.total:
        kinds = (_kind(value, place in sheet.rates) for place, value in enumerate(sheet.total))
        _write(ws, last + 1, sheet.total, [formats.get(f"total_{kind}", formats["total"]) for kind in kinds])
    for place, title in enumerate(sheet.columns):
        ws.set_column(place, place, _width(title, [row[place] for row in sheet.rows]))
    ws.freeze_panes(2, 1)
    _page(ws)


def _page(ws: Worksheet) -> None:
    """Lying A4, as wide as the table."""
    ws.set_landscape()
    ws.set_paper(9)
    ws.fit_to_pages(1, 0)
    ws.repeat_rows(1)
    ws.set_footer(PAGE)


def _write(ws: Worksheet, at: int, row: Sequence, formats: Sequence) -> None:
    for place, (value, look) in enumerate(zip(row, formats, strict=True)):
        ws.write(at, place, value, look)


def _kind(value: object, rate: bool) -> str:
    """The name of its format."""
    if isinstance(value, dt.date):
        return "date"
    if isinstance(value, Real):
        return "rate" if rate else "number"
    return "long" if isinstance(value, str) and looks.display_width(value) > WIDEST else "text"


def _width(title: str, values: Sequence) -> int:
    longest = max((looks.display_width(str(value)) for value in values if value is not None), default=0)
    return min(max(looks.display_width(title) + FILTER, longest + 2, NARROWEST), WIDEST)
