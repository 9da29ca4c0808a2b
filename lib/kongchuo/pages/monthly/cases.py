"""Sections on cases and signals: who shows a colour and since when, the ledgers, the time line of each case."""

import datetime as dt

import pandas as pd

from ...core.editions import MAY_SEE, SHOWN
from ...core.numbers import some
from ...core.tables import yes
from ...due import steps
from ...facts import cases as case_facts, signals
from ...figures import flows, uncounted
from ...figures.scopes import Scope
from .. import charts
from ..display import Blocks, Chart, Counted, Details, Figure, Note, Table, Tiles, rows_table, titled
from ..masks import unlabelled
from ..units import (
    Column,
    audience,
    behind,
    by_keys,
    child,
    finest,
    leading,
    ledger,
    uncounted_note,
    unit_table,
    unlisted,
    without_pupils,
)
from ..views import Month

# --- The colours 蓝, 黄, 红 on the page: how many by school, who and for which reasons, who is new in the last week of the month ---
RED_FIRST = tuple(reversed(signals.COLOURS))
NEW = "本周新出现"


def alert_blocks(month: Month) -> list[Table | Details | Note]:
    """Counts by colour and unit; in a school's own edition the pupils as well, each with the reasons behind the colour."""
    scope, found = month.scope, []
    if unread := scope.missing("roster", "absence"):
        found.append(Note(f"读不到学籍或出勤：{'、'.join(unread)}，这些学校的预警颜色尚未判定。", "unknown"))
    if empty := without_pupils(month):
        found.append(Note(f"{empty}，预警颜色尚未判定。", "unknown"))
        if len(unlisted(month)) == len(month.homes):
            return found
    now = scope.within(scope.with_class(signals.coloured(month.town, month.policy, month.end)))
    week = month.end - dt.timedelta(days=7)
    moved = scope.within(scope.with_class(signals.moved(month.town, month.policy, week, month.end)))
    new = moved[moved["before"] == ""]
    columns = [Column(f"{level}色", by_keys(now[now["colour"] == level])) for level in RED_FIRST]
    columns.append(Column(NEW, by_keys(new)))
    caption = f"系统测算的预警（截至 {month.end:%Y-%m-%d}）"
    note = f"{NEW}：{week:%Y-%m-%d} 还没有颜色的。只属于贫困、残疾、留守等群体的，最多是蓝色。"
    by = "grade" if month.home else "home"
    found.append(unit_table(month, by, columns, idle=False, caption=caption, note=note, empty="没有达到预警的学生"))
    if MAY_SEE["name"][audience(month)] == SHOWN:
        fresh = set(new.index)
        now = now.assign(order=-signals.rank(now["colour"])).sort_values("order", kind="stable")
        found += _pupils(month, now[now.index.isin(fresh)], f"{NEW}的学生", is_open=True)
        found += _pupils(month, now, "达到预警的学生和原因", is_open=False)
    return found


def _pupils(month: Month, rows: pd.DataFrame, summary: str, is_open: bool) -> list[Details]:
    """Names with their reasons, what a pupil merely is told as 特殊群体 only (P03)."""
    lines = tuple(
        (
            child(month, row.student_key, row.name),
            month.scope.labels.get(row.class_id, "—"),
            f"{row.colour}色",
            unlabelled(row.reasons),
            row.since,
        )
        for row in rows.itertuples(index=False)
    )
    table = Table(("姓名", "班级", "预警", "原因", "最近信号日期"), lines)
    return [Details(f"{summary}（{len(lines)} 人）", (table,), open=is_open)] if lines else []


# --- Sections on cases: 疑似与辍学, 重点关注 ---------------------------------------------------------------------------------
@titled("疑似与辍学", 4, "cases")
def cases(month: Month) -> Blocks:
    """四: 上月末在册 → 新增 → 返校 → 销号 → 本月末在册, 劝返率 (D11), 劝返户次, what is planned, 零报告 as far as rule X41 goes."""
    scope = month.scope
    unread = scope.missing("suspected", "dropout", "visit")
    if unread and set(unread) >= set(month.homes):
        text = f"读不到控辍台账：{'、'.join(unread)}。疑似与辍学尚未判定，不能当作没有。"
        return [Note(text, "unknown")]
    suspected, dropouts = flows.suspected(scope), flows.dropouts(scope)
    first = flows.case_flow(scope, suspected, flows.SUSPECTED_STEPS)
    second = flows.case_flow(scope, dropouts, flows.DROPOUT_STEPS)
    rates = (
        flows.returned(scope, suspected, "疑似劝返率", "suspected").total,
        flows.returned(scope, dropouts, "辍学劝返率", "dropout").total,
    )
    visits = scope.rows("visit")
    visits = visits[scope.in_days(visits["date"])]
    won = int(visits["result"].isin(case_facts.RETURNED).sum())
    open_suspected = suspected[case_facts.open_at(suspected, scope.end)]
    open_dropouts = dropouts[case_facts.open_at(dropouts, scope.end)]
    won_back = f"其中记为已复学 {won} 次" if len(visits) else ""
    made = "；".join(filter(None, (won_back, uncounted.said(scope, "visit", "visit.result"))))
    figures = (
        stock("本月末在册疑似", scope, open_suspected, "suspected"),
        stock("本月末在册辍学", scope, open_dropouts, "dropout"),
        *(Figure(rate.title, rate, rate.note or "返校÷（上月末在册＋本月新增）") for rate in rates),
        Figure("本月劝返户次", len(visits), made),
    )
    reads = _reads(first, second)
    chart = charts.waterfall((("疑似辍学", _steps(first)), ("辍学", _steps(second))), reads)
    counted = len(suspected) or len(dropouts) or len(unlisted(month)) < len(month.homes)
    blocks = [
        Tiles(figures),
        *([Chart(chart, "个案流转：上月末在册 → 新增 → 返校、销号 → 本月末在册", reads)] if counted else []),
        _table(month, first, "疑似辍学"),
        _table(month, second, "辍学"),
        zero_report(month, open_suspected, open_dropouts),
        *_next_steps(month),
        *_behind(month, open_suspected, open_dropouts, visits),
    ]
    if unread:
        blocks.insert(0, Note(f"读不到控辍台账：{'、'.join(unread)}，未计入。", "unknown"))
    return Counted(blocks, len(open_suspected) + len(open_dropouts))


def stock(label: str, scope: Scope, cases: pd.DataFrame, sheet: str) -> Figure:
    """The open cases of a ledger; none found while a ledger could not be read is not none, and dates nobody could read are said."""
    number, unread, misdated = len(cases), scope.missing(sheet), flows.misdated(scope, cases, sheet)
    note = f"未含读不到台账的：{'、'.join(unread[:3])}{'等' if len(unread) > 3 else ''}" if unread else "台账在册，人"
    note += f"；其中{misdated}行日期空着或有误，按在册计" if misdated else ""
    value = "尚未判定" if unread and not number else number
    return Figure(label, value, note, "bad" if number else "unknown" if unread else "plain")


def _steps(flow: pd.DataFrame) -> list[tuple[str, int]]:
    """Signed steps for the chart: stocks and arrivals as they are, ways out negative."""
    sums = flow.sum()
    opening, new, closing = flow.columns[0], flow.columns[1], flow.columns[-1]
    return [(name, int(sums[name]) if name in (opening, new, closing) else -int(sums[name])) for name in flow.columns]


def _reads(first: pd.DataFrame, second: pd.DataFrame) -> str:
    return "；".join(
        f"{title}：" + "，".join(f"{name}{abs(value)}人" for name, value in _steps(flow))
        for title, flow in (("疑似辍学", first), ("辍学", second))
    )


def _table(month: Month, flow: pd.DataFrame, title: str) -> Table:
    columns = [Column(name, flow[name]) for name in flow.columns]
    empty = "台账中本月没有在册或变动的个案"
    return unit_table(month, finest(month), columns, idle=False, caption=f"{title}：各单位", empty=empty, internal=True)


def zero_report(month: Month, suspected: pd.DataFrame, dropouts: pd.DataFrame) -> Note:
    """The 零报告 is declared only where rule X41 could judge and found nothing (domain.md 6.1, section 4)."""
    counts = f"台账本月末在册：疑似 {len(suspected)} 人，辍学 {len(dropouts)} 人"
    if month.part:
        return Note(f"零报告按全校判断，请选“全部”再看。这里{counts}。")
    if len(suspected) or len(dropouts):
        return Note(f"不是零报告。{counts}。", "bad")
    if any(finding.rule == "X41" for finding in month.findings):
        return Note(f"零报告与台账不符。{counts}。", "bad")
    if "X41" not in month.judgement.judged or any(item.rule == "X41" for item in month.not_judged):
        return Note(f"零报告尚未判定，缺数据。{counts}。", "unknown")
    if month.no_lessons:
        return Note(f"假期没有应报的周报。{counts}。")
    if silent := _silent(month):
        return Note(f"{counts}；但本月最近一次没有报零报告的：{some(silent, 5, '所')}，不能当作零报告。", "unknown")
    return Note(f"零报告：{counts}。零报告与台账相符。", "good")


def _silent(month: Month) -> list[str]:
    """The schools whose last report of the month (报送登记) is not there, or says no zero."""
    rows = month.scope.rows("filing")
    last = rows[month.scope.in_days(rows["until"])].sort_values("until").drop_duplicates("home", keep="last")
    zero = set(last.loc[yes(last["zero"]), "home"])
    return [home for home in month.homes if home not in zero]


def _next_steps(month: Month) -> list:
    """What is due next in each case on hand, returned pupils who are still followed included, and by when."""
    scope = month.scope
    rows = scope.within(scope.with_class(steps.next_steps(month.town, month.policy)))
    if rows.empty:
        return []
    late = int(rows["late"].fillna(False).astype(bool).sum())
    text = f"在册和复学跟踪的个案共 {len(rows)} 件，" + (f"下一步逾期 {late} 件。" if late else "均未逾期。")
    rows = rows.assign(bond_school=[scope.staff_names.get(owner, owner) for owner in rows["owner"]])
    classes = [scope.labels.get(key, key) or "—" for key in rows["class_id"]]
    extra = {"班级": classes} if month.home else {"学校": rows["home"]}
    extra |= {"下一步": rows["step"].fillna("没有写明"), "最后期限": rows["due"].dt.strftime("%Y-%m-%d").fillna("—"),
              "余期": [_left(days) for days in rows["days"]]}  # fmt: skip
    form = month.town.schema.sheets["dropout"]
    table = rows_table(rows, form, ("name", "state", "bond_school"), audience(month), extra)
    table = leading(month, table, rows["student_key"], form.by_name["name"].title)
    return [Note(text, "bad" if late else "plain"), behind("在册个案的下一步", table, printed=True)]


def _left(days: object) -> str:
    """Days until a time limit, in words."""
    if pd.isna(days):
        return "—"
    return f"还有 {days} 天" if days > 0 else "今天到期" if days == 0 else f"逾期 {-days} 天"


BEHIND = {  # sheet -> what its rows stand under, and the columns shown
    "suspected": ("在册疑似", ("name", "student_key", "grade", "found", "last_day", "source", "cause", "poor", "first_visit",
                           "rep_center", "rep_town", "teacher")),
    "dropout": ("在册辍学", ("name", "student_key", "grade", "drop_date", "confirm_date", "cause1", "whereabouts", "plan_id",
                         "bond_school", "order_no", "order_due", "state")),
    "visit": ("本月劝返记录", ("name", "seq", "date", "mode", "lead", "guardian_att", "pupil_att", "result", "next")),
}  # fmt: skip


def _behind(month: Month, suspected: pd.DataFrame, dropouts: pd.DataFrame, visits: pd.DataFrame) -> list:
    frames = zip(BEHIND.items(), (suspected, dropouts, visits.sort_values(["student_key", "date"])), strict=True)
    return [
        behind(title, ledger(month, rows, sheet, names), printed=sheet != "visit")
        for (sheet, (title, names)), rows in frames
        if len(rows)
    ]


def watched(scope: Scope) -> pd.DataFrame:
    """The 重点关注 rows of the scope as cases: entered (发现日期), left (解除日期)."""
    rows = scope.rows("watch")
    return rows.assign(entered=rows["found"], left=rows["closed"])


@titled("重点关注", 8, "watch")
def watch(month: Month) -> Blocks:
    """八: counts by 预警等级 and how they moved in the month; names only in the school's own edition."""
    scope = month.scope
    unread = scope.missing("watch")
    if unread and set(unread) >= set(month.homes):
        return [Note(f"读不到重点关注：{'、'.join(unread)}，尚未判定。", "unknown")]
    rows = watched(scope)
    before = case_facts.open_at(rows, pd.Timestamp(scope.start) - pd.Timedelta(days=1))
    now = case_facts.open_at(rows, scope.end)
    new, closed = scope.in_days(rows["entered"]), scope.in_days(rows["left"])

    def line(title: str, mask: pd.Series) -> tuple:
        counts = [int((mask & part).sum()) for part in (before, new, closed, now)]
        change = f"{counts[3] - counts[0]:+d}".replace("+0", "不变")
        return (title, *counts, change if any(counts) or not without_pupils(month) else None)

    lines = [line(f"{level}色", rows["level"] == level) for level in RED_FIRST]
    known = rows["level"].isin(RED_FIRST)
    if not known.all():
        lines.append(line("等级不明", ~known))
    total = line("合计", known | ~known)
    columns = ("预警等级", "上月末在册", "本月新增", "本月解除", "本月末在册", "比上月末")
    names = ("name", "student_key", "level", "signals", "found", "freq", "last", "teacher", "action", "state")
    order = rows["level"].map({level: place for place, level in enumerate(RED_FIRST)})
    open_rows = rows[now].assign(order=order).sort_values("order")
    blocks = [
        *uncounted_note(scope, "watch"),
        Table(columns, tuple(lines), "各等级人数", total, internal=True),
        _unwatched(month),
        *alert_blocks(month),
    ]
    if len(open_rows) and month.home:  # names only in the internal view of the school
        blocks.append(behind("在册重点关注名单", ledger(month, open_rows, "watch", names), printed=True))
    if not month.home:
        parts = flows.case_flow(scope, rows.assign(how="解除"), ("上月末在册", "本月新增", "解除", "本月末在册"))
        counts = [Column(name, parts[name]) for name in parts.columns]
        blocks.append(unit_table(month, "home", counts, caption="各校重点关注人数"))
    return Counted(blocks, int(now.sum()))


def _unwatched(month: Month) -> Note:
    """What the rules say of pupils who should be watched and of watching that has stopped; not judged is not none."""
    if not {"X38", "X39"} <= month.judgement.judged:
        return Note("以上为学校登记数；应关注未关注的尚未判定。", "unknown")
    empty = unlisted(month)
    if len(empty) == len(month.homes):
        return Note("以上为学校登记数；花名册里还没有学生，应关注未关注的尚未判定。", "unknown")
    lacking = sorted({*empty, *(item.home for item in month.not_judged if item.rule in ("X38", "X39"))})
    missed, idle = (sum(finding.rule == code for finding in month.findings) for code in ("X38", "X39"))
    said = f"以上为学校登记数。信号达到黄色以上未列入的 {missed} 人，超过跟踪频次的 {idle} 人"
    if lacking:
        return Note(f"{said}；缺数据尚未判定的：{'、'.join(lacking[:5])}。", "unknown")
    return Note(f"{said}。", "warn" if missed or idle else "good")
