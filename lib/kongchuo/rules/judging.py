"""Everything that is wrong with a township, and what should be asked: all rules, with what reading saw and what the schema says.

RULES is the catalogue: to add a rule, write the function in the module of its noun and list it in that module's RULES.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial

from ..core import years
from ..core.findings import ERROR, Finding, fault
from ..core.policy import Policy
from ..core.processes import aside, both, unswept
from ..core.schema import CENTRE
from ..core.tables import Town
from . import (
    attendance,
    cases,
    causes,
    census,
    changes,
    checks,
    duty,
    enrolment,
    inspection,
    late,
    registry,
    selfcheck,
    statements,
    steps,
    support,
    waivers,
)
from .base import Rule, Spot, parts
from .questions import Asked, Question, ask

RULES: tuple[Rule, ...] = (*registry.RULES, *census.RULES, *enrolment.RULES, *duty.RULES, *changes.RULES,
                           *attendance.RULES, *cases.RULES, *steps.RULES, *late.RULES, *support.RULES,
                           *selfcheck.RULES, *inspection.RULES, *statements.RULES)  # fmt: skip
# of a large town judged beside the others, with checks and questions half of the work: they ask for few of the same facts
BESIDE = frozenset(rule.code for rule in (*registry.RULES, *census.RULES, *duty.RULES))


@dataclass(frozen=True, order=True)
class NotJudged:
    """A rule that could not judge one folder (school) or some of its rows, and why, in Chinese.

    `cells` are the cells in the way where it was not a whole sheet or column: (workbook, sheet, address).
    """

    rule: str
    home: str
    reason: str
    cells: tuple[tuple[str, str, str], ...] = ()

    def as_json(self) -> dict[str, object]:
        """Plain values for JSON."""
        cells = [dict(zip(("workbook", "sheet", "cell"), one, strict=True)) for one in self.cells]
        return {"rule": self.rule, "home": self.home, "reason": self.reason, "cells": cells}


@dataclass(frozen=True)
class Judgement:
    """What all rules said of a township: findings in order, and what could not be judged."""

    findings: tuple[Finding, ...]
    not_judged: tuple[NotJudged, ...]
    judged: frozenset[str]  # codes of the rules that were run
    broken: tuple[str, ...] = ()  # a line for each rule that failed: our bug, never the data's fault
    questions: tuple[Question, ...] = ()  # what may well be right; no findings, and in no score
    waived: tuple[waivers.Waived, ...] = ()  # findings that a confirmed waiver keeps silent

    @cached_property
    def distrusted(self) -> frozenset[tuple[str, str, int]]:
        """(workbook, worksheet, row) of the rows with an error."""
        return frozenset((f.workbook, f.sheet, f.row) for f in self.findings if f.severity == ERROR and f.row)

    @property
    def failed(self) -> frozenset[str]:
        """Codes of the rules and checks that failed."""
        return frozenset(code for line in self.broken for code in line.split()[1].split("、"))

    def of(self, *codes: str) -> tuple[Finding, ...]:
        """The findings of these codes."""
        return tuple(finding for finding in self.findings if finding.rule in codes)


def places(items: Iterable[NotJudged]) -> dict[tuple[str, str], list[str]]:
    """(home, reason) -> codes of the rules that could not judge there for it: what lacks once is said once."""
    found: dict[tuple[str, str], list[str]] = {}
    for item in items:
        found.setdefault((item.home, item.reason), []).append(item.rule)
    return found


SHOWN = 5  # addresses of cells in a reason
NOTHING = "这个单位的工作簿一本也没有读到"


def _missing(rule: Rule, town: Town) -> Iterable[NotJudged]:
    if rule.current and town.past_day:
        title = town.schema.sheets[rule.current].title
        why = f"“{title}”在{town.as_of:%Y-%m-%d}以后可能更新过，当时写的什么已经看不到"
        yield NotJudged(rule.code, CENTRE, why)
    for need in rule.needs:
        earlier, sheet_name, field_name = parts(need)
        sheet = town.schema.sheets[sheet_name]
        seen = town.before if earlier else town
        if seen is None:
            reason = f"共享文件夹里没有{years.before(town.year)}学年的学籍"
            yield NotJudged(rule.code, CENTRE, reason)
            continue
        whose = f"{seen.year}学年" if earlier else ""
        column = f"的“{sheet.by_name[field_name].title}”列" if field_name else ""
        for home in sorted(seen.unread_homes(sheet_name, *([field_name] if field_name else []))):
            nothing = home in seen.once(_unread_whole)
            yield NotJudged(rule.code, home, whose + NOTHING if nothing else f"读不到{whose}“{sheet.title}”{column}")
        rewritten = seen.any_later(sheet_name) and bool(field_name) and seen.later(sheet_name, field_name).any()
        for home, cells in seen.once(_unread_cells, sheet_name, field_name).items() if field_name else ():
            addresses = [address for _, _, address in cells]
            more = f"等{len(cells)}格" if len(cells) > SHOWN else ""
            why = (
                f"有{seen.as_of:%Y-%m-%d}以后才改写的单元格，当时写的什么已经看不到"
                if rewritten
                else "有读不出的单元格"
            )
            reason = f"{whose}“{sheet.title}”{column}{why}：{'、'.join(addresses[:SHOWN])}{more}"
            yield NotJudged(rule.code, home, reason, cells)


def _unread_whole(town: Town) -> frozenset[str]:
    """Folders of which no workbook could be read."""
    return frozenset({book.home for book in town.workbooks} - {book.home for book in town.workbooks if book.tables})


def _unread_cells(town: Town, sheet_name: str, field_name: str) -> dict[str, tuple[tuple[str, str, str], ...]]:
    """By folder, the cells of a column that hold something nobody could read."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for book in town.holding(sheet_name):
        table = book.tables.get(sheet_name)
        for row, name in sorted(table.unread) if table else ():
            if name == field_name:
                place = town.place(sheet_name, town.place_of(book.name, row), name)
                found.setdefault(book.home, []).append((place.workbook, place.sheet, place.cell))
    return {home: tuple(cells) for home, cells in found.items()}


def _finding(rule: Rule, town: Town, spot: Spot) -> Finding:
    given = {name: text for name in ("severity", "says", "fix") if (text := getattr(spot, name))}
    kind = replace(rule.kind, **given)
    return kind.at(town.place(spot.sheet, spot.index, spot.column), **spot.facts)


def judge(town: Town, policy: Policy, rules: Iterable[Rule] = RULES) -> Judgement:
    """Run every rule over the township. Rules see only rows that could be read; what they lacked is in not_judged.

    A rule that fails does not keep the others from running: it stands in `broken` and is not among the judged.
    """
    rules = tuple(rules)
    findings, judged, broken = set(), set(), []
    for rule in rules:
        if rule.current and town.past_day:
            continue
        try:
            findings |= {_finding(rule, town, spot) for spot in rule.judge(town, policy)}
            judged.add(rule.code)
        except Exception as error:
            broken.append(fault(f"规则 {rule.code} 没有运行成功", error))
    missing = {item for rule in rules for item in _missing(rule, town)}
    return Judgement(tuple(sorted(findings)), tuple(sorted(missing)), frozenset(judged), tuple(broken))


# --- all of it together -----------------------------------------------------------------------------------------------
# these rules say of an empty cell why it must not be empty: at that cell F17 is silent
BETTER_THAN_F17 = ("X32", "X33", "X36", "X44", "X45")
MANY = 250_000  # rows of a township from which what the rules make of them is left to a process that ends


def examine(town: Town, policy: Policy, earlier: tuple[Town, dt.date] | None = None) -> Judgement:
    """The judgement of all rules, its findings joined by those of reading and of the schema, in order and each once.

    Those with a waiver that holds stand apart.
    `earlier`: the town as a snapshot kept it and the day that was taken, for the questions about rows written later.
    """
    with unswept():
        if not large(town):
            return _examined(town, policy, earlier, lambda one, other: (one(), other()))
        # what the rules make of many rows takes more memory than the rows, and nobody else needs most of it; the rows all need
        for sheet in town.schema.sheets:
            town[sheet]
        return aside(partial(_examined, town, policy, earlier, both))


def large(town: Town) -> bool:
    """Whether a township has so many rows that memory has to be spared."""
    return sum(len(table) for workbook in town.workbooks for table in workbook.tables.values()) >= MANY


def _examined(town: Town, policy: Policy, earlier: tuple[Town, dt.date] | None, worked_out: Callable) -> Judgement:
    def beside() -> tuple[Judgement, Asked, tuple[list[Finding], list[str]]]:
        found = judge(town, policy, [rule for rule in RULES if rule.code in BESIDE])
        return found, ask(town, policy, earlier), _checked(town)

    others = partial(judge, town, policy, [rule for rule in RULES if rule.code not in BESIDE])
    judged, (more, asked, (plain, failed)) = worked_out(others, beside)
    judged = Judgement(
        tuple(sorted({*judged.findings, *more.findings})),
        tuple(sorted({*judged.not_judged, *more.not_judged})),
        judged.judged | more.judged,
        (*judged.broken, *more.broken),
    )
    workbooks = (*town.workbooks, *(town.before.workbooks if town.before else ()))
    read = {finding for workbook in workbooks for finding in workbook.findings}
    broken = [*judged.broken, *failed, *asked.broken]
    found = sorted(_together(judged.findings, plain) | read)
    try:
        found = causes.fold(town, policy, _together(judged.findings, plain), read, partial(_again, policy))
    except Exception as error:  # then everything is said, one by one
        broken.append(fault("原因 没有找成", error))
    try:
        findings, waived = waivers.settle(town, found)
    except Exception as error:  # then everything is said
        broken.append(fault("豁免 没有运行成功", error))
        findings, waived = tuple(found), ()
    return replace(judged, findings=findings, questions=asked.questions, waived=waived, broken=tuple(broken))


def _again(
    policy: Policy, town: Town, codes: frozenset[str], sheet: str = ""
) -> tuple[set[Finding], frozenset[str]] | None:
    """What rules and checks of some codes say of a township in which one mistake was mended, and which of the codes judged; None
    where one of them fails. `sheet`: only what reads it judges.
    """
    reads = {rule.code for rule in RULES if not sheet or sheet in {need.partition(".")[0] for need in rule.needs}}
    rules = [rule for rule in RULES if rule.code in codes & reads]
    judged = judge(town, policy, rules)
    plain, failed = _checked(town, codes) if codes else ([], [])
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
