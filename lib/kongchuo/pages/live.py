"""What a live page adds: what its address asks for, its drop-downs, the widgets that show sections; and what of it is kept before anybody asks."""

import json
import os
import pickle
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from markupsafe import escape

from ..core import places, years
from ..core.findings import UserError
from ..core.numbers import NUMERALS, in_order
from ..core.places import ALL, SENT
from ..excel import parse_cache
from ..facts import support
from .display import Note, Table, render
from .views import View

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


# --- What it shows for a choice of its drop-downs, kept as files: it was made before anybody asked, and is shown at once ---
# A process that has read and judged the books leaves it for the kernels forked from it (site.forking), in a folder that only this
# state of the books has. Where nothing is kept, a kernel works it out; the kernel of a school, which has no row of any workbook,
# asks the site for it (`ask`).
def kept_in() -> Path | None:
    """Where it is kept; None where nobody keeps anything."""
    return Path(os.environ[places.KEPT]) if os.environ.get(places.KEPT) else None


def keep(module: str, edition: str, shown: Shown) -> None:
    """Keep it for kernels (by what is chosen) and for the server (by address: the sections alone, as HTML)."""
    marked = "".join(f'<div data-kc-at="{name}">{html}</div>\n' for name, html in shown.pages.items())
    parse_cache.write(places.kept(kept_in(), module, edition, shown.address), marked.encode())
    chosen = {label: chosen for label, (_, chosen) in shown.choices.items()}
    parse_cache.write(_chosen(module, edition, chosen), pickle.dumps(shown))


def kept(module: str, edition: str, values: Mapping[str, object]) -> Shown | None:
    """What is kept of a choice, by label; None where nothing is."""
    path = kept_in() and _chosen(module, edition, values)
    return pickle.loads(path.read_bytes()) if path and path.is_file() else None


def ask(verb: str, address: str, values: Mapping[str, object] | None = None) -> Shown:
    """What the site shows of an address of a report, or of the choice that was made on it. Raises UserError where it does not."""
    where, _, ticket = os.environ[places.ASK].rpartition("|")
    with socket.socket(socket.AF_UNIX) as line, line.makefile() as answers:
        line.connect(where)
        line.sendall(
            json.dumps({"ticket": ticket, "verb": verb, "address": address, "values": values}).encode() + b"\n"
        )
        said = json.loads(answers.readline() or "{}")
    if not said.get("file"):
        raise UserError(said.get("says") or "没有算出来，请重新载入本页；还是这样，请联系管理员。")
    path = Path(said["file"])
    found = pickle.loads(path.read_bytes())
    path.unlink()
    return found


def _chosen(module: str, edition: str, values: Mapping[str, object]) -> Path:
    return places.kept(kept_in(), module, edition, *(f"{label}={value}" for label, value in values.items()))
