"""Signals from 出勤: W1 to W4. Absence is absence without leave, counted as in `rolls.runs`."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import rolls
from .base import Signal, shown, signal

ABSENCE = ("absence.date", "absence.student_key", "absence.kind", "absence.halves")
MARKET = "集日"  # in 说明 of 教学日历: a market day


def open_runs(town: Town, day: dt.date) -> pd.DataFrame:
    """`rolls.streaks`, worked out once a day."""
    return town.once(_open_runs, f"{day}")


def _open_runs(town: Town, day: str) -> pd.DataFrame:
    return rolls.streaks(town, dt.date.fromisoformat(day))


def _recent(town: Town, day: dt.date, number: int) -> pd.DataFrame:
    """Absences without leave on the last `number` school days up to a day."""
    past = sum(one <= day for one in rolls.school_days(town))
    rows = rolls.absences(town)
    return rows[rows["without"] & (rows["place"] < past) & (rows["place"] >= past - number)]


def _days(number: float) -> str:
    return f"{number:g}个上课日"


@signal("W1", "连续无故缺勤", *ABSENCE, "daily.date", "calendar.date")
def consecutive(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """截至当天还没有返校的连续无故缺勤：1日、2日各有信号分，到了疑似线直接是红色。半天算半天，不满一日的不算。"""
    rows = open_runs(town, day)
    rows = rows[rows["days"] >= 1]
    steps = policy["signal_streak_points"]
    points = [steps[min(int(number), len(steps)) - 1] for number in rows["days"]]
    reason = [
        f"自{since:%m-%d}起连续无故缺勤{_days(number)}"
        for since, number in zip(rows["since"], rows["days"], strict=True)
    ]
    return shown(rows, points, rows["since"], reason).assign(red=(rows["days"] >= policy["suspected_after"]).array)


@signal("W2", "累计无故缺勤", *ABSENCE, "calendar.date")
def accumulated(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """最近一段上课日里无故缺勤累计到了起算日数，断断续续也算。断续缺勤不会触动连续缺勤，却常常是离校的前奏。"""
    window = policy["signal_total_window"]
    rows = _recent(town, day, window)
    each = rows.groupby([*rolls.PUPIL, "place"]).agg(value=("value", "sum"), date=("date", "first"))
    total = each.assign(value=each["value"].clip(upper=1)).groupby(rolls.PUPIL).agg({"value": "sum", "date": "max"})
    total = total[total["value"] >= policy["signal_total_days"]].reset_index()
    reason = [f"近{_days(window)}无故缺勤累计{number:g}日" for number in total["value"]]
    return shown(total, policy["signal_total_points"], total["date"], reason)


@signal("W3", "周一节后或集日缺勤", *ABSENCE, "calendar.date", "calendar.reason")
def patterned(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """最近一段上课日里，无故缺勤落在周一、放假后第一天或集日（教学日历说明里写了“集日”）达到起算次数。这样的缺勤有规律，多半不是偶然。"""
    rows = _recent(town, day, policy["signal_pattern_window"])
    rows = rows[rows["date"].isin(town.once(_special_days))].drop_duplicates([*rolls.PUPIL, "place"])
    times = rows.groupby(rolls.PUPIL).agg(number=("place", "size"), date=("date", "max"))
    times = times[times["number"] >= policy["signal_pattern_times"]].reset_index()
    reason = [f"逢周一、节后或集日无故缺勤{number}次" for number in times["number"]]
    return shown(times, policy["signal_pattern_points"], times["date"], reason)


def _special_days(town: Town) -> frozenset[pd.Timestamp]:
    """Mondays, the first school day after any break, the first of the year, market days."""
    taught = rolls.school_days(town)
    found = {one for one in taught if one.weekday() == 0} | set(taught[:1])
    found |= {later for earlier, later in pairwise(taught) if (later - earlier).days > 1}
    entries = town["calendar"]
    markets = entries.loc[entries["reason"].fillna("").str.contains(MARKET), "date"].dropna()
    return frozenset(map(pd.Timestamp, found)) | frozenset(markets)


@signal("W4", "开学未报到或迟报到", *ABSENCE, "term.start")
def late_start(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """本学期开学没有报到、至今没有来，或者来了但迟报到超过规定日数。开学这几天是流失最多的时候。"""
    starts = rolls.terms(town)["start"]
    starts = starts[starts <= pd.Timestamp(day)]
    rows = rolls.absences(town)
    rows = rows[(rows["kind"] == "开学未报到") & (rows["date"] <= pd.Timestamp(day))]
    rows = rows[rows["date"] >= starts.iloc[-1]] if len(starts) else rows
    each = rows.groupby(rolls.PUPIL).agg(number=("place", "nunique"), first=("date", "min"), last=("date", "max"))
    still = open_runs(town, day).drop_duplicates(rolls.PUPIL).set_index(rolls.PUPIL)["since"]
    still = still.reindex(each.index)
    each = each[(each["last"] >= still) | (each["number"] > policy["signal_late_start_days"])].reset_index()
    reason = [f"开学{_days(number)}没有报到" for number in each["number"]]
    return shown(each, policy["signal_late_start_points"], each["first"], reason)


SIGNALS: tuple[Signal, ...] = (consecutive, accumulated, patterned, late_start)
