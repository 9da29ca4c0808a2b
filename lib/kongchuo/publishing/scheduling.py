"""What an office does every evening by itself, and the entry that has the machine do it: cron lines, or a task of Windows.

One evening: marked copies anew, last month's reports where they are not there yet (so an evening that was missed is made up for by the
next), notices where the office wants them. What was done stands in a log, as counts and never by a name.
"""

import datetime as dt
import json
import logging
import shlex
import subprocess
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from string import Template

from ..commands import office, returning
from ..core import places, years
from ..core.findings import UserError, fault
from . import archive, batch, notifying

LOGS, LOG, LAST = "日志", "kongchuo.log", "上次.json"
SIZE, KEPT = 200_000, 5  # bytes of a log before the next begins, and how many of before are kept
TASK = "控辍保学"
XML, CRON = "计划任务.xml", "计划任务.cron"
AGAIN = dt.timedelta(hours=24)  # after so long without an evening, one was missed


# --- The entry ------------------------------------------------------------------------------------------------------------
def write(home: Path, at: dt.time, *, system: str = sys.platform, python: str = sys.executable) -> tuple[Path, str]:
    """Write the entry for this system into an office's folder; its path, and the one line that puts it in force."""
    home = home.resolve()
    if system == "win32":
        text = Template((places.TEMPLATES / "schedule" / "task.xml").read_text("utf-8"))
        said = {"python": python, "home": f"{home}", "at": f"{at:%H:%M:%S}"}
        path = home / XML
        data = text.substitute({name: _escaped(value) for name, value in said.items()}).encode("utf-16")
        line = f'schtasks /Create /TN "{TASK}" /XML "{path}" /F'
    else:
        path = home / CRON
        where = f"cd {shlex.quote(f'{home}')} && ".replace("%", r"\%")
        # -P, as in the starters: a file of the office's that bears the name of a module is not run in its place
        run = where + f"{shlex.quote(python)} -P -m kongchuo schedule --now".replace("%", r"\%")
        lines = (
            f"{at.minute} {at.hour} * * * {run} >/dev/null 2>&1",
            f"@reboot sleep 300 && {run} --missed >/dev/null 2>&1",
        )
        data = ("\n".join(lines) + "\n").encode()
        before = f"crontab -l 2>/dev/null | grep -vF {shlex.quote(where)}"  # run again, it takes the place of the lines of before
        line = f"({before}; cat {shlex.quote(f'{path}')}) | crontab -"
    office.put(path, data)
    return path, line


def install(line: str) -> None:
    """Put an entry in force by its line. Raises UserError where this machine's scheduler does not take it."""
    done = subprocess.run(line, shell=True, capture_output=True)
    if done.returncode:
        raise UserError(f"这台电脑没有登记成，每天自动做还没有打开。请管理员在命令行里运行：{line}")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


# --- One evening ------------------------------------------------------------------------------------------------------------
def evening(
    home: Path, shared: Path, out: Path, *, missed: bool = False, now: dt.datetime | None = None
) -> tuple[bool, list[str]]:
    """Do what is due; whether all of it went well, and a line for each thing. `missed`: only where no evening was within a day.

    What fails is a line, and the next thing is done all the same.
    """
    now = now or dt.datetime.now()
    if missed and now - _last(out) < AGAIN:
        return True, []
    log, told, well = _log(out), [], True
    for what, do in (
        ("检查、标红", lambda: _mark(shared, out)),
        ("上月报告", lambda: _month(shared, out, now.date())),
        ("提醒", lambda: _notify(home, shared)),
    ):
        try:
            good, line = do()
        except UserError as error:
            good, line = False, f"没有做，{error}"
        except Exception as error:
            good, line = False, fault("没有做完", error)
        if line:
            told.append(f"{what}：{line}")
            log.log(logging.INFO if good else logging.WARNING, told[-1])
        well = well and good
    _close(log)
    (out / LOGS / LAST).write_text(json.dumps({"last": now.isoformat(timespec="seconds")}), "utf-8")
    return well, told


def _mark(shared: Path, out: Path) -> tuple[bool, str]:
    broken: list[str] = []
    done = returning.mark([shared], out, warn=broken.append)
    refused = sum(bool(one.refused) for one in done)
    shown = f"有问题的工作簿 {sum(one.count > 0 for one in done)} 个，问题 {sum(one.count for one in done)} 条"
    more = [f"没有标记 {refused} 个"] * bool(refused) + broken
    return not broken, "；".join([shown, *more])


def _month(shared: Path, out: Path, today: dt.date) -> tuple[bool, str]:
    """Last month's reports and papers, once: what is changed in it later somebody has made again."""
    month = f"{today.replace(day=1) - dt.timedelta(days=1):%Y-%m}"
    made = any(shelf.notebook == archive.FIRST and shelf.period.key == month for shelf in archive.shelves(out))
    if made or not (shared / years.year_of(month)).is_dir():
        return True, ""
    outcome = batch.run(Path("monthly"), {"month": month, "school": places.ALL}, shared, out, say=lambda line: None)
    counts = "，".join(f"{name} {number}" for name, number in outcome.counts.items())
    return not (outcome.failed or outcome.withheld or outcome.broken), f"{month}：{counts}"


def _notify(home: Path, shared: Path) -> tuple[bool, str]:
    held = notifying.wanted(home)
    if not held:
        return True, ""
    lines: list[str] = []
    told = notifying.notice(shared, int(held.get("within", notifying.WITHIN)))
    failed = notifying.send(told, held, lines.append)
    return not failed, "；".join([*lines, *filter(None, (told.left_out,))]) or "没有要提醒的"


def _last(out: Path) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(json.loads((out / LOGS / LAST).read_text("utf-8"))["last"])
    except (OSError, ValueError, KeyError, TypeError):
        return dt.datetime.min


def _log(out: Path) -> logging.Logger:
    (out / LOGS).mkdir(parents=True, exist_ok=True)
    log = logging.Logger("kongchuo.evenings")
    hand = RotatingFileHandler(out / LOGS / LOG, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8")
    hand.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log.addHandler(hand)
    return log


def _close(log: logging.Logger) -> None:
    for hand in log.handlers:
        hand.close()
