"""A view of one month, which most figures are counted over."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from pathlib import Path

import pandas as pd

from ..core import editions, years
from ..core.editions import INTERNAL
from ..core.findings import UserError
from ..field import rolls
from ..measures.flows import month_flow, school_days
from .views import View, find_school, open_town, records


class Month(View):
    """A View of a month; its figures stand as of the month's last day, or today."""

    @property
    def month(self) -> str:
        """The month as the sheets write it: 2023-10."""
        return self.period

    @cached_property
    def flow(self) -> pd.DataFrame:
        """flows.month_flow of the scope; three sections and the footer use it."""
        return month_flow(self.scope)

    @cached_property
    def no_lessons(self) -> str:
        """That no day of the month up to its end is a school day, in words; "" where one is, or nobody knows which are."""
        if school_days(self.scope) or not rolls.school_days(self.town):
            return ""
        return f"{self.start:%Y-%m-%d} 至 {self.end:%Y-%m-%d} 没有上课日（按学年学期、教学日历），是假期。"


def open_month(school: str, month: str, workbooks: str | Path = "", edition: str = INTERNAL) -> Month:
    """Open one month ("2023-10") of a school (full name, code or usual name; "all": the town) from the shared folder.

    `workbooks` empty: the environment variable KONGCHUO_WORKBOOKS. The figures stand as of the month's last day, or today.
    Raises UserError for an unknown school, month, folder or edition.
    """
    start, end = _days(month)
    edition = editions.known(edition)
    town, held, judgement = open_town(years.year_of(month), end, workbooks)
    return Month(
        town, held, judgement, find_school(town, school), month, start, end, edition=edition, records=records()
    )


def _days(month: str) -> tuple[dt.date, dt.date]:
    """First day and last day, or today where the month is not over; raises UserError for what is no month or lies ahead."""
    if not years.MONTH.fullmatch(month):
        raise UserError(f"月份“{month}”不对，请写成 2023-10 的样子。")
    start, end = years.days_of(month)
    today = dt.date.today()
    if start > today:
        raise UserError(f"{month} 还没有到，请选已经开始的月份。")
    return start, min(end, today)
