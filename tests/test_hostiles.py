"""What kills or stalls a reader is refused in words, and what only looks odd is read (hostiles.py has one file of each kind)."""

import time

import pytest

import hostiles
from hostiles import READ, REFUSED, SHEET
from kongchuo.core import schema as schemas
from kongchuo.workbooks.reading import read_workbook

SCHEMA = schemas.default()
BOOK = SCHEMA.book_of["roster"]
MOST = 5.0  # CPU seconds of any of them


def became(workbook):
    if not workbook.read:
        return REFUSED if {finding.rule for finding in workbook.findings} <= {"R02", "R10"} else ""
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
