"""The example township carried on to the end of the school year: nothing wrong in it."""

import datetime as dt

import pytest

from kongchuo.core.findings import UserError
from kongchuo.jobs import opening, township


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    township.make(folder, 4, 600, 2, whole_year=True)
    return folder


@pytest.mark.parametrize("as_of", [None, dt.date(2024, 2, 20), dt.date(2024, 3, 31)])
def test_a_whole_year_has_no_finding(shared, as_of):
    opened = opening.check([shared], as_of, remembered=False)
    assert not opened.judgement.broken
    assert not opened.findings[:5]
    assert not opened.not_judged
    assert not opened.questions


def test_faults_are_planted_in_a_first_term_only(tmp_path):
    with pytest.raises(UserError, match="--whole-year"):
        township.make(tmp_path, 2, 200, faults=True, whole_year=True)
    assert not list(tmp_path.iterdir())
