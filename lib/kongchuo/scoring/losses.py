"""Whom a class has lost in the school year, and whether that is a veto (domain.md 4.2; rule of the plan 六-8). Knows no files.

Two questions are open with the office and stand in policy: whether a pupil who is back frees the class of the veto
(return_lifts_veto), and how many days before the count he must be back (return_grace_days).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..core.tables import of_year
from ..measures.cohorts import PUPIL
from ..measures.flows import baseline, baseline_day, dropouts
from ..measures.scopes import KEYS, Scope

LIFTED = "申诉撤销"


@dataclass(frozen=True)
class Losses:
    """Cases of baseline pupils: rows of 辍学台账 with the class of the baseline (KEYS), returned, left and

    `lost`: counts as a loss at the count; `says`: why it does or does not. `doubtful`: class ids, or school folders, of which a
    case cannot be put to a pupil. `decided`: class ids that the office has vetoed for a case of nobody on the baseline.
    """

    cases: pd.DataFrame
    doubtful: frozenset[str]
    decided: dict[str, tuple[str, int]]

    def of(self, class_id: str) -> pd.DataFrame:
        """The cases of one class."""
        return self.cases[self.cases["class_id"] == class_id]


def losses(scope: Scope) -> Losses:
    """The losses of every class of the scope's schools, counted on the scope's last day.

    A case closed as no dropout (销号) is no loss; one open is, unless the office has revoked the veto for it; one of a pupil who
    is back is as the two open questions say, whatever was revoked, since that is what they are about.
    """
    end, begun = pd.Timestamp(scope.end), baseline_day(scope)
    cases = dropouts(scope.whole)
    entered = cases["entered"].fillna(cases["drop_date"])
    gone = cases["left"].notna() & (cases["left"] <= end)
    cleared = gone & (cases["how"] == "销号")
    cases = cases[~(entered > end) & ~(gone & (cases["left"] < begun)) & ~cleared]
    unknown = cases[cases["student_key"].isna()]
    pupils = baseline(scope.whole).drop_duplicates(PUPIL).set_index(PUPIL)[KEYS[1:]]
    found = cases.drop(columns=KEYS[1:]).join(pupils, on=PUPIL, how="inner")
    grace, lifts = pd.Timedelta(days=scope.policy["return_grace_days"]), scope.policy["return_lifts_veto"]
    back = found["returned"] & (found["left"] <= end)
    in_time = back & (found["left"] <= end - grace)
    decisions = of_year(scope.town, scope.town["veto"])
    revoked = found["case_id"].isin(decisions.loc[~decisions["effective"].fillna(True).astype(bool), "case_id"])
    lost = ~(in_time if lifts else pd.Series(False, found.index)) & (back | ~revoked)
    says = [
        _says(came, soon, off, lifts, scope.policy["return_grace_days"])
        for came, soon, off in zip(back.tolist(), in_time.tolist(), revoked.tolist(), strict=True)
    ]
    found = found.assign(back=back, lost=lost, says=pd.Series(says, found.index, dtype="str"))
    others = decisions[
        decisions["effective"].fillna(False).astype(bool)
        & (decisions["target_type"] == "班级")
        & ~decisions["case_id"].isin(cases["case_id"])
        & ~(decisions["date"] > end)
    ]
    doubtful = [row.class_id or row.home for row in unknown.itertuples()]
    return Losses(found, frozenset(doubtful), dict(zip(others["target_id"], others.index, strict=True)))


def _says(back: bool, in_time: bool, revoked: bool, lifts: bool, grace: int) -> str:
    if not back:
        return LIFTED if revoked else "未返校"
    if not lifts:
        return "已返校，按参数不免否决"
    return "已返校，免否决" if in_time else f"返校不满{grace}日，不免否决"
