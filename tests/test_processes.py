"""Work done apart: whatever becomes of the process that does it, this one goes on, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

from kongchuo.core import processes
from kongchuo.core.findings import UserError
from kongchuo.core.processes import TOO_LONG, TOO_MUCH, Died, both, call, spread
from kongchuo_township import making


@pytest.fixture(params=[False, True], ids=["limited by the system", "watched"])
def limited(request, monkeypatch):
    """One CPU second and 100 MB, seen to by the system, and by looking, as it is where the system cannot."""
    if not request.param and sys.platform != "linux":
        pytest.skip("this system has no such limits")
    monkeypatch.setattr(processes, "WATCHED", request.param)
    monkeypatch.setattr(processes, "SECONDS", 1.0)
    monkeypatch.setattr(processes, "MEMORY", 200 << 20)


def died(*asked):
    with pytest.raises(Died) as info:
        call(*asked)
    return str(info.value)


def test_what_takes_too_long_is_ended(limited):
    assert died(sum, range(10**12)) == TOO_LONG
    assert call(len, "alive") == 5


def test_what_takes_too_much_is_ended(limited):
    assert died(sorted, range(10**9)) == TOO_MUCH
    assert call(len, "alive") == 5


def test_an_answer_too_large_is_none(monkeypatch):
    assert died(bytes, processes.LARGEST + 1) == TOO_MUCH


def test_what_waits_for_ever_is_ended(monkeypatch):
    monkeypatch.setattr(processes, "SECONDS", 0.1)

    assert died(time.sleep, 600) == TOO_LONG


def test_reading_apart_needs_no_pandas(tmp_path):
    """What the process apart imports is paid again by every command; pandas is as dear as reading a school."""
    making.make(tmp_path, 2, 60, 1)
    code = """
        import sys
        from pathlib import Path
        from kongchuo.core import schema
        from kongchuo.excel import parsing
        known, root = schema.default(), Path(sys.argv[1])
        for path in sorted(root.rglob("*.xlsx")):
            read = parsing.read_for_another(path, path.relative_to(root).as_posix(), known.by_stem[path.stem], PACKED)
            assert read.read and read.tables, path
        assert not {"pandas", "numpy", "kongchuo.facts"} & {*sys.modules}, "imported"
    """.replace("PACKED", "__import__('pickle').dumps((known.codes, known))")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("end", [(os.abort,), (os._exit, 3), (signal.raise_signal, signal.SIGSEGV)])
def test_a_death_costs_its_own_work_only(end):
    assert died(*end)
    assert call(len, "alive") == 5


def test_what_the_work_raises_is_raised_here():
    with pytest.raises(ValueError, match="invalid literal") as info:
        call(int, "x")

    assert "Traceback" in info.value.__notes__[0]


def test_in_order_and_each_by_itself():
    def work(job):
        try:
            return call(*job)
        except Died:
            return "died"

    jobs = [(len, "a" * n) if n % 3 else (os.abort,) for n in range(8)]

    assert spread(work, jobs, size=processes.MUCH) == [n if n % 3 else "died" for n in range(8)]


def test_the_same_process_answers_again():
    assert call(os.getpid) == call(os.getpid) != os.getpid()


def test_the_process_of_a_large_one_answers_again():
    large = "much = bytearray(b'.') * (500 << 20); from kongchuo.core.processes import call; import os"
    done = subprocess.run(
        [sys.executable, "-c", f"{large}; assert call(os.getpid) == call(os.getpid)"], stderr=subprocess.PIPE, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_forked_process_starts_its_own():
    mine = call(os.getpid)
    here, forked = both(lambda: call(os.getpid), lambda: call(os.getpid))

    assert here == mine
    assert call(os.getpid) == mine
    assert forked == mine or gone(forked)


def test_where_none_can_be_started_it_is_said(monkeypatch):
    processes.stop()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(UserError, match="启动不了"):
        call(len, "a")
    monkeypatch.setattr(
        sys, "executable", next(path for path in ("/bin/false", "/usr/bin/false") if os.path.exists(path))
    )
    with pytest.raises(UserError, match="启动不了"):
        call(len, "a")


def gone(pid, within=10):
    """Whether a process ends within so many seconds; one that nobody waits for has ended, too."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


SCRIPT = """
import os, sys, time
from kongchuo.core import processes
print(processes.call(os.getpid), flush=True)  # no `if __name__ == "__main__"` here
{then}
"""


@pytest.mark.parametrize(
    ("then", "end"),
    [
        ("pass", None),
        ("os._exit(0)", None),
        ("time.sleep(600)", "kill"),
        ("processes.call(time.sleep, 600)", "kill"),
        ("processes.call(time.sleep, 600)", "interrupt"),
        ("processes.SECONDS = 1; processes.call(sorted, range(10**12))", "kill"),
    ],
)
def test_none_is_left_when_this_one_ends(tmp_path, then, end):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT.format(then=then)))
    with subprocess.Popen(
        [sys.executable, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # however this run was started
    ) as script:
        pid = int(script.stdout.readline())
        if end:
            time.sleep(0.5)
            script.send_signal(signal.SIGKILL if end == "kill" else signal.SIGINT)

    assert gone(pid)
