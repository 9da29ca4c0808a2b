"""What one school's page shows is the same whether its part is counted by itself or cut from what was counted for the whole town."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

import handmade
import odd
from kongchuo.core import policy
from kongchuo.core.places import POLICY
from kongchuo.figures import attendance, base, definitions, flows, uncounted
from kongchuo.figures.duty import doubles, gone, named_for_pupils, vacancies
from kongchuo.pages import monthly
from kongchuo.pages.report import Report
from kongchuo.papers import filings
from test_every_measure import END, spoilt

HELD, FIRST = policy.load(POLICY), dt.date(2023, 11, 1)
FRAMES = (
    flows.baseline,
    flows.suspected,
    flows.dropouts,
    attendance.longest_runs,
    flows.month_flow,
    flows.year_flow,
    named_for_pupils,
    doubles,
    gone,
    vacancies,
)
ODD = ("one round", "no staff", "no ledger", "a school without files", "nothing read")
RETURNED = (*filings.PUPILS, *filings.ATTENDANCE, *filings.CASES, *filings.ON_HAND, *filings.WORK, *filings.MARKED)
TOWNS = {name: lambda name=name: odd.town(name) for name in ODD} | {
    f"spoilt {seed}": lambda seed=seed: handmade.township(3, 60, seed, END, spoil=spoilt(seed))[0] for seed in (1, 2)
}


def fresh(town):
    """The same town, with nothing worked out."""
    return replace(town, _frames={}, _made={})


def month(town, home=""):
    return replace(handmade.month(town, home), policy=HELD)


def figures(town, home=""):
    """Every measure, every frame and what is in no count, of a school or the whole town, by a name."""
    scope = handmade.scope(town, f"{FIRST}", f"{min(END, town.as_of)}", (home,) if home else None)
    scope = replace(scope, policy=HELD)  # what is worked out is kept for one policy
    found = {
        f"{item.title} {number}": one for item in definitions.MEASURES for number, one in enumerate(item.count(scope))
    }
    found |= {frame.__name__: frame(scope) for frame in FRAMES}
    found |= {f"{one.group}{one.title}": filings.parts_of(scope, one).to_frame("count") for one in RETURNED}
    return found | {f"uncounted {sheet}": uncounted.rows(scope, sheet) for sheet in uncounted.BY_SHEET}


def same(one, other, name):
    """Both say the same, rows in the same order."""
    if isinstance(one, base.Ratio):
        assert [part.total for part in (one, other)] == [one.total] * 2, name
        assert (one.missing, one.why) == (other.missing, other.why), name
        assert all(one.by(level) == other.by(level) for level in base.KEYS), name
        one, other = one.rows, other.rows
    if one.index.names == [None]:  # numbered from 0, by nothing
        one, other = (rows.reset_index(drop=True) for rows in (one, other))
    pd.testing.assert_frame_equal(one, other, check_dtype=len(one) > 0, check_index_type=False, obj=name)


@pytest.mark.parametrize("name", TOWNS)
def test_what_is_cut_for_a_school_is_what_is_counted_for_it(name):
    town = fresh(TOWNS[name]())
    counted = {home: figures(fresh(town), home) for home in town.homes}
    figures(town)
    assert replace(handmade.scope(town), policy=HELD, start=FIRST, end=min(END, town.as_of)).has(
        flows.suspected.__wrapped__
    )
    for home in town.homes:
        cut = figures(town, home)
        for what, one in counted[home].items():
            same(one, cut[what], f"{home} {what}")


def test_a_page_made_after_the_towns_is_the_page_made_alone():
    town = TOWNS["spoilt 1"]()
    Report(monthly.PLAN, month(town)).prepare()
    for home in town.homes:
        after, alone = (Report(monthly.PLAN, month(one, home)) for one in (town, fresh(town)))
        for section in monthly.PLAN.sections:
            assert after.html(section) == alone.html(section), (home, section)
