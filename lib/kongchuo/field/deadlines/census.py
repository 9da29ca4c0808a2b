"""Deadlines of 适龄儿童摸底: children to be verified, proofs of schools elsewhere to be asked for again."""

from __future__ import annotations

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import rolls
from .base import Deadline, within


def _surveyed(town: Town, status: str) -> pd.DataFrame:
    """The children of this year's survey in a 就学状态, as far as a deadline's columns go; it runs from 入户日期."""
    frame = town["census"]
    frame = frame[
        (frame["study_status"] == status) & (frame["school_year"].isna() | (frame["school_year"] == town.year))
    ]
    rows = frame[["home", "surveyor", "name", "visit_date"]].rename(columns={"surveyor": "who", "visit_date": "start"})
    return rows.assign(done=pd.Series(pd.NaT, rows.index, dtype="datetime64[us]"))


def _unverified(town: Town, policy: Policy) -> pd.DataFrame:
    rows = _surveyed(town, "待核实")  # once verified, the row says something else: none of these is done
    return rows.assign(due=within(town, policy, rows["start"], "unverified_max_days"))


def _proofs(town: Town, policy: Policy) -> pd.DataFrame:
    """A proof bears no date of its own: it is as old as the visit at which it was seen.

    One seen for this year's survey is good until the school year is out: between the last lesson and then nobody asks again.
    """
    rows = _surveyed(town, "镇外在读")
    rows = rows[town["census"]["proof"].reindex(rows.index).notna()]
    due = rows["start"] + pd.DateOffset(years=policy["away_proof_years"])
    last, out = rolls.terms(town)["end"].max(), pd.Timestamp(f"{int(town.year[:4]) + 1}-08-31")
    return rows.assign(due=due.mask((due > last) & (due < out), out))


UNVERIFIED = Deadline("X03", "查清待核实儿童", ("unverified_max_days",), "census", "study_status", _unverified)
PROOFS = Deadline("X45", "更新镇外就读证明", ("away_proof_years",), "census", "proof", _proofs)

DEADLINES: tuple[Deadline, ...] = (UNVERIFIED, PROOFS)
