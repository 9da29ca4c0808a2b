"""Deadlines of 控辍台账: watch, the steps from the first day away (首次家访) to 销号, the next visit, what follows a paper."""

from collections.abc import Callable

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, by_place, complete, of_year, yes
from ..core.years import TERMS
from ..facts import calendar, cases as case_facts, enrolment
from ..facts.cases import at, earliest, placed, standing
from .base import COLUMNS, Deadline, within

# --- Deadlines of 疑似辍学台账 and 辍学台账: the steps from the first day away to 销号 ------------------------------------------
# A case that was over before a deed was due needs the deed no more. What cannot be told (a cell nobody could read, a school
# whose 劝返记录 was not read) has no due day. The 24 hours of a village's report (村报告时限) are in no ledger and not here.
OWNER = {"suspected": "owner", "dropout": "owner2"}
ONE = pd.Timedelta(days=1)


def _told(town: Town, rows: pd.DataFrame, sheet: str, *columns: str) -> pd.Series:
    """For which of the cases the cells of these columns could be read."""
    told = pd.Series(True, rows.index)
    for column in columns:
        told &= town.known(sheet, column).reindex(rows[sheet]).to_numpy()
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
    return found.set_axis(by_place(rows[sheet]))


def _unless_over(done: pd.Series, over: pd.Series, due: pd.Series) -> pd.Series:
    """When the deed was done, or that it was needed no more: the case was over by the day it was due."""
    return done.where(~(over <= due) | (done <= due), over)


def _noticed(rows: pd.DataFrame) -> pd.Series:
    """From when the school knew: the first day away of who was missed in class, else the day the name came up."""
    missed = rows["source"].isin(case_facts.FROM_ABSENCE) & rows["away"].notna()
    return rows["away"].where(missed, rows["found"])


def _first_visit(town: Town, rows: pd.DataFrame, faced: bool) -> pd.Series:
    """The first 劝返记录 of each case; with `faced`, the first that was no telephone call."""
    visits = placed(case_facts.visits(town))
    visits = visits[visits["faced"]] if faced else visits
    return visits.groupby("case")["date"].min().reindex(rows.index)


def _went_there(town: Town, rows: pd.DataFrame) -> pd.Series:
    """The first time somebody went to the family. 首次家访 does not count on a day whose only records are telephone calls."""
    visits = placed(case_facts.visits(town))
    on_day = visits.merge(rows["first_visit"].rename("date").rename_axis("case").reset_index(), on=["case", "date"])
    only_called = ~on_day.groupby("case")["faced"].any()
    written = rows["first_visit"].where(~yes(only_called.reindex(rows.index)))
    return earliest(written, _first_visit(town, rows, faced=True))


# --- 疑似辍学台账 -----------------------------------------------------------------------------------------------------
def _listed(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    rows = rows[rows["source"].isin(case_facts.FROM_ABSENCE) & rows["away"].notna()]
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
    vague = case_facts.unsure(town).reindex(rows.index).to_numpy()
    return found.assign(due=found["due"].where(~vague))


def _center(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    return _step(town, policy, rows["found"], "report_center_within", ("rep_center",), rows["rep_center"])


def _poor_told(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    done = earliest(rows["rep_center"], rows["rep_town"])
    found = _step(town, policy, rows["found"], "poor_report_within", ("rep_center", "rep_town"), done)
    return found[(case_facts.poor(town).reindex(rows.index) != "").to_numpy()]


def _township(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    visits = placed(case_facts.visits(town))
    handed = visits[visits["result"].isin(case_facts.HANDED_ON)].groupby("case")["date"].min().reindex(rows.index)
    done = earliest(rows["rep_town"], handed)
    return _sure(town, rows, _step(town, policy, _noticed(rows), "report_town_within", ("rep_town",), done))


def _confirmed(town: Town, policy: Policy) -> pd.DataFrame:
    rows = standing(town, "suspected")
    line = within(town, policy, rows["away"], "dropout_after")
    due = calendar.add(town, line - ONE, 1, calendar.WORKING_DAY)  # decided on the first working day from there on
    due = due.where(_told(town, rows, "suspected", "closed"))
    return _table(town, rows, "suspected", rows["away"], due, earliest(rows["settled"], rows["confirmed"]))


# --- 辍学台账 ---------------------------------------------------------------------------------------------------------
def open_spells(town: Town) -> pd.DataFrame:
    """The stretches in which a dropout case was to be visited: case, start (认定 or 再次辍学), end (复学 or 销号; NaT: open)."""
    rows = standing(town, "dropout")
    ends = earliest(rows["back"], rows["struck"])
    first = pd.DataFrame({"case": rows.index, "start": rows["confirmed"], "end": ends})
    again = rows[rows["relapsed"].notna()]
    second = pd.DataFrame({"case": again.index, "start": again["relapsed"], "end": again["struck"]})
    return complete(pd.concat([first, second], ignore_index=True), "start")


def _intervals(town: Town, policy: Policy) -> pd.DataFrame:
    """One row for each stretch between two visits: weekly within a month of the confirmation, then every two weeks."""
    rows, spells = standing(town, "dropout"), open_spells(town)
    visits = placed(case_facts.visits(town), "date")[["case", "date"]].drop_duplicates()
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
    sure &= ~at(case_facts.unsure(town), starts["case"])
    return _table(town, held, "dropout", starts["date"], due.where(sure), starts["done"])


def follow_end(town: Town, policy: Policy, back: pd.Series) -> pd.Series:
    """Until when a pupil who came back is followed where nobody wrote it: to the end of the term after, as policy says."""
    ends = calendar.terms(town)[["start", "end"]].sort_values("start")
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


# --- Deadlines of 劝返记录 and 法律文书: the next visit as it was promised, and the step after a paper's time limit ---------
def _over(town: Town, cases: pd.Series) -> pd.Series:
    """When the case behind each row was over: back at school, settled otherwise, or struck off."""
    book = case_facts.cases(town)
    return at(earliest(case_facts.settled(book), book["back"].where(book["relapsed"].isna()), book["struck"]), cases)


def _promised(town: Town, policy: Policy) -> pd.DataFrame:
    rows = placed(case_facts.visits(town), "date", "next").sort_values(["case", "date"])
    following = rows.groupby("case")["date"].shift(-1)
    done = earliest(following, _over(town, rows["case"]))
    due = rows["next"].where(~at(case_facts.unsure(town), rows["case"]))
    found = rows.assign(who=rows["lead"], start=rows["date"], due=due, done=done)
    return found[COLUMNS]


ADVICE, VERDICT = "劝学通知书", "调解书或判决书"  # the first paper, and the last: what follows on it is the court's


def _papers(town: Town, policy: Policy) -> pd.DataFrame:
    """A paper's time limit is met by the child's return, the next paper, or handing the case on."""
    book = case_facts.cases(town)
    rows = placed(case_facts.papers(town)).sort_values(["case", "served"], kind="stable")
    visits = placed(case_facts.visits(town))
    handed = at(visits[visits["result"].isin(case_facts.HANDED_ON)].groupby("case")["date"].max(), rows["case"])
    unwritten = (rows["doc_type"] == ADVICE) & rows["deadline"].isna()
    due = rows["deadline"].where(~unwritten, within(town, policy, rows["served"], "return_notice_days"))
    told = town.known("legal", "result") & town.known("legal", "deadline")
    told = told.reindex(rows.index) & ~at(case_facts.unsure(town), rows["case"])
    due = due.where(told & ~rows["case"].isin(rows.loc[rows["served"].isna(), "case"]))
    done = earliest(
        rows.groupby("case")["served"].shift(-1),
        handed.where(handed >= rows["served"]),
        _over(town, rows["case"]),
        due.where(rows["result"].isin((*case_facts.AT_SCHOOL_AGAIN, *case_facts.HANDED_ON))),
    )
    owner, name = (at(book[column], rows["case"]) for column in ("owner", "name"))
    found = rows.assign(who=owner, name=name, start=rows["served"], due=due, done=done)
    return found.loc[(rows["doc_type"] != VERDICT) & rows["served"].notna(), COLUMNS]


PROMISED = Deadline("", "约定的下次劝返", (), "visit", "next", _promised)
PAPER = Deadline("T07", "文书限期后的下一步", ("return_notice_days",), "legal", "deadline", _papers)


# --- Deadlines of 重点关注: when a pupil on watch has to be followed up again -------------------------------------------
FREQUENCIES = {"每日": "watch_daily", "每周": "watch_weekly", "每两周": "watch_fortnightly", "每月": "watch_monthly"}


def _watch_followed(town: Town, policy: Policy) -> pd.DataFrame:
    """The rows of this school year whose cells could be read, from the last follow-up (or the listing) to the next one.

    最近跟踪 is written over each time: what an earlier day saw is not known, and its rows have not begun by then. Nobody has
    to be followed after 解除, nor once no longer at school: whoever has dropped out, rests or has left is in other hands; nor in
    the holidays after a year of which both terms have their dates.
    """
    rows = town["watch"]
    rows = of_year(town, rows)
    rows = rows[pd.concat([town.known("watch", name) for name in ("last", "closed")], axis=1).all(axis=1)[rows.index]]
    start = rows[["found", "last"]].max(axis=1)
    due = pd.Series(pd.NaT, rows.index, dtype="datetime64[us]")
    for name, key in FREQUENCIES.items():
        due = due.mask(rows["freq"] == name, within(town, policy, start, key))
    if len(calendar.terms(town)) == len(TERMS):
        over = due.isna() & start.notna() & rows["freq"].isin(FREQUENCIES)
        rows, start, due = (part[~over] for part in (rows, start, due))
    left = _left(town).reindex(pd.MultiIndex.from_frame(rows[enrolment.PUPIL])).set_axis(rows.index)
    left = left.astype("datetime64[us]")  # a town without pupils gives no dates to tell the type by
    left = left.mask(left < start, start.astype("datetime64[us]"))
    done = pd.concat([rows["closed"], left], axis=1).min(axis=1)
    return rows.assign(who=rows["teacher"], start=start, due=due, done=done)[COLUMNS]


def _left(town: Town) -> pd.Series:
    """By pupil, the day from which he or she is no longer at school; missing for those who are."""
    spells = complete(enrolment.spells(town), "student_key")
    here = spells["state"].isna() | spells["state"].isin(enrolment.AT_SCHOOL)
    ends = spells["end"].where(here, enrolment.FIRST).groupby([spells[name] for name in enrolment.PUPIL]).max()
    return ends[ends < enrolment.LAST]


WATCH_FOLLOWED = Deadline("X39", "重点关注跟踪", tuple(FREQUENCIES.values()), "watch", "last", _watch_followed)

DEADLINES: tuple[Deadline, ...] = (LISTED, CALL, VISIT, FIRST_VISIT, CENTER, POOR, TOWNSHIP, CONFIRMED, INTERVAL, FOLLOWED,
                                   PROMISED, PAPER, WATCH_FOLLOWED)  # fmt: skip
