"""Of every class its pupils with their colours; for the town every class of every school, to be found and followed."""

from ...facts import enrolment, signals
from ..display import Anchor, Badge, Blocks, Details, Table, To, titled
from ..units import anchor, units
from .pupils import TONES, People, Pupil, said_of

COLOURS = tuple(reversed(signals.COLOURS))
COUNTS = ("在校", *(f"{colour}色" for colour in COLOURS), "在册个案", "学生逾期")


def counts(view: People, own: list[Pupil]) -> tuple[object, ...]:
    """COUNTS of some pupils."""
    colours = [one.colour for one in own]
    late = sum(thing.days < 0 for one in own for thing in one.things)
    numbers = (
        ("plain", sum(one.state in enrolment.AT_SCHOOL for one in own)),
        *((TONES[colour], colours.count(colour)) for colour in COLOURS),
        ("bad", sum(bool(view.open_cases(one)) for one in own)),
        ("bad", late),
    )
    return tuple(Badge(tone, f"{number}") if number and tone != "plain" else number for tone, number in numbers)


def held(view: People) -> dict[tuple[str, str], list[Pupil]]:
    """(school, class id) -> its pupils, classes in the order of schools and grades; those of no known class ("") last."""
    homes = dict(zip(view.scope.classes["class_id"], view.scope.classes["home"], strict=True))
    order = [key for key, _ in units(view, "class_id")]
    found: dict[tuple[str, str], list[Pupil]] = {
        (home, key): [] for home in view.homes for key in order if homes[key] == home
    }
    for one in view.pupils.values():
        found.setdefault((one.home, one.class_id) if (one.home, one.class_id) in found else (one.home, ""), []).append(
            one
        )
    return found


def heads(view: People) -> dict[str, str]:
    """Class id -> 班主任 by name."""
    rows, names = view.scope.classes.dropna(subset=["head_teacher"]), view.scope.staff_names
    return {key: names.get(who, who) for key, who in zip(rows["class_id"], rows["head_teacher"], strict=True)}


def board(view: People) -> Table:
    """A row a class, which leads to it; for the town the search finds the row."""
    who, rows = heads(view), []
    for (home, key), own in held(view).items():
        at = anchor("class", home, key)
        name = To(view.called(key), at=at) if view.home else Anchor(To(view.called(key), home, at), at)
        rows.append((*(() if view.home else (home,)), name, who.get(key), *counts(view, own)))
    return Table(
        (*(() if view.home else ("学校",)), "班级", "班主任", *COUNTS), tuple(rows), "各班", empty="还没有班级"
    )


@titled("班级", 0, "classes")
def section(view: People) -> Blocks:
    """班级: each a fold with all its pupils; for the town one table, whose rows lead there."""
    who = heads(view)
    made = (
        (_fold(view, home, key, own, who.get(key, "")) for (home, key), own in held(view).items()) if view.home else ()
    )
    return (board(view), *made)


def _fold(view: People, home: str, key: str, own: list[Pupil], head: str) -> Details:
    rows = []
    for one in sorted(own, key=lambda one: one.state not in enrolment.AT_SCHOOL):
        name, first = one.name or "—", one.things[0] if one.things else None
        colour = Badge(TONES[one.colour], f"{one.colour}色") if one.colour else None
        who = To(name, at=one.id) if one.noted else Anchor(name, one.id)
        missed = (one.away(True) or None, one.away(False) or None)
        due = said_of(view, first) if first else None
        rows.append((who, one.tail, one.state, colour, *missed, view.open_cases(one) or None, due))
    columns = ("姓名", "编号后四位", "在籍", "预警", "无故缺勤（天）", "请假（天）", "个案", "要办")
    at_school = sum(one.state in enrolment.AT_SCHOOL for one in own)
    summary = f"{view.called(key)}　班主任 {head or '未落实'}　在校{at_school}人"
    return Details(summary, (Table(columns, tuple(rows), empty="花名册上没有学生"),), key=anchor("class", home, key))
