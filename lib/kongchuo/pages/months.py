"""逐月变化: the figures of the year's months side by side, and the attendance of each school month by month."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from .. import due
from ..core import years
from ..core.policy import Policy
from ..core.tables import Town, once
from ..due.base import seen
from ..figures import attendance, flows
from ..figures.base import Measure
from ..figures.scopes import Scope
from . import charts, units
from .display import Blocks, Chart, Note, titled
from .views import View


@dataclass(frozen=True)
class Figures:
    """What a month came to, by school; a school without a value has none that could be counted."""

    label: str
    attendance: dict[str, Measure]
    counts: dict[str, dict[str, int]]  # title -> by school
    whole: Measure  # the attendance of all schools


OVERDUE = "月末逾期"
# what is counted -> the sheet it is counted from; what is overdue is of all sheets
TITLES = {
    "无故缺勤人次": "absence",
    "月末在册疑似": "suspected",
    "月末在册辍学": "dropout",
    "返校": "dropout",
    OVERDUE: "",
}


def held(view: View) -> list[Figures]:
    """The months with lessons of the school year up to the view's end, the first first; of all schools, counted once for the town."""
    names = [month for month in years.months_of(view.town.year, view.end) if month[5:] in years.TAUGHT]
    return [_month(view, month) for month in reversed(names)]


def _month(view: View, month: str) -> Figures:
    start, end = years.days_of(month)
    scope = replace(view.scope.everybody, start=start, end=min(end, view.end))
    return scope.once(_figures, f"{int(month[5:])}月")


def _figures(scope: Scope, label: str) -> Figures:
    first = flows.case_flow(scope, flows.suspected(scope), flows.SUSPECTED_STEPS).groupby(level="home").sum()
    second = flows.case_flow(scope, flows.dropouts(scope), flows.DROPOUT_STEPS).groupby(level="home").sum()
    late = seen(_deeds(scope.town, scope.policy), scope.end)
    counted = (
        attendance.unexcused(scope)["home"].value_counts(),
        first[flows.SUSPECTED_STEPS[-1]],
        second[flows.DROPOUT_STEPS[-1]],
        first["返校"].add(second["返校"], fill_value=0),
        due.listed_once(late[late["late"] & late["done"].isna()])["home"].value_counts(),
    )
    counts = {
        title: {home: int(number) for home, number in one.items()} for title, one in zip(TITLES, counted, strict=True)
    }
    rate = attendance.rate(scope)
    return Figures(label, rate.by("home"), counts, rate.total)


@once
def _deeds(town: Town, policy: Policy) -> pd.DataFrame:
    """home, name, title, start, due and done of everything that has a time limit. A deadline that fails is said where its list stands (today, 下月工作)."""
    columns = ["home", "name", "title", "start", "due", "done"]
    parts = [pd.DataFrame(columns=columns)]
    for one in due.DEADLINES:
        try:
            parts.append(town.once_under(policy, one.rows).assign(title=one.title)[columns])
        except Exception:
            continue
    found = pd.concat([part for part in parts if len(part)] or parts[:1])
    return found.astype(dict.fromkeys(("start", "due", "done"), "datetime64[us]"))


@titled("逐月变化", 0, "months")
def section(view: View) -> Blocks:
    """A row of bars a figure over the months of the year; for the town the schools' attendance as a map beside it."""
    months, homes = held(view), set(view.homes)
    if len(months) < 2:
        return [Note("本学年只有一个月，没有可比的月份。")]
    labels = [one.label for one in months]
    rates = [[rate for home, rate in one.attendance.items() if home in homes] for one in months]
    present = [(sum(rate.numerator for rate in own), sum(rate.denominator for rate in own)) for own in rates]
    counted = "，".join(f"{label}{came}/{due}" for label, (came, due) in zip(labels, present, strict=True) if due)
    rows = [("出勤率 %", [_percent(own) for own in rates])]
    dated = sorted({one.sheet for one in due.DEADLINES})
    unread = {title: set(view.scope.missing(*([sheet] if sheet else dated))) for title, sheet in TITLES.items()}
    for title, lost in unread.items():
        sums = [_of(one.counts[title], homes if view.home else {*one.counts[title]}) for one in months]
        nobody = homes <= lost | {*units.unlisted(view)}  # of whom 0 is what nobody has counted
        rows.append((title, [number or None if nobody else number for number in sums]))
    blocks = [
        Chart(
            charts.multiples([(*row, ()) for row in rows], labels, _read(rows, labels)),
            "各月数字（各行比例尺不同，从0起）",
            f"出勤率的实到、应到人次：{counted or '没有日查'}。按现有台账回算；后来改写过的格子，当月报告上的数可能不同。",
        )
    ]
    overdue = unread.pop(OVERDUE)
    if lost := [home for home in view.homes if any(home in one for one in unread.values())]:
        blocks.insert(0, Note(f"读不到出勤或控辍台账：{'、'.join(lost)}，未计入。", "unknown"))
    if lost := [home for home in view.homes if home in overdue]:
        blocks.insert(0, Note(f"有期限的台账没有读全：{'、'.join(lost)}，{OVERDUE}只算了读到的。", "unknown"))
    if not view.home:
        known = [{home: _percent([rate]) for home, rate in one.attendance.items()} for one in months]
        cells = [(home, [one.get(home) for one in known]) for home in view.homes]
        blocks.append(Chart(charts.heat(cells, labels, _read(cells, labels, "%")), "各校各月出勤率（%），颜色越深越低"))
    return blocks


def _of(counts: Mapping[str, int], homes: Container[str]) -> int:
    return sum(number for home, number in counts.items() if home in homes)


def _read(rows: Iterable[tuple[str, Sequence[float | None]]], labels: Sequence[str], unit: str = "") -> str:
    """What a chart of months shows, in words: 甲小学：9月97.1%，10月—；乙小学……."""
    said = (
        (title, "，".join(f"{at}{'—' if value is None else f'{value:g}{unit}'}" for at, value in zip(labels, values, strict=True)))
        for title, values in rows
    )  # fmt: skip
    return "；".join(f"{title}：{texts}" for title, texts in said)


def _percent(rates: list[Measure]) -> float | None:
    """The rate of them together in per cent, one decimal; None without a base."""
    base = sum(rate.denominator for rate in rates)
    return round(100 * sum(rate.numerator for rate in rates) / base, 1) if base else None
