"""What a town keeps of what was worked out: once for each policy, never for another town, and nothing that pickle cannot carry.

And the places of its rows: one number for each row of each year, the same on every day.
"""

import datetime as dt
import pickle
from dataclasses import replace

import pandas as pd

import handmade
from kongchuo.core.tables import NOWHERE, book_of, by_place, each, once, row_of
from kongchuo.facts import asof, enrolment
from kongchuo.rules import checks
from ruletables import FOLDER, POLICY, build, cases

POLICIES = [POLICY, replace(POLICY)]


def test_worked_out_once_for_each_policy_and_anew_for_another_town():
    town, asked = build(cases(FOLDER / "X18.md")[0]), []

    def make(town, policy, *given):
        asked.append((id(policy), *given))
        return len(asked)

    for policy in POLICIES:
        assert town.once_under(policy, make) == town.once_under(policy, make)
    assert town.once_under(POLICY, make, "other") == len(asked) == 3
    mended = replace(town, _frames={}, _made={})  # as the causes of findings and the readers of a day make one
    mended.once_under(POLICY, make)
    assert len(asked) == 4


def test_what_looks_at_the_day_is_worked_out_for_each_day():
    town, asked = build(cases(FOLDER / "X18.md")[0]), []

    @once
    def make(town, policy, word):
        asked.append((town.as_of, word))
        return town.as_of

    later = replace(town, as_of=town.as_of + dt.timedelta(days=1))  # which keeps its tables in the same place
    for one in (town, later, town, later):
        assert make(one, POLICY, "a") == one.as_of
    assert asked == [(town.as_of, "a"), (later.as_of, "a")]
    make(town, POLICY, "b")
    assert len(asked) == 3


def test_what_depends_on_a_policy_stays_behind_when_a_town_is_pickled():
    town = build(cases(FOLDER / "X18.md")[0])
    town.once_under(POLICY, lambda town, policy: "no function with a name")
    town.once(lambda_free)
    again = pickle.loads(pickle.dumps(town))
    assert again.year == town.year
    assert again.once_under(POLICY, lambda town, policy: "anew") == "anew"
    assert again.once(lambda_free) == "kept"


def test_a_table_worked_out_once_is_carried_with_the_town_and_is_not_worked_out_again():
    town = build(cases(FOLDER / "X18.md")[0])
    made = enrolment.spells(town)
    again = pickle.loads(pickle.dumps(town))
    kept = dict(again._made)
    assert enrolment.spells(again).equals(made)
    assert again._made.keys() == kept.keys()


def lambda_free(town):
    """A function with a name, so that what it made can be carried."""
    return "kept"


# --- places -----------------------------------------------------------------------------------------------------------
HOMES = ("乙小学", "甲小学", "丙小学")
ROWS = {"roster": {home: [{"student_key": f"{home}{n}", "status": "在读"} for n in range(3)] for home in HOMES}}


def of_two_years():
    before = handmade.town(ROWS, HOMES, dt.date(2022, 10, 31), year="2022-2023")
    return replace(handmade.town(ROWS, HOMES), before=before)


def test_every_row_of_every_year_has_a_place_of_its_own_that_names_workbook_and_row():
    town = of_two_years()
    seen = {}
    for one in (town, town.before):
        for place, home in one["roster"]["home"].items():
            name = f"{one.year}/{home}/学籍.xlsx"
            assert town.place_of(name, row_of(place)) == place
            assert town.place("roster", place, "student_key").cell == f"A{row_of(place)}"
            assert (town.book_name(place), town.place("roster", place).workbook) == (name, name)
            seen[place] = (name, row_of(place))
    assert len(seen) == 18
    assert [seen[place] for place in sorted(seen)] == sorted(seen.values()), "by workbook's name, then by row"
    assert (row_of(book_of(place)), town.book_name(book_of(place))) == (0, name)
    assert town.book_name(NOWHERE) == town.book_name(NOWHERE + 2) == ""
    assert town.book_names(town["roster"].index).tolist() == [seen[place][0] for place in town["roster"].index]


def test_places_are_the_same_on_another_day_and_in_another_process():
    town = of_two_years()
    cut, again = asof.at(town, dt.date(2023, 9, 10)), pickle.loads(pickle.dumps(replace(town)))
    for other in (cut, again):
        assert other["roster"].index.tolist() == town["roster"].index.tolist()
        assert other.before["roster"].index.tolist() == town.before["roster"].index.tolist()


def test_rows_are_walked_as_plain_values_with_their_places():
    frame = pd.DataFrame(
        {"name": pd.array(["甲", None], dtype="str"), "halves": pd.array([2, None], dtype="Int64")}, by_place([7, 9])
    )

    first, second = each(frame, "halves", "name")

    assert first == (7, 2, "甲")
    assert [type(value) for value in first] == [int, int, str]
    assert second[0] == 9
    assert all(map(pd.isna, second[1:]))


def test_what_repeats_is_found_in_a_carried_town_as_well():
    """A missing text is another object in each cell once a town was pickled, and equal to none."""
    for case in [case for code in ("F18", "F42") for case in cases(FOLDER / f"{code}.md")]:
        town = build(case)
        carried = pickle.loads(pickle.dumps(town))

        assert checks.check(carried) == checks.check(town), case.title
