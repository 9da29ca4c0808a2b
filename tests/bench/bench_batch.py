"""What one more report costs in a batch, all included (execution, page, gate, 附表), beside Papermill's own command for the same
notebook, and what a report costs that depends on nothing that has changed.

python tests/bench/bench_batch.py [schools pupils] — prints a table of CPU seconds, children included; exit code 1 when something
falls short of what is promised. One more report: the batch of all schools but for what a batch of three costs, by the schools between.
Reading and judging the township once stands apart.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from kongchuo.core.places import NOTEBOOKS, PARAMETERS
from kongchuo.publishing import batch
from kongchuo_township import making

MONTH = "2023-10"
FEW = 3
# work: the most CPU seconds for one, and how many times dearer Papermill's command must be
PROMISED = {"monthly page": (1.0, 20), "papers of a month": (1.5, 0), "unchanged page": (0.02, 0)}
NOTEBOOK = {"monthly page": "monthly_self_check", "papers of a month": "monthly_papers"}


def cpu():
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def typed(*words):
    """CPU seconds of a command that must end well."""
    before = cpu()
    subprocess.run([sys.executable, "-m", *map(str, words)], check=True, capture_output=True)
    return cpu() - before


def run(work, names, folder, out, *more):
    where = ("--workbooks", folder / "shared", "--out", out, "--only", NOTEBOOK[work], *more)
    return typed("kongchuo", "run", PARAMETERS / "monthly.yaml", f"month={MONTH}", f"school={','.join(names)}", *where)


def measured(folder, schools, pupils):
    """By work: CPU seconds of one, of Papermill's command for the same (0: not measured)."""
    making.make(folder / "shared", schools, pupils, 1, faults=True)
    names = [school.name for school in batch.registered(folder / "shared", "2023-2024")]
    found = {}
    for work, notebook in NOTEBOOK.items():
        few = run(work, names[:FEW], folder, folder / f"{work} few")
        every = run(work, names, folder, folder / work)
        given = (
            "-r",
            "school",
            names[1],
            "-r",
            "month",
            MONTH,
            "-r",
            "workbooks",
            folder / "shared",
            "--no-progress-bar",
        )
        alone = (
            typed("papermill", NOTEBOOKS / f"{notebook}.ipynb", folder / "out.ipynb", *given)
            if work == "monthly page"
            else 0
        )
        found[work] = (every - few) / (len(names) - FEW), alone
        found.setdefault("reading and judging, once", (few - FEW * found[work][0], 0))
    again = run("monthly page", names, folder, folder / "monthly page")
    nothing = typed(
        "kongchuo",
        "run",
        PARAMETERS / "monthly.yaml",
        f"month={MONTH}",
        "--dry-run",
        "--workbooks",
        folder / "shared",
        "--out",
        folder / "x",
    )
    found["unchanged page"] = (again - nothing) / len(names), 0
    return found


def main():
    schools, pupils = map(int, sys.argv[1:3] or (13, 4000))
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), schools, pupils)
    short = []
    print(f"{schools} schools, {pupils} pupils; CPU seconds")
    for work, (one, alone) in found.items():
        most, times = PROMISED.get(work, (0, 0))
        beside = f"   papermill's command {alone:.1f}, {alone / one:.1f} times" if alone else ""
        print(
            f"{work:28} {one:6.2f}{f'   promised {most}' if most else ''}{beside}{f', promised {times}' if times else ''}"
        )
        if (most and one > most) or (times and alone / one < times):
            short.append(work)
    print(f"short of what is promised: {'、'.join(short)}" if short else "as promised")
    sys.exit(bool(short))


if __name__ == "__main__":
    main()
