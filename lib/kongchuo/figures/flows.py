"""What came, what went and what is left: pupils of a class (month, school year), suspected cases, dropout cases. The rates: enrolment.

Every flow is counted by class, so that the parts add up, and shows its own gap where the ledgers do not balance. Knows no files.
"""

import datetime as dt
from collections.abc import Callable

import pandas as pd

from ..core.tables import Town, once
from ..facts import cases as case_facts, enrolment
from .base import Ratio, by_school, summed
from .scopes import KEYS, Scope, counted, with_class

OPENING, CLOSING, COUNTED, GAP, MOVED_IN, MOVED_OUT = "期初在校", "期末应有", "期末在校", "差额", "班级调入", "班级调出"


# --- pupils -----------------------------------------------------------------------------------------------------------
@by_school
def baseline(scope: Scope) -> pd.DataFrame:
    """N0: the locked 学年初基准 rows of pupils at school (在读, 送教上门)."""
    rows = scope.rows("baseline")
    return rows[rows["base_state"].isin(enrolment.AT_SCHOOL)]


@counted
def baseline_day(scope: Scope) -> pd.Timestamp:
    """The day the baseline stands for: 学年初基准.基准日期 as most rows have it, else 统计基准日 of policy."""
    return case_facts.baseline_day(scope.rows("baseline"), scope.town.year, scope.policy)


def kinds(scope: Scope, letter: str) -> list[str]:
    """变动类别 by their code's letter: A adds, B takes away, C moves inside."""
    return [value.name for value in scope.town.schema.codes["change_kind"].values if value.code.startswith(letter)]


def at_school(scope: Scope, day: pd.Timestamp) -> pd.DataFrame:
    """The pupils at school (在读, 送教上门) at the end of a day, with KEYS and student_key, from facts.enrolment."""
    return scope.within(_at_school(scope.town, pd.Timestamp(day).date()))


def of_unknown_state(scope: Scope) -> pd.DataFrame:
    """The pupils of whom the roster does not say what they are on the scope's last day, as `at_school`."""
    return scope.within(_of_unknown_state(scope.town, scope.end))


def unsure(scope: Scope) -> pd.DataFrame:
    """KEYS of what leaves in doubt who is at school on the scope's last day: pupils of unknown state, 学生变动 of which nobody
    knows the pupil, the kind or the day.
    """
    lost = uncounted_changes(scope)
    # one of a later day may have brought the pupil
    nameless = scope.nameless("change").drop(lost.index, errors="ignore")
    return pd.concat([part[KEYS] for part in (of_unknown_state(scope), lost, nameless)])


def of_unknown_base(scope: Scope) -> pd.DataFrame:
    """The rows of 学年初基准 that do not say what the pupil was, or which one."""
    return scope.rows("baseline").loc[lambda rows: rows[["base_state", "student_key"]].isna().any(axis=1)]


@once
def state_on(town: Town, day: dt.date) -> pd.DataFrame:
    """enrolment.on, worked out once a day."""
    return enrolment.on(town, day)


@once
def _at_school(town: Town, day: dt.date) -> pd.DataFrame:
    state = state_on(town, day)
    return with_class(town, state[state["state"].isin(enrolment.AT_SCHOOL)])


@once
def _of_unknown_state(town: Town, day: dt.date) -> pd.DataFrame:
    state = state_on(town, day)
    return with_class(town, state[state["state"].isna()])


def _size(frame: pd.DataFrame) -> pd.Series:
    return frame.groupby(KEYS).size()


def moves(scope: Scope, after: pd.Timestamp) -> pd.DataFrame:
    """The 学生变动 rows after a day up to the scope's end, once for the class a pupil came to and once for the one he left.

    `step` is the kind of change, or MOVED_IN / MOVED_OUT; `sign` +1 or −1. A row that names no new class moves nobody inside.
    """
    end, parts = pd.Timestamp(scope.end), []
    for column, letter, sign, inside in (("class_to", "A", 1, MOVED_IN), ("class_from", "B", -1, MOVED_OUT)):
        rows = scope.rows("change", by=column)
        rows = rows[(rows["date"] > after) & (rows["date"] <= end)]
        moved = rows["kind"].isin(kinds(scope, "C")) & rows["class_to"].notna()
        rows = rows.assign(step=rows["kind"].mask(moved, inside), sign=sign)
        parts.append(rows[moved | rows["kind"].isin(kinds(scope, letter))])
    return pd.concat(parts)


def uncounted_changes(scope: Scope) -> pd.DataFrame:
    """The 学生变动 rows that no flow can take in, since their day or kind is not known."""
    rows = scope.rows("change")
    known = [kind for letter in "ABC" for kind in kinds(scope, letter)]
    refused = scope.town.schema.codes["change_kind"].refused
    return rows[scope.dateless("change") | rows["kind"].isna() | rows["kind"].isin(set(refused) - set(known))]


@by_school
def _balanced(scope: Scope, stock: Callable[..., pd.DataFrame], after: pd.Timestamp) -> pd.DataFrame:
    """The flow from an opening stock over the events after a day to the scope's end, by KEYS; D01 of domain.md 4.1."""
    opening = _size(stock(scope, after))
    moved, plus, minus = moves(scope, after), [*kinds(scope, "A"), MOVED_IN], [*kinds(scope, "B"), MOVED_OUT]
    columns = {OPENING: opening} | {step: _size(moved[moved["step"] == step]) for step in (*plus, *minus)}
    columns[COUNTED] = _size(at_school(scope, pd.Timestamp(scope.end)))
    frame = pd.DataFrame(columns).fillna(0).astype("int64")
    frame.index = frame.index.set_names(KEYS)
    due = frame[OPENING] + frame[plus].sum(axis=1) - frame[minus].sum(axis=1)
    frame.insert(len(frame.columns) - 1, CLOSING, due)
    return frame.assign(**{GAP: frame[COUNTED] - frame[CLOSING]})


def month_flow(scope: Scope) -> pd.DataFrame:
    """D01 over the scope's days, by KEYS: opening, one column a kind of change, closing as it should be and as counted, gap.

    In the month of the baseline day the flow opens on that day, since the classes of the year begin then.
    """
    before = max(pd.Timestamp(scope.start) - pd.Timedelta(days=1), baseline_day(scope))
    return _balanced(scope, at_school, before)


def year_flow(scope: Scope) -> pd.DataFrame:
    """D01 from the locked baseline (N0) to the end of the scope's days, by KEYS, as `month_flow`."""
    return _balanced(scope, _locked, baseline_day(scope))


def _locked(scope: Scope, _: pd.Timestamp) -> pd.DataFrame:
    return baseline(scope)


# --- cases ------------------------------------------------------------------------------------------------------------
SUSPECTED_OUT = {"返校": "返校", "转辍学台账": "转辍学"}  # 核查结论 -> step of the flow; every other verdict: 其他销号
SUSPECTED_STEPS = ("上月末在册", "新增", "返校", "转辍学", "其他销号", "本月末在册")
DROPOUT_STEPS = ("上月末在册", "新认定", "返校", "销号", "本月末在册")


@by_school
def suspected(scope: Scope) -> pd.DataFrame:
    """The suspected cases of the scope with entered, left (see facts.cases) and how they left."""
    cases = case_facts.suspected(scope.rows("suspected"))
    return cases.assign(how=cases["verdict"].map(SUSPECTED_OUT).fillna("其他销号"))


@by_school
def dropouts(scope: Scope) -> pd.DataFrame:
    """The dropout cases of the scope with entered, left (see facts.cases) and how they left."""
    cases = case_facts.dropouts(scope.rows("dropout"))
    return cases.assign(how=cases["returned"].map({True: "返校", False: "销号"}))


CASE_DAYS = {  # of each ledger the day a case came, and those on which it went
    "suspected": ("found", "closed"),
    "dropout": ("confirm_date", "back_date", "closed"),
    "watch": ("found", "closed"),
}


def misdated(scope: Scope, cases: pd.DataFrame, sheet: str) -> int:
    """Of how many of these cases (rows of a ledger) the day of coming is empty, or that of coming or going could not be read;
    they count as on hand.
    """
    unread = [~scope.town.known(sheet, column).reindex(cases.index) for column in CASE_DAYS[sheet]]
    undated = cases[list(CASE_DAYS[sheet][:1])].isna().all(axis=1)
    if sheet == "dropout":
        undated &= cases["drop_date"].isna()  # which stands for 认定日期 (facts.cases.dropouts)
    return int(pd.concat([*unread, undated], axis=1).any(axis=1).sum()) if len(cases) else 0


def case_steps(scope: Scope, cases: pd.DataFrame) -> pd.DataFrame:
    """Each case's part in the scope's days: opening (open the day before), new, left (in whichever way), closing."""
    start, entered = pd.Timestamp(scope.start), cases["entered"]
    left = cases["left"].where(cases["left"].isna() | entered.isna() | (cases["left"] >= entered), entered)
    dated = cases.assign(left=left)
    return pd.DataFrame(
        {
            "opening": case_facts.open_at(dated, start - pd.Timedelta(days=1)),
            "new": scope.in_days(entered),
            "left": scope.in_days(left),
            "closing": case_facts.open_at(dated, scope.end),
        }
    )


def case_flow(scope: Scope, cases: pd.DataFrame, steps: tuple[str, ...]) -> pd.DataFrame:
    """The flow of cases over the scope's days by KEYS: opening stock, new, one column a way out, closing stock.

    For each class: opening + new − all ways out = closing.
    """
    moves = case_steps(scope, cases)
    columns = {steps[0]: moves["opening"], steps[1]: moves["new"]}
    for step in steps[2:-1]:
        columns[step] = moves["left"] & (cases["how"] == step)
    columns[steps[-1]] = moves["closing"]
    frame = pd.DataFrame({**{key: cases[key] for key in KEYS}, **columns})
    return frame.groupby(KEYS).sum().astype("int64")


def returned(scope: Scope, cases: pd.DataFrame, title: str, of: str) -> Ratio:
    """D11 劝返率 = 本期返校 ÷ 应劝返（上月末在册 + 本期新增）, of `flows.suspected` or `flows.dropouts`."""
    steps = case_steps(scope, cases)
    due, hit = steps["opening"] | steps["new"], steps["left"] & (cases["how"] == "返校")
    # a case whose end cannot be read counts as open, but nobody knows whether it was this one that ended well
    unsure = due & ~scope.told(cases, of, *CASE_DAYS[of][1:])
    due, hit = due & ~unsure, hit & ~unsure
    return summed(scope, "D11", title, cases, hit, due, of=of, needs=(of,), left_out=[cases[unsure]])
