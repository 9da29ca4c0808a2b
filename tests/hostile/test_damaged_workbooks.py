"""Damaged and hostile workbooks through check, mark, repair and reconcile as they are typed: nothing dies, nothing takes too much.

About two hours of CPU; run by hand before a release: `make hostile`, or python -m pytest tests/hostile. KONGCHUO_MUTANTS says how many
mutants (5,000), or which (1000-2000), KONGCHUO_HOSTILE names a folder of further files to try. What stands in tests/test_hostiles.py
is tried at every change.
"""

import os
from pathlib import Path

import openpyxl
import pytest

import hostiles
import suffering
from kongchuo_township import making

FIRST, _, LAST = os.environ.get("KONGCHUO_MUTANTS", "5000").rpartition("-")
MUTANTS = range(int(FIRST or 0), int(LAST))
FOLDER = os.environ.get("KONGCHUO_HOSTILE", "")
SCHOOLS, PUPILS = 13, 156  # of the township whose workbooks are exchanged, about 80 at a time
ALONE = 100  # of so many mutants one is of the registry, and ten of a list from above


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    making.make(folder, SCHOOLS, PUPILS, 4)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    making.make(folder, 2, 40, 1)
    return folder


def files():
    """Whatever lies in the folder named, of every suffix."""
    return [path for path in sorted(Path(FOLDER).rglob("*")) if path.is_file()] if FOLDER else []


def test_mutants_of_the_townships_own_workbooks(sound, tmp_path):
    assert suffering.through_commands(sound, tmp_path, suffering.mutants(sound, MUTANTS)) == []
    print(f"\n{len(MUTANTS)} damaged workbooks")  # tools/figures.py puts it into the readmes where the file has passed


def test_mutants_of_the_registry(small, tmp_path):
    """Each by itself, the rest of the township sound."""
    told = suffering.mutants(small, MUTANTS[::ALONE], suffering.KEPT)

    assert suffering.through_commands(small, tmp_path, told, alone=True) == []


def test_mutants_as_lists_from_above(sound, tmp_path):
    assert suffering.through_reconcile(tmp_path, suffering.mutants(sound, MUTANTS)) == []


def test_mutants_of_a_list_from_above(small, tmp_path):
    """Of one that is compared, not refused because several of its worksheets look like lists."""
    listed = tmp_path / "名单.xlsx"
    book = openpyxl.load_workbook(next(small.rglob("学籍.xlsx")))
    for other in book.sheetnames[1:]:
        del book[other]
    book.save(listed)
    told = ((f"list {number}", hostiles.mutant(listed.read_bytes(), number)) for number in MUTANTS[:: ALONE // 10])

    assert suffering.through_reconcile(tmp_path, told) == []


def test_kinds(sound, tmp_path):
    kinds = [(kind, make()) for kind, (_, make) in hostiles.WORKBOOKS.items()]
    lists = [(kind, make()) for kind, make in hostiles.LISTS.items()]

    assert suffering.through_commands(sound, tmp_path, kinds) == []
    assert suffering.through_reconcile(tmp_path, [*kinds, *lists]) == []


@pytest.mark.skipif(not FOLDER, reason="KONGCHUO_HOSTILE names no folder")
def test_the_files_of_a_folder(sound, tmp_path):
    given = [(path.name, path.read_bytes()) for path in files()]

    assert suffering.through_commands(sound, tmp_path, [one for one in given if one[0].endswith(".xlsx")]) == []
    assert suffering.through_reconcile(tmp_path, given) == []
