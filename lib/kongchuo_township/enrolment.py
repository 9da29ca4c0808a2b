"""Rows of 学籍: 学生花名册, 学年初基准, 人籍核查 (学生变动 is in changes.py)."""

from __future__ import annotations

import datetime as dt
from random import Random

from . import days
from .attendance import Absence
from .changes import Record
from .people import Child
from .schools import SchoolClass, Staff

OPENING_CHECK = 6, 19  # school days after the first: weeks 2-4
# what a check may find, the column that shows it, and what is done about it
DIFFERENCES = (
    ("姓名不一致", "name_ok", "核对户口簿，更正点名册"),
    ("班级不一致", "in_seating", "更正座次表"),
    ("班级不一致", "in_homework", "补交作业，作业本归班"),
)


def roster(record: Record) -> list[dict]:
    """Rows of 学生花名册, class by class: everyone who was on the register this year, with the present state."""
    return [
        row(item.class_id, child)
        for item in record.school.classes
        for child in item.pupils
        if (child.current or child.home) is item
    ]


def row(class_id: str, child: Child) -> dict:
    """The row of a pupil in 学生花名册."""
    house = child.family
    cells = {
        "student_key": child.key,
        "status_no": child.status_no,
        "name": child.name,
        "sex": child.sex,
        "ethnicity": child.ethnicity,
        "id_type": "居民身份证" if child.id_no else "其他",
        "id_no": child.id_no,
        "birth_date": child.birth,
        "class_id": class_id,
        "seat_no": child.seat,
        "entry_ym": f"{child.entry:%Y%m}" if child.entry else "",
        "boarding": "住校" if child.boarding else "走读",
        "entry_mode": "就近入学",
        "hukou_type": "农业户口",
        "village_code": "" if house.migrant or not child.id_no else child.village.name,
        "address": house.address,
        "guardian": house.guardian,
        "guardian_rel": house.guardian_rel,
        "guardian_tel": house.guardian_tel,
        "health": "残疾" if child.disability else "有慢性病" if child.chronic else "健康或良好",
        "groups": "、".join(child.groups),
        "leftbehind": house.left,
        "migrant": house.migrant,
        "weak": child.weak,
        "weary": child.weary,
        "status": child.status,
        "status_date": child.status_date,
        "guest": child.guest,
        "origin_school": "邻市样例县样例学校" if child.guest else "",
        "teacher": child.helper,
    }
    return {name: value for name, value in cells.items() if value != ""}


def baseline(record: Record) -> list[dict]:
    """Rows of 学年初基准: who was in which class on 1 September."""
    locker = record.school.clerk.name
    return [
        {
            "school_year": days.YEAR,
            "class_id": item.class_id,
            "student_key": child.key,
            "name": child.name,
            "base_date": days.BASELINE,
            "base_state": child.base_state,
            "locker": locker,
            "locked": days.FREEZE,
        }
        for item in record.school.classes
        for child in item.pupils
        if child.home is item and child.base_state
    ]


def first_due(record: Record) -> dict[str, int]:
    """How many are due in each class on the first day, before any change of the term."""
    return {
        item.class_id: sum(child.home is item and child.base_state == "在读" for child in item.pupils)
        for item in record.school.classes
    }


def reconcile(random: Random, record: Record) -> list[dict]:
    """Rows of 人籍核查: every class at the opening, then one class in four each month."""
    school = record.school
    absent = {(one.date, one.child.key): one for one in record.absences}
    rows = []
    for term in record.calendar.parts:
        opening = term.school_days[slice(*OPENING_CHECK)]
        for place, item in enumerate(school.classes):
            day = opening[place % len(opening)]
            rows += _check(random, record, item, day, "开学核查", absent, school.clerk)
        for number, month in enumerate(month for month in term.months if month > f"{opening[-1]:%Y-%m}"):
            day = random.choice(term.of_month(month)[5:-3])
            for item in school.classes[number % 4 :: 4]:
                rows += _check(random, record, item, day, "月自查", absent, school.leaders[0])
    return rows


def _check(
    random: Random,
    record: Record,
    item: SchoolClass,
    day: dt.date,
    kind: str,
    absent: dict[tuple[dt.date, str], Absence],
    checker: Staff,
) -> list[dict]:
    check_id = f"HC-{item.class_id}-{day:%Y%m%d}"
    rows = []
    for child in present_class(record, item, day):
        absence = absent.get((day, child.key))
        row = {
            "check_id": check_id,
            "date": day,
            "round": kind,
            "class_id": item.class_id,
            "student_key": child.key,
            "name": child.name,
            "in_register": True,
            "in_rollbook": True,
            "in_seating": True,
            "in_homework": True,
            "present": "在位" if absence is None else "请假" if absence.excused else "缺勤",
            "name_ok": True,
        }
        if absence is None and random.random() < 0.002:
            kind_of, column, action = random.choice(DIFFERENCES)
            row |= {column: False, "diff_type": kind_of, "action": action}
            row |= {"due": record.calendar.shift(day, 5), "done": record.calendar.shift(day, 2)}
        row["checker"] = checker.name
        rows.append(row)
    return rows


def present_class(record: Record, item: SchoolClass, day: dt.date) -> list[Child]:
    """Who is due in the class on a day, in the order of the roster."""
    inside = {child.key: child for child in item.pupils if child.home is item and child.base_state == "在读"}
    for move in sorted(record.moves, key=lambda one: one.date):
        if move.date > day:
            break
        if move.class_from is item:
            inside.pop(move.child.key, None)
        if move.class_to is item:
            inside[move.child.key] = move.child
    return list(inside.values())
