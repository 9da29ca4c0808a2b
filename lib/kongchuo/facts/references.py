"""What a cell refers to: the key behind an id, a name or an alias that people typed into a column with `reference`.

Pure. A class is known by its id, or by its name within the same school however it is written (七1班, 7（1）班); a member of
staff by number or name; a school by code, full name or usual name; a village by code or name.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core.cells import fold
from ..core.numbers import NUMERALS
from ..core.schema import CENTRE
from ..core.tables import Town, complete, mapping, once

KEY, LABEL, ALIAS, MANY, NONE = "key", "label", "alias", "many", ""  # how a value was understood
_CLASS = re.compile(
    r"(?:(?P<junior>初)|小)?(?P<grade>[一二三四五六七八九1-9])(?:年级|年)?"
    r"[(\[【<.·、-]*(?P<number>[1-9][0-9]?|[一二三四五六七八九]?十?[一二三四五六七八九]?)[)\]】>]*班?"
)


# --- class names ------------------------------------------------------------------------------------------------------
def class_label(text: str) -> str:
    """A class name as the registry should write it: 七1班, 7（1）班, 七年级1班, 初一(1)班 -> 七(1)班; else the text, folded."""
    folded = fold(text)
    match = _CLASS.fullmatch(folded)
    if not match or not match["number"]:
        return folded
    grade = _number(match["grade"]) + (6 if match["junior"] else 0)
    return f"{NUMERALS[grade]}({_number(match['number'])})班" if grade <= 9 else folded


def _number(text: str) -> int:
    """Digits or a numeral up to 九十九 as a number."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return ((NUMERALS.index(tens) if tens else 1) * 10 if ten else 0) + (NUMERALS.index(ones) if ones else 0)


# --- directories ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Directory:
    """A sheet that others refer to: its keys, and what else its rows are called, each with the school it belongs to ("": none).

    Names are folded, in the directory as in a cell that refers to it; `typed` has each as the registry writes it.
    `unsure` counts the rows of a school whose key or name is empty or unreadable: so many names in use there cannot be judged.
    """

    keys: dict[str, frozenset[str]]
    called: dict[str, dict[str, tuple[str, str]]]  # name -> key -> (school, LABEL or ALIAS)
    own_school_only: bool  # such a name says nothing outside its school
    unsure: dict[str, int]
    typed: dict[str, str]

    def find(self, home: str, value: str) -> tuple[str, str]:
        """The key that a value stands for in a row of a school, and how it was understood (KEY, LABEL, ALIAS, MANY, NONE)."""
        anywhere, value = not self.own_school_only or home in ("", CENTRE), fold(value)
        if value in self.keys and (anywhere or self.keys[value] & {home, ""}):
            return value, KEY
        meant = self.called.get(value) or self.called.get(class_label(value), {})
        own = {key: way for key, (school, way) in meant.items() if school == home}
        if not own and anywhere:
            own = {key: way for key, (_, way) in meant.items()}
        if len(own) == 1:
            return next(iter(own.items()))
        return "", MANY if own else NONE

    def near(self, home: str, value: str) -> str:
        """A hint with the nearest name in use, or nothing."""
        names = [
            name
            for name, meant in self.called.items()
            if not self.own_school_only or home in {school for school, _ in meant.values()}
        ]
        close = difflib.get_close_matches(fold(value), names, 1, 0.5)
        return f"是不是“{self.typed[close[0]]}”？" if close else ""


@once
def directory(town: Town, target: str) -> Directory:
    """The directory of a sheet (school, class, staff, village, suspected ...)."""
    sheet, frame = town.schema.sheets[target], town[target]
    key_name = sheet.primary_key[0]
    townwide = target in ("school", "village")
    homes = pd.Series("", frame.index, dtype="str") if townwide else homes_of(town, target)
    keys: dict[str, set[str]] = {}
    called: dict[str, dict[str, tuple[str, str]]] = {}
    typed: dict[str, str] = {}
    for home, key, *labels in zip(homes, frame[key_name], *(frame[label] for label in sheet.labels), strict=True):
        if pd.isna(key):
            continue
        # a class id says which school it is of; the number of a case is only sure to be unique within its school
        keys.setdefault(key, set()).add("" if target == "class" else home)
        for text, way in _names(target, ["" if pd.isna(label) else label for label in labels]):
            called.setdefault(fold(text), {}).setdefault(key, (home, way))
            typed.setdefault(fold(text), text)
    lost = frame[[key_name, *sheet.labels[:1]]].isna().any(axis=1)
    own_school_only = target == "class" or town.schema.book_of[target].owner == "school"
    unsure = homes[lost].value_counts().to_dict()
    return Directory({key: frozenset(found) for key, found in keys.items()}, called, own_school_only, unsure, typed)


def _names(target: str, labels: list[str]) -> list[tuple[str, str]]:
    """What a row is called, with the way: its first label, other labels (aliases, several in a cell), 中心校 for 中心学校."""
    if not labels:
        return []
    first = class_label(labels[0]) if target == "class" else labels[0]
    found = [(first, LABEL)] if first else []
    found += [(text, ALIAS) for label in labels[1:] for text in re.split(r"[、,，;；\s]+", label) if text]
    if target == "school" and "中心学校" in first:
        found.append((first.replace("中心学校", "中心校"), ALIAS))
    return found


# --- columns ----------------------------------------------------------------------------------------------------------
@once
def homes_of(town: Town, sheet_name: str) -> pd.Series:
    """The school (full name) each row of a sheet is about: its folder; in the centre's workbooks, the school it names."""
    frame, sheet = town[sheet_name], town.schema.sheets[sheet_name]
    if sheet_name == "school":
        return frame["school_name"].fillna("")
    item = sheet.by_name.get("school_code")
    if town.schema.book_of[sheet_name].owner == "school" or item is None or item.reference != "school":
        return frame["home"]
    return named(keyed(town, sheet_name, "school_code"), school_names(town)).fillna("")


@once
def resolve(town: Town, sheet_name: str, field_name: str) -> pd.DataFrame:
    """Each value of a column with `reference`: value, home (school of the row), key, via; one row a value, indexed as the sheet.

    A cell with several values gives several rows; an empty or unread cell gives none.
    """
    item = town.schema.sheets[sheet_name].by_name[field_name]
    column = town[sheet_name][field_name]
    # which school a row of the registry is about is itself a reference to a school: there it does not matter
    homes = town[sheet_name]["home"] if item.reference == "school" else homes_of(town, sheet_name)
    if item.many:
        column = column.str.split("、").explode().astype("str")
        homes = homes.reindex(column.index)
    return look_up(town, column, item.reference, homes)


def look_up(town: Town, values: pd.Series, target: str, homes: pd.Series | str = "") -> pd.DataFrame:
    """value, home, key and via of each filled cell of a column; `homes`: the school of each row, or of all. Indexed as the cells.

    Each distinct pair is looked up once.
    """
    book, filled = directory(town, target), values.notna().to_numpy()
    index, cells = values.index[filled], values.array[filled]
    homes = homes.array[filled] if isinstance(homes, pd.Series) else pd.array([homes] * len(cells), dtype="str")
    pairs = list(zip(homes.tolist(), cells.tolist(), strict=True))
    answers = {pair: book.find(*pair) for pair in set(pairs)}
    keys, ways = ([answers[pair][part] for pair in pairs] for part in (0, 1))
    parts = {"value": cells, "home": homes, "key": pd.array(keys, dtype="str"), "via": pd.array(ways, dtype="str")}
    return pd.DataFrame(parts, index)


@once
def keyed(town: Town, sheet_name: str, field_name: str) -> pd.Series:
    """The keys that a column with `reference` stands for (one value a cell), indexed as the sheet; missing where unknown."""
    found, column = resolve(town, sheet_name, field_name), town[sheet_name][field_name]
    keys = np.full(len(column), np.nan, dtype=object)
    keys[column.notna().to_numpy()] = [key or np.nan for key in found["key"].tolist()]  # one for each filled cell
    return pd.Series(pd.array(keys, dtype="str"), column.index, name="key")


def meant(town: Town, sheet_name: str, field_name: str) -> pd.Series:
    """As `keyed`, and what was typed where that is no key: 七1班 and its id mean one class, 王老师 and his number one person."""
    return keyed(town, sheet_name, field_name).fillna(town[sheet_name][field_name])


def dangling(town: Town, cells: pd.DataFrame, target: str) -> pd.DataFrame:
    """The looked-up `cells` that stand for nothing. None where the sheet they refer to could not be read or has no rows."""
    none = cells["via"].to_numpy() == NONE
    if not none.any():
        return cells.iloc[:0]
    lost = cells[none]
    sheet = town.schema.sheets[target]
    unread = town.unread_homes(target, *sheet.primary_key, *sheet.labels[:1])
    if town.schema.book_of[target].owner == "centre" and (unread or town[target].empty):
        return cells.iloc[:0]
    lost = lost[~lost["home"].isin(unread)]
    unsure = directory(town, target).unsure
    if unsure and len(lost):
        kinds = lost.groupby("home")["value"].transform("nunique")
        lost = lost[kinds > tally(lost["home"], unsure) + unsure.get("", 0)]
    return lost


def maybe_listed(town: Town, people: pd.DataFrame, *sheets: str) -> pd.Series:
    """People whose row in one of these sheets may hide under a key that is empty or unreadable: it has the name and no key."""
    names = pd.concat([town[sheet].loc[town[sheet]["student_key"].isna(), "name"] for sheet in sheets])
    return people["name"].isin(names.dropna())


def _plain(held: Mapping[str, object]) -> dict[str, object]:
    return held.to_dict() if isinstance(held, pd.Series) else dict(held)  # label by label, a Series is slow


def named(column: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """The name that belongs to each value of a column, missing where it has none."""
    names = _plain(names)
    return pd.Series([names.get(value) for value in column.tolist()], column.index, dtype="str")


def dated(column: pd.Series, days: Mapping[str, pd.Timestamp]) -> pd.Series:
    """The date that belongs to each value of a column, NaT where it has none."""
    days = _plain(days)
    return pd.Series([days.get(value, pd.NaT) for value in column.tolist()], column.index, dtype="datetime64[us]")


def tally(column: pd.Series, numbers: Mapping[str, int]) -> pd.Series:
    """The number that belongs to each value of a column, 0 where it has none."""
    numbers = _plain(numbers)
    return pd.Series([numbers.get(value, 0) for value in column.tolist()], column.index, dtype="int64")


@once
def names_of(town: Town, sheet: str, key: str, label: str) -> dict[str, str]:
    """Key -> label of a sheet, as village_code -> contact; of a key that comes twice the first."""
    rows = complete(town[sheet], key, label).drop_duplicates(key)
    return mapping(rows, key, label)


def in_post(town: Town, column: str, homes: pd.Series) -> pd.Series:
    """Who holds a post (a column of 学校) at each of these schools, by name."""
    schools = town["school"].assign(key=keyed(town, "school", column))
    people = named(schools["key"], staff_names(town)).fillna(schools[column])
    return named(homes, mapping(schools.assign(person=people), "school_name", "person"))


def staff_names(town: Town) -> dict[str, str]:
    """Staff number -> name, since people write either."""
    return names_of(town, "staff", "staff_id", "name")


@once
def school_names(town: Town) -> dict[str, str]:
    """School code -> full name."""
    rows = town["school"][["school_code", "school_name"]].dropna()
    return mapping(rows, "school_code", "school_name")


@once
def class_names(town: Town) -> dict[str, str]:
    """Class id -> class name."""
    rows = complete(town["class"][["class_id", "class_name"]], "class_id")
    return dict(zip(rows["class_id"], rows["class_name"].fillna(rows["class_id"]), strict=True))


@once
def class_grades(town: Town) -> dict[str, int]:
    """Class id -> grade, of the classes that have one."""
    rows = town["class"][["class_id", "grade"]].dropna()
    return mapping(rows, "class_id", "grade")


# --- schools by name ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class School:
    """A school as people may name it: full name (its folder), code, other names."""

    name: str
    code: str = ""
    aliases: tuple[str, ...] = ()


def schools_in(rows: pd.DataFrame) -> tuple[School, ...]:
    """The schools of rows of 学校 that have a name."""
    texts = complete(rows, "school_name").fillna({"school_code": "", "school_alias": ""})
    columns = texts[["school_name", "school_code", "school_alias"]].itertuples(index=False, name=None)
    return tuple(School(name, code, tuple(filter(None, alias.split("、")))) for name, code, alias in columns)


def school_called(wanted: str, schools: Iterable[School]) -> tuple[str, str]:
    """The full name of the school meant by a full name, code or usual name, and ""; where none is, "" and the nearest one.

    The one way the command line, a parameter file and an address of a page find a school.
    """
    schools, folded = tuple(schools), fold(wanted)
    known = {fold(text): school.name for school in schools for text in (*school.aliases, school.code) if text}
    known |= {fold(school.name): school.name for school in schools}
    known |= {school.name: school.name for school in schools}
    for text in (wanted, folded):
        if text in known:
            return known[text], ""
    near = difflib.get_close_matches(folded, known, 1, 0.5)
    return "", known[near[0]] if near else ""
