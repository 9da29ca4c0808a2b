"""A plan of marks put into a workbook made from our template: only the worksheet 校验结果 is written (see writing.results).

What people typed there (waivers) and since when a finding is known are carried over by the finding's identity.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from lxml import etree

from ..places import RESULTS
from ..schema import Book, Sheet
from ..tables import column_letters
from ..writing import results
from .package import KEEP_SPACE, Package, split
from .plan import Entry, Plan

OWN = tuple(column.name for column in results.COLUMNS if column.own)
DATES = ("since", "until")
EPOCH = dt.date(1899, 12, 30)
MOST_IN_HINT = 8  # findings of one row that its hint spells out
SURE = 11  # digits of a whole number that every program writes alike
_ROW = re.compile(rb'<(?:\w+:)?row(?=\s)[^>]*?\sr="(\d+)"')
Cell = str | float  # what a cell holds as text; a number where programs may write it in different ways


def is_ours(package: Package, book: Book) -> bool:
    """Whether the workbook carries the marks of our template: 校验结果 and the names that the marks look through."""
    names = package.tree(package.workbook).find(package.tag("definedNames"))
    there = {name.get("name") for name in names} if names is not None else set()
    titles = {sheet.title for sheet in book.sheets}
    return RESULTS in package.sheets and set(results.ranges()) <= there and bool(titles & set(package.sheets))


def fill(package: Package, plan: Plan, book: Book) -> None:
    """Put the plan into the package, in place of what 校验结果 held; an empty plan clears the marks."""
    before = {row["identity"]: row for row in read(package)}
    cells = Cells(package)
    lines = [
        _line(number, entry, before.get(entry.identity, {}), plan.as_of, cells, book)
        for number, entry in enumerate(plan.entries[: results.CAPACITY - 1], start=2)
    ]
    _add_hints(lines)
    _write(package, lines)


# --- what a cell holds ------------------------------------------------------------------------------------------------
class Cells:
    """What cells of a package hold, as text, looking only at the rows asked for."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._sheets: dict[str, tuple[bytes, bytes, dict[int, tuple[int, int]]]] = {}
        self._rows: dict[tuple[str, int], dict[str, etree._Element]] = {}

    @cached_property
    def _texts(self) -> list[bytes]:
        part = self._package.linked(self._package.workbook, "sharedStrings")
        return re.split(rb"<(?:\w+:)?si\b", self._package.read(part))[1:] if part else []

    def _shared(self, number: int) -> str:
        """A shared text; what is only pronounced (rPh) is not part of it."""
        text = re.sub(rb"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", b"", self._texts[number], flags=re.S)
        found = re.findall(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</", text)
        return "".join(etree.fromstring(b"<t>" + part + b"</t>").text or "" for part in found)

    def _places(self, title: str) -> tuple[bytes, bytes, dict[int, tuple[int, int]]]:
        """The XML of a worksheet, an element that has its namespaces, and where each row begins and ends."""
        if title not in self._sheets:
            xml = self._package.read(self._package.sheets[title])
            root = re.search(rb"<[A-Za-z][^>]*>", xml)[0]
            starts = [(int(found[1]), found.start()) for found in _ROW.finditer(xml)]
            ends = [start for _, start in starts[1:]] + [max(xml.rfind(b"sheetData>"), 0)]
            rows = {number: (start, end) for (number, start), end in zip(starts, ends, strict=True)}
            self._sheets[title] = xml, root, rows
        return self._sheets[title]

    def _row(self, title: str, number: int) -> dict[str, etree._Element]:
        if (title, number) not in self._rows:
            xml, root, rows = self._places(title)
            start, end = rows.get(number, (0, 0))
            row = xml[start:end]
            row = row[: row.rfind(b">") + 1]  # what follows the last row is the beginning of its parent's end
            closing = b"</" + re.match(rb"<([\w:]+)", root)[1] + b">"
            cells = etree.fromstring(root + row + closing).iter(self._package.tag("c"))
            self._rows[title, number] = {cell.get("r", ""): cell for cell in cells}
        return self._rows[title, number]

    def text(self, title: str, address: str) -> Cell:
        """What the cell at an address of a worksheet holds (see `value`); "" where there is none."""
        cell = self._row(title, split(address)[0]).get(address)
        return "" if cell is None else self.value(cell)

    def value(self, cell: etree._Element) -> Cell:
        """What `cell&""` gives in a spreadsheet program; a number where that is not sure, "#" for an error."""
        kind, value = cell.get("t", "n"), cell.find(self._package.tag("v"))
        if kind == "inlineStr":
            return "".join(part.text or "" for part in cell.iter(self._package.tag("t")))
        text = (value.text or "") if value is not None else ""
        if kind == "s":
            return self._shared(int(text)) if text else ""
        if kind == "e":
            return results.ERROR
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if kind == "n" and text:
            number = float(text)
            return str(int(number)) if number == int(number) and abs(number) < 10**SURE else number
        return text


def _held(cells: Cells, sheet: Sheet, cell: str, row: int) -> tuple[str, str]:
    """What a cell holds and what identifies its row: as text, and as a formula ("" where the text is sure)."""
    addresses = (cell, *(f"{letter}{row}" for letter in results.key_letters(sheet)))
    parts = [cells.text(sheet.title, address) for address in addresses]
    text = results.BETWEEN.join(part if isinstance(part, str) else f"{part:.15g}" for part in parts)
    if all(isinstance(part, str) for part in parts):
        return text, ""
    spelt = (_quoted(part) if isinstance(part, str) else f"{part!r}".upper() for part in parts)
    return text, f'&"{results.BETWEEN}"&'.join(spelt)


def _quoted(text: str) -> str:
    """A text as Excel writes it in a formula; one of more than 255 characters is put together from pieces."""
    pieces = [text[start : start + 250] for start in range(0, len(text), 250)] or [""]
    return "&".join('"' + piece.replace('"', '""') + '"' for piece in pieces)


# --- lines ------------------------------------------------------------------------------------------------------------
@dataclass
class Line:
    """One row of 校验结果: values by column name; a pair is a formula and the value it has now."""

    number: int
    entry: Entry
    values: dict[str, object]


def _line(number: int, entry: Entry, before: dict, as_of: dt.date, cells: Cells, book: Book) -> Line:
    before = {name: _date(value) if name in DATES else value for name, value in before.items()}
    values: dict[str, object] = {"number": number - 1, "since": before.get("since") or (as_of - EPOCH).days}
    values |= {name: getattr(entry, name) for name in ("severity", "rule", "sheet", "cell", "message", "fix", "who")}
    values |= {"state": results.OPEN, "identity": entry.identity}
    values |= {name: before[name] for name in OWN if before.get(name) not in (None, "")}
    sheet = next((sheet for sheet in book.sheets if sheet.title == entry.sheet), None)
    if entry.cell and entry.row > 1 and sheet is not None:
        text, formula = _held(cells, sheet, entry.cell, entry.row)
        letters = column_letters(split(entry.cell)[1])
        values["state"] = results.state(sheet, letters, entry.row, number)[1:], results.OPEN
        values["place"] = f"{entry.sheet}!{entry.cell}"
        values["held"] = (formula, text) if formula else text
    return Line(number, entry, values)


def _date(value: Cell) -> object:
    """The serial number of a date, which a cell gives as text; what people typed instead stays as it is."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _add_hints(lines: Sequence[Line]) -> None:
    """What the hint column of each row says, held by the first line of the row: the findings of it that are still open."""
    rows = [line for line in lines if "place" in line.values]
    for (title, row), group in groupby(rows, key=lambda line: (line.entry.sheet, line.entry.row)):
        own = list(group)
        state, said, fix = (results.LETTERS[name] for name in ("state", "message", "fix"))
        still = ",".join(f'{state}{line.number}="{results.OPEN}"' for line in own)
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


# --- the worksheet ----------------------------------------------------------------------------------------------------
def _write(package: Package, lines: Sequence[Line]) -> None:
    part, tag = package.sheets[RESULTS], package.tag
    page = package.tree(part)
    data = page.find(tag("sheetData"))
    for row in list(data)[1:]:
        data.remove(row)
    for old in page.findall(tag("hyperlinks")):
        page.remove(old)
    filtered = page.find(tag("autoFilter"))
    for criteria in list(filtered) if filtered is not None else ():
        filtered.remove(criteria)  # a filter set for the lines of before would hide lines nobody has seen
    styles = _styles(page, tag)
    for line in lines:
        row = etree.SubElement(data, tag("row"), r=str(line.number))
        for column in results.COLUMNS:
            value = line.values.get(column.name, "")
            _cell(row, tag, f"{results.LETTERS[column.name]}{line.number}", value, styles.get(column.name))
    links = [line for line in lines if line.entry.cell]
    if links:
        listed = etree.Element(tag("hyperlinks"))
        for line in links:
            target = f"'{line.entry.sheet}'!{line.entry.cell}"
            ref = f"{results.LETTERS['cell']}{line.number}"
            etree.SubElement(listed, tag("hyperlink"), ref=ref, location=target, display=line.entry.cell)
        _after(page, tag, listed)
    size = page.find(tag("dimension"))
    if size is not None:
        size.set("ref", f"A1:{results.LETTERS['hint']}{len(lines) + 1}")
    _forget_calculation(package)


# what stands before the links of a worksheet, the last first (ECMA-376 part 1, 18.3.1.99)
_BEFORE_LINKS = ("dataValidations", "conditionalFormatting", "phoneticPr", "mergeCells", "customSheetViews", "dataConsolidate",
                 "sortState", "autoFilter", "scenarios", "protectedRanges", "sheetProtection", "sheetCalcPr", "sheetData")  # fmt: skip


def _after(page: etree._Element, tag, links: etree._Element) -> None:
    before = next(found[-1] for name in _BEFORE_LINKS if (found := page.findall(tag(name))))
    before.addnext(links)


def _styles(page: etree._Element, tag) -> dict[str, str]:
    """The style of each column of the template, by the column's name."""
    columns = [(int(c.get("min")), int(c.get("max")), c.get("style")) for c in page.iter(tag("col"))]
    return {
        column.name: style
        for place, column in enumerate(results.COLUMNS, start=1)
        for first, last, style in columns
        if first <= place <= last and style
    }


def _cell(row: etree._Element, tag, address: str, value: object, style: str | None) -> None:
    if value in (None, "") and style is None:
        return
    cell = etree.SubElement(row, tag("c"), r=address)
    if style:
        cell.set("s", style)
    if isinstance(value, tuple):
        formula, now = value
        cell.set("t", "str")
        etree.SubElement(cell, tag("f")).text = formula
        etree.SubElement(cell, tag("v")).text = now
    elif isinstance(value, int | float):
        etree.SubElement(cell, tag("v")).text = f"{value:.15g}"
    elif value not in (None, ""):
        cell.set("t", "inlineStr")
        text = etree.SubElement(etree.SubElement(cell, tag("is")), tag("t"))
        text.text = value
        text.set(KEEP_SPACE, "preserve")


def _forget_calculation(package: Package) -> None:
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
        package.drop(package.workbook, "calcChain")


# --- reading it back --------------------------------------------------------------------------------------------------
def read(package: Package) -> Iterator[dict[str, object]]:
    """The lines of 校验结果 as they stand: column name -> text, or number for dates typed by people; empty cells are left out."""
    if RESULTS not in package.sheets:
        return
    cells, tag = Cells(package), package.tag
    titles = {column.title: column.name for column in results.COLUMNS}
    data = package.tree(package.sheets[RESULTS]).find(tag("sheetData"))
    named: dict[str, str] = {}
    for row in data:
        texts = {re.match(r"[A-Z]+", cell.get("r", "A"))[0]: cells.value(cell) for cell in row.iter(tag("c"))}
        if not named:
            named = {letters: titles[text] for letters, text in texts.items() if text in titles}
            continue
        found = {named[letters]: value for letters, value in texts.items() if letters in named and value != ""}
        if found.get("identity"):
            yield found
