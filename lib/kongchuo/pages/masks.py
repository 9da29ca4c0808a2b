"""How a page is masked for who reads it, by the table core.editions.MAY_SEE (domain.md 9): columns, messages, names in any text.

Knows only columns and texts. display and the monthly report pass every cell and message through here.
"""

import re
from functools import lru_cache

import pandas as pd

from ..core.editions import ABSENT, CASEWORK, MASKED, MAY_SEE, SCHOOL, SECRET, SHOWN, Names
from ..core.schema import Field

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


MASKS = {"name": surname, "phone": phone}  # how a column is masked for whom MAY_SEE says so
GROUP = "特殊群体"  # P03: what stands beside a name in the place of poor, disabled, weak at school


def _seen(item: Field, audience: str) -> str:
    mark = "digits" if item.format in NEVER else item.personal
    return MAY_SEE[mark][audience] if mark else SHOWN


def may_see(item: Field, audience: str) -> bool:
    """Whether a column is shown to the audience at all (masked or not)."""
    return _seen(item, audience) != ABSENT


def masked(value: object, item: Field, audience: str) -> object:
    """The value of a column as the audience sees it; None where it may not."""
    seen = _seen(item, audience)
    if seen == ABSENT:
        return None
    return MASKS[item.personal](str(value)) if seen == MASKED and not pd.isna(value) else value


# Runs of digits in a message: an identity or telephone number, or what is left of one
DIGITS = {SCHOOL: re.compile(r"\d{11,}"), CASEWORK: re.compile(r"\d{12,}")}
OTHERS = re.compile(r"\d{7,}")


def unlabelled(value: object) -> object:
    """A value that stands beside a full name, without the labels that may not (P03): 厌学、学困 -> 厌学、特殊群体."""
    if not isinstance(value, str) or not SECRET.search(value):
        return value
    return "、".join(dict.fromkeys(GROUP if SECRET.search(part) else part for part in value.split("、")))


def masked_text(
    text: str, names: frozenset[str], audience: str, beside: str = "", others: frozenset[str] = frozenset()
) -> str:
    """A finding's message as the audience sees it: where it may not see names, each pupil's or parent's becomes 姓+○.

    So it does in a school's own where the message, or what stands `beside` it, also says poor, disabled or the like (P03).
    `names` are those of the township's families, `others` (core.names.other_names) stay whole though a name be part of them.
    Long runs of digits never stay, whoever reads.
    """
    text = DIGITS.get(audience, OTHERS).sub(lambda found: f"{found[0][0]}****", text)
    together = MAY_SEE["beside"][audience] != SHOWN and SECRET.search(text + beside)
    if MAY_SEE["name"][audience] == SHOWN and not together:
        return text
    return index(names, others).replaced(text)


@lru_cache(maxsize=4)
def index(names: frozenset[str], others: frozenset[str]) -> Names:
    """The names of families as they are masked in any text, and those of others, which stay whole."""
    return Names({name: surname(name) for name in names} | {name: name for name in others})
