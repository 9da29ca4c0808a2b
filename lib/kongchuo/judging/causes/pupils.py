"""One row of 学生花名册 that is missing, there twice, or in a wrong state or class: its class's 应到 differs day after day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd

from ...core.findings import Finding
from ...core.policy import Policy
from ...core.tables import Town, mapping
from ...field import rolls
from ...field.references import class_names, keyed
from ..rules.base import called
from .base import Suspect, at_rows, edited, of, with_row, without
from .kinds import KINDS

DAYS = 5  # days in a row with the same difference, before the roster is suspected and not the count of a day
NAMING = ("X04", "X02", "X26", "X34", "F18", "X07", "X23", "X01")  # codes that name the pupil already, best first

TOGETHER = ("X26",)
MOST = 8  # rows of one kind that are tried one by one


def steady(town: Town, loose: frozenset[Finding]) -> pd.DataFrame:
    """X08 of classes whose 应到 differs by the same number on one counted day after the other: class_id, delta, date, since, finding.

    delta: how many more 应到 has than the roster. Indexed as 日查.
    """
    at = at_rows(town, of(loose, "X08"), "daily")
    rows = town["daily"].assign(class_id=keyed(town, "daily", "class_id")).dropna(subset=["class_id", "date", "due"])
    rows = rows[rows["class_id"].isin(rows.loc[rows.index.isin(list(at)), "class_id"])].sort_values(
        ["class_id", "date"]
    )
    if rows.empty:
        return rows.assign(delta=[], since=[], finding=[])
    number = rolls.due(town, rows["class_id"], rows["date"])["number"]
    rows = rows.assign(delta=(rows["due"] - number).astype("int64"), found=rows.index.isin(list(at)))
    run = ((rows["delta"] != rows.groupby("class_id")["delta"].shift()) | ~rows["found"]).cumsum()
    rows = rows[rows["found"] & (rows.groupby(run)["delta"].transform("size") >= DAYS)]
    run = run[rows.index]
    finding = [at[index] for index in rows.index]
    return rows.assign(since=rows.groupby(run)["date"].transform("min"), run=run, finding=finding)


def roster(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """The pupils in whom the roster differs from the baseline and 学生变动, in classes whose 应到 differs steadily."""
    if not of(loose, "X08"):
        return
    rows = steady(town, loose)
    labels = class_names(town)
    # first the classes that lack somebody: who stands in a wrong class is lacking in one and too many in another
    for class_id, own in sorted(rows.groupby("class_id"), key=lambda one: -one[1]["delta"].iloc[-1]):
        delta = int(own["delta"].iloc[-1])
        facts = {"class_name": labels.get(class_id, class_id), "since": f"{own['since'].iloc[-1]:%Y-%m-%d}"}
        facts |= {"count": len(own), "number": abs(delta)}
        home = own["home"].iloc[0]
        for what, mend, column, rows in _candidates(town, home, class_id, delta):
            # one row each, or all of them where they are as many as differ
            for some in (
                [rows] if len(rows) >= abs(delta) > 1 else [{index: mended} for index, mended in rows.items()][:MOST]
            ):
                (sheet, index), mended = next(iter(some)), town
                for change in some.values():
                    mended = change(mended)
                told = {"name": called(town[sheet].at[index, "name"]) + (f"等{len(some)}人" if len(some) > 1 else "")}
                place = town.place(sheet, index, column if sheet == "roster" else "student_key")
                made = KINDS["X73"].at(place, what=what, mend=mend, **told, **facts)
                yield Suspect(_naming(town, loose, index, sheet, len(some)) or made, mended, "X08")


Change = Callable[[Town], Town]


def _candidates(
    town: Town, home: str, class_id: str, delta: int
) -> Iterator[tuple[str, str, str, dict[tuple[str, tuple[str, int]], Change]]]:
    """(what is wrong, how to mend it, column, {(sheet, index): what mends it}) for the rows that would explain a difference."""
    listed = rolls.listed(town)
    listed = listed[listed["home"] == home]
    base = town["baseline"].assign(class_id=keyed(town, "baseline", "class_id"))
    base = base[(base["home"] == home) & (base["class_id"] == class_id)].dropna(subset=["student_key"])
    came = rolls.changes(town)
    came = came[(came["class_to"] == class_id) & (came["home"] == home)]
    keys = {*base["student_key"], *came["student_key"]}
    here = listed["class_id"] == class_id
    if delta < 0:
        rows = {
            ("roster", index): partial(without, sheet_name="roster", index=index)
            for index in listed.index[here & ~listed["student_key"].isin(keys)]
        }
        yield "多出一行", "重复或写错班级的改正，确实转入的补记“学生变动”", "student_key", rows
        return
    book = next((book.name for book in town.holding("roster") if book.home == home), "")
    # whoever left meanwhile had a row as well, in the state that 学生变动 led to
    kinds = mapping(rolls.changes(town), "student_key", "kind")
    left = {key: rolls.AFTER[kind] for key, kind in kinds.items() if kind in rolls.AFTER}
    rows = {}
    for sheet, frame in (("baseline", base), ("change", came)):
        for index, key, name in frame.loc[
            ~frame["student_key"].isin(listed["student_key"]), ["student_key", "name"]
        ].itertuples(name=None):
            values = {"student_key": key, "name": name, "class_id": class_id, "status": left.get(key, rolls.ENROLLED)}
            rows[sheet, index] = partial(with_row, sheet_name="roster", workbook=book, **values)
    yield "没有这个人", "漏了的补回花名册", "student_key", rows
    for status, own in listed[here & (listed["status"] != rolls.ENROLLED)].groupby("status"):
        rows = {
            ("roster", index): partial(edited, sheet_name="roster", index=index, status=rolls.ENROLLED)
            for index in own.index
        }
        yield f"状态写“{status}”", "状态写错的改正，确有变动的补记“学生变动”", "status", rows
    rows = {
        ("roster", index): partial(edited, sheet_name="roster", index=index, class_id=class_id)
        for index in listed.index[~here & listed["student_key"].isin(keys)]
    }
    yield "班级写到了别的班", "班级写错的改正，确实调班的补记“学生变动”", "class_id", rows


def _naming(town: Town, loose: frozenset[Finding], index: tuple[str, int], sheet: str, number: int) -> Finding | None:
    """The finding that names the pupil of a row already: at that row, or at the row of the same pupil in 摸底登记.

    Of several pupils it is the one that names them together (X26).
    """
    key = town[sheet].at[index, "student_key"]
    places = {index} if sheet == "roster" else set()
    for name in ("baseline", "census"):
        frame = town[name]
        places |= set(frame.index[frame["student_key"] == key])
    titles = {town.schema.sheets[name].title for name in ("roster", "baseline", "census")}
    found = [
        one
        for one in of(loose, *(NAMING if number == 1 else TOGETHER))
        if (one.workbook, one.row) in places and one.sheet in titles
    ]
    return min(found, key=lambda one: NAMING.index(one.rule), default=None)
