"""What was found goes back to those who can mend it: marks in the workbooks or in copies, and where these lie."""

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.findings import UserError
from ..core.places import RECORDS, RETURNS
from ..core.schema import CENTRE
from ..core.tables import Town
from ..core.workbooks import Workbook
from ..excel import folders, marking, marking_plan as plans, result_lines, saving, writing
from ..excel.parts import Refused
from ..rules.judging import Judgement
from . import opening, records

# --- Where returns lie: <out>/returns/<school>/ for the newest school year of the shared folder, <out>/returns/<year>/<school>/ for others ---
# When a new year begins, what lay directly under returns moves into the folder of its year, so that no copy takes the place of last
# year's.
ORIGINALS = "原件"
YEAR = "学年.txt"  # beside the records: the year whose returns lie directly under returns
FAR = 5  # folders down from what the shared folder and the returns have in common: a name of their own, two or three within
BEFORE = "上学年"  # begins the name of what this year says of last year's workbook


@dataclass(frozen=True)
class Shelf:
    """The returns of one school year."""

    out: Path
    year: str
    newest: bool

    @property
    def records(self) -> Path:
        """The folder of the records."""
        return self.out / RETURNS / RECORDS

    def path(self, name: str, ends: str) -> Path:
        """Where what belongs to a workbook lies: `name` as in the shared folder, `ends` what follows its stem."""
        year, home, file = name.split("/")
        folder = self.out / RETURNS / home if self.newest else self.out / RETURNS / self.year / home
        return folder / f"{'' if year == self.year else BEFORE}{Path(file).stem}{ends}"

    def copy(self, workbook: Workbook) -> Path:
        """Where the marked copy of a workbook lies."""
        return self.path(workbook.name, f"_校验{Path(workbook.name).suffix}")


def marked_copy(out: Path, year: str, workbook: str) -> Path | None:
    """Where the marked copy of a workbook lies, as this school year has judged it; None where there is none. `workbook` as in the shared
    folder."""
    note = out / RETURNS / RECORDS / YEAR
    newest = note.read_text("utf-8").strip() if note.is_file() else ""
    if workbook.count("/") != 2:  # a folder of which no workbook is there
        return None
    path = Shelf(out, year, year == newest).path(workbook, f"_校验{Path(workbook).suffix}")
    return path if path.is_file() else None


def shelf_of(out: Path, shared: Path, year: str) -> Shelf:
    """The returns of a school year of a shared folder; those of the year before make room when a new one has begun."""
    # raises where the share is gone
    newest = max((path.name for path in shared.iterdir() if folders.is_year(path.name)), default=year)
    note = out / RETURNS / RECORDS / YEAR
    with suppress(OSError):  # what stands in the way will be said when something is written
        was = note.read_text("utf-8").strip() if note.is_file() else ""
        if folders.is_year(was) and was < newest:
            for path in sorted((out / RETURNS).iterdir()):
                if path.is_dir() and path.name not in (ORIGINALS, RECORDS) and not folders.is_year(path.name):
                    _move(path, out / RETURNS / was / path.name)
        if was != newest:
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(newest, "utf-8")
    return Shelf(out, year, year == newest)


def _move(folder: Path, to: Path) -> None:
    """Move a folder; one in which somebody has a file open is copied, and what can be taken away goes. Nothing is lost either way."""
    to.parent.mkdir(exist_ok=True)
    try:
        folder.rename(to)
    except OSError:
        shutil.copytree(folder, to, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


# --- What was found goes back to those who can mend it: marked copies in the returns folder, or marks in their own workbooks ---
# <out>/returns/<school>/<workbook>_校验.xlsx, or <workbook>_校验结果.xlsx, a list, where the workbook itself cannot be marked (of
# another year than the newest: returns/<year>/<school>);
# <out>/returns/原件/<day>/<school>/ holds the workbooks as they were before they were marked in place;
# <out>/returns/记录/<school>.json which findings are known since when.
@dataclass(frozen=True)
class Returned:
    """What became of one workbook: its name, how many findings it shows, where; `refused` says why it is not marked itself.

    `only_copy`: it was to be marked in place, but is not made from our template, and only a copy of such a file is ever marked.
    `more`: how many of the findings had no room in 校验结果. `under`: how many only follow from a mistake in another workbook.
    """

    name: str
    count: int
    path: Path
    refused: str = ""
    only_copy: bool = False
    more: int = 0
    under: int = 0


def mark(
    paths: Sequence[Path],
    out: Path,
    *,
    in_place: bool = False,
    clear: bool = False,
    as_of: dt.date | None = None,
    say: Callable[[str], None] = lambda line: None,
    warn: Callable[[str], None] = lambda line: None,
) -> list[Returned]:
    """Judge the school year of `paths` and show the findings in each workbook asked for; `clear` takes all marks out.

    A workbook without findings is written only where it still shows some. What a rule found before stays listed, without a
    mark, where it could not judge this time; `warn` is told of each rule of ours that failed. Raises UserError where nothing
    can be found.
    """
    shared, year, wanted = folders.locate(list(paths))
    town, _, judgement = opening.judged(shared, year, as_of)
    checked = opening.Checked(year, town.as_of, judgement, tuple(wanted))
    shelf = shelf_of(out, shared, year)
    saving.sweep(shared / year, out / RETURNS)
    names = [book.name for book in town.workbooks if checked.asked(book.name)]
    names += [name for name in _before(town, judgement, shelf) if checked.asked(name)]
    returned, homes = [], dict.fromkeys(town.by_name[name].home for name in ([] if clear else names))
    known = {home: records.load(shelf.records / f"{home}.json") for home in homes}
    for line in judgement.broken:
        warn(line)
    for number, name in enumerate(names, 1):
        plan = plans.plan(town, name, () if clear else judgement.findings, [one.finding for one in judgement.waived])
        if not clear:
            plan = _with_what_stays(plan, town, judgement, known, (shared / name, shelf.copy(town.by_name[name])))
        one = _return(town.by_name[name], plan, shared, shelf, in_place and name.startswith(f"{year}/"))
        if one is not None:
            returned.append(one)
            say(f"[{number}/{len(names)}]{_line(one)}")
    for one in checked.unreadable:
        if one.workbook not in names and not clear:  # a whole folder without workbooks
            returned.append(Returned(one.workbook, 0, shared / one.workbook, one.message))
            say(_line(returned[-1]))
    if not names:
        raise UserError("要标记的工作簿一个也没有找到，请检查路径。")
    for home, record in known.items():
        try:
            saving.write_copy(shelf.records / f"{home}.json", records.dump(record))
        except Refused as error:
            raise UserError(f"记录存不下来：{error}。请换一个 --out 文件夹。") from error
        own = {key: days for key, days in record.items() if year in (key[: len(year)], key[-len(year) :])}
        say(f"  {home}：{records.course(own, town.as_of)}")
    return returned


def _with_what_stays(
    plan: plans.Plan, town: Town, judgement: Judgement, known: dict[str, records.Record], paths: Iterable[Path]
) -> plans.Plan:
    """The plan with what it must keep of the workbook and its marked copy: what could not be judged now, and since when."""
    copies = []  # those that can be read
    for path in paths:
        with suppress(OSError):
            copies.append(path.read_bytes())
    plan = marking.keeping(plan, unjudged(town, judgement, plan.name), *copies)
    return marking.remembering(plan, *records.days(_followed(known, town, plan), town.as_of), *copies)


def refresh(paths: Sequence[Path], out: Path, say: Callable[[str], None]) -> None:
    """Make the marked copies of workbooks anew, of whatever school year they are; those among the copies are no workbooks."""
    years: dict[str, list[Path]] = {}
    for path in paths:
        path = path.resolve()
        year = next((part for part in reversed(path.parts[:-1]) if folders.is_year(part)), None)
        if year and not path.is_relative_to(out.resolve()):
            years.setdefault(year, []).append(path)
    for _, own in sorted(years.items()):
        mark(own, out, say=say)


def unjudged(town: Town, judgement: Judgement, name: str) -> frozenset[str]:
    """Codes of the rules that said nothing of a workbook's school: they failed, or lacked a whole sheet or column."""
    homes = (town.by_name[name].home, CENTRE)
    lacking = (item.rule for item in judgement.not_judged if item.home in homes and not item.cells)
    return judgement.failed.union(lacking)


def _before(town: Town, judgement: Judgement, shelf: Shelf) -> list[str]:
    """Last year's workbooks of which something was found this year, or is still shown: whoever was on the roster and is gone."""
    found = {finding.workbook for finding in judgement.findings}
    books = town.before.workbooks if town.before else ()
    return [book.name for book in books if book.read and (book.name in found or shelf.copy(book).is_file())]


def _followed(known: dict[str, records.Record], town: Town, plan: plans.Plan) -> dict[str, records.Days]:
    """Put into its school's record what is found in a workbook now; what is known of that workbook then."""
    workbook = town.by_name[plan.name]
    record, key = known[workbook.home], records.finding_key(town.year, plan.name)
    if workbook.read:  # of one that cannot be read nothing is known to be mended
        found = (entry.identity for entry in plan.entries if not (entry.waived or entry.under))  # unseen is not mended
        record[key] = records.follow(record.get(key, {}), found, town.as_of, plan.under)
    return record.get(key, {})


def _return(workbook: Workbook, plan: plans.Plan, shared: Path, shelf: Shelf, in_place: bool) -> Returned | None:
    path, copy, listed = shared / workbook.name, shelf.copy(workbook), shelf.path(workbook.name, "_校验结果.xlsx")
    try:
        if not workbook.read:
            raise Refused("读不到或打不开")
        data = path.read_bytes()
        saving.same(data, plan.sha256)
        earlier = copy.read_bytes() if copy.is_file() else b""
        made, ours, more = marking.marked_apart(
            data, plan, workbook.book, earlier, in_place, _apart(path, shelf, workbook)
        )
        own = in_place and ours
        if own:
            kept = shelf.out / RETURNS / ORIGINALS / f"{dt.date.today()}" / workbook.home
            saving.write_in_place(path, made, plan.sha256, kept)
        elif made != (earlier or data):  # what was found before must not stand there for ever
            saving.write_copy(copy, made, like=path)
        with suppress(OSError):  # the list of before, which somebody may be reading
            listed.unlink(missing_ok=True)
        if made == data and not plan.open and not earlier:
            return None
        put = path if own else copy
        return Returned(workbook.name, plan.open, put, only_copy=in_place and not own, more=more, under=len(plan.under))
    except (Refused, OSError) as error:
        return _refused(workbook, plan, listed, str(error) if isinstance(error, Refused) else "读不到", in_place)


def _apart(path: Path, shelf: Shelf, workbook: Workbook) -> result_lines.Copy:
    """What a copy says of the workbook it is of: its address too, where the folders lie beside each other, as an office's do."""
    here, there = shelf.copy(workbook).resolve().parent, path.resolve()
    with suppress(ValueError):  # on another drive
        common = Path(os.path.commonpath([here, there]))
        near = all(len(one.relative_to(common).parts) <= FAR for one in (here, there))
        if near and common != Path(common.anchor):
            return result_lines.Copy(Path(os.path.relpath(there, here)).as_posix())
    return result_lines.Copy()


def _refused(workbook: Workbook, plan: plans.Plan, listed: Path, why: str, in_place: bool) -> Returned | None:
    """What cannot be marked gets a list of its findings in the returns folder."""
    if not plan.open:
        return Returned(workbook.name, 0, listed, why) if in_place else None
    try:
        saving.write_copy(listed, writing.findings_workbook(entry for entry in plan.entries if entry.lit))
    except Refused as error:
        raise UserError(
            f"“{workbook.name}”没有标记（{why}），问题清单也存不下来：{error}。请换一个 --out 文件夹。"
        ) from error
    return Returned(workbook.name, plan.open, listed, why)


def _line(one: Returned) -> str:
    if one.refused:
        return f"  {one.name}：没有标记，{one.refused}。{f'问题 {one.count} 条另列在 {one.path}' if one.count else ''}"
    kept = "不是由本程序的模板做成的，原件没有改动，只做了副本；" if one.only_copy else ""
    more = f"（其中 {one.more} 条列不下，先列错误；改掉一些再运行）" if one.more else ""
    after = f"另有 {one.under} 处只是别的错引起的，不标" if one.under else ""
    said = "；".join(filter(None, (f"标出问题 {one.count} 条{more}" if one.count else "", after))) or "标记已清除"
    return f"  {one.name}：{kept}{said}，{one.path}"
