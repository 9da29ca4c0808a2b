"""A view of one school year: as of its end, or of the last day there is anything of it; points and grades worked out once."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from pathlib import Path

from ...core import years
from ...core.editions import INTERNAL, PUBLIC
from ...core.findings import UserError
from ...core.tables import Town
from ...field import rolls
from ...jobs import opening
from ...scoring.class_points import ClassPoints
from ...scoring.standings import Standings, standings
from ...scoring.units import UnitGrade
from ..views import View, find_school, open_town, records, shared_folder

EDITIONS = (INTERNAL, PUBLIC)


class Year(View):
    """A View of a school year."""

    @property
    def public(self) -> bool:
        """Whether anybody may read it."""
        return self.edition == PUBLIC

    @cached_property
    def standings(self) -> Standings:
        """Points and grades of the whole township under the policy in force."""
        return standings(self.scope)

    @property
    def classes(self) -> tuple[ClassPoints, ...]:
        """The classes the page is about, with their places in the township."""
        return tuple(
            one
            for one in self.standings.classes
            if one.home in self.homes and self.grade in (None, one.grade) and self.class_id in ("", one.class_id)
        )

    @property
    def units(self) -> tuple[UnitGrade, ...]:
        """The schools the page is about."""
        return tuple(one for one in self.standings.units if one.home in self.homes)

    @cached_property
    def over(self) -> bool:
        """Whether the year's last school day has gone by in the ledgers."""
        return _over(self.town, self.end)

    @property
    def missing(self) -> tuple[str, ...]:
        """What the year still lacks, in words; nothing once it is complete."""
        lacking = [] if self.over else [f"学年没有结束，数据到 {self.end:%Y-%m-%d} 为止"]
        for label in dict.fromkeys(one.label for unit in self.units for one in unit.rounds if one.score is None):
            homes = [
                unit.home for unit in self.units if any(one.label == label and one.score is None for one in unit.rounds)
            ]
            lacking.append(f"{label}督查没有完整的评分：{_named(homes, len(self.units))}")
        parts: dict[str, int] = {}
        for one in self.classes:
            for part in one.open:
                parts[part.title] = parts.get(part.title, 0) + 1
        return (*lacking, *(f"{title}：{number}个班尚未判定" for title, number in parts.items()))


def _named(homes: list[str], number: int) -> str:
    if len(homes) == number > 1:
        return f"全部{number}所学校"
    return "、".join(homes[:5]) + (f"等{len(homes)}所" if len(homes) > 5 else "")


def _over(town: Town, end: dt.date) -> bool:
    taught = rolls.school_days(town)
    return bool(taught) and end >= taught[-1]


def open_year(school: str, year: str, edition: str = INTERNAL, workbooks: str | Path = "") -> Year:
    """Open one school year ("2023-2024") of a school (full name, code or usual name; "all": the town) from the shared folder.

    The figures stand as of 31 August where 日查 reaches the last school day, else as of the last day in 日查.
    `workbooks` empty: the environment variable KONGCHUO_WORKBOOKS. Raises UserError for an unknown school, year, edition or folder.
    """
    if edition not in EDITIONS:
        raise UserError(f"版本“{edition}”不对，可以写：{'、'.join(EDITIONS)}。")
    named = years.period(year)
    if named is None or named.kind != "year":
        raise UserError(f"学年“{year}”不对，请写成 2023-2024 的样子。")
    start, end = named.days
    if start > dt.date.today():
        raise UserError(f"{year} 学年还没有开始，请选已经开始的学年。")
    last = opening.reached(shared_folder(workbooks), year)
    if start <= last.as_of and not _over(last, last.as_of):
        end = last.as_of
    town, held, judgement = open_town(year, min(end, dt.date.today()), workbooks)
    town = opening.with_past(shared_folder(workbooks), town)
    return Year(
        town, held, judgement, find_school(town, school), year, start, town.as_of, records=records(), edition=edition
    )
