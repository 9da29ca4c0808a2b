"""督查通报 and 公示稿 as papers: their figures counted again from the rows, the same as on their pages, nobody named to everybody."""

import datetime as dt
import re
from dataclasses import replace

import docx
import pytest

import handmade
from kongchuo import papers
from kongchuo.core import policy
from kongchuo.core.editions import PUBLIC
from kongchuo.core.names import telling_names
from kongchuo.core.places import POLICY
from kongchuo.pages import term, year
from kongchuo.pages.display import Details, Table, cell
from kongchuo.pages.views import Month
from kongchuo.pages.year import years
from kongchuo.papers.inspection import called
from kongchuo.publishing.gate import gate
from kongchuo.rules.judging import Judgement
from test_class_points import CLASS, HOME, OTHER, YEAR, dropout
from test_papers_laid_out import month_of
from test_term_report import two_problems, view
from test_year_report import whole


@pytest.fixture(scope="module")
def township():
    return handmade.township(3, 150, spoil=two_problems)


def made(folder, month, name):
    """The Word file of a paper, with the gate; None where nothing is made."""
    names = telling_names(month.town)
    passes = lambda path, edition: gate(path, edition, names, month.policy["public_minimum"])  # noqa: E731
    return next(iter(papers.make(month, [name], folder, gate=passes)), None)


@pytest.fixture(scope="module")
def notice(township, tmp_path_factory):
    """督查通报 of the second round."""
    return docx.Document(made(tmp_path_factory.mktemp("notice"), month_of(township[0], "", "2024-01", 31), "督查通报"))


def rows_under(document, *heads):
    """The rows below the header of the first table with these first columns."""
    found = [[[one.text for one in row.cells] for row in table.rows] for table in document.tables]
    return next(rows[1:] for rows in found if tuple(rows[0][: len(heads)]) == heads)


def test_scores_and_places_are_the_sums_of_the_score_sheet(notice, township):
    town, rows = township
    own = [row for row in rows["score"] if row["round"] == 2]
    totals = {home: sum(row["score"] for row in own if row["school_code"] == home) for home in town.homes}
    shown = {row[1]: row for row in rows_under(notice, "名次", "学校", "组织领导与包保（10）")}

    assert {home: float(row[12]) for home, row in shown.items()} == totals
    assert {home: [float(one) for one in row[2:12]] for home, row in shown.items()} == {
        home: [row["score"] for row in own if row["school_code"] == home] for home in town.homes
    }
    for home, row in shown.items():
        if row[13] != "不合格":
            better = [one for one in totals if totals[one] > totals[home] and shown[one][13] != "不合格"]
            assert int(row[0]) == 1 + len(better)


def test_roll_call_and_problems_are_counted_again(notice, township):
    _, rows = township
    own = [row for row in rows["rollcall"] if row["round"] == 2]
    names = ("n_register", "n_rollbook", "n_seating", "n_homework", "n_present", "leave_ok", "leave_no", "unknown")
    said = next(one.text for one in notice.paragraphs if one.text.startswith("点名"))
    lost = [row for row in rows["score"] if row["round"] == 2 and row.get("reason")]
    listed = rows_under(notice, "证据编号")

    called = rows_under(notice, "学校", "班级")

    assert [int(one) for one in re.findall(r"\d+", said)[:3]] == [
        len(own), sum(row["n_register"] for row in own), sum(row["n_present"] for row in own)
    ]  # fmt: skip
    assert sorted(row[2:10] for row in called) == sorted([str(row[name]) for name in names] for row in own)
    assert sorted(row[3] for row in listed) == sorted(row["reason"] for row in lost)


def tables_of(section):
    """Every table of a section that the paper prints: not the rows behind a deduction."""
    for block in section.blocks:
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Details):
            yield from (one for one in block.blocks if isinstance(one, Table))


SENTENCES = {
    "等次分布",
    "各校问题",
    "四表与点名",
    "常见薄弱处",
    "各校缺案",
    "各校",
    "各校得分和等次",
    "各项得失分",
}  # said in words


def test_every_row_of_the_page_stands_in_the_paper(notice, township):
    """A table renamed on the page, or left out of the template, fails here; the score sheet of one school stays with it."""
    printed = {
        tuple(one.text for one in row.cells) for table in notice.tables for row in table.rows
    }  # rows of the paper, some columns left out
    page = view(township[0])
    dropped = {"佐证", "评分表行", "编号"}
    for name, make in list(term.SECTIONS.items())[:13]:
        for table in tables_of(make(page)):
            if name == "groups" and table.columns == ("项目", "已落实/应落实", "说明"):
                continue  # 四包覆盖率 stays on the page
            if called(table.caption) in SENTENCES or (name == "cases" and "个案" in table.columns):
                continue  # said by the figures above it; the steps one by one stay on the page
            if name == "score_sheets" and table.caption != "各校各项得分":
                continue
            for row in table.rows:
                shown = [cell(value) for value in row]
                words = [
                    f"{one.text}{one.counts}"
                    for one, title in zip(shown, table.columns, strict=True)
                    if title not in dropped
                ]
                assert any(set(words) <= set(line) for line in printed), (name, words)


def test_everybodys_notice_names_no_school_and_no_score(township, tmp_path):
    month = month_of(township[0], "", "2024-01", 31)
    path = made(tmp_path, month, "督查通报公开版")
    document = docx.Document(path)
    cells = [one for table in document.tables for row in table.rows for one in row.cells]
    words = "\n".join(one.text for one in (*document.paragraphs, *cells))
    bands = dict(rows_under(document, "等次"))
    graded = [sheet.grade for sheet in view(township[0]).sheets]

    assert not [home for home in township[0].homes if home in words]
    assert not re.search(r"\d{2}\.\d|总分|名次", words)
    assert {grade: int(number) for grade, number in bands.items()} == {one: graded.count(one) for one in graded}
    assert "主要成效" in words


@pytest.mark.parametrize(("month", "last"), [("2023-11", 30), ("2023-10", 31), ("2024-01", 31), ("2024-04", 30)])
def test_a_notice_is_made_in_the_month_its_round_ends_in(township, tmp_path, month, last):
    """Of the second term nobody has been inspected yet: nothing is made of it."""
    due = papers.BY_NAME["督查通报"].due(month)
    path = made(tmp_path, month_of(township[0], "", month, last), "督查通报")

    assert due is (month != "2023-11")
    assert (path is not None) is (month in ("2023-10", "2024-01"))


# --- 公示稿 -----------------------------------------------------------------------------------------------------------
def august(rows):
    """The month the school year ends with, of a small town."""
    town = handmade.town(rows, (HOME, OTHER), dt.date(2024, 8, 31))
    start, end = dt.date(2024, 8, 1), dt.date(2024, 8, 31)
    return Month(town, policy.load(POLICY), Judgement((), (), frozenset()), "", "2024-08", start, end)


def test_the_notice_of_the_year_says_what_its_page_says_and_leaves_out_a_class_that_lost_a_child(tmp_path):
    rows = whole()
    rows["dropout"][HOME] = [dropout(CLASS, 9)]
    month = august(rows)
    document = docx.Document(made(tmp_path, month, "公示稿"))
    shown = rows_under(document, "名次", "学校", "班级")
    page = years.Year(
        month.town, month.policy, month.judgement, "", YEAR, dt.date(2023, 9, 1), month.end, edition=PUBLIC
    )
    (points,) = (
        one for one in year.SECTIONS["notice"](page).blocks if isinstance(one, Table) and "班主任" in one.columns
    )

    assert shown == [[cell(value).text for value in row] for row in points.rows]
    assert shown
    assert not [
        row
        for row in shown
        if row[1] == HOME and row[2] == next(one.name for one in page.classes if one.class_id == CLASS)
    ]
    words = "\n".join(one.text for one in document.paragraphs)
    for part in (
        "现予公示",
        "说明：",
        "公示时间：",
        "受理地点：",
        "联系人：",
        "电话：",
        "邮箱：",
        "（盖章）",
        "____年__月__日",
    ):
        assert part in words, part


def test_a_year_that_is_not_judged_says_what_it_lacks_and_shows_nobody(township, tmp_path):
    month = month_of(replace(township[0], as_of=dt.date(2024, 8, 31)), "", "2024-08", 31)
    document = docx.Document(made(tmp_path, month, "公示稿"))
    words = "\n".join(one.text for one in document.paragraphs)

    assert "没有可以公示的结果" in words
    assert "还缺：" in words
    assert "第二学期第一轮督查没有完整的评分" in words
    assert not [table for table in document.tables if table.cell(0, 0).text in ("名次", "姓名", "学校")]
