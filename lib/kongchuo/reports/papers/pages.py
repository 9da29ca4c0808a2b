"""A finished paper as a page: what stands in the .docx, and the tables of the .xlsx, in the style of the reports."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import docx
from docx.document import Document
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph
from markupsafe import Markup

from ...workbooks.writing.printed import Grid
from .. import display

KINDS = {  # style of a paragraph in the template -> how it stands on the page; every other one is plain text
    "公文标题": "title",
    "公文报头": "masthead",
    "公文小标题": "heading",
    "公文靠右": "right",
    "公文居中": "centre",
    "公文小字": "small",
}


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
    for item in document.iter_inner_content():
        if isinstance(item, Paragraph):
            if item.text.strip():
                yield KINDS.get(item.style.name, "plain"), item.text
        else:
            yield _table(item)


def _table(table: WordTable) -> tuple[str, object]:
    """A table as rows of (text, columns it spans); the first row is a header where Word repeats it, or it has no lines at all."""
    rows = []
    for row in table.rows:
        cells: list[list] = []
        seen = None
        for cell in row.cells:
            if cell._tc is seen:
                cells[-1][1] += 1
            else:
                cells.append([cell.text, 1])
            seen = cell._tc
        rows.append(cells)
    headed = bool(table.rows and table.rows[0]._tr.xpath("./w:trPr/w:tblHeader"))
    lined = table.style is not None and table.style.name == "Table Grid"
    return ("table" if headed else "form" if lined else "signatures"), rows
