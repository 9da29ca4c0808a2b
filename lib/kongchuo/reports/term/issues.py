"""The rows of 问题整改 that an inspection has led to, read by several sections."""

from __future__ import annotations

import pandas as pd

from .rounds import Round

SOURCE = "督查"


def from_inspection(view: Round) -> pd.DataFrame:
    """问题整改 with 来源 督查 of the view's schools; what was done after the view's last day is not done yet."""
    rows = view.scope.whole.rows("issue")
    rows = rows[rows["source"] == SOURCE]
    return rows.assign(done=rows["done"].where(rows["done"] <= pd.Timestamp(view.end))).sort_values("due")
