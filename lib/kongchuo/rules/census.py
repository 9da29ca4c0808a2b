"""Rules on 适龄儿童摸底: who is missing in it or on the rosters, who is one person under two names, what the comparison of lists left open."""

import math
from collections.abc import Iterator

import pandas as pd

from ..core.findings import ERROR, WARNING
from ..core.policy import Policy
from ..core.tables import Town, called, complete, each, no, of_year, row_of
from ..due import base, enrolment as limits
from ..facts import enrolment
from ..facts.identity import check_right, own_numbers
from ..facts.references import dated, keyed, look_up, maybe_listed, named, school_names, tally
from .base import GONE, LISTS, Spot, at, readable, rule, spots


@rule(
    "X01",
    WARNING,
    needs=("roster.student_key", "roster.village_code", "census.student_key"),
    says="{name}在{school}花名册中，户籍在本镇，但摸底登记没有此人",
    fix="请到户核实后补入“摸底登记”；已登记的，请核对两边的学生编号是否一致。",
    source="domain.md 3.2 X01",
)
def not_in_census(town: Town, policy: Policy) -> Iterator[Spot]:
    """户籍在本镇的在籍学生，摸底登记里应当有他。漏登说明摸底没有到户，别的漏登儿童也可能没有入学。"""
    roster, census = town["roster"], town["census"]
    if census.empty or not readable(town, census["home"], "census.student_key").all():
        return
    rows = roster[roster["village_code"].notna() & roster["student_key"].notna() & ~roster["status"].isin(GONE)]
    rows = rows[~rows["student_key"].isin(census["student_key"]) & ~maybe_listed(town, rows, "census")]
    yield from spots(rows, "roster", "student_key")


@rule(
    "X02",
    ERROR,
    needs=("census.study_status", "census.student_key", "census.birth_date", "roster.student_key"),
    says="{name}摸底为本镇在读，但各校花名册均无此人",
    fix="请核实孩子现在哪里：在读的请学校补入花名册，不在读的改正就学状态并按疑似辍学处理。",
    source="domain.md 3.2 X02",
)
def on_no_roster(town: Town, policy: Policy) -> Iterator[Spot]:
    """摸底登记写“本镇在读”的适龄儿童，必须在某一所学校的花名册上。两边都以为孩子在对方，正是流失最容易被漏掉的地方。

    只有入户以前就已转出、毕业的旧行，也等于没有；入户以后才转出的，看转往的学校接收了没有（X55）。
    """
    census, roster = town["census"], town["roster"]
    rows = census[
        (census["study_status"] == "本镇在读")
        & census["student_key"].notna()
        & enrolment.of_age(town, policy, census["birth_date"])
    ]
    held = roster[~roster["status"].isin(GONE) | ~town.known("roster", "status")]
    left = roster.loc[roster["status"].isin(GONE)].groupby("student_key")["status_date"].max()
    left = dated(rows["student_key"], left)
    since = ~rows["student_key"].isin(roster["student_key"]) | (left <= rows["visit_date"])
    rows = rows[~rows["student_key"].isin(held["student_key"]) & since & ~maybe_listed(town, rows, "roster")]
    unread = town.unread_homes("roster", "student_key")
    if unread:  # the child may be on a roster that could not be read, unless the census names a school that was
        schools = named(look_up(town, rows["study_school"], "school")["key"], school_names(town)).reindex(rows.index)
        rows = rows[schools.notna() & ~schools.isin(unread)]
    yield from spots(rows, "census", "student_key")


SAME_PERSON = "{name}与另一人（{others}）姓名、出生日期相同，证件号码不同"
SAME_KEY = "{name}在{others}也有，学生编号、姓名、出生日期都一样，两处的证件号码却不同，有一处抄错了"
SAME_KEY_FIX = "请对照户口簿逐位核对两处的证件号码，改正抄错的一处。"


@rule(
    "X05",
    ERROR,
    needs=("roster.id_no", "census.id_no"),
    says="同一证件号码对应不同姓名：{name}／{others}",
    fix="请对照户口簿核对各处的姓名、出生日期和证件号码，改正错的一处。",
    source="domain.md 3.2 X05",
)
def one_number_two_names(town: Town, policy: Policy) -> Iterator[Spot]:
    """同一个证件号码下只能有一个人。号码相同姓名不同，是录错了人或写错了字；姓名和出生日期都相同而号码不同，多半是号码录错。"""
    people = pd.concat([_people(town, sheet) for sheet in LISTS])
    for row, rest in _conflicts(people, ["id_no"], "name"):
        others = "、".join(dict.fromkeys(rest["name"]))
        yield at(row.sheet, row.place, "name", name=row.name, others=others)
    sound = complete(people[check_right(people["id_no"])], "birth_date")
    titles = {sheet: town.schema.sheets[sheet].title for sheet in LISTS}
    for row, rest in _conflicts(sound, ["name", "birth_date"], "id_no"):
        where = zip(rest["home"], rest["sheet"].map(titles), row_of(rest["place"]), strict=True)
        others = "、".join(dict.fromkeys(f"{home}“{title}”第{number}行" for home, title, number in where))
        says, fix = (SAME_KEY, SAME_KEY_FIX) if (rest["student_key"] == row.student_key).all() else (SAME_PERSON, "")
        yield at(row.sheet, row.place, "id_no", severity=WARNING, says=says, fix=fix, name=row.name, others=others)


def _people(town: Town, sheet: str) -> pd.DataFrame:
    frame = town[sheet][["home", "name", "birth_date", "student_key"]].assign(id_no=own_numbers(town, sheet))
    return complete(frame, "id_no", "name").assign(sheet=sheet, place=lambda rows: rows.index)


def _conflicts(people: pd.DataFrame, same: list[str], differing: str) -> Iterator[tuple[object, pd.DataFrame]]:
    """Rows of groups that agree in `same` but not in `differing`, each with the rows of its group that it conflicts with."""
    wrong = people[people.groupby(same)[differing].transform("nunique") > 1]
    for _, group in wrong.groupby(same):
        for row, value in zip(group.itertuples(index=False), group[differing], strict=True):
            yield row, group[group[differing] != value]


# --- children who should be in school ---------------------------------------------------------------------------------
@rule(
    "X03",
    ERROR,
    needs=("census.study_status", "census.birth_date", "census.visit_date"),
    says="{name}的就学状态自{since}入户起待核实已{days}天，最长{limit}天",
    fix="请再入户或电话查清孩子现在哪里就读，改正就学状态；没有就读的按疑似辍学处理。",
    source="domain.md 3.2 X03, 7.1",
)
def not_verified(town: Town, policy: Policy) -> Iterator[Spot]:
    """适龄儿童的就学状态一时查不清，可以先写“待核实”，但要限期查清。一直挂着待核实，就等于没有人知道孩子在不在学校。"""
    rows = base.state(town, policy, limits.UNVERIFIED)
    rows = rows[rows["late"] & enrolment.of_age(town, policy, town["census"].loc[rows.index, "birth_date"])]
    rows, limit = rows.assign(number=(pd.Timestamp(town.as_of) - rows["start"]).dt.days), policy["unverified_max_days"]
    yield from spots(rows, "census", "study_status", since="start", days="number", alike={"limit": limit})


def surveyed(town: Town) -> pd.DataFrame:
    """The census rows of this school year, but for those of visits still to come."""
    rows = of_year(town, town["census"])
    return rows[~(rows["visit_date"] > pd.Timestamp(town.as_of))]


# 休学 has an end and rules of its own (X20, X21)
SETTLED = ("本镇在读", "镇外在读", "送教上门", "休学", "已完成九年")


@rule(
    "X43",
    WARNING,
    needs=("census.birth_date", "census.study_status", "census.note"),
    says="{name}已超龄（{born}出生），没有完成九年义务教育，就学状态为“{status}”，没有写明处置",
    fix="请在备注写明处置：劝返、职校就读、已务工等，及核实日期；其实已完成九年的，改正就学状态。",
    source="domain.md 3.2 X43, 2.1",
)
def over_age_and_not_in_school(town: Town, policy: Policy) -> Iterator[Spot]:
    """过了义务教育年龄、没有读完九年、又不在学校的孩子，义务仍没有完成。要写明怎样处置，不能因为超龄就从名单上消失。"""
    rows = surveyed(town)
    rows = rows[rows["study_status"].notna() & ~rows["study_status"].isin(SETTLED)]
    rows = rows[enrolment.over_age(town, policy, rows["birth_date"])]
    rows = rows[rows["note"].isna() & town.known("census", "note").reindex(rows.index)]
    yield from spots(rows, "census", "note", born="birth_date", status="study_status")


APPROVAL = r"[0-9]|[〇零一二三四五六七八九十百]号"  # what the number of a paper has, and 无, 待批, 口头同意 have not
DELAYED = {"census": ("study_status", "延缓入学"), "disabled": ("placement", "延缓入学(已批准)")}


@rule(
    "X44",
    ERROR,
    needs=("census.study_status", "census.delay_no", "disabled.placement", "disabled.delay_no"),
    says="{name}延缓入学，缺批准文号{written}",
    fix="请填镇政府或县教体局批准文件的文号；没有批准的不是延缓入学，请改为未入学，动员入学。",
    source="domain.md 3.2 X44; 义务教育法第十一条",
)
def delay_without_approval(town: Town, policy: Policy) -> Iterator[Spot]:
    """适龄儿童因身体状况延缓入学，要由家长申请，镇政府或县级教育部门批准。没有文号就没有批准，孩子应当在学校里。"""
    for sheet, (column, value) in DELAYED.items():
        rows = surveyed(town) if sheet == "census" else town[sheet]
        rows = rows[(rows[column] == value) & town.known(sheet, "delay_no").reindex(rows.index)]
        rows = rows[~rows["delay_no"].fillna("").str.contains(APPROVAL)]
        rows = rows.assign(written=("，写的是“" + rows["delay_no"] + "”").fillna(""))
        yield from spots(rows, sheet, "delay_no", written="written")


OLD_PROOF = "{name}的镇外就读证明是{since}入户时见到的，已超过{limit}个学年"


@rule(
    "X45",
    WARNING,
    needs=("census.study_status", "census.proof", "census.visit_date"),
    says="{name}在镇外就读，没有就读证明",
    fix="请向家长或就读学校要本学年的学籍截图或在读证明存档，改正这一格和入户日期；查不到的按疑似辍学处理。",
    source="domain.md 3.2 X45",
)
def away_without_proof(town: Town, policy: Policy) -> Iterator[Spot]:
    """说在镇外读书，要有学籍截图或在读证明，每学年核一次。证明没有日期，以见到它的入户日期算。口头说在外地读书，最容易掩盖辍学。"""
    rows = surveyed(town)
    rows = rows[(rows["study_status"] == "镇外在读") & town.known("census", "proof").reindex(rows.index)]
    without = rows[rows["proof"].isna() | (rows["proof"] == "无")]
    yield from spots(without, "census", "proof")
    old = base.state(town, policy, limits.PROOFS)
    old = old[old["late"] & ~old.index.isin(without.index)]
    yield from spots(old, "census", "proof", since="start", says=OLD_PROOF, alike={"limit": policy["away_proof_years"]})


ON_THE_ROSTER = "{name}在{school}花名册上为“辍学”，辍学台账里没有他"


@rule(
    "X57",
    ERROR,
    needs=(
        *("census.study_status", "census.birth_date", "census.student_key", "roster.status"),
        *("suspected.student_key", "dropout.student_key"),
    ),
    says="{name}摸底登记为“{status}”，疑似辍学台账和辍学台账里都没有他",
    fix="请户籍所在村对应的学校当天上门核实：没有上学的记入“疑似辍学台账”，报中心学校，动员入学；已在别处上学的，改正就学状态并留证明。",
    source="domain.md 1.1 目标①③, 2.3 就学状态; 谁的学生谁负责",
)
def away_and_on_no_ledger(town: Town, policy: Policy) -> Iterator[Spot]:
    """查出来辍学、未入学的适龄儿童，必须有一所学校列入台账去劝返。摸底知道他没有上学，台账里却没有，就没有人去管。花名册上写辍学的也一样。"""
    ledgers = ("suspected", "dropout")
    cases = pd.concat([town[sheet]["student_key"] for sheet in ledgers]).dropna()
    rows = complete(surveyed(town), "student_key")
    rows = rows[rows["study_status"].isin(("辍学", "未入学")) & enrolment.of_age(town, policy, rows["birth_date"])]
    rows = rows[~rows["student_key"].isin(cases) & ~maybe_listed(town, rows, *ledgers)]
    if not any(town.unread_homes(sheet, "student_key") for sheet in ledgers):  # else it may be on one that was not read
        yield from spots(rows, "census", "study_status", status="study_status")
    pupils = complete(town["roster"], "student_key")
    pupils = pupils[(pupils["status"] == "辍学") & ~pupils["student_key"].isin(town["dropout"]["student_key"])]
    pupils = pupils[readable(town, pupils["home"], "dropout.student_key") & ~maybe_listed(town, pupils, "dropout")]
    yield from spots(pupils, "roster", "status", says=ON_THE_ROSTER)


# 就学状态 -> the ages at which it can be true, from and to, as years more than age_min
AGES = {
    "学前": (-math.inf, 0),  # a year late is not rare: due this autumn, and at school from the next
    "本镇在读": (-2, math.inf),
    "镇外在读": (-2, math.inf),
    "辍学": (0, math.inf),
    "已完成九年": (8, math.inf),  # who entered a year early is fourteen
}


@rule(
    "X58",
    WARNING,
    needs=("census.birth_date", "census.study_status"),
    says="{name}{born}出生，{date}满{age}岁，就学状态却是“{status}”",
    fix="请核对出生日期和就学状态；到了入学年龄还没有入学的，改为“未入学”，动员入学，经批准的写“延缓入学”。",
    source="domain.md 2.1 适龄, 2.3 学龄类别与就学状态",
)
def status_and_age(town: Town, policy: Policy) -> Iterator[Spot]:
    """就学状态要与年龄对得上：过了入学年龄一年多还写“学前”，就是没有入学；十来岁不可能已完成九年。状态写错，孩子就从应入学的人数里消失了。"""
    rows = surveyed(town)
    rows = rows[rows["study_status"].isin(AGES) & rows["birth_date"].notna()]
    rows = rows.assign(age=enrolment.ages(town, policy, rows["birth_date"]) - policy["age_min"])
    ages = zip(rows["age"].tolist(), map(AGES.get, rows["study_status"].tolist()), strict=True)
    rows = rows[pd.Series([not least <= age <= most for age, (least, most) in ages], rows.index, dtype="bool")]
    for index, name, born, age, status in each(rows, "name", "birth_date", "age", "study_status"):
        facts = {"born": f"{born:%Y-%m-%d}", "date": f"{town.year[:4]}-{policy['age_date']}", "status": status}
        yield at("census", index, "study_status", name=called(name), age=age + policy["age_min"], **facts)


# --- Rules on 人籍核查: differences without a type, and classes nobody has checked this term ----------------------------
LISTED_IN = ("in_register", "in_rollbook", "in_seating", "in_homework", "name_ok")


@rule(
    "X27",
    ERROR,
    needs=tuple(f"reconcile.{name}" for name in (*LISTED_IN, "diff_type")),
    says="{name}{which}为“否”，没有填差异类型",
    fix="请在“差异类型”选一项，并写明处理措施和整改期限。",
    source="domain.md 3.2 X27",
)
def difference_without_type(town: Town, policy: Policy) -> Iterator[Spot]:
    """学籍表、点名册、座次表、作业四处只要有一处没有这个学生（或姓名不一致），就要写明是哪种差异，否则查出了问题却无法整改。"""
    frame = town["reconcile"]
    columns = town.schema.sheets["reconcile"].by_name
    denied = pd.DataFrame({columns[name].title: no(frame[name]) for name in LISTED_IN})
    wrong = denied.any(axis=1) & frame["diff_type"].isna() & town.known("reconcile", "diff_type")
    for index, name in frame.loc[wrong, "name"].items():
        which = "、".join(f"“{title}”" for title in denied.columns[denied.loc[index]])
        yield at("reconcile", index, "diff_type", name=called(name), which=which)


@rule(
    "X28",
    WARNING,
    needs=("reconcile.date", "reconcile.class_id", "class.class_id", "term.start", "term.end"),
    says="{school}{class_name}{term}没有做人籍核查",
    fix="请按学籍表、点名册、座次表、作业逐人核对，一人一行记入“人籍核查”；每学期开学后{weeks}周内各班至少一次。",
    source="domain.md 3.2 X28, 7; 方案五（人籍核查制度）",
)
def class_not_checked(town: Town, policy: Policy) -> Iterator[Spot]:
    """每个班每学期至少做一次人籍核查，开学后几周内完成。不核查，有籍无人、有人无籍就发现不了，空挂学籍也说不清。"""
    _, last = policy["register_check_weeks"]
    rows = base.overdue(town, policy, limits.CHECKED).reset_index(drop=True)
    books = {book.home: town.place_of(book.name) for book in town.holding("reconcile")}
    rows = rows.assign(workbook=rows["home"].map(books))
    rows = rows[readable(town, rows["home"], "reconcile.date", "reconcile.class_id")]
    tells = rows["home"].isin(town["roster"]["home"]) & readable(town, rows["home"], "roster.class_id", "roster.status")
    rows = rows[~tells | (enrolment.due(town, rows["class_id"], rows["due"])["number"] > 0)]
    checks = town["reconcile"].assign(class_id=keyed(town, "reconcile", "class_id"))
    rows = rows[~rows["class_id"].isin(checks.loc[checks["date"].isna(), "class_id"])]
    # a check whose class cannot be made out may be the one that seems to be missing
    lost = checks[checks["class_id"].isna()].groupby("home")["check_id"].nunique()
    rows = rows[rows.groupby(["home", "term"])["class_id"].transform("size") > tally(rows["home"], lost)]
    yield from spots(rows, "reconcile", class_name="name", term="term", place="workbook", alike={"weeks": last})


RULES = (not_in_census, on_no_roster, one_number_two_names, not_verified, over_age_and_not_in_school,
         delay_without_approval, away_without_proof, away_and_on_no_ledger, status_and_age, difference_without_type,
         class_not_checked)  # fmt: skip
