"""Ways from page to page, once all are made: the period before and after, the town and its schools, other reports of the period.

A link stands only where there is a page. A page made before gets its links to what was made since; nothing else of it changes.
"""

import contextlib
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from ..commands import returning
from ..core.places import TOWN, own
from . import archive, execution

WAY = re.compile(r'(<span class="kc-way">).*?(</span>)', re.S)  # in the template of pages
# in cells and lines: data-page, whose page it is, data-at, which section, and data-of, of which other report
LED = re.compile(r'<a\b[^>]*\bdata-page="[^>]*>')
REACHED = re.compile(r'<a\b[^>]*\bdata-book="[^>]*>')  # data-book, which workbook it is in, and data-place, where in it
HELD = re.compile(r'data-(page|at|of|book|place)="([^"]*)"')
PRINTED = "monthly_papers"  # the notebook whose pages have the printed papers beside them
PEOPLES = "people"  # the notebook whose pages have those of classes beside them
UP = re.compile(r' <a rel="up".*?</a>', re.S)  # from a class's page to its school's, which a 班主任 may not open
STEPS = {"month": ("上一月", "下一月"), "round": ("上一轮", "下一轮"), "year": ("上一学年", "下一学年")}
Pages = Mapping[tuple[str, str], str]  # (school or 全镇, edition) -> file name


def lead(shelf: archive.Shelf) -> None:
    """Link the pages of a shelf, and those beside it: of its period, and of the periods before and after."""
    made = archive.shelves(shelf.out)[::-1]
    pages = {one.path: _pages(one) for one in made}
    steps = [one for one in _beside(shelf, made) if one]
    for one in {
        other.path: other for other in (*made, *steps) if other in steps or other.period == shelf.period
    }.values():
        for whose, name in pages[one.path].items():
            file = one.path / name
            with contextlib.suppress(OSError):  # one that is open in another program keeps the links it has
                text = file.read_text("utf-8")
                ways = "".join(f' <a href="{address}">{words}</a>' for words, address in _ways(one, whose, made, pages))
                near = {other.notebook: (other, pages[other.path]) for other in made if other.period == one.period}
                new = LED.sub(lambda found, near=near, own=one.notebook, of=whose[1]: _led(found, near, own, of), text)
                new = REACHED.sub(lambda found, one=one: _reached(found, one), new)
                new = WAY.sub(lambda found, ways=ways: f"{found[1]}{ways}{found[2]}", new, count=1)
                if new != text:
                    archive.write_whole(file, new)
        _rooms(one, [pages[one.path], *(pages[other.path] if other else {} for other in _beside(one, made))], made)


def _rooms(shelf: archive.Shelf, pages: Sequence[Pages], made: list[archive.Shelf]) -> None:
    """Link the pages of classes beside those of a shelf to that of their school, and to the same of the month before and after, of
    the same school year: in the next the same name is another class's. `pages`: of the shelf, of the one before, of the one after.
    """
    near = [other if other and other.period.year == shelf.period.year else None for other in _beside(shelf, made)]
    for whose, name in pages[0].items() if shelf.notebook == PEOPLES else ():
        for file in sorted((shelf.path / Path(name).stem).glob("*.html")):
            ways = f' <a rel="up" href="../{quote(name)}">{html.escape(whose[0])}</a>'
            for words, other, held in zip(STEPS[shelf.period.kind], near, pages[1:], strict=True):
                beside = other and whose in held and other.path / Path(held[whose]).stem / file.name
                if beside and beside.is_file():
                    to = quote(beside.relative_to(shelf.out).as_posix())
                    ways += f' <a href="../../../{to}">{words}（{other.period.short}）</a>'
            with contextlib.suppress(OSError):
                text = file.read_text("utf-8")
                new = WAY.sub(lambda found, ways=ways: f"{found[1]}{ways}{found[2]}", text, count=1)
                if new != text:
                    archive.write_whole(file, new)


def _pages(shelf: archive.Shelf) -> Pages:
    found = {}
    for run in filter(None, (result.shown for result in shelf.results.values())):
        school, edition = archive.meant(run["parameters"])
        if (shelf.path / str(run["page"])).is_file():
            found[school or TOWN, edition] = str(run["page"])
    return found


def _beside(shelf: archive.Shelf, made: list[archive.Shelf]) -> tuple[archive.Shelf | None, archive.Shelf | None]:
    """The shelves of the same notebook for the period before and after that were made."""
    row = [one for one in made if (one.notebook, one.period.kind) == (shelf.notebook, shelf.period.kind)]
    at = row.index(shelf)
    return row[at - 1] if at else None, row[at + 1] if at + 1 < len(row) else None


def _ways(
    shelf: archive.Shelf, whose: tuple[str, str], made: list[archive.Shelf], pages: Mapping[object, Pages]
) -> Iterator[tuple[str, str]]:
    """(words, address) of what leads away from a page."""
    for words, other in zip(STEPS[shelf.period.kind], _beside(shelf, made), strict=True):
        if other and whose in pages[other.path]:
            yield (
                f"{words}（{other.period.short}）",
                f"../../{other.period.key}/{shelf.notebook}/{quote(pages[other.path][whose])}",
            )
    if whose[0] != TOWN and (town := pages[shelf.path].get((TOWN, whose[1]))):
        yield TOWN, quote(town)
    for other in made:
        if other.period == shelf.period and other.notebook != shelf.notebook and whose in pages[other.path]:
            title = execution.title(own(f"notebooks/{other.notebook}.ipynb"))
            yield html.escape(title), f"../{other.notebook}/{quote(pages[other.path][whose])}"


def _led(found: re.Match[str], near: Mapping[str, tuple[archive.Shelf, Pages]], own: str, edition: str) -> str:
    """The tag of a link in a cell or line: with an address where that page, or that paper, is there. `near`: the period's shelves."""
    asked = dict(HELD.findall(found[0]))
    of, at = asked.get("of", ""), asked.get("at", "")
    shelf, pages = near.get(of or own, (None, {}))
    held = pages.get((html.unescape(asked["page"]), edition))
    to = f"{quote(held)}{f'#{at}' if at else ''}" if held else ""
    if held and (of == PRINTED or at.endswith(".html")):  # a file of the run: at is the paper, or the file's name
        folder, name = held.removesuffix(".html"), html.unescape(at)
        files = sorted(path.name for path in (shelf.path / folder).glob("*.html"))
        files = [file for file in files if file == name or file.startswith(f"{name}_")]
        to = quote(f"{folder}/{files[0]}") if files else ""
    address = f' href="{f"../{of}/" if of else ""}{to}"' if to else ""
    more = f' data-of="{of}"' if of else ""
    return f'<a{address} data-page="{asked["page"]}" data-at="{at}"{more}>'


def reach(out: Path) -> None:
    """Link the findings of all pages under `out` to the marked copies that are there now."""
    for one in archive.shelves(out):
        for name in _pages(one).values():
            with contextlib.suppress(OSError):
                text = (one.path / name).read_text("utf-8")
                new = REACHED.sub(lambda found, one=one: _reached(found, one), text)
                if new != text:
                    archive.write_whole(one.path / name, new)


def _reached(found: re.Match[str], shelf: archive.Shelf) -> str:
    """The tag of a link to a cell: with the address of the marked copy where there is one. (A browser saves a workbook and opens the
    saved one: the original must not be changed there, while the copy says which file is to be mended.)"""
    asked = dict(HELD.findall(found[0]))
    copy = returning.marked_copy(shelf.out, shelf.period.year, html.unescape(asked["book"]))
    address = f' href="../../{quote(copy.relative_to(shelf.out).as_posix())}#{asked["place"]}"' if copy else ""
    return f'<a{address} data-book="{asked["book"]}" data-place="{asked["place"]}">'
