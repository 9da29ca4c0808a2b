"""Whether a run has to be made at all, and a made one put in its place: page, gate, and whatever may leave laid on the shelf whole."""

import datetime as dt
import hashlib
import json
import platform
import re
import shutil
import time
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.metadata import requires, version
from pathlib import Path
from urllib.parse import quote, unquote

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml.ns import qn
from markupsafe import escape

from ..core import editions, places
from ..core.editions import HEADINGS, INTERNAL, audience_of, blotted
from ..core.findings import UserError, fault
from ..core.places import ALL, CONTENT, EARLIER, MADE, PACKAGE, RECORDS, TEMPLATES, TOWN
from ..core.schema import CENTRE
from ..excel import saving
from . import archive, execution, gate, prepared
from .archive import DONE, FAILED, Result, Shelf, safe_name
from .indexes import script, script_source, stylesheet

FILES = "files"  # in the summary of a run: each file it has left, and the edition by which the gate reads it
OUTPUT = "out.ipynb"  # the executed notebook in the scratch folder of its run
WITHHELD = "withheld"  # in the summary: each file the gate has refused, without its ending, and why
STUCK = "stuck"  # in the summary: files of before that could not be changed, as somebody has them open
WARNED = "warned"  # in the summary: what the gate warns of
GIVEN = "workbooks"  # the notebook's parameter that the batch itself fills: the snapshot


@dataclass(frozen=True)
class Run:
    """One execution: its name (school or 全镇, and the edition where it is not the internal one) and its parameters."""

    name: str
    parameters: dict[str, str]

    @property
    def stem(self) -> str:
        """The file name, without ending, of everything this run leaves."""
        return TOWN if self.name == TOWN and self.parameters["school"] == ALL else safe_name(self.name)


# a section as its template writes it: key, what there is of it, its heading as HTML
SECTION = re.compile(r'<section class="kc-card" id="(\w+)"(?: data-count="(\d+)")?>\s*<h2>(.*?)</h2>', re.S)


@cache
def _exporter():
    execution.hide_grammar()
    from nbconvert import HTMLExporter, TemplateExporter

    class Exporter(HTMLExporter):
        # HTMLExporter's own parses the whole page once more, for images without words and for cells that no page of ours has
        from_notebook_node = TemplateExporter.from_notebook_node

    return Exporter(extra_template_basedirs=[str(TEMPLATES)], template_name="page")


def render(notebook: str, title: str) -> str:
    """The page of an executed notebook (its JSON text). Whoever keeps it asks the gate first."""
    exporter = _exporter()  # first: it imports nbformat, but for what nobody needs of it
    import nbformat

    node = nbformat.reads(notebook, as_version=4)
    shown = (output.get("data", {}).get("text/html", "") for cell in node.cells for output in cell.get("outputs", ()))
    contents = [found.groups("") for text in shown for found in SECTION.finditer(text)]
    held = {"page_title": title, "css": stylesheet(), "contents": contents}
    page, _ = exporter.from_notebook_node(node, held | {"script": script(), "script_source": script_source()})
    return page


Engine = execution.Stock | prepared.Prepared


# what a page depends on: all workbooks, of these its school's own and the centre's, what the other batches have left
BOOKS, OWN, CENTRES, FOLLOWED, BEFORE = "台账", "本校的台账", "中心学校的台账", "以前的校验记录", "上一期的台账"
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


class Press:
    """What all runs of one notebook and period share: their folder, the snapshot they read, the scratch folder."""

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
            "参数表和模板": made_from(),
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

        To be called after `open`. What stands is from now on what the new state of the books gives.
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

    def open(self, runs: Sequence[Run]) -> None:
        """Have the engine make ready what the runs need."""
        self.engine.open(self.notebook, self.scratch, runs[0].parameters | {GIVEN: str(self.inputs)}, len(runs))

    def execute(self, item: Run) -> tuple[dt.datetime, float, execution.Verdict]:
        """Run one notebook to its verdict; returns it with start and wall seconds."""
        started, began = dt.datetime.now().astimezone(), time.monotonic()
        folder = self.scratch / item.stem
        parameters = item.parameters | {GIVEN: str(self.inputs)}
        try:
            folder.mkdir()
            verdict = self.engine.execute(self.notebook, folder / OUTPUT, parameters)
        except Exception as error:  # of this run only
            verdict = execution.Verdict(reason=fault(execution.FAULT, error))
        return started, time.monotonic() - began, verdict

    def check(self, item: Run, *texts: str | Path) -> tuple[str, ...]:
        """Ask the gate about the texts of a run; raises gate.Blocked, returns what it only warns of."""
        edition, known = item.parameters.get("edition", INTERNAL), gate.told(self.scratch)
        if audience_of(edition, "" if item.parameters["school"] == ALL else item.name) == editions.TOWN:
            edition = HEADINGS[editions.TOWN]
        return tuple(dict.fromkeys(warning for text in texts for warning in gate.passed(text, edition, known)))

    def sorted_out(self, item: Run, summary: dict[str, object]) -> dict[str, object]:
        """The summary with those of the run's files that may leave, the warnings of these, and why each other one may not.

        What is refused is refused by itself: a paper with its page (two files of one name), nothing else.
        """
        known, files = gate.told(self.scratch), summary.get(FILES, {})
        warned, refused = [], {}
        for name, own in files.items():
            try:
                warned += (f"{name}：{warning}" for warning in gate.passed(self._left(item) / name, own, known))
            except gate.Blocked as error:
                refused.setdefault(Path(name).stem, str(error))
        kept = {name: own for name, own in files.items() if Path(name).stem not in refused}
        for name in kept if refused else ():
            unlink(self._left(item) / name, refused)
        more = {WARNED: warned} if warned else {}
        return summary | ({FILES: kept} if files else {}) | more | ({WITHHELD: refused} if refused else {})

    def _left(self, item: Run) -> Path:
        return execution.left_by(self.scratch / item.stem / OUTPUT)

    def keep(self, item: Run, summary: dict[str, object]) -> list[str]:
        """Put the files of a run, and no others, into the folder of its name beside its page; returns what could not be changed.

        First all are written whole beside their names, then renamed, and last what no run names any more is removed: a file that
        somebody has open stays as it was, and keeps no other from its place.
        """
        left, folder = self._left(item), self.shelf.path / item.stem
        names, stuck = summary.get(FILES, {}), []
        if names:
            folder.mkdir(exist_ok=True)
        whole = {name: archive.beside(folder / name, (left / name).read_bytes()) for name in names}
        for name, part in whole.items():
            try:
                saving.rename(part, folder / name)
            except OSError:
                part.unlink(missing_ok=True)
                stuck.append(f"“{name}”可能有人正开着，没有换成新的，仍是上次的内容；请关闭后再运行")
        for old in sorted(folder.iterdir()) if folder.is_dir() else ():
            if old.name not in names:
                try:
                    shutil.rmtree(old) if old.is_dir() else old.unlink()
                except OSError:
                    stuck.append(f"“{old.name}”可能有人正开着，没有删掉，是以前的内容；请关闭后再运行")
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        return stuck

    def publish(
        self, item: Run, started: dt.datetime, seconds: float, verdict: execution.Verdict, why: str = ""
    ) -> Result:
        """Put page and notebook in their place if the run is good and the page passes the gate; the Result either way."""
        reason, log = verdict.reason, self.shelf.path / "logs" / f"{item.stem}.log"
        page, notebook = f"{item.stem}.html", f"{item.stem}.ipynb"
        summary = verdict.summary or {}
        if not reason:
            try:
                summary = self.sorted_out(item, summary)
                executed = without(verdict.notebook, item.stem, summary.get(WITHHELD, {}))
                text = render(executed, f"{item.name} {self.shelf.period.key} {execution.title(self.notebook)}")
                (self.scratch / item.stem / OUTPUT).write_text(executed, "utf-8")
                warned = self.check(
                    item, text, page, json.dumps(summary, ensure_ascii=False), self.scratch / item.stem / OUTPUT
                )
                summary |= {WARNED: [*warned, *summary.get(WARNED, ())]} if warned else {}
                stuck = self.keep(item, summary)
                summary |= {STUCK: stuck} if stuck else {}
                archive.write_whole(self.shelf.path / notebook, executed)
                archive.write_whole(self.shelf.path / page, text)
            except UserError as error:
                reason = str(error)
            except OSError as error:
                reason = f"报告写不进“{self.shelf.path}”：{error.strerror}"
            except Exception as error:
                reason = fault(execution.FAULT, error)
        log.unlink(missing_ok=True)
        if verdict.log.strip() and reason.startswith(execution.FAULT):
            archive.write_whole(log, blotted(verdict.log))
            reason += f"，详见 logs/{log.name}"
        good = {
            "outcome": DONE,
            "page": page,
            "notebook": notebook,
            "summary": summary,
        }
        bad = {"outcome": FAILED, "reason": blotted(" ".join(reason.split()))}
        return Result(
            name=item.name,
            parameters=item.parameters,
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 1),
            snapshot=self.snapshot,
            depends=self.depends(item),
            why=why,
            **self.stamp,
            **(bad if reason else good),
        )


NOT_PASSED = "（没有放行）"


def unlink(file: Path, refused: Collection[str]) -> None:
    """Take out of a paper, or its page, the links to refused files beside it (stems): the 档案目录 was made before the gate spoke."""
    if file.suffix == ".html":
        link = re.compile(rf'<a href="(?:{"|".join(re.escape(quote(stem)) for stem in refused)})\.\w+">(.*?)</a>', re.S)
        text, number = link.subn(rf"\1{NOT_PASSED}", file.read_text("utf-8"))
        if number:
            file.write_text(text, "utf-8")
    elif file.suffix == ".docx" and zipfile.is_zipfile(file):
        document = Document(str(file))
        lost = {key for key, one in document.part.rels.items() if one.reltype == RT.HYPERLINK and one.is_external
                and Path(unquote(one.target_ref)).stem in refused and "/" not in one.target_ref}  # fmt: skip
        for link in [one for one in document.element.iter(qn("w:hyperlink")) if one.get(qn("r:id")) in lost]:
            runs = list(link)
            texts = [text for run in runs for text in run.iter(qn("w:t"))]
            if texts:
                texts[-1].text = f"{texts[-1].text}{NOT_PASSED}"
            for run in runs:
                link.addprevious(run)
            link.getparent().remove(link)
        for key in lost:
            del document.part.rels[key]
        if lost:
            document.save(str(file))


def without(notebook: str, folder: str, refused: Mapping[str, str]) -> str:
    """An executed notebook (JSON text) whose outputs no longer link to refused files of `folder` and say what was refused, and why."""
    if not refused:
        return notebook
    held, stems = json.loads(notebook), "|".join(re.escape(quote(f"{folder}/{stem}")) for stem in refused)
    link = re.compile(rf'<a href="(?:{stems})\.\w+">(.*?)</a>', re.S)
    told = "".join(
        f'<p class="kc-note kc-bad">没有放行 {escape(name)}：{escape(why)}</p>' for name, why in refused.items()
    )
    for output in (output for cell in held["cells"] for output in cell.get("outputs", ())):
        data = output.get("data", {})
        text = "".join(data.get("text/html", ""))
        changed, links = link.subn(r"<s>\1</s>", text)
        if links:
            data["text/html"], told = told + changed, ""  # said once, where the first link was
    return json.dumps(held, ensure_ascii=False)
