"""Where the header is, which column is which, which rows are data; each with its Excel row."""

import datetime as dt
from types import SimpleNamespace

import pandas as pd
import pytest

from kongchuo.core import schema as schemas
from kongchuo.core.cells import PICTURE, STALE, CellError
from kongchuo.core.columns import DTYPES
from kongchuo.core.schema import Field, Sheet
from kongchuo.core.sheets import Grid, shape
from kongchuo.core.tables import Town
from kongchuo.core.workbooks import Workbook

SCHEMA = schemas.default()
SHEET = Sheet(
    "pupil",
    "学生",
    (
        Field("key", "学生编号", format="identifier", required=True),
        Field("name", "姓名", format="person_name", aliases=("学生姓名",)),
        Field("sex", "性别", codes="sex"),
        Field("born", "出生日期", "date"),
        Field("seat", "班内学号", "integer"),
        Field("made", "合计", "integer", generated=True),
        Field("note", "备注(选填)"),
    ),
)
HEAD = ["学生编号", "姓名", "性别", "出生日期", "班内学号", "备注(选填)"]
DAY = dt.date(2012, 5, 8)


def row(number, **changes):
    return list(
        (
            {"key": f"XS{number:07d}", "name": "示甲", "sex": "男", "born": DAY, "seat": 1.0, "note": ""} | changes
        ).values()
    )


def read(rows, **grid):
    table, findings = shape(Grid(rows, **grid), SHEET, "2023-2024/示例中学/学籍.xlsx", SCHEMA.codes)
    return table, sorted((finding.rule, finding.row, finding.cell) for finding in findings)


def test_a_clean_sheet_keeps_its_excel_rows():
    table, found = read([HEAD, row(1), row(2)])

    assert found == []
    assert list(table.frame.index) == [2, 3]
    assert list(table.frame.columns) == [item.name for item in SHEET.fields]
    assert table.frame["seat"].dtype == "Int64"
    assert table.frame["born"].tolist() == [pd.Timestamp(DAY)] * 2
    assert table.columns == {"key": 1, "name": 2, "sex": 3, "born": 4, "seat": 5, "note": 6}
    assert table.header_row == 1


def test_a_header_alone_is_a_table_without_rows():
    table, found = read([HEAD])

    assert (len(table.frame), found) == (0, [])
    assert table.frame["seat"].dtype == "Int64"


def test_a_table_is_what_it_was_when_its_rows_stand_among_those_of_other_workbooks():
    """Clean columns and columns read cell by cell, one below the other; each table then is a part of the whole."""
    rows = [[HEAD, row(1), row(2)], [HEAD], [HEAD, row(3, born="2012年5月8日", seat="甲", name="")], [HEAD, row(4)]]
    alone = [read(one)[0].frame for one in rows]
    tables = [read(one)[0] for one in rows]
    book = None
    books = [Workbook(f"2023-2024/{n}/学生.xlsx", book, str(n), tables={"pupil": one}) for n, one in enumerate(tables)]
    schema = SimpleNamespace(sheets={"pupil": SHEET})

    whole = Town("2023-2024", DAY, schema, tuple(books))["pupil"]

    assert whole["home"].tolist() == ["0", "0", "2", "3"]
    assert whole.dtypes.drop("home").to_dict() == {item.name: DTYPES[item.type] for item in SHEET.fields}
    for table, frame in zip(tables, alone, strict=True):
        assert not hasattr(table.held, "iloc") or not len(frame), "it holds its rows twice"
        pd.testing.assert_frame_equal(table.frame, frame)
    again = Town("2023-2024", DAY, schema, tuple(books))["pupil"]
    pd.testing.assert_frame_equal(again, whole)


@pytest.mark.parametrize(
    ("rows", "why"), [([], "是空的"), ([[""], ["  "]], "是空的"), ([["说明"], ["张", 3.0]], "找不到表头")]
)
def test_no_header(rows, why):
    table, findings = shape(Grid(rows), SHEET, "x", SCHEMA.codes)

    assert table is None
    assert [finding.rule for finding in findings] == ["R06"]
    assert why in findings[0].message


def test_title_rows_and_blank_rows_above_the_header():
    assert read([["示例中学花名册"], ["2023年9月"], HEAD, row(1)])[1] == [("F11", 1, "A1")]
    assert read([[], ["", "填报单位"], HEAD, row(1)])[1] == [("F11", 2, "B2")]
    table, found = read([[], [], HEAD, row(1)])
    assert found == [("F11", 1, "")]
    assert (list(table.frame.index), table.header_row) == ([4], 3)


def test_a_wrong_cell_is_found_at_its_own_address_below_title_rows_and_gaps():
    table, found = read(
        [["题目"], HEAD, row(1), [], row(2, born="2023.9.31"), row(3, key=CellError("#N/A"), seat=STALE)]
    )

    assert found == [("F09", 5, "D5"), ("F11", 1, "A1"), ("F13", 4, "A4"), ("F19", 6, "A6"), ("F23", 6, "E6")]
    assert list(table.frame.index) == [3, 5, 6]
    assert table.unread == {(5, "born"), (6, "key"), (6, "seat")}


def test_headers_are_known_by_alias_width_blanks_and_remarks():
    head = ["*学生编号", "学生姓名", "性　别", "出生日期（年月日）", "班内\n学号", "备注（选填）"]
    assert read([head, row(1)])[1] == []
    assert read([HEAD[::-1], row(1)[::-1]])[1] == []


def test_a_renamed_header_is_missing_and_extra_with_a_suggestion():
    table, findings = shape(
        Grid([[*HEAD[:3], "出生年月", *HEAD[4:], "手机"], [*row(1), "1"]]), SHEET, "x", SCHEMA.codes
    )

    assert [(f.rule, f.column, f.cell) for f in findings] == [
        ("F12", "出生日期", "D1"),
        ("F26", "出生年月", "D1"),
        ("F26", "手机", "G1"),
    ]
    assert "出生年月" in findings[0].fix
    assert "出生日期" in findings[1].fix
    assert "born" not in table.columns
    assert table.frame["born"].isna().all()


def test_a_column_twice_and_a_column_without_name():
    _, findings = shape(Grid([[*HEAD, "姓名", ""], [*row(1), "示乙", "x"]]), SHEET, "x", SCHEMA.codes)

    assert [(f.rule, f.column, f.cell) for f in findings] == [("F26", "姓名", "G1"), ("F26", "H列（没有列名）", "H1")]
    assert "两次" in findings[0].fix


def test_pupils_where_the_header_should_be_show_no_number():
    _, findings = shape(Grid([[*HEAD[:2], "99000020101011001X"], row(1)]), SHEET, "x", SCHEMA.codes)

    assert "99000020101011001X" not in str(findings)


@pytest.mark.parametrize(
    "foot",
    [
        ["合计", "", "", "", 2.0],
        ["", "小 计：2人"],
        ["汇总", "", 40.0],
        ["总计数", "", "", "", 2.0],
        ["七(1)班 汇总", "", "", "", 2.0],
        ["七（1）班 计数", "2"],
        ["男生小计：", "2人"],
        ["平均", "", "", "", 1.5],
        ["总平均值", "", "", "", "#DIV/0!"],
        ["Total", "", "", "", 2.0],
        ["共2人"],
        ["", "本班共2人"],
        ["七(1)班共有 2 名学生，其中男1人、女1人。"],
        ["男1人，女1人"],
        ["（以下空白）"],
        ["——以下空白——"],
        ["", "以下无正文"],
        ["填表人：示甲"],
        ["注：以上"],
        ["（盖章）2023年9月1日"],
        ["", "", "", "", "", "", "旁注"],
    ],
)
def test_rows_that_are_no_data_are_left_out(foot):
    rows = [[*HEAD, ""], [*row(1), ""], foot, [*row(2), ""], [], [" "], foot, []]
    table, found = read(rows)

    cell = "ABCDEFG"[next(i for i, value in enumerate(foot) if value)]
    assert [item for item in found if item[0] != "F26"] == [("F13", 3, f"{cell}3"), ("F13", 7, f"{cell}7")]
    assert list(table.frame.index) == [2, 4]


@pytest.mark.parametrize("word", ["汇总", "小计", "平均", "七(1)班 汇总", "总计", "合计数", "Total"])
def test_no_pupil_is_left_out_for_a_word_in_the_row(word):
    for changes in (
        {"key": word},
        {"key": "", "name": word},
        {"note": word},
        {"key": word, "note": "99000020110315020X", "born": ""},
    ):
        table, found = read([HEAD, row(1, **changes)])
        assert list(table.frame.index) == [2]
        assert "F13" not in [rule for rule, *_ in found]


def test_a_picture_among_remarks_is_only_said():
    _, findings = shape(Grid([HEAD, row(1, note=PICTURE), row(2, key=PICTURE)]), SHEET, "x", SCHEMA.codes)

    assert sorted((one.rule, one.cell, one.severity) for one in findings) == [
        ("F32", "A3", "error"),
        ("F32", "F2", "info"),
    ]


def test_blank_rows_at_the_end_are_silent():
    assert read([HEAD, row(1), [], ["", "  "], ["\u3000"]])[1] == []


def test_zero_and_false_are_no_blanks():
    assert len(read([HEAD, ["", "", "", "", 0.0, ""], row(1)])[0].frame) == 2


def test_a_second_header_is_no_pupil():
    table, found = read([HEAD, row(1), HEAD, row(2)])

    assert found == [("F11", 3, "A3")]
    assert list(table.frame.index) == [2, 4]


def test_merged_cells_matter_where_the_data_are():
    rows = [["题目"], HEAD, row(1), row(2, sex=""), row(3), [], ["合计"]]
    table, found = read(rows, merged=[(1, 1, 1, 6), (3, 3, 4, 3), (7, 1, 7, 4), (3, 9, 5, 9)])

    assert found == [("F11", 1, "A1"), ("F11", 3, "C3"), ("F13", 7, "A7")]
    assert table.unread == {(4, "sex")}


def test_a_header_of_two_rows():
    rows = [["学生编号", "姓名", "基本", "", "班内学号", "备注(选填)"], ["", "", "性别", "出生日期", "", ""], row(1)]
    merged = [(1, 1, 2, 1), (1, 2, 2, 2), (1, 3, 1, 4), (1, 5, 2, 5), (1, 6, 2, 6)]
    table, found = read(rows, merged=merged)

    assert list(table.frame.index) == [3]
    assert set(table.columns) == {"key", "name", "sex", "born", "seat", "note"}
    assert found == [("F11", 1, "A1")] * 2  # where the header is, and that it is merged: not once for each column


def test_a_header_of_two_rows_merged_downwards_only():
    table, found = read([HEAD, [], row(1)], merged=[(1, column, 2, column) for column in range(1, 7)])

    assert list(table.frame.index) == [3]
    assert {rule for rule, _, _ in found} == {"F11"}


def test_hidden_rows_are_read_and_said():
    table, found = read([HEAD, row(1), row(2)], hidden={3, 900}, filtered=True)

    assert found == [("F20", 3, "")]
    assert len(table.frame) == 2
    assert table.hidden == {3}


def test_a_filter_alone():
    assert read([HEAD, row(1)], filtered=True)[1] == [("F20", 0, "")]


def test_a_grid_may_begin_anywhere():
    table, found = read([HEAD, row(1, seat="3")], first_row=5)

    assert list(table.frame.index) == [6]
    assert ("F21", 6, "E6") in found
