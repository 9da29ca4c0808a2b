"""What each audience may see of pupils and families: one table by the schema's `personal` marks. Reference: domain.md 9.

Knows only columns and texts. display and the monthly report pass every cell and message through here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from ...core.editions import CASE, PUBLIC, SECRET
from ...core.schema import PERSONAL, Field

# a school's own staff; the office, which sees every school but no full name; those who handle one case; everybody
SCHOOL, TOWN, CASEWORK, EVERYBODY = "school", "town", "case", "everybody"
EDITIONS = {
    SCHOOL: "内部版（本校）",
    TOWN: "内部版（全镇，姓名已隐去）",
    CASEWORK: "个案版（只给办理这一个案的人）",
    EVERYBODY: "公开版",
}
NEVER = ("id_number", "status_no", "disability_no")  # formats whose digits stand on no page at all
COMPOUND = frozenset(
    ("欧阳", "司马", "诸葛", "上官", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "司徒", "端木", "南宫", "西门", "独孤", "宇文")
)  # fmt: skip


def surname(name: str) -> str:
    """王小明 -> 王○; a compound surname stays whole. Domain.md 9: names as 姓+○."""
    return f"{name[:2] if name[:2] in COMPOUND else name[:1]}○"


def phone(number: str) -> str:
    """13800001234 -> 138****1234."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else "****"


# What is done to a personal column: shown as it is (missing here), masked by a function, or left out (None)
MASKS: dict[tuple[str, str], Callable[[str], str] | None] = {
    ("phone", SCHOOL): phone,
    ("name", TOWN): surname,
    ("id", TOWN): None,
    ("phone", TOWN): None,
    ("place", TOWN): None,
    ("note", TOWN): None,
    ("sensitive", TOWN): None,
    **{
        (mark, EVERYBODY): None for mark in PERSONAL
    },  # a case view masks none of them: who handles it has to call and go there
}
GROUP = "特殊群体"  # P03: what stands beside a name in the place of poor, disabled, weak at school


def audience_of(edition: str, home: str) -> str:
    """Who reads an edition ("内部版", "公开版", "个案版") of a page about a school, or about the whole town (home "")."""
    return {PUBLIC: EVERYBODY, CASE: CASEWORK}.get(edition, SCHOOL if home else TOWN)


def may_see(item: Field, audience: str) -> bool:
    """Whether a column is shown to the audience at all (masked or not)."""
    return item.format not in NEVER and MASKS.get((item.personal, audience), str) is not None


def masked(value: object, item: Field, audience: str) -> object:
    """The value of a column as the audience sees it; None where it may not."""
    if not may_see(item, audience):
        return None
    mask = MASKS.get((item.personal, audience))
    return mask(str(value)) if mask and not pd.isna(value) else value


# Runs of digits in a message: an identity or telephone number, or what is left of one
DIGITS = {SCHOOL: re.compile(r"\d{11,}"), CASEWORK: re.compile(r"\d{12,}")}
OTHERS = re.compile(r"\d{7,}")


def unlabelled(value: object) -> object:
    """A value that stands beside a full name, without the labels that may not (P03): 厌学、学困 -> 厌学、特殊群体."""
    if not isinstance(value, str) or not SECRET.search(value):
        return value
    return "、".join(dict.fromkeys(GROUP if SECRET.search(part) else part for part in value.split("、")))


def masked_text(text: str, names: frozenset[str], audience: str, beside: str = "") -> str:
    """A finding's message as the audience sees it: in the town's edition each pupil's or parent's name becomes 姓+○.

    So it does in a school's own where the message, or what stands `beside` it, also says poor, disabled or the like (P03).
    `names` are all values of name columns of the township. Long runs of digits never stay, whoever reads.
    """
    text = DIGITS.get(audience, OTHERS).sub(lambda found: f"{found[0][0]}****", text)
    if audience == CASEWORK or (audience == SCHOOL and not SECRET.search(text + beside)):
        return text
    longest = max(map(len, names), default=0)
    parts, at = [], 0
    while at < len(text):
        size = next((n for n in range(min(longest, len(text) - at), 1, -1) if text[at : at + n] in names), 0)
        parts.append(surname(text[at : at + size]) if size else text[at])
        at += size or 1
    return "".join(parts)
