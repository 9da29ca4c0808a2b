"""Pages: what stands on them, and that they need nothing from outside their folder."""

import json
import re

import pytest

from browsing import browser  # noqa: F401 - a fixture
from kongchuo.core import years
from kongchuo.publishing import archive, pages
from kongchuo.publishing.archive import DONE, FAILED, Result
from tiny import notebook


def executed(*outputs):
    data = json.loads(notebook([("code", "secret_source = 1")]))
    data["cells"][0] |= {"execution_count": 1, "outputs": list(outputs)}
    return json.dumps(data)


def shows(**data):
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {key.replace("_", "/"): value for key, value in data.items()},
    }


def test_page_shows_outputs_and_no_code():
    stream = {"output_type": "stream", "name": "stdout", "text": "<b>打印</b>"}
    page = pages.render(executed(shows(text_html="<p>内容</p>", text_plain="x"), stream), "示例中学 <2023-10>")

    assert "<p>内容</p>" in page
    assert "&lt;b&gt;打印&lt;/b&gt;" in page
    assert "secret_source" not in page
    assert '<html lang="zh-CN">' in page
    assert "<title>示例中学 &lt;2023-10&gt;</title>" in page


def test_page_holds_no_script_and_no_address():
    page = pages.render(executed(shows(text_html="<p>内容</p>")), "标题")

    assert "<script" not in page
    assert not re.search(r"https?://|@import|url\(", page)


def test_overview_names_every_school_and_escapes(tmp_path):
    month = archive.Shelf(tmp_path, years.period("2023-10"), "tiny")
    month.path.mkdir(parents=True)
    (month.path / "inputs").mkdir()
    common = {"parameters": {}, "started": "2023-11-01T08:00:00+08:00", "seconds": 1.0}
    good = Result("甲<校", **common, outcome=DONE, page="x#1.html", summary={"errors": 3, "warnings": 0})
    month.save([good, Result("乙校", **common, outcome=FAILED, reason="缺少<学籍>")])

    page = pages.overview(archive.shelves(tmp_path), ["丙校"], lambda name, when: f"/live?{name}&{when.period.key}")

    assert "甲&lt;校" in page
    assert "缺少&lt;学籍&gt;" in page
    assert 'href="r/2023-10/tiny/x%231.html"' in page
    assert page.count("未运行") == 2  # 丙校 and 全镇
    assert [word in page for word in ("✓ 完成", "✗ 失败", "错误 3")] == [True] * 3


def test_overview_before_the_first_run_says_what_to_do():
    assert "kongchuo run" in pages.overview([])


@pytest.mark.parametrize(("width", "height"), [(390, 800), (1280, 800)])
def test_a_page_opened_from_disk_asks_for_nothing(browser, tmp_path, width, height):  # noqa: F811
    wide = "<table>" + "<tr>" + "<td>很长的内容</td>" * 40 + "</tr></table>"
    body = f"<section class='kc-card'><h2>一</h2><div class='kc-scroll'>{wide}</div></section>"
    path = tmp_path / "页.html"
    path.write_text(pages.render(executed(shows(text_html=body)), "标题"), "utf-8")
    page = browser.new_page(viewport={"width": width, "height": height})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))

    page.goto(path.as_uri())

    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
