"""A worksheet of somebody's workbook: rows and cells by place, styles with only the fill changed, notes; and back."""

import copy
import re
from collections.abc import Iterable, Mapping

from lxml import etree

from ..core.workbooks import column_letters
from . import results
from .parts import KEEP_SPACE, LINKS, Package, Refused, plain, split

# --- A worksheet of somebody's workbook: its rows and cells by place, where each new thing has to stand, how wide and high things are ---
# the order of what a worksheet holds (ECMA-376 part 1, 18.3.1.99)
ORDER = ["sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
         "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells", "phoneticPr",
         "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter",
         "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing",
         "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts",
         "extLst"]  # fmt: skip
ROW, WIDTH = 20, 64  # pixels of a row and a column that nobody has changed
NEW_CELL, NEW_ROW = "c", "r"  # what of a cell was not there before


def put(tree: etree._Element, element: etree._Element) -> None:
    """Put an element into a worksheet where it has to stand: after the last of those that come before it."""
    place = ORDER.index(etree.QName(element).localname)
    before = [
        child
        for child in tree
        if isinstance(child.tag, str)
        and (name := etree.QName(child).localname) in ORDER
        and ORDER.index(name) <= place
        and etree.QName(child).namespace == etree.QName(tree).namespace
    ]
    before[-1].addnext(element)


class Page:
    """The rows and cells of a worksheet; files may leave out the addresses of both."""

    def __init__(self, package: Package, part: str) -> None:
        """Look at a worksheet; changes are made in the package."""
        self._tag, self.tree = package.tag, package.tree(part)
        self._data = self.tree.find(self._tag("sheetData"))
        self._rows: dict[int, etree._Element] = {}
        self._cells: dict[int, dict[int, etree._Element]] = {}
        self._made: set[int] = set()
        columns = self.tree.find(self._tag("cols"))
        self._columns = list(columns.iterchildren(self._tag("col"))) if columns is not None else []
        self._standard = self.tree.find(self._tag("sheetFormatPr"))
        number = 0
        for row in self._data.iterchildren(self._tag("row")):
            number = int(row.get("r") or number + 1)
            self._rows[number] = row

    def _row(self, number: int) -> dict[int, etree._Element]:
        if number not in self._cells:
            self._cells[number] = found = {}
            column = 0
            for cell in self._rows[number].iterchildren(self._tag("c")) if number in self._rows else ():
                column = split(cell.get("r"))[1] if cell.get("r") else column + 1
                found[column] = cell
        return self._cells[number]

    def cell(self, address: str) -> etree._Element | None:
        """The cell at an address; None where the file holds none."""
        row, column = split(address)
        return self._row(row).get(column)

    def cells(self, styles: set[str]) -> list[tuple[str, etree._Element]]:
        """The cells that have one of some styles, with their addresses."""
        return [
            (f"{column_letters(column)}{number}", cell)
            for number in self._rows
            for column, cell in self._row(number).items()
            if cell.get("s") in styles
        ]

    def make(self, address: str) -> tuple[etree._Element, str]:
        """The cell at an address, made where there is none, looking as its place looked; and what had to be made."""
        number, column = split(address)
        there = self._row(number).get(column)
        if there is not None:
            return there, ""
        made = NEW_CELL
        row = self._rows.get(number)
        if row is None:
            made = NEW_ROW
            row = etree.Element(self._tag("row"), r=str(number))
            before = [other for other in self._rows if other < number]
            if before:
                self._rows[max(before)].addnext(row)
            else:
                self._data.insert(0, row)
            self._rows[number] = row
        cell = etree.Element(self._tag("c"), r=address)
        style = self._inherited(number, column)
        if style:
            cell.set("s", style)
        left = [other for other in self._row(number) if other < column]
        if left:
            self._row(number)[max(left)].addnext(cell)
        else:
            row.insert(0, cell)
        self._row(number)[column] = cell
        spans = row.get("spans", "")
        if spans.count(":") == 1 and " " not in spans:  # what a row says of its columns holds for one more
            first, last = map(int, spans.split(":"))
            row.set("spans", f"{min(first, column)}:{max(last, column)}")
        return cell, made

    def _inherited(self, number: int, column: int) -> str | None:
        """The style that an empty place shows: its row's, else its column's."""
        return self.styled_rows(number).get(number) or self.style_of(column)

    def styled_rows(self, *numbers: int) -> dict[int, str]:
        """Of these rows (none: all) those that have a style of their own, with it: what an empty place in them shows."""
        rows = {number: self._rows[number] for number in numbers or self._rows}
        return {number: row.get("s", "0") for number, row in rows.items() if row.get("customFormat") in ("1", "true")}

    def style_of(self, column: int) -> str | None:
        """The style of a whole column; None where it has none of its own."""
        for item in self._columns:
            if int(item.get("min")) <= column <= int(item.get("max")):
                return item.get("style")
        return None

    def unmake(self, address: str, made: str) -> None:
        """Take out a cell that was made, and its row, unless somebody has put something there or the place would look different."""
        number, column = split(address)
        self._made.update({number} if made == NEW_ROW else ())  # its last cell takes it along
        cell = self._row(number)[column]
        row = self._rows[number]
        looks = cell.get("s", "0")
        if made not in (NEW_CELL, NEW_ROW) or len(cell) or looks != (self._inherited(number, column) or "0"):
            return
        row.remove(cell)
        del self._cells[number][column]
        if number in self._made and not len(row) and set(row.attrib) <= {"r", "spans"}:
            self._data.remove(row)
            del self._rows[number]

    # --- measures in pixels -------------------------------------------------------------------------------------------
    def width(self, column: int) -> int:
        """How wide a column is."""
        for item in self._columns:
            if int(item.get("min")) <= column <= int(item.get("max")):
                if item.get("hidden") in ("1", "true"):
                    return 0
                return round(float(item.get("width") or 9) * 7) + 5
        wide = self._standard.get("defaultColWidth") if self._standard is not None else None
        return round(float(wide) * 7) if wide else WIDTH

    def height(self, number: int) -> int:
        """How high a row is."""
        row = self._rows.get(number)
        if row is not None and row.get("hidden") in ("1", "true"):
            return 0
        standard = self._standard.get("defaultRowHeight") if self._standard is not None else None
        high = (row.get("ht") if row is not None else None) or standard
        return round(float(high) * 4 / 3) if high else ROW


# --- Notes on cells of somebody's workbook. Ours are known by how they begin and end; a cell that has a note of its own gets none ---
# A note is two things: its text in the comments part, and a shape in a drawing of an old language (VML) that programs write each in
# their own way, not always as XML. So the drawing is spliced as text (reference excel.md 3.3).
AUTHOR, BEGINS, ENDS = "校验程序", "【校验】", "——再次检查时自动更新"  # one to which people have added is theirs
COMMENTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"
WIDE, LINE, CHARACTERS, MOST = 300, 18, 20, 24  # pixels, pixels of a line, Chinese characters in it, lines shown
CLUSTER = 1024  # numbers of shapes come in clusters, each of which belongs to one drawing

_NAMES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_EMPTY = f'<xml {_NAMES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{{cluster}}"/></o:shapelayout></xml>'
# the names are declared on each piece: a drawing may have been written with other prefixes
_KIND = (
    f'<v:shapetype {_NAMES} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    f'<v:shape {_NAMES} id="_x0000_s{{id}}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:2pt;'
    'width:{width}pt;height:{height}pt;z-index:{order};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
    '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_ANY_SHAPE = re.compile(r"<((?:\w+:)?shape)\b[^>]*?(?:/>|>.*?</\1>)", re.S)


def note(said: str) -> str:
    """The text of a note of ours."""
    return f"{BEGINS}{said}\n{ENDS}"


# --- taking out -------------------------------------------------------------------------------------------------------
def of(package: Package, part: str) -> list[etree._Element]:
    """Our notes in a worksheet."""
    comments = package.linked(part, "comments")
    if not comments or not package.has(comments):
        return []
    listed = package.tree(comments).iter(package.tag("comment"))
    return [comment for comment in listed if _is_ours(comment, package.tag)]


def clear(package: Package, part: str) -> None:
    """Take our notes out of a worksheet, and what was only there for them."""
    own = of(package, part)
    if not own:
        return
    comments, tag = package.linked(part, "comments"), package.tag
    tree = package.tree(comments)
    listed = tree.find(tag("commentList"))
    for comment in own:
        listed.remove(comment)
    drawing, id_ = _drawing(package, part)
    if drawing:
        places = {split(comment.get("ref")) for comment in own}
        _take_shapes(package, part, drawing, id_, places)
    authors = tree.find(tag("authors"))
    last = len(authors) - 1
    if last >= 0 and authors[last].text == AUTHOR and not any(c.get("authorId") == str(last) for c in listed):
        authors.remove(authors[last])
    if not len(listed):
        package.drop(part, comments)


def _is_ours(comment: etree._Element, tag) -> bool:
    text = "".join(piece.text or "" for piece in comment.iter(tag("t"))).strip()
    return text.startswith(BEGINS) and text.endswith(ENDS)


def _drawing(package: Package, part: str) -> tuple[str, str]:
    """The drawing of a worksheet's notes and the id of the link to it. Headers of print have drawings of the same kind."""
    element = package.tree(part).find(package.tag("legacyDrawing"))
    id_ = element.get(f"{{{LINKS}}}id") if element is not None else ""
    return next(((link.part, link.id) for link in package.links(part) if id_ and link.id == id_), ("", ""))


def _text(package: Package, drawing: str) -> str:
    return package.read(drawing).decode("utf-8", "surrogateescape")


def _write(package: Package, drawing: str, text: str) -> None:
    package.write(drawing, text.encode("utf-8", "surrogateescape"))


def _take_shapes(package: Package, part: str, drawing: str, id_: str, places: set[tuple[int, int]]) -> None:
    def kept(found: re.Match) -> str:
        row, column = (re.search(rf"<(?:\w+:)?{name}>\s*(\d+)", found[0]) for name in ("Row", "Column"))
        note = re.search(r"""ObjectType=["']Note""", found[0])
        return "" if note and row and column and (int(row[1]) + 1, int(column[1]) + 1) in places else found[0]

    text = _ANY_SHAPE.sub(kept, _text(package, drawing))
    if "#_x0000_t202" not in text:
        text = text.replace(_KIND, "")
    _write(package, drawing, text)
    if not _ANY_SHAPE.search(text):
        tree = package.tree(part)
        tree.remove(tree.find(package.tag("legacyDrawing")))
        package.drop(part, drawing)


# --- putting in -------------------------------------------------------------------------------------------------------
def add(package: Package, part: str, page: Page, said: Mapping[str, str]) -> None:
    """Put notes on cells of a worksheet, address -> text; a cell that has one keeps it and gets none."""
    tag = package.tag
    comments = package.linked(part, "comments")
    has = {comment.get("ref") for comment in package.tree(comments).iter(tag("comment"))} if comments else set()
    new = {address: text for address, text in said.items() if address not in has}
    if not new:
        return
    _shapes(package, part, page, new)
    if not comments:
        comments = package.free("xl/comments{}.xml")
        package.plant(comments, etree.fromstring(f'<comments xmlns="{package.ns}"><authors/><commentList/></comments>'))
        package.link(part, "comments", comments)
        package.type_of(part=comments, content=COMMENTS)
    tree = package.tree(comments)
    authors, listed = tree.find(tag("authors")), tree.find(tag("commentList"))
    names = [author.text for author in authors]
    if AUTHOR not in names:
        etree.SubElement(authors, tag("author")).text = AUTHOR
        names.append(AUTHOR)
    for address, text in new.items():
        comment = etree.SubElement(listed, tag("comment"), ref=address, authorId=str(names.index(AUTHOR)))
        run = etree.SubElement(etree.SubElement(comment, tag("text")), tag("r"))
        looks = etree.SubElement(run, tag("rPr"))
        for name, value in (("sz", "9"), ("rFont", "宋体"), ("charset", "134")):
            etree.SubElement(looks, tag(name), val=value)
        words = etree.SubElement(run, tag("t"))
        words.text = plain(text)
        words.set(KEEP_SPACE, "preserve")


def _shapes(package: Package, part: str, page: Page, said: Mapping[str, str]) -> None:
    drawing, _ = _drawing(package, part)
    if drawing:
        text = _text(package, drawing)
        first = max([CLUSTER, *map(int, re.findall(r"_x0000_s(\d+)", text))]) + 1
    else:
        drawing = package.free("xl/drawings/vmlDrawing{}.vml")
        package.type_of(extension="vml", content=VML)
        clusters = range(_free_cluster(package), _free_cluster(package) + len(said) // (CLUSTER - 1) + 1)
        text = _EMPTY.format(cluster=",".join(map(str, clusters)))
        first = clusters[0] * CLUSTER + 1
        package.write(drawing, b"")
        element = etree.Element(package.tag("legacyDrawing"))
        element.set(f"{{{LINKS}}}id", package.link(part, "vmlDrawing", drawing))
        put(page.tree, element)
    end = text.rfind("</xml>")
    if end < 0:
        raise Refused("批注图形的写法不常见，不敢改动")
    kind = "" if "_x0000_t202" in text else _KIND
    shapes = "".join(_shape(page, address, words, first + place) for place, (address, words) in enumerate(said.items()))
    _write(package, drawing, text[:end] + kind + shapes + text[end:])


def _free_cluster(package: Package) -> int:
    """The first number of shape clusters that no drawing of the workbook has."""
    taken = [
        int(number)
        for part in package.names()
        if part.endswith(".vml")
        for listed in re.findall(rb"""idmap\b[^>]*?\bdata=["']([\d, ]*)["']""", package.read(part))
        for number in listed.replace(b",", b" ").split()
    ]
    return max(taken, default=0) + 1


def _shape(page: Page, address: str, text: str, number: int) -> str:
    row, column = split(address)
    wide, high = WIDE, LINE * (min(lines(text), MOST) + 1)
    top = max(row - 2, 0)
    right = _reach(page.width, column + 1, 15 + wide)
    bottom = _reach(page.height, top + 1, 10 + high)
    anchor = (column, 15, top, 10, right[0] - 1, right[1], bottom[0] - 1, bottom[1])
    return _SHAPE.format(
        id=number,
        width=wide * 3 // 4,
        height=high * 3 // 4,
        order=number % CLUSTER,
        anchor=", ".join(map(str, anchor)),
        row=row - 1,
        column=column - 1,
    )


def lines(text: str) -> int:
    """How many lines a text takes in a note."""
    widths = (sum(2 if char >= "⺀" else 1 for char in line) for line in text.split("\n"))
    return sum(-(-width // (2 * CHARACTERS)) or 1 for width in widths)


def _reach(size, place: int, pixels: int) -> tuple[int, int]:
    """Where one comes out that many pixels from the beginning of a row or column: which, and how far in it."""
    for _ in range(1000):
        own = size(place)
        if pixels < own:
            break
        pixels -= own
        place += 1
    return place, max(pixels, 0)


# --- The styles of somebody's workbook: a cell's own style with only its fill changed, and back ---------------------
# Style numbers change whenever a program saves the workbook, so a mark is known by its colour, which nothing else uses, and the fill
# of before is kept as XML (reference excel.md 3.3).
MARK = "FFFFC7CF"  # one step beside the red that Excel offers as 差, so that nobody's own fill is taken for a mark
LESS = "FFFFEB9D"  # of a warning; likewise one step beside 适中
MARKS = {results.GRAVE: MARK, results.LESS: LESS}
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
