"""Section 十一、下月工作: what is overdue and what falls due, by the table of deadlines."""

import datetime as dt

import pandas as pd

from ... import due
from ...core.numbers import NUMERALS
from ...core.schema import CENTRE
from .. import today, units
from ..display import Badge, Blocks, Counted, Failed, Note, Table, titled
from ..views import Month

MOST_DUE = 60  # rows of each list


def lists(month: Month, until: dt.date) -> list[Failed | Note | Table]:
    """Two tables: overdue on the month's last day, and due from then until a day; names masked for who reads.

    Before them the deadlines that failed, and what is in no list since it has no day.
    """
    broken: list[str] = []
    rows = due.due(month.town, month.policy, (until - month.end).days, broken)
    undated = due.undated(month.town, month.policy)
    if month.home:
        rows, undated = (frame[frame["home"] == month.home] for frame in (rows, undated))
    late, lost = rows["days"] < 0, due.left_out(undated)
    tables = _table(month, rows[late], "已逾期"), _table(month, rows[~late], f"{until.month}月{until.day}日以前到期")
    return [*units.failed(broken), *([Note(f"{lost}。", "unknown")] if lost else []), *tables]


def _table(month: Month, rows: pd.DataFrame, caption: str) -> Table:
    lines = tuple(
        (
            *(() if month.home else (row.home,)),
            title := units.duty_title(month, row.title),
            "" if pd.isna(row.name) else units.said(month, str(row.name), title),
            "" if pd.isna(row.who) else row.who,
            row.due.date(),
            Badge("bad", f"逾期 {-row.days} 天")
            if row.days < 0
            else Badge("plain", f"还有 {row.days} 天" if row.days else "今天到期"),
        )
        for row in rows.head(MOST_DUE).itertuples(index=False)
    )
    columns = (*(() if month.home else ("学校",)), "事项", "对象", "谁来办", "期限", "时间")
    more = f"只列前 {MOST_DUE} 项，共 {len(rows)} 项。" if len(rows) > MOST_DUE else ""
    return Table(columns, lines, f"{caption}：{len(rows)} 项", note=more, empty="按现有台账没有")


@titled("下月工作", 11, "next_month")
def next_month(month: Month) -> Blocks:
    """十一: what is overdue and what falls due by the end of the following month, from the table of deadlines."""
    policy = month.policy
    first = (month.start + dt.timedelta(days=31)).replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    weekday = NUMERALS[policy["week_report_due_weekday"]]
    said = f"有上课日的各周，星期{weekday} {policy['week_report_due_time']} 前报周报。"
    if first.month in policy["campaign_months"]:
        said = f"{first.month}月是控辍保学宣传活动月。{said}"
    rows = due.due(month.town, policy, (last - month.end).days, [])
    late = int(((rows["days"] < 0) & rows["home"].isin((*month.homes, *(() if month.home else (CENTRE,))))).sum())
    empty = "；".join(today.unfilled(month))
    unsure = [Note(f"{empty}。还有没有逾期、到期的事尚未判定，0 项不等于没有。", "unknown")] if empty else []
    return Counted((Note(said), *unsure, *lists(month, last)), late)
