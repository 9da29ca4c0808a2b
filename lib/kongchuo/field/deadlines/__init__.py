"""Every deadline of the plan's work (domain.md section 7), measured: what is due, when, by whom, and how late it is.

DEADLINES is the table. The rules on time (X13, T01 ...) and the lists of what is due read the same rows of it. Pure.
"""

from __future__ import annotations

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from . import cases, census, changes, filings, handover, inspection, lists, opening, papers, pledges, support, watch
from .base import Deadline, state, within

__all__ = ["DEADLINES", "Deadline", "due", "state", "within"]

DEADLINES: tuple[Deadline, ...] = (
    *census.DEADLINES,
    *handover.DEADLINES,
    *cases.DEADLINES,
    *papers.DEADLINES,
    *opening.DEADLINES,
    *changes.DEADLINES,
    *support.DEADLINES,
    *watch.DEADLINES,
    *filings.DEADLINES,
    *pledges.DEADLINES,
    *inspection.DEADLINES,
)


def due(town: Town, policy: Policy, within: int, broken: list[str] | None = None) -> pd.DataFrame:
    """What is still to be done by `within` calendar days from the town's day, the most overdue first; see lists.due."""
    return lists.due(town, policy, within, DEADLINES, broken)
