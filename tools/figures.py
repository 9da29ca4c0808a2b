"""The benchmarks one after the other, and the ratios they print into README.md and README.zh.md. `make bench`.

python tools/figures.py [bench_reading …]: those named, by default all. What a benchmark did not print stands as it was. Exit code 1
when one of them fell short. `test_damaged_workbooks`, only where it is named (`make hostile`): how many damaged workbooks nothing died of.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BENCHES = ROOT / "tests" / "bench"
DAMAGED = ROOT / "tests" / "hostile" / "test_damaged_workbooks.py"
# benchmark -> where its output holds the ratio, and what that is in README.md and in README.zh.md
FIGURES = {
    "bench_reading": (
        r"openpyxl / kongchuo = ([\d.]+)",
        "a roster read, typed and checked: {} times as fast as openpyxl's read-only mode walks over its values",
        "读一本花名册、定类型、查形式：是 openpyxl 只读方式走一遍格子的 {} 倍快",
    ),
    "bench_marking": (
        r"openpyxl / kongchuo = ([\d.]+) in our template",
        "200 findings shown in a roster: {} times as fast as openpyxl loads, fills and saves it",
        "在花名册里标出 200 处问题：是 openpyxl 打开、填色、存盘的 {} 倍快",
    ),
    "bench_check": (
        r"frictionless / kongchuo = ([\d.]+)",
        "13 schools and 4,000 pupils checked against all rules: {} times as fast as `frictionless validate` checks types and codes",
        "13 所学校、4000 名学生按全部规则检查：是 `frictionless validate` 只查类型和代码的 {} 倍快",
    ),
    "bench_batch": (
        r"monthly page +.*?papermill's command [\d.]+, ([\d.]+) times",
        "one more monthly report in a batch: {} times as fast as the `papermill` command makes the notebook alone",
        "批量里多做一份月报告（含网页、出口检查、附表）：是 `papermill` 命令只跑笔记本的 {} 倍快",
    ),
    DAMAGED.stem: (
        r"(\d+) damaged workbooks",
        "{} damaged workbooks through check, mark, repair and reconcile: none ends a command or takes more time or memory than any file may",
        "{} 本损坏的工作簿经过校验、标记、修复、核对：没有一本让命令中断，没有一本费时、占内存超过限度",
    ),
}
PART = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.S)


def line(number: int, name: str, ratio: str) -> str:
    """A figure as it stands in a readme: 1 the English one, 2 the Chinese."""
    return f"- {FIGURES[name][number].format(ratio)}"


def written(text: str, number: int, found: dict[str, str]) -> str:
    """A readme with the ratios found; the lines of benchmarks that found none as they were."""
    held = PART.search(text)[0].splitlines()[1:-1]
    lines = []
    for name in FIGURES:
        shape = re.compile(re.escape(f"- {FIGURES[name][number]}").replace(r"\{\}", r"[\d.]+"))
        lines += [line(number, name, found[name])] if name in found else [one for one in held if shape.fullmatch(one)]
    said = "".join(f"{one}\n" for one in lines)
    return PART.sub(lambda part: f"{part[1]}{said}{part[2]}", text)


def main(names: list[str]) -> int:
    """Run, say and write; whether one fell short."""
    found, short = {}, 0
    benches = sorted(BENCHES.glob("bench_*.py"))
    for path in [path for path in (*benches, DAMAGED) if path.stem in names] if names else benches:
        command = ["-m", "pytest", "-s", path] if path == DAMAGED else [path]
        said = ""
        with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
            for text in process.stdout:  # said at once: some take hours
                print(text, end="", flush=True)
                said += text
        short |= bool(process.returncode)
        if path == DAMAGED and process.returncode:  # a ratio that falls short is one; something that died is no figure
            continue
        ratio = re.search(FIGURES[path.stem][0], said) if path.stem in FIGURES else None
        found |= {path.stem: ratio[1]} if ratio else {}
    for number, name in ((1, "README.md"), (2, "README.zh.md")):
        page = ROOT / name
        page.write_text(written(page.read_text("utf-8"), number, found), "utf-8")
    return short


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
