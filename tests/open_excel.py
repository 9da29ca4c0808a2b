"""An Excel for tests: an engine for xlwings with openpyxl inside, written against its open-source part (base_classes) only.

It does what Excel does as far as the live way asks for it: a text typed behind an apostrophe, formulas with the values they had,
error values, merged ranges, names, filters, links. It calculates nothing.
"""

import datetime as dt

import openpyxl
import xlwings as xw
from openpyxl.utils import get_column_letter, range_boundaries
from xlwings import base_classes as base

ERRORS = ("#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")


class Engine:
    name, type = "openpyxl", "desktop"  # the code path of Excel itself

    def __init__(self):
        self.apps = Apps(self)

    @staticmethod
    def opened(books, path):
        return Book(books, path)

    @staticmethod
    def prepare_xl_data_element(value, options):
        return value

    @staticmethod
    def clean_value_data(data, datetime_builder, empty_as, number_builder, err_to_str):
        def cleaned(value):
            if value in (None, ""):
                return empty_as
            if value in ERRORS:
                return value if err_to_str else None
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return float(value) if number else value  # every number of Excel's comes as a float

        return [[cleaned(value) for value in row] for row in data]


class Apps(base.Apps):
    def __init__(self, engine):
        self.apps = [App(self, engine)]

    def __iter__(self):
        return iter(self.apps)

    def __len__(self):
        return len(self.apps)

    def __getitem__(self, pid):
        return self.apps[0]

    def keys(self):
        return [1]


class Api:
    """What the native objects are asked for."""

    def __init__(self, **known):
        self.__dict__.update(known)


class App(base.App):
    apps = engine = books = None
    pid, screen_updating, display_alerts = 1, True, True

    def __init__(self, apps, engine):
        self.apps, self.engine, self.books = apps, engine, Books(self)
        self.api = Api(Path=r"C:\Program Files\Microsoft Office\root\Office16")

    api = None

    def activate(self, steal_focus=None):
        pass


class Books(base.Books):
    app = None

    def __init__(self, app):
        self.app, self.open_ones = app, []

    @property
    def active(self):
        return self.open_ones[-1]

    def __len__(self):
        return len(self.open_ones)

    def __iter__(self):
        return iter(self.open_ones)

    def __call__(self, key):
        return self.open_ones[key - 1] if isinstance(key, int) else {one.name: one for one in self.open_ones}[key]

    def open(self, fullname, *args, **kwargs):
        self.open_ones.append(self.app.engine.opened(self, str(fullname)))
        return self.open_ones[-1]


class Book(base.Book):
    app = books = fullname = api = names = None

    def __init__(self, books, path):
        self.books, self.app, self.fullname = books, books.app, path
        self.api = self.file = openpyxl.load_workbook(path)
        self.held = openpyxl.load_workbook(path, data_only=True)  # values of formulas
        self.names = Names(self.file)

    @property
    def name(self):
        return self.fullname.rsplit("/", 1)[-1]

    @property
    def sheets(self):
        return Sheets(self)

    def save(self, path=None, password=None):
        self.file.save(path or self.fullname)

    def close(self):
        self.books.open_ones.remove(self)


class Names(base.Names):
    def __init__(self, file):
        self.names = file.defined_names

    def contains(self, name):
        return name in self.names

    def __call__(self, name):
        found = base.Name.__new__(Name)
        found.refers_to = "=" + self.names[name].value
        return found


class Name(base.Name):
    refers_to = None


class Sheets(base.Sheets):
    book = None

    def __init__(self, book):
        self.book = book

    def __len__(self):
        return len(self.book.file.worksheets)

    def __iter__(self):
        return (Sheet(self.book, one) for one in self.book.file.worksheets)

    def __call__(self, key):
        return Sheet(self.book, self.book.file.worksheets[key - 1] if isinstance(key, int) else self.book.file[key])


class Sheet(base.Sheet):
    book = api = None

    def __init__(self, book, page):
        self.book, self.page = book, page

        def show_all():
            page.auto_filter.filterColumn = []

        def unlink(address):
            cells = [cell for row in page[address] for cell in row]
            return Api(ClearHyperlinks=lambda: [setattr(cell, "hyperlink", None) for cell in cells])

        filtered = bool(page.auto_filter.filterColumn)
        self.api = Api(FilterMode=filtered, ShowAllData=show_all, Hyperlinks=page._hyperlinks, Range=unlink)

    @property
    def name(self):
        return self.page.title

    @property
    def index(self):
        return self.book.file.worksheets.index(self.page) + 1

    def range(self, first, last=None):
        return Range(self, first, last)

    @property
    def used_range(self):
        return Range(self, (1, 1), (self.page.max_row, self.page.max_column))

    @property
    def cells(self):
        return Range(self, (1, 1), (1048576, 16384))


class Range(base.Range):
    sheet = None
    has_array = max_cells_per_read = max_cells_per_write = None

    def __init__(self, sheet, first, last=None):
        self.sheet, self.arg1_input = sheet, first
        if isinstance(first, str):
            left, top, right, bottom = range_boundaries(first.replace("$", ""))
            first, last = (top, left), (bottom, right)
        elif isinstance(first, Range):
            ends = [one for item in (first, last or first) for one in (item.first, item.last)]
            first, last = _corner(ends, min), _corner(ends, max)
        elif len(first) == 4:
            first, last = first[:2], (first[0] + first[2] - 1, first[1] + first[3] - 1)
        self.first, self.last = tuple(first), tuple(last or first)

    row = property(lambda self: self.first[0])
    column = property(lambda self: self.first[1])
    shape = property(lambda self: (self.last[0] - self.first[0] + 1, self.last[1] - self.first[1] + 1))
    api = property(lambda self: self.sheet.page)
    coords = property(lambda self: (self.sheet.name, self.row, self.column, *self.shape))

    def __len__(self):
        return self.shape[0] * self.shape[1]

    @property
    def address(self):
        ends = [f"${get_column_letter(column)}${row}" for row, column in dict.fromkeys((self.first, self.last))]
        return ":".join(ends)

    def __call__(self, row, column=None):
        if column is None:
            row, column = (part + 1 for part in divmod(row - 1, self.shape[1]))
        return type(self)(self.sheet, (self.row + row - 1, self.column + column - 1))

    def _all(self):
        for row in range(self.first[0], self.last[0] + 1):
            yield [self.sheet.page.cell(row, column) for column in range(self.first[1], self.last[1] + 1)]

    @property
    def raw_value(self):
        held = self.sheet.book.held[self.sheet.name]
        return [[held[c.coordinate].value if c.data_type == "f" else c.value for c in row] for row in self._all()]

    @raw_value.setter
    def raw_value(self, values):
        for cells, row in zip(self._all(), values, strict=True):
            for cell, value in zip(cells, row, strict=True):
                self._type(cell, value)

    @staticmethod
    def _type(cell, value):
        if isinstance(value, str) and value.startswith("'"):
            cell.value, cell.data_type = value[1:], "s"
        elif isinstance(value, str) and not value.startswith("="):
            raise AssertionError(f"{value!r}: Excel would make a number or a date of some texts typed like this")
        else:
            cell.value = value

    def clear_contents(self):
        if self.sheet.page.auto_filter.filterColumn:
            raise AssertionError("Excel empties only the lines in sight")
        for (row, column), cell in self.sheet.page._cells.items():
            if self.first[0] <= row <= self.last[0] and self.first[1] <= column <= self.last[1]:
                cell.value = None

    @property
    def merge_cells(self):
        inside = [self._within(area) for area in self.sheet.page.merged_cells.ranges]
        return False if not any(inside) else True if len(self) == 1 else None

    def _within(self, area):
        return (
            area.min_row <= self.last[0]
            and area.max_row >= self.first[0]
            and area.min_col <= self.last[1]
            and area.max_col >= self.first[1]
        )

    @property
    def merge_area(self):
        area = next(one for one in self.sheet.page.merged_cells.ranges if self._within(one))
        return Range(self.sheet, (area.min_row, area.min_col), (area.max_row, area.max_col))


def _corner(ends, which):
    return which(row for row, _ in ends), which(column for _, column in ends)


def type_in(book, sheet, address, value):
    """An edit that nobody has saved."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    book.impl.file[sheet][address].value = value


def start(engine=None):
    """An Excel with nothing open, the one xlwings talks to."""
    engine = engine or Engine()
    xw.engines.add(xw.Engine(impl=engine))
    xw.engines[engine.name].activate()
    return engine
