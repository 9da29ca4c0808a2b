"""The example township carried on to the end of the school year: nothing wrong in it, and its points counted again."""

import datetime as dt

import pytest

import handmade
import townships
from kongchuo.commands import opening
from kongchuo.core import policy
from kongchuo.core.findings import UserError
from kongchuo.core.places import POLICY
from kongchuo.figures.scopes import Scope
from kongchuo.figures.unit_grades import standings
from kongchuo_township import days, making

SUMMER = dt.date(2024, 8, 31)
PROGRESS = ("明显进步", "有进步")
LISTS = ("in_rollbook", "in_seating", "in_homework", "name_ok")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    townships.make(folder, 4, 600, 2, whole_year=True)
    return folder


@pytest.mark.parametrize("as_of", [None, dt.date(2024, 2, 20), dt.date(2024, 3, 31)])
def test_a_whole_year_has_no_finding(shared, as_of):
    opened = opening.check([shared], as_of, remembered=False)
    assert not opened.judgement.broken
    assert not opened.findings[:5]
    anew = (
        "当时写的什么已经看不到"  # of a past day nobody can say what stood in a cell that may have been written since
    )
    assert not [item for item in opened.not_judged if as_of is None or anew not in item.reason]
    assert any(item.rule == "X59" for item in opened.not_judged) == (as_of is not None)
    assert not opened.questions


def test_faults_are_planted_in_a_first_term_only(tmp_path):
    with pytest.raises(UserError, match="--whole-year"):
        making.make(tmp_path, 2, 200, faults=True, whole_year=True)
    assert not list(tmp_path.iterdir())


# --- the yearly report on it, counted again -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def year():
    """Rows as made, and the standings of the year."""
    town, rows = handmade.township(4, 600, 1, SUMMER, whole_year=True)
    return rows, standings(Scope(town, policy.load(POLICY), dt.date(2023, 9, 1), SUMMER, town.homes))


def stepped(percent, *lines):
    return next((share for line, share in lines if percent >= line), 0.0)


def counted(rows, class_id):
    """The points of a class with a list, part by part: domain.md 5.3 over the rows as typed."""
    base = [r for r in rows["baseline"] if r["class_id"] == class_id and r["base_state"] in ("在读", "送教上门")]
    keys = {r["student_key"] for r in base}
    cases = [r for r in rows["dropout"] if r["student_key"] in keys]
    left = {r["student_key"] for r in rows["roster"] if r["status"] in ("已转出", "休学")}
    plans = [r for r in rows["pupil_plan"] if r["class_id"] == class_id and r["student_key"] not in left]
    plans = plans[: max(1, len(base) // 4)]
    good = [r for r in plans if r["review1"] in PROGRESS and r["review2"] in PROGRESS]
    met = [r for r in plans if r["goal_met"]]
    away = [r for r in plans if r["student_key"] in {case["student_key"] for case in cases}]
    checked = [r for r in rows["reconcile"] if r["class_id"] == class_id]
    same = [r for r in checked if r["present"] in ("在位", "请假") and all(r[name] for name in LISTS)]
    filled = [r for r in rows["daily"] if r["class_id"] == class_id]
    kept = [case for case in cases if case.get("back_date") and case["follow_to"] <= SUMMER]
    return {
        "keep": 40.0 if all(case.get("back_date") for case in cases) else 0.0,
        "progress": 16 * min(1.0, len(good) / len(plans) / 0.7),
        "goal": 12 * stepped(100 * len(met) / len(plans), (70, 1.0), (60, 0.7), (50, 0.5)),
        "stay": 12 * stepped(-100 * len(away) / len(plans), (0, 1.0), (-15, 0.8), (-30, 0.4)),
        "daily": 5 * len(filled) / len(days.WHOLE_YEAR.school_days),
        "contact": 5.0,  # in a clean township every parent was reached and every home visited in time,
        "logs": 5.0,  # and no month went by without a record
        "reconcile": 5 * len(same) / len(checked),
        "bonus": min(9.0, 3.0 * len(kept)),
    }


def test_the_points_of_every_class_with_a_list_by_plain_loops(year):
    rows, found = year
    listed = [one for one in found.classes if one.listed]
    assert len(listed) > 20
    for one in listed:
        parts = counted(rows, one.class_id)
        assert {part.key: part.points for part in one.parts} == {
            key: handmade.half_up(own) for key, own in parts.items()
        }
        assert one.total == (0.0 if parts["keep"] == 0 else handmade.half_up(sum(part.points for part in one.parts)))


def test_four_inspections_lead_to_a_grade_and_the_parts_are_counted_again(year):
    rows, found = year
    for unit in found.units:
        sums = {}
        for row in rows["score"]:
            if row["school_code"] == unit.home:
                key = row["term"], row["round"]
                sums[key] = sums.get(key, 0) + row["score"]
        assert [one.score for one in unit.rounds] == list(sums.values())
        assert len(sums) == 4
        own = [one.total for one in found.classes if one.home == unit.home]
        parts = {part.key: part.points for part in unit.parts}
        assert parts["inspection"] == handmade.half_up(0.6 * sum(sums.values()) / 4)
        assert parts["selfcheck"] == 20.0  # all ten months in time, all problems mended in time
        assert parts["classes"] == handmade.half_up(0.2 * sum(own) / len(own))
        assert unit.final
        assert unit.grade == "不合格" if unit.vetoes else unit.grade in ("优秀", "良好", "合格")


def test_one_school_has_lost_a_pupil_and_one_that_came_back_is_the_open_question(year):
    rows, found = year
    lost = {case["class_id"] for case in rows["dropout"] if not case.get("back_date")}
    back = {case["class_id"] for case in rows["dropout"] if case.get("back_date")} - lost
    schools = {case["home"] for case in rows["dropout"] if not case.get("back_date")}
    assert lost
    assert back
    assert {one.class_id for one in found.classes if one.vetoed} == lost
    assert {unit.home for unit in found.units if unit.vetoes} == schools != {unit.home for unit in found.units}
    strict = found.tried({"return_lifts_veto": False})
    assert {one.class_id for one in strict.classes if one.vetoed} == lost | back
    # the best of its grade is one class, not a tie
    first = [one for one in found.classes if one.rank == 1 and one.peers > 1]
    assert any(sum(two.grade == one.grade for two in first) == 1 for one in first)
