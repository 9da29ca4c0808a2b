"""A finding is new once, then open since its first day, then mended; looking back undoes nothing."""

import datetime as dt

import pytest

from kongchuo import following

FIRST, SECOND, THIRD = dt.date(2023, 9, 30), dt.date(2023, 10, 31), dt.date(2023, 11, 30)


def after(*looks):
    known = {}
    for found, day in looks:
        known = following.follow(known, found, day)
    return known


def stands(known, day):
    made = following.course({"a.xlsx": known}, day)
    return made.new, made.still, made.since, made.mended


def test_new_then_open_then_mended():
    known = after(({"x"}, FIRST))
    assert stands(known, FIRST) == (1, 0, None, 0)
    known = after(({"x"}, FIRST), ({"x", "y"}, SECOND))
    assert stands(known, SECOND) == (1, 1, FIRST, 0)
    known = after(({"x"}, FIRST), ({"x", "y"}, SECOND), ({"y"}, THIRD))
    assert stands(known, THIRD) == (0, 1, SECOND, 1)


def test_the_same_day_again_changes_nothing():
    assert after(({"x"}, FIRST), ({"x"}, FIRST)) == after(({"x"}, FIRST))


def test_what_comes_back_is_not_new():
    known = after(({"x"}, FIRST), (set(), SECOND), ({"x"}, THIRD))
    assert stands(known, THIRD) == (0, 1, FIRST, 0)


def test_looking_back_mends_nothing():
    known = after(({"x"}, SECOND), (set(), FIRST))
    assert stands(known, SECOND) == (1, 0, None, 0)
    known = after(({"x"}, FIRST), (set(), THIRD), ({"x"}, SECOND))
    assert stands(known, THIRD)[3] == 1, "it was mended after the day looked back to"


def test_what_was_mended_long_ago_is_forgotten():
    assert after(({"x"}, FIRST), (set(), SECOND), ({"y"}, SECOND + dt.timedelta(400))).keys() == {"y"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 9}', '{"format": 1, "workbooks": {"a": {"x": {"first": 5}}}}']
)
def test_a_file_that_cannot_be_understood_is_none(tmp_path, text):
    (tmp_path / "a.json").write_text(text, "utf-8")
    assert following.load(tmp_path / "a.json") == {}
    assert following.load(tmp_path / "b.json") == {}


def test_kept_and_read_again(tmp_path):
    record = {"a.xlsx": after(({"x"}, FIRST), (set(), SECOND))}
    (tmp_path / "a.json").write_bytes(following.dump(record))
    assert following.load(tmp_path / "a.json") == record
