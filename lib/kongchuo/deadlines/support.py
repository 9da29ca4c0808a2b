"""Deadlines of 帮扶: aid paid within the term, a record of help each month, lessons at home each month and over the year."""

from __future__ import annotations

import pandas as pd

from .. import clocks, groups, rolls
from ..policy import Policy
from ..rolls import PUPIL
from ..tables import Town
from .base import Deadline

NEVER = pd.Series(dtype="datetime64[us]")
FROM_ELSEWHERE = ("转入", "其他增加")  # who came so may have been paid this term where he or she came from


def _unread(town: Town, rows: pd.DataFrame, sheet: str, *fields: str) -> pd.Series:
    """Rows whose school's sheet of deeds could not be read: whether the deed is done cannot be told."""
    return rows["home"].isin(town.unread_homes(sheet, *fields))


# --- aid --------------------------------------------------------------------------------------------------------------
def _aid(town: Town, policy: Policy) -> pd.DataFrame:
    """A row for each pupil with 应享资助 and each term; who came during the term is not judged in it."""
    plans = groups.rows_of(town, "family_plan")
    plans = plans[plans["sure"] & plans["aid_due"].notna()].drop_duplicates(PUPIL)
    stays = groups.stays(town, plans, rolls.AT_SCHOOL)
    paid, change = groups.rows_of(town, "aid"), rolls.changes(town)
    limit, parts = policy.parameter("aid_before_end"), []
    for term, start, end in rolls.terms(town)[["term", "start", "end"]].itertuples(index=False):
        due = clocks.add(town, pd.Series([end]), -limit.value, limit.unit)[0]
        came = change[change["kind"].isin(FROM_ELSEWHERE) & (change["date"] > start) & (change["date"] <= end)]
        rows = plans.iloc[groups.there(stays, due)]
        rows = rows[~rows["pupil"].isin(groups.pupil(came))]
        given = paid[(paid["term"] == term) | paid["term"].isna()]
        # aid whose date could not be read has been paid all the same
        first = given.assign(paid_on=given["paid_on"].fillna(start)).groupby("pupil")["paid_on"].min()
        maybe = ~groups.absent_from(rows, given) & ~rows["pupil"].isin(first.index)
        rows = rows.assign(term=term, start=start, due=due, done=first.reindex(rows["pupil"]).to_numpy())
        parts.append(rows.assign(due=rows["due"].mask(maybe | _unread(town, rows, "aid", "student_key", "term"))))
    rows = pd.concat(parts) if parts else plans.assign(term="", start=NEVER, due=NEVER, done=NEVER).iloc[:0]
    return rows[["home", "helper", "name", "student_key", "term", "start", "due", "done"]].rename(
        columns={"helper": "who"}
    )


# --- what is to be done each month ------------------------------------------------------------------------------------
def _each_month(
    town: Town, policy: Policy, cases: pd.DataFrame, deeds: pd.DataFrame, states: tuple[str, ...]
) -> pd.DataFrame:
    """A row for each case and each month in which it is open from the first school day to the last.

    `cases`: home, student_key, name, who, case, need (how many deeds a month), since. `deeds`: home, case, date, label; a deed
    without its case may be that of any case with the same label (without one, of any in the school). Months with too few
    school days ask for nothing. More columns than a deadline's: month, need, number (deeds found).
    """
    taught = pd.Series(pd.to_datetime(rolls.school_days(town)))
    stays, parts = groups.stays(town, cases, states), []
    for month, held in taught.groupby(taught.dt.to_period("M")):
        if len(held) >= policy["monthly_duty_min_days"]:
            rows = cases.iloc[groups.there(stays, held.iloc[0], held.iloc[-1])]
            rows = rows[rows["since"] < held.iloc[0]]
            parts.append(rows.assign(month=str(month), start=month.start_time, due=month.end_time.normalize()))
    if not parts:
        return cases.assign(month="", start=NEVER, due=NEVER, done=NEVER, number=0).iloc[:0]
    rows = pd.concat(parts).astype({"start": "datetime64[us]", "due": "datetime64[us]"})
    sure = deeds.dropna(subset=["case", "date"]).sort_values("date")
    sure = sure.assign(month=sure["date"].dt.to_period("M").astype("str"))
    sure = sure.assign(need=sure.groupby(["case", "month"]).cumcount() + 1)
    places = pd.MultiIndex.from_frame(rows[["case", "month", "need"]])
    done = sure.set_index(["case", "month", "need"])["date"].reindex(places).set_axis(rows.index)
    number = sure.groupby(["case", "month"]).size().reindex(places.droplevel("need")).fillna(0).astype(int).to_numpy()
    short = done.isna() & (number + _doubtful(rows, deeds) >= rows["need"])
    return rows.assign(number=number, done=done, due=rows["due"].mask(short))


def _doubtful(rows: pd.DataFrame, deeds: pd.DataFrame) -> pd.Series:
    """How many deeds without a date or a case may be those that a case is short of."""
    undated, lost = deeds[deeds["date"].isna() & deeds["case"].notna()], deeds[deeds["case"].isna()]
    counts = (
        (rows["case"], undated["case"]),
        (groups.pupil(rows, "label"), groups.pupil(lost, "label").dropna()),
        (rows["home"], lost.loc[lost["label"].isna(), "home"]),
    )
    return sum(wanted.map(given.value_counts()).fillna(0) for wanted, given in counts)


def _logs(town: Town, policy: Policy) -> pd.DataFrame:
    """学困厌学: who is back in class and converted needs no more; who has dropped out is visited by other rules (X15)."""
    plans, logs = groups.rows_of(town, "pupil_plan"), town["support_log"]
    open_ = plans["sure"] & plans["pupil_plan"].notna() & ~plans["converted"].fillna(False).astype(bool)
    cases = plans[open_ & town.known("pupil_plan", "converted").reindex(plans.index)]
    cases = cases.assign(case=groups.pupil(cases, "pupil_plan"), label=cases["helper"], since=cases["listed"])
    deeds = logs.assign(case=groups.pupil(logs, "pupil_plan"), label=logs["helper"])
    cases = cases.assign(who=cases["helper"], need=policy["support_logs_per_month"])
    rows = _each_month(town, policy, cases, deeds, rolls.AT_SCHOOL)
    return rows.assign(due=rows["due"].mask(_unread(town, rows, "support_log", "pupil_plan", "date")))


def _taught_at_home(town: Town) -> pd.DataFrame:
    rows = groups.rows_of(town, "disabled")
    rows = rows[rows["sure"] & (rows["placement"] == "送教上门")]
    return rows.assign(case=rows["pupil"], label=rows["name"], since=rolls.FIRST, who=rows["home_teachers"])


def _visits(town: Town, policy: Policy) -> pd.DataFrame:
    """送教: as often as planned for the child, and at least as often as the policy says."""
    cases, deeds = _taught_at_home(town), groups.rows_of(town, "home_teaching")
    planned = cases["plan_per_month"].fillna(0).astype(int)
    cases = cases.assign(need=planned.clip(lower=policy["home_teaching_per_month"]))
    deeds = deeds.assign(case=deeds["pupil"].where(deeds["sure"]), label=deeds["name"])
    rows = _each_month(town, policy, cases, deeds, ("送教上门",))
    return rows.assign(due=rows["due"].mask(_unread(town, rows, "home_teaching", "student_key", "date")))


def _lessons(town: Town, policy: Policy) -> pd.DataFrame:
    """送教: lessons over the school year, of those taught at home from its first school day to its last."""
    cases, deeds, taught = _taught_at_home(town), groups.rows_of(town, "home_teaching"), rolls.school_days(town)
    if not taught:
        return cases.assign(start=NEVER, due=NEVER, done=NEVER, number=0.0).iloc[:0]
    first, last = (pd.Timestamp(day) for day in (taught[0], taught[-1]))
    cases = cases.iloc[groups.there(groups.stays(town, cases, ("送教上门",)), first, last)]
    sure = deeds["sure"] & deeds["date"].notna() & deeds["lessons"].notna()
    given = deeds[sure].sort_values("date")
    sums = given.groupby("pupil")["lessons"].cumsum()
    enough = given[sums >= policy["home_teaching_lessons_per_year"]].groupby("pupil")["date"].min()
    number = given.groupby("pupil")["lessons"].sum().reindex(cases["pupil"]).fillna(0).astype(float).to_numpy()
    unsure = deeds.loc[~sure]
    maybe = cases["pupil"].isin(unsure["pupil"].dropna()) | groups.pupil(cases, "name").isin(
        groups.pupil(unsure, "name")
    )
    maybe |= _unread(town, cases, "home_teaching", "student_key", "date", "lessons")
    rows = cases.assign(start=first, due=last, number=number, done=enough.reindex(cases["pupil"]).to_numpy())
    return rows.assign(due=rows["due"].mask(maybe & rows["done"].isna()))


AID = Deadline("X30", "发放本学期资助", ("aid_before_end",), "family_plan", "aid_done", _aid)
LOGS = Deadline(
    "X31", "学困厌学学生月帮扶", ("support_logs_per_month", "monthly_duty_min_days"), "pupil_plan", "pupil_plan", _logs
)
VISITS = Deadline(
    "X34", "每月送教", ("home_teaching_per_month", "monthly_duty_min_days"), "disabled", "plan_per_month", _visits
)
LESSONS = Deadline("X34", "学年送教课时", ("home_teaching_lessons_per_year",), "disabled", "plan_per_month", _lessons)

DEADLINES: tuple[Deadline, ...] = (AID, LOGS, VISITS, LESSONS)


def missed(town: Town, rows: pd.DataFrame) -> pd.DataFrame:
    """Of the `state` of a monthly duty, the months that were over on the town's day and went by without enough deeds.

    A month is over on its last day: the self-check of the month is drawn up as of that day.
    """
    return rows[rows["done"].isna() & (rows["due"] <= pd.Timestamp(town.as_of))]
