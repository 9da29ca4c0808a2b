"""The yearly grade of a school (domain.md 5.5), a year's points under a policy, and two policies side by side: who moves. Knows no files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ..core.numbers import fixed, natural
from ..core.policy import Policy
from ..core.tables import of_year, yes
from ..core.years import ROUNDS, TERMS
from ..due import selfcheck
from ..facts import calendar
from ..facts.cases import open_at
from .base import Measure, Ratio, ratio
from .class_parts import Part, rate, total_of
from .class_points import ClassPoints, class_points
from .flows import dropouts
from .inspection import Sheet, held, sheets
from .scopes import KEYS, Scope
from .selfcheck import judged

# --- The yearly grade of a school (domain.md 5.5): inspection rounds, self-checks in time and mended, class points; who may be 先进 ---
# What the weights are and where the lines of the grades lie says policy. A part that is not complete yet is not judged, and
# what stands so far is told apart from what is final. Knows no files.
FAILED = "不合格"
GRADES = (("优秀", "grade_excellent"), ("良好", "grade_good"), ("合格", "grade_pass"))
MODEL = ("优秀", "良好")  # grades of which a school may be proposed as 先进单位


@dataclass(frozen=True)
class Round:
    """One inspection round of a school: its total, or None and why there is none."""

    term: str
    number: int
    score: float | None
    why: str = ""

    @property
    def label(self) -> str:
        """第一学期第一轮."""
        return f"{self.term}{ROUNDS[self.number - 1]}"


@dataclass(frozen=True)
class UnitGrade:
    """The grade of one school. `vetoes`: what makes it 不合格, in words. `rank` among the schools of the township."""

    home: str
    parts: tuple[Part, ...]
    rounds: tuple[Round, ...]
    vetoes: tuple[str, ...]
    lines: tuple[tuple[str, float], ...]
    rank: int | None = None

    @property
    def total(self) -> float | None:
        """Out of 100; None while a part is not judged."""
        return total_of(self.parts)

    @property
    def so_far(self) -> float | None:
        """The total, or what stands so far out of 100."""
        return rate(self.parts) if self.total is None else self.total

    @property
    def grade(self) -> str:
        """优秀 … 不合格 by what stands; 尚未判定 where nothing does. Final only once `total` is."""
        if self.vetoes:
            return FAILED
        if self.so_far is None:
            return "尚未判定"
        return next((name for name, least in self.lines if self.so_far >= least), FAILED)

    @property
    def final(self) -> bool:
        """Whether the grade is final: nothing is open, or a veto stands."""
        return self.total is not None or bool(self.vetoes)


def rounds_of(scope: Scope) -> dict[str, tuple[Round, ...]]:
    """The rounds that the year has, school by school, with the total that the report of the round has (inspection.Sheet)."""
    terms = tuple(calendar.terms(scope.town)["term"]) or TERMS
    due = [(term, number) for term in terms for number in range(1, scope.policy["inspections_per_term"] + 1)]
    wanted = [(home, *one) for home in scope.homes for one in due]
    scored = [one for one in wanted if held(scope.town, *one)["date"].notna().any()]
    unread = scope.missing("score")
    made = {} if unread else sheets(scope.town, scope.policy, scored, scope.end)
    why = "读不到督查评分" if unread else "没有督查评分"
    return {home: tuple(_round(*one, made.get((home, *one)), why) for one in due) for home in scope.homes}


def _round(term: str, number: int, sheet: Sheet | None, why: str) -> Round:
    if sheet is None:
        return Round(term, number, None, why)
    items = "、".join(str(score.number) for score in sheet.undecided)
    return Round(term, number, sheet.total, f"第{items}项尚未判定" if items else "")


def unit_grades(
    scope: Scope, classes: Sequence[ClassPoints], rounds: Mapping[str, tuple[Round, ...]] | None = None
) -> tuple[UnitGrade, ...]:
    """The grades of the scope's schools, placed by what stands. `rounds`: what the inspections came to, by school."""
    scope = scope.whole
    known = rounds_of(scope) if rounds is None else rounds
    checks = self_checks(scope)
    away = dropouts(scope)
    away = away[open_at(away, scope.end)]
    decided = of_year(scope.town, scope.town["veto"])
    decided = decided[yes(decided["effective"]) & (decided["target_type"] == "学校")]
    lines = tuple((name, scope.policy[key]) for name, key in GRADES)
    made = []
    for home in scope.homes:
        own = [one for one in classes if one.home == home]
        parts = (
            _inspections(scope.policy, known[home]),
            _checks(scope.policy, checks, home),
            _classes(scope.policy, own),
        )
        lost = sum(one.vetoed is True for one in own)
        open_ = int((away["home"] == home).sum())
        named = sum(scope.key("school", target) == scope.key("school", home) for target in decided["target_id"])
        vetoes = (
            f"{lost}个班一票否决" if lost else "",
            f"辍学未返校、未销号{open_}人" if open_ else "",
            f"对学校的否决{named}件" if named else "",
        )
        made.append(UnitGrade(home, parts, known[home], tuple(filter(None, vetoes)), lines))
    # a school under a veto stands behind all others, whatever its points
    scores = [None if one.so_far is None else one.so_far - (1000 if one.vetoes else 0) for one in made]
    places = [None if own is None else 1 + sum(other > own for other in scores if other is not None) for own in scores]
    return tuple(replace(one, rank=place) for one, place in zip(made, places, strict=True))


def self_checks(scope: Scope) -> Ratio:
    """月自查按时与整改: self-checks done in time and problems mended in time ÷ all that fell due in the year, by school."""
    parts, left_out = [], [scope.undated("selfcheck")]
    for deadline in (selfcheck.SELF_CHECK, selfcheck.FAILED_ITEM, selfcheck.PROBLEM):
        rows, unsure = judged(scope, deadline)
        parts.append(rows.assign(sheet=deadline.sheet))
        left_out.append(unsure.assign(grade=0, class_id=""))
    found = pd.concat([part[["home", "sheet", "hit"]] for part in parts]).assign(grade=0, class_id="")
    needs, hit = ("selfcheck", "issue", "term"), found["hit"].astype(bool)
    return ratio(scope, "D15", "月自查按时与整改", found[["sheet", *KEYS]], hit, needs=needs, left_out=left_out)


def _inspections(policy: Policy, rounds: Sequence[Round]) -> Part:
    most = 100 * policy["unit_weight_inspection"]
    scores = [one.score for one in rounds if one.score is not None]
    mean = sum(scores) / len(scores) / 100 if scores else None
    lacking = [one for one in rounds if one.score is None]
    if not lacking and rounds:
        return Part("inspection", "督查", most, mean, note=f"{len(scores)}轮平均{100 * mean:g}分")
    why = "；".join(f"{one.label}：{one.why}" for one in lacking) or "没有督查"
    return Part("inspection", "督查", most, None, why=why, so_far=mean)


def _checks(policy: Policy, counted: Ratio, home: str) -> Part:
    most = 100 * policy["unit_weight_selfcheck"]
    found = counted.by("home")
    measure = found.get(home) or Measure(counted.code, counted.title, 0, 0, counted.small, why="还没有到期的月自查")
    rows = counted.rows[counted.rows["home"] == home]
    if measure.unknown or not measure.denominator:
        return Part("selfcheck", "自查", most, None, measure, rows, measure.caveat)
    return Part("selfcheck", "自查", most, measure.numerator / measure.denominator, measure, rows)


def _classes(policy: Policy, classes: Sequence[ClassPoints]) -> Part:
    """The mean of the school's class points; above 100 where classes have a bonus, as 5.3 has it."""
    most = 100 * policy["unit_weight_class_points"]
    known = [one.so_far for one in classes if one.so_far is not None]
    mean = sum(known) / len(known) / 100 if known else None
    final = [one for one in classes if one.total is not None]
    if classes and len(final) == len(classes):
        return Part("classes", "班级积分", most, mean, note=f"{len(final)}个班平均{fixed(100 * mean, 2)}分")
    why = f"{len(classes) - len(final)}个班的积分尚未判定" if classes else "没有班级"
    return Part("classes", "班级积分", most, None, why=why, so_far=mean)


# --- who may be proposed ------------------------------------------------------------------------------------------------
def model_units(policy: Policy, units: Sequence[UnitGrade]) -> tuple[tuple[UnitGrade, ...], int]:
    """The schools that may be proposed as 先进单位, best first, and how many places there are. Of a tie at the last place nobody
    is left out by chance: both wait for people to decide, so they may be more than the places.
    """
    places = int(len(units) * policy["model_units_max"] / 100)
    fit = sorted((one for one in units if one.grade in MODEL), key=lambda one: (-one.so_far, natural(one.home)))
    return tuple(one for one in fit if places and one.so_far >= fit[min(places, len(fit)) - 1].so_far), places


def model_persons(scope: Scope, classes: Sequence[ClassPoints]) -> tuple[tuple[ClassPoints, ...], int]:
    """The classes whose head teachers may be proposed as 先进个人: first in their grade, no veto, nothing 试算, the best first;
    and how many places there are for all staff in post.
    """
    staff = scope.town["staff"]
    number = int(staff["active"].fillna(True).astype(bool).sum())
    places = int(number * scope.policy["model_persons_max"] / 100)
    fit = [one for one in classes if one.rank == 1 and one.vetoed is False and not one.trial and one.teacher]
    return tuple(sorted(fit, key=lambda one: (-one.so_far, natural(one.class_id)))[:places]), places


# --- A school year's points and grades under a policy, and two policies side by side: who moves. Knows no files -----
@dataclass(frozen=True)
class Standings:
    """Every class and school of the township under one policy; `rounds` are what the inspections came to."""

    scope: Scope
    classes: tuple[ClassPoints, ...]
    units: tuple[UnitGrade, ...]
    rounds: Mapping[str, tuple[Round, ...]]

    def tried(self, values: Mapping[str, object]) -> Standings:
        """The same year with other values of the policy; nothing is written. Raises SchemaError for values that cannot be."""
        return standings(replace(self.scope, policy=self.scope.policy.tried(values)), self.rounds)

    @property
    def policy(self) -> Policy:
        """The policy the points were given by."""
        return self.scope.policy


@dataclass(frozen=True)
class Moved:
    """One class or school before and after."""

    before: ClassPoints | UnitGrade
    after: ClassPoints | UnitGrade

    @property
    def changed(self) -> bool:
        """Whether anything a reader would see is another: points, place, veto, grade."""
        return _seen(self.before) != _seen(self.after)


def standings(scope: Scope, rounds: Mapping[str, tuple[Round, ...]] | None = None) -> Standings:
    """Points and grades of all schools of the township up to the scope's end, whatever the scope is narrowed to: ranks need all."""
    if rounds is None:
        return scope.everybody.once(_standings)
    return _standings(scope.everybody, rounds)


def _standings(scope: Scope, rounds: Mapping[str, tuple[Round, ...]] | None = None) -> Standings:
    held = rounds_of(scope) if rounds is None else rounds
    classes = class_points(scope)
    return Standings(scope, classes, unit_grades(scope, classes, held), held)


def compare(before: Standings, after: Standings) -> tuple[tuple[Moved, ...], tuple[Moved, ...]]:
    """The classes and the schools side by side, each in the order of `before`; every one, moved or not."""
    classes, units = ({key(one): one for one in held} for key, held in ((_class, after.classes), (_unit, after.units)))
    return (
        tuple(Moved(one, classes[one.class_id]) for one in before.classes),
        tuple(Moved(one, units[one.home]) for one in before.units),
    )


def _class(one: ClassPoints) -> str:
    return one.class_id


def _unit(one: UnitGrade) -> str:
    return one.home


def _seen(one: ClassPoints | UnitGrade) -> tuple:
    if isinstance(one, ClassPoints):
        return one.total, one.so_far, one.rank, one.vetoed
    return one.total, one.so_far, one.rank, one.grade
