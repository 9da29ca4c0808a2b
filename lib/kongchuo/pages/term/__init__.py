"""学期督查报告 and 督查通报 (domain.md 6.2, R2): its sections in their order, its drop-downs, how a notebook opens it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ...core import years
from ...core.editions import INTERNAL
from ...core.numbers import NUMERALS, fixed
from .. import live, quality
from ..display import Section
from ..report import Plan, Report
from . import checks, findings, scores
from .rounds import OPEN_TO_ALL, Round, open_round

# The report in its order: the name of the method a notebook calls -> the function that makes the section
SECTIONS: dict[str, Callable[[Round], Section]] = {
    "overview": scores.overview,
    "board": scores.board,
    "roll_call": checks.roll_call,
    "cases": checks.cases,
    "groups": checks.groups,
    "good_practice": findings.good_practice,
    "problems": findings.problems,
    "rectification": findings.rectification,
    "comparison": scores.comparison,
    "data_quality": quality.data_quality,
    "signature": findings.signature,  # what is signed stands before it; its annexes behind it (domain.md 6.2)
    "score_sheets": scores.score_sheets,
    "roll_sheets": checks.roll_sheets,
    "problem_list": findings.problem_list,
    "footer": lambda view: quality.source(view, view.last),
}


def title(view: Round) -> str:
    """The title line of the report."""
    if view.home:
        return f"{view.home}{view.label}控辍保学督查情况反馈"
    return f"{view.office}{view.label}控辍保学督查通报"


def meta(view: Round) -> tuple[str, ...]:
    """The line below the title: state of the data, edition, what it is narrowed to."""
    lines = (f"数据截至 {view.end:%Y-%m-%d}", view.edition if view.public else quality.meta(view)[2])
    name, rest = f"{NUMERALS[view.grade or 0]}年级", "得分、个案、整改等仍是全部年级的"
    grade = (f"只有人籍核查、点名表和覆盖率是{name}的，{rest}",) if view.grade else ()
    return (*lines, *grade, *((f"只有覆盖率是{view.group}学生的",) if view.group else ()))


def state(view: Round) -> dict[str, object]:
    """What travels with the page: what every report says of its data, and the score and grade that the index shows."""
    totals = [sheet.total for sheet in view.inspected if sheet.total is not None]
    graded = {"score": f"{fixed(sum(totals) / len(totals), 2)}" if totals else "", "grade": _grades(view)}
    return quality.state(view) | {"round": view.period, "edition": view.edition} | graded


def _grades(view: Round) -> str:
    names = [sheet.grade for sheet in view.sheets]
    return names[0] if view.home else "，".join(f"{name} {names.count(name)}" for name in scores.TONES if name in names)


def choices(view: Round) -> live.Choices:
    """The drop-downs 学校, 学年, 学期, 轮次, 年级, 重点群体, the newest first; the school year is the page's own."""
    terms = [(name, str(place)) for place, name in enumerate(years.TERMS, 1)][::-1]
    rounds = [(name, str(place)) for place, name in enumerate(years.ROUNDS, 1)][::-1]
    return {
        "学校": live.schools(view),
        "学年": ([(view.town.year, view.town.year)], view.town.year),
        "学期": (terms, view.period[10]),
        "轮次": (rounds, view.period[12]),
        "年级": (live.grades(view), view.grade or 0),
        "重点群体": (live.focus_groups(view), view.group),
    }


def choose(values: Mapping[str, object], workbooks: str | Path = "") -> Round:
    """The round that the drop-downs ask for."""
    key = f"{values['学年']}-{values['学期']}-{values['轮次']}"
    view = open_round(values["学校"], key, workbooks=workbooks)
    return live.narrowed(view, values["年级"], group=values["重点群体"])


PLAN = Plan(SECTIONS, title, meta, state, choices, choose, (*OPEN_TO_ALL, "footer"), ("groups",))


def term_inspection(
    school: str = "all", round: str = "", edition: str = INTERNAL, workbooks: str | Path = ""
) -> Report:
    """Open the report of a round such as "2023-2024-1-2" for a school ("all": the town), 内部版 or 公开版.

    `workbooks` empty: the folder in KONGCHUO_WORKBOOKS. On a live page ?school=, ?round= and ?edition= come first.
    Raises UserError, in Chinese, for an unknown school, round, edition or folder.
    """
    asked = live.asked(school=school, round=round, edition=edition)
    return Report(PLAN, open_round(asked["school"], asked["round"], asked["edition"], workbooks), workbooks)
