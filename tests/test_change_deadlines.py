"""What is due of 学籍 and 责任书: since when a list shows it, until when it is in time, and that the rule says the same."""

import datetime as dt

import pandas as pd

import handmade
from kongchuo.due import base, duty, enrolment
from kongchuo.rules import judging
from ruletables import POLICY
from test_duties import REGISTRY

TERM = [{"school_year": handmade.YEAR, "term": "第一学期", "start": "2023-09-01", "end": "2024-01-19"}]


def town(as_of, **sheets):
    rows = REGISTRY | {"term": TERM} | {name: {"甲小学": part} for name, part in sheets.items()}
    return handmade.town(rows, as_of=dt.date.fromisoformat(as_of))


def due(made, limit):
    return base.state(made, POLICY, limit)


LEAVE = {"student_key": "XS0000001", "name": "甲春梅", "kind": "休学", "date": "2023-09-11", "leave_from": "2023-09-11",
         "leave_to": "2023-12-31", "handler": "T1"}  # fmt: skip


def test_a_leave_that_ends_is_noticed_thirty_days_before():
    assert due(town("2023-11-30", change=[LEAVE]), enrolment.LEAVE).empty
    (row,) = due(town("2023-12-01", change=[LEAVE]), enrolment.LEAVE).itertuples()
    assert (row.who, row.days, row.late) == ("甲老师", 30, False)
    late = town("2024-01-02", change=[LEAVE])
    assert due(late, enrolment.LEAVE)["late"].all()
    assert [mark.message[-20:] for mark in judging.judge(late, POLICY).of("X20")] == [
        "甲春梅休学于2023-12-31到期，未复学也未续办"[-20:]
    ]


def test_who_came_back_late_is_late_on_the_list_and_no_finding():
    back = {"student_key": "XS0000001", "name": "甲春梅", "kind": "复学", "date": "2024-01-04"}
    made = town("2024-01-05", change=[LEAVE, back])
    assert list(due(made, enrolment.LEAVE)["days"]) == [-4]
    assert judging.judge(made, POLICY).of("X20") == ()


def test_transfers_in_have_the_limit_too_without_a_rule():
    moves = [
        {
            "kind": kind,
            "student_key": f"XS000000{number}",
            "sys_state": "已发起",
            "sys_start": "2023-09-07",
            "date": "2023-09-07",
        }
        for number, kind in enumerate(("转入", "转出"), start=1)
    ]
    made = town("2023-09-22", change=moves)
    assert list(due(made, enrolment.RECEIVED)["late"]) == [True]
    assert list(due(made, enrolment.TRANSFERRED)["due"]) == [pd.Timestamp("2023-09-21")]
    assert [one.row for one in judging.judge(made, POLICY).of("X18")] == [3]


def test_every_pledge_is_due_thirty_days_after_the_opening_and_done_when_signed():
    made = handmade.town(
        REGISTRY
        | {
            "term": TERM,
            "pledge": [
                {"pledge_type": "学校-村", "party_a": "甲小学", "party_b": "甲村", "signed": "2023-09-06"},
                {"pledge_type": "学校-村", "party_a": "甲小学", "party_b": "乙村", "signed": "2023-10-20"},
            ],
        },
        as_of=dt.date(2023, 10, 10),
    )
    rows = due(made, duty.PLEDGED)
    assert {(row.name, row.late, pd.isna(row.done)) for row in rows.itertuples(index=False)} == {
        ("甲小学", True, True),
        ("四(1)班班主任甲老师", True, True),
        ("甲村", False, False),
        ("乙村", True, True),  # signed on a day still to come
    }
    assert set(rows["due"]) == {pd.Timestamp("2023-10-01")}
    assert len(judging.judge(made, POLICY).of("G08")) == 3


def test_each_class_is_to_be_checked_by_the_sunday_of_the_fourth_week():
    check = {
        "check_id": "HC-1",
        "class_id": "四(1)班",
        "student_key": "XS0000001",
        "name": "甲春梅",
        "date": "2023-09-12",
    }
    rows = due(town("2023-09-20", reconcile=[check]), enrolment.CHECKED)
    assert set(rows["due"]) == {pd.Timestamp("2023-10-01")}
    assert dict(zip(rows["name"], rows["done"].notna(), strict=True)) == {"四(1)班": True, "五(1)班": False}
