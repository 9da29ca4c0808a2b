"""Faults of 残疾儿童 and 送教记录. The example has few such children: most are planted with everything right but one thing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from . import days
from .fault_census import away
from .faults import Hand, Row, plain
from .people import id_number
from .support import DIS_CODES, LEVEL_CODES

NOT_HERE = ("study_school", "study_grade", "proof", "away_place")


def marked(hand: Hand, suits: Callable[[Row], bool] = bool) -> tuple[str, Row]:
    """A pupil whom nothing marks out and who suits, made one whom roster and census call disabled."""
    book, pupil = hand.pick("roster", lambda row: plain(row) and suits(row))
    pupil |= {"groups": "残疾", "health": "残疾"}
    hand.of("census", pupil["student_key"])[1]["groups"] = "残疾"
    return book, pupil


def enter(hand: Hand, book: str, child: Row, placement: str) -> tuple[str, Row]:
    """Write a child of the roster or the census into 残疾儿童 of a school, with nothing missing."""
    number = int(child["student_key"][2:])
    place = book.replace("学籍", "帮扶")
    row = {name: child[name] for name in ("student_key", "name", "sex", "birth_date", "status_no")}
    row |= {"village_code": child["village_code"], "has_card": False, "dis_type": "肢体", "placement": placement}
    row["dis_plan"] = f"CJ-99-2023-{number:07d}"
    if placement != "送教上门":
        row["school_code"] = _school(hand, book)["school_name"]
    else:
        teachers = [
            one["name"] for _, one in hand.rows("staff") if one["school_code"] == _school(hand, book)["school_code"]
        ]
        row |= {"home_teachers": "、".join(teachers[-2:]), "plan_per_month": 2}
    hand.books[place]["disabled"].append(row)
    return place, row


def _school(hand: Hand, book: str) -> Row:
    return next(row for _, row in hand.rows("school") if f"/{row['school_name']}/" in book)


# --- placed and enrolled ----------------------------------------------------------------------------------------------
def not_placed(hand: Hand) -> None:
    """X32: 未安置, or nothing."""
    book, row = enter(hand, *marked(hand), "随班就读")
    row["placement"] = hand.random.choice(("未安置", ""))
    hand.note("X32", book, "disabled", row, "placement")


def no_register_number(hand: Hand) -> None:
    """X33: no 学籍号."""
    book, row = enter(hand, *marked(hand), "随班就读")
    row.pop("status_no")
    hand.note("X33", book, "disabled", row, "status_no")


def on_no_roster(hand: Hand) -> None:
    """X33: taught at home by a school, and on the roster of none."""
    _, child = hand.pick("census", away)
    for name in NOT_HERE:
        child.pop(name, None)
    child |= {"study_status": "送教上门", "residence": "在家", "groups": "残疾"}
    book = next(book for book, _ in hand.rows("roster"))
    place, row = enter(hand, book, child, "送教上门")
    hand.note("X33", place, "disabled", row, "status_no")


def at_a_special_school(hand: Hand) -> None:
    """No X33, X32: a child of the township at a special school, on no roster here."""
    _, child = hand.pick("census", away)
    child["groups"] = "残疾"
    _, row = enter(hand, next(book for book, _ in hand.rows("roster")), child, "特殊教育学校就读")
    row.pop("school_code")


# --- taught at home ---------------------------------------------------------------------------------------------------
def _taught_at_home(hand: Hand, visits: dict[str, int]) -> tuple[str, Row]:
    """A new pupil who has never been due in class, on roster, baseline and census; visited so often in each month."""
    stayed = {row["student_key"] for _, row in hand.rows("baseline")}

    def suits(row: Row) -> bool:
        here = plain(row) and row["student_key"] in stayed
        return here and hand.free(row["class_id"]) and _grade(hand, row) not in (1, 7)

    book, mate = hand.pick("roster", suits)
    number = len(hand.planted) * 100 + sum(visits.values())
    key, born = f"XS8{number:06d}", mate["birth_date"] - days.DAY * 3
    id_no = id_number(int(mate["id_no"][:6]), born, 980 + (mate["sex"] == "男"))
    own = {"student_key": key, "name": mate["name"][0] + "梧" + mate["name"][1], "birth_date": born, "id_no": id_no}
    disabled = {"groups": "残疾", "status_no": f"G{id_no}"}
    pupil = mate | own | disabled | {"health": "残疾", "status": "送教上门"}
    pupil["seat_no"] = 90 + len(hand.books[book]["roster"])
    hand.books[book]["roster"].append(pupil)
    _, listed = hand.of("baseline", mate["student_key"])
    hand.books[book]["baseline"].append(listed | {"student_key": key, "name": own["name"], "base_state": "送教上门"})
    room = next(row for _, row in hand.rows("class") if row["class_id"] == mate["class_id"])
    room["base_count"] += 1
    hand.take(room)
    place, child = hand.of("census", mate["student_key"])
    at_home = {name: value for name, value in child.items() if name not in NOT_HERE} | own | disabled
    hand.books[place]["census"].append(at_home | {"study_status": "送教上门"})
    place, row = enter(hand, book, pupil, "送教上门")
    for month, times in visits.items():
        for day in days.of_month(month)[3 : 3 + times]:
            hand.books[place]["home_teaching"].append(_visit(row, day, number))
    return place, row


def _grade(hand: Hand, pupil: Row) -> int:
    return next(row["grade"] for _, row in hand.rows("class") if row["class_id"] == pupil["class_id"])


def _visit(row: Row, day: dt.date, number: int) -> Row:
    made = {"home_id": f"SJ-{number}-{day:%m%d}", "date": day, "span": "15:00-16:30", "lessons": 2.0, "signed": True}
    made |= {"student_key": row["student_key"], "name": row["name"], "team": row["home_teachers"]}
    return made | {"content": "生活语文", "response": "情绪好", "media_ref": f"11-{number}-{day:%m%d}"}


def taught_too_seldom(hand: Hand) -> None:
    """X34: once in a month, or not at all."""
    often = dict.fromkeys(days.MONTHS, 2)
    book, row = _taught_at_home(hand, often | {hand.random.choice(days.MONTHS[:4]): hand.random.choice((0, 1))})
    hand.note("X34", book, "disabled", row, "plan_per_month")


def taught_often_enough(hand: Hand) -> None:
    """No X34: twice in every month, and the last month is not over."""
    _taught_at_home(hand, dict.fromkeys(days.MONTHS, 2) | {days.MONTHS[-1]: 0})


# --- the flag and the sheet -------------------------------------------------------------------------------------------
def marked_not_listed(hand: Hand) -> None:
    """X35: the roster says disabled, the sheet has nobody."""
    book, pupil = marked(hand)
    hand.note("X35", book, "roster", pupil, "groups")


def listed_not_marked(hand: Hand) -> None:
    """X35: in the sheet, and the roster says nothing."""
    book, pupil = hand.pick("roster", plain)
    enter(hand, book, pupil, "随班就读")
    hand.note("X35", book, "roster", pupil, "groups")


def marked_by_health(hand: Hand) -> None:
    """No X35: the roster says it in 健康状况 only."""
    book, pupil = marked(hand)
    pupil.pop("groups")
    enter(hand, book, pupil, "随班就读")


def odd_card(hand: Hand) -> None:
    """F16: another level than the card says, or a card number without type and level."""
    book, pupil = marked(hand)
    book, row = enter(hand, book, pupil, "随班就读")
    row |= {"has_card": True, "dis_level": "三级"}
    row["card_no"] = pupil["id_no"] + hand.random.choice((f"{DIS_CODES[row['dis_type']]}{LEVEL_CODES['四级']}", ""))
    hand.note("F16", book, "disabled", row, "card_no")


PLANTS = {
    odd_card: 3,
    taught_too_seldom: 3,
    taught_often_enough: 1,
    not_placed: 3,
    no_register_number: 2,
    on_no_roster: 2,
    at_a_special_school: 1,
    marked_not_listed: 2,
    listed_not_marked: 2,
    marked_by_health: 1,
}
