"""Two pieces of work at the same time: what they give, what happens where the second fails, and where nothing can fork."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading

import pytest

from kongchuo.core.processes import aside, both, unswept

forks = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="only Linux with two cores forks"
)


def test_both_give_what_they_give():
    assert both(lambda: "one", lambda: ["other"]) == ("one", ["other"])


@forks
def test_the_second_is_worked_out_by_another_process():
    assert both(os.getpid, os.getppid) == (os.getpid(), os.getpid())


@forks
def test_what_is_done_aside_takes_its_memory_with_it():
    kept: list[int] = []

    def work() -> int:
        kept.extend(range(9))
        return os.getppid()

    assert (aside(work), kept) == (os.getpid(), [])


@forks
def test_what_is_done_aside_may_be_shared_by_two():
    assert aside(lambda: both(os.getpid, os.getppid) == (os.getpid(), os.getpid()))


@forks
def test_where_the_first_fails_nobody_waits_for_the_second():
    lines = "import time; from kongchuo.core.processes import both; both(lambda: 1 / 0, lambda: time.sleep(600))"
    ended = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=60)
    assert "ZeroDivisionError" in ended.stderr


def test_with_a_second_thread_nothing_is_forked():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert both(os.getpid, os.getpid) == (os.getpid(), os.getpid())
    finally:
        stop.set()
        thread.join()


def test_where_the_other_process_dies_the_work_is_done_here():
    home = os.getpid()

    def work() -> int:
        if os.getpid() != home:
            os._exit(9)
        return os.getpid()

    assert both(os.getpid, work) == (home, home)


def test_an_error_of_the_second_is_raised_here_and_the_other_process_says_nothing(capfd):
    def work() -> None:
        raise ValueError("once")

    with pytest.raises(ValueError, match="once"):
        both(os.getpid, work)
    assert capfd.readouterr() == ("", "")


def test_garbage_is_looked_for_again_afterwards():
    """Whatever goes wrong meanwhile; and not where nobody looked before."""
    with pytest.raises(IndexError), unswept():
        (0,)[not gc.isenabled()]
    assert gc.isenabled()
    gc.disable()
    try:
        with unswept():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
