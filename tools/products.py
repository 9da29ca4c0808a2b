"""All that is made from declarations and committed, made again: `make build`, or python tools/products.py [--check], which only
says what is stale. The handbook as one page, its pages to look things up in, the package's own Word templates and the cells of the notebooks
are made here; the rest by `kongchuo build`, which an office runs as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import book
import dictionary
import forms
import notebooks
from kongchuo.commands import building
from kongchuo.core import policy, schema
from kongchuo.core.places import POLICY, PROJECT


def pages(root: Path = PROJECT) -> Iterator[tuple[str, bytes]]:
    """The pages of the handbook that are made: name and content. Examples of the rules come from root/tests/rules."""
    declared, held = schema.default(), policy.load(POLICY)
    cases = {path.stem: path.read_text("utf-8") for path in sorted((root / "tests" / "rules").glob("*.md"))}
    yield dictionary.DICTIONARY, dictionary.dictionary(declared, held).encode()
    yield dictionary.RULES, dictionary.rules(declared, held, cases).encode()


def build(root: Path = PROJECT, check: bool = False) -> list[str]:
    """Make everything that differs from what is declared now; returns the paths (inside `root`), with `check` without making."""
    wanted = {root / "handbook" / name: data for name, data in pages(root)}
    wanted[root / "handbook" / book.BOOK] = book.book(root / "handbook")
    wanted |= {root / "notebooks" / name: data for name, data in notebooks.notebooks(root / "notebooks")}
    wanted |= {root / building.FORMS.relative_to(PROJECT) / name: data for name, data in forms.forms()}
    # what the tools make comes first: an office's Word templates are copies of the package's
    return [*building.renewed(root, wanted, check), *building.build(root, check)]


if __name__ == "__main__":
    checking = sys.argv[1:] == ["--check"]
    stale = build(check=checking)
    for path in stale:
        print(f"stale, run make build: {path}" if checking else f"made: {path}")
    sys.exit(bool(checking and stale))
