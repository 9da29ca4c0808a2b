"""Deadlines of 包保责任: 责任书 with every school, class teacher and village, within so many days of the opening."""

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, by_place, complete, mapping
from ..facts import calendar, duty
from ..facts.references import class_names, dated, in_post, keyed, named, names_of, staff_names
from .base import COLUMNS, Deadline, within

WHERE = ["kind", "unit_sheet", "unit", "unit_column"]  # which 责任书, and the cell that says who should have signed


def _pledges(town: Town, policy: Policy) -> pd.DataFrame:
    """COLUMNS and WHERE, one row for each pledge there should be; a teacher who comes later has the same time from then on."""
    opening = calendar.terms(town)["start"].min()
    parts = [_schools(town), _teachers(town), _villages(town)]
    rows = pd.concat([part.assign(unit=list(part.index)).reset_index(drop=True) for part in parts], ignore_index=True)
    since = rows["since"].where(rows["since"] > opening, opening) if len(rows) else rows["since"]
    done = rows["done"].where(~rows["undated"], since)  # signed on a day nobody wrote down
    rows = rows.assign(start=since, due=within(town, policy, since, "pledges_within"), done=done)
    books = [town.place_of(book.name) for book in town.holding("pledge")]
    rows = rows if books else rows.iloc[:0]
    return rows[[*COLUMNS, *WHERE]].set_axis(by_place(books[:1] * len(rows)))


def _signed(town: Town, kind: str, *by: str) -> tuple[pd.Series, pd.Series]:
    """The first day of signing by the parties named, and the parties whose pledge bears no date that can be read."""
    rows = duty.signed(town)
    rows = complete(rows[rows["kind"] == kind], *list(by))
    key = rows[by[0]] if len(by) == 1 else rows[by[0]] + "\0" + rows[by[1]]
    return rows["signed"].groupby(key).min(), key[rows["signed"].isna()]


def _with(rows: pd.DataFrame, town: Town, kind: str, key: pd.Series, *by: str, sheet: str, column: str) -> pd.DataFrame:
    first, undated = _signed(town, kind, *by)
    rows = rows.assign(kind=kind, done=dated(key, first), undated=key.isin(undated))
    rows = rows.assign(unit_sheet=sheet, unit_column=column)
    return rows if "since" in rows else rows.assign(since=pd.Series(pd.NaT, rows.index, dtype="datetime64[us]"))


def _schools(town: Town) -> pd.DataFrame:
    rows = complete(town.schools, "school_code", "school_name")
    rows = rows[rows["active"].fillna(True).astype(bool)]
    found = pd.DataFrame({"home": rows["school_name"], "name": rows["school_name"]}, rows.index)
    found["who"] = in_post(town, "principal", found["home"])
    return _with(found, town, duty.WITH_SCHOOL, rows["school_code"], "other", sheet="school", column="school_code")


def _teachers(town: Town) -> pd.DataFrame:
    heads = keyed(town, "class", "head_teacher")
    rows = complete(duty.classes_of(town).assign(head=heads), "class_id", "head")
    rows = rows[(rows["home"] != "") & ~rows.duplicated("class_id")]
    people = named(rows["head"], staff_names(town)).fillna(rows["head"])
    labels = named(rows["class_id"], class_names(town)).fillna("")
    found = pd.DataFrame({"home": rows["home"], "who": people, "name": labels + "班主任" + people}, rows.index)
    staff = complete(town["staff"], "staff_id", "from")
    found["since"] = dated(rows["head"], mapping(staff, "staff_id", "from"))
    return _with(found, town, duty.WITH_TEACHER, rows["head"], "other", sheet="class", column="head_teacher")


def _villages(town: Town) -> pd.DataFrame:
    rows = duty.served(town)
    rows = rows[rows["home"].isin(town.homes)]
    names = names_of(town, "village", "village_code", "village_name")
    villages = named(rows["village"], names).fillna(rows["village"])
    who = in_post(town, "principal", rows["home"])
    found = pd.DataFrame({"home": rows["home"], "who": who, "name": villages}, rows.index)
    key = rows["school"] + "\0" + rows["village"]
    return _with(found, town, duty.WITH_VILLAGE, key, "school", "other", sheet="school", column="catchment")


PLEDGED = Deadline("G08", "责任书签订", ("pledges_within",), "pledge", "signed", _pledges)

DEADLINES: tuple[Deadline, ...] = (PLEDGED,)
