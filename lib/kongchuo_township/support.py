"""Which pupils stand on 重点关注 and since when: whoever may reach 黄 under any reading of the signals of domain.md 4.4; and the rows of
帮扶: families in need, aid, plans and records for weak and weary pupils, disabled, left-behind and other pupils.
"""

from __future__ import annotations

import datetime as dt
from random import Random

from .attendance import NOT_ARRIVED
from .cases import Case, plan_id
from .days import Calendar
from .enrolment import Record
from .people import GIVEN, Child, filled, numeral
from .schools import SchoolClass

# --- 重点关注 -----------------------------------------------------------------------------------------------------------
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


def watch_rows(random: Random, record: Record, confirmed: dict[str, dt.date]) -> list[dict]:
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
    row = filled(
        "watch", child, item, watch_id=f"GZ-{school.code}-{day.year}-{number:03d}", found=day,
        via=random.choice(("班主任", "自动信号", "家访")),
    )  # fmt: skip
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
    row |= {"signals": "、".join(names), "level": level, "teacher": child.helper or item.head.name, "state": state}
    row |= {"action": ACTIONS[level], "freq": FREQUENCY[level]}
    return row | {"last": random.choice(record.calendar.school_days[-2:])}


# --- 帮扶 ---------------------------------------------------------------------------------------------------------------
REVIEWS = ("明显进步", "有进步", "无变化", "退步")
PLANNED = ("孤儿", "事实无人抚养")  # besides the poor: who has a plan for the family
DIS_CODES = {"视力": 1, "听力": 2, "言语": 3, "肢体": 4, "智力": 5, "精神": 6, "多重": 7}
LEVEL_CODES = {"一级": 1, "二级": 2, "三级": 3, "四级": 4}
WORKPLACES = ("邻省样例市", "外省示例市", "邻市样例县")
BEYOND = (("普通高中", "示例县第一高级中学"), ("中等职业", "示例县职业学校"), ("学前", "示例镇中心幼儿园"))
Pupils = list[tuple[SchoolClass, Child]]


def rows(random: Random, record: Record) -> dict[str, list[dict]]:
    """Rows of every sheet of 帮扶."""
    pupils = [
        (item, child)
        for item in record.school.classes
        for child in item.pupils
        if (child.current or child.home) is item and child.status not in ("已转出", "休学")
    ]
    in_need = [(item, child) for item, child in pupils if poor_type(child)]
    plans = [(item, child) for item, child in pupils if child.weak or child.weary]
    disabled = [(item, child) for item, child in pupils if child.disability]
    left = [(item, child) for item, child in pupils if "留守" in child.groups]
    return {
        "family_plan": [_family_plan(record, item, child) for item, child in in_need],
        "aid": [_aid(random, record, child, term) for term in record.calendar.parts for _, child in in_need],
        "pupil_plan": [_pupil_plan(random, record, item, child) for item, child in plans],
        "support_log": _logs(random, record, plans),
        "disabled": [_disabled(record, item, child) for item, child in disabled],
        "home_teaching": _home_teaching(random, record, disabled),
        "leftbehind": (leftbehind := [_leftbehind(random, record, item, child) for item, child in left]),
        "contact": [row for entry in leftbehind for row in _contacts(record, entry)],
        "beyond": [_beyond(record, number, child) for number, (_, child) in enumerate(in_need[:3])],
        "others": [row for item, child in pupils for row in _others(item, child)],
    }


def _beyond(record: Record, number: int, child: Child) -> dict:
    """An elder brother or sister of a pupil in need, who learns on elsewhere. Nothing is drawn by lot: all else stays as it was."""
    stage, place = BEYOND[number % len(BEYOND)]
    name = f"{child.name[0]}{GIVEN[int(child.key[-3:]) % len(GIVEN)]}{GIVEN[-1 - number]}"
    return filled(
        "beyond", name=name, stage=stage, at=place, hardship=poor_type(child), aid="已享受国家助学金", checked=LISTED,
        checker=record.school.principal.name,
    )  # fmt: skip


def poor_type(child: Child) -> str:
    """困难类型 of the pupil's family, empty when there is none."""
    return child.family.poor or next((name for name in child.family.others if name in PLANNED), "")


def aid_of(child: Child) -> tuple[str, float]:
    """资助项目 and amount of a term; the amounts are invented."""
    if child.boarding:
        return "生活补助(寄宿)", 625.0
    return "生活补助(非寄宿)", 312.5 if child.grade > 6 else 250.0


def _family_plan(record: Record, item: SchoolClass, child: Child) -> dict:
    house = child.family
    stage = "初中" if item.grade > 6 else "小学"
    return filled(
        "family_plan", child, family_plan=f"JA-2023-{house.number:05d}",
        stage_grade=f"{stage}{numeral(item.grade)}年级", poor_type=poor_type(child),
        poor_level=("特别困难", "困难", "一般困难")[house.number % 3], poor_cause=("因病", "缺劳力", "因残", "因学")[house.number % 4],
        family_size=3 + house.number % 4, helper=item.head.name, needs="生活补助和课后看护", action="落实资助，每月家访一次",
        aid_due=aid_of(child)[0], aid_done=True, summary="资助两学期均已发放，孩子按时到校" if record.calendar.is_whole else "",
    )  # fmt: skip


def _aid(random: Random, record: Record, child: Child, term: Calendar) -> dict:
    name, amount = aid_of(child)
    return filled(
        "aid", child, term=term.terms[0].name, aid_item=name, standard=amount, paid=amount,
        paid_on=random.choice(term.school_days[13:19]), pay_mode="社保卡", handler=record.school.aid_clerk.name,
    )  # fmt: skip


def _pupil_plan(random: Random, record: Record, item: SchoolClass, child: Child) -> dict:
    kind = "学困兼厌学" if child.weak and child.weary else "学困" if child.weak else "厌学"
    causes = random.sample(("基础薄弱", "方法不当", "动机不足", "家庭支持不足", "心理"), random.choice((1, 2)))
    row = filled(
        "pupil_plan", child, item, pupil_plan=plan_id(record, child.key), kind=kind, basis="班主任与科任教师共同认定",
        listed=LISTED, baseline="班级后20%" if child.weak else "课堂参与少，有逃学念头", causes="、".join(causes),
        helper=child.helper, goal="学期评估有进步，按时到校", action="每周课后辅导一次，每月谈心或家访一次", parent_view="同意并配合",
        review1=random.choices(REVIEWS, (2, 6, 3, 1))[0],
    )  # fmt: skip
    return row | (_at_the_end(random, record, child, row["review1"]) if record.calendar.is_whole else {})


def _at_the_end(random: Random, record: Record, child: Child, before: str) -> dict:
    """What is written in a plan at the end of the school year: one who came closer in both terms has been won over."""
    gone = child.status != "在读"
    review = REVIEWS[-1] if gone else random.choices(REVIEWS, (3, 6, 2, 1))[0]
    won = before in REVIEWS[:2] and review in REVIEWS[:2] and not _stays_away(record, child)
    row = {"review2": review, "goal_met": review in REVIEWS[:2] and (won or random.random() < 0.5), "converted": won}
    leaders = [person.name for person in record.school.leaders if person.name != child.helper]
    reviewer = (leaders or [record.school.principal.name])[0]
    return row | ({"conv_basis": "两学期均有进步，按时到校", "reviewer": reviewer} if won else {})


def _stays_away(record: Record, child: Child) -> bool:
    """Whether a pupil missed one day in twenty or more of the last forty, which a weary one who is won over does not."""
    last = set(record.calendar.school_days[-40:])
    return child.weary and sum(absence.date in last for absence in child.absences) > 2


def _logs(random: Random, record: Record, plans: Pupils) -> list[dict]:
    found = []
    for month in record.calendar.months:
        possible = [day for day in record.calendar.of_month(month) if day > LISTED]
        for _item, child in plans:
            for day in sorted(random.sample(possible, random.choice((1, 1, 2)))):
                at_home = child.status == "辍学"
                mode = "家访" if at_home else random.choice(("课后辅导", "谈心", "家访", "同伴互助"))
                found.append((day, child, mode))
    found.sort(key=lambda one: (one[0], one[1].key))
    return [
        filled(
            "support_log", log_id=f"BF-{record.school.code}-{number:05d}", pupil_plan=plan_id(record, child.key),
            date=day, mode=mode, content="讲评作业，商定下周目标" if mode == "课后辅导" else "了解近况，鼓励坚持到校",
            response=random.choice(("愿意交流", "能完成布置的练习", "话不多，态度平和")), helper=child.helper,
        )
        for number, (day, child, mode) in enumerate(found, start=1)
    ]  # fmt: skip


def _disabled(record: Record, item: SchoolClass, child: Child) -> dict:
    kind, level = child.disability
    has_card = int(child.key[2:]) % 5 > 0
    at_home = child.status == "送教上门"
    return filled(
        "disabled", child, record.school, has_card=has_card,
        card_no=f"{child.id_no}{DIS_CODES[kind]}{LEVEL_CODES[level]}" if has_card else "", dis_type=kind,
        dis_level=level if has_card else "", placement="送教上门" if at_home else "随班就读", assessed=dt.date(2023, 9, 12),
        dis_plan=f"CJ-{record.school.code}-2023-{int(child.key[2:]):05d}", plan_per_month=2 if at_home else "",
        home_teachers=f"{item.head.name}、{item.teachers[0].name}" if at_home else "",
    )  # fmt: skip


def _later(month: list[dt.date]) -> list[dt.date]:
    """The days of a month without its first two; all of a month that has hardly begun."""
    return month[2:] if len(month) > 5 else month


def _home_teaching(random: Random, record: Record, disabled: Pupils) -> list[dict]:
    found = []
    busy: set[tuple[str, dt.date]] = set()  # one teacher is at one home at a time
    for item, child in disabled:
        if child.status == "送教上门":
            team = (item.head.name, item.teachers[0].name)
            for month in record.calendar.months:
                free = [
                    day
                    for day in _later(record.calendar.of_month(month))
                    if not any((name, day) in busy for name in team)
                ]
                taken = random.sample(free, min(random.choice((2, 2, 3)), len(free)))
                busy |= {(name, day) for name in team for day in taken}
                found += [(day, item, child) for day in taken]
    found.sort(key=lambda one: (one[0], one[2].key))
    return [
        filled(
            "home_teaching", child, home_id=f"SJ-{record.school.code}-{number:04d}", date=day, span="15:00-16:30",
            lessons=2.0, team=f"{item.head.name}、{item.teachers[0].name}", content="生活语文与动作康复练习",
            response=random.choice(("情绪好，能跟着做", "注意力短，需反复示范")), signed=True,
            media_ref=f"11-{record.school.code}-{number:04d}",
        )
        for number, (day, item, child) in enumerate(found, start=1)
    ]  # fmt: skip


def _leftbehind(random: Random, record: Record, item: SchoolClass, child: Child) -> dict:
    house = child.family
    both = house.left == "双亲留守"
    answers = {"trustee": house.guardian, "trustee_rel": house.guardian_rel, "trustee_tel": house.guardian_tel}
    return filled(
        "leftbehind", child, item, left_type=house.left, left_civil=both, father_place=WORKPLACES[house.number % 3],
        mother_place=WORKPLACES[house.number % 3] if both else "", **(answers | {"trust_doc": True} if both else {}),
        care=house.care, income="打工", relief="低保" if house.poor == "低保" else "", teacher=child.helper or item.head.name,
        last_contact=random.choice(record.calendar.school_days[-12:]),
    )  # fmt: skip


def _contacts(record: Record, entry: dict) -> list[dict]:
    """Once a month the parents are called, the last time on the day that 留守儿童 says."""
    number, last = int(entry["student_key"][-4:]), entry["last_contact"]
    taught = (record.calendar.of_month(month) for month in record.calendar.months)
    held = [month_days[number % len(month_days)] for month_days in taught]
    held = [*(day for day in held if f"{day:%Y-%m}" < f"{last:%Y-%m}"), last]
    return [
        filled(
            "contact", date=day, student_key=entry["student_key"], name=entry["name"],
            **{"with": "父亲" if place % 2 or entry["left_type"] != "双亲留守" else "母亲"},
            mode=("电话", "视频")[(number + place) % 2], content="说了孩子在校的情况，问了家里的安排", recorder=entry["teacher"],
        )
        for place, day in enumerate(held)
    ]  # fmt: skip


def _others(item: SchoolClass, child: Child) -> list[dict]:
    kinds = [*child.family.others, *(["随迁"] if child.family.migrant else [])]
    rows = []
    for kind in kinds:
        origin = {"origin": "外省示例市样例县", "res_proof": True} if kind == "随迁" else {}
        care = f"由{child.family.guardian_rel}照管，班主任每月联系一次"
        rows.append(
            filled("others", child, item, kind=kind, care_plan=care, helper=child.helper or item.head.name, **origin)
        )
    return rows
