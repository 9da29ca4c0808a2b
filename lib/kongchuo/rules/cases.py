"""Rules on 控辍台账: who must be on a ledger and is not, and pupils on a ledger for whom nobody answers."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from .. import duties, rolls
from ..findings import ERROR, WARNING
from ..policy import Policy
from ..references import class_names
from ..tables import Town
from .base import Mark, at, called, readable, rule
from .pupils import maybe_listed

LEDGERS = ("suspected", "dropout")


@rule(
    "X12",
    ERROR,
    needs=(
        "absence.kind",
        "absence.date",
        "absence.student_key",
        "absence.halves",
        "daily.date",
        "daily.class_id",
        "suspected.student_key",
        "dropout.student_key",
        "calendar.date",
        "calendar.is_school_day",
        "term.start",
        "term.end",
    ),
    says="{school}{class_name}{name}自{since}起连续缺勤{days}个上课日，没有进入疑似辍学台账",
    fix="请当天家访、报中心学校，并记入“疑似辍学台账”；已请假的补办请假手续并改正缺勤类型。",
    source="domain.md 3.2 X12, 4.3",
)
def absent_but_on_no_ledger(town: Town, policy: Policy) -> Iterator[Mark]:
    """无故缺勤连续达到疑似线（上课日，节假日不打断）的学生，必须在疑似辍学台账或辍学台账里。这是控辍的第一道闸，漏一个就可能失去一个。"""
    rows = rolls.runs(town, town.as_of)  # one that has ended by now should have been on a ledger as well
    rows = rows[rows["days"] >= policy["suspected_after"]]
    rows = rows[readable(town, rows["home"], *(f"{sheet}.student_key" for sheet in LEDGERS))]
    listed = pd.concat([town[sheet][["student_key", "closed"]] for sheet in LEDGERS]).dropna(subset=["student_key"])
    pairs = rows[["student_key", "since"]].assign(place=list(rows.index)).merge(listed, on="student_key")
    covered = set(pairs.loc[pairs["closed"].isna() | (pairs["closed"] >= pairs["since"]), "place"])
    rows = rows[~rows.index.isin(covered) & ~maybe_listed(town, rows, *LEDGERS)]
    labels = class_names(town)
    for index, school, name, class_id, days, since in rows[["home", "name", "class_id", "days", "since"]].itertuples(
        name=None
    ):
        facts = {"school": school, "class_name": labels.get(class_id, ""), "name": called(name)}
        yield at("absence", index, "student_key", days=f"{days:g}", since=f"{since:%Y-%m-%d}", **facts)


# ledger -> the column that names its own teacher ("" where it has none) and the date it was closed
ANSWERED_BY = {
    "watch": ("teacher", "closed"),
    "suspected": ("teacher", "closed"),
    "dropout": ("bond_school", "closed"),
    "pupil_plan": ("helper", ""),
    "leftbehind": ("teacher", ""),
    "others": ("helper", ""),
    "disabled": ("", ""),
}


@rule(
    "G03",
    WARNING,
    needs=("roster.student_key", "class.head_teacher", "bond.target_id"),
    says="{name}在{sheet}中，没有包保教师：台账、花名册、包保责任和班主任都没有人",
    fix="请确定一名包保教师，填入台账；不另外指定的，由班主任包保，请补填班主任。",
    source="domain.md 3.3 G03; 方案五（四包③）",
)
def nobody_answers(town: Town, policy: Policy) -> Iterator[Mark]:
    """台账上的每个学生都要有一位教师包保；没有另外指定的，就是班主任。没有人包，就没有人去家访。"""
    answered = duties.answering(town, town.as_of)
    answered = answered.loc[answered["kind"] == duties.PUPILS, ["home", "unit"]]
    bonds = duties.held_on(town, town.as_of)
    unclear = bonds.loc[(bonds["kind"] == duties.PUPILS) & bonds["target"].isna(), "target_name"]
    roster = rolls.listed(town).dropna(subset=["student_key"])
    roster = roster[roster["class_id"].isin(duties.classes_of(town)["class_id"].dropna())]
    cared = pd.MultiIndex.from_frame(roster[["home", "student_key"]]).isin(pd.MultiIndex.from_frame(answered))
    cared |= roster["name"].isin(unclear.dropna())
    alone = pd.MultiIndex.from_frame(roster.loc[~cared, ["home", "student_key"]])
    for sheet, (column, closed) in ANSWERED_BY.items() if len(alone) else ():
        frame = town[sheet].dropna(subset=["student_key"])
        judged = readable(town, frame["home"], "bond.target_id", "class.head_teacher")
        rows = frame[pd.MultiIndex.from_frame(frame[["home", "student_key"]]).isin(alone) & judged]
        if column:
            rows = rows[rows[column].isna() & town.known(sheet, column).reindex(rows.index)]
        if closed:
            rows = rows[rows[closed].isna()]
        for index, name in rows["name"].items():
            yield at(sheet, index, column or "student_key", name=called(name))


RULES = (absent_but_on_no_ledger, nobody_answers)
