"""Rules on whatever has a deadline and is late: not done by then (X13 to X15, T07, T09), or done after it (T11 to T14)."""

from collections.abc import Iterator

import pandas as pd

from ..core.findings import ERROR, INFO, WARNING
from ..core.policy import Policy
from ..core.tables import Town, called, complete
from ..due import base, cases, enrolment, inspection
from ..facts import attendance, calendar, cases as case_facts, enrolment as rolls, support
from ..facts.references import maybe_listed
from .base import SCHOOL_DAYS, Spot, at, readable, rule, spots

# --- What is past its due day and not done yet: visits, written reports, papers, the opening ---------------------------
VISITED = ("visit.case_id", "visit.date", "visit.mode")


def _missed(town: Town, policy: Policy, deadline: base.Deadline) -> pd.DataFrame:
    """What is past its due day and not done yet, with `since`, the calendar days from its start. What was done late is done:
    the lists of deadlines and the life of the case show by how much.
    """
    rows = base.overdue(town, policy, deadline)
    return rows.assign(since=(pd.Timestamp(town.as_of) - rows["start"]).dt.days)


ONLY_CALLED = "{school}{name}列为疑似已{days}天，没有上门：“首次家访”填的是{written}，那天只打过电话"


@rule(
    "X13",
    ERROR,
    needs=("suspected.found", "suspected.first_visit", "suspected.closed", *VISITED, *SCHOOL_DAYS),
    says="{school}{name}列为疑似已{days}天，没有家访记录",
    fix="请当天上门，填“首次家访”，并在“劝返记录”里记一行；打电话不算家访。",
    source="domain.md 3.2 X13",
)
def not_visited(town: Town, policy: Policy) -> Iterator[Spot]:
    """列入疑似的学生，要在首访时限（上课日）内有人上门。只打过电话不算家访：不到家里去，就不知道孩子在不在、为什么不来。时限内已经结案的不算。"""
    rows = _missed(town, policy, cases.FIRST_VISIT)
    rows = rows.assign(written=town["suspected"]["first_visit"].reindex(rows.index))
    told = rows["written"].notna()
    yield from spots(rows[~told], "suspected", "first_visit", days="since")
    yield from spots(rows[told], "suspected", "first_visit", says=ONLY_CALLED, days="since", written="written")


@rule(
    "X14",
    ERROR,
    needs=("suspected.found", "suspected.rep_center", "suspected.closed", *SCHOOL_DAYS),
    says="{school}{name}列为疑似已{days}天，没有按时书面报告中心学校",
    fix="请今天书面报告中心学校，填“报中心校日期”；已经报过的补填日期。",
    source="domain.md 3.2 X14",
)
def not_reported(town: Town, policy: Policy) -> Iterator[Spot]:
    """列入疑似的学生，要在书面报告时限（上课日）内报到中心学校。不报，镇里和村里就帮不上忙，最好的几天就过去了。时限内已经结案的不算。"""
    yield from spots(_missed(town, policy, cases.CENTER), "suspected", "rep_center", days="since")


@rule(
    "X15",
    WARNING,
    needs=("dropout.confirm_date", "dropout.back_date", "dropout.closed", "dropout.state", *VISITED),
    says="{school}{name}已{days}天没有新的劝返记录",
    fix="请尽快再次上门或联系，在“劝返记录”里记一行；没有见到人也要记。已经复学或销号的请填日期。",
    source="domain.md 3.2 X15, 7",
)
def not_persuaded_lately(town: Town, policy: Policy) -> Iterator[Spot]:
    """在册的辍学学生要不断劝返：从上一次劝返（没有劝返的从认定）算起，认定后第一个月按首月的间隔，以后按之后的间隔。一停下来，孩子就再也叫不回来了。"""
    yield from spots(_missed(town, policy, cases.INTERVAL), "dropout", "state", days="since")


@rule(
    "T07",
    ERROR,
    needs=("legal.case_id", "legal.deadline", "legal.served", "legal.result", "suspected.closed", "dropout.back_date"),
    says="{name}的{paper}限期{date}已过，未复学也没有后续文书",
    fix="请依次出具下一步文书或移送镇政府，并记下来；已经返校的填“结果”和复学日期。",
    source="domain.md 3.3 T07",
)
def paper_ran_out(town: Town, policy: Policy) -> Iterator[Spot]:
    """文书的限期过了，孩子没有返校，就要有下一步：后一份文书、移送镇政府或者起诉。限期过了没有下文，文书就成了一张废纸。"""
    rows = _missed(town, policy, cases.PAPER)
    own = town["legal"].reindex(rows.index)
    rows = rows.assign(paper=own["doc_type"].fillna("文书"))[own["deadline"].notna()]  # an empty 限期日期 is F17's
    yield from spots(rows, "legal", "deadline", paper="paper", date="due")


LISTS = ("absence", "change", "suspected", "dropout")


@rule(
    "T09",
    WARNING,
    needs=("notice.student_key", "notice.arrived", "term.start", *(f"{sheet}.student_key" for sheet in LISTS)),
    says="{school}开学已{days}天，入学通知发给了{name}，“实际报到日期”空着，缺勤明细、学生变动和台账里也都没有他",
    fix="已经到校的补填“实际报到日期”；没有到校的马上查清去向：在别处就读的记明学校和证明，没有上学的列入“疑似辍学台账”；刚开学、还在联系的，逐日记入“缺勤明细”（开学未报到）。",
    source="domain.md 3.3 T09, 7",
)
def nobody_wrote_down_who_did_not_come(town: Town, policy: Policy) -> Iterator[Spot]:
    """开学之初，没有来报到的孩子要一个一个登记清楚。通知书上没有实际报到日期，缺勤明细、学生变动和台账里又都没有他，就是没有人管的孩子。

    从提醒日起就提示，到登记完成的时限还来得及补。只看发了入学通知的新生；其他年级由日查和缺勤明细看（X10、X12）。
    """
    rows = base.state(town, policy, enrolment.OPENING)
    since = (pd.Timestamp(town.as_of) - rows["start"]).dt.days
    rows = rows.assign(since=since)[rows["due"].notna() & rows["done"].isna()]
    rows = rows[rows["since"] >= policy["opening_absent_warn_day"]]
    rows = rows[readable(town, rows["home"], *(f"{sheet}.student_key" for sheet in LISTS))]
    rows = rows[~maybe_listed(town, rows, *LISTS)]
    yield from spots(rows, "notice", "arrived", days="since")


# --- What was done too late, and steps that no other rule asks for: T11 to T14 -------------------------------------------
# step of a case -> whether one that is not made at all is said here too (of the others X12, X13, X14, X15 say it)
STEPS: tuple[tuple[base.Deadline, bool], ...] = (
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
LATE = "{day}才办，晚{days}天"
UNDONE = "至今没有办，已过{days}天"


def _late(town: Town, policy: Policy, deadline: base.Deadline, undone: bool) -> pd.DataFrame:
    """What is late, as due.state, with `place`; `here`: whether it is for these rules to say."""
    rows = base.state(town, policy, deadline).loc[lambda rows: rows["late"]]
    about = {"title": deadline.title, "sheet": deadline.sheet, "column": deadline.column, "code": deadline.code}
    return rows.assign(place=rows.index, here=rows["done"].notna() | undone, **about)


def _how(done: object, days: int) -> str:
    return UNDONE.format(days=-days) if pd.isna(done) else LATE.format(day=f"{done:%Y-%m-%d}", days=-days)


@rule(
    "T11",
    WARNING,
    needs=(*(f"{one.sheet}.{one.column}" for one, _ in STEPS), "visit.date", "visit.mode", *SCHOOL_DAYS),
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


OTHERS: tuple[tuple[base.Deadline, bool], ...] = (
    (enrolment.TRANSFERRED, False),
    (enrolment.RECEIVED, True),
    (enrolment.CHECKED, False),
    (enrolment.BASELINE, True),
    (inspection.ROUND, False),
)


@rule(
    "T12",
    INFO,
    needs=(*(f"{one.sheet}.{one.column}" for one, _ in OTHERS), *SCHOOL_DAYS),
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
        if deadline is enrolment.BASELINE:  # where it has no rows at all, R12 says so
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
    terms = calendar.terms(town).reset_index(drop=True)
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
    needs=("absence.kind", "absence.date", "absence.student_key", "absence.called", *SCHOOL_DAYS),
    says="{school}{name}{day}{kind}，没有联系家长",
    fix="请今天联系家长，问清去向，填联系时间和联系人；已经联系过的补填。",
    source="domain.md 7, 7.1 联系家长时限",
)
def parents_not_called(town: Town, policy: Policy) -> Iterator[Spot]:
    """没有请假没有到校的，要在时限（上课日）内联系家长；当天没有联系上，下一个上课日联系了也算，家访了也算。一天没有人问，两天、三天就没有人管了。"""
    absence = town["absence"]
    rows = complete(absence[absence["kind"].isin(attendance.UNEXCUSED)], "student_key", "date")
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


RULES = (not_visited, not_reported, not_persuaded_lately, paper_ran_out, nobody_wrote_down_who_did_not_come,
         step_too_late, done_too_late, not_reviewed, parents_not_called)  # fmt: skip
