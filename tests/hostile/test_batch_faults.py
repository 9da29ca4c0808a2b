"""A batch of many schools of which every fifth goes wrong, killed, hung, full, torn, changed and started twice while it runs.

Nothing is falsely done, torn or in another school's folder, and each call makes exactly what the ones before have not. Half an hour
for 500 schools; run by hand before a release: python -m pytest tests/hostile/test_batch_faults.py. KONGCHUO_RUNS says how many
schools (500), KONGCHUO_SEED which of them go wrong (1). As root the folder of the reports is a small disk of its own, which fills up.
"""

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

from kongchuo.core import years
from kongchuo.core.places import TOWN
from kongchuo.publishing import forks, indexes
from kongchuo.publishing.archive import DONE, FAILED, Shelf
from tiny import going_on, notebook, project

pytestmark = pytest.mark.skipif(not forks.possible(), reason="kills the processes of the engine of Linux")

RUNS = int(os.environ.get("KONGCHUO_RUNS", "500"))
SEED = int(os.environ.get("KONGCHUO_SEED", "1"))
WORKERS = 2  # runs at a time
DISK = 64  # megabytes of the disk that fills up, for 100 schools
FAULTS = {  # what a cell does
    "killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "ends": "os._exit(0)",
    "leaves": "sys.exit(0)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "hangs": "time.sleep(600)",
    "swallows": "while True:\n    try: time.sleep(60)\n    except BaseException: pass",
    "memory": "bytearray(8 << 30)",
    "raises": "raise ValueError(school)",
    # its own output is torn: no file may be longer; killed as soon as the executed notebook is being written
    "torn": "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))",
    "torn by a kill": """
import threading
def kill(before=os.stat("out.ipynb").st_mtime_ns):
    while os.stat("out.ipynb").st_mtime_ns == before: pass
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=kill, daemon=True).start()
print("x" * 5_000_000)""",
    "corrupt": "",  # the workbook
}
# of these a run that is executed by a kernel of its own, as the prepared process is gone, may well be done: another process writes
IN_PROCESS = ("torn", "torn by a kill")
BEGIN = """import hashlib, json, os, signal, sys, time
from pathlib import Path
from IPython.display import HTML, display
from kongchuo.core.findings import UserError
told = Path({told!r})
name = {town!r} if school == "all" else school
with open(told / "executed", "a") as log: log.write(name + "\\n")
content = b"" if school == "all" else (Path(workbooks) / "2023-2024" / school / "学籍.xlsx").read_bytes()
if content.startswith(b"corrupt"): raise UserError("“学籍.xlsx”打不开，请换一份")
line = f"<p>{{name}} {{hashlib.sha256(content).hexdigest()}}</p>"
exec(json.loads((told / "faults.json").read_text("utf-8")).get(name, ""))"""
END = """files = Path(os.environ["KONGCHUO_FILES"]); files.mkdir(exist_ok=True)
(files / "附表.html").write_text(f"<html>{line}</html>", "utf-8")
display(HTML(f"<section class='kc-card'><h2>一、情况</h2>{line}</section>"))
display({"text/html": "<footer class='kc-footer'>完</footer>", "application/vnd.kongchuo+json":
        {"school": school, "errors": 0, "warnings": 0, "files": {"附表.html": "内部版"}}}, raw=True)"""
DRIVER = """import json, sys
from pathlib import Path
from kongchuo.core.findings import UserError
from kongchuo.publishing import batch, execution
file, shared, out = map(Path, sys.argv[1:4])
try:
    batch.run(file, {}, shared, out, only=sys.argv[4:], say=lambda _: None,
              tell=lambda event: print(json.dumps(event), flush=True), limits=execution.Limits(60, 4, 40, 1 << 30))
except UserError as error:
    sys.exit(str(error))"""


@contextlib.contextmanager
def small_disk(folder):
    """A folder on a disk of its own, where this account may have one."""
    folder.mkdir()
    size = f"size={DISK * max(RUNS, 100) // 100}m"
    mounted = not subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], capture_output=True).returncode
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)


class Trial:
    """A folder of schools, what of them goes wrong, and the batch over it."""

    def __init__(self, folder):
        self.random, self.folder, self.out = random.Random(SEED), folder, folder / "runs"
        self.schools = [f"第{number}小学" for number in range(RUNS)]
        self.file, self.shared, _ = project(folder, self.schools)
        cells = (BEGIN.format(told=str(folder), town=TOWN), END)
        (folder / "notebooks" / "tiny.ipynb").write_text(
            notebook([("parameters", 'school = ""\nmonth = ""\nworkbooks = ""'), *(("code", one) for one in cells)]),
            "utf-8",
        )
        bad = self.random.sample(self.schools, RUNS // 5)
        self.faults = {school: [*FAULTS][place % len(FAULTS)] for place, school in enumerate(bad)}
        for school in self.faulty("corrupt"):
            self.book(school).write_bytes(b"corrupt")
        self.shelf = Shelf(self.out.resolve(), years.period("2023-10"), "tiny")
        self.tell()

    def faulty(self, kind):
        return [school for school, fault in self.faults.items() if fault == kind]

    def book(self, school):
        return self.shared / "2023-2024" / school / "学籍.xlsx"

    def tell(self):
        """Say to the notebook who goes wrong, and how."""
        told = {school: FAULTS[fault] for school, fault in self.faults.items()}
        (self.folder / "faults.json").write_text(json.dumps(told), "utf-8")

    @property
    def done(self):
        return {name for name, one in self.shelf.results.items() if one.outcome == DONE}

    def start(self, *only):
        words = (self.file, self.shared, self.out, *only)
        return subprocess.Popen(
            [sys.executable, "-c", DRIVER, *map(str, words)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def executed(self):
        """Who has begun since this was asked last, as often as they have."""
        log = self.folder / "executed"
        found = log.read_text("utf-8").split() if log.is_file() else []
        log.unlink(missing_ok=True)
        return found

    def cut_short(self, how, after):
        """A call that is ended after so many runs, or ends by itself."""
        running = self.start()
        with running:
            for number, line in enumerate(running.stdout):
                assert json.loads(line)
                if number == after:
                    how(running, self.out)
            self.said = running.stderr.read()
        until = time.monotonic() + 20
        while going_on(str(self.folder)) and time.monotonic() < until:
            time.sleep(0.1)
        assert going_on(str(self.folder)) == []

    def check(self):
        """What stands is whole, is each school's own, is of the workbook it says, and of no school that went wrong."""
        assert self.shelf.made, self.said
        held = json.loads((self.shelf.path / "manifest.json").read_text("utf-8"))
        for name, one in self.shelf.results.items():
            assert one.outcome != DONE or self.faults.get(name) in (None, *IN_PROCESS), (name, self.faults[name])
            assert one.outcome == DONE or one.reason, name
            if one.shown:
                inside = held["inputs"][one.shown["snapshot"]]
                told = inside.get(f"2023-2024/{name}/学籍.xlsx", hashlib.sha256(b"").hexdigest())
                for file in (one.shown["page"], one.shown["notebook"], f"{name}/附表.html"):
                    assert f"{name} {told}" in (self.shelf.path / file).read_text("utf-8"), file
        for path in self.shelf.path.glob("[!.]*.*"):
            text = path.read_text("utf-8")
            if path.name == indexes.TIDY:
                assert text.removeprefix("\ufeff").startswith(",".join(indexes.COLUMNS)), path
                assert text.endswith("\n"), path
                continue
            assert json.loads(text) if path.suffix in (".ipynb", ".json") else text.rstrip().endswith("</html>"), path
            said = {name for name in self.schools if f"<p>{name} " in text}
            assert path.stem in ("index", "manifest", TOWN) or said == {path.stem}, path
        for folder in (path.parent for path in self.shelf.path.glob("*/附表.html")):
            assert [path.name for path in folder.glob("[!.]*")] == ["附表.html"]
            assert f"{folder.name} " in (folder / "附表.html").read_text("utf-8")


def kill(running, out):
    running.kill()


def fill_disk(running, out):
    """For as long as a few runs take."""
    with contextlib.suppress(OSError), (out / "filler").open("wb") as filler:
        while out.is_mount():
            filler.write(bytes(1 << 16))
            filler.flush()
    time.sleep(3)
    (out / "filler").unlink()


def interrupt(running, out):
    os.killpg(running.pid, signal.SIGINT)


def kill_forks(running, out):
    """As a machine does that is out of memory."""
    for one in psutil.Process(running.pid).children(recursive=True)[1:]:
        with contextlib.suppress(psutil.Error):
            one.kill()


def kill_prepared(running):
    for one in psutil.Process(running.pid).children():
        with contextlib.suppress(psutil.Error):
            one.kill()


def test_a_batch_in_which_every_fifth_goes_wrong(tmp_path):
    with small_disk(tmp_path / "runs"):
        trial = Trial(tmp_path)
        everybody, before = {TOWN, *trial.schools}, set()
        cuts = (kill, fill_disk, interrupt, kill_forks, kill)
        for how in cuts:
            trial.cut_short(how, trial.random.randrange(2, RUNS // len(cuts)))
            begun = trial.executed()
            assert len(begun) == len(set(begun))
            assert not before & set(begun)
            assert before <= trial.done
            trial.check()
            before = trial.done

        running = trial.start()
        with running:
            for _ in "begin", "the first, so that the snapshot is taken":
                running.stdout.readline()
            changed = trial.random.sample([one for one in trial.schools if one not in trial.faults], RUNS // 10)
            for school in changed:
                trial.book(school).write_bytes(b"changed " + school.encode())
            second = trial.start()
            assert "另一个窗口" in second.communicate()[1]
            finished = trial.done
            kill_prepared(running)
            running.stdout.read()
        begun = trial.executed()
        # those under way when the process was killed are executed anew, once, and nothing that was done
        twice = {name for name in begun if begun.count(name) > 1}
        assert len(begun) - len(set(begun)) == len(twice) <= WORKERS
        assert not twice & finished
        assert set(begun) == everybody - before
        assert set(trial.shelf.results) == everybody
        trial.check()
        taken = {one.snapshot for one in trial.shelf.results.values()}
        assert len(taken) == 1  # of before what was changed meanwhile

        failed = {name for name, one in trial.shelf.results.items() if one.outcome == FAILED}
        assert {school for school, fault in trial.faults.items() if fault not in IN_PROCESS} <= failed
        for school in trial.faulty("corrupt"):
            trial.book(school).write_bytes(b"whole " + school.encode())
        trial.faults = {}
        trial.tell()
        with trial.start("failed") as running:
            running.stdout.read()
        assert sorted(trial.executed()) == sorted(failed)
        trial.check()
        with trial.start() as running:
            running.stdout.read()
        assert set(trial.executed()) >= set(changed)
        trial.check()
        with trial.start() as running:
            running.stdout.read()
        assert (trial.executed(), trial.done) == ([], everybody)
        assert [path for path in trial.out.rglob(".*") if path.name != ".lock"] == []
