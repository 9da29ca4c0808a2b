"""Faults that the rules on support and on groups of pupils find, and near misses."""

from __future__ import annotations

import datetime as dt

from . import days
from .faults import Hand, Row, plain
from .people import POOR


def _is_poor(row: Row) -> bool:
    return row["poor_type"] in (*POOR, "孤儿")


def _own(hand: Hand, sheet: str, key: str, of: str = "student_key") -> list[tuple[str, Row]]:
    """Every row of a sheet that is about a pupil, or about a case."""
    return [(book, row) for book, row in hand.rows(sheet) if row[of] == key and hand.free(row)]


def _aid(book: str) -> str:
    return book.replace("学籍", "帮扶")


# --- 一家一案, 资助, 帮扶记录 ------------------------------------------------------------------------------------------
def plan_missing(hand: Hand) -> None:
    """X29."""
    book, plan = hand.pick("family_plan", _is_poor)
    hand.remove(book, "family_plan", plan)
    book, row = hand.of("roster", plan["student_key"])
    hand.note("X29", book, "roster", row, "groups")


def plan_not_needed(hand: Hand) -> None:
    """No X29: 事实无人抚养 alone needs no 一家一案 by that rule."""
    book, plan = hand.pick("family_plan", lambda row: row["poor_type"] == "事实无人抚养")
    hand.remove(book, "family_plan", plan)


def aid_missing(hand: Hand) -> None:
    """X30."""
    book, plan = hand.pick("family_plan", _is_poor)
    for place, row in _own(hand, "aid", plan["student_key"]):
        hand.remove(place, "aid", row)
    hand.note("X30", book, "family_plan", plan, "aid_done")


def aid_paid_late(hand: Hand) -> None:
    """No X30: paid after the day of the check, but paid."""
    _, plan = hand.pick("family_plan", _is_poor)
    for _, row in _own(hand, "aid", plan["student_key"]):
        row["paid_on"] = dt.date(2024, 1, 10)


def _supported(hand: Hand) -> tuple[str, Row]:
    """A plan of a pupil who was in class all the term, with no other fault in its records."""
    moved = {row["student_key"] for _, row in hand.rows("change")}
    spoilt = {row["pupil_plan"] for _, row in hand.rows("support_log") if not hand.free(row)}
    return hand.pick("pupil_plan", lambda row: row["student_key"] not in moved and row["pupil_plan"] not in spoilt)


def _without_logs(hand: Hand, plan: Row, months: tuple[str, ...]) -> None:
    for place, row in _own(hand, "support_log", plan["pupil_plan"], "pupil_plan"):
        if f"{row['date']:%Y-%m}" in months:
            hand.remove(place, "support_log", row)


def month_without_log(hand: Hand) -> None:
    """X31: nothing in one month, or in two."""
    book, plan = _supported(hand)
    _without_logs(hand, plan, tuple(hand.random.sample(days.MONTHS[1:4], hand.random.choice((1, 2)))))
    hand.note("X31", book, "pupil_plan", plan, "pupil_plan")


def month_not_over(hand: Hand) -> None:
    """No X31: in September, when the plan was made, and in January, which is not over."""
    _, plan = _supported(hand)
    _without_logs(hand, plan, (days.MONTHS[0], days.MONTHS[-1]))


# --- 留守, 随迁, 其他 ---------------------------------------------------------------------------------------------------
def nobody_in_charge(hand: Hand) -> None:
    """X36: no 委托监护人, one of the parents for it, or no 包保教师."""
    book, row = hand.pick("leftbehind", lambda row: row["left_type"] == "双亲留守")
    column = hand.random.choice(("trustee", "trustee_rel", "teacher"))
    if column == "trustee":
        for name in ("trustee", "trustee_rel", "trustee_tel", "trust_doc"):
            row.pop(name)
    elif column == "trustee_rel":
        row["trustee_rel"] = "母亲"
    else:
        row.pop("teacher")
    hand.note("X36", book, "leftbehind", row, column)


def mother_at_home(hand: Hand) -> None:
    """No X36: one of the parents is there."""
    _, row = hand.pick("leftbehind", lambda row: row["left_type"] == "单亲留守")
    row |= {"trustee": "甲无忧", "trustee_rel": "母亲", "trustee_tel": "10999999999", "trust_doc": False}


def left_behind_and_migrant(hand: Hand) -> None:
    """X37: marked as migrant as well."""
    _, row = hand.pick("leftbehind")
    book, pupil = hand.of("roster", row["student_key"])
    pupil["migrant"] = True
    hand.note("X37", book, "roster", pupil, "migrant")


def marked_not_listed(hand: Hand) -> None:
    """X49: on the roster left behind or of one parent, and not in the sheet."""
    sheet = hand.random.choice(("leftbehind", "others"))
    book, row = hand.pick(sheet, lambda row: row.get("kind", "单亲") == "单亲")
    hand.remove(book, sheet, row)
    book, pupil = hand.of("roster", row["student_key"])
    hand.note("X49", book, "roster", pupil, "groups")


def listed_not_marked(hand: Hand) -> None:
    """X49: in the sheet, and the roster knows nothing of it."""
    book, pupil = hand.pick("roster", plain)
    row = {name: pupil[name] for name in ("student_key", "name", "class_id")}
    head = next(one["head_teacher"] for _, one in hand.rows("class") if one["class_id"] == pupil["class_id"])
    row |= {"kind": "困境", "care_plan": "由亲属照管，班主任每月联系一次", "helper": head}
    hand.books[_aid(book)]["others"].append(row)
    hand.note("X49", book, "roster", pupil, "groups")


def other_type(hand: Hand) -> None:
    """X49: left behind by one parent in the sheet, by both on the roster."""
    _, row = hand.pick("leftbehind", lambda row: row["left_type"] == "单亲留守")
    book, pupil = hand.of("roster", row["student_key"])
    pupil["leftbehind"] = "双亲留守"
    hand.note("X49", book, "roster", pupil, "leftbehind")


def weak_without_plan(hand: Hand) -> None:
    """X49: marked as weak, no plan."""
    book, pupil = hand.pick("roster", plain)
    pupil["weak"] = True
    hand.note("X49", book, "roster", pupil, "weak")


PLANTS = {
    plan_missing: 3,
    plan_not_needed: 1,
    aid_missing: 3,
    aid_paid_late: 1,
    month_without_log: 3,
    month_not_over: 2,
    nobody_in_charge: 4,
    mother_at_home: 1,
    left_behind_and_migrant: 3,
    marked_not_listed: 2,
    listed_not_marked: 1,
    other_type: 1,
    weak_without_plan: 1,
}
