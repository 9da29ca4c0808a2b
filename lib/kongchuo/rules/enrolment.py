"""Rules on 学籍: one pupil on two rosters, keys and classes that disagree, numbers that do not balance, the handover to junior school."""

from collections.abc import Iterator

import pandas as pd

from ..core.findings import ERROR, INFO, WARNING
from ..core.numbers import some
from ..core.policy import Policy
from ..core.schema import LAST_PRIMARY
from ..core.tables import Town, among, called, complete, each, mapping, no, of_year, row_of, yes
from ..due import base, enrolment as limits
from ..facts import attendance, calendar, cases as case_facts, enrolment
from ..facts.child_lists import sixth_graders
from ..facts.identity import birth, own_numbers
from ..facts.references import class_grades, class_names, keyed, maybe_listed, tally
from .base import LISTS, Spot, at, readable, rule, spots

# --- The entries that make up the number of pupils of a class: the baseline, what came, what went, and the roster against them ---
# For rule X26: over a class and over a school all entries add up to nothing (domain.md 4.1, D01).
COLUMNS = ["home", "class_id", "student_key", "name", "delta", "part", "sheet", "place"]


def entries(town: Town, policy: Policy) -> pd.DataFrame:
    """One row an entry: home, class_id, student_key, name, delta, part (base, more, less, held), sheet, place (its index).

    +1 a pupil of the baseline or one who came, -1 one who went or stands on the roster at school; 0 one who is no more at
    school, only to show where he or she stands.
    """
    roster = enrolment.listed(town)
    here = roster["status"].isin(enrolment.AT_SCHOOL).astype("int64")
    roster = roster.assign(delta=-here, part="held", sheet="roster")
    base = _baseline(town)
    base = base[base["base_state"].isin(enrolment.AT_SCHOOL)].assign(delta=1, part="base", sheet="baseline")
    frames = [frame.assign(place=list(frame.index))[COLUMNS] for frame in (base, roster)]
    moved = pd.DataFrame(list(_changes(town, policy)), columns=COLUMNS)
    return pd.concat([*frames, moved.astype({"class_id": "str"})], ignore_index=True)


def _baseline(town: Town) -> pd.DataFrame:
    return enrolment.each_once(town["baseline"].assign(class_id=keyed(town, "baseline", "class_id")))


def _changes(town: Town, policy: Policy) -> Iterator[tuple]:
    """The entries of 学生变动, event by event in the order of time.

    An entry that changes nothing is left out: leaving of somebody who is on leave already, and what the baseline already holds.
    """
    base, roster = complete(_baseline(town), "student_key"), enrolment.listed(town)
    here = {pair: state in enrolment.AT_SCHOOL for pair, state in _by_pupil(base, "base_state").items()}
    classes = _by_pupil(complete(roster, "student_key"), "class_id") | _by_pupil(base, "class_id")
    frozen = base.groupby("home")["base_date"].agg(lambda days: days.mode().iloc[0] if days.notna().any() else pd.NaT)
    usual = pd.Timestamp(f"{town.year[:4]}-{policy['baseline_date']}")
    columns = ["home", "student_key", "name", "date", "kind", "class_from", "class_to"]
    for place, home, key, name, date, kind, left, joined in each(enrolment.changes(town), *columns):
        pair, day = (home, key), frozen.get(home, usual)
        before = date <= (usual if pd.isna(day) else day)
        at_school = here.get(pair, not before)

        def entry(
            class_id: object, delta: int, who: tuple = (key, name), pair: tuple = pair, place: tuple = place
        ) -> tuple:
            held = classes.get(pair) if pd.isna(class_id) else class_id
            return pair[0], held, *who, delta, "more" if delta > 0 else "less", "change", place

        if kind in enrolment.MOVES:
            if at_school and not pd.isna(left) and not pd.isna(joined) and not before:
                yield entry(left, -1)
                yield entry(joined, 1)
        elif enrolment.AFTER.get(kind) == enrolment.ENROLLED:
            if not (before and here.get(pair)):
                yield entry(joined, 1)
            here[pair] = True
        else:
            if at_school:
                yield entry(left, -1)
            here[pair] = False


def _by_pupil(frame: pd.DataFrame, column: str) -> dict[tuple[str, str], object]:
    return mapping(frame, ("home", "student_key"), column)


# --- 学籍 ---------------------------------------------------------------------------------------------------------------
# what the reckoning of X26 cannot do without
RECKONED = ("baseline.base_state", "baseline.class_id", "change.kind", "change.date", "roster.status",
            "roster.class_id")  # fmt: skip
ACTIVE = (*enrolment.AT_SCHOOL, "休学")


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
        held = complete(rows, column)
        twice = held[held.groupby(column)["home"].transform("nunique") > 1]
        homes = twice.groupby(column)["home"].agg(lambda names: sorted(set(names)))
        for index, number, name, school in each(twice, column, "name", "home"):
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
    lists += [town.before["roster"]] if town.before else []  # of a sixth-grader who has left speaks last year's key
    listed = complete(pd.concat([frame[["student_key", "name"]] for frame in lists]), "student_key")
    named = complete(listed, "name")
    people = set(zip(listed["student_key"].tolist(), listed["name"].tolist(), strict=True))
    rosters_unread = bool(town.unread_homes("roster", "student_key"))
    for sheet in town.filled:
        if sheet.name in LISTS or not {"student_key", "name"} <= set(sheet.by_name):
            continue
        rows = town[sheet.name][["home", "student_key", "name"]]
        pairs = zip(rows["student_key"].tolist(), rows["name"].tolist(), strict=True)
        rows = rows[[pair not in people for pair in pairs]].dropna()
        if rows.empty:
            continue
        other = rows[rows["student_key"].isin(named["student_key"])]
        for index, key, name in each(other, "student_key", "name"):
            known = "／".join(dict.fromkeys(named.loc[named["student_key"] == key, "name"]))
            yield at(sheet.name, index, "name", key=key, name=name, known=known)
        judged = readable(town, rows["home"], "roster.student_key", "census.student_key")
        lost = rows[~rows["student_key"].isin(listed["student_key"]) & judged]
        if town.schema.book_of[sheet.name].owner == "centre" and rosters_unread:
            continue
        if sheet.name == "family_plan":  # families also have children at other stages, who are on no roster of ours
            grade = town["family_plan"]["stage_grade"].reindex(lost.index)
            lost = lost[~grade.fillna("").str.contains("高|职|大|学前|幼")]
        lost = lost[~maybe_listed(town, lost, *LISTS)]
        yield from spots(lost, sheet.name, "student_key", says=UNKNOWN, key="student_key")


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
    spells = enrolment.spells(town)
    spells = spells[spells["class_id"].notna() & (spells["state"] != enrolment.NOT_HERE)]
    spells = complete(spells[["home", "student_key", "class_id", "start", "end"]], "student_key")
    labels, parts = class_names(town), []
    for sheet, column in DATED.items():
        frame = town[sheet]
        day = frame[column] if column else pd.Series(pd.Timestamp(town.as_of), frame.index)
        ends = day if column else enrolment.LAST
        written = keyed(town, sheet, "class_id")
        parts.append(frame[["home", "student_key", "name"]].assign(written=written, since=day, until=ends, sheet=sheet))
    rows = complete(pd.concat(parts), "student_key", "written", "since")
    rows = rows[rows["since"] >= f"{town.year[:4]}-09-01"].reset_index(names="place")
    rows = rows[readable(town, rows["home"], "roster.class_id", "change.kind")]
    both = rows.reset_index(names="line").merge(spells, on=["home", "student_key"])
    both = both[(both["start"] <= both["until"]) & (both["since"] < both["end"])]
    right = both.loc[both["written"] == both["class_id"], "line"]
    wrong = both[~both["line"].isin(right)].drop_duplicates("line")
    columns = ["sheet", "place", "name", "written", "class_id"]
    for sheet, place, name, written, held in wrong[columns].itertuples(index=False, name=None):
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
    by_class, by_home = enrolment.doubts(town)
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
    whose = some(dict.fromkeys(called(name) for name in odd["name"]), 5, "人")
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
    roster = enrolment.listed(town)
    rows = complete(roster[roster["status"].isin(ACTIVE)], "birth_date", "class_id")
    classes = complete(town["class"], "class_id", "grade")
    grade = tally(rows["class_id"], mapping(classes, "class_id", "grade"))
    due = enrolment.grade_due(town, policy, rows["birth_date"]).astype("int64")
    told = birth(own_numbers(town, "roster")).reindex(rows.index)  # where the number says otherwise, F05 says so
    wrong = (grade > 0) & ((grade - due).abs() >= policy["age_grade_gap"])
    wrong &= told.isna() | (told == rows["birth_date"])
    rows = rows.assign(grade=grade, due=due)[wrong]
    for index, name, day, held, right in each(rows, "name", "birth_date", "grade", "due"):
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
    rows = base.state(town, policy, limits.GUESTS)
    rows = rows[rows["late"]]
    days = calendar.elapsed(town, rows["start"], town.as_of, calendar.DAY)
    yield from spots(rows.assign(number=days), "roster", "guest", days="number")


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
    rows = enrolment.listed(town)
    rows = complete(rows[rows["status"].isin(enrolment.AT_SCHOOL)], "class_id", "seat_no")
    keys = ["home", "class_id", "seat_no"]
    for _, own in rows[rows.duplicated(keys, keep=False)].groupby(keys):
        other = row_of(own.index[0])
        yield from spots(own.iloc[1:], "roster", "seat_no", seat="seat_no", alike={"other": other})


@rule(
    "N01",
    ERROR,
    needs=(
        *("roster.student_key", "roster.entry_ym", "roster.status", "roster.class_id", "class.grade"),
        *("baseline.student_key", "change.student_key", "change.kind"),
    ),
    says="{name}的入学年月写{entry}，像是本学年才来的，“学生变动”里却没有他的转入：{school}{grade}年级在校{held}人，招生加转入只有{due}人",
    fix="入学年月写错的改正；确是本学年转来的，在“学生变动”补记转入，并请中心学校核对学年初基准上为什么有他。",
    source="domain.md 3.3 N01, 4.1 D04, 8",
)
def kept_more_than_came(town: Town, policy: Policy) -> Iterator[Spot]:
    """学段巩固率＝在校÷（招生＋转入－转出），超过100%就是有人来了没记转入：名单上早有他，入学年月却说他本学年才来。分母少一个，率就虚高。"""
    roster, listed_then = enrolment.listed(town), of_year(town, town["baseline"])
    grades = complete(town["class"], "class_id", "grade").drop_duplicates("class_id")
    grades = grades.set_index("class_id")["grade"]
    rows = roster[roster["status"].isin(enrolment.AT_SCHOOL)]
    rows = rows.assign(grade=rows["class_id"].map(grades).astype("Int64"))
    # whoever is not on the baseline either shows in X26
    listed, moved = among(rows, listed_then[enrolment.PUPIL].dropna(), enrolment.PUPIL), town["change"]
    came = among(rows, moved.loc[moved["kind"].isin(enrolment.JOINING), enrolment.PUPIL].dropna(), enrolment.PUPIL)
    odd = rows[_came_this_year(town, rows) & ~yes(rows["guest"]) & listed & ~came]
    odd = odd[readable(town, odd["home"], "change.student_key", "change.kind") & ~maybe_listed(town, odd, "change")]
    sizes = rows.groupby(["home", "grade"]).size()
    for (school, grade), unit in odd.groupby(["home", "grade"]):
        held = int(sizes[school, grade])
        facts = {"grade": grade, "held": held, "due": held - len(unit)}
        yield from spots(unit, "roster", "entry_ym", entry="entry_ym", alike=facts)


def _came_this_year(town: Town, rows: pd.DataFrame) -> pd.Series:
    """Whose 入学年月 lies in this school year (from August on) and after the September in which the grade began its stage."""
    year = int(town.year[:4])
    began = year - (rows["grade"] - 1) % 6  # grades 1 and 7 begin a stage
    entry = pd.to_numeric(rows["entry_ym"], errors="coerce")
    return yes((entry >= year * 100 + 8) & (entry > began * 100 + 9))


# --- Rules on who should have come from another list: last year's sixth grade, and pupils of grade seven who never came ---
@rule(
    "X23",
    ERROR,
    needs=("before:roster.student_key", "before:roster.class_id", "before:roster.status", "before:class.class_id",
           "before:class.grade", "roster.student_key", "roster.status", "census.student_key", "census.study_status",
           "census.proof", "match.student_key", "match.closed", "term.start"),
    says="{name}上学年在{school}六年级，本学年各校花名册上都没有，{told}",
    fix="请原小学会同初中逐户核实：在本镇就读的由学校补入花名册；在镇外就读的把证明记入“摸底登记”；没有上学的按疑似辍学处理。"
    "另有原因的在“比对结果”（六年级-七年级）写明并销号。上学年的工作簿不用改。",
    source="domain.md 3.2 X23; 方案二（目标③）",
)  # fmt: skip
def lost_after_grade_six(town: Town, policy: Policy) -> Iterator[Spot]:
    """上学年的六年级学生，开学后要么在本镇某校的花名册上，要么有镇外就读的证明，要么在比对结果里查清销号。六升七两边交接，最容易漏人。"""
    rows = base.overdue(town, policy, limits.HANDED_OVER)
    keys = sixth_graders(town)["student_key"].to_dict()
    census = complete(town["census"], "student_key").drop_duplicates("student_key")
    states = dict(zip(census["student_key"].tolist(), census["study_status"].fillna("").tolist(), strict=True))
    for index, name, school in each(rows, "name", "home"):
        state = states.get(keys.get(index))
        told = "摸底登记里也没有" if state is None else f"摸底登记写“{state or '空着'}”"
        told += "，没有就读证明" if state == limits.ELSEWHERE else ""
        yield at("roster", index, "student_key", name=name, school=school, told=told)


SEEN = ("在位", "请假")  # 本人在位: the school knows where the pupil is
GHOST = ("有籍无人", "空挂")
SEEN_THERE = ("in_rollbook", "in_seating", "in_homework")


@rule(
    "X24",
    ERROR,
    needs=("roster.status", "roster.class_id", "class.grade", "reconcile.student_key", "reconcile.date",
           "reconcile.present", "reconcile.diff_type", "reconcile.done", "absence.kind", "suspected.student_key",
           "dropout.student_key", "term.start"),
    says="{school}{name}七年级有学籍未到校：{evidence}",
    fix="请当天核实去向：人在外地就读的办理转学，没有上学的记入“疑似辍学台账”；已经到校的，在“人籍核查”填完成日期或补一次核查。",
    source="domain.md 3.2 X24",
)  # fmt: skip
def on_register_but_not_there(town: Town, policy: Policy) -> Iterator[Spot]:
    """七年级花名册上“在读”，人籍核查却说有籍无人，或开学起一直未报到。六升七时学籍自动转来，人没有来，空挂的学籍会掩盖真正的辍学。

    已经列入疑似或辍学台账的不再报；请假的、后来核查到本人的、已经整改完成的不报。
    """
    pupils = enrolment.on(town, town.as_of)
    grades = pupils["class_id"].map(class_grades(town))
    pupils = pupils[(grades == LAST_PRIMARY + 1) & (pupils["state"] == enrolment.ENROLLED)]
    pupils = pupils[pupils["student_key"].notna()]
    pupils = pupils[readable(town, pupils["home"], "suspected.student_key", "dropout.student_key")]
    pupils = pupils[~_on_ledger(town, pupils) & ~maybe_listed(town, pupils, "suspected", "dropout")]
    evidence = _checked(town) | _never_came(town, policy, pupils)
    for index, home, key, name in each(pupils, "home", "student_key", "name"):
        if (home, key) in evidence:
            yield at("roster", index, "status", school=home, name=called(name), evidence=evidence[home, key])


def _on_ledger(town: Town, pupils: pd.DataFrame) -> pd.Series:
    """Who is an open case of that day."""
    cases = pd.concat([case_facts.suspected(town["suspected"]), case_facts.dropouts(town["dropout"])])
    return pupils["student_key"].isin(cases.loc[case_facts.open_at(cases, town.as_of), "student_key"].dropna())


def _checked(town: Town) -> dict[tuple[str, str], str]:
    """What 人籍核查 last said of a pupil who is on the register only; not once seen, put right or not readable since."""
    rows = complete(town["reconcile"], "student_key", "date")
    rows = rows[rows["date"] <= pd.Timestamp(town.as_of)].sort_values("date", kind="stable")
    clear = (town.known("reconcile", "present") & town.known("reconcile", "diff_type")).reindex(rows.index)
    seen = rows["present"].isin(SEEN) | ~clear
    nowhere = pd.DataFrame({name: no(rows[name]) for name in SEEN_THERE}).all(axis=1)
    ghost = ~seen & (rows["diff_type"].isin(GHOST) | (rows["present"] == "不在本校") | nowhere)
    told = rows[seen | ghost].assign(ghost=ghost, mended=_mended(town).reindex(rows.index))
    # on one day who was seen was there
    told = told.sort_values(["date", "ghost"], ascending=[True, False], kind="stable")
    last = told.drop_duplicates(["home", "student_key"], keep="last")
    last = last[last["ghost"] & ~last["mended"]]
    why = last["diff_type"].fillna(last["present"])
    days = last["date"].dt.strftime("%Y-%m-%d")
    texts = days + "人籍核查为“" + why + "”，没有整改完成"
    return dict(zip(zip(last["home"], last["student_key"], strict=True), texts, strict=True))


def _mended(town: Town) -> pd.Series:
    done = town["reconcile"]["done"]
    return (done <= pd.Timestamp(town.as_of)) | ~town.known("reconcile", "done")


def _never_came(town: Town, policy: Policy, pupils: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Pupils entered as 开学未报到 whom nobody has seen since, once the days for clearing that up are over."""
    rows = town["absence"]
    rows = rows[(rows["kind"] == "开学未报到") & rows["student_key"].isin(pupils["student_key"])]
    start = calendar.terms(town)["start"]
    if rows.empty or start.empty:
        return {}
    due = base.within(town, policy, start, "opening_absent_within")
    over = due[due < pd.Timestamp(town.as_of)].index
    missed = set(zip(rows["home"], rows["student_key"], strict=True))
    runs = attendance.streaks(town, town.as_of)
    runs = runs[runs["since"].isin(start[over])]
    return {
        (home, key): f"{since:%Y-%m-%d}开学未报到，至今没有到过校"
        for home, key, since in runs[["home", "student_key", "since"]].itertuples(index=False, name=None)
        if (home, key) in missed
    }


RULES = (on_two_rosters, key_and_name_disagree, class_differs, numbers_do_not_balance, grade_and_age, guest_too_long,
         seat_taken_twice, kept_more_than_came, lost_after_grade_six, on_register_but_not_there)  # fmt: skip
