"""The entries of 控辍台账 as stretches of days: from which day a case is on its ledger, on which it left it, which are open.

Pure. One definition for the rules that ask whether a child is on a ledger and for the figures that count them.
"""

from __future__ import annotations

import pandas as pd

BACK_AGAIN, DONE_BACK = "再次辍学", "已复学"  # 现状; 结案类型


def suspected(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of 疑似辍学台账 with entered (发现日期) and left (结案日期); NaT: unknown, or still open."""
    return rows.assign(entered=rows["found"], left=rows["closed"])


def dropouts(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of 辍学台账 with entered (认定日期), left (复学日期 or 销号日期, the earlier) and returned, whether by coming back.

    Without 认定日期 a case has entered on its 辍学日期: it stands on the ledger. One closed as 已复学 without a 复学日期 was back
    when it was closed. A case in state 再次辍学 that is not closed is open whatever its 复学日期 says.
    """
    back = rows["back_date"].where((rows["state"] != BACK_AGAIN) | rows["closed"].notna())
    left = pd.concat([back, rows["closed"]], axis=1).min(axis=1)
    returned = back.notna() & (rows["closed"].isna() | (back <= rows["closed"]))
    returned |= back.isna() & rows["closed"].notna() & (rows["close_type"] == DONE_BACK)
    return rows.assign(entered=rows["confirm_date"].fillna(rows["drop_date"]), left=left, returned=returned)


def open_at(cases: pd.DataFrame, day: object) -> pd.Series:
    """Which cases are open at the end of a day (one for all, or one for each). A case without its first date counts as long
    open: it must not be lost.
    """
    day = day if isinstance(day, pd.Series) else pd.Timestamp(day)
    return (cases["entered"].isna() | (cases["entered"] <= day)) & (cases["left"].isna() | (cases["left"] > day))
