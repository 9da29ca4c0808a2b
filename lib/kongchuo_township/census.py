"""Rows of 适龄儿童摸底: 摸底登记, 入学通知与见证, 比对结果; and of the school year before the sixth-graders of each primary school, who are this
year's grade seven, and children who have left the township since. Nothing of that year is drawn by chance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from kongchuo.core.schema import CENTRE, LAST_PRIMARY
from kongchuo.core.years import before

from . import days, enrolment
from .attendance import NOT_ARRIVED
from .cases import DATA_FAULT
from .enrolment import Record, far_school
from .people import Child, filled, numeral
from .schools import FULL, TOWN, School, Town, registry

SURVEY = dt.date(2023, 8, 8), 16  # first day of the house-to-house survey, and how many days it took


def rows(town: Town, records: Iterable[Record]) -> dict[str, list[dict]]:
    """Rows of every sheet of 适龄儿童摸底."""
    records = list(records)
    children = sorted(town.children, key=lambda child: (child.village.area, child.key))
    return {
        "census": [_child(town, child) for child in children],
        "notice": _notices(town),
        "match": _matches(town, records),
    }


def _child(town: Town, child: Child) -> dict:
    house = child.family
    here = child.moved_to or child.current or child.home
    gone = child.study == "镇外在读" or bool(house.away)
    school = ""
    if child.study == "本镇在读":
        school = here.school.name
    elif child.study == "镇外在读":
        school = far_school(child)
    number = int(child.key[2:])
    first, length = SURVEY
    staff = house.village.primary.staff
    return filled(
            "census", child, village_code=house.village.code, group=house.group, hukou_status=_hukou(child),
            hukou_addr="外省示例市样例县" if house.migrant else house.address, residence="随父母外出" if gone else "在家",
            away_place=(house.away or school) if gone else "", study_status=child.study, study_school=school,
            study_grade=child.grade if school else None, proof="学籍截图" if child.study == "镇外在读" else "",
            delay_no=f"{TOWN}教延[2023]{number % 100:02d}号" if child.study == "延缓入学" else "",
            surveyor=staff[number % len(staff)].name,
            visit_date=_visit_date(child, first + days.DAY * (house.number % length)), signed=True, verdict="无误",
        )  # fmt: skip


def _hukou(child: Child) -> str:
    if not child.id_no:
        return "无户籍"
    if child.family.migrant:
        return "外来常住"
    return "户籍在本镇举家外出" if child.family.away else "本镇户籍"


def _visit_date(child: Child, planned: dt.date) -> dt.date:
    """Newcomers of the term were visited when they came."""
    return child.status_date if child.home and not child.base_state and child.status_date > planned else planned


def _notices(town: Town) -> list[dict]:
    found = []
    for school in town.schools:
        for item in school.classes:
            if item.grade in (1, 7):
                found += [(school, item, child) for child in item.pupils if child.home is item and _is_entrant(child)]
    return [_notice(number, *one) for number, one in enumerate(found, start=1)]


def _is_entrant(child: Child) -> bool:
    late = not child.base_state and child.status_date == days.shift(days.START, 2)
    return child.base_state in ("在读", "送教上门") or (late and child.moved_to is None)


def _notice(number: int, school: object, item: object, child: Child) -> dict:
    house = child.family
    late = (
        any(absence.kind == NOT_ARRIVED and absence.date in days.SCHOOL_DAYS[:2] for absence in child.absences)
        or not child.base_state
    )
    junior = item.grade == 7
    served = dt.date(2023, 8, 15) + days.DAY * (number % 10)
    return filled(
        "notice", child, school, notice_no=f"义入通字[2023]第{number:04d}号", due=days.START, served=served,
        serve_mode=("当面", "当面", "村转交")[number % 3], server=item.head.name, recipient=house.guardian, receipt=True,
        arrived=days.shift(days.START, 2) if late else days.START - days.DAY * (number % 2), pledge_date=served,
        witness_type="司法所见证" if junior else "村委见证",
        witness_org=f"{TOWN}司法所" if junior else f"{house.village.name}村委会", witness_no=f"JZ2023-{number:04d}",
        witness_date=served, archive_ref=f"04-{number:04d}",
    )  # fmt: skip


def _matches(town: Town, records: list[Record]) -> list[dict]:
    """What comparing the lists brought up, all cleared: pushed names that were data faults, and grade 6 to grade 7."""
    rows = []
    for record in records:
        for case in record.cases:
            if case.scenario.verdict == DATA_FAULT:
                row = _match("上级推送", case.child, "推送为疑似辍学，实际在校", case.found, record.school.clerk.name)
                close = {"verdict": "数据问题", "close_type": "信息错误(证件或姓名)", "evidence": "户口簿复印件"}
                rows.append(row | close | {"closed": case.closed})
    for child in left_after_grade_six(town):
        clerk = child.village.junior.clerk.name
        row = _match("六年级-七年级", child, "六年级毕业后本镇七年级名单中没有", dt.date(2023, 9, 7), clerk)
        close = {"verdict": "已就学", "close_type": "外地就读有学籍", "evidence": "学籍截图"}
        rows.append(row | close | {"closed": dt.date(2023, 9, 14)})
    return rows


def left_after_grade_six(town: Town) -> list[Child]:
    """Who was in grade six here last year and is at school elsewhere now, as the comparison found out."""
    return [child for child in town.children if child.grade == 7 and child.family.away][::6]


def _match(kind: str, child: Child, diff: str, found: dt.date, checker: str) -> dict:
    return filled("match", child, match_type=kind, diff=diff, found=found, checker=checker)


# --- the school year before, as far as this year is compared with it: who was in grade six of each primary school -------
LAST_YEAR = before(days.YEAR)
ENTRY = dt.date(days.BASELINE.year - LAST_PRIMARY, 9, 1)  # when these pupils entered primary school
Rows = dict[str, list[dict]]


def year_before(town: Town, records: Iterable[Record]) -> Iterator[tuple[str, Rows]]:
    """Path inside the shared folder and rows of 学籍 of each primary school, then of the office's 基础信息."""
    pupils: dict[str, list[Child]] = {}
    for child in _leavers(town, records):
        pupils.setdefault(child.village.primary.code, []).append(child)
    classes = []
    for school in (school for school in town.schools if school.code in pupils):
        found = pupils[school.code]
        rooms = -(-len(found) // FULL)
        ids = [f"{school.code}-{ENTRY.year}-{room:02d}" for room in range(1, rooms + 1)]
        classes += [_class(school, class_id, room) for room, class_id in enumerate(ids, start=1)]
        roster = [_pupil(child, ids[place % rooms], place // rooms + 1) for place, child in enumerate(found)]
        yield f"{LAST_YEAR}/{school.name}/学籍.xlsx", {"roster": roster, "baseline": [], "change": [], "reconcile": []}
    rows = registry(town) | {"class": classes, "calendar": [], "term": []}
    yield f"{LAST_YEAR}/{CENTRE}/基础信息.xlsx", rows


def _leavers(town: Town, records: Iterable[Record]) -> list[Child]:
    """Who was in grade six: those who entered grade seven here, and those found to have entered it elsewhere."""
    late = [move.child for record in records for move in record.moves if move.kind == "新生入学"]
    here = [child for school in town.schools for child in school.pupils if child.base_state]
    found = [child for child in (*here, *late) if child.grade == LAST_PRIMARY + 1]
    return sorted([*found, *left_after_grade_six(town)], key=lambda child: child.key)


def _class(school: School, class_id: str, room: int) -> dict:
    return filled(
        "class", school_year=LAST_YEAR, school_code=school.code, class_id=class_id,
        class_name=f"{numeral(LAST_PRIMARY)}({room})班", grade=LAST_PRIMARY, head_teacher=school.teacher(room).name,
    )  # fmt: skip


def _pupil(child: Child, class_id: str, seat: int) -> dict:
    state = "在读" if child.base_state not in ("休学", "送教上门") else child.base_state
    then = {"seat_no": seat, "entry_ym": f"{ENTRY:%Y%m}", "boarding": "走读", "status": state, "status_date": ENTRY}
    return {name: value for name, value in enrolment.row(class_id, child).items() if name != "teacher"} | then
