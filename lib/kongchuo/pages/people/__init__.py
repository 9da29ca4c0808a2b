"""学生、班级、责任人: all that is known of a child, a class, a school, a person in one place, and a search. For staff, never a public page."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from ...core import places, years
from ...facts import duty
from .. import live, quality, today
from ..display import Anchor, Badge, Facts, Figure, Note, Search, Section, Table, Tiles, To
from ..report import Plan, Report
from ..units import anchor, uncounted_zeros, units
from ..views import Month, open_month
from . import classes, pupils, staff

NEEDS = ("roster", "class", "change", "absence", "watch", "suspected", "dropout", "visit", "bond")


def title(view: pupils.People) -> str:
    """The title line."""
    return f"{view.title}学生、班级、责任人（{view.label}）"


def school(view: pupils.People) -> Section:
    """The search over all that stands below; of the one school its figures and who answers for it, of the town a row a school."""
    blocks: list = [Search("姓名、学生编号、班级、教师" if view.home else "学校、班级、教师")]
    if unread := dict.fromkeys(home for need in NEEDS for home in view.scope.missing(need)):
        blocks.append(Note(f"有台账读不到：{'、'.join(unread)}。这里没有列出的，不等于没有。", "unknown"))
    if lost := int(view.scope.rows("roster")["student_key"].isna().sum()):
        blocks.append(Note(f"花名册有{lost}行没有学生编号，没有列入。", "unknown"))
    if not view.home:
        return Section("各校", (*blocks, _schools(view)), 0, "school")
    told = (
        ("plain", value) if isinstance(value, int) else (value.tone, value.text)
        for value in _of_school(view, view.home)
    )
    tiles = (Figure(label, value, tone=tone) for label, (tone, value) in zip(OF_SCHOOL, told, strict=True))
    return Section("学校", (*blocks, Tiles(tuple(tiles)), Facts(tuple(_posts(view)))), 0, "school")


# the last with what is no pupil's: reports, bonds, papers; as on the page of the month
OF_SCHOOL = (*classes.COUNTS, "逾期事项")


def _of_school(view: pupils.People, home: str) -> tuple[object, ...]:
    late = today.overdue(view)[home]
    own = classes.counts(view, [one for one in view.pupils.values() if one.home == home])
    return (*own, Badge("bad", f"{late}") if late else 0)


def _schools(view: pupils.People) -> Table:
    rows = ((Anchor(To(home, home), anchor("school", home)), *_of_school(view, home)) for home in view.homes)
    return Table(("学校", *OF_SCHOOL), tuple(rows), "各校")


def _posts(view: pupils.People) -> Iterator[tuple[str, object]]:
    """Who answers for the school and its grades."""
    own = view.town.schools[view.town.schools["school_name"] == view.home]
    for column, post in staff.POSTS.items():
        yield post, tuple(pupils.person(view, who) for who in own[column]) or None
    known, code = pupils.answering(view.town, view.end), view.scope.key("school", view.home)
    tiers = [("包学校", (duty.SCHOOLS, code))]
    tiers += [(f"包{label}", (duty.GRADES, f"{code}-{grade}")) for grade, label in units(view, "grade")]
    for tier, unit in tiers:
        yield tier, tuple(pupils.person(view, name) for name in known.get(unit, ())) or Badge("bad", "未落实")


def _read(section: Callable[[pupils.People], Section]) -> Callable[[pupils.People], Section]:
    """The section, in which a school whose roster could not be read has no 0: all there is is counted by pupils."""
    return lambda view: uncounted_zeros(section(view), view, view.scope.missing("roster"))


SECTIONS = {
    "school": _read(school),
    "classes": _read(classes.section),
    "staff": staff.section,
    "pupils": pupils.section,
    "footer": quality.provenance,
}


def choices(view: pupils.People) -> live.Choices:
    """The drop-downs 学校, 月份."""
    months = years.months_of(view.town.year, places.today())
    return {"学校": live.schools(view), "月份": ([(name, name) for name in months], view.month)}


def choose(values: Mapping[str, object], workbooks: str | Path = "") -> pupils.People:
    """The view that the drop-downs ask for."""
    return opened(str(values["学校"]), str(values["月份"]), workbooks)


def opened(school: str, month: str, workbooks: str | Path = "") -> pupils.People:
    """open_month, to be seen pupil by pupil."""
    return seen(open_month(school, month, workbooks))


def seen(found: Month) -> pupils.People:
    """A month, to be seen pupil by pupil."""
    return pupils.People(**{item.name: getattr(found, item.name) for item in fields(found)})


PLAN = Plan(SECTIONS, title, quality.meta, quality.state, choices, choose, annexed=False)


class PeopleReport(Report):
    """The report; of a school a batch run leaves beside its page one of each class, for the class's 班主任."""

    def tables(self) -> None:
        """No 附表: what stands here is about single people."""
        folder = os.environ.get(places.FILES)
        if live.is_live() or not folder or not self.view.home:
            return
        Path(folder).mkdir(exist_ok=True)
        for name, page in classes.pages(self.view).items():
            (Path(folder) / name).write_text(page, "utf-8")
            self._left[name] = self.view.edition


def people(school: str = "all", month: str = "", workbooks: str | Path = "") -> PeopleReport:
    """Open the pages of pupils, classes and people of a school ("all": the town, without pupils) for a month such as "2023-10".

    There is no public edition. Raises UserError, in Chinese, for an unknown school, month or folder.
    """
    return PeopleReport(PLAN, opened(**live.asked(school=school, month=month), workbooks=workbooks), str(workbooks))
