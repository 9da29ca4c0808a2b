"""The one script of a page: it copies, sorts, filters and folds; a page without it says the same."""

import re

import pytest

from browsing import browser  # noqa: F401 - a fixture
from kongchuo.pages import display
from kongchuo.pages.display import Anchor, Details, Letter, Letters, Note, Search, Section, Table, To
from kongchuo.publishing import indexes, press
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
    assert len(indexes.script().encode()) <= 5000
    assert not re.search(r"fetch|XMLHttp|import|http|Storage|cookie|innerHTML|eval", indexes.script())


def test_a_page_made_by_an_earlier_version_is_served_with_the_script_of_today():
    made = press.render(executed(shows(text_html="<p>一、情况</p>")), "标题")
    before = made.replace(indexes.script_source(), "'sha256-AAAA='").replace(indexes.script(), "before()")
    assert before != made == indexes.scripted(before) == indexes.scripted(made)
    assert indexes.scripted("<main>简报</main>") == "<main>简报</main>"


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


@pytest.fixture
def found(browser, tmp_path):  # noqa: F811
    """A page with a search box: a class with two pupils, one of whom has a fold, and a row that leads to another page."""
    rows = ((To("丙小叶", at="pupil-a"), "0001", "在读"), (Anchor("乙小芦", "pupil-b"), "0002", "在读"))
    fold = Details("八(1)班　班主任 壬花雪", (Table(("姓名", "编号", "在籍"), rows),), key="class-a")
    own = Details("先看", (Details("八(1)班　丙小叶　0001　红色预警", (Note("全部"),), key="pupil-a"),))
    away = Table(("学校", "班级"), (("甲小学", Anchor(To("一(1)班", "甲小学"), "class-b")),))
    made = display.card(Section("学校", (Search("姓名、班级"), fold, own, away), 0, "school"))
    text = press.render(executed(shows(text_html=str(made))), "标题").replace(
        '<a data-page="甲小学"', '<a href="x.html"'
    )
    (tmp_path / "页.html").write_text(text, "utf-8")
    tab = browser.new_page()
    tab.goto((tmp_path / "页.html").as_uri())
    yield lambda words: (tab.fill(".kc-search input", words), tab.locator(".kc-search nav a").all_inner_texts())[1], tab
    tab.close()


def test_a_search_finds_pupils_classes_and_teachers_and_opens_the_folds_they_are_in(found):
    ask, tab = found
    assert ask("") == []
    assert ask("丙小叶") == ["八(1)班　丙小叶　0001　红色预警"]
    assert ask("0002") == ["乙小芦　0002　在读　八(1)班　班主任 壬花雪"]
    assert ask("八（1） 壬花雪")[0] == "八(1)班　班主任 壬花雪"  # the class first, however the brackets are written
    assert ask("XS0000002") == ask("xs2023000002 乙小芦") == ask("20230002") == ask("0002"), "a pupil's number in full"
    assert ask("990000201103150002") == ask("没有这个人") == [], (
        "the number of an identity card, whose end says nothing"
    )
    assert not tab.locator("#pupil-b").is_visible()
    ask("乙小芦")
    tab.click(".kc-search nav a")
    assert tab.locator("#pupil-b").is_visible()
    ask("甲小学")
    assert tab.locator(".kc-search nav a").get_attribute("href").endswith("x.html")


def test_a_live_page_whose_widget_was_given_up_is_opened_anew_but_not_for_ever(browser, tmp_path):  # noqa: F811
    shown = {"live_css": str, "watch_seconds": 600, "silent_seconds": 600, "include_url": str}
    shown |= dict.fromkeys(("bundle", "ahead", "at_once", "old", "state"), "")
    path = tmp_path / "live.html"
    path.write_text(indexes.site().get_template("live.html").render(**shown), "utf-8")
    tab = browser.new_page()
    lose = "text => document.body.insertAdjacentHTML('beforeend', `<div class='jp-OutputArea-output jupyter-widgets'>${text}</div>`)"
    tab.goto(path.as_uri())
    tab.evaluate("window.first = 1")
    tab.evaluate(lose, "a widget that is there")
    tab.wait_for_timeout(300)
    assert tab.evaluate("window.first") == 1
    for _ in range(2):
        with tab.expect_navigation():
            tab.evaluate(lose, "Error displaying widget: model not found")
    tab.evaluate("window.third = 1")
    tab.evaluate(lose, "Error displaying widget: model not found")
    tab.wait_for_timeout(300)
    assert tab.evaluate("window.third") == 1
    tab.close()
