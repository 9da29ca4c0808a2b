"""Past rounds and years of many towns, and every column unread once: what `tests/test_as_of.py` and `test_uncounted.py` try on few."""

import datetime as dt

import pytest

import handmade
import test_as_of as once
from kongchuo.facts import asof
from kongchuo.pages import year as annual
from kongchuo.pages.year.years import Year
from test_uncounted import cells_of, counted, read_by, silent

LAST = dt.date(2024, 8, 31)


@pytest.mark.parametrize("seed", range(100, 110))
def test_rounds_and_years_of_many_towns(seed):
    once.test_no_section_or_paper_of_a_round_or_a_year_changes(seed)
    once.test_a_school_s_sheet_stands_as_of_its_inspection(seed)


def written_next_year(seed):
    """What is written after the year; in no workbook of a term: what lies outside it is F28, and its day is not known."""

    def spoil(rows):
        kept = {name: list(rows[name]) for name in ("daily", "absence")}
        once.written_later(seed, LAST)(rows)
        rows.update(kept)

    return spoil


@pytest.mark.parametrize("seed", range(3))
def test_a_whole_year_stands_as_of_its_last_day(seed):
    views = []
    for spoil in (None, written_next_year(seed)):
        made, _ = handmade.township(2, 70, seed, dt.date(2024, 12, 31), spoil, whole_year=True)
        views.append(Year(asof.at(made, LAST), once.HELD, once.NOTHING, "", "2023-2024", dt.date(2023, 9, 1), LAST))
    for name, section in annual.SECTIONS.items():
        assert once.said(section(views[0])) == once.said(section(views[1])), name


@pytest.mark.parametrize("seed", range(3))
def test_every_column_unread_once(seed, monkeypatch):
    town, _ = handmade.township(2, 40, seed, dt.date(2023, 11, 30))

    assert silent(town, counted(town), cells_of(town, seed), read_by(town, monkeypatch)) == []
