"""Rules on 人籍核查: differences without a type, and classes nobody has checked this term."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import deadlines, rolls
from ...field.deadlines import changes as limits
from ...field.references import keyed, tally
from .base import Spot, at, called, no, readable, rule

LISTED_IN = ("in_register", "in_rollbook", "in_seating", "in_homework", "name_ok")


@rule(
    "X27",
    ERROR,
    needs=tuple(f"reconcile.{name}" for name in (*LISTED_IN, "diff_type")),
    says="{name}{which}为“否”，没有填差异类型",
    fix="请在“差异类型”选一项，并写明处理措施和整改期限。",
    source="domain.md 3.2 X27",
)
def difference_without_type(town: Town, policy: Policy) -> Iterator[Spot]:
    """学籍表、点名册、座次表、作业四处只要有一处没有这个学生（或姓名不一致），就要写明是哪种差异，否则查出了问题却无法整改。"""
    frame = town["reconcile"]
    columns = town.schema.sheets["reconcile"].by_name
    denied = pd.DataFrame({columns[name].title: no(frame[name]) for name in LISTED_IN})
    wrong = denied.any(axis=1) & frame["diff_type"].isna() & town.known("reconcile", "diff_type")
    for index, name in frame.loc[wrong, "name"].items():
        which = "、".join(f"“{title}”" for title in denied.columns[denied.loc[index]])
        yield at("reconcile", index, "diff_type", name=called(name), which=which)


@rule(
    "X28",
    WARNING,
    needs=("reconcile.date", "reconcile.class_id", "class.class_id", "term.start", "term.end"),
    says="{school}{class_name}{term}没有做人籍核查",
    fix="请按学籍表、点名册、座次表、作业逐人核对，一人一行记入“人籍核查”；每学期开学后{weeks}周内各班至少一次。",
    source="domain.md 3.2 X28, 7; 方案五（人籍核查制度）",
)
def class_not_checked(town: Town, policy: Policy) -> Iterator[Spot]:
    """每个班每学期至少做一次人籍核查，开学后几周内完成。不核查，有籍无人、有人无籍就发现不了，空挂学籍也说不清。"""
    _, last = policy["register_check_weeks"]
    rows = deadlines.state(town, policy, limits.CHECKED)
    rows = rows[rows["late"] & rows["done"].isna()].reset_index(drop=True)
    rows = rows.assign(workbook=rows["home"].map({book.home: book.name for book in town.holding("reconcile")}))
    rows = rows[readable(town, rows["home"], "reconcile.date", "reconcile.class_id")]
    tells = rows["home"].isin(town["roster"]["home"]) & readable(town, rows["home"], "roster.class_id", "roster.status")
    rows = rows[~tells | (rolls.due(town, rows["class_id"], rows["due"])["number"] > 0)]
    checks = town["reconcile"].assign(class_id=keyed(town, "reconcile", "class_id"))
    rows = rows[~rows["class_id"].isin(checks.loc[checks["date"].isna(), "class_id"])]
    # a check whose class cannot be made out may be the one that seems to be missing
    lost = checks[checks["class_id"].isna()].groupby("home")["check_id"].nunique()
    rows = rows[rows.groupby(["home", "term"])["class_id"].transform("size") > tally(rows["home"], lost)]
    for school, class_name, term, workbook in rows[["home", "name", "term", "workbook"]].itertuples(
        index=False, name=None
    ):
        yield at("reconcile", (workbook, 0), school=school, class_name=class_name, term=term, weeks=last)


RULES = (difference_without_type, class_not_checked)
