"""What shows findings in a template's worksheet, put back where pasting took it: the conditional format and the hints' formulas."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from lxml import etree

from ...core.places import HINT
from ...core.tables import Table, column_letters
from ..marking.contents import Cells
from ..marking.package import Package
from ..marking.page import Page, put
from ..writing import results
from . import ranges

_KNOWN = "校验_原值"  # what only our rule looks at


def in_place(table: Table) -> bool:
    """Whether the columns stand where the template has them: the formulas count on it."""
    return table.header_row == 1 and [table.columns.get(item.name) for item in table.sheet.typed] == list(
        range(1, len(table.sheet.typed) + 1)
    )


def put_back(package: Package, template: Package, table: Table, part: str, last: int) -> Iterator[str]:
    """Put back what is missing, down to row `last`; tells in Chinese what that was."""
    if _light(package, template, table, part, last):
        yield "放回标红的条件格式"
    yield from _hints(package, table, part)


def _light(package: Package, template: Package, table: Table, part: str, last: int) -> bool:
    tree, tag, wide = package.tree(part), package.tag, len(table.sheet.typed)
    own = [rule for rule in tree.iter(tag("cfRule")) if _KNOWN in "".join(rule.itertext())]
    boxes = [box for rule in own for box in ranges.parse(rule.getparent().get("sqref"))]
    needed = max([2, *table.frame.index[-1:]])
    if all(ranges.covers(ranges.rows_in(boxes, column), 2, needed) for column in range(1, wide + 1)):
        return False
    new = next(template.tree(template.sheets[table.sheet.title]).iter(template.tag("conditionalFormatting")))
    new = copy.deepcopy(new)
    new.set("sqref", ranges.spelt([(2, 1, last, wide)]))
    (rule,) = new
    rule.set("dxfId", own[0].get("dxfId") if own and own[0].get("dxfId") else _look(package, template))
    rule.set("priority", str(max([0, *(int(one.get("priority", "0")) for one in tree.iter(tag("cfRule")))]) + 1))
    for old in own:
        parent = old.getparent()
        parent.remove(old)
        if not len(parent):
            parent.getparent().remove(parent)
    put(tree, new)
    return True


def _look(package: Package, template: Package) -> str:
    """The number of the look of a lit cell among the workbook's looks of conditional formats, added to them."""
    look = next(template.tree(template.linked(template.workbook, "styles")).iter(template.tag("dxf")))
    tree = package.tree(package.linked(package.workbook, "styles"))
    listed = tree.find(package.tag("dxfs"))
    if listed is None:
        listed = etree.Element(package.tag("dxfs"), count="0")
        tree.find(package.tag("cellStyles" if tree.find(package.tag("cellStyles")) is not None else "cellXfs")).addnext(
            listed
        )
    listed.append(copy.deepcopy(look))
    listed.set("count", str(len(listed)))
    return str(len(listed) - 1)


def _hints(package: Package, table: Table, part: str) -> Iterator[str]:
    page, column = Page(package, part), len(table.sheet.typed) + 1
    letters, tag = column_letters(column), package.tag
    head = page.cell(f"{letters}1")
    if head is not None and len(head) and _text(package, head) != HINT:
        yield f"{letters}列不是“{HINT}”，没有动"
        return
    if head is None or not len(head):
        cell, _ = page.make(f"{letters}1")
        beside = page.cell(f"{column_letters(column - 1)}1")
        if beside is not None and beside.get("s"):
            cell.set("s", beside.get("s"))
        cell.set("t", "inlineStr")
        etree.SubElement(etree.SubElement(cell, tag("is")), tag("t")).text = HINT
        yield f"放回“{HINT}”的表头"
    made, typed = 0, []
    for row in table.frame.index:
        address = f"{letters}{row}"
        cell = page.cell(address)
        if cell is not None and len(cell):
            typed += [address] if cell.find(tag("f")) is None else []
            continue
        cell, _ = page.make(address)
        cell.set("t", "str")
        etree.SubElement(cell, tag("f")).text = results.hint(table.sheet)[1:]
        etree.SubElement(cell, tag("v")).text = " "
        made += 1
    if made:
        yield f"放回“{HINT}”的公式 {made} 行"
    if typed:
        yield f"“{HINT}”有 {len(typed)} 格粘贴成了文字，没有动：{shortened(typed)}"


def _text(package: Package, cell: etree._Element) -> str:
    return str(Cells(package).value(cell)).strip()


def shortened(addresses: list[str], most: int = 8) -> str:
    """Addresses one after the other, the first few of many."""
    return "、".join(addresses[:most]) + (f" 等{len(addresses)}格" if len(addresses) > most else "")
