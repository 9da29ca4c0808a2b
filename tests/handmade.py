"""Small towns written by hand, for tests of figures and pages: rows as dictionaries, everything else empty."""

import datetime as dt
import pickle
from functools import lru_cache

import pandas as pd

import kongchuo_township
from kongchuo.core import policy, schema
from kongchuo.core.columns import DTYPES
from kongchuo.core.places import POLICY
from kongchuo.core.schema import CENTRE
from kongchuo.core.tables import Town, empty_frame
from kongchuo.core.workbooks import Table, Workbook
from kongchuo.figures.scopes import Scope
from kongchuo.pages.views import Month
from kongchuo.rules.judging import Judgement

YEAR = "2023-2024"


def table(sheet, rows, first=2, columns=None):
    """A Table of rows (dictionaries by field name), at Excel rows from `first` on."""
    fields = tuple((item.name, DTYPES[item.type]) for item in sheet.fields)
    frame = _frame(fields, pickle.dumps(rows), first).copy() if rows else empty_frame(sheet)
    present = {
        item.name: place for place, item in enumerate(sheet.fields, 1) if columns is None or item.name in columns
    }
    return Table(sheet, frame, present)


@lru_cache(1000)
def _frame(fields, rows, first):
    """Of a township that each test spoils in one place, most worksheets are those of the test before."""
    rows, dtypes = pickle.loads(rows), dict(fields)
    return pd.DataFrame(rows, range(first, first + len(rows))).reindex(columns=[*dtypes]).astype(dtypes)


def town(rows, homes=("甲小学",), as_of=dt.date(2023, 10, 31), unread=(), year=YEAR):
    """A Town: rows = {sheet: {home: [row, …]}} (home is ignored for the office's sheets); unread = (home, book name) pairs."""
    books, made = schema.default(), []
    for book in books.books:
        for home in (CENTRE,) if book.owner == "centre" else homes:
            for stem in book.stems[:1]:
                read = (home, book.name) not in unread
                tables = {}
                for sheet in book.sheets:
                    given = rows.get(sheet.name, {})
                    tables[sheet.name] = table(sheet, given.get(home, []) if isinstance(given, dict) else given)
                made.append(
                    Workbook(
                        f"{year}/{home}/{stem}.xlsx",
                        book,
                        home,
                        read,
                        "ab" * 32 if read else "",
                        tables if read else {},
                    )
                )

    return Town(year, as_of, books, tuple(made))


def township(schools=3, pupils=90, seed=1, as_of=dt.date(2024, 1, 31), spoil=None, **more):
    """(Town, rows): an example township without files; rows = {sheet: [row with its home, …]}, changed by `spoil(rows)` first.

    Of this school year alone: last year's lists are left out. `more`: as kongchuo_township.workbooks takes it (whole_year=True).
    """
    rows = {}
    for path, sheets in kongchuo_township.workbooks(schools, pupils, seed, **more):
        year, home, _ = path.split("/")
        if year != YEAR:
            continue
        for sheet, lines in sheets.items():
            rows.setdefault(sheet, []).extend({**line, "home": home} for line in lines)
    if spoil:
        spoil(rows)
    homes = tuple(row["school_name"] for row in rows["school"] if row["stage"] != CENTRE)
    by_home = {
        sheet: {
            home: [{k: v for k, v in row.items() if k != "home"} for row in lines if row["home"] == home]
            for home in (CENTRE, *homes)
        }
        for sheet, lines in rows.items()
    }
    return town(by_home, homes, as_of), rows


def scope(made, start="2023-10-01", end="2023-10-31", homes=None, **more):
    """A Scope over the whole of a town made above, or over `homes`."""
    held = policy.load(POLICY)
    days = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    return Scope(made, held, *days, made.homes if homes is None else homes, **more)


def month(made, home="", findings=(), not_judged=(), judged=("X11", "X12")):
    """A Month (October 2023) of a town made above with findings given by hand."""
    held = policy.load(POLICY)
    judgement = Judgement(tuple(sorted(findings)), tuple(not_judged), frozenset(judged))
    return Month(made, held, judgement, home, "2023-10", dt.date(2023, 10, 1), made.as_of)


def half_up(value, places=2):
    """四舍五入 by counting: the tests' own way, beside core.numbers."""
    scale = 10**places
    return int(value * scale + 0.5 + 1e-7) / scale
