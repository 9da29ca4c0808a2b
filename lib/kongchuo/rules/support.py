"""Rules on 帮扶: aid and help given, disabled children placed and taught, who belongs to a group and is not on its list."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ..core.findings import ERROR, WARNING
from ..core.policy import Policy
from ..core.tables import Town, among, called, complete, each, once, yes
from ..due import base
from ..due.support import AID, LESSONS, LOGS, VISITS, missed
from ..facts import enrolment, support
from ..facts.references import class_names, keyed, maybe_listed, named, school_names
from .base import GONE, Spot, at, readable, rule, spots

# --- Rules on belonging to a group: what the roster marks against the sheets of 帮扶, left-behind pupils nobody is in charge of ---
LEFT_TYPES = ("单亲留守", "双亲留守")
BOTH_AWAY = "双亲留守"


@dataclass(frozen=True)
class Group:
    """A group of pupils: the sheet of 帮扶 that lists them (where `column` has one of `values`; "": every row does) and how
    the roster marks them: by their name in 特殊群体 (`token`) and in a column of their own (where it has one of `marks`).

    `agree`: both marks must stand together. `plan_due`: a marked pupil without a row is for another rule (X29).
    """

    name: str
    sheet: str
    column: str = ""
    values: tuple[str, ...] = ()
    own: str = ""
    marks: tuple[object, ...] = (True,)
    token: bool = True
    agree: bool = True
    plan_due: bool = False


OTHERS = ("孤儿", "事实无人抚养", "困境", "涉案", "残疾人子女", "单亲")
GROUPS = (
    Group("留守", "leftbehind", "left_type", LEFT_TYPES, "leftbehind", LEFT_TYPES),
    Group("随迁", "others", "kind", ("随迁",), "migrant"),
    *(Group(name, "others", "kind", (name,)) for name in OTHERS),
    *(Group(name, "family_plan", "poor_type", (name,), plan_due=True) for name in support.POOR),
    Group("学困", "pupil_plan", "kind", ("学困", "学困兼厌学"), "weak", token=False),
    Group("厌学", "pupil_plan", "kind", ("厌学", "学困兼厌学"), "weary", token=False),
)


UNLISTED, UNMARKED = "花名册标注了，“{sheet}”没有登记", "“{sheet}”有登记，花名册没有标注"
UNEQUAL, OTHER_TYPE = "花名册的“特殊群体”与“{own}”两列不一致", "花名册写“{held}”，“{sheet}”写“{given}”"


@dataclass(frozen=True)
class Marks:
    """What the roster says of the pupils a school answers for, each by `pupil` of facts.support.held."""

    rows: dict[str, tuple[int, str, str]]  # roster row, school, name
    tokens: dict[str, set[str]]  # group -> pupils with it in 特殊群体
    own: dict[str, dict[str, object]]  # column -> what it says of each pupil; None where it is empty
    unread: dict[str, set[str]]  # column -> pupils of whom it could not be read


def marks(town: Town, wanted: tuple[Group, ...]) -> Marks:
    """The marks these groups are known by."""
    pupils = support.held(town)
    keys = pupils["pupil"].tolist()
    places = zip(pupils.index, pupils["home"].tolist(), pupils["name"].tolist(), strict=True)
    rows = dict(zip(keys, places, strict=True))
    tokens: dict[str, set[str]] = {}
    for key, text in pupils.loc[pupils["groups"].notna(), ["pupil", "groups"]].itertuples(index=False, name=None):
        for token in text.split("、"):
            tokens.setdefault(token, set()).add(key)
    columns, own, unread = {group.own for group in wanted} - {""}, {}, {}
    for column in columns:
        values = pupils[column].astype(object)
        own[column] = dict(zip(keys, values.where(values.notna(), None).tolist(), strict=True))
    for column in (*columns, "groups"):
        known = town.known("roster", column)
        unread[column] = set() if known.all() else set(pupils.loc[~known.reindex(pupils.index), "pupil"])
    return Marks(rows, tokens, own, unread)


def entries(town: Town, group: Group) -> tuple[dict[str, str], set[str]]:
    """Pupils surely of the group by its sheet, with what the sheet's column says; and pupils, names, schools that may have a row."""
    surely, maybe = {}, set()
    for key, home, name, value, sure in _entries(town, group.sheet, group.column):
        if value and group.values and value not in group.values:
            continue
        if sure and (value or not group.column):
            surely.setdefault(key, value)
        else:
            maybe |= {key, f"{home}\0{name}"} if key or name else {home}
    return surely, maybe - {""}


@once
def _entries(town: Town, sheet: str, column: str) -> list[tuple[str, str, str, str, bool]]:
    rows = support.rows_of(town, sheet)
    values = rows[column] if column else rows["name"]
    texts = (item.fillna("").tolist() for item in (rows["pupil"], rows["home"], rows["name"], values))
    return list(zip(*texts, rows["sure"].tolist(), strict=True))


def differing(town: Town, found: Marks, group: Group) -> Iterator[tuple[str, str, str]]:
    """(pupil, roster column, what differs) where roster and sheet do not both put a pupil into the group; each pupil once.

    A pupil with a mark that could not be read is left out.
    """
    title, own = town.schema.sheets[group.sheet].title, group.own
    columns = [*(["groups"] if group.token else []), *([own] if own else [])]
    surely, maybe = entries(town, group)
    unread = town.unread_homes(group.sheet, "student_key", group.column or "name")
    tokens = found.tokens.get(group.name, set()) if group.token else set()
    values = found.own.get(own, {})
    owned = {key for key, value in values.items() if value in group.marks}
    unknown = set().union(*(found.unread[column] for column in columns))
    for key in (tokens | owned | surely.keys() & found.rows.keys()) - unknown:
        _, home, name = found.rows[key]
        if home in unread:
            continue
        said = key in tokens or key in owned
        if said and key not in surely:
            if not (group.plan_due or key in maybe or f"{home}\0{name}" in maybe or home in maybe):
                yield key, "groups" if key in tokens else own, UNLISTED.format(sheet=title)
        elif not said:
            yield key, columns[0], UNMARKED.format(sheet=title)
        elif group.agree and len(columns) > 1 and values[key] is not None:
            if (key in tokens) != (key in owned):
                column = own if key in tokens else "groups"
                yield key, column, UNEQUAL.format(own=town.schema.sheets["roster"].by_name[own].title)
            elif len(group.values) > 1 and values[key] != surely[key]:  # the column also says which kind
                yield key, own, OTHER_TYPE.format(held=values[key], sheet=title, given=surely[key])


@rule(
    "X36",
    WARNING,
    needs=("leftbehind.left_type", "leftbehind.trustee", "leftbehind.trustee_rel", "leftbehind.teacher"),
    says="{name}为双亲留守，{lacks}",
    fix="请与父母商定一位能照管孩子的委托监护人，签委托书后填入；并确定包保教师，每月联系。",
    source="domain.md 3.2 X36; 方案六-5",
)
def both_away_and_nobody_in_charge(town: Town, policy: Policy) -> Iterator[Spot]:
    """父母都外出的孩子，要有一位在身边的委托监护人和一位包保教师。委托监护人写成在外的父亲或母亲，等于没有人照管。"""
    rows = support.rows_of(town, "leftbehind")
    rows = rows[(rows["left_type"] == BOTH_AWAY) & rows["pupil"].isin(support.held(town)["pupil"])]
    parent = rows["trustee_rel"].isin(("父亲", "母亲"))
    known = {name: town.known("leftbehind", name).reindex(rows.index) for name in ("trustee", "teacher")}
    empty = {name: rows[name].isna() & known[name] for name in known}
    empty["trustee"] |= rows["trustee"].isin(NOBODY)
    for column, wrong, lacks in (
        ("trustee", empty["trustee"], "缺委托监护人"),
        ("trustee_rel", parent & ~empty["trustee"], "委托监护人写的是外出的父母"),
        ("teacher", empty["teacher"], "缺包保教师"),
    ):
        yield from spots(rows[wrong], "leftbehind", column, alike={"lacks": lacks})


NOBODY = ("无", "没有", "暂无", "不详")


def _both(pupils: pd.DataFrame) -> pd.Series:
    """Pupils whom the roster calls left behind and migrant, in whichever column."""
    left = pupils["leftbehind"].isin(LEFT_TYPES) | support.marked(pupils["groups"], ["留守"])
    return left & (yes(pupils["migrant"]) | support.marked(pupils["groups"], ["随迁"]))


@rule(
    "X37",
    WARNING,
    needs=("roster.leftbehind", "roster.migrant", "roster.groups"),
    says="{name}同时标注留守和随迁，两者只能居其一",
    fix="请核实：跟父母一起住在本镇的是随迁，父母外出三个月以上的是留守；改正“留守类型”“随迁子女”“特殊群体”。",
    source="domain.md 3.2 X37, 2.1",
)
def left_behind_and_migrant(town: Town, policy: Policy) -> Iterator[Spot]:
    """留守是父母外出、孩子在家，随迁是孩子跟父母出来，不会同时是。标错了，关爱和资助就会落到别的孩子身上，统计也会重复。"""
    rows = support.held(town)
    for index, name in rows.loc[_both(rows), "name"].items():
        yield at("roster", index, "migrant" if yes(rows["migrant"])[index] else "groups", name=called(name))


@rule(
    "X49",
    WARNING,
    needs=("roster.groups", "roster.leftbehind", "roster.migrant", "roster.weak", "roster.weary", "roster.status",
           "leftbehind.student_key", "others.kind", "family_plan.poor_type", "pupil_plan.kind"),
    says="{name}的{group}标注与帮扶表不一致：{what}",
    fix="请核实后改正错的一处：属该群体的，花名册标注并在帮扶表登记；不属的，两处都去掉。",
    source="domain.md 3.2 X49",
)  # fmt: skip
def groups_disagree(town: Town, policy: Policy) -> Iterator[Spot]:
    """花名册的特殊群体、留守类型、随迁子女、学困厌学标记，要与帮扶各表登记的是同一批学生。只标注不登记，帮扶就落不到人。"""
    found, pupils = marks(town, GROUPS), support.held(town)
    said = {(key, name) for key in pupils.loc[_both(pupils), "pupil"] for name in ("留守", "随迁")}  # X37's mistake
    for group in GROUPS:
        for key, column, what in differing(town, found, group):
            if (key, group.name) not in said:
                said.add((key, group.name))
                index, _, name = found.rows[key]
                yield at("roster", index, column, name=called(name), group=group.name, what=what)


@rule(
    "X75",
    WARNING,
    needs=("contact.student_key", "leftbehind.student_key", "roster.leftbehind"),
    says="“联系记录”里的{name}没有登记在“留守儿童”",
    fix="请核对学生编号：是留守儿童的，登记到“留守儿童”；写错人的，改正编号和姓名。",
    source="domain.md 2.7 留守儿童、联系记录",
)
def contact_of_another(town: Town, policy: Policy) -> Iterator[Spot]:
    """“联系记录”记的是留守学生的父母。记在别人名下，该联系的那个孩子这个月就等于没有联系。"""
    rows = complete(town["contact"], "student_key")
    rows = rows[~among(rows, town["leftbehind"], enrolment.PUPIL) & ~maybe_listed(town, rows, "leftbehind")]
    marked = town["roster"][town["roster"]["leftbehind"].isin(LEFT_TYPES)]
    rows = rows[~among(rows, marked, enrolment.PUPIL)]  # whom the roster marks and the sheet lacks is X49's
    rows = rows[readable(town, rows["home"], "leftbehind.student_key", "roster.leftbehind")]
    yield from spots(rows, "contact", "student_key")


# --- Rules on 帮扶: plans, aid and records for those who need them ----------------------------------------------------
@rule(
    "X29",
    ERROR,
    needs=("roster.groups", "roster.student_key", "roster.status", "family_plan.student_key"),
    says="{school}{class_name}{name}属{kinds}，没有一家一案",
    fix="请入户了解后在“家庭困难_一家一案”为该生建案，落实应享资助；其实不属的，改正花名册的特殊群体。",
    source="domain.md 3.2 X29; 方案六-4",
)
def poor_without_plan(town: Town, policy: Policy) -> Iterator[Spot]:
    """脱贫户、监测户、低保、特困供养家庭的学生和孤儿，要一家一案。没有建案就没有人管资助是否到位，容易因贫失学。"""
    rows = support.held(town)
    rows = rows[support.marked(rows["groups"], support.POOR) & readable(town, rows["home"], "family_plan.student_key")]
    rows = rows[support.absent_from(rows, support.rows_of(town, "family_plan"))]
    poor = ["、".join(kind for kind in kinds.split("、") if kind in support.POOR) for kinds in rows["groups"]]
    rows = rows.assign(poor=poor, label=named(rows["class_id"], class_names(town)).fillna(""))
    yield from spots(rows, "roster", "groups", class_name="label", kinds="poor")


@rule(
    "X30",
    WARNING,
    needs=("family_plan.student_key", "family_plan.aid_due", "aid.student_key", "aid.term", "term.end"),
    says="{school}{name}应享资助，{term}到{due}还没有资助发放记录",
    fix="请核实是否已发：已发的补记“资助发放”；没发的请资助员尽快办理；不该享受的改正“应享资助”。",
    source="domain.md 3.2 X30; 方案六-4",
)
def aid_not_paid(town: Town, policy: Policy) -> Iterator[Spot]:
    """一家一案写了应享资助的在校生，每学期要有发放记录。放假前的最后一次月自查就要查到，过了学期再补，就帮不上这个学期。"""
    rows = base.overdue(town, policy, AID)
    yield from spots(rows, "family_plan", "aid_done", term="term", due="due")


@rule(
    "X31",
    WARNING,
    needs=("pupil_plan.pupil_plan", "pupil_plan.student_key", "pupil_plan.listed", "pupil_plan.converted",
           "support_log.pupil_plan", "support_log.date", "roster.status", "term.start", "term.end"),
    says="{school}{name}的一生一案帮扶次数不够：{months}，每月至少{need}次",
    fix="请补记确实做过的帮扶；没有做的，本月安排帮扶教师辅导、谈心或家访，并记入“帮扶记录”。",
    source="domain.md 3.2 X31, 7.1; 方案六-8",
)  # fmt: skip
def month_without_support(town: Town, policy: Policy) -> Iterator[Spot]:
    """学困厌学学生没有转化以前，每个月都要有帮扶。只建案不帮扶，孩子一步步跟不上，就是辍学的开头。"""
    for index, facts in by_months(missed(town, base.state(town, policy, LOGS))):
        yield at("pupil_plan", index, "pupil_plan", **facts)


def by_months(rows: pd.DataFrame) -> Iterator[tuple[int, dict[str, object]]]:
    """(row of the sheet, facts of a message) for each case: school, name, need, and the months: 10月1次、12月0次."""
    months: dict[int, list[str]] = {}
    facts: dict[int, dict[str, object]] = {}
    columns = ["home", "name", "need", "start", "number"]
    for index, school, name, need, start, number in each(rows, *columns):
        months.setdefault(index, []).append(f"{start.month}月{number}次")
        facts[index] = {"school": school, "name": called(name), "need": need}
    for index, said in facts.items():
        yield index, said | {"months": "、".join(months[index])}


# --- Rules on disabled children: placed, enrolled, taught at home ---------------------------------------------------
UNPLACED = "未安置"
AT_OURS = ("随班就读", "普通学校特教班", "送教上门")  # these are on the register of a school of the township
WITH_NUMBER = (*AT_OURS, "特殊教育学校就读")


def _listed(town: Town) -> pd.DataFrame:
    """残疾儿童 without those whom every roster that has them calls gone."""
    rows, roster = support.rows_of(town, "disabled"), town["roster"]
    gone = roster["status"].isin(GONE)
    return rows[~rows["student_key"].isin(set(roster.loc[gone, "student_key"]) - set(roster.loc[~gone, "student_key"]))]


@rule(
    "X32",
    ERROR,
    needs=("disabled.placement", "disabled.birth_date"),
    says="{name}（残疾）没有落实安置方式",
    fix="请报专家委员会评估，按“一人一案”落实：随班就读、特教学校、送教上门，或经批准延缓入学。",
    source="domain.md 3.2 X32; 方案六-5",
)
def not_placed(town: Town, policy: Policy) -> Iterator[Spot]:
    """每个适龄残疾儿童都要有安置方式。未安置就是没有接受义务教育，与辍学一样要马上落实。"""
    rows = _listed(town)
    rows = rows[
        enrolment.of_age(town, policy, rows["birth_date"]) & town.known("disabled", "placement").reindex(rows.index)
    ]
    yield from spots(rows[rows["placement"].isna() | (rows["placement"] == UNPLACED)], "disabled", "placement")


ON_NO_ROSTER = "{name}（残疾）写的是{placement}，各校花名册都没有该生，没有建立学籍"


@rule(
    "X33",
    ERROR,
    needs=("disabled.placement", "disabled.status_no", "roster.student_key", "census.student_key"),
    says="{name}（残疾）{placement}，没有建立学籍",
    fix="请学籍管理员为该生建立学籍，填入学籍号，并登记在学籍学校的花名册。",
    source="domain.md 3.2 X33",
)
def placed_but_not_enrolled(town: Town, policy: Policy) -> Iterator[Spot]:
    """随班就读、特教学校、送教上门的残疾儿童都要有学籍；在本镇学校的还要在花名册上。没有学籍，经费、升学和统计里都没有这个孩子。"""
    rows = _listed(town)
    rows = rows[rows["placement"].isin(WITH_NUMBER) & town.known("disabled", "status_no").reindex(rows.index)]
    without = rows["status_no"].isna()
    # who is on no list at all is no pupil of that number: X06
    lost = rows["student_key"].isin(town["census"]["student_key"].dropna()) & rows["placement"].isin(AT_OURS)
    lost &= ~rows["student_key"].isin(town["roster"]["student_key"].dropna()) & ~maybe_listed(town, rows, "roster")
    at_school = named(keyed(town, "disabled", "school_code").reindex(rows.index), school_names(town))
    for homes in (rows["home"], at_school.fillna(rows["home"])):
        lost &= readable(town, homes, "roster.student_key")
    for wrong, says in ((without, ""), (lost & ~without, ON_NO_ROSTER)):
        yield from spots(rows[wrong], "disabled", "status_no", says=says, placement="placement")


TOO_FEW_LESSONS = "{name}送教上门，本学年共{lessons}课时，应有{least}课时"


@rule(
    "X34",
    WARNING,
    needs=("disabled.placement", "disabled.plan_per_month", "home_teaching.student_key", "home_teaching.date",
           "home_teaching.lessons", "roster.status", "term.start", "term.end"),
    says="{name}送教次数不够：{months}，每月应有{need}次",
    fix="请补记确实做过的送教；没有做的，安排送教教师补上，并记入“送教记录”。",
    source="domain.md 3.2 X34, 7.1",
)  # fmt: skip
def taught_too_seldom(town: Town, policy: Policy) -> Iterator[Spot]:
    """送教上门要按计划的次数去，全学年课时也有最低数。不去或很少去，孩子就只是名义上在上学。"""
    for index, facts in by_months(missed(town, base.state(town, policy, VISITS))):
        yield at("disabled", index, "plan_per_month", **facts)
    rows = missed(town, base.state(town, policy, LESSONS))
    rows, least = rows.assign(lessons=rows["number"].map("{:g}".format)), policy["home_teaching_lessons_per_year"]
    facts = {"lessons": "lessons", "alike": {"least": least}}
    yield from spots(rows, "disabled", "plan_per_month", says=TOO_FEW_LESSONS, **facts)


DISABLED = Group("残疾", "disabled", own="health", marks=("残疾",), agree=False)


@rule(
    "X35",
    WARNING,
    needs=("roster.groups", "roster.health", "roster.status", "disabled.student_key"),
    says="{name}的残疾信息两表不一致：{what}",
    fix="请核实后改正：是残疾儿童的，花名册的特殊群体写“残疾”，并在“残疾儿童”登记；不是的，两处都去掉。",
    source="domain.md 3.2 X35",
)
def disability_differs(town: Town, policy: Policy) -> Iterator[Spot]:
    """花名册标为残疾的学生和“残疾儿童”表登记的应当是同一批人。漏在哪一边，随班就读、送教和资助都会落空。"""
    found = marks(town, (DISABLED,))
    for key, column, what in differing(town, found, DISABLED):
        index, _, name = found.rows[key]
        yield at("roster", index, column, name=called(name), what=what)


RULES = (both_away_and_nobody_in_charge, left_behind_and_migrant, groups_disagree, contact_of_another, poor_without_plan, aid_not_paid,
         month_without_support, not_placed, placed_but_not_enrolled, taught_too_seldom, disability_differs)  # fmt: skip
