"""One mistake, one finding: what only follows from another mistake is put under it, and the cause is looked for where it is likelier.

A cause is not guessed by its looks: each of CAUSES names a mistake that would explain many findings, the mistake is mended in
memory, and what is found no more follows from it. What is left and stands in many cells alike is folded by REPEATS.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count, islice, takewhile

import pandas as pd

from ..core.findings import Anchor, Finding
from ..core.policy import Policy
from ..core.tables import Town
from . import misnamed, suspected_causes
from .attendance import expected_days, missing_days
from .suspected_causes import DAY, ENOUGH, Suspect, Suspecting, of

# likelier causes of more come first: what an earlier one explains, a later one need not
CAUSES: tuple[Suspecting, ...] = (suspected_causes.terms, suspected_causes.mismarked, suspected_causes.sorted_alone, suspected_causes.exchanged,
                                  suspected_causes.shifted, suspected_causes.misdated, misnamed.doubled, misnamed.renamed,
                                  misnamed.departed, misnamed.roster)  # fmt: skip
MADE = 12  # causes of one kind
TRIED = 40  # suspects in all: each is judged again, and a township full of mistakes must not take minutes
MISSED = 4  # of one kind that explain their own and nothing else: the next of the kind will not either, and each costs a whole judgement
LEAST = 2  # findings of which one may be the cause of the other
NEW = 0.2  # as many findings as this share of those that go may come anew when the cause is mended

Again = Callable[[Town, frozenset[str], str], tuple[set[Finding], frozenset[str]] | None]


def fold(town: Town, policy: Policy, judged: Iterable[Finding], read: Iterable[Finding], again: Again) -> list[Finding]:
    """All findings, those of causes among them, in order; what follows from a cause names it (`caused_by`).

    `judged`: what rules and checks said, `read`: what reading said. `again` judges a township by the rules and checks of some
    codes that read a sheet ("": any; None where one of them fails): what a township with one mistake mended no longer has, is that mistake's.
    """
    loose, read, causes = frozenset(judged), frozenset(read), {}
    seen, tried = town, count(1)
    if len(loose) + len(read) < LEAST:
        return sorted(loose | read)
    for suspecting in CAUSES:
        for _ in range(MADE):  # one is mended, then the rest is looked at anew
            suspects = suspecting(seen, policy, loose | (read - causes.keys()))
            left = takewhile(lambda _: next(tried) <= TRIED, suspects)
            likely = islice((suspect for suspect in left if _explains_its_own(suspect, loose, again)), MISSED)
            hit = next((one for one in (_tested(suspect, loose, again) for suspect in likely) if one), None)
            if hit is None:
                break
            suspect, gone = hit
            cause = next((one for one in causes if one.anchor == suspect.cause.anchor), suspect.cause)
            gone -= {suspect.cause}
            causes[cause] = causes.get(cause, frozenset()) | gone | {*suspect.with_it} - {suspect.cause}
            loose, seen = loose - gone - {suspect.cause}, suspect.town
    return _settled(town, policy, frozenset(judged) | read, causes)


def _explains_its_own(suspect: Suspect, loose: frozenset[Finding], again: Again) -> bool:
    """Whether enough of the findings of the code that made it a suspect go with it: quickly asked, before all are."""
    return not suspect.code or len(_gone(loose, again(suspect.town, frozenset((suspect.code,)), ""))[0]) >= ENOUGH


def _tested(suspect: Suspect, loose: frozenset[Finding], again: Again) -> tuple[Suspect, frozenset[Finding]] | None:
    """The suspect and what goes with it; None where too little goes, or too much comes."""
    gone, new = _gone(loose, again(suspect.town, frozenset(finding.rule for finding in loose), suspect.sheet))
    if suspect.proven and suspect.cause not in gone:
        return None
    if len(gone - {suspect.cause}) < (1 if suspect.proven else ENOUGH) or new > NEW * len(gone):
        return None
    return suspect, gone


def _gone(
    loose: frozenset[Finding], again: tuple[set[Finding], frozenset[str]] | None
) -> tuple[frozenset[Finding], int]:
    """Which of the findings of the codes that judged again there are no more, and how many there are that were not there."""
    left, codes = again or (loose, frozenset())  # what cannot be judged again proves nothing
    now = {finding.anchor for finding in left if finding.rule in codes}
    before = [finding for finding in loose if finding.rule in codes]
    gone = frozenset(finding for finding in before if finding.anchor not in now)
    return gone, len(now - {finding.anchor for finding in before})


def _settled(
    town: Town, policy: Policy, found: frozenset[Finding], causes: dict[Finding, frozenset[Finding]]
) -> list[Finding]:
    """The findings with what follows from causes, and from the first of those that repeat, put under them."""
    under = {finding: cause.anchor for cause, gone in causes.items() for finding in gone}
    under |= {finding: finding.caused_by for finding in found if finding.caused_by}  # reading knows its cause already
    alone = (found | causes.keys()) - under.keys()
    for repeat in REPEATS:
        for first, others in repeat(town, policy, frozenset(alone - causes.keys())):
            under |= dict.fromkeys(others, first.anchor)
            same = (first.anchor, first.message)  # it may say more now that it stands for others
            alone = {one for one in alone - {*others} if (one.anchor, one.message) != same} | {first}
    parents = {finding.anchor: above for finding, above in under.items()}
    known = {finding.anchor for finding in alone}
    tops = {finding: _top(anchor, parents) for finding, anchor in under.items()}
    # where mistakes would only explain one another, each stands by itself
    return sorted(alone | {replace(one, caused_by=top if top in known else ()) for one, top in tops.items()})


def _top(anchor: Anchor, parents: dict[Anchor, Anchor]) -> Anchor:
    """The cause of a cause, up to the first that follows from nothing."""
    seen = set()
    while anchor in parents and anchor not in seen:
        seen.add(anchor)
        anchor = parents[anchor]
    return anchor


# --- One mistake that stands in many cells: the first place says it, the others follow from it. Nothing is judged again ---
Fold = tuple[Finding, list[Finding]]  # what stands for all of them, and those that follow from it
MANY = 8  # findings of one code in a column that hold for most of its cells: the whole column is wrong
LACKING_DAYS = 5  # 日查 that one class lacks in a row, or all classes on a day
EMPTY = 5  # required cells empty in one row
# do not quote what stands there
WORDLESS = ("F01", "F03", "F04", "F05", "F06", "F11", "F12", "F13", "F15", "F16", "F17", "F20", "F25", "F26")


def same_value(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """The same wrong value again and again in one column: what is said of it is word for word the same.

    Not what a rule says of the rows of a list of children: two rows with one name there are two children.
    """
    keys = {sheet.title: sheet.primary_key for sheet in town.schema.sheets.values()}
    children = {title for title, key in keys.items() if "student_key" in key and "date" not in key}
    rows = [
        one
        for one in findings
        if one.row and one.rule not in WORDLESS and not (one.rule[0] == "X" and one.sheet in children)
    ]
    yield from _grouped(rows, lambda one: (one.rule, one.workbook, one.sheet, one.column, one.message), ENOUGH)


def same_person(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """A member of staff who is not there or has left, named in many sheets: what the office's own workbooks say comes first."""
    said = {one: one.message.partition("“")[2] for one in of(findings, "G05")}
    yield from _grouped(list(said), said.__getitem__, ENOUGH)


def whole_column(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """Most cells of a column with the same mistake: an empty column, numbers that lost their digits, one wrong form."""
    sizes = {(book.name, table.sheet.title): len(table) for book in town.workbooks for table in book.tables.values()}
    rows = [one for one in findings if one.row and one.column and one.rule[0] == "F"]
    for first, others in _grouped(rows, lambda one: (one.rule, one.workbook, one.sheet, one.column), MANY):
        if 2 * (len(others) + 1) >= sizes.get((first.workbook, first.sheet), 0):
            yield first, others


def empty_row(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """A row of which nearly nothing is filled in, as when one cell slipped below the last row."""
    yield from _grouped(of(findings, "F17"), lambda one: (one.workbook, one.sheet, one.row), EMPTY)


def days_lacking(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """日查 that is missing for a class over many school days, for all classes of a school over some."""
    found = of(findings, "X11")
    if len(found) < LACKING_DAYS:
        return
    expected = expected_days(town)
    missing = missing_days(town, expected)
    # which of the expected days of its class a day is: two that follow each other lie in one stretch
    order = expected.assign(nth=expected.sort_values("date").groupby(["workbook", "class_id"]).cumcount())
    missing = missing.merge(order[["workbook", "class_id", "date", "nth"]], on=["workbook", "class_id", "date"])
    missing = missing.sort_values(["workbook", "class_id", "date"])
    stretch = ((missing["nth"].diff() != 1) | (missing["class_id"] != missing["class_id"].shift())).cumsum()
    missing = missing.assign(stretch=stretch)
    by_text = {(one.workbook, one.message): one for one in found}
    # stretches of classes of one workbook that begin on the same day are one gap
    missing["begin"] = missing.groupby("stretch")["date"].transform("min")
    for (workbook, _), own in missing.groupby(["workbook", "begin"]):
        if len(own) < LACKING_DAYS:
            continue
        days = {f"{day:%Y-%m-%d}" for day in own["date"]}
        labels = _labels(town, own["class_id"])
        members = [
            one
            for (book, text), one in by_text.items()
            if book == town.book_name(workbook)
            and any(day in text for day in days)
            and any(label in text for label in labels)
        ]
        if len(members) >= LACKING_DAYS:
            first, *others = sorted(members, key=lambda one: (DAY.search(one.message)[0], one.row))
            yield first, others


def _labels(town: Town, class_ids: pd.Series) -> set[str]:
    rows = town["class"]
    return set(rows.loc[rows["class_id"].isin(class_ids), "class_name"].dropna())


def steady_difference(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """应到 that differs from the roster by the same number for days on end: so many days are not all wrong, the roster is."""
    rows = misnamed.steady(town, findings) if len(of(findings, "X08")) else pd.DataFrame()
    for _, own in rows.groupby("run") if len(rows) else ():
        first, *others = own.sort_values("date")["finding"]
        delta, last = int(own["delta"].iloc[0]), own["date"].max()
        way = "花名册可能少了人" if delta > 0 else "花名册可能多了人"
        fix = (
            f"到{last:%Y-%m-%d}连续{len(own)}天都差这{abs(delta)}人，{way}：请先核对这个班的花名册和“学生变动”，"
            "应到和当天实有人数一致的不要改。"
        )
        yield replace(first, fix=fix), others


def _grouped(rows: list[Finding], same: Callable[[Finding], object], least: int) -> Iterator[Fold]:
    groups: dict[object, list[Finding]] = {}
    for one in sorted(rows, key=lambda one: ("/中心学校/" not in one.workbook, one)):
        groups.setdefault(same(one), []).append(one)
    for first, *others in groups.values():
        if len(others) + 1 >= least:
            yield first, others


REPEATS = (steady_difference, days_lacking, same_person, same_value, whole_column, empty_row)
