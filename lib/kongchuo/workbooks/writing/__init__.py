"""Workbooks from the schema: templates, examples, any other new file. Makes files, never edits one.

Every workbook made here has the same parts: 填表说明, the sheets of the schema, and a hidden 字典 behind the drop-downs.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import quote_sheetname, xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ...core.findings import UserError
from ...core.places import HINT, LISTS, RESULTS
from ...core.schema import Book, Schema, Sheet
from . import guide, looks, results

LAST_ROW = 3000  # drop-downs and rules for typing reach at least this row
MADE = dt.datetime(2023, 9, 1)  # the same bytes whenever a workbook is made; a person's save changes it
MARGIN = {"margin": 0.35, "scale_with_doc": False}  # header and footer stay legible on a wide sheet
HEADER = '&L&"宋体"&10填报单位（盖章）：&C&"黑体"&14{title}'
PAGE = '&C&"宋体"&10第 &P 页，共 &N 页'
FOOTER = f'&L&"宋体"&10单位负责人：              填表人：{PAGE}&R&"宋体"&10&A'
TEXT_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}

Row = Mapping[str, object]
Rows = Mapping[str, Sequence[Row]]
Finish = Callable[[Sheet, Worksheet], None]


class WritingError(Exception):
    """Our own mistake: what was to be written is not in the schema or not for Excel; names sheet and column."""


def _must(code: int | None, where: str) -> None:
    """Xlsxwriter refuses with a code and goes on, leaving out a drop-down or half a text: never pass over it."""
    if code:
        raise WritingError(f"{where}: xlsxwriter refused it with code {code}")


def code_rows(schema: Schema) -> list[dict[str, object]]:
    """The rows of the sheet 代码表: every value of every code list."""
    return [
        {
            "list": codes.title,
            "code": value.code,
            "name": value.name,
            "alias": "、".join(value.aliases),
            "basis": codes.source,
            "active": True,
            "order": order,
        }
        for codes in schema.codes.values()
        for order, value in enumerate(codes.values, 1)
    ]


def workbook_bytes(stem: str, book: Book, rows: Rows, schema: Schema, finish: Finish | None = None) -> bytes:
    """The workbook `stem`.xlsx as bytes, the same bytes for the same arguments.

    `rows` maps a sheet's English name to its rows; a row maps a field's name to a str, int, float, bool or date. What is
    None, "" or missing stays an empty cell. A value is written as what it is, never repaired, and text is always text:
    no formula, no link. Generated columns are left out. The sheet `code` is filled from the schema unless it is given.
    `finish` is called with each sheet when it is filled, to change what rows cannot say.
    Raises WritingError for a sheet or field the schema does not have and for whatever Excel cannot hold.
    """
    if "code" in book.by_name:
        rows = {"code": code_rows(schema), **rows}
    if unknown := rows.keys() - book.by_name.keys():
        raise WritingError(f"{stem}: no such sheet: {', '.join(sorted(unknown))}")
    buffer = BytesIO()
    workbook = Workbook(buffer, {"in_memory": True, **TEXT_ONLY})
    workbook.set_properties({"title": f"控辍保学 {stem}", "created": MADE})
    workbook.set_custom_property("kongchuo_book", book.name)
    workbook.set_custom_property("kongchuo_version", book.version, "number")
    formats = {name: workbook.add_format(properties) for name, properties in looks.FORMATS.items()}
    _guide(workbook.add_worksheet(guide.TITLE), guide.lines(stem, book, schema), formats)
    for sheet in book.sheets:
        ws, data = workbook.add_worksheet(sheet.title), rows.get(sheet.name, ())
        _columns(ws, book, sheet, _last(data), schema, formats)
        _fill(ws, sheet, data, schema, formats)
        _marks(ws, sheet, data, formats)
        if finish:
            finish(sheet, ws)
        _page(ws, sheet.title if sheet.title == stem else f"{stem} · {sheet.title}", sheet, schema)
    _results(workbook, formats)
    _lists(workbook, book, rows, schema)
    workbook.close()
    return buffer.getvalue()


def write_workbook(
    path: Path, book: Book, rows: Rows, schema: Schema, *, overwrite: bool = False, finish: Finish | None = None
) -> None:
    """Write a workbook (see workbook_bytes) to `path`, all of it or nothing; folders are made.

    Raises UserError when the file exists, unless `overwrite`.
    """
    if path.exists() and not overwrite:
        raise UserError(f"文件已存在，没有改动：{path}。请先移走或改名。")
    save(path, workbook_bytes(path.stem, book, rows, schema, finish))


def save(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".~{path.name}.tmp")
    part.write_bytes(data)
    os.replace(part, path)


def _last(rows: Sequence[Row]) -> int:
    """The last Excel row that rules and drop-downs reach: there is always room to go on typing."""
    return max(LAST_ROW, len(rows) + 500)


def _columns(ws: Worksheet, book: Book, sheet: Sheet, last: int, schema: Schema, formats: dict[str, Format]) -> None:
    ws.set_row(0, 33)  # two lines of header
    for column, item in enumerate(sheet.typed):
        letter, where = xl_col_to_name(column), f"{book.title} {sheet.title}, column '{item.title}'"
        ws.set_column(column, column, looks.width(item, schema), formats[looks.cell_format(item)])
        _must(ws.write_string(0, column, item.title, formats[looks.need(item)]), where)
        _must(ws.data_validation(0, column, 0, column, looks.guard(item.title, f"{letter}1")), where)
        if rule := looks.validation(item, f"{letter}2", book, schema):
            _must(ws.data_validation(1, column, last - 1, column, rule), where)
    ws.autofilter(0, 0, last - 1, len(sheet.typed))  # the hints too: who mends wants to see only those rows
    ws.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(sheet.typed) - 1)}{last}"})


def _fill(ws: Worksheet, sheet: Sheet, rows: Sequence[Row], schema: Schema, formats: dict[str, Format]) -> None:
    def write_boolean(row: int, column: int, value: bool, cell_format: Format) -> int:
        return ws.write_string(row, column, looks.BOOLEAN[not value], cell_format)

    def write_date(row: int, column: int, value: dt.date, _: Format) -> int:
        return ws.write_datetime(row, column, value, formats["date"])  # a date shows as one in any column

    writers: dict[type, Callable] = {str: ws.write_string, int: ws.write_number, float: ws.write_number}
    writers |= {bool: write_boolean, dt.date: write_date, dt.datetime: write_date}
    columns = [(i, item.name, formats[looks.cell_format(item)]) for i, item in enumerate(sheet.typed)]
    long = {item.name: looks.width(item, schema) for item in sheet.typed if looks.cell_format(item) == "long"}
    for number, row in enumerate(rows, 1):
        if unknown := row.keys() - sheet.by_name.keys():
            raise WritingError(f"{sheet.title}, row {number + 1}: no such field: {', '.join(sorted(unknown))}")
        lines = max((looks.lines(str(row.get(name) or ""), width) for name, width in long.items()), default=1)
        if lines > 1:  # WPS and LibreOffice do not find the height of wrapped text by themselves
            ws.set_row(number, 15 * min(lines, 20))
        for column, name, cell_format in columns:
            value = row.get(name)
            if value is None or value == "":
                continue  # the column's own format stands
            writer = writers.get(type(value))
            if writer is None:
                raise WritingError(f"{sheet.title}, row {number + 1}, {name}: cannot write a {type(value).__name__}")
            if code := writer(number, column, value, cell_format):
                _must(code, f"{sheet.title}, row {number + 1}, {name}")


def _marks(ws: Worksheet, sheet: Sheet, rows: Sequence[Row], formats: dict[str, Format]) -> None:
    """What lights up and says the findings that 校验结果 lists (see results)."""
    place, last = len(sheet.typed), _last(rows)
    ws.set_column(place, place, looks.HINT_WIDTH, formats["hint"])
    _must(ws.write_string(0, place, HINT, formats["程序填写"]), sheet.title)
    _must(ws.data_validation(0, place, 0, place, looks.guard(HINT, f"{xl_col_to_name(place)}1")), sheet.title)
    for row in range(1, max(len(rows), results.SPARE_ROWS) + 1):
        # the blank makes it a text for readers that do not calculate; without one xlsxwriter says it is a number
        _must(ws.write_formula(row, place, results.hint(sheet), formats["hint"], " "), sheet.title)
    rule = {"type": "formula", "criteria": results.lit(sheet), "format": formats["lit"]}
    _must(ws.conditional_format(1, 0, last - 1, place - 1, rule), sheet.title)
    _must(ws.print_area(0, 0, 1_048_575, place - 1), sheet.title)


def _results(workbook: Workbook, formats: dict[str, Format]) -> None:
    """The empty worksheet 校验结果, ready for marking."""
    ws, always = workbook.add_worksheet(RESULTS), results.always()
    ws.set_row(0, 33)
    for column, item in enumerate(results.COLUMNS):
        style = "date" if item.name in ("since", "until") else "result"
        ws.set_column(column, column, item.width, formats[style], {"hidden": item.hidden})
        head = formats["选填" if item.own else "程序填写"]
        if item.name in always:
            _must(ws.write_formula(0, column, always[item.name], head, item.title), RESULTS)
        else:
            _must(ws.write_string(0, column, item.title, head), RESULTS)
    ws.freeze_panes(1, 0)
    ws.autofilter(0, 0, results.CAPACITY - 1, len(results.COLUMNS) - 1)
    shown = [place for place, item in enumerate(results.COLUMNS) if not item.hidden]
    _must(ws.print_area(0, 0, 1_048_575, shown[-1]), RESULTS)
    _results_page(ws)
    for name, refers_to in results.ranges().items():
        _name(workbook, name, refers_to)


def findings_workbook(entries: Iterable[object]) -> bytes:
    """A workbook that only lists findings (objects with the attributes that results.COLUMNS names): for a file that cannot be marked."""
    buffer = BytesIO()
    workbook = Workbook(buffer, {"in_memory": True, **TEXT_ONLY})
    workbook.set_properties({"title": f"控辍保学 {RESULTS}", "created": MADE})
    ws = workbook.add_worksheet(RESULTS)
    head, style = (workbook.add_format(looks.FORMATS[name]) for name in ("程序填写", "result"))
    shown = [column for column in results.COLUMNS if column.name in results.LISTED]
    for place, column in enumerate(shown):
        ws.set_column(place, place, column.width, style)
        _must(ws.write_string(0, place, column.title, head), RESULTS)
    for row, entry in enumerate(entries, start=1):
        ws.set_row(row, results.height(lambda name, entry=entry: getattr(entry, name, None)))
        for place, column in enumerate(shown):
            value = row if column.name == "number" else getattr(entry, column.name)
            _must(ws.write(row, place, value, style), f"{RESULTS}, row {row + 1}")
    ws.freeze_panes(1, 0)
    _results_page(ws)
    workbook.close()
    return buffer.getvalue()


def _results_page(ws: Worksheet) -> None:
    ws.repeat_rows(0)
    ws.set_landscape()
    ws.fit_to_pages(1, 0)
    ws.set_footer(PAGE, MARGIN)
    _paper(ws)


def _page(ws: Worksheet, title: str, sheet: Sheet, schema: Schema) -> None:
    """What stays in sight when scrolling and printing: header row and identifying columns; A4 landscape."""
    kept = looks.frozen(sheet, schema)
    ws.freeze_panes(1, kept)
    ws.repeat_rows(0)
    ws.repeat_columns(0, kept - 1)
    ws.set_landscape()
    ws.fit_to_pages(looks.pages_wide(sheet, schema), 0)
    ws.set_header(HEADER.format(title=title), MARGIN)
    ws.set_footer(FOOTER, MARGIN)
    _paper(ws)


def _paper(ws: Worksheet) -> None:
    ws.set_paper(9)  # A4
    ws.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
    ws.center_horizontally()


def _lists(workbook: Workbook, book: Book, rows: Rows, schema: Schema) -> None:
    """The veryHidden sheet 字典 with a column a list, and the named ranges over it and over sheets referred to."""
    ws = workbook.add_worksheet(LISTS)
    ws.very_hidden()
    for column, (name, values) in enumerate(looks.lists(book, schema).items()):
        letter = xl_col_to_name(column, col_abs=True)
        for row, value in enumerate((name, *values)):
            _must(ws.write(row, column, value), f"{LISTS} {name}")
        _name(workbook, name, f"={LISTS}!{letter}$2:{letter}${len(values) + 1}")
    for name, (sheet, item) in looks.targets(book).items():
        letter, place = xl_col_to_name(sheet.typed.index(item), col_abs=True), quote_sheetname(sheet.title)
        whole = f"{place}!{letter}$2:{letter}${_last(rows.get(sheet.name, ()))}"
        # only the filled rows: a drop-down opens at its first blank
        _name(workbook, name, f"={place}!{letter}$2:INDEX({whole},MAX(1,COUNTA({whole})))")


def _name(workbook: Workbook, name: str, refers_to: str) -> None:
    if not re.fullmatch(r"[^\W\d]\w*", name):
        raise WritingError(f"'{name}' cannot name a range: letters, Chinese characters, digits and _ only")
    _must(workbook.define_name(name, refers_to), name)


def _guide(ws: Worksheet, lines: Iterable[guide.Line], formats: dict[str, Format]) -> None:
    ws.hide_gridlines(2)
    ws.set_tab_color(looks.FORMATS["必填"]["bg_color"])
    ws.set_portrait()
    ws.fit_to_pages(1, 0)
    ws.set_footer(PAGE, MARGIN)
    _paper(ws)
    final = len(guide.WIDTHS) - 1
    for column, width in enumerate(guide.WIDTHS):
        ws.set_column(column, column, width)
    for row, line in enumerate(lines):
        ws.set_row(row, line.height)
        for column, (text, style) in enumerate(zip(line.texts, line.styles, strict=True)):
            if column == len(line.texts) - 1 < final:
                _must(ws.merge_range(row, column, row, final, text, formats[style]), guide.TITLE)
            else:
                _must(ws.write_string(row, column, text, formats[style]), guide.TITLE)
        if line.link:
            target = f"internal:{quote_sheetname(line.link)}!A2"
            _must(ws.write_url(row, 0, target, formats[line.styles[0]], line.texts[0]), guide.TITLE)
