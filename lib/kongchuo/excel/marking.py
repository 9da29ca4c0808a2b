"""Findings put back into workbooks, nothing else in them touched: marks in our template's own worksheet, fills and notes in anybody else's copy.

`plan` says what is to be shown, `parts` is the patcher, `saving` how a file is replaced. Knows no rule.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from lxml import etree

from ..core.places import RESULTS
from ..core.schema import Book, Sheet
from ..core.workbooks import column_letters
from . import mark_formulas, notes, result_lines, result_sheet
from .marking_plan import Entry, Plan
from .parts import LINKS, Cell, Cells, Package, Refused, changed_apart, spelt, split
from .styles import LESS, MARKS, Styles, used
from .worksheet import Worksheet

# --- A plan of marks put into a copy of a workbook that is not made from our template: a fill and a note on each cell, and 校验结果 ---
# Unlike the marks of our template these stay until the next run. A hidden column of 校验结果 keeps what a fill has covered; what is
# cleared is given back (reference excel.md 3.2, way S2).
SAID = "0"  # of a cell that names the style that it would have anyway
COLUMNS = (*result_sheet.COLUMNS, result_lines.KEPT)
_OWN = next(column.title for column in result_sheet.COLUMNS if column.name == "identity")


def annotate(
    package: Package, plan: Plan, earlier: Iterable[dict[str, object]] = (), apart: result_lines.Copy | None = None
) -> None:
    """Put the plan into the package, in place of the marks of before; an empty plan only clears them.

    `earlier` are lines of another copy of the workbook, where people may have typed as well.
    """
    before = list(_before(package))
    noted = any(notes.ours(package, part) for part in package.sheets.values())
    if not plan.entries and RESULTS not in package.sheets and not noted:
        return
    styles = Styles(package)
    worksheets: dict[str, Worksheet] = {}
    _clear(package, worksheets, styles, before)
    if plan.entries:
        typed = {row["identity"]: row for row in earlier}
        for row in before:
            typed[row["identity"]] = typed.get(row["identity"], {}) | row
        _mark(package, worksheets, styles, plan, typed, apart)
    elif RESULTS in package.sheets and not _remove_results(package):
        result_lines.write(package, (), COLUMNS)
    if not plan.entries:
        styles.tidy(package.sheets.values())


def _before(package: Package) -> Iterable[dict[str, object]]:
    """The lines of 校验结果 as they stand. Raises Refused where somebody else has a worksheet of that name."""
    if RESULTS not in package.sheets:
        return ()
    if _OWN not in result_lines.header(package):
        raise Refused(f"里面已有一张工作表“{RESULTS}”，不是本程序做的；请改名后再标记")
    return result_lines.read(package, COLUMNS)


def _worksheet(package: Package, worksheets: dict[str, Worksheet], title: str) -> Worksheet:
    if title not in worksheets:
        worksheets[title] = Worksheet(package, package.sheets[title])
    return worksheets[title]


# --- clearing ---------------------------------------------------------------------------------------------------------
def _clear(package: Package, worksheets: dict[str, Worksheet], styles: Styles, before: list[dict[str, object]]) -> None:
    """Give marked cells back their fills, wherever sorting has moved them to, and take our notes out."""
    kept = {(row.get("sheet"), row.get("cell")): str(row["kept"]) for row in before if row.get("kept")}
    marks = styles.marks()
    for title, part in package.sheets.items():
        if title == RESULTS:
            continue
        notes.clear(package, part)
        if not marks & used(package.read(part)):
            continue
        worksheet = _worksheet(package, worksheets, title)
        for address, cell in worksheet.cells(marks):
            made, _, covered = kept.get((title, address), "").partition(" ")
            cell.set("s", styles.back(cell.get("s"), covered))
            if cell.get("s") == "0" and made != SAID:  # what a cell has that names no style
                del cell.attrib["s"]
            if made:
                worksheet.unmake(address, made)


def _remove_results(package: Package) -> bool:
    """Take 校验结果 out; False, and nothing done, where something else hangs on it: pictures, notes, formulas elsewhere."""
    part, tree = package.sheets[RESULTS], package.tree(package.workbook)
    sheets, names = tree.find(package.tag("sheets")), tree.find(package.tag("definedNames"))
    own = next(place for place, sheet in enumerate(sheets) if sheet.get("name") == RESULTS)
    local = {
        name: int(name.get("localSheetId")) for name in tree.iterfind(f"{package.tag('definedNames')}/*[@localSheetId]")
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
    result_lines.forget_calculation(package)
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
def _mark(
    package: Package,
    worksheets: dict[str, Worksheet],
    styles: Styles,
    plan: Plan,
    before: dict[str, dict],
    apart: result_lines.Copy | None,
) -> None:
    _make_results(package, styles)
    looks = {one: styles.mark(styles.looks()["text"], MARKS[one]) for one in MARKS}
    lines, said, contents = result_lines.banner(plan.name, apart), {}, Cells(package)
    for number, entry in enumerate(plan.entries, start=2 + len(lines)):
        line = result_lines.line(number, entry, before.get(entry.identity, {}), plan.as_of)
        line.look = looks.get(entry.severity, "") if entry.lit else ""
        lines.append(line)
        if not entry.lit or not entry.cell or entry.sheet not in package.sheets:
            continue
        cell, made = _worksheet(package, worksheets, entry.sheet).make(entry.cell)
        text, formula = spelt([contents.value(cell)])
        line.values["state"] = mark_formulas.state_of(entry.sheet, entry.cell, number)[1:], result_sheet.OPEN
        line.values["place"] = f"{entry.sheet}!{entry.cell}"
        line.values["held"] = (formula, text) if formula else text
        own = said.setdefault(entry.sheet, {})
        if entry.cell not in own:
            made = made or (SAID if cell.get("s") == "0" else "")
            line.values["kept"] = f"{made} {styles.kept(cell.get('s'))}"
            cell.set("s", styles.mark(cell.get("s"), MARKS.get(entry.severity, LESS)))
        own.setdefault(entry.cell, []).append(entry)
    for title, cells in said.items():
        words = {address: _words(entries) for address, entries in cells.items()}
        notes.add(package, package.sheets[title], worksheets[title], words)
    result_lines.number(lines, apart)
    result_lines.write(package, lines, COLUMNS)
    if apart is not None:
        result_lines.bring_forward(package)


def _words(entries: list[Entry]) -> str:
    """The note of a cell: as many of its findings as a note can show, at least one."""
    said = [f"{one.severity}：{one.message}。{one.fix}" for one in entries]
    shown = next((n for n in range(len(said), 1, -1) if notes.lines("\n".join(said[:n])) <= notes.MOST - 3), 1)
    more = [f"等{len(said)}条，见“{RESULTS}”"] if shown < len(said) else []
    return notes.note("\n".join([*said[:shown], *more]))


def _make_results(package: Package, styles: Styles) -> None:
    """The worksheet 校验结果, empty; one that stands there already keeps its widths and its place."""
    titles = [column.title for column in COLUMNS]
    if RESULTS in package.sheets and result_lines.header(package) == titles:
        return
    looks = styles.looks()
    last = column_letters(sum(not column.hidden for column in result_sheet.COLUMNS))
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{column.width}"'
        f' style="{looks["date" if column.name in result_lines.DATES else "text"]}" hidden="{int(column.hidden)}" customWidth="1"/>'
        for place, column in enumerate(COLUMNS, start=1)
    )
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
        f'<autoFilter ref="A1:{last}{result_sheet.CAPACITY}"/><printOptions gridLines="1"/>'
        '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    )
    if RESULTS in package.sheets:
        package.plant(package.sheets[RESULTS], tree)
    else:
        package.add_sheet(RESULTS, tree)


# --- A plan of marks put into a workbook made from our template: only the worksheet 校验结果 is written ---
# What people typed there (waivers) and since when a finding is known are carried over by the finding's identity. `lines` says what
# is to stand there; `fill` puts it into a file, excel.live into an open Excel.
Text = Callable[[str, str], Cell]  # what the cell at an address of a worksheet holds (parts.Cells)

MOST_IN_HINT = 8  # findings of one row that its hint spells out
MOST_IN_OR = 200  # Excel takes at most 255 arguments and 8,192 characters


def from_template(package: Package, book: Book) -> bool:
    """Whether the workbook carries the marks of our template: 校验结果 and the names that the marks look through."""
    names = package.tree(package.workbook).iter(package.tag("definedName"))
    there = {name.get("name") for name in names if RESULTS in (name.text or "")}
    return RESULTS in package.sheets and ours(package.sheets, there, result_lines.header(package), book)


def ours(titles: Collection[str], names: Collection[str], header: Collection[object], book: Book) -> bool:
    """The same, by the titles of the worksheets, the names of ranges in 校验结果, and what stands in its first row."""
    if not set(result_sheet.ranges()) <= set(names) or not any(sheet.title in titles for sheet in book.sheets):
        return False
    return result_lines.KEPT.title not in header  # put there when the template's own was gone


def fill(
    package: Package,
    plan: Plan,
    book: Book,
    earlier: Iterable[dict[str, object]] = (),
    apart: result_lines.Copy | None = None,
) -> None:
    """Put the plan into the package, in place of what 校验结果 held; an empty plan clears the marks.

    `earlier` are lines of another copy of the workbook, where people may have typed as well.
    """
    result_lines.write(package, lines(plan, book, Cells(package).text, (*earlier, *result_lines.read(package)), apart))
    if apart is not None and plan.entries:
        result_lines.bring_forward(package)


def lines(
    plan: Plan, book: Book, text: Text, earlier: Iterable[dict[str, object]], apart: result_lines.Copy | None = None
) -> list[result_lines.Line]:
    """The lines of 校验结果 that show a plan. `earlier` are lines of before (see result_lines.read), what counts most last."""
    before: dict[object, dict[str, object]] = {}
    for row in earlier:
        before[row["identity"]] = before.get(row["identity"], {}) | row
    typed = frozenset(one for one, row in before.items() if any(row.get(name) for name in result_lines.OWN))
    listed = result_lines.banner(plan.name, apart) if plan.entries else []
    shown = plan.first(result_sheet.MOST - len(listed), typed)
    listed += _more(plan, shown, 2 + len(listed))
    listed += [
        _line(number, entry, before.get(entry.identity, {}), plan.as_of, text, book)
        for number, entry in enumerate(shown.entries, start=2 + len(listed))
    ]
    result_lines.number(listed, apart)
    _add_hints(listed, apart)
    return listed


def _more(plan: Plan, shown: Plan, number: int) -> list[result_lines.Line]:
    """The line that says what is not listed; none where all is. Without an identity it is nobody's finding."""
    left = Counter(entry.severity for entry in plan.entries) - Counter(entry.severity for entry in shown.entries)
    if not left:
        return []
    said = "、".join(f"{severity} {count} 条" for severity, count in left.items())
    message = (
        f"还有 {left.total()} 条没有列在下面（{said}）：一张表最多列 {len(shown.entries)} 条，先列错误，再列警告和提示"
    )
    line = result_lines.Line(number, result_lines.NOTHING, {})
    line.values |= {"message": message, "fix": "先改下面的；改掉一些再检查，其余的就列出来"}
    return [line]


def _line(number: int, entry: Entry, before: dict, as_of: dt.date, text: Text, book: Book) -> result_lines.Line:
    line = result_lines.line(number, entry, before, as_of)
    sheet = next((sheet for sheet in book.sheets if sheet.title == entry.sheet), None)
    if entry.cell and entry.row > 1 and sheet is not None and entry.lit:
        now, formula = _held(text, sheet, entry.cell, entry.row)
        letters = column_letters(split(entry.cell)[1])
        line.values["state"] = mark_formulas.state(sheet, letters, entry.row, number)[1:], result_sheet.OPEN
        line.values["place"] = f"{entry.sheet}!{entry.cell}"
        line.values["held"] = (formula, now) if formula else now
    return line


def _held(text: Text, sheet: Sheet, cell: str, row: int) -> tuple[str, str]:
    """What a cell holds and what identifies its row: as text, and as a formula ("" where the text is sure)."""
    addresses = (cell, *(f"{letter}{row}" for letter in mark_formulas.key_letters(sheet)))
    return spelt([text(sheet.title, address) for address in addresses])


def _add_hints(lines: Sequence[result_lines.Line], apart: result_lines.Copy | None) -> None:
    """What the hint column of each row says, held by the first line of the row: the findings of it that are still open."""
    rows = sorted(
        (line for line in lines if "place" in line.values), key=lambda line: (line.entry.sheet, line.entry.row)
    )
    begin = f"【{result_sheet.COPY}，请改原件】" if apart else ""
    for (title, row), group in groupby(rows, key=lambda line: (line.entry.sheet, line.entry.row)):
        own = list(group)
        state, said, fix = (result_sheet.LETTERS[name] for name in ("state", "message", "fix"))
        still = ",".join(f'{state}{line.number}="{result_sheet.OPEN}"' for line in own[:MOST_IN_OR])
        place, shown = f"{title}!{row}", own[:MOST_IN_HINT]
        own[0].values["line"] = f'IF(OR({still}),"{place}","")', place
        parts = [f'"{begin}"'] if apart else []
        parts += [
            f'IF({state}{n}="{result_sheet.OPEN}","【{line.entry.severity}】"&{said}{n}&"。"&{fix}{n},"")'
            for line in shown
            if (n := line.number)
        ]
        text = begin + "".join(f"【{line.entry.severity}】{line.entry.message}。{line.entry.fix}" for line in shown)
        if len(own) > len(shown):
            parts.append(f'"等{len(own)}条，见{RESULTS}"')
            text += f"等{len(own)}条，见{RESULTS}"
        own[0].values["hint"] = "&".join(parts), text


# --- A whole file: `fill` for workbooks made from our template, `annotate` for anybody else's copy ------------------------
def is_ours(data: bytes, book: Book) -> bool:
    """Whether a workbook is made from our template, so that marks are formulas in it; others are marked in copies only."""
    return from_template(Package(data), book)


def marked(data: bytes, shown: Plan, book: Book, earlier: bytes = b"", apart: result_lines.Copy | None = None) -> bytes:
    """The workbook with the plan's findings shown in it, and those of before gone; an empty plan clears.

    In a workbook that is not made from our template cells are coloured and get notes. `earlier` is the marked copy of before:
    what people typed there stays. With `apart` it is a copy, which opens on 校验结果 and says so. The same bytes where nothing had
    to be changed.
    Raises Refused for what cannot be changed safely.
    """
    package = Package(data)
    if from_template(package, book):
        fill(package, shown, book, _typed(earlier), apart)
    else:
        annotate(package, shown, _typed(earlier), apart)
    return package.data() if package.changed() else data


class Marked(NamedTuple):
    """A marked workbook: its bytes, whether it is made from our template, how many of the findings 校验结果 has no room for."""

    data: bytes
    ours: bool
    unlisted: int


def marked_apart(
    data: bytes, shown: Plan, book: Book, earlier: bytes, in_place: bool, apart: result_lines.Copy
) -> Marked:
    """`marked`, `is_ours` and `unlisted` in a process apart; not a copy where it is marked `in_place` and may be. Raises Refused for
    what cannot be changed, whatever is wrong with it."""
    return changed_apart(_all, data, shown, book, earlier, in_place, apart, size=len(data) + len(earlier))


def _all(data: bytes, shown: Plan, book: Book, earlier: bytes, in_place: bool, apart: result_lines.Copy) -> Marked:
    ours = is_ours(data, book)
    copied = None if in_place and ours else apart
    made = marked(data, shown, book, earlier, copied)
    return Marked(made, ours, unlisted(data, shown, book, result_sheet.MOST - (copied is not None)))


def keeping(shown: Plan, unjudged: frozenset[str], *copies: bytes) -> Plan:
    """The plan with what marked copies of the workbook list of rules that could not judge this time."""
    return shown.keeping(_typed_apart(copies), unjudged) if unjudged else shown


def remembering(shown: Plan, first: dict[str, dt.date], mended: dict[str, dt.date], *copies: bytes) -> Plan:
    """The plan with the days findings were first found, and with what marked copies still list that was mended, by identity."""
    return shown.remembering(_typed_apart(copies) if mended else (), first, mended)


def unlisted(data: bytes, shown: Plan, book: Book, most: int = result_sheet.MOST) -> int:
    """How many of the plan's findings 校验结果 has no room for; only that of our template is limited."""
    return max(len(shown.entries) - most, 0) if len(shown.entries) > most and is_ours(data, book) else 0


def _typed(earlier: bytes) -> tuple[dict[str, object], ...]:
    try:
        return tuple(result_lines.read(Package(earlier))) if earlier else ()
    except Exception:  # whatever became of it, a new copy takes its place
        return ()


def _typed_apart(copies: Sequence[bytes]) -> tuple[dict[str, object], ...]:
    """What people typed in marked copies, one after the other, read in a process apart; nothing where that dies of it."""
    try:
        return changed_apart(_typed_in, copies, size=sum(map(len, copies)))
    except Refused:
        return ()


def _typed_in(copies: Sequence[bytes]) -> tuple[dict[str, object], ...]:
    return tuple(line for data in copies for line in _typed(data))
