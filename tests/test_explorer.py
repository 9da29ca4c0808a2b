"""The tables of a live page as they are offered to sort, search and download; test_serve.py uses them in a browser."""

import datetime as dt
from io import BytesIO

import openpyxl
import pandas as pd
import pytest

from kongchuo.excel import tables
from kongchuo.figures.base import Measure
from kongchuo.pages import explorer
from kongchuo.pages.display import Badge, Details, Section, Table

CLASSES = Table(
    ("班级", "人数", "出勤率"), (("甲班", 12, Measure("D10", "出勤率", 11, 12)), ("乙班", 9, None)), caption="各班"
)


def test_every_table_with_rows_is_found_behind_a_summary_too():
    hidden = Details("有问题的行", (Table(("行",), ((3,),)), Table(("行",), ())))
    found = explorer.tables([Section("出勤", (CLASSES, hidden, CLASSES), 3), Section("空", (Table(("列",), ()),))])

    assert list(found) == ["三、出勤：各班", "三、出勤：有问题的行", "三、出勤：各班（3）"]
    assert found["三、出勤：各班"] is CLASSES


def test_numbers_sort_as_numbers_and_a_rate_keeps_its_counts():
    shown = explorer.frame(CLASSES)

    assert shown["人数"].tolist() == [12, 9]
    assert shown["出勤率"].tolist()[0].endswith("（11/12）")
    assert shown["出勤率"].tolist()[1] == "—"


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-甲", "@SUM(A1)", "\t=1", "=3"])
def test_what_a_spreadsheet_would_work_out_is_text_in_the_download(text):
    assert explorer.frame(Table(("备注",), ((text,),)))["备注"].tolist() == [f"'{text}"]


@pytest.mark.parametrize("text", ["+3", "-2.5 %", "-1", "甲-乙", "3=3", "—"])
def test_numbers_with_a_sign_stay_as_they_are(text):
    assert explorer.frame(Table(("数",), ((text,),)))["数"].tolist() == [text]


def test_a_badge_is_its_word():
    assert explorer.frame(Table(("状态",), ((Badge("bad", "超期"),),)))["状态"].tolist() == ["超期"]


def test_a_workbook_keeps_numbers_days_and_the_counts_of_a_rate():
    table = Table(
        ("班级", "次数", "日期", "出勤率"),
        (
            ("甲班", pd.array([3], "Int64")[0], pd.Timestamp("2023-10-09"), Measure("D10", "出勤率", 11, 12)),
            ("乙班", None, None, Measure("D10", "出勤率", 1, 2)),
            ("丙班", 0, None, Measure("D10", "出勤率", 0, 0, missing=("丙校",))),
        ),
        total=("合计", 3, "", Measure("D10", "出勤率", 12, 14)),
    )
    data = tables.annex_bytes("某校报告", {"三、出勤：各班/全部": explorer.plain(table)})
    book = openpyxl.load_workbook(BytesIO(data))
    sheet = book["1 三、出勤：各班全部"]

    assert [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        ["班级", "次数", "日期", "出勤率", "出勤率：分子", "出勤率：分母"],
        ["甲班", 3, dt.datetime(2023, 10, 9), 11 / 12, 11, 12],
        ["乙班", None, None, None, 1, 2],
        ["丙班", 0, None, "尚未判定", None, None],
        ["合计", 3, None, 12 / 14, 12, 14],
    ]
    assert sheet["D3"].number_format == "0.0%"
    assert sheet.auto_filter.ref == "A2:F5"  # the total stays below, however the rows are sorted
    assert book["目录"]["B3"].hyperlink.location == "'1 三、出勤：各班全部'!A1"


def test_a_row_of_an_annex_is_as_high_as_its_longest_text():
    """LibreOffice and WPS print the lines of a text over one another where the row does not say how high it is."""
    text = "有十七天没有家访记录，也没有书面报告中心学校；请今天上门，" * 4
    sheet = tables.AnnexSheet(("级别", "问题"), (("错误", text), ("错误", "短")))
    page = openpyxl.load_workbook(BytesIO(tables.annex_bytes("甲", {"问题": sheet})))["1 问题"]
    lines = 2 * len(text) / page.column_dimensions["B"].width

    assert page.row_dimensions[3].height >= 13 * lines
    assert page.row_dimensions[4].height is None


def test_long_headings_make_names_that_excel_takes_and_tells_apart():
    same = "一、基本情况：学年以来学生增减（自学年初基准起）（按班级）"
    plain = explorer.plain(CLASSES)
    names = openpyxl.load_workbook(BytesIO(tables.annex_bytes("甲", {same: plain, f"{same}又": plain}))).sheetnames

    assert len(set(names)) == 3
    assert max(map(len, names)) <= 31
