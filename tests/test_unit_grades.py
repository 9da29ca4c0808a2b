"""The yearly grade of a school: rounds, self-checks, class points, veto, and who may be proposed."""

import datetime as dt

import pytest

import handmade
from kongchuo.core import policy
from kongchuo.core.places import POLICY
from kongchuo.figures.inspection import inspect
from kongchuo.figures.scopes import Scope
from kongchuo.figures.unit_grades import Round, UnitGrade, model_units, self_checks, standings
from test_class_points import CLASS, HOME, OTHER, YEAR, dropout, held, sheets

POINTS = policy.load(POLICY)["inspection_item_points"]


def scores(home, term, number, lost=0.0, items=range(1, 11)):
    return [
        {
            "school_year": YEAR, "term": term, "round": number, "school_code": home, "date": "2023-10-10",
            "item_no": item, "score": POINTS[item - 1] - (lost if item == 4 else 0), "reason": "有差异",
        }
        for item in items
    ]  # fmt: skip


def year():
    """Both schools with two rounds in the one term there is."""
    rows = sheets()
    rows["score"] = [
        *scores(HOME, "第一学期", 1, 4), *scores(HOME, "第一学期", 2, 6),
        *scores(OTHER, "第一学期", 1),
    ]  # fmt: skip
    rows["issue"] = {
        HOME: [
            {
                "issue_id": "ZG-1",
                "school_code": HOME,
                "due": "2023-10-01",
                "done": "2023-09-28",
                "state": "已完成",
                "owner": "甲",
            },
            {
                "issue_id": "ZG-2",
                "school_code": HOME,
                "due": "2023-10-01",
                "done": "2023-10-28",
                "state": "已完成",
                "owner": "甲",
            },
            {"issue_id": "ZG-3", "school_code": HOME, "due": "2023-10-01", "state": "整改中", "owner": "甲"},
        ],
        OTHER: [],
    }
    return rows


def by_home(rows, values=None):
    return {one.home: one for one in standings(held(rows, values)).units}


def test_the_mean_of_the_rounds_and_what_is_missing_in_words():
    found = by_home(year())

    assert found[HOME].parts[0].points == round(60 * (96 + 94) / 200, 2)
    part = found[OTHER].parts[0]
    assert part.points is None
    assert part.so_far is not None
    assert part.why == "第一学期第二轮：没有督查评分"
    assert found[OTHER].total is None


def test_a_round_is_worth_here_what_its_own_report_says():
    """An item nobody scored, and one scored otherwise than the ledgers say without a reason: the sheet of the round decides."""
    rows = year()
    rows["score"] += scores(OTHER, "第一学期", 2, items=range(1, 10))
    scope = held(rows)
    found = {one.home: one for one in standings(scope).units}

    for home in (HOME, OTHER):
        for one in found[home].rounds:
            assert one.score == inspect(scope.town, scope.policy, home, one.term, one.number, scope.end).total


def test_self_checks_and_mending_are_pooled_and_counted_again():
    counted = self_checks(held(year())).by("home")[HOME]
    months = {"2023-09"}  # the one month with school days; nobody has checked himself

    assert (counted.numerator, counted.denominator) == (1, 3 + len(months))


def test_a_school_without_inspection_is_not_judged():
    rows = sheets()
    found = by_home(rows)[HOME]

    assert found.parts[0].points is None
    assert found.parts[0].known is None
    assert found.total is None
    assert not found.final


def test_a_veto_is_a_fail_and_no_model_whatever_the_points():
    rows = year()
    rows["dropout"][HOME] = [dropout(CLASS, 9)]
    found = by_home(rows)[HOME]

    assert found.grade == "不合格"
    assert found.final
    assert any("一票否决" in text for text in found.vetoes)
    assert found.rank == 2
    rows["dropout"][HOME] = []
    rows["veto"] = [
        {
            "veto_id": "FJ",
            "school_year": YEAR,
            "target_type": "学校",
            "target_id": "JJ",
            "case_id": "CX-1",
            "effective": True,
        }
    ]
    assert by_home(rows)[HOME].grade == "不合格"


def unit(home, score, vetoes=()):
    from kongchuo.figures.class_parts import Part

    return UnitGrade(
        home, (Part("all", "", 100, score / 100),), (Round("第一学期", 1, score),), vetoes,
        (("优秀", 90), ("良好", 80), ("合格", 60)),
    )  # fmt: skip


def test_at_most_three_in_ten_are_models():
    units = [unit(f"第{n}小学", 80 + n) for n in range(10)] + [unit("否决小学", 99, ("x",))]
    found, places = model_units(policy.load(POLICY), units)

    assert places == 3
    assert [one.home for one in found] == ["第9小学", "第8小学", "第7小学"]
    found, places = model_units(policy.load(POLICY), units[:3])
    assert (found, places) == ((), 0)


@pytest.mark.parametrize(
    ("score", "grade"), [(90, "优秀"), (89.99, "良好"), (80, "良好"), (60, "合格"), (59.9, "不合格")]
)
def test_the_lines_of_the_grades(score, grade):
    assert unit("甲", score).grade == grade


def test_the_example_township_at_half_time():
    town, rows = handmade.township(4, 600, 1, as_of=dt.date(2024, 1, 26))
    scope = Scope(town, policy.load(POLICY), dt.date(2023, 9, 1), dt.date(2024, 1, 26), town.homes)
    for one in standings(scope).units:
        totals = []
        for number in (1, 2):
            own = [r["score"] for r in rows["score"] if r["school_code"] == one.home and r["round"] == number]
            assert len(own) == 10
            totals.append(sum(own))
        assert one.parts[0].so_far == pytest.approx(sum(totals) / 200)
        assert one.total is None  # the rounds of the second term are still to come
        away = [r for r in rows["dropout"] if r["home"] == one.home and not r.get("back_date") and not r.get("closed")]
        assert (one.grade == "不合格") == bool(away)
