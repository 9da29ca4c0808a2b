"""月自查报告 (domain.md 6.1, R1): what needs action first, its sections in their order, its drop-downs, how a notebook opens it."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from ... import figures
from ...commands.opening import UNREADABLE
from ...core import years
from ...core.editions import INTERNAL, PUBLIC
from ...core.findings import ERROR, INFO, WARNING, count
from ...core.schema import CENTRE
from ...core.tables import yes
from ...facts import cases as case_facts
from ...figures import flows, uncounted
from .. import live, quality
from ..display import Badge, Figure, Lines, Note, Section, Tiles
from ..report import Plan, Report
from ..views import Month, home_of, open_month
from . import attendance, cases, duty, enrolment, selfcheck


def title(month: Month) -> str:
    """The title line of the report."""
    return f"{month.title}{month.label}控辍保学自查报告"


def headline(month: Month) -> Section:
    """What needs action, worst first, and the figures people ask for first."""
    scope = month.scope
    suspected, dropouts = flows.suspected(scope), flows.dropouts(scope)
    suspected, dropouts = (book[case_facts.open_at(book, scope.end)] for book in (suspected, dropouts))
    rate = figures.attendance(scope).total
    numbers = count(month.findings)
    others = f"警告 {numbers[WARNING]}，提示 {numbers[INFO]}"
    absent = scope.missing("roster", "change", "class")
    pupils_note = f"未含读不到学籍的：{'、'.join(absent[:3])}" if absent else "在读＋送教上门，人"
    pupils_note = "；".join(filter(None, (pupils_note, uncounted.said(scope, "roster", "change"))))
    tiles = (
        Figure("本月末在校生", int(month.flow[flows.COUNTED].sum()), pupils_note),
        Figure("出勤率", rate, rate.note or "实到÷应到人次", "unknown" if rate.unknown else "plain"),
        cases.stock("在册疑似辍学", scope, suspected, "suspected"),
        cases.stock("在册辍学", scope, dropouts, "dropout"),
        Figure("数据错误", numbers[ERROR], others, "bad" if numbers[ERROR] else "plain"),
        quality.not_judged_tile(month),
    )
    actions = _actions(month, suspected, dropouts)
    lead = Lines(actions) if actions else Note("按现有规则没有列出急办事项；后面各节仍须逐项核对。")
    heading = "本月数据" if month.edition == PUBLIC else "先看这里：需要办的事"
    holiday = (Note(month.no_lessons),) if month.no_lessons else ()
    return Section(heading, (*holiday, lead, Tiles(tiles)), 0, "headline")


def _actions(month: Month, suspected: pd.DataFrame, dropouts: pd.DataFrame) -> tuple[Badge, ...]:
    scope, judged = month.scope, month.judgement
    found: list[Badge] = []

    def say(number: int, text: str, tone: str = "bad") -> None:
        if number:
            found.append(Badge(tone, text.format(number)))

    homes = {*month.homes, CENTRE}
    due = [finding for finding in judged.of("X12") if home_of(finding, month.town) in month.homes]
    poor = int(yes(suspected["poor"]).sum())
    unread = [f for f in judged.findings if f.rule in UNREADABLE and home_of(f, month.town) in homes]
    filed = figures.filed(scope, flows.school_days(scope)).total
    called = figures.contacted(scope).total
    names = "、".join(dict.fromkeys(quality.short_name(month, f.workbook) for f in unread[:5]))
    say(len(unread), "{} 个工作簿或文件夹缺失、读不了，有关各节尚未判定：" + names)
    limit = f"{month.policy['suspected_after']}个上课日"
    say(len(due), f"{{}} 处连续无故缺勤已到疑似线（{limit}），还没有列入疑似辍学台账（X12）。")
    say(poor, "{} 名在册疑似辍学学生属脱贫户或监测户，须当日报告。")
    say(len(dropouts), "{} 名学生在册辍学，按劝返间隔继续劝返。")
    say(len(suspected), "{} 名学生在册疑似辍学，逐案查清。")
    say(int(suspected["first_visit"].isna().sum()), "{} 名在册疑似学生没有首次家访日期。")
    say(int(suspected["rep_center"].isna().sum()), "{} 名在册疑似学生没有报中心校日期。")
    say(called.short, "{} 人次无故缺勤没有联系家长的记录。", "warn")
    say(filed.short, "{} 个班日没有日查（含零报告）。", "warn")
    say(count(month.findings)[ERROR], "{} 处数据错误，先改数据再看比率。", "warn")
    return tuple(found)


def state(month: Month) -> dict[str, object]:
    """What travels with the page: what every report says of its data, and the figures the index shows."""
    scope = month.scope
    suspected, dropouts = flows.suspected(scope), flows.dropouts(scope)
    return quality.state(month) | {
        "month": month.month,
        "suspected_open": int(case_facts.open_at(suspected, scope.end).sum()),
        "dropout_open": int(case_facts.open_at(dropouts, scope.end).sum()),
        "enrolled": int(month.flow[flows.COUNTED].sum()),
    }


# The report in its order: the name of the method a notebook calls -> the function that makes the section
SECTIONS: dict[str, Callable[[Month], Section]] = {
    "headline": headline,
    "basics": enrolment.basics,
    "organisation": duty.organisation,
    "attendance": attendance.attendance,
    "cases": cases.cases,
    "reconcile": enrolment.reconcile,
    "changes": enrolment.changes,
    "groups": enrolment.groups,
    "watch": cases.watch,
    "checklist": selfcheck.checklist,
    "issues": duty.issues,
    "next_month": duty.next_month,
    "signature": duty.signature,
    "data_quality": quality.data_quality,
    "footer": quality.provenance,
}

# of these the public edition shows the figures (display.public); the rest is about single children, people and cells
PUBLISHED = ("headline", "basics", "attendance", "cases", "groups", "signature", "footer")

BY_PUPIL = ("cases", "changes", "groups", "watch")  # what a group (重点群体) narrows


def choices(month: Month) -> live.Choices:
    """The drop-downs 学校, 月份, 年级, 班级, 重点群体."""
    months = years.months_of(month.town.year, dt.date.today())
    return {
        "学校": live.schools(month),
        "月份": ([(name, name) for name in months], month.month),
        "年级": (live.grades(month), month.grade or 0),
        "班级": (live.classes(month, month.grade or 0), month.class_id),
        "重点群体": (live.focus_groups(month), month.group),
    }


def choose(values: Mapping[str, object], workbooks: str | Path = "") -> Month:
    """The month that the drop-downs ask for."""
    month = open_month(values["学校"], values["月份"], workbooks)
    return live.narrowed(month, values["年级"], values["班级"], values["重点群体"])


PLAN = Plan(SECTIONS, title, quality.meta, state, choices, choose, PUBLISHED, BY_PUPIL)


def monthly_self_check(
    school: str = "all", month: str = "", workbooks: str | Path = "", edition: str = INTERNAL
) -> Report:
    """Open the report of a school ("all": the town) for a month such as "2023-10".

    `workbooks` empty: the folder in KONGCHUO_WORKBOOKS. On a live page ?school=, ?month= and ?edition= of the address come first.
    `edition` "公开版" names nobody and merges very small numbers. Raises UserError, in Chinese, for an unknown school, month,
    folder or edition.
    """
    month = open_month(**live.asked(school=school, month=month, edition=edition), workbooks=workbooks)
    return Report(PLAN, month, workbooks)
