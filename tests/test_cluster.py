"""A batch on a Dask cluster: scheduler and workers as processes of their own, typed as commands; the results those of one machine."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import townships
from kongchuo.console import FAILED, UNREADABLE
from kongchuo.core import years
from kongchuo.publishing import archive, forks
from tiny import CELLS, notebook, project

pytestmark = pytest.mark.skipif(not forks.possible(), reason="several processes of Dask, as Linux starts and ends them")

ROOT = Path(__file__).parents[1]
# a worker on a machine that does not see the folder of the reports
BLIND = """
from kongchuo.publishing import cluster
from kongchuo.publishing import archive
cluster._same = lambda folder: "snapshots" in folder.parts and archive.state(folder) == folder.name
"""


def typed(*words, cwd, **more):
    """A command that goes on, in a group of its own."""
    return subprocess.Popen([sys.executable, "-m", *map(str, words)], cwd=cwd, start_new_session=True, **more)


def ended(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def cluster(folder, *preloads):
    """A scheduler and a worker for each preload ("" for none); yields the address and the workers."""
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    found = folder / "scheduler.json"
    local = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", found)
    started = [typed("dask", "scheduler", "--port", "0", *local, **quiet)]
    try:
        for number, preload in enumerate(preloads):
            own = ("--nthreads", "1", "--no-nanny", "--local-directory", folder / f"worker{number}")
            more = ("--preload", preload) if preload else ()
            started.append(typed("dask", "worker", *local[2:], *own, *more, **quiet))
        address = waited_for(lambda: json.loads(found.read_text("utf-8"))["address"])
        yield address, started[1:]
    finally:
        for process in started:
            ended(process)


def waited_for(ask, seconds=60):
    """What `ask` gives once it raises nothing and is not empty."""
    until = time.monotonic() + seconds
    while True:
        try:
            if found := ask():
                return found
        except (OSError, ValueError, KeyError):
            pass
        assert time.monotonic() < until
        time.sleep(0.1)


def run(file, shared, out, *more):
    """The command as typed: exit code and what it said."""
    words = ("run", file, "--workbooks", shared, "--out", out, *more)
    done = subprocess.run([sys.executable, "-m", "kongchuo", *map(str, words)], capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


# what differs between any two runs: times, the names of cells that have none, of folders that are gone
CHANGES = re.compile(
    r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.+Z]*|"(?:duration|seconds)": [\d.e-]+|"id": "[0-9a-f]{8}"|/[^"]*/kongchuo-\d+-\w+/'
)


def left(out):
    """All that a batch has left, by name, but for what differs between any two."""
    texts = (".html", ".json", ".ipynb")
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name != ".lock"]
    return {
        path.relative_to(out).as_posix(): CHANGES.sub("~", path.read_text("utf-8"))
        if path.suffix in texts
        else path.stat().st_size
        for path in files
    }


def same_as_alone(file, shared, out, code, *more):
    """Make it on this machine, and return what is to come out elsewhere; the folder is empty again."""
    assert run(file, shared, out, *more)[0] == code
    alone = left(out)
    shutil.rmtree(out)
    return alone


def test_results_are_those_of_one_machine_though_a_worker_does_not_see_the_folder(tmp_path):
    townships.make(tmp_path / "town", 2, 40, 1)
    given = ROOT / "parameters" / "monthly.yaml", tmp_path / "town", tmp_path / "out"
    preload = tmp_path / "blind.py"
    preload.write_text(BLIND, "utf-8")

    only = ("--only", "monthly_self_check")
    alone = same_as_alone(*given, 0, *only)
    with cluster(tmp_path, "", preload) as (address, _):
        code, said = run(*given, "--scheduler", address, *only)

    assert code == 0, said
    there = left(tmp_path / "out")
    assert there.keys() == alone.keys()
    assert {name: text for name, text in there.items() if alone[name] != text} == {}


WAITS = CELLS[-1][1] + "\nif school != 'all': time.sleep(2)"


def test_the_runs_of_a_worker_that_is_killed_are_done_by_another(tmp_path):
    file, shared, out = project(tmp_path, ["正常中学", "乙校", "丙校", "丁校", "用户错误"])
    (tmp_path / "notebooks" / "tiny.ipynb").write_text(notebook([*CELLS[:-1], ("code", WAITS)]), "utf-8")
    alone = same_as_alone(file, shared, out, FAILED)
    with cluster(tmp_path, "", "") as (address, workers):
        words = ("kongchuo", "run", file, "--workbooks", shared, "--out", out, "--scheduler", address)
        running = typed(*words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        said = [running.stdout.readline()]
        ended(workers[0])
        said += running.communicate(timeout=120)[0].splitlines()
        assert running.returncode == FAILED  # of the one that fails wherever it is done

        results = archive.Shelf(out.resolve(), years.period("2023-10"), "tiny").results
        assert [name for name, one in results.items() if one.outcome != archive.DONE] == ["用户错误"], said
        assert len(results) == 6
        assert left(out) == alone

        ended(workers[1])  # nobody is left
        assert run(file, shared, out, "--scheduler", address, "--force")[0] == UNREADABLE


def test_who_cannot_be_asked_is_said(tmp_path):
    file, shared, out = project(tmp_path, ["正常中学"])
    code, said = run(file, shared, out, "--scheduler", "tcp://127.0.0.1:9")
    assert (code, said.count("\n")) == (UNREADABLE, 1), said
    assert "连不上集群“tcp://127.0.0.1:9”" in said

    other = tmp_path / "other.py"
    other.write_text("from kongchuo.publishing import cluster\ncluster.program = lambda: 'older'", "utf-8")
    with cluster(tmp_path, other) as (address, _):
        code, said = run(file, shared, out, "--scheduler", address)
    assert (code, said.count("\n")) == (UNREADABLE, 1), said
    assert "版本和这里的不一样" in said
