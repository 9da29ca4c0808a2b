"""Rules on 适龄儿童摸底 against the schools' rosters: who is missing on which side, who is one person under two names."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ..findings import ERROR, WARNING
from ..identity import check_right, own_numbers
from ..policy import Policy
from ..references import look_up, named, school_names
from ..tables import Town
from .base import Mark, at, readable, rule
from .pupils import LISTS, maybe_listed

GONE = ("已转出", "毕业", "死亡")


@rule(
    "X01",
    WARNING,
    needs=("roster.student_key", "roster.village_code", "census.student_key"),
    says="{name}在{school}花名册中，户籍在本镇，但摸底登记没有此人",
    fix="请到户核实后补入“摸底登记”；已登记的，请核对两边的学生编号是否一致。",
    source="domain.md 3.2 X01",
)
def not_in_census(town: Town, policy: Policy) -> Iterator[Mark]:
    """户籍在本镇的在籍学生，摸底登记里应当有他。漏登说明摸底没有到户，别的漏登儿童也可能没有入学。"""
    roster, census = town["roster"], town["census"]
    if census.empty or not readable(town, census["home"], "census.student_key").all():
        return
    rows = roster[roster["village_code"].notna() & roster["student_key"].notna() & ~roster["status"].isin(GONE)]
    rows = rows[~rows["student_key"].isin(census["student_key"]) & ~maybe_listed(town, rows, "census")]
    for index, name, school in rows[["name", "home"]].itertuples(name=None):
        yield at("roster", index, "student_key", name=name, school=school)


@rule(
    "X02",
    ERROR,
    needs=("census.study_status", "census.student_key", "census.birth_date", "roster.student_key"),
    says="{name}摸底为本镇在读，但各校花名册均无此人",
    fix="请核实孩子现在哪里：在读的请学校补入花名册，不在读的改正就学状态并按疑似辍学处理。",
    source="domain.md 3.2 X02",
)
def on_no_roster(town: Town, policy: Policy) -> Iterator[Mark]:
    """摸底登记写“本镇在读”的适龄儿童，必须在某一所学校的花名册上。两边都以为孩子在对方，正是流失最容易被漏掉的地方。"""
    census, roster = town["census"], town["roster"]
    rows = census[
        (census["study_status"] == "本镇在读") & census["student_key"].notna() & _of_age(town, policy, census)
    ]
    rows = rows[~rows["student_key"].isin(roster["student_key"]) & ~maybe_listed(town, rows, "roster")]
    unread = town.unread_homes("roster", "student_key")
    if unread:  # the child may be on a roster that could not be read, unless the census names a school that was
        cells = pd.DataFrame({"value": rows["study_school"].dropna(), "home": ""})
        schools = named(look_up(town, cells, "school")["key"], school_names(town)).reindex(rows.index)
        rows = rows[schools.notna() & ~schools.isin(unread)]
    for index, name in rows["name"].items():
        yield at("census", index, "student_key", name=name)


def _of_age(town: Town, policy: Policy, frame: pd.DataFrame) -> pd.Series:
    """适龄: from age_min to age_max years old on the policy's date of this school year's autumn (domain.md 2.1)."""
    day = pd.Timestamp(f"{town.year[:4]}-{policy['age_date']}")
    oldest = day - pd.DateOffset(years=policy["age_max"] + 1)
    return (frame["birth_date"] > oldest) & (frame["birth_date"] <= day - pd.DateOffset(years=policy["age_min"]))


SAME_PERSON = "{name}与另一人（{others}）姓名、出生日期相同，证件号码不同"


@rule(
    "X05",
    ERROR,
    needs=("roster.id_no", "census.id_no"),
    says="同一证件号码对应不同姓名：{name}／{others}",
    fix="请对照户口簿核对各处的姓名、出生日期和证件号码，改正错的一处。",
    source="domain.md 3.2 X05",
)
def one_number_two_names(town: Town, policy: Policy) -> Iterator[Mark]:
    """同一个证件号码下只能有一个人。号码相同姓名不同，是录错了人或写错了字；姓名和出生日期都相同而号码不同，多半是号码录错。"""
    people = pd.concat([_people(town, sheet) for sheet in LISTS])
    for row, rest in _conflicts(people, ["id_no"], "name"):
        others = "、".join(dict.fromkeys(rest["name"]))
        yield at(row.sheet, row.place, "name", name=row.name, others=others)
    sound = people[check_right(people["id_no"])].dropna(subset=["birth_date"])
    for row, rest in _conflicts(sound, ["name", "birth_date"], "id_no"):
        others = "、".join(dict.fromkeys(rest["where"]))
        yield at(row.sheet, row.place, "id_no", severity=WARNING, says=SAME_PERSON, name=row.name, others=others)


def _people(town: Town, sheet: str) -> pd.DataFrame:
    title, frame = town.schema.sheets[sheet].title, town[sheet]
    rows = frame.index.get_level_values("row").astype("str")
    where = frame["home"] + f"“{title}”第" + pd.Series(rows, frame.index) + "行"
    frame = frame.assign(id_no=own_numbers(town, sheet), sheet=sheet, place=list(frame.index), where=where)
    return frame[["id_no", "name", "birth_date", "sheet", "place", "where"]].dropna(subset=["id_no", "name"])


def _conflicts(people: pd.DataFrame, same: list[str], differing: str) -> Iterator[tuple[object, pd.DataFrame]]:
    """Rows of groups that agree in `same` but not in `differing`, each with the rows of its group that it conflicts with."""
    wrong = people[people.groupby(same)[differing].transform("nunique") > 1]
    for _, group in wrong.groupby(same):
        for row, value in zip(group.itertuples(index=False), group[differing], strict=True):
            yield row, group[group[differing] != value]


RULES = (not_in_census, on_no_roster, one_number_two_names)
