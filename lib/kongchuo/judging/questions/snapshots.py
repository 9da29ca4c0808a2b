"""Q06: rows dated long ago that an earlier snapshot of the workbooks did not have yet."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .base import Question, question

CODE, TITLE = "Q06", "补记"
# sheet -> the row's own day, and what else tells one row of that day from another
DATED = {
    "daily": ("date", ("class_id",)),
    "absence": ("date", ("student_key",)),
    "reconcile": ("date", ("student_key", "name")),
    "watch": ("found", ("student_key",)),
    "suspected": ("found", ("student_key",)),
    "visit": ("date", ("student_key",)),
    "support_log": ("date", ("pupil_plan",)),
    "home_teaching": ("date", ("student_key",)),
}


def backdated(now: Town, earlier: Town, taken: dt.date, policy: Policy) -> tuple[Question, ...]:
    """当时的工作簿快照里还没有、日期却比快照早很多天的行：出勤、人籍核查、重点关注、疑似台账、劝返、帮扶、送教记录。补记要写明是补记，事后编的不算走访。"""
    if not _same_pupils(now, earlier):
        return ()
    latest = pd.Timestamp(taken) - pd.Timedelta(days=policy["question_backdated_days"])
    found = []
    for sheet, (day, more) in DATED.items():
        form = now.schema.sheets[sheet]
        rows = now[sheet]
        rows = rows[(rows[day] < latest) & (rows[day] <= pd.Timestamp(now.as_of))]
        rows = rows[~rows.index.get_level_values("workbook").isin(_unread(earlier, now, sheet))]
        if rows.empty:
            continue
        before = earlier[sheet]
        for key in (
            form.primary_key,
            (day, *more),
        ):  # a row given another number, or another date, was there all the same
            columns = ["home", *key]
            known = pd.MultiIndex.from_frame(before[columns].astype(str))
            rows = rows[~pd.MultiIndex.from_frame(rows[columns].astype(str)).isin(known)]
        for _, own in rows.groupby(level="workbook"):
            days = own[day].dt.strftime("%m-%d").drop_duplicates().sort_values().tolist()
            span = days[0] if len(days) == 1 else f"{days[0]}至{days[-1]}"
            text = f"{len(own)}条{form.title}写的是{span}，{taken:%Y-%m-%d}那份快照里还没有，是不是后来补记的？"
            found.append(question(now, CODE, text, [(sheet, index) for index in own.index]))
    return tuple(found)


def _same_pupils(now: Town, earlier: Town) -> bool:
    """Whether both are of one township: most pupils of the earlier rosters are on the present ones."""
    known = earlier["roster"][["student_key", "name"]].dropna()
    if known.empty:
        return False
    here = pd.MultiIndex.from_frame(now["roster"][["student_key", "name"]].dropna())
    return pd.MultiIndex.from_frame(known).isin(here).mean() >= 0.5


def _unread(earlier: Town, now: Town, sheet: str) -> set[str]:
    """Workbooks that the earlier snapshot did not hold whole, so that nobody knows what was in them."""
    form = earlier.schema.sheets[sheet]
    needs = {DATED[sheet][0], *DATED[sheet][1], *form.primary_key}
    read = set()
    for book in earlier.holding(sheet):
        table = book.tables.get(sheet)
        if table is not None and needs <= set(table.columns) and not {name for _, name in table.unread} & needs:
            read.add(book.name)
    return {book.name for book in now.holding(sheet)} - read
