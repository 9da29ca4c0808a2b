"""Faults of what offices keep: 基础信息, 包保责任, documents and the words people write (G of domain.md 3.3), and near misses."""

from __future__ import annotations

import datetime as dt

from kongchuo.core.schema import CENTRE

from . import days
from .fault_support import enter, marked
from .people import GIVEN
from .planting import EMPTY, Hand, NoPlace, Row, at, by, plain, plus

REGISTRY, BONDS = (f"{days.YEAR}/{CENTRE}/{title}.xlsx" for title in ("基础信息", "包保责任"))
NUMERALS = "一二三四五六七八九"
COPIED = 18  # items that are the same: 月自查与别月相同多少项算照抄
MONTH_BEFORE = {"2023-10": "2023-09", "2023-11": "2023-10", "2023-12": "2023-11"}


# --- 基础信息, and lists that the last rules look at -------------------------------------------------------------------


def not_moved_up(hand: Hand) -> None:
    """G11: a class called after last year's grade."""
    # nothing goes by the name, so that other faults may be in the class
    possible = [one for one in hand.rows("class") if hand.free(one[1]) and one[1]["grade"] not in (1, 7)]
    if not possible:
        raise NoPlace("class")
    book, row = hand.random.choice(possible)
    hand.take(row)
    row["class_name"] = f"{NUMERALS[row['grade'] - 2]}({20 + len(hand.planted) % 70})班"
    hand.note("G11", book, "class", row, "grade")


def self_check_copied(hand: Hand) -> None:
    """T10: a month pasted from the one before, dates included."""
    months: dict[tuple[str, str], list[Row]] = {}
    for book, row in hand.rows("selfcheck"):
        months.setdefault((book, row["month"]), []).append(row)
    possible = [
        (book, pairs)
        for (book, month), own in months.items()
        if (before := months.get((book, MONTH_BEFORE.get(month, "")))) and len(own) == len(before)
        if hand.free(*own, *before, (book, "selfcheck"))
        if len(pairs := [pair for pair in zip(own, before, strict=True) if _alike(*pair)]) >= COPIED
    ]
    if not possible:
        raise NoPlace("selfcheck")
    book, pairs = hand.random.choice(possible)
    hand.take(*(row for pair in pairs for row in pair))
    for row, other in pairs:
        row["date"] = other["date"]
    first = months[book, pairs[0][0]["month"]][0]
    hand.note("T10", book, "selfcheck", first, "date")


def _alike(row: Row, other: Row) -> bool:
    """Answers that are the same in both months, so that only the dates tell the months apart."""
    return all(row.get(name) == other.get(name) for name in ("item_no", "result", "problem", "action"))


def leave_not_listed(hand: Hand) -> None:
    """X64: one who was ill is in the count, and in no list; of one absent for half a day that may be."""
    counts = {(row["class_id"], row["date"]): row for _, row in hand.rows("daily")}

    def suits(row: Row) -> bool:
        count = counts.get((row["class_id"], row["date"]))
        return row["kind"] == "病假" and row["halves"] == 2 and bool(count) and hand.free(count) and _alone(hand, row)

    book, row = hand.pick("absence", suits)
    count = counts[row["class_id"], row["date"]]
    hand.take(count)
    hand.remove(book, "absence", row)
    hand.note("X64", book, "daily", count, "sick")


def _alone(hand: Hand, row: Row) -> bool:
    """No other absentee of the class and day, of whom it might be half a day, nor a day of the same pupil near by."""
    return not any(
        one is not row and one["date"] == row["date"] and one["class_id"] == row["class_id"]
        for _, one in hand.rows("absence")
    )


def seat_taken(hand: Hand) -> None:
    """X65: two neighbours with one number; the second is marked."""
    book, row = hand.pick("roster", lambda row: plain(row) and "seat_no" in row)
    mates = [
        one
        for place, one in hand.rows("roster")
        if place == book and one["class_id"] == row["class_id"] and one is not row and one["status"] == "在读"
    ]
    mates = [one for one in mates if hand.free(one, one["student_key"]) and isinstance(one.get("seat_no"), int)]
    if not mates:
        raise NoPlace("roster")
    mate = hand.random.choice(mates)
    hand.take(mate, mate["student_key"])
    rows = hand.books[book]["roster"]
    first, second = sorted((row, mate), key=lambda one: next(at for at, held in enumerate(rows) if held is one))
    second["seat_no"] = first["seat_no"]
    hand.note("X65", book, "roster", second, "seat_no")


def _junior(_old: object, _row: Row, hand: Hand) -> str:
    return next(row["school_code"] for _, row in hand.rows("school") if row["stage"] == "初中")


REGISTERS = (
    by(3, leave_not_listed), by(3, self_check_copied), by(3, not_moved_up),
    at("G12", 3, "the village's school is one of another stage", "village.school_primary", _junior),
    at("V04", 3, "points lost without a reason", "score.reason", EMPTY),
    at("X56", 3, "another term than the date says", "change.term", "第二学期", lambda row: row["term"] == "第一学期"),
    by(3, seat_taken),
)  # fmt: skip


# --- 包保责任: nobody who answers, people who are not there, other titles and names ----------------------------------------


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


def _another_school(old: str, _row: Row, hand: Hand) -> str:
    names = [row["school_name"] for _, row in hand.rows("school") if row["stage"] != CENTRE]
    return hand.random.choice([name for name in names if name != old])


DUTY = (
    by(2, school_unanswered), by(2, school_answered_twice), by(3, grade_unanswered), by(3, pupil_unanswered), by(3, village_unanswered),
    # a character no invented name has
    at("G05", 4, "nobody of that name on the staff", "support_log.helper issue.owner absence.caller visit.lead",
        lambda old, *_: f"{old[0]}梧{old[1]}"),
    by(2, gone_already), by(4, other_title), by(4, other_name_of_unit),
    at("G15", 3, "the first party is another school", "pledge.party_a", _another_school,
        lambda row: row["pledge_type"] in ("学校-班主任", "学校-家长")),
    at("G16", 3, "nobody until November", "bond.from", dt.date(2023, 11, 6), lambda row: row["bond_type"] in ("包学校", "包年级")),
)  # fmt: skip


# --- 责任书 and documents, and the words people write -----------------------------------------------------------------


def _pledge(hand: Hand, kind: str, party: str, school: str = "") -> Row:
    return next(
        row
        for _, row in hand.rows("pledge")
        if (row["pledge_type"], row["party_b_id"]) == (kind, party) and school in ("", row["party_a"])
    )


def _school(hand: Hand, mark: str) -> Row:
    """A school that no other pledge's fault has."""
    _, row = hand.pick("school", lambda row: row["stage"] != CENTRE and hand.free((mark, row["school_code"])))
    hand.take((mark, row["school_code"]))
    return row


def school_unsigned(hand: Hand) -> None:
    """G08: no pledge with a school."""
    row = _school(hand, "pledge")
    hand.remove(BONDS, "pledge", _pledge(hand, "中心校-学校", row["school_code"]))
    hand.note("G08", REGISTRY, "school", row, "school_code")


def village_unsigned(hand: Hand) -> None:
    """G08: no pledge between a school and one of its villages."""
    row = _school(hand, "pledge")
    village = hand.random.choice(row["catchment"].split("、"))
    hand.remove(BONDS, "pledge", _pledge(hand, "学校-村", village, row["school_name"]))
    hand.note("G08", REGISTRY, "school", row, "catchment")


def teacher_unsigned(hand: Hand) -> None:
    """G08: no pledge with a class teacher."""
    book, row = hand.pick("class", lambda row: "head_teacher" in row, whole_class=True)
    teacher = next(one["staff_id"] for _, one in hand.rows("staff") if one["name"] == row["head_teacher"])
    hand.remove(BONDS, "pledge", _pledge(hand, "学校-班主任", teacher))
    hand.note("G08", book, "class", row, "head_teacher")


def not_the_principal(hand: Hand) -> None:
    """G10: a leader stands in 校长."""
    row = _school(hand, "principal")
    row["principal"] = _leader(hand, row)["name"]
    hand.note("G10", REGISTRY, "school", row, "principal")


def signed_by_another(hand: Hand) -> None:
    """G10: a leader signs the school's pledge; that the principal signs with his name stays silent."""
    for mark in (True, False):
        school = _school(hand, "principal")
        row = _pledge(hand, "中心校-学校", school["school_code"])
        if not hand.free(row):
            raise NoPlace("pledge")
        name = _leader(hand, school)["name"] if mark else school["principal"]
        row["party_b"] = name
        hand.take(row)
        if mark:
            hand.note("G10", BONDS, "pledge", row, "party_b")


def _leader(hand: Hand, school: Row) -> Row:
    return next(
        one
        for _, one in hand.rows("staff")
        if one["school_code"] == school["school_code"] and "班子成员" in one["roles"]
    )


def _of_parents(row: Row) -> bool:
    return row["pledge_type"] == "学校-家长"


EARLIER = (dt.date(2022, 9, 6), dt.date(2023, 3, 27), dt.date(2021, 9, 6))  # a year mistyped into the future is F30
ODD_WORDS = plus("（含隨遷子女）", "，核对坐次表", "，防止缀学", "，学困生帮辅", "，各级段负责")
PLEDGES = (
    by(1, school_unsigned), by(1, village_unsigned), by(2, teacher_unsigned),
    at("G09", 3, "a document of an earlier year", "body.issued notice.pledge_date publicity.pub_date", EARLIER),
    at("G09", 1, "a pledge of an earlier year", "pledge.signed", EARLIER, _of_parents),
    at("", 4, "between plan and opening (G09)", "pledge.signed", dt.date(2023, 8, 28), _of_parents),
    by(2, not_the_principal), by(1, signed_by_another),
    at("F29", 4, "an unusual word", "publicity_log.topic joint.matter support_log.content mechanism.title", ODD_WORDS),
    at("", 4, "a word of its own, a surname (F29)", "support_log.content", plus("，请人帮辅导作业", "，七年级段一起", "，由於老师陪同", "，核对座次表")),
)  # fmt: skip
