"""Live pages: a notebook of ours executed for who looks at it, what he may open next, and whether the books have changed since."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from .. import VERBS
from ..core import places, years
from ..core.findings import UserError
from ..core.places import TEMPLATES
from ..excel import folders, registry
from ..publishing import archive, execution, indexes
from ..publishing.execution import hide_grammar
from ..publishing.forks import possible

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above
from jupyter_server.base.handlers import JupyterHandler  # noqa: E402
from tornado.ioloop import IOLoop  # noqa: E402
from voila.tornado.handler import TornadoVoilaHandler  # noqa: E402
from voila.utils import create_include_assets_functions  # noqa: E402

from . import forking, kernels, rights  # noqa: E402
from .guard import Guard, OfScript  # noqa: E402
from .kernels import VISIT  # noqa: E402
from .rights import Person  # noqa: E402
from .scripts import bundled  # noqa: E402

WATCH_SECONDS = 30  # a live page asks so often whether the books have changed
SECTION = re.compile('<div data-kc-at="(\\w+)">')  # as pages.live marks it


class Live(Guard, TornadoVoilaHandler):
    """A notebook of ours, executed for this visitor; who hangs up gives the kernel back."""

    kernel, kept, gone, unserved, origin, near = "", {}, False, False, None, False  # kernels.Visit

    def asked(self):
        """Of the one school that the address names, where there is a page that its account may have live; else of the town."""
        school = parse_qs(self.request.query).get("school", [""])[0]
        self.near = self.person is not None and live_of(self.person, self.path_args[0], school)
        return rights.LIVE, school if self.near else ""

    async def get(self, name: str):
        """Execute the notebook while the page loads; school and month stand in the query."""
        try:
            execution.parameters(self.settings["notebooks"] / f"{name}.ipynb")
        except UserError as error:
            raise tornado.web.HTTPError(404) from error
        self.xsrf_token  # noqa: B018 - sets the cookie without which the page cannot end its kernel when it is closed
        VISIT.set(self)
        await self.kernel_manager.admit(self)
        try:
            await self.begin(name)
            if self.gone:
                return
            async for html in self.get_generator(f"{name}.ipynb"):
                if self.gone:
                    break
                if self.unserved:
                    self.write("<script>window.not_opened()</script>")
                    break
                self.write(html)
                self.flush()
        finally:
            self.kernel_manager.dismiss(self)
            self.kernel_manager.await_page(self.kernel)

    async def begin(self, name: str):
        """Send what needs no kernel: the head, and the sections as they were made beforehand, else those of the last run, dimmed.

        The process that kernels are forks of is told what will be asked for next.
        """
        asked = {key: values[0] for key, values in parse_qs(self.request.query).items()}
        books = self.settings["books"]
        state, parent = await books.state(), await books.parent()
        self.origin = books.blank() if self.near else parent
        at_once = parent.page(name, asked) if parent else ""
        if not {*SECTION.findall(at_once)} <= {*execution.shown(self.settings["notebooks"] / f"{name}.ipynb")}:
            at_once = ""  # an office's own notebook leaves some of them out
        if parent:
            self.kept = {places.SENT: "1"} if at_once else {}
            self.kept |= (
                await self.settings["answers"].admit(self, name) if self.near else {places.KEPT: str(parent.folder)}
            )
            parent.open(name, asked)
        shelf = shelf_of(self.settings["out"], name, asked)
        if parent and shelf:
            own = self.person.schools if self.near else ()
            parent.make(
                name,
                [
                    one
                    for one in others(self.settings["shared"], shelf.period, asked)
                    if not own or one["school"] in own
                ],
            )
        old = last_run(shelf, asked.get("school", "")) if shelf and not at_once else {}
        shown = {"at_once": at_once, "old": old, "state": state, "silent_seconds": kernels.SILENT_SECONDS}
        shown |= {"live_css": live_stylesheet, "watch_seconds": WATCH_SECONDS, "bundle": bundled()}
        shown["ahead"] = ahead(self.settings["shared"], asked, self.person.schools if self.near else ())
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.write(
            indexes.site().get_template("live.html").render(**shown, **create_include_assets_functions("kongchuo", "/"))
        )
        self.flush()

    def on_connection_close(self):
        """Nobody will see the page."""
        self.gone = True
        IOLoop.current().add_callback(self.kernel_manager.end, self.kernel)


class Now(OfScript, JupyterHandler):
    """Which state the books are in, for a live page to see that somebody has saved a workbook."""

    async def get(self):
        """Send a word for it."""
        self.set_header("Content-Type", "text/plain")
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.settings["books"].state())


@cache
def live_stylesheet() -> str:
    """What a live page has besides the styles of every page."""
    return (TEMPLATES / "site" / "live.css").read_text("utf-8")


def live_address(name: str, shelf: archive.Shelf) -> str:
    """The address of the live page of a school (or 全镇) for a period."""
    asked = {"school": "all" if name == places.TOWN else name, shelf.period.kind: shelf.period.key}
    return f"/live/{shelf.notebook}?{urlencode(asked)}"


def live_of(person: Person, notebook: str, school: str) -> bool:
    """Whether an account that may not see the town live may see this page of a school: one of our reports, where kernels are forks."""
    near = rights.may(person, rights.LIVE, school) and not rights.may(person, rights.LIVE)
    return near and notebook in VERBS and possible()


def shelf_of(out: Path, notebook: str, asked: Mapping[str, str]) -> archive.Shelf | None:
    """The shelf that the address of a live page is about; None where it asks for more than a school and a period, or for none."""
    period = next((years.period(asked[kind]) for kind in years.KINDS if kind in asked), None)
    return archive.Shelf(out, period, notebook) if period and {*asked} <= {*forking.ADDRESS} else None


def last_run(shelf: archive.Shelf, school: str) -> dict[str, str]:
    """What the page of the last run holds, and when that was; empty where there is none."""
    result = shelf.results.get(places.TOWN if school == places.ALL else school)
    run = result.shown if result else {}
    page = shelf.path / str(run.get("page") or "none")
    if not page.is_file():
        return {}
    return {"main": page.read_text("utf-8").partition("<main>")[2].rpartition("</main>")[0], "started": run["started"]}


def others(shared: Path, period: years.Period, asked: Mapping[str, str]) -> list[dict[str, str]]:
    """What may be asked for next by who looks at a live page: the other schools, then all in the other periods, the nearest first."""
    try:
        schools = [school.name for school in registry.registered(shared, period.year)]
    except UserError:
        return []
    begun = [one for one in years.begun(period.kind, period.year, dt.date.today()) if one.taught() or one == period]
    begun.sort(key=lambda one: abs(begun.index(one) - begun.index(period)) if period in begun else 0)
    units = dict.fromkeys((asked.get("school", places.ALL), places.ALL, *schools))
    return [{"school": school, one.kind: one.key} for one in begun for school in units]


Offer = tuple[
    str, str, list[tuple[str, str]], str
]  # label, name in the address, (words, value) of each, which is chosen


def ahead(shared: Path, asked: Mapping[str, str], own: Sequence[str]) -> list[Offer]:
    """The drop-downs that a live page has before its kernel's: schools (`own`, where these are all one may see) and periods; a choice
    opens the page of that. None where the address asks for more than a school and a period. Where it names no period, or one of a
    year that nobody has, those of the newest year.
    """
    kind = next((kind for kind in years.KINDS if kind in asked), "")
    if not kind or not {*asked} <= {*forking.ADDRESS}:
        return []
    period = years.period(asked[kind])
    pages = others(shared, period, asked) if period and period.kind == kind else []
    if not pages:
        held = folders.school_years(shared)
        begun = years.begun(kind, held[-1], dt.date.today()) if held else ()
        pages = others(shared, begun[-1], asked) if begun else []
    if not pages:
        return []
    names = [name for name in dict.fromkeys(one["school"] for one in pages) if not own or name in own]
    names = sorted(names, key=lambda name: name != places.ALL)  # as registered, the town first
    keys = sorted({one[kind]: years.period(one[kind]).short for one in pages}.items(), reverse=True)
    wrong = [] if asked[kind] in dict(keys) else [("请选择", asked[kind])]
    words = {places.ALL: f"全部（{places.TOWN}）"}
    return [
        ("学校", "school", [(words.get(name, name), name) for name in names], asked.get("school", places.ALL)),
        (years.KINDS[kind][2], kind, [*wrong, *((short, key) for key, short in keys)], asked[kind]),
    ]
