"""A plan of marks put into a workbook made from our template: only the worksheet 校验结果 is written (see writing.results).

What people typed there (waivers) and since when a finding is known are carried over by the finding's identity. `lines` says what
is to stand there; `fill` puts it into a file, excel.show into an open Excel.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby

from ...core.places import RESULTS
from ...core.schema import Book, Sheet
from ...core.tables import column_letters
from ..writing import results
from . import listing
from .contents import Cell, Cells, spelt
from .listing import EPOCH, Line, read
from .package import Package, split
from .plan import Entry, Plan

__all__ = ["EPOCH", "Line", "fill", "is_ours", "lines", "ours", "read"]

Text = Callable[[str, str], Cell]  # what the cell at an address of a worksheet holds (see contents)

MOST_IN_HINT = 8  # findings of one row that its hint spells out
MOST_IN_OR = 200  # Excel takes at most 255 arguments and 8,192 characters


def is_ours(package: Package, book: Book) -> bool:
    """Whether the workbook carries the marks of our template: 校验结果 and the names that the marks look through."""
    names = package.tree(package.workbook).find(package.tag("definedNames"))
    there = {name.get("name") for name in (names if names is not None else ()) if RESULTS in (name.text or "")}
    return RESULTS in package.sheets and ours(package.sheets, there, listing.header(package), book)


def ours(titles: Collection[str], names: Collection[str], header: Collection[object], book: Book) -> bool:
    """The same, by the titles of the worksheets, the names of ranges in 校验结果, and what stands in its first row."""
    if not set(results.ranges()) <= set(names) or not any(sheet.title in titles for sheet in book.sheets):
        return False
    return listing.KEPT.title not in header  # put there when the template's own was gone


def fill(package: Package, plan: Plan, book: Book, earlier: Iterable[dict[str, object]] = ()) -> None:
    """Put the plan into the package, in place of what 校验结果 held; an empty plan clears the marks.

    `earlier` are lines of another copy of the workbook, where people may have typed as well.
    """
    listing.write(package, lines(plan, book, Cells(package).text, (*earlier, *read(package))))


def lines(plan: Plan, book: Book, text: Text, earlier: Iterable[dict[str, object]]) -> list[Line]:
    """The lines of 校验结果 that show a plan. `earlier` are lines of before (see listing.read), what counts most last."""
    before: dict[object, dict[str, object]] = {}
    for row in earlier:
        before[row["identity"]] = before.get(row["identity"], {}) | row
    typed = frozenset(one for one, row in before.items() if any(row.get(name) for name in listing.OWN))
    shown = plan.first(results.MOST, typed)
    listed = _more(plan, shown)
    listed += [
        _line(number, entry, before.get(entry.identity, {}), plan.as_of, text, book)
        for number, entry in enumerate(shown.entries, start=2 + len(listed))
    ]
    _add_hints(listed)
    return listed


def _more(plan: Plan, shown: Plan) -> list[Line]:
    """The line that says what is not listed; none where all is. Without an identity it is nobody's finding."""
    left = Counter(entry.severity for entry in plan.entries) - Counter(entry.severity for entry in shown.entries)
    if not left:
        return []
    said = "、".join(f"{severity} {count} 条" for severity, count in left.items())
    message = f"还有 {left.total()} 条没有列在下面（{said}）：一张表最多列 {results.MOST} 条，先列错误，再列警告和提示"
    line = Line(2, Entry("", "", "", 0, "", "", "", "", ""), {})
    line.values |= {"message": message, "fix": "先改下面的；改掉一些再检查，其余的就列出来"}
    return [line]


def _line(number: int, entry: Entry, before: dict, as_of: dt.date, text: Text, book: Book) -> Line:
    line = listing.line(number, entry, before, as_of)
    sheet = next((sheet for sheet in book.sheets if sheet.title == entry.sheet), None)
    if entry.cell and entry.row > 1 and sheet is not None and entry.lit:
        now, formula = _held(text, sheet, entry.cell, entry.row)
        letters = column_letters(split(entry.cell)[1])
        line.values["state"] = results.state(sheet, letters, entry.row, number)[1:], results.OPEN
        line.values["place"] = f"{entry.sheet}!{entry.cell}"
        line.values["held"] = (formula, now) if formula else now
    return line


def _held(text: Text, sheet: Sheet, cell: str, row: int) -> tuple[str, str]:
    """What a cell holds and what identifies its row: as text, and as a formula ("" where the text is sure)."""
    addresses = (cell, *(f"{letter}{row}" for letter in results.key_letters(sheet)))
    return spelt([text(sheet.title, address) for address in addresses])


def _add_hints(lines: Sequence[Line]) -> None:
    """What the hint column of each row says, held by the first line of the row: the findings of it that are still open."""
    rows = [line for line in lines if "place" in line.values]
    for (title, row), group in groupby(rows, key=lambda line: (line.entry.sheet, line.entry.row)):
        own = list(group)
        state, said, fix = (results.LETTERS[name] for name in ("state", "message", "fix"))
        still = ",".join(f'{state}{line.number}="{results.OPEN}"' for line in own[:MOST_IN_OR])
        place, shown = f"{title}!{row}", own[:MOST_IN_HINT]
        own[0].values["line"] = f'IF(OR({still}),"{place}","")', place
        parts = [
            f'IF({state}{n}="{results.OPEN}","【{line.entry.severity}】"&{said}{n}&"。"&{fix}{n},"")'
            for line in shown
            if (n := line.number)
        ]
        text = "".join(f"【{line.entry.severity}】{line.entry.message}。{line.entry.fix}" for line in shown)
        if len(own) > len(shown):
            parts.append(f'"等{len(own)}条，见{RESULTS}"')
            text += f"等{len(own)}条，见{RESULTS}"
        own[0].values["hint"] = "&".join(parts), text
