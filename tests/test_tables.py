"""What a town keeps of what was worked out: once for each policy, never for another town, and nothing that pickle cannot carry."""

import pickle
from dataclasses import replace

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


def test_what_depends_on_a_policy_stays_behind_when_a_town_is_pickled():
    town = build(cases(FOLDER / "X18.md")[0])
    town.once_under(POLICY, lambda town, policy: "no function with a name")
    town.once(lambda_free)
    again = pickle.loads(pickle.dumps(town))
    assert again.year == town.year
    assert again.once_under(POLICY, lambda town, policy: "anew") == "anew"
    assert again.once(lambda_free) == "kept"


def lambda_free(town):
    """A function with a name, so that what it made can be carried."""
    return "kept"
