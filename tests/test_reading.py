"""Files to typed tables: what the eye sees in a workbook, what must not be opened, what lies in a shared folder."""

import datetime as dt
import io
import re
import shutil
import subprocess
import zipfile

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings, strategies as st
from openpyxl.styles import NamedStyle

import dressed
import handmade
from kongchuo.core import schema as schemas
from kongchuo.core.findings import UserError
from kongchuo.core.schema import CENTRE
from kongchuo.excel import package_guard, reading
from kongchuo.excel.folders import copy_of, locate, lock_names
from kongchuo.excel.package_guard import Package, look
from kongchuo.excel.parsing import read_here
from kongchuo.excel.reading import read_workbook, read_year, with_aliases

SCHEMA = schemas.default()
BOOK = SCHEMA.book_of["roster"]
SHEET = SCHEMA.sheets["baseline"]
HEAD = [item.title for item in SHEET.typed]
YEAR = "2023-2024"
DAY = dt.datetime(2023, 9, 1)
NAME = f"{YEAR}/示例中学/学籍.xlsx"
CLEAN = ["2023-2024", "XZZX-2021-01", "XS0000001", "示甲", DAY, "在读", "示师", DAY]


def pupil(number):
    return [*CLEAN[:2], f"XS{number:07d}", *CLEAN[3:]]


def make(path, pages, version=None):
    """A workbook from {sheet title: rows}, every sheet of the book present, dates and texts formatted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        if version is not None:
            book.set_custom_property("kongchuo_version", version, "number")
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, rows in pages.items():
            page = book.add_worksheet(title)
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if isinstance(value, dt.datetime | dt.date):
                        page.write_datetime(i, j, value, date)
                    elif isinstance(value, str):
                        page.write_string(i, j, value) if value else page.write_blank(i, j, None, date)
                    elif value is not None:
                        page.write(i, j, value)
    return path


def pages(book, **rows):
    """Rows with their header for every sheet of a book; sheets not named have no rows."""
    return {sheet.title: [[item.title for item in sheet.typed], *rows.get(sheet.name, ())] for sheet in book.sheets}


def read(path, book=BOOK, name=NAME, by=read_workbook):
    return by(path, name, book, SCHEMA.codes)


def found(workbook):
    return sorted((finding.rule, finding.row, finding.cell) for finding in workbook.findings)


@pytest.fixture
def clean(tmp_path):
    return make(tmp_path / "学籍.xlsx", pages(BOOK, baseline=[pupil(n) for n in (1, 2, 3)]))


@pytest.fixture
def edited(clean):
    """Edit the clean workbook as openpyxl does, and read it: edited(lambda sheet: ...)."""

    def edit(change):
        book = openpyxl.load_workbook(clean)
        change(book[SHEET.title])
        book.save(clean)
        return read(clean)

    return edit


def test_a_clean_workbook(clean):
    workbook = read(clean)

    assert (workbook.read, workbook.findings, workbook.home) == (True, (), "示例中学")
    assert len(workbook.sha256) == 64
    assert list(workbook.tables["baseline"].frame.index) == [2, 3, 4]
    assert workbook.place(SHEET, 3, SHEET.by_name["student_key"]).cell == "C3"


def test_equal_texts_of_a_workbook_are_one_text(clean):
    frame = read(clean).tables["baseline"].frame
    texts = [text for item in SHEET.typed if item.type == "string" for text in frame[item.name].dropna()]

    assert len(set(texts)) == len(set(map(id, texts))) < len(texts)


def put(cell, value, number_format="General"):
    def change(sheet):
        sheet[cell].value = value
        sheet[cell].number_format = number_format

    return change


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (put("C3", 7.0), [("F01", 3, "C3")]),
        (put("E3", "=1+45169"), [("F23", 3, "E3")]),
        (put("D4", "=A1&B1"), [("F23", 4, "D4")]),
        (put("E3", "#N/A"), [("F19", 3, "E3")]),
        (put("H4", "#REF!"), [("F19", 4, "H4")]),
        (put("F4", "=NA()"), [("F23", 4, "F4")]),
        (put("E3", "2023.9.31"), [("F09", 3, "E3")]),
        (put("E3", 20230901), [("F24", 3, "E3")]),
        (put("E3", 20230901, "yyyy-mm-dd"), [("F24", 3, "E3")]),
        (put("E3", 45170), [("F24", 3, "E3")]),
        (put("E3", 45170, '[$-804]yyyy"年"m"月"d"日";@'), []),
        (put("D3", " 示　甲"), [("F07", 3, "D3")]),
        (put("D3", "None"), []),
        (lambda s: s.merge_cells("B2:B3"), [("F11", 2, "B2")]),
        (lambda s: s.merge_cells("K2:M3"), []),
        (lambda s: s.insert_rows(1, 2), [("F11", 1, "")]),
        (lambda s: s.insert_rows(3), [("F13", 3, "A3")]),
        (lambda s: s.append(["合计", "", 3]), [("F13", 5, "A5")]),
        (lambda s: setattr(s.row_dimensions[3], "hidden", True), [("F20", 3, "")]),
        (lambda s: setattr(s.auto_filter, "ref", "A1:H4"), []),
        (lambda s: (setattr(s.auto_filter, "ref", "A1:H4"), s.auto_filter.add_filter_column(0, ["x"])), [("F20", 0, "")]),
        (lambda s: s.delete_rows(1, 9), [("R06", 0, "")]),
        (put("J1", "电话"), [("F26", 1, "J1")]),
        (put("AZ9999", " "), []),
    ],
)  # fmt: skip
def test_what_the_eye_sees(edited, change, codes):
    assert found(edited(change)) == codes


@pytest.mark.parametrize("number_format", [14, 22, 27, 31, 36, 50, 57, 58])
def test_builtin_date_formats_chinese_ones_too(clean, number_format):
    with xlsxwriter.Workbook(clean) as book:
        for sheet in BOOK.sheets:
            page = book.add_worksheet(sheet.title)
            page.write_row(0, 0, [item.title for item in sheet.typed])
        page = book.get_worksheet_by_name(SHEET.title)
        page.write_row(1, 0, [value if isinstance(value, str) else "" for value in CLEAN])
        for column in (4, 7):
            page.write_number(1, column, 45170, book.add_format({"num_format": number_format}))
    workbook = read(clean)

    assert workbook.findings == ()
    assert workbook.tables["baseline"].frame["base_date"].iloc[0].date() == DAY.date()


@pytest.mark.parametrize("written", ["", "T00:00:00", "T00:00:00.000", "T00:00:00.000Z", "T00:00:00+08:00"])
def test_a_date_written_as_text_is_the_day_that_a_program_shows(clean, written):
    """Libraries of the web write a zone behind it, which Excel and WPS take no notice of."""
    make(clean, pages(BOOK, baseline=[CLEAN]))
    part = next(place for place, sheet in enumerate(BOOK.sheets, 1) if sheet is SHEET)

    def change(xml):
        new = rf'\1 t="d"><v>{DAY:%Y-%m-%d}{written}</v></c>'.encode()
        xml, times = re.subn(rb'(<c r="[EH]2"[^<>]*?)(?: t="\w+")?><v>[^<]*</v></c>', new, xml)
        assert times == 2
        return xml

    clean.write_bytes(dressed.edited(clean.read_bytes(), {f"xl/worksheets/sheet{part}.xml": change}))
    workbook = read(clean)

    assert workbook.findings == ()
    assert workbook.tables["baseline"].frame["base_date"].iloc[0].date() == DAY.date()


def test_formula_errors_and_shared_formulas(clean):
    """As Excel saves them: an error with its formula, a formula shared by cells, a text formula that gives nothing."""
    book = pages(BOOK, baseline=[pupil(n) for n in (1, 2, 3)])
    path = make(clean, book)
    cells = {
        b'<c r="G2" t="s">': b'<c r="G2" t="str"><f t="shared" ref="G2:G3" si="0">A1</f><v>\xe7\xa4\xba\xe5\xb8\x88</v></c>',
        b'<c r="G3" t="s">': b'<c r="G3" t="e"><f t="shared" si="0"/><v>#VALUE!</v></c>',
        b'<c r="G4" t="s">': b'<c r="G4" t="str"><f>""</f><v></v></c>',
        b'<c r="D2" t="s">': b'<c r="D2"><f>X1</f></c>',
    }  # fmt: skip
    rewrite(path, "xl/worksheets/sheet2.xml", lambda xml: replaced(xml, cells))
    workbook = read(path)

    assert found(workbook) == [("F19", 3, "G3"), ("F23", 2, "D2")]
    frame = workbook.tables["baseline"].frame
    assert frame["locker"].isna().tolist() == [False, True, True]
    assert workbook.tables["baseline"].unread == {(3, "locker"), (2, "name")}


def replaced(xml, cells):
    for start, cell in cells.items():
        head, found_start, tail = xml.partition(start)
        assert found_start
        xml = head + cell + tail[tail.index(b"</c>") + 4 :]
    return xml


def rewrite(path, part, change):
    """Change one part of a package."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)


def test_prefixes_and_single_quotes_change_nothing(clean):
    plain = read(clean)

    def other_hand(xml):
        body = (
            xml[xml.index(b"<worksheet") :].replace(b"</", b"</x:").replace(b"xmlns=", b"xmlns:x=").replace(b'"', b"'")
        )
        return re.sub(rb"<(?=\w)", b"<x:", body)

    rewrite(clean, "xl/worksheets/sheet2.xml", other_hand)
    workbook = read(clean)

    assert workbook.findings == ()
    assert workbook.tables["baseline"].frame.equals(plain.tables["baseline"].frame)


def test_old_template(clean):
    make(clean, pages(BOOK, baseline=[CLEAN]), version=0)
    workbook = read(clean)

    assert [finding.rule for finding in workbook.findings] == ["R04"]
    assert workbook.read
    assert len(workbook.tables["baseline"].frame) == 1


def test_a_missing_sheet_says_what_it_may_be_called_now(clean):
    book = openpyxl.load_workbook(clean)
    book[SHEET.title].title = "学年初基准1"
    del book["学生变动"]
    book.save(clean)
    workbook = read(clean)

    assert [(f.rule, f.sheet) for f in sorted(workbook.findings)] == [("R05", "学年初基准"), ("R05", "学生变动")]
    assert "学年初基准1" in sorted(workbook.findings)[0].fix
    assert set(workbook.tables) == {"roster", "reconcile"}


def far(cell):
    def change(xml):
        return xml.replace(
            b"</sheetData>", b'<row r="1048576"><c r="' + cell + b'" t="n"><v>1</v></c></row></sheetData>'
        )

    return change


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "R02"),
        (bytes(4096), "R02"),
        ("姓名,性别".encode("gb18030"), "R02"),
        (b"<html><table></table></html>", "R02"),
        (b"PK\x03\x04 not a zip at all", "R02"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "R03"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le"), "R11"),
    ],
)
def test_a_file_that_is_no_workbook(tmp_path, data, code):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(data)
    workbook = read(path)

    assert [finding.rule for finding in workbook.findings] == [code]
    assert (workbook.read, workbook.tables) == (False, {})


def test_a_file_that_is_not_there(tmp_path):
    assert [finding.rule for finding in read(tmp_path / "学籍.xlsx").findings] == ["R01"]


def test_a_truncated_file(clean):
    clean.write_bytes(clean.read_bytes()[:-300])

    assert [finding.rule for finding in read(clean).findings] == ["R02"]


@pytest.mark.parametrize(
    ("part", "change", "code"),
    [
        ("xl/worksheets/sheet2.xml", far(b"XFD1048576"), "R10"),
        ("xl/worksheets/sheet2.xml", far(b"FOO100000"), "R10"),
        ("xl/worksheets/sheet2.xml", lambda x: far(b"XFD1048576")(x).replace(b'<c r="XFD', b'<c\nr = "XFD'), "R10"),
        (
            "xl/worksheets/sheet2.xml",
            lambda x: x.replace(b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet'),
            "R10",
        ),
        ("xl/worksheets/sheet2.xml", lambda x: x.decode().encode("utf-16"), "R10"),
        ("xl/worksheets/sheet2.xml", lambda x: x + b" " * (2 << 20), "R10"),
        ("xl/workbook.xml", lambda x: b"<nothing/>", "R02"),
        ("xl/worksheets/sheet2.xml", lambda x: x[:900], "R02"),
        ("xl/workbook.xml", lambda x: x[:300], "R02"),
    ],
)
def test_a_package_that_could_hurt(clean, monkeypatch, part, change, code):
    monkeypatch.setattr(package_guard, "MAX_UNPACKED", 1 << 20)
    rewrite(clean, part, change)
    workbook = read(clean, by=read_here)

    assert [finding.rule for finding in workbook.findings] == [code]


def test_a_large_workbook_is_no_bomb(clean, monkeypatch):
    """The census of a county is 200 MB of XML in a file of 21 MB: it is read, as what unpacks to 16 times its size is not."""
    with zipfile.ZipFile(clean) as package:
        unpacked = sum(info.file_size for info in package.infolist())
    monkeypatch.setattr(package_guard, "MAX_UNPACKED", 1 << 10)
    assert unpacked > package_guard.MAX_UNPACKED

    assert read(clean, by=read_here).read
    monkeypatch.setattr(package_guard, "MAX_LARGE", 1 << 12)
    assert not read(clean, by=read_here).read


def test_a_bomb_that_lies_about_its_size(clean, monkeypatch):
    monkeypatch.setattr(package_guard, "MAX_UNPACKED", 1 << 20)
    rewrite(clean, "xl/worksheets/sheet2.xml", lambda xml: xml + b" " * (2 << 20))
    data = bytearray(clean.read_bytes())
    with zipfile.ZipFile(clean) as package:
        real = package.getinfo("xl/worksheets/sheet2.xml").file_size
    data = bytes(data).replace(real.to_bytes(4, "little"), (5000).to_bytes(4, "little"))

    assert look(data).code == "R10"


def test_two_parts_with_one_name_and_a_way_out(clean):
    for name in ("xl/Workbook.xml", "../../etc/cron.d/x"):
        copy = clean.with_name("copy.xlsx")
        shutil.copy(clean, copy)
        with zipfile.ZipFile(copy, "a") as package:
            package.writestr(name, b"<x/>")
        assert look(copy.read_bytes()).code == "R10"


def test_other_formats_of_a_zip(tmp_path):
    for part in ("mimetype", "xl/workbook.bin"):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as package:
            package.writestr(part, b"x")
        assert look(data.getvalue()).code == "R11"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_never_raises(clean, data):
    raw = bytearray(clean.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    broken = clean.with_name("broken.xlsx")
    broken.write_bytes(bytes(raw))

    workbook = read(broken)
    assert workbook.read or workbook.findings


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(1, 9_999_999),
            st.text(st.sampled_from("示甲乙丙·"), min_size=1, max_size=5),
            st.dates(dt.date(2005, 1, 1), dt.date(2040, 12, 31)),
            st.sampled_from(SCHEMA.codes["base_state"].names),
        ),
        max_size=6,
    )
)
def test_what_is_written_is_read(tmp_path, pupils):
    rows = [
        ["2023-2024", "XZZX-2021-01", f"XS{n:07d}", name, day, state, "示师", day] for n, name, day, state in pupils
    ]
    workbook = read(make(tmp_path / "学籍.xlsx", pages(BOOK, baseline=rows)))
    frame = workbook.tables["baseline"].frame

    assert workbook.findings == ()
    assert list(frame.index) == list(range(2, len(rows) + 2))
    assert frame["student_key"].tolist() == [row[2] for row in rows]
    assert frame["name"].tolist() == [row[3] for row in rows]
    assert [day.date() for day in frame["base_date"]] == [row[4] for row in rows]
    assert frame["base_state"].tolist() == [row[5] for row in rows]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_saves_what_we_can_read(clean, tmp_path):
    """Whole-column formats become a thousand empty cells; they are no rows and no findings."""
    book = openpyxl.load_workbook(clean)
    book.add_named_style(NamedStyle("text", number_format="@"))
    for letter in "ABCDEFGH":
        book[SHEET.title].column_dimensions[letter].number_format = "@"
    book.save(clean)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", tmp_path / "saved", clean], check=True, capture_output=True, timeout=120)
    workbook = read(tmp_path / "saved" / "学籍.xlsx")

    assert workbook.findings == ()
    assert list(workbook.tables["baseline"].frame.index) == [2, 3, 4]


# the shared folder


@pytest.fixture
def shared(tmp_path):
    """A township of one school, with every workbook that is due in the first term."""
    registry = SCHEMA.book_of["school"]
    rows = {
        "school": [
            ["XZZX", "示例中学", "", "", "九年一贯", "示校长", "示师", "", "示例村", "示例村", "是"],
            ["SLZX", "示例中心学校", "", "", "中心学校", "示校长", "示师", "", "示例村", "", "是"],
        ],
        "code": [["性别", "1", "男", "男娃、小子", "", "是", 1], ["没有的", "", "x", "y", "", "是", 1]],
        "term": [["2023-2024", "第二学期", dt.date(2024, 2, 26), dt.date(2024, 7, 5), DAY, DAY]],
    }
    for book in SCHEMA.books:
        for stem in book.stems:
            home = CENTRE if book.owner == "centre" else "示例中学"
            if not stem.endswith("第二学期"):
                given_rows = rows if book is registry else {}
                if book.name == "attendance":
                    given_rows = {
                        "daily": [[dt.date(2023, 10, 9), "XZZX-2021-01", 30, 30, 0, 0, 0, 0, "08:10", "示师"]]
                    }
                if book.name == "enrolment":
                    head = [item.name for item in SCHEMA.sheets["roster"].typed]
                    given_rows = {"roster": [["男娃" if name == "sex" else "" for name in head]]}
                make(tmp_path / YEAR / home / f"{stem}.xlsx", pages(book, **given_rows))
    return tmp_path


def codes_of(town):
    return sorted((finding.rule, finding.workbook) for workbook in town.workbooks for finding in workbook.findings)


def test_a_year(shared):
    town = read_year(shared, YEAR)

    assert codes_of(town) == []
    assert town.as_of == dt.date(2023, 10, 9)
    assert town.homes == ("示例中学",)
    assert all(workbook.read for workbook in town.workbooks)
    assert town["roster"]["sex"].tolist() == ["男"]  # an alias of the township's own 代码表
    assert town["daily"].index.tolist() == [town.place_of(f"{YEAR}/示例中学/出勤_第一学期.xlsx", 2)]


def test_a_day_outside_its_term_does_not_move_the_town(shared):
    rows = [
        [day, "XZZX-2021-01", 30, 30, 0, 0, 0, 0, "08:10", "示师"]
        for day in (dt.date(2023, 10, 9), dt.date(2024, 5, 9))
    ]
    book = SCHEMA.book_of["daily"]
    make(shared / YEAR / "示例中学" / "出勤_第一学期.xlsx", pages(book, daily=rows))
    town = read_year(shared, YEAR)

    assert town.as_of == dt.date(2023, 10, 9)
    assert codes_of(town) == [
        ("F30", f"{YEAR}/示例中学/出勤_第一学期.xlsx")
    ]  # 学年学期 is empty: F28 has nothing to say


def counted(days, holidays=()):
    """A Town that knows nothing but its terms, these days of 日查, each as often as given, and days without lessons."""
    rows = {
        "term": [
            {"school_year": YEAR, "term": "第一学期", "start": dt.date(2023, 9, 1), "end": dt.date(2024, 1, 19)},
            {"school_year": YEAR, "term": "第二学期", "start": dt.date(2024, 2, 26), "end": dt.date(2024, 7, 5)},
        ],
        "calendar": [{"date": day, "is_school_day": False} for day in holidays],
        "daily": {"甲小学": [{"date": day, "class_id": f"{n}"} for day, times in days.items() for n in range(times)]},
    }
    return handmade.town(rows)


def weekdays(first, last):
    return [day.date() for day in pd.bdate_range(first, last)]


def test_a_slip_in_daily_does_not_move_the_town():
    usual = dict.fromkeys(weekdays("2023-09-04", "2023-10-20"), 6)
    friday = dt.date(2023, 10, 20)

    assert reading.last_day(counted(usual)) == friday
    assert reading.last_day(counted(usual | {dt.date(2023, 12, 20): 1})) == friday  # far from the rest, one class
    assert reading.last_day(counted(usual | {dt.date(2023, 12, 20): 1, dt.date(2023, 12, 21): 1})) == friday
    assert reading.last_day(counted(usual | {dt.date(2023, 11, 20): 1, dt.date(2024, 1, 8): 2})) == friday
    assert reading.last_day(counted(usual | {dt.date(2024, 10, 20): 6})) == friday  # in no term of the year
    assert (
        reading.last_day(counted(dict.fromkeys(usual, 1) | {dt.date(2023, 12, 20): 1})) == friday
    )  # a town of one class
    assert reading.last_day(counted({dt.date(2023, 10, 9): 1})) == dt.date(2023, 10, 9)
    assert reading.last_day(counted({})) == dt.date.today()


def test_a_day_that_few_classes_have_counted_yet_is_the_last_day():
    usual = dict.fromkeys(weekdays("2023-09-04", "2023-10-20"), 6)
    week = dict.fromkeys(weekdays("2023-11-06", "2023-11-10"), 6)  # two weeks nobody filled in, then a whole one

    assert reading.last_day(counted(usual | {dt.date(2023, 10, 23): 1})) == dt.date(2023, 10, 23)
    assert reading.last_day(counted(usual | week)) == dt.date(2023, 11, 10)
    holidays = weekdays("2023-10-21", "2023-11-10")
    assert reading.last_day(counted(usual | {dt.date(2023, 11, 13): 1}, holidays)) == dt.date(2023, 11, 13)


def test_what_happens_before_the_next_school_day_is_not_in_the_future():
    town = counted({})

    assert reading.horizon(town, dt.date(2023, 10, 18)) == dt.date(2023, 10, 18)  # a Wednesday
    assert reading.horizon(town, dt.date(2023, 10, 20)) == dt.date(2023, 10, 22)  # a Friday: the weekend too
    assert reading.horizon(town, dt.date(2024, 1, 19)) == dt.date(2024, 2, 25)
    assert reading.horizon(town, dt.date(2024, 7, 5)) == dt.date(2024, 8, 31)
    assert reading.horizon(town, dt.date.today()) == dt.date.today()


def test_a_date_in_the_future_is_said_at_its_cell_and_not_taken(shared):
    book = SCHEMA.book_of["dropout"]
    head = [item.name for item in SCHEMA.sheets["dropout"].typed]
    given = {"case_id": "CX-2023-001", "confirm_date": dt.date(2024, 10, 9), "follow_to": dt.date(2024, 7, 5)}
    make(shared / YEAR / "示例中学" / "控辍台账.xlsx", pages(book, dropout=[[given.get(name, "") for name in head]]))
    town = read_year(shared, YEAR)
    told = [finding for workbook in town.workbooks for finding in workbook.findings]

    assert [(one.rule, one.column, one.cell) for one in told] == [("F30", "认定日期", "L2")]
    assert "2024-10-09，晚于数据截止日2023-10-09" in told[0].message
    row = town["dropout"].iloc[0]
    assert pd.isna(row["confirm_date"])
    assert row["follow_to"] == pd.Timestamp("2024-07-05")  # a plan may lie ahead
    assert not town.known("dropout", "confirm_date").any(), "a cell nobody can use is no empty cell"
    earlier = read_year(shared, YEAR, as_of=dt.date(2023, 9, 30))
    assert codes_of(earlier) == codes_of(town), "what cannot be is wrong on whatever day one looks"


def test_a_folder_of_no_school_of_the_registry(shared):
    (shared / YEAR / "示例中学").rename(shared / YEAR / "示例初级中学")
    town = read_year(shared, YEAR)
    told = next(finding for finding in town.workbooks[0].findings if finding.rule == "R13")

    assert codes_of(town) == [("R01", f"{YEAR}/示例中学"), ("R13", f"{YEAR}/示例初级中学")]
    assert "是不是“示例中学”" in told.fix


def test_a_folder_nobody_may_open_keeps_no_other_school_from_being_read(shared, monkeypatch):
    within = type(shared).iterdir

    def closed(folder):
        if folder.name == "示例中学":
            raise PermissionError(13, "Permission denied", str(folder))
        return within(folder)

    monkeypatch.setattr(type(shared), "iterdir", closed)
    town = read_year(shared, YEAR)
    told = [finding for workbook in town.workbooks for finding in workbook.findings]

    assert codes_of(town) == [("R02", f"{YEAR}/示例中学")], "said once, and not that all its workbooks are missing"
    assert "打不开文件夹：没有读取权限" in told[0].message
    assert all(workbook.read == (workbook.home == CENTRE) for workbook in town.workbooks)


def test_the_second_term_is_due_once_it_has_begun(shared):
    missing = ("R01", f"{YEAR}/示例中学/出勤_第二学期.xlsx")

    assert codes_of(read_year(shared, YEAR, as_of=dt.date(2024, 2, 25))) == []
    assert codes_of(read_year(shared, YEAR, as_of=dt.date(2024, 2, 26))) == [missing]


def test_what_lies_beside_a_workbook(shared):
    school = shared / YEAR / "示例中学"
    for name in (
        "~$学籍.xlsx",
        ".~lock.帮扶.xlsx#",
        ".~辍台账.xlsx",
        "学籍(1).xlsx",
        "说明.docx",
        "Thumbs.db",
        "x.tmp",
    ):
        (school / name).write_bytes(b"")
    (school / "帮扶.xls").write_bytes(b"")
    here = f"{YEAR}/示例中学"

    assert codes_of(read_year(shared, YEAR)) == [
        ("R07", f"{here}/学籍.xlsx"),
        ("R07", f"{here}/帮扶.xlsx"),
        ("R07", f"{here}/控辍台账.xlsx"),
        ("R08", f"{here}/学籍.xlsx"),
        ("R08", f"{here}/帮扶.xlsx"),
        ("R09", f"{here}/说明.docx"),
    ]


def test_missing_workbooks_and_schools(shared):
    school = shared / YEAR / "示例中学"
    (school / "学籍.xlsx").unlink()
    (school / "帮扶.xlsx").rename(school / "帮扶.et")
    (shared / YEAR / "旧资料").mkdir()
    town = read_year(shared, YEAR)

    assert codes_of(town) == [
        ("R01", f"{YEAR}/示例中学/学籍.xlsx"),
        ("R09", f"{YEAR}/旧资料"),
        ("R11", f"{YEAR}/示例中学/帮扶.et"),
    ]
    assert town.unread_homes("roster") == {"示例中学"}
    assert town.unread_homes("family_plan") == {"示例中学"}

    shutil.rmtree(school)
    town = read_year(shared, YEAR)
    assert codes_of(town) == [("R01", f"{YEAR}/示例中学"), ("R09", f"{YEAR}/旧资料")]
    assert town.unread_homes("roster") == {"示例中学"}
    assert town.homes == ("示例中学",)


def test_without_a_registry_the_folders_are_the_schools(shared):
    (shared / YEAR / CENTRE / "基础信息.xlsx").write_text("不是工作簿", "utf-8")
    town = read_year(shared, YEAR)

    assert codes_of(town) == [("F10", NAME), ("R02", f"{YEAR}/{CENTRE}/基础信息.xlsx")]  # its aliases are lost with it
    assert town.homes == ("示例中学",)


def test_locate(shared):
    school = shared / YEAR / "示例中学"
    (shared / "2022-2023").mkdir()

    assert locate([shared]) == (shared, YEAR, [])
    assert locate([shared / YEAR]) == (shared, YEAR, [])
    assert locate([school]) == (shared, YEAR, [f"{YEAR}/示例中学"])
    assert locate([school / "学籍.xlsx", school / "帮扶.xlsx"]) == (
        shared,
        YEAR,
        [f"{YEAR}/示例中学/学籍.xlsx", f"{YEAR}/示例中学/帮扶.xlsx"],
    )
    assert locate([school, shared]) == (shared, YEAR, [])
    for wrong in ([shared / "没有"], [shared / YEAR, shared / "2022-2023"], [], [shared.parent]):
        with pytest.raises(UserError):
            locate(wrong)


def test_a_year_that_is_not_there(shared):
    with pytest.raises(UserError, match="2021-2022"):
        read_year(shared, "2021-2022")


@pytest.mark.parametrize(
    ("stem", "standard"),
    [
        ("学籍(1)", "学籍"),
        ("学籍 - 副本", "学籍"),
        ("学籍（2）", "学籍"),
        ("副本学籍", "学籍"),
        ("学籍 (冲突副本 示师 2023-10-09)", "学籍"),
        ("学籍-最终版", "学籍"),
        ("学籍20231009", "学籍"),
        ("出勤_第一学期 - 副本", "出勤_第一学期"),
        ("副本 学籍", "学籍"),
        ("副本(2)学籍", "学籍"),
        ("Copy (2) of 学籍", "学籍"),
        ("【冲突】学籍 (1)", "学籍"),
        ("学籍-DESKTOP-AB12CD", "学籍"),
        ("学籍 (PC 的冲突副本 2024-01-02)", "学籍"),
        ("学籍(自动恢复的)", "学籍"),
        ("学籍自动恢复", "学籍"),
        ("学籍.sync-conflict-20240101-101010-ABCDEFG", "学籍"),
        ("学籍 (version 1)", "学籍"),
        ("学籍_张三", "学籍"),
        ("学籍~RF1a2b", "学籍"),
        ("学籍.xlsx", "学籍"),
        ("出勤_第一学期@李四", "出勤_第一学期"),
        ("学籍", ""),
        ("学籍核查说明", ""),
        ("示例中学学籍", ""),
        ("课程表", ""),
        ("出勤", ""),
    ],
)
def test_names_of_copies(stem, standard):
    assert copy_of(stem, SCHEMA.by_stem) == standard


ADDED = [
    ("七(2)班新生", [HEAD, pupil(9), pupil(10)], [("R14", "七(2)班新生")]),
    ("学年初基准 (2)", [["学年初基准名单"], [*HEAD[::-1], "备注"], [*pupil(9)[::-1], ""]], [("R14", "学年初基准 (2)")]),
    ("村", [["村代码", "村名", "村责任人", "职务", "对应小学", "对应初中"], list("abcdef")], [("R14", "村")]),
    ("空表头", [HEAD], [("R15", "空表头")]),
    ("草稿", [["学生编号", "姓名"], ["XS0000001", "示甲"]], [("R15", "草稿")]),
    (
        "成绩",
        [["姓名", "学生编号", "在籍状态", "语文", "数学", "英语", "体育", "总分"], ["示甲", *"1234567"]],
        [("R15", "成绩")],
    ),
    ("Sheet2", [], []),
    ("Sheet3", [["", " "]], []),
    ("填表说明", [HEAD, pupil(9)], []),
    ("校验结果", [HEAD, pupil(9)], []),
    ("字典", [HEAD, pupil(9)], []),
]


@pytest.mark.parametrize(("title", "rows", "said"), ADDED, ids=[title for title, *_ in ADDED])
def test_a_worksheet_that_the_clerk_added_is_said(tmp_path, title, rows, said):
    workbook = read(make(tmp_path / "学籍.xlsx", pages(BOOK, baseline=[pupil(1)]) | {title: rows}))

    assert [(one.rule, one.sheet) for one in workbook.findings] == said
    assert len(workbook.tables["baseline"].frame) == 1
    if said and said[0][0] == "R14":
        (one,) = workbook.findings
        assert f"{len([line for line in rows if line]) - (2 if len(rows[0]) == 1 else 1)}行" in one.message
        assert ("学年初基准" if title != "村" else "基础信息·行政村") in one.message


def test_of_an_added_worksheet_that_is_hidden_it_is_said_how_to_see_it(tmp_path):
    path = make(tmp_path / "学籍.xlsx", pages(BOOK, baseline=[pupil(1)]) | {"新生": [HEAD, pupil(9)], "草稿": [["甲"]]})
    book = openpyxl.load_workbook(path)
    book["新生"].sheet_state, book["草稿"].sheet_state = "hidden", "veryHidden"
    book.save(path)

    found = read(path).findings

    assert {one.rule for one in found} == {"R14", "R15"}
    assert all("取消隐藏" in one.message for one in found)


def test_a_renamed_worksheet_is_known_by_its_header(tmp_path):
    held = pages(BOOK, baseline=[pupil(1)])
    held["工作表1"] = held.pop(SHEET.title)
    (one,) = read(make(tmp_path / "学籍.xlsx", held)).findings

    assert (one.rule, one.sheet) == ("R05", SHEET.title)
    assert "“工作表1”" in one.fix


def test_copies_of_programs_that_save_and_synchronise(shared):
    school = shared / YEAR / "示例中学"
    names = ("学籍-DESKTOP-AB12CD.xlsx", "学籍 (version 1).xlsb", "学籍.xlsx.bak", "学籍.xlsx.xlsx", "副本 学籍.XLSX")
    for name in names:
        (school / name).write_bytes(b"")
    found = [one for workbook in read_year(shared, YEAR).workbooks for one in workbook.findings]

    assert [(one.rule, one.severity) for one in found] == [("R08", "warning")]  # once, and every one is named
    assert all(name in found[0].message for name in names)


@pytest.mark.parametrize(
    ("standard", "lying"),
    [
        ("学籍", "学籍.xlsx.xlsx"),
        ("学籍", "示例中学学籍.xlsx"),
        ("学籍", "学 籍.xlsx"),
        ("出勤_第一学期", "出勤_第1学期.xlsx"),
        ("出勤_第一学期", "出勤（上学期）.xlsx"),
        ("控辍台帐", "控辍台帐.xlsx"),
    ],
)
def test_a_workbook_under_another_name_is_asked_about(shared, standard, lying):
    school = shared / YEAR / "示例中学"
    standard = standard.replace("帐", "账")
    (school / f"{standard}.xlsx").rename(school / lying)
    told = [one for workbook in read_year(shared, YEAR).workbooks for one in workbook.findings]
    found = {one.rule: one for one in told if "第二学期" not in one.workbook}

    assert set(found) == {"R01", "R09"}
    assert f"是不是“{standard}.xlsx”" in found["R09"].fix
    assert f"“{lying}”是不是它" in found["R01"].fix


def test_a_copy_without_its_workbook_is_perhaps_the_workbook(shared):
    school = shared / YEAR / "示例中学"
    (school / "学籍.xlsx").rename(school / "学籍(1).xlsx")
    told = [one for workbook in read_year(shared, YEAR).workbooks for one in workbook.findings]

    assert {one.rule for one in told} == {"R01", "R08"}
    assert "“学籍(1).xlsx”是不是它" in next(one.fix for one in told if one.rule == "R01")
    assert "两份" not in next(one.fix for one in told if one.rule == "R08")


@pytest.mark.parametrize(
    ("lying", "what"),
    [
        ("学籍.xlsx.baiduyun.p.downloading", "没有下载完"),
        ("控辍台账.xlsx.crdownload", "没有下载完"),
        ("学籍.lnk", "快捷方式"),
    ],
)
def test_a_file_is_said_to_be_what_its_ending_says(shared, lying, what):
    (shared / YEAR / "示例中学" / lying).write_bytes(b"x")

    told = [one for workbook in read_year(shared, YEAR).workbooks for one in workbook.findings]
    (one,) = [one for one in told if one.rule == "R09"]

    assert what in one.fix
    assert "标准文件名" not in one.fix


def test_names_of_locks():
    assert {"~$学籍.xlsx", ".~lock.学籍.xlsx#", ".~学籍.xlsx", ".~籍.xlsx"} <= set(lock_names("学籍"))


def test_own_aliases_leave_the_schema_as_it_was():
    rows = [["性别", "男", "男娃，小子"], ["sex", "女", "女娃"], ["性别", "没有", "x"]]
    frame = pd.DataFrame(rows, columns=["list", "name", "alias"], dtype="str")
    codes = with_aliases(SCHEMA.codes, frame)

    assert codes["sex"].values[0].aliases[-2:] == ("男娃", "小子")
    assert codes["sex"].values[1].aliases[-1] == "女娃"
    assert "男娃" not in SCHEMA.codes["sex"].values[0].aliases
    assert codes["term"] is SCHEMA.codes["term"]


def test_look_gives_sheets_and_properties(clean):
    make(clean, pages(BOOK), version=1)
    package = look(clean.read_bytes())

    assert isinstance(package, Package)
    assert list(package.sheets) == [sheet.title for sheet in BOOK.sheets]
    assert package.properties == {"kongchuo_version": "1"}
