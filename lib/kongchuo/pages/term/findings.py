"""Sections on what follows: 主要成效, 存在问题, 整改要求, 签发, 问题清单."""

from collections import Counter
from dataclasses import dataclass, replace

import pandas as pd

from ...core.numbers import rounded
from ...core.tables import row_of
from ...facts import cases
from ...figures import selfcheck
from ...figures.inspection import FAILED, Score, Sheet
from ..display import Badge, Blanks, Details, Figure, Lines, Note, Section, Table, Tiles
from ..units import said, uncounted_note
from .rounds import Round, from_inspection

LATE = ("周报", "月报", "学生变动即时报告", "没有日查")
LISTS_APART = "与学籍数不一致"


@dataclass(frozen=True)
class Problem:
    """An item in which a school lost points (or nobody could judge): its number of evidence, and in words what is wrong."""

    home: str
    score: Score
    number: str
    text: str


def problems_of(view: Round, sheet: Sheet) -> list[Problem]:
    """The items of an inspected school with points lost, in order."""
    return [
        Problem(sheet.home, score, view.number_of(sheet.home, score.number), described(score))
        for score in sheet.scores
        if score.lost and sheet.day
    ]


def described(score: Score) -> str:
    """What is wrong: the inspector's reason, and what the ledgers lack, counted."""
    counted = "，".join(f"{what}{number}处" for what, number in gaps_of(score).items())
    return "；".join(filter(None, (score.reason, f"台账核查：{counted}" if counted else ""))) or "没有写扣分理由"


def gaps_of(score: Score) -> Counter[str]:
    """What the ledgers lack in an item, in words, and how often."""
    counts: Counter[str] = Counter()
    for gap in score.gaps:
        counts[gap.said] += gap.count
    return counts


# --- six and seven ----------------------------------------------------------------------------------------------------------
def good_practice(view: Round) -> Section:
    """六: by school the items without a fault and the pupils brought back; in public in general words, no pupil, no school."""
    if not view.inspected:
        return view.section("good_practice", Note("本轮还没有督查记录，暂无成效可写。", "unknown"))
    full = {sheet.home: [score for score in sheet.scores if score.final == score.points] for sheet in view.inspected}
    items = Counter(score.title for scores in full.values() for score in scores)
    if view.public:
        many = [(title, number) for title, number in items.most_common() if number * 2 >= len(full)]
        groups = {"各校均": [], "多数学校": []}
        for title, number in many:
            groups["各校均" if number == len(full) else "多数学校"].append(title)
        lines = [f"{'、'.join(titles)}：{who}做到位。" for who, titles in groups.items() if titles]
        return view.section("good_practice", *map(Note, lines or ["各项工作均有待加强。"]))
    book = cases.cases(view.town)
    rows = []
    for sheet in view.inspected:
        days = book.loc[book["home"] == sheet.home, "back"]
        back = int(days.between(pd.Timestamp(sheet.since), pd.Timestamp(sheet.day)).sum())
        titles = [score.title for score in full[sheet.home]]
        rows.append((sheet.home, len(titles), "、".join(titles), back))
    table = Table(("学校", "满分项目数", "满分项目", "本轮时段内劝返复学（人）"), tuple(rows), "各校")
    hand = Note("其他好做法由督查组补充：________________________________")
    return view.section("good_practice", *([] if view.home else _praise(view, items, rows)), table, hand)


def _praise(view: Round, items: Counter[str], rows: list[tuple]) -> list[Note]:
    """Which items most schools were given in full, and where pupils came back, in two sentences."""
    half = "、".join(f"{title}（{number}所）" for title, number in items.most_common() if number * 2 >= len(rows))
    back = "、".join(f"{home}{number}人" for home, _, _, number in rows if number)
    lines = (f"半数以上学校得满分的项目：{half or '没有'}。", f"本轮时段内劝返复学：{back}。" if back else "")
    return [Note(line) for line in lines if line]


def problems(view: Round) -> Section:
    """七: per school how many problems, each with its number of evidence; the four weaknesses that are always looked at."""
    if not view.inspected:
        return view.section("problems", Note("本轮还没有督查记录，存在问题尚未判定。", "unknown"))
    found = [problem for sheet in view.inspected for problem in problems_of(view, sheet)]
    if view.public:
        items, of = Counter(problem.score.title for problem in found), len(view.inspected)
        groups: dict[str, list[str]] = {who: [] for who in ("各校", "多数学校", "个别学校")}
        for title, number in items.most_common():
            groups[_some(number, of)].append(f"“{title}”")
        lines = [f"{who}在{'、'.join(titles)}方面还有差距。" for who, titles in groups.items() if titles]
        if failed := sum(sheet.grade == FAILED for sheet in view.inspected):
            lines.insert(0, f"{_some(failed, len(view.inspected))}控辍工作评为不合格，须逐案整改。")
        last = "中心学校已要求有关学校限期整改，并在下一轮督查时回头看。"
        return view.section("problems", *map(Note, (*lines, last)))
    rows = []
    for sheet in view.inspected:
        own = [problem for problem in found if problem.home == sheet.home]
        undecided = "、".join(score.title for score in sheet.undecided)
        rows.append((sheet.home, len(own), rounded(sum(problem.score.lost for problem in own), 2), undecided or None,
                     "；".join(sheet.fatal) or None))  # fmt: skip
    columns = ("学校", "问题数", "失分", "尚未判定的项目", "直接定为不合格的情形")
    total = ("合计", len(found), rounded(sum(problem.score.lost for problem in found), 2), "", "")
    blocks: list = [Table(columns, tuple(rows), "各校问题", total)]
    if view.home:
        blocks += [_said(view, view.home, found), _weaknesses(view), _list(view, found)]
    else:
        blocks += [Lines(_by_item(view, found)), _weaknesses(view)]
    return replace(view.section("problems", *blocks), count=len(found))


def _by_item(view: Round, found: list[Problem]) -> tuple[str, ...]:
    """What is wrong, an item a sentence: how many schools lost how many points, and each fault with the schools that have it."""
    lines = []
    for title in dict.fromkeys(one.score.title for one in sorted(found, key=lambda one: one.score.number)):
        own = [one for one in found if one.score.title == title]
        faults: dict[str, list[str]] = {}
        for one in own:
            if one.score.reason:
                faults.setdefault(said(view, one.score.reason, title), []).append(one.home)
            for what, number in gaps_of(one.score).items():
                faults.setdefault(what, []).append(f"{one.home}{number}处" if number > 1 else one.home)
            if not one.score.reason and not one.score.gaps:
                faults.setdefault("没有写扣分理由", []).append(one.home)
        lost = rounded(sum(one.score.lost for one in own), 2)
        told = "；".join(f"{what}（{'、'.join(homes)}）" for what, homes in faults.items())
        lines.append(f"{title}：{len(own)}所学校失分，共{lost:g}分。{told}。")
    return tuple(lines)


def _said(view: Round, home: str, own: list[Problem]) -> Details | Note:
    """What is wrong at a school, a sentence each; the numbers of evidence stand in 附件3."""
    if not own:
        return Note(f"{home}：没有失分项目。")
    lines = tuple(
        f"{one.score.title}：{said(view, one.text, one.score.title)}，失 {one.score.lost:g} 分。" for one in own
    )
    return Details(f"{home}：{len(own)} 个问题", (Lines(lines),), open=True)


def _some(number: int, of: int) -> str:
    return "各校" if number == of else "多数学校" if number * 2 >= of else "个别学校"


def _weaknesses(view: Round) -> Table:
    """What a township round has found again and again (domain.md 6.2): looked at each time, for every school."""
    sheets = view.inspected
    gaps = {sheet.home: [gap for score in sheet.scores for gap in score.gaps] for sheet in sheets}
    late = {home: sum(gap.count for gap in own if gap.what in LATE) for home, own in gaps.items()}
    moved = {home: sum(gap.count for gap in own if gap.what.endswith(LISTS_APART)) for home, own in gaps.items()}
    kinds = _publicity(view)
    aware = selfcheck.parents_aware(view.scope).by("home")
    target = view.policy["parents_aware_target"]
    known = {home: rate for home, rate in aware.items() if rate is not None and rate.denominator}
    short = [home for home, rate in known.items() if rate.numerator * 100 < target * rate.denominator]
    # no letter was answered, or none could be read
    unknown = [sheet.home for sheet in sheets if sheet.home not in known]
    none = [home for home, number in kinds.items() if number <= 1]
    rows = (
        ("报告不及时", _schools(late), f"日查、周报、月报、变动报告晚报或没有报，共 {sum(late.values())} 处"),
        ("台账与实际变动不符", _schools(moved), f"点名册、座次表、作业与学籍数之差，共 {sum(moved.values())} 人次"),
        ("宣传形式单一", "、".join(none) or "没有", "本轮时段内宣传会议只有一种或没有"),
        ("家长不了解政策", "、".join(short) or "没有", f"家长知晓率低于 {target}%"
         + (f"；没有回执、尚未判定：{'、'.join(unknown)}" if unknown else "")),
    )  # fmt: skip
    return Table(("固定检查点", "学校", "说明"), rows, "常见薄弱处（每轮必查）")


def _publicity(view: Round) -> dict[str, int]:
    """How many kinds of publicity each inspected school has put down in the round's time; unread schools are left out."""
    rows = view.scope.whole.rows("publicity_log")
    rows = rows[rows["date"].between(pd.Timestamp(view.since), pd.Timestamp(view.last))]
    kinds = rows.groupby("home")["kind"].nunique()
    unread = view.scope.missing("publicity_log")
    return {sheet.home: int(kinds.get(sheet.home, 0)) for sheet in view.inspected if sheet.home not in unread}


def _schools(counts: dict[str, int]) -> str:
    return "、".join(f"{home} {number}" for home, number in counts.items() if number) or "没有"


def problem_list(view: Round) -> Section:
    """附件3: every problem with what was found, the points, the row of the score sheet and the paper that proves it."""
    found = [problem for sheet in view.inspected for problem in problems_of(view, sheet)]
    if not view.inspected:
        return view.section("problem_list", Note("本轮还没有督查记录。", "unknown"))
    return view.section("problem_list", _list(view, found))


def _list(view: Round, found: list[Problem]) -> Table:
    rows = tuple(
        (one.number, one.home, one.score.title, said(view, one.text, one.score.title), one.score.lost,
         one.score.place and row_of(one.score.place), one.score.proof or None)
        for one in found
    )  # fmt: skip
    columns = ("证据编号", "学校", "项目", "问题", "失分", "评分表行", "佐证")
    return Table(columns, rows, "问题清单", empty="没有失分的项目")


# --- eight and ten -------------------------------------------------------------------------------------------------------------
def rectification(view: Round) -> Section:
    """八: what each school has to mend, by whom, until when; what stands in 问题整改 and how far it is; the day of 回头看."""
    if view.scope.missing("issue") and set(view.scope.missing("issue")) >= set(view.homes):
        return view.section("rectification", Note("读不到问题整改，尚未判定。", "unknown"))
    end = pd.Timestamp(view.end)
    rows = from_inspection(view)
    rows = rows[rows["done"].isna() | (rows["done"] >= pd.Timestamp(view.since))]
    late = rows["done"].isna() & (rows["due"] < end)
    found = Counter(problem.home for sheet in view.inspected for problem in problems_of(view, sheet))
    days = pd.to_datetime(rows["home"].map({sheet.home: sheet.day for sheet in view.inspected}))
    own = rows["due"] > days  # what is due after the inspection is of this round, the rest of the one before
    listed = Counter(rows.loc[own, "home"])
    missing = {home: number for home, number in found.items() if not listed[home]}
    tiles = (
        Figure("本轮问题", sum(found.values()), "项（失分项目）"),
        Figure("已列入问题整改", int(own.sum()), "条，来源为督查、期限在本轮督查之后"),
        Figure("本轮时段内完成", int(rows["done"].notna().sum()), "条，含上一轮的"),
        Figure("逾期", int(late.sum()), f"条，截至 {view.end:%Y-%m-%d}", "bad" if late.any() else "plain"),
    )
    names = view.scope.staff_names
    lines = tuple(
        (row.home, row.issue_id, said(view, row.problem, f"{row.fix}"), names.get(row.owner, row.owner), row.due, row.done,
         _state(row, end), said(view, row.fix, f"{row.problem}"))
        for row in rows.itertuples()
    )  # fmt: skip
    columns = ("学校", "编号", "问题", "责任人", "期限", "完成", "状态", "整改情况")
    table = Table(columns, lines, "整改清单（问题整改，来源为督查）", empty="问题整改表中没有来源为督查的问题")
    rule = "各校把本轮问题逐条记入“问题整改”（来源填督查），写明责任人和期限，完成后由他人复核。"
    asked = [Note(f"回头看：{view.next_look}。{rule}")]
    if missing:
        named = "、".join(f"{home} {number} 项" for home, number in missing.items())
        asked.append(Note(f"还没有把本轮问题列入问题整改：{named}。", "warn"))
    lost = uncounted_note(view.scope.whole, "issue")
    return view.section("rectification", *lost, Tiles(tiles), *asked, table)


def _state(row: object, end: pd.Timestamp) -> Badge:
    if pd.notna(row.done):
        return Badge("good", "已完成")
    if pd.notna(row.due) and row.due < end:
        return Badge("bad", f"逾期 {(end - row.due).days} 天")
    return Badge("warn", row.state if isinstance(row.state, str) else "整改中")


def signature(view: Round) -> Section:
    """十: the head of the group signs and the office seals; a school signs that it has read."""
    labels = ("督查组成员（签名）", "组长签发（签名）", "签发日期", "学校负责人（签收）", "签收日期")
    return view.section("signature", Blanks(labels if view.home else labels[:3], "（中心学校盖章处）"))
