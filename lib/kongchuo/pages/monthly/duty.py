"""Section 二、自查组织: who checked, and 包保责任: who answers for whom."""

import pandas as pd

from ...core import years
from ...core.editions import MAY_SEE, SHOWN
from ...core.numbers import NUMERALS, in_order, some
from ...core.tables import Town, mapping, once
from ...facts import duty
from ...facts.cases import PHONE
from ...facts.references import named
from ...figures import attendance, duty as bonds, support
from ...figures.base import Measure, Ratio
from .. import units
from ..display import Badge, Blocks, Details, Figure, Note, Table, Tiles, titled
from ..masks import surname
from ..views import Month

# --- The part of 二、自查组织 on 四包: the matrix of schools and duties, who holds what, gaps, load, who left, what changed ---
# Staff and village officers stand with their names; pupils are masked for who reads.
MOST_OPEN = 30  # of a list that stands open on the page
TITLES = {duty.SCHOOLS: "包学校", duty.GRADES: "包年级", duty.PUPILS: "包学生", duty.VILLAGES: "包家长"}


def bond_blocks(month: Month) -> list:
    """Everything on 四包, in the order people ask: is everything held, by whom, who holds too much, what changed."""
    scope = month.scope
    if unread := scope.missing("bond"):
        return [Note(f"读不到包保责任：{'、'.join(unread)}，四包尚未判定。", "unknown")]
    ratios = [function(scope) for function in bonds.FOUR_BONDS]
    held, doubles, gone = bonds.held(scope), bonds.doubles(scope), bonds.gone(scope)
    overview = [_town(month, held, ratios, doubles, gone)] if not month.home else _school(month, held, ratios)
    return [*overview, *_gaps(month, ratios), *_people(month, doubles, gone), *_loads(month), *_by_date(month)]


# --- the matrix -----------------------------------------------------------------------------------------------------------
def _town(month: Month, held: pd.DataFrame, ratios: list[Ratio], doubles: pd.DataFrame, gone: pd.DataFrame) -> Table:
    """School × 四包, with who holds the school."""
    people = bonds.names_by(held[held["kind"] == duty.SCHOOLS], "home")
    values = [ratio.by("home") for ratio in ratios]
    counts = [frame.groupby("home").size().to_dict() for frame in (doubles, gone)]
    rows = []
    for home, label in units.units(month, "home"):
        measures = [found.get(home) for found in values]
        short = sum(item.short for item in measures if item)
        doubled, left = (_count(one.get(home, 0)) for one in counts)
        rows.append((label, people.get(home, "—"), *measures, _count(short, "bad"), doubled, left))
    totals = [ratio.total for ratio in ratios]
    total = ("合计", "", *totals, sum(item.short for item in totals), len(doubles), len(gone))
    columns = ("学校", "包校领导", *(ratio.title for ratio in ratios), "空档", "多人包", "离岗仍包")
    return Table(columns, tuple(rows), "四包覆盖（各校）", total)


def _count(number: int, tone: str = "warn") -> object:
    return Badge(tone, str(number)) if number else 0


def _school(month: Month, held: pd.DataFrame, ratios: list[Ratio]) -> list:
    """Who holds the school; grade, class and village in detail."""
    scope = month.scope
    whole = "、".join(held.loc[held["kind"] == duty.SCHOOLS, "name"].drop_duplicates()) or "未落实"
    leaders = bonds.names_by(held[held["kind"] == duty.GRADES], "unit")
    codes = dict(zip(bonds.grades(scope)["grade"], bonds.grades(scope)["unit"], strict=True))
    classes, pupils = scope.classes, ratios[2]
    by_grade = pupils.by("grade")
    rows = [
        (label, leaders.get(codes.get(grade), "—"), int((classes["grade"] == grade).sum()), by_grade.get(grade))
        for grade, label in units.units(month, "grade")
    ]
    total = ("合计", "", len(classes), pupils.total)
    table = Table(("年级", "包年级领导", "班数", "包学生"), tuple(rows), f"四包覆盖（包校领导：{whole}）", total)
    return [
        table,
        units.behind("包学生，按班级", _classes(month, held, pupils)),
        units.behind("包家长，按村", _villages(month, held)),
    ]


def _classes(month: Month, held: pd.DataFrame, pupils: Ratio) -> Table:
    """Class by class: the 班主任, and who besides is named for pupils of it."""
    own = held[held["kind"] == duty.PUPILS]
    place = support.pupils(month.scope).drop_duplicates("student_key").set_index("student_key")["class_id"]
    own = own.assign(class_id=named(own["unit"], place.to_dict()))
    heads = bonds.names_by(own[own["via"] == duty.BY_CLASS], "class_id")
    head = pd.MultiIndex.from_frame(own.loc[own["via"] == duty.BY_CLASS, ["class_id", "holder"]])
    others = own[~pd.MultiIndex.from_frame(own[["class_id", "holder"]]).isin(head)]
    besides = bonds.names_by(others, "class_id")
    by_class = pupils.by("class_id")
    rows = [
        (label, heads.get(key, "—"), besides.get(key, "—"), by_class.get(key))
        for key, label in units.units(month, "class_id")
    ]
    return Table(("班级", "班主任", "另有包保教师", "包学生"), tuple(rows), note="没有另外指定的学生由班主任包保。")


def _villages(month: Month, held: pd.DataFrame) -> Table:
    people = bonds.names_by(held[held["kind"] == duty.VILLAGES], "unit")
    labels = units.village_names(month.town)
    served = dict.fromkeys(bonds.villages(month.scope)["village"])
    return Table(("村", "包家长责任人"), tuple((labels.get(key, key), people.get(key, "—")) for key in served))


# --- what is missing, doubled, too much --------------------------------------------------------------------------------------
def _gaps(month: Month, ratios: list[Ratio]) -> list:
    """What nobody holds at the month's end: schools, grades, villages by name, pupils as the roster has them."""
    scope, labels = month.scope, Labels(month)
    unread = tuple(dict.fromkeys(home for ratio in ratios for home in ratio.missing))
    found = [Note(f"读不到：{'、'.join(unread)}，这些单位的四包尚未判定。", "unknown")] if unread else []
    schools, grades, pupils, villages = (ratio.lacking for ratio in ratios)
    rows = [("包学校", home, home) for home in schools["home"]]
    rows += [("包年级", row.home, f"{NUMERALS[row.grade]}年级") for row in grades.itertuples()]
    served, held = bonds.villages(scope), bonds.answered(scope, duty.VILLAGES)["unit"]
    served = served[served["home"].isin(villages["home"]) & ~served["village"].isin(held)]
    rows += [("包家长", row.home, labels(duty.VILLAGES, row.village)) for row in served.itertuples()]
    if rows:
        found.append(Table(("类型", "学校", "未落实包保"), tuple(rows[:MOST_OPEN]), "四包空档", note=_more(len(rows))))
    if len(pupils) and not month.home:
        counts = units.by_keys(pupils).reset_index(name="pupils")
        counts = counts.sort_values(["home", "grade", "class_id"], key=in_order)
        lines = tuple((row.home, scope.labels.get(row.class_id, "—"), row.pupils) for row in counts.itertuples())
        found.append(units.behind("未落实包保的学生，按班级", Table(("学校", "班级", "人数"), lines)))
    elif len(pupils):
        rows_of = units.rows_behind(month, pupils, "roster")
        table = units.ledger(month, rows_of, "roster", ("name", "student_key", "status"))
        found.append(units.behind("未落实包保的学生", table))
    if not rows and not len(pupils) and not unread:
        found.append(Note("截至本月末四包没有空档。", "good"))
    return found


def _people(month: Month, doubles: pd.DataFrame, gone: pd.DataFrame) -> list:
    labels, found = Labels(month), []
    if len(doubles):
        rows = [(TITLES[row.kind], row.home, labels(row.kind, row.unit), row.names) for row in doubles.itertuples()]
        note = "两人以上包一处，要写明谁主谁次；花名册与包保责任写的教师不一致的，请改成一致。"
        columns = ("类型", "学校", "对象", "包保人")
        found.append(Table(columns, tuple(rows[:MOST_OPEN]), "多人包一处", note=f"{note}{_more(len(rows))}"))
    if len(gone):
        rows = [(row.name, TITLES[row.kind], row.home, row.units, row.left) for row in gone.itertuples(index=False)]
        columns = ("姓名", "包保", "学校", "处（人）数", "离岗日期")
        found.append(Table(columns, tuple(rows[:MOST_OPEN]), "已离岗仍包保", note=f"请换人。{_more(len(rows))}"))
    return found


def _loads(month: Month) -> list:
    """Who holds more than the policy's lines; everybody's load is folded behind."""
    loads, policy = bonds.loads(month.scope), month.policy
    if not loads:
        return []
    over = [item for item in loads if item.over]
    lines = "、".join(f"{policy[key]}{word}" for key, word in bonds.LINES.values())
    found: list = [Note(f"包保任务均未超限（默认线：一人{lines}，待中心学校确认）。")]
    if over:
        rows = tuple((item.name, item.home or "村", item.over) for item in over[:MOST_OPEN])
        note = f"上限是默认值，待中心学校确认：一人{lines}。{_more(len(over))}"
        found = [Table(("姓名", "单位", "包保"), rows, "包保任务超限，请调整", note=note)]
    columns = ("姓名", "单位", "学校", "年级", "台账学生", "村")
    rows = tuple((item.name, item.home or "村", *item.counts.values()) for item in loads[:MOST_OPEN])
    note = "台账学生：重点关注、疑似辍学、辍学在册的和未转化的学困厌学；台账写了包保教师的算他，没有写的算花名册指定的教师，再没有的算班主任。"
    table = Table(columns, rows, note=f"{note}{_more(len(loads))}")
    return [*found, Details(f"包保任务分布（{len(loads)} 人）", (table,))]


# --- by date ------------------------------------------------------------------------------------------------------------------
def _by_date(month: Month) -> list[Details]:
    """What began and ended in the month, and on which days something was held by nobody."""
    labels, found = Labels(month), []
    moves = bonds.turnover(month.scope)
    if len(moves):
        rows = [
            (row.date, row.what, TITLES.get(row.kind, "—"), labels(row.kind, row.target, row.target_type), row.name)
            for row in moves.itertuples()
        ]
        found.append(units.behind("本月包保变动", Table(("日期", "变动", "包保", "对象", "包保人"), tuple(rows))))
    empty = bonds.vacancies(month.scope)
    if len(empty):
        rows = []
        for (kind, first, last), own in empty.groupby(["kind", "first", "last"], sort=False):
            names = dict.fromkeys(labels(kind, unit) for unit in own["unit"])
            rows.append((TITLES[kind], first, last, len(own), some(names, 5, "处")))
        table = Table(("包保", "从", "到", "处数", "未落实包保"), tuple(rows))
        found.append(units.behind("本月有过的空档（含月末仍空的）", table))
    return found


def _more(number: int) -> str:
    return f"只列前 {MOST_OPEN} 项，共 {number} 项。" if number > MOST_OPEN else ""


@once
def _pupils(town: Town) -> dict[str, str]:
    """Number of a pupil -> name."""
    return mapping(town["roster"].dropna(subset=["student_key", "name"]), "student_key", "name")


class Labels:
    """What a unit of 四包 is called on the page."""

    def __init__(self, month: Month) -> None:
        scope = month.scope
        self.mask = str if MAY_SEE["name"][units.audience(month)] == SHOWN else surname
        self.schools = {scope.key("school", home): home for home in month.town.homes}
        self.classes, self.villages = scope.labels, units.village_names(month.town)
        self.pupils = _pupils(month.town)

    def __call__(self, kind: str, unit: object, target_type: str = "") -> str:
        """The label of a school, `code-grade`, class, pupil or village."""
        if pd.isna(unit):
            return "认不出"
        if unit in self.pupils:
            return self.mask(self.pupils[unit])
        known = self.schools.get(unit) or self.classes.get(unit) or self.villages.get(unit)
        code, _, grade = str(unit).rpartition("-")
        if not known and code in self.schools and grade.isdecimal():
            known = f"{self.schools[code]}{NUMERALS[int(grade)]}年级"
        return known or str(unit)


# --- 自查组织 ---------------------------------------------------------------------------------------------------------------
CHECKLIST_ITEMS = 20
SUMMER = "七月、八月不做月自查，以下只是台账上看得到的。"
MEETINGS = ("校委会", "班会", "家长会", "队会", "教师会")


@titled("自查组织", 2, "organisation")
def organisation(month: Month) -> Blocks:
    """二: who checked, when and how (点名, 座次, 家访), 四包 and 责任书 coverage, meetings, joint work with villages."""
    scope = month.scope
    checks = scope.rows("selfcheck")
    checks = checks[checks["month"] == month.month]
    reconciled, visits = scope.rows("reconcile"), scope.rows("visit")
    meetings, joint = scope.rows("publicity_log"), scope.rows("joint")
    rolls_called = reconciled[scope.in_days(reconciled["date"])].drop_duplicates(["home", "check_id"])
    went = scope.in_days(visits["date"]) & visits["mode"].notna() & (visits["mode"] != PHONE)
    home_visits = len(attendance.calls(scope)) + int(went.sum())
    held = meetings[scope.in_days(meetings["date"])]
    taught = years.period(month.month).taught()
    filled = (f"{len(checks)}/{CHECKLIST_ITEMS * len(month.homes)}", "项（每校20项）")
    figures = (
        Figure("月自查已填", *(filled if taught else (len(checks), "项，暑期不要求"))),
        Figure("点名、座次、作业核对", len(rolls_called), "本月核查次数（人籍核查）"),
        Figure("家访", home_visits, "户次：缺勤当日家访＋劝返上门"),
        Figure("会议", int(held["kind"].isin(MEETINGS).sum()), "次（宣传会议）"),
        Figure("宣传活动", int((~held["kind"].isin(MEETINGS)).sum()), "次（宣传会议）"),
        Figure("联防联控", int(scope.in_days(joint["date"]).sum()), "次，与村、司法所等"),
    )
    who = "、".join(dict.fromkeys(scope.staff_names.get(name, name) for name in checks["checker"].dropna()))
    days = checks["date"].dropna()
    when = f"{days.min():%Y-%m-%d} 至 {days.max():%Y-%m-%d}" if len(days) else ""
    lead = f"自查日期：{when}；自查人：{who if month.home else f'{len(checks)} 项已填'}。"
    lead = lead if when else "月自查表中没有本月的记录。" + ("" if taught else SUMMER)
    failed: list[str] = []
    measures = [ratio.total for ratio in units.measured(month, (*bonds.FOUR_BONDS, bonds.pledges), failed)]
    details = units.attempt(month, "四包明细", lambda: bond_blocks(month), failed) or []
    rows = tuple((item.title, item, _state(item), item.note) for item in measures)
    table = Table(("项目", "已落实/应落实", "测算", "说明"), rows, "四包与责任书")
    unread = scope.missing("selfcheck", "bond", "pledge")
    counted = ("selfcheck", "reconcile", "absence", "absence.visited", "visit", "visit.mode", "publicity_log", "joint")
    blocks = [Note(lead), *units.uncounted_note(scope, *counted), Tiles(figures)]
    blocks += [*units.failed(failed), table, *details]
    if unread:
        blocks.insert(0, Note(f"读不到自查档案或包保责任：{'、'.join(unread)}，未计入。", "unknown"))
    return blocks


def _state(measure: Measure) -> Badge:
    if measure.unknown or measure.missing or (measure.left_out and not measure.short):
        return Badge("unknown", "尚未判定")
    if not measure.denominator:
        return Badge("plain", "无应落实")
    return Badge("good", "已全部落实") if measure.full else Badge("bad", f"缺 {measure.short}")
