"""Everything that is wrong with a township: what reading saw, what the schema says, what the rules say. Knows no files."""

from __future__ import annotations

from dataclasses import replace

from . import checks
from .policy import Policy
from .rules import Judgement, judge
from .tables import Town


def examine(town: Town, policy: Policy) -> Judgement:
    """The judgement of all rules, its findings joined by those of reading and of the schema, in order and each once."""
    judged = judge(town, policy)
    read = (finding for workbook in town.workbooks for finding in workbook.findings)
    return replace(judged, findings=tuple(sorted({*judged.findings, *read, *checks.check(town)})))
