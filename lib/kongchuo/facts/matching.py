"""Lists of children laid side by side: who is the same child, who is on one side only and why, who may be the same under a slip of the pen."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import opencc
import pandas as pd
import pypinyin
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from ..core.cells import fold
from ..core.policy import Policy
from ..core.tables import Town, mapping, row_of
from . import lists
from .enrolment import over_age
from .identity import check_right
from .references import named

# --- How alike two names are: the same but for variant characters, sounding alike, differing in one character -------
# Names are compared many times over, so each distinct name and character is worked out once.
# from alike to different: the same text, the same but for variant characters, homophones, one character off, two names
SAME, VARIANT, SOUND, CLOSE, OTHER, UNTOLD = range(6)
HIDDEN = re.compile(r"[*○某]+")  # how a list that may be put up hides characters of a name
# what many speakers and typists do not tell apart
_FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def plain_name(names: pd.Series) -> pd.Series:
    """Each name in common simplified characters, without the dots and blanks inside it; missing stays missing."""
    known = list(dict.fromkeys(names.dropna()))
    common = _converter().convert("\n".join(known)).split("\n") if known else []
    table = {name: "".join(text.split()).replace("·", "") for name, text in zip(known, common, strict=True)}
    return pd.Series([table.get(name) for name in names], names.index, dtype="str")


@cache
def readings(character: str) -> frozenset[str]:
    """The ways to read a character, without tones, with sounds folded that people mix up."""
    (found,) = pypinyin.pinyin(character, style=pypinyin.Style.NORMAL, heteronym=True) or [[character]]
    return frozenset(map(_fold, found))


def _fold(syllable: str) -> str:
    for heard, meant in _FOLDED:
        syllable = syllable.replace(heard, meant)
    return syllable


def sounds(names: pd.Series) -> pd.Series:
    """One key of sound for each name. Names that share it sound alike; some that sound alike do not share it (曾, 增)."""
    first: dict[str, str] = {}
    for character in set("".join(names.dropna())):
        first[character] = min(readings(character))
    keys = {name: " ".join(first[character] for character in name) for name in names.dropna().unique()}
    return pd.Series([keys.get(name) for name in names], names.index, dtype="str")


def fits_mask(one: str, other: str) -> bool:
    """Whether one of two names has characters hidden (甲*梅, 甲某某) and what is seen of it fits the other."""
    for masked, whole in ((one, other), (other, one)):
        if (hidden := HIDDEN.search(masked)) and len(hidden[0]) < len(masked) and not HIDDEN.search(whole):
            pattern = "".join("." if HIDDEN.fullmatch(each) else re.escape(each) for each in masked)
            return bool(re.fullmatch(pattern, whole))
    return False


def name_likeness(one: str, other: str) -> int:
    """SAME … OTHER for two names in common characters (`plain`), of which SAME then means VARIANT at least."""
    if one == other:
        return VARIANT
    if len(one) == len(other) and all(
        a == b or not readings(a).isdisjoint(readings(b)) for a, b in zip(one, other, strict=True)
    ):
        return SOUND
    return CLOSE if max(len(one), len(other)) > 2 and OSA.distance(one, other) == 1 else OTHER


# --- Who on one list is the same child as who on another: each child of each list once, in one pair or alone --------
# First come those whose number and name agree. For the others only likely pairs are looked at: those that share a number, two of
# three parts of the identity number, the birth date and part of the name, or the name. No list is compared row by row with another.
CERTAIN = (["id_no", "name"], ["student_key", "name"], ["status_no", "name"])
NUMBERS = ("id_no", "status_no", "student_key")
# kinds of likely pairs: what must be equal for two children to be looked at side by side
LIKELY = (
    ["id_no"],
    ["status_no"],
    ["student_key"],
    ["area", "birthday"],
    ["birthday", "serial"],
    ["area", "serial"],
    ["birth_date", "plain"],
    ["birth_date", "sound"],
    ["birth_date", "first"],
    ["birth_date", "last"],
    ["plain"],
    ["serial", "sound"],
    ["serial", "first"],
    ["serial", "last"],
)
CROWD = 400  # pairs of one kind and value: more say nothing (a date that everybody got, a name that many have)


@dataclass(frozen=True)
class Matched:
    """Positions in the left and in the right list. `pairs`: left, right, score, others (likely pairs of the left one besides).

    `again`: children of one list who are another of the same list once more: side, position, like (position of the other).
    """

    pairs: pd.DataFrame
    again: pd.DataFrame
    left: pd.DataFrame
    right: pd.DataFrame


def prepared(people: pd.DataFrame) -> pd.DataFrame:
    """People numbered from 0 in the order of what is known of them, so that the order of their rows changes nothing."""
    known = [*NUMBERS, "name", "birth_date", "sex", "school"]
    frame = people.sort_values([name for name in known if name in people], kind="stable")
    frame = frame.assign(place=list(frame.index)).reset_index(drop=True)
    for column in (name for name in known if name not in frame):
        frame[column] = pd.Series(pd.NA, frame.index, dtype="datetime64[us]" if column == "birth_date" else "str")
    frame["legible"] = frame["legible"] if "legible" in frame else pd.Series(pd.NA, frame.index, dtype="str")
    plain = plain_name(frame["name"])
    whole = frame["id_no"].where(frame["id_no"].str.len() == 18)
    seen = frame["legible"].str.extract(r"\*(\w{4})$")[0]
    parts = {"area": whole.str[:6], "birthday": whole.str[6:14], "serial": whole.str[14:].fillna(seen)}
    return frame.assign(
        plain=plain,
        sound=sounds(plain),
        first=plain.str[:1],
        last=plain.str[-1:],
        right=check_right(frame["id_no"]),
        **parts,
    )


def matched(left: pd.DataFrame, right: pd.DataFrame) -> Matched:
    """The pairs of two lists of people (WHO, sex, school as far as they have them)."""
    left, right = prepared(left), prepared(right)
    again = pd.concat([_repeated(left, "left"), _repeated(right, "right")])
    free = [
        set(frame.index) - set(again.loc[again["side"] == side, "position"])
        for side, frame in (("left", left), ("right", right))
    ]
    found = []
    for columns in CERTAIN:
        pairs = _certain(left.loc[sorted(free[0])], right.loc[sorted(free[1])], columns)
        free[0] -= set(pairs["left"])
        free[1] -= set(pairs["right"])
        found.append(pairs)
    likely = likely_pairs(left.loc[sorted(free[0])], right.loc[sorted(free[1])])
    chosen = _one_to_one(likely)
    pairs = pd.concat([*found, chosen], ignore_index=True)
    return Matched(pairs, pd.concat([again, *_still(left, right, pairs, again)], ignore_index=True), left, right)


def _certain(left: pd.DataFrame, right: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Pairs that agree in number and name, where only one on each side does."""
    sides = []
    for side, frame in (("left", left), ("right", right)):
        held = frame[columns].dropna()
        held = held[~held.duplicated(columns, keep=False)]
        sides.append(held.assign(**{side: held.index}))
    pairs = sides[0].merge(sides[1], on=columns)[["left", "right"]]
    return pairs.assign(score=1000, others=0)


def _repeated(frame: pd.DataFrame, side: str) -> pd.DataFrame:
    """Who stands on the list before, by number and name, or without a number by name and birth date."""
    like: dict[int, int] = {}
    for columns in (["id_no", "name"], ["status_no", "name"], ["student_key", "name"], ["name", "birth_date"]):
        held = frame[columns].dropna()
        if columns[0] == "name":
            held = held[~frame.loc[held.index, list(NUMBERS)].notna().any(axis=1)]
        held = held.assign(at=held.index)
        first = held.groupby(columns)["at"].transform("min")
        for at, one in first[first != held["at"]].items():
            like.setdefault(at, one)
    rows = [(side, at, one) for at, one in like.items()]
    return pd.DataFrame(rows, columns=["side", "position", "like"]).astype({"position": "int64", "like": "int64"})


# --- likely pairs -----------------------------------------------------------------------------------------------------
def likely_pairs(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Pairs that a person should look at, with their score."""
    found = [_sharing(left, right, columns) for columns in LIKELY]
    pairs = pd.concat(found, ignore_index=True).drop_duplicates()
    facts = compared(left.loc[pairs["left"]], right.loc[pairs["right"]])
    pairs = pairs.reset_index(drop=True).assign(score=_score(facts))
    return pairs[_believable(facts, left.loc[pairs["left"]], right.loc[pairs["right"]])]


def _sharing(left: pd.DataFrame, right: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The pairs that are equal in these columns, without the crowded values."""
    mine, theirs = (frame[columns].dropna() for frame in (left, right))
    if mine.empty or theirs.empty:
        return pd.DataFrame({"left": [], "right": []}, dtype="int64")
    ours, others = (side.groupby(columns).size() for side in (mine, theirs))
    sizes = ours.to_frame("mine").join(others.rename("theirs"), how="inner")
    kept = sizes[sizes["mine"] * sizes["theirs"] <= CROWD].reset_index()[columns]
    mine, theirs = mine.assign(left=mine.index).merge(kept, on=columns), theirs.assign(right=theirs.index)
    return mine.merge(theirs, on=columns)[["left", "right"]]


def compared(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """What two equally long lists of children, row by row, have in common: a frame of facts numbered from 0."""
    left, right = left.reset_index(drop=True), right.reset_index(drop=True)
    facts = {f"same_{name}": _equal(left, right, name) for name in (*NUMBERS, "sex", "birth_date", "school")}
    both = {name: left[name].notna() & right[name].notna() for name in (*NUMBERS, "sex", "birth_date")}
    facts |= {f"differ_{name}": held & ~facts[f"same_{name}"] for name, held in both.items()}
    # NA is shown as "" so that whole columns go through rapidfuzz at once
    numbers = (side["id_no"].fillna("").tolist() for side in (left, right))
    gap = cpdist(*numbers, scorer=OSA.distance, dtype=np.int32)
    facts["gap"] = pd.Series(gap, left.index).where(both["id_no"], 99)
    facts["name"] = _likeness(left, right)
    names = zip(left["plain"].tolist(), right["plain"].tolist(), strict=True)
    facts["hidden"] = pd.Series([a == a and b == b and fits_mask(a, b) for a, b in names], left.index, dtype="bool")
    fits = _seen(left, right).fillna(_seen(right, left))
    facts["same_tail"], facts["differ_tail"] = fits.fillna(False).astype(bool), ~fits.fillna(True).astype(bool)
    days = [frame["birth_date"].dt.strftime("%Y%m%d").fillna("").tolist() for frame in (left, right)]
    near = pd.Series(cpdist(*days, scorer=OSA.distance, dtype=np.int32), left.index) == 1
    one, other = left["birth_date"].dt, right["birth_date"].dt
    swapped = (one.month == other.day) & (one.day == other.month)
    facts["near_birth"] = both["birth_date"] & ~facts["same_birth_date"] & (near | swapped)
    return pd.DataFrame(facts)


def _equal(left: pd.DataFrame, right: pd.DataFrame, name: str) -> pd.Series:
    if name == "school":
        left, right = (frame[[name]].map(fold, na_action="ignore") for frame in (left, right))
    return (left[name] == right[name]).fillna(False).astype(bool) & left[name].notna()


def _seen(masked: pd.DataFrame, other: pd.DataFrame) -> pd.Series:
    """Whether what is legible of masked numbers (990001*4257) fits the other side's: True, False, NA where nothing can be said.

    The last four digits must be legible: what is the same in a whole class says nothing.
    """

    def fits(legible: object, number: object) -> bool | None:
        if pd.isna(legible) or pd.isna(number):
            return None
        first, _, last = legible.partition("*")
        return number.startswith(first) and number.endswith(last) if len(last) >= 4 else None

    pairs = zip(masked["legible"].tolist(), other["id_no"].tolist(), strict=True)
    return pd.Series([fits(*pair) for pair in pairs], masked.index, dtype="boolean")


def _likeness(left: pd.DataFrame, right: pd.DataFrame) -> list[int]:
    @cache  # as long as this list is compared
    def likeness(one: str, other: str) -> int:
        return name_likeness(one, other)

    columns = (left["name"], right["name"], left["plain"], right["plain"])
    return [
        UNTOLD if a != a or b != b else SAME if a == b or fits_mask(one, other) else likeness(one, other)
        for a, b, one, other in zip(*(column.tolist() for column in columns), strict=True)
    ]


WEIGHTS = {
    "same_id_no": 100,
    "same_status_no": 60,
    "same_student_key": 60,
    "same_tail": 40,
    "same_birth_date": 20,
    "near_birth": 8,
    "same_sex": 3,
}
BY_NAME = {SAME: 30, VARIANT: 26, SOUND: 20, CLOSE: 10, OTHER: 0, UNTOLD: 0}


def _score(facts: pd.DataFrame) -> pd.Series:
    score = sum(facts[name].astype("int64") * weight for name, weight in WEIGHTS.items())
    score = score + 50 * (facts["gap"] == 1) + facts["name"].map(BY_NAME) + 2 * facts["same_school"]
    return score - 15 * facts["differ_sex"].astype("int64")


def _believable(facts: pd.DataFrame, left: pd.DataFrame, right: pd.DataFrame) -> np.ndarray:
    """Which pairs may be one child: what is said of both does not fit two children better."""
    left, right = left.reset_index(drop=True), right.reset_index(drop=True)
    two = left["right"] & right["right"] & facts["differ_id_no"]  # two numbers, each right in itself
    name, born = facts["name"], facts["same_birth_date"]
    number = facts["same_id_no"] | facts["same_status_no"] | facts["same_student_key"]
    number |= (facts["gap"] == 1) & (name <= CLOSE)
    named = born & (name <= SOUND)  # twins rarely sound alike
    close = born & (name == CLOSE) & ~two
    dated = facts["near_birth"] & (name <= VARIANT) & ~two
    no_number, other_no_number = (side["id_no"].isna() & side["birth_date"].isna() for side in (left, right))
    bare = no_number | other_no_number
    only = bare & (name <= VARIANT) & ~facts["differ_sex"] & ~facts["hidden"]
    tail = facts["same_tail"] & (name <= CLOSE)
    return (number | named | close | dated | only | tail).to_numpy()


def _one_to_one(likely: pd.DataFrame) -> pd.DataFrame:
    """The best pairs, so that nobody is in two. Positions stand for content, so ties do not depend on the order of rows."""
    others = likely.groupby("left")["right"].transform("size") - 1
    ranked = likely.assign(others=others).sort_values(["score", "left", "right"], ascending=[False, True, True])
    taken_left, taken_right, kept = set(), set(), []
    for at, left, right in ranked[["left", "right"]].itertuples(name=None):
        if left not in taken_left and right not in taken_right:
            taken_left.add(left)
            taken_right.add(right)
            kept.append(at)
    return ranked.loc[kept]


def _still(left: pd.DataFrame, right: pd.DataFrame, pairs: pd.DataFrame, again: pd.DataFrame) -> list[pd.DataFrame]:
    """Who is left over and yet is like somebody already in a pair: a child entered twice, once with a slip."""
    found = []
    sides = (("left", left, "right", right), ("right", right, "left", left))
    for side, mine, other, theirs in sides:
        out = set(pairs[side]) | set(again.loc[again["side"] == side, "position"])
        rest = mine.loc[[at for at in mine.index if at not in out]]
        likely = likely_pairs(rest, theirs.loc[sorted(set(pairs[other]))])
        likely = likely[likely["score"] > 40]  # more than a name alone
        best = likely.sort_values(["score", "left", "right"], ascending=[False, True, True]).drop_duplicates("left")
        partner = mapping(pairs, other, side)
        rows = [(side, at, partner[there]) for at, there in best[["left", "right"]].itertuples(index=False, name=None)]
        found.append(
            pd.DataFrame(rows, columns=["side", "position", "like"]).astype({"position": "int64", "like": "int64"})
        )
    return found


# --- Why two lists differ about a child: the short list of reasons, what each means, and the 销号类型 it suggests -------
# A reason is its Chinese name, as codes are everywhere in the workbooks. REASONS is in the order in which they are looked for: of
# several that hold for one child the first is the reason, the others stand in 差异说明.
@dataclass(frozen=True)
class Reason:
    """A reason; `close_type` is what it suggests once it is confirmed on paper ("": a person must find out).

    `settled`: the township's own lists say where the child is, so that nobody has to go and look.
    """

    name: str
    means: str
    close_type: str = ""
    settled: bool = False


MISTYPED, TWICE = "信息错误(证件或姓名)", "重复学籍或重复户籍"
AGREED, ONE_SIDE, CLEARED = "相符", "仅一方有", "已销号"
REASONS = {
    reason.name: reason
    for reason in (
        # two entries that may be one child
        Reason("重复", "同一份名单里同一个孩子出现两次，或另一行只差一两处", TWICE),
        Reason("姓名不同", "证件号码、学籍号或学生编号相同，姓名完全不同", MISTYPED),
        Reason("证件号码末位不同", "只有第18位（校验位）不同", MISTYPED),
        Reason("证件号码两位对调", "相邻两位写颠倒了", MISTYPED),
        Reason("证件号码差一位", "错一位、多一位或少一位", MISTYPED),
        Reason("证件号码不同", "姓名和出生日期（或学生编号、学籍号）对得上，号码不同", MISTYPED),
        Reason("证件号码缺失", "一方或两方没有证件号码，要凭户口簿确认是同一人", MISTYPED),
        Reason("姓名异体字", "繁简、异体字不同", MISTYPED),
        Reason("姓名同音", "读音相同或相近的字", MISTYPED),
        Reason("姓名相近", "差一个字", MISTYPED),
        Reason("出生日期不同", "别的都对得上", MISTYPED),
        Reason("性别不同", "别的都对得上", MISTYPED),
        Reason("学籍号不同", "别的都对得上", MISTYPED),
        Reason("学生编号不同", "别的都对得上", MISTYPED),
        Reason("仅姓名相同", "只有姓名可以比，可能是同名的另一个孩子"),
        Reason("重复学籍", "同时在两所学校的花名册上在读或休学", TWICE),
        # where a child is, as the township's own lists say
        Reason("在读", "在本镇学校的花名册上在读", settled=True),
        Reason("送教上门", "在册，送教上门", "送教上门", settled=True),
        Reason("休学", "在册，休学中", "休学(批准)", settled=True),
        Reason("镇外在读有证明", "摸底登记写镇外在读，有就读证明", "外地就读有学籍", settled=True),
        Reason("镇外在读无证明", "摸底登记写镇外在读，没有就读证明，要补"),
        Reason("已转出", "花名册状态为已转出", "外地就读有学籍", settled=True),
        Reason("转入", "本学年从镇外转入，上学年不在本镇", settled=True),
        Reason("延缓入学", "经批准延缓入学", "延缓入学(批准)", settled=True),
        Reason("未到龄", "还没有到入学年龄", "其他", settled=True),
        Reason("已完成九年", "已经毕业", "已完成九年", settled=True),
        Reason("死亡", "花名册状态为死亡", "死亡", settled=True),
        Reason("辍学在册", "摸底登记或花名册写辍学：是真辍学，按台账劝返"),
        Reason("未入学", "到了年龄没有入学，要劝学"),
        Reason("待核实", "摸底登记写待核实"),
        # nothing of our own explains it
        Reason("户籍不在本镇", "花名册上有，户籍村空着，摸底不含外来户籍", settled=True),
        Reason("超龄", "按出生日期已过义务教育年龄，核实是否完成九年", "超龄离校"),
        Reason("证件号码有误", "只在一方，号码位数或校验位不对，可能是录错的人", MISTYPED),
        Reason("证件缺失", "只在一方，没有证件号码，无从核对", MISTYPED),
        Reason(ONE_SIDE, "另一方完全找不到，要逐户核实"),
        Reason(AGREED, "两边一致", settled=True),
        Reason(CLEARED, "比对结果里已经销号", settled=True),
    )
}
ALIKE = {OTHER: "姓名不同", VARIANT: "姓名异体字", SOUND: "姓名同音", CLOSE: "姓名相近"}
FIELDS = {"birth_date": "出生日期不同", "sex": "性别不同", "status_no": "学籍号不同", "student_key": "学生编号不同"}
ONE_DIGIT = ("证件号码末位不同", "证件号码两位对调", "证件号码差一位")


def of_pairs(left: pd.DataFrame, right: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Which reasons hold for pairs of entries (all three numbered from 0): a column a reason, in the order of REASONS.

    None holds where number and name agree and nothing else differs. Two entries that no number ties together never agree.
    """
    found = {reason: facts["name"] == kind for kind, reason in ALIKE.items()}
    found |= {reason: facts[f"differ_{name}"] for name, reason in FIELDS.items()}
    near = facts["differ_id_no"] & (facts["gap"] == 1)
    kinds = pd.Series("", facts.index)
    for at in facts.index[near]:
        kinds[at] = _one_digit(left.at[at, "id_no"], right.at[at, "id_no"])
    found |= {reason: kinds == reason for reason in ONE_DIGIT}
    found["证件号码不同"] = facts["differ_id_no"] & ~near
    tied = facts[["same_id_no", "same_status_no", "same_student_key", "same_tail"]].any(axis=1)
    missing = left["id_no"].isna() | right["id_no"].isna()
    found["仅姓名相同"] = ~tied & ~facts["same_birth_date"] & missing
    one_missing = left["id_no"].isna() != right["id_no"].isna()
    # a number of which name and last four digits agree is known to be the same, though nobody can read all of it;
    # a part of the name and four digits may fit two children
    known = facts["same_tail"] & ~facts["hidden"]
    found["证件号码缺失"] = (one_missing | (~tied & missing)) & ~found["仅姓名相同"] & ~known
    found["重复学籍"] = right["twice"] != ""
    return pd.DataFrame({reason: found[reason] for reason in REASONS if reason in found}).astype(bool)


def _one_digit(one: str, other: str) -> str:
    if len(one) != len(other):
        return "证件号码差一位"
    places = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return "证件号码两位对调" if len(places) == 2 else "证件号码末位不同" if places == [17] else "证件号码差一位"


def digits(one: str, other: str) -> str:
    """Which digits of two numbers differ, without the numbers."""
    if len(one) != len(other):
        return f"{len(one)}位／{len(other)}位"
    places = [str(at) for at, (a, b) in enumerate(zip(one, other, strict=True), start=1) if a != b]
    return f"第{'、'.join(places)}位不同" if len(places) <= 4 else f"有{len(places)}位不同"


# --- What comparing two lists comes to: a row for each child of each list, with outcome, reason and since when it is known ---
# Children that agree are in one row, so are two entries that a person should look at; who is on one list only has a row alone.
PUSHED, CENSUS, HANDOVER = "上级推送", "户籍-学籍", "六年级-七年级"  # 比对类型
SIDES = {PUSHED: ("名单", "本镇"), CENSUS: ("摸底登记", "花名册"), HANDOVER: ("上学年六年级", "本学年七年级")}
AGREES, REVIEW, LEFT, RIGHT = "相符", "待核对", "只在前一份", "只在后一份"  # 核对情况
TEXTS = ("outcome", "reason", "student_key", "name", "other_name", "diff", "where", "left_tail", "right_tail")
OUTCOMES = (REVIEW, LEFT, RIGHT, AGREES)


@dataclass(frozen=True)
class Comparison:
    """Two lists compared. `rows`, in the order of OUTCOMES, reasons and names: match_type, outcome, reason, student_key, name,
    other_name, diff, left and right (place of the child in its list, NA where there is none), left_sheet, right_sheet,
    left_tail and right_tail (last four of the number), where (school and state by the township's own list), suggestion
    (销号类型), found, days.
    """

    kind: str
    sizes: tuple[int, int]
    rows: pd.DataFrame

    def of(self, *outcomes: str) -> pd.DataFrame:
        """The rows with these outcomes."""
        return self.rows[self.rows["outcome"].isin(outcomes)]

    @property
    def open(self) -> pd.DataFrame:
        """The rows somebody has to look into: entries that may be one child, and children of whom our lists say nothing good.

        Who is not on a list from above is not asked about: such a list need not hold everybody.
        """
        settled = self.rows["reason"].isin([name for name, reason in REASONS.items() if reason.settled])
        unasked = (self.rows["outcome"] == RIGHT) & (self.kind == PUSHED)
        return self.rows[~settled & ~unasked]


def own(town: Town, policy: Policy) -> tuple[Comparison, ...]:
    """The township's own lists: census and rosters, and where last year was read, its grade six and this year's grade seven."""
    rosters = lists.not_in_census(lists.of_rosters(town), town)
    found = [compare(town, policy, CENSUS, lists.of_census(town, policy), rosters)]
    if town.before is not None:
        sixth = lists.of_sixth_grade(town, lists.of_town(town, policy))
        found.append(compare(town, policy, HANDOVER, sixth, lists.of_seventh_grade(town)))
    return tuple(found)


def pushed(town: Town, policy: Policy, people: pd.DataFrame) -> Comparison:
    """A list from above (WHO as far as it has them; `pushed`: the day of it) against all the children the township knows."""
    return compare(town, policy, PUSHED, people, lists.of_town(town, policy))


def compare(town: Town, policy: Policy, kind: str, left: pd.DataFrame, right: pd.DataFrame) -> Comparison:
    """Two lists of children, see `lists`; every child of both in exactly one row."""
    found = matched(_complete(left), _complete(right))
    parts = [_pairs(kind, found), _again(kind, found, "left"), _again(kind, found, "right")]
    parts += [_alone(town, policy, kind, found, side, outcome) for side, outcome in (("left", LEFT), ("right", RIGHT))]
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    rows = _dated(town, kind, rows.astype(dict.fromkeys(TEXTS, "str")))
    rows["suggestion"] = [REASONS[reason].close_type for reason in rows["reason"]]
    order = {name: place for place, name in enumerate((*OUTCOMES, *REASONS))}
    ranks = {f"rank_{name}": rows[name].map(order) for name in ("outcome", "reason")}
    rows = rows.assign(**ranks).sort_values([*ranks, "name", "student_key", "left_tail", "right_tail"], kind="stable")
    return Comparison(kind, (len(left), len(right)), rows.drop(columns=[*ranks]).reset_index(drop=True))


def _complete(people: pd.DataFrame) -> pd.DataFrame:
    people = people.assign(**{name: "" for name in ("state", "sheet", "twice") if name not in people})
    never = pd.Series(pd.NaT, people.index, dtype="datetime64[us]")
    return people if "pushed" in people else people.assign(pushed=never)


def _side(side: str, people: pd.DataFrame) -> dict[str, list]:
    tails = people["id_no"].fillna(people["legible"].str.extract(r"([^*]*)$")[0]).fillna("").str[-4:].tolist()
    return {
        side: pd.array(people["place"], dtype="Int64"),
        f"{side}_sheet": people["sheet"].tolist(),
        f"{side}_tail": tails,
    }


def _no_side(side: str, number: int) -> dict[str, list]:
    return {
        side: pd.array([pd.NA] * number, dtype="Int64"),
        f"{side}_sheet": [""] * number,
        f"{side}_tail": [""] * number,
    }


def _where(people: pd.DataFrame) -> list[str]:
    texts = zip(people["school"].fillna(""), people["state"], strict=True)
    return [" ".join(filter(None, pair)) for pair in texts]


def _pairs(kind: str, found: Matched) -> pd.DataFrame:
    """A row for each pair: what differs, and where the township's own list says the child is."""
    left, right = (getattr(found, side).loc[found.pairs[side]].reset_index(drop=True) for side in ("left", "right"))
    facts = compared(left, right)
    flags = of_pairs(left, right, facts)
    differ = flags.any(axis=1)
    first = flags.idxmax(axis=1) if len(flags) else pd.Series(dtype="str")
    # of a name pushed from above the question is where the child is
    settled = right["state"].where(right["state"] != "", AGREED) if kind == PUSHED else AGREED
    diff = pd.Series("", left.index)
    for at in flags.index[differ]:
        others, tail = found.pairs.at[at, "others"], facts.at[at, "differ_tail"]
        diff[at] = _told(left.loc[at], right.loc[at], flags.columns[flags.loc[at]], others, tail)
    keys = right["student_key"].where(right["student_key"].notna(), left["student_key"])
    return pd.DataFrame(
        {
            "outcome": differ.map({True: REVIEW, False: AGREES}),
            "reason": first.where(differ, settled),
            "student_key": keys,
            "name": left["name"].fillna(right["name"]),
            "other_name": right["name"],
            "diff": diff,
            "where": _where(right),
            "pushed": left["pushed"],
            **_side("left", left),
            **_side("right", right),
        }
    )


def _told(left: pd.Series, right: pd.Series, named: pd.Index, others: int, tail: bool) -> str:
    """The differences of two entries in words, without their numbers."""
    told = list(named)
    if pd.notna(left["id_no"]) and pd.notna(right["id_no"]) and left["id_no"] != right["id_no"]:
        told.append(digits(left["id_no"], right["id_no"]))
    if tail:
        told.append("号码末四位不同")
    if "出生日期不同" in told:
        told.append(f"{left['birth_date']:%Y-%m-%d}／{right['birth_date']:%Y-%m-%d}")
    if right["twice"]:
        told.append(right["twice"])
    if others:
        told.append(f"另有{others}人也相近")
    return "，".join(told)


def _again(kind: str, found: Matched, side: str) -> pd.DataFrame:
    """A row for each child who is on a list once more."""
    rows = found.again[found.again["side"] == side]
    people = getattr(found, side)
    mine, like = people.loc[rows["position"]], people.loc[rows["like"]]
    title = SIDES[kind][side == "right"]
    claim = kind == PUSHED and side == "left"
    told = [
        f"{title}里与第{row_of(place)}行{name}像是同一人"
        for place, name in zip(like["place"], like["name"].fillna(""), strict=True)
    ]
    return _of(mine, REVIEW, pd.Series("重复", mine.index), told, side, like["name"].tolist(), claim)


def _alone(town: Town, policy: Policy, kind: str, found: Matched, side: str, outcome: str) -> pd.DataFrame:
    """A row for each child of one list only, with the reason its own list gives, else what can be seen in the entry."""
    people = getattr(found, side)
    taken = set(found.pairs[side]) | set(found.again.loc[found.again["side"] == side, "position"])
    rest = people[~people.index.isin(taken)]
    state = rest["state"]
    wrong = rest["id_no"].notna() & ~check_right(rest["id_no"])
    for holds, reason in (
        (over_age(town, policy, rest["birth_date"]), "超龄"),
        (rest["id_no"].isna(), "证件缺失"),
        (wrong, "证件号码有误"),
    ):
        state = state.mask((state == "") & holds, reason)
    state = state.where(state != "", ONE_SIDE)
    means = [REASONS[reason].means for reason in state]
    return _of(rest, outcome, state, means, side, [""] * len(rest), kind == PUSHED and side == "left")


def _of(
    people: pd.DataFrame, outcome: str, reason: pd.Series, diff: list[str], side: str, other: list[str], claim: bool
) -> pd.DataFrame:
    """Rows of children without a partner; `claim`: the school is what the list says, not what the township knows."""
    return pd.DataFrame(
        {
            "outcome": outcome,
            "reason": reason.tolist(),
            "student_key": people["student_key"].tolist(),
            "name": people["name"].tolist(),
            "other_name": other,
            "diff": diff,
            "where": [f"名单写{text}" if claim and text else text for text in _where(people)],
            "pushed": people["pushed"].tolist(),
            **_side(side, people),
            **_no_side("right" if side == "left" else "left", len(people)),
        }
    )


# --- since when -------------------------------------------------------------------------------------------------------
def _dated(town: Town, kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with found and days: since when 比对结果 has it, else since when the list was pushed, else since today.

    What 比对结果 has struck off by the town's day is so no longer to be looked into.
    """
    now = pd.Timestamp(town.as_of)
    known = town["match"]
    known = known[(known["match_type"] == kind) & (known["found"] <= now)].dropna(subset=["student_key"])
    last = known.sort_values("found", kind="stable").drop_duplicates("student_key", keep="last")
    last = last.set_index("student_key")
    struck = last[last["closed"] <= now]
    first = rows["student_key"].map(last["found"].to_dict())
    found = pd.to_datetime(first).fillna(pd.to_datetime(rows["pushed"])).fillna(now)
    done = rows["student_key"].isin(struck.index) & (rows["outcome"] != AGREES)
    why = named(rows["student_key"], struck["close_type"].fillna("").to_dict())
    rows = rows.assign(match_type=kind, found=found, days=(now - found).dt.days.clip(lower=0))
    rows["reason"] = rows["reason"].mask(done, CLEARED)
    rows["diff"] = rows["diff"].mask(done, "已销号：" + why.fillna("") + "；" + rows["diff"])
    return rows.drop(columns="pushed")
