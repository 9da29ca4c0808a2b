"""One process for each state of the books that has imported, read, judged and made the sections; each live kernel is a fork of it.

A fork costs milliseconds and has all of that without a copy. The process forked from has one thread, is no kernel itself, and ends
with the server; when the books have changed another takes its place, and it ends with its last kernel. What it has made of pages
lies in a folder (pages.keeping); more of them are made by a fork of it, at the lowest priority, while somebody looks at a page.
Only where a fork of such a process is safe (`possible`); elsewhere kernels start from nothing.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

from .. import VERBS
from ..core import places
from ..core.editions import INTERNAL
from ..publishing import engine, execution, prepared
from ..publishing.prepared import possible

OPENED = (
    4  # periods that one process holds read and judged, some 100 MB each; for any other a kernel reads the books itself
)
ADDRESS = ("school", "month", "round", "year")  # what of a page's address says what is kept of it
LOWEST = 19  # nice(2)
MODULE = "kongchuo.site.forking"

__all__ = ["Parent", "Process", "possible"]


# --- The server's side ------------------------------------------------------------------------------------------------------
class Process:
    """A forked kernel, to be handled as a subprocess.Popen is."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid, self.returncode = pid, None
        try:
            self._watch = os.pidfd_open(pid)
        except ProcessLookupError:  # it has ended already
            self.returncode = 0

    def poll(self) -> int | None:
        """None while it runs."""
        if self.returncode is None and select.select([self._watch], [], [], 0)[0]:
            os.close(self._watch)
            self.returncode = 0
        return self.returncode

    wait = poll  # nobody waits before it has ended

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._watch, number)


class Parent:
    """The process that kernels are forks of, as the server sees it: for one state of the books, with its folder of pages."""

    def __init__(self, state: str, scratch: Path, env: Mapping[str, str]):
        self.state, self.folder = state, Path(tempfile.mkdtemp(prefix="kept-", dir=scratch))
        self._answers: dict[int, Future] = {}
        self._lock, self._number = threading.Lock(), 0
        self._opened: set[tuple[str, ...]] = set()
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=scratch,
            env={**env, **prepared.ALONE, places.KEPT: str(self.folder)},
            text=True,
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    @property
    def alive(self) -> bool:
        """Whether it takes jobs."""
        return not self.ended and not self._process.stdin.closed

    @property
    def ended(self) -> bool:
        """Whether it has gone, and with it all its kernels."""
        return self._process.poll() is not None

    def _listen(self) -> None:
        for line in self._process.stdout:
            answer = json.loads(line)
            self._answers.pop(answer["number"]).set_result(answer)
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
                self._process.stdin.write(json.dumps({"number": self._number, **job}) + "\n")
                self._process.stdin.flush()
            except (OSError, ValueError):  # it is gone
                self._answers.pop(self._number, None)
                answer.set_exception(EOFError())
        return answer

    async def fork(self, arguments: list[str], env: Mapping[str, str], cwd: str) -> Process:
        """A kernel with these arguments, this environment and working directory. Raises EOFError where the process is gone."""
        answer = await asyncio.wrap_future(self._ask(kernel=arguments, env=dict(env), cwd=str(cwd)))
        return Process(answer["pid"])

    def open(self, verb: str, asked: Mapping[str, str]) -> None:
        """Before it does anything else, have a report's books read and judged, where there is room, and the page asked for made."""
        period = (verb, *(asked.get(name, "") for name in ADDRESS[1:]))
        if verb in VERBS and (period in self._opened or len(self._opened) < OPENED) and not self.page(verb, asked):
            self._opened.add(period)
            self._ask(open=verb, parameters=_told(asked))

    def make(self, verb: str, pages: Iterable[Mapping[str, str]]) -> None:
        """When there is time, have pages of a report made in this order; what was wanted before is not any more."""
        missing = [_told(asked) for asked in pages if not self.page(verb, asked)]
        if missing and verb in VERBS:
            self._ask(make=verb, pages=missing)

    def page(self, verb: str, asked: Mapping[str, str]) -> str:
        """The sections kept of a page, as HTML; "" where none are, or the address asks for more than a school and a period."""
        path = places.kept(self.folder, VERBS.get(verb, ""), INTERNAL, urlencode(_told(asked)))
        return path.read_text("utf-8") if {*asked} <= {*ADDRESS} and path.is_file() else ""

    def retire(self) -> None:
        """Take no more jobs; it ends when its last kernel does."""
        with suppress(OSError):
            self._process.stdin.close()

    def end(self) -> None:
        """End it and all its kernels."""
        self._process.kill()
        self._process.wait()
        self._listening.join()
        self.retire()
        self._process.stdout.close()


def _told(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: asked[name] for name in ADDRESS if name in asked}


# --- The process itself -----------------------------------------------------------------------------------------------------
def _kernel(job: dict) -> None:
    """In a child: be a kernel until it ends."""
    from ipykernel.kernelapp import IPKernelApp

    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    prepared.own_chances()
    IPKernelApp.launch_instance(argv=job["kernel"])


def _make(job: dict) -> None:
    """In a child: keep one page after the other, those of each period in a child of its own, which reads and judges for them."""
    os.nice(LOWEST)
    for _, pages in itertools.groupby(job["pages"], key=lambda one: [one.get(name) for name in ADDRESS[1:]]):
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            continue
        prepared.die_with_parent()
        for parameters in pages:
            _keep(job["make"], parameters)
        return


def _open(job: dict) -> None:
    """In the process itself: keep a page; what was read and judged for it all later children have."""
    from ..core import apart

    _keep(job["open"], job["parameters"])
    apart.stop()
    gc.collect()
    gc.freeze()


def _keep(verb: str, parameters: Mapping[str, str]) -> None:
    import kongchuo

    with suppress(Exception):  # whoever asks for the page meets it again
        getattr(kongchuo, verb)(**parameters).keep()


def _fork(act: Callable[[dict], None], job: dict) -> int:
    """The process number of a child that does this and ends."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise SystemExit("a process with several threads is not forked")  # the server starts kernels without it
    pid = os.fork()
    if pid:
        with suppress(OSError):
            os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        prepared.die_with_parent()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1):
            os.dup2(nothing, number)
        act(job)
        code = 0
    finally:
        os._exit(code)


def _preload() -> None:
    """Import what every kernel needs."""
    prepared.die_with_parent()
    execution.hide_grammar()
    engine.without_debugger()
    import importlib

    for name in ("ipykernel.kernelapp", "ipykernel.zmqshell", "ipywidgets", "itables.widget", *engine.LATE):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def serve() -> None:
    """Take jobs from the standard input, a line of JSON each, until it ends and the last kernel has; answer each when it is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal's Ctrl-C the server says what it means
    answers = prepared.quiet(1)
    _preload()
    children: dict[int, int] = {}  # the file that tells when a child has ended -> the child
    making, listening, text = 0, True, b""
    poll = select.poll()
    poll.register(0, select.POLLIN)

    def stop_making() -> None:
        if making in children.values():
            os.killpg(making, signal.SIGKILL)

    while listening or children:
        for ready, _ in poll.poll():
            if ready:
                poll.unregister(ready)
                os.close(ready)
                child = children.pop(ready)
                with suppress(OSError):
                    os.killpg(child, signal.SIGKILL)  # what it has started itself
                os.waitpid(child, 0)
                continue
            more = os.read(0, prepared.LINE)
            if not more:
                poll.unregister(0)
                listening = False
                stop_making()
            *lines, text = (text + more).split(b"\n")
            for job in map(json.loads, lines):
                pid = 0
                if "open" in job:
                    _open(job)
                elif "make" in job:
                    stop_making()
                    pid = making = _fork(_make, job)
                else:
                    pid = _fork(_kernel, job)
                if pid:
                    watch = os.pidfd_open(pid)
                    children[watch] = pid
                    poll.register(watch, select.POLLIN)
                answers.write(json.dumps({"number": job["number"], "pid": pid}) + "\n")
                answers.flush()


if __name__ == "__main__":
    serve()
