"""A run made and put in its place: page, gate, and whatever may leave laid on the shelf whole."""

import datetime as dt
import json
import re
import shutil
import time
import zipfile
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml.ns import qn
from markupsafe import escape

from ..core import editions
from ..core.editions import HEADINGS, INTERNAL, audience_of, blotted
from ..core.findings import UserError, fault
from ..core.places import ALL, TEMPLATES
from ..excel import saving
from . import archive, execution, gate
from .archive import DONE, FAILED, FILES, STUCK, WARNED, WITHHELD, Result, Run, Shelf
from .execution import GIVEN
from .indexes import script, script_source, stylesheet
from .prepared import Engine
from .unchanged import Unchanged

OUTPUT = "out.ipynb"  # the executed notebook in the scratch folder of its run


# a section as its template writes it: key, what there is of it, its heading as HTML
SECTION = re.compile(r'<section class="kc-card" id="(\w+)"(?: data-count="(\d+)")?>\s*<h2>(.*?)</h2>', re.S)


@cache
def _exporter():
    execution.hide_grammar()
    from nbconvert import HTMLExporter, TemplateExporter

    class Exporter(HTMLExporter):
        # HTMLExporter's own parses the whole page once more, for images without words and for cells that no page of ours has
        from_notebook_node = TemplateExporter.from_notebook_node

    # looked at for its form once, not after each of eleven steps that have nothing to do here
    return Exporter(extra_template_basedirs=[str(TEMPLATES)], template_name="page", optimistic_validation=True)


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


class Press:
    """What all runs of one notebook and period share: their folder, the snapshot they read, the scratch folder."""

    def __init__(self, notebook: Path, shelf: Shelf, snapshot: str, scratch: Path, engine: Engine):
        self.notebook, self.shelf, self.snapshot, self.scratch, self.engine = notebook, shelf, snapshot, scratch, engine
        self.unchanged = Unchanged(notebook, shelf, snapshot, scratch, engine)
        self.inputs = self.unchanged.inputs

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

    def check(self, item: Run, page: str, *others: str | Path) -> tuple[str, ...]:
        """Ask the gate about the page of a run and its other texts, of which what stands on the page is read once.

        Raises gate.Blocked, returns what it only warns of.
        """
        edition, known = item.parameters.get("edition", INTERNAL), gate.told(self.scratch)
        if audience_of(edition, "" if item.parameters["school"] == ALL else item.name) == editions.TOWN:
            edition = HEADINGS[editions.TOWN]
        read = (gate.passed(text, edition, known, page) for text in (page, *others))
        return tuple(dict.fromkeys(warning for warnings in read for warning in warnings))

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
            depends=self.unchanged.depends(item),
            why=why,
            **self.unchanged.stamp,
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
