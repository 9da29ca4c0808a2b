"""The worksheet 校验结果 and what makes marks of it: one conditional format and one hint column in each sheet of a template.

The marks are formulas over 校验结果, so that putting findings into a workbook changes that worksheet alone. A cell lights up while
校验结果 lists its address, and it still holds what it held when it was found wrong, and its row is still the same row: a mended
cell goes dark at once, and a sorted row takes no mark along. Here is the design; marking fills it (reference excel.md 3.2).
"""

from collections.abc import Callable
from dataclasses import dataclass

from ..core import findings
from ..core.places import RESULTS
from ..core.schema import Sheet
from ..core.workbooks import column_letters
from . import column_formats

CAPACITY = 3000  # lines of 校验结果 that the marks look through
MOST = CAPACITY - 2  # findings that it lists: without its header, and the line that says how many more there are
SPARE_ROWS = 20  # rows of a new sheet that have the hint's formula; Excel gives it to each row typed below
ERROR = "#"  # stands for what a cell holds that shows an error
BETWEEN = "¦"  # between what a cell holds and what identifies its row; nobody types it


LEVELS = "校验_级别"  # a workbook made from an earlier template lacks it: there all marks are red


@dataclass(frozen=True)
class Column:
    """A column of 校验结果. `named`: the range name the marks know it by; `own`: people type in it."""

    name: str
    title: str
    width: int
    named: str = ""
    hidden: bool = False
    own: bool = False


COLUMNS = (
    Column("number", "序号", 6),
    Column("severity", "级别", 7, LEVELS),
    Column("rule", "编号", 7),
    Column("sheet", "工作表", 16),
    Column("cell", "单元格", 9),
    Column("message", "问题", 46),
    Column("fix", "怎样改", 46),
    Column("who", "谁来改", 14),
    Column("state", "状态", 10),
    Column("since", "首次发现", 12),
    Column("reason", "豁免理由", 24, own=True),
    Column("asked_by", "申请人", 10, own=True),
    Column("confirmed", "校长确认", 10, own=True),
    Column("until", "豁免至", 12, own=True),
    Column("identity", "标识", 12, hidden=True),
    Column("place", "定位", 12, "校验_定位", hidden=True),
    Column("held", "原值", 12, "校验_原值", hidden=True),
    Column("line", "行", 12, "校验_行", hidden=True),
    Column("hint", "提示", 12, "校验_提示", hidden=True),
)
LISTED = ("number", "severity", "rule", "sheet", "cell", "message", "fix", "who")  # what a list without marks shows
LETTERS = {column.name: column_letters(place) for place, column in enumerate(COLUMNS, 1)}
GRAVE, LESS = (findings.SEVERITIES[one] for one in (findings.ERROR, findings.WARNING))
OPEN, MENDED, MOVED, WAIVED, UNJUDGED, GONE = "待改", "已改", "行已移动", "已豁免", "尚未判定", "已改好"
COPY = "副本"  # in the place of the severity: what says that this is not the workbook to be mended
UNDER = "先改原因"  # what only follows from a mistake in another workbook


def height(value: Callable[[str], object]) -> int:
    """How high a line must be, in points, to show its wrapped texts; WPS and LibreOffice do not find out by themselves.

    `value` gives what stands in a column, by the column's name.
    """
    shown = ((column, value(column.name)) for column in COLUMNS if not column.hidden)
    # with some room to spare: where 宋体 is not there, another font is wider
    wrapped = (column_formats.lines(text, int(column.width * 0.92)) for column, text in shown if isinstance(text, str))
    return 15 * min(max(wrapped, default=1), 20)


def ranges() -> dict[str, str]:
    """The named ranges over 校验结果 that the marks look through. The header is in them: it is the line that is always there."""
    return {
        column.named: f"={RESULTS}!${letter}$1:${letter}${CAPACITY}"
        for column in COLUMNS
        if column.named and (letter := LETTERS[column.name])
    }


def _text(reference: str) -> str:
    """Excel formula (without =) for what a cell holds as text; a cell that shows an error still is something."""
    return f'IFERROR({reference}&"","{ERROR}")'


def held(sheet: Sheet, cell: str, reference: Callable[[str], str]) -> str:
    """Excel formula (without =) for what a cell holds and what identifies its row; `reference` makes one of letters."""
    return f'&"{BETWEEN}"&'.join(_text(one) for one in (cell, *(reference(letter) for letter in key_letters(sheet))))


def key_letters(sheet: Sheet) -> list[str]:
    """The columns that tell whether a row is still the same row: its key, without one the first column."""
    names = [item.name for item in sheet.typed]
    return [column_letters(names.index(name) + 1) for name in sheet.primary_key or names[:1]]


def lit(sheet: Sheet, less: bool = False) -> str:
    """The conditional format's formula for the cell A2, to hold over all data cells of a sheet; `less`: for what is no error."""
    line = f'MATCH("{sheet.title}!"&ADDRESS(ROW(),COLUMN(),4),校验_定位,0)'
    now = held(sheet, "A2", lambda letter: f"${letter}2")
    still = f"EXACT(INDEX(校验_原值,{line}),{now})"
    return f'=IFERROR(AND({still},INDEX({LEVELS},{line})<>"{GRAVE}"),FALSE)' if less else f"=IFERROR({still},FALSE)"


def told() -> dict[str, str]:
    """How a line of 校验结果 looks, by the name of a format: the conditional format's formula for row 2."""
    level, state = (f"${LETTERS[name]}2" for name in ("severity", "state"))
    still = {
        name: f'=AND({level}="{severity}",{state}="{OPEN}")' for name, severity in (("lit", GRAVE), ("less", LESS))
    }
    return still | {"copy": f'={level}="{COPY}"'}


def hint(sheet: Sheet) -> str:
    """The formula of the hint column, the same in every row."""
    return f'=IFERROR(INDEX(校验_提示,MATCH("{sheet.title}!"&ROW(),校验_行,0)),"")'


def always() -> dict[str, str]:
    """Formulas of header cells: NOW makes what looks through the range new at each opening, even when no finding is left."""
    return {"line": '=IF(NOW()>0,"行","")'}


def _quoted(title: str) -> str:
    from xlsxwriter.utility import quote_sheetname  # of a writer, which who only checks does not need

    return quote_sheetname(title)


def state(sheet: Sheet, letters: str, row: int, line: int) -> str:
    """The formula of 状态 in a line of 校验结果, for a finding at a cell. INDIRECT: no sorting, no inserted row moves it."""

    def there(letter: str) -> str:
        return f'INDIRECT("{_quoted(sheet.title)}!{letter}{row}")'

    was, found = f"{LETTERS['held']}{line}", f'FIND("{BETWEEN}",{LETTERS["held"]}{line})'
    key = f'&"{BETWEEN}"&'.join(_text(there(letter)) for letter in key_letters(sheet))
    same_row = f"EXACT({key},MID({was},{found}+1,9999))"
    return f'=IF(EXACT({held(sheet, there(letters), there)},{was}),"{OPEN}",IF({same_row},"{MENDED}","{MOVED}"))'


def state_of(title: str, cell: str, line: int) -> str:
    """The same for a cell of any worksheet, of which it is not known what identifies a row."""
    there = f"{_quoted(title)}!{cell}".replace('"', '""')
    now = _text(f'INDIRECT("{there}")')
    return f'=IF(EXACT({now},{LETTERS["held"]}{line}),"{OPEN}","{MENDED}")'
