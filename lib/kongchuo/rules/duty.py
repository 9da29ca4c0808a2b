"""Rules on 包保责任 and 责任书: schools, grades and villages nobody answers for, people who are not there, what is not signed."""

import re
from collections.abc import Iterator

import pandas as pd

from ..core.cells import fold
from ..core.findings import ERROR, INFO, WARNING
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, among, called, complete, each, mapping, no, of_year
from ..due import base, duty as limits
from ..facts import calendar, duty, enrolment
from ..facts.references import (
    ALIAS,
    dangling,
    dated,
    directory,
    keyed,
    look_up,
    named,
    names_of,
    resolve,
    school_names,
    staff_names,
)
from .base import Spot, at, readable, rule, spots

# --- What several rules ask about staff: where they are named and when they acted, whether they had left, which title they bear ---
# people who answer for something as long as it lasts; every other column names who did something on the row's own date
ONGOING = ("teacher", "helper", "owner", "bond_school", "head_teacher", "teachers", "home_teachers", "principal",
           "status_clerk", "aid_clerk", "staff_id")  # fmt: skip
LOGS = ("support_log", "home_teaching")  # a row is one deed on one day, whoever answers for the pupil
ENDS = ("closed", "to", "done")  # columns that say when it was over


def actors(town: Town) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """(sheet, column, cells) for every column that names staff; cells: value, home, key, via.

    Of 包家长 the person may be the village's own (its code or its contact), who is no staff of ours.
    """
    for sheet in town.filled:
        for item in sheet.typed:
            if item.reference == "staff":
                yield sheet.name, item.name, resolve(town, sheet.name, item.name)
            elif (sheet.name, item.name) == ("bond", "staff_id"):
                yield sheet.name, item.name, _bond_people(town)


def gone(town: Town, sheet: str, column: str, cells: pd.DataFrame) -> pd.DataFrame:
    """Those of the `cells` of `actors` whose person had left by then, with `until`, the last day at work."""
    days = duty.last_days(town)
    cells = cells[cells["key"].isin(days.keys())]
    until = dated(cells["key"], days)
    if until.isna().all():
        return cells.iloc[:0].assign(until=until[:0])
    return cells.assign(until=until)[_when(town, sheet, column).reindex(cells.index) > until]


def _bond_people(town: Town) -> pd.DataFrame:
    frame = town["bond"]
    values = frame["staff_id"].dropna()
    values = values[~((frame["bond_type"].reindex(values.index) == "包家长") & values.isin(duty.officers(town)))]
    return look_up(town, values, "staff", frame["home"].reindex(values.index))


def _when(town: Town, sheet: str, column: str) -> pd.Series:
    """The day a person named in a column had to be there: the row's own date, or now for what is going on still.

    Who did something on a day nobody wrote down is not judged.
    """
    frame, now = town[sheet], pd.Timestamp(town.as_of)
    dates = [item.name for item in town.schema.sheets[sheet].typed if item.type == "date" and item.name != "birth_date"]
    if column in ONGOING and sheet not in LOGS:
        ends = [name for name in dates if name in ENDS]
        return frame[ends[0]].fillna(now).clip(upper=now) if ends else pd.Series(now, frame.index)
    # the row's own date first
    acted = sorted((name for name in dates if name not in ENDS), key=lambda name: name != "date")
    return frame[acted[0]].clip(upper=now) if acted else pd.Series(now, frame.index)


def titles(town: Town) -> pd.DataFrame:
    """Every title written for a person: person, name, title, bare (without the unit), sheet, place, where; 教职工 first.

    A person is known by staff id; one who is no staff by name. Village officers are left out.
    """
    parts = []
    for sheet in ("staff", "body", "bond"):
        frame = complete(town[sheet], "title")
        if sheet == "staff":
            person, name = frame["staff_id"], frame["name"]
        elif sheet == "body":
            person, name = keyed(town, sheet, "staff_id"), frame["staff_id"]
        else:
            cells = _bond_people(town)
            frame = of_year(town, frame[frame.index.isin(cells.index)])
            person, name = cells["key"].where(cells["key"] != ""), frame["name"].fillna(frame["staff_id"])
        # who is not in 教职工 is still one person under one name
        found = frame[["title"]].assign(person=person.reindex(frame.index).fillna(name), name=name)
        parts.append(found.assign(sheet=sheet, place=list(frame.index), where=town.schema.sheets[sheet].title))
    rows = complete(pd.concat(parts), "person")
    names = complete(town["staff"], "staff_id", "name").drop_duplicates("staff_id").set_index("staff_id")["name"]
    unit = _unit_before(town)
    bare = [unit.sub("", title) or title for title in map(fold, rows["title"])]
    return rows.assign(name=named(rows["person"], names).fillna(rows["name"]), bare=bare)


def _unit_before(town: Town) -> re.Pattern[str]:
    """What stands before a title and names a unit: a school by any of its names, or any 中心校 or 中心学校."""
    names = sorted(directory(town, "school").called, key=lambda name: (-len(name), name))
    return re.compile("|".join([*(f"^{re.escape(name)}" for name in names), "^.{0,8}?中心(?:学校|校(?!长))"]))


# --- 包保责任 -------------------------------------------------------------------------------------------------------------
def _in_use(town: Town) -> pd.DataFrame:
    rows = complete(town.schools, "school_code")
    return rows[~no(rows["active"])]


def _held(town: Town, kind: str) -> pd.DataFrame:
    """The bonds of a kind that hold now. One whose target cannot be made out may be the very one that seems to be missing."""
    rows = duty.held_on(town, town.as_of)
    return rows[rows["kind"] == kind]


NOBODY = "{school}没有包学校的人"


@rule(
    "G01",
    ERROR,
    needs=("school.school_code", "bond.bond_type", "bond.target_id"),
    says="{school}有{count}人包学校，应为1人，多出的没有备注",
    fix="每所学校定一名中心学校人员包保；换人时给原来的填截止日期，确需两人的在备注写明。",
    source="domain.md 3.3 G01; 方案附件3",
)
def one_person_for_each_school(town: Town, policy: Policy) -> Iterator[Spot]:
    """每所学校由一名中心学校人员包保。没有人包，这所学校就没人督促；两个人包又不说明，等于谁也不负责。"""
    schools, rows = _in_use(town), _held(town, duty.SCHOOLS).sort_index()
    if not readable(town, schools["home"], "bond.bond_type", "bond.target_id").all():
        return
    lone = schools[~schools["school_code"].isin(rows["target"])]
    for index, name in lone["school_name"].items() if len(lone) > rows["target"].isna().sum() else ():
        yield at("school", index, "school_code", says=NOBODY, school=name)
    names = school_names(town)
    for key, own in rows[rows["target"].isin(schools["school_code"])].groupby("target"):
        people = own.drop_duplicates("holder")
        plain = people[people["note"].isna() & town.known("bond", "note").reindex(people.index)]
        if len(people) > 1 and len(plain) > 1:
            yield at("bond", plain.index[1], "target_id", school=names.get(key, key), count=len(people))


@rule(
    "G02",
    WARNING,
    needs=("class.grade", "class.school_code", "bond.bond_type", "bond.target_id"),
    says="{school}{grade}年级没有包年级的班子成员",
    fix="请在“包保责任”补一行：包年级，对象编号写“学校代码-年级”。",
    source="domain.md 3.3 G02; 方案五（四包②）",
)
def leader_for_each_grade(town: Town, policy: Policy) -> Iterator[Spot]:
    """学校班子成员包年级，每个年级都要有人。八、九年级是控辍的重点，更不能空。"""
    schools = _in_use(town)
    if not readable(town, schools["home"], "bond.bond_type", "bond.target_id").all():
        return
    held = duty.answering(town, town.as_of).loc[lambda rows: rows["kind"] == duty.GRADES, "unit"]
    classes = complete(duty.classes_of(town), "code", "grade").drop_duplicates("unit")
    lone = classes[classes["code"].isin(schools["school_code"]) & ~classes["unit"].isin(held)]
    if len(lone) <= _held(town, duty.GRADES)["target"].isna().sum():
        return
    lone = lone.assign(school=named(lone["code"], school_names(town)).fillna(lone["code"]))
    yield from spots(lone, "class", "grade", school="school", grade="grade")


@rule(
    "G04",
    WARNING,
    needs=("village.village_code", "bond.bond_type", "bond.target_id"),
    says="{village}没有包家长的人",
    fix="请学校与该村商定，在“包保责任”补一行：包家长，对象类型选“行政村”。",
    source="domain.md 3.3 G04; 方案五（四包④）",
)
def somebody_for_each_village(town: Town, policy: Policy) -> Iterator[Spot]:
    """学校联合行政村包家长，每个村都要结成对子。没有结对的村，孩子外出、辍学，村里知道了也不知道向谁说。"""
    villages, keys = complete(town["village"], "village_code"), _held(town, duty.VILLAGES)["target"]
    if not readable(town, villages["home"], "bond.bond_type", "bond.target_id").all():
        return
    lone = villages[~villages["village_code"].isin(keys)]
    for index, name in lone["village_name"].items() if len(lone) > keys.isna().sum() else ():
        yield at("village", index, "village_code", village=name)


LEFT = "{title}“{name}”已不在岗（“教职工”写{until}离岗）"
LEFT_FIX = "现在还由他负责的，请换成接手的人；其实在岗或日期写错的，请中心学校改“教职工”。"
DEED_FIX = "这里写的是当时办事的人：请核对这一行的日期，或请中心学校核对“教职工”的离岗日期；不要把以前的都改成现任。"


@rule(
    "G05",
    ERROR,
    needs=("staff.staff_id", "staff.name", "staff.active"),
    says="{title}“{name}”不在“教职工”表里",
    fix="请核对姓名或编号，写错的改正；写得没错的，请中心学校补入“教职工”（调走的也要在表里，填离岗日期）。{near}",
    source="domain.md 3.3 G05",
)
def person_not_there(town: Town, policy: Policy) -> Iterator[Spot]:
    """各表写到的教职工，必须在“教职工”表里，而且当时在岗。人已调走还挂着名，这项工作实际上没有人做。"""
    for sheet, column, cells in actors(town):
        title, people = town.schema.sheets[sheet].by_name[column].title, directory(town, "staff")
        lost = dangling(town, cells, "staff")
        for index, name, home in each(lost, "value", "home") if len(lost) else ():
            yield at(sheet, index, column, title=title, name=name, near=people.near(home, name))
        fix = LEFT_FIX if column in ONGOING and sheet not in LOGS else DEED_FIX
        left = gone(town, sheet, column, cells)
        for index, name, until in each(left, "value", "until") if len(left) else ():
            yield at(sheet, index, column, says=LEFT, fix=fix, title=title, name=name, until=f"{until:%Y-%m-%d}")


@rule(
    "G06",
    WARNING,
    needs=("staff.title", "body.title", "bond.title"),
    says="{name}的职务这里写“{written}”，{where}写“{other}”",
    fix="请统一为一种写法；本学年职务确有变动的，请在“教职工”表改为现任职务。",
    source="domain.md 3.3 G06; 方案附件1—3",
)
def titles_differ(town: Town, policy: Policy) -> Iterator[Spot]:
    """同一个人在一学年里，各表写的职务要一样。职务不一致的文件，检查时说不清谁是责任人。"""
    rows = titles(town)
    first = rows.drop_duplicates("person").set_index("person")
    rows = rows.assign(**{f"first_{name}": named(rows["person"], first[name]) for name in ("title", "where", "bare")})
    wrong = rows[(rows["sheet"] != "staff") & (rows["bare"] != rows["first_bare"])]
    for row in wrong.itertuples():
        facts = {"name": row.name, "written": row.title, "where": f"“{row.first_where}”", "other": row.first_title}
        yield at(row.sheet, row.place, "title", **facts)


@rule(
    "G07",
    INFO,
    needs=("school.school_name", "school.school_alias"),
    says="“{value}”已按“{school}”处理",
    fix="请改用与公章一致的全称；查找和汇总时，一个单位只用一个名称。",
    source="domain.md 3.3 G07; 方案正文与附件",
)
def unit_by_another_name(town: Town, policy: Policy) -> Iterator[Spot]:
    """单位名称与公章不一致（如“中心校”与“中心学校”），按常用名认出来了。打印的文件里一个单位两个名字，会被要求说明。"""
    names = school_names(town)
    for sheet in town.filled:
        for item in sheet.typed:
            if item.reference == "school":
                found = resolve(town, sheet.name, item.name)
                found = found[["value", "key"]][found["via"] == ALIAS] if ALIAS in found["via"].tolist() else ()
                for index, value, key in found.itertuples(name=None) if len(found) else ():
                    yield at(sheet.name, index, item.name, value=value, school=names.get(key, key))
    found = look_up(town, town["bond"].loc[lambda frame: frame["target_type"] == "学校", "target_name"], "school")
    for index, value, key in each(found[found["via"] == ALIAS], "value", "key"):
        yield at("bond", index, "target_name", value=value, school=names.get(key, key))
    full_names, aliases = set(map(fold, names.values())), _aliases(town, names)
    for sheet in ("body", "bond"):
        written = town[sheet]["title"].dropna()
        units = {title: _unit_in(title, full_names, aliases) for title in written.unique()}
        for index, title in written.items():
            value, school = units[title]
            if value:
                yield at(sheet, index, "title", value=value, school=school)


def _unit_in(title: str, full_names: set[str], aliases: dict[str, str]) -> tuple[str, str]:
    """The alias of a unit inside a title, and the unit's full name; both empty where there is none or the full name stands."""
    title = fold(title)
    if any(name in title for name in full_names):
        return "", ""
    return next(((alias, name) for alias, name in aliases.items() if alias in title), ("", ""))


def _aliases(town: Town, names: dict[str, str]) -> dict[str, str]:
    """Alias -> full name, the longest first."""
    called = directory(town, "school").called
    ways = ((name, key, way) for name, meant in called.items() for key, (_, way) in meant.items())
    found = {name: names.get(key, key) for name, key, way in ways if way == ALIAS}
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0])))


OF_PERSON, OF_TARGET = "编号{number}是{known}，这里的姓名写“{name}”", "编号{number}是{known}，这里的对象名称写“{name}”"


@rule(
    "G14",
    WARNING,
    needs=("bond.staff_id", "bond.name", "bond.target_id", "bond.target_name", "staff.staff_id", "staff.name"),
    says=OF_PERSON,
    fix="请核对编号和姓名（名称），改正写错的一处。",
    source="domain.md 2.8 包保责任, 责任书签订",
)
def number_and_name(town: Town, policy: Policy) -> Iterator[Spot]:
    """包保责任和责任书里，编号和姓名、对象编号和对象名称要是同一个人、同一个单位。对不上，责任就说不清是谁的。"""
    people = staff_names(town)
    villages = names_of(town, "village", "village_code", "village_name")
    pupils = names_of(town, "roster", "student_key", "name")
    schools = school_names(town)
    for sheet, number, name, known, says in (
        ("bond", "staff_id", "name", people, OF_PERSON),
        ("bond", "target_id", "target_name", villages | pupils, OF_TARGET),
        ("pledge", "party_b_id", "party_b", people | villages, OF_PERSON),
    ):
        rows = complete(of_year(town, town[sheet]), number, name)
        unit = look_up(town, rows[name], "school")["key"] == rows[number]
        signer = look_up(town, rows[name], "staff")["key"] != ""  # whether the right person signs for a school is G10's
        fits = unit | signer
        rows = complete(rows.assign(known=named(rows[number], known | schools)), "known")
        for index, key, given, right in each(rows, number, name, "known"):
            alike = fits[index] if key in schools else fold(right) in fold(given) or fold(given) in fold(right)
            if not alike:
                yield at(sheet, index, name, says=says, number=key, known=right, name=given)


@rule(
    "G16",
    WARNING,
    needs=("bond.bond_type", "bond.target_id", "bond.from", "term.start"),
    says="{target}从{day}才有人{kind}，开学（{opening}）到那天没有人负责",
    fix="请核对起始日期；以前由别人包的，补上他的一行（填截止日期）。",
    source="domain.md 2.8 包保责任起始；方案五（四包）",
)
def begun_late(town: Town, policy: Policy) -> Iterator[Spot]:
    """学校、年级、行政村的包保从开学就要有人，最迟到签责任书的时限。起始写得晚，这以前谁负责就没有着落，检查按日期看得出来。"""
    every, opening = duty.bonds(town), calendar.terms(town)["start"].min()
    if pd.isna(opening):
        return
    unsaid = every.loc[every["from"].isna(), ["kind", "target"]]
    rows = complete(every, "target")
    rows = rows[
        rows["kind"].isin((duty.SCHOOLS, duty.GRADES, duty.VILLAGES)) & (rows["from"] <= pd.Timestamp(town.as_of))
    ]
    first = rows.sort_values("from", kind="stable").drop_duplicates(["kind", "target"])
    latest = base.within(town, policy, pd.Series(opening, first.index), "pledges_within")
    first = first[(first["from"] > latest) & ~among(first, unsaid, ["kind", "target"])]
    facts = {"target": "target_name", "day": "from", "kind": "kind"}
    yield from spots(first, "bond", "from", alike={"opening": f"{opening:%Y-%m-%d}"}, **facts)


# --- Rules on 责任书 and documents: who has not signed, dates that cannot be, who is named first responsible -----------
NOT_A_SCHOOL = "甲方“{value}”不是“学校”表里的单位"
OTHERS = "甲方写{value}，乙方{party}是{school}的"


@rule(
    "G15",
    WARNING,
    needs=("pledge.pledge_type", "pledge.party_a", "pledge.party_b", "school.school_code", "school.stage"),
    says="“{kind}”的甲方应是中心学校，这里写{value}",
    fix="请照责任书原件改正甲方，单位写全称；类型选错的改类型。{near}",
    source="domain.md 2.8 责任书签订甲方；方案七-3",
)
def first_party(town: Town, policy: Policy) -> Iterator[Spot]:
    """责任书的甲方是交责任的一方：与学校签的是中心学校，与班主任、包保教师、家长、村签的是本校。甲方写错，这份责任书就落不到该管的单位头上。"""
    rows = complete(of_year(town, town["pledge"]), "pledge_type", "party_a")
    signed, names = duty.signed(town).reindex(rows.index), school_names(town)
    centres = set(town["school"].loc[town["school"]["stage"] == CENTRE, "school_code"].dropna())
    people = keyed(town, "staff", "school_code").set_axis(town["staff"]["staff_id"])
    own = named(signed["other"], mapping(town["staff"].assign(school=people.array), "staff_id", "school"))
    roster = complete(enrolment.listed(town), "student_key")
    codes = {name: code for code, name in names.items()}
    parents = {key: codes.get(home) for key, home in mapping(roster, "student_key", "home").items()}
    parents |= mapping(duty.classes_of(town), "class_id", "code")
    own = own.fillna(named(signed["other"].where(rows["pledge_type"] == duty.WITH_PARENTS), parents))
    book = directory(town, "school")
    for index, kind, value, party, code, school in zip(
        rows.index, rows["pledge_type"], rows["party_a"], rows["party_b"], signed["school"], own, strict=True
    ):
        facts = {"value": value, "near": ""}
        if pd.isna(code):
            yield at("pledge", index, "party_a", says=NOT_A_SCHOOL, **facts | {"near": book.near("", value)})
        elif kind == duty.WITH_SCHOOL and centres and code not in centres:
            yield at("pledge", index, "party_a", kind=kind, **facts)
        elif kind != duty.WITH_SCHOOL and not pd.isna(school) and school != code:
            yield at(
                "pledge", index, "party_a", says=OTHERS, party=called(party), school=names.get(school, school), **facts
            )


UNSIGNED = {
    duty.WITH_SCHOOL: "{name}没有与中心学校签订责任书",
    duty.WITH_TEACHER: "{name}没有与学校签订责任书",
    duty.WITH_VILLAGE: "{school}没有与{name}签订责任书",
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
    rows = base.overdue(town, policy, limits.PLEDGED).reset_index(drop=True)
    if not readable(town, pd.Series([CENTRE]), "pledge.pledge_type", "pledge.party_b", "pledge.party_b_id").all():
        return
    signed = duty.signed(town)
    for kind, says in UNSIGNED.items():
        own = rows[rows["kind"] == kind]
        # one whose parties cannot be made out may be the one that seems to be missing
        unclear = signed["other"].isna() | (signed["school"].isna() & (kind == duty.WITH_VILLAGE))
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
        rows = of_year(town, rows) if "school_year" in rows else rows
        earliest = plan if lasts or plan >= spring else spring
        limit = said if earliest == plan else f"本学年的准备（{spring:%Y-%m-%d}）"
        yield from spots(rows[rows[column] < earliest], sheet, column, day=column, alike={"limit": limit})
        late = rows[rows[column] > end]
        yield from spots(late, sheet, column, says=AFTERWARDS, day=column, alike={"year": town.year})


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
    people = complete(staff, "staff_id").drop_duplicates("staff_id").set_index("staff_id")
    titles = people["title"].fillna("")
    told = people["title"].notna() & people["roles"].notna()
    chief = people["roles"].fillna("").str.split("、").map(lambda roles: "校长" in roles)
    chief |= titles.str.contains(PRINCIPAL)
    others = people.index[told & ~chief.astype(bool)]
    for index, school, key in each(schools[schools["key"].isin(others)], "school_name", "key"):
        name = people["name"].get(key)
        yield at("school", index, "principal", school=school, name=name, title=titles[key])

    principals = dict(zip(schools["school_code"], schools["key"].fillna(""), strict=True))
    centre = schools[schools["stage"] == CENTRE]
    first = centre["key"].iloc[0] if len(centre) else ""
    leaders = town["body"][(town["body"]["body"] == "领导组") & (town["body"]["role"] == "组长")]
    leaders = complete(leaders.assign(key=keyed(town, "body", "staff_id").reindex(leaders.index)), "key")
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


def _signers(town: Town) -> Iterator[tuple[int, str, str, str]]:
    """(row, column, school code, staff id) where a person and not the school's name stands as 乙方 of 中心校-学校."""
    rows = of_year(town, town["pledge"])
    rows = rows[rows["pledge_type"] == duty.WITH_SCHOOL]
    schools = duty.signed(town)["other"].reindex(rows.index)
    for column in ("party_b", "party_b_id"):
        found = look_up(town, rows[column], "staff")["key"]
        found = found[found != ""]
        school = schools.reindex(found.index).fillna("")
        yield from zip(found.index, [column] * len(found), school, found, strict=True)
        rows = rows[~rows.index.isin(found.index)]


RULES = (one_person_for_each_school, leader_for_each_grade, somebody_for_each_village, person_not_there,
         titles_differ, unit_by_another_name, number_and_name, begun_late, first_party, pledge_missing, date_of_document, first_responsible)  # fmt: skip
