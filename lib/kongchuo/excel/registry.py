"""What the workbook 基础信息 alone says, read without the rest of the year: the schools in use, their classes, the town's name."""

from collections.abc import Mapping
from pathlib import Path

from ..core import schema
from ..core.findings import UserError
from ..core.numbers import NUMERALS, natural
from ..core.workbooks import Table
from ..facts.references import School, class_label, school_called, schools_in
from . import folders, reading


def registered(workbooks: Path, year: str) -> tuple[School, ...]:
    """The schools in use by the registry; where it cannot be read, the schools' folders. UserError without a year's folder."""
    folder = workbooks / year
    if not folder.is_dir():
        raise UserError(f"共享文件夹“{workbooks}”里没有“{year}”学年的文件夹，请核对 --workbooks 和月份")
    table = _registry(workbooks, year).get("school")
    if table is None or table.frame["school_name"].dropna().empty:
        homes = sorted(
            (path.name for path in folder.iterdir() if path.is_dir() and path.name != schema.CENTRE), key=natural
        )
        return tuple(map(School, homes))
    rows = table.frame
    return schools_in(rows[rows["active"].fillna(True).astype(bool) & (rows["stage"] != schema.CENTRE)])


def town_name(workbooks: Path, year: str) -> str:
    """The town's name, as that of its 中心学校 begins; "" where the registry does not say it."""
    table = _registry(workbooks, year).get("school")
    if table is None:
        return ""
    names = table.frame.loc[table.frame["stage"] == schema.CENTRE, "school_name"].dropna()
    return names.iloc[0].partition(schema.CENTRE)[0] if len(names) else ""


def rooms(workbooks: Path, year: str) -> dict[str, list[str]]:
    """School -> what its classes are called by the registry, from the first grade up; none where it cannot be read."""
    table, known = _registry(workbooks, year).get("class"), registered(workbooks, year)
    found: dict[str, set[str]] = {school.name: set() for school in known}
    rows = [] if table is None else table.frame[["school_code", "class_name"]].dropna().itertuples(index=False)
    for code, name in rows:
        found.get(school_called(code, known)[0], set()).add(class_label(name))
    by_grade = {
        home: sorted(own, key=lambda name: (NUMERALS.find(name[:1]), natural(name))) for home, own in found.items()
    }
    return {home: own for home, own in by_grade.items() if own}


def _registry(workbooks: Path, year: str) -> Mapping[str, Table]:
    known = schema.default()
    book = known.book_of["school"]
    name = f"{year}/{schema.CENTRE}/{book.title}.xlsx"
    if not (workbooks / name).is_file():
        return {}
    return reading.read_workbook(workbooks / name, name, book, known.codes).tables


def newest(workbooks: Path) -> dict[str, list[str]]:
    """The schools in the newest school year of a shared folder, each with its classes (`rooms`); none where it has no year."""
    held = folders.school_years(workbooks)
    own = rooms(workbooks, held[-1]) if held else {}
    return {school.name: own.get(school.name, []) for school in registered(workbooks, held[-1])} if held else {}
