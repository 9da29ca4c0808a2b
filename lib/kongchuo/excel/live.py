"""A workbook that stands open in Excel: what its cells hold now, unsaved edits included, and the marks of a plan put into it.

Through xlwings' open-source part, so Microsoft Excel on Windows and macOS only, and nothing is saved: that is the clerk's to do.
What stands on 校验结果 afterwards is what `marking.fill` puts into a file, by the same lines.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import xlwings as xw

from ..core.cells import EPOCH, ERRORS
from ..core.findings import UserError
from ..core.places import RESULTS
from ..core.schema import Book
from ..core.sheets import Grid, Range
from . import marking, parts, result_lines, result_sheet
from .marking_plan import Plan
from .package_guard import MAX_AREA

OpenBook = xw.Book
Grids = Mapping[str, Grid]  # the cells of each worksheet by its title
WITHOUT = "用 WPS 或没有 Excel 的，请保存后双击“校验.bat”（或运行 kongchuo mark），看标好的副本"
_REFUSING = ("com_error", "CommandError")  # of the bridges to Excel on Windows and macOS, not here to import


@contextmanager
def asking() -> Iterator[None]:
    """What Excel refuses becomes a UserError; our own faults pass as they are."""
    try:
        yield
    except xw.XlwingsError as error:
        raise UserError(f"找不到打开的 Excel。请先在 Microsoft Excel 里打开要校验的工作簿；{WITHOUT}。") from error
    except Exception as error:
        if type(error).__name__ not in _REFUSING:
            raise
        raise UserError(
            "Excel 没有接受。请按回车结束正在录入的单元格，关掉 Excel 里打开的对话框，撤销“校验结果”的工作表保护，再试一次。"
        ) from error


def attach(name: str = "") -> OpenBook:
    """The open workbook with that full name, by default the one in front. Raises UserError, also for WPS."""
    with asking():
        every = [book for app in xw.apps for book in app.books]
        named = (book for book in every if Path(book.fullname) == Path(name))
        book = next(named, None) if name else xw.books.active if every else None
        if book is None:
            raise UserError(f"{f'“{name}”' if name else '工作簿'}没有在 Excel 里打开，请先打开它。")
        where = str(getattr(book.app.api, "Path", "")).casefold()  # WPS answers to Excel's name, but not to all asked
    if "wps" in where or "kingsoft" in where:
        raise UserError(f"这是 WPS 表格，不能在里面直接标记。{WITHOUT}。")
    return book


def grids(book: OpenBook) -> dict[str, Grid]:
    """The cells of each worksheet as they stand now. Hidden rows and filters are not asked for."""
    found = {}
    for sheet in book.sheets:
        last = sheet.used_range.last_cell
        if last.row * last.column > MAX_AREA:
            raise UserError(f"工作表“{sheet.name}”有单元格远在数据之外（第{last.row}行），请删去那些行再试。")
        used = sheet.range((1, 1), (last.row, last.column))
        values = used.options(ndim=2, empty="", err_to_str=True).value
        found[sheet.name] = Grid([[_raw(value) for value in row] for row in values], 1, tuple(_merged(used)))
    return found


def _raw(value: object) -> object:
    """A value as the reader of files gives it: Excel makes a day of 1899 of a time, and a Decimal of an amount of money."""
    if isinstance(value, dt.datetime) and value.year < EPOCH.year + 1:
        return value.time()
    return float(value) if isinstance(value, Decimal) else value


def _merged(cells: xw.Range) -> Iterator[Range]:
    """The merged ranges. Excel says of a whole range whether there is any in it, so only what holds one is halved."""
    if cells.merge_cells is False:
        return
    rows, columns = cells.shape
    if rows * columns > 1:
        row, column = (rows // 2, columns) if rows > 1 else (rows, columns // 2)
        yield from _merged(cells[:row, :column])
        yield from _merged(cells[row:, :] if rows > 1 else cells[:, column:])
    elif (area := cells.merge_area).address != cells.address and (area.row, area.column) == (cells.row, cells.column):
        yield area.row, area.column, area.last_cell.row, area.last_cell.column


def listed(cells: Grids) -> list[dict[str, object]]:
    """The lines that stand on 校验结果 (see result_lines.read)."""
    return list(result_lines.recalled(dict(enumerate(map(_text, row))) for row in cells[RESULTS].rows))


def _text(value: object) -> parts.Cell:
    """What `cell&""` gives in Excel, as `parts.Cells` says of a file's cells."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.time):
        value = dt.datetime.combine(EPOCH, value)
    if isinstance(value, dt.datetime):
        value = (value - dt.datetime.combine(EPOCH, dt.time())) / dt.timedelta(days=1)
    if isinstance(value, int | float):
        return parts.number(float(value))
    return result_sheet.ERROR if value in ERRORS else str(value)


def is_ours(book: OpenBook, cells: Grids, declared: Book) -> bool:
    """Whether the workbook is made from our template, so that lines on 校验结果 are marks in it."""
    if RESULTS not in cells:
        return False
    names = {
        name for name in result_sheet.ranges() if book.names.contains(name) and RESULTS in book.names(name).refers_to
    }
    return marking.ours(cells, names, cells[RESULTS].rows[0], declared)


def show(book: OpenBook, plan: Plan, cells: Grids, declared: Book) -> None:
    """Put the plan on 校验结果 in place of what stood there; an empty plan clears the marks."""

    def text(title: str, address: str) -> parts.Cell:
        row, column = parts.split(address)
        rows = cells[title].rows if title in cells else ()
        return _text(rows[row - 1][column - 1]) if row <= len(rows) and column <= len(rows[0]) else ""

    lines = marking.lines(plan, declared, text, listed(cells))
    sheet, width = book.sheets[RESULTS], len(result_sheet.COLUMNS)
    below = sheet.range((2, 1), (max(result_sheet.CAPACITY, len(cells[RESULTS].rows)), width))
    with book.app.properties(screen_updating=False):
        _unfiltered(sheet)
        below.clear_contents()
        if lines:
            sheet.range((2, 1), (len(lines) + 1, width)).value = [
                [_typed(column.name, line) for column in result_sheet.COLUMNS] for line in lines
            ]


def _unfiltered(sheet: xw.Sheet) -> None:
    """Show all lines, since Excel empties only those in sight, and take old links away. xlwings has no words for it: Windows only."""
    if getattr(sheet.api, "FilterMode", False):
        sheet.api.ShowAllData()
    if hasattr(sheet.api, "Hyperlinks"):
        letter = result_sheet.LETTERS["cell"]
        sheet.api.Range(f"{letter}2:{letter}{result_sheet.CAPACITY}").ClearHyperlinks()


def _typed(name: str, line: result_lines.Line) -> object:
    """A value as it is typed: a text behind an apostrophe, or Excel would make dates, numbers and formulas of some."""
    value = line.values.get(name, "")
    if name == "cell" and value:
        return f'=HYPERLINK("#{result_lines.place(line.entry)}","{value}")'
    if isinstance(value, tuple):
        return f"={value[0]}"
    return f"'{value}" if isinstance(value, str) and value else value or None
