"""What one more report costs in a batch, all included (execution, page, gate, 附表), beside Papermill's own command and other ways to
execute the same notebook, and what a report costs that depends on nothing that has changed.

python tests/bench/bench_batch.py [schools pupils] — prints a table of CPU seconds, children included; exit code 1 when something
falls short of what is promised. One more report: the batch of all schools but for what a batch of three costs, by the schools between.
What is done once for the batch (reading, judging, what all pages have in common) stands apart.

The other ways are looped over schools in one process that finds the township judged; none makes a page, none asks the gate, and but
for Papermill's none keeps reports from one another. Two are measured where they are installed (they are no part of the lock):
python -m pip install ploomber-engine==0.0.33 execnb==0.3.4
"""

import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from kongchuo.core.places import CACHE, FILES, NOTEBOOKS, PARAMETERS, SCRATCH
from kongchuo.excel import registry
from kongchuo_township import making

MONTH = "2023-10"
FEW = 3
WORK = {  # what is made -> parameter file, period, notebook; the most CPU seconds for one
    "monthly page": ("monthly", f"month={MONTH}", "monthly_self_check", 1.0),
    "papers of a month": ("monthly", f"month={MONTH}", "monthly_papers", 1.5),
    "page of a round": ("term", "round=2023-2024-1-1", "term_inspection", 0.8),
    "page of a year": ("year", "year=2023-2024", "annual_reward", 1.0),
}
EDITION = {"monthly": (), "term": ("edition=内部版",), "year": ("edition=内部版",)}  # these files make two
UNCHANGED = "unchanged page"
PROMISED = {work: most for work, (*_, most) in WORK.items()} | {UNCHANGED: 0.02}
TIMES = {"monthly page": 20}  # how many times dearer Papermill's command must be
LOOP = """
import json, sys
from pathlib import Path
notebook, folder, month, *names = sys.argv[1:]
out = folder + "/loop.ipynb"
for name in names:
    given = {{"school": name, "month": month, "workbooks": folder + "/shared"}}
    {0}
"""
PLAIN = """
    held = dict(given, edition="内部版")
    for cell in json.loads(Path(notebook).read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", ()):
            exec("".join(cell["source"]), held)"""
PEERS = {  # other ways -> the module they need, the lines that execute one report
    "Papermill in a loop": ("papermill", """
    import papermill
    papermill.execute_notebook(notebook, out, given, kernel_name="python3", progress_bar=False)"""),
    "ploomber-engine": ("ploomber_engine", """
    import ploomber_engine
    ploomber_engine.execute_notebook(notebook, out, parameters=given, progress_bar=False)"""),
    "execnb": ("execnb", """
    from execnb.shell import CaptureShell
    lines = [f"{name} = {text!r}" for name, text in dict(given, edition="内部版").items()]
    CaptureShell().execute(notebook, out, exc_stop=True, inject_code=chr(10).join(lines), inject_idx=1)"""),
    "plain calls": ("kongchuo", PLAIN),
}  # fmt: skip


def cpu():
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def typed(*words):
    """CPU seconds of a command that must end well."""
    with tempfile.TemporaryDirectory() as cache:  # nothing that an earlier command has read and judged
        before, own = cpu(), os.environ | {CACHE: cache}
        subprocess.run([sys.executable, "-m", *map(str, words)], check=True, capture_output=True, env=own)
        return cpu() - before


def run(work, names, folder, out, *more):
    file, period, notebook, _ = WORK[work]
    where = ("--workbooks", folder / "shared", "--out", out, "--only", notebook, *more)
    return typed(
        "kongchuo", "run", PARAMETERS / f"{file}.yaml", period, f"school={','.join(names)}", *EDITION[file], *where
    )


def alone(notebook, name, folder):
    """CPU seconds of Papermill's command for one school's month."""
    given = {"school": name, "month": MONTH, "workbooks": folder / "shared"}
    words = [word for pair in given.items() for word in ("-r", *pair)]
    return typed("papermill", NOTEBOOKS / f"{notebook}.ipynb", folder / "out.ipynb", *words, "--no-progress-bar")


def looped(way, names, folder):
    """CPU seconds of one more report in a loop; None where the library is not installed."""
    module, lines = PEERS[way]
    if importlib.util.find_spec(module) is None:
        return None
    (folder / "scratch" / "files").mkdir(parents=True, exist_ok=True)
    given = os.environ | {SCRATCH: str(folder / "scratch"), FILES: str(folder / "scratch" / "files")}

    def cost(*names):
        words = (NOTEBOOKS / "monthly_self_check.ipynb", folder, MONTH, *names)
        before = cpu()
        script = [sys.executable, "-c", LOOP.format(lines), *map(str, words)]
        subprocess.run(script, check=True, capture_output=True, env=given)
        return cpu() - before

    cost(names[0])  # the first of all reads and judges the township, and leaves it to the others
    return (cost(*names[:FEW]) - cost(names[0])) / (FEW - 1)


def measured(folder, schools, pupils):
    """By work: CPU seconds of one, of Papermill's command for the same (0: not measured), of what is done once; and by other way
    CPU seconds of one more monthly page.
    """
    making.make(folder / "shared", schools, pupils, 1, faults=True)
    names = [school.name for school in registry.registered(folder / "shared", "2023-2024")]
    found = {}
    for work, (_, _, notebook, _) in WORK.items():
        few = run(work, names[:FEW], folder, folder / f"{work} few")
        every = run(work, names, folder, folder / work)
        one = (every - few) / (len(names) - FEW)
        beside = alone(notebook, names[1], folder) if work in TIMES else 0
        found[work] = one, beside, few - FEW * one
    again = run("monthly page", names, folder, folder / "monthly page")
    nothing = run("monthly page", names, folder, folder / "x", "--dry-run")
    found[UNCHANGED] = (again - nothing) / len(names), 0, 0
    return found, {way: looped(way, names[1:], folder) for way in PEERS}


def main():
    schools, pupils = map(int, sys.argv[1:3] or (13, 4000))
    with tempfile.TemporaryDirectory() as folder:
        found, peers = measured(Path(folder), schools, pupils)
    short = []
    print(f"{schools} schools, {pupils} pupils; CPU seconds")
    for work, (one, beside, once) in found.items():
        most, times = PROMISED[work], TIMES.get(work, 0)
        said = [f"{work:20} {one:6.3f}   promised {most}"]
        said += [f"once {once:.1f}"] if once else []
        said += [f"papermill's command {beside:.1f}, {beside / one:.1f} times, promised {times}"] if beside else []
        print("   ".join(said))
        if one > most or (times and beside / one < times):
            short.append(work)
    ours = found["monthly page"][0]
    for way, one in peers.items():
        print(
            f"{way:20} " + ("not installed" if one is None else f"{one:6.2f}   {one / ours:.1f} times the monthly page")
        )
    print(f"short of what is promised: {'、'.join(short)}" if short else "as promised")
    sys.exit(bool(short))


if __name__ == "__main__":
    main()
