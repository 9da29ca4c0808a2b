"""Faults of what is due: 督查奖惩, 自查档案 and the zeros that the ledgers contradict (T, V, A, N, X41), and near misses."""

from __future__ import annotations

import datetime as dt

from kongchuo.core.schema import CENTRE

from . import days
from .office import POINTS
from .planting import EMPTY, Hand, NoPlace, Row, at, by, crowded, plain, plus

INSPECTION = f"{days.YEAR}/{CENTRE}/督查奖惩.xlsx"
OVER = days.MONTHS[:-1]  # the months whose self-check and report have been due by the end of the term
ITEMS = {8: ("suspected",), 9: ("dropout",), 10: ("suspected", "dropout")}


# --- 督查奖惩, 档案目录, cases, totals that cannot be right ---------------------------------------------------------------


def school_without_case(hand: Hand) -> None:
    """T05."""
    mine = crowded(hand, "bulletin", 6)
    book, row = hand.pick("bulletin", lambda row: row["kind"] == "典型案例" and mine(row))
    hand.remove(book, "bulletin", row)
    hand.note("T05", book, "bulletin", None, "date")


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


FILINGS = (
    by(3, school_without_case), by(3, round_not_held),
    at("V05", 3, "one item of a round three days later", "score.date", lambda old, *_: old + days.DAY * 3,
        lambda row: row["item_no"] == 5),
    at("V02", 3, "more than the full points", "score.score",
        lambda _old, row, hand: POINTS[row["item_no"] - 1] + hand.random.choice((0.5, 1, 2))),
    at("V03", 2, "the scheme was never shown", "publicity.pub_date", EMPTY, without="pub_mode"),
    at("V03", 1, "the scheme does not say how points are given", "publicity.in_scheme", False),
    at("", 1, "shown late (V03)", "publicity.pub_date", days.FREEZE + days.DAY * 20),
    at("N03", 3, "a roll-call that does not add up", "rollcall.n_present", plus(-1, 1), noted="n_register"),
    at("", 3, "more on the roll than in the register: to find them is what it is called for (N03)", "rollcall.n_rollbook",
        plus(1)),
    at("N03", 2, "more came than were asked", "publicity_log.n_att", lambda _old, row, _hand: row["n_due"] + 1, among=2),
    at("N03", 1, "more was paid than is allowed", "aid.paid", lambda _old, row, _hand: row["standard"] + 1, among=2),
    at("", 2, "as many as were asked (N03)", "publicity_log.n_att", lambda _old, row, _hand: row["n_due"], among=2),
    by(2, archive_not_listed),
    at("A01", 2, "nothing there, and no reason given", "archive.copies", 0,
        lambda row: row["copies"] > 0 and not row["has_media"], noted="missing", among=2),
    at("A02", 3, "no pictures", "archive.has_media", False, lambda row: row["has_media"], among=2),
    by(3, came_without_transfer),
)  # fmt: skip


# --- 月自查, 报送登记, 简报, 问题整改 -------------------------------------------------------------------------------------


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


def _mended(row: Row) -> bool:
    return row["state"] == "已完成"


SELF_CHECKS = (
    by(1, answers_follow), by(1, item_not_checked), by(1, not_confirmed), by(2, checked_late), by(1, month_not_checked),
    by(3, zero_in_check), by(2, zero_in_report), by(3, report_late), by(3, report_missing), by(3, month_without_bulletin),
    at("T06", 2, "the time to mend it is over", "issue.due", suits=_mended, also={"state": "整改中"},
        without="fix done reviewer"),
    at("T06", 2, "an item that was not mended", "selfcheck.done", EMPTY, noted="due"),
    at("", 1, "may be mended until the end of its last day (T06)", "issue.due", days.END, _mended, also={"state": "整改中"},
        without="fix done reviewer"),
)  # fmt: skip
