"""A process that has read and judged one state of the books and is forked for each thing to do: how it is asked, and how it forks.

A fork costs milliseconds and has all of that without a copy. The process forked from has one thread, takes jobs from its standard
input, a line of JSON each, and ends with whoever started it. Only on Linux: elsewhere a fork of such a process is not safe.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from ..core.places import FORKED
from ..core.processes import die_with_parent

LINE = 1 << 20  # bytes read at a time
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", FORKED: "1"}  # in its environment: no thread but its own


def possible() -> bool:
    """Whether this system forks safely and lets a process be waited for."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


# --- Whoever starts it --------------------------------------------------------------------------------------------------
class Parent:
    """Such a process, which runs a module of ours, as whoever started it sees it. Several threads may ask it at a time."""

    def __init__(self, module: str, home: Path, env: Mapping[str, str], errors: int | None = None):
        self._answers, self._lock, self._number = dict[int, Future](), threading.Lock(), 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=home,
            env={**env, **ALONE},
            text=True,
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        """Hand each answer to whoever waits for it."""
        for line in self._process.stdout:
            answer = json.loads(line)
            self._answers.pop(answer["number"]).set_result(answer)
        with self._lock:
            for waiting in self._answers.values():
                waiting.set_exception(EOFError())
            self._answers = {}

    def ask(self, **job: object) -> Future[dict]:
        """Its answer to a job, when it comes; an EOFError where the process has gone."""
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

    @property
    def alive(self) -> bool:
        """Whether it takes jobs."""
        return not self.ended and not self._process.stdin.closed

    @property
    def ended(self) -> bool:
        """Whether it has gone, and with it all its forks."""
        return self._process.poll() is not None

    def retire(self) -> None:
        """Take no more jobs."""
        with suppress(OSError):  # a job that it has not taken
            self._process.stdin.close()

    def kill(self) -> None:
        """End it, without waiting until it has ended."""
        self._process.kill()

    def end(self) -> None:
        """End it and all its forks; whoever waits for an answer is told so."""
        self.kill()
        self._process.wait()
        self._listening.join()
        self.retire()
        self._process.stdout.close()


# --- The process itself -------------------------------------------------------------------------------------------------
def begin() -> Callable[..., None]:
    """Make this process one that answers jobs, given the number of each and what is to be said; what else it prints goes nowhere."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal's Ctrl-C whoever started this says what it means
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)

    def answer(number: int, **told: object) -> None:
        answers.write(json.dumps({"number": number, **told}) + "\n")
        answers.flush()

    return answer


def fork(act: Callable[[], object]) -> int:
    """The process number of a child that does this and ends, in a group and with random numbers of its own."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise SystemExit("a process with several threads is not forked")  # whoever waits does without it
    pid = os.fork()
    if pid:
        with suppress(OSError):
            os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        die_with_parent()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1):
            os.dup2(nothing, number)
        random.seed()
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed()
        act()
        code = 0
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


class Forks:
    """Jobs asked of this process, and its forks, by process number; `listening` while more jobs may come."""

    def __init__(self) -> None:
        self.listening, self._text = True, b""
        self._watched: dict[int, int] = {}  # the file that tells when a fork has ended -> the fork
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)

    def __bool__(self) -> bool:
        return bool(self._watched)

    def add(self, act: Callable[[], object]) -> int:
        """Fork and look after it; returns its process number."""
        pid = fork(act)
        watch = os.pidfd_open(pid)
        self._watched[watch] = pid
        self._poll.register(watch, select.POLLIN)
        return pid

    def wait(self, milliseconds: float | None = None) -> tuple[list[dict], list[tuple[int, int]]]:
        """The jobs that have come and the forks that have ended, each with its status, when there are any or the time is up."""
        jobs, ended = [], []
        for ready, _ in self._poll.poll(milliseconds):
            if ready:
                self._poll.unregister(ready)
                os.close(ready)
                pid = self._watched.pop(ready)
                _kill(pid)  # the processes it has left
                ended.append(os.waitpid(pid, 0))
                continue
            more = os.read(0, LINE)
            if not more:
                self._poll.unregister(0)
                self.listening = False
            *lines, self._text = (self._text + more).split(b"\n")
            jobs += map(json.loads, lines)
        return jobs, ended

    def end(self, *pids: int) -> None:
        """End these, of those that go on, with what they have started."""
        for pid in {*pids} & {*self._watched.values()}:
            _kill(pid)

    def end_all(self) -> None:
        """End whichever goes on."""
        self.end(*self._watched.values())


def _kill(pid: int) -> None:
    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
