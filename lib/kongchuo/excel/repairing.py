"""What pasting destroys in a workbook made from our template, put back: rules for typing, number formats, what shows findings."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import mode

from lxml import etree

from ..core.places import HINT, RESULTS
from ..core.schema import Schema
from ..core.workbooks import Table, Workbook, column_letters
from . import column_formats, mark_formulas, marking, ranges, writing
from .parts import Cells, Package, Refused, split
from .styles import DATE, NUMBER, Styles
from .worksheet import Worksheet, put


# --- Number formats of a template's columns, put back where pasting brought others: what is typed there next is kept as it should be ---
# A cell's format is left alone where it holds a formula, and where its number would be read as something else then (a date).
@dataclass
class Put:
    """What was put back: the addresses by field title, titles of whole columns, numbers of rows that had a format of their own, and
    addresses that were left as they are.
    """

    cells: dict[str, list[str]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def put_formats_back(package: Package, table: Table, part: str) -> Put:
    """Put number formats back into a worksheet; nothing is changed where all is well. Raises Refused for odd styles."""
    done, worksheet, styles = Put(), Worksheet(package, part), Styles(package)
    fields = (item for item in table.sheet.typed if item.name in table.columns)
    codes = {
        table.columns[item.name]: (item.title, column_formats.FORMATS[column_formats.cell_format(item)]["num_format"])
        for item in fields
    }
    kinds = {style: styles.kind(style) for style in styles.every()}
    for kind in {styles.kind_of(code) for _, code in codes.values()}:
        odd = {style for style, own in kinds.items() if own != kind}
        for address, cell in worksheet.cells(odd | ({None} if "0" in odd else set())):
            row, column = split(address)
            title, code = codes.get(column, ("", ""))
            if row <= table.header_row or not title or styles.kind_of(code) != kind:
                continue
            if cell.find(package.tag("f")) is not None:
                continue
            number = cell.get("t", "n") == "n" and cell.find(package.tag("v")) is not None
            if number and DATE in (kind, kinds[cell.get("s") or "0"]):
                done.left.append(address)
                continue
            cell.set("s", styles.formatted(cell.get("s"), code))
            done.cells.setdefault(title, []).append(address)
    done.left.sort(key=split)
    done.rows = list(_rows(worksheet, styles, kinds, codes, table.header_row))
    done.columns = list(_columns(package, worksheet, styles, codes, part))
    return done


def _rows(
    worksheet: Worksheet, styles: Styles, kinds: dict[str, str], codes: dict[int, tuple[str, str]], header: int
) -> Iterator[int]:
    """Put formats back into the empty places of rows that were pasted as a whole; the row keeps its colours."""
    for number, own in worksheet.styled_rows().items():
        odd = [column for column, (_, code) in codes.items() if kinds.get(own, NUMBER) != styles.kind_of(code)]
        empty = [at for column in odd if worksheet.cell(at := f"{column_letters(column)}{number}") is None]
        if number > header and empty:
            for address in empty:
                cell, _ = worksheet.make(address)
                cell.set("s", styles.formatted(own, codes[split(address)[1]][1]))
            yield number


def _columns(
    package: Package, worksheet: Worksheet, styles: Styles, codes: dict[int, tuple[str, str]], part: str
) -> Iterator[str]:
    """Put back the formats that whole columns have, for what is typed in new rows."""
    for column, (title, code) in codes.items():
        own = worksheet.style_of(column)
        if styles.kind(own) == styles.kind_of(code):
            continue
        _alone(package, part, column).set("style", styles.formatted(own, code))
        yield title


def _alone(package: Package, part: str, column: int) -> etree._Element:
    """What a worksheet says of one column, said of it alone."""
    tag, listed = package.tag, _child(package, part, "cols")
    for item in listed:
        first, last = int(item.get("min")), int(item.get("max"))
        if first <= column <= last:
            for start, end, before in ((first, column - 1, True), (column + 1, last, False)):
                if start <= end:
                    piece = copy.deepcopy(item)
                    piece.set("min", str(start))
                    piece.set("max", str(end))
                    item.addprevious(piece) if before else item.addnext(piece)
            item.set("min", str(column))
            item.set("max", str(column))
            return item
    new = etree.Element(tag("col"), min=str(column), max=str(column), width="9.140625")
    after = [item for item in listed if int(item.get("min")) < column]
    after[-1].addnext(new) if after else listed.insert(0, new)
    return new


def told(done: Put) -> Iterator[str]:
    """What was put back, in Chinese."""
    if done.cells:
        count = sum(map(len, done.cells.values()))
        yield f"放回格式 {count} 格（{'、'.join(f'{title}{len(cells)}' for title, cells in done.cells.items())}）"
    if done.rows:
        yield f"放回整行粘贴盖掉的格式 {len(done.rows)} 行"
    if done.columns:
        yield f"放回整列格式 {len(done.columns)} 列（{'、'.join(done.columns)}）"


def _child(package: Package, part: str, name: str) -> etree._Element:
    """The element of a worksheet that lists things of one kind, put in where there is none."""
    tree, tag = package.tree(part), package.tag(name)
    listed = tree.find(tag)
    if listed is None:
        listed = etree.Element(tag)
        put(tree, listed)
    return listed


# --- What shows findings in a template's worksheet, put back where pasting took it: the conditional format and the hints' formulas ---
_KNOWN = "校验_原值"  # what only our rule looks at


def in_place(table: Table) -> bool:
    """Whether the columns stand where the template has them: the formulas count on it."""
    places = [table.columns.get(item.name) for item in table.sheet.typed]
    return table.header_row == 1 and places == [*range(1, len(places) + 1)]


def put_showing_back(package: Package, template: Package, table: Table, part: str, last: int) -> Iterator[str]:
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
    last = max([0, *(int(one.get("priority", "0")) for one in tree.iter(tag("cfRule")))])
    for place, rule in enumerate(new):
        rule.set("dxfId", _look(package, template, int(rule.get("dxfId"))))
        rule.set("priority", str(last + 1 + place))
    for old in own:
        parent = old.getparent()
        parent.remove(old)
        if not len(parent):
            parent.getparent().remove(parent)
    put(tree, new)
    return True


def _look(package: Package, template: Package, number: int) -> str:
    """The number of a look of the template's lit cells among the workbook's looks of conditional formats, where need be added to them."""
    look = list(template.tree(template.linked(template.workbook, "styles")).iter(template.tag("dxf")))[number]
    tree = package.tree(package.linked(package.workbook, "styles"))
    listed = tree.find(package.tag("dxfs"))
    if listed is None:
        listed = etree.Element(package.tag("dxfs"), count="0")
        before = [child for name in ("cellXfs", "cellStyles") for child in tree.iterchildren(package.tag(name))]
        before[-1].addnext(listed)
    known = [etree.tostring(one, method="c14n") for one in listed]
    if etree.tostring(look, method="c14n") not in known:
        listed.append(copy.deepcopy(look))
        listed.set("count", str(len(listed)))
        return str(len(listed) - 1)
    return str(known.index(etree.tostring(look, method="c14n")))


def _hints(package: Package, table: Table, part: str) -> Iterator[str]:
    worksheet, column = Worksheet(package, part), len(table.sheet.typed) + 1
    letters, tag = column_letters(column), package.tag
    head = worksheet.cell(f"{letters}1")
    if head is not None and len(head) and str(Cells(package).value(head)).strip() != HINT:
        yield f"{letters}列不是“{HINT}”，没有动"
        return
    if head is None or not len(head):
        cell, _ = worksheet.make(f"{letters}1")
        beside = worksheet.cell(f"{column_letters(column - 1)}1")
        if beside is not None and beside.get("s"):
            cell.set("s", beside.get("s"))
        cell.set("t", "inlineStr")
        etree.SubElement(etree.SubElement(cell, tag("is")), tag("t")).text = HINT
        yield f"放回“{HINT}”的表头"
    made, typed = 0, []
    for row in table.frame.index:
        address = f"{letters}{row}"
        cell = worksheet.cell(address)
        if cell is not None and len(cell):
            typed += [address] if cell.find(tag("f")) is None else []
            continue
        cell, _ = worksheet.make(address)
        cell.set("t", "str")
        etree.SubElement(cell, tag("f")).text = mark_formulas.hint(table.sheet)[1:]
        etree.SubElement(cell, tag("v")).text = " "
        made += 1
    if made:
        yield f"放回“{HINT}”的公式 {made} 行"
    if typed:
        yield f"“{HINT}”有 {len(typed)} 格粘贴成了文字，没有动：{shortened(typed)}"


def shortened(addresses: list[str], most: int = 8) -> str:
    """Addresses one after the other, the first few of many."""
    return "、".join(addresses[:most]) + (f" 等{len(addresses)}格" if len(addresses) > most else "")


# --- The rules for typing (drop-downs, limits, prompts, guards of the header) of a template's worksheet, put back where pasting took them ---
# Pasting takes a cell's rule away, or brings another: what is left is a rule cut up. It is whole where the template's own rule holds in
# every row from the first to the last with data, and as far down as in most columns.
LISTED = "dataValidation"  # also the name of what Excel puts into an extension
_COMPARED = ("whole", "decimal", "date", "time", "textLength")  # kinds to which an operator means something


@dataclass(frozen=True)
class Wanted:
    """A rule of the template, for one column of somebody's worksheet: its element, the column there, and from which row on.

    `only` the header's guard, which stands in one row.
    """

    title: str
    element: etree._Element
    column: int
    first: int
    only: bool


def wanted(template: Package, table: Table) -> Iterator[Wanted]:
    """The rules of the template's worksheet, for the columns that the worksheet as read has, wherever they stand there."""
    fields = table.sheet.typed
    for element in template.tree(template.sheets[table.sheet.title]).iter(template.tag(LISTED)):
        ((top, left, bottom, _),) = ranges.parse(element.get("sqref"))
        column = table.columns.get(fields[left - 1].name) if left <= len(fields) else None
        if column:
            yield Wanted(fields[left - 1].title, element, column, table.header_row + top - 1, top == bottom == 1)


def names(rule: Wanted) -> set[str]:
    """The named ranges that a rule looks at."""
    text = "".join(rule.element.itertext())
    return set(re.findall(r"(?<!\w)[^\W\d]\w*_\w+", re.sub(r'"[^"]*"', "", text)))


def lost_rules(package: Package, rules: list[Wanted], table: Table, part: str) -> tuple[list[Wanted], int]:
    """Those rules that do not hold wherever they should, and the last row with data or, in most columns, with a rule."""
    there = list(_there(package.tree(part)))
    held = {}
    for rule in rules:
        meant = _meaning(rule.element, ranges.parse(rule.element.get("sqref"))[0][1])
        same = (boxes for element, boxes in there if _meaning(element, rule.column) == meant)
        held[rule] = ranges.rows_in((box for boxes in same for box in boxes), rule.column)
    reached = [stretches[-1][1] for rule, stretches in held.items() if stretches and not rule.only]
    last = max([table.header_row + 1, *table.frame.index[-1:], *([min(mode(reached), 100_000)] if reached else [])])
    missing = [
        rule
        for rule, stretches in held.items()
        if not ranges.covers(stretches, rule.first, rule.first if rule.only else last)
    ]
    # LibreOffice leaves out rules that only say what to type: gone alone they are no damage
    return missing if any(_matters(rule, there, last) for rule in missing) else [], last


def _matters(rule: Wanted, there: list[tuple[etree._Element, list[ranges.Box]]], last: int) -> bool:
    """Whether a rule that is gone asked for something, or another that asks has taken its place."""
    boxes = [box for element, own in there if element.get("type", "none") != "none" for box in own]
    taken = any(first <= last and end >= rule.first for first, end in ranges.rows_in(boxes, rule.column))
    return rule.element.get("type", "none") != "none" or (taken and not rule.only)


def put_rules_back(package: Package, rules: list[Wanted], last: int, part: str) -> None:
    """Put rules into a worksheet, down to row `last`, in place of whatever stands in those cells."""
    holes = [(rule.first, rule.column, rule.first if rule.only else last, rule.column) for rule in rules]
    for element, boxes in list(_there(package.tree(part))):
        _cut(element, boxes, holes)
    listed = _child(package, part, "dataValidations")
    for rule, hole in zip(rules, holes, strict=True):
        element = copy.deepcopy(rule.element)
        element.set("sqref", ranges.spelt([hole]))
        own = ranges.parse(rule.element.get("sqref"))[0]
        before = f"{column_letters(own[1])}{own[0]}"
        for formula in element:  # it speaks of its own first cell
            formula.text = re.sub(rf"\b{before}\b", f"{column_letters(rule.column)}{rule.first}", formula.text or "")
        listed.append(element)
    listed.set("count", str(len(listed)))


def _there(tree: etree._Element) -> Iterator[tuple[etree._Element, list[ranges.Box]]]:
    for element in tree.iter(f"{{*}}{LISTED}"):
        said = element.find("{*}sqref")
        yield element, ranges.parse(element.get("sqref") if said is None else said.text)


def _cut(element: etree._Element, boxes: list[ranges.Box], holes: list[ranges.Box]) -> None:
    """Take cells out of the range of a rule; one without a cell goes, and what is empty then."""
    left = boxes
    for hole in holes:
        left = [piece for box in left for piece in ranges.without(box, hole)]
    if left == boxes:
        return
    if left:
        said = element.find("{*}sqref")
        if said is None:
            return element.set("sqref", ranges.spelt(left))
        said.text = ranges.spelt(left)
        return None
    while len(element) == 0 or etree.QName(element).localname == LISTED:
        parent = element.getparent()
        parent.remove(element)
        element = parent
        if etree.QName(element).localname == "dataValidations" and len(element):
            element.set("count", str(len(element)))
            break
        if etree.QName(element).localname == "worksheet":
            break


def _meaning(element: etree._Element, column: int) -> tuple[str, ...]:
    """What a rule asks for, whatever its first cell; programs write what they need not write in different ways."""
    kind = element.get("type", "none")
    said = []
    for name in ("formula1", "formula2"):
        found = element.find(f"{{*}}{name}")
        text = "".join(found.itertext()) if found is not None else ""
        text = re.sub(rf"(?<!\w)\$?{column_letters(column)}\$?\d+\b", "@", text)
        said.append(re.sub(r"\s+", "", re.sub(r"\bFALSE\b", "0", text)).lstrip("="))
    operator = element.get("operator", "between") if kind in _COMPARED else ""
    return kind, operator, said[0], said[1] if operator in ("between", "notBetween") else ""


# --- The whole workbook. The template itself, made anew from the schema, says how it should be. Only worksheets and the list of styles are changed; no cell
# holds anything else afterwards, which `unchanged` looks at. Stands on the patcher of `marking`.
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
    named, shows = _names(package), marking.from_template(package, workbook.book)
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
    listed = package.tree(package.workbook).iter(package.tag("definedName"))
    found = {name.get("name") for name in listed if "#REF!" not in (name.text or "")}
    return {name for name in found if not name.startswith("_xlnm")}  # print areas and filters, which any workbook has


def _sheet(
    package: Package, template: Package, table: Table, named: set[str], shows: bool
) -> tuple[list[str], list[str]]:
    part, done, left = package.sheets[table.sheet.title], [], []
    rules = list(wanted(template, table))
    lost, reach = lost_rules(package, rules, table, part)
    last = max(writing.LAST_ROW, reach, *(row + 500 for row in table.frame.index[-1:]))
    homeless = [rule for rule in lost if not names(rule) <= named]
    if homeless:
        left.append(f"{_titles(homeless)}的下拉放不回来：这个工作簿的“字典”表里没有它的列表")
    lost = [rule for rule in lost if rule not in homeless]
    if lost:
        put_rules_back(package, lost, last, part)
        typing, heads = ([rule for rule in lost if rule.only is only] for only in (False, True))
        done += [f"放回下拉、录入检查 {len(typing)} 列（{_titles(typing)}）"] if typing else []
        done += [f"放回表头的保护 {len(heads)} 格（{_titles(heads)}）"] if heads else []
    put = put_formats_back(package, table, part)
    done += told(put)
    left += [f"{len(put.left)} 格存的是日期或数值，格式没有动：{shortened(put.left)}"] if put.left else []
    if shows and in_place(table):
        for line in put_showing_back(package, template, table, part, last):
            (done if line.startswith("放回") else left).append(line)
    elif shows:
        left.append("列的位置和模板不同，标红和提示没有检查")
    return done, left


def _titles(rules: list[Wanted]) -> str:
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
    own = {table.sheet.title: column_letters(len(table.sheet.typed) + 1) for table in workbook.tables.values()}
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
    found = {}
    for row in package.tree(part).iter(package.tag("row")):
        for place, cell in enumerate(row):
            address = cell.get("r") or f"{row.get('r')}/{place}"
            text = "".join(cell.itertext())
            own = re.fullmatch(rf"{hints}\d+", address) and (RESULTS[:2] + "_提示" in text or text == HINT)
            if len(cell) and not own:
                found[address] = cell.get("t", "n"), *(etree.tostring(item, with_tail=False) for item in cell)
    return found
