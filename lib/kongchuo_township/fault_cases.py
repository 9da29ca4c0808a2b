"""Faults of 控辍台账: 重点关注, suspected cases, dropouts, visits and papers, and near misses. Most break one thing in a new, correct case
(new_cases).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from . import days
from .fault_pupils import stay_away
from .new_cases import CENSUS, INSPECTION, NewCase, absent, come_back, dropout, paper, poor, suspected, visit
from .planting import EMPTY, Hand, Row, at, by, plus

# --- 重点关注 ---------------------------------------------------------------------------------------------------------
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


WATCH = (
    by(3, unwatched), by(2, two_days_away), by(2, nearly_watched),
    at("X39", 4, "one school day too long since the last follow-up", "watch.last", of=lambda hand: _last_followed(hand, 1)),
    by(2, just_followed),
    at("X66", 3, "a signal that nothing else shows, and nobody wrote what was seen", "watch.reason",
        suits=lambda row: "closed" not in row, also={"signals": plus("、沉迷网络")}, without="reason"),
)  # fmt: skip


# --- cases to break ---------------------------------------------------------------------------------------------------
LATE = days.shift(days.END, -10)  # found on this day: has missed every limit of its first days by the end of the term
CONFIRMED = dt.date(2023, 12, 8)
BACK = dt.date(2024, 1, 8)  # a Monday


def _found(hand: Hand) -> dt.date:
    return days.shift(LATE, hand.random.randint(-3, 3))


def _of(make: Callable[[Hand], NewCase], part: str = "suspected") -> Callable[[Hand], tuple[str, Row]]:
    """What makes a case and returns its row on one of the ledgers."""

    def made(hand: Hand) -> tuple[str, Row]:
        case = make(hand)
        return case.ledgers, getattr(case, part)

    return made


def _open(hand: Hand) -> NewCase:
    return suspected(hand, _found(hand))


def _closed(hand: Hand) -> NewCase:
    return suspected(hand, _found(hand), days.shift(LATE, 5))


def _vocational(hand: Hand) -> NewCase:
    """Gone on to a vocational school."""
    case = dropout(hand, CONFIRMED, BACK)
    case.dropout |= {"back_mode": "复学(普职融合)", "back_school": "示例县职业学校"}
    case.dropout.pop("back_class")
    case.visits[-1]["result"] = "已复学(普职融合)"
    return case


def _served(hand: Hand) -> tuple[str, Row]:
    case = _open(hand)
    return case.ledgers, paper(hand, case, case.suspected["found"])


# --- visits, reports, papers ------------------------------------------------------------------------------------------


def not_visited(hand: Hand) -> None:
    """X13: nobody went there, or somebody only called and wrote that down as the first visit."""
    case = suspected(hand, _found(hand))
    if hand.random.random() < 0.5:
        case.visits[0] |= {"mode": "电话", "place": "电话", "signed": False}
    else:
        case.suspected.pop("first_visit")
        hand.remove(case.ledgers, "visit", case.visits[0])
    hand.note("X13", case.ledgers, "suspected", case.suspected, "first_visit")


def visit_due_today(hand: Hand) -> None:
    """No X13 and no X14: found yesterday, a visit is due today; or closed within the limit without one."""
    closed = hand.random.random() < 0.5
    found = days.shift(days.END, -6 if closed else -1)
    case = suspected(hand, found, days.shift(found, 1) if closed else None)
    for name in ("first_visit", "rep_center", "rep_town"):
        case.suspected.pop(name)
    hand.remove(case.ledgers, "visit", case.visits[0])
    if closed:
        case.visits[1] |= {"seq": 1}


def given_up(hand: Hand) -> None:
    """X15: the visits stop, in the first month or later."""
    late = hand.random.random() < 0.5
    case = dropout(hand, dt.date(2024, 1, 5) if late else CONFIRMED)
    last = days.END - days.DAY * (9 if late else 15)
    for row in [row for row in case.visits if row["date"] > last]:
        hand.remove(case.ledgers, "visit", row)
    hand.note("X15", case.ledgers, "dropout", case.dropout, "state")


def visit_just_in_time(hand: Hand) -> None:
    """No X15: the last visit, a telephone call, was a fortnight ago to the day."""
    case = dropout(hand, CONFIRMED)
    last = days.END - days.DAY * 14
    for row in [row for row in case.visits if row["date"] >= last]:
        hand.remove(case.ledgers, "visit", row)
    case.visits = [row for row in case.visits if row["date"] < last]
    visit(hand, case, last, mode="电话")


def paper_followed(hand: Hand) -> None:
    """No T07: the next paper followed, and its limit is today."""
    case = suspected(hand, LATE)
    paper(hand, case, LATE)["result"] = "拒绝"
    paper(hand, case, days.END - days.DAY * 5, "限期复学通知书", 5)


def not_arrived(hand: Hand) -> None:
    """T09: of one who was admitted to grade 1 nobody wrote when he or she came."""
    known = {row["student_key"] for sheet in ("absence", "change", "suspected") for _, row in hand.rows(sheet)}
    plain = {row["student_key"] for _, row in hand.rows("roster") if row["status"] == "在读"}

    def quiet(row: dict) -> bool:
        return row["student_key"] in plain - known and "村委会" in row["witness_org"]

    _, row = hand.pick("notice", quiet)
    row.pop("arrived")
    hand.note("T09", CENSUS, "notice", row, "arrived")


# --- returns ----------------------------------------------------------------------------------------------------------


def back_on_paper(hand: Hand) -> None:
    """X16: back on the ledger, absent that day."""
    case = dropout(hand, CONFIRMED, BACK)
    absent(hand, case, BACK)
    hand.note("X16", case.ledgers, "dropout", case.dropout, "back_date")


def away_again(hand: Hand) -> None:
    """X51: back, and some days later absent; half a day is enough."""
    case = dropout(hand, CONFIRMED, BACK)
    book, row = absent(hand, case, days.shift(BACK, hand.random.randint(2, 6)), hand.random.choice((1, 2)))
    hand.note("X51", book, "absence", row, "student_key")


def roster_behind(hand: Hand) -> None:
    """X17: the ledger says back, roster and 学生变动 do not."""
    case = dropout(hand, CONFIRMED)
    come_back(hand, case, BACK, on_the_roster=False)
    for row in [row for row in case.visits if row["date"] > BACK]:
        hand.remove(case.ledgers, "visit", row)
    hand.note("X17", case.book("学籍"), "roster", case.pupil, "status")


def well_closed(hand: Hand) -> None:
    """No finding: a case as it should be, from the village's report to its end, and a day of absence long after."""
    case = suspected(hand, days.shift(LATE, -20), days.shift(LATE, -14))
    absent(hand, case, days.shift(LATE, 2), 1)


# --- who has no plan, counts as lost ----------------------------------------------------------------------------------


def no_veto(hand: Hand) -> None:
    """V01."""
    case = dropout(hand, CONFIRMED)
    hand.remove(INSPECTION, "veto", case.veto)
    others = [row for _, row in hand.rows("veto") if row["target_id"] == case.pupil["class_id"]]
    others += [row for row in hand.books[INSPECTION]["veto"] if row["target_id"] == case.pupil["class_id"]]
    for row in others:  # a veto of the whole class would stand for this case as well
        row |= {"target_type": "学校", "target_id": case.pupil["class_id"].split("-")[0]}
    hand.take(("veto", case.pupil["class_id"]))
    hand.note("V01", case.ledgers, "dropout", case.dropout, "confirm_date")


def back_before_veto(hand: Hand) -> None:
    """No V01: nobody wrote a veto, and the pupil is back."""
    case = dropout(hand, CONFIRMED, BACK)
    hand.remove(INSPECTION, "veto", case.veto)


# --- order of steps ---------------------------------------------------------------------------------------------------


def out_of_order(hand: Hand) -> None:
    """X52: a report before the child stayed away, a second visit before the first, a paper served before it was written."""
    case = suspected(hand, _found(hand))
    found = case.suspected["found"]
    lot = hand.random.randrange(3)
    if lot == 0:
        case.suspected["rep_center"] = days.shift(found, -9)
        hand.note("X52", case.ledgers, "suspected", case.suspected, "rep_center")
    elif lot == 1:
        visit(hand, case, days.shift(found, 2))
        row = visit(hand, case, days.shift(found, 1))
        hand.note("X52", case.ledgers, "visit", row, "date")
    else:
        row = paper(hand, case, days.shift(found, 1), "责令限期改正通知书", 60)
        row["issued"] += days.DAY * 2
        hand.note("X52", case.ledgers, "legal", row, "served")


def handed_on_to_nobody(hand: Hand) -> None:
    """X53: closed as 转辍学台账, and on no 辍学台账."""
    case = suspected(hand, _found(hand))
    case.suspected |= {"verdict": "转辍学台账", "closed": days.shift(LATE, 6), "close_type": "其他"}
    case.suspected |= {"evidence": "转入辍学台账", "reviewer": case.leader}
    hand.note("X53", case.ledgers, "suspected", case.suspected, "verdict")


def school_orders(hand: Hand) -> None:
    """X61: a school orders what only the township may."""
    case = suspected(hand, _found(hand))
    row = paper(hand, case, case.suspected["found"], "责令限期改正通知书", 60)
    row["issuer"] = case.suspected["owner"]
    hand.note("X61", case.ledgers, "legal", row, "issuer")


def step_too_late(hand: Hand) -> None:
    """T11: visited or reported, but days after the limit; the case goes on, or is closed since."""
    found = days.shift(LATE, hand.random.randint(-6, -3))
    case = suspected(hand, found, days.shift(LATE, 5) if hand.random.random() < 0.5 else None)
    if hand.random.random() < 0.5:
        case.suspected["rep_center"] = days.shift(found, 5)
        hand.note("T11", case.ledgers, "suspected", case.suspected, "rep_center")
    else:
        case.suspected["first_visit"] = case.visits[0]["date"] = days.shift(found, 5)
        case.visits[0]["next"] = days.shift(found, 9)
        hand.note("T11", case.ledgers, "suspected", case.suspected, "first_visit")


def visit_skipped(hand: Hand) -> None:
    """X69: from the first visit to the third."""
    case = suspected(hand, _found(hand))
    row = visit(hand, case, days.shift(case.suspected["found"], 2))
    row["seq"] += 1
    hand.note("X69", case.ledgers, "visit", row, "seq")


def back_by_the_visit(hand: Hand) -> None:
    """X74: the visit says that the child is back, the ledger does not."""
    case = suspected(hand, _found(hand))
    row = visit(hand, case, days.shift(case.suspected["found"], 2))
    row["result"] = "已复学(原班)"
    hand.note("X74", case.ledgers, "visit", row, "result")


def rewarded(hand: Hand) -> None:
    """V06: a class that lost a pupil is rewarded all the same."""
    veto = dropout(hand, CONFIRMED).veto
    row = {"school_year": days.YEAR, "target_id": veto["target_id"], "kind": "奖", "item": "控辍保学先进班级", "basis": "实施方案",
           "amount": 200, "doc_no": f"镇教[2024]{hand.random.randint(100, 999)}号", "done": dt.date(2024, 1, 22),
           "pub_from": dt.date(2024, 1, 10), "pub_to": dt.date(2024, 1, 19)}  # fmt: skip
    hand.books[INSPECTION]["reward"].append(row)
    hand.take(row)
    hand.note("V06", INSPECTION, "reward", row, "target_id")


def watched_twice(hand: Hand) -> None:
    """X77: on the watch list a second time, by another hand, while the first row goes on."""
    book, row = hand.pick("watch")
    again = row | {"watch_id": f"{row['watch_id']}9", "action": "班主任另行谈话，每周一次"}
    hand.books[book]["watch"].append(again)
    hand.take(again)
    hand.note("X77", book, "watch", again, "student_key")


def _class_elsewhere(old: str, _row: Row, hand: Hand) -> str:
    classes = [row for _, row in hand.rows("class")]
    school = next(row["school_code"] for row in classes if row["class_id"] == old)
    return hand.random.choice([row["class_id"] for row in classes if row["school_code"] != school])


def another_owner(hand: Hand) -> None:
    """X67: another school stands as the one that has to bring the child back."""
    case = suspected(hand, _found(hand))
    others = [row["school_name"] for _, row in hand.rows("school") if row["stage"] in ("初中", "小学")]
    case.suspected["owner"] = hand.random.choice([name for name in others if name != case.suspected["owner"]])
    hand.note("X67", case.ledgers, "suspected", case.suspected, "owner")


CASES = (
    by(3, no_veto),
    at("X68", 3, "another first day away than the other ledger", "dropout.drop_date", lambda old, *_: old - days.DAY,
        of=_of(lambda hand: dropout(hand, CONFIRMED), "dropout")),
    by(4, given_up), by(3, back_on_paper), by(3, away_again), by(3, roster_behind),
    at("X46", 3, "gone on to a vocational school, and no proof of it", "dropout.evidence", of=_of(_vocational, "dropout")),
    at("X47", 3, "the number of a plan that 帮扶 does not have", "dropout.plan_id",
        of=_of(lambda hand: dropout(hand, CONFIRMED, planned=False), "dropout")),
    by(1, visit_just_in_time),
    at("", 1, "proven (X46)", "dropout.evidence", "职校在读证明 14-03", of=_of(_vocational, "dropout")),
    by(1, back_before_veto),
    at("X40", 3, "an open case of a poor family", "suspected.poor",
        of=_of(lambda hand: suspected(hand, _found(hand), suits=poor))),
    at("X40", 1, "and the ledger does not say so", "suspected.poor", False,
        of=_of(lambda hand: suspected(hand, _found(hand), suits=poor)), also={"groups": ""}),
    at("", 1, "closed (X40)", "suspected.poor",
        of=_of(lambda hand: suspected(hand, _found(hand), days.shift(LATE, 5), suits=poor))),
    by(4, not_visited),
    at("X14", 3, "not reported", "suspected.rep_center", EMPTY, of=_of(_open)),
    by(2, visit_due_today),
    at("", 1, "the third school day is today (X14)", "suspected.rep_center", EMPTY,
        of=_of(lambda hand: suspected(hand, days.shift(days.END, -3)))),
    at("T07", 3, "its time is over, and nothing followed", "legal.deadline", of=_served),
    by(1, paper_followed), by(3, not_arrived),
    at("X50", 2, "whoever answers for the case has signed it off", "suspected.reviewer",
        lambda _old, row, _hand: row["teacher"], of=_of(_closed)),
    at("X50", 2, "a word that is none for evidence", "suspected.evidence", ("无", "待补", "/"), of=_of(_closed)),
    by(2, well_closed), by(5, out_of_order), by(3, handed_on_to_nobody), by(3, school_orders), by(3, step_too_late), by(3, visit_skipped),
    by(3, another_owner), by(3, back_by_the_visit), by(3, rewarded), by(3, watched_twice),
    at("X78", 3, "back in a class of another school", "dropout.back_class", _class_elsewhere,
        of=_of(lambda hand: dropout(hand, CONFIRMED, BACK), "dropout")),
)  # fmt: skip
