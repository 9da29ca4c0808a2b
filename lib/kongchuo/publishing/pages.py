"""Executed notebooks to pages that need nothing from outside, and index pages over them.

A page shows outputs only: no code, no script, styles inside. It prints on A4.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import cache

import jinja2

from ..core import years
from ..core.places import NOTEBOOKS, TEMPLATES
from . import archive, notebooks
from .archive import DONE, Shelf


@cache
def stylesheet() -> str:
    """The styles of all report pages."""
    return (TEMPLATES / "report.css").read_text("utf-8") + (TEMPLATES / "site" / "site.css").read_text("utf-8")


@cache
def _exporter():
    from .execution import hide_grammar

    hide_grammar()
    from nbconvert import HTMLExporter

    return HTMLExporter(extra_template_basedirs=[str(TEMPLATES)], template_name="page")


def render(notebook: str, title: str) -> str:
    """The page of an executed notebook (its JSON text). Whoever keeps it asks the gate first."""
    import nbformat

    node = nbformat.reads(notebook, as_version=4)
    page, _ = _exporter().from_notebook_node(node, {"page_title": title, "css": stylesheet()})
    return page


@cache
def site() -> jinja2.Environment:
    """The templates of index pages, shared with the served pages; autoescape on, an unknown name is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "site"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    made.globals |= {
        "css": stylesheet,
        "DONE": DONE,
        "TOWN": archive.TOWN,
    }
    made.filters["time"] = lambda text: dt.datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")
    return made


# What the index shows of a run's summary, where any run has it: key -> heading
FIGURES = {
    "errors": "错误",
    "warnings": "警告",
    "not_judged": "尚未判定",
    "enrolled": "在读",
    "suspected_open": "疑似辍学",
    "dropout_open": "辍学",
    "papers": "材料",
    "score": "得分",
    "grade": "等次",
}


WHOLE_TOWN = ("signals_back_test",)  # notebooks that are made for no single school


def index(shelf: Shelf, title: str) -> str:
    """The index page of one period: every run with its state, its figures and its page."""
    results = list(shelf.results.values())
    known = [result.shown.get("summary") or {} for result in results]
    figures = {key: heading for key, heading in FIGURES.items() if any(key in summary for summary in known)}
    shown = {"shelf": shelf, "title": title, "results": results, "figures": figures}
    return site().get_template("period.html").render(**shown)


def overview(
    shelves: Iterable[Shelf],
    schools: Iterable[str] = (),
    live: Callable[[str, Shelf], str] | None = None,
    handbook: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> str:
    """The page over all runs: for each notebook schools × periods, the state of each run, links to its page and, when served,
    to the live one.

    `schools` adds rows for schools that have no run yet; `live` gives the address of a live page from (school, shelf);
    `handbook` are the names of pages to look things up in, `notes` what else is to be said.
    """
    units = dict.fromkeys([archive.TOWN, *schools])
    reports: dict[str, list[Shelf]] = {}
    for shelf in sorted(shelves, key=lambda shelf: list(years.KINDS).index(shelf.period.kind)):
        reports.setdefault(shelf.notebook, []).append(shelf)
    tables = []
    for notebook, held in reports.items():
        cells = {(name, shelf): result for shelf in held for name, result in shelf.results.items()}
        own = {archive.TOWN: None} if notebook in WHOLE_TOWN else units
        names = list(dict.fromkeys([*own, *(name for name, _ in cells)]))
        tables.append((notebooks.title(NOTEBOOKS / f"{notebook}.ipynb"), held, names, cells))
    shown = {"tables": tables, "units": units, "live": live, "handbook": list(handbook), "notes": list(notes)}
    return site().get_template("overview.html").render(**shown)
