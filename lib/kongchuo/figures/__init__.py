"""Figures with numerator and denominator, counted by row and summed from there; rates are never averaged.

Formulas are those of reference/domain.md, section 4.1; each function names its own, `definitions` lists them all. Knows no
files and no notebooks.
"""

from dataclasses import replace

import pandas as pd

from ..core.tables import by_place, yes
from .base import LEFT_OUT, Measure, Ratio, by_school, ratio, summed
from .flows import CASE_DAYS, case_steps, school_days, unexcused
from .scopes import Scope, counted

__all__ = ["LEFT_OUT", "Measure", "Ratio", "ratio", "summed"]


@by_school
def attendance(scope: Scope) -> Ratio:
    """D10 出勤率 = 实到人次 ÷ 应到人次, over the 日查 rows of the days; rows that hold an error are left out and counted."""
    everything = scope.rows("daily")
    everything = everything[scope.in_days(everything["date"])]
    rows = scope.sound("daily")
    rows = rows[scope.in_days(rows["date"])].dropna(subset=["due", "present"])
    left_out = [everything.drop(rows.index), scope.undated("daily")]
    needs = ("daily.due", "daily.present")
    return summed(
        scope, "D10", "出勤率", rows, rows["present"], rows["due"], of="daily", needs=needs, left_out=left_out
    )


@counted
def filed(scope: Scope) -> Ratio:
    """D15 日查填报率 = 已填日查的班·日 ÷ 应填班·日 (every class on every school day of the scope)."""
    days = school_days(scope)
    rows = scope.rows("daily").drop_duplicates(["class_id", "date"])
    place = dict(zip(zip(rows["class_id"], rows["date"], strict=True), rows.index, strict=True))
    due = scope.classes.merge(pd.DataFrame({"date": pd.Series(days, dtype="datetime64[us]")}), how="cross")
    rows_of = [place.get(pair) for pair in zip(due["class_id"], due["date"], strict=True)]
    hit = [found is not None for found in rows_of]
    due.index = by_place(
        found or scope.nowhere("daily", home) for found, home in zip(rows_of, due["home"], strict=True)
    )
    hit = pd.Series(hit, due.index, dtype=bool)
    everything, calendar = scope.rows("daily"), scope.town["calendar"]
    left_out = [
        everything[scope.dateless("daily") | (everything["class_id"] == "")],
        scope.unplaced("class", "class_id"),
        scope.of_all(calendar[calendar["is_school_day"].isna() & scope.in_days(calendar["date"])]),
    ]
    return ratio(scope, "D15", "日查填报率", due, hit, of="daily", needs=("daily", "class"), left_out=left_out)


@by_school
def contacted(scope: Scope) -> Ratio:
    """D13 联系率 = 已联系家长的无故缺勤人次 ÷ 无故缺勤人次 (缺勤明细 of the days)."""
    rows = unexcused(scope)
    every = scope.rows("absence")
    told = scope.told(rows, "absence", "called")
    left_out = [scope.undated("absence"), every[scope.in_days(every["date"]) & every["kind"].isna()], rows[~told]]
    rows = rows[told]
    hit = yes(rows["called"])
    return ratio(scope, "D13", "无故缺勤已联系家长", rows, hit, of="absence", needs=("absence",), left_out=left_out)


FOUR_LISTS = ("in_register", "in_rollbook", "in_seating", "in_homework")


@by_school
def reconciled(scope: Scope) -> Ratio:
    """D12 人籍一致率 = 四表一致且在位或请假的人数 ÷ 学籍数, over the 人籍核查 rows of the days."""
    rows = scope.sound("reconcile")
    rows = rows[scope.in_days(rows["date"]) & yes(rows["in_register"])]
    everything = scope.rows("reconcile")
    asked = scope.in_days(everything["date"]) & (yes(everything["in_register"]) | everything["in_register"].isna())
    left_out = [everything[asked].drop(rows.index), scope.undated("reconcile")]
    hit = rows["present"].isin(("在位", "请假")) & yes(rows["name_ok"])
    for column in FOUR_LISTS:
        hit &= yes(rows[column])
    return ratio(scope, "D12", "人籍一致率", rows, hit, of="reconcile", needs=("reconcile",), left_out=left_out)


@by_school
def listed(scope: Scope, column: str, title: str) -> Ratio:
    """D12, one list of the four: 该表有 ÷ 学籍数, over the 人籍核查 rows of the days."""
    rows = scope.rows("reconcile")
    rows = rows[
        scope.in_days(rows["date"]) & (yes(rows["in_register"]) | ~scope.told(rows, "reconcile", "in_register"))
    ]
    told = scope.told(rows, "reconcile", "in_register", column)
    left_out, needs = [scope.undated("reconcile"), rows[~told]], (f"reconcile.{column}",)
    rows = rows[told]
    return ratio(scope, "D12", title, rows, yes(rows[column]), of="reconcile", needs=needs, left_out=left_out)


def returned(scope: Scope, cases: pd.DataFrame, title: str, of: str) -> Ratio:
    """D11 劝返率 = 本期返校 ÷ 应劝返（上月末在册 + 本期新增）, of `flows.suspected` or `flows.dropouts`."""
    steps = case_steps(scope, cases)
    due, hit = steps["opening"] | steps["new"], steps["left"] & (cases["how"] == "返校")
    # a case whose end cannot be read counts as open, but nobody knows whether it was this one that ended well
    unsure = due & ~scope.told(cases, of, *CASE_DAYS[of][1:])
    due, hit = due & ~unsure, hit & ~unsure
    return summed(scope, "D11", title, cases, hit, due, of=of, needs=(of,), left_out=[cases[unsure]])


@counted
def archived(scope: Scope) -> Ratio:
    """D16 档案完备率 = 有材料或写明原因的项数 ÷ 18, for each school (items that have no row count as missing)."""
    items = range(1, scope.policy["archive_items"] + 1)
    rows = scope.rows("archive")
    rows = rows.assign(done=(rows["copies"].fillna(0) > 0) | rows["missing"].notna())
    rows = rows.sort_values("done", ascending=False, kind="stable").drop_duplicates(["home", "archive_no"])
    known = dict(zip(zip(rows["home"], rows["archive_no"], strict=True), rows.index, strict=True))
    done = set(rows.index[rows["done"]])
    due = [(home, number) for home in scope.homes for number in items]
    index = by_place(known.get(pair) or scope.nowhere("archive", pair[0]) for pair in due)
    frame = pd.DataFrame({"home": [home for home, _ in due], "grade": 0, "class_id": ""}, index)
    hit = pd.Series(index.isin(done), index)
    told = scope.town.known("archive", "copies") & scope.town.known("archive", "missing")
    known = hit | ~frame.index.isin(told.index[~told])
    left_out = [frame[~known], rows[rows["archive_no"].isna()]]
    found = ratio(
        scope, "D16", "档案完备率", frame[known], hit[known], of="archive", needs=("archive",), left_out=left_out
    )
    later = scope.town.later("archive", "copies").reindex(rows.index)
    return replace(found, why="档案目录在本期以后改写过，当时的份数看不到了") if later.any() else found
