"""Ten mistakes to find and mend in a small invented township, one after the other. Where somebody stands is what the files hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from kongchuo.commands import opening, returning, starting
from kongchuo.core import places
from kongchuo.core.findings import INFO, Finding, UserError
from kongchuo.core.tables import Town
from kongchuo.core.workbooks import identity_of
from kongchuo.rules import catalogue
from kongchuo.rules.judging import Judgement

from . import YEAR, faults, making

SCHOOLS, PUPILS, SEED = 2, 60, 1
SHARED, RESULTS, TASKS = "共享", "结果", "练习.json"
# what is planted, by what `faults.PLANTS` say of it; what an office calls it
PLANTED = {
    "F17: empty": "该填的格子空着",
    "F10: no value of the list": "写了下拉选项里没有的词",
    "F09: no date": "日期写得认不出来",
    "F14: too short, too long, two in one cell": "电话号码位数不对",
    "F03: digits changed places, or the check character mistyped": "证件号码录错了一位",
    "F05: another day than the number says": "出生日期和证件号码对不上",
    "F22: no class of the school": "填了本校没有的班",
    "X09: parts that do not add up": "一天的出勤数加起来不对",
    "X06: another name in a ledger": "同一个孩子在两张表里名字不同",
    "X60: nobody called, at 08:20": "病假没有打电话问",
}
MOST = 5  # of what is wrong besides, how many are named


def tutorial(folder: Path, say: Callable[[str], None] = print) -> bool:
    """Make the folder where it is not there yet; say what is mended, and what to do next. Returns whether all is mended.

    Raises UserError for a folder that holds something else.
    """
    if not (folder / TASKS).is_file():
        _make(folder)
        say(f"已建好练习用的文件夹“{folder}”：一个虚构的小镇，两所学校，埋了 {len(PLANTED)} 处错误。一处一处来。")
    held = json.loads((folder / TASKS).read_text("utf-8"))
    town, _, judgement = opening.judged((folder / SHARED).absolute(), YEAR, None)
    open_, besides = _standing(town, judgement, held)
    for line in _told(folder, held, open_, besides):
        say(line)
    return not open_ and not besides


# --- Making it --------------------------------------------------------------------------------------------------------------
def _make(folder: Path) -> None:
    """Write the township and what was planted in it: which finding each mistake gives, and what was right."""
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"“{folder}”里已有别的东西，没有动。请换一个空文件夹，如 kongchuo tutorial 练习2")
    plants = {fault.says: fault for fault in reversed(faults.PLANTS)}
    made = list(
        making.plant_in(folder / SHARED, SCHOOLS, PUPILS, SEED, [plants[says]._replace(times=1) for says in PLANTED])
    )
    town, _, judgement = opening.judged((folder / SHARED).absolute(), YEAR, None)
    known = {_place(one): identity_of(town.by_name[one.workbook], one) for one in judgement.findings}
    tasks = [
        {"says": title, "identity": known[_planted(one)], "right": right, "place": list(_planted(one))}
        for title, (one, right) in zip(PLANTED.values(), made, strict=True)
    ]
    (folder / TASKS).write_text(
        json.dumps({"tasks": tasks, "known": sorted({*known.values()})}, ensure_ascii=False, indent=1), "utf-8"
    )
    starting.write(folder / SHARED, folder / RESULTS)


def _place(finding: Finding) -> tuple[object, ...]:
    return finding.rule, finding.workbook, finding.sheet, finding.row, finding.column


def _planted(one: dict[str, object]) -> tuple[object, ...]:
    return one["rule"], one["workbook"], one["sheet"], one["row"], one["column"]


# --- Where somebody stands ----------------------------------------------------------------------------------------------------
def _standing(town: Town, judgement: Judgement, held: dict) -> tuple[dict[int, Finding | None], list[Finding]]:
    """The tasks that are open, by number, with what is found there now (None: nobody can say), and what has gone wrong besides."""
    found = {identity_of(town.by_name[one.workbook], one): one for one in judgement.findings}
    open_: dict[int, Finding | None] = {}
    for number, task in enumerate(held["tasks"], 1):
        rule, workbook = task["place"][:2]
        unseen = not town.by_name[workbook].read or rule in returning.unjudged(town, judgement, workbook)
        if task["identity"] in found or unseen:
            open_[number] = found.get(task["identity"])
    besides = [one for key, one in found.items() if key not in held["known"] and one.severity != INFO]
    return open_, [one for one in besides if not one.caused_by]


def _told(folder: Path, held: dict, open_: dict[int, Finding | None], besides: list[Finding]) -> Iterator[str]:
    total = len(held["tasks"])
    mended = [number for number in range(1, total + 1) if number not in open_]
    if mended:
        yield f"已改好 {len(mended)} 处：第 {'、'.join(map(str, mended))} 题。"
    if besides:
        yield f"多出 {len(besides)} 处原来没有的问题，多半是改的时候碰错了格子，请先改好："
        yield from (f"  {_where(folder, one)}：{one.message}。{one.fix}" for one in besides[:MOST])
    if not open_:
        done = "" if besides else f"{total} 处全部改好了，检查一处问题也没有。这个文件夹可以删掉了。"
        yield done or "练习的题都改好了。"
        return
    yield f"还剩 {len(open_)} 处。"
    number, finding = next(iter(open_.items()))
    task = held["tasks"][number - 1]
    yield f"\n第 {number} 题　{task['says']}"
    if finding is None:
        yield f"  {folder / SHARED / task['place'][1]} 现在读不到，或缺了表、缺了列，这一题看不出改好没有。请先放回原样。"
        return
    (entry,) = catalogue.chosen([finding.rule])
    yield f"  在哪里　　{_where(folder, finding)}"
    yield f"  程序说　　{finding.message}。{finding.fix}"
    yield f"  为什么　　{entry.means}"
    yield "  原件上　　" + "；".join(f"“{title}”是 {value}" for title, value in task["right"].items())
    yield f"  怎么做　　打开这个工作簿，改好、保存、关闭，再运行一次 kongchuo tutorial {places.typed(folder)}"
    yield f"  也可以双击 {folder / SHARED} 里的“校验”，看标红的副本是什么样子。"


def _where(folder: Path, finding: Finding) -> str:
    return f"{folder / SHARED / finding.workbook}「{finding.sheet}」{finding.cell or f'第{finding.row}行'}"
