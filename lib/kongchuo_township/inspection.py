"""Rows of 督查奖惩: two inspection rounds a term with roll-calls, vetoes, publicity of the scheme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from random import Random

from . import days
from .changes import Record
from .schools import SchoolClass, Town

POINTS = (10, 8, 10, 18, 10, 14, 12, 4, 4, 10)  # of the ten items (policy: 督查各项分值)
ROUNDS = {  # first and last day of each round
    days.AUTUMN: ((dt.date(2023, 9, 25), dt.date(2023, 10, 12)), (dt.date(2023, 12, 4), dt.date(2023, 12, 15))),
    days.SPRING: ((dt.date(2024, 3, 18), dt.date(2024, 4, 3)), (dt.date(2024, 5, 27), dt.date(2024, 6, 7))),
}
Visit = tuple[str, int, dt.date]  # term, number of the round in it, day
REASONS = (
    "个别责任书填写不全",
    "制度汇编未更新",
    "个别摸底信息未及时更正",
    "抽查班级座次表未及时调整",
    "个别日查填报时间偏晚",
    "个别劝返记录过于简单",
    "个别一生一案措施不具体",
    "变动材料归档不及时",
    "宣传形式单一",
    "影像资料偏少",
)


def rounds(town: Town, records: Iterable[Record]) -> dict[str, tuple[Visit, ...]]:
    """The rounds at each school, by school code."""
    calendar = town.calendar
    possible = [
        (term.name, number, calendar.between(*dates))
        for term in calendar.terms
        for number, dates in enumerate(ROUNDS[term], start=1)
    ]
    return {
        school.code: tuple((term, which, dates[number % len(dates)]) for term, which, dates in possible)
        for number, school in enumerate(town.schools)
    }


def rows(town: Town, records: Iterable[Record], daily: dict[tuple[str, dt.date], dict]) -> dict[str, list[dict]]:
    """Rows of every sheet of 督查奖惩. `daily`: the rows of 日查 of inspection days, by class_id and date."""
    records = list(records)
    dates = rounds(town, records)
    random = town.random
    return {
        "score": [row for record in records for row in _scores(random, town, record, dates[record.school.code])],
        "rollcall": [row for record in records for row in _rollcalls(town, record, dates[record.school.code], daily)],
        "appeal": [],
        "veto": _vetoes(town, records),
        "reward": [],
        "publicity": [_publicity(record) for record in records],
    }


def _scores(random: Random, town: Town, record: Record, visits: tuple[Visit, ...]) -> list[dict]:
    team = "、".join(person.name for person in (town.office[1], town.office[3], town.office[4]))
    found = []
    for term, number, day in visits:
        for item_no, points in enumerate(POINTS, start=1):
            lost = random.choice((0, 0, 0, 0.5, 1)) if number == 1 else random.choice((0, 0, 0, 0, 0, 0.5))
            row = {
                "school_year": days.YEAR,
                "term": term,
                "round": number,
                "school_code": record.school.name,
                "date": day,
                "team": team,
                "item_no": item_no,
                "score": points - lost,
            }
            found.append(row | ({"reason": REASONS[item_no - 1]} if lost else {}))
    return found


def inspected(record: Record, number: int) -> list[SchoolClass]:
    """The classes called in a round: up to four, others in the second round where there are enough."""
    return record.school.classes[number - 1 :: 2][:4] or record.school.classes


def _rollcalls(
    town: Town, record: Record, visits: tuple[Visit, ...], daily: dict[tuple[str, dt.date], dict]
) -> list[dict]:
    found = []
    for term, number, day in visits:
        for item in inspected(record, number):
            counts = daily[item.class_id, day]
            found.append(
                {
                    "school_year": days.YEAR,
                    "term": term,
                    "round": number,
                    "school_code": record.school.name,
                    "class_id": item.class_id,
                    **dict.fromkeys(("n_register", "n_rollbook", "n_seating", "n_homework"), counts["due"]),
                    "n_present": counts["present"],
                    "leave_ok": counts["sick"] + counts["personal"] + counts["other_leave"],
                    "leave_no": counts["unexcused"],
                    "unknown": 0,
                    "checker": town.office[3].name,
                }
            )
    return found


def _vetoes(town: Town, records: list[Record]) -> list[dict]:
    """One for each confirmed dropout; lifted on appeal where the pupil has come back."""
    found = []
    for record in records:
        for case in record.cases:
            if not case.confirmed:
                continue
            row = {
                "veto_id": f"FJ-2023-{len(found) + 1:03d}",
                "school_year": days.YEAR,
                "target_type": "班级",
                "target_id": case.child.home.class_id,
                "case_id": case.dropout_id,
                "date": case.confirmed,
                "liable": False,
                "decider": town.office[0].name,
                "effective": case.back is None,
            }
            found.append(row | ({"appeal": "撤销"} if case.back else {}))
    return found


def _publicity(record: Record) -> dict:
    return {
        "school_code": record.school.name,
        "school_year": days.YEAR,
        "in_scheme": True,
        "pub_date": dt.date(2023, 9, 8),
        "pub_mode": "教师会宣读，公示栏张贴",
    }
