"""Free text for papers that leave the office: names, villages, classes, days and long numbers taken out. domain.md 9, 6.6.

A second pair of eyes, not the only one: the editor reads, and the gate reads after.
"""

from __future__ import annotations

import re

from ...core.tables import Town, personal_names
from ..months import Month

NUMERALS = "一二三四五六七八九十0-9"
PATTERNS = (
    (re.compile(r"(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号]|\d{4}[-./]\d{1,2}[-./]\d{1,2}"), "某日"),
    (
        re.compile(
            rf"[{NUMERALS}]{{1,2}}(?:年级)?[（(][{NUMERALS}]{{1,2}}[)）]班|[{NUMERALS}]{{1,2}}年级[{NUMERALS}]{{1,2}}班"
        ),
        "某班",
    ),
    (re.compile(r"\d{7,}[\dXx]?"), "****"),
)


def scrubbed(month: Month, text: str, code: str = "", name: str = "") -> str:
    """The text without what tells who a child is; `name` (the child it is about) becomes `code`, other names 某某."""
    if name and code:
        text = text.replace(name, code)
    for pattern, word in month.town.once(_patterns):
        text = pattern.sub(word, text)
    return text


def _patterns(town: Town) -> tuple[tuple[re.Pattern[str], str], ...]:
    places = "\n".join(town["school"]["school_name"].dropna())  # 李庄小学 keeps its name though a child be called 李庄
    names = {name for name in town.once(personal_names) if name not in places}
    villages = {name for name in town["village"]["village_name"].dropna() if len(name) > 1}
    listed = ((names, "某某"), (villages, "某村"), (set(town["class"]["class_id"].dropna()), "某班"))
    found = [
        (re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True)))), word)
        for words, word in listed
        if words
    ]
    return (*found, *PATTERNS)
