"""Findings shown in a copy of a workbook that is not ours: a fill, a note, 校验结果; and all of it gone again."""

import datetime as dt
import io
from dataclasses import replace

import openpyxl
import pytest
import xlsxwriter
from lxml import etree

from kongchuo.core import schema
from kongchuo.core.places import RESULTS
from kongchuo.excel import marking, notes, result_lines, result_sheet, styles
from kongchuo.excel.marking_plan import Entry, Plan
from kongchuo.excel.parts import Package, Refused

BOOK = schema.default().by_stem["学籍"]
DAY = dt.date(2023, 10, 31)
ROSTER = "学生花名册"


def entry(cell, message="错了", sheet=ROSTER, rule="F05", fix="请核对"):
    row = int("".join(filter(str.isdigit, cell)) or 0)
    return Entry("错误", rule, sheet, row, cell, message, fix, "甲老师", f"{rule}{sheet}{cell}"[:16])


def plan(*entries, as_of=DAY):
    return Plan("2023-2024/示例中学/学籍.xlsx", "", as_of, entries)


def mark(data, *entries, earlier=b""):
    return marking.marked(data, plan(*entries), BOOK, earlier)


def parts(data):
    package = Package(data)
    return {name: package.read(name) for name in package.names()}


def canonical(part):
    return etree.tostring(etree.fromstring(part), method="c14n") if part.lstrip().startswith(b"<") else part


def same_parts(one, two):
    """The names of parts that say something else, or that only one of the two has."""
    one, two = parts(one), parts(two)
    return {
        name
        for name in {*one, *two}
        if name not in one
        or name not in two
        or (one[name] != two[name] and canonical(one[name]) != canonical(two[name]))
    }


def by_hand(build):
    """A workbook somebody made: `build` fills the roster with xlsxwriter."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        build(book, book.add_worksheet(ROSTER))
    return out.getvalue()


@pytest.fixture(scope="module")
def theirs():
    def build(book, page):
        green, date = (
            book.add_format({"bg_color": "#00FF00", "bold": True}),
            book.add_format({"num_format": "yyyy-mm-dd"}),
        )
        page.write_row("A1", ["姓名", "身份证号", "出生日期"])
        page.write("A2", "甲春梅", green)
        page.write_datetime("C2", dt.datetime(2011, 3, 15), date)
        page.write_comment("B2", "问过家长，属实")
        page.set_column("F:F", 10, green)
        book.add_worksheet("说明").write("A1", "别的")

    return by_hand(build)


def opened(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def test_what_a_marked_cell_shows(theirs):
    book = opened(mark(theirs, entry("A2", "名字错"), entry("C2"), entry("A2", "名字短", rule="F06")))
    cell = book[ROSTER]["A2"]
    assert cell.fill.fgColor.rgb == styles.MARK
    assert cell.font.bold, "only the fill is changed"
    assert book[ROSTER]["C2"].number_format == "yyyy-mm-dd"
    assert cell.comment.text == notes.note("错误：名字错。请核对\n错误：名字短。请核对")
    assert book.sheetnames == [ROSTER, "说明", RESULTS], "last, where it moves no other"


def test_errors_and_warnings_are_apart_in_colour_and_a_copy_says_that_it_is_one(theirs):
    warned = replace(entry("C2"), severity="警告")
    book = opened(marking.marked(theirs, plan(entry("A2"), warned), BOOK, apart=result_lines.Copy()))
    assert [book[ROSTER][cell].fill.fgColor.rgb for cell in ("A2", "C2")] == [styles.MARK, styles.LESS]
    page = book[RESULTS]
    assert [page[f"B{row}"].value for row in (2, 3, 4)] == ["副本", "错误", "警告"]
    assert [page[f"B{row}"].fill.fgColor.rgb for row in (3, 4)] == [styles.MARK, styles.LESS]
    assert book.active.title == RESULTS
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == [RESULTS]


def test_a_note_of_their_own_stays_the_only_one(theirs):
    book = opened(mark(theirs, entry("B2")))
    assert book[ROSTER]["B2"].comment.text == "问过家长，属实"
    assert book[ROSTER]["B2"].fill.fgColor.rgb == styles.MARK


def test_a_note_says_no_more_than_it_shows(theirs):
    """A note does not scroll: what has no room stands on 校验结果, and the note says so."""
    many = [entry("B3", f"第{n}个问题" + "说明" * 30, rule=f"X{n}") for n in range(9)]
    note = opened(mark(theirs, *many))[ROSTER]["B3"].comment.text
    assert notes.lines(note) <= notes.MOST
    assert "第0个问题" in note
    assert "等9条，见“校验结果”" in note
    few = opened(mark(theirs, *many[:2]))[ROSTER]["B3"].comment.text
    assert "第1个问题" in few
    assert "等" not in few.replace(notes.ENDS, "")


def test_what_is_listed(theirs):
    book = opened(mark(theirs, entry("A2"), entry("", "整张表", sheet=""), entry("Z9", sheet="没有这张")))
    page = book[RESULTS]
    assert [page[f"F{row}"].value for row in (2, 3, 4)] == ["错了", "整张表", "错了"]
    assert page["E2"].hyperlink.location == f"'{ROSTER}'!A2"
    assert page["I2"].value.startswith("=IF(EXACT(IFERROR(INDIRECT(")
    assert page.freeze_panes == "A2"
    hidden = {letter for letter, column in page.column_dimensions.items() if column.hidden}
    assert result_sheet.LETTERS["held"] in hidden


def test_again_is_the_same_and_clear_is_as_before(theirs):
    wanted = entry("A2"), entry("B2"), entry("F7"), entry("H30")
    once = mark(theirs, *wanted)
    assert mark(once, *wanted) is once
    assert same_parts(mark(once), theirs) == set()
    assert mark(theirs) is theirs


def test_other_findings_next_time(theirs):
    """What is marked now is marked as if nothing had been before."""
    later = mark(mark(theirs, entry("A2"), entry("F7")), entry("C2"))
    book = opened(later)
    assert book[ROSTER]["A2"].fill.fgColor.rgb == "FF00FF00"
    assert book[ROSTER]["A2"].comment is None
    assert book[ROSTER]["C2"].fill.fgColor.rgb == styles.MARK
    assert same_parts(mark(later), theirs) == set()


def test_a_note_that_people_have_added_to_is_theirs(theirs):
    book = opened(mark(theirs, entry("A2"), entry("C2")))
    book[ROSTER]["A2"].comment.text += "\n已问过甲老师"
    out = io.BytesIO()
    book.save(out)
    cleared = opened(mark(out.getvalue()))
    assert cleared[ROSTER]["A2"].comment.text.endswith("已问过甲老师")
    assert cleared[ROSTER]["C2"].comment is None


def test_a_mark_that_sorting_has_moved_is_taken_out_too(theirs):
    book = opened(mark(theirs, entry("C2")))
    book[ROSTER]["C5"]._style, book[ROSTER]["C2"].style = book[ROSTER]["C2"]._style, "Normal"
    out = io.BytesIO()
    book.save(out)
    cleared = opened(mark(out.getvalue()))
    assert cleared[ROSTER]["C5"].fill.fill_type is None
    assert cleared[ROSTER]["C5"].number_format == "yyyy-mm-dd"


def test_what_people_typed_and_since_when_go_along(theirs):
    book = opened(mark(theirs, entry("A2"), entry("C2")))
    book[RESULTS]["K3"] = "户口簿即如此"
    out = io.BytesIO()
    book.save(out)
    for data, earlier in ((out.getvalue(), b""), (theirs, out.getvalue())):
        made = marking.marked(data, plan(entry("C2"), entry("A1"), as_of=dt.date(2023, 11, 30)), BOOK, earlier)
        old, new = result_lines.read(Package(made), marking.COLUMNS)
        assert old["reason"] == "户口簿即如此"
        assert old["since"] == str((DAY - result_lines.EPOCH).days)
        assert "reason" not in new


def test_a_sheet_of_that_name_that_is_not_ours_is_refused():
    data = by_hand(lambda book, page: book.add_worksheet(RESULTS).write("A1", "期末成绩校验"))
    with pytest.raises(Refused, match="不是本程序做的"):
        mark(data, entry("A2"))


def test_a_template_whose_list_somebody_deleted_is_marked_like_a_strange_file(theirs):
    """Its names still look at 校验结果, so that what takes its place must not be taken for it."""
    book = opened(theirs)
    for name, refers_to in result_sheet.ranges().items():
        book.defined_names[name] = openpyxl.workbook.defined_name.DefinedName(name, attr_text=refers_to[1:])
    out = io.BytesIO()
    book.save(out)
    once = mark(out.getvalue(), entry("A2"))
    assert opened(once)[ROSTER]["A2"].fill.fgColor.rgb == styles.MARK
    cleared = opened(mark(once))
    assert cleared[ROSTER]["A2"].fill.fgColor.rgb == "FF00FF00"
    assert cleared[ROSTER]["A2"].comment is None
    assert RESULTS in cleared.sheetnames, "names that look at nothing are a damaged file to Excel"


def test_what_leans_on_the_list_keeps_it(theirs):
    """校验结果 goes when it is cleared, unless a formula of theirs looks at it."""
    book = opened(mark(theirs, entry("A2")))
    book["说明"]["A2"] = f"=COUNTA({RESULTS}!F:F)"
    out = io.BytesIO()
    book.save(out)
    cleared = opened(mark(out.getvalue()))
    assert RESULTS in cleared.sheetnames
    assert cleared[RESULTS].max_row == 1
