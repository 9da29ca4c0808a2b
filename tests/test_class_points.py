"""Class points counted again by plain loops over the rows as typed; the veto and its two open questions; what cannot be judged."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

import handmade
from kongchuo.core import policy
from kongchuo.core.declarations import SchemaError
from kongchuo.core.places import POLICY
from kongchuo.core.tables import row_of
from kongchuo.figures.class_points import NO_LIST, class_points
from kongchuo.figures.enrolment import kept
from kongchuo.figures.scopes import Scope
from kongchuo.figures.unit_grades import compare, standings
from kongchuo.figures.veto import losses
from kongchuo.rules.cases import lost_and_no_veto as V01

HOME, OTHER = "甲小学", "乙小学"
CLASS, PEER, SMALL = "JJ-2020-01", "YY-2020-01", "YY-2020-02"
YEAR = handmade.YEAR


def pupils(key, number):
    return [f"{key}-{place:02}" for place in range(number)]


def plan(class_id, place, review1="有进步", review2="有进步", goal=True, listed="2023-09-15"):
    key = pupils(class_id, place + 1)[-1]
    row = {
        "pupil_plan": f"SA-{key}",
        "school_year": YEAR,
        "student_key": key,
        "name": f"学生{key}",
        "class_id": class_id,
    }
    return row | {"listed": listed, "review1": review1, "review2": review2, "goal_met": goal}


def dropout(class_id, place, back=None, confirmed="2023-11-10", **more):
    key = pupils(class_id, place + 1)[-1]
    row = {"case_id": f"CX-2023-{place:03}", "student_key": key, "name": f"学生{key}", "class_id": class_id}
    row |= {"drop_date": "2023-10-13", "confirm_date": confirmed, "state": "已复学跟踪" if back else "辍学在劝"}
    return row | ({"back_date": back, "back_mode": "复学(原班)"} if back else {}) | more


def sheets():
    """Three classes of one grade: 20 and 12 pupils with a list, and one of three pupils without."""
    homes = {CLASS: (HOME, 20), PEER: (OTHER, 12), SMALL: (OTHER, 3)}
    rows = {
        "school": [
            {"school_code": "JJ", "school_name": HOME, "stage": "小学"},
            {"school_code": "YY", "school_name": OTHER, "stage": "小学"},
        ],
        "class": [
            {"school_year": YEAR, "school_code": key[:2], "class_id": key, "class_name": f"四({key[-1]})班", "grade": 4}
            for key in homes
        ],
        "term": [{"school_year": YEAR, "term": "第一学期", "start": "2023-09-01", "end": "2023-09-08"}],
        "publicity": [
            {"school_code": home, "school_year": YEAR, "in_scheme": True, "pub_date": "2023-09-08"}
            for home in (HOME, OTHER)
        ],
        "veto": [],
        "appeal": [],
    }
    for name in (
        "baseline",
        "roster",
        "reconcile",
        "pupil_plan",
        "dropout",
        "daily",
        "absence",
        "suspected",
        "support_log",
    ):
        rows[name] = {HOME: [], OTHER: []}
    for key, (home, number) in homes.items():
        for pupil in pupils(key, number):
            own = {"student_key": pupil, "name": f"学生{pupil}", "class_id": key}
            base = {"school_year": YEAR, "base_date": "2023-09-01", "base_state": "在读", "locked": "2023-09-20"}
            rows["baseline"][home].append(own | base)
            rows["roster"][home].append(own | {"status": "在读", "status_date": "2023-09-01"})
            lists = dict.fromkeys(("in_register", "in_rollbook", "in_seating", "in_homework", "name_ok"), True)
            rows["reconcile"][home].append(own | lists | {"date": "2023-09-06", "present": "在位"})
        for day in ("2023-09-01", "2023-09-04", "2023-09-05"):  # three of the six school days
            rows["daily"][home].append({"date": day, "class_id": key, "due": number, "present": number})
    rows["pupil_plan"][HOME] = [plan(CLASS, place) for place in range(4)]
    rows["pupil_plan"][OTHER] = [plan(PEER, 0), plan(PEER, 1, "无变化", "有进步", False)]
    return rows


def held(rows, values=None, **more):
    made = handmade.town(rows, (HOME, OTHER), dt.date(2024, 8, 31), **more)
    own = policy.load(POLICY)
    own = own.tried(values) if values else own
    return Scope(made, own, dt.date(2023, 9, 1), dt.date(2024, 8, 31), made.homes)


def points(rows, values=None, **more):
    return {one.class_id: one for one in class_points(held(rows, values, **more))}


def test_a_class_in_order_by_hand():
    """40 + 40 + 2.5 (three of six days) + 5 + 5 + 5, and the class whose list of two has one who did not move."""
    found = points(sheets())

    assert found[CLASS].total == 40 + 40 + 2.5 + 5 + 5 + 5
    one = found[PEER]
    assert [one.part(key).points for key in ("progress", "goal", "stay")] == [
        round(16 * 50 / 70, 2),
        round(12 * 0.5, 2),
        12.0,
    ]
    assert (found[CLASS].rank, one.rank, one.peers) == (1, 3, 3)


def test_a_class_of_three_without_a_list_gets_the_mean_of_its_grade_as_a_trial():
    found = points(sheets())
    small = found[SMALL]

    assert small.listed == 0
    assert NO_LIST in small.trial
    for key in ("progress", "goal", "stay"):
        both = [found[name].part(key).share for name in (CLASS, PEER)]
        assert small.part(key).share == pytest.approx(sum(both) / 2)


def test_without_any_list_in_the_grade_the_part_is_not_judged():
    rows = sheets()
    rows["pupil_plan"] = {HOME: [], OTHER: []}

    one = points(rows)[CLASS]

    assert one.total is None
    assert {part.key for part in one.open} == {"progress", "goal", "stay"}
    assert one.so_far == round(100 * (40 + 2.5 + 15) / 60, 2)


def test_one_lost_pupil_takes_everything():
    rows = sheets()
    rows["dropout"][HOME] = [dropout(CLASS, 9)]

    one = points(rows)[CLASS]

    assert one.vetoed
    assert (one.total, one.part("keep").points) == (0.0, 0.0)
    assert (one.part("keep").measure.numerator, one.part("keep").measure.denominator) == (19, 20)
    assert list(one.lost["says"]) == ["未返校"]


@pytest.mark.parametrize(
    ("back", "values", "vetoed"),
    [
        ("2024-03-01", {}, False),
        ("2024-03-01", {"return_lifts_veto": False}, True),
        ("2024-08-25", {}, False),
        ("2024-08-25", {"return_grace_days": 10}, True),
        ("2024-08-21", {"return_grace_days": 10}, False),
        ("2024-08-22", {"return_grace_days": 10}, True),
        ("2024-03-01", {"veto_losses": 2, "return_lifts_veto": False}, False),
    ],
)
def test_the_two_open_questions(back, values, vetoed):
    rows = sheets()
    rows["dropout"][HOME] = [dropout(CLASS, 0, back)]

    one = points(rows, values)[CLASS]

    assert one.vetoed is vetoed
    # the listed pupil was away for a time: one of four is above 15 %, so 0.4 of the points for staying
    assert one.part("stay").points == round(12 * 0.4, 2)


@pytest.mark.parametrize(
    "case",
    [
        dropout(CLASS, 9, confirmed="2023-11-10")
        | {"closed": "2024-02-01", "close_type": "数据问题", "state": "已销号"},
        dropout(CLASS, 9, confirmed="2024-09-03"),  # after the count
        dropout(CLASS, 9) | {"student_key": "not on the baseline"},
    ],
    ids=["no dropout after all", "after the year", "not on the locked list"],
)
def test_what_is_no_loss(case):
    rows = sheets()
    rows["dropout"][HOME] = [case]

    assert points(rows)[CLASS].vetoed is False


def test_a_revoked_veto_is_none_but_says_so_and_the_base_is_the_locked_list():
    rows = sheets()
    rows["dropout"][HOME] = [dropout(CLASS, 9)]
    decision = {
        "veto_id": "FJ-1",
        "school_year": YEAR,
        "target_type": "班级",
        "target_id": CLASS,
        "case_id": "CX-2023-009",
    }
    rows["veto"] = [decision | {"effective": False, "appeal": "撤销"}]

    one = points(rows)[CLASS]
    assert one.vetoed is False
    assert list(one.lost["says"]) == ["申诉撤销"]

    # decided by the office for a pupil whom the baseline does not have
    rows["dropout"][HOME] = []
    rows["veto"] = [decision | {"effective": True, "case_id": "CX-2022-001"}]
    assert points(rows)[CLASS].vetoed


def test_a_case_of_nobody_known_is_not_judged():
    rows = sheets()
    rows["dropout"][HOME] = [dropout(CLASS, 9) | {"student_key": None}]

    one = points(rows)[CLASS]

    assert (one.vetoed, one.total, one.rank) == (None, None, None)
    assert "认不出" in one.why


def test_a_ledger_that_cannot_be_read_is_no_clean_class():
    found = points(sheets(), unread=[(HOME, "cases")])

    assert (found[CLASS].vetoed, found[CLASS].total, found[CLASS].rank) == (None, None, None)
    assert found[PEER].vetoed is False
    found = points(sheets(), unread=[(HOME, "support")])
    assert {part.key for part in found[CLASS].open} == {"progress", "goal", "stay", "logs"}
    assert NO_LIST not in found[CLASS].trial


def test_what_is_missing_at_half_time_is_neither_nothing_nor_full():
    rows = sheets()
    rows["pupil_plan"][HOME] = [
        plan(CLASS, 0, "有进步", None, None),
        plan(CLASS, 1, "无变化", None, None),
        plan(CLASS, 2, None, None, None),
    ]

    one = points(rows)[CLASS]

    assert one.total is None
    assert one.part("progress").why.startswith("2人")  # of the second it is known already
    assert one.part("progress").so_far == pytest.approx(50 / 70)  # of the two of whom anything is written
    assert (one.part("goal").points, one.part("goal").so_far) == (None, None)


def test_a_list_above_a_quarter_of_the_class_is_cut_by_the_day_of_listing():
    rows = sheets()
    rows["pupil_plan"][HOME] = [plan(CLASS, place, listed=f"2023-09-{20 - place}") for place in range(7)]
    rows["pupil_plan"][HOME].append(plan(CLASS, 8, listed="2023-10-08"))  # too late for the list

    one = points(rows)[CLASS]

    assert one.listed == 5
    assert any("后列的2人不计" in text for text in one.remarks)
    rows_counted = set(row_of(one.part("goal").rows.index))
    assert rows_counted == {4, 5, 6, 7, 8}  # Excel rows of the five listed first


def test_who_left_in_a_normal_way_is_not_asked_for():
    rows = sheets()
    rows["roster"][HOME][0] |= {"status": "已转出", "status_date": "2023-12-01"}

    assert points(rows)[CLASS].listed == 3


def test_a_scheme_nobody_was_shown_makes_it_a_trial():
    rows = sheets()
    rows["publicity"][0]["pub_date"] = None
    found = points(rows)

    assert any("没有公示" in text for text in found[CLASS].trial)
    assert not found[PEER].trial


def test_what_was_decided_on_an_appeal_stands():
    rows = sheets()
    own = {"school_year": YEAR, "class_id": PEER, "appeal": "转化有异议", "appealed_on": "2024-07-01"}
    rows["appeal"] = [own]
    assert points(rows)[PEER].final is None
    rows["appeal"] = [own | {"final": 95.5, "decided_on": "2024-07-10"}]
    one = points(rows)[PEER]

    assert (one.total, one.rank) == (95.5, 2)


def test_pupils_brought_back_and_kept_give_a_bonus_up_to_the_most():
    rows = sheets()
    rows["dropout"][HOME] = [
        dropout(CLASS, place, "2023-10-20", confirmed="2023-09-01") | {"follow_to": "2024-03-01"} for place in range(4)
    ]
    one = points(rows)[CLASS]
    assert one.part("bonus").points == 9.0

    rows["dropout"][HOME] = rows["dropout"][HOME][:1]
    assert points(rows)[CLASS].part("bonus").points == 3.0
    rows["dropout"][HOME][0]["follow_to"] = "2024-10-01"
    one = points(rows)[CLASS]
    assert one.part("bonus").points == 0.0
    assert any("跟踪中1人" in text for text in one.remarks)


# --- the example township, counted again -----------------------------------------------------------------------------------
def test_every_class_of_the_example_by_plain_loops():
    town, rows = handmade.township(4, 600, 1, as_of=dt.date(2024, 1, 26))
    scope = Scope(town, policy.load(POLICY), dt.date(2023, 9, 1), dt.date(2024, 1, 26), town.homes)
    found = {one.class_id: one for one in class_points(scope)}
    names = {row["class_name"] + row["home"]: row["class_id"] for row in rows["class"]}
    assert names
    assert {row["class_id"] for row in rows["class"]} == set(found)

    vetoed = 0
    for class_id, one in found.items():
        base = [r for r in rows["baseline"] if r["class_id"] == class_id and r["base_state"] in ("在读", "送教上门")]
        keys = {r["student_key"] for r in base}
        lost = [
            r for r in rows["dropout"]
            if r["student_key"] in keys and r["home"] == one.home and not r.get("back_date") and not r.get("closed")
        ]  # fmt: skip
        plans = [r for r in rows["pupil_plan"] if r["class_id"] == class_id and r["listed"] <= dt.date(2023, 9, 30)]
        plans = plans[: max(1, len(base) // 4)]
        checked = [r for r in rows["reconcile"] if r["class_id"] == class_id and r["in_register"]]
        same = [
            r for r in checked
            if r["present"] in ("在位", "请假") and r["name_ok"] and r["in_rollbook"] and r["in_seating"] and r["in_homework"]
        ]  # fmt: skip
        filled = {r["date"] for r in rows["daily"] if r["class_id"] == class_id}
        assert one.base == len(base)
        assert one.vetoed == bool(lost)
        assert one.part("keep").measure.denominator - one.part("keep").measure.numerator == len(lost)
        assert one.listed == len(plans)
        assert one.part("reconcile").points == handmade.half_up(5 * len(same) / len(checked))
        assert one.part("daily").measure.numerator == len(filled)
        if lost:
            assert one.total == 0
            vetoed += 1
        else:
            assert one.total is None  # the second reviews are not there yet
    assert vetoed


# --- 流失 means one thing -------------------------------------------------------------------------------------------------
SUMMER = "2024-08-31"


def meant(row, values, stands, day=SUMMER):
    """(lost, away) of one ledger row by plain words: domain.md 4.2, the two open questions as the policy says."""
    grace, lifts = values.get("return_grace_days", 0), values.get("return_lifts_veto", True)
    entered = row.get("confirm_date") or row.get("drop_date") or ""
    back = row.get("back_date") if row["state"] != "再次辍学" or row.get("closed") else None
    if not back and row.get("closed") and row.get("close_type") == "已复学":
        back = row["closed"]
    struck = bool(row.get("closed")) and not (back and back <= row["closed"])
    over = min(filter(None, (back, row.get("closed"))), default="")
    ended = bool(over) and over <= day
    if not stands or entered > day or (over and over < "2023-09-01") or (ended and struck):
        return False, False
    if not ended:
        return True, True
    kept_days = (dt.date.fromisoformat(day) - dt.date.fromisoformat(over)).days
    return not lifts or kept_days < grace, False


def agree(rows, values):
    """V01 (before any decision of the office), the points of classes and D03 all follow `meant`; returns who is lost."""
    scope = held(rows, values)
    own = [row for row in rows["dropout"][HOME] if row.get("student_key")]
    stand = {row["student_key"] for row in rows["baseline"][HOME] if row["base_state"] == "在读"}
    told = {row["case_id"]: meant(row, values, row["student_key"] in stand) for row in own}
    lost = {number for number, (is_lost, _) in told.items() if is_lost}
    cases = losses(scope).cases
    gone = kept(scope).rows
    where = {row["case_id"]: row["student_key"] for row in own}

    assert {spot.facts["name"] for spot in V01.judge(scope.town, scope.policy)} == {f"学生{where[one]}" for one in lost}
    assert set(cases.loc[cases["lost"], "case_id"]) == lost
    assert int((gone["numerator"] == 0).sum()) == sum(away for _, away in told.values())
    return lost


@pytest.mark.parametrize("values", [{}, {"return_lifts_veto": False}, {"return_grace_days": 30}])
def test_rule_points_and_rate_mean_the_same_by_lost(values):
    """One definition (domain.md 4.2): what the rule asks the office to decide on is what takes the points."""
    rows = sheets()
    rows["baseline"][HOME][7]["base_state"] = "休学"
    rows["dropout"][HOME] = [
        dropout(CLASS, 0),
        dropout(CLASS, 1, back="2024-03-01"),
        dropout(CLASS, 2, back="2024-08-20"),
        dropout(CLASS, 3, back="2024-03-01", state="再次辍学"),
        dropout(CLASS, 4, closed="2024-04-01", close_type="死亡"),
        dropout(CLASS, 5, back="2024-03-01", closed="2024-06-01", close_type="已复学"),
        dropout(CLASS, 6, confirmed="2024-09-05"),
        dropout(CLASS, 7),
        dropout(CLASS, 90),
        dropout(CLASS, 8, confirmed="2023-06-01"),  # on the baseline as 在读 though confirmed before: lost
        dropout(CLASS, 9, confirmed=None),  # stands on the ledger without 认定日期: lost
        dropout(CLASS, 10, closed="2023-12-01", close_type="已复学"),  # back without a 复学日期: as policy has it
    ]
    lost = agree(rows, values)

    assert {f"CX-2023-{place:03}" for place in (0, 3, 8, 9)} <= lost
    assert lost.isdisjoint({f"CX-2023-{place:03}" for place in (4, 6, 7, 90)})
    assert ("CX-2023-010" in lost) == (values.get("return_lifts_veto") is False)


DAYS = st.sampled_from(
    [None, "2023-06-01", "2023-08-31", "2023-09-01", "2023-12-01", "2024-08-20", "2024-08-31", "2024-09-02"]
)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(DAYS, DAYS, DAYS, DAYS, st.sampled_from(["已复学", "死亡", "转学", None]),
                       st.sampled_from(["辍学在劝", "已复学跟踪", "再次辍学"])), min_size=1, max_size=8),
    st.booleans(), st.sampled_from([0, 15]),
)  # fmt: skip
def test_rule_points_and_rate_never_differ(ledger, lifts, grace):
    rows = sheets()
    rows["dropout"][HOME] = [
        dropout(
            CLASS,
            place,
            confirmed=confirmed,
            drop_date=dropped,
            back_date=back,
            closed=closed,
            close_type=kind,
            state=state,
        )
        for place, (confirmed, dropped, back, closed, kind, state) in enumerate(ledger)
    ]
    agree(rows, {"return_lifts_veto": lifts, "return_grace_days": grace})


# --- another policy ---------------------------------------------------------------------------------------------------------
def test_another_policy_side_by_side_and_nothing_written():
    rows = sheets()
    rows["dropout"][HOME] = [dropout(CLASS, 9, "2024-03-01")]
    before_file = POLICY.read_bytes()
    before = standings(held(rows))
    after = before.tried({"return_lifts_veto": False})
    classes, units = compare(before, after)

    moved = {one.before.class_id: (one.before.rank, one.after.rank) for one in classes if one.changed}
    assert moved == {CLASS: (1, 3), PEER: (3, 2), SMALL: (2, 1)}
    assert HOME in [one.before.home for one in units if one.changed]
    assert before.tried({}).classes[0].total == before.classes[0].total
    assert before.policy["return_lifts_veto"] is True
    assert POLICY.read_bytes() == before_file


def test_weights_move_the_points():
    before = standings(held(sheets()))
    after = before.tried({"points_keep": 20, "points_convert": 60})
    one = next(one for one in after.classes if one.class_id == PEER)

    assert one.part("progress").points == round(24 * 50 / 70, 2)
    assert one.part("keep").points == 20


@pytest.mark.parametrize("values", [{"points_keep": 50}, {"return_grace_days": -1}, {"return_lifts_veto": "否"}])
def test_what_cannot_be_is_refused(values):
    with pytest.raises(SchemaError):
        standings(held(sheets())).tried(values)


def test_narrowing_to_a_grade_or_school_changes_no_rank():
    scope = held(sheets())
    narrow = replace(scope, grade=4, class_id=PEER, homes=(OTHER,))

    assert {one.class_id: one.rank for one in standings(narrow).classes} == {
        one.class_id: one.rank for one in standings(scope).classes
    }
