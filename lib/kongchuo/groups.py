"""The groups of pupils who need support (特殊群体): who is in one, and which rows of 帮扶 are surely about whom.

Pure. Rules, deadlines and figures of support ask here, so that they mean the same pupils.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from . import rolls
from .rolls import PUPIL
from .tables import Town

POOR = ("脱贫户", "监测户", "低保", "特困供养", "孤儿")  # these need a 一家一案 (rule X29)
ANSWERED_FOR = (*rolls.AT_SCHOOL, "休学", "辍学")  # 在籍状态 of pupils whom the school still answers for


def marked(column: pd.Series, names: Iterable[str]) -> pd.Series:
    """Which cells of a column that holds several values ("低保、留守") hold at least one of these."""
    wanted = frozenset(names)
    found = {text: not wanted.isdisjoint(text.split("、")) for text in column.dropna().unique()}
    return pd.Series([found.get(text, False) for text in column.tolist()], column.index, dtype=bool)


def pupil(frame: pd.DataFrame, column: str = "student_key") -> pd.Series:
    """School and student_key (or another column) of each row as one text, to compare both at once; missing where either is."""
    return frame["home"] + "\0" + frame[column]


def held(town: Town) -> pd.DataFrame:
    """The roster's rows of the pupils whom a school answers for as of the town's day, with `class_id`, `state` and `pupil`.

    Who has left, finished or died is not among them, nor who comes later or whose state could not be read.
    """
    now = rolls.on(town, town.as_of).dropna(subset=["student_key"])
    now = now[now["state"].isin(ANSWERED_FOR)]
    rows = town["roster"].loc[now.index].assign(class_id=now["class_id"], state=now["state"])
    return rows.assign(pupil=pupil(rows))


def rows_of(town: Town, sheet_name: str) -> pd.DataFrame:
    """A sheet's rows of this school year with `pupil`, and `sure`: number and name are those of one pupil on its roster.

    Where they are not, the number or the name is wrong (rule X06), and nobody can tell whose row it is.
    """
    return town.once(_rows_of, sheet_name)


def _rows_of(town: Town, sheet_name: str) -> pd.DataFrame:
    frame = town[sheet_name]
    if "school_year" in frame:
        frame = frame[frame["school_year"].isna() | (frame["school_year"] == town.year)]
    roster = rolls.listed(town).dropna(subset=["student_key", "name"])
    names = dict(zip(pupil(roster), roster["name"], strict=True))
    keys = pupil(frame)
    known = pd.Series([names.get(key) for key in keys.tolist()], frame.index, dtype="str")
    sure = keys.notna() & known.notna() & (frame["name"].isna() | (frame["name"] == known))
    return frame.assign(pupil=keys, sure=sure.astype(bool))


def absent_from(pupils: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Which of these pupils (a frame with home, `pupil` and name) no row is about, not even one that may be about them."""
    doubtful = rows[~rows["sure"]]
    listed = pupils["pupil"].isin(rows["pupil"].dropna()) | pupil(pupils, "name").isin(pupil(doubtful, "name").dropna())
    nameless = doubtful.loc[doubtful["pupil"].isna() & doubtful["name"].isna(), "home"]
    return ~listed & ~pupils["home"].isin(nameless)


def stays(town: Town, pupils: pd.DataFrame, states: Iterable[str]) -> pd.DataFrame:
    """The stretches of days in which pupils (home, student_key) were in one of these states: place, start, end (not included).

    `place` counts the rows of `pupils` from 0; see `there`.
    """
    spells = rolls.spells(town)
    spells = spells.loc[spells["state"].isin(tuple(states)), [*PUPIL, "start", "end"]].dropna(subset=["student_key"])
    return pupils[PUPIL].reset_index(drop=True).reset_index(names="place").merge(spells, on=PUPIL)


def there(stays: pd.DataFrame, *days: pd.Timestamp) -> list[int]:
    """The places of the pupils who were in such a state on each of these days, in order."""
    found = [set(stays.loc[(stays["start"] <= day) & (day < stays["end"]), "place"]) for day in days]
    return sorted(set.intersection(*found))
