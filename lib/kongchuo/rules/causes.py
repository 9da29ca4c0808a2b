"""One mistake, one finding: what only follows from another mistake is put under it, and the cause is looked for where it is likelier.

A cause is not guessed by its looks: each of CAUSES names a mistake that would explain many findings, the mistake is mended in
memory, and what is found no more follows from it. What is left and stands in many cells alike is folded by REPEATS.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pandas as pd

from ..core.findings import Anchor, Finding
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town
from ..core.workbooks import Table
from . import misnamed, suspected_causes
from .attendance import expected_days, missing_days
from .suspected_causes import DAY, ENOUGH, Suspect, Suspecting, of

# likelier causes of more come first: what an earlier one explains, a later one need not
CAUSES: tuple[Suspecting, ...] = (suspected_causes.terms, suspected_causes.mismarked, suspected_causes.sorted_alone, suspected_causes.exchanged,
                                  suspected_causes.shifted, suspected_causes.misdated, misnamed.doubled, misnamed.renamed,
                                  misnamed.departed, misnamed.roster)  # fmt: skip
# suspects in the workbooks of a school, or of the centre, and in all: each is judged again, and a township full of mistakes must not take minutes
TRIED, MOST = 40, 200
MISSED = 4  # of one kind that explain their own and nothing else: the next of the kind will not either, and each costs a whole judgement
LEAST = 2  # findings of which one may be the cause of the other
NEW = 0.2  # as many findings as this share of those that go may come anew when the cause is mended
# rules that say of a school's workbooks what other schools' make wrong in them
AMONG = frozenset(("X04", "X23", "X33", "X55"))

Again = Callable[[Town, frozenset[str], str], tuple[set[Finding], frozenset[str]] | None]
Gone = tuple[frozenset[Finding], int]  # findings there are no more, and how many there are that were not there


def fold(town: Town, policy: Policy, judged: Iterable[Finding], read: Iterable[Finding], again: Again) -> list[Finding]:
    """All findings, those of causes among them, in order; what follows from a cause names it (`caused_by`).

    `judged`: what rules and checks said, `read`: what reading said. `again` judges a township by the rules and checks of some
    codes that read a sheet ("": any; None where one of them fails): what a township with one mistake mended no longer has, is that mistake's.
    """
    loose, read, causes = frozenset(judged), frozenset(read), {}
    # what is made of parts of the town goes with this copy: the town lives on in a batch
    seen, tried, failed = replace(town, _made=dict(town._made)), Counter(), set()
    if len(loose) + len(read) < LEAST:
        return sorted(loose | read)

    def hits(suspecting: Suspecting, missed: Counter[str]) -> Iterator[tuple[Suspect, frozenset[Finding], str]]:
        for suspect in suspecting(seen, policy, loose | (read - causes.keys())):
            home, said = _home(seen, suspect.town), (suspect.cause.anchor, suspect.cause.message)
            if (home, said) in failed or tried[home] >= TRIED or missed[home] >= MISSED or tried.total() >= MOST:
                continue
            tried[home] += 1
            likely = _explains_its_own(suspect, seen, loose, again)
            if likely and (gone := _tested(suspect, seen, loose, again)):
                yield suspect, gone, home
            missed[home] += likely
            failed.add((home, said))

    for suspecting in CAUSES:
        missed = Counter()
        # one is mended, then the rest is looked at anew
        while hit := next(hits(suspecting, missed), None):
            suspect, gone, home = hit
            cause = next((one for one in causes if one.anchor == suspect.cause.anchor), suspect.cause)
            gone -= {suspect.cause}
            causes[cause] = causes.get(cause, frozenset()) | gone | {*suspect.with_it} - {suspect.cause}
            loose, seen = loose - gone - {suspect.cause}, suspect.town
            failed = {one for one in failed if CENTRE not in (home, one[0]) and one[0] != home}
            missed.clear()
    return _settled(town, policy, frozenset(judged) | read, causes)


def _home(seen: Town, mended: Town) -> str:
    """The school whose workbooks alone are others; the centre's, where its are or those of several schools."""
    pairs = zip(seen.workbooks, mended.workbooks, strict=True)
    (home, *others) = {new.home for old, new in pairs if old is not new} or {CENTRE}
    return CENTRE if others else home


def _explains_its_own(suspect: Suspect, seen: Town, loose: frozenset[Finding], again: Again) -> bool:
    """Whether enough of the findings of the code that made it a suspect go with it, and not as many come: quickly asked, before all are."""
    if not suspect.code:
        return True
    gone, new = _gone(suspect, seen, loose, again, frozenset((suspect.code,)))
    return len(gone) >= max(ENOUGH, new)


def _tested(suspect: Suspect, seen: Town, loose: frozenset[Finding], again: Again) -> frozenset[Finding]:
    """What goes with a suspect; nothing where too little goes, or too much comes. What the schema alone says (F…) is quickly asked."""
    codes = frozenset(finding.rule for finding in loose)
    gone, new = _gone(suspect, seen, loose, again, frozenset(code for code in codes if code[0] == "F"), suspect.sheet)
    if new > len(gone):
        return frozenset()
    gone, new = _gone(suspect, seen, loose, again, codes, suspect.sheet)
    if suspect.proven and suspect.cause not in gone:
        return frozenset()
    enough = len(gone - {suspect.cause}) >= (1 if suspect.proven else ENOUGH) and new <= NEW * len(gone)
    return gone if enough else frozenset()


def _gone(
    suspect: Suspect, seen: Town, loose: frozenset[Finding], again: Again, codes: frozenset[str], sheet: str = ""
) -> Gone:
    """What is gone, of findings of these codes, in a suspect's town.

    Where one school's workbooks alone were mended, what they and the centre's rows of its pupils say before and after tells it, and
    is quickly judged: all schools' are only asked of what compares schools (AMONG).
    """
    home = _home(seen, suspect.town)
    if home == CENTRE:
        return _less(loose, loose, again(suspect.town, codes, sheet))
    near = {book.name for book in seen.workbooks if book.home in (home, CENTRE)}
    codes = codes & {one.rule for one in loose if one.workbook in near}
    pupils = _pupils(seen, home) | _pupils(suspect.town, home)
    before = again(seen.once(_part, home, pupils), codes - AMONG, sheet)
    after = again(_part(suspect.town, home, pupils), codes - AMONG, sheet)
    gone, new = _less(loose, before[0] if before else loose, after)
    if among := codes & AMONG:
        more, come = _less(loose, loose, again(suspect.town, among, sheet))
        gone, new = gone | more, new + come
    return gone, new


def _pupils(town: Town, home: str) -> frozenset[str]:
    """All who stand in the workbooks of a school."""
    tables = (table for book in town.workbooks if book.home == home for table in book.tables.values())
    return frozenset().union(*(table.frame["student_key"] for table in tables if "student_key" in table.sheet.by_name))


def _part(town: Town, home: str, pupils: frozenset[str]) -> Town:
    """The workbooks of a school and of the centre; of the centre's rows about a pupil, those about these and those that do not say about whom."""
    part, cut = town.part({home}), set()

    def of_these(name: str, table: Table) -> Table:
        if "student_key" not in table.columns:
            return table
        cut.add(name)
        keys = table.frame["student_key"]
        return replace(table, frame=table.frame[keys.isin(pupils) | keys.isna()])

    books = [
        replace(book, tables={name: of_these(name, one) for name, one in book.tables.items()})
        if book.home == CENTRE
        else book
        for book in part.workbooks
    ]
    stands = {key: made for key, made in part._frames.items() if not {key, key[0]} & cut}
    return replace(part, workbooks=tuple(books), _frames=stands, _made={})


def _less(
    loose: frozenset[Finding], before: Iterable[Finding], again: tuple[set[Finding], frozenset[str]] | None
) -> Gone:
    """Which findings of the codes that judged again there were before and are no more, and how many there are that were not there."""
    left, codes = again or (loose, frozenset())  # what cannot be judged again proves nothing
    now = {finding.anchor for finding in left if finding.rule in codes}
    then = {finding.anchor for finding in before if finding.rule in codes}
    return frozenset(one for one in loose if one.rule in codes and one.anchor in then - now), len(now - then)


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
