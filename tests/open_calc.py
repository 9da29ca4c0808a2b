"""LibreOffice in the place of Excel for tests: an engine for xlwings over UNO. Unlike tests/open_excel.py it calculates.

What Excel does when a value is typed is done here by hand: text behind an apostrophe, formulas in Excel's language, days as dates.
"""

import builtins
import contextlib
import datetime as dt
import subprocess
import sys
import time
from pathlib import Path

import open_excel
from open_excel import ERRORS, Api, base

DEBIAN = "/usr/lib/python3/dist-packages"  # where python3-uno lies; it serves a Python of the same minor version
EPOCH = dt.datetime(1899, 12, 30)
DAYS, TEXTS = 2 | 4, 1 | 2 | 4 | 16  # bits: date or time of NumberFormat; VALUE, DATETIME, STRING, FORMULA of CellFlags
LOGICAL = 1024


def uno():
    """LibreOffice's bridge to Python. Raises ImportError where it is not to be had."""
    importing, where = builtins.__import__, list(sys.path)
    sys.path.append(DEBIAN)
    try:
        import uno as bridge
    finally:
        builtins.__import__, sys.path[:] = importing, where  # the bridge puts itself between every import
    return bridge


class Engine(open_excel.Engine):
    name = "libreoffice"

    def __init__(self, profile):
        """Start LibreOffice, without a window, with a user's folder of its own."""
        super().__init__()
        self.uno, pipe = uno(), f"kongchuo-{Path(profile).parent.name}-{time.monotonic_ns()}"
        said = (f"-env:UserInstallation=file://{profile}", f"--accept=pipe,name={pipe};urp;")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(["soffice", "--headless", "--norestore", *said], **quiet)
        here = self.uno.getComponentContext()
        resolver = here.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", here)
        there, until = None, time.monotonic() + 90
        while there is None:
            try:
                there = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            except Exception as error:  # it does not answer yet
                if self.process.poll() is not None or time.monotonic() > until:
                    self.process.kill()
                    raise AssertionError("LibreOffice did not start, or does not answer") from error
                time.sleep(0.2)
        self.desktop = there.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", there)

    def stop(self):
        with contextlib.suppress(Exception):  # the bridge breaks while it answers
            self.desktop.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def said(self, **options):
        made = []
        for name, value in options.items():
            one = self.uno.createUnoStruct("com.sun.star.beans.PropertyValue")
            one.Name, one.Value = name, value
            made.append(one)
        return tuple(made)

    def opened(self, books, path):
        address = self.uno.systemPathToFileUrl(path)
        document = self.desktop.loadComponentFromURL(address, "_blank", 0, self.said(Hidden=True))
        return Book(books, path, document)


class Book(open_excel.Book):
    def __init__(self, books, path, document):
        self.books, self.app, self.fullname, self.api = books, books.app, path, document
        self.names = Names(document.NamedRanges)
        self.parser = document.createInstance("com.sun.star.sheet.FormulaParser")
        self.parser.CompileEnglish = True
        conventions = "com.sun.star.sheet.AddressConvention"
        self.parser.FormulaConvention = books.app.engine.uno.getConstantByName(f"{conventions}.XL_OOX")

    @property
    def sheets(self):
        return Sheets(self)

    def save(self, path=None, password=None):
        engine = self.app.engine
        said = engine.said(FilterName="Calc MS Excel 2007 XML")
        self.api.storeToURL(engine.uno.systemPathToFileUrl(str(path or self.fullname)), said)

    def close(self):
        self.api.close(True)
        super().close()


class Names(base.Names):
    def __init__(self, names):
        self.names = names

    def contains(self, name):
        return self.names.hasByName(name)

    def __call__(self, name):
        found = base.Name.__new__(open_excel.Name)
        found.refers_to = "=" + self.names.getByName(name).Content
        return found


class Sheets(base.Sheets):
    book = None

    def __init__(self, book):
        self.book = book

    def __len__(self):
        return self.book.api.Sheets.Count

    def __iter__(self):
        return (Sheet(self.book, self.book.api.Sheets.getByIndex(place)) for place in range(len(self)))

    def __call__(self, key):
        every = self.book.api.Sheets
        return Sheet(self.book, every.getByIndex(key - 1) if isinstance(key, int) else every.getByName(key))


class Sheet(base.Sheet):
    book = api = None

    def __init__(self, book, page):
        self.book, self.page, self.api = book, page, Api()

    name = property(lambda self: self.page.Name)
    index = property(lambda self: self.page.RangeAddress.Sheet + 1)

    def range(self, first, last=None):
        return Range(self, first, last)

    @property
    def used_range(self):
        cursor = self.page.createCursor()
        cursor.gotoEndOfUsedArea(False)
        return Range(self, (1, 1), (cursor.RangeAddress.EndRow + 1, cursor.RangeAddress.EndColumn + 1))

    @property
    def cells(self):
        return Range(self, (1, 1), (1048576, 16384))


class Range(open_excel.Range):
    @property
    def area(self):
        (top, left), (bottom, right) = self.first, self.last
        return self.sheet.page.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)

    @property
    def raw_value(self):
        """As Excel gives it: days as dates, truth values as such; LibreOffice keeps numbers with a format."""
        area = self.area
        held = [list(row) for row in area.getDataArray()]
        formats, top, left = self.sheet.book.api.NumberFormats, self.row - 1, self.column - 1
        alike = area.getUniqueCellFormatRanges()
        for some in (alike.getByIndex(place) for place in range(alike.Count)):
            kind = formats.getByKey(some.getByIndex(0).NumberFormat).Type
            if kind & (DAYS | LOGICAL):
                for box in some.RangeAddresses:
                    for row in held[box.StartRow - top : box.EndRow - top + 1]:
                        for place in range(box.StartColumn - left, box.EndColumn - left + 1):
                            if isinstance(row[place], float):
                                day = kind & DAYS
                                row[place] = EPOCH + dt.timedelta(row[place]) if day else bool(row[place])
        for row, values in enumerate(held):
            for place, value in enumerate(values):
                if value is None or value in ERRORS:  # an error has no value
                    values[place] = area.getCellByPosition(place, row).String
        return held

    @raw_value.setter
    def raw_value(self, values):
        values, area = values if isinstance(values, list | tuple) else [[values]], self.area
        document = self.sheet.book.api
        document.enableAutomaticCalculation(False)  # or everything is worked out anew for each cell
        for row, line in enumerate(values):
            for place, value in enumerate(line):
                self._type(area.getCellByPosition(place, row), value)
        document.enableAutomaticCalculation(True)

    def _type(self, cell, value):
        if isinstance(value, str) and value.startswith("="):
            cell.setTokens(self.sheet.book.parser.parseFormula(value[1:], cell.CellAddress))
        elif isinstance(value, str):
            assert value.startswith("'"), (
                f"{value!r}: Excel would make a number or a date of some texts typed like this"
            )
            cell.setString(value[1:])
        elif value is None:
            cell.clearContents(TEXTS)
        else:
            days = isinstance(value, dt.datetime)
            cell.setValue((value - EPOCH) / dt.timedelta(1) if days else float(value))

    def clear_contents(self):
        self.area.clearContents(TEXTS)

    @property
    def merge_cells(self):
        return False if not self.area.getIsMerged() else True if len(self) == 1 else None

    @property
    def merge_area(self):
        cursor = self.sheet.page.createCursorByRange(self.area)
        cursor.collapseToMergedArea()
        box = cursor.RangeAddress
        return Range(self.sheet, (box.StartRow + 1, box.StartColumn + 1), (box.EndRow + 1, box.EndColumn + 1))
