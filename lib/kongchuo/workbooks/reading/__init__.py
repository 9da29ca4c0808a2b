"""Workbooks to typed tables: of a school year (year.py), of one (parsing.py), of a list of children (pushed.py).

They are imported when first used: the process apart that parses a workbook needs little of it.
"""

from __future__ import annotations

from importlib import import_module

MODULES = {
    "Read": "before",
    "as_registered": "year",
    "locate": "folders",
    "read_here": "parsing",
    "read_workbook": "year",
    "read_year": "year",
    "tables": "parsing",
    "with_aliases": "year",
}
__all__ = [*MODULES]
PARTS = ("before", "folders", "packages", "pushed", "terms")


def __getattr__(name: str) -> object:
    if name in MODULES:
        return getattr(import_module(f".{MODULES[name]}", __name__), name)
    if name in PARTS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
