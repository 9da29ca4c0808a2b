"""Days of the office that are wrong for all schools at once: the dates of a term, a day of 教学日历."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from ...core.findings import Finding
from ...core.policy import Policy
from ...core.tables import Town
from ...field import rolls
from ..rules.attendance import expected_days, missing_days
from .base import ENOUGH, Suspect, edited, of
from .kinds import KINDS

DAY = re.compile(r"\d{4}-\d\d-\d\d")  # the date a message quotes first


def terms(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """开学日期 or 放假日期 against the days on which most schools have 日查."""
    if len(of(loose, "F28", "X11")) < ENOUGH:
        return
    planned = town["calendar"].dropna(subset=["date"])
    lessons = planned.loc[planned["is_school_day"].fillna(False).astype(bool), "date"]
    for row in rolls.terms(town).itertuples():
        first, last, schools = _filled(town, row.term)
        if not schools:
            continue
        for column, wrong, day in (
            ("start", row.start != first, first),
            ("end", row.end < last or row.end < row.start, last),
        ):
            # days that 日查 lacks are no lessons only where 教学日历 has none either
            early = column == "start" and row.start < first
            if not wrong or (early and lessons.between(row.start, first, inclusive="left").any()):
                continue
            seen = f"{schools}所学校的日查从{first:%Y-%m-%d}填到{last:%Y-%m-%d}"
            inside = lessons[lessons.between(first, last)]
            if len(inside):
                seen += f"，教学日历这段时间有{len(inside)}天上课"
            place = town.place("term", row.Index, column)
            cause = KINDS["X71"].at(place, term=row.term, value=f"{getattr(row, column):%Y-%m-%d}", seen=seen)
            mended = edited(town, "term", row.Index, **{column: day})
            if column == "start" and row.end < last:  # both may be needed before anything goes
                mended = mended if row.end >= first else edited(mended, "term", row.Index, end=last)
            if not _counted(town):  # no day counted, so the data seemed to go on until today
                mended = replace(mended, as_of=min(town.as_of, last.date()))
            yield Suspect(cause, mended, "X11" if early else "F28", _too_late(town, last) if column == "end" else ())


def _counted(town: Town) -> bool:
    """Whether any 日查 lies within the term of its workbook."""
    dates = town["daily"]["date"]
    names = dates.index.get_level_values("workbook")
    return any(
        (names.str.contains(row.term) & dates.between(row.start, row.end).to_numpy()).any()
        for row in rolls.terms(town).itertuples()
    )


def _too_late(town: Town, last: pd.Timestamp) -> tuple[Finding, ...]:
    """Dates that reading did not take (F30) only because the data seem to end with the term: none later than the right end."""
    late = (finding for book in town.workbooks for finding in book.findings if finding.rule == "F30")
    return tuple(one for one in late if pd.Timestamp(DAY.search(one.message)[0]) <= last)


def _filled(town: Town, term: str) -> tuple[pd.Timestamp, pd.Timestamp, int]:
    """The first and last day on which at least half of the schools have a 日查 in their workbook of a term; how many schools have any."""
    books = [book for book in town.holding("daily") if term in book.name and "daily" in book.tables]
    days = [set(book.tables["daily"].frame["date"].dropna()) for book in books]
    days = [own for own in days if own]
    common = pd.Series([day for own in days for day in own], dtype="datetime64[us]").value_counts()
    common = common[common * 2 > len(days)] if len(days) > 1 else common.iloc[:0]
    if common.empty:
        return pd.NaT, pd.NaT, 0
    return common.index.min(), common.index.max(), len(days)


def calendar(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """Days that 教学日历 calls school days and of which no class of any school has a 日查."""
    if len(of(loose, "X11")) < ENOUGH:
        return
    expected = expected_days(town)
    missing = missing_days(town, expected)
    filled = town["daily"]["date"].max()
    whole = missing.groupby("date").size()
    whole = whole[whole == expected.groupby("date").size().reindex(whole.index)]
    schools = missing.groupby("date")["home"].nunique()
    entries = town["calendar"].dropna(subset=["date"]).drop_duplicates("date", keep="last")
    entries = entries[entries["date"].isin(whole.index[(schools[whole.index] > 1) & (whole.index < filled)])]
    entries = entries[entries["is_school_day"].fillna(False).astype(bool)].sort_values("date")
    if entries.empty:
        return
    (index, first), mended = next(entries["date"].items()), town
    for one in entries.index:
        mended = edited(mended, "calendar", one, is_school_day=False)
    facts = {"value": f"{first:%Y-%m-%d}", "count": int(schools[first]), "days": len(entries)}
    yield Suspect(KINDS["X72"].at(town.place("calendar", index, "is_school_day"), **facts), mended, "X11")
