"""Files put in the place of a township's workbooks, and commands run over it as they are typed; what went wrong is returned in words."""

import itertools
import os
import shutil
import subprocess
import sys

import hostiles
from kongchuo_township import making

MOST_SECONDS, MOST_BYTES = 10, 1 << 30  # CPU and memory that no file may cost
KEPT = "基础信息.xlsx"  # without the list of schools there would be little to judge
FINE = (0, 1, 3)  # exit codes that say something of the workbooks
SMALL = 12  # pupils of the township that lists are compared with


def mutants(sound, count):
    """So many mutants of a township's workbooks, each with the number that makes it again."""
    paths = sorted(path for path in sound.rglob("*.xlsx") if path.name != KEPT)
    for number, path in zip(range(count), itertools.cycle(paths), strict=False):
        yield f"{number} {path.parent.name}/{path.name}", hostiles.mutant(path.read_bytes(), number)


def run(*words):
    """A command as it is typed: exit code, CPU seconds and most memory of it and what it starts, what it says."""
    with subprocess.Popen(
        [sys.executable, "-m", "kongchuo", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as command:
        said = command.stdout.read()
        _, status, used = os.wait4(command.pid, 0)
        command.returncode = os.waitstatus_to_exitcode(status)
    return command.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss << 10, said


def _wrong(words, usual, *names):
    code, seconds, memory, said = run(*words)
    faults = [
        f"exit {code}" if code not in FINE else "",
        "traceback" if "Traceback" in said or "程序问题" in said else "",
        f"{seconds:.1f} s" if seconds > usual + MOST_SECONDS else "",
        f"{memory >> 20} MB" if memory > MOST_BYTES else "",
    ]
    return (
        [f"{words[0]}: {' '.join(filter(None, faults))}: {names[0]} ... {names[-1]}\n{said[-500:]}"]
        if any(faults)
        else []
    )


def through_commands(sound, tmp_path, files):
    """Put the files (name, bytes) in the place of the township's workbooks, as many at a time as it has, and run the commands over it."""
    wrong, files = [], iter(files)
    usual = {}
    while True:
        shared, out = tmp_path / "shared", tmp_path / "out"
        for folder in (shared, out):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(sound, shared)
        commands = [(verb, shared, "--out", out) for verb in ("mark", "repair")] + [("check", shared, "--fresh")]
        usual = usual or {words[0]: run(*words)[1] for words in commands}
        paths = sorted(path for path in shared.rglob("*.xlsx") if path.name != KEPT)
        names = []
        for path, (name, data) in zip(paths, files, strict=False):
            path.write_bytes(data)
            names.append(name)
        if not names:
            return wrong
        for words in commands:
            wrong += _wrong(words, usual[words[0]], *names)


def through_reconcile(tmp_path, files):
    """Compare each of the files, as a list from above, with a small township."""
    small = tmp_path / "small"
    if not small.is_dir():
        making.make(small, 2, 2 * SMALL, 1)
    wrong = []
    for name, data in files:
        path = tmp_path / ("名单.csv" if name in hostiles.LISTS or name.endswith(".csv") else "名单.xlsx")
        path.write_bytes(data)
        wrong += _wrong(("reconcile", path, "--workbooks", small), 0, name)
    return wrong
