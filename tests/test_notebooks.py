"""Notebooks hold no logic: they import kongchuo, name their parameters once, and are committed without results."""

import ast
import json
from pathlib import Path

import pytest

from kongchuo.core import years
from notebooks import REPORTS

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LOGIC = (
    ast.FunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.If,
    ast.IfExp,
    ast.Try,
    ast.With,
    ast.comprehension,
)


def cells(path):
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


def source(cell):
    return "".join(cell["source"])


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_thin(path):
    for cell in cells(path):
        tree = ast.parse(source(cell))
        assert not [node for node in ast.walk(tree) if isinstance(node, LOGIC)], source(cell)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert [name.name for name in node.names] == ["kongchuo"]
            assert not isinstance(node, ast.ImportFrom)
        assert len(source(cell).splitlines()) <= 6


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_one_parameters_cell_of_plain_texts(path):
    tagged = [cell for cell in cells(path) if "parameters" in cell["metadata"].get("tags", [])]

    assert len(tagged) == 1
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(source(tagged[0])).body}
    assert {"school", "workbooks"} < values.keys()
    assert len(values.keys() & years.KINDS.keys()) == 1  # the period it is for
    assert all(isinstance(value, str) for value in values.values())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stripped(path):
    data = json.loads(path.read_text("utf-8"))

    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells(path))
    assert set(data["metadata"]) == {"kernelspec", "language_info"}
    assert data["metadata"]["kernelspec"]["name"] == "python3"
    assert all(cell["metadata"].keys() <= {"tags"} for cell in data["cells"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_section_is_shown_in_order_between_the_drop_downs_and_the_tables(path):
    calls = [source(cell) for cell in cells(path)]
    *sections, footer = REPORTS[path.stem]

    assert [call for call in calls if call.startswith("report.")] == [
        f"report.{name}()" for name in ("controls", *sections, "tables", footer)
    ]
