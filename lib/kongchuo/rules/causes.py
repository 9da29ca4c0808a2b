"""One mistake, one finding: what only follows from another mistake is put under it, and the cause is looked for where it is likelier.

A cause is not guessed by its looks: each of CAUSES names a mistake that would explain many findings, the mistake is mended in
memory, and what is found no more follows from it. What is left and stands in many cells alike is folded by REPEATS.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count, takewhile

from ..core.findings import Anchor, Finding
from ..core.policy import Policy
from ..core.tables import Town
from . import misnamed, suspects
from .repeats import REPEATS
from .suspects import ENOUGH, Suspect, Suspecting

# likelier causes of more come first: what an earlier one explains, a later one need not
CAUSES: tuple[Suspecting, ...] = (suspects.terms, suspects.calendar, suspects.exchanged, suspects.shifted,
                                  suspects.misdated, misnamed.renamed, misnamed.departed, misnamed.roster)  # fmt: skip
MADE = 12  # causes of one kind
TRIED = 40  # suspects in all: each is judged again, and a township full of mistakes must not take minutes
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
            hit = next((one for one in (_tested(suspect, loose, again) for suspect in left) if one), None)
            if hit is None:
                break
            suspect, gone = hit
            cause = next((one for one in causes if one.anchor == suspect.cause.anchor), suspect.cause)
            gone -= {suspect.cause}
            causes[cause] = causes.get(cause, frozenset()) | gone | {*suspect.with_it} - {suspect.cause}
            loose, seen = loose - gone - {suspect.cause}, suspect.town
    return _settled(town, policy, frozenset(judged) | read, causes)


def _tested(suspect: Suspect, loose: frozenset[Finding], again: Again) -> tuple[Suspect, frozenset[Finding]] | None:
    """The suspect and what goes with it; None where too little goes, or too much comes."""
    first = frozenset((suspect.code,)) if suspect.code else frozenset()
    if first and len(_gone(loose, again(suspect.town, first, ""))[0]) < ENOUGH:
        return None
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
