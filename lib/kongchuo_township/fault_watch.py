"""Faults that the rules on watch find, and near misses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from . import days
from .fault_links import stay_away
from .faults import Hand, Row

# signals that hold all year by what other ledgers say, with their points (domain.md 4.4)
STANDING = {
    "学困": 1,
    "厌学": 3,
    "学困且厌学": 1,
    "家庭经济困难": 1,
    "双亲留守或监护差": 2,
    "残疾或长期病": 1,
    "八九年级": 1,
}
BY_HAND = ("沉迷网络", "家庭变故", "有外出打工意向")  # these go with the row
YELLOW = 5
LIMITS = {"每周": 5, "每两周": 10}  # school days between two follow-ups
LEDGERS = ("roster", "pupil_plan", "family_plan", "leftbehind", "disabled", "absence")


def _standing(row: Row) -> int:
    return sum(STANDING.get(name, 0) for name in str(row["signals"]).split("、"))


def _at_school(hand: Hand, row: Row) -> bool:
    """Whether the pupil is 在读 and on no list of cases."""
    listed = {one["student_key"] for sheet in ("suspected", "dropout") for _, one in hand.rows(sheet)}
    return row["student_key"] not in listed and hand.of("roster", row["student_key"])[1]["status"] == "在读"


def _unlist(hand: Hand, book: str, row: Row) -> tuple[str, Row]:
    """Take a pupil off 重点关注; every other row the signals come from is kept as it is. Returns the roster row."""
    hand.remove(book, "watch", row)
    for sheet in LEDGERS:
        hand.take(*(one for _, one in hand.rows(sheet) if one["student_key"] == row["student_key"]))
    return hand.of("roster", row["student_key"])


def unwatched(hand: Hand) -> None:
    """X38: weak as well as weary, and not on the list."""
    book, row = hand.pick("watch", lambda row: "厌学" in row["signals"] and _at_school(hand, row))
    place, pupil = _unlist(hand, book, row)
    hand.of("pupil_plan", row["student_key"])[1]["kind"] = "学困兼厌学"
    pupil["weak"] = True
    hand.note("X38", place, "roster", pupil, "student_key")


def two_days_away(hand: Hand) -> None:
    """X38: a pupil of grade 8 or 9 who stays away for two days and whom nobody puts on the list."""
    upper, listed = _upper(hand), {row["student_key"] for _, row in hand.rows("watch")}
    *_, row = stay_away(hand, (2, 2), lambda row: upper(row) and row["student_key"] not in listed)
    place, pupil = hand.of("roster", row["student_key"])
    hand.note("X38", place, "roster", pupil, "student_key")


def nearly_watched(hand: Hand) -> None:
    """No X38: a day and a half in grade 8 or 9 makes blue, and so does being weary and nothing else."""
    gone = {value for _, row in hand.rows("dropout") for value in (row["village_code"], row["guardian_tel"])}
    upper = _upper(hand)
    stay_away(hand, (1, 2), lambda row: upper(row) and not {row["village_code"], row["guardian_tel"]} & gone)
    names = {*STANDING, *BY_HAND}

    def blue(row: Row) -> bool:
        return _standing(row) < YELLOW and set(row["signals"].split("、")) <= names and _at_school(hand, row)

    _unlist(hand, *hand.pick("watch", blue))


def _upper(hand: Hand) -> Callable[[Row], bool]:
    upper = {row["class_id"] for _, row in hand.rows("class") if row["grade"] > 7}
    return lambda row: row["class_id"] in upper


def not_followed(hand: Hand) -> None:
    """X39: one school day too long since the last follow-up."""
    book, row = _last_followed(hand, 1)
    hand.note("X39", book, "watch", row, "last")


def just_followed(hand: Hand) -> None:
    """No X39: the limit ends today; and one released in time whom nobody follows any more."""
    _last_followed(hand, 0)
    _, row = _last_followed(hand, 8)  # the signals are those of the start of the year: none came after the release
    row["closed"] = days.shift(row["last"], 2)
    row["close_basis"] = "家访核实，情况稳定"


def _last_followed(hand: Hand, late: int) -> tuple[str, Row]:
    """A row of a pupil at school whose follow-up fell due this many school days before the end of the term."""

    def before(row: Row) -> dt.date:
        return days.shift(days.END, -LIMITS[row["freq"]] - late)

    book, row = hand.pick("watch", lambda row: row["found"] <= before(row) and _at_school(hand, row))
    row["last"] = before(row)
    return book, row


PLANTS = {unwatched: 3, two_days_away: 2, nearly_watched: 2, not_followed: 4, just_followed: 2}
