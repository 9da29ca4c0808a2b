"""The groups of pupils who need support (特殊群体): who is in one, and which rows of 帮扶 are surely about whom.

Pure. Rules, deadlines and figures of support ask here, so that they mean the same pupils.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from ..core.tables import Town, complete, of_year, once, yes
from . import enrolment

POOR = ("脱贫户", "监测户", "低保", "特困供养", "孤儿")  # these need a 一家一案 (rule X29)
MARKS = {"学困": "weak", "厌学": "weary"}  # groups that have a column of their own on the roster
ANSWERED_FOR = (*enrolment.AT_SCHOOL, "休学", "辍学")  # 在籍状态 of pupils whom the school still answers for


def marked(column: pd.Series, names: Iterable[str]) -> pd.Series:
    """Which cells of a column that holds several values ("低保、留守") hold at least one of these."""
    wanted = frozenset(names)
    found = {text: not wanted.isdisjoint(text.split("、")) for text in column.dropna().unique()}
    return pd.Series([found.get(text, False) for text in column.tolist()], column.index, dtype=bool)


def kinds(town: Town) -> tuple[str, ...]:
    """The groups that at least one pupil of the roster is in: 特殊群体 in the order of their code list, 学困, 厌学."""
    return tuple(kind for kind in (*town.schema.codes["groups"].names, *MARKS) if members(town, kind))


@once
def members(town: Town, kind: str) -> frozenset[str]:
    """The student_keys of the pupils whom the roster puts into a group."""
    rows = town["roster"]
    inside = yes(rows[MARKS[kind]]) if kind in MARKS else marked(rows["groups"], (kind,))
    return frozenset(rows.loc[inside, "student_key"].dropna())


def pupil(frame: pd.DataFrame, column: str = "student_key") -> pd.Series:
    """School and student_key (or another column) of each row as one text, to compare both at once; missing where either is."""
    return frame["home"] + "\0" + frame[column]


def held(town: Town) -> pd.DataFrame:
    """The roster's rows of the pupils whom a school answers for as of the town's day, with `class_id`, `state` and `pupil`.

    Who has left, finished or died is not among them, nor who comes later or whose state could not be read.
    """
    return _held(town, town.as_of)


@once
def _held(town: Town, day: dt.date) -> pd.DataFrame:
    now = complete(enrolment.on(town, day), "student_key")
    now = now[now["state"].isin(ANSWERED_FOR)]
    rows = town["roster"].loc[now.index].assign(class_id=now["class_id"], state=now["state"])
    return rows.assign(pupil=pupil(rows))


@once
def rows_of(town: Town, sheet_name: str) -> pd.DataFrame:
    """A sheet's rows of this school year with `pupil`, and `sure`: number and name are those of one pupil on its roster.

    Where they are not, the number or the name is wrong (rule X06), and nobody can tell whose row it is.
    """
    frame, names = town[sheet_name], _names(town)
    if "school_year" in frame:
        frame = of_year(town, frame)
    keys = pupil(frame)
    given = zip(keys.tolist(), frame["name"].fillna("").tolist(), strict=True)
    return frame.assign(pupil=keys, sure=[key in names and name in ("", names[key]) for key, name in given])


@once
def _names(town: Town) -> dict[str, str]:
    roster = complete(enrolment.listed(town), "student_key", "name")
    return dict(zip(pupil(roster).tolist(), roster["name"].tolist(), strict=True))


def absent_from(pupils: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Which of these pupils (a frame with home, `pupil` and name) no row is about, not even one that may be about them."""
    doubtful = rows[~rows["sure"]]
    listed = pupils["pupil"].isin(rows["pupil"].dropna())
    if len(doubtful):
        listed |= pupil(pupils, "name").isin(pupil(doubtful, "name").dropna())
        listed |= pupils["home"].isin(doubtful.loc[doubtful["pupil"].isna() & doubtful["name"].isna(), "home"])
    return ~listed


@dataclass(frozen=True)
class Stays:
    """The stretches of days in which pupils were in some state: `place` counts them from 0, `end` is not included."""

    place: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def on(self, *days: pd.Timestamp) -> np.ndarray:
        """The places of the pupils who were in such a state on each of these days, in order."""
        found = (self.place[(self.start <= day) & (day < self.end)] for day in (day.to_datetime64() for day in days))
        return reduce(np.intersect1d, found)


def stays(town: Town, pupils: pd.DataFrame, states: Iterable[str]) -> Stays:
    """The stretches in which these pupils (a frame with `pupil`) were in one of the states."""
    spells = enrolment.spells(town)
    spells = spells.loc[spells["state"].isin(tuple(states)) & spells["student_key"].isin(pupils["student_key"])]
    places: dict[str, list[int]] = {}
    for place, key in enumerate(pupils["pupil"].tolist()):
        places.setdefault(key, []).append(place)
    given = zip(pupil(spells).tolist(), *(spells[name].to_numpy() for name in ("start", "end")), strict=True)
    found = [(place, start, end) for key, start, end in given for place in places.get(key, ())]
    place, start, end = zip(*found, strict=True) if found else ((), (), ())
    return Stays(np.array(place, int), np.array(start, "datetime64[us]"), np.array(end, "datetime64[us]"))
