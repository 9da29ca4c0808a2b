"""A plan of marks put into a copy of a workbook that is not made from our template: a fill and a note on each cell, and 校验结果.

Unlike the marks of our template these stay until the next run. A hidden column of 校验结果 keeps what a fill has covered; what is
cleared is given back (reference excel.md 3.2, way S2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import repeat

from lxml import etree

from ...core.places import RESULTS
from ...core.tables import column_letters
from ..writing import results
from . import listing, notes
from .contents import Cells, spelt
from .package import LINKS, Package, Refused
from .page import Page
from .plan import Entry, Plan
from .styles import Styles, used

SAID = "0"  # of a cell that names the style that it would have anyway
COLUMNS = (*results.COLUMNS, listing.KEPT)
_OWN = next(column.title for column in results.COLUMNS if column.name == "identity")


def annotate(package: Package, plan: Plan, earlier: Iterable[dict[str, object]] = ()) -> None:
    """Put the plan into the package, in place of the marks of before; an empty plan only clears them.

    `earlier` are lines of another copy of the workbook, where people may have typed as well.
    """
    before = list(_before(package))
    if (
        not plan.entries
        and RESULTS not in package.sheets
        and not any(map(notes.of, repeat(package), package.sheets.values()))
    ):
        return
    styles = Styles(package)
    pages: dict[str, Page] = {}
    _clear(package, pages, styles, before)
    if plan.entries:
        typed = {row["identity"]: row for row in earlier}
        for row in before:
            typed[row["identity"]] = typed.get(row["identity"], {}) | row
        _mark(package, pages, styles, plan, typed)
    elif RESULTS in package.sheets and not _remove_results(package):
        listing.write(package, (), COLUMNS)
    if not plan.entries:
        styles.tidy(package.sheets.values())


def _before(package: Package) -> Iterable[dict[str, object]]:
    """The lines of 校验结果 as they stand. Raises Refused where somebody else has a worksheet of that name."""
    if RESULTS not in package.sheets:
        return ()
    if _OWN not in listing.header(package):
        raise Refused(f"里面已有一张工作表“{RESULTS}”，不是本程序做的；请改名后再标记")
    return listing.read(package, COLUMNS)


def _page(package: Package, pages: dict[str, Page], title: str) -> Page:
    if title not in pages:
        pages[title] = Page(package, package.sheets[title])
    return pages[title]


# --- clearing ---------------------------------------------------------------------------------------------------------
def _clear(package: Package, pages: dict[str, Page], styles: Styles, before: list[dict[str, object]]) -> None:
    """Give marked cells back their fills, wherever sorting has moved them to, and take our notes out."""
    kept = {(row.get("sheet"), row.get("cell")): str(row["kept"]) for row in before if row.get("kept")}
    marks = styles.marks()
    for title, part in package.sheets.items():
        if title == RESULTS:
            continue
        notes.clear(package, part)
        if not marks & used(package.read(part)):
            continue
        page = _page(package, pages, title)
        for address, cell in page.cells(marks):
            made, _, covered = kept.get((title, address), "").partition(" ")
            cell.set("s", styles.back(cell.get("s"), covered))
            if cell.get("s") == "0" and made != SAID:  # what a cell has that names no style
                del cell.attrib["s"]
            if made:
                page.unmake(address, made)


def _remove_results(package: Package) -> bool:
    """Take 校验结果 out; False, and nothing done, where something else hangs on it: pictures, notes, formulas elsewhere."""
    part, tree = package.sheets[RESULTS], package.tree(package.workbook)
    sheets, names = tree.find(package.tag("sheets")), tree.find(package.tag("definedNames"))
    own = next(place for place, sheet in enumerate(sheets) if sheet.get("name") == RESULTS)
    local = {
        name: int(name.get("localSheetId")) for name in (names if names is not None else ()) if name.get("localSheetId")
    }
    printers = [link.part for link in package.links(part) if link.kind == "printerSettings"]
    if len(printers) < len(package.links(part)) or _leaning(package, [name for name in local if local[name] == own]):
        return False
    for name, place in local.items():
        if place == own:
            names.remove(name)
        elif place > own:
            name.set("localSheetId", str(place - 1))
    if names is not None and not len(names):
        tree.remove(names)
    for view in tree.iter(package.tag("workbookView")):
        for key in ("activeTab", "firstSheet"):
            if int(view.get(key, "0")) >= max(own, 1):
                view.set(key, str(int(view.get(key)) - 1))
    listing.forget_calculation(package)
    sheets.remove(sheets[own])
    for printer in printers:
        package.drop(part, printer)
    package.drop(package.workbook, part)
    del package.sheets[RESULTS]
    return True


def _leaning(package: Package, own: list[etree._Element]) -> bool:
    """Whether formulas or links elsewhere look at 校验结果; `own` are the names that go with it."""
    names = package.tree(package.workbook).iter(package.tag("definedName"))
    if any(RESULTS in (name.text or "") for name in names if name not in own):
        return True
    apart = {package.workbook, package.sheets[RESULTS], package.linked(package.workbook, "sharedStrings")}
    spelt_out = RESULTS.encode("ascii", "xmlcharrefreplace")  # as openpyxl writes it
    looked = re.compile(rb"(?:%s|%s)(?:'|&apos;)?!" % (RESULTS.encode(), spelt_out))
    return any(
        looked.search(package.read(name)) for name in package.names() if name.endswith(".xml") and name not in apart
    )


# --- marking ----------------------------------------------------------------------------------------------------------
def _mark(package: Package, pages: dict[str, Page], styles: Styles, plan: Plan, before: dict[str, dict]) -> None:
    lines, said, contents = [], {}, Cells(package)
    for number, entry in enumerate(plan.entries, start=2):
        line = listing.line(number, entry, before.get(entry.identity, {}), plan.as_of)
        lines.append(line)
        if not entry.lit or not entry.cell or entry.sheet not in package.sheets:
            continue
        cell, made = _page(package, pages, entry.sheet).make(entry.cell)
        text, formula = spelt([contents.value(cell)])
        line.values["state"] = results.state_of(entry.sheet, entry.cell, number)[1:], results.OPEN
        line.values["place"] = f"{entry.sheet}!{entry.cell}"
        line.values["held"] = (formula, text) if formula else text
        own = said.setdefault(entry.sheet, {})
        if entry.cell not in own:
            made = made or (SAID if cell.get("s") == "0" else "")
            line.values["kept"] = f"{made} {styles.kept(cell.get('s'))}"
            cell.set("s", styles.mark(cell.get("s")))
        own.setdefault(entry.cell, []).append(entry)
    for title, cells in said.items():
        words = {address: _words(entries) for address, entries in cells.items()}
        notes.add(package, package.sheets[title], pages[title], words)
    _make_results(package, styles)
    listing.write(package, lines, COLUMNS)


def _words(entries: list[Entry]) -> str:
    """The note of a cell: as many of its findings as a note can show, at least one."""
    said = [f"{one.severity}：{one.message}。{one.fix}" for one in entries]
    shown = next((n for n in range(len(said), 1, -1) if notes.lines("\n".join(said[:n])) <= notes.MOST - 3), 1)
    more = [f"等{len(said)}条，见“{RESULTS}”"] if shown < len(said) else []
    return notes.note("\n".join([*said[:shown], *more]))


def _column(place: int, column: results.Column, looks: dict[str, str]) -> str:
    style, hidden = looks["date" if column.name in listing.DATES else "text"], int(column.hidden)
    return (
        f'<col min="{place}" max="{place}" width="{column.width}" style="{style}" hidden="{hidden}" customWidth="1"/>'
    )


def _make_results(package: Package, styles: Styles) -> None:
    """The worksheet 校验结果, empty; one that stands there already keeps its widths and its place."""
    titles = [column.title for column in COLUMNS]
    if RESULTS in package.sheets and listing.header(package) == titles:
        return
    looks = styles.looks()
    last = column_letters(sum(not column.hidden for column in results.COLUMNS))
    columns = "".join(_column(place, column, looks) for place, column in enumerate(COLUMNS, start=1))
    head = "".join(
        f'<c r="{column_letters(place)}1" s="{looks["head"]}" t="inlineStr"><is><t>{title}</t></is></c>'
        for place, title in enumerate(titles, start=1)
    )
    tree = etree.fromstring(
        f'<worksheet xmlns="{package.ns}" xmlns:r="{LINKS}">'
        '<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols>'
        f'<sheetData><row r="1" ht="33" customHeight="1">{head}</row></sheetData>'
        f'<autoFilter ref="A1:{last}{results.CAPACITY}"/><printOptions gridLines="1"/>'
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    )
    if RESULTS in package.sheets:
        package.plant(package.sheets[RESULTS], tree)
    else:
        package.add_sheet(RESULTS, tree)
