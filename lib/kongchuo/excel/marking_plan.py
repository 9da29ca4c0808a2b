"""Which findings are shown in a workbook, in which order, and who is to mend them. Pure: the appliers put a plan into a file.

A finding keeps its identity while months go by: rule, workbook, worksheet, column and what identifies the row, but never the row's
number, which sorting changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from ..core.findings import INFO, SEVERITIES, Finding, also, cause_of, following, grouped
from ..core.schema import CENTRE
from ..core.tables import Town
from ..core.workbooks import Table, Workbook, identity, known_as, table_of
from ..facts.references import resolve, staff_names

__all__ = ["Entry", "Plan", "identity", "plan"]

# whom a row names for the work in it, first come first; else whoever keeps the workbook
NAMED = ("reporter", "teacher", "helper", "recorder", "handler", "checker", "owner", "head_teacher", "surveyor", "server",
         "locker")  # fmt: skip
ASKED = f"请{CENTRE}"  # begins the remedy of what only the office can mend
KEPT_BY = {
    "enrolment": "学籍管理员",
    "attendance": "班主任",
    "cases": "学籍管理员",
    "support": "资助员",
    "selfcheck": "校长",
}


@dataclass(frozen=True)
class Entry:
    """One line of 校验结果. `row` 0 and `cell` "" where the finding is of a whole worksheet or workbook; severity is Chinese.

    `identity` and `held` as core.workbooks.known_as gives them. Listed but without a mark: `waived`, `unjudged`, what was found before by
    a rule that could not judge this time, `mended`, the day on which it was no longer found, and `under`: cells of a worksheet that
    are wrong only because of a mistake in another workbook. `since`: first found, where known.
    """

    severity: str
    rule: str
    sheet: str
    row: int
    cell: str
    message: str
    fix: str
    who: str
    identity: str
    held: str = ""
    waived: bool = False
    unjudged: bool = False
    mended: dt.date | None = None
    under: bool = False
    since: dt.date | None = None

    @property
    def lit(self) -> bool:
        """Whether it is to be mended now, and so marked and counted."""
        return not (self.waived or self.unjudged or self.mended or self.under)


@dataclass(frozen=True)
class Plan:
    """What is to be shown in one workbook: `name` as in the shared folder, the hash it was judged with, the entries in order.

    `under`: identities of the findings in it that follow from another mistake, and so have no line and no mark of their own.
    """

    name: str
    sha256: str
    as_of: dt.date
    entries: tuple[Entry, ...]
    under: frozenset[str] = frozenset()

    @property
    def open(self) -> int:
        """How many findings are to be mended now."""
        return sum(entry.lit for entry in self.entries)

    def keeping(self, before: Iterable[dict[str, object]], unjudged: frozenset[str]) -> Plan:
        """The plan with those lines of before (see result_lines.read) whose rule could not judge: unseen is not mended."""
        return self._with(before, lambda row: {"unjudged": True} if row.get("rule") in unjudged else None)

    def remembering(
        self, before: Iterable[dict[str, object]], first: dict[str, dt.date], mended: dict[str, dt.date]
    ) -> Plan:
        """The plan with the days on which findings were first found, and the lines of before of what was mended since, by identity."""
        dated = replace(self, entries=tuple(replace(one, since=first.get(one.identity)) for one in self.entries))
        days = {one: {"mended": day, "since": first.get(one)} for one, day in mended.items()}
        return dated._with(before, lambda row: days.get(str(row["identity"])))

    def _with(self, before: Iterable[dict[str, object]], state: Callable[[dict[str, object]], dict | None]) -> Plan:
        """The plan and, behind it, those lines of before that it does not list and that `state` says something of."""
        known = {entry.identity for entry in self.entries}
        words = ("severity", "rule", "sheet", "cell", "message", "fix", "who")
        kept = {}
        for row in before:
            key, said = str(row["identity"]), state(row)
            if key not in known and said is not None:
                texts = {name: str(row.get(name, "")) for name in words}
                kept[key] = Entry(**texts, row=0, identity=key, held=str(row.get("value", "")), **said)
        return replace(self, entries=(*self.entries, *kept.values()))

    def first(self, most: int, typed: frozenset[str] = frozenset()) -> Plan:
        """The plan with no more than so many entries, in their order: those beside which people have typed, then the gravest."""
        grave = {severity: place for place, severity in enumerate(SEVERITIES.values())}

        def weight(place: int) -> tuple:
            one = self.entries[place]
            return not (one.waived or one.identity in typed), not one.lit, grave.get(one.severity, 9), place

        if len(self.entries) <= most:
            return self
        chosen = sorted(sorted(range(len(self.entries)), key=weight)[:most])
        return replace(self, entries=tuple(self.entries[place] for place in chosen))


def plan(town: Town, name: str, findings: Iterable[Finding], waived: Iterable[Finding] = ()) -> Plan:
    """The plan for one workbook of a judged township; findings of other workbooks are left out.

    The gravest first, what is waived last; of the same weight in the order of the worksheets and rows, as a clerk goes through them,
    what is of the whole workbook first. What follows from another mistake is said in the line of its cause, and once a worksheet
    where the cause lies in another workbook.
    """
    workbook = town.by_name[name]
    order = {sheet.title: place for place, sheet in enumerate(workbook.book.sheets)}
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    findings, silent = tuple(findings), frozenset(waived)
    every = (*findings, *silent)
    follows, causes = following(every), {one.anchor: one for one in every if not one.caused_by}
    mine = [finding for finding in every if finding.workbook == name]

    def weight(one: Finding) -> tuple:
        return one in silent, rank[one.severity], order.get(one.sheet, -1), one.row, one.column, one.rule, one.message

    own = sorted((finding for finding in mine if not finding.caused_by), key=weight)
    entries = [_entry(town, workbook, finding, finding in silent, follows.get(finding.anchor, ())) for finding in own]
    after = [finding for finding in mine if finding.caused_by]
    elsewhere = [one for one in after if one.caused_by[0] != name and one.caused_by in causes]
    sheets: dict[tuple[Finding, str], list[Finding]] = {}
    for one in elsewhere:
        sheets.setdefault((causes[one.caused_by], one.sheet), []).append(one)
    entries += [_under(town, cause, members) for (cause, _), members in sheets.items()]
    under = frozenset(known_as(workbook, finding)[0] for finding in after)
    return Plan(name, workbook.sha256, town.as_of, tuple(entries), under)


def _entry(town: Town, workbook: Workbook, finding: Finding, waived: bool, follows: Iterable[Finding]) -> Entry:
    more = also(grouped(follows), finding.workbook)
    says = f"{finding.message}。{more}" if more else finding.message
    who = mender(town, finding)
    place = finding.sheet, finding.row, finding.cell
    known = known_as(workbook, finding)
    return Entry(SEVERITIES[finding.severity], finding.rule, *place, says, finding.fix, who, *known, waived)


def mender(town: Town, finding: Finding) -> str:
    """Who is to mend a finding: the office where its remedy asks the office, whom the row names for the work in it, else whoever
    keeps the workbook."""
    workbook = town.by_name.get(finding.workbook)
    if workbook is None:  # there is none, or a folder is missing
        return CENTRE if f"/{CENTRE}/" in finding.workbook else KEPT_BY["selfcheck"]
    table = table_of(workbook, finding)
    asked = CENTRE if finding.fix.startswith(ASKED) else table and _named(town, workbook, table, finding.row)
    return asked or KEPT_BY.get(workbook.book.name, CENTRE)


def _under(town: Town, cause: Finding, members: list[Finding]) -> Entry:
    """The one line of a worksheet for all that is wrong in it only because of a mistake in another workbook."""
    first, book = min(members, key=lambda one: one.row), town.by_name.get(cause.workbook)
    cells = "、".join(group.cells for group in grouped(members))
    says = f"这张表有{len(members)}处（{cells}）是别处一个错引起的：{cause.message}"
    fix = f"这里先不用改。请改{cause_of(first)}，改好后再检查，还在的会逐处列出。"
    who = KEPT_BY.get(book.book.name, CENTRE) if book else CENTRE
    known = identity(first, "|".join(map(str, cause.anchor)))
    return Entry(SEVERITIES[INFO], cause.rule, first.sheet, 0, first.cell, says, fix, who, known, under=True)


def _named(town: Town, workbook: Workbook, table: Table, row: int) -> str:
    """The member of staff a row names for the work in it; "" where it names none."""
    for name in NAMED:
        item = table.sheet.by_name.get(name)
        if item is not None and item.reference == "staff" and not pd.isna(table.frame.at[row, name]):
            key = resolve(town, table.sheet.name, name)["key"].get((workbook.name, row), "")
            return staff_names(town).get(key) or str(table.frame.at[row, name])
    return ""
