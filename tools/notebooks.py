"""The cells of the committed notebooks that follow from a report's table of sections: one line a section, in its order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from kongchuo.pages import monthly, people, signals, term, year
from kongchuo.papers import printing

REPORTS: dict[str, Mapping[str, object]] = {  # notebook -> the sections of its report
    "monthly_self_check": monthly.SECTIONS,
    "term_inspection": term.SECTIONS,
    "annual_reward": year.SECTIONS,
    "signals_back_test": signals.SECTIONS,
    "monthly_papers": printing.SECTIONS,
    "people": people.SECTIONS,
}
CALL = "report."


def _cell(name: str) -> dict[str, object]:
    source = [f"{CALL}{name}()"]
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": [], "source": source}


def notebooks(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every notebook that lies there: its cells up to the one that opens the report stay, those that call it are made."""
    for path in sorted(folder.glob("*.ipynb")):
        book, sections = json.loads(path.read_text("utf-8")), REPORTS[path.stem]
        kept = [cell for cell in book["cells"] if not "".join(cell["source"]).startswith(CALL)]
        *shown, footer = sections
        book["cells"] = kept + [_cell(call) for call in ("controls", *shown, "tables", footer)]
        yield path.name, (json.dumps(book, ensure_ascii=False, indent=1) + "\n").encode()
