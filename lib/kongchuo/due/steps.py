"""The life of a case, from the first day away to 销号: every step with its date, its time limit, and how many days late.

Pure. `steps` tells it in order, `states` says how it stood on a day, `next_steps` what is due next. Time limits are those of
`due.DEADLINES`; nothing dated later than as_of has happened yet. Steps that cannot have come in that order are found by rule X52.
"""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, complete, once, yes
from ..facts import cases as case_facts, enrolment
from . import base, cases

SUSPECTED, AWAY, FOLLOWED, AGAIN, CLOSED, NONE = "疑似", "辍学劝返中", "已复学跟踪", "再次辍学", "已销号", ""
OPEN = (SUSPECTED, AWAY, AGAIN)
SERVED = "送达"
KINDS = {"case": "int64", "date": "datetime64[us]", "due": "datetime64[us]", "days": "Int64", "late": bool, "waiting": bool}  # fmt: skip
UNTIMED = {"due": pd.NaT, "days": pd.NA, "late": False, "waiting": False}  # of a step that has no limit
WHO = ["home", "student_key", "name", "class_id"]
COLUMNS = ["case", "step", "date", "limit", "due", "days", "late", "waiting", "sheet", "place"]


@dataclass(frozen=True)
class Step:
    """A step that happens once in a case: what it is called, the cell with its date, and its time limit (None: has none)."""

    title: str
    sheet: str
    column: str
    deadline: base.Deadline | None = None


STEPS = (
    Step("离校", "suspected", "last_day"),
    Step("列入疑似", "suspected", "found", cases.LISTED),
    Step("首次联系", "suspected", "first_call", cases.CALL),
    Step("首次家访", "suspected", "first_visit", cases.FIRST_VISIT),
    Step("书面报中心学校", "suspected", "rep_center", cases.CENTER),
    Step("报镇政府", "suspected", "rep_town", cases.TOWNSHIP),
    Step("疑似结案", "suspected", "closed", cases.CONFIRMED),
    Step("认定辍学", "dropout", "confirm_date"),
    Step("复学", "dropout", "back_date"),
    Step("销号", "dropout", "closed", cases.FOLLOWED),
)


# --- steps ------------------------------------------------------------------------------------------------------------
@once
def steps(town: Town, policy: Policy) -> pd.DataFrame:
    """Every step of every case up to as_of, and each that is still to come, in order of date, or of the day it is due.

    A case begins on the day it is found: one found later has no step yet, though its pupil was away or watched before.
    `case` is the number in `facts.cases.cases`; date NaT: not done yet; `limit` in words, `due` the last day in time, `days` left
    until then (negative: late by so many), `waiting` whether what the limit asks for is still to come (of a paper: what follows
    on it), `sheet` and `place` where it is written down.
    """
    parts = [*(_once(town, policy, step) for step in STEPS), _watched(town), _visited(town, policy), _served(town, policy),
             _gone_again(town)]  # fmt: skip
    none = pd.DataFrame(columns=COLUMNS)
    found = pd.concat([part[COLUMNS] for part in parts if len(part)] or [none], ignore_index=True).astype(KINDS)
    begun = ~(known(case_facts.cases(town)) > pd.Timestamp(town.as_of))
    found = found[begun.reindex(found["case"]).to_numpy(bool)]
    return found.assign(when=found["date"].fillna(found["due"])).sort_values(["case", "when"], kind="stable")[COLUMNS]


def known(book: pd.DataFrame) -> pd.Series:
    """Since when each case of `facts.cases.cases` stands on a ledger: 发现日期, else 认定日期; NaT where neither is written."""
    return book["found"].fillna(book["confirmed"])


def _limit(policy: Policy, deadline: base.Deadline | None) -> str:
    """The time limit in words: 3个上课日; 7/14个自然日."""
    held = [policy.parameter(key) for key in deadline.limits] if deadline else []
    return f"{'/'.join(str(one.value) for one in held)}个{held[0].unit}" if held else ""


def _once(town: Town, policy: Policy, step: Step) -> pd.DataFrame:
    """One step of all cases. Where a time limit runs and the step is not done, it is to come; where it was not needed, nothing."""
    rows, now = case_facts.standing(town, step.sheet), pd.Timestamp(town.as_of)
    written = town[step.sheet][step.column].reindex(rows[step.sheet]).set_axis(rows.index)
    found = pd.DataFrame({"case": rows.index, "date": written.where(written <= now), "place": rows[step.sheet]})
    found = found.assign(step=step.title, limit=_limit(policy, step.deadline), sheet=step.sheet)
    if step.deadline is None:
        return found[found["date"].notna()].assign(**UNTIMED)
    state = base.state(town, policy, step.deadline)
    held = state[~state.index.duplicated()].reindex(rows[step.sheet]).set_axis(rows.index)
    open_still = held["start"].notna() & held["done"].isna() & held["due"].notna()
    days = (held["due"] - found["date"].fillna(now)).dt.days.astype("Int64")  # of the deed, whatever else came first
    late = yes(days < 0)
    found = found.assign(due=held["due"], days=days, late=late, waiting=found["date"].isna())
    return found[found["date"].notna() | open_still]


def _watched(town: Town) -> pd.DataFrame:
    """When the pupil was put on 重点关注: the latest time before the case was found that still stood then, else the first after.

    What was over (解除日期) before the case was found belongs to an earlier story of the same pupil.
    """
    book = case_facts.cases(town)
    rows = complete(town["watch"], "student_key", "found")
    rows = rows[rows["found"] <= pd.Timestamp(town.as_of)]
    rows = rows[[*enrolment.PUPIL, "found", "closed"]].rename(columns={"found": "date"}).assign(place=list(rows.index))
    pairs = book[enrolment.PUPIL].assign(known=known(book)).reset_index(names="case").merge(rows, on=enrolment.PUPIL)
    pairs = pairs[~(pairs["closed"] < pairs["known"])]
    pairs = pairs.assign(gap=(pairs["date"] - pairs["known"]).dt.days)
    pairs = pairs.assign(after=pairs["gap"] > 0, gap=pairs["gap"].abs()).sort_values(["case", "after", "gap"])
    found = pairs.drop_duplicates("case").assign(step="列入重点关注", sheet="watch")
    return found.assign(limit="", **UNTIMED)


def _visited(town: Town, policy: Policy) -> pd.DataFrame:
    """Every visit with its result, and, of a dropout, by when it had to be; the next one of open dropouts is to come."""
    now = pd.Timestamp(town.as_of)
    rows = case_facts.placed(case_facts.visits(town), "date")
    rows = rows[rows["date"] <= now]
    told = rows["mode"].fillna("劝返") + "：" + rows["result"].fillna("结果未填")
    found = pd.DataFrame({"case": rows["case"], "date": rows["date"], "step": told, "place": list(rows.index)})
    found = found.assign(sheet="visit")
    gaps = base.state(town, policy, cases.INTERVAL)
    numbers = {place: case for case, place in case_facts.cases(town)["dropout"].dropna().items()}
    gaps = gaps.assign(case=[numbers[place] for place in gaps.index], place=list(gaps.index))
    met = complete(gaps, "done").drop_duplicates(["case", "done"])[["case", "done", "due", "days", "late"]]
    # of several visits on one day only the first ends the gap: it was late once, not as often as somebody went
    turns, first = found.assign(turn=found.groupby(["case", "date"]).cumcount()), met.assign(turn=0)
    on = ["case", "date", "turn"]
    found = turns.merge(first.rename(columns={"done": "date"}), how="left", on=on).drop(columns="turn")
    upcoming = gaps[gaps["done"].isna() & gaps["due"].notna()]
    upcoming = upcoming.assign(step=cases.INTERVAL.title, sheet="dropout", date=pd.NaT)
    both = pd.concat([found, upcoming[[*found.columns]]], ignore_index=True)
    limit = _limit(policy, cases.INTERVAL)
    timed, late = both["due"].notna().map({True: limit, False: ""}), yes(both["late"])
    return both.assign(limit=timed, late=late, waiting=both["date"].isna())


def _served(town: Town, policy: Policy) -> pd.DataFrame:
    """Each paper when it was served, with its time limit: how many days are left, or by how many the next step was late."""
    rows = case_facts.placed(case_facts.papers(town), "served")
    rows = rows[rows["served"] <= pd.Timestamp(town.as_of)]
    state = base.state(town, policy, cases.PAPER).reindex(rows.index)
    until = "限" + rows["deadline"].dt.strftime("%Y-%m-%d")
    found = pd.DataFrame({"case": rows["case"], "date": rows["served"], "place": list(rows.index)}, rows.index)
    found = found.assign(step=SERVED + rows["doc_type"].fillna("文书"), limit=until.fillna(""), sheet="legal")
    late, waiting = yes(state["late"]), state["due"].notna() & state["done"].isna()
    return found.assign(due=state["due"], days=state["days"], late=late, waiting=waiting)


def _gone_again(town: Town) -> pd.DataFrame:
    book = case_facts.cases(town)
    rows = book[book["relapsed"] <= pd.Timestamp(town.as_of)]
    found = pd.DataFrame({"case": rows.index, "date": rows["relapsed"], "place": rows["dropout"]})
    return found.assign(step=AGAIN, sheet="dropout", limit="", **UNTIMED)


def limited(told: pd.DataFrame) -> pd.Series:
    """What the time limit of each of `steps` asks for: of a paper what follows on it, of a visit the next one, else the step."""
    papers = told["step"].str.removeprefix(SERVED) + "限期"
    return told["step"].mask(told["sheet"] == "legal", papers).mask(told["sheet"] == "visit", cases.INTERVAL.title)


# --- states -----------------------------------------------------------------------------------------------------------
def states(town: Town, day: dt.date) -> pd.Series:
    """How each case stood at the end of a day: 疑似, 辍学劝返中, 已复学跟踪, 再次辍学, 已销号; "" before it was found.

    Indexed as `facts.cases.cases`. A suspected case that was closed, but not as 转辍学台账, is 已销号; one handed on to 辍学台账
    stays 疑似 until it stands there.
    """
    book, now = case_facts.cases(town), pd.Timestamp(day)
    found = pd.Series(NONE, book.index, dtype="str")
    for since, state in (
        (known(book), SUSPECTED),
        (book["confirmed"], AWAY),
        (book["back"], FOLLOWED),
        (book["relapsed"], AGAIN),
        (case_facts.earliest(case_facts.settled(book), book["struck"]), CLOSED),
    ):
        found = found.mask(since <= now, state)
    return found


@once
def next_steps(town: Town, policy: Policy) -> pd.DataFrame:
    """What is due next in each case that is not closed at as_of, the most pressing first.

    WHO, owner (包保人), state, away (first day away), step, due, days, late; the case's number as index. A case with nothing due
    has no step.
    """
    book, told = case_facts.cases(town), steps(town, policy)
    book = book.assign(state=states(town, town.as_of), owner=book["owner2"].fillna(book["owner"]))
    book = book.loc[book["state"].isin((*OPEN, FOLLOWED)), [*WHO, "owner", "state", "away"]]
    told = told[told["waiting"]]
    waiting = pd.concat([told.assign(step=limited(told)), _promises(town, policy)])
    first = waiting.sort_values("due", kind="stable").drop_duplicates("case").set_index("case")
    return book.join(first[["step", "due", "days", "late"]]).sort_values(["due", "away"], kind="stable")


def _promises(town: Town, policy: Policy) -> pd.DataFrame:
    """The last promised visit of each case that has not been made."""
    state = base.state(town, policy, cases.PROMISED)
    state = state[state["done"].isna() & state["due"].notna()]
    numbers = case_facts.visits(town)["case"].reindex(state.index)
    return state.assign(case=numbers.astype("int64"), step=cases.PROMISED.title)
