"""The yearly report: what stands so far in words, every edition, who moves under another policy, and what saving does."""

import datetime as dt
import re
import shutil
from dataclasses import replace

import pytest

import handmade
import townships
from kongchuo.__main__ import main
from kongchuo.commands import opening
from kongchuo.core import places, policy
from kongchuo.core.editions import INTERNAL, PUBLIC
from kongchuo.core.findings import UserError
from kongchuo.figures.unit_grades import compare
from kongchuo.pages.year import OPEN_TO_ALL, PLAN, SECTIONS, YearReport, annual_reward, what_if
from kongchuo.pages.year.years import Year, open_year
from kongchuo.publishing import archive
from kongchuo.rules.judging import Judgement
from test_class_points import CLASS, HOME, OTHER, YEAR, dropout
from test_unit_grades import scores, year


def view(rows, home="", edition=INTERNAL, as_of=dt.date(2024, 8, 31), **more):
    made = handmade.town(rows, (HOME, OTHER), as_of, **more)
    judgement = Judgement((), (), frozenset())
    return Year(made, policy.load(places.POLICY), judgement, home, YEAR, dt.date(2023, 9, 1), as_of, edition=edition)


def whole():
    """A year with nothing missing: both rounds scored, each school has checked itself."""
    rows = year()
    rows["score"] = [row for home in (HOME, OTHER) for number in (1, 2) for row in scores(home, "第一学期", number)]
    return rows


def text(report, name):
    return re.sub(r"<[^>]+>", " ", str(report.html(name)))


def test_every_section_stands_for_a_school_and_for_the_town():
    rows = whole()
    rows["dropout"][HOME] = [dropout(CLASS, 9), dropout(CLASS, 8, "2024-03-01")]
    town = view(rows)
    for home in ("", HOME):
        report = YearReport(PLAN, replace(town, home=home))
        for name in SECTIONS:
            assert report.html(name)
        assert "False" not in text(report, "vetoes")
        assert "已返校，免否决" in text(report, "vetoes")
        assert "一票否决" in text(report, "league")


def test_a_year_that_is_not_over_says_what_is_missing_and_gives_nothing_to_show():
    rows = year()
    rows["term"].append({"school_year": YEAR, "term": "第二学期", "start": "2024-02-26", "end": "2024-07-05"})
    half = view(rows, as_of=dt.date(2024, 1, 26))
    report = YearReport(PLAN, half)

    assert not half.over
    assert any("学年没有结束" in line for line in half.missing)
    assert any("第二学期第一轮督查" in line and "全部2所" in line for line in half.missing)
    assert "不能据此兑现" in text(report, "headline")
    assert "没有可以公示的结果" in text(report, "notice")


def test_a_year_whose_terms_nobody_has_filled_in_is_not_said_to_go_on():
    """It ends with its own last day, not today; an empty list of vetoes is not a year without any."""
    empty = view({})
    report = YearReport(PLAN, empty)
    assert any("学年是否结束尚未判定：“学年学期”没有填" in line for line in empty.missing)
    assert not any("学年没有结束" in line for line in (*empty.missing, *PLAN.meta(empty)))
    for name in ("vetoes", "accountability"):
        assert "没有班级可以判定" in text(report, name)
    assert "没有班级可以判定" not in text(YearReport(PLAN, view(whole())), "vetoes")


def test_an_empty_year_gone_by_stands_as_of_its_end(tmp_path):
    schools = tmp_path / "学校.csv"
    schools.write_text("学校全称,学段\n甲小学,小学\n", "utf-8")
    office = tmp_path / "办公"
    assert not main(["init", str(office), "--town", "某镇", "--schools", str(schools), "--year", YEAR])
    held = open_year("all", YEAR, INTERNAL, office / "workbooks" / "某镇")
    assert (held.end, held.over) == (dt.date(2024, 8, 31), False)


def test_the_public_edition_names_no_pupil_and_no_case():
    rows = whole()
    rows["dropout"][HOME] = [dropout(CLASS, 9)]
    report = YearReport(PLAN, view(rows, edition=PUBLIC))
    pages = {name: text(report, name) for name in SECTIONS}

    assert {name for name, page in pages.items() if page.strip()} == set(OPEN_TO_ALL)
    everything = "".join(pages.values())
    assert not re.search(r"学生JJ|CX-|SA-|学籍.xlsx", everything)
    assert "四(1)班" in pages["notice"]  # of the other school; the class under a veto is not shown
    assert f"{HOME} </td>" not in str(report.html("notice"))


def test_rows_behind_a_point_are_named():
    rows = whole()
    rows["dropout"][HOME] = [dropout(CLASS, 9)]
    page = text(YearReport(PLAN, view(rows, HOME)), "league")

    assert "学年初基准第11行" in page  # the tenth pupil of the list stands in Excel row 11


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows["class"].clear(),
        lambda rows: rows.pop("score"),
        lambda rows: rows["pupil_plan"].update({HOME: [], OTHER: []}),
        lambda rows: rows["baseline"].update({HOME: [], OTHER: []}),
        lambda rows: rows.pop("term"),
        lambda rows: [rows.pop(name) for name in list(rows) if name not in ("school", "class")],
    ],
    ids=["no class", "no inspection", "no list", "no baseline", "no terms", "nothing at all"],
)
def test_odd_years_are_not_broken(spoil):
    rows = whole()
    spoil(rows)
    town = view(rows)

    for home in ("", HOME):
        report = YearReport(PLAN, replace(town, home=home))
        assert "尚未判定" in "".join(text(report, name) for name in SECTIONS), home
        assert not [line for lines in report._broken.values() for line in lines], home


def test_the_two_open_questions_stand_side_by_side():
    rows = whole()
    rows["dropout"][HOME] = [dropout(CLASS, 9, "2024-08-25")]
    held = view(rows)
    page = text(YearReport(PLAN, held), "what_if")

    names = list(what_if.alternatives(held.standings))
    assert names == ["返校后不免否决", "回校宽限日改为10日"]
    for name in names:
        assert f"{name}：" in page
    for values in what_if.alternatives(held.standings).values():
        classes, _ = compare(held.standings, held.standings.tried(values))
        assert CLASS in [one.before.class_id for one in classes if one.changed and one.after.vetoed]
    assert "0（否决）" in page


# --- the live page --------------------------------------------------------------------------------------------------------
@pytest.fixture
def trial(monkeypatch, tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_bytes(places.POLICY.read_bytes())
    monkeypatch.setattr(places, "POLICY", path)
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    rows = whole()
    rows["dropout"][HOME] = [dropout(CLASS, 9, "2024-03-01")]
    report = YearReport(PLAN, view(rows))
    report.what_if()
    return report.trial, path


def test_nothing_is_saved_that_was_not_tried_and_cited(trial):
    trial, path = trial
    before = path.read_bytes()
    assert trial.save.disabled
    trial.boxes["return_lifts_veto"].value = False
    trial.try_.click()
    assert "四(1)班" in trial.result.value
    assert "没有保存" in trial.result.value
    assert path.read_bytes() == before

    trial.save.click()
    assert "出处" in trial.result.value
    trial.boxes["return_grace_days"].value = 3
    assert trial.save.disabled
    assert path.read_bytes() == before


def test_weights_that_do_not_add_up_are_refused_in_words(trial):
    trial, _ = trial
    trial.boxes["points_keep"].value = 50
    trial.try_.click()

    assert "合计为110" in trial.result.value
    assert trial.save.disabled


def test_where_nobody_has_points_nothing_tried_is_called_harmless():
    """An office's first day: no class, so nothing can be compared."""
    rows = whole()
    rows["class"].clear()
    empty = view(rows)
    (note,) = what_if.side_by_side(empty, empty.standings, "宽限日改为20")

    assert note.tone == "unknown"
    assert "无从比较" in note.text


def test_what_is_saved_for_days_of_this_page_says_how_to_see_it(trial):
    trial, _ = trial
    trial.boxes["return_grace_days"].value = 3
    trial.try_.click()
    trial.cited.value, trial.since.value = "镇中心学校会议纪要", "2023-10-01"
    trial.save.click()

    assert "F5" in trial.result.value


def test_saving_writes_a_dated_entry_and_it_is_read_again(trial):
    trial, path = trial
    trial.boxes["points_keep"].value, trial.boxes["points_convert"].value = 50, 30
    trial.try_.click()
    trial.cited.value = "镇中心学校会议纪要"
    trial.since.value = "九月一日"
    trial.save.click()
    assert "2024-09-01" in trial.result.value
    trial.since.value = "2024-09-01"
    trial.save.click()

    assert "已写入" in trial.result.value
    assert policy.load(path, dt.date(2024, 9, 1))["points_keep"] == 50
    assert policy.load(path, dt.date(2024, 8, 31))["points_keep"] == 40
    assert policy.load(path, dt.date(2024, 9, 1)).parameter("points_keep").citation == "镇中心学校会议纪要"


def test_a_batch_run_has_no_widget(monkeypatch):
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    report = YearReport(PLAN, view(whole()))

    assert report.what_if()._repr_mimebundle_().keys() == {"text/html", "text/plain"}
    assert not hasattr(report, "trial")
    assert report.controls() is None


# --- opened from a folder ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    # under a folder named like a school year, as runs lie: that is no shared folder
    folder = tmp_path_factory.mktemp("out") / "2023-2024" / "inputs" / "shared"
    townships.make(folder, 2, 200)
    return folder


def test_it_stands_as_of_the_last_day_in_the_ledgers(shared):
    held = open_year("all", YEAR, INTERNAL, shared)

    assert (held.end, held.town.as_of, held.over) == (dt.date(2024, 1, 26), dt.date(2024, 1, 26), False)
    data = annual_reward("示例中学", YEAR, workbooks=shared).footer()._repr_mimebundle_()[places.SUMMARY]
    assert (data["school"], data["period"], data["edition"]) == ("示例中学", YEAR, INTERNAL)


@pytest.mark.parametrize(
    ("school", "asked", "edition", "says"),
    [
        ("没有的学校", YEAR, INTERNAL, "没有名为"),
        ("all", "2023", INTERNAL, "学年“2023”不对"),
        ("all", "2023-10", INTERNAL, "不对"),
        ("all", "2039-2040", INTERNAL, "还没有开始"),
        ("all", YEAR, "秘密版", "版本"),
    ],
)
def test_what_there_is_not_is_refused_in_words(shared, school, asked, edition, says):
    with pytest.raises(UserError, match=says):
        open_year(school, asked, edition, shared)


def test_the_report_of_a_year_reads_the_lists_of_earlier_years(tmp_path):
    """D04: a snapshot for the report of a year holds all years of a pupil at school, one for a month only the year before."""
    shared = tmp_path / "共享"
    townships.make(shared, 2, 60)
    for earlier in ("2021-2022", "2013-2014"):  # the second is longer ago than any pupil is at school
        shutil.copytree(shared / "2023-2024", shared / earlier)
    for past, found in ((True, {"2021-2022", "2022-2023", "2023-2024"}), (False, {"2022-2023", "2023-2024"})):
        taken = tmp_path / "inputs" / archive.snapshot(shared, "2023-2024", tmp_path / "inputs", past=past)
        assert {path.name for path in taken.iterdir()} == found
    town = opening.with_past(shared, opening.reached(shared, "2023-2024"))
    assert [one.year for one in town.past] == ["2022-2023", "2021-2022"]
    assert len(town.past[1]["baseline"]) == len(town["baseline"]) > 0
    assert town.past[1]["roster"].empty  # only what is needed
