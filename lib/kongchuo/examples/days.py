"""The school year of the example township: terms, the days off of autumn 2023, which days are school days.

Pure dates; knows no pupil and no workbook.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from itertools import pairwise

YEAR = "2023-2024"
TERM = "第一学期"
DAY = dt.timedelta(days=1)
BASELINE, FREEZE = dt.date(2023, 9, 1), dt.date(2023, 9, 20)
START, END = dt.date(2023, 9, 1), dt.date(2024, 1, 26)
SECOND_START, SECOND_END = dt.date(2024, 2, 26), dt.date(2024, 7, 5)
MONTHS = ("2023-09", "2023-10", "2023-11", "2023-12", "2024-01")


def span(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from `first` to `last`, both included."""
    return [first + DAY * number for number in range((last - first).days + 1)]


# 2023-10-07 and 10-08 were working days for the long holiday; the snow day is ours
OFF = dict.fromkeys(span(dt.date(2023, 9, 29), dt.date(2023, 10, 6)), "中秋国庆放假")
OFF |= {dt.date(2023, 12, 19): "暴雪停课", dt.date(2024, 1, 1): "元旦放假"}
MADE_UP = {dt.date(2023, 10, 7): "国庆调休上课", dt.date(2023, 10, 8): "国庆调休上课"}


def is_school_day(day: dt.date) -> bool:
    """Whether the day is one of the first term's school days."""
    return START <= day <= END and (day in MADE_UP or (day.weekday() < 5 and day not in OFF))


SCHOOL_DAYS: list[dt.date] = [day for day in span(START, END) if is_school_day(day)]
# a Monday, or the first school day after any break: where W3 looks for absences
AFTER_BREAK = frozenset(b for a, b in pairwise(SCHOOL_DAYS) if (b - a).days > 1 or b.weekday() == 0) | {START}


def on_or_after(day: dt.date) -> dt.date:
    """The first school day not before `day`; the last one of the term when there is none."""
    return SCHOOL_DAYS[min(bisect_left(SCHOOL_DAYS, day), len(SCHOOL_DAYS) - 1)]


def on_or_before(day: dt.date) -> dt.date:
    """The last school day not after `day`; the first one of the term when there is none."""
    return SCHOOL_DAYS[max(bisect_right(SCHOOL_DAYS, day) - 1, 0)]


def shift(day: dt.date, number: int) -> dt.date:
    """The school day `number` school days after (before, when negative) a school day, within the term."""
    place = bisect_left(SCHOOL_DAYS, day) + number
    return SCHOOL_DAYS[min(max(place, 0), len(SCHOOL_DAYS) - 1)]


def of_month(month: str) -> list[dt.date]:
    """The school days of a month written "2023-09"."""
    return [day for day in SCHOOL_DAYS if f"{day:%Y-%m}" == month]


def between(first: dt.date, last: dt.date) -> list[dt.date]:
    """The school days from `first` to `last`, both included."""
    return SCHOOL_DAYS[bisect_left(SCHOOL_DAYS, first) : bisect_right(SCHOOL_DAYS, last)]


def terms() -> list[dict]:
    """Rows of 学年学期."""
    dates = {"school_year": YEAR, "baseline_date": BASELINE, "freeze_date": FREEZE}
    return [
        {**dates, "term": TERM, "start": START, "end": END},
        {**dates, "term": "第二学期", "start": SECOND_START, "end": SECOND_END},
    ]


def calendar() -> list[dict]:
    """Rows of 教学日历: every day of the first term."""
    rows = []
    for day in span(START, END):
        row = {"date": day, "is_school_day": is_school_day(day)}
        reason = OFF.get(day) or MADE_UP.get(day) or ("" if day.weekday() < 5 else "周末")
        rows.append(row | ({"reason": reason} if reason else {}))
    return rows
