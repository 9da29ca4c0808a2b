"""What several rules ask about staff: where they are named and when they acted, whether they had left, which title they bear."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from ...core.cells import fold
from ...core.tables import Town
from ...field.duties import last_days, officers
from ...field.references import dated, directory, keyed, look_up, named, resolve
from .base import of_year

# people who answer for something as long as it lasts; every other column names who did something on the row's own date
ONGOING = ("teacher", "helper", "owner", "bond_school", "head_teacher", "teachers", "home_teachers", "principal",
           "status_clerk", "aid_clerk", "staff_id")  # fmt: skip
LOGS = ("support_log", "home_teaching")  # a row is one deed on one day, whoever answers for the pupil
ENDS = ("closed", "to", "done")  # columns that say when it was over


def actors(town: Town) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """(sheet, column, cells) for every column that names staff; cells: value, home, key, via, `left`, whether gone by then, `until`, the last day.

    Of 包家长 the person may be the village's own (its code or its contact), who is no staff of ours.
    """
    gone = last_days(town)
    for sheet in town.filled:
        for item in sheet.typed:
            if item.reference == "staff":
                cells = resolve(town, sheet.name, item.name)
            elif (sheet.name, item.name) == ("bond", "staff_id"):
                cells = _bond_people(town)
            else:
                continue
            until = dated(cells["key"], gone)
            left = pd.Series(False, cells.index)
            if until.notna().any():
                left = _when(town, sheet.name, item.name).reindex(cells.index) > until
            cells = cells.assign(left=left, until=until)
            yield sheet.name, item.name, cells


def _bond_people(town: Town) -> pd.DataFrame:
    frame = town["bond"]
    values = frame["staff_id"].dropna()
    values = values[~((frame["bond_type"].reindex(values.index) == "包家长") & values.isin(officers(town)))]
    return look_up(town, pd.DataFrame({"value": values, "home": frame["home"].reindex(values.index)}), "staff")


def _when(town: Town, sheet: str, column: str) -> pd.Series:
    """The day a person named in a column had to be there: the row's own date, or now for what is going on still.

    Who did something on a day nobody wrote down is not judged.
    """
    frame, now = town[sheet], pd.Timestamp(town.as_of)
    dates = [item.name for item in town.schema.sheets[sheet].typed if item.type == "date" and item.name != "birth_date"]
    if column in ONGOING and sheet not in LOGS:
        ends = [name for name in dates if name in ENDS]
        return frame[ends[0]].fillna(now).clip(upper=now) if ends else pd.Series(now, frame.index)
    acted = sorted(
        (name for name in dates if name not in ENDS), key=lambda name: name != "date"
    )  # the row's own date first
    return frame[acted[0]].clip(upper=now) if acted else pd.Series(now, frame.index)


def titles(town: Town) -> pd.DataFrame:
    """Every title written for a person: person, name, title, bare (without the unit), sheet, place, where; 教职工 first.

    A person is known by staff id; one who is no staff by name. Village officers are left out.
    """
    parts = []
    for sheet in ("staff", "body", "bond"):
        frame = town[sheet].dropna(subset=["title"])
        if sheet == "staff":
            person, name = frame["staff_id"], frame["name"]
        elif sheet == "body":
            person, name = keyed(town, sheet, "staff_id"), frame["staff_id"]
        else:
            cells = _bond_people(town)
            frame = of_year(town, frame[frame.index.isin(cells.index)])
            person, name = cells["key"].where(cells["key"] != ""), frame["name"].fillna(frame["staff_id"])
        # who is not in 教职工 is still one person under one name
        found = frame[["title"]].assign(person=person.reindex(frame.index).fillna(name), name=name)
        parts.append(found.assign(sheet=sheet, place=list(frame.index), where=town.schema.sheets[sheet].title))
    rows = pd.concat(parts).dropna(subset=["person"])
    names = town["staff"].dropna(subset=["staff_id", "name"]).drop_duplicates("staff_id").set_index("staff_id")["name"]
    unit = _unit_before(town)
    bare = [unit.sub("", title) or title for title in map(fold, rows["title"])]
    return rows.assign(name=named(rows["person"], names).fillna(rows["name"]), bare=bare)


def _unit_before(town: Town) -> re.Pattern[str]:
    """What stands before a title and names a unit: a school by any of its names, or any 中心校 or 中心学校."""
    names = sorted(directory(town, "school").called, key=lambda name: (-len(name), name))
    return re.compile("|".join([*(f"^{re.escape(name)}" for name in names), "^.{0,8}?中心(?:学校|校(?!长))"]))
