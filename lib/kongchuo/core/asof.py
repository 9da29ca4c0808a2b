"""What the tables may say on a day. Dates that cannot have come yet are no dates (F30). Knows no files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from .findings import KINDS, Finding
from .tables import Table, Town, Workbook


def without_future(town: Town, until: dt.date, counted: dt.date, ends: Mapping[str, dt.date]) -> Town:
    """The town whose recorded dates after `until` are unread cells, each with F30 at its own cell.

    `counted` is the day the data have come to, which the message names. `ends`: by 学期 the last day of an attendance workbook,
    beyond which F28 says what is wrong with a day.
    """
    workbooks = []
    for workbook in town.workbooks:
        stop = next((end for term, end in ends.items() if workbook.book.per_term and term in workbook.name), None)
        tables, found = dict(workbook.tables), []
        for name, table in workbook.tables.items():
            late = {item.name: _between(table.frame[item.name], until, stop) for item in table.sheet.recorded}
            late = {column: rows for column, rows in late.items() if rows.any()}
            if late:
                tables[name] = _without(table, late)
                found += _said(workbook, table, late, counted)
        workbooks.append(replace(workbook, tables=tables, findings=(*workbook.findings, *found)) if found else workbook)
    return replace(town, workbooks=tuple(workbooks), _frames={}, _made={})


def _between(days: pd.Series, after: dt.date, stop: dt.date | None) -> pd.Series:
    late = days > pd.Timestamp(after)
    return late if stop is None else late & (days <= pd.Timestamp(stop))


def _without(table: Table, late: dict[str, pd.Series]) -> Table:
    """The table with these cells unread."""
    emptied = {column: table.frame[column].mask(rows) for column, rows in late.items()}
    lost = {(int(row), column) for column, rows in late.items() for row in rows.index[rows]}
    return replace(table, frame=table.frame.assign(**emptied), unread=table.unread | lost)


def _said(workbook: Workbook, table: Table, late: dict[str, pd.Series], counted: dt.date) -> list[Finding]:
    return [
        KINDS["F30"].at(
            workbook.place(table.sheet, int(row), table.sheet.by_name[column]),
            value=f"{day:%Y-%m-%d}",
            counted=f"{counted:%Y-%m-%d}",
        )
        for column, rows in late.items()
        for row, day in table.frame.loc[rows, column].items()
    ]
