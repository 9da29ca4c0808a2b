"""Which day the workbooks of a year have come to, and which of them must be there by then."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ...core import years
from ...core.schema import TERMS
from ...core.tables import Workbook


def last_day(year: str, registry: Workbook, read: dict[str, Workbook]) -> dt.date:
    """The last day anybody counted heads, not later than today; today where nobody did.

    A day outside the term of its workbook is a slip of the pen, and must not move the whole town to another term.
    """
    today = dt.date.today()
    held = []
    for name, book in read.items():
        if "daily" in book.tables:
            days = book.tables["daily"].frame["date"]
            start, end = term(name, year, registry) or (today, today)
            held.append(days[days.between(pd.Timestamp(start), pd.Timestamp(min(end, today)))].max())
    held = [last for last in held if not pd.isna(last)]
    return max(held).date() if held else today


def due(stem: str, year: str, registry: Workbook, as_of: dt.date) -> bool:
    """Whether a workbook must be there by `as_of`: one of a term only once the term has begun."""
    days = term(stem, year, registry)
    return days is None or days[0] <= as_of


def term(stem: str, year: str, registry: Workbook) -> tuple[dt.date, dt.date] | None:
    """First and last day of the term in a workbook's name; by 学年学期, or September and March where that does not say."""
    named = next((one for one in TERMS if stem.endswith(f"_{one}")), None)
    if named is None:
        return None
    begins = [years.usual_begin(year, one) for one in TERMS] + [dt.date(int(year[5:]), 9, 1)]
    start, end = begins[TERMS.index(named) :][:2]
    if "term" in registry.tables:
        frame = registry.tables["term"].frame
        rows = frame[(frame["school_year"] == year) & (frame["term"] == named)]
        start, end = (
            known.iloc[0].date() if len(known := rows[name].dropna()) else usual
            for name, usual in (("start", start), ("end", end))
        )
    return start, end
