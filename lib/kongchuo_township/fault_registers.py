"""Faults of the registry, of duties, self-checks, ledgers and lists that the last rules look at (G11, G12, T10, V04, X56, X64-X66)."""

from __future__ import annotations

from .faults import Hand, NoPlace, Row, plain


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


NUMERALS = "一二三四五六七八九"


def village_unserved(hand: Hand) -> None:
    """G12: the village's school is one of another stage."""
    junior = {row["school_code"]: row["school_name"] for _, row in hand.rows("school") if row["stage"] == "初中"}
    book, row = hand.pick("village")
    row["school_primary"] = next(iter(junior))
    hand.note("G12", book, "village", row, "school_primary")


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


COPIED = 18  # items that are the same: 月自查与别月相同多少项算照抄
MONTH_BEFORE = {"2023-10": "2023-09", "2023-11": "2023-10", "2023-12": "2023-11"}


def lost_without_reason(hand: Hand) -> None:
    """V04."""
    book, row = hand.pick("score", lambda row: "reason" in row)
    row.pop("reason")
    hand.note("V04", book, "score", row, "reason")


def another_term(hand: Hand) -> None:
    """X56."""
    book, row = hand.pick("change", lambda row: row["term"] == "第一学期")
    row["term"] = "第二学期"
    hand.note("X56", book, "change", row, "term")


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


def reason_not_written(hand: Hand) -> None:
    """X66: a signal that nothing else shows, and nobody wrote what was seen."""
    book, row = hand.pick("watch", lambda row: "closed" not in row)
    row["signals"] += "、沉迷网络"
    row.pop("reason", None)
    hand.note("X66", book, "watch", row, "reason")


PLANTS = {
    leave_not_listed: 3,
    self_check_copied: 3,
    not_moved_up: 3,
    village_unserved: 3,
    lost_without_reason: 3,
    another_term: 3,
    seat_taken: 3,
    reason_not_written: 3,
}
