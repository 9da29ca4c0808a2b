"""自查档案: D15 按时报送率 of what a school sends once a week or month, D13 家长知晓率, D16 档案完备率. The deadlines say what was due. Knows no files."""

from dataclasses import replace

import pandas as pd

from ..core.tables import by_place, complete
from ..due import selfcheck
from ..due.base import Deadline, state
from ..facts import calendar
from .base import NO_CALENDAR, Ratio, by_school, ratio, summed
from .scopes import Scope, counted

LETTER = "告家长一封信"


def in_time(scope: Scope, deadline: Deadline, title: str) -> Ratio:
    """D15 = 按期份数 ÷ 应报份数: of what fell due on the scope's days; what is due on the last of them may still come."""
    found, unsure = (rows.assign(grade=0, class_id="") for rows in judged(scope, deadline))
    needs, left_out = (deadline.sheet, "term"), [unsure, scope.undated(deadline.sheet)]
    made = ratio(scope, "D15", title, found, found["hit"], of=deadline.sheet, needs=needs, left_out=left_out)
    return made if len(found) or calendar.school_days(scope.town) else replace(made, why=NO_CALENDAR)


def judged(scope: Scope, deadline: Deadline) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What fell due of a deadline on the scope's days and is done or late, with `hit`: in time; and what nobody can tell."""
    rows = state(scope.town, scope.policy, deadline)
    rows = rows[rows["home"].isin(scope.homes)]
    found = rows[scope.in_days(rows["due"]) & (rows["done"].notna() | rows["late"])]
    return found.assign(hit=found["done"].notna() & ~found["late"]), rows[rows["due"].isna()]


@by_school
def weekly(scope: Scope) -> Ratio:
    """周报."""
    return in_time(scope, selfcheck.WEEKLY_REPORT, "周报按时报送率")


@by_school
def monthly(scope: Scope) -> Ratio:
    """月报 of the month before, which falls due in this one."""
    return in_time(scope, selfcheck.MONTHLY_REPORT, "月报按时报送率")


@by_school
def self_checks(scope: Scope) -> Ratio:
    """月自查 of the month before, which falls due in this one."""
    return in_time(scope, selfcheck.SELF_CHECK, "月自查按时完成率")


@by_school
def parents_aware(scope: Scope) -> Ratio:
    """D13 家长知晓率 = 回执数 ÷ 应发份数 of 告家长一封信, all letters of the year up to the scope's end; wrong rows are left out."""
    held, sound = scope.rows("publicity_log"), scope.sound("publicity_log")
    perhaps = held[held["kind"].isna() | (held["kind"] == LETTER)]  # which of unknown kind are letters, nobody can tell
    rows = complete(sound[(sound["kind"] == LETTER) & (sound["date"] <= pd.Timestamp(scope.end))], "n_due", "n_receipt")
    rows = rows[rows["n_receipt"] <= rows["n_due"]]
    needs = tuple(f"publicity_log.{name}" for name in ("kind", "date", "n_due", "n_receipt"))
    left_out = perhaps[
        (perhaps["date"] <= pd.Timestamp(scope.end)) | scope.dateless("publicity_log").loc[perhaps.index]
    ]
    counts, left_out = (rows["n_receipt"], rows["n_due"]), [left_out.drop(rows.index)]
    return summed(scope, "D13", "家长知晓率", rows, *counts, of="publicity_log", needs=needs, left_out=left_out)


def problems(scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The 问题整改 rows of the scope that were there at its end, and those that may have been: they have no 发现日期.

    A row without it was there where its deadline or its mending lies within the days; of the present day all rows are there.
    """
    rows, end = scope.rows("issue"), pd.Timestamp(scope.end)
    unsure = scope.town.later("issue", "found").reindex(rows.index) & ~(rows["due"] <= end) & ~(rows["done"] <= end)
    return rows[~unsure], rows[unsure]


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
