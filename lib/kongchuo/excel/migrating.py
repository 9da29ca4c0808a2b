"""A workbook of an older template brought into the present one: its raw cells column by column, and looked at again. Changes no file.

A column is found as reading finds it, by its title or an alias; codes that are no more are replaced (`replaced` of their list). What
the new workbook cannot hold is never dropped in silence: it is named, or the workbook refused.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xlsxwriter.worksheet import Worksheet

from ..core.cells import PICTURE, STALE, CellError, clean, fold, renewed, shown
from ..core.columns import typed
from ..core.places import GUIDE, HINT, LISTS, RESULTS
from ..core.schema import Codes, Field, Schema, Sheet
from ..core.sheets import Grid, Header, find_header, since_1900
from ..core.workbooks import Workbook, column_letters
from . import marking, parsing, result_lines, writing
from .marking_plan import Plan
from .parts import Package, Refused, split

OURS = (RESULTS, GUIDE, LISTS)
# parts of a package that a new workbook does not have
BESIDE = {"comments": "批注", "threadedcomments": "批注", "media": "图片"}


@dataclass
class Taken:
    """What one worksheet holds: its rows below the header, as raw cells by field and by the texts of columns that are not ours."""

    sheet: Sheet
    rows: list[dict[str, object]] = field(default_factory=list)
    others: list[tuple[str, list[object]]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass
class Moved:
    """A workbook of the present template, in Chinese what was done, and what stands in the old one only: a person must look at it."""

    data: bytes
    done: tuple[str, ...]
    left: tuple[str, ...]


def is_older(workbook: Workbook) -> bool:
    """Whether a workbook was made from an older template: it says so, or says nothing and lacks something."""
    if workbook.version is not None:
        return workbook.version < workbook.book.version
    return any(one.rule in ("R05", "F12") for one in workbook.findings)


def moved(data: bytes, workbook: Workbook, stem: str, schema: Schema) -> Moved:
    """The workbook as the present template has it. Raises Refused for what cannot be brought over whole."""
    grids = parsing.grids(data)
    taken = {one.sheet.name: one for one in _sheets(grids, workbook, schema)}
    rows = {name: one.rows for name, one in taken.items()}
    new = writing.workbook_bytes(
        stem, workbook.book, rows, schema, lambda sheet, ws: _beside(ws, sheet, taken.get(sheet.name))
    )
    _proved(taken, parsing.grids(new), schema)
    new, waivers = _with_waivers(data, new, workbook)
    done = [line for one in taken.values() for line in one.done]
    done += _formulas(data, taken, grids)
    done += [f"带过来豁免 {waivers} 条，再标一次问题就照旧生效"] if waivers else []
    left = [line for one in taken.values() for line in one.left]
    return Moved(new, tuple(done), (*left, *_left(data, grids, workbook)))


# --- What the old workbook holds ------------------------------------------------------------------------------------------
def _sheets(grids: Mapping[str, Grid | None], workbook: Workbook, schema: Schema) -> Iterator[Taken]:
    titles = {fold(title): title for title in grids}
    for sheet in workbook.book.sheets:
        title = titles.get(fold(sheet.title))
        if title is None:
            continue
        grid = grids[title]
        if grid is None:
            raise Refused(f"“{title}”的内容已损坏")
        header = find_header(grid, sheet)
        if header is not None:
            yield _taken(sheet, grid, header, schema)
        elif not grid.empty:
            raise Refused(f"“{title}”找不到表头，请先从模板把表头复制回第1行")


def _taken(sheet: Sheet, grid: Grid, header: Header, schema: Schema) -> Taken:
    """The cells of a worksheet below its header, with the replaced codes, ready to be written."""
    first = grid.first_row + header.data
    if any(bottom >= first for _, _, bottom, _ in grid.merged):
        raise Refused(f"“{sheet.title}”里有合并的单元格，请先取消合并、每一格各填各的")
    cells = [[row[at] if at < len(row) else "" for at in range(len(header.texts))] for row in grid.rows[header.data :]]
    while cells and not any(_filled(value) for at, value in enumerate(cells[-1]) if header.texts[at] != HINT):
        cells.pop()
    made = Taken(sheet, [{} for _ in cells])
    for name, at in header.columns.items():
        item, values = sheet.by_name[name], [row[at] for row in cells]
        for row, value in zip(made.rows, _renewed(made, item, values, grid, schema), strict=True):
            row[name] = value
        if clean(header.texts[at]) != item.title:
            made.done.append(f"“{sheet.title}”的“{header.texts[at]}”现在叫“{item.title}”")
    for at in sorted({*range(len(header.texts))} - {*header.columns.values()}):
        text, values = header.texts[at], [_writable(row[at]) for row in cells]
        if text != HINT and (text or any(map(_filled, values))):
            made.others.append((text, values))
    said = {
        "新加的列空着": [item.title for item in sheet.typed if item.name not in header.columns],
        "多出的列照抄在最右边": [text or "没有列名的一列" for text, _ in made.others],
    }
    made.done += [f"“{sheet.title}”{what}：{'、'.join(names)}" for what, names in said.items() if names]
    gone = [f"{column_letters(at + 1)}{first + number}" for number, row in enumerate(cells)
            for at, value in enumerate(row) if value is STALE or value is PICTURE]  # fmt: skip
    made.left += [f"“{sheet.title}”{'、'.join(gone)} 是图片，或没有算出来的公式"] if gone else []
    above = sum(any(grid.texts(at)) for at in range(header.index))
    made.left += [f"“{sheet.title}”表头上面的 {above} 行"] if above else []
    return made


def _renewed(made: Taken, item: Field, values: Sequence[object], grid: Grid, schema: Schema) -> list[object]:
    """A column's raw cells as they are to be written: today's codes, days counted from 1900."""
    values = [_writable(value, item) for value in values]
    codes = schema.codes.get(item.codes)
    if grid.since_1904 and item.type == "date":
        values = since_1900(values)
    if codes is None or not codes.replaced:
        return values
    now = [renewed(value, codes) for value in values]
    changed = {(old, new) for old, new in zip(values, now, strict=True) if old != new}
    for old, new in sorted(changed):
        made.done.append(f"“{made.sheet.title}”的“{item.title}”：{old} 改为 {new}，{values.count(old)} 格")
    return now


def _writable(value: object, item: Field | None = None) -> object:
    """A raw cell as a value that can be written; "" for what is no value (STALE, PICTURE)."""
    if isinstance(value, CellError):
        return value.text
    if value is STALE or value is PICTURE or value is None:
        return ""
    if isinstance(value, bool):
        return value if item is not None and item.type == "boolean" else shown(value)
    return shown(value) if isinstance(value, dt.time | dt.timedelta) else value


def _filled(value: object) -> bool:
    return value not in (None, "") and bool(clean(shown(value)))


def _beside(ws: Worksheet, sheet: Sheet, taken: Taken | None) -> None:
    """Write columns that are not of the template to the right of the hints, as texts and numbers."""
    for place, (text, values) in enumerate(taken.others if taken else (), len(sheet.typed) + 1):
        for row, value in enumerate((text, *values)):
            if isinstance(value, int | float) and not isinstance(value, bool):
                ws.write_number(row, place, value)
            elif value not in (None, ""):
                ws.write_string(row, place, shown(value))


# --- What does not go along -------------------------------------------------------------------------------------------------
def _left(data: bytes, grids: Mapping[str, Grid | None], workbook: Workbook) -> Iterator[str]:
    known = {fold(title) for title in (*OURS, *(sheet.title for sheet in workbook.book.sheets))}
    for title, grid in grids.items():
        if fold(title) not in known and (grid is None or not grid.empty):
            yield f"多出的工作表“{title}”"
    parts = [name.lower() for name in Package(data).names()]
    yield from dict.fromkeys(said for word, said in BESIDE.items() if any(word in name for name in parts))


def _formulas(data: bytes, taken: Mapping[str, Taken], grids: Mapping[str, Grid | None]) -> Iterator[str]:
    """Formulas become what they came to, as pasting values does; our own hints are made anew."""
    package, titles = Package(data), {fold(title): title for title in grids}
    for one in taken.values():
        title = titles[fold(one.sheet.title)]
        header = find_header(grids[title], one.sheet)
        own = header.texts.index(HINT) + 1 if HINT in header.texts else 0
        cells = package.tree(package.sheets[title]).iter(package.tag("c"))
        found = [at for cell in cells if cell.find(package.tag("f")) is not None and (at := cell.get("r"))]
        number = sum(split(at)[1] != own for at in found)
        if number:
            yield f"“{title}”的公式 {number} 格写成了它的结果"


def _with_waivers(data: bytes, new: bytes, workbook: Workbook) -> tuple[bytes, int]:
    """The new workbook with the lines of 校验结果 beside which people have typed, and how many they are."""
    lines = [row for row in result_lines.read(Package(data)) if any(row.get(name) for name in result_lines.OWN)]
    if not lines:
        return new, 0
    plan = Plan("", "", dt.date.today(), ()).keeping(lines, frozenset(str(row.get("rule")) for row in lines))
    plan = replace(plan, entries=tuple(replace(entry, cell="") for entry in plan.entries))  # cells have moved
    package = Package(new)
    marking.fill(package, plan, workbook.book, lines)
    return package.data(), len(lines)


# --- Looked at again --------------------------------------------------------------------------------------------------------
def _proved(taken: Mapping[str, Taken], grids: Mapping[str, Grid | None], schema: Schema) -> None:
    """Raises Refused unless every cell of the new workbook holds what was taken, and no other cell holds anything."""
    for one in taken.values():
        grid = grids[one.sheet.title]
        header = find_header(grid, one.sheet)
        rows = grid.rows[header.data :]
        for at, text in enumerate(header.texts):
            again = [row[at] if at < len(row) else "" for row in rows]
            item = next((one.sheet.by_name[name] for name, place in header.columns.items() if place == at), None)
            place = at - len(one.sheet.typed) - 1
            was = [row.get(item.name, "") for row in one.rows] if item else one.others[place][1] if place >= 0 else []
            was = [*was, *[""] * (len(again) - len(was))]
            if text != HINT and not (len(was) == len(again) and _same(was, again, item, schema.codes)):
                raise Refused(f"搬进新模板后读回来不一样（“{one.sheet.title}”的“{text}”），没有采用")


def _same(was: Sequence[object], again: Sequence[object], item: Field | None, codes: Mapping[str, Codes]) -> bool:
    """Whether two columns of raw cells are the same: each as it shows, or as it is read."""
    odd = [(old, new) for old, new in zip(was, again, strict=True) if _text(old) != _text(new)]
    if not odd or item is None:
        return not odd
    (old, lost), (new, also) = (typed(values, item, codes.get(item.codes)) for values in zip(*odd, strict=True))
    return list(old) == list(new) and not any(one.lost for one in (*lost, *also))


def _text(value: object) -> str:
    return "" if value in (None, "") else shown(value)
