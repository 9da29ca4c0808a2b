"""Faults that the rules on handover find, and near misses."""

from __future__ import annotations

from .faults import Plant

PLANTS: dict[Plant, int] = {}
