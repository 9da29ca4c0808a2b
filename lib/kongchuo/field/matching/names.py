"""How alike two names are: the same but for variant characters, sounding alike, differing in one character.

Names are compared many times over, so each distinct name and character is worked out once.
"""

from __future__ import annotations

from functools import cache

import opencc
import pandas as pd
import pypinyin
from rapidfuzz.distance import OSA

# from alike to different: the same text, the same but for variant characters, homophones, one character off, two names
SAME, VARIANT, SOUND, CLOSE, OTHER = range(5)
# what many speakers and typists do not tell apart
_FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def plain(names: pd.Series) -> pd.Series:
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


def likeness(one: str, other: str) -> int:
    """SAME … OTHER for two names in common characters (`plain`), of which SAME then means VARIANT at least."""
    if one == other:
        return VARIANT
    if len(one) == len(other) and all(
        a == b or not readings(a).isdisjoint(readings(b)) for a, b in zip(one, other, strict=True)
    ):
        return SOUND
    return CLOSE if max(len(one), len(other)) > 2 and OSA.distance(one, other) == 1 else OTHER
