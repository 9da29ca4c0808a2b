"""Signals and colours: each of W1 to W16 on a small town, and what must hold of any town."""

import datetime as dt
import random
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import handmade
from kongchuo.core import policy, schema
from kongchuo.core.places import POLICY
from kongchuo.core.schema import CENTRE
from kongchuo.core.tables import Town
from kongchuo.core.workbooks import Workbook
from kongchuo.facts import attendance, signals

HELD = policy.load(POLICY)
HOME, YEAR = "示例中学", handmade.YEAR
KEY, OTHER = "XS0000001", "XS0000002"
SEVEN, EIGHT = "SLZ01-2023-01", "SLZ01-2022-01"
TERM = {"school_year": YEAR, "term": "第一学期", "start": dt.date(2023, 9, 1), "end": dt.date(2024, 1, 19)}
BASE = {
    "school": [{"school_code": "SLZ01", "school_name": HOME, "stage": "初中"}],
    "village": [
        {"village_code": "SLC001", "village_name": "样例一村"},
        {"village_code": "SLC002", "village_name": "样例二村"},
    ],
    "class": [
        {"school_year": YEAR, "school_code": "SLZ01", "class_id": class_id, "class_name": name, "grade": grade}
        for class_id, name, grade in ((SEVEN, "七(1)班", 7), (EIGHT, "八(1)班", 8))
    ],
    "term": [TERM],
}
DAYS = [day.date() for day in pd.bdate_range("2023-09-01", "2023-10-31")]
DAILY = [{"date": day, "class_id": class_id, "due": 2} for day in DAYS for class_id in (SEVEN, EIGHT)]
AS_OF, LISTED, OCTOBER_9 = dt.date(2023, 10, 31), dt.date(2023, 9, 15), dt.date(2023, 10, 9)


EMPTY = {name: handmade.table(sheet, []) for name, sheet in schema.default().sheets.items()}


def day(number, month=10):
    return dt.date(2023, month, number)


def pupil(key=KEY, class_id=SEVEN, **more):
    given = {"name": f"甲{key[-1]}", "status": "在读", "status_date": dt.date(2022, 9, 1), "guest": False}
    return {"student_key": key, "class_id": class_id, **given, **more}


def away(*dates, kind="旷课", halves=2, key=KEY, class_id=SEVEN, slip=False):
    given = {"class_id": class_id, "student_key": key, "name": f"甲{key[-1]}", "kind": kind, "halves": halves}
    return [{"date": one, **given, "leave_slip": slip} for one in dates]


def town(roster=None, as_of=AS_OF, **rows):
    """One school with two classes, every school day counted in both; everything else as given."""
    rows = BASE | {"daily": DAILY, "roster": [pupil()] if roster is None else roster} | rows
    made, books = schema.default(), {}
    for name, cells in rows.items():
        books.setdefault(made.book_of[name].name, {})[name] = handmade.table(made.sheets[name], cells)
    workbooks = []
    for book in made.books:
        home = CENTRE if book.owner == "centre" else HOME
        tables = {sheet.name: EMPTY[sheet.name] for sheet in book.sheets} | books.get(book.name, {})
        workbooks.append(Workbook(f"{YEAR}/{home}/{book.stems[0]}.xlsx", book, home, tables=tables))
    return Town(YEAR, as_of, made, tuple(workbooks))


def fired(made, on=None, key=KEY):
    """Code -> points of one pupil's signals."""
    rows = signals.fired(made, HELD, on or made.as_of)
    rows = rows[rows["student_key"] == key]
    return dict(zip(rows["code"], rows["points"], strict=True))


def colour(made, on=None, key=KEY):
    rows = signals.coloured(made, HELD, on or made.as_of)
    return dict(zip(rows["student_key"], rows["colour"], strict=True)).get(key, "")


def plan(kind, listed=LISTED, **more):
    return {"pupil_plan": "SA1", "school_year": YEAR, "student_key": KEY, "kind": kind, "listed": listed, **more}


def watch(names, found=OCTOBER_9, **more):
    return {"watch_id": "GZ1", "school_year": YEAR, "student_key": KEY, "signals": names, "found": found, **more}


def gone(key=OTHER, confirmed=OCTOBER_9, **more):
    given = {
        "village_code": "样例一村",
        "grade": 8,
        "guardian": "甲桂",
        "guardian_tel": "10000000009",
        "state": "劝返中",
    }
    return {"case_id": "CX-2023-001", "student_key": key, "confirm_date": confirmed, **given, **more}


HERE = {"village_code": "样例一村", "guardian": "甲母", "guardian_tel": "10000000001"}
MOVE = {"move_id": "BD1", "date": day(9), "student_key": KEY, "kind": "转入", "class_to": SEVEN, "sys_state": "已发起"}
CASES = {
    "one day": ({"absence": away(day(31))}, {"W1": 2}),
    "half a day is none": ({"absence": away(day(31), halves=1)}, {}),
    "two days over a weekend": ({"absence": away(day(30), day(31)), "daily": DAILY}, {"W1": 4}),
    "a day and a half": ({"absence": away(day(30)) + away(day(31), halves=1)}, {"W1": 2}),
    "back the next day": ({"absence": away(day(30))}, {}),
    "leave without a slip": ({"absence": away(day(31), kind="病假")}, {"W1": 2}),
    "leave with a slip": ({"absence": away(day(31), kind="病假", slip=True)}, {}),
    "three days in twenty, apart": ({"absence": away(day(10), day(18), day(26))}, {"W2": 3}),
    "three days, one long ago": ({"absence": away(day(26, 9), day(18), day(26))}, {}),
    "two days and a half": ({"absence": away(day(10), day(18)) + away(day(26), halves=1)}, {}),
    "two Mondays": ({"absence": away(day(16), day(23))}, {"W3": 2}),
    "a Monday and the day after the holiday": (
        {"absence": away(day(12), day(16)), "calendar": [{"date": day(11), "is_school_day": False, "reason": "放假"}]},
        {"W3": 2},
    ),
    "two market days": (
        {
            "absence": away(day(18), day(25)),
            "calendar": [{"date": day(n), "is_school_day": True, "reason": "集日"} for n in (18, 25)],
        },
        {"W3": 2},
    ),
    "two Mondays, ill with a slip": ({"absence": away(day(16), day(23), kind="病假", slip=True)}, {}),
    "one Monday in two halves": ({"absence": away(day(16), day(16), halves=1)}, {}),
    "late by four days": ({"absence": away(*DAYS[:4], kind="开学未报到")}, {"W4": 4}),
    "late by three days": ({"absence": away(*DAYS[:3], kind="开学未报到")}, {}),
    "never arrived": ({"absence": away(*DAYS, kind="开学未报到")}, {"W1": 4, "W2": 3, "W3": 2, "W4": 4}),
    "weak": ({"pupil_plan": [plan("学困")]}, {"W5": 1}),
    "weary": ({"pupil_plan": [plan("厌学")]}, {"W6": 3}),
    "both in one": ({"pupil_plan": [plan("学困兼厌学")]}, {"W5": 1, "W6": 3, "W7": 1}),
    "both in two": ({"pupil_plan": [plan("学困"), plan("厌学")]}, {"W5": 1, "W6": 3, "W7": 1}),
    "turned around": ({"pupil_plan": [plan("厌学", converted=True)]}, {}),
    "of last year": ({"pupil_plan": [plan("厌学") | {"school_year": "2022-2023"}]}, {}),
    "listed later": ({"pupil_plan": [plan("厌学", dt.date(2023, 11, 1))]}, {}),
    "poor": ({"family_plan": [{"student_key": KEY, "poor_type": "低保"}]}, {"W8": 1}),
    "an orphan is not poor by that": ({"family_plan": [{"student_key": KEY, "poor_type": "孤儿"}]}, {}),
    "both parents away": ({"leftbehind": [{"student_key": KEY, "left_type": "双亲留守", "care": "一般"}]}, {"W9": 2}),
    "bad care": ({"leftbehind": [{"student_key": KEY, "left_type": "单亲留守", "care": "差"}]}, {"W9": 2}),
    "one parent away": ({"leftbehind": [{"student_key": KEY, "left_type": "单亲留守", "care": "一般"}]}, {}),
    "something happened at home": ({"watch": [watch("厌学、家庭变故")]}, {"W10": 2}),
    "long ago and over": ({"watch": [watch("家庭变故", closed=day(20))]}, {}),
    "disabled": ({"disabled": [{"student_key": KEY}], "roster": [pupil(health="残疾")]}, {"W11": 1}),
    "chronically ill": ({"roster": [pupil(health="有慢性病")]}, {"W11": 1}),
    "back, and followed": ({"dropout": [gone(KEY, back_date=day(16), follow_to=dt.date(2024, 3, 1))]}, {"W12": 3}),
    "back, and followed to the end": ({"dropout": [gone(KEY, back_date=day(10), follow_to=day(20))]}, {}),
    "away again": ({"dropout": [gone(KEY, back_date=day(16), state="再次辍学")]}, {}),
    "one thing in the conduct": ({"watch": [watch("早恋")]}, {"W13": 2}),
    "three things in the conduct": ({"watch": [watch("早恋、沉迷网络、不良交往")]}, {"W13": 4}),
    "a sibling is gone": (
        {"roster": [pupil(guardian="甲桂", guardian_tel="10000000009", village_code="SLC002")], "dropout": [gone()]},
        {"W14": 2},
    ),
    "a child of the village is gone": ({"roster": [pupil(**HERE)], "dropout": [gone()]}, {"W14": 2}),
    "a much older child is gone": ({"roster": [pupil(**HERE)], "dropout": [gone(grade=9)]}, {}),
    "a child of another village": ({"roster": [pupil(**HERE)], "dropout": [gone(village_code="SLC002")]}, {}),
    "who is back by now": ({"roster": [pupil(**HERE)], "dropout": [gone(back_date=day(31))]}, {}),
    "the pupil's own case": ({"roster": [pupil(**HERE)], "dropout": [gone(KEY)]}, {}),
    "nobody knows which village": ({"roster": [pupil()], "dropout": [gone(village_code=None, guardian=None)]}, {}),
    "grade eight": ({"roster": [pupil(class_id=EIGHT)]}, {"W15": 1}),
    "a guest": ({"roster": [pupil(guest=True)]}, {"W16": 1}),
    "a transfer that takes too long": ({"change": [MOVE | {"sys_start": day(16)}]}, {"W16": 1}),
    "a transfer of ten working days": ({"change": [MOVE | {"sys_start": day(17)}]}, {}),
    "a transfer done by then": (
        {"change": [MOVE | {"sys_start": day(9), "sys_date": day(30), "sys_state": "已核办"}]},
        {},
    ),
}


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES.keys())
def test_signal(rows, expected):
    assert fired(town(**rows)) == expected


def test_every_signal_fires_in_a_case_and_explains_itself():
    """Each has its code of domain.md 4.4, its name in 重点关注, words for staff, and a case above."""
    names = {value.name: value.code for value in schema.default().codes["signal"].values}
    sheets = schema.default().sheets
    assert [one.code for one in signals.SIGNALS] == [f"W{number}" for number in range(1, 17)]
    assert {code for _, expected in CASES.values() for code in expected} == {one.code for one in signals.SIGNALS}
    for one in signals.SIGNALS:
        assert one.code == "W13" or names[one.title] == one.code
        assert one.explains.endswith("。")
        assert all(need.split(".")[1] in sheets[need.split(".")[0]].by_name for need in one.needs)


def test_a_signal_says_since_when_and_why():
    made = town(absence=away(day(30), day(31)))
    rows = signals.fired(made, HELD, AS_OF)
    assert rows["since"].tolist() == [pd.Timestamp(day(30))]
    assert rows["reason"].tolist() == ["自10-30起连续无故缺勤2个上课日"]
    assert rows.index.tolist() == [made.place_of(f"{YEAR}/{HOME}/学籍.xlsx", 2)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({}, ""),
        ({"absence": away(day(31))}, ""),
        ({"pupil_plan": [plan("厌学")]}, "蓝"),
        ({"absence": away(day(30), day(31))}, "蓝"),
        ({"pupil_plan": [plan("学困兼厌学")]}, "黄"),
        ({"pupil_plan": [plan("厌学")], "absence": away(day(31))}, "黄"),
        ({"absence": away(day(26), day(27), day(30)) + away(day(31), halves=1)}, "红"),
        ({"absence": away(day(27), day(30), day(31))}, "红"),
        ({"pupil_plan": [plan("学困兼厌学")], "watch": [watch("家庭变故、早恋")]}, "红"),
    ],
)
def test_colour(rows, expected):
    assert colour(town(**rows)) == expected


def test_three_days_are_red_whatever_the_points():
    held = policy.Policy(
        tuple(replace(one, value=[0, 0]) if one.key == "signal_streak_points" else one for one in HELD.parameters)
    )
    rows = signals.coloured(town(absence=away(day(27), day(30), day(31))), held, AS_OF)
    assert rows["colour"].tolist() == ["红"]


GROUPS = {
    "family_plan": [{"student_key": KEY, "poor_type": "脱贫户"}],
    "leftbehind": [{"student_key": KEY, "left_type": "双亲留守", "care": "差"}],
    "disabled": [{"student_key": KEY}],
    "roster": [pupil(class_id=EIGHT, guest=True)],
}


def test_what_a_pupil_is_never_exceeds_blue():
    made = town(**GROUPS)
    assert sum(fired(made).values()) >= HELD["warn_yellow"]
    assert colour(made) == "蓝"
    assert colour(town(**GROUPS, pupil_plan=[plan("学困")])) == "黄"


@pytest.mark.parametrize("state", ["休学", "已转出", "辍学", "送教上门", "死亡", None])
def test_who_is_not_at_school_has_no_colour(state):
    assert colour(town(roster=[pupil(status=state)], pupil_plan=[plan("学困兼厌学")])) == ""


def test_nothing_later_than_the_day_counts():
    rows = {
        "absence": away(*DAYS),
        "pupil_plan": [plan("厌学", day(20))],
        "watch": [watch("家庭变故", day(23))],
        "roster": [pupil(**HERE)],
        "dropout": [gone(confirmed=day(24))],
    }
    earlier = {
        "absence": away(*[one for one in DAYS if one <= day(18)]),
        "roster": [pupil(**HERE)],
    }
    assert fired(town(**rows), day(18)) == fired(town(**earlier, as_of=day(18)))


def test_who_is_new_between_two_days():
    made = town(
        roster=[pupil(), pupil(OTHER)],
        pupil_plan=[plan("厌学"), plan("厌学", day(25)) | {"student_key": OTHER}],
        absence=away(day(31)) + away(day(24), key=OTHER),
    )
    rows = signals.moved(made, HELD, day(24), day(31)).set_index("student_key")
    assert rows[["before", "colour", "news"]].to_dict("index") == {
        KEY: {"before": "蓝", "colour": "黄", "news": "连续无故缺勤"},
        OTHER: {"before": "", "colour": "蓝", "news": "厌学"},
    }
    assert signals.moved(made, HELD, day(31), day(31)).empty
    back = signals.moved(made, HELD, day(31), day(24)).set_index("student_key")
    assert back.loc[OTHER, ["before", "colour"]].tolist() == ["蓝", ""]


def test_a_town_without_anything_has_no_signal():
    made = town(roster=[], daily=[], term=[], **{"class": []})
    assert signals.fired(made, HELD, AS_OF).empty
    assert signals.coloured(made, HELD, AS_OF).empty
    assert signals.moved(made, HELD, day(1), AS_OF).empty


# --- properties -------------------------------------------------------------------------------------------------------
SOME_DAYS = st.lists(st.sampled_from(DAYS), unique=True, max_size=25)
KINDS = st.sampled_from(attendance.UNEXCUSED)


@settings(max_examples=15, deadline=None)
@given(SOME_DAYS, KINDS, st.sampled_from(DAYS), KINDS, st.sampled_from([1, 2]), st.sampled_from(DAYS), st.booleans())
def test_more_absence_never_lowers_the_colour(dates, kind, more, other, halves, on, group):
    given_rows = {"pupil_plan": [plan("学困")]} | (GROUPS if group else {})
    before = away(*dates, kind=kind)
    after = before + (away(more, kind=other, halves=halves) if more not in dates else [])
    less, later = (town(**given_rows, absence=rows) for rows in (before, after))
    order = ["", *signals.COLOURS]
    assert order.index(colour(less, on)) <= order.index(colour(later, on))
    assert set(fired(less, on)) <= set(fired(later, on))


@settings(max_examples=8, deadline=None)
@given(st.integers())
def test_the_order_of_rows_changes_nothing(seed):
    chance = random.Random(seed)
    rows = {
        "roster": [pupil(f"XS000000{n}", chance.choice((SEVEN, EIGHT)), **HERE) for n in range(1, 7)],
        "absence": [
            row
            for n in range(1, 7)
            for row in away(
                *chance.sample(DAYS, chance.randint(0, 8)), key=f"XS000000{n}", halves=chance.choice((1, 2))
            )
        ],
        "pupil_plan": [
            plan(chance.choice(("学困", "厌学", "学困兼厌学"))) | {"student_key": f"XS000000{n}"} for n in (1, 2, 2, 4)
        ],
        "watch": [watch("家庭变故、早恋") | {"student_key": f"XS000000{n}"} for n in (1, 3)],
        "dropout": [gone("XS0000005"), gone("XS0000006", day(16))],
    }
    mixed = {name: chance.sample(found, len(found)) for name, found in rows.items()}
    columns = ["student_key", "class_id", "colour", "since", "signals", "reasons"]
    first, second = (
        signals.coloured(town(**one), HELD, AS_OF)[columns].sort_values("student_key").reset_index(drop=True)
        for one in (rows, mixed)
    )
    pd.testing.assert_frame_equal(first, second)
