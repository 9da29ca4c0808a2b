"""Faults of what is due: self-checks, reports, bulletins, inspections, the archive, and zeros that the ledgers contradict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from . import days
from .faults import Hand, NoPlace, Row

OVER = days.MONTHS[:-1]  # the months whose self-check and report have been due by the end of the term
ITEMS = {8: ("suspected",), 9: ("dropout",), 10: ("suspected", "dropout")}


def _end(month: str) -> dt.date:
    return (dt.date.fromisoformat(f"{month}-01") + dt.timedelta(days=31)).replace(day=1) - days.DAY


def _open(hand: Hand, book: str, sheets: tuple[str, ...], day: dt.date) -> bool:
    """Whether a school's ledgers, as they are now, hold somebody at the end of a day; a date that is none says nothing."""
    held = hand.books[book.replace("自查档案", "控辍台账")]

    def date(row: Row, name: str, otherwise: dt.date) -> dt.date:
        return row[name] if isinstance(row.get(name), dt.date) else otherwise

    for sheet in sheets:
        for row in held.get(sheet, ()):
            back = date(row, "back_date", dt.date.max) if row.get("state") != "再次辍学" else dt.date.max
            gone = min(back, date(row, "closed", dt.date.max))
            if date(row, "found" if sheet == "suspected" else "confirm_date", dt.date.max) <= day < gone:
                return True
    return False


def _until(row: Row) -> dt.date:
    return max(row["until"], row["date"]) if row["report"] == "周报" else row["until"]


def answers_follow(hand: Hand) -> None:
    """No fault: where other faults have added a case, the school's self-checks and reports say so (X41)."""
    for book, row in hand.rows("selfcheck"):
        opened = row["item_no"] in ITEMS and _open(hand, book, ITEMS[row["item_no"]], _end(row["month"]))
        if opened and row["result"] == "不适用":
            row["result"] = "是"
    for book, row in hand.rows("filing"):
        row["zero"] = row["zero"] and not _open(hand, book, ITEMS[10], _until(row))


# --- T01 --------------------------------------------------------------------------------------------------------------
def _months_check(hand: Hand) -> tuple[str, list[Row]]:
    """A school's self-check of a month that has been due, with nothing else planted in it, taken; one a school."""
    checks: dict[tuple[str, str], list[Row]] = {}
    for book, row in hand.rows("selfcheck"):
        checks.setdefault((book, row["month"]), []).append(row)
    possible = [
        (book, rows)
        for (book, month), rows in checks.items()
        if month in OVER and hand.free(("check", book), (book, "selfcheck"), *rows)
    ]
    if not possible:
        raise NoPlace("selfcheck")
    book, rows = hand.random.choice(possible)
    hand.take(*rows, ("check", book))
    return book, rows


def item_not_checked(hand: Hand) -> None:
    """T01: an item is not there."""
    book, rows = _months_check(hand)
    lost = hand.random.choice([row for row in rows[1:] if row["result"] != "否"])
    hand.remove(book, "selfcheck", lost)
    hand.note("T01", book, "selfcheck", rows[rows.index(lost) - 1], "item_no")


def not_confirmed(hand: Hand) -> None:
    """T01: the principal has not confirmed it."""
    book, rows = _months_check(hand)
    row = hand.random.choice(rows)
    row["confirmed"] = False
    hand.note("T01", book, "selfcheck", row, "confirmed")


def checked_late(hand: Hand) -> None:
    """T01: checked on the sixth of the next month; on the fifth it is in time."""
    book, rows = _months_check(hand)
    for row in rows:
        if row["result"] != "否":
            row["date"] = _end(row["month"]) + days.DAY * 5
    row = hand.random.choice([row for row in rows if row["result"] != "否"])
    row["date"] += days.DAY
    hand.note("T01", book, "selfcheck", row, "date")


def month_not_checked(hand: Hand) -> None:
    """T01: nothing of a month; the problem found in it last year stays in 问题整改."""
    book, rows = _months_check(hand)
    month = rows[0]["month"]
    before = [row for place, row in hand.rows("selfcheck") if place == book and row["month"] < month]
    for row in rows:
        hand.remove(book, "selfcheck", row)
    hand.note("T01", book, "selfcheck", before[-1] if before else None, "month")


# --- X41 --------------------------------------------------------------------------------------------------------------
def zero_in_check(hand: Hand) -> None:
    """X41: an item says there was nothing to check, and the ledger holds a case at the end of the month."""
    cases = {
        id(row)
        for book, row in hand.rows("selfcheck")
        if row["item_no"] in ITEMS and _open(hand, book, ITEMS[row["item_no"]], min(_end(row["month"]), days.END))
    }
    book, row = hand.pick("selfcheck", lambda row: id(row) in cases and row["result"] == "是")
    row["result"] = "不适用"
    hand.note("X41", book, "selfcheck", row, "result")


def zero_in_report(hand: Hand) -> None:
    """X41: a report says zero; one whose case was closed on its last day may."""
    cases = {id(row) for book, row in hand.rows("filing") if _open(hand, book, ITEMS[10], min(_until(row), days.END))}
    book, row = hand.pick("filing", lambda row: id(row) in cases and not row["zero"])
    row["zero"] = True
    hand.note("X41", book, "filing", row, "zero")


# --- T03, T04, T05 ------------------------------------------------------------------------------------------------------
def _report(hand: Hand) -> tuple[str, Row, Row]:
    """A report that has been due, and the one before it, with nothing planted in them or in the next, taken."""
    lines: dict[tuple[str, str], list[Row]] = {}
    for book, row in hand.rows("filing"):
        lines.setdefault((book, row["report"]), []).append(row)
    possible = [
        (book, rows[at - 1 : at + 2])
        for (book, _), rows in lines.items()
        for at in range(1, len(rows) - 1)
        if rows[at]["until"] < dt.date(2023, 12, 31) and hand.free((book, "filing"), *rows[at - 1 : at + 2])
    ]
    if not possible:
        raise NoPlace("filing")
    book, near = hand.random.choice(possible)
    hand.take(*near)
    return book, near[1], near[0]


def report_late(hand: Hand) -> None:
    """T03: sent the Monday after, or on the sixth; one that names another day of its week or month stays silent."""
    book, row, before = _report(hand)
    row["date"] = row["until"] + days.DAY * (3 if row["report"] == "周报" else 6)
    hand.note("T03", book, "filing", row, "date")
    before["until"] -= days.DAY * 2


def report_missing(hand: Hand) -> None:
    """T03: nothing says that it was sent."""
    book, row, before = _report(hand)
    hand.remove(book, "filing", row)
    hand.note("T03", book, "filing", before, "until")


def crowded(hand: Hand, sheet: str, schools: int = 2) -> Callable[[Row], bool]:
    """Which rows are those of the few schools whose sheet most faults are in already, so that whole sheets stay free for others."""
    used: dict[str, int] = {}
    for book, row in hand.rows(sheet):
        used[book] = used.get(book, 0) + (not hand.free(row))
    books = sorted(used, key=lambda book: (-used[book], book))[:schools]
    mine = {id(row) for book, row in hand.rows(sheet) if book in books}
    return lambda row: id(row) in mine


def month_without_bulletin(hand: Hand) -> None:
    """T04."""
    mine = crowded(hand, "bulletin", 3)
    lines: dict[str, list[Row]] = {}
    for book, row in hand.rows("bulletin"):
        if row["kind"] == "简报" and mine(row):
            lines.setdefault(book, []).append(row)
    near = {id(row): rows[max(at - 1, 0) : at + 2] for rows in lines.values() for at, row in enumerate(rows)}
    book, row = hand.pick(
        "bulletin", lambda row: row["date"] < dt.date(2024, 1, 1) and id(row) in near and hand.free(*near[id(row)])
    )
    others = near[id(row)]
    hand.take(*others)
    hand.remove(book, "bulletin", row)
    hand.note("T04", book, "bulletin", None if others[0] is row else others[0], "date")


# --- T06 --------------------------------------------------------------------------------------------------------------
def problem_open(hand: Hand) -> None:
    """T06: the time to mend it is over."""
    book, row = hand.pick("issue", lambda row: row["state"] == "已完成")
    for name in ("fix", "done", "reviewer"):
        row.pop(name)
    row["state"] = "整改中"
    hand.note("T06", book, "issue", row, "due")


def item_open(hand: Hand) -> None:
    """T06: an item of the self-check that was not mended."""
    book, row = hand.pick("selfcheck", lambda row: "done" in row)
    row.pop("done")
    hand.note("T06", book, "selfcheck", row, "due")


def problem_due_today(hand: Hand) -> None:
    """No fault: a problem may be mended until the end of its last day (T06)."""
    _, row = hand.pick("issue", lambda row: row["state"] == "已完成")
    for name in ("fix", "done", "reviewer"):
        row.pop(name)
    row |= {"state": "整改中", "due": days.END}


PLANTS = {
    answers_follow: 1,
    item_not_checked: 1,
    not_confirmed: 1,
    checked_late: 2,
    month_not_checked: 1,
    zero_in_check: 3,
    zero_in_report: 2,
    report_late: 3,
    report_missing: 3,
    month_without_bulletin: 3,
    problem_open: 2,
    item_open: 2,
    problem_due_today: 1,
}
