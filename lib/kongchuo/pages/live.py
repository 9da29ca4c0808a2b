"""What a live page adds: drop-downs, and tables to search, filter and take away."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from urllib.parse import parse_qs, urlencode

import pandas as pd
from markupsafe import escape

from ..core import years
from ..core.findings import UserError
from ..core.numbers import NUMERALS, in_order
from ..core.places import ALL, SENT
from ..excel import tables as annexes
from ..facts import support
from ..figures.base import Measure
from .display import At, Cell, Links, Note, Section, Table, To, cell, render
from .views import View

# --- The tables of a page to sort, search and download: on a live page by ITables, which needs no network; beside a page made by a batch as 附表.xlsx ---
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


# --- The live page's own part: is there one, what its address asks for, its drop-downs and the widgets that show sections ---
# ipywidgets is imported on a live page only. A widget's value is set; nothing is ever written into an Output widget, which can
# hang a page.
EVERY = "全部"
Choices = Mapping[str, tuple[list[tuple[str, object]], object]]  # label -> (what is offered, what is chosen)


@dataclass(frozen=True)
class Shown:
    """The drop-downs, what the page's address then asks for, the HTML of each section by name, and its tables by title."""

    choices: Choices
    address: str
    pages: Mapping[str, str]
    tables: Mapping[str, Table]


def is_live() -> bool:
    """Whether a Voila page is being made; a Papermill run and a plain notebook are not live."""
    return os.environ.get("SERVER_SOFTWARE", "").lower().startswith("voila")


def asked(**values: str) -> dict[str, str]:
    """The values given in the page's address (?school=…&month=…), the others as they are; opening checks them."""
    query = parse_qs(os.environ.get("QUERY_STRING", "")) if is_live() else {}
    return {name: query.get(name, [value])[0] for name, value in values.items()}


def section(name: str, html: str) -> object:
    """A widget that shows one section; empty where the page has that section already (places.SENT)."""
    import ipywidgets

    widget = ipywidgets.HTML("" if SENT in os.environ else html, layout=ipywidgets.Layout(width="100%"))
    widget.add_class(f"kc-at-{name}")  # where the page puts what it has
    return widget


class Controls:
    """The drop-downs; `choose` shows what values of them, by label, ask for, and says what the drop-downs then offer."""

    def __init__(self, choices: Choices, choose: Callable[[Mapping[str, object]], Shown]) -> None:
        import ipywidgets

        self._choose, self._refilling = choose, False
        layout = ipywidgets.Layout(width="250px")
        self.boxes = {
            label: ipywidgets.Dropdown(options=options, value=value, description=label, layout=layout)
            for label, (options, value) in choices.items()
        }
        self.progress = ipywidgets.HTML()
        for box in self.boxes.values():
            box.observe(self._chosen, names="value")
        row = ipywidgets.HBox(list(self.boxes.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.widget = ipywidgets.VBox([row, self.progress])
        self.widget.add_class("kc-controls")

    def _chosen(self, _: object) -> None:
        if self._refilling:  # filling a list anew also changes its value
            return
        self._refilling = True
        self._say("正在重新计算，请稍候……", "warn")
        try:
            shown = self._choose({label: box.value for label, box in self.boxes.items()})
            for label, (options, value) in shown.choices.items():
                self.boxes[label].options = options
                self.boxes[label].value = value
            self.progress.value = f'<span hidden data-kc-address="{escape(shown.address)}"></span>'
        except UserError as error:
            self._say(str(error), "bad")
        finally:
            self._refilling = False

    def _say(self, text: str, tone: str) -> None:
        self.progress.value = str(render("note.html", block=Note(text, tone)))


def address(view: View) -> str:
    """What the page's address asks for to show this school and period (asked): the page's script puts it there."""
    return urlencode({"school": view.home or ALL, years.period(view.period).kind: view.period})


def schools(view: View) -> tuple[list[tuple[str, str]], str]:
    """What 学校 offers, and what is chosen."""
    return [(f"{EVERY}（全镇）", ALL), *((home, home) for home in view.town.homes)], view.home or ALL


def narrowed(view: View, grade: object, class_id: object = "", group: object = "") -> View:
    """The view narrowed to a grade, class and group chosen, where it has them."""
    grade = grade if grade in [value for _, value in grades(view)] else 0
    class_id = class_id if class_id in [value for _, value in classes(view, grade)] else ""
    group = group if group in [value for _, value in focus_groups(view)] else ""
    return view.narrowed(grade or None, class_id, group)


def grades(view: View) -> list[tuple[str, int]]:
    """What 年级 offers: all (0, since to ipywidgets None means that nothing is chosen), and every grade with a class."""
    found = sorted(set(view.scope.whole.classes["grade"]) - {0})
    return [(EVERY, 0), *((f"{NUMERALS[grade]}年级", grade) for grade in found)]


def classes(view: View, grade: int) -> list[tuple[str, str]]:
    """What 班级 offers: all, and the classes of the school (of the grade); only all for the town, where names repeat."""
    rows = view.scope.whole.classes.sort_values(["grade", "class_id"], key=in_order)
    rows = rows[rows["grade"] == grade] if grade else rows
    named = zip(rows["class_name"].fillna(rows["class_id"]), rows["class_id"], strict=True)
    return [(EVERY, ""), *(named if view.home else ())]


def focus_groups(view: View) -> list[tuple[str, str]]:
    """What 重点群体 offers: all, and the groups that the roster has pupils of; only all in the public edition."""
    return [(EVERY, ""), *((kind, kind) for kind in (() if view.public else support.kinds(view.town)))]
