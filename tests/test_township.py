"""The example township through the whole pipe: clean as made, and every planted fault found, and nothing else."""

import datetime as dt
import json
import shutil

import pytest

import kongchuo_township
from kongchuo.commands import opening
from kongchuo.core import policy
from kongchuo.core.findings import UserError
from kongchuo.core.names import telling_names
from kongchuo.pages import monthly, term
from kongchuo.publishing import archive
from kongchuo.publishing.gate import gate
from kongchuo.rules import causes, judging
from kongchuo_township import faults, making

CODES = (*(f"F{number:02d}" for number in (*range(1, 23), *range(36, 40))), *(rule.code for rule in judging.RULES))


PAST = dt.date(2023, 10, 31)
ANEW = "当时写的什么已经看不到"  # of a past day nobody can say what stood in a cell that has been written anew since


def place(finding):
    return finding.workbook, finding.sheet or None, finding.row or None, finding.column or None, finding.rule


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    making.make(folder, 5, 700, 2)
    return folder


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faulty")
    return making.make(folder, 8, 1500, 3, faults=True)


@pytest.fixture(scope="module")
def checked(faulty):
    return opening.check([faulty.folder], remembered=False)


@pytest.mark.parametrize("as_of", [None, PAST, dt.date(2024, 1, 31)])
def test_clean_township_has_no_finding(clean, as_of):
    opened = opening.check([clean], as_of, remembered=False)
    assert not opened.judgement.broken
    assert not opened.findings[:5]
    anew = [item for item in opened.not_judged if as_of == PAST and ANEW in item.reason]
    assert [*opened.not_judged] == anew
    assert not opened.questions


def test_every_planted_fault_is_found_and_nothing_else(faulty, checked):
    planted = json.loads((faulty.folder / "planted.json").read_text("utf-8"))
    assert planted == list(faulty.planted)
    expected = {tuple(one[name] for name in ("workbook", "sheet", "row", "column", "rule")) for one in planted}
    found = {place(finding) for finding in checked.findings}
    assert not checked.judgement.broken
    assert not sorted(map(str, expected - found))
    assert not sorted(map(str, found - expected))
    assert len(expected) == len(planted)


def test_of_a_school_its_own_workbooks_and_the_centres_say_all_but_what_compares_schools(faulty, checked):
    """By this a cause in a school's workbook is looked for in that school (causes.AMONG are the rules that cannot be)."""
    town = opening.reached(faulty.folder, kongchuo_township.YEAR)
    home = town.homes[0]
    part = judging.judge(town.part({home}), policy.current(town.as_of))
    own = {book.name for book in town.workbooks if book.home == home}
    said = {one.code for one in judging.RULES} - {*causes.AMONG}

    of_the_school, of_the_town = (
        {(one.anchor, one.message) for one in judgement.findings if one.workbook in own and one.rule in said}
        for judgement in (part, checked.judgement)
    )
    assert of_the_school == of_the_town
    assert of_the_school


def test_snapshot_is_judged_like_the_shared_folder(faulty, checked, tmp_path):
    """A batch reads a copy; what it copies of the year before must be all that a rule looks at."""
    name = archive.snapshot(faulty.folder, kongchuo_township.YEAR, tmp_path / "inputs")
    here = checked.judgement
    _, _, there = opening.judged(tmp_path / "inputs" / name, kongchuo_township.YEAR, None)
    assert here == there
    assert here.of("X23")


def test_without_the_year_before_the_handover_is_not_judged(clean, tmp_path):
    shutil.copytree(clean / kongchuo_township.YEAR, tmp_path / kongchuo_township.YEAR)
    opened = opening.check([tmp_path], remembered=False)
    assert not opened.findings
    assert {(item.rule, item.home, item.reason) for item in opened.not_judged} == {
        ("X23", "中心学校", "共享文件夹里没有2022-2023学年的学籍")
    }


def test_a_school_missing_last_year_is_not_judged_and_gives_no_finding(clean, tmp_path):
    shutil.copytree(clean, tmp_path, dirs_exist_ok=True)
    gone, spoilt, *_ = sorted((tmp_path / "2022-2023").glob("*小学/学籍.xlsx"))
    gone.unlink()
    spoilt.write_bytes(b"nothing")
    (tmp_path / "2022-2023" / "说明.docx").write_bytes(b"")
    opened = opening.check([tmp_path], remembered=False)
    names = [path.relative_to(tmp_path).as_posix() for path in (gone, spoilt)]
    assert [(finding.rule, finding.workbook) for finding in opened.findings] == [("R02", names[1])]
    assert {item.home for item in opened.not_judged} == {gone.parent.name, spoilt.parent.name}
    assert {item.rule for item in opened.not_judged} == {"X23"}
    assert opening.check([tmp_path / names[1].replace("2022", "2023").replace("2023-2023", "2023-2024")]).findings


@pytest.mark.parametrize(
    "make",
    [
        lambda folder, home: monthly.monthly_self_check(home, "2023-10", folder),
        lambda folder, home: term.term_inspection(home, "2023-2024-1-1", workbooks=folder),
    ],
    ids=["月自查", "学期督查"],
)
def test_what_is_said_of_every_fault_passes_the_gate(faulty, make):
    """Every kind of finding on the pages of its school: none names a child beside a label, so that no page is stopped (P03)."""
    told = make(faulty.folder, "all").view.town
    for home in ("all", *told.homes):
        report = make(faulty.folder, home)
        names = {"data_quality", "problem_list", "rectification", "score_sheets"} & set(report.plan.sections)
        gate("".join(str(report.html(name)) for name in sorted(names)), names=telling_names(told))


def test_each_rule_is_planted_three_times(faulty):
    planted = [one["rule"] for one in faulty.planted]
    assert {code: planted.count(code) for code in CODES if planted.count(code) < 3} == {}


def test_every_fault_says_what_it_is():
    assert all(fault.says and fault.times for fault in faults.PLANTS)


def test_small_township_holds_what_it_can(tmp_path):
    made = making.make(tmp_path, 2, 40, 1, faults=True)
    assert made.planted
    assert str(len(made.planted)) in made.summary


def test_township_as_files(tmp_path):
    made = making.make(tmp_path, 2, 60, 1)
    before = 1 + 1  # of the school year before: the registry, and the primary school's sixth grade
    assert made.workbooks == 4 + 2 * 5 + before == len(list(tmp_path.rglob("*.xlsx")))
    assert made.pupils < 60 * 1.1
    assert not (tmp_path / "planted.json").exists()
    with pytest.raises(UserError, match="已有"):
        making.make(tmp_path, 2, 60, 1)
    with pytest.raises(UserError, match="2所"):
        making.make(tmp_path / "other", 1, 60, 1)


def test_same_seed_same_bytes(tmp_path):
    for name in ("one", "two"):
        making.make(tmp_path / name, 2, 40, 9, faults=True)
    files = [sorted((tmp_path / name).rglob("*.*")) for name in ("one", "two")]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
