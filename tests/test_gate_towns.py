"""The gate lets what is made of townships leave, on several seeds and sizes (twenty in tests/hostile)."""

import pytest

import leaving
import townships


@pytest.mark.parametrize(
    ("schools", "pupils", "seed", "month", "faults"),
    [
        (2, 24, 2, "2023-11", False),  # a 教学点 of a handful: everything is few
        (2, 60, 5, "2023-12", False),
        (2, 90, 3, "2023-10", True),
    ],
)
def test_nothing_is_refused(tmp_path, schools, pupils, seed, month, faults):
    townships.make(tmp_path / "shared", schools, pupils, seed, faults=faults)

    assert leaving.refused(tmp_path / "shared", [month], tmp_path, rounds=False, whole_year=False) == []
