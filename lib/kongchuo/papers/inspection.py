"""督查通报 of a round, for the schools and for everybody, and the 公示稿 of a school year (domain.md 6.2, 6.3): the sections of their
pages as an office edits them in Word. Counts nothing itself.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from ..core import years
from ..core.editions import INTERNAL, PUBLIC
from ..pages import term, year
from ..pages.display import Badge, Details, Lines, Note, Section, Table, Tiles, cell
from ..pages.report import Report
from ..pages.term.rounds import OPEN_TO_ALL, TITLES, Round
from ..pages.views import Month
from ..pages.year.years import Year
from .base import Copy, said, shared

ROUND_MONTHS = tuple(month for month, _ in years.ROUND_ENDS.values())
YEAR_MONTHS = ("08",)  # the last of a school year
Shown = TypeVar("Shown", Round, Year)
WORDS, SHEETS, LISTS = "文字", "各表", "各条"
BRACKETS, SIGNS = re.compile(r"（.*?）"), re.compile(r"\W")


def inspection(month: Month) -> Iterator[Copy]:
    """督查通报 of the round that is over by the end of the month, all its sections; nothing where no school was inspected."""
    yield from _inspection(month, INTERNAL, tuple(TITLES))


def inspection_public(month: Month) -> Iterator[Copy]:
    """The same for everybody: the sections of the public page, no school by name, no score."""
    yield from _inspection(month, PUBLIC, OPEN_TO_ALL)


def _inspection(month: Month, edition: str, names: tuple[str, ...]) -> Iterator[Copy]:
    for ended, (number, _) in years.ROUND_ENDS.items():
        if number == month.month[5:]:
            view = _view(Round, month, years.Period("round", f"{month.town.year}-{ended}"), edition)
            report = Report(term.PLAN, view)
            if view.inspected:
                sections = map(report.section, names)
                yield _copy(
                    month,
                    term.title(view),
                    sections,
                    years.period(view.period).short,
                    last=said(view.last),
                    second=view.number > 1,
                )


def rewards(month: Month) -> Iterator[Copy]:
    """公示稿 of the school year that ends with the month; one that is not judged yet says so, as its page does."""
    if month.month[5:] in YEAR_MONTHS:
        view = _view(Year, month, years.Period("year", month.town.year), PUBLIC)
        sections = (year.SECTIONS["notice"](view),)  # whole, as on the page: a 公示 names staff and classes
        yield _copy(month, year.title(view), sections, "", lacking="；".join(view.missing))


def _view(kind: type[Shown], month: Month, period: years.Period, edition: str) -> Shown:
    """The view of the page of a round or year that ends with the month: the same town as of the same day, but for a round held
    after its month, of which the paper knows what was there by the month's end.
    """
    held = month.town, month.policy, month.judgement, month.home
    return kind(*held, period.key, period.days[0], month.end, edition=edition)


def _copy(month: Month, title: str, sections: Iterable[Section], part: str, **more: object) -> Copy:
    """What a template may ask for: title, and each section by its own title: 总体评价.平均得分, 总体评价.各校得分和等次."""
    held = {called(one.title): held_in(one) for one in sections}
    return Copy(shared(month, title=title, **held, **more), part)


def called(title: str) -> str:
    """What a template calls something that stands on the page under a title: without what is in brackets, signs and spaces."""
    return SIGNS.sub("", BRACKETS.sub("", title))


def held_in(section: Section) -> dict[str, object]:
    """文字 (its sentences), each figure by its label, the rows of each table by its caption (its section's title where it has none).

    Tables behind a line that opens (the score sheets) come as 各表: each its caption and rows; sentences behind one as 各条.
    """
    found: dict[str, object] = {WORDS: [], SHEETS: [], LISTS: []}
    for block in section.blocks:
        if isinstance(block, Note):
            found[WORDS].append(block.text)
        elif isinstance(block, Lines):
            found[WORDS] += [one.text if isinstance(one, Badge) else one for one in block.items]
        elif isinstance(block, Tiles):
            found |= {called(figure.label): _text(figure.value) for figure in block.figures}
        elif isinstance(block, Table):
            found[called(block.caption or section.title)] = rows_of(block)
            found[WORDS] += filter(None, (block.note, "" if block.rows else f"{block.empty}。"))
        elif isinstance(block, Details):
            found[LISTS] += [
                {"caption": block.summary, "lines": list(one.items)} for one in block.blocks if isinstance(one, Lines)
            ]
            found[SHEETS] += [
                {"caption": one.caption or block.summary, "rows": rows_of(one)} for one in block.blocks if isinstance(one, Table)
            ]  # fmt: skip
    return found


def rows_of(table: Table) -> list[dict[str, str]]:
    """The rows of a table of the page, what they add up to below: column -> what stands there."""
    columns = [called(title) for title in table.columns]
    rows = [*table.rows, *([table.total] if table.total else [])]
    return [dict(zip(columns, map(_text, row), strict=True)) for row in rows]


def _text(value: object) -> str:
    shown = cell(value)
    return f"{shown.text}{shown.counts}"
