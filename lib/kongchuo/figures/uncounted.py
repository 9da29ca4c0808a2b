"""Which rows of a sheet no count of a scope's days takes in, whatever it counts: one table for the pages and the papers.

Figures with a numerator and denominator say it of themselves (Ratio.uncounted). An entry of a ledger whose day cannot be read
is never dropped: it counts as on hand (flows.misdated). Knows no files.
"""

from collections.abc import Callable

import pandas as pd

from . import attendance
from .base import by_school
from .flows import misdated, of_unknown_state, uncounted_changes
from .scopes import KEYS, Scope
from .selfcheck import problems


def _absences(scope: Scope) -> pd.DataFrame:
    rows = scope.rows("absence")
    return rows[scope.dateless("absence") | (scope.in_days(rows["date"]) & rows["kind"].isna())]


def _visits(column: str) -> Callable[[Scope], pd.DataFrame]:
    """Those of the days that do not say what `column` asks (方式, 结果): they count as visits, and in no count by it."""
    return lambda scope: scope.rows("visit").loc[lambda rows: scope.in_days(rows["date"]) & rows[column].isna()]


def _calls(scope: Scope) -> pd.DataFrame:
    """缺勤明细 of the days of which nobody can read whether somebody went there."""
    rows = scope.rows("absence")
    return rows[scope.in_days(rows["date"]) & ~scope.told(rows, "absence", "visited")]


def _empty(sheet: str, *columns: str) -> Callable[[Scope], pd.DataFrame]:
    return lambda scope: scope.rows(sheet).loc[lambda rows: rows[list(columns)].isna().any(axis=1)]


COUNTED_AS_OPEN = ("suspected", "dropout", "watch")
BY_SHEET: dict[str, Callable[[Scope], pd.DataFrame]] = {
    "absence": _absences,
    "baseline": _empty("baseline", "base_state"),
    "change": uncounted_changes,
    "daily": lambda scope: attendance.rate(scope).uncounted,
    "issue": lambda scope: problems(scope)[1],
    "rollcall": _empty("rollcall", "term", "round"),
    "roster": of_unknown_state,
    "selfcheck": _empty("selfcheck", "month"),
    # of a column: what of the sheet's counts only those by this column leave out
    "absence.visited": _calls,
    "visit.mode": _visits("mode"),
    "visit.result": _visits("result"),
}


@by_school
def rows(scope: Scope, sheet: str) -> pd.DataFrame:
    """KEYS of the rows of a sheet of the scope that nobody can count: their day, kind or state is empty or cannot be read.

    Of "sheet.column" (one of BY_SHEET) the rows that only counts by that column leave out.
    """
    found = BY_SHEET[sheet](scope) if sheet in BY_SHEET else scope.undated(sheet)
    return found[KEYS]


def _title(scope: Scope, name: str) -> str:
    sheet, _, column = name.partition(".")
    form = scope.town.schema.sheets[sheet]
    return f"{form.title}（{form.by_name[column].title}）" if column else form.title


def said(scope: Scope, *sheets: str) -> str:
    """In words, how many rows of these sheets are in no count, and how many cases count as on hand as nobody can tell their day."""
    titles, words = {name: _title(scope, name) for name in sheets}, []
    lost = {name: len(rows(scope, name)) for name in sheets if name not in COUNTED_AS_OPEN}
    if any(lost.values()):
        named = "、".join(f"“{titles[name]}”{number}行" for name, number in lost.items() if number)
        words.append(f"另有{named}日期、类别等空着或有误，未计入")
    open_ = {name: misdated(scope, scope.rows(name), name) for name in sheets if name in COUNTED_AS_OPEN}
    if any(open_.values()):
        named = "、".join(f"“{titles[name]}”{number}行" for name, number in open_.items() if number)
        words.append(f"{named}日期空着或有误，按在册计")
    return "；".join(words)
