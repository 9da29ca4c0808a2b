"""The back-test: leads and false calls on a town made by hand, counted by plain reading; nothing later than the day counts."""

import datetime as dt

import pandas as pd

from kongchuo.facts import signals
from kongchuo.figures import signals as figures_signals
from kongchuo.figures.signals import CALLERS, PLAIN
from test_signals import DAILY, DAYS, HELD, HOME, KEY, OTHER, away, day, plan, pupil, town

THIRD = "XS0000003"
FRIDAYS = [one for one in DAYS if one.weekday() == 4] + [DAYS[-1]]  # the term of test_signals ends on a Tuesday


def case(key, found):
    return {"case_id": f"YS{key[-1]}", "student_key": key, "found": found}


def made(**rows):
    """One child weary since 15 September, a case on 18 October; one away for a day and never a case; one a case unseen."""
    given = {
        "roster": [pupil(), pupil(OTHER), pupil(THIRD)],
        "pupil_plan": [plan("厌学")],
        "absence": away(day(13), key=OTHER),
        "suspected": [case(KEY, day(18)), case(THIRD, day(19))],
        "daily": DAILY,
    }
    return town(**(given | rows))


def outcome(test, caller):
    return test.outcomes[CALLERS.index(caller)]


def test_weeks_end_on_their_last_school_day():
    assert list(figures_signals.weeks(made())) == FRIDAYS
    assert figures_signals.weeks(town(roster=[], daily=[])) == ()


def test_leads_count_the_weeks_in_a_row_before_the_entry():
    test = figures_signals.back_test(made(), HELD)
    blue = outcome(test, CALLERS[0])
    fridays = [one for one in FRIDAYS if dt.date(2023, 9, 15) <= one < day(18)]

    assert test.cases["student_key"].tolist() == [KEY, THIRD]
    assert blue.leads == (len(fridays), 0)
    assert (blue.seen.numerator, blue.seen.denominator) == (1, 2)
    assert blue.weeks_before == len(fridays)
    assert outcome(test, CALLERS[1]).leads == (0, 0)
    assert outcome(test, CALLERS[1]).weeks_before is None


def test_a_call_on_a_child_who_is_no_case_later_is_false_and_a_known_case_needs_none():
    plain = outcome(figures_signals.back_test(made(), HELD), PLAIN)

    assert sum(plain.calls.values()) == 1  # OTHER on Friday 13 October only
    assert plain.false[day(13)] == 1
    assert (plain.right.numerator, plain.right.denominator) == (0, 1)
    blue = outcome(figures_signals.back_test(made(), HELD), CALLERS[0])
    assert [on for on, number in blue.calls.items() if number and on >= day(18)] == []


def test_a_gap_ends_the_lead():
    absent = away(dt.date(2023, 9, 22), day(13))
    test = figures_signals.back_test(made(absence=absent, pupil_plan=[]), HELD)

    assert outcome(test, PLAIN).leads == (1, 0)


def test_no_hindsight():
    """What is called on a day does not change when everything dated later is taken out."""
    later = made(absence=away(*[one for one in DAYS if one <= day(31)], key=OTHER))
    for friday in FRIDAYS[3:7]:
        known = made(
            absence=away(*[one for one in DAYS if one <= friday], key=OTHER),
            suspected=[one for one in (case(KEY, day(18)), case(THIRD, day(19))) if one["found"] <= friday],
            pupil_plan=[plan("厌学")] if friday >= dt.date(2023, 9, 15) else [],
        )
        assert figures_signals.calls(later, HELD, friday) == figures_signals.calls(known, HELD, friday)


def test_figures_counted_again_by_plain_loops():
    full = made(absence=away(day(9), day(11), day(12), day(13), key=OTHER) + away(day(17), key=THIRD))
    test = figures_signals.back_test(full, HELD)
    became = {KEY: day(18), THIRD: day(19)}

    for least, caller in enumerate(CALLERS[:3], start=1):
        called = false = 0
        leads = {key: [] for key in became}
        for friday in FRIDAYS:
            rows = signals.coloured(full, HELD, friday)
            for key, colour in zip(rows["student_key"], rows["colour"], strict=True):
                if [*signals.COLOURS].index(colour) + 1 < least or became.get(key, dt.date.max) <= friday:
                    continue
                called += 1
                false += key not in became
                if key in leads:
                    leads[key].append(friday)
        one = outcome(test, caller)
        assert (sum(one.calls.values()), sum(one.false.values())) == (called, false)
        assert sum(lead > 0 for lead in one.leads) == sum(
            bool(found) and found[-1] == max(f for f in FRIDAYS if f < became[key]) for key, found in leads.items()
        )


def test_a_town_without_days_or_cases_says_so():
    empty = figures_signals.back_test(town(roster=[], daily=[], term=[]), HELD)

    assert (empty.days, len(empty.cases)) == ((), 0)
    assert [one.false_a_week for one in empty.outcomes] == [0.0] * len(CALLERS)


def test_the_first_entry_on_either_ledger_counts_once():
    rows = figures_signals.entered(
        made(
            suspected=[case(KEY, day(18))],
            dropout=[
                {"case_id": "CX1", "student_key": KEY, "confirm_date": day(25)},
                {"case_id": "CX2", "student_key": OTHER, "drop_date": day(20)},
            ],
        )
    )

    assert rows[["home", "student_key", "sheet"]].values.tolist() == [
        [HOME, KEY, "suspected"],
        [HOME, OTHER, "dropout"],
    ]
    assert rows["entered"].tolist() == [pd.Timestamp(day(18)), pd.Timestamp(day(20))]
