"""What pasting destroys in a workbook made from our template, put back: rules for typing, number formats, what shows findings.

The template itself, made anew from the schema, says how it should be. Only worksheets and the list of styles are changed; no cell
holds anything else afterwards, which `unchanged` looks at. Stands on the patcher of `marking`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ...core.places import HINT, RESULTS
from ...core.schema import Schema
from ...core.tables import Table, Workbook, column_letters
from .. import writing
from ..marking import filling
from ..marking.package import Package, Refused
from . import formats, showing, validations
from .showing import shortened

__all__ = ["Refused", "Repaired", "lost_digits", "repaired", "shortened", "unchanged"]

_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.I)


@dataclass
class Repaired:
    """A workbook put right: its bytes (those of before where nothing was to be put back), and in Chinese what was done.

    `done` by the title of the worksheet; `left` what could not be put back, and why.
    """

    data: bytes
    done: dict[str, list[str]] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)


def repaired(data: bytes, workbook: Workbook, schema: Schema) -> Repaired:
    """Put back what the template has and the workbook, as read from the same bytes, lacks.

    Raises Refused for what cannot be changed safely, and for what is not made from our template.
    """
    package, made = Package(data), Repaired(data)
    template = Package(writing.workbook_bytes(workbook.book.title, workbook.book, {}, schema))
    named, shows = _names(package), filling.is_ours(package, workbook.book)
    if not _names(template) & named:
        raise Refused("不是由本程序的模板做成的，或“字典”表已经没有了；请把数据抄进新模板")
    if not shows:
        made.left[RESULTS] = ["这张表或它的名称没有了，红格和提示放不回来；要用的话，请把数据抄进新模板"]
    for table in workbook.tables.values():
        title = table.sheet.title
        if title in package.sheets:
            done, left = _sheet(package, template, table, named, shows)
            made.done |= {title: done} if done else {}
            made.left |= {title: left} if left else {}
    if made.done:
        made.data = package.data()
        unchanged(data, made.data, workbook)
    return made


def _names(package: Package) -> set[str]:
    """The named ranges of a workbook that lead somewhere."""
    listed = package.tree(package.workbook).find(package.tag("definedNames"))
    found = {name.get("name") for name in (listed if listed is not None else ()) if "#REF!" not in (name.text or "")}
    return {name for name in found if not name.startswith("_xlnm")}  # print areas and filters, which any workbook has


def _sheet(
    package: Package, template: Package, table: Table, named: set[str], shows: bool
) -> tuple[list[str], list[str]]:
    part, done, left = package.sheets[table.sheet.title], [], []
    rules = list(validations.wanted(template, table))
    lost, reach = validations.lost(package, rules, table, part)
    last = max(writing.LAST_ROW, reach, *(row + 500 for row in table.frame.index[-1:]))
    homeless = [rule for rule in lost if not validations.names(rule) <= named]
    if homeless:
        left.append(f"{_titles(homeless)}的下拉放不回来：这个工作簿的“字典”表里没有它的列表")
    lost = [rule for rule in lost if rule not in homeless]
    if lost:
        validations.put_back(package, lost, last, part)
        typing, heads = ([rule for rule in lost if rule.only is only] for only in (False, True))
        done += [f"放回下拉、录入检查 {len(typing)} 列（{_titles(typing)}）"] if typing else []
        done += [f"放回表头的保护 {len(heads)} 格（{_titles(heads)}）"] if heads else []
    put = formats.put_back(package, table, part)
    done += formats.told(put)
    left += [f"{len(put.left)} 格存的是日期或数值，格式没有动：{shortened(put.left)}"] if put.left else []
    if shows and showing.in_place(table):
        for line in showing.put_back(package, template, table, part, last):
            (done if line.startswith("放回") else left).append(line)
    elif shows:
        left.append("列的位置和模板不同，标红和提示没有检查")
    return done, left


def _titles(rules: list[validations.Wanted]) -> str:
    return "、".join(rule.title for rule in rules)


def lost_digits(workbook: Workbook) -> dict[str, list[str]]:
    """Cells, by worksheet, of long numbers whose last digits are gone: nobody but the papers knows them."""
    found: dict[str, list[str]] = {}
    for finding in workbook.findings:
        if finding.cell and (finding.rule == "F01" or _SCIENTIFIC.search(finding.message)):
            found.setdefault(finding.sheet, []).append(finding.cell)
    return found


# --- looked at afterwards ---------------------------------------------------------------------------------------------
def unchanged(before: bytes, after: bytes, workbook: Workbook) -> None:
    """Raises Refused unless both hold the same in every cell (our own hints apart), and differ in worksheets and styles only."""
    old, new = Package(before), Package(after)
    own = {table.sheet.title: f"{column_letters(len(table.sheet.typed) + 1)}" for table in workbook.tables.values()}
    sheets = {part: own.get(title, "") for title, part in old.sheets.items()}
    may = {*sheets, old.linked(old.workbook, "styles")}
    for part in {*old.names(), *new.names()}:
        same = old.has(part) and new.has(part) and old.read(part) == new.read(part)
        if same or (part in may and part not in sheets):
            continue
        if part not in sheets or _cells(old, part, sheets[part]) != _cells(new, part, sheets[part]):
            raise Refused(f"修复后读回来的内容不一样（{part}），没有采用")


def _cells(package: Package, part: str, hints: str) -> dict[str, tuple]:
    """What each cell of a worksheet holds, written out; without our own formulas and header in the hint column."""
    return dict(_held(package, part, hints))


def _held(package: Package, part: str, hints: str) -> Iterator[tuple[str, tuple]]:
    for row in package.tree(part).iter(package.tag("row")):
        for place, cell in enumerate(row):
            address = cell.get("r") or f"{row.get('r')}/{place}"
            text = "".join(cell.itertext())
            if len(cell) and not (
                re.fullmatch(rf"{hints}\d+", address) and (RESULTS[:2] + "_提示" in text or text == HINT)
            ):
                yield address, (cell.get("t", "n"), *(etree.tostring(item, with_tail=False) for item in cell))
