"""Ways from page to page: only to pages that are there, of the same edition, on pages made before as well; the table of contents."""

import html
import json
import re
from urllib.parse import quote, unquote

from kongchuo.core import years
from kongchuo.pages import display
from kongchuo.publishing import archive, linking, press
from kongchuo.publishing.archive import DONE, FAILED, Result
from tiny import notebook

LINK = '<p><a data-at="cases" data-page="甲&amp;小学">甲&amp;小学</a>、<a data-at="" data-page="乙小学">乙小学</a></p>'


def stem(name):
    return name if name == "全镇" else archive.safe_name(name)


def shelf(out, month, *names, failed=(), name="monthly_self_check"):
    """A shelf with a page for each run; names with （公开版） are of that edition."""
    one = archive.Shelf(out, years.period(month), name)
    (one.path / "inputs").mkdir(parents=True)
    results = []
    for run in (*names, *failed):
        school, _, mark = run.partition("（")
        asked = {"school": "all" if school == "全镇" else school} | ({"edition": "公开版"} if mark else {})
        more = {"outcome": FAILED} if run in failed else {"outcome": DONE, "page": f"{stem(run)}.html"}
        results.append(Result(run, asked, "2023-11-01T08:00:00+08:00", 1.0, **more))
        if run not in failed:
            page = press.render(notebook([("markdown", "x")]), run).replace("<main>", f"<main>{LINK}")
            (one.path / f"{stem(run)}.html").write_text(page, "utf-8")
    one.save(results)
    linking.lead(one)
    return one


def ways(one, name):
    """Words -> address of what leads away from a page but its two indexes; an address leads to a file that is there."""
    page = (one.path / f"{stem(name)}.html").read_text("utf-8")
    found = {
        words: unquote(to) for to, words in re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', page) if "index" not in to
    }
    assert all((one.path / to.partition("#")[0]).is_file() for to in found.values())
    return found


def test_a_link_stands_only_where_there_is_a_page_of_the_same_edition(tmp_path):
    one = shelf(tmp_path, "2023-10", "全镇", "甲&小学", "乙小学（公开版）", failed=["丙小学"])
    own = f"{stem('甲&小学')}.html"
    assert ways(one, "全镇") == {"甲&amp;小学": f"{own}#cases"}
    assert ways(one, "甲&小学") == {"甲&amp;小学": f"{own}#cases", "全镇": "全镇.html"}
    assert list(ways(one, "乙小学（公开版）")) == ["乙小学"]


def test_a_finding_leads_to_the_cell_of_the_marked_copy_once_there_is_one(tmp_path):
    one = shelf(tmp_path, "2023-10", "甲&小学")
    file = one.path / f"{stem('甲&小学')}.html"
    cell = '<a data-book="2023-2024/甲&amp;小学/学籍.xlsx" data-place="&#39;学生花名册&#39;!A4">A4</a>'
    file.write_text(file.read_text("utf-8").replace("<main>", f"<main>{cell}"), "utf-8")
    linking.reach(tmp_path)
    assert cell in file.read_text("utf-8"), "there is no copy yet"
    copies = tmp_path / "returns"
    (copies / "记录").mkdir(parents=True)
    (copies / "记录" / "学年.txt").write_text("2023-2024", "utf-8")
    (copies / "甲&小学").mkdir()
    (copies / "甲&小学" / "学籍_校验.xlsx").write_text("副本", "utf-8")
    linking.reach(tmp_path)
    (to,) = re.findall(r'<a href="([^"]*)" data-book', file.read_text("utf-8"))
    path, _, place = unquote(html.unescape(to)).partition("#")
    assert (one.path / path).read_text("utf-8") == "副本"
    assert place == "'学生花名册'!A4"
    (copies / "记录" / "学年.txt").write_text("2024-2025", "utf-8")  # a new year: last year's copies lie in its folder
    linking.reach(tmp_path)
    assert cell in file.read_text("utf-8")


def test_the_month_before_learns_of_the_next_and_a_page_that_goes_takes_its_links_with_it(tmp_path):
    first = shelf(tmp_path, "2023-10", "全镇", "甲&小学")
    last = shelf(tmp_path, "2024-01", "全镇")  # two months without a page between them
    papers = shelf(tmp_path, "2023-10", "甲&小学", name="monthly_papers")
    assert ways(first, "全镇")["下一月（2024-01）"] == "../../2024-01/monthly_self_check/全镇.html"
    assert ways(last, "全镇")["上一月（2023-10）"] == "../../2023-10/monthly_self_check/全镇.html"
    assert ways(first, "甲&小学")["打印材料"].startswith("../monthly_papers/")
    assert ways(papers, "甲&小学")["月自查报告"].startswith("../monthly_self_check/")
    assert "下一月（2024-01）" not in ways(first, "甲&小学")

    before = (first.path / "全镇.html").stat().st_mtime_ns
    linking.lead(first)
    assert (first.path / "全镇.html").stat().st_mtime_ns == before  # nothing to change, nothing written
    (last.path / "全镇.html").unlink()
    linking.lead(first)
    assert "下一月（2024-01）" not in ways(first, "全镇")


def test_the_page_of_a_class_leads_to_its_school_and_to_the_same_class_last_month_but_not_last_year(tmp_path):
    def room(month, page="班.html"):
        one = archive.Shelf(tmp_path, years.period(month), "people")
        file = one.path / stem("甲&小学") / page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('<nav><span class="kc-way"></span></nav>', "utf-8")
        return shelf(tmp_path, month, "甲&小学", name="people"), file

    def led(file):
        found = re.findall(r'<a (?:rel="up" )?href="([^"]*)">(.*?)</a>', file.read_text("utf-8"))
        assert all((file.parent / unquote(to)).is_file() for to, _ in found)
        return [words for _, words in found]

    _, june = room("2023-06")
    september, first = room("2023-09")
    _, second = room("2023-10")
    room("2023-11", "别班.html")
    assert led(june) == ["甲&amp;小学"]
    assert led(first) == ["甲&amp;小学", "下一月（2023-10）"]
    assert led(second) == ["甲&amp;小学", "上一月（2023-09）"]
    assert linking.UP.sub("", second.read_text("utf-8")).count("<a ") == 1
    first.unlink()
    linking.lead(september)
    assert led(second) == ["甲&amp;小学"]


def test_the_contents_name_every_section_with_its_count_and_lead_to_it():
    cards = [display.card(display.Section(f"甲<{n}", (display.Note("x"),), n, f"key{n}", n - 1)) for n in range(1, 6)]
    held = json.loads(notebook([("code", "1")] * 5))
    for cell, card in zip(held["cells"], cards, strict=True):
        cell |= {
            "execution_count": 1,
            "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": str(card)}}],
        }
    page = press.render(json.dumps(held), "题")
    (contents,) = re.findall(r"<nav[^>]*kc-toc.*?</nav>", page, re.S)
    assert re.findall(r'<a href="#(\w+)">(.*?)(?: <b>(\d+)</b>)?</a>', contents)[:2] == [
        ("key1", "一、甲&lt;1", ""),
        ("key2", "二、甲&lt;2", "1"),
    ]
    assert all(f'id="key{number}"' in page for number in range(1, 6))


def test_a_name_leads_to_the_page_of_another_report_and_a_paper_to_its_file_where_they_are_there(tmp_path):
    def led(one):
        text = (one.path / f"{stem('甲&小学')}.html").read_text("utf-8")
        return dict(re.findall(r'data-(?:at="[^"]*" data-)?of="(\w+)"[^>]*>([^<]*)', text)), re.findall(
            r'<a href="([^"#]*#?[^"]*)"[^>]*data-of', text
        )

    to = '<a data-page="甲&amp;小学" data-at="pupil-abc" data-of="people">赵</a>'
    paper = '<a data-page="甲&amp;小学" data-at="劝返记录" data-of="monthly_papers">材料</a>'
    first = shelf(tmp_path, "2023-10", "甲&小学")
    page = first.path / f"{stem('甲&小学')}.html"
    page.write_text(page.read_text("utf-8").replace("<main>", f"<main>{to}{paper}"), "utf-8")
    linking.lead(first)
    assert led(first) == ({"people": "赵", "monthly_papers": "材料"}, [])

    shelf(tmp_path, "2023-10", "甲&小学", name="people")
    papers = shelf(tmp_path, "2023-10", "甲&小学", name="monthly_papers")
    held = papers.path / stem("甲&小学")
    held.mkdir()
    (held / "劝返记录_甲&小学_2023-10.html").touch()
    linking.lead(first)
    own = quote(stem("甲&小学"))
    ways = [f"../people/{own}.html#pupil-abc", f"../monthly_papers/{own}/{quote('劝返记录_甲&小学_2023-10.html')}"]
    assert led(first)[1] == ways


def test_a_page_leads_to_a_file_beside_it_where_the_run_has_left_one(tmp_path):
    to = '<a data-page="甲&amp;小学" data-at="{}" data-of="people">七</a>'
    rooms = "".join(map(to.format, ("七(1)班.html", "七(2)班.html")))
    one = shelf(tmp_path, "2023-10", "甲&小学", name="people")
    file, folder = one.path / f"{stem('甲&小学')}.html", one.path / stem("甲&小学")
    file.write_text(file.read_text("utf-8").replace("<main>", f"<main>{rooms}"), "utf-8")
    folder.mkdir()
    for left in ("七(1)班.html", "七(2)班.html"):
        (folder / left).touch()
        linking.lead(one)
        assert f"../people/{stem('甲&小学')}/{left}" in read_ways(file)
    (folder / "七(1)班.html").unlink()  # not let pass
    linking.lead(one)
    assert read_ways(file) == [f"../people/{stem('甲&小学')}/七(2)班.html"]


def read_ways(file):
    """The addresses of what leads to another report's page, or to a file beside."""
    return [
        unquote(to)
        for to in re.findall(r'<a href="([^"]*)" data-page="[^"]*" data-at="[^"]*" data-of', file.read_text("utf-8"))
    ]
