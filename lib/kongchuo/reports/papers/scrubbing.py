"""Free text for papers that leave the office: names, villages, classes, days and long numbers taken out. domain.md 9, 6.6.

A second pair of eyes, not the only one: the editor reads, and the gate reads after.
"""

from __future__ import annotations

import re

from ...core.tables import Town, personal_names
from ...field.references import schools_in
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
    """The text without what tells who a child is; `name` (the child it is about) becomes `code`, other names 某某.

    A school keeps its name, also one that is called by its village or by a family.
    """
    if name and code:
        text = text.replace(name, code)
    words, instead = month.town.once(_words)
    text = words.sub(lambda found: instead[found[0]], text)
    for pattern, word in PATTERNS:
        text = pattern.sub(word, text)
    return text


def _words(town: Town) -> tuple[re.Pattern[str], dict[str, str]]:
    """Every name there is, the longest first, and what stands in its place."""
    instead = {name: name for one in schools_in(town["school"]) for name in (one.name, *one.aliases)}
    instead |= dict.fromkeys(personal_names(town), "某某")
    instead |= dict.fromkeys((name for name in town["village"]["village_name"].dropna() if len(name) > 1), "某村")
    instead |= dict.fromkeys(town["class"]["class_id"].dropna(), "某班")
    found = sorted(filter(None, instead), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, found)) or "(?!)"), instead
