"""Of every person who answers for something: for whom and what, which of these pupils need a look, what is due."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from ...core.schema import CENTRE
from ...facts import duty
from ...facts.references import homes_of, keyed
from ..display import Anchor, Badge, Blocks, Counted, Details, Facts, Note, Table, To, titled
from ..monthly.duty import Labels
from ..today import Thing
from ..units import anchor, duty_title, said
from . import classes
from .pupils import TIERS, TONES, People, Pupil, left, named, said_of

POSTS = {"principal": "校长", "status_clerk": "学籍管理员", "aid_clerk": "资助员"}
RANKS = (
    r"(?<!副)校长$",
    r"副校长$",
    r"(?<!班)主任$|主席$|书记$",
    "|".join(f"{post}$" for post in [*POSTS.values()][1:]),
)
INSPECTED = "督查"  # beside the four kinds of 四包: whose school's inspection one was in
MOST = 40  # rows of what is due


@dataclass
class Person:
    """What a person answers for: the units of 四包 by kind, classes, pupils, and what is due of it."""

    name: str
    home: str = ""  # where the person works, as 教职工 says
    posts: dict[str, None] = field(default_factory=dict)
    units: dict[str, dict[str, None]] = field(default_factory=dict)
    classes: list[tuple[str, str]] = field(default_factory=list)
    pupils: dict[tuple[str, str], Pupil] = field(default_factory=dict)
    helps: dict[tuple[str, str], Pupil] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)

    @property
    def rank(self) -> int:
        """By post: principals first, then their deputies, heads of offices, clerks, 班主任, everybody else."""
        found = (place for place, form in enumerate(RANKS) if any(re.search(form, post) for post in self.posts))
        return next(found, len(RANKS) + (not self.classes))

    @property
    def late(self) -> int:
        """How much is overdue."""
        return sum(thing.days < 0 for thing in self.things)


class Everybody(dict[str, Person]):
    """People by name; who is asked for is there."""

    def __missing__(self, name: str) -> Person:
        self[name] = Person(name)
        return self[name]


def held(view: People) -> Everybody:
    """Everybody who answers for something of the view's schools, by post, then who has most overdue first. Two who bear one name stand together."""
    found, codes = Everybody(), {view.scope.key("school", home) for home in view.homes}
    rows = duty.answering(view.town, view.end)
    rows = rows.assign(name=rows["name"].fillna(rows["holder"])).dropna(subset=["name", "unit"])
    for kind, home, unit, name in rows[["kind", "home", "unit", "name"]].itertuples(index=False, name=None):
        if kind == duty.PUPILS:
            if (home, unit) in view.pupils:
                found[name].pupils[home, unit] = view.pupils[home, unit]
        elif unit in view.villages or unit in codes or unit.rpartition("-")[0] in codes:
            found[name].units.setdefault(TIERS[kind], {})[unit] = None
    where = dict(zip(view.scope.classes["class_id"], view.scope.classes["home"], strict=True))
    for key, name in classes.heads(view).items():
        found[name].classes.append((where[key], key))
    scores = view.town["score"].assign(code=keyed(view.town, "score", "school_code"))
    for code, team in (
        scores.loc[scores["code"].isin(codes), ["code", "team"]].dropna().itertuples(index=False, name=None)
    ):
        for name in team.split("、"):
            found[name].units.setdefault(INSPECTED, {})[code] = None
    for one in view.pupils.values():
        for name in filter(None, (named(view, who) for who in one.helpers)):
            found[name].helps[one.pair] = one
    for thing in sorted(view.waiting, key=lambda thing: thing.days):
        if thing.who:
            found[thing.who].things.append(thing)
    _posts(view, found)
    return Everybody(sorted(found.items(), key=lambda item: (item[1].rank, -item[1].late, item[0])))


def _posts(view: People, found: Everybody) -> None:
    """Where each works and as what, and the bodies each sits in."""
    for row in view.town.schools.to_dict("records"):
        for column, post in POSTS.items() if row["school_name"] in view.homes else ():
            if name := named(view, row[column]):
                found[name].posts[f"{row['school_name']}{post}"] = None
    staff = view.town["staff"].assign(home=homes_of(view.town, "staff")).dropna(subset=["name"])
    for name, home, title in staff[["name", "home", "title"]].itertuples(index=False, name=None):
        if name in found:
            found[name].home = found[name].home or home or CENTRE
            found[name].posts[f"{home}{'' if pd.isna(title) else title}"] = None
    for who, body, role in view.town["body"][["staff_id", "body", "role"]].dropna().itertuples(index=False, name=None):
        if (name := named(view, who)) in found:
            found[name].posts[f"{body}{role}"] = None


@titled("责任人", 0, "staff")
def section(view: People) -> Blocks:
    """责任人: a fold a person; for the town those of its own office and the villages, and a row for everybody else, who has a school's."""
    people, labels = held(view), Labels(view)
    own = [one for one in people.values() if view.home or one.home not in view.homes]
    made: list = [_fold(view, labels, one) for one in own]
    if others := [one for one in people.values() if one not in own]:
        made.insert(0, _board(others))
    lacking = Note("包保责任、班级和期限里都还没有写明是谁。", "unknown")
    return Counted(tuple(made) or (lacking,), sum(bool(one.late) for one in people.values()))


def _board(people: list[Person]) -> Table:
    """The people of the schools, each leading to the fold on the school's page."""
    rows = []
    for one in people:
        at = anchor("staff", one.name)
        late = Badge("bad", f"{one.late}") if one.late else 0
        rows.append((Anchor(To(one.name, one.home, at), at), one.home, len(one.classes), len(one.pupils), late))
    return Table(("姓名", "学校", "班主任（班）", "包学生（人）", "逾期（项）"), tuple(rows), "各校责任人")


def _fold(view: People, labels: Labels, one: Person) -> Details:
    """For whom and what a person answers, which of these pupils need a look, what is due."""
    need = [
        pupil for pupil in (one.pupils | one.helps).values() if pupil.colour or pupil.things or view.open_cases(pupil)
    ]
    parts = (
        one.name,
        "、".join(one.posts),
        f"学生{len(one.pupils)}人" if one.pupils else "",
        f"逾期{one.late}项" if one.late else "",
    )
    blocks: list = [Facts(held)] if (held := tuple(_held(view, labels, one))) else []
    if one.things:
        rows = tuple(_due(view, thing) for thing in one.things[:MOST])
        more = f"只列前{MOST}项，共{len(one.things)}项。" if len(one.things) > MOST else ""
        blocks.append(Table(("时间", "事项", "对象", "最后一天"), rows, "要办", note=more))
    if need and view.home:
        rows = tuple(
            (
                To(pupil.name or "—", at=pupil.id),
                view.called(pupil.class_id),
                Badge(TONES[pupil.colour], f"{pupil.colour}色") if pupil.colour else None,
                view.open_cases(pupil) or None,
                said_of(view, pupil.things[0]) if pupil.things else None,
            )
            for pupil in need
        )
        blocks.append(Table(("姓名", "班级", "预警", "个案", "要办"), rows, "要关注的学生"))
    blocks = blocks or [Note("没有登记包保的学校、年级、学生和村，也没有到期的事。")]
    return Details("　".join(filter(None, parts)), tuple(blocks), key=anchor("staff", one.name))


def _held(view: People, labels: Labels, one: Person) -> Iterator[tuple[str, object]]:
    for kind, units in one.units.items():
        yield kind, "、".join(labels(kind, unit) for unit in units)
    for home, key in one.classes:
        at = anchor("class", home, key)
        yield "班主任", To(view.called(key), at=at) if view.home else To(f"{home}{view.called(key)}", home, at)
    if one.pupils:
        yield "包学生", f"{len(one.pupils)}人"
    if one.helps:
        yield "帮扶、跟踪", f"{len(one.helps)}人"


def _due(view: People, thing: Thing) -> tuple:
    known = view.pupils.get((thing.home, thing.key))
    name = said(view, thing.name, duty_title(view, thing.what)) or ""
    whom = To(f"{thing.label}{name}", at=known.id) if known and view.home else f"{thing.label}{name}"
    when = Badge("bad" if thing.days < 0 else "plain", left(thing.days))
    return when, duty_title(view, thing.what), whom or thing.home, thing.due.date()
