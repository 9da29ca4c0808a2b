"""Numbers as an office prints them: halves go up, and nothing is rounded to none or to all."""

import pytest
from hypothesis import given, strategies as st

from kongchuo.core.numbers import fixed, rounded
from kongchuo.figures.base import Measure


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (59.175, 2, 59.18),
        (58.575, 2, 58.58),
        (0.125, 2, 0.13),
        (2.5, 0, 3.0),
        (0.6 * 98.625, 2, 59.18),
        (1 / 3, 2, 0.33),
    ],
)
def test_halves_go_up(value, places, expected):
    assert rounded(value, places) == expected


def test_all_places_are_written():
    assert (fixed(59.5, 2), fixed(100, 1)) == ("59.50", "100.0")


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(1, 4002, "<0.1 %"), (2, 4002, "<0.1 %"), (3, 4002, "0.1 %"), (0, 4002, "0.0 %"), (4001, 4002, ">99.9 %"),
     (4002, 4002, "100.0 %"), (4003, 4002, ">100.0 %"), (1, 16, "6.3 %")],
)  # fmt: skip
def test_a_rate_is_never_rounded_to_none_or_to_all(numerator, denominator, expected):
    assert Measure("D02", "学年辍学率", numerator, denominator).percent == expected


@given(st.integers(0, 10_000), st.integers(10, 10_000))
def test_a_printed_rate_is_the_rate(numerator, denominator):
    said = Measure("D02", "学年辍学率", numerator, denominator).percent
    share = 100 * numerator / denominator
    if said[0] in "<>":
        assert share < 0.05 if said[0] == "<" else share > 99.9
    else:
        assert abs(float(said.removesuffix(" %")) - share) <= 0.05 + 1e-9
