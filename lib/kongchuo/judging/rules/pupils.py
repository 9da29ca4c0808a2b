"""What several rules ask about pupils: which names a key has, which rows may hide a key nobody could read."""

from __future__ import annotations

import pandas as pd

from ...core.tables import Town

LISTS = ("roster", "census")  # the two sheets that say who exists
GONE = ("已转出", "毕业", "死亡")


def person(frame: pd.DataFrame) -> pd.Series:
    """student_key and name of each row as one text, to compare both at once; missing where either is."""
    return frame["student_key"] + "\0" + frame["name"]


def maybe_listed(town: Town, frame: pd.DataFrame, *sheets: str) -> pd.Series:
    """Rows whose pupil may be in these sheets under a key that could not be read: a row there has the name but no key."""
    names = pd.concat([town[sheet].loc[town[sheet]["student_key"].isna(), "name"] for sheet in sheets])
    return frame["name"].isin(names.dropna())
