"""How fast a school's roster is read, typed and checked, beside openpyxl's read-only mode, which only walks over the values.

python tests/bench/bench_reading.py [rows] — prints one table; exit code 1 when the ratio is under the promised 6.
The two take turns (A B B A), so that a machine busy with other things treats both alike; CPU seconds, median.
"""

import datetime as dt
import gc
import statistics
import sys
import tempfile
import time
from pathlib import Path

import openpyxl
import xlsxwriter

from kongchuo.core import schema as schemas
from kongchuo.workbooks.reading import read_workbook

SCHEMA = schemas.default()
BOOK = SCHEMA.book_of["roster"]
ROSTER = SCHEMA.sheets["roster"]
PROMISED = 6
ROUNDS = 8


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
    """Read, type and check the whole workbook: the typed tables and the findings."""
    return read_workbook(path, "2023-2024/示例中学/学籍.xlsx", BOOK, SCHEMA.codes)


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


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) < PROMISED)
