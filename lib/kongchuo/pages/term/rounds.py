"""A view of one round of inspection: the sheets of its schools, those of the round before, what it led to, and whom the page is for."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from ...core import editions, places, years
from ...core.findings import UserError
from ...core.tables import Town
from ...due import inspection as rounds
from ...facts import calendar
from ...figures import duty, inspection, selfcheck, support
from ..display import Section
from ..quality import short_name
from ..views import View, find_school, open_town, records

# --- A view of one round of inspection: the sheets of its schools, those of the round before, and whom the page is for ---
# The sections of domain.md 6.2 in their order: key -> title; the first ten are numbered
TITLES = {
    "overview": "督查概况",
    "board": "总体评价",
    "roll_call": "人籍核查结果",
    "cases": "疑似辍学处置",
    "groups": "特殊群体",
    "good_practice": "主要成效",
    "problems": "存在问题",
    "rectification": "整改要求",
    "comparison": "与第一轮比较",
    "signature": "签发",
    "score_sheets": "附件1　评分表",
    "roll_sheets": "附件2　点名核对表",
    "problem_list": "附件3　问题清单",
}
OPEN_TO_ALL = ("overview", "board", "good_practice", "problems")  # what the public edition holds


class Round(View):
    """A View of one round of a term. The ledgers of each school count as of the day it was inspected."""

    @property
    def term(self) -> str:
        """第一学期 or 第二学期."""
        return years.TERMS[int(self.period[10]) - 1]

    @property
    def number(self) -> int:
        """1 or 2."""
        return int(self.period[12])

    @cached_property
    def sheets(self) -> tuple[inspection.Sheet, ...]:
        """The inspection sheet of every school, in the order of the registry."""
        return self._sheets(self.number, self._covers)

    @cached_property
    def before(self) -> tuple[inspection.Sheet, ...]:
        """The sheets of the first round, where this is the second."""
        return self._sheets(self.number - 1) if self.number > 1 else ()

    def _sheets(self, number: int, *covers: Callable) -> tuple[inspection.Sheet, ...]:
        asked = [(home, self.term, number) for home in self.homes]
        return tuple(inspection.sheets(self.town, self.policy, asked, self.end, *covers).values())

    def _covers(self, home: str, day: dt.date) -> Iterator[tuple]:
        """What the page of one school asks of `inspection.covered`: far cheaper while the ledgers of its day are there."""
        part = replace(self.scope.whole, homes=(home,), end=day).part
        return ((count, *part) for count in (*support.COVERED, *duty.FOUR_BONDS))

    @property
    def inspected(self) -> tuple[inspection.Sheet, ...]:
        """The sheets of the schools that were inspected."""
        return tuple(sheet for sheet in self.sheets if sheet.day)

    @property
    def since(self) -> dt.date:
        """The first day of what the round looks at, over all its schools."""
        return min((sheet.since for sheet in self.sheets), default=self.start)

    @property
    def last(self) -> dt.date:
        """The last day a school was inspected on; the view's own last day before the first was."""
        return max((sheet.day for sheet in self.inspected), default=self.end)

    @cached_property
    def rollcall(self) -> pd.DataFrame:
        """督查点名 of the round, of the view's schools and grade."""
        rows = self.scope.rows("rollcall")
        return rows[(rows["term"] == self.term) & (rows["round"] == self.number)]

    def section(self, key: str, *blocks: object) -> Section:
        """The blocks under the title and number of a section; Report numbers those of the public edition anew."""
        order = tuple(TITLES)[:10]
        return Section(TITLES[key], tuple(blocks), order.index(key) + 1 if key in order else 0, key)

    def short(self, workbook: str) -> str:
        """A workbook without the school year, and for a school without its own name."""
        return short_name(self, workbook)

    def number_of(self, home: str, item: int) -> str:
        """证据编号 of an item of a school in this round: SLZX-12-03 is 第一学期第二轮, 第3项."""
        return f"{self.scope.key('school', home)}-{self.period[10]}{self.number}-{item:02}"

    @property
    def next_look(self) -> str:
        """The day of 回头看: the last in time for the next round, in words."""
        terms = calendar.terms(self.town).set_index("term")["start"].dropna()
        term, number = (self.term, 2) if self.number == 1 else (years.TERMS[-1], 1)
        if (self.number == 2 and self.term == term) or term not in terms:
            return "下一轮督查时"
        return f"{calendar.week_end(terms[term], self.policy[rounds.ROUNDS[number]]):%Y-%m-%d} 前（下一轮督查）"


def open_round(school: str, key: str, edition: str = editions.INTERNAL, workbooks: str | Path = "") -> Round:
    """Open one round ("2023-2024-1-2") of a school (full name, code or usual name; "all": the town) from the shared folder.

    The page stands as of the round's last day in time, or the day the last school was inspected, or today. Raises UserError
    for an unknown school, round, edition or folder.
    """
    period = years.period(key)
    if period is None or period.kind != "round":
        raise UserError(f"督查轮次“{key}”不对，请写成 2023-2024-1-2 的样子（学年-学期-轮次）。")
    edition = editions.known(edition)
    start, end = period.days
    today = places.today()
    if start > today:
        raise UserError(f"{period.label}还没有到，请选已经开始的学期。")
    town, policy, judgement = open_town(period.year, min(end, today), workbooks)
    last = _last(town, years.TERMS[int(key[10]) - 1], int(key[12]))
    if end < last <= today:  # held late
        end = last
        town, policy, judgement = open_town(period.year, end, workbooks)
    home = find_school(town, school)
    return Round(town, policy, judgement, home, key, start, min(end, today), records=records(), edition=edition)


def _last(town: Town, term: str, number: int) -> dt.date:
    rows = rounds.inspected(town)
    days = rows.loc[(rows["term"] == term) & (rows["round"] == number), "date"].dropna()
    return days.max().date() if len(days) else dt.date.min


# --- The rows of 问题整改 that an inspection has led to, read by several sections ---------------------------------------
SOURCE, UNDER_WAY = "督查", "整改中"


def from_inspection(view: Round) -> pd.DataFrame:
    """问题整改 with 来源 督查 of the view's schools; what was done after the view's last day is not done yet, and says nothing of it."""
    rows, _ = selfcheck.problems(view.scope.whole)  # how many nobody knows of whether they were there, says `uncounted`
    rows = rows[rows["source"] == SOURCE]
    later = rows["done"] > pd.Timestamp(view.end)
    told = {name: rows[name].mask(later) for name in ("done", "fix")}
    return rows.assign(**told, state=rows["state"].mask(later, UNDER_WAY)).sort_values("due")
