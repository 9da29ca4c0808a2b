"""What the commands say and write of three invented townships, without what changes by itself: to compare a tree before and after a move.

    python tools/outputs.py BEFORE; (change the code); python tools/outputs.py AFTER; diff -r BEFORE AFTER

Findings, deadlines, lists compared, pages, 附表 and papers of a month, a round and a year: texts without times, hashes and file
lists of footers, Word and Excel files as their parts. Takes some six minutes of CPU; `--quick` only findings, deadlines and one month.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

QUICK = "--quick" in sys.argv
MONTH = [["run", "parameters/monthly.yaml", "month=2023-10", "--workbooks", "{town}", "--out", "{out}"]]
PERIODS = [
    ["run", "parameters/term.yaml", "round=2023-2024-1-1", "--workbooks", "{town}", "--out", "{out}"],
    ["run", "parameters/year.yaml", "--only", "annual_reward", "--only", "signals_back_test", "--workbooks", "{town}", "--out", "{out}"],
    ["papers", "{town}", "--month", "2023-12", "--out", "{out}"],
]  # fmt: skip
TOWNS = {
    "faults": (["--schools", "2", "--pupils", "70", "--seed", "3", "--faults"], MONTH if QUICK else MONTH + PERIODS),
    "clean": (["--schools", "3", "--pupils", "90", "--seed", "2"], [] if QUICK else MONTH),
    "year": (["--schools", "2", "--pupils", "50", "--seed", "5", "--whole-year"], [] if QUICK else PERIODS[1:2]),
}
SAYS = [["check", "{town}", "--json"], ["check", "{town}"], ["due", "{town}"], ["reconcile", "--workbooks", "{town}"]]
PARTS = (".docx", ".xlsx")
# times, seconds taken, hashes, the folder they stand in; the footer with the files read
CHANGES = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([.+]\S*?)?(?=\W|$)"), "TIME"),
    (re.compile(r"\[\d+/\d+\] (.*完成 \S+) \d+ 秒"), r"\1"),  # as they were done, two at a time
    (re.compile(r'"seconds": [\d.]+'), '"seconds": 0'),
    (re.compile(r"\b[0-9a-f]{12}\b|\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"<footer.*?</footer>", re.S), "FOOTER"),
]


def plain(text: str, folder: Path) -> str:
    """A text without what changes by itself."""
    text = text.replace(str(folder), "HERE")
    for pattern, put in CHANGES:
        text = pattern.sub(put, text)
    return text


def main(target: Path) -> None:
    """Run the commands and keep what they said and wrote under `target`."""
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        surroundings = {**os.environ, "KONGCHUO_CACHE": str(folder / "cache")}
        for name, (options, runs) in TOWNS.items():
            town, out = folder / name, folder / f"{name}-out"
            subprocess.run(
                [sys.executable, "-m", "kongchuo", "example", str(town), *options],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            for number, command in enumerate([*SAYS, *runs]):
                words = [word.format(town=town, out=out) for word in command]
                done = subprocess.run(
                    [sys.executable, "-m", "kongchuo", *words], capture_output=True, text=True, env=surroundings
                )
                lines = plain(f"{done.stdout}\n{done.stderr}\nexit {done.returncode}", folder).splitlines()
                lines = sorted(lines) if command[0] == "run" else lines  # as they were done, two at a time
                keep(target / name / f"{number} {command[0]}.txt", "\n".join(lines))
                print(name, *command[:3], done.returncode, flush=True)
            for path in sorted(out.rglob("*")):
                if not path.is_file() or "inputs" in path.parts or path.suffix not in (".html", *PARTS):
                    continue
                if path.suffix == ".html":
                    keep(target / name / path.relative_to(out), plain(path.read_text("utf-8"), folder))
                    continue
                with zipfile.ZipFile(path) as package:
                    for part in package.namelist():
                        text = package.read(part).decode("utf-8", "replace")
                        if not part.startswith("docProps"):
                            keep(
                                target / name / path.relative_to(out) / part, plain(text, folder).replace("><", ">\n<")
                            )


def keep(path: Path, text: str) -> None:
    """Write a text, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(next(word for word in sys.argv[1:] if not word.startswith("--"))).resolve())
