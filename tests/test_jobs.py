"""What is started by a click on the landing page: the product's own commands, one at a time, and their end in links."""

import re
import time
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from browsing import browser  # noqa: F401 - a fixture
from kongchuo.core import places
from kongchuo.core.findings import UserError
from kongchuo.publishing import indexes
from kongchuo.site import jobs, landing
from serving import serving, tab  # noqa: F401 - the second is a fixture
from tiny import project


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """An office whose 生成本月报告 makes the tiny notebook."""
    folder = tmp_path_factory.mktemp("office")
    file, shared, out = project(folder, ["甲校", "乙校"])
    file.rename(file.with_name("monthly.yaml"))
    (folder / "kongchuo.yaml").write_text("shared: shared\nout: runs\n", "utf-8")
    with serving(folder, shared, out, folder / "notebooks", KONGCHUO_HOME=str(folder)) as made:
        yield made


def post(site, path, token="", cookie="", origin="", **asked):
    body = urlencode(asked | ({"_xsrf": token} if token else {}))
    return site.get(path, "POST", body, Cookie=cookie, Content_Type="application/x-www-form-urlencoded", Sec_Fetch_Site=origin or "same-origin", Sec_Fetch_Mode="navigate")  # fmt: skip


def token_of(site):
    """The token of the landing page's forms, and the cookie it must agree with."""
    status, text, headers = site.get("/")
    assert status == 200
    return re.search('name="_xsrf" value="([^"]+)"', text)[1], headers["Set-Cookie"].partition(";")[0]


def ended(site):
    """The page of the job once it is over."""
    end = time.monotonic() + 120
    while 'http-equiv="refresh"' in (text := site.get("/jobs/")[1]):
        assert time.monotonic() < end
        time.sleep(0.3)
    return text


def test_a_report_is_made_at_a_click_and_its_page_is_a_click_away(page, site):
    """In a browser whose own scripts are off on these pages, as the policy says."""
    page.goto(site.origin)
    page.select_option("form[action='/jobs/report'] select", "2023-10")
    page.click("button:has-text('生成本月报告')")
    page.wait_for_selector("text=做完了", timeout=120_000)  # the page asks again by itself
    wrong = page.locator("main ul:not(.kc-made) li").all_inner_texts()
    assert wrong == ["读不到：甲校/学籍.xlsx：缺少工作簿。请从模板复制"], "and nothing of how it went"
    made = page.locator(".kc-made li").all_inner_texts()
    assert made == [f"{name} 小报告" for name in ("全镇", "乙校", "甲校")]
    page.click("a:has-text('甲校')")
    page.wait_for_selector("text=甲校 2023-10 读到")
    assert page.url.endswith(f"/r/2023-10/tiny/{quote('甲校')}.html")


def test_one_at_a_time_and_the_second_is_told_so(site):
    token, cookie = token_of(site)
    status, _, headers = post(site, "/jobs/report", token, cookie, month="2023-09")
    assert (status, headers["Location"]) == (302, "/jobs/")
    status, text, _ = post(site, "/jobs/mark", token, cookie, school="甲校")
    assert (status, "“生成本月报告”还没有做完" in text) == (409, True)
    front = site.get("/")[1]
    assert "正在做：生成本月报告" in front
    assert " disabled" not in front, "a button that is grey stays so until the page is opened anew"

    assert "做完了" in ended(site)
    assert "正在做" not in site.get("/")[1]


def test_what_a_job_is_asked_for_is_one_of_what_is_offered(site):
    token, cookie = token_of(site)
    for path, asked in {
        "/jobs/report": {"month": "2023-10 --force"},
        "/jobs/mark": {"school": "../.."},
        "/jobs/papers": {"month": "2023-10", "school": "甲校", "paper": "--list", "room": "all"},
        "/jobs/papers/": {"month": "2023-10", "school": "甲校", "paper": "月报表", "room": "--list"},
    }.items():
        status, text, _ = post(site, path.rstrip("/"), token, cookie, **asked)
        assert (status, "没有选全" in text) == (409, True)
    assert post(site, "/jobs/rm", token, cookie)[0] == 404


def test_nobody_starts_one_from_elsewhere_or_by_an_address(site):
    token, cookie = token_of(site)
    before = site.get("/jobs/")[1]
    assert post(site, "/jobs/match", "", cookie)[0] == 403
    assert post(site, "/jobs/match", token, "")[0] == 403
    assert post(site, "/jobs/match", "", "", "cross-site")[0] == 403
    site.get("/jobs/match")
    assert site.get("/jobs/")[1] == before


def test_a_paper_is_printed_at_a_click(site):
    token, cookie = token_of(site)
    assert (
        post(site, "/jobs/papers", token, cookie, month="2023-10", school="甲校", paper="月报表", room="all")[0] == 302
    )
    address = re.search('href="(/r/papers/[^"]+[.]xlsx)"', ended(site))[1]
    assert quote("月报表") in address

    status, _, headers = site.get(address)
    assert (status, headers["Content-Disposition"].partition(";")[0]) == (200, "attachment")
    assert site.get(address.replace("2023-10/", "2023-10/..%2f"))[0] == 404


def test_a_paper_of_which_there_is_none_is_said_with_the_reason(site):
    token, cookie = token_of(site)
    post(site, "/jobs/papers", token, cookie, month="2023-10", school="甲校", paper="督查通报", room="all")
    assert "“督查通报”是全镇的材料，没有甲校的，请改选全镇" in ended(site)
    shown = {"job": jobs.Job(jobs.KINDS["papers"], {}, code=0, ended=1), "links": [], "more": 0}
    assert "这个月没有应当打印的" in indexes.site().get_template("work.html").render(**shown)


def test_what_a_job_could_not_read_is_said_and_a_school_that_has_gone_is_not_offered(site):
    token, cookie = token_of(site)
    for folder in site.log.parent.glob("shared/2023-2024/甲校/*"):
        folder.unlink()
    (site.log.parent / "shared/2023-2024/甲校").rmdir()
    offered = re.search("<form[^>]*/jobs/mark.*?</form>", site.get("/")[1], re.S)[0]
    assert "甲校" not in offered
    assert post(site, "/jobs/mark", token, cookie, school="甲校")[0] == 409
    status = post(site, "/jobs/match", token, cookie)[0]
    text = ended(site)
    assert (status, "做完了，但有的工作簿缺失或读不了" in text) == (302, True)
    assert "2023-2024/乙校/学籍.xlsx" in text
    assert site.get(re.search('href="(/r/lists/[^"]+)"', text)[1])[0] == 200


def test_beside_a_name_stands_which_report_it_is_or_whose_and_what_opens_it():
    said = {
        "2023-10/monthly_self_check/甲校.html": "月自查报告",
        "2023-10/monthly_papers/甲校.html": "打印材料",
        "2023-10/people/甲校.html": "学生、班级、责任人",
        "papers/2023-10/甲校/月报表.docx": "甲校　Word",
        "lists/核对名单.xlsx": "Excel",
    }
    assert {path: landing.said_of(Path(path)) for path in said} == said


def test_the_classes_to_be_printed_are_those_of_the_school_chosen(browser, tmp_path):  # noqa: F811
    rooms = {"甲校": ["一(1)班", "二(1)班"], "乙校": ["一(1)班"]}
    offers = jobs.offered(tmp_path, [*rooms, "丙校"], ["责任书_家长"], rooms) | {"month": ["2023-10"]}
    work = {"kinds": {"papers": jobs.KINDS["papers"]}, "offers": offers, "of": jobs.OF, "running": None, "xsrf": ""}
    (tmp_path / "页.html").write_text(indexes.overview([], work=work), "utf-8")
    page = browser.new_page(java_script_enabled=False)
    page.goto((tmp_path / "页.html").as_uri())

    def shown():
        return {
            one.get_attribute("label"): one.locator("option").all_inner_texts()
            for one in page.locator("select[name=room] optgroup").all()
            if page.evaluate("one => getComputedStyle(one).display", one.element_handle()) != "none"
        }

    assert shown() == rooms
    for school, own in (rooms | {"丙校": []}).items():
        page.select_option("select[name=school]", school)
        assert shown() == ({school: own} if own else {})
    page.select_option("select[name=school]", "全镇")
    assert shown() == {}
    page.close()

    fields, asked = work["kinds"]["papers"].fields, {"month": "2023-10", "school": "all", "paper": "责任书_家长"}
    found = jobs.checked(fields, asked | {"room": "甲校/一(1)班"}, offers)
    assert (found["school"], found["room"]) == ("甲校", "一(1)班")
    with pytest.raises(UserError, match=r"“一\(1\)班”是甲校的班，学校选的是“乙校”，请回首页改选“甲校”"):
        jobs.checked(fields, asked | {"school": "乙校", "room": "甲校/一(1)班"}, offers)


def test_the_list_of_a_workbook_that_cannot_be_marked_is_among_what_a_job_leaves(tmp_path):
    job = jobs.Job(jobs.KINDS["mark"], {"school": "all"}, began=0)
    for name in ("学籍_校验.xlsx", "自查档案_校验结果.xlsx", "学籍_修复.xlsx"):
        path = tmp_path / places.RETURNS / "甲校" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    assert [path.name for path in job.left(tmp_path)] == ["学籍_校验.xlsx", "自查档案_校验结果.xlsx"]


def test_what_a_command_says_is_shown_only_where_it_is_an_event(tmp_path):
    """A list of children must not come onto the page."""
    job = jobs.Job(jobs.KINDS["match"], {})
    for line in (
        "己小柳　仅一方有",
        '{"event": "begin", "total": 3, "made": 0, "unchanged": 0, "failed": 0}',
        "[]",
        "{",
    ):
        job.hear(line)
    assert (job.total, job.done, job.lines) == (3, 0, [])
    job.hear("[7/91] 己小柳　仅一方有")
    assert (job.done, job.total, job.lines, job.failed) == (7, 91, [], [])
    with pytest.raises(UserError):
        jobs.checked(("school",), {}, {"school": ["all"]})
