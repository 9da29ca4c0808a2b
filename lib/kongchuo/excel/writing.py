"""Workbooks from the schema: templates, examples, any other new file, 填表说明 in front. Makes files, never edits one."""

import datetime as dt
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import quote_sheetname, xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ..core.findings import UserError
from ..core.places import GUIDE, HINT, LISTS, RESULTS
from ..core.schema import CENTRE, Book, Schema, Sheet
from . import column_formats, mark_formulas, result_sheet

# --- The sheet 填表说明, first in every workbook: what to fill in and how, as lines ready to be written -----------------
TITLE = GUIDE
WIDTHS = (22, 34, 52)  # of columns A to C, in characters

WHEN = {
    "必填": "每行都要填",
    "按情况必填": "符合条件时要填，例如选了“其他”或填了“否”以后；条件见格子的填写提示",
    "选填": "有就填，没有空着",
}
HOW = (
    "有下拉箭头的格子，点箭头选择；可以填多项的，用顿号“、”隔开。选中格子会出现填写提示。",
    "日期写成 2023-09-01。证件号码、学籍号、电话、编号等列已设为文本，直接录入，不加单引号和空格。",
    "从别处复制时，用“选择性粘贴—数值”（只粘贴数值）。直接粘贴会带坏格式和下拉选项。",
    "新的一行接着最后一行往下填，中间不留空行。可以排序和筛选；填完请取消筛选，显示全部行。",
    "不改表头文字，不加标题行、合计行、签字行，不合并单元格。合计由程序计算；打印时页眉页脚已有单位和签字的位置。",
    "表中有学生和家庭的个人信息，只放在共享文件夹，不用微信、QQ 传送，不抄到别处。",
    "填好后保存并关闭文件。查出的问题列在标好的副本（或本文件）的“校验结果”里：有错误的格子变红，有警告的变黄，“校验提示”写明怎样改；改对了，红色自己消失。",
)


@dataclass(frozen=True)
class Line:
    """One row: texts from column A on, the last one running on to column C; each has its style (a name in FORMATS).

    `link` is the title of the worksheet that a click on the first text opens.
    """

    texts: tuple[str, ...]
    styles: tuple[str, ...]
    link: str = ""

    @property
    def height(self) -> int:
        """Height in points: Excel does not find it by itself where cells are merged."""
        rooms = (*WIDTHS[: len(self.texts) - 1], sum(WIDTHS[len(self.texts) - 1 :]))
        fixed = {"title": 32, "section": 24}.get(self.styles[0])
        return fixed or 4 + 16 * max(
            column_formats.lines(text, room) for text, room in zip(self.texts, rooms, strict=True)
        )


def lines(stem: str, book: Book, schema: Schema) -> Iterator[Line]:
    """The guide to the workbook `stem`.xlsx, line by line; what it says of sheets and columns follows from the schema."""
    blank = Line(("",), ("sentence",))
    keeper, folder = ("中心学校", CENTRE) if book.owner == "centre" else ("各学校", "学校全称")
    yield Line((f"{stem}　{TITLE}",), ("title",))
    yield Line((f"{book.description}。",), ("sentence",))
    kept = f"由{keeper}填写和保管，放在共享文件夹的“学年/{folder}”里，文件名“{stem}.xlsx”不要改。"
    yield Line((kept,), ("sentence",))
    yield blank
    yield Line(("一、每张表填什么",), ("section",))
    yield Line(("工作表（点击打开）", "填什么", "必填的列"), ("选填",) * 3)
    for sheet in book.sheets:
        required = "、".join(item.title for item in sheet.typed if item.required)
        yield Line((sheet.title, f"{sheet.description}。", required), ("link", "cell", "cell"), sheet.title)
    yield blank
    yield Line(("二、怎么看表头",), ("section",))
    for name, meaning in WHEN.items():
        yield Line((name, meaning), (name, "cell"))
    yield blank
    yield Line(("三、怎么填",), ("section",))
    for number, text in enumerate(HOW, 1):
        yield Line((f"{number}. {text}",), ("sentence",))
    for sheet in book.sheets:
        for item in sheet.fields:
            values = schema.codes[item.codes].values if item.generated and item.codes else ()
            if values and all(value.code for value in values):  # the column names what people type by number
                yield blank
                yield Line((f"“{sheet.title}”的编号：{schema.codes[item.codes].title}",), ("section",))
                for value in values:
                    yield Line((value.code, value.name), ("cell", "cell"))


# --- the workbooks ----------------------------------------------------------------------------------------------------
# Every workbook made here has the same parts: 填表说明, the sheets of the schema, and a hidden 字典 behind the drop-downs.
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


class NewWorkbook(Workbook):
    """A workbook in memory, the same bytes for the same content; `looks` are its formats by name. Text is always text."""

    def __init__(self, title: str, formats: Mapping[str, dict] = column_formats.FORMATS) -> None:
        self._buffer = BytesIO()
        super().__init__(self._buffer, {"in_memory": True, **TEXT_ONLY})
        self.set_properties({"title": title, "created": MADE})
        self.looks = {name: self.add_format(properties) for name, properties in formats.items()}

    def data(self) -> bytes:
        """The bytes of the file; nothing is added afterwards."""
        self.close()
        return self._buffer.getvalue()


class WritingError(Exception):
    """Our own mistake: what was to be written is not in the schema or not for Excel; names sheet and column."""


def _must(code: int | None, where: str) -> None:
    """Xlsxwriter refuses with a code and goes on, leaving out a drop-down or half a text: never pass over it."""
    if code:
        raise WritingError(f"{where}: xlsxwriter refused it with code {code}")


def code_rows(schema: Schema) -> list[dict[str, object]]:
    """The rows of the sheet 代码表: every value of every code list."""
    return [
        {"list": codes.title, "code": one.code, "name": one.name, "alias": "、".join(one.aliases)}
        | {"basis": codes.source, "active": True, "order": order}
        for codes in schema.codes.values()
        for order, one in enumerate(codes.values, 1)
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
    workbook = NewWorkbook(f"控辍保学 {stem}")
    workbook.set_custom_property("kongchuo_book", book.name)
    workbook.set_custom_property("kongchuo_version", book.version, "number")

    def marked(sheet: Sheet, ws: Worksheet) -> None:
        _marks(ws, sheet, rows.get(sheet.name, ()), workbook.looks)
        if finish:
            finish(sheet, ws)

    put_sheets(workbook, stem, book, rows, schema, lines(stem, book, schema), marked)
    _results(workbook, workbook.looks)
    put_lists(workbook, book, rows, schema)
    return workbook.data()


def put_sheets(
    workbook: NewWorkbook,
    stem: str,
    book: Book,
    rows: Rows,
    schema: Schema,
    guide: Iterable[Line],
    finish: Finish | None = None,
) -> None:
    """Put the guide into a new workbook, and a worksheet for each sheet of a book, with its rows, drop-downs and rules for typing."""
    _guide(workbook.add_worksheet(TITLE), guide, workbook.looks)
    for sheet in book.sheets:
        ws, data = workbook.add_worksheet(sheet.title), rows.get(sheet.name, ())
        _columns(ws, book, sheet, _last(data), schema, workbook.looks)
        _fill(ws, sheet, data, schema, workbook.looks)
        if finish:
            finish(sheet, ws)
        _page(ws, sheet.title if sheet.title == stem else f"{stem} · {sheet.title}", sheet, schema)


def write_workbook(path: Path, book: Book, rows: Rows, schema: Schema, finish: Finish | None = None) -> None:
    """Write a workbook (see workbook_bytes) to `path`, all of it or nothing; folders are made.

    Raises UserError when the file exists.
    """
    if path.exists():
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
        ws.set_column(column, column, column_formats.width(item, schema), formats[column_formats.cell_format(item)])
        _must(ws.write_string(0, column, item.title, formats[column_formats.need(item)]), where)
        _must(ws.data_validation(0, column, 0, column, column_formats.guard(item.title, f"{letter}1")), where)
        if rule := column_formats.validation(item, f"{letter}2", book, schema):
            _must(ws.data_validation(1, column, last - 1, column, rule), where)
    ws.autofilter(0, 0, last - 1, len(sheet.typed))  # the hints too: who mends wants to see only those rows
    ws.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(sheet.typed) - 1)}{last}"})


def _fill(ws: Worksheet, sheet: Sheet, rows: Sequence[Row], schema: Schema, formats: dict[str, Format]) -> None:
    def write_boolean(row: int, column: int, value: bool, cell_format: Format) -> int:
        return ws.write_string(row, column, column_formats.BOOLEAN[not value], cell_format)

    def write_date(row: int, column: int, value: dt.date, _: Format) -> int:
        return ws.write_datetime(row, column, value, formats["date"])  # a date shows as one in any column

    writers: dict[type, Callable] = {str: ws.write_string, int: ws.write_number, float: ws.write_number}
    writers |= {bool: write_boolean, dt.date: write_date, dt.datetime: write_date}
    columns = [(i, item.name, formats[column_formats.cell_format(item)]) for i, item in enumerate(sheet.typed)]
    long = {
        item.name: column_formats.width(item, schema)
        for item in sheet.typed
        if column_formats.cell_format(item) == "long"
    }
    for number, row in enumerate(rows, 1):
        if unknown := row.keys() - sheet.by_name.keys():
            raise WritingError(f"{sheet.title}, row {number + 1}: no such field: {', '.join(sorted(unknown))}")
        lines = max((column_formats.lines(str(row.get(name) or ""), width) for name, width in long.items()), default=1)
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
    """What lights up and says the findings that 校验结果 lists."""
    place, last = len(sheet.typed), _last(rows)
    ws.set_column(place, place, column_formats.HINT_WIDTH, formats["hint"])
    _must(ws.write_string(0, place, HINT, formats["程序填写"]), sheet.title)
    _must(ws.data_validation(0, place, 0, place, column_formats.guard(HINT, f"{xl_col_to_name(place)}1")), sheet.title)
    for row in range(1, max(len(rows), result_sheet.SPARE_ROWS) + 1):
        # the blank makes it a text for readers that do not calculate; without one xlsxwriter says it is a number
        _must(ws.write_formula(row, place, mark_formulas.hint(sheet), formats["hint"], " "), sheet.title)
    for look in ("less", "lit"):
        rule = {"type": "formula", "criteria": mark_formulas.lit(sheet, look == "less"), "format": formats[look]}
        _must(ws.conditional_format(1, 0, last - 1, place - 1, rule | {"stop_if_true": True}), sheet.title)
    _must(ws.print_area(0, 0, 1_048_575, place - 1), sheet.title)


def _results(workbook: Workbook, formats: dict[str, Format]) -> None:
    """The empty worksheet 校验结果, ready for marking."""
    ws = workbook.add_worksheet(RESULTS)
    ws.set_row(0, 33)
    for column, item in enumerate(result_sheet.COLUMNS):
        style = "date" if item.name in ("since", "until") else "result"
        ws.set_column(column, column, item.width, formats[style], {"hidden": item.hidden})
        head = formats["选填" if item.own else "程序填写"]
        if item.name == "line":
            _must(ws.write_formula(0, column, mark_formulas.NEW_AT_EACH_OPENING, head, item.title), RESULTS)
        else:
            _must(ws.write_string(0, column, item.title, head), RESULTS)
    wide = [item.name for item in result_sheet.COLUMNS].index("cell")
    for look, formula in mark_formulas.told().items():
        rule = {"type": "formula", "criteria": formula, "format": formats[look]}
        _must(
            ws.conditional_format(
                1, 0, result_sheet.CAPACITY - 1, len(result_sheet.LISTED) if look == "copy" else wide, rule
            ),
            RESULTS,
        )
    ws.freeze_panes(1, 0)
    ws.autofilter(0, 0, result_sheet.CAPACITY - 1, len(result_sheet.COLUMNS) - 1)
    shown = [place for place, item in enumerate(result_sheet.COLUMNS) if not item.hidden]
    _must(ws.print_area(0, 0, 1_048_575, shown[-1]), RESULTS)
    _results_page(ws)
    for name, refers_to in result_sheet.ranges().items():
        _name(workbook, name, refers_to)


def findings_workbook(entries: Iterable[object]) -> bytes:
    """A workbook that only lists findings (objects with the attributes that result_sheet.COLUMNS names): for a file that cannot be marked."""
    workbook = NewWorkbook(
        f"控辍保学 {RESULTS}", {name: column_formats.FORMATS[name] for name in ("程序填写", "result")}
    )
    ws = workbook.add_worksheet(RESULTS)
    head, style = workbook.looks.values()
    shown = [column for column in result_sheet.COLUMNS if column.name in result_sheet.LISTED]
    for place, column in enumerate(shown):
        ws.set_column(place, place, column.width, style)
        _must(ws.write_string(0, place, column.title, head), RESULTS)
    for row, entry in enumerate(entries, start=1):
        ws.set_row(row, result_sheet.height(lambda name, entry=entry: getattr(entry, name, None)))
        for place, column in enumerate(shown):
            value = row if column.name == "number" else getattr(entry, column.name)
            _must(ws.write(row, place, value, style), f"{RESULTS}, row {row + 1}")
    ws.freeze_panes(1, 0)
    _results_page(ws)
    return workbook.data()


def _results_page(ws: Worksheet) -> None:
    ws.repeat_rows(0)
    ws.set_landscape()
    ws.fit_to_pages(1, 0)
    ws.set_footer(PAGE, MARGIN)
    _paper(ws)


def _page(ws: Worksheet, title: str, sheet: Sheet, schema: Schema) -> None:
    """What stays in sight when scrolling and printing: header row and identifying columns; A4 landscape."""
    kept = column_formats.frozen(sheet, schema)
    ws.freeze_panes(1, kept)
    ws.repeat_rows(0)
    ws.repeat_columns(0, kept - 1)
    ws.set_landscape()
    ws.fit_to_pages(column_formats.pages_wide(sheet, schema), 0)
    ws.set_header(HEADER.format(title=title), MARGIN)
    ws.set_footer(FOOTER, MARGIN)
    _paper(ws)


def _paper(ws: Worksheet) -> None:
    ws.set_paper(9)  # A4
    ws.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
    ws.center_horizontally()


def put_lists(workbook: Workbook, book: Book, rows: Rows, schema: Schema) -> None:
    """The veryHidden sheet 字典 with a column a list, and the named ranges over it and over sheets referred to."""
    ws = workbook.add_worksheet(LISTS)
    ws.very_hidden()
    for column, (name, values) in enumerate(column_formats.lists(book, schema).items()):
        letter = xl_col_to_name(column, col_abs=True)
        for row, value in enumerate((name, *values)):
            _must(ws.write(row, column, value), f"{LISTS} {name}")
        _name(workbook, name, f"={LISTS}!{letter}$2:{letter}${len(values) + 1}")
    for name, (sheet, item) in column_formats.targets(book).items():
        letter, place = xl_col_to_name(sheet.typed.index(item), col_abs=True), quote_sheetname(sheet.title)
        whole = f"{place}!{letter}$2:{letter}${_last(rows.get(sheet.name, ()))}"
        # only the filled rows: a drop-down opens at its first blank
        _name(workbook, name, f"={place}!{letter}$2:INDEX({whole},MAX(1,COUNTA({whole})))")


def _name(workbook: Workbook, name: str, refers_to: str) -> None:
    if not re.fullmatch(r"[^\W\d]\w*", name):
        raise WritingError(f"'{name}' cannot name a range: letters, Chinese characters, digits and _ only")
    _must(workbook.define_name(name, refers_to), name)


def _guide(ws: Worksheet, lines: Iterable[Line], formats: dict[str, Format]) -> None:
    ws.hide_gridlines(2)
    ws.set_tab_color(column_formats.FORMATS["必填"]["bg_color"])
    ws.set_portrait()
    ws.fit_to_pages(1, 0)
    ws.set_footer(PAGE, MARGIN)
    _paper(ws)
    final = len(WIDTHS) - 1
    for column, width in enumerate(WIDTHS):
        ws.set_column(column, column, width)
    for row, line in enumerate(lines):
        ws.set_row(row, line.height)
        for column, (text, style) in enumerate(zip(line.texts, line.styles, strict=True)):
            if column == len(line.texts) - 1 < final:
                _must(ws.merge_range(row, column, row, final, text, formats[style]), TITLE)
            else:
                _must(ws.write_string(row, column, text, formats[style]), TITLE)
        if line.link:
            target = f"internal:{quote_sheetname(line.link)}!A2"
            _must(ws.write_url(row, 0, target, formats[line.styles[0]], line.texts[0]), TITLE)
