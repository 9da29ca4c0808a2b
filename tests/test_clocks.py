"""Deadlines are counted in the unit they are written in."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, strategies as st

import handmade
from kongchuo.due.base import Deadline, state
from kongchuo.facts import calendar

TERM = [{"school_year": "2023-2024", "term": "第一学期", "start": dt.date(2023, 9, 1), "end": dt.date(2024, 1, 26)}]
CALENDAR = [
    {"date": dt.date(2023, 9, 29), "is_school_day": False},
    *({"date": dt.date(2023, 10, day), "is_school_day": False} for day in (2, 3, 4, 5, 6)),
    {"date": dt.date(2023, 10, 7), "is_school_day": True, "reason": "调休上课"},
    {"date": dt.date(2023, 12, 19), "is_school_day": False, "reason": "暴雪停课"},
]
TOWN = handmade.town({"term": TERM, "calendar": CALENDAR}, as_of=dt.date(2023, 10, 10))


def days(*texts):
    return pd.Series(pd.to_datetime(list(texts)).astype("datetime64[us]"))


@pytest.mark.parametrize(
    ("start", "number", "unit", "due"),
    [
        ("2023-09-01", 1, "上课日", "2023-09-04"),  # a Friday
        ("2023-09-02", 1, "上课日", "2023-09-04"),  # a Saturday: the first school day after it
        ("2023-09-28", 3, "上课日", "2023-10-10"),  # holiday, then a Saturday with lessons
        ("2023-12-18", 1, "上课日", "2023-12-20"),  # snow
        ("2023-12-18", 1, "工作日", "2023-12-19"),  # the office works while it snows
        ("2023-09-28", 2, "工作日", "2023-10-08"),  # a Sunday made up for the holiday, in no calendar of ours
        ("2024-02-09", 1, "工作日", "2024-02-18"),  # Spring Festival, outside any term
        ("2023-09-28", 7, "自然日", "2023-10-05"),
        ("2024-01-26", 1, "上课日", None),  # no school day is known after it
        (None, 3, "上课日", None),
        (None, 3, "自然日", None),
    ],
)
def test_last_day_in_time(start, number, unit, due):
    (found,) = calendar.add(TOWN, days(start), number, unit)
    assert found == pd.Timestamp(due) if due else pd.isna(found)


@given(
    st.dates(dt.date(2023, 9, 1), dt.date(2023, 12, 31)),
    st.integers(1, 15),
    st.sampled_from((calendar.SCHOOL_DAY, calendar.WORKING_DAY, calendar.DAY)),
)
def test_elapsed_undoes_add(start, number, unit):
    """On the last day in time, just as many units have gone by as were allowed; the day before, fewer."""
    due = calendar.add(TOWN, days(str(start)), number, unit)
    assert calendar.elapsed(TOWN, days(str(start)), due, unit).tolist() == [number]
    assert (calendar.elapsed(TOWN, days(str(start)), due - pd.Timedelta(days=1), unit) < number).all()


@pytest.mark.parametrize(
    ("start", "number", "end"),
    [("2023-09-01", 1, "2023-09-10"), ("2023-09-01", 6, "2023-10-15"), ("2024-02-26", 1, "2024-03-03")],
)
def test_weeks_of_a_term_begin_with_the_first_whole_one(start, number, end):
    """1 September 2023 was a Friday; 26 February 2024 a Monday, and so in the first week itself."""
    assert calendar.week_end(pd.Timestamp(start), number) == pd.Timestamp(end)


def test_latest_day_of_a_unit():
    """The last working day of September 2023 lay before the holiday; the last school day on which to be early enough as well."""
    given = days("2023-09-30", "2023-12-19", None)
    assert calendar.latest(TOWN, given, "工作日").tolist()[:2] == [
        pd.Timestamp("2023-09-28"),
        pd.Timestamp("2023-12-19"),
    ]
    assert calendar.latest(TOWN, given, "上课日").tolist()[:2] == [
        pd.Timestamp("2023-09-28"),
        pd.Timestamp("2023-12-18"),
    ]
    assert calendar.latest(TOWN, given, "上课日", 2).tolist()[:2] == list(days("2023-09-26", "2023-12-14"))
    assert calendar.latest(TOWN, given, "上课日").isna().tolist() == [False, False, True]


def test_unknown_unit():
    with pytest.raises(KeyError):
        calendar.add(TOWN, days("2023-09-01"), 1, "小时")


def test_state_of_a_deadline_as_the_day_saw_it():
    def rows(town, policy):
        return pd.DataFrame(
            {
                "home": "示例中学",
                "start": days("2023-10-01", "2023-10-01", "2023-10-01", "2023-10-11"),
                "due": days("2023-10-09", "2023-10-12", "2023-10-08", "2023-10-20"),
                "done": days("2023-10-11", None, "2023-10-09", None),
            }
        )

    found = state(TOWN, None, Deadline("", "首访", (), "suspected", "first_visit", rows))
    assert found.index.tolist() == [0, 1, 2], "what begins later is not yet there"
    assert found["done"].isna().tolist() == [True, True, False], "what was done on a later day is not done yet"
    assert found["days"].tolist() == [-1, 2, -1]
    assert found["late"].tolist() == [True, False, True]
