"""Deadlines of 劝返记录 and 法律文书: the next visit as it was promised, and the step after a paper's time limit."""

from __future__ import annotations

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import casework
from ..casework import at, earliest, placed
from .base import COLUMNS, Deadline, within


def _over(town: Town, cases: pd.Series) -> pd.Series:
    """When the case behind each row was over: back at school, settled otherwise, or struck off."""
    book = casework.cases(town)
    return at(earliest(casework.settled(book), book["back"].where(book["relapsed"].isna()), book["struck"]), cases)


def _promised(town: Town, policy: Policy) -> pd.DataFrame:
    rows = placed(casework.visits(town), "date", "next").sort_values(["case", "date"])
    following = rows.groupby("case")["date"].shift(-1)
    done = earliest(following, _over(town, rows["case"]))
    due = rows["next"].where(~at(casework.unsure(town), rows["case"]))
    found = rows.assign(who=rows["lead"], start=rows["date"], due=due, done=done)
    return found[COLUMNS]


ADVICE, VERDICT = "劝学通知书", "调解书或判决书"  # the first paper, and the last: what follows on it is the court's


def _papers(town: Town, policy: Policy) -> pd.DataFrame:
    """A paper's time limit is met by the child's return, the next paper, or handing the case on."""
    book = casework.cases(town)
    rows = placed(casework.papers(town)).sort_values(["case", "served"], kind="stable")
    visits = placed(casework.visits(town))
    handed = at(visits[visits["result"].isin(casework.HANDED_ON)].groupby("case")["date"].max(), rows["case"])
    unwritten = (rows["doc_type"] == ADVICE) & rows["deadline"].isna()
    due = rows["deadline"].where(~unwritten, within(town, policy, rows["served"], "return_notice_days"))
    told = town.known("legal", "result") & town.known("legal", "deadline")
    told = told.reindex(rows.index) & ~at(casework.unsure(town), rows["case"])
    due = due.where(told & ~rows["case"].isin(rows.loc[rows["served"].isna(), "case"]))
    done = earliest(
        rows.groupby("case")["served"].shift(-1),
        handed.where(handed >= rows["served"]),
        _over(town, rows["case"]),
        due.where(rows["result"].isin((*casework.AT_SCHOOL_AGAIN, *casework.HANDED_ON))),
    )
    owner, name = (at(book[column], rows["case"]) for column in ("owner", "name"))
    found = rows.assign(who=owner, name=name, start=rows["served"], due=due, done=done)
    return found.loc[(rows["doc_type"] != VERDICT) & rows["served"].notna(), COLUMNS]


PROMISED = Deadline("", "约定的下次劝返", (), "visit", "next", _promised)
PAPER = Deadline("T07", "文书限期后的下一步", ("return_notice_days",), "legal", "deadline", _papers)

DEADLINES: tuple[Deadline, ...] = (PROMISED, PAPER)
