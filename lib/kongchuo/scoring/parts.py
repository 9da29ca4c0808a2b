"""What points are made of: a part with its most, its share, and the figure and rows it comes from. Knows no files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from ..core.numbers import rounded
from ..core.schema import CENTRE
from ..measures import Measure, Ratio

NONE_DUE = "没有应办的"
Ranked = TypeVar("Ranked")


@dataclass(frozen=True)
class Part:
    """One part of the points: of `most` points the `share` (0..1; bonus: of what one piece of work is worth) that was reached.

    `share` None: not judged, and `why` says what is missing; it then counts neither as nothing nor as full. `so_far`: the
    share by what is known today, where the rest is still to come. `measure` and `rows` (as Ratio.rows: place, sheet, KEYS,
    numerator, denominator) are what it was worked out from. `extra`: on top of the full points.
    """

    key: str
    title: str
    most: float
    share: float | None
    measure: Measure | None = None
    rows: pd.DataFrame | None = None
    why: str = ""
    note: str = ""
    so_far: float | None = None
    extra: bool = False

    @property
    def points(self) -> float | None:
        """The points, to two decimals; None where not judged."""
        return None if self.share is None else rounded(self.most * self.share, 2)

    @property
    def known(self) -> float | None:
        """The share as it stands: the final one, else the one so far."""
        return self.so_far if self.share is None else self.share


def total(parts: Iterable[Part]) -> float | None:
    """The sum of all parts; None while one is not judged."""
    points = [part.points for part in parts]
    return None if None in points else rounded(sum(points), 2)


def rate(parts: Iterable[Part]) -> float | None:
    """What stands so far, as points of the full points of the parts that are known, times 100; None where none is."""
    known = [part for part in parts if part.known is not None]
    most = sum(part.most for part in known if not part.extra)
    return rounded(100 * sum(part.most * part.known for part in known) / most, 2) if most else None


def stepped(percent: float, lines: Sequence[float], shares: Sequence[float], above: bool) -> float:
    """The share of the first line that a per cent reaches (`above`) or does not exceed; 0 beyond the last (domain.md 5.3)."""
    for line, share in zip(lines, shares, strict=True):
        if percent >= line if above else percent <= line:
            return share
    return 0.0


class Figures:
    """A Ratio by class: each class's own Measure and rows."""

    def __init__(self, ratio: Ratio) -> None:
        self.ratio = ratio
        self._rows = dict(list(ratio.rows.groupby("class_id")))
        self._left_out = ratio.uncounted.groupby(["home", "class_id"]).size().to_dict()

    def of(self, class_id: str, home: str) -> tuple[Measure, pd.DataFrame]:
        """The figure of one class with the rows behind it; unknown where its school's sheet was not read."""
        one = self.ratio
        rows = self._rows.get(class_id, one.rows.iloc[:0])
        missing = tuple(name for name in one.missing if name in (home, CENTRE))
        counts = (int(rows[name].sum()) for name in ("numerator", "denominator"))
        left_out = sum(
            self._left_out.get((home, key), 0) for key in (class_id, "")
        )  # of no known class: each one's may be
        return Measure(one.code, one.title, *counts, one.small, missing, left_out, one.why), rows


def ranks(items: Iterable[Ranked], score: Callable[[Ranked], float | None]) -> dict[int, int]:
    """Place of each item (by its position) among those that have a score, the highest first; equal scores share a place."""
    scores = [(place, value) for place, value in enumerate(map(score, items)) if value is not None]
    return {place: 1 + sum(other > value for _, other in scores) for place, value in scores}
