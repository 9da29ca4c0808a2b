"""预警回看: whether the year's signals saw its cases before they were cases, beside a plain baseline. Figures in figures.signals."""

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from ..core import places, years
from ..core.findings import UserError
from ..core.numbers import rounded
from ..figures.signals import PLAIN, BackTest, back_test
from . import charts, live, quality
from .display import Blocks, Chart, Figure, Note, Table, Tiles, titled
from .report import Plan, Report
from .views import View, open_town

SHEETS = {"suspected": "疑似辍学台账", "dropout": "辍学台账"}
HINDSIGHT = (
    "每周末只按当日以前登记的数据测算。没有日期的格子（借读、健康状况、留守类型、是否已转化等）视为一直如此，这一点仍是事后的。"
    "最近几周预警的学生以后才可能成为个案，这里先算作误报。"
)


class Year(View):
    """A View of a school year up to today."""

    @cached_property
    def test(self) -> BackTest:
        """The back-test of the whole town, worked out once."""
        return back_test(self.town, self.policy)


@titled("回看结果", 1, "summary")
def summary(view: Year) -> Blocks:
    """What each caller came to, side by side."""
    test = view.test
    if not test.days:
        return [Note("没有日查，回看不了，尚未判定。", "unknown")]
    rows = []
    for one in test.outcomes:
        calls = sum(one.calls.values()), rounded(one.false_a_week, 1), one.right
        rows.append((one.caller, one.seen, one.weeks_before, *calls))
    columns = ("预警口径", "提前预警的个案", "提前周数（中位）", "预警人次", "每周误报人次", "命中人次")
    note = f"{PLAIN}：正在连续无故缺勤满一日，或近期累计达到起算日数。提前周数：立案前一连几周的周末都有预警。"
    tiles = (Figure("个案", len(test.cases), "疑似或辍学台账，一个孩子算一次"), Figure("回看周数", len(test.days)))
    blocks = [
        Tiles(tiles),
        Table(columns, tuple(rows), f"预警与{PLAIN}相比", note=note),
        *_leads(test),
        *_weekly(test),
        Note(HINDSIGHT),
    ]
    if not len(test.cases):
        blocks.insert(1, Note("回看期间没有新立的个案，看不出预警灵不灵，不能当作灵。", "unknown"))
    return blocks


def _leads(test: BackTest) -> list[Chart]:
    """How many cases were called how many weeks before, caller by caller."""
    most = max((lead for one in test.outcomes for lead in one.leads), default=0)
    if not len(test.cases):
        return []
    labels = ["没有预警", *(f"{weeks}周" for weeks in range(1, most + 1))]
    rows = [(one.caller, [one.leads.count(weeks) for weeks in range(most + 1)], ()) for one in test.outcomes]
    says = "；".join(
        f"{name}：" + "，".join(f"{label}{number}件" for label, number in zip(labels, numbers, strict=True) if number)
        for name, numbers, _ in rows
    )
    return [Chart(charts.multiples(rows, labels, says, alike=True), "个案立案前几周开始预警（件）")]


def _weekly(test: BackTest) -> list[Chart]:
    """How many were called each week, and how many of them in vain."""
    labels = [f"{day.month}-{day.day}" for day in test.days]
    rows = [(one.caller, [*one.calls.values()], [*one.false.values()]) for one in test.outcomes]
    says = "；".join(
        f"{one.caller}共{sum(one.calls.values())}人次，误报{sum(one.false.values())}人次" for one in test.outcomes
    )
    return [Chart(charts.multiples(rows, labels, says), "每周预警人数（斜线为误报；各行比例尺不同）")]


@titled("逐案", 2, "cases")
def cases(view: Year) -> Blocks:
    """Each case: school, day, ledger, how many weeks before each caller had called. No names: schools and days only."""
    test = view.test
    leads = zip(*(one.leads for one in test.outcomes), strict=True)
    rows = tuple(
        (row.home, row.entered.date(), SHEETS[row.sheet], *lead)
        for row, lead in zip(test.cases.itertuples(), leads, strict=True)
    )
    columns = ("学校", "立案日期", "台账", *(one.caller for one in test.outcomes))
    table = Table(columns, rows, "各案提前几周预警（0 为没有预警）", empty="回看期间没有新立的个案")
    return [table]


@titled("逐周", 3, "calls")
def calls(view: Year) -> Blocks:
    """Week by week: how many were called, how many of them in vain."""
    test = view.test
    rows = tuple((day, *(f"{one.calls[day]}（误报 {one.false[day]}）" for one in test.outcomes)) for day in test.days)
    columns = ("周末", *(one.caller for one in test.outcomes))
    table = Table(columns, rows, "每周预警人数和其中的误报", empty="没有日查")
    return [table]


SECTIONS = {"summary": summary, "cases": cases, "calls": calls, "footer": quality.provenance}


def title(view: Year) -> str:
    """The title line."""
    return f"{view.title}{view.town.year}学年预警回看"


def choices(view: Year) -> live.Choices:
    """The drop-down 学年, which offers the one shown."""
    return {"学年": ([(view.period, view.period)], view.period)}


def choose(values: Mapping[str, object], workbooks: str | Path = "") -> Year:
    """The year that the drop-down asks for."""
    return opened(str(values["学年"]), workbooks)


def opened(year: str, workbooks: str | Path = "") -> Year:
    """A school year of the whole town, up to today. Raises UserError for what is no school year."""
    if not (years.YEAR.fullmatch(year) and years.period(year)):
        raise UserError(f"学年“{year}”不对，请写成 2023-2024 的样子。")
    start, end = dt.date(int(year[:4]), 9, 1), min(dt.date(int(year[5:]), 8, 31), places.today())
    town, held, judgement = open_town(year, end, workbooks)
    return Year(town, held, judgement, "", year, start, end)


PLAN = Plan(SECTIONS, title, quality.meta, quality.state, choices, choose)


def signals_back_test(school: str = "all", year: str = "", workbooks: str | Path = "") -> Report:
    """Open the back-test of a school year ("2023-2024") of the whole town; `school` must be "all", as cases of one are too few.

    Raises UserError, in Chinese, for another school, for no school year and for an unknown folder.
    """
    asked = live.asked(year=year)
    if school not in (places.TOWN, places.ALL):
        raise UserError("预警回看只做全镇的：一所学校的个案太少。请写 school=全镇")
    return Report(PLAN, opened(asked["year"], workbooks), workbooks)
