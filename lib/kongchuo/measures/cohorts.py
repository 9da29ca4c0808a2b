"""D01-D05: what became of the pupils of a list, one by one: still here, lost, graduated. Knows no files.

domain.md 4.1: named pupils are counted, never net flows, so a rate of pupils kept cannot exceed 100 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ..field import rolls
from .base import Ratio, not_there, ratio, summed
from .flows import at_school, baseline, baseline_day, dropouts, moves, open_at, state_on
from .scopes import KEYS, Scope

PUPIL = ["home", "student_key"]


@dataclass(frozen=True)
class Stage:
    """Grades that a cohort goes through: its name, first and last grade."""

    name: str
    first: int
    last: int

    def intake(self, year: str) -> str:
        """The school year in which those who finish in `year` entered: 小学, 2023-2024 -> 2018-2019."""
        entered = int(year[:4]) - (self.last - self.first)
        return f"{entered}-{entered + 1}"


PRIMARY, JUNIOR, NINE = Stage("小学", 1, 6), Stage("初中", 7, 9), Stage("九年义务教育", 1, 9)


def balance(scope: Scope) -> Ratio:
    """D01 期末在校生: as counted on the roster ÷ as it must be: N0 + ZR + FX + QZ − ZC − XX − SW − BY − LS − QJ."""
    counted = at_school(scope, pd.Timestamp(scope.end)).assign(sheet="roster", numerator=1, denominator=0)
    base = baseline(scope).assign(sheet="baseline", numerator=0, denominator=1)
    moved = moves(scope, baseline_day(scope))
    moved = moved.assign(sheet="change", numerator=0, denominator=moved["sign"])
    rows = pd.concat([part[["sheet", *KEYS, "numerator", "denominator"]] for part in (base, moved, counted)])
    needs = ("roster", "baseline", "change", "class")
    return summed(scope, "D01", "期末在校生（花名册÷应有）", rows, rows["numerator"], rows["denominator"], needs=needs)


def lost_in_year(scope: Scope) -> tuple[pd.DataFrame, int]:
    """The dropout cases confirmed in this school year up to the scope's end, a pupil once; and how many have no date at all.

    A case closed as no dropout (data fault, transfer proven, abroad ..., domain.md 4.2) is none; a pupil who is back was one.
    """
    cases = dropouts(scope)
    dated = cases["entered"].fillna(cases["drop_date"])
    within = dated.between(baseline_day(scope), pd.Timestamp(scope.end))
    cleared = (cases["how"] == "销号") & (cases["left"] <= pd.Timestamp(scope.end))
    found = cases[within & ~cleared]
    return found[found["student_key"].isna() | ~found.duplicated(PUPIL)], int(dated.isna().sum())


def dropped(scope: Scope) -> Ratio:
    """D02 学年辍学率 = 学年内辍学学生数 ÷ 学年初在校生数 (N0); pupils who came back later are among those who dropped out."""
    cases, undated = lost_in_year(scope)
    base = baseline(scope).assign(sheet="baseline", numerator=0, denominator=1)
    cases = cases.assign(sheet="dropout", numerator=1, denominator=0)
    rows = pd.concat([part[["sheet", *KEYS, "numerator", "denominator"]] for part in (base, cases)])
    counts = rows["numerator"], rows["denominator"]
    return summed(scope, "D02", "学年辍学率", rows, *counts, needs=("baseline", "dropout"), left_out=undated)


def kept(scope: Scope) -> Ratio:
    """D03 学年巩固率（截至期末） = (N0 − LS) ÷ N0; LS: baseline pupils confirmed 辍学, not back and not closed by the end."""
    rows = baseline(scope)
    cases = dropouts(scope.whole)  # a case may name another class than the baseline does, but it is the same school's
    lost = pd.MultiIndex.from_frame(cases.loc[open_at(cases, scope.end), PUPIL].dropna())
    hit = pd.Series(~pd.MultiIndex.from_frame(rows[PUPIL]).isin(lost), rows.index)
    return ratio(scope, "D03", "学年巩固率", rows, hit, of="baseline", needs=("baseline", "dropout"))


def finished(scope: Scope, code: str, title: str, stage: Stage, cohort: pd.DataFrame | None) -> Ratio:
    """Of a cohort (PUPIL, KEYS, sheet; indexed by place) those who have graduated by the scope's end ÷ the cohort.

    The cohort: who entered the stage's first grade years ago, with those who came in since and without those who transferred
    out. Without it, or before anybody of it has graduated, there is no figure.
    """
    if cohort is None:
        year = stage.intake(scope.town.year)
        first = "一七"[stage.first > 1]
        why = f"要有{year}学年{first}年级的学年初基准和其后历年的转入转出，现在没有读到往年资料"
        return not_there(scope, code, title, why)
    state = state_on(scope.town, scope.end)
    graduates = frozenset(state.loc[state["state"] == "毕业", "student_key"])
    rows = scope.within(cohort)
    hit = rows["student_key"].isin(graduates)
    if not hit.any():
        return not_there(scope, code, title, "本届学生还没有登记毕业，学年末才算得出")
    return ratio(scope, code, title, rows, hit, needs=("roster",))


def stages_kept(scope: Scope, cohorts: Mapping[str, pd.DataFrame] | None = None) -> list[Ratio]:
    """D04 学段巩固率 = 当年毕业生数 ÷ (6年前[小学]或3年前[初中]招生数 + 转入 − 转出); `cohorts` by the stage's name."""
    given = cohorts or {}
    return [
        finished(scope, "D04", f"{stage.name}学段巩固率", stage, given.get(stage.name)) for stage in (PRIMARY, JUNIOR)
    ]


def nine_years_kept(scope: Scope, cohorts: Mapping[str, pd.DataFrame] | None = None) -> Ratio:
    """D05 九年义务教育巩固率 = 毕业人数 ÷ 入学人数(含正常流动生)."""
    return finished(scope, "D05", "九年义务教育巩固率", NINE, (cohorts or {}).get(NINE.name))


def left_for_good(scope: Scope) -> frozenset[str]:
    """Pupils whose transfer out was approved by the scope's end: the register of another school answers for them."""
    rows = rolls.changes(scope.town)
    rows = rows[(rows["kind"] == "转出") & (rows["sys_state"] == "已核办") & (rows["date"] <= pd.Timestamp(scope.end))]
    return frozenset(rows["student_key"])
