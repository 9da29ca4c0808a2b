"""学年奖惩报告 (domain.md 6.3, R3): its sections in their order, its drop-downs, how a notebook opens it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ...core.editions import INTERNAL
from .. import live, quality
from ..display import Section
from ..report import WHOLE, Plan, Report
from . import decisions, points, what_if, years

# The report in its order: the name of the method a notebook calls -> the function that makes the section
SECTIONS: dict[str, Callable[[years.Year], Section]] = {
    "headline": years.headline,
    "basis": years.basis,
    "figures": years.figures,
    "units": points.units,
    "league": points.league,
    "what_if": what_if.static,
    "conversion": points.conversion,
    "vetoes": decisions.vetoes,
    "rewards": decisions.rewards,
    "accountability": decisions.accountability,
    "narratives": decisions.narratives,
    "notice": decisions.notice,
    "data_quality": quality.data_quality,
    "register": decisions.register,  # with the lines to sign on: what is signed stands before it
    "footer": lambda view: quality.source(view, view.end),
}
OPEN_TO_ALL = ("headline", "basis", "notice", "footer")  # what the public edition has
UNGRADED = {  # what a grade or class does not narrow
    "headline": "学校的考核、尚未判定和今天要办",
    **dict.fromkeys(("units", "rewards", "data_quality"), WHOLE),
    **dict.fromkeys(("what_if", "accountability"), "学校的考核"),
    "notice": "先进单位和先进个人",
}


def title(view: years.Year) -> str:
    """The title line of the report."""
    who = view.home or view.office
    return f"{who}{view.label}控辍保学{'考核结果公示稿' if view.public else '奖惩报告'}"


def meta(view: years.Year) -> tuple[str, ...]:
    """The line below the title: state of the data, whether the year is over, edition."""
    lines = (f"数据截至 {view.end:%Y-%m-%d}", view.stage)
    return (*lines, view.edition) if view.public else (*lines, *quality.meta(view)[2:])


def state(view: years.Year) -> dict[str, object]:
    """What travels with the page: what every report says of its data, and what the index shows of the year."""
    return quality.state(view) | {
        "edition": view.edition,
        "vetoed": sum(one.vetoed is True for one in view.classes),
        "grade": "，".join(f"{one.home} {one.grade}" for one in view.units) if view.home else "",
    }


def choices(view: years.Year) -> live.Choices:
    """The drop-downs 学校, 学年, 年级, 班级, 重点群体; the school year is the page's own."""
    return {
        "学校": live.schools(view),
        "学年": ([(view.town.year, view.town.year)], view.town.year),
        "年级": (live.grades(view), view.grade or 0),
        "班级": (live.classes(view, view.grade or 0), view.class_id),
        "重点群体": (live.focus_groups(view), view.group),
    }


def choose(values: Mapping[str, object], workbooks: str | Path = "") -> years.Year:
    """The year that the drop-downs ask for."""
    year = years.open_year(values["学校"], values["学年"], workbooks=workbooks)
    return live.narrowed(year, values["年级"], values["班级"], values["重点群体"])


PLAN = Plan(SECTIONS, title, meta, state, choices, choose, OPEN_TO_ALL, ("figures",), UNGRADED)


class YearReport(Report):
    """The report; on a live page 如果换一种算法 can be tried out, in the internal edition."""

    def _published(self, name: str) -> Section:
        """Whole, since a 公示 names staff and classes; what the sections hold of pupils they leave out of it themselves."""
        return SECTIONS[name](self.view)

    def _show(self, name: str) -> object:
        shown = super()._show(name)
        if name != "what_if" or not live.is_live() or self.view.public:
            return shown
        import ipywidgets

        self.trial = what_if.Trial(lambda: self.view)
        return ipywidgets.VBox([shown, self.trial.widget])


def annual_reward(
    school: str = "all", year: str = "", edition: str = INTERNAL, workbooks: str | Path = ""
) -> YearReport:
    """Open the report of a school year such as "2023-2024" for a school ("all": the town), 内部版 or 公开版.

    `workbooks` empty: the folder in KONGCHUO_WORKBOOKS. On a live page ?school=, ?year= and ?edition= of the address come first.
    Raises UserError, in Chinese, for an unknown school, year, edition or folder.
    """
    asked = live.asked(school=school, year=year, edition=edition)
    return YearReport(PLAN, years.open_year(asked["school"], asked["year"], asked["edition"], workbooks), workbooks)
