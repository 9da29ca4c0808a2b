"""Rules on 档案目录: the eighteen items that each school keeps, and the pictures that belong to some of them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import INFO, WARNING
from ...core.policy import Policy
from ...core.tables import Town, of_year
from ...field.deadlines import filings
from .base import Spot, at, no, readable, rule
from .filings import DAYS, gaps

NOT_LISTED = "{school}档案目录没有第{numbers}项：{items}"


@rule(
    "A01",
    WARNING,
    needs=("archive.archive_no", "archive.copies", "archive.missing", *DAYS),
    says="{school}缺档案第{numbers}项：{items}，没有写明原因",
    fix="请归档后填份数；确实没有的，份数写0，在“缺失说明”写明原因。",
    source="domain.md 3.3 A01; 方案七",
)
def archive_item_missing(town: Town, policy: Policy) -> Iterator[Spot]:
    """方案规定的十八项档案，每项一行；没有材料的写明原因。从第一次月自查截止时起，目录里没有的项也算缺。检查先看档案，缺了说不清。"""
    rows, names = of_year(town, town["archive"]), town.schema.codes["archive_item"].names
    unexplained = (rows["copies"] == 0) & rows["missing"].isna() & town.known("archive", "missing").reindex(rows.index)
    unexplained &= rows["archive_no"].between(1, len(names)).fillna(False)
    for index, school, number in rows.loc[unexplained, ["home", "archive_no"]].itertuples(name=None):
        yield at("archive", index, "missing", school=school, numbers=number, items=names[number - 1])
    if not _begun(town, policy):
        return
    expected = filings.schools(town, "archive")
    expected = expected[readable(town, expected["home"], "archive.archive_no", *DAYS)]
    numbers = pd.DataFrame({"period": range(1, policy["archive_items"] + 1)})
    expected = expected.merge(numbers, how="cross")
    rows = rows.assign(period=rows["archive_no"])
    listed = pd.MultiIndex.from_frame(rows[["home", "period"]].dropna())
    absent = expected[~pd.MultiIndex.from_frame(expected[["home", "period"]]).isin(listed)]
    unclear = rows.loc[rows["period"].isna(), "home"].value_counts()  # each may be one that seems to be missing
    absent = absent[absent.groupby("home")["period"].transform("size") > absent["home"].map(unclear).fillna(0)]
    absent = absent.set_axis(pd.MultiIndex.from_arrays([absent["workbook"], [0] * len(absent)]))
    for place, school, lost in gaps(absent, rows):
        items = "、".join(names[number - 1] for number in lost)
        facts = {"numbers": "、".join(map(str, lost)), "items": items}
        yield at("archive", place, "archive_no", says=NOT_LISTED, school=school, **facts)


def _begun(town: Town, policy: Policy) -> bool:
    """Whether the first self-check of the year, which asks for the archive, has been due."""
    return bool((filings.months(town, policy)["due"] < pd.Timestamp(town.as_of)).any())


@rule(
    "A02",
    INFO,
    needs=("archive.archive_no", "archive.copies", "archive.has_media"),
    says="{school}档案第{number}项“{item}”没有影像资料",
    fix="请补拍照片或录像归档，再把“含影像”改为“是”；画面里不出现学生正脸和姓名。",
    source="domain.md 3.3 A02",
)
def archive_without_pictures(town: Town, policy: Policy) -> Iterator[Spot]:
    """日查、送教、联防联控、会议、简报案例这几项光有文字说服力不够，应有照片或录像。"""
    rows, names = of_year(town, town["archive"]), town.schema.codes["archive_item"].names
    rows = rows[rows["archive_no"].isin(policy["media_archive_items"]) & no(rows["has_media"])]
    for index, school, number in rows.loc[rows["copies"] > 0, ["home", "archive_no"]].itertuples(name=None):
        yield at("archive", index, "has_media", school=school, number=number, item=names[number - 1])


RULES = (archive_item_missing, archive_without_pictures)
