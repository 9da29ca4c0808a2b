"""The school year of the example township: terms, days off, which days are school days, and how far the records reach.

Pure dates; knows no pupil and no workbook. A Calendar is handed to whatever makes records: FIRST_TERM for a township that
stands at the end of January, WHOLE_YEAR for one that stands at the end of the school year.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

YEAR = "2023-2024"
DAY = dt.timedelta(days=1)
BASELINE, FREEZE = dt.date(2023, 9, 1), dt.date(2023, 9, 20)


def span(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from `first` to `last`, both included."""
    return [first + DAY * number for number in range((last - first).days + 1)]


# the working Sundays and Saturdays made up for the long holidays; the snow day is ours
OFF = dict.fromkeys(span(dt.date(2023, 9, 29), dt.date(2023, 10, 6)), "中秋国庆放假")
OFF |= {dt.date(2023, 12, 19): "暴雪停课", dt.date(2024, 1, 1): "元旦放假"}
OFF |= dict.fromkeys(span(dt.date(2024, 4, 4), dt.date(2024, 4, 6)), "清明放假")
OFF |= dict.fromkeys(span(dt.date(2024, 5, 1), dt.date(2024, 5, 5)), "劳动节放假")
OFF |= {dt.date(2024, 6, 10): "端午放假"}
MADE_UP = {dt.date(2023, 10, 7): "国庆调休上课", dt.date(2023, 10, 8): "国庆调休上课"}
MADE_UP |= {
    dt.date(2024, 4, 7): "清明调休上课",
    dt.date(2024, 4, 28): "劳动节调休上课",
    dt.date(2024, 5, 11): "劳动节调休上课",
}
SPRING_FESTIVAL = span(dt.date(2024, 2, 10), dt.date(2024, 2, 17))
WINTER = "寒假"


@dataclass(frozen=True)
class Term:
    """A term, and the months its schools check themselves in."""

    name: str
    start: dt.date
    end: dt.date
    months: tuple[str, ...]


AUTUMN = Term(
    "第一学期", dt.date(2023, 9, 1), dt.date(2024, 1, 26), ("2023-09", "2023-10", "2023-11", "2023-12", "2024-01")
)
SPRING = Term(
    "第二学期", dt.date(2024, 2, 26), dt.date(2024, 7, 5), ("2024-02", "2024-03", "2024-04", "2024-05", "2024-06")
)
NEXT_AUTUMN = Term("第一学期", dt.date(2024, 9, 1), dt.date(2025, 1, 24), ())  # of the year after


class Calendar:
    """The school days of one term, or of several in a row. Whatever is asked for beyond them stops at the last (or first) one."""

    def __init__(self, *terms: Term) -> None:
        self.terms = terms
        self.start, self.end = terms[0].start, terms[-1].end
        self.months = tuple(month for term in terms for month in term.months)
        self.school_days = [day for term in terms for day in span(term.start, term.end) if _taught(day)]
        # a Monday, or the first school day after any break: where W3 looks for absences
        later = {b for a, b in pairwise(self.school_days) if (b - a).days > 1 or b.weekday() == 0}
        self.after_break = frozenset(later | {self.start})

    @property
    def parts(self) -> list[Calendar]:
        """Each term as a calendar of its own."""
        return [Calendar(term) for term in self.terms]

    @property
    def is_whole(self) -> bool:
        """Whether it reaches to the end of the school year."""
        return self.terms[-1] is SPRING

    def term_of(self, day: dt.date) -> Term:
        """The term a day lies in; of a holiday, the term that follows."""
        return next((term for term in self.terms if day <= term.end), self.terms[-1])

    def is_school_day(self, day: dt.date) -> bool:
        """Whether the day is one of the school days."""
        place = bisect_left(self.school_days, day)
        return place < len(self.school_days) and self.school_days[place] == day

    def on_or_after(self, day: dt.date) -> dt.date:
        """The first school day not before `day`; the last one of all when there is none."""
        return self.school_days[min(bisect_left(self.school_days, day), len(self.school_days) - 1)]

    def on_or_before(self, day: dt.date) -> dt.date:
        """The last school day not after `day`; the first one of all when there is none."""
        return self.school_days[max(bisect_right(self.school_days, day) - 1, 0)]

    def shift(self, day: dt.date, number: int) -> dt.date:
        """The school day `number` school days after (before, when negative) a school day."""
        place = bisect_left(self.school_days, day) + number
        return self.school_days[min(max(place, 0), len(self.school_days) - 1)]

    def of_month(self, month: str) -> list[dt.date]:
        """The school days of a month written "2023-09"."""
        return [day for day in self.school_days if f"{day:%Y-%m}" == month]

    def between(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """The school days from `first` to `last`, both included."""
        return self.school_days[bisect_left(self.school_days, first) : bisect_right(self.school_days, last)]

    def decision(self, day: dt.date) -> dt.date:
        """The first day not before `day` on which a school can decide: a school day, or in the winter a day the office works."""
        while any(a.end < day < b.start for a, b in pairwise(self.terms)):
            if day not in SPRING_FESTIVAL and (day.weekday() < 5 or day - DAY in SPRING_FESTIVAL):
                return day
            day += DAY
        return self.on_or_after(day)

    def rows(self) -> list[dict]:
        """Rows of 教学日历: every day from the first to the last."""
        found = []
        for day in span(self.start, self.end):
            row = {"date": day, "is_school_day": self.is_school_day(day)}
            between = not any(term.start <= day <= term.end for term in self.terms)
            reason = OFF.get(day) or MADE_UP.get(day) or ("" if day.weekday() < 5 else "周末")
            reason = WINTER if between else reason
            found.append(row | ({"reason": reason} if reason else {}))
        return found


def _taught(day: dt.date) -> bool:
    """Whether there are lessons on a day of a term."""
    return day in MADE_UP or (day.weekday() < 5 and day not in OFF)


FIRST_TERM, WHOLE_YEAR = Calendar(AUTUMN), Calendar(AUTUMN, SPRING)

# The faults are planted in the first term, and speak of its days by these names.
TERM, START, END, MONTHS, SECOND_END = AUTUMN.name, AUTUMN.start, AUTUMN.end, AUTUMN.months, SPRING.end
SCHOOL_DAYS, AFTER_BREAK = FIRST_TERM.school_days, FIRST_TERM.after_break
is_school_day, on_or_after, on_or_before = FIRST_TERM.is_school_day, FIRST_TERM.on_or_after, FIRST_TERM.on_or_before
shift, of_month, between = FIRST_TERM.shift, FIRST_TERM.of_month, FIRST_TERM.between


def terms() -> list[dict]:
    """Rows of 学年学期: both terms, however far the records reach."""
    dates = {"school_year": YEAR, "baseline_date": BASELINE, "freeze_date": FREEZE}
    return [{**dates, "term": term.name, "start": term.start, "end": term.end} for term in (AUTUMN, SPRING)]
