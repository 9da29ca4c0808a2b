"""A complete, correct suspected case for a pupil who has none: what faults of cases are made from, and near misses.

Every sheet that must know of the case says so: the ledger, the visits, and the self-checks, which then claim no 不适用; of a dropout
also 重点关注, 一生一案 with its records, 学生变动, roster, census, 日查 and 督查点名 (who is a dropout is not due), 一票否决.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from kongchuo.core.schema import CENTRE

from . import days
from .people import filled
from .planting import Hand, NoPlace, Row, plain
from .support import LISTED

OF_CASES = ("8", "9", "10")  # self-check items that are 不适用 only where there is no case
PLAIN_HEALTH = "健康或良好"
CENSUS, INSPECTION = (f"{days.YEAR}/{CENTRE}/{title}.xlsx" for title in ("适龄儿童摸底", "督查奖惩"))


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
    row = filled(
        "suspected", pupil, case_id=f"YS-{code}-2023-{100 + len(rows['suspected'])}", source="村报告", found=found,
        owner=folder.split("/")[1], grade=room["grade"], last_day=first, groups=pupil.get("groups", ""),
        poor=bool(pupil.get("groups")), cause="外出打工", where="随亲属在外", first_call=found, first_visit=found,
        rep_center=found, rep_town=found, teacher=head,
    )  # fmt: skip
    if closed:
        row |= {"verdict": "返校", "closed": closed, "close_type": "已复学", "evidence": "到校点名册"}
        row["reviewer"] = leaders[0]
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
    row = filled(
        "visit", case.pupil, visit_id=f"QF-{case.suspected['case_id'][3:]}-{number:02d}", case_id=case_id,
        seq=sum(one["case_id"] == case_id for one in case.visits) + 1, date=day,
        place="电话" if mode == "电话" else "学生家中", mode=mode, lead=case.leader, team=f"教师{case.head}、教师{case.leader}",
        **{"with": f"监护人{case.pupil['guardian']}"}, guardian_att="犹豫", pupil_att="犹豫", barrier="想外出打工，家长管教有困难",
        action="讲明义务教育法规定，与家长商定返校办法", result=result, next=day + days.DAY * 6, signed=mode != "电话",
        recorder=case.head,
    )  # fmt: skip
    case.visits.append(row)
    hand.books[case.ledgers]["visit"].append(row)
    hand.take(row)
    return row


def paper(hand: Hand, case: NewCase, day: dt.date, doc_type: str = "劝学通知书", allowed: int = 7) -> Row:
    """A paper served on a day."""
    rows = hand.books[case.ledgers]["legal"]
    row = filled(
        "legal", case.pupil, doc_no=f"义劝通字[{day.year}]{case.suspected['case_id'][3:-9]}第{900 + len(rows)}号",
        doc_type=doc_type, issuer=case.suspected["owner"] if doc_type == "劝学通知书" else "示例镇人民政府",
        case_id=(case.dropout or case.suspected)["case_id"], issued=day, served=day, serve_mode="当面",
        server=case.leader, deadline=day + days.DAY * allowed, receipt=True,
    )  # fmt: skip
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
    row = filled("absence", case.pupil)
    row |= {"date": day, "kind": "旷课", "halves": halves, "called": True, "called_at": "08:40", "leave_slip": False}
    row |= {"caller": case.head, "parent_note": "未接通", "visited": False}
    rows["absence"].append(row)
    return book, row


# --- a dropout ---------------------------------------------------------------------------------------------------------
def _villages(hand: Hand, confirmed: dt.date) -> set[str]:
    """Villages with a dropout already: one more there alarms nobody else of the village (W14)."""
    rows = [row for _, row in hand.rows("dropout") if row["state"] == "劝返中" and row["confirm_date"] <= confirmed]
    return {row["village_code"] for row in rows}


def dropout(
    hand: Hand, confirmed: dt.date, back: dt.date | None = None, *, planned: bool = True, every: int = 6
) -> NewCase:
    """A case confirmed as dropout, visited every few days until the pupil is back or the term is over."""
    found = days.on_or_before(confirmed - days.DAY * 22)  # four school days away by then: confirmed after 28 days
    villages = _villages(hand, confirmed)
    if not villages:
        raise NoPlace("dropout")
    case = suspected(hand, found, suits=lambda row: plain(row) and row["village_code"] in villages)
    pupil, rows = case.pupil, hand.books[case.ledgers]
    for day in days.span(found + days.DAY, confirmed - days.DAY)[6::7]:
        visit(hand, case, day)
    case.suspected |= {"verdict": "转辍学台账", "closed": confirmed, "close_type": "其他", "reviewer": case.leader}
    case_id = case.suspected["case_id"].replace("YS", "CX")
    case.suspected["evidence"] = f"转入辍学台账{case_id}"
    village = next(row for _, row in hand.rows("village") if row["village_name"] == pupil["village_code"])
    plan_id = f"SA-{case_id[3:-9]}-2023-{pupil['student_key'][2:]}"
    case.dropout = filled(
        "dropout", pupil, case_id=case_id, ys_id=case.suspected["case_id"], owner=case.suspected["owner"],
        grade=case.suspected["grade"], drop_date=case.suspected["last_day"], confirm_date=confirmed, cause1="外出打工",
        liable="无", whereabouts="务工", where_place="邻省样例市", bond_school=case.head, bond_village=village["contact"],
        plan_id=plan_id, state="劝返中", sys_marked=confirmed,
    )  # fmt: skip
    rows["dropout"].append(case.dropout)
    hand.take(case.dropout)
    for day in days.span(confirmed, (back or days.END) - days.DAY)[::every]:
        visit(hand, case, day)
    _leave(hand, case, confirmed)
    _veto(hand, case, confirmed)
    if planned:
        _plan(hand, case, plan_id)
    _watch(hand, case)
    no_longer_zero(hand, case, confirmed, days.END, OF_CASES)
    if back:
        come_back(hand, case, back)
        visit(hand, case, back, result="已复学(原班)")
        case.veto |= {"appeal": "撤销", "effective": False}
    _due(hand, case, confirmed, back)
    return case


def come_back(hand: Hand, case: NewCase, back: dt.date, *, on_the_roster: bool = True) -> None:
    """Write the return into the ledger and, with `on_the_roster`, into roster, census and 学生变动."""
    case.dropout |= {"back_date": back, "back_mode": "复学(原班)", "back_school": case.dropout["owner"]}
    case.dropout |= {"back_class": case.pupil["class_id"], "follow_to": days.SECOND_END, "state": "已复学跟踪"}
    if on_the_roster:
        case.pupil |= {"status": "在读", "status_date": back}
        _census(hand, case)["study_status"] = "本镇在读"
        _change(hand, case, back, "复学", "class_to", "经劝返复学")


def _census(hand: Hand, case: NewCase) -> Row:
    return next(row for row in hand.books[CENSUS]["census"] if row["student_key"] == case.pupil["student_key"])


def _leave(hand: Hand, case: NewCase, day: dt.date) -> None:
    case.pupil |= {"status": "辍学", "status_date": day}
    _census(hand, case)["study_status"] = "辍学"
    _change(hand, case, day, "辍学标注", "class_from", "多次劝返未返校")


def _change(hand: Hand, case: NewCase, day: dt.date, kind: str, column: str, reason: str) -> None:
    rows, code = hand.books[case.book("学籍")]["change"], case.suspected["case_id"][3:-9]
    school = next(row for _, row in hand.rows("school") if row["school_code"] == code)
    rows.append(
        filled(
            "change", case.pupil, move_id=f"BD-{code}-{day.year}-{900 + len(rows)}", term=days.TERM, date=day,
            kind=kind, **{column: case.pupil["class_id"]}, reason=reason, sys_state="已核办", sys_start=day,
            sys_date=day, report_date=days.on_or_after(day), received=days.on_or_after(day),
            handler=school["status_clerk"], approved_by=school["principal"],
        )
    )  # fmt: skip


def _veto(hand: Hand, case: NewCase, day: dt.date) -> None:
    rows = hand.books[INSPECTION]["veto"]
    office = next(row for _, row in hand.rows("school") if row["stage"] == CENTRE)
    case.veto = filled(
        "veto", veto_id=f"FJ-2023-{100 + len(rows)}", **_vetoed(hand, case.pupil["class_id"]),
        case_id=case.dropout["case_id"], date=day, liable=False, decider=office["principal"], effective=True,
    )  # fmt: skip
    rows.append(case.veto)
    hand.take(case.veto)


def _vetoed(hand: Hand, room: str) -> Row:
    """The class, or its school where a fault needs that the class has no veto."""
    if hand.free(("veto", room)):
        return {"target_type": "班级", "target_id": room}
    return {"target_type": "学校", "target_id": room.split("-")[0]}


def _plan(hand: Hand, case: NewCase, plan_id: str) -> None:
    rows = hand.books[case.book("帮扶")]
    case.pupil["weary"] = True
    case.plan = filled(
        "pupil_plan", case.pupil, pupil_plan=plan_id, kind="厌学", basis="班主任与科任教师共同认定", listed=LISTED,
        baseline="课堂参与少，有逃学念头", causes="动机不足", helper=case.head, goal="学期评估有进步，按时到校", action="每月谈心或家访一次",
        parent_view="同意并配合", review1="无变化",
    )  # fmt: skip
    rows["pupil_plan"].append(case.plan)
    hand.take(case.plan)
    for month in days.MONTHS:
        row = {"log_id": f"BF-{plan_id[3:-13]}-9{len(rows['support_log']):05d}", "pupil_plan": plan_id, "mode": "家访"}
        row |= {"date": days.of_month(month)[-2], "content": "了解近况，鼓励坚持到校", "response": "话不多，态度平和"}
        rows["support_log"].append(row | {"helper": case.head})


def _watch(hand: Hand, case: NewCase) -> None:
    rows = hand.books[case.ledgers]["watch"]
    row = filled(
        "watch", case.pupil, watch_id=f"GZ-{case.suspected['case_id'][3:-9]}-2023-{500 + len(rows)}",
        found=days.on_or_after(LISTED), via="班主任", signals="厌学、有外出打工意向" if case.plan else "有外出打工意向", level="红",
        reason="班主任家访了解，家长确认", teacher=case.head, action="班主任每日查到校，村干部协助劝返", freq="每周", last=days.SCHOOL_DAYS[-1],
        state="未返校，继续劝返",
    )  # fmt: skip
    rows.append(row)
    hand.take(row)


def _due(hand: Hand, case: NewCase, first: dt.date, back: dt.date | None) -> None:
    """From the confirmation until the return the class is due without the pupil."""
    room = case.pupil["class_id"]
    for row in hand.books[case.book(f"出勤_{days.TERM}")]["daily"]:
        if row["class_id"] == room and first <= row["date"] < (back or dt.date.max):
            row["due"] -= 1
            row["present"] -= 1
    dates = {(row["school_code"], row["round"]): row["date"] for _, row in hand.rows("score")}
    for _, row in hand.rows("rollcall"):
        day = dates.get((row["school_code"], row["round"]))
        if row["class_id"] == room and day and first <= day < (back or dt.date.max):
            for name in ("n_register", "n_rollbook", "n_seating", "n_homework", "n_present"):
                row[name] -= 1
