"""What is made from declarations, or laid out for an office to change: templates, the workbooks filled with a town's plan, the Word
templates of papers.

A plan.yaml beside a town's school years holds what the town's plan says, as rows of its workbooks. Bytes are compared here. What
only this repository makes (the package's own Word templates, pages of the handbook) is made by tools/products.py.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..core.declarations import SchemaError, load_yaml, strict
from ..core.places import PROJECT, TEMPLATES
from ..core.schema import CENTRE, Book, Schema, Sheet, default
from ..excel import writing

FORMS = TEMPLATES / "papers"  # the Word templates as they come with the package; an office changes its copies
FOLDERS = {"centre": CENTRE, "school": "学校"}


def templates(schema: Schema) -> Iterator[tuple[str, bytes]]:
    """Every blank workbook: path inside workbooks/templates and content."""
    for book in schema.books:
        for stem in book.stems:
            yield f"{FOLDERS[book.owner]}/{stem}.xlsx", writing.workbook_bytes(stem, book, {}, schema)


def planned(path: Path, schema: Schema) -> Iterator[tuple[str, bytes]]:
    """The workbooks a plan.yaml fills: path beside that file and content.

    Raises SchemaError, naming the file, for a workbook, sheet or column the schema does not have.
    """
    books = {book.name: book for book in schema.books}
    data = load_yaml(path)
    strict(path, "file", data, ("year", *books), ("year",))
    for name, sheets in data.items():
        if name == "year":
            continue
        book = books[name]
        strict(path, name, sheets, tuple(book.by_name), ())
        rows = {sheet: _rows(path, book, book.by_name[sheet], part) for sheet, part in sheets.items()}
        yield f"{data['year']}/{CENTRE}/{book.title}.xlsx", writing.workbook_bytes(book.title, book, rows, schema)


def _rows(path: Path, book: Book, sheet: Sheet, part: dict) -> list[dict[str, object]]:
    where = f"{book.name}.{sheet.name}"
    strict(path, where, part, ("same", "rows"), ("rows",))
    rows = []
    for row in part["rows"]:
        row = {**part.get("same", {}), **row}
        strict(path, where, row, tuple(sheet.by_name), ())
        rows.append({name: _value(path, where, sheet.by_name[name].type, value) for name, value in row.items()})
    return rows


def _value(path: Path, where: str, kind: str, value: object) -> object:
    """A date column's text as a date (YAML leaves dates as they are typed); everything else as it is."""
    try:
        return dt.date.fromisoformat(str(value)) if kind == "date" else value
    except ValueError as error:
        raise SchemaError(f"{path.name}: '{value}' in {where} is no date such as 2023-09-01") from error


def _members(data: bytes) -> dict[str, bytes]:
    """What is inside a workbook; a page or notebook as it is. Compressed bytes and line ends differ between machines, content does not."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return {name: package.read(name) for name in package.namelist()}
    except zipfile.BadZipFile:
        return {"": data.replace(b"\r\n", b"\n")}


def _is_ours(data: bytes) -> bool:
    """Whether nobody has saved the workbook since it was made: Excel, WPS and LibreOffice all note when they save."""
    made = f"{writing.MADE:%Y-%m-%dT%H:%M:%SZ}</dcterms:modified>".encode()
    return made in _members(data).get("docProps/core.xml", b"")


def build(
    root: Path = PROJECT, check: bool = False, left: Callable[[str], None] = lambda name: None, forms: bool = True
) -> list[str]:
    """Make under `root` templates and the plan's workbooks where they differ from what is declared now; `forms`: copy the Word templates.

    Returns the paths (inside `root`) that were made again, or with `check` only would be. A template whose workbook is
    gone from the schema is removed. A plan's workbook or a paper's template that people have saved is theirs: neither stale nor
    touched; `left` is told of each.
    """
    schema, made = default(), root / "workbooks"
    wanted = {made / "templates" / name: data for name, data in templates(schema)}
    gone = [path for path in (made / "templates").rglob("[!.~]*.xlsx") if path not in wanted]
    papers = FORMS.glob("*.docx") if forms else ()
    shared = {root / "parameters" / "papers" / path.name: path.read_bytes() for path in papers}
    for plan in sorted(made.glob("*/plan.yaml")):
        shared |= {plan.parent / name: data for name, data in planned(plan, schema)}
    for path, data in shared.items():
        if not path.exists() or _is_ours(path.read_bytes()):
            wanted[path] = data
        else:
            left(path.relative_to(root).as_posix())
    for path in [] if check else gone:
        path.unlink()
    return sorted([*(path.relative_to(root).as_posix() for path in gone), *renewed(root, wanted, check)])


def renewed(root: Path, wanted: Mapping[Path, bytes], check: bool = False) -> list[str]:
    """Write each file that is missing or says something else; returns the paths (inside `root`), with `check` without writing."""
    old = {path: path.read_bytes() if path.exists() else None for path in wanted}
    stale = [path for path, data in wanted.items() if old[path] is None or _members(old[path]) != _members(data)]
    for path in [] if check else stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wanted[path])
    return sorted(path.relative_to(root).as_posix() for path in stale)
