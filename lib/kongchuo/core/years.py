"""The school year and its months, as text: 1 September to 31 August (domain.md 2.1). Knows nothing else."""

from __future__ import annotations

import datetime as dt
import re

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
YEAR = re.compile(r"20\d\d-20\d\d")


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
