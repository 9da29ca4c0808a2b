"""What a deadline is: from which day it runs, how long, which cell says that it is done, and who has to do it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, once
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
    """The rows of a deadline that have begun by `as_of`, as that day saw them, with `days` and `late`.

    A deed written down for a later day is not done yet. `days`: calendar days left until due, negative when past; of what
    was done late, by how many. `late`: the due day went by without the deed (done after it, or not done).
    """
    now, rows = np.datetime64(town.as_of, "us"), town.once_under(policy, deadline.rows)
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
