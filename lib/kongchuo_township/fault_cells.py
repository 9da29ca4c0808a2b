"""Faults within a cell (F of domain.md 3.1), and near misses that are none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from .faults import Hand, Row
from .people import id_number

Place = tuple[str, str]  # sheet, field


def _elsewhere(row: Row) -> bool:
    """A child of the census who is on no roster, so that no other sheet has his or her number."""
    moved = row["study_status"] == "镇外在读" and row["hukou_status"] == "户籍在本镇举家外出"  # not who left this year
    return (moved or row["study_status"] in ("学前", "未入学", "已完成九年")) and bool(row.get("id_no"))


def _enrolled(row: Row) -> bool:
    return row["status"] == "在读" and bool(row.get("id_no")) and "残疾" not in row.get("groups", "")


def _set(hand: Hand, rule: str, place: Place, value: object, suits: Callable[[Row], bool] = bool) -> None:
    """Put a value into a free row of a sheet and note the finding there."""
    sheet, name = place
    book, row = hand.pick(sheet, lambda row: name in row and suits(row))
    row[name] = value(row) if callable(value) else value
    hand.note(rule, book, sheet, row, name)


def number_for_text(hand: Hand) -> None:
    """F01: Excel took the number for a number, and the last digits are gone."""
    place, suits = hand.random.choice(
        ((("roster", "id_no"), _enrolled), (("census", "id_no"), _elsewhere), (("disabled", "card_no"), bool))
    )
    name = place[1]
    _set(hand, "F01", place, lambda row: float(row[name]), lambda row: row.get(name, "").isdigit() and suits(row))


def wrong_length(hand: Hand) -> None:
    """F02: a digit lost, one too many, or the letter O for a zero."""
    how = hand.random.choice(
        (lambda text: text[:-1], lambda text: text[:9] + text[8:], lambda text: "O".join(text.rsplit("0", 1)))
    )
    place, suits = hand.random.choice(((("roster", "id_no"), _enrolled), (("census", "id_no"), _elsewhere)))
    _set(hand, "F02", place, lambda row: how(row["id_no"]), lambda row: "0" in row.get("id_no", "")[:-1] and suits(row))


def wrong_check(hand: Hand) -> None:
    """F03: two digits of the serial number changed places, or the check character mistyped."""

    def wrong(row: Row) -> str:
        number = row["id_no"]
        swapped = number[:14] + number[15] + number[14] + number[16:]
        if swapped != number and not swapped.endswith("000"):  # that would look cut off as well
            return swapped
        return number[:-1] + ("4" if number[-1] != "4" else "5")

    place, suits = hand.random.choice(((("roster", "id_no"), _enrolled), (("census", "id_no"), _elsewhere)))
    _set(hand, "F03", place, wrong, suits)


def cut_off(hand: Hand) -> None:
    """F04: a number that ends in 000 and yet passes the check, as one in eleven of those cut by Excel does."""

    def cut(row: Row) -> str:
        area, birth = int(row["id_no"][:6]), row["birth_date"]
        numbers = (id_number(area, birth, hundred * 100) for hundred in range(1, 10))
        return next((number for number in numbers if number.endswith("000")), "")

    book, row = hand.pick("census", lambda row: _elsewhere(row) and row["sex"] == "女" and cut(row) != "")
    row["id_no"] = cut(row)
    row.pop("status_no", None)
    hand.note("F04", book, "census", row, "id_no")


def other_birthday(hand: Hand) -> None:
    """F05."""
    place, suits = hand.random.choice(((("roster", "birth_date"), _enrolled), (("census", "birth_date"), _elsewhere)))
    days = hand.random.choice((1, 10, 30))
    _set(hand, "F05", place, lambda row: row["birth_date"] - dt.timedelta(days=days), suits)


def other_sex(hand: Hand) -> None:
    """F06."""
    place, suits = hand.random.choice(((("roster", "sex"), _enrolled), (("census", "sex"), _elsewhere)))
    _set(hand, "F06", place, lambda row: "女" if row["sex"] == "男" else "男", suits)


def blank_in_name(hand: Hand) -> None:
    """F07: blanks, wide blanks and a line break that crept in."""
    place = hand.random.choice(
        (("roster", "guardian"), ("absence", "name"), ("baseline", "name"), ("census", "mother"))
    )
    how = hand.random.choice(
        (lambda text: f"{text[0]} {text[1:]}", lambda text: f"{text}\u3000", lambda text: f"{text}\n")
    )
    _set(hand, "F07", place, lambda row: how(row[place[1]]))


def odd_name(hand: Hand) -> None:
    """F08."""
    place = hand.random.choice((("roster", "guardian"), ("census", "father"), ("census", "householder")))
    how = hand.random.choice((lambda text: f"{text}2", lambda text: f"{text[0]}.{text[1:]}", lambda text: f"{text}A"))
    _set(hand, "F08", place, lambda row: how(row[place[1]]))


def no_date(hand: Hand) -> None:
    """F09."""
    place = hand.random.choice(
        (("publicity_log", "date"), ("archive", "updated"), ("aid", "paid_on"), ("census", "visit_date"))
    )
    wrong = ("2023.9.31", "2023年9月", "九月十五日", dt.date(2003, 9, 1), "2023-13-05")
    _set(hand, "F09", place, hand.random.choice(wrong), _elsewhere if place[0] == "census" else bool)


def no_such_value(hand: Hand) -> None:
    """F10."""
    place, values = hand.random.choice(
        (
            (("roster", "boarding"), ("半走读", "在亲戚家住")),
            (("roster", "health"), ("还行", "正常吧")),
            (("census", "residence"), ("在县城", "不清楚")),
            (("publicity_log", "kind"), ("村民大会", "座谈")),
            (("absence", "called"), ("待定", "已发短信")),
        )
    )
    _set(hand, "F10", place, hand.random.choice(values))


def odd_phone(hand: Hand) -> None:
    """F14: too short, too long, or two numbers in one cell."""
    place = hand.random.choice((("roster", "guardian_tel"), ("census", "father_tel"), ("leftbehind", "mother_tel")))
    how = hand.random.choice((lambda text: text[:-1], lambda text: f"{text}0", lambda text: f"{text}/{text}"))
    _set(hand, "F14", place, lambda row: how(row[place[1]]))


def odd_status_no(hand: Hand) -> None:
    """F15: too short, no letter, or G before another number than the pupil's own."""
    how = hand.random.choice(
        (lambda text: text[:-1], lambda text: text[1:], lambda text: text[:5] + str(9 - int(text[5])) + text[6:])
    )
    _set(
        hand,
        "F15",
        ("roster", "status_no"),
        lambda row: how(row["status_no"]),
        lambda row: _enrolled(row) and row["status_no"][0] == "G",
    )


def left_empty(hand: Hand) -> None:
    """F17: required always, or because of another cell of the row."""
    places = (("roster", "address"), ("daily", "reporter"), ("pupil_plan", "goal"), ("census", "surveyor"))
    place = hand.random.choice((*places, ("absence", "parent_note"), ("publicity_log", "n_receipt")))
    _set(hand, "F17", place, "")


def key_twice(hand: Hand) -> None:
    """F18: a number given to two rows; the second is marked."""
    sheet, name = hand.random.choice((("support_log", "log_id"), ("notice", "notice_no"), ("issue", "issue_id")))
    book, row = hand.pick(sheet)
    rows = hand.books[book][sheet]
    at = next(place for place, one in enumerate(rows) if one is row)
    if at == 0 or not hand.free(rows[at - 1]):
        return key_twice(hand)
    hand.take(rows[at - 1])
    row[name] = rows[at - 1][name]
    hand.note("F18", book, sheet, row, name)


def error_value(hand: Hand) -> None:
    """F19: a formula that found nothing."""
    sheet, name = hand.random.choice((("roster", "seat_no"), ("aid", "standard"), ("publicity_log", "n_att")))
    book, row = hand.pick(sheet, lambda row: name in row)
    hand.spoil(book, sheet).errors.append((row, name))
    hand.note("F19", book, sheet, row, name)


def text_for_number(hand: Hand) -> None:
    """F21."""
    place = hand.random.choice((("daily", "present"), ("daily", "sick"), ("roster", "seat_no"), ("archive", "copies")))
    _set(hand, "F21", place, lambda row: f"{row[place[1]]}", lambda row: row.get("copies") != 0)


def unknown_class(hand: Hand) -> None:
    """F22."""
    place = hand.random.choice((("pupil_plan", "class_id"), ("leftbehind", "class_id"), ("others", "class_id")))
    _set(hand, "F22", place, hand.random.choice(("七(19)班", "十一班", "3(12)班")))


def near_miss(hand: Hand) -> None:
    """Odd, and yet right: a telephone typed as a number, 1-男, 汉, a small x, a class by name, a name with a middle dot."""

    def name_of_class(row: Row) -> str:
        names = {one["class_id"]: one["class_name"] for _, one in hand.rows("class")}
        return names[row["class_id"]].replace("(", "").replace(")", "")

    place, value, suits = hand.random.choice(
        (
            (("roster", "guardian_tel"), lambda row: int(row["guardian_tel"]), bool),
            (("roster", "sex"), lambda row: f"1-{row['sex']}", lambda row: row["sex"] == "男"),
            (("roster", "ethnicity"), "汉", lambda row: row["ethnicity"] == "汉族"),
            (("roster", "id_no"), lambda row: row["id_no"].lower(), lambda row: row.get("id_no", "").endswith("X")),
            (("pupil_plan", "class_id"), name_of_class, bool),
            (("roster", "guardian"), lambda row: f"{row['guardian'][:2]}·{row['guardian'][2:]}", bool),
            (("census", "father_tel"), "0990-1234567", bool),
        )
    )
    _, row = hand.pick(place[0], lambda row: place[1] in row and suits(row))
    row[place[1]] = value(row) if callable(value) else value


PLANTS = {
    number_for_text: 5,
    wrong_length: 5,
    wrong_check: 5,
    cut_off: 3,
    other_birthday: 4,
    other_sex: 4,
    blank_in_name: 5,
    odd_name: 4,
    no_date: 5,
    no_such_value: 5,
    odd_phone: 5,
    odd_status_no: 4,
    left_empty: 6,
    key_twice: 3,
    error_value: 3,
    text_for_number: 4,
    unknown_class: 3,
    near_miss: 12,
}
