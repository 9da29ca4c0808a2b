"""A complete, correct suspected case for a pupil who has none: what faults of cases are made from, and near misses.

Every sheet that must know of the case says so: the ledger, the visits, and the self-checks, which then claim no 不适用.
new_dropouts.py takes it on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from . import days
from .faults import Hand, Row

OF_CASES = ("8", "9", "10")  # self-check items that are 不适用 only where there is no case
PLAIN_HEALTH = "健康或良好"


@dataclass
class NewCase:
    """The rows of a case. `folder` is the school's; `dropout` and what comes with it only where it came to that."""

    folder: str
    pupil: Row
    head: str
    leader: str
    suspected: Row
    visits: list[Row] = field(default_factory=list)
    dropout: Row | None = None
    veto: Row | None = None
    plan: Row | None = None

    def book(self, stem: str) -> str:
        """The path of one of the school's workbooks."""
        return f"{self.folder}/{stem}.xlsx"

    @property
    def ledgers(self) -> str:
        """The path of 控辍台账."""
        return self.book("控辍台账")


# --- who may ----------------------------------------------------------------------------------------------------------
def plain(row: Row) -> bool:
    """A pupil whom no ledger but the roster, the baseline and the census holds."""
    marks = row.get("groups") or row["weak"] or row["weary"] or row["guest"] or row["health"] != PLAIN_HEALTH
    return row["status"] == "在读" and not marks and bool(row.get("id_no")) and "village_code" in row


def poor(row: Row) -> bool:
    """A pupil of a 脱贫户 or 监测户 family about whom nothing else is special."""
    groups = row.get("groups", "")
    quiet = not (row["weak"] or row["weary"] or row["guest"]) and row["health"] == PLAIN_HEALTH
    return row["status"] == "在读" and quiet and groups in ("脱贫户", "监测户") and "village_code" in row


def _free_pupil(hand: Hand, away: dt.date, suits: Callable[[Row], bool]) -> tuple[str, Row]:
    """A pupil who was at school every day from then on and has neither a case, a change nor a place on the watch list."""
    busy = {row["student_key"] for sheet in ("watch", "suspected", "change") for _, row in hand.rows(sheet)}
    busy |= {row["student_key"] for _, row in hand.rows("absence") if row["date"] >= away}
    heads = {row["class_id"] for _, row in hand.rows("class") if row.get("head_teacher")}
    return hand.pick("roster", lambda row: suits(row) and row["student_key"] not in busy and row["class_id"] in heads)


# --- a suspected case -------------------------------------------------------------------------------------------------
def suspected(
    hand: Hand, found: dt.date, closed: dt.date | None = None, *, suits: Callable[[Row], bool] = plain, away: int = 4
) -> NewCase:
    """A suspected case reported by the village, visited and reported on the day; with `closed`, back at school on that day."""
    first = days.shift(found, -away)
    roster, pupil = _free_pupil(hand, first, suits)
    folder = roster.rsplit("/", 1)[0]
    code = pupil["class_id"].split("-")[0]
    room = next(row for _, row in hand.rows("class") if row["class_id"] == pupil["class_id"])
    leaders = [
        row["name"] for _, row in hand.rows("staff") if row["school_code"] == code and "班子成员" in row["roles"]
    ]
    head, rows = room["head_teacher"], hand.books[f"{folder}/控辍台账.xlsx"]
    row = {
        "case_id": f"YS-{code}-2023-{100 + len(rows['suspected'])}",
        "source": "村报告",
        "found": found,
        "owner": folder.split("/")[1],
        **{name: pupil[name] for name in ("student_key", "name", "sex", "class_id", "guardian", "guardian_tel")},
        "grade": room["grade"],
        "last_day": first,
        "groups": pupil.get("groups", ""),
        "poor": bool(pupil.get("groups")),
        "cause": "外出打工",
        "where": "随亲属在外",
        "first_call": found,
        "first_visit": found,
        "rep_center": found,
        "rep_town": found,
        "teacher": head,
    }
    if closed:
        row |= {
            "verdict": "返校",
            "closed": closed,
            "close_type": "已复学",
            "evidence": "到校点名册",
            "reviewer": leaders[0],
        }
    case = NewCase(folder, pupil, head, leaders[0], row)
    pupil["teacher"] = head
    rows["suspected"].append(row)
    until = closed or days.END
    visit(hand, case, found)
    if closed:
        visit(hand, case, closed, result="已复学(原班)")
    _not_there(hand, case, first, until)
    no_longer_zero(hand, case, found, until, OF_CASES[:1] + OF_CASES[2:])
    hand.take(row)
    return case


def visit(hand: Hand, case: NewCase, day: dt.date, mode: str = "家访", result: str = "拒绝") -> Row:
    """One more visit; its number follows on."""
    is_dropout = case.dropout is not None and day >= case.dropout["confirm_date"]
    case_id = (case.dropout if is_dropout else case.suspected)["case_id"]
    number = len(case.visits) + 1
    row = {
        "visit_id": f"QF-{case.suspected['case_id'][3:]}-{number:02d}",
        "case_id": case_id,
        **{name: case.pupil[name] for name in ("student_key", "name")},
        "seq": sum(one["case_id"] == case_id for one in case.visits) + 1,
        "date": day,
        "place": "电话" if mode == "电话" else "学生家中",
        "mode": mode,
        "lead": case.leader,
        "team": f"教师{case.head}、教师{case.leader}",
        "with": f"监护人{case.pupil['guardian']}",
        "guardian_att": "犹豫",
        "pupil_att": "犹豫",
        "barrier": "想外出打工，家长管教有困难",
        "action": "讲明义务教育法规定，与家长商定返校办法",
        "result": result,
        "next": day + days.DAY * 6,
        "signed": mode != "电话",
        "recorder": case.head,
    }
    case.visits.append(row)
    hand.books[case.ledgers]["visit"].append(row)
    hand.take(row)
    return row


def paper(hand: Hand, case: NewCase, day: dt.date, doc_type: str = "劝学通知书", allowed: int = 7) -> Row:
    """A paper served on a day."""
    rows = hand.books[case.ledgers]["legal"]
    row = {
        "doc_no": f"义劝通字[{day.year}]{case.suspected['case_id'][3:-9]}第{900 + len(rows)}号",
        "doc_type": doc_type,
        "issuer": case.suspected["owner"] if doc_type == "劝学通知书" else "示例镇人民政府",
        "case_id": (case.dropout or case.suspected)["case_id"],
        "guardian": case.pupil["guardian"],
        "issued": day,
        "served": day,
        "serve_mode": "当面",
        "server": case.leader,
        "deadline": day + days.DAY * allowed,
        "receipt": True,
    }
    rows.append(row)
    hand.take(row)
    return row


def _not_there(hand: Hand, case: NewCase, first: dt.date, until: dt.date) -> None:
    """Nobody checked a pupil who was away against the register."""
    book = case.book("学籍")
    for row in [row for row in hand.books[book]["reconcile"] if row.get("student_key") == case.pupil["student_key"]]:
        if first <= row["date"] < until or (row["date"] == until == days.END):
            hand.remove(book, "reconcile", row)


def no_longer_zero(hand: Hand, case: NewCase, first: dt.date, until: dt.date, items: tuple[str, ...]) -> None:
    """Self-checks of those months that said 不适用 of these items say 是."""
    for row in hand.books[case.book("自查档案")]["selfcheck"]:
        held = f"{first:%Y-%m}" <= row["month"] <= f"{until:%Y-%m}" and str(row["item_no"]) in items
        if held and row["result"] == "不适用":
            row["result"] = "是"


def absent(hand: Hand, case: NewCase, day: dt.date, halves: int = 2) -> tuple[str, Row]:
    """Note the pupil as absent without leave on a school day; returns the workbook and the row of 缺勤明细."""
    book = case.book(f"出勤_{days.TERM}")
    rows = hand.books[book]
    count = next(row for row in rows["daily"] if row["class_id"] == case.pupil["class_id"] and row["date"] == day)
    count["present"] -= 1
    count["unexcused"] += 1
    row = {name: case.pupil[name] for name in ("class_id", "student_key", "name")}
    row |= {"date": day, "kind": "旷课", "halves": halves, "called": True, "called_at": "08:40", "leave_slip": False}
    row |= {"caller": case.head, "parent_note": "未接通", "visited": False}
    rows["absence"].append(row)
    return book, row
