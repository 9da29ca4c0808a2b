"""What comparing two lists comes to: a row for each child of each list, with outcome, reason and since when it is known.

Children that agree are in one row, so are two entries that a person should look at; who is on one list only has a row alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from ..ages import over_age
from ..identity import check_right
from ..references import named
from . import lists, reasons
from .pairs import Matched, compared, matched
from .reasons import AGREED, CLEARED, ONE_SIDE, REASONS

PUSHED, CENSUS, HANDOVER = "上级推送", "户籍-学籍", "六年级-七年级"  # 比对类型
SIDES = {PUSHED: ("名单", "本镇"), CENSUS: ("摸底登记", "花名册"), HANDOVER: ("上学年六年级", "本学年七年级")}
AGREES, REVIEW, LEFT, RIGHT = "相符", "待核对", "只在前一份", "只在后一份"  # 核对情况
TEXTS = ("outcome", "reason", "student_key", "name", "other_name", "diff", "where", "left_tail", "right_tail")
OUTCOMES = (REVIEW, LEFT, RIGHT, AGREES)


@dataclass(frozen=True)
class Comparison:
    """Two lists compared. `rows`, in the order of OUTCOMES, reasons and names: match_type, outcome, reason, student_key, name,
    other_name, diff, left and right (index of the child in its list, None where there is none), left_sheet, right_sheet,
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
    return (
        people if "pushed" in people else people.assign(pushed=pd.Series(pd.NaT, people.index, dtype="datetime64[us]"))
    )


def _side(side: str, people: pd.DataFrame) -> dict[str, list]:
    tails = people["id_no"].fillna(people["legible"].str.extract(r"([^*]*)$")[0]).fillna("").str[-4:].tolist()
    return {side: people["place"].tolist(), f"{side}_sheet": people["sheet"].tolist(), f"{side}_tail": tails}


def _no_side(side: str, number: int) -> dict[str, list]:
    return {side: [None] * number, f"{side}_sheet": [""] * number, f"{side}_tail": [""] * number}


def _where(people: pd.DataFrame) -> list[str]:
    texts = zip(people["school"].fillna(""), people["state"], strict=True)
    return [" ".join(filter(None, pair)) for pair in texts]


def _pairs(kind: str, found: Matched) -> pd.DataFrame:
    """A row for each pair: what differs, and where the township's own list says the child is."""
    left, right = (getattr(found, side).loc[found.pairs[side]].reset_index(drop=True) for side in ("left", "right"))
    facts = compared(left, right)
    flags = reasons.of_pairs(left, right, facts)
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
        told.append(reasons.digits(left["id_no"], right["id_no"]))
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
        f"{title}里与第{place[1]}行{name}像是同一人"
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
    last = (
        known.sort_values("found", kind="stable").drop_duplicates("student_key", keep="last").set_index("student_key")
    )
    struck = last[last["closed"] <= now]
    first = rows["student_key"].map(last["found"].to_dict())
    found = pd.to_datetime(first).fillna(pd.to_datetime(rows["pushed"])).fillna(now)
    done = rows["student_key"].isin(struck.index) & (rows["outcome"] != AGREES)
    why = named(rows["student_key"], struck["close_type"].fillna("").to_dict())
    rows = rows.assign(match_type=kind, found=found, days=(now - found).dt.days.clip(lower=0))
    rows["reason"] = rows["reason"].mask(done, CLEARED)
    rows["diff"] = rows["diff"].mask(done, "已销号：" + why.fillna("") + "；" + rows["diff"])
    return rows.drop(columns="pushed")
