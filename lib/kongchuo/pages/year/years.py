"""A view of one school year, as of its end or of the last day there is anything of it; the top of its report, what it rests on."""

import datetime as dt
from collections import Counter
from functools import cached_property
from pathlib import Path

from ...commands import opening
from ...core import years
from ...core.editions import INTERNAL, PUBLIC
from ...core.findings import UserError
from ...core.numbers import some
from ...core.places import today as current_day
from ...core.policy import SOURCES, cited
from ...core.tables import Town
from ...due import inspection
from ...facts import calendar
from ...figures import definitions
from ...figures.class_points import ClassPoints
from ...figures.unit_grades import Standings, UnitGrade, standings
from ...rules.judging import places
from .. import today, units
from ..display import Badge, Blocks, Details, Figure, Lines, Note, Section, Table, Tiles, titled
from ..views import View, find_school, open_town, records, shared_folder

# --- A view of one school year: as of its end, or of the last day there is anything of it; points and grades worked out once ---
EDITIONS = (INTERNAL, PUBLIC)


class Year(View):
    """A View of a school year."""

    @cached_property
    def standings(self) -> Standings:
        """Points and grades of the whole township under the policy in force."""
        return standings(self.scope)

    @property
    def classes(self) -> tuple[ClassPoints, ...]:
        """The classes the page is about, with their places in the township."""
        return tuple(
            one
            for one in self.standings.classes
            if one.home in self.homes and self.grade in (None, one.grade) and self.class_id in ("", one.class_id)
        )

    @property
    def units(self) -> tuple[UnitGrade, ...]:
        """The schools the page is about."""
        return tuple(one for one in self.standings.units if one.home in self.homes)

    @cached_property
    def over(self) -> bool:
        """Whether the year's last school day has gone by in the ledgers."""
        return _over(self.town, self.end)

    @property
    def stage(self) -> str:
        """Whether the year is over, in words; nobody can tell where no term has its dates."""
        if not calendar.school_days(self.town):
            return "学年是否结束尚未判定：“学年学期”没有填"
        return "学年已结束" if self.over else "学年没有结束"

    @property
    def missing(self) -> tuple[str, ...]:
        """What the year still lacks, in words; nothing once it is complete."""
        lacking = [] if self.over else [f"{self.stage}，数据到 {self.end:%Y-%m-%d} 为止"]
        for label in dict.fromkeys(one.label for unit in self.units for one in unit.rounds if one.score is None):
            rounds = ((unit.home, one) for unit in self.units for one in unit.rounds)
            homes = dict.fromkeys(home for home, one in rounds if one.label == label and one.score is None)
            named = f"全部{len(homes)}所学校" if len(homes) == len(self.units) > 1 else some(homes, 5, "所")
            lacking.append(f"{label}督查没有完整的评分：{named}")
        parts = Counter(part.title for one in self.classes for part in one.open)
        return (*lacking, *(f"{title}：{number}个班尚未判定" for title, number in parts.items()))


def _over(town: Town, end: dt.date) -> bool:
    taught = calendar.school_days(town)
    return bool(taught) and end >= taught[-1]


def open_year(school: str, year: str, edition: str = INTERNAL, workbooks: str | Path = "") -> Year:
    """Open one school year ("2023-2024") of a school (full name, code or usual name; "all": the town) from the shared folder.

    The figures stand as of 31 August where 日查 reaches the last school day, else as of the last day in 日查.
    `workbooks` empty: the environment variable KONGCHUO_WORKBOOKS. Raises UserError for an unknown school, year, edition or folder.
    """
    if edition not in EDITIONS:
        raise UserError(f"版本“{edition}”不对，可以写：{'、'.join(EDITIONS)}。")
    named = years.period(year)
    if named is None or named.kind != "year":
        raise UserError(f"学年“{year}”不对，请写成 2023-2024 的样子。")
    start, end = named.days
    if start > current_day():
        raise UserError(f"{year} 学年还没有开始，请选已经开始的学年。")
    last = opening.reached(shared_folder(workbooks), year)
    if start <= last.as_of and not _over(last, last.as_of):
        end = min(end, last.as_of)  # without 日查 the ledgers reach to today, which may lie years later
    town, held, judgement = open_town(year, min(end, current_day()), workbooks)
    town = opening.with_past(shared_folder(workbooks), town)
    part = find_school(town, school), year, start, town.as_of
    return Year(town, held, judgement, *part, records=records(), edition=edition)


# --- The top of the yearly report, what it rests on (依据与口径), and the township's figures -----------------------------
RESTS_ON = (
    "plan_date", "points_unit", "points_node", "points_base", "veto_losses", "return_lifts_veto", "return_grace_days",
    "points_keep", "points_convert", "points_process", "process_item_points", "points_bonus_each", "points_bonus_max",
    "convert_weight_progress", "convert_weight_goal", "convert_weight_stay", "convert_progress_full", "convert_goal_lines",
    "convert_goal_shares", "convert_stay_lines", "convert_stay_shares", "weak_list_day", "weak_list_cap",
    "unit_weight_inspection", "unit_weight_selfcheck", "unit_weight_class_points", "inspections_per_term",
    "grade_excellent", "grade_good", "grade_pass", "model_units_max", "model_persons_max",
)  # fmt: skip
TOWN_FIGURES = ("D02", "D03", "D04", "D05", "D09", "D14")


def headline(view: Year) -> Section:
    """What stands, what is missing in words, and the figures people ask for first."""
    classes, units = view.classes, view.units
    vetoed = [one for one in classes if one.vetoed]
    unknown = [one for one in classes if one.vetoed is None]
    final = [one for one in classes if one.total is not None]
    standing = f"{view.town.year}学年的积分和等次都已判定，为最后结果（申诉审定除外）。"
    if view.missing:
        standing = f"以下是到 {view.end:%Y-%m-%d} 为止的情况，排名和等次为暂列，不能据此兑现奖惩。"
    if view.public:
        return Section("公示说明", (Note(standing, "warn" if view.missing else "plain"),))
    judged = f"另有 {len(unknown)} 个尚未判定" if unknown else "按现行参数" if classes else "没有班级可以判定"
    tone = "bad" if vetoed else "unknown" if unknown or not classes else "good"
    # all that nobody could judge yet: parts of points, and rules that lacked data; 0 of the one is not 0 of the other
    parts = sum(len(one.open) for one in classes) + sum(part.points is None for one in units for part in one.parts)
    rules = len(places(view.not_judged))
    lacking = f"积分、考核的分项 {parts} 个，规则 {rules} 处；不等于没有问题"
    figures = (
        Figure("班级", len(classes), f"积分已定 {len(final)} 个{'，其余暂列' if len(final) < len(classes) else ''}"),
        Figure("一票否决的班", len(vetoed) if classes else "尚未判定", judged, tone),
        Figure("考核不合格的学校", sum(one.grade == "不合格" for one in units), f"共 {len(units)} 所"),
        Figure("等次已定的学校", sum(one.final for one in units), f"共 {len(units)} 所"),
        Figure("尚未判定", parts + rules, lacking, "unknown"),
    )
    missing = [Lines(tuple(Badge("unknown", text) for text in view.missing))] if view.missing else []
    return Section(
        "概况", (Note(standing, "warn" if view.missing else "good"), *missing, Tiles(figures), *today.folded(view, ()))
    )


@titled("依据与口径", 1, "basis")
def basis(view: Year) -> Blocks:
    """一: the plan, the parameters with their sources, whether each school has shown its scheme to teachers (V03)."""
    rows = []
    for one in map(view.policy.parameter, RESTS_ON):
        value = one.shown + ("" if one.unit in ("文字", "日期", "是否", "月-日") else one.unit)
        rows.append((one.title, value, SOURCES[one.source], cited(one.citation), one.holds_from))
    table = Table(("参数", "值", "来源", "出处", "生效日期"), tuple(rows), caption="本报告所用参数")
    words = (
        "班级为单位，学年为节点，学年初在班人数（锁定的学年初基准）为基数；流失一名学生一票否决，全班积分为 0。",
        "分数都由台账算出，每一分都能对到台账的行；还不能判定的写“尚未判定”，不按 0 分也不按满分算，先按得分率暂列名次。",
        "名次在全镇同年级各班之间排。没有学困厌学名单的班，转化分按同年级平均，只作试算。",
    )
    more = () if view.public else (Details(f"参数表（{len(rows)} 项）", (table,)),)
    return (Lines(words), _schemes(view), *more)


def _schemes(view: Year) -> Table:
    rows = inspection.shown(view.town)
    seen = rows.dropna(subset=["pub_date"]).drop_duplicates("home").set_index("home")
    unread = bool(view.scope.missing("publicity"))
    lines = []
    for home in view.homes:
        shown, day, mode = Badge("bad", "没有公示，积分只作试算"), None, None
        if home in seen.index:
            shown, day, mode = Badge("good", "已公示"), seen.at[home, "pub_date"], seen.at[home, "pub_mode"]
        lines.append((home, day, mode, Badge("unknown", "尚未判定") if unread else shown))
    caption = "绩效方案公示（方案六-8：事先写入、向教师公示）"
    return Table(("学校", "公示日期", "公示方式", "绩效方案"), tuple(lines), caption=caption)


def figures(view: Year) -> Section:
    """二: D02-D05, D09, D14 beside targets and benchmarks."""
    rows, lines = [], []
    for one in definitions.MEASURES:
        if one.code in TOWN_FIGURES:
            for counted in units.measured(view, (one.function,), lines):
                total = counted.total
                shown, note = total, total.note or "—"
                if one.code == "D14" and total.why:
                    shown = Badge("unknown", "尚未判定")
                rows.append((total.title, shown, units.targets(view, one) or "—", note))
    table = Table(("指标", "结果（分子/分母）", "目标、参照", "说明"), tuple(rows))
    return Section("全镇指标" if not view.home else "本校指标", (*units.failed(lines), table), 2, "figures")
