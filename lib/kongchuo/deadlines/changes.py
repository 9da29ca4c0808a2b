"""Deadlines of 学籍: changes, transfers, leave, guests."""

from __future__ import annotations

from .base import Deadline

DEADLINES: tuple[Deadline, ...] = ()
