"""The deadline of the handover from primary to junior school: where each of last year's sixth-graders is."""

from __future__ import annotations

import pandas as pd

from ...core.policy import Policy
from ...core.schema import LAST_PRIMARY
from ...core.tables import Town
from .. import rolls
from ..matching.lists import sixth_graders
from ..matching.people import WHO, earliest, unsure
from ..references import homes_of
from .base import COLUMNS, Deadline, within

PAIR = "六年级-七年级"
ELSEWHERE = "镇外在读"


def _accounted(town: Town, policy: Policy) -> pd.DataFrame:
    """Each of last year's sixth-graders, from the first day of term on, until it is known where he or she is.

    Known is: on a roster of this year; at school elsewhere with a paper to show for it; struck off in 比对结果. None is given
    where the one who is missed may stand in a sheet or a cell that could not be read.
    """
    pupils = sixth_graders(town)
    start = rolls.terms(town)["start"].min()
    if pupils.empty or pd.isna(start) or _in_the_way(town):
        return pd.DataFrame(columns=COLUMNS, index=pupils.index[:0]).astype(
            {"start": "datetime64[us]", "due": "datetime64[us]", "done": "datetime64[us]"}
        )
    known = pd.concat([_on_roster(town, pupils), _elsewhere(town, pupils), _struck_off(town, pupils)], axis=1)
    rows = pupils[["home", "name"]].assign(who="", start=start, done=known.min(axis=1).clip(lower=start))
    rows = rows.assign(due=within(town, policy, rows["start"], "opening_absent_within"))
    doubtful = unsure(town, pupils, "roster", "census") | pupils["name"].isna()
    return rows.loc[~doubtful | rows["done"].notna(), COLUMNS]


def _in_the_way(town: Town) -> bool:
    """Whether a sheet that may hold any of them could not be read: the census, 比对结果, a roster with classes above grade 6."""
    primary = set(homes_of(town, "class")) - set(homes_of(town, "class")[_above(town["class"]["grade"])])
    unread = town.unread_homes("census", "student_key", "study_status", "proof")
    unread |= town.unread_homes("match", "student_key", "match_type", "closed")
    return bool(unread or town.unread_homes("roster", "student_key", "status") - primary)


def _above(grades: pd.Series) -> pd.Series:
    return (grades.isna() | (grades > LAST_PRIMARY)).astype(bool)


def _on_roster(town: Town, pupils: pd.DataFrame) -> pd.Series:
    """Since when they are on a roster of this year; a school that keeps them as 毕业 does not have them any more."""
    spells = rolls.spells(town)
    here = spells[(spells["state"] != rolls.NOT_HERE) | spells["state"].isna()]
    first = here.groupby(level=[0, 1])["start"].min()
    roster = town["roster"]
    roster = roster.loc[roster["status"] != "毕业", WHO]
    return earliest(pupils, roster, first.reindex(roster.index))


def _elsewhere(town: Town, pupils: pd.DataFrame) -> pd.Series:
    """Since when the census shows a paper of a school elsewhere; a cell nobody can read counts for the pupil."""
    census = town["census"]
    shown = (census["proof"].notna() & (census["proof"] != "无")) | ~town.known("census", "proof")
    there = (census["study_status"] == ELSEWHERE) | ~town.known("census", "study_status")
    days = census["visit_date"].fillna(rolls.FIRST)
    return earliest(pupils, census.loc[there & shown, WHO], days)


def _struck_off(town: Town, pupils: pd.DataFrame) -> pd.Series:
    rows = town["match"]
    rows = rows[(rows["match_type"] == PAIR) | rows["match_type"].isna()]
    days = rows["closed"].where(town.known("match", "closed").reindex(rows.index), rolls.FIRST)
    return earliest(pupils, rows[["student_key"]], days)


HANDED_OVER = Deadline("X23", "六升七逐人核实去向", ("opening_absent_within",), "roster", "student_key", _accounted)

DEADLINES: tuple[Deadline, ...] = (HANDED_OVER,)
