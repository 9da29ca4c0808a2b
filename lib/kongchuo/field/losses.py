"""流失 (domain.md 4.2; 方案六-8): which cases of 辍学台账 are a loss of the class a pupil stood in when the school year began.

The one definition for the rule that proposes a veto (V01), the points of classes and the share of pupils kept (D03). Pure.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, of_year
from . import ledgers, rolls
from .references import keyed


def baseline_day(rows: pd.DataFrame, year: str, policy: Policy) -> pd.Timestamp:
    """The day that rows of 学年初基准 stand for: 基准日期 as most of them have it, else 统计基准日 of policy."""
    days = rows["base_date"].dropna()
    return days.mode().iloc[0] if len(days) else pd.Timestamp(f"{year[:4]}-{policy['baseline_date']}")


def losses(town: Town, day: dt.date, policy: Policy) -> pd.DataFrame:
    """The rows of 辍学台账 whose pupil was at school on 学年初基准 and who, by `day`, had dropped out and was not struck off.

    With the columns of `ledgers.dropouts` and `room` (class id on the baseline), `away` (not back by `day`: LS of D03), `in_time`
    (back, and for return_grace_days) and `lost`: away, or back in a way that policy does not let count (return_lifts_veto).
    Without a row: a pupil of no baseline, one there as 休学, a case over before the baseline's day, one closed for a reason
    other than coming back (转学, 死亡, 数据错误 …).
    """
    day = pd.Timestamp(day)
    base = of_year(town, town["baseline"].assign(class_id=keyed(town, "baseline", "class_id")))
    begun = baseline_day(base, town.year, policy)
    base = base[base["base_state"].isin(rolls.AT_SCHOOL)].dropna(subset=["student_key"])
    rooms = base.drop_duplicates(rolls.PUPIL).set_index(rolls.PUPIL)["class_id"]
    rows = ledgers.dropouts(town["dropout"])
    over = rows["left"] <= day
    keys = pd.MultiIndex.from_frame(rows[rolls.PUPIL])
    counts = keys.isin(rooms.index) & ~(rows["entered"] > day) & ~(rows["left"] < begun) & ~(over & ~rows["returned"])
    in_time = over & (rows["left"] <= day - pd.Timedelta(days=policy["return_grace_days"]))
    lost = ~in_time if policy["return_lifts_veto"] else pd.Series(True, rows.index)
    rows = rows.assign(room=rooms.reindex(keys).to_numpy(), away=~over, in_time=in_time, lost=lost)
    return rows[counts]
