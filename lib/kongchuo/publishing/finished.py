"""A finished file as the texts it holds, each with the place it stands at: pages, Word and Excel papers, notebooks, plain text.

Seen texts and unseen ones (attributes, comments, properties, hidden sheets). What a reader sees as one piece is one piece, however
many runs or tags it is cut into.
"""

import io
import json
import re
import zipfile
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from lxml import etree

# --- One text of a finished file, and where it stands ---------------------------------------------------------------
SEEN, ROW, UNSEEN, SOURCE = "seen", "row", "unseen", "source"
BETWEEN = "｜"  # between the cells of a row


@dataclass(frozen=True)
class Part:
    """One text. `kind`: SEEN as it stands on the page, a whole table ROW, UNSEEN, or the SOURCE with its tags.

    `near` is what it stands under: the header of its column, the line before, of a row caption and header.
    `cells`: those of a row, "" for one that holds a number by its type.
    """

    place: str
    text: str
    kind: str = SEEN
    near: str = ""
    cells: tuple[str, ...] = ()


def row_part(place: str, cells: Iterable[str], near: Iterable[str], numbers: Container[int] = ()) -> Part:
    """A whole row of a table; `numbers`: the places of cells that hold a number by their type."""
    cells = tuple(cells)
    typed = tuple("" if at in numbers else text for at, text in enumerate(cells))
    return Part(place, BETWEEN.join(cells), ROW, BETWEEN.join(near), typed)


# --- A page as the texts it holds: blocks, rows of tables, attributes, comments -------------------------------------
INLINE = frozenset([
    "a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "mark", "q", "s", "small", "span", "strong",
    "sub", "sup", "tspan", "u", "wbr"
])  # fmt: skip
HEADING_TAGS = frozenset(f"h{level}" for level in range(1, 7))
GEOMETRY = frozenset([
    "d", "points", "transform", "viewbox", "style", "class", "width", "height", "x", "y", "x1", "x2", "y1",
    "y2", "cx", "cy", "r"
])  # fmt: skip


def of_html(page: str) -> Iterator[Part]:
    """The parts of a page: text by block, rows of tables, attributes, comments; then the source, tags and all."""
    reader = _Page()
    reader.feed(page)
    reader.close()
    reader.flush()
    yield from reader.parts
    yield Part("页面源代码", page, SOURCE)


PLAIN_TAG = re.compile(r'<([a-z][a-z0-9]*)((?: [a-z][a-z-]*="[^"&<>]*")*)>')
PLAIN_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
RAW = frozenset(
    ["script", "style", "title", "textarea", "iframe", "noembed", "noframes", "noscript", "plaintext", "xmp"]
)
PLAIN_END = re.compile(r"</([a-z][a-z0-9]*)>")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Part] = []
        self.section = "页首"
        self.text, self.before, self.skipped = "", "", 0
        self.caption, self.header, self.row, self.cell = "", [], [], None
        self.line = 0

    @property
    def place(self) -> str:
        column = f"第{len(self.row) + 1}列" if self.cell is not None else ""
        return f"{self.section}表格第{self.line}行{column}" if self.line else self.section

    def flush(self) -> None:
        """The block that ends here."""
        text, self.text = " ".join(self.text.split()), ""
        if not text:
            return
        if self.cell is not None:
            self.cell.append(text)
        else:
            self.parts.append(Part(self.place, text, UNSEEN if self.skipped else SEEN, self.before))
            self.before = text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self.flush()
        for name, value in attrs:
            if value and name not in GEOMETRY:
                self.parts.append(Part(f"{self.place}（提示或属性）", value, UNSEEN))
        if tag == "table":
            self.header, self.line = [], 0
        elif tag == "tr":
            self.row, self.line = [], self.line + 1
        elif tag in ("td", "th"):
            self.cell = []
        self.skipped += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        if tag in HEADING_TAGS:
            self.section = f"“{' '.join(self.text.split())}”一节"
        elif tag in ("caption", "summary"):
            self.caption = self.text
        if tag not in INLINE:
            self.flush()
        if tag in ("td", "th") and self.cell is not None:
            text, self.cell = " ".join(self.cell), []
            above = self.header[len(self.row)] if len(self.row) < len(self.header) else ""
            self.parts.append(Part(self.place, text, SEEN, above))
            self.row.append(text)
            self.cell = None
        elif tag == "tr":
            self.parts.append(row_part(self.place, self.row, [self.caption, *self.header]))
            self.header = self.header or self.row
        elif tag == "table":
            self.line, self.header, self.caption = 0, [], ""
        self.skipped -= tag in ("style", "script") and self.skipped > 0

    def handle_data(self, data: str) -> None:
        self.text += data

    # Tags as our own templates write them, in half the time; all others as html.parser does
    def parse_starttag(self, i: int) -> int:
        tag = PLAIN_TAG.match(self.rawdata, i)
        if not tag or tag[1] in RAW:
            return super().parse_starttag(i)
        self.handle_starttag(tag[1], PLAIN_ATTRIBUTE.findall(tag[2]))
        return tag.end()

    def parse_endtag(self, i: int) -> int:
        tag = PLAIN_END.match(self.rawdata, i)
        if not tag or self.cdata_elem:
            return super().parse_endtag(i)
        self.handle_endtag(tag[1])
        return tag.end()

    def updatepos(self, i: int, j: int) -> int:
        return j  # lines and columns, which nobody asks for

    def handle_comment(self, data: str) -> None:
        self.parts.append(Part(f"{self.place}（注释）", data, UNSEEN))

    handle_decl = handle_pi = unknown_decl = handle_comment


# --- Word and Excel files as the texts they hold: paragraphs, cells, rows, comments, names, properties, whatever is inside ---
BREAKS = ("tab", "br", "cr", "noBreakHyphen")
HELD = ("p", "si", "is", "text")  # elements of Office whose runs are read as one text
INSIDE = tuple(f"{{*}}{name}" for name in HELD)
DECIMAL = re.compile(r"-?\d+(\.\d+)?(E[+-]?\d+)?", re.I)
MARGINS = ("页眉", "页脚")  # where a number alone is that of the page
TITLES = (  # parts of a package, as people call them
    (r"word/document", "正文"),
    (r".*/header\d*", "页眉"),
    (r".*/footer\d*", "页脚"),
    (r".*/(threaded)?comments?\w*", "批注"),
    (r".*/(foot|end)notes", "脚注"),
    (r".*/(drawing|chart|vmlDrawing|diagram)\w*", "图形"),
    (r"xl/workbook", "名称和工作表名"),
    (r"xl/sharedStrings", "共享字符串"),
    (r"docProps/\w+|customXml/.*", "文档属性"),
)


def of_package(content: bytes) -> Iterator[Part]:
    """The parts of a package; raises ValueError for one that cannot be read through."""
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
        held = {name: package.read(name) for name in package.namelist() if not name.endswith("/")}
        trees = {name: _tree(data) for name, data in held.items() if name.endswith((".xml", ".rels", ".vml"))}
    except (zipfile.BadZipFile, etree.XMLSyntaxError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"打不开：{type(error).__name__}") from error
    yield Part("压缩包说明", package.comment.decode("utf-8", "replace"), UNSEEN)
    shared = [_joined(one) for one in _all(trees.get("xl/sharedStrings.xml"), "si")]
    sheets = _sheet_titles(trees)
    for name, data in held.items():
        yield Part("包内文件名", name, UNSEEN)
        if name in trees:
            yield from _sheet(trees[name], sheets[name], shared) if name in sheets else ()
            yield from _marked(
                trees[name], f"工作表“{sheets[name]}”" if name in sheets else _title(name), name in sheets
            )
        elif data[:4] == b"PK\x03\x04":
            yield from (Part(f"嵌入的文件，{part.place}", part.text, part.kind, part.near) for part in of_package(data))
        else:  # a picture: nothing to read but what is written in it in plain letters
            yield Part(f"{_title(name)}（嵌入的文件）", data.decode("latin-1"), UNSEEN)


def _tree(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    tree = etree.fromstring(data, parser)
    if tree.getroottree().docinfo.doctype:
        raise etree.XMLSyntaxError("DTD", 0, 0, 0)
    return tree


def _title(name: str) -> str:
    stem = re.sub(r"\.(xml|vml)(\.rels)?$|\.rels$", "", name.replace("_rels/", ""))
    return next((title for pattern, title in TITLES if re.fullmatch(pattern, stem)), "其他部分")


def _local(node: etree._Element) -> str:
    tag = node.tag
    return tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""


def _all(tree: etree._Element | None, *names: str) -> list[etree._Element]:
    return [] if tree is None else list(tree.iter(*(f"{{*}}{name}" for name in names)))


def _joined(node: etree._Element) -> str:
    """The runs of a paragraph or string as they are read: one text."""
    pieces = (" " if _local(one) in BREAKS else one.text or "" for one in node.iter() if _local(one) not in HELD[:3])
    return "".join(piece for piece in pieces if piece)


def _number(text: str) -> str:
    """A stored number as it may be shown: the many decimals of a fraction are no digits of a number that names somebody."""
    if not DECIMAL.fullmatch(text) or len(text) < 15 or text.isdecimal():
        return text
    return f"{float(text):.0f}" if abs(float(text)) >= 1e14 else f"{float(text):.6g}"


def _marked(tree: etree._Element, place: str, cells: bool) -> Iterator[Part]:
    """The paragraphs of a part, the rows of its tables, and every other text and attribute; cells of a sheet come elsewhere."""
    for number, node in enumerate(_all(tree, *HELD), 1):
        if (cells and _local(node) == "is") or next(node.iterancestors("{*}tc"), None) is not None:
            continue
        ref = next((above.get("ref") for above in node.iterancestors() if above.get("ref")), "")
        yield Part(f"{place}{ref or f'第{number}段'}", _joined(node), SEEN, "页数" if place in MARGINS else "")
    for number, table in enumerate(_all(tree, "tbl"), 1):
        yield from _table(table, f"{place}第{number}个表格")
    for node in tree.iter():
        for name, value in node.items() if isinstance(node.tag, str) else ():
            if value.isascii() and len(value) < 15:
                continue
            name = etree.QName(name).localname
            if "panose" not in (name, _local(node)[:6]):
                yield Part(f"{place}（{name}属性）", value, UNSEEN)
        if not node.text or _local(node) in HELD or next(node.iterancestors(*INSIDE), None) is not None:
            continue
        if not (cells and _local(node) == "v"):
            yield Part(place, _number(node.text.strip()), UNSEEN)


def _table(table: etree._Element, place: str) -> Iterator[Part]:
    header: list[str] = []
    for number, row in enumerate(_all(table, "tr"), 1):
        texts = ["\n".join(map(_joined, _all(cell, "p"))) for cell in _all(row, "tc")]
        for column, text in enumerate(texts):
            yield Part(
                f"{place}第{number}行第{column + 1}列", text, SEEN, header[column] if column < len(header) else ""
            )
        yield row_part(f"{place}第{number}行", texts, header)
        header = header or texts


def _sheet_titles(trees: dict[str, etree._Element]) -> dict[str, str]:
    """Path of each worksheet's part -> its title."""
    targets = {
        node.get("Id"): "xl/" + node.get("Target", "").removeprefix("/xl/")
        for node in _all(trees.get("xl/_rels/workbook.xml.rels"), "Relationship")
    }
    found = {}
    for node in _all(trees.get("xl/workbook.xml"), "sheet"):
        link = next((value for name, value in node.attrib.items() if etree.QName(name).localname == "id"), "")
        found[targets.get(link, "")] = node.get("name", "")
    return {name: title for name, title in found.items() if name in trees}


def _sheet(tree: etree._Element, title: str, shared: list[str]) -> Iterator[Part]:
    header: dict[str, str] = {}
    for row in _all(tree, "row"):
        cells = {cell.get("r", ""): _value(cell, shared) for cell in row if _local(cell) == "c"}
        cells = {ref: text for ref, text in cells.items() if text}
        for ref, text in cells.items():
            yield Part(f"工作表“{title}”{ref}", text, SEEN, header.get(ref.rstrip("0123456789"), ""))
        typed = {cell.get("r") for cell in row if cell.get("t", "n") == "n"}
        numbers = [at for at, ref in enumerate(cells) if ref in typed]
        yield row_part(f"工作表“{title}”第{row.get('r', '')}行", cells.values(), header.values(), numbers)
        if not header and len(cells) > 1:
            header = {ref.rstrip("0123456789"): text for ref, text in cells.items()}


def _value(cell: etree._Element, shared: list[str]) -> str:
    text = ""
    for one in cell:
        if (name := _local(one)) == "is":
            return _joined(one)
        text = (one.text or "") if name == "v" else text
    if cell.get("t") == "s":
        return shared[int(text)] if text.isdecimal() and int(text) < len(shared) else ""
    return text if cell.get("t") == "str" else _number(text)


# --- Every text of a file, whatever it is ---------------------------------------------------------------------------
def of_file(path: Path, read: str = "") -> Iterator[Part]:
    """The parts of a file by its ending, its name first; of a notebook without the HTML that stands, whole, in a page that is `read`.

    Raises ValueError for a package that cannot be read.
    """
    yield Part("文件名", path.name)
    yield from of_bytes(path.read_bytes(), path.suffix.lower(), read)


def of_bytes(content: bytes, suffix: str, read: str = "") -> Iterator[Part]:
    """The parts of a file's content; `read` as of_file has it."""
    if content[:4] == b"PK\x03\x04":
        yield from of_package(content)
    elif suffix in (".html", ".htm", ".svg", ".xml"):
        yield from of_html(content.decode("utf-8", "replace"))
    elif suffix in (".ipynb", ".json"):
        yield from _values(json.loads(content), read)
    else:
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            yield Part(f"第{number}行", line)


def _values(value: object, read: str, key: str = "") -> Iterator[Part]:
    """The texts of a notebook or another JSON."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield Part("数据的名称", name, UNSEEN)
            yield from _values(held, read, name)
    elif isinstance(value, list) and not (
        key in ("text/html", "source") and all(isinstance(one, str) for one in value)
    ):
        for held in value:
            yield from _values(held, read, key)
    elif value is not None:
        text = "".join(value) if isinstance(value, list) else str(value)
        if key != "text/html":
            yield Part("笔记本或数据", text, UNSEEN)
        elif text not in read:
            yield from of_html(text)
