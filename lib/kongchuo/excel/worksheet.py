"""A worksheet of somebody's workbook: its rows and cells by place, where each new thing has to stand, how wide and high things are."""

from lxml import etree

from ..core.workbooks import column_letters
from .parts import Package, split

# the order of what a worksheet holds (ECMA-376 part 1, 18.3.1.99)
ORDER = ["sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
         "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells", "phoneticPr",
         "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter",
         "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing",
         "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts",
         "extLst"]  # fmt: skip
ROW, WIDTH = 20, 64  # pixels of a row and a column that nobody has changed
NEW_CELL, NEW_ROW = "c", "r"  # what of a cell was not there before


def put(tree: etree._Element, element: etree._Element) -> None:
    """Put an element into a worksheet where it has to stand: after the last of those that come before it."""
    place = ORDER.index(etree.QName(element).localname)
    before = [
        child
        for child in tree
        if isinstance(child.tag, str)
        and (name := etree.QName(child).localname) in ORDER
        and ORDER.index(name) <= place
        and etree.QName(child).namespace == etree.QName(tree).namespace
    ]
    before[-1].addnext(element)


class Worksheet:
    """The rows and cells of a worksheet; files may leave out the addresses of both."""

    def __init__(self, package: Package, part: str) -> None:
        """Look at a worksheet; changes are made in the package."""
        self._tag, self.tree = package.tag, package.tree(part)
        self._data = self.tree.find(self._tag("sheetData"))
        self._rows: dict[int, etree._Element] = {}
        self._cells: dict[int, dict[int, etree._Element]] = {}
        self._made: set[int] = set()
        columns = self.tree.find(self._tag("cols"))
        self._columns = list(columns.iterchildren(self._tag("col"))) if columns is not None else []
        self._standard = self.tree.find(self._tag("sheetFormatPr"))
        number = 0
        for row in self._data.iterchildren(self._tag("row")):
            number = int(row.get("r") or number + 1)
            self._rows[number] = row

    def _row(self, number: int) -> dict[int, etree._Element]:
        if number not in self._cells:
            self._cells[number] = found = {}
            column = 0
            for cell in self._rows[number].iterchildren(self._tag("c")) if number in self._rows else ():
                column = split(cell.get("r"))[1] if cell.get("r") else column + 1
                found[column] = cell
        return self._cells[number]

    def cell(self, address: str) -> etree._Element | None:
        """The cell at an address; None where the file holds none."""
        row, column = split(address)
        return self._row(row).get(column)

    def cells(self, styles: set[str]) -> list[tuple[str, etree._Element]]:
        """The cells that have one of some styles, with their addresses."""
        return [
            (f"{column_letters(column)}{number}", cell)
            for number in self._rows
            for column, cell in self._row(number).items()
            if cell.get("s") in styles
        ]

    def make(self, address: str) -> tuple[etree._Element, str]:
        """The cell at an address, made where there is none, looking as its place looked; and what had to be made."""
        number, column = split(address)
        there = self._row(number).get(column)
        if there is not None:
            return there, ""
        made = NEW_CELL
        row = self._rows.get(number)
        if row is None:
            made = NEW_ROW
            row = etree.Element(self._tag("row"), r=str(number))
            before = [other for other in self._rows if other < number]
            if before:
                self._rows[max(before)].addnext(row)
            else:
                self._data.insert(0, row)
            self._rows[number] = row
        cell = etree.Element(self._tag("c"), r=address)
        style = self._inherited(number, column)
        if style:
            cell.set("s", style)
        left = [other for other in self._row(number) if other < column]
        if left:
            self._row(number)[max(left)].addnext(cell)
        else:
            row.insert(0, cell)
        self._row(number)[column] = cell
        spans = row.get("spans", "")
        if spans.count(":") == 1 and " " not in spans:  # what a row says of its columns holds for one more
            first, last = map(int, spans.split(":"))
            row.set("spans", f"{min(first, column)}:{max(last, column)}")
        return cell, made

    def _inherited(self, number: int, column: int) -> str | None:
        """The style that an empty place shows: its row's, else its column's."""
        return self.styled_rows(number).get(number) or self.style_of(column)

    def styled_rows(self, *numbers: int) -> dict[int, str]:
        """Of these rows (none: all) those that have a style of their own, with it: what an empty place in them shows."""
        rows = {number: self._rows[number] for number in numbers or self._rows}
        return {number: row.get("s", "0") for number, row in rows.items() if row.get("customFormat") in ("1", "true")}

    def style_of(self, column: int) -> str | None:
        """The style of a whole column; None where it has none of its own."""
        for item in self._columns:
            if int(item.get("min")) <= column <= int(item.get("max")):
                return item.get("style")
        return None

    def unmake(self, address: str, made: str) -> None:
        """Take out a cell that was made, and its row, unless somebody has put something there or the place would look different."""
        number, column = split(address)
        self._made.update({number} if made == NEW_ROW else ())  # its last cell takes it along
        cell = self._row(number)[column]
        row = self._rows[number]
        looks = cell.get("s", "0")
        if made not in (NEW_CELL, NEW_ROW) or len(cell) or looks != (self._inherited(number, column) or "0"):
            return
        row.remove(cell)
        del self._cells[number][column]
        if number in self._made and not len(row) and set(row.attrib) <= {"r", "spans"}:
            self._data.remove(row)
            del self._rows[number]

    # --- measures in pixels -------------------------------------------------------------------------------------------
    def width(self, column: int) -> int:
        """How wide a column is."""
        for item in self._columns:
            if int(item.get("min")) <= column <= int(item.get("max")):
                if item.get("hidden") in ("1", "true"):
                    return 0
                return round(float(item.get("width") or 9) * 7) + 5
        wide = self._standard.get("defaultColWidth") if self._standard is not None else None
        return round(float(wide) * 7) if wide else WIDTH

    def height(self, number: int) -> int:
        """How high a row is."""
        row = self._rows.get(number)
        if row is not None and row.get("hidden") in ("1", "true"):
            return 0
        standard = self._standard.get("defaultRowHeight") if self._standard is not None else None
        high = (row.get("ht") if row is not None else None) or standard
        return round(float(high) * 4 / 3) if high else ROW
