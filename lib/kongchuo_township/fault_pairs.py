"""Faults of two statements that cannot both be right: cells of a row (F36-F39, X60, G14), a ledger or the census and the roster (X54-X63); limits (T12-T14)."""

from __future__ import annotations

from . import days
from .fault_census import away
from .fault_changes import transferred
from .faults import Hand, NoPlace, Row, plain
from .new_cases import NewCase, absent

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


# --- within a row -----------------------------------------------------------------------------------------------------
def cells_contradict(hand: Hand) -> None:
    """X60: signed on the telephone; nobody called, at 08:20."""
    if hand.random.random() < 0.5:
        book, row = hand.pick("visit", lambda row: row["mode"] == "电话")
        row["signed"] = True
        hand.note("X60", book, "visit", row, "signed")
    else:
        book, row = hand.pick("absence", lambda row: row["kind"] == "病假" and row["called"])
        row["called"] = False
        hand.note("X60", book, "absence", row, "called_at")


# --- a ledger and the roster ------------------------------------------------------------------------------------------
def copied_wrong(hand: Hand) -> None:
    """X54: another sex, or another grade than the class has."""
    sheet = hand.random.choice(("suspected", "disabled"))
    book, row = hand.pick(sheet)
    if sheet == "suspected" and hand.random.random() < 0.5:
        row["grade"] += 1 if row["grade"] < 9 else -1
        hand.note("X54", book, sheet, row, "grade")
    else:
        row["sex"] = "女" if row["sex"] == "男" else "男"
        hand.note("X54", book, sheet, row, "sex")


def placed_otherwise(hand: Hand) -> None:
    """X62: taught at home by the sheet, in class by the roster."""
    states = {row["student_key"]: row["status"] for _, row in hand.rows("roster")}
    book, row = hand.pick(
        "disabled", lambda row: row.get("placement") == "随班就读" and states.get(row["student_key"]) == "在读"
    )
    school = next(one for _, one in hand.rows("school") if one["school_name"] == book.split("/")[1])
    row |= {"placement": "送教上门", "home_teachers": school["principal"], "plan_per_month": 2}
    hand.note("X62", book, "disabled", row, "placement")


def since_another_day(hand: Hand) -> None:
    """X63: gone three days before the transfer, by the roster."""
    book, row, _, _ = transferred(hand)
    row["status_date"] -= days.DAY * 3
    hand.note("X63", book, "roster", row, "status_date")


# --- the census -------------------------------------------------------------------------------------------------------
def lost_between_schools(hand: Hand) -> None:
    """X55: gone to another school of the township, which never took the pupil."""
    schools = [row["school_name"] for _, row in hand.rows("school") if row["stage"] == "小学"]
    book, _, change, child = transferred(hand)
    other = [name for name in schools if name != book.split("/")[1]]
    if not other:
        raise NoPlace("school")
    there = hand.random.choice(other)
    change["place"] = f"示例镇{there}"
    for name in ("proof", "away_place"):
        child.pop(name, None)
    child |= {"study_status": "本镇在读", "study_school": there, "residence": "在家"}
    hand.note("X55", book, "change", change, "place")


def _at_home(hand: Hand, status: str) -> tuple[str, Row]:
    book, row = hand.pick("census", away)
    for name in ("study_school", "study_grade", "proof"):
        row.pop(name, None)
    row["study_status"] = status
    return book, row


def on_no_ledger(hand: Hand) -> None:
    """X57: the census knows that the child is not at school, and no school has it on a ledger."""
    book, row = _at_home(hand, hand.random.choice(("辍学", "未入学")))
    hand.note("X57", book, "census", row, "study_status")


def too_young(hand: Hand) -> None:
    """X58: nine years of school at an age at which nobody has them; one who is due this year may still be 学前."""
    book, row = hand.pick("census", lambda row: row["study_status"] == "学前")
    row["study_status"] = "已完成九年"
    hand.note("X58", book, "census", row, "study_status")


def register_without_child(hand: Hand) -> None:
    """X59: at school elsewhere by the census, in class here by the roster, all the time."""
    stayed = {row["student_key"] for _, row in hand.rows("baseline")}
    moved = {row["student_key"] for _, row in hand.rows("change")}
    _, row = hand.pick("roster", lambda row: plain(row) and row["student_key"] in stayed - moved)
    book, child = hand.of("census", row["student_key"])
    far = "邻市样例县样例学校"
    child |= {"study_status": "镇外在读", "study_school": far, "proof": "在读证明", "residence": "寄居亲属"}
    hand.note("X59", book, "census", child, "study_status")


def another_name(hand: Hand) -> None:
    """G14: the number of one person, the name of another."""
    book, row = hand.pick("bond", lambda row: row["target_type"] == "班级")
    row["name"] = f"{row['name'][0]}无忧"
    hand.note("G14", book, "bond", row, "name")


# --- limits -----------------------------------------------------------------------------------------------------------
def approved_late(hand: Hand) -> None:
    """T12: a transfer that took six weeks in the system."""
    book, _, change, _ = transferred(hand)
    change["sys_start"] -= days.DAY * 42
    hand.note("T12", book, "change", change, "sys_state")


def not_reviewed(hand: Hand) -> None:
    """T13: no review at the end of the term."""
    here = {row["student_key"] for _, row in hand.rows("roster") if row["status"] == "在读"}
    book, row = hand.pick("pupil_plan", lambda row: row["student_key"] in here and "review1" in row)
    row.pop("review1")
    hand.note("T13", book, "pupil_plan", row, "review1")


def not_called(hand: Hand) -> None:
    """T14: absent without leave for a day, and nobody called."""
    day = hand.random.choice(days.of_month("2023-11")[3:-3])
    counts = {row["class_id"]: row for _, row in hand.rows("daily") if row["date"] == day}
    busy = {row["student_key"] for sheet in ("absence", "change", "watch") for _, row in hand.rows(sheet)}

    def quiet(row: Row) -> bool:
        count = counts.get(row["class_id"])
        return plain(row) and row["student_key"] not in busy and bool(count) and hand.free(count)

    book, pupil = hand.pick("roster", quiet)
    hand.take(counts[pupil["class_id"]])
    head = next(row["head_teacher"] for _, row in hand.rows("class") if row["class_id"] == pupil["class_id"])
    case = NewCase(book.rsplit("/", 1)[0], pupil, head, head, {})
    place, row = absent(hand, case, day)
    row["called"] = False
    for name in ("called_at", "caller", "parent_note"):
        row.pop(name)
    hand.take(row)
    hand.note("T14", place, "absence", row, "called")


PLANTS = {
    not_called: 3,
    lost_between_schools: 3,
    placed_otherwise: 3,
    register_without_child: 3,
    on_no_ledger: 3,
    too_young: 3,
    since_another_day: 3,
    copied_wrong: 4,
    cells_contradict: 4,
    another_name: 3,
    approved_late: 3,
    not_reviewed: 3,
    other_year: 3,
    wrong_order: 4,
    served_on_the_day: 1,
    same_person: 3,
    alone_at_the_home: 3,
}
