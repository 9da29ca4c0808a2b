"""Workbooks as a second reader (openpyxl) and a real spreadsheet program (LibreOffice) find them."""

import datetime as dt
import io
import shutil
import subprocess
import warnings
from dataclasses import replace

import openpyxl
import pytest

import products
from kongchuo.commands import building
from kongchuo.core import declarations, id_numbers, places, schema
from kongchuo.core.findings import UserError
from kongchuo.core.places import HINT, RESULTS
from kongchuo.excel import column_formats, writing

SCHEMA = schema.default()
STEMS = [(stem, book) for book in SCHEMA.books for stem in book.stems]
HOSTILE = [
    "=cmd|'/c calc'!A1",
    "@SUM(A1)",
    "+1+1",
    "-2",
    "http://example.invalid/x",
    "＝1",
    "007",
    "1E5",
    "12345678901234567X",
]


def opened(stem, book, rows=None):
    return openpyxl.load_workbook(io.BytesIO(writing.workbook_bytes(stem, book, rows or {}, SCHEMA)))


@pytest.fixture(scope="module", params=STEMS, ids=[stem for stem, _ in STEMS])
def template(request):
    stem, book = request.param
    return book, opened(stem, book)


def rules(ws):
    """The rule for typing of each column's data rows and of each header, by column letter."""
    data, heads = {}, {}
    for rule in ws.data_validations.dataValidation:
        (area,) = rule.sqref.ranges
        (data if area.min_row == 2 else heads)[openpyxl.utils.get_column_letter(area.min_col)] = (rule, area)
    return data, heads


def named(workbook, name):
    """The values a named range over 字典 holds."""
    sheet, cells = next(workbook.defined_names[name].destinations)
    return tuple(cell.value for row in workbook[sheet][cells] for cell in row)


def test_template_has_the_schemas_sheets_between_guide_and_hidden_lists(template):
    book, workbook = template

    assert workbook.sheetnames == [writing.TITLE, *(sheet.title for sheet in book.sheets), RESULTS, places.LISTS]
    assert [ws.sheet_state for ws in workbook] == ["visible"] * (len(book.sheets) + 2) + ["veryHidden"]
    assert workbook.active.title == writing.TITLE
    for sheet in book.sheets:
        assert [cell.value for cell in workbook[sheet.title][1]] == [*(item.title for item in sheet.typed), HINT]


def test_template_says_which_schema_made_it(template):
    book, workbook = template
    properties = {item.name: item.value for item in workbook.custom_doc_props.props}

    assert properties == {"kongchuo_book": book.name, "kongchuo_version": book.version}


def test_every_coded_column_offers_its_list_by_name(template):
    book, workbook = template
    for sheet in book.sheets:
        data, _ = rules(workbook[sheet.title])
        for item, letter in zip(sheet.typed, map(openpyxl.utils.get_column_letter, range(1, 99)), strict=False):
            if item.codes:
                rule, area = data[letter]
                assert (rule.type, area.max_row >= writing.LAST_ROW) == ("list", True)
                assert rule.errorStyle == ("information" if item.many else None)
                assert named(workbook, rule.formula1.lstrip("=")) == SCHEMA.codes[item.codes].names
            elif item.type == "boolean":
                assert named(workbook, data[letter][0].formula1.lstrip("=")) == column_formats.BOOLEAN


def test_columns_carry_their_format_to_the_last_row(template):
    """The whole column, not some prepared rows: an ID typed in row 5,000 stays text."""
    book, workbook = template
    for sheet in book.sheets:
        columns = workbook[sheet.title].column_dimensions
        spans = {column: d for d in columns.values() for column in range(d.min, d.max + 1)}
        for place, item in enumerate(sheet.typed, 1):
            wanted = {"string": "@", "boolean": "@", "date": "yyyy-mm-dd", "integer": "0", "number": "General"}
            assert spans[place].number_format == wanted[item.type], item.title


def test_header_is_kept_by_a_rule_not_by_protection(template):
    book, workbook = template
    for sheet in book.sheets:
        ws = workbook[sheet.title]
        _, heads = rules(ws)

        assert not ws.protection.sheet
        assert [heads[cell.column_letter][0].formula1 for cell in ws[1]] == [
            f'EXACT({cell.coordinate},"{cell.value}")' for cell in ws[1]
        ]


def test_required_columns_can_be_seen(template):
    book, workbook = template
    for sheet in book.sheets:
        for item, cell in zip(sheet.typed, workbook[sheet.title][1][:-1], strict=True):
            assert cell.fill.fgColor.rgb == "FF" + column_formats.FORMATS[column_formats.need(item)]["bg_color"].lstrip(
                "#"
            )


def test_prompts_are_the_schemas_hints_within_excels_limits(template):
    book, workbook = template
    for sheet in book.sheets:
        data, _ = rules(workbook[sheet.title])
        for place, item in enumerate(sheet.typed, 1):
            if item.hint:
                rule, _ = data[openpyxl.utils.get_column_letter(place)]
                assert rule.prompt == item.hint
                assert len(rule.promptTitle) <= 32
                assert len(rule.prompt) <= 255


def test_printing_and_scrolling(template):
    book, workbook = template
    for sheet in book.sheets:
        ws = workbook[sheet.title]

        assert (ws.page_setup.orientation, int(ws.page_setup.paperSize)) == ("landscape", 9)
        assert ws.print_title_rows == "$1:$1"
        assert ws.sheet_properties.pageSetUpPr.fitToPage
        assert ws.page_setup.fitToHeight == 0
        assert ws.freeze_panes
        assert ws.auto_filter.ref.startswith("A1:")
        assert "&P" in ws.oddFooter.center.text
        assert sheet.title in ws.oddHeader.center.text


def test_guide_names_every_sheet_and_who_keeps_the_workbook(template):
    book, workbook = template
    text = "\n".join(str(cell.value) for row in workbook[writing.TITLE].iter_rows() for cell in row if cell.value)

    assert all(sheet.title in text and sheet.description in text for sheet in book.sheets)
    assert ("中心学校填写" in text) == (book.owner == "centre")


def test_references_within_a_workbook_offer_the_rows_there():
    book = next(book for book in SCHEMA.books if book.name == "registry")
    workbook = opened("基础信息", book)
    data, _ = rules(workbook["班级"])
    letter = openpyxl.utils.get_column_letter(
        1 + [item.name for item in book.by_name["class"].typed].index("school_code")
    )
    rule, _ = data[letter]

    assert (rule.type, rule.errorStyle) == ("list", "information")
    assert "学校" in workbook.defined_names[rule.formula1.lstrip("=")].value


def test_code_table_is_filled_from_the_schema():
    book = next(book for book in SCHEMA.books if book.name == "registry")
    rows = list(opened("基础信息", book)["代码表"].iter_rows(min_row=2, values_only=True))

    assert len(rows) == sum(len(codes.values) for codes in SCHEMA.codes.values())
    assert rows[0][:3] == ("性别", "1", "男")


def roster():
    book = next(book for book in SCHEMA.books if book.name == "enrolment")
    return book, book.by_name["roster"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    book, sheet = roster()
    ws = opened("学籍", book, {"roster": [{item.name: text for item in sheet.typed}]})[sheet.title]

    assert {(cell.value, cell.data_type) for cell in ws[2][:-1]} == {(text, "s")}
    assert not ws._hyperlinks


def test_values_are_written_as_what_they_are():
    """Even wrong ones: a number in an ID column is a number, so that examples can hold faults."""
    book, sheet = roster()
    row = {
        "id_no": 990101201205081230,
        "name": "示例甲",
        "birth_date": dt.date(2012, 5, 8),
        "guest": False,
        "seat_no": 7,
    }
    ws = opened("学籍", book, {"roster": [row, {}, {"birth_date": "2012.5.8"}]})[sheet.title]
    column = {item.name: place for place, item in enumerate(sheet.typed, 1)}

    assert ws.cell(2, column["id_no"]).data_type == "n"
    assert ws.cell(2, column["birth_date"]).value == dt.datetime(2012, 5, 8)
    assert ws.cell(2, column["guest"]).value == "否"
    assert ws.cell(2, column["status_no"]).value is None
    assert ws.cell(4, column["birth_date"]).value == "2012.5.8"


def test_rules_for_typing_grow_with_the_rows():
    book, sheet = roster()
    ws = opened("学籍", book, {"roster": [{"name": "示例甲"}] * 3100})[sheet.title]
    data, _ = rules(ws)

    assert all(area.max_row > 3101 for _, area in data.values())


def test_same_rows_same_bytes():
    book, _ = roster()
    rows = {"roster": [{"name": "示例甲", "birth_date": dt.date(2012, 5, 8)}]}

    assert writing.workbook_bytes("学籍", book, rows, SCHEMA) == writing.workbook_bytes("学籍", book, rows, SCHEMA)


def test_an_existing_file_is_never_overwritten_unasked(tmp_path):
    book, _ = roster()
    path = tmp_path / "示例中学" / "学籍.xlsx"
    writing.write_workbook(path, book, {}, SCHEMA)
    before = path.read_bytes()

    with pytest.raises(UserError, match=r"学籍\.xlsx"):
        writing.write_workbook(path, book, {"roster": [{"name": "示例甲"}]}, SCHEMA)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["学籍.xlsx"]


@pytest.mark.parametrize(
    "rows",
    [
        {"rooster": []},
        {"roster": [{"nmae": "甲"}]},
        {"roster": [{"name": object()}]},
        {"roster": [{"name": "长" * 40000}]},
    ],
    ids=["sheet", "field", "type", "too long"],
)
def test_what_cannot_be_written_is_an_error_not_a_gap(rows):
    book, _ = roster()

    with pytest.raises(writing.WritingError):
        writing.workbook_bytes("学籍", book, rows, SCHEMA)


def test_a_rule_excel_would_drop_is_an_error():
    """Xlsxwriter only warns about a prompt that is too long, and leaves the drop-down out."""
    book, sheet = roster()
    first = replace(sheet.fields[0], hint="长" * 256)
    long = replace(book, sheets=(replace(sheet, fields=(first, *sheet.fields[1:])),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        with pytest.raises(writing.WritingError, match="学生编号"):
            writing.workbook_bytes("学籍", long, {}, SCHEMA)


def test_id_rule_in_a_real_spreadsheet_program(tmp_path):
    """The published specimens of GB 11643 pass, a wrong or short number does not."""
    cases = {"11010519491231002X": "TRUE", "11010519491231002x": "TRUE", "440524188001010014": "TRUE"}
    cases |= {"440524188001010015": "FALSE", "4405241880010100": "FALSE"}
    workbook = openpyxl.Workbook()  # leaves formulas without a value, so that LibreOffice calculates them
    ws = workbook.active
    for row, number in enumerate(cases, 1):
        ws[f"A{row}"], ws[f"B{row}"] = number, column_formats.id_check(f"A{row}")
    for letter, name, values in (
        ("C", column_formats.ID_PLACES, range(1, 18)),
        ("D", column_formats.ID_WEIGHTS, id_numbers.WEIGHTS),
    ):
        for row, value in enumerate(values, 1):
            ws[f"{letter}{row}"] = value
        area = f"{ws.title}!${letter}$1:${letter}$17"
        workbook.defined_names[name] = openpyxl.workbook.defined_name.DefinedName(name, attr_text=area)
    workbook.save(tmp_path / "id.xlsx")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "csv", "--outdir", tmp_path, tmp_path / "id.xlsx"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    lines = (tmp_path / "id.csv").read_text("utf-8").splitlines()

    assert [line.split(",")[1] for line in lines[: len(cases)]] == list(cases.values())


def test_everything_built_and_committed_is_fresh():
    assert products.build(check=True) == []


@pytest.fixture
def built(tmp_path):
    """A fresh project folder with the plan's data and what people wrote of the handbook, built."""
    shutil.copytree(places.PROJECT / "handbook", tmp_path / "handbook", ignore=shutil.ignore_patterns("*.html"))
    (plan,) = (places.PROJECT / "workbooks").glob("*/plan.yaml")
    target = tmp_path / "workbooks" / plan.parent.name
    target.mkdir(parents=True)
    shutil.copy(plan, target)
    building.build(tmp_path)
    return tmp_path


def test_check_names_what_is_stale_and_build_mends_it(built):
    products.build(built)
    assert products.build(built, check=True) == []
    gone, damaged, extra = (
        built / "workbooks/templates" / name for name in ("学校/学籍.xlsx", "学校/帮扶.xlsx", "学校/旧表.xlsx")
    )
    extra.write_bytes(gone.read_bytes())
    gone.unlink()
    workbook = openpyxl.load_workbook(damaged)
    workbook["帮扶记录"]["A1"] = "编号"
    workbook.save(damaged)
    page = built / "handbook" / "数据字典.html"
    page.write_text(page.read_text("utf-8").replace("<main>", "<main> "), "utf-8")
    (built / "handbook" / "规则目录.html").unlink()
    stale = [f"workbooks/templates/学校/{stem}.xlsx" for stem in ("学籍", "帮扶", "旧表")]
    stale += [f"handbook/{stem}.html" for stem in ("数据字典", "规则目录")]

    assert sorted(products.build(built, check=True)) == sorted(stale)
    assert not gone.exists()
    assert sorted(products.build(built)) == sorted(stale)
    assert products.build(built, check=True) == []
    assert not extra.exists()


def test_a_page_with_other_line_ends_is_not_stale(built):
    """A checkout on Windows may have them."""
    products.build(built)
    page = built / "handbook" / "数据字典.html"
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))

    assert products.build(built, check=True) == []


def test_a_planned_workbook_that_people_saved_is_theirs(built):
    (path,) = built.glob("workbooks/*/*/中心学校/基础信息.xlsx")
    workbook = openpyxl.load_workbook(path)
    workbook["学校"]["C3"] = "新中"
    workbook.save(path)
    saved = path.read_bytes()

    assert building.build(built) == []
    assert path.read_bytes() == saved


def columns(built, stem, sheet, *titles):
    (path,) = built.glob(f"workbooks/*/2023-2024/中心学校/{stem}.xlsx")
    head, *rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [tuple(row[head.index(title)] for title in titles) for row in rows if any(row[: head.index(HINT)])]


def test_the_plans_schools_and_people(built):
    schools = columns(built, "基础信息", "学校", "学校全称", "学段", "常用名")
    bonds = columns(built, "包保责任", "包保责任", "包保类型", "姓名", "对象名称", "起始")

    assert [name for name, stage, _ in schools if stage == "中心学校"] == ["新庄镇中心学校"]
    assert ("新庄镇中心学校", "中心学校", "新庄镇中心校") in schools
    assert len(schools) == 13 + 1
    assert len(columns(built, "基础信息", "教职工", "姓名")) == 9 + 2
    assert {kind for kind, *_ in bonds} == {"包学校"}
    assert len({name for _, name, _, _ in bonds}) == 9
    assert sorted(target for *_, target, _ in bonds) == sorted(
        name for name, stage, _ in schools if stage != "中心学校"
    )
    assert {begun for *_, begun in bonds} == {dt.datetime(2023, 3, 28)}


def test_the_plans_inconsistencies_stay(built):
    body = columns(built, "包保责任", "组织机构", "机构", "姓名", "职务", "发文日期")
    bonds = columns(built, "包保责任", "包保责任", "姓名", "职务")

    assert [sum(group == name for group, *_ in body) for name in ("领导组", "业务指导审核组")] == [4, 5]
    assert ("领导组", "张昌永", "新庄镇中心学校副校长", dt.datetime(2022, 3, 28)) in body
    assert ("张昌永", "新庄镇中心校校长") in bonds
    assert ("领导组", "各布点中小学校长", None, dt.datetime(2022, 3, 28)) in body
    assert {title for _, name, title, _ in body if name == "郭绍将"} | {t for n, t in bonds if n == "郭绍将"} == {
        "新庄镇中心学校小教员",
        "新庄镇中心校学籍管理员",
        "新庄镇中心校学籍员",
    }


def test_the_plans_mechanisms_keep_their_heading(built):
    rows = columns(built, "包保责任", "机制项目", "类别", "名称")
    kinds = [kind for kind, _ in rows]

    assert ("六", "“6+8”控辍机制") in rows
    assert [kinds.count(kind) for kind in ("六", "八项制度", "四包", "十项措施")] == [1, 8, 4, 10]
    assert columns(built, "基础信息", "学年学期", "学期") == []


def test_a_plan_with_a_word_the_schema_lacks_names_it(built):
    (plan,) = built.glob("workbooks/*/plan.yaml")
    plan.write_text(plan.read_text("utf-8").replace("stage: 初中", "stgae: 初中"), "utf-8")

    with pytest.raises(declarations.SchemaError, match="stgae"):
        building.build(built)
