"""The figures of 周报表, 月报表 and 简报 for any days: a column a figure, counted by class, so that rows add up. domain.md 6.4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from ... import measures
from ...field import casework, groups
from ...measures import flows
from ...measures.scopes import KEYS, Scope

Parts = pd.Series  # a count by KEYS (home, grade, class_id)
IN, OUT = ("转入", "复学"), ("转出", "休学", "死亡", "辍学标注")  # every other kind of change counts as 其他
VISIT, PHONE = "家访", casework.PHONE
TIMED = ("限期复学通知书", "责令限期改正通知书")
UNREAD = "未读到"


@dataclass(frozen=True)
class Count:
    """A figure: its title, the group it stands under, the sheets it is counted from, and how, by KEYS."""

    title: str
    group: str
    needs: tuple[str, ...]
    function: Callable[[Scope], Parts]


def by_keys(rows: pd.DataFrame) -> Parts:
    """How many rows there are, by KEYS."""
    return rows.groupby(KEYS).size()


# --- pupils: D01, the classes' own moves netted within a grade --------------------------------------------------------
def _flow(scope: Scope) -> pd.DataFrame:
    return flows.month_flow(scope)


def _step(*names: str) -> Callable[[Scope], Parts]:
    return lambda scope: _flow(scope)[list(names)].sum(axis=1)


def _others(scope: Scope, letter: str, known: tuple[str, ...], sign: int) -> Parts:
    """Every other kind of change, and who came from (or went to) another grade: moves inside a grade cancel out.

    The net moves stand under class "", since they belong to a grade as a whole.
    """
    flow = _flow(scope)
    rest = flow[[kind for kind in flows.kinds(scope, letter) if kind not in known]].sum(axis=1)
    net = (sign * (flow[flows.MOVED_IN] - flow[flows.MOVED_OUT])).groupby(level=KEYS[:2]).sum().clip(lower=0)
    net = pd.concat({"": net}, names=["class_id"]).reorder_levels(KEYS)
    return pd.concat([rest, net]).groupby(level=KEYS).sum()


def _classes(scope: Scope) -> Parts:
    return by_keys(scope.classes)


PUPILS = (
    Count("班数", "", ("class",), _classes),
    Count("月初", "在校", ("roster", "change"), _step(flows.OPENING)),
    Count("转入", "增加", ("change",), _step("转入")),
    Count("复学", "增加", ("change",), _step("复学")),
    Count("其他", "增加", ("change",), lambda scope: _others(scope, "A", IN, 1)),
    Count("转出", "减少", ("change",), _step("转出")),
    Count("休学", "减少", ("change",), _step("休学")),
    Count("死亡", "减少", ("change",), _step("死亡")),
    Count("辍学", "减少", ("change",), _step("辍学标注")),
    Count("其他", "减少", ("change",), lambda scope: _others(scope, "B", OUT, -1)),
    Count("月末", "在校", ("roster", "change"), _step(flows.COUNTED)),
)


# --- attendance -------------------------------------------------------------------------------------------------------
def _attended(column: str) -> Callable[[Scope], Parts]:
    return lambda scope: measures.attendance(scope).parts[column]


def _run(step: int) -> Callable[[Scope], Parts]:
    return lambda scope: by_keys(flows.longest_runs(scope).loc[lambda rows: rows["step"] == step])


ATTENDANCE = (
    Count("应到", "出勤人次", ("daily",), _attended("denominator")),
    Count("实到", "出勤人次", ("daily",), _attended("numerator")),
    Count("无故缺勤", "出勤人次", ("absence",), lambda scope: by_keys(flows.unexcused(scope))),
    Count("1日", "连续无故缺勤（人）", ("absence",), _run(1)),
    Count("2日", "连续无故缺勤（人）", ("absence",), _run(2)),
    Count("3日以上", "连续无故缺勤（人）", ("absence",), _run(3)),
)


# --- cases ------------------------------------------------------------------------------------------------------------
def _suspected(step: str) -> Callable[[Scope], Parts]:
    return lambda scope: flows.case_flow(scope, flows.suspected(scope), flows.SUSPECTED_STEPS)[step]


def _dropout(step: str) -> Callable[[Scope], Parts]:
    return lambda scope: flows.case_flow(scope, flows.dropouts(scope), flows.DROPOUT_STEPS)[step]


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


def _of_group(name: str) -> Callable[[Scope], Parts]:
    def count(scope: Scope) -> Parts:
        rows = open_cases(scope)
        return by_keys(rows[groups.marked(rows["groups"], (name,))])

    return count


def visits(scope: Scope) -> pd.DataFrame:
    """The 劝返记录 rows of the days."""
    rows = scope.rows("visit")
    return rows[scope.in_month(rows["date"])]


def _won(scope: Scope) -> Parts:
    return by_keys(visits(scope).loc[lambda rows: rows["result"].isin(casework.RETURNED)])


def _timed(scope: Scope) -> Parts:
    """限期文书 issued in the days, in the class of the case they belong to."""
    rows, book = casework.papers(scope.town), casework.cases(scope.town)
    rows = rows.assign(class_id=[None if pd.isna(case) else book["class_id"].get(case) for case in rows["case"]])
    rows = scope.within(scope.with_class(rows))
    return by_keys(rows[rows["doc_type"].isin(TIMED) & scope.in_month(rows["issued"])])


def _at_home(scope: Scope) -> Parts:
    """家访: 劝返记录 made at home, and 缺勤明细 with 家访 that name no 劝返记录 (which would be the same visit)."""
    absent = scope.rows("absence")
    absent = absent[scope.in_month(absent["date"]) & measures.true(absent["visited"]) & absent["visit_id"].isna()]
    made = visits(scope)
    return by_keys(pd.concat([made[made["mode"] == VISIT], absent]))


def _marked(marked: bool) -> Callable[[Scope], Parts]:
    def count(scope: Scope) -> Parts:
        rows = flows.dropouts(scope)
        rows = rows[flows.open_at(rows, scope.end)]
        return by_keys(rows[(rows["sys_marked"] <= pd.Timestamp(scope.end)) == marked])

    return count


ON_HAND = tuple(
    Count(name, "月末在册中", ("suspected", "dropout", "roster"), _of_group(name))
    for name in ("脱贫户", "残疾", "留守")
)
WORK = (
    Count("劝返户次", "劝返与家访", ("visit",), lambda scope: by_keys(visits(scope))),
    Count("劝返成功", "劝返与家访", ("visit",), _won),
    Count("限期文书", "劝返与家访", ("legal",), _timed),
    Count("家访户次", "劝返与家访", ("visit", "absence"), _at_home),
)
MARKED = (
    Count("已标注", "国家平台（辍学）", ("dropout",), _marked(True)),
    Count("未标注", "国家平台（辍学）", ("dropout",), _marked(False)),
)


def counted(scope: Scope, counts: tuple[Count, ...]) -> list[tuple[Count, Parts, tuple[str, ...]]]:
    """Each figure with its parts by KEYS and the schools it could not be counted for."""
    found = []
    for count in counts:
        missing = scope.missing(*count.needs)
        parts = count.function(scope)
        found.append((count, parts[~parts.index.get_level_values("home").isin(missing)], missing))
    return found


def total(scope: Scope, count: Count) -> int | None:
    """The sum of a figure; None where a school's workbook could not be read."""
    (one,) = counted(scope, (count,))
    return None if one[2] else int(one[1].sum())
