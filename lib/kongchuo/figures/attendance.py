"""出勤: D10 出勤率, D15 日查填报率, D13 whose parents were reached; who was absent without leave, and for how long. Knows no files."""

from dataclasses import replace

import pandas as pd

from ..core.tables import by_place, complete, each, yes
from ..facts import attendance, calendar
from .base import NO_CALENDAR, Ratio, by_school, by_school_or_each, ratio, summed
from .scopes import Scope


def school_days(scope: Scope) -> list[pd.Timestamp]:
    """The school days among the scope's days, by 教学日历 and 学年学期."""
    return [pd.Timestamp(day) for day in calendar.school_days(scope.town) if scope.start <= day <= scope.end]


# --- absence ----------------------------------------------------------------------------------------------------------
def unexcused(scope: Scope) -> pd.DataFrame:
    """The 缺勤明细 rows of the scope's days without leave: 旷课, 开学未报到, 失联."""
    rows = scope.rows("absence")
    return rows[scope.in_days(rows["date"]) & rows["kind"].isin(attendance.UNEXCUSED)]


def calls(scope: Scope) -> pd.DataFrame:
    """The 缺勤明细 of the days with 家访 that name no 劝返记录, which would be the same visit."""
    rows = scope.rows("absence")
    return rows[scope.in_days(rows["date"]) & yes(rows["visited"]) & rows["visit_id"].isna()]


@by_school
def longest_runs(scope: Scope) -> pd.DataFrame:
    """Pupils absent without leave on the scope's days, each once with the longest run that reaches into them (domain.md 4.3).

    Columns: KEYS, student_key, name, run (school days, half days count 0.5), first and last day of the run, step
    (1: one day, 2: two days, 3: three or more; 0: half a day).
    """
    found = attendance.runs(scope.town, scope.end)
    found = scope.within(scope.with_class(found[found["last"] >= pd.Timestamp(scope.start)]))
    found = found.sort_values("days", ascending=False, kind="stable").drop_duplicates(["home", "student_key"])
    found = found.rename(columns={"days": "run", "since": "first"})
    return found.assign(step=found["run"].clip(upper=3).astype(int))


# --- the rates --------------------------------------------------------------------------------------------------------
@by_school
def rate(scope: Scope) -> Ratio:
    """D10 出勤率 = 实到人次 ÷ 应到人次, over the 日查 rows of the days; rows that hold an error are left out and counted."""
    everything = scope.rows("daily")
    everything = everything[scope.in_days(everything["date"])]
    rows = scope.sound("daily")
    rows = complete(rows[scope.in_days(rows["date"])], "due", "present")
    left_out = [everything.drop(rows.index), scope.undated("daily")]
    needs = ("daily.due", "daily.present")
    return summed(
        scope, "D10", "出勤率", rows, rows["present"], rows["due"], of="daily", needs=needs, left_out=left_out
    )


@by_school_or_each
def filed(scope: Scope) -> Ratio:
    """D15 日查填报率 = 已填日查的班·日 ÷ 应填班·日 (every class on every school day of the scope)."""
    days = school_days(scope)
    rows = scope.rows("daily").drop_duplicates(["class_id", "date"])
    place = {(room, day): index for index, room, day in each(rows, "class_id", "date")}
    due = scope.classes.merge(pd.DataFrame({"date": pd.Series(days, dtype="datetime64[us]")}), how="cross")
    rows_of = [place.get((room, day)) for _, room, day in each(due, "class_id", "date")]
    hit = [found is not None for found in rows_of]
    due.index = by_place(
        found or scope.nowhere("daily", home) for found, home in zip(rows_of, due["home"].tolist(), strict=True)
    )
    hit = pd.Series(hit, due.index, dtype=bool)
    everything, entries = scope.rows("daily"), scope.town["calendar"]
    left_out = [
        everything[scope.dateless("daily") | (everything["class_id"] == "")],
        scope.unplaced("class", "class_id"),
        scope.of_all(entries[entries["is_school_day"].isna() & scope.in_days(entries["date"])]),
    ]
    found = ratio(scope, "D15", "日查填报率", due, hit, of="daily", needs=("daily", "class"), left_out=left_out)
    unknown = not calendar.school_days(scope.town)
    return replace(found, why=NO_CALENDAR) if unknown else found


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
