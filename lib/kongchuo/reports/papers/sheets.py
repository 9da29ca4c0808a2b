"""Case sheets: 劝返记录 with its chain of signatures, 学困厌学一生一案, 一家一案. Internal, one page or more a case."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.ordering import in_order
from ...field import casework
from ...measures import flows
from ..months import Month
from .base import BLANK, Copy, by_name, said, shared, short, until

OF_CASE = {  # key of the template -> columns of the two ledgers, the later ledger first
    "name": "name", "sex": "sex", "guardian": "guardian", "found": "found", "rep_center": "rep_center", "rep_town": "rep_town",
    "confirmed": "confirm_date", "plan": "plan_id", "bond_village": "bond_village",
}  # fmt: skip


def visits(month: Month) -> Iterator[Copy]:
    """劝返记录: a case that was on hand in the month, with every visit and paper up to its end, and the chain of domain.md 7.1."""
    scope, named = month.scope, by_name(month)
    start, end = pd.Timestamp(month.start), pd.Timestamp(month.end)
    book, made, papers = casework.cases(month.town), casework.visits(month.town), casework.papers(month.town)
    ledgers = {name: month.town[name].to_dict("index") for name in ("suspected", "dropout")}
    left = {}
    for frame in (flows.suspected(scope), flows.dropouts(scope)):
        left |= frame["left"].to_dict()
    book = scope.within(scope.with_class(book)).sort_values(["ys_id", "cx_id"], key=in_order, na_position="last")
    copies = []
    for number, case in book.iterrows():
        first = ledgers["suspected"].get(case["suspected"], {})
        second = ledgers["dropout"].get(case["dropout"], {})
        if second and second["confirm_date"] > end:
            second = {}
        begun = case["found"] if first else second.get("confirm_date", pd.NaT)
        gone = left.get(case["dropout"] if second else case["suspected"], pd.NaT)
        if begun > end or gone < start:
            continue
        own = made[(made["case"] == number) & ~(made["date"] > end)].sort_values(["date", "seq"])
        served = papers[(papers["case"] == number) & ~(papers["issued"] > end)].sort_values("issued")
        both = {**first, **{key: value for key, value in second.items() if not pd.isna(value)}}
        both = {key: None if isinstance(value, pd.Timestamp) and value > end else value for key, value in both.items()}
        copies.append(
            {
                **{key: said(both.get(column)) for key, column in OF_CASE.items()},
                "case": said(second.get("case_id") or first.get("case_id")),
                "class_name": scope.labels.get(case["class_id"], BLANK),
                "away": said(both.get("drop_date") or both.get("last_day")),
                "cause": said(both.get("cause1") or both.get("cause")),
                "where": said(both.get("where_place") or both.get("where")),
                "bond_school": named(both.get("bond_school") or both.get("teacher")),
                "state": _state(second, gone, end),
                "count": len(own),
                "visits": [_visit(place, row) for place, row in enumerate(own.to_dict("records"), 1)],
                "papers": [_paper(row, end) for row in served.to_dict("records")],
            }
        )
    if copies:
        yield Copy(shared(month, copies=copies))


def _state(second: dict, gone: object, end: pd.Timestamp) -> str:
    """Where the case stands at the month's end, by its dates: the ledger's own word may be of a later day."""
    ledger = "辍学台账" if second else "疑似辍学台账"
    return f"{ledger}在册" if pd.isna(gone) or gone > end else f"{said(gone)}离开{ledger}"


def _visit(place: int, row: dict) -> dict[str, str]:
    """One visit; counted on from the suspected case to the dropout case, since each ledger counts its own."""
    found = {key: said(row[key]) for key in ("mode", "team", "barrier", "action", "result")}
    return found | {
        "seq": str(place),
        "date": short(row["date"]),
        "attitude": f"{said(row['guardian_att'])}／{said(row['pupil_att'])}",
    }


def _paper(row: dict, end: pd.Timestamp) -> dict[str, str]:
    later = row["deadline"] > end  # what came of it was not known yet
    return {
        "number": said(row["doc_no"]),
        "kind": said(row["doc_type"]),
        "served": short(row["served"]),
        "deadline": short(row["deadline"]),
        "receipt": said(row["receipt"]),
        "result": BLANK if later else said(row["result"]),
    }


PLAN = ("kind", "listed", "basis", "baseline", "causes", "goal", "action", "parent_view", "review1", "review2", "goal_met",
        "converted", "conv_basis")  # fmt: skip


def plans(month: Month) -> Iterator[Copy]:
    """学困厌学一生一案: every plan listed by the month's end, with 帮扶记录 up to it."""
    scope, named = month.scope, by_name(month)
    rows = scope.rows("pupil_plan")
    rows = rows[~(rows["listed"] > pd.Timestamp(month.end))].sort_values("pupil_plan", key=in_order)
    logs = until(month, month.town["support_log"], "date").dropna(subset=["date", "pupil_plan"]).sort_values("date")
    copies = []
    for row in rows.to_dict("records"):
        own = logs[(logs["pupil_plan"] == row["pupil_plan"]) & (logs["home"] == row["home"])]
        copies.append(
            {
                **{key: said(row[key]) for key in PLAN},
                "number": said(row["pupil_plan"]),
                "name": said(row["name"]),
                "class_name": scope.labels.get(row["class_id"], BLANK),
                "helper": named(row["helper"]),
                "count": len(own),
                "logs": [
                    {
                        **{key: said(one[key]) for key in ("mode", "content", "response")},
                        "date": short(one["date"]),
                        "helper": named(one["helper"]),
                    }
                    for one in own.to_dict("records")
                ],
            }
        )
    if copies:
        yield Copy(shared(month, copies=copies))


def families(month: Month) -> Iterator[Copy]:
    """一家一案: a page a family (案号), its children and the aid paid up to the month's end."""
    scope, named = month.scope, by_name(month)
    rows = scope.rows("family_plan")
    rows = rows.assign(number=rows["family_plan"].fillna(rows["student_key"])).sort_values("number", key=in_order)
    paid = until(month, scope.rows("aid"), "paid_on").dropna(subset=["paid_on"]).sort_values("paid_on")
    villages = dict(month.town["village"][["village_code", "village_name"]].dropna().itertuples(index=False, name=None))
    copies = []
    for _, family in rows.groupby("number", sort=False):
        head = family.iloc[0]
        aid = paid[paid["student_key"].isin(family["student_key"].dropna())]
        copies.append(
            {
                "number": said(head["family_plan"]),
                "householder": said(head["householder"]),
                "village": villages.get(head["village_code"], said(head["village_code"])),
                "kind": said(head["poor_type"]),
                "level": said(head["poor_level"]),
                "size": said(head["family_size"]),
                "helper": named(head["helper"]),
                "cause": said(head["poor_cause"]),
                "needs": said(head["needs"]),
                "action": said(head["action"]),
                "summary": said(head["summary"]),
                "children": [
                    {"name": said(one.name), "grade": said(one.stage_grade), "aid_due": said(one.aid_due), "aid_done": said(one.aid_done)}
                    for one in family[["name", "stage_grade", "aid_due", "aid_done"]].itertuples(index=False)
                ],
                "aid": [
                    {"name": said(one.name), "item": said(one.aid_item), "paid": said(one.paid), "date": short(one.paid_on), "mode": said(one.pay_mode)}
                    for one in aid[["name", "aid_item", "paid", "paid_on", "pay_mode"]].itertuples(index=False)
                ],
            }
        )  # fmt: skip
    if copies:
        yield Copy(shared(month, copies=copies))
