"""The workbooks of a school year, and of those before, to typed tables; the day they have come to."""

import datetime as dt
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pandas as pd

from ..core import places, processes, schema as schemas, years
from ..core.cells import closest, fold
from ..core.findings import KINDS, Finding, Place, UserError, fault
from ..core.schema import CENTRE, LAST_PRIMARY, Book, Codes, Schema
from ..core.tables import Town
from ..core.workbooks import Workbook
from ..facts import asof, calendar
from ..facts.references import homes_of
from . import parse_cache
from .folders import OTHER_FORMATS, Contents, contents, meant, near, what
from .package_guard import size_of
from .parsing import missing, of_book, read_for_another

# --- School years before: last year's rosters and classes, which this one is compared with; of all years back to the first grade,
# the lists of intake and the changes (`past`), which the share that finishes is counted from. Read from the same shared folder, sheet by sheet what is needed and no more. What is not there gives no finding: an office
# that begins with this year has nothing to put right. A workbook that is missed stands there unread, so nothing is taken for
# empty that was not seen.
SHEETS = ("school", "class", "roster")  # of last year's workbooks, only these
PAST = ("school", "class", "baseline", "change")  # of the workbooks of all years of a pupil at school
LONGEST = 8  # years before the one in which a ninth-grader finishes
# findings that tell why something needed cannot be used; what else is wrong in last year's rows was last year's business
TOLD = ("R02", "R03", "R05", "R06", "R10", "R16", "R17")

Read = Callable[[Path, str, Book, dict[str, Codes]], Workbook]


def files_before(shared: Path, year: str, schema: Schema) -> Iterator[tuple[Path, Book]]:
    """The workbooks of the year before that reading `year` opens, with the book each is of, as far as they are there."""
    return _files(shared / years.before(year), schema, SHEETS)


def past_files(shared: Path, year: str, schema: Schema) -> Iterator[tuple[Path, Book]]:
    """The workbooks that `past` opens, with the book each is of, as far as they are there."""
    for _ in range(LONGEST):
        year = years.before(year)
        yield from _files(shared / year, schema, PAST)


def _files(root: Path, schema: Schema, sheets: tuple[str, ...]) -> Iterator[tuple[Path, Book]]:
    for book in (book for book in schema.books if any(name in book.by_name for name in sheets)):
        homes = [root / CENTRE] if book.owner == "centre" else sorted(root.glob("*/"))
        for home in homes:
            path = home / f"{book.title}.xlsx"
            if path.is_file() and not home.name.startswith((".", "~")):
                yield path, book


def read_before(shared: Path, year: str, as_of: dt.date, schema: Schema, read_workbook: Read) -> Town | None:
    """The year before as a Town of few sheets; None where the shared folder holds nothing of it."""

    read = _read_parts(files_before(shared, year, schema), shared, SHEETS, schema, read_workbook)
    found = [replace(book, findings=tuple(one for one in book.findings if one.rule in TOLD)) for book in read]
    if not found:
        return None
    year = years.before(year)
    registry, enrolment = schema.book_of["class"], schema.book_of["roster"]
    if not any(workbook.home == CENTRE for workbook in found):
        found.append(_absent_before(year, CENTRE, registry))
    town = Town(year, as_of, schema, tuple(found))
    due = set(homes_of(town, "class")[(town["class"]["grade"] == LAST_PRIMARY).fillna(False)]) - {""}
    absent = sorted(due - {workbook.home for workbook in town.holding("roster")})
    return Town(year, as_of, schema, (*found, *(_absent_before(year, home, enrolment) for home in absent)))


def past(shared: Path, year: str, schema: Schema, read_workbook: Read) -> tuple[Town, ...]:
    """The school years before, newest first, as Towns of few sheets, each as of its last day; those that are not there are left out."""
    found: dict[str, list[Workbook]] = {}
    for workbook in _read_parts(past_files(shared, year, schema), shared, PAST, schema, read_workbook):
        found.setdefault(workbook.name.split("/")[0], []).append(replace(workbook, findings=()))
    ends = {earlier: years.days_of(f"{earlier[5:]}-08")[1] for earlier in found}
    return tuple(Town(earlier, ends[earlier], schema, tuple(workbooks)) for earlier, workbooks in found.items())


def _read_parts(
    files: Iterator[tuple[Path, Book]], shared: Path, sheets: tuple[str, ...], schema: Schema, read_workbook: Read
) -> list[Workbook]:
    """These sheets of the files."""

    def read_part(one: tuple[Path, Book]) -> Workbook:
        path, book = one
        return read_workbook(path, path.relative_to(shared).as_posix(), _part(book, sheets), schema.codes)

    there = list(files)
    return processes.spread(read_part, there, sum(size_of(path) for path, _ in there))


def _part(book: Book, sheets: tuple[str, ...]) -> Book:
    return replace(book, sheets=tuple(sheet for sheet in book.sheets if sheet.name in sheets))


def _absent_before(year: str, home: str, book: Book) -> Workbook:
    return Workbook(f"{year}/{home}/{book.title}.xlsx", _part(book, SHEETS), home, read=False)


# --- Which day the workbooks of a year have come to, and which of them must be there by then ------------------------
GAP = 5  # school days without any 日查 after which a day is looked at twice


def last_day(town: Town) -> dt.date:
    """The last day anybody counted heads, not later than today; today where nobody did.

    A slip of the pen must not move the whole town to another day: a day outside the term of its workbook does not count, nor
    does a day or two that lie beyond more than GAP school days without any 日查 and have fewer rows than a usual day.
    """
    today, named = places.today(), {}
    for book in town.holding("daily"):
        if "daily" in book.tables:
            days = pd.Series(book.tables["daily"].column("date"))
            named.setdefault(book.name.rpartition("/")[2].removesuffix(".xlsx"), []).append(days)
    held = []
    for stem, columns in named.items():
        start, end = term(stem, town) or (today, today)
        days = pd.concat(columns)
        held.append(days[days.between(pd.Timestamp(start), pd.Timestamp(min(end, today)))])
    rows = pd.concat(held or [pd.Series(dtype="datetime64[us]")]).value_counts().sort_index()
    if rows.empty:
        return today
    taught = pd.DatetimeIndex(calendar.school_days(town))
    skipped = pd.Series(taught.searchsorted(rows.index, "left"), rows.index).diff() - 1
    while len(far := rows.index[skipped > GAP]) and rows[far[-1] :].sum() < max(rows.median(), 2):
        rows, skipped = (kept[kept.index < far[-1]] for kept in (rows, skipped))
    return rows.index[-1].date()


def horizon(town: Town, counted: dt.date) -> dt.date:
    """The last day on which anything can have happened when heads were last counted on `counted`.

    It is the day before the next school day (a weekend, a holiday; without another school day the end of the school year), and
    never later than today: where heads have been counted since, the data have come further. A year that is made in the summer
    begins with rows of its first day.
    """
    following = next((day for day in calendar.school_days(town) if day > counted), None)
    last = following - dt.timedelta(days=1) if following else years.days_of(f"{town.year[5:]}-08")[1]
    return max(min(last, places.today()), counted, years.days_of(f"{town.year[:4]}-09")[0])


def without_future(town: Town, counted: dt.date) -> Town:
    """The town whose recorded dates beyond the horizon are unread cells with F30 (`facts.asof`)."""
    ends = {one.term: one.end.date() for one in calendar.terms(town).itertuples()}
    return asof.without_future(town, horizon(town, counted), counted, ends)


def due_by(stem: str, town: Town, as_of: dt.date) -> bool:
    """Whether a workbook must be there by `as_of`: one of a term only once the term has begun."""
    days = term(stem, town)
    return days is None or days[0] <= as_of


def term(stem: str, town: Town) -> tuple[dt.date, dt.date] | None:
    """First and last day of the term in a workbook's name; by 学年学期, or September and March where that does not say."""
    named = next((one for one in years.TERMS if stem.endswith(f"_{one}")), None)
    if named is None:
        return None
    begins = [years.usual_begin(town.year, one) for one in years.TERMS] + [dt.date(int(town.year[5:]), 9, 1)]
    start, end = begins[years.TERMS.index(named) :][:2]
    frame = town["term"]
    rows = frame[(frame["school_year"] == town.year) & (frame["term"] == named)]
    return tuple(
        known.iloc[0].date() if len(known := rows[name].dropna()) else usual
        for name, usual in (("start", start), ("end", end))
    )


# --- The workbooks of a school year to a Town, each read in a process apart (parsing.py) ----------------------------
def read_workbook(path: Path, name: str, book: Book, codes: dict[str, Codes], *, fresh: bool = False) -> Workbook:
    """Read one workbook, in a process apart. `name` is its path inside the shared folder, `book` says what should be in it.

    One that was read before and is what it was is not read again (parse_cache.py), but with `fresh`. Never raises for what the file
    is or holds: `read` is False and the findings say why.
    """
    try:
        key, content = ("", "") if fresh else parse_cache.key(path, name, book, codes)
        if key and (held := parse_cache.known(key)):
            return of_book(held, book)
        read = processes.call(read_for_another, path, name, book, _Packed.of(codes), size=size_of(path))
        if key and read.read and read.sha256 == content:  # nobody has saved anything meanwhile
            parse_cache.keep(key, read)
        return of_book(read, book)
    except processes.Died as died:
        found = KINDS["R10"].at(Place(name), reason=str(died))
    except UserError:  # no process could be started at all
        raise
    except Exception as error:  # a fault of ours, of this workbook only
        found = KINDS["R02"].at(Place(name), reason=fault("没有读成", error))
    home = name.split("/")[1] if name.count("/") > 1 else ""
    return Workbook(name, book, home, read=False, findings=(found,))


class _Packed:
    """Code lists and the schema on their way to a process apart, the same for workbook after workbook."""

    last: tuple[dict[str, Codes], bytes] = ({}, b"")

    @classmethod
    def of(cls, codes: dict[str, Codes]) -> bytes:
        if cls.last[0] is not codes:
            cls.last = codes, pickle.dumps((codes, schemas.default()), 5)
        return cls.last[1]


def with_aliases(codes: dict[str, Codes], frame: pd.DataFrame) -> dict[str, Codes]:
    """The code lists with the township's own aliases from 代码表 (rows of sheet `code`); lists and names unknown are ignored."""
    own: dict[tuple[str, str], list[str]] = {}
    for listed, name, alias in frame[["list", "name", "alias"]].dropna().itertuples(index=False):
        own.setdefault((listed, name), []).extend(filter(None, re.split(r"[、,，;；/\s]+", alias)))

    def extended(item: Codes) -> Codes:
        extra = {name: own.get((item.title, name), []) + own.get((item.name, name), []) for name in item.names}
        values = tuple(replace(value, aliases=(*value.aliases, *extra[value.name])) for value in item.values)
        return replace(item, values=values) if any(extra.values()) else item

    return {name: extended(item) for name, item in codes.items()} if own else codes


def read_year(
    shared: Path,
    year: str,
    *,
    as_of: dt.date | None = None,
    schema: Schema | None = None,
    read_one: Read = read_workbook,
) -> Town:
    """Read every workbook of a school year, and of the year before what is compared with it (`before`).

    Raises UserError when the year's folder is not there. `as_of` is the day the township is looked at: by default the last
    day in 日查 (see `last_day`), else today; on an earlier day, the town is as it stood then (`facts.asof.at`). What is
    recorded for a day that cannot have come yet is F30, and unread, whatever `as_of` is. `read_one` reads one workbook: one may stand open with unsaved edits.
    """
    schema = schema or schemas.default()
    root = shared / year
    if not root.is_dir():
        raise UserError(f"共享文件夹“{shared}”里没有学年“{year}”。")
    # by the code lists of the schema, which is enough to learn the township's own aliases and its schools
    book, name = schema.book_of["school"], f"{CENTRE}/{schema.book_of['school'].title}.xlsx"
    registry = read_one(root / name, f"{year}/{name}", book, schema.codes)
    codes = with_aliases(schema.codes, registry.tables["code"].frame) if "code" in registry.tables else schema.codes
    known = _schools(registry)
    folders = _homes(root, known)
    read_one = as_registered(read_one, known)
    found = {home: contents(root / folder, _stems(schema, home)) for home, folder in folders.items()}
    there = [(home, *one) for home, lying in found.items() for one in (lying.other_formats | lying.workbooks).items()]

    def read_there(one: tuple[str, str, Path]) -> Workbook:
        home, stem, path = one
        name, book = f"{year}/{folders[home]}/{path.name}", schema.by_stem[stem]
        return _read_one(path, name, book, codes, found[home], stem, home, read_one)

    books = processes.spread(read_there, there, sum(size_of(path) for *_, path in there))
    read = {f"{home}/{stem}": book for (home, stem, _), book in zip(there, books, strict=True)}
    seen = Town(year, places.today(), schema, tuple(read.values()))
    counted = last_day(seen)
    given, as_of = as_of, as_of or counted
    workbooks = [*_expected(found, folders, read, known, cache(partial(due_by, town=seen, as_of=as_of)), schema, year)]
    strange = _strange(root, {folders[home]: (home, lying) for home, lying in found.items()}, known, schema)
    workbooks[0] = replace(workbooks[0], findings=workbooks[0].findings + strange)
    town = Town(year, as_of, schema, tuple(workbooks), read_before(shared, year, as_of, schema, read_one))
    town = without_future(town, counted)
    if not given or given >= horizon(seen, counted):
        return town
    return replace(asof.at(town, given), past_day=given < counted)


SHUT = replace(
    KINDS["R02"],
    says="打不开文件夹：{reason}",
    fix="请看看这个文件夹还打得开吗；没有权限的，请管理员给权限，再运行一次。",
)


def _expected(
    found: Mapping[str, Contents],
    folders: Mapping[str, str],
    read: Mapping[str, Workbook],
    known: list[str],
    wanted: Callable[[str], bool],
    schema: Schema,
    year: str,
) -> Iterator[Workbook]:
    """The workbooks of each home: those read, and in the place of each that is wanted by now and is not there an empty one that says so."""
    for home, lying in found.items():
        due = [stem for stem in _stems(schema, home) if f"{home}/{stem}" in read or wanted(stem)]
        folder = [read.get(f"{home}/{stem}") or _absent(year, home, folders[home], stem, schema, lying) for stem in due]
        if _empty(lying):  # said once, not once for each workbook
            if home not in (CENTRE, *known):
                continue
            name = f"{year}/{folders[home]}"
            gone = (
                SHUT.at(Place(name), reason=lying.shut) if lying.shut else missing(f"{name}/", f"“{home}”的全部工作簿")
            )
            said = [(gone,), *[()] * (len(folder) - 1)]
            folder = [replace(book, findings=findings) for book, findings in zip(folder, said, strict=True)]
        yield from folder


def _empty(lying: Contents) -> bool:
    return not lying.workbooks and not lying.other_formats


def _strange(
    root: Path, found: Mapping[str, tuple[str, Contents]], known: list[str], schema: Schema
) -> tuple[Finding, ...]:
    """What lies in a school year and belongs nowhere: files with no name of ours, folders of no school. By folder, its home."""
    files, folders = {f"{root.name}/{name}" for name in contents(root, ()).unknown}, []
    for folder, (home, lying) in found.items():
        files |= {f"{root.name}/{folder}/{name}" for name in lying.unknown}
        if home in (CENTRE, *known):
            continue
        if _empty(lying):
            files.add(f"{root.name}/{folder}")
        elif known:
            folders.append(_stranger(f"{root.name}/{folder}", known))
    return (*(_unknown(name, schema) for name in sorted(files)), *folders)


def _unknown(name: str, schema: Schema) -> Finding:
    kind, fix = KINDS["R09"], what(name)
    return replace(kind, fix=fix or kind.fix).at(Place(name), near=near(Path(name).name, schema.by_stem))


def _stranger(name: str, known: list[str]) -> Finding:
    """R13 for a folder that holds workbooks of no school of the registry, which is what a renamed school looks like."""
    home = Path(name).name
    near = closest(home, known)
    return KINDS["R13"].at(Place(name), name=home, near=f"是不是“{near}”？" if near else "")


def _stems(schema: Schema, home: str) -> list[str]:
    """File names (without ending) that belong into a folder."""
    return [stem for book in schema.owned_by("centre" if home == CENTRE else "school") for stem in book.stems]


def _schools(registry: Workbook) -> list[str]:
    """Full names of the schools in use, in the order of the registry."""
    if "school" not in registry.tables:
        return []
    frame = registry.tables["school"].frame
    names = frame.loc[(frame["stage"] != CENTRE) & frame["active"].fillna(True), "school_name"].dropna()
    return [name for name in names if Path(name).name == name and not name.startswith(".")]  # a name, never a path


def _homes(root: Path, known: list[str]) -> dict[str, str]:
    """Name of each folder of the year by whose it is: the centre's, the schools' of the registry (there or not), any other.

    A school's folder may be spelled in another way than the registry spells its name (full-width brackets, blanks).
    """
    there = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "~")))
    homes = {home: home for home in (CENTRE, *known)}
    for folder in (name for name in there if name not in homes):
        home = _spelled(folder, known)
        homes[folder if home in there else home] = folder
    return homes


def _spelled(folder: str, known: list[str]) -> str:
    """A school's name as the registry spells it, by a name of its folder; another folder's name as it is."""
    if folder in known:
        return folder
    return next((name for name in known if fold(name) == fold(folder)), folder)


def as_registered(read_one: Read, known: list[str]) -> Read:
    """A reader like `read_one` whose workbooks have their schools' names as the registry (`known`) spells them, of any year."""
    return partial(_at_home, read_one=read_one, known=known)


def _at_home(
    path: Path, name: str, book: Book, codes: dict[str, Codes], *, read_one: Read, known: list[str]
) -> Workbook:
    workbook = read_one(path, name, book, codes)
    tables = workbook.tables
    if "school" in tables:
        frame = tables["school"].frame
        names = [_spelled(name, known) if isinstance(name, str) else name for name in frame["school_name"]]
        frame = frame.assign(school_name=pd.array(names, dtype=frame["school_name"].dtype))
        tables = tables | {"school": replace(tables["school"], frame=frame)}
    return replace(workbook, home=_spelled(workbook.home, known), tables=tables)


def _read_one(
    path: Path, name: str, book: Book, codes: dict[str, Codes], lying: Contents, stem: str, home: str, read_one: Read
) -> Workbook:
    """One workbook of a folder, with what the files beside it say: R07 (open), R08 (copies); R11 for another format."""
    copies = list(lying.copies.get(stem, ()))
    if path.suffix.lower() == ".xlsx":
        workbook = read_one(path, name, book, codes)
        copies += [lying.other_formats[stem].name] if stem in lying.other_formats else []
    else:
        refused = KINDS["R11"].at(Place(name), found=path.suffix)
        workbook = Workbook(name, book, home=home, read=False, findings=(refused,))
    beside = [KINDS["R07"].at(Place(name))] if stem in lying.locked else []
    beside += _copied(name, copies)
    return replace(workbook, findings=workbook.findings + tuple(beside))


def _copied(name: str, copies: Sequence[str]) -> list[Finding]:
    """R08 of a workbook, once, with the names of all its copies: which of them holds what counts, somebody has to look at each."""
    return [KINDS["R08"].at(Place(name), name="、".join(copies))] if copies else []


def _absent(year: str, home: str, folder: str, stem: str, schema: Schema, lying: Contents) -> Workbook:
    name = f"{year}/{folder}/{stem}.xlsx"
    there = lying.copies.get(stem, ())
    copies = _copied(name, there)
    if len(there) == 1:  # nothing to compare it with
        fix = f"请打开看是不是要用的那一份：是的，把文件名改成“{stem}.xlsx”；不是的，移出这个文件夹。"
        copies = [
            replace(KINDS["R08"], says="只有这一工作簿的一份副本：{name}，没有读取", fix=fix).at(
                Place(name), name=there[0]
            )
        ]
    tables = (other for other in lying.unknown if other.lower().endswith((".xlsx", *OTHER_FORMATS)))
    like = next((other for other in tables if meant(other, schema.by_stem) == stem), "")
    like = like or next(iter(lying.copies.get(stem, ())), "")  # a lone copy is perhaps the workbook itself
    gone = missing(name, f"{stem}.xlsx", like)
    return Workbook(name, schema.by_stem[stem], home, read=False, findings=(gone, *copies))
