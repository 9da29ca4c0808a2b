"""月自查报告 (domain.md 6.1, R1): its sections in their order, its drop-downs, how a notebook opens it."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

from ...core import years
from ...core.editions import INTERNAL
from .. import live, quality
from ..display import Section
from ..report import Plan, Report
from ..views import Month, open_month
from . import attendance, cases, duty, enrolment, headline, selfcheck

# The report in its order: the name of the method a notebook calls -> the function that makes the section
SECTIONS: dict[str, Callable[[Month], Section]] = {
    "headline": headline.headline,
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


PLAN = Plan(SECTIONS, headline.title, quality.meta, headline.state, choices, choose, PUBLISHED, BY_PUPIL)


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
