"""Damaged and hostile workbooks through check, mark, repair and reconcile as they are typed: nothing dies, nothing takes too much.

Hours; run by hand before a release: `make hostile`, or python -m pytest tests/hostile. KONGCHUO_MUTANTS says how many mutants (5,000),
KONGCHUO_HOSTILE names a folder of further files to try. What stands in tests/test_hostiles.py is tried at every change.
"""

import os
from pathlib import Path

import pytest

import hostiles
import suffering
from kongchuo_township import making

MUTANTS = int(os.environ.get("KONGCHUO_MUTANTS", "5000"))
FOLDER = os.environ.get("KONGCHUO_HOSTILE", "")
SCHOOLS = 13  # of the township whose workbooks are exchanged, about 80 at a time


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    making.make(folder, SCHOOLS, 300, 4, faults=True)
    return folder


def files():
    """Whatever lies in the folder named, of every suffix."""
    return [path for path in sorted(Path(FOLDER).rglob("*")) if path.is_file()] if FOLDER else []


def test_mutants_of_the_townships_own_workbooks(sound, tmp_path):
    told = suffering.through_commands(sound, tmp_path, suffering.mutants(sound, MUTANTS))

    assert told == []


def test_kinds(sound, tmp_path):
    kinds = [(kind, make()) for kind, (_, make) in hostiles.WORKBOOKS.items()]

    assert suffering.through_commands(sound, tmp_path, kinds) == []
    assert (
        suffering.through_reconcile(tmp_path, [*kinds, *((kind, make()) for kind, make in hostiles.LISTS.items())])
        == []
    )


@pytest.mark.skipif(not FOLDER, reason="KONGCHUO_HOSTILE names no folder")
def test_the_files_of_a_folder(sound, tmp_path):
    given = [(path.name, path.read_bytes()) for path in files()]

    assert suffering.through_commands(sound, tmp_path, [one for one in given if one[0].endswith(".xlsx")]) == []
    assert suffering.through_reconcile(tmp_path, given) == []


def test_mutants_as_lists_from_above(sound, tmp_path):
    assert suffering.through_reconcile(tmp_path, suffering.mutants(sound, MUTANTS)) == []
