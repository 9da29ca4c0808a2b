"""Word and Excel files as the texts they hold: paragraphs, cells, rows, comments, names, properties, whatever is inside."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from lxml import etree

from . import base
from .base import SEEN, UNSEEN, Part

BREAKS = ("tab", "br", "cr", "noBreakHyphen")
HELD = ("p", "si", "is", "text")  # elements of Office whose runs are read as one text
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
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _all(tree: etree._Element | None, *names: str) -> list[etree._Element]:
    return [] if tree is None else [node for node in tree.iter() if _local(node) in names]


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
    seen: set[etree._Element] = set()
    for number, node in enumerate(_all(tree, *HELD), 1):
        seen.update(node.iter())
        if (cells and _local(node) == "is") or any(_local(above) == "tc" for above in node.iterancestors()):
            continue
        ref = next((above.get("ref") for above in node.iterancestors() if above.get("ref")), "")
        yield Part(f"{place}{ref or f'第{number}段'}", _joined(node), SEEN, "页数" if place in MARGINS else "")
    for number, table in enumerate(_all(tree, "tbl"), 1):
        yield from _table(table, f"{place}第{number}个表格")
    for node in tree.iter():
        for name, value in node.attrib.items() if isinstance(node.tag, str) else ():
            name = etree.QName(name).localname
            if not (value.isascii() and len(value) < 15) and "panose" not in (name, _local(node)[:6]):
                yield Part(f"{place}（{name}属性）", value, UNSEEN)
        if node not in seen and node.text and not (cells and _local(node) == "v"):
            yield Part(place, _number(node.text.strip()), UNSEEN)


def _table(table: etree._Element, place: str) -> Iterator[Part]:
    header: list[str] = []
    for number, row in enumerate(_all(table, "tr"), 1):
        texts = ["\n".join(map(_joined, _all(cell, "p"))) for cell in _all(row, "tc")]
        for column, text in enumerate(texts):
            yield Part(
                f"{place}第{number}行第{column + 1}列", text, SEEN, header[column] if column < len(header) else ""
            )
        yield base.row(f"{place}第{number}行", texts, header)
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
        yield base.row(f"工作表“{title}”第{row.get('r', '')}行", cells.values(), header.values(), numbers)
        if not header and len(cells) > 1:
            header = {ref.rstrip("0123456789"): text for ref, text in cells.items()}


def _value(cell: etree._Element, shared: list[str]) -> str:
    inner = next((one for one in cell if _local(one) == "is"), None)
    if inner is not None:
        return _joined(inner)
    text = next((one.text or "" for one in cell if _local(one) == "v"), "")
    if cell.get("t") == "s":
        return shared[int(text)] if text.isdecimal() and int(text) < len(shared) else ""
    return text if cell.get("t") == "str" else _number(text)
