"""Faults of cells that another cell of their row, or the folder they lie in, contradicts (F36-F39)."""

from __future__ import annotations

from . import days
from .faults import Hand

OTHER_YEARS = ("2022-2023", "2024-2025", "2021-2022", "2025-2026")


def other_year(hand: Hand) -> None:
    """F36: a change or a parents' pledge of another school year; one finding a sheet and year, so each has a year of its own."""
    used = {row["school_year"] for sheet in ("change", "pledge") for _, row in hand.rows(sheet)}
    sheet = hand.random.choice(("change", "pledge"))
    book, row = hand.pick(sheet, lambda row: row.get("pledge_type", "学校-家长") == "学校-家长")
    row["school_year"] = next(year for year in OTHER_YEARS if year not in used)
    hand.note("F36", book, sheet, row, "school_year")


def wrong_order(hand: Hand) -> None:
    """F37: a notice served after the day it announces, a change that was received before it was reported."""
    if hand.random.random() < 0.5:
        book, row = hand.pick("notice")
        row["served"] = row["due"] + days.DAY * hand.random.randint(1, 5)
        hand.note("F37", book, "notice", row, "served")
    else:
        book, row = hand.pick("change", lambda row: "received" in row)
        row["received"] = row["report_date"] - days.DAY * 2
        hand.note("F37", book, "change", row, "received")


def served_on_the_day(hand: Hand) -> None:
    """No F37: served on the day it announces."""
    _, row = hand.pick("notice")
    row["served"] = row["due"]


def same_person(hand: Hand) -> None:
    """F38: a change approved by the clerk who made it, a problem signed off by whoever had to mend it."""
    if hand.random.random() < 0.5:
        book, row = hand.pick("change", lambda row: "handler" in row)
        row["approved_by"] = row["handler"]
        hand.note("F38", book, "change", row, "approved_by")
    else:
        book, row = hand.pick("issue", lambda row: "reviewer" in row)
        row["reviewer"] = row["owner"]
        hand.note("F38", book, "issue", row, "reviewer")


def alone_at_the_home(hand: Hand) -> None:
    """F39: taught at home by one person."""
    book, row = hand.pick("home_teaching")
    row["team"] = row["team"].split("、")[0]
    hand.note("F39", book, "home_teaching", row, "team")


PLANTS = {other_year: 3, wrong_order: 4, served_on_the_day: 1, same_person: 3, alone_at_the_home: 3}
