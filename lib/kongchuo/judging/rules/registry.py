"""Rules on 基础信息: what the registry says against what the schools' own workbooks hold."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.findings import ERROR
from ...core.policy import Policy
from ...core.tables import Town
from ...field.references import homes_of, keyed, tally
from .base import Spot, at, readable, rule


@rule(
    "X25",
    ERROR,
    needs=("class.base_count", "baseline.class_id"),
    says="{school}{class_name}学年初在班人数填{count}，学年初基准名单上是{listed}人",
    fix="请与学校核对锁定的学年初基准名单，改正“班级”表的学年初在班人数；名单有错的记入“学生变动”（信息变更）。",
    source="domain.md 3.2 X25",
)
def base_count_differs(town: Town, policy: Policy) -> Iterator[Spot]:
    """班级表里的“学年初在班人数”要和学校锁定的学年初基准名单一致。巩固率、班级积分都以它为分母，差一个人，全年的数都不对。"""
    base = town["baseline"].assign(class_id=keyed(town, "baseline", "class_id"))
    placed = base.dropna(subset=["class_id"])
    repeated = placed.duplicated(["home", "student_key"]) & placed["student_key"].notna()
    listed = placed["class_id"].value_counts()
    doubled = placed.loc[repeated, "class_id"].value_counts()
    unplaced = base.loc[base["class_id"].isna(), "home"].value_counts()

    rows = town["class"].assign(home=homes_of(town, "class")).dropna(subset=["class_id", "base_count"])
    rows = rows[rows["home"].isin(base["home"]) & readable(town, rows["home"], "baseline.class_id")]
    rows = rows.assign(listed=tally(rows["class_id"], listed))
    least, most = rows["listed"] - tally(rows["class_id"], doubled), rows["listed"] + tally(rows["home"], unplaced)
    wrong = rows[(rows["base_count"] < least) | (rows["base_count"] > most)]
    columns = ["home", "class_name", "base_count", "listed"]
    for index, school, name, count, number in wrong[columns].itertuples(name=None):
        yield at("class", index, "base_count", school=school, class_name=name, count=count, listed=number)


RULES = (base_count_differs,)
