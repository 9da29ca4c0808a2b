"""What the ledgers say of an item of the self-check is 是, 否 or 尚未判定, each for its reason."""

import datetime as dt

import pytest

import handmade
from kongchuo.pages.monthly.selfcheck import EVIDENCE

HOME = "甲小学"
TERM = [{"school_year": handmade.YEAR, "term": "第一学期", "start": "2023-09-01", "end": "2024-01-19"}]
SCHOOL = [{"school_code": "JJ", "school_name": HOME, "stage": "小学"}]
FRIDAYS = [dt.date(2023, 9, 1) + dt.timedelta(days=7 * number) for number in range(9)]  # up to 27 October


def weekly(**sent):
    rows = [{"school_year": handmade.YEAR, "report": "周报", "until": day, "date": day} for day in FRIDAYS]
    return [row | ({"date": sent[f"d{row['until']:%m%d}"]} if f"d{row['until']:%m%d}" in sent else {}) for row in rows]


def answer(item, rows, unread=()):
    town = handmade.town({"term": TERM, "school": SCHOOL} | rows, (HOME,), unread=unread)
    evidence = EVIDENCE[item - 1](handmade.month(town, HOME))
    return evidence.badge.text, evidence.basis


def test_weekly_reports_of_the_month():
    """October had four Fridays; what was late in September is not asked again."""
    said, basis = answer(6, {"filing": {HOME: weekly(d0915=dt.date(2023, 9, 18))}})
    assert (said, "4/4" in basis) == ("是", True)

    said, basis = answer(6, {"filing": {HOME: weekly(d1013=dt.date(2023, 10, 16))}})
    assert (said, "3/4" in basis) == ("否", True)
    assert answer(6, {"filing": {HOME: weekly()[:-1]}})[0] == "否"
    assert answer(6, {}, unread=[(HOME, "selfcheck")])[0] == "尚未判定"


MEETING = {"date": "2023-10-12", "kind": "家长会"}


def letter(due, back, day="2023-09-20"):
    return {"date": day, "kind": "告家长一封信", "n_due": due, "n_att": due, "n_receipt": back}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([MEETING, letter(100, 90)], "是"),  # the goal is 90 %
        ([MEETING, letter(100, 89)], "否"),
        ([letter(100, 95)], "否"),  # nothing was done this month
        ([MEETING], "尚未判定"),  # nobody knows what parents know
        ([MEETING, letter(100, 95, "2023-11-01")], "尚未判定"),  # a letter of a later month
        ([MEETING, letter(100, 95), letter(50, None)], "尚未判定"),  # one of two letters cannot be counted
        ([MEETING, letter(100, 101)], "尚未判定"),
    ],
)
def test_publicity_and_what_parents_know(rows, said):
    assert answer(19, {"publicity_log": {HOME: rows}})[0] == said
