"""The formulas that make the marks of a template: when a cell is lit and when it goes dark, what its row's hint says, how a finding stands.

The marks are formulas over 校验结果, so that putting findings into a workbook changes that worksheet alone. A cell lights up while
校验结果 lists its address, and it still holds what it held when it was found wrong, and its row is still the same row: a mended
cell goes dark at once, and a sorted row takes no mark along (reference excel.md 3.2).
"""

from collections.abc import Callable

from ..core.schema import Sheet
from ..core.workbooks import column_letters
from .result_sheet import BETWEEN, COPY, ERROR, GRAVE, LESS, LETTERS, LEVELS, MENDED, MOVED, OPEN

# of the header of the column 行: NOW makes what looks through the range new at each opening, even when no finding is left
NEW_AT_EACH_OPENING = '=IF(NOW()>0,"行","")'


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
