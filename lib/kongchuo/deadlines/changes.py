"""Deadlines of 学籍 and 适龄儿童摸底: changes, transfers, leave, guests, children to be verified."""

from __future__ import annotations

from .base import Deadline

DEADLINES: tuple[Deadline, ...] = ()
