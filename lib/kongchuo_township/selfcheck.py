"""Rows of 自查档案: 月自查, 报送登记, 问题整改, 档案目录, 宣传会议, 简报案例."""

from __future__ import annotations

import datetime as dt
from random import Random

from . import days
from .cases import Case
from .enrolment import Record
from .people import filled
from .schools import TOWN

# items with nothing to check in a school or month where the condition does not hold
SUSPECTED, DROPPED, INTERVALS, TRANSFERS, LEAVES, DISABLED = 8, 9, 10, 14, 15, 18
# a problem found now and then, by item: what it is, what is done about it
PROBLEMS = {
    4: ("例会记录不完整", "补齐记录，明确专人记录"),
    11: ("个别班点名册未及时更新", "按花名册重新打印点名册"),
    12: ("个别班座次表与花名册不一致", "更正座次表"),
    19: ("家长会签到表不全", "补签到，下次会前核对"),
    20: ("个别档案缺影像资料", "补拍照片归档"),
}
INSPECTED = (  # what an inspection found, and when it was mended
    ("抽查班级座次表未及时调整", dt.date(2023, 10, 20)),
    ("影像资料偏少", dt.date(2023, 12, 26)),
    ("个别劝返记录过于简单", dt.date(2024, 4, 12)),
    ("个别班点名册未及时更新", dt.date(2024, 6, 21)),
)
ARCHIVE = (
    "上级文件", "实施方案", "责任书", "制度汇编", "统计报表", "日查周报月报", "四表一致性材料", "督导材料", "一家一案",
    "一生一案", "送教材料", "变动材料", "假期预案", "联防联控材料", "工作总结", "会议记录", "兑现奖惩", "简报案例",
)  # fmt: skip
WITH_IMAGES = (6, 11, 14, 16, 18)
REPORT_DAY = 5  # of the next month, by which the monthly report is due
REWARDS = 17  # settled at the end of the school year
MEETINGS = (("校委会", "控辍保学工作例会"), ("教师会", "日查填报与家访要求"), ("班会", "一个都不能少主题班会"))
ONCE = {
    "2023-09": (("告家长一封信", "致全体家长的一封信"), ("标语横幅", "义务教育一个不能少")),
    "2023-11": (("家长会", "期中家长会"),),
    "2024-01": (("广播", "寒假不流失广播"),),
    "2024-03": (("告家长一封信", "春季开学致家长的一封信"), ("标语横幅", "控辍保学活动月")),
    "2024-05": (("家长会", "期中家长会"),),
    "2024-06": (("广播", "暑假不流失广播"),),
}
STORIES = {
    "均衡控辍": "与结对学校互派教师听课两次，营养改善计划按天供餐，多媒体教室各班轮用；教学点音乐课仍缺专任教师。",
    "质量控辍": "开齐开足课程，作业总量每周公示，课后服务开设兴趣小组五个，学困生分层布置作业，学生到校意愿增强。",
    "融合控辍": "八、九年级每月一节职业体验课，组织参观县职业学校一次，毕业班学生全部接受升学指导，无人因升学无望离校。",
}
CASE_DAY = 18  # which school day of a term the case is written on
CASE_BODY = (
    "小A是一名学习吃力的学生，曾不愿到校。班主任多次家访，与科任教师商定课后辅导，请同伴结对。"
    "第30天起小A按时到校，一学期里学习有进步。启示：早发现、勤上门、有人陪。"
)  # fmt: skip


def rows(random: Random, record: Record) -> dict[str, list[dict]]:
    """Rows of every sheet of 自查档案."""
    checks = [row for month in record.calendar.months for row in _month(random, record, month)]
    return {
        "selfcheck": checks,
        "filing": _filings(record),
        "issue": _issues(random, record, checks),
        "archive": _archive(record),
        "publicity_log": [row for month in record.calendar.months for row in _publicity(random, record, month)],
        "story": _stories(record),
        "bulletin": _bulletins(record),
    }


def _open(case: Case, first: dt.date, last: dt.date) -> bool:
    return case.found <= last and (case.closed is None or case.closed >= first)


def _dropped(case: Case, first: dt.date, last: dt.date) -> bool:
    """Whether it is a dropout case that stands in the ledger in those days."""
    end = case.scenario.closed or days.SECOND_END
    return case.confirmed is not None and case.confirmed <= last and end >= first


def _not_applicable(record: Record, first: dt.date, last: dt.date) -> set[int]:
    """Numbers of the items for which a school had nothing to check in the month (X41: never while a case is open)."""
    moves = [move for move in record.moves if first <= move.date <= last]
    dropped = any(_dropped(case, first, last) for case in record.cases)
    applies = {
        SUSPECTED: any(_open(case, first, last) for case in record.cases),
        DROPPED: dropped,
        INTERVALS: dropped or any(_open(case, first, last) for case in record.cases),
        TRANSFERS: any(move.kind in ("转入", "转出") for move in moves),
        LEAVES: any(move.kind in ("休学", "复学") for move in moves),
        DISABLED: any(child.disability for child in record.school.pupils),
    }
    return {item for item, held in applies.items() if not held}


def _month(random: Random, record: Record, month: str) -> list[dict]:
    school, month_days = record.school, record.calendar.of_month(month)
    first = month_days[0].replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - days.DAY
    not_applicable = _not_applicable(record, first, last)
    faulty = random.choice((0, 0, *PROBLEMS))
    still_open = month == record.calendar.months[-1] and not record.calendar.is_whole  # all is settled before summer
    day = month_days[-1 - random.randrange(2)]
    found = []
    for item_no in range(1, 21):
        result = "不适用" if item_no in not_applicable else "否" if item_no == faulty else "是"
        row = filled("selfcheck", school, month=month, item_no=item_no, result=result, owner="")
        if row["result"] == "否":
            problem, action = PROBLEMS[item_no]
            row |= {"problem": problem, "action": action, "owner": school.leaders[0].name}
            row |= {"due": day + days.DAY * 14}
            row |= {} if still_open else {"done": record.calendar.on_or_before(day + days.DAY * 11)}
        found.append(row | {"checker": school.leaders[-1].name, "date": day, "confirmed": True})
    return found


def _filings(record: Record) -> list[dict]:
    """A weekly report for each week with lessons, sent on its last day of them; a monthly one by the fifth of the next month."""
    calendar = record.calendar
    # Monday -> last school day of that week
    weeks = {day - days.DAY * day.weekday(): day for day in calendar.school_days}
    found = [("周报", monday + days.DAY * 4, last) for monday, last in weeks.items()]
    for month in calendar.months:
        last = calendar.of_month(month)[-1]
        end = (last.replace(day=1) + dt.timedelta(days=31)).replace(day=1) - days.DAY
        fifth = end + days.DAY * REPORT_DAY
        after = calendar.on_or_after(end + days.DAY)
        found.append(("月报", end, after if end < after <= fifth else last))
    school = record.school
    people = {"reporter": school.clerk.name, "signer": school.principal.name}
    return [
        filled(
            "filing", school, report=report, until=until,
            zero=not any(_on_a_ledger(case, max(until, sent) if report == "周报" else until) for case in record.cases),
            date=sent, **people, archive_ref=f"06-{school.code}-{until:%m%d}",
        )
        for report, until, sent in sorted(found, key=lambda one: (one[2], one[0]))
    ]  # fmt: skip


def _on_a_ledger(case: Case, day: dt.date) -> bool:
    """Whether the case stands open on one of the two ledgers at the end of a day."""
    gone = min(case.back or dt.date.max, case.scenario.closed or dt.date.max)
    dropped = case.confirmed is not None and case.confirmed <= day < gone
    return dropped or case.found <= day < (case.closed or dt.date.max)


def _issues(random: Random, record: Record, checks: list[dict]) -> list[dict]:
    school = record.school
    found = [
        ("自查", row["problem"], row["action"], row["due"], row.get("done"), row["date"])
        for row in checks
        if row["result"] == "否"
    ]
    for problem, done in INSPECTED:
        if done <= record.calendar.end and random.random() < 0.6:
            found.append(("督查", problem, "已逐班更正并复查", done + days.DAY * 3, done, done - days.DAY * 7))
    rows = []
    for number, (source, problem, fix, due, done, day) in enumerate(sorted(found, key=lambda one: one[3]), start=1):
        row = filled(
            "issue", school, issue_id=f"ZG-{school.code}-{due.year}-{number:03d}", source=source, problem=problem,
            owner=school.leaders[0].name, due=due, state="已完成" if done else "整改中", found=day,
            **({"fix": fix, "done": done, "reviewer": school.principal.name} if done else {}),
        )  # fmt: skip
        rows.append(row)
    return rows


def _archive(record: Record) -> list[dict]:
    school = record.school
    found = []
    for number, _ in enumerate(ARCHIVE, start=1):
        row = filled(
            "archive", school, archive_no=number,
            copies=0 if number == REWARDS else 1 + (number * 7 + len(school.classes)) % 9,
            has_media=number in WITH_IMAGES, owner=school.teacher(number).name,
            updated=record.calendar.end - days.DAY * 2, place=f"档案室{1 + number // 10}柜{1 + number % 4}层",
            missing="学年末兑现，届时归档" if number == REWARDS else "",
        )  # fmt: skip
        found.append(row)
    return found


def _publicity(random: Random, record: Record, month: str) -> list[dict]:
    school, month_days = record.school, record.calendar.of_month(month)
    pupils = sum(item.size for item in school.classes)
    found = []
    for kind, topic in MEETINGS + ONCE.get(month, ()):
        row = filled("publicity_log", school, date=random.choice(month_days), kind=kind, topic=topic)
        if kind in ("家长会", "告家长一封信"):
            came = pupils - pupils // 40
            row |= {"n_due": pupils, "n_att": pupils if kind == "告家长一封信" else came}
            row |= {"n_receipt": came} if kind == "告家长一封信" else {}
        elif kind in ("校委会", "教师会"):
            people = len(school.staff) if kind == "教师会" else 1 + len(school.leaders)
            row |= {"n_due": people, "n_att": people}
        found.append(row | {"media_ref": f"16-{school.code}-{month}-{len(found) + 1}"})
    return sorted(found, key=lambda row: row["date"])


def _stories(record: Record) -> list[dict]:
    school = record.school
    kinds = [kind for kind in STORIES if kind != "融合控辍" or any(item.grade > 6 for item in school.classes)]
    return [
        filled(
            "story",
            school,
            measure=kind,
            date=term.school_days[CASE_DAY],
            text=STORIES[kind],
            reporter=school.principal.name,
        )
        for term in record.calendar.parts
        for kind in kinds
    ]


def _bulletins(record: Record) -> list[dict]:
    school = record.school
    shared = {"editor": school.leaders[-1].name, "signer": school.principal.name}
    found = [
        filled(
            "bulletin", school, kind="简报", issue_no=f"{month[:4]}年第{number}期",
            title=f"{school.name}{int(month[5:])}月控辍保学简报", date=record.calendar.of_month(month)[-1], **shared,
            to=f"{TOWN}中心学校、各行政村", deidentified=True,
        )
        for number, month in enumerate(record.calendar.months, start=1)
    ]  # fmt: skip
    for term in record.calendar.parts:
        written = term.school_days[CASE_DAY]
        case = {"kind": "典型案例", "issue_no": f"{written.year}年第1篇", "title": "陪他走回课堂", "body": CASE_BODY}
        found.append(filled("bulletin", school, **case, date=written, **shared, to="全镇各校", deidentified=True))
    return found
