"""The judgement of a township as last worked out, for as long as nothing that it depends on has changed.

It depends on the bytes of the workbooks of the year and of the year before, on what else lies in those folders, on the policy,
on this package, and on the day. One small file for each township and year, in this user's own cache folder and readable by
nobody else, since findings name pupils; KONGCHUO_CACHE names another folder. Without a place to write nothing is remembered.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, astuple
from pathlib import Path

from ..core import places, years
from ..core.findings import Finding, Place
from ..judging.questions import Question
from ..judging.rules import Judgement, NotJudged
from ..judging.waivers import Waived

FORMAT = 4  # of the remembered file


def fingerprint(shared: Path, year: str, as_of: dt.date | None, earlier: str = "") -> str:
    """What the judgement of a school year depends on, as one hash. Contents are read, never guessed from times or sizes.

    `earlier` names the snapshot it was compared with.
    """
    found = hashlib.sha256(f"{FORMAT}|{earlier}|{year}|{as_of or f'until {dt.date.today()}'}|{places.PACKAGE}".encode())
    for path in (*sorted(places.PACKAGE.rglob("*.py")), *sorted(places.PACKAGE.rglob("*.yaml")), places.POLICY):
        found.update(path.read_bytes())
    for folder in (shared / years.before(year), shared / year):
        for path in sorted(folder.rglob("*")):
            found.update(path.relative_to(shared).as_posix().encode() + b"\0")
            with suppress(OSError):  # a file nobody may read is a finding; that it cannot be read is part of the print
                if path.is_file():
                    found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _path(shared: Path, year: str) -> Path:
    return places.cache() / f"{hashlib.sha256(f'{shared.resolve()}|{year}'.encode()).hexdigest()[:16]}.json"


def recall(shared: Path, year: str, key: str) -> tuple[dt.date, Judgement] | None:
    """The day and the judgement remembered under a fingerprint; None where there is none, or it cannot be understood."""
    try:
        held = json.loads(_path(shared, year).read_text("utf-8"))
        if held["key"] != key:
            return None
        missing = (NotJudged(*item[:3], tuple(tuple(cell) for cell in item[3])) for item in (held["not_judged"]))
        findings = tuple(_finding(item) for item in held["findings"])
        asked = tuple(
            Question(code, text, tuple(Place(*one) for one in rows)) for code, text, rows in held["questions"]
        )
        waived = (Waived(_finding(item[0]), *item[1:3], dt.date.fromisoformat(item[3])) for item in held["waived"])
        judged = frozenset(held["judged"])
        judgement = Judgement(findings, tuple(missing), judged, questions=asked, waived=tuple(waived))
        return dt.date.fromisoformat(held["as_of"]), judgement
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _finding(values: list) -> Finding:
    return Finding(*values[:-1], tuple(values[-1]))


def remember(shared: Path, year: str, key: str, as_of: dt.date, judgement: Judgement) -> None:
    """Keep a judgement under its fingerprint, in place of the one before. A rule of ours that failed is not remembered."""
    if judgement.broken:
        return
    held = {
        "key": key,
        "as_of": as_of.isoformat(),
        "findings": [list(asdict(finding).values()) for finding in judgement.findings],
        "not_judged": [list(asdict(item).values()) for item in judgement.not_judged],
        "judged": sorted(judgement.judged),
        "questions": [[one.code, one.text, [list(astuple(row)) for row in one.places]] for one in judgement.questions],
        "waived": [
            [list(asdict(one.finding).values()), one.reason, one.asked_by, one.until.isoformat()]
            for one in judgement.waived
        ],
    }
    path = _path(shared, year)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        part = path.with_suffix(f".{os.getpid()}")
        with open(part, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
            json.dump(held, stream, ensure_ascii=False)
        part.replace(path)
