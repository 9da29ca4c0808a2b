"""Workbooks from which pasting took drop-downs and formats, put right as copies: <out>/returns/<school>/<workbook>_修复.xlsx.

Staff look at the copy and put it in place of their file themselves; theirs is never touched.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core import schema as schemas
from ..core.findings import UserError
from ..core.places import RETURNS
from ..core.workbooks import Workbook
from ..excel import folders, reading, repairing, saving
from ..excel.parts import Refused, changed_apart
from . import returning


@dataclass(frozen=True)
class Told:
    """What became of one workbook: its name, where its repaired copy is (None: nothing to repair), why it was refused."""

    name: str
    path: Path | None = None
    refused: str = ""


def repair(paths: Sequence[Path], out: Path, say: Callable[[str], None] = lambda line: None) -> list[Told]:
    """Look at each workbook asked for and make a repaired copy of each that needs one; `say` is told in Chinese what was done.

    Raises UserError where nothing can be found.
    """
    schema = schemas.default()
    shared, names, shelf = asked_for(paths, out, schema)
    told = [_one(shared, name, shelf, schema, say) for name in names]
    made, refused = sum(bool(one.path) for one in told), sum(bool(one.refused) for one in told)
    more = f"；{refused} 个没有修复" if refused else ""
    say(f"看了 {len(told)} 个工作簿，修好副本 {made} 个，原文件没有动{more}。")
    return told


def asked_for(paths: Sequence[Path], out: Path, schema: schemas.Schema) -> tuple[Path, list[str], returning.Shelf]:
    """The shared folder, the names of the workbooks in it that were asked for, and where their copies go. Raises UserError."""
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
    return shared, names, returning.shelf_of(out, shared, year)


def _one(shared: Path, name: str, shelf: returning.Shelf, schema: schemas.Schema, say: Callable[[str], None]) -> Told:
    path = shared / name
    copy = shelf.path(name, f"_修复{path.suffix}")
    workbook = reading.read_workbook(path, name, schema.by_stem[path.stem], schema.codes)
    try:
        if not workbook.read:
            raise Refused("读不到或打不开")
        data = path.read_bytes()
        saving.same(data, workbook.sha256)
        made = changed_apart(repairing.repaired, data, workbook, schema, size=len(data))
        if made.done:
            _write(copy, made, workbook, path)
        else:
            with suppress(OSError):  # the copy of before repairs what is whole by now
                copy.unlink(missing_ok=True)
    except (Refused, OSError) as error:
        why = str(error) if isinstance(error, Refused) else "读不到"
        say(f"  {name}：没有修复，{why}")
        return Told(name, refused=why)
    for line in _lines(name, made, workbook, copy):
        say(line)
    return Told(name, copy if made.done else None)


def _write(copy: Path, made: repairing.Repaired, workbook: Workbook, path: Path) -> None:
    """Write the repaired copy and read it back: in it must stand what was read in the workbook."""
    saving.write_copy(copy, made.data, like=path)
    again = reading.read_workbook(copy, workbook.name, workbook.book, schemas.default().codes)
    alike = copy.read_bytes() == made.data and again.tables.keys() == workbook.tables.keys()
    if not alike or not all(
        again.tables[name].frame.equals(table.frame) and again.tables[name].unread == table.unread
        for name, table in workbook.tables.items()
    ):
        copy.unlink(missing_ok=True)
        raise Refused("修复后读回来的内容不一样，没有采用")


def _lines(name: str, made: repairing.Repaired, workbook: Workbook, copy: Path) -> Iterator[str]:
    lost = repairing.lost_digits(workbook)
    if not (made.done or made.left or lost):
        return
    yield f"  {name}：{f'修好的副本在 {copy}' if made.done else '没有要修复的'}"
    for title in dict.fromkeys((*made.done, *made.left, *lost)):
        for line in (*made.done.get(title, ()), *made.left.get(title, ())):
            yield f"    {title}：{line}"
        if title in lost:
            yield f"    {title}：{repairing.shortened(lost[title])}是长数字，末几位已经丢失，请对照原件重录；程序不猜"
