"""What cells of a workbook hold, as the text that a spreadsheet program makes of it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from lxml import etree

from ..writing import results
from .package import Package, split

SURE = 11  # digits of a whole number that every program writes alike
_ROW = re.compile(rb'<(?:\w+:)?row(?=\s)[^>]*?\sr="(\d+)"')
Cell = str | float  # what a cell holds as text; a number where programs may write it in different ways


class Cells:
    """What cells of a package hold, as text, looking only at the rows asked for."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._sheets: dict[str, tuple[bytes, bytes, dict[int, tuple[int, int]]]] = {}
        self._rows: dict[tuple[str, int], dict[str, etree._Element]] = {}

    def _shared(self, number: int) -> str:
        """A shared text; what is only pronounced (rPh) is not part of it."""
        text = re.sub(rb"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", b"", self._package.texts[number], flags=re.S)
        found = re.findall(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</", text)
        return html.unescape(b"".join(found).decode().replace("\r\n", "\n"))

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
        return number(float(text)) if kind == "n" and text else text


def number(value: float) -> Cell:
    """What `cell&""` gives for a number, as far as that is sure."""
    return str(int(value)) if value == int(value) and abs(value) < 10**SURE else value


def spelt(parts: Sequence[Cell]) -> tuple[str, str]:
    """Cells one after the other: as text, and as a formula ("" where the text is sure).

    NOW makes a program work the formula out when it opens the file: LibreOffice would go by our text, and take a long number for
    mended that it writes in another way.
    """
    text = results.BETWEEN.join(part if isinstance(part, str) else f"{part:.15g}" for part in parts)
    if all(isinstance(part, str) for part in parts):
        return text, ""
    pieces = (_quoted(part) if isinstance(part, str) else f"{part!r}".upper() for part in parts)
    joined = f'&"{results.BETWEEN}"&'.join(pieces)
    return text, f'IF(NOW()>0,{joined},"")'


def _quoted(text: str) -> str:
    """A text as Excel writes it in a formula; one of more than 255 characters is put together from pieces."""
    pieces = [text[start : start + 250] for start in range(0, len(text), 250)] or [""]
    return "&".join('"' + piece.replace('"', '""') + '"' for piece in pieces)
