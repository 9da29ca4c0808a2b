"""Pages: what stands on them, and that they need nothing from outside their folder."""

import datetime as dt
import json
import re
import subprocess

import pytest
from markupsafe import Markup

from browsing import browser  # noqa: F401 - a fixture
from kongchuo.core import years
from kongchuo.figures.base import Measure
from kongchuo.pages import display
from kongchuo.publishing import archive, indexes, press
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
    page = press.render(executed(shows(text_html="<p>内容</p>", text_plain="x"), stream), "示例中学 <2023-10>")

    assert "<p>内容</p>" in page
    assert "&lt;b&gt;打印&lt;/b&gt;" in page
    assert "secret_source" not in page
    assert '<html lang="zh-CN">' in page
    assert "<title>示例中学 &lt;2023-10&gt;</title>" in page


def test_page_holds_one_script_that_it_names_and_no_address():
    page = press.render(executed(shows(text_html="<p>内容</p>")), "标题")

    assert page.count("<script") == page.count(f"<script>{indexes.script()}</script>") == 1
    assert f'script-src {indexes.script_source()}">' in page
    assert not re.search(r"https?://|@import|url\(", page)


def runs(shelf, *results):
    (shelf.path / "inputs").mkdir(parents=True)
    shelf.save(results)
    return shelf


def run(name, **more):
    return Result(name, {}, "2023-11-01T08:00:00+08:00", 1.0, **({"outcome": DONE, "page": f"{name}.html"} | more))


@pytest.mark.parametrize(("second", "shown"), [({"errors": 2}, "5"), ({"errors": None}, ""), (None, "")])
def test_what_of_the_towns_figures_is_the_centres_own_stands_in_a_row(tmp_path, second, shown):
    month = archive.Shelf(tmp_path, years.period("2023-10"), "tiny")
    made = [run("乙校", summary=second)] if second else []
    runs(month, run("全镇", summary={"errors": 10, "red": 0}), run("甲校", summary={"errors": 3}), *made)

    page = indexes.overview([month], ["甲校", "乙校"])
    row = re.search(r"中心学校</th>(.*?)</tr>", page, re.S)

    assert re.findall(r"\d+", row[1]) == [shown] if shown else row is None


def test_the_front_page_bears_the_towns_name_and_before_the_first_report_has_no_empty_columns(tmp_path):
    month = archive.Shelf(tmp_path, years.period("2023-10"), "tiny")
    before = indexes.overview([month], ["甲校"], lambda name, _: f"/live?{name}", name="某<镇")
    runs(month, run("甲校", summary={"errors": 3}))
    made = indexes.overview([month], ["甲校"], name="新庄镇")

    assert "<h1>某&lt;镇控辍保学报告</h1>" in before
    assert "甲校" in before
    assert "—" not in before
    assert "数据错误" not in before
    assert "<h1>新庄镇控辍保学报告</h1>" in made
    assert re.search(r'kc-bad"><span class="kc-sign">✗</span> 3<', made), "as the tile of a report says it"


def test_overview_names_every_school_and_escapes(tmp_path):
    month = archive.Shelf(tmp_path, years.period("2023-10"), "tiny")
    runs(
        month,
        run("甲<校", page="x#1.html", summary={"errors": 3}),
        run("乙校", outcome=FAILED, page="", reason="缺少<学籍>"),
    )

    page = indexes.overview(archive.shelves(tmp_path), ["丙校"], lambda name, when: f"/live?{name}&{when.period.key}")

    assert 'href="r/2023-10/tiny/x%231.html">甲&lt;校<' in page
    assert "✗ 失败：缺少&lt;学籍&gt;" in page
    assert page.count("未生成") == 2  # 丙校 and 全镇
    assert page.count("/live?丙校&amp;2023-10") == 1


def test_what_nobody_has_asked_for_is_not_said_to_be_lacking(tmp_path):
    """One school's pages of two reports: neither the other schools' nor the town's were to be made."""
    for name in ("monthly_self_check", "people"):
        runs(archive.Shelf(tmp_path, years.period("2023-10"), name), run("甲校"))
    written = indexes.overview(archive.shelves(tmp_path))
    served = indexes.overview(archive.shelves(tmp_path), ["甲校", "乙校"], lambda name, _: f"/live?{name}", served=True)

    assert ("甲校" in written, "全镇" in written, "未生成" in written) == (True, False, False)
    board, _, others = served.partition("其他报告")
    assert (board.count("未生成"), "未生成" in others) == (2, False), "in the table their rows say why they are empty"


def test_overview_says_once_and_whole_why_nothing_was_made_within_a_phone(browser, tmp_path):  # noqa: F811
    reason = (
        "还没有一所学校。请在“基础信息”的“学校”表登记学校，或给每所学校建一个文件夹。再运行一次，或者请管理员看记录。"
    )
    for name in ("monthly_self_check", "people"):
        shelf = archive.Shelf(tmp_path / "out", years.period("2023-10"), name)
        runs(shelf, *(run(home, outcome=FAILED, page="", reason=reason) for home in ("全镇", "甲校")))

    text = indexes.overview(archive.shelves(tmp_path / "out"))

    assert (text.count(reason), text.count("✗ 失败："), text.count("✗ 失败：同上")) == (1, 4, 3)
    path = tmp_path / "index.html"
    path.write_text(text, "utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(path.as_uri())
    ends = page.eval_on_selector_all("small.kc-bad", "all => all.map(one => one.getBoundingClientRect().right)")
    page.close()
    assert [end for end in ends if end > 390] == []


def test_overview_shows_the_latest_month_that_was_made_alone_and_folds_all_others(tmp_path):
    """What is not made yet is no current month; a month is not repeated; each figure is the run's own, unknown is not none."""
    known = {"overdue": 2, "suspected_open": None, "errors": 0, "late_reports": 1, "attendance": [99, 100]}
    for key, names in (("2023-10", ("全镇", "甲校")), ("2023-11", ("全镇", "甲校")), ("2023-2024-1-1", ("全镇",))):
        notebook = "monthly_self_check" if years.period(key).kind == "month" else "term_inspection"
        runs(archive.Shelf(tmp_path, years.period(key), notebook), *(run(name, summary=known) for name in names))
    later = archive.Shelf(tmp_path, years.period("2023-12"), "monthly_self_check")

    page = indexes.overview([*archive.shelves(tmp_path), later])
    shown, _, folded = page.partition("其他各期")

    assert "2023年11月" in shown
    assert "2023-11/" not in folded
    assert "term_inspection" in shown  # the newest of another report
    board, _, year = shown.partition("逐月")
    assert re.findall(r'<th scope="row"><a href="(2023-\d\d)/[^>]*>2023年\d+月<', year) == ["2023-10", "2023-11"]
    for month in ("2023年10月", "2023年12月"):
        assert month not in board
        assert f"<summary>{month}" in folded
    (row,) = re.findall(r'<tr><th scope="row"><a href="2023-11/[^>]*>甲校.*?</tr>', shown, re.S)
    assert re.findall(r"<td[^>]*>\s*(?:<span[^>]*>)?([^<]*)", row)[:6] == ["✗", "尚未判定", "—", "—", "0", "▲"]
    assert 'aria-label="10月99.0 %，11月99.0 %"' in row


def test_the_front_page_begins_with_the_newest_self_check_though_papers_of_the_summer_are_newer(tmp_path):
    known = {"overdue": 2, "attendance": [99, 100]}
    for key in ("2024-05", "2024-06", "2024-07", "2024-08"):
        names = ("全镇", "甲校") if key < "2024-07" else ("全镇",)
        for kind in ("monthly_self_check", "monthly_papers")[key > "2024-06" :]:
            runs(archive.Shelf(tmp_path, years.period(key), kind), *(run(name, summary=known) for name in names))
    check = tmp_path / "2024-06" / "monthly_self_check"
    (check / "全镇.html").write_text('<ol class="kc-agenda"><li><a href="x.html">家访</a></li></ol>', "utf-8")

    for page in (
        indexes.overview(archive.shelves(tmp_path)),
        indexes.overview(archive.shelves(tmp_path), ["甲校"], lambda name, _: f"/live?{name}", served=True),
    ):
        board, _, others = page.partition("其他报告")
        assert re.search(r"各校　.*2024年6月", board)
        assert 'monthly_self_check/x.html">家访' in board, "今天要办"
        assert re.search(r'2024-06/monthly_self_check/%E7%94%B2%E6%A0%A1.html">甲校<', board)
        assert ("未生成" in board, "monthly_papers" in board) == (False, False)
        assert re.findall(r"(2024-\d\d)/[^>]*>2024年\d+月<", board.partition("逐月")[2]) == ["2024-05", "2024-06"]
        assert re.findall(r"<summary>2024年(\d+)月", others) == ["8", "7", "5"]


def test_the_front_page_says_what_the_towns_page_says_is_to_be_done(tmp_path):
    month = runs(
        archive.Shelf(tmp_path, years.period("2023-11"), "monthly_self_check"),
        run("全镇", summary={"as_of": "2023-11-30"}),
    )
    task = display.Task(
        display.Badge("bad", "逾期3天"),
        "首次家访",
        (display.To("甲校", "甲校", "cases"),),
        "丁老师",
        dt.date(2023, 11, 27),
    )
    (month.path / "全镇.html").write_text(
        str(display.card(display.Section("今天要办", (display.Agenda((task,)),)))).replace(
            "<a ", '<a href="x.html#cases" '
        ),
        "utf-8",
    )
    page = indexes.overview([month])
    assert "截至 2023-11-30" in page
    assert 'href="2023-11/monthly_self_check/x.html#cases"' in page
    assert "逾期3天" in page
    assert "看全镇报告</a>" in page
    whole = display.card(display.Section("今天要办", (display.Agenda((task,) * 12),)))
    (month.path / "全镇.html").write_text(whole, "utf-8")
    page = indexes.overview([month])
    assert (page.count("首次家访"), "看全镇报告（其余 4 项）</a>" in page) == (8, True)
    said = display.card(display.Section("今天要办", (display.Note("本期无急办事项：没有逾期的事。", "good"),)))
    (month.path / "全镇.html").write_text(said, "utf-8")
    assert "本期无急办事项：没有逾期的事。" in indexes.overview([month])


def test_a_report_of_the_whole_town_alone_lists_no_school(tmp_path):
    shelf = archive.Shelf(tmp_path, years.period("2023-2024"), "signals_back_test")
    month = archive.Shelf(tmp_path, years.period("2023-10"), "monthly_self_check")

    assert "丙校" not in indexes.overview([shelf], ["丙校"])
    assert "丙校" in indexes.overview([shelf, month], ["丙校"])


def test_overview_before_the_first_run_says_what_to_do():
    page = indexes.overview([])
    assert "还没有生成过报告" in page
    assert "kongchuo" not in page  # no commands on pages


@pytest.mark.parametrize(("width", "height"), [(390, 800), (1280, 800)])
def test_a_page_opened_from_disk_asks_for_nothing(browser, tmp_path, width, height):  # noqa: F811
    wide = "<table>" + "<tr>" + "<td>很长的内容</td>" * 40 + "</tr></table>"
    body = f"<section class='kc-card'><h2>一</h2><div class='kc-scroll'>{wide}</div></section>"
    path = tmp_path / "页.html"
    path.write_text(press.render(executed(shows(text_html=body)), "标题"), "utf-8")
    page = browser.new_page(viewport={"width": width, "height": height})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))

    page.goto(path.as_uri())

    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_name_or_a_number_is_never_cut_and_a_phone_keeps_the_first_column(browser, tmp_path):  # noqa: F811
    """Ten columns beside a long remark: what is short stands on one line, the row's name stays while the table is pushed."""
    row = (
        "示例第二小学",
        "四(2)班",
        "甲梨霜",
        *(19.95,) * 6,
        "绩效方案没有公示；名单超过学年初人数的25%，后列的1人不计" * 2,
    )
    table = display.Table(("学校", "班级", "班主任", *("得分",) * 6, "说明"), (row,) * 90)
    page = opened(browser, tmp_path, display.card(display.Section("一", (table,))))
    cut = """cells => cells.map(cell => { const text = document.createRange(); text.selectNodeContents(cell); return text; })
      .filter(text => new Set([...text.getClientRects()].map(box => box.top)).size > 1).map(text => text.toString())"""

    for width in (390, 1000):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.eval_on_selector_all("td.kc-brief, td.kc-number", cut) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 390, "height": 800})
    page.evaluate("document.querySelector('.kc-scroll').scrollLeft = 300")
    assert page.locator("tbody td >> nth=0").bounding_box()["x"] >= 0
    page.close()


def test_print_has_page_numbers_heads_every_page_and_fills_it(browser, tmp_path):  # noqa: F811
    """A table of a dozen rows begins where there is room; a long one shows its head again on each page."""
    tables = tuple(display.Table(("列名甲", "列名乙"), (("值", 1),) * rows, f"表{rows}") for rows in (25, 12, 90))
    page = opened(browser, tmp_path, display.card(display.Section("一", tables)))
    page.pdf(path=tmp_path / "x.pdf", prefer_css_page_size=True)
    page.close()
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "x.pdf", "-"], capture_output=True, text=True, check=True)
    sheets = text.stdout.split("\f")[:-1]

    assert [f"第 {number} 页，共 {len(sheets)} 页" in sheet for number, sheet in enumerate(sheets, 1)] == [True] * len(
        sheets
    )
    assert all("列名甲" in sheet for sheet in sheets)
    assert "表12" in sheets[0]  # 25 rows leave a third of the page


def test_words_can_be_read_on_every_ground():
    """Contrast of at least 4.5 to 1 for each ink of report.css on the grounds it stands on (WCAG 2.1, 1.4.3)."""
    tones = dict(re.findall(r"--kc-([\w-]+): (#\w{6})", indexes.stylesheet()))
    pale = [colour for name, colour in tones.items() if name.endswith("pale")]
    pairs = [(tones[ink], ground) for ink in ("ink", "soft") for ground in ("#ffffff", "#e9edf1", "#e8eef4", *pale)]
    pairs += [
        (tones[tone], ground)
        for tone in ("red", "amber", "green")
        for ground in ("#ffffff", "#fafbfc", tones[f"{tone}-pale"])
    ]

    assert {pair: round(contrast(*pair), 1) for pair in pairs if contrast(*pair) < 4.5} == {}


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' relative luminance."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def opened(browser, folder, body):  # noqa: F811
    path = folder / "页.html"
    path.write_text(press.render(executed(shows(text_html=body)), "标题"), "utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    page.goto(path.as_uri())
    return page


def test_the_month_of_a_title_stands_on_one_line_of_a_phone(browser, tmp_path):  # noqa: F811
    """A name before it a character longer each time: somewhere the line ends within the month."""
    lines = """h1 => { const at = h1.textContent.indexOf("2023年"), end = at + "2023年10月".length, tops = new Set();
      let seen = 0;
      for (const walk = document.createTreeWalker(h1, NodeFilter.SHOW_TEXT); walk.nextNode(); ) {
        const text = walk.currentNode;
        for (let i = 0; i < text.length; i++, seen++) if (seen >= at && seen < end) {
          const one = document.createRange(); one.setStart(text, i); one.setEnd(text, i + 1);
          tops.add(one.getBoundingClientRect().top) } }
      return tops.size }"""
    page = opened(browser, tmp_path, "")
    page.set_viewport_size({"width": 390, "height": 800})
    found = {}
    for length in range(3, 24):
        title = f"{'甲' * length}2023年10月控辍保学自查报告"
        head = display.render("headline.html", title=title, meta=(), body="", secret=True)
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", head)
        found[length] = page.eval_on_selector("h1", lines)
        assert page.inner_text("h1") == title
    page.close()
    assert {*found.values()} == {1}, found


def test_a_sentence_that_stands_alone_has_no_number(browser, tmp_path):  # noqa: F811
    blocks = (display.Lines(("只有这一句",)), display.Lines(("第一句", "第二句")))
    page = opened(browser, tmp_path, display.card(display.Section("一", blocks)))
    styles = page.eval_on_selector_all(".kc-lines li", "all => all.map(one => getComputedStyle(one).listStyleType)")
    page.close()
    assert styles == ["none", "decimal", "decimal"]


def test_a_page_of_a_class_fills_a_phone_and_its_cards_stand_out(browser, tmp_path):  # noqa: F811
    body, path = display.card(display.Section("七(1)班", (display.Note("没有。"),))), tmp_path / "七(1)班.html"
    path.write_text(display.render("beside.html", title="七(1)班", css=Markup(display.style()), body=body), "utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(path.as_uri())
    for part in ("nav", ".kc-card"):
        box = page.locator(part).bounding_box()
        assert (box["x"], box["width"]) == (0, 390), part
    ground = "one => getComputedStyle(one).backgroundColor"
    assert page.eval_on_selector("body", ground) != page.eval_on_selector(".kc-card", ground)
    page.close()


def test_what_a_signed_paper_must_hold_is_on_it_though_folded_on_screen(browser, tmp_path):  # noqa: F811
    held, other = (
        display.Details(f"{name}（1 行）", (display.Table(("姓名",), ((f"{name}一名",),)),), printed=printed)
        for name, printed in (("在册疑似", True), ("劝返记录", False))
    )
    page = opened(browser, tmp_path, display.card(display.Section("四", (held, other))))
    assert not page.locator("text=在册疑似一名 >> visible=true").count()
    page.pdf(path=tmp_path / "x.pdf", prefer_css_page_size=True)
    page.close()
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "x.pdf", "-"], capture_output=True, text=True, check=True)
    assert text.stdout.count("在册疑似一名") == 1
    assert "劝返记录一名" not in text.stdout


def test_a_heading_with_closed_folds_alone_is_not_printed_and_one_that_somebody_opened_is(browser, tmp_path):  # noqa: F811
    def section(name, **more):
        return display.card(display.Section(name, (display.Details("一折", (display.Note("里面"),), **more),)))

    closed, held = section("有记录的学生"), display.card(display.Section("本班学生", (display.Note("名单"),)))
    nested = display.Details("先看", (display.Details("一人", (display.Note("里面"),)),), open=True)
    closed += display.card(display.Section("先看的", (display.Note("每人一折"), nested)))
    page = opened(browser, tmp_path, f"{held}{closed}{section('打开的', open=True)}{section('签字的', printed=True)}")
    shown = {}
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        shown[media] = page.locator("h2 >> visible=true").all_inner_texts()
        shown[media] += page.locator("summary:has-text('先看') >> visible=true").all_inner_texts()
    page.close()
    assert shown["screen"] == ["本班学生", "有记录的学生", "先看的", "打开的", "签字的", "先看"]
    assert shown["print"] == ["本班学生", "先看的", "打开的", "签字的"], "nor a fold of closed folds"


def test_a_tile_with_large_counts_does_not_push_a_phone_sideways(browser, tmp_path):  # noqa: F811
    rate = Measure("D10", "出勤率", 24381, 24758, left_out=1)
    tiles = display.Tiles(tuple(display.Figure("出勤率", rate, "实到÷应到人次") for _ in range(8)))
    page = opened(browser, tmp_path, display.card(display.Section("一", (tiles,))))
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    widths = page.eval_on_selector_all(
        ".kc-tile", "tiles => tiles.map(one => Math.round(one.getBoundingClientRect().width))"
    )
    assert len(set(widths)) == 1
    page.close()
