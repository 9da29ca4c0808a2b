"""From paths to a judged township: find the shared folder, read the year, load the policy, examine everything.

The command line, the notebooks and the tests all come in through here.
"""

import datetime as dt
import hashlib
import json
import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import pandas as pd

from .. import due as deadlines
from ..core import places, policy, processes, years
from ..core.cells import fold
from ..core.findings import Finding, UserError
from ..core.names import telling_names
from ..core.numbers import natural
from ..core.schema import CENTRE
from ..core.tables import Town, row_of
from ..excel import folders, parse_cache, reading
from ..rules.judging import Judgement, NotJudged, examine, large
from ..rules.questions import Question
from ..rules.waivers import Waived
from . import remembering

# codes that mean a whole workbook was not read
UNREADABLE = frozenset(("R01", "R02", "R03", "R10", "R11", "R16", "R17"))


@dataclass(frozen=True)
class Checked:
    """The judgement of a school year as of a day; `wanted` are the paths inside the shared folder asked for (empty: all)."""

    year: str
    as_of: dt.date
    judgement: Judgement
    wanted: tuple[str, ...] = ()
    late: str = ""  # that a school year has begun of which the shared folder holds nothing

    def asked(self, name: str) -> bool:
        """Whether a workbook or folder (path inside the shared folder) is among what was asked for; last year's is with this year's."""
        home = name.partition("/")[2]
        name = fold(f"{self.year}/{home}" if home else name)
        return not self.wanted or any(name == path or name.startswith(f"{path}/") for path in map(fold, self.wanted))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings in the workbooks asked for."""
        return tuple(finding for finding in self.judgement.findings if self.asked(finding.workbook))

    @property
    def waived(self) -> tuple[Waived, ...]:
        """The findings in the workbooks asked for that a waiver keeps silent."""
        return tuple(one for one in self.judgement.waived if self.asked(one.finding.workbook))

    @property
    def not_judged(self) -> tuple[NotJudged, ...]:
        """What could not be judged in the folders asked for."""
        return tuple(item for item in self.judgement.not_judged if self.asked(f"{self.year}/{item.home}"))

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions about the workbooks asked for."""
        return tuple(one for one in self.judgement.questions if any(self.asked(row.workbook) for row in one.places))

    def as_json(self) -> dict[str, object]:
        """All of it as plain values for JSON: the same five lists that the text has, each whole."""
        return {
            "year": self.year,
            "as_of": self.as_of.isoformat(),
            "findings": [one.as_json() for one in self.findings],
            "waived": [one.as_json() for one in self.waived],
            "questions": [one.as_json() for one in self.questions],
            "not_judged": [one.as_json() for one in self.not_judged],
            "broken": list(self.judgement.broken),
        }

    @property
    def unreadable(self) -> tuple[Finding, ...]:
        """Findings that say a whole workbook is missing or could not be read."""
        return tuple(finding for finding in self.findings if finding.rule in UNREADABLE)


def check(
    paths: Sequence[Path],
    as_of: dt.date | None = None,
    *,
    remembered: bool = True,
    snapshots: Sequence[tuple[Path, dt.date]] = (),
) -> Checked:
    """Judge the school year that `paths` (a shared folder, a year, a school's folder, workbooks) belong to.

    The whole year is read, since rules compare workbooks; `wanted` limits what is shown. Where nothing has changed since the
    last time, what was found then is said again without reading (`remembered`). The first of `snapshots` (a shared folder as it
    was, and the day) that holds the year is what questions compare with. Raises UserError where nothing can be found.
    """
    shared, year, wanted = folders.locate(list(paths))
    earlier = next((one for one in snapshots if (one[0] / year).is_dir()), None)
    note = str(earlier) if earlier else ""
    path = remembering.path_of(shared, year)
    key = remembering.fingerprint(shared, year, as_of, note) if remembered else ""
    known = remembering.recall(path, key) if remembered else None
    if known is None:
        anew = {} if remembered else {"read_one": partial(reading.read_workbook, fresh=True)}
        town, _, judgement = judged(shared, year, as_of, earlier, **anew)
        known = town.as_of, judgement
        # nobody has saved anything meanwhile
        if remembered and remembering.fingerprint(shared, year, as_of, note) == key:
            remembering.remember(path, key, *known)
    return Checked(year, *known, tuple(wanted), begun(shared, dt.date.today()))


def begun(shared: Path, today: dt.date) -> str:
    """What to say where a school year has begun and the newest the shared folder holds is the one before; "" else."""
    now = years.year_of(f"{today:%Y-%m}")
    newest = max(folders.school_years(shared), default="")
    said = f"{now} 学年已经开始，共享文件夹里最新的还是 {newest}。请运行 kongchuo newyear --from {newest}（先加 --dry-run 看）"
    return said if newest == years.before(now) else ""


@dataclass(frozen=True)
class Due:
    """What is overdue or falls due (see `due.due`) as of a day; the workbooks that could not be read, the deadlines that failed."""

    as_of: dt.date
    rows: pd.DataFrame
    unread: tuple[Finding, ...]
    broken: tuple[str, ...]
    left_out: str = ""  # what is in no list since nobody can tell its day, in words
    town: Town | None = None

    def told(self, within: int) -> Iterator[str]:
        """Line by line in Chinese, school by school."""
        for home in sorted(self.rows["home"].unique(), key=natural):
            own = self.rows[self.rows["home"] == home]
            late = int((own["days"] < 0).sum())
            yield f"\n{home}：逾期 {late} 项，{within} 天内到期 {len(own) - late} 项"
            for title, *said, last, days in own[["title", "name", "who", "due", "days"]].itertuples(index=False):
                name, who = (text if isinstance(text, str) else "" for text in said)
                when = f"逾期 {-days} 天" if days < 0 else f"还有 {days} 天"
                yield f"  {last:%Y-%m-%d} {when:10} {title}　{name}　{who}"
        if not len(self.rows):
            known = "读得到的台账里，" if self.unread or self.broken else "算得出来的事项里，" if self.left_out else ""
            yield f"截至 {self.as_of}，{known}没有逾期和 {within} 天内到期的事项。"
        if self.left_out:
            yield f"{self.left_out}。请补填、改好，再看一遍。"


def due(paths: Sequence[Path], within: int, as_of: dt.date | None = None) -> Due:
    """What is overdue or falls due within so many calendar days in the folders asked for."""
    shared, year, wanted = folders.locate(list(paths))
    town = reading.read_year(shared, year, as_of=as_of)
    broken: list[str] = []
    rules = policy.current(town.as_of)
    homes = {path.split("/")[1] for path in wanted}
    found = deadlines.due(town, rules, within, broken), deadlines.undated(town, rules)
    rows, undated = (frame[frame["home"].isin(homes) | (not homes)] for frame in found)
    rows.insert(0, "workbook", town.book_names(rows.index))
    rows.insert(1, "row", row_of(rows.index))
    lost = tuple(one for one in unread(town) if not homes or one.workbook.split("/")[1] in (*homes, CENTRE))
    lacking = deadlines.lacking(town, (*(homes or town.homes), CENTRE))
    left_out = "；".join(filter(None, (deadlines.no_terms(town), lacking, deadlines.left_out(undated))))
    return Due(town.as_of, rows, lost, tuple(broken), left_out, town)


def unread(town: Town, *sheets: str) -> tuple[Finding, ...]:
    """The findings that say that a whole workbook is missing or could not be read, of those with one of these sheets (none: of all)."""
    lost = [book for book in town.workbooks if not book.read and (not sheets or {*sheets} & {*book.book.by_name})]
    # the workbook, or its folder where that has none at all
    names = {name for book in lost for name in (book.name, book.name.rpartition("/")[0])}
    said = (finding for book in town.workbooks for finding in book.findings)
    return tuple(finding for finding in said if finding.rule in UNREADABLE and finding.workbook in names)


def open_year(folder: Path, year: str, as_of: dt.date) -> tuple[Town, policy.Policy, Judgement]:
    """Read and judge one school year of a shared folder as of a day; in one process each year and day only once.

    Raises UserError where the folder does not hold that year.
    """
    return _kept(_shared(folder, year), year, as_of)


def _shared(folder: Path, year: str) -> Path:
    shared, _, _ = folders.locate([folder])
    if not (shared / year).is_dir():
        there = "、".join(folders.school_years(shared)) or "无"
        raise UserError(f"共享文件夹里没有 {year} 学年的文件夹，现有：{there}。请改月份，或建立该学年的文件夹。")
    return shared


def reached(folder: Path, year: str) -> Town:
    """A school year of a shared folder as of the last day in 日查, read but not judged: how far its ledgers have come.

    Raises UserError where the folder does not hold that year.
    """
    return _reached(_shared(folder, year), year)


@cache
def _reached(shared: Path, year: str) -> Town:
    return reading.read_year(shared, year)


def with_past(folder: Path, town: Town) -> Town:
    """The same town with the lists of earlier years that the shared folder holds, for the shares that finish (D04, D05)."""
    found = replace(town, past=town.once(_past, str(_shared(folder, town.year))))
    _tell_names(found, f"past-{town.year}")
    return found


def _past(town: Town, shared: str) -> tuple[Town, ...]:
    read_one = reading.as_registered(reading.read_workbook, town.schools["school_name"].dropna().tolist())
    return reading.past(Path(shared), town.year, town.schema, read_one)


def judged(
    shared: Path,
    year: str,
    as_of: dt.date | None,
    earlier: tuple[Path, dt.date] | None = None,
    *,
    read_one: reading.Read = reading.read_workbook,
) -> tuple[Town, policy.Policy, Judgement]:
    """Read a school year and judge it by the policy in force on its day; `earlier` is an older copy of the shared folder."""
    town, held, before = _read(shared, year, as_of, earlier, read_one)
    return town, held, examine(town, held, before)


def _read(
    shared: Path,
    year: str,
    as_of: dt.date | None,
    earlier: tuple[Path, dt.date] | None = None,
    read_one: reading.Read = reading.read_workbook,
) -> tuple[Town, policy.Policy, tuple[Town, dt.date] | None]:
    """What `examine` is given."""
    town = reading.read_year(shared, year, as_of=as_of, read_one=read_one)
    old = reading.read_year(earlier[0], year, as_of=earlier[1], read_one=read_one) if earlier else None
    return town, policy.current(town.as_of), (old, earlier[1]) if earlier else None


_KEPT: dict[tuple[str, str, dt.date], tuple[Town, policy.Policy, Judgement]] = {}


def _kept(shared: Path, year: str, as_of: dt.date) -> tuple[Town, policy.Policy, Judgement]:
    """`judged`, once in a process, and shared by the runs of one batch: by forks of one process, else through its private scratch
    folder, which lives no longer than the batch.
    """
    scratch = os.environ.get(places.SCRATCH)
    # The inputs of a batch are a snapshot whose name stands for its content.
    key = (shared.name if scratch else str(shared.resolve()), year, as_of)
    if not scratch:
        return _KEPT.get(key) or _KEPT.setdefault(key, judged(shared, year, as_of))
    name = hashlib.sha256("|".join(map(str, key)).encode()).hexdigest()[:16]
    path = Path(scratch) / f"judged-{name}.pickle"
    if key not in _KEPT and path.is_file():
        _KEPT[key] = pickle.loads(path.read_bytes())
    elif key not in _KEPT:
        town, held, before = _read(shared, year, as_of, _earlier(Path(scratch)))
        if large(town):
            processes.stop()
            town.share_texts()
        _KEPT[key] = town, held, remembering.judged(town, held, before)
        if not os.environ.get(places.FORKED):
            parse_cache.write(path, pickle.dumps(_KEPT[key], protocol=5))
    _tell_names(_KEPT[key][0], name, _KEPT[key][1]["public_minimum"])
    return _KEPT[key]


def _tell_names(town: Town, key: str, minimum: int = 0) -> None:
    """Leave to the gate of a batch the names of families, and 公开版最小人数, that a run has read."""
    scratch = os.environ.get(places.SCRATCH)
    if scratch and not (path := Path(scratch) / places.NAMES.replace("*", key)).is_file():
        parse_cache.write(path, json.dumps({"names": sorted(telling_names(town)), "minimum": minimum}).encode())


def _earlier(scratch: Path) -> tuple[Path, dt.date] | None:
    """The older copy of the shared folder that the batch has named to its runs."""
    path = scratch / places.EARLIER
    if not path.is_file():
        return None
    folder, taken = json.loads(path.read_text("utf-8"))
    return Path(folder), dt.date.fromisoformat(taken)
