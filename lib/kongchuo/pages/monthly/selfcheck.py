"""Sections 九、自查清单: the twenty items, what the school ticked, and what the ledgers say by themselves; 十、存在问题与整改.

EVIDENCE lists one function an item. Where the rule an item needs could not judge, the answer is 尚未判定.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from ...facts import cases as case_facts
from ...figures import attendance, duty, enrolment, flows, selfcheck, support, uncounted
from ...figures.base import Measure, Ratio
from ...figures.definitions import reported, visited
from ...figures.inspection_items import LEADERS
from ...figures.scopes import Scope
from .. import units
from ..display import Badge, Blocks, Counted, Figure, Note, Table, Tiles, titled
from ..views import Month

TICKED = {"是": Badge("good", "是"), "否": Badge("bad", "否"), "不适用": Badge("plain", "不适用")}
UNKNOWN, NOT_DUE = Badge("unknown", "尚未判定"), Badge("plain", "无应办事项")
HOLIDAY = "本月没有上课日"


@dataclass(frozen=True)
class Evidence:
    """What the ledgers say of one item: a Badge (是, 否, 尚未判定, 无应办事项) and the figures behind it."""

    badge: Badge
    basis: str


NOT_COUNTED = Evidence(UNKNOWN, "程序问题，没有算出来")
Judge = Callable[[Month], Evidence]
Tally = tuple[str, int]  # what is said of something, and how many there are of it


def _figures(items: list[Measure]) -> str:
    return "；".join(f"{item.title} {item.text}{f'（{item.caveat}）' if item.caveat else ''}" for item in items)


def full(*ratios: Callable[..., Ratio | list[Ratio]]) -> Judge:
    """是 when every ratio is complete, 否 when one is short, 尚未判定 when one could not be read."""

    def judge(month: Month) -> Evidence:
        counted = [function(month.scope) for function in ratios]
        items = [ratio.total for one in counted for ratio in (one if isinstance(one, list) else [one])]
        if any(item.short for item in items):
            badge = TICKED["否"]
        elif any(item.unknown or item.missing or item.left_out for item in items):
            badge = UNKNOWN
        else:
            badge = TICKED["是"] if any(item.denominator for item in items) else NOT_DUE
        return Evidence(badge, _figures(items))

    return judge


def kept(
    *codes: str, ratios: tuple[Callable[..., Ratio], ...] = (), also: Callable[[Month], Tally] | None = None
) -> Judge:
    """否 where one of these rules found something, 尚未判定 where one could not judge, 无应办事项 where nothing was to be
    done by the figures beside it, else 是.
    """

    def judge(month: Month) -> Evidence:
        items = [function(month.scope).total for function in ratios]
        said = [_figures(items)] if items else []
        number = sum(item.denominator for item in items)
        if also:
            text, counted = also(month)
            said.append(text)
            number += counted
        found = [finding for finding in month.findings if finding.rule in codes]
        open_ = [item for item in month.not_judged if item.rule in codes]
        if found:
            said.append(f"台账核对发现问题 {len(found)} 处")
        if open_:
            said.append(f"尚未判定 {len(open_)} 处")
        unknown = open_ or not month.judgement.judged >= set(codes)
        kept_ = TICKED["是"] if number else NOT_DUE
        return Evidence(TICKED["否"] if found else UNKNOWN if unknown else kept_, "；".join(said))

    return judge


def four_lists(column: str, title: str) -> Judge:
    """One list of the four against the register; without a check in the month nothing is known."""

    def judge(month: Month) -> Evidence:
        item = enrolment.listed(month.scope, column, title).total
        if not item.denominator and month.no_lessons:
            return Evidence(NOT_DUE, HOLIDAY)
        if not item.denominator:
            return Evidence(UNKNOWN, "本月没有人籍核查记录")
        return Evidence(TICKED["是"] if item.full else TICKED["否"], _figures([item]))

    return judge


def publicity(month: Month) -> Evidence:
    """宣传: an activity in the month at every school, and 家长知晓率 (D13) of the year's letters at the goal of the policy."""
    held, rate = _happened(month, None, "宣传会议"), selfcheck.parents_aware(month.scope).total
    goal = month.policy["parents_aware_target"]
    basis = f"{held.basis}；{_figures([rate])}，目标 {goal:g}%"
    if held.badge == TICKED["否"] or 100 * rate.numerator < goal * rate.denominator:
        return Evidence(TICKED["否"], basis)
    if not rate.denominator:
        return Evidence(UNKNOWN, f"{held.basis}；本学年还没有告家长一封信的回执，家长知晓率算不出")
    return Evidence(UNKNOWN if rate.missing or rate.left_out else held.badge, basis)


def _happened(month: Month, kinds: tuple[str, ...] | None, title: str) -> Evidence:
    scope = month.scope
    rows = scope.rows("publicity_log")
    rows = rows[scope.in_days(rows["date"])]
    rows = rows[rows["kind"].isin(kinds)] if kinds else rows
    if unread := scope.missing("publicity_log"):
        return Evidence(UNKNOWN, f"读不到宣传会议：{'、'.join(unread)}")
    without = set(month.homes) - set(rows["home"])
    if month.no_lessons and not len(rows):
        return Evidence(NOT_DUE, HOLIDAY)
    where = "" if month.home or not without else f"，{len(without)} 校没有"
    said = _with(scope, f"本月{title} {len(rows)} 次{where}", "publicity_log")
    if without and len(uncounted.rows(scope, "publicity_log")):
        return Evidence(UNKNOWN, said)
    return Evidence(TICKED["否"] if without else TICKED["是"], said)


def leaders(month: Month) -> Evidence:
    """领导组: the office's list names one, and its head is the head of the unit (G10)."""
    if not month.scope.missing("body") and not (month.town["body"]["body"] == LEADERS).any():
        return Evidence(TICKED["否"], "“组织机构”里没有领导组名单")
    return kept("G10", also=lambda month: (f"领导组、审核组 {len(month.town['body'])} 人次", 1))(month)


def visits(month: Month) -> Tally:
    """How many 劝返 there were in the month; where none, how many cases are on hand."""
    rows, scope = month.scope.rows("visit"), month.scope
    number = int(scope.in_days(rows["date"]).sum())
    on_hand = sum(int(case_facts.open_at(cases(scope), scope.end).sum()) for cases in (flows.suspected, flows.dropouts))
    return _with(scope, f"本月劝返 {number} 户次", "visit", "suspected", "dropout"), number + on_hand


def transfers(month: Month) -> Tally:
    """How many transfers wait for approval."""
    rows = month.scope.rows("change")
    begun = rows[rows["kind"].isin(("转入", "转出")) & (rows["date"] <= pd.Timestamp(month.end))]
    waiting = int(begun["sys_state"].isin(("未发起", "已发起")).sum())
    return _with(month.scope, f"转学 {len(begun)} 人次，未核办 {waiting}", "change"), len(begun)


def leaves(month: Month) -> Tally:
    """How many leaves have ended by the month's end."""
    rows = month.scope.rows("change")
    ended = rows[(rows["kind"] == "休学") & (rows["leave_to"] <= pd.Timestamp(month.end))]
    return _with(month.scope, f"休学止已到 {len(ended)} 人次", "change"), len(ended)


def _with(scope: Scope, text: str, *sheets: str) -> str:
    """What is counted, and what of these sheets is not in it."""
    return "；".join(filter(None, (text, uncounted.said(scope, *sheets))))


EVIDENCE: tuple[Judge, ...] = (
    leaders,
    full(*duty.FOUR_BONDS),
    full(duty.pledges),
    lambda month: _happened(month, ("校委会", "教师会"), "例会（校委会、教师会）"),
    full(attendance.filed),
    full(selfcheck.weekly),
    full(attendance.contacted),
    kept("X13", "X14", ratios=(visited, reported)),
    full(support.dropouts_planned),
    kept("X15", also=visits),
    four_lists("in_rollbook", "点名册有"),
    four_lists("in_seating", "座次表有"),
    four_lists("in_homework", "作业有"),
    kept("X18", also=transfers),
    kept("X20", also=leaves),
    full(support.family_plans, support.aid_paid),
    full(support.plans_logged),
    full(support.disabled_placed, support.home_taught),
    publicity,
    full(selfcheck.archived),
)


@titled("自查清单", 9, "checklist")
def checklist(month: Month) -> Blocks:
    """九: one row an item: what the school ticked (月自查), what the ledgers say, the figures, and where the two disagree."""
    rows = month.scope.rows("selfcheck")
    rows = rows[rows["month"] == month.month]
    titles = month.town.schema.codes["checklist_item"].names
    lines, differing, failed = [], [], []
    for number, (title, judge) in enumerate(zip(titles, EVIDENCE, strict=True), 1):
        evidence = units.attempt(month, f"自查清单第{number}项", partial(judge, month), failed) or NOT_COUNTED
        ticked = _ticked(month, rows[rows["item_no"] == number])
        if {ticked.text, evidence.badge.text} == {"是", "否"}:
            differing.append(str(number))
        lines.append((number, title, ticked, evidence.badge, evidence.basis))
    table = Table(("序号", "项目", "学校自查", "系统测算", "依据"), tuple(lines))
    unread = month.scope.missing("selfcheck")
    blocks = [
        table,
        Note("系统测算仅依据台账；“尚未判定”的项目缺数据，须人工核实，不能当作合格。", "unknown"),
    ]
    if differing:
        blocks.insert(0, Note(f"第 {'、'.join(differing)} 项学校自查与系统测算不一致，请核对。", "warn"))
    blocks = [*units.failed(failed), *blocks]
    if unread:
        blocks.insert(0, Note(f"读不到月自查：{'、'.join(unread)}。", "unknown"))
    return blocks


def _ticked(month: Month, rows: pd.DataFrame) -> Badge:
    """A school's own answer; for the town, how many schools said what."""
    if month.home:
        results = rows["result"].dropna()
        return TICKED.get(results.iloc[-1], UNKNOWN) if len(results) else Badge("unknown", "未填")
    counts = rows["result"].value_counts()
    said = "，".join(f"{result}{counts[result]}" for result in TICKED if counts.get(result))
    blank = len(month.homes) - int(counts.sum())
    return Badge("plain", "，".join(filter(None, (said, f"未填{blank}" if blank > 0 else ""))))


# --- 十、存在问题与整改 ------------------------------------------------------------------------------------------------------
@titled("存在问题与整改", 10, "issues")
def issues(month: Month) -> Blocks:
    """十: problems from 问题整改 that were open in the month, with person and deadline; what is overdue."""
    scope = month.scope
    rows, unsure = selfcheck.problems(scope)
    unread = scope.missing("issue")
    if unread and set(unread) >= set(month.homes):
        lost = Note(f"读不到问题整改：{'、'.join(unread)}，尚未判定。", "unknown")
        return [lost]
    start, end = pd.Timestamp(scope.start), pd.Timestamp(scope.end)
    rows = rows[rows["done"].isna() | (rows["done"] >= start)]
    rows = rows.assign(done=rows["done"].where(rows["done"] <= end))  # mended later: not yet at the month's end
    rows = rows.assign(mended=rows["done"].notna(), late=rows["done"].isna() & (rows["due"] < end))
    rows = rows.sort_values(["mended", "due"])
    undated = f"；另有{len(unsure)}行没有发现日期，不知当时有没有，未计入" if len(unsure) else ""
    tone = "unknown" if len(unsure) else "plain"
    figures = (
        Figure("在办问题", int((~rows["mended"]).sum()), f"截至本月末{undated}", tone),
        Figure("其中逾期", int(rows["late"].sum()), "期限早于本月末", "warn" if rows["late"].any() else "plain"),
        Figure("本月完成整改", int(rows["mended"].sum())),
    )
    names = ("source", "problem", "owner", "due", "fix", "done")
    table = units.ledger(month, rows, "issue", names, empty="问题整改表中没有本月在办的问题")
    lines = tuple((*shown, _issue_state(row, end)) for shown, row in zip(table.rows, rows.itertuples(), strict=True))
    table = Table((*table.columns, "状态"), lines, "问题清单", empty=table.empty)
    if month.home:
        return Counted((Tiles(figures), table), figures[0].value)
    masks = {"在办": ~rows["mended"], "逾期": rows["late"], "本月完成": rows["mended"]}
    counts = [units.Column(title, units.by_keys(rows[mask])) for title, mask in masks.items()]
    counts += units.uncounted_column(scope, "issue")
    by_school = units.unit_table(month, "home", counts, caption="各校问题")
    return Counted((Tiles(figures), by_school, units.behind("问题清单", table)), figures[0].value)


def _issue_state(row: object, end: pd.Timestamp) -> Badge:
    if row.mended:
        return Badge("good", "已完成")
    if row.late:
        return Badge("bad", f"逾期 {(end - row.due).days} 天")
    return Badge("warn", "未整改" if row.state == "未整改" else "整改中")
