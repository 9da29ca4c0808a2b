"""Rules on 督查奖惩: rounds, scores, vetoes, the scheme made public."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
