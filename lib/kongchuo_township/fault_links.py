"""Faults between sheets: who exists where, counts that disagree (X of domain.md 3.2)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

from . import days
from .faults import Hand, Row, Rows, plain
from .people import id_number

LEDGERS = ("leftbehind", "others", "pupil_plan")


def elsewhere(row: Row) -> bool:
    """A child whose whole family lives elsewhere, by the census."""
    return (
        row["study_status"] == "镇外在读"
        and row["residence"] == "随父母外出"
        and row["hukou_status"] == "户籍在本镇举家外出"
    )


def not_in_census(hand: Hand) -> None:
    """X01."""
    book, row = hand.pick("roster", plain)
    place, child = hand.of("census", row["student_key"])
    hand.remove(place, "census", child)
    hand.note("X01", book, "roster", row, "student_key")


def on_no_roster(hand: Hand) -> None:
    """X02: said to be at a school of the township, and on no roster."""
    book, row = hand.pick("census", elsewhere)
    row |= {"study_status": "本镇在读", "study_school": hand.rows("school")[1][1]["school_name"], "residence": "在家"}
    row.pop("proof")
    hand.note("X02", book, "census", row, "student_key")


def same_status_no(hand: Hand) -> None:
    """X04: one temporary number at two schools."""
    book, row = hand.pick("roster", plain)
    there, other = hand.pick("roster", lambda other: plain(other) and not _same_school(row, other))
    row["status_no"] = other["status_no"] = f"L99{hand.random.randrange(10**16):016d}"
    hand.note("X04", book, "roster", row, "status_no")
    hand.note("X04", there, "roster", other, "status_no")


def _same_school(one: Row, other: Row) -> bool:
    return one["class_id"].split("-")[0] == other["class_id"].split("-")[0]


def _on_one_roster(hand: Hand) -> Callable[[Row], bool]:
    """Who is plain and stands on no other roster, as one does who has moved between schools of the township."""
    times = Counter(row["student_key"] for _, row in hand.rows("roster"))
    return lambda row: plain(row) and times[row["student_key"]] == 1


def two_names(hand: Hand) -> None:
    """X05: the census writes another name than the roster."""
    book, row = hand.pick("roster", _on_one_roster(hand))
    place, child = hand.of("census", row["student_key"])
    child["name"] = row["name"][0] + row["name"][:0:-1] if row["name"][1] != row["name"][2] else f"{row['name']}花"
    hand.note("X05", book, "roster", row, "name")
    hand.note("X05", place, "census", child, "name")


def two_numbers(hand: Hand) -> None:
    """X05, the warning: a child away has name and birth date of a pupil here, and another number."""
    book, row = hand.pick("roster", _on_one_roster(hand))
    place, child = hand.of("census", row["student_key"])
    compared = {row["student_key"] for _, row in hand.rows("match")}  # these stand under their own name once more
    there, twin = hand.pick("census", lambda other: elsewhere(other) and other["student_key"] not in compared)
    number = id_number(int(row["id_no"][:6]), row["birth_date"], 988 + (twin["sex"] == "男"))
    twin |= {"name": row["name"], "birth_date": row["birth_date"], "id_no": number, "status_no": f"G{number}"}
    for found in ((book, "roster", row), (place, "census", child), (there, "census", twin)):
        hand.note("X05", *found, "id_no")


def name_in_ledger(hand: Hand) -> None:
    """X06: another name in a ledger, or a number that no pupil has."""
    sheet = hand.random.choice((*LEDGERS, "aid"))
    book, row = hand.pick(sheet)
    if hand.random.random() < 0.6:
        row["name"] = f"{row['name'][:2]}果" if row["name"][2] != "果" else f"{row['name'][:2]}叶"
        hand.note("X06", book, sheet, row, "name")
    else:
        row["student_key"] = f"XS99{len(hand.planted):05d}"  # each another, or two would be the same row (F18)
        hand.note("X06", book, sheet, row, "student_key")


def class_in_ledger(hand: Hand) -> None:
    """X07."""
    sheet = hand.random.choice(LEDGERS)
    book, row = hand.pick(sheet)
    other = next(
        one["class_id"]
        for _, one in hand.rows("class")
        if _same_school(one, row) and one["class_id"] != row["class_id"]
    )
    row["class_id"] = other
    hand.note("X07", book, sheet, row, "class_id")


def due_wrong(hand: Hand) -> None:
    """X08: somebody too many, and all present."""
    book, row = hand.pick("daily", whole_class=True)
    row["due"] += 1
    row["present"] += 1
    hand.note("X08", book, "daily", row, "due")


def parts_wrong(hand: Hand) -> None:
    """X09."""
    book, row = hand.pick("daily", whole_class=True)
    row["present"] += hand.random.choice((-1, 1, 2))
    hand.note("X09", book, "daily", row, "due")


def absentee_unnamed(hand: Hand) -> None:
    """X10."""
    book, row = hand.pick("daily", whole_class=True)
    row["present"] -= 1
    row["unexcused"] += 1
    hand.note("X10", book, "daily", row, "unexcused")


def day_missing(hand: Hand) -> None:
    """X11: a Friday nobody counted; the day before is the nearest row."""

    def quiet_friday(row: Row) -> bool:
        day = row["date"]
        alone = day.weekday() == 4 and days.shift(day, -1) == day - days.DAY and row["present"] == row["due"]
        return alone and not days.is_school_day(day + days.DAY)

    book, row = hand.pick("daily", quiet_friday, whole_class=True)
    before = _day_of(hand.books[book], row["class_id"], row["date"] - days.DAY)
    hand.remove(book, "daily", row)
    hand.take(before)
    hand.note("X11", book, "daily", before, "date")


def _day_of(rows: Rows, class_id: str, day: dt.date) -> Row:
    return next(row for row in rows["daily"] if row["class_id"] == class_id and row["date"] == day)


def absent_on_no_ledger(hand: Hand) -> None:
    """X12: three days away at the end of the term, called each day, on no ledger."""
    hand.note("X12", *stay_away(hand, (2, 2, 2)), "student_key")


def nearly_absent(hand: Hand) -> None:
    """No X12: two days and a half. In a primary, and no dropout in the village, so that nothing else adds up (X38)."""
    grades = {row["class_id"]: row["grade"] for _, row in hand.rows("class")}
    gone = {row["village_code"] for rows in hand.books.values() for row in rows.get("dropout", ())}  # planted ones too
    stay_away(hand, (1, 2, 2), lambda row: grades[row["class_id"]] < 7 and row["village_code"] not in gone)


def stay_away(
    hand: Hand, halves: tuple[int, ...], suits: Callable[[Row], bool] = lambda row: True
) -> tuple[str, str, Row]:
    """Keep a plain pupil away for the last days of the term, half days counted; returns the last row of 缺勤明细."""
    last_days = days.SCHOOL_DAYS[-len(halves) :]
    before = days.shift(last_days[0], -3)
    away = {row["student_key"] for _, row in hand.rows("absence") if row["date"] >= before}
    book, pupil = hand.pick(
        "roster", lambda row: plain(row) and row["student_key"] not in away and suits(row), whole_class=True
    )
    place = book.replace("学籍", f"出勤_{days.TERM}")
    rows = hand.books[place]
    for day, half in zip(last_days, halves, strict=True):
        count = _day_of(rows, pupil["class_id"], day)
        count["present"] -= 1
        count["unexcused"] += 1
        row = {name: pupil[name] for name in ("class_id", "student_key", "name")}
        row |= {"date": day, "kind": "旷课", "halves": half, "called": True, "called_at": "08:40", "leave_slip": False}
        row |= {"caller": count["reporter"], "parent_note": "未接通", "visited": False}
        rows["absence"].append(row)
    return place, "absence", rows["absence"][-1]


def base_count_wrong(hand: Hand) -> None:
    """X25."""
    book, row = hand.pick("class", whole_class=True)
    row["base_count"] += hand.random.choice((-1, 1))
    hand.note("X25", book, "class", row, "base_count")


def change_missing(hand: Hand) -> None:
    """X26: the pupil's state was changed on the roster, and nobody wrote down the change."""
    there = {row["student_key"] for _, row in hand.rows("change") if row["kind"] == "转入"}
    book, row = hand.pick(
        "change",
        lambda row: (
            row["kind"] in ("转出", "休学") and row["student_key"] not in there and hand.free(row["class_from"])
        ),
    )
    hand.take(row["class_from"])
    hand.remove(book, "change", row)
    hand.note("X26", book, "roster", hand.of("roster", row["student_key"])[1], "status")


def difference_unnamed(hand: Hand) -> None:
    """X27."""
    book, row = hand.pick("reconcile", lambda row: "diff_type" not in row)
    row[hand.random.choice(("in_rollbook", "in_seating", "in_homework"))] = False
    hand.note("X27", book, "reconcile", row, "diff_type")


PLANTS = {
    change_missing: 3,
    day_missing: 4,
    absent_on_no_ledger: 3,
    nearly_absent: 2,
    due_wrong: 4,
    parts_wrong: 4,
    absentee_unnamed: 4,
    base_count_wrong: 3,
    not_in_census: 4,
    on_no_roster: 3,
    same_status_no: 3,
    two_names: 3,
    two_numbers: 3,
    name_in_ledger: 5,
    class_in_ledger: 4,
    difference_unnamed: 4,
}
