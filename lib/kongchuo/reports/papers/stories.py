"""《控辍典型案例集》 of a term (domain.md 6.6): each case under a codename, its days counted, without village, class or date. Public.

A school that serves one village alone, or is a 教学点, tells the village (domain.md 9 drops villages in cases): it and its author
go without their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from ...core.ordering import in_order
from ...field import casework, duties, rolls
from ...field.references import keyed
from ..months import Month
from .base import BLANK, Copy, by_name, lacking, said, shared
from .scrubbing import scrubbed

KIND = "典型案例"
POINT = "教学点"
UNNAMED = {POINT: "某教学点", "小学": "某小学", "初中": "某中学"}  # by 学段
WEEKS = (4, 8, 16)  # after coming back, domain.md 6.6
CODENAME = re.compile(r"小[A-Z]\d*")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def stories(month: Month) -> Iterator[Copy]:
    """The cases registered in the term up to the month's end and said to be de-identified; the preface says how many were not."""
    scope, named = month.scope, by_name(month)
    rows = scope.rows("bulletin")
    begun = _term_start(month)
    rows = rows[(rows["kind"] == KIND) & rows["date"].between(begun, pd.Timestamp(month.end))]
    clean = rows["deidentified"].fillna(False).astype(bool)
    good = rows[clean].sort_values(["home", "date", "issue_no"], key=in_order)
    numbers = {
        key: number
        for number, row in casework.cases(month.town).iterrows()
        for key in ((row["home"], row["ys_id"]), (row["home"], row["cx_id"]))
    }
    called = _called(month)
    copies = []
    for place, row in enumerate(good.to_dict("records"), 1):
        number = numbers.get((row["home"], row["case_id"])) if isinstance(row["case_id"], str) else None
        copies.append({"no": place, **_story(month, row, named(row["editor"]), _code(place, row), number, called)})
    said_so = [f"本期收入{len(copies)}篇，学生一律用代称，不写村名、班级和日期。"]
    if any(copy["school"] in UNNAMED.values() for copy in copies):
        said_so.append("教学点和只服务一个村的学校，校名会说出村，不写校名和作者姓名。")
    if not copies:
        said_so = ["本学期到目前为止，“简报案例”中还没有登记并标明“已脱敏”的典型案例。"]
    if (~clean).any():
        said_so.append(f"另有{int((~clean).sum())}篇没有标明“已脱敏”，没有收入。")
    unread = lacking(month, "bulletin", "visit")
    yield Copy(
        shared(
            month, copies=copies, issued=said(month.end), preface="".join([*said_so, f"{unread}。" if unread else ""])
        )
    )


def _called(month: Month) -> dict[str, str]:
    """What a school is called whose name would tell the village of a child: full or usual name -> 某教学点, 某小学."""
    villages = duties.served(month.town).groupby("home")["village"].nunique()
    found = {}
    for row in month.town.schools.to_dict("records"):
        if row["stage"] == POINT or villages.get(row["school_name"]) == 1:
            usual = row["school_alias"].split("、") if isinstance(row["school_alias"], str) else []
            found |= dict.fromkeys((row["school_name"], *filter(None, usual)), UNNAMED.get(row["stage"], "某校"))
    return found


def _term_start(month: Month) -> pd.Timestamp:
    terms = rolls.terms(month.town)
    begun = terms.loc[terms["term"] == month.scope.term, "start"]
    return begun.iloc[0] if len(begun) else pd.Timestamp(f"{month.town.year[:4]}-08-01")


def _code(place: int, row: dict) -> str:
    """小A … 小Z, then 小A2 …; the codename the school's own text uses where it uses just one, so that both speak of one child."""
    own = {name for text in (row["title"], row["body"]) if isinstance(text, str) for name in CODENAME.findall(text)}
    if len(own) == 1:
        return own.pop()
    place -= 1
    return f"小{LETTERS[place % 26]}{place // 26 + 1 if place >= 26 else ''}"


def _story(
    month: Month, row: dict, author: str, code: str, number: int | None, called: dict[str, str]
) -> dict[str, object]:
    """One case: what the ledger says of it in code words and counts only, and the text the school has written."""
    town = month.town
    case = casework.cases(town).loc[number] if number is not None else {}
    second = town["dropout"].loc[case["dropout"]] if number is not None and case["dropout"] is not None else {}
    first = town["suspected"].loc[case["suspected"]] if number is not None and case["suspected"] is not None else {}
    name = case.get("name") if number is not None else ""
    text = row["body"] if isinstance(row["body"], str) else BLANK * 8
    unnamed = re.compile("|".join(map(re.escape, sorted(called, key=len, reverse=True))) or "(?!)")
    title, text = (unnamed.sub(lambda found: called[found[0]], words) for words in (said(row["title"]), text))
    cause = said(second.get("cause1") if len(second) else first.get("cause") if len(first) else None)
    return {
        "title": scrubbed(month, title, code, name if isinstance(name, str) else ""),
        "school": called.get(row["home"], row["home"]),
        "author": "本校教师" if row["home"] in called else author,
        "code": code,
        "basics": BLANK * 6 if number is None else f"因{cause}没有到校，学校列入台账并上门劝返。",
        "cause": f"主要原因：{cause}。" if number is not None else BLANK * 6,
        "steps": _steps(month, number, case),
        "no_steps": "没有关联台账，过程见正文。" if number is None else "台账中没有劝返记录。",
        "body": scrubbed(month, text, code, name if isinstance(name, str) else ""),
        "outcome": _outcome(month, case) if number is not None else BLANK * 6,
    }


def _steps(month: Month, number: int | None, case: object) -> list[dict[str, str]]:
    if number is None:
        return []
    rows = casework.visits(month.town)
    rows = rows[(rows["case"] == number) & (rows["date"] <= pd.Timestamp(month.end))].sort_values(["date", "seq"])
    return [
        {
            "day": BLANK if pd.isna(case["away"]) else f"第{(row['date'] - case['away']).days + 1}天",
            "mode": said(row["mode"]),
            "attitude": f"{said(row['guardian_att'])}／{said(row['pupil_att'])}",
            "result": said(row["result"]),
        }
        for row in rows.to_dict("records")
    ]


def _outcome(month: Month, case: object) -> str:
    """Attendance 4, 8 and 16 weeks after coming back, in school days, from 缺勤明细."""
    back = (
        case["back"]
        if not pd.isna(case["back"])
        else case["settled"]
        if case["verdict"] == casework.CAME_BACK
        else pd.NaT
    )
    if pd.isna(back) or back > pd.Timestamp(month.end):
        return "到目前为止没有返校的记录。"
    if case["home"] in month.scope.missing("absence"):
        return f"返校后的出勤没有读到。{BLANK * 4}"
    rows = month.town["absence"].assign(class_id=keyed(month.town, "absence", "class_id"))
    rows = rows[(rows["home"] == case["home"]) & (rows["student_key"] == case["student_key"])]
    parts = []
    for weeks in WEEKS:
        last = back + pd.Timedelta(weeks=weeks)
        if last > pd.Timestamp(month.end):
            parts.append(f"第{weeks}周未到")
            continue
        days = [day for day in map(pd.Timestamp, rolls.school_days(month.town)) if back <= day < last]
        away = rows.loc[rows["date"].isin(days), "halves"].fillna(2).sum() / 2
        parts.append(f"返校后{weeks}周应到{len(days)}日，实到{len(days) - float(away):g}日")
    return "；".join(parts) + "。"
