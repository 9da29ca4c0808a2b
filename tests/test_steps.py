"""The life of a case: every step dated, in time or late by how many days; how it stood on any day; what is due next."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

import handmade
from kongchuo.core import policy
from kongchuo.core.places import POLICY
from kongchuo.due import base, cases, enrolment, steps
from kongchuo.facts import calendar, cases as case_facts
from kongchuo.pages.display import Details, Note
from kongchuo.pages.monthly import cases as monthly_cases

HELD = policy.load(POLICY)
HOME = "甲小学"


def day(month, number):
    return dt.date(2023 if month > 8 else 2024, month, number)


TERM = [
    {"school_year": "2023-2024", "term": "第一学期", "start": day(9, 1), "end": day(1, 26)},
    {"school_year": "2023-2024", "term": "第二学期", "start": day(2, 26), "end": day(7, 5)},
]
PUPIL = {"student_key": "XS0000001", "name": "甲春梅"}
SUSPECTED = PUPIL | {
    "case_id": "YS-2023-001", "source": "连续缺勤", "last_day": day(10, 10), "found": day(10, 12), "first_call": day(10, 10),
    "first_visit": day(10, 13), "rep_center": day(10, 19), "rep_town": day(10, 17), "teacher": "甲老师",
}  # fmt: skip
HANDED_ON = SUSPECTED | {"verdict": "转辍学台账", "closed": day(11, 7)}
DROPOUT = PUPIL | {
    "case_id": "CX-2023-001", "ys_id": "YS-2023-001", "drop_date": day(10, 10), "confirm_date": day(11, 7),
    "state": "劝返中", "bond_school": "甲老师",
}  # fmt: skip
RETURNED = DROPOUT | {"back_date": day(12, 11), "follow_to": day(7, 5), "state": "已复学跟踪"}


def visit(number, date, case_id="CX-2023-001", mode="家访", result="拒绝", **more):
    return PUPIL | {
        "visit_id": f"QF-{number}",
        "case_id": case_id,
        "seq": number,
        "date": date,
        "mode": mode,
        "result": result,
        **more,
    }


def paper(doc_type, served, deadline, case_id="YS-2023-001", **more):
    return {
        "doc_no": f"W-{doc_type}",
        "doc_type": doc_type,
        "case_id": case_id,
        "issued": served,
        "served": served,
        "deadline": deadline,
        **more,
    }


def town(as_of, suspected=(), dropout=(), visits=(), papers=(), **more):
    sheets = {"suspected": suspected, "dropout": dropout, "visit": visits, "legal": papers, **more}
    rows = {name: list(given) if name == "notice" else {HOME: list(given)} for name, given in sheets.items()}
    return handmade.town({"term": TERM, **rows}, (HOME,), as_of)


def told(made):
    """(step, date, days, late) of every step, in order; dates as month-day."""
    rows = steps.steps(made, HELD)
    return [
        (row.step, "" if pd.isna(row.date) else f"{row.date:%m-%d}", None if pd.isna(row.days) else row.days, row.late)
        for row in rows.itertuples()
    ]


def test_a_life_from_the_first_day_away_to_the_end():
    """In the order of its days, each with the days it had left, or was late by."""
    made = town(
        day(1, 20),
        [HANDED_ON],
        [RETURNED | {"closed": day(1, 19), "state": "已销号"}],
        [
            visit(1, day(10, 13), "YS-2023-001"),
            visit(1, day(11, 10)),
            visit(2, day(11, 20)),
            visit(3, day(12, 11), result="已复学(原班)"),
        ],
        [paper("劝学通知书", day(10, 17), day(10, 24)), paper("限期复学通知书", day(10, 27), day(11, 30))],
        watch=[PUPIL | {"watch_id": "GZ-1", "found": day(10, 11)}],
    )

    assert told(made) == [
        ("离校", "10-10", None, False),
        ("首次联系", "10-10", 1, False),
        ("列入重点关注", "10-11", None, False),
        ("列入疑似", "10-12", 0, False),  # the third day away
        ("首次家访", "10-13", 0, False),
        ("家访：拒绝", "10-13", None, False),
        ("报镇政府", "10-17", 0, False),
        ("送达劝学通知书", "10-17", -3, True),  # until the next paper
        ("书面报中心学校", "10-19", -2, True),
        ("送达限期复学通知书", "10-27", -11, True),  # until the return
        ("疑似结案", "11-07", 0, False),
        ("认定辍学", "11-07", None, False),
        ("家访：拒绝", "11-10", 4, False),
        ("家访：拒绝", "11-20", -3, True),  # a week in the first month
        ("复学", "12-11", None, False),
        ("家访：已复学(原班)", "12-11", -14, True),
        ("销号", "01-19", 168, False),
    ]


def test_what_is_still_to_come_stands_at_its_last_day():
    made = town(
        day(10, 13),
        [PUPIL | {"case_id": "YS-2023-001", "source": "村报告", "last_day": day(10, 9), "found": day(10, 12)}],
    )

    assert told(made) == [
        ("离校", "10-09", None, False),
        ("列入疑似", "10-12", None, False),
        ("首次联系", "", 0, False),
        ("首次家访", "", 0, False),
        ("书面报中心学校", "", 4, False),
        ("报镇政府", "", 6, False),
        ("疑似结案", "", 24, False),
    ]


def test_a_step_that_was_not_needed_is_not_told():
    """Back and closed the next day: nobody had to report to the township or to confirm a dropout."""
    row = PUPIL | {
        "case_id": "YS-2023-001",
        "source": "村报告",
        "found": day(10, 12),
        "closed": day(10, 13),
        "verdict": "返校",
    }
    assert [step for step, *_ in told(town(day(11, 30), [row]))] == ["列入疑似", "疑似结案"]


STATES = [
    (day(10, 11), ""),
    (day(10, 12), "疑似"),
    (day(11, 6), "疑似"),
    (day(11, 7), "辍学劝返中"),
    (day(12, 10), "辍学劝返中"),
    (day(12, 11), "已复学跟踪"),
    (day(1, 19), "已销号"),
]


@pytest.mark.parametrize(("on", "state"), STATES)
def test_state_on_any_day(on, state):
    made = town(day(1, 26), [HANDED_ON], [RETURNED | {"closed": day(1, 19), "state": "已销号"}])

    assert steps.states(made, on).tolist() == [state]


def test_away_again():
    """The relapse is told from 缺勤明细: leave is none, the day of coming back neither."""
    absent = {"student_key": "XS0000001", "name": "甲春梅", "kind": "旷课", "halves": 2, "leave_slip": False}
    rows = [absent | {"date": day(12, 12), "kind": "病假", "leave_slip": True}, absent | {"date": day(12, 20)}]
    made = town(day(1, 26), [HANDED_ON], [RETURNED | {"state": "再次辍学"}], absence=rows)

    assert [steps.states(made, on).item() for on in (day(12, 19), day(12, 20))] == ["已复学跟踪", "再次辍学"]
    assert ("再次辍学", "12-20", None, False) in told(made)


@pytest.mark.parametrize(
    ("verdict", "state"), [("返校", "已销号"), ("数据问题", "已销号"), ("转辍学台账", "疑似"), (None, "已销号")]
)
def test_a_suspected_case_that_is_closed(verdict, state):
    """One handed on to 辍学台账, where it does not stand, has not come to its end."""
    made = town(day(11, 30), [SUSPECTED | {"verdict": verdict, "closed": day(11, 7)}])

    assert steps.states(made, day(11, 30)).tolist() == [state]


def test_what_is_due_next():
    made = town(
        day(10, 16),
        [SUSPECTED | {"rep_center": None, "rep_town": None}],
        visits=[visit(1, day(10, 13), "YS-2023-001", next=day(10, 18))],
        papers=[paper("劝学通知书", day(10, 13), day(10, 20))],
    )
    (row,) = steps.next_steps(made, HELD).itertuples()
    assert (row.state, row.step, row.days, row.late) == ("疑似", "书面报中心学校", 1, False)

    (row,) = steps.next_steps(replace(made, as_of=day(10, 19)), HELD).itertuples()
    assert (row.step, row.days, row.late) == ("书面报中心学校", -2, True), "the one that is late longest"


@pytest.mark.parametrize(
    ("sheets", "step", "days"),
    [
        ({"suspected": [SUSPECTED | {"last_day": day(10, 25)}], "visits": [visit(1, day(10, 20), "YS-2023-001", next=day(11, 2))]}, "约定的下次劝返", 2),
        ({"suspected": [SUSPECTED], "papers": [paper("劝学通知书", day(10, 20), day(10, 27))]}, "劝学通知书限期", -4),
        ({"dropout": [RETURNED | {"confirm_date": day(10, 20), "back_date": day(10, 30)}]}, "销号", 248),
        ({"dropout": [DROPOUT | {"confirm_date": day(10, 26)}]}, "下一次劝返", 2),
    ],
)  # fmt: skip
def test_every_kind_of_next_step(sheets, step, days):
    (row,) = steps.next_steps(town(day(10, 31), **sheets), HELD).itertuples()
    assert (row.step, row.days) == (step, days)


def test_a_closed_case_has_no_next_step():
    made = town(day(1, 26), [SUSPECTED | {"verdict": "返校", "closed": day(10, 20)}])
    assert steps.next_steps(made, HELD).empty


def test_no_case_at_all():
    assert steps.steps(town(day(10, 31)), HELD).empty
    assert steps.next_steps(town(day(10, 31)), HELD).empty
    assert steps.states(town(day(10, 31)), day(10, 31)).empty


# --- one case, several rows -------------------------------------------------------------------------------------------
def test_which_rows_are_one_case():
    """A visit belongs to the case it names; one that names none, or none there is, to the pupil's."""
    visits = [visit(1, day(10, 13), "YS-2023-001"), visit(1, day(11, 10)), visit(2, day(11, 17), None), visit(3, day(11, 20), "CX-2023-009"),
              visit(1, day(11, 20), None) | {"student_key": "XS0000002", "name": "乙夏竹"}]  # fmt: skip
    other = SUSPECTED | {"case_id": "YS-2023-002", "student_key": "XS0000003", "name": "丙秋菊"}
    made = town(day(11, 30), [other, HANDED_ON], [DROPOUT], visits, [paper("劝学通知书", day(10, 17), day(10, 24))])
    book = case_facts.cases(made)

    assert len(book) == 2
    (number,) = book.index[book["student_key"] == "XS0000001"]
    assert case_facts.visits(made)["case"].tolist() == [number] * 4 + [pd.NA]
    assert case_facts.papers(made)["case"].tolist() == [number]


def test_two_schools_with_one_number():
    rows = {name: {home: [row | {"student_key": key}] for home, key in (("甲小学", "XS0000001"), ("乙小学", "XS0000002"))}
            for name, row in (("suspected", HANDED_ON), ("dropout", DROPOUT))}  # fmt: skip
    made = handmade.town({"term": TERM, **rows}, ("甲小学", "乙小学"), day(11, 30))

    assert len(case_facts.cases(made)) == 2
    assert (case_facts.cases(made)["ys_id"].notna() & case_facts.cases(made)["cx_id"].notna()).all()


# --- time limits that no rule finds missed ------------------------------------------------------------------------------
def state(made, deadline):
    rows = base.state(made, HELD, deadline)
    return [
        (f"{row.due:%m-%d}" if pd.notna(row.due) else "", pd.notna(row.done), row.late) for row in rows.itertuples()
    ]


@pytest.mark.parametrize(
    ("deadline", "row", "expected"),
    [
        # away since Tuesday 10-10: listed on the third day, whatever the source of a case; only absence is known at once
        (cases.LISTED, {}, [("10-12", True, False)]),
        (cases.LISTED, {"found": day(10, 13)}, [("10-12", True, True)]),
        (cases.LISTED, {"source": "系统推送"}, []),
        (cases.CALL, {"first_call": day(10, 11)}, [("10-11", True, False)]),
        (cases.CALL, {"first_call": day(10, 12)}, [("10-11", True, True)]),
        (cases.CALL, {"first_call": None, "source": "村报告"}, [("10-13", False, True)]),
        (cases.VISIT, {"first_visit": day(10, 12)}, [("10-12", True, False)]),
        (cases.VISIT, {}, [("10-12", True, True)]),
        (cases.TOWNSHIP, {"rep_town": day(10, 18)}, [("10-17", True, True)]),
        (cases.TOWNSHIP, {"rep_town": None, "source": "比对"}, [("10-19", False, True)]),
        (cases.TOWNSHIP, {"rep_town": None, "closed": day(10, 17), "verdict": "返校"}, [("10-17", True, False)]),
        (cases.POOR, {}, []),
        (cases.POOR, {"poor": True}, [("10-12", True, True)]),
        (cases.POOR, {"groups": "监测户", "rep_town": day(10, 12)}, [("10-12", True, False)]),
        (cases.CONFIRMED, {}, [("11-07", False, True)]),
        (cases.CONFIRMED, {"last_day": day(10, 7)}, [("11-06", False, True)]),  # 28 days on is a Saturday
        (cases.CONFIRMED, {"closed": day(11, 8), "verdict": "返校"}, [("11-07", True, True)]),
        (cases.CONFIRMED, {"last_day": None}, [("", False, False)]),
    ],
)
def test_limits_of_a_suspected_case(deadline, row, expected):
    assert state(town(day(11, 30), [SUSPECTED | row]), deadline) == expected


def test_a_visit_that_handed_the_case_on_tells_the_township():
    made = town(
        day(11, 30),
        [SUSPECTED | {"rep_town": None}],
        visits=[visit(1, day(10, 16), "YS-2023-001", result="移送镇政府")],
    )
    assert state(made, cases.TOWNSHIP) == [("10-17", True, False)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, [("07-05", False, False)]),
        ({"follow_to": None}, [("07-05", False, False)]),  # to the end of the term after
        ({"follow_to": day(1, 10)}, [("01-10", False, True)]),
        ({"follow_to": day(1, 10), "closed": day(1, 10)}, [("01-10", True, False)]),
    ],
)
def test_follow_up(row, expected):
    assert state(town(day(1, 20), dropout=[RETURNED | row]), cases.FOLLOWED) == expected


OF_A_CASE = ("suspected", "dropout", "visit", "legal", "notice")


def test_a_changed_parameter_changes_every_limit_that_names_it():
    """Each deadline of a case reads the parameters it names, and no fixed number of its own."""
    made = town(day(1, 20), [SUSPECTED | {"poor": True}], [RETURNED | {"follow_to": None, "ys_id": None, "confirm_date": day(10, 20)}],
                papers=[paper("劝学通知书", day(10, 17), None)], visits=[visit(1, day(11, 21))],
                notice=[PUPIL | {"notice_no": "T-1", "due": day(9, 1), "school_code": "X"}])  # fmt: skip
    for one in (one for one in (*cases.DEADLINES, *enrolment.DEADLINES) if one.sheet in OF_A_CASE):
        before = one.rows(made, HELD)["due"].tolist()
        for key in one.limits:
            changed = [replace(p, value=p.value + 2) if p.key == key else p for p in HELD.parameters]
            if key == "follow_up_terms":  # only two terms are written down: nothing is later than the second
                continue
            assert one.rows(made, policy.Policy(tuple(changed)))["due"].tolist() != before, (one.title, key)


def test_units_are_the_parameters_own():
    assert HELD.parameter("first_visit_within").unit == calendar.SCHOOL_DAY
    made = town(day(10, 31), [SUSPECTED | {"found": day(10, 13), "first_visit": None}])  # a Friday
    assert state(made, cases.FIRST_VISIT) == [("10-16", False, True)]


# --- on the monthly page ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("home", "first"),
    [(HOME, ("—", "书面报中心学校", "2023-10-17", "逾期 14 天", "甲春梅")), ("", (HOME, "书面报中心学校"))],
)
def test_the_page_shows_what_is_due_next(home, first):
    """Late ones first and counted; the town's edition has the school in place of the class, and no whole name."""
    soon = SUSPECTED | {"case_id": "YS-2023-002", "student_key": "XS0000002", "name": "乙夏竹", "last_day": day(10, 25)}
    made = town(day(10, 31), [SUSPECTED | {"rep_center": None}, soon])
    blocks = monthly_cases.cases(handmade.month(made, home)).blocks
    (note,) = [block for block in blocks if isinstance(block, Note) and "下一步" in block.text]
    (details,) = [block for block in blocks if isinstance(block, Details) and "下一步" in block.summary]
    (table,) = details.blocks

    assert (note.tone, "2 件" in note.text, "1 件" in note.text) == ("bad", True, True)
    assert table.rows[0][: len(first)] == first
    assert len(table.rows) == 2
    assert ("甲春梅" in str(table.rows)) == bool(home)


def test_a_gap_between_visits_is_late_once_however_many_went_on_its_last_day():
    made = town(
        day(11, 30),
        [HANDED_ON],
        [DROPOUT],
        [visit(1, day(11, 10)), visit(2, day(11, 20)), visit(3, day(11, 20), mode="送达文书")],
    )

    assert [one for one in told(made) if one[1] == "11-20"] == [
        ("家访：拒绝", "11-20", -3, True),
        ("送达文书：拒绝", "11-20", None, False),
    ]


def test_a_case_found_later_has_no_step_yet():
    """Away and watched before the day, on a ledger only after it: on that day there is no case to speak of."""
    rows = {"suspected": [SUSPECTED], "watch": [PUPIL | {"watch_id": "GZ-1", "found": day(10, 9)}]}

    assert told(town(day(10, 11), **rows)) == []
    assert ("列入重点关注", "10-09", None, False) in told(town(day(10, 12), **rows))


def test_a_watch_that_was_over_belongs_to_no_later_case():
    over = PUPIL | {"watch_id": "GZ-1", "found": day(9, 11), "closed": day(9, 28)}
    later = PUPIL | {"watch_id": "GZ-2", "found": day(10, 16)}

    assert not [step for step, *_ in told(town(day(11, 1), [SUSPECTED], watch=[over])) if step == "列入重点关注"]
    steps = told(town(day(11, 1), [SUSPECTED], watch=[over, later]))
    assert ("列入重点关注", "10-16", None, False) in steps
