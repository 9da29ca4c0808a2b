"""Faults of 摸底登记: children nobody verified, too old and not in school, delayed or away without papers, and near misses."""

from __future__ import annotations

import datetime as dt

from . import days
from .faults import Hand, Row
from .people import id_number

LIMIT = dt.timedelta(days=15)  # 待核实最长天数


def away(row: Row) -> bool:
    """A child at school elsewhere, on no roster of ours; not in grade 7: those are looked for after grade 6."""
    elsewhere = row["study_status"] == "镇外在读" and row["hukou_status"] == "户籍在本镇举家外出"
    return elsewhere and row["study_grade"] != 7 and "status_no" in row


def _unverified(hand: Hand) -> tuple[str, Row]:
    book, row = hand.pick("census", away)
    for name in ("study_school", "study_grade", "proof"):
        row.pop(name)
    row["study_status"] = "待核实"
    return book, row


def not_verified(hand: Hand) -> None:
    """X03."""
    book, row = _unverified(hand)
    row["visit_date"] = days.END - LIMIT - days.DAY * hand.random.choice((1, 30, 150))
    hand.note("X03", book, "census", row, "study_status")


def not_verified_yet(hand: Hand) -> None:
    """No X03: on the last day allowed."""
    _, row = _unverified(hand)
    row["visit_date"] = days.END - LIMIT


def _too_old(hand: Hand) -> tuple[str, Row]:
    """A child who would be 已完成九年 if the schooling had gone well, and is sixteen at the start of the year."""
    book, row = hand.pick("census", lambda row: row["study_status"] == "已完成九年" and "status_no" not in row)
    born = dt.date(2007, 8, 31) - days.DAY * hand.random.randrange(300)
    number = id_number(int(row["id_no"][:6]), born, 988 + (row["sex"] == "男"))
    row |= {"birth_date": born, "id_no": number}
    return book, row


def too_old_for_school(hand: Hand) -> None:
    """X43."""
    book, row = _too_old(hand)
    row["study_status"] = "未入学"
    hand.note("X43", book, "census", row, "note")


def too_old_and_settled(hand: Hand) -> None:
    """No X43: nine years done, or it is written what was arranged."""
    _, row = _too_old(hand)
    if hand.random.random() < 0.5:
        row |= {"study_status": "未入学", "note": "9月已在职校报名，11月核实在校"}


def _delayed(hand: Hand) -> tuple[str, Row]:
    book, row = hand.pick("census", lambda row: row["study_status"] == "未入学" and row["residence"] == "在家")
    row["study_status"] = "延缓入学"
    return book, row


def delay_not_approved(hand: Hand) -> None:
    """X44: no number, or a word for one."""
    book, row = _delayed(hand)
    row |= hand.random.choice(({}, {"delay_no": "待批"}, {"delay_no": "村里已同意"}))
    hand.note("X44", book, "census", row, "delay_no")


def delay_approved(hand: Hand) -> None:
    """No X44: a number in Chinese numerals."""
    _, row = _delayed(hand)
    row["delay_no"] = "示例镇教延〔二〇二三〕十七号"


def proof_missing(hand: Hand) -> None:
    """X45: none, or the cell is empty."""
    book, row = hand.pick("census", away)
    row["proof"] = hand.random.choice(("无", ""))
    hand.note("X45", book, "census", row, "proof")


def proof_too_old(hand: Hand) -> None:
    """X45: seen more than a year ago."""
    book, row = hand.pick("census", away)
    row["visit_date"] = dt.date(2023, 1, 25)
    hand.note("X45", book, "census", row, "proof")


def proof_old_enough(hand: Hand) -> None:
    """No X45: seen a year ago to the day."""
    _, row = hand.pick("census", away)
    row["visit_date"] = dt.date(2023, 1, 26)


PLANTS = {
    not_verified: 3,
    not_verified_yet: 1,
    too_old_for_school: 3,
    too_old_and_settled: 2,
    delay_not_approved: 4,
    delay_approved: 1,
    proof_missing: 3,
    proof_too_old: 2,
    proof_old_enough: 1,
}
