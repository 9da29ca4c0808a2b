"""A report: a table of sections over a view, shown the same in a batch run and on a live page.

In a batch run a section is a Page of HTML; on a live page (Voila) it is a widget that follows the drop-downs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from ..core.editions import PUBLIC
from . import display
from .display import Page, Section, Table, explorer, live
from .display.public import public
from .views import View


@dataclass(frozen=True)
class Plan:
    """What makes a report this one and no other.

    sections: the name a notebook calls -> the function that makes the section, in the order of the page; the first stands
        under the title, the last is the footer, whose output in a batch run carries `state` under our mimetype.
    title, meta: the title, and what stands below it (when, as of when, for whom).
    choices: the drop-downs of a view, label -> (options, chosen value).
    published: the sections that the public edition has; none that is not named here.
    choose: the view that values of the drop-downs, by label, ask for, read from a shared folder; raises UserError.
    """

    sections: Mapping[str, Callable[[View], Section]]
    title: Callable[[View], str]
    meta: Callable[[View], tuple[str, ...]]
    state: Callable[[View], dict[str, object]]
    choices: Callable[[View], live.Choices]
    choose: Callable[[Mapping[str, object], str], View]
    published: tuple[str, ...] = ()


class Report:
    """A report of one view: each name in the plan's `sections` is a method that shows this section."""

    def __init__(self, plan: Plan, view: View, workbooks: str = "") -> None:
        self.plan, self.view, self._workbooks = plan, view, workbooks
        self.explorer: explorer.Explorer | None = None
        self._shown: list[tuple[object, str]] = []  # on a live page: the widgets and their sections

    def __getattr__(self, name: str) -> Callable[[], object]:
        if not name.startswith("_") and name in self.plan.sections:
            return lambda: self._show(name)
        raise AttributeError(f"这份报告没有“{name}”一节")

    def section(self, name: str) -> Section | None:
        """One section as the edition shows it; None where it does not have it."""
        if self.view.edition != PUBLIC:
            return self.plan.sections[name](self.view)
        if name not in self.plan.published:
            return None
        return public(self.plan.sections[name](self.view), self.view.policy["public_minimum"])

    def html(self, name: str) -> Markup:
        """The HTML of one section; "" for one that the edition does not have."""
        section = self.section(name)
        body = display.card(section) if section else Markup("")
        if not section or name != next(iter(self.plan.sections)):
            return body
        title, meta = self.plan.title(self.view), self.plan.meta(self.view)
        secret = self.view.edition != PUBLIC
        return display.render("headline.html", title=title, meta=meta, body=body, secret=secret)

    def controls(self) -> object:
        """On a live page the drop-downs; nothing in a batch run."""
        if not live.is_live():
            return None
        self.boxes = live.Controls(self.view, self.plan.choices, self._choose, self._redraw)
        return self.boxes.widget

    def tables(self) -> object:
        """On a live page all tables of the report, to sort, search and download; nothing in a batch run."""
        if not live.is_live():
            return None
        self.explorer = explorer.Explorer(self._tables())
        return self.explorer.widget

    def _tables(self) -> dict[str, Table]:
        return explorer.tables(filter(None, map(self.section, self.plan.sections)))

    def _choose(self, values: Mapping[str, object]) -> View:
        return replace(self.plan.choose(values, self._workbooks), edition=self.view.edition)

    def _show(self, name: str) -> object:
        if live.is_live():
            widget = live.section(self.html(name))
            self._shown.append((widget, name))
            return widget
        data = self.plan.state(self.view) if name == [*self.plan.sections][-1] else {}
        return Page(self.html(name), f"{self.plan.title(self.view)}：{name}", data)

    def _redraw(self, view: View) -> None:
        self.view = view
        pages = [str(self.html(name)) for _, name in self._shown]  # all first: never half a page of another view
        for (widget, _), page in zip(self._shown, pages, strict=True):
            widget.value = page
        if self.explorer:
            self.explorer.fill(self._tables())
