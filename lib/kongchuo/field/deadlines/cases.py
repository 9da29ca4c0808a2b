"""Deadlines of 疑似辍学台账 and 辍学台账: the steps from the first day away to 销号.

A case that was over before a deed was due needs the deed no more. What cannot be told (a cell nobody could read, a school
whose 劝返记录 was not read) has no due day. The 24 hours of a village's report (村报告时限) are in no ledger and not here.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import casework, clocks, rolls
from ..casework import at, earliest, placed, standing
from .base import COLUMNS, Deadline, within

OWNER = {"suspected": "owner", "dropout": "owner2"}
ONE = pd.Timedelta(days=1)


def _told(town: Town, rows: pd.DataFrame, sheet: str, *columns: str) -> pd.Series:
    """For which of the cases the cells of these columns could be read."""
    told = pd.Series(True, rows.index)
    places = pd.MultiIndex.from_tuples(rows[sheet].tolist(), names=["workbook", "row"]) if len(rows) else None
    for column in columns if len(rows) else ():
        told &= town.known(sheet, column).reindex(places).to_numpy()
    return told


def _table(
    town: Town, rows: pd.DataFrame, sheet: str, start: pd.Series, due: pd.Series, done: pd.Series
) -> pd.DataFrame:
    found = pd.DataFrame(
        {
            "home": rows["home"],
            "who": rows[OWNER[sheet]],
            "name": rows["name"],
            "start": start,
            "due": due,
            "done": done,
        }
    )[COLUMNS]
    places = rows[sheet].tolist()
    index = pd.MultiIndex.from_tuples(places, names=["workbook", "row"]) if places else town[sheet].index[:0]
    return found.set_axis(index)


def _unless_over(done: pd.Series, over: pd.Series, due: pd.Series) -> pd.Series:
    """When the deed was done, or that it was needed no more: the case was over by the day it was due."""
    return done.where(~(over <= due) | (done <= due), over)


def _noticed(rows: pd.DataFrame) -> pd.Series:
    """From when the school knew: the first day away of who was missed in class, else the day the name came up."""
    missed = rows["source"].isin(casework.FROM_ABSENCE) & rows["away"].notna()
    return rows["away"].where(missed, rows["found"])


def _first_visit(town: Town, rows: pd.DataFrame, faced: bool) -> pd.Series:
    """The first 劝返记录 of each case; with `faced`, the first that was no telephone call."""
    visits = placed(casework.visits(town))
    visits = visits[visits["faced"]] if faced else visits
    return visits.groupby("case")["date"].min().reindex(rows.index)


def _went_there(town: Town, rows: pd.DataFrame) -> pd.Series:
    """The first time somebody went to the family. 首次家访 does not count on a day whose only records are telephone calls."""
    visits = placed(casework.visits(town))
    on_day = visits.merge(rows["first_visit"].rename("date").rename_axis("case").reset_index(), on=["case", "date"])
    only_called = ~on_day.groupby("case")["faced"].any()
    written = rows["first_visit"].where(~only_called.reindex(rows.index).fillna(False).astype(bool))
    return earliest(written, _first_visit(town, rows, faced=True))


# --- 疑似辍学台账 -----------------------------------------------------------------------------------------------------
def _listed(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    rows = rows[rows["source"].isin(casework.FROM_ABSENCE) & rows["away"].notna()]
    due = within(town, policy, rows["away"] - ONE, "suspected_after")  # the first day away is the first that counts
    return _table(
        town, rows, "suspected", rows["away"], due.where(_told(town, rows, "suspected", "found")), rows["found"]
    )


def _step(
    town: Town, policy: Policy, start: pd.Series, key: str, columns: tuple[str, ...], done: pd.Series
) -> pd.DataFrame:
    """A step of a suspected case that is needed no more once the case is closed."""
    rows = standing(town, "suspected")
    due = within(town, policy, start, key).where(_told(town, rows, "suspected", *columns, "closed"))
    return _table(town, rows, "suspected", start, due, _unless_over(done, rows["settled"], due))


def _call(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    done = earliest(rows["first_call"], _first_visit(town, rows, faced=False))
    found = _step(town, policy, _noticed(rows), "call_within", ("first_call",), done)
    return _sure(town, rows, found)


def _visit(key: str, start: Callable[[pd.DataFrame], pd.Series]) -> Callable[[Town, Policy], pd.DataFrame]:
    def rows_of(town: Town, policy: Policy) -> pd.DataFrame:
        rows = standing(town, "suspected")
        found = _step(town, policy, start(rows), key, ("first_visit",), _went_there(town, rows))
        return _sure(town, rows, found)

    return rows_of


def _sure(town: Town, rows: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """What is not done may have been: no due day where a visit cannot be told."""
    vague = casework.unsure(town).reindex(rows.index).to_numpy()
    return found.assign(due=found["due"].where(~vague))


def _center(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    return _step(town, policy, rows["found"], "report_center_within", ("rep_center",), rows["rep_center"])


def _poor_told(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    done = earliest(rows["rep_center"], rows["rep_town"])
    found = _step(town, policy, rows["found"], "poor_report_within", ("rep_center", "rep_town"), done)
    return found[(casework.poor(town).reindex(rows.index) != "").to_numpy()]


def _township(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    visits = placed(casework.visits(town))
    handed = visits[visits["result"].isin(casework.HANDED_ON)].groupby("case")["date"].min().reindex(rows.index)
    done = earliest(rows["rep_town"], handed)
    return _sure(town, rows, _step(town, policy, _noticed(rows), "report_town_within", ("rep_town",), done))


def _confirmed(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    line = within(town, policy, rows["away"], "dropout_after")
    due = clocks.add(
        town, line - ONE, 1, clocks.WORKING_DAY
    )  # the decision falls on the first working day from there on
    due = due.where(_told(town, rows, "suspected", "closed"))
    return _table(town, rows, "suspected", rows["away"], due, earliest(rows["settled"], rows["confirmed"]))


# --- 辍学台账 ---------------------------------------------------------------------------------------------------------
def open_spells(town: Town) -> pd.DataFrame:
    """The stretches in which a dropout case was to be visited: case, start (认定 or 再次辍学), end (复学 or 销号; NaT: open)."""
    rows = standing(town, "dropout")
    first = pd.DataFrame(
        {"case": rows.index, "start": rows["confirmed"], "end": earliest(rows["back"], rows["struck"])}
    )
    again = rows[rows["relapsed"].notna()]
    second = pd.DataFrame({"case": again.index, "start": again["relapsed"], "end": again["struck"]})
    return pd.concat([first, second], ignore_index=True).dropna(subset=["start"])


def _intervals(town: Town, policy: Policy) -> pd.DataFrame:
    """One row for each stretch between two visits: weekly within a month of the confirmation, then every two weeks."""
    rows, spells = standing(town, "dropout"), open_spells(town)
    visits = placed(casework.visits(town), "date")[["case", "date"]].drop_duplicates()
    inside = visits.merge(spells, on="case")
    inside = inside[(inside["date"] >= inside["start"]) & ~(inside["date"] > inside["end"])]
    starts = pd.concat([spells.assign(date=spells["start"]), inside])[["case", "date", "start", "end"]]
    starts = starts.drop_duplicates(["case", "date", "start"]).sort_values(["case", "start", "date"])
    follows = starts.groupby(["case", "start"])["date"].shift(-1).fillna(starts["end"])
    starts = starts.assign(done=follows)[starts["date"].ne(starts["end"])]
    first_month = starts["date"] < at(rows["confirmed"], starts["case"]) + pd.DateOffset(months=1)
    due = within(town, policy, starts["date"], "visit_interval_first_month")
    due = due.where(first_month, within(town, policy, starts["date"], "visit_interval_later"))
    held = rows.loc[starts["case"]].set_axis(starts.index)
    sure = _told(town, held, "dropout", "back_date", "closed", "state")
    sure &= ~at(casework.unsure(town), starts["case"])
    return _table(town, held, "dropout", starts["date"], due.where(sure), starts["done"])


def follow_end(town: Town, policy: Policy, back: pd.Series) -> pd.Series:
    """Until when a pupil who came back is followed where nobody wrote it: to the end of the term after, as policy says."""
    ends = rolls.terms(town)[["start", "end"]].sort_values("start")
    number = policy["follow_up_terms"]
    upcoming = [ends.loc[ends["start"] > day, "end"].head(number) for day in back]
    last = ends["end"].max() if len(ends) else pd.NaT
    found = [later.iloc[-1] if len(later) else last for later in upcoming]
    return pd.Series(found, back.index, dtype="datetime64[us]").where(back.notna())


def _followed(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "dropout")
    rows = rows[rows["back"].notna()]
    due = rows["follow_to"].fillna(follow_end(town, policy, rows["back"]))
    due = due.where(_told(town, rows, "dropout", "follow_to", "closed"))
    return _table(town, rows, "dropout", rows["back"], due, earliest(rows["struck"], rows["relapsed"]))


LISTED = Deadline("", "连续缺勤列入疑似", ("suspected_after",), "suspected", "found", _listed)
CALL = Deadline("", "联系家长", ("call_within",), "suspected", "first_call", _call)
VISIT = Deadline("", "缺勤家访", ("visit_within",), "suspected", "first_visit", _visit("visit_within", _noticed))
FIRST_VISIT = Deadline(
    "X13", "列入疑似后首次家访", ("first_visit_within",), "suspected", "first_visit",
    _visit("first_visit_within", lambda rows: rows["found"]),
)  # fmt: skip
CENTER = Deadline("X14", "书面报告中心学校", ("report_center_within",), "suspected", "rep_center", _center)
POOR = Deadline("X40", "脱贫（监测）家庭当日报告", ("poor_report_within",), "suspected", "rep_center", _poor_told)
TOWNSHIP = Deadline("", "报镇政府", ("report_town_within",), "suspected", "rep_town", _township)
CONFIRMED = Deadline("", "查清或认定辍学", ("dropout_after",), "suspected", "verdict", _confirmed)
INTERVAL = Deadline(
    "X15", "下一次劝返", ("visit_interval_first_month", "visit_interval_later"), "dropout", "state", _intervals
)
FOLLOWED = Deadline("", "复学跟踪期满销号", ("follow_up_terms",), "dropout", "follow_to", _followed)

DEADLINES: tuple[Deadline, ...] = (
    LISTED, CALL, VISIT, FIRST_VISIT, CENTER, POOR, TOWNSHIP, CONFIRMED, INTERVAL, FOLLOWED,
)  # fmt: skip
