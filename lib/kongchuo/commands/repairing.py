"""Workbooks put right or brought up to date as copies: <out>/returns/<school>/<workbook>_修复.xlsx has again what pasting took out of it,
…_新模板.xlsx is of the present template.

Staff look at a repaired copy and put it in place of their file themselves; theirs is never touched. A new template takes the place of
the old one only where that is wanted and everything goes along, the file as it was kept under returns/原件/<day>/.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core import schema as schemas
from ..core.findings import UserError
from ..core.places import RETURNS
from ..core.workbooks import Workbook
from ..excel import folders, migrating, reading, repairing, saving
from ..excel.parts import Refused, changed_apart
from .returning import ORIGINALS, Shelf, shelf_of

Say = Callable[[str], None]
Work = Callable[[Path, Workbook, Shelf], tuple[Path | None, Sequence[str]]]


@dataclass(frozen=True)
class Told:
    """What became of one workbook: its name, where what was made of it is (None: nothing was to be made), why it was refused."""

    name: str
    path: Path | None = None
    refused: str = ""


def repair(paths: Sequence[Path], out: Path, say: Say = lambda line: None) -> list[Told]:
    """Look at each workbook asked for and make a repaired copy of each that needs one; `say` is told in Chinese what was done.

    Raises UserError where nothing can be found.
    """
    told, more = _each(paths, out, "修复", _repaired, say)
    say(f"看了 {len(told)} 个工作簿，修好副本 {sum(bool(one.path) for one in told)} 个，原文件没有动{more}。")
    return told


def migrate(paths: Sequence[Path], out: Path, in_place: bool = False, say: Say = lambda line: None) -> list[Told]:
    """Bring each workbook asked for that is of an older template into the present one; `say` is told in Chinese what was done.

    Raises UserError where nothing can be found.
    """
    told, more = _each(paths, out, "搬", lambda *given: _moved(*given, in_place), say)
    made, old = sum(bool(one.path) for one in told), sum(bool(one.path or one.refused) for one in told)
    say(f"看了 {len(told)} 个工作簿，旧模板的 {old} 个，搬进新模板 {made} 个{more}。")
    return told


def _each(paths: Sequence[Path], out: Path, what: str, work: Work, say: Say) -> tuple[list[Told], str]:
    """What `work` makes of each workbook asked for, and in words how many it refused."""
    schema, told = schemas.default(), []
    shared, year, wanted = folders.locate(list(paths))
    names = [
        path.relative_to(shared).as_posix()
        for path in sorted((shared / year).glob("*/*.xlsx"))
        if path.stem in schema.by_stem and not path.parent.name.startswith((".", "~"))
    ]
    names = [name for name in names if not wanted or any(name == one or name.startswith(f"{one}/") for one in wanted)]
    if not names:
        raise UserError("要找的工作簿一个也没有找到，请检查路径。")
    saving.sweep(out / RETURNS)
    for name in names:
        path, lines = shared / name, []
        try:
            workbook = reading.read_workbook(path, name, schema.by_stem[path.stem], schema.codes)
            put, lines = work(path, workbook, shelf_of(out, shared, year))
            told.append(Told(name, put))
        except (Refused, OSError) as error:
            why = str(error) if isinstance(error, Refused) else "读不到"
            told.append(Told(name, refused=why))
            lines = [f"  {name}：没有{what}，{why}"]
        for line in lines:
            say(line)
    refused = sum(bool(one.refused) for one in told)
    return told, f"；{refused} 个没有{what}" if refused else ""


def _changed(change: Callable, path: Path, workbook: Workbook, *given: object) -> object:
    """What `change` makes of a workbook, in a process apart."""
    data = path.read_bytes()
    saving.same(data, workbook.sha256)
    return changed_apart(change, data, workbook, *given, size=len(data))


def _write(
    copy: Path, data: bytes, path: Path, workbook: Workbook, alike: Callable[[Workbook], bool], did: str
) -> None:
    """Write a copy and read it back: it must be `alike`, or nobody gets it."""
    saving.write_copy(copy, data, like=path)
    if not alike(reading.read_workbook(copy, workbook.name, workbook.book, schemas.default().codes)):
        copy.unlink(missing_ok=True)
        raise Refused(f"{did}后读回来的内容不一样，没有采用")


def _repaired(path: Path, workbook: Workbook, shelf: Shelf) -> tuple[Path | None, Sequence[str]]:
    if not workbook.read:
        raise Refused("读不到或打不开")
    copy = shelf.path(workbook.name, f"_修复{path.suffix}")
    made = _changed(repairing.repaired, path, workbook, schemas.default())

    def alike(again: Workbook) -> bool:
        return copy.read_bytes() == made.data and again.tables.keys() == workbook.tables.keys() and all(
            again.tables[name].frame.equals(table.frame) and again.tables[name].unread == table.unread
            for name, table in workbook.tables.items()
        )  # fmt: skip

    if made.done:
        _write(copy, made.data, path, workbook, alike, "修复")
    else:
        with suppress(OSError):  # the copy of before repairs what is whole by now
            copy.unlink(missing_ok=True)
    return copy if made.done else None, tuple(_lines(made, workbook, copy))


def _lines(made: repairing.Repaired, workbook: Workbook, copy: Path) -> Iterator[str]:
    lost = repairing.lost_digits(workbook)
    if not (made.done or made.left or lost):
        return
    yield f"  {workbook.name}：{f'修好的副本在 {copy}' if made.done else '没有要修复的'}"
    for title in dict.fromkeys((*made.done, *made.left, *lost)):
        for line in (*made.done.get(title, ()), *made.left.get(title, ())):
            yield f"    {title}：{line}"
        if title in lost:
            yield f"    {title}：{repairing.shortened(lost[title])}是长数字，末几位已经丢失，请对照原件重录；程序不猜"


def _moved(path: Path, workbook: Workbook, shelf: Shelf, in_place: bool) -> tuple[Path | None, Sequence[str]]:
    if not workbook.read:
        raise Refused(f"{workbook.findings[0].message}。{workbook.findings[0].fix}")
    if not migrating.is_older(workbook):
        return None, ()
    put = shelf.path(workbook.name, f"_新模板{path.suffix}")
    made = _changed(migrating.moved, path, workbook, path.stem, schemas.default())

    def alike(again: Workbook) -> bool:
        whole = again.read and not migrating.is_older(again) and again.tables.keys() >= workbook.tables.keys()
        return whole and all(
            again.tables[name].frame.reset_index(drop=True).equals(table.frame.reset_index(drop=True))
            for name, table in workbook.tables.items()
        )

    _write(put, made.data, path, workbook, alike, "搬进新模板")
    says = f"新模板的副本在 {put}"
    if in_place and made.left:
        says = f"有没带过来的，只做了副本，请看过再换：{says}"
    elif in_place:
        kept = shelf.out / RETURNS / ORIGINALS / f"{dt.date.today()}" / workbook.home
        saving.write_in_place(path, made.data, workbook.sha256, kept)
        put.unlink(missing_ok=True)
        put, says = path, "已换成新模板"
    left = (f"没有带过来，原件里还在：{line}" for line in made.left)
    return put, (f"  {workbook.name}：{says}", *(f"    {line}" for line in (*made.done, *left)))
