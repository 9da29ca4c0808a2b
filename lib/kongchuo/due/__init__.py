"""Every deadline of the plan's work (domain.md section 7), measured: what is due, when, by whom, and how late it is.

DEADLINES is the table. The rules on time (X13, T01 ...) and the lists of what is due read the same rows of it. Pure.
"""

from collections.abc import Container, Iterable, Iterator

import pandas as pd

from ..core.findings import fault
from ..core.policy import Policy
from ..core.tables import Town, once
from ..facts import calendar
from ..facts.references import staff_names
from . import cases, duty, enrolment, inspection, selfcheck, support
from .base import Deadline, state, within

__all__ = ["DEADLINES", "Deadline", "due", "due_of", "left_out", "listed_once", "state", "undated", "within"]

# --- What is due and what is overdue: every deadline of a township on its day, one row for each thing still to be done ---
COLUMNS = ["home", "title", "name", "who", "start", "due", "days", "code", "sheet", "column"]


def due_of(
    town: Town, policy: Policy, within: int, deadlines: Iterable[Deadline], broken: list[str] | None = None
) -> pd.DataFrame:
    """COLUMNS of all that is not done and has its last day by `within` calendar days from the town's day; indexed by place.

    `who`: staff by name. `days`: calendar days left, negative when overdue. The most overdue first. What cannot be told (no date) is left out, see `undated`.
    A deadline that fails keeps no other from being told: `broken` gets a line of it (without the list it is raised).
    """
    parts, names = [pd.DataFrame(columns=COLUMNS)], staff_names(town)
    for one, rows in _states(town, policy, deadlines, broken):
        rows = rows[rows["done"].isna() & (rows["days"] <= within)]
        who = [names.get(person, person) for person in rows["who"]]
        rows = rows.assign(who=who, title=one.title, code=one.code, sheet=one.sheet, column=one.column)
        parts.append(rows[COLUMNS].astype({"who": "object", "name": "object"}))
    found = listed_once(pd.concat([part for part in parts if len(part)] or parts[-1:]))
    return found.sort_values(["days", "home", "title"], kind="stable")


def listed_once(rows: pd.DataFrame) -> pd.DataFrame:
    """home, title, name and due of things to be done, without the failed items of a self-check that stand there as problems too."""
    keys = [*zip(rows["home"], rows["name"], rows["due"], strict=True)]
    problems = {key for key, title in zip(keys, rows["title"], strict=True) if title == selfcheck.PROBLEM.title}
    twins = pd.Series([key in problems for key in keys], rows.index, dtype="bool")
    return rows[~(twins & (rows["title"] == selfcheck.FAILED_ITEM.title))]


def _states(
    town: Town, policy: Policy, deadlines: Iterable[Deadline], broken: list[str] | None
) -> Iterator[tuple[Deadline, pd.DataFrame]]:
    for one in deadlines:
        try:
            yield one, state(town, policy, one)
        except Exception as error:
            if broken is None:
                raise
            broken.append(fault(f"期限“{one.title}”没有算出来", error))


NOUNS = (enrolment, cases, support, selfcheck, duty, inspection)
DEADLINES: tuple[Deadline, ...] = tuple(deadline for noun in NOUNS for deadline in noun.DEADLINES)


def due(town: Town, policy: Policy, within: int, broken: list[str]) -> pd.DataFrame:
    """What is still to be done by `within` calendar days from the town's day, the most overdue first; see `due_of`."""
    rows, lines = _due(town, policy, within)
    broken += lines
    return rows


@once
def _due(town: Town, policy: Policy, within: int) -> tuple[pd.DataFrame, list[str]]:
    broken: list[str] = []
    return due_of(town, policy, within, DEADLINES, broken), broken


@once
def undated(town: Town, policy: Policy) -> pd.DataFrame:
    """home and title of what is in no list of `due` since nobody can tell its last day or whether it is done; indexed by place."""
    parts = [pd.DataFrame(columns=["home", "title"])]
    for one, rows in _states(town, policy, DEADLINES, []):
        rows = rows[rows["done"].isna() & rows["due"].isna()]
        parts.append(rows.assign(title=one.title)[["home", "title"]])
    return pd.concat([part for part in parts if len(part)] or parts[:1])


def lacking(town: Town, homes: Container[str]) -> str:
    """In words, which sheets with deadlines the workbooks of these folders (school, centre) lack that could be read; "" for none."""
    named: dict[str, list[str]] = {}
    for sheet in (town.schema.sheets[name] for name in dict.fromkeys(one.sheet for one in DEADLINES)):
        for book in town.holding(sheet.name):
            if book.home in homes and book.read and sheet.name not in book.tables:
                named.setdefault(book.home, []).append(f"“{sheet.title}”")
    told = "；".join(f"{home}的{'、'.join(dict.fromkeys(titles))}" for home, titles in named.items())
    return f"没有读到{told}，其中的事项一项也没有算" if told else ""


def no_terms(town: Town) -> str:
    """In words, that what falls due by a term (周报, 月自查, 督查 …) is in no list, where no term has its dates; "" else."""
    known = len(calendar.terms(town))
    return (
        "" if known else "“学年学期”没有填开学日期、放假日期，按学期算的事项（周报、月报、月自查、督查等）一项也没有算"
    )


def left_out(rows: pd.DataFrame) -> str:
    """In words, how many things of `undated` are in no list, by what was to be done; "" where there are none."""
    named = "、".join(f"{title}{number}项" for title, number in rows["title"].value_counts().items())
    return f"另有{named}算不出期限或是否办结（日期等空着或有误），未计入" if named else ""
