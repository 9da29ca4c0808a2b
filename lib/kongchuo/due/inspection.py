"""Deadlines of 督查奖惩 and of the beginning of the year: inspection rounds, the scheme shown to teachers, the baseline locked."""

from __future__ import annotations

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, of_year
from ..facts import calendar, enrolment
from ..facts.references import homes_of
from .base import Deadline
from .selfcheck import given, matched

ROUNDS = {1: "inspection_round1_week", 2: "inspection_round2_week"}


# --- inspection rounds ------------------------------------------------------------------------------------------------
def inspected(town: Town) -> pd.DataFrame:
    """督查评分 of this year with home ("" where the school cannot be told) and period: term and round; missing where unknown."""
    return town.once(_inspected)


def _inspected(town: Town) -> pd.DataFrame:
    frame = of_year(town, town["score"])
    home = homes_of(town, "score").reindex(frame.index)
    return frame.assign(home=home, period=frame["term"] + frame["round"].astype("str"))


def _rounds(town: Town, policy: Policy) -> pd.DataFrame:
    terms = enrolment.terms(town).reset_index(drop=True)
    periods = [
        terms.assign(
            period=terms["term"] + str(number),
            name=terms["term"] + f"第{number}轮督查",
            due=[calendar.week_end(start, policy[key]) for start in terms["start"]],
        )
        for number, key in ROUNDS.items()
        if number <= policy["inspections_per_term"]
    ]
    periods = pd.concat(periods)[["period", "name", "start", "due"]].astype({"due": "datetime64[us]"})
    return matched(town, "score", periods, given(inspected(town), "date")).assign(who="中心学校")


# --- the beginning of the year ----------------------------------------------------------------------------------------
def locking(town: Town, policy: Policy) -> pd.DataFrame:
    """The one period of the year: from the day of the baseline to the day it is locked (学年学期, else policy)."""
    terms, year = enrolment.terms(town), town.year[:4]
    dates = {
        name: next(iter(terms[name].dropna()), pd.Timestamp(f"{year}-{policy[name]}"))
        for name in ("baseline_date", "freeze_date")
    }
    row = {"period": town.year, "name": "", "start": dates["baseline_date"], "due": dates["freeze_date"]}
    # where nobody has written down the terms yet, nothing can be due
    return pd.DataFrame([row]).astype({"start": "datetime64[us]", "due": "datetime64[us]"}).iloc[: len(terms)]


def _baselines(town: Town, policy: Policy) -> pd.DataFrame:
    rows = of_year(town, town["baseline"])
    last = rows.sort_values("locked", kind="stable").drop_duplicates(
        "home", keep="last"
    )  # one without a date comes last
    return matched(town, "baseline", locking(town, policy), given(last.assign(period=town.year), "locked"))


def shown(town: Town) -> pd.DataFrame:
    """方案公示 of this year with home and period; the day is missing where the scheme does not say how points are given."""
    frame = of_year(town, town["publicity"])
    without = ~frame["in_scheme"].fillna(True).astype(bool)
    home = homes_of(town, "publicity").reindex(frame.index)
    return frame.assign(home=home, period=town.year, pub_date=frame["pub_date"].mask(without))


def _schemes(town: Town, policy: Policy) -> pd.DataFrame:
    rows = shown(town)
    told = town.known("publicity", "pub_date") & town.known("publicity", "in_scheme")
    told &= ~(town["publicity"]["pub_date"] > f"{int(town.year[:4]) + 1}-08-31")  # a slip of the pen: G09
    rows = given(rows, "pub_date").assign(unsure=~told.reindex(rows.index))  # an empty cell says that it was not shown
    return matched(town, "publicity", locking(town, policy), rows)


ROUND = Deadline("T02", "督查", tuple(ROUNDS.values()), "score", "date", _rounds)
BASELINE = Deadline("", "锁定学年初基准", ("freeze_date",), "baseline", "locked", _baselines)
SCHEME = Deadline("V03", "绩效方案公示", ("freeze_date",), "publicity", "pub_date", _schemes)

DEADLINES: tuple[Deadline, ...] = (ROUND, BASELINE, SCHEME)
