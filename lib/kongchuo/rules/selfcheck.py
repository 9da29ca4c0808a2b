"""Rules on 自查档案: self-checks, reports, problems, archive."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
