"""Questions against gaming: what may well be right, and should be looked at by a person. No findings, and in no score.

QUESTIONS is the table of those a township answers by itself; `backdated` compares it with an earlier snapshot. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from ...core import faults
from ...core.policy import Policy
from ...core.tables import Town
from . import days, snapshots, texts, visits
from .base import Asker, Question, question
from .snapshots import backdated

__all__ = ["HEADING", "QUESTIONS", "Asked", "Asker", "Question", "ask", "backdated", "report"]

HEADING = "请核实（只是疑问，不是问题，不计分）"
QUESTIONS: tuple[Asker, ...] = (
    texts.copied_text,
    visits.many_villages,
    visits.two_homes_at_once,
    days.present_without_school,
    days.nobody_ever_absent,
)


@dataclass(frozen=True)
class Asked:
    """The questions in order, and a line for each asker of ours that failed."""

    questions: tuple[Question, ...]
    broken: tuple[str, ...] = ()


def ask(town: Town, policy: Policy, earlier: tuple[Town, dt.date] | None = None) -> Asked:
    """Every question about a township; `earlier`: its workbooks as a snapshot kept them, and the day that was taken.

    One that fails keeps no other from being asked.
    """
    found, broken = [], []
    for one in QUESTIONS:
        try:
            found += [question(town, one.code, text, rows) for text, rows in one.asks(town, policy)]
        except Exception as error:
            broken.append(faults.told(f"疑问 {one.code} 没有运行成功", error))
    if earlier:
        try:
            found += backdated(town, *earlier, policy)
        except Exception as error:
            broken.append(faults.told(f"疑问 {snapshots.CODE} 没有运行成功", error))
    return Asked(tuple(sorted(found, key=lambda one: one.key)), tuple(broken))


def report(questions: Iterable[Question]) -> str:
    """The questions as text for a terminal, under their own heading."""
    lines = [f"  {one.code} {one.text}\n      {one.where()}" for one in questions]
    return "\n".join(["", f"{HEADING}：{len(lines)} 条", *lines])
