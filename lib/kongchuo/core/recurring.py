"""Which finding is the same as one of before, and whether what it was found in is still the same. Pure.

A finding keeps its identity while months go by: rule, workbook, worksheet, column and what identifies the row, but never the
row's number, which sorting changes. Both are hashes: nothing personal can be read in them.
"""

from __future__ import annotations

import hashlib

from .findings import Finding
from .workbooks import Table, Workbook

LENGTH = 16


def table_of(workbook: Workbook, finding: Finding) -> Table | None:
    """The table with the row that a finding is about; None where it is about no row that was read."""
    for table in workbook.tables.values():
        if table.sheet.title == finding.sheet:
            return table if finding.row in table.frame.index else None
    return None


def key_of(table: Table, row: int) -> str:
    """What identifies a row: its primary key, without one its first column."""
    names = table.sheet.primary_key or (table.sheet.typed[0].name,)
    return "|".join(str(table.frame.at[row, name]) for name in names)


def identity(finding: Finding, key: str) -> str:
    """The identity of a finding in a row with a key."""
    return _hash(finding.rule, finding.workbook, finding.sheet, finding.column, key or str(finding.row))


def identity_of(workbook: Workbook, finding: Finding) -> str:
    """The identity of a finding in its workbook."""
    table = table_of(workbook, finding)
    return identity(finding, key_of(table, finding.row) if table is not None else "")


def known_as(workbook: Workbook, finding: Finding) -> tuple[str, str]:
    """The identity of a finding, and a hash of what it was found in: its cell, else its row, else what it says.

    A cell nobody could read counts as what is said of it. Where rows share a key, the whole row counts.
    """
    table = table_of(workbook, finding)
    if table is None:
        return identity(finding, ""), _hash(finding.message)
    row, frame = finding.row, table.frame
    field = next((item.name for item in table.sheet.fields if item.title == finding.column), None)
    key = key_of(table, row)
    whole = field is None or not _alone(table, row)
    value = "|".join(map(str, frame.loc[row])) if whole else str(frame.at[row, field])
    said = finding.message if (row, field) in table.unread else ""
    return identity(finding, key), _hash(key, value, said)


def _alone(table: Table, row: int) -> bool:
    """Whether no other row has the row's key."""
    frame, same = table.frame, True
    for name in table.sheet.primary_key or (table.sheet.typed[0].name,):
        value = frame.at[row, name]
        same = same & (frame[name].isna() if value != value or value is None else frame[name].eq(value).fillna(False))
    return int(same.sum()) == 1


def _hash(*said: str) -> str:
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:LENGTH]
