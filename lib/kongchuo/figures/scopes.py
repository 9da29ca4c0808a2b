"""Which part of a township a figure is about, and which days: a school, a grade, a class, a month.

Knows no files. Every row it hands out carries home (school), grade and class_id, so that figures of classes add up to those of
grades, schools and the town.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property, wraps
from typing import TypeVar

import pandas as pd

from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import NOWHERE, Town, complete, mapping, no, of_year, once
from ..core.workbooks import Workbook
from ..core.years import TERMS, usual_begin
from ..facts import support
from ..facts.calendar import terms
from ..facts.references import class_names, directory, homes_of, keyed, named, staff_names

KEYS = ["home", "grade", "class_id"]  # what every figure is first counted by; grade 0 and class "" where there is none
Made = TypeVar("Made")
CLASS_COLUMNS = ("class_id", "class_to", "class_from")


@dataclass(frozen=True)
class Scope:
    """Part of a township, and the days from `start` to `end` (both included; `end` is never after the town's as_of).

    `homes` are school folders. `distrusted` holds (workbook, worksheet, row) of rows with an error, which rates leave out. Of
    what is kept pupil by pupil, `group` (facts.support) leaves the rows of its pupils.
    """

    town: Town
    policy: Policy
    start: dt.date
    end: dt.date
    homes: tuple[str, ...]
    grade: int | None = None
    class_id: str = ""
    distrusted: frozenset[tuple[str, str, int]] = frozenset()
    group: str = ""

    @property
    def whole(self) -> Scope:
        """The same schools and days without narrowing to a grade, class or group."""
        return replace(self, grade=None, class_id="", group="")

    @cached_property
    def everybody(self) -> Scope:
        """All schools of the town over the same days."""
        return replace(self.whole, homes=self.town.homes)

    def once(self, make: Callable[..., Made], *given: object) -> Made:
        """`make(scope, *given)`, worked out once, however many sections and papers ask: kept by the town for each part of it."""
        return self.town.once_under(self.policy, _of_part, make, self.part, *given)

    def has(self, make: Callable[..., object], *given: object) -> bool:
        """Whether `once` would find it worked out."""
        return self.town.has_under(self.policy, _of_part, make, self.part, *given)

    @cached_property
    def part(self) -> tuple:
        """What of the town it is: all but the town and the policy."""
        return tuple(getattr(self, item.name) for item in fields(self)[2:])

    @property
    def one_school(self) -> str:
        """The school it is about, where it is one school of the town with all its pupils; else ""."""
        alone = len(self.homes) == 1 and not (self.grade or self.class_id or self.group)
        return self.homes[0] if alone and self.homes[0] in self.town.homes else ""

    def rows(self, sheet: str, by: str = "") -> pd.DataFrame:
        """The rows of a sheet that belong to the scope, with canonical home, grade and class_id; indexed by place.

        `by` names the class column where a sheet has several (学生变动: class_from, class_to).
        """
        if self.one_school:
            return _by_home(self.town, sheet, by).of(self.homes[0])
        return self.within(_placed(self.town, sheet, by), narrow=self.of_class(sheet))

    def office(self, sheet: str) -> pd.DataFrame:
        """The rows of this school year of one of the office's sheets, for every school (包保责任, 责任书签订)."""
        return _placed(self.town, sheet, "")

    def of_class(self, sheet: str) -> bool:
        """Whether a sheet's rows belong to a class (they name one, or a pupil); others belong to a school as a whole."""
        columns = self.town.schema.sheets[sheet].by_name
        return any(name in columns for name in (*CLASS_COLUMNS, "student_key"))

    def sound(self, sheet: str) -> pd.DataFrame:
        """`rows` without those that hold an error: what rates are counted from (domain.md 3: 错误 = left out of the rates)."""
        frame = self.rows(sheet)
        title = self.town.schema.sheets[sheet].title
        bad = [self.town.place_of(workbook, row) for workbook, named, row in self.distrusted if named == title]
        return frame[~frame.index.isin(bad)] if bad else frame

    def within(self, frame: pd.DataFrame, narrow: bool = True) -> pd.DataFrame:
        """The part of a placed frame that lies in the scope's schools and, with `narrow`, in its grade, class and group."""
        keep = frame["home"].isin(self.homes)
        if narrow and self.grade is not None:
            keep &= frame["grade"] == self.grade
        if narrow and self.class_id:
            keep &= frame["class_id"] == self.class_id
        if self.group and "student_key" in frame:
            keep &= frame["student_key"].isin(support.members(self.town, self.group))
        return frame[keep]

    def missing(self, *needs: str) -> tuple[str, ...]:
        """Folders of the scope where a needed sheet ("daily") or column ("daily.due") could not be read."""
        own, found = {*self.homes, CENTRE}, []
        for need in needs:
            sheet, _, column = need.partition(".")
            term = self.term if self.town.schema.book_of[sheet].per_term else ""
            found += [home for home in _lacking(self.town, sheet, column, term) if home in own]
        return tuple(dict.fromkeys(found))

    def in_days(self, column: pd.Series) -> pd.Series:
        """Which dates of a column lie within the scope's days."""
        return column.between(pd.Timestamp(self.start), pd.Timestamp(self.end))

    def dateless(self, sheet: str) -> pd.Series:
        """Which rows of a sheet no days can be asked of: the day that dates them is empty, unread or outside its workbook's term."""
        return _dateless(self.town, sheet).reindex(self.rows(sheet).index)

    def told(self, rows: pd.DataFrame, sheet: str, *columns: str) -> pd.Series:
        """Of which of these rows of a sheet the cells of the columns could be read (an empty one could)."""
        read = [self.town.known(sheet, column).reindex(rows.index) for column in columns]
        return pd.concat(read, axis=1).all(axis=1).astype(bool)

    def nameless(self, sheet: str) -> pd.DataFrame:
        """The rows of a sheet of which nobody knows which pupil they are of."""
        return self.rows(sheet).loc[lambda rows: rows["student_key"].isna()]

    def undated(self, sheet: str) -> pd.DataFrame:
        """The rows of a sheet that a figure of these days cannot take in, since nobody knows their day."""
        return self.rows(sheet)[self.dateless(sheet)]

    @cached_property
    def term(self) -> str:
        """第一学期 or 第二学期: the term that had begun by the end of the days (学年学期 of the registry; else the usual day)."""
        rows = complete(self.town["term"], "start", "term").sort_values("start")
        begun = rows[rows["start"] <= pd.Timestamp(self.end)]["term"]
        return begun.iloc[-1] if len(begun) else TERMS[self.end >= usual_begin(self.town.year, TERMS[1])]

    @property
    def classes(self) -> pd.DataFrame:
        """The classes of this school year in the scope: class_id, class_name, home, grade, head_teacher."""
        return self.within(_classes(self.town))

    @property
    def labels(self) -> dict[str, str]:
        """Class id -> class name, for people to read."""
        return class_names(self.town)

    @property
    def staff_names(self) -> dict[str, str]:
        """Staff number -> name, since people write either."""
        return staff_names(self.town)

    def unplaced(self, sheet: str, *columns: str) -> pd.DataFrame:
        """KEYS of the rows of 学校 (in use) or 班级 of which one of `columns` is not there, or nobody knows the school.

        What is counted by school or class cannot take them in. A row of no known school may be of each.
        """
        rows = _placed(self.town, sheet, "")
        if sheet == "school":
            rows = rows[(rows["stage"] != CENTRE) & ~no(rows["active"])]
        lacking = self.town[sheet].loc[rows.index, list(columns)].isna().any(axis=1)
        own = rows[lacking & rows["home"].isin(self.homes)].assign(class_id="")
        return pd.concat([own[KEYS], self.of_all(rows[rows["home"] == ""])])

    def of_all(self, rows: pd.DataFrame) -> pd.DataFrame:
        """KEYS of rows that may be of each school: of the one school of the scope, else of none by name."""
        return rows.assign(home=self.homes[0] if len(self.homes) == 1 else "", grade=0, class_id="")[KEYS]

    def nowhere(self, sheet: str, home: str) -> int:
        """The place of a row that a school's sheet should have and has not: its workbook (of the term), Excel row 0."""
        books = _held_by(self.town, sheet).get(home, [])
        own = [book for book in books if not book.book.per_term or self.term in book.name]
        return self.town.place_of((own or books)[0].name) if books else NOWHERE

    def key(self, target: str, value: str) -> str:
        """The key of a school, village or member of staff written by code, name or usual name; the text itself if unknown."""
        return directory(self.town, target).find("", value)[0] or value

    def with_class(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`with_class` of the town."""
        return with_class(self.town, frame)


def counted(count: Callable[..., Made]) -> Callable[..., Made]:
    """A function of a scope (and of what can be a key) as `Scope.once` keeps it."""
    return wraps(count)(lambda scope, *given: scope.once(count, *given))


def _of_part(town: Town, policy: Policy, make: Callable[..., Made], part: tuple, *given: object) -> Made:
    return make(Scope(town, policy, *part), *given)


@once
def _held_by(town: Town, sheet: str) -> dict[str, list[Workbook]]:
    """By folder its workbooks that should hold a sheet."""
    found: dict[str, list[Workbook]] = {}
    for book in town.holding(sheet):
        found.setdefault(book.home, []).append(book)
    return found


@once
def _lacking(town: Town, sheet: str, column: str, term: str) -> tuple[str, ...]:
    """Folders where a sheet, or a column of it, could not be read, of the workbooks of a term where these are for one."""
    tables = [(book.home, book.tables.get(sheet)) for book in town.holding(sheet) if term in book.name]
    return tuple(home for home, table in tables if table is None or (column and column not in table.columns))


@once
def _dateless(town: Town, sheet: str) -> pd.Series:
    form, rows = town.schema.sheets[sheet], _placed(town, sheet, "")
    days = rows[form.dated]
    lost = days.isna()
    if town.schema.book_of[sheet].per_term:
        names = town.book_names(rows.index)
        for one in terms(town).itertuples():
            lost |= names.str.contains(one.term, regex=False) & ~days.between(one.start, one.end)
    return lost


class Parts:
    """Rows by their school (a column or level `home`), each school's cut when it is asked for: a frame for each costs more than its rows."""

    def __init__(self, rows: pd.DataFrame | pd.Series) -> None:
        level = "home" in rows.index.names
        codes, homes = pd.factorize(
            rows.index.get_level_values("home") if level else rows["home"], use_na_sentinel=False
        )
        order = codes.argsort(kind="stable")
        self._rows = rows if (codes[1:] >= codes[:-1]).all() else rows.take(order)
        ends = codes[order].searchsorted(range(len(homes)), "right").tolist()
        self._parts = dict(zip(homes, map(slice, [0, *ends], ends), strict=False))

    def __contains__(self, home: str) -> bool:
        return home in self._parts

    def of(self, home: str) -> pd.DataFrame | pd.Series:
        """The rows of one school, in the order they had."""
        return self._rows.iloc[self._parts.get(home, slice(0))]


@once
def _by_home(town: Town, sheet: str, by: str) -> Parts:
    return Parts(_placed(town, sheet, by))


@once
def _placed(town: Town, sheet: str, by: str) -> pd.DataFrame:
    """The rows of this school year with home, grade and class_id ("" and 0 where unknown)."""
    frame = town[sheet].assign(home=homes_of(town, sheet))
    column = by or next((name for name in CLASS_COLUMNS if name in frame), "")
    if sheet == "class":
        ids = frame["class_id"]
    elif column:
        ids = keyed(town, sheet, column)
    elif "student_key" in frame:
        ids = named(frame["student_key"], _class_of_pupil(town))
    else:
        ids = pd.Series("", frame.index)
    own = frame.get("grade")
    frame = with_class(town, frame.assign(class_id=ids), own)
    if "school_year" in frame:
        frame = of_year(town, frame)
    return frame


def with_class(town: Town, frame: pd.DataFrame, own: pd.Series | None = None) -> pd.DataFrame:
    """A frame whose class_id is canonical, with its grade added, "" and 0 where unknown; such a row keeps its `own` grade."""
    grades = frame["class_id"].map(_grades(town))
    grades = grades.astype("Int64") if own is None else grades.astype("Int64").fillna(own)
    return frame.assign(class_id=frame["class_id"].fillna("").astype("str"), grade=grades.fillna(0).astype("int64"))


@once
def _grades(town: Town) -> dict[str, int]:
    return mapping(complete(town["class"], "class_id").drop_duplicates("class_id"), "class_id", "grade")


@once
def _classes(town: Town) -> pd.DataFrame:
    frame = _placed(town, "class", "")
    return frame[frame["class_id"] != ""].drop_duplicates("class_id")


@once
def _class_of_pupil(town: Town) -> dict[str, str]:
    """Pupil -> class on the roster as it stands now."""
    ids = keyed(town, "roster", "class_id")
    return dict(zip(town["roster"]["student_key"], ids, strict=True))
