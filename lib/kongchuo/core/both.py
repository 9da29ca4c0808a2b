"""Two pieces of work at the same time, where this system can, else one after the other; one without a look for garbage. Knows nothing of the township."""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

One, Other = TypeVar("One"), TypeVar("Other")


def both(one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
    """What two calls give that share what they read and nothing that they write; the second must give what pickle can carry.

    The second is worked out by a forked process, which has all data of this one without a copy of them. Only Linux forks
    safely, and only a process with one thread; elsewhere, and where the forked process dies, the calls follow each other.
    """
    if not (sys.platform == "linux" and threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1):
        return one(), other()
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    child = fork.Process(target=_send, args=(there, other), daemon=True)
    child.start()
    there.close()
    first = one()
    try:
        return first, here.recv()
    except EOFError:
        return first, other()
    finally:
        here.close()
        child.join()


def _send(there: multiprocessing.connection.Connection, work: Callable[[], object]) -> None:
    """Send what the work gives. If it fails, nothing is sent and nothing said: the parent works it out itself, and fails as it should."""
    try:
        there.send(work())
    except BaseException:  # an interrupted child has nothing to say either
        os._exit(1)


@contextmanager
def unswept() -> Iterator[None]:
    """While so much is made that stays, looking for what is no longer needed would only take time."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()
