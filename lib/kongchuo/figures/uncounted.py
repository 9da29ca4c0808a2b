"""Which rows of a sheet no count of a scope's days takes in, whatever it counts: one table for the pages and the papers.

Figures with a numerator and denominator say it of themselves (Ratio.uncounted). An entry of a ledger whose day cannot be read
is never dropped: it counts as on hand (flows.misdated). Knows no files.
"""

from collections.abc import Callable

import pandas as pd

from . import attendance
from .flows import misdated, of_unknown_state, uncounted_changes
from .scopes import KEYS, Scope
from .selfcheck import problems


def _absences(scope: Scope) -> pd.DataFrame:
    rows = scope.rows("absence")
    return rows[scope.dateless("absence") | (scope.in_days(rows["date"]) & rows["kind"].isna())]


def _empty(sheet: str, *columns: str) -> Callable[[Scope], pd.DataFrame]:
    return lambda scope: scope.rows(sheet).loc[lambda rows: rows[list(columns)].isna().any(axis=1)]


COUNTED_AS_OPEN = ("suspected", "dropout", "watch")
BY_SHEET: dict[str, Callable[[Scope], pd.DataFrame]] = {
    "absence": _absences,
    "baseline": _empty("baseline", "base_state"),
    "change": uncounted_changes,
    "daily": lambda scope: attendance(scope).uncounted,
    "issue": lambda scope: problems(scope)[1],
    "rollcall": _empty("rollcall", "term", "round"),
    "roster": of_unknown_state,
    "selfcheck": _empty("selfcheck", "month"),
}


def rows(scope: Scope, sheet: str) -> pd.DataFrame:
    """KEYS of the rows of a sheet of the scope that nobody can count: their day, kind or state is empty or cannot be read."""
    found = BY_SHEET[sheet](scope) if sheet in BY_SHEET else scope.undated(sheet)
    return found[KEYS]


def said(scope: Scope, *sheets: str) -> str:
    """In words, how many rows of these sheets are in no count, and how many cases count as on hand as nobody can tell their day."""
    titles, words = {name: form.title for name, form in scope.town.schema.sheets.items()}, []
    lost = {name: len(rows(scope, name)) for name in sheets if name not in COUNTED_AS_OPEN}
    if any(lost.values()):
        named = "、".join(f"“{titles[name]}”{number}行" for name, number in lost.items() if number)
        words.append(f"另有{named}日期、类别等空着或有误，未计入")
    open_ = {name: misdated(scope, scope.rows(name), name) for name in sheets if name in COUNTED_AS_OPEN}
    if any(open_.values()):
        named = "、".join(f"“{titles[name]}”{number}行" for name, number in open_.items() if number)
        words.append(f"{named}日期空着或有误，按在册计")
    return "；".join(words)
