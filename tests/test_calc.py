"""Live in LibreOffice over UNO: the code that marks an open Excel, run against a program that calculates.

The marks are those of a file that LibreOffice opens, and they are alive: an edit that nobody saved puts them out.
"""

import shutil
from pathlib import Path

import pytest
import xlwings as xw

import open_calc
import open_excel
import townships
from kongchuo.commands import live, opening, returning
from kongchuo.core.places import HINT, RESULTS
from kongchuo.excel import live as excel_live, marking, result_sheet
from kongchuo_township import YEAR
from test_excel import DAY, PLANS, found_in_reading, show
from test_marking import BOOK, COLUMNS, PLAIN, ROSTER, entry, plan


def _missing():
    if shutil.which("soffice") is None:
        return "LibreOffice is not installed"
    try:
        open_calc.uno()
    except ImportError as error:
        return f"python3-uno is not installed, or is for another Python than this one: {error}"
    return ""


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing() or "there")


@pytest.fixture(scope="module", autouse=True)
def calc(tmp_path_factory):
    """LibreOffice as the Excel that xlwings talks to."""
    before, engine = xw.engines.active, open_calc.Engine(tmp_path_factory.mktemp("office") / "profile")
    yield open_excel.start(engine)
    engine.stop()
    xw.engines.active = before


@pytest.fixture
def opened(calc):
    yield lambda path: xw.books.open(str(path))
    for book in list(calc.apps[0].books.open_ones):
        book.close()


def seen(book):
    """What stands on 校验结果 below its header, and in the hint column of each worksheet that has one, as it is shown."""
    found = {}
    for sheet in book.sheets:
        rows = [[str(value) for value in row] for row in sheet.used_range.options(ndim=2, empty="").value]
        if sheet.name == RESULTS:
            found[RESULTS] = [row[: len(result_sheet.COLUMNS)] for row in rows[1:] if any(row)]
        elif HINT in rows[0]:
            place = rows[0].index(HINT)
            found[sheet.name] = {number: row[place] for number, row in enumerate(rows[1:], 2) if row[place].strip()}
    return found


@pytest.mark.parametrize("name", PLANS)
def test_what_is_shown_is_what_a_marked_file_shows(name, opened, tmp_path):
    paths = [tmp_path / f"{kind}.xlsx" for kind in ("live", "filed")]
    paths[0].write_bytes(PLAIN)
    paths[1].write_bytes(marking.marked(PLAIN, PLANS[name], BOOK))
    live = opened(paths[0])
    show(live, PLANS[name])
    assert seen(live) == seen(opened(paths[1]))
    assert bool(seen(live)[RESULTS]) == (name != "nothing")
    assert paths[0].read_bytes() == PLAIN, "nothing is saved"


def test_an_edit_nobody_saved_puts_the_mark_out(opened, tmp_path):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(PLAIN)
    book = opened(path)
    show(book, plan(entry("name", 2), entry("birth_date", 3)))
    state = list(result_sheet.LETTERS).index("state")
    assert [row[state] for row in seen(book)[RESULTS]] == [result_sheet.OPEN, result_sheet.OPEN]
    assert set(seen(book)[ROSTER]) == {2, 3}
    place = book.sheets[ROSTER].range(f"{COLUMNS['name']}2")
    place.value = "'甲春雪"
    assert [row[state] for row in seen(book)[RESULTS]] == [result_sheet.MENDED, result_sheet.OPEN]
    assert set(seen(book)[ROSTER]) == {3}
    assert path.read_bytes() == PLAIN


def test_a_sorted_row_takes_no_wrong_mark_along(opened, tmp_path):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(PLAIN)
    book = opened(path)
    show(book, plan(entry("name", 2)))
    rows = book.sheets[ROSTER].range(f"A2:{COLUMNS['name']}3")
    first, second = ([f"'{value}" for value in row] for row in rows.value)
    rows.value = [second, first]
    state = list(result_sheet.LETTERS).index("state")
    assert [row[state] for row in seen(book)[RESULTS]] == [result_sheet.MOVED]
    assert seen(book)[ROSTER] == {}


def test_clear_leaves_nothing(opened, tmp_path):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(PLAIN)
    book = opened(path)
    before = seen(book)
    show(book, plan(entry("name", 2), entry("id_no", 3)))
    assert seen(book) != before
    show(book, plan())
    assert seen(book) == before


@pytest.mark.usefixtures("judged_once")
def test_the_whole_job_with_unsaved_edits(opened, tmp_path, monkeypatch):
    """The township is judged with the workbook as LibreOffice holds it; its marks are those of its file, until it is edited."""
    shared = tmp_path / "shared"
    townships.make(shared, 2, 40, 1, faults=True)
    (shared / "planted.json").unlink(missing_ok=True)
    census = shared / YEAR / "中心学校" / "适龄儿童摸底.xlsx"
    before = census.read_bytes()
    twin = Path(shutil.copytree(shared, tmp_path / "twin")) / census.relative_to(shared)
    returning.mark([twin], tmp_path / "out", in_place=True, as_of=DAY)
    filed = opened(twin.rename(twin.with_name("标好的.xlsx")))
    book = opened(census)
    live.mark(book, as_of=DAY)
    shown = seen(book)
    assert shown == seen(filed)
    assert len(shown[RESULTS]) > 20
    assert {row[list(result_sheet.LETTERS).index("state")] for row in shown[RESULTS]} == {result_sheet.OPEN}

    title = "摸底登记"
    sheet = book.sheets[title]
    rows = sheet.used_range.value
    column = rows[0].index("性别")
    row = next(number for number, one in enumerate(rows) if one[column] == "女")
    sheet.range((row + 1, column + 1)).value = "'不知道"
    monkeypatch.setattr(opening, "examine", found_in_reading)  # the rules take their time
    live.mark(book, as_of=DAY)
    new = {tuple(line[2:6]) for line in seen(book)[RESULTS]} - {tuple(line[2:6]) for line in shown[RESULTS]}
    assert ("F10", title) in {line[:2] for line in new}
    assert census.read_bytes() == before

    book.save(tmp_path / "saved.xlsx")
    again = excel_live.grids(opened(tmp_path / "saved.xlsx"))
    assert len(excel_live.listed(again)) == len(seen(book)[RESULTS])
