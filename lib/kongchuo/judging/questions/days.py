"""Q04 and Q05: everybody present on a day without school, nobody absent a whole term."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.policy import Policy
from ...core.schema import CENTRE
from ...core.tables import Town
from ...field import rolls
from ...field.references import class_names, keyed
from .base import Rows, asker, days_of


def _full(town: Town) -> pd.DataFrame:
    """日查 up to now with class ids, and `full`: somebody was due and all of them were there."""
    rows = town["daily"].assign(class_id=keyed(town, "daily", "class_id")).dropna(subset=["date", "class_id"])
    rows = rows[rows["date"] <= pd.Timestamp(town.as_of)]
    return rows.assign(full=((rows["due"] > 0) & (rows["present"] == rows["due"])).fillna(False).astype(bool))


@asker("Q04", "不上课的日子全勤")
def present_without_school(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """教学日历上不上课的日子（周末、放假、停课），日查却写着全部到齐。可能补了课、日历没有改，也可能是照抄前一天的。"""
    if town.unread_homes("calendar", "date", "is_school_day") or town.unread_homes("term", "start", "end"):
        return
    taught = {pd.Timestamp(day) for day in rolls.school_days(town)}
    # a day of the calendar nobody could read may be any day; outside the terms F28 says what is wrong
    unsure = ~(town.known("calendar", "date") & town.known("calendar", "is_school_day"))
    if unsure.any():
        return
    rows = _full(town)
    terms = rolls.terms(town)
    inside = pd.Series(False, rows.index)
    for start, end in terms[["start", "end"]].itertuples(index=False):
        inside |= rows["date"].between(start, end)
    entries = town["calendar"].dropna(subset=["date"]).drop_duplicates("date", keep="last")
    reasons = dict(zip(entries["date"], entries["reason"].fillna(""), strict=True))
    rows = rows[inside & rows["full"] & ~rows["date"].isin(taught) & (rows["home"] != CENTRE)]
    for _, own in rows.groupby("home"):
        why = reasons.get(own["date"].min(), "")
        yield (
            f"{days_of(own['date'])}{f'（{why}）' if why else ''}教学日历上不上课，日查却写着全部到齐，那天上课了吗？",
            [("daily", index) for index in own.index],
        )


@asker("Q05", "整学期全勤")
def nobody_ever_absent(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """一个不小的班，很多个上课日里没有一个人请过假、缺过勤。冬天也没有人病过，往往是没有真点名；真是这样，值得表扬。"""
    rows = _full(town)
    rows = rows.assign(book=rows.index.get_level_values("workbook"))
    absent = town["absence"].assign(class_id=keyed(town, "absence", "class_id"))
    absent = absent[~(absent["date"] > pd.Timestamp(town.as_of))]
    unsure = set(absent.loc[absent["class_id"].isna(), "home"])
    each = rows.groupby(["book", "home", "class_id"]).agg(
        full=("full", "all"), number=("date", "nunique"), size=("due", "median")
    )
    each = each[each["full"] & (each["number"] >= policy["question_full_days"])].reset_index()
    each = each[(each["size"] >= policy["question_full_pupils"]) & ~each["class_id"].isin(absent["class_id"].dropna())]
    labels, own = class_names(town), rows.groupby(["book", "class_id"]).groups
    for book, home, class_id, number in each[["book", "home", "class_id", "number"]].itertuples(index=False, name=None):
        if home not in unsure:
            text = f"{labels.get(class_id, class_id)}{number}个上课日没有一人请假或缺勤，每天都逐人点名了吗？"
            yield text, [("daily", index) for index in own[book, class_id]]
