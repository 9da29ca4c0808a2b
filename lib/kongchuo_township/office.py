"""Rows of what the office keeps: 包保责任 (机制项目, 组织机构, 包保责任, 责任书签订, 联防联控), and 督查奖惩 (two inspection rounds a term with
roll-calls, vetoes, publicity of the scheme).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from random import Random

from . import days
from .enrolment import Record
from .people import filled, numeral
from .schools import OFFICE_NAME, TOWN, School, SchoolClass, Staff, Town

# --- 包保责任 -----------------------------------------------------------------------------------------------------------
ISSUED = dt.date(2023, 9, 4)
SIGNED = dt.date(2023, 9, 6)
MEASURES = ("宣传", "招生", "均衡", "质量", "扶弱", "融合", "守规", "绩效", "督查", "奖惩")
MECHANISMS = {
    "四包": ("中心学校人员包学校", "学校班子成员包年级", "班主任和任课教师包学生", "学校联合行政村包家长"),
    "八项制度": tuple(
        f"{word}制度"
        for word in [
            "适龄儿童摸底登记",
            "学生入学司法公证",
            "学生变动即时报告",
            "学困生帮教",
            "辍学生劝返",
            "人籍核查",
            "学校和行政村联防联控",
            "控辍保学工作奖惩",
        ]
    ),
    "十项措施": tuple(f"{word}控辍" for word in MEASURES),
    "十八项档案": (
        "上级控辍保学文件", "本单位文件方案宣传资料及考评细则", "包保分工及责任书", "各项制度", "学生统计报表",
        "流生日查周报月报表", "作业点名册座次表学籍表一致性材料", "督导核查材料", "贫困生资助一家一案", "学困生帮扶一生一案",
        "残疾儿童送教上门", "学生变动及学籍调整", "寒暑假控辍预案", "联防联控材料", "经验总结调研论文", "控辍保学会议记录",
        "兑现奖惩材料", "控辍简报和典型案例集",
    ),
}  # fmt: skip
JOINT = (
    (dt.date(2023, 9, 13), "党委政府、村委", "秋季开学未到校学生排查", "名单已核清"),
    (dt.date(2023, 11, 15), "村委、派出所", "入户宣讲义务教育法", "家长签收告知书"),
    (dt.date(2024, 1, 17), "司法所、村委、家长", "寒假前重点学生走访", "落实包联责任人"),
    (dt.date(2024, 2, 28), "党委政府、村委", "春季开学未到校学生排查", "名单已核清"),
    (dt.date(2024, 4, 24), "村委、派出所", "入户宣讲义务教育法", "家长签收告知书"),
    (dt.date(2024, 6, 26), "司法所、村委、家长", "暑假前重点学生走访", "落实包联责任人"),
)


def duty_rows(town: Town, records: Iterable[Record]) -> dict[str, list[dict]]:
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
    return filled(
        "bond", person, bond_type=kind, target_type=target_type, target_id=target_id, target_name=target_name,
        **{"from": ISSUED},
    )  # fmt: skip


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
    return filled(
        "pledge", pledge_type=kind, party_a=party_a, party_b=party_b, party_b_id=party_b_id, signed=SIGNED, copies=2,
        archive_ref="03-01",
    )  # fmt: skip


def _joint(town: Town) -> list[dict]:
    held = [what for what in JOINT if what[0] <= town.calendar.end]
    return [_joint_row(school, number, *what) for what in held for number, school in enumerate(town.schools)]


def _joint_row(school: School, number: int, day: dt.date, parties: str, matter: str, result: str) -> dict:
    village = school.catchment[number % len(school.catchment)]
    return filled(
        "joint", date=day, school_code=school.code, village_code=village.code, parties=parties,
        matter=f"{TOWN}{village.name}{matter}", handed=0, result=result, archive_ref="14-01",
    )  # fmt: skip


# --- 督查奖惩 -----------------------------------------------------------------------------------------------------------
POINTS = (10, 8, 10, 18, 10, 14, 12, 4, 4, 10)  # of the ten items (policy: 督查各项分值)
ROUNDS = {  # first and last day of each round
    days.AUTUMN: ((dt.date(2023, 9, 25), dt.date(2023, 10, 12)), (dt.date(2023, 12, 4), dt.date(2023, 12, 15))),
    days.SPRING: ((dt.date(2024, 3, 18), dt.date(2024, 4, 3)), (dt.date(2024, 5, 27), dt.date(2024, 6, 7))),
}
Visit = tuple[str, int, dt.date]  # term, number of the round in it, day
REASONS = (
    "个别责任书填写不全", "制度汇编未更新", "个别摸底信息未及时更正", "抽查班级座次表未及时调整", "个别日查填报时间偏晚",
    "个别劝返记录过于简单", "个别一生一案措施不具体", "变动材料归档不及时", "宣传形式单一", "影像资料偏少",
)  # fmt: skip


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


def inspection_rows(
    town: Town, records: Iterable[Record], daily: dict[tuple[str, dt.date], dict]
) -> dict[str, list[dict]]:
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
            row = filled(
                "score", record.school, term=term, round=number, date=day, team=team, item_no=item_no,
                score=points - lost, reason=REASONS[item_no - 1] if lost else "",
            )  # fmt: skip
            found.append(row)
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
                filled(
                    "rollcall", record.school, item, term=term, round=number,
                    **dict.fromkeys(("n_register", "n_rollbook", "n_seating", "n_homework"), counts["due"]),
                    n_present=counts["present"],
                    leave_ok=counts["sick"] + counts["personal"] + counts["other_leave"],
                    leave_no=counts["unexcused"], unknown=0, checker=town.office[3].name,
                )
            )  # fmt: skip
    return found


def _vetoes(town: Town, records: list[Record]) -> list[dict]:
    """One for each confirmed dropout; lifted on appeal where the pupil has come back."""
    found = []
    for case in (case for record in records for case in record.cases if case.confirmed):
        row = filled(
                "veto", veto_id=f"FJ-2023-{len(found) + 1:03d}", target_type="班级",
                target_id=case.child.home.class_id, case_id=case.dropout_id, date=case.confirmed, liable=False,
                decider=town.office[0].name, effective=case.back is None, appeal="撤销" if case.back else "",
            )  # fmt: skip
        found.append(row)
    return found


def _publicity(record: Record) -> dict:
    shown = {"in_scheme": True, "pub_date": dt.date(2023, 9, 8), "pub_mode": "教师会宣读，公示栏张贴"}
    return filled("publicity", record.school, **shown)
