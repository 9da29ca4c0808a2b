"""Faults that the rules on watch find, and near misses."""

from __future__ import annotations

from .faults import Plant

PLANTS: dict[Plant, int] = {}
