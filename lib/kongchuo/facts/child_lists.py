"""The lists of children a township has of its own, what each says of who a child is, and which rows of two are surely one child."""

from functools import reduce
from operator import and_

import pandas as pd

from ..core.policy import Policy
from ..core.schema import LAST_PRIMARY
from ..core.tables import Town, complete
from . import enrolment
from .references import class_grades, keyed

# --- one child in two lists -------------------------------------------------------------------------------------------
# any of these, filled on both sides and equal, makes two rows the same child
SAME = (["student_key"], ["id_no"], ["status_no"], ["name", "birth_date"])
WHO = ["student_key", "name", "id_no", "status_no", "birth_date"]


def earliest_of(people: pd.DataFrame, others: pd.DataFrame, days: pd.Series) -> pd.Series:
    """For each of `people`, the earliest of `days` (indexed as `others`) over the rows of `others` that are the same child."""
    found: dict[object, pd.Timestamp] = {}
    days = days.reindex(others.index)
    for columns in (columns for columns in SAME if set(columns) <= set(people) & set(others)):
        # few of `others` have a key of one of `people`: only these are looked at one by one
        near = reduce(and_, (others[name].isin(people[name].dropna()) for name in columns), days.notna())
        least: dict[tuple, pd.Timestamp] = {}
        for *key, day in others.loc[near, columns].assign(day=days[near]).dropna().itertuples(index=False, name=None):
            least[tuple(key)] = min(day, least.get(tuple(key), day))
        for index, *key in people[columns].dropna().itertuples(name=None):
            if tuple(key) in least:
                found[index] = min(least[tuple(key)], found.get(index, least[tuple(key)]))
    return pd.Series([found.get(index, pd.NaT) for index in people.index], people.index, dtype="datetime64[us]")


# --- the lists: census, rosters, last year's sixth grade; each child of a list once -----------------------------------
# A list has WHO, sex, school, and `state`: the reason (see `reasons`) that the list itself gives for where the child is, "" where it
# gives none. It is indexed as its sheet, by place; `sheet` names the sheet.
COLUMNS = [*WHO, "sex", "school", "state", "sheet", "twice"]
GONE = ("已转出", "死亡")  # on last year's roster: these had left the primary school already
# 在籍状态 -> reason; the order says which row stands for a child on several rosters
STATUS = {
    "在读": "在读",
    "送教上门": "送教上门",
    "休学": "休学",
    "辍学": "辍学在册",
    "已转出": "已转出",
    "毕业": "已完成九年",
    "死亡": "死亡",
}
# 就学状态 -> reason; what the census says of a child at school in the township proves nothing by itself
STUDY = {
    "未入学": "未入学",
    "辍学": "辍学在册",
    "送教上门": "送教上门",
    "延缓入学": "延缓入学",
    "休学": "休学",
    "已完成九年": "已完成九年",
    "学前": "未到龄",
    "待核实": "待核实",
}


def sixth_graders(town: Town) -> pd.DataFrame:
    """The rows of last year's rosters that were in the last grade of primary school when the year ended; none without last year."""
    before = town.before
    if before is None:
        return town["roster"].iloc[:0]
    grades = keyed(before, "roster", "class_id").map(class_grades(before))
    rows = before["roster"]
    return rows[(grades == LAST_PRIMARY) & rows["status"].notna() & ~rows["status"].isin(GONE)]


def of_census(town: Town, policy: Policy) -> pd.DataFrame:
    """The children of 摸底登记."""
    rows = town["census"]
    state = rows["study_status"].map(STUDY).fillna("")
    elsewhere = rows["study_status"] == "镇外在读"
    proved = rows["proof"].notna() & (rows["proof"] != "无")
    state = state.mask(elsewhere & proved, "镇外在读有证明").mask(elsewhere & ~proved, "镇外在读无证明")
    state = state.mask(state.isin(["未入学"]) & enrolment.too_young(town, policy, rows["birth_date"]), "未到龄")
    return _list(rows.assign(school=rows["study_school"], state=state, sheet="census", twice=""))


def of_rosters(town: Town) -> pd.DataFrame:
    """The children of all rosters; one who stands on several is given where he or she is, with the other schools in `twice`."""
    rows = town["roster"]
    order = rows["status"].map({status: place for place, status in enumerate(STATUS)}).fillna(0)
    state = rows["status"].map(STATUS).fillna("")
    rows = rows.assign(school=rows["home"], state=state, sheet="roster", order=order)
    rows = rows.sort_values("order", kind="stable")
    known = rows["student_key"].notna() & rows["name"].notna()
    active = rows[known & rows["status"].isin([*enrolment.AT_SCHOOL, "休学"])]
    schools = active.groupby(["student_key", "name"])["home"].agg(lambda homes: "、".join(dict.fromkeys(homes)))
    twice = pd.MultiIndex.from_frame(rows[["student_key", "name"]]).map(schools.to_dict())
    twice = pd.Series(twice, rows.index, dtype="str").where(known).fillna("")
    rows = rows.assign(twice=twice.where(twice.str.contains("、"), ""))
    return _list(rows[~(known & rows.duplicated(["student_key", "name"]))].sort_index())


def of_town(town: Town, policy: Policy) -> pd.DataFrame:
    """All children the township knows: those on rosters, and those of the census who are on none."""
    rosters, census = of_rosters(town), of_census(town, policy)
    there = pd.Series(False, census.index)
    for name in ("student_key", "id_no"):
        there |= census[name].isin(rosters[name].dropna())
    return pd.concat([rosters, census[~there]])


def not_in_census(rosters: pd.DataFrame, town: Town) -> pd.DataFrame:
    """The children of all rosters as the census must know them: being at school here explains nothing, 户籍 elsewhere does."""
    outside = town["roster"]["village_code"].isna() & town.known("roster", "village_code")
    state = rosters["state"].replace("在读", "")
    return rosters.assign(state=state.mask((state == "") & outside.reindex(rosters.index), "户籍不在本镇"))


def of_sixth_grade(town: Town, whole: pd.DataFrame) -> pd.DataFrame:
    """Last year's sixth-graders; `state` is what `whole`, all the township knows this year, says of the same child."""
    rows = sixth_graders(town)
    known = rows["student_key"].notna() & rows["name"].notna()
    rows = rows[~(known & rows.duplicated(["student_key", "name"]))]
    state = pd.Series("", rows.index, dtype="str")
    for columns in SAME:
        there = complete(whole, *columns).drop_duplicates(columns)[[*columns, "state"]]
        told = rows[columns].merge(there, how="left", on=columns)["state"].fillna("").set_axis(rows.index)
        state = state.where(state != "", told)
    return _list(rows.assign(school=rows["home"], state=state, sheet="roster", twice=""))


def of_seventh_grade(town: Town) -> pd.DataFrame:
    """This year's grade seven; `state` only where the list itself says why a child was not in grade six here last year."""
    rows = of_rosters(town)
    roster = enrolment.listed(town).reindex(rows.index)
    rows = rows[(roster["class_id"].map(class_grades(town)) == LAST_PRIMARY + 1)]
    changes = enrolment.changes(town)
    came = changes.loc[changes["kind"].isin(["转入", "其他增加"]), "student_key"]
    baseline = town["baseline"]
    rested = baseline.loc[baseline["base_state"] == "休学", "student_key"]
    state = pd.Series("", rows.index).mask(rows["student_key"].isin(rested), "休学")
    return rows.assign(state=state.mask(rows["student_key"].isin(came), "转入"))


def _list(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[COLUMNS].astype({"state": "str", "sheet": "str", "twice": "str", "school": "str"})
