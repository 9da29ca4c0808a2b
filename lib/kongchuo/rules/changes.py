"""Rules on 学生变动: transfers, leave, and changes nobody may make."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
