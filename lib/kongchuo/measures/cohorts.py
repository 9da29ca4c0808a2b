"""D01-D05: what became of the pupils of a list, one by one: still here, lost, graduated. Knows no files.

domain.md 4.1: named pupils are counted, never net flows, so a rate of pupils kept cannot exceed 100 %.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from ..field import rolls
from ..field.losses import losses
from .base import Ratio, not_there, ratio, summed
from .flows import (
    at_school,
    baseline,
    baseline_day,
    dropouts,
    moves,
    of_unknown_state,
    open_at,
    state_on,
    uncounted_changes,
)
from .scopes import KEYS, Scope

PUPIL = ["home", "student_key"]
APPROVED = "已核办"  # 系统状态 of a transfer that the register has carried out


@dataclass(frozen=True)
class Stage:
    """Grades that a cohort goes through: its name, first and last grade."""

    name: str
    first: int
    last: int

    def years(self, year: str) -> list[str]:
        """The school years, the first first, that those who finish in `year` have gone through: 小学, 2023-2024 -> 2018-2019 …."""
        end = int(year[:4])
        return [f"{one}-{one + 1}" for one in range(end - (self.last - self.first), end + 1)]


PRIMARY, JUNIOR, NINE = Stage("小学", 1, 6), Stage("初中", 7, 9), Stage("九年义务教育", 1, 9)


def balance(scope: Scope) -> Ratio:
    """D01 期末在校生: as counted on the roster ÷ as it must be: N0 + ZR + FX + QZ − ZC − XX − SW − BY − LS − QJ."""
    counted = at_school(scope, pd.Timestamp(scope.end)).assign(sheet="roster", numerator=1, denominator=0)
    base = baseline(scope).assign(sheet="baseline", numerator=0, denominator=1)
    moved = moves(scope, baseline_day(scope))
    moved = moved.assign(sheet="change", numerator=0, denominator=moved["sign"])
    rows = pd.concat([part[["sheet", *KEYS, "numerator", "denominator"]] for part in (base, moved, counted)])
    needs = ("roster", "baseline", "change", "class")
    counts = rows["numerator"], rows["denominator"]
    left_out = [uncounted_changes(scope), of_unknown_state(scope)]
    return summed(scope, "D01", "期末在校生（花名册÷应有）", rows, *counts, needs=needs, left_out=left_out)


def lost_in_year(scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The dropout cases confirmed in this school year up to the scope's end, a pupil once; and those that have no date at all.

    A case closed as no dropout (data fault, transfer proven, abroad ..., domain.md 4.2) is none; a pupil who is back was one.
    """
    cases = dropouts(scope)
    within = cases["entered"].between(baseline_day(scope), pd.Timestamp(scope.end))
    cleared = (cases["how"] == "销号") & (cases["left"] <= pd.Timestamp(scope.end))
    found = cases[within & ~cleared]
    return found[found["student_key"].isna() | ~found.duplicated(PUPIL)], cases[cases["entered"].isna()]


def dropped(scope: Scope) -> Ratio:
    """D02 学年辍学率 = 学年内辍学学生数 ÷ 学年初在校生数 (N0); pupils who came back later are among those who dropped out."""
    cases, undated = lost_in_year(scope)
    base = baseline(scope).assign(sheet="baseline", numerator=0, denominator=1)
    cases = cases.assign(sheet="dropout", numerator=1, denominator=0)
    rows = pd.concat([part[["sheet", *KEYS, "numerator", "denominator"]] for part in (base, cases)])
    counts = rows["numerator"], rows["denominator"]
    return summed(scope, "D02", "学年辍学率", rows, *counts, needs=("baseline", "dropout"), left_out=[undated])


def kept(scope: Scope) -> Ratio:
    """D03 学年巩固率（截至期末） = (N0 − LS) ÷ N0; LS: the pupils of the baseline who are `away` in field.losses."""
    rows = baseline(scope)
    lost = losses(scope.town, scope.end, scope.policy)
    lost = pd.MultiIndex.from_frame(lost.loc[lost["away"], PUPIL])
    hit = pd.Series(~pd.MultiIndex.from_frame(rows[PUPIL]).isin(lost), rows.index)
    cases = dropouts(scope)
    nobody = cases[open_at(cases, scope.end) & cases["student_key"].isna()]  # a case of whom, nobody can tell
    return ratio(scope, "D03", "学年巩固率", rows, hit, of="baseline", needs=("baseline", "dropout"), left_out=[nobody])


def entered(scope: Scope, stage: Stage) -> tuple[pd.DataFrame, list[str], list[pd.DataFrame]]:
    """Who entered the stage's first grade years ago, with those who came in since, without those who transferred out.

    Year by year, each pupil once, at the place where he or she first stands: KEYS, student_key, sheet. A pupil counts for the
    school that had him or her first. And the school years that could not be read whole; then the figure cannot be worked out.
    And rows of these years that nobody can count: no pupil or kind to tell, no day, or one that is not of the year.
    """
    towns = {town.year: town for town in (*scope.town.past, scope.town)}
    held: dict[str, tuple[tuple[str, int], str, str]] = {}  # pupil -> place, home, sheet
    lacking, lost = [], []
    for grade, year in enumerate(stage.years(scope.town.year), start=stage.first):
        town = towns.get(year)
        whole = town and replace(scope.whole, town=town, homes=town.homes, end=min(scope.end, town.as_of))
        listed = whole and baseline(whole).loc[lambda rows, grade=grade: rows["grade"] == grade]
        if whole is None or not _whole(whole, grade, listed):
            lacking.append(year)
            continue
        lost += [_uncounted(whole, grade, listed, pd.Timestamp(scope.end))]
        for place, home, key in listed[PUPIL].dropna(subset=["student_key"]).itertuples(name=None):
            held.setdefault(key, (place, home, "baseline"))
        moved = rolls.changes(town)
        moved = moved[moved["date"] <= pd.Timestamp(whole.end)]
        came = whole.with_class(moved.assign(class_id=moved["class_to"]))["grade"] == grade
        for place, home, key, kind, state, here in moved.assign(here=came)[
            [*PUPIL, "kind", "sys_state", "here"]
        ].itertuples(name=None):
            if kind == "转出" and state == APPROVED:
                held.pop(key, None)
            elif kind in rolls.JOINING and here:
                held.setdefault(key, (place, home, "change"))
    lines = [(key, home, sheet) for key, (_, home, sheet) in held.items()]
    rows = pd.DataFrame(lines, columns=["student_key", "home", "sheet"], dtype="str")
    rows.index = scope.places(place for place, _, _ in held.values())
    return rows.assign(grade=stage.last, class_id=""), lacking, [part.assign(grade=stage.last) for part in lost]


def _uncounted(scope: Scope, grade: int, listed: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Rows of the lists and changes of a grade in one year that `entered` cannot count; a day after `day` has not come."""
    rows = scope.rows("change")
    late = (rows["date"] > pd.Timestamp(scope.end)) & (rows["date"] <= day)
    nobody = (rows["date"] <= pd.Timestamp(scope.end)) & rows["student_key"].isna()
    moved = pd.concat([uncounted_changes(scope), rows[late | nobody]])
    moved = moved[~moved.index.duplicated() & moved["grade"].isin((grade, 0))]
    return pd.concat([part[KEYS].assign(class_id="") for part in (listed[listed["student_key"].isna()], moved)])


def _whole(scope: Scope, grade: int, listed: pd.DataFrame) -> bool:
    """Whether every school that has the grade has its pupils on the list, and nothing needed was unreadable."""
    classes = scope.classes
    due = set(classes.loc[classes["grade"] == grade, "home"])
    return bool(due) and due <= set(listed["home"]) and not scope.missing("baseline", "change")


def finished(scope: Scope, code: str, title: str, stage: Stage) -> Ratio:
    """Of those who entered a stage (see `entered`) those who have graduated from it by the scope's end ÷ all of them.

    Where the lists of a year are not there, or before anybody has graduated, there is no figure.
    """
    cohort, lacking, lost = entered(scope, stage)
    if lacking:
        first = "一七"[stage.first > 1]
        years = "、".join(lacking)
        why = (
            f"要有{stage.years(scope.town.year)[0]}学年{first}年级起历年的学年初基准和学生变动，现在读不到：{years}学年"
        )
        return not_there(scope, code, title, why)
    state = scope.with_class(state_on(scope.town, scope.end))
    graduates = state.loc[(state["state"] == "毕业") & (state["grade"] == stage.last), "student_key"]
    rows = scope.within(cohort)
    hit = rows["student_key"].isin(graduates)
    if not hit.any():
        return not_there(scope, code, title, "本届学生还没有登记毕业，学年末才算得出")
    left_out = [scope.within(part) for part in lost]
    return ratio(scope, code, title, rows, hit, needs=("roster",), left_out=left_out)


def stages_kept(scope: Scope) -> list[Ratio]:
    """D04 学段巩固率 = 当年毕业生数 ÷ (6年前[小学]或3年前[初中]招生数 + 转入 − 转出)."""
    return [finished(scope, "D04", f"{stage.name}学段巩固率", stage) for stage in (PRIMARY, JUNIOR)]


def nine_years_kept(scope: Scope) -> Ratio:
    """D05 九年义务教育巩固率 = 毕业人数 ÷ 入学人数(含正常流动生)."""
    return finished(scope, "D05", "九年义务教育巩固率", NINE)


def left_for_good(scope: Scope) -> frozenset[str]:
    """Pupils whose transfer out was approved by the scope's end: the register of another school answers for them."""
    rows = rolls.changes(scope.town)
    rows = rows[(rows["kind"] == "转出") & (rows["sys_state"] == APPROVED) & (rows["date"] <= pd.Timestamp(scope.end))]
    return frozenset(rows["student_key"])
