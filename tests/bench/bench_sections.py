"""What the sections of a school's page cost once what is the same for all schools has been worked out, as a batch does it, in CPU seconds.

python tests/bench/bench_sections.py — prints two tables: of a township of 39 schools what is worked out once for all (the books
read and judged, the town's own page, one school's) beside a school's page and papers after it; and that school beside one of a township of 3.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kongchuo_township import making

PAGES = (("monthly_self_check", "2023-10"), ("monthly_papers", "2023-12"),
         ("term_inspection", "2023-2024-1-1"), ("annual_reward", "2023-2024"))  # fmt: skip
LEAST = 5  # how many times cheaper a school is than what is worked out for all
# pupils as many a school; how many times dearer a school may be in the larger town
TOWNS, MOST = ((3, 240), (39, 3120)), 1.5
SECTIONS = """
import os, sys
import kongchuo
from kongchuo.core import places

name, period, folder, school = sys.argv[1:]
os.environ[places.FILES] = folder + "/papers"
spent = lambda: sum(os.times()[:4])  # with the processes that shared the work
began = spent()
getattr(kongchuo, name)("all", period, workbooks=folder).prepare()
prepared = spent()
report = getattr(kongchuo, name)(school, period, workbooks=folder)
opened = spent()
for section in report.plan.sections:
    report.html(section)
print(prepared - began, spent() - opened)
"""


def costs(folder, name, period):
    """CPU seconds of what is worked out once for all, and of the sections of a school after it (not the first, which is among it)."""
    schools = [path.name for path in sorted((Path(folder) / "2023-2024").iterdir()) if path.name.startswith("示例第")]
    command = [sys.executable, "-c", SECTIONS, name, period, folder, schools[1]]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return [float(word) for word in done.stdout.split()]


def main():
    """Make the townships, print the tables; fails where the school costs more than is promised."""
    found, short = {}, False
    for schools, pupils in TOWNS:
        with tempfile.TemporaryDirectory() as folder:
            making.make(Path(folder), schools, pupils, 2, whole_year=True)
            for name, period in PAGES:
                found[schools, name] = costs(folder, name, period)
    (few, _), (many, _) = TOWNS
    print(f"{f'{many} schools':22}{'all':>8}{'school':>8}{'times':>8}{'promised':>10}")
    for name, _ in PAGES:
        everybody, school = found[many, name]
        short |= everybody / school < LEAST
        print(f"{name:22}{everybody:8.2f}{school:8.2f}{everybody / school:8.1f}{LEAST:>10}")
    print(f"\n{'school':22}{f'of {few}':>8}{f'of {many}':>8}{'times':>8}{'at most':>10}")
    for name, _ in PAGES:
        small, large = found[few, name][1], found[many, name][1]
        short |= large / small > MOST
        print(f"{name:22}{small:8.2f}{large:8.2f}{large / small:8.1f}{MOST:>10}")
    sys.exit(short)


if __name__ == "__main__":
    main()
