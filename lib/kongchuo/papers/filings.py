"""流生情况日查表, 周报表, 月报表, and what they count."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import pandas as pd

from ..core.numbers import NUMERALS, in_order
from ..core.schema import CENTRE
from ..core.tables import complete
from ..excel.tables import Column, Grid
from ..facts import calendar, cases, support
from ..facts.enrolment import PUPIL, each_once
from ..figures import attendance, flows
from ..figures.base import Measure, by_school
from ..figures.scopes import KEYS, Scope
from ..pages.views import Month
from .base import Copy, lacking, left_out, said as day_of, unfilled

# --- The figures of 周报表, 月报表 and 简报 for any days: a column a figure, counted by class, so that rows add up. domain.md 6.4 ---
Parts = pd.Series  # a count by KEYS (home, grade, class_id)
IN, OUT = ("转入", "复学"), ("转出", "休学", "死亡", "辍学标注")  # every other kind of change counts as 其他
VISIT = "家访"
TIMED = ("限期复学通知书", "责令限期改正通知书")
UNREAD = "未读到"


@dataclass
class Days:
    """A scope, and what several of its figures are counted from, worked out once."""

    scope: Scope

    @cached_property
    def flow(self) -> pd.DataFrame:
        """Pupils who came and went: D01."""
        return flows.month_flow(self.scope)

    @cached_property
    def attended(self) -> pd.DataFrame:
        """出勤率 by KEYS: D10."""
        return attendance.rate(self.scope).parts

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Who was away without leave for how long."""
        return attendance.longest_runs(self.scope)

    @cached_property
    def suspected(self) -> pd.DataFrame:
        """The flow of 疑似辍学 by KEYS."""
        return flows.case_flow(self.scope, flows.suspected(self.scope), flows.SUSPECTED_STEPS)

    @cached_property
    def dropouts(self) -> pd.DataFrame:
        """The flow of 辍学 by KEYS."""
        return flows.case_flow(self.scope, flows.dropouts(self.scope), flows.DROPOUT_STEPS)

    @cached_property
    def visits(self) -> pd.DataFrame:
        """The 劝返记录 rows of the days."""
        rows = self.scope.rows("visit")
        return rows[self.scope.in_days(rows["date"])]

    @cached_property
    def on_hand(self) -> pd.DataFrame:
        """open_cases of the scope."""
        return open_cases(self.scope)


@dataclass(frozen=True)
class Count:
    """A figure: its title, the group it stands under, the sheets it is counted from, and how, by KEYS."""

    title: str
    group: str
    needs: tuple[str, ...]
    function: Callable[[Days], Parts]


def by_keys(rows: pd.DataFrame) -> Parts:
    """How many rows there are, by KEYS."""
    return rows.groupby(KEYS).size()


# --- pupils: D01, the classes' own moves netted within a grade --------------------------------------------------------
def _step(name: str) -> Callable[[Days], Parts]:
    return lambda days: days.flow[name]


def _others(days: Days, letter: str, known: tuple[str, ...], sign: int) -> Parts:
    """Every other kind of change, and who came from (or went to) another grade: moves inside a grade cancel out.

    The net moves stand under class "", since they belong to a grade as a whole.
    """
    flow = days.flow
    rest = flow[[kind for kind in flows.kinds(days.scope, letter) if kind not in known]].sum(axis=1)
    net = (sign * (flow[flows.MOVED_IN] - flow[flows.MOVED_OUT])).groupby(level=KEYS[:2]).sum().clip(lower=0)
    net = pd.concat({"": net}, names=["class_id"]).reorder_levels(KEYS)
    return pd.concat([rest, net]).groupby(level=KEYS).sum()


PUPILS = (
    Count("班数", "", ("class",), lambda days: by_keys(days.scope.classes)),
    Count("月初", "在校", ("roster", "change"), _step(flows.OPENING)),
    Count("转入", "增加", ("change",), _step("转入")),
    Count("复学", "增加", ("change",), _step("复学")),
    Count("其他", "增加", ("change",), lambda days: _others(days, "A", IN, 1)),
    Count("转出", "减少", ("change",), _step("转出")),
    Count("休学", "减少", ("change",), _step("休学")),
    Count("死亡", "减少", ("change",), _step("死亡")),
    Count("辍学", "减少", ("change",), _step("辍学标注")),
    Count("其他", "减少", ("change",), lambda days: _others(days, "B", OUT, -1)),
    Count("月末", "在校", ("roster", "change"), _step(flows.COUNTED)),
)


# --- attendance -------------------------------------------------------------------------------------------------------
def _run(step: int) -> Callable[[Days], Parts]:
    return lambda days: by_keys(days.runs[days.runs["step"] == step])


ATTENDANCE = (
    Count("应到", "出勤人次", ("daily",), lambda days: days.attended["denominator"]),
    Count("实到", "出勤人次", ("daily",), lambda days: days.attended["numerator"]),
    Count("无故缺勤", "出勤人次", ("absence",), lambda days: by_keys(attendance.unexcused(days.scope))),
    Count("1日", "连续无故缺勤（人）", ("absence",), _run(1)),
    Count("2日", "连续无故缺勤（人）", ("absence",), _run(2)),
    Count("3日以上", "连续无故缺勤（人）", ("absence",), _run(3)),
)


# --- cases ------------------------------------------------------------------------------------------------------------
CASES = (
    *(
        Count(name, "疑似辍学", ("suspected",), lambda days, at=name: days.suspected[at])
        for name in flows.SUSPECTED_STEPS
    ),
    *(Count(name, "辍学", ("dropout",), lambda days, at=name: days.dropouts[at]) for name in flows.DROPOUT_STEPS),
)


def open_cases(scope: Scope) -> pd.DataFrame:
    """The pupils on either ledger at the end of the days, each once, with what the roster says of their groups."""
    parts = [flows.suspected(scope), flows.dropouts(scope)]
    rows = each_once(pd.concat([part[cases.open_at(part, scope.end)] for part in parts]), keep="last")
    roster = complete(scope.town["roster"], "student_key").drop_duplicates(PUPIL)
    known = roster.set_index(PUPIL)[["groups", "leftbehind"]]
    found = known.reindex(pd.MultiIndex.from_frame(rows[PUPIL])).set_axis(rows.index)
    both = rows["groups"].fillna("") + "、" + found["groups"].fillna("")
    away = found["leftbehind"].notna() & (found["leftbehind"] != "非留守")
    return rows.assign(groups=both.mask(away, both + "、留守"))


def _timed(days: Days) -> Parts:
    """限期文书 issued in the days, in the class of the case they belong to."""
    scope = days.scope
    rows, book = cases.papers(scope.town), cases.cases(scope.town)
    rows = rows.assign(class_id=[None if pd.isna(case) else book["class_id"].get(case) for case in rows["case"]])
    rows = scope.within(scope.with_class(rows))
    return by_keys(rows[rows["doc_type"].isin(TIMED) & scope.in_days(rows["issued"])])


def _won(days: Days) -> Parts:
    return by_keys(days.visits[days.visits["result"].isin(cases.RETURNED)])


def _at_home(days: Days) -> Parts:
    """家访: 劝返记录 made at home, and 缺勤明细 with 家访 that name no 劝返记录 (which would be the same visit)."""
    return by_keys(pd.concat([days.visits[days.visits["mode"] == VISIT], attendance.calls(days.scope)]))


def _marked(days: Days, marked: bool) -> Parts:
    rows = flows.dropouts(days.scope)
    rows = rows[cases.open_at(rows, days.scope.end)]
    return by_keys(rows[(rows["sys_marked"] <= pd.Timestamp(days.scope.end)) == marked])


def _of_group(days: Days, name: str) -> Parts:
    return by_keys(days.on_hand[support.marked(days.on_hand["groups"], (name,))])


ON_HAND = tuple(
    Count(name, "月末在册中", ("suspected", "dropout", "roster"), partial(_of_group, name=name))
    for name in ("脱贫户", "残疾", "留守")
)
WORK = (
    Count("劝返户次", "劝返与家访", ("visit",), lambda days: by_keys(days.visits)),
    Count("劝返成功", "劝返与家访", ("visit",), _won),
    Count("限期文书", "劝返与家访", ("legal",), _timed),
    Count("家访户次", "劝返与家访", ("visit", "absence"), _at_home),
)
MARKED = (
    Count("已标注", "国家平台（辍学）", ("dropout",), partial(_marked, marked=True)),
    Count("未标注", "国家平台（辍学）", ("dropout",), partial(_marked, marked=False)),
)


def counted(scope: Scope, counts: tuple[Count, ...]) -> list[tuple[Count, Parts, tuple[str, ...]]]:
    """Each figure with its parts by KEYS and the schools it could not be counted for."""
    found = []
    for count in counts:
        missing, parts = scope.missing(*count.needs), parts_of(scope, count)
        found.append((count, parts[~parts.index.get_level_values("home").isin(missing)] if missing else parts, missing))
    return found


@by_school
def parts_of(scope: Scope, count: Count) -> Parts:
    """A figure by KEYS."""
    return count.function(scope.once(Days))


def totals(scope: Scope, counts: tuple[Count, ...]) -> list[int | None]:
    """The sum of each figure; None where a school's workbook could not be read."""
    return [None if missing else int(parts.sum()) for _, parts, missing in counted(scope, counts)]


# --- 日查表, 周报表, 月报表 (domain.md 6.4): what each sheet of them holds, row by row ---------------------------------------
RATE = "出勤率"
SIGN = ("填表人", "学籍管理员", "校长（签章）", "报送日期")
# in characters; with these the longest table prints at some 85 %
WIDTHS = {"备注": 10, RATE: 8, "应到": 7, "实到": 7, "已标注": 8, "未标注": 8}
NARROW = 5.2


# --- 月报表, 周报表 -------------------------------------------------------------------------------------------------------
def monthly(month: Month) -> Iterator[Copy]:
    """月报表: 表一 pupils and attendance, 表二 cases and work, a row a school and grade, sums below."""
    meta = f"填报单位：{month.title}　　{month.label}　　数据截至{month.end:%Y-%m-%d}"
    lost = _unread_notes(month, month.scope, "visit.mode", "visit.result", "absence.visited")
    grids = []
    for number, name, counts, notes in (
        ("一", "在校与出勤", (*PUPILS, *ATTENDANCE), _first_notes(month)),
        ("二", "疑似辍学与劝返", (*CASES, *ON_HAND, *WORK, *MARKED), (ON_HAND_NOTE,)),
    ):
        grid = _grid(month, month.scope, counts, "grade", note=number == "二")
        heading = f"流生情况月报表（{month.label}）表{number}：{name}"
        grids.append(replace(grid, title=f"表{number} {name}", heading=heading, meta=meta, notes=(*notes, *lost)))
    yield Copy(tuple(grids))


ON_HAND_NOTE = (
    "上月末在册＋新增（新认定）－返校－转辍学－销号＝月末在册。“月末在册中”按台账和花名册的特殊群体，一人可属几类；"
    "限期文书为本期出具的限期复学通知书和责令限期改正通知书；家访户次为劝返记录中的家访，加上缺勤明细中填了家访而没有劝返记录的。"
)


def _first_notes(month: Month) -> tuple[str, ...]:
    said = (
        "“其他增加”为新生入学、其他增加和净调入，“其他减少”为毕业、结业、其他减少和净调出；本校班级之间的调整在年级内相抵。"
        "出勤率＝实到人次÷应到人次，日查有错误的行不计入。连续缺勤按上课日，每人只计最长一次。",
    )
    gap = int(month.flow[flows.GAP].sum())
    if gap:
        said = (*said, f"花名册推算的月末在校与增减推算的相差 {gap:+d} 人，请核对学生变动。")
    return said


COUNTED = ("roster", "change", "daily", "absence", "suspected", "dropout", "visit", "legal")


def _unread_notes(month: Month, scope: Scope, *more: str) -> tuple[str, ...]:
    """What nobody has filled in; what could not be read, since a sum holds only the schools that could; the rows that nobody can put
    into these days.
    """
    text = lacking(month, *COUNTED)
    said = f"{text}。这些学校的数没有计入合计，请读到后重新生成，不要当作0。" if text else ""
    return tuple(filter(None, (unfilled(month), said, left_out(scope, *COUNTED, *more))))


def weekly(month: Month) -> Iterator[Copy]:
    """周报表: a sheet a week that ends in the month; a row a class, in the town's edition a row a school."""
    grids = []
    for start, end in weeks(month):
        scope = replace(month.scope, start=start, end=end)
        level = "class_id" if month.home else "home"
        counts = (*ATTENDANCE, *CASES, WORK[0], WORK[3])
        grid = _grid(month, scope, counts, level, note=True)
        days = len(attendance.school_days(scope))
        told = not calendar.terms(month.town).empty  # else no day is known to be one of lessons, or none
        taught = f"上课 {days} 日" if told else "哪几天上课尚未判定"
        meta = f"填报单位：{month.title}　　{start:%Y-%m-%d} 至 {end:%Y-%m-%d}，{taught}"
        grids.append(replace(grid, title=f"{end:%m-%d}止", heading=f"流生情况周报表（{day_of(end)}止）", meta=meta,
                             notes=((*(() if days or not told else ("本周没有上课日。",)), *_unread_notes(month, scope)))))  # fmt: skip
    if grids:
        yield Copy(tuple(grids))


def weeks(month: Month) -> list[tuple[dt.date, dt.date]]:
    """The weeks whose closing day (周报截止) lies in the month and has come: seven days each, so that no day is lost."""
    last = month.policy["week_report_due_weekday"] - 1
    days = (day.date() for day in pd.date_range(month.start, month.end) if day.weekday() == last)
    return [(day - dt.timedelta(days=6), day) for day in days]


def _grid(month: Month, scope: Scope, counts: tuple[Count, ...], level: str, note: bool = False) -> Grid:
    """Rows by grade, class or school, sums below; in the town's edition by grade each school has its own sum."""
    figures = [(count, parts.astype(int).to_dict(), missing) for count, parts, missing in counted(scope, counts)]
    columns = [*{"grade": ("学校", "年级"), "class_id": ("年级", "班级"), "home": ("序号", "学校")}[level]]
    titles = [Column(name, width=16 if name == "学校" else 8) for name in columns]
    for count, _, _ in figures:
        title = count.title.replace("月末在册", "周末在册") if level != "grade" else count.title
        titles.append(Column(title, count.group, WIDTHS.get(count.title, NARROW)))
        if count.title == "实到":
            titles.append(Column(RATE, count.group, WIDTHS[RATE]))
    if note:
        titles.append(Column("备注", width=WIDTHS["备注"]))
    rows, totals = [], set()
    for labels, keep, is_sum in _units(month, scope, level):
        values = _values(scope, figures, keep)
        if "not_in" in keep and not any(value not in (0, "—", UNREAD) for value in values):
            continue  # everything has its grade or class, as it should
        if is_sum:
            totals.add(len(rows))
        rows.append((*labels, *values, *([None] if note else [])))
    return Grid("", "", tuple(titles), tuple(rows), signatures=SIGN, totals=frozenset(totals))


def _units(month: Month, scope: Scope, level: str) -> Iterator[tuple[tuple, dict, bool]]:
    """(labels, which part of the figures, whether it is a sum) of each row."""
    classes = scope.classes.sort_values(["grade", "class_id"], key=in_order)
    for number, home in enumerate(scope.homes, 1):
        own = classes[classes["home"] == home]
        if level == "home":
            yield (number, home), {"home": home}, False
            continue
        if level == "class_id":
            for key, name, grade in own[["class_id", "class_name", "grade"]].itertuples(index=False):
                yield (_grade(grade), name or key), {"home": home, "class_id": key}, False
            yield ("不明", "班级不明"), {"home": home, "not_in": ("class_id", frozenset(own["class_id"]))}, False
        else:
            for grade in own["grade"].unique():
                yield (home, _grade(grade)), {"home": home, "grade": grade}, False
            yield (home, "年级不明"), {"home": home, "not_in": ("grade", frozenset(own["grade"]))}, False
            if not month.home:
                yield (home, "小计"), {"home": home}, True
    yield ("合计", ""), {}, True


def _grade(number: int) -> str:
    return f"{NUMERALS[number]}年级" if 1 <= number <= 9 else "不明"


def _values(scope: Scope, figures: list, keep: dict) -> list:
    values: list = []
    for count, parts, missing in figures:
        values.append(UNREAD if _unread(scope, missing, keep) else _sum(parts, keep))
        if count.title == "实到":
            values.append(_rate(scope, *values[-2:]))
    return values


def _unread(scope: Scope, missing: tuple[str, ...], keep: dict) -> bool:
    """A sum over schools is unread only where none could be read; the schools' own rows say which lack."""
    if CENTRE in missing or keep.get("home") in missing:
        return True
    return "home" not in keep and bool(missing) and set(missing) >= set(scope.homes)


def _sum(parts: dict[tuple[str, int, str], int], keep: dict) -> int:
    """The sum of the parts of one row."""
    level, known = keep.get("not_in", ("", frozenset()))
    place = KEYS.index(level) if level else 0
    wanted = [(number, keep[name]) for number, name in enumerate(KEYS) if name in keep]
    return sum(
        count
        for key, count in parts.items()
        if all(key[number] == value for number, value in wanted) and not (level and key[place] in known)
    )


def _rate(scope: Scope, due: object, present: object) -> str:
    if UNREAD in (due, present):
        return UNREAD
    percent = Measure("D10", RATE, present, due, scope.policy["small_denominator"]).percent.replace(" %", "%")
    return percent or (f"{present}/{due}" if due else "—")


# --- 日查表 -------------------------------------------------------------------------------------------------------------
DAY = (("due", "应到"), ("present", "实到"), ("sick", "病假"), ("personal", "事假"), ("other_leave", "其他请假"),
       ("unexcused", "无故缺勤"))  # fmt: skip
DAY_COLUMNS = (Column("年级", width=10), Column("班级", width=12), *(Column(title, width=9) for _, title in DAY),
               Column("晨检时间", width=10), Column("填报人", width=12), Column("备注", width=22))  # fmt: skip


def daily(month: Month) -> Iterator[Copy]:
    """日查表: a sheet a school day, a row a class; a class without 日查 stands there empty and says so."""
    scope, names = month.scope, month.scope.staff_names
    rows = scope.rows("daily").drop_duplicates(["class_id", "date"])
    known = dict(zip(zip(rows["class_id"], rows["date"], strict=True), rows.to_dict("records"), strict=True))
    classes = scope.classes.sort_values(["grade", "class_id"], key=in_order)
    grids = []
    for day in attendance.school_days(scope):
        lines, sums, filled = [], [0] * len(DAY), 0
        for key, name, grade in classes[["class_id", "class_name", "grade"]].itertuples(index=False):
            row = known.get((key, day))
            if row is None:
                lines.append((_grade(grade), name or key, *[None] * (len(DAY) + 2), "没有日查，请补填"))
                continue
            numbers = [None if pd.isna(row[field]) else int(row[field]) for field, _ in DAY]
            sums = [total + (number or 0) for total, number in zip(sums, numbers, strict=True)]
            filled += 1
            who = row["reporter"]
            lines.append((_grade(grade), name or key, *numbers, _text(row["time"]), names.get(who, _text(who)),
                          "有未填的数" if None in numbers else None))  # fmt: skip
        lines.append(("合计", f"{filled}/{len(classes)}班", *sums, None, None, None))
        grids.append(Grid(f"{day:%m-%d}", f"流生情况日查表（{day_of(day)}）", DAY_COLUMNS, tuple(lines),
                          meta=f"填报单位：{month.title}", totals=frozenset({len(lines) - 1}),
                          signatures=("填表人", "值班领导", "校长（签章）", "日期")))  # fmt: skip
    if grids:
        yield Copy(tuple(grids))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
