"""A school year's points and grades under a policy, and two policies side by side: who moves. Knows no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..core.policy import Policy
from ..measures.scopes import Scope
from .class_points import ClassPoints, class_points
from .units import Round, UnitGrade, rounds_of, unit_grades


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
    everything = replace(scope.whole, homes=scope.town.homes)
    held = rounds_of(everything) if rounds is None else rounds
    classes = class_points(everything)
    return Standings(everything, classes, unit_grades(everything, classes, held), held)


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
