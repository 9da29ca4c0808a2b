"""Sections on who does what and when: 自查组织, 存在问题与整改, 下月工作, 签字."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ..display import Badge, Blanks, Figure, Note, Section, Table, Tiles
from ..measures import Measure, bonds, flows
from ..months import Month
from . import due_dates
from .bonds import blocks as four_duties
from .units import Column, behind, by_keys, ledger, unit_table

CHECKLIST_ITEMS = 20
MEETINGS = ("校委会", "班会", "家长会", "队会", "教师会")


def organisation(month: Month) -> Section:
    """二: who checked, when and how (点名, 座次, 家访), 四包 and 责任书 coverage, meetings, joint work with villages."""
    scope = month.scope
    checks = scope.rows("selfcheck")
    checks = checks[checks["month"] == month.month]
    reconciled, absent, visits = scope.rows("reconcile"), scope.rows("absence"), scope.rows("visit")
    meetings, joint = scope.rows("publicity_log"), scope.rows("joint")
    rolls_called = reconciled[scope.in_month(reconciled["date"])].drop_duplicates(["home", "check_id"])
    home_visits = int((scope.in_month(absent["date"]) & absent["visited"].fillna(False).astype(bool)).sum())
    home_visits += int((scope.in_month(visits["date"]) & (visits["mode"] != "电话")).sum())
    held = meetings[scope.in_month(meetings["date"])]
    figures = (
        Figure("月自查已填", _of(len(checks), CHECKLIST_ITEMS * len(month.homes)), "项（每校20项）"),
        Figure("点名、座次、作业核对", len(rolls_called), "本月核查次数（人籍核查）"),
        Figure("家访", home_visits, "户次：缺勤当日家访＋劝返上门"),
        Figure("会议", int(held["kind"].isin(MEETINGS).sum()), "次（宣传会议）"),
        Figure("宣传活动", int((~held["kind"].isin(MEETINGS)).sum()), "次（宣传会议）"),
        Figure("联防联控", int(scope.in_month(joint["date"]).sum()), "次，与村、司法所等"),
    )
    who = "、".join(dict.fromkeys(scope.staff_names.get(name, name) for name in checks["checker"].dropna()))
    days = checks["date"].dropna()
    when = f"{days.min():%Y-%m-%d} 至 {days.max():%Y-%m-%d}" if len(days) else ""
    lead = (
        f"自查日期：{when}；自查人：{who if month.home else f'{len(checks)} 项已填'}。"
        if when
        else "月自查表中没有本月的记录。"
    )
    ratios = [*(function(scope) for function in bonds.FOUR_BONDS), *bonds.pledges(scope)]
    measures = [ratio.total for ratio in ratios]
    rows = tuple((item.title, item, _state(item), item.note) for item in measures)
    table = Table(("项目", "已落实/应落实（D13）", "测算", "说明"), rows, "四包与责任书")
    unread = scope.missing("selfcheck", "bond", "pledge")
    blocks = [Note(lead), Tiles(figures), table, *four_duties(month)]
    if unread:
        blocks.insert(0, Note(f"读不到自查档案或包保责任：{'、'.join(unread)}，未计入。", "unknown"))
    return Section("自查组织", tuple(blocks), 2, "organisation")


def _of(done: int, due: int) -> str:
    return f"{done}/{due}"


def _state(measure: Measure) -> Badge:
    if measure.unknown or measure.missing:
        return Badge("unknown", "尚未判定")
    if not measure.denominator:
        return Badge("plain", "无应落实")
    return Badge("good", "已全部落实") if measure.full else Badge("bad", f"缺 {measure.short}")


def issues(month: Month) -> Section:
    """十: problems from 问题整改 that were open in the month, with person and deadline; what is overdue."""
    scope = month.scope
    rows = scope.rows("issue")
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
        Figure("在办问题", int((~rows["mended"]).sum()), "截至本月末"),
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
    by_school = unit_table(month, "home", counts, caption="各校问题")
    return Section("存在问题与整改", (Tiles(figures), by_school, behind("问题清单", table)), 10, "issues")


def _issue_state(row: object, end: pd.Timestamp) -> Badge:
    if row.mended:
        return Badge("good", "已完成")
    if row.late:
        return Badge("bad", f"逾期 {(end - row.due).days} 天")
    return Badge("warn", "未整改" if row.state == "未整改" else "整改中")


def next_month(month: Month) -> Section:
    """十一: what falls due in the following month, by date: reports, visits, orders, leave that ends, rectifications."""
    scope, policy = month.scope, month.policy
    first = (month.start + dt.timedelta(days=31)).replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    report_day = first.replace(day=policy["month_report_due_day"])
    weekday = policy["week_report_due_weekday"]
    fridays = [day for day in pd.date_range(first, last) if day.isoweekday() == weekday]
    weekly = "、".join(f"{day.day}日" for day in fridays)
    items: list[tuple[object, str, str]] = [
        (report_day, f"报出{month.label}自查和月报", f"参数：月报与自查截止 次月{policy['month_report_due_day']}日"),
        (fridays[0], f"报周报（每周：{weekly}）{policy['week_report_due_time']} 前", "参数：周报截止"),
    ]
    if first.month in policy["campaign_months"]:
        items.append((first, "控辍保学宣传活动月", "参数：活动月"))
    freeze = dt.date.fromisoformat(f"{first.year}-{policy['freeze_date']}")
    if freeze.month == first.month:
        items.append((freeze, "锁定学年初基准名单", "参数：基准锁定日"))
    remind = pd.Timestamp(last) + pd.Timedelta(days=policy["leave_remind_days"])
    end = pd.Timestamp(scope.end)
    span = (pd.Timestamp(first), pd.Timestamp(last))
    changes, visits, issue = scope.rows("change"), scope.rows("visit"), scope.rows("issue")
    leaves = changes[(changes["kind"] == "休学") & (changes["leave_to"] > end) & (changes["leave_to"] <= remind)]
    cases = [frame[flows.open_at(frame, scope.end)] for frame in (flows.suspected(scope), flows.dropouts(scope))]
    visits = visits[
        (visits["date"] <= end) & visits["case_id"].isin([case for frame in cases for case in frame["case_id"]])
    ]
    pending = issue[issue["done"].isna() | (issue["done"] > end)]
    for what, days, basis in (
        ("休学期满，办理复学或续办", leaves["leave_to"], "学生变动：休学止"),
        ("限期复学文书到期", cases[1]["order_due"], "辍学台账：限期"),
        ("约定的下次劝返", visits["next"], "劝返记录：下次时间"),
        ("问题整改到期", pending["due"], "问题整改：期限"),
    ):
        due = sorted(days[days.between(*span) if what[:2] != "休学" else days.notna()])
        if due:
            dates = "、".join(dict.fromkeys(f"{day.month}月{day.day}日" for day in due))
            items.append((due[0], f"{what}：{len(due)} 件（{dates}）", basis))
    rows = tuple(sorted(items, key=lambda item: pd.Timestamp(item[0])))
    overdue, upcoming = due_dates.lists(month, last)
    return Section("下月工作", (Table(("日期", "事项", "依据"), rows), overdue, upcoming), 11, "next_month")


def signature(month: Month) -> Section:
    """十二: the three who sign, and the seal (domain.md 6: 填表人 / 复核人 / 单位负责人)."""
    labels = ("填表人（签名）", "复核人（签名）", "单位负责人（签名）", "填表日期", "复核日期", "报送日期")
    return Section("签字盖章", (Blanks(labels, "（单位盖章处）"),), 12, "signature")
