"""The main job once, on an invented township with planted faults: workbooks, findings, reports, pages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from .core import findings, places
from .jobs import opening, township
from .publishing import batch

MONTH = "2023-10"  # the first full month of the example's term


def demo(folder: Path, say: Callable[[str], None] = print) -> batch.Outcome:
    """Make the township under `folder`/shared, check it, run the monthly report for every school, say what to open.

    `folder` is made anew each time. Returns the outcome of the batch.
    """
    began = time.monotonic()
    shared, runs = folder / "shared", folder / "runs"
    for old in (shared, runs):
        shutil.rmtree(old, ignore_errors=True)
    say("[1/3] 生成示例镇：13所学校、约4000名虚构学生，并埋入错误……")
    made = township.make(shared, faults=True)
    say(f"      {made.summary}")
    say("[2/3] 检查全部工作簿……")
    opened = opening.check([shared])
    found = findings.count(opened.findings)
    seen = {(f.workbook, f.sheet, f.row or None, f.column or None, f.rule) for f in opened.findings}
    hit = sum((p["workbook"], p["sheet"], p["row"], p["column"], p["rule"]) in seen for p in made.planted)
    say("      " + "，".join(f"{findings.SEVERITIES[key]} {number} 条" for key, number in found.items()))
    say(f"      埋入的 {len(made.planted)} 处错误，查出 {hit} 处")
    say(f"[3/3] 为每所学校和全镇生成 {MONTH} 月自查报告……")
    outcome = batch.run(
        places.PARAMETERS / "monthly.yaml", {"month": MONTH}, shared, runs, say=lambda x: say(f"      {x}")
    )
    say(f"用时 {time.monotonic() - began:.0f} 秒。请打开：")
    say(f"  报告目录  {outcome.index}")
    say(f"  逐条问题  kongchuo check {shared}")
    say(f"  互动网页  make serve   （或 kongchuo serve --workbooks {shared} --out {runs}）")
    return outcome
