"""Section 三、出勤与流生: the calendar, the rates, how long pupils have been away without leave, what was not filled in."""

import pandas as pd

from ...core import years
from ...core.tables import each
from ...figures import attendance as rates, base, selfcheck, uncounted
from .. import charts
from ..display import Blocks, Chart, Figure, Note, Table, Tiles, titled
from ..units import Column, behind, by_keys, finest, ledger, uncounted_column, unit_table, units
from ..views import Month

STREAKS = ("连续1日", "连续2日", "连续3日以上")


@titled("出勤与流生", 3, "attendance")
def attendance(month: Month) -> Blocks:
    """三: month calendar by class or school, 出勤率 (D10), 连续缺勤 1/2/3 日以上人数, 日查填报率 (D15)."""
    scope = month.scope
    days = rates.school_days(scope)
    unread = scope.missing("daily", "absence")
    if unread and set(unread) >= set(month.homes):
        lost = Note(f"读不到{scope.term}的出勤工作簿：{'、'.join(unread)}，尚未判定。", "unknown")
        return [lost]
    rate, filed = rates.rate(scope), rates.filed(scope)
    absent, called = rates.unexcused(scope), rates.contacted(scope)
    runs, line = rates.longest_runs(scope), scope.policy["suspected_after"]
    said = "；".join(filter(None, ("旷课、开学未报到、失联", uncounted.said(scope, "absence"))))
    figures = (
        _rate("出勤率", rate.total, "实到人次÷应到人次"),
        _rate("日查填报率", filed.total, "已填班日÷应填班日", wanted=True),
        _rate("周报按时报送率", selfcheck.weekly(scope).total, "按期÷应报，本月到期", wanted=True),
        Figure("无故缺勤人次", len(absent), said),
        *(
            Figure(
                f"{name}人数", len(own), "本月内最长一次，按上课日", "bad" if (own["run"] >= line).any() else "plain"
            )
            for step, name in enumerate(STREAKS, 1)
            for own in [runs[runs["step"] == step]]
        ),
        _rate("无故缺勤已联系家长", called.total, "已联系人次÷无故缺勤人次", wanted=True),
    )
    blocks = [Tiles(figures), *_calendar(month, days), _table(month, rate, filed, absent, runs)]
    if unread:
        blocks.insert(0, Note(f"读不到出勤：{'、'.join(unread)}，未计入下列各数。", "unknown"))
    long = runs[runs["step"] >= 2].sort_values("run", ascending=False)
    if len(long):
        table = ledger(month, long, "absence", ("name", "student_key"))
        more = zip(long["run"], long["first"], long["last"], strict=True)
        rows = tuple((*row, *extra) for row, extra in zip(table.rows, more, strict=True))
        columns = (*table.columns, "最长连续（上课日）", "起", "止")
        blocks.append(behind("连续缺勤2日以上的学生", Table(columns, rows)))
    if gaps := _gaps(month, days):
        blocks.append(behind("没有日查的班和日期", Table(("学校", "班级", "缺几日", "日期"), tuple(gaps))))
    return blocks


def _rate(label: str, measure: base.Measure, note: str, wanted: bool = False) -> Figure:
    tone = "unknown" if measure.unknown else "warn" if wanted and measure.short else "plain"
    return Figure(label, measure, "；".join(filter(None, (note, measure.note))), tone)


def _table(month: Month, rate: base.Ratio, filed: base.Ratio, absent: pd.DataFrame, runs: pd.DataFrame) -> Table:
    columns = [
        Column("出勤率（实到人次/应到人次）", rate),
        Column("无故缺勤人次", by_keys(absent)),
        *(Column(f"{name}（人）", by_keys(runs[runs["step"] == step])) for step, name in enumerate(STREAKS, 1)),
        Column("日查填报率", filed),
        *uncounted_column(month.scope, "absence"),
    ]
    return unit_table(month, finest(month), columns, caption="各单位出勤")


def _calendar(month: Month, days: list[pd.Timestamp]) -> list[Chart | Note]:
    """One cell a unit and day: unexcused pupils by 日查, 缺 where a class has no 日查, hatched where there was no school."""
    scope = month.scope
    if not days:
        unknown = "学年学期和教学日历没有填，不知道哪几天上课，出勤尚未判定。"
        return [Note(month.no_lessons) if month.no_lessons else Note(unknown, "unknown")]
    rows = scope.rows("daily")
    rows = rows[scope.in_days(rows["date"])]
    key = finest(month)
    counts = rows["unexcused"].fillna(0).astype(int).groupby([rows[key], rows["date"]]).sum().to_dict()
    filled = rows.drop_duplicates(["class_id", "date"]).groupby([key, "date"]).size().to_dict()
    classes = scope.classes.groupby(key).size().to_dict()
    school_days, last = set(days), pd.Timestamp(scope.end)
    every = list(pd.date_range(*years.days_of(month.month)))
    pictured = []
    for unit, label in units(month, key):
        cells = []
        for day in every:
            done = filled.get((unit, day), 0)
            why = "later" if day > last else "off" if day not in school_days else "gap" if not done else ""
            cells.append(charts.Day(counts.get((unit, day), 0), why, partial=not why and done < classes.get(unit, 0)))
        pictured.append((label, cells))
    what = "班级" if month.home else "学校"
    caption = f"{month.label}出勤日历：每格为该{what}当日无故缺勤人数"
    some = "" if month.home else "；带*：有的班没有日查"
    reads = f"“缺”：当日该{what}没有日查{some}；斜线：不上课（周末、节假日）；空白：尚未到。数字取自日查。"
    pictures = charts.calendar([day.date() for day in every], pictured, caption)
    return [Chart(svg, caption, reads) for svg in pictures]


def _gaps(month: Month, days: list[pd.Timestamp]) -> list[tuple]:
    scope = month.scope
    rows = scope.rows("daily")
    done = {(room, day) for _, room, day in each(rows, "class_id", "date")}
    unread = scope.missing("daily")
    found = []
    for row in scope.classes.itertuples():
        gaps = [day for day in days if (row.class_id, day) not in done]
        if gaps and row.home not in unread:
            shown = "、".join(f"{day.day}日" for day in gaps[:12]) + ("……" if len(gaps) > 12 else "")
            found.append((row.home, row.class_name, len(gaps), shown))
    return found
