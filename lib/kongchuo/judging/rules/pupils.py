"""What several rules ask about pupils: how old they are, which names a key has, which rows may hide a key nobody could read."""

from __future__ import annotations

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town

LISTS = ("roster", "census")  # the two sheets that say who exists
GONE = ("已转出", "毕业", "死亡")


def of_age(town: Town, policy: Policy, frame: pd.DataFrame) -> pd.Series:
    """适龄: from age_min to age_max years old on the policy's date of this school year's autumn (domain.md 2.1)."""
    youngest = _age_day(town, policy) - pd.DateOffset(years=policy["age_min"])
    return (frame["birth_date"] <= youngest) & (frame["birth_date"] > _too_old(town, policy))


def over_age(town: Town, policy: Policy, frame: pd.DataFrame) -> pd.Series:
    """超龄: older than 适龄 on that date; whoever gets so old within the school year is 适龄 to its end."""
    return frame["birth_date"] <= _too_old(town, policy)


def ages(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """Full years of age on that date; missing where the birth date is."""
    day = _age_day(town, policy)
    later = (born.dt.month > day.month) | ((born.dt.month == day.month) & (born.dt.day > day.day))
    return (day.year - born.dt.year - later.astype(int)).where(born.notna()).astype("Int64")


def _age_day(town: Town, policy: Policy) -> pd.Timestamp:
    return pd.Timestamp(f"{town.year[:4]}-{policy['age_date']}")


def _too_old(town: Town, policy: Policy) -> pd.Timestamp:
    return _age_day(town, policy) - pd.DateOffset(years=policy["age_max"] + 1)


def person(frame: pd.DataFrame) -> pd.Series:
    """student_key and name of each row as one text, to compare both at once; missing where either is."""
    return frame["student_key"] + "\0" + frame["name"]


def maybe_listed(town: Town, frame: pd.DataFrame, *sheets: str) -> pd.Series:
    """Rows whose pupil may be in these sheets under a key that could not be read: a row there has the name but no key."""
    names = pd.concat([town[sheet].loc[town[sheet]["student_key"].isna(), "name"] for sheet in sheets])
    return frame["name"].isin(names.dropna())
