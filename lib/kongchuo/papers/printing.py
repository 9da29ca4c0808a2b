"""打印材料: the papers of a month as a report of its own. A batch run makes them and its page links to each file; a live page only lists them."""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from ..core import places, years
from ..core.findings import UserError
from ..pages import live, quality
from ..pages.display import Badge, Figure, Links, Note, Section, Table, Tiles
from ..pages.report import Plan, Report
from ..pages.views import Month, open_month
from . import AUDIENCES, chosen, edition, make, names_of, published
from .base import Copy, Paper
from .word_templates import path_of, text_of

COLUMNS = ("材料", "每份对应", "给谁看")
DUE, EVERY = "应打印", "全部"
CALLED = {"docx": "Word 文件", "xlsx": "Excel 文件", "html": "打开"}  # a file that is the only one of its paper


@dataclass(frozen=True)
class Printed:
    """What came of one kind of paper: the names of its files, and what is to be said."""

    paper: Paper
    files: tuple[str, ...] = ()
    said: str = ""
    refused: str = ""
    broken: tuple[str, ...] = ()


def asked(kinds: str) -> tuple[Paper, ...]:
    """The papers that `kinds` names, all for DUE and EVERY. Raises UsageError for one there is not."""
    names = [] if kinds in (DUE, EVERY) else re.split("[,，、]", kinds)
    return chosen(filter(None, (name.strip() for name in names)))


@dataclass(frozen=True)
class Printing(Month):
    """A Month and the kinds of papers asked for: DUE, EVERY, or names joined by commas. Unless `written`, their files stay empty."""

    kinds: str = DUE
    written: bool = True

    @property
    def papers(self) -> tuple[Paper, ...]:
        """The papers asked for, as far as this edition has them. Raises UsageError for one there is not."""
        of_month = (paper for paper in asked(self.kinds) if self.kinds != DUE or paper.due(self.month))
        return tuple(paper for paper in of_month if edition(self) in paper.editions)

    @cached_property
    def printed(self) -> tuple[Printed, ...]:
        """Each paper made into the folder that the batch has given; without one nothing is made."""
        folder = os.environ.get(places.FILES, "")
        return tuple(self._print(paper, Path(folder)) if folder else Printed(paper) for paper in self.papers)

    def _print(self, paper: Paper, folder: Path) -> Printed:
        said: list[str] = []
        broken: list[str] = []
        try:
            more = {"say": said.append, "warn": broken.append, "publish": self._publish}
            made = make(self, [paper.name], folder, earlier=_earlier(), **more)
        except UserError as error:
            return Printed(paper, refused=str(error), broken=tuple(broken))
        told = "；".join(line.split("：", 1)[1] for line in said)
        return Printed(paper, tuple(path.name for path in made), told, broken=tuple(broken))

    @cached_property
    def contents(self) -> list:
        """What each copy made holds: its paper, its part, its content, and what the template itself says."""
        return []

    def _publish(self, month: Month, paper: Paper, copy: Copy, folder: Path, **more: object) -> list[Path]:
        template = text_of(path_of(paper.template)) if paper.template else ""
        self.contents.append((paper.name, copy.part, copy.content, template))
        if self.written:
            return published(month, paper, copy, folder, **more)
        folder.mkdir(parents=True, exist_ok=True)
        made = [folder / name for name in names_of(month, paper, copy)]
        for path in made:
            path.touch()
        return made


def _earlier() -> list[str]:
    """What the batch says has been made for the school year before this run."""
    told = Path(os.environ.get(places.SCRATCH, os.devnull)) / places.MADE
    return json.loads(told.read_text("utf-8")) if told.is_file() else []


def papers_made(view: Printing) -> Section:
    """The papers, for whom each is, its files; what was not made, and why. Where nothing is made, only which there are."""
    empty = "这个月没有应当打印的材料"
    if not os.environ.get(places.FILES):
        rows = tuple((one.title, one.per, AUDIENCES[one.audience][0]) for one in view.papers)
        how = "这里只列出有哪些材料。已生成的文件在“全部报告”里这个月的“打印材料”中。"
        return Section("材料清单", (Table(COLUMNS, rows, empty=empty), Note(how)), 0, "papers_made")
    made = [one for one in view.printed if one.files]
    refused = [one for one in view.printed if one.refused or one.broken]
    rows = tuple(
        (one.paper.title, one.paper.per, AUDIENCES[one.paper.audience][0], *_files(view, one), _state(one))
        for one in view.printed
    )
    table = Table((*COLUMNS, "文件", "网页", "情况"), rows, empty=empty)
    count = sum(len(one.files) // 2 for one in made)
    tiles = Tiles(
        (
            Figure("材料", len(made), "种"),
            Figure("文件", count, "份，每份另有网页"),
            Figure("没有生成", len(refused), "种", "bad" if refused else "plain"),
        )
    )
    how = "文件可以用 Word、Excel 或 WPS 改过再打印；个案材料、个别送达的材料只给经办的人看。"
    return Section("材料清单", (tiles, table, Note(how)), 0, "papers_made")


def _files(view: Printing, one: Printed) -> tuple[Links | None, Links | None]:
    found = ([name for name in one.files if name.endswith(".html") == page] for page in (False, True))
    files, pages = (_links(view, one.paper, names) for names in found)
    return files, pages


def _links(view: Printing, paper: Paper, names: list[str]) -> Links | None:
    """Links by what tells the copies apart: the class, the case; a single one by its ending."""
    stem = f"{paper.name}_{view.home or '全镇'}_{view.month}"
    folder = Path(os.environ[places.FILES]).name if names else ""
    shown = [name.rpartition(".")[0].removeprefix(stem).strip("_") or CALLED[name.rpartition(".")[2]] for name in names]
    addresses = [quote(f"{folder}/{name}") for name in names]
    return Links(tuple(zip(shown, addresses, strict=True))) if names else None


def _state(one: Printed) -> Badge | str:
    if one.refused or one.broken:
        return Badge("bad", f"没有生成：{one.refused}" if one.refused else "；".join(one.broken))
    return Badge("good", "已生成") if one.files else one.said or "本月没有应当打印的"


SECTIONS = {"papers_made": papers_made, "footer": quality.provenance}


def title(view: Printing) -> str:
    """The title line."""
    return f"{view.title}打印材料（{view.label}）"


def state(view: Printing) -> dict[str, object]:
    """What every page carries; of the papers their number, and each file with the edition the gate reads it by."""
    files = {name: AUDIENCES[one.paper.audience][1] for one in view.printed for name in one.files}
    refused = [one.refused for one in view.printed if one.refused]
    held = quality.state(view)
    broken = [*held["broken"], *(line for one in view.printed for line in one.broken)]
    more = {"unreadable": [*held["unreadable"], *refused], "broken": broken}
    return held | {"papers": len(files) // 2, "files": files} | more


def choices(view: Printing) -> live.Choices:
    """The drop-downs 学校, 月份, 材料."""
    months = years.months_of(view.town.year, places.today())
    kinds = [(name, name) for name in dict.fromkeys((DUE, EVERY, view.kinds))]
    return {
        "学校": live.schools(view),
        "月份": ([(name, name) for name in months], view.month),
        "材料": (kinds, view.kinds),
    }


def choose(values: Mapping[str, object], workbooks: str | Path = "") -> Printing:
    """The view that the drop-downs ask for."""
    return opened(str(values["学校"]), str(values["月份"]), str(values["材料"]), workbooks)


def opened(school: str, month: str, kinds: str, workbooks: str | Path = "") -> Printing:
    """open_month, with the kinds of papers. Raises UserError also for a kind there is not."""
    month_ = open_month(school, month, workbooks)
    found = Printing(**{item.name: getattr(month_, item.name) for item in fields(month_)}, kinds=kinds)
    found.papers  # noqa: B018 - an unknown kind is said before anything is made
    return found


def rehearse(view: Printing) -> None:
    """Count for the whole town what the schools' papers hold; make those of one school, and throw them away."""
    papers = replace(view, home=view.town.homes[0]).papers
    with tempfile.TemporaryDirectory() as folder, suppress(UserError):
        if view.home:
            names = [paper.name for paper in papers]
            make(view, names, Path(folder), warn=lambda line: None, publish=replace(view)._publish)
        for paper in () if view.home else papers:
            with suppress(Exception):
                list(paper.make(view))


def unwritten(view: Printing) -> Printing:
    """The same, of which no paper is written."""
    return replace(view, written=False)


def leaves(view: Printing) -> list:
    """What the papers hold."""
    return view.contents


PLAN = Plan(
    SECTIONS, title, quality.meta, state, choices, choose, rehearse=rehearse, unwritten=unwritten, leaves=leaves
)


def monthly_papers(school: str = "all", month: str = "", kinds: str = DUE, workbooks: str | Path = "") -> Report:
    """Open the papers of a school (or "all": the town's own) for a month; `kinds`: 应打印, 全部, or names joined by commas.

    Raises UserError, in Chinese, for an unknown school, month, kind or folder.
    """
    values = live.asked(school=school, month=month, kinds=kinds)
    return Report(PLAN, opened(values["school"], values["month"], values["kinds"], workbooks), str(workbooks))
