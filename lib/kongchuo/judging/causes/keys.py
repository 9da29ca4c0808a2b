"""A name or number retyped on one side: a row of the registry nobody refers to, and a name in use that no row bears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

import pandas as pd

from ...core.findings import Finding
from ...core.policy import Policy
from ...core.schema import CENTRE
from ...core.tables import Town
from ...field.references import NONE, dangling, homes_of, look_up
from ..checks import CASE_NUMBERS, references
from ..rules.people import actors
from .base import ENOUGH, Suspect, edited, of
from .kinds import KINDS

CODES = ("F10", "F22", "G05")
NEAR = 0.5  # how alike a name in use and one that nobody uses must be, 1 being the same
LEDGERS = {"suspected": "YS-", "dropout": "CX-"}  # what a case number begins with, by the ledger it is of
HEADED = "班级"  # a class without a head teacher is what is to be mended first
TRIED = 8  # names in use, most used first


def renamed(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A school, class, village, member of staff, case or paper whose name or number stands one way here, another way elsewhere."""
    if len(of(loose, *CODES)) < ENOUGH:
        return
    cells = _cells(town)
    used = {
        (target, home, value)
        for target, home, value in cells.loc[cells["key"] != "", ["target", "home", "value"]].itertuples(index=False)
    }
    lost = Counter(cells.loc[cells["lost"], ["target", "value"]].itertuples(index=False, name=None))
    for (target, value), count in lost.most_common(TRIED):
        if count < ENOUGH:
            return
        homes = Counter(cells.loc[cells["lost"] & (cells["target"] == target) & (cells["value"] == value), "home"])
        place = _nearest(town, target, value, homes, used)
        if place:
            index, column, written = place
            kind = KINDS["X70"].at(town.place(target, index, column), value=written, used=value, count=count)
            code = "G05" if target == "staff" else "F22" if target == "class" else "F10"
            yield Suspect(
                kind, edited(town, target, index, **{column: value}), code, _of_folders(town, target, value, written)
            )


def departed(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A member of staff who has left and whom rows still name: where a class has nobody else, that is what is to be mended."""
    if len(of(loose, "G05")) < ENOUGH:
        return
    titles = {sheet.title: sheet.name for sheet in town.schema.sheets.values()}
    places = {(titles.get(one.sheet), one.column, (one.workbook, one.row)): one for one in of(loose, "G05")}
    cells = pd.concat(
        [cells[cells["left"]].assign(sheet=sheet, column=column) for sheet, column, cells in actors(town)]
    )
    cells["column"] = [
        town.schema.sheets[sheet].by_name[name].title
        for sheet, name in zip(cells["sheet"], cells["column"], strict=True)
    ]
    staff = town["staff"].dropna(subset=["staff_id"]).drop_duplicates("staff_id")
    for key, own in cells.groupby("key"):
        found = [
            places.get((sheet, column, index))
            for index, sheet, column in own[["sheet", "column"]].itertuples(name=None)
        ]
        found = sorted(
            (one for one in found if one), key=lambda one: (one.sheet != HEADED, f"/{CENTRE}/" not in one.workbook, one)
        )
        index = next(iter(staff.index[staff["staff_id"] == key]), None)
        if len(found) > ENOUGH and index is not None:
            yield Suspect(found[0], edited(town, "staff", index, active=True, to=pd.NaT), "G05")


def _cells(town: Town) -> pd.DataFrame:
    """Every cell that refers to a row elsewhere: value, home, key, target, and `lost`, whether there is no such row."""
    found = []
    for _, _, cells, target in references(town):
        found.append(cells.assign(target=target, lost=cells.index.isin(dangling(town, cells, target).index)))
    for sheet in CASE_NUMBERS:
        frame = town[sheet].dropna(subset=["case_id"])
        for target, prefix in LEDGERS.items():
            own = frame[frame["case_id"].str.startswith(prefix)]
            cells = look_up(town, pd.DataFrame({"value": own["case_id"], "home": own["home"]}), target)
            found.append(cells.assign(target=target, lost=cells.index.isin(dangling(town, cells, target).index)))
    for _, _, cells in actors(town):
        found.append(cells.assign(target="staff", lost=cells.index.isin(dangling(town, cells, "staff").index)))
    made = pd.concat(found) if found else pd.DataFrame(columns=["value", "home", "key", "via", "target", "lost"])
    return made.assign(lost=made["lost"].astype(bool) & (made["via"] == NONE))


def _nearest(town: Town, target: str, value: str, homes: Counter, used: set) -> tuple[tuple[str, int], str, str] | None:
    """The row and column of a sheet that may be meant by a name in use: nobody uses what it says, and it is alike, or alone so."""
    sheet, frame = town.schema.sheets[target], town[target]
    townwide = town.schema.book_of[target].owner == "centre" and target != "class"
    here = homes_of(town, target) if not townwide else pd.Series("", frame.index)
    taken = {(kind, one) for kind, _, one in used}
    found = []
    for column in dict.fromkeys((sheet.primary_key[0], *sheet.labels[:1])):
        own = "" if column == sheet.primary_key[0] else None
        for index, written, home in zip(frame.index, frame[column], here, strict=True):
            if pd.isna(written) or (not townwide and home not in homes):
                continue
            if (target, written) in taken if townwide or own == "" else (target, home, written) in used:
                continue
            found.append((SequenceMatcher(None, written, value).ratio(), index, column, written))
    found.sort(key=lambda one: (-one[0], one[1]))
    near = [one for one in found if one[0] >= NEAR]
    if near:
        return near[0][1:]
    return found[0][1:] if len(found) == 1 else None


def _of_folders(town: Town, target: str, value: str, written: str) -> tuple[Finding, ...]:
    """What reading said of a school's folder that bears one of the two names: that it is missing, or that nobody knows it."""
    if target != "school":
        return ()
    both = {value, written}
    return tuple(
        finding
        for book in town.workbooks
        for finding in book.findings
        if finding.rule in ("R01", "R13") and both & {*finding.workbook.split("/")}
    )
