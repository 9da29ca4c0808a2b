"""What a notebook says of itself: its title, its parameters, the kind of period it is for."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from ..core import years
from ..core.findings import UserError


def title(notebook: Path) -> str:
    """The notebook's first heading; its name where it cannot be read or has none."""
    try:
        texts = (source for kind, source, _ in _cells(notebook) if kind == "markdown")
    except UserError:
        return notebook.stem
    return next((text.splitlines()[0].lstrip("# ") for text in texts if text.strip()), notebook.stem)


def parameters(notebook: Path) -> tuple[str, ...]:
    """The names assigned in the notebook's cell tagged `parameters`; raises UserError when it has none or is no notebook."""
    for _, source, tags in _cells(notebook):
        if "parameters" in tags:
            try:
                lines = [line for line in ast.parse(source).body if isinstance(line, ast.Assign)]
            except (SyntaxError, ValueError) as error:
                raise UserError(
                    f"笔记本“{notebook.name}”的 parameters 单元格不是完整的 Python 赋值语句，请改正"
                ) from error
            return tuple(target.id for line in lines for target in line.targets if isinstance(target, ast.Name))
    raise UserError(f"笔记本“{notebook.name}”没有标记为 parameters 的单元格")


def kind(names: tuple[str, ...]) -> str:
    """Which of these parameters names the period (a key of years.KINDS); "" where none does."""
    return next((name for name in years.KINDS if name in names), "")


def _cells(notebook: Path) -> list[tuple[str, str, list[str]]]:
    """(kind, source, tags) of each cell; raises UserError for a file that is no notebook."""
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        return [(cell["cell_type"], "".join(cell["source"]), [*cell["metadata"].get("tags", ())]) for cell in cells]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"“{notebook.name}”打不开：它是空的，或不是笔记本。请换成完整的一份，或移出 notebooks 文件夹"
        ) from error
