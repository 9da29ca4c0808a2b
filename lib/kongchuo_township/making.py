"""An example township as files: its rows, written by kongchuo's own `writing`, and the list of faults planted in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xlsxwriter.worksheet import Worksheet

from kongchuo.core import schema
from kongchuo.core.cells import shown
from kongchuo.core.findings import UserError
from kongchuo.core.places import HINT
from kongchuo.core.processes import both
from kongchuo.core.schema import Sheet
from kongchuo.excel import writing

from . import YEAR, Rows, plant, planting, workbooks
from .planting import Fault, Row, Spoilt

PLANTED = "planted.json"


@dataclass(frozen=True)
class Made:
    """What was made: the shared folder, how many workbooks and pupils, and the planted faults (see planted.json)."""

    folder: Path
    workbooks: int
    pupils: int
    planted: tuple[dict[str, object], ...] = ()

    @property
    def summary(self) -> str:
        """One Chinese sentence."""
        faults = f"，埋入错误 {len(self.planted)} 处（清单见 {PLANTED}）" if self.planted else ""
        return f"已在 {self.folder} 生成 {self.workbooks} 个工作簿，花名册共 {self.pupils} 人{faults}。"


def make(
    folder: Path,
    schools: int = 13,
    pupils: int = 4000,
    seed: int = 1,
    *,
    faults: bool = False,
    whole_year: bool = False,
) -> Made:
    """Write an invented township into `folder`, which then is a shared folder; with `faults`, planted.json beside it.

    The ledgers stand at the end of the first term, with `whole_year` at the end of the school year. Raises UserError when
    there is already a school year in it, for too few schools or pupils, and for faults in a whole year.
    """
    if faults and whole_year:  # what plants them knows the days of the first term only
        raise UserError("埋入错误（--faults）只能用在第一学期的示例上，不能和 --whole-year 一起用。")
    if (folder / YEAR).exists():
        raise UserError(f"“{folder}”里已有 {YEAR}，没有改动。请换一个空文件夹。")
    try:
        made = workbooks(schools, pupils, seed, whole_year=whole_year)
    except ValueError as error:
        raise UserError("示例镇至少要2所学校，每所学校至少12名学生。") from error
    books = schema.default()
    if not faults:
        return Made(folder, *_write(folder, made, {}))
    hand = plant(dict(made), books, seed)
    planted = tuple(hand.listed())
    halves = ([*hand.books.items()][start::2] for start in (0, 1))
    written = map(sum, zip(*both(*(partial(_write, folder, half, hand.spoilt) for half in halves)), strict=True))
    (folder / PLANTED).write_text(json.dumps(planted, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Made(folder, *written, planted)


def plant_in(
    folder: Path, schools: int, pupils: int, seed: int, faults: Iterable[Fault]
) -> Iterator[tuple[dict[str, object], dict[str, str]]]:
    """Write a township with these faults alone; of each its entry as in planted.json, and what was right: column title -> text."""
    made, books = dict(workbooks(schools, pupils, seed)), schema.default()
    right = {id(row): (row, dict(row)) for rows in made.values() for lines in rows.values() for row in lines}
    hand = planting.plant(made, books, seed, faults)
    _write(folder, hand.books.items(), hand.spoilt)
    for one, listed in zip(hand.planted, hand.listed(), strict=True):
        now, was = right[id(one.row)]
        fields = [item for item in books.sheets[one.sheet].typed if was.get(item.name) != now.get(item.name)]
        texts = {item.title: "空着" if was.get(item.name) is None else _said(was[item.name]) for item in fields}
        yield listed, texts


def _said(value: object) -> str:
    return {True: "是", False: "否"}[value] if isinstance(value, bool) else shown(value)


def _write(folder: Path, made: Iterable[tuple[str, Rows]], spoilt: dict[tuple[str, str], Spoilt]) -> tuple[int, int]:
    """Write every workbook; returns how many there were, and how many pupils stand on this year's rosters."""
    books, count, enrolled = schema.default(), 0, 0
    for path, rows in made:

        def finish(sheet: Sheet, ws: Worksheet, path: str = path, rows: Rows = rows) -> None:
            if (path, sheet.name) in spoilt:
                _spoil(sheet, ws, rows[sheet.name], spoilt[path, sheet.name])

        target = folder / path
        writing.write_workbook(target, books.by_stem[target.stem], rows, books, finish=finish if spoilt else None)
        count += 1
        enrolled += len(rows.get("roster", ())) if path.startswith(f"{YEAR}/") else 0
    return count, enrolled


def _spoil(sheet: Sheet, ws: Worksheet, rows: list[Row], spoilt: Spoilt) -> None:
    """Do to a worksheet what values cannot: see Spoilt."""
    place = {item.name: column for column, item in enumerate(sheet.typed)}
    number = {id(row): at for at, row in enumerate(rows, start=1)}
    if spoilt.title:
        for column in (*place.values(), len(place)):
            ws.write_string(0, column, "" if column else spoilt.title)
        ws.write_string(1, len(place), HINT)
    for name, text in spoilt.header.items():
        ws.write_string(0, place[name], text)
    for row in spoilt.hidden:
        ws.set_row(number[id(row)], None, None, {"hidden": True})
    for row, name in spoilt.errors:
        ws.write_formula(number[id(row)], place[name], "=NA()", None, "#N/A")
    for row, name in spoilt.merged:
        top = number[id(row)]
        ws.merge_range(top, place[name], top + 1, place[name], row.get(name, ""), None)
