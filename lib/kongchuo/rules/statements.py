"""Rules on statements that contradict each other, a total that is not its parts among them, and on words there must not be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import opencc
import pandas as pd

from ..core.findings import ERROR, INFO, WARNING
from ..core.policy import Policy
from ..core.schema import Field
from ..core.tables import Town, called, complete, each, mapping, once, yes
from ..facts import duty, enrolment, identity, support
from ..facts.references import class_grades, directory, keyed, look_up, named, school_names
from .base import GONE, Rule, Spot, at, readable, rule, spots
from .census import surveyed

# --- Rules on two statements of one thing that cannot both be right: within a row, between a ledger and the roster, census and roster ---
YES, NO, FILLED, EMPTY = "是", "否", "*", ""


@dataclass(frozen=True)
class Contradiction:
    """Where column `first` has one of `values`, column `other` cannot have one of `others` (FILLED: must be empty; EMPTY: filled)."""

    sheet: str
    first: str
    values: tuple[str, ...]
    other: str
    others: tuple[str, ...]


GONE_FOR_GOOD = ("死亡", "失踪失联(公安证明)", "出国(境)", "超龄离校", "已完成九年", "延缓入学(批准)", "休学(批准)")
CONTRADICTIONS = tuple(
    Contradiction(*one)
    for one in (
        ("census", "hukou_status", ("无户籍",), "id_type", ("居民身份证",)),
        ("change", "sys_state", ("未发起", "已发起", "不适用"), "sys_date", (FILLED,)),
        ("reconcile", "diff_type", ("有籍无人", "空挂"), "present", ("在位",)),
        ("reconcile", "diff_type", ("有籍无人", "空挂"), "in_register", (NO,)),
        ("reconcile", "diff_type", ("有人无籍",), "in_register", (YES,)),
        ("reconcile", "diff_type", ("姓名不一致",), "name_ok", (YES,)),
        ("absence", "kind", ("旷课", "失联"), "leave_slip", (YES,)),
        ("absence", "called", (NO,), "called_at", (FILLED,)),
        ("suspected", "verdict", ("返校",), "close_type", GONE_FOR_GOOD),
        ("suspected", "verdict", ("转辍学台账",), "close_type", ("已复学", *GONE_FOR_GOOD)),
        ("dropout", "state", ("劝返中",), "back_date", (FILLED,)),
        ("dropout", "state", ("劝返中", "已复学跟踪", "再次辍学"), "closed", (FILLED,)),
        ("visit", "guardian_att", ("未见到",), "signed", (YES,)),
        ("visit", "mode", ("电话",), "signed", (YES,)),
        ("pupil_plan", "converted", (YES,), "goal_met", (NO,)),
        ("pupil_plan", "converted", (YES,), "review1", ("无变化", "退步")),
        ("pupil_plan", "converted", (YES,), "review2", ("无变化", "退步")),
        ("disabled", "has_card", (NO,), "card_no", (FILLED,)),
        ("leftbehind", "left_civil", (YES,), "left_type", ("非留守",)),
        ("issue", "state", ("未整改", "整改中"), "done", (FILLED,)),
        ("archive", "copies", ("0",), "has_media", (YES,)),
        ("bulletin", "kind", ("典型案例",), "deidentified", (NO,)),
        ("veto", "appeal", ("撤销",), "effective", (YES,)),
        ("veto", "effective", (NO,), "appeal", ("维持", EMPTY)),
        ("bond", "bond_type", (duty.SCHOOLS,), "target_type", ("年级", "班级", "学生", "行政村")),
        ("bond", "bond_type", (duty.GRADES,), "target_type", ("班级", "学生", "行政村")),
        ("bond", "bond_type", (duty.PUPILS,), "target_type", ("行政村",)),
        ("bond", "bond_type", (duty.VILLAGES,), "target_type", ("年级", "班级")),
    )
)


OWN_GUARDIAN = ("census", "roster", "suspected", "dropout")
SAME = "“监护人”写的就是孩子本人（{name}）"


@rule(
    "X60",
    WARNING,
    needs=tuple(f"{one.sheet}.{name}" for one in CONTRADICTIONS for name in (one.first, one.other)),
    says="“{first}”是“{value}”，“{other}”却{told}，两格矛盾",
    fix="请照原始材料核对这一行的两格，改正写错的一格。",
    source="domain.md 2.3至2.10 各列的取值",
)
def cells_contradict(town: Town, policy: Policy) -> Iterator[Spot]:
    """一行里两格说的是同一件事，就不能互相矛盾：状态“劝返中”不能有复学日期，电话劝返不能有监护人签字，申诉撤销了的否决不能还生效。两处矛盾，总有一处是错的。"""
    for one in CONTRADICTIONS:
        frame, columns = town[one.sheet], town.schema.sheets[one.sheet].by_name
        first = _texts(frame[one.first], columns[one.first])
        said = first.isin(one.values)
        if not said.any():
            continue
        other = _texts(frame[one.other][said], columns[one.other])
        wrong = other.notna() if FILLED in one.others else other.isin(one.others)
        if EMPTY in one.others:
            wrong |= other.isna() & town.known(one.sheet, one.other).reindex(other.index)
        for index in other.index[wrong]:
            empty = pd.isna(other[index])
            told = "填了" if FILLED in one.others else "空着" if empty else f"是“{other[index]}”"
            facts = {"first": columns[one.first].title, "value": first[index], "other": columns[one.other].title}
            yield at(one.sheet, index, one.other, told=told, **facts)
    for sheet in OWN_GUARDIAN:
        rows = town[sheet]
        yield from spots(rows[yes(rows["guardian"] == rows["name"])], sheet, "guardian", says=SAME)


def _texts(column: pd.Series, item: Field) -> pd.Series:
    if item.type == "boolean":
        return column.map({True: YES, False: NO}).astype("str")
    return column.astype("str")


COURTLY = ("责令限期改正通知书", "民事起诉状", "调解书或判决书")
SCHOOL = r"小学|中学|学校|教学点|幼儿园"


@rule(
    "X61",
    ERROR,
    needs=("legal.doc_type", "legal.issuer"),
    says="“{paper}”的出具单位写的是“{issuer}”，学校不能出具",
    fix="请核对原件：学校只出入学、劝学和限期复学的通知；责令限期改正由镇政府或县级教育部门出，起诉、判决由法院受理、作出。",
    source="domain.md 2.6 出具单位; 义务教育法第五十八条",
)
def school_cannot_issue(town: Town, policy: Policy) -> Iterator[Spot]:
    """责令限期改正只能由镇政府或县级教育部门作出，学校没有这个权限。学校自己出的责令书没有效力，走到法律程序就不算数。"""
    rows = complete(town["legal"], "doc_type", "issuer")
    rows = rows[rows["doc_type"].isin(COURTLY)]
    schools = directory(town, "school")
    for index, paper, issuer in each(rows, "doc_type", "issuer"):
        if schools.find("", issuer)[0] or re.search(SCHOOL, issuer):
            yield at("legal", index, "issuer", paper=paper, issuer=issuer)


# --- a ledger and the roster ------------------------------------------------------------------------------------------
COPIED = {  # sheet -> the columns copied from the roster
    "suspected": ("sex",),
    "dropout": ("sex", "birth_date", "ethnicity"),
    "disabled": ("sex", "birth_date"),
    "census": ("ethnicity",),  # what the number tells as well is judged by F05 and F06
}
OF_VILLAGE = ("dropout", "family_plan", "disabled")  # sheets whose 行政村 is the pupil's
GRADES = {"suspected": "found", "dropout": "drop_date"}  # ledger -> the date from which its 年级 is of this school year
GRADE = "{name}的年级写{given}，所填班级是{known}年级"


@rule(
    "X54",
    WARNING,
    needs=("roster.student_key", "roster.sex", "roster.birth_date", "roster.ethnicity", "class.grade"),
    says="{name}的{column}这里写{given}，花名册写{known}",
    fix="请照户口簿核对，改正写错的一处；两处都要与学籍一致。",
    source="domain.md 2.0 公用列, 2.6, 2.7",
)
def copied_wrong(town: Town, policy: Policy) -> Iterator[Spot]:
    """台账、残疾儿童和摸底登记里的性别、出生日期、民族、年级，是从花名册抄来的，要与花名册一样。抄错了，报到上级平台就对不上人。"""
    roster = enrolment.listed(town)[["student_key", *dict.fromkeys(name for one in COPIED.values() for name in one)]]
    roster = roster[roster["student_key"].notna() & ~roster["student_key"].duplicated(keep=False)]
    numbers = identity.own_numbers(town, "roster").reindex(roster.index)
    told = {"birth_date": identity.birth(numbers), "sex": identity.sex(numbers)}
    for sheet, columns in COPIED.items():
        rows = town[sheet]
        for column in columns:
            given, by_number = complete(rows, "student_key", column), told.get(column, roster[column])
            # where the roster contradicts the number itself, F05 and F06 say so
            sound = roster[roster[column].notna() & (by_number.isna() | (by_number == roster[column]))]
            known = mapping(sound[sound["student_key"].isin(given["student_key"])], "student_key", column)
            for index, key, name, value in each(given, "student_key", "name", column):
                if known.get(key, value) != value:
                    facts = {"given": _shown(value), "known": _shown(known[key])}
                    yield at(sheet, index, column, name=called(name), **facts)
    villages = mapping(roster.assign(village=keyed(town, "roster", "village_code")), "student_key", "village")
    names = mapping(town["village"], "village_code", "village_name")
    for sheet in OF_VILLAGE:
        rows = town[sheet].assign(given=keyed(town, sheet, "village_code"))
        rows = complete(rows.assign(known=named(rows["student_key"], villages)), "given", "known")
        for index, name, given, known in each(rows[rows["given"] != rows["known"]], "name", "given", "known"):
            facts = {"given": names.get(given, given), "known": names.get(known, known)}
            yield at(sheet, index, "village_code", name=called(name), **facts)
    grades = class_grades(town)
    for sheet, date in GRADES.items():
        rows = complete(town[sheet].assign(known=keyed(town, sheet, "class_id").map(grades)), "grade", "known")
        rows = rows[(rows["grade"] != rows["known"]) & (rows[date] >= f"{town.year[:4]}-09-01")]
        yield from spots(rows.astype({"known": "int64"}), sheet, "grade", says=GRADE, given="grade", known="known")


def _shown(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


AT_HOME, IN_CLASS = "送教上门", ("随班就读", "普通学校特教班")
NOT_HERE = ("异地就读", "延缓入学(已批准)", "福利或康复机构就读")
PLACED = {
    AT_HOME: (AT_HOME,),
    **dict.fromkeys(IN_CLASS, (enrolment.ENROLLED, "休学", "辍学")),
    **dict.fromkeys(NOT_HERE, ()),
}


@rule(
    "X62",
    WARNING,
    needs=("disabled.student_key", "disabled.placement", "roster.student_key", "roster.status"),
    says="{name}的安置方式写“{placement}”，花名册的在籍状态是“{state}”，两处矛盾",
    fix="请核实孩子现在怎样上学：在校就读的，安置方式写随班就读或特教班；送教上门的，花名册改为送教上门，并记“学生变动”。",
    source="domain.md 2.7 安置方式, 2.4 在籍状态",
)
def placed_otherwise(town: Town, policy: Policy) -> Iterator[Spot]:
    """残疾儿童的安置方式和花名册的在籍状态说的是一件事：写送教上门的，花名册就是送教上门，不算应到；随班就读的就在读。两处不一样，这个孩子可能既没有人送教，也没有到校。"""
    states = mapping(support.held(town), "pupil", "state")
    rows = support.rows_of(town, "disabled")
    rows = rows[rows["sure"] & readable(town, rows["home"], "roster.status", "roster.student_key")]
    for index, pupil, name, placement in each(rows, "pupil", "name", "placement"):
        state = states.get(pupil)
        if placement in PLACED and not pd.isna(state) and state is not None and state not in PLACED[placement]:
            yield at("disabled", index, "placement", name=called(name), placement=placement, state=state)


OTHERWISE = "{name}的在籍状态写“{state}”，“学生变动”最后一次（{day}）却变成“{other}”"


@rule(
    "X63",
    WARNING,
    needs=("roster.status", "roster.status_date", "change.kind", "change.date"),
    says="{name}的在籍状态“{state}”从{since}起，“学生变动”记的是{day}",
    fix="请照审批材料核对，改正写错的一处；日期不同、变动在先的，状态日期写变动那天。",
    source="domain.md 2.4 状态日期、变动日期",
)
def since_when(town: Town, policy: Policy) -> Iterator[Spot]:
    """花名册的状态日期就是那次变动的日期，离开学校的状态就是那次变动的结果。两处不一样，应到人数、跟踪天数、孩子的去向就有两种说法。"""
    moved = enrolment.changes(town)
    moved = complete(moved.assign(state=moved["kind"].map(enrolment.AFTER)), "state")
    last = moved.drop_duplicates(enrolment.PUPIL, keep="last").set_index(enrolment.PUPIL)[["state", "date"]]
    rows = complete(enrolment.listed(town), "student_key", "status", "status_date")
    rows = rows[rows["status"] != enrolment.ENROLLED]
    found = last.reindex(pd.MultiIndex.from_frame(rows[enrolment.PUPIL])).set_axis(rows.index)
    rows = rows.assign(day=found["date"], other=found["state"])
    wrong = (rows["other"] == rows["status"]) & (rows["day"] != rows["status_date"])
    yield from spots(rows[yes(wrong)], "roster", "status_date", state="status", since="status_date", day="day")
    away = rows["other"].isin(GONE) & rows["status"].isin(GONE) & (rows["other"] != rows["status"])
    yield from spots(rows[yes(away)], "roster", "status", says=OTHERWISE, state="status", day="day", other="other")


# --- parts and totals: the figures on pages cannot go wrong this way (findings.FIGURE_KINDS); what people type can --------
# (sheet, the whole, its parts, whether the parts must make up the whole or only not exceed it)
TOTALS = (
    ("rollcall", "n_register", ("n_present", "leave_ok", "leave_no", "unknown"), True),
    ("publicity_log", "n_due", ("n_att",), False),
    ("publicity_log", "n_due", ("n_receipt",), False),
    ("aid", "standard", ("paid",), False),
)
TOO_MUCH = "“{part}”{number}，多于“{whole}”{total}"


@rule(
    "N03",
    ERROR,
    needs=tuple(f"{sheet}.{name}" for sheet, whole, parts, _ in TOTALS for name in (whole, *parts)),
    says="“{whole}”{total}，{parts}加起来是{number}，对不上",
    fix="请对照原始记录核对这一行的几个数，改正填错的一个。",
    source="domain.md 3.3 N03",
)
def parts_and_total_disagree(town: Town, policy: Policy) -> Iterator[Spot]:
    """督查点名的学籍数要等于实到、请假、不明各项之和；实参加、回执不多于应参加（应发），实发不多于标准。不平的数写进报告，谁都不会信。"""
    for sheet, whole, parts, exact in TOTALS:
        columns, names = town.schema.sheets[sheet].by_name, list(parts)
        rows = complete(town[sheet], whole, *names)
        sums = rows[names].sum(axis=1)
        wrong = sums != rows[whole] if exact else sums > rows[whole]
        for index, total, number in zip(rows.index[wrong], rows.loc[wrong, whole], sums[wrong], strict=True):
            facts = {"whole": columns[whole].title, "total": f"{total:g}", "number": f"{number:g}"}
            if exact:
                yield at(sheet, index, whole, parts="＋".join(columns[name].title for name in names), **facts)
            else:
                yield at(sheet, index, names[0], says=TOO_MUCH, part=columns[names[0]].title, **facts)


# --- census and roster ------------------------------------------------------------------------------------------------
HERE, AWAY = "本镇在读", "镇外在读"
LEFT = ("已转出", "毕业", "死亡", "其他减少", enrolment.NOT_HERE)
AGREE = {  # 就学状态 -> the states of the roster that agree with it; 辍学 is for X57, 待核实 for X03
    HERE: enrolment.AT_SCHOOL,
    AT_HOME: (AT_HOME,),
    "休学": ("休学",),
    AWAY: LEFT,
    "未入学": LEFT,
    "学前": LEFT,
    "延缓入学": LEFT,
    "已完成九年": LEFT,
}
BEFORE_SCHOOL = ("未入学", "学前", "延缓入学")  # right on the day of the visit for who entered grade 1 since
OTHER_SCHOOL = "{name}摸底登记写就读学校“{given}”，花名册在{school}"
OF_OURS = "{name}摸底登记写“{state}”，就读学校却是本镇的“{given}”；外地的同名学校请写上省市县"
OTHER_GRADE = "{name}摸底登记写就读年级{given}，花名册在{known}年级"
GRADES_APART = 2  # the visit may lie before or after the summer in which the child moved up


@rule(
    "X59",
    WARNING,
    needs=("census.student_key", "census.study_status", "roster.student_key", "roster.status", "change.kind"),
    current="census",
    says="{name}摸底登记写“{given}”，自入户以来{school}花名册一直是“{state}”，两处矛盾",
    fix="请到户核实孩子现在哪里上学，改正写错的一处；花名册上有、实际在外就读的，办理转学。",
    source="domain.md 2.3 就学状态、就读学校; 四查三比对",
)
def census_and_roster(town: Town, policy: Policy) -> Iterator[Spot]:
    """摸底登记和花名册说的是同一个孩子在不在学校。入户那天以来两处一直不一样，不是摸底没有更新，就是学籍空挂。入户以后才变动的不算。"""
    census = complete(surveyed(town), "student_key", "study_status", "visit_date")
    census = census[census["study_status"].isin(AGREE)]
    census = census.assign(school=_named_school(town, census["study_school"]), place=list(census.index))
    ours = census[(census["study_status"] == AWAY) & census["school"].notna()]
    yield from spots(ours, "census", "study_school", says=OF_OURS, given="study_school", state="study_status")
    now = pd.Timestamp(town.as_of)
    spells = complete(enrolment.spells(town), "student_key")
    spells = spells[["home", "student_key", "class_id", "state", "start", "end"]]
    rows = census[
        ["student_key", "name", "study_status", "visit_date", "school", "study_school", "study_grade", "place"]
    ]
    rows = rows.merge(spells, on="student_key")
    rows = rows[(rows["end"] > rows["visit_date"]) & (rows["start"] <= now)]
    pairs = zip(rows["state"].tolist(), rows["study_status"].tolist(), strict=True)
    agree = pd.Series([pd.isna(state) or state in AGREE[given] for state, given in pairs], rows.index, dtype=bool)
    grades = class_grades(town)
    entered = rows["study_status"].isin(BEFORE_SCHOOL) & (rows["class_id"].map(grades) == 1)
    elsewhere = rows["school"].notna() & (rows["home"] != rows["school"])
    known = readable(town, rows["home"], "roster.status", "change.kind")
    known &= readable(town, rows["school"].fillna(""), "roster.status")
    rows = rows.assign(agree=agree | entered | ~known, right=~elsewhere | ~known)
    by_child = rows.groupby("place")[["agree", "right"]].any()
    at_school = rows[(rows["study_status"] == HERE) & rows["state"].isin(enrolment.AT_SCHOOL)]
    shown = rows[~rows["state"].isin(LEFT)].drop_duplicates("place", keep="last")
    apart = shown[~shown["place"].map(by_child["agree"]).astype(bool)]
    yield from spots(apart, "census", "study_status", given="study_status", state="state", place="place")
    right = at_school.groupby("place")["right"].any()
    at_school = at_school[at_school["end"] > now]
    wrong = at_school[~at_school["place"].map(right).astype(bool)].drop_duplicates("place", keep="last")
    yield from spots(wrong, "census", "study_school", given="study_school", place="place", says=OTHER_SCHOOL)
    graded = complete(at_school.assign(known=at_school["class_id"].map(grades)), "study_grade", "known")
    apart = graded[(graded["known"] - graded["study_grade"]).abs() >= GRADES_APART].astype({"known": "int64"})
    apart = apart[~apart["place"].isin(wrong["place"])].drop_duplicates("place", keep="last")
    yield from spots(
        apart, "census", "study_grade", given="study_grade", known="known", place="place", says=OTHER_GRADE
    )


def _named_school(town: Town, texts: pd.Series) -> pd.Series:
    """The school of ours that each 就读学校 names; missing where it names none."""
    return named(look_up(town, texts, "school")["key"], school_names(town)).reindex(texts.index)


# --- The rule on characters: traditional and variant ones, and words that are commonly mistyped, in texts people write freely ---
# word as it is mistyped (a pattern, where a longer word of its own must be left alone) -> the word there is
WORDS = {
    "坐次表": "座次表",
    "坐位表": "座位表",
    "(?<![年等高低])级段": "学段",
    "帮辅(?!导)": "帮扶",
    "帮抚": "帮扶",
    "缀学": "辍学",
    "掇学": "辍学",
    "控缀": "控辍",
    "劝反": "劝返",
    "学藉": "学籍",
    "藉贯": "籍贯",
    "留首": "留守",
    "残级": "残疾",
    "随班就渎": "随班就读",
    "影全镇": "影响全镇",
    "(?<!县、)乡、校三级": "县、乡、校三级",
}
# characters that serve in simplified writing as well: 乾隆, 瞭望, 於菟, 宫商角徵羽; and those restored for names in 2013
KEPT = frozenset("乾瞭於徵麽夥后拚捱摺榘菸薹袷醣麴吒皙瞋噘蹚溧勠昇陞甯邨氾堃犇龢迺椀仝淼喆剋鉅谿祕甦脩釐")
PEOPLE = r"(?=[\u4e00-\u9fff]{0,2}(?:老师|校长|主任|书记|同学|教师|先生|女士|某))"  # 於老师: a surname in its own right


@cache
def _variants() -> dict[str, str]:
    """Every character that has another, common form -> that form."""
    characters = [chr(number) for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for number in range(first, last)]
    common = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {one: other for one, other in zip(characters, common, strict=True) if one != other and one not in KEPT}


def _free(item: Field) -> bool:
    """A column people write in their own words: no list, no key, no name of a person, no address."""
    listed = item.codes or item.reference or item.format or item.pattern
    return item.type == "string" and not listed and item.personal in ("", "note", "sensitive")


@rule(
    "F29",
    INFO,
    needs=(),
    says="“{written}”一般写作“{word}”",
    fix="请改成通行的写法，以免查找、统计时漏掉，印发的文件也统一。",
    source="domain.md 1.6",
)
def unusual_words(town: Town, policy: Policy) -> Iterator[Spot]:
    """文字里的繁体字、异体字和常见别字（如“坐次表”）。同一件事两种写法，查找和汇总时就会漏掉一半。人名不算。"""
    wanted = re.compile("|".join([*(f"(?:{word})" for word in WORDS), f"[{''.join(_variants())}]"]))
    for sheet in town.filled:
        if sheet.name == "code":  # written by us
            continue
        for item in filter(_free, sheet.typed):
            column = town[sheet.name][item.name]
            texts = {text for text in column.tolist() if isinstance(text, str)}
            if wanted.search("\n".join(texts)):
                column = column.dropna()
                yield from _in_column(town, sheet.name, item.name, column[column.str.contains(wanted)])


def _in_column(town: Town, sheet: str, name: str, column: pd.Series) -> Iterator[Spot]:
    people = _people(town)
    for index, text in column.items():
        plain = people.sub("", text) if people else text
        plain = re.sub(f"[{''.join(_variants())}]{PEOPLE}", "", plain)
        for written, word in _found(plain):
            yield at(sheet, index, name, written=written, word=word)
            break  # one remark for a cell is enough: whoever opens it sees the rest


def _found(text: str) -> Iterator[tuple[str, str]]:
    for pattern, word in WORDS.items():
        for match in re.finditer(pattern, text):
            yield match[0], word
    variants = _variants()
    run = re.search(f"[{''.join(variants)}]+", text)  # 幫輔 as a whole, not character by character
    if run:
        yield run[0], "".join(variants[character] for character in run[0])


@once
def _people(town: Town) -> re.Pattern[str] | None:
    """Names of people that hold such a character."""
    columns = [("staff", "name"), ("roster", "name"), ("census", "name"), ("village", "contact"), ("village", "village_name"),
               ("school", "school_name"), ("school", "school_alias")]  # fmt: skip
    odd = re.compile(f"[{''.join(_variants())}]")
    names = {name for sheet, column in columns for name in town[sheet][column].dropna().unique() if odd.search(name)}
    return re.compile("|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name))))) if names else None


RULES: tuple[Rule, ...] = (cells_contradict, school_cannot_issue, copied_wrong, placed_otherwise, since_when,
                           parts_and_total_disagree, census_and_roster, unusual_words)  # fmt: skip
