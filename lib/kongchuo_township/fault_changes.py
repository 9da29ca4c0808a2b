"""Faults of 学籍: changes that hang, lead nowhere or must not be, leave, guests, ages, checks of the register (X18-X22, X28, X42, X48, T08)."""

from __future__ import annotations

import datetime as dt

from . import days
from .faults import Hand, NoPlace, Row, plain
from .people import id_number

LEFT = dt.date(2023, 12, 18)  # after the last roll-call of an inspection, and long enough before the end
FAR = "邻市样例县样例学校"


def _quiet(hand: Hand, row: Row, since: dt.date) -> bool:
    """A plain pupil without a change, whom nobody wrote down from a day on, so that he or she can be gone from then."""
    key = row["student_key"]
    logs = (
        (sheet, one)
        for sheet in ("absence", "reconcile", "change")
        for _, one in hand.rows(sheet)
        if one.get("student_key") == key
    )
    return not any(sheet == "change" or one["date"] >= since for sheet, one in logs)


def _pupil(hand: Hand, since: dt.date = LEFT) -> tuple[str, Row]:
    return hand.pick("roster", lambda row: plain(row) and _quiet(hand, row, since))


def _write(hand: Hand, book: str, row: Row, kind: str, day: dt.date, **more: object) -> Row:
    """A complete row of 学生变动 for a pupil, reported the same day, and at the end of the sheet."""
    rows = hand.books[book]["change"]
    school = next(one for _, one in hand.rows("school") if one["school_code"] == row["class_id"].split("-")[0])
    change = {
        "move_id": f"BD-9{len(rows):03d}",
        "school_year": days.YEAR,
        "term": days.TERM,
        "date": day,
        "student_key": row["student_key"],
        "name": row["name"],
        "kind": kind,
        "reason": "家庭原因",
        "sys_state": "不适用",
        "report_date": days.on_or_after(day),
        "handler": school["status_clerk"],
        "approved_by": school["principal"],
        **more,
    }
    rows.append(change)
    hand.take(change)
    return change


def _gone(hand: Hand, kind: str, status: str, study: str, day: dt.date, **more: object) -> tuple[str, Row, Row, Row]:
    """A pupil who is due no more from a day on, right in every sheet: workbook, roster row, change, census row."""
    book, row = _pupil(hand, day)
    row |= {"status": status, "status_date": day}
    change = _write(hand, book, row, kind, day, class_from=row["class_id"], **more)
    for _, count in hand.rows("daily"):
        if count["class_id"] == row["class_id"] and count["date"] >= day:
            count["due"], count["present"] = count["due"] - 1, count["present"] - 1
    child = hand.of("census", row["student_key"])[1]
    child["study_status"] = study
    return book, row, change, child


def transferred(hand: Hand) -> tuple[str, Row, Row, Row]:
    """A pupil who has moved far away, right in every sheet; as _gone."""
    more = {
        "place": FAR,
        "evidence": "转学联系表",
        "sys_state": "已核办",
        "sys_start": LEFT,
        "sys_date": LEFT + days.DAY * 4,
    }
    book, row, change, child = _gone(hand, "转出", "已转出", "镇外在读", LEFT, **more)
    child |= {"study_school": FAR, "residence": "随父母外出", "away_place": FAR, "proof": "学籍截图"}
    return book, row, change, child


def transfer_hangs(hand: Hand) -> None:
    """X18: begun in the system, never approved."""
    book, _, change, _ = transferred(hand)
    change["sys_state"] = "已发起"
    del change["sys_date"]
    hand.note("X18", book, "change", change, "sys_state")


def transfer_to_nowhere(hand: Hand) -> None:
    """X19: no school where the pupil went."""
    book, _, change, _ = transferred(hand)
    change["place"] = hand.random.choice(("外地", "随父母外出", "外省某小学", "邻省样例市，学校不详"))
    hand.note("X19", book, "change", change, "place")


def transfer_unseen(hand: Hand) -> None:
    """X19: a school is named, but nothing was begun in the system, and the pupil is seen nowhere."""
    book, row, change, child = transferred(hand)
    change["sys_state"] = "未发起"
    del change["sys_date"], change["sys_start"]
    hand.remove(hand.of("census", row["student_key"])[0], "census", child)
    hand.note("X19", book, "change", change, "sys_state")


def _on_leave(hand: Hand, until: dt.date) -> tuple[str, Row]:
    more = {"leave_from": LEFT, "leave_to": until, "evidence": "县医院诊断证明 12-90", "reason": "因病需休养"}
    book, _, change, _ = _gone(
        hand, "休学", "休学", "休学", LEFT, sys_state="已核办", sys_start=LEFT, sys_date=LEFT, **more
    )
    return book, change


def leave_ran_out(hand: Hand) -> None:
    """X20; leave that ends on the report's own day stays silent."""
    book, change = _on_leave(hand, dt.date(2024, 1, 25) - days.DAY * hand.random.randrange(8))
    hand.note("X20", book, "change", change, "leave_to")


def leave_without_papers(hand: Hand) -> None:
    """X21: 证明材料 is filled in, with nothing."""
    book, change = _on_leave(hand, dt.date(2024, 6, 28))
    change["evidence"] = hand.random.choice(("无", "待补", "样例一村卫生室证明"))
    hand.note("X21", book, "change", change, "evidence")


def _whole(hand: Hand, row: Row) -> bool:
    """A class of which no other fault has a day, and which is then kept from them."""
    room = row["class_id"]
    return all(hand.free(one) for _, one in hand.rows("daily") if one["class_id"] == room)


def no_such_procedure(hand: Hand) -> None:
    """X22: 退学 as a kind. Where the pupil really is remains open, so nothing else is planted in the class."""
    book, row = hand.pick(
        "roster", lambda row: plain(row) and _quiet(hand, row, LEFT) and _whole(hand, row), whole_class=True
    )
    word = hand.random.choice(("退学", "开除", "劝退"))
    hand.note("X22", book, "change", _write(hand, book, row, word, LEFT), "kind")


def forbidden_word(hand: Hand) -> None:
    """X22: the word stands in the reason; that it is no 退学 may be said."""
    book, row = _pupil(hand)
    change = _write(hand, book, row, "信息变更", LEFT, reason="家长要求退学，改监护人电话")
    hand.note("X22", book, "change", change, "reason")
    book, row = _pupil(hand)
    _write(hand, book, row, "信息变更", LEFT, reason="监护人变更，并非退学")


def reported_late(hand: Hand) -> None:
    """T08: on the fourth school day; on the third is in time."""
    for number in (4, 3):
        book, change = hand.pick("change", lambda row: "report_date" in row and row["date"] < LEFT)
        change["report_date"] = change["received"] = days.shift(days.on_or_before(change["date"]), number)
        if number == 4:
            hand.note("T08", book, "change", change, "report_date")


def class_unchecked(hand: Hand) -> None:
    """X28: no check of a class the whole term."""
    checks: dict[str, list[tuple[str, Row]]] = {}
    for book, row in hand.rows("reconcile"):
        checks.setdefault(row["class_id"], []).append((book, row))
    possible = [
        (room, rows)
        for room, rows in checks.items()
        if hand.free(room, (rows[0][0], "reconcile")) and all(hand.free(row) for _, row in rows)
    ]
    if not possible:
        raise NoPlace("reconcile")
    _, rows = hand.random.choice(possible)
    for book, row in rows:
        hand.remove(book, "reconcile", row)
    hand.take((rows[0][0], "reconcile"))
    hand.note("X28", rows[0][0], "reconcile")


def _older(hand: Hand, years: int) -> tuple[str, Row]:
    """A pupil as old as the class, made so many years older in roster and census and in every number."""
    grades = {one["class_id"]: one["grade"] for _, one in hand.rows("class")}

    def usual(row: Row) -> bool:
        born = row["birth_date"].year + (row["birth_date"].month > 8)
        grade = days.START.year - born - 5
        return plain(row) and grade == grades[row["class_id"]] <= 5 and row["status_no"][0] == "G"

    book, row = hand.pick("roster", usual)
    born = row["birth_date"] - dt.timedelta(days=365 * years)
    numbers = (id_number(int(row["id_no"][:6]), born, 990 + (row["sex"] == "男") + more) for more in (0, 2))
    number = next(one for one in numbers if not one.endswith("000"))
    for one in (row, hand.of("census", row["student_key"])[1]):
        one |= {"birth_date": born, "id_no": number, "status_no": f"G{number}"}
    return book, row


def too_old(hand: Hand) -> None:
    """X42: three years older than the class; one year is nothing."""
    book, row = _older(hand, 3)
    hand.note("X42", book, "roster", row, "birth_date")


def guest_too_long(hand: Hand) -> None:
    """X48: a guest since the thirty-first day before; since the thirtieth is in time."""
    for number in (31, 30):
        book, row = _pupil(hand)
        row |= {"guest": True, "origin_school": FAR, "status_date": days.END - days.DAY * number}
        if number == 31:
            hand.note("X48", book, "roster", row, "guest")


def near_miss(hand: Hand) -> None:
    """A transfer in good order, leave that ends on the last day, a pupil a year older than the class."""
    transferred(hand)
    _on_leave(hand, days.END)
    _older(hand, 1)


PLANTS = {
    transfer_hangs: 3,
    transfer_to_nowhere: 2,
    transfer_unseen: 2,
    leave_ran_out: 3,
    leave_without_papers: 3,
    no_such_procedure: 2,
    forbidden_word: 2,
    reported_late: 3,
    class_unchecked: 3,
    too_old: 3,
    guest_too_long: 3,
    near_miss: 2,
}
