"""The landing page: of each report what there is of it, for who may open it; and what is started there at a click, and how far it is."""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

from ..core import places, years
from ..core.findings import UserError
from ..excel import folders, registry
from ..publishing import archive, execution, indexes
from ..publishing.execution import hide_grammar

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above

from . import jobs, rights  # noqa: E402
from .archived import Seen, handbook, since  # noqa: E402
from .guard import Page  # noqa: E402
from .live_pages import live_address, live_of  # noqa: E402
from .rights import Person  # noqa: E402

SHOWN = 60  # links to what a job has left
FEW = {  # what is said to a role that sees little, and why
    rights.CLASS: "这里是本班的网页、公开版和手册。本班的网页每月生成一次；还没有的，请中心学校先生成报告。",
    rights.PUBLIC: "这里是公开版。",
    rights.INSPECTOR: "这里是各校的报告和材料；学生和班级的网页、“互动查看”不在督查的范围里。",
}


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


def shown(shared: Path, out: Path, folder: Path) -> tuple[list[archive.Shelf], list[str], list[str]]:
    """What the landing page shows: every notebook and period that was run, and of every notebook in `folder` the periods of the
    latest school year that have begun, without the summer, newest first; the schools of that year's registry; and what it has
    to say of notebooks that are no report."""
    made, notes = archive.shelves(out), []
    held = folders.school_years(shared)
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
    schools = [school.name for school in registry.registered(shared, held[-1])]
    return sorted({*made, *begun}, key=lambda shelf: (shelf.period.order, shelf.notebook), reverse=True), schools, notes


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
    held = folders.school_years(shared)
    schools = [school.name for school in registry.registered(shared, held[-1])] if held else []
    rooms = registry.rooms(shared, held[-1]) if held else {}
    return jobs.offered(shared, schools, printable(), rooms)


def town_name(shared: Path) -> str:
    """The town's name by the registry of its latest school year; "" where there is none."""
    held = folders.school_years(shared)
    return registry.town_name(shared, held[-1]) if held else ""


@cache
def printable() -> tuple[str, ...]:
    """The papers there are."""
    from .. import papers

    return tuple(paper.name for paper in papers.PAPERS)


def _address(path: Path) -> str:
    """Where a file under out is served, by its path there."""
    return "/r/" + quote(path.as_posix())
