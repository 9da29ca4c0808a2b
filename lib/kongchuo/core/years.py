"""The school year and its periods, as text: 1 September to 31 August (domain.md 2.1). Knows nothing else.

A period is what a report is for: a month 2023-10, a round of inspection 2023-2024-1-2 (school year, term, round), a school
year 2023-2024.
"""

import datetime as dt
import re
from dataclasses import dataclass

FIRST, LAST = dt.date(2005, 1, 1), dt.date(2040, 12, 31)  # of the days that a cell may hold (F09, domain.md 3.1)
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
ROUND = re.compile(r"(20\d\d-20\d\d)-([12])-([12])")
YEAR = re.compile(r"20\d\d-20\d\d")

# Every kind of period: the parameter of a notebook that names it -> its form, an example, what a page calls it
KINDS = {
    "month": (MONTH, "2023-10", "月份"),
    "round": (ROUND, "2023-2024-1-2", "督查轮次"),
    "year": (YEAR, "2023-2024", "学年"),
}
TAUGHT = ("09", "10", "11", "12", "01", "02", "03", "04", "05", "06")  # the ten months a school checks itself in
SUMMER = "暑假"  # after a school year: its other two
TERMS = ("第一学期", "第二学期")
ROUNDS = ("第一轮", "第二轮")
# The month (of the second calendar year: True) by the end of which a round is over, by term and round; the day it was held on
# stands in 督查评分
ROUND_ENDS = {"1-1": ("10", False), "1-2": ("01", True), "2-1": ("04", True), "2-2": ("07", True)}


@dataclass(frozen=True)
class Period:
    """What a report is for; `kind` is a key of KINDS, `key` how parameter files and folders write it."""

    kind: str
    key: str

    @property
    def year(self) -> str:
        """The school year it lies in."""
        return year_of(self.key) if self.kind == "month" else self.key[:9]

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """The first and the last day; a round's: from the term's beginning to the end of the month it is over by."""
        if self.kind == "month":
            return days_of(self.key)
        first, second = self.key[:4], self.key[5:9]
        if self.kind == "year":
            return dt.date(int(first), 9, 1), dt.date(int(second), 8, 31)
        month, later = ROUND_ENDS[self.key[10:]]
        start = dt.date(int(first), 9, 1) if self.key[10] == "1" else dt.date(int(second), 2, 1)
        return start, days_of(f"{second if later else first}-{month}")[1]

    def taught(self) -> bool:
        """Whether schools check themselves in it: not in a month of summer."""
        return self.kind != "month" or self.key[5:] in TAUGHT

    @property
    def order(self) -> tuple[dt.date, str]:
        """What periods of all kinds are sorted by: the last day first."""
        return self.days[1], self.key

    @property
    def label(self) -> str:
        """2023年10月, 2023-2024学年第一学期第二轮, 2023-2024学年."""
        if self.kind == "month":
            return f"{self.key[:4]}年{int(self.key[5:])}月"
        return f"{self.year}学年{self.short if self.kind == 'round' else ''}"

    @property
    def short(self) -> str:
        """The label where the school year is known: 第一学期第二轮; a month and a year as they are written."""
        if self.kind != "round":
            return self.key
        _, term, number = ROUND.fullmatch(self.key).groups()
        return TERMS[int(term) - 1] + ROUNDS[int(number) - 1]


def period(text: str) -> Period | None:
    """The period a text names, of whichever kind; None where it names none (2023-2025 is no school year)."""
    for kind, (form, _, _) in KINDS.items():
        if form.fullmatch(text) and (kind == "month" or int(text[5:9]) == int(text[:4]) + 1):
            return Period(kind, text)
    return None


def periods(kind: str, text: str, until: dt.date) -> tuple[Period, ...]:
    """The periods of a kind that a text names: 2023-10, several joined by commas, or a school year for all that
    have begun, the two months of summer left out; those two alone for 2023-2024暑假.

    Raises ValueError with the part that names none.
    """
    found: dict[Period, None] = {}
    for part in filter(None, re.split(r"[,，、\s]+", text)):
        name = part.removesuffix(SUMMER)
        named, summer = period(name), name != part
        if named is None or named.kind not in (kind, "year") or (summer and (kind, named.kind) != ("month", "year")):
            raise ValueError(part)
        own = [named] if named.kind == kind else begun(kind, name, until)
        found |= dict.fromkeys(one for one in own if named.kind == kind or one.taught() is not summer)
    if not found:
        raise ValueError(text)
    return tuple(found)


def begun(kind: str, year: str, until: dt.date) -> tuple[Period, ...]:
    """The periods of a kind in a school year that have begun by a day, in their order."""
    if kind == "year":
        return (Period(kind, year),)
    if kind == "round":
        found = [Period(kind, f"{year}-{name}") for name in ROUND_ENDS]
        return tuple(one for one in found if one.days[1].replace(day=1) <= until)
    return tuple(Period(kind, name) for name in months_of(year, until)[::-1])


def usual_begin(year: str, term: str) -> dt.date:
    """The day a term begins where 学年学期 does not say: 1 September, 1 March."""
    return dt.date(int(year[:4]), 9, 1) if term == TERMS[0] else dt.date(int(year[5:]), 3, 1)


def year_of(month: str) -> str:
    """The school year a month lies in: 2023-10 -> 2023-2024, 2024-03 -> 2023-2024."""
    first = int(month[:4]) - (int(month[5:7]) < 9)
    return f"{first}-{first + 1}"


def before(year: str) -> str:
    """The school year before: 2023-2024 -> 2022-2023."""
    return f"{int(year[:4]) - 1}-{year[:4]}"


def months_of(year: str, until: dt.date) -> tuple[str, ...]:
    """The months of a school year that have begun by a day, newest first."""
    first = int(year[:4])
    months = [f"{first + (number > 12)}-{(number - 1) % 12 + 1:02}" for number in range(9, 21)]
    return tuple(month for month in reversed(months) if month <= f"{until:%Y-%m}")


def days_of(month: str) -> tuple[dt.date, dt.date]:
    """The first and the last day of a month."""
    start = dt.date.fromisoformat(f"{month}-01")
    return start, (start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
