"""What a deadline is: from which day it runs, how long, which cell says that it is done, and who has to do it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, by_place, complete, once, yes
from ..facts import calendar

COLUMNS = ["home", "who", "name", "start", "due", "done"]
NEVER, DAY, ON_TIME = np.datetime64("NaT", "us"), np.timedelta64(1, "D"), np.timedelta64(0)


@dataclass(frozen=True)
class Deadline:
    """One deadline of domain.md section 7.

    `code`: the rule that finds it missed ("": none does). `limits`: the policy keys it reads. `sheet` and `column`: the cell
    where the deed is written down. `rows(town, policy)` gives COLUMNS, one row for each thing to do, indexed by
    place in `sheet` (Excel row 0: there is no row yet): home, who has to (text or NA), name (the pupil, or what it is about),
    start, due (the last day in time; NaT: cannot be told), done (NaT: not yet). It does not look at `as_of`.
    """

    code: str
    title: str
    limits: tuple[str, ...]
    sheet: str
    column: str
    rows: Callable[[Town, Policy], pd.DataFrame]


def within(town: Town, policy: Policy, start: pd.Series, key: str) -> pd.Series:
    """The last day in time: as many units after each start as the policy entry says, in the entry's own unit."""
    entry = policy.parameter(key)
    return calendar.add(town, start, entry.value, entry.unit)


@once
def state(town: Town, policy: Policy, deadline: Deadline) -> pd.DataFrame:
    """The rows of a deadline as seen on `as_of`."""
    return seen(town.once_under(policy, deadline.rows), town.as_of)


def seen(rows: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Rows of deadlines that have begun by a day, as that day saw them, with `days` and `late`.

    A deed written down for a later day is not done yet. `days`: calendar days left until due, negative when past; of what
    was done late, by how many. `late`: the due day went by without the deed (done after it, or not done).
    """
    now = np.datetime64(day, "us")
    coming = rows["start"].to_numpy() > now
    rows = rows[~coming] if coming.any() else rows
    due, done = rows["due"].to_numpy(), rows["done"].to_numpy()
    done = np.where(done <= now, done, NEVER)
    left = due - np.where(np.isnat(done), now, done)
    unknown = np.isnat(left)
    days = pd.arrays.IntegerArray((np.where(unknown, ON_TIME, left) // DAY).astype("int64"), unknown)
    return rows.assign(done=done, days=days, late=left < ON_TIME)


def overdue(town: Town, policy: Policy, deadline: Deadline) -> pd.DataFrame:
    """The rows of `state` whose due day went by and that are not done."""
    rows = state(town, policy, deadline)
    return rows[rows["late"] & rows["done"].isna()]


# --- What is due once a week, month, term or year: of every school whose workbook could be read, and found again by the rows it has ---
# A row whose period could not be read may be the very one that seems to be missing: then nobody can tell what is due.
KEY = ["home", "period"]


@once
def schools(town: Town, sheet: str) -> pd.DataFrame:
    """The schools in use: home, the workbook with the sheet (its place as a whole), who (the principal). Not those whose workbook could not be read."""
    known = _registered(town)
    held = {book.home: town.place_of(book.name) for book in town.holding(sheet) if sheet in book.tables}
    if town.schema.book_of[sheet].owner == "centre":
        held = dict.fromkeys(known, held[CENTRE]) if CENTRE in held else {}
    found = [(home, place, *known.get(home, (True, None))) for home, place in held.items()]
    found = [(home, place, who) for home, place, in_use, who in found if in_use]
    kinds = {"home": "str", "workbook": "int64", "who": "str"}
    return pd.DataFrame(found, columns=[*kinds]).astype(kinds)


@once
def _registered(town: Town) -> dict[str, tuple[bool, str]]:
    """School -> whether it is in use, and its principal."""
    rows = complete(town.schools, "school_name").drop_duplicates("school_name")
    facts = zip(rows["active"].fillna(True).astype(bool).tolist(), rows["principal"].tolist(), strict=True)
    return dict(zip(rows["school_name"].tolist(), facts, strict=True))


def matched(town: Town, sheet: str, periods: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """What is due of each school in each of the periods: COLUMNS and period, indexed by the row that does it, else row 0.

    `periods`: period, name, start, due. `rows`: home, period, done, unsure, place. due is NaT where it cannot be told: where the
    row is `unsure`, and where there is none, but one that names no period may be it: of those the last that had begun when that
    one was done, or all of them where nobody knows when it was done.
    """
    due = schools(town, sheet).merge(periods, how="cross")
    told = complete(rows, "period").sort_values("done", kind="stable").drop_duplicates(KEY)
    due = due.merge(told, on=KEY, how="left")
    missing = due["place"].isna()
    due["due"] = due["due"].mask(yes(due["unsure"]))
    nameless = rows["period"].isna()
    for home, done in rows.loc[nameless, ["home", "done"]].itertuples(index=False) if nameless.any() else ():
        own = due[missing & (due["home"] == home)]
        own = own if pd.isna(done) else own[own["start"] <= done].tail(1)
        due.loc[own.index, "due"] = pd.NaT
    return due.set_axis(by_place(due["place"].fillna(due["workbook"])))[[*COLUMNS, "period"]]


def given(frame: pd.DataFrame, done: str) -> pd.DataFrame:
    """Rows as `matched` takes them, of a frame with home and period: `done` is the column of the day it was done."""
    return frame[KEY].assign(done=frame[done], unsure=frame[done].isna(), place=pd.array(frame.index, dtype="Int64"))
