"""Findings shown in a workbook of our own: only 校验结果 is written, and a mark holds only what is still so."""

import datetime as dt
import io
import re
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree

from dressed import edited
from kongchuo.core import schema
from kongchuo.core.findings import Finding
from kongchuo.core.places import RESULTS
from kongchuo.core.workbooks import identity
from kongchuo.excel import marking, reading, result_lines, result_sheet, writing
from kongchuo.excel.marking_plan import Entry, Plan
from kongchuo.excel.parts import Package, Refused

BOOKS = schema.default()
BOOK = BOOKS.by_stem["学籍"]
ROSTER = BOOKS.sheets["roster"].title
DAY = dt.date(2023, 10, 31)
PUPILS = [
    {
        "student_key": f"XS{number:07d}",
        "name": f"甲春{'梅兰竹菊'[number]}",
        "id_no": f"99000020110315020{number}",
        "birth_date": dt.date(2011, 3, 15),
        "seat_no": number + 1,
        "address": '样例一村"3"组',
    }
    for number in range(4)
]
PLAIN = writing.workbook_bytes("学籍", BOOK, {"roster": PUPILS}, BOOKS)
COLUMNS = {
    item.name: letter for item, letter in zip(BOOKS.sheets["roster"].typed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False)
}


def entry(field, row, message="错了", severity="错误", rule="F05"):
    cell = f"{COLUMNS[field]}{row}"
    finding = Finding("2023-2024/示例中学/学籍.xlsx", ROSTER, row, field, cell, rule, "error", message, "请核对")
    return Entry(severity, rule, ROSTER, row, cell, message, "请核对", "甲老师", identity(finding, f"key {row}"))


def plan(*entries, as_of=DAY):
    return Plan("2023-2024/示例中学/学籍.xlsx", "", as_of, tuple(sorted(entries, key=lambda one: one.row)))


def lines(data):
    return list(result_lines.read(Package(data)))


def parts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_only_one_part_is_written():
    before, after = parts(PLAIN), parts(marking.marked(PLAIN, plan(entry("name", 2), entry("id_no", 3)), BOOK))
    assert list(before) == list(after)
    assert [name for name in before if before[name] != after[name]] == ["xl/worksheets/sheet6.xml"]


def test_what_is_listed():
    (line, _) = lines(marking.marked(PLAIN, plan(entry("birth_date", 2), entry("name", 3)), BOOK))
    assert line["cell"] == f"{COLUMNS['birth_date']}2"
    assert line["held"] == f"40617{result_sheet.BETWEEN}XS0000000", 'what cell&"" gives, and the row\'s key'
    assert line["place"] == f"{ROSTER}!{COLUMNS['birth_date']}2"
    assert line["line"] == f"{ROSTER}!2"
    assert line["hint"] == "【错误】错了。请核对"
    assert line["state"] == "待改"
    assert line["since"] == str((DAY - result_lines.EPOCH).days)


def test_the_findings_of_one_row_make_one_hint():
    data = marking.marked(PLAIN, plan(*(entry("name", 2, f"错{n}", rule=f"X{n:02}") for n in range(10))), BOOK)
    hints = [line["hint"] for line in lines(data) if "hint" in line]
    assert len(hints) == 1
    assert "错0" in hints[0]
    assert "错9" not in hints[0]
    assert f"等10条，见{RESULTS}" in hints[0]


def test_again_is_the_same_and_clear_is_as_before():
    wanted = plan(entry("name", 2), entry("id_no", 3))
    once = marking.marked(PLAIN, wanted, BOOK)
    assert marking.marked(once, wanted, BOOK) is once
    cleared = marking.marked(once, plan(), BOOK)
    for name, part in parts(cleared).items():
        assert etree.tostring(etree.fromstring(part), method="c14n") == etree.tostring(
            etree.fromstring(parts(PLAIN)[name]), method="c14n"
        ), name


def test_a_workbook_without_findings_is_left_alone():
    assert marking.marked(PLAIN, plan(), BOOK) is PLAIN


def typed_in(data, row, **values):
    """What a clerk types into a line of 校验结果, by openpyxl, which writes another package than ours."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    page = book[RESULTS]
    for name, value in values.items():
        page[f"{result_sheet.LETTERS[name]}{row}"] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_what_people_typed_and_since_when_go_along_with_the_finding():
    first = marking.marked(PLAIN, plan(entry("name", 2), entry("id_no", 3)), BOOK)
    typed = typed_in(first, 3, reason="户口簿即如此", asked_by="甲老师", confirmed="是", until=dt.date(2024, 1, 31))
    later = plan(entry("sex", 2), entry("id_no", 3), as_of=dt.date(2023, 11, 30))
    new, old = lines(marking.marked(typed, later, BOOK))
    assert "reason" not in new
    assert new["since"] == str((dt.date(2023, 11, 30) - result_lines.EPOCH).days)
    assert (old["reason"], old["asked_by"], old["confirmed"]) == ("户口簿即如此", "甲老师", "是")
    assert old["until"] == str((dt.date(2024, 1, 31) - result_lines.EPOCH).days)
    assert old["since"] == str((DAY - result_lines.EPOCH).days)


def chosen(data):
    """The worksheets that are chosen when the workbook opens, and which of them is in front."""
    package = Package(data)
    sheets = [sheet.get("name") for sheet in package.tree(package.workbook).iter(package.tag("sheet"))]
    views = {title: next(package.tree(part).iter(package.tag("sheetView"))) for title, part in package.sheets.items()}
    active = next(package.tree(package.workbook).iter(package.tag("workbookView"))).get("activeTab", "0")
    return [title for title, view in views.items() if view.get("tabSelected") == "1"], sheets[int(active)]


def test_a_copy_opens_on_its_list_and_says_which_file_is_to_be_mended():
    assert chosen(PLAIN) == (["填表说明"], "填表说明")
    wanted = plan(entry("name", 2), entry("sex", 3, severity="警告"))
    copy = marking.marked(PLAIN, wanted, BOOK, apart=result_lines.Copy("../../共享/2023-2024/示例中学/学籍.xlsx"))
    assert chosen(copy) == ([RESULTS], RESULTS), "what is typed goes into one worksheet"
    page = openpyxl.load_workbook(io.BytesIO(copy))[RESULTS]
    first, found = ({name: page[f"{letter}{row}"] for name, letter in result_sheet.LETTERS.items()} for row in (2, 3))
    assert first["message"].value == "这是副本，请改原件：2023-2024/示例中学/学籍.xlsx"
    assert (first["severity"].value, found["number"].value) == ("副本", 1)
    place = f"'{ROSTER}'!{COLUMNS['name']}2"
    assert found["sheet"].value == f'=HYPERLINK("../../共享/2023-2024/示例中学/学籍.xlsx#{place}","{ROSTER}")'
    assert found["cell"].hyperlink.location == place, "the cell of the copy is a click away as well"
    assert [line["hint"][:9] for line in lines(copy)] == ["【副本，请改原件】"] * 2
    assert [line["sheet"] for line in lines(copy)] == [ROSTER] * 2, (
        "what a rule could not judge again is kept as it was"
    )
    assert marking.marked(copy, wanted, BOOK, apart=result_lines.Copy()) != copy, (
        "moved apart, it only names the original"
    )
    assert "HYPERLINK" not in str(
        parts(marking.marked(PLAIN, wanted, BOOK, apart=result_lines.Copy()))["xl/worksheets/sheet6.xml"]
    )
    assert not any("副本" in str(line) for line in lines(marking.marked(PLAIN, wanted, BOOK)))
    assert marking.marked(PLAIN, plan(), BOOK, apart=result_lines.Copy()) is PLAIN, "nothing found, nothing said"


def test_more_than_it_has_room_for_is_said_and_errors_come_first():
    """And nothing beside which people have typed is left out."""
    many = [entry("name", 2 + n % 600, f"提示{n}", "提示", f"Q{n}") for n in range(result_sheet.CAPACITY)]
    many += [entry("sex", 700, f"错误{n}", rule=f"E{n}") for n in range(100)]
    first = marking.marked(PLAIN, plan(many[-101]), BOOK)
    data = marking.marked(typed_in(first, 2, reason="属实"), plan(*many), BOOK)
    found = lines(data)
    assert len(found) == result_sheet.MOST
    assert [line["message"] for line in found if line["severity"] == "错误"] == [one.message for one in many[-100:]]
    assert [line.get("reason") for line in found if line["rule"] == many[-101].rule] == ["属实"]
    page = openpyxl.load_workbook(io.BytesIO(data))[RESULTS]
    assert page.max_row == result_sheet.CAPACITY
    said = page[f"{result_sheet.LETTERS['message']}2"].value
    assert said.startswith("还有 102 条没有列在下面（提示 102 条）：一张表最多列 2998 条，先列错误")
    assert marking.unlisted(PLAIN, plan(*many), BOOK) == 102
    assert marking.marked(data, plan(), BOOK) != data
    assert lines(marking.marked(data, plan(), BOOK)) == []


def test_as_many_as_it_has_room_for_need_no_such_line():
    many = [entry("name", 2 + n % 600, f"提示{n}", "提示", f"Q{n}") for n in range(result_sheet.MOST)]
    assert marking.unlisted(PLAIN, plan(*many), BOOK) == 0
    assert len(lines(marking.marked(PLAIN, plan(*many), BOOK))) == result_sheet.MOST


def test_what_was_mended_is_listed_without_a_mark_and_days_come_from_the_record():
    old, gone = entry("sex", 2), entry("id_no", 3)
    data = marking.marked(PLAIN, plan(old, gone), BOOK)
    later, first = dt.date(2023, 11, 30), dt.date(2023, 9, 30)
    shown = marking.remembering(plan(old, as_of=later), {old.identity: first}, {gone.identity: later}, data)
    assert shown.open == 1
    still, mended = lines(marking.marked(data, shown, BOOK))
    assert still["since"] == str((first - result_lines.EPOCH).days)
    assert (mended["identity"], mended["state"]) == (gone.identity, "已改好 11-30")
    assert not mended.keys() & {"place", "hint", "line"}
    assert mended["since"] == str((DAY - result_lines.EPOCH).days)


@pytest.mark.parametrize(
    ("value", "held", "formula"),
    [
        ("甲春梅", "甲春梅", False),
        (40617, "40617", False),
        (0.1, "0.1", True),
        (510000199001011234, "5.10000199001011e+17", True),
        (True, "TRUE", False),
        ("=1/0", "#", False),
        ("a&b<c>", "a&b<c>", False),
        ('说"好"', '说"好"', False),
        (None, "", False),
    ],
)
def test_what_a_cell_holds(value, held, formula):
    book = openpyxl.load_workbook(io.BytesIO(PLAIN))
    cell = book[ROSTER][f"{COLUMNS['seat_no']}2"]
    cell.value = value
    out = io.BytesIO()
    book.save(out)
    data = out.getvalue()
    if value == "=1/0":  # openpyxl writes no value; the program that calculates does
        name = "xl/worksheets/sheet2.xml"
        changed = parts(data)
        changed[name] = (
            changed[name]
            .replace(b"<f>1/0</f><v />", b"<f>1/0</f><v>#DIV/0!</v>")
            .replace(f'r="{cell.coordinate}"'.encode(), f'r="{cell.coordinate}" t="e"'.encode())
        )
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as package:
            for part, content in changed.items():
                package.writestr(part, content)
        data = out.getvalue()
    made = marking.marked(data, plan(entry("seat_no", 2)), BOOK)
    (line,) = lines(made)
    assert line["held"] == f"{held}{result_sheet.BETWEEN}XS0000000"
    assert (
        re.search(rb"<f>IF\(NOW\(\)&gt;0,[0-9.E+]+&amp;", parts(made)["xl/worksheets/sheet6.xml"]) is not None
    ) == formula


def chain(*cells):
    return b"".join(b'<c r="%s"%s/>' % (ref, b' i="%d"' % sheet if sheet else b"") for ref, sheet in cells)


def with_chain(data, cells):
    """The workbook as Excel saves it: with a list of all formulas (calcChain)."""
    package = Package(data)
    part = "xl/calcChain.xml"
    package.write(part, b'<calcChain xmlns="%s">%s</calcChain>' % (package.ns.encode(), cells))
    package.type_of(part=part, content="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml")
    package.link(package.workbook, "calcChain", part)
    return package.data()


def test_excels_list_of_formulas_names_none_that_is_gone():
    data = with_chain(PLAIN, chain((b"R1", 6), (b"I2", 0), (b"AF2", 2), (b"AF3", 0), (b"R2", 6)))
    made = parts(marking.marked(data, plan(entry("name", 2)), BOOK))
    assert chain((b"AF2", 2), (b"AF3", 0)) in made["xl/calcChain.xml"]
    assert b'"I2"' not in made["xl/calcChain.xml"]
    only = with_chain(PLAIN, chain((b"R1", 6), (b"I2", 0)))
    made = parts(marking.marked(only, plan(entry("name", 2)), BOOK))
    assert "xl/calcChain.xml" not in made
    assert not any(b"calcChain" in part for part in made.values())


@pytest.mark.parametrize(
    "change", [lambda data: data[: len(data) // 2], lambda data: b"\xd0\xcf\x11\xe0" + data, lambda data: b""]
)
def test_what_cannot_be_changed_is_refused_with_a_reason(change):
    with pytest.raises(Refused) as refused:
        marking.marked(change(PLAIN), plan(entry("name", 2)), BOOK)
    assert any("一" <= char <= "鿿" for char in str(refused.value))


PURL = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/": "http://purl.oclc.org/ooxml/officeDocument/",
}


def test_a_strict_workbook_is_read_and_not_marked(tmp_path):
    """Excel can save with other namespaces and dates as texts; what to do is said, and its findings are listed beside it."""

    def strict(old):
        for ours, theirs in PURL.items():
            old = old.replace(ours.encode(), theirs.encode())
        return re.sub(rb'(<c r="H2" s="\d+")><v>\d+</v>', rb'\1 t="d"><v>2011-03-15T00:00:00</v>', old)

    data = edited(PLAIN, dict.fromkeys([name for name in parts(PLAIN) if name.endswith((".xml", ".rels"))], strict))
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(data)
    read = reading.read_workbook(path, "2023-2024/示例中学/学籍.xlsx", BOOK, BOOKS.codes)
    assert list(read.tables["roster"].frame["birth_date"].dt.date) == [DAY.replace(2011, 3, 15)] * len(PUPILS)
    for change in (lambda: marking.marked(data, plan(entry("name", 2)), BOOK), lambda: marking.is_ours(data, BOOK)):
        with pytest.raises(Refused, match="另存为普通的"):
            change()


def test_a_signed_workbook_is_refused():
    out = io.BytesIO(PLAIN)
    with zipfile.ZipFile(out, "a") as package:
        package.writestr("_xmlsignatures/sig1.xml", "<x/>")
    with pytest.raises(Refused, match="签名"):
        marking.marked(out.getvalue(), plan(entry("name", 2)), BOOK)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["name", "id_no", "seat_no", "birth_date", "address"]), st.integers(2, 9)),
        unique=True,
    )
)
def test_mark_mark_clear_gives_back_every_part(places):
    """Whatever is marked, in whatever rows: again changes nothing, and clear leaves each part as it was."""
    wanted = plan(*(entry(field, row) for field, row in places))
    once = marking.marked(PLAIN, wanted, BOOK)
    assert marking.marked(once, wanted, BOOK) is once
    cleared, before = parts(marking.marked(once, plan(), BOOK)), parts(PLAIN)
    assert {name for name in before if cleared[name] != before[name]} <= {"xl/worksheets/sheet6.xml"}
    read = openpyxl.load_workbook(io.BytesIO(once))[RESULTS]
    assert read.max_row == max(len(places) + 1, 1)


def test_lines_are_as_high_as_their_texts():
    """LibreOffice and WPS leave wrapped texts one over the other where the height is not given."""
    long = entry("name", 2, "说明" * 40)
    with_heights = openpyxl.load_workbook(io.BytesIO(marking.marked(PLAIN, plan(long, entry("sex", 3)), BOOK)))[RESULTS]
    assert [with_heights.row_dimensions[row].height for row in (2, 3)] == [60, 15]
    listed = openpyxl.load_workbook(io.BytesIO(writing.findings_workbook([long])))[RESULTS]
    assert listed.row_dimensions[2].height == 60
