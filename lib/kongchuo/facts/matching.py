"""Lists of children laid side by side: who is on both, who on one side only and why, who may be the same; each pair comes from `pairing`."""

from dataclasses import dataclass

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, complete, row_of
from . import child_lists
from .enrolment import over_age
from .identity import check_right
from .pairing import CLOSE, OTHER, SOUND, VARIANT, Matched, compared, matched
from .references import named


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
    rosters = child_lists.not_in_census(child_lists.of_rosters(town), town)
    found = [compare(town, policy, CENSUS, child_lists.of_census(town, policy), rosters)]
    if town.before is not None:
        sixth = child_lists.of_sixth_grade(town, child_lists.of_town(town, policy))
        found.append(compare(town, policy, HANDOVER, sixth, child_lists.of_seventh_grade(town)))
    return tuple(found)


def pushed(town: Town, policy: Policy, people: pd.DataFrame) -> Comparison:
    """A list from above (WHO as far as it has them; `pushed`: the day of it) against all the children the township knows."""
    return compare(town, policy, PUSHED, people, child_lists.of_town(town, policy))


def compare(town: Town, policy: Policy, kind: str, left: pd.DataFrame, right: pd.DataFrame) -> Comparison:
    """Two lists of children, see `child_lists`; every child of both in exactly one row."""
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
    known = complete(known[(known["match_type"] == kind) & (known["found"] <= now)], "student_key")
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
