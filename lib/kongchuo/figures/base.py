"""What a figure is: a Measure as it is printed, a Ratio with the rows behind it, and how a Ratio is made. Knows no files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import TypeVar

import pandas as pd

from ..core.findings import FIGURE_KINDS
from ..core.numbers import some
from ..core.policy import Policy
from ..core.schema import CENTRE
from .scopes import KEYS, Parts, Scope

Made = TypeVar("Made", "Ratio", "list[Ratio]", pd.DataFrame, pd.Series)
COUNTS = ["numerator", "denominator"]
NOBODY = pd.DataFrame(columns=KEYS).astype(dict(zip(KEYS, ("str", "int64", "str"), strict=True)))
LEFT_OUT = "{}行有错误或判不了，未计入"
COUNTED = ("人", "次", "%")  # units that stand behind a number; 月-日 and the like say what the number is

NO_CALENDAR = "“学年学期”“教学日历”没有填，不知道哪几天上课"


@dataclass(frozen=True)
class Measure:
    """One rate as it is printed. `missing` are the folders that could not be read and so are not in it.

    `left_out` counts rows that could not be counted: they hold an error, or what they say cannot be told. `why` says in
    words why there is no figure at all. A denominator below `small` prints counts only.
    """

    code: str
    title: str
    numerator: int
    denominator: int
    small: int = 10
    missing: tuple[str, ...] = ()
    left_out: int = 0
    why: str = ""

    def __post_init__(self) -> None:
        """N02: a rate without its two counts is no rate."""
        if not all(isinstance(count, int) and count >= 0 for count in (self.numerator, self.denominator)):
            raise ValueError(FIGURE_KINDS["N02"].says.format(title=self.title))

    @property
    def unknown(self) -> bool:
        """Whether nothing could be counted because something is not there to count, or could not be read."""
        return not self.denominator and bool(self.missing or self.left_out or self.why)

    @property
    def full(self) -> bool:
        """Whether the rate is known, has a base, and nothing is left to do."""
        return not self.missing and 0 < self.denominator == self.numerator

    @property
    def short(self) -> int:
        """How many are still missing to the full count."""
        return max(self.denominator - self.numerator, 0)

    @property
    def percent(self) -> str:
        """The rate in per cent with one decimal, halves up; "" where there is none to print.

        Only none prints 0.0 and only a full count 100.0: what would be rounded to either says on which side it is (<0.1 %, >99.9 %).
        """
        if self.denominator < max(self.small, 1):
            return ""
        tenths = (2000 * self.numerator + self.denominator) // (2 * self.denominator)  # half up, in whole numbers
        if tenths == 0 and self.numerator:
            return "<0.1 %"
        if tenths == 1000 and self.numerator != self.denominator:
            return ">99.9 %" if self.numerator < self.denominator else ">100.0 %"
        return f"{tenths // 10}.{tenths % 10} %"

    @property
    def text(self) -> str:
        """ "98.7 %（1234/1250）"; "7/9" for a small base; 无 for no base; 尚未判定 for what could not be read."""
        if self.unknown:
            return "尚未判定"
        if not self.denominator:
            return f"{self.numerator}/0" if self.numerator else "无"
        counts = f"{self.numerator}/{self.denominator}"
        return f"{self.percent}（{counts}）" if self.percent else counts

    @property
    def caveat(self) -> str:
        """What is not in the figure because it is not there, could not be read or holds an error."""
        said = [self.why] if self.why else []
        if self.missing:
            said.append(f"读不到：{some(self.missing, 3, '处')}")
        if self.left_out:
            said.append(LEFT_OUT.format(self.left_out))
        return "；".join(said)

    @property
    def note(self) -> str:
        """What the reader must know beside the figure: the caveat, or why there is no per cent."""
        if not self.denominator:
            return self.caveat or "台账里没有应计的人或事"
        return "；".join(filter(None, (self.caveat, "" if self.percent else FIGURE_KINDS["N04"].says)))


@dataclass(frozen=True)
class Ratio:
    """A measure with the rows behind it, before it is summed.

    `rows`: one line a row that counts, indexed by its place, with `sheet`, KEYS (home, grade, class_id)
    and how much it adds to `numerator` and `denominator`. Excel row 0: what should have a row and has none. A row counted
    under two classes (moved from one to the other) stands there twice. `uncounted`: KEYS of each row that could not be
    counted, so that a class or school says of its own what the whole says of all.
    """

    code: str
    title: str
    rows: pd.DataFrame
    small: int = 10
    missing: tuple[str, ...] = ()
    uncounted: pd.DataFrame = field(default_factory=lambda: _keys_of())
    why: str = ""

    @cached_property
    def parts(self) -> pd.DataFrame:
        """Numerator and denominator by (home, grade, class_id)."""
        return self.rows.groupby(KEYS)[COUNTS].sum()

    @property
    def base(self) -> pd.DataFrame:
        """The rows behind the denominator."""
        return self.rows[self.rows["denominator"] != 0]

    @property
    def lacking(self) -> pd.DataFrame:
        """The rows that are in the denominator and not, or not wholly, in the numerator: what is still to be done."""
        return self.rows[self.rows["denominator"] > self.rows["numerator"]]

    @property
    def total(self) -> Measure:
        """The measure of everything in the scope."""
        sums = [self.rows[name].to_numpy().sum() for name in COUNTS]
        return self._measure(sums, self.missing, len(self.uncounted))

    def by(self, level: str) -> dict[object, Measure]:
        """The measure of each home, grade or class_id that occurs; together they give `total`."""
        sums: dict[object, list[int]] = {}
        for key, *counts in zip(*(self.rows[name].tolist() for name in (level, *COUNTS)), strict=True):
            held = sums.setdefault(key, [0, 0])
            held[0] += counts[0]
            held[1] += counts[1]
        left_out = Counter(self.uncounted[level].tolist())
        missing = self.missing if level == "home" else ()
        keys = dict.fromkeys([*sorted(sums), *sorted(left_out), *missing])
        return {
            key: self._measure(sums.get(key, (0, 0)), (key,) if key in missing else (), left_out[key]) for key in keys
        }

    def _measure(self, sums: Sequence[int], missing: tuple[str, ...], left_out: int = 0) -> Measure:
        counts = map(int, sums)
        return Measure(self.code, self.title, *counts, self.small, missing, left_out, self.why)

    def with_title(self, title: str) -> Ratio:
        """The same under another title."""
        return replace(self, title=title)


# --- One school's part of what is counted for the whole town -----------------------------------------------------------
def by_school(count: Callable[..., Made]) -> Callable[..., Made]:
    """As `counted`, of a figure in which the rows of one school do not depend on which others are in the scope: where that of
    the whole town is there, one school's is cut from it. A Ratio or several, or rows with the school as a column or level `home`.
    """
    return _cut(count, each=False)


def by_school_or_each(count: Callable[..., Made]) -> Callable[..., Made]:
    """As `by_school`, of a Ratio of which an uncounted row without a school ("") may be each school's."""
    return _cut(count, each=True)


def _cut(count: Callable[..., Made], each: bool) -> Callable[..., Made]:
    def cut(scope: Scope, *given: object) -> Made:
        if scope.one_school and scope.everybody.has(count, *given):
            parts = scope.everybody.once(_schools, count, each, *given)
            made = [part.of(scope.one_school) for part in parts]
            return made if isinstance(scope.everybody.once(count, *given), list) else made[0]
        return scope.once(count, *given)

    return wraps(count)(cut)


def _schools(scope: Scope, count: Callable[..., Made], each: bool, *given: object) -> list[_Schools]:
    made = scope.once(count, *given)
    return [_Schools(one, each) for one in (made if isinstance(made, list) else [made])]


class _Schools:
    """A Ratio or frame of the whole town by school."""

    def __init__(self, whole: Ratio | pd.DataFrame | pd.Series, each: bool) -> None:
        self._each, self._whole = each, whole
        rows, uncounted = (whole.rows, whole.uncounted) if isinstance(whole, Ratio) else (whole, NOBODY)
        self._rows, self._uncounted = Parts(rows), Parts(uncounted)

    def of(self, home: str) -> Ratio | pd.DataFrame:
        """The part of one school."""
        whole, rows = self._whole, self._rows.of(home)
        if not isinstance(whole, Ratio):
            return rows
        missing = tuple(one for one in whole.missing if one in (home, CENTRE))
        lost = self._uncounted.of(home)
        if self._each and home not in missing and "" in self._uncounted:
            lost = _keys_of(lost, self._uncounted.of("").assign(home=home))
        return replace(whole, rows=rows, missing=missing, uncounted=lost)


def _keys_of(*frames: pd.DataFrame) -> pd.DataFrame:
    """KEYS of the rows of frames one below the other."""
    held = [frame[KEYS] for frame in frames if len(frame)]
    return pd.concat(held, ignore_index=True).astype(NOBODY.dtypes) if held else NOBODY


def ratio(
    scope: Scope,
    code: str,
    title: str,
    frame: pd.DataFrame,
    hit: pd.Series,
    *,
    of: str = "",
    needs: tuple[str, ...] = (),
    left_out: Sequence[pd.DataFrame] = (),
) -> Ratio:
    """A Ratio with one unit a row of `frame` (which has KEYS): in the denominator always, in the numerator where `hit`.

    `of` names the sheet the rows stand in (or `frame` has a column `sheet`); `left_out` holds rows (with KEYS) that nobody can
    count: their day is not known, a cell of theirs is not read.
    """
    one = pd.Series(1, frame.index)
    return summed(scope, code, title, frame, hit.astype(int), one, of=of, needs=needs, left_out=left_out)


def summed(
    scope: Scope,
    code: str,
    title: str,
    frame: pd.DataFrame,
    numerator: pd.Series,
    denominator: pd.Series,
    *,
    of: str = "",
    needs: tuple[str, ...] = (),
    left_out: Sequence[pd.DataFrame] = (),
) -> Ratio:
    """A Ratio from columns of counts. Schools of which a needed sheet could not be read are left out, base and all."""
    missing = scope.missing(*needs)
    columns = {"sheet": of or frame.get("sheet", ""), **{key: frame[key] for key in KEYS}}
    rows = pd.DataFrame(columns, index=frame.index)
    for name, values in zip(COUNTS, (numerator, denominator), strict=True):
        rows[name] = values.to_numpy(dtype="int64", na_value=0)
    rows = rows if CENTRE not in missing else rows.iloc[:0]
    rows = rows[~rows["home"].isin(missing)]
    lost = _keys_of(*left_out)
    return Ratio(code, title, rows, scope.policy["small_denominator"], missing, lost[~lost["home"].isin(missing)])


def not_there(scope: Scope, code: str, title: str, why: str) -> Ratio:
    """A Ratio of which nothing can be counted, with the reason in words."""
    columns = {
        "sheet": "str",
        **dict(zip(KEYS, ("str", "int64", "str"), strict=True)),
        **dict.fromkeys(COUNTS, "int64"),
    }
    index = scope.town["school"].index[:0]
    rows = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()}).set_index(index)
    return Ratio(code, title, rows, scope.policy["small_denominator"], why=why)


def beside(policy: Policy, *keys: str) -> str:
    """The targets and benchmarks to print beside a rate: 目标辍学人数 0人；参照线(小学辍学率) 0.6%."""
    held = (policy.parameter(key) for key in keys)
    return "；".join(f"{item.title} {item.shown}{item.unit if item.unit in COUNTED else ''}" for item in held)
