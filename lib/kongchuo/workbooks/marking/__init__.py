"""Findings put back into workbooks: a pure plan of marks, and what puts it into a file without touching anything else in it.

`plan` says what is to be shown; `filling` puts it into workbooks made from our template (only 校验结果 is written), `annotated` into
anybody else's copy; `package` is the patcher both stand on, `saving` how a file is replaced. Knows no rule.
"""

from __future__ import annotations

import datetime as dt

from ...core.schema import Book
from ..writing.results import MOST
from . import annotated, filling
from .package import Package, Refused
from .plan import Entry, Plan, plan

__all__ = ["Entry", "Plan", "Refused", "is_ours", "keeping", "marked", "plan", "remembering", "unlisted"]


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


def keeping(shown: Plan, unjudged: frozenset[str], *copies: bytes) -> Plan:
    """The plan with what marked copies of the workbook list of rules that could not judge this time."""
    return shown.keeping((line for data in copies for line in _typed(data)), unjudged) if unjudged else shown


def remembering(shown: Plan, first: dict[str, dt.date], mended: dict[str, dt.date], *copies: bytes) -> Plan:
    """The plan with the days findings were first found, and with what marked copies still list that was mended, by identity."""
    return shown.remembering((line for data in copies for line in _typed(data)) if mended else (), first, mended)


def unlisted(data: bytes, shown: Plan, book: Book) -> int:
    """How many of the plan's findings 校验结果 has no room for; only that of our template is limited."""
    return max(len(shown.entries) - MOST, 0) if len(shown.entries) > MOST and is_ours(data, book) else 0


def _typed(earlier: bytes) -> tuple[dict[str, object], ...]:
    try:
        return tuple(filling.read(Package(earlier))) if earlier else ()
    except (Refused, ValueError, KeyError, LookupError):  # whatever became of it, a new copy takes its place
        return ()
