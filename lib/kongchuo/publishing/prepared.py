"""One process that has imported what reports need and has read and judged the books; each run of a batch is a fork of it.

What goes wrong in a fork ends that run only. The process forked from never runs a notebook itself; it ends with whoever started it,
however that ends, and with it all its runs. Only where a fork of such a process is safe (`forks.possible`).
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .. import VERBS
from ..core.places import FILES, SCRATCH
from . import archive, engine, execution, forks

INTERRUPTED = 3  # seconds that a run has to end after it was told that its time is up
PATIENCE = 3  # times the limit of a run that an answer may take: before it, the books are read
WEIGHED = "weighed"  # what a fork answers that has weighed runs, and the folders where it did
ANSWER = "answer.json"  # beside the output of a run
MODULE = "kongchuo.publishing.prepared"


# --- The batch's side ---------------------------------------------------------------------------------------------------
class Prepared:
    """The process, as a batch sees it. Use it as a context; `execute` may be called by several threads at a time.

    `own` goes into the environment of the process.
    """

    width = 0  # runs that it can take beyond what this machine does at a time

    def __init__(self, limits: execution.Limits, **own: str):
        self._limits, self._own, self._over = limits, own, False
        self._parent: forks.Parent | None = None

    def __enter__(self) -> Prepared:
        return self

    def _start(self) -> None:
        self._over, self._home = False, archive.scratch()
        home = Path(self._home.name)
        self._parent = forks.Parent(MODULE, home, execution.environment(home, **self._own), subprocess.DEVNULL)

    def stop(self) -> None:
        """End the process and all its runs; whoever waits for one is told so. `open` starts another."""
        self._over = True
        if self._parent is not None:
            self._parent.end()
            self._home.cleanup()
            self._parent = None

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, **job: object) -> Future[dict]:
        if (parent := self._parent) is not None:
            return parent.ask(**job)
        stopped: Future = Future()
        stopped.set_exception(EOFError())
        return stopped

    def open(self, notebook: Path, scratch: Path, parameters: Mapping[str, str], runs: int) -> None:
        """Have the books of a report read and judged, and what is the same for all `runs` worked out, before they begin.

        `scratch` and `parameters` are those of a run. Nothing is said of what goes wrong: each run meets it by itself. To be
        called first, by the thread that stays: the process ends with the thread that started it.
        """
        if self._parent is None or self._parent.ended:
            self.stop()
            self._start()
        if notebook.stem in VERBS:
            self._ask(open=notebook.stem, scratch=str(scratch), parameters=dict(parameters), sections=runs > 1)

    def weigh(
        self, notebook: Path, scratch: Path, asked: Mapping[str, Mapping[str, str]], workers: int
    ) -> dict[str, str]:
        """Report.weighed for the runs of a notebook: by stem of each run, given its parameters; of which it fails is not in it.

        To be called after `open`. So many forks share the work; each does its runs one after the other.
        """
        methods, every = execution.shown(notebook), list(asked.items())
        folders = [scratch / f"{WEIGHED}-{number}" for number in range(min(workers, len(every)))]
        answers = []
        for number, folder in enumerate(folders):
            folder.mkdir(exist_ok=True)
            job = {"weigh": dict(every[number :: len(folders)]), "report": notebook.stem, "methods": methods}
            job |= {"output": str(folder / "out"), "log": str(folder / "log"), "files": str(folder)}
            answers.append(self._ask(**job, scratch=str(scratch), run=self._limits.run, memory=self._limits.memory))
        found: dict[str, str] = {}
        for answer in answers:
            with suppress(EOFError, TimeoutError):
                found |= answer.result(PATIENCE * self._limits.run)["error"].get(WEIGHED, {})
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return found

    def execute(self, notebook: Path, output: Path, parameters: Mapping[str, str]) -> execution.Verdict:
        """As execution.execute. Where the process is gone (the machine was out of memory), the run is one of its own."""
        log = output.with_suffix(".log")
        job = execution.job(notebook, output, parameters, self._limits)
        job |= {"log": str(log), "scratch": str(output.parents[1]), "files": str(execution.left_by(output))}
        try:
            error = self._ask(**job).result(PATIENCE * self._limits.run)["error"]
        except EOFError:
            if self._over:
                return execution.Verdict(reason="已停止")
            return execution.execute(notebook, output, dict(parameters), self._limits, **self._own)
        except TimeoutError:
            if (parent := self._parent) is not None:
                parent.kill()  # it hangs: nobody shall wait for it again
            return execution.execute(notebook, output, dict(parameters), self._limits, **self._own)
        return execution.judge(output, error, log.read_text("utf-8", "replace") if log.is_file() else "", self._limits)


Engine = execution.Stock | Prepared


# --- The process itself -------------------------------------------------------------------------------------------------
@dataclass
class Fork:
    """A run that goes on, when its time is up, and whether it was told so."""

    job: dict
    ends: float
    told: bool = False

    def error(self, status: int) -> dict[str, str]:
        """What became of it, given how its process ended."""
        if self.told:
            return {"type": "TimeoutExpired"}
        code = os.waitstatus_to_exitcode(status)
        if code == execution.OVER:
            return {"type": "CellTimeoutError"}
        try:
            return json.loads(Path(self.job["output"]).with_name(ANSWER).read_text("utf-8"))
        except (OSError, ValueError):
            fault = code < 0 and code != -signal.SIGKILL  # by a signal that nobody but its own fault sends
            return {"type": signal.Signals(-code).name if fault else "DeadKernelError"}


def _run(job: dict) -> None:
    """In the child: do a job, and leave the answer where the process finds it."""
    os.dup2(os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    os.environ |= {SCRATCH: job["scratch"], FILES: job["files"]}
    folder = Path(job["output"]).parent
    os.chdir(folder)
    gc.disable()  # a run is short, and to look over all it has costs it a tenth
    answer = _weigh(job) if "weigh" in job else execution.work(job, engine.NAME)
    (folder / ANSWER).write_text(json.dumps(answer), "utf-8")


def _weigh(job: dict) -> dict[str, dict[str, str]]:
    """In the child: what the page of each run would hold, as a hash."""
    import kongchuo

    execution.limit_memory(job["memory"])
    gc.enable()  # these are many
    found = {}
    for stem, parameters in job["weigh"].items():
        folder = Path(job["files"]) / stem
        os.environ[FILES] = str(folder)
        with suppress(Exception):
            found[stem] = getattr(kongchuo, job["report"])(**parameters).weighed(job["methods"])
        shutil.rmtree(folder, ignore_errors=True)
    return {WEIGHED: found}


def _open(job: dict) -> None:
    """Open a report and make its sections, for what all later ones find made: modules, the judged town, its figures."""
    import kongchuo

    from ..core import processes

    os.environ[SCRATCH] = job["scratch"]
    with suppress(Exception), processes.unswept():
        report = getattr(kongchuo, job["open"])(**job["parameters"])
        if job["sections"]:
            report.prepare()
    processes.stop()
    gc.collect()
    processes.release()
    gc.freeze()


def _preload() -> None:
    """Import what every run needs."""
    execution.hide_grammar()
    engine.ready()
    gc.collect()
    gc.freeze()


def serve() -> None:
    """Take jobs until no more can come; answer each when it is done."""
    answer = forks.begin()
    _preload()
    children, running = forks.Forks(), dict[int, Fork]()
    try:
        while children.listening:
            jobs, ended = children.wait(_wait(running))
            for pid, status in ended:
                run = running.pop(pid)
                answer(run.job["number"], error=run.error(status))
            for job in jobs:
                if "open" in job:
                    _open(job)
                    answer(job["number"], error={})
                else:
                    run = Fork(job, time.monotonic() + job["run"])
                    running[children.add(partial(_run, job))] = run
            for pid, run in running.items():
                if time.monotonic() >= run.ends:
                    os.killpg(pid, signal.SIGKILL if run.told else signal.SIGINT)
                    run.told, run.ends = True, time.monotonic() + INTERRUPTED
    finally:
        children.end_all()


def _wait(running: Mapping[int, Fork]) -> float | None:
    """Milliseconds until the time of one of them is up."""
    return max(0.0, min(run.ends for run in running.values()) - time.monotonic()) * 1000 if running else None


if __name__ == "__main__":
    serve()
