"""An office's own tables: lists and counts of any sheet, by the headings people know, styled, masked and numbered as all others.

The notebook that asks for them is a copy of templates/office/notebooks/own_tables.ipynb, and holds words only.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from ..core.cells import closest
from ..core.editions import SCHOOL as SCHOOL_STAFF, SECRET, TOWN
from ..core.findings import UserError
from ..core.places import SCRATCH
from ..core.schema import Field, Sheet
from . import live, quality
from .display import Blocks, Note, Section, Table, rows_table, titled
from .masks import NEVER, may_see
from .report import Plan, Report
from .units import audience
from .views import Month, open_month

SCHOOL = "学校"  # the column in front of what a page of the whole town lists
SINGLE = ("name", "phone", "id", "place", "note")  # marks of columns that say something else of everybody
Where = Mapping[str, str | list[str]]
EVERY: Where = MappingProxyType({})  # all rows


class OwnReport(Report):
    """A report whose sections its notebook asks for, one call a section."""

    def count(self, heading: str, sheet: str, by: str, across: str = "", where: Where = EVERY) -> object:
        """How many rows of a sheet there are for each value of a column, and of a second one across; `where` narrows them."""
        return self._add(heading, lambda view: _count(view, sheet, by, across, where))

    def rows(self, heading: str, sheet: str, columns: list[str], where: Where = EVERY) -> object:
        """The rows of a sheet, some of its columns; a page of the whole town names nobody in full."""
        return self._add(heading, lambda view: _rows(view, sheet, columns, where))

    def _add(self, heading: str, make: Callable[[Month], Table]) -> object:
        first, *between, footer = self.plan.sections.items()
        number = len(between) + 1
        name = f"own{number}"

        def section(view: Month) -> Section:
            return Section(heading, (make(view),), number, name)

        self.plan = replace(self.plan, sections=dict((first, *between, (name, section), footer)))
        return self._show(name)


def _reader(view: Month) -> str:
    """Who reads. Beside a batch's pages and the site's, in JupyterLab, nobody's full name stands: what it shows it also saves."""
    return audience(view) if live.is_live() or SCRATCH in os.environ else TOWN


def _sheet(view: Month, title: str) -> Sheet:
    held = {sheet.title: sheet for sheet in view.town.schema.sheets.values()}
    return held[_named(title, held, "工作表")]


def _field(sheet: Sheet, title: str) -> Field:
    held = {item.title: item for item in sheet.fields}
    return held[_named(title, held, f"“{sheet.title}”的列")]


def _named(title: str, known: Mapping[str, object], what: str) -> str:
    if title in known:
        return title
    near = closest(title, tuple(known))
    raise UserError(f"{what}没有“{title}”{f'，是不是“{near}”' if near else ''}。名称照数据字典写。")


def _kept(view: Month, sheet: Sheet, where: Where) -> pd.DataFrame:
    """The rows of the view's schools for which each column named has one of the values wanted."""
    rows = view.scope.rows(sheet.name)
    for title, wanted in where.items():
        words = [wanted] if isinstance(wanted, str) else wanted
        rows = rows[_words(rows, _field(sheet, title), view).isin(words)]
    return rows


def _words(rows: pd.DataFrame, item: Field, view: Month) -> pd.Series:
    """A column as people read it: yes and no in Chinese, a class by its name, an empty cell as such."""
    values = rows[item.name]
    if item.name == "class_id":
        values = values.map(lambda key: view.scope.labels.get(key, key))
    return values.map(lambda value: "空着" if pd.isna(value) or value == "" else YES_NO.get(value, str(value)))


YES_NO = {True: "是", False: "否"}


def _count(view: Month, title: str, by: str, across: str, where: Where) -> Table:
    sheet = _sheet(view, title)
    rows = _kept(view, sheet, where)
    named = [SCHOOL if one == SCHOOL else _field(sheet, one) for one in (by, across) if one]
    for one in named:
        if isinstance(one, Field) and (one.personal in SINGLE or one.format in NEVER):
            raise UserError(f"不能按“{one.title}”数：那是一个人自己的信息，每个人都不同。要列名单请用 rows。")
    down, *over = (rows["home"] if one == SCHOOL else _words(rows, one, view) for one in named)
    counts = pd.crosstab(down, over[0]) if over else down.value_counts(sort=False).sort_index().to_frame("行数")
    lines = [(label, *map(int, values)) for label, values in zip(counts.index, counts.to_numpy(), strict=True)]
    total = ("合计", *map(int, counts.sum())) if lines else ()
    columns = (by, *map(str, counts.columns))
    if over:
        columns = (*columns, "合计")
        lines = [(*line, sum(line[1:])) for line in lines]
        total = (*total, len(rows)) if lines else ()
    return Table(columns, tuple(lines), f"{sheet.title}，{len(rows)} 行", total=total)


def _rows(view: Month, title: str, columns: list[str], where: Where) -> Table:
    sheet = _sheet(view, title)
    rows = _kept(view, sheet, where)
    wanted = [_field(sheet, one) for one in columns]
    telling = any(SECRET.search(f"{column}{words}") for column, words in where.items())
    reader = _reader(view)
    reader = TOWN if telling and reader == SCHOOL_STAFF else reader  # P03: such a list names nobody in full
    absent = [item.title for item in wanted if not may_see(item, reader)]
    note = f"为保护隐私没有列：{'、'.join(absent)}" if absent else ""
    extra = {} if view.home else {SCHOOL: rows["home"]}
    shown = rows.assign(class_id=rows["class_id"].map(lambda key: view.scope.labels.get(key, key)))
    names = [item.name for item in wanted]
    return rows_table(shown, sheet, names, reader, extra, caption=f"{sheet.title}，{len(rows)} 行", note=note)


@titled("说明", 0, "headline")
def headline(view: Month) -> Blocks:
    """What stands under the title."""
    said = "本页的表由办公室自己定，按各校台账列出或点数；数据有没有问题看月自查报告。"
    return [Note(said)]


def choices(view: Month) -> live.Choices:
    """The drop-down 学校."""
    return {"学校": live.schools(view)}


def own_tables(title: str, school: str = "all", month: str = "", workbooks: str | Path = "") -> OwnReport:
    """Open a report with a title of the office's own, of a school ("all": the town) as of the end of a month such as "2023-10".

    `workbooks` empty: the folder in KONGCHUO_WORKBOOKS. It has no public edition. Raises UserError, in Chinese, for an unknown
    school, month or folder.
    """
    view = open_month(**live.asked(school=school, month=month), workbooks=workbooks)

    def choose(values: Mapping[str, object], folder: str | Path = "") -> Month:
        return open_month(values["学校"], view.month, folder)

    sections = {"headline": headline, "footer": quality.provenance}
    plan = Plan(sections, lambda one: f"{one.title}{one.label}{title}", quality.meta, quality.state, choices, choose)
    return OwnReport(plan, view, workbooks)
