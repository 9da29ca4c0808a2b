"""Which day the workbooks of a year have come to, and which of them must be there by then."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ...core import years
from ...core.schema import TERMS
from ...core.tables import Town
from ...field import asof, rolls

GAP = 5  # school days without any 日查 after which a day is looked at twice


def last_day(town: Town) -> dt.date:
    """The last day anybody counted heads, not later than today; today where nobody did.

    A slip of the pen must not move the whole town to another day: a day outside the term of its workbook does not count, nor
    does a day or two that lie beyond more than GAP school days without any 日查 and have fewer rows than a usual day.
    """
    today = dt.date.today()
    held = []
    for book in town.holding("daily"):
        if "daily" in book.tables:
            days = book.tables["daily"].frame["date"]
            start, end = term(book.name.removesuffix(".xlsx"), town) or (today, today)
            held.append(days[days.between(pd.Timestamp(start), pd.Timestamp(min(end, today)))])
    rows = pd.concat(held or [pd.Series(dtype="datetime64[us]")]).value_counts().sort_index()
    if rows.empty:
        return today
    taught = pd.DatetimeIndex(rolls.school_days(town))
    skipped = pd.Series(taught.searchsorted(rows.index, "left"), rows.index).diff() - 1
    while len(far := rows.index[skipped > GAP]) and rows[far[-1] :].sum() < max(rows.median(), 2):
        rows, skipped = (kept[kept.index < far[-1]] for kept in (rows, skipped))
    return rows.index[-1].date()


def horizon(town: Town, counted: dt.date) -> dt.date:
    """The last day on which anything can have happened when heads were last counted on `counted`.

    It is the day before the next school day (a weekend, a holiday; without another school day the end of the school year), and
    never later than today: where heads have been counted since, the data have come further.
    """
    following = next((day for day in rolls.school_days(town) if day > counted), None)
    last = following - dt.timedelta(days=1) if following else years.days_of(f"{town.year[5:]}-08")[1]
    return max(min(last, dt.date.today()), counted)


def without_future(town: Town, counted: dt.date) -> Town:
    """The town whose recorded dates beyond the horizon are unread cells with F30 (`field.asof`)."""
    ends = {one.term: one.end.date() for one in rolls.terms(town).itertuples()}
    return asof.without_future(town, horizon(town, counted), counted, ends)


def due(stem: str, town: Town, as_of: dt.date) -> bool:
    """Whether a workbook must be there by `as_of`: one of a term only once the term has begun."""
    days = term(stem, town)
    return days is None or days[0] <= as_of


def term(stem: str, town: Town) -> tuple[dt.date, dt.date] | None:
    """First and last day of the term in a workbook's name; by 学年学期, or September and March where that does not say."""
    named = next((one for one in TERMS if stem.endswith(f"_{one}")), None)
    if named is None:
        return None
    begins = [years.usual_begin(town.year, one) for one in TERMS] + [dt.date(int(town.year[5:]), 9, 1)]
    start, end = begins[TERMS.index(named) :][:2]
    frame = town["term"]
    rows = frame[(frame["school_year"] == town.year) & (frame["term"] == named)]
    return tuple(
        known.iloc[0].date() if len(known := rows[name].dropna()) else usual
        for name, usual in (("start", start), ("end", end))
    )
