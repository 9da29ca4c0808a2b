"""Deadlines of 自查档案 and 督查奖惩: self-checks, reports, inspections, problems to mend, bulletins."""

from __future__ import annotations

from .base import Deadline

DEADLINES: tuple[Deadline, ...] = ()
