"""Who was absent without leave on which school days, and for how many in a row (domain.md 4.3). Pure."""

import datetime as dt

import numpy as np
import pandas as pd

from ..core.tables import Town, by_place, complete, mapping, no, once
from .calendar import school_days
from .enrolment import PUPIL, listed
from .references import keyed

UNEXCUSED = ("旷课", "开学未报到", "失联")


@once
def absences(town: Town) -> pd.DataFrame:
    """缺勤明细 on school days, day by day: with `place` (which of school_days), `without` (leave), `value` (days missed so).

    Leave without 请假手续 is no leave. Rows that lack pupil or kind are left out, and pupils who never stayed away without leave.
    """
    days = pd.DatetimeIndex(school_days(town)).astype("datetime64[us]")
    rows = town["absence"].assign(class_id=keyed(town, "absence", "class_id"))
    rows = complete(rows.assign(place=days.get_indexer(rows["date"])), "student_key", "kind")
    rows = rows[rows["place"] >= 0].sort_values("place", kind="stable")
    without = rows["kind"].isin(UNEXCUSED) | no(rows["leave_slip"])
    rows = rows.assign(without=without, value=(rows["halves"].fillna(0).astype(float) / 2).where(without, 0.0))
    return rows[rows.groupby(PUPIL)["without"].transform("any").astype(bool)]


@once
def streaks(town: Town, as_of: dt.date) -> pd.DataFrame:
    """Pupils who are absent without leave on a day: the `runs` that nothing has ended by then."""
    found = runs(town, as_of)
    return found[found["open"]].drop(columns=["last", "open"])


def runs(town: Town, as_of: dt.date) -> pd.DataFrame:
    """Every run of school days without leave up to a day: home, student_key, name, class_id, days, since, last, open.

    Counted as domain.md 4.3 says: half days count 0.5; leave with 请假手续 ends a run, leave without it counts like absence;
    a day for which the class has no 日查 is unknown and neither counts nor ends it; holidays are no days at all. `open`:
    nothing has ended it by `as_of`. Indexed by the run's last 缺勤明细 row.
    """
    days = pd.DatetimeIndex([day for day in school_days(town) if day <= as_of]).astype("datetime64[us]")
    rows = absences(town).loc[lambda one: one["place"] < len(days)]
    held, filled, nothing = _class_of(town), _filled(town), np.zeros(len(days), bool)
    parts = (rows[name].tolist() for name in (*PUPIL, "place", "value", "without", "name", "class_id"))
    pupils: dict[tuple[str, str], list[tuple]] = {}
    for index, home, key, *row in zip(rows.index, *parts, strict=True):
        pupils.setdefault((home, key), []).append((index, *row))
    found, at = [], []
    for pupil, own in pupils.items():
        without = [row for row in own if row[3]]
        if not without:
            continue
        absent, excused, value = nothing.copy(), nothing.copy(), np.zeros(len(days))
        absent[[row[1] for row in without]] = True
        excused[[row[1] for row in own if not row[3]]] = True
        np.add.at(value, [row[1] for row in own], [row[2] for row in own])
        name, class_id = without[-1][4:]
        class_id = held.get(pupil) if pd.isna(class_id) else class_id
        seen = filled[class_id][: len(days)] if class_id in filled else nothing
        ended = np.cumsum(~absent & (excused | seen))  # how often the pupil was seen by each day
        last_row = {row[1]: row[0] for row in without}
        for times in np.unique(ended[absent]):
            inside = np.flatnonzero(absent & (ended == times))
            number = float(np.minimum(value, 1)[inside].sum())
            found.append((*pupil, name, class_id, number, days[inside[0]], days[inside[-1]], bool(ended[-1] == times)))
            at.append(last_row[inside[-1]])
    frame = pd.DataFrame(found, by_place(at), [*PUPIL, "name", "class_id", "days", "since", "last", "open"])
    kinds = dict.fromkeys([*PUPIL, "name", "class_id"], "str") | dict.fromkeys(["since", "last"], days.dtype)
    return frame.astype(kinds | {"days": float, "open": bool})


@once
def _class_of(town: Town) -> dict[tuple[str, str], str]:
    rows = complete(listed(town), "student_key")
    return mapping(rows, ("home", "student_key"), "class_id")


@once
def _filled(town: Town) -> dict[str, np.ndarray]:
    days = pd.DatetimeIndex(school_days(town)).astype("datetime64[us]")
    places = days.get_indexer(town["daily"]["date"])
    daily = complete(town["daily"].assign(class_id=keyed(town, "daily", "class_id"), place=places), "class_id")
    filled = {}  # class -> on which of the school days it has a 日查 row
    for class_id, there in daily[daily["place"] >= 0].groupby("class_id")["place"]:
        filled[class_id] = np.isin(np.arange(len(days)), there)
    return filled
