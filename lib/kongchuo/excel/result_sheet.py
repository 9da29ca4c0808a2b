"""The worksheet 校验结果: its columns, the names of ranges over it, and how high its lines are. Here is the design; marking fills it."""

from collections.abc import Callable
from dataclasses import dataclass

from ..core import findings
from ..core.places import RESULTS
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
