"""The Word templates of the papers, made from the marked-up texts of templates/papers: A4, page numbers, 仿宋, repeated headers.

An office changes the .docx in Word or WPS; what it has saved is its own, and `building` leaves it alone. Marks at the start of a
line: `#` title on a new page, `=` a red masthead, `##` heading, `>` right, `^` centred, `~` small, `|` a table row (the first is the
header unless `|-` opens the table; `|*` repeats for `… as …`), `[ ]` lines to sign on with the place of the seal; `!wide` turns
the page.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from ..core.places import TEMPLATES
from ..workbooks.writing import MADE

BODY, HEAD, TITLE = "仿宋", "黑体", "宋体"
ELSEWHERE = {"仿宋": "FangSong_GB2312", "黑体": "SimHei", "宋体": "SimSun"}  # what a machine without the first may have
STAMP = (1980, 1, 1, 0, 0, 0)  # of every member of the package, so that the same text gives the same bytes
LOOP = re.compile(r"^\|\* *(\S+) as (\w+) *\|(.*)$")
STYLES = {  # mark -> name of the style, font, size, alignment, space before and after (pt)
    "# ": ("公文标题", TITLE, 20, WD_ALIGN_PARAGRAPH.CENTER, 6, 12),
    "= ": ("公文报头", TITLE, 34, WD_ALIGN_PARAGRAPH.CENTER, 6, 6),
    "## ": ("公文小标题", HEAD, 14, WD_ALIGN_PARAGRAPH.LEFT, 8, 3),
    "> ": ("公文靠右", BODY, 14, WD_ALIGN_PARAGRAPH.RIGHT, 2, 2),
    "^ ": ("公文居中", BODY, 14, WD_ALIGN_PARAGRAPH.CENTER, 2, 2),
    "~ ": ("公文小字", BODY, 10.5, WD_ALIGN_PARAGRAPH.LEFT, 2, 2),
    "": ("公文正文", BODY, 14, WD_ALIGN_PARAGRAPH.JUSTIFY, 0, 0),
}


def forms() -> Iterator[tuple[str, bytes]]:
    """Every template: file name and content, the same bytes for the same text."""
    for path in sorted((TEMPLATES / "papers").glob("*.txt")):
        yield f"{path.stem}.docx", form(path.stem, path.read_text("utf-8"))


def form(title: str, text: str) -> bytes:
    """One template from its marked-up text."""
    made = docx.Document()
    _page(made, wide=text.startswith("!wide"))
    _styles(made)
    rows: list[str] = []
    for line in [*text.removeprefix("!wide\n").splitlines(), ""]:
        if line.startswith("|"):
            rows.append(line)
            continue
        if rows:
            _table(made, rows)
            rows = []
        if line.startswith("[ ]"):
            _signatures(made, line[3:])
        elif line.strip():
            mark = next(mark for mark in STYLES if line.startswith(mark))
            made.add_paragraph(line[len(mark) :], style=STYLES[mark][0])
    core = made.core_properties
    core.title, core.author, core.comments = title, "kongchuo", ""
    core.created = core.modified = MADE
    core.last_modified_by, core.revision = "kongchuo", 1
    return _packed(made)


def _packed(made: Document) -> bytes:
    """The package with fixed times, without python-docx's own picture of a page."""
    raw, packed = io.BytesIO(), io.BytesIO()
    made.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/fontTable.xml":
                data = data.replace(b"</w:fonts>", "".join(map(_font, ELSEWHERE.items())).encode() + b"</w:fonts>")
            target.writestr(zipfile.ZipInfo(name, STAMP), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _font(names: tuple[str, str]) -> str:
    return f'<w:font w:name="{names[0]}"><w:altName w:val="{names[1]}"/><w:charset w:val="86"/></w:font>'


def _page(made: Document, wide: bool) -> None:
    section = made.sections[0]
    sides = (Mm(297), Mm(210)) if wide else (Mm(210), Mm(297))
    section.page_width, section.page_height = sides
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Mm(18 if wide else 26)
    section.top_margin, section.bottom_margin = Mm(18 if wide else 25), Mm(20)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, field in (("第 ", "PAGE"), (" 页，共 ", "NUMPAGES"), (" 页", "")):
        _letters(footer.add_run(text), BODY, 9)
        if field:
            _field(footer, field)


def _field(paragraph: object, code: str) -> None:
    run = paragraph.add_run()
    _letters(run, BODY, 9)
    for kind in ("begin", "", "end"):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = code
        run._r.append(part)


def _letters(run: object, font: str, size: float) -> None:
    run.font.name, run.font.size = font, Pt(size)
    run._r.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), font)


def _styles(made: Document) -> None:
    for mark, (name, font, size, align, before, after) in STYLES.items():
        style = made.styles.add_style(name, 1)
        style.font.name, style.font.size = font, Pt(size)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
        shape = style.paragraph_format
        shape.alignment, shape.space_before, shape.space_after = align, Pt(before), Pt(after)
        shape.line_spacing = 1.35 if mark in ("", "> ", "^ ") else 1.15
        style.font.bold = mark in ("# ", "= ")
        if mark in ("# ", "## ", "= "):
            shape.keep_with_next = True
        shape.page_break_before = mark == "# "
        if mark == "= ":
            style.font.color.rgb = RGBColor(0xC0, 0, 0)
        if mark == "":
            shape.first_line_indent = Pt(2 * size)


def _table(made: Document, lines: list[str]) -> None:
    """Rows of `| a | b |`; before the first `|-` the first row is a header that Word repeats on each page."""
    headed = not lines[0].startswith("|-")
    widths = [float(part) for part in lines.pop(0)[2:].split()] if lines[0].startswith(("|-", "|=")) else []
    cells = [_cells(line) for line in lines]
    table = made.add_table(0, max(map(len, cells)))
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    for place, (line, texts) in enumerate(zip(lines, cells, strict=True)):
        loop = LOOP.match(line)
        if loop:
            _row(table, [f"{{%tr for {loop[2]} in {loop[1]} %}}"], small=True)
        row = _row(table, texts, bold=headed and place == 0, labels=not headed)
        if headed and place == 0:
            row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        if loop:
            _row(table, ["{%tr endfor %}"], small=True)
    if widths:
        table.autofit = False
        usable = made.sections[0].page_width - made.sections[0].left_margin - made.sections[0].right_margin
        for row in table.rows:
            for cell, width in zip(row.cells, widths, strict=True):
                cell.width = int(usable * width / sum(widths))
    made.add_paragraph("", style="公文小字")


def _cells(line: str) -> list[str]:
    loop = LOOP.match(line)
    return [text.strip() for text in (loop[3] if loop else line[1:]).strip().strip("|").split("|")]


def _row(table: object, texts: list[str], bold: bool = False, labels: bool = False, small: bool = False) -> object:
    row = table.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for place, (cell, text) in enumerate(zip(row.cells, texts, strict=False)):
        paragraph = cell.paragraphs[0]
        label = labels and place % 2 == 0 and len(texts) > 1
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if bold or label else WD_ALIGN_PARAGRAPH.LEFT
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(text)
        _letters(run, HEAD if bold or label else BODY, 10.5)
        cell.vertical_alignment = 1
    if not any(texts):
        row.height = Mm(8)  # to write in by hand
    if labels and len(texts) < len(row.cells):
        row.cells[len(texts) - 1].merge(row.cells[-1])
    return row


def _signatures(made: Document, text: str) -> None:
    """`[ ] 填表人｜复核人｜（盖章）`: cells without lines, tall enough to sign in; what stands in brackets is the seal's place."""
    labels = [label.strip() for label in text.split("｜")]
    across = min(len(labels), 3)  # an empty label leaves its cell empty
    table = made.add_table(-(-len(labels) // across), across)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for place, label in enumerate(labels):
        paragraph = table.cell(place // across, place % across).paragraphs[0]
        seal = label.startswith("（")
        paragraph.paragraph_format.space_before = Pt(26 if seal else 16)
        paragraph.paragraph_format.space_after = Pt(4)
        if seal:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _letters(paragraph.add_run(label if seal or not label else f"{label}：____________"), BODY, 12)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    made.add_paragraph("", style="公文小字")
