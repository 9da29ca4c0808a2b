"""Deadlines of 帮扶: aid paid within the term, a record of help each month, lessons at home each month and over the year."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, complete, yes
from ..facts import calendar, enrolment, support
from .base import Deadline

NEVER = pd.Series(dtype="datetime64[us]")
FROM_ELSEWHERE = ("转入", "其他增加")  # who came so may have been paid this term where he or she came from


def _tellable(town: Town, rows: pd.DataFrame, sheet: str, *fields: str, maybe: pd.Series | None = None) -> pd.DataFrame:
    """The rows with `due` only where it can be told whether the deed is done: the school's sheet of deeds could be read."""
    unread = rows["home"].isin(town.unread_homes(sheet, *fields)) | (False if maybe is None else maybe)
    return rows.assign(due=rows["due"].mask(unread)) if unread.any() else rows


# --- aid --------------------------------------------------------------------------------------------------------------
def _aid(town: Town, policy: Policy) -> pd.DataFrame:
    """A row for each pupil with 应享资助 and each term; who came during the term is not judged in it."""
    plans = support.rows_of(town, "family_plan")
    plans = plans.loc[plans["sure"] & plans["aid_due"].notna(), [*enrolment.PUPIL, "pupil", "name", "helper"]]
    plans = plans.drop_duplicates(enrolment.PUPIL)
    plans = plans.rename(columns={"helper": "who"})
    stays = support.stays(town, plans, enrolment.AT_SCHOOL)
    paid, change = support.rows_of(town, "aid"), enrolment.changes(town)
    limit, parts = policy.parameter("aid_before_end"), []
    for term, start, end in calendar.terms(town)[["term", "start", "end"]].itertuples(index=False):
        due = calendar.add(town, pd.Series([end]), -limit.value, limit.unit)[0]
        came = change[change["kind"].isin(FROM_ELSEWHERE) & (change["date"] > start) & (change["date"] <= end)]
        rows = plans.iloc[stays.on(due)]
        rows = rows[~rows["pupil"].isin(support.pupil(came))]
        given = paid[(paid["term"] == term) | paid["term"].isna()]
        # aid whose date could not be read has been paid all the same
        first = given.assign(paid_on=given["paid_on"].fillna(start)).groupby("pupil")["paid_on"].min()
        maybe = ~support.absent_from(rows, given) & ~rows["pupil"].isin(first.index)
        rows = rows.assign(term=term, start=start, due=due, done=first.reindex(rows["pupil"]).to_numpy())
        parts.append(_tellable(town, rows, "aid", "student_key", "term", maybe=maybe))
    return pd.concat(parts) if parts else plans.assign(term="", start=NEVER, due=NEVER, done=NEVER).iloc[:0]


# --- what is to be done each month ------------------------------------------------------------------------------------
def _each_month(
    town: Town, policy: Policy, cases: pd.DataFrame, deeds: pd.DataFrame, states: tuple[str, ...]
) -> pd.DataFrame:
    """A row for each case and each month in which it is open from the first school day to the last.

    `cases`: home, student_key, name, who, case, need (how many deeds a month), since. `deeds`: home, case, date, label; a deed
    without its case may be that of any case with the same label (without one, of any in the school). Months with too few
    school days ask for nothing. More columns than a deadline's: need, number (deeds found).
    """
    stays, since = support.stays(town, cases, states), cases["since"].to_numpy("datetime64[us]")
    places, months = [np.array([], int)], []
    for month, first, last in _months(town, policy["monthly_duty_min_days"]):
        there = stays.on(first, last)
        places.append(there[since[there] < first.to_datetime64()])
        months += [month] * len(places[-1])
    rows, starts = cases.iloc[np.concatenate(places)], np.array(months, "datetime64[M]")
    number, done = [], []
    given = _dates(deeds)
    for case, month, need in zip(rows["case"].tolist(), months, rows["need"].tolist(), strict=True):
        dates = given.get((case, month), ())
        number.append(len(dates))
        done.append(dates[need - 1] if len(dates) >= need else np.datetime64("NaT"))
    rows = rows.assign(start=starts.astype("datetime64[us]"), number=np.array(number, int))
    rows = rows.assign(due=(starts + 1).astype("datetime64[us]") - np.timedelta64(1, "D"))
    rows = rows.assign(done=np.array(done, "datetime64[us]"))
    short = rows["done"].isna() & (rows["number"] + _doubtful(rows, deeds) >= rows["need"])
    return rows.assign(due=rows["due"].mask(short)) if short.any() else rows


def _months(town: Town, least: int) -> Iterator[tuple[np.datetime64, pd.Timestamp, pd.Timestamp]]:
    """The months with at least so many school days, each with its first and last."""
    taught = pd.DatetimeIndex(calendar.school_days(town))
    for month, held in taught.groupby(taught.to_numpy("datetime64[M]")).items():
        if len(held) >= least:
            yield month, held[0], held[-1]


def _dates(deeds: pd.DataFrame) -> dict[tuple[str, np.datetime64], list[np.datetime64]]:
    """The days on which something was done for a case in a month, in order."""
    sure = complete(deeds, "case", "date").sort_values("date")
    days = sure["date"].to_numpy("datetime64[D]")
    found: dict[tuple[str, np.datetime64], list[np.datetime64]] = {}
    for case, month, day in zip(sure["case"].tolist(), days.astype("datetime64[M]"), days, strict=True):
        found.setdefault((case, month), []).append(day)
    return found


def _doubtful(rows: pd.DataFrame, deeds: pd.DataFrame) -> pd.Series:
    """How many deeds without a date or a case may be those that a case is short of."""
    whole = deeds["date"].notna() & deeds["case"].notna()
    if whole.all():
        return pd.Series(0, rows.index)
    undated, lost = deeds[~whole & deeds["case"].notna()], deeds[deeds["case"].isna()]
    counts = (
        (rows["case"], undated["case"]),
        (support.pupil(rows, "label"), support.pupil(lost, "label").dropna()),
        (rows["home"], lost.loc[lost["label"].isna(), "home"]),
    )
    return sum(wanted.map(given.value_counts()).fillna(0) for wanted, given in counts)


def _logs(town: Town, policy: Policy) -> pd.DataFrame:
    """学困厌学: a converted pupil needs no more; of one who has dropped out the visits count, not these records (X15)."""
    plans, logs = support.rows_of(town, "pupil_plan"), town["support_log"]
    open_ = plans["sure"] & plans["pupil_plan"].notna() & ~yes(plans["converted"])
    plans = plans[open_ & town.known("pupil_plan", "converted").reindex(plans.index)]
    cases = plans[["home", "student_key", "name", "pupil"]].assign(who=plans["helper"], label=plans["helper"])
    cases = cases.assign(case=support.pupil(plans, "pupil_plan"), since=plans["listed"])
    cases = cases.assign(need=policy["support_logs_per_month"])
    deeds = logs[["home", "date"]].assign(case=support.pupil(logs, "pupil_plan"), label=logs["helper"])
    rows = _each_month(town, policy, cases, deeds, enrolment.AT_SCHOOL)
    return _tellable(town, rows, "support_log", "pupil_plan", "date")


def _taught_at_home(town: Town) -> pd.DataFrame:
    rows = support.rows_of(town, "disabled")
    rows = rows.loc[rows["sure"] & (rows["placement"] == "送教上门")]
    cases = rows[["home", "student_key", "name", "pupil", "plan_per_month"]].assign(who=rows["home_teachers"])
    return cases.assign(case=rows["pupil"], label=rows["name"], since=enrolment.FIRST)


def _visits(town: Town, policy: Policy) -> pd.DataFrame:
    """送教: as often as planned for the child, and at least as often as the policy says."""
    cases, deeds = _taught_at_home(town), support.rows_of(town, "home_teaching")
    planned = cases["plan_per_month"].fillna(0).astype(int)
    cases = cases.assign(need=planned.clip(lower=policy["home_teaching_per_month"]))
    deeds = deeds[["home", "date"]].assign(case=deeds["pupil"].where(deeds["sure"]), label=deeds["name"])
    rows = _each_month(town, policy, cases, deeds, ("送教上门",))
    return _tellable(town, rows, "home_teaching", "student_key", "date")


def _lessons(town: Town, policy: Policy) -> pd.DataFrame:
    """送教: lessons over the school year, of those taught at home from its first school day to its last."""
    cases, deeds, taught = _taught_at_home(town), support.rows_of(town, "home_teaching"), calendar.school_days(town)
    if not taught:
        return cases.assign(start=NEVER, due=NEVER, done=NEVER, number=0.0).iloc[:0]
    first, last = (pd.Timestamp(day) for day in (taught[0], taught[-1]))
    cases = cases.iloc[support.stays(town, cases, ("送教上门",)).on(first, last)]
    sure = deeds["sure"] & deeds["date"].notna() & deeds["lessons"].notna()
    given = deeds[sure].sort_values("date")
    sums = given.groupby("pupil")["lessons"].cumsum()
    enough = given[sums >= policy["home_teaching_lessons_per_year"]].groupby("pupil")["date"].min()
    number = given.groupby("pupil")["lessons"].sum().reindex(cases["pupil"]).fillna(0).astype(float).to_numpy()
    rows = cases.assign(start=first, due=last, number=number, done=enough.reindex(cases["pupil"]).to_numpy())
    maybe = ~support.absent_from(rows, deeds[~sure]) & rows["done"].isna()
    return _tellable(town, rows, "home_teaching", "student_key", "date", "lessons", maybe=maybe)


AID = Deadline("X30", "发放本学期资助", ("aid_before_end",), "family_plan", "aid_done", _aid)
LOG, TEACH = ("support_logs_per_month", "monthly_duty_min_days"), ("home_teaching_per_month", "monthly_duty_min_days")
LOGS = Deadline("X31", "学困厌学学生月帮扶", LOG, "pupil_plan", "pupil_plan", _logs)
VISITS = Deadline("X34", "每月送教", TEACH, "disabled", "plan_per_month", _visits)
LESSONS = Deadline("X34", "学年送教课时", ("home_teaching_lessons_per_year",), "disabled", "plan_per_month", _lessons)

DEADLINES: tuple[Deadline, ...] = (AID, LOGS, VISITS, LESSONS)


def missed(town: Town, rows: pd.DataFrame) -> pd.DataFrame:
    """Of the `state` of a monthly duty, the months that were over on the town's day and went by without enough deeds.

    A month is over on its last day: the self-check of the month is drawn up as of that day.
    """
    return rows[rows["done"].isna() & (rows["due"] <= pd.Timestamp(town.as_of))]
