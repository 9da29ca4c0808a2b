"""How old a child is on the policy's day of the school year, and what follows: 适龄, 超龄, the grade due (domain.md 2.1). Pure.

The one definition for rules, figures, points and comparisons of lists. `born` is a column of birth dates, NaT where unknown.
"""

from __future__ import annotations

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town


def age_day(town: Town, policy: Policy) -> pd.Timestamp:
    """The day ages are counted on: age_date in the autumn of the school year."""
    return pd.Timestamp(f"{town.year[:4]}-{policy['age_date']}")


def ages(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """Full years of age on that day (Int64); missing where the birth date is."""
    day = age_day(town, policy)
    later = (born.dt.month > day.month) | ((born.dt.month == day.month) & (born.dt.day > day.day))
    return (day.year - born.dt.year - later.astype(int)).where(born.notna()).astype("Int64")


def grade_due(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """The grade a child of that age is due in (Int64): 1 at age_min; 0 and less before school, 10 and more after grade nine."""
    return ages(town, policy, born) - policy["age_min"] + 1


def too_young(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """未到龄: younger than age_min; no answer (NaT) is not too young."""
    return (ages(town, policy, born) < policy["age_min"]).fillna(False).astype(bool)


def over_age(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """超龄: older than 适龄 on that day; whoever gets so old within the school year is 适龄 to its end."""
    return (ages(town, policy, born) > policy["age_max"]).fillna(False).astype(bool)


def of_age(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """适龄: from age_min to age_max years old on that day."""
    return born.notna() & ~too_young(town, policy, born) & ~over_age(town, policy, born)
