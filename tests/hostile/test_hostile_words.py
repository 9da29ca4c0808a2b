"""Words from cells that would be markup, in every cell that takes free text: on every page and paper of a whole batch, and in every control
of a live page, they are words."""

import re

import openpyxl
import pytest

import townships
from browsing import browser  # noqa: F401 - a fixture
from kongchuo.core import places, schema
from kongchuo.excel import registry
from kongchuo.publishing import batch
from serving import serving, tab  # noqa: F401 - the second is a fixture

MARKUP = '"><img src=x onerror="window.hit=1">\'{{7*7}}'  # whatever stands in an attribute, a text or a template
NAME = "甲<b onclick=x>"  # of a person: short, as one is


def poisoned(shared):
    """Write it into every text cell that takes words, behind what stands there; returns how many cells."""
    known, cells = schema.default(), 0
    titles = {sheet.title: sheet for book in known.books for sheet in book.sheets}
    for path in sorted(shared.rglob("*.xlsx")):
        book = openpyxl.load_workbook(path)
        for page in book.worksheets:
            sheet = titles.get(page.title)
            if sheet is None:
                continue
            by_title = {item.title: item for item in sheet.fields}
            for column in page.iter_cols(min_row=1):
                item = by_title.get(str(column[0].value))
                if (
                    item is None
                    or item.type != "string"
                    or item.codes
                    or item.reference
                    or item.pattern
                    or item.name.endswith(("_key", "_id", "_code"))
                ):
                    continue
                if item.name in ("school_name", "class_name") or item.format not in ("", "person_name"):
                    continue
                for cell in column[1:]:
                    if isinstance(cell.value, str) and not cell.value.startswith("="):
                        cell.value += NAME[1:] if item.format else MARKUP
                        cells += 1
        book.save(path)
    return cells


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    townships.make(folder / "shared", 2, 60, faults=True)
    assert poisoned(folder / "shared") > 500
    return folder


def test_no_word_of_a_cell_is_markup_on_a_page(town):
    batch.run(
        places.PARAMETERS / "monthly.yaml",
        {"month": "2023-10", "school": "all"},
        town / "shared",
        town / "runs",
        say=str,
    )
    batch.run(
        places.PARAMETERS / "term.yaml",
        {"round": "2023-2024-1-1", "school": "all"},
        town / "shared",
        town / "runs",
        say=str,
    )
    pages = sorted((town / "runs").rglob("*.html"))
    assert len(pages) > 10
    shown = 0
    for page in pages:
        text = page.read_text("utf-8")
        shown += text.count("&lt;img src=x")
        assert not re.search(r"<img src=x|<b onclick", text), page.name
        assert '"49"' not in text
    assert shown > 20, "the words have come as far as the pages"


def test_no_word_of_a_cell_is_markup_in_a_live_page(page, town):
    first, _ = (school.name for school in registry.registered(town / "shared", "2023-2024"))
    with serving(town, town / "shared", town / "runs", places.NOTEBOOKS) as site:
        for name in ("monthly_self_check", "people"):
            page.goto(f"{site.origin}/live/{name}?school={first}&month=2023-10")
            page.wait_for_selector("select")
            for place in range(page.locator("select").count()):
                page.locator("select").nth(place).select_option(index=1)
                page.wait_for_timeout(3000)
                assert page.evaluate("window.hit") is None
                assert page.locator("img[src=x], b[onclick]").count() == 0
        assert "<img src=x" in page.locator("body").inner_text() or "onclick" in page.locator("body").inner_text()
