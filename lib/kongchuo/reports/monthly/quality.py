"""The top and the end of the report: what needs action first, the data-quality box, where the page comes from."""

from __future__ import annotations

import datetime as dt
from importlib import metadata

import pandas as pd

from ... import measures
from ...core.findings import ERROR, INFO, SEVERITIES, WARNING, count, grouped
from ...core.places import ALL
from ...core.schema import CENTRE
from ...jobs.opening import UNREADABLE
from ...judging.questions import HEADING
from ...judging.rules import RULES
from ...measures import flows
from ..display import NUMERALS, Badge, Details, Figure, Lines, Note, Section, Table, Tiles
from ..display.masks import EDITIONS
from ..months import Month, home_of
from .cases import stock
from .units import audience, said

ASKED = 10  # questions listed
MOST = 60  # rows of the findings table; the rest is in `kongchuo check`
TONES = {ERROR: "bad", WARNING: "warn", INFO: "plain"}


def title(month: Month) -> str:
    """The title line of the report."""
    return f"{month.title}{month.label}控辍保学自查报告"


def meta(month: Month) -> tuple[str, ...]:
    """The line below the title: school year and term, state of the data, edition, what it is narrowed to."""
    scope = month.scope
    narrowed = [f"{NUMERALS[month.grade]}年级"] if month.grade else []
    narrowed += [scope.labels.get(month.class_id, month.class_id)] if month.class_id else []
    lines = (f"{month.town.year} 学年{scope.term}", f"数据截至 {month.end:%Y-%m-%d}", EDITIONS[audience(month)])
    return (*lines, f"范围：{'、'.join(narrowed)}") if narrowed else lines


def headline(month: Month) -> Section:
    """What needs action, worst first, and the figures people ask for first."""
    scope = month.scope
    suspected, dropouts = flows.suspected(scope), flows.dropouts(scope)
    suspected, dropouts = (cases[flows.open_at(cases, scope.end)] for cases in (suspected, dropouts))
    rate = measures.attendance(scope).total
    numbers = count(month.findings)
    absent = scope.missing("roster", "change", "class")
    pupils_note = f"未含读不到学籍的：{'、'.join(absent[:3])}" if absent else "在读＋送教上门，人"
    tiles = (
        Figure("本月末在校生", int(month.flow[flows.COUNTED].sum()), pupils_note),
        Figure("出勤率", rate, rate.note or "实到÷应到人次", "unknown" if rate.unknown else "plain"),
        stock("在册疑似辍学", len(suspected), scope.missing("suspected")),
        stock("在册辍学", len(dropouts), scope.missing("dropout")),
        Figure(
            "数据错误",
            numbers[ERROR],
            f"警告 {numbers[WARNING]}，提示 {numbers[INFO]}",
            "bad" if numbers[ERROR] else "plain",
        ),
        _not_judged_tile(month),
    )
    actions = _actions(month, suspected, dropouts)
    lead = Lines(actions) if actions else Note("按现有规则没有列出急办事项；后面各节仍须逐项核对。")
    return Section("先看这里：需要办的事", (lead, Tiles(tiles)), 0, "headline")


def _not_judged_tile(month: Month) -> Figure:
    """Never plain: it counts what could not be judged, and 0 must not look like all clear."""
    return Figure("尚未判定", len(month.not_judged), "处缺数据判不了，不等于没有问题", "unknown")


def _actions(month: Month, suspected: pd.DataFrame, dropouts: pd.DataFrame) -> tuple[Badge, ...]:
    scope, judged = month.scope, month.judgement
    found: list[Badge] = []

    def say(number: int, text: str, tone: str = "bad") -> None:
        if number:
            found.append(Badge(tone, text.format(number)))

    homes = {*month.homes, CENTRE}
    due = [finding for finding in judged.of("X12") if home_of(finding) in month.homes]
    poor = int(measures.true(suspected["poor"]).sum())
    unread = [f for f in judged.findings if f.rule in UNREADABLE and home_of(f) in homes]
    filed = measures.filed(scope, flows.school_days(scope)).total
    called = measures.contacted(scope).total
    say(
        len(unread),
        "{} 个工作簿或文件夹缺失、读不了，有关各节尚未判定："
        + "、".join(dict.fromkeys(_short(month, f.workbook) for f in unread[:5])),
    )
    say(
        len(due),
        f"{{}} 处连续无故缺勤已到疑似线（{month.policy['suspected_after']}个上课日），还没有列入疑似辍学台账（X12）。",
    )
    say(poor, "{} 名在册疑似辍学学生属脱贫户或监测户，须当日报告。")
    say(len(dropouts), "{} 名学生在册辍学，按劝返间隔继续劝返。")
    say(len(suspected), "{} 名学生在册疑似辍学，逐案查清。")
    say(int(suspected["first_visit"].isna().sum()), "{} 名在册疑似学生没有首次家访日期。")
    say(int(suspected["rep_center"].isna().sum()), "{} 名在册疑似学生没有报中心校日期。")
    say(called.short, "{} 人次无故缺勤没有联系家长的记录。", "warn")
    say(filed.short, "{} 个班日没有日查（含零报告）。", "warn")
    say(count(month.findings)[ERROR], "{} 处数据错误，先改数据再看比率。", "warn")
    return tuple(found)


def _short(month: Month, workbook: str) -> str:
    """A workbook as the page's readers know it: without the year, and for a school without its own name."""
    path = workbook.removeprefix(f"{month.town.year}/")
    return path.removeprefix(f"{month.home}/") if month.home else path


def data_quality(month: Month) -> Section:
    """The box: errors, warnings, rows left out, what could not be judged and why, findings grouped with place and remedy."""
    numbers = count(month.findings)
    unread = [finding for finding in month.findings if finding.rule in UNREADABLE]
    rates = (measures.attendance(month.scope), measures.reconciled(month.scope))
    left_out = sum(rate.left_out for rate in rates)
    tiles = (
        *(Figure(SEVERITIES[s], numbers[s], "处", TONES[s] if numbers[s] else "plain") for s in (ERROR, WARNING, INFO)),
        Figure("读不了的工作簿", len({f.workbook for f in unread}), "个", "bad" if unread else "plain"),
        Figure("未计入比率的行", left_out, "日查、人籍核查中有错误的行"),
        Figure("已豁免", len(month.waived), "处，校长已确认，不计入上面的数"),
        _not_judged_tile(month),
    )
    blocks: list = [Tiles(tiles)]
    if numbers[ERROR]:
        blocks.append(
            Note("数据有错误：有错误的日查、人籍核查行不计入出勤率、人籍一致率；学生和个案不因数据错误而漏计。", "bad")
        )
    elsewhere = sum(
        1 for f in month.judgement.findings if month.home and f"/{CENTRE}/" in f.workbook and f.severity == ERROR
    )
    if elsewhere:
        blocks.append(
            Note(f"中心学校的工作簿另有 {elsewhere} 处错误，可能影响本页数字，由中心学校改正（见全镇报告）。", "warn")
        )
    if month.course:
        blocks.append(Note(f"和以前比：{month.course}，已豁免 {len(month.waived)} 条。"))
    blocks += [_findings(month), *_waived(month), *_questions(month), *_not_judged(month)]
    return Section("数据质量", tuple(blocks), 0, "data_quality")


def _findings(month: Month) -> Table | Note:
    groups = grouped(month.findings)
    if not groups:
        return Note(f"已运行的检查没有发现问题（{len(month.judgement.judged)} 条规则；尚未判定的另列）。")
    rows = []
    for group in groups[:MOST]:
        first, last = group.first, group.last
        place = " · ".join(filter(None, (_short(month, first.workbook), first.sheet, first.column)))
        cells = [_cell(first)] + ([_cell(last)] if group.count > 1 else [])
        severity = Badge(TONES[first.severity], SEVERITIES[first.severity])
        rows.append(
            (
                severity,
                first.rule,
                place,
                "—".join(filter(None, cells)) or "整表",
                group.count,
                said(month, first.message),
                said(month, first.fix),
            )
        )
    more = f"只列前 {MOST} 类，共 {len(groups)} 类；全部用 kongchuo check 列出。" if len(groups) > MOST else ""
    columns = ("级别", "代码", "在哪里", "单元格（首—末）", "处数", "问题（首处）", "怎么改")
    return Table(columns, tuple(rows), "问题清单（同类合并）", note=more)


def _questions(month: Month) -> list:
    """What may well be right and should be looked at: a short list under its own heading, in the internal editions only."""
    homes = {*month.homes}
    found = [one for one in month.judgement.questions if {home_of(row) for row in one.places} & homes]
    if audience(month) not in EDITIONS or not found:
        return []
    lines = tuple(f"{said(month, one.text)}（{one.where(lambda name: _short(month, name))}）" for one in found[:ASKED])
    more = (f"另有 {len(found) - ASKED} 条，用 kongchuo check 列出。",) if len(found) > ASKED else ()
    return [Details(f"{HEADING}：{len(found)} 条", (Lines((*lines, *more)),), open=True)]


def _waived(month: Month) -> list[Details]:
    """What a confirmed waiver keeps silent, each with its reason and until when."""
    rows = tuple(
        (
            one.finding.rule,
            " · ".join(filter(None, (_short(month, one.finding.workbook), one.finding.sheet, _cell(one.finding)))),
            said(month, one.finding.message),
            said(month, one.reason),
            one.asked_by,
            f"{one.until}",
        )
        for one in month.waived
    )
    table = Table(("代码", "在哪里", "问题", "豁免理由", "申请人", "豁免至"), rows)
    return [Details(f"已豁免的问题：{len(rows)} 处", (table,))] if rows else []


def _cell(finding: object) -> str:
    return finding.cell or (f"第{finding.row}行" if finding.row else "")


def _not_judged(month: Month) -> list:
    reasons: dict[tuple[str, str], list[str]] = {}
    for item in month.not_judged:
        reasons.setdefault((item.home, item.reason), []).append(item.rule)
    rows = tuple((home, reason, "、".join(rules), len(rules)) for (home, reason), rules in sorted(reasons.items()))
    ran = "、".join(sorted(month.judgement.judged))
    blocks = []
    if rows:
        table = Table(("单位", "缺什么", "因此没有判定的规则", "条数"), rows)
        blocks.append(Details(f"尚未判定：{len(month.not_judged)} 处，不等于没有问题", (table,), open=True))
    blocks.append(
        Details(
            f"已运行的规则（{len(month.judgement.judged)} 条）",
            (Note(f"{ran}。"),),
        )
    )
    return blocks


def state(month: Month) -> dict[str, object]:
    """What travels with the page under our mimetype: the figures the index shows and the proof of what was read."""
    scope, numbers = month.scope, count(month.findings)
    suspected, dropouts = flows.suspected(scope), flows.dropouts(scope)
    return {
        "school": month.home or ALL,
        "month": month.month,
        "year": month.town.year,
        "as_of": f"{month.end:%Y-%m-%d}",
        "errors": numbers[ERROR],
        "warnings": numbers[WARNING],
        "infos": numbers[INFO],
        "waived": len(month.waived),
        "not_judged": len(month.not_judged),
        "suspected_open": int(flows.open_at(suspected, scope.end).sum()),
        "dropout_open": int(flows.open_at(dropouts, scope.end).sum()),
        "enrolled": int(month.flow[flows.COUNTED].sum()),
        "workbooks": {book.name: book.sha256 for book in month.workbooks if book.sha256},
        "schema": {book.name: book.version for book in month.town.schema.books},
        "code": metadata.version("kongchuo"),
        "unreadable": [f"{f.workbook}：{f.message}。{f.fix}" for f in month.findings if f.rule in UNREADABLE],
    }


def provenance(month: Month) -> Section:
    """The footer: files with the start of their sha256, schema versions, rules, code version, times (habit 12)."""
    now = f"{dt.datetime.now():%Y-%m-%d %H:%M}"
    versions = "，".join(f"{book.title} {book.version}" for book in month.town.schema.books)
    line = (
        f"数据截至 {month.end:%Y-%m-%d}；生成于 {now}；程序 kongchuo {metadata.version('kongchuo')}；"
        f"模板版本：{versions}；已运行规则 {len(month.judgement.judged)} 条（共登记 {len(RULES)} 条）。"
    )
    rows = tuple((_short(month, book.name), book.sha256[:8] if book.sha256 else "读不到") for book in month.workbooks)
    table = Table(("工作簿", "sha256（前8位）"), rows, note="文件改动一个字，校验码就会不同。")
    return Section("数据来源", (Note(line), Details(f"读取的工作簿（{len(rows)} 个）", (table,))), 0, "footer")
