"""Policy numbers are dated data with a source."""

import datetime as dt

import pytest

from kongchuo import places, policy
from kongchuo.schema import SchemaError

ENTRY = "{{key: visit_within, title: 家访时限, value: {value}, unit: 上课日, source: {source}, citation: x, holds_from: {date}}}"


def written(tmp_path, *entries):
    path = tmp_path / "policy.yaml"
    path.write_text("parameters:\n" + "".join(f"- {entry}\n" for entry in entries), "utf-8")
    return path


def test_the_value_in_force_on_a_date_is_taken(tmp_path):
    path = written(
        tmp_path,
        ENTRY.format(value=2, source="document", date="2023-09-01"),
        ENTRY.format(value=1, source="plan", date="2024-09-01"),
    )

    assert policy.load(path, dt.date(2024, 3, 1))["visit_within"] == 2
    assert policy.load(path, dt.date(2024, 9, 1))["visit_within"] == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [("source: plan", "source: hearsay"), ("unit: 上课日, ", ""), ("2023-09-01", "September"), ("title:", "name:")],
)
def test_a_wrong_entry_is_refused(tmp_path, old, new):
    path = written(tmp_path, ENTRY.format(value=2, source="plan", date="2023-09-01").replace(old, new))

    with pytest.raises(SchemaError, match=r"policy\.yaml"):
        policy.load(path)


def test_the_plan_own_numbers_are_in_the_shipped_policy():
    """Two inspections a term, one self-check a month, one lost pupil is a veto, eighteen archive items."""
    held = policy.load(places.POLICY)

    assert [held[key] for key in ("inspections_per_term", "selfchecks_per_month", "veto_losses", "archive_items")] == [
        2,
        1,
        1,
        18,
    ]
    assert {held.parameter(key).source for key in ("inspections_per_term", "veto_losses")} == {"plan"}
