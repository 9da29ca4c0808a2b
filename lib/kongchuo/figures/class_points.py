"""Class points of a school year (domain.md 5.3): 巩固, 转化, 过程, 劝返加分, the veto, the rank inside the grade. Knows no files."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from ..core.numbers import in_order
from ..core.schema import CENTRE
from ..core.tables import of_year
from ..due import inspection
from ..facts import enrolment
from .class_parts import PARTS, Part, Sheets, ranks, rate, total_of
from .scopes import Scope
from .veto import losses

# Unit 班级, node 学年, base the locked 学年初基准. Every part is explained by its Measure and rows; what cannot be judged yet is
# not judged, and the class is then placed by what stands so far.
NO_LIST = "没有学困厌学名单，转化分按本年级平均，试算"


@dataclass(frozen=True)
class ClassPoints:
    """The points of one class. `vetoed` None: cannot be told (`why`). `trial`: why the points are 试算 and may not be used yet.

    `final`: what was decided on an appeal (审定), at `appeal`, the row of 班级积分申诉. `rank` of `peers` classes of the grade in
    the township; None where nothing stands.
    """

    class_id: str
    name: str
    home: str
    grade: int
    teacher: str
    base: int
    listed: int
    parts: tuple[Part, ...]
    lost: pd.DataFrame
    vetoed: bool | None
    why: str = ""
    trial: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    appeal: int | None = None
    final: float | None = None
    rank: int | None = None
    peers: int = 0

    @property
    def total(self) -> float | None:
        """The points that count: as decided on appeal, 0 under a veto, else the sum; None while a part is not judged."""
        if self.final is not None:
            return self.final
        if self.vetoed is None:
            return None
        return 0.0 if self.vetoed else total_of(self.parts)

    @property
    def so_far(self) -> float | None:
        """The total, or what stands so far out of 100 (得分率) while parts are open; what classes are placed by."""
        if self.total is not None or self.vetoed is None:
            return self.total
        return rate(self.parts)

    @property
    def open(self) -> tuple[Part, ...]:
        """The parts that nobody can judge yet."""
        return () if self.total is not None else tuple(part for part in self.parts if part.share is None)

    def part(self, key: str) -> Part:
        """One part by its key."""
        return next(part for part in self.parts if part.key == key)


def class_points(scope: Scope) -> tuple[ClassPoints, ...]:
    """The points of every class of the scope's schools (narrowing to a grade or class is left aside, for ranks need all)."""
    scope = scope.whole
    gone = losses(scope)
    sheets = Sheets.read(scope, gone)
    base = sheets.base.ratio.rows
    sizes = base.groupby("class_id").size().to_dict()
    away = _not_at_school(scope)
    unread = scope.missing("baseline", "dropout")
    unlocked = frozenset(scope.rows("baseline").loc[lambda rows: rows["locked"].isna(), "class_id"])
    appeals = _appeals(scope)
    shown, unseen = _shown(scope)
    made = []
    for row in scope.classes.sort_values(["grade", "home", "class_id"], key=in_order).itertuples():
        cases = gone.of(row.class_id)
        why = _why(row.class_id, row.home, unread, sizes, gone.doubtful)
        appeal, final = appeals.get(row.class_id, (None, None))
        parts = tuple(make(sheets, row.class_id, row.home) for make in PARTS)
        trial = [] if row.home in shown else ["方案是否公示尚未判定"] if unseen else ["绩效方案没有公示"]
        trial += ["学年初基准没有锁定"] if row.class_id in unlocked else []
        made.append(
            ClassPoints(
                row.class_id,
                scope.labels.get(row.class_id, row.class_id),
                row.home,
                int(row.grade),
                scope.staff_names.get(row.head_teacher, row.head_teacher) if pd.notna(row.head_teacher) else "",
                sizes.get(row.class_id, 0),
                sheets.size(row.class_id),
                parts,
                cases,
                None if why else gone.vetoes(row.class_id),
                why,
                tuple(trial),
                (*away.get(row.class_id, ()), *sheets.remarks(row.class_id)),
                appeal,
                final,
            )
        )
    return _ranked(_without_list(made))


def _not_at_school(scope: Scope) -> dict[str, tuple[str]]:
    """Class -> what explains that 学年初基准 lists more pupils than 学年初人数 counts: those on 休学 and the like."""
    rows = scope.rows("baseline")
    rows = rows[rows["base_state"].notna() & ~rows["base_state"].isin(enrolment.AT_SCHOOL)]
    counts = rows.groupby(["class_id", "base_state"]).size()
    words: dict[str, list[str]] = {}
    for (class_id, word), number in counts.items():
        words.setdefault(class_id, []).append(f"{word}{number}人")
    return {class_id: (f"基准名单另有{'、'.join(found)}，不计入学年初人数",) for class_id, found in words.items()}


def _why(class_id: str, home: str, unread: Iterable[str], sizes: dict[str, int], doubtful: frozenset[str]) -> str:
    """Why it cannot be told whether the class has lost anybody; "" where it can."""
    if home in unread or CENTRE in unread:
        return "读不到学年初基准或辍学台账"
    if class_id not in sizes:
        return "学年初基准里没有这个班"
    return "辍学台账有一行认不出是谁" if doubtful & {class_id, home} else ""


def _appeals(scope: Scope) -> dict[str, tuple[int, float | None]]:
    rows = of_year(scope.town, scope.town["appeal"])
    end = pd.Timestamp(scope.end)
    finals = rows["final"].where(~(rows["decided_on"] > end))
    return {
        key: (place, None if pd.isna(final) else float(final))
        for place, key, final in zip(rows.index, rows["class_id"], finals, strict=True)
    }


def _shown(scope: Scope) -> tuple[frozenset[str], bool]:
    """The schools that have shown their scheme to teachers by the scope's end (V03), and whether that cannot be told at all."""
    rows = inspection.shown(scope.town)
    seen = rows[rows["pub_date"] <= pd.Timestamp(scope.end)]
    return frozenset(seen["home"]), bool(scope.town.unread_homes("publicity", "pub_date", "in_scheme"))


def _without_list(made: list[ClassPoints]) -> list[ClassPoints]:
    """A class without a list gets the mean share of its grade for each part of 转化, as 试算; none where the grade has none."""
    found = []
    for one in made:
        if one.listed or all(part.measure.missing for part in one.parts if part.key in CONVERT):
            found.append(one)
            continue
        peers = [other for other in made if other.grade == one.grade and other.listed]
        parts = tuple(_mean(part, peers) if part.key in CONVERT else part for part in one.parts)
        found.append(replace(one, parts=parts, trial=(*one.trial, NO_LIST)))
    return found


CONVERT = ("progress", "goal", "stay")


def _mean(part: Part, peers: list[ClassPoints]) -> Part:
    known = [other.part(part.key) for other in peers]
    shares = [own.share for own in known if own.share is not None]
    so_far = [own.known for own in known if own.known is not None]
    if known and len(shares) == len(known):
        return replace(part, share=sum(shares) / len(shares), why="", note=f"本年级{len(shares)}个班的平均")
    why = "本年级有名单的班还没有判定" if known else "本年级没有一个班有名单"
    return replace(part, share=None, why=why, so_far=sum(so_far) / len(so_far) if so_far else None)


def _ranked(made: list[ClassPoints]) -> tuple[ClassPoints, ...]:
    found: dict[str, ClassPoints] = {}
    for grade in {one.grade for one in made}:
        peers = [one for one in made if one.grade == grade]
        places = ranks(peers, lambda one: one.so_far)
        for place, one in enumerate(peers):
            found[one.class_id] = replace(one, rank=places.get(place), peers=len(places))
    return tuple(found[one.class_id] for one in made)
