"""P01 is exact: whatever counts a page holds it passes, and however a number is written it is stopped."""

import datetime as dt
import io
import sys
import unicodedata
from itertools import accumulate, pairwise

import docx
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kongchuo.core import editions, id_numbers
from kongchuo.core.editions import CASE, plain
from kongchuo.facts import identity
from kongchuo.publishing import finished, gate
from kongchuo.publishing.gate import Blocked

WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
SEPARATORS = [" ", "  ", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}", "-", "－", "–", "·", ".", "_", "/", " - ", "\n"]


def stopped(page):
    try:
        gate.gate(page, CASE)
    except Blocked as blocked:
        return str(blocked).startswith("P01 ")
    return False


# --- counts pass ------------------------------------------------------------------------------------------------------
COUNT = st.one_of(st.integers(0, 20), st.integers(0, 3000), st.integers(0, 9_999_999)).map(str)
FULL = st.integers(1, 99).map(lambda count: f"{count}/{count}")
RATE = st.tuples(st.integers(0, 400), st.integers(1, 400)).map(
    lambda two: f"{two[0] / two[1]:.1%}（{two[0]}/{two[1]}）"
)
DAY = st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)).map(str)
OTHER = st.sampled_from(
    ["", "—", "不足3", "尚未判定", "并入合计", "0.1 %", "+3", "-12", "1,234", "13800001234", "七(1)班"]
)
CELL = st.one_of(COUNT, COUNT, FULL, RATE, DAY, OTHER)
ROW = st.tuples(st.sampled_from(["示例第一小学", "合计", "七(1)班", "3"]), st.lists(CELL, min_size=6, max_size=40))


def table(rows):
    return "<table><tr><th>学校</th></tr>" + "".join(
        f"<tr><th>{head}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for head, cells in rows
    ) + "</table>"  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=12))
def test_a_table_of_counts_rates_and_dates_is_no_number(rows):
    assert not stopped(table(rows))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=30))
def test_a_row_as_one_text_and_the_texts_of_a_chart_are_no_number(rows):
    assert not any(id_numbers.numbered(plain("｜".join([head, *cells]))) for head, cells in rows)
    assert not stopped("<svg>" + "".join(f"<text>{cell}</text>" for _, cells in rows for cell in cells) + "</svg>")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 10**10) | st.floats(0, 1), min_size=6, max_size=40), min_size=1, max_size=12))
def test_numbers_in_cells_of_excel_are_no_number(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    assert not [part for part in finished.of_bytes(saved(book), ".xlsx") if gate.JUDGES["P01"][1](part, gate.Known())]


def test_many_thousand_rows_of_a_township_are_no_number():
    """What stopped a clean township: full rates as 附表.xlsx writes them, and rows of plain counts."""
    from random import Random

    random = Random(1)
    for _ in range(50_000):
        top = random.choice((9, 20, 60, 1500))
        cells = [str(random.randint(0, top)) for _ in range(12)]
        full = [one for _ in range(7) for one in ["1", *[str(random.randint(1, top))] * 2]]
        assert not id_numbers.split_number(cells), cells
        assert not id_numbers.numbered("|".join(["示例第一小学", *full])), full


@pytest.mark.parametrize("fraction", [1 / 3, 100 / 3, 0.1 + 0.2, 1e-4 / 3, 2 / 3 * 1e6])
def test_the_decimals_of_a_fraction_are_no_number(fraction):
    assert not stopped(f"<p style='width:{fraction}%'>{fraction!r} {fraction}</p>")


# --- numbers do not ---------------------------------------------------------------------------------------------------
AREA = st.one_of(st.just("990101"), st.integers(110101, 990000).map(str))
BORN = st.dates(dt.date(1930, 1, 1), dt.date(2026, 1, 1)).map("{:%Y%m%d}".format)
BODY = st.tuples(AREA, BORN, st.integers(1, 999).map("{:03d}".format)).map("".join)
PERSON = BODY.map(lambda body: body + id_numbers.check_character(body))
CARD = st.tuples(PERSON, st.sampled_from("1234567"), st.sampled_from("1234")).map("".join)
STATUS = st.one_of(
    PERSON.map("G{}".format),
    st.tuples(st.sampled_from("JL"), st.integers(0, 10**18 - 1).map("{:018d}".format)).map("".join),
)
CUTS = st.lists(st.integers(3, 17), max_size=6, unique=True).map(sorted)


def cut(number, cuts, between):
    places = [0, *(place for place in cuts if place < len(number)), len(number)]
    return between.join(number[a:b] for a, b in pairwise(places))


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(PERSON, CARD, STATUS), CUTS, st.sampled_from(SEPARATORS), st.booleans(),
    st.sampled_from(["<p>{}</p>", "<p>证件号码：{}，已核对</p>", "<td>{}</td>", '<i title="{}"></i>', "<svg><text>{}</text></svg>"]),
)  # fmt: skip
def test_a_number_is_stopped_however_it_is_written(number, cuts, between, wide, page):
    if number[0] in "GJL":
        cuts = [place for place in cuts if place > 3]  # letter and three digits stay together
    text = cut(number, cuts, between)
    assert stopped(page.format(text.translate(WIDE) if wide else text))


@settings(deadline=None)
@given(PERSON.filter(str.isdigit), st.lists(st.integers(1, 6), min_size=18, max_size=18))
def test_a_row_of_counts_that_happens_to_be_a_number_is_none(number, sizes):
    """What no chance may do: cells of counts and rates are never read on, even where they would make a number."""
    places = [0, *accumulate(sizes)]
    cells = [number[a:b] for a, b in pairwise(places) if number[a:b]]
    rates = [f"{a}/{b}" for a, b in zip(cells[::2], cells[1::2], strict=False)]

    assert not stopped(table([("甲", cells)]))
    assert not stopped(table([("甲", rates)]))
    assert not id_numbers.numbered(plain("｜".join(cells)))
    assert stopped(f"<p>{'-'.join(cells)}</p>")  # in one text it is one


@settings(deadline=None)
@given(BODY, CUTS.filter(lambda cuts: cuts not in ([], [6, 14])), st.sampled_from("0123456789X"))
def test_groups_of_digits_with_another_check_character_are_no_number(body, cuts, last):
    number = body + last
    pieces = [number[a:b] for a, b in pairwise([0, *cuts, 18])]
    if last != id_numbers.check_character(body) and max(map(len, pieces)) < 15 and (6 not in cuts or 14 not in cuts):
        assert not id_numbers.numbered(" ".join(pieces))


@settings(deadline=None)
@given(PERSON)
def test_a_number_with_every_digit_apart_is_stopped(number):
    assert stopped(f"<p>{' '.join(number)}</p>")


HALVES = st.tuples(st.one_of(PERSON, CARD, STATUS), st.integers(1, 17))
AROUND = st.sampled_from(["", "例", "12", "18/18", "2023-10-01", "13800001234"])


@settings(max_examples=100, deadline=None)
@given(HALVES, AROUND, AROUND, st.booleans(), st.sampled_from(["", " ", "证件 "]))
def test_a_number_split_over_two_cells_is_stopped(halves, before, after, wide, label):
    number, at = halves
    first, second = label + number[:at], number[at:]
    if wide:
        first, second = first.translate(WIDE), second.translate(WIDE)
    assert stopped(table([("甲", [before, first, second, after])]))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(HALVES)
def test_a_number_split_over_two_cells_of_word_and_excel_is_stopped(halves):
    number, at = halves
    document = docx.Document()
    cells = document.add_table(1, 3).rows[0].cells
    cells[0].text, cells[1].text, cells[2].text = "甲", number[:at], number[at:]
    book = openpyxl.Workbook()
    book.active.append(["甲", number[:at], number[at:]])

    for data, suffix in ((saved(document), ".docx"), (saved(book), ".xlsx")):
        assert [part for part in finished.of_bytes(data, suffix) if gate.JUDGES["P01"][1](part, gate.Known())]


@settings(deadline=None)
@given(BODY, st.sampled_from("0123456789X"))
def test_a_mistyped_check_character_hides_nothing(body, last):
    number = body + last
    three = body[:6], body[6:14], body[14:] + last

    assert stopped(f"<p>{number}</p>")
    assert stopped(f"<p>{' '.join(three)}</p>")
    assert stopped(f"<p>{number[:17]}</p>")


# --- the check character ----------------------------------------------------------------------------------------------
def test_check_characters_of_the_standard():
    """The two examples of GB 11643-1999."""
    assert id_numbers.check_character("11010519491231002") == "X"
    assert id_numbers.check_character("44052418800101001") == "4"


@settings(deadline=None)
@given(BODY, st.sampled_from("0123456789X"))
def test_texts_and_columns_are_judged_alike(body, last):
    import pandas as pd

    assert id_numbers.is_person(body + last) == bool(identity.check_right(pd.Series([body + last]))[0])


def saved(made):
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def test_all_that_nobody_sees_is_left_out():
    unseen = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"]
    assert editions.plain(f"1{''.join(unseen)}２") == "12"
    assert editions.UNSEEN.sub("", "".join(map(chr, range(0x20, 0xAD)))) == "".join(map(chr, range(0x20, 0xAD)))
