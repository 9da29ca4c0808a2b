"""Sections on who does what and when: 自查组织, 存在问题与整改, 下月工作, 签字."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ...core import years
from ...measures import Measure, bonds, filings
from ..display import NUMERALS, Badge, Blanks, Figure, Note, Section, Table, Tiles
from ..months import Month
from ..units import Column, behind, by_keys, ledger, uncounted_column, uncounted_note, unit_table
from . import due_dates
from .bonds import blocks as four_duties

CHECKLIST_ITEMS = 20
SUMMER = "七月、八月不做月自查，以下只是台账上看得到的。"
MEETINGS = ("校委会", "班会", "家长会", "队会", "教师会")


def organisation(month: Month) -> Section:
    """二: who checked, when and how (点名, 座次, 家访), 四包 and 责任书 coverage, meetings, joint work with villages."""
    scope = month.scope
    checks = scope.rows("selfcheck")
    checks = checks[checks["month"] == month.month]
    reconciled, absent, visits = scope.rows("reconcile"), scope.rows("absence"), scope.rows("visit")
    meetings, joint = scope.rows("publicity_log"), scope.rows("joint")
    rolls_called = reconciled[scope.in_days(reconciled["date"])].drop_duplicates(["home", "check_id"])
    home_visits = int((scope.in_days(absent["date"]) & absent["visited"].fillna(False).astype(bool)).sum())
    home_visits += int((scope.in_days(visits["date"]) & (visits["mode"] != "电话")).sum())
    held = meetings[scope.in_days(meetings["date"])]
    taught = years.period(month.month).taught()
    filled = (_of(len(checks), CHECKLIST_ITEMS * len(month.homes)), "项（每校20项）")
    figures = (
        Figure("月自查已填", *(filled if taught else (len(checks), "项，暑期不要求"))),
        Figure("点名、座次、作业核对", len(rolls_called), "本月核查次数（人籍核查）"),
        Figure("家访", home_visits, "户次：缺勤当日家访＋劝返上门"),
        Figure("会议", int(held["kind"].isin(MEETINGS).sum()), "次（宣传会议）"),
        Figure("宣传活动", int((~held["kind"].isin(MEETINGS)).sum()), "次（宣传会议）"),
        Figure("联防联控", int(scope.in_days(joint["date"]).sum()), "次，与村、司法所等"),
    )
    who = "、".join(dict.fromkeys(scope.staff_names.get(name, name) for name in checks["checker"].dropna()))
    days = checks["date"].dropna()
    when = f"{days.min():%Y-%m-%d} 至 {days.max():%Y-%m-%d}" if len(days) else ""
    lead = (
        f"自查日期：{when}；自查人：{who if month.home else f'{len(checks)} 项已填'}。"
        if when
        else "月自查表中没有本月的记录。" + ("" if taught else SUMMER)
    )
    ratios = [*(function(scope) for function in bonds.FOUR_BONDS), *bonds.pledges(scope)]
    measures = [ratio.total for ratio in ratios]
    rows = tuple((item.title, item, _state(item), item.note) for item in measures)
    table = Table(("项目", "已落实/应落实（D13）", "测算", "说明"), rows, "四包与责任书")
    unread = scope.missing("selfcheck", "bond", "pledge")
    counted = ("selfcheck", "reconcile", "absence", "visit", "publicity_log", "joint")
    blocks = [Note(lead), *uncounted_note(scope, *counted), Tiles(figures), table, *four_duties(month)]
    if unread:
        blocks.insert(0, Note(f"读不到自查档案或包保责任：{'、'.join(unread)}，未计入。", "unknown"))
    return Section("自查组织", tuple(blocks), 2, "organisation")


def _of(done: int, due: int) -> str:
    return f"{done}/{due}"


def _state(measure: Measure) -> Badge:
    if measure.unknown or measure.missing or (measure.left_out and not measure.short):
        return Badge("unknown", "尚未判定")
    if not measure.denominator:
        return Badge("plain", "无应落实")
    return Badge("good", "已全部落实") if measure.full else Badge("bad", f"缺 {measure.short}")


def issues(month: Month) -> Section:
    """十: problems from 问题整改 that were open in the month, with person and deadline; what is overdue."""
    scope = month.scope
    rows, unsure = filings.problems(scope)
    unread = scope.missing("issue")
    if unread and set(unread) >= set(month.homes):
        return Section(
            "存在问题与整改", (Note(f"读不到问题整改：{'、'.join(unread)}，尚未判定。", "unknown"),), 10, "issues"
        )
    start, end = pd.Timestamp(scope.start), pd.Timestamp(scope.end)
    rows = rows[rows["done"].isna() | (rows["done"] >= start)]
    rows = rows.assign(done=rows["done"].where(rows["done"] <= end))  # mended later: not yet at the month's end
    rows = rows.assign(mended=rows["done"].notna(), late=rows["done"].isna() & (rows["due"] < end)).sort_values(
        ["mended", "due"]
    )
    figures = (
        Figure(
            "在办问题",
            int((~rows["mended"]).sum()),
            "截至本月末" + _not_dated(len(unsure)),
            "unknown" if len(unsure) else "plain",
        ),
        Figure("其中逾期", int(rows["late"].sum()), "期限早于本月末", "warn" if rows["late"].any() else "plain"),
        Figure("本月完成整改", int(rows["mended"].sum())),
    )
    states = [_issue_state(row, end) for row in rows.itertuples()]
    names = ("source", "problem", "owner", "due", "fix", "done")
    table = ledger(month, rows, "issue", names, empty="问题整改表中没有本月在办的问题")
    lines = tuple((*row, state) for row, state in zip(table.rows, states, strict=True))
    table = Table((*table.columns, "状态"), lines, "问题清单", empty=table.empty)
    if month.home:
        return Section("存在问题与整改", (Tiles(figures), table), 10, "issues")
    counts = [
        Column(title, by_keys(rows[mask]))
        for title, mask in (("在办", ~rows["mended"]), ("逾期", rows["late"]), ("本月完成", rows["mended"]))
    ]
    counts += uncounted_column(scope, "issue")
    by_school = unit_table(month, "home", counts, caption="各校问题")
    return Section("存在问题与整改", (Tiles(figures), by_school, behind("问题清单", table)), 10, "issues")


def _not_dated(number: int) -> str:
    """The words for problems of which nobody knows whether they had been found by then."""
    return f"；另有{number}行没有发现日期，不知当时有没有，未计入" if number else ""


def _issue_state(row: object, end: pd.Timestamp) -> Badge:
    if row.mended:
        return Badge("good", "已完成")
    if row.late:
        return Badge("bad", f"逾期 {(end - row.due).days} 天")
    return Badge("warn", "未整改" if row.state == "未整改" else "整改中")


def next_month(month: Month) -> Section:
    """十一: what is overdue and what falls due by the end of the following month, from the table of deadlines."""
    policy = month.policy
    first = (month.start + dt.timedelta(days=31)).replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    weekday = NUMERALS[policy["week_report_due_weekday"]]
    said = f"有上课日的各周，星期{weekday} {policy['week_report_due_time']} 前报周报。"
    if first.month in policy["campaign_months"]:
        said = f"{first.month}月是控辍保学宣传活动月。{said}"
    return Section("下月工作", (Note(said), *due_dates.lists(month, last)), 11, "next_month")


def signature(month: Month) -> Section:
    """十二: the three who sign, and the seal (domain.md 6: 填表人 / 复核人 / 单位负责人)."""
    labels = ("填表人（签名）", "复核人（签名）", "单位负责人（签名）", "填表日期", "复核日期", "报送日期")
    return Section("签字盖章", (Blanks(labels, "（单位盖章处）"),), 12, "signature")
