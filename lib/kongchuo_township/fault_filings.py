"""Faults of inspections, cases, the archive, the scheme for points, and of totals that cannot be right."""

from __future__ import annotations

from . import days
from .fault_selfcheck import crowded
from .faults import Hand, Row, plain
from .inspection import POINTS

INSPECTION = f"{days.YEAR}/中心学校/督查奖惩.xlsx"


def school_without_case(hand: Hand) -> None:
    """T05."""
    mine = crowded(hand, "bulletin", 6)
    book, row = hand.pick("bulletin", lambda row: row["kind"] == "典型案例" and mine(row))
    hand.remove(book, "bulletin", row)
    hand.note("T05", book, "bulletin", None, "date")


# --- 督查奖惩 -----------------------------------------------------------------------------------------------------------
def round_not_held(hand: Hand) -> None:
    """T02: a school was inspected once."""

    def rows(school: object, number: int) -> list[Row]:
        return [one for _, one in hand.rows("score") if (one["school_code"], one["round"]) == (school, number)]

    def whole(row: Row) -> bool:
        return len(both := rows(row["school_code"], 1) + rows(row["school_code"], 2)) == 20 and hand.free(*both)

    _, last = hand.pick("score", lambda row: row["item_no"] == len(POINTS) and row["round"] == 1 and whole(row))
    for row in rows(last["school_code"], 2):
        hand.remove(INSPECTION, "score", row)
    hand.note("T02", INSPECTION, "score", last, "round")


def too_many_points(hand: Hand) -> None:
    """V02; the full points stay silent."""
    book, row = hand.pick("score")
    row["score"] = POINTS[row["item_no"] - 1] + hand.random.choice((0.5, 1, 2))
    hand.note("V02", book, "score", row, "score")


def scheme_not_shown(hand: Hand) -> None:
    """V03: never shown to the teachers."""
    book, row = hand.pick("publicity")
    row.pop("pub_date")
    row.pop("pub_mode")
    hand.note("V03", book, "publicity", row, "pub_date")


def scheme_without_points(hand: Hand) -> None:
    """V03: the scheme shown does not say how points are given; one shown late stays silent."""
    book, row = hand.pick("publicity")
    row["in_scheme"] = False
    hand.note("V03", book, "publicity", row, "in_scheme")
    _, late = hand.pick("publicity")
    late["pub_date"] = days.FREEZE + days.DAY * 20


def roll_call_wrong(hand: Hand) -> None:
    """N03; more names on the roll than in the register stay silent: to find them is what the roll is called for."""
    book, row = hand.pick("rollcall")
    row["n_present"] += hand.random.choice((-1, 1))
    hand.note("N03", book, "rollcall", row, "n_register")
    _, near = hand.pick("rollcall")
    near["n_rollbook"] += 1


def more_than_due(hand: Hand) -> None:
    """N03: more came than were asked, or more was paid than is allowed; just as many stay silent."""
    sheet, whole, part = hand.random.choice((("publicity_log", "n_due", "n_att"), ("aid", "standard", "paid")))
    mine = crowded(hand, sheet)
    book, row = hand.pick(sheet, lambda row: part in row and mine(row))
    row[part] = row[whole] + 1
    hand.note("N03", book, sheet, row, part)
    _, near = hand.pick(sheet, lambda row: part in row and mine(row))
    near[part] = near[whole]


# --- 档案目录 -----------------------------------------------------------------------------------------------------------
def archive_not_listed(hand: Hand) -> None:
    """A01: an item has no line."""
    mine = crowded(hand, "archive")
    book, row = hand.pick("archive", lambda row: mine(row) and row["archive_no"] > 1)
    rows = [one for place, one in hand.rows("archive") if place == book]
    at = next(place for place, one in enumerate(rows) if one is row)
    if not hand.free(*rows[at - 1 : at], *rows[at + 1 : at + 2]):
        return archive_not_listed(hand)
    hand.take(*rows[at - 1 : at + 2])
    hand.remove(book, "archive", row)
    hand.note("A01", book, "archive", rows[at - 1], "archive_no")


def archive_empty(hand: Hand) -> None:
    """A01: nothing there, and no reason given."""
    mine = crowded(hand, "archive")
    book, row = hand.pick("archive", lambda row: mine(row) and row["copies"] > 0 and not row["has_media"])
    row["copies"] = 0
    hand.note("A01", book, "archive", row, "missing")


def archive_without_pictures(hand: Hand) -> None:
    """A02."""
    mine = crowded(hand, "archive")
    book, row = hand.pick("archive", lambda row: mine(row) and row["has_media"])
    row["has_media"] = False
    hand.note("A02", book, "archive", row, "has_media")


# --- 学籍 --------------------------------------------------------------------------------------------------------------
def came_without_transfer(hand: Hand) -> None:
    """N01: on the baseline, and yet came this year; who came in an earlier year stays silent."""
    began = {row["class_id"]: row["grade"] for _, row in hand.rows("class")}
    based = {row["student_key"] for _, row in hand.rows("baseline")}
    moved = {row["student_key"] for _, row in hand.rows("change")}

    def stayed(row: Row) -> bool:
        key = row["student_key"]
        return plain(row) and began[row["class_id"]] not in (1, 2, 7, 8) and key in based and key not in moved

    book, row = hand.pick("roster", stayed)
    row["entry_ym"] = hand.random.choice(("202309", "202310"))
    hand.note("N01", book, "roster", row, "entry_ym")
    _, near = hand.pick("roster", stayed)
    near["entry_ym"] = "202302"


PLANTS = {
    school_without_case: 3,
    round_not_held: 3,
    too_many_points: 3,
    scheme_not_shown: 2,
    scheme_without_points: 1,
    roll_call_wrong: 3,
    more_than_due: 3,
    archive_not_listed: 2,
    archive_empty: 2,
    archive_without_pictures: 3,
    came_without_transfer: 3,
}
