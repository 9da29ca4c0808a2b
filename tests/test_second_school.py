"""What a town keeps for all its schools makes no page another than it would be alone, and saves the second what the first has paid."""

import datetime as dt
import os
import sys
import threading
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

import handmade
from kongchuo.core import policy, years
from kongchuo.core.places import POLICY
from kongchuo.facts import signals
from kongchuo.figures import duty, inspection, inspection_items, unit_grades
from kongchuo.figures.scopes import Scope
from kongchuo.pages import monthly, term, year
from kongchuo.pages.report import Report
from kongchuo.pages.term.rounds import Round
from kongchuo.pages.views import Month
from kongchuo.pages.year.years import Year
from kongchuo.rules.judging import judge

HELD = policy.load(POLICY)
PAGES = (
    (monthly.PLAN, Month, "2023-10"),
    (term.PLAN, Round, "2023-2024-1-1"),
    (year.PLAN, Year, "2023-2024"),
)


@cache
def township():
    town, _ = handmade.township(2, 50, 4, as_of=dt.date(2024, 1, 26))
    return town, judge(town, HELD)


def fresh(town):
    """The same tables with nothing worked out yet."""
    return replace(town, _frames={}, _made={})


def pages(plan, kind, period, town, home):
    _, judgement = township()
    start, end = years.period(period).days
    report = Report(plan, kind(town, HELD, judgement, home, period, start, min(end, town.as_of)))
    return {name: str(report.html(name)) for name in plan.sections if name != "footer"}  # which says the minute


@pytest.mark.parametrize(("plan", "kind", "period"), PAGES)
def test_a_page_after_the_others_is_as_it_is_alone(plan, kind, period):
    town, _ = township()
    shared, last = fresh(town), town.homes[-1]
    for home in (*town.homes[:-1], ""):
        pages(plan, kind, period, shared, home)
    assert pages(plan, kind, period, shared, last) == pages(plan, kind, period, fresh(town), last)


def test_what_is_the_same_for_every_school_is_worked_out_once(monkeypatch):
    town, asked = fresh(township()[0]), []
    for module, name in ((signals, "fired"), (inspection, "held"), (unit_grades, "class_points"), (duty, "on_ledgers")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, real=real, name=name: (asked.append(name), real(*given))[1])
    for plan, kind, period in PAGES:
        pages(plan, kind, period, town, town.homes[0])
    first = len(asked)
    assert {"fired", "held", "class_points", "on_ledgers"} <= set(asked)
    for plan, kind, period in PAGES:
        pages(plan, kind, period, town, town.homes[1])
    assert set(asked[first:]) <= {"held"}  # its own inspection in the round; that of the year is kept
    assert len(asked) - first < first / 4


@pytest.mark.parametrize("forks", [True, False])
def test_two_processes_share_the_days_of_inspections_and_say_what_one_says(monkeypatch, forks):
    shared, alone, here = fresh(township()[0]), fresh(township()[0]), []
    asked = [(home, term, number) for home in shared.homes for term in years.TERMS[:1] for number in (1, 2)]
    one_by_one = {one: inspection.inspect(alone, HELD, *one, alone.as_of) for one in asked}
    days = {sheet.day for sheet in one_by_one.values()}
    assert len(days) > 1
    monkeypatch.setattr(
        inspection_items, "of", lambda scope, real=inspection_items.of: (here.append(scope.homes), real(scope))[1]
    )
    if not forks:
        monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert inspection.sheets(shared, HELD, asked, shared.as_of) == one_by_one
    assert (len(here) < len(asked)) == (forks and sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1)
    for day in days:
        given = HELD, day, *inspection.looked_at(alone, day, *alone.homes)
        steps = inspection.walked(shared, *given)
        assert len(steps)
        pd.testing.assert_frame_equal(steps, inspection.walked(alone, *given))
    made = len(here)
    inspection.sheets(shared, HELD, asked, shared.as_of)
    assert len(here) == made


def test_a_grade_is_not_given_what_was_counted_for_its_school():
    town = fresh(township()[0])
    whole = Scope(town, HELD, dt.date(2023, 10, 1), dt.date(2023, 10, 31), town.homes[:1])
    everybody = duty.pupils_bonded(whole).total.denominator
    grades = sorted(set(whole.classes["grade"]))
    assert sum(duty.pupils_bonded(replace(whole, grade=grade)).total.denominator for grade in grades) == everybody > 0
    assert all(duty.pupils_bonded(replace(whole, grade=grade)).total.denominator < everybody for grade in grades)
