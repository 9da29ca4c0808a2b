"""A parameter file to runs, and runs to executed notebooks, pages, manifests and indexes: one process a run, two at a time.

A school's failure is the failure of its run only. What a run has read is kept beside it as a snapshot.
"""

import datetime as dt
import difflib
import itertools
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from ..core import declarations, editions, places, years
from ..core.findings import UsageError, UserError, fault
from ..core.places import ALL, TOWN
from ..excel import registry, saving
from ..facts.references import School, school_called
from . import archive, cluster, engine, execution, forks, indexes, linking, prepared, unchanged
from .archive import FAILED, STUCK, WARNED, WITHHELD, Result, Run, Shelf
from .execution import GIVEN
from .press import Press

Checks = Mapping[str, Callable[[str], object]]  # by parameter of a notebook: raises UserError for a value there is not
ENGINES = {engine.NAME: prepared.Prepared, "nbclient": execution.Stock}  # how the runs of a batch are executed
BEST = engine.NAME if forks.possible() else "nbclient"
ONLY_FAILED = "failed"  # of --only: the runs that failed the last time
FEW = 60  # schools of which a machine holds the judged books twice
EDITION = "edition"  # the notebook's parameter for whom it is; any other than the internal one stands in the run's name


class NothingFailed(UserError):
    """What failed the last time was to be made, and nothing had."""


@dataclass(frozen=True)
class Batch:
    """One entry of a parameter file: which notebook, and a text value for each of its parameters (but `workbooks`)."""

    notebook: Path
    values: dict[str, str]


@dataclass
class Outcome:
    """What a batch came to, and the index page to open."""

    index: Path
    total: int = 0  # runs that were asked for
    results: list[Result] = field(default_factory=list)
    stood: int = 0  # results that stood there before, unchanged
    # what was not begun or kept, in words: another window at work, a folder that is gone
    lost: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # a line for each fault of ours outside of a run

    @property
    def broken(self) -> tuple[str, ...]:
        """A line for each fault of ours: of a rule or a section, on a page that is there without it, and outside of the runs."""
        return (*self.faults, *dict.fromkeys(text for one in self.results for text in one.summary.get("broken", ())))

    @property
    def failed(self) -> tuple[Result, ...]:
        """The runs that failed."""
        return tuple(result for result in self.results if result.outcome == FAILED)

    @property
    def counts(self) -> dict[str, int]:
        """How far it is: runs asked for, made, unchanged, failed, left."""
        failed, seen = len(self.failed), len(self.results)
        made = seen - failed - self.stood
        return {"total": self.total, "made": made, "unchanged": self.stood, "failed": failed, "left": self.total - seen}

    @property
    def withheld(self) -> tuple[Result, ...]:
        """The runs of which the gate has refused a paper or an 附表, while all else of them is there."""
        return tuple(result for result in self.results if result.summary.get(WITHHELD))

    @property
    def stuck(self) -> tuple[str, ...]:
        """Files of before that somebody has open, so that they are not the new ones."""
        return tuple(f"{one.name}：{text}" for one in self.results for text in one.summary.get(STUCK, ()))

    @property
    def unreadable(self) -> tuple[str, ...]:
        """What the reports say of workbooks that are missing or cannot be read: file and remedy, each once."""
        return tuple(dict.fromkeys(text for result in self.results for text in result.summary.get("unreadable", ())))


def load(path: Path) -> tuple[Batch, ...]:
    """Read a parameter file strictly: one notebook and its `for`, or several under `make`. Raises UserError.

    A name without a folder is that of a file of the office, else of the package. The notebooks are looked for in ../notebooks,
    then likewise.
    """
    if not path.is_file():  # a name: the office's own, else the package's
        path = places.own(f"parameters/{path.name.removesuffix('.yaml')}.yaml")
    if not path.is_file():
        raise UserError(f"找不到参数文件“{path.name}”")
    try:
        data = declarations.load_yaml(path)
        several = isinstance(data, dict) and "make" in data
        if several:
            declarations.strict(path, "file", data, ("make",), ("make",))
        entries = data["make"] if several else [data]
        if not isinstance(entries, list) or not entries:
            raise UserError(f"参数文件“{path}”：make 下面每份报告各写一条，以 - 开头")
        for entry in entries:
            declarations.strict(path, "make" if several else "file", entry, ("notebook", "for"), ("notebook", "for"))
    except declarations.SchemaError as error:
        raise UserError(f"参数文件有误：{error}") from error
    return tuple(_entry(path, entry["notebook"], entry["for"]) for entry in entries)


def _entry(path: Path, notebook: object, values: object) -> Batch:
    if not isinstance(values, dict) or not all(isinstance(item, str) for pair in values.items() for item in pair):
        raise UserError(f'参数文件“{path}”：for 下面每个参数的值都要写成文字，数字请加引号，如 month: "2023-10"')
    if not isinstance(notebook, str) or not re.fullmatch(r"\w+", notebook):
        raise UserError(f"参数文件“{path}”：notebook 只写笔记本的名称，不带文件夹和 .ipynb")
    found = path.resolve().parent.parent / "notebooks" / f"{notebook}.ipynb"
    found = found if found.is_file() else places.own(f"notebooks/{notebook}.ipynb")
    if not found.is_file():
        raise UserError(f"参数文件“{path}”：找不到笔记本“{found}”")
    return Batch(found, values)


def check_names(batch: Batch, overrides: Mapping[str, str], names: Sequence[str]) -> None:
    """Raise UserError, with the nearest name, unless file and overrides name exactly the notebook's parameters."""
    allowed = [name for name in names if name != GIVEN]
    for name in (*batch.values, *overrides):
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, 1, 0.5)
            hint = f"是不是“{near[0]}”？" if near else f"可用的参数：{'、'.join(allowed)}"
            hint = "共享文件夹请用 --workbooks 指定" if name == GIVEN else hint
            raise UsageError(f"笔记本“{batch.notebook.stem}”没有参数“{name}”，{hint}")
    missing = [name for name in allowed if name not in batch.values]
    if missing or "school" not in allowed or not execution.kind(names):
        raise UserError(f"参数文件没有给出参数：{'、'.join(missing or ['school', *years.KINDS])}")


def wanted(batch: Batch, overrides: Mapping[str, str]) -> tuple[years.Period, ...]:
    """The periods an entry is for; a school year stands for all its months or rounds that have begun. Raises UsageError."""
    values = {**batch.values, **overrides}
    kind = execution.kind(tuple(values))
    try:
        return years.periods(kind, values[kind], dt.date.today())
    except ValueError as error:
        raise _unnamed(kind, str(error)) from error


def _unnamed(kind: str, text: str) -> UsageError:
    _, example, title = years.KINDS[kind]
    return UsageError(f"{title}“{text}”应写成 {example} 的样子{'（学年-学期-轮次）' if kind == 'round' else ''}")


def expand(
    batch: Batch, overrides: Mapping[str, str], schools: Sequence[School], period: years.Period
) -> tuple[Run, ...]:
    """The runs of an entry for one period: one for each school its `school` names; `all` means the town's own edition and
    every school.

    Pure. Raises UserError for a school nobody knows, naming the nearest.
    """
    values = {**batch.values, **overrides, period.kind: period.key}
    chosen: dict[str, str] = {}  # name of the run -> the notebook's `school`
    for text in filter(None, re.split(r"[,，、\s]+", values["school"])):
        if text in (ALL, TOWN):
            chosen[TOWN] = ALL
        if text == ALL:
            chosen |= {school.name: school.name for school in schools}
        elif text != TOWN:
            name, near = school_called(text, schools)
            if not name:
                hint = f"是不是“{near}”？" if near else "请核对“基础信息”的学校表"
                raise UsageError(f"登记表里没有学校“{text}”，{hint}")
            chosen[name] = name
    if not chosen:
        raise UsageError("没有指定学校：school=全镇、all（全镇和每所学校），或学校全称、代码，多个用逗号隔开")
    mark = editions.mark(values.get(EDITION, editions.INTERNAL))
    return tuple(Run(name + mark, {**values, "school": school}) for name, school in chosen.items())


def plan(
    batches: Sequence[Batch],
    overrides: Mapping[str, str],
    workbooks: Path,
    out: Path,
    only: Sequence[str] = (),
    checks: Checks = types.MappingProxyType({}),
) -> dict[Shelf, tuple[Path, tuple[School, ...], dict[str, Run]]]:
    """What a parameter file comes to: for each notebook and period its path, the year's schools and the runs by name.

    An override goes to every entry whose notebook has a parameter of that name; `year` also to one whose month or round is
    written as a school year, which stands for all of it. `only`: names of notebooks, all for none, and "failed" for the runs
    that failed the last time. `checks`: by parameter, what raises UserError for a value there is not. Raises UserError before
    anything is run.
    """
    failed, only = ONLY_FAILED in only, [name for name in only if name != ONLY_FAILED]
    unknown = [name for name in only if name not in {batch.notebook.stem for batch in batches}]
    if unknown:
        raise UsageError(
            f"参数文件里没有“{'、'.join(unknown)}”，有：{'、'.join({b.notebook.stem: 0 for b in batches})}"
        )
    batches = [batch for batch in batches if not only or batch.notebook.stem in only]
    names = {batch.notebook: execution.parameters(batch.notebook) for batch in batches}
    anywhere = {name for known in names.values() for name in known}
    schools: dict[str, tuple[School, ...]] = {}
    found: dict[Shelf, tuple[Path, tuple[School, ...], dict[str, Run]]] = {}
    for batch in batches:
        own = {name: text for name, text in overrides.items() if name in names[batch.notebook] or name not in anywhere}
        own |= {"year": overrides["year"]} if "year" in overrides else {}
        kind = execution.kind(names[batch.notebook])
        written = batch.values.get(kind, "")
        if "year" in own and kind != "year" and years.YEAR.fullmatch(written.removesuffix(years.SUMMER)):
            if not years.YEAR.fullmatch(own["year"].removesuffix(years.SUMMER)):
                raise _unnamed("year", own["year"])
            own[kind] = own.pop("year") + written[len(years.YEAR.match(written)[0]) :]
        check_names(batch, own, names[batch.notebook])
        for name, text in (batch.values | own).items():
            checks.get(name, str)(text)
        for period in wanted(batch, own):
            known = schools.setdefault(period.year, registry.registered(workbooks, period.year))
            shelf = Shelf(out, period, batch.notebook.stem)
            runs = {run.name: run for run in expand(batch, own, known, period)}
            if failed:
                runs = {
                    name: run for name, run in runs.items() if getattr(shelf.results.get(name), "outcome", "") == FAILED
                }
            if runs:
                found.setdefault(shelf, (batch.notebook, known, {}))[2].update(runs)
    if not found:
        raise NothingFailed("没有上次失败的报告，不用重做。")
    return found


def run(
    file: Path,
    overrides: Mapping[str, str],
    workbooks: Path,
    out: Path,
    *,
    only: Sequence[str] = (),
    dry_run: bool = False,
    say: Callable[[str], None] = print,
    tell: Callable[[dict[str, object]], None] = lambda event: None,
    checks: Checks = types.MappingProxyType({}),
    workers: int = 2,
    limits: execution.Limits = execution.Limits(),  # noqa: B008 - frozen
    with_engine: str = "",
    scheduler: str = "",
    force: bool = False,
) -> Outcome:
    """Execute a parameter file and publish what came of it under `out`; `dry_run` only says what would be run.

    `say` gets a line of Chinese for each finished run, `tell` an event (`_event`) before the first and after each.
    `with_engine` is one of ENGINES (empty: the best this system has), `scheduler` the address of a Dask cluster that is to do the
    runs. All of it sees one state of the shared folder. A run
    whose page depends on nothing that has changed is not made again, but with `force`. Raises UserError before anything is
    started (`plan`); a run that goes wrong later is a failed Result.
    """
    shelves = plan(load(file), overrides, workbooks, out.resolve(), only, checks)
    folder = next(iter(shelves)).path if len(shelves) == 1 else out.resolve()
    outcome = Outcome(folder / "index.html", sum(len(runs) for _, _, runs in shelves.values()))
    if dry_run:
        for shelf, item in ((shelf, item) for shelf, (_, _, runs) in shelves.items() for item in runs.values()):
            say(f"将生成 {item.name} {shelf.period.key}：{shelf.path / item.stem}.html")
        return outcome
    tell({"event": "begin", **outcome.counts})
    day = dt.date.today()  # of all that is made, over midnight too
    past = any(shelf.period.kind == "year" for shelf in shelves)
    with archive.scratch() as scratch:

        @cache
        def frozen(year: str) -> Path:  # all that is made sees one state of the shared folder
            return Path(scratch) / year / archive.snapshot(workbooks, year, Path(scratch) / year, past)

        engine = partial(cluster.Cluster, scheduler, with_engine) if scheduler else ENGINES[with_engine or BEST]
        made = _made(shelves, outcome, frozen, day, workers, engine, limits, force)
        with closing(made):
            for shelf, many, result, stood in made:
                what = _line(result, stood)
                say(f"[{len(outcome.results)}/{outcome.total}]{many} {what}")
                tell(_event(shelf, result, stood) | outcome.counts)
    tell({"event": "end", **outcome.counts, "lost": outcome.lost, "index": str(outcome.index)})
    if outcome.lost and not outcome.results and len(shelves) == 1:
        raise UserError(outcome.lost[0])
    for line in _remarks(outcome):
        say(line)
    return outcome


def _made(
    shelves: Mapping[Shelf, tuple[Path, Sequence[School], Mapping[str, Run]]],
    outcome: Outcome,
    frozen: Callable[[str], Path],
    day: dt.date,
    workers: int,
    engine: Callable[[execution.Limits], prepared.Engine],
    limits: execution.Limits,
    force: bool,
) -> Iterator[tuple[Shelf, str, Result, bool]]:
    """`_fill` for each shelf: the shelf, its title where there are several, the Result, whether it stood before. The Result and
    what keeps a shelf from being made go into the outcome.

    While the reports of one day are made, the books of the next are read and judged where `_early` says so.
    """

    def make(group: Sequence[tuple]) -> Iterator[tuple[Shelf, str, Result, bool] | None]:
        """The results of a group; before them, once its books are being read, and now and then after it, None."""
        with engine(limits) as held:
            for shelf, (notebook, schools, runs) in group:
                title = f"{execution.title(notebook)} {shelf.period.key}"
                fill = _fill(shelf, notebook, schools, tuple(runs.values()), frozen, day, workers, held, force)
                with _said_of(title, shelf, outcome), closing(fill), _listed(shelf, notebook, outcome, frozen) as own:
                    for one in fill:
                        if one:
                            own.append(one[0])
                            outcome.results.append(one[0])
                            outcome.stood += one[1]
                        yield one and (shelf, f" {title}" if len(shelves) > 1 else "", *one)

    # an engine keeps what it has read and judged for as long as the reports are of one year and as of one day
    grouped = itertools.groupby(shelves.items(), key=lambda one: (one[0].period.year, one[0].period.days[1]))
    # first those of several runs: what is worked out for all of them stays for the reports after them
    groups = [sorted(group, key=lambda one: len(one[1][2]) == 1) for _, group in grouped]
    with ExitStack() as stack:
        made = [stack.enter_context(closing(make(group))) for group in groups]
        begun = 0
        for last, group in enumerate(made, start=1):
            until = last + (last < len(groups) and _early(engine, *groups[last][0][1][:2]))
            for one in made[begun:until]:
                next(one, None)
            begun = until
            yield from filter(None, group)


def _early(engine: object, notebook: Path, schools: Sequence[School]) -> bool:
    """Whether what a report needs may be read and judged while those before it are made: it lists none of them, two states of the
    books find room, and a process of its own does it.
    """
    return engine is prepared.Prepared and notebook.stem not in unchanged.LISTING and len(schools) <= FEW


def _event(shelf: Shelf, result: Result, stood: bool) -> dict[str, object]:
    """What a scheduler wants to know of a run that has ended; no pupil is named in it."""
    held = {name: result.summary[name] for name in ("errors", "warnings") if name in result.summary}
    what = "unchanged" if stood else "failed" if result.outcome == FAILED else "made"
    page = str(shelf.path / result.page) if result.page else ""
    return {
        "event": "run", "outcome": what, "notebook": shelf.notebook, "period": shelf.period.key, "name": result.name,
        "seconds": round(result.seconds, 1), "reason": result.reason, "why": result.stood if stood else result.why, "page": page, **held,
    }  # fmt: skip


def _remarks(outcome: Outcome) -> Iterator[str]:
    """What is to be said of the whole when it is done."""
    yield from (f"没有生成 {text}" for text in outcome.lost)
    yield from outcome.broken
    yield from (f"读不到：{text}" for text in outcome.unreadable)
    yield from (f"没有换新 {text}" for text in outcome.stuck)
    for result in outcome.results:
        for text in result.summary.get(WARNED, ()):
            yield f"请看一下 {result.name} {result.summary.get('period', '')}：{text}"
    counts = outcome.counts
    words = (("完成", "made"), ("没有变", "unchanged"), ("失败", "failed"), ("没有做", "left"))
    parts = "，".join(f"{word} {counts[name]}" for word, name in words if counts[name] or name == "made")
    again = f"。改好后只重做失败的：在同一条命令后面加 --only {ONLY_FAILED}" if counts["failed"] else ""
    yield f"共 {counts['total']} 份：{parts}{again}"


@contextmanager
def _said_of(title: str, shelf: Shelf, outcome: Outcome) -> Iterator[None]:
    """What keeps the reports of one notebook and period from being made is said of these, and the others go on."""
    try:
        yield
    except UserError as error:
        outcome.lost.append(f"{title}：{error}")
    except OSError as error:
        outcome.lost.append(f"{title}：“{error.filename or shelf.path}”{saving.why(error)}")
    except Exception as error:
        outcome.faults.append(fault(f"{title} 没有做完", error))


@contextmanager
def _listed(shelf: Shelf, notebook: Path, outcome: Outcome, frozen: Callable[[str], Path]) -> Iterator[list[Result]]:
    """Whatever ends the runs of a shelf, Ctrl-C as well: the index pages say what is done, if anything was put into the list."""
    own: list[Result] = []
    try:
        yield own
    finally:
        if own:
            archive.write_whole(shelf.path / "index.html", indexes.index(shelf, execution.title(notebook)))
            linking.lead(shelf)
            name = registry.town_name(frozen(shelf.period.year), shelf.period.year)
            archive.write_whole(shelf.out / "index.html", indexes.overview(archive.shelves(shelf.out), name=name))
            outcome.lost += indexes.laid(shelf.path / indexes.TIDY, indexes.tidy(shelf))


def _fill(
    shelf: Shelf,
    notebook: Path,
    schools: Sequence[School],
    runs: Sequence[Run],
    frozen: Callable[[str], Path],
    day: dt.date,
    workers: int,
    engine: prepared.Engine,
    force: bool,
) -> Iterator[tuple[Result, bool] | None]:
    """Execute the runs of one notebook and period on one snapshot; each Result as soon as it stands in the manifest, and whether
    it stood there before. First, when the engine has been told to read the books, None.
    """
    (shelf.path / "logs").mkdir(parents=True, exist_ok=True)
    with archive.alone(shelf.path), archive.scratch() as scratch:
        archive.sweep(shelf)
        year, past = shelf.period.year, shelf.period.kind == "year"
        taken = archive.snapshot(frozen(year), year, shelf.path / "inputs", past)
        archive.tell(Path(scratch), shelf, day)
        press = Press(notebook, shelf, taken, Path(scratch), engine)
        results = shelf.results
        standing = {} if force else press.unchanged.standing(runs, results)
        if len(standing) < len(runs):
            press.open([item for item in runs if item.name not in standing])
        yield None
        pool = ThreadPoolExecutor(max(workers, engine.width))  # its threads only wait: each run is a process of its own
        try:
            if not force:
                standing |= press.unchanged.weighed(
                    [item for item in runs if item.name not in standing], results, workers
                )
            if any(results[name] != result for name, result in standing.items()):
                results |= standing
                shelf.save(_ordered(results, schools))
            yield from ((result, True) for result in standing.values())
            runs = [item for item in runs if item.name not in standing]
            waiting = {pool.submit(press.execute, item): item for item in runs}
            for done in as_completed(waiting):
                item = waiting.pop(done)  # with what it gave, which is large
                result = press.publish(item, *done.result(), press.unchanged.why(item, results.get(item.name)))
                results[result.name] = archive.after(result, results.get(result.name))
                shelf.save(_ordered(results, schools))
                yield result, False
        except BaseException:
            engine.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _ordered(results: Mapping[str, Result], schools: Sequence[School]) -> list[Result]:
    rank = {name: place for place, name in enumerate([TOWN, *(school.name for school in schools)])}
    return sorted(results.values(), key=lambda result: (rank.get(result.name, len(rank)), result.name))


def _line(result: Result, stood: bool = False) -> str:
    if stood:
        return f"没有变，不用重做 {result.name}" + (f"：{result.stood}" if result.stood != unchanged.SAME else "")
    if result.outcome == FAILED:
        return f"失败 {result.name}：{result.reason}"
    counts = {"错误": result.summary.get("errors"), "警告": result.summary.get("warnings")}
    found = "，".join(f"{word} {number}" for word, number in counts.items() if number is not None)
    refused = "；".join(f"{name}：{why}" for name, why in result.summary.get(WITHHELD, {}).items())
    done = f"完成 {result.name} {result.seconds:.0f} 秒" + (f"：{found}" if found else "")
    return done + (f"；没有放行 {refused}" if refused else "")
