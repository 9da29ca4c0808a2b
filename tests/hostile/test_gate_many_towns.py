"""The gate lets every page and paper of clean townships leave: twenty of different seeds and sizes, three months each.

Hours; run by hand before a release: python -m pytest tests/hostile. KONGCHUO_TOWNS=1-5 takes some of the seeds (1 to 25, the last five
with planted faults). Three small townships stand in tests/test_gate_towns.py.
"""

import os

import pytest

import leaving
from kongchuo_township import making

SIZES = [(2, 30), (2, 60), (3, 90), (4, 160), (5, 300), (6, 500), (8, 800), (13, 1500), (3, 40), (2, 24)]
MONTHS = (("2023-09", "2023-10", "2024-01"), ("2023-11", "2023-12", "2024-01"))
FIRST, _, LAST = os.environ.get("KONGCHUO_TOWNS", "1-25").partition("-")
SEEDS = range(int(FIRST), int(LAST or FIRST) + 1)


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if seed <= 20])
def test_nothing_of_a_clean_township_is_refused(tmp_path, seed):
    schools, pupils = SIZES[seed % len(SIZES)]
    making.make(tmp_path / "shared", schools, pupils, seed, whole_year=seed % 4 == 0)

    assert leaving.refused(tmp_path / "shared", MONTHS[seed % 2], tmp_path) == []


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if seed > 20])
def test_nothing_of_a_faulty_township_is_refused(tmp_path, seed):
    schools, pupils = SIZES[seed % len(SIZES)]
    making.make(tmp_path / "shared", max(schools, 3), max(pupils, 90), seed, faults=True)

    assert leaving.refused(tmp_path / "shared", MONTHS[seed % 2][:1], tmp_path) == []
