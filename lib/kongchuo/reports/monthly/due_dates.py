"""What is overdue and what falls due, by the table of deadlines: for the section 十一、下月工作."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ...field import deadlines
from ..display import Badge, Table
from ..months import Month
from ..units import said

MOST = 60  # rows of each list; the rest is in `kongchuo due`


def lists(month: Month, until: dt.date) -> tuple[Table, Table]:
    """Two tables: overdue on the month's last day, and due from then until a day; names masked for who reads."""
    rows = deadlines.due(month.town, month.policy, (until - month.end).days)
    if month.home:
        rows = rows[rows["home"] == month.home]
    late = rows["days"] < 0
    return _table(month, rows[late], "已逾期"), _table(month, rows[~late], f"{until:%m月%d日}以前到期")


def _table(month: Month, rows: pd.DataFrame, caption: str) -> Table:
    lines = tuple(
        (
            *(() if month.home else (row.home,)),
            row.title,
            "" if pd.isna(row.name) else said(month, str(row.name), row.title),
            "" if pd.isna(row.who) else row.who,
            row.due.date(),
            Badge("bad", f"逾期 {-row.days} 天") if row.days < 0 else Badge("plain", f"还有 {row.days} 天"),
        )
        for row in rows.head(MOST).itertuples(index=False)
    )
    columns = ("事项", "对象", "谁来办", "期限", "时间")
    more = f"只列前 {MOST} 项，其余用 kongchuo due 查看。" if len(rows) > MOST else ""
    return Table(
        columns if month.home else ("学校", *columns),
        lines,
        f"{caption}：{len(rows)} 项",
        note=more,
        empty="按现有台账没有",
    )
