"""Deadlines of 督查奖惩: inspection rounds, the scheme shown to teachers."""

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, no, of_year, once
from ..facts import calendar
from ..facts.references import homes_of
from .base import Deadline, given, matched
from .enrolment import locking

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


# --- the scheme shown -------------------------------------------------------------------------------------------------
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
SCHEME = Deadline("V03", "绩效方案公示", ("freeze_date",), "publicity", "pub_date", _schemes)

DEADLINES: tuple[Deadline, ...] = (ROUND, SCHEME)
