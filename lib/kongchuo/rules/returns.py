"""Rules on 复学 and 销号: whether who is back is back, and who is struck off may be."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
