"""What judging costs: all rules, checks and questions over a township that has been read, in CPU seconds.

python tests/bench/bench_judging.py — prints one table: a township of 2 schools and 120 pupils, and one of 13 schools and 4,000
pupils, clean and with planted faults. Each is judged in a process of its own, once as a command does it; least of a few rounds,
since a machine busy with other things makes the same work dearer. Beside it the millions of function calls of a second judgement,
which no other work changes: a change of the code that claims speed shows there as a ratio.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from kongchuo_township import making

TOWNS = (("2 schools, 120 pupils", 2, 120, False), ("13 schools, 4,000 pupils", 13, 4000, False),
         ("the same with faults", 13, 4000, True))  # fmt: skip
GOALS = (0.5, 2.5, None)  # CPU seconds (issue 13, line 6)
ROUNDS = 3
JUDGE = """
import cProfile, pstats, resource, sys
from dataclasses import replace
from pathlib import Path
from kongchuo.core import places, processes, policy
from kongchuo.rules.judging import examine
from kongchuo.excel import reading

def used():
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)

town = reading.read_year(Path(sys.argv[1]), "2023-2024")
processes.stop()
held = policy.load(places.POLICY, on=town.as_of)
before = used()
judgement = examine(town, held)
took, profile = used() - before, cProfile.Profile()
profile.runcall(examine, replace(town, _frames={}, _made={}), held)
print(took, len(judgement.findings), pstats.Stats(profile).total_calls / 1e6)
"""


def main():
    """Make the townships, judge them, print the table."""
    print(f"{'':28}{'CPU':>8}{'goal':>8}{'findings':>10}{'calls (M)':>11}")
    for (label, schools, pupils, faults), goal in zip(TOWNS, GOALS, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            making.make(Path(folder), schools, pupils, 2, faults=faults)
            command = [sys.executable, "-c", JUDGE, folder]
            done = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(ROUNDS)]
        least, found, calls = min(tuple(map(float, one.stdout.split())) for one in done)
        print(f"{label:28}{least:8.2f}{goal or '':>8}{found:>10.0f}{calls:>11.2f}", flush=True)


if __name__ == "__main__":
    main()
