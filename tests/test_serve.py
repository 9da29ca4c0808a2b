"""The served site, for real: a server on a free port, plain requests, and Chromium, which must never leave the server."""

import gzip
import json
import os
import re
import time
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

import townships
from browsing import browser  # noqa: F401 - a fixture
from kongchuo.core import places, years
from kongchuo.core.findings import UserError
from kongchuo.excel import registry
from kongchuo.publishing import archive, indexes, unchanged
from kongchuo.publishing.archive import DONE, Result
from kongchuo.site import kernels, serve
from serving import serving, tab  # noqa: F401 - the second is a fixture
from tiny import project


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    _, shared, out = project(folder, ["甲校", "乙校"])
    month = archive.Shelf(out, years.period("2023-10"), "live")
    month.path.mkdir(parents=True)
    (month.path / "inputs").mkdir()
    (month.path / "甲校.html").write_text("<!doctype html><title>存档</title><h1>存档的报告</h1>", "utf-8")
    (month.path / "index.html").write_text("<!doctype html><h1>目录</h1>", "utf-8")
    (month.path / "没登记.html").write_text("不在清单里", "utf-8")
    (month.path / "甲校.ipynb").write_text("{}", "utf-8")
    (month.path / "甲校").mkdir()
    for name in ("简报.docx", "简报.html", "没登记.docx"):
        (month.path / "甲校" / name).write_text(f"材料 {name}", "utf-8")
    month.save(
        [
            Result(
                "甲校",
                {},
                "2023-11-01T08:00:00+08:00",
                1.0,
                DONE,
                page="甲校.html",
                summary={"errors": 3, "warnings": 4, "files": {"简报.docx": "内部版", "简报.html": "内部版"}},
            )
        ]
    )
    returns = out / "returns" / "甲校"
    returns.mkdir(parents=True)
    for name in ("学籍_校验.xlsx", "出勤_校验结果.xlsx", "学籍.xlsx", "记录.json"):
        (returns / name).write_text(f"副本 {name}", "utf-8")
    (folder / "别处.xlsx").write_text("别处", "utf-8")
    (returns / "外面_校验.xlsx").symlink_to(folder / "别处.xlsx")
    with serving(folder, shared, out, folder / "notebooks") as made:
        yield made


def test_landing_page_shows_schools_by_months_with_their_state(server):
    status, text, headers = server.get("/")

    assert status == 200
    shown, _, folded = text.partition("其他各期")
    assert (
        "2023年10月" in shown
    )  # the month that was run; the ten months with lessons of the two notebooks are all there
    assert (
        shown.count('href="/live/') + folded.count('href="/live/') == 4 + 9 * 2
    )  # three of 2023-10 and its other notebook
    assert folded.count("都未生成") == 9 * 2
    assert "✗</span> 3</td>" in shown
    assert f'href="r/2023-10/live/{quote("甲校.html")}"' in text
    assert f"/live/live?school={quote('乙校')}&amp;month=2023-10" in shown
    assert "/live/live?school=all" in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_archived_page_is_sent_as_it_was_made(server):
    status, text, headers = server.get(f"/r/2023-10/live/{quote('甲校.html')}")

    assert (status, "存档的报告" in text) == (200, True)
    assert headers["Content-Security-Policy"].partition("script-src ")[2] == indexes.script_source()
    assert server.get("/r/2023-10/live/index.html")[0] == 200
    assert server.get("/r/index.html")[0] == 302


def test_an_archived_page_says_whether_the_books_have_changed_since(tmp_path):
    """By content; of other schools' workbooks a school's page says how many. The file itself stays as it was made."""
    _, shared, out = project(tmp_path, ["甲校", "乙校"])
    shelf = archive.Shelf(out, years.period("2023-10"), "live")
    shelf.path.mkdir(parents=True)
    for name in ("甲校", "全镇"):
        (shelf.path / f"{name}.html").write_text("<!doctype html><main>报告</main>", "utf-8")
    snapshot = archive.snapshot(shared, "2023-2024", shelf.path / "inputs")
    asked = {"甲校": {"school": "甲校"}, "全镇": {"school": "all"}}
    made = "2023-11-01T08:00:00+08:00"
    numbers = {"甲校": unchanged.made_from(), "全镇": "其他"}
    shelf.save(
        [
            Result(
                name,
                asked[name],
                made,
                1,
                DONE,
                page=f"{name}.html",
                summary={},
                snapshot=snapshot,
                depends={unchanged.NUMBERS: numbers[name]},
            )
            for name in asked
        ]
    )

    people = archive.Shelf(out, years.period("2023-10"), "people")
    (people.path / "甲校").mkdir(parents=True)
    (people.path / "甲校" / "七(1)班.html").write_text("<!doctype html><main>班级</main>", "utf-8")
    snapshot, held = (
        archive.snapshot(shared, "2023-2024", people.path / "inputs"),
        {"files": {"七(1)班.html": "内部版"}},
    )
    people.save([Result("甲校", asked["甲校"], made, 1, DONE, page="甲校.html", summary=held, snapshot=snapshot)])

    def said(name, notebook="live"):
        return re.search("本页按.*?</p>", site.get(f"/r/2023-10/{notebook}/{quote(name)}.html")[1], re.S)[0]

    with serving(
        tmp_path,
        shared,
        out,
        tmp_path / "notebooks",
        change="from kongchuo.site import folder_state; folder_state.FRESH = 0",
    ) as site:
        assert "2023-11-01 08:00 的台账生成，台账此后没有变" in said("甲校")
        assert f"/live/live?school={quote('甲校')}&amp;month=2023-10" in said("甲校")
        assert "2023-11-01 08:00 的台账生成，台账此后没有变" in said("甲校/七(1)班", "people")
        assert "2023年10月的报告按 2023-11-01 08:00 的台账生成，台账此后没有变" in site.get("/")[1]
        assert "参数或模板" not in said("甲校")
        assert "台账此后没有变。参数或模板此后改过，再生成一次才照新的。" in said("全镇")
        os.utime(shared / "2023-2024/甲校/学籍.xlsx")
        (shared / "2023-2024/甲校/~$学籍.xlsx").write_bytes(b"open")
        assert "没有变" in said("甲校")
        (shared / "2023-2024/乙校/学籍.xlsx").write_bytes(b"anew")
        (shared / "2023-2024/甲校/帮扶.xlsx").write_bytes(b"new")
        assert "此后改过：帮扶（甲校），其他学校 1 个工作簿。" in said("甲校")
        assert "此后改过：帮扶（甲校），其他学校 1 个工作簿。" in said("甲校/七(1)班", "people")
        assert "此后改过：学籍（乙校）、帮扶（甲校）。" in said("全镇")
        assert "此后改过：学籍（乙校）、帮扶（甲校）。" in site.get("/")[1]
        (shared / "2023-2024/甲校/学籍.xlsx").unlink()
        assert "学籍（甲校）" in said("全镇")
    assert "本页按" not in (shelf.path / "甲校.html").read_text("utf-8")


def test_a_paper_named_in_the_manifest_is_handed_out(server):
    status, text, headers = server.get("/r/2023-10/live/" + quote("甲校/简报.docx"))

    assert (status, text) == (200, "材料 简报.docx")
    assert headers["Content-Disposition"].startswith("attachment")
    status, text, headers = server.get("/r/2023-10/live/" + quote("甲校/简报.html"))
    assert (status, text) == (200, "材料 简报.html")
    assert headers["Content-Type"].startswith("text/html")


def test_a_marked_copy_is_handed_out_and_nothing_else_of_the_returns(server):
    """The findings of a page lead to it; what only looks like one, or leads elsewhere, does not."""
    status, text, headers = server.get("/r/returns/" + quote("甲校/学籍_校验.xlsx"))
    assert (status, text) == (200, "副本 学籍_校验.xlsx")
    assert server.get("/r/returns/" + quote("甲校/出勤_校验结果.xlsx"))[0] == 200, (
        "the list of one that cannot be marked"
    )
    assert headers["Content-Disposition"].startswith("attachment")
    for name in (
        "甲校/学籍.xlsx",
        "甲校/记录.json",
        "甲校/外面_校验.xlsx",
        "甲校/没有_校验.xlsx",
        "../x/学籍_校验.xlsx",
    ):
        assert server.get("/r/returns/" + quote(name))[0] == 404


def test_handbook_can_be_looked_up_from_the_landing_page(page, server):
    """The dictionary's filter runs: its own policy names its script, the server's lets it."""
    page.goto(server.origin)
    page.click("text=数据字典")
    page.wait_for_selector("#find")
    page.fill("#find", "疑似线")

    assert "找到" in page.locator("#found").inner_text()
    assert page.locator("tr:visible", has_text="suspected_after").count() == 1
    page.click("a:has-text('规则目录')")
    page.wait_for_selector("#X12")


@pytest.mark.skipif(os.name == "nt", reason="an ordinary account of Windows makes no symbolic links")
def test_a_symbolic_link_is_not_followed(tmp_path):
    _, shared, out = project(tmp_path, ["甲校"])
    month = archive.Shelf(out, years.period("2023-10"), "live")
    (month.path / "甲校").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    for path in (outside / "甲校.html", outside / "简报.docx", month.path / "甲校" / "通报.docx"):
        path.write_text("内容", "utf-8")
    (month.path / "甲校.html").symlink_to(outside / "甲校.html")
    (month.path / "甲校" / "简报.docx").symlink_to(outside / "简报.docx")
    files = {"简报.docx": "内部版", "通报.docx": "内部版"}
    month.save([Result("甲校", {}, "2023-11-01T08:00:00+08:00", 1.0, DONE, page="甲校.html", summary={"files": files})])
    month.path.with_name("tiny").symlink_to(month.path)

    with serving(tmp_path, shared, out, tmp_path / "notebooks") as site:
        asked = ("live/甲校.html", "live/甲校/简报.docx", "live/甲校/通报.docx", "tiny/甲校/通报.docx")
        answers = [site.get("/r/2023-10/" + quote(name))[0] for name in asked]

    assert answers == [404, 404, 200, 404]


REFUSED = [
    "/handbook/README.md",
    "/handbook/" + quote("填表.md"),
    "/handbook/..%2fREADME.html",
    "/handbook/nothing.html",
    "/r/2023-10/live/" + quote("没登记.html"),
    "/r/2023-10/live/" + quote("甲校.ipynb"),
    "/r/2023-10/live/" + quote("甲校/没登记.docx"),
    "/r/2023-10/live/" + quote("简报.docx"),
    "/r/2023-10/live/inputs/" + quote("学籍.xlsx"),
    "/r/2023-10/live/manifest.json",
    "/r/2023-10/live/inputs/x.html",
    "/r/2023-10/../../notebooks/live.ipynb",
    "/r/2023-10/live/..%2f..%2f..%2fshared%2f2023-2024%2f" + quote("甲校/学籍.xlsx"),
    "/r/2023-10/live/%2e%2e/%2e%2e/index.html",
    "/r/../parameters/tiny.yaml",
    "//etc/passwd",
    "/etc/passwd",
    "/shared/2023-2024/" + quote("甲校/学籍.xlsx"),
    "/voila/files/" + quote("../shared/2023-2024/甲校/学籍.xlsx"),
    "/voila/files/live.ipynb",
    "/voila/files/x.png",
    "/voila/tree",
    "/voila/tree/",
    "/voila/api/contents/",
    "/voila/api/contents/live.ipynb",
    "/voila/render/live.ipynb",
    "/voila/templates/",
    "/voila/templates/x",
    "/voila/templates/kongchuo/static/",
    "/voila/templates/lab/static/voila-style.js",
    "/voila/static/../../../../../../../../etc/passwd",
    "/voila/templates/kongchuo/static/../../../../../../../../../etc/passwd",
    "/voila/templates/kongchuo/static/..%2f..%2f..%2f..%2f..%2fbatch.py",
    "/live/nothing",
    "/live/..%2fparameters%2ftiny",
    "/live/live.ipynb",
    "/api/contents",
    "/api/kernels",
    "/api/sessions",
    "/api/terminals",
    "/login?next=//evil.example",
]


@pytest.mark.parametrize("path", REFUSED)
def test_nothing_else_is_handed_out(server, path):
    status, text, _ = server.get(path)

    assert status in (302, 403, 404), text
    assert not any(word in text for word in ("root:", "甲校" * 2, "import ", "notebook: tiny"))


def fetched(site, path, encoding):
    connection = site.connection()
    connection.request("GET", path, headers={"Accept-Encoding": encoding})
    content = connection.getresponse().read()
    connection.close()
    return content


def test_answers_are_packed_and_scripts_asked_for_once(server):
    """Packed where the browser takes it; a script whose name changes with its content is never asked for again."""
    status, _, headers = server.get("/", Accept_Encoding="gzip")
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert "Content-Encoding" not in server.get("/")[2]

    text = server.get("/live/live")[1]
    (main,) = re.findall(r'src="(/voila/static-[^"]+/voila.js)"', text)
    widgets = json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', text, re.S)[1])[
        "federated_extensions"
    ]
    entries = [f"/voila/labextensions/{one['name']}/{one['load']}" for one in widgets]
    for path in (main, *entries):
        status, _, headers = server.get(path)
        assert (status, "immutable" in headers["Cache-Control"]) == (200, True), path
        plain, packed = (fetched(server, path, encoding) for encoding in ("identity", "gzip"))
        assert gzip.decompress(packed) == plain
        missing = path.replace("voila.js", "none.js").replace("remoteEntry", "none")
        assert server.get(missing, Accept_Encoding="gzip")[0] in (403, 404)
    assert "immutable" not in server.get("/voila/static/voila.js")[2].get("Cache-Control", "")


def test_errors_are_said_in_chinese(server):
    assert "没有这个页面" in server.get("/nothing")[1]


def test_another_host_name_is_refused(server):
    assert server.get("/", Host="evil.example")[0] == 403
    assert server.get("/live/live", Host="evil.example")[0] == 403
    assert server.get("/", Host=f"localhost:{server.port}")[0] == 200


def test_a_taken_port_is_said_in_chinese(server, tmp_path):
    with pytest.raises(UserError, match=f"端口 {server.port} 已被占用"):
        serve.serve(tmp_path, tmp_path, server.port)


def test_missing_shared_folder_is_said_in_chinese(tmp_path):
    with pytest.raises(UserError, match="找不到共享文件夹"):
        serve.serve(tmp_path / "none", tmp_path)


def opened(page, server, query=""):
    page.goto(f"{server.origin}/live/live{query}")
    page.wait_for_selector(".widget-dropdown select")


def test_live_page_answers_its_drop_down(page, server):
    opened(page, server)
    assert page.locator("h2", has_text="一年级").is_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"

    page.select_option(".widget-dropdown select", "二年级")

    page.wait_for_selector("h2:has-text('二年级')")
    assert page.locator("#loading").count() == 0


def test_kernel_sees_no_secret_of_the_server(page, server):
    opened(page, server)
    seen = page.locator("#env").inner_text()

    assert "SECRET_TOKEN" not in seen
    assert all(name in seen for name in ("KONGCHUO_WORKBOOKS", "QUERY_STRING", "SERVER_SOFTWARE"))


def test_kernel_ends_when_the_page_is_closed(page, server):
    opened(page, server)
    kernel = json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]
    assert server.get(f"/api/kernels/{kernel}")[0] == 200

    page.goto(server.origin)

    for _ in range(40):
        if server.get(f"/api/kernels/{kernel}")[0] == 404:
            return
        time.sleep(0.25)
    pytest.fail("the kernel is still there 10 s after its page was left")


def test_live_page_fits_a_phone(page, server):
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, server)

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("school", "says"), [("用户错误", "请从模板复制一份"), ("程序错误", kernels.BROKEN)])
def test_an_error_is_one_chinese_sentence(page, server, school, says):
    page.goto(f"{server.origin}/live/live?school={quote(school)}")

    page.wait_for_selector(f"text={says}")
    assert "Traceback" not in page.content()
    assert "990101200001011234" not in page.content() + server.log.read_text("utf-8")


def test_a_live_page_gets_as_one_script_what_another_has_asked_for_one_by_one(page, server):
    """So that the browser gets it while the kernel starts; and what it says to its kernel is not refused at first."""
    opened(page, server)
    text = server.get("/live/live?school=" + quote("甲校"))[1]
    (address,) = re.findall('<script async src="(/live/scripts/[0-9a-f]{16}[.]js)">', text)
    packed = server.get(address, Accept_Encoding="gzip")[2]
    status, script, headers = server.get(address)
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened(page, server)
    page.select_option(".widget-dropdown select", "二年级")
    page.wait_for_selector("h2:has-text('二年级')")

    assert (status, headers["Content-Type"], packed["Content-Encoding"]) == (200, "text/javascript", "gzip")
    assert script.count("packChunk_") > 2 * 30  # each says its own twice
    assert server.get("/live/scripts/0123456789abcdef.js")[0] == 404
    assert len(asked) < 30
    assert wrong == []


def test_links_cannot_change_theme_or_template(server):
    status, text, _ = server.get("/live/live?theme=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&template=..")

    assert status == 200
    assert "alert(1)" not in text
    assert "kc-live" in text


# controls without a word or label to be called by, pictures without a text, headings that skip a level
NAMELESS = """[...document.querySelectorAll("select, input, button, img, svg[role=img]")].filter(one => !(
  one.ariaLabel || one.alt || one.title || one.textContent.trim() && one.tagName === "BUTTON" || [...(one.labels || [])].some(label => label.textContent.trim())
)).map(one => one.outerHTML.slice(0, 200))"""
JUMPS = """[...document.querySelectorAll("h1, h2, h3, h4")].filter((one, at, all) => one.tagName[1] > (at ? +all[at - 1].tagName[1] : 0) + 1)
  .map(one => one.textContent)"""


def test_the_monthly_report_is_live_with_its_drop_downs(page, tmp_path):
    townships.make(tmp_path / "shared", 2, 120)
    first, second = (school.name for school in registry.registered(tmp_path / "shared", "2023-2024"))

    with serving(tmp_path, tmp_path / "shared", tmp_path / "runs", places.NOTEBOOKS) as site:
        page.goto(site.origin)
        assert page.locator("h1").inner_text() == "示例镇控辍保学报告"
        page.click(f"tr:has-text('{first}') >> text=互动查看")
        page.wait_for_selector("select")
        chosen = [page.locator("select").nth(place).locator("option:checked").inner_text() for place in range(2)]
        page.select_option("select >> nth=0", label=second)
        page.wait_for_selector(f"h1:has-text('{second}')")
        page.wait_for_selector("h2:has-text('数据来源')")
        page.wait_for_function("name => new URLSearchParams(location.search).get('school') === name", arg=second)
        address = page.url
        nameless, jumps = page.evaluate(NAMELESS), page.evaluate(JUMPS)
        page.locator(".kc-explorer .dt-search input").fill("没有这样的行")
        page.wait_for_selector(".kc-explorer >> text=没有符合的记录")
        page.locator(".kc-explorer .dt-search input").fill("")
        wanted = page.locator(".kc-explorer tbody tr >> nth=0").locator("td >> nth=0").inner_text()
        page.goto(f"{site.origin}/live/monthly_self_check?school={quote(first)}&month=2024-06", wait_until="commit")
        page.wait_for_selector(
            f"#at_once h1:has-text('{first}')"
        )  # made for the first visit, sent before there is a kernel
        page.wait_for_selector("select >> nth=0")
        page.wait_for_selector("#rendered_cells [data-kc-at] h1")
        page.wait_for_selector("#at_once", state="detached")
        page.select_option("select >> nth=0", label=second)
        page.wait_for_selector(f"h1:has-text('{second}')")
        page.wait_for_selector("[data-kc-at]", state="detached")
        headings = page.locator("h2").all_inner_texts()
        assert len({*headings}) == len(headings) > 10
        with page.expect_download() as download:
            page.locator(".kc-explorer >> text=下载表格").click()
        saved = Path(download.value.path()).read_text("utf-8-sig")

    assert (nameless, jumps) == ([], [])
    assert wanted in saved.splitlines()[1]
    assert parse_qs(urlsplit(address).query) == {"school": [second], "month": ["2024-06"]}
    assert chosen == [first, "2024-06"]  # the newest month with lessons comes first
    assert page.evaluate("document.documentElement.scrollHeight") > 2000  # the page itself scrolls, so it prints whole
