"""The live page: drop-downs change what every section shows; a batch run has no widgets at all."""

import datetime as dt
import sys
from dataclasses import replace
from functools import cache

import pytest

import handmade
from kongchuo.core import places, years
from kongchuo.core.findings import UserError
from kongchuo.facts import support
from kongchuo.pages import views
from kongchuo.pages.display import Tiles
from kongchuo.pages.monthly import PLAN, monthly_self_check
from kongchuo.pages.report import WHOLE, Report
from kongchuo.pages.year import PLAN as YEAR
from kongchuo.pages.year.years import Year
from test_display import HOMES, sheets

EXTRA = {
    "school_year": handmade.YEAR,
    "school_code": "JJ",
    "class_id": "JJ-2021-01",
    "class_name": "三(1)班",
    "grade": 3,
}


@pytest.fixture
def opened(monkeypatch):
    """A live page over a town made by hand; gives the function that opens a month of it."""
    rows = sheets()
    rows["class"] = [*rows["class"], EXTRA]
    town = handmade.town(rows, HOMES)

    def open_month(school, month, workbooks="", edition=""):
        if month != "2023-10":
            raise UserError("<b>没有</b>这个月")
        return handmade.month(town, views.find_school(town, school))

    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    monkeypatch.setattr("kongchuo.pages.monthly.open_month", open_month)
    return open_month


def test_a_batch_run_shows_html_and_no_drop_downs(monkeypatch):
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    report = Report(PLAN, handmade.month(handmade.town(sheets(), HOMES), "甲小学"))

    assert report.controls() is None
    assert report.basics()._repr_mimebundle_().keys() == {"text/html", "text/plain"}
    data = report.footer()._repr_mimebundle_()[places.SUMMARY]
    assert (data["school"], data["month"], data["suspected_open"], data["enrolled"]) == ("甲小学", "2023-10", 1, 1)
    assert all(len(value) == 64 for value in data["workbooks"].values())


def test_a_choice_redraws_every_section_shown(opened):
    report = monthly_self_check("甲小学", "2023-10")
    report.controls()
    controls = report.boxes
    title, basics = report.headline(), report.basics()
    assert "三(1)班" in basics.value

    controls.boxes["年级"].value = 4
    assert "三(1)班" not in basics.value
    assert [label for label, _ in controls.boxes["班级"].options] == ["全部", "四(1)班"]

    controls.boxes["学校"].value = places.ALL
    assert "示例镇中心学校（全镇）" in title.value
    assert 'data-kc-address="school=all&amp;month=2023-10"' in controls.progress.value


@pytest.fixture(scope="module")
def narrowed():
    """A school's month of an example township seen for one group, with the student_keys of the group as the roster has them."""
    whole = handmade.month(handmade.township(schools=2, pupils=120)[0])
    kind = support.kinds(whole.town)[0]
    roster = whole.town["roster"][["home", "student_key", "groups"]].itertuples(index=False)
    keys = [(home, key) for home, key, marks in roster if isinstance(marks, str) and kind in marks.split("、")]
    home = keys[0][0]
    return handmade.month(whole.town, home).narrowed(group=kind), {key for at, key in keys if at == home}


def test_a_group_narrows_what_is_kept_by_pupil(narrowed):
    view, keys = narrowed
    whole = view.narrowed()

    for sheet in ("absence", "change", "family_plan", "visit"):
        rows = whole.scope.rows(sheet)
        assert set(view.scope.rows(sheet).index) == {
            place for place, key in zip(rows.index, rows["student_key"], strict=True) if key in keys
        }
    assert len(view.scope.rows("daily")) == len(whole.scope.rows("daily")) > 0


@cache
def month_of():
    town, _ = handmade.township(schools=2, pupils=120)
    return handmade.month(town, town.homes[0]), PLAN


@cache
def year_of():
    view, _ = month_of()
    days = dt.date(2023, 9, 1), view.end
    return Year(view.town, view.policy, view.judgement, view.home, "2023-2024", *days), YEAR


def test_every_section_says_what_a_group_narrows(narrowed):
    view, _ = narrowed
    report = Report(PLAN, view)
    report.view = view

    for name in PLAN.sections:
        said = report.section(name).blocks[0].text
        assert ("只看" if name in PLAN.by_pupil else "仍是全部学生") in said
        assert view.group in said


STANDING = (
    "footer",
    "signature",
    "basis",
    "narratives",
    "register",
)  # no figures of pupils, or no row in these examples


@pytest.mark.parametrize("whole", [month_of, year_of])
def test_a_section_that_a_grade_does_not_narrow_says_so(whole):
    view, plan = whole()
    seen = view.narrowed(grade=min(view.scope.classes["grade"]))
    everything, one = Report(plan, view), Report(plan, seen)
    for name in plan.sections:
        text, narrow = str(everything.html(name)), str(one.html(name))
        said = f"{plan.ungraded.get(name)}不分年级、班级，仍是全校的。"
        assert "不分年级" not in text
        assert (said in narrow) == (name in plan.ungraded), name
        if plan.ungraded.get(name) == WHOLE:
            narrow = narrow.replace(f'<p class="kc-note kc-plain">{said}</p>', "")
            assert "".join(narrow.split()) == "".join(text.split()), name
        elif name not in (*plan.ungraded, *STANDING):
            assert narrow != text, name


def test_tiles_of_the_headline_that_a_grade_does_not_narrow_say_so():
    view, plan = month_of()
    for seen, words in ((view.narrowed(grade=1), "全校；"), (replace(view, home="", grade=1), "全镇；"), (view, "")):
        tiles = next(block for block in plan.sections["headline"](seen).blocks if isinstance(block, Tiles)).figures
        notes = {tile.label: tile.note for tile in tiles}
        for label in ("红色预警", "逾期事项", "数据错误", "尚未判定"):
            assert notes[label].startswith(words)
            assert words or not notes[label].startswith("全")
        assert not notes["本月末在校生"].startswith("全")
    board = plan.sections["headline"](replace(view, home="", grade=1)).blocks[-1]
    assert "仍是全校的" in board.note


def test_no_full_name_stands_on_a_page_seen_for_a_group(narrowed):
    view, keys = narrowed
    roster = view.town["roster"]
    names = roster.loc[roster["student_key"].isin(keys), "name"]
    report = Report(PLAN, view)

    assert len(names)
    pages = "".join(str(report.html(name)) for name in PLAN.by_pupil)
    assert not [name for name in names if name in pages]


def test_what_is_kept_of_a_choice_is_shown_without_opening_it(opened, monkeypatch, tmp_path):
    """Nothing is read or worked out for it; what is chosen next is of the school that is shown."""
    monkeypatch.setenv(places.KEPT, str(tmp_path))
    monthly_self_check("甲小学", "2023-10").keep()
    kept = places.kept(tmp_path, "pages.monthly", "内部版", "school=%E7%94%B2%E5%B0%8F%E5%AD%A6&month=2023-10")
    assert "三(1)班" in kept.read_text("utf-8")

    monkeypatch.setenv(places.SENT, "1")
    report = monthly_self_check("甲小学", "2023-10")
    report.controls()
    basics = report.basics()
    assert basics.value == ""  # the page has it already
    report.boxes.boxes["学校"].value = places.ALL
    assert "kc-card" in basics.value
    assert "三(1)班" not in basics.value

    def nothing(*_):
        raise UserError("什么也没有打开")

    monkeypatch.setattr("kongchuo.pages.monthly.open_month", nothing)
    report.boxes.boxes["学校"].value = "甲小学"
    assert "data-kc-address" in report.boxes.progress.value
    assert "三(1)班" in basics.value
    monkeypatch.setattr("kongchuo.pages.monthly.open_month", opened)
    assert report.view.home == "甲小学"
    report.boxes.boxes["年级"].value = 4
    assert "三(1)班" not in basics.value


def test_the_address_says_which_school(opened, monkeypatch):
    monkeypatch.setenv("QUERY_STRING", "school=%E7%94%B2%E6%A0%A1&month=2023-10")

    assert monthly_self_check("all", "2023-09").view.home == "甲小学"


def test_a_choice_that_cannot_be_opened_is_said_and_escaped(opened):
    report = monthly_self_check("甲小学", "2023-10")
    report.controls()
    controls = report.boxes

    controls.boxes["月份"].value = "2023-09"

    assert "&lt;b&gt;没有" in controls.progress.value


def test_schools_are_found_by_any_name_and_near_ones_suggested():
    town = handmade.town(sheets(), HOMES)

    assert [views.find_school(town, name) for name in ("甲小学", "JJ", "甲校", "all")] == [
        "甲小学",
        "甲小学",
        "甲小学",
        "",
    ]
    with pytest.raises(UserError, match="是不是“甲小学”"):
        views.find_school(town, "甲小")


@pytest.mark.parametrize("month", ["2023-13", "2023-1", "十月", "2023-10-01"])
def test_a_month_must_look_like_one(month):
    with pytest.raises(UserError, match="2023-10 的样子"):
        views.open_month("all", month, "somewhere")


def test_months_run_with_the_school_year():
    import datetime as dt

    assert years.year_of("2024-08") == "2023-2024"
    assert years.months_of("2023-2024", dt.date(2023, 11, 2)) == ("2023-11", "2023-10", "2023-09")
    assert len(years.months_of("2023-2024", dt.date(2030, 1, 1))) == 12


def test_import_is_light():
    """`import kongchuo` in a notebook costs nothing before a verb is used."""
    import subprocess

    code = (
        "import sys, kongchuo; print([name for name in ('pandas', 'matplotlib', 'ipywidgets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
