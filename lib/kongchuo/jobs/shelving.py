"""Where returns lie: <out>/returns/<school>/ for the newest school year of the shared folder, <out>/returns/<year>/<school>/ for others.

When a new year begins, what lay directly under returns moves into the folder of its year, so that no copy takes the place of last
year's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.places import RECORDS, RETURNS
from ..core.tables import Workbook
from ..workbooks.reading import folders

ORIGINALS = "原件"
YEAR = "学年.txt"  # beside the records: the year whose returns lie directly under returns
BEFORE = "上学年"  # begins the name of what this year says of last year's workbook


@dataclass(frozen=True)
class Shelf:
    """The returns of one school year."""

    out: Path
    year: str
    newest: bool

    @property
    def records(self) -> Path:
        """The folder of the records (see following)."""
        return self.out / RETURNS / RECORDS

    def path(self, name: str, ends: str) -> Path:
        """Where what belongs to a workbook lies: `name` as in the shared folder, `ends` what follows its stem."""
        year, home, file = name.split("/")
        folder = self.out / RETURNS / home if self.newest else self.out / RETURNS / self.year / home
        return folder / f"{'' if year == self.year else BEFORE}{Path(file).stem}{ends}"

    def copy(self, workbook: Workbook) -> Path:
        """Where the marked copy of a workbook lies."""
        return self.path(workbook.name, f"_校验{Path(workbook.name).suffix}")


def shelf(out: Path, shared: Path, year: str) -> Shelf:
    """The returns of a school year of a shared folder; those of the year before make room when a new one has begun."""
    newest = max((path.name for path in shared.iterdir() if folders.is_year(path.name)), default=year)
    note = out / RETURNS / RECORDS / YEAR
    with suppress(OSError):  # what stands in the way will be said when something is written
        was = note.read_text("utf-8").strip() if note.is_file() else ""
        if folders.is_year(was) and was < newest:
            for path in sorted((out / RETURNS).iterdir()):
                if path.is_dir() and path.name not in (ORIGINALS, RECORDS) and not folders.is_year(path.name):
                    (out / RETURNS / was).mkdir(exist_ok=True)
                    path.rename(out / RETURNS / was / path.name)
        if was != newest:
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(newest, "utf-8")
    return Shelf(out, year, year == newest)
