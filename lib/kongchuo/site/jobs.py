"""What the landing page starts at a click: the product's own commands, one at a time, with how far they are and what they have left.

The command is the one that would be typed; it runs as a process of its own and ends with the server.
"""

import asyncio
import datetime as dt
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core import places, years
from ..core.editions import blotted
from ..core.findings import UserError
from ..core.places import ALL, TOWN
from ..excel import folders

LISTS = "lists"  # under out: what 核对名单 has compared
COMPARED = "核对名单.xlsx"
SAID = {  # exit code -> whether it is done, and what is said of it (console)
    0: (True, "做完了。"),
    1: (True, "做完了。"),
    3: (True, "做完了，但有的工作簿缺失或读不了，或有的没有做成。"),
}
FAILED = "没有做成。"
STOPPED = "无法继续"  # begins what a command says that has made nothing
COUNTED = re.compile(r"\[(\d+)/(\d+)\]")  # begins a line of a command that says how far it is
COURSE = re.compile(r"\[\d+/\d+\]|共 \d+ 份")  # begins one on how a batch goes, which its events say as well
OF = "/"  # between a school and its class, as they are offered; no folder's name has it
LAST = 5  # lines of what went wrong that are shown


@dataclass(frozen=True)
class Kind:
    """One of them: its title, what it asks for (names of fields), the command, and where what it leaves is found under out."""

    title: str
    says: str
    fields: tuple[str, ...]
    command: Callable[[Mapping[str, str], Path, Path], list[str]]
    leaves: Callable[[Mapping[str, str]], str]
    nothing: str = "没有要看的文件。"  # said where it is done and there is none


KINDS = {
    "report": Kind(
        "生成本月报告",
        "全镇和每所学校；台账没有变的不重做",
        ("month",),
        lambda asked, shared, out: [
            "run", "monthly", f"month={asked['month']}", "--json", "--workbooks", str(shared), "--out", str(out)
        ],
        lambda asked: f"{asked['month']}/*/*.html",
    ),
    "papers": Kind(
        "打印材料",
        "Word、Excel 和网页，打开就能打印",
        ("month", "school", "paper", "room"),
        lambda asked, shared, out: [
            "papers", str(shared), "--month", asked["month"], "--school", asked["school"], "--out", str(out),
            *(["--kind", asked["paper"]] if asked["paper"] != ALL else []),
            *(["--class", asked["room"]] if asked["room"] != ALL else []),
        ],
        lambda asked: f"{places.PAPERS}/{asked['month']}/{'*' if asked['school'] == ALL else asked['school']}/*.*",
        "所选的材料这个月没有应当打印的，没有文件。",
    ),
    "mark": Kind(
        "校验并退回",
        "把问题标在副本里，原件不动",
        ("school",),
        lambda asked, shared, out: [
            "mark", str(_folder(shared, asked["school"])), "--out", str(out)
        ],
        lambda asked: f"{places.RETURNS}/**/{'*' if asked['school'] in (ALL, TOWN) else asked['school']}/*_校验*.xlsx",
    ),
    "match": Kind(
        "核对名单",
        "摸底、花名册和上学年六年级，逐人对照",
        (),
        lambda _, shared, out: ["reconcile", "--workbooks", str(shared), "--out", str(out / LISTS / COMPARED)],
        lambda _: f"{LISTS}/{COMPARED}",
    ),
}  # fmt: skip


class Busy(UserError):
    """Another one is running."""


@dataclass
class Job:
    """One that runs or has run: how many are done of how many, since when, what was said on its way, its exit code."""

    kind: Kind
    asked: Mapping[str, str]
    began: float = field(default_factory=time.time)
    done: int = 0
    total: int = 0
    failed: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    code: int | None = None
    ended: float = 0

    @property
    def running(self) -> bool:
        """Whether it still does."""
        return self.code is None

    @property
    def seconds(self) -> int:
        """How long it has taken so far."""
        return round((self.ended or time.time()) - self.began)

    @property
    def well(self) -> bool:
        """Whether it came to its end."""
        return SAID.get(self.code, (False, ""))[0] and not any(line.startswith(STOPPED) for line in self.lines)

    @property
    def says(self) -> str:
        """What is said at the end."""
        return SAID[self.code][1] if self.well else FAILED

    def hear(self, line: str) -> None:
        """A line of the command: an event of a batch, how many it has done of how many, and nothing else (names may be in it)."""
        try:
            event = json.loads(line)
            self.total = event["total"]
            self.done = event["made"] + event["unchanged"] + event["failed"]
            if event.get("outcome") == "failed":
                self.failed.append(f"{event['name']}：{event['reason']}")
        except (ValueError, TypeError, KeyError):
            if counted := COUNTED.match(line):
                self.done, self.total = map(int, counted.groups())

    def left(self, out: Path) -> list[Path]:
        """The files it has left, as paths under out: what was written since it began; for reports what stands there."""
        found = [
            path for path in sorted(out.glob(self.kind.leaves(self.asked))) if path.is_file() and path.stem != "index"
        ]
        fresh = [path for path in found if path.stat().st_mtime >= self.began - 1]
        return [path.relative_to(out) for path in (fresh or found)]


class Jobs:
    """The one that runs, or the last that did."""

    def __init__(self, shared: Path, out: Path):
        self._shared, self._out = shared, out
        self.current: Job | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task | None = None

    async def start(self, key: str, asked: Mapping[str, str]) -> Job:
        """Begin one. Raises Busy while another runs, UserError for what cannot be asked for."""
        if self.current and self.current.running:
            raise Busy(f"“{self.current.kind.title}”还没有做完，等它做完再点。")
        kind = KINDS[key]
        job = self.current = Job(kind, {name: asked[name] for name in kind.fields})
        try:
            (self._out / LISTS).mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-P", "-m", "kongchuo", *kind.command(job.asked, self._shared, self._out)]
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=os.environ | {"PYTHONUTF8": "1"},
                limit=1 << 24,
            )
        except BaseException:
            job.code = -1
            raise
        self._task = asyncio.create_task(self._follow(job))
        return job

    async def _follow(self, job: Job) -> None:
        async def hear() -> None:
            async for line in self._process.stdout:
                job.hear(line.decode("utf-8", "replace"))

        async def heed() -> None:
            async for line in self._process.stderr:
                if not COURSE.match(said := line.decode("utf-8", "replace").strip()):
                    job.lines = [*job.lines, blotted(said)][-LAST:]

        await asyncio.gather(hear(), heed())
        job.code = await self._process.wait()
        job.ended = time.time()

    def end(self) -> None:
        """End what runs: the server ends."""
        if self._process and self.current.running:
            self._process.terminate()


def _folder(shared: Path, school: str) -> Path:
    """What 校验并退回 is given: the newest school year, or a school in it."""
    year = max(folders.school_years(shared), default="")
    return shared / year / ("" if school in (ALL, TOWN) else school)


def checked(fields: Sequence[str], asked: Mapping[str, str], offered: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What was asked for, if each field is one of what is offered for it; a class is that of its school. Raises UserError."""
    for name in fields:
        if asked.get(name, "") not in offered[name]:
            raise UserError("没有选全，或选的已经不在了，请回首页重新选。")
    found = {name: asked[name] for name in fields}
    home, _, room = found.get("room", "").rpartition(OF)
    if not home:
        return found
    if found["school"] not in (ALL, home):
        raise UserError(f"“{room}”是{home}的班，学校选的是“{found['school']}”，请回首页改选“{home}”。")
    return found | {"school": home, "room": room}


def offered(
    shared: Path, schools: Sequence[str], papers: Sequence[str], rooms: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """What each field can be, the likeliest first: months of the newest school year, schools, papers, classes with their school."""
    year = max(folders.school_years(shared), default="")
    months = years.begun("month", year, dt.date.today()) if year else ()
    return {
        "month": [one.key for one in months if one.taught()][::-1],
        "school": [ALL, TOWN, *schools],
        "paper": [ALL, *papers],
        "room": [ALL, *(f"{home}{OF}{room}" for home, own in rooms.items() for room in own)],
    }
