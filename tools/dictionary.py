"""The two pages staff look things up in, made from what the program itself goes by: 数据字典 and 规则目录.

One page each, whole in itself: styles and a small filter inside, nothing fetched, nothing dated, so that the same declarations
give the same bytes. Knows no files but its own templates.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import jinja2

from kongchuo.core.findings import SEVERITIES
from kongchuo.core.policy import SOURCES, Policy, cited, keys
from kongchuo.core.schema import CENTRE, TERMS, Book, Codes, Field, Schema, Sheet
from kongchuo.facts.signals import SIGNALS
from kongchuo.figures.definitions import MEASURES
from kongchuo.rules import catalogue

TEMPLATES = Path(__file__).parent / "handbook"
DICTIONARY, RULES = "数据字典.html", "规则目录.html"  # their names in the handbook

TYPES = {"string": "文字", "integer": "整数", "number": "数", "date": "日期", "boolean": "是或否"}
FORMATS = {
    "identifier": "编号",
    "id_number": "证件号码",
    "status_no": "学籍号",
    "disability_no": "残疾证号",
    "phone": "电话",
    "person_name": "姓名",
    "school_year": "学年",
    "month": "年-月",
    "entry_month": "年月六位",
    "class_name": "班级名称",
}
PERSONAL = {"name": "姓名", "id": "身份", "phone": "电话", "place": "住址去向", "note": "情况说明", "sensitive": "敏感"}
FEW = 8  # so many values of a code list are named in the column's own row


@dataclass(frozen=True)
class Column:
    """One column of a sheet as staff ask about it."""

    item: Field
    kind: str
    when: str
    values: str
    codes: Codes | None = None


def columns(sheet: Sheet, schema: Schema) -> Iterator[Column]:
    """The columns of a sheet in order, the computed ones included."""
    for item in sheet.fields:
        codes = schema.codes.get(item.codes)
        kind = FORMATS.get(item.format, TYPES[item.type])
        when = "自动计算，不填" if item.generated else sheet.when(item) or "选填"
        yield Column(item, kind, when, "；".join(_values(item, sheet, schema)), codes)


def _values(item: Field, sheet: Sheet, schema: Schema) -> Iterator[str]:
    """What a cell of the column may hold, beyond its type."""
    if item.codes:
        names = schema.codes[item.codes].names
        yield "、".join(names) if len(names) <= FEW else f"{'、'.join(names[:3])}等{len(names)}种"
    if item.many:
        yield "可填多项，用“、”隔开"
    if item.reference:
        yield f"“{schema.sheets[item.reference].title}”表里有的"
    if item.minimum is not None or item.maximum is not None:
        low, high = (f"{end:g}" if end is not None else "" for end in (item.minimum, item.maximum))
        yield f"{low}至{high}" if low and high else f"不小于{low}" if low else f"不大于{high}"
    if item.unique:
        yield "不能重复"
    for names, said in ((item.not_before, "不早于"), (item.not_after, "不晚于"), (item.other_than, "不能是")):
        yield from (f"{said}“{sheet.by_name[name].title}”" for name in names)
    if item.people:
        yield f"至少{item.people}人"
    if item.aliases:
        yield f"旧表头“{'”“'.join(item.aliases)}”也认"


def keeper(book: Book) -> str:
    """Who keeps a workbook, and where it lies."""
    if book.owner == "centre":
        return f"中心学校填写和保管，放在“学年/{CENTRE}”里"
    return "每所学校各一本，由学校填写和保管，放在“学年/学校全称”里"


def users(schema: Schema) -> dict[str, list[str]]:
    """For each code list, the columns that take their values from it."""
    found: dict[str, list[str]] = {}
    for sheet in schema.sheets.values():
        for item in sheet.fields:
            if item.codes:
                found.setdefault(item.codes, []).append(f"{sheet.title}·{item.title}")
    return found


@dataclass(frozen=True)
class Value:
    """One entry of a parameter (there is one for each day on which a value began), and the rules and measures that read it."""

    group: str
    item: object
    source: str
    read_by: tuple[str, ...]


def values(policy: Policy) -> dict[str, list[Value]]:
    """All entries of the policy, by group, in the order of the table of keys; of a key the newest last."""
    readers: dict[str, dict[str, None]] = {}
    reading = [(entry.code, entry.parameters) for entry in catalogue.entries()]
    reading += [(item.code, (*item.beside, *catalogue.parameters(item.function))) for item in MEASURES]
    for code, read in reading:
        for key in read:
            readers.setdefault(key, {})[code] = None
    order = {key: place for place, key in enumerate(keys().by_name)}
    found: dict[str, list[Value]] = {}
    for item in sorted(policy.parameters, key=lambda item: (order[item.key], item.holds_from)):
        group = keys().by_name[item.key].group
        found.setdefault(group, []).append(Value(group, item, SOURCES[item.source], tuple(readers.get(item.key, ()))))
    return found


# --- examples of the catalogue ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Table:
    """A small worksheet of an example: where it stands, its header, its rows; `marked` are the (row, column) found."""

    place: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: frozenset[tuple[int, str]]

    def shows(self, row: int, column: str) -> bool:
        """Whether a place is to be seen: the sheet as such, a column's header, or a row."""
        return (row <= 1 and column in ("", *self.head)) or 1 < row <= len(self.rows) + 1


@dataclass(frozen=True)
class Example:
    """What a rule's own page says of it: title, how it judges, and the worksheets of its first bad case."""

    title: str
    about: str
    notes: tuple[str, ...]
    tables: tuple[Table, ...]
    elsewhere: tuple[str, ...]  # places found that stand in none of the tables


NOTATION = (
    (r"^∅$", ""),
    (r"^'(.+)", r"\1（按文本保存）"),
    (r"^#num (.+)", r"\1（按数值保存）"),
    (r"^#date (.+)", r"\1（真正的日期）"),
    (r"^#stale$", "（公式没有结果）"),
    (r"\\u[0-9a-f]{4}", "（看不见的字符）"),
)
PLACE = re.compile(r"- (\S+\.xlsx \S+)(?: 第(\d+)行)?(?: (\S+))?")


def example(text: str) -> Example:
    """An Example from the text of a page of tests/rules (their README says how such a page is written)."""
    head, *cases = re.split(r"^## ", text, flags=re.M)
    title, _, about = head.removeprefix("# ").partition("\n")
    case = next((case for case in cases if case.startswith("错")), "")
    _, *parts = re.split(r"^### ", case, flags=re.M)
    said = {
        match[0].removeprefix("- "): (match[1], int(match[2] or 0), match[3] or "") for match in PLACE.finditer(case)
    }
    notes = re.findall(r"^(?:截至|读不到|上方|合并|隐藏|筛选)：.*$", case, flags=re.M)
    tables = tuple(_table(part, said.values()) for part in parts)
    elsewhere = tuple(
        text
        for text, (place, row, column) in said.items()
        if not any(table.place == place and table.shows(row, column) for table in tables)
    )
    return Example(title.partition(" ")[2], about.strip(), tuple(notes), tables, elsewhere)


def _table(part: str, said: Iterable[tuple[str, int, str]]) -> Table:
    place = part.partition("\n")[0].strip()
    lines = [line for line in part.splitlines() if line.startswith("|") and not re.fullmatch(r"[|:\- ]+", line)]
    head, *rows = (tuple(_cell(cell.strip(" ")) for cell in line.strip("|").split("|")) for line in lines)
    marked = frozenset((row, column) for where, row, column in said if where == place)
    return Table(place, head, tuple(rows), marked)


def _cell(text: str) -> str:
    """A cell of a test page as a reader who does not know its notation sees it."""
    for pattern, shown in NOTATION:
        text = re.sub(pattern, shown, text)
    return text


# --- pages ------------------------------------------------------------------------------------------------------------
@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (TEMPLATES / "filter.js").read_text("utf-8")
    made.filters["cited"] = cited
    made.globals |= {
        "css": (TEMPLATES / "handbook.css").read_text("utf-8"),
        "script": script,
        # the browser runs this very script and no other
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "DICTIONARY": DICTIONARY,
        "RULES": RULES,
        "SOURCES": "出处里的“业务规范”是编写程序所依据的规格说明，S 后面的数字是其中文件的编号。",
    }
    return made


def dictionary(schema: Schema, policy: Policy) -> str:
    """The page 数据字典: every workbook, sheet, column, code list, rule, measure and parameter."""
    return _render(
        "dictionary.html",
        books=schema.books,
        columns=lambda sheet: tuple(columns(sheet, schema)),
        keeper=keeper,
        personal=PERSONAL,
        terms=TERMS,
        codes=tuple(schema.codes.values()),
        users=users(schema),
        entries=catalogue.entries(),
        measures=MEASURES,
        titles={item.key: item.title for item in policy.parameters},
        values=values(policy),
    )


def rules(schema: Schema, policy: Policy, pages: Mapping[str, str]) -> str:
    """The page 规则目录: every code with meaning, remedy and example; `pages` are the texts of tests/rules by code."""
    entries = catalogue.entries()
    return _render(
        "rules.html",
        groups=[(title, tuple(found)) for title, found in groupby(entries, key=lambda entry: entry.group)],
        levels=tuple(SEVERITIES.values()),
        needed=lambda entry: catalogue.needed(entry, schema),
        held={key: [value.item for value in found] for key, found in _by_key(policy).items()},
        examples={code: example(text) for code, text in pages.items()},
        signals=SIGNALS,
        signal_keys=lambda signal: catalogue.parameters(signal.fires),
    )


def _by_key(policy: Policy) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for value in (value for group in values(policy).values() for value in group):
        found.setdefault(value.item.key, []).append(value)
    return found


def _render(name: str, **more: object) -> str:
    return _environment().get_template(name).render(**more)
