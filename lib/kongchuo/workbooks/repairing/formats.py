"""Number formats of a template's columns, put back where pasting brought others: what is typed there next is kept as it should be.

A cell's format is left alone where it holds a formula, and where its number would be read as something else then (a date).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ...core.tables import Table, column_letters
from ..marking.package import Package, split
from ..marking.page import Page, put
from ..marking.styles import DATE, NUMBER, Styles
from ..writing import looks


@dataclass
class Put:
    """What was put back: the addresses by field title, titles of whole columns, numbers of rows that had a format of their own, and
    addresses that were left as they are.
    """

    cells: dict[str, list[str]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def put_back(package: Package, table: Table, part: str) -> Put:
    """Put number formats back into a worksheet; nothing is changed where all is well. Raises Refused for odd styles."""
    done, page, styles = Put(), Page(package, part), Styles(package)
    codes = {column: (title, code) for title, column, code in _wanted(table)}
    kinds = {style: styles.kind(style) for style in styles.every()}
    for kind in {styles.kind_of(code) for _, code in codes.values()}:
        odd = {style for style, own in kinds.items() if own != kind}
        for address, cell in page.cells(odd | ({None} if "0" in odd else set())):
            row, column = split(address)
            title, code = codes.get(column, ("", ""))
            if row <= table.header_row or not title or styles.kind_of(code) != kind:
                continue
            if cell.find(package.tag("f")) is not None:
                continue
            number = cell.get("t", "n") == "n" and cell.find(package.tag("v")) is not None
            if number and DATE in (kind, kinds[cell.get("s") or "0"]):
                done.left.append(address)
                continue
            cell.set("s", styles.formatted(cell.get("s"), code))
            done.cells.setdefault(title, []).append(address)
    done.left.sort(key=split)
    done.rows = list(_rows(page, styles, kinds, codes, table.header_row))
    done.columns = list(_columns(package, page, styles, codes, part))
    return done


def _wanted(table: Table) -> Iterator[tuple[str, int, str]]:
    for item in table.sheet.typed:
        if item.name in table.columns:
            yield item.title, table.columns[item.name], looks.FORMATS[looks.cell_format(item)]["num_format"]


def _rows(
    page: Page, styles: Styles, kinds: dict[str, str], codes: dict[int, tuple[str, str]], header: int
) -> Iterator[int]:
    """Put formats back into the empty places of rows that were pasted as a whole; the row keeps its colours."""
    for number, own in page.styled_rows().items():
        odd = [column for column, (_, code) in codes.items() if kinds.get(own, NUMBER) != styles.kind_of(code)]
        empty = [at for column in odd if page.cell(at := f"{column_letters(column)}{number}") is None]
        if number > header and empty:
            for address in empty:
                cell, _ = page.make(address)
                cell.set("s", styles.formatted(own, codes[split(address)[1]][1]))
            yield number


def _columns(
    package: Package, page: Page, styles: Styles, codes: dict[int, tuple[str, str]], part: str
) -> Iterator[str]:
    """Put back the formats that whole columns have, for what is typed in new rows."""
    for column, (title, code) in codes.items():
        own = page.style_of(column)
        if styles.kind(own) == styles.kind_of(code):
            continue
        _alone(package, part, column).set("style", styles.formatted(own, code))
        yield title


def _alone(package: Package, part: str, column: int) -> etree._Element:
    """What a worksheet says of one column, said of it alone."""
    tree, tag = package.tree(part), package.tag
    listed = tree.find(tag("cols"))
    if listed is None:
        listed = etree.Element(tag("cols"))
        put(tree, listed)
    for item in listed:
        first, last = int(item.get("min")), int(item.get("max"))
        if first <= column <= last:
            for start, end, before in ((first, column - 1, True), (column + 1, last, False)):
                if start <= end:
                    piece = copy.deepcopy(item)
                    piece.set("min", str(start))
                    piece.set("max", str(end))
                    item.addprevious(piece) if before else item.addnext(piece)
            item.set("min", str(column))
            item.set("max", str(column))
            return item
    new = etree.Element(tag("col"), min=str(column), max=str(column), width="9.140625")
    after = [item for item in listed if int(item.get("min")) < column]
    after[-1].addnext(new) if after else listed.insert(0, new)
    return new


def told(done: Put) -> Iterator[str]:
    """What was put back, in Chinese."""
    if done.cells:
        count = sum(map(len, done.cells.values()))
        yield f"放回格式 {count} 格（{'、'.join(f'{title}{len(cells)}' for title, cells in done.cells.items())}）"
    if done.rows:
        yield f"放回整行粘贴盖掉的格式 {len(done.rows)} 行"
    if done.columns:
        yield f"放回整列格式 {len(done.columns)} 列（{'、'.join(done.columns)}）"
