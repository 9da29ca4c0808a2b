"""What the points of a class are made of (domain.md 5.3): the parts 巩固, 转化, 过程, 劝返加分; PARTS lists them. Knows no files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from ..core.numbers import rounded
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import among, complete, yes
from ..due import cases as case_deadlines, support
from ..facts import enrolment
from . import attendance
from .base import Measure, Ratio, ratio
from .enrolment import reconciled
from .flows import baseline, baseline_day, dropouts, state_on
from .scopes import KEYS, Scope
from .selfcheck import judged
from .veto import Losses

# --- What points are made of: a part with its most, its share, and the figure and rows it comes from. Knows no files ---
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


def total_of(parts: Iterable[Part]) -> float | None:
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
        # of no known class: each one's may be
        left_out = sum(self._left_out.get((home, key), 0) for key in (class_id, ""))
        return Measure(one.code, one.title, *counts, one.small, missing, left_out, one.why), rows


def ranks(items: Iterable[Ranked], score: Callable[[Ranked], float | None]) -> dict[int, int]:
    """Place of each item (by its position) among those that have a score, the highest first; equal scores share a place."""
    scores = [(place, value) for place, value in enumerate(map(score, items)) if value is not None]
    return {place: 1 + sum(other > value for _, other in scores) for place, value in scores}


# --- The parts of a class's points, one small function each (domain.md 5.3); PARTS lists them. Knows no files -------
PROGRESS = ("明显进步", "有进步")
GONE = ("已转出", "休学", "死亡", "其他减少")  # 正常流动: nobody can ask the class to convert them
PROCESS = ("日查按时", "家访与联系及时", "一生一案记录完整", "人籍核查一致")


@dataclass(frozen=True)
class Sheets:
    """What the parts of all classes are worked out from, counted once for the whole scope."""

    policy: Policy
    base: Figures  # 学年初基准: kept ÷ all
    plans: pd.DataFrame  # the list of 学困厌学, with `over` the cap and `pending`
    figures: dict[str, Figures]
    bonus: Figures
    following: dict[str, int]  # class -> returned pupils still followed

    @classmethod
    def read(cls, scope: Scope, gone: Losses) -> Sheets:
        """Count everything over the scope."""
        base = _kept(scope, gone)
        plans = _plans(scope, base.rows.groupby("class_id").size(), gone)
        counted = plans[~plans["over"]]
        needs = ("pupil_plan", "baseline")
        hits = {
            "progress": ("进步（两学期评估均为有进步以上）", counted["progress"], ("review1", "review2")),
            "goal": ("达标", yes(counted["goal_met"]), ("goal_met",)),
            "stay": ("继续就读", ~counted["ever"], ()),
        }
        figures = {
            key: ratio(
                scope, "D14", title, counted, hit, of="pupil_plan",
                needs=(*needs, *(f"pupil_plan.{name}" for name in columns), "dropout"),
            )
            for key, (title, hit, columns) in hits.items()
        }  # fmt: skip
        figures |= {
            "daily": attendance.filed(scope),
            "contact": _contact(scope),
            "logs": _logs(scope),
            "reconcile": reconciled(scope),
        }
        bonus, following = _bonus(scope)
        return cls(
            scope.policy, Figures(base), plans, {key: Figures(one) for key, one in figures.items()}, Figures(bonus),
            following,
        )  # fmt: skip

    def listed(self, class_id: str) -> pd.DataFrame:
        """The listed pupils of a class that count."""
        return self.plans[(self.plans["class_id"] == class_id) & ~self.plans["over"]]

    def size(self, class_id: str) -> int:
        """How many listed pupils of a class count."""
        return len(self.listed(class_id))

    def remarks(self, class_id: str) -> tuple[str, ...]:
        """What the reader must know of the class beside the figures."""
        over = int(self.plans.loc[self.plans["class_id"] == class_id, "over"].sum())
        cap = f"{self.policy['weak_list_cap']:g}"
        said = (f"名单超过学年初人数的{cap}%，后列的{over}人不计",) if over else ()
        more = self.following.get(class_id, 0)
        return (*said, f"复学跟踪中{more}人，期满巩固再加分") if more else said


def _kept(scope: Scope, gone: Losses) -> Ratio:
    """D03 of the class by the policy's veto: baseline pupils that do not count as lost ÷ baseline pupils."""
    rows = enrolment.each_once(baseline(scope))
    hit = ~among(rows, gone.cases[gone.cases["lost"]], enrolment.PUPIL)
    return ratio(scope, "D03", "学年巩固率", rows, hit, of="baseline", needs=("baseline", "dropout"))


def _plans(scope: Scope, sizes: pd.Series, gone: Losses) -> pd.DataFrame:
    """The list of 学困厌学 by the policy's day without those who left in a normal way, the first listed first."""
    rows = enrolment.each_once(scope.rows("pupil_plan"))
    day = pd.Timestamp(f"{scope.town.year[:4]}-{scope.policy['weak_list_day']}")
    now = state_on(scope.town, scope.end)
    rows = rows.assign(ever=among(rows, gone.cases, enrolment.PUPIL))
    left = among(rows, now[now["state"].isin(GONE)], enrolment.PUPIL)
    rows = rows[~(rows["listed"] > day) & ~left].sort_values("listed", kind="stable")
    share = scope.policy["weak_list_cap"] / 100
    most = rows["class_id"].map(sizes).fillna(0).map(lambda size: max(1, int(size * share + 1e-9)))
    good = [rows[name].isin(PROGRESS) for name in ("review1", "review2")]
    empty = rows["review1"].isna() | rows["review2"].isna()
    bad = pd.Series(False, rows.index)
    for name in ("review1", "review2"):
        bad |= rows[name].notna() & ~rows[name].isin(PROGRESS)
    return rows.assign(
        over=rows.groupby("class_id").cumcount() >= most,
        progress=good[0] & good[1],
        promising=empty & ~bad & (rows["review1"].notna() | rows["review2"].notna()),
        reviewed=rows["review1"].notna() | rows["review2"].notna(),
        pending=empty & ~bad,
    )


def _contact(scope: Scope) -> Ratio:
    """Parents reached for absences without leave, and first visits in time: done ÷ due, by class."""
    called = attendance.contacted(scope)
    visits, unsure = (_placed(scope, "suspected", rows) for rows in judged(scope, case_deadlines.FIRST_VISIT))
    needs = ("suspected", "visit")
    seen = ratio(scope, "D13", "首次家访", visits, visits["hit"], of="suspected", needs=needs, left_out=[unsure])
    return Ratio(
        "D15", "家访与联系及时", pd.concat([called.rows, seen.rows]), called.small,
        tuple(dict.fromkeys((*called.missing, *seen.missing))), pd.concat([called.uncounted, seen.uncounted]),
    )  # fmt: skip


def _logs(scope: Scope) -> Ratio:
    """一生一案: months with enough 帮扶记录 ÷ months that asked for them (X31), by class."""
    rows, unsure = (_placed(scope, "pupil_plan", rows) for rows in judged(scope, support.LOGS))
    needs, left_out = ("pupil_plan", "support_log"), [unsure, scope.undated("support_log")]
    return ratio(scope, "D15", "一生一案按月记录", rows, rows["hit"], of="pupil_plan", needs=needs, left_out=left_out)


def _placed(scope: Scope, sheet: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a deadline with the grade and class of the row of the sheet they are of; those of another school year go."""
    return complete(rows.join(scope.rows(sheet)[KEYS[1:]].loc[lambda one: ~one.index.duplicated()]), *KEYS)


def _bonus(scope: Scope) -> tuple[Ratio, dict[str, int]]:
    """Own former dropouts back and still here at the end of the follow-up, which lies in this year ÷ those back."""
    end, begun = pd.Timestamp(scope.end), baseline_day(scope)
    cases = dropouts(scope)
    back = cases[cases["returned"] & (cases["left"] <= end) & ~(cases["follow_to"] < begun)]
    back = back[~back.duplicated(enrolment.PUPIL)]
    here = state_on(scope.town, scope.end).loc[lambda rows: rows["state"].isin((*enrolment.AT_SCHOOL, "毕业"))]
    kept = (back["follow_to"] <= end) & among(back, here, enrolment.PUPIL)
    waiting = back[~(back["follow_to"] <= end)]
    made = ratio(scope, "D11", "劝返巩固", back, kept, of="dropout", needs=("dropout",))
    return made, waiting.groupby("class_id").size().to_dict()


# --- the parts ----------------------------------------------------------------------------------------------------------
Make = Callable[[Sheets, str, str], Part]


def keep(sheets: Sheets, class_id: str, home: str) -> Part:
    """巩固: all points for a class that has lost nobody, none for any loss."""
    measure, rows = sheets.base.of(class_id, home)
    most = sheets.policy["points_keep"]
    if measure.missing or not measure.denominator:
        return Part("keep", "巩固", most, None, measure, rows, measure.caveat or "学年初基准里没有这个班")
    return Part("keep", "巩固", most, float(measure.numerator == measure.denominator), measure, rows)


WEIGHTS = {"progress": "convert_weight_progress", "goal": "convert_weight_goal", "stay": "convert_weight_stay"}


def _progressed(policy: Policy, hit: int, of: int) -> float:
    return min(1.0, 100 * hit / (of * policy["convert_progress_full"]))


def _reached(policy: Policy, hit: int, of: int) -> float:
    return stepped(100 * hit / of, policy["convert_goal_lines"], policy["convert_goal_shares"], above=True)


def _stayed(policy: Policy, hit: int, of: int) -> float:
    return stepped(100 * (of - hit) / of, policy["convert_stay_lines"], policy["convert_stay_shares"], above=False)


def _convert(key: str, title: str, share: Callable[[Policy, int, int], float], pending: str = "") -> Make:
    """One of the three parts of 转化, by the listed pupils of the class."""

    def make(sheets: Sheets, class_id: str, home: str) -> Part:
        policy = sheets.policy
        most = policy["points_convert"] * policy[WEIGHTS[key]]
        measure, rows = sheets.figures[key].of(class_id, home)
        if measure.missing or not measure.denominator:
            return Part(key, title, most, None, measure, rows, measure.caveat or "没有学困厌学名单")
        plans = sheets.listed(class_id)
        hit, known = _known(plans, key)
        waiting = int(plans["pending"].sum()) if key == "progress" else measure.denominator - known
        if not waiting:
            return Part(key, title, most, share(policy, measure.numerator, measure.denominator), measure, rows)
        stands = share(policy, hit, known) if known else None
        return Part(key, title, most, None, measure, rows, f"{waiting}人{pending}", so_far=stands)

    return make


def _known(plans: pd.DataFrame, key: str) -> tuple[int, int]:
    """How many listed pupils it is so of, by what is written down so far, and of how many something is written down."""
    if key == "progress":
        return int(plans["promising"].sum()) + int(plans["progress"].sum()), int(plans["reviewed"].sum())
    if key == "goal":
        return int(yes(plans["goal_met"]).sum()), int(plans["goal_met"].notna().sum())
    return int((~plans["ever"]).sum()), len(plans)


progress = _convert("progress", "转化：进步", _progressed, "的学期评估没有填全")
goal = _convert("goal", "转化：达标", _reached, "没有认定是否达标")
stay = _convert("stay", "转化：继续就读", _stayed)


def _process(number: int, key: str, without: str) -> Make:
    """One of the four parts of 过程: its points × its rate. `without`: why nothing can be said where nothing was due ("": full)."""

    def make(sheets: Sheets, class_id: str, home: str) -> Part:
        most = sheets.policy["process_item_points"][number]
        measure, rows = sheets.figures[key].of(class_id, home)
        title = f"过程：{PROCESS[number]}"
        if measure.missing or (not measure.denominator and without):
            return Part(key, title, most, None, measure, rows, measure.caveat or without)
        if not measure.denominator:
            return Part(key, title, most, 1.0, measure, rows, note=NONE_DUE)
        return Part(key, title, most, measure.numerator / measure.denominator, measure, rows)

    return make


def bonus(sheets: Sheets, class_id: str, home: str) -> Part:
    """劝返加分: so many points for each pupil brought back and kept, up to the most."""
    policy = sheets.policy
    measure, rows = sheets.bonus.of(class_id, home)
    each, most = policy["points_bonus_each"], policy["points_bonus_max"]
    if measure.missing:
        return Part("bonus", "劝返加分", most, None, measure, rows, measure.caveat, extra=True)
    share = min(1.0, each * measure.numerator / most) if most else 0.0
    return Part("bonus", "劝返加分", most, share, measure, rows, extra=True)


PARTS: tuple[Make, ...] = (
    keep,
    progress,
    goal,
    stay,
    _process(0, "daily", "教学日历里没有上课日"),
    _process(1, "contact", ""),
    _process(2, "logs", ""),
    _process(3, "reconcile", "本学年没有人籍核查"),
    bonus,
)
