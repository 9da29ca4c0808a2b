"""What a report page is made of, as values, and their HTML: tiles, tables, charts, notes and details in sections.

Every piece of HTML comes from templates/report/ with autoescape on. Knows no files of the schools.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from numbers import Real
from typing import ClassVar

import jinja2
import pandas as pd
from markupsafe import Markup

from ...core.editions import SCHOOL, SECRET
from ...core.places import SUMMARY, TEMPLATES
from ...core.schema import Sheet
from ...measures import Measure
from .masks import masked, may_see, unlabelled

# Never by colour alone: each tone has its sign, which prints in black and white as well
SIGNS = {"good": "✓", "warn": "▲", "bad": "✗", "unknown": "？", "plain": ""}
NUMERALS = "〇一二三四五六七八九十"


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
class Figure:
    """One tile: a label, a value (number, text, Measure) and a remark below it."""

    label: str
    value: object
    note: str = ""
    tone: str = "plain"


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
class Details:
    """Blocks behind a summary line that opens on a click, and stands open on paper."""

    template: ClassVar[str] = "details.html"
    summary: str
    blocks: tuple
    open: bool = False


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

    @property
    def heading(self) -> str:
        """The title as official papers number it: 三、出勤与流生."""
        if not self.number:
            return self.title
        tens, ones = divmod(self.number, 10)
        return f"{'十' * tens}{NUMERALS[ones] if ones else ''}、{self.title}"


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


def cell(value: object) -> Cell:
    """How a value is shown: numbers right-aligned, a missing value as a dash, a Measure with its two counts."""
    if isinstance(value, Badge):
        return Cell(value.text, "badge", value.tone, value.sign)
    if isinstance(value, Links):
        return Cell("", "links", links=value.files)
    if isinstance(value, Measure):
        rate, bracket, counts = value.text.replace(" %", "\N{NO-BREAK SPACE}%").partition("（")
        lost = f"未计入{value.left_out}行" if value.left_out else ""
        said = (
            f"{(bracket + counts).removesuffix('）')}，{lost}）"
            if lost and counts
            else f"（{lost}）"
            if lost
            else bracket + counts
        )
        return Cell(rate, "number", "unknown" if value.unknown else "plain", counts=said)
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
    loader = jinja2.FileSystemLoader(TEMPLATES)
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["cell"] = cell
    made.globals["SIGNS"] = SIGNS
    return made


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
    frame: pd.DataFrame,
    sheet: Sheet,
    names: Iterable[str],
    audience: str,
    extra: Mapping[str, Iterable] | None = None,
    **more,
) -> Table:
    """The rows of a ledger as a Table: columns `names` of the sheet under their own titles, masked for the audience.

    `extra` puts columns in front (title -> values in the order of the rows), such as the school and the Excel row.
    """
    shown = [sheet.by_name[name] for name in names if may_see(sheet.by_name[name], audience)]
    apart = audience == SCHOOL and any(item.personal == "name" for item in shown)  # P03: full names stand here
    if apart:
        shown = [item for item in shown if not SECRET.search(item.title)]
    columns = [list(values) for values in (extra or {}).values()]
    for item in shown:
        values = [masked(value, item, audience) for value in frame[item.name]]
        columns.append([unlabelled(value) for value in values] if apart else values)
    titles = (*(extra or {}), *(item.title for item in shown))
    return Table(titles, tuple(zip(*columns, strict=True)), **more)
