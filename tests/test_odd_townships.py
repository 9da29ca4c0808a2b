"""Empty and odd: every page of a township that lacks something is whole, and says in words what is the case (issue 5, line 8)."""

import datetime as dt
import re
from dataclasses import replace
from functools import cache

import pytest

import odd
from kongchuo import papers
from kongchuo.core import policy, years
from kongchuo.core.editions import INTERNAL, PUBLIC
from kongchuo.core.findings import UserError
from kongchuo.core.places import POLICY
from kongchuo.figures import inspection
from kongchuo.pages import display, monthly, signals, term, year
from kongchuo.pages.report import Report
from kongchuo.pages.term.rounds import Round
from kongchuo.pages.views import Month, open_town
from kongchuo.pages.year.years import Year
from kongchuo.rules.judging import Judgement

HELD = policy.load(POLICY)
JUDGED = Judgement((), (), frozenset(("X11", "X12", "X38", "X39", "X41")))
FIRST, SUMMER, WINTER, SECOND = "2023-09", "2024-08", "2024-01", "2023-2024-1-2"
KINDS = {"month": (monthly.PLAN, Month), "round": (term.PLAN, Round), "year": (year.PLAN, Year)}


@cache
def town(name, period):
    """A township of this kind as of the last day of a period (of the year: as far as its records go)."""
    end = years.period(period).days[1]
    return odd.town(name, dt.date(2024, 1, 31) if len(period) == 9 else end)


def view(name, period, home="", edition=INTERNAL):
    """A page of a township without files: by the period a month, round or year, "" for the town, "last" for its last school."""
    made = town(name, period)
    _, kind = KINDS[years.period(period).kind]
    home = made.homes[-1] if home == "last" else home
    start = years.period(period).days[0]
    return kind(made, HELD, JUDGED, home, period, start, made.as_of, edition=edition)


@cache
def sections(name, period, home="", edition=INTERNAL):
    """The HTML of each section of such a page, those left out that the edition has not."""
    plan, _ = KINDS[years.period(period).kind]
    kind = year.YearReport if plan is year.PLAN else Report
    report = kind(plan, view(name, period, home, edition))
    return {key: str(html) for key in plan.sections if (html := report.html(key))}


def text(html):
    return re.sub(r"\s+", "", re.sub(r"<svg.*?</svg>|<[^>]*>", "", html, flags=re.S))


# --- whole, and in words ------------------------------------------------------------------------------------------------
PAGES = {  # (township, period, "" or its last school) -> what stands in which section
    ("clean", FIRST, ""): (
        ("cases", "台账中本月没有在册或变动的个案"),
        ("cases", "零报告与台账相符"),
        ("issues", "问题整改表中没有本月在办的问题"),
        ("changes", "本月没有登记变动"),
    ),
    ("clean", SECOND, ""): (("cases", "台账中没有在办的疑似辍学、辍学个案"),),
    ("three pupils", FIRST, "last"): (("basics", "基数小，只列人数"), ("basics", "范围内没有七、八、九年级")),
    ("no groups", WINTER, ""): (("groups", "台账里没有应计的人或事"),),
    ("no staff", FIRST, ""): (("checklist", "“组织机构”里没有领导组名单"),),
    ("one round", SECOND, ""): (("overview", "第一学期第二轮还没有督查记录"), ("comparison", "不能比较")),
    ("no inspection", SECOND, ""): (
        ("overview", "没有督查不等于没有问题"),
        ("board", "本轮还没有督查评分，没有得分和等次"),
        ("comparison", "没有第一轮督查的记录，不能比较"),
    ),
    ("no inspection", "2023-2024", ""): (("headline", "第一学期第二轮督查没有完整的评分：全部2所学校"),),
    ("no ledger", FIRST, ""): (("cases", "尚未判定，不能当作没有"),),
    ("no ledger", SECOND, ""): (("cases", "尚未判定，不能当作没有"),),
    ("a school without files", FIRST, "last"): (("cases", "尚未判定，不能当作没有"), ("attendance", "尚未判定")),
    ("a school without files", SECOND, ""): (("cases", "未计入"),),
    ("headers only", FIRST, ""): (
        ("basics", "增减无从核对，尚未判定"),
        ("attendance", "不知道哪几天上课，出勤尚未判定"),
        ("cases", "不能当作零报告"),
        ("reconcile", "本月没有人籍核查记录，是否一致尚未判定"),
        ("checklist", "“组织机构”里没有领导组名单"),
    ),
    ("headers only", "2023-2024", ""): (
        ("headline", "没有班级可以判定"),
        ("league", "没有班级可以计分"),
        ("what_if", "按另一口径也无从比较"),
        ("conversion", "学困厌学名单里没有学生"),
    ),
    ("headers only", SUMMER, ""): (("attendance", "不知道哪几天上课"),),
    ("nothing read", FIRST, ""): (("attendance", "尚未判定"), ("cases", "尚未判定，不能当作没有")),
    ("nothing read", SECOND, ""): (("roll_call", "读不到督查点名，尚未判定"),),
    ("nothing read", "2023-2024", ""): (("headline", "没有班级可以判定"),),
    ("clean", SUMMER, ""): (
        ("headline", "没有上课日（按学年学期、教学日历），是假期"),
        ("organisation", "七月、八月不做月自查"),
        ("reconcile", "本月没有上课日，不核查人籍"),
        ("cases", "假期没有应报的周报"),
    ),
}


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_each_section_is_whole_and_says_what_is_not_there(page):
    shown = sections(*page)

    assert not {key: wrong for key, html in shown.items() if (wrong := odd.broken(html))}
    for section, words in PAGES[page]:
        assert words in text(shown[section]), section


@pytest.mark.parametrize("page", [("headers only", FIRST), ("clean", "2023-2024-1-1"), ("nothing read", "2023-2024")])
def test_no_section_for_everybody_is_broken(page):
    shown = sections(*page, edition=PUBLIC)

    assert shown
    assert not {key: wrong for key, html in shown.items() if (wrong := odd.broken(html))}


def test_the_back_test_of_nothing_is_whole():
    made = town("headers only", WINTER)
    found = signals.Year(made, HELD, JUDGED, "", "2023-2024", dt.date(2023, 9, 1), made.as_of)
    shown = {key: str(Report(signals.PLAN, found).html(key)) for key in signals.PLAN.sections}

    assert not {key: wrong for key, html in shown.items() if (wrong := odd.broken(html))}
    assert "没有日查，回看不了，尚未判定" in text(shown["summary"])


def test_what_is_broken_is_seen():
    """The sweep above can fail."""
    for html in ("<td>nan</td>", "<p>None 人</p>", "<p>0/0</p>", "<p>—%</p>", "<p></p>", "<svg><path/></svg>",
                 "<section><h2>一、情况</h2>\n</section>", "<p>读不到：、。</p>", "<tbody>\n</tbody>"):  # fmt: skip
        assert odd.broken(html), html
    assert not odd.broken("<section><h2>一、情况</h2><p>本月没有，2023-2024-1-1 10/0.5</p></section>")


# --- never clean for want of data -------------------------------------------------------------------------------------
def test_in_a_month_without_lessons_nobody_has_neglected_anything():
    """The summer's meetings and lists are not due; what is true all year is still judged."""
    rows = re.findall(r"<tr>(.*?)</tr>", sections("clean", SUMMER)["checklist"], re.S)
    answers = {cells[1]: cells[3] for row in rows if len(cells := [text(c) for c in row.split("</td>")]) > 4}

    assert len(answers) == 20
    assert {answers[name] for name in answers if "例会" in name or "座次" in name} == {"无应办事项"}
    assert "✗否" not in {answers[name] for name in answers if "日查" in name or "周报" in name}


@pytest.mark.parametrize("name", ["headers only", "nothing read"])
def test_empty_ledgers_earn_no_points_at_an_inspection(name):
    """What cannot be judged is never a full mark, though nothing in it is lacking."""
    made = town(name, "2023-2024-1-2")
    sheet = inspection.inspect(made, HELD, made.homes[0], "第一学期", 2, made.as_of)

    assert [score.system for score in sheet.scores] == [None] * 10
    assert all(score.why for score in sheet.scores)


def test_parts_nobody_judged_are_in_the_years_tile():
    """The tile 尚未判定 counts parts of points as well as rules: never 0 beside parts that are open."""
    shown = view("no inspection", "2023-2024")
    parts = 0
    for one in shown.classes:
        if one.total is None:  # a vetoed class has its total, whatever its parts
            parts += sum(part.share is None for part in one.parts)
    for one in shown.units:
        parts += sum(part.points is None for part in one.parts)
    said = re.search(r"积分、考核的分项(\d+)个，规则0处", text(year.YearReport(year.PLAN, shown).html("headline")))

    assert parts
    assert int(said[1]) == parts


def test_a_page_of_one_grade_says_what_is_of_it_and_what_is_not():
    whole = view("usual", SECOND)
    called = int(whole.rollcall["grade"].iloc[0])
    other = next(grade for grade in range(1, 10) if grade not in set(whole.rollcall["grade"]))
    report = Report(term.PLAN, replace(whole, grade=called))
    name = f"{display.NUMERALS[called]}年级"

    assert f"只有人籍核查、点名表和覆盖率是{name}的，得分、个案、整改等仍是全部年级的" in text(report.html("overview"))
    assert f"{name}点名班数" in text(report.html("roll_call"))
    assert f"{name}覆盖率" in text(report.html("groups"))
    none = Report(term.PLAN, replace(whole, grade=other)).html("roll_call")
    assert f"本轮没有{display.NUMERALS[other]}年级督查点名的记录" in text(none)


def test_a_month_to_come_is_refused_in_words(tmp_path):
    with pytest.raises(UserError, match="还没有到，请选已经开始的月份"):
        monthly.monthly_self_check("all", f"{dt.date.today().year + 1}-10", tmp_path)


def test_a_year_without_a_school_is_refused_in_words(tmp_path):
    (tmp_path / "2023-2024" / "中心学校").mkdir(parents=True)
    with pytest.raises(UserError, match="还没有一所学校"):
        open_town("2023-2024", dt.date(2023, 9, 30), tmp_path)


# --- papers -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "period", "home"),
    [
        ("clean", WINTER, "last"),
        ("headers only", FIRST, ""),
        ("headers only", FIRST, "last"),
        ("a school without files", SUMMER, "last"),
        ("nothing read", FIRST, ""),
    ],
)
def test_papers_are_whole_or_said_not_to_be_made(name, period, home, tmp_path):
    said, month = [], view(name, period, home)
    try:
        papers.make(month, (), tmp_path, say=said.append)
    except UserError as error:  # what could not be read for, once all else is made
        said += str(error).split("；")
    made = sorted(tmp_path.rglob("*.*"))
    kinds = {path.name.split(f"_{month.home or '全镇'}_")[0] for path in made}
    due = {paper.name for paper in papers.PAPERS if papers.edition(month) in paper.editions}

    assert due - kinds == {line.split("：")[0].split(" ")[-1] for line in said}
    pages = {path.name: path.read_text("utf-8") for path in made if path.suffix == ".html"}
    assert not {key: hits for key, page in pages.items() if (hits := odd.PROGRAM.findall(page.split("<body>")[1]))}
