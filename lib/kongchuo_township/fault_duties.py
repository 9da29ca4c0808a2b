"""Faults of 包保责任 and 教职工: nobody who answers, people who are not there, other titles and names (G of domain.md 3.3)."""

from __future__ import annotations

import datetime as dt

from kongchuo.core.schema import CENTRE

from . import days
from .fault_disabled import enter, marked
from .faults import Hand, Row
from .people import GIVEN

REGISTRY, BONDS = (f"{days.YEAR}/{CENTRE}/{title}.xlsx" for title in ("基础信息", "包保责任"))


def school_unanswered(hand: Hand) -> None:
    """G01: nobody for a school."""
    book, row = hand.pick("school", lambda row: row["stage"] != CENTRE and hand.free(row["school_code"]))
    hand.take(row["school_code"])
    bond = next(bond for _, bond in hand.rows("bond") if _is_bond(bond, "包学校", row["school_code"]))
    hand.remove(BONDS, "bond", bond)
    hand.note("G01", book, "school", row, "school_code")


def school_answered_twice(hand: Hand) -> None:
    """G01: two people for a school, and no word why."""
    book, row = hand.pick("bond", lambda row: row["bond_type"] == "包学校" and hand.free(row["target_id"]))
    hand.take(row["target_id"])
    other = next(one for _, one in hand.rows("staff") if "中心校人员" in one["roles"] and one["name"] != row["name"])
    second = row | {name: other[name] for name in ("staff_id", "name", "title")}
    hand.books[book]["bond"].append(second)
    hand.note("G01", book, "bond", second, "target_id")


def _is_bond(bond: Row, kind: str, target: str) -> bool:
    return bond["bond_type"] == kind and bond["target_id"] == target


def grade_unanswered(hand: Hand) -> None:
    """G02."""
    _, bond = hand.pick("bond", lambda row: row["bond_type"] == "包年级")
    code, _, grade = bond["target_id"].rpartition("-")
    book, row = next(
        (b, one) for b, one in hand.rows("class") if (one["school_code"], str(one["grade"])) == (code, grade)
    )
    hand.remove(BONDS, "bond", bond)
    hand.note("G02", book, "class", row, "grade")


def pupil_unanswered(hand: Hand) -> None:
    """G03: a class without a teacher (F17), and in it disabled pupils for whom nobody else answers."""
    cared = {row["student_key"] for _, row in hand.rows("roster") if row.get("teacher")}
    rooms = {row["student_key"]: row["class_id"] for _, row in hand.rows("roster")}
    book, pupil = marked(hand, lambda row: row["student_key"] not in cared and hand.free(row["class_id"]))
    enter(hand, book, pupil, "随班就读")
    room = pupil["class_id"]
    hand.take(room)
    book, row = next((book, row) for book, row in hand.rows("class") if row["class_id"] == room)
    bond = next(bond for _, bond in hand.rows("bond") if _is_bond(bond, "包学生", room))
    row.pop("head_teacher")
    hand.remove(BONDS, "bond", bond)
    hand.note("F17", book, "class", row, "head_teacher")
    for place, rows in hand.books.items():
        for one in rows.get("disabled", ()):
            if rooms.get(one["student_key"]) == room and one["student_key"] not in cared:
                hand.note("G03", place, "disabled", one, "student_key")


def village_unanswered(hand: Hand) -> None:
    """G04."""
    book, row = hand.pick("village")
    for bond in [bond for _, bond in hand.rows("bond") if _is_bond(bond, "包家长", row["village_code"])]:
        hand.remove(BONDS, "bond", bond)
    hand.note("G04", book, "village", row, "village_code")


def nobody_by_that_name(hand: Hand) -> None:
    """G05: no such person on the staff."""
    sheet, name = hand.random.choice(
        (("support_log", "helper"), ("issue", "owner"), ("absence", "caller"), ("visit", "lead"))
    )
    book, row = hand.pick(sheet, lambda row: name in row)
    row[name] = "".join((row[name][0], "梧", row[name][1]))  # a character no invented name has
    hand.note("G05", book, sheet, row, name)


def gone_already(hand: Hand) -> None:
    """G05: somebody who had left by then; a record of the time before stays silent."""
    left = dt.date(2023, 10, 31)
    _, colleague = hand.pick("staff", lambda row: row["roles"] == "任课" and row["school_code"] != "SLZX")
    number = len(hand.planted)
    person = colleague | {
        "staff_id": f"JS9{number:04d}",
        "name": f"乙梧{GIVEN[number % len(GIVEN)]}",
        "active": False,
        "to": left,
    }
    hand.books[REGISTRY]["staff"].append(person)
    book, row = hand.pick("absence", lambda row: "caller" in row and row["date"] > left)
    row["caller"] = person["name"]
    hand.note("G05", book, "absence", row, "caller")
    _, before = hand.pick("absence", lambda row: "caller" in row and row["date"] < left)
    before["caller"] = person["name"]


def other_title(hand: Hand) -> None:
    """G06."""
    sheet = hand.random.choice(("bond", "body"))
    book, row = hand.pick(sheet, lambda row: row["title"] != "村委会主任" and hand.free((sheet, row["staff_id"])))
    hand.take((sheet, row["staff_id"]))
    row["title"] = "小教员"
    hand.note("G06", book, sheet, row, "title")


def other_name_of_unit(hand: Hand) -> None:
    """G07: a school by its usual name."""
    sheet = hand.random.choice(("archive", "selfcheck", "bulletin", "score", "publicity_log"))
    called = {row["school_name"]: row["school_alias"] for _, row in hand.rows("school")}
    book, row = hand.pick(sheet, lambda row: row.get("school_code") in called)
    row["school_code"] = called[row["school_code"]]
    hand.note("G07", book, sheet, row, "school_code")


PLANTS = {
    school_unanswered: 2,
    school_answered_twice: 2,
    grade_unanswered: 3,
    pupil_unanswered: 3,
    village_unanswered: 3,
    nobody_by_that_name: 4,
    gone_already: 2,
    other_title: 4,
    other_name_of_unit: 4,
}
