"""One process for each state of the books that has imported, read, judged and made the sections; each live kernel is a fork of it.

The process forked from is no kernel itself, and ends with the server; when the books have changed another takes its place, it is
retired and ends with its last kernel. What it has made of pages lies in a folder (pages.live); more of them are made by a fork of
it, at the lowest priority, while somebody looks at a page.
Only where a fork of such a process is safe (`forks.possible`); elsewhere kernels start from nothing.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import pickle
import secrets
import select
import signal
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from .. import VERBS
from ..core import places
from ..core.editions import INTERNAL, blotted
from ..core.findings import UserError
from ..core.processes import die_with_parent
from ..excel import parse_cache
from ..publishing import engine, execution, forks

OPENED = (
    4  # periods that one process holds read and judged, some 100 MB each; for any other a kernel reads the books itself
)
ADDRESS = ("school", "month", "round", "year")  # what of a page's address says what is kept of it
LOWEST = 19  # nice(2)
MODULE = "kongchuo.site.forking"


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


class Parent(forks.Parent):
    """The process that kernels are forks of, as the server sees it: for one state of the books, with its folder of pages."""

    def __init__(self, state: str, scratch: Path, env: Mapping[str, str]):
        self.state, self.folder = state, Path(tempfile.mkdtemp(prefix="kept-", dir=scratch))
        self._opened: set[tuple[str, ...]] = set()
        super().__init__(MODULE, scratch, {**env, places.KEPT: str(self.folder)})

    async def fork(self, arguments: list[str], env: Mapping[str, str], cwd: str) -> Process:
        """A kernel with these arguments, this environment and working directory. Raises EOFError where the process is gone."""
        answer = await asyncio.wrap_future(self.ask(kernel=arguments, env=dict(env), cwd=str(cwd)))
        return Process(answer["pid"])

    def open(self, verb: str, asked: Mapping[str, str]) -> None:
        """Before it does anything else, have a report's books read and judged, where there is room, and the page asked for made."""
        period = (verb, *(asked.get(name, "") for name in ADDRESS[1:]))
        if verb in VERBS and (period in self._opened or len(self._opened) < OPENED) and not self.page(verb, asked):
            self._opened.add(period)
            self.ask(open=verb, parameters=_told(asked))

    def hold(self, verb: str, asked: Mapping[str, str]) -> None:
        """Have a report's books read and judged, where there is room, though its page is made: more will be asked of it."""
        period = (verb, *(asked.get(name, "") for name in ADDRESS[1:]))
        if verb in VERBS and period not in self._opened and len(self._opened) < OPENED:
            self._opened.add(period)
            self.ask(open=verb, parameters=_told(asked), only=True)

    async def tell(self, verb: str, asked: Mapping[str, str], **more: object) -> dict[str, str]:
        """What Report.told gives, as a file; "file": its path, or "says": why there is none. Raises EOFError where the process is gone."""
        file = self.folder / f"told-{secrets.token_hex(8)}"
        await asyncio.wrap_future(self.ask(tell=verb, parameters=_told(asked), file=str(file), more=more))
        said = file.with_suffix(".says")
        if said.is_file():
            answer = {"says": said.read_text("utf-8")}
            said.unlink()
            return answer
        return {"file": str(file)} if file.is_file() else {}

    def make(self, verb: str, pages: Iterable[Mapping[str, str]]) -> None:
        """When there is time, have pages of a report made in this order; what was wanted before is not any more."""
        missing = [_told(asked) for asked in pages if not self.page(verb, asked)]
        if missing and verb in VERBS:
            self.ask(make=verb, pages=missing)

    def page(self, verb: str, asked: Mapping[str, str]) -> str:
        """The sections kept of a page, as HTML; "" where none are, or the address asks for more than a school and a period."""
        path = places.kept(self.folder, VERBS.get(verb, ""), INTERNAL, urlencode(_told(asked)))
        return path.read_text("utf-8") if {*asked} <= {*ADDRESS} and path.is_file() else ""


def _told(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: asked[name] for name in ADDRESS if name in asked}


# --- The process itself -----------------------------------------------------------------------------------------------------
def _kernel(job: dict) -> None:
    """In a child: be a kernel until it ends."""
    from ipykernel.kernelapp import IPKernelApp

    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    # ipywidgets was imported before there was a kernel to say its comms to: a page could not ask for all widgets at once
    IPKernelApp.launch_instance(argv=[*job["kernel"], "--IPKernelApp.extra_extensions=ipywidgets"])


def _make(job: dict) -> None:
    """In a child: keep one page after the other, those of each period in a child of its own, which reads and judges for them."""
    os.nice(LOWEST)
    for _, pages in itertools.groupby(job["pages"], key=lambda one: [one.get(name) for name in ADDRESS[1:]]):
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            continue
        die_with_parent()
        for parameters in pages:
            _keep(job["make"], parameters)
        return


def _tell(job: dict) -> None:
    """In a child: leave what a school is given of a report, or why it is given nothing."""
    import kongchuo

    file = Path(job["file"])
    try:
        told = getattr(kongchuo, job["tell"])(**job["parameters"]).told(**job["more"])
        parse_cache.write(file, pickle.dumps(told, protocol=5))
    except UserError as error:
        file.with_suffix(".says").write_text(blotted(str(error)), "utf-8")


def _open(job: dict) -> None:
    """In the process itself: keep a page, or only open it; what was read and judged for it all later children have."""
    from ..core import processes

    (_report if job.get("only") else _keep)(job["open"], job["parameters"])
    processes.stop()
    gc.collect()
    gc.freeze()


def _report(verb: str, parameters: Mapping[str, str]) -> object:
    import kongchuo

    with suppress(Exception):  # whoever asks for the page meets it again
        return getattr(kongchuo, verb)(**parameters)


def _keep(verb: str, parameters: Mapping[str, str]) -> None:
    with suppress(Exception):
        _report(verb, parameters).keep()


def _preload() -> None:
    """Import what every kernel needs."""
    execution.hide_grammar()
    engine.without_debugger()
    import importlib

    for name in ("ipykernel.kernelapp", "ipykernel.zmqshell", "ipywidgets", "itables.widget", *engine.LATE):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def serve() -> None:
    """Take jobs until no more can come and the last kernel has ended; answer each when it is done, with the fork that does it."""
    answer = forks.begin()
    _preload()
    children, making = forks.Forks(), 0
    telling: dict[int, int] = {}  # a fork that makes what somebody waits for -> the number of the job
    while children.listening or children:
        jobs, ended = children.wait()
        for pid, _ in ended:
            if pid in telling:
                answer(telling.pop(pid))
        for job in jobs:
            pid = 0
            if "open" in job:
                _open(job)
            elif "make" in job:
                children.end(making)
                pid = making = children.add(partial(_make, job))
            elif "tell" in job:
                telling[children.add(partial(_tell, job))] = job["number"]
                continue
            else:
                pid = children.add(partial(_kernel, job))
            answer(job["number"], pid=pid)
        if not children.listening:
            children.end(making)


if __name__ == "__main__":
    serve()
