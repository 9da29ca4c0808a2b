"""Rows of 控辍台账: 疑似辍学台账, 辍学台账, 劝返记录, 法律文书 (重点关注 is in watch.py)."""

from __future__ import annotations

from random import Random

from . import days
from .changes import Record
from .schools import Staff
from .stories import DATA_FAULT, RETURNED, SICK, TO_DROPOUT, Case, Paper, Visit

CLOSE_TYPES = {RETURNED: "已复学", SICK: "其他", DATA_FAULT: "信息错误(证件或姓名)", TO_DROPOUT: "其他"}
EVIDENCE = {
    RETURNED: "到校点名册、班主任确认单",
    SICK: "县医院诊断证明、补办请假条",
    DATA_FAULT: "户口簿复印件、在校点名册",
}
WHEREABOUTS = {
    "外出打工": ("务工", "邻省样例市"),
    "厌学": ("在家", "本镇"),
    "沉迷网络": ("在家", "本镇"),
    "学习困难": ("随父母在外", "外省示例市"),
}


def suspected(record: Record) -> list[dict]:
    """Rows of 疑似辍学台账."""
    return [_suspected(record, case) for case in record.cases]


def _suspected(record: Record, case: Case) -> dict:
    child, school, verdict = case.child, record.school, case.scenario.verdict
    row = {
        "case_id": case.case_id,
        "source": case.scenario.source,
        "found": case.found,
        "owner": school.name,
        "student_key": child.key,
        "name": child.name,
        "sex": child.sex,
        "grade": child.grade,
        "class_id": child.home.class_id,
        "last_day": case.first,
        "groups": "、".join(child.groups),
        "poor": False,
        "cause": case.scenario.cause,
        "where": "在家" if verdict in (RETURNED, SICK) else "在校" if verdict == DATA_FAULT else "随亲属在外",
        "guardian": child.family.guardian,
        "guardian_tel": child.family.guardian_tel,
        "first_call": case.first,
        "first_visit": case.visits[0].date,
        "rep_center": case.found,
        "rep_town": case.told_town,
        "teacher": child.home.head.name,
    }
    if case.closed:
        row |= {
            "verdict": verdict,
            "closed": case.closed,
            "close_type": CLOSE_TYPES[verdict],
            "evidence": EVIDENCE.get(verdict) or f"转入辍学台账{case.dropout_id}",
            "reviewer": school.leaders[0].name,
        }
    return {name: value for name, value in row.items() if value not in ("", None)}


def dropouts(record: Record, officer: str) -> list[dict]:
    """Rows of 辍学台账. `officer`: the township's officer who answers for the cases."""
    return [_dropout(record, case, officer) for case in record.cases if case.confirmed]


def _dropout(record: Record, case: Case, officer: str) -> dict:
    child, school = case.child, record.school
    whereabouts, place = WHEREABOUTS[case.scenario.cause]
    row = {
        "case_id": case.dropout_id,
        "ys_id": case.case_id,
        "student_key": child.key,
        "name": child.name,
        "sex": child.sex,
        "ethnicity": child.ethnicity,
        "birth_date": child.birth,
        "owner": school.name,
        "grade": child.grade,
        "class_id": child.home.class_id,
        "drop_date": case.first,
        "confirm_date": case.confirmed,
        "cause1": case.scenario.cause,
        "liable": "无",
        "whereabouts": whereabouts,
        "where_place": place,
        "groups": "、".join(child.groups),
        "village_code": child.village.name,
        "guardian": child.family.guardian,
        "guardian_rel": child.family.guardian_rel,
        "guardian_tel": child.family.guardian_tel,
        "bond_school": child.home.head.name,
        "bond_village": child.village.contact,
        "bond_town": officer,
        "plan_id": plan_id(record, child.key),
        "state": "劝返中",
        "sys_marked": case.confirmed,
    }
    orders = [paper for paper in case.papers if paper.doc_type == "限期复学通知书"]
    if orders:
        row |= {"order_no": orders[0].doc_no, "order_due": orders[0].deadline}
    if case.back:
        struck_off, next_term = case.scenario.closed, days.SPRING if case.back <= days.AUTUMN.end else days.NEXT_AUTUMN
        row |= {
            "back_date": case.back,
            "back_mode": "复学(原班)",
            "back_school": school.name,
            "back_class": child.home.class_id,
            "follow_to": struck_off or next_term.end,
            "state": "已销号" if struck_off else "已复学跟踪",
        }
        if struck_off:
            row |= {"closed": struck_off, "close_type": "已复学", "reviewer": school.leaders[0].name}
            row["evidence"] = "复学后点名册、跟踪记录"
    return {name: value for name, value in row.items() if value not in ("", None)}


def plan_id(record: Record, key: str) -> str:
    """The number of a pupil's 一生一案, the same in 帮扶 and in 辍学台账."""
    return f"SA-{record.school.code}-2023-{int(key[2:]):05d}"


def visits(random: Random, record: Record) -> list[dict]:
    """Rows of 劝返记录, case by case."""
    return [_visit(random, record, case, visit) for case in record.cases for visit in case.visits]


def _visit(random: Random, record: Record, case: Case, visit: Visit) -> dict:
    child, school = case.child, record.school
    head, leader = child.home.head, school.leaders[visit.seq % len(school.leaders)]
    by_phone = visit.mode == "电话"
    done = visit.result.startswith("已复学")
    willing = "同意" if done or visit.result == "同意待返校" else "犹豫"
    team = [f"教师{head.name}"]
    if not by_phone:
        team.append(f"教师{leader.name}")
    if visit.mode not in ("电话", "家访"):
        team.append(f"村干部{child.village.contact}")
    row = {
        "visit_id": visit.visit_id,
        "case_id": visit.case_id,
        "student_key": child.key,
        "name": child.name,
        "seq": visit.seq,
        "date": visit.date,
        "place": "电话" if by_phone else "学生家中",
        "mode": visit.mode,
        "lead": (head if by_phone else leader).name,
        "team": "、".join(team),
        "with": f"监护人{child.family.guardian}",
        "guardian_att": willing,
        "pupil_att": "同意" if done else random.choice(("犹豫", "拒绝", "未见到")),
        "barrier": f"{case.scenario.cause}，家长管教有困难",
        "action": "讲明义务教育法规定，与家长商定返校办法",
        "result": visit.result,
        "next": visit.next,
        "signed": not by_phone,
        "recorder": head.name,
    }
    if not by_phone:
        row["media_ref"] = f"14-{school.code}-{visit.visit_id[-6:]}"
    return {name: value for name, value in row.items() if value is not None}


def legal(record: Record) -> list[dict]:
    """Rows of 法律文书."""
    return [_paper(record, case, paper) for case in record.cases for paper in case.papers]


def _paper(record: Record, case: Case, paper: Paper) -> dict:
    child = case.child
    server: Staff = record.school.leaders[0]
    row = {
        "doc_no": paper.doc_no,
        "doc_type": paper.doc_type,
        "issuer": paper.issuer,
        "case_id": paper.case_id,
        "guardian": child.family.guardian,
        "issued": paper.served,
        "served": paper.served,
        "serve_mode": "当面",
        "server": server.name,
        "deadline": paper.deadline,
        "receipt": True,
        "result": paper.result,
        "archive_ref": f"14-{paper.case_id[3:]}",
    }
    return {name: value for name, value in row.items() if value != ""}
