"""How fast a school's roster is read, typed and checked, beside openpyxl's read-only mode, which only walks over the values;
and what it costs that a township (13 schools, 4,000 pupils) is read in a process apart, beside reading in this one.

python tests/bench/bench_reading.py [rows] — prints two tables; exit code 1 when the first ratio is under the promised 6, or the
second over 1.15 both in CPU and on the clock. Each is measured in a new process from its start, import and process apart included.
The two take turns (A B B A), so that a machine busy with other things treats both alike; CPU seconds, median.
"""

import datetime as dt
import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpyxl
import xlsxwriter

from kongchuo.core import schema as schemas
from kongchuo.excel.parsing import read_here
from kongchuo_township import making

SCHEMA = schemas.default()
BOOK = SCHEMA.book_of["roster"]
ROSTER = SCHEMA.sheets["roster"]
PROMISED = 6
ROUNDS = 8
APART, HERE = "in a process apart", "in this process"
DEAREST = 1.15
READ_A_YEAR = """
import sys
from functools import partial
from pathlib import Path
from kongchuo.core import processes
from kongchuo.excel import parsing, reading
read_one = partial(reading.read_workbook, fresh=True)
if sys.argv[2] == "here":
    processes.MOST, read_one = 1, parsing.read_here
reading.read_year(Path(sys.argv[1]), "2023-2024", read_one=read_one)
"""


def value(item, number):
    """A clean value for one column of an invented pupil; most text columns differ in every row, as they do in a school."""
    day = dt.date(2009, 9, 1) + dt.timedelta(days=number % 1095)
    if item.codes:
        names = SCHEMA.codes[item.codes].names
        return names[number % len(names)]
    made = {
        "student_key": f"XS{number:07d}",
        "status_no": f"G990000{day:%Y%m%d}{number % 10000:04d}",
        "id_no": f"990000{day:%Y%m%d}{number % 10000:04d}",
        "class_id": f"XZZX-2021-{number % 60 + 1:02d}",
        "village_code": f"C{number % 20:02d}",
        "entry_ym": "202109",
        "guardian_tel": f"139{number:08d}",
        "address": f"示例镇示例村{number % 30}组{number}号",
    }
    by_type = {"date": day, "integer": number % 50 + 1, "boolean": "是" if number % 9 == 0 else "否"}
    return made.get(item.name) or by_type.get(item.type) or f"示{chr(0x4E00 + number)}"


def write_roster(path, rows):
    """学籍.xlsx with all its sheets and `rows` pupils, cells formatted as the template formats them."""
    with xlsxwriter.Workbook(path) as made:
        text, date = made.add_format({"num_format": "@"}), made.add_format({"num_format": "yyyy-mm-dd"})
        for sheet in BOOK.sheets:
            page = made.add_worksheet(sheet.title)
            for column, item in enumerate(sheet.typed):
                page.write_string(0, column, item.title)
        page = made.get_worksheet_by_name(ROSTER.title)
        for column, item in enumerate(ROSTER.typed):
            for number in range(1, rows + 1):
                cell = value(item, number)
                if item.type == "date":
                    page.write_datetime(number, column, cell, date)
                elif item.type == "integer":
                    page.write_number(number, column, cell)
                else:
                    page.write_string(number, column, cell, text)


def ours(path):
    """Read, type and check the whole workbook: the typed tables, their frames made, and the findings."""
    read = read_here(path, "2023-2024/示例中学/学籍.xlsx", BOOK, SCHEMA.codes)
    assert [table.frame for table in read.tables.values()]
    return read


def theirs(path):
    """Walk over the values of the roster with openpyxl: nothing typed, nothing checked."""
    opened = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for row in opened[ROSTER.title].iter_rows(values_only=True):
        for _ in row:
            pass
    opened.close()


def seconds(job, path):
    """CPU seconds of one run, on a heap without the other's litter."""
    gc.collect()
    start = time.process_time()
    job(path)
    return time.process_time() - start


def main(rows=3000):
    """Measure, print the table; the ratio openpyxl / ours."""
    taken = {ours: [], theirs: []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "学籍.xlsx"
        write_roster(path, rows)
        size = path.stat().st_size
        read = ours(path)
        assert len(read.tables["roster"].frame) == rows
        assert not read.findings, read.findings[:3]
        for turn in range(ROUNDS):
            for job in (ours, theirs) if turn % 2 == 0 else (theirs, ours):
                taken[job].append(seconds(job, path))
    ratio = statistics.median(taken[theirs]) / statistics.median(taken[ours])
    print(f"{rows} rows x {len(ROSTER.typed)} columns, {size / 1e6:.2f} MB, {ROUNDS} rounds, CPU seconds")
    print(f"{'':34}{'median':>8}{'least':>8}{'most':>8}")
    for label, job in (("kongchuo: read, typed, checked", ours), ("openpyxl read_only: values", theirs)):
        print(f"{label:34}{statistics.median(taken[job]):8.3f}{min(taken[job]):8.3f}{max(taken[job]):8.3f}")
    print(f"openpyxl / kongchuo = {ratio:.1f} (promised: {PROMISED})")
    return ratio


def year(shared, how):
    """CPU seconds (its own and of what it starts) and seconds on the clock of a process that reads a school year."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", READ_A_YEAR, str(shared), how], check=True)
    used, passed = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, passed


def compare(schools=13, pupils=4000, rounds=5):
    """Measure the reading of a township both ways by turns, print the table; the ratios (CPU, clock) of the least of each."""
    taken = {APART: [], HERE: []}
    with tempfile.TemporaryDirectory() as folder:
        making.make(Path(folder), schools, pupils, 2)
        for turn in range(rounds):
            for how in (APART, HERE) if turn % 2 == 0 else (HERE, APART):
                taken[how].append(year(folder, "here" if how == HERE else "apart"))
    least = {how: [min(one[place] for one in all_of_them) for place in (0, 1)] for how, all_of_them in taken.items()}
    print(f"\n{schools} schools, {pupils} pupils, {rounds} rounds, least of each\n{'':34}{'CPU':>8}{'clock':>8}")
    for how, (cpu, clock) in least.items():
        print(f"{how:34}{cpu:8.2f}{clock:8.2f}")
    ratios = [apart / here for apart, here in zip(least[APART], least[HERE], strict=True)]
    print(f"apart / here = {ratios[0]:.2f} CPU, {ratios[1]:.2f} on the clock (promised: {DEAREST})")
    return ratios


if __name__ == "__main__":
    slow, dear = main(*map(int, sys.argv[1:])) < PROMISED, min(compare()) > DEAREST
    sys.exit(slow or dear)
