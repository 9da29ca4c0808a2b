"""The judgement of a township as last worked out, for as long as nothing that it depends on has changed.

It depends on the bytes of the workbooks of the year and of the year before, on what else lies in those folders, on the policy,
on this package, and on the day. One small file for each township and year, in this user's own cache folder and readable by
nobody else, since findings name pupils; KONGCHUO_CACHE names another folder. Without a place to write nothing is remembered.
"""

import datetime as dt
import hashlib
import json
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

from ..core import places, policy, years
from ..core.findings import Finding, Place
from ..core.tables import Town
from ..excel import parse_cache
from ..rules.judging import Judgement, NotJudged, examine
from ..rules.questions import Question
from ..rules.waivers import Waived

FORMAT = 4  # of the remembered file


def fingerprint(shared: Path, year: str, as_of: dt.date | None, earlier: str = "") -> str:
    """What the judgement of a school year depends on, as one hash. Contents are read, never guessed from times or sizes.

    `earlier` names the snapshot it was compared with.
    """
    found = hashlib.sha256(f"{FORMAT}|{earlier}|{year}|{as_of or f'until {dt.date.today()}'}|{places.PACKAGE}".encode())
    for path in (*_package(), places.POLICY, policy.mine()):
        found.update(path.read_bytes())
    for folder in (shared / years.before(year), shared / year):
        for path in sorted(folder.rglob("*")):
            found.update(path.relative_to(shared).as_posix().encode() + b"\0")
            with suppress(OSError):  # a file nobody may read is a finding; that it cannot be read is part of the print
                if path.is_file():
                    found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _package() -> tuple[Path, ...]:
    """The files of this package that a judgement depends on."""
    return (*sorted(places.PACKAGE.rglob("*.py")), *sorted(places.PACKAGE.rglob("*.yaml")))


def path_of(shared: Path, year: str) -> Path:
    """Where the judgement of a school year of a shared folder is remembered."""
    return places.cache() / f"{hashlib.sha256(f'{shared.resolve()}|{year}'.encode()).hexdigest()[:16]}.json"


def recall(path: Path, key: str) -> tuple[dt.date, Judgement] | None:
    """The day and the judgement remembered under a fingerprint; None where there is none, or it cannot be understood."""
    try:
        held = json.loads(parse_cache.read(path))
        if held["key"] != key:
            return None
        missing = (NotJudged(*item[:3], tuple(map(tuple, item[3]))) for item in held["not_judged"])
        findings = tuple(map(_finding, held["findings"]))
        asked = (Question(code, text, tuple(Place(*row) for row in rows)) for code, text, rows in held["questions"])
        waived = (Waived(_finding(one), *texts, dt.date.fromisoformat(until)) for one, *texts, until in held["waived"])
        more = {"questions": tuple(asked), "waived": tuple(waived)}
        judgement = Judgement(findings, tuple(missing), frozenset(held["judged"]), **more)
        return dt.date.fromisoformat(held["as_of"]), judgement
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _finding(values: list) -> Finding:
    return Finding(*values[:-1], tuple(values[-1]))


def remember(path: Path, key: str, as_of: dt.date, judgement: Judgement) -> None:
    """Keep a judgement under its fingerprint, in place of the one before. A rule of ours that failed is not remembered."""
    if judgement.broken:
        return
    held = {
        "key": key,
        "as_of": as_of.isoformat(),
        "findings": list(map(astuple, judgement.findings)),
        "not_judged": list(map(astuple, judgement.not_judged)),
        "judged": sorted(judgement.judged),
        "questions": list(map(astuple, judgement.questions)),
        "waived": [(*astuple(one)[:-1], one.until.isoformat()) for one in judgement.waived],
    }
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        parse_cache.write(path, json.dumps(held, ensure_ascii=False).encode())


# The judgement of a town as it was read: for all batches over the same state of the books as of the same day, whatever notebook they
# make and wherever the copy of the books lies. What rules say depends on what was read, on the policy and on this package.
JUDGED = "judged"  # the folder of these in the user's own cache folder; what nobody has asked for goes, as what was parsed does


def judged(town: Town, held: policy.Policy, before: tuple[Town, dt.date] | None) -> Judgement:
    """`examine`, but of what was judged before what was said then."""
    key = _state(town, held, before)
    path = places.cache() / JUDGED / f"{key[:40]}.json"
    if known := recall(path, key):
        return known[1]
    judgement = examine(town, held, before)
    with suppress(OSError):
        parse_cache.tidied(path.parent)
    remember(path, key, town.as_of, judgement)
    return judgement


def _state(town: Town, held: policy.Policy, before: tuple[Town, dt.date] | None) -> str:
    """All that the judgement of a town depends on, as one hash."""
    found = hashlib.sha256(f"{FORMAT}|{town.as_of}|{town.past_day}|{before and before[1]}|{held}".encode())
    for path in _package():
        found.update(path.read_bytes())
    for one in filter(None, (town, town.before, before and before[0])):
        for book in one.workbooks:
            found.update(repr((book.name, book.home, book.read, book.sha256, book.findings)).encode())
    return found.hexdigest()
