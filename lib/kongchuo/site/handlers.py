"""What the site answers: the landing page, archived and live pages, marked copies, what is made at a click; and what each shows."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode

from .. import VERBS
from ..core import editions, places, years
from ..core.findings import UserError
from ..core.places import HANDBOOK, TEMPLATES
from ..core.schema import CENTRE
from ..publishing import archive, batch, execution, indexes
from ..publishing.execution import hide_grammar
from ..publishing.forks import possible
from ..publishing.linking import UP

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above
from jupyter_server.base.handlers import JupyterHandler  # noqa: E402
from tornado.ioloop import IOLoop  # noqa: E402
from voila.tornado.handler import TornadoVoilaHandler  # noqa: E402
from voila.utils import create_include_assets_functions  # noqa: E402

from . import forking, jobs, kernels, rights  # noqa: E402
from .guard import STATIC_POLICY, Guard, OfScript, Page  # noqa: E402
from .kernels import VISIT  # noqa: E402
from .rights import Person  # noqa: E402
from .scripts import bundled  # noqa: E402

WATCH_SECONDS = 30  # a live page asks so often whether the books have changed
SHOWN = 60  # links to what a job has left
SECTION = re.compile('<div data-kc-at="(\\w+)">')  # as pages.kept_sections marks it
FEW = {  # what is said to a role that sees little, and why
    rights.CLASS: "这里是本班的网页、公开版和手册。本班的网页每月生成一次；还没有的，请中心学校先生成报告。",
    rights.PUBLIC: "这里是公开版。",
    rights.INSPECTOR: "这里是各校的报告和材料；学生和班级的网页、“互动查看”不在督查的范围里。",
}
PAGE_POLICY = f"{STATIC_POLICY}; script-src {indexes.script_source()}"  # an archived page: the one script of ours
LOOKUP_POLICY = f"{STATIC_POLICY}; script-src 'unsafe-inline'"  # the page itself names the one script that may run


@dataclass(frozen=True)
class Seen(archive.Shelf):
    """A shelf as one person sees it: the runs whose pages he may open, and no others."""

    person: Person = rights.HERE

    @cached_property
    def results(self):
        """Those runs, by name."""
        found = super().results
        return {name: one for name, one in found.items() if self._may((one.shown or asdict(one))["parameters"] or {})}

    @property
    def made(self):
        """Whether there is any."""
        return bool(self.results)

    def _may(self, asked: Mapping[str, str]) -> bool:
        school, edition = archive.meant(asked)
        return rights.may(self.person, rights.kind(self.notebook, edition, False), school)


def rooms(shelves: Sequence[archive.Shelf], person: Person) -> list[tuple[str, str]]:
    """(words, address) of the pages of a 班主任's own classes, the newest first."""
    found = []
    for shelf in shelves if person.role == rights.CLASS else ():
        for name, (school, edition) in archive.named(shelf).items():
            room = Path(name).stem
            if rights.kind(shelf.notebook, edition, "/" in name) == rights.ROOM and rights.may(
                person, rights.ROOM, school, room
            ):
                address = quote(f"/r/{shelf.period.key}/{shelf.notebook}/{name}")
                found.append((f"{room}　{shelf.period.label}", address))
    return found


class Landing(Page):
    """Schools × periods for each report, the state of each run, links to archived and live pages: of what one may open."""

    def asked(self):
        """As everybody may."""
        return rights.FRONT, ""

    async def get(self):
        """Render it anew each time: the runs may have changed."""
        person = self.person
        shelves, schools, notes = shown(self.settings["shared"], self.settings["out"], self.settings["notebooks"])
        town = rights.may(person, rights.LIVE)
        live = live_address if town else self._near if rights.may(person, rights.LIVE, *person.schools[:1]) else None
        seen = [Seen(one.out, one.period, one.notebook, person) for one in shelves]
        made = [one for one in seen if one.made]
        begins = seen if town or (live and not made) else made
        page = indexes.overview(
            begins,
            [school for school in schools if rights.may(person, rights.PAGE, school)],
            live,
            handbook(),
            notes if town else (),
            town=rights.may(person, rights.PAGE),
            served=True,
            account=self._account(),
            rooms=rooms(shelves, person),
            work=self._work() if rights.may(person, rights.WORK) else None,
            name=town_name(self.settings["shared"]),
            since=await self._since(indexes.latest_of(begins)),
        )
        self.show(page)

    async def _since(self, shelf: archive.Shelf | None) -> str:
        """`since` of the month that the page begins with: of the town's run, of who sees one school only of this one's."""
        town, own = rights.may(self.person, rights.PAGE), self.person.schools
        run = shelf.results.get(places.TOWN if town else own[0] if len(own) == 1 else "") if shelf else None
        return await since(self, shelf, run.shown, f"{shelf.period.label}的报告") if run else ""

    def _near(self, name: str, shelf: archive.Shelf) -> str:
        """The address of the live page of a school for who may not see the town's: in the town's place that of the one school."""
        own = self.person.schools
        school = own[0] if name == places.TOWN and len(own) == 1 else name
        return live_address(school, shelf) if live_of(self.person, shelf.notebook, school) else ""

    def _work(self) -> dict[str, object]:
        """What can be started at a click."""
        held = {
            "kinds": jobs.KINDS,
            "offers": offers(self.settings["shared"]),
            "of": jobs.OF,
            "running": self.settings["jobs"].current,
        }
        return held | {"xsrf": self.xsrf_token.decode()}

    def _account(self) -> dict[str, object] | None:
        """What the page says at its head of who is logged in."""
        if self.person == rights.HERE:
            return None
        return {
            "says": "　".join([self.person.name, self.person.role, *self.person.schools, *self.person.classes]),
            "audit": rights.may(self.person, rights.AUDIT),
            "leaves": self.identity_provider.logout_available,
            "xsrf": self.xsrf_token.decode(),
            "few": FEW.get(self.person.role, ""),
        }


class Archived(Page):
    """An archived page or paper; only what a manifest names can be asked for. A period's index is made for whoever asks."""

    def asked(self):
        """By what the manifest says of it; 404 where it says nothing."""
        key, notebook, self.name = self.path_args
        period = years.period(key)
        if period is None:
            raise tornado.web.HTTPError(404)
        self.shelf = archive.Shelf(self.settings["out"], period, notebook)
        if self.name == "index.html":
            return rights.FRONT, ""
        self.named = archive.named(self.shelf)
        if self.name not in self.named:
            raise tornado.web.HTTPError(404)
        school, edition = self.named[self.name]
        kind = rights.kind(notebook, edition, "/" in self.name)
        self.room = kind == rights.ROOM
        return (kind, school, Path(self.name).stem) if self.room else (kind, school)

    async def get(self, *_asked: str):
        """Send it as it was made; a page with a line on whether the books are still those that it was made from."""
        if self.name == "index.html":
            seen = Seen(self.shelf.out, self.shelf.period, self.shelf.notebook, self.person)
            if not seen.made:
                raise tornado.web.HTTPError(404)
            title = execution.title(places.own(f"notebooks/{seen.notebook}.ipynb"))
            return self.show(indexes.index(seen, title))
        file = _own(self.shelf.path / self.name)
        if file.suffix != ".html":
            return self.hand_out(file)
        text = indexes.scripted(file.read_text("utf-8"))
        if not rights.may(self.person, rights.PEOPLE, self.named[self.name][0]):
            text = UP.sub("", text)
        if "/" not in self.name or self.room:
            whose = f"{self.name.partition('/')[0]}.html" if self.room else self.name
            runs = (one.shown for one in self.shelf.results.values())
            run = next((one for one in runs if one.get("page") == whose), {})
            text = text.replace("<main>", f"<main>{await since(self, self.shelf, run)}", 1)
        self.show(text, PAGE_POLICY)


async def since(page: Page, shelf: archive.Shelf, run: Mapping[str, object], what: str = "") -> str:
    """When the page of a run, or `what` is shown of it, was made, and which workbooks have changed since."""
    read, year = shelf.read_for(str(run.get("snapshot", ""))), shelf.period.year
    school, edition = archive.meant(run.get("parameters") or {})
    if not read or edition != editions.INTERNAL:
        return ""
    changed = await page.settings["books"].changed(read, year)
    homes = [Path(name).parent.name for name in changed]
    near = [
        (home, Path(name).stem)
        for home, name in zip(homes, changed, strict=True)
        if school in ("", home) or home == CENTRE
    ]
    whole = rights.may(page.person, rights.LIVE) or live_of(page.person, shelf.notebook, school)
    said = {
        "what": what or "本页",
        "near": near,
        "far": len(changed) - len(near),
        "started": run["started"],
        "live": live_address(school or places.TOWN, shelf) if whole and not what else "",
    }
    return indexes.site().get_template("since.html").render(**said)


class Returned(Page):
    """A marked copy of a workbook, to which the findings of an archived page lead."""

    def asked(self):
        """As of the school whose workbook it is."""
        return rights.RETURNED, self.path_args[0].split("/")[-2]

    def get(self, name: str):
        """Send it to be saved: it opens on its list and says which file is to be mended."""
        if not name.endswith("_校验.xlsx"):
            raise tornado.web.HTTPError(404)
        self.hand_out(_own(self.settings["out"] / places.RETURNS / name))


def _own(file: Path) -> Path:
    """A file that is there, under its own name: a symbolic link may lead anywhere, so none is followed."""
    if not file.is_file() or file.resolve() != file:
        raise tornado.web.HTTPError(404)
    return file


class Handbook(Page):
    """A page of the handbook to look things up in."""

    def asked(self):
        """As everybody may."""
        return rights.HANDBOOK, ""

    def get(self, name: str):
        """Send the page as it was built."""
        if name not in handbook():
            raise tornado.web.HTTPError(404)
        self.show((HANDBOOK / f"{name}.html").read_text("utf-8"), LOOKUP_POLICY)


class Printed(Page):
    """A paper that was printed at a click, with its page."""

    def asked(self):
        """As of the school whose it is; case papers may be among them, so as these."""
        home = self.path_args[0].split("/")[1]
        return rights.CASE, "" if home == places.TOWN else home

    def get(self, name: str):
        """Send it."""
        file = _own(self.settings["out"] / places.PAPERS / name)
        if file.suffix == ".html":
            return self.show(file.read_text("utf-8"))
        self.hand_out(file)


class Compared(Page):
    """What 核对名单 has compared: children of the whole town."""

    def asked(self):
        """As who may have it done."""
        return rights.WORK, ""

    def get(self):
        """Send it to be saved."""
        self.hand_out(_own(self.settings["out"] / jobs.LISTS / jobs.COMPARED))


class Work(Page):
    """What is started at a click: how far it is, and in the end what it has left."""

    def asked(self):
        """Of the whole town: what is made is not for one school."""
        return rights.WORK, ""

    def get(self, _key: str = ""):
        """The page of what runs, or ran last; it asks again by itself."""
        job, out = self.settings["jobs"].current, self.settings["out"]
        if job is None:
            return self.redirect("/")
        left = job.left(out) if job.well else []
        left.sort(key=lambda path: (archive.FIRST not in path.parts, path.parent, path.stem != places.TOWN))
        links = [(_address(path), path.stem, said_of(path)) for path in left]
        self.show(
            indexes.site().get_template("work.html").render(job=job, links=links[:SHOWN], more=len(links[SHOWN:]))
        )

    async def post(self, key: str):
        """Start one, unless another runs."""
        kind = jobs.KINDS.get(key)
        if kind is None:
            raise tornado.web.HTTPError(404)
        try:
            asked = {name: self.get_body_argument(name, "") for name in kind.fields}
            await self.settings["jobs"].start(key, jobs.checked(kind.fields, asked, offers(self.settings["shared"])))
        except UserError as error:
            self.set_status(409)
            return self.show(indexes.site().get_template("work.html").render(job=None, says=str(error)))
        self.redirect("/jobs/")


OPENS = {".docx": "Word", ".xlsx": "Excel", ".html": "网页"}


def said_of(path: Path) -> str:
    """What is said beside the name of a file (its path under out): of a report's page which report, else whose it is and what opens it."""
    if years.period(path.parts[0]):
        return execution.title(places.own(f"notebooks/{path.parts[1]}.ipynb"))
    whose = path.parent.name if path.parts[0] in (places.PAPERS, places.RETURNS) else ""
    return "　".join(filter(None, [whose, OPENS[path.suffix]]))


def offers(shared: Path) -> dict[str, list[str]]:
    """What the fields of jobs can be."""
    held = sorted(path.name for path in shared.glob("*") if years.YEAR.fullmatch(path.name) and path.is_dir())
    schools = [school.name for school in batch.registered(shared, held[-1])] if held else []
    rooms = batch.rooms(shared, held[-1]) if held else {}
    return jobs.offered(shared, schools, printable(), rooms)


def town_name(shared: Path) -> str:
    """The town's name by the registry of its latest school year; "" where there is none."""
    held = sorted(path.name for path in shared.glob("*") if years.YEAR.fullmatch(path.name) and path.is_dir())
    return batch.town_name(shared, held[-1]) if held else ""


@cache
def printable() -> tuple[str, ...]:
    """The papers there are."""
    from .. import papers

    return tuple(paper.name for paper in papers.PAPERS)


def _address(path: Path) -> str:
    """Where a file under out is served, by its path there."""
    return "/r/" + quote(path.as_posix())


class Home(Page):
    """The archived pages' link to all reports leads to the landing page."""

    def asked(self):
        """As everybody may."""
        return rights.FRONT, ""

    def get(self):
        """Redirect."""
        self.redirect("/")


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


class Missing(Page):
    """Everything else."""

    async def prepare(self):
        """404."""
        raise tornado.web.HTTPError(404)


def handbook() -> list[str]:
    """The names of the pages made for the handbook."""
    return sorted(path.stem for path in HANDBOOK.glob("*.html"))


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
        schools = [school.name for school in batch.registered(shared, period.year)]
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
        held = sorted(path.name for path in shared.glob("*") if years.YEAR.fullmatch(path.name) and path.is_dir())
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


def shown(shared: Path, out: Path, folder: Path) -> tuple[list[archive.Shelf], list[str], list[str]]:
    """What the landing page shows: every notebook and period that was run, and of every notebook in `folder` the periods of the
    latest school year that have begun, without the summer, newest first; the schools of that year's registry; and what it has
    to say of notebooks that are no report."""
    made, notes = archive.shelves(out), []
    held = sorted(path.name for path in shared.glob("*") if years.YEAR.fullmatch(path.name) and path.is_dir())
    if not held:
        return made, [], []
    begun = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            kind = execution.kind(execution.parameters(path))
        except UserError as error:
            notes.append(str(error))
            continue
        periods = years.begun(kind, held[-1], dt.date.today()) if kind else ()
        begun += [archive.Shelf(out, period, path.stem) for period in periods if period.taught()]
    schools = [school.name for school in batch.registered(shared, held[-1])]
    return sorted({*made, *begun}, key=lambda shelf: (shelf.period.order, shelf.notebook), reverse=True), schools, notes
