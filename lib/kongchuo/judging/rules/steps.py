"""Rules of our own on the steps of a case: steps that cannot have come in that order, a case that was handed on to nobody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import casework, rolls
from ...field.references import keyed, named, school_names
from .base import Rule, Spot, at, called, readable, rule, yes
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


OWNERS = ("suspected", "dropout")


@rule(
    "X67",
    WARNING,
    needs=("suspected.owner", "dropout.owner", "roster.student_key", "roster.guest"),
    says="{name}的责任学校写{written}，学籍在{school}",
    fix="请核对：谁的学生谁负责，学籍在哪所学校，责任学校就写哪所；转学没有核办的，责任仍在原校。",
    source="domain.md 2.6 责任学校, 1.1 谁的学生谁负责",
)
def owned_by_another(town: Town, policy: Policy) -> Iterator[Spot]:
    """台账的责任学校就是学籍学校。写成别的学校，两边都以为对方在劝返。借读的学生学籍不在本校，不看。"""
    roster, names = town["roster"], school_names(town)
    guests = set(roster.loc[yes(roster["guest"]), "student_key"].dropna())
    here = set(zip(roster["home"], roster["student_key"], strict=True))
    for sheet in OWNERS:
        rows = town[sheet].assign(written=named(keyed(town, sheet, "owner"), names)).dropna(subset=["written"])
        rows = rows[(rows["written"] != rows["home"]) & ~rows["student_key"].isin(guests)]
        for index, home, key, name, written in rows[["home", "student_key", "name", "written"]].itertuples(name=None):
            if (home, key) in here and (written, key) not in here:
                yield at(sheet, index, "owner", name=called(name), written=written, school=home)


DIFFERS = "{name}的“{column}”写{written}，{where}写{known}"


@rule(
    "X68",
    WARNING,
    needs=(
        *("dropout.ys_id", "dropout.confirm_date", "dropout.drop_date", "dropout.order_no", "dropout.order_due"),
        *("suspected.case_id", "suspected.last_day", "legal.doc_no", "legal.deadline"),
    ),
    says="{name}{day}认定辍学，没有填由哪个疑似案转来",
    fix="请照疑似辍学台账和法律文书核对，补填编号，改正不一致的日期。",
    source="domain.md 2.6 疑似编号, 辍学日期, 限期",
)
def ledgers_differ(town: Town, policy: Policy) -> Iterator[Spot]:
    """本学年认定的辍学都由疑似案转来，要填疑似编号；辍学日期就是疑似台账的停学日期，限期就是文书上的限期。两处不一样，时限就没法算。"""
    rows, first = town["dropout"], pd.Timestamp(f"{town.year[:4]}-09-01")
    linked = keyed(town, "dropout", "ys_id")
    lone = rows["ys_id"].isna() & town.known("dropout", "ys_id") & (rows["drop_date"] >= first)
    for index, name, day in rows.loc[lone & rows["confirm_date"].notna(), ["name", "confirm_date"]].itertuples(
        name=None
    ):
        yield at("dropout", index, "ys_id", name=called(name), day=f"{day:%Y-%m-%d}")
    for column, keys, sheet, number, other in (
        ("drop_date", linked, "suspected", "case_id", "last_day"),
        ("order_due", keyed(town, "dropout", "order_no"), "legal", "doc_no", "deadline"),
    ):
        there = town[sheet].dropna(subset=[number, other])
        there = there[~there.duplicated(["home", number], keep=False)]
        known = dict(zip(zip(there["home"], there[number], strict=True), there[other], strict=True))
        where = f"“{town.schema.sheets[sheet].title}”"
        cells = rows.assign(key=keys).dropna(subset=["key", column])
        for index, home, key, name, written in cells[["home", "key", "name", column]].itertuples(name=None):
            right = known.get((home, key), written)
            if right != written:
                facts = {"written": f"{written:%Y-%m-%d}", "known": f"{right:%Y-%m-%d}", "where": where}
                yield at("dropout", index, column, says=DIFFERS, name=called(name), **facts)


@rule(
    "X69",
    WARNING,
    needs=("visit.case_id", "visit.seq"),
    says="{name}这一案的劝返次数不连续：这里写第{seq}次，应是第{due}次",
    fix="请按日期从1起连续编次；漏记的补记，同一次不要记两行。",
    source="domain.md 2.6 劝返记录 次数",
)
def visits_not_numbered(town: Town, policy: Policy) -> Iterator[Spot]:
    """一案的劝返从第1次起连续编次。跳了一次，不是漏记就是删了；一案只报第一处。次数和日期先后相反的见X52。"""
    rows = town["visit"].dropna(subset=["case_id", "seq"]).sort_values("seq", kind="stable")
    unclear = town["visit"].loc[town["visit"][["case_id", "seq"]].isna().any(axis=1), "home"]
    rows = rows[~rows["home"].isin(unclear)]
    due = rows.groupby(["home", "case_id"]).cumcount() + 1
    wrong = rows.assign(due=due)[rows["seq"] != due].drop_duplicates(["home", "case_id"])
    for index, name, seq, number in wrong[["name", "seq", "due"]].itertuples(name=None):
        yield at("visit", index, "seq", name=called(name), seq=seq, due=number)


RULES: tuple[Rule, ...] = (
    steps_in_impossible_order,
    handed_on_to_nobody,
    owned_by_another,
    ledgers_differ,
    visits_not_numbered,
)
