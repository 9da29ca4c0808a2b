"""One run to its page: executed, looked over by the gate, put in its place; the Result says what came of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ..core.editions import INTERNAL, blotted
from ..core.findings import UserError
from ..core.places import ALL, PACKAGE
from . import archive, execution, gate, notebooks, pages
from .archive import DONE, FAILED, TOWN, Result, Shelf, safe_name

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


class Press:
    """What all runs of one notebook and period share: their folder, the snapshot they read, the scratch folder."""

    def __init__(self, notebook: Path, shelf: Shelf, snapshot: str, scratch: Path, limits: execution.Limits):
        self.notebook, self.shelf, self.snapshot, self.scratch, self.limits = notebook, shelf, snapshot, scratch, limits
        self.inputs = shelf.path / "inputs" / snapshot
        self.stamp = {
            "code": f"{version('kongchuo')}+{archive.fingerprint(PACKAGE.rglob('*.py'), PACKAGE)}",
            "schema": archive.fingerprint(PACKAGE.glob("books/*.yaml"), PACKAGE),
            "notebook_sha256": hashlib.sha256(notebook.read_bytes()).hexdigest(),
        }

    def execute(self, item: Run) -> tuple[dt.datetime, float, execution.Verdict]:
        """Run one notebook to its verdict; returns it with start and wall seconds."""
        started, began = dt.datetime.now().astimezone(), time.monotonic()
        folder = self.scratch / item.stem
        folder.mkdir()
        parameters = item.parameters | {GIVEN: str(self.inputs)}
        verdict = execution.execute(self.notebook, folder / "out.ipynb", parameters, self.limits)
        return started, time.monotonic() - began, verdict

    def check(self, item: Run, *texts: str) -> None:
        """Ask the gate about each text of a run; raises gate.Blocked."""
        edition, known = item.parameters.get("edition", INTERNAL), gate.told(self.scratch)
        for text in texts:
            gate.passed(text, edition, known)

    def publish(self, item: Run, started: dt.datetime, seconds: float, verdict: execution.Verdict) -> Result:
        """Put page and notebook in their place if the run is good and the page passes the gate; the Result either way."""
        reason, log = verdict.reason, self.shelf.path / "logs" / f"{item.stem}.log"
        page, notebook = f"{item.stem}.html", f"{item.stem}.ipynb"
        if not reason:
            try:
                text = pages.render(
                    verdict.notebook, f"{item.name} {self.shelf.period.key} {notebooks.title(self.notebook)}"
                )
                self.check(item, text, page, json.dumps(verdict.summary, ensure_ascii=False))
                archive.write_whole(self.shelf.path / notebook, verdict.notebook)
                archive.write_whole(self.shelf.path / page, text)
            except UserError as error:
                reason = str(error)
            except OSError as error:
                reason = f"报告写不进“{self.shelf.path}”：{error.strerror}"
        log.unlink(missing_ok=True)
        if verdict.log.strip() and reason.startswith(execution.FAULT):
            archive.write_whole(log, blotted(verdict.log))
            reason += f"，详见 logs/{log.name}"
        good = {"outcome": DONE, "page": page, "notebook": notebook, "summary": verdict.summary}
        bad = {"outcome": FAILED, "reason": blotted(" ".join(reason.split()))}
        return Result(
            name=item.name,
            parameters=item.parameters,
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 1),
            snapshot=self.snapshot,
            **self.stamp,
            **(bad if reason else good),
        )
