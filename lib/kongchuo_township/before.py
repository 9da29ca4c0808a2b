"""The school year before, as far as this year is compared with it: the sixth-graders of each primary school.

They are this year's grade seven, and children who have left the township since. Nothing here is drawn by chance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from kongchuo.core.schema import CENTRE, LAST_PRIMARY
from kongchuo.core.years import before

from . import days, enrolment
from .census import left_after_grade_six
from .changes import Record
from .people import Child, numeral
from .schools import FULL, School, Town, registry

YEAR = before(days.YEAR)
ENTRY = dt.date(days.BASELINE.year - LAST_PRIMARY, 9, 1)  # when these pupils entered primary school
Rows = dict[str, list[dict]]


def workbooks(town: Town, records: Iterable[Record]) -> Iterator[tuple[str, Rows]]:
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
        yield f"{YEAR}/{school.name}/学籍.xlsx", {"roster": roster, "baseline": [], "change": [], "reconcile": []}
    rows = registry(town) | {"class": classes, "calendar": [], "term": []}
    yield f"{YEAR}/{CENTRE}/基础信息.xlsx", rows


def _leavers(town: Town, records: Iterable[Record]) -> list[Child]:
    """Who was in grade six: those who entered grade seven here, and those found to have entered it elsewhere."""
    late = [move.child for record in records for move in record.moves if move.kind == "新生入学"]
    here = [child for school in town.schools for child in school.pupils if child.base_state]
    found = [child for child in (*here, *late) if child.grade == LAST_PRIMARY + 1]
    return sorted([*found, *left_after_grade_six(town)], key=lambda child: child.key)


def _class(school: School, class_id: str, room: int) -> dict:
    return {
        "school_year": YEAR,
        "school_code": school.code,
        "class_id": class_id,
        "class_name": f"{numeral(LAST_PRIMARY)}({room})班",
        "grade": LAST_PRIMARY,
        "head_teacher": school.teacher(room).name,
    }


def _pupil(child: Child, class_id: str, seat: int) -> dict:
    state = "在读" if child.base_state not in ("休学", "送教上门") else child.base_state
    then = {"seat_no": seat, "entry_ym": f"{ENTRY:%Y%m}", "boarding": "走读", "status": state, "status_date": ENTRY}
    return {name: value for name, value in enrolment.row(class_id, child).items() if name != "teacher"} | then
