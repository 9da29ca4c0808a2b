"""Rules on disabled children: placed, enrolled, taught at home."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
