"""Rules on steps that are late, and on totals that do not add up."""

from collections.abc import Iterator

import pandas as pd

from ..core.findings import ERROR, INFO, WARNING
from ..core.policy import Policy
from ..core.tables import Town, among, called, complete, of_year, yes
from ..due import base, cases, enrolment, inspection
from ..due.base import Deadline
from ..facts import cases as case_facts
from ..facts import enrolment as rolls
from ..facts import support
from .base import Spot, at, maybe_listed, readable, rule, spots

# --- Rules on limits that were missed by a step that was made late, or that no other rule looks at: T11 to T14 ------
# step of a case -> whether one that is not made at all is said here too (of the others X12, X13, X14, X15 say it)
STEPS: tuple[tuple[Deadline, bool], ...] = (
    (cases.LISTED, False),
    (cases.CALL, True),
    (cases.VISIT, False),
    (cases.FIRST_VISIT, False),
    (cases.CENTER, False),
    (cases.TOWNSHIP, True),
    (cases.CONFIRMED, True),
    (cases.INTERVAL, False),
    (cases.FOLLOWED, True),
)
TOLD = ("X13", "X14", "X15")  # where one of these says that a step was not made, what follows on it is late as well
DAYS = ("calendar.date", "calendar.is_school_day", "term.start", "term.end")
LATE = "{day}才办，晚{days}天"
UNDONE = "至今没有办，已过{days}天"


def _late(town: Town, policy: Policy, deadline: Deadline, undone: bool) -> pd.DataFrame:
    """What is late, as due.state, with `place`; `here`: whether it is for these rules to say."""
    rows = base.state(town, policy, deadline).loc[lambda rows: rows["late"]]
    about = {"title": deadline.title, "sheet": deadline.sheet, "column": deadline.column, "code": deadline.code}
    return rows.assign(place=rows.index, here=rows["done"].notna() | undone, **about)


def _how(done: object, days: int) -> str:
    return UNDONE.format(days=-days) if pd.isna(done) else LATE.format(day=f"{done:%Y-%m-%d}", days=-days)


@rule(
    "T11",
    WARNING,
    needs=tuple(dict.fromkeys((*(f"{one.sheet}.{one.column}" for one, _ in STEPS), "visit.date", "visit.mode", *DAYS))),
    says="{school}{name}的“{step}”应在{due}以前，{how}{more}",
    fix="请核对日期；确实办晚的，写明原因，以后按时限办；没有办的今天就办，并补记。",
    source="domain.md 7",
)
def step_too_late(town: Town, policy: Policy) -> Iterator[Spot]:
    """疑似、辍学案的每一步都有时限：列入疑似、联系家长、家访、报中心学校、报镇政府、查清或认定、隔多久再劝返、跟踪期满销号。办了但晚了的也要说，一个案子只报最先晚的一步；完全没有家访、报告、劝返的由X13、X14、X15报。"""
    rows = pd.concat([_late(town, policy, deadline, undone) for deadline, undone in STEPS], ignore_index=True)
    told = set(rows.loc[rows["code"].isin(TOLD) & rows["done"].isna(), "place"])
    rows = rows[rows["here"] & ~rows["place"].isin(told)].sort_values(["due", "start"], kind="stable")
    others = rows.groupby("place")["title"].agg(lambda titles: list(dict.fromkeys(titles))).to_dict()
    for row in rows.drop_duplicates("place").itertuples():
        more = [title for title in others[row.place] if title != row.title]
        rest = f"；晚了的还有：{'、'.join(more)}" if more else ""
        facts = {"step": row.title, "due": f"{row.due:%Y-%m-%d}", "how": _how(row.done, row.days), "more": rest}
        yield at(row.sheet, row.place, row.column, school=row.home, name=called(row.name), **facts)


OTHERS: tuple[tuple[Deadline, bool], ...] = (
    (enrolment.TRANSFERRED, False),
    (enrolment.RECEIVED, True),
    (enrolment.CHECKED, False),
    (inspection.BASELINE, True),
    (inspection.ROUND, False),
)


@rule(
    "T12",
    INFO,
    needs=tuple(dict.fromkeys((*(f"{one.sheet}.{one.column}" for one, _ in OTHERS), *DAYS))),
    says="{school}{name}{step}应在{due}以前，{how}",
    fix="请核对日期；确实晚了的，在备注或档案里写明原因；没有办的请马上办。",
    source="domain.md 7, 7.1",
)
def done_too_late(town: Town, policy: Policy) -> Iterator[Spot]:
    """转出转入核办、人籍核查、锁定学年初基准、督查都有时限。办了但晚了，检查时要说得清。"""
    for deadline, undone in OTHERS:
        rows = _late(town, policy, deadline, undone)
        sheet = deadline.sheet
        rows = rows[rows["here"] & readable(town, rows["home"], f"{sheet}.{deadline.column}")]
        if deadline is inspection.BASELINE:  # where it has no rows at all, R12 says so
            rows = rows[rows["home"].isin(town["baseline"]["home"])]
        for row in rows.itertuples():
            name = "" if deadline.sheet in ("baseline", "score") or pd.isna(row.name) else row.name
            facts = {"step": row.title, "due": f"{row.due:%Y-%m-%d}", "how": _how(row.done, row.days)}
            yield at(sheet, row.place, row.column, school=row.home, name=name, **facts)


# what is written in a plan once a term is over: sheet, column, which term of the year, what says that the row was there by then
TERM_END = (
    ("pupil_plan", "review1", 0),
    ("pupil_plan", "review2", 1),
    ("pupil_plan", "goal_met", 1),
    ("pupil_plan", "converted", 1),
    ("family_plan", "summary", 1),
)


@rule(
    "T13",
    WARNING,
    needs=("pupil_plan.review1", "pupil_plan.listed", "family_plan.summary", "roster.status", "term.end"),
    says="{term}已于{end}结束，{name}的“{plan}”还没有填{columns}",
    fix="请帮扶教师和审核人补评补填；没有评估，转化人数就算不出来。",
    source="domain.md 2.7 第一、二学期评估, 达标, 是否转化, 年度小结",
)
def not_reviewed(town: Town, policy: Policy) -> Iterator[Spot]:
    """每学期末要给学困厌学学生评估一次，学年末认定达标、转化，困难家庭写年度小结。到时候空着，转化率和奖惩都没有依据。学期结束后才列入的、已经离校的不算。"""
    terms = rolls.terms(town).reset_index(drop=True)
    over = terms[terms["end"] <= pd.Timestamp(town.as_of)]
    held = set(support.held(town)["pupil"])
    found: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for sheet, column, number in TERM_END:
        if number >= len(over):
            continue
        rows = support.rows_of(town, sheet)
        rows = rows[rows["pupil"].isin(held) & rows[column].isna() & town.known(sheet, column).reindex(rows.index)]
        if "listed" in rows:
            rows = rows[~(rows["listed"] > over["end"].iloc[number])]
        for index in rows.index:
            found.setdefault((sheet, index), []).append((column, number))
    for (sheet, index), empty in found.items():
        items, (first, number) = town.schema.sheets[sheet], empty[0]
        facts = {"term": over["term"].iloc[number], "end": f"{over['end'].iloc[number]:%Y-%m-%d}", "plan": items.title}
        columns = "、".join(f"“{items.by_name[column].title}”" for column, _ in empty)
        yield at(sheet, index, first, name=called(town[sheet].at[index, "name"]), columns=columns, **facts)


@rule(
    "T14",
    WARNING,
    needs=("absence.kind", "absence.date", "absence.student_key", "absence.called", *DAYS),
    says="{school}{name}{day}{kind}，没有联系家长",
    fix="请今天联系家长，问清去向，填联系时间和联系人；已经联系过的补填。",
    source="domain.md 7, 7.1 联系家长时限",
)
def parents_not_called(town: Town, policy: Policy) -> Iterator[Spot]:
    """没有请假没有到校的，要在时限（上课日）内联系家长；当天没有联系上，下一个上课日联系了也算，家访了也算。一天没有人问，两天、三天就没有人管了。"""
    absence = town["absence"]
    rows = absence[absence["kind"].isin(rolls.UNEXCUSED)].dropna(subset=["student_key", "date"])
    due = base.within(town, policy, rows["date"], "call_within")
    rows = rows.assign(due=due)[due < pd.Timestamp(town.as_of)]
    contact = rows["called"].fillna(True) | rows["visited"].fillna(False) | rows["visit_id"].notna()
    silent = rows[~contact.astype(bool)]
    if silent.empty:
        return
    talked = absence[absence["called"].fillna(False) | absence["visited"].fillna(False)]
    talks = [talked[[*rolls.PUPIL, "date"]], case_facts.visits(town)[[*rolls.PUPIL, "date"]]]
    talks.append(town["suspected"][[*rolls.PUPIL, "first_call"]].rename(columns={"first_call": "date"}))
    pairs = silent.assign(place=list(silent.index))
    pairs = pairs.merge(pd.concat(talks).dropna(), on=rolls.PUPIL, suffixes=("", "_talk"))
    pairs = pairs[(pairs["date_talk"] >= pairs["date"]) & (pairs["date_talk"] <= pairs["due"])]
    silent = silent[~silent.index.isin(set(pairs["place"]))]
    yield from spots(silent, "absence", "called", day="date", kind="kind")


# --- Rules on numbers that cannot be right: parts and totals typed in one row, a cohort that keeps more pupils than it ever had ---
# The figures on pages cannot go wrong this way (findings.FIGURE_KINDS); what people type can.
# (sheet, the whole, its parts, whether the parts must make up the whole or only not exceed it)
TOTALS = (
    ("rollcall", "n_register", ("n_present", "leave_ok", "leave_no", "unknown"), True),
    ("publicity_log", "n_due", ("n_att",), False),
    ("publicity_log", "n_due", ("n_receipt",), False),
    ("aid", "standard", ("paid",), False),
)
TOO_MUCH = "“{part}”{number}，多于“{whole}”{total}"


@rule(
    "N03",
    ERROR,
    needs=tuple(dict.fromkeys(f"{sheet}.{name}" for sheet, whole, parts, _ in TOTALS for name in (whole, *parts))),
    says="“{whole}”{total}，{parts}加起来是{number}，对不上",
    fix="请对照原始记录核对这一行的几个数，改正填错的一个。",
    source="domain.md 3.3 N03",
)
def parts_and_total_disagree(town: Town, policy: Policy) -> Iterator[Spot]:
    """督查点名的学籍数要等于实到、请假、不明各项之和；实参加、回执不多于应参加（应发），实发不多于标准。不平的数写进报告，谁都不会信。"""
    for sheet, whole, parts, exact in TOTALS:
        columns, names = town.schema.sheets[sheet].by_name, list(parts)
        rows = complete(town[sheet], whole, *names)
        sums = rows[names].sum(axis=1)
        wrong = sums != rows[whole] if exact else sums > rows[whole]
        for index, total, number in zip(rows.index[wrong], rows.loc[wrong, whole], sums[wrong], strict=True):
            facts = {"whole": columns[whole].title, "total": f"{total:g}", "number": f"{number:g}"}
            if exact:
                yield at(sheet, index, whole, parts="＋".join(columns[name].title for name in names), **facts)
            else:
                yield at(sheet, index, names[0], says=TOO_MUCH, part=columns[names[0]].title, **facts)


@rule(
    "N01",
    ERROR,
    needs=(
        *("roster.student_key", "roster.entry_ym", "roster.status", "roster.class_id", "class.grade"),
        *("baseline.student_key", "change.student_key", "change.kind"),
    ),
    says="{name}的入学年月写{entry}，像是本学年才来的，“学生变动”里却没有他的转入：{school}{grade}年级在校{held}人，招生加转入只有{due}人",
    fix="入学年月写错的改正；确是本学年转来的，在“学生变动”补记转入，并请中心学校核对学年初基准上为什么有他。",
    source="domain.md 3.3 N01, 4.1 D04, 8",
)
def kept_more_than_came(town: Town, policy: Policy) -> Iterator[Spot]:
    """学段巩固率＝在校÷（招生＋转入－转出），超过100%就是有人来了没记转入：名单上早有他，入学年月却说他本学年才来。分母少一个，率就虚高。"""
    roster, base = rolls.listed(town), of_year(town, town["baseline"])
    grades = complete(town["class"], "class_id", "grade").drop_duplicates("class_id")
    grades = grades.set_index("class_id")["grade"]
    rows = roster[roster["status"].isin(rolls.AT_SCHOOL)]
    rows = rows.assign(grade=rows["class_id"].map(grades).astype("Int64"))
    # whoever is not on the baseline either shows in X26
    listed, moved = among(rows, base[rolls.PUPIL].dropna(), rolls.PUPIL), town["change"]
    came = among(rows, moved.loc[moved["kind"].isin(rolls.JOINING), rolls.PUPIL].dropna(), rolls.PUPIL)
    odd = rows[_came_this_year(town, rows) & ~yes(rows["guest"]) & listed & ~came]
    odd = odd[readable(town, odd["home"], "change.student_key", "change.kind") & ~maybe_listed(town, odd, "change")]
    sizes = rows.groupby(["home", "grade"]).size()
    for (school, grade), unit in odd.groupby(["home", "grade"]):
        held = int(sizes[school, grade])
        for index, name, entry in unit[["name", "entry_ym"]].itertuples(name=None):
            facts = {"school": school, "grade": grade, "held": held, "due": held - len(unit)}
            yield at("roster", index, "entry_ym", name=called(name), entry=entry, **facts)


def _came_this_year(town: Town, rows: pd.DataFrame) -> pd.Series:
    """Whose 入学年月 lies in this school year (from August on) and after the September in which the grade began its stage."""
    year = int(town.year[:4])
    began = year - (rows["grade"] - 1) % 6  # grades 1 and 7 begin a stage
    entry = pd.to_numeric(rows["entry_ym"], errors="coerce")
    return ((entry >= year * 100 + 8) & (entry > began * 100 + 9)).fillna(False).astype(bool)


RULES = (step_too_late, done_too_late, not_reviewed, parents_not_called, parts_and_total_disagree, kept_more_than_came)  # fmt: skip
