"""Who on one list of children is the same child as who on another, and who may be under a slip of the pen; how alike two names are."""

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
from ..core.tables import each, mapping, no, yes
from .identity import check_right

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
    facts["same_tail"], facts["differ_tail"] = yes(fits), no(fits)
    days = [frame["birth_date"].dt.strftime("%Y%m%d").fillna("").tolist() for frame in (left, right)]
    near = pd.Series(cpdist(*days, scorer=OSA.distance, dtype=np.int32), left.index) == 1
    one, other = left["birth_date"].dt, right["birth_date"].dt
    swapped = (one.month == other.day) & (one.day == other.month)
    facts["near_birth"] = both["birth_date"] & ~facts["same_birth_date"] & (near | swapped)
    return pd.DataFrame(facts)


def _equal(left: pd.DataFrame, right: pd.DataFrame, name: str) -> pd.Series:
    if name == "school":
        left, right = (frame[[name]].map(fold, na_action="ignore") for frame in (left, right))
    return yes(left[name] == right[name]) & left[name].notna()


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
    for at, left, right in each(ranked, "left", "right"):
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
