"""Rules on numbers that cannot be right: parts and totals typed in one row, a cohort that keeps more pupils than it ever had.

The figures on pages cannot go wrong this way (findings.FIGURE_KINDS); what people type can.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR
from ...core.policy import Policy
from ...core.tables import Town, of_year
from ...field import rolls
from .base import Spot, at, called, readable, rule, yes
from .pupils import maybe_listed

# (sheet, the whole, its parts, whether the parts must make up the whole or only not exceed it)
TOTALS = (
    ("rollcall", "n_register", ("n_present", "leave_ok", "leave_no", "unknown"), True),
    ("publicity_log", "n_due", ("n_att",), False),
    ("publicity_log", "n_due", ("n_receipt",), False),
    ("aid", "standard", ("paid",), False),
)
TOO_MUCH = "“{part}”{number}，多于“{whole}”{total}"


@rule(
    "N03",
    ERROR,
    needs=tuple(dict.fromkeys(f"{sheet}.{name}" for sheet, whole, parts, _ in TOTALS for name in (whole, *parts))),
    says="“{whole}”{total}，{parts}加起来是{number}，对不上",
    fix="请对照原始记录核对这一行的几个数，改正填错的一个。",
    source="domain.md 3.3 N03",
)
def parts_and_total_disagree(town: Town, policy: Policy) -> Iterator[Spot]:
    """督查点名的学籍数要等于实到、请假、不明各项之和；实参加、回执不多于应参加（应发），实发不多于标准。不平的数写进报告，谁都不会信。"""
    for sheet, whole, parts, exact in TOTALS:
        columns, names = town.schema.sheets[sheet].by_name, list(parts)
        rows = town[sheet].dropna(subset=[whole, *names])
        sums = rows[names].sum(axis=1)
        wrong = sums != rows[whole] if exact else sums > rows[whole]
        for index, total, number in zip(rows.index[wrong], rows.loc[wrong, whole], sums[wrong], strict=True):
            facts = {"whole": columns[whole].title, "total": f"{total:g}", "number": f"{number:g}"}
            if exact:
                yield at(sheet, index, whole, parts="＋".join(columns[name].title for name in names), **facts)
            else:
                yield at(sheet, index, names[0], says=TOO_MUCH, part=columns[names[0]].title, **facts)


@rule(
    "N01",
    ERROR,
    needs=(
        *("roster.student_key", "roster.entry_ym", "roster.status", "roster.class_id", "class.grade"),
        *("baseline.student_key", "change.student_key", "change.kind"),
    ),
    says="{name}的入学年月写{entry}，像是本学年才来的，“学生变动”里却没有他的转入：{school}{grade}年级在校{held}人，招生加转入只有{due}人",
    fix="入学年月写错的改正；确是本学年转来的，在“学生变动”补记转入，并请中心学校核对学年初基准上为什么有他。",
    source="domain.md 3.3 N01, 4.1 D04, 8",
)
def kept_more_than_came(town: Town, policy: Policy) -> Iterator[Spot]:
    """学段巩固率＝在校÷（招生＋转入－转出），超过100%就是有人来了没记转入：名单上早有他，入学年月却说他本学年才来。分母少一个，率就虚高。"""
    roster, base = rolls.listed(town), of_year(town, town["baseline"])
    grades = (
        town["class"].dropna(subset=["class_id", "grade"]).drop_duplicates("class_id").set_index("class_id")["grade"]
    )
    rows = roster[roster["status"].isin(rolls.AT_SCHOOL)]
    rows = rows.assign(grade=rows["class_id"].map(grades).astype("Int64"))
    # whoever is not on the baseline either shows in X26
    listed = pd.MultiIndex.from_frame(base[rolls.PUPIL].dropna())
    moved = town["change"]
    came = pd.MultiIndex.from_frame(moved.loc[moved["kind"].isin(rolls.JOINING), rolls.PUPIL].dropna())
    keys = pd.MultiIndex.from_frame(rows[rolls.PUPIL])
    odd = rows[_came_this_year(town, rows) & ~yes(rows["guest"]) & keys.isin(listed) & ~keys.isin(came)]
    odd = odd[readable(town, odd["home"], "change.student_key", "change.kind") & ~maybe_listed(town, odd, "change")]
    sizes = rows.groupby(["home", "grade"]).size()
    for (school, grade), unit in odd.groupby(["home", "grade"]):
        held = int(sizes[school, grade])
        for index, name, entry in unit[["name", "entry_ym"]].itertuples(name=None):
            facts = {"school": school, "grade": grade, "held": held, "due": held - len(unit)}
            yield at("roster", index, "entry_ym", name=called(name), entry=entry, **facts)


def _came_this_year(town: Town, rows: pd.DataFrame) -> pd.Series:
    """Whose 入学年月 lies in this school year (from August on) and after the September in which the grade began its stage."""
    year = int(town.year[:4])
    began = year - (rows["grade"] - 1) % 6  # grades 1 and 7 begin a stage
    entry = pd.to_numeric(rows["entry_ym"], errors="coerce")
    return ((entry >= year * 100 + 8) & (entry > began * 100 + 9)).fillna(False).astype(bool)


RULES = (parts_and_total_disagree, kept_more_than_came)
