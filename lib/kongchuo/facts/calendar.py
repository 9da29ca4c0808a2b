"""Terms and school days, and counting time as a deadline does: in 上课日 (教学日历), 工作日 (national holidays and make-up days) or 自然日.

Pure. A limit of n days from a start is met on the n-th day of its unit after the start; the start itself never counts.
"""

import datetime as dt
import re
from functools import cache

import holidays
import numpy as np
import pandas as pd

from ..core.tables import Town, complete, of_year, once, yes
from ..core.years import TERMS

SCHOOL_DAY, WORKING_DAY, DAY = "上课日", "工作日", "自然日"


@once
def terms(town: Town) -> pd.DataFrame:
    """The terms of this school year that have both dates: term, start, end, in order."""
    frame = of_year(town, complete(town["term"], "term", "start", "end"))
    return frame.drop_duplicates("term").sort_values("start")


@once
def school_days(town: Town) -> list[dt.date]:
    """All school days of the year, in order: weekdays within a term, unless 教学日历 says otherwise; an entry always wins.

    A day whose entry cannot be read is no school day: nobody can be blamed for it.
    """
    entries = complete(town["calendar"], "date").drop_duplicates("date", keep="last")
    undated = int(town["calendar"]["date"].isna().sum())
    days = set(entries.loc[yes(entries["is_school_day"]), "date"])
    for start, end in terms(town)[["start", "end"]].itertuples(index=False):
        weekdays = set(pd.bdate_range(start, end)) - set(entries["date"])
        # where the calendar lists every day but for rows without a readable date, those rows are the days that are missing
        if len(weekdays) > undated:
            days |= weekdays
    return [day.date() for day in sorted(days)]


# --- counting ---------------------------------------------------------------------------------------------------------
def add(town: Town, start: pd.Series, number: int, unit: str) -> pd.Series:
    """The last day still in time, `number` units after each start; NaT without a start or past the known school days.

    Indexed as `start`. Raises KeyError for a unit there is not.
    """
    if unit == DAY:
        return start + pd.Timedelta(days=number)
    days = _days(town, unit)
    places = np.searchsorted(days, start.to_numpy("datetime64[D]"), side="right") + number - 1
    known = start.notna().to_numpy() & (places >= 0) & (places < len(days))
    due = np.full(len(start), np.datetime64("NaT"), "datetime64[us]")
    due[known] = days[places[known]]
    return pd.Series(due, start.index)


def elapsed(town: Town, start: pd.Series, end: pd.Series | dt.date | pd.Timestamp, unit: str) -> pd.Series:
    """How many units lie after each start up to and with its end (Int64); 0 where the end is not later; NA without a date."""
    end = end if isinstance(end, pd.Series) else pd.Series(pd.Timestamp(end), start.index)
    known = start.notna() & end.notna()
    if unit == DAY:
        number = (end - start).dt.days.astype("Int64")
    else:
        days = _days(town, unit)
        first, last = (np.searchsorted(days, one.to_numpy("datetime64[D]"), side="right") for one in (start, end))
        number = pd.Series(last - first, start.index).astype("Int64")
    return number.clip(lower=0).where(known)


def latest(town: Town, day: pd.Series, unit: str, before: int = 0) -> pd.Series:
    """The last day of a unit up to and with each day, or so many of them `before` it; NaT without a day or where none is known."""
    days = _days(town, unit)
    places = np.searchsorted(days, day.to_numpy("datetime64[D]"), side="right") - 1 - before
    known = day.notna().to_numpy() & (places >= 0)
    found = np.full(len(day), np.datetime64("NaT"), "datetime64[us]")
    found[known] = days[places[known]]
    return pd.Series(found, day.index)


def week_end(start: pd.Timestamp, number: int) -> pd.Timestamp:
    """The Sunday that closes the n-th week of a term. The first week is the first whole one: days before its Monday lead in."""
    return start + pd.Timedelta(days=-start.weekday() % 7 + 7 * number - 1)


@once
def _days(town: Town, unit: str) -> np.ndarray:
    """Every day of a unit. Working days of two years around the school year; a day of lessons is always worked, a day without
    (snow) may be.
    """
    days = school_days(town)
    if {SCHOOL_DAY: False, WORKING_DAY: True}[unit]:
        worked, other = _official(int(town.year[:4]))
        days = sorted(worked | (other & {*days}))
    return np.array(days, "datetime64[D]")


DECIDED = "教学日历已列出国务院安排的放假、调休日（没有公布的年份只有法定节日），逐天填“上课”，再添本镇自己的"
WINTER = ((1, 11), (2, 20))  # month and day: all schools are on winter vacation, whose days 教学日历 need not list


def begun(year: str) -> dict[str, list[dict[str, object]]]:
    """What 基础信息 of a new year begins with, by sheet: its two terms without dates, and the days to be decided."""
    return {"term": [{"school_year": year, "term": term} for term in TERMS], "calendar": departures(year)}


def departures(year: str) -> list[dict[str, object]]:
    """Rows of 教学日历 for the days of a school year on which the State Council's calendar departs from Monday to Friday.

    Whether there is school on each is left empty, for staff to say: until then F17 asks for it, and the day is no school day.
    Of a calendar year that is not published yet only the days that the law makes holidays are known.
    """
    first = int(year[:4])
    china = holidays.country_holidays("CN", years=range(first, first + 2), language="zh_CN")
    rows = []
    for day in pd.date_range(f"{first}-09-01", f"{first + 1}-07-15"):
        worked = china.is_working_day(day)
        if worked != (day.weekday() < 5) and not WINTER[0] <= (day.month, day.day) <= WINTER[1]:
            name = re.split(r"[(（]", china.get(day.date(), ""))[0]
            said = "调休上班" if worked else f"{'调休' if '休息日' in name else name}放假"
            rows.append({"date": day.date(), "reason": f"{said}（国务院安排）"})
    return rows


@cache
def _official(first: int) -> tuple[frozenset[dt.date], frozenset[dt.date]]:
    """The working days of the State Council's calendar, and the other days, around the school year that begins in `first`."""
    china = holidays.country_holidays("CN", years=range(first - 1, first + 3))
    days = frozenset(day.date() for day in pd.date_range(f"{first - 1}-09-01", f"{first + 2}-08-31"))
    worked = frozenset(day for day in days if china.is_working_day(day))
    return worked, days - worked
