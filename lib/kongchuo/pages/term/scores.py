"""Sections on the scores: 督查概况, 总体评价, 与第一轮比较, 评分表."""

from collections import Counter

import pandas as pd

from ...core.numbers import fixed, rounded
from ...core.tables import row_of
from ...figures.base import LEFT_OUT, Measure
from ...figures.inspection import FAILED, GRADES, NOT_HELD, UNDECIDED, Score, Sheet
from .. import charts as drawn, today
from ..display import Badge, Chart, Details, Figure, Lines, Note, Section, Table, Tiles
from ..units import said, uncounted_note
from .rounds import TITLES, Round, from_inspection

TONES = {"优秀": "good", "良好": "good", "合格": "warn", FAILED: "bad", NOT_HELD: "unknown", UNDECIDED: "unknown"}


def overview(view: Round) -> Section:
    """一: when, who, which schools, by which methods; what was looked at."""
    seen, due = len(view.inspected), len(view.sheets)
    missed = [sheet.home for sheet in view.sheets if sheet.day is None]
    team = "、".join(dict.fromkeys(name for sheet in view.inspected for name in sheet.team.split("、") if name))
    rows = view.rollcall
    lines = [f"督查时间：{_span(view)}", f"督查组：{team or '评分表没有写'}"]
    lines.append("督查方式：听汇报、查资料（台账测算）、进班点名、入户")
    if missed:
        named = "、".join(missed) if not view.public else f"{len(missed)} 所学校"
        lines.append(Badge("unknown", f"本轮没有督查：{named}。以下各节不含这些学校的得分，没有督查不等于没有问题。"))
    tiles = (
        Figure("督查校数", f"{seen}/{due}", "所（已督查／应督查）", "plain" if seen == due else "warn"),
        Figure("点名班数", len(rows), "班（督查点名）"),
        Figure("核对学籍", int(rows["n_register"].fillna(0).sum()), "人，印册数"),
        Figure("台账数据", f"{view.last:%Y-%m-%d}", "各校按督查当日的台账测算"),
    )
    said = [Lines(tuple(lines))]
    if view.public:
        said = [Note(line.text, line.tone) if isinstance(line, Badge) else Note(line) for line in lines]
    return view.section("overview", *said, Tiles(tiles), *today.folded(view, TITLES))


def _span(view: Round) -> str:
    days = sorted(sheet.day for sheet in view.inspected)
    if not days:
        return f"{view.label}还没有督查记录（督查评分表里没有）"
    first, last = days[0], days[-1]
    return "至".join(f"{day.year}年{day.month}月{day.day}日" for day in dict.fromkeys((first, last)))


def board(view: Round) -> Section:
    """二: the board of schools, bar and heat-map, and the grades; in public how many schools in which band, no more."""
    bands = _bands(view)
    if view.public:
        return view.section("board", bands)
    if not view.inspected:
        return view.section("board", Note("本轮还没有督查评分，没有得分和等次。台账测算见评分表。", "unknown"))
    ranked = ranking(view.sheets)
    if view.home:
        return view.section("board", *_own(view, ranked[0]))
    seen = [sheet for sheet in ranked if sheet.day]
    rows = [(sheet.home, sheet.total, sheet.grade, [score.final for score in sheet.scores]) for sheet in seen]
    points = [score.points for score in ranked[0].scores]
    totals = ("未判定" if sheet.total is None else f"{sheet.total:g}分" for sheet in seen)
    reads = "；".join(f"{sheet.home}{total}，{sheet.grade}" for sheet, total in zip(seen, totals, strict=True))
    charts = [Chart(svg, "各校得分：十项热力图和总分", "") for svg in drawn.score_board(rows, points, reads)]
    lines = tuple((at, one.home, one.total, _badge(one), one.day, _remark(one)) for at, one in placed(ranked))
    table = Table(("名次", "学校", "总分", "等次", "督查日期", "说明"), lines, "各校得分和等次")
    columns = ("项目", "分值", "平均得分", "满分校数", "失分校数", "尚未判定校数")
    items = Table(columns, tuple(_items(view)), "各项得失分")
    return view.section("board", _tiles(view), *charts, table, items, bands)


def _bands(view: Round) -> Table:
    """How many schools have which grade, and but in public which."""
    homes = {grade: [sheet.home for sheet in view.sheets if sheet.grade == grade] for grade in TONES}
    rows = ((Badge(TONES[grade], grade), len(own), "、".join(own)) for grade, own in homes.items() if own)
    lines = view.policy
    says = f"优秀 {lines['grade_excellent']} 分以上，良好 {lines['grade_good']} 分以上，合格 {lines['grade_pass']} 分以上；"
    says += "有辍学学生没有返校、没有销号，或有应列未列台账的，不论得分均为不合格。"
    width = 2 if view.public else 3
    return Table(("等次", "校数", "学校")[:width], tuple(row[:width] for row in rows), "等次分布", note=says)


def _tiles(view: Round) -> Tiles:
    known = [sheet.total for sheet in view.inspected if sheet.total is not None]
    mean = fixed(sum(known) / len(known), 2) if known else "尚未判定"
    counts = Counter(sheet.grade for sheet in view.sheets)
    open_ = counts[UNDECIDED] + counts[NOT_HELD]
    return Tiles((
        Figure("平均得分", mean, f"{len(known)} 所有总分的学校", "plain" if known else "unknown"),
        *(Figure(grade, counts[grade], "所", TONES[grade] if counts[grade] else "plain") for grade in GRADES),
        Figure("尚未判定、未督查", open_, "所，不等于没有问题", "unknown" if open_ else "plain"),
    ))  # fmt: skip


def ranking(sheets: tuple[Sheet, ...]) -> list[Sheet]:
    """The highest total first; those that fail whatever their total after them, those without a total last."""
    return sorted(sheets, key=lambda sheet: (sheet.total is None, bool(sheet.fatal), -(sheet.total or 0)))


def placed(ranked: list[Sheet]) -> list[tuple[int | None, Sheet]]:
    """Each sheet with its place; equal totals share one, and who has no total or fails whatever it is has none."""
    totals = [None if sheet.fatal else sheet.total for sheet in ranked]
    places = [None if total is None else totals.index(total) + 1 for total in totals]
    return list(zip(places, ranked, strict=True))


def _badge(sheet: Sheet) -> Badge:
    return Badge(TONES[sheet.grade], sheet.grade)


def _remark(sheet: Sheet) -> str:
    undecided = [f"第{score.number}项尚未判定" for score in sheet.undecided] if sheet.day else []
    return "；".join((*sheet.fatal, *undecided))


def _items(view: Round) -> list[tuple]:
    found = []
    for scores in zip(*(sheet.scores for sheet in view.inspected), strict=True):
        finals = [score.final for score in scores if score.final is not None]
        mean = rounded(sum(finals) / len(finals), 2) if finals else Badge("unknown", UNDECIDED)
        full = sum(score.final == score.points for score in scores)
        lost = sum(score.lost > 0 for score in scores)
        first = scores[0]
        found.append((f"{first.number} {first.title}", first.points, mean, full, lost, len(scores) - len(finals)))
    return found


def _own(view: Round, sheet: Sheet) -> tuple:
    if sheet.day is None:
        return (Note("本校本轮没有督查，没有得分和等次。台账测算见评分表。", "unknown"),)
    total = "尚未判定" if sheet.total is None else sheet.total
    tiles = (
        Figure("总分", total, "满分100", "unknown" if sheet.total is None else "plain"),
        Figure("等次", sheet.grade, _remark(sheet), TONES[sheet.grade]),
        Figure("失分", sum(score.lost for score in sheet.scores), "分"),
        Figure("督查日期", f"{sheet.day:%Y-%m-%d}", sheet.team),
    )
    rows = [(sheet.home, sheet.total, sheet.grade, [score.final for score in sheet.scores])]
    given = ((one.title, "尚未判定" if one.final is None else f"{one.final:g}分") for one in sheet.scores)
    reads = "；".join(f"{title}{points}" for title, points in given)
    chart = drawn.score_board(rows, [score.points for score in sheet.scores], reads)[0]
    return Tiles(tiles), Chart(chart, "本校十项得分", ""), score_table(view, sheet)


def score_table(view: Round, sheet: Sheet) -> Table:
    """The ten items of one school: what the ledgers say, what the inspector gave, what stands and why."""
    rows = tuple(
        (
            score.number, score.title, score.points,
            Badge("unknown", "不能测算") if score.system is None else score.system,
            score.given,
            Badge("unknown", UNDECIDED) if score.final is None and sheet.day else score.final if sheet.day else None,
            said(view, score.reason, score.title), _remarks(score, sheet), score.proof,
        )
        for score in sheet.scores
    )  # fmt: skip
    total = ("合计", "", 100, "", "", UNDECIDED if sheet.total is None else sheet.total, "", "", "")
    columns = ("编号", "项目", "分值", "系统测算", "督查得分", "采用", "扣分理由", "说明", "佐证")
    when = f"督查日期 {sheet.day:%Y-%m-%d}" if sheet.day else f"本轮未督查，按 {sheet.as_of:%Y-%m-%d} 的台账预填"
    return Table(columns, rows, f"{sheet.home}：{when}", total if sheet.day else ())


def _remarks(score: Score, sheet: Sheet) -> str:
    """Why there is no 系统测算, what it does not count, and which score stands."""
    lost = LEFT_OUT.format(score.left_out) if score.left_out else ""
    return "；".join(filter(None, (score.why, lost, score.stands[1] if sheet.day else "")))


def score_sheets(view: Round) -> Section:
    """附件1: the score sheet of each school, with the rows behind each deduction of 系统测算."""
    blocks = [Note("系统测算取督查当日的台账，时段为上一轮督查次日（或开学日）起；每处扣分照参数。表中的行是 Excel 行号，"
                   "没有行号的是应有而没有的记录。")]  # fmt: skip
    if not view.home and view.inspected:
        blocks.append(_all_scores(view))
    for sheet in view.sheets:
        table = score_table(view, sheet)
        behind = [_rows_behind(score, view) for score in sheet.scores if score.gaps]
        if view.home and sheet.day:  # its table stands in section two
            blocks += behind or [Note("系统测算没有扣分。各项得分见第二节。")]
        else:
            blocks += [table, *behind] if view.home else [Details(table.caption, (table, *behind))]
    return view.section("score_sheets", *blocks)


def _all_scores(view: Round) -> Table:
    """Every inspected school's ten scores and total, in the order of the board: what the circular prints."""
    seen = [(at, sheet) for at, sheet in placed(ranking(view.sheets)) if sheet.day]
    undecided = Badge("unknown", "未判")
    rows = tuple(
        (at, one.home, *(undecided if score.final is None else score.final for score in one.scores),
         undecided if one.total is None else one.total, _badge(one))
        for at, one in seen
    )  # fmt: skip
    items = [f"{score.title}（{score.points:g}）" for score in seen[0][1].scores]
    return Table(("名次", "学校", *items, "总分", "等次"), rows, "各校各项得分", note="括号里是分值。")


def _rows_behind(score: Score, view: Round) -> Details:
    rows = tuple(
        (
            gap.what,
            gap.count,
            view.short(view.town.book_name(gap.place)),
            view.town.schema.sheets[gap.sheet].title,
            row_of(gap.place) or None,
            gap.about,
        )
        for gap in score.gaps
    )
    number = sum(gap.count for gap in score.gaps)
    table = Table(("扣分的事", "处数", "工作簿", "工作表", "行", "说明"), rows)
    return Details(f"第{score.number}项 {score.title}：系统测算扣分 {number} 处", (table,))


def comparison(view: Round) -> Section:
    """九: the second round beside the first, item by item and school by school, and 整改完成率."""
    if view.number == 1:
        return view.section("comparison", Note("本轮是第一轮，第二轮通报时作比较。"))
    first = {sheet.home: sheet for sheet in view.before}
    if not any(sheet.day for sheet in view.before):
        return view.section("comparison", Note("本学期没有第一轮督查的记录，不能比较。", "unknown"), *_mended(view))
    rows = []
    for sheet in view.sheets:
        old = first[sheet.home]
        change = None if None in (old.total, sheet.total) else rounded(sheet.total - old.total, 2)
        told = "不能比较" if change is None else f"{change:+g}" if change else "不变"
        rows.append((sheet.home, old.total, sheet.total, told, _badge(old), _badge(sheet), _moved(old, sheet)))
    columns = ("学校", "第一轮", "第二轮", "增减", "第一轮等次", "第二轮等次", "失分有变化的项目")
    return view.section("comparison", Table(columns, tuple(rows), "两轮得分"), *_mended(view))


def _moved(old: Sheet, new: Sheet) -> str:
    if old.day is None or new.day is None:
        return ""
    pairs = [(b, a) for a, b in zip(old.scores, new.scores, strict=True) if None not in (a.final, b.final)]
    return "；".join(f"{b.title}{b.final - a.final:+g}" for b, a in pairs if b.final != a.final)


def _mended(view: Round) -> tuple:
    """整改完成率: problems of 督查 due by the day of this round and since the term began: done by that day ÷ all."""
    rows = from_inspection(view)
    day = pd.Timestamp(view.last)
    rows = rows[(rows["due"] <= day) & (rows["due"] >= pd.Timestamp(view.start))]
    done = rows["done"] <= day
    lost = uncounted_note(view.scope.whole, "issue")
    unread = view.scope.missing("issue")
    rate = Measure("", "整改完成率", int(done.sum()), len(rows), view.policy["small_denominator"], unread)
    tone = "unknown" if rate.unknown else "warn" if rate.short else "plain"
    tile = Figure("整改完成率", rate, rate.note or "到本轮督查日已完成 ÷ 本学期到期的督查问题", tone)
    small, homes = view.policy["small_denominator"], rows.groupby("home", sort=False)
    per = tuple((home, Measure("", "", int(done[own.index].sum()), len(own), small)) for home, own in homes)
    empty = "问题整改表中没有本学期到期的督查问题"
    return (*lost, Tiles((tile,)), Table(("学校", "整改完成率"), per, "各校整改", empty=empty))
