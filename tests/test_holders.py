"""四包 seen from the people: who holds what, how much, who left, what changed, counted again by loops."""

import datetime as dt
import random
import re

import pytest

import handmade
from kongchuo.facts import duty
from kongchuo.figures import duty as bonds
from kongchuo.pages.monthly import PLAN
from kongchuo.pages.report import Report

HOMES = ("甲小学", "乙小学")
END = dt.date(2024, 1, 31)


def registry():
    return {
        "school": [
            {"school_code": "XZZX", "school_name": "示例镇中心学校", "stage": "中心学校"},
            {"school_code": "JJ", "school_name": "甲小学", "stage": "小学", "catchment": "C01"},
            {"school_code": "YY", "school_name": "乙小学", "stage": "小学", "catchment": "C01、C02"},
        ],
        "class": [
            {"school_year": handmade.YEAR, "school_code": code, "class_id": f"{code}-2020-01", "class_name": "四(1)班", "grade": 4, "head_teacher": who}
            for code, who in (("JJ", "JS1"), ("YY", "JS2"))
        ],
        "staff": [
            {"staff_id": f"JS{n}", "name": name, "school_code": code, "active": True}
            for n, name, code in ((1, "甲师", "JJ"), (2, "乙师", "YY"), (3, "丙师", "JJ"), (4, "丁办", "XZZX"))
        ],
        "village": [{"village_code": "C01", "village_name": "一村", "contact": "村主任"}, {"village_code": "C02", "village_name": "二村"}],
    }  # fmt: skip


def bond(kind, holder, target, start="2023-09-01", **more):
    return {
        "school_year": handmade.YEAR,
        "bond_type": kind,
        "staff_id": holder,
        "target_id": target,
        "from": start,
    } | more


def pupils(home, code, number):
    return [
        {"student_key": f"XS{code}{n}", "name": f"例{n}", "class_id": f"{code}-2020-01", "status": "在读"}
        for n in range(number)
    ]


def scope(rows, homes=None, start="2023-10-01", end="2023-10-31", **more):
    made = handmade.town(registry() | rows, HOMES, dt.date.fromisoformat(end), **more)
    return handmade.scope(made, start, end, homes)


def test_two_who_hold_one_school_and_two_named_for_one_pupil_are_doubles():
    rows = {
        "bond": [
            bond("包学校", "JS4", "JJ"),
            bond("包学校", "JS3", "JJ"),
            bond("包学校", "JS4", "YY"),
            bond("包学生", "JS1", "JJ-2020-01", target_type="班级"),
            bond("包学生", "JS3", "XSJJ0", target_type="学生"),
            bond("包学生", "JS3", "XSJJ1", target_type="学生"),
            bond("包家长", "C01", "C01"),
            bond("包家长", "JS1", "C01"),
        ],
        "roster": {"甲小学": [row | {"teacher": "JS1" if n == 0 else "JS3"} for n, row in enumerate(pupils("甲小学", "JJ", 3))]},
    }  # fmt: skip
    found = bonds.doubles(scope(rows))

    assert [(row.kind, row.home, row.unit, set(row.names.split("、"))) for row in found.itertuples()] == [
        ("包学校", "甲小学", "JJ", {"丁办", "丙师"}),
        ("包学生", "甲小学", "XSJJ0", {"甲师", "丙师"}),
    ]
    assert bonds.doubles(scope({})).empty


def test_who_left_still_holds_and_is_said():
    staff = [
        row | ({"active": False, "to": "2023-10-20"} if row["staff_id"] == "JS4" else {}) for row in registry()["staff"]
    ]
    rows = {"bond": [bond("包学校", "JS4", "JJ"), bond("包学校", "JS3", "YY")], "staff": staff}
    (row,) = bonds.gone(scope(rows)).itertuples()

    assert (row.name, row.kind, row.home, row.units, row.left) == (
        "丁办",
        "包学校",
        "甲小学",
        1,
        dt.datetime(2023, 10, 20),
    )
    assert bonds.gone(scope(rows, end="2023-10-20")).empty  # his last day


def test_history_says_who_held_a_school_on_a_day_and_when_nobody_did():
    rows = {
        "bond": [
            bond("包学校", "JS4", "JJ", to="2023-10-09"),
            bond("包学校", "JS3", "JJ", "2023-10-16", title="校长"),
            bond("包学校", "JS4", "YY"),
            bond("包家长", "JS1", "C01"),
            bond("包家长", "JS1", "C02"),
            bond("包年级", "JS3", "JJ-4"),
            bond("包年级", "JS3", "YY-4", "2023-10-31"),
        ]
    }
    made = scope(rows)

    def who(day):
        held = bonds.held(made, day)
        return set(held.loc[(held["kind"] == "包学校") & (held["home"] == "甲小学"), "name"])

    assert [who(dt.date(2023, 10, day)) for day in (9, 10, 15, 16)] == [{"丁办"}, set(), set(), {"丙师"}]
    moves = bonds.turnover(made)
    assert [(f"{row.date:%m-%d}", row.what, row.target, row.name) for row in moves.itertuples()] == [
        ("10-09", "结束", "JJ", "丁办"),
        ("10-16", "开始", "JJ", "丙师"),
        ("10-31", "开始", "YY-4", "丙师"),
    ]
    assert [(row.unit, f"{row.first:%m-%d}", f"{row.last:%m-%d}") for row in bonds.vacancies(made).itertuples()] == [
        ("JJ", "10-10", "10-15"),
        ("YY-4", "10-01", "10-30"),
    ]
    assert list(bonds.vacancies(scope(rows, ("甲小学",)))["unit"]) == ["JJ"]


@pytest.mark.parametrize("seed", range(3))
def test_vacancies_agree_with_every_single_day(seed):
    """A school is vacant on a day of the month exactly when no bond holds on that day."""
    chance = random.Random(seed)
    rows = []
    for _ in range(6):
        first = dt.date(2023, 9, 15) + dt.timedelta(days=chance.randrange(50))
        last = first + dt.timedelta(days=chance.randrange(12))
        rows.append(
            bond("包学校", chance.choice(("JS3", "JS4")), chance.choice(("JJ", "YY")), f"{first}", to=f"{last}")
        )
    found = bonds.vacancies(scope({"bond": rows}))
    found = found[found["kind"] == "包学校"]
    vacant = {
        (row.unit, row.first + dt.timedelta(days=n))
        for row in found.itertuples()
        for n in range((row.last - row.first).days + 1)
    }
    for n in range(31):
        day = dt.date(2023, 10, 1) + dt.timedelta(days=n)
        for code in ("JJ", "YY"):
            held = any(row["target_id"] == code and row["from"] <= f"{day}" <= row["to"] for row in rows)
            assert ((code, dt.datetime.combine(day, dt.time())) in vacant) == (not held)
    pairs = found.sort_values(["unit", "first"])
    assert not (
        (pairs["unit"] == pairs["unit"].shift()) & (pairs["first"] <= pairs["last"].shift() + dt.timedelta(days=1))
    ).any()


def test_a_ledger_pupil_counts_to_who_is_named_there_else_on_the_roster_else_the_class_teacher():
    keys = ["XSJJ0", "XSJJ1", "XSJJ2", "XSJJ3"]
    roster = [row | {"teacher": "JS3" if row["student_key"] == "XSJJ1" else None} for row in pupils("甲小学", "JJ", 4)]
    case = {"class_id": "JJ-2020-01", "found": "2023-10-02"}
    rows = {
        "roster": {"甲小学": roster},
        "watch": {"甲小学": [case | {"student_key": keys[0], "teacher": "丁办"}, case | {"student_key": keys[3], "closed": "2023-10-20"}]},
        "suspected": {"甲小学": [case | {"student_key": keys[1]}, case | {"student_key": keys[0], "teacher": "丁办"}]},
        "pupil_plan": {"甲小学": [{"student_key": keys[2], "listed": "2023-09-15"}, {"student_key": keys[3], "listed": "2023-11-15"}]},
    }  # fmt: skip
    loads = {item.name: item.counts["pupils"] for item in bonds.loads(scope(rows))}

    assert {who: number for who, number in loads.items() if number} == {"丁办": 1, "丙师": 1, "甲师": 1}


def test_more_than_the_line_is_said_with_the_line():
    schools = [{"school_code": f"S{n}", "school_name": f"校{n}", "stage": "小学"} for n in range(3)]
    rows = {"school": schools, "bond": [bond("包学校", "JS4", f"S{n}") for n in range(3)]}
    made = handmade.town(registry() | rows, tuple(row["school_name"] for row in schools))
    (load,) = bonds.loads(handmade.scope(made))
    assert (load.name, load.over) == ("丁办", "3所学校（上限2）")
    (load,) = bonds.loads(handmade.scope(made, homes=("校1",)))  # a school's page shows all that person holds
    assert load.counts["schools"] == 3


@pytest.mark.parametrize("seed", [1, 2])
def test_holders_of_the_example_counted_again(seed):
    town, rows = handmade.township(3, 120, seed, END)
    made = handmade.scope(town, "2024-01-01", f"{END}")
    held = bonds.held(made)
    names = {row["school_code"]: row["school_name"] for row in rows["school"]}
    held_now = [row for row in rows["bond"] if row["from"] <= END and not (row.get("to") and row["to"] < END)]

    expected = {(names[row["target_id"]], row["staff_id"]) for row in held_now if row["bond_type"] == "包学校"}
    own = held[held["kind"] == duty.SCHOOLS]
    assert set(zip(own["home"], own["holder"], strict=True)) == expected

    villages = {row["village_code"]: row["village_name"] for row in rows["village"]}
    serves = {row["school_name"]: set(row["catchment"].split("、")) for row in rows["school"] if row.get("catchment")}
    expected = {
        (home, row["target_id"], row["staff_id"])
        for row in held_now
        if row["bond_type"] == "包家长"
        for home, served in serves.items()
        if {row["target_id"], villages[row["target_id"]]} & served
    }
    own = held[held["kind"] == duty.VILLAGES]
    assert set(zip(own["home"], own["unit"], own["holder"], strict=True)) == expected

    grades = {}
    for row in held_now:
        if row["bond_type"] == "包年级":
            grades.setdefault(row["staff_id"], set()).add(row["target_id"])
    loads = {item.holder: item.counts for item in bonds.loads(made)}
    assert {who: counts["grades"] for who, counts in loads.items() if counts["grades"]} == {
        who: len(own) for who, own in grades.items()
    }

    staff = {row["name"]: row["staff_id"] for row in rows["staff"]}
    open_ = set()
    for row in rows["watch"]:
        if row["found"] <= END and not (row.get("closed") and row["closed"] <= END):
            open_.add((row["student_key"], staff[row["teacher"]]))
    for row in rows["suspected"]:
        if not row.get("closed") or row["closed"] > END:
            open_.add((row["student_key"], staff.get(row["teacher"], row["teacher"])))
    for row in rows["dropout"]:
        left = min((day for day in (row.get("back_date"), row.get("closed")) if day), default=None)
        if not left or left > END:
            open_.add((row["student_key"], staff.get(row["bond_school"], row["bond_school"])))
    for row in rows["pupil_plan"]:
        open_.add((row["student_key"], staff[row["helper"]]))
    found = bonds.on_ledgers(made)
    assert set(zip(found["student_key"], found["holder"], strict=True)) == open_


# --- the page -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("home", ["甲小学", ""])
def test_the_page_shows_the_matrix_and_hides_what_it_must(home):
    rows = {
        "bond": [
            bond("包学校", "JS4", "JJ"),
            bond("包学生", "JS3", "XSJJ0", "2023-10-05", target_type="学生", target_name="王例子"),
        ],
        "roster": {"甲小学": [{"student_key": "XSJJ0", "name": "王例子", "class_id": "JJ-2020-01", "status": "在读", "teacher": "JS1"}]},
    }  # fmt: skip
    made = handmade.town(registry() | rows, HOMES)
    html = Report(PLAN, handmade.month(made, home)).html("organisation")

    assert "丁办" in html
    assert "四包覆盖" in html
    assert ("王例子" in html) == bool(home)
    assert "王○" in html or home
    assert ("乙小学" in html) == (not home)
    assert re.search("四包空档", html)


def test_an_unread_workbook_of_duties_shows_no_gap_and_no_all_clear():
    made = handmade.town(registry(), HOMES, unread=[("中心学校", "duty")])
    html = Report(PLAN, handmade.month(made)).html("organisation")

    assert "四包尚未判定" in html
    assert "没有空档" not in html
    assert "未落实包保" not in html


def test_matrix_and_rates_are_the_same_numbers():
    """What the matrix lists as a gap is what the rate lacks."""
    town, _ = handmade.township(3, 120, 3, END)
    made = handmade.scope(town, "2024-01-01", f"{END}")
    for function in bonds.FOUR_BONDS:
        rate = function(made)
        assert len(rate.lacking) == rate.total.short
