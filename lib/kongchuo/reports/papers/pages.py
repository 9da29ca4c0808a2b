"""A finished paper as a page: what stands in the .docx, and the tables of the .xlsx, in the style of the reports."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml.ns import qn
from markupsafe import Markup, escape

from ...workbooks.writing.printed import Grid
from .. import display

KINDS = {  # style of a paragraph in the template -> how it stands on the page; every other one is plain text
    "公文标题": "title",
    "公文报头": "masthead",
    "公文小标题": "heading",
    "公文靠右": "right",
    "公文居中": "centre",
    "公文小字": "small",
    "公文副题": "subtitle",
    "公文期号": "issue",
    "公文版记": "imprint",
    "公文顶格": "flush",
    "公文落款": "closing",
    "公文裁切线": "cut",
    "公文填写": "write",
}


WRITE = "公文填写"  # a line to write on stands on the page though it says nothing


def of_document(data: bytes, title: str, audience: str) -> str:
    """The page of a filled Word template, whatever the office has made of it."""
    document = docx.Document(io.BytesIO(data))
    section = document.sections[0]
    wide = section.page_width > section.page_height
    return display.render(
        "paper.html", title=title, audience=audience, blocks=list(_blocks(document)), css=_css(), wide=wide
    )


def of_grids(grids: Sequence[Grid], title: str, audience: str) -> str:
    """The page of printed tables."""
    blocks = [("grid", grid) for grid in grids]
    return display.render("paper.html", title=title, audience=audience, blocks=blocks, css=_css(), wide=True)


def _css() -> Markup:
    return Markup(display.style())


def _blocks(document: Document) -> Iterator[tuple[str, object]]:
    """(kind, content) of each paragraph and table in the order of the document; empty paragraphs are left out."""
    names = {style.style_id: style.name for style in document.styles}
    links = {key: one.target_ref for key, one in document.part.rels.items() if one.reltype == RT.HYPERLINK}
    for item in document.element.body.iterchildren(qn("w:p"), qn("w:tbl")):
        if item.tag == qn("w:tbl"):
            yield _table(item, names, links)
        elif (text := _text(item, links)).strip() or names.get(item.style, "") == WRITE:
            yield KINDS.get(names.get(item.style, ""), "plain"), text


def _text(element: object, links: Mapping[str, str]) -> Markup:
    """What is written inside an element: its text, line breaks, tabs, and what leads to a file beside it."""
    found = Markup()
    for part in element.iter(qn("w:t"), qn("w:br"), qn("w:tab")):
        text = escape(SIGNS.get(part.tag, part.text or ""))
        link = next(part.iterancestors(qn("w:hyperlink")), None)
        address = links.get(link.get(qn("r:id")), "") if link is not None else ""
        found += Markup('<a href="{}">{}</a>').format(address, text) if address else text
    return found


SIGNS = {qn("w:br"): "\n", qn("w:tab"): "\t"}


def _table(table: object, names: dict[str, str], links: Mapping[str, str]) -> tuple[str, object]:
    """A table as rows of (text, columns it spans): with a header where Word repeats its first row, to sign on where it has no lines."""
    rows = [
        [(Markup("\n").join(_text(one, links) for one in cell.p_lst), cell.grid_span) for cell in row.tc_lst]
        for row in table.tr_lst
    ]
    headed = bool(table.tr_lst and table.tr_lst[0].xpath("./w:trPr/w:tblHeader"))
    lined = names.get(table.tblStyle_val) == "Table Grid"
    return ("table" if headed else "form" if lined else "signatures"), rows
