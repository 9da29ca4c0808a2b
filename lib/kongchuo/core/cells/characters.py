"""Characters that look right and are others: radicals for characters, private use, invisible marks. Knows no files."""

from __future__ import annotations

import re
import unicodedata

# radicals that a converter of PDF files writes for the character (CJK Radicals Supplement); the Kangxi radicals NFKC knows
_RADICALS = dict(
    zip(
        "⺠⺟⻄⻅⻆⻉⻋⻓⻔⻗⻘⻙⻚⻛⻜⻝⻡⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳⺓⺩⺮⺼⻁⻑",
        "民母西见角贝车长门雨青韦页风飞食首马骨鬼鱼鸟卤麦黄齐齿龙龟幺王竹肉虎長",
        strict=True,
    )
)
_UNSEEN = ("Cf", "Mn", "Cc", "Zl", "Zp")  # categories of characters that show nothing of their own


def meant(character: str) -> str:
    """The character that stands for a radical or another form; "" where nothing is known."""
    if character in _RADICALS:
        return _RADICALS[character]
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain != character and len(plain) == 1 else ""


def strange(text: str, usual: str) -> str:
    """The first character that the pattern `usual` does not match, said so that a clerk can mend it; "" where none is.

    Plain letters, digits and signs show what they are and need no word.
    """
    for place, character in enumerate(text, 1):
        if not character.isascii() and not re.fullmatch(usual, character):
            return f"：第{place}个字{_what(character)}"
    return ""


def _what(character: str) -> str:
    code, category, right = f"U+{ord(character):04X}", unicodedata.category(character), meant(character)
    if category in _UNSEEN:
        return f"是看不见的字符（{code}），请删去"
    if category in ("Co", "Cn"):
        return f"（{code}）是自造字，换一台电脑就看不到，请用输入法重新录入"
    radical = "部首" if 0x2E80 <= ord(character) <= 0x2FDF else ""
    return f"是{radical}“{character}”（{code}）" + (f"，应为“{right}”" if right else "，请核对")
