"""Rules on 劝返: visits, written reports and papers in time."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
