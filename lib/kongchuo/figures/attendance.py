"""出勤: D10 出勤率, D15 日查填报率, and D13 whose parents were reached. Knows no files."""

import pandas as pd

from ..core.tables import by_place, complete, yes
from .base import Ratio, by_school, ratio, summed
from .flows import school_days, unexcused
from .scopes import Scope, counted


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
