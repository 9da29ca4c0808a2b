"""What each audience may see of pupils and families: one table by the schema's `personal` marks. Reference: domain.md 9.

Knows only columns and texts. display and the monthly report pass every cell and message through here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from ...core.schema import Field

SCHOOL, TOWN = "school", "town"  # a school's own staff; the office, which sees every school but no full name
EDITIONS = {SCHOOL: "内部版（本校）", TOWN: "内部版（全镇，姓名已隐去）"}
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
}


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
DIGITS = {SCHOOL: re.compile(r"\d{11,}"), TOWN: re.compile(r"\d{7,}")}


def masked_text(text: str, names: frozenset[str], audience: str) -> str:
    """A finding's message as the audience sees it: in the town's edition each pupil's or parent's name becomes 姓+○.

    `names` are all values of name columns of the township. Long runs of digits never stay, whoever reads.
    """
    text = DIGITS[audience].sub(lambda found: f"{found[0][0]}****", text)
    if audience != TOWN:
        return text
    longest = max(map(len, names), default=0)
    parts, at = [], 0
    while at < len(text):
        size = next((n for n in range(min(longest, len(text) - at), 1, -1) if text[at : at + n] in names), 0)
        parts.append(surname(text[at : at + size]) if size else text[at])
        at += size or 1
    return "".join(parts)
