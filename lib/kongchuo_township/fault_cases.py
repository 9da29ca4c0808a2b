"""Faults that the rules on cases find, and near misses. Each breaks one thing in a new, correct case (new_cases)."""

from __future__ import annotations

import datetime as dt

from . import days
from .faults import Hand, Plant
from .new_cases import NewCase, absent, paper, poor, suspected, visit
from .new_dropouts import CENSUS, INSPECTION, come_back, dropout

LATE = days.shift(
    days.END, -10
)  # a case found on this day has missed every limit of its first days by the end of the term
CONFIRMED = dt.date(2023, 12, 8)
BACK = dt.date(2024, 1, 8)  # a Monday


def _found(hand: Hand) -> dt.date:
    return days.shift(LATE, hand.random.randint(-3, 3))


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


def not_reported(hand: Hand) -> None:
    """X14."""
    case = suspected(hand, _found(hand))
    case.suspected.pop("rep_center")
    hand.note("X14", case.ledgers, "suspected", case.suspected, "rep_center")


def report_due_today(hand: Hand) -> None:
    """No X14: the third school day is today."""
    suspected(hand, days.shift(days.END, -3)).suspected.pop("rep_center")


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


def paper_forgotten(hand: Hand) -> None:
    """T07."""
    case = suspected(hand, _found(hand))
    row = paper(hand, case, case.suspected["found"])
    hand.note("T07", case.ledgers, "legal", row, "deadline")


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


def vocational(hand: Hand, proof: str = "") -> NewCase:
    """X46: gone on to a vocational school, and no proof of it."""
    case = dropout(hand, CONFIRMED, BACK)
    case.dropout |= {"back_mode": "复学(普职融合)", "back_school": "示例县职业学校"}
    case.dropout.pop("back_class")
    case.visits[-1]["result"] = "已复学(普职融合)"
    if proof:
        case.dropout["evidence"] = proof
    else:
        hand.note("X46", case.ledgers, "dropout", case.dropout, "evidence")
    return case


def vocational_proven(hand: Hand) -> None:
    """No X46."""
    vocational(hand, "职校在读证明 14-03")


def own_reviewer(hand: Hand) -> None:
    """X50: whoever answers for the case has signed it off."""
    case = suspected(hand, _found(hand), days.shift(LATE, 5))
    case.suspected["reviewer"] = case.head
    hand.note("X50", case.ledgers, "suspected", case.suspected, "reviewer")


def no_evidence(hand: Hand) -> None:
    """X50: a word that is none for evidence."""
    case = suspected(hand, _found(hand), days.shift(LATE, 5))
    case.suspected["evidence"] = hand.random.choice(("无", "待补", "/"))
    hand.note("X50", case.ledgers, "suspected", case.suspected, "evidence")


def well_closed(hand: Hand) -> None:
    """No finding: a case as it should be, from the village's report to its end, and a day of absence long after."""
    case = suspected(hand, days.shift(LATE, -20), days.shift(LATE, -14))
    absent(hand, case, days.shift(LATE, 2), 1)


# --- who stands first, has no plan, counts as lost --------------------------------------------------------------------
def poor_family(hand: Hand) -> None:
    """X40: an open case of a poor family, also where the ledger does not say so."""
    case = suspected(hand, _found(hand), suits=poor)
    if hand.random.random() < 0.4:
        case.suspected |= {"poor": False, "groups": ""}
    hand.note("X40", case.ledgers, "suspected", case.suspected, "poor")


def poor_family_back(hand: Hand) -> None:
    """No X40: closed."""
    suspected(hand, _found(hand), days.shift(LATE, 5), suits=poor)


def no_plan(hand: Hand) -> None:
    """X47: the number of a plan that 帮扶 does not have."""
    case = dropout(hand, CONFIRMED, planned=False)
    hand.note("X47", case.ledgers, "dropout", case.dropout, "plan_id")


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


def another_owner(hand: Hand) -> None:
    """X67: another school stands as the one that has to bring the child back."""
    case = suspected(hand, _found(hand))
    others = [row["school_name"] for _, row in hand.rows("school") if row["stage"] in ("初中", "小学")]
    case.suspected["owner"] = hand.random.choice([name for name in others if name != case.suspected["owner"]])
    hand.note("X67", case.ledgers, "suspected", case.suspected, "owner")


def another_date(hand: Hand) -> None:
    """X68: the ledgers do not agree on the first day away."""
    case = dropout(hand, CONFIRMED)
    case.dropout["drop_date"] -= days.DAY
    hand.note("X68", case.ledgers, "dropout", case.dropout, "drop_date")


PLANTS: dict[Plant, int] = {
    no_veto: 3,
    another_date: 3,
    given_up: 4,
    back_on_paper: 3,
    away_again: 3,
    roster_behind: 3,
    vocational: 3,
    no_plan: 3,
    visit_just_in_time: 1,
    vocational_proven: 1,
    back_before_veto: 1,
    poor_family: 4,
    poor_family_back: 1,
    not_visited: 4,
    not_reported: 3,
    visit_due_today: 2,
    report_due_today: 1,
    paper_forgotten: 3,
    paper_followed: 1,
    not_arrived: 3,
    own_reviewer: 2,
    no_evidence: 2,
    well_closed: 2,
    out_of_order: 5,
    handed_on_to_nobody: 3,
    school_orders: 3,
    step_too_late: 3,
    visit_skipped: 3,
    another_owner: 3,
}
