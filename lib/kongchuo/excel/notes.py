"""Notes on cells of somebody's workbook, put in and taken out. Ours are known by how they begin and end; a cell that has one gets none.

A note is two things: its text in the comments part, and a shape in a drawing of an old language (VML) that programs write each in
their own way, not always as XML. So the drawing is spliced as text (reference excel.md 3.3).
"""

import re
from collections.abc import Mapping

from lxml import etree

from .parts import KEEP_SPACE, LINKS, Package, Refused, plain, split
from .worksheet import Worksheet, put

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
def ours(package: Package, part: str) -> list[etree._Element]:
    """Our notes in a worksheet."""
    comments = package.linked(part, "comments")
    if not comments or not package.has(comments):
        return []
    listed = package.tree(comments).iter(package.tag("comment"))
    return [comment for comment in listed if _is_ours(comment, package.tag)]


def clear(package: Package, part: str) -> None:
    """Take our notes out of a worksheet, and what was only there for them."""
    own = ours(package, part)
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
def add(package: Package, part: str, worksheet: Worksheet, said: Mapping[str, str]) -> None:
    """Put notes on cells of a worksheet, address -> text; a cell that has one keeps it and gets none."""
    tag = package.tag
    comments = package.linked(part, "comments")
    has = {comment.get("ref") for comment in package.tree(comments).iter(tag("comment"))} if comments else set()
    new = {address: text for address, text in said.items() if address not in has}
    if not new:
        return
    _shapes(package, part, worksheet, new)
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


def _shapes(package: Package, part: str, worksheet: Worksheet, said: Mapping[str, str]) -> None:
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
        put(worksheet.tree, element)
    end = text.rfind("</xml>")
    if end < 0:
        raise Refused("批注图形的写法不常见，不敢改动")
    kind = "" if "_x0000_t202" in text else _KIND
    shapes = "".join(
        _shape(worksheet, address, words, first + place) for place, (address, words) in enumerate(said.items())
    )
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


def _shape(worksheet: Worksheet, address: str, text: str, number: int) -> str:
    row, column = split(address)
    wide, high = WIDE, LINE * (min(lines(text), MOST) + 1)
    top = max(row - 2, 0)
    right = _reach(worksheet.width, column + 1, 15 + wide)
    bottom = _reach(worksheet.height, top + 1, 10 + high)
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
