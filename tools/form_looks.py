"""How the Word templates of papers look: fonts, styles, page and footer. The habits are those of GB/T 9704, a size smaller for forms."""

from __future__ import annotations

from dataclasses import dataclass, replace

from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

BODY, HEAD, TITLE = "仿宋", "黑体", "宋体"
ELSEWHERE = {"仿宋": "FangSong_GB2312", "黑体": "SimHei", "宋体": "SimSun"}  # what a machine without the first may have
FONTS = "".join(
    f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
    for name, other in ELSEWHERE.items()
)
RED = RGBColor(0xC0, 0, 0)
LEFT, RIGHT, CENTRE, JUSTIFY = (
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)


PLAIN = 14  # 四号, the size of plain text where nothing else is said
SIZES = {"!large": (16, 28), "!small": (12, 20)}  # 三号 for a short text, 小四 for a long letter: size and line in pt


@dataclass(frozen=True)
class Look:
    """How a paragraph stands: sizes in pt. `line` is exact, so that a page holds the same lines whatever font the machine has.

    `indent`: of the first line, `inset`: from the right margin, in characters; `rules`: lines above or below as (side, kind, colour);
    `tab`: the leader of a tab to the right margin; `follows`: never at the head of a page without the paragraph before.
    """

    name: str
    font: str = BODY
    size: float = PLAIN
    align: WD_ALIGN_PARAGRAPH = LEFT
    before: float = 0
    after: float = 0
    line: float = 22
    indent: float = 0
    inset: float = 0
    rules: tuple[tuple[str, str, str], ...] = ()
    tab: WD_TAB_LEADER | None = None
    follows: bool = False


LOOKS = {  # mark at the start of a line -> look
    "# ": Look("公文标题", TITLE, 22, CENTRE, 4, 12, 32),
    "#^ ": Look("公文副题", HEAD, 16, CENTRE, 4, 4, 24),
    "= ": Look("公文报头", TITLE, 36, CENTRE, 0, 4, 44),
    "== ": Look("公文期号", after=4, rules=(("bottom", "single", "C00000"),), tab=WD_TAB_LEADER.SPACES),
    "=- ": Look("公文版记", size=12, before=10, line=19, rules=(("top", "single", "auto"), ("bottom", "single", "auto")), follows=True),
    "## ": Look("公文小标题", HEAD, 14, before=6, after=2, line=22),
    "< ": Look("公文顶格"),
    "> ": Look("公文靠右", align=RIGHT, after=4),
    ">> ": Look("公文落款", align=RIGHT, before=4, line=24, inset=3, follows=True),
    "^ ": Look("公文居中", align=CENTRE, after=4),
    "~ ": Look("公文小字", size=10.5, before=2, after=4, line=15),
    "-- ": Look("公文裁切线", size=10.5, align=CENTRE, before=16, after=4, line=18, rules=(("top", "dashed", "auto"),)),
    "_": Look("公文填写", line=26, indent=2, tab=WD_TAB_LEADER.LINES),
    "": Look("公文正文", align=JUSTIFY, indent=2),
}  # fmt: skip
LETTERS = {"公文表内字": None, "公文链接": RGBColor(0x05, 0x63, 0xC1)}  # of words in a table that lead to files
GAP = "公文间隔"  # style of the small empty paragraph after a table


def usable(made: Document) -> int:
    """The width between the margins."""
    section = made.sections[0]
    return section.page_width - section.left_margin - section.right_margin


def page(made: Document, wide: bool, apart: bool) -> None:
    """A4 with its margins and page numbers; `apart`: each copy counts its own pages."""
    section = made.sections[0]
    section.page_width, section.page_height = (Mm(297), Mm(210)) if wide else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Mm(18 if wide else 25)
    section.top_margin, section.bottom_margin = Mm(16 if wide else 24), Mm(16 if wide else 20)
    section.footer_distance = Mm(8 if wide else 11)
    footer = section.footer.paragraphs[0]
    footer.alignment = CENTRE
    for text, field in (
        (("第 ", "PAGE"), (" 页", "")) if apart else (("第 ", "PAGE"), (" 页，共 ", "NUMPAGES"), (" 页", ""))
    ):
        letters(footer.add_run(text), BODY, 10.5)
        if field:
            number = OxmlElement("w:fldSimple")
            number.set(qn("w:instr"), field)
            footer._p.append(number)
            run = footer.add_run("1")
            letters(run, BODY, 10.5)
            number.append(run._r)
    if apart:
        section._sectPr.find(qn("w:pgMar")).addnext(parse_xml(f'<w:pgNumType {nsdecls("w")} w:start="1"/>'))


def letters(run: object, font: str, size: float) -> None:
    """Font and size of a run, for Chinese and Latin alike."""
    run.font.name, run.font.size = font, Pt(size)
    run._r.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), font)


def styles(made: Document, plain: tuple[float, float] | None) -> None:
    """The looks as named styles, which an office changes in one place; the language of the text."""
    made.styles.element.find(f".//{qn('w:lang')}").set(qn("w:eastAsia"), "zh-CN")
    tight = made.styles.add_style(GAP, 1)
    tight.font.size = Pt(1)
    tight.paragraph_format.space_after, tight.paragraph_format.line_spacing = Pt(0), Pt(8)
    for name, colour in LETTERS.items():
        style = made.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        style.font.name, style.font.size = BODY, Pt(10.5)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY)
        if colour is not None:
            style.font.color.rgb, style.font.underline = colour, True
    for look in LOOKS.values():
        _style(made, replace(look, size=plain[0], line=plain[1]) if plain and look.size == PLAIN else look)


def _style(made: Document, look: Look) -> None:
    style = made.styles.add_style(look.name, 1)
    style.font.name, style.font.size = look.font, Pt(look.size)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), look.font)
    style.font.bold = look.font == TITLE
    shape = style.paragraph_format
    shape.alignment, shape.space_before, shape.space_after = look.align, Pt(look.before), Pt(look.after)
    shape.line_spacing, shape.line_spacing_rule = Pt(look.line), WD_LINE_SPACING.EXACTLY
    shape.first_line_indent, shape.right_indent = Pt(look.indent * look.size), Pt(look.inset * look.size)
    shape.keep_with_next = look.font != BODY
    shape.page_break_before = look.name == LOOKS["# "].name
    if look.tab is not None:
        shape.tab_stops.add_tab_stop(usable(made), WD_TAB_ALIGNMENT.RIGHT, look.tab)
    if look.name == LOOKS["= "].name:
        style.font.color.rgb = RED
    if look.rules:
        sides = "".join(
            f'<w:{side} w:val="{kind}" w:sz="{18 if colour != "auto" else 6}" w:space="4" w:color="{colour}"/>'
            for side, kind, colour in look.rules
        )
        style.element.get_or_add_pPr().insert_element_before(
            parse_xml(f"<w:pBdr {nsdecls('w')}>{sides}</w:pBdr>"), "w:shd", "w:tabs", "w:suppressAutoHyphens",
            "w:spacing", "w:ind", "w:jc",
        )  # fmt: skip
