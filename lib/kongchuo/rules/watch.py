"""Rules on 重点关注: who should be watched, and whether anybody does."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
