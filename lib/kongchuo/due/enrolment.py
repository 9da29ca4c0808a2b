"""Deadlines of 学籍 and 适龄儿童摸底: children to be verified, the opening, the handover to junior school, changes, the yearly
check, the baseline locked."""

from functools import partial

import pandas as pd

from ..core.policy import Policy
from ..core.schema import LAST_PRIMARY
from ..core.tables import Town, by_place, complete, of_year, once, yes
from ..core.years import TERMS
from ..facts import calendar, duty, enrolment
from ..facts.cases import earliest
from ..facts.child_lists import WHO, earliest_of, sixth_graders
from ..facts.references import dated, homes_of, in_post, keyed, maybe_listed, named, staff_names
from .base import COLUMNS, Deadline, given, matched, within


# --- Deadlines of 适龄儿童摸底: children to be verified, proofs of schools elsewhere to be asked for again ----------------
def _surveyed(town: Town, status: str) -> pd.DataFrame:
    """The children of this year's survey in a 就学状态, as far as a deadline's columns go; it runs from 入户日期."""
    frame = town["census"]
    frame = of_year(town, frame[frame["study_status"] == status])
    rows = frame[["home", "surveyor", "name", "visit_date"]].rename(columns={"surveyor": "who", "visit_date": "start"})
    return rows.assign(done=pd.Series(pd.NaT, rows.index, dtype="datetime64[us]"))


def _unverified(town: Town, policy: Policy) -> pd.DataFrame:
    rows = _surveyed(town, "待核实")  # once verified, the row says something else: none of these is done
    return rows.assign(due=within(town, policy, rows["start"], "unverified_max_days"))


def _proofs(town: Town, policy: Policy) -> pd.DataFrame:
    """A proof bears no date of its own: it is as old as the visit at which it was seen.

    One seen for this year's survey is good until the school year is out: between the last lesson and then nobody asks again.
    """
    rows = _surveyed(town, "镇外在读")
    rows = rows[town["census"]["proof"].reindex(rows.index).notna()]
    due = rows["start"] + pd.DateOffset(years=policy["away_proof_years"])
    last, out = calendar.terms(town)["end"].max(), pd.Timestamp(f"{int(town.year[:4]) + 1}-08-31")
    return rows.assign(due=due.mask((due > last) & (due < out), out))


UNVERIFIED = Deadline("X03", "查清待核实儿童", ("unverified_max_days",), "census", "study_status", _unverified)
PROOFS = Deadline("X45", "更新镇外就读证明", ("away_proof_years",), "census", "proof", _proofs)


# --- Deadlines of 学籍: changes reported, transfers approved, leave that ends, guests, the check of register against persons ---
GONE = tuple(kind for kind, state in enrolment.AFTER.items() if state not in (enrolment.ENROLLED, "休学"))
CLERK = "status_clerk"
ENDS_LEAVE = (enrolment.RETURN, "转入", "其他增加", *GONE)


def _changes(town: Town, *kinds: str) -> pd.DataFrame:
    """Rows of 学生变动 of these kinds (none: all) with the clerk who has to act, by name."""
    frame = town["change"]
    frame = frame[frame["kind"].isin(kinds)] if kinds else frame
    names = staff_names(town)
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
@once
def leaves(town: Town) -> pd.DataFrame:
    """Rows of 休学 in 学生变动 with `begun`, and `ended`: when the pupil was back, gone or granted leave again (NaT: not yet).

    The roster's word counts as well: whoever stands there as something else than 休学 since then is not on leave any more.
    """
    rows = complete(_changes(town, "休学"), "student_key")
    rows = rows.assign(begun=rows["leave_from"].fillna(rows["date"]), place=range(len(rows)))
    after = complete(town["change"], "student_key", "date")
    after = after[after["kind"].isin((*ENDS_LEAVE, "休学"))][["student_key", "kind", "date", "leave_to"]]
    pairs = rows[["student_key", "begun", "leave_to", "place"]].merge(after, on="student_key", suffixes=("", "_next"))
    again = (pairs["kind"] != "休学") | (pairs["leave_to_next"] > pairs["leave_to"])
    events = pairs[(pairs["date"] > pairs["begun"]) & again].groupby("place")["date"].min()
    roster = complete(town["roster"], "student_key", "status")
    roster = roster[roster["status"] != "休学"].drop_duplicates("student_key").set_index("student_key")["status_date"]
    since = dated(rows["student_key"], roster)
    since = since.where(since > rows["begun"])
    ended = pd.concat([dated(rows["place"], events), since], axis=1).min(axis=1)
    return rows.drop(columns="place").assign(ended=ended)


def _leave_ends(town: Town, policy: Policy) -> pd.DataFrame:
    """Noticed `leave_remind_days` before it ends; a leave that lasts less than that from its first day on."""
    rows = leaves(town)
    notice = rows["leave_to"] - pd.Timedelta(days=policy["leave_remind_days"])
    start = notice.where(notice > rows["begun"], rows["begun"])
    return rows.assign(start=start, due=rows["leave_to"], done=rows["ended"])[COLUMNS]


def _old_leave_ends(town: Town, policy: Policy) -> pd.DataFrame:
    """Pupils on leave since before this year's 学生变动: granted for a school year, as the default has it."""
    rows = town["roster"]
    rows = rows[(rows["status"] == "休学") & rows["student_key"].notna()]
    rows = rows[~rows["student_key"].isin(leaves(town)["student_key"])]
    due = rows["status_date"] + pd.DateOffset(years=policy["leave_default_years"])
    start = due - pd.Timedelta(days=policy["leave_remind_days"])
    return rows.assign(who=in_post(town, CLERK, rows["home"]), start=start, due=due, done=pd.NaT)[COLUMNS]


# --- guests and the check of the register -------------------------------------------------------------------------------
def _guests(town: Town, policy: Policy) -> pd.DataFrame:
    rows = town["roster"]
    rows = rows[yes(rows["guest"]) & rows["status"].isin(enrolment.AT_SCHOOL)]
    due = within(town, policy, rows["status_date"], "guest_within")
    return rows.assign(who=in_post(town, CLERK, rows["home"]), start=rows["status_date"], due=due, done=pd.NaT)[COLUMNS]


def _checked(town: Town, policy: Policy) -> pd.DataFrame:
    """Every class and term, with class_id and term: to be checked by the last day of the last week policy names."""
    classes = complete(duty.classes_of(town), "class_id").drop_duplicates("class_id")
    classes = classes[classes["home"] != ""]
    names = dict(zip(town["class"]["class_id"], town["class"]["class_name"], strict=True))
    heads = named(keyed(town, "class", "head_teacher"), staff_names(town))
    checks = complete(town["reconcile"].assign(class_id=keyed(town, "reconcile", "class_id")), "date", "class_id")
    books = {book.home: town.place_of(book.name) for book in town.holding("reconcile")}
    parts = []
    for term in calendar.terms(town).itertuples():
        inside = checks[checks["date"].between(term.start, term.end)]
        due = min(calendar.week_end(term.start, policy["register_check_weeks"][1]), term.end)
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
    rows = rows.set_axis(by_place(rows["home"].map(books)))
    days = dict.fromkeys(("start", "due", "done"), "datetime64[us]")
    return rows[[*COLUMNS, "class_id", "term"]].astype(days)


REPORTED = Deadline("T08", "学生变动即时报告", ("change_report_within",), "change", "report_date", _reported)
OUT, IN = (partial(_approved, kind=kind) for kind in ("转出", "转入"))
TRANSFERRED = Deadline("X18", "转出学籍核办", ("transfer_within",), "change", "sys_state", OUT)
RECEIVED = Deadline("", "转入学籍核办", ("transfer_within",), "change", "sys_state", IN)
LEAVE = Deadline("X20", "休学到期复学或续办", ("leave_remind_days",), "change", "leave_to", _leave_ends)
BOTH = ("leave_default_years", "leave_remind_days")
OLD_LEAVE = Deadline("X20", "上学年起休学的到期", BOTH, "roster", "status_date", _old_leave_ends)
GUESTS = Deadline("X48", "借读转籍", ("guest_within",), "roster", "guest", _guests)
CHECKED = Deadline("X28", "学期人籍核查", ("register_check_weeks",), "reconcile", "class_id", _checked)


# --- The deadline of the handover from primary to junior school: where each of last year's sixth-graders is ---------
PAIR = "六年级-七年级"
ELSEWHERE = "镇外在读"


def _accounted(town: Town, policy: Policy) -> pd.DataFrame:
    """Each of last year's sixth-graders, from the first day of term on, until it is known where he or she is.

    Known is: on a roster of this year; at school elsewhere with a paper to show for it; struck off in 比对结果. None is given
    where the one who is missed may stand in a sheet or a cell that could not be read.
    """
    pupils = sixth_graders(town)
    start = calendar.terms(town)["start"].min()
    if pupils.empty or pd.isna(start) or _in_the_way(town):
        none = pd.DataFrame(columns=COLUMNS, index=pupils.index[:0])
        return none.astype(dict.fromkeys(("start", "due", "done"), "datetime64[us]"))
    known = pd.concat([_on_roster(town, pupils), _elsewhere(town, pupils), _struck_off(town, pupils)], axis=1)
    rows = pupils[["home", "name"]].assign(who="", start=start, done=known.min(axis=1).clip(lower=start))
    rows = rows.assign(due=within(town, policy, rows["start"], "opening_absent_within"))
    doubtful = maybe_listed(town, pupils, "roster", "census") | pupils["name"].isna()
    return rows.loc[~doubtful | rows["done"].notna(), COLUMNS]


def _in_the_way(town: Town) -> bool:
    """Whether a sheet that may hold any of them could not be read: the census, 比对结果, a roster with classes above grade 6."""
    grades = town["class"]["grade"]
    above = (grades.isna() | (grades > LAST_PRIMARY)).astype(bool)
    primary = set(homes_of(town, "class")) - set(homes_of(town, "class")[above])
    unread = town.unread_homes("census", "student_key", "study_status", "proof")
    unread |= town.unread_homes("match", "student_key", "match_type", "closed")
    return bool(unread or town.unread_homes("roster", "student_key", "status") - primary)


def _on_roster(town: Town, pupils: pd.DataFrame) -> pd.Series:
    """Since when they are on a roster of this year; a school that keeps them as 毕业 does not have them any more."""
    spells = enrolment.spells(town)
    here = spells[(spells["state"] != enrolment.NOT_HERE) | spells["state"].isna()]
    first = here.groupby(level=0)["start"].min()
    roster = town["roster"]
    roster = roster.loc[roster["status"] != "毕业", WHO]
    return earliest_of(pupils, roster, first.reindex(roster.index))


def _elsewhere(town: Town, pupils: pd.DataFrame) -> pd.Series:
    """Since when the census shows a paper of a school elsewhere; a cell nobody can read counts for the pupil."""
    census = town["census"]
    shown = (census["proof"].notna() & (census["proof"] != "无")) | ~town.known("census", "proof")
    there = (census["study_status"] == ELSEWHERE) | ~town.known("census", "study_status")
    days = census["visit_date"].fillna(enrolment.FIRST)
    return earliest_of(pupils, census.loc[there & shown, WHO], days)


def _struck_off(town: Town, pupils: pd.DataFrame) -> pd.Series:
    rows = town["match"]
    rows = rows[(rows["match_type"] == PAIR) | rows["match_type"].isna()]
    days = rows["closed"].where(town.known("match", "closed").reindex(rows.index), enrolment.FIRST)
    return earliest_of(pupils, rows[["student_key"]], days)


HANDED_OVER = Deadline("X23", "六升七逐人核实去向", ("opening_absent_within",), "roster", "student_key", _accounted)


# --- The deadline of the opening: a child who has not come must stand on some list ----------------------------------
# Who has not come is seen from 入学通知与见证 (实际报到日期 is empty), so for those who enter a school this year; of the other
# grades the class's own 日查 and 缺勤明细 tell (X10, X12).
NOT_COME = "开学未报到"
WRITTEN = (("change", "date"), ("suspected", "found"), ("dropout", "confirm_date"))  # lists that say where a child is


def _opening(town: Town, policy: Policy) -> pd.DataFrame:
    """One row for each 入学通知 of this school year: by when a child who has not come must stand on some list."""
    rows = town["notice"].assign(home=homes_of(town, "notice"))
    rows = rows[~(rows["due"] < f"{town.year[:4]}-08-01")]
    opens = calendar.terms(town)["start"].min()
    start = rows["due"].fillna(opens)
    start = start.mask(start < opens, opens)
    rows = rows.assign(who=rows["server"], start=start, until=within(town, policy, start, "opening_absent_within"))
    done = earliest(rows["arrived"], _listed(town, rows[rows["arrived"].isna()]).reindex(rows.index))
    told = town.known("notice", "arrived").reindex(rows.index) & rows["student_key"].notna()
    return rows.assign(due=rows["until"].where(told), done=done)[COLUMNS]


def _listed(town: Town, rows: pd.DataFrame) -> pd.Series:
    """On which day these children were first written down as not there."""
    columns = ["student_key", "date"]
    lists = [
        town[sheet][["student_key", day]].set_axis(columns, axis=1).assign(kind=NOT_COME) for sheet, day in WRITTEN
    ]
    absent = town["absence"][[*columns, "kind"]]
    written = pd.concat([absent[absent["student_key"].isin(rows["student_key"])], *lists])
    pairs = complete(rows[["student_key", "start", "until"]].reset_index(), "student_key")
    pairs = pairs.merge(written, on="student_key")
    # sick in November says that the child is at school, not that anybody wrote down that it had not come
    counts = (pairs["kind"] == NOT_COME) | (pairs["date"] <= pairs["until"])
    return pairs[counts & (pairs["date"] >= pairs["start"])].groupby("place_no")["date"].min()


OPENING = Deadline("T09", "开学未报到登记", ("opening_absent_within",), "notice", "arrived", _opening)


# --- the baseline locked ----------------------------------------------------------------------------------------------
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


BASELINE = Deadline("", "锁定学年初基准", ("freeze_date",), "baseline", "locked", _baselines)


DEADLINES: tuple[Deadline, ...] = (UNVERIFIED, PROOFS, REPORTED, TRANSFERRED, RECEIVED, LEAVE, OLD_LEAVE, GUESTS, CHECKED,
                                   HANDED_OVER, OPENING, BASELINE)  # fmt: skip
