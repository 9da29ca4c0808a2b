"""The gate lets every page and paper of clean townships leave: twenty of different seeds and sizes, three months each.

About an hour; run by hand before a release: python -m pytest tests/hostile. Three small ones stand in tests/test_gate_towns.py.
"""

import pytest

import leaving
from kongchuo_township import making

SIZES = [(2, 30), (2, 60), (3, 90), (4, 160), (5, 300), (6, 500), (8, 800), (13, 1500), (3, 40), (2, 24)]
MONTHS = (("2023-09", "2023-10", "2024-01"), ("2023-11", "2023-12", "2024-01"))


@pytest.mark.parametrize("seed", range(1, 21))
def test_nothing_of_a_clean_township_is_refused(tmp_path, seed):
    schools, pupils = SIZES[seed % len(SIZES)]
    making.make(tmp_path / "shared", schools, pupils, seed, whole_year=seed % 4 == 0)

    assert leaving.refused(tmp_path / "shared", MONTHS[seed % 2], tmp_path) == []


@pytest.mark.parametrize("seed", range(21, 26))
def test_nothing_of_a_faulty_township_is_refused(tmp_path, seed):
    schools, pupils = SIZES[seed % len(SIZES)]
    making.make(tmp_path / "shared", max(schools, 3), max(pupils, 90), seed, faults=True)

    assert leaving.refused(tmp_path / "shared", MONTHS[seed % 2][:1], tmp_path) == []
