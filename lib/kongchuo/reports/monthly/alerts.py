"""The colours 蓝, 黄, 红 on the page: how many by school, who and for which reasons, who is new in the last week of the month."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ...core.editions import MAY_SEE, SHOWN
from ...field import signals
from ..display import Details, Note, Table
from ..display.masks import unlabelled
from ..months import Month
from ..units import Column, audience, by_keys, unit_table

LEVELS = tuple(reversed(signals.COLOURS))  # red first
NEW = "本周新出现"


def blocks(month: Month) -> list[Table | Details | Note]:
    """Counts by colour and unit; in a school's own edition the pupils as well, each with the reasons behind the colour."""
    scope = month.scope
    if unread := scope.missing("roster", "absence"):
        return [Note(f"读不到学籍或出勤：{'、'.join(unread)}，这些学校的预警颜色尚未判定。", "unknown"), *_shown(month)]
    return _shown(month)


def _shown(month: Month) -> list[Table | Details | Note]:
    scope = month.scope
    now = scope.within(scope.with_class(signals.coloured(month.town, month.policy, month.end)))
    week = month.end - dt.timedelta(days=7)
    moved = scope.within(scope.with_class(signals.moved(month.town, month.policy, week, month.end)))
    new = moved[moved["before"] == ""]
    columns = [Column(f"{level}色", by_keys(now[now["colour"] == level])) for level in LEVELS]
    columns.append(Column(NEW, by_keys(new)))
    caption = f"系统测算的预警（截至 {month.end:%Y-%m-%d}）"
    note = f"{NEW}：{week:%Y-%m-%d} 还没有颜色的。只属于贫困、残疾、留守等群体的，最多是蓝色。"
    by = "grade" if month.home else "home"
    found: list = [unit_table(month, by, columns, idle=False, caption=caption, note=note, empty="没有达到预警的学生")]
    if MAY_SEE["name"][audience(month)] == SHOWN:
        fresh = set(new.index)
        now = now.assign(order=-signals.rank(now["colour"])).sort_values("order", kind="stable")
        found += _pupils(month, now[now.index.isin(fresh)], f"{NEW}的学生", is_open=True)
        found += _pupils(month, now, "达到预警的学生和原因", is_open=False)
    return found


def _pupils(month: Month, rows: pd.DataFrame, summary: str, is_open: bool) -> list[Details]:
    """Names with their reasons, what a pupil merely is told as 特殊群体 only (P03)."""
    lines = tuple(
        (row.name, month.scope.labels.get(row.class_id, "—"), f"{row.colour}色", unlabelled(row.reasons), row.since)
        for row in rows.itertuples(index=False)
    )
    table = Table(("姓名", "班级", "预警", "原因", "最近信号日期"), lines)
    return [Details(f"{summary}（{len(lines)} 人）", (table,), open=is_open)] if lines else []
