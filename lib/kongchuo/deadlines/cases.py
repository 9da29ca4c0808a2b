"""Deadlines of 控辍台账: the steps from the first day away to 销号."""

from __future__ import annotations

from .base import Deadline

DEADLINES: tuple[Deadline, ...] = ()
