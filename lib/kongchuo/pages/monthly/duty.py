"""Sections on 包保责任: who answers for whom, what is due and overdue."""

import datetime as dt

import pandas as pd

from ... import due
from ...core import years
from ...core.editions import MAY_SEE, SHOWN
from ...core.numbers import NUMERALS, in_order
from ...core.schema import CENTRE
from ...core.tables import Town, mapping, once
from ...facts import duty
from ...facts.cases import PHONE
from ...facts.references import named
from ...figures import attendance, duty as bonds, selfcheck, support
from ...figures.base import Measure, Ratio
from .. import units
from ..display import Badge, Blanks, Blocks, Counted, Details, Failed, Figure, Note, Table, Tiles, surname, titled
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
            names = list(dict.fromkeys(labels(kind, unit) for unit in own["unit"]))
            more = f"等{len(names)}处" if len(names) > 5 else ""
            rows.append((TITLES[kind], first, last, len(own), "、".join(names[:5]) + more))
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


# --- What is overdue and what falls due, by the table of deadlines: for the section 十一、下月工作 -------------------------
MOST_DUE = 60  # rows of each list


def lists(month: Month, until: dt.date) -> list[Failed | Note | Table]:
    """Two tables: overdue on the month's last day, and due from then until a day; names masked for who reads.

    Before them the deadlines that failed, and what is in no list since it has no day.
    """
    broken: list[str] = []
    rows, undated = (
        due.due(month.town, month.policy, (until - month.end).days, broken),
        due.undated(month.town, month.policy),
    )
    if month.home:
        rows, undated = (frame[frame["home"] == month.home] for frame in (rows, undated))
    late, lost = rows["days"] < 0, due.left_out(undated)
    tables = _table(month, rows[late], "已逾期"), _table(month, rows[~late], f"{until:%m月%d日}以前到期")
    return [*units.failed(broken), *([Note(f"{lost}。", "unknown")] if lost else []), *tables]


def _table(month: Month, rows: pd.DataFrame, caption: str) -> Table:
    lines = tuple(
        (
            *(() if month.home else (row.home,)),
            title := units.duty_title(month, row.title),
            "" if pd.isna(row.name) else units.said(month, str(row.name), title),
            "" if pd.isna(row.who) else row.who,
            row.due.date(),
            Badge("bad", f"逾期 {-row.days} 天")
            if row.days < 0
            else Badge("plain", f"还有 {row.days} 天" if row.days else "今天到期"),
        )
        for row in rows.head(MOST_DUE).itertuples(index=False)
    )
    columns = (*(() if month.home else ("学校",)), "事项", "对象", "谁来办", "期限", "时间")
    more = f"只列前 {MOST_DUE} 项，共 {len(rows)} 项。" if len(rows) > MOST_DUE else ""
    return Table(columns, lines, f"{caption}：{len(rows)} 项", note=more, empty="按现有台账没有")


# --- Sections on who does what and when: 自查组织, 存在问题与整改, 下月工作, 签字 ----------------------------------------------------
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


@titled("存在问题与整改", 10, "issues")
def issues(month: Month) -> Blocks:
    """十: problems from 问题整改 that were open in the month, with person and deadline; what is overdue."""
    scope = month.scope
    rows, unsure = selfcheck.problems(scope)
    unread = scope.missing("issue")
    if unread and set(unread) >= set(month.homes):
        lost = Note(f"读不到问题整改：{'、'.join(unread)}，尚未判定。", "unknown")
        return [lost]
    start, end = pd.Timestamp(scope.start), pd.Timestamp(scope.end)
    rows = rows[rows["done"].isna() | (rows["done"] >= start)]
    rows = rows.assign(done=rows["done"].where(rows["done"] <= end))  # mended later: not yet at the month's end
    rows = rows.assign(mended=rows["done"].notna(), late=rows["done"].isna() & (rows["due"] < end))
    rows = rows.sort_values(["mended", "due"])
    undated = f"；另有{len(unsure)}行没有发现日期，不知当时有没有，未计入" if len(unsure) else ""
    tone = "unknown" if len(unsure) else "plain"
    figures = (
        Figure("在办问题", int((~rows["mended"]).sum()), f"截至本月末{undated}", tone),
        Figure("其中逾期", int(rows["late"].sum()), "期限早于本月末", "warn" if rows["late"].any() else "plain"),
        Figure("本月完成整改", int(rows["mended"].sum())),
    )
    names = ("source", "problem", "owner", "due", "fix", "done")
    table = units.ledger(month, rows, "issue", names, empty="问题整改表中没有本月在办的问题")
    lines = tuple((*shown, _issue_state(row, end)) for shown, row in zip(table.rows, rows.itertuples(), strict=True))
    table = Table((*table.columns, "状态"), lines, "问题清单", empty=table.empty)
    if month.home:
        return Counted((Tiles(figures), table), figures[0].value)
    masks = {"在办": ~rows["mended"], "逾期": rows["late"], "本月完成": rows["mended"]}
    counts = [units.Column(title, units.by_keys(rows[mask])) for title, mask in masks.items()]
    counts += units.uncounted_column(scope, "issue")
    by_school = units.unit_table(month, "home", counts, caption="各校问题")
    return Counted((Tiles(figures), by_school, units.behind("问题清单", table)), figures[0].value)


def _issue_state(row: object, end: pd.Timestamp) -> Badge:
    if row.mended:
        return Badge("good", "已完成")
    if row.late:
        return Badge("bad", f"逾期 {(end - row.due).days} 天")
    return Badge("warn", "未整改" if row.state == "未整改" else "整改中")


@titled("下月工作", 11, "next_month")
def next_month(month: Month) -> Blocks:
    """十一: what is overdue and what falls due by the end of the following month, from the table of deadlines."""
    policy = month.policy
    first = (month.start + dt.timedelta(days=31)).replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    weekday = NUMERALS[policy["week_report_due_weekday"]]
    said = f"有上课日的各周，星期{weekday} {policy['week_report_due_time']} 前报周报。"
    if first.month in policy["campaign_months"]:
        said = f"{first.month}月是控辍保学宣传活动月。{said}"
    rows = due.due(month.town, policy, (last - month.end).days, [])
    late = int(((rows["days"] < 0) & rows["home"].isin((*month.homes, *(() if month.home else (CENTRE,))))).sum())
    return Counted((Note(said), *lists(month, last)), late)


@titled("签字盖章", 12, "signature")
def signature(month: Month) -> Blocks:
    """十二: the three who sign, and the seal (domain.md 6: 填表人 / 复核人 / 单位负责人)."""
    labels = ("填表人（签名）", "复核人（签名）", "单位负责人（签名）", "填表日期", "复核日期", "报送日期")
    return [Blanks(labels, "（单位盖章处）")]
