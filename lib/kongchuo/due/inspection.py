"""Deadlines of 督查奖惩 and of the beginning of the year: inspection rounds, the scheme shown to teachers, the baseline locked."""

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, no, of_year, once
from ..facts import calendar
from ..facts.references import homes_of
from .base import Deadline
from .selfcheck import given, matched

ROUNDS = {1: "inspection_round1_week", 2: "inspection_round2_week"}


# --- inspection rounds ------------------------------------------------------------------------------------------------
@once
def inspected(town: Town) -> pd.DataFrame:
    """督查评分 of this year with home ("" where the school cannot be told) and period: term and round; missing where unknown."""
    frame = of_year(town, town["score"])
    home = homes_of(town, "score").reindex(frame.index)
    return frame.assign(home=home, period=frame["term"] + frame["round"].astype("str"))


def _rounds(town: Town, policy: Policy) -> pd.DataFrame:
    terms, periods = calendar.terms(town).reset_index(drop=True), []
    for number, key in ROUNDS.items():
        if number <= policy["inspections_per_term"]:
            due = [calendar.week_end(start, policy[key]) for start in terms["start"]]
            words = {"period": terms["term"] + str(number), "name": terms["term"] + f"第{number}轮督查"}
            periods.append(terms.assign(**words, due=due))
    periods = pd.concat(periods)[["period", "name", "start", "due"]].astype({"due": "datetime64[us]"})
    return matched(town, "score", periods, given(inspected(town), "date")).assign(who="中心学校")


# --- the beginning of the year ----------------------------------------------------------------------------------------
def locking(town: Town, policy: Policy) -> pd.DataFrame:
    """The one period of the year: from the day of the baseline to the day it is locked (学年学期, else policy)."""
    terms, row = calendar.terms(town), {"period": town.year, "name": ""}
    for column, name in (("start", "baseline_date"), ("due", "freeze_date")):
        row[column] = next(iter(terms[name].dropna()), pd.Timestamp(f"{town.year[:4]}-{policy[name]}"))
    # where nobody has written down the terms yet, nothing can be due
    return pd.DataFrame([row]).astype({"start": "datetime64[us]", "due": "datetime64[us]"}).iloc[: len(terms)]


def _baselines(town: Town, policy: Policy) -> pd.DataFrame:
    rows = of_year(town, town["baseline"])
    last = rows.sort_values("locked", kind="stable").drop_duplicates("home", keep="last")  # one without a date is last
    return matched(town, "baseline", locking(town, policy), given(last.assign(period=town.year), "locked"))


def shown(town: Town) -> pd.DataFrame:
    """方案公示 of this year with home and period; the day is missing where the scheme does not say how points are given."""
    frame = of_year(town, town["publicity"])
    without = no(frame["in_scheme"])
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
