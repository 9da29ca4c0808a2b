"""The rows of 问题整改 that an inspection has led to, read by several sections."""

from __future__ import annotations

import pandas as pd

from ...measures import filings
from .rounds import Round

SOURCE, UNDER_WAY = "督查", "整改中"


def from_inspection(view: Round) -> pd.DataFrame:
    """问题整改 with 来源 督查 of the view's schools; what was done after the view's last day is not done yet, and says nothing of it."""
    rows, _ = filings.problems(
        view.scope.whole
    )  # of those of which nobody knows whether they were there, `uncounted` says how many
    rows = rows[rows["source"] == SOURCE]
    later = rows["done"] > pd.Timestamp(view.end)
    told = {name: rows[name].mask(later) for name in ("done", "fix")}
    return rows.assign(**told, state=rows["state"].mask(later, UNDER_WAY)).sort_values("due")
