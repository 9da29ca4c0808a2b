"""The inspection sheet of one school in one round (domain.md 5.4): 系统测算, the inspector's scores, the total and the grade.

系统测算 of an item is its points less what policy takes for each gap in the ledgers as of the day of the inspection. What the
ledgers cannot judge has none. The inspector's 得分 stands where it says why it differs (扣分理由). Knows no files.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby

import pandas as pd

from ..core import processes, years
from ..core.numbers import rounded
from ..core.policy import Policy
from ..core.tables import Town, complete, once
from ..due import inspection as rounds, steps
from ..facts import asof, calendar, cases
from . import inspection_items
from .base import Measure
from .flows import dropouts
from .inspection_items import Evidence, Gap
from .scopes import Scope

GRADES = ("优秀", "良好", "合格", "不合格")
FAILED = GRADES[-1]
NOT_HELD, UNDECIDED = "未督查", "尚未判定"
CODES = "inspection_item"  # the code list with the titles of the ten items


@dataclass(frozen=True)
class Score:
    """One of the ten items: its points, what the ledgers say, what the inspector gave, and what stands.

    `system` is None where the ledgers cannot judge (`why`); `given` where the inspector gave nothing; `final` where nobody
    knows. `stands` says which of the two counts and why. `place` is the row of 督查评分; `left_out`: how many rows of the
    ledgers 系统测算 could not count.
    """

    number: int
    title: str
    points: float
    gaps: tuple[Gap, ...]
    system: float | None
    why: str = ""
    given: float | None = None
    reason: str = ""
    proof: str = ""
    place: int | None = None
    left_out: int = 0

    @property
    def stands(self) -> tuple[float | None, str]:
        """The score that counts, and what is to be said of it."""
        given = self.given
        if given is not None and given > self.points:
            return self.system, f"得分 {given:g} 超过分值，没有采用"
        if given is None:
            return self.system, "" if self.system is None else "督查组没有打分，按系统测算"
        if self.reason or given == self.system or (self.system is None and given == self.points):
            return given, ""
        if self.system is None:
            return given, "没得满分，缺扣分理由"
        return self.system, f"督查组打 {given:g} 分，与系统测算不同而没有写理由，按系统测算"

    @property
    def final(self) -> float | None:
        """The score that counts."""
        return self.stands[0]

    @property
    def lost(self) -> float:
        """The points lost; 0 where nobody knows."""
        return 0.0 if self.final is None else self.points - self.final


@dataclass(frozen=True)
class Sheet:
    """One school in one round. `day` None: not inspected; its scores are then only what the ledgers say on `as_of`.

    `fatal`: what makes it 不合格 whatever the total: in words, with how many.
    """

    home: str
    day: dt.date | None
    as_of: dt.date
    since: dt.date
    team: str
    scores: tuple[Score, ...]
    fatal: tuple[str, ...]
    lines: tuple[float, float, float]

    @property
    def total(self) -> float | None:
        """The sum of the ten; None where the school was not inspected or an item is undecided."""
        finals = [score.final for score in self.scores]
        return None if self.day is None or None in finals else rounded(sum(finals), 2)

    @property
    def undecided(self) -> tuple[Score, ...]:
        """The items nobody has judged."""
        return tuple(score for score in self.scores if score.final is None)

    @property
    def grade(self) -> str:
        """优秀, 良好, 合格, 不合格; 未督查; 尚未判定."""
        if self.day is None:
            return NOT_HELD
        if self.fatal:
            return FAILED
        if self.total is None:
            return UNDECIDED
        return next((name for name, line in zip(GRADES, self.lines, strict=False) if self.total >= line), FAILED)


def sheets(
    town: Town,
    policy: Policy,
    asked: Iterable[tuple[str, str, int]],
    as_of: dt.date,
    covers: Callable[[str, dt.date], Iterable[tuple]] = lambda home, day: (),
) -> dict[tuple[str, str, int], Sheet]:
    """The sheets (see `inspect`) that are asked for, each by school, term and number; what an inspection led to is kept as well (`walked`),
    and what of a school and its day `covered` is to be asked.

    Day by day, since what the ledgers were on a day is as large as the ledgers: a process holds one at a time, and two share the days.
    """
    days = {one: _day(town, *one) or as_of for one in asked}
    missing = sorted(one for one in days if not town.has_under(policy, inspect.__wrapped__, *one, as_of))
    grouped = [(day, [*group]) for day, group in groupby(sorted(missing, key=days.get), days.get)]

    def work(days: Iterable[tuple[dt.date, list[tuple[str, str, int]]]]) -> list[tuple[Callable, tuple, object]]:
        """What is called for each of these days, with what, and what it gives."""
        found = []
        for day, group in days:
            calls = [(inspect, (*one, as_of)) for one in group]
            calls.append((walked, (day, *looked_at(town, day, *(home for home, *_ in group)))))
            found += [(make, given, make(town, policy, *given)) for make, given in calls]
            for given in (given for home, *_ in group for given in covers(home, day)):
                with suppress(Exception):  # whoever asks for it meets it, and says it
                    found.append((covered, given, covered(town, policy, *given)))
            asof.forget(town, day)
        return found

    share = (lambda: work(grouped[::2])), (lambda: work(grouped[1::2]))
    for make, given, value in processes.both(*share)[1] if len(grouped) > 1 else share[0]():
        town.keep_under(policy, value, make.__wrapped__, *given)
    return {one: inspect(town, policy, *one, as_of) for one in days}


@once
def inspect(town: Town, policy: Policy, home: str, term: str, number: int, as_of: dt.date) -> Sheet:
    """The sheet of a school in a round of a term (第一学期, 2). Where it was not inspected the ledgers stand as of `as_of`.

    The town must have been read as of the day of the inspection or later.
    """
    day = _day(town, home, term, number)
    end = day or as_of
    since = _since(town, home, term, number, end)
    scope = Scope(asof.on(town, end, *looked_at(town, end, home)), policy, since, end, (home,))
    rows = held(town, home, term, number).drop_duplicates("item_no")
    rows = rows.assign(place=list(rows.index)).set_index("item_no", drop=False)
    titles = [value.name for value in town.schema.codes[CODES].values]
    facts = zip(
        titles,
        policy["inspection_item_points"],
        policy["inspection_deductions"],
        inspection_items.of(scope),
        strict=True,
    )
    scores = tuple(
        _score(item, title, points, worth(found, each, policy), found, rows)
        for item, (title, points, each, found) in enumerate(facts, start=1)
    )
    team = "、".join(dict.fromkeys(rows["team"].dropna()))
    lines = tuple(policy[key] for key in ("grade_excellent", "grade_good", "grade_pass"))
    return Sheet(home, day, end, since, team, scores, fatal(scope), lines)


def looked_at(town: Town, day: dt.date, *homes: str) -> tuple[str, ...]:
    """The schools that were inspected on a day, where these are among them; () stands for all, of which then some was not."""
    rows = rounds.inspected(town)
    there = {*rows.loc[rows["date"] == pd.Timestamp(day), "home"]} - {""}
    return tuple(sorted(there)) if {*homes} <= there else ()


@once
def walked(town: Town, policy: Policy, day: dt.date, *homes: str) -> pd.DataFrame:
    """due.steps.steps as of a day of the cases of the schools that were inspected on it (none given: of all).

    `case` is the place of the case on its ledger, since each day numbers the cases it knows; with its home, first day away and state.
    """
    then = asof.on(town, day, *homes)
    book, rows = cases.cases(then), steps.steps(then, policy)
    rows = rows.assign(state=rows["case"].map(steps.states(then, day))).join(book[["home", "away"]], on="case")
    rows = rows[rows["home"].isin(homes)] if homes else rows
    return rows.assign(case=rows["case"].map(book["suspected"].fillna(book["dropout"])))


@once
def covered(town: Town, policy: Policy, count: Callable, *part: object) -> tuple[Measure, ...]:
    """The measures of a figure of a part of the town (`Scope.part`) whose ledgers stand as of its last day."""
    scope = Scope(town, policy, *part)
    near = looked_at(town, scope.end, *scope.homes)
    made = count(replace(scope, town=asof.on(town, scope.end, *near)))
    return tuple(one.total for one in (made if isinstance(made, list) else [made]))


def _day(town: Town, home: str, term: str, number: int) -> dt.date | None:
    """The day a school was inspected in a round."""
    days = held(town, home, term, number)["date"].dropna()
    return days.max().date() if len(days) else None


def held(town: Town, home: str, term: str, number: int) -> pd.DataFrame:
    """The rows of 督查评分 of a school in a round, those dated after the town's day left out."""
    rows = rounds.inspected(town)
    rows = rows[(rows["home"] == home) & (rows["term"] == term) & (rows["round"] == number)]
    return complete(rows[~(rows["date"] > pd.Timestamp(town.as_of))], "item_no")


def worth(found: Evidence, each: float, policy: Policy) -> float:
    """The points that the gaps of an item cost; those of one group of pupils no more than policy says."""
    counts: dict[int | None, int] = {}
    for gap in found.gaps:
        counts[gap.group] = counts.get(gap.group, 0) + gap.count
    most = policy["inspection_group_points"]
    return sum(count * each if group is None else min(count * each, most[group]) for group, count in counts.items())


def fatal(scope: Scope) -> tuple[str, ...]:
    """What makes a school 不合格: pupils who have dropped out, not back and not 销号; cases kept off the ledgers."""
    away = int(cases.open_at(dropouts(scope.whole), scope.end).sum())
    hidden = len(inspection_items.concealed(scope))
    said = (f"辍学未返校、未销号 {away} 人" if away else "", f"应列未列疑似台账 {hidden} 人" if hidden else "")
    return tuple(filter(None, said))


def _since(town: Town, home: str, term: str, number: int, end: dt.date) -> dt.date:
    """The day after the round before in the same term, else the first day of the term; never after the end."""
    earlier = held(town, home, term, number - 1)["date"].dropna()
    terms = calendar.terms(town)
    starts = terms.loc[terms["term"] == term, "start"].dropna()
    start = starts.iloc[0].date() if len(starts) else years.usual_begin(town.year, term)
    return min(end, earlier.max().date() + dt.timedelta(days=1) if len(earlier) else start)


def _score(item: int, title: str, points: float, cost: float, found: Evidence, rows: pd.DataFrame) -> Score:
    system = None if found.why else max(0.0, rounded(points - cost, 2))
    if item not in rows.index:
        return Score(item, title, points, found.gaps, system, found.why, left_out=found.left_out)
    row = rows.loc[item]
    given, reason, proof = (None if pd.isna(row[name]) else row[name] for name in ("score", "reason", "evidence"))
    given = None if given is None else float(given)
    said = given, reason or "", proof or "", row["place"]
    return Score(item, title, points, found.gaps, system, found.why, *said, found.left_out)
