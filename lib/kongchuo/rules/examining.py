"""Everything that is wrong with a township: what reading saw, what the schema says, what the rules say; and what should be asked. Knows no files."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from ..core import faults
from ..core.apart import both, unswept
from ..core.findings import Finding
from ..core.policy import Policy
from ..core.tables import Town
from . import causes, checks, waivers
from .base import Rule
from .judging import RULES, Judgement, judge
from .questions import ask

# these rules say of an empty cell why it must not be empty: at that cell F17 is silent
BETTER_THAN_F17 = ("X32", "X33", "X36", "X44", "X45")
MANY = 250_000  # rows of a township from which two processes are worth it: each works out again much of what both need


def examine(town: Town, policy: Policy, earlier: tuple[Town, dt.date] | None = None) -> Judgement:
    """The judgement of all rules, its findings joined by those of reading and of the schema, in order and each once.

    Those with a waiver that holds stand apart.
    `earlier`: the town as a snapshot kept it and the day that was taken, for the questions about rows written later.
    """
    with unswept():
        return _examined(town, policy, earlier)


def _examined(town: Town, policy: Policy, earlier: tuple[Town, dt.date] | None) -> Judgement:
    half = len(RULES) // 2
    halves: tuple[Callable, Callable] = (
        lambda: judge(town, policy, RULES[:half]),
        lambda: (judge(town, policy, RULES[half:]), _checked(town), ask(town, policy, earlier)),
    )
    rows = sum(len(table.frame) for workbook in town.workbooks for table in workbook.tables.values())
    first, (second, (plain, failed), asked) = both(*halves) if rows >= MANY else (part() for part in halves)
    judged = first.joined(second)
    workbooks = (*town.workbooks, *(town.before.workbooks if town.before else ()))
    read = {finding for workbook in workbooks for finding in workbook.findings}
    broken = [*judged.broken, *failed, *asked.broken]
    found = sorted(_together(judged.findings, plain) | read)
    try:
        found = causes.fold(town, policy, _together(judged.findings, plain), read, partial(_again, policy))
    except Exception as error:  # then everything is said, one by one
        broken.append(faults.told("原因 没有找成", error))
    try:
        findings, waived = waivers.settle(town, found)
    except Exception as error:  # then everything is said
        broken.append(faults.told("豁免 没有运行成功", error))
        findings, waived = tuple(found), ()
    return replace(judged, findings=findings, questions=asked.questions, waived=waived, broken=tuple(broken))


def _again(
    policy: Policy, town: Town, codes: frozenset[str], sheet: str = ""
) -> tuple[set[Finding], frozenset[str]] | None:
    """What rules and checks of some codes say of a township in which one mistake was mended, and which of the codes judged; None
    where one of them fails. `sheet`: only what reads it judges.
    """

    def reads(rule: Rule) -> bool:
        return not sheet or sheet in {need.partition(".")[0] for need in rule.needs}

    rules = [rule for rule in RULES if rule.code in codes and reads(rule)]
    judged = judge(town, policy, rules)
    plain, failed = _checked(town, codes)
    which = codes - {rule.code for rule in RULES} | {rule.code for rule in rules}
    return None if judged.broken or failed else (_together(judged.findings, plain), which)


def _checked(town: Town, codes: frozenset[str] = frozenset()) -> tuple[list[Finding], list[str]]:
    broken: list[str] = []
    return checks.check(town, broken, codes), broken


def _together(judged: Iterable[Finding], plain: Iterable[Finding]) -> set[Finding]:
    """What rules and checks found: of an empty cell that a rule says better, F17 says nothing."""
    judged = {*judged}
    said = {_place(finding) for finding in judged if finding.rule in BETTER_THAN_F17}
    return judged | {finding for finding in plain if finding.rule != "F17" or _place(finding) not in said}


def _place(finding: Finding) -> tuple[str, str, int, str]:
    return finding.workbook, finding.sheet, finding.row, finding.column
