"""Cases of suspected dropout as they run: when a pupil stays away, is found, visited, confirmed, brought back; and the rows of 控辍台账
about them: 疑似辍学台账, 辍学台账, 劝返记录, 法律文书 (重点关注 is in support.py).

The clock is that of domain.md section 7 and policy.yaml: listed, visited and reported on the third school day, the township
told within seven days, confirmed at 28 days, a visit a week for the first month and then one in two weeks, and no paper's
time limit passes without the next paper.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from random import Random

from . import days
from .days import DAY, Calendar
from .enrolment import Move, Record
from .people import Child, filled
from .schools import TOWN, Town

RETURNED, SICK, DATA_FAULT, TO_DROPOUT = "返校", "请假属实", "数据问题", "转辍学台账"
CONFIRMED_AFTER = 28  # calendar days
TOWN_WITHIN = 6  # calendar days from the first day away to the report to the township, one fewer than allowed
# (paper, issuer, days it allows, how it is served)
LADDER = (
    ("劝学通知书", "", 7, "送达劝学通知书"),
    ("限期复学通知书", f"{TOWN}人民政府", 10, "送达限期复学通知书"),
    ("责令限期改正通知书", f"{TOWN}人民政府", 15, "责令改正"),
    ("民事起诉状", f"{TOWN}人民政府", 100, "司法文书或起诉"),
    ("调解书或判决书", "示例县人民法院", 30, "司法文书或起诉"),  # what follows is the court's
)
NEXT_VISIT = 7  # days after the last day of school, of those still away
MODES = ("家访", "电话", "校村联合", "家访", "镇村校联合", "电话")


@dataclass(frozen=True)
class Scenario:
    """A case in outline: first day away, first day back (if ever), the verdict, and when a dropout case is struck off."""

    first: dt.date
    back: dt.date | None = None
    verdict: str = RETURNED
    source: str = "连续缺勤"
    cause: str = "厌学"
    closed: dt.date | None = None

    def until(self, end: dt.date) -> Scenario:
        """The scenario as far as it has come by a day."""
        told = {name: day for name in ("back", "closed") if (day := getattr(self, name)) and day <= end}
        unconfirmed = self.verdict == TO_DROPOUT and self.first + DAY * CONFIRMED_AFTER > end
        return replace(self, **{"back": None, "closed": None} | told, verdict="" if unconfirmed else self.verdict)


def _date(month: int, day: int) -> dt.date:
    return dt.date(2023 if month > 8 else 2024, month, day)


JUNIOR = (
    Scenario(_date(10, 10), None, TO_DROPOUT, cause="外出打工"),
    Scenario(_date(9, 11), _date(9, 18)),
    Scenario(_date(10, 16), _date(12, 11), TO_DROPOUT, closed=_date(6, 28)),
    Scenario(_date(1, 16), _date(3, 18), TO_DROPOUT, cause="沉迷网络"),
    Scenario(_date(9, 1), _date(10, 23), TO_DROPOUT, "开学未报到", "学习困难", _date(1, 26)),
    Scenario(_date(11, 13), _date(11, 23), SICK, cause="疾病"),
    Scenario(_date(11, 22), None, DATA_FAULT, "系统推送", "其他"),
    Scenario(_date(12, 4), _date(12, 12), cause="沉迷网络"),
    Scenario(_date(10, 26), _date(11, 2), cause="家庭变故或监护缺失"),
)
PRIMARY = (
    Scenario(_date(11, 6), _date(11, 10), cause="家庭变故或监护缺失"),
    Scenario(_date(9, 20), None, DATA_FAULT, "系统推送", "其他"),
    Scenario(_date(10, 17), _date(10, 24), cause="随父母流动未落实就读"),
    Scenario(_date(12, 13), _date(12, 18), cause="厌学"),
)
JUNIOR_SPRING = (
    Scenario(_date(3, 12), _date(5, 13), TO_DROPOUT),
    Scenario(_date(4, 15), _date(4, 22)),
    Scenario(_date(5, 20), None, TO_DROPOUT, cause="外出打工"),
    Scenario(_date(2, 26), _date(3, 4), RETURNED, "开学未报到", "随父母流动未落实就读"),
    Scenario(_date(6, 11), _date(6, 20), cause="沉迷网络"),
    Scenario(_date(3, 25), _date(4, 3), SICK, cause="疾病"),
    Scenario(_date(4, 17), None, DATA_FAULT, "系统推送", "其他"),
    Scenario(_date(5, 13), _date(5, 21), cause="沉迷网络"),
)
PRIMARY_SPRING = (
    Scenario(_date(3, 18), _date(3, 22), cause="家庭变故或监护缺失"),
    Scenario(_date(5, 8), None, DATA_FAULT, "系统推送", "其他"),
    Scenario(_date(6, 3), _date(6, 12), cause="厌学"),
)
# of each term: the cases of the junior schools in their order, and those of which some primaries have one
PLOTS = {days.AUTUMN: (JUNIOR, PRIMARY), days.SPRING: (JUNIOR_SPRING, PRIMARY_SPRING)}
LOST_AND_BACK = Scenario(_date(3, 6), _date(4, 22), TO_DROPOUT)  # in spring, at the first primary


@dataclass(slots=True, eq=False)
class Visit:
    """One attempt to bring a pupil back."""

    visit_id: str
    case_id: str
    seq: int
    date: dt.date
    mode: str
    result: str
    next: dt.date | None


@dataclass(slots=True, eq=False)
class Paper:
    """One legal paper, served at a visit."""

    doc_no: str
    doc_type: str
    issuer: str
    case_id: str
    served: dt.date
    deadline: dt.date
    result: str = ""


@dataclass(slots=True, eq=False)
class Case:
    """A suspected dropout, and the dropout case it became when `confirmed` is a date."""

    calendar: Calendar
    child: Child
    scenario: Scenario
    case_id: str
    first: dt.date
    found: dt.date
    back: dt.date | None
    confirmed: dt.date | None = None
    dropout_id: str = ""
    visits: list[Visit] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)

    @property
    def closed(self) -> dt.date | None:
        """When the suspected case was settled."""
        if self.scenario.verdict == SICK:
            return self.calendar.shift(self.found, 3)
        if self.scenario.verdict == DATA_FAULT:
            return self.calendar.shift(self.found, 2)
        return self.confirmed or self.back

    @property
    def told_town(self) -> dt.date | None:
        """When the township government was told: only of those still away by then."""
        day = max(self.calendar.on_or_before(self.first + DAY * TOWN_WITHIN), self.found)
        return day if self.closed is None or day < self.closed else None

    @property
    def last_away(self) -> dt.date:
        """The last school day the pupil missed without leave."""
        if self.closed is None:
            return self.calendar.end
        return self.calendar.shift(self.closed, -1)


def give(town: Town, record: Record, term: Calendar) -> None:
    """Give the school its cases of a term; sets the pupils' states and adds what 学生变动 has to say of them."""
    random, school = town.random, record.school
    (name,) = term.terms
    junior, primary = PLOTS[name]
    if school.stage == "初中":
        number = min(len(junior), max(2, round(school.size / 145)))
        scenarios = junior[:number]
        pool = [child for item in school.classes if item.grade > 7 for child in item.pupils]
    else:
        scenarios = random.sample(primary, 1) if school.size > 100 and random.random() < 0.45 else ()
        pool = [child for item in school.classes if item.grade > 3 for child in item.pupils]
        if name is days.SPRING and school is next(one for one in town.schools if one.stage == "小学"):
            scenarios = (LOST_AND_BACK, *scenarios)
    pool = [child for child in pool if _may(child)]
    for scenario in scenarios:
        if not pool:
            return
        child = pool.pop(random.randrange(len(pool)))
        child.taken = True
        later = random.randint(0, 3) if scenario.source == "连续缺勤" else 0
        number = f"{term.start.year}-{len(record.cases) + 1:03d}"
        record.cases.append(_case(record, child, scenario.until(record.calendar.end), number, later))


def _may(child: Child) -> bool:
    """No case comes from a poor family (X40), nor from the late entrants, who turn sixteen within the year."""
    house = child.family
    settled = not child.taken and child.status == child.base_state == "在读" and child.status_no[0] == "G"
    return settled and not (house.poor or house.migrant or child.disability) and child.birth.year > 2007


def _case(record: Record, child: Child, scenario: Scenario, number: str, later: int) -> Case:
    school, calendar = record.school, record.calendar
    first = calendar.shift(scenario.first, later)
    back = calendar.shift(scenario.back, later) if scenario.back else None
    found = first if scenario.verdict == DATA_FAULT else calendar.shift(first, 2)
    case = Case(calendar, child, scenario, f"YS-{school.code}-{number}", first, found, back)
    if scenario.verdict == TO_DROPOUT:
        confirm(record, case)
    elif scenario.cause in ("厌学", "沉迷网络"):
        child.weary = True
    if child.weary:
        child.helper = child.home.head.name
    _plan_visits(case, school.code)
    if scenario.verdict not in (SICK, DATA_FAULT):
        _serve(case, school.name, school.code)
    return case


def confirm(record: Record, case: Case) -> None:
    """Make it a dropout case on the first day of decisions 28 days after the pupil stayed away."""
    child = case.child
    case.confirmed = case.calendar.decision(case.first + DAY * CONFIRMED_AFTER)
    case.dropout_id = case.case_id.replace("YS", "CX")
    child.weary = True  # a plan for the pupil (一生一案) must exist: it is the one for weary pupils
    child.status, child.study, child.status_date = "辍学", "辍学", case.confirmed
    record.moves.append(Move(case.confirmed, child, "辍学标注", child.home, None, "连续无故缺勤，多次劝返未返校"))
    if case.back:
        child.status, child.study, child.status_date = "在读", "本镇在读", case.back
        record.moves.append(Move(case.back, child, "复学", None, child.home, "经劝返复学"))


def _dates(case: Case) -> list[dt.date]:
    """Days of the visits: one on the day of listing, one in six days, from a month after confirmation one in thirteen."""
    excused = case.scenario.verdict in (SICK, DATA_FAULT)
    end = case.closed if excused else case.back or case.calendar.end - DAY
    found, day = [], case.found
    while day < end:
        found.append(day)
        step = 13 if case.confirmed and day >= case.confirmed + DAY * 35 else 6
        if case.confirmed and day < case.confirmed <= day + DAY * step:
            day = case.confirmed
        else:
            day += DAY * step
    if not case.back and not excused and (end - found[-1]).days < 6:
        return found  # still away, and visited these days
    return [*found, end]


def _plan_visits(case: Case, code: str) -> None:
    dates = _dates(case)
    suspected, dropped = 0, 0
    for place, day in enumerate(dates):
        is_dropout = case.confirmed is not None and day >= case.confirmed
        suspected, dropped = suspected + (not is_dropout), dropped + is_dropout
        number = place + 1
        visit_id = f"QF-{code}-{case.case_id[-3:]}-{number:02d}"
        seq = dropped if is_dropout else suspected
        mode = "镇村校联合" if is_dropout and seq == 1 else MODES[place % len(MODES)]
        following = dates[place + 1] if place + 1 < len(dates) else None
        result = "拒绝" if place % 3 else "同意待返校"
        if following is None:
            if case.scenario.verdict == SICK:
                following, result = case.back, "同意待返校"
            elif case.back or case.scenario.verdict == DATA_FAULT:
                mode, result = "家访", "已复学(原班)"
            else:
                following = case.calendar.end + DAY * NEXT_VISIT
        case_id = case.dropout_id if is_dropout else case.case_id
        case.visits.append(Visit(visit_id, case_id, seq, day, mode, result, following))


def _serve(case: Case, school_name: str, code: str) -> None:
    """Serve each paper at the last visit before the time limit of the one before runs out."""
    end = case.back or case.calendar.end
    ladder = LADDER[:-1] if case.back else LADDER  # no court has judged where the pupil came back
    for place, visit in enumerate(case.visits[:-1] if case.back else case.visits):
        number = len(case.papers)
        if number == len(ladder):
            return
        upcoming = case.visits[place + 1].date if place + 1 < len(case.visits) else dt.date.max
        before = case.papers[-1] if case.papers else None
        if before is None and visit.date < case.first + DAY * TOWN_WITHIN:
            continue
        if before is not None and not (before.deadline < end and before.deadline < upcoming):
            continue
        doc_type, issuer, allowed, mode = ladder[number]
        visit.mode = mode
        word = "义劝通字" if number == 0 else "镇教通字"
        doc_no = f"{word}[{visit.date.year}]{code}第{int(case.case_id[-3:]) * 10 + number:03d}号"
        deadline = visit.date + DAY * allowed
        case.papers.append(Paper(doc_no, doc_type, issuer or school_name, visit.case_id, visit.date, deadline))
        if before is not None:
            before.result = "拒绝"
    if case.papers and case.back:
        case.papers[-1].result = "已复学(原班)"


# --- rows ---------------------------------------------------------------------------------------------------------------
CLOSE_TYPES = {RETURNED: "已复学", SICK: "其他", DATA_FAULT: "信息错误(证件或姓名)", TO_DROPOUT: "其他"}
EVIDENCE = {
    RETURNED: "到校点名册、班主任确认单",
    SICK: "县医院诊断证明、补办请假条",
    DATA_FAULT: "户口簿复印件、在校点名册",
}
WHEREABOUTS = {
    "外出打工": ("务工", "邻省样例市"),
    "厌学": ("在家", "本镇"),
    "沉迷网络": ("在家", "本镇"),
    "学习困难": ("随父母在外", "外省示例市"),
}


def suspected(record: Record) -> list[dict]:
    """Rows of 疑似辍学台账."""
    return [_suspected(record, case) for case in record.cases]


def _suspected(record: Record, case: Case) -> dict:
    child, school, verdict = case.child, record.school, case.scenario.verdict
    row = filled(
        "suspected", child, school, case_id=case.case_id, source=case.scenario.source, found=case.found,
        last_day=case.first, poor=False, cause=case.scenario.cause,
        where="在家" if verdict in (RETURNED, SICK) else "在校" if verdict == DATA_FAULT else "随亲属在外",
        first_call=case.first, first_visit=case.visits[0].date, rep_center=case.found, rep_town=case.told_town,
        teacher=child.home.head.name,
    )  # fmt: skip
    if not case.closed:
        return row
    evidence = EVIDENCE.get(verdict) or f"转入辍学台账{case.dropout_id}"
    close = {"verdict": verdict, "closed": case.closed, "close_type": CLOSE_TYPES[verdict], "evidence": evidence}
    return row | close | {"reviewer": school.leaders[0].name}


def dropouts(record: Record, officer: str) -> list[dict]:
    """Rows of 辍学台账. `officer`: the township's officer who answers for the cases."""
    return [_dropout(record, case, officer) for case in record.cases if case.confirmed]


def _dropout(record: Record, case: Case, officer: str) -> dict:
    child, school = case.child, record.school
    whereabouts, place = WHEREABOUTS[case.scenario.cause]
    row = filled(
        "dropout", child, school, case_id=case.dropout_id, ys_id=case.case_id, drop_date=case.first,
        confirm_date=case.confirmed, cause1=case.scenario.cause, liable="无", whereabouts=whereabouts,
        where_place=place, bond_school=child.home.head.name, bond_village=child.village.contact, bond_town=officer,
        plan_id=plan_id(record, child.key), state="劝返中", sys_marked=case.confirmed,
    )  # fmt: skip
    orders = [paper for paper in case.papers if paper.doc_type == "限期复学通知书"]
    if orders:
        row |= {"order_no": orders[0].doc_no, "order_due": orders[0].deadline}
    if case.back:
        struck_off, next_term = case.scenario.closed, days.SPRING if case.back <= days.AUTUMN.end else days.NEXT_AUTUMN
        row |= {"back_date": case.back, "back_mode": "复学(原班)", "back_school": school.name}
        row |= {"back_class": child.home.class_id, "follow_to": struck_off or next_term.end}
        row["state"] = "已销号" if struck_off else "已复学跟踪"
        if struck_off:
            row |= {"closed": struck_off, "close_type": "已复学", "reviewer": school.leaders[0].name}
            row["evidence"] = "复学后点名册、跟踪记录"
    return row


def plan_id(record: Record, key: str) -> str:
    """The number of a pupil's 一生一案, the same in 帮扶 and in 辍学台账."""
    return f"SA-{record.school.code}-2023-{int(key[2:]):05d}"


def visits(random: Random, record: Record) -> list[dict]:
    """Rows of 劝返记录, case by case."""
    return [_visit(random, record, case, visit) for case in record.cases for visit in case.visits]


def _visit(random: Random, record: Record, case: Case, visit: Visit) -> dict:
    child, school = case.child, record.school
    head, leader = child.home.head, school.leaders[visit.seq % len(school.leaders)]
    by_phone = visit.mode == "电话"
    done = visit.result.startswith("已复学")
    willing = "同意" if done or visit.result == "同意待返校" else "犹豫"
    team = [f"教师{head.name}"]
    if not by_phone:
        team.append(f"教师{leader.name}")
    if visit.mode not in ("电话", "家访"):
        team.append(f"村干部{child.village.contact}")
    return filled(
        "visit", child, visit_id=visit.visit_id, case_id=visit.case_id, seq=visit.seq, date=visit.date, place="电话" if by_phone else "学生家中", mode=visit.mode,
        lead=(head if by_phone else leader).name, team="、".join(team), **{"with": f"监护人{child.family.guardian}"},
        guardian_att=willing, pupil_att="同意" if done else random.choice(("犹豫", "拒绝", "未见到")),
        barrier=f"{case.scenario.cause}，家长管教有困难", action="讲明义务教育法规定，与家长商定返校办法",
        result=visit.result, next=visit.next, signed=not by_phone, recorder=head.name,
        media_ref="" if by_phone else f"14-{school.code}-{visit.visit_id[-6:]}",
    )  # fmt: skip


def legal(record: Record) -> list[dict]:
    """Rows of 法律文书."""
    return [_paper(record, case, paper) for case in record.cases for paper in case.papers]


def _paper(record: Record, case: Case, paper: Paper) -> dict:
    return filled(
        "legal", case.child, doc_no=paper.doc_no, doc_type=paper.doc_type, issuer=paper.issuer, case_id=paper.case_id,
        issued=paper.served, served=paper.served, serve_mode="当面", server=record.school.leaders[0].name, deadline=paper.deadline,
        receipt=True, result=paper.result, archive_ref=f"14-{paper.case_id[3:]}",
    )  # fmt: skip
