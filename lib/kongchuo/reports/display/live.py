"""The live page's own part: is there one, what its address asks for, its drop-downs and the widgets that show sections.

ipywidgets is imported on a live page only. A widget's value is set; nothing is ever written into an Output widget, which can
hang a page.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlencode

from markupsafe import escape

from ...core import years
from ...core.findings import UserError
from ...core.ordering import in_order
from ...core.places import ALL
from ...field import groups
from ..views import View
from . import NUMERALS, Note, render

EVERY = "全部"
Choices = Mapping[str, tuple[list[tuple[str, object]], object]]  # label -> (what is offered, what is chosen)


def is_live() -> bool:
    """Whether a Voila page is being made; a Papermill run and a plain notebook are not live."""
    return os.environ.get("SERVER_SOFTWARE", "").lower().startswith("voila")


def asked(**values: str) -> dict[str, str]:
    """The values given in the page's address (?school=…&month=…), the others as they are; opening checks them."""
    query = parse_qs(os.environ.get("QUERY_STRING", "")) if is_live() else {}
    return {name: query.get(name, [value])[0] for name, value in values.items()}


def section(html: str) -> object:
    """A widget that shows one section."""
    import ipywidgets

    return ipywidgets.HTML(str(html), layout=ipywidgets.Layout(width="100%"))


class Controls:
    """The drop-downs, and what a choice does: open the view asked for, refill the lists, redraw every section."""

    def __init__(
        self,
        view: View,
        choices: Callable[[View], Choices],
        choose: Callable[[Mapping[str, object]], View],
        redraw: Callable[[View], None],
    ) -> None:
        import ipywidgets

        self._choices, self._choose, self._redraw, self._refilling = choices, choose, redraw, False
        layout = ipywidgets.Layout(width="250px")
        self.boxes = {
            label: ipywidgets.Dropdown(options=options, value=value, description=label, layout=layout)
            for label, (options, value) in choices(view).items()
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
            view = self._choose({label: box.value for label, box in self.boxes.items()})
            for label, (options, value) in self._choices(view).items():
                self.boxes[label].options = options
                self.boxes[label].value = value
            self._redraw(view)
            self.progress.value = f'<span hidden data-kc-address="{escape(address(view))}"></span>'
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
    return [(EVERY, ""), *((kind, kind) for kind in (() if view.public else groups.kinds(view.town)))]
