"""What the sections of a school's page cost once another school's have been made in the same process, in CPU seconds.

python tests/bench/bench_sections.py — prints two tables: the pages and papers of the second school beside those of the first,
which has worked out the tables of the whole town; and the second school of a township of 13 schools beside that of one of 3.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kongchuo_township import making

PAGES = (("monthly_self_check", "2023-10"), ("monthly_papers", "2023-12"),
         ("term_inspection", "2023-2024-1-1"), ("annual_reward", "2023-2024"))  # fmt: skip
LEAST = (1.3, 1.2, 1.1, 10)  # how many times cheaper the second is: of a month, papers, a round (its own day), a year
# pupils as many a school; how many times dearer the second school may be in the larger town
TOWNS, MOST = ((3, 240), (39, 3120)), 1.5
SECTIONS = """
import os, sys, time
import kongchuo
from kongchuo.core import places

name, period, folder, schools = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
os.environ[places.FILES] = sys.argv[3] + "/papers"
for school in schools:
    report = getattr(kongchuo, name)(school, period, workbooks=folder)
    before = time.process_time()
    for section in report.plan.sections:
        report.html(section)
    print(time.process_time() - before)
"""


def costs(folder, name, period):
    """CPU seconds of the sections of the first and the second school."""
    schools = [path.name for path in sorted((Path(folder) / "2023-2024").iterdir()) if path.name.startswith("示例第")]
    command = [sys.executable, "-c", SECTIONS, name, period, folder, *schools[:2]]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return [float(line) for line in done.stdout.split()]


def main():
    """Make the townships, print the tables; fails where the second school costs more than is promised."""
    found, short = {}, False
    for schools, pupils in TOWNS:
        with tempfile.TemporaryDirectory() as folder:
            making.make(Path(folder), schools, pupils, 2, whole_year=True)
            for name, period in PAGES:
                found[schools, name] = costs(folder, name, period)
    (few, _), (many, _) = TOWNS
    print(f"{f'{many} schools':22}{'first':>8}{'second':>8}{'times':>8}{'promised':>10}")
    for (name, _), least in zip(PAGES, LEAST, strict=True):
        first, second = found[many, name]
        short |= first / second < least
        print(f"{name:22}{first:8.2f}{second:8.2f}{first / second:8.1f}{least:>10}")
    print(f"\n{'second school':22}{f'of {few}':>8}{f'of {many}':>8}{'times':>8}{'at most':>10}")
    for name, _ in PAGES:
        small, large = found[few, name][1], found[many, name][1]
        short |= large / small > MOST
        print(f"{name:22}{small:8.2f}{large:8.2f}{large / small:8.1f}{MOST:>10}")
    sys.exit(short)


if __name__ == "__main__":
    main()
