"""What may be a cause: a finding that would say it, and the township with that one mistake mended. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from ...core.findings import Finding
from ...core.policy import Policy
from ...core.tables import Table, Town

ENOUGH = 3  # findings that must go with the mistake before it is called their cause


@dataclass(frozen=True)
class Suspect:
    """A possible cause: the finding that says it, and the township as it would be without the mistake.

    `code` is one that must go then. `with_it` goes as well if it does: what reading said, which is not judged again.
    """

    cause: Finding
    town: Town
    code: str
    with_it: tuple[Finding, ...] = ()


Suspecting = Callable[[Town, Policy, frozenset[Finding]], Iterator[Suspect]]


def of(findings: Iterable[Finding], *codes: str) -> list[Finding]:
    """Those of these codes, in order."""
    return sorted(finding for finding in findings if finding.rule in codes)


def at_rows(town: Town, findings: Iterable[Finding], sheet_name: str) -> dict[tuple[str, int], Finding]:
    """Findings in a worksheet by their index in `town[sheet_name]`; of several in a row, the last."""
    title = town.schema.sheets[sheet_name].title
    return {(one.workbook, one.row): one for one in findings if one.sheet == title and one.row}


# --- a township with one thing changed ----------------------------------------------------------------------------------
def changed(town: Town, sheet_name: str, workbook: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Town:
    """The township with one worksheet's frame changed; `change` gets a copy and gives what takes its place."""

    def other(table: Table) -> Table:
        return replace(table, frame=change(table.frame.copy()))

    return with_table(town, sheet_name, workbook, other)


def with_table(town: Town, sheet_name: str, workbook: str, other: Callable[[Table], Table]) -> Town:
    """The township with another table in place of one."""
    books = tuple(
        replace(book, tables=book.tables | {sheet_name: other(book.tables[sheet_name])})
        if book.name == workbook
        else book
        for book in town.workbooks
    )
    frames = {name: frame for name, frame in town._frames.items() if name != sheet_name}
    return replace(town, workbooks=books, _frames=frames, _made={})


def edited(town: Town, sheet_name: str, index: tuple[str, int], **values: object) -> Town:
    """The township with other values in one row."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        for name, value in values.items():
            frame.at[index[1], name] = value
        return frame

    return changed(town, sheet_name, index[0], change)


def without(town: Town, sheet_name: str, index: tuple[str, int]) -> Town:
    """The township without one row."""
    return changed(town, sheet_name, index[0], lambda frame: frame.drop(index=index[1]))


def with_row(town: Town, sheet_name: str, workbook: str, **values: object) -> Town:
    """The township with one row more, which holds these values only."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        row = max(frame.index, default=1) + 1
        one = pd.DataFrame([values], index=[row]).reindex(columns=frame.columns).astype(frame.dtypes.to_dict())
        return pd.concat([frame, one])

    return changed(town, sheet_name, workbook, change)
