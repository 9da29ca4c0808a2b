"""告家长一封信, 入学通知书, 劝学通知书, 限期复学通知书: what stands in each, family by family. For the family alone."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.ordering import in_order
from ...field import casework
from ...measures import flows
from ...measures.coverage import pupils
from ..months import Month
from .base import BLANK, Copy, by_name, said, shared


def parents(month: Month) -> Iterator[Copy]:
    """告家长一封信: a file a class, a page a pupil who is at school on the month's last day (domain.md 6.7)."""
    scope, named = month.scope, by_name(month)
    rows = pupils(scope).sort_values(["class_id", "seat_no", "name"], key=in_order, na_position="last")
    phones = _phones(month)
    for key, name, head in scope.classes.sort_values(["grade", "class_id"], key=in_order)[
        ["class_id", "class_name", "head_teacher"]
    ].itertuples(index=False):
        copies = [
            {
                "name": said(row.name),
                "guardian": "" if pd.isna(row.guardian) else row.guardian,
                "class_name": said(name),
                "head": named(head),
                "phone": phones.get(named(head), BLANK),
            }
            for row in rows[rows["class_id"] == key][["name", "guardian"]].itertuples(index=False)
        ]
        if copies:
            yield Copy(shared(month, copies=copies), str(said(name)))


def _phones(month: Month) -> dict[str, str]:
    """Name of a member of staff -> telephone; a name that two bear has none."""
    staff = month.town["staff"].dropna(subset=["name", "phone"])
    staff = staff[~staff["name"].duplicated(keep=False)]
    return dict(zip(staff["name"], staff["phone"], strict=True))


def admission(month: Month) -> Iterator[Copy]:
    """入学通知书 with 送达回证: the school's notices due this month or later, and those who had not come by its end."""
    scope, named = month.scope, by_name(month)
    rows = scope.office("notice")
    rows = rows.assign(
        home=[scope.key("school", code) if isinstance(code, str) else "" for code in rows["school_code"]]
    )
    codes = {scope.key("school", home): home for home in month.town.homes}
    rows = rows[rows["home"].map(codes) == month.home]
    coming = rows["due"] >= pd.Timestamp(month.start)
    rows = rows[coming | rows["arrived"].isna() | (rows["arrived"] > pd.Timestamp(month.end))]
    copies = [
        {
            "number": said(row["notice_no"]),
            "name": said(row["name"]),
            "recipient": said(row["recipient"]),
            "due": said(row["due"]),
            "mode": said(row["serve_mode"]),
            "server": named(row["server"]),
            "served": said(row["served"]),
            "witness": said(row["witness_org"] if isinstance(row["witness_org"], str) else row["witness_type"]),
        }
        for row in rows.sort_values("notice_no", key=in_order).to_dict("records")
    ]
    if copies:
        yield Copy(shared(month, copies=copies))


def urging(month: Month) -> Iterator[Copy]:
    """劝学通知书: a page for each suspected case on hand at the month's end."""
    yield from _notices(month, flows.suspected(month.scope), "劝学通知书", "last_day", "teacher")


def timed(month: Month) -> Iterator[Copy]:
    """限期复学通知书: a page for each dropout case on hand. Never a penalty; who issues it stands in 法律文书 or stays blank."""
    yield from _notices(month, flows.dropouts(month.scope), "限期复学通知书", "drop_date", "bond_school")


def _notices(month: Month, cases: pd.DataFrame, kind: str, away: str, teacher: str) -> Iterator[Copy]:
    scope, named, phones = month.scope, by_name(month), _phones(month)
    cases = cases[flows.open_at(cases, scope.end)].sort_values("case_id", key=in_order)
    book, papers = casework.cases(month.town), casework.papers(month.town)
    papers = papers[(papers["doc_type"] == kind) & ~(papers["issued"] > pd.Timestamp(month.end))].sort_values("issued")
    sheet = "suspected" if teacher == "teacher" else "dropout"
    of_row = {place: number for number, place in book[sheet].items() if place is not None}
    copies = []
    for place, row in zip(cases.index, cases.to_dict("records"), strict=True):
        own = papers[papers["case"] == of_row.get(place, -1)]
        paper = own.iloc[-1].to_dict() if len(own) else {}
        copies.append(
            {
                "number": said(paper.get("doc_no")),
                "name": said(row["name"]),
                "guardian": said(row["guardian"]),
                "class_name": scope.labels.get(row["class_id"], BLANK),
                "away": said(row[away]),
                "deadline": said(paper.get("deadline")),
                "issuer": said(paper.get("issuer")),
                "issued": said(paper.get("issued")) if paper else "____年__月__日",
                "mode": said(paper.get("serve_mode")),
                "server": named(paper.get("server")),
                "served": BLANK if not paper or paper["served"] > pd.Timestamp(month.end) else said(paper["served"]),
                "teacher": named(row[teacher]),
                "phone": phones.get(named(row[teacher]), BLANK),
            }
        )
    if copies:
        yield Copy(shared(month, copies=copies))
