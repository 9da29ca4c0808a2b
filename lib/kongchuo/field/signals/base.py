"""What a signal is: a small function of (town, policy, day) that says which pupils show it, since when, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import rolls

COLUMNS = [*rolls.PUPIL, "points", "since", "reason"]


@dataclass(frozen=True)
class Signal:
    """One signal of domain.md 4.4. `title` is its name in 重点关注; `needs` the columns without which it cannot fire.

    `belongs`: it says what a pupil is (poor, disabled, left behind, which grade), not what happened. `fires` gives COLUMNS
    and, for W1, `red`; `since` is NaT where the ledger has no date. It looks at nothing later than the day.
    """

    code: str
    title: str
    needs: tuple[str, ...]
    fires: Callable[[Town, Policy, dt.date], pd.DataFrame]
    belongs: bool = False

    @property
    def explains(self) -> str:
        """The signal in words: its function's docstring."""
        return (self.fires.__doc__ or "").strip()


def signal(code: str, title: str, *needs: str, belongs: bool = False) -> Callable[..., Signal]:
    """Make the decorated function a Signal. Nothing is registered: it must be listed in SIGNALS."""
    return lambda fires: Signal(code, title, needs, fires, belongs)


def shown(rows: pd.DataFrame, points: object, since: object, reason: object) -> pd.DataFrame:
    """COLUMNS for these rows, which have home and student_key; of several rows of a pupil the earliest counts."""
    values = {"points": points, "since": since, "reason": reason}
    bare = {name: value.array if isinstance(value, pd.Series) else value for name, value in values.items()}
    return pd.DataFrame({name: rows[name].array for name in rolls.PUPIL} | bare)


def pupils(town: Town, day: dt.date) -> pd.DataFrame:
    """Whom signals are about: pupils 在读 on the day, with class and grade. Who left, rests or is taught at home is in other hands."""
    return town.once(_pupils, f"{day}")


def _pupils(town: Town, day: str) -> pd.DataFrame:
    rows = rolls.on(town, dt.date.fromisoformat(day))
    rows = rows[rows["state"] == rolls.ENROLLED].dropna(subset=["student_key"]).drop_duplicates(rolls.PUPIL)
    return rows.assign(grade=rows["class_id"].map(town.once(grades)).astype("Int64"))


def grades(town: Town) -> dict[str, int]:
    """Class id -> grade."""
    rows = town["class"].dropna(subset=["class_id", "grade"])
    return dict(zip(rows["class_id"], rows["grade"].astype(int), strict=True))


def of_year(town: Town, sheet: str) -> pd.DataFrame:
    """The rows of a sheet that are of this school year, and those that name none."""
    return town.once(_of_year, sheet)


def _of_year(town: Town, sheet: str) -> pd.DataFrame:
    rows = town[sheet]
    return rows[rows["school_year"].isna() | (rows["school_year"] == town.year)]


def begun(rows: pd.DataFrame, column: str, day: dt.date) -> pd.DataFrame:
    """The rows that were there on a day: those dated later were not; one without a date was."""
    return rows[~(rows[column] > pd.Timestamp(day))]


def going(rows: pd.DataFrame, ended: str, day: dt.date) -> pd.DataFrame:
    """The rows that nothing had ended by a day."""
    return rows[~(rows[ended] <= pd.Timestamp(day))]
