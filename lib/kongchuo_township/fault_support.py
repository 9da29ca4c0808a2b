"""Faults of 帮扶: families in need, plans and their records, disabled, left-behind and other pupils, and near misses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from . import days
from .fault_pupils import away
from .people import POOR, id_number
from .planting import EMPTY, Hand, NoPlace, Row, at, by, plain
from .support import DIS_CODES, LEVEL_CODES

NOT_HERE = ("study_school", "study_grade", "proof", "away_place")


# --- 一家一案, 资助, 帮扶记录 ------------------------------------------------------------------------------------------


def _is_poor(row: Row) -> bool:
    return row["poor_type"] in (*POOR, "孤儿")


def _own(hand: Hand, sheet: str, key: str, of: str = "student_key") -> list[tuple[str, Row]]:
    """Every row of a sheet that is about a pupil, or about a case."""
    return [(book, row) for book, row in hand.rows(sheet) if row[of] == key and hand.free(row)]


def _aid(book: str) -> str:
    return book.replace("学籍", "帮扶")


def plan_missing(hand: Hand) -> None:
    """X29."""
    book, plan = hand.pick("family_plan", _is_poor)
    hand.remove(book, "family_plan", plan)
    book, row = hand.of("roster", plan["student_key"])
    hand.note("X29", book, "roster", row, "groups")


def plan_not_needed(hand: Hand) -> None:
    """No X29: 事实无人抚养 alone needs no 一家一案 by that rule."""
    book, plan = hand.pick("family_plan", lambda row: row["poor_type"] == "事实无人抚养")
    hand.remove(book, "family_plan", plan)


def aid_missing(hand: Hand) -> None:
    """X30."""
    book, plan = hand.pick("family_plan", _is_poor)
    for place, row in _own(hand, "aid", plan["student_key"]):
        hand.remove(place, "aid", row)
    hand.note("X30", book, "family_plan", plan, "aid_done")


def aid_paid_late(hand: Hand) -> None:
    """No X30: paid after the day of the check, but paid."""
    _, plan = hand.pick("family_plan", _is_poor)
    for _, row in _own(hand, "aid", plan["student_key"]):
        row["paid_on"] = dt.date(2024, 1, 10)


def _supported(hand: Hand) -> tuple[str, Row]:
    """A plan of a pupil who was in class all the term, with no other fault in its records."""
    moved = {row["student_key"] for _, row in hand.rows("change")}
    spoilt = {row["pupil_plan"] for _, row in hand.rows("support_log") if not hand.free(row)}
    return hand.pick("pupil_plan", lambda row: row["student_key"] not in moved and row["pupil_plan"] not in spoilt)


def _without_logs(hand: Hand, plan: Row, months: tuple[str, ...]) -> None:
    for place, row in _own(hand, "support_log", plan["pupil_plan"], "pupil_plan"):
        if f"{row['date']:%Y-%m}" in months:
            hand.remove(place, "support_log", row)


def month_without_log(hand: Hand) -> None:
    """X31: nothing in one month, or in two."""
    book, plan = _supported(hand)
    _without_logs(hand, plan, tuple(hand.random.sample(days.MONTHS[1:4], hand.random.choice((1, 2)))))
    hand.note("X31", book, "pupil_plan", plan, "pupil_plan")


def month_not_over(hand: Hand) -> None:
    """No X31: in September, when the plan was made, and in January, which is not over."""
    _, plan = _supported(hand)
    _without_logs(hand, plan, (days.MONTHS[0], days.MONTHS[-1]))


# --- 留守, 随迁, 其他 ---------------------------------------------------------------------------------------------------
def _both_away(row: Row) -> bool:
    return row["left_type"] == "双亲留守"


def _one_away(row: Row) -> bool:
    return row["left_type"] == "单亲留守"


def _pupil_of(suits: Callable[[Row], bool] = bool) -> Callable[[Hand], tuple[str, Row]]:
    """The roster row of a pupil of 留守儿童."""
    return lambda hand: hand.of("roster", hand.pick("leftbehind", suits)[1]["student_key"])


def marked_not_listed(hand: Hand) -> None:
    """X49: on the roster left behind or of one parent, and not in the sheet."""
    sheet = hand.random.choice(("leftbehind", "others"))
    book, row = hand.pick(sheet, lambda row: row.get("kind", "单亲") == "单亲")
    hand.remove(book, sheet, row)
    book, pupil = hand.of("roster", row["student_key"])
    hand.note("X49", book, "roster", pupil, "groups")


def listed_not_marked(hand: Hand) -> None:
    """X49: in the sheet, and the roster knows nothing of it."""
    book, pupil = hand.pick("roster", plain)
    row = {name: pupil[name] for name in ("student_key", "name", "class_id")}
    head = next(one["head_teacher"] for _, one in hand.rows("class") if one["class_id"] == pupil["class_id"])
    row |= {"kind": "困境", "care_plan": "由亲属照管，班主任每月联系一次", "helper": head}
    hand.books[_aid(book)]["others"].append(row)
    hand.note("X49", book, "roster", pupil, "groups")


SUPPORT = (
    by(3, plan_missing), by(1, plan_not_needed), by(3, aid_missing), by(1, aid_paid_late), by(3, month_without_log), by(2, month_not_over),
    at("X36", 2, "nobody in charge", "leftbehind.trustee", EMPTY, _both_away, without="trustee_rel trustee_tel trust_doc"),
    at("X36", 1, "one of the parents in charge", "leftbehind.trustee_rel", "母亲", _both_away),
    at("X36", 1, "no teacher answers", "leftbehind.teacher", EMPTY, _both_away),
    at("", 1, "one of the parents is there (X36)", "leftbehind.left_type", suits=_one_away,
        also={"trustee": "甲无忧", "trustee_rel": "母亲", "trustee_tel": "10999999999", "trust_doc": False}),
    at("X37", 3, "marked as migrant as well", "roster.migrant", True, of=_pupil_of()),
    by(2, marked_not_listed), by(1, listed_not_marked),
    at("X49", 1, "left behind by one parent in the sheet, by both on the roster", "roster.leftbehind", "双亲留守",
        of=_pupil_of(_one_away)),
    at("X49", 1, "marked as weak, no plan", "roster.weak", True, plain),
)  # fmt: skip


# --- 残疾儿童: the example has few, most are planted with everything right but one thing ----------------------------------


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


def _in_class(hand: Hand) -> tuple[str, Row]:
    return enter(hand, *marked(hand), "随班就读")


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


def another_called(hand: Hand) -> None:
    """X75: written down under a pupil who is not left behind."""
    book, row = hand.pick("contact")
    there = [
        child
        for place, child in hand.rows("roster")
        if place == book.replace("帮扶", "学籍") and plain(child) and hand.free(child)
    ]
    if not there:
        raise NoPlace("roster")
    pupil = hand.random.choice(there)
    hand.take(pupil)
    row |= {"student_key": pupil["student_key"], "name": pupil["name"]}
    hand.note("X75", book, "contact", row, "student_key")


def taught_too_seldom(hand: Hand) -> None:
    """X34: once in a month, or not at all."""
    often = dict.fromkeys(days.MONTHS, 2)
    book, row = _taught_at_home(hand, often | {hand.random.choice(days.MONTHS[:4]): hand.random.choice((0, 1))})
    hand.note("X34", book, "disabled", row, "plan_per_month")


def listed_as_disabled(hand: Hand) -> None:
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


DISABLED = (
    by(3, odd_card), by(3, taught_too_seldom), by(3, another_called),
    at("", 1, "twice in every month, and the last month is not over (X34)", "disabled.plan_per_month",
        of=lambda hand: _taught_at_home(hand, dict.fromkeys(days.MONTHS, 2) | {days.MONTHS[-1]: 0})),
    at("X32", 3, "未安置, or nothing", "disabled.placement", ("未安置", ""), of=_in_class),
    at("X33", 2, "no 学籍号", "disabled.status_no", EMPTY, of=_in_class),
    by(2, on_no_roster), by(1, at_a_special_school),
    at("X35", 2, "the roster says disabled, the sheet has nobody", "roster.groups", of=marked),
    by(2, listed_as_disabled), by(1, marked_by_health),
)  # fmt: skip
