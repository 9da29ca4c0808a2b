"""What a school sends, checks and prints, and what the centre inspects, by when; a deed that came late is done, and late."""

import datetime as dt

import pandas as pd

import handmade
from kongchuo.core import policy
from kongchuo.core.places import POLICY
from kongchuo.core.tables import row_of
from kongchuo.due import base, enrolment, inspection, selfcheck

HELD = policy.load(POLICY)
HOME = "甲小学"
YEAR = {"school_year": handmade.YEAR}
TERMS = [
    YEAR | {"term": "第一学期", "start": dt.date(2023, 9, 1), "end": dt.date(2024, 1, 26)},
    YEAR | {"term": "第二学期", "start": dt.date(2024, 2, 26), "end": dt.date(2024, 7, 5)},
]
OFF = [{"date": day.date(), "is_school_day": False} for day in pd.date_range("2023-09-29", "2023-10-06")]
MADE_UP = [{"date": dt.date(2023, 10, day), "is_school_day": True} for day in (7, 8)]
SCHOOL = [{"school_code": "JJ", "school_name": HOME, "stage": "小学", "principal": "甲校长"}]


def state(deadline, rows=None, as_of=dt.date(2023, 10, 31), **office):
    given = {"term": TERMS, "calendar": OFF + MADE_UP, "school": SCHOOL} | office
    town = handmade.town(given | {name: {HOME: found} for name, found in (rows or {}).items()}, (HOME,), as_of)
    return base.state(town, HELD, deadline)


def days(column):
    return [f"{day:%m-%d}" for day in column]


def test_a_weekly_report_is_due_on_friday_or_after_the_last_lesson():
    """The week of the holiday ended with lessons made up on Sunday; the one before it had its Friday off."""
    found = state(selfcheck.WEEKLY_REPORT)
    assert days(found["due"]) == [
        "09-01",
        "09-08",
        "09-15",
        "09-22",
        "09-29",
        "10-08",
        "10-13",
        "10-20",
        "10-27",
        "11-03",
    ]
    assert found["late"].tolist() == [True] * 9 + [False]
    assert set(found["who"]) == {"甲校长"}
    assert set(row_of(found.index)) == {0}


def test_a_report_sent_late_is_done_and_late():
    row = YEAR | {"report": "周报", "until": dt.date(2023, 9, 8), "date": dt.date(2023, 9, 11)}
    found = state(selfcheck.WEEKLY_REPORT, {"filing": [row]}).iloc[1]
    assert (row_of(found.name), found["days"], found["late"]) == (2, -3, True)
    assert found["done"] == pd.Timestamp("2023-09-11")


def test_months_of_summer_and_without_lessons_ask_for_nothing():
    found = state(selfcheck.MONTHLY_REPORT, as_of=dt.date(2024, 8, 31))
    assert found["name"].tolist() == [f"2023-{month:02}" for month in (9, 10, 11, 12)] + [
        f"2024-{month:02}" for month in range(1, 7)
    ]
    assert days(found["due"])[:2] == ["10-05", "11-05"]


def test_a_self_check_is_done_with_its_last_item_and_the_principals_word():
    rows = [
        YEAR | {"month": "2023-09", "item_no": number, "result": "是", "date": dt.date(2023, 9, 27), "confirmed": True}
        for number in range(1, 21)
    ]
    assert state(selfcheck.SELF_CHECK, {"selfcheck": rows})["done"].iloc[0] == pd.Timestamp("2023-09-27")
    assert state(selfcheck.SELF_CHECK, {"selfcheck": rows[1:]})["late"].iloc[0]
    assert state(selfcheck.SELF_CHECK, {"selfcheck": [*rows[1:], rows[0] | {"confirmed": False}]})["late"].iloc[0]


def test_a_bulletin_printed_late_stands_for_the_month_that_has_none():
    bulletins = [
        {"kind": "简报", "issue_no": f"{number}", "date": dt.date(2023, 10, day)} for number, day in ((1, 9), (2, 31))
    ]
    found = state(selfcheck.MONTHLY_BULLETIN, {"bulletin": bulletins})
    assert days(found["due"]) == ["09-28", "10-31"]  # the last working days
    assert days(found["done"]) == ["10-09", "10-31"]
    assert found["late"].tolist() == [True, False]


def test_a_case_is_due_five_working_days_before_the_term_ends():
    found = state(selfcheck.TERM_CASE, as_of=dt.date(2024, 7, 31))
    assert (days(found["due"]), found["name"].tolist()) == (["01-19", "06-28"], ["第一学期", "第二学期"])


def test_two_rounds_a_term_by_their_weeks():
    score = [
        YEAR | {"term": "第一学期", "round": 1, "school_code": "JJ", "item_no": number, "date": dt.date(2023, 10, 10)}
        for number in (1, 2)
    ]
    found = state(inspection.ROUND, as_of=dt.date(2023, 12, 25), score=score)
    assert days(found["due"]) == ["10-15", "12-24"]
    assert (found["done"].notna().tolist(), found["late"].tolist()) == ([True, False], [False, True])
    assert found["name"].tolist() == ["第一学期第1轮督查", "第一学期第2轮督查"]


def test_the_baseline_is_locked_by_the_day_the_registry_names_else_the_policys():
    rows = [{"student_key": f"XS{number}", "locked": dt.date(2023, 9, 18 + number)} | YEAR for number in (0, 3)]
    (found,) = state(enrolment.BASELINE, {"baseline": rows}).itertuples()
    assert (found.due, found.done, found.late) == (pd.Timestamp("2023-09-20"), pd.Timestamp("2023-09-21"), True)
    (found,) = state(enrolment.BASELINE, {"baseline": [rows[0], rows[1] | {"locked": None}]}).itertuples()
    assert pd.isna(found.due), "F17 says that the day is missing"
    named = [TERMS[0] | {"freeze_date": dt.date(2023, 9, 25)}]
    (found,) = state(enrolment.BASELINE, {"baseline": rows}, term=named).itertuples()
    assert (found.due, found.late) == (pd.Timestamp("2023-09-25"), False)
    (found,) = state(enrolment.BASELINE).itertuples()
    assert (found.late, row_of(found.Index)) == (True, 0)


def test_what_is_to_be_mended_is_due_on_its_own_day():
    issue = [
        {"issue_id": "ZG-1", "problem": "座次表", "due": dt.date(2023, 10, 20), "state": "整改中", "owner": "乙老师"}
    ]
    (found,) = state(selfcheck.PROBLEM, {"issue": issue}).itertuples()
    assert (found.who, found.name, found.days, found.late) == ("乙老师", "座次表", -11, True)
    item = YEAR | {"month": "2023-09", "result": "否", "date": dt.date(2023, 9, 27), "problem": "例会"}
    found = state(selfcheck.FAILED_ITEM, {"selfcheck": [item | {"due": dt.date(2023, 10, 31)}]})
    assert (found["days"].tolist(), found["late"].tolist()) == ([0], [False])
