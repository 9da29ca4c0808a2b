"""Faults of 责任书 and documents (G08, G09, G10) and of the words people write (F29)."""

from __future__ import annotations

import datetime as dt

from kongchuo.core.schema import CENTRE

from . import days
from .faults import Hand, NoPlace, Row

REGISTRY, BONDS = (f"{days.YEAR}/{CENTRE}/{title}.xlsx" for title in ("基础信息", "包保责任"))


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


def wrong_date(hand: Hand) -> None:
    """G09: a document of an earlier year (a year mistyped into the future is F30); a date between plan and opening stays silent."""
    day = hand.random.choice((dt.date(2022, 9, 6), dt.date(2023, 3, 27), dt.date(2021, 9, 6)))
    sheet, name, kind = hand.random.choice(
        (
            ("body", "issued", ""),
            ("pledge", "signed", "学校-家长"),
            ("notice", "pledge_date", ""),
            ("publicity", "pub_date", ""),
        )
    )
    book, row = hand.pick(sheet, lambda row: name in row and kind in ("", row.get("pledge_type")))
    row[name] = day
    hand.note("G09", book, sheet, row, name)
    _, row = hand.pick("pledge", lambda row: row["pledge_type"] == "学校-家长")
    row["signed"] = dt.date(2023, 8, 28)


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


def unusual_word(hand: Hand) -> None:
    """F29; what is a word of its own, and a surname, stay silent."""
    sheet, name = hand.random.choice(
        (("publicity_log", "topic"), ("joint", "matter"), ("support_log", "content"), ("mechanism", "title"))
    )
    book, row = hand.pick(sheet)
    row[name] += hand.random.choice(("（含隨遷子女）", "，核对坐次表", "，防止缀学", "，学困生帮辅", "，各级段负责"))
    hand.note("F29", book, sheet, row, name)
    _, row = hand.pick("support_log")
    row["content"] += hand.random.choice(("，请人帮辅导作业", "，七年级段一起", "，由於老师陪同", "，核对座次表"))


PLANTS = {
    school_unsigned: 1,
    village_unsigned: 1,
    teacher_unsigned: 2,
    wrong_date: 4,
    not_the_principal: 2,
    signed_by_another: 1,
    unusual_word: 4,
}
