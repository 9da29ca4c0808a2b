"""Rules on 基础信息: what the registry says against what the schools' own workbooks hold."""

import re
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from ..core.findings import ERROR, WARNING
from ..core.numbers import NUMERALS
from ..core.policy import Policy
from ..core.tables import Town, complete, each, no, of_year, once, row_of
from ..facts import duty, enrolment
from ..facts.references import class_label, homes_of, keyed, tally
from .base import Spot, at, readable, rule, spots


@rule(
    "X25",
    ERROR,
    needs=("class.base_count", "baseline.class_id"),
    says="{school}{class_name}学年初在班人数填{count}，学年初基准名单上是{listed}人",
    fix="请与学校核对锁定的学年初基准名单，改正“班级”表的学年初在班人数；名单有错的记入“学生变动”（信息变更）。",
    source="domain.md 3.2 X25",
)
def base_count_differs(town: Town, policy: Policy) -> Iterator[Spot]:
    """班级表里的“学年初在班人数”要和学校锁定的学年初基准名单一致。巩固率、班级积分都以它为分母，差一个人，全年的数都不对。"""
    base = town["baseline"].assign(class_id=keyed(town, "baseline", "class_id"))
    placed = complete(base, "class_id")
    repeated = placed.duplicated(["home", "student_key"]) & placed["student_key"].notna()
    listed = placed["class_id"].value_counts()
    doubled = placed.loc[repeated, "class_id"].value_counts()
    unplaced = base.loc[base["class_id"].isna(), "home"].value_counts()

    rows = complete(town["class"].assign(home=homes_of(town, "class")), "class_id", "base_count")
    rows = rows[rows["home"].isin(base["home"]) & readable(town, rows["home"], "baseline.class_id")]
    rows = rows.assign(listed=tally(rows["class_id"], listed))
    least, most = rows["listed"] - tally(rows["class_id"], doubled), rows["listed"] + tally(rows["home"], unplaced)
    wrong = rows[(rows["base_count"] < least) | (rows["base_count"] > most)]
    yield from spots(wrong, "class", "base_count", class_name="class_name", count="base_count", listed="listed")


STAGES = {"小学": (1, 6), "教学点": (1, 6), "初中": (7, 9), "九年一贯": (1, 9)}  # 学段 -> first and last grade
BEGINNINGS = (1, 7)  # grades that begin a stage
_ENTRY = re.compile(r"-(20[0-9]{2})-")  # in a class id: 学校代码-入学年-班序
TWICE = "{school}本学年有两个“{name}”（另一个在第{other}行）"


@rule(
    "G11",
    ERROR,
    needs=("class.class_id", "class.class_name", "class.grade", "class.school_code", "school.stage", "roster.entry_ym"),
    says="{school}{name}的年级写{grade}，{why}",
    fix="请核对：升了级的班改年级和班级名称，班级编号整个学段不变；编号、名称写错的照实改正。",
    source="domain.md 2.2 班级",
)
def class_and_grade(town: Town, policy: Policy) -> Iterator[Spot]:
    """班级的年级要与编号里的入学年、班级名称、学校的学段和学生的入学年月对得上，一学年里班级名称不能重。新学年忘了升级，全班的年级、年龄、六升七都会算错。"""
    year = int(town.year[:4])
    stages = dict(zip(town["school"]["school_name"], town["school"]["stage"], strict=True))
    entered = _entered(town)
    rows = of_year(town, town["class"].assign(home=homes_of(town, "class")))
    for index, home, key, name, grade in each(rows, "home", "class_id", "class_name", "grade"):
        stage = stages.get(home)
        first, last = STAGES.get(stage, (1, 9))
        if _known(grade):
            entry = _ENTRY.search(key) if _known(key) else None
            label = class_label(name) if _known(name) else ""
            most = entered.get(key)
            why = ""
            if stage in STAGES and not first <= grade <= last:
                why = f"{stage}没有这个年级"
            elif entry and not _agrees(grade, int(entry[1]), year, first, last):
                why = f"编号里的入学年是{entry[1]}年"
            elif label[:1] in NUMERALS[1:10] and label.endswith("班") and NUMERALS.index(label[0]) != grade:
                why = f"班级名称是“{name}”"
            elif most and not _agrees(grade, most, year, first, last):
                why = f"班里多数学生{most}年入学"
            if why:
                facts = {"name": name if _known(name) else key, "grade": grade, "why": why}
                yield at("class", index, "grade", school=home, **facts)
    labels = rows["class_name"].dropna().map(class_label)
    pairs = rows.loc[labels.index, "home"] + "\0" + labels
    for index in pairs.index[pairs.duplicated()]:
        other = row_of(pairs.index[pairs == pairs[index]][0])
        facts = {"name": rows.at[index, "class_name"], "other": other}
        yield at("class", index, "class_name", says=TWICE, school=rows.at[index, "home"], **facts)


def _known(value: object) -> bool:
    return not pd.isna(value)


def _agrees(grade: int, entry: int, year: int, first: int, last: int) -> bool:
    """Whether who entered a stage of the school in a year is in this grade now; of what lies outside, nothing is said."""
    due = [year - entry + begin for begin in BEGINNINGS if first <= year - entry + begin <= last]
    return grade in due or not due


@once
def _entered(town: Town) -> dict[str, int]:
    """The year in which most pupils of a class entered its stage, of classes with some pupils and a clear majority."""
    rows = enrolment.listed(town)
    rows = complete(rows[rows["status"].isin(enrolment.AT_SCHOOL)], "class_id", "entry_ym")
    rows = rows[rows["entry_ym"].str.fullmatch(r"\d{6}")]
    found: dict[str, Counter] = {}
    for (key, month), number in Counter(zip(rows["class_id"].tolist(), rows["entry_ym"].tolist(), strict=True)).items():
        found.setdefault(key, Counter())[int(month[:4]) - (month[4:] < "08")] += number
    most = {key: counts.most_common(1)[0] for key, counts in found.items()}
    return {key: year for key, (year, number) in most.items() if number * 2 > found[key].total() and number > 2}


NOT_OF_STAGE = "{village}的“{column}”写的是{school}，{school}的学段是“{stage}”"
NOT_SERVED = "{village}的“{column}”写的是{school}，{school}的服务行政村里没有它"


@rule(
    "G12",
    WARNING,
    needs=("village.village_code", "village.school_primary", "village.school_junior", "school.catchment",
           "school.stage"),
    says="{village}不在任何一所{stage}的服务行政村里",
    fix="请在“学校”表把该村补进服务的学校，“行政村”表的对应小学、对应初中与它一致。",
    source="domain.md 2.2 服务行政村, 对应小学, 对应初中",
)  # fmt: skip
def village_unserved(town: Town, policy: Policy) -> Iterator[Spot]:
    """每个行政村都要有一所小学、一所初中服务，“学校”表和“行政村”表写的要一致。哪个村没有学校管，那里的孩子该上学了就没有人去通知。"""
    served, schools = duty.served(town), town.schools
    if served.empty or schools["catchment"].isna().any():  # an empty 服务行政村 is F17's, and may be the one that lacks
        return
    stages = dict(zip(schools["school_code"], schools["stage"], strict=True))
    active = set(schools.loc[~no(schools["active"]), "school_code"])
    of_school = dict(zip(schools["school_code"], schools["school_name"], strict=True))
    pairs = {(school, village) for school, village in zip(served["school"], served["village"], strict=True)}
    villages = complete(town["village"], "village_code")
    for column, grade, stage in (("school_primary", 1, "小学"), ("school_junior", 9, "初中")):
        fit = {code for code in active if (span := STAGES.get(stages[code])) and span[0] <= grade <= span[1]}
        named_there = keyed(town, "village", column).reindex(villages.index)
        for index, code, name in each(villages, "village_code", "village_name"):
            school = named_there[index]
            facts = {"village": name, "school": of_school.get(school, school)}
            if fit and not any((one, code) in pairs for one in fit):
                yield at("village", index, column, village=name, stage=stage)
            elif school in active and school not in fit:
                yield at("village", index, column, says=NOT_OF_STAGE, stage=stages[school], **facts)
            elif school in active and (school, code) not in pairs:
                yield at("village", index, column, says=NOT_SERVED, **facts)


RULES = (base_count_differs, class_and_grade, village_unserved)
