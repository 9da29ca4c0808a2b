"""A parameter file to runs, and runs to executed notebooks, pages, a manifest and an index: one process a run, two at a time.

A school's failure is the failure of its run only. What a run has read is kept beside it as a snapshot.
"""

from __future__ import annotations

import ast
import datetime as dt
import difflib
import hashlib
import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ..core import schema, years
from ..core.findings import UsageError, UserError
from ..core.places import ALL, PACKAGE
from ..field.references import School, school_called, schools_in
from ..workbooks import reading
from . import archive, execution, pages
from .archive import DONE, FAILED, TOWN, Month, Result, safe_name

GIVEN = "workbooks"  # the notebook's parameter that the batch itself fills: the snapshot


@dataclass(frozen=True)
class Batch:
    """A parameter file: which notebook, and a text value for each of its parameters (but `workbooks`)."""

    notebook: Path
    values: dict[str, str]


@dataclass(frozen=True)
class Run:
    """One execution: its name (school or 全镇) and the parameters the notebook gets."""

    name: str
    parameters: dict[str, str]

    @property
    def stem(self) -> str:
        """The file name, without ending, of everything this run leaves."""
        return TOWN if self.parameters["school"] == ALL else safe_name(self.name)


@dataclass(frozen=True)
class Outcome:
    """What a batch came to, and the index page to open."""

    index: Path
    results: tuple[Result, ...] = ()

    @property
    def failed(self) -> tuple[Result, ...]:
        """The runs that failed."""
        return tuple(result for result in self.results if result.outcome == FAILED)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """What the reports say of workbooks that are missing or cannot be read: file and remedy, each once."""
        return tuple(dict.fromkeys(text for result in self.results for text in result.summary.get("unreadable", ())))


def load(path: Path) -> Batch:
    """Read a parameter file strictly; the notebook is looked for in ../notebooks. Raises UserError."""
    if not path.is_file():
        raise UserError(f"找不到参数文件“{path}”")
    try:
        data = schema.load_yaml(path)
        schema.strict(path, "file", data, ("notebook", "for"), ("notebook", "for"))
    except schema.SchemaError as error:
        raise UserError(f"参数文件有误：{error}") from error
    notebook, values = data["notebook"], data["for"]
    if not isinstance(values, dict) or not all(isinstance(item, str) for pair in values.items() for item in pair):
        raise UserError(f'参数文件“{path}”：for 下面每个参数的值都要写成文字，数字请加引号，如 month: "2023-10"')
    if not isinstance(notebook, str) or not re.fullmatch(r"\w+", notebook):
        raise UserError(f"参数文件“{path}”：notebook 只写笔记本的名称，不带文件夹和 .ipynb")
    found = path.resolve().parent.parent / "notebooks" / f"{notebook}.ipynb"
    if not found.is_file():
        raise UserError(f"参数文件“{path}”：找不到笔记本“{found}”")
    return Batch(found, values)


def declared(notebook: Path) -> tuple[str, ...]:
    """The names assigned in the notebook's cell tagged `parameters`; raises UserError when it has none."""
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if "parameters" in cell["metadata"].get("tags", ()):
            body = ast.parse("".join(cell["source"])).body
            return tuple(target.id for line in body if isinstance(line, ast.Assign) for target in line.targets)
    raise UserError(f"笔记本“{notebook.name}”没有标记为 parameters 的单元格")


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
    if missing or "school" not in allowed or "month" not in allowed:
        raise UserError(f"参数文件没有给出参数：{'、'.join(missing or ['school', 'month'])}")


def expand(batch: Batch, overrides: Mapping[str, str], schools: Sequence[School]) -> tuple[Run, ...]:
    """The runs of a batch: one for each school its `school` names; `all` means the town's own edition and every school.

    Pure. Raises UserError for a month that is none and for a school nobody knows, naming the nearest.
    """
    values = {**batch.values, **overrides}
    if not years.MONTH.fullmatch(values["month"]):
        raise UsageError(f"月份“{values['month']}”应写成 2023-10 的样子")
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
        raise UsageError("没有指定学校：school=all 或学校全称、代码，多所用逗号隔开")
    return tuple(Run(name, {**values, "school": school}) for name, school in chosen.items())


def registered(workbooks: Path, year: str) -> tuple[School, ...]:
    """The schools in use by the registry; where it cannot be read, the schools' folders. UserError without a year's folder."""
    folder = workbooks / year
    if not folder.is_dir():
        raise UserError(f"共享文件夹“{workbooks}”里没有“{year}”学年的文件夹，请核对 --workbooks 和月份")
    known = schema.default()
    book = known.book_of["school"]
    name = f"{year}/{schema.CENTRE}/{book.title}.xlsx"
    table = None
    if (workbooks / name).is_file():
        table = reading.read_workbook(workbooks / name, name, book, known.codes).tables.get("school")
    if table is None or table.frame["school_name"].dropna().empty:
        homes = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != schema.CENTRE)
        return tuple(map(School, homes))
    rows = table.frame
    return schools_in(rows[rows["active"].fillna(True).astype(bool) & (rows["stage"] != schema.CENTRE)])


def run(
    file: Path,
    overrides: Mapping[str, str],
    workbooks: Path,
    out: Path,
    *,
    dry_run: bool = False,
    say: Callable[[str], None] = print,
    workers: int = 2,
    limits: execution.Limits = execution.Limits(),  # noqa: B008 - frozen
) -> Outcome:
    """Execute a parameter file and publish what came of it under `out`; `dry_run` only says what would be run.

    `say` gets a line of Chinese for each finished run. Raises UserError before anything is started; a run that goes wrong
    later is a failed Result.
    """
    batch = load(file)
    check_names(batch, overrides, declared(batch.notebook))
    wanted = {**batch.values, **overrides}["month"]
    schools = registered(workbooks, years.year_of(wanted)) if years.MONTH.fullmatch(wanted) else ()
    runs = expand(batch, overrides, schools)
    month = Month(out.resolve(), wanted, batch.notebook.stem)
    index = month.path / "index.html"
    if dry_run:
        for item in runs:
            say(f"将生成 {item.name} {wanted}：{month.path / item.stem}.html")
        return Outcome(index)
    (month.path / "logs").mkdir(parents=True, exist_ok=True)
    with (
        archive.alone(month.path),
        tempfile.TemporaryDirectory(prefix="kongchuo-", ignore_cleanup_errors=True) as scratch,
    ):
        taken = archive.snapshot(workbooks, years.year_of(wanted), month.path / "inputs")
        archive.tell_records(Path(scratch), out)
        archive.tell_earlier(Path(scratch), out, years.year_of(wanted), wanted)
        press = _Press(batch.notebook, month, taken, Path(scratch), limits)
        results = month.results
        made = []
        pool = ThreadPoolExecutor(workers)  # its threads only wait: each run is a process of its own
        try:
            waiting = {pool.submit(press.execute, item): item for item in runs}
            for done in as_completed(waiting):
                result = press.publish(waiting[done], *done.result())
                results[result.name] = archive.after(result, results.get(result.name))
                month.save(_ordered(results, schools))
                made.append(result)
                say(f"[{len(made)}/{len(runs)}] {_line(result)}")
            for text in Outcome(index, tuple(made)).unreadable:
                say(f"读不到：{text}")
        finally:
            pool.shutdown(cancel_futures=True)
        archive.write_whole(index, pages.index(month, _title(batch.notebook)))
        archive.write_whole(out / "index.html", pages.overview(archive.months(out)))
    return Outcome(index, tuple(made))


def _ordered(results: Mapping[str, Result], schools: Sequence[School]) -> list[Result]:
    rank = {name: place for place, name in enumerate([TOWN, *(school.name for school in schools)])}
    return sorted(results.values(), key=lambda result: (rank.get(result.name, len(rank)), result.name))


def _line(result: Result) -> str:
    if result.outcome == FAILED:
        return f"失败 {result.name}：{result.reason}"
    counts = {"错误": result.summary.get("errors"), "警告": result.summary.get("warnings")}
    found = "，".join(f"{word} {number}" for word, number in counts.items() if number is not None)
    return f"完成 {result.name} {result.seconds:.0f} 秒" + (f"：{found}" if found else "")


def _title(notebook: Path) -> str:
    """The notebook's first heading."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return next((text.splitlines()[0].lstrip("# ") for text in texts if text), notebook.stem)


class _Press:
    """What all runs of one batch share: the notebook, the month's folder, the snapshot they read, the scratch folder."""

    def __init__(self, notebook: Path, month: Month, snapshot: str, scratch: Path, limits: execution.Limits):
        self.notebook, self.month, self.snapshot, self.scratch, self.limits = notebook, month, snapshot, scratch, limits
        self.inputs = month.path / "inputs" / snapshot
        self.stamp = {
            "code": f"{version('kongchuo')}+{archive.fingerprint(PACKAGE.rglob('*.py'), PACKAGE)}",
            "schema": archive.fingerprint(PACKAGE.glob("books/*.yaml"), PACKAGE),
            "notebook_sha256": hashlib.sha256(notebook.read_bytes()).hexdigest(),
        }

    def execute(self, item: Run) -> tuple[dt.datetime, float, execution.Verdict]:
        """Run one notebook to its verdict; returns it with start and wall seconds."""
        started, began = dt.datetime.now().astimezone(), time.monotonic()
        folder = self.scratch / item.stem
        folder.mkdir()
        parameters = item.parameters | {GIVEN: str(self.inputs)}
        verdict = execution.execute(self.notebook, folder / "out.ipynb", parameters, self.limits)
        return started, time.monotonic() - began, verdict

    def publish(self, item: Run, started: dt.datetime, seconds: float, verdict: execution.Verdict) -> Result:
        """Put page and notebook in their place if the run is good and the page passes the gate; the Result either way."""
        reason, log = verdict.reason, self.month.path / "logs" / f"{item.stem}.log"
        page, notebook = f"{item.stem}.html", f"{item.stem}.ipynb"
        if not reason:
            try:
                text = pages.render(verdict.notebook, f"{item.name} {self.month.month} {_title(self.notebook)}")
                archive.write_whole(self.month.path / notebook, verdict.notebook)
                archive.write_whole(self.month.path / page, text)
            except UserError as error:
                reason = str(error)
            except OSError as error:
                reason = f"报告写不进“{self.month.path}”：{error.strerror}"
        log.unlink(missing_ok=True)
        if verdict.log.strip() and reason.startswith(execution.FAULT):
            archive.write_whole(log, archive.masked(verdict.log))
            reason += f"，详见 logs/{log.name}"
        good = {"outcome": DONE, "page": page, "notebook": notebook, "summary": verdict.summary}
        bad = {"outcome": FAILED, "reason": archive.masked(" ".join(reason.split()))}
        return Result(
            name=item.name,
            parameters=item.parameters,
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 1),
            snapshot=self.snapshot,
            **self.stamp,
            **(bad if reason else good),
        )
