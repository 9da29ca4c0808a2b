"""One workbook to typed tables: the only module that opens a staff workbook for reading.

The bytes of a file are read once, hashed, looked at (packages.py) and only then parsed; values come from calamine, what it hides
from the XML. Nothing is written, nothing raises for what a file holds: a problem is a Finding of the Workbook. All of it runs in a
process apart, which would take as long to import pandas as to read a school: frames are made by who asks (`framed`).
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path

import python_calamine

from ...core import schema as schemas
from ...core.cells import fold
from ...core.findings import KINDS, Finding, Place
from ...core.schema import Book, Codes
from ...core.sheets import Grid, framed, shape_apart
from ...core.workbooks import Table, Workbook
from . import added, typed
from .packages import Package, Refusal, Unseen, look, odd_formats, rebuilt, scan

_FATAL = (KeyboardInterrupt, SystemExit)
VERSION = "kongchuo_version"  # the document property that carries the version of the schema a template was made from


def read_here(path: Path, name: str, book: Book, codes: dict[str, Codes]) -> Workbook:
    """`read_workbook` in this process, which a workbook may end."""
    return with_frames(_parsed(path, name, book, codes), book)


def read_for_another(path: Path, name: str, book: Book, packed: bytes) -> Workbook:
    """What `with_frames` makes the workbook of, without what the other side has; `packed`: the code lists and the schema."""
    read = _parsed(path, name, book, _unpacked(packed))
    return replace(read, book=None, tables={key: replace(table, sheet=None) for key, table in read.tables.items()})


def with_frames(read: Workbook, book: Book) -> Workbook:
    """A workbook as it was parsed, with its frames."""
    tables = {key: framed(replace(table, sheet=book.by_name[key])) for key, table in read.tables.items()}
    return replace(read, book=book, tables=tables)


@lru_cache(2)
def _unpacked(packed: bytes) -> dict[str, Codes]:
    codes, schema = pickle.loads(packed)
    schemas.take_over(schema)
    return codes


def _parsed(path: Path, name: str, book: Book, codes: dict[str, Codes]) -> Workbook:
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
    try:
        opened = cells_of(package)
    except _FATAL:
        raise
    except BaseException:  # a panic of the parser is no Exception
        return replace(workbook, findings=(KINDS["R02"].at(Place(name), reason="文件已损坏或不完整"),))
    with opened:
        found, findings = _tables(package.sheets, partial(_sheet, opened, package), name, book, codes)
        asked = typed.asked(opened, package)
    findings = (*_version(package, name, book), *findings)
    return replace(workbook, read=True, tables=found, findings=findings, asked=asked)


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


def _version(package: Package, name: str, book: Book) -> list[Finding]:
    found = re.match(r"\d{1,9}", package.properties.get(VERSION, ""))
    if found is None or int(found[0]) >= book.version:
        return []
    return [KINDS["R04"].at(Place(name), found=found[0], current=book.version)]


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
    there: Collection[str], grid: Callable[[str], Grid | None], name: str, book: Book, codes: dict[str, Codes]
) -> tuple[dict[str, Table], list[Finding]]:
    """The typed tables of a workbook by English sheet name, and all findings in them.

    `there` are the titles of its worksheets, `grid` gives the cells of one (None: it is damaged).
    """
    found, findings = _tables(there, grid, name, book, codes)
    return {key: framed(table) for key, table in found.items()}, findings


def _tables(
    there: Collection[str], grid: Callable[[str], Grid | None], name: str, book: Book, codes: dict[str, Codes]
) -> tuple[dict[str, Table], list[Finding]]:
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
        table, wrong = shape_apart(cells, sheet, name, codes)
        findings += wrong
        if table is not None:
            found[sheet.name] = table
    rest = [title for title in there if title not in used]
    return found, [*findings, *added.unknown(rest, absent, grid, name, book, codes)]


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
