"""The deadline of the opening: a child who has not come must stand on some list.

Who has not come is seen from 入学通知与见证 (实际报到日期 is empty), so for those who enter a school this year; of the other
grades the class's own 日查 and 缺勤明细 tell (X10, X12).
"""

from __future__ import annotations

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import rolls
from ..casework import earliest
from ..references import homes_of
from .base import COLUMNS, Deadline, within

NOT_COME = "开学未报到"
WRITTEN = (("change", "date"), ("suspected", "found"), ("dropout", "confirm_date"))  # lists that say where a child is


def _opening(town: Town, policy: Policy) -> pd.DataFrame:
    """One row for each 入学通知 of this school year: by when a child who has not come must stand on some list."""
    rows = town["notice"].assign(home=homes_of(town, "notice"))
    rows = rows[~(rows["due"] < f"{town.year[:4]}-08-01")]
    opens = rolls.terms(town)["start"].min()
    start = rows["due"].fillna(opens)
    start = start.mask(start < opens, opens)
    rows = rows.assign(who=rows["server"], start=start, until=within(town, policy, start, "opening_absent_within"))
    done = earliest(rows["arrived"], _listed(town, rows[rows["arrived"].isna()]).reindex(rows.index))
    told = town.known("notice", "arrived").reindex(rows.index) & rows["student_key"].notna()
    return rows.assign(due=rows["until"].where(told), done=done)[COLUMNS]


def _listed(town: Town, rows: pd.DataFrame) -> pd.Series:
    """On which day these children were first written down as not there."""
    lists = [
        town[sheet][["student_key", column]].set_axis(["student_key", "date"], axis=1) for sheet, column in WRITTEN
    ]
    absent = town["absence"][["student_key", "date", "kind"]]
    written = pd.concat(
        [absent[absent["student_key"].isin(rows["student_key"])], *(one.assign(kind=NOT_COME) for one in lists)]
    )
    pairs = rows[["student_key", "start", "until"]].reset_index().dropna(subset=["student_key"])
    pairs = pairs.merge(written, on="student_key")
    # sick in November says that the child is at school, not that anybody wrote down that it had not come
    counts = (pairs["kind"] == NOT_COME) | (pairs["date"] <= pairs["until"])
    return pairs[counts & (pairs["date"] >= pairs["start"])].groupby(["workbook", "row"])["date"].min()


OPENING = Deadline("T09", "开学未报到登记", ("opening_absent_within",), "notice", "arrived", _opening)

DEADLINES: tuple[Deadline, ...] = (OPENING,)
