"""方案落实: the plan line by line, and what the ledgers say of each this month: figures, the sheets behind them, what is lacking.

CLAUSES is the plan as a table; a line is one entry of it. 机制项目 gives the words the office uses for a line, and who answers for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import pandas as pd

from ...facts.references import staff_names
from ...figures import attendance, duty, enrolment, plan, selfcheck, support
from ...figures.base import Measure, Ratio
from ...figures.definitions import dropouts_returned, reported, suspected_returned, visited
from ...figures.plan import blamed, in_grades, item, written
from ...figures.scopes import Scope
from .. import today, units
from ..display import Badge, Blocks, Counted, Details, Note, Table, To, titled
from ..views import Month

Count = Callable[[Scope], Ratio | list[Ratio]]


@dataclass(frozen=True)
class Clause:
    """A line of the plan. `full`: figures that should be whole (what is short is a gap); `never`: figures that should count nobody (who
    is counted is a gap); `told`: other figures; `must`: sheets in which something should stand each school year; `rows`: other sheets.

    `at`: the section with the rows behind. `kind`, `no`: its row of 机制项目. `story`: the schools' own sentences of it (措施纪实).
    """

    part: str
    title: str
    at: str = ""
    full: tuple[Count, ...] = ()
    never: tuple[Count, ...] = ()
    told: tuple[Count, ...] = ()
    must: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    story: str = ""
    kind: str = ""
    no: int = 0


TARGETS, PRINCIPLES, WHOM, FIRST = "一、控辍目标", "二、控辍原则", "三、控辍对象", "四、控辍重点"
BONDS, SYSTEMS = "五、“四包”责任制", "五、“8项”控辍制度"
MEASURES, NEVER, ARCHIVE = "六、“10项”措施", "六-7、严禁的七种情形", "七、“18项”档案"


def _numbered(kind: str, *clauses: Clause) -> tuple[Clause, ...]:
    """Lines that 机制项目 lists, by kind and number."""
    return tuple(replace(clause, kind=kind, no=number) for number, clause in enumerate(clauses, 1))


def _blamed(*causes: str) -> Count:
    return lambda scope: blamed(scope, *causes)


# what the plan forbids, and which of 责任性原因 says so; the first: any of them
FORBIDDEN = (
    ("人为工作失误造成辍学",),
    ("拒收贫困家庭学生", "拒收贫困学生"),
    ("因教育教学管理行为不当造成辍学", "管理行为不当"),
    ("因贫未受到及时资助而辍学", "因贫未及时资助"),
    ("因学习困难、厌学未得到及时关爱纠正而辍学", "学困厌学未及时关爱"),
    ("因故让学生回家反省或劝退、开除导致辍学", "回家反省劝退开除"),
    ("人籍不一、空挂学籍，技术性造成辍学", "人籍不一", "空挂学籍"),
)
ITEMS = (
    "省、市、县控辍保学文件",
    "本单位文件、实施方案、宣传资料和考评细则",
    "包保分工及责任书材料",
    "各项制度建立材料",
    "学生统计报表，学年初、学年末登统表",
    "流生情况日查、周报、月报表",
    "作业、点名册、座次表、学籍表一致性材料",
    "督导核查材料",
    "建档立卡贫困生资助“一家一案”材料",
    "学习困难学生帮辅“一生一案”材料",
    "残疾儿童“送教上门”材料",
    "学生变动情况及学籍调整材料",
    "寒、暑两假控辍预案材料",
    "与党委政府、司法所、行政村、家长联防联控材料",
    "经验、总结、调研论文材料",
    "控辍保学会议记录",
    "控辍保学兑现奖惩材料",
    "《控辍简报》和《控辍典型案例集》",
)
CLAUSES: tuple[Clause, ...] = (
    Clause(TARGETS, "劝返以往的", "cases", full=(suspected_returned, dropouts_returned), rows=("visit",)),
    Clause(TARGETS, "留住现在的", "basics", full=(enrolment.kept,), never=(enrolment.dropped,)),
    Clause(TARGETS, "控好未来的", "watch", full=(enrolment.net,), rows=("watch",)),
    Clause(TARGETS, "其他学段无一例因贫辍学", never=(plan.poor_beyond,), must=("beyond",)),
    Clause(PRINCIPLES, "谁的学生谁负责", "organisation", full=(duty.pupils_bonded,)),
    Clause(PRINCIPLES, "谁的学生谁劝返", "cases", full=(visited, reported), rows=("visit",)),
    Clause(WHOM, "未读完九年义务教育已辍学的少年儿童", "cases", full=(support.dropouts_planned,), rows=("dropout",)),
    Clause(WHOM, "有辍学苗头的学生", "watch", full=(support.pupil_plans,), rows=("watch",)),
    Clause(FIRST, "初中学生，特别是八、九年级学生", "attendance",
           full=(in_grades(enrolment.kept, "八、九年级", 8, 9),), told=(in_grades(attendance.rate, "八、九年级", 8, 9),)),
    Clause(FIRST, "贫困家庭学生", "groups", full=(support.family_plans, support.aid_paid)),
    Clause(FIRST, "残疾儿童少年学生", "groups", full=(support.disabled_placed, enrolment.disabled)),
    *_numbered(
        "四包",
        Clause(BONDS, "中心学校人员包学校", "organisation", full=(duty.schools_bonded,)),
        Clause(BONDS, "学校班子成员包年级", "organisation", full=(duty.grades_bonded,)),
        Clause(BONDS, "班主任和任课教师包学生", "organisation", full=(duty.pupils_bonded,)),
        Clause(BONDS, "学校联合行政村包家长", "organisation", full=(duty.villages_bonded,)),
    ),
    *_numbered(
        "八项制度",
        Clause(SYSTEMS, "适龄儿童摸底登记制度", "basics", full=(enrolment.net,), must=("census",)),
        Clause(SYSTEMS, "学生入学司法公证制度", must=("notice",)),
        Clause(SYSTEMS, "学生变动即时报告制度", "changes", full=(enrolment.balance,), rows=("change",)),
        Clause(SYSTEMS, "学困生帮教制度", "groups", full=(support.pupil_plans, support.plans_logged), rows=("support_log",)),
        Clause(SYSTEMS, "辍学生劝返制度", "cases", full=(dropouts_returned,), rows=("visit", "legal")),
        Clause(SYSTEMS, "人籍核查制度", "reconcile", full=(enrolment.reconciled,), must=("reconcile",)),
        Clause(SYSTEMS, "学校和行政村联防联控制度", "organisation", full=(duty.villages_bonded,), must=("joint",)),
        Clause(SYSTEMS, "控辍保学工作奖惩制度", must=("publicity",), rows=("reward",)),
    ),
    *_numbered(
        "十项措施",
        Clause(MEASURES, "宣传控辍", "checklist", full=(selfcheck.parents_aware,), must=("publicity_log", "bulletin")),
        Clause(MEASURES, "招生控辍", "basics", full=(enrolment.net,), must=("notice",)),
        Clause(MEASURES, "均衡控辍", story="均衡控辍"),
        Clause(MEASURES, "质量控辍", story="质量控辍"),
        Clause(MEASURES, "扶弱控辍", "groups", full=(
            support.family_plans, support.aid_paid, support.pupil_plans, support.disabled_placed, support.home_taught,
            support.leftbehind_contacted,
        )),
        Clause(MEASURES, "融合控辍", story=plan.JUNIOR),
        Clause(MEASURES, "守规控辍", "attendance", full=(attendance.filed, selfcheck.weekly, selfcheck.monthly), never=(blamed,)),
        Clause(MEASURES, "绩效控辍", "groups", told=(support.converted,), must=("publicity",)),
        Clause(MEASURES, "督查控辍", "checklist", full=(selfcheck.self_checks,), must=("selfcheck", "score")),
        Clause(MEASURES, "奖惩控辍", rows=("reward", "veto")),
    ),
    *(Clause(NEVER, title, "cases", never=(_blamed(*causes),)) for title, *causes in FORBIDDEN),
    *_numbered("十八项档案", *(Clause(ARCHIVE, title, full=(item(number),)) for number, title in enumerate(ITEMS, 1))),
)  # fmt: skip


@titled("方案落实", 0, "clauses")
def section(month: Month) -> Blocks:
    """What of the plan stands where, part by part, folded; above it how many lines have a gap."""
    office = _office(month)
    failed: list[str] = []
    lines = [(clause, _line(month, clause, office, failed)) for clause in CLAUSES]
    summary, folds, gaps = [], [], 0
    for part, own in groupby(lines, key=lambda one: one[0].part):
        rows = tuple(line for _, line in own)
        tones = [row[COLUMNS.index("差距")].tone for row in rows]
        short, unknown = tones.count("bad"), tones.count("unknown")
        gaps += short
        summary.append((part, len(rows), _state(tones), unknown))
        more = f"，尚未判定 {unknown} 条" if unknown else ""
        folds.append(Details(f"{part}（{len(rows)} 条，有差距 {short} 条{more}）", (Table(COLUMNS, rows),)))
    table = Table(("方案", "条数", "有差距", "尚未判定"), tuple(summary), note=SAID)
    return Counted((*units.failed(failed), table, *folds, *_stories(month)), gaps)


UNKNOWN, NONE, NOTHING = Badge("unknown", "尚未判定"), Badge("good", "无"), Badge("plain", "没有登记")
COLUMNS = ("条目", "台账里的情况", "依据", "差距", "负责人")
SAID = (
    "差距只说台账上看得出的：该有的少几处，不该有的有几处，本学年一行也没有记的表。"
    "“没有登记”：台账里没有应计的人或事，不是查过没有差距。负责人见“机制项目”。"
)


def _state(tones: list[str]) -> Badge:
    """Of a part, by what its lines say: none is without a gap that nobody could judge, or of which nothing stands anywhere."""
    if short := tones.count("bad"):
        return Badge("bad", f"{short} 条")
    return UNKNOWN if "unknown" in tones else NONE if "good" in tones else NOTHING


def _line(month: Month, clause: Clause, office: dict, failed: list[str]) -> tuple:
    title, owner = office.get((clause.kind, clause.no), (clause.title, ""))
    attempted = units.attempt(month, f"方案“{clause.title}”", partial(_told, month, clause), failed)
    if attempted is None:
        return title, "程序问题，没有算出来", None, UNKNOWN, owner
    said, sheets, gap = attempted
    if clause.kind and (clause.kind, clause.no) not in office:
        gap = Badge("bad", "、".join(filter(None, (gap.text if gap.tone == "bad" else "", "“机制项目”没有列"))))
    basis = "、".join(dict.fromkeys(month.town.schema.sheets[sheet].title for sheet in sheets if sheet))
    return title, said, To(basis, at=clause.at) if clause.at and basis else basis or None, gap, owner or None


def _told(month: Month, clause: Clause) -> tuple[str, list[str], Badge]:
    """What the ledgers say of a line, the sheets behind it, and what is lacking."""
    said: list[str] = []
    short: list[str] = []
    sheets, unknown, counted = ["story"] if clause.story else [], False, []
    full = (*clause.full, *([written(clause.story)] if clause.story else []))
    for functions, lacks in ((full, _short), (clause.never, _counted), (clause.told, lambda total: "")):
        for ratio in (one for function in functions for one in _ratios(month, function)):
            total = ratio.total
            sheets.extend(ratio.rows["sheet"].unique())
            said.append(f"{total.title} {total.text}{f'（{total.caveat}）' if total.caveat else ''}")
            short.append(lacks(total))
            counted.append(total.numerator or total.denominator)
            unknown |= bool(total.unknown or total.missing or total.left_out)
    measured = len(counted)
    for sheet in (*clause.must, *clause.rows):
        words, number, lacking, unread = _rows(month, sheet)
        sheets.append(sheet)
        said.append(words)
        counted.append(number)
        short.append(lacking if sheet in clause.must else "")
        unknown |= unread
    lost = "；".join(filter(None, short))
    none = NONE if any(counted[: measured or None]) else UNKNOWN if today.unfilled(month) else NOTHING
    return "；".join(said), sheets, Badge("bad", lost) if lost else UNKNOWN if unknown else none


def _short(total: Measure) -> str:
    return f"{total.title}差 {total.short}" if total.short else ""


def _counted(total: Measure) -> str:
    return f"{total.title} {total.numerator}" if total.numerator else ""


def _ratios(month: Month, function: Count) -> list[Ratio]:
    made = function(month.scope)
    return made if isinstance(made, list) else [made]


def _rows(month: Month, sheet: str) -> tuple[str, int, str, bool]:
    """How many rows a sheet has of the month and the year, also as a number; what is lacking where a school has none; whether it could not be read."""
    scope, form = month.scope.whole, month.town.schema.sheets[sheet]
    if scope.missing(sheet):
        return f"读不到{form.title}", 0, "", True
    shared = month.town.schema.book_of[sheet].owner == "centre" and "school_code" not in form.by_name
    rows = scope.office(sheet) if shared else scope.rows(sheet)
    now = f"本月 {int(scope.in_days(rows[form.dated]).sum())} 行、" if form.dated else ""
    said = f"{form.title}{now}本学年 {len(rows)} 行{'（全镇）' if shared else ''}"
    without = [] if shared else sorted({*scope.homes} - {*rows["home"].unique()})
    if (shared or month.home) and not len(rows):
        return said, 0, f"没有{form.title}", False
    return said, len(rows), f"{len(without)}校没有{form.title}" if without and not month.home else "", False


def _office(month: Month) -> dict[tuple[str, int], tuple[str, str]]:
    """机制项目: by kind and number the office's words for a line, and who answers for it."""
    rows = month.scope.office("mechanism").dropna(subset=["kind", "no", "title"])
    names = staff_names(month.town)
    return {
        (kind, int(number)): (units.said(month, title) or "", "" if pd.isna(owner) else names.get(owner, owner))
        for kind, number, title, owner in rows[["kind", "no", "title", "owner"]].itertuples(index=False)
    }


def _stories(month: Month) -> list:
    """What the schools write themselves of measures that no ledger counts, the latest of each."""
    rows = []
    for measure in filter(None, (clause.story for clause in CLAUSES)):
        own = plan.stories(month.scope, measure).drop_duplicates("home", keep="last")
        rows += [
            (measure, home, day, units.said(month, text))
            for home, day, text in own[["home", "date", "text"]].itertuples(index=False)
        ]
    if not rows:
        return [Note("均衡、质量、融合控辍没有写做法：请在“自查档案”的“措施纪实”每学期各写两三句。", "warn")]
    return [
        Details(
            f"学校自己写的做法（{len(rows)} 段）",
            (Table(("措施", "学校", "日期", "做法成效"), tuple(rows)),),
            printed=True,
        )
    ]
