"""Rules on belonging to a group: what the roster marks against the sheets of 帮扶, left-behind pupils nobody is in charge of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from ...core.findings import WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import groups
from .base import Spot, at, called, rule, yes

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
    *(Group(name, "family_plan", "poor_type", (name,), plan_due=True) for name in groups.POOR),
    Group("学困", "pupil_plan", "kind", ("学困", "学困兼厌学"), "weak", token=False),
    Group("厌学", "pupil_plan", "kind", ("厌学", "学困兼厌学"), "weary", token=False),
)


UNLISTED, UNMARKED = "花名册标注了，“{sheet}”没有登记", "“{sheet}”有登记，花名册没有标注"
UNEQUAL, OTHER_TYPE = "花名册的“特殊群体”与“{own}”两列不一致", "花名册写“{held}”，“{sheet}”写“{given}”"


@dataclass(frozen=True)
class Marks:
    """What the roster says of the pupils a school answers for, each by `pupil` of groups.held."""

    rows: dict[str, tuple[tuple[str, int], str, str]]  # roster row, school, name
    tokens: dict[str, set[str]]  # group -> pupils with it in 特殊群体
    own: dict[str, dict[str, object]]  # column -> what it says of each pupil; None where it is empty
    unread: dict[str, set[str]]  # column -> pupils of whom it could not be read


def marks(town: Town, wanted: tuple[Group, ...]) -> Marks:
    """The marks these groups are known by."""
    pupils = groups.held(town)
    keys = pupils["pupil"].tolist()
    rows = dict(
        zip(keys, zip(pupils.index, pupils["home"].tolist(), pupils["name"].tolist(), strict=True), strict=True)
    )
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
    for key, home, name, value, sure in town.once(_entries, group.sheet, group.column):
        if value and group.values and value not in group.values:
            continue
        if sure and (value or not group.column):
            surely.setdefault(key, value)
        else:
            maybe |= {key, f"{home}\0{name}"} if key or name else {home}
    return surely, maybe - {""}


def _entries(town: Town, sheet: str, column: str) -> list[tuple[str, str, str, str, bool]]:
    rows = groups.rows_of(town, sheet)
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
    rows = groups.rows_of(town, "leftbehind")
    rows = rows[(rows["left_type"] == BOTH_AWAY) & rows["pupil"].isin(groups.held(town)["pupil"])]
    parent = rows["trustee_rel"].isin(("父亲", "母亲"))
    empty = {
        name: rows[name].isna() & town.known("leftbehind", name).reindex(rows.index) for name in ("trustee", "teacher")
    }
    empty["trustee"] |= rows["trustee"].isin(NOBODY)
    for column, wrong, lacks in (
        ("trustee", empty["trustee"], "缺委托监护人"),
        ("trustee_rel", parent & ~empty["trustee"], "委托监护人写的是外出的父母"),
        ("teacher", empty["teacher"], "缺包保教师"),
    ):
        for index, name in rows.loc[wrong, "name"].items():
            yield at("leftbehind", index, column, name=called(name), lacks=lacks)


NOBODY = ("无", "没有", "暂无", "不详")


def _both(pupils: pd.DataFrame) -> pd.Series:
    """Pupils whom the roster calls left behind and migrant, in whichever column."""
    left = pupils["leftbehind"].isin(LEFT_TYPES) | groups.marked(pupils["groups"], ["留守"])
    return left & (yes(pupils["migrant"]) | groups.marked(pupils["groups"], ["随迁"]))


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
    rows = groups.held(town)
    for index, name in rows.loc[_both(rows), "name"].items():
        yield at("roster", index, "migrant" if yes(rows["migrant"])[index] else "groups", name=called(name))


@rule(
    "X49",
    WARNING,
    needs=(
        "roster.groups",
        "roster.leftbehind",
        "roster.migrant",
        "roster.weak",
        "roster.weary",
        "roster.status",
        "leftbehind.student_key",
        "others.kind",
        "family_plan.poor_type",
        "pupil_plan.kind",
    ),
    says="{name}的{group}标注与帮扶表不一致：{what}",
    fix="请核实后改正错的一处：属该群体的，花名册标注并在帮扶表登记；不属的，两处都去掉。",
    source="domain.md 3.2 X49",
)
def groups_disagree(town: Town, policy: Policy) -> Iterator[Spot]:
    """花名册的特殊群体、留守类型、随迁子女、学困厌学标记，要与帮扶各表登记的是同一批学生。只标注不登记，帮扶就落不到人。"""
    found, pupils = marks(town, GROUPS), groups.held(town)
    said = {(key, name) for key in pupils.loc[_both(pupils), "pupil"] for name in ("留守", "随迁")}  # X37's mistake
    for group in GROUPS:
        for key, column, what in differing(town, found, group):
            if (key, group.name) not in said:
                said.add((key, group.name))
                index, _, name = found.rows[key]
                yield at("roster", index, column, name=called(name), group=group.name, what=what)


RULES = (both_away_and_nobody_in_charge, left_behind_and_migrant, groups_disagree)
