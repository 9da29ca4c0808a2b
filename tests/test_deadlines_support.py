"""What support and the census owe by when: rows of deadlines, and a finding once where a rule knows better than F17."""

import datetime as dt

import pandas as pd

import handmade
from kongchuo.core import policy
from kongchuo.core.places import POLICY
from kongchuo.core.schema import CENTRE
from kongchuo.due import base
from kongchuo.due.enrolment import PROOFS, UNVERIFIED
from kongchuo.due.support import AID, LESSONS, LOGS, VISITS
from kongchuo.rules.judging import examine

HELD = policy.load(POLICY)
HOME = "甲小学"
TERMS = [
    {"school_year": handmade.YEAR, "term": "第一学期", "start": dt.date(2023, 9, 1), "end": dt.date(2024, 1, 26)},
    {"school_year": handmade.YEAR, "term": "第二学期", "start": dt.date(2024, 2, 26), "end": dt.date(2024, 7, 5)},
]
PUPIL = {"student_key": "XS1", "name": "甲春梅"}


def made(rows, as_of=dt.date(2023, 11, 30), status="在读", **more):
    roster = [PUPIL | {"class_id": "K1", "status": status, "status_date": dt.date(2022, 9, 1)}]
    given = {"term": TERMS, "roster": {HOME: roster}}
    return handmade.town(given | {name: {HOME: found} for name, found in rows.items()}, (HOME,), as_of, **more)


def due(town, deadline):
    rows = base.state(town, HELD, deadline)
    return [(f"{row.start:%m-%d}", f"{row.due:%Y-%m-%d}", row.done, row.late) for row in rows.itertuples()]


def test_help_is_due_in_every_month_that_has_lessons_enough():
    """September, when the plan was made in its middle, is not asked for; February and July are too short."""
    plan = PUPIL | {"pupil_plan": "SA-1", "listed": dt.date(2023, 9, 15), "helper": "甲老师"}
    log = {"log_id": "BF-1", "pupil_plan": "SA-1", "date": dt.date(2023, 10, 9), "helper": "甲老师"}
    town = made({"pupil_plan": [plan], "support_log": [log]}, dt.date(2024, 7, 31))
    rows = base.state(town, HELD, LOGS)
    assert rows["start"].dt.month.tolist() == [10, 11, 12, 1, 3, 4, 5, 6]
    assert rows["done"].notna().tolist() == [True, *[False] * 7]
    assert rows["late"].tolist() == [False, *[True] * 7]
    assert set(rows["who"]) == {"甲老师"}


def test_what_cannot_be_told_is_not_late():
    plan = PUPIL | {"pupil_plan": "SA-1", "listed": dt.date(2023, 9, 1), "helper": "甲老师"}
    lost = {"log_id": "BF-1", "pupil_plan": None, "date": dt.date(2023, 10, 9), "helper": "甲老师"}
    rows = base.state(made({"pupil_plan": [plan], "support_log": [lost]}), HELD, LOGS)
    assert rows["due"].isna().all()
    assert len(rows)
    assert not rows["late"].any()


def test_visits_are_counted_against_the_plan_of_the_child():
    child = PUPIL | {"placement": "送教上门", "plan_per_month": 3, "home_teachers": "甲老师、乙老师"}
    days = [dt.date(2023, 9, day) for day in (5, 12, 19)] + [dt.date(2023, 10, 10)]
    visits = [PUPIL | {"home_id": f"SJ-{day}", "date": day, "lessons": 2.0} for day in days]
    town = made({"disabled": [child], "home_teaching": visits}, dt.date(2023, 11, 1), status="送教上门")
    assert due(town, VISITS)[:2] == [
        ("09-01", "2023-09-30", pd.Timestamp("2023-09-19"), False),
        ("10-01", "2023-10-31", pd.NaT, True),
    ]
    assert base.state(town, HELD, VISITS)["number"].tolist() == [3, 1, 0]


def test_thirty_lessons_are_done_on_the_day_that_makes_them_thirty():
    child = PUPIL | {"placement": "送教上门", "plan_per_month": 2}
    visits = [
        PUPIL | {"home_id": f"SJ-{day}", "date": dt.date(2023, 10, day), "lessons": 10.0} for day in (9, 16, 23, 30)
    ]
    town = made({"disabled": [child], "home_teaching": visits}, status="送教上门")
    assert due(town, LESSONS) == [("09-01", "2024-07-05", pd.Timestamp("2023-10-23"), False)]


def test_aid_is_due_thirty_days_before_each_holiday():
    plan = PUPIL | {"family_plan": "JA-1", "aid_due": "营养改善", "helper": "甲老师"}
    paid = PUPIL | {"term": "第一学期", "aid_item": "营养改善", "paid_on": dt.date(2023, 12, 30)}
    town = made({"family_plan": [plan], "aid": [paid]}, dt.date(2024, 3, 1))
    assert due(town, AID) == [
        ("09-01", "2023-12-27", pd.Timestamp("2023-12-30"), True),
        ("02-26", "2024-06-05", pd.NaT, False),
    ]


def test_a_proof_is_good_for_a_year_and_for_the_year_it_was_asked_for():
    child = {
        "student_key": "XS2",
        "name": "乙夏竹",
        "study_status": "镇外在读",
        "proof": "学籍截图",
        "surveyor": "甲老师",
    }
    seen = [dt.date(2022, 10, 1), dt.date(2023, 8, 10)]
    rows = [child | {"student_key": f"XS{day}", "visit_date": day} for day in seen]
    rows.append(child | {"student_key": "XS9", "study_status": "待核实", "visit_date": dt.date(2023, 11, 20)})
    town = handmade.town({"term": TERMS, "census": {CENTRE: rows}}, (HOME,), dt.date(2023, 11, 30))
    assert [(at, late) for _, at, _, late in due(town, PROOFS)] == [("2023-10-01", True), ("2024-08-31", False)]
    assert [(at, late) for _, at, _, late in due(town, UNVERIFIED)] == [("2023-12-05", False)]


def test_an_empty_cell_is_found_once_by_the_rule_that_knows_why():
    """X36 says why a 委托监护人 is needed: F17 is silent there, and speaks of the cells beside it."""
    left = PUPIL | {"left_type": "双亲留守"}
    found = examine(made({"leftbehind": [left]}), HELD).findings
    mine = [(finding.rule, finding.column) for finding in found if finding.sheet == "留守儿童"]
    assert ("X36", "委托监护人") in mine
    assert ("F17", "委托监护人") not in mine
    assert ("F17", "父亲务工地") in mine
    assert len(set(mine)) == len(mine)
