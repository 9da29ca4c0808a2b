"""The gate: canary numbers and names in every part of every format are stopped, with the place and without the value."""

import datetime as dt
import io
import json
import re
import zipfile

import docx
import openpyxl
import pytest
from docx.oxml import OxmlElement
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from kongchuo.core.editions import CASE, INTERNAL, PUBLIC, blotted
from kongchuo.core.findings import GATE_KINDS
from kongchuo.publishing import finished, gate
from kongchuo.publishing.gate import Blocked

PERSON = "9901012000" + "01011236"  # its check character is right
NAME = "欧阳例花"
NAMES = {NAME, "王例一"}
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
SPELT = {
    "plain": PERSON,
    "full width": PERSON.translate(WIDE),
    "with X": PERSON[:17] + "X",
    "student status": f"G{PERSON}",
    "disability card": f"{PERSON}44",
    "fifteen": PERSON[:15],
    "spaces": f"{PERSON[:6]} {PERSON[6:14]} {PERSON[14:]}",
    "fours": " ".join(PERSON[at : at + 4] for at in range(0, 18, 4)),
    "hyphens": f"{PERSON[:6]}-{PERSON[6:14]}-{PERSON[14:]}",
    "date with hyphens": f"{PERSON[:6]}-{PERSON[6:10]}-{PERSON[10:12]}-{PERSON[12:14]}-{PERSON[14:]}",
    "nothing anybody sees": "\N{ZERO WIDTH SPACE}".join(PERSON),
    "among letters": f"编号{PERSON}号",
}


def stopped(what, edition=INTERNAL, names=(), minimum=3):
    """What the gate says; it must repeat neither number nor name."""
    with pytest.raises(Blocked) as caught:
        gate.gate(what, edition, names, minimum)
    said = str(caught.value)
    assert not re.search(r"\d{9,}", said)
    assert not [name for name in names if name in said]
    return said


# --- pages ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        f"<p>{PERSON}</p>",
        f"<p>{PERSON[:17]}X</p>",
        f"<p>{PERSON[:17]}x，男</p>",
        f"<p>G{PERSON}</p>",
        f"<p>{PERSON}44</p>",
        f"<p>{PERSON[:15]}</p>",
        f'<a title="{PERSON}">x</a>',
        f"<!-- {PERSON} -->",
        f"<p>张三{PERSON}李四</p>",
        f"<p>id{PERSON}</p>",
        "<p>" + "".join(chr(ord("０") + int(digit)) for digit in PERSON) + "</p>",
        "<p>" + "".join(f"&#{ord(digit)};" for digit in PERSON) + "</p>",
        f"<p>{PERSON * 2}</p>",
    ],
)
def test_gate_stops_what_looks_like_an_identity_number(text):
    with pytest.raises(Blocked, match="“二、出勤”一节") as caught:
        gate.gate(f"<h2>一、情况</h2><p>好</p><h2 class='x'><b>二、出勤</b></h2>{text}<h2>三、流动</h2>")

    assert not re.search(r"\d{9,}", str(caught.value))


@pytest.mark.parametrize(
    "text",
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "123456789012345678901234567890aa",
        "a" + "1" * 63,
        "2023-10-01 2023-10-02 13800000000",
        "1234567890 12345",
        "M 12.345678 90.123456 L 100.5 20",
    ],
)
def test_gate_lets_hashes_dates_and_drawings_pass(text):
    gate.gate(f"<h2>页脚</h2><p>{text}</p>")


@pytest.mark.parametrize("spelt", SPELT.values(), ids=SPELT)
@pytest.mark.parametrize(
    "page",
    [
        "<p>{}</p>",
        "<td>{}</td>",
        "<svg><title>{}</title></svg>",
        '<a title="{}">x</a>',
        "<!-- {} -->",
        "<script>{}</script>",
        "{}",
    ],
)
def test_numbers_however_written_and_wherever(page, spelt):
    assert stopped(page.format(spelt)).startswith("P01 ")


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{PERSON[:9]}<b>{PERSON[9:]}</b></p>",
        "<p>" + "".join(f"<span>{digit}</span>" for digit in PERSON) + "</p>",
        f"<svg><text><tspan>{PERSON[:6]}</tspan><tspan>{PERSON[6:]}</tspan></text></svg>",
    ],
)
def test_a_number_cut_by_tags_is_one(page):
    assert stopped(page).startswith("P01 ")


def test_the_place_in_a_table_is_told():
    page = f"<h2>二、出勤</h2><table><tr><th>甲</th><th>乙</th></tr><tr><td>1</td><td>{PERSON}</td></tr></table>"

    assert "“二、出勤”一节表格第2行第2列" in stopped(page)


def test_a_heading_that_is_itself_a_number_or_name_is_not_repeated():
    assert "已隐去" in stopped(f"<h2>{PERSON}</h2><p>{PERSON}</p>")
    assert "已隐去" in stopped(f"<h2>{NAME}</h2><p>{NAME}</p>", PUBLIC, NAMES)


@pytest.mark.parametrize("page", ["<p>{}</p>", "<p>学生{}已返校</p>", '<i title="{}"></i>', "<!--{}-->", "<td>{}</td>"])
@pytest.mark.parametrize("name", [NAME, " ".join(NAME), "\N{IDEOGRAPHIC SPACE}".join(NAME), "欧阳<b>例花</b>"])
def test_a_public_page_holds_no_name(page, name):
    if "<b>" in name and ("title" in page or "!--" in page):
        pytest.skip("no tags inside an attribute")

    assert stopped(page.format(name), PUBLIC, NAMES).startswith("P02 ")
    assert gate.gate(page.format(name), INTERNAL, NAMES) == ()


def test_a_public_page_cannot_leave_where_no_names_are_known():
    with pytest.raises(Blocked, match="没有拿到"):
        gate.gate("<p>好</p>", PUBLIC)


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{NAME}属脱贫户</p>",
        f"<table><tr><td>{NAME}</td><td>残疾</td></tr></table>",
        f"<table><tr><th>姓名</th><th>学困标记</th></tr><tr><td>{NAME}</td><td>是</td></tr></table>",
        f"<table><caption>贫困生</caption><tr><th>姓名</th></tr><tr><td>{NAME}</td></tr></table>",
    ],
)
def test_a_name_beside_a_secret_stands_in_a_case_only(page):
    assert stopped(page, INTERNAL, NAMES).startswith("P03 ")
    assert gate.gate(page, CASE, NAMES) == ()


def test_a_name_and_a_secret_in_two_rows_are_apart():
    page = f"<table><tr><th>项目</th><th>数</th></tr><tr><td>残疾儿童</td><td>5</td></tr></table><p>{NAME}已返校</p>"

    assert gate.gate(page, INTERNAL, NAMES) == ()


@pytest.mark.parametrize(
    ("page", "stops"),
    [
        ("<table><tr><th>学校</th><th>辍学</th></tr><tr><td>甲</td><td>2</td></tr></table>", True),
        ("<table><tr><th>学校</th><th>辍学</th></tr><tr><td>甲</td><td>3</td></tr></table>", False),
        ("<table><tr><th>学校</th><th>辍学</th></tr><tr><td>甲</td><td>0</td></tr></table>", False),
        ("<table><tr><th>序号</th><th>学校</th></tr><tr><td>1</td><td>甲</td></tr></table>", False),
        ("<table><tr><th>学校</th><th>返校率</th></tr><tr><td>甲</td><td>1/12</td></tr></table>", True),
        (
            "<table><tr><th>学校</th><th>返校率</th></tr><tr><td>甲</td><td>91.7 %<span>（11/12）</span></td></tr></table>",
            True,
        ),
        ("<table><tr><th>学校</th><th>返校率</th></tr><tr><td>甲</td><td>6/12</td></tr></table>", False),
        ("<p>疑似辍学 2 人</p>", True),
        ("<p>疑似辍学 12 人</p>", False),
        ("<p>缺勤 2 人次</p>", False),
        ("<p>不足3人</p>", False),
        ("<div>在册辍学</div><div><span>✗</span> 1</div>", True),
        ("<div>班数</div><div>2</div>", False),
    ],
)
def test_very_few_people_are_no_public_number(page, stops):
    if stops:
        assert stopped(page, PUBLIC, NAMES).startswith("P05 ")
    assert gate.gate(page, INTERNAL, NAMES, 3) == ()
    if not stops:
        assert gate.gate(page, PUBLIC, NAMES, 3) == ()


def test_a_notice_past_its_time_is_a_warning():
    today = dt.date.today()
    old, new = today - dt.timedelta(days=1), today + dt.timedelta(days=1)
    page = "<p>公示期：2024-07-01 至 {}</p>"

    assert gate.gate(page.format(old), PUBLIC, NAMES)[0].startswith("P04 ")
    assert gate.gate(page.format(new), PUBLIC, NAMES) == ()
    assert gate.gate(page.format(old), INTERNAL, NAMES) == ()


def test_every_code_says_what_the_gate_says():
    assert set(gate.JUDGES) == set(GATE_KINDS)
    assert [code for code in gate.WARNS if GATE_KINDS[code].severity != "warning"] == []


# --- Word -------------------------------------------------------------------------------------------------------------
def body(document, text):
    document.add_paragraph(f"学生{text}已返校")


def runs(document, text):
    paragraph = document.add_paragraph("学生")
    for at in range(0, len(text), 3):
        paragraph.add_run(text[at : at + 3]).bold = bool(at % 2)


def cell(document, text):
    document.add_table(2, 2).cell(1, 1).text = text


def header(document, text):
    document.sections[0].header.paragraphs[0].text = text


def footer(document, text):
    document.sections[0].footer.paragraphs[0].text = text


def first_page_footer(document, text):
    document.sections[0].different_first_page_header_footer = True
    document.sections[0].first_page_footer.paragraphs[0].text = text


def comment(document, text):
    document.add_comment(document.add_paragraph("正文").runs, text)


def author(document, text):
    document.core_properties.author = text


def keywords(document, text):
    document.core_properties.keywords = text


def deleted(document, text):
    run = document.add_paragraph()._p.add_r()
    run.append(OxmlElement("w:delText"))
    run[-1].text = text


def alt_text(document, text):
    picture = io.BytesIO()
    from matplotlib import image

    image.imsave(picture, [[0.0, 1.0]])
    picture.seek(0)
    shape = document.add_picture(picture)
    shape._inline.docPr.set("descr", text)


def tag(document, text):
    made = OxmlElement("w:sdt")
    made.append(OxmlElement("w:sdtPr"))
    made[0].append(OxmlElement("w:alias"))
    made[0][0].set("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}val", text)
    document.element.body.insert(0, made)


WORD = {
    one.__name__: (one, place)
    for one, place in (
        (body, "正文第"),
        (runs, "正文第"),
        (cell, "表格第2行第2列"),
        (header, "页眉"),
        (footer, "页脚"),
        (first_page_footer, "页脚"),
        (comment, "批注"),
        (author, "文档属性"),
        (keywords, "文档属性"),
        (deleted, "正文"),
        (alt_text, "descr属性"),
        (tag, "val属性"),
    )
}


def word(tmp_path, plant, text):
    document = docx.Document()
    document.add_paragraph("控辍保学简报，2023年10月，共 605 人。")
    plant(document, text)
    document.save(tmp_path / "件.docx")
    return tmp_path / "件.docx"


@pytest.mark.parametrize("planted", WORD)
def test_every_part_of_a_word_file_is_read(tmp_path, planted):
    plant, place = WORD[planted]

    assert place in stopped(word(tmp_path, plant, PERSON))
    assert place in stopped(word(tmp_path, plant, NAME), PUBLIC, NAMES)
    assert gate.gate(word(tmp_path, plant, "甲"), PUBLIC, NAMES, 3) == ()


@pytest.mark.parametrize("spelt", SPELT.values(), ids=SPELT)
def test_numbers_however_written_in_word(tmp_path, spelt):
    assert stopped(word(tmp_path, runs, spelt)).startswith("P01 ")


def test_few_people_and_secrets_in_a_table_of_word(tmp_path):
    def plant(document, text):
        table = document.add_table(2, 2)
        for at, value in enumerate(("学校", "辍学", "甲校", text)):
            table.cell(*divmod(at, 2)).text = value

    assert stopped(word(tmp_path, plant, "2"), PUBLIC, NAMES).startswith("P05 ")
    assert gate.gate(word(tmp_path, plant, "0"), PUBLIC, NAMES, 3) == ()
    assert stopped(word(tmp_path, plant, f"{NAME}（低保）"), INTERNAL, NAMES).startswith("P03 ")


# --- Excel ------------------------------------------------------------------------------------------------------------
def text_cell(book, text):
    book.active["B3"] = text


def formula(book, text):
    book.active["B3"] = f'="{text}"'


def hidden_sheet(book, text):
    sheet = book.create_sheet("底稿")
    sheet["C4"] = text
    sheet.sheet_state = "hidden"


def sheet_name(book, text):
    book.create_sheet(text)


def note(book, text):
    book.active["A1"].comment = Comment(text, "甲")


def note_author(book, text):
    book.active["A1"].comment = Comment("甲", text)


def defined_name(book, text):
    book.defined_names["甲"] = DefinedName("甲", attr_text=f'"{text}"')


def title(book, text):
    book.properties.title = text


def page_header(book, text):
    book.active.oddHeader.center.text = text


def choices(book, text):
    made = openpyxl.worksheet.datavalidation.DataValidation("list", formula1=f'"{text}"')
    made.add("D1")
    book.active.add_data_validation(made)


def custom(book, text):
    from openpyxl.packaging.custom import StringProperty

    book.custom_doc_props.append(StringProperty(name="甲", value=text))


EXCEL = {
    one.__name__: (one, place)
    for one, place in (
        (text_cell, "工作表“报表”B3"),
        (formula, "工作表“报表”"),
        (hidden_sheet, "工作表“底稿”C4"),
        (sheet_name, "名称和工作表名"),
        (note, "批注A1"),
        (note_author, "批注"),
        (defined_name, "名称和工作表名"),
        (title, "文档属性"),
        (page_header, "工作表“报表”"),
        (choices, "工作表“报表”"),
        (custom, "文档属性"),
    )
}


def excel(tmp_path, plant, text):
    book = openpyxl.Workbook()
    book.active.title = "报表"
    book.active.append(["学校", "在校生"])
    book.active.append(["甲校", 605])
    plant(book, text)
    book.save(tmp_path / "表.xlsx")
    return tmp_path / "表.xlsx"


@pytest.mark.parametrize("planted", EXCEL)
def test_every_part_of_an_excel_file_is_read(tmp_path, planted):
    plant, place = EXCEL[planted]

    assert place in stopped(excel(tmp_path, plant, PERSON))
    assert place in stopped(excel(tmp_path, plant, NAME), PUBLIC, NAMES)
    assert gate.gate(excel(tmp_path, plant, "乙"), PUBLIC, NAMES, 3) == ()


def test_a_number_stored_as_a_number_is_one(tmp_path):
    assert "B3" in stopped(excel(tmp_path, text_cell, int(PERSON)))
    assert "B3" in stopped(excel(tmp_path, text_cell, float(PERSON)))
    for harmless in (1 / 3, 45000.123456789012, 13800000000):
        assert gate.gate(excel(tmp_path, text_cell, harmless), PUBLIC, NAMES, 3) == ()


def test_rich_text_cut_into_runs_is_one_text(tmp_path):
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    cut = CellRichText(PERSON[:7], TextBlock(InlineFont(b=True), PERSON[7:]))

    assert "B3" in stopped(excel(tmp_path, text_cell, cut))


def test_few_people_and_secrets_in_excel(tmp_path):
    assert "B3" in stopped(excel(tmp_path, text_cell, 2), PUBLIC, NAMES)
    assert stopped(excel(tmp_path, text_cell, f"{NAME}，成绩"), INTERNAL, NAMES).startswith("P03 ")


# --- other files ------------------------------------------------------------------------------------------------------
def test_the_name_of_a_file_and_files_inside_files(tmp_path):
    (tmp_path / f"{PERSON}.txt").write_text("好", "utf-8")
    assert "文件名" in stopped(tmp_path / f"{PERSON}.txt")

    inner = word(tmp_path, body, PERSON).read_bytes()
    with zipfile.ZipFile(tmp_path / "外.docx", "w") as package:
        package.writestr("word/embeddings/oleObject1.docx", inner)
    assert "嵌入的文件" in stopped(tmp_path / "外.docx")


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", None])
def test_what_cannot_be_read_does_not_leave(tmp_path, content):
    path = tmp_path / "件.docx"
    if content:
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as package:
            package.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')

    assert "没有读懂" in stopped(path)


def test_a_notebook_is_read_by_its_outputs(tmp_path):
    path = tmp_path / "页.ipynb"
    path.write_text(
        json.dumps(
            {"cells": [{"outputs": [{"data": {"text/html": [f"<p>{PERSON[:9]}<b>", f"{PERSON[9:]}</b></p>"]}}]}]}
        )
    )

    assert stopped(path).startswith("P01 ")


def test_of_a_notebook_is_read_what_does_not_stand_on_its_page(tmp_path, monkeypatch):
    shown, hidden = "<p>本月出勤率 99.1 %</p>", f"<p>{PERSON}</p>"
    path, read = tmp_path / "页.ipynb", []
    path.write_text(json.dumps({"cells": [{"outputs": [{"data": {"text/html": one}} for one in (shown, hidden)]}]}))
    page = f"<body><section>{shown}</section></body>"

    whole = finished.of_html
    monkeypatch.setattr(finished, "of_html", lambda text: read.append(text) or whole(text))
    with pytest.raises(Blocked, match="P01 "):
        gate.passed(path, INTERNAL, gate.Known(), page)
    assert read == [hidden]
    assert gate.passed(page, INTERNAL, gate.Known()) == ()
    with pytest.raises(Blocked, match="P01 "):
        gate.passed(page.replace("</section>", hidden), INTERNAL, gate.Known())


def test_what_is_blotted_keeps_its_hashes():
    digest = "a" + "1" * 63
    said = blotted(f"{digest} {PERSON} 好\n{SPELT['hyphens']}\n末行")

    assert said == f"{digest} 〈号码已隐去〉 好\n〈号码已隐去〉\n末行"
