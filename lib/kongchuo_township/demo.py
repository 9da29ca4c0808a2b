"""The main job once, on an invented township with planted faults: workbooks, findings, reports, pages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from kongchuo.commands import opening
from kongchuo.core import findings, places
from kongchuo.publishing import batch

from . import making

MADE = places.PARAMETERS / "demo.yaml"  # every school for one month, the town alone for all else


def demo(folder: Path, say: Callable[[str], None] = print, schools: int = 13, pupils: int = 4000) -> batch.Outcome:
    """Make the township under `folder`/shared, check it, run the three reports, say what to open.

    `folder` is made anew each time. Returns the outcome of the batch.
    """
    began = time.monotonic()
    shared, runs = folder / "shared", folder / "runs"
    for old in (shared, runs):
        shutil.rmtree(old, ignore_errors=True)
    say(f"[1/3] 生成示例镇：{schools}所学校、约{pupils}名虚构学生，并埋入错误……")
    made = making.make(shared, schools, pupils, faults=True)
    say(f"      {made.summary}")
    say("[2/3] 检查全部工作簿……")
    opened = opening.check([shared])
    found = findings.count(opened.findings)
    seen = {(f.workbook, f.sheet or None, f.row or None, f.column or None, f.rule) for f in opened.findings}
    hit = sum((p["workbook"], p["sheet"], p["row"], p["column"], p["rule"]) in seen for p in made.planted)
    say("      " + "，".join(f"{findings.SEVERITIES[key]} {number} 条" for key, number in found.items()))
    say(f"      埋入的 {len(made.planted)} 处错误，查出 {hit} 处")
    say("[3/3] 生成每所学校和全镇一个月的自查，全镇当月的材料、一轮督查和学年奖惩……")
    outcome = batch.run(MADE, {}, shared, runs, say=lambda line: say(f"      {line}"))
    say(f"用时 {time.monotonic() - began:.0f} 秒。请打开：")
    say(f"  报告目录  {runs / 'index.html'}")
    say(f"  逐条问题  kongchuo check {places.typed(shared)}")
    say(f"  互动网页  make serve   （或 kongchuo serve --workbooks {places.typed(shared)} --out {places.typed(runs)}）")
    return outcome
