"""Files put in the place of a township's workbooks, and commands run over it as they are typed; what went wrong is returned in words.

A command reads as many of them at once as the township has workbooks. Where it took more than any one may cost, or ended as it
must not, the files are halved until it is known which it was.
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
from functools import cache

import hostiles
from kongchuo_township import making

MOST_SECONDS, MOST_BYTES = 10, 1 << 30  # CPU and memory that no file may cost
KEPT = "基础信息.xlsx"  # without the list of schools there would be little to judge
FINE = (0, 1, 3)  # exit codes that say something of the workbooks
SMALL = 12  # pupils of the township that lists are compared with
LISTS = 40  # lists compared by one process
MANY = """import sys
from kongchuo.__main__ import main
codes = [main(["reconcile", file, "--workbooks", sys.argv[1]]) for file in sys.argv[2:]]
sys.exit(next((code for code in codes if code not in (0, 1, 3)), 0))"""


def mutants(sound, numbers, name="*.xlsx"):
    """A mutant of a township's workbooks for each number, which makes it again; all workbooks in turn, or all of a name."""
    paths = sorted(path for path in sound.rglob(name) if path.name != KEPT or name == KEPT)
    for number in numbers:
        path = paths[number % len(paths)]
        yield f"{number} {path.parent.name}/{path.name}", hostiles.mutant(path.read_bytes(), number)


def run(*words):
    """A command as it is typed: exit code, CPU seconds and most memory of it and what it starts, what it says."""
    return _run("-m", "kongchuo", *words)


# a process of its own waits for the command: the memory that Linux says a child held begins with that of its parent, here pytest's
WAITS = """
import os, sys
command = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[2:]], os.environ)
_, status, used = os.wait4(command, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss, file=open(sys.argv[1], "w"))
"""


def _run(*words):
    with tempfile.NamedTemporaryFile("r") as told:
        said = subprocess.run(
            [sys.executable, "-c", WAITS, told.name, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ).stdout
        code, seconds, kilobytes = told.read().split()
    return int(code), float(seconds), int(kilobytes) << 10, said


def _faults(ran, least):
    """What is wrong with a command that has run, "" for nothing; without any workbook to read it takes `least()` seconds, which is
    asked only where it took more than any file may.
    """
    code, seconds, memory, said = ran
    beyond = seconds - least() if seconds > MOST_SECONDS else 0
    faults = [
        f"exit {code}" if code not in FINE else "",
        "traceback" if "Traceback" in said or "程序问题" in said else "",
        f"{beyond:.1f} s" if beyond > MOST_SECONDS else "",
        f"{memory >> 20} MB" if memory > MOST_BYTES else "",
    ]
    return " ".join(filter(None, faults))


def _blamed(command, files, least):
    """What is wrong with a command over files (name, bytes) and which of them it is: halved as long as a half shows it.

    Without anything to read in so many files it takes `least(count)` seconds. What many took together is no fault of any.
    """
    ran = command(files)
    faults = _faults(ran, lambda: least(len(files)))
    if not faults:
        return []
    halves = [files[: len(files) // 2], files[len(files) // 2 :]] if len(files) > 1 else []
    told = [line for half in halves for line in _blamed(command, half, least)]
    if told or (halves and faults.endswith(" s")):
        return told
    return [f"{faults}: {files[0][0]} ... {files[-1][0]}\n{ran[-1][-500:]}"]


def through_commands(sound, tmp_path, files, *, alone=False):
    """Put the files (name, bytes) in the place of the township's workbooks, as many at a time as it has, and run the commands over it.

    A file whose name ends as a workbook's takes such a one's place. What is left of the workbooks is empty, so that only the files
    cost time; `alone`: one file at a time, and the others stay as they are.
    """
    shared, out = tmp_path / "shared", tmp_path / "out"

    def over(*words):
        def command(given):
            for folder in (shared, out):
                shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(sound, shared)
            free = sorted(path for path in shared.rglob("*.xlsx") if alone or path.name != KEPT)
            for name, data in given:
                path = next((path for path in free if name.endswith(path.name)), free[0])
                free.remove(path)
                path.write_bytes(data)
            for path in () if alone else free:
                path.write_bytes(b"")
            return run(*words)

        return command

    room = 1 if alone else sum(path.name != KEPT for path in sound.rglob("*.xlsx"))
    commands = [over(verb, shared, "--out", out) for verb in ("mark", "repair")]
    commands += [over("check", shared, "--fresh"), over("reconcile", "--workbooks", shared)]
    least = [cache(lambda command=command: command([])[1]) for command in commands]
    wrong = []
    for portion in _portions(files, room):
        for command, seconds in zip(commands, least, strict=True):
            wrong += _blamed(command, portion, lambda _, seconds=seconds: seconds())
    return wrong


def through_reconcile(tmp_path, files):
    """Compare each of the files, as a list from above, with a small township: many in one process, one that is wrong as it is typed."""
    small, lists = tmp_path / "small", tmp_path / "lists"
    if not small.is_dir():
        making.make(small, 2, 2 * SMALL, 1)

    def command(given):
        shutil.rmtree(lists, ignore_errors=True)
        lists.mkdir()
        paths = []
        for number, (name, data) in enumerate(given):
            ending = "csv" if name in hostiles.LISTS or name.endswith(".csv") else "xlsx"
            paths.append(lists / f"名单{number}.{ending}")
            paths[-1].write_bytes(data)
        if len(paths) == 1:
            return run("reconcile", *paths, "--workbooks", small)
        return _run("-c", MANY, small, *paths)

    @cache
    def ordinary(count):
        return command([("", b"")] * count)[1]

    def least(count):
        one, many = ordinary(1), ordinary(LISTS)
        return one + (many - one) / (LISTS - 1) * (count - 1)

    return [line for portion in _portions(files, LISTS) for line in _blamed(command, portion, least)]


def _portions(files, size):
    files = iter(files)
    return iter(lambda: list(itertools.islice(files, size)), [])
