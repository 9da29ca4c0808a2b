"""Deadlines of 重点关注: when a pupil on watch has to be followed up again."""

from __future__ import annotations

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import rolls
from .base import COLUMNS, Deadline, within

FREQUENCIES = {"每日": "watch_daily", "每周": "watch_weekly", "每两周": "watch_fortnightly", "每月": "watch_monthly"}


def _followed(town: Town, policy: Policy) -> pd.DataFrame:
    """The rows of this school year whose cells could be read, from the last follow-up (or the listing) to the next one.

    最近跟踪 is written over each time: what an earlier day saw is not known, and its rows have not begun by then. Nobody has
    to be followed after 解除, nor once no longer at school: whoever has dropped out, rests or has left is in other hands.
    """
    rows = town["watch"]
    rows = rows[rows["school_year"].isna() | (rows["school_year"] == town.year)]
    rows = rows[pd.concat([town.known("watch", name) for name in ("last", "closed")], axis=1).all(axis=1)[rows.index]]
    start = rows[["found", "last"]].max(axis=1)
    due = pd.Series(pd.NaT, rows.index, dtype="datetime64[us]")
    for name, key in FREQUENCIES.items():
        due = due.mask(rows["freq"] == name, within(town, policy, start, key))
    left = _left(town).reindex(pd.MultiIndex.from_frame(rows[rolls.PUPIL])).set_axis(rows.index)
    left = left.astype("datetime64[us]")  # a town without pupils gives no dates to tell the type by
    left = left.mask(left < start, start.astype("datetime64[us]"))
    done = pd.concat([rows["closed"], left], axis=1).min(axis=1)
    return rows.assign(who=rows["teacher"], start=start, due=due, done=done)[COLUMNS]


def _left(town: Town) -> pd.Series:
    """By pupil, the day from which he or she is no longer at school; missing for those who are."""
    spells = rolls.spells(town).dropna(subset=["student_key"])
    here = spells["state"].isna() | spells["state"].isin(rolls.AT_SCHOOL)
    ends = spells["end"].where(here, rolls.FIRST).groupby([spells[name] for name in rolls.PUPIL]).max()
    return ends[ends < rolls.LAST]


FOLLOWED = Deadline(
    "X39",
    "重点关注跟踪",
    tuple(FREQUENCIES.values()),
    "watch",
    "last",
    _followed,
)
DEADLINES: tuple[Deadline, ...] = (FOLLOWED,)
