"""Rules on 学籍: one pupil on two rosters, keys and classes that disagree with the roster, numbers that do not balance."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR, INFO, WARNING
from ...core.policy import Policy
from ...core.tables import Town, mapping
from ...field import clocks, deadlines, rolls
from ...field.ages import grade_due
from ...field.deadlines import changes as limits
from ...field.identity import birth, own_numbers
from ...field.references import class_names, keyed, tally
from .balance import entries
from .base import Spot, at, called, readable, rule, yes
from .pupils import LISTS, maybe_listed, person

# what the reckoning of X26 cannot do without
RECKONED = (
    "baseline.base_state",
    "baseline.class_id",
    "change.kind",
    "change.date",
    "roster.status",
    "roster.class_id",
)
ACTIVE = (*rolls.AT_SCHOOL, "休学")


@rule(
    "X04",
    ERROR,
    needs=("roster.id_no", "roster.status_no", "roster.status"),
    says="{name}同时在{school}与{others}的花名册上，疑似重复学籍",
    fix="请两校核对：人在哪里就读、学籍在哪里；不在读的一方改正在籍状态并记入“学生变动”。",
    source="domain.md 3.2 X04",
)
def on_two_rosters(town: Town, policy: Policy) -> Iterator[Spot]:
    """同一个证件号码或学籍号，不能同时在两所学校在读、送教或休学。重复学籍会让人数虚高，孩子真的离开时也没有人发现。"""
    roster = town["roster"].assign(id_no=own_numbers(town, "roster"))
    rows = roster[roster["status"].isin(ACTIVE) & ~yes(roster["guest"])]
    said: set[tuple[str, int]] = set()
    for column in ("id_no", "status_no"):
        held = rows.dropna(subset=[column])
        twice = held[held.groupby(column)["home"].transform("nunique") > 1]
        homes = twice.groupby(column)["home"].agg(lambda names: sorted(set(names)))
        for index, number, name, school in twice[[column, "name", "home"]].itertuples(name=None):
            if index not in said:
                others = "、".join(home for home in homes[number] if home != school)
                yield at("roster", index, column, name=called(name), school=school, others=others)
                said.add(index)


UNKNOWN = "编号{key}（{name}）在各校花名册和摸底登记中都找不到"


@rule(
    "X06",
    ERROR,
    needs=("roster.student_key", "roster.name", "census.student_key"),
    says="编号{key}在花名册中是“{known}”，这里写的是“{name}”",
    fix="请照花名册核对学生编号和姓名，改正错的一处。",
    source="domain.md 3.2 X06",
)
def key_and_name_disagree(town: Town, policy: Policy) -> Iterator[Spot]:
    """各表里的学生编号和姓名要与花名册是同一个人。编号错一位，缺勤、劝返、资助就会记到别的孩子名下。"""
    lists = [town[sheet] for sheet in LISTS]
    lists += (
        [town.before["roster"]] if town.before else []
    )  # a sixth-grader who has left is written of by last year's key
    listed = pd.concat([frame[["student_key", "name"]] for frame in lists]).dropna(subset=["student_key"])
    named, people = listed.dropna(subset=["name"]), set(person(listed).dropna())
    rosters_unread = bool(town.unread_homes("roster", "student_key"))
    for sheet in town.filled:
        if sheet.name in LISTS or not {"student_key", "name"} <= set(sheet.by_name):
            continue
        rows = town[sheet.name].dropna(subset=["student_key", "name"])
        rows = rows[[who not in people for who in person(rows).tolist()]]
        if rows.empty:
            continue
        other = rows[rows["student_key"].isin(named["student_key"])]
        for index, key, name in other[["student_key", "name"]].itertuples(name=None):
            known = "／".join(dict.fromkeys(named.loc[named["student_key"] == key, "name"]))
            yield at(sheet.name, index, "name", key=key, name=name, known=known)
        judged = readable(town, rows["home"], "roster.student_key", "census.student_key")
        lost = rows[~rows["student_key"].isin(listed["student_key"]) & judged]
        if town.schema.book_of[sheet.name].owner == "centre" and rosters_unread:
            continue
        if sheet.name == "family_plan":  # families also have children at other stages, who are on no roster of ours
            lost = lost[~lost["stage_grade"].fillna("").str.contains("高|职|大|学前|幼")]
        lost = lost[~maybe_listed(town, lost, *LISTS)]
        for index, key, name in lost[["student_key", "name"]].itertuples(name=None):
            yield at(sheet.name, index, "student_key", says=UNKNOWN, key=key, name=name)


DATED = {  # sheet -> the date on which its class must be the roster's; "": as of now
    "baseline": "base_date",
    "reconcile": "date",
    "absence": "date",
    "watch": "found",
    "suspected": "found",
    "dropout": "drop_date",
    "pupil_plan": "listed",
    "leftbehind": "",
    "others": "",
}


@rule(
    "X07",
    WARNING,
    needs=("roster.student_key", "roster.class_id", "change.date", "change.kind"),
    says="{name}的班级写成{written}，花名册上当时在{held}",
    fix="请照花名册改正班级；确实调过班的，请先在“学生变动”记“跨班调整”。",
    source="domain.md 3.2 X07",
)
def class_differs(town: Town, policy: Policy) -> Iterator[Spot]:
    """台账里的班级要与学生当天所在的班一致。班级写错，班主任看不到自己的学生，班级的出勤和积分也会算错。"""
    spells = rolls.spells(town)
    spells = spells[spells["class_id"].notna() & (spells["state"] != rolls.NOT_HERE)]
    spells = spells[["home", "student_key", "class_id", "start", "end"]].dropna(subset=["student_key"])
    labels = class_names(town)
    for sheet, column in DATED.items():
        if town[sheet].empty:
            continue
        frame = town[sheet].assign(written=keyed(town, sheet, "class_id"))
        rows = frame.drop(columns="class_id").assign(
            since=frame[column] if column else pd.Timestamp(town.as_of),
            until=frame[column] if column else rolls.LAST,
            place=list(frame.index),
        )
        rows = rows.dropna(subset=["student_key", "written", "since"])
        rows = rows[
            (rows["since"] >= f"{town.year[:4]}-09-01") & readable(town, rows["home"], "roster.class_id", "change.kind")
        ]
        both = rows[["home", "student_key", "name", "written", "since", "until", "place"]].merge(
            spells, on=["home", "student_key"]
        )
        both = both[(both["start"] <= both["until"]) & (both["since"] < both["end"])]
        right = set(both.loc[both["written"] == both["class_id"], "place"])
        wrong = both[~both["place"].isin(right)].drop_duplicates("place")
        for place, name, written, held in wrong[["place", "name", "written", "class_id"]].itertuples(
            index=False, name=None
        ):
            facts = {"name": called(name), "written": labels.get(written, written), "held": labels.get(held, held)}
            yield at(sheet, place, "class_id", **facts)


@rule(
    "X26",
    ERROR,
    needs=RECKONED,
    says="{unit}人数对不上：学年初{base}人，后来增加{more}人、减少{less}人，现在应有{due}人，花名册在校{held}人{whose}",
    fix="请核对这些学生：花名册漏了的补上；改了在籍状态的，要在“学生变动”有记录；记了变动的，花名册的状态和班级也要改。",
    source="domain.md 3.2 X26, 4.1 D01",
)
def numbers_do_not_balance(town: Town, policy: Policy) -> Iterator[Spot]:
    """期初人数加增加减减少，要等于花名册现在的在校人数（在读和送教上门），逐班逐校都要平。不平就是有学生走了没记，或记了没改。"""
    rows = entries(town, policy)
    judged = readable(town, rows["home"], *RECKONED)
    for sheet in ("baseline", "roster"):  # where one has no rows at all, R12 says so
        judged &= rows["home"].isin(town[sheet]["home"])
    rows = rows[judged]
    by_class, by_home = rolls.doubts(town)
    slack = tally(rows["class_id"], by_class) + tally(rows["home"], by_home)
    wrong = rows[rows.groupby(["home", "class_id"])["delta"].transform("sum").abs() > slack]
    labels = class_names(town)
    for (home, class_id), unit in wrong.groupby(["home", "class_id"]):
        yield _unbalanced(unit, f"{home}{labels.get(class_id, class_id)}")
    # what belongs to no known class shows in the school's sum only
    rest = rows[~rows["home"].isin(wrong["home"])]
    by_classes = tally(rest["class_id"], by_class)[~rest.duplicated("class_id")].groupby(rest["home"]).sum()
    slack = tally(rest["home"], by_classes) + tally(rest["home"], by_home)
    wrong = rest[rest.groupby("home")["delta"].transform("sum").abs() > slack]
    for home, unit in wrong.groupby("home"):
        yield _unbalanced(unit, home)


PLACED_AT = {"roster": "status", "change": "kind", "baseline": "base_state"}  # where to look first


def _unbalanced(unit: pd.DataFrame, title: str) -> Spot:
    """The spot of a class or school whose entries do not add up to 0, at a pupil whose own entries do not."""
    alone = unit.groupby("student_key")["delta"].transform("sum").fillna(unit["delta"])
    odd = unit[alone != 0]
    names = list(dict.fromkeys(called(name) for name in odd["name"]))
    whose = "、".join(names[:5]) + (f"等{len(names)}人" if len(names) > 5 else "")
    parts = unit.groupby("part")["delta"].sum().abs().reindex(["base", "more", "less", "held"]).fillna(0).astype(int)
    sheet = next(sheet for sheet in PLACED_AT if (odd["sheet"] == sheet).any())
    place = min(odd.loc[odd["sheet"] == sheet, "place"])
    due = parts["base"] + parts["more"] - parts["less"]
    return at(sheet, place, PLACED_AT[sheet], unit=title, due=due, whose=f"；对不上的：{whose}", **parts)


@rule(
    "X42",
    INFO,
    needs=("roster.birth_date", "roster.class_id", "roster.status", "class.grade"),
    says="{name}{born}出生，按年龄应读{due}，现在在{grade}年级，相差{count}年",
    fix="请核对出生日期和班级；确因留级、跳级、晚入学或残疾的不用改，可在备注写明。",
    source="domain.md 3.2 X42, 2.1",
)
def grade_and_age(town: Town, policy: Policy) -> Iterator[Spot]:
    """到了基准日满入学年龄的孩子读一年级，逐年往上。年级与年龄差得太多，多半是日期或班级填错，也可能是辍过学、容易再辍学的孩子。"""
    roster = rolls.listed(town)
    rows = roster[roster["status"].isin(ACTIVE)].dropna(subset=["birth_date", "class_id"])
    classes = town["class"].dropna(subset=["class_id", "grade"])
    grade = tally(rows["class_id"], mapping(classes, "class_id", "grade"))
    due = grade_due(town, policy, rows["birth_date"]).astype("int64")
    told = birth(own_numbers(town, "roster")).reindex(rows.index)  # where the number says otherwise, F05 says so
    wrong = (
        (grade > 0) & ((grade - due).abs() >= policy["age_grade_gap"]) & (told.isna() | (told == rows["birth_date"]))
    )
    rows = rows.assign(grade=grade, due=due)[wrong]
    for index, name, day, held, right in rows[["name", "birth_date", "grade", "due"]].itertuples(name=None):
        expected = f"{right}年级" if 1 <= right <= 9 else "小学以前" if right < 1 else "九年级以后"
        facts = {"name": called(name), "born": f"{day:%Y-%m-%d}", "due": expected}
        yield at("roster", index, "birth_date", grade=held, count=abs(held - right), **facts)


@rule(
    "X48",
    WARNING,
    needs=("roster.guest", "roster.status", "roster.status_date"),
    says="{school}{name}借读已{days}天，学籍还不在本校",
    fix="请联系原学籍学校办理转学，办好后“借读”改为“否”；不能转的报中心学校说明。",
    source="domain.md 3.2 X48",
)
def guest_too_long(town: Town, policy: Policy) -> Iterator[Spot]:
    """人在本校、学籍在外校的借读，要尽快转学籍。拖得久了，两边都以为对方在管，孩子走了谁也不知道。"""
    rows = deadlines.state(town, policy, limits.GUESTS)
    rows = rows[rows["late"]]
    days = clocks.elapsed(town, rows["start"], town.as_of, clocks.DAY)
    for index, school, name, number in rows.assign(number=days)[["home", "name", "number"]].itertuples(name=None):
        yield at("roster", index, "guest", school=school, name=called(name), days=number)


@rule(
    "X65",
    INFO,
    needs=("roster.seat_no", "roster.class_id", "roster.status"),
    says="{name}的班内学号{seat}与第{other}行同班同学重复",
    fix="请核对点名册，改正其中一个；学号只在同一个班里不重复。",
    source="domain.md 2.4 班内学号",
)
def seat_taken_twice(town: Town, policy: Policy) -> Iterator[Spot]:
    """同一个班里在校学生的班内学号不能重复。重复的多半是抄行时没有改，另一格也可能抄错了。"""
    rows = rolls.listed(town)
    rows = rows[rows["status"].isin(rolls.AT_SCHOOL)].dropna(subset=["class_id", "seat_no"])
    keys = ["home", "class_id", "seat_no"]
    for _, own in rows[rows.duplicated(keys, keep=False)].groupby(keys):
        (_, other), *_ = own.index
        for index, name, seat in own.iloc[1:][["name", "seat_no"]].itertuples(name=None):
            yield at("roster", index, "seat_no", name=called(name), seat=seat, other=other)


RULES = (
    on_two_rosters,
    key_and_name_disagree,
    class_differs,
    numbers_do_not_balance,
    grade_and_age,
    guest_too_long,
    seat_taken_twice,
)
