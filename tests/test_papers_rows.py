"""Names, days, sums and numbers on the Word papers, laid beside the rows of the workbooks by plain loops."""

import datetime as dt
import re

import docx
import openpyxl
import pytest

import handmade
from kongchuo import papers
from test_papers_laid_out import month_of

END = dt.date(2023, 10, 31)


@pytest.fixture(scope="module")
def township():
    return handmade.township(4, 300, 1, dt.date(2024, 1, 31))


@pytest.fixture(scope="module")
def middle(township):
    return township[0]["dropout"]["home"].iloc[0]


@pytest.fixture
def make(township, middle, tmp_path):
    """Makes papers of the school for October and returns the Word and Excel files."""
    month = month_of(township[0], middle, "2023-10", 31)
    return lambda *names: [path for path in papers.make(month, names, tmp_path) if path.suffix != ".html"]


def lines(path):
    return [paragraph.text for paragraph in docx.Document(path).paragraphs]


def tables(path, first):
    """The rows below the header of each table whose first cell says `first`."""
    found = [table for table in docx.Document(path).tables if table.cell(0, 0).text == first]
    return [[[cell.text for cell in row.cells] for row in table.rows[1:]] for table in found]


def chinese(day):
    return f"{day.year}年{day.month}月{day.day}日"


def test_every_pupil_at_school_has_a_letter_to_his_own_guardian(make, township, middle):
    *letters, monthly = sorted(make("告家长一封信", "月报表"), key=lambda path: path.suffix)
    rows = [row for row in township[1]["roster"] if row["home"] == middle]
    classes = {row["class_id"]: row["class_name"] for row in township[1]["class"]}
    known = {(classes[row["class_id"]], row["name"], row.get("guardian") or "") for row in rows}
    written = []
    for path in letters:
        text = lines(path)
        greeted = [re.fullmatch(r"(.+)同学的家长（监护人）(.*)：", line) for line in text]
        receipts = [re.search(r"班级：(.+?)　学生：(.+)", line) for line in text]
        pairs = zip(filter(None, greeted), filter(None, receipts), strict=True)
        written += [(below[1], above[1], above[2]) for above, below in pairs if above[1] == below[2]]
    sheet = openpyxl.load_workbook(monthly).worksheets[0]
    titles = [cell.value for cell in sheet[4]]
    total = next(row for row in sheet.iter_rows(min_row=5, values_only=True) if row[0] == "合计")

    assert set(written) <= known
    assert len(written) == total[titles.index("月末")]


def test_a_case_sheet_has_each_visit_and_paper_of_its_pupil(make, township, middle):
    (path,) = make("劝返记录")
    visits, served = tables(path, "次"), tables(path, "文书编号")
    rows = township[1]
    cases = [row for row in rows["suspected"] if row["home"] == middle and row["found"] <= END]
    open_in_october = [row for row in cases if not (row.get("closed") and row["closed"] < dt.date(2023, 10, 1))]
    open_in_october.sort(key=lambda row: row["case_id"])

    assert len(visits) == len(served) == len(open_in_october) > 0
    for case, shown, papers_shown in zip(open_in_october, visits, served, strict=True):
        own = sorted(
            (row["date"], row["mode"], row["result"])
            for row in rows["visit"]
            if row["student_key"] == case["student_key"] and row["date"] <= END
        )
        legal = [row for row in rows["legal"] if row["case_id"] == case["case_id"] and row["issued"] <= END]
        assert [(row[1], row[2], row[7]) for row in shown[:-1]] == [
            (f"{day}", mode, result) for day, mode, result in own
        ]
        assert {(row[0], row[3]) for row in papers_shown[:-1]} == {
            (row["doc_no"], f"{row['deadline']}") for row in legal
        }


def test_a_notice_says_the_number_the_day_away_and_the_limit_of_its_paper(make, township, middle):
    (path,) = make("劝学通知书")
    text = "\n".join(lines(path))
    rows = township[1]
    on_hand = [
        row for row in rows["suspected"]
        if row["home"] == middle and row["found"] <= END and not (row.get("closed") and row["closed"] <= END)
    ]  # fmt: skip

    assert on_hand
    for case in on_hand:
        paper = next(
            row for row in rows["legal"] if row["case_id"] == case["case_id"] and row["doc_type"] == "劝学通知书"
        )
        assert f"{paper['doc_no']}\n{case['guardian']}：\n您的孩子{case['name']}，" in text
        assert f"从{chinese(case['last_day'])}起没有到校上课" in text
        assert f"请您在{chinese(paper['deadline'])}前送孩子返校" in text


def test_what_families_got_adds_up_to_the_rows_of_aid(make, township, middle):
    (path,) = make("一家一案")
    rows = township[1]
    members = [row for row in rows["family_plan"] if row["home"] == middle]
    keys = {row["student_key"] for row in members}
    paid = [row for row in rows["aid"] if row["student_key"] in keys and row.get("paid_on") and row["paid_on"] <= END]
    shown = [row for table in tables(path, "姓名") for row in table if len(row) == 5 and row[0]]
    children = [row for table in tables(path, "姓名") for row in table if len(row) == 4]

    assert sorted(row[0] for row in children) == sorted(row["name"] for row in members)
    assert sum(float(row[2]) for row in shown) == sum(row["paid"] for row in paid)
    assert {(row[0], row[3]) for row in shown} == {(row["name"], f"{row['paid_on']}") for row in paid}
