"""Pupils who come, go, rest, return or change class during the term, and the rows of 学籍: 学生花名册, 学年初基准, 学生变动, 人籍核查."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import dataclass, field
from random import Random

from . import days
from .days import Calendar
from .people import Child, filled
from .schools import TOWN, School, SchoolClass, Staff, Town, newcomer, settle

# --- who comes, goes, rests, returns, changes class ---------------------------------------------------------------------
INCREASES = ("新生入学", "转入", "复学", "其他增加")
DECREASES = ("转出", "休学", "辍学标注")
FAR_SCHOOLS = ("外省示例市样例区样例小学", "外省示例市样例县样例学校", "邻市样例县样例学校", "邻省样例市样例实验学校")
SUSPENDED_UNTIL = 365  # 休学 is granted for one school year
GRADUATING = (6, 9)  # grades that leave their school in summer


@dataclass(slots=True, eq=False)
class Move:
    """One row of 学生变动 in the making; `sys_start` is empty for what does not run through the 学籍 system."""

    date: dt.date
    child: Child
    kind: str
    class_from: SchoolClass | None = None
    class_to: SchoolClass | None = None
    reason: str = ""
    place: str = ""
    evidence: str = ""
    sys_start: dt.date | None = None
    settled: dt.date | None = None  # when the procedure was over, where that was not the day itself
    sys_state: str = "已核办"
    delay: int = 0  # school days until it was reported


@dataclass(slots=True, eq=False)
class Record:
    """What happened at one school, as far as the calendar reaches."""

    school: School
    calendar: Calendar
    moves: list[Move] = field(default_factory=list)
    cases: list = field(default_factory=list)  # cases.Case
    absences: list = field(default_factory=list)  # attendance.Absence


def far_school(child: Child) -> str:
    """The school outside the township that a child who lives elsewhere attends."""
    return FAR_SCHOOLS[int(child.key[2:]) % len(FAR_SCHOOLS)]


def chance(random: Random, expected: float) -> int:
    """A whole number that is `expected` on average, and never more than one off."""
    return int(expected) + (random.random() < expected % 1)


def is_plain(child: Child) -> bool:
    """Whether nothing marks the child out, so that a change of school or class touches no other ledger."""
    marked = child.taken or child.weak or child.weary or child.chronic or child.disability or child.groups
    return not marked and child.status == "在读" and child.base_state == "在读" and child.status_no[0] == "G"


def changes(town: Town, records: list[Record], term: Calendar) -> None:
    """Everything of 学生变动 in a term but what comes from dropout cases, school by school; sets the pupils' states."""
    opening = term.start == days.BASELINE
    for record in records:
        for happen in (_out, _suspended, *((_back,) if opening else ()), _swapped, _corrected):
            happen(town, record, term)
        _in(town, record, term)
    _inside_town(town, {record.school.code: record for record in records}, term)


def _pick(town: Town, school: School, rate: float, classes: list[SchoolClass] | None = None) -> list[Child]:
    """As many plain pupils as the rate gives on average; they are marked as taken."""
    pool = [
        child for item in classes or school.classes for child in item.pupils if child.home is item and is_plain(child)
    ]
    chosen = town.random.sample(pool, min(chance(town.random, len(pool) * rate), len(pool)))
    for child in chosen:
        child.taken = True
    return chosen


def _day(random: Random, term: Calendar, first: int = 3, last: dt.date | None = None) -> dt.date:
    """A school day, early in the term rather than late, as transfers are: from the `first` on, two weeks before its end."""
    possible = term.between(term.shift(term.start, first), last or term.shift(term.end, -10))
    return possible[int(len(possible) * random.random() ** 2)]


def _started(random: Random, term: Calendar, day: dt.date) -> dt.date:
    """When the procedure was begun: one to six school days before, well inside the ten working days allowed."""
    return term.shift(day, -random.randint(1, 6))


def _out(town: Town, record: Record, term: Calendar) -> None:
    for child in _pick(town, record.school, 0.006):
        day, random = _day(town.random, term), town.random
        child.status, child.status_date, child.study = "已转出", day, "镇外在读"
        reason, place = "随父母外出就读", far_school(child)
        move = Move(day, child, "转出", child.home, None, reason, place, "转学联系表", _started(random, term, day))
        move.delay = random.randint(0, 2)
        record.moves.append(move)


def _suspended(town: Town, record: Record, term: Calendar) -> None:
    rate = 0.0015 if record.school.stage == "初中" else 0.0006
    last = () if term.start == days.BASELINE else GRADUATING  # nobody in the last term of a stage (X21)
    for child in _pick(town, record.school, rate, [item for item in record.school.classes if item.grade not in last]):
        day = _day(town.random, term, 11)
        child.status, child.status_date, child.study = "休学", day, "休学"
        evidence = f"县医院诊断证明 12-{len(record.moves) + 1:02d}"
        record.moves.append(
            Move(day, child, "休学", child.home, None, "因病需长期休养", "", evidence, _started(town.random, term, day))
        )


def _back(town: Town, record: Record, term: Calendar) -> None:
    for child in _pick(town, record.school, 0.0009):
        day = _day(town.random, term, last=dt.date(2023, 11, 10))
        child.base_state, child.status_date = "休学", day
        start = _started(town.random, term, day)
        record.moves.append(
            Move(day, child, "复学", None, child.home, "休学期满，身体康复", "", "县医院复诊证明", start)
        )


def _swapped(town: Town, record: Record, term: Calendar) -> None:
    """A change of class within a grade of two or more."""
    grades: dict[int, list[SchoolClass]] = {}
    for item in record.school.classes:
        grades.setdefault(item.grade, []).append(item)
    for classes in (found for found in grades.values() if len(found) > 1):
        for child in _pick(town, record.school, 0.002, classes):
            day = _day(town.random, term)
            child.current = town.random.choice([item for item in classes if item is not child.home])
            child.current.pupils.append(child)
            child.seat = len(child.current.pupils)
            move = Move(day, child, "跨班调整", child.home, child.current, "家长申请，校委会同意", sys_state="不适用")
            record.moves.append(move)


def _corrected(town: Town, record: Record, term: Calendar) -> None:
    for child in _pick(town, record.school, 0.0015):
        day = _day(town.random, term)
        move = Move(
            day, child, "信息变更", reason="监护人电话变更", evidence="监护人书面申请", sys_start=term.shift(day, -1)
        )
        record.moves.append(move)


def _enter(town: Town, record: Record, item: SchoolClass, kind: str, day: dt.date, reason: str) -> Move:
    child = newcomer(town, item)
    settle(town, child)
    child.taken, child.status_date = True, day
    if child.status_no[0] != "G":  # a pupil who comes with papers has a number
        child.id_no = child.id_no or town.register.id_number(990000 + child.village.area, child.birth, child.male)
        child.status_no = "G" + child.id_no
    item.pupils.append(child)
    child.seat = len(item.pupils)
    move = Move(day, child, kind, None, item, reason)
    record.moves.append(move)
    return move


def _in(town: Town, record: Record, term: Calendar) -> None:
    random, school = town.random, record.school
    for _ in range(chance(random, school.size * 0.004)):
        day = _day(random, term)
        move = _enter(town, record, random.choice(school.classes), "转入", day, "随父母返乡就读")
        move.place, move.evidence = random.choice(FAR_SCHOOLS), "转学联系表"
        move.sys_start, move.delay = _started(random, term, day), random.randint(0, 2)
    first = [item for item in school.classes if item.grade in (1, 7) and term.start == days.BASELINE]
    for _ in range(chance(random, sum(item.size for item in first) * 0.004)):  # enters some days late
        move = _enter(
            town, record, random.choice(first), "新生入学", term.shift(term.start, 2), "外出返回，迟到两日入学"
        )
        move.sys_start = move.date
    if random.random() < 0.12:  # sits here, registered elsewhere; within the thirty days allowed
        item = random.choice(school.classes)
        day = term.shift(term.end, -14)
        move = _enter(town, record, item, "其他增加", day, "随祖父母临时借读，转学手续办理中")
        if not record.calendar.is_whole:
            move.child.guest, move.sys_state = True, "未发起"
        else:  # settled since
            move.place, move.evidence = far_school(move.child), "转学联系表"
            move.sys_start, move.settled = term.shift(day, 2), term.shift(day, 7)


def _inside_town(town: Town, records: dict[str, Record], term: Calendar) -> None:
    """Transfers between two primaries: the pupil stands on both rosters, active on one."""
    random = town.random
    primaries = [school for school in town.schools if school.stage == "小学"]
    for old, new in zip(primaries[::6], primaries[1::6], strict=False):
        for child in _pick(town, old, 2 / max(old.size, 2)):
            classes = [item for item in new.classes if item.grade == child.grade]
            if not classes:
                child.taken = False
                continue
            day, item = _day(random, term), random.choice(classes)
            start = _started(random, term, day)
            there = copy.copy(child)
            there.home, there.base_state, there.absences = item, "", []
            there.status_date, there.seat = day, len(item.pupils) + 1
            item.pupils.append(there)
            child.status, child.status_date, child.moved_to = "已转出", day, item
            papers = ("家庭搬迁", f"{TOWN}{new.name}", "转学联系表", start)
            records[old.code].moves.append(Move(day, child, "转出", child.home, None, *papers))
            papers = ("家庭搬迁", f"{TOWN}{old.name}", "转学联系表", start)
            records[new.code].moves.append(Move(day, there, "转入", None, item, *papers))


def change_rows(record: Record) -> list[dict]:
    """Rows of 学生变动, in the order of their dates."""
    school = record.school
    found = []
    for number, move in enumerate(sorted(record.moves, key=lambda one: (one.date, one.child.key)), start=1):
        reported = record.calendar.shift(record.calendar.on_or_after(move.date), move.delay)
        row = filled(
            "change", move.child, move_id=f"BD-{school.code}-{move.date.year}-{number:03d}",
            term=record.calendar.term_of(move.date).name, date=move.date, kind=move.kind,
            class_from=move.class_from.class_id if move.class_from else "",
            class_to=move.class_to.class_id if move.class_to else "", reason=move.reason, place=move.place,
            sys_state=move.sys_state, evidence=move.evidence, report_date=reported, received=reported,
            handler=school.clerk.name, approved_by=school.principal.name,
        )  # fmt: skip
        if move.sys_state == "已核办":
            row |= {"sys_start": move.sys_start or move.date, "sys_date": move.settled or move.date}
        if move.kind == "休学":
            row |= {"leave_from": move.date, "leave_to": move.date + dt.timedelta(days=SUSPENDED_UNTIL)}
        found.append(row)
    return found


def deltas(record: Record) -> dict[tuple[dt.date, str], int]:
    """How many more or fewer are due in a class from a date on."""
    found: dict[tuple[dt.date, str], int] = {}
    for move in record.moves:
        if move.kind in DECREASES or move.kind == "跨班调整":
            key = move.date, move.class_from.class_id
            found[key] = found.get(key, 0) - 1
        if move.kind in INCREASES or move.kind == "跨班调整":
            key = move.date, move.class_to.class_id
            found[key] = found.get(key, 0) + 1
    return found


# --- rows ---------------------------------------------------------------------------------------------------------------
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
    return filled(
        "roster", child, class_id=class_id, seat_no=child.seat,
        entry_ym=f"{child.entry:%Y%m}" if child.entry else "", entry_mode="就近入学", hukou_type="农业户口",
        village_code="" if house.migrant or not child.id_no else child.village.name, address=house.address,
        health="残疾" if child.disability else "有慢性病" if child.chronic else "健康或良好", leftbehind=house.left,
        migrant=house.migrant, weak=child.weak, weary=child.weary, status=child.status,
        status_date=child.status_date, guest=child.guest, origin_school="邻市样例县样例学校" if child.guest else "",
        teacher=child.helper,
    )  # fmt: skip


def baseline(record: Record) -> list[dict]:
    """Rows of 学年初基准: who was in which class on 1 September."""
    locker = record.school.clerk.name
    return [
        filled(
            "baseline", child, item, base_date=days.BASELINE, base_state=child.base_state, locker=locker,
            locked=days.FREEZE,
        )
        for item in record.school.classes
        for child in item.pupils
        if child.home is item and child.base_state
    ]  # fmt: skip


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
    absent: dict[tuple[dt.date, str], object],
    checker: Staff,
) -> list[dict]:
    check_id = f"HC-{item.class_id}-{day:%Y%m%d}"
    rows = []
    for child in present_class(record, item, day):
        absence = absent.get((day, child.key))
        row = filled(
            "reconcile", child, item, check_id=check_id, date=day, round=kind, in_register=True, in_rollbook=True,
            in_seating=True, in_homework=True,
            present="在位" if absence is None else "请假" if absence.excused else "缺勤", name_ok=True,
        )  # fmt: skip
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
