"""What has been made, as it is sent: archived pages and papers, marked copies, what was printed or compared, the handbook; and nothing else."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from ..core import editions, places, years
from ..core.places import HANDBOOK
from ..core.schema import CENTRE
from ..publishing import archive, execution, indexes, unchanged
from ..publishing.execution import hide_grammar
from ..publishing.linking import UP

hide_grammar()

import tornado.web  # noqa: E402 - everything of Jupyter comes after the line above

from . import jobs, rights  # noqa: E402
from .guard import STATIC_POLICY, Page  # noqa: E402
from .live_pages import live_address, live_of  # noqa: E402
from .rights import Person  # noqa: E402

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
    """When the page of a run, or `what` is shown of it, was made, and which workbooks have changed since, and whether numbers have."""
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
    numbers = (run.get("depends") or {}).get(unchanged.NUMBERS)
    whole = rights.may(page.person, rights.LIVE) or live_of(page.person, shelf.notebook, school)
    said = {
        "what": what or "本页",
        "near": near,
        "far": len(changed) - len(near),
        "numbers": bool(numbers) and numbers != unchanged.made_from(),
        "started": run["started"],
        "live": live_address(school or places.TOWN, shelf) if whole and not what else "",
    }
    return indexes.site().get_template("since.html").render(**said)


class Returned(Page):
    """A marked copy of a workbook, to which the findings of an archived page lead, or the list of one that cannot be marked."""

    def asked(self):
        """As of the school whose workbook it is."""
        return rights.RETURNED, self.path_args[0].split("/")[-2]

    def get(self, name: str):
        """Send it to be saved: it opens on its list and says which file is to be mended."""
        if not name.endswith(("_校验.xlsx", "_校验结果.xlsx")):
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


class Home(Page):
    """The archived pages' link to all reports leads to the landing page."""

    def asked(self):
        """As everybody may."""
        return rights.FRONT, ""

    def get(self):
        """Redirect."""
        self.redirect("/")


class Missing(Page):
    """Everything else."""

    async def prepare(self):
        """404."""
        raise tornado.web.HTTPError(404)


def handbook() -> list[str]:
    """The names of the pages made for the handbook."""
    return sorted(path.stem for path in HANDBOOK.glob("*.html"))
