"""Findings put back into workbooks: a pure plan of marks, and what puts it into a file without touching anything else in it.

`plan` says what is to be shown; `filling` puts it into workbooks made from our template (only 校验结果 is written), `annotated` into
anybody else's copy; `package` is the patcher both stand on, `saving` how a file is replaced. Knows no rule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from ...core.schema import Book
from ..writing.results import MOST
from . import annotated, filling, listing
from .package import Package, Refused, changed_apart
from .plan import Entry, Plan, plan

__all__ = [
    "Entry",
    "Plan",
    "Refused",
    "is_ours",
    "keeping",
    "marked",
    "marked_apart",
    "plan",
    "remembering",
    "unlisted",
]


def is_ours(data: bytes, book: Book) -> bool:
    """Whether a workbook is made from our template, so that marks are formulas in it; others are marked in copies only."""
    return filling.is_ours(Package(data), book)


def marked(data: bytes, shown: Plan, book: Book, earlier: bytes = b"") -> bytes:
    """The workbook with the plan's findings shown in it, and those of before gone; an empty plan clears.

    In a workbook that is not made from our template cells are coloured and get notes. `earlier` is the marked copy of before:
    what people typed there stays. The same bytes where nothing had to be changed.
    Raises Refused for what cannot be changed safely.
    """
    package = Package(data)
    if filling.is_ours(package, book):
        filling.fill(package, shown, book, _typed(earlier))
    else:
        annotated.annotate(package, shown, _typed(earlier))
    return package.data() if package.changed() else data


class Marked(NamedTuple):
    """A marked workbook: its bytes, whether it is made from our template, how many of the findings 校验结果 has no room for."""

    data: bytes
    ours: bool
    unlisted: int


def marked_apart(data: bytes, shown: Plan, book: Book, earlier: bytes = b"") -> Marked:
    """`marked`, `is_ours` and `unlisted` in a process apart. Raises Refused for what cannot be changed, whatever is wrong with it."""
    return changed_apart(_all, data, shown, book, earlier, size=len(data) + len(earlier))


def _all(data: bytes, shown: Plan, book: Book, earlier: bytes) -> Marked:
    return Marked(marked(data, shown, book, earlier), is_ours(data, book), unlisted(data, shown, book))


def keeping(shown: Plan, unjudged: frozenset[str], *copies: bytes) -> Plan:
    """The plan with what marked copies of the workbook list of rules that could not judge this time."""
    return shown.keeping(_typed_apart(copies), unjudged) if unjudged else shown


def remembering(shown: Plan, first: dict[str, dt.date], mended: dict[str, dt.date], *copies: bytes) -> Plan:
    """The plan with the days findings were first found, and with what marked copies still list that was mended, by identity."""
    return shown.remembering(_typed_apart(copies) if mended else (), first, mended)


def unlisted(data: bytes, shown: Plan, book: Book) -> int:
    """How many of the plan's findings 校验结果 has no room for; only that of our template is limited."""
    return max(len(shown.entries) - MOST, 0) if len(shown.entries) > MOST and is_ours(data, book) else 0


def _typed(earlier: bytes) -> tuple[dict[str, object], ...]:
    try:
        return tuple(listing.read(Package(earlier))) if earlier else ()
    except Exception:  # whatever became of it, a new copy takes its place
        return ()


def _typed_apart(copies: Sequence[bytes]) -> tuple[dict[str, object], ...]:
    """What people typed in marked copies, one after the other, read in a process apart; nothing where that dies of it."""
    try:
        return changed_apart(_typed_in, copies, size=sum(map(len, copies)))
    except Refused:
        return ()


def _typed_in(copies: Sequence[bytes]) -> tuple[dict[str, object], ...]:
    return tuple(line for data in copies for line in _typed(data))
