"""Which children are at school (入学, 在读), and who of those at the beginning stayed (巩固, 流失)."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..core.tables import among, by_place, complete, each, yes
from ..facts import enrolment
from ..facts.cases import losses, open_at
from ..facts.enrolment import PUPIL, ages, grade_due, of_age
from ..facts.references import keyed, look_up, named, school_names
from ..facts.support import marked
from .base import Ratio, by_school, by_school_or_each, not_there, ratio, summed
from .flows import (
    at_school,
    baseline,
    baseline_day,
    dropouts,
    moves,
    of_unknown_base,
    state_on,
    uncounted_changes,
    unsure,
)
from .scopes import KEYS, Scope

# --- D01-D05: what became of the pupils of a list, one by one: still here, lost, graduated. Knows no files ----------
# domain.md 4.1: named pupils are counted, never net flows, so a rate of pupils kept cannot exceed 100 %.
APPROVED = "已核办"  # 系统状态 of a transfer that the register has carried out


@dataclass(frozen=True)
class Stage:
    """Grades that a cohort goes through: its name, first and last grade."""

    name: str
    first: int
    last: int

    def years(self, year: str) -> list[str]:
        """The school years, the first first, that those who finish in `year` have gone through: 小学, 2023-2024 -> 2018-2019 …."""
        end = int(year[:4])
        return [f"{one}-{one + 1}" for one in range(end - (self.last - self.first), end + 1)]


PRIMARY, JUNIOR, NINE = Stage("小学", 1, 6), Stage("初中", 7, 9), Stage("九年义务教育", 1, 9)


@by_school
def balance(scope: Scope) -> Ratio:
    """D01 期末在校生: as counted on the roster ÷ as it must be: N0 + ZR + FX + QZ − ZC − XX − SW − BY − LS − QJ."""
    counted = at_school(scope, pd.Timestamp(scope.end)).assign(sheet="roster", numerator=1, denominator=0)
    base = baseline(scope).assign(sheet="baseline", numerator=0, denominator=1)
    moved = moves(scope, baseline_day(scope))
    moved = moved.assign(sheet="change", numerator=0, denominator=moved["sign"])
    rows = pd.concat([part[["sheet", *KEYS, "numerator", "denominator"]] for part in (base, moved, counted)])
    needs = ("roster", "baseline", "change", "class")
    counts = rows["numerator"], rows["denominator"]
    left_out = [unsure(scope), of_unknown_base(scope)]
    return summed(scope, "D01", "期末在校生（花名册÷应有）", rows, *counts, needs=needs, left_out=left_out)


def lost_in_year(scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The dropout cases confirmed in this school year up to the scope's end, a pupil once; and those that have no date at all.

    A case closed as no dropout (data fault, transfer proven, abroad ..., domain.md 4.2) is none; a pupil who is back was one.
    """
    cases = dropouts(scope)
    within = cases["entered"].between(baseline_day(scope), pd.Timestamp(scope.end))
    cleared = (cases["how"] == "销号") & (cases["left"] <= pd.Timestamp(scope.end))
    found = cases[within & ~cleared]
    return enrolment.each_once(found), cases[cases["entered"].isna()]


@by_school
def dropped(scope: Scope) -> Ratio:
    """D02 学年辍学率 = 学年内辍学学生数 ÷ 学年初在校生数 (N0); pupils who came back later are among those who dropped out."""
    cases, undated = lost_in_year(scope)
    base = baseline(scope).assign(sheet="baseline", numerator=0, denominator=1)
    cases = cases.assign(sheet="dropout", numerator=1, denominator=0)
    rows = pd.concat([part[["sheet", *KEYS, "numerator", "denominator"]] for part in (base, cases)])
    counts, left_out = (rows["numerator"], rows["denominator"]), [undated, of_unknown_base(scope)]
    return summed(scope, "D02", "学年辍学率", rows, *counts, needs=("baseline", "dropout"), left_out=left_out)


@by_school
def kept(scope: Scope) -> Ratio:
    """D03 学年巩固率（截至期末） = (N0 − LS) ÷ N0; LS: the pupils of the baseline who are `away` in facts.cases.losses."""
    rows = baseline(scope)
    lost = losses(scope.town, scope.end, scope.policy)
    hit = ~among(rows, lost[lost["away"]], PUPIL)
    cases = dropouts(scope)
    nobody = cases[open_at(cases, scope.end) & cases["student_key"].isna()]  # a case of whom, nobody can tell
    needs, left_out = ("baseline", "dropout"), [nobody, of_unknown_base(scope)]
    return ratio(scope, "D03", "学年巩固率", rows, hit, of="baseline", needs=needs, left_out=left_out)


def entered(scope: Scope, stage: Stage) -> tuple[pd.DataFrame, list[str], list[pd.DataFrame]]:
    """Who entered the stage's first grade years ago, with those who came in since, without those who transferred out.

    Year by year, each pupil once, at the place where he or she first stands: KEYS, student_key, sheet. A pupil counts for the
    school that had him or her first. And the school years that could not be read whole; then the figure cannot be worked out.
    And rows of these years that nobody can count: no pupil or kind to tell, no day, or one that is not of the year.
    """
    towns = {town.year: town for town in (*scope.town.past, scope.town)}
    held: dict[str, tuple[int, str, str]] = {}  # pupil -> place, home, sheet
    lacking, lost = [], []
    for grade, year in enumerate(stage.years(scope.town.year), start=stage.first):
        town = towns.get(year)
        whole = town and replace(scope.whole, town=town, homes=town.homes, end=min(scope.end, town.as_of))
        listed = whole and baseline(whole).loc[lambda rows, grade=grade: rows["grade"] == grade]
        if whole is None or not _whole(whole, grade, listed):
            lacking.append(year)
            continue
        lost += [_uncounted(whole, grade, listed, pd.Timestamp(scope.end))]
        for place, home, key in complete(listed[PUPIL], "student_key").itertuples(name=None):
            held.setdefault(key, (place, home, "baseline"))
        moved = enrolment.changes(town)
        moved = moved[moved["date"] <= pd.Timestamp(whole.end)]
        came = whole.with_class(moved.assign(class_id=moved["class_to"]))["grade"] == grade
        for place, home, key, kind, state, here in each(moved.assign(here=came), *PUPIL, "kind", "sys_state", "here"):
            if kind == "转出" and state == APPROVED:
                held.pop(key, None)
            elif kind in enrolment.JOINING and here:
                held.setdefault(key, (place, home, "change"))
    lines = [(key, home, sheet) for key, (_, home, sheet) in held.items()]
    rows = pd.DataFrame(lines, columns=["student_key", "home", "sheet"], dtype="str")
    rows.index = by_place(place for place, _, _ in held.values())
    return rows.assign(grade=stage.last, class_id=""), lacking, [part.assign(grade=stage.last) for part in lost]


def _uncounted(scope: Scope, grade: int, listed: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Rows of the lists and changes of a grade in one year that `entered` cannot count; a day after `day` has not come."""
    rows = scope.rows("change")
    late = (rows["date"] > pd.Timestamp(scope.end)) & (rows["date"] <= day)
    nobody = (rows["date"] <= pd.Timestamp(scope.end)) & rows["student_key"].isna()
    moved = pd.concat([uncounted_changes(scope), rows[late | nobody]])
    moved = moved[~moved.index.duplicated() & moved["grade"].isin((grade, 0))]
    return pd.concat([part[KEYS].assign(class_id="") for part in (listed[listed["student_key"].isna()], moved)])


def _whole(scope: Scope, grade: int, listed: pd.DataFrame) -> bool:
    """Whether every school that has the grade has its pupils on the list, and nothing needed was unreadable."""
    classes = scope.classes
    due = set(classes.loc[classes["grade"] == grade, "home"])
    return bool(due) and due <= set(listed["home"]) and not scope.missing("baseline", "change")


def finished(scope: Scope, code: str, title: str, stage: Stage) -> Ratio:
    """Of those who entered a stage (see `entered`) those who have graduated from it by the scope's end ÷ all of them.

    Where the lists of a year are not there, or before anybody has graduated, there is no figure.
    """
    cohort, lacking, lost = scope.everybody.once(entered, stage)
    if lacking:
        first = "一七"[stage.first > 1]
        years = "、".join(lacking)
        why = (
            f"要有{stage.years(scope.town.year)[0]}学年{first}年级起历年的学年初基准和学生变动，现在读不到：{years}学年"
        )
        return not_there(scope, code, title, why)
    rows = scope.within(cohort)
    hit = rows["student_key"].isin(scope.everybody.once(_graduates, stage.last))
    if not hit.any():
        return not_there(scope, code, title, "本届学生还没有登记毕业，学年末才算得出")
    left_out = [scope.within(part) for part in lost]
    return ratio(scope, code, title, rows, hit, needs=("roster",), left_out=left_out)


def _graduates(scope: Scope, grade: int) -> pd.Series:
    """The pupils who have graduated from a grade by the scope's end, whatever their school."""
    state = scope.with_class(state_on(scope.town, scope.end))
    return state.loc[(state["state"] == "毕业") & (state["grade"] == grade), "student_key"]


def stages_kept(scope: Scope) -> list[Ratio]:
    """D04 学段巩固率 = 当年毕业生数 ÷ (6年前[小学]或3年前[初中]招生数 + 转入 − 转出)."""
    return [finished(scope, "D04", f"{stage.name}学段巩固率", stage) for stage in (PRIMARY, JUNIOR)]


def nine_years_kept(scope: Scope) -> Ratio:
    """D05 九年义务教育巩固率 = 毕业人数 ÷ 入学人数(含正常流动生)."""
    return finished(scope, "D05", "九年义务教育巩固率", NINE)


def left_for_good(scope: Scope) -> frozenset[str]:
    """Pupils whose transfer out was approved by the scope's end: the register of another school answers for them."""
    rows = enrolment.changes(scope.town)
    rows = rows[(rows["kind"] == "转出") & (rows["sys_state"] == APPROVED) & (rows["date"] <= pd.Timestamp(scope.end))]
    return frozenset(rows["student_key"])


# --- D06-D09: of the children of an age, how many are at school. The base is 适龄儿童摸底, never the schools' own lists ---
# A child belongs to the school its village is assigned to (行政村.对应小学, 对应初中 by age), so that the town is the sum of its
# schools; its grade is the one expected at its age (domain.md 2.1). Knows no files.
ELSEWHERE = ("镇外在读", "已完成九年")  # at school, or done with it, though on none of our rosters
PLACED = ("随班就读", "特殊教育学校就读", "普通学校特教班", "送教上门")
DELAYED, HOME_TAUGHT, DISABLED = "延缓入学(已批准)", "送教上门", ("残疾",)
AT, NOT_AT, CANNOT_TELL = "at school", "not at school", "cannot tell"


# --- the children ------------------------------------------------------------------------------------------------------
@by_school
def children(scope: Scope) -> pd.DataFrame:
    """The 摸底登记 rows of the scope's schools, each child once, with `age`, `sheet` and KEYS: school by village, grade by age.

    For the whole town also the children whose village has no school here. Not yet here by the scope's end is a child whom a
    roster took in, and the census found, only after it.
    """
    frame = scope.office("census")
    states = state_on(scope.town, scope.end)
    later = frame["student_key"].isin(states.loc[states["state"] == "", "student_key"])
    frame = frame[~(later & (frame["visit_date"] > pd.Timestamp(scope.end)))]
    frame = frame[frame["student_key"].isna() | ~frame.duplicated("student_key")]
    age = ages(scope.town, scope.policy, frame["birth_date"])
    return _placed(scope, frame.assign(age=age, sheet="census"), keyed(scope.town, "census", "village_code"))


def _placed(scope: Scope, frame: pd.DataFrame, villages: pd.Series) -> pd.DataFrame:
    town, policy = scope.town, scope.policy
    grade = grade_due(town, policy, frame["birth_date"]).clip(0, JUNIOR.last).fillna(0).astype("int64")
    names, codes = school_names(town), town["village"]["village_code"]
    by_village = {
        column: dict(zip(codes, named(keyed(town, "village", column), names), strict=True))
        for column in ("school_primary", "school_junior")
    }
    village = villages.reindex(frame.index)
    homes = named(village, by_village["school_junior"]).where(
        grade > PRIMARY.last, named(village, by_village["school_primary"])
    )
    frame = frame.assign(home=homes.fillna(""), grade=grade, class_id="")
    if set(scope.homes) >= set(scope.town.homes):
        known = frame["home"].isin(town.homes)
        return pd.concat([scope.within(frame[known]), _narrow(scope, frame[~known])])
    return scope.within(frame)


def _narrow(scope: Scope, frame: pd.DataFrame) -> pd.DataFrame:
    """Children of no known school, narrowed to the scope's grade."""
    if scope.class_id:
        return frame.iloc[:0]
    return frame if scope.grade is None else frame[frame["grade"] == scope.grade]


# --- at school or not -----------------------------------------------------------------------------------------------------
def attending(scope: Scope, frame: pd.DataFrame) -> pd.Series:
    """AT, NOT_AT or CANNOT_TELL for rows of the census (student_key, study_status, study_school), at the scope's end.

    A roster knows better than the census, which is of the summer: on leave is not at school until 复学; a transfer counts
    once it is approved or the census has the child elsewhere. On no roster, the census is believed only of other places.
    """
    states = complete(state_on(scope.town, scope.end), "student_key")
    keys, status = frame["student_key"], frame["study_status"]

    def on_roster(*wanted: str) -> pd.Series:
        return keys.isin(states.loc[states["state"].isin(wanted), "student_key"])

    elsewhere = status.isin(ELSEWHERE)
    unread = ~scope.town.known("census", "study_status").reindex(frame.index)
    told = (
        (on_roster(*enrolment.AT_SCHOOL), AT),
        (keys.isin(states.loc[states["state"].isna(), "student_key"]), CANNOT_TELL),
        (on_roster("毕业"), AT),
        (on_roster("休学", "辍学", "其他减少", "死亡"), NOT_AT),
        (on_roster("已转出") & ~elsewhere & ~keys.isin(left_for_good(scope)), NOT_AT),
        (on_roster("已转出") | elsewhere, AT),
        (unread | keys.isna() | _maybe_on_unread(scope, frame), CANNOT_TELL),
    )
    conditions = [condition.to_numpy(dtype=bool) for condition, _ in told]
    return pd.Series(np.select(conditions, [answer for _, answer in told], NOT_AT), frame.index, dtype="str")


def _maybe_on_unread(scope: Scope, frame: pd.DataFrame) -> pd.Series:
    """Rows whose child may stand on a roster that could not be read, or in a row of one that names no pupil: the census names
    no school of ours, or such a one.
    """
    roster = scope.town["roster"]
    unread = scope.town.unread_homes("roster", "student_key", "status") | {
        *roster.loc[roster["student_key"].isna(), "home"]
    }
    schools = named(look_up(scope.town, frame["study_school"], "school")["key"], school_names(scope.town)).reindex(
        frame.index
    )
    return bool(unread) & (schools.isna() | schools.isin(unread))


def dead(scope: Scope) -> frozenset[str]:
    """Children who have died by the scope's end are in no base."""
    states = state_on(scope.town, scope.end)
    return frozenset(states.loc[states["state"] == "死亡", "student_key"].dropna())


# --- the rates ------------------------------------------------------------------------------------------------------------
CENSUS = ("census.birth_date", "census.study_status", "village", "roster")


@by_school
def net(scope: Scope) -> Ratio:
    """D06 适龄人口入学率(净) = 适龄人口中在校（含更高学段）人数 ÷ 适龄人口; who is on leave is not at school until 复学."""
    rows = children(scope)
    undated = rows[rows["age"].isna()]
    rows = rows[of_age(scope.town, scope.policy, rows["birth_date"]) & ~rows["student_key"].isin(dead(scope))]
    answers = attending(scope, rows)
    left_out = [undated, rows[answers == CANNOT_TELL], unsure(scope)]
    rows = rows[answers != CANNOT_TELL]
    hit = answers[answers != CANNOT_TELL] == AT
    return ratio(scope, "D06", "适龄人口入学率", rows, hit, of="census", needs=CENSUS, left_out=left_out)


def gross(scope: Scope) -> list[Ratio]:
    """D07 毛入学率 = 该学段全部在校生 ÷ 该学段适龄人口, 小学 and 初中; it may exceed 100 %."""
    return [_gross(scope, stage) for stage in (PRIMARY, JUNIOR)]


def _gross(scope: Scope, stage: Stage) -> Ratio:
    pupils = at_school(scope, pd.Timestamp(scope.end))
    doubtful = unsure(scope).loc[lambda rows: (rows["grade"] == 0) | rows["grade"].between(stage.first, stage.last)]
    unplaced = pd.concat([pupils[pupils["grade"] == 0], doubtful])
    pupils = pupils[pupils["grade"].between(stage.first, stage.last)].assign(sheet="roster", numerator=1, denominator=0)
    base = children(scope)
    undated = base[base["age"].isna()]
    first = scope.policy["age_min"] + stage.first - 1
    base = base[yes(base["age"].between(first, first + stage.last - stage.first))]
    base = base[~base["student_key"].isin(dead(scope))].assign(numerator=0, denominator=1)
    rows = pd.concat([part[["sheet", *KEYS, "numerator", "denominator"]] for part in (base, pupils)])
    counts = rows["numerator"], rows["denominator"]
    needs = (*CENSUS, "class")
    return summed(scope, "D07", f"{stage.name}毛入学率", rows, *counts, needs=needs, left_out=[undated, unplaced])


def completed(scope: Scope) -> list[Ratio]:
    """D08 完成率, only on request: of the children of 15, who finished 小学; of those of 17, who finished 初中."""
    policy, rows = scope.policy, children(scope)
    grades = dict(zip(at_school_ever(scope)["student_key"], at_school_ever(scope)["grade"], strict=True))
    undated = rows[rows["age"].isna()]
    found = []
    for stage, age in ((PRIMARY, policy["completion_age_primary"]), (JUNIOR, policy["completion_age_junior"])):
        title = f"{stage.name}完成率（{age}周岁）"
        if age > policy["census_age_max"]:
            why = f"摸底只登记到{policy['census_age_max']}周岁，没有{age}周岁人口的名单"
            found.append(not_there(scope, "D08", title, why))
            continue
        own = rows[yes(rows["age"] == age) & ~rows["student_key"].isin(dead(scope))]
        reached = pd.Series([grades.get(key, 0) for key in own["student_key"]], own.index, dtype="int64")
        beyond = pd.concat([reached, own["study_grade"].fillna(0).astype("int64")], axis=1).max(axis=1) > stage.last
        hit = beyond | (own["study_status"] == "已完成九年")
        found.append(ratio(scope, "D08", title, own, hit, of="census", needs=CENSUS, left_out=[undated]))
    return found


def at_school_ever(scope: Scope) -> pd.DataFrame:
    """Pupils and the highest grade a roster or a dropout case has them in, whatever became of them: student_key, grade."""
    whole = scope.whole
    listed = [whole.office("roster")[["student_key", "grade"]], dropouts(whole)[["student_key", "grade"]]]
    return complete(pd.concat(listed), "student_key").groupby("student_key")["grade"].max().reset_index()


@by_school_or_each
def disabled(scope: Scope) -> list[Ratio]:
    """D09 适龄残疾儿童入学率 = (随班就读 + 特校 + 特教班 + 送教上门[有学籍]) ÷ 适龄残疾儿童数; then without approved delays.

    Besides 残疾儿童 the base holds who is marked 残疾 in the census and stands in no school's list: such a child is the
    easiest to forget. Of those whether they are at school is told as for D06.
    """
    listed = scope.rows("disabled").assign(sheet="disabled")
    listed = complete(listed, "student_key").drop_duplicates("student_key")
    told = scope.told(listed, "disabled", "placement")
    unread, listed = listed[~told], listed[told]
    registered = listed["status_no"].notna() | (listed["placement"] != HOME_TAUGHT)
    listed = listed.assign(
        hit=listed["placement"].isin(PLACED) & registered,
        delayed=(listed["placement"] == DELAYED) & listed["delay_no"].notna(),
    )
    others = children(scope)
    others = others[
        marked(others["groups"], DISABLED) & ~others["student_key"].isin(scope.town["disabled"]["student_key"])
    ]
    answers = attending(scope, others)
    delayed = (others["study_status"] == "延缓入学") & others["delay_no"].notna()
    doubtful = others[answers == CANNOT_TELL]
    others = others.assign(hit=answers == AT, delayed=delayed)[answers != CANNOT_TELL]
    columns = ["sheet", *KEYS, "student_key", "birth_date", "hit", "delayed"]
    rows = pd.concat([listed[columns], others[columns]])
    left_out = [rows[rows["birth_date"].isna()], doubtful, unread, scope.nameless("disabled"), unsure(scope)]
    rows = rows[of_age(scope.town, scope.policy, rows["birth_date"]) & ~rows["student_key"].isin(dead(scope))]
    needs = ("disabled", "census.groups", "census.birth_date", "roster")
    title = "适龄残疾儿童入学率"
    kept = rows[~rows["delayed"]]
    return [
        ratio(scope, "D09", title, rows, rows["hit"], needs=needs, left_out=left_out),
        ratio(scope, "D09", f"{title}（不含批准延缓）", kept, kept["hit"], needs=needs, left_out=left_out),
    ]


# --- D12: the lists of 人籍核查 against one another ------------------------------------------------------------------
FOUR_LISTS = ("in_register", "in_rollbook", "in_seating", "in_homework")


@by_school
def reconciled(scope: Scope) -> Ratio:
    """D12 人籍一致率 = 四表一致且在位或请假的人数 ÷ 学籍数, over the 人籍核查 rows of the days."""
    rows = scope.sound("reconcile")
    rows = rows[scope.in_days(rows["date"]) & yes(rows["in_register"])]
    everything = scope.rows("reconcile")
    asked = scope.in_days(everything["date"]) & (yes(everything["in_register"]) | everything["in_register"].isna())
    left_out = [everything[asked].drop(rows.index), scope.undated("reconcile")]
    hit = rows["present"].isin(("在位", "请假")) & yes(rows["name_ok"])
    for column in FOUR_LISTS:
        hit &= yes(rows[column])
    return ratio(scope, "D12", "人籍一致率", rows, hit, of="reconcile", needs=("reconcile",), left_out=left_out)


@by_school
def listed(scope: Scope, column: str, title: str) -> Ratio:
    """D12, one list of the four: 该表有 ÷ 学籍数, over the 人籍核查 rows of the days."""
    rows = scope.rows("reconcile")
    rows = rows[
        scope.in_days(rows["date"]) & (yes(rows["in_register"]) | ~scope.told(rows, "reconcile", "in_register"))
    ]
    told = scope.told(rows, "reconcile", "in_register", column)
    left_out, needs = [scope.undated("reconcile"), rows[~told]], (f"reconcile.{column}",)
    rows = rows[told]
    return ratio(scope, "D12", title, rows, yes(rows[column]), of="reconcile", needs=needs, left_out=left_out)
