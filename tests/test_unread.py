"""What a cell shows and does not hold: pictures, number formats, dates that were none, other epochs, files wrapped by an agent."""

import datetime as dt
import random
import re

import openpyxl
import pytest

from dressed import edited
from kongchuo.core.cells import strange
from kongchuo.core.columns import typed
from kongchuo.core.findings import UserError
from kongchuo.core.number_formats import displayed, odd
from kongchuo.excel.foreign_lists import read_list
from kongchuo.excel.package_guard import look
from kongchuo.rules import checks
from test_reading import BOOK, CLEAN, HEAD, SCHEMA, make, pages, pupil, read

ROSTER = SCHEMA.sheets["roster"]
COLUMNS = [item.title for item in ROSTER.typed]
BASE = {"学生编号": "XS0000001", "姓名": "示甲", "性别": "男", "现住址": "样例一村3号", "学籍号": "G99000020110315020X"}


def roster(path, change, **given):
    """学籍.xlsx with one pupil, edited as openpyxl does: change(cell by column title, sheet)."""
    row = [(BASE | given).get(title) for title in COLUMNS]
    make(path, pages(BOOK, roster=[row]))
    book = openpyxl.load_workbook(path)
    sheet = book[ROSTER.title]
    change(lambda title: sheet.cell(2, COLUMNS.index(title) + 1), book)
    book.save(path)
    return read(path)


def of(workbook, title):
    return [(one.rule, one.message) for one in workbook.findings if one.column == title and one.row == 2]


# --- number formats -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        (0, '[=0]"女";[=1]"男"', "女"),
        (1, '[=0]"女";[=1]"男"', "男"),
        (2, '[=0]"女";[=1]"男";"?"', "?"),
        ("990000", '"G"@', "G990000"),
        (7, '"XS"0000000', "XS0000007"),
        (7, "000000", "000007"),
        (7, ";;;", ""),
        ("藏", ";;;", ""),
        (0, "0;-0;;@", ""),
        ("汉", '@"族"', "汉族"),
        (3, '0"人"', "3人"),
        (-3, '0.0;"负"0.0', "负3.0"),
        (1234567, '#,##0"元"', "1,234,567元"),
        (5, "\\X\\S00", "XS05"),
        (5, '"甲"General', "甲5"),
        ("乙", '"甲"0', "乙"),
        (dt.date(2023, 9, 1), '"日"0', None),
        (0.5, '0%"完成"', "50%完成"),
        (5, '0/0"x"', None),
        (5, '000-0000"x"', None),
    ],
)
def test_what_a_format_shows(value, code, seen):
    assert displayed(value, code) == seen
    assert seen is None or odd(code)


@pytest.mark.parametrize(
    "code", ["General", "0", "0.00", "#,##0", "@", "yyyy-mm-dd", 'yyyy"年"m"月"d"日"', "[$-804]yyyy/m/d", "0%", "h:mm"]
)
def test_ordinary_formats_are_left_alone(code):
    assert not odd(code)


def test_any_format_and_value_give_a_text_or_nothing():
    chance = random.Random(3)
    for _ in range(3000):
        code = "".join(chance.choices('0#?@;"\\[]=<>1男GE/.,%_*! -', k=chance.randint(0, 14)))
        for value in (0, -1.5, 9e17, "男", True):
            assert isinstance(displayed(value, code), str | None), code
        odd(code)


def test_a_lost_cell_says_what_it_shows(tmp_path):
    def change(cell, book):
        cell("性别").value, cell("性别").number_format = 7, '[=7]"男";[=8]"女"'
        cell("学生编号").value, cell("学生编号").number_format = 1, '"XS"0000000'

    workbook = roster(tmp_path / "学籍.xlsx", change)
    (sex,), (key,) = of(workbook, "性别"), of(workbook, "学生编号")

    assert (sex[0], key[0]) == ("F10", "F01")
    assert "单元格显示“男”，只是数字格式显示成这样，存的是“7”" in sex[1]
    assert "单元格显示“XS0000001”" in key[1]


def test_a_cell_that_reads_as_another_thing_than_it_shows(tmp_path):
    from handmade import town

    def change(cell, book):
        cell("现住址").number_format = '"示例镇"@'
        cell("性别").value, cell("性别").number_format = 1, '[=1]"女";[=2]"男"'
        cell("民族").value, cell("民族").number_format = "汉", '@"族"'
        cell("学籍号").value, cell("学籍号").number_format = "99000020110315020X", '"G"@'
        cell("原学籍学校").value, cell("原学籍学校").number_format = "看不见的字", ";;;"

    workbook = roster(tmp_path / "学籍.xlsx", change)
    whole = town({})
    whole = type(whole)(whole.year, whole.as_of, whole.schema, (workbook,))
    said = {}
    for one in checks.check(whole):
        if one.row == 2 and ("显示" in one.message or one.rule == "F34"):
            said.setdefault(one.column, []).append((one.rule, one.message))

    assert {title: [rule for rule, _ in found] for title, found in said.items()} == {
        "现住址": ["F34"], "性别": ["F34"], "原学籍学校": ["F34"], "学籍号": ["F15"],
    }  # fmt: skip
    assert "显示的是“示例镇样例一村3号”，格子里存的却是“样例一村3号”" in said["现住址"][0][1]
    assert "显示“G〈号码〉”" in said["学籍号"][0][1]


# --- pictures -----------------------------------------------------------------------------------------------------------
def test_pictures_in_cells_are_pictures(tmp_path):
    path = tmp_path / "控辍台账.xlsx"
    book = SCHEMA.book_of["visit"]
    visit = SCHEMA.sheets["visit"]
    at = {item.name: place for place, item in enumerate(visit.typed)}
    row = [None] * len(visit.typed)
    row[at["media_ref"]], row[at["place"]] = "A", "B"
    make(path, pages(book, visit=[row, row, row]))
    part = next(place for place, sheet in enumerate(book.sheets, 1) if sheet.name == "visit")
    from kongchuo.core.workbooks import column_letters

    def cell(name, number):
        return f"{column_letters(at[name] + 1)}{number}"

    def change(xml):
        for address, new in (
            (
                cell("media_ref", 2),
                '<c r="{}" t="str"><f>_xlfn.DISPIMG("ID_1A2B",1)</f><v>=DISPIMG("ID_1A2B",1)</v></c>',
            ),
            (cell("media_ref", 3), '<c r="{}" t="e" vm="1"><v>#VALUE!</v></c>'),
            (cell("media_ref", 4), '<c r="{}"><f>_xlfn.DISPIMG("ID_1A2B",1)</f></c>'),
            (cell("place", 2), '<c r="{}" t="e"><v>#VALUE!</v></c>'),
        ):
            xml, times = re.subn(f'<c r="{address}"[^>]*>.*?</c>'.encode(), new.format(address).encode(), xml)
            assert times == 1
        return xml

    path.write_bytes(edited(path.read_bytes(), {f"xl/worksheets/sheet{part}.xml": change}))
    workbook = read(path, book, "2023-2024/示例中学/控辍台账.xlsx")
    found = {one.cell: one for one in workbook.findings if one.rule in ("F32", "F19", "F23")}

    assert {address: one.rule for address, one in found.items()} == {
        cell("media_ref", 2): "F32", cell("media_ref", 3): "F32", cell("media_ref", 4): "F32", cell("place", 2): "F19",
    }  # fmt: skip
    assert workbook.tables["visit"].frame["media_ref"].isna().all()


# --- dates --------------------------------------------------------------------------------------------------------------
def test_a_date_that_was_a_class_or_an_address(tmp_path):
    day = dt.datetime(2024, 3, 2)
    workbook = roster(
        tmp_path / "学籍.xlsx",
        lambda cell, book: None,
        现住址=day,
        班级编号=day,
        学籍号=day,
        姓名=day,
        性别=day,
    )

    assert {one.column: one.rule for one in workbook.findings if one.row == 2} == dict.fromkeys(
        ("现住址", "班级编号", "学籍号", "姓名", "性别"), "F35"
    )
    assert "可能是“3-2”" in of(workbook, "现住址")[0][1]


def test_seconds_before_midnight_are_the_next_day(tmp_path):
    def change(cell, book):
        cell("出生日期").value, cell("出生日期").number_format = 40617.99999, "yyyy-mm-dd"

    frame = roster(tmp_path / "学籍.xlsx", change).tables["roster"].frame
    assert f"{frame['birth_date'].iloc[0]:%Y-%m-%d}" == "2011-03-16"


@pytest.mark.parametrize("hour", [dt.time(16), dt.time(15, 59, 17), dt.time(23, 59, 17)])
def test_days_that_a_program_wrote_by_the_time_of_greenwich_are_those_of_beijing(tmp_path, hour):
    def change(cell, book):
        cell("出生日期").value = dt.datetime.combine(dt.date(2011, 3, 15), hour)
        cell("出生日期").number_format = "yyyy-mm-dd"

    book = roster(tmp_path / "学籍.xlsx", change)
    assert f"{book.tables['roster'].frame['birth_date'].iloc[0]:%Y-%m-%d}" == "2011-03-16"
    assert of(book, "出生日期")[0] == ("F24", "“出生日期”不是真正的日期，已按2011-03-16理解")


def test_an_hour_beside_plain_days_is_what_was_typed():
    item = ROSTER.by_name["birth_date"]
    days, problems = typed([dt.datetime(2011, 3, 15, 16), dt.date(2011, 3, 15), ""], item)
    assert (days, problems) == ([dt.date(2011, 3, 15), dt.date(2011, 3, 15), None], [])


def test_the_date_of_number_0_is_named_as_excel_shows_it(tmp_path):
    def change(cell, book):
        cell("出生日期").value, cell("出生日期").number_format = 0, "yyyy-mm-dd"

    assert of(roster(tmp_path / "学籍.xlsx", change), "出生日期")[0] == ("F09", "“出生日期”的日期“1900-01-00”无法识别")


def test_a_workbook_that_counts_from_1904(tmp_path):
    path = make(tmp_path / "学籍.xlsx", pages(BOOK, baseline=[pupil(1)]))

    def change(xml):
        return xml.replace(b"<workbookPr", b'<workbookPr date1904="1"', 1)

    path.write_bytes(edited(path.read_bytes(), {"xl/workbook.xml": change}))
    book = openpyxl.load_workbook(path)
    at = (
        HEAD.index("出生日期") + 1
        if "出生日期" in HEAD
        else next(i for i, value in enumerate(CLEAN) if value == dt.datetime(2023, 9, 1)) + 1
    )
    cell = book["学年初基准"].cell(2, at)
    cell.value, cell.number_format = 43708, "General"
    book.save(path)
    workbook = read(path)

    (told,) = (one for one in workbook.findings if one.cell == cell.coordinate)
    assert (told.rule, "2023-09-01" in told.message) == ("F24", True)


# --- wrapped files --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "head", [b"%TSD-Header-###%", b"\x62\x14\x23\x65\x3f\x00\x13\x01E-SafeNet\x00LOCK\x00", b"\x01\x02\x9f\xfe"]
)
def test_a_file_wrapped_by_an_agent_says_who_can_unwrap_it(tmp_path, head):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(head + random.Random(1).randbytes(9000))
    (told,) = read(path).findings

    assert told.rule == "R16"
    assert "信息管理员" in told.fix
    with pytest.raises(UserError, match="信息管理员"):
        read_list(path, SCHEMA)


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 \n" + bytes(range(256)) * 9,
        "学生名单，".encode("gb18030") * 400,
        "甲".encode("utf-16") * 900,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
    ],
)
def test_another_file_is_not_taken_for_a_wrapped_one(data):
    assert look(data).code == "R02"


# --- characters -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("甲⻢", "：第2个字是部首“⻢”（U+2EE2），应为“马”"),
        ("⼤山", "：第1个字是部首“⼤”（U+2F24），应为“大”"),
        ("甲\ue863", "：第2个字（U+E863）是自造字，换一台电脑就看不到，请用输入法重新录入"),
        ("甲\ufe00乙", "：第2个字是看不见的字符（U+FE00），请删去"),
        ("甲2", ""),
        ("甲·乙", ""),
    ],
)
def test_a_character_that_only_looks_right_is_named(name, said):
    assert strange(name, checks.CHARACTER) == said


def test_an_invisible_character_around_a_telephone_is_named():
    assert "（U+2068）" in strange("\u206813900000000\u2069", "[0-9-]")
