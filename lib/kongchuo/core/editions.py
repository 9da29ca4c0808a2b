"""For whom a page or paper is made, and what is too much in it: identity numbers, words beside a name, very few. Reference: domain.md 9.

Reports make their editions by it and the gate reads what came of them by it, so that the two cannot disagree.
"""

from __future__ import annotations

import re
import unicodedata

from .findings import UserError
from .id_numbers import WORD, long_numbers, numbered

INTERNAL, PUBLIC, CASE = "内部版", "公开版", "个案版"  # staff; everybody; those who handle the case of one child
EDITIONS = (INTERNAL, PUBLIC, CASE)

# P03: what may not stand beside a full name but on the papers of the child's own case
SECRET = re.compile("贫困|脱贫|监测户|低保|特困|残疾|学困|成绩|涉案")
BLOT = "〈号码已隐去〉"
# titles of numbers that count no people
NO_PEOPLE = re.compile("序号|名次|编号|[班校项页次期轮]数|轮次|年级|年份|月份|期号|第.{1,3}[项期轮页次]")

# counts of people and cases in a text: alone, as a rate, before 人, 名, 件 or 例
ALONE = re.compile(r"\W*(\d+)\s*[人名户]?")
OF = re.compile(r"(?<![\d.])(\d+)/(\d+)(?![\d.])")
PEOPLE = re.compile(r"(?<![\d.])(\d+)\s*[人名件例](?!次)")


def known(edition: str) -> str:
    """The edition as typed; raises UserError, naming the three, for what is none."""
    if edition not in EDITIONS:
        raise UserError(f"没有“{edition}”这个版本，edition 可写：{'、'.join(EDITIONS)}")
    return edition


def few(number: float, minimum: int) -> bool:
    """P05: whether so few people can be told apart: more than none and below 公开版最小人数."""
    return 0 < number < minimum


def hidden(minimum: int) -> str:
    """What stands in the place of such a number."""
    return f"不足{minimum}"


def few_people(text: str, title: str, minimum: int) -> bool:
    """P05: whether a text under a title tells of very few: a number alone, in a sentence, what a rate counts or leaves over."""
    if not counts_people(title):
        return False
    alone = ALONE.fullmatch(text)
    numbers = [int(alone[1])] if alone else [int(found[1]) for found in PEOPLE.finditer(text)]
    for count, base in OF.findall(text):
        numbers += [int(count), int(base) - int(count)]
    return any(few(number, minimum) for number in numbers)


def counts_people(title: str) -> bool:
    """Whether a number under this title may count people; a title that is not known to count something else does."""
    return not NO_PEOPLE.fullmatch(re.sub(r"（.*?）|\s", "", title))


def plain(text: str) -> str:
    """Full-width letters and digits as plain ones, and nothing in between that nobody sees."""
    text = unicodedata.normalize("NFKC", text)
    return text if text.isascii() else "".join(char for char in text if unicodedata.category(char) != "Cf")


def blotted(text: str) -> str:
    """The text without what P01 is about, hashes kept: what may stand in a log, a manifest or a message."""
    text = WORD.sub(lambda word: BLOT if any(long_numbers(word[0])) else word[0], text)
    return "\n".join(BLOT if numbered(plain(line)) else line for line in text.split("\n"))


def mark(edition: str) -> str:
    """What the name of a run or file says of its edition; nothing of the usual one."""
    return "" if edition == INTERNAL else f"（{edition}）"
