"""Would the early-warning signals have seen the cases of a year before they were cases? Counted week by week, without hindsight.

Signals are worked out as of the last school day of each week, from rows dated up to then; a call made earlier is compared with
what the ledgers say later. Beside the colours stands a plain baseline: absence only. Source: domain.md 4.4.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, complete
from ..facts import calendar, enrolment, signals
from .base import Measure

PLAIN = "仅按缺勤"
# who called, in the order of the page
CALLERS = (f"{signals.BLUE}色以上", f"{signals.YELLOW}色以上", f"{signals.RED}色", PLAIN)
Child = tuple[str, str]  # home, student_key


@dataclass(frozen=True)
class Outcome:
    """What one caller came to. `leads`: for each case in time, how many weeks without a gap it had been called; 0 is not seen.

    `calls` and `false`: by day of the week's call, how many children were called and how many of them never became a case.
    """

    caller: str
    leads: tuple[int, ...]
    calls: Mapping[dt.date, int]
    false: Mapping[dt.date, int]
    small: int

    @property
    def seen(self) -> Measure:
        """Cases still called in the last week before they were cases, of all cases."""
        return Measure("W", "提前预警的", sum(lead > 0 for lead in self.leads), len(self.leads), self.small)

    @property
    def right(self) -> Measure:
        """Calls on children who became a case later, of all calls (a child called ten weeks long is ten calls)."""
        calls = sum(self.calls.values())
        return Measure("W", "命中的", calls - sum(self.false.values()), calls, self.small)

    @property
    def weeks_before(self) -> float | None:
        """The median of the weeks before of the cases seen; None where none was."""
        seen = [lead for lead in self.leads if lead]
        return median(seen) if seen else None

    @property
    def false_a_week(self) -> float:
        """False calls a week; 0 without weeks."""
        return sum(self.false.values()) / len(self.false) if self.false else 0.0


@dataclass(frozen=True)
class BackTest:
    """The weeks looked at, the cases (home, student_key, entered, sheet) and what each of CALLERS came to, in the same order."""

    days: tuple[dt.date, ...]
    cases: pd.DataFrame
    outcomes: tuple[Outcome, ...]


def back_test(town: Town, policy: Policy) -> BackTest:
    """Every week of the year with a 日查, every child who came onto 疑似辍学台账 or 辍学台账 after the first of them."""
    days = weeks(town)
    cases = entered(town)
    cases = cases[cases["entered"] > pd.Timestamp(days[0])] if days else cases.iloc[:0]
    called = {day: calls(town, policy, day) for day in days}
    outcomes = tuple(_outcome(caller, days, cases, called, policy["small_denominator"]) for caller in CALLERS)
    return BackTest(days, cases, outcomes)


def weeks(town: Town) -> tuple[dt.date, ...]:
    """The last school day of each week up to the last 日查."""
    last = town["daily"]["date"].max()
    taught = [day for day in calendar.school_days(town) if not pd.isna(last) and day <= last.date()]
    return tuple({day.isocalendar()[:2]: day for day in sorted(taught)}.values())


def entered(town: Town) -> pd.DataFrame:
    """Each child's first entry on one of the two ledgers: home, student_key, entered, sheet."""
    suspected, dropout = town["suspected"], town["dropout"]
    dropped = dropout["confirm_date"].fillna(dropout["drop_date"])
    rows = pd.concat(
        [
            suspected[enrolment.PUPIL].assign(entered=suspected["found"], sheet="suspected"),
            dropout[enrolment.PUPIL].assign(entered=dropped, sheet="dropout"),
        ]
    )
    rows = complete(rows, "student_key", "entered").sort_values("entered", kind="stable")
    return rows.drop_duplicates(enrolment.PUPIL)


def calls(town: Town, policy: Policy, day: dt.date) -> dict[str, set[Child]]:
    """Whom each of CALLERS calls on a day. The baseline calls on whoever is absent without leave, in a row or in sum (W1, W2)."""
    rows = signals.coloured(town, policy, day)
    places = signals.rank(rows["colour"])
    found = {caller: _children(rows[places >= least]) for least, caller in enumerate(CALLERS[:-1], start=1)}
    plain = [one.fires(town, policy, day) for one in (signals.consecutive, signals.accumulated)]
    return found | {PLAIN: set().union(*map(_children, plain))}


def _children(rows: pd.DataFrame) -> set[Child]:
    return set(zip(rows["home"], rows["student_key"], strict=True))


def _outcome(
    caller: str,
    days: tuple[dt.date, ...],
    cases: pd.DataFrame,
    called: Mapping[dt.date, dict[str, set[Child]]],
    small: int,
) -> Outcome:
    became = {
        (home, key): when.date()
        for home, key, when in zip(cases["home"], cases["student_key"], cases["entered"], strict=True)
    }
    leads = tuple(_lead(child, when, caller, days, called) for child, when in became.items())
    # a child whose case is known by then needs no call
    open_ = {day: {one for one in called[day][caller] if became.get(one, dt.date.max) > day} for day in days}
    false = {day: sum(one not in became for one in found) for day, found in open_.items()}
    return Outcome(caller, leads, {day: len(found) for day, found in open_.items()}, false, small)


def _lead(
    child: Child, when: dt.date, caller: str, days: tuple[dt.date, ...], called: Mapping[dt.date, dict[str, set[Child]]]
) -> int:
    """How many weekly calls in a row, up to the last before the entry, had named the child."""
    lead = 0
    for day in reversed([day for day in days if day < when]):
        if child not in called[day][caller]:
            break
        lead += 1
    return lead
