"""tests/constraints.md: every column and deadline has its line, every code named there exists, no line speaks of what is not there."""

import re
from pathlib import Path

import pytest

from kongchuo.core import schema
from kongchuo.due import DEADLINES
from kongchuo.rules import catalogue
from kongchuo.rules.questions import QUESTIONS

SCHEMA = schema.default()
TYPED = [f"{sheet.name}.{item.name}" for sheet in SCHEMA.sheets.values() for item in sheet.typed]
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (Path(__file__).with_name("constraints.md")).read_text("utf-8").splitlines()
    if line.startswith("|") and not re.fullmatch(r"[|:\- ]+", line) and "Judged by" not in line
]
COLUMNS = [line for line in LINES if line[0] != "7"]
LIMITS = [line for line in LINES if line[0] == "7"]


def named(columns):
    """The columns of the schema that a cell of the table names."""
    found = set()
    for part in filter(None, columns.split(", ")):
        sheet, _, field = part.partition(".")
        own = {one for one in TYPED if sheet in ("*", one.split(".")[0]) and field in ("*", one.split(".")[1])}
        assert own, f"{part} is no column people fill in"
        found |= own
    return found


@pytest.mark.parametrize("line", LINES, ids=lambda line: "-".join(line[:2])[:60])
def test_line_says_who_judges_or_why_nobody_does(line):
    assert len(line) == 4
    if line[3].startswith("not judged:"):
        assert len(line[3]) > len("not judged: ..."), "a reason"
    else:
        codes = {entry.code for entry in catalogue.entries()} | {asker.code for asker in QUESTIONS}
        assert set(line[3].split(", ")) <= codes


def test_every_column_has_a_line():
    assert sorted(set(TYPED) - set().union(*(named(line[2]) for line in COLUMNS))) == []


def test_every_deadline_has_a_line_and_its_rule_is_in_it():
    lines = {title: line[3].split(", ") for line in LIMITS for title in line[2].split("、") if title != "—"}
    assert sorted({one.title for one in DEADLINES} ^ lines.keys()) == []
    assert [one.title for one in DEADLINES if one.code and one.code not in lines[one.title]] == []
