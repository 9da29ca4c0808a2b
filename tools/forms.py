"""The Word templates of the papers, made from the marked-up texts of tools/papers: A4, page numbers, 仿宋, repeated headers.

An office changes the .docx in Word or WPS; what it has saved is its own, and `kongchuo build` leaves it alone. The marks a line may
begin with stand in `form_looks.LOOKS`; besides them `|` a table row (the first is the header unless `|-` opens the table; `|*`
repeats for `… as …`, `|+` is tall enough to sign in; `9pt` among the widths: small letters in low rows), `[3]` places to sign, three beside each other, with the place of the seal;
`!wide` turns the page, `!large` and `!small` change the size of plain text.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Emu, Mm, Pt

from form_looks import BODY, FONTS, GAP, HEAD, LOOKS, SIZES, letters, page, styles, usable
from kongchuo.excel.writing import MADE

TEXTS = Path(__file__).parent / "papers"
STAMP = (1980, 1, 1, 0, 0, 0)  # of every member of the package, so that the same text gives the same bytes
LOOP = re.compile(r"^\|\* *(\S+) as (\w+) *\|(.*)$")
SIGN = re.compile(r"^\[(\d)\] *")
BREAK = "⏎"  # a new line within a paragraph or cell
COPIES, NEXT = "{%p for one in copies %}", "{%p endfor %}"
MARGINS = '<w:tblCellMar {}><w:top w:w="45" w:type="dxa"/><w:left w:w="85" w:type="dxa"/><w:bottom w:w="45" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar>'
INSIDE = 10.5  # size of what stands in a table
INK = 12  # size of what stands beside a place to sign
CENTRE, LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT


def forms() -> Iterator[tuple[str, bytes]]:
    """Every template: file name and content, the same bytes for the same text."""
    for path in sorted(TEXTS.glob("*.txt")):
        yield f"{path.stem}.docx", form(path.stem, path.read_text("utf-8"))


def form(title: str, text: str) -> bytes:
    """One template from its marked-up text."""
    lines = text.splitlines()
    flags = {line for line in lines if line.startswith("!")}
    lines = [line for line in lines if line not in flags]
    apart = lines[0] == COPIES  # each copy goes to somebody else, and counts its own pages
    made = docx.Document()
    page(made, wide="!wide" in flags, apart=apart)
    styles(made, next((SIZES[flag] for flag in flags if flag in SIZES), None))
    rows: list[str] = []
    for place, line in enumerate([*lines, ""], 1):
        if line.startswith("|"):
            rows.append(line)
            continue
        if rows:
            _table(made, rows)
            rows = []
        if apart and place == len(lines) and line == NEXT:
            _next_copy(made)
        if SIGN.match(line):
            _kept(made)
            _signatures(made, int(SIGN.match(line)[1]), SIGN.sub("", line).split("｜"))
        elif line.strip():
            _paragraph(made, line)
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
                data = data.replace(b"</w:fonts>", FONTS.encode() + b"</w:fonts>")
            target.writestr(zipfile.ZipInfo(name, STAMP), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _paragraph(made: Document, line: str) -> None:
    mark = next(mark for mark in LOOKS if line.startswith(mark))
    if LOOKS[mark].follows:
        _kept(made)
    text = line[len(mark) :].strip().replace(BREAK, "\n")
    if LOOKS[mark].tab is not None:  # to the right margin: what stands after ｜, or a line to write on
        text = text.replace("｜", "\t") if "｜" in text else f"{text}\t"
    made.add_paragraph(text, style=LOOKS[mark].name)


def _kept(made: Document) -> None:
    """What was written last stays on the page of what comes now: no signature stands alone."""
    last = [child for child in made.element.body if child.tag in (qn("w:p"), qn("w:tbl"))][-2:]
    for item in last[-1:] if last[-1].tag == qn("w:p") and last[-1].style != GAP else last:
        rows = item.tr_lst if item.tag == qn("w:tbl") else ()
        parts = (
            [item] if not len(rows) else [p for cell in rows[-1].tc_lst for p in cell.p_lst] if len(rows) > 1 else []
        )
        for part in parts:
            if "{%" not in "".join(part.itertext()):
                part.get_or_add_pPr().get_or_add_keepNext()


def _next_copy(made: Document) -> None:
    """Between two copies a new page that counts from 1 again; none after the last, whose section is the document's own."""
    made.add_paragraph("{%p if not loop.last %}", style=LOOKS[""].name)
    turn = made.add_paragraph("", style=GAP)
    turn._p.get_or_add_pPr().append(copy.deepcopy(made.sections[0]._sectPr))
    made.add_paragraph("{%p endif %}", style=LOOKS[""].name)


def _table(made: Document, lines: list[str]) -> None:
    """Rows of `| a | b |` after their widths; under `|=`, or none, the first is a header that Word repeats on each page. `<`: at the left."""
    headed = not lines[0].startswith("|-")
    spec = lines.pop(0)[2:].split() if lines[0].startswith(("|-", "|=")) else ["1"] * len(_cells(lines[0][1:]))
    size = next((float(part[:-2]) for part in spec if part.endswith("pt")), INSIDE)
    spec = [part for part in spec if not part.endswith("pt")]
    widths = [float(part.rstrip("<")) for part in spec]
    widths = [int(usable(made) * width / sum(widths)) for width in widths]
    table = made.add_table(0, len(widths))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    margins = MARGINS if size == INSIDE else MARGINS.replace('"45"', '"10"').replace('"85"', '"40"')
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(parse_xml(margins.format(nsdecls("w"))))
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for place, line in enumerate(lines):
        loop = LOOP.match(line)
        if loop:
            _row(table, [f"{{%tr for {loop[2]} in {loop[1]} %}}"], widths)  # gone once it is filled
        header = headed and place == 0
        bold = {number for number in range(len(widths)) if header or (not headed and number % 2 == 0)}
        left = {number for number, part in enumerate(spec) if part.endswith("<") and not header}
        row = _row(table, _cells(loop[3] if loop else line[1:]), widths, bold, left if headed else None, size)
        if line.startswith("|+"):
            row.height = Mm(17)
        if header:
            row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        if loop:
            _row(table, ["{%tr endfor %}"], widths)
    made.add_paragraph("", style=GAP)


def _cells(line: str) -> list[str]:
    return [text.strip() for text in line.removeprefix("+").rstrip().removesuffix("|").split("|")]


def _row(
    table: object,
    texts: list[str],
    widths: list[int],
    bold: set[int] = frozenset(),
    left: set[int] | None = frozenset(),
    size: float = INSIDE,
) -> object:
    """A row; its last text fills what columns are left. `left`: which stand at the left, all that are not bold for None."""
    row = table.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    row.height = Mm(9 if not any(texts) else 7 if size == INSIDE else 4.6)
    for place, (cell, text) in enumerate(zip(row.cells, texts, strict=False)):
        paragraph = cell.paragraphs[0]
        at_left = place not in bold if left is None else place in left
        paragraph.alignment = LEFT if at_left else CENTRE
        paragraph.paragraph_format.space_after, paragraph.paragraph_format.line_spacing = Pt(0), 1
        letters(paragraph.add_run(text.replace(BREAK, "\n")), HEAD if place in bold else BODY, size)
        cell.vertical_alignment = 1
        cell.width = widths[place]
    if len(texts) < len(widths):
        merged = row.cells[len(texts) - 1].merge(row.cells[-1])
        merged.width = sum(widths[len(texts) - 1 :])
    return row


def _signatures(made: Document, across: int, labels: list[str]) -> None:
    """One row without lines, so that no page parts it; labels from left to right, below each other beyond `across`.

    What stands in brackets is the place of a seal; an empty label leaves its place empty.
    """
    width = usable(made) // across
    table = made.add_table(1, across)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for column in table.columns:
        column.width = width
    for place, label in enumerate(map(str.strip, labels)):
        cell = table.cell(0, place % across)
        cell.width = width
        paragraph = cell.paragraphs[0] if place < across else cell.add_paragraph()
        seal, shape = label.startswith("（"), paragraph.paragraph_format
        shape.space_before, shape.space_after, shape.line_spacing = Pt(22 if seal else 14), Pt(2), 1
        paragraph.alignment = CENTRE if seal else LEFT
        room = Emu(width - Mm(6)).pt - (len(label) + 1) * INK
        line = (
            "" if seal or not label else f"：{'_' * min(int(room / (0.58 * INK)), 16)}"
        )  # 0.58: the widest _ of the fonts there are
        letters(paragraph.add_run(f"{label}{line}"), BODY, INK)
    made.add_paragraph("", style=GAP).paragraph_format.line_spacing = Pt(1)  # so that it never opens a page of its own
