"""Who was absent on which day and why, and the rows of 出勤: 日查 and 缺勤明细.

Every class has a row for every school day; what is due follows from the start of the year and 学生变动, and each absentee of
a count stands in 缺勤明细.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random

from . import days
from .cases import SICK, Case
from .days import Calendar
from .enrolment import Record, deltas
from .people import Child, filled
from .schools import SchoolClass, Staff

SICK_LEAVE, PERSONAL, OTHER, TRUANT, NOT_ARRIVED = "病假", "事假", "其他请假", "旷课", "开学未报到"
MILD = (9, 10, 5, 6, 7)  # months in which fewer are ill
COUNTS = {SICK_LEAVE: "sick", PERSONAL: "personal", OTHER: "other_leave", TRUANT: "unexcused", NOT_ARRIVED: "unexcused"}
NOTES = {
    SICK_LEAVE: ("感冒发烧，在家休息", "去卫生院看病", "肠胃不适", "牙痛就医"),
    PERSONAL: ("家中有事", "走亲戚", "办理证件", "家人就医需陪同"),
    OTHER: ("参加镇运动会集训", "参加县里比赛"),
    TRUANT: ("家长称孩子不愿上学", "家长不知情，已去寻找", "未接通，改为上门", "睡过头，下午送到校"),
    NOT_ARRIVED: ("外出未归，两日内到校", "车票未买到，已说明"),
}


@dataclass(slots=True, eq=False)
class Absence:
    """One pupil absent on one day."""

    date: dt.date
    item: SchoolClass
    child: Child
    kind: str
    halves: int = 2
    visited: bool = False
    visit_id: str = ""

    @property
    def excused(self) -> bool:
        """Whether leave was asked for."""
        return self.kind in (SICK_LEAVE, PERSONAL, OTHER)


def absences(random: Random, record: Record, term: Calendar) -> None:
    """Add the school's absences of a term, in the order of day and class, to its own and to each pupil's list."""
    found: list[Absence] = []
    for case in record.cases:
        found += _of_case(case, term)
    for item in record.school.classes:
        for child in item.pupils:
            if child.home is item and not child.taken and child.status == "在读":
                found += _of_pupil(random, item, child, term)
    order = {item.class_id: place for place, item in enumerate(record.school.classes)}
    found.sort(key=lambda one: (one.date, order[one.item.class_id], one.child.seat))
    record.absences += found
    for absence in found:
        absence.child.absences.append(absence)


def _of_case(case: Case, term: Calendar) -> list[Absence]:
    if case.scenario.source == "系统推送":
        return []
    visits = {visit.date: visit.visit_id for visit in case.visits if visit.mode != "电话"}
    found = []
    for day in term.between(case.first, case.last_away):
        unregistered = case.scenario.source == NOT_ARRIVED and day <= case.found
        absence = Absence(day, case.child.home, case.child, NOT_ARRIVED if unregistered else TRUANT)
        absence.visited, absence.visit_id = day in visits, visits.get(day, "")
        found.append(absence)
    if case.scenario.verdict == SICK:
        rest = term.between(case.closed, case.calendar.shift(case.back, -1))
        found += [Absence(day, case.child.home, case.child, SICK_LEAVE) for day in rest]
    return found


def _of_pupil(random: Random, item: SchoolClass, child: Child, term: Calendar) -> list[Absence]:
    """Sickness, family business and, seldom, truancy of a pupil who has no case."""
    found: dict[dt.date, Absence] = {}

    def add(first: dt.date, length: int, kind: str, halves: int = 2) -> None:
        for day in term.between(first, term.shift(first, length - 1)):
            found.setdefault(day, Absence(day, item, child, kind, halves))

    junior = item.grade > 6
    lot = random.random()
    if child.weary and lot < 0.25:  # stays away on several single Mondays
        for first in random.sample(_mondays(term), random.choice((2, 3, 4))):
            add(first, 1, TRUANT)
    elif lot < (0.007 if junior else 0.003):
        length = random.choice((1, 1, 2))
        add(random.choice(term.school_days[5:-3]), length, TRUANT, random.choice((1, 2)) if length == 1 else 2)
    elif lot > 0.9992:
        add(term.start, 2, NOT_ARRIVED)
    for day in list(found):  # the second day away brings a visit to the home
        found[day].visited = term.shift(day, -1) in found and term.shift(day, -1) != day
    for _ in range(random.choices((0, 1, 2, 3), (50, 33, 13, 4))[0]):
        first = random.choice(term.school_days)
        if first.month in MILD and random.random() < 0.4:  # more are ill in winter
            continue
        add(first, random.choices((1, 2, 3, 5), (50, 30, 14, 6))[0], SICK_LEAVE, 2)
    for _ in range(random.choices((0, 1, 2), (77, 19, 4))[0]):
        add(random.choice(term.school_days), 1, PERSONAL, random.choice((1, 2)))
    if random.random() < 0.012:
        add(random.choice(term.school_days), 2, OTHER)
    return list(found.values())


def _mondays(term: Calendar) -> list[dt.date]:
    """Mondays far enough apart that three of them do not make a run of absence."""
    return [day for day in term.school_days if day.weekday() == 0][1:-1]


def daily_rows(record: Record, first: dict[str, int]) -> list[dict]:
    """Rows of 日查. `first`: how many are due in each class, by class_id, before any change of the year."""
    missing: dict[tuple[dt.date, str], dict[str, int]] = {}
    for absence in record.absences:
        counts = missing.setdefault((absence.date, absence.item.class_id), {})
        name = COUNTS[absence.kind]
        counts[name] = counts.get(name, 0) + 1
    changed = deltas(record)
    due = dict(first)
    rows, nobody, past = [], {}, record.calendar.start - days.DAY
    for day in record.calendar.school_days:
        for passed in days.span(past + days.DAY, day):  # a change may fall on a day without school
            for item in record.school.classes:
                due[item.class_id] += changed.get((passed, item.class_id), 0)
        past = day
        for item in record.school.classes:
            counts = missing.get((day, item.class_id), nobody)
            parts = {name: counts.get(name, 0) for name in ("sick", "personal", "other_leave", "unexcused")}
            here = due[item.class_id] - sum(parts.values())
            more = {"due": due[item.class_id], "present": here, "time": "08:10", "reporter": item.head.name}
            rows.append(filled("daily", item, date=day, **more, **parts))
    return rows


def by_term(record: Record, daily: list[dict], absences: list[dict]) -> dict[str, dict[str, list[dict]]]:
    """The workbooks of 出勤, one a term: name of each, its sheets, their rows."""
    return {
        f"出勤_{term.name}": {
            "daily": [row for row in daily if term.start <= row["date"] <= term.end],
            "absence": [row for row in absences if term.start <= row["date"] <= term.end],
        }
        for term in record.calendar.terms
    }


def absence_rows(random: Random, record: Record) -> list[dict]:
    """Rows of 缺勤明细. The parents of everyone absent without leave were called that day."""
    return [_row(random, absence, absence.item.head) for absence in record.absences]


def _row(random: Random, absence: Absence, head: Staff) -> dict:
    called = not absence.excused or random.random() < 0.5
    return filled(
        "absence", absence.child, absence.item, date=absence.date, kind=absence.kind, halves=absence.halves, called=called,
        called_at=f"08:{random.randint(15, 55)}" if called else "", caller=head.name if called else "",
        parent_note=random.choice(NOTES[absence.kind]) if called else "", leave_slip=absence.excused,
        visited="" if absence.excused else absence.visited, visit_id=absence.visit_id,
    )  # fmt: skip
