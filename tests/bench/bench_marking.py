"""How fast findings are shown in a school's roster, beside openpyxl, which loads the workbook, fills 200 cells, adds notes and saves.

python tests/bench/bench_marking.py [rows] — prints one table; exit code 1 when our own template is under the promised 10.
The two take turns (A B B A), so that a machine busy with other things treats both alike; CPU seconds, median. The same is
measured for a workbook that is not ours, where we too fill cells and add notes.
"""

import datetime as dt
import gc
import statistics
import sys
import tempfile
import time
from pathlib import Path

import openpyxl
from bench_reading import BOOK, ROSTER, SCHEMA, value, write_roster
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from kongchuo.core.workbooks import column_letters
from kongchuo.excel import marking, writing
from kongchuo.excel.marking_plan import Entry, Plan

PROMISED = 10
MARKS = 200
ROUNDS = 8


def entries(rows):
    """Findings spread over the rows and columns of the roster."""
    places = [(2 + number * rows // MARKS, column_letters(1 + number % len(ROSTER.typed))) for number in range(MARKS)]
    return tuple(
        Entry(
            "错误",
            "F05",
            ROSTER.title,
            row,
            f"{letters}{row}",
            "不是本列认得的写法",
            "请对照户口簿核对",
            "甲老师",
            f"{row:016}",
        )
        for row, letters in places
    )


def ours(path, found):
    """Read, mark and write the file."""
    data = path.read_bytes()
    path.with_suffix(".marked").write_bytes(
        marking.marked(data, Plan("学籍.xlsx", "", dt.date(2023, 10, 31), found), BOOK)
    )


def theirs(path, found):
    """The same with openpyxl, which loses what it does not know."""
    book = openpyxl.load_workbook(path)
    page, red = book[ROSTER.title], PatternFill("solid", fgColor="FFFFC7CE")
    for entry in found:
        cell = page[entry.cell]
        cell.fill, cell.comment = red, Comment(f"{entry.message}。{entry.fix}", "校验程序")
    book.save(path.with_suffix(".marked"))


def seconds(job, *given):
    """CPU seconds of one run, on a heap without the other's litter."""
    gc.collect()
    start = time.process_time()
    job(*given)
    return time.process_time() - start


def ratio(label, path, rows):
    """Measure one workbook, print its lines; openpyxl / ours."""
    found = entries(rows)
    taken = {ours: [], theirs: []}
    for turn in range(ROUNDS):
        for job in (ours, theirs) if turn % 2 == 0 else (theirs, ours):
            taken[job].append(seconds(job, path, found))
    for name, job in (("kongchuo", ours), ("openpyxl", theirs)):
        times = taken[job]
        print(f"{f'{label}: {name}':34}{statistics.median(times):8.3f}{min(times):8.3f}{max(times):8.3f}")
    return statistics.median(taken[theirs]) / statistics.median(taken[ours])


def main(rows=1500):
    """Measure, print the table; the ratio for our own template."""
    pupils = [{item.name: value(item, number) for item in ROSTER.typed} for number in range(1, rows + 1)]
    with tempfile.TemporaryDirectory() as folder:
        own, strange = Path(folder, "学籍.xlsx"), Path(folder, "strange.xlsx")
        own.write_bytes(writing.workbook_bytes("学籍", BOOK, {"roster": pupils}, SCHEMA))
        write_roster(strange, rows)
        print(f"{MARKS} findings, {rows} rows x {len(ROSTER.typed)} columns, {ROUNDS} rounds, CPU seconds")
        print(f"{'':34}{'median':>8}{'least':>8}{'most':>8}")
        template, other = ratio("our template", own, rows), ratio("another's workbook", strange, rows)
    print(
        f"openpyxl / kongchuo = {template:.1f} in our template (promised: {PROMISED}), {other:.1f} in another's workbook"
    )
    return template


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) < PROMISED)
