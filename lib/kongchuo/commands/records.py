"""What becomes of findings from one time to the next: new, still open since when, mended. One small file a school.

The file holds identities (hashes, see core.workbooks) and days, nothing that says whose row it is.
"""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FORMAT = 1
LATELY = 31  # days that a mended finding is counted
KEPT = 366  # days that a mended finding is known: should it come back, it is not new

Days = dict[str, str]  # first, last and, where it is gone, mended: days as text
Record = dict[str, dict[str, Days]]  # by workbook and identity


@dataclass(frozen=True)
class Course:
    """How many findings are new, still open (since when the oldest is), and mended lately."""

    new: int = 0
    still: int = 0
    since: dt.date | None = None
    mended: int = 0

    def __str__(self) -> str:
        since = f"（最早 {self.since} 起）" if self.since else ""
        return f"新发现 {self.new} 条，上次就有、还没有改 {self.still} 条{since}，近{LATELY}天改好 {self.mended} 条"


def follow(known: dict[str, Days], found: Iterable[str], as_of: dt.date, under: Iterable[str] = ()) -> dict[str, Days]:
    """What is known of one workbook's findings once those of a day are found. A look back mends nothing.

    What is found to follow from another mistake (`under`) is neither open nor mended: it is known no more.
    """
    day, now = as_of.isoformat(), set(found)
    known = {identity: days for identity, days in known.items() if identity not in {*under}}
    newest = max((days["last"] for days in known.values()), default="")
    new: dict[str, Days] = {}
    for identity in now | known.keys():
        before = known.get(identity, {"first": day, "last": day})
        if identity in now:
            new[identity] = {"first": min(before["first"], day), "last": max(before["last"], day)}
            if before.get("mended", "") > day:
                new[identity]["mended"] = before["mended"]
        elif "mended" in before or day < newest:
            new[identity] = before
        else:
            new[identity] = {**before, "mended": day}
    oldest = (as_of - dt.timedelta(KEPT)).isoformat()
    return {identity: days for identity, days in sorted(new.items()) if days.get("mended", day) >= oldest}


def course(record: Record, as_of: dt.date) -> Course:
    """How it stands on a day."""
    day, lately = as_of.isoformat(), (as_of - dt.timedelta(LATELY)).isoformat()
    every = [days for workbook in record.values() for days in workbook.values()]
    still = [days["first"] for days in every if "mended" not in days and days["first"] < day]
    return Course(
        sum("mended" not in days and days["first"] == day for days in every),
        len(still),
        dt.date.fromisoformat(min(still)) if still else None,
        sum(lately <= days.get("mended", "") <= day for days in every),
    )


def days(known: dict[str, Days], as_of: dt.date) -> tuple[dict[str, dt.date], dict[str, dt.date]]:
    """Of one workbook, by identity: the day each finding was first found, and the day those mended lately were no longer found."""
    lately, day = (as_of - dt.timedelta(LATELY)).isoformat(), as_of.isoformat()
    mended = {one: was["mended"] for one, was in known.items() if lately <= was.get("mended", "") <= day}
    first = {one: was["first"] for one, was in known.items()}
    return tuple({one: dt.date.fromisoformat(text) for one, text in found.items()} for found in (first, mended))


def finding_key(year: str, name: str) -> str:
    """Under which key a record holds a workbook: of last year's is kept apart what this year's look says of it."""
    return name if name.startswith(f"{year}/") else f"{name} {year}"


def load(path: Path) -> Record:
    """The record in a file; an empty one where there is none, or it cannot be understood."""
    try:
        held = json.loads(path.read_text("utf-8"))
        if held["format"] != FORMAT:
            return {}
        for days in (days for workbook in held["workbooks"].values() for days in workbook.values()):
            for day in (days["first"], days["last"], days.get("mended", days["last"])):
                dt.date.fromisoformat(day)
        return held["workbooks"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def dump(record: Record) -> bytes:
    """The record as the bytes of a file."""
    return json.dumps({"format": FORMAT, "workbooks": record}, ensure_ascii=False, indent=1).encode()
