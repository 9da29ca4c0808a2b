"""Figures counted again with plain loops over the rows as they were typed, on small towns written by hand."""

import random
from dataclasses import replace

import pandas as pd
import pytest

import handmade
from kongchuo.core.findings import FIGURE_KINDS
from kongchuo.core.policy import Policy
from kongchuo.facts.attendance import streaks
from kongchuo.figures import attendance, duty, enrolment as schooling, flows, selfcheck, support
from kongchuo.figures.base import Measure
from kongchuo.pages import display

HOMES = ("甲小学", "乙小学")
CLASSES = {"甲小学": ["JJ-2020-01", "JJ-2020-02"], "乙小学": ["YY-2021-01"]}
DAYS = ["2023-10-09", "2023-10-10", "2023-10-11", "2023-11-01"]
TERM = {
    "term": {
        "中心学校": [{"school_year": handmade.YEAR, "term": "第一学期", "start": "2023-09-01", "end": "2024-01-31"}]
    }
}


def registry():
    schools = [
        {"school_code": "JJ", "school_name": "甲小学", "stage": "小学"},
        {"school_code": "YY", "school_name": "乙小学", "stage": "小学"},
    ]
    classes = [
        {
            "school_year": handmade.YEAR,
            "school_code": key[:2],
            "class_id": key,
            "class_name": f"班{key[-1]}",
            "grade": 2024 - int(key[3:7]),
        }
        for keys in CLASSES.values()
        for key in keys
    ]
    term = [{"school_year": handmade.YEAR, "term": "第一学期", "start": "2023-09-01", "end": "2024-01-19"}]
    return {"school": schools, "class": classes, "term": term}


def daily(seed=1):
    chance = random.Random(seed)
    rows = {home: [] for home in HOMES}
    for home, keys in CLASSES.items():
        for key in keys:
            for day in DAYS:
                if chance.random() > 0.3:
                    away = chance.randint(0, 4)
                    rows[home].append(
                        {"date": day, "class_id": key, "due": 30, "present": 30 - away, "unexcused": away}
                    )
    return rows


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (1234, 1250, "98.7 %（1234/1250）"),
        (1250, 1250, "100.0 %（1250/1250）"),
        (99999, 100000, ">99.9 %（99999/100000）"),  # never rounded up to a full count
        (1, 100000, "<0.1 %（1/100000）"),  # nor down to none
        (0, 20, "0.0 %（0/20）"),
        (7, 9, "7/9"),
        (0, 0, "无"),
    ],
)
def test_a_rate_is_printed_with_its_counts(numerator, denominator, text):
    assert Measure("D10", "出勤率", numerator, denominator).text == text


@pytest.mark.parametrize("counts", [(None, 30), (29, None), (29.5, 30), (-1, 30)])
def test_n02_a_rate_without_its_two_counts_is_never_made(counts):
    with pytest.raises(ValueError, match="缺少分子或分母"):
        Measure("D10", "出勤率", *counts)


def test_n02_nothing_prints_a_rate_without_its_counts():
    """Wherever a rate shows a per cent, numerator and denominator stand beside it."""
    for numerator, denominator in ((1234, 1250), (30, 30), (0, 20), (7, 9), (12, 11)):
        shown = display.cell(Measure("D10", "出勤率", numerator, denominator))
        assert f"{numerator}/{denominator}" in shown.text + shown.counts
        assert ("%" in shown.text) <= bool(shown.counts)


def test_n04_a_small_base_prints_counts_only_and_says_why():
    """As many as policy's small_denominator are enough."""
    small, enough = (Measure("D10", "出勤率", 9, base, small=10) for base in (9, 10))

    assert (small.text, small.percent, small.note) == ("9/9", "", FIGURE_KINDS["N04"].says)
    assert (enough.text, enough.note) == ("90.0 %（9/10）", "")


def test_n04_the_limit_is_that_of_the_policy():
    rows = {"甲小学": [{"date": "2023-10-09", "class_id": "JJ-2020-01", "due": 12, "present": 12}]}
    scope = handmade.scope(handmade.town(registry() | {"daily": rows}, HOMES))
    entries = tuple(
        replace(item, value=13) if item.key == "small_denominator" else item for item in scope.policy.parameters
    )

    assert attendance.rate(scope).total.text == "100.0 %（12/12）"
    assert attendance.rate(replace(scope, policy=Policy(entries))).total.text == "12/12"


def test_what_could_not_be_read_is_not_none():
    """Nothing read and nothing there are two things: only the second is 无."""
    unread = Measure("D10", "出勤率", 0, 0, missing=("甲小学",))

    assert (unread.text, unread.unknown, unread.full) == ("尚未判定", True, False)
    assert "甲小学" in unread.note


def test_attendance_is_summed_and_never_averaged():
    rows = daily()
    scope = handmade.scope(handmade.town(registry() | {"daily": rows}, HOMES))

    rate = attendance.rate(scope)

    for home in HOMES:
        present = sum(row["present"] for row in rows[home] if row["date"] < "2023-11")
        due = sum(row["due"] for row in rows[home] if row["date"] < "2023-11")
        assert (rate.by("home")[home].numerator, rate.by("home")[home].denominator) == (present, due)
    for level in ("home", "grade", "class_id"):
        parts = rate.by(level).values()
        assert sum(part.numerator for part in parts) == rate.total.numerator
        assert sum(part.denominator for part in parts) == rate.total.denominator


def test_a_row_with_an_error_is_left_out_of_the_rate_and_said():
    town = handmade.town(registry() | {"daily": daily()}, HOMES)
    workbook = next(book.name for book in town.workbooks if book.home == "甲小学" and book.book.name == "attendance")
    trusted = attendance.rate(handmade.scope(town)).total

    left = attendance.rate(handmade.scope(town, distrusted=frozenset([(workbook, "日查", 2)]))).total

    assert (trusted.denominator - left.denominator, left.left_out) == (30, 1)
    assert "1行有错误" in left.note


def test_filed_counts_each_class_on_each_school_day():
    rows = daily()
    scope = handmade.scope(handmade.town(registry() | TERM | {"daily": rows}, HOMES), DAYS[0], DAYS[2])

    rate = attendance.filed(scope).total

    done = {(row["class_id"], row["date"]) for home in HOMES for row in rows[home]}
    expected = sum((key, day) in done for keys in CLASSES.values() for key in keys for day in DAYS[:3])
    assert (rate.numerator, rate.denominator) == (expected, 9)


def test_a_grade_or_class_narrows_the_figures():
    town = handmade.town(registry() | {"daily": daily()}, HOMES)
    whole = attendance.rate(handmade.scope(town))

    assert attendance.rate(handmade.scope(town, grade=3)).total == whole.by("grade")[3]
    assert attendance.rate(handmade.scope(town, class_id="JJ-2020-02")).total == whole.by("class_id")["JJ-2020-02"]


def test_a_class_is_known_by_its_name_within_its_school():
    rows = {"甲小学": [{"date": "2023-10-09", "class_id": "班2", "due": 30, "present": 29}]}
    scope = handmade.scope(handmade.town(registry() | {"daily": rows}, HOMES))

    assert list(attendance.rate(scope).by("class_id")) == ["JJ-2020-02"]


def test_an_unread_school_is_named_and_not_counted():
    town = handmade.town(registry() | {"daily": daily()}, HOMES, unread=[("乙小学", "attendance")])
    rate = attendance.rate(handmade.scope(town))

    assert rate.total.missing == ("乙小学",)
    assert rate.by("home")["乙小学"].text == "尚未判定"


def test_an_unread_ledger_does_not_count_as_nothing_done():
    """The base can be read and what was done cannot: the school is left out whole, never shown as 0 of so many."""
    roster = {home: [pupil(1, groups="低保") | {"class_id": CLASSES[home][0]}] for home in HOMES}
    plans = {"甲小学": [{"family_plan": "JA-1", "student_key": "XS0000001"}]}
    town = handmade.town(registry() | {"roster": roster, "family_plan": plans}, HOMES, unread=[("乙小学", "support")])
    rate = support.family_plans(handmade.scope(town))

    assert (rate.total.text, rate.total.full, rate.by("home")["乙小学"].text) == ("1/1", False, "尚未判定")
    town = handmade.town(registry() | TERM | {"daily": daily()}, HOMES, unread=[("乙小学", "attendance")])
    assert attendance.filed(handmade.scope(town, DAYS[0], DAYS[0])).total.denominator == 2


def cases(seed):
    """Suspected cases with every order of found and closed around October 2023, a missing date among them."""
    chance, rows = random.Random(seed), []
    days = ["2023-09-05", "2023-09-30", "2023-10-01", "2023-10-15", "2023-10-31", "2023-11-02"]
    verdicts = ["返校", "转辍学台账", "请假属实", "数据问题", "其他销号"]
    for number in range(40):
        found, closed = sorted((chance.choice(days), chance.choice(days)))
        verdict = chance.choice([None, *verdicts])
        row = {
            "case_id": f"YS-JJ-2023-{number:03}",
            "student_key": f"XS{number:07}",
            "class_id": chance.choice(CLASSES["甲小学"]),
        }
        rows.append(row | {"found": found, "closed": closed if verdict else None, "verdict": verdict})
    return [*rows, {"case_id": "YS-JJ-2023-099", "found": None, "class_id": CLASSES["甲小学"][0]}]


@pytest.mark.parametrize("seed", range(5))
def test_the_flow_of_suspected_cases_balances(seed):
    rows = cases(seed)
    scope = handmade.scope(handmade.town(registry() | {"suspected": {"甲小学": rows}}, HOMES))

    flow = flows.case_flow(scope, flows.suspected(scope), flows.SUSPECTED_STEPS)

    def is_open(row, day):
        return (row["found"] is None or row["found"] <= day) and (row.get("closed") is None or row["closed"] > day)

    def left(verdicts):
        return sum(
            "2023-10-01" <= (row.get("closed") or "") <= "2023-10-31" and row["verdict"] in verdicts for row in rows
        )

    assert list(flow.sum()) == [
        sum(is_open(row, "2023-09-30") for row in rows),
        sum("2023-10-01" <= (row["found"] or "") <= "2023-10-31" for row in rows),
        left(["返校"]),
        left(["转辍学台账"]),
        left(["请假属实", "数据问题", "其他销号"]),
        sum(is_open(row, "2023-10-31") for row in rows),
    ]
    opening, new, *out, closing = (flow[name] for name in flow.columns)
    assert (opening + new - sum(out) == closing).all()


def test_a_dropout_who_left_again_is_open():
    rows = [
        {"student_key": "XS0000001", "confirm_date": "2023-09-20", "back_date": "2023-10-10", "state": "已复学跟踪"},
        {"student_key": "XS0000002", "confirm_date": "2023-09-20", "back_date": "2023-10-10", "state": "再次辍学"},
        {"student_key": "XS0000003", "confirm_date": "2023-10-20", "back_date": None, "state": "劝返中"},
    ]
    base = [{"student_key": f"XS000000{n}", "class_id": "JJ-2020-01", "base_state": "在读"} for n in range(1, 5)]
    scope = handmade.scope(
        handmade.town(registry() | {"dropout": {"甲小学": rows}, "baseline": {"甲小学": base}}, HOMES)
    )

    flow = flows.case_flow(scope, flows.dropouts(scope), flows.DROPOUT_STEPS)

    assert list(flow.sum()) == [2, 1, 1, 0, 2]
    assert (schooling.kept(scope).total.numerator, schooling.kept(scope).total.denominator) == (2, 4)
    assert flows.returned(scope, flows.dropouts(scope), "辍学劝返率", "dropout").total.text == "1/3"


def test_four_lists_must_all_agree():
    fine = {"date": "2023-10-12", "class_id": "JJ-2020-01", "present": "在位", "name_ok": True}
    fine |= dict.fromkeys(schooling.FOUR_LISTS, True)
    rows = [
        fine,
        fine | {"present": "请假"},
        fine | {"in_seating": False},
        fine | {"present": "缺勤"},
        fine | {"in_register": False},
    ]
    scope = handmade.scope(handmade.town(registry() | {"reconcile": {"甲小学": rows}}, HOMES))

    assert schooling.reconciled(scope).total.text == "2/4"
    assert schooling.listed(scope, "in_seating", "座次表").total.text == "3/4"


def pupil(number, **more):
    return {
        "student_key": f"XS{number:07}",
        "class_id": "JJ-2020-01",
        "status": "在读",
        "status_date": "2023-09-01",
        "name": f"例{number}",
    } | more


def test_month_and_year_balance_with_the_roster():
    """Opening, moves and closing by class agree with who is on the roster; a pupil moved without a 变动 row shows as a gap."""
    roster = [
        pupil(1),
        pupil(2, status="已转出", status_date="2023-10-12"),
        pupil(3),
        pupil(4, class_id="JJ-2020-02"),
        pupil(5),
    ]
    base = [row | {"base_state": "在读", "base_date": "2023-09-01"} for row in (pupil(1), pupil(2), pupil(4), pupil(5))]
    moves = [
        {"student_key": "XS0000002", "date": "2023-10-12", "kind": "转出", "class_from": "JJ-2020-01"},
        {"student_key": "XS0000003", "date": "2023-09-18", "kind": "转入", "class_to": "JJ-2020-01"},
    ]
    sheets = {"roster": {"甲小学": roster}, "baseline": {"甲小学": base}, "change": {"甲小学": moves}}
    scope = handmade.scope(handmade.town(registry() | sheets, HOMES))

    month, year = flows.month_flow(scope).sum(), flows.year_flow(scope).sum()

    assert (month[flows.OPENING], month["转入"], month["转出"], month[flows.COUNTED], month[flows.GAP]) == (
        5,
        0,
        1,
        4,
        0,
    )
    assert (year[flows.OPENING], year["转入"], year["转出"], year[flows.CLOSING], year[flows.GAP]) == (4, 1, 1, 4, 0)

    sheets["roster"]["甲小学"][0] |= {"status": "休学", "status_date": "2023-10-20"}
    scope = handmade.scope(handmade.town(registry() | sheets, HOMES))
    assert flows.month_flow(scope)[flows.GAP].sum() == -1


def test_only_pupils_of_poor_families_need_a_family_plan():
    roster = [
        pupil(1, groups="留守、脱贫户"),
        pupil(2, groups="残疾"),
        pupil(3, groups="低保"),
        pupil(4, groups="孤儿", status="已转出"),
    ]
    plans = [{"family_plan": "JA-1", "student_key": "XS0000001"}, {"family_plan": "JA-2", "student_key": "XS0000002"}]
    scope = handmade.scope(
        handmade.town(registry() | {"roster": {"甲小学": roster}, "family_plan": {"甲小学": plans}}, HOMES)
    )

    assert support.family_plans(scope).total.text == "1/2"


def test_bonds_hold_from_their_first_to_their_last_day():
    bond = {"school_year": handmade.YEAR, "bond_type": "包学校", "staff_id": "JS00001"}
    held = [
        bond | {"target_id": "JJ", "from": "2023-09-01"},
        bond | {"target_id": "乙小学", "from": "2023-09-01", "to": "2023-10-20"},
    ]
    scope = handmade.scope(handmade.town(registry() | {"bond": held}, HOMES))

    assert {home: item.text for home, item in duty.schools_bonded(scope).by("home").items()} == {
        "甲小学": "1/1",
        "乙小学": "0/1",
    }


def test_archive_counts_eighteen_items_a_school():
    rows = [
        {"archive_no": number, "copies": number % 2, "missing": "已说明" if number == 2 else None}
        for number in range(1, 11)
    ]
    scope = handmade.scope(handmade.town(registry() | {"archive": {"甲小学": rows}}, HOMES))

    assert {home: item.numerator for home, item in selfcheck.archived(scope).by("home").items()} == {
        "甲小学": 6,
        "乙小学": 0,
    }
    assert selfcheck.archived(scope).total.denominator == 36


@pytest.mark.parametrize("seed", range(2))
def test_longest_runs_agree_with_the_streak_of_every_day(seed):
    """The month's longest run is the greatest of what the rule on consecutive absence counts day by day (domain.md 4.3)."""
    chance = random.Random(seed)
    days = [f"{day:%Y-%m-%d}" for day in pd.bdate_range("2023-09-18", "2023-10-31")]
    filled = [{"date": day, "class_id": "JJ-2020-01", "due": 5, "present": 5} for day in days if chance.random() < 0.9]
    away = [
        {
            **pupil(number),
            "date": day,
            "kind": chance.choice(["旷课", "失联", "病假", "事假"]),
            "halves": chance.choice([1, 2, 2]),
            "leave_slip": chance.random() < 0.5,
        }
        for number in range(1, 7)
        for day in days
        if chance.random() < 0.5
    ]
    rows = {
        "roster": {"甲小学": [pupil(number) for number in range(1, 7)]},
        "daily": {"甲小学": filled},
        "absence": {"甲小学": away},
    }
    scope = handmade.scope(handmade.town(registry() | rows, HOMES))

    expected: dict[str, float] = {}
    for day in attendance.school_days(scope):
        for row in streaks(scope.town, day.date()).itertuples():
            expected[row.student_key] = max(row.days, expected.get(row.student_key, 0))
    runs = attendance.longest_runs(scope)

    assert dict(zip(runs["student_key"], runs["run"], strict=True)) == expected
    assert list(runs["step"]) == [min(int(run), 3) for run in runs["run"]]
