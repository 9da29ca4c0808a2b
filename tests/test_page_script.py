"""The one script of a page: it copies, sorts, filters and folds; a page without it says the same."""

import re

import pytest

from browsing import browser  # noqa: F401 - a fixture
from kongchuo.pages import display
from kongchuo.pages.display import Details, Letter, Letters, Section, Table
from kongchuo.publishing import press
from test_pages import executed, shows

ROWS = tuple((name, number) for name, number in zip("丙乙甲" * 7, range(21), strict=False))
LETTER = Letter("say-1", "甲老师", "错误 2 处", "甲老师：有2处请您改：\n1. 学籍第4行\n请改原件。")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    table = Table(("学校", "逾期"), (*ROWS, ("丁", None)), "各校", total=("合计", 210))
    blocks = (table, Details("催办文字", (Letters((LETTER,)),)), Details("名单", (Table(("甲",), (("乙",),)),)))
    made = display.card(Section("数据质量", blocks, 0, "data_quality"))
    path = tmp_path_factory.mktemp("page") / "页.html"
    path.write_text(press.render(executed(shows(text_html=str(made))), "标题"), "utf-8")
    return path.as_uri()


@pytest.fixture
def tab(browser, page):  # noqa: F811
    opened, said = browser.new_page(), []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(page)
    yield opened
    assert said == []
    opened.close()


def column(tab, at):
    return [row.locator("td").nth(at).inner_text() for row in tab.locator("table").first.locator("tbody tr").all()]


def test_it_is_small_and_asks_nobody():
    assert len(press.script().encode()) <= 5000
    assert not re.search(r"fetch|XMLHttp|import|http|Storage|cookie|innerHTML|eval", press.script())


def test_a_column_is_sorted_by_what_it_holds_and_the_total_stays_below(tab):
    tab.click("text=逾期")
    assert column(tab, 1) == [*map(str, range(21)), "—", "210"]
    tab.click("text=逾期")
    assert column(tab, 1)[-2:] == ["0", "210"]
    assert tab.locator("th[aria-sort=descending]").count() == 1


def test_a_long_table_can_be_searched(tab):
    tab.fill("input[type=search]", "甲")
    assert tab.locator("table").first.locator("tbody tr:visible").count() == 7 + 1
    assert "找到 7 行，共 22 行" in tab.locator(".kc-filter").inner_text()
    tab.fill("input[type=search]", "")
    assert tab.locator("table").first.locator("tbody tr:visible").count() == 23


def test_a_text_is_chosen_whole_and_copied(tab):
    tab.evaluate("location.hash = 'say-1'")
    tab.wait_for_selector(".kc-say:visible")  # the fold it stands in has opened
    tab.click("text=复制催办文字")
    assert tab.evaluate("getSelection().toString()").strip() == LETTER.text
    assert tab.locator("button:has-text('已复制')").count() == 1


def test_all_folds_open_and_close(tab):
    tab.click("text=全部展开")
    assert tab.locator("details[open]").count() == 2
    tab.click("text=全部收起")
    assert tab.locator("details[open]").count() == 0


def test_without_it_the_page_says_the_same(browser, page):  # noqa: F811
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(page)
    assert tab.locator("button").count() == 0
    tab.click("summary:has-text('催办文字')")
    assert tab.locator(".kc-say").inner_text() == LETTER.text
    assert column(tab, 1)[-1] == "210"
    tab.context.close()
