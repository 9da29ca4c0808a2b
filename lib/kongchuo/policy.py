"""Policy numbers as dated data: parameters/policy.yaml, each value with unit, source, citation and the date it holds from.

One job: frozen values and a strict loader. Knows no workbook.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from .schema import SchemaError, load_yaml, strict

SOURCES = ("plan", "document", "default")
KEYS = ("key", "title", "value", "unit", "source", "citation", "holds_from")


@dataclass(frozen=True)
class Parameter:
    """One policy value. `unit` is the Chinese unit ("上课日", "%", ...); `citation` says where the value comes from."""

    key: str
    title: str
    value: object
    unit: str
    source: str
    citation: str
    holds_from: dt.date


@dataclass(frozen=True)
class Policy:
    """The policy as it stands on a date: `policy["suspected_after"]` is the value in force."""

    parameters: tuple[Parameter, ...]
    on: dt.date = dt.date.max

    def parameter(self, key: str) -> Parameter:
        """The entry in force on the policy's date; raises KeyError for a key policy.yaml does not have."""
        held = [item for item in self.parameters if item.key == key and item.holds_from <= self.on]
        held = held or [item for item in self.parameters if item.key == key]
        if not held:
            raise KeyError(key)
        return max(held, key=lambda item: item.holds_from)

    def __getitem__(self, key: str) -> object:
        return self.parameter(key).value


def load(path: Path, on: dt.date = dt.date.max) -> Policy:
    """Load policy.yaml; raises SchemaError for an unknown key, a missing source or unit, an impossible date."""
    data = load_yaml(path)
    strict(path, "file", data, ("parameters",), ("parameters",))
    parameters = []
    for item in data["parameters"]:
        where = f"parameter '{item.get('key', '?')}'"
        strict(path, where, item, KEYS, KEYS)
        if item["source"] not in SOURCES:
            raise SchemaError(f"{path.name}: source '{item['source']}' in {where}; allowed: {', '.join(SOURCES)}")
        try:
            holds_from = dt.date.fromisoformat(item["holds_from"])
        except ValueError as error:
            raise SchemaError(f"{path.name}: holds_from in {where} is no date (YYYY-MM-DD)") from error
        parameters.append(Parameter(**{**item, "holds_from": holds_from}))
    return Policy(tuple(parameters), on)
