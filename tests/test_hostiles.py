"""What kills or stalls a reader is refused in words, and what only looks odd is read (hostiles.py has one file of each kind)."""

import time

import pytest

import hostiles
import suffering
import townships
from hostiles import READ, REFUSED, SHEET
from kongchuo.core import processes, schema as schemas
from kongchuo.excel.reading import read_workbook

SCHEMA = schemas.default()
BOOK = SCHEMA.book_of["roster"]
MOST = 5.0  # CPU seconds of any of them


def became(workbook):
    if not workbook.read:
        return REFUSED if {finding.rule for finding in workbook.findings} <= {"R02", "R10", "R17"} else ""
    if "roster" in workbook.tables:
        return READ
    return SHEET if ("R02", SHEET_TITLE) in {(finding.rule, finding.sheet) for finding in workbook.findings} else ""


SHEET_TITLE = hostiles.ROSTER.title
WITHOUT_A_ROSTER = ("no sheets",)


@pytest.mark.parametrize("kind", hostiles.WORKBOOKS)
def test_a_workbook_is_read_or_refused_in_words(tmp_path, kind):
    wanted, make = hostiles.WORKBOOKS[kind]
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(make())
    start = time.process_time()
    workbook = read_workbook(path, "2023-2024/示例中学/学籍.xlsx", BOOK, SCHEMA.codes)

    assert time.process_time() - start < MOST
    if kind in WITHOUT_A_ROSTER:
        assert workbook.read
    else:
        assert became(workbook) == wanted
    if wanted == READ and "roster" in workbook.tables:
        frame = workbook.tables["roster"].frame
        assert frame["name"].iloc[0] == hostiles.PUPIL["name"]


def test_a_fault_of_ours_is_of_that_workbook_only(tmp_path, monkeypatch):
    def faulty(*asked, size):
        raise ZeroDivisionError("示甲")

    path = tmp_path / "学籍.xlsx"
    path.write_bytes(hostiles.package())
    monkeypatch.setattr(processes, "call", faulty)
    workbook = read_workbook(path, "2023-2024/示例中学/学籍.xlsx", BOOK, SCHEMA.codes, fresh=True)

    assert [finding.rule for finding in workbook.findings] == ["R02"]
    assert "ZeroDivisionError" in workbook.findings[0].message
    assert "示甲" not in workbook.findings[0].message


# --- as it is typed -------------------------------------------------------------------------------------------------------
BATCH = 14  # workbooks of a township of two schools


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    townships.make(folder, 2, 40, 1, faults=True)
    return folder


def test_mutants_through_the_commands(sound, tmp_path):
    """check, mark and repair over townships of which every workbook is damaged; 5,000 of them before a release (tests/hostile)."""
    assert suffering.through_commands(sound, tmp_path, suffering.mutants(sound, range(BATCH))) == []


def test_lists_through_reconcile(tmp_path):
    """Together, since what an ordinary list takes is measured first; whichever does harm is named."""
    kinds = ("long text in many cells", "address of ten digits", "prefix x")
    given = [(kind, hostiles.WORKBOOKS[kind][1]()) for kind in kinds]
    given += [("commas and lines", hostiles.LISTS["commas and lines"]())]

    assert suffering.through_reconcile(tmp_path, given) == []
