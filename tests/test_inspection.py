"""The inspection sheet: 系统测算 counted again by plain loops, what the inspector may overrule, grades, policy that counts."""

import datetime as dt
from collections import Counter
from dataclasses import replace

import pytest

import handmade
from kongchuo.core import policy as policies
from kongchuo.core.places import POLICY
from kongchuo.due import enrolment
from kongchuo.figures import inspection_items
from kongchuo.figures.inspection import FAILED, NOT_HELD, UNDECIDED, Score, Sheet, fatal, inspect

TERM = "第一学期"
REPORTED_LATE = dt.date(2023, 9, 12)  # whatever limit of days policy sets, the inspection is after it
POINTS = (10, 8, 10, 18, 10, 14, 12, 4, 4, 10)


def held(**changed):
    """The shipped policy with some numbers changed."""
    loaded = policies.load(POLICY)
    entries = tuple(
        replace(item, value=changed[item.key]) if item.key in changed else item for item in loaded.parameters
    )
    return policies.Policy(entries, loaded.on)


def spoil(rows):
    """Faults of many kinds in the first school, whose clean rows would lose nothing."""
    home = next(row["school_name"] for row in rows["school"] if row["stage"] != "中心学校")
    for row in rows["rollcall"]:
        if row["school_code"] == home and row["round"] == 1:
            row["n_seating"] += 1
            row["unknown"] = 2
            break
    own = [row for row in rows["archive"] if row["home"] == home]
    for row in own:  # as they were before either round: what is written anew afterwards says nothing of the day
        row["updated"] = dt.date(2023, 9, 20)
    for row in own[:3]:
        row.update(copies=0, missing=None)
    rows["archive"].remove(own[6])
    rows["family_plan"] = [row for row in rows["family_plan"] if row["home"] != home]
    early = [row for row in rows["daily"] if row["home"] == home and row["date"] < dt.date(2023, 9, 12)][:5]
    rows["daily"] = [row for row in rows["daily"] if row not in early]
    code = next(row["school_code"] for row in rows["school"] if row["school_name"] == home)
    rows["bond"] = [
        row
        for row in rows["bond"]
        if not (row["bond_type"] in ("包学校", "包年级") and row["target_id"].split("-")[0] == code)
    ]
    for number in range(2):
        made = {
            "home": home,
            "move_id": f"BD-99{number}",
            "date": REPORTED_LATE,
            "kind": "其他增加",
            "report_date": None,
        }
        rows["change"].append(rows["change"][0] | made)
    for row in rows["score"]:  # the inspector agrees with whatever the ledgers say
        row.pop("reason", None)
        row["score"] = None


@pytest.fixture(scope="module")
def spoilt():
    town, rows = handmade.township(3, 120, spoil=spoil)
    return town, rows, town.homes[0]


@pytest.fixture(scope="module")
def sheet(spoilt):
    town, _, home = spoilt
    return inspect(town, held(), home, TERM, 1, town.as_of)


def lost(sheet, item):
    score = sheet.scores[item - 1]
    return score.points - score.system


def test_the_sheet_has_ten_items_with_the_points_of_policy(sheet):
    assert tuple(score.points for score in sheet.scores) == POINTS
    assert sheet.scores[3].title == "人籍一致"
    assert sheet.day == dt.date(2023, 9, 25)
    assert sheet.since == dt.date(2023, 9, 1)


def test_roll_calls_counted_again(spoilt, sheet):
    _, rows, home = spoilt
    differences = 0
    for row in rows["rollcall"]:
        if row["school_code"] == home and row["round"] == 1:
            for name in ("n_rollbook", "n_seating", "n_homework"):
                differences += abs(row[name] - row["n_register"])
            differences += row["leave_no"] + row["unknown"]

    assert differences == 3
    assert lost(sheet, 4) == 2 * differences


def test_nobody_for_the_school_and_its_grades_counted_again(spoilt, sheet):
    _, rows, home = spoilt
    grades = {
        row["grade"]
        for row in rows["class"]
        if row["class_id"] in {r["class_id"] for r in rows["roster"] if r["home"] == home}
    }
    found = Counter(gap.what for gap in sheet.scores[0].gaps)

    assert len(grades) > 1
    assert (found["包学校"], found["包年级"]) == (1, len(grades))
    assert lost(sheet, 1) == min(10, sum(gap.count for gap in sheet.scores[0].gaps))


def test_changes_not_reported_counted_again(spoilt, sheet):
    _, rows, home = spoilt
    late = [
        row for row in rows["change"] if row["home"] == home and row["date"] <= REPORTED_LATE and not row["report_date"]
    ]
    told = [gap for gap in sheet.scores[7].gaps if gap.what == enrolment.REPORTED.title]

    assert len(told) == len(late) > 0
    assert all(gap.about.endswith("没有办") for gap in told)
    assert lost(sheet, 8) == min(4, sum(gap.count for gap in sheet.scores[7].gaps))


def test_days_without_a_count_counted_again(spoilt, sheet):
    _, rows, home = spoilt
    days = [
        row["date"]
        for row in rows["calendar"]
        if row["is_school_day"] and dt.date(2023, 9, 1) <= row["date"] <= sheet.day
    ]
    classes = {row["class_id"] for row in rows["roster"] if row["home"] == home}
    filed = {(row["class_id"], row["date"]) for row in rows["daily"]}
    missing = sum((name, day) not in filed for name in classes for day in days)

    assert missing == 5
    assert sum(gap.count for gap in sheet.scores[4].gaps if gap.what == "没有日查") == missing
    assert lost(sheet, 5) == 0.5 * sum(gap.count for gap in sheet.scores[4].gaps)


def test_archive_and_poor_pupils_counted_again(spoilt, sheet):
    _, rows, home = spoilt
    there = [row for row in rows["archive"] if row["home"] == home and (row["copies"] or row.get("missing"))]
    planned = {row["student_key"] for row in rows["family_plan"]}
    poor = ("脱贫户", "监测户", "低保", "特困供养", "孤儿")
    lacking = [
        row["student_key"]
        for row in rows["roster"]
        if row["home"] == home
        and row["status"] in ("在读", "送教上门")
        and any(name in poor for name in (row.get("groups") or "").split("、"))
        and row["student_key"] not in planned
    ]

    assert 18 - len(there) == 4
    assert lost(sheet, 10) == 0.5 * 4
    assert len(lacking) > 2
    assert lost(sheet, 7) == min(len(lacking), 4)  # no more than policy takes for one group
    assert [gap.count for gap in sheet.scores[6].gaps if gap.group == 0] == [1] * len(lacking)


def test_every_gap_names_its_row(spoilt, sheet):
    town, _, _ = spoilt
    places = [gap.place for score in sheet.scores for gap in score.gaps]

    assert places
    assert all(town.book_name(place) in town.by_name for place in places)
    seat = next(gap for gap in sheet.scores[3].gaps if gap.what.startswith("座次表"))
    assert town["rollcall"].loc[seat.place, "n_seating"] == town["rollcall"].loc[seat.place, "n_register"] + 1


def test_a_changed_number_of_the_policy_changes_the_score(spoilt, sheet):
    town, _, home = spoilt
    dearer = held(inspection_deductions=[1, 1, 1, 4, 0.5, 3, 1, 1, 1, 1], inspection_group_points=[2, 4, 3, 1])
    changed = inspect(town, dearer, home, TERM, 1, town.as_of)

    assert lost(changed, 4) == 2 * lost(sheet, 4)
    assert lost(changed, 10) == 2 * lost(sheet, 10)
    assert lost(changed, 7) == 2


def test_faults_of_before_the_first_round_do_not_count_again_in_the_second(spoilt):
    town, _, home = spoilt
    second = inspect(town, held(), home, TERM, 2, town.as_of)

    assert second.since == dt.date(2023, 9, 26)
    assert not [gap for gap in second.scores[4].gaps if gap.what == "没有日查"]
    assert lost(second, 10) == 0.5 * 4  # what is still missing is


def test_what_the_ledgers_cannot_judge_has_no_score_and_says_why(sheet):
    assert [score.number for score in sheet.scores if score.system is None] == [2, 9]
    assert "现场" in sheet.scores[1].why
    assert sheet.total is None
    assert (sheet.grade, [score.number for score in sheet.undecided]) == (UNDECIDED, [2, 9])


def test_a_workbook_that_cannot_be_read_is_no_full_mark():
    rows = {"school": [{"school_code": "JJ", "school_name": "甲小学", "stage": "小学"}]}
    town = handmade.town(rows, unread=[("甲小学", "cases"), ("甲小学", "selfcheck")])
    found = inspect(town, held(), "甲小学", TERM, 1, town.as_of)

    assert found.scores[5].system is None
    assert "读不到" in found.scores[5].why
    assert found.scores[9].system is None
    assert found.grade == NOT_HELD


# --- what stands ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("system", "given", "reason", "final", "says"),
    [
        (10.0, 10.0, "", 10.0, ""),
        (10.0, 8.0, "责任书缺两份", 8.0, ""),
        (6.0, 9.0, "补齐了，现场看过", 9.0, ""),
        (6.0, 9.0, "", 6.0, "没有写理由"),
        (10.0, 8.0, "", 10.0, "没有写理由"),
        (7.0, None, "", 7.0, "没有打分"),
        (None, 8.0, "一项制度没有", 8.0, ""),
        (None, 10.0, "", 10.0, ""),
        (None, 8.0, "", 8.0, "缺扣分理由"),
        (None, None, "", None, ""),
        (9.0, 11.0, "好", 9.0, "超过分值"),
    ],
)
def test_the_inspector_overrules_only_with_a_reason(system, given, reason, final, says):
    score = Score(1, "组织领导与包保", 10, (), system, "" if system else "看不出", given, reason)

    assert score.final == final
    assert says in score.stands[1]
    assert bool(score.stands[1]) == bool(says)


def graded(total, failing=(), day=dt.date(2023, 10, 9)):
    scores = (Score(1, "甲", 100, (), None, "", total),)
    return Sheet("甲小学", day, dt.date(2023, 10, 9), dt.date(2023, 9, 1), "", scores, failing, (90, 80, 60)).grade


def test_grades_at_their_lines():
    assert [graded(total) for total in (90, 89.5, 80, 79.5, 60, 59.5)] == [
        "优秀", "良好", "良好", "合格", "合格", FAILED,
    ]  # fmt: skip
    assert graded(100, ("辍学未返校、未销号 1 人",)) == FAILED
    assert graded(None) == UNDECIDED
    assert graded(100, day=None) == NOT_HELD


def test_a_dropout_who_is_not_back_fails_the_school_and_one_on_no_ledger_too():
    def hide(rows):
        case = next(row for row in rows["suspected"] if row["found"] < dt.date(2023, 12, 1))
        for sheet in ("suspected", "dropout"):
            rows[sheet] = [row for row in rows[sheet] if row["student_key"] != case["student_key"]]

    town, rows = handmade.township(3, 240)
    away = Counter(
        row["home"]
        for row in rows["dropout"]
        if row["confirm_date"] <= town.as_of
        and not ((row.get("back_date") or dt.date.max) <= town.as_of)
        and not ((row.get("closed") or dt.date.max) <= town.as_of)
    )
    assert away
    for home in town.homes:
        says = evidence_fatal(town, home)
        assert bool(away[home]) == any("未销号" in text for text in says)
        assert not any("应列未列" in text for text in says)
    hidden, _ = handmade.township(3, 240, spoil=hide)
    assert any("应列未列" in text for home in hidden.homes for text in evidence_fatal(hidden, home))


def evidence_fatal(town, home):
    return fatal(handmade.scope(town, "2023-09-01", town.as_of.isoformat(), (home,)))


def test_groups_and_items_go_with_the_lists_of_policy():
    assert len(inspection_items.ITEMS) == len(POINTS)
    assert len(inspection_items.GROUPS) == len(held()["inspection_group_points"])
