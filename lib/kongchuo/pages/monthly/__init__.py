"""月自查报告 (domain.md 6.1, R1): what needs action first, its sections in their order, its drop-downs, how a notebook opens it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ...commands.opening import UNREADABLE
from ...core import places, years
from ...core.editions import INTERNAL, PUBLIC
from ...core.findings import ERROR, INFO, WARNING, count
from ...core.schema import CENTRE
from ...facts import cases as case_facts
from ...figures import attendance as rates, flows, uncounted
from .. import live, months, quality, today
from ..display import Agenda, Badge, Blanks, Blocks, Figure, Lines, Note, Section, Tiles, titled
from ..report import WHOLE, Plan, Report
from ..units import ungraded, unlisted
from ..views import Month, home_of, open_month
from . import attendance, cases, duty, enrolment, next_month, plan, selfcheck


def title(month: Month) -> str:
    """The title line of the report."""
    return f"{month.title}{month.label}控辍保学自查报告"


def headline(month: Month) -> Section:
    """What is to be done today, by whom and by when; then the few figures, for the town those of each school."""
    scope = month.scope
    suspected, dropouts = flows.suspected(scope), flows.dropouts(scope)
    suspected, dropouts = (book[case_facts.open_at(book, scope.end)] for book in (suspected, dropouts))
    rate = rates.rate(scope).total
    numbers = count(month.findings)
    others = f"警告 {numbers[WARNING]}，提示 {numbers[INFO]}"
    absent = scope.missing("roster", "change", "class")
    pupils_note = f"未含读不到学籍的：{'、'.join(absent[:3])}" if absent else "在读＋送教上门，人"
    pupils_note = "；".join(filter(None, (pupils_note, uncounted.said(scope, "roster", "change"))))
    tiles = [
        Figure("本月末在校生", int(month.flow[flows.COUNTED].sum()), pupils_note),
        Figure("出勤率", rate, rate.note or "实到÷应到人次", "unknown" if rate.unknown else "plain"),
        cases.stock("在册疑似辍学", scope, suspected, "suspected"),
        cases.stock("在册辍学", scope, dropouts, "dropout"),
        Figure("数据错误", numbers[ERROR], others, "bad" if numbers[ERROR] else "plain"),
        quality.not_judged_tile(month),
    ]
    heading = "本月数据" if month.edition == PUBLIC else "今天要办"
    holiday = (Note(month.no_lessons),) if month.no_lessons else ()
    if not month.public:
        known = today.numbers(replace(month, group=""))
        late = sum(own["overdue"] or 0 for own in known.values())
        untold = "见第十一节" + ("；有的台账读不到" if today.unread(month) else "")
        red = [own["red"] for own in known.values()]
        lost = any(number is None for number in red)
        said = "信号达到红色，人" + ("；有的学校读不到" if lost else "")
        tiles[4:4] = [
            Figure("红色预警", sum(filter(None, red)), said, "bad" if any(red) else "unknown" if lost else "plain"),
            Figure("逾期事项", late, untold, "bad" if late else "unknown" if today.unread(month) else "plain"),
        ]
    if whole := ungraded(month):
        tiles = [replace(tile, note=f"{whole}；{tile.note}") if tile.label in STAYS else tile for tile in tiles]
    lead = [*today.agenda(month, SECTIONS), *_gaps(month)] if not month.public else []
    done = sum(len(block.tasks) for block in lead if isinstance(block, Agenda))
    schools = [] if month.home or month.public else [today.board(month)]
    if whole:
        schools = [replace(board, note=f"各校的数不分年级、班级，仍是全校的。{board.note}") for board in schools]
    return Section(heading, (*holiday, *lead, Tiles(tuple(tiles)), *schools), 0, "headline", done)


STAYS = ("红色预警", "逾期事项", "数据错误", "尚未判定")  # the tiles that a grade or class does not narrow


def _gaps(month: Month) -> list[Lines]:
    """What keeps the figures of the month from being whole."""
    scope = month.scope
    homes = {*month.homes, CENTRE}
    unread = [f for f in month.judgement.findings if f.rule in UNREADABLE and home_of(f, month.town) in homes]
    names = "、".join(dict.fromkeys(quality.short_name(month, f.workbook) for f in unread[:5]))
    filed = rates.filed(scope)
    called = rates.contacted(scope).total
    classes = filed.lacking["class_id"].nunique()
    where = "、".join(filed.lacking["home"].drop_duplicates()[:3]) if not month.home else ""
    said = (
        (len(unread), "bad", f"{len(unread)} 个工作簿或文件夹缺失、读不了，有关各节尚未判定：{names}。"),
        (called.short, "warn", f"无故缺勤 {called.short} 人次没有联系家长的记录。"),
        (
            classes,
            "warn",
            f"{classes} 个班缺报日查，共 {filed.total.short} 个班日" + (f"（{where}）。" if where else "。"),
        ),
    )
    lines = tuple(Badge(tone, text) for number, tone, text in said if number)
    return [Lines(lines)] if lines else []


@titled("签字盖章", 12, "signature")
def signature(month: Month) -> Blocks:
    """十二: the three who sign, and the seal (domain.md 6: 填表人 / 复核人 / 单位负责人)."""
    labels = ("填表人（签名）", "复核人（签名）", "单位负责人（签名）", "填表日期", "复核日期", "报送日期")
    return [Blanks(labels, "（单位盖章处）")]


def state(month: Month) -> dict[str, object]:
    """What travels with the page: what every report says of its data, and the figures the index shows."""
    rate = rates.rate(month.scope).total
    return quality.state(month) | {
        "month": month.month,
        **_summed(_known(month)),
        "attendance": [rate.numerator, rate.denominator],
        "enrolled": int(month.flow[flows.COUNTED].sum()),
    }


def _known(month: Month) -> dict[str, dict[str, int | None]]:
    """today.numbers; of a school nobody has written a pupil down of, 0 is not known."""
    empty = {*unlisted(month)}
    empty |= {CENTRE} if len(empty) == len(month.homes) else set()
    known = today.numbers(month).items()
    return {
        home: {name: number or (None if home in empty and name != "errors" else number) for name, number in own.items()}
        for home, own in known
    }


def _summed(known: Mapping[str, Mapping[str, int | None]]) -> dict[str, int | None]:
    """FIGURES over all schools; None where there is none, but of one school or more it is not known."""
    found = {name: [own[name] for own in known.values()] for name in today.FIGURES}
    return {name: sum(filter(None, own)) or (None if None in own else 0) for name, own in found.items()}


# The report in its order: the name of the method a notebook calls -> the function that makes the section
SECTIONS: dict[str, Callable[[Month], Section]] = {
    "headline": headline,
    "months": months.section,
    "basics": enrolment.basics,
    "organisation": duty.organisation,
    "attendance": attendance.attendance,
    "cases": cases.cases,
    "reconcile": enrolment.reconcile,
    "changes": enrolment.changes,
    "groups": enrolment.groups,
    "watch": cases.watch,
    "checklist": selfcheck.checklist,
    "issues": selfcheck.issues,
    "next_month": next_month.next_month,
    "clauses": plan.section,
    "data_quality": quality.data_quality,
    "signature": signature,
    "footer": quality.provenance,
}

# of these the public edition shows the figures (public); the rest is about single children, people and cells
PUBLISHED = ("headline", "basics", "attendance", "cases", "groups", "signature", "footer")

BY_PUPIL = ("cases", "changes", "groups", "watch")  # what a group (重点群体) narrows
# what a grade or class does not narrow: what is registered by school, or found by the rules
UNGRADED = {
    "headline": "今天要办、红色预警、逾期事项、数据错误和尚未判定",
    "months": WHOLE,
    "organisation": "月自查、会议、宣传、联防联控，以及包学校、包家长和与学校、村的责任书",
    "attendance": "周报按时报送率",
    "changes": "超过期限未核办的人数",
    "groups": "台账核对发现的不一致",
    "watch": "信号达到黄色以上未列入的人数、超过跟踪频次的人数",
    "checklist": "学校自查、规则查出的问题和按校登记的项目",
    "issues": WHOLE,
    "next_month": WHOLE,
    "clauses": "按校登记的条目和各表的行数",
    "data_quality": WHOLE,
}


def choices(month: Month) -> live.Choices:
    """The drop-downs 学校, 月份, 年级, 班级, 重点群体."""
    months = years.months_of(month.town.year, places.today())
    return {
        "学校": live.schools(month),
        "月份": ([(name, name) for name in months], month.month),
        "年级": (live.grades(month), month.grade or 0),
        "班级": (live.classes(month, month.grade or 0), month.class_id),
        "重点群体": (live.focus_groups(month), month.group),
    }


def choose(values: Mapping[str, object], workbooks: str | Path = "") -> Month:
    """The month that the drop-downs ask for."""
    month = open_month(values["学校"], values["月份"], workbooks)
    return live.narrowed(month, values["年级"], values["班级"], values["重点群体"])


PLAN = Plan(SECTIONS, title, quality.meta, state, choices, choose, PUBLISHED, BY_PUPIL, UNGRADED)


def monthly_self_check(
    school: str = "all", month: str = "", workbooks: str | Path = "", edition: str = INTERNAL
) -> Report:
    """Open the report of a school ("all": the town) for a month such as "2023-10".

    `workbooks` empty: the folder in KONGCHUO_WORKBOOKS. On a live page ?school=, ?month= and ?edition= of the address come first.
    `edition` "公开版" names nobody and merges very small numbers. Raises UserError, in Chinese, for an unknown school, month,
    folder or edition.
    """
    month = open_month(**live.asked(school=school, month=month, edition=edition), workbooks=workbooks)
    return Report(PLAN, month, workbooks)
