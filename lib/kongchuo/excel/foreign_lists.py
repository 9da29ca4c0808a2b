"""A list of names that follows no template (one from above, a school's own), xlsx or csv, to one table: columns by header and alias.

Whoever sends such a list follows no template, so a title above the header and other columns are no fault. What cannot be read
without doubt (a number that Excel has shortened) is reported and left empty, never guessed. Raises UserError for what is no list.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO, StringIO
from pathlib import Path

import pandas as pd
import python_calamine

from ..core import processes
from ..core.cells import fold, shown
from ..core.findings import KINDS, Finding, Place, UserError
from ..core.numbers import some
from ..core.schema import Field, Schema, Sheet
from ..core.sheets import Grid, shape
from ..core.workbooks import Table, column_letters
from .package_guard import LOCKED, MAX_AREA, MAX_FILE, OLE2, Refusal, Unseen, look, scan, size_of, wrapped
from .parsing import bytes_of, cells_of, grid_of

TAKEN = ("student_key", "name", "sex", "id_no", "status_no", "birth_date")  # as in 学生花名册
MORE_ALIASES = {
    "name": ("儿童姓名", "幼儿姓名", "孩子姓名", "子女姓名", "少儿姓名", "适龄儿童姓名", "适龄儿童少年姓名", "学生", "学生名称"),
    "id_no": ("证件号", "身份证", "身份证件号", "学生身份证号", "学生证件号码", "居民身份证号", "身份证明号码", "公民身份证号", "公民身份证号码"),
    "status_no": ("学籍号码", "学籍编号", "学生学籍号", "全国学籍号码", "国网学籍号"),
    "birth_date": ("出生年月", "出生", "生日"),
}  # fmt: skip
OWN = (
    Field("school", "学校", aliases=("学校名称", "就读学校", "所在学校", "学籍学校", "学籍所在学校", "原就读学校", "毕业学校")),
    Field("pushed", "推送日期", type="date", aliases=("下发日期", "推送时间", "下发时间", "发现日期")),
    Field("note", "备注", aliases=("说明", "情况说明")),
)  # fmt: skip
LOST = ("F01", "F09", "F10", "F19", "F23", "F27", "F32", "F35")  # said of a cell whose value could not be kept
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".et")
SHORTENED = re.compile(r"\d(?:\.\d+)?E\+?[12]\d", re.I)  # a long number as Excel and Java write it as text
MASK = re.compile(r"([A-Z]?\d*)[*#?●■○□◆×·.…_X-]{2,}|([A-Z]?\d*)\*")  # what hides the middle or the end of a number
NUMBER = re.compile(r"\d{14,18}[\dX]")  # a person's number, one digit more or less by a slip of the pen
NOTHING = ("无", "没有", "暂无", "不详", "/", "-", "--", "—", "——")
MOST_BLOCKS = 8  # lists side by side in one worksheet
# what systems of offices export as .xls
PAGE = re.compile(r"\s*(?:<\?xml|<!|<html|<head|<meta|<style|<table|MIME-Version:)", re.I)
AS_TEXT = re.compile(r'="(.*)"')  # the way some programs keep Excel from shortening it
HEADER = "要有“姓名”一列，和“证件号码”“学籍号”“出生日期”“学校”里的至少一列"


@dataclass(frozen=True)
class Pushed:
    """The people of a list, indexed by Excel row, with the columns of TAKEN and OWN, and the cells that could not be read.

    `legible` is what can be seen of a masked number (990001*4257), which is no number. `notes` say what a reader of the file
    may not have seen, `unread` what looks like a list and was not compared.
    """

    name: str
    people: pd.DataFrame
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class _List:
    """A worksheet that is a list: its blocks side by side, what was wrong in each, and what was said of its rows."""

    title: str
    hidden: bool
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]

    @property
    def size(self) -> int:
        return sum(len(table) for table in self.tables)


def read_list(path: Path, schema: Schema) -> Pushed:
    """Read a list, in a process apart. Raises UserError, naming the file and the remedy, for one that cannot be."""
    path = path.expanduser()
    try:
        return processes.call(read_list_here, path, schema, size=size_of(path))
    except processes.Died as died:
        raise UserError(
            f"名单“{path.name}”不能读取，{died}。请把要核对的人复制到一个新建的工作簿里，只留需要的几列，再运行。"
        ) from died


def read_list_here(path: Path, schema: Schema) -> Pushed:
    """`read_list` in this process, which a list may end."""
    if path.is_dir():
        raise UserError(f"“{path}”是文件夹。请给出名单文件，例如 名单.xlsx 或 名单.csv。")
    try:
        data = bytes_of(path)
    except FileNotFoundError as error:
        raise UserError(f"找不到名单“{path}”，请检查路径是否写对。") from error
    except OSError as error:
        raise UserError(f"名单“{path.name}”打不开。请关闭正在使用它的程序，再运行一次。") from error
    sheet, found = _sheet(schema), []
    for title, grid, hidden in _grids(path.name, data):
        tables, findings = _blocks(grid, replace(sheet, title=title), path.name, schema)
        if tables:
            found.append(_List(title, hidden, tables, findings))
    filled = [one for one in found if one.size]
    filled = [one for one in filled if not one.hidden] or filled
    if len(filled) > 1:
        titles = f"{len(filled)}张工作表都像名单：" + "、".join(f"“{one.title}”" for one in filled)
        raise UserError(f"名单“{path.name}”里有{titles}。请把要核对的一张另存为单独的文件。")
    if not found:
        raise UserError(f"名单“{path.name}”里找不到表头：{HEADER}。请核对表头文字后再运行。")
    if not filled:
        raise UserError(f"名单“{path.name}”只有表头，没有一个人。请确认是不是存错了文件。")
    (taken,) = filled
    people = pd.concat([table.frame for table in taken.tables])
    people, unusable = _usable(people, taken.tables, path.name)
    findings = tuple(one for one in taken.findings if one.rule in LOST)
    unread = tuple(
        f"隐藏的工作表“{one.title}”也像名单，有{one.size}人，没有核对；要核对请取消隐藏，另存为单独的文件。"
        for one in found
        if one.hidden and one.size and one is not taken
    )
    return Pushed(path.name, people, tuple(sorted((*findings, *unusable))), tuple(_notes(taken)), unread)


def grids(path: Path) -> list[tuple[str, Grid, bool]]:
    """Every worksheet of a file as it is, with its title and whether it is hidden, read in a process apart. Raises UserError."""
    return _apart(grids_here, path)


def _apart(read: Callable[..., list], path: Path, *given: object) -> list:
    """What `read` makes of a file, in a process apart, which the file may end."""
    path = path.expanduser()
    try:
        return processes.call(read, path, *given, size=size_of(path))
    except processes.Died as died:
        raise UserError(f"“{path.name}”不能读取，{died}。请把要用的几列复制到一个新建的工作簿里，再运行。") from died


def grids_here(path: Path) -> list[tuple[str, Grid, bool]]:
    """`grids` in this process, which a file may end."""
    try:
        data = bytes_of(path)
    except OSError as error:
        raise UserError(f"找不到“{path}”，或者它打不开。请检查路径，关闭正在使用它的程序。") from error
    return list(_grids(path.name, data))


def read_rows(path: Path, sheet: Sheet, schema: Schema) -> list[dict[str, object]]:
    """The rows of a table somebody keeps himself, with the columns of one of our sheets as far as it has them, in a process apart.

    The first worksheet with the first column that every row must have counts. Raises UserError, naming the file, where none has.
    """
    return _apart(read_rows_here, path, sheet, schema)


def read_rows_here(path: Path, sheet: Sheet, schema: Schema) -> list[dict[str, object]]:
    """`read_rows` in this process, which a file may end."""
    (label,) = (item for item in sheet.fields if item.name == sheet.labels[0])
    for _, grid, _ in grids_here(path):
        rows = [list(row) for row in grid.rows if any(value not in ("", None) for value in row)]
        if all(sum(value not in ("", None) for value in row) == 1 for row in rows):  # names alone, which make no header
            beside = next(item.title for item in sheet.fields if item.name in sheet.labels[1:])
            grid = Grid([[*row, "" if at else beside] for at, row in enumerate(rows)])
        table, _ = shape(grid, sheet, path.name, schema.codes)
        if table is not None and label.name in table.columns:
            frame = table.frame.astype(object).where(table.frame.notna(), None)
            return frame.to_dict("records")
    raise UserError(f"“{path.name}”里找不到“{label.title}”一列。表头写“{label.title}”，一行一条。")


def _blocks(grid: Grid, sheet: Sheet, name: str, schema: Schema) -> tuple[tuple[Table, ...], tuple[Finding, ...]]:
    """The lists of a worksheet, from left to right: a printed list often stands in two blocks side by side."""
    tables, findings, first_head = [], [], ""
    rows = [[_number_lost(value) for value in row] for row in grid.rows]
    for _ in range(MOST_BLOCKS):
        table, wrong = shape(replace(grid, rows=rows), sheet, name, schema.codes)
        if table is None or "name" not in table.columns:
            break
        head = fold(shown(grid.rows[table.header_row - 1][table.columns["name"] - 1]))
        if not head or (first_head := first_head or head) != head:
            break
        tables.append(table)
        findings += wrong
        used = {column - 1 for column in table.columns.values()}
        rows = [["" if at in used else value for at, value in enumerate(row)] for row in rows]
    return tuple(tables), tuple(findings)


def _number_lost(value: object) -> object:
    """A long number that was shortened, though it is text: as the number it has become."""
    return float(value) if isinstance(value, str) and SHORTENED.fullmatch(value.strip()) else value


def _notes(taken: _List) -> Iterator[str]:
    if len(taken.tables) > 1:
        yield f"名单有并排的{len(taken.tables)}栏，都读了，共{taken.size}人。"
    if taken.hidden:
        yield f"名单在隐藏的工作表“{taken.title}”里。"
    repeated = sorted({one.row for one in taken.findings if one.rule == "F11" and "又是一行表头" in one.message})
    if repeated:
        yield f"第{some(repeated, 10)}行是重复的表头，不当作学生。"
    read = set().union(*(table.frame.index for table in taken.tables))
    skipped = sorted({one.row for one in taken.findings if one.rule == "F13"} - read)
    if skipped:
        yield f"第{some(skipped, 10)}行像合计行、说明行或空行，没有读取。"
    hidden = sorted(set().union(*(table.hidden for table in taken.tables)))
    if hidden:
        yield f"第{some(hidden, 10)}行是隐藏的，也核对了。"


def _usable(people: pd.DataFrame, tables: Iterable[Table], name: str) -> tuple[pd.DataFrame, list[Finding]]:
    """The people without numbers that are none, what is legible of them, and F33 at each such cell."""
    legible, findings = pd.Series(pd.NA, range(len(people)), dtype="str"), []
    columns = [column for column in ("id_no", "status_no") if column in people]
    read = {column: people[column].tolist() for column in columns}
    at = 0
    for table in tables:
        for row in table.frame.index:
            for column in columns:
                number, seen, what = _number(read[column][at], column)
                read[column][at] = number
                legible[at] = seen if seen and pd.isna(legible[at]) else legible[at]
                if what:
                    item = table.sheet.by_name[column]
                    cell = f"{column_letters(table.columns[column])}{row}"
                    findings.append(KINDS["F33"].at(Place(name, table.sheet.title, row, item.title, cell), what=what))
            at += 1
    numbers = {column: pd.array(values, dtype=people[column].dtype) for column, values in read.items()}
    return people.assign(**numbers, legible=legible.array), findings


def _number(text: object, column: str) -> tuple[object, str, str]:
    """A number as it can be used (NA where it cannot), what is legible of it, and why it cannot be used ("" where it can)."""
    if not isinstance(text, str) or text in NOTHING:
        return pd.NA, "", ""
    bare = text.replace("-", "")
    if NUMBER.fullmatch(bare) or (column == "status_no" and NUMBER.fullmatch(bare[1:])):
        return bare, "", ""
    hidden = list(MASK.finditer(text))
    if hidden:
        first, last = text[: hidden[0].end()].rstrip("*#?●■○□◆×·.…_X-"), text[hidden[-1].end() :]
        return pd.NA, f"{first.lstrip('GJL')}*{last}", "有几位隐去了"
    return pd.NA, "", f"不像号码（{len(text)}位）"


def _sheet(schema: Schema) -> Sheet:
    """The columns such a list may have."""
    roster = schema.sheets["roster"].by_name
    taken = (replace(roster[name], aliases=(*roster[name].aliases, *MORE_ALIASES.get(name, ()))) for name in TAKEN)
    return Sheet("pushed", "名单", (*taken, *OWN))


def _grids(name: str, data: bytes) -> Iterator[tuple[str, Grid, bool]]:
    """Every worksheet of the file with its title, and whether it is hidden; a csv is one, also under the name of a workbook."""
    if not data.strip(b"\0 \r\n\t"):
        raise UserError(f"名单“{name}”是空的，可能还没有同步完。请重新取一份。")
    if not data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        if wrapped(data):
            told = KINDS["R16"].at(Place(name))
            raise UserError(f"名单“{name}”不能读取：{told.message}。{told.fix}")
        lines = list(_lines(name, data))
        # not even a header and a row of one column, which as text can be read
        if name.lower().endswith(WORKBOOKS) and len(lines) < 2 and not any(len(line) > 1 for line in lines):
            told = KINDS["R02"].at(Place(name), reason="文件已损坏或不完整")
            raise UserError(f"名单“{name}”不能读取：{told.message}。{told.fix}")
        if len(lines) * max(map(len, lines), default=0) > MAX_AREA:
            raise UserError(
                f"名单“{name}”的格子太多，多半是空行或分隔符。请用 Excel 或 WPS 删去多余的行和列，另存后再运行。"
            )
        yield "名单", Grid(lines), False
        return
    if data.startswith(OLE2) and LOCKED not in data:
        yield from _old_format(name, data)
        return
    package = look(data)
    if isinstance(package, Refusal):
        told = KINDS[package.code].at(Place(name), **package.facts)
        raise UserError(f"名单“{name}”不能读取：{told.message}。{told.fix}")
    try:
        with cells_of(package) as opened:
            for title, xml in package.sheets.items():
                grid = grid_of(opened.get_sheet_by_name(title).to_python(skip_empty_area=False), scan(xml))
                if grid is None:
                    raise ValueError(title)
                yield title, grid, title in package.hidden
    except (KeyboardInterrupt, SystemExit, GeneratorExit, UserError):
        raise
    except BaseException as error:  # a panic of the parser is no Exception
        raise UserError(f"名单“{name}”的内容已损坏。请用 Excel 或 WPS 打开，另存为 .xlsx 后再运行。") from error


def _old_format(name: str, data: bytes) -> Iterator[tuple[str, Grid, bool]]:
    """Every worksheet of an .xls, as 学籍系统 exports it, or an .et. Only a list is read so, never a workbook of ours."""
    try:
        with python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)) as opened:
            for one in opened.sheets_metadata:
                sheet = opened.get_sheet_by_name(one.name)
                if sheet.height * sheet.width > MAX_AREA:
                    raise ValueError(one.name)
                hidden = one.visible != python_calamine.SheetVisibleEnum.Visible
                merged = [
                    (*(n + 1 for n in first), *(n + 1 for n in last)) for first, last in sheet.merged_cell_ranges or ()
                ]
                rows = sheet.to_python(skip_empty_area=False)
                yield one.name, grid_of(rows, Unseen(merged=tuple(merged))) or Grid(rows), hidden
    except (KeyboardInterrupt, SystemExit, GeneratorExit, UserError):
        raise
    except BaseException as error:  # a panic of the parser is no Exception
        raise UserError(
            f"名单“{name}”是旧格式（.xls、.et），没有读成。请用 Excel 或 WPS 另存为 .xlsx 后再运行。"
        ) from error


def _lines(name: str, data: bytes) -> Iterator[list[object]]:
    text = _text(name, data)
    if PAGE.match(text):
        raise UserError(
            f"名单“{name}”其实是网页或 XML，只是扩展名像表格。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再运行。"
        )
    heads = text[:2000].splitlines()[:10]
    delimiter = max(",\t;，", key=lambda mark: max((line.count(mark) for line in heads), default=0))
    try:
        for row in csv.reader(StringIO(text), delimiter=delimiter):
            yield [_cell(value) for value in row]
    except csv.Error as error:
        raise UserError(f"名单“{name}”不是表格。请用 Excel 或 WPS 打开，另存为 .xlsx 后再运行。") from error


def _text(name: str, data: bytes) -> str:
    """The text of a csv, as Excel and WPS write it: UTF-8, UTF-16 or GBK."""
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings if len(data) <= MAX_FILE else ():
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UserError(f"名单“{name}”不是表格文件。请用 Excel 或 WPS 打开名单，另存为 .xlsx 或 .csv 后再运行。")


def _cell(value: str) -> object:
    text = value.strip()
    kept = AS_TEXT.fullmatch(text)
    return kept[1] if kept else text
