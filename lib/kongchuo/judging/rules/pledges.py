"""Rules on 责任书 and documents: who has not signed, dates that cannot be, who is named first responsible."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.schema import CENTRE
from ...core.tables import Town
from ...field import deadlines, duties
from ...field.deadlines import pledges as limits
from ...field.references import keyed, look_up, school_names
from .base import Spot, at, of_year, readable, rule

UNSIGNED = {
    duties.WITH_SCHOOL: "{name}没有与中心学校签订责任书",
    duties.WITH_TEACHER: "{name}没有与学校签订责任书",
    duties.WITH_VILLAGE: "{school}没有与{name}签订责任书",
}


@rule(
    "G08",
    WARNING,
    needs=("pledge.pledge_type", "pledge.party_b", "pledge.party_b_id", "term.start"),
    says="{name}没有签订责任书",
    fix="请补签责任书，并在“责任书签订”补一行；已经签了的，核对类型、甲方、乙方和乙方编号。",
    source="domain.md 3.3 G08; 方案七-3",
)
def pledge_missing(town: Town, policy: Policy) -> Iterator[Spot]:
    """中心校与每所学校、学校与每位班主任、学校与服务的每个行政村，开学后都要签责任书。没有签，责任就只停在口头上。"""
    rows = deadlines.state(town, policy, limits.PLEDGED)
    rows = rows[rows["late"] & rows["done"].isna()].reset_index(drop=True)
    if not readable(town, pd.Series([CENTRE]), "pledge.pledge_type", "pledge.party_b", "pledge.party_b_id").all():
        return
    signed = duties.signed(town)
    for kind, says in UNSIGNED.items():
        own = rows[rows["kind"] == kind]
        # one whose parties cannot be made out may be the one that seems to be missing
        unclear = signed["other"].isna() | (signed["school"].isna() & (kind == duties.WITH_VILLAGE))
        unclear &= (signed["kind"] == kind) | signed["kind"].isna()
        if len(own) <= unclear.sum():
            continue
        columns = ["unit_sheet", "unit", "unit_column", "home", "name"]
        for sheet, unit, column, school, name in own[columns].itertuples(index=False, name=None):
            yield at(sheet, unit, column, says=says, school=school, name=name)


# sheet, column of documents -> whether one may be older than the calendar year the plan's school year begins in
DOCUMENTS = {
    ("body", "issued"): True,  # stays in force until the plan is renewed
    ("pledge", "signed"): False,
    ("notice", "pledge_date"): False,
    ("publicity", "pub_date"): False,
    ("bulletin", "date"): False,
}
AFTERWARDS = "“{column}”写的是{day}，已过本学年（{year}）"


@rule(
    "G09",
    WARNING,
    needs=("body.issued", "pledge.signed", "publicity.pub_date", "bulletin.date"),
    says="“{column}”写的是{day}，早于{limit}",
    fix="请对照原件核对落款日期，年份常会写错；是上学年的文件，请换成本学年的。",
    source="domain.md 3.3 G09; 方案落款与附件1",
)
def date_of_document(town: Town, policy: Policy) -> Iterator[Spot]:
    """方案、责任书、公示、简报的落款日期，要在方案之后、本学年结束之前。日期早于方案，说明照抄了旧文件，或年份写错。"""
    first = int(town.year[:4])
    plan, spring = pd.Timestamp(policy["plan_date"]), pd.Timestamp(f"{first}-01-01")
    end = pd.Timestamp(f"{first + 1}-08-31")
    said = f"方案（{plan:%Y-%m-%d}）"
    for (sheet, column), lasts in DOCUMENTS.items():
        rows = town[sheet]
        rows = (of_year(town, rows) if "school_year" in rows else rows)[column].dropna()
        earliest = plan if lasts or plan >= spring else spring
        limit = said if earliest == plan else f"本学年的准备（{spring:%Y-%m-%d}）"
        for index, day in rows[rows < earliest].items():
            yield at(sheet, index, column, day=f"{day:%Y-%m-%d}", limit=limit)
        for index, day in rows[rows > end].items():
            yield at(sheet, index, column, says=AFTERWARDS, day=f"{day:%Y-%m-%d}", year=town.year)


PRINCIPAL = r"(?<!副)校长|(?<!副)园长|主持|负责人|一把手"
LEADER = "{unit}的领导组组长是{name}，应为单位一把手、中心学校校长{principal}"
PARTY = "与{school}的责任书由{name}签，应由校长{principal}签"


@rule(
    "G10",
    ERROR,
    needs=("school.principal", "staff.title", "staff.roles", "body.role", "body.staff_id", "pledge.party_b"),
    says="{school}的第一责任人应为校长，这里写的{name}职务是“{title}”",
    fix="请填现任校长；主持工作的负责人，请在“教职工”的职务写明“主持工作”，角色选“校长”。",
    source="domain.md 3.3 G10; 方案五（单位一把手负责制）",
)
def first_responsible(town: Town, policy: Policy) -> Iterator[Spot]:
    """控辍实行单位一把手负责制：“学校”表的校长、与中心校签责任书的人、领导组组长，都要是校长本人，不能由副校长或主任顶替。"""
    schools, staff = town["school"].assign(key=keyed(town, "school", "principal")), town["staff"]
    people = staff.dropna(subset=["staff_id"]).drop_duplicates("staff_id").set_index("staff_id")
    titles = people["title"].fillna("")
    told = people["title"].notna() & people["roles"].notna()
    chief = people["roles"].fillna("").str.split("、").map(lambda roles: "校长" in roles) | titles.str.contains(
        PRINCIPAL
    )
    others = people.index[told & ~chief.astype(bool)]
    for index, school, key in schools.loc[schools["key"].isin(others), ["school_name", "key"]].itertuples(name=None):
        name = people["name"].get(key)
        yield at("school", index, "principal", school=school, name=name, title=titles[key])

    principals = dict(zip(schools["school_code"], schools["key"].fillna(""), strict=True))
    centre = schools[schools["stage"] == CENTRE]
    first = centre["key"].iloc[0] if len(centre) else ""
    leaders = town["body"][(town["body"]["body"] == "领导组") & (town["body"]["role"] == "组长")]
    leaders = leaders.assign(key=keyed(town, "body", "staff_id").reindex(leaders.index)).dropna(subset=["key"])
    if first and not pd.isna(first):
        facts = {"unit": centre["school_name"].iloc[0], "principal": people["name"].get(first, first)}
        for index, name in leaders.loc[leaders["key"] != first, "staff_id"].items():
            yield at("body", index, "staff_id", says=LEADER, name=name, **facts)
    names = school_names(town)
    for index, column, school, who in _signers(town):
        right = principals.get(school, "")
        if right and who != right:
            facts = {"school": names.get(school, school), "principal": people["name"].get(right, right)}
            yield at("pledge", index, column, says=PARTY, name=people["name"].get(who, who), **facts)


def _signers(town: Town) -> Iterator[tuple[tuple[str, int], str, str, str]]:
    """(row, column, school code, staff id) where a person and not the school's name stands as 乙方 of 中心校-学校."""
    rows = of_year(town, town["pledge"])
    rows = rows[rows["pledge_type"] == duties.WITH_SCHOOL]
    schools = duties.signed(town)["other"].reindex(rows.index)
    for column in ("party_b", "party_b_id"):
        cells = rows[column].dropna()
        found = look_up(town, pd.DataFrame({"value": cells, "home": ""}, index=cells.index), "staff")["key"]
        found = found[found != ""]
        school = schools.reindex(found.index).fillna("")
        yield from zip(found.index, [column] * len(found), school, found, strict=True)
        rows = rows[~rows.index.isin(found.index)]


RULES = (pledge_missing, date_of_document, first_responsible)
