"""The styles of somebody's workbook: a cell's own style with only its fill changed to the colour of a mark, and back.

Style numbers change whenever a program saves the workbook, so a mark is known by its colour, which nothing else uses, and the fill
of before is kept as XML (reference excel.md 3.3).
"""

import copy
import re
from collections.abc import Iterable

from lxml import etree

from . import result_sheet
from .parts import Package, Refused

MARK = "FFFFC7CF"  # one step beside the red that Excel offers as 差, so that nobody's own fill is taken for a mark
LESS = "FFFFEB9D"  # of a warning; likewise one step beside 适中
MARKS = {result_sheet.GRAVE: MARK, result_sheet.LESS: LESS}
_HEAD = "FFF8CBAD"
_SOLID = '<patternFill patternType="solid"><fgColor rgb="{}"/><bgColor indexed="64"/></patternFill>'
_NONE = '<patternFill patternType="none"/>'
# styles of the worksheet 校验结果: attributes of the style, and how the text stands
LOOKS = {
    "head": ({}, {"horizontal": "center", "vertical": "center", "wrapText": "1"}),
    "text": ({}, {"vertical": "top", "wrapText": "1"}),
    "date": ({"numFmtId": "14", "applyNumberFormat": "1"}, {"vertical": "top"}),
}
TEXT, DATE, NUMBER = "text", "date", "number"  # kinds of number formats
_BUILT_IN = {"General": "0", "0": "1", "@": "49"}
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # those of Chinese programs among them
_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_USED = re.compile(rb"""\s(?:s|style)=["'](\d+)["']""")


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)


def used(xml: bytes) -> set[str]:
    """The styles that a worksheet names, and some numbers more."""
    return {number.decode() for number in _USED.findall(xml)}


class Styles:
    """The list of cell styles of a workbook. A style is a position in it, as text."""

    def __init__(self, package: Package) -> None:
        """Look at the styles. Raises Refused where their numbers cannot be relied on."""
        part = package.linked(package.workbook, "styles")
        if not part or not package.has(part):
            raise Refused("没有样式表，标不了颜色")
        self._package, tag = package, package.tag
        self._tree = package.tree(part)
        groups = [self._tree.find(tag(name)) for name in ("cellXfs", "fills")]
        if any(group is None or not len(group) for group in groups):
            raise Refused("样式表不完整，标不了颜色")
        self._xfs, self._fills = groups
        odd = any(item.tag != tag(name) for group, name in zip(groups, ("xf", "fill"), strict=True) for item in group)
        if odd:  # numbers are positions: anything else between them breaks counting
            raise Refused("样式表的写法不常见，不敢改动")
        self._found: dict[etree._Element, dict[bytes, int]] = {
            group: {_canonical(item): place for place, item in reversed(list(enumerate(group)))} for group in groups
        }
        self._marks: dict[tuple[str | None, str], str] = {}

    def _of(self, style: str | None) -> etree._Element:
        number = int(style or 0)
        return self._xfs[number if number < len(self._xfs) else 0]

    def _fill(self, style: str | None) -> etree._Element:
        number = int(self._of(style).get("fillId") or 0)
        return self._fills[number if number < len(self._fills) else 0]

    def _place(self, group: etree._Element, item: etree._Element) -> str:
        """Where in the group an item stands, added at the end where it is new."""
        canonical = _canonical(item)
        if canonical not in self._found[group]:
            self._found[group][canonical] = len(group)
            item.tail = None
            group.append(item)
            if group.get("count"):
                group.set("count", str(len(group)))
        return str(self._found[group][canonical])

    def _element(self, inside: str) -> etree._Element:
        return etree.fromstring(f'<fill xmlns="{self._package.ns}">{inside}</fill>')

    def _filled(self, xf: etree._Element, fill: etree._Element, applied: str | None) -> str:
        xf = copy.deepcopy(xf)
        xf.set("fillId", self._place(self._fills, fill))
        xf.attrib.pop("applyFill", None)
        if applied:
            xf.set("applyFill", applied)
        return self._place(self._xfs, xf)

    # --- marks --------------------------------------------------------------------------------------------------------
    def _is_mark(self, style: str | None) -> bool:
        return any(
            (item.get("rgb") or "").upper() in (MARK, LESS)
            for item in self._fill(style).iter(self._package.tag("fgColor"))
        )

    def marks(self) -> set[str]:
        """The styles of marked cells."""
        return {str(number) for number in range(len(self._xfs)) if self._is_mark(str(number))}

    def mark(self, style: str | None, colour: str = MARK) -> str:
        """The style of a cell, marked with a colour of MARKS."""
        if (style, colour) not in self._marks:
            self._marks[style, colour] = self._filled(self._of(style), self._element(_SOLID.format(colour)), "1")
        return self._marks[style, colour]

    def kept(self, style: str | None) -> str:
        """What of a style a mark covers, to give it back."""
        fill = _canonical(self._fill(style)).decode().replace(f' xmlns="{self._package.ns}"', "", 1)
        return f"{self._of(style).get('applyFill') or ''}|{fill}"

    def back(self, style: str, kept: str) -> str:
        """The style of a marked cell without the mark; no fill where it is not known what was kept."""
        applied, _, xml = kept.partition("|")
        try:
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            fill = etree.fromstring(xml.replace("<fill", f'<fill xmlns="{self._package.ns}"', 1), parser)
        except etree.XMLSyntaxError:
            fill = None
        if fill is None or fill.tag != self._package.tag("fill") or len(fill) > 1:
            applied, fill = "", self._element(_NONE)
        return self._filled(self._of(style), fill, applied)

    # --- number formats -----------------------------------------------------------------------------------------------
    def every(self) -> list[str]:
        """All styles."""
        return [str(number) for number in range(len(self._xfs))]

    def kind(self, style: str | None) -> str:
        """What a style makes of what is typed: TEXT, DATE or NUMBER."""
        number = int(self._of(style).get("numFmtId") or 0)
        code = self._codes().get(number, "")
        return self.kind_of(code) if code else TEXT if number == 49 else DATE if number in _DATES else NUMBER

    @staticmethod
    def kind_of(code: str) -> str:
        """The same of the code of a number format."""
        bare = _LITERAL.sub("", code.partition(";")[0])
        return TEXT if bare.strip() == "@" else DATE if re.search("[ymdhs]", bare, re.I) else NUMBER

    def formatted(self, style: str | None, code: str) -> str:
        """A style with another number format."""
        xf = copy.deepcopy(self._of(style))
        xf.set("numFmtId", _BUILT_IN.get(code) or self._number(code))
        xf.set("applyNumberFormat", "1")
        return self._place(self._xfs, xf)

    def _codes(self) -> dict[int, str]:
        """The workbook's own number formats by number."""
        items = self._tree.iterfind(f"{self._package.tag('numFmts')}/*")
        return {int(item.get("numFmtId")): item.get("formatCode", "") for item in items if item.get("numFmtId")}

    def _number(self, code: str) -> str:
        """The number of a format of the workbook's own, added where there is none."""
        known, tag = self._codes(), self._package.tag
        if code in known.values():
            return str(next(number for number, own in known.items() if own == code))
        listed = self._tree.find(tag("numFmts"))
        if listed is None:
            listed = etree.Element(tag("numFmts"))
            self._tree.insert(0, listed)
        number = str(max([163, *known]) + 1)
        etree.SubElement(listed, tag("numFmt"), numFmtId=number, formatCode=code)
        listed.set("count", str(len(listed)))
        return number

    # --- 校验结果 -----------------------------------------------------------------------------------------------------
    def looks(self) -> dict[str, str]:
        """The styles of the worksheet 校验结果, by the names of LOOKS."""
        return {name: self._place(self._xfs, self._look(name)) for name in LOOKS}

    def _look(self, name: str) -> etree._Element:
        attributes, alignment = LOOKS[name]
        xf = copy.deepcopy(self._xfs[0])
        for child in list(xf):
            xf.remove(child)
        xf.text = None
        for key, value in ({"applyAlignment": "1"} | attributes).items():
            xf.set(key, value)
        etree.SubElement(xf, self._package.tag("alignment"), alignment)
        if name == "head":
            xf.set("fillId", self._place(self._fills, self._element(_SOLID.format(_HEAD))))
            xf.set("applyFill", "1")
        return xf

    # --- tidying ------------------------------------------------------------------------------------------------------
    def tidy(self, parts: Iterable[str]) -> None:
        """Take out, from the end, what marks had added and no cell of `parts`, all the sheets with cells, uses any more."""
        cells = {int(style) for part in parts for style in used(self._package.read(part))}
        own = {_canonical(self._look(name)) for name in LOOKS}
        while len(self._xfs) > 1 and (last := len(self._xfs) - 1) not in cells:
            if not self._is_mark(str(last)) and _canonical(self._xfs[last]) not in own:
                break
            self._take(self._xfs)
        filled = {int(xf.get("fillId") or 0) for xf in self._tree.iter(self._package.tag("xf"))}
        added = {_canonical(self._element(_SOLID.format(colour))) for colour in (MARK, LESS, _HEAD)}
        while (last := len(self._fills) - 1) not in filled and _canonical(self._fills[last]) in added:
            self._take(self._fills)

    def _take(self, group: etree._Element) -> None:
        group.remove(group[-1])
        if group.get("count"):
            group.set("count", str(len(group)))
