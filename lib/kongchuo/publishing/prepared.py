"""One process that has imported what reports need and has read and judged the books; each run of a batch is a fork of it.

A fork costs milliseconds, has all of that without a copy, and what goes wrong in it ends that run only. The process forked from has
one thread and never runs a notebook itself. It ends with whoever started it, however that ends, and with it all its runs.
Only on Linux: elsewhere a fork of such a process is not safe (`possible`).
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from .. import VERBS
from ..core.places import FILES, FORKED, SCRATCH
from . import archive, engine, execution

INTERRUPTED = 3  # seconds that a run has to end after it was told that its time is up
PATIENCE = 3  # times the limit of a run that an answer may take: before it, the books are read
LINE = 1 << 20  # bytes read at a time
WEIGHED = "weighed"  # what a fork answers that has weighed runs, and the folders where it did
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", FORKED: "1"}  # in its environment: no thread but its own
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def possible() -> bool:
    """Whether this system forks safely and lets a process be waited for."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


# --- The batch's side ---------------------------------------------------------------------------------------------------
class Prepared:
    """The process, as a batch sees it. Use it as a context; `execute` may be called by several threads at a time.

    `own` goes into the environment of the process.
    """

    width = 0  # runs that it can take beyond what this machine does at a time

    def __init__(self, limits: execution.Limits, **own: str):
        self._own = own
        self._limits, self._answers, self._lock, self._number = limits, dict[int, Future](), threading.Lock(), 0
        self._process: subprocess.Popen | None = None
        self._over = False

    def __enter__(self) -> Prepared:
        return self

    def _start(self) -> None:
        self._over = False
        self._home = archive.scratch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kongchuo.publishing.prepared"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._home.name,
            env=execution.environment(Path(self._home.name), **ALONE, **self._own),
            text=True,
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def stop(self) -> None:
        """End the process and all its runs; whoever waits for one is told so. `open` starts another."""
        self._over = True
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._listening.join()
        with suppress(OSError):  # a job that it has not taken
            self._process.stdin.close()
        self._process.stdout.close()
        self._home.cleanup()
        self._process = None

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listen(self) -> None:
        """Hand each answer to whoever waits for it."""
        for line in self._process.stdout:
            answer = json.loads(line)
            self._answers.pop(answer["number"]).set_result(answer["error"])
        with self._lock:
            for waiting in self._answers.values():
                waiting.set_exception(EOFError())
            self._answers = {}

    def _ask(self, **job: object) -> Future:
        answer: Future = Future()
        with self._lock:
            self._number += 1
            self._answers[self._number] = answer
            try:
                if self._process is None:
                    raise OSError("it was stopped")
                self._process.stdin.write(json.dumps({"number": self._number, **job}) + "\n")
                self._process.stdin.flush()
            except (OSError, ValueError):  # it is gone
                self._answers.pop(self._number, None)
                answer.set_exception(EOFError())
        return answer

    def open(self, notebook: Path, scratch: Path, parameters: Mapping[str, str], runs: int) -> None:
        """Have the books of a report read and judged, and what is the same for all `runs` worked out, before they begin.

        `scratch` and `parameters` are those of a run. Nothing is said of what goes wrong: each run meets it by itself. To be
        called first, by the thread that stays: the process ends with the thread that started it.
        """
        if self._process is None or self._process.poll() is not None:
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
                found |= answer.result(PATIENCE * self._limits.run).get(WEIGHED, {})
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        return found

    def execute(self, notebook: Path, output: Path, parameters: Mapping[str, str]) -> execution.Verdict:
        """As execution.execute. Where the process is gone (the machine was out of memory), the run is one of its own."""
        log = output.with_suffix(".log")
        job = execution.job(notebook, output, parameters, self._limits)
        job |= {"log": str(log), "scratch": str(output.parents[1]), "files": str(execution.left_by(output))}
        try:
            error = self._ask(**job).result(PATIENCE * self._limits.run)
        except EOFError:
            if self._over:
                return execution.Verdict(reason="已停止")
            return execution.execute(notebook, output, dict(parameters), self._limits, **self._own)
        except TimeoutError:
            if (process := self._process) is not None:
                process.kill()  # it hangs: nobody shall wait for it again
            return execution.execute(notebook, output, dict(parameters), self._limits, **self._own)
        return execution.judge(output, error, log.read_text("utf-8", "replace") if log.is_file() else "", self._limits)


# --- The process itself -------------------------------------------------------------------------------------------------
@dataclass
class Fork:
    """A run that goes on: the process, when its time is up, and whether it was told so."""

    number: int
    pid: int
    job: dict
    ends: float
    told: bool = False
    answer: Path = field(init=False)

    def __post_init__(self) -> None:
        self.answer = Path(self.job["output"]).with_name("answer.json")

    def error(self, status: int) -> dict[str, str]:
        """What became of it, given how its process ended."""
        if self.told:
            return {"type": "TimeoutExpired"}
        code = os.waitstatus_to_exitcode(status)
        if code == execution.OVER:
            return {"type": "CellTimeoutError"}
        try:
            return json.loads(self.answer.read_text("utf-8"))
        except (OSError, ValueError):
            fault = code < 0 and code != -signal.SIGKILL  # by a signal that nobody but its own fault sends
            return {"type": signal.Signals(-code).name if fault else "DeadKernelError"}


def _start(job: dict) -> Fork:
    """Fork a run; in the child this does not come back."""
    run = Fork(job["number"], 0, job, time.monotonic() + job["run"])
    if len(os.listdir("/proc/self/task")) > 1:
        raise SystemExit("a process with several threads is not forked")  # whoever waits runs them by themselves
    run.pid = os.fork()
    if run.pid:
        with suppress(OSError):
            os.setpgid(run.pid, run.pid)
        return run
    code = 1
    try:
        os.setpgid(0, 0)
        die_with_parent()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _settle(job)
        answer = _weigh(job) if "weigh" in job else execution.work(job, engine.NAME)
        run.answer.write_text(json.dumps(answer), "utf-8")
        code = 0
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


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


def _settle(job: dict) -> None:
    """In the child: a place, files, limits and chances of its own."""
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for here, there in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(here, there)
    os.environ |= {SCRATCH: job["scratch"], FILES: job["files"]}
    os.chdir(Path(job["output"]).parent)
    gc.disable()  # a run is short, and to look over all it has costs it a tenth
    own_chances()


def own_chances() -> None:
    """In a child: other random numbers than its brothers have."""
    import random

    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def die_with_parent() -> None:
    """Have this process ended when the one that started it ends."""
    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)


def _open(job: dict) -> None:
    """Open a report and make its sections, for what all later ones find made: modules, the judged town, its figures."""
    import kongchuo

    from ..core import apart

    os.environ[SCRATCH] = job["scratch"]
    with suppress(Exception), apart.unswept():
        report = getattr(kongchuo, job["open"])(**job["parameters"])
        if job["sections"]:
            report.prepare()
    apart.stop()
    gc.freeze()


def _preload() -> None:
    """Import what every run needs."""
    die_with_parent()
    execution.hide_grammar()
    engine.ready()
    gc.collect()
    gc.freeze()


def quiet(number: int) -> TextIO:
    """What a file of this process was opened for; whatever is printed there from now on goes nowhere."""
    kept = os.fdopen(os.dup(number), "w", encoding="utf-8")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), number)
    return kept


def serve() -> None:
    """Take jobs from the standard input, a line of JSON each, until it ends; answer each when it is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal's Ctrl-C whoever started this says what it means
    answers = quiet(1)

    def answer(number: int, error: Mapping[str, str]) -> None:
        answers.write(json.dumps({"number": number, "error": error}) + "\n")
        answers.flush()

    _preload()
    running: dict[int, Fork] = {}
    poll = select.poll()
    poll.register(0, select.POLLIN)
    text = b""
    try:
        while True:
            for ready, _ in poll.poll(_wait(running)):
                if ready:
                    run = running.pop(ready)
                    poll.unregister(ready)
                    os.close(ready)
                    _, status = os.waitpid(run.pid, 0)
                    _end(run)
                    answer(run.number, run.error(status))
                    continue
                more = os.read(0, LINE)
                if not more:
                    return
                *lines, text = (text + more).split(b"\n")
                for job in map(json.loads, lines):
                    if "open" in job:
                        _open(job)
                        answer(job["number"], {})
                        continue
                    run = _start(job)
                    watch = os.pidfd_open(run.pid)
                    running[watch] = run
                    poll.register(watch, select.POLLIN)
            for run in running.values():
                if time.monotonic() >= run.ends:
                    os.killpg(run.pid, signal.SIGKILL if run.told else signal.SIGINT)
                    run.told, run.ends = True, time.monotonic() + INTERRUPTED
    finally:
        for run in running.values():
            _end(run)


def _wait(running: Mapping[int, Fork]) -> float | None:
    """Milliseconds until the time of one of them is up."""
    return max(0.0, min(run.ends for run in running.values()) - time.monotonic()) * 1000 if running else None


def _end(run: Fork) -> None:
    """End whatever of a run goes on: of one that is done, the processes it has left."""
    with suppress(OSError):
        os.killpg(run.pid, signal.SIGKILL)


if __name__ == "__main__":
    serve()
