"""The worksheet 校验结果 in a workbook: lines put into it in place of those of before, and read back."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from ..core.cells import EPOCH
from ..core.places import RESULTS
from ..core.workbooks import column_letters
from . import result_sheet
from .marking_plan import Entry
from .parts import Cell, Cells, Package, escaped
from .worksheet import Worksheet, put

OWN = tuple(column.name for column in result_sheet.COLUMNS if column.own)
ASKED = ("reason", "asked_by")
DATES = ("since", "until")
# what says that a worksheet is chosen, and where it stands
CHOSEN, HEAD = (re.compile(rb"\stabSelected=[\"'](?:1|true)"), 5000)
# only in workbooks that are not ours: what had to be made for a mark, and what its fill has covered
KEPT = result_sheet.Column("kept", "原样", 12, hidden=True)


@dataclass
class Line:
    """One row of 校验结果: values by column name; a pair is a formula and the value it has now. `look`: the style of its severity."""

    number: int
    entry: Entry
    values: dict[str, object]
    look: str = ""


@dataclass(frozen=True)
class Copy:
    """What a marked copy says of itself. `original`: the address of the workbook to be mended, as seen from the copy; "" where the
    two do not lie beside each other, so that one of them may be moved."""

    original: str = ""

    def link(self, shown: str, place: str = "") -> tuple[str, str]:
        """The formula that leads to the original (`place`: a cell of it, as 'sheet'!A1), and the text it shows."""
        quoted = [one.replace('"', '""') for one in (f"{self.original}{place and f'#{place}'}", shown)]
        return f'HYPERLINK("{quoted[0]}","{quoted[1]}")', shown


NOTHING = Entry("", "", "", 0, "", "", "", "", "")  # of a line that is no finding


def banner(name: str, apart: Copy | None) -> list[Line]:
    """The first line of a marked copy of the workbook `name`; none in a workbook marked in place. Without an identity it is no finding."""
    if apart is None:
        return []
    how = "点“工作表”一栏，打开原件的那一格；点“单元格”，看本副本里的。" if apart.original else "到共享文件夹打开原件。"
    line = Line(
        2,
        NOTHING,
        {
            "severity": result_sheet.COPY,
            "message": f"这是副本，请改原件：{name}",
            "fix": f"{how}改好保存，再校验一次。",
        },
    )
    if apart.original:
        line.values["sheet"] = apart.link("打开原件")
    return [line]


def number(lines: Iterable[Line], apart: Copy | None) -> None:
    """Number the findings among the lines; in a copy their worksheets lead to the cells of the original."""
    for at, line in enumerate((line for line in lines if line.entry is not NOTHING), 1):
        line.values["number"] = at
        if apart and apart.original and line.entry.cell:
            line.values["sheet"] = apart.link(line.entry.sheet, place(line.entry))


def place(entry: Entry) -> str:
    """Where a finding is, as the address of a link within a workbook."""
    title = entry.sheet.replace("'", "''")
    return f"'{title}'!{entry.cell}"


def bring_forward(package: Package) -> None:
    """Have the workbook open on 校验结果 and no other worksheet chosen with it, or what is typed would go into both."""
    tree, tag = package.tree(package.workbook), package.tag
    sheets = list(tree.find(tag("sheets")))
    own = next(at for at, sheet in enumerate(sheets) if sheet.get("name") == RESULTS)
    sheets[own].attrib.pop("state", None)
    views = tree.find(tag("bookViews"))
    if views is None:
        views = etree.Element(tag("bookViews"))
        tree.find(tag("sheets")).addprevious(views)
    if not len(views):
        etree.SubElement(views, tag("workbookView"))
    for view in views:
        view.set("activeTab", str(own))
        view.attrib.pop("firstSheet", None)
    others = [link.part for link in package.links(package.workbook) if link.kind in ("worksheet", "chartsheet")]
    for part in others:
        if part != package.sheets[RESULTS] and CHOSEN.search(package.read(part)[:HEAD]):
            for view in package.tree(part).iter(tag("sheetView")):
                view.attrib.pop("tabSelected", None)
    for view in package.tree(package.sheets[RESULTS]).iter(tag("sheetView")):
        view.set("tabSelected", "1")


def line(number: int, entry: Entry, before: dict, as_of: dt.date) -> Line:
    """What a line says of a finding; `before` is the line that said it before: what people typed there goes along."""
    before = {name: _date(value) if name in DATES else value for name, value in before.items()}
    since = [day for day in (before.get("since"), entry.since and (entry.since - EPOCH).days) if isinstance(day, int)]
    values: dict[str, object] = {"since": min(since, default=(as_of - EPOCH).days)}
    values |= {name: getattr(entry, name) for name in ("severity", "rule", "sheet", "cell", "message", "fix", "who")}
    states = (
        (entry.waived, result_sheet.WAIVED),
        (entry.unjudged, result_sheet.UNJUDGED),
        (entry.under, result_sheet.UNDER),
    )
    values["state"] = next((state for holds, state in states if holds), result_sheet.OPEN)
    if entry.mended:
        values["state"] = f"{result_sheet.GONE} {entry.mended:%m-%d}"
    values |= {"identity": f"{entry.identity}.{entry.held}" if entry.held else entry.identity}
    kept = OWN if before.get("value", entry.held) == entry.held else ASKED  # another value must be confirmed again
    values |= {name: before[name] for name in kept if before.get(name) not in (None, "")}
    return Line(number, entry, values)


def _date(value: Cell) -> object:
    """The serial number of a date, which a cell gives as text; what people typed instead stays as it is."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def header(package: Package) -> list[Cell]:
    """The titles over the lines."""
    data, cells = package.tree(package.sheets[RESULTS]).find(package.tag("sheetData")), Cells(package)
    return [cells.value(cell) for cell in data[0].iter(package.tag("c"))] if len(data) else []


def write(
    package: Package, lines: Sequence[Line], columns: Sequence[result_sheet.Column] = result_sheet.COLUMNS
) -> None:
    """Put lines into the worksheet 校验结果 in place of those that stand there."""
    part, tag = package.sheets[RESULTS], package.tag
    worksheet = package.tree(part)
    data = worksheet.find(tag("sheetData"))
    for row in list(data)[1:]:
        data.remove(row)
    for old in worksheet.findall(tag("hyperlinks")):
        worksheet.remove(old)
    filtered = worksheet.find(tag("autoFilter"))
    for criteria in list(filtered) if filtered is not None else ():
        filtered.remove(criteria)  # a filter set for the lines of before would hide lines nobody has seen
    letters = {column.name: column_letters(place) for place, column in enumerate(columns, start=1)}
    style_of = Worksheet(package, part).style_of
    styles = {column.name: style_of(place) for place, column in enumerate(columns, start=1)}
    for line in lines:
        cells = (
            _cell(
                f"{at}{line.number}", line.values.get(name, ""), (name == "severity" and line.look) or styles.get(name)
            )
            for name, at in letters.items()
        )
        high = result_sheet.height(line.values.get)
        row = f'<row xmlns="{package.ns}" r="{line.number}" ht="{high}" customHeight="1">{"".join(cells)}</row>'
        data.append(etree.fromstring(row))
    links = [line for line in lines if line.entry.cell]
    if links:
        listed = etree.Element(tag("hyperlinks"))
        for line in links:
            ref = f"{result_sheet.LETTERS['cell']}{line.number}"
            etree.SubElement(listed, tag("hyperlink"), ref=ref, location=place(line.entry), display=line.entry.cell)
        put(worksheet, listed)
    size = worksheet.find(tag("dimension"))
    if size is not None:
        size.set("ref", f"A1:{column_letters(len(columns))}{len(lines) + 1}")
    forget_calculation(package)


def _cell(address: str, value: object, style: str | None) -> str:
    """The XML of a cell: what is written as text is much faster than what is built."""
    if value in (None, "") and style is None:
        return ""
    begin = f'<c r="{address}"' + (f' s="{style}"' if style else "")
    if isinstance(value, tuple):
        formula, now = map(escaped, value)
        return f'{begin} t="str"><f>{formula}</f><v>{now}</v></c>'
    if isinstance(value, int | float):
        return f"{begin}><v>{value:.15g}</v></c>"
    if value in (None, ""):
        return begin + "/>"
    return f'{begin} t="inlineStr"><is><t xml:space="preserve">{escaped(str(value))}</t></is></c>'


def forget_calculation(package: Package) -> None:
    """Take the cells of 校验结果 out of Excel's list of formulas: it would ask to repair a list that names one that is gone."""
    part = package.linked(package.workbook, "calcChain")
    if not part:
        return
    chain, own, sheet = package.tree(part), package.sheet_id(RESULTS), ""
    for item in list(chain):
        sheet = item.get("i", sheet)  # a cell without it is on the sheet of the one before
        following = item.getnext()
        if sheet != own:
            continue
        if following is not None and following.get("i") is None:
            following.set("i", own)
        chain.remove(item)
    if not len(chain):
        package.drop(package.workbook, part)


# --- reading it back --------------------------------------------------------------------------------------------------
def read(
    package: Package, columns: Sequence[result_sheet.Column] = result_sheet.COLUMNS
) -> Iterator[dict[str, object]]:
    """The lines of 校验结果 as they stand: column name -> text, or number for dates typed by people; empty cells are left out."""
    if RESULTS not in package.sheets:
        return
    cells, tag = Cells(package), package.tag
    data = package.tree(package.sheets[RESULTS]).find(tag("sheetData"))
    rows = (
        {re.match(r"[A-Z]+", cell.get("r", "A"))[0]: cells.value(cell) for cell in row.iter(tag("c"))} for row in data
    )
    yield from recalled(rows, columns)


def recalled(
    rows: Iterable[Mapping[str | int, Cell]], columns: Sequence[result_sheet.Column] = result_sheet.COLUMNS
) -> Iterator[dict[str, object]]:
    """The same, by what the cells hold, row by row: column -> text or number. The first row says which column is which."""
    titles = {column.title: column.name for column in columns}
    named: dict[str | int, str] = {}
    for texts in rows:
        if not named:
            named = {place: titles[text] for place, text in texts.items() if text in titles}
            continue
        found = {named[place]: value for place, value in texts.items() if place in named and value != ""}
        if found.get("identity"):
            known, _, value = str(found["identity"]).partition(".")
            yield found | {"identity": known} | ({"value": value} if value else {})
