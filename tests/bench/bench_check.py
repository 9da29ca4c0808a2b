"""How fast a whole township is checked: cold, unchanged, after one workbook was saved, and per school as towns grow; frictionless-py
beside it.

python tests/bench/bench_check.py [schools …] — makes invented townships of about 300 pupils a school (13 schools and 4,000
pupils first) and prints one table; exit code 1 when a promise is not kept. `frictionless validate` gets the same workbooks,
described as well as its schema can: types, required, unique, enum, pattern; it compares no sheets and knows no rule of the plan.
Every job runs in a process of its own, so that the start of Python and all imports are in the figure. Promises of seconds are kept
or not by the clock on the wall, on a machine that does nothing else; ratios are of CPU seconds.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpyxl

from kongchuo.core import places, schema
from kongchuo_township import making

COLD, UNCHANGED, FLAT = 10, 2, 1.5  # seconds, seconds, most a school may cost in the largest town against the smallest
PUPILS = 308
CONSTRAINTS = ("required", "unique", "minimum", "maximum", "pattern")


def resources(folder):
    """What frictionless is told: every sheet of every workbook, with the schema's own words."""
    books = schema.default()
    for path in sorted(folder.rglob("*.xlsx")):
        if path.stem in books.by_stem:
            for sheet in books.by_stem[path.stem].sheets:
                fields = []
                for item in sheet.typed:
                    held = {
                        name: value for name in CONSTRAINTS if (value := getattr(item, name)) not in (None, "", False)
                    }
                    if item.codes and not item.many:
                        held["enum"] = list(books.codes[item.codes].names)
                    fields.append(
                        {
                            "name": item.title,
                            "type": "string" if item.type == "boolean" else item.type,
                            "constraints": held,
                        }
                    )
                yield path, sheet.title, {"fields": fields}


def frictionless(folder):
    """Validate every sheet; how many there were, and how many errors frictionless saw."""
    from frictionless import Resource, Schema, formats, system

    system.trusted = True
    sheets = errors = 0
    for path, title, described in resources(Path(folder)):
        control = formats.ExcelControl(sheet=title)
        resource_ = Resource(path=str(path), control=control, schema=Schema.from_descriptor(described))
        report = resource_.validate()
        sheets += 1
        errors += report.stats["errors"]
    print(f"{sheets} sheets, {errors} errors")


def save_one(folder):
    """Save a roster with one cell changed."""
    path = sorted(folder.rglob("学籍.xlsx"))[-1]
    book = openpyxl.load_workbook(path)
    rows = book["学生花名册"]
    rows.cell(rows.max_row, 1).value = f"{rows.cell(rows.max_row, 1).value}0"
    book.save(path)


def run(*command, **environment):
    """CPU seconds, wall seconds and the last line of a process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=os.environ | environment, check=False
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return (
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        wall,
        done.stdout.strip().splitlines()[-1],
    )


def main(towns=(13, 39)):
    """Measure, print the table; whether every promise is kept."""
    kept, per_school = True, []
    with tempfile.TemporaryDirectory() as scratch:
        for number in towns:
            folder, own = Path(scratch) / f"{number}", {places.CACHE: f"{scratch}/cache-{number}"}
            made = making.make(folder, number, number * PUPILS)
            check = ("-m", "kongchuo", "check", str(folder))
            for label, environment in (("cold", own), ("unchanged", own), ("one saved", own)):
                if label == "one saved":
                    save_one(folder)
                cpu, wall, said = run(*check, **environment)
                print(
                    f"{number:4} schools {made.pupils:6} pupils  kongchuo check, {label:10} {cpu:7.2f} CPU s {wall:7.2f} s  {said}"
                )
                if label == "cold":
                    per_school.append(cpu / number)
                    kept &= number != towns[0] or wall < COLD
                elif label == "unchanged":
                    kept &= number != towns[0] or wall < UNCHANGED
            if number == towns[0]:
                cpu, wall, said = run(__file__, "frictionless", str(folder))
                print(
                    f"{number:4} schools {made.pupils:6} pupils  frictionless validate     {cpu:7.2f} CPU s {wall:7.2f} s  {said}"
                )
                print(f"     frictionless / kongchuo = {cpu / number / per_school[0]:.1f}")
    flat = per_school[-1] / per_school[0]
    print(
        f"CPU s a school: {'  '.join(f'{cost:.3f}' for cost in per_school)}; last / first = {flat:.2f} (promised: at most {FLAT})"
    )
    return kept and flat <= FLAT


if __name__ == "__main__":
    if sys.argv[1:2] == ["frictionless"]:
        frictionless(sys.argv[2])
    else:
        sys.exit(not main(*([tuple(map(int, sys.argv[1:]))] if sys.argv[1:] else [])))
