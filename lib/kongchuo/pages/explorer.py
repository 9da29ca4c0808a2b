"""The tables of a page to sort, search and download: on a live page by ITables, which needs no network; beside a page made by a batch as 附表.xlsx."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

import pandas as pd

from ..excel import tables as annexes
from ..figures.base import Measure
from .display import At, Cell, Links, Section, Table, To, cell

# what DataTables says, in Chinese; every control has a word or a label, so that it works by keyboard and screen reader
WORDS = {
    "search": "查找：",
    "info": "第 _START_ 至 _END_ 行，共 _TOTAL_ 行",
    "infoEmpty": "没有记录",
    "infoFiltered": "（从 _MAX_ 行中找出）",
    "zeroRecords": "没有符合的记录",
    "emptyTable": "没有记录",
    "lengthMenu": "每页 _MENU_ 行",
    "paginate": {"first": "首页", "previous": "上一页", "next": "下一页", "last": "末页"},
    "aria": {
        "orderable": "按本列排序",
        "orderableReverse": "按本列倒序",
        "paginate": {"first": "首页", "previous": "上一页", "next": "下一页", "last": "末页"},
    },
}
OPTIONS = {  # given anew with each table, or ITables falls back on its own
    "language": WORDS,
    "layout": {"topStart": "search", "topEnd": "buttons", "bottomStart": "info", "bottomEnd": "paging"},
    "buttons": [{"extend": "csvHtml5", "text": "下载表格（CSV）", "bom": True}],
    "pageLength": 15,
    "maxBytes": 0,  # nothing is left out
}


# what a spreadsheet would work out when the table is downloaded as CSV and opened; +3 and -2.5 % are the numbers they look like
FORMULA = re.compile(r"(?![+-]?\d[\d,.]*\s?%?$)[=+\-@\t\r]")


def tables(sections: Iterable[Section]) -> dict[str, Table]:
    """Every table with rows in the sections, by a title that says where it stands; those behind a summary line too.

    A table of links is no data and stays out.
    """
    found: dict[str, Table] = {}
    for section in sections:
        for place, table in enumerate(_within(section.blocks, section.heading), 1):
            title = f"{section.heading}：{table[0]}" if table[0] != section.heading else section.heading
            found[title if title not in found else f"{title}（{place}）"] = table[1]
    return found


def _within(blocks: tuple, called: str) -> Iterator[tuple[str, Table]]:
    for block in blocks:
        rows = block.rows if isinstance(block, Table) else ()
        if rows and not any(isinstance(value, Links) for row in rows for value in row):
            yield block.caption or called, block
        yield from _within(getattr(block, "blocks", ()), getattr(block, "summary", called))


def frame(table: Table) -> pd.DataFrame:
    """The table as it is shown, a row a row (the total left out): numbers as numbers so that they sort, all else as text."""
    rows = [[_value(cell(value)) for value in row] for row in table.rows]
    return pd.DataFrame(rows, columns=list(table.columns))


def _value(shown: Cell) -> object:
    if shown.kind == "number" and shown.text.lstrip("-").isdigit():
        return int(shown.text)
    text = f"{shown.text}{shown.counts}"
    return f"'{text}" if FORMULA.match(text) else text


def plain(table: Table) -> annexes.AnnexSheet:
    """The table for a workbook: what is a number or a date stays one; a Measure becomes three columns, rate and both counts."""
    lines = [*table.rows, *([table.total] if table.total else [])]
    rates = [any(isinstance(row[place], Measure) for row in lines) for place in range(len(table.columns))]
    columns: list[str] = []
    for title, rate in zip(table.columns, rates, strict=True):
        columns += [title, f"{title}：分子", f"{title}：分母"] if rate else [title]
    parts = [
        [_rate(value) if rate else (_raw(value),) for value, rate in zip(row, rates, strict=True)] for row in lines
    ]
    rows = [tuple(chain(*row)) for row in parts]
    places = frozenset(place for place, title in enumerate(columns) if f"{title}：分母" in columns)
    total = rows.pop() if table.total else ()
    return annexes.AnnexSheet(tuple(columns), tuple(rows), total, places)


def _raw(value: object) -> object:
    """A cell for a workbook: None for what is not there."""
    value = value.value if isinstance(value, To | At) else value
    shown = cell(value)
    if shown.kind in ("number", "date") and not isinstance(value, Measure):
        return value
    return None if shown.kind == "empty" or value == "" else f"{shown.text}{shown.counts}"


def _rate(value: object) -> tuple[object, object, object]:
    """The share, numerator and denominator of a Measure; its word where it has no share to print (too few, not judged)."""
    if not isinstance(value, Measure):
        return _raw(value), None, None
    if value.unknown:
        return value.text, None, None
    share = value.numerator / value.denominator if value.percent else None
    return share, value.numerator, value.denominator


class Explorer:
    """A drop-down of the page's tables and the table chosen, sorted, searched and downloaded in the browser."""

    def __init__(self, found: dict[str, Table]) -> None:
        import ipywidgets
        from itables.widget import ITable

        layout = ipywidgets.Layout(width="min(640px, 100%)")
        self.box = ipywidgets.Dropdown(description="明细表", layout=layout)
        self.grid = ITable(pd.DataFrame(), classes="display compact nowrap", **OPTIONS)
        self.widget = ipywidgets.VBox([self.box, self.grid])
        self.widget.add_class("kc-explorer")
        self.box.observe(lambda _: self._draw(), names="value")
        self.fill(found)

    def fill(self, found: dict[str, Table]) -> None:
        """Offer the tables of another view; the one looked at stays, if it is still there."""
        kept = self.box.value
        self.found = found
        self.box.options = list(found)
        self.box.value = kept if kept in found else next(iter(found), None)
        self._draw()

    def _draw(self) -> None:
        table = self.found.get(self.box.value)
        self.grid.update(df=frame(table) if table else pd.DataFrame(), **OPTIONS)
