"""The live page's own part: is there one, what its address asks for, its drop-downs and the widgets that show sections.

ipywidgets is imported on a live page only. A widget's value is set; nothing is ever written into an Output widget, which can
hang a page.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

from ...core.findings import UserError
from ...core.places import ALL
from ...core.years import months_of
from ..months import Month, open_month
from . import NUMERALS, Note, render

EVERY = "全部"


def is_live() -> bool:
    """Whether a Voila page is being made; a Papermill run and a plain notebook are not live."""
    return os.environ.get("SERVER_SOFTWARE", "").lower().startswith("voila")


def asked(school: str, month: str) -> tuple[str, str]:
    """School and month from the page's address (?school=…&month=…), where given; open_month checks them against the data."""
    query = parse_qs(os.environ.get("QUERY_STRING", ""))
    return query.get("school", [school])[0], query.get("month", [month])[0]


def section(html: str) -> object:
    """A widget that shows one section."""
    import ipywidgets

    return ipywidgets.HTML(str(html), layout=ipywidgets.Layout(width="100%"))


class Controls:
    """The drop-downs 学校, 月份, 年级, 班级, and what a choice does: open the month, refill the lists, redraw every section."""

    def __init__(self, month: Month, workbooks: str | Path, redraw: Callable[[Month], None]) -> None:
        import ipywidgets

        self._workbooks, self._redraw, self._refilling = workbooks, redraw, False
        months = months_of(month.town.year, dt.date.today())
        lists = {
            "学校": ([(f"{EVERY}（全镇）", ALL), *((home, home) for home in month.town.homes)], month.home or ALL),
            "月份": ([(name, name) for name in months], month.month),
            "年级": (grades(month), 0),
            "班级": (classes(month, 0), ""),
        }
        layout = ipywidgets.Layout(width="250px")
        self.boxes = {
            label: ipywidgets.Dropdown(options=options, value=value, description=label, layout=layout)
            for label, (options, value) in lists.items()
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
            school, month, grade, class_id = self.boxes.values()
            opened = open_month(school.value, month.value, self._workbooks)
            _refill(grade, grades(opened))
            _refill(class_id, classes(opened, grade.value))
            self._redraw(opened.narrowed(grade.value or None, class_id.value))
            self.progress.value = ""
        except UserError as error:
            self._say(str(error), "bad")
        finally:
            self._refilling = False

    def _say(self, text: str, tone: str) -> None:
        self.progress.value = str(render("note.html", block=Note(text, tone)))


def _refill(box: object, options: list[tuple[str, object]]) -> None:
    kept = box.value if box.value in [value for _, value in options] else options[0][1]
    box.options = options
    box.value = kept


def grades(month: Month) -> list[tuple[str, int]]:
    """What 年级 offers: all (0, since to ipywidgets None means that nothing is chosen), and every grade with a class."""
    found = sorted(set(month.scope.whole.classes["grade"]) - {0})
    return [(EVERY, 0), *((f"{NUMERALS[grade]}年级", grade) for grade in found)]


def classes(month: Month, grade: int) -> list[tuple[str, str]]:
    """What 班级 offers: all, and the classes of the school (of the grade); only all for the town, where names repeat."""
    rows = month.scope.whole.classes.sort_values(["grade", "class_id"])
    rows = rows[rows["grade"] == grade] if grade else rows
    named = zip(rows["class_name"].fillna(rows["class_id"]), rows["class_id"], strict=True)
    return [(EVERY, ""), *(named if month.home else ())]
