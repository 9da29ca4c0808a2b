"""A list of names from above, xlsx or csv, to one table of people: columns in any order, known by header and aliases.

Whoever sends such a list follows no template, so a title above the header and other columns are no fault. What cannot be read
without doubt (a number that Excel has shortened) is reported and left empty, never guessed. Raises UserError for what is no list.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import pandas as pd

from ...core import apart
from ...core.findings import KINDS, Finding, Place, UserError
from ...core.schema import Field, Schema, Sheet
from ...core.sheets import Grid, shape
from . import _bytes, cells_of, grid_of
from .packages import MAX_AREA, MAX_FILE, Refusal, look, scan, size_of

TAKEN = ("student_key", "name", "sex", "id_no", "status_no", "birth_date")  # as in 学生花名册
MORE_ALIASES = {
    "name": ("儿童姓名", "学生", "学生名称"),
    "id_no": (
        "证件号",
        "身份证",
        "身份证件号",
        "学生身份证号",
        "学生证件号码",
        "居民身份证号",
        "身份证明号码",
        "公民身份证号",
    ),
    "status_no": ("学籍号码", "学籍编号", "学生学籍号", "全国学籍号码"),
    "birth_date": ("出生年月", "出生", "生日"),
}
OWN = (
    Field(
        "school",
        "学校",
        aliases=("学校名称", "就读学校", "所在学校", "学籍学校", "学籍所在学校", "原就读学校", "毕业学校"),
    ),
    Field("pushed", "推送日期", type="date", aliases=("下发日期", "推送时间", "下发时间", "发现日期")),
    Field("note", "备注", aliases=("说明", "情况说明")),
)
LOST = ("F01", "F09", "F10", "F19", "F23", "F27")  # what shape says of a cell whose value could not be kept
SHORTENED = re.compile(r"\d(?:\.\d+)?E\+\d\d", re.I)  # a long number as Excel writes it into a csv
AS_TEXT = re.compile(r'="(.*)"')  # the way some programs keep Excel from shortening it
HEADER = "要有“姓名”一列，和“证件号码”“学籍号”“出生日期”“学校”里的至少一列"


@dataclass(frozen=True)
class Pushed:
    """The people of a list, indexed (file name, row), with the columns of TAKEN and OWN, and the cells that could not be read."""

    name: str
    people: pd.DataFrame
    findings: tuple[Finding, ...]


def read_list(path: Path, schema: Schema) -> Pushed:
    """Read a list, in a process apart. Raises UserError, naming the file and the remedy, for one that cannot be."""
    path = path.expanduser()
    try:
        return apart.call(read_list_here, path, schema, size=size_of(path))
    except apart.Died as died:
        raise UserError(
            f"名单“{path.name}”不能读取，{died}。请把要核对的人复制到一个新建的工作簿里，只留需要的几列，再运行。"
        ) from died


def read_list_here(path: Path, schema: Schema) -> Pushed:
    """`read_list` in this process, which a list may end."""
    if path.is_dir():
        raise UserError(f"“{path}”是文件夹。请给出名单文件，例如 名单.xlsx 或 名单.csv。")
    try:
        data = _bytes(path)
    except FileNotFoundError as error:
        raise UserError(f"找不到名单“{path}”，请检查路径是否写对。") from error
    except OSError as error:
        raise UserError(f"名单“{path.name}”打不开。请关闭正在使用它的程序，再运行一次。") from error
    if not data.strip(b"\0 \r\n\t"):
        raise UserError(f"名单“{path.name}”是空的，可能还没有同步完。请重新取一份。")
    sheet = _sheet(schema)
    found = []
    for title, grid in _grids(path.name, data):
        table, findings = shape(grid, replace(sheet, title=title), path.name, schema.codes)
        if table is not None and "name" in table.columns:
            found.append((table, [finding for finding in findings if finding.rule in LOST]))
    filled = [(table, findings) for table, findings in found if len(table.frame)]
    if len(filled) > 1:
        titles = "、".join(f"“{table.sheet.title}”" for table, _ in filled)
        raise UserError(
            f"名单“{path.name}”里有{len(filled)}张工作表都像名单：{titles}。请把要核对的一张另存为单独的文件。"
        )
    if not found:
        raise UserError(f"名单“{path.name}”里找不到表头：{HEADER}。请核对表头文字后再运行。")
    if not filled:
        raise UserError(f"名单“{path.name}”只有表头，没有一个人。请确认是不是存错了文件。")
    table, findings = filled[0]
    people = pd.concat({path.name: table.frame}, names=["workbook", "row"])
    return Pushed(path.name, people, tuple(findings))


def _sheet(schema: Schema) -> Sheet:
    """The columns such a list may have."""
    roster = schema.sheets["roster"].by_name
    taken = (replace(roster[name], aliases=(*roster[name].aliases, *MORE_ALIASES.get(name, ()))) for name in TAKEN)
    return Sheet("pushed", "名单", (*taken, *OWN))


def _grids(name: str, data: bytes) -> Iterator[tuple[str, Grid]]:
    """Every worksheet of the file with its title; a csv is one."""
    if not data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        lines = list(_lines(name, data))
        if len(lines) * max(map(len, lines), default=0) > MAX_AREA:
            raise UserError(
                f"名单“{name}”的格子太多，多半是空行或分隔符。请用 Excel 或 WPS 删去多余的行和列，另存后再运行。"
            )
        yield "名单", Grid(lines)
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
                yield title, grid
    except (KeyboardInterrupt, SystemExit, GeneratorExit, UserError):
        raise
    except BaseException as error:  # a panic of the parser is no Exception
        raise UserError(f"名单“{name}”的内容已损坏。请用 Excel 或 WPS 打开，另存为 .xlsx 后再运行。") from error


def _lines(name: str, data: bytes) -> Iterator[list[object]]:
    text = _text(name, data)
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
    if kept:
        return kept[1]
    return float(text) if SHORTENED.fullmatch(text) else text
