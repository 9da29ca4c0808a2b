"""The workbook that stands open in Excel: judged with its unsaved edits, marked there and then, cleared again.

The township is read from the shared folder as for every other command, only this one workbook as Excel holds it. Nothing is saved.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from ..core import places
from ..core.findings import UserError
from ..core.schema import Book, Codes
from ..core.workbooks import Workbook
from ..excel import folders, live, marking_plan as plans, parsing, reading
from ..rules import waivers
from . import opening, returning

UNTRUE = ("R07",)  # it is we who have it open, and what was read is not what was saved
# hidden rows and filters, pictures, number formats: found in files only, so what was found before stays listed
UNSEEN = frozenset(("F20", "F32", "F34"))
NOT_LOOKED = (
    "隐藏的行和筛选（F20）、图片（F32）、数字格式（F34）在 Excel 里看不到，这次没有判；保存后运行 kongchuo mark 再查。"
)


def mark(book: live.OpenBook, *, clear: bool = False, as_of: dt.date | None = None) -> str:
    """Judge the township with the open workbook as it stands and show the findings in it; `clear` takes the marks out.

    Returns what to tell the clerk. Raises UserError for what does not lie in a shared folder, bears another name than the
    workbooks there, or is not made from our template.
    """
    shared, year, name = located(book)
    with live.asking():
        cells = live.grids(book)
        town, _, judgement = opening.judged(shared, year, as_of, read_one=_reader(shared / name, cells))
        workbook = town.by_name.get(name)
        if workbook is not None and (workbook.version or 0) > workbook.book.version:
            raise UserError("；".join((workbook.findings[0].message, workbook.findings[0].fix)))
        if workbook is None or not workbook.read:
            raise UserError(f"“{Path(name).name}”不是台账工作簿的名字，没有校验。请打开共享文件夹里的原文件。")
        if not live.is_ours(book, cells, workbook.book):
            raise UserError(
                f"“{Path(name).name}”不是由本程序的模板做成的，不能直接标记。请保存后运行 kongchuo mark（或双击“校验.bat”），看标好的副本。"
            )
        found = () if clear else [one for one in judgement.findings if one.rule not in UNTRUE]
        plan = plans.plan(town, name, found, [one.finding for one in judgement.waived])
        if not clear:
            plan = plan.keeping(live.listed(cells), returning.unjudged(town, judgement, name) | UNSEEN)
        live.show(book, plan, cells, workbook.book)
    shown = f"标出问题 {plan.open} 条，见各表的“校验提示”和“校验结果”。" if plan.open else "没有发现问题。"
    told = "标记已清除。" if clear else shown
    lines = (f"{name}：{told}工作簿没有保存，请您自己保存。", *([] if clear else [NOT_LOOKED]), *judgement.broken)
    return "\n".join(lines)


def located(book: live.OpenBook) -> tuple[Path, str, str]:
    """The shared folder and school year an open workbook lies in, and its path inside the folder."""
    path = Path(book.fullname)
    if not path.is_absolute() or not path.is_file():
        raise UserError(f"“{book.name}”还没有保存在这台电脑看得到的文件夹里。请先保存到共享文件夹里本校的文件夹。")
    shared, year, (name,) = folders.locate([path])
    return shared, year, name


def _reader(path: Path, cells: live.Grids) -> reading.Read:
    """Reads files, but for the one at `path`, which stands open: its cells are those given."""

    def read(one: Path, name: str, book: Book, codes: dict[str, Codes]) -> Workbook:
        saved = reading.read_workbook(one, name, book, codes)
        if one.resolve() != path.resolve() or (saved.version or 0) > book.version:
            return saved
        tables, findings = parsing.tables(cells, cells.get, name, book, codes)
        typed = tuple(waivers.read(cells[places.RESULTS].rows)) if places.RESULTS in cells else ()
        return replace(saved, read=True, tables=tables, findings=tuple(parsing.aged(saved, findings)), asked=typed)

    return read
