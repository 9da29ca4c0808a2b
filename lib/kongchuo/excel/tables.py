"""Tables as workbooks: 附表 of a page, 核对结果 of a comparison, what a person chooses from, papers to print and to edit further."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from numbers import Real

from xlsxwriter.utility import quote_sheetname, xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ..core.places import LISTS
from ..core.schema import Book, Field, Schema, Sheet
from . import column_formats, writing

# --- 附表.xlsx: the tables of a page as worksheets, to sort, filter and reckon with; a list of them in front ----------
LIST = "目录"
TITLE_HEIGHT, LINE_HEIGHT = 26, 15  # points
SPARE = 2  # characters that fit less where the font is wider than Excel's
SHEET_NAME, FORBIDDEN = 31, re.compile(r"[][:*?/\\]")  # Excel's own limits for the name of a worksheet
WIDEST, NARROWEST, FILTER = 46, 8, 4  # characters of a column; what the arrow of the filter covers
_TOTAL = {**column_formats.FORMATS["text"], "bold": True, "bg_color": "#F2F2F2"}
ANNEX_FORMATS = {
    **{name: column_formats.FORMATS[name] for name in ("title", "text", "long", "number", "date", "link")},
    "head": column_formats.FORMATS["选填"],
    "rate": {**column_formats.FORMATS["number"], "num_format": "0.0%"},
    "total": _TOTAL,
    "total_number": {**_TOTAL, "num_format": "General"},
    "total_rate": {**_TOTAL, "num_format": "0.0%"},
}


@dataclass(frozen=True)
class AnnexSheet:
    """One table. Cells: text, numbers, dates, None. `total` is set off below; `rates`: the places of columns of shares (0 to 1)."""

    columns: tuple[str, ...]
    rows: tuple[tuple, ...]
    total: tuple = ()
    rates: frozenset[int] = frozenset()


def annex_bytes(title: str, sheets: Mapping[str, AnnexSheet]) -> bytes:
    """The workbook as bytes, the same for the same arguments; `sheets` by their headings, each at least one column wide."""
    workbook = writing.NewWorkbook(title, ANNEX_FORMATS)
    formats, front = workbook.looks, workbook.add_worksheet(LIST)
    front.write(0, 0, f"{title}　附表", formats["title"])
    front.set_row(0, TITLE_HEIGHT)
    _write(front, 1, ("序号", "表", "行数"), [formats["head"]] * 3)
    front.set_column(1, 1, 60)
    _annex_page(front)
    for number, (heading, sheet) in enumerate(sheets.items(), 1):
        # a name that Excel takes, and no other worksheet has
        name = f"{number} {FORBIDDEN.sub('', heading)}"[:SHEET_NAME].strip("' ")
        ws = workbook.add_worksheet(name)
        _annex_sheet(ws, heading, sheet, formats)
        front.write(number + 1, 0, number, formats["number"])
        front.write_url(number + 1, 1, f"internal:{quote_sheetname(ws.name)}!A1", formats["link"], heading)
        front.write(number + 1, 2, len(sheet.rows), formats["number"])
    return workbook.data()


def _annex_sheet(ws: Worksheet, heading: str, sheet: AnnexSheet, formats: dict) -> None:
    widths = [_width(title, [row[place] for row in sheet.rows]) for place, title in enumerate(sheet.columns)]
    ws.write(0, 0, heading, formats["title"])
    ws.set_row(0, TITLE_HEIGHT)
    _write(ws, 1, sheet.columns, [formats["head"]] * len(sheet.columns))
    for at, row in enumerate(sheet.rows, 2):
        long = [(text, width) for text, width in zip(row, widths, strict=True) if _kind(text, False) == "long"]
        if long:  # only Excel makes room for their lines by itself
            ws.set_row(at, LINE_HEIGHT * max(column_formats.lines(text, width - SPARE) for text, width in long))
        _write(ws, at, row, [formats[_kind(value, place in sheet.rates)] for place, value in enumerate(row)])
    last = max(len(sheet.rows) + 1, 2)
    ws.autofilter(1, 0, last, len(sheet.columns) - 1)
    if sheet.total:
        kinds = (_kind(value, place in sheet.rates) for place, value in enumerate(sheet.total))
        _write(ws, last + 1, sheet.total, [formats.get(f"total_{kind}", formats["total"]) for kind in kinds])
    for place, width in enumerate(widths):
        ws.set_column(place, place, width)
    ws.freeze_panes(2, 1)
    _annex_page(ws)


def _width(title: str, values: Sequence[object]) -> int:
    """As wide as the longest value, the title with its arrow at the least."""
    longest = max((column_formats.display_width(str(value)) for value in values if value is not None), default=0)
    return min(max(column_formats.display_width(title) + FILTER, longest + 2, NARROWEST), WIDEST)


def _annex_page(ws: Worksheet) -> None:
    """Lying A4, as wide as the table."""
    ws.set_landscape()
    ws.set_paper(9)
    ws.fit_to_pages(1, 0)
    ws.repeat_rows(1)
    ws.set_footer(writing.PAGE)


def _write(ws: Worksheet, at: int, row: Sequence, formats: Sequence) -> None:
    for place, (value, look) in enumerate(zip(row, formats, strict=True)):
        ws.write(at, place, value, look)


def _kind(value: object, rate: bool) -> str:
    """The name of its format."""
    if isinstance(value, dt.date):
        return "date"
    if isinstance(value, Real):
        return "rate" if rate else "number"
    return "long" if isinstance(value, str) and column_formats.display_width(value) > WIDEST else "text"


# --- 核对结果.xlsx: what comparing lists came to, for the clerk who follows it up ---------------------------------------
# Each row begins with the columns of 比对结果, in their order, so that a row that has been worked on can be pasted there.
TITLE = "核对结果"
SHEETS = {"review": "待核对", "alone": "只在一方", "agreed": "相符"}
MORE = (
    Field("outcome", "核对情况", width=12),
    Field("reason", "原因", width=18),
    Field("suggestion", "建议销号类型", width=22),
    Field("days", "已过天数", type="integer"),
    Field("other_name", "另一方姓名", format="person_name"),
    Field("left_place", "前一份在哪里", width=34),
    Field("left_tail", "前一份证件尾号", format="identifier", width=10),
    Field("right_place", "后一份在哪里", width=34),
    Field("right_tail", "后一份证件尾号", format="identifier", width=10),
    Field("where", "本镇登记", width=26),
)
STEPS = (
    "逐行打电话或入户核实，填“核查人”“核查结论”“佐证材料”；查清的再填“销号类型”“销号日期”。“建议销号类型”只是建议，以证明材料为准。",
    "填好的行，选中A列到J列复制，到“适龄儿童摸底”的“比对结果”表用“选择性粘贴—数值”接在最后一行后面。",
    "“待核对”是两边像是同一个孩子、又不完全一样的，程序不合并：确认是同一人的改正录错的一边，不是同一人的在结论里写明。",
    "“只在一方”是另一份名单里找不到的。“证件尾号”只列后4位；核对完整号码请看户口簿和原名单，不要把号码抄进这张表。",
    "“仅一方有”又没有别的说明的最要紧：可能就是没有上学的孩子，当天报中心学校。",
    "表里有学生个人信息，用完删除，不用微信、QQ 传送。",
)


def book(schema: Schema) -> Book:
    """The workbook as the schema would declare it; it is made and worked in, never read back."""
    columns = (*schema.sheets["match"].typed, *MORE)
    sheets = (Sheet(name, title, columns, labels=("name",)) for name, title in SHEETS.items())
    return Book("comparison", TITLE, "centre", tuple(sheets))


def comparison_bytes(
    rows: Mapping[str, Sequence[writing.Row]],
    summary: Sequence[str],
    meanings: Sequence[tuple[str, str, str]],
    schema: Schema,
) -> bytes:
    """The workbook as bytes, the same for the same arguments: `rows` by the names of SHEETS, `summary` sentences that say what was
    compared, `meanings` the reasons with what they mean and the 销号类型 they suggest.
    """
    declared, workbook = book(schema), writing.NewWorkbook(TITLE)
    writing.put_sheets(workbook, TITLE, declared, rows, schema, _told(summary, meanings))
    writing.put_lists(workbook, declared, rows, schema)
    return workbook.data()


def _told(summary: Sequence[str], meanings: Sequence[tuple[str, str, str]]) -> Iterator[writing.Line]:
    yield writing.Line((TITLE,), ("title",))
    for text in summary:
        yield writing.Line((text,), ("sentence",))
    yield writing.Line(("一、怎样用",), ("section",))
    for number, text in enumerate(STEPS, start=1):
        yield writing.Line((f"{number}. {text}",), ("sentence",))
    yield writing.Line(("二、原因是什么意思",), ("section",))
    yield writing.Line(("原因", "意思", "建议销号类型（以证明材料为准）"), ("选填",) * 3)
    for texts in meanings:
        yield writing.Line(texts, ("cell", "cell", "cell"))


# --- A table in which a person chooses, row by row ---------------------------------------------------------------------------
CHOICE_FORMATS = {name: column_formats.FORMATS[name] for name in ("text", "less", "sentence")} | {
    "head": column_formats.FORMATS["选填"]
}


def choices_bytes(
    title: str,
    said: str,
    columns: Mapping[str, int],
    rows: Iterable[tuple[Sequence[str], tuple[str, ...]]],
    doubtful: str,
) -> bytes:
    """The workbook as bytes: `columns` with their widths, `rows` their texts and what the last may be; lit where that begins `doubtful`."""
    workbook = writing.NewWorkbook(title, CHOICE_FORMATS)
    ws, formats, last, places = workbook.add_worksheet(title), workbook.looks, len(columns) - 1, {}
    ws.merge_range(0, 0, 0, last, said, formats["sentence"])
    ws.set_row(0, 16 * column_formats.lines(said, sum(columns.values())) + 4)
    _write(ws, 1, tuple(columns), [formats["head"]] * len(columns))
    for place, width in enumerate(columns.values()):
        ws.set_column(place, place, width, formats["text"])
    for at, (texts, choices) in enumerate(rows, 2):
        _write(ws, at, texts, [formats["text"]] * len(columns))
        if choices:
            letter = xl_col_to_name(places.setdefault(choices, len(places)), col_abs=True)
            source = f"={LISTS}!{letter}$1:{letter}${len(choices)}"
            ws.data_validation(at, last, at, last, {"validate": "list", "source": source})
        ws.conditional_format(
            at,
            last,
            at,
            last,
            {"type": "text", "criteria": "begins with", "value": doubtful, "format": formats["less"]},
        )
    lists = workbook.add_worksheet(LISTS)
    lists.very_hidden()
    for choices, place in places.items():
        lists.write_column(0, place, choices)
    ws.freeze_panes(2, 0)
    _annex_page(ws)
    return workbook.data()


# --- Tables to print and to edit further: a worksheet each, A4 lying, header on every page, page numbers, lines to sign on, seal ---
_FONT = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_CELL = {**_FONT, "border": 1, "align": "center", "text_wrap": True}
PRINTED_FORMATS = {
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
FONT_WIDTHS = (1, 1.2, 1.4)  # columns are measured by a digit of the machine's font: from Excel's to the widest seen


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
    workbook = writing.NewWorkbook(title, PRINTED_FORMATS)
    for grid in grids:
        _printed_sheet(workbook.add_worksheet(grid.title), grid, workbook.looks)
    return workbook.data()


def _printed_sheet(ws: Worksheet, grid: Grid, formats: dict) -> None:
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
    return reduce(lambda used, height: height if used + height > room else used + height, heights, 0.0)


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
        _write(ws, 2, [column.title for column in grid.columns], [look] * len(grid.columns))
        ws.set_row(2, 30)
        return 3
    ws.set_row(2, 18)
    ws.set_row(3, 34)
    place = 0
    for group, titles in grid.groups:
        down, until = 2 if titles else 3, place + max(len(titles), 1) - 1
        if (down, until) == (2, place):
            ws.write(2, place, group, look)
        else:
            ws.merge_range(2, place, down, until, group, look)
        for inside, title in enumerate(titles):
            ws.write(3, place + inside, title, look)
        place = until + 1
    return 4
