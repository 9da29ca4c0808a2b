"""How the reports stand: which are made, which failed and why, and whether the shared folder has changed since."""

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ..core.findings import UserError
from ..core.places import own
from . import archive, execution

NEW, CHANGED, UNKNOWN = "没有变", "已变", "读不到"
REDO = "台账之后变过，再运行一次就重做变了的"


def status(out: Path, workbooks: Path) -> list[dict[str, object]]:
    """A line for each report and period under `out`, latest first: notebook, title, period, how many runs stand and failed (name
    and reason), when the last was made, its index page, and whether the workbooks are as they were for all of it.

    Raises UserError where nothing was made.
    """

    @cache
    def state(year: str, past: bool) -> str:
        with tempfile.TemporaryDirectory() as folder:
            return archive.snapshot(workbooks, year, Path(folder), past)

    found = []
    for shelf in archive.shelves(out):
        results = shelf.results.values()
        try:
            now = state(shelf.period.year, shelf.period.kind == "year")
            books = NEW if {one.snapshot for one in results} == {now} else CHANGED
        except OSError:
            books = UNKNOWN
        notebook = own(f"notebooks/{shelf.notebook}.ipynb")
        found.append(
            {
                "notebook": shelf.notebook,
                "title": execution.title(notebook) if notebook.is_file() else shelf.notebook,
                "period": shelf.period.key,
                "made": sum(one.outcome != archive.FAILED for one in results),
                "failed": {one.name: one.reason for one in results if one.outcome == archive.FAILED},
                "last": max((one.started for one in results), default=""),
                "workbooks": books,
                "index": str(shelf.path / "index.html"),
            }
        )
    if not found:
        raise UserError(
            f"“{out}”里还没有报告。请到办公文件夹里，先运行 kongchuo run monthly month=2023-10（写要做的月份）"
        )
    return found


def told(found: list[dict[str, object]]) -> Iterator[str]:
    """The same in words."""
    for one in found:
        when = str(one["last"])[:16].replace("T", " ")
        changed = {NEW: "", CHANGED: f"；{REDO}", UNKNOWN: "；共享文件夹读不到，不知道台账变过没有"}[
            str(one["workbooks"])
        ]
        failed = f"，失败 {len(one['failed'])} 份" if one["failed"] else ""
        yield f"{one['title']} {one['period']}：{one['made']} 份{failed}，{when} 生成{changed}"
        yield from (f"  失败 {name}：{reason}" for name, reason in one["failed"].items())
