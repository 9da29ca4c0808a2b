"""Rules on 帮扶: plans, aid and records for those who need them."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
