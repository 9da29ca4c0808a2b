"""Rows of 包保责任: 机制项目, 组织机构, 包保责任, 责任书签订, 联防联控."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from . import days
from .changes import Record
from .people import numeral
from .schools import OFFICE_NAME, TOWN, School, Staff, Town

ISSUED = dt.date(2023, 9, 4)
SIGNED = dt.date(2023, 9, 6)
MEASURES = ("宣传", "招生", "均衡", "质量", "扶弱", "融合", "守规", "绩效", "督查", "奖惩")
MECHANISMS = {
    "四包": ("中心学校人员包学校", "学校班子成员包年级", "班主任和任课教师包学生", "学校联合行政村包家长"),
    "八项制度": (
        "适龄儿童摸底登记制度",
        "学生入学司法公证制度",
        "学生变动即时报告制度",
        "学困生帮教制度",
        "辍学生劝返制度",
        "人籍核查制度",
        "学校和行政村联防联控制度",
        "控辍保学工作奖惩制度",
    ),
    "十项措施": tuple(f"{word}控辍" for word in MEASURES),
}
JOINT = (
    (dt.date(2023, 9, 13), "党委政府、村委", "秋季开学未到校学生排查", "名单已核清"),
    (dt.date(2023, 11, 15), "村委、派出所", "入户宣讲义务教育法", "家长签收告知书"),
    (dt.date(2024, 1, 17), "司法所、村委、家长", "寒假前重点学生走访", "落实包联责任人"),
    (dt.date(2024, 2, 28), "党委政府、村委", "春季开学未到校学生排查", "名单已核清"),
    (dt.date(2024, 4, 24), "村委、派出所", "入户宣讲义务教育法", "家长签收告知书"),
    (dt.date(2024, 6, 26), "司法所、村委、家长", "暑假前重点学生走访", "落实包联责任人"),
)


def rows(town: Town, records: Iterable[Record]) -> dict[str, list[dict]]:
    """Rows of every sheet of 包保责任."""
    return {
        "mechanism": _mechanisms(town),
        "body": _bodies(town),
        "bond": list(_bonds(town, records)),
        "pledge": list(_pledges(town)),
        "joint": _joint(town),
    }


def _mechanisms(town: Town) -> list[dict]:
    return [
        {"no": number, "kind": kind, "title": title, "owner": town.office[number % len(town.office)].name}
        for kind, titles in MECHANISMS.items()
        for number, title in enumerate(titles, start=1)
    ]


def _bodies(town: Town) -> list[dict]:
    office = town.office
    leading = [(office[0], "组长", "负责控辍保学全面工作")]
    leading += [(person, "副组长", "负责控辍保学指导和台账核查") for person in (office[1], office[3])]
    leading += [(school.principal, "成员", "负责本校控辍保学工作") for school in town.schools]
    guiding = [(office[1], "组长", "负责业务指导")]
    guiding += [(person, "副组长", "负责台账审核") for person in (office[3], office[8])]
    guiding += [(school.clerk, "成员", "负责学籍核对") for school in town.schools[:2]]
    return [
        {"body": body, "role": role, "staff_id": person.name, "title": person.title, "duty": duty, "issued": ISSUED}
        for body, people in (("领导组", leading), ("业务指导审核组", guiding))
        for person, role, duty in people
    ]


def _bond(kind: str, person: Staff, target_type: str, target_id: str, target_name: str) -> dict:
    return {
        "school_year": days.YEAR,
        "bond_type": kind,
        "staff_id": person.staff_id,
        "name": person.name,
        "title": person.title,
        "target_type": target_type,
        "target_id": target_id,
        "target_name": target_name,
        "from": ISSUED,
    }


def _bonds(town: Town, records: Iterable[Record]) -> Iterator[dict]:
    for number, school in enumerate(town.schools):
        yield _bond("包学校", town.office[number % len(town.office)], "学校", school.code, school.name)
    for record in records:
        yield from _inside(record)
    for village in town.villages:
        officer = Staff(village.code, village.contact, "村委会主任", [], village.tel)
        schools = [school for school in town.schools if village in school.catchment]
        for person in (officer, *(school.leaders[0] for school in schools)):
            yield _bond("包家长", person, "行政村", village.code, village.name)


def _inside(record: Record) -> Iterator[dict]:
    """Within one school: leaders by grade, class teachers by class, and by pupil where there is a case."""
    school = record.school
    for place, grade in enumerate(dict.fromkeys(item.grade for item in school.classes)):
        leader = school.leaders[place % len(school.leaders)]
        yield _bond("包年级", leader, "年级", f"{school.code}-{grade}", f"{school.name}{numeral(grade)}年级")
    for item in school.classes:
        yield _bond("包学生", item.head, "班级", item.class_id, f"{school.name}{item.name}")
    for case in record.cases:
        yield _bond("包学生", case.child.home.head, "学生", case.child.key, case.child.name)


def _pledges(town: Town) -> Iterator[dict]:
    for school in town.schools:
        yield _pledge("中心校-学校", OFFICE_NAME, school.name, school.code)
        for village in school.catchment:
            yield _pledge("学校-村", school.name, village.name, village.code)
        for item in school.classes:
            yield _pledge("学校-班主任", school.name, item.head.name, item.head.staff_id)
            parents = f"{item.name}学生家长"
            yield _pledge("学校-家长", school.name, parents, item.class_id) | {"copies": max(len(item.pupils), 1)}
        helpers = {child.helper for item in school.classes for child in item.pupils}
        heads = {item.head.name for item in school.classes}
        for person in school.staff:
            if person.name in helpers - heads:
                yield _pledge("学校-包保教师", school.name, person.name, person.staff_id)


def _pledge(kind: str, party_a: str, party_b: str, party_b_id: str) -> dict:
    return {
        "school_year": days.YEAR,
        "pledge_type": kind,
        "party_a": party_a,
        "party_b": party_b,
        "party_b_id": party_b_id,
        "signed": SIGNED,
        "copies": 2,
        "archive_ref": "03-01",
    }


def _joint(town: Town) -> list[dict]:
    held = [what for what in JOINT if what[0] <= town.calendar.end]
    return [_joint_row(school, number, *what) for what in held for number, school in enumerate(town.schools)]


def _joint_row(school: School, number: int, day: dt.date, parties: str, matter: str, result: str) -> dict:
    village = school.catchment[number % len(school.catchment)]
    return {
        "date": day,
        "school_code": school.code,
        "village_code": village.code,
        "parties": parties,
        "matter": f"{TOWN}{village.name}{matter}",
        "handed": 0,
        "result": result,
        "archive_ref": "14-01",
    }
