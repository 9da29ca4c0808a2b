"""The veto of a class (一票否决): whom it has lost (facts.cases.losses), how many veto it, what the office has decided. Knows no files."""

from dataclasses import dataclass

import pandas as pd

from ..core.tables import no, of_year, yes
from ..facts.cases import losses as counted
from .flows import baseline_day, dropouts
from .scopes import Scope

# Two questions are open with the office and stand in policy: whether a pupil who is back frees the class of the veto
# (return_lifts_veto), and how many days before the count he must be back (return_grace_days).
LIFTED = "申诉撤销"


@dataclass(frozen=True)
class Losses:
    """Cases of baseline pupils: rows of 辍学台账 with the class of the baseline (KEYS), returned, left and

    `lost`: counts as a loss at the count; `says`: why it does or does not. `doubtful`: class ids, or school folders, of which a
    case cannot be put to a pupil. `decided`: class ids that the office has vetoed for a case of nobody on the baseline.
    `least`: so many losses veto a class.
    """

    cases: pd.DataFrame
    doubtful: frozenset[str]
    decided: dict[str, int]
    least: int

    def of(self, class_id: str) -> pd.DataFrame:
        """The cases of one class."""
        return self.cases[self.cases["class_id"] == class_id]

    def vetoes(self, class_id: str) -> bool:
        """Whether a class has lost as many as veto it, or the office has decided so."""
        return int(self.of(class_id)["lost"].sum()) >= self.least or class_id in self.decided


def losses(scope: Scope) -> Losses:
    """The losses of every class of the scope's schools, counted on the scope's last day.

    A case closed as no dropout (销号) is no loss; one open is, unless the office has revoked the veto for it; one of a pupil who
    is back is as the two open questions say, whatever was revoked, since that is what they are about.
    """
    end = pd.Timestamp(scope.end)
    cases = dropouts(scope.whole)
    over = cases["left"] <= end
    live = ~(cases["entered"] > end) & ~(cases["left"] < baseline_day(scope)) & ~(over & ~cases["returned"])
    unknown = cases[live & cases["student_key"].isna()]
    found = counted(scope.town, scope.end, scope.policy)
    grades = scope.classes.set_index("class_id")["grade"]
    found = found[found["home"].isin(scope.homes)].assign(class_id=lambda rows: rows["room"].fillna(""))
    found = found.assign(grade=found["class_id"].map(grades).fillna(0).astype("int64"), back=~found["away"])
    decisions = of_year(scope.town, scope.town["veto"])
    revoked = found["case_id"].isin(decisions.loc[no(decisions["effective"]), "case_id"])
    lifts = scope.policy["return_lifts_veto"]
    says = [
        _says(came, soon, off, lifts, scope.policy["return_grace_days"])
        for came, soon, off in zip(found["back"], found["in_time"], revoked, strict=True)
    ]
    lost = found["lost"] & (found["back"] | ~revoked)
    found = found.assign(lost=lost, says=pd.Series(says, found.index, dtype="str"))
    others = decisions[
        yes(decisions["effective"])
        & (decisions["target_type"] == "班级")
        & ~decisions["case_id"].isin(cases["case_id"])
        & ~(decisions["date"] > end)
    ]
    doubtful = [row.class_id or row.home for row in unknown.itertuples()]
    decided = dict(zip(others["target_id"], others.index, strict=True))
    return Losses(found, frozenset(doubtful), decided, scope.policy["veto_losses"])


def _says(back: bool, in_time: bool, revoked: bool, lifts: bool, grace: int) -> str:
    if not back:
        return LIFTED if revoked else "未返校"
    if not lifts:
        return "已返校，按参数不免否决"
    return "已返校，免否决" if in_time else f"返校不满{grace}日，不免否决"
