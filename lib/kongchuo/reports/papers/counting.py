"""The figures of 周报表, 月报表 and 简报 for any days: a column a figure, counted by class, so that rows add up. domain.md 6.4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ... import measures
from ...core.tables import yes
from ...field import casework, groups
from ...measures import flows
from ...measures.scopes import KEYS, Scope

Parts = pd.Series  # a count by KEYS (home, grade, class_id)
IN, OUT = ("转入", "复学"), ("转出", "休学", "死亡", "辍学标注")  # every other kind of change counts as 其他
VISIT, PHONE = "家访", casework.PHONE
TIMED = ("限期复学通知书", "责令限期改正通知书")
UNREAD = "未读到"


class Days:
    """A scope, and what several of its figures are counted from, worked out once."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @cached_property
    def flow(self) -> pd.DataFrame:
        """Pupils who came and went: D01."""
        return flows.month_flow(self.scope)

    @cached_property
    def attended(self) -> pd.DataFrame:
        """出勤率 by KEYS: D10."""
        return measures.attendance(self.scope).parts

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Who was away without leave for how long."""
        return flows.longest_runs(self.scope)

    @cached_property
    def suspected(self) -> pd.DataFrame:
        """The flow of 疑似辍学 by KEYS."""
        return flows.case_flow(self.scope, flows.suspected(self.scope), flows.SUSPECTED_STEPS)

    @cached_property
    def dropouts(self) -> pd.DataFrame:
        """The flow of 辍学 by KEYS."""
        return flows.case_flow(self.scope, flows.dropouts(self.scope), flows.DROPOUT_STEPS)

    @cached_property
    def visits(self) -> pd.DataFrame:
        """The 劝返记录 rows of the days."""
        rows = self.scope.rows("visit")
        return rows[self.scope.in_days(rows["date"])]

    @cached_property
    def on_hand(self) -> pd.DataFrame:
        """open_cases of the scope."""
        return open_cases(self.scope)


@dataclass(frozen=True)
class Count:
    """A figure: its title, the group it stands under, the sheets it is counted from, and how, by KEYS."""

    title: str
    group: str
    needs: tuple[str, ...]
    function: Callable[[Days], Parts]


def by_keys(rows: pd.DataFrame) -> Parts:
    """How many rows there are, by KEYS."""
    return rows.groupby(KEYS).size()


# --- pupils: D01, the classes' own moves netted within a grade --------------------------------------------------------
def _step(name: str) -> Callable[[Days], Parts]:
    return lambda days: days.flow[name]


def _others(days: Days, letter: str, known: tuple[str, ...], sign: int) -> Parts:
    """Every other kind of change, and who came from (or went to) another grade: moves inside a grade cancel out.

    The net moves stand under class "", since they belong to a grade as a whole.
    """
    flow = days.flow
    rest = flow[[kind for kind in flows.kinds(days.scope, letter) if kind not in known]].sum(axis=1)
    net = (sign * (flow[flows.MOVED_IN] - flow[flows.MOVED_OUT])).groupby(level=KEYS[:2]).sum().clip(lower=0)
    net = pd.concat({"": net}, names=["class_id"]).reorder_levels(KEYS)
    return pd.concat([rest, net]).groupby(level=KEYS).sum()


PUPILS = (
    Count("班数", "", ("class",), lambda days: by_keys(days.scope.classes)),
    Count("月初", "在校", ("roster", "change"), _step(flows.OPENING)),
    Count("转入", "增加", ("change",), _step("转入")),
    Count("复学", "增加", ("change",), _step("复学")),
    Count("其他", "增加", ("change",), lambda days: _others(days, "A", IN, 1)),
    Count("转出", "减少", ("change",), _step("转出")),
    Count("休学", "减少", ("change",), _step("休学")),
    Count("死亡", "减少", ("change",), _step("死亡")),
    Count("辍学", "减少", ("change",), _step("辍学标注")),
    Count("其他", "减少", ("change",), lambda days: _others(days, "B", OUT, -1)),
    Count("月末", "在校", ("roster", "change"), _step(flows.COUNTED)),
)


# --- attendance -------------------------------------------------------------------------------------------------------
def _run(step: int) -> Callable[[Days], Parts]:
    return lambda days: by_keys(days.runs[days.runs["step"] == step])


ATTENDANCE = (
    Count("应到", "出勤人次", ("daily",), lambda days: days.attended["denominator"]),
    Count("实到", "出勤人次", ("daily",), lambda days: days.attended["numerator"]),
    Count("无故缺勤", "出勤人次", ("absence",), lambda days: by_keys(flows.unexcused(days.scope))),
    Count("1日", "连续无故缺勤（人）", ("absence",), _run(1)),
    Count("2日", "连续无故缺勤（人）", ("absence",), _run(2)),
    Count("3日以上", "连续无故缺勤（人）", ("absence",), _run(3)),
)


# --- cases ------------------------------------------------------------------------------------------------------------
def _suspected(step: str) -> Callable[[Days], Parts]:
    return lambda days: days.suspected[step]


def _dropout(step: str) -> Callable[[Days], Parts]:
    return lambda days: days.dropouts[step]


CASES = (
    *(Count(name, "疑似辍学", ("suspected",), _suspected(name)) for name in flows.SUSPECTED_STEPS),
    *(Count(name, "辍学", ("dropout",), _dropout(name)) for name in flows.DROPOUT_STEPS),
)


def open_cases(scope: Scope) -> pd.DataFrame:
    """The pupils on either ledger at the end of the days, each once, with what the roster says of their groups."""
    parts = [flows.suspected(scope), flows.dropouts(scope)]
    rows = pd.concat([part[flows.open_at(part, scope.end)] for part in parts])
    rows = rows[rows["student_key"].isna() | ~rows.duplicated(["home", "student_key"], keep="last")]
    roster = scope.town["roster"].dropna(subset=["student_key"]).drop_duplicates(["home", "student_key"])
    known = roster.set_index(["home", "student_key"])[["groups", "leftbehind"]]
    found = known.reindex(pd.MultiIndex.from_frame(rows[["home", "student_key"]])).set_axis(rows.index)
    both = rows["groups"].fillna("") + "、" + found["groups"].fillna("")
    away = found["leftbehind"].notna() & (found["leftbehind"] != "非留守")
    return rows.assign(groups=both.mask(away, both + "、留守"))


def _of_group(name: str) -> Callable[[Days], Parts]:
    return lambda days: by_keys(days.on_hand[groups.marked(days.on_hand["groups"], (name,))])


def _timed(days: Days) -> Parts:
    """限期文书 issued in the days, in the class of the case they belong to."""
    scope = days.scope
    rows, book = casework.papers(scope.town), casework.cases(scope.town)
    rows = rows.assign(class_id=[None if pd.isna(case) else book["class_id"].get(case) for case in rows["case"]])
    rows = scope.within(scope.with_class(rows))
    return by_keys(rows[rows["doc_type"].isin(TIMED) & scope.in_days(rows["issued"])])


def _at_home(days: Days) -> Parts:
    """家访: 劝返记录 made at home, and 缺勤明细 with 家访 that name no 劝返记录 (which would be the same visit)."""
    scope, made = days.scope, days.visits
    absent = scope.rows("absence")
    absent = absent[scope.in_days(absent["date"]) & yes(absent["visited"]) & absent["visit_id"].isna()]
    return by_keys(pd.concat([made[made["mode"] == VISIT], absent]))


def _marked(marked: bool) -> Callable[[Days], Parts]:
    def count(days: Days) -> Parts:
        scope = days.scope
        rows = flows.dropouts(scope)
        rows = rows[flows.open_at(rows, scope.end)]
        return by_keys(rows[(rows["sys_marked"] <= pd.Timestamp(scope.end)) == marked])

    return count


ON_HAND = tuple(
    Count(name, "月末在册中", ("suspected", "dropout", "roster"), _of_group(name))
    for name in ("脱贫户", "残疾", "留守")
)
WORK = (
    Count("劝返户次", "劝返与家访", ("visit",), lambda days: by_keys(days.visits)),
    Count(
        "劝返成功",
        "劝返与家访",
        ("visit",),
        lambda days: by_keys(days.visits[days.visits["result"].isin(casework.RETURNED)]),
    ),
    Count("限期文书", "劝返与家访", ("legal",), _timed),
    Count("家访户次", "劝返与家访", ("visit", "absence"), _at_home),
)
MARKED = (
    Count("已标注", "国家平台（辍学）", ("dropout",), _marked(True)),
    Count("未标注", "国家平台（辍学）", ("dropout",), _marked(False)),
)


def counted(scope: Scope, counts: tuple[Count, ...]) -> list[tuple[Count, Parts, tuple[str, ...]]]:
    """Each figure with its parts by KEYS and the schools it could not be counted for."""
    found, days = [], Days(scope)
    for count in counts:
        missing = scope.missing(*count.needs)
        parts = count.function(days)
        found.append((count, parts[~parts.index.get_level_values("home").isin(missing)], missing))
    return found


def totals(scope: Scope, counts: tuple[Count, ...]) -> list[int | None]:
    """The sum of each figure; None where a school's workbook could not be read."""
    return [None if missing else int(parts.sum()) for _, parts, missing in counted(scope, counts)]
