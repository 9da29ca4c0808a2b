"""Which pupils stand on 重点关注 and since when: whoever may reach 黄 under any reading of the signals of domain.md 4.4."""

from __future__ import annotations

import datetime as dt
from random import Random

from . import days
from .attendance import NOT_ARRIVED
from .changes import Record
from .days import Calendar
from .people import Child
from .stories import Case

YELLOW, RED = 5, 8
LISTED = dt.date(2023, 9, 15)  # when the year's weak and weary pupils were listed, and those watched for it
FREQUENCY = {"红": "每周", "黄": "每周", "蓝": "每两周"}
ACTIONS = {
    "红": "班主任每日查到校，分管领导每周家访一次，村干部协助劝返",
    "黄": "班主任每周谈心一次，每两周家访一次，科任教师课后辅导",
    "蓝": "班主任每两周谈心一次，安排同伴互助",
}


def standing(child: Child) -> dict[str, int]:
    """Signals that hold all year, with their points."""
    signals = {}
    if child.weak:
        signals["学困"] = 1
    if child.weary:
        signals["厌学"] = 3
    if child.weak and child.weary:
        signals["学困且厌学"] = 1
    if child.family.poor in ("脱贫户", "监测户", "低保"):
        signals["家庭经济困难"] = 1
    if child.family.left == "双亲留守" or child.family.care == "差":
        signals["双亲留守或监护差"] = 2
    if child.disability or child.chronic:
        signals["残疾或长期病"] = 1
    if child.grade > 7:
        signals["八九年级"] = 1
    if child.guest:
        signals["借读或转学在办"] = 1
    return signals


def from_absences(child: Child, day: dt.date, calendar: Calendar) -> dict[str, int]:
    """Signals from absences up to a day; at least what any window of days would give."""
    past = [absence for absence in child.absences if absence.date <= day]
    truant = [absence.date for absence in past if not absence.excused]
    signals = {}
    run = longest = 0
    for number, date in enumerate(truant):
        run = run + 1 if number and calendar.shift(truant[number - 1], 1) == date else 1
        longest = max(longest, run)
    if longest:
        signals["连续无故缺勤"] = {1: 2, 2: 4}.get(longest, RED)
    if any(absence.kind == NOT_ARRIVED for absence in past):
        signals["开学未报到或迟报到"] = 4
    if len(truant) >= 3:
        signals["累计无故缺勤"] = 3
    if sum(absence.date in calendar.after_break for absence in past) >= 2:
        signals["周一节后或集日缺勤"] = 2
    return signals


def first_alarm(
    child: Child, village_case: dt.date | None, calendar: Calendar
) -> tuple[dt.date, dict[str, int]] | None:
    """When the child's signals first reach 黄, and which they are; None when they never do.

    `village_case`: the day from which a child of the same village is a confirmed dropout (W14).
    """
    fixed = standing(child)
    stages = [(LISTED, {})]
    if village_case:
        stages.append((village_case, {}))
    if child.absences and (sum(fixed.values()) + 2 >= 3 or len(child.absences) > 1):
        stages += [(absence.date, from_absences(child, absence.date, calendar)) for absence in child.absences]
    for day, moving in sorted(stages, key=lambda one: one[0]):
        signals = fixed | moving
        if village_case and day >= village_case:
            signals["同胞或同伴已辍学"] = 2
        if sum(signals.values()) >= YELLOW:
            return day, signals
    return None


def rows(random: Random, record: Record, confirmed: dict[str, dt.date]) -> list[dict]:
    """Rows of 重点关注. `confirmed`: the first day of a confirmed dropout, by village code."""
    cases = {case.child.key: case for case in record.cases}
    found = []
    for item in record.school.classes:
        for child in item.pupils:
            # who has left is no longer ours to watch; a pupil in two lists is watched in the present class
            if child.status in ("已转出", "休学") or item is not (child.current or child.home):
                continue
            case = cases.get(child.key)
            alarm = first_alarm(child, confirmed.get(child.village.code), record.calendar)
            if case and child.absences:  # one that was a fault of the data is a pupil like others
                alarm = min(case.first, alarm[0] if alarm else case.first), _of_case(case)
            if alarm is None and child.weary:
                alarm = LISTED, standing(child)
            if alarm:
                found.append((*alarm, item, child, case))
    found.sort(key=lambda one: (one[0], one[3].key))
    return [_row(random, record, number, *one) for number, one in enumerate(found, start=1)]


def _of_case(case: Case) -> dict[str, int]:
    return standing(case.child) | {"连续无故缺勤": RED}


def _row(
    random: Random,
    record: Record,
    number: int,
    day: dt.date,
    signals: dict[str, int],
    item: object,
    child: Child,
    case: Case | None,
) -> dict:
    school = record.school
    total = sum(signals.values())
    names = list(signals)
    row = {
        "watch_id": f"GZ-{school.code}-{day.year}-{number:03d}",
        "school_year": days.YEAR,
        "student_key": child.key,
        "name": child.name,
        "class_id": item.class_id,
        "found": day,
        "via": random.choice(("班主任", "自动信号", "家访")),
    }
    if child.weary and not case and random.random() < 0.35:
        names.append(random.choice(("沉迷网络", "家庭变故", "有外出打工意向")))
        total += 2
        row["reason"] = "班主任家访了解，家长确认"
    if case and case.confirmed and case.back:
        names.append("曾辍学复学")
    level = "红" if total >= RED else "黄" if total >= YELLOW else "蓝"
    state = "情绪稳定，按时到校"
    if case:
        state = "已返校，跟踪中" if case.back else "未返校，继续劝返"
    return row | {
        "signals": "、".join(names),
        "level": level,
        "teacher": child.helper or item.head.name,
        "action": ACTIONS[level],
        "freq": FREQUENCY[level],
        "last": random.choice(record.calendar.school_days[-2:]),
        "state": state,
    }
