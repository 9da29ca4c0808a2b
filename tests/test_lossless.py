"""Nothing of a workbook is lost by marking: mark, mark again, clear, and all is as it was; Excel's own validator finds nothing new."""

import datetime as dt
import io
import re

import openpyxl
import pytest
from hypothesis import given, settings, strategies as st

from dressed import dress, edited, strange
from kongchuo.core import schema
from kongchuo.excel import styles, writing
from kongchuo.excel.parts import Package
from test_annotated import BOOK, ROSTER, entry, mark, opened, parts, same_parts
from validating import complaints

OTHER = "说明"
BOOKS = schema.default()
PUPILS = [
    {"student_key": f"XS{n:07d}", "name": "甲春梅", "birth_date": dt.date(2011, 3, 15), "seat_no": n}
    for n in range(1, 9)
]


def dressed_template():
    def finish(sheet, page):
        if sheet.name == "roster":
            dress(page, ROSTER)

    return writing.workbook_bytes("学籍", BOOK, {"roster": PUPILS}, BOOKS, finish)


FILES = {"strange": strange(ROSTER, OTHER), "template": dressed_template()}
# what may be written: in our template one worksheet; in another's the marked sheets, styles, notes, and what names a new sheet
MAY = {
    "strange": ("xl/worksheets/sheet", "xl/worksheets/_rels/sheet", "xl/styles.xml", "xl/comments", "xl/drawings/vmlDrawing",
                "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"),
    "template": ("xl/worksheets/sheet6.xml",),
}  # fmt: skip
MANY = (
    entry("A2"),
    entry("B3"),
    entry("C4"),
    entry("D5"),
    entry("F3"),
    entry("G20"),
    entry("A16"),
    entry("AH13"),
    entry("", sheet=""),
)


@pytest.fixture(params=FILES)
def kind(request):
    return request.param


def test_mark_mark_clear(kind):
    data = FILES[kind]
    once = mark(data, *MANY)
    assert mark(once, *MANY) is once
    assert same_parts(mark(once), data) == set()


def test_parts_that_need_not_change_keep_their_bytes(kind):
    before, after = parts(FILES[kind]), parts(mark(FILES[kind], *MANY))
    changed = {name for name in before if after.get(name) != before[name]}
    assert all(name.startswith(MAY[kind]) for name in changed), changed
    kept = {"xl/media/image1.png", "xl/drawings/drawing1.xml", "xl/ctrlProps/ctrlProp1.xml", "docProps/custom.xml"}
    assert kept - set(before) <= {"xl/ctrlProps/ctrlProp1.xml"}
    assert not changed & kept


def test_headers_of_print_are_not_taken_for_notes():
    package = Package(mark(FILES["strange"], entry("A2")))
    header = package.linked(package.sheets[ROSTER], "vmlDrawing")
    drawings = [link.part for link in package.links(package.sheets[ROSTER]) if link.kind == "vmlDrawing"]
    assert len(drawings) == 2
    assert header in drawings
    with_note = [part for part in drawings if "校验本工作簿".encode() in package.read(part)]
    assert len(with_note) == 1
    assert package.read(with_note[0]).count(b'ObjectType="Note"') == 3


def looks(data):
    """What each cell holds and how it looks, through another program's eyes."""
    return {
        (page.title, cell.coordinate): (cell.value, cell.number_format, *map(repr, (cell.font, cell.fill, cell.border, cell.alignment, cell.protection)),
                                        cell.comment and cell.comment.text)
        for page in opened(data) for row in page.iter_rows() for cell in row
        if cell.value is not None or cell.has_style or cell.comment
    }  # fmt: skip


def saved_by_another(data):
    """The workbook as another program saves it, with numbers of styles and parts of its own."""
    out = io.BytesIO()
    book = openpyxl.load_workbook(io.BytesIO(data), rich_text=True)
    book.save(out)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_saved_by_another_program_between_mark_and_clear(kind):
    saved = saved_by_another(mark(FILES[kind], *MANY))
    again = mark(saved, *MANY)
    assert mark(again, *MANY) is again
    cleared, before = looks(mark(again)), looks(saved_by_another(FILES[kind]))
    assert {place: cleared.get(place) for place in before} == before
    more = [
        cleared[place] for place in cleared.keys() - before.keys()
    ]  # empty cells stay, that look as their place does
    assert all(value is None and note is None and styles.MARK not in repr(rest) for value, *rest, note in more)


def without_spans(data):
    """Without what a row says of how far it reaches, which stays wide."""
    names = [name for name in parts(data) if name.startswith("xl/worksheets/sheet")]
    return edited(data, dict.fromkeys(names, lambda old: re.sub(rb' spans="[^"]*"', b"", old)))


PLACES = st.tuples(
    st.sampled_from(["A", "B", "D", "F", "G", "J", "AH", "BC"]), st.integers(1, 40), st.sampled_from([ROSTER, OTHER])
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(PLACES, st.text(max_size=60)), max_size=30), st.lists(PLACES, max_size=5))
def test_wherever_the_marks_are(first, second):
    """Marks anywhere, other marks next time, clear: as it was; whatever characters the messages quote."""
    data = FILES["strange"]
    once = mark(data, *(entry(f"{letters}{row}", text, sheet) for (letters, row, sheet), text in first))
    later = [entry(f"{letters}{row}", sheet=sheet) for letters, row, sheet in second]
    assert same_parts(without_spans(mark(mark(once, *later))), without_spans(data)) == set()
    assert same_parts(without_spans(mark(once)), without_spans(data)) == set()


def test_the_validator_finds_nothing_new(kind, tmp_path):
    before = complaints(FILES[kind], tmp_path)
    once = mark(FILES[kind], *MANY)
    assert complaints(once, tmp_path) - before == set()
    assert complaints(mark(once), tmp_path) - before == set()


def test_the_validator_can_complain(tmp_path):
    """An element where Excel does not expect one."""
    package = Package(FILES["strange"])
    tree = package.tree(package.sheets[ROSTER])
    tree.append(tree.find(package.tag("sheetViews")))
    assert complaints(package.data(), tmp_path) - complaints(FILES["strange"], tmp_path)
