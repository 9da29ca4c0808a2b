"""What every report says of its data: the line below the title, the data-quality box, where the page comes from."""

import datetime as dt
from importlib import metadata

from ..commands.opening import UNREADABLE
from ..core.editions import HEADINGS, SCHOOL, TOWN, audience_of
from ..core.findings import ERROR, INFO, SEVERITIES, WARNING, Group, cause_of, count, grouped
from ..core.numbers import NUMERALS, natural
from ..core.places import ALL
from ..core.schema import CENTRE
from ..figures import attendance
from ..figures.enrolment import reconciled
from ..rules.judging import RULES, places
from ..rules.questions import HEADING
from . import reminders
from .display import At, Badge, Blocks, Counted, Details, Figure, Lines, Note, Section, Table, Tiles, To, titled
from .units import audience, said
from .views import View, home_of

ASKED = 10  # questions listed
MOST = 60  # rows of the findings table; the rest is in the marked copies
TONES = {ERROR: "bad", WARNING: "warn", INFO: "plain"}


def meta(view: View) -> tuple[str, ...]:
    """The line below the title: school year and term, state of the data, edition, what it is narrowed to."""
    scope = view.scope
    narrowed = [f"{NUMERALS[view.grade]}年级"] if view.grade else []
    narrowed += [scope.labels.get(view.class_id, view.class_id)] if view.class_id else []
    narrowed += [f"{view.group}学生（姓名已隐去）"] if view.group else []
    edition = HEADINGS[audience_of(view.edition, view.home)]
    lines = (f"{view.town.year} 学年{scope.term}", f"数据截至 {view.end:%Y-%m-%d}", edition)
    return (*lines, f"范围：{'、'.join(narrowed)}") if narrowed else lines


def made_at() -> str:
    """When a page is made, which is now."""
    return f"生成于 {dt.datetime.now():%Y-%m-%d %H:%M}"


def not_judged_tile(view: View) -> Figure:
    """Never plain: it counts what could not be judged, and 0 must not look like all clear."""
    number = len(places(view.not_judged))
    note = "处　数据不全，暂不能判定（不等于合格）" if number else "各条规则都能判定；各节写明尚未判定的不在此数"
    return Figure("尚未判定", number, note, "unknown")


def short_name(view: View, workbook: str) -> str:
    """A workbook as the page's readers know it: without the year, and for a school without its own name."""
    path = workbook.removeprefix(f"{view.town.year}/")
    return path.removeprefix(f"{view.home}/") if view.home else path


@titled("数据质量", 0, "data_quality")
def data_quality(view: View) -> Blocks:
    """The box: errors, warnings, rows left out, what could not be judged and why, findings grouped with place and remedy."""
    numbers = count(view.findings)
    unread = [finding for finding in view.findings if finding.rule in UNREADABLE]
    rates = (attendance.rate(view.scope), reconciled(view.scope))
    left_out = sum(rate.total.left_out for rate in rates)
    tiles = (
        *(Figure(SEVERITIES[s], numbers[s], "处", TONES[s] if numbers[s] else "plain") for s in (ERROR, WARNING, INFO)),
        Figure("读不了的工作簿", len({f.workbook for f in unread}), "个", "bad" if unread else "plain"),
        Figure("未计入比率的行", left_out, "日查、人籍核查中有错误的行"),
        Figure("已豁免", len(view.waived), "处，校长已确认，不计入上面的数"),
        not_judged_tile(view),
    )
    blocks: list = [Tiles(tiles)]
    if numbers[ERROR]:
        says = "数据有错误：有错误的日查、人籍核查行不计入出勤率、人籍一致率；学生和个案不因数据错误而漏计。"
        blocks.append(Note(says, "bad"))
    centre = [finding for finding in view.judgement.findings if view.home and f"/{CENTRE}/" in finding.workbook]
    elsewhere = count(centre)[ERROR]
    after = sum(1 for finding in view.findings if finding.caused_by)
    if elsewhere:
        says = "中心学校的工作簿另有错误，可能影响本页数字，由中心学校改正（哪几处见全镇报告）。"
        blocks.append(Note(says, "warn"))
    if after:
        blocks.append(Note(f"另有 {after} 处只是由别处一个错引起的，不计入上面的数；原因改好，它们就消失。"))
    if view.course:
        blocks.append(Note(f"和以前比：{view.course}，已豁免 {len(view.waived)} 条。"))
    held = reminders.menders(view) if audience(view) in (SCHOOL, TOWN) else {}
    blocks += [_findings(view, held), *reminders.section(view, held)]
    blocks += [*_waived(view), *_questions(view), *_not_judged(view)]
    return Counted(blocks, numbers[ERROR])


def _findings(view: View, held: reminders.Menders) -> Table | Note:
    who = {one: To(name, at=reminders.key_of(at)) for at, ((_, name), own) in enumerate(held.items(), 1) for one in own}
    groups = grouped(view.findings)
    if not groups:
        return Note(f"已运行的检查没有发现问题（{len(view.judgement.judged)} 条规则；尚未判定的另列）。")
    rows = []
    for group in groups[:MOST]:
        first = group.first
        place = " · ".join(filter(None, (short_name(view, first.workbook), first.sheet, first.column)))
        beside = f"{place}{first.message}{first.fix}"  # P03 asks of a row what stands in it together
        severity = Badge(TONES[first.severity], SEVERITIES[first.severity])
        cells = At(_cells(group), first.workbook, f"'{first.sheet}'!{first.cell}") if first.cell else _cells(group)
        message = said(view, "。".join(filter(None, (first.message, group.also))), beside)
        fix = said(view, f"先改{cause_of(first)}；这里不用逐处改。" if first.caused_by else first.fix, beside)
        rows.append((severity, place, cells, group.count, message, fix, who.get(first), first.rule))
    more = f"只列前 {MOST} 类，共 {len(groups)} 类；全部在各工作簿的校验副本里。" if len(groups) > MOST else ""
    columns = ("级别", "在哪里", "单元格", "处数", "问题（首处）", "怎么改", "谁来改（首处）", "代码")
    return Table(columns, tuple(rows), "问题清单（同类合并）", note=more)


def _cells(group: Group) -> str:
    """Where it is: one cell or two; of more the first, and how many there are."""
    first, _, last = group.cells.partition(" … ")
    if group.count > 2:
        return f"{first} 等{group.count}处" if last else first
    return "、".join(filter(None, (first, last))) or "整表"


def _questions(view: View) -> list:
    """What may well be right and should be looked at: a short list under its own heading, in the internal editions only."""
    homes = {*view.homes}
    found = [one for one in view.judgement.questions if {home_of(row, view.town) for row in one.places} & homes]
    if audience(view) not in (SCHOOL, TOWN) or not found:
        return []
    places = [one.where(lambda name: short_name(view, name)) for one in found[:ASKED]]
    lines = tuple(f"{said(view, one.text, place)}（{place}）" for one, place in zip(found[:ASKED], places, strict=True))
    more = (f"另有 {len(found) - ASKED} 条，校验时列出。",) if len(found) > ASKED else ()
    return [Details(f"{HEADING}：{len(found)} 条", (Lines((*lines, *more)),), open=True)]


def _waived(view: View) -> list[Details]:
    """What a confirmed waiver keeps silent, each with its reason and until when."""
    rows = []
    for one in view.waived:
        found = one.finding
        cell = found.cell or (f"第{found.row}行" if found.row else "")
        place = " · ".join(filter(None, (short_name(view, found.workbook), found.sheet, cell)))
        beside = f"{place}{found.message}{one.reason}"
        message, reason = (said(view, text, beside) for text in (found.message, one.reason))
        rows.append((place, message, reason, one.asked_by, f"{one.until}", found.rule))
    table = Table(("在哪里", "问题", "豁免理由", "申请人", "豁免至", "代码"), tuple(rows))
    return [Details(f"已豁免的问题：{len(rows)} 处", (table,))] if rows else []


def _not_judged(view: View) -> list:
    rows = tuple(
        (home, reason, "、".join(rules), len(rules))
        for (home, reason), rules in sorted(places(view.not_judged).items(), key=lambda item: natural(item[0][0]))
    )
    blocks = []
    if rows:
        table = Table(("单位", "缺什么", "因此没有判定的规则（代码见规则目录）", "条数"), rows)
        blocks.append(Details(f"尚未判定：{len(rows)} 处，不等于没有问题", (table,), open=True))
    if view.judgement.broken:
        words = f"没有运行成功的规则：{len(view.judgement.broken)} 条，它们管的事没有判定"
        blocks.append(Details(words, (Lines(view.judgement.broken),), open=True))
    return blocks


def state(view: View) -> dict[str, object]:
    """What travels with every page under our mimetype: the figures the index shows and the proof of what was read."""
    numbers = count(view.findings)
    return {
        "school": view.home or ALL,
        "period": view.period,
        "year": view.town.year,
        "as_of": f"{view.end:%Y-%m-%d}",
        "errors": numbers[ERROR],
        "warnings": numbers[WARNING],
        "infos": numbers[INFO],
        "waived": len(view.waived),
        "not_judged": len(places(view.not_judged)),
        "workbooks": {book.name: book.sha256 for book in view.workbooks if book.sha256},
        "schema": {book.name: book.version for book in view.town.schema.books},
        "code": metadata.version("kongchuo"),
        "broken": list(view.judgement.broken),
        "unreadable": [f"{f.workbook}：{f.message}。{f.fix}" for f in view.findings if f.rule in UNREADABLE],
    }


@titled("数据来源", 0, "footer")
def provenance(view: View) -> Blocks:
    """The footer: files with the start of their sha256, schema versions, rules, code version, times (habit 12)."""
    versions = "，".join(f"{book.title} {book.version}" for book in view.town.schema.books)
    line = (
        f"数据截至 {view.end:%Y-%m-%d}；{made_at()}；程序 kongchuo {metadata.version('kongchuo')}；"
        f"校验规则 {len(view.judgement.judged)} 条（共 {len(RULES)} 条）。"
    )
    judged = "、".join(sorted(view.judgement.judged))
    made = Lines((f"模板版本：{versions}", f"已运行的规则：{judged}"))
    rows = tuple((short_name(view, book.name), book.sha256[:8] if book.sha256 else "读不到") for book in view.workbooks)
    table = Table(("工作簿", "校验码（前8位）"), rows, note="文件改动一个字，校验码就会不同。")
    held = Details(f"读取的工作簿（{len(rows)} 个）、模板版本和规则", (table, made))
    return (Note(line), held)


def source(view: View, last: dt.date) -> Section:
    """The footer of a page that has a public edition, which names no file; `last`: the day its figures stand as of."""
    if not view.public:
        return provenance(view)
    return Section("数据来源", (Note(f"根据各校控辍保学台账和督查记录，数据截至 {last:%Y-%m-%d}。"),), 0, "footer")
