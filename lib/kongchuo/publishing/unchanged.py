"""Which runs of a batch need not be made again: what a page depends on, and whether all of it is as it was."""

import hashlib
import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from importlib.metadata import requires, version
from pathlib import Path

from ..core import places
from ..core.places import ALL, CONTENT, EARLIER, MADE, PACKAGE, RECORDS, TEMPLATES
from ..core.schema import CENTRE
from . import archive, execution
from .archive import DONE, FILES, STUCK, Result, Run, Shelf
from .execution import GIVEN
from .prepared import Engine

# what a page depends on: all workbooks, of these its school's own and the centre's, what the other batches have left
BOOKS, OWN, CENTRES, FOLLOWED, BEFORE = "台账", "本校的台账", "中心学校的台账", "以前的校验记录", "上一期的台账"
NUMBERS = "参数表和模板"  # made_from
LISTED = "已有的报告和材料"  # of LISTING
OTHERS = "别的学校的台账"  # what has changed where neither of the two has
SAME, ELSEWHERE = "都没有变", "{}，这一份的内容不受影响"  # why a run was not made
LISTING = ("monthly_papers",)  # notebooks whose papers list what has been made before


@cache
def versions() -> str:
    """Which Python and which libraries make the pages."""
    needed = (line for line in requires("kongchuo") or () if "extra ==" not in line or 'extra == "report"' in line)
    names = (re.match(r"[\w.-]+", line)[0] for line in needed)
    return " ".join([platform.python_version(), *(f"{name} {version(name)}" for name in names)])


def made_from() -> str:
    """One hash of what else a page is made from: numbers of the policy, templates of pages and papers."""
    found = []
    for root in dict.fromkeys((places.PARAMETERS, places.own("parameters"))):  # the package's, an office's own
        papers = (path for path in (root / "papers").glob("*.docx") if not path.name.startswith(("~$", ".~")))
        found.append((list(filter(Path.is_file, (root / places.POLICY.name, *papers))), root))
    inside = [path for path in TEMPLATES.rglob("*") if path.is_file()]
    return "".join(archive.fingerprint(files, root) for files, root in (*found, (inside, TEMPLATES)))


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


class Unchanged:
    """What the pages of one notebook and period depend on, and so which of its runs stand as they are."""

    def __init__(self, notebook: Path, shelf: Shelf, snapshot: str, scratch: Path, engine: Engine):
        self.notebook, self.shelf, self.snapshot, self.scratch, self.engine = notebook, shelf, snapshot, scratch, engine
        self.inputs = shelf.path / "inputs" / snapshot
        self.stamp = {
            "code": f"{version('kongchuo')}+{archive.fingerprint(PACKAGE.rglob('*.py'), PACKAGE)}",
            "schema": archive.fingerprint(PACKAGE.glob("books/*.yaml"), PACKAGE),
            "notebook_sha256": hashlib.sha256(notebook.read_bytes()).hexdigest(),
        }

    @cached_property
    def _depends(self) -> dict[str, str]:
        """What every page of the shelf depends on."""
        earlier = json.loads(_read(self.scratch / EARLIER) or '[""]')
        found = {
            BOOKS: self.snapshot,
            "程序": f"{self.stamp['code']} {self.stamp['schema']} {versions()}",
            NUMBERS: made_from(),
            "笔记本": self.stamp["notebook_sha256"],
            FOLLOWED: _hash(archive.hashes(self.scratch / RECORDS)),
            BEFORE: _hash([Path(earlier[0]).name, *earlier[1:]]),
        }
        if self.notebook.stem in LISTING:
            found[LISTED] = _hash(_read(self.scratch / MADE))
        if self.shelf.period.days[1] >= (today := places.today(self.scratch)):
            found["今天的日期"] = today.isoformat()
        return found

    def depends(self, item: Run) -> dict[str, str]:
        """What a run's page depends on, by name, each as text or hash: while all is as it was, the page need not be made again."""
        homes = {} if item.parameters["school"] == ALL else {OWN: item.parameters["school"], CENTRES: CENTRE}
        own = {name: self._of_home(home) for name, home in homes.items()}
        return self._depends | own | {"要求": _hash(item.parameters)}

    def _of_home(self, home: str) -> str:
        return _hash(self._homes.get(home, []))

    @cached_property
    def _homes(self) -> dict[str, list]:
        """By folder its workbooks in the snapshot, of all years: path and hash."""
        found: dict[str, list] = {}
        for name, digest in archive.inside(self.inputs).items():
            found.setdefault([*name.split("/"), ""][1], []).append((name, digest))
        return found

    def _changed(self, item: Run, before: Result) -> list[str]:
        now = self.depends(item)
        return [name for name in now if before.depends.get(name) != now[name]]

    def _whole(self, item: Run, before: Result | None) -> bool:
        """Whether all that the last run made is there: not where a file could not be changed or a part of it failed."""
        if before is None or before.outcome != DONE or before.summary.get(STUCK) or before.summary.get("broken"):
            return False
        names = (before.page, before.notebook, *(f"{item.stem}/{name}" for name in before.summary.get(FILES, {})))
        return all((self.shelf.path / name).is_file() for name in names)

    def standing(self, runs: Sequence[Run], results: Mapping[str, Result]) -> dict[str, Result]:
        """By name the Results of the runs that need not be made: of those nothing changed on which their page depends."""
        whole = [(item, results[item.name]) for item in runs if self._whole(item, results.get(item.name))]
        return {item.name: replace(before, stood=SAME) for item, before in whole if not self._changed(item, before)}

    def weighed(self, runs: Sequence[Run], results: Mapping[str, Result], workers: int) -> dict[str, Result]:
        """As `standing`, of schools' runs of which nothing changed but what lies outside their own folder and the centre's: their
        page is worked out without being made, and they stand if all it holds is what it held.

        To be called after `Press.open`. What stands is from now on what the new state of the books gives.
        """
        weigh = getattr(self.engine, "weigh", None)  # of an engine that holds the books
        asked = {
            item.stem: (item, before)
            for item in runs
            if self._whole(item, before := results.get(item.name))
            and item.parameters["school"] != ALL
            and before.summary.get(CONTENT)
            and {*self._changed(item, before)} <= {BOOKS, FOLLOWED, BEFORE, LISTED}
        }
        if not (weigh and asked and execution.shown(self.notebook)):
            return {}
        given = {stem: item.parameters | {GIVEN: str(self.inputs)} for stem, (item, _) in asked.items()}
        found = weigh(self.notebook, self.scratch, given, workers)
        return {
            item.name: replace(
                before,
                stood=ELSEWHERE.format(self._said(item, self._changed(item, before))),
                snapshot=self.snapshot,
                depends=self.depends(item),
            )
            for stem, (item, before) in asked.items()
            if found.get(stem) == before.summary[CONTENT]
        }

    def why(self, item: Run, before: Result | None) -> str:
        """Why a run is made, in words."""
        if before is None:
            return "第一次生成"
        if before.outcome != DONE:
            return "上次没有生成"
        if not before.depends:
            return "上次是旧版程序生成的"
        changed = self._changed(item, before)
        return self._said(item, changed) if changed else "指定重做，或上次的没有做全"

    def _said(self, item: Run, changed: Sequence[str]) -> str:
        own = {OWN, CENTRES} & {*changed}
        names = [name for name in changed if not (own and name == BOOKS)]
        if item.parameters["school"] != ALL and not own:
            names = [OTHERS if name == BOOKS else name for name in names]
        return f"{'、'.join(names)}变了"
