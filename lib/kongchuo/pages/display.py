"""What a page is made of, and how it is shown."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache, wraps
from numbers import Real
from typing import ClassVar, NamedTuple, TypeVar

import jinja2
import pandas as pd
from markupsafe import Markup

from ..core.editions import SCHOOL, SECRET
from ..core.numbers import NUMERALS
from ..core.places import SUMMARY, TEMPLATES
from ..core.schema import Sheet
from ..figures.base import LEFT_OUT, Measure
from . import masks

Shown = TypeVar("Shown")

# --- What a report page is made of, as values, and their HTML: tiles, tables, charts, notes and details in sections ---
# Every piece of HTML comes from templates/report/ with autoescape on. Knows no files of the schools.
# Never by colour alone: each tone has its sign, which prints in black and white as well
SIGNS = {"good": "✓", "warn": "▲", "bad": "✗", "unknown": "？", "plain": ""}


@dataclass(frozen=True)
class Badge:
    """A short word with a tone, for a table cell or a tile."""

    tone: str
    text: str

    @property
    def sign(self) -> str:
        """The mark that says the tone without colour."""
        return SIGNS[self.tone]


@dataclass(frozen=True)
class Links:
    """Files that belong to the page, for a table cell: what each is called, and its name."""

    files: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "、".join(text for text, _ in self.files)


@dataclass(frozen=True)
class To:
    """A value that leads to the page of a school (or 全镇) for the same period, where there is one: publishing.linking sees to that.

    `page` "": this very page. `at`: the key of a section, or where in it. `of`: the notebook of another report, where it is none of the
    same; of the printed ones `at` is the paper, and an `at` that ends with .html is a file which the run of that page has left.
    """

    value: object
    page: str = ""
    at: str = ""
    of: str = ""


@dataclass(frozen=True)
class Anchor:
    """A value that the page's search finds, and that links may lead to by its id."""

    value: object
    id: str


@dataclass(frozen=True)
class At:
    """A cell of a workbook (`book` as in the shared folder, `place` 'sheet'!R4): leads to it in the marked copy, where there is one
    (publishing.linking)."""

    value: object
    book: str
    place: str


@dataclass(frozen=True)
class Spark:
    """A row of small bars (heights 0 to 1; None: nothing to show), and in words what they say."""

    bars: tuple[float | None, ...]
    says: str


@dataclass(frozen=True)
class Figure:
    """One tile: a label, a value (number, text, Measure) and a remark below it."""

    label: str
    value: object
    note: str = ""
    tone: str = "plain"

    @property
    def shown(self) -> object:
        """The value; where the note says which rows are not in it, it does not say so again."""
        lost = self.value.left_out if isinstance(self.value, Measure) and not self.value.unknown else 0
        return replace(self.value, left_out=0) if lost and LEFT_OUT.format(lost) in self.note else self.value


@dataclass(frozen=True)
class Tiles:
    """A row of figures."""

    template: ClassVar[str] = "tiles.html"
    figures: tuple[Figure, ...]

    @property
    def across(self) -> int:
        """How many stand in a row on a wide page, so that no tile is left alone below."""
        return {5: 5, 6: 6, 9: 5}.get(len(self.figures), 4)


@dataclass(frozen=True)
class Table:
    """Rows under a header; `total` is set off below them. Cells: text, numbers, dates, Measures, Badges, Links, None."""

    template: ClassVar[str] = "table.html"
    columns: tuple[str, ...]
    rows: tuple[tuple, ...]
    caption: str = ""
    total: tuple = ()
    note: str = ""
    empty: str = "没有记录"
    internal: bool = False  # numbers that tell one another (what came and what went): not for the public edition


@dataclass(frozen=True)
class Chart:
    """An inline SVG with its caption; `reads` says in words what it shows, for those who cannot see it."""

    template: ClassVar[str] = "chart.html"
    svg: Markup
    caption: str
    reads: str = ""


@dataclass(frozen=True)
class Note:
    """One sentence with a tone."""

    template: ClassVar[str] = "note.html"
    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Lines:
    """Several sentences as a list; each a text or a (tone, text) pair."""

    template: ClassVar[str] = "lines.html"
    items: tuple[str | Badge, ...]


@dataclass(frozen=True)
class Task:
    """One thing to be done: how late, what, for whom (each part may lead somewhere), by whom, its last day, what else is due of it."""

    when: Badge
    what: str | To
    whom: tuple[str | To, ...]
    who: str
    due: dt.date
    more: str = ""


@dataclass(frozen=True)
class Agenda:
    """What is to be done now, the most urgent first; the rest folded."""

    template: ClassVar[str] = "agenda.html"
    tasks: tuple[Task, ...]
    most: int = 8


@dataclass(frozen=True)
class Letter:
    """What is sent to one person: `key` by which this page leads to it, for whom, how much it is about, the text itself."""

    key: str
    to: str
    about: str
    text: str


@dataclass(frozen=True)
class Letters:
    """Texts to be sent, each by itself: to be selected, or copied by a button where the page's script runs."""

    template: ClassVar[str] = "letters.html"
    items: tuple[Letter, ...]


@dataclass(frozen=True)
class Failed(Lines):
    """Of what a section could not count by a fault of ours, a line each; the rest of the section stands. The run ends in 4."""


@dataclass(frozen=True)
class Details:
    """Blocks behind a summary line that opens on a click; on paper only where somebody opened it, or the paper must hold it.

    `printed`: a signed paper holds it. It stands in the page a second time, for print alone: no style opens a fold in every browser.
    """

    template: ClassVar[str] = "details.html"
    summary: str
    blocks: tuple
    open: bool = False
    printed: bool = False
    key: str = ""  # by which links and the page's search find it


@dataclass(frozen=True)
class Facts:
    """What is known of one child, person or school: what it is called, and one value or several."""

    template: ClassVar[str] = "facts.html"
    rows: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Search:
    """The box that finds what has an Anchor or a key, where the page's script runs; `hint`: what may be looked for."""

    template: ClassVar[str] = "search.html"
    hint: str


@dataclass(frozen=True)
class Blanks:
    """Lines to sign on, and the place of the seal."""

    template: ClassVar[str] = "blanks.html"
    labels: tuple[str, ...]
    seal: str


@dataclass(frozen=True)
class Section:
    """One card of a report. number 0: without a Chinese numeral before its title."""

    title: str
    blocks: tuple
    number: int = 0
    key: str = ""
    count: int = 0  # how many of what it is about there are, for the table of contents

    @property
    def heading(self) -> str:
        """The title as official papers number it: 三、出勤与流生."""
        if not self.number:
            return self.title
        tens, ones = divmod(self.number, 10)
        return f"{'十' * tens}{NUMERALS[ones] if ones else ''}、{self.title}"


class Counted(NamedTuple):
    """The blocks of a section, and how many of what it is about there are, for the table of contents."""

    blocks: Iterable[object]
    count: int


Blocks = Iterable[object] | Counted


def titled(title: str, number: int, key: str) -> Callable[[Callable[..., Blocks]], Callable[..., Section]]:
    """Make a function that gives the blocks of a section one that gives the Section; number 0 stands for none."""

    def make(blocks_of: Callable[..., Blocks]) -> Callable[..., Section]:
        @wraps(blocks_of)
        def section(*given: object, **more: object) -> Section:
            made = blocks_of(*given, **more)
            made = made if isinstance(made, Counted) else Counted(made, 0)
            return Section(title, tuple(made.blocks), number, key, made.count)

        return section

    return make


@dataclass(frozen=True)
class Page:
    """HTML that a notebook shows; `data` travels with it under our own mimetype (report.footer())."""

    html: Markup
    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        bundle = {"text/html": str(self.html), "text/plain": self.text}
        return bundle | ({SUMMARY: dict(self.data)} if self.data else {})


@dataclass(frozen=True)
class Cell:
    """A table cell or tile value ready for the template."""

    text: str
    kind: str = "text"  # text, number, date, badge, empty
    tone: str = "plain"
    sign: str = ""
    links: tuple[tuple[str, str], ...] = ()  # what is shown, and the address
    counts: str = ""  # the numerator and denominator behind a per cent, kept together on one line
    to: To | At | None = None
    bars: tuple[float | None, ...] = ()
    id: str = ""


def cell(value: object) -> Cell:
    """How a value is shown: numbers right-aligned, a missing value as a dash, a Measure with its two counts."""
    if isinstance(value, To | At):
        return replace(cell(value.value), to=value)
    if isinstance(value, Anchor):
        return replace(cell(value.value), id=value.id)
    if isinstance(value, Spark):
        drawn = any(bar is not None for bar in value.bars)
        return Cell(value.says, "spark" if drawn else "text", bars=value.bars if drawn else ())
    if isinstance(value, Badge):
        return Cell(value.text, "badge", value.tone, value.sign)
    if isinstance(value, Links):
        return Cell("", "links", links=value.files)
    if isinstance(value, Measure):
        rate, _, counts = value.text.replace(" %", "\N{NO-BREAK SPACE}%").partition("（")
        lost = f"未计入{value.left_out}行" if value.left_out else ""
        said = "，".join(filter(None, (counts.removesuffix("）"), lost)))
        return Cell(rate, "number", "unknown" if value.unknown else "plain", counts=said and f"（{said}）")
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return Cell("—", "empty")
    if pd.api.types.is_bool(value):
        return Cell("是" if value else "否")
    if isinstance(value, (dt.date, pd.Timestamp)):
        return Cell(f"{value:%Y-%m-%d}", "date")
    if isinstance(value, Real):  # numpy's own numbers too
        return Cell(f"{value:g}" if isinstance(value, float) else str(value), "number")
    return Cell(str(value) or "—")


@cache
def environment() -> jinja2.Environment:
    """The templates, with autoescape on for all of them and unknown names as errors."""
    more = {"undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, **more)
    made.filters["cell"] = cell
    made.filters["whole"] = whole
    made.globals["SIGNS"] = SIGNS
    return made


def whole(title: str) -> Markup:
    """A title whose month or school year never goes over the end of a line."""
    parts = re.split(r"(\d+年\d+月|\d+[—-]\d+学年)", title)
    kept = (Markup('<span class="kc-whole">{}</span>').format(part) for part in parts[1::2])
    return Markup("").join(part for pair in zip(parts[::2], (*kept, ""), strict=True) for part in pair)


def render(name: str, **values: object) -> Markup:
    """Fill templates/report/<name>."""
    return Markup(environment().get_template(f"report/{name}").render(**values))


def card(section: Section) -> Markup:
    """The HTML of one section."""
    return render("section.html", section=section)


def style() -> str:
    """The CSS all report pages share."""
    return (TEMPLATES / "report.css").read_text("utf-8")


def rows_table(
    frame: pd.DataFrame, sheet: Sheet, names: Iterable[str], audience: str, extra: Mapping[str, Iterable] = {}, **more
) -> Table:
    """The rows of a ledger as a Table: columns `names` of the sheet under their own titles, masked for the audience.

    `extra` puts columns in front (title -> values in the order of the rows), such as the school and the Excel row.
    """
    shown = [sheet.by_name[name] for name in names if masks.may_see(sheet.by_name[name], audience)]
    apart = audience == SCHOOL and any(item.personal == "name" for item in shown)  # P03: full names stand here
    if apart:
        shown = [item for item in shown if not SECRET.search(item.title)]
    columns = [list(values) for values in extra.values()]
    for item in shown:
        values = [masks.masked(value, item, audience) for value in frame[item.name]]
        columns.append([masks.unlabelled(value) for value in values] if apart else values)
    titles = (*extra, *(item.title for item in shown))
    return Table(titles, tuple(zip(*columns, strict=True)), **more)


def masked_page(value: Shown, names: frozenset[str], others: frozenset[str]) -> Shown:
    """A section, and whatever it is made of, with every name of a family masked: what no column or message has masked, too.

    So a name is masked in all places of a page or in none, whoever else bears it. Addresses and drawings stay as they are.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return masks.index(names, others).replaced(value, loose=True)
    if isinstance(value, tuple):
        return tuple(masked_page(one, names, others) for one in value)
    if is_dataclass(value) and type(value).__module__ == __name__ and not isinstance(value, Links):
        held = {item.name: getattr(value, item.name) for item in fields(value)}
        return replace(value, **{name: masked_page(one, names, others) for name, one in held.items()})
    return value
