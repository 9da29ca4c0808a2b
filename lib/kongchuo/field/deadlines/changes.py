"""Deadlines of 学籍: changes reported, transfers approved, leave that ends, guests, the check of register against persons."""

from __future__ import annotations

import pandas as pd

from ...core.policy import Policy
from ...core.schema import TERMS
from ...core.tables import Town
from .. import clocks, duties, rolls
from ..references import dated, keyed, named
from .base import COLUMNS, Deadline, within

GONE = tuple(kind for kind, state in rolls.AFTER.items() if state not in (rolls.ENROLLED, "休学"))
ENDS_LEAVE = (rolls.RETURN, "转入", "其他增加", *GONE)


def _changes(town: Town, *kinds: str) -> pd.DataFrame:
    """Rows of 学生变动 of these kinds (none: all) with the clerk who has to act, by name."""
    frame = town["change"]
    frame = frame[frame["kind"].isin(kinds)] if kinds else frame
    names = duties.names_of(town, "staff", "staff_id", "name")
    clerks = named(keyed(town, "change", "handler").reindex(frame.index), names).fillna(frame["handler"])
    return frame.assign(who=clerks)


def _reported(town: Town, policy: Policy) -> pd.DataFrame:
    rows = _changes(town)
    due = within(town, policy, rows["date"], "change_report_within")
    return rows.assign(start=rows["date"], due=due, done=rows["report_date"])[COLUMNS]


def _approved(town: Town, policy: Policy, kind: str) -> pd.DataFrame:
    rows = _changes(town, kind)
    rows = rows[rows["sys_state"].isin(("已发起", "已核办"))]
    due = within(town, policy, rows["sys_start"], "transfer_within")
    # approved on a day nobody can read: done, whenever it was
    done = rows["sys_date"].fillna(rows["sys_start"]).where(rows["sys_state"] == "已核办")
    return rows.assign(start=rows["sys_start"], due=due, done=done)[COLUMNS]


# --- leave ------------------------------------------------------------------------------------------------------------
def leaves(town: Town) -> pd.DataFrame:
    """Rows of 休学 in 学生变动 with `begun`, and `ended`: when the pupil was back, gone or granted leave again (NaT: not yet).

    The roster's word counts as well: whoever stands there as something else than 休学 since then is not on leave any more.
    """
    return town.once(_leaves)


def _leaves(town: Town) -> pd.DataFrame:
    rows = _changes(town, "休学").dropna(subset=["student_key"])
    rows = rows.assign(begun=rows["leave_from"].fillna(rows["date"]), place=range(len(rows)))
    after = town["change"].dropna(subset=["student_key", "date"])
    after = after[after["kind"].isin((*ENDS_LEAVE, "休学"))][["student_key", "kind", "date", "leave_to"]]
    pairs = rows[["student_key", "begun", "leave_to", "place"]].merge(after, on="student_key", suffixes=("", "_next"))
    again = (pairs["kind"] != "休学") | (pairs["leave_to_next"] > pairs["leave_to"])
    events = pairs[(pairs["date"] > pairs["begun"]) & again].groupby("place")["date"].min()
    roster = town["roster"].dropna(subset=["student_key", "status"])
    roster = roster[roster["status"] != "休学"].drop_duplicates("student_key").set_index("student_key")["status_date"]
    since = dated(rows["student_key"], roster)
    since = since.where(since > rows["begun"])
    ended = pd.concat([dated(rows["place"], events), since], axis=1).min(axis=1)
    return rows.drop(columns="place").assign(ended=ended)


def _leave_ends(town: Town, policy: Policy) -> pd.DataFrame:
    """Noticed `leave_remind_days` before it ends; a leave that lasts less than that from its first day on."""
    rows = leaves(town)
    notice = rows["leave_to"] - pd.Timedelta(days=policy["leave_remind_days"])
    return rows.assign(
        start=notice.where(notice > rows["begun"], rows["begun"]), due=rows["leave_to"], done=rows["ended"]
    )[COLUMNS]


def _old_leave_ends(town: Town, policy: Policy) -> pd.DataFrame:
    """Pupils on leave since before this year's 学生变动: granted for a school year, as the default has it."""
    rows = town["roster"]
    rows = rows[(rows["status"] == "休学") & rows["student_key"].notna()]
    rows = rows[~rows["student_key"].isin(leaves(town)["student_key"])]
    due = rows["status_date"] + pd.DateOffset(years=policy["leave_default_years"])
    start = due - pd.Timedelta(days=policy["leave_remind_days"])
    return rows.assign(who=_clerks(town, rows["home"]), start=start, due=due, done=pd.NaT)[COLUMNS]


def _clerks(town: Town, homes: pd.Series) -> pd.Series:
    """学籍管理员 of each school, by name."""
    schools = town["school"].assign(key=keyed(town, "school", "status_clerk"))
    clerks = named(schools["key"], duties.names_of(town, "staff", "staff_id", "name")).fillna(schools["status_clerk"])
    return named(homes, dict(zip(schools["school_name"], clerks, strict=True)))


# --- guests and the check of the register -------------------------------------------------------------------------------
def _guests(town: Town, policy: Policy) -> pd.DataFrame:
    rows = town["roster"]
    rows = rows[rows["guest"].fillna(False).astype(bool) & rows["status"].isin(rolls.AT_SCHOOL)]
    due = within(town, policy, rows["status_date"], "guest_within")
    return rows.assign(who=_clerks(town, rows["home"]), start=rows["status_date"], due=due, done=pd.NaT)[COLUMNS]


def _checked(town: Town, policy: Policy) -> pd.DataFrame:
    """Every class and term, with class_id and term: to be checked by the last day of the last week policy names."""
    classes = duties.classes_of(town).dropna(subset=["class_id"]).drop_duplicates("class_id")
    classes = classes[classes["home"] != ""]
    names = dict(zip(town["class"]["class_id"], town["class"]["class_name"], strict=True))
    heads = named(keyed(town, "class", "head_teacher"), duties.names_of(town, "staff", "staff_id", "name"))
    checks = town["reconcile"].assign(class_id=keyed(town, "reconcile", "class_id")).dropna(subset=["date", "class_id"])
    books = {book.home: book.name for book in town.holding("reconcile")}
    parts = []
    for term in rolls.terms(town).itertuples():
        inside = checks[checks["date"].between(term.start, term.end)]
        due = min(clocks.week_end(term.start, policy["register_check_weeks"][1]), term.end)
        parts.append(
            classes.assign(
                who=heads.reindex(classes.index),
                name=named(classes["class_id"], names).fillna(classes["class_id"]),
                start=term.start,
                due=due,
                done=dated(classes["class_id"], inside.groupby("class_id")["date"].min()),
                term=term.term,
            )
        )
    if not parts:
        parts = [classes.iloc[:0].assign(who="", name="", start=pd.NaT, due=pd.NaT, done=pd.NaT, term=TERMS[0])]
    rows = pd.concat(parts)
    rows = rows[rows["home"].isin(books)]
    index = pd.MultiIndex.from_tuples([(books[home], 0) for home in rows["home"]], names=town["reconcile"].index.names)
    rows = rows.set_index(index) if len(rows) else rows
    days = dict.fromkeys(("start", "due", "done"), "datetime64[us]")
    return rows[[*COLUMNS, "class_id", "term"]].astype(days)


REPORTED = Deadline("T08", "学生变动即时报告", ("change_report_within",), "change", "report_date", _reported)
TRANSFERRED = Deadline(
    "X18",
    "转出学籍核办",
    ("transfer_within",),
    "change",
    "sys_state",
    lambda town, policy: _approved(town, policy, "转出"),
)
RECEIVED = Deadline(
    "",
    "转入学籍核办",
    ("transfer_within",),
    "change",
    "sys_state",
    lambda town, policy: _approved(town, policy, "转入"),
)
LEAVE = Deadline("X20", "休学到期复学或续办", ("leave_remind_days",), "change", "leave_to", _leave_ends)
OLD_LEAVE = Deadline(
    "X20", "上学年起休学的到期", ("leave_default_years", "leave_remind_days"), "roster", "status_date", _old_leave_ends
)
GUESTS = Deadline("X48", "借读转籍", ("guest_within",), "roster", "guest", _guests)
CHECKED = Deadline("X28", "学期人籍核查", ("register_check_weeks",), "reconcile", "class_id", _checked)

DEADLINES: tuple[Deadline, ...] = (REPORTED, TRANSFERRED, RECEIVED, LEAVE, OLD_LEAVE, GUESTS, CHECKED)
