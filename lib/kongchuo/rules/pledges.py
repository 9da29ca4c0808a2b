"""Rules on 责任书, documents' dates and the first responsible person."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
