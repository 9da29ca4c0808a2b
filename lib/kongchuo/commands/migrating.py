"""Workbooks of an older template brought into the present one: copies <out>/returns/<school>/<workbook>_新模板.xlsx, or in their place.

In place only where everything goes along, the file as it was kept under returns/原件/<day>/; else a person looks at the copy first.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

from ..core import schema as schemas
from ..core.places import RETURNS
from ..core.workbooks import Workbook
from ..excel import migrating, reading, saving
from ..excel.parts import Refused, changed_apart
from .repairing import Told, asked_for
from .returning import ORIGINALS, Shelf


def migrate(
    paths: Sequence[Path], out: Path, in_place: bool = False, say: Callable[[str], None] = lambda line: None
) -> list[Told]:
    """Bring each workbook asked for that is of an older template into the present one; `say` is told in Chinese what was done.

    Raises UserError where nothing can be found.
    """
    schema = schemas.default()
    shared, names, shelf = asked_for(paths, out, schema)
    told = [_one(shared, name, shelf, schema, in_place, say) for name in names]
    made, refused = sum(bool(one.path) for one in told), sum(bool(one.refused) for one in told)
    more = f"；{refused} 个没有搬" if refused else ""
    say(f"看了 {len(told)} 个工作簿，旧模板的 {made + refused} 个，搬进新模板 {made} 个{more}。")
    return told


def _one(
    shared: Path, name: str, shelf: Shelf, schema: schemas.Schema, in_place: bool, say: Callable[[str], None]
) -> Told:
    path = shared / name
    workbook = reading.read_workbook(path, name, schema.by_stem[path.stem], schema.codes)
    try:
        if not workbook.read:
            raise Refused(f"{workbook.findings[0].message}。{workbook.findings[0].fix}")
        if not migrating.is_older(workbook):
            return Told(name)
        data = path.read_bytes()
        saving.same(data, workbook.sha256)
        made = changed_apart(migrating.moved, data, workbook, path.stem, schema, size=len(data))
        put = _put(path, shelf, made, workbook, in_place)
    except (Refused, OSError) as error:
        why = str(error) if isinstance(error, Refused) else "读不到"
        say(f"  {name}：没有搬，{why}")
        return Told(name, refused=why)
    only = "有没带过来的，只做了副本，请看过再换：" if in_place and put != path else ""
    say(f"  {name}：{only}{'已换成新模板' if put == path else f'新模板的副本在 {put}'}")
    for line in (*made.done, *(f"没有带过来，原件里还在：{line}" for line in made.left)):
        say(f"    {line}")
    return Told(name, put)


def _put(path: Path, shelf: Shelf, made: migrating.Moved, workbook: Workbook, in_place: bool) -> Path:
    """Write the new workbook beside the reports, read it back, and put it in the old one's place if that is wanted and loses nothing."""
    copy = shelf.path(workbook.name, f"_新模板{path.suffix}")
    saving.write_copy(copy, made.data, like=path)
    again = reading.read_workbook(copy, workbook.name, workbook.book, schemas.default().codes)
    whole = again.read and not migrating.is_older(again) and again.tables.keys() >= workbook.tables.keys()
    if not whole or not all(
        again.tables[name].frame.reset_index(drop=True).equals(table.frame.reset_index(drop=True))
        for name, table in workbook.tables.items()
    ):
        copy.unlink(missing_ok=True)
        raise Refused("搬进新模板后读回来的内容不一样，没有采用")
    if not in_place or made.left:
        return copy
    kept = shelf.out / RETURNS / ORIGINALS / f"{dt.date.today()}" / workbook.home
    saving.write_in_place(path, made.data, workbook.sha256, kept)
    copy.unlink(missing_ok=True)
    return path
