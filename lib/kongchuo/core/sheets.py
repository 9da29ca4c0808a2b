"""One raw worksheet to a typed table: where the header is, which column is which, which rows are data.

Pure: a Grid of raw cells goes in, a Table and Findings come out. Every row keeps its Excel row number.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from .cells import ERRORS, clean, closest, fold, quoted, reader, shown
from .columns import Values, filled, typed
from .findings import ADDED, INFO, KINDS, Finding, Kind, Place, caused
from .number_formats import displayed
from .places import HINT
from .schema import Codes, Field, Sheet
from .workbooks import Table, Typed, column_letters

Range = tuple[int, int, int, int]  # first row, first column, last row, last column, as Excel counts them

DEEPEST_HEADER = 40  # a header is looked for in this many rows
DAYS_1904 = 1462  # from day 0 of 1900 to day 0 of 1904
MOST_BLANKS = 100  # blank rows reported in one worksheet, one by one
# rows below and between the data that are none: what people and programs write first in a row of totals, alone or behind the
# name of a group (七(1)班 汇总), and in the lines under a table
_TOTAL = re.compile(
    r"(?P<group>.{0,20}?)[:：-]?(总?(合计|小计|总计|共计|累计|汇总|计数|平均(值|数)?)|总(数|和|人数)|求和|最[大小]值|标准偏差|方差)"
    r"(行|数|人数)?[:：]?(\d+人?)?|.{0,20}?(共[计有]?|[男女]生?)\d+[人名](学生)?([,，、;；(（]?(其中)?[男女]生?\d+[人名]?[)）]?)*[。.]?"
    r"|(sub|grand)?total|count",
    re.I,
)
_FOOT = re.compile(
    r"(填表说明|填表人|填报人|填报单位|填表[日时][期间]|填报[日时][期间]|制表人?|制表[日时][期间]|审核人|复核人|负责人|单位负责人|校长签字|校长|班主任|经办人|备注|说明|注)[:：]|填表说明"
    r"|[(【]?(单位)?(盖章|公章|签章|签字|签名)"
    r"|[^\w]*(本?[页表]?以下(为?空白?|无正文|无内容|无数据)|本[页表](完|结束)|第\d+页)"
)
_LATIN = re.compile(r"(?<=[\u4e00-\u9fff])[a-z./ ]+$|^[a-z./ ]+(?=[\u4e00-\u9fff]{2})")  # 姓名 Name, of two languages
_PERSON = re.compile(r"\d{15}")  # a person's number, which no row of totals has
_REMARK = re.compile(r"\([^)]*\)|【[^】]*】|[*:※]")


@dataclass(frozen=True)
class Grid:
    """A worksheet as read: raw cells (see cells.py) by row; `rows[i][j]` is Excel row first_row+i, column j+1.

    `merged` are merged ranges, `hidden` the Excel rows nobody sees, `filtered` whether a filter has criteria, `formats` the odd
    number formats by (Excel row, column), `since_1904` whether numbers without a date format count days from there.
    """

    rows: Sequence[Sequence[object]]
    first_row: int = 1
    merged: Sequence[Range] = ()
    hidden: frozenset[int] | set[int] = frozenset()
    filtered: bool = False
    formats: Mapping[tuple[int, int], str] = field(default_factory=dict)
    since_1904: bool = False

    @property
    def empty(self) -> bool:
        """Whether no cell shows anything."""
        return not any(clean(shown(value)) for row in self.rows for value in row if value not in (None, ""))

    def texts(self, index: int) -> list[str]:
        """The texts of one row, as the eye sees them: a merged range shows its first cell everywhere."""
        texts = [shown(value) if value not in (None, "") else "" for value in self.rows[index]]
        row = self.first_row + index
        for top, left, bottom, right in self.merged:
            if top <= row <= bottom and top >= self.first_row and left <= len(texts):
                source = self.rows[top - self.first_row][left - 1]
                for column in range(left, min(right, len(texts)) + 1):
                    texts[column - 1] = shown(source) if source not in (None, "") else ""
        return texts


@dataclass(frozen=True)
class Header:
    """The header row: its index in the grid, the index where data begin, field -> column index, all texts."""

    index: int
    data: int
    columns: dict[str, int]
    texts: list[str]


def shape(grid: Grid, sheet: Sheet, workbook: str, codes: dict[str, Codes]) -> tuple[Table | None, list[Finding]]:
    """The typed Table of a worksheet and what was wrong in it (R06, F01, F07, F09-F13, F19-F21, F23-F27).

    `workbook` is the name findings carry, `codes` the code lists by name. The Table is None where there is no header.
    """
    place = partial(Place, workbook, sheet.title)
    grid = _rectangular(grid)
    header = find_header(grid, sheet)
    if header is None:
        why = "是空的，连表头也没有" if grid.empty else "找不到表头，没有读取"
        return None, [KINDS["R06"].at(place(), why=why)]
    if HINT in header.texts:
        grid, header = _without_hints(grid, header)
    kept, findings = _data_rows(grid, header, place)
    columns = list(zip(*(grid.rows[index] for index in kept), strict=True)) or [()] * len(header.texts)
    rows = [grid.first_row + index for index in kept]
    findings += _header_findings(grid, header, sheet, columns, place)
    covered, merges = _merges(grid, header, set(rows), sheet, place)
    findings += merges
    findings += _hidden(grid, rows, place)
    held, unread, displays = {}, set(covered), {}
    for item in sheet.fields:
        column = header.columns.get(item.name)
        if column is None:
            held[item.name] = [None] * len(rows)
            continue
        values = since_1900(columns[column]) if grid.since_1904 and item.type == "date" else columns[column]
        held[item.name], problems = typed(values, item, codes.get(item.codes))
        shows = _displays(grid, rows, column, values, item, codes.get(item.codes)) if grid.formats else {}
        displays |= {(row, item.name): seen for row, seen in shows.items()}
        for problem in problems:
            row = rows[problem.position]
            where = place(row, item.title, f"{column_letters(column + 1)}{row}")
            found = _kind(problem.code, item).at(where, **problem.facts)
            findings.append(only_displayed(found, *shows[row]) if row in shows else found)
            if problem.lost:
                unread.add((row, item.name))
    positions = {name: column + 1 for name, column in header.columns.items()}
    hidden, at = frozenset(grid.hidden) & frozenset(rows), grid.first_row + header.index
    table = Table(sheet, Typed(rows, held), positions, frozenset(unread), hidden, at, displays=displays)
    return _exchanged(table, columns, codes, findings, place)


EXCHANGED = 3  # cells that cannot be read under a header before it is suspected, and at least half of those filled


def _exchanged(
    table: Table, columns: Sequence, codes: dict[str, Codes], findings: list[Finding], place: partial
) -> tuple[Table, list[Finding]]:
    """F40 where two columns each hold what the other's header says; what was found in their cells follows from it."""
    sheet, values = table.sheet, table.held.values
    lost = {item.name: sum(1 for _, name in table.unread if name == item.name) for item in sheet.typed}

    def read(item: Field, other: Field) -> tuple[Values, int]:
        """The cells under one header read as those of another, and how many could not be read."""
        found, problems = typed(columns[table.columns[other.name] - 1], item, codes.get(item.codes))
        return found, sum(problem.lost for problem in problems)

    held = [item for item in sheet.typed if item.name in table.columns]
    for item in held:
        if lost[item.name] < max(EXCHANGED, (filled(values[item.name], item) + lost[item.name]) / 2):
            continue
        for other in held:
            if other is item or (other.type, other.format, other.codes) == (item.type, item.format, item.codes):
                continue
            (one, bad), (two, worse) = read(item, other), read(other, item)
            if filled(values[other.name], other) + lost[other.name] == 0 or (bad + worse) * 5 > lost[item.name]:
                continue
            letters = {name: column_letters(table.columns[name]) for name in (item.name, other.name)}
            where = place(table.header_row, item.title, f"{letters[item.name]}{table.header_row}")
            cause = KINDS["F40"].at(where, other=other.title, near=f"{letters[other.name]}列")
            titles = {item.title, other.title}
            told = [caused(one, cause) if one.row and one.column in titles else one for one in findings]
            unread = frozenset(cell for cell in table.unread if cell[1] not in (item.name, other.name))
            exchanged = Typed(table.held.rows, values | {item.name: one, other.name: two})
            right = replace(table, frame=exchanged, unread=unread)
            return replace(table, frame=table.held, instead=right), [*told, cause]
    return table, findings


def _kind(code: str, item: Field) -> Kind:
    """The kind of a problem; a picture in a column of remarks is no fault, but is said not to be read."""
    if code == "F32" and item.name == "note":
        says, fix = "“{column}”里有图片，图片没有读取", "要报的内容请写成文字。"
        return replace(KINDS[code], severity=INFO, says=says, fix=fix)
    return KINDS[code]


def since_1900(values: Sequence[object]) -> list[object]:
    """Days counted from 1904, of a workbook that was made so, as days counted from 1900; dates as such are known to the reader."""
    return [
        value + DAYS_1904 if isinstance(value, int | float) and not isinstance(value, bool) and value < 1e6 else value
        for value in values
    ]


def _displays(
    grid: Grid, rows: Sequence[int], column: int, values: Sequence[object], item: Field, codes: Codes | None
) -> dict[int, tuple[str, str]]:
    """By row, what cells of a column show by an odd number format and what they hold, where that reads differently."""
    found, read = {}, reader(item, codes)
    for row, value in zip(rows, values, strict=True):
        code = grid.formats.get((row, column + 1))
        seen = displayed(value, code) if code and value not in (None, "") else None
        if seen is None or fold(seen) == fold(shown(value)):
            continue
        held, lost = read(value)[0], read(value)[0] is None
        if lost or (item.type in ("string", "boolean") and read(seen)[0] != held):
            found[row] = (quoted(seen), quoted(value))
    return found


def only_displayed(finding: Finding, seen: str, held: str) -> Finding:
    """The finding, with what the cell shows: whoever looks at it sees no fault."""
    return replace(finding, message=f"{finding.message}；单元格显示“{seen}”，只是数字格式显示成这样，存的是“{held}”")


def _without_hints(grid: Grid, header: Header) -> tuple[Grid, Header]:
    """The sheet without what the program itself shows in it (see marking): no column, no value, no row that is only that."""
    own = header.texts.index(HINT)
    rows = [[*row[:own], "", *row[own + 1 :]] for row in grid.rows]
    texts = [*header.texts[:own], "", *header.texts[own + 1 :]]
    return replace(grid, rows=rows), replace(header, texts=texts)


def _rectangular(grid: Grid) -> Grid:
    width = max(map(len, grid.rows), default=0)
    if all(len(row) == width for row in grid.rows):
        return grid
    return replace(grid, rows=[[*row, *[""] * (width - len(row))] for row in grid.rows])


def _match(texts: list[str], sheet: Sheet) -> dict[str, int]:
    """field -> column index. An exact title comes first, then titles and aliases folded, then without their remarks."""

    def bare(text: str) -> str:
        return _REMARK.sub("", fold(text)).casefold()

    columns: dict[str, int] = {}
    for same in (clean, lambda text: fold(text).casefold(), bare, lambda text: _LATIN.sub("", bare(text))):
        said = [same(text) for text in texts]
        for item in sheet.typed if len(columns) < len(sheet.typed) else ():
            for title in (item.title, *(() if same is clean else item.aliases)) if item.name not in columns else ():
                if (wanted := same(title)) and wanted in said:
                    free = [i for i, text in enumerate(said) if text == wanted and i not in columns.values()]
                    if free:
                        columns[item.name] = free[0]
                        break
    return columns


def find_header(grid: Grid, sheet: Sheet) -> Header | None:
    """The row that names most columns; where two do, the upper one. Fewer than two names make no header."""
    best: dict[str, int] = {}
    at = 0
    for index in range(min(DEEPEST_HEADER, len(grid.rows))):
        columns = _match(grid.texts(index), sheet)
        if len(columns) > len(best):
            best, at = columns, index
        if len(best) == len(sheet.typed):
            break
    if len(best) < 2:
        return None
    row = grid.first_row + at
    used = {column + 1 for column in best.values()}
    over = (box for box in grid.merged if box[0] <= row <= box[2] and used & {*range(box[1], box[3] + 1)})
    return Header(at, max([row, *(box[2] for box in over)]) - grid.first_row + 1, best, grid.texts(at))


def alike(grid: Grid, sheets: Iterable[Sheet]) -> Sheet | None:
    """The sheet whose header a worksheet bears, whatever its title: most of the header is known, and half of what must be filled."""
    depth = min(DEEPEST_HEADER, len(grid.rows))
    texts = {fold(text).casefold() for index in range(depth) for text in grid.texts(index)}
    grid, best, size = _rectangular(grid), None, 2
    for sheet in sheets:
        if sum(fold(item.title).casefold() in texts for item in sheet.typed) <= 2:
            continue
        header = find_header(grid, sheet)
        needed = [item.name for item in sheet.typed if item.required]
        there = [name for name in needed if header and name in header.columns]
        most = header and 2 * len(header.columns) >= sum(map(bool, header.texts))
        if most and 2 * len(there) >= len(needed) and len(header.columns) > size:
            best, size = sheet, len(header.columns)
    return best


def _header_findings(grid: Grid, header: Header, sheet: Sheet, data: Sequence, place: partial) -> Iterator[Finding]:
    row = grid.first_row + header.index
    if row > 1:
        above = [grid.texts(index) for index in range(header.index)]
        first = next((i for i, texts in enumerate(above) if any(texts)), None)
        where = place(1)
        if first is not None:
            column = next(i for i, text in enumerate(above[first]) if text) + 1
            where = place(grid.first_row + first, cell=f"{column_letters(column)}{grid.first_row + first}")
        yield KINDS["F11"].at(where, value=f"表头在第{row}行，应在第1行")
    unused = [i for i in range(len(header.texts)) if i not in header.columns.values()]
    extra = {quoted(header.texts[i]): i for i in reversed(unused) if header.texts[i]}
    renamed: dict[int, str] = {}
    for item in sheet.typed:
        if item.name not in header.columns:
            near = next(filter(None, (closest(word, extra) for word in (item.title, *item.aliases))), "")
            cell = f"{column_letters(extra[near] + 1)}{row}" if near else ""
            renamed |= {extra[near]: item.title} if near else {}
            yield (ADDED if item.added and not near else KINDS)["F12"].at(
                place(row, item.title, cell), near=f"{cell}的“{near}”是不是它？" if near else ""
            )
    used = {sheet.by_name[name].title for name in header.columns}
    for column in unused:
        letters, title = column_letters(column + 1), quoted(header.texts[column])
        if title or any(value not in (None, "") for value in data[column]):
            near = "这一列出现了两次。" if title in used else ""
            near = f"是不是“{renamed[column]}”？" if column in renamed else near
            yield KINDS["F26"].at(place(row, title or f"{letters}列（没有列名）", f"{letters}{row}"), near=near)


def _data_rows(grid: Grid, header: Header, place: partial) -> tuple[list[int], list[Finding]]:
    """Indexes of the rows that hold data, and the findings of rows that are none: F13, and F11 for a header repeated."""
    used = sorted(header.columns.values())
    titles = [header.texts[column] for column in used]
    kept, blank, findings = [], [], []
    # a title, printed on each page anew
    above = {fold(text) for at in range(header.index) for text in grid.texts(at) if text}
    for index in range(header.data, len(grid.rows)):
        values = grid.rows[index]
        first = values[used[0]]
        # nearly every row begins with a value; only the others are looked at cell by cell
        if first in (None, "") or (isinstance(first, str) and not first[:1].isalnum()):
            filled = [value for value in values if value not in (None, "") and clean(shown(value))]
            if not any(values[c] not in (None, "") and clean(shown(values[c])) for c in used):
                blank.append(index) if not filled else findings.append(_f13(grid, index, place))
                continue
            first = filled[0]
        if not isinstance(first, str) or (first.isascii() and not first.isalpha()):
            kept.append(index)
        elif _no_data(fold(first), values, [values[c] for c in used], above):
            findings.append(_f13(grid, index, place))
        elif shown(first) == titles[0] and [shown(values[column] or "") for column in used] == titles:
            row = grid.first_row + index
            where = place(row, cell=f"{column_letters(used[0] + 1)}{row}")
            findings.append(KINDS["F11"].at(where, value=f"第{row}行又是一行表头"))
        else:
            kept.append(index)
    inside = [index for index in blank if kept and index < kept[-1]]
    return kept, findings + [_f13(grid, index, place) for index in inside[:MOST_BLANKS]]


def _no_data(first: str, whole: Sequence[object], values: Sequence[object], above: set[str]) -> bool:
    """Whether a row is a line under the table, a row of totals, or a title from above the header printed once more."""
    if _FOOT.match(first) or (_TOTAL.fullmatch(first) and _totals(values)):
        return True
    return first in above and len({fold(shown(value)) for value in whole if value not in (None, "")}) == 1


def _totals(values: Sequence[object]) -> bool:
    """Whether a row that a word of totals begins holds no more than its numbers: a row with names and dates is a person's."""
    texts = [value for value in values if isinstance(value, str) and clean(value) not in ("", *ERRORS)]
    others = [text for text in texts if not _TOTAL.fullmatch(fold(text)) and not re.fullmatch(r"[\d.%人]+", fold(text))]
    return len(others) <= 2 and not any(isinstance(value, dt.date) or _PERSON.search(shown(value)) for value in values)


def _f13(grid: Grid, index: int, place: partial) -> Finding:
    row = grid.first_row + index
    column = next((i for i, value in enumerate(grid.rows[index]) if value not in (None, "")), 0)
    return KINDS["F13"].at(place(row, cell=f"{column_letters(column + 1)}{row}"))


def _merges(
    grid: Grid, header: Header, rows: set[int], sheet: Sheet, place: partial
) -> tuple[set[tuple[int, str]], list[Finding]]:
    """F11 for merged ranges that touch the data, once for those in the header, and the (row, field) hidden under them."""
    covered, findings, in_header = set(), [], []
    names = {column + 1: name for name, column in header.columns.items()}
    heads = range(grid.first_row + header.index, grid.first_row + header.data)
    for top, left, bottom, right in sorted(grid.merged):
        under = [column for column in range(left, right + 1) if column in names]
        touched = [row for row in range(top, bottom + 1) if row in rows]
        if under and (touched or any(top <= row <= bottom for row in heads)):
            first = f"{column_letters(left)}{top}"
            where = place(top, sheet.by_name[names[under[0]]].title, first)
            value = f"{first}:{column_letters(right)}{bottom}"
            if touched:
                findings.append(KINDS["F11"].at(where, value=value))
            else:
                in_header.append((where, value))
            covered |= {(r, names[c]) for r in touched for c in under if (r, c) != (top, left)}
    if in_header:  # a header of two rows is one mistake, however many columns it has
        where, value = in_header[0]
        more = f"等{len(in_header)}处" if len(in_header) > 1 else ""
        findings.append(KINDS["F11"].at(where, value=f"表头{value}{more}"))
    return covered, findings


def _hidden(grid: Grid, rows: list[int], place: partial) -> Iterator[Finding]:
    hidden = [row for row in rows if row in grid.hidden]
    if hidden or grid.filtered:
        listed = "、".join(map(str, hidden[:5])) + ("等" if len(hidden) > 5 else "")
        value = "，".join((*([f"隐藏第{listed}行"] if hidden else []), *(["有筛选"] if grid.filtered else [])))
        yield KINDS["F20"].at(place(hidden[0] if hidden else 0), value=value)
