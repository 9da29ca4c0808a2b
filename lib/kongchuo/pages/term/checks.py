"""Sections on what was found on the spot and in the ledgers: 人籍核查结果, 疑似辍学处置, 特殊群体, 点名核对表."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from ...core.numbers import NUMERALS
from ...core.tables import row_of
from ...due.steps import OPEN, limited
from ...figures import duty, inspection, inspection_items, support
from .. import charts
from ..display import Badge, Chart, Details, Figure, Note, Section, Table, Tiles
from ..units import TITLES, attempt, failed, uncounted_note, without_pupils
from .rounds import Round

COUNTS = {
    "n_register": "印册（学籍）数", "n_rollbook": "点名册", "n_seating": "座次表", "n_homework": "作业", "n_present": "实到",
    "leave_ok": "请假有据", "leave_no": "请假无据", "unknown": "去向不明",
}  # fmt: skip
LETTERS = {
    "列入疑似": "列", "首次联系": "联", "首次家访": "访", "书面报中心学校": "报", "报镇政府": "镇", "疑似结案": "结", "认定辍学": "认",
    "复学": "复", "销号": "销",
}  # fmt: skip
MOST = 60  # cases drawn


# --- three: the four lists ------------------------------------------------------------------------------------------------
def apart(rows: pd.DataFrame) -> pd.Series:
    """How many differences a class has, whatever they are: those that item 4 of the score sheet counts."""
    return sum(inspection_items.differences(rows).values()).astype(int)


def _grade(view: Round) -> str:
    """The grade that roll-call and coverage are narrowed to, in words; "" for all."""
    return f"{NUMERALS[view.grade]}年级" if view.grade else ""


def roll_call(view: Round) -> Section:
    """三: per school (in a school's edition per class) what the lists say and what was called in class."""
    rows = view.rollcall
    if view.scope.missing("rollcall"):
        return view.section("roll_call", Note("读不到督查点名，尚未判定。", "unknown"))
    if rows.empty:
        none = f"本轮没有{_grade(view)}督查点名的记录，人籍是否一致尚未判定。"
        return view.section("roll_call", Note(none, "unknown"))
    rows = rows.assign(apart=apart(rows))
    different = int((rows["apart"] > 0).sum())
    tiles = (
        Figure(f"{_grade(view)}点名班数", len(rows), "班"),
        Figure("印册数", int(rows["n_register"].fillna(0).sum()), "人"),
        Figure("实到", int(rows["n_present"].fillna(0).sum()), "人"),
        Figure("有差异的班", different, "班", "bad" if different else "good"),
        Figure("差异合计", int(rows["apart"].sum()), "处：三表与学籍数之差、请假无据、去向不明"),
    )
    lost = uncounted_note(view.scope, "rollcall")
    if gaps := int(inspection_items.incomplete(rows).sum()):
        lost.append(Note(f"{gaps} 行督查点名有空着或读不到的数，没有算进合计和差异。", "unknown"))
    called = {*rows["home"]}
    absent = [sheet.home for sheet in view.sheets if sheet.home not in called]
    note = f"没有{_grade(view)}点名记录的学校：{'、'.join(absent)}，尚未判定。" if absent else ""
    if view.home:
        labels = view.scope.labels
        keys = [labels.get(key, key) for key in rows["class_id"]]
        return view.section("roll_call", *lost, Tiles(tiles), _lists("班级", keys, rows, note))
    totals = rows.groupby("home", sort=False)[[*COUNTS, "apart"]].sum()
    totals = totals.reindex([home for home in view.homes if home in totals.index])
    table = _lists("学校", list(totals.index), totals, note, rows.groupby("home").size().reindex(totals.index))
    told = "、".join(
        f"{row.home}{view.scope.labels.get(row.class_id, row.class_id)}{row.apart}处"
        for row in rows[rows["apart"] > 0].itertuples()
    )
    said = [Note(f"有差异的班：{told}。")] if told else []
    return view.section("roll_call", *lost, Tiles(tiles), *said, table)


def _lists(title: str, keys: list[str], rows: pd.DataFrame, note: str, classes: pd.Series | None = None) -> Table:
    extra = {} if classes is None else {"点名班数": classes.tolist()}
    columns = {**extra, **{label: rows[name].fillna(0).astype(int).tolist() for name, label in COUNTS.items()}}
    differences = rows["apart"].astype(int).tolist()
    shown = [Badge("bad", str(number)) if number else 0 for number in differences]
    lines = tuple(zip(keys, *columns.values(), shown, strict=True))
    total = ("合计", *(sum(values) for values in columns.values()), sum(differences))
    return Table((title, *columns, "差异"), lines, "四表与点名", total, note)


def roll_sheets(view: Round) -> Section:
    """附件2: every class that was called, with who checked."""
    rows = view.rollcall
    if rows.empty:
        return view.section("roll_sheets", Note(f"本轮没有{_grade(view)}督查点名的记录。", "unknown"))
    names = view.scope.staff_names
    lines = tuple(
        (row.home, view.scope.labels.get(row.class_id, row.class_id), *counts, number, names.get(row.checker, row.checker))
        for row, counts, number in zip(rows.itertuples(), _whole(rows), apart(rows), strict=True)
    )  # fmt: skip
    return view.section("roll_sheets", Table(("学校", "班级", *COUNTS.values(), "差异", "核查人"), lines))


def _whole(rows: pd.DataFrame) -> list[list[int | None]]:
    """The counts of each row as plain numbers, None where the cell is empty."""
    return [[None if pd.isna(value) else int(value) for value in row] for row in rows[[*COUNTS]].to_numpy(object)]


# --- four: cases against their limits --------------------------------------------------------------------------------------
def told(view: Round) -> pd.DataFrame:
    """inspection.walked of each school as of its inspection, of the cases that were open then or stepped on since the round before.

    `case` names the case by its workbook and row.
    """
    parts = []
    for day in dict.fromkeys(sheet.as_of for sheet in view.sheets) or (view.end,):
        held = {sheet.home: sheet.since for sheet in view.sheets if sheet.as_of == day}
        looked_at = inspection.looked_at(view.town, day, *held)
        steps = inspection.walked(view.town, view.policy, day, *looked_at)
        since = pd.to_datetime(steps["home"].map(held))
        moved = steps.loc[steps["date"].isna() | (steps["date"] >= since), "case"]
        steps = steps[since.notna() & (steps["case"].isin(moved) | steps["state"].isin(OPEN))]
        names = {place: f"{view.town.book_name(place)} {row_of(place)}" for place in steps["case"].unique()}
        parts.append(steps.assign(case=steps["case"].map(names)))
    return pd.concat(parts, ignore_index=True)


def cases(view: Round) -> Section:
    """四: each step of each case against its time limit, a time line, and what the rules call concealed."""
    unread = view.scope.missing("suspected", "dropout", "visit")
    if unread and set(unread) >= set(view.homes):
        return view.section("cases", Note(f"读不到控辍台账：{'、'.join(unread)}。尚未判定，不能当作没有。", "unknown"))
    steps = told(view)
    blocks = [Note(f"读不到控辍台账：{'、'.join(unread)}，未计入。", "unknown")] if unread else []
    blocks += uncounted_note(view.scope.whole, "suspected", "dropout", "visit")
    hidden = [gap for sheet in view.sheets for gap in sheet.scores[5].gaps if gap.what == inspection_items.HIDDEN]
    if hidden:
        blocks.append(Note(f"应列未列疑似台账 {len(hidden)} 人，行号见评分表第6项。", "bad"))
    if steps.empty:
        none = f"{view.since:%Y-%m-%d} 至 {view.last:%Y-%m-%d}（各校到督查当日）台账中没有在办的疑似辍学、辍学个案。"
        return view.section("cases", *blocks, Note(none))
    timed, labels = steps[steps["due"].notna()], _labels(view, steps)
    timed = timed.assign(step=limited(timed))
    late, undone = timed["late"] & ~timed["waiting"], timed["late"] & timed["waiting"]
    tiles = (
        Figure("个案", steps["case"].nunique(), "件，本轮时段内在办或有进展，各校到督查当日"),
        Figure("有时限的步骤", len(timed), "步"),
        Figure("按时", int((~timed["late"] & ~timed["waiting"]).sum()), "步"),
        Figure("晚办", int(late.sum()), "步", "bad" if late.any() else "good"),
        Figure("逾期未办", int(undone.sum()), "步", "bad" if undone.any() else "good"),
        Figure("未到期", int((~timed["late"] & timed["waiting"]).sum()), "步"),
    )
    rows = []
    for name, own in timed.groupby("step", sort=False):
        over, done = own["late"], ~own["waiting"]
        worst = int(-own.loc[over, "days"].min()) if over.any() else None
        waiting = (~over & ~done).sum()
        rows.append((name, own["limit"].iloc[0], len(own), int((done & ~over).sum()), int((done & over).sum()),
                     int((over & ~done).sum()), int(waiting), worst))  # fmt: skip
    columns = ("步骤", "时限", "件数", "按时", "晚办", "逾期未办", "未到期", "最长晚几天")
    table = Table(columns, tuple(rows), "各步骤与时限")
    return view.section(
        "cases", *blocks, Tiles(tiles), table, *_timeline(labels, steps), _late_list(view, labels, timed[timed["late"]])
    )


def _labels(view: Round, steps: pd.DataFrame) -> dict[str, str]:
    """What a case is called: its school and a running number, no name."""
    counts: dict[str, int] = {}
    found = {}
    for case, home in steps.drop_duplicates("case").sort_values("away")[["case", "home"]].itertuples(index=False):
        counts[home] = counts.get(home, 0) + 1
        found[case] = f"个案{counts[home]}" if view.home else f"{home}{counts[home]}"
    return found


def _timeline(labels: dict[str, str], steps: pd.DataFrame) -> list[Chart]:
    drawn = steps[steps["step"].isin(LETTERS) & steps["date"].notna() & steps["away"].notna()]
    rows = []
    for case, label in list(labels.items())[:MOST]:
        own = drawn[drawn["case"] == case]
        days = (own["date"] - own["away"]).dt.days.clip(lower=0)
        marks = zip(days.astype(int), own["step"].map(LETTERS), own["late"].astype(bool), strict=True)
        rows.append((label, list(marks)))
    reads = f"{len(rows)} 件个案，超过时限的步骤 {sum(late for _, marks in rows for _, _, late in marks)} 个"
    key = "，".join(f"{letter}＝{step}" for step, letter in LETTERS.items())
    key = f"{key}；同一天的写在一起，方框红底为其中有超过时限的；挨得近的依次往右排。"
    return [Chart(svg, "个案时间线：离校后各步骤在第几天", key) for svg in charts.time_lines(rows, reads)]


def _late_list(view: Round, labels: dict[str, str], late: pd.DataFrame) -> Details | Note:
    if late.empty:
        return Note("各步骤都在时限内。", "good")
    rows = tuple(
        (labels[row.case], row.step, row.limit, row.due, None if row.waiting else row.due - pd.Timedelta(days=row.days),
         -row.days, view.short(view.town.book_name(row.place)),
         view.town.schema.sheets[row.sheet].title, row_of(row.place))
        for row in late.itertuples()
    )  # fmt: skip
    columns = ("个案", "步骤", "时限", "应在", "实际", "晚几天", "工作簿", "工作表", "行")
    return Details(f"晚办和逾期未办的步骤（{len(rows)} 行）", (Table(columns, rows),), open=bool(view.home))


# --- five: groups of pupils --------------------------------------------------------------------------------------------------
def groups(view: Round) -> Section:
    """五: who of the four groups has no plan, placement or place on the list, per school as of its inspection; coverage rates."""
    lines: list[str] = []
    covered, four = (_coverage(view, counts, lines) for counts in (support.COVERED, duty.FOUR_BONDS))
    rates = Table(("项目", f"已落实/应落实（{view.last:%Y-%m-%d}）", "说明"), covered, f"{_grade(view)}覆盖率")
    table = attempt(view, "各校缺案", lambda: _lacking(view), lines)
    told = [_told(view)] if table and not view.home else []
    bonds = Details(f"{_grade(view)}四包覆盖率", (Table(("项目", "已落实/应落实", "说明"), four),))
    return view.section("groups", *failed(lines), rates, *told, *([table] if table else []), bonds)


def _coverage(view: Round, counts: Sequence[Callable], lines: list[str]) -> tuple[tuple, ...]:
    """A row a figure as of the last day; what fails stands in `lines`."""
    _ = view.sheets  # with which these are worked out
    part = replace(view.scope, end=view.last).part
    asked = (
        (TITLES.get(one, "一项覆盖率"), partial(inspection.covered, view.town, view.policy, one, *part))
        for one in counts
    )
    made = (attempt(view, title, ask, lines) for title, ask in asked)
    return tuple((one.title, one, one.note) for found in made for one in found or ())


def _groups_lacking(sheet: inspection.Sheet) -> list[int]:
    """How many pupils of each of the four groups have no plan, placement or place on the list."""
    gaps = sheet.scores[6].gaps
    return [sum(gap.count for gap in gaps if gap.group == place) for place in range(len(inspection_items.GROUPS))]


def _told(view: Round) -> Note:
    """Which schools lack a plan; none found among pupils nobody has written down is not none."""
    named, empty = _named(view), without_pupils(view)
    words = filter(None, (named or ("" if empty else "没有"), f"{empty}，尚未判定" if empty else ""))
    return Note(f"缺案的学校：{'；'.join(words)}。", "unknown" if empty else "plain")


def _named(view: Round) -> str:
    found = []
    for sheet in view.sheets:
        told = [
            f"{name}{n}人" for (name, _), n in zip(inspection_items.GROUPS, _groups_lacking(sheet), strict=True) if n
        ]
        found += [f"{sheet.home}{'、'.join(told)}"] if told else []
    return "；".join(found)


def _lacking(view: Round) -> Table:
    names = [name for name, _ in inspection_items.GROUPS]
    most = view.policy["inspection_group_points"]
    rows = []
    for sheet in view.sheets:
        counts, score = _groups_lacking(sheet), sheet.scores[6]
        lost = Badge("unknown", "不能测算") if score.system is None else score.points - score.system
        rows.append((sheet.home, *counts, lost))
    lacking = (f"{name}缺案（最多扣{points:g}分）" for name, points in zip(names, most, strict=True))
    return Table(("学校", *lacking, "系统测算扣分"), tuple(rows), "各校缺案（督查当日，人）")
