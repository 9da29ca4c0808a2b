"""What the ledgers say of single lines of the plan for which there is no measure: causes that it forbids, items of the archive, grades."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pandas as pd

from .base import Ratio, by_school, ratio
from .flows import dropouts
from .scopes import Scope

JUNIOR, PRIMARY = "融合控辍", 6  # a measure of the plan for schools with grades above primary
POVERTY = "家庭经济困难"
NOBODYS = "无"  # of 责任性原因: the school is not to blame


@by_school
def blamed(scope: Scope, *causes: str) -> Ratio:
    """Dropout cases of the year that the school is to blame for, by one of these 责任性原因 (none: by any) ÷ dropout cases."""
    rows = dropouts(scope)
    rows = rows[rows["entered"].notna()]
    told = scope.told(rows, "dropout", "liable")
    unread, rows = rows[~told], rows[told]
    hit = rows["liable"].isin(causes) if causes else rows["liable"].notna() & (rows["liable"] != NOBODYS)
    return ratio(scope, "", "属这种情形的辍学", rows, hit, of="dropout", needs=("dropout.liable",), left_out=[unread])


@cache
def item(number: int) -> Callable[[Scope], Ratio]:
    """Of one of the eighteen items of the archive: schools that hold something, or say why not ÷ schools."""

    @by_school
    def count(scope: Scope) -> Ratio:
        rows = scope.rows("archive")
        own = rows[rows["archive_no"] == number].drop_duplicates("home")
        done = (own["copies"].fillna(0) > 0) | own["missing"].notna()
        # what was written over later says nothing of these days
        told = done | scope.told(own, "archive", "copies", "missing")
        place = dict(zip(own["home"], own.index, strict=True))
        frame = pd.DataFrame({"home": list(scope.homes), "grade": 0, "class_id": ""})
        frame.index = pd.Index([place.get(home, scope.nowhere("archive", home)) for home in scope.homes])
        hit, lost = (frame["home"].isin(own.loc[rows, "home"]) for rows in (done, ~told))
        sure, needs = frame[~lost], ("archive",)
        return ratio(scope, "", "有材料或写明原因", sure, hit[~lost], of="archive", needs=needs, left_out=[frame[lost]])

    return count


def in_grades(count: Callable[[Scope], Ratio], called: str, *grades: int) -> Callable[[Scope], Ratio]:
    """A figure for some grades only."""

    def counted(scope: Scope) -> Ratio:
        whole = count(scope)
        uncounted = whole.uncounted[whole.uncounted["grade"].isin((0, *grades))]
        title = f"{called}{whole.title}"
        return replace(whole, title=title, rows=whole.rows[whole.rows["grade"].isin(grades)], uncounted=uncounted)

    return counted


@cache
def written(measure: str) -> Callable[[Scope], Ratio]:
    """Schools that have written what they do for a measure of the plan that no ledger counts ÷ schools; 融合控辍: those with a grade 7."""

    @by_school
    def count(scope: Scope) -> Ratio:
        rows = stories(scope, measure).drop_duplicates("home", keep="last")
        homes = list(scope.homes)
        if measure == JUNIOR:
            homes = list(scope.classes.loc[scope.classes["grade"] > PRIMARY, "home"].drop_duplicates())
        place = dict(zip(rows["home"], rows.index, strict=True))
        frame = pd.DataFrame({"home": pd.Series(homes, dtype="str"), "grade": 0, "class_id": ""})
        frame.index = pd.Index([place.get(home, scope.nowhere("story", home)) for home in homes], dtype="int64")
        hit = pd.Series(frame["home"].isin(rows["home"]), frame.index)
        return ratio(scope, "", "写了做法", frame, hit, of="story", needs=("story",))

    return count


def stories(scope: Scope, measure: str) -> pd.DataFrame:
    """What the schools have written of a measure up to the end of the days, the latest last."""
    rows = scope.rows("story")
    rows = rows[(rows["measure"] == measure) & (rows["date"] <= pd.Timestamp(scope.end)) & rows["text"].notna()]
    return rows.sort_values("date", kind="stable")


@by_school
def poor_beyond(scope: Scope) -> Ratio:
    """D17 其他学段因贫辍学 = 因家庭经济困难辍学的 ÷ 登记的其他学段（学前、高中阶段、高等教育）困难家庭学生."""
    rows = scope.rows("beyond")
    left = rows["left"].notna() & (rows["left"] <= pd.Timestamp(scope.end))
    told = scope.told(rows, "beyond", "left", "cause")
    hit = left & (rows["cause"] == POVERTY)
    return ratio(
        scope, "D17", "其他学段因贫辍学", rows[told], hit[told], of="beyond", needs=("beyond",), left_out=[rows[~told]]
    )
