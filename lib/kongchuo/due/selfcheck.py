"""Deadlines of 自查档案: the monthly self-check, weekly and monthly reports, bulletins and cases, problems to mend."""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, complete, no, of_year, once
from ..core.years import TAUGHT
from ..facts import calendar
from ..facts.references import tally
from .base import COLUMNS, KEY, Deadline, given, matched

WEEKLY, MONTHLY, BULLETIN, CASE = "周报", "月报", "简报", "典型案例"
DAY = pd.Timedelta(days=1)


# --- what is due when -------------------------------------------------------------------------------------------------
def week(days: pd.Series) -> pd.Series:
    """The Monday before each day, which stands for its week."""
    return days - pd.to_timedelta(days.dt.day_of_week, unit="D")


def month(days: pd.Series) -> pd.Series:
    """The first of each day's month, which stands for it."""
    return days - pd.to_timedelta(days.dt.day - 1, unit="D")


def month_end(days: pd.Series) -> pd.Series:
    """The last day of each day's month."""
    return month(month(days) + 31 * DAY) - DAY


PERIODS: dict[str, Callable[[pd.Series], pd.Series]] = {"week": week, "month": month}


@once
def _taught(town: Town, period: str) -> pd.DataFrame:
    """The weeks or months with lessons: period, name, start (their first school day), last (their last one)."""
    days = pd.Series(pd.to_datetime(calendar.school_days(town)).astype("datetime64[us]"))
    found = days.groupby(PERIODS[period](days)).agg(["min", "max"])
    found = found.rename_axis("period").rename(columns={"min": "start", "max": "last"}).reset_index()
    found = found.assign(name=found["last"].dt.strftime("%Y-%m"))
    # no month of summer is reported on, though lessons may run into July: its days stand in the weekly reports
    return found[found["name"].str[5:].isin(TAUGHT)] if period == "month" else found


def weeks(town: Town, policy: Policy) -> pd.DataFrame:
    """The weeks with lessons: period, start, due (周报截止 of that week; its last school day where that is later)."""
    found = _taught(town, "week")
    usual = found["period"] + DAY * (policy["week_report_due_weekday"] - 1)
    due = usual.where(usual > found["last"], found["last"])
    return found.assign(due=due, name=due.dt.strftime("%Y-%m-%d"))


def months(town: Town, policy: Policy) -> pd.DataFrame:
    """The months with lessons but those of summer: period, start, due (月报与自查截止 of the month after)."""
    found = _taught(town, "month")
    return found.assign(due=month_end(found["period"]) + DAY * policy["month_report_due_day"])


def _printed_months(town: Town, policy: Policy) -> pd.DataFrame:
    """The months with lessons; due on their last working day."""
    found = _taught(town, "month")
    return found.assign(due=calendar.latest(town, month_end(found["period"]), calendar.WORKING_DAY))


def _printed_terms(town: Town, policy: Policy) -> pd.DataFrame:
    """The terms; period is their first day; due some working days before they end, so that the centre can still print them."""
    found = calendar.terms(town).reset_index(drop=True)
    limit = policy.parameter("case_before_term_end")
    due = calendar.latest(town, found["end"], limit.unit, limit.value)
    return found.assign(period=found["start"], name=found["term"], due=due)[["period", "name", "start", "due"]]


# --- the monthly self-check -------------------------------------------------------------------------------------------
@once
def checks(town: Town) -> pd.DataFrame:
    """月自查 of this year with period, the first day of its month; missing where the month could not be read."""
    frame = of_year(town, town["selfcheck"])
    return frame.assign(period=pd.to_datetime(frame["month"], format="%Y-%m", errors="coerce").astype("datetime64[us]"))


def items(town: Town) -> int:
    """How many items a self-check has."""
    return len(town.schema.codes["checklist_item"].names)


def _self_checks(town: Town, policy: Policy) -> pd.DataFrame:
    """Done on the day of its last item, once all are there and none lacks the principal's word."""
    rows = checks(town)
    told, lost = complete(rows, "period"), rows.loc[rows["period"].isna(), "home"].value_counts()
    whole = told.assign(blank=told["item_no"].isna(), refused=no(told["confirmed"]), place=list(told.index))
    whole = whole.groupby(KEY)
    found = pd.DataFrame({"number": whole["item_no"].nunique() + whole["blank"].sum(), "date": whole["date"].max()})
    found = found.assign(refused=whole["refused"].any(), place=whole["place"].first()).reset_index()
    full = (found["number"] + tally(found["home"], lost) >= items(town)) & ~found["refused"]
    found = found.assign(done=found["date"].where(full), unsure=found["date"].isna())
    many = lost[lost >= items(town)]  # enough of them for a month that seems to have none
    found = pd.concat([found, pd.DataFrame({"home": many.index, "unsure": True})]).astype({"period": "datetime64[us]"})
    return matched(town, "selfcheck", months(town, policy), found[[*KEY, "done", "unsure", "place"]])


# --- reports ----------------------------------------------------------------------------------------------------------
@once
def reports(town: Town, kind: str) -> pd.DataFrame:
    """报送登记 of this year of one kind, with those of which the kind is not known; period: its week or month, from 截止日."""
    frame = of_year(town, town["filing"])
    frame = frame[(frame["report"] == kind) | frame["report"].isna()]
    period = {WEEKLY: week, MONTHLY: month}[kind](frame["until"])
    return frame.assign(period=period.where(frame["report"].notna()))


def _sent(town: Town, policy: Policy, kind: str) -> pd.DataFrame:
    periods = {WEEKLY: weeks, MONTHLY: months}[kind](town, policy)
    return matched(town, "filing", periods, given(reports(town, kind), "date"))


# --- bulletins and cases ----------------------------------------------------------------------------------------------
def prints(town: Town, policy: Policy, kind: str) -> pd.DataFrame:
    """简报案例 of one kind, with those of which the kind is not known; period: the last one that had begun on its date.

    What a school prints beyond the first of a period stands for the latest one before that has nothing: it came late.
    """
    begins = sorted(_periods(town, policy, kind)["period"])
    frame = town["bulletin"]
    frame = frame[((frame["kind"] == kind) | frame["kind"].isna()) & ~(frame["date"] < min(begins, default=pd.NaT))]
    frame = frame.sort_values("date", kind="stable")
    sure = frame["kind"].notna() & frame["date"].notna()
    places = [bisect_right(begins, day) - 1 if known else -1 for day, known in zip(frame["date"], sure, strict=True)]
    told: dict[str, list[int]] = {}
    for number, (home, place) in enumerate(zip(frame["home"], places, strict=True)):
        if place >= 0:
            told.setdefault(home, []).append(number)
    for own in told.values():
        for number, place in zip(own, _spread([places[number] for number in own]), strict=True):
            places[number] = place
    period = [begins[place] if place >= 0 else pd.NaT for place in places]
    return frame.assign(period=pd.Series(period, frame.index, dtype="datetime64[us]"))


def _spread(places: list[int]) -> list[int]:
    """Periods of what one school printed, in order of its dates: of several in one, the first go to the empty ones before."""
    found, held = list(places), set(places)
    for place in sorted(set(places)):
        empty = [earlier for earlier in range(place) if earlier not in held]
        own = [number for number, one in enumerate(places) if one == place]
        spare = min(len(own) - 1, len(empty))
        for number, earlier in zip(own[:spare], empty[len(empty) - spare :], strict=True):
            found[number] = earlier
            held.add(earlier)
    return found


def _periods(town: Town, policy: Policy, kind: str) -> pd.DataFrame:
    return {BULLETIN: _printed_months, CASE: _printed_terms}[kind](town, policy)


def _given_out(town: Town, policy: Policy, kind: str) -> pd.DataFrame:
    return matched(town, "bulletin", _periods(town, policy, kind), given(prints(town, policy, kind), "date"))


# --- problems to mend -------------------------------------------------------------------------------------------------
def _mending(town: Town, sheet: str, rows: pd.DataFrame, start: pd.Series) -> pd.DataFrame:
    """Rows with problem, owner, due and done; due is NaT where the cell that says whether it is done could not be read."""
    told = town.known(sheet, "done").reindex(rows.index)
    return rows.assign(who=rows["owner"], name=rows["problem"], start=start, due=rows["due"].where(told))[COLUMNS]


def _problems(town: Town, policy: Policy) -> pd.DataFrame:
    rows = town["issue"]
    finished = (rows["state"] == "已完成") | ~town.known("issue", "state")
    rows = rows[rows["done"].notna() | ~finished]  # done on a day nobody wrote down is done
    return _mending(town, "issue", rows, pd.Series(pd.NaT, rows.index, dtype="datetime64[us]"))


def _failed_items(town: Town, policy: Policy) -> pd.DataFrame:
    rows = of_year(town, town["selfcheck"])
    rows = rows[rows["result"] == "否"]
    return _mending(town, "selfcheck", rows, rows["date"])


SELF_CHECK = Deadline("T01", "月自查", ("month_report_due_day",), "selfcheck", "date", _self_checks)
WEEKLY_REPORT = Deadline("T03", "周报", ("week_report_due_weekday",), "filing", "date", partial(_sent, kind=WEEKLY))
MONTHLY_REPORT = Deadline("T03", "月报", ("month_report_due_day",), "filing", "date", partial(_sent, kind=MONTHLY))
BULLETINS, CASES = (partial(_given_out, kind=kind) for kind in (BULLETIN, CASE))
MONTHLY_BULLETIN = Deadline("T04", "简报", (), "bulletin", "date", BULLETINS)
TERM_CASE = Deadline("T05", "典型案例", ("case_before_term_end",), "bulletin", "date", CASES)
PROBLEM = Deadline("T06", "问题整改", (), "issue", "done", _problems)
FAILED_ITEM = Deadline("T06", "自查项目整改", (), "selfcheck", "done", _failed_items)

PRINTED = {BULLETIN: MONTHLY_BULLETIN, CASE: TERM_CASE}

DEADLINES: tuple[Deadline, ...] = (SELF_CHECK, WEEKLY_REPORT, MONTHLY_REPORT, MONTHLY_BULLETIN, TERM_CASE, PROBLEM,
                                   FAILED_ITEM)  # fmt: skip
