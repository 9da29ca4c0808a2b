"""Rules on belonging to a group: what the roster marks against the sheets of 帮扶, left-behind pupils nobody is in charge of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from .. import groups
from ..findings import WARNING
from ..policy import Policy
from ..tables import Town
from .base import Mark, at, called, readable, rule, yes

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


def differing(town: Town, pupils: pd.DataFrame, group: Group) -> Iterator[tuple[tuple[str, int], str, str]]:
    """(roster row, column, what differs) of pupils whom roster and sheet do not both put into the group, each once.

    `pupils` as groups.held gives them. A pupil with a mark that could not be read is left out.
    """
    sheet, rows = town.schema.sheets[group.sheet], groups.rows_of(town, group.sheet)
    told = readable(town, pupils["home"], f"{group.sheet}.student_key", f"{group.sheet}.{group.column or 'name'}")
    columns = [*(["groups"] if group.token else []), *([group.own] if group.own else [])]
    for column in columns:
        if not (known := town.known("roster", column)).all():
            told &= known.reindex(pupils.index)
    by_token = groups.marked(pupils["groups"], [group.name]) if group.token else None
    by_own = pupils[group.own].isin(group.marks) if group.own else None
    said = by_own if by_token is None else by_token if by_own is None else by_token | by_own
    member = rows[group.column].isin(group.values) if group.column else pd.Series(True, rows.index)
    unclear = rows[group.column].isna() if group.column else ~member
    listed = pupils["pupil"].isin(rows.loc[rows["sure"] & member, "pupil"])
    unlisted = told & said & ~listed
    if not group.plan_due:
        candidates = pupils[unlisted]
        may_be = rows[member | unclear].assign(sure=lambda frame: frame["sure"] & member & ~unclear)
        for index in candidates.index[groups.absent_from(candidates, may_be)]:
            column = group.own if by_token is None or not by_token[index] else "groups"
            yield index, column, UNLISTED.format(sheet=sheet.title)
    for index in pupils.index[told & listed & ~said]:
        yield index, columns[0], UNMARKED.format(sheet=sheet.title)
    if by_token is None or by_own is None or not group.agree:
        return
    told &= pupils[group.own].notna()  # F17
    roster = town.schema.sheets["roster"].by_name
    for index in pupils.index[told & listed & (by_token != by_own)]:
        yield index, group.own if by_token[index] else "groups", UNEQUAL.format(own=roster[group.own].title)
    if len(group.values) > 1:  # the roster's own column says which kind as well
        types = rows[rows["sure"] & member].drop_duplicates("pupil").set_index("pupil")[group.column]
        both = pupils[told & listed & by_own & by_token]
        given = types.reindex(both["pupil"]).to_numpy()
        for index, held, other in zip(both.index, both[group.own], given, strict=True):
            if held != other:
                yield index, group.own, OTHER_TYPE.format(held=held, sheet=sheet.title, given=other)


@rule(
    "X36",
    WARNING,
    needs=("leftbehind.left_type", "leftbehind.trustee", "leftbehind.trustee_rel", "leftbehind.teacher"),
    says="{name}为双亲留守，{lacks}",
    fix="请与父母商定一位能照管孩子的委托监护人，签委托书后填入；并确定包保教师，每月联系。",
    source="domain.md 3.2 X36; 方案六-5",
)
def both_away_and_nobody_in_charge(town: Town, policy: Policy) -> Iterator[Mark]:
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
def left_behind_and_migrant(town: Town, policy: Policy) -> Iterator[Mark]:
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
def groups_disagree(town: Town, policy: Policy) -> Iterator[Mark]:
    """花名册的特殊群体、留守类型、随迁子女、学困厌学标记，要与帮扶各表登记的是同一批学生。只标注不登记，帮扶就落不到人。"""
    pupils = groups.held(town)
    both, said = _both(pupils), set()
    for group in GROUPS:
        rows = pupils[~both] if group.name in ("留守", "随迁") else pupils  # that mistake is X37's
        for index, column, what in differing(town, rows, group):
            if (index, group.name) not in said:
                said.add((index, group.name))
                name = called(pupils.at[index, "name"])
                yield at("roster", index, column, name=name, group=group.name, what=what)


RULES = (both_away_and_nobody_in_charge, left_behind_and_migrant, groups_disagree)
