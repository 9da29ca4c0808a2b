"""What a rule is: a small function of (town, policy) with a stable code, its message, remedy and source; and what several rules ask."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from ..core.findings import Kind
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, called


# A rule yields Spots: the row and column that need a person's eye. It opens nothing, prints nothing, registers nothing.
@dataclass(frozen=True)
class Spot:
    """Where a rule found something: sheet, index (place; Excel row 0 for the whole sheet), column, facts."""

    sheet: str
    index: int
    column: str
    facts: dict[str, object]
    severity: str = ""  # only where one rule has two severities (X05)
    says: str = ""  # and where it says, or advises, two things
    fix: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule: `needs` names sheets ("roster") or columns ("roster.id_no") without which it cannot judge.

    "before:roster.id_no" is the column of the year before. `current` names a sheet that is brought up to date without a day: it
    says nothing of a past day (`Town.past_day`), and neither does the rule.
    """

    kind: Kind
    needs: tuple[str, ...]
    judge: Callable[[Town, Policy], Iterator[Spot]]
    current: str = ""

    @property
    def code(self) -> str:
        """The stable code, as in domain.md section 3."""
        return self.kind.code

    @property
    def explains(self) -> str:
        """The rule in words: its function's docstring."""
        return (self.judge.__doc__ or "").strip()


def parts(need: str) -> tuple[bool, str, str]:
    """A need as whether it is of the year before, its sheet, and its column ("" for the whole sheet)."""
    earlier, _, place = need.rpartition(":")
    sheet, _, column = place.partition(".")
    return bool(earlier), sheet, column


def rule(
    code: str, severity: str, *, needs: tuple[str, ...], says: str, fix: str, source: str, current: str = ""
) -> Callable[..., Rule]:
    """Make the decorated function a Rule; a need named twice is one. Nothing is registered: the rule must be listed in RULES."""
    return lambda judge: Rule(Kind(code, severity, says, fix, source), tuple(dict.fromkeys(needs)), judge, current)


def at(
    sheet: str, index: int, column: str = "", *, severity: str = "", says: str = "", fix: str = "", **facts: object
) -> Spot:
    """The Spot for one row (its index entry in town[sheet]) and column of a sheet, with the facts of the message."""
    return Spot(sheet, index, column, facts, severity, says, fix)


def spots(
    rows: pd.DataFrame,
    sheet: str,
    column: str = "",
    *,
    place: str = "",
    says: str = "",
    alike: Mapping[str, object] = {},
    **columns: str,
) -> Iterator[Spot]:
    """A Spot for each of these rows: `columns` names the column of each fact of the message, `alike` are the facts that all share,
    `place` is the column with the row's place in the sheet ("": its index).

    School (home) and pupil (name; 该生 where there is none) need no word. A day is said as 2023-09-01.
    """
    columns = {fact: name for fact, name in (("school", "home"), ("name", "name")) if name in rows} | columns
    places = rows[place] if place else rows.index
    for index, *values in zip(places, *(rows[name].tolist() for name in columns.values()), strict=True):
        facts = {fact: called(value) if fact == "name" else value for fact, value in zip(columns, values, strict=True)}
        days = {fact: f"{value:%Y-%m-%d}" for fact, value in facts.items() if isinstance(value, pd.Timestamp)}
        yield at(sheet, index, column, says=says, **alike, **facts | days)


def readable(town: Town, homes: pd.Series, *needs: str) -> pd.Series:
    """For rows of these schools: whether the sheets and columns ("change", "roster.status") they are compared with were read.

    A sheet of the centre that could not be read leaves nothing to compare with, for any school.
    """
    kept = pd.Series(True, homes.index)
    for need in needs:
        sheet_name, _, field_name = need.partition(".")
        unread = town.unread_homes(sheet_name, *([field_name] if field_name else []))
        if unread:
            kept &= ~homes.isin(unread) & (CENTRE not in unread)
    return kept


# needs of a rule that counts in school days
SCHOOL_DAYS = ("calendar.date", "calendar.is_school_day", "term.start", "term.end")
LISTS = ("roster", "census")  # the two sheets that say who exists
GONE = ("已转出", "毕业", "死亡")
