"""Every deadline of the plan's work (domain.md section 7), measured: what is due, when, by whom, and how late it is.

DEADLINES is the table. The rules on time (X13, T01 ...) and the lists of what is due read the same rows of it. Pure.
"""

from __future__ import annotations

from . import cases, census, changes, filings, pledges, support, watch
from .base import Deadline, state, within

__all__ = ["DEADLINES", "Deadline", "state", "within"]

DEADLINES: tuple[Deadline, ...] = (
    *census.DEADLINES,
    *cases.DEADLINES,
    *changes.DEADLINES,
    *support.DEADLINES,
    *watch.DEADLINES,
    *filings.DEADLINES,
    *pledges.DEADLINES,
)
