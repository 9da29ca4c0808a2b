"""Workbooks to typed tables: the only module that opens a staff workbook for reading.

The bytes of a file are read once, hashed, looked at (packages.py) and only then parsed; values come from calamine, what it hides
from the XML. Nothing is written, nothing raises for what a file holds: a problem is a Finding of the Workbook.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import os
import pickle
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path

import pandas as pd
import python_calamine

from ...core import apart, faults
from ...core import schema as schemas
from ...core.cells import fold
from ...core.findings import KINDS, Finding, Place, UserError
from ...core.schema import CENTRE, Book, Codes, Schema
from ...core.sheets import Grid, shape
from ...core.tables import Table, Town, Workbook
from ...field import asof
from . import added, before, terms, typed
from .before import Read
from .folders import OTHER_FORMATS, Contents, contents, locate, meant, near
from .packages import Package, Refusal, Unseen, look, odd_formats, rebuilt, scan, size_of

__all__ = ["Read", "as_registered", "locate", "read_workbook", "read_year", "tables", "with_aliases"]

_FATAL = (KeyboardInterrupt, SystemExit)
VERSION = "kongchuo_version"  # the document property that carries the version of the schema a template was made from


def read_workbook(path: Path, name: str, book: Book, codes: dict[str, Codes]) -> Workbook:
    """Read one workbook, in a process apart. `name` is its path inside the shared folder, `book` says what should be in it.

    Never raises for what the file is or holds: `read` is False and the findings say why.
    """
    try:
        read = apart.call(_read_for_another, path, name, book, _Packed.of(codes), size=size_of(path))
    except apart.Died as died:
        found = KINDS["R10"].at(Place(name), reason=str(died))
    except UserError:  # no process could be started at all
        raise
    except Exception as error:  # a fault of ours, of this workbook only
        found = KINDS["R02"].at(Place(name), reason=faults.told("没有读成", error))
    else:
        tables = {key: replace(table, sheet=book.by_name[key]) for key, table in read.tables.items()}
        return replace(read, book=book, tables=tables)
    home = name.split("/")[1] if name.count("/") > 1 else ""
    return Workbook(name, book, home, read=False, findings=(found,))


class _Packed:
    """Code lists and the schema on their way to a process apart, the same for workbook after workbook."""

    last: tuple[dict[str, Codes], bytes] = ({}, b"")

    @classmethod
    def of(cls, codes: dict[str, Codes]) -> bytes:
        if cls.last[0] is not codes:
            cls.last = codes, pickle.dumps((codes, schemas.default()), 5)
        return cls.last[1]


@lru_cache(2)
def _unpacked(packed: bytes) -> dict[str, Codes]:
    codes, schema = pickle.loads(packed)
    schemas.take_over(schema)
    return codes


def _read_for_another(path: Path, name: str, book: Book, packed: bytes) -> Workbook:
    """`read_here` without what the other side has."""
    read = read_here(path, name, book, _unpacked(packed))
    return replace(read, book=None, tables={key: replace(table, sheet=None) for key, table in read.tables.items()})


def read_here(path: Path, name: str, book: Book, codes: dict[str, Codes]) -> Workbook:
    """`read_workbook` in this process, which a workbook may end."""
    workbook = Workbook(name, book, home=name.split("/")[1] if name.count("/") > 1 else "", read=False)
    try:
        data = _bytes(path)
    except FileNotFoundError:
        return replace(workbook, findings=(_missing(name, path.name),))
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
        found, findings = tables(package.sheets, partial(_sheet, opened, package), name, book, codes)
        asked = typed.asked(opened, package)
    findings = (*_version(package, name, book), *findings)
    return replace(workbook, read=True, tables=found, findings=findings, asked=asked)


def cells_of(package: Package) -> python_calamine.CalamineWorkbook:
    """The reader of cells over a package that was looked at. Raises whatever it raises, a panic among it, which is no Exception."""
    return python_calamine.CalamineWorkbook.from_filelike(BytesIO(rebuilt(package)))


def _bytes(path: Path) -> bytes:
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


def _missing(name: str, what: str, like: str = "") -> Finding:
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
    found, findings, missing, used = {}, [], [], set()
    titles = {fold(title): title for title in there}
    for sheet in book.sheets:
        title = sheet.title if sheet.title in there else titles.get(fold(sheet.title))
        if title is None:
            missing.append(sheet)
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
    return found, [*findings, *added.unknown(rest, missing, grid, name, book, codes)]


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


def with_aliases(codes: dict[str, Codes], frame: pd.DataFrame) -> dict[str, Codes]:
    """The code lists with the township's own aliases from 代码表 (rows of sheet `code`); lists and names unknown are ignored."""
    own: dict[tuple[str, str], list[str]] = {}
    for listed, name, alias in frame[["list", "name", "alias"]].dropna().itertuples(index=False):
        own.setdefault((listed, name), []).extend(filter(None, re.split(r"[、,，;；/\s]+", alias)))

    def extended(item: Codes) -> Codes:
        extra = {name: own.get((item.title, name), []) + own.get((item.name, name), []) for name in item.names}
        values = tuple(replace(value, aliases=(*value.aliases, *extra[value.name])) for value in item.values)
        return replace(item, values=values) if any(extra.values()) else item

    return {name: extended(item) for name, item in codes.items()} if own else codes


def read_year(
    shared: Path,
    year: str,
    *,
    as_of: dt.date | None = None,
    schema: Schema | None = None,
    read_one: Read = read_workbook,
) -> Town:
    """Read every workbook of a school year, and of the year before what is compared with it (`before`).

    Raises UserError when the year's folder is not there. `as_of` is the day the township is looked at: by default the last
    day in 日查 (see terms.last_day), else today; on an earlier day, the town is as it stood then (`field.asof.at`). What is
    recorded for a day that cannot have come yet is F30, and unread, whatever `as_of` is. `read_one` reads one workbook: one may stand open with unsaved edits.
    """
    schema = schema or schemas.default()
    root = shared / year
    if not root.is_dir():
        raise UserError(f"共享文件夹“{shared}”里没有学年“{year}”。")
    registry = _registry(root, year, schema, read_one)
    codes = with_aliases(schema.codes, registry.tables["code"].frame) if "code" in registry.tables else schema.codes
    known = _schools(registry)
    folders = _homes(root, known)
    read_one = as_registered(read_one, known)
    found = {home: contents(root / folder, _stems(schema, home)) for home, folder in folders.items()}
    there = [(home, *one) for home, lying in found.items() for one in (lying.other_formats | lying.workbooks).items()]

    def read_there(one: tuple[str, str, Path]) -> Workbook:
        home, stem, path = one
        name, book = f"{year}/{folders[home]}/{path.name}", schema.by_stem[stem]
        return _read_one(path, name, book, codes, found[home], stem, home, read_one)

    books = apart.spread(read_there, there, sum(size_of(path) for *_, path in there))
    read = {f"{home}/{stem}": book for (home, stem, _), book in zip(there, books, strict=True)}
    seen = Town(year, dt.date.today(), schema, tuple(read.values()))
    counted = terms.last_day(seen)
    given, as_of = as_of, as_of or counted
    workbooks, strange = [], {f"{year}/{name}" for name in contents(root, ()).unknown}
    for home, lying in found.items():
        strange |= {f"{year}/{folders[home]}/{name}" for name in lying.unknown}
        empty = not lying.workbooks and not lying.other_formats
        if empty and home not in (CENTRE, *known):
            strange.add(f"{year}/{folders[home]}")
            continue
        due = [stem for stem in _stems(schema, home) if f"{home}/{stem}" in read or terms.due(stem, seen, as_of)]
        folder = [read.get(f"{home}/{stem}") or _absent(year, home, folders[home], stem, schema, lying) for stem in due]
        if empty:  # said once, not once for each workbook
            said = [(_missing(f"{year}/{folders[home]}/", f"“{home}”的全部工作簿"),), *[()] * (len(folder) - 1)]
            folder = [replace(book, findings=findings) for book, findings in zip(folder, said, strict=True)]
        workbooks += folder
    unknown = tuple(_unknown(name, schema) for name in sorted(strange))
    strangers = tuple(
        _stranger(f"{year}/{folders[home]}", known)
        for home, lying in found.items()
        if known and home not in (CENTRE, *known) and (lying.workbooks or lying.other_formats)
    )
    workbooks[0] = replace(workbooks[0], findings=workbooks[0].findings + unknown + strangers)
    town = Town(year, as_of, schema, tuple(workbooks), before.read(shared, year, as_of, schema, read_one))
    town = terms.without_future(town, counted)
    if not given or given >= terms.horizon(seen, counted):
        return town
    return replace(asof.at(town, given), past_day=given < counted)


def _unknown(name: str, schema: Schema) -> Finding:
    return KINDS["R09"].at(Place(name), near=near(Path(name).name, schema.by_stem))


def _stranger(name: str, known: list[str]) -> Finding:
    """R13 for a folder that holds workbooks of no school of the registry, which is what a renamed school looks like."""
    home = Path(name).name
    near = difflib.get_close_matches(home, known, 1, 0.5)
    return KINDS["R13"].at(Place(name), name=home, near=f"是不是“{near[0]}”？" if near else "")


def _stems(schema: Schema, home: str) -> list[str]:
    """File names (without ending) that belong into a folder."""
    return [stem for book in schema.owned_by("centre" if home == CENTRE else "school") for stem in book.stems]


def _registry(root: Path, year: str, schema: Schema, read_one: Read) -> Workbook:
    """基础信息 by the code lists of the schema, which is enough to learn the township's own aliases and its schools."""
    book = schema.book_of["school"]
    return read_one(root / CENTRE / f"{book.title}.xlsx", f"{year}/{CENTRE}/{book.title}.xlsx", book, schema.codes)


def _schools(registry: Workbook) -> list[str]:
    """Full names of the schools in use, in the order of the registry."""
    if "school" not in registry.tables:
        return []
    frame = registry.tables["school"].frame
    names = frame.loc[(frame["stage"] != CENTRE) & frame["active"].fillna(True), "school_name"].dropna()
    return [name for name in names if Path(name).name == name and not name.startswith(".")]  # a name, never a path


def _homes(root: Path, known: list[str]) -> dict[str, str]:
    """Name of each folder of the year by whose it is: the centre's, the schools' of the registry (there or not), any other.

    A school's folder may be spelled in another way than the registry spells its name (full-width brackets, blanks).
    """
    there = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "~")))
    homes = {home: home for home in (CENTRE, *known)}
    for folder in (name for name in there if name not in homes):
        home = _spelled(folder, known)
        homes[folder if home in there else home] = folder
    return homes


def _spelled(folder: str, known: list[str]) -> str:
    """A school's name as the registry spells it, by a name of its folder; another folder's name as it is."""
    if folder in known:
        return folder
    return next((name for name in known if fold(name) == fold(folder)), folder)


def as_registered(read_one: Read, known: list[str]) -> Read:
    """A reader like `read_one` whose workbooks have their schools' names as the registry (`known`) spells them, of any year."""
    return partial(_at_home, read_one=read_one, known=known)


def _at_home(
    path: Path, name: str, book: Book, codes: dict[str, Codes], *, read_one: Read, known: list[str]
) -> Workbook:
    workbook = read_one(path, name, book, codes)
    tables = workbook.tables
    if "school" in tables:
        frame = tables["school"].frame
        names = [_spelled(name, known) if isinstance(name, str) else name for name in frame["school_name"]]
        frame = frame.assign(school_name=pd.array(names, dtype=frame["school_name"].dtype))
        tables = tables | {"school": replace(tables["school"], frame=frame)}
    return replace(workbook, home=_spelled(workbook.home, known), tables=tables)


def _read_one(
    path: Path, name: str, book: Book, codes: dict[str, Codes], lying: Contents, stem: str, home: str, read_one: Read
) -> Workbook:
    """One workbook of a folder, with what the files beside it say: R07 (open), R08 (copies); R11 for another format."""
    copies = list(lying.copies.get(stem, ()))
    if path.suffix.lower() == ".xlsx":
        workbook = read_one(path, name, book, codes)
        copies += [lying.other_formats[stem].name] if stem in lying.other_formats else []
    else:
        refused = KINDS["R11"].at(Place(name), found=path.suffix)
        workbook = Workbook(name, book, home=home, read=False, findings=(refused,))
    beside = [KINDS["R07"].at(Place(name))] if stem in lying.locked else []
    beside += [KINDS["R08"].at(Place(name), name=copy) for copy in copies]
    return replace(workbook, findings=workbook.findings + tuple(beside))


def _absent(year: str, home: str, folder: str, stem: str, schema: Schema, lying: Contents) -> Workbook:
    name = f"{year}/{folder}/{stem}.xlsx"
    copies = [KINDS["R08"].at(Place(name), name=copy) for copy in lying.copies.get(stem, ())]
    tables = (other for other in lying.unknown if other.lower().endswith((".xlsx", *OTHER_FORMATS)))
    like = next((other for other in tables if meant(other, schema.by_stem) == stem), "")
    missing = _missing(name, f"{stem}.xlsx", like)
    return Workbook(name, schema.by_stem[stem], home, read=False, findings=(missing, *copies))
