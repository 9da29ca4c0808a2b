"""Every text a finished file holds, with the place it stands at: pages, Word and Excel papers, notebooks, plain text.

Seen texts and unseen ones (attributes, comments, properties, hidden sheets). What a reader sees as one piece is one piece,
however many runs or tags it is cut into.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .base import ROW, SEEN, SOURCE, UNSEEN, Part
from .html import of_html
from .office import of_package

__all__ = ["ROW", "SEEN", "SOURCE", "UNSEEN", "Part", "of_bytes", "of_file", "of_html"]


def of_file(path: Path) -> Iterator[Part]:
    """The parts of a file by its ending, its name first. Raises ValueError for a package that cannot be read."""
    yield Part("文件名", path.name)
    yield from of_bytes(path.read_bytes(), path.suffix.lower())


def of_bytes(content: bytes, suffix: str) -> Iterator[Part]:
    """The parts of a file's content."""
    if content[:4] == b"PK\x03\x04":
        yield from of_package(content)
    elif suffix in (".html", ".htm", ".svg", ".xml"):
        yield from of_html(content.decode("utf-8", "replace"))
    elif suffix in (".ipynb", ".json"):
        yield from _values(json.loads(content))
    else:
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            yield Part(f"第{number}行", line)


def _values(value: object, key: str = "") -> Iterator[Part]:
    """The texts of a notebook or another JSON."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield Part("数据的名称", name, UNSEEN)
            yield from _values(held, name)
    elif isinstance(value, list) and not (
        key in ("text/html", "source") and all(isinstance(one, str) for one in value)
    ):
        for held in value:
            yield from _values(held, key)
    elif value is not None:
        text = "".join(value) if isinstance(value, list) else str(value)
        yield from of_html(text) if key == "text/html" else [Part("笔记本或数据", text, UNSEEN)]
