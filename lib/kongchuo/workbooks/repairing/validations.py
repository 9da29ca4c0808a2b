"""The rules for typing (drop-downs, limits, prompts, guards of the header) of a template's worksheet, put back where pasting took them.

Pasting takes a cell's rule away, or brings another: what is left is a rule cut up. It is whole where the template's own rule holds in
every row from the first to the last with data, and as far down as in most columns.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mode

from lxml import etree

from ...core.tables import Table, column_letters
from ..marking.package import Package
from ..marking.page import put
from . import ranges
from .ranges import Box

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


def lost(package: Package, rules: list[Wanted], table: Table, part: str) -> tuple[list[Wanted], int]:
    """Those rules that do not hold wherever they should, and the last row with data or, in most columns, with a rule."""
    there = list(_there(package.tree(part)))
    held = {
        rule: ranges.rows_in((box for element, boxes in there if _same(element, rule) for box in boxes), rule.column)
        for rule in rules
    }
    reached = [stretches[-1][1] for rule, stretches in held.items() if stretches and not rule.only]
    last = max([table.header_row + 1, *table.frame.index[-1:], *([min(mode(reached), 100_000)] if reached else [])])
    missing = [
        rule
        for rule, stretches in held.items()
        if not ranges.covers(stretches, rule.first, rule.first if rule.only else last)
    ]
    # LibreOffice leaves out rules that only say what to type: gone alone they are no damage
    return missing if any(_matters(rule, there, last) for rule in missing) else [], last


def _matters(rule: Wanted, there: list[tuple[etree._Element, list[Box]]], last: int) -> bool:
    """Whether a rule that is gone asked for something, or another that asks has taken its place."""
    boxes = [box for element, own in there if element.get("type", "none") != "none" for box in own]
    taken = any(first <= last and end >= rule.first for first, end in ranges.rows_in(boxes, rule.column))
    return rule.element.get("type", "none") != "none" or (taken and not rule.only)


def put_back(package: Package, rules: list[Wanted], last: int, part: str) -> None:
    """Put rules into a worksheet, down to row `last`, in place of whatever stands in those cells."""
    tree, tag = package.tree(part), package.tag
    holes = [(rule.first, rule.column, rule.first if rule.only else last, rule.column) for rule in rules]
    for element, boxes in list(_there(tree)):
        _cut(element, boxes, holes)
    listed = tree.find(tag("dataValidations"))
    if listed is None:
        listed = etree.Element(tag("dataValidations"))
        put(tree, listed)
    for rule, hole in zip(rules, holes, strict=True):
        element = copy.deepcopy(rule.element)
        element.set("sqref", ranges.spelt([hole]))
        own = ranges.parse(rule.element.get("sqref"))[0]
        before = f"{column_letters(own[1])}{own[0]}"
        for formula in element:  # it speaks of its own first cell
            formula.text = re.sub(rf"\b{before}\b", f"{column_letters(rule.column)}{rule.first}", formula.text or "")
        listed.append(element)
    listed.set("count", str(len(listed)))


def _there(tree: etree._Element) -> Iterator[tuple[etree._Element, list[Box]]]:
    for element in tree.iter(f"{{*}}{LISTED}"):
        said = element.find("{*}sqref")
        yield element, ranges.parse(element.get("sqref") if said is None else said.text)


def _cut(element: etree._Element, boxes: list[Box], holes: list[Box]) -> None:
    """Take cells out of the range of a rule; one without a cell goes, and what is empty then."""
    left = boxes
    for hole in holes:
        left = [piece for box in left for piece in ranges.without(box, hole)]
    if left == boxes:
        return
    if left:
        said = element.find("{*}sqref")
        if said is None:
            element.set("sqref", ranges.spelt(left))
        else:
            said.text = ranges.spelt(left)
        return
    while len(element) == 0 or etree.QName(element).localname == LISTED:
        parent = element.getparent()
        parent.remove(element)
        element = parent
        if etree.QName(element).localname == "dataValidations" and len(element):
            element.set("count", str(len(element)))
            break
        if etree.QName(element).localname == "worksheet":
            break


def _same(element: etree._Element, rule: Wanted) -> bool:
    column = ranges.parse(rule.element.get("sqref"))[0][1]
    return _meaning(element, rule.column) == _meaning(rule.element, column)


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
