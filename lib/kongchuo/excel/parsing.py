"""One workbook to typed columns, in a process apart that it may end without harm. Without pandas."""

import hashlib
import os
import pickle
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path

import python_calamine

from ..core import schema as schemas
from ..core.cells import closest, fold
from ..core.findings import ADDED, ERROR, KINDS, OLDER, Finding, Place, caused
from ..core.places import GUIDE, LISTS, RESULTS
from ..core.sheets import Grid, alike, shape
from ..core.workbooks import Asked, Table, Workbook
from ..rules import waivers
from .package_guard import Package, Refusal, Unseen, look, odd_formats, rebuilt, scan

# --- Worksheets of a workbook that its template does not have: what a clerk added, and what a missing one was perhaps renamed to ---
OURS = (RESULTS, GUIDE, LISTS)


STRAY = {code: KINDS[code] for code in ("R14", "R15")}
HIDDEN = "；这张工作表是隐藏的，右击任一工作表标签、选“取消隐藏”才看得到"


def unknown(
    titles: Iterable[str],
    missing: Iterable[schemas.Sheet],
    grid: Callable[[str], Grid | None],
    name: str,
    book: schemas.Book,
    codes: dict[str, schemas.Codes],
    unseen: Collection[str] = (),
) -> Iterator[Finding]:
    """R05 for each sheet that is `missing`, with the one of `titles` that it may be; R14 or R15 for the other titles.

    `titles` are worksheets that were not read. One with a known header and rows holds data that nobody counts; one that holds
    anything else is said as well; an empty one is not. `unseen`: titles of those that are hidden, of which that is said too.
    """
    whole = next((one for one in schemas.default().books if one.name == book.name), book)
    # where only a part of the book is asked for, the rest is no stranger
    known = {*OURS, *(sheet.title for sheet in whole.sheets)}
    grids = {title: cells for title in titles if title not in known and (cells := grid(title)) and not cells.empty}
    others = (sheet for one in schemas.default().books if one.name != book.name for sheet in one.sheets)
    sheets = [*whole.sheets, *others]
    like = {title: alike(cells, sheets) for title, cells in grids.items()}
    for sheet in missing:
        same = [title for title, other in like.items() if other is not None and other.name == sheet.name]
        same = [*same, *filter(None, [closest(sheet.title, grids)])]
        near = f"是不是改名成了“{same[0]}”？" if same else ""
        kind = (ADDED if sheet.added and not near else KINDS)["R05"]
        yield kind.at(Place(name, sheet.title), name=sheet.title, near=near)
        grids = {title: cells for title, cells in grids.items() if title not in same[:1]}
    for title, cells in grids.items():
        sheet = like[title]
        table = shape(cells, sheet, name, codes)[0] if sheet else None
        kinds = {
            code: replace(kind, says=kind.says + HIDDEN) if title in unseen else kind for code, kind in STRAY.items()
        }
        if table is None or not len(table):
            yield kinds["R15"].at(Place(name, title))
        else:
            other = next(one for one in schemas.default().books if sheet.name in one.by_name)
            named = sheet.title if other.name == book.name else f"{other.title}·{sheet.title}"
            yield kinds["R14"].at(Place(name, title), like=named, rows=len(table))


# --- What people typed on 校验结果, the program's own worksheet in each workbook: their waivers -------------------------
def asked_waivers(opened: python_calamine.CalamineWorkbook, package: Package) -> tuple[Asked, ...]:
    """The waivers typed in a workbook; most hold only the sheet's header. Never raises for what the sheet holds."""
    if package.sheets.get(RESULTS, b"").count(b"<row") < 2:
        return ()
    try:
        return tuple(waivers.read(opened.get_sheet_by_name(RESULTS).to_python(skip_empty_area=False)))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of the parser is no Exception; a damaged sheet of ours is written anew
        return ()


# --- One workbook to typed tables. The bytes of a file are read once, hashed, looked at (package_guard.py) and only then parsed; values come from calamine, what it hides
# from the XML. Nothing is written, nothing raises for what a file holds: a problem is a Finding of the Workbook. All of it runs in a
# process apart, which would take as long to import pandas as to read a school: a frame is made by who asks for it (`Table.frame`).
_FATAL = (KeyboardInterrupt, SystemExit)
VERSION = "kongchuo_version"  # the document property that carries the version of the schema a template was made from


def read_here(path: Path, name: str, book: schemas.Book, codes: dict[str, schemas.Codes]) -> Workbook:
    """`read_workbook` in this process, which a workbook may end."""
    return of_book(_parsed(path, name, book, codes), book)


def read_for_another(path: Path, name: str, book: schemas.Book, packed: bytes) -> Workbook:
    """What `of_book` makes the workbook of, without what the other side has; `packed`: the code lists and the schema."""
    read = _parsed(path, name, book, _unpacked(packed))
    return replace(read, book=None, tables={key: _of(None, table) for key, table in read.tables.items()})


def of_book(read: Workbook, book: schemas.Book) -> Workbook:
    """A workbook as it was parsed, with its book and sheets."""
    return replace(read, book=book, tables={key: _of(book.by_name[key], table) for key, table in read.tables.items()})


def _of(sheet: schemas.Sheet | None, table: Table) -> Table:
    instead = table.instead and _of(sheet, table.instead)
    return replace(table, sheet=sheet, frame=table.held, instead=instead)


def _unpacked(packed: bytes) -> dict[str, schemas.Codes]:
    codes, schema = _loaded(packed)
    schemas.take_over(schema)
    return codes


@lru_cache(2)
def _loaded(packed: bytes) -> tuple[dict[str, schemas.Codes], schemas.Schema]:
    return pickle.loads(packed)


def _parsed(path: Path, name: str, book: schemas.Book, codes: dict[str, schemas.Codes]) -> Workbook:
    workbook = Workbook(name, book, home=name.split("/")[1] if name.count("/") > 1 else "", read=False)
    try:
        data = bytes_of(path)
    except FileNotFoundError:
        return replace(workbook, findings=(missing(name, path.name),))
    except OSError as error:
        return replace(workbook, findings=(KINDS["R02"].at(Place(name), reason=_why(error)),))
    workbook = replace(workbook, sha256=hashlib.sha256(data).hexdigest())
    package = look(data)
    if isinstance(package, Refusal):
        return replace(workbook, findings=(KINDS[package.code].at(Place(name), **package.facts),))
    said = re.match(r"\d{1,9}", package.properties.get(VERSION, ""))
    workbook = replace(workbook, version=int(said[0]) if said else None)
    if said and workbook.version > book.version:
        newer = KINDS["R17"].at(Place(name), found=workbook.version, current=book.version)
        return replace(workbook, findings=(newer,))
    try:
        opened = cells_of(package)
    except _FATAL:
        raise
    except BaseException:  # a panic of the parser is no Exception
        return replace(workbook, findings=(KINDS["R02"].at(Place(name), reason="文件已损坏或不完整"),))
    with opened:
        found, findings = tables(package.sheets, partial(_sheet, opened, package), name, book, codes, package.hidden)
        asked = asked_waivers(opened, package)
    share(found)
    return replace(workbook, read=True, tables=found, findings=tuple(aged(workbook, findings)), asked=asked)


def share(tables: Mapping[str, Table]) -> None:
    """Make equal texts of typed tables one text, which most of them are: less to send, to keep and to hold in memory."""
    texts: dict[str | None, str | None] = {}
    for table in tables.values():
        for item in (item for item in table.sheet.fields if item.type == "string"):
            values = table.held.values[item.name]
            values[:] = [texts.setdefault(value, value) for value in values]


LACKING = ("R05", "F12", "F26")  # what a workbook of an older template lacks, and what it has under a name of before


def aged(workbook: Workbook, findings: list[Finding]) -> list[Finding]:
    """The findings with the age of an older template: a mistake whose consequences are missing columns, or a hint where none is."""
    if workbook.version is None or workbook.version >= workbook.book.version:
        return findings
    lacks = any(one.rule in LACKING and one.severity == ERROR for one in findings)
    kind = KINDS["R04"] if lacks else OLDER
    cause = kind.at(Place(workbook.name), found=workbook.version, current=workbook.book.version)
    return [cause, *(caused(one, cause) if lacks and one.rule in LACKING else one for one in findings)]


def grids(data: bytes) -> dict[str, Grid | None]:
    """The cells of each worksheet of a workbook that could be read before, by title; None for one that is damaged."""
    package = look(data)
    with cells_of(package) as opened:
        return {title: _sheet(opened, package, title) for title in package.sheets}


def cells_of(package: Package) -> python_calamine.CalamineWorkbook:
    """The reader of cells over a package that was looked at. Raises whatever it raises, a panic among it, which is no Exception."""
    return python_calamine.CalamineWorkbook.from_filelike(BytesIO(rebuilt(package)))


def bytes_of(path: Path) -> bytes:
    """The file's bytes; read again when somebody saved it meanwhile."""
    for _ in range(3):
        before = path.stat()
        data = path.read_bytes()
        after = path.stat()
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) == (after.st_mtime_ns, len(data)):
            return data
    raise OSError("正在被改写，请稍后再试")


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "没有读取权限，或被别的程序独占"
    return os.strerror(error.errno) if error.errno else str(error)


def missing(name: str, what: str, like: str = "") -> Finding:
    """R01; `like` is a file of another name beside the place where it should lie."""
    hint = f"文件夹里的“{like}”是不是它？" if like else ""
    return KINDS["R01"].at(Place(name.rstrip("/")), name=what, folder=name.rpartition("/")[0], near=hint)


def _sheet(opened: python_calamine.CalamineWorkbook, package: Package, title: str) -> Grid | None:
    """The cells of a worksheet; None where it is damaged."""
    try:
        values = opened.get_sheet_by_name(title).to_python(skip_empty_area=False)
        grid = grid_of(values, scan(package.sheets[title], odd_formats(package.styles)))
    except _FATAL:
        raise
    except BaseException:
        return None
    return grid and replace(grid, since_1904=package.since_1904)


def tables(
    there: Collection[str],
    grid: Callable[[str], Grid | None],
    name: str,
    book: schemas.Book,
    codes: dict[str, schemas.Codes],
    unseen: Collection[str] = (),
) -> tuple[dict[str, Table], list[Finding]]:
    """The typed tables of a workbook by English sheet name, and all findings in them.

    `there` are the titles of its worksheets, `grid` gives the cells of one (None: it is damaged).
    """
    found, findings, absent, used = {}, [], [], set()
    titles = {fold(title): title for title in there}
    for sheet in book.sheets:
        title = sheet.title if sheet.title in there else titles.get(fold(sheet.title))
        if title is None:
            absent.append(sheet)
            continue
        used.add(title)
        cells = grid(title)
        if cells is None:
            findings.append(KINDS["R02"].at(Place(name, sheet.title), reason=f"工作表“{title}”的内容已损坏"))
            continue
        table, wrong = shape(cells, sheet, name, codes)
        findings += wrong
        if table is not None:
            found[sheet.name] = table
    rest = [title for title in there if title not in used]
    return found, [*findings, *unknown(rest, absent, grid, name, book, codes, unseen)]


def grid_of(rows: list[list[object]], unseen: Unseen) -> Grid | None:
    """The values with error cells and uncalculated formulas put in where calamine shows nothing; merged ranges as far as there are cells.

    None where merged ranges lie over one another, which no program writes.
    """
    width = max(map(len, rows), default=0)
    if unseen.cells:
        height = max(row for row, _ in unseen.cells)
        width = max(width, max(column for _, column in unseen.cells))
        rows += [[] for _ in range(height - len(rows))]
        rows = [row + [""] * (width - len(row)) for row in rows]
        for (row, column), value in unseen.cells.items():
            rows[row - 1][column - 1] = value
    merged = tuple(
        (top, left, min(bottom, len(rows)), min(right, width))
        for top, left, bottom, right in unseen.merged
        if 0 < top <= min(bottom, len(rows)) and 0 < left <= min(right, width)
    )
    if sum((bottom - top + 1) * (right - left + 1) for top, left, bottom, right in merged) > len(rows) * width:
        return None
    return Grid(rows, 1, merged, unseen.hidden, unseen.filtered, unseen.formats)
