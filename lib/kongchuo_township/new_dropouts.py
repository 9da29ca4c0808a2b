"""A complete, correct dropout case for a pupil who has none (see new_cases).

Every sheet that must know of it says so: 辍学台账, visits, 重点关注, 一生一案 with its records, 学生变动, roster, census, 日查 and
督查点名 (who is a dropout is not due), 一票否决.
"""

from __future__ import annotations

import datetime as dt

from kongchuo.core.schema import CENTRE

from . import days
from .faults import Hand, NoPlace, Row
from .new_cases import OF_CASES, NewCase, no_longer_zero, plain, suspected, visit
from .watch import LISTED

CENSUS, INSPECTION = (f"{days.YEAR}/{CENTRE}/{title}.xlsx" for title in ("适龄儿童摸底", "督查奖惩"))


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
    case.dropout = {
        "case_id": case_id,
        "ys_id": case.suspected["case_id"],
        **{name: pupil[name] for name in ("student_key", "name", "sex", "ethnicity", "birth_date", "class_id")},
        **{name: pupil[name] for name in ("village_code", "guardian", "guardian_rel", "guardian_tel")},
        "owner": case.suspected["owner"],
        "grade": case.suspected["grade"],
        "drop_date": case.suspected["last_day"],
        "confirm_date": confirmed,
        "cause1": "外出打工",
        "liable": "无",
        "whereabouts": "务工",
        "where_place": "邻省样例市",
        "bond_school": case.head,
        "bond_village": village["contact"],
        "plan_id": plan_id,
        "state": "劝返中",
        "sys_marked": confirmed,
    }
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
    case.dropout |= {
        "back_date": back,
        "back_mode": "复学(原班)",
        "back_school": case.dropout["owner"],
        "back_class": case.pupil["class_id"],
        "follow_to": days.SECOND_END,
        "state": "已复学跟踪",
    }
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
        {
            "move_id": f"BD-{code}-{day.year}-{900 + len(rows)}",
            "school_year": days.YEAR,
            "term": days.TERM,
            "date": day,
            **{name: case.pupil[name] for name in ("student_key", "name")},
            "kind": kind,
            column: case.pupil["class_id"],
            "reason": reason,
            "sys_state": "已核办",
            "sys_start": day,
            "sys_date": day,
            "report_date": days.on_or_after(day),
            "received": days.on_or_after(day),
            "handler": school["status_clerk"],
            "approved_by": school["principal"],
        }
    )


def _veto(hand: Hand, case: NewCase, day: dt.date) -> None:
    rows = hand.books[INSPECTION]["veto"]
    office = next(row for _, row in hand.rows("school") if row["stage"] == CENTRE)
    case.veto = {
        "veto_id": f"FJ-2023-{100 + len(rows)}",
        "school_year": days.YEAR,
        **_vetoed(hand, case.pupil["class_id"]),
        "case_id": case.dropout["case_id"],
        "date": day,
        "liable": False,
        "decider": office["principal"],
        "effective": True,
    }
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
    case.plan = {
        "pupil_plan": plan_id,
        "school_year": days.YEAR,
        **{name: case.pupil[name] for name in ("student_key", "name", "class_id")},
        "kind": "厌学",
        "basis": "班主任与科任教师共同认定",
        "listed": LISTED,
        "baseline": "课堂参与少，有逃学念头",
        "causes": "动机不足",
        "helper": case.head,
        "goal": "学期评估有进步，按时到校",
        "action": "每月谈心或家访一次",
        "parent_view": "同意并配合",
        "review1": "无变化",
    }
    rows["pupil_plan"].append(case.plan)
    hand.take(case.plan)
    for month in days.MONTHS:
        row = {"log_id": f"BF-{plan_id[3:-13]}-9{len(rows['support_log']):05d}", "pupil_plan": plan_id, "mode": "家访"}
        row |= {"date": days.of_month(month)[-2], "content": "了解近况，鼓励坚持到校", "response": "话不多，态度平和"}
        rows["support_log"].append(row | {"helper": case.head})


def _watch(hand: Hand, case: NewCase) -> None:
    rows = hand.books[case.ledgers]["watch"]
    row = {
        "watch_id": f"GZ-{case.suspected['case_id'][3:-9]}-2023-{500 + len(rows)}",
        "school_year": days.YEAR,
        **{name: case.pupil[name] for name in ("student_key", "name", "class_id")},
        "found": days.on_or_after(LISTED),
        "via": "班主任",
        "signals": "厌学、有外出打工意向" if case.plan else "有外出打工意向",
        "level": "红",
        "reason": "班主任家访了解，家长确认",
        "teacher": case.head,
        "action": "班主任每日查到校，村干部协助劝返",
        "freq": "每周",
        "last": days.SCHOOL_DAYS[-1],
        "state": "未返校，继续劝返",
    }
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
