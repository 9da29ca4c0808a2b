"""A report: a table of sections over a view, shown the same in a batch run and on a live page.

In a batch run a section is a Page of HTML; on a live page (Voila) it is a widget that follows the drop-downs.
"""

import hashlib
import inspect
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import quote, urlencode

from markupsafe import Markup

from ..core import years
from ..core.editions import HEADINGS, MASKED, MAY_SEE, PUBLIC, SPACED, TOWN, Names, plain
from ..core.findings import UserError, fault
from ..core.names import other_names, personal_names
from ..core.places import CONTENT, FILES, NAMES, SCRATCH
from ..excel.tables import annex_bytes
from . import explorer, live, units
from .display import Failed, Lines, Links, Note, Page, Section, Table, card, masked_page, render
from .public import public
from .units import audience
from .views import View

ANNEX = "附表.xlsx"
SCHOOL = "学校"  # the drop-down
WHOLE = "本节"
ONLY_THE_TOWN = "这一页要读全镇的台账，只有中心学校的账号能用。"


@dataclass(frozen=True)
class Plan:
    """What makes a report this one and no other.

    sections: the name a notebook calls -> the function that makes the section, in the order of the page; the first stands
        under the title, the last is the footer, whose output in a batch run carries `state` under our mimetype.
    title, meta: the title, and what stands below it (when, as of when, for whom).
    choices: the drop-downs of a view, label -> (options, chosen value).
    published: the sections that the public edition has; none that is not named here.
    unwritten: the view that does all but write files; leaves: what a run of it leaves besides its sections and their tables, as
        plain values (fingerprint).
    rehearse: what a report of one school does besides its sections, done for nothing so that the others find it done.
    annexed: whether its tables are offered to be taken away (附表.xlsx; on a live page to be searched).
    by_pupil: the sections whose figures are kept pupil by pupil, so that a group (重点群体) narrows them.
    ungraded: what a grade or class does not narrow: by section in words, or WHOLE where nothing of it is narrowed.
    choose: the view that values of the drop-downs, by label, ask for, read from a shared folder; raises UserError.
    """

    sections: Mapping[str, Callable[[View], Section]]
    title: Callable[[View], str]
    meta: Callable[[View], tuple[str, ...]]
    state: Callable[[View], dict[str, object]]
    choices: Callable[[View], live.Choices]
    choose: Callable[[Mapping[str, object], str], View]
    published: tuple[str, ...] = ()
    by_pupil: tuple[str, ...] = ()
    ungraded: Mapping[str, str] = field(default_factory=dict)
    annexed: bool = True
    rehearse: Callable[[View], None] = lambda view: None
    unwritten: Callable[[View], View] = lambda view: view
    leaves: Callable[[View], object] = lambda view: None


class Report:
    """A report of one view: each name in the plan's `sections` is a method that shows this section."""

    def __init__(self, plan: Plan, view: View, workbooks: str = "") -> None:
        self.plan, self._workbooks = plan, workbooks
        self._behind: Mapping[str, object] = {}  # what was chosen and shown as it was kept, without a view of it
        self.view = view
        self.explorer: explorer.Explorer | None = None
        self._left: dict[str, str] = {}  # files left beside the page, with the edition of each
        self._broken: dict[str, tuple[str, ...]] = {}  # by section: a line of each failure
        self._shown: list[tuple[object, str]] = []  # on a live page: the widgets and their sections
        self._said: dict[str, str] = {}  # in a batch run: the HTML of each section shown
        self._kept: dict[str, object] = {}  # and the tables of its 附表

    def __getattr__(self, name: str) -> Callable[[], object]:
        if not name.startswith("_") and name in self.plan.sections:
            return lambda: self._show(name)
        raise AttributeError(f"这份报告没有“{name}”一节")

    @property
    def view(self) -> View:
        """What is shown, as a view; one that was not needed to show it is opened now."""
        if self._behind:
            self.view = self._view_of(self._behind)
        return self._view

    @view.setter
    def view(self, view: View) -> None:
        self._view, self._whole, self._made, self._behind = view, replace(view, group=""), {}, {}

    def section(self, name: str) -> Section | None:
        """One section as the edition shows it, made once a view; None where the edition does not have it."""
        if name not in self._made:
            try:
                made = self._make(name)
                made = made and units.uncounted_zeros(made, self.view)
                if lines := [
                    line for block in (made.blocks if made else ()) if isinstance(block, Failed) for line in block.items
                ]:
                    self._broken[name] = tuple(f"{self.plan.title(self.view)}：{line}" for line in lines)
                if made and MAY_SEE["name"][audience(self.view)] == MASKED:
                    made = masked_page(made, personal_names(self.view.town), other_names(self.view.town))
                self._made[name] = made
            except Exception as error:
                self._made[name] = self._failed(name, error)
        return self._made[name]

    def _failed(self, name: str, error: Exception) -> Section:
        """What stands in the place of a section that failed; the others are as they are. A page for everybody is whole or is not."""
        if self.view.public:
            raise error
        line = str(error) if isinstance(error, UserError) else fault(f"{name} 一节没有生成", error)
        self._broken[name] = (f"{self.plan.title(self.view)}：{line}",)
        return Section("这一节没有生成", (Lines((line,)),), 0, name)

    def _make(self, name: str) -> Section | None:
        if self.view.edition != PUBLIC:
            made = self._narrowed(name) if self.view.group else self.plan.sections[name](self.view)
            return self._with_ungraded(name, made)
        if name not in self.plan.published:
            return None
        made = self._published(name)
        before = self.plan.published[: self.plan.published.index(name)]  # numbered anew, or the numbers would leap
        return replace(made, number=1 + sum(bool(self.section(one).number) for one in before)) if made.number else made

    def _published(self, name: str) -> Section:
        """A section of the public edition: its figures, without what tells of very few people."""
        return public(self.plan.sections[name](self.view), self.view.policy["public_minimum"])

    def _narrowed(self, name: str) -> Section:
        """A section seen for one group; one that is not kept by pupil stays whole and says so."""
        if name in self.plan.by_pupil:
            view, said = self.view, "本节按人登记的只看“{}”学生（以花名册为准）；规则查出和评分的数仍是全部学生的。"
        else:
            view, said = self._whole, "本节不分重点群体，仍是全部学生，不只是“{}”。"
        made = self.plan.sections[name](view)
        return replace(made, blocks=(Note(said.format(self.view.group)), *made.blocks))

    def _with_ungraded(self, name: str, made: Section) -> Section:
        """A section seen for one grade or class, with a word of what of it stays that of the whole school."""
        whole = units.ungraded(self.view)
        words = self.plan.ungraded.get(name, "") if whole else ""
        return replace(made, blocks=(Note(f"{words}不分年级、班级，仍是{whole}的。"), *made.blocks)) if words else made

    def prepare(self) -> None:
        """Make the report of the town and that of one school, and throw both away: the town then holds what the reports of all
        schools take their part of, and whatever is slow the first time has been done.
        """
        for home in ("", *self.view.town.homes[:1]):
            report = Report(self.plan, replace(self.view, home=home), self._workbooks)
            for name in self.plan.sections:
                report.html(name)
            if self.plan.annexed:
                report._annex()
            self.plan.rehearse(report.view)
        _told()

    def weighed(self, names: Iterable[str]) -> str:
        """The `content` of a run whose notebook calls these methods and nothing else, worked out without a notebook or any file but
        the 附表; "" where a part of it fails.
        """
        self.view = self.plan.unwritten(self.view)
        for name in names:
            getattr(self, name)()
        return str(self._state().get(CONTENT, ""))

    def html(self, name: str) -> Markup:
        """The HTML of one section; "" for one that the edition does not have."""
        section = self.section(name)
        try:
            body = card(section) if section else Markup("")
        except Exception as error:
            section = self._made[name] = self._failed(name, error)
            body = card(section)
        if not section or name != next(iter(self.plan.sections)):
            return body
        title, meta = self.plan.title(self.view), self.plan.meta(self.view)
        secret = self.view.edition != PUBLIC
        return render("headline.html", title=title, meta=meta, body=body, secret=secret)

    def controls(self) -> object:
        """On a live page the drop-downs; nothing in a batch run."""
        if not live.is_live():
            return None
        self.boxes = live.Controls(self._choices, self._choose)
        return self.boxes.widget

    @property
    def _module(self) -> str:
        return self.plan.choices.__module__.partition(".")[2]  # as VERBS has it

    @property
    def _choices(self) -> live.Choices:
        return self.plan.choices(self.view)

    @cached_property
    def _first(self) -> live.Shown | None:
        """What is kept of the page as it opens."""
        chosen = {label: value for label, (_, value) in self._choices.items()}
        return live.kept(self._module, self.view.edition, chosen) if not self.view.part else None

    def shown(self) -> live.Shown:
        """All of it for a live page, as plain values."""
        pages = {name: str(self.html(name)) for name in self.plan.sections}
        return live.Shown(self._choices, live.address(self.view), pages, self._tables())

    def keep(self) -> None:
        """Keep it for the live pages of others (keeping)."""
        shown = self.shown()
        if not self._broken:
            live.keep(self._module, self.view.edition, shown)

    def tables(self) -> object:
        """All tables of the report, to sort, search and download: on a live page there, in a batch run in 附表.xlsx beside the page."""
        if not self.plan.annexed:
            return None
        if live.is_live():
            self.explorer = explorer.Explorer(self._first.tables if self._first else self._tables())
            return self.explorer.widget
        folder = os.environ.get(FILES)
        if not folder or self.view.public:  # what everybody may read is the page alone
            return None
        title, number = self.plan.title(self.view), len(self._tables())
        if not number:
            return None
        try:
            annex = self._annex()
        except Exception as error:
            return Page(card(self._failed(ANNEX, error)), f"{title}：附表")
        Path(folder).mkdir(exist_ok=True)
        (Path(folder) / ANNEX).write_bytes(annex)
        self._left[ANNEX] = HEADINGS[TOWN] if audience(self.view) == TOWN else self.view.edition
        link = Links(((ANNEX, quote(f"{Path(folder).name}/{ANNEX}")),))
        table = Table(("文件", "内容"), ((link, f"本页的 {number} 张表，一表一页，可以排序、筛选、再计算"),))
        return Page(card(Section("附表", (table,), 0, "annex")), f"{title}：附表")

    def _annex(self) -> bytes:
        self._kept = {heading: explorer.plain(table) for heading, table in self._tables().items()}
        return annex_bytes(self.plan.title(self.view), self._kept)

    def _tables(self) -> dict[str, Table]:
        """Those of every section but the footer, which only says what the page was made from."""
        return explorer.tables(filter(None, (self.section(name) for name in self.plan.sections if name != self._last)))

    def _choose(self, values: Mapping[str, object]) -> live.Shown:
        """Show what is kept of the choice, else work it out."""
        shown = live.kept(self._module, self._view.edition, values)
        if shown:
            self._behind = values
        else:
            shown = self._turned(self._view_of(values))
        return self._drawn(shown)

    def _drawn(self, shown: live.Shown) -> live.Shown:
        """On the widgets of a live page."""
        for widget, name in self._shown:
            widget.value = shown.pages[name]
        if self.explorer:
            self.explorer.fill(shown.tables)
        return shown

    def told(self, school: str, schools: Iterable[str], values: Mapping[str, object] | None = None) -> live.Shown:
        """What the kernel of an account that holds these schools is given of one of them: the page as it opens, or for a choice.

        Raises UserError for a page that is not about this school alone.
        """
        if values:
            shown = live.kept(self._module, self.view.edition, values)
            home = values.get(SCHOOL) if shown else (view := self._view_of(values)).home
            shown = shown or self._turned(view)
        else:
            home, shown = self.view.home, self._first or self.shown()
        if home != school:
            raise UserError(ONLY_THE_TOWN)
        options = [(label, value) for label, value in shown.choices[SCHOOL][0] if value in schools]
        return replace(shown, choices={**shown.choices, SCHOOL: (options, school)})

    def _view_of(self, values: Mapping[str, object]) -> View:
        return replace(self.plan.choose(values, self._workbooks), edition=self._view.edition)

    def _turned(self, view: View) -> live.Shown:
        """The page turned to another view; where that fails it stays at the one it is of."""
        before = self._view, self._whole, self._made, self._behind
        self.view = view
        try:  # all first: never half a page of another view
            return self.shown()
        except Exception:
            self._view, self._whole, self._made, self._behind = before
            raise

    def _show(self, name: str) -> object:
        if live.is_live():
            widget = live.section(name, self._first.pages[name] if self._first else str(self.html(name)))
            self._shown.append((widget, name))
            return widget
        html = self.html(name)
        self._said[name] = str(html)
        return Page(html, f"{self.plan.title(self.view)}：{name}", self._state() if name == self._last else {})

    @property
    def _last(self) -> str:
        return [*self.plan.sections][-1]

    def _state(self) -> dict[str, object]:
        """What travels with the page; of the files beside it each with the edition by which the gate reads it."""
        held = self.plan.state(self.view)
        held |= {"files": held.get("files", {}) | self._left} if self._left else {}
        broken = [*held.get("broken", ()), *(line for lines in self._broken.values() for line in lines)]
        held |= {"broken": broken} if broken else {}
        return held | ({CONTENT: self._content(held)} if os.environ.get(FILES) and not broken else {})

    def _content(self, held: Mapping[str, object]) -> str:
        """What of two runs must be the same for the later one to be spared: see fingerprint."""
        try:
            return fingerprint(self._said.values(), [held, self._kept, self.plan.leaves(self.view)])
        except TypeError:  # something that nobody can compare
            return ""


class Asked(Report):
    """A report on the live page of a school: no row of any workbook is here, only what the site shows of it (`told`)."""

    def __init__(self, plan: Plan, verb: str, address: str) -> None:
        self.plan, self.explorer, self._shown = plan, None, []
        self._verb, self._first = verb, live.ask(verb, address)
        self._address = self._first.address

    @property
    def _choices(self) -> live.Choices:
        return self._first.choices

    def _choose(self, values: Mapping[str, object]) -> live.Shown:
        shown = live.ask(self._verb, self._address, values)
        self._address = shown.address
        return self._drawn(shown)


def asking(verb: Callable[..., Report], plan: Plan | None) -> Callable[..., Report]:
    """A verb of notebooks where no row of any workbook is. Raises UserError when called for what is not about one school."""

    def opened(*given: object, **more: object) -> Report:
        if plan is None:
            raise UserError(ONLY_THE_TOWN)
        bound = inspect.signature(verb).bind(*given, **more).arguments
        asked = {name: str(bound[name]) for name in ("school", *years.KINDS) if name in bound}
        return Asked(plan, verb.__name__, urlencode(live.asked(**asked)))

    return opened


# --- All that a run leaves, as one hash: two states of the books that give the same one give the same page and files ---
MADE_AT = re.compile("生成于 [-0-9: ]+")  # the footer's: the one thing on a page that nothing in the books changes
TAG = re.compile("<[^>]*>")


def fingerprint(shown: Iterable[str], held: object) -> str:
    """A hash of the sections shown (HTML) but for the minute, of what else a run leaves (plain values and dataclasses), and of the
    names in all that, by which the gate may stop it though it says what it said. Raises TypeError for what is no plain value.
    """
    pages = [MADE_AT.sub("", text) for text in shown]
    rest = json.dumps(held, default=_plain, ensure_ascii=False)
    text = plain("\n".join((*(TAG.sub("", page) for page in pages), rest)))
    names = [sorted(_told().standing(one)) for one in (text, SPACED.sub("", text))]
    return hashlib.sha256(json.dumps([pages, rest, names], ensure_ascii=False).encode()).hexdigest()[:12]


def _plain(value: object) -> object:
    if is_dataclass(value):
        return [type(value).__name__, *(getattr(value, item.name) for item in fields(value))]
    if isinstance(value, frozenset):
        return sorted(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):  # a number of numpy
        return value.item()
    raise TypeError(type(value).__name__)


def _told() -> Names:
    """The names that the gate of this batch knows."""
    scratch = Path(os.environ.get(SCRATCH, os.devnull))
    return _index(tuple(path.read_text("utf-8") for path in sorted(scratch.glob(NAMES))))


@lru_cache(maxsize=1)
def _index(texts: tuple[str, ...]) -> Names:
    return Names(dict.fromkeys((name for text in texts for name in json.loads(text)["names"]), ""))
