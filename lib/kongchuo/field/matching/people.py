"""Lists of children: what each sheet says of who a child is, and which rows of two lists are surely the same child."""

from __future__ import annotations

import pandas as pd

from ...core.tables import Town

# any of these, filled on both sides and equal, makes two rows the same child
SAME = (["student_key"], ["id_no"], ["status_no"], ["name", "birth_date"])
WHO = ["student_key", "name", "id_no", "status_no", "birth_date"]


def earliest(people: pd.DataFrame, others: pd.DataFrame, days: pd.Series) -> pd.Series:
    """For each of `people`, the earliest of `days` (indexed as `others`) over the rows of `others` that are the same child."""
    found: dict[object, pd.Timestamp] = {}
    days = days.reindex(others.index)
    for columns in (columns for columns in SAME if set(columns) <= set(people) & set(others)):
        # few of `others` have a key of one of `people`: only these are looked at one by one
        near = others[columns[0]].isin(people[columns[0]].dropna()) & days.notna()
        least: dict[tuple, pd.Timestamp] = {}
        for *key, day in others.loc[near, columns].assign(day=days[near]).dropna().itertuples(index=False, name=None):
            least[tuple(key)] = min(day, least.get(tuple(key), day))
        for index, *key in people[columns].dropna().itertuples(name=None):
            if tuple(key) in least:
                found[index] = min(least[tuple(key)], found.get(index, least[tuple(key)]))
    return pd.Series([found.get(index, pd.NaT) for index in people.index], people.index, dtype="datetime64[us]")


def unsure(town: Town, people: pd.DataFrame, *sheets: str) -> pd.Series:
    """People whose row in one of these sheets may hide under a key that is empty or unreadable: it has the name and no key."""
    names = pd.concat([town[sheet].loc[town[sheet]["student_key"].isna(), "name"] for sheet in sheets])
    return people["name"].isin(names.dropna())
