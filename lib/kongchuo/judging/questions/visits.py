"""Q02 and Q03: one person at many homes on one day, at two homes at one time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town, mapping
from ...field import rolls
from ...field.references import keyed
from .base import Rows, asker, days_of

AT_HOME = ("家访", "校村联合", "镇村校联合")  # of 劝返方式 and 帮扶方式; papers may be served to many on one day
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\D+?(\d{1,2}):(\d{2})")


@asker("Q02", "一天走访多村")
def many_villages(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """同一个人同一天到很多个村家访（劝返记录的牵头人、帮扶记录的帮扶人）。集中走访是有的，但一天跑遍各村往往是补记，问一问是怎样去的。"""
    roster = rolls.listed(town)
    villages = keyed(town, "roster", "village_code").reindex(roster.index)
    village = dict(zip(roster["student_key"].tolist(), villages.tolist(), strict=True))
    plans = town["pupil_plan"].dropna(subset=["pupil_plan", "student_key"])
    pupil_of = mapping(plans, ("home", "pupil_plan"), "student_key")
    parts = []
    for sheet, who in (("visit", "lead"), ("support_log", "helper")):
        rows = town[sheet][town[sheet]["mode"].isin(AT_HOME)]
        rows = rows[rows["date"] <= pd.Timestamp(town.as_of)]
        person = keyed(town, sheet, who).reindex(rows.index).fillna(rows[who])
        if sheet == "visit":
            keys = rows["student_key"].tolist()
        else:
            keys = [pupil_of.get(pair) for pair in zip(rows["home"], rows["pupil_plan"], strict=True)]
        part = pd.DataFrame({"home": rows["home"], "date": rows["date"], "person": person, "name": rows[who]})
        parts.append(
            part.assign(village=[village.get(key) for key in keys], row=[(sheet, index) for index in rows.index])
        )
    rows = pd.concat(parts, ignore_index=True).dropna(subset=["person", "village"])
    each = rows.groupby(["home", "person", "date"])["village"].transform("nunique")
    rows = rows.assign(number=each)[each > policy["question_villages"]]
    for (_, person), own in rows.groupby(["home", "person"]):
        name = town.once(_names).get(person, own["name"].iloc[0])
        text = f"{name}{days_of(own['date'])}一天到{own['number'].max()}个村家访，是同一天去的吗？"
        yield text, own["row"].tolist()


def _names(town: Town) -> dict[str, str]:
    rows = town["staff"].dropna(subset=["staff_id", "name"])
    return mapping(rows, "staff_id", "name")


@asker("Q03", "送教时间重叠")
def two_homes_at_once(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """同一位送教人员同一天在同一时间给两家送教。一家有两个孩子的不算。时间可能写的是大概，请核对起止时间。"""
    rows = town["home_teaching"].dropna(subset=["date", "span", "team", "student_key"])
    rows = rows[rows["date"] <= pd.Timestamp(town.as_of)]
    roster = rolls.listed(town).dropna(subset=["student_key", "guardian_tel"])
    family = mapping(roster, "student_key", "guardian_tel")
    visits: dict[tuple, list[tuple]] = {}
    for index, home, key, date, span, team in rows[["home", "student_key", "date", "span", "team"]].itertuples(
        name=None
    ):
        times = minutes(span)
        for name in re.split(r"[、,，;；\s]+", team) if times else ():
            visits.setdefault((home, date, name), []).append((*times, family.get(key, key), index))
    found: dict[tuple[str, tuple], set[str]] = {}  # (school, the two visits) -> who is said to have been at both
    for (home, _, name), own in visits.items():
        own.sort(key=lambda visit: (visit[0], visit[1], visit[3]))
        for place, first in enumerate(own):
            for second in own[place + 1 :]:
                if second[0] >= first[1]:
                    break
                if first[2] != second[2]:
                    found.setdefault((home, tuple(sorted((first[3], second[3])))), set()).add(name)
    asked: dict[tuple, set] = {}
    for (home, pair), names in found.items():
        asked.setdefault((home, tuple(sorted(names))), set()).update(pair)
    for (_, names), indices in sorted(asked.items()):
        dates = days_of(rows.loc[sorted(indices), "date"])
        text = f"{'、'.join(names)}{dates}在同一时间到两家送教，起止时间是不是写错了？"
        yield text, [("home_teaching", index) for index in indices]


def minutes(span: str) -> tuple[int, int] | None:
    """起止时间 such as 14:00-15:30 as minutes of the day; None for what cannot be understood."""
    match = _SPAN.search(unicodedata.normalize("NFKC", span).replace("点", ":"))
    if not match:
        return None
    first, last = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
    return (first, last) if first < last <= 24 * 60 else None
