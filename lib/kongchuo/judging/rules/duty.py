"""Rules on 包保责任: schools, grades and villages nobody answers for, people who are not there, titles and names that differ."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.cells import fold
from ...core.findings import ERROR, INFO, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import duties
from ...field.references import ALIAS, dangling, directory, look_up, named, resolve, school_names
from .base import Spot, at, no, of_year, readable, rule
from .people import LOGS, ONGOING, actors, titles


def _in_use(town: Town) -> pd.DataFrame:
    rows = town.schools.dropna(subset=["school_code"])
    return rows[~no(rows["active"])]


def _held(town: Town, kind: str) -> pd.DataFrame:
    """The bonds of a kind that hold now. One whose target cannot be made out may be the very one that seems to be missing."""
    rows = duties.held_on(town, town.as_of)
    return rows[rows["kind"] == kind]


NOBODY = "{school}没有包学校的人"


@rule(
    "G01",
    ERROR,
    needs=("school.school_code", "bond.bond_type", "bond.target_id"),
    says="{school}有{count}人包学校，应为1人，多出的没有备注",
    fix="每所学校定一名中心学校人员包保；换人时给原来的填截止日期，确需两人的在备注写明。",
    source="domain.md 3.3 G01; 方案附件3",
)
def one_person_for_each_school(town: Town, policy: Policy) -> Iterator[Spot]:
    """每所学校由一名中心学校人员包保。没有人包，这所学校就没人督促；两个人包又不说明，等于谁也不负责。"""
    schools, rows = _in_use(town), _held(town, duties.SCHOOLS).sort_index()
    if not readable(town, schools["home"], "bond.bond_type", "bond.target_id").all():
        return
    lone = schools[~schools["school_code"].isin(rows["target"])]
    for index, name in lone["school_name"].items() if len(lone) > rows["target"].isna().sum() else ():
        yield at("school", index, "school_code", says=NOBODY, school=name)
    names = school_names(town)
    for key, own in rows[rows["target"].isin(schools["school_code"])].groupby("target"):
        people = own.drop_duplicates("holder")
        plain = people[people["note"].isna() & town.known("bond", "note").reindex(people.index)]
        if len(people) > 1 and len(plain) > 1:
            yield at("bond", plain.index[1], "target_id", school=names.get(key, key), count=len(people))


@rule(
    "G02",
    WARNING,
    needs=("class.grade", "class.school_code", "bond.bond_type", "bond.target_id"),
    says="{school}{grade}年级没有包年级的班子成员",
    fix="请在“包保责任”补一行：包年级，对象编号写“学校代码-年级”。",
    source="domain.md 3.3 G02; 方案五（四包②）",
)
def leader_for_each_grade(town: Town, policy: Policy) -> Iterator[Spot]:
    """学校班子成员包年级，每个年级都要有人。八、九年级是控辍的重点，更不能空。"""
    schools = _in_use(town)
    if not readable(town, schools["home"], "bond.bond_type", "bond.target_id").all():
        return
    held = duties.answering(town, town.as_of).loc[lambda rows: rows["kind"] == duties.GRADES, "unit"]
    classes = duties.classes_of(town).dropna(subset=["code", "grade"]).drop_duplicates("unit")
    lone = classes[classes["code"].isin(schools["school_code"]) & ~classes["unit"].isin(held)]
    if len(lone) <= _held(town, duties.GRADES)["target"].isna().sum():
        return
    names = school_names(town)
    for index, code, grade in lone[["code", "grade"]].itertuples(name=None):
        yield at("class", index, "grade", school=names.get(code, code), grade=grade)


@rule(
    "G04",
    WARNING,
    needs=("village.village_code", "bond.bond_type", "bond.target_id"),
    says="{village}没有包家长的人",
    fix="请学校与该村商定，在“包保责任”补一行：包家长，对象类型选“行政村”。",
    source="domain.md 3.3 G04; 方案五（四包④）",
)
def somebody_for_each_village(town: Town, policy: Policy) -> Iterator[Spot]:
    """学校联合行政村包家长，每个村都要结成对子。没有结对的村，孩子外出、辍学，村里知道了也不知道向谁说。"""
    villages, keys = town["village"].dropna(subset=["village_code"]), _held(town, duties.VILLAGES)["target"]
    if not readable(town, villages["home"], "bond.bond_type", "bond.target_id").all():
        return
    lone = villages[~villages["village_code"].isin(keys)]
    for index, name in lone["village_name"].items() if len(lone) > keys.isna().sum() else ():
        yield at("village", index, "village_code", village=name)


LEFT = "{title}“{name}”已不在岗（“教职工”写{until}离岗）"
LEFT_FIX = "现在还由他负责的，请换成接手的人；其实在岗或日期写错的，请中心学校改“教职工”。"
DEED_FIX = "这里写的是当时办事的人：请核对这一行的日期，或请中心学校核对“教职工”的离岗日期；不要把以前的都改成现任。"


@rule(
    "G05",
    ERROR,
    needs=("staff.staff_id", "staff.name", "staff.active"),
    says="{title}“{name}”不在“教职工”表里",
    fix="请核对姓名或编号，写错的改正；写得没错的，请中心学校补入“教职工”（调走的也要在表里，填离岗日期）。{near}",
    source="domain.md 3.3 G05",
)
def person_not_there(town: Town, policy: Policy) -> Iterator[Spot]:
    """各表写到的教职工，必须在“教职工”表里，而且当时在岗。人已调走还挂着名，这项工作实际上没有人做。"""
    for sheet, column, cells in actors(town):
        title = town.schema.sheets[sheet].by_name[column].title
        people = directory(town, "staff")
        lost = dangling(town, cells, "staff")[["value", "home"]]
        for index, name, home in lost.itertuples(name=None) if len(lost) else ():
            yield at(sheet, index, column, title=title, name=name, near=people.near(home, name))
        fix = LEFT_FIX if column in ONGOING and sheet not in LOGS else DEED_FIX
        gone = cells.loc[cells["left"], ["value", "until"]] if cells["left"].any() else cells.iloc[:0]
        for index, name, until in gone.itertuples(name=None) if len(gone) else ():
            yield at(sheet, index, column, says=LEFT, fix=fix, title=title, name=name, until=f"{until:%Y-%m-%d}")


@rule(
    "G06",
    WARNING,
    needs=("staff.title", "body.title", "bond.title"),
    says="{name}的职务这里写“{written}”，{where}写“{other}”",
    fix="请统一为一种写法；本学年职务确有变动的，请在“教职工”表改为现任职务。",
    source="domain.md 3.3 G06; 方案附件1—3",
)
def titles_differ(town: Town, policy: Policy) -> Iterator[Spot]:
    """同一个人在一学年里，各表写的职务要一样。职务不一致的文件，检查时说不清谁是责任人。"""
    rows = titles(town)
    first = rows.drop_duplicates("person").set_index("person")
    rows = rows.assign(**{f"first_{name}": named(rows["person"], first[name]) for name in ("title", "where", "bare")})
    wrong = rows[(rows["sheet"] != "staff") & (rows["bare"] != rows["first_bare"])]
    for row in wrong.itertuples():
        facts = {"name": row.name, "written": row.title, "where": f"“{row.first_where}”", "other": row.first_title}
        yield at(row.sheet, row.place, "title", **facts)


@rule(
    "G07",
    INFO,
    needs=("school.school_name", "school.school_alias"),
    says="“{value}”已按“{school}”处理",
    fix="请改用与公章一致的全称；查找和汇总时，一个单位只用一个名称。",
    source="domain.md 3.3 G07; 方案正文与附件",
)
def unit_by_another_name(town: Town, policy: Policy) -> Iterator[Spot]:
    """单位名称与公章不一致（如“中心校”与“中心学校”），按常用名认出来了。打印的文件里一个单位两个名字，会被要求说明。"""
    names = school_names(town)
    for sheet in town.filled:
        for item in sheet.typed:
            if item.reference == "school":
                found = resolve(town, sheet.name, item.name)
                for index, value, key in found.loc[found["via"] == ALIAS, ["value", "key"]].itertuples(name=None):
                    yield at(sheet.name, index, item.name, value=value, school=names.get(key, key))
    named = town["bond"].loc[lambda frame: frame["target_type"] == "学校", "target_name"].dropna()
    found = look_up(town, pd.DataFrame({"value": named, "home": ""}), "school")
    for index, value, key in found.loc[found["via"] == ALIAS, ["value", "key"]].itertuples(name=None):
        yield at("bond", index, "target_name", value=value, school=names.get(key, key))
    full_names, aliases = set(names.values()), _aliases(town, names)
    for sheet in ("body", "bond"):
        for index, title in town[sheet]["title"].dropna().items():
            value, school = _unit_in(title, full_names, aliases)
            if value:
                yield at(sheet, index, "title", value=value, school=school)


def _unit_in(title: str, full_names: set[str], aliases: dict[str, str]) -> tuple[str, str]:
    """The alias of a unit inside a title, and the unit's full name; both empty where there is none or the full name stands."""
    title = fold(title)
    if any(fold(name) in title for name in full_names):
        return "", ""
    return next(((alias, name) for alias, name in aliases.items() if alias in title), ("", ""))


def _aliases(town: Town, names: dict[str, str]) -> dict[str, str]:
    """Alias -> full name, the longest first."""
    called = directory(town, "school").called
    found = {
        name: names.get(key, key) for name, meant in called.items() for key, (_, way) in meant.items() if way == ALIAS
    }
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0])))


OF_PERSON, OF_TARGET = "编号{number}是{known}，这里的姓名写“{name}”", "编号{number}是{known}，这里的对象名称写“{name}”"


@rule(
    "G14",
    WARNING,
    needs=("bond.staff_id", "bond.name", "bond.target_id", "bond.target_name", "staff.staff_id", "staff.name"),
    says=OF_PERSON,
    fix="请核对编号和姓名（名称），改正写错的一处。",
    source="domain.md 2.8 包保责任, 责任书签订",
)
def number_and_name(town: Town, policy: Policy) -> Iterator[Spot]:
    """包保责任和责任书里，编号和姓名、对象编号和对象名称要是同一个人、同一个单位。对不上，责任就说不清是谁的。"""
    people = duties.names_of(town, "staff", "staff_id", "name")
    villages = duties.names_of(town, "village", "village_code", "village_name")
    pupils = duties.names_of(town, "roster", "student_key", "name")
    for sheet, number, name, known, says in (
        ("bond", "staff_id", "name", people, OF_PERSON),
        ("bond", "target_id", "target_name", villages | pupils, OF_TARGET),
        ("pledge", "party_b_id", "party_b", people | villages, OF_PERSON),
    ):
        rows = of_year(town, town[sheet]).dropna(subset=[number, name])
        rows = rows.assign(known=named(rows[number], known)).dropna(subset=["known"])
        for index, key, given, right in rows[[number, name, "known"]].itertuples(name=None):
            if fold(right) not in fold(given) and fold(given) not in fold(right):
                yield at(sheet, index, name, says=says, number=key, known=right, name=given)


RULES = (
    one_person_for_each_school,
    leader_for_each_grade,
    somebody_for_each_village,
    person_not_there,
    titles_differ,
    unit_by_another_name,
    number_and_name,
)
