"""The folder of runs: its names, its manifests, its snapshots of the workbooks. Batch writes it, pages and serve read it.

<out>/index.html
<out>/<period>/<notebook>/{index.html, manifest.json, <school>.html, <school>.ipynb, logs/, inputs/<snapshot>/...}
A period is a month, a round of inspection or a school year, as core.years writes it.
"""

import datetime as dt
import hashlib
import itertools
import json
import os
import re
import shutil
import tempfile
import unicodedata
import webbrowser
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

from ..core import schema, years
from ..core.editions import INTERNAL, blotted
from ..core.findings import UserError
from ..core.numbers import natural
from ..core.places import ALL, DAY, EARLIER, MADE, PAPERS, RECORDS, RETURNS, TOWN
from ..excel import reading, saving

DONE, FAILED = "done", "failed"
FIRST = "monthly_self_check"  # the notebook that reports on a month; the others of a month list papers and people
# in the summary of a run
FILES = "files"  # each file it has left, and the edition by which the gate reads it
WITHHELD = "withheld"  # each file the gate has refused, without its ending, and why
STUCK = "stuck"  # files of before that could not be changed, as somebody has them open
WARNED = "warned"  # what the gate warns of
SCRATCHES = "kongchuo"  # how the folders of `scratch` begin, before the number of the process that made them
WORKBOOKS = (
    ".xlsx",
    ".xlsm",
    ".xls",
    ".et",
)  # copied with their content; of other files a snapshot keeps the name only

# names that a page of a school must not take: our own files, and the devices of Windows
_TAKEN = {"index", "manifest", "inputs", "logs", TOWN, "con", "prn", "aux", "nul"}
_TAKEN |= {f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"}
_PLAIN = re.compile(r"[\w()（）-]{1,40}")
_HASHED = re.compile(r".*-[0-9a-f]{10}")


def safe_name(text: str) -> str:
    """A file name (without ending) for any text: valid on Windows, inside its folder, and no two texts share one.

    An ordinary name stays as it is; anything else keeps its letters and digits and gets ten digits of its hash.
    """
    ordinary = _PLAIN.fullmatch(text) and text.strip("_-") == text == unicodedata.normalize("NFC", text).casefold()
    if ordinary and text not in _TAKEN and not _HASHED.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    kept = "".join(char if char in "-_" or unicodedata.category(char)[0] in "LN" else "_" for char in text[:40])
    return f"{unicodedata.normalize('NFC', kept).strip('_-') or 'x'}-{digest}"


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that its name always holds the old or the new content, whole: beside it, fsync, rename."""
    scratch = beside(path, content)
    try:
        saving.rename(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def beside(path: Path, content: str | bytes) -> Path:
    """What is to become a file, written whole under a name of its own beside it."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with scratch.open("wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return scratch


def fingerprint(paths: Iterable[Path], root: Path) -> str:
    """Twelve hex digits that change when the name or content of any of the files changes."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(
            f"{path.relative_to(root).as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode()
        )
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Run:
    """One execution: its name (school or 全镇, and the edition where it is not the internal one) and its parameters."""

    name: str
    parameters: dict[str, str]

    @property
    def stem(self) -> str:
        """The file name, without ending, of everything this run leaves."""
        return TOWN if self.name == TOWN and self.parameters["school"] == ALL else safe_name(self.name)


@dataclass(frozen=True)
class Result:
    """What came of one run. `page` is empty unless it is done; `previous` is then the last run that was, as a dict.

    `seconds` is wall time; `started` ISO 8601 with offset; `snapshot` names the inputs; `summary` is the notebook's own.
    """

    name: str
    parameters: dict[str, str]
    started: str
    seconds: float
    outcome: str
    reason: str = ""
    page: str = ""
    notebook: str = ""
    snapshot: str = ""
    code: str = ""
    schema: str = ""
    notebook_sha256: str = ""
    depends: dict[str, str] = field(default_factory=dict)  # what the page depends on, by name, each as a hash
    why: str = ""  # why it was made anew, in Chinese
    stood: str = ""  # why the last batch that was asked for it did not make it, in Chinese; empty where it did
    summary: dict[str, object] = field(default_factory=dict)
    previous: dict[str, object] | None = None

    @cached_property
    def text(self) -> str:
        """As JSON, without what looks like a number of a person: a manifest is written again after every run, with all before it."""
        return blotted(json.dumps(asdict(self), ensure_ascii=False, indent=1))

    @property
    def shown(self) -> dict[str, object]:
        """The run whose page can be looked at: this one, or the last one that was done; empty when there is none."""
        return asdict(self) if self.outcome == DONE else self.previous or {}


@dataclass(frozen=True)
class Shelf:
    """The folder of one notebook for one period."""

    out: Path
    period: years.Period
    notebook: str

    @property
    def path(self) -> Path:
        """Where its pages lie."""
        return self.out / self.period.key / self.notebook

    @property
    def made(self) -> bool:
        """Whether anything was run for it."""
        return (self.path / "manifest.json").is_file()

    @property
    def results(self) -> dict[str, Result]:
        """What the manifest says of each run, by its name (school or 全镇); empty without a readable manifest."""
        try:
            data = json.loads(saving.patiently((self.path / "manifest.json").read_text, "utf-8"))
            return {item["name"]: Result(**item) for item in data["runs"]}
        except (OSError, ValueError, TypeError, KeyError):
            return {}

    def read_for(self, snapshot: str) -> dict[str, str]:
        """sha256 of each file of a snapshot that a run was made from, by its path in the shared folder; empty where nobody knows."""
        try:
            return json.loads(saving.patiently((self.path / "manifest.json").read_text, "utf-8"))["inputs"][snapshot]
        except (OSError, ValueError, TypeError, KeyError):
            return {}

    def save(self, results: Iterable[Result]) -> None:
        """Write the manifest, and drop the snapshots that no run in it refers to any more."""
        results = list(results)
        kept = {result.snapshot for result in results} | {(result.previous or {}).get("snapshot") for result in results}
        inputs = {path.name: inside(path) for path in sorted((self.path / "inputs").glob("*")) if path.name in kept}
        data = {"period": self.period.key, "notebook": self.notebook, "inputs": inputs, "runs": []}
        head = json.dumps(data, ensure_ascii=False, indent=1).removesuffix("]\n}")
        write_whole(self.path / "manifest.json", head + ",\n".join(result.text for result in results) + "]\n}")
        for path in (self.path / "inputs").glob("*"):
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)


def shelves(out: Path) -> list[Shelf]:
    """Every period and notebook of `out` that has a manifest, latest period first."""
    found = [path.parent for path in out.glob("*/*/manifest.json")]
    named = [(years.period(path.parent.name), path.name) for path in found]
    made = [Shelf(out, period, notebook) for period, notebook in named if period]
    return sorted(made, key=lambda shelf: (shelf.period.order, shelf.notebook), reverse=True)


def named(shelf: Shelf) -> dict[str, tuple[str, str]]:
    """Every page and paper that the manifest of a shelf names, as a path in its folder: its school ("": the town) and edition."""
    found: dict[str, tuple[str, str]] = {}
    for run in (result.shown for result in shelf.results.values()):
        if page := str(run.get("page", "")):
            stem, (school, edition) = page.rpartition(".")[0], meant(run.get("parameters") or {})
            files = {f"{stem}/{name}": own for name, own in (run.get("summary") or {}).get(FILES, {}).items()}
            found |= {name: (school, own) for name, own in ({page: edition} | files).items()}
    return found


def meant(asked: Mapping[str, str]) -> tuple[str, str]:
    """The school ("": the town) and the edition of a run, from its parameters."""
    school = asked.get("school", ALL)
    return "" if school in (ALL, TOWN) else school, asked.get("edition", INTERNAL)


def _reports_first(out: Path) -> list[Shelf]:
    """`shelves`, the latest first, but what of a month only lists papers or people behind all others."""
    return sorted(shelves(out), key=lambda shelf: shelf.period.kind == "month" and shelf.notebook != FIRST)


def open_newest(out: Path, home: str) -> Path:
    """Open in the browser the page of a school (of the centre: the town's) for the latest period that has one: of a month its report,
    where that was made.
    """
    name = TOWN if home == schema.CENTRE else home
    shown = ((shelf, shelf.results[name].shown) for shelf in _reports_first(out) if name in shelf.results)
    page = next((shelf.path / str(run["page"]) for shelf, run in shown if run.get("page")), None)
    if page is None:
        raise UserError(
            f"“{out}”里还没有“{name}”的报告，请到办公文件夹里，先运行 kongchuo run monthly month=2023-10（写要做的月份）。"
        )
    webbrowser.open(page.resolve().as_uri())
    return page


def snapshots(out: Path, before: years.Period | None = None) -> list[tuple[Path, dt.date]]:
    """The snapshots that runs have kept (for periods that end before this one does), each with the day it was taken, newest
    first."""
    found: dict[Path, str] = {}
    for shelf in shelves(out):
        for result in shelf.results.values() if not before or shelf.period.days[1] < before.days[1] else ():
            for item in filter(None, (asdict(result), result.previous)):
                path = shelf.path / "inputs" / str(item["snapshot"])
                if item["snapshot"] and path.is_dir():
                    found[path] = min(found.get(path, item["started"]), item["started"])
    newest = sorted(found.items(), key=lambda one: (one[1], one[0]), reverse=True)
    return [(path, dt.datetime.fromisoformat(started).date()) for path, started in newest]


def tell(scratch: Path, shelf: Shelf, day: dt.date) -> None:
    """Leave to the runs of a batch, and to its gate, what they cannot see: which day is today (places.today), the newest snapshot of
    an earlier period, for what questions compare with (opening), what is known of findings since when (returning), and what has been
    made for the school year, for the index of the archive (papers); not what stands on the shelf itself: it is being made anew, and a
    paper of the run before may not come again.
    """
    year, own = shelf.period.year, f"{shelf.period.key}/{shelf.notebook}/"
    (scratch / DAY).write_text(day.isoformat(), "utf-8")
    earlier = (one for one in snapshots(shelf.out, shelf.period) if (one[0] / year).is_dir())
    for path, taken in itertools.islice(earlier, 1):
        (scratch / EARLIER).write_text(json.dumps([str(path.resolve()), taken.isoformat()]), "utf-8")
    for path in sorted((shelf.out / RETURNS / RECORDS).glob("*.json")):
        (scratch / RECORDS).mkdir(exist_ok=True)
        (scratch / RECORDS / path.name).write_bytes(path.read_bytes())
    found = [path for path in made(shelf.out, year) if not path.startswith(own)]
    (scratch / MADE).write_text(json.dumps(found), "utf-8")


def made(out: Path, year: str) -> list[str]:
    """Every page and paper of a school year under `out` (of papers those of `kongchuo papers` as well), as paths in it."""
    found = [
        f"{one.period.key}/{one.notebook}/{name}"
        for one in shelves(out)
        if one.period.year == year
        for name in sorted(named(one), key=natural)
    ]
    printed = [path for path in (out / PAPERS).glob("*/*/*") if years.MONTH.fullmatch(path.parts[-3])]
    return found + [
        path.relative_to(out).as_posix()
        for path in sorted(printed, key=lambda path: natural(path.as_posix()))
        if years.year_of(path.parts[-3]) == year
    ]


def hashes(folder: Path) -> dict[str, str]:
    """sha256 of every file of a snapshot by its path in the shared folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def state(folder: Path) -> str:
    """The name of a snapshot, which stands for its content."""
    return hashlib.sha256(json.dumps(hashes(folder), sort_keys=True).encode()).hexdigest()[:12]


@cache
def inside(taken: Path) -> dict[str, str]:
    """`hashes` of a snapshot, which nobody changes."""
    return hashes(taken)


def scratch() -> tempfile.TemporaryDirectory:
    """A folder for what a batch needs only while it runs. Those of batches that were killed are removed first: pupils stand in them."""
    for path in Path(tempfile.gettempdir()).glob(f"{SCRATCHES}-*-*"):
        if _gone(path.name.split("-")[1]):
            shutil.rmtree(path, ignore_errors=True)  # another account's stays: it may not be entered
    return tempfile.TemporaryDirectory(prefix=f"{SCRATCHES}-{os.getpid()}-", ignore_cleanup_errors=True)


def sweep(shelf: Shelf) -> None:
    """Remove what batches that were killed have left half written on a shelf or beside it: pupils stand in it."""
    for path in (*shelf.out.glob(".*.part"), *shelf.path.glob(".*.part"), *shelf.path.glob("*/.*.part")):
        if path.is_file() and _gone(path.name.split(".")[-2]):
            path.unlink(missing_ok=True)


def _gone(number: str) -> bool:
    """Whether this is the number of a process that is no more."""
    import psutil

    return number.isdecimal() and not psutil.pid_exists(int(number))


def snapshot(shared: Path, year: str, inputs: Path, past: bool = False) -> str:
    """Copy the year's workbooks under `inputs` (readable by the owner only), in the shared folder's own tree.

    With them come the workbooks of the year before that reading this one opens, and with `past` those of all years that the
    report of a year reads. Returns the snapshot's name, which depends
    on content alone: unchanged workbooks are kept once. Files that are no workbook (lock files, stray documents) are kept
    as empty files of that name, so that reading still sees them.
    """
    if not inputs.exists():
        inputs.mkdir(mode=0o700)
        saving.private(inputs)
    for left in inputs.glob(".*.part"):  # of a batch that was killed
        shutil.rmtree(left, ignore_errors=True)
    part = inputs / f".{os.getpid()}.part"
    try:
        _copy(shared, year, part, past)
        name = state(part)
        if not (inputs / name).exists():
            saving.rename(part, inputs / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return name


def _copy(shared: Path, year: str, target: Path, past: bool) -> None:
    target.mkdir(mode=0o700)
    (target / year).mkdir()  # in which nothing may lie
    earlier = {path for path, _ in reading.files_before(shared, year, schema.default())}
    earlier |= {path for path, _ in reading.past_files(shared, year, schema.default())} if past else set()
    for source in (*sorted((shared / year).rglob("*")), *sorted(earlier)):
        to = target / source.relative_to(shared)
        if source.is_dir():
            to.mkdir(parents=True, exist_ok=True)
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        content = b""
        if source.suffix.lower() in WORKBOOKS and not source.name.startswith(("~$", ".~")):
            try:
                content = source.read_bytes()
            except OSError:
                content = b""  # gone or locked this moment: reading reports it as a workbook that does not open
        to.write_bytes(content)


@contextmanager
def alone(folder: Path, said: str = "") -> Iterator[None]:
    """Hold the folder's lock, which ends with the process; raises UserError where somebody else holds it."""
    with (folder / ".lock").open("w") as handle:
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(said or f"另一个窗口正在“{folder}”里生成报告，请等它结束再运行") from error
        yield


def after(result: Result, before: Result | None) -> Result:
    """The result as it goes into the manifest: a failed run keeps the last good page in sight."""
    return result if result.outcome == DONE or before is None else replace(result, previous=before.shown or None)
