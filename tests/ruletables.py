"""Reads tests/rules/*.md: tables of raw cells, typed by the same code that reads workbooks, and the places expected.

The notation is explained in tests/rules/README.md.
"""

import datetime as dt
import pickle
import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from kongchuo.core import policy, schema
from kongchuo.core.cells import ERRORS, STALE, CellError
from kongchuo.core.schema import CENTRE
from kongchuo.core.sheets import Grid, shape
from kongchuo.core.tables import Town
from kongchuo.core.workbooks import Table, Workbook
from kongchuo.excel import reading

FOLDER = Path(__file__).with_name("rules")
SCHEMA = schema.default()
POLICY = policy.load(Path(__file__).parents[1] / "parameters" / "policy.yaml")
YEAR, BEFORE, AS_OF = "2023-2024", "2022-2023", dt.date(2023, 9, 8)


@dataclass
class Given:
    """One table of a case: where it stands, its cells, and what no cell shows."""

    home: str
    stem: str
    title: str
    rows: list[list[str]] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    filtered: bool = False

    @property
    def place(self):
        return self.home, self.stem, self.title


@dataclass
class Case:
    """One `## 错` or `## 对` of a file: tables, workbooks that cannot be read, the places expected."""

    title: str
    bad: bool = False
    tables: list[Given] = field(default_factory=list)
    unread: set[tuple[str, str]] = field(default_factory=set)
    as_of: dt.date = AS_OF
    expected: list[str] = field(default_factory=list)


def cases(path: Path) -> list[Case]:
    """The cases of a file. Tables under `## 共同` belong to every case of the file that has no table of that sheet."""
    found, common = _parse(path)
    return [replace(case, tables=_with(case.tables, common)) for case in found]


def _parse(path: Path) -> tuple[list[Case], list[Given]]:
    found, common, current, table = [], [], None, None
    for line in path.read_text("utf-8").splitlines():
        line = line.rstrip()
        if match := re.fullmatch(r"## (错|对|共同|问|不问)(.*)", line):
            current = Case(f"{path.stem} {match[1]}{match[2]}", match[1] in ("错", "问"))
            table = None
            (common if match[1] == "共同" else found).append(current)
        elif match := re.fullmatch(r"### ((?:\d{4}-\d{4}/)?[^/]+)/(.+?)\.xlsx (\S+)", line):
            table = Given(*match.groups())
            current.tables.append(table)
        elif current and (match := re.fullmatch(r"(截至|读不到|上方|合并|隐藏|筛选)：(.+)", line)):
            _set(current, table, *match.groups())
        elif current and line.startswith("|") and not re.fullmatch(r"[|:\- ]+", line):
            table.rows.append([cell.strip(" ") for cell in line.strip("|").split("|")])
        elif current and (match := re.fullmatch(r"- (\S+\.xlsx \S.*)", line)):
            current.expected.append(match[1])
    return found, [table for case in common for table in case.tables]


def _set(case: Case, table: Given, word: str, value: str) -> None:
    if word == "截至":
        case.as_of = dt.date.fromisoformat(value)
    elif word == "读不到":
        case.unread.add(tuple(value.removesuffix(".xlsx").rsplit("/", 1)))
    elif word == "上方":
        table.above.append(value)
    elif word == "合并":
        left, top, right, bottom = re.fullmatch(r"([A-Z])(\d+):([A-Z])(\d+)", value).groups()
        table.merged.append((int(top), ord(left) - 64, int(bottom), ord(right) - 64))
    elif word == "隐藏":
        table.hidden.add(int(value.strip("第行")))
    else:
        table.filtered = True


def _with(tables: list[Given], shared: list[Given]) -> list[Given]:
    own = {table.place for table in tables}
    return tables + [table for table in shared if table.place not in own]


def _raw(text: str, item) -> object:
    """The raw cell a text of a Markdown table stands for."""
    text = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text).replace("␣", " ").replace("␤", "\n")
    if text in ("", "∅"):
        return ""
    if text == "#stale":
        return STALE
    if text in ERRORS:
        return CellError(text)
    if text.startswith("'"):
        return text[1:]
    if match := re.fullmatch(r"#num (.+)", text):
        return float(match[1])
    match = re.fullmatch(r"(#date )?(\d{4}-\d\d-\d\d)", text)
    if match and (match[1] or (item and item.type == "date")):
        return dt.date.fromisoformat(match[2])
    if item and item.type in ("integer", "number") and re.fullmatch(r"-?[\d.]+", text):
        return float(text)
    return text


def build(case: Case) -> Town:
    """The township of a case: every workbook of every school is there, sheets without a table are empty.

    The year before is there where the case has a table of it, or a workbook of it that could not be read.
    """
    tables = {table.place: table for table in _with(case.tables, _common())}
    homes = {CENTRE, "示例中学", "示例第一小学"} | {home for home, _, _ in tables} | {home for home, _ in case.unread}
    earlier = {home for home in homes if "/" in home}
    before = {CENTRE, *(home.split("/")[1] for home in earlier)} if earlier else set()
    town = Town(YEAR, case.as_of, SCHEMA, tuple(_workbooks(case, tables, YEAR, homes - earlier)))
    if case.title.startswith("F30"):  # the others try rows dated later
        town = reading.without_future(town, case.as_of)
    if not before:
        return town
    return replace(town, before=Town(BEFORE, case.as_of, SCHEMA, tuple(_workbooks(case, tables, BEFORE, before))))


def _workbooks(case: Case, tables: dict, year: str, homes: set[str]) -> list[Workbook]:
    workbooks = []
    for home in sorted(homes):
        written = home if year == YEAR else f"{year}/{home}"  # how the files write it
        for book in SCHEMA.owned_by("centre" if home == CENTRE else "school"):
            for stem in book.stems:
                name = f"{year}/{home}/{stem}.xlsx"
                if (written, stem) in case.unread:
                    workbooks.append(Workbook(name, book, home, read=False))
                    continue
                typed, findings = {}, []
                for sheet in book.sheets:
                    given = tables.get((written, stem, sheet.title))
                    table, wrong = _shaped(pickle.dumps(given), sheet.name, name) if given else _empty(sheet.name)
                    typed |= {sheet.name: table} if table else {}
                    findings += wrong if given in case.tables else []  # README.md leaves columns out on purpose
                workbooks.append(Workbook(name, book, home, tables=typed, findings=tuple(findings)))
    return workbooks


@cache
def _empty(sheet_name: str) -> tuple[Table, list]:
    sheet = SCHEMA.sheets[sheet_name]
    return shape(Grid([[item.title for item in sheet.typed]]), sheet, "", SCHEMA.codes)


@cache
def _shaped(given: bytes, sheet_name: str, workbook: str) -> tuple[Table | None, list]:
    """Of the tables that all cases have, each is typed once."""
    sheet = SCHEMA.sheets[sheet_name]
    return shape(_grid(pickle.loads(given), sheet), sheet, workbook, SCHEMA.codes)


def _grid(table: Given, sheet) -> Grid:
    by_title = {item.title: item for item in sheet.fields}
    head, *rows = table.rows
    items = [by_title.get(title) for title in head]
    raw = [[_raw(text, item) for text, item in zip(row, items, strict=True)] for row in rows]
    cells = [*([text] for text in table.above), head, *raw]
    return Grid(cells, 1, table.merged, table.hidden, table.filtered)


@cache
def _common() -> list[Given]:
    """The tables of README.md, which every case has unless it gives its own."""
    return _parse(FOLDER / "README.md")[1]


def shown(case: Case, findings) -> list[str]:
    """The places of findings as the files write them; sheets without a table are left out, since nothing is said of them.

    Of a workbook that could not be read everything is said: nothing may be found there.
    """
    given = {
        f"{home if '/' in home else f'{YEAR}/{home}'}/{stem}.xlsx {title}"
        for home, stem, title in (t.place for t in _with(case.tables, _common()))
    }
    unread = {f"{YEAR}/{home}/{stem}.xlsx" for home, stem in case.unread}
    places = []
    for finding in findings:
        sheet = f"{finding.workbook} {finding.sheet}"
        if sheet in given or (finding.workbook in unread and finding.sheet):
            row = f" 第{finding.row}行" if finding.row else ""
            column = f" {finding.column}" if finding.column else ""
            places.append(f"{sheet.removeprefix(YEAR + '/')}{row}{column}")
    return sorted(places)
