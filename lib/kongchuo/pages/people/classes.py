"""Of every class its pupils with their colours, and a page of its own; for the town every class of every school, to be found and followed."""

import re

from markupsafe import Markup

from ...facts import enrolment, signals
from ...facts.references import class_label
from .. import quality
from ..display import (
    Anchor,
    Badge,
    Blocks,
    Details,
    Facts,
    Figure,
    Note,
    Section,
    Table,
    Tiles,
    To,
    card,
    render,
    style,
    titled,
)
from ..today import NOBODY
from ..units import anchor, duty_title, units
from .pupils import TONES, People, Pupil, fold, left, said_of

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
    if not view.home:
        return (board(view),)
    who, alone = heads(view), files(view)
    made = (_fold(view, key, own, who.get(key, ""), alone.get(key)) for (_, key), own in held(view).items())
    return (board(view), *made)


def _fold(view: People, key: str, own: list[Pupil], head: str, file: str | None) -> Details:
    at_school = sum(one.state in enrolment.AT_SCHOOL for one in own)
    present = f"　在校{at_school}人" if view.pupils else ""  # nobody at all: nobody was counted
    summary = f"{view.called(key)}　班主任 {head or '未落实'}{present}"
    blocks: Blocks = (_listed(view, own),)
    if file:
        blocks = (Facts((("班级网页", To(file.removesuffix(SUFFIX), view.home, file, PEOPLES)),)), *blocks)
    return Details(summary, blocks, key=anchor("class", view.home, key))


def _listed(view: People, own: list[Pupil]) -> Table:
    """A row a pupil."""
    rows = []
    for one in sorted(own, key=lambda one: one.state not in enrolment.AT_SCHOOL):
        name, first = one.name or "—", one.things[0] if one.things else None
        colour = Badge(TONES[one.colour], f"{one.colour}色") if one.colour else None
        who = To(name, at=one.id) if one.noted else Anchor(name, one.id)
        missed = (one.away(True) or None, one.away(False) or None)
        due = said_of(view, first) if first else None
        rows.append((who, one.tail, one.state, colour, *missed, view.open_cases(one) or None, due))
    columns = ("姓名", "编号后四位", "在籍", "预警", "无故缺勤（天）", "请假（天）", "个案", "要办")
    return Table(columns, tuple(rows), empty="花名册上没有学生")


# --- the page of one class, for its 班主任: nothing of another class, but for the town's own words ------------------------------
PEOPLES, SUFFIX = "people", ".html"  # the notebook whose run leaves it, and how its file ends
DEAD = re.compile(r'<a href="#([^"]*)">(.*?)</a>', re.S)  # a way to what may stand on this page


def files(view: People) -> dict[str, str]:
    """Class id -> the file name of its page; classes of one name share none, so that nobody gets the other."""
    called = {key: class_label(view.called(key)) for _, key in held(view) if key}
    names = [*called.values()]
    return {
        key: f"{name}{SUFFIX}"
        for key, name in called.items()
        if names.count(name) == 1 and not re.search(r'[\\/:*?"<>|]', name)
    }


def pages(view: People) -> dict[str, str]:
    """By file name the page of each class of the one school, as HTML."""
    who, rooms = heads(view), {key: own for (_, key), own in held(view).items()}
    return {
        file: _page(view, file.removesuffix(SUFFIX), rooms[key], who.get(key, "")) for key, file in files(view).items()
    }


def _page(view: People, name: str, own: list[Pupil], head: str) -> str:
    title = f"{view.home}{name}（{view.label}）"
    figures = zip(COUNTS, counts(view, own), strict=True)
    tiles = [
        Figure(label, getattr(value, "text", value), tone=getattr(value, "tone", "plain")) for label, value in figures
    ]
    things = [(one, thing) for one in own for thing in one.things]
    things += [(None, thing) for thing in view.waiting if head and not thing.key and thing.who == head]
    rows = tuple(
        (
            Badge("bad" if thing.days < 0 else "plain", left(thing.days)),
            To(one.name or "—", at=one.id) if one else thing.name,
            duty_title(view, thing.what),
            thing.who or NOBODY,
            thing.due,
        )
        for one, thing in sorted(things, key=lambda item: item[1].order)
    )
    due = Table(("时限", "谁", "要办什么", "谁来办", "最后一天"), rows, "要办的事", empty="最近没有到期的事")
    noted = [one for one in own if one.noted]
    sections = (
        Section(f"{name}　班主任 {head or '未落实'}", (Tiles(tuple(tiles)), due), 0, "class"),
        Section("本班学生", (_listed(view, own),), 0, "pupils"),
        Section("有记录的学生", tuple(fold(view, one) for one in noted) or (Note("没有。"),), 0, "noted"),
    )
    meta, held = (*quality.meta(view), quality.made_at()), Markup("").join(map(card, sections))
    body = render("headline.html", title=title, meta=meta, body=held, secret=True)
    ids = {*re.findall(r'id="([^"]*)"', body)}
    body = Markup(DEAD.sub(lambda way: way[0] if way[1] in ids else way[2], body))
    return str(render("beside.html", title=title, css=Markup(style()), body=body))
