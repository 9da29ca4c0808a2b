"""Rules on who should have come from another list: last year's sixth grade, and pupils of grade seven who never came."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
