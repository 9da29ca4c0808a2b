"""New dated entries in policy.yaml: put in behind the earlier ones of their keys, every comment kept, or nothing at all.

The file is replaced only once `policy.load` has accepted what it would say. Knows no workbook.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from . import policy
from .policy import Parameter, SchemaError


def append(
    path: Path, values: Mapping[str, object], holds_from: dt.date, source: str, citation: str
) -> tuple[Parameter, ...]:
    """Add an entry for each key that holds from a day on, with its source (a key of policy.SOURCES) and citation.

    Title and unit are those of the entries there are. Returns the new entries. Raises SchemaError, and leaves the file as it
    was, where the new policy does not hold together (an entry of that day is there already, weights that do not add up ...),
    and where somebody else has saved the file meanwhile.
    """
    before = path.read_bytes()
    held = policy.load(path)
    unknown = [key for key in values if key not in policy.keys().by_name]
    if unknown:
        raise SchemaError(f"{path.name}：没有参数“{unknown[0]}”")
    entries = tuple(
        replace(held.parameter(key), value=value, source=source, citation=citation.strip(), holds_from=holds_from)
        for key, value in values.items()
    )
    text = before.decode("utf-8-sig")
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    for entry in entries:
        lines.insert(_behind(lines, entry.key), line(entry))
    made = (b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b"") + (ending.join(lines) + ending).encode()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".policy-") as folder:
        part = Path(folder) / path.name
        part.write_bytes(made)
        policy.load(part)
        if path.read_bytes() != before:
            raise SchemaError(f"{path.name}：刚才有人保存过。请重新打开这一页再试")
        os.replace(part, path)
    return entries


def line(entry: Parameter) -> str:
    """An entry as one line of policy.yaml."""
    fields = {name: getattr(entry, name) for name in policy.FIELDS}
    return "  - {" + ", ".join(f"{name}: {_written(name, value)}" for name, value in fields.items()) + "}"


def _written(name: str, value: object) -> str:
    if name in ("key", "source", "holds_from"):
        return str(value)
    if isinstance(value, (bool, int, float, list)):
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False)


def _behind(lines: list[str], key: str) -> int:
    """Where a new entry of a key goes: behind its last line; at the end of the file where entries are written otherwise."""
    own = re.compile(rf"\s*- \{{\s*key: {re.escape(key)},.*\}}\s*(#.*)?$")
    found = [place for place, text in enumerate(lines) if own.match(text)]
    return found[-1] + 1 if found else len(lines)
