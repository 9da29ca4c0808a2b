"""Sections on points: 单位考核, 班级积分 with each point explained down to its rows, 学困厌学转化."""

import pandas as pd

from ...core.numbers import NUMERALS, fixed, natural, rounded
from ...core.tables import row_of, yes
from ...figures import support
from ...figures.class_parts import Part
from ...figures.class_points import ClassPoints
from ...figures.unit_grades import UnitGrade
from ..display import Badge, Blocks, Details, Lines, Note, Spark, Table, titled
from ..units import Column, by_keys, finest, unit_table
from .years import Year

UNDECIDED = Badge("unknown", "尚未判定")
GRADE_TONES = {"优秀": "good", "良好": "good", "合格": "plain", "不合格": "bad"}
HEADS = (("巩固", ("keep",)), ("转化", ("progress", "goal", "stay")), ("过程", ()), ("加分", ("bonus",)))
MOST_PLACES = 12


@titled("单位考核", 3, "units")
def units(view: Year) -> Blocks:
    """三: the four rounds, self-checks, class points, grade."""
    held = view.units
    labels = list(dict.fromkeys(one.label for unit in held for one in unit.rounds))
    ranked = sorted(held, key=lambda one: (one.rank is None, one.rank or 0, natural(one.home)))
    rows = tuple(map(_unit_row, ranked))
    table = Table(("名次", "学校", "督查", "自查", "班级积分", "总分", "等次"), rows, caption="单位考核")
    each = [(one.home, *(UNDECIDED if part.score is None else part.score for part in one.rounds)) for one in held]
    scores = Table(("学校", *labels), tuple(each), caption="督查各轮得分")
    fatal = tuple(Badge("bad", f"{one.home}：{'；'.join(one.vetoes)}") for one in held if one.vetoes)
    lines = tuple((one.home, *_line(part), part.why or part.note or "—") for one in held for part in one.parts)
    behind = Table(("学校", "部分", "满分", "分子/分母", "得分", "说明"), lines)
    policy = view.policy
    note = Note(
        f"总分＝督查各轮平均×{policy['unit_weight_inspection']:g}＋月自查按时与整改×{policy['unit_weight_selfcheck']:g}"
        f"＋班级积分平均×{policy['unit_weight_class_points']:g}；有否决的为不合格，不评先进。"
    )
    vetoes = (Lines(fatal),) if fatal else ()
    folded = Details(f"得分明细及依据（{len(lines)} 行）", (behind,))
    return (note, table, *vetoes, scores, folded)


def _unit_row(one: UnitGrade) -> tuple:
    grade = Badge(GRADE_TONES.get(one.grade, "unknown"), one.grade + ("" if one.final else "（暂）"))
    return (one.rank, one.home, *(_points(part) for part in one.parts), score(one.total, one.so_far), grade)


def _line(part: Part) -> tuple:
    """What a part is of: its title, full points, measure, points."""
    return part.title, f"{part.most:g}", part.measure or "—", _points(part)


def _points(part: Part) -> object:
    if part.points is not None:
        return part.points
    return UNDECIDED if part.known is None else Badge("unknown", f"暂 {fixed(part.most * part.known, 2)}")


def score(total: float | None, so_far: float | None) -> object:
    """A total, or the share reached so far; the one is never taken for the other."""
    if total is not None:
        return total
    return UNDECIDED if so_far is None else Badge("unknown", f"暂 {fixed(so_far, 2)}")


def head(one: ClassPoints, keys: tuple[str, ...]) -> tuple[Part, ...]:
    """The parts of a head; 过程 are those that stand under none."""
    named = {key for _, own in HEADS for key in own}
    return tuple(part for part in one.parts if (part.key in keys if keys else part.key not in named))


def summed(parts: tuple[Part, ...]) -> object:
    """The points of a head."""
    if all(part.points is not None for part in parts):
        return rounded(sum(part.points for part in parts), 2)
    known = [part for part in parts if part.known is not None]
    return Badge("unknown", f"暂 {fixed(sum(part.most * part.known for part in known), 2)}") if known else UNDECIDED


@titled("班级积分", 4, "league")
def league(view: Year) -> Blocks:
    """四: the classes grade by grade in their order, of what parts their points are made, and each point down to its rows."""
    blocks: list = [Note(LEGEND)]
    if not view.classes:
        return [Note("没有班级可以计分。", "unknown")]
    for grade in dict.fromkeys(one.grade for one in view.classes):
        own = [one for one in view.classes if one.grade == grade]
        own.sort(key=lambda one: (one.rank is None, one.rank or 0, one.class_id))
        caption = f"{NUMERALS[grade]}年级（全镇 {own[0].peers} 个班排名）"
        blocks.append(Table(COLUMNS, tuple(_row(view, one) for one in own), caption=caption))
    blocks += [
        Details(f"{home}：得分明细及依据", (_explained(view, [one for one in view.classes if one.home == home]),))
        for home in dict.fromkeys(one.home for one in view.classes)
    ]
    return blocks


COLUMNS = ("名次", "班级", "班主任", "学年初人数", "名单", *(name for name, _ in HEADS), "得分比例", "总积分", "说明")
LEGEND = "得分比例：小条依次为巩固、转化、过程、加分已得的部分。带“暂”的是已判定部分折合的百分制得分，不能据此兑现。"


def _name(view: Year, one: ClassPoints) -> str:
    return one.name if view.home else f"{one.home}{one.name}"


def _row(view: Year, one: ClassPoints) -> tuple:
    heads = [summed(head(one, keys)) for _, keys in HEADS]
    said = [*(["一票否决"] if one.vetoed else []), *([one.why] if one.why else []), *one.trial, *one.remarks]
    if one.appeal is not None:
        said.append("申诉审定" if one.final is not None else "申诉待审定")
    shown = UNDECIDED if one.vetoed is None and one.final is None else state(one)
    names = _name(view, one), one.teacher or None
    return (one.rank, *names, one.base, one.listed, *heads, _shares(one), shown, "；".join(said) or "—")


def state(one: ClassPoints) -> object:
    """The points of a class, its veto, or the share reached so far."""
    return Badge("bad", "0（否决）") if one.vetoed and one.final is None else score(one.total, one.so_far)


def _shares(one: ClassPoints) -> Spark | None:
    """How much of each head was reached, as far as it is known; nothing of a class under the veto, or that nobody could judge."""
    if one.vetoed is not False:
        return None
    bars, words = [], []
    for name, keys in HEADS:
        own = head(one, keys)
        most = sum(part.most for part in own)
        share = sum(part.most * (part.known or 0) for part in own) / most if most else 0.0
        bars.append(share if any(part.known is not None for part in own) else None)
        words.append(f"{name}{'尚未判定' if bars[-1] is None else f'{100 * share:.0f} %'}")
    return Spark(tuple(bars), "，".join(words))


def _explained(view: Year, classes: list[ClassPoints]) -> Table:
    parts = ((one.name, part) for one in classes for part in one.parts)
    rows = tuple((name, *_line(part), _places(view, part), part.why or part.note or "—") for name, part in parts)
    note = "台账行号是 Excel 行号；分子/分母里没有达到的行列在“没有达到的行”，全部达到的不列。"
    return Table(("班级", "项目", "满分", "分子/分母", "得分", "没有达到的行", "说明"), rows, note=note)


def _places(view: Year, part: Part) -> str:
    """The rows behind a part that did not reach it, by sheet; for 加分 those that did."""
    if part.rows is None or part.rows.empty:
        return "—"
    reached = part.rows["numerator"]
    rows = part.rows[reached > 0 if part.extra else part.rows["denominator"] > reached]
    found = []
    for sheet, own in rows.groupby("sheet"):
        numbers = sorted({row for row in row_of(own.index) if row})
        lacking = int((row_of(own.index) == 0).sum())
        more = f"等{len(numbers)}行" if len(numbers) > MOST_PLACES else "行"
        said = [f"第{'、'.join(map(str, numbers[:MOST_PLACES]))}{more}"] if numbers else []
        said += [f"应有而没有的{lacking}行"] if lacking else []
        found.append(f"{view.town.schema.sheets[sheet].title}{'，'.join(said)}")
    return "；".join(found) or "—"


@titled("学困厌学转化", 5, "conversion")
def conversion(view: Year) -> Blocks:
    """五: 转化率 by school or class, and by cause; what methods did is for people to write."""
    rate = support.converted(view.scope)
    rows = rate.rows
    plans = view.scope.rows("pupil_plan").loc[lambda frame: frame.index.isin(rows.index)]
    causes = plans["causes"].fillna("没有写明").str.split("、").explode()
    state = plans["converted"]
    known = pd.DataFrame({"listed": 1, "judged": state.notna(), "done": yes(state)}, plans.index)
    counts = known.astype(int).reindex(causes.index).groupby(causes.to_numpy(), sort=False).sum()
    counts = counts.sort_values("listed", ascending=False, kind="stable")
    undecided = int(plans["converted"].isna().sum())
    own = rows.loc[rows.index.isin(plans.index)]
    judged = plans["converted"].notna().reindex(own.index)
    columns = [
        Column("名单人数", by_keys(own)),
        Column("已认定", by_keys(own, judged.astype(int))),
        Column("其中转化", by_keys(own, own["numerator"])),
        *([] if undecided else [Column("转化率", rate)]),
    ]
    blocks: list = [
        unit_table(view, finest(view), columns, caption="学困厌学转化"),
        Table(
            ("原因", "名单人数", "已认定", "其中转化"), tuple(counts.itertuples(name=None)),
            caption="按原因（一人可有几个原因）", empty="学困厌学名单里没有学生",
        ),
    ]  # fmt: skip
    if undecided:
        blocks.insert(0, Note(f"名单 {len(plans)} 人中 {undecided} 人还没有认定是否转化，转化率尚未判定。", "unknown"))
    blocks.append(Note("做法成效（文字，由中心学校填写）：________________________________"))
    return blocks
