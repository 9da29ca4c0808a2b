"""What a notebook says of itself: its title, its parameters, the kind of period it is for."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from ..core import years
from ..core.findings import UserError


def title(notebook: Path) -> str:
    """The notebook's first heading; its name where it cannot be read or has none."""
    if not notebook.is_file():
        return notebook.stem
    texts = ("".join(cell["source"]) for cell in _cells(notebook) if cell["cell_type"] == "markdown")
    return next((text.splitlines()[0].lstrip("# ") for text in texts if text), notebook.stem)


def parameters(notebook: Path) -> tuple[str, ...]:
    """The names assigned in the notebook's cell tagged `parameters`; raises UserError when it has none."""
    for cell in _cells(notebook):
        if "parameters" in cell["metadata"].get("tags", ()):
            body = ast.parse("".join(cell["source"])).body
            return tuple(target.id for line in body if isinstance(line, ast.Assign) for target in line.targets)
    raise UserError(f"笔记本“{notebook.name}”没有标记为 parameters 的单元格")


def kind(names: tuple[str, ...]) -> str:
    """Which of these parameters names the period (a key of years.KINDS); "" where none does."""
    return next((name for name in years.KINDS if name in names), "")


def _cells(notebook: Path) -> list[dict]:
    return json.loads(notebook.read_text("utf-8"))["cells"]
