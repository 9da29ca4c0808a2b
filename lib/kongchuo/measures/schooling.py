"""D06-D09: of the children of an age, how many are at school. The base is 适龄儿童摸底, never the schools' own lists.

A child belongs to the school its village is assigned to (行政村.对应小学, 对应初中 by age), so that the town is the sum of its
schools; its grade is the one expected at its age (domain.md 2.1). Knows no files.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..field import rolls
from ..field.ages import ages, grade_due, of_age
from ..field.groups import marked
from ..field.references import keyed, look_up, named, school_names
from .base import Ratio, not_there, ratio, summed
from .cohorts import JUNIOR, PRIMARY, Stage, left_for_good
from .flows import at_school, dropouts, of_unknown_state, state_on
from .scopes import KEYS, Scope

ELSEWHERE = ("镇外在读", "已完成九年")  # at school, or done with it, though on none of our rosters
PLACED = ("随班就读", "特殊教育学校就读", "普通学校特教班", "送教上门")
DELAYED, HOME_TAUGHT, DISABLED = "延缓入学(已批准)", "送教上门", ("残疾",)
AT, NOT_AT, CANNOT_TELL = "at school", "not at school", "cannot tell"


# --- the children ------------------------------------------------------------------------------------------------------
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
    states = state_on(scope.town, scope.end).dropna(subset=["student_key"])
    keys, status = frame["student_key"], frame["study_status"]

    def on_roster(*wanted: str) -> pd.Series:
        return keys.isin(states.loc[states["state"].isin(wanted), "student_key"])

    elsewhere = status.isin(ELSEWHERE)
    unread = ~scope.town.known("census", "study_status").reindex(frame.index)
    told = (
        (on_roster(*rolls.AT_SCHOOL), AT),
        (keys.isin(states.loc[states["state"].isna(), "student_key"]), CANNOT_TELL),
        (on_roster("毕业"), AT),
        (on_roster("休学", "辍学", "其他减少", "死亡"), NOT_AT),
        (on_roster("已转出") & ~elsewhere & ~keys.isin(left_for_good(scope)), NOT_AT),
        (on_roster("已转出") | elsewhere, AT),
        (unread | _maybe_on_unread(scope, frame), CANNOT_TELL),
    )
    conditions = [condition.to_numpy(dtype=bool) for condition, _ in told]
    return pd.Series(np.select(conditions, [answer for _, answer in told], NOT_AT), frame.index, dtype="str")


def _maybe_on_unread(scope: Scope, frame: pd.DataFrame) -> pd.Series:
    """Rows whose child may stand on a roster that could not be read: the census names no school of ours, or an unread one."""
    unread = scope.town.unread_homes("roster", "student_key", "status")
    cells = pd.DataFrame({"value": frame["study_school"].dropna(), "home": ""})
    schools = named(look_up(scope.town, cells, "school")["key"], school_names(scope.town)).reindex(frame.index)
    return bool(unread) & (schools.isna() | schools.isin(unread))


def dead(scope: Scope) -> frozenset[str]:
    """Children who have died by the scope's end are in no base."""
    states = state_on(scope.town, scope.end)
    return frozenset(states.loc[states["state"] == "死亡", "student_key"].dropna())


# --- the rates ------------------------------------------------------------------------------------------------------------
CENSUS = ("census.birth_date", "census.study_status", "village", "roster")


def net(scope: Scope) -> Ratio:
    """D06 适龄人口入学率(净) = 适龄人口中在校（含更高学段）人数 ÷ 适龄人口; who is on leave is not at school until 复学."""
    rows = children(scope)
    undated = rows[rows["age"].isna()]
    rows = rows[of_age(scope.town, scope.policy, rows["birth_date"]) & ~rows["student_key"].isin(dead(scope))]
    answers = attending(scope, rows)
    left_out, rows = [undated, rows[answers == CANNOT_TELL]], rows[answers != CANNOT_TELL]
    hit = answers[answers != CANNOT_TELL] == AT
    return ratio(scope, "D06", "适龄人口入学率", rows, hit, of="census", needs=CENSUS, left_out=left_out)


def gross(scope: Scope) -> list[Ratio]:
    """D07 毛入学率 = 该学段全部在校生 ÷ 该学段适龄人口, 小学 and 初中; it may exceed 100 %."""
    return [_gross(scope, stage) for stage in (PRIMARY, JUNIOR)]


def _gross(scope: Scope, stage: Stage) -> Ratio:
    pupils = at_school(scope, pd.Timestamp(scope.end))
    unsure = of_unknown_state(scope).loc[lambda rows: rows["grade"].between(stage.first, stage.last)]
    unplaced = pd.concat([pupils[pupils["grade"] == 0], unsure])
    pupils = pupils[pupils["grade"].between(stage.first, stage.last)].assign(sheet="roster", numerator=1, denominator=0)
    base = children(scope)
    undated = base[base["age"].isna()]
    first = scope.policy["age_min"] + stage.first - 1
    base = base[base["age"].between(first, first + stage.last - stage.first).fillna(False).astype(bool)]
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
        own = rows[(rows["age"] == age).fillna(False).astype(bool) & ~rows["student_key"].isin(dead(scope))]
        reached = pd.Series([grades.get(key, 0) for key in own["student_key"]], own.index, dtype="int64")
        beyond = pd.concat([reached, own["study_grade"].fillna(0).astype("int64")], axis=1).max(axis=1) > stage.last
        hit = beyond | (own["study_status"] == "已完成九年")
        found.append(ratio(scope, "D08", title, own, hit, of="census", needs=CENSUS, left_out=[undated]))
    return found


def at_school_ever(scope: Scope) -> pd.DataFrame:
    """Pupils and the highest grade a roster or a dropout case has them in, whatever became of them: student_key, grade."""
    whole = scope.whole
    listed = [whole.office("roster")[["student_key", "grade"]], dropouts(whole)[["student_key", "grade"]]]
    return pd.concat(listed).dropna(subset=["student_key"]).groupby("student_key")["grade"].max().reset_index()


def disabled(scope: Scope) -> list[Ratio]:
    """D09 适龄残疾儿童入学率 = (随班就读 + 特校 + 特教班 + 送教上门[有学籍]) ÷ 适龄残疾儿童数; then without approved delays.

    Besides 残疾儿童 the base holds who is marked 残疾 in the census and stands in no school's list: such a child is the
    easiest to forget. Of those whether they are at school is told as for D06.
    """
    listed = scope.rows("disabled").assign(sheet="disabled")
    listed = listed.dropna(subset=["student_key"]).drop_duplicates("student_key")
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
    unsure = others[answers == CANNOT_TELL]
    others = others.assign(hit=answers == AT, delayed=delayed)[answers != CANNOT_TELL]
    columns = ["sheet", *KEYS, "student_key", "birth_date", "hit", "delayed"]
    rows = pd.concat([listed[columns], others[columns]])
    left_out = [rows[rows["birth_date"].isna()], unsure, unread, scope.nameless("disabled")]
    rows = rows[of_age(scope.town, scope.policy, rows["birth_date"]) & ~rows["student_key"].isin(dead(scope))]
    needs = ("disabled", "census.groups", "census.birth_date", "roster")
    title = "适龄残疾儿童入学率"
    kept = rows[~rows["delayed"]]
    return [
        ratio(scope, "D09", title, rows, rows["hit"], needs=needs, left_out=left_out),
        ratio(scope, "D09", f"{title}（不含批准延缓）", kept, kept["hit"], needs=needs, left_out=left_out),
    ]
