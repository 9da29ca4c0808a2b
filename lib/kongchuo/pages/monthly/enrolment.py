"""Sections on pupils: 基本情况, 人籍一致, 学生变动, 特殊群体."""

import pandas as pd

from ...facts import cases as case_facts, support as special
from ...figures import attendance, base, enrolment, flows, support
from ...figures.definitions import MEASURES
from .. import units
from ..display import Blocks, Details, Figure, Note, Table, Tiles, titled
from ..views import Month

ALWAYS = (flows.OPENING, "转入", "复学", "转出", "休学", "辍学标注", flows.CLOSING, flows.COUNTED, flows.GAP)
JUNIOR = (7, 8, 9)


@titled("基本情况", 1, "basics")
def basics(month: Month) -> Blocks:
    """一: classes, N0, pupils at the month's end, the month's and the year's flow, the block of grades 7 to 9."""
    scope = month.scope
    flow, year = month.flow, flows.year_flow(scope)
    classes = scope.classes
    lines: list[str] = []
    rates = units.measured(month, (enrolment.dropped, enrolment.kept, enrolment.net), lines)
    n0, before, now = (int(part.sum()) for part in (year[flows.OPENING], flow[flows.OPENING], flow[flows.COUNTED]))
    moved = f"期初 {before}，净变动 {now - before:+d}"
    tiles = (
        Figure("班数", len(classes)),
        Figure("学年初在校生", n0, "学年初基准：在读＋送教上门"),
        Figure("本月末在校生", now, moved if before or now else units.without_pupils(month) or moved),
        *(_rate(month, rate) for rate in rates),
    )
    blocks = [
        *units.failed(lines),
        *units.uncounted_note(scope, "roster", "baseline", "change", "absence", "suspected", "dropout"),
        Tiles(tiles),
        *(block for rate in rates if rate.code == "D06" for block in _not_at_school(month, rate)),
        *_flow_tables(month, flow, f"{month.label}学生增减"),
        _gap(flow, "本月"),
        *_flow_tables(month, year, "学年以来学生增减（自学年初基准起）"),
        _gap(year, "学年以来"),
    ]
    unread = scope.missing("roster", "baseline", "change", "class")
    if unread:
        blocks.insert(0, Note(f"下列单位的学籍或班级资料读不到，未计入：{'、'.join(unread)}。", "unknown"))
    return (*blocks, _junior(month, flow))


def _rate(month: Month, rate: base.Ratio) -> Figure:
    """A rate of the school year as it stands at the month's end, with what it must be known with and its targets."""
    total, (definition,) = rate.total, [item for item in MEASURES if item.code == rate.code]
    again = "其后返校的也算" if rate.code == "D02" and total.numerator else ""
    targets = units.targets(month, definition) or "以摸底为准，镇外在读也算"
    note = "；".join(filter(None, (total.note, again, targets)))
    return Figure(rate.title, total, note, units.missed(month, rate.code, total))


def _not_at_school(month: Month, rate: base.Ratio) -> list[Details]:
    rows = units.rows_behind(month, rate.lacking, "census")
    names = ("name", "student_key", "village_code", "birth_date", "study_status", "study_school", "delay_no")
    return [units.behind("摸底适龄而不在校的儿童", units.ledger(month, rows, "census", names))] if len(rows) else []


def _flow_tables(month: Month, flow: pd.DataFrame, caption: str) -> list[Table | Details]:
    shown = [units.Column(name, flow[name]) for name in flow.columns if name in ALWAYS or flow[name].any()]
    shown += units.uncounted_column(month.scope, "change")
    note = "期末应有＝期初＋增加－减少±班级调整；期末在校按花名册状态推算。差额应为0。"
    return units.parted(month, shown, caption, note=note, internal=True)


def _gap(flow: pd.DataFrame, when: str) -> Note:
    if not flow[[flows.OPENING, flows.CLOSING]].to_numpy().any():
        return Note(f"{when}期初、期末都没有在校生，增减无从核对，尚未判定。", "unknown")
    if off := int((flow[flows.GAP] != 0).sum()):
        says = f"{when}增减与花名册有 {off} 个班对不上（差额不为0）。请核对学生变动和花名册的状态、状态日期。"
        return Note(says, "warn")
    return Note(f"{when}各班增减与花名册相符（差额均为0）。", "plain")


def _junior(month: Month, flow: pd.DataFrame) -> Table | Note:
    scope = month.scope
    classes = scope.classes
    if not classes["grade"].isin(JUNIOR).any():
        return Note("范围内没有七、八、九年级。")
    rows = []
    cases = (book[case_facts.open_at(book, scope.end)] for book in (flows.suspected(scope), flows.dropouts(scope)))
    frames = [classes, attendance.unexcused(scope), *cases]
    for grade in JUNIOR:
        at = flow[flow.index.get_level_values("grade") == grade]
        number, *others = (int((frame["grade"] == grade).sum()) for frame in frames)
        pupils = int(at[flows.OPENING].sum()), int(at[flows.COUNTED].sum())
        rows.append((f"{'七八九'[grade - 7]}年级", number, *pupils, *others))
    columns = ("年级", "班数", "期初在校", "期末在校", "无故缺勤人次", "在册疑似", "在册辍学")
    total = ("合计", *(sum(row[place] for row in rows) for place in range(1, len(columns))))
    return Table(columns, tuple(rows), "七、八、九年级（方案的控辍重点）", total)


@titled("人籍一致", 5, "reconcile")
def reconcile(month: Month) -> Blocks:
    """五: classes checked, the four lists against the register, differences by type, what was mended."""
    scope = month.scope
    rows = scope.rows("reconcile")
    rows = rows[scope.in_days(rows["date"])]
    unread = scope.missing("reconcile")
    if not len(rows):
        text = "本月没有人籍核查记录，是否一致尚未判定。"
        text = f"读不到人籍核查：{'、'.join(unread)}，尚未判定。" if unread else text
        idle = month.no_lessons and not unread
        lost = units.uncounted_note(scope, "reconcile")
        note = Note("本月没有上课日，不核查人籍。") if idle else Note(text, "unknown")
        return (note, *lost)
    rate = enrolment.reconciled(scope)
    classes = scope.classes
    seen = classes["class_id"].isin(rows["class_id"])
    checked = base.ratio(scope, "D13", "已核查班级", classes, seen, needs=("reconcile",))
    differing = rows[rows["diff_type"].notna()]
    mended = base.ratio(scope, "D13", "差异已处理", differing, differing["done"].notna())
    figures = [Figure(item.title, item, item.note) for item in (rate.total, checked.total, mended.total)]
    figures += [
        Figure(f"{title}有此人", item := enrolment.listed(scope, column, title).total, item.note)
        for column, title in (("in_rollbook", "点名册"), ("in_seating", "座次表"), ("in_homework", "作业"))
    ]
    types = tuple((kind, int(number)) for kind, number in differing.groupby("diff_type").size().items())
    names = ("name", "student_key", "date", "round", "diff_type", "action", "due", "done")
    columns = [
        units.Column("核查人数", units.by_keys(rows)),
        units.Column("人籍一致率", rate),
        units.Column("有差异", units.by_keys(differing)),
    ]
    columns += units.uncounted_column(scope, "reconcile")
    looks = {"caption": "各单位核查结果", "note": "没有列出的单位本月没有核查。"}
    blocks = [
        Tiles(tuple(figures)),
        Table(("差异类型", "人数"), types, "差异类型", empty="本月核查未登记差异"),
        units.unit_table(month, units.finest(month), columns, idle=False, **looks),
    ]
    if len(differing):
        blocks.append(units.behind("差异明细", units.ledger(month, differing, "reconcile", names)))
    return blocks


@titled("学生变动", 6, "changes")
def changes(month: Month) -> Blocks:
    """六: moves of the month by kind, transfers not yet approved, the rows behind them."""
    scope = month.scope
    everything = scope.rows("change")
    rows = everything[scope.in_days(everything["date"])]
    begun = everything[(everything["date"] <= pd.Timestamp(scope.end)) & everything["kind"].isin(("转入", "转出"))]
    waiting = begun[begun["sys_state"].isin(("已发起", "未发起"))]
    kinds = ("转入", "转出", "休学", "复学")
    figures = [Figure(kind, int((rows["kind"] == kind).sum()), "本月，人次") for kind in kinds]
    figures.append(Figure("转学未核办", len(waiting), "学年以来，截至本月末", "warn" if len(waiting) else "plain"))
    figures.append(_found(month, "X18", f"超过{scope.policy['transfer_within']}个工作日未核办"))
    names = ("name", "student_key", "date", "kind", "class_from", "class_to", "place", "sys_state", "sys_start", "report_date")  # fmt: skip
    blocks = [*units.uncounted_note(scope, "change"), Tiles(tuple(figures))]
    blocks.append(units.behind("本月学生变动", units.ledger(month, rows, "change", names, empty="本月没有登记变动")))
    if len(waiting):
        blocks.append(units.behind("转学未核办", units.ledger(month, waiting, "change", names)))
    if unread := scope.missing("change"):
        blocks.insert(0, Note(f"读不到学生变动：{'、'.join(unread)}，未计入。", "unknown"))
    return blocks


def _found(month: Month, code: str, label: str) -> Figure:
    """How many a rule has found; none while it could not judge is not none."""
    number = sum(finding.rule == code for finding in month.findings)
    unknown = code not in month.judgement.judged or any(item.rule == code for item in month.not_judged)
    if unknown and not number:
        return Figure(label, "尚未判定", "缺数据", "unknown")
    return Figure(label, number, "另有尚未判定的" if unknown else "", "bad" if number else "plain")


GROUPS = (support.family_plans, support.aid_paid, support.pupil_plans, support.plans_logged, support.disabled_placed,
          support.home_taught, support.leftbehind_contacted)  # fmt: skip


def _disabled(month: Month) -> Figure:
    """D09 with its second line: without those whose delay is approved."""
    first, second = (ratio.total for ratio in enrolment.disabled(month.scope))
    note = "；".join(filter(None, (first.note, f"不含批准延缓：{second.text}")))
    return Figure(first.title, first, note, _tone(first))


def _tone(item: base.Measure) -> str:
    return "unknown" if item.unknown else "warn" if item.short else "plain"


@titled("特殊群体", 7, "groups")
def groups(month: Month) -> Blocks:
    """七: coverage of the plans and visits each group is due (D13), for the whole and by class or school."""
    lines: list[str] = []
    ratios = units.measured(month, GROUPS, lines)
    figures = (Figure(item.title, item, item.note, _tone(item)) for item in (ratio.total for ratio in ratios))
    columns = [units.Column(ratio.title, ratio) for ratio in ratios]
    tables = units.parted(month, columns, "各单位覆盖情况（已落实/应落实）")
    disabled = units.attempt(month, "适龄残疾儿童入学率", lambda: _disabled(month), lines)
    tiles = Tiles((*figures, *([disabled] if disabled else [])))
    return (*units.failed(lines), tiles, _sizes(month), *tables, _base(month))


def _sizes(month: Month) -> Table:
    """How many of the pupils at school on the last day are in each group; one may be in several, so there is no total."""
    pupils = support.pupils(month.scope)["student_key"]
    inside = {kind: special.members(month.town, kind) for kind in special.kinds(month.town)}
    rows = tuple((kind, int(pupils.isin(keys).sum())) for kind, keys in inside.items())
    several = f"一名学生可属几类；至少属一类的 {int(pupils.isin(frozenset().union(*inside.values())).sum())} 人。"
    caption = "花名册登记的各类学生（本月末在校，人）"
    return Table(("类别", "人数"), rows, caption, note=several, empty="花名册没有登记特殊群体", internal=True)


GROUP_RULES = (*(f"X{number}" for number in range(29, 38)), "X49")


def _base(month: Month) -> Note:
    """Whether those who should have a plan are all known: what the rules on groups found and could not judge."""
    found = sum(finding.rule in GROUP_RULES for finding in month.findings)
    unjudged = sum(item.rule in GROUP_RULES for item in month.not_judged)
    said = (f"台账核对发现不一致 {found} 处，见“数据质量”" if found else "没有发现不一致") + (
        f"，另有 {unjudged} 处缺数据尚未判定" if unjudged else ""
    )
    if homes := units.unlisted(month):  # with nobody on the roster there was nothing to compare
        more = f"；{said}" if found or len(homes) < len(month.homes) else ""
        said, unjudged = f"{units.without_pupils(month)}，是否一致尚未判定{more}", len(homes)
    base = "应落实人数取自花名册的特殊群体、学困厌学标记和帮扶各表；有无漏登、两边是否一致另行核对"
    return Note(f"{base}：{said}。", "unknown" if unjudged else "warn" if found else "plain")
