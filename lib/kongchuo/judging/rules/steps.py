"""Rules of our own on the steps of a case: steps that cannot have come in that order, a case that was handed on to nobody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ...core.findings import ERROR
from ...core.policy import Policy
from ...core.tables import Town
from ...field import casework, rolls
from .base import Rule, Spot, at, called, readable, rule
from .pupils import maybe_listed

# ledger -> a step's date, and the dates of the same row that cannot lie before it
ORDER = {
    "suspected": (
        ("last_day", ("found", "first_call", "first_visit", "rep_center", "rep_town", "closed")),
        ("found", ("closed",)),
    ),
    "dropout": (
        ("drop_date", ("confirm_date", "sys_marked")),
        ("confirm_date", ("back_date", "closed")),
        ("back_date", ("follow_to", "closed")),
    ),
    "visit": (("date", ("next",)),),
    "legal": (("issued", ("served",)), ("served", ("deadline",))),
}


@rule(
    "X52",
    ERROR,
    needs=tuple(f"{sheet}.{first}" for sheet, pairs in ORDER.items() for first, _ in pairs),
    says="{name}的{later}（{day}）早于{earlier}（{before}），先后不可能",
    fix="请照原始记录核对这两个日期，改正写错的一个；漏记的步骤补记，不要改早、改晚日期来凑。",
    source="本系统；domain.md 2.6 各日期列的校验",
)
def steps_in_impossible_order(town: Town, policy: Policy) -> Iterator[Spot]:
    """一个案子的步骤有先后：先停学再发现，先发现再结案，先认定再复学，先出具再送达，第二次劝返在第一次之后。日期倒过来，不是写错，就是后补的。

    一行里有几个日期都早于同一个日期的，只报那一个。只比得出先后的才报，哪一步空着都不算。
    """
    now, marked = pd.Timestamp(town.as_of), set()
    for sheet, pairs in ORDER.items():
        rows = town[sheet]
        titles = {item.name: item.title for item in town.schema.sheets[sheet].fields}
        for first, others in pairs:
            wrong: dict[tuple[str, int], list[str]] = {}
            for name in others:
                for index in rows.index[(rows[name] < rows[first]) & (rows[first] <= now)]:
                    wrong.setdefault(index, []).append(name)
            for index, names in wrong.items():
                # several dates before this one: it is this one that is wrong
                cell, name = first if len(names) > 1 else names[0], names[0]
                if (sheet, index, cell) not in marked:
                    marked.add((sheet, index, cell))
                    facts = titles[name], rows.at[index, name], titles[first], rows.at[index, first]
                    yield _mark(town, sheet, index, cell, *facts)
    suspects = {(sheet, index) for sheet, index, _ in marked}
    for sheet, index, cell, *facts in _between_rows(town, suspects):
        if (sheet, index, cell) not in marked:
            yield _mark(town, sheet, index, cell, *facts)


def _mark(
    town: Town,
    sheet: str,
    index: tuple,
    cell: str,
    later: str,
    day: object,
    earlier: str,
    before: object,
    says: str = "",
    fix: str = "",
) -> Spot:
    name = town[sheet].at[index, "name"] if "name" in town[sheet] else "该案"
    facts = {"later": later, "day": f"{day:%Y-%m-%d}", "earlier": earlier, "before": f"{before:%Y-%m-%d}"}
    return at(sheet, index, cell, says=says, fix=fix, name=called(name), **facts)


CASES = ("suspected", "dropout")
SEQ = "{name}的{later}（{day}）早于{earlier}（{before}），次数和日期的先后对不上"
SEQ_FIX = "请照纸质记录核对这两行：日期没错的改“次数”，次数没错的改日期；不要改早、改晚日期来凑。"


def _between_rows(town: Town, suspects: set) -> Iterator[tuple]:
    """Steps of one case in different rows: sheet, row, column, step, day, earlier step, day. Cases in doubt are left out."""
    book, now = casework.cases(town), pd.Timestamp(town.as_of)
    wrong = [
        any((sheet, place) in suspects for sheet, place in zip(CASES, places, strict=True))
        for places in zip(*(book[sheet] for sheet in CASES), strict=True)
    ]
    sound = book[~np.array(wrong, bool)]
    for row in sound[(sound["confirmed"] < sound["found"]) & (sound["found"] <= now)].itertuples():
        yield "dropout", row.dropout, "confirm_date", "认定日期", row.confirmed, "疑似台账的发现日期", row.found
    said = set()
    for sheet, column, rows, title in (
        ("visit", "date", casework.visits(town), "劝返日期"),
        ("legal", "served", casework.papers(town), "文书送达日期"),
    ):
        rows = casework.placed(rows, column)
        rows = rows[rows["case"].isin(sound.index)]
        away = casework.at(book["away"], rows["case"])
        for index in rows.index[(rows[column] < away) & (away <= now)]:
            said.add(index)
            yield sheet, index, column, title, rows.at[index, column], "停学（辍学）日期", away.at[index]
    visits = casework.visits(town).dropna(subset=["case_id", "seq", "date"])
    visits = visits.sort_values(["home", "case_id", "seq"], kind="stable")
    visits = visits[~visits.index.isin(said)]
    before, seqs = (visits.groupby(["home", "case_id"])[name].shift() for name in ("date", "seq"))
    for index in visits.index[(visits["date"] < before) & (before <= now)]:
        number = visits.at[index, "seq"]
        earlier = f"第{seqs.at[index]}次"
        yield (
            "visit",
            index,
            "date",
            f"第{number}次劝返",
            visits.at[index, "date"],
            earlier,
            before.at[index],
            SEQ,
            SEQ_FIX,
        )


@rule(
    "X53",
    ERROR,
    needs=("suspected.verdict", "suspected.closed", "suspected.student_key", "dropout.ys_id", "dropout.student_key"),
    says="{school}{name}的疑似案结为“转辍学台账”，辍学台账里却没有他",
    fix="请把该生记入辍学台账，填疑似编号；不该转的，改正核查结论。",
    source="本系统；domain.md 2.6 疑似编号",
)
def handed_on_to_nobody(town: Town, policy: Policy) -> Iterator[Spot]:
    """疑似案结案写“转辍学台账”，辍学台账里就要有这个孩子。两头都不在册，孩子就从所有名单里消失了，再也没有人去劝。"""
    book = casework.cases(town)
    rows = book[(book["verdict"] == casework.TO_DROPOUT) & (book["settled"] <= pd.Timestamp(town.as_of))]
    rows = rows[np.array([place is None for place in rows["dropout"]], bool)].dropna(subset=["student_key"])
    there = pd.MultiIndex.from_frame(town["dropout"].dropna(subset=["student_key"])[rolls.PUPIL])
    rows = rows[~pd.MultiIndex.from_frame(rows[rolls.PUPIL]).isin(there)]
    rows = rows[readable(town, rows["home"], "dropout.ys_id", "dropout.student_key")]
    rows = rows[~maybe_listed(town, rows, "dropout")]
    for home, name, place in rows[["home", "name", "suspected"]].itertuples(index=False, name=None):
        yield at("suspected", place, "verdict", school=home, name=called(name))


RULES: tuple[Rule, ...] = (steps_in_impossible_order, handed_on_to_nobody)
