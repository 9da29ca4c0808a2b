"""For whom a page or paper is made, and what is too much in it: identity numbers, words beside a name, very few. Reference: domain.md 9.

Reports make their editions by it and the gate reads what came of them by it, so that the two cannot disagree.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from .findings import UsageError
from .id_numbers import WORD, long_numbers, numbered

INTERNAL, PUBLIC, CASE = "内部版", "公开版", "个案版"  # staff; everybody; those who handle the case of one child
EDITIONS = (INTERNAL, PUBLIC, CASE)

# Who reads: a school's own staff; the office, which sees every school but no full name; those who handle one case; everybody
AUDIENCES = SCHOOL, TOWN, CASEWORK, EVERYBODY = ("school", "town", "case", "everybody")
HEADINGS = {  # what a page says of it at its head
    SCHOOL: "内部版（本校）",
    TOWN: "内部版（全镇，姓名已隐去）",
    CASEWORK: "个案版（只给办理这一个案的人）",
    EVERYBODY: "公开版",
}
# What each may see, by the schema's `personal` marks. Staff and officials are named to whoever reads: they answer for their
# duties by name, and a 公示 names them. A case view masks no name or address: who handles it has to call and to go there.
SHOWN, MASKED, ABSENT = "shown", "masked", "absent"
MAY_SEE = {
    mark: dict(zip(AUDIENCES, seen, strict=True))
    for mark, *seen in (
        #              school  town    case    everybody
        ("staff",      SHOWN,  SHOWN,  SHOWN,  SHOWN),
        ("name",       SHOWN,  MASKED, SHOWN,  ABSENT),
        ("phone",      MASKED, ABSENT, SHOWN,  ABSENT),
        ("id",         SHOWN,  ABSENT, SHOWN,  ABSENT),  # 学生编号, birth date; numbers of a person: digits
        ("place",      SHOWN,  ABSENT, SHOWN,  ABSENT),
        ("note",       SHOWN,  ABSENT, SHOWN,  ABSENT),
        ("sensitive",  SHOWN,  ABSENT, SHOWN,  ABSENT),
        ("beside",     MASKED, MASKED, SHOWN,  MASKED),  # a secret in one row with a full name (P03)
        ("digits",     ABSENT, ABSENT, ABSENT, ABSENT),  # numbers of a person (P01)
        ("few",        SHOWN,  SHOWN,  SHOWN,  MASKED),  # very few people (P05)
    )
}  # fmt: skip

# P03: what may not stand beside a full name but on the papers of the child's own case
SECRET = re.compile("贫困|脱贫|监测户|低保|特困|残疾|学困|成绩|涉案")
HAN = re.compile("[㐀-鿿〇○·]")
SPACED = re.compile(r"(?<=[一-鿿])\s+(?=[一-鿿])")  # a name may be written with spaces between its characters
BLOT = "〈号码已隐去〉"
# titles of numbers that count no people
NO_PEOPLE = re.compile("序号|名次|编号|[班校项页次期轮]数|轮次|年级|年份|月份|期号|第.{1,3}[项期轮页次]")

# counts of people and cases in a text: alone, as a rate, before 人, 名, 件 or 例
ALONE = re.compile(r"\W*(\d+)\s*[人名户]?")
OF = re.compile(r"(?<![\d.])(\d+)/(\d+)(?![\d.])")
PEOPLE = re.compile(r"(?<![\d.])(\d+)\s*[人名件例](?!次)")


def known(edition: str) -> str:
    """The edition as typed; raises UsageError, naming the three, for what is none."""
    if edition not in EDITIONS:
        raise UsageError(f"没有“{edition}”这个版本，edition 可写：{'、'.join(EDITIONS)}")
    return edition


def audience_of(edition: str, home: str) -> str:
    """Who reads an edition of a page about a school, or about the whole town (home "")."""
    return {PUBLIC: EVERYBODY, CASE: CASEWORK}.get(edition, SCHOOL if home else TOWN)


def barred(mark: str) -> tuple[str, ...]:
    """The audiences to whom something is not shown as it is."""
    return tuple(audience for audience in AUDIENCES if MAY_SEE[mark][audience] != SHOWN)


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


# the characters of Unicode's category Cf, which are there and take no place
UNSEEN = re.compile(
    "[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)


def plain(text: str) -> str:
    """Full-width letters and digits as plain ones, and nothing in between that nobody sees."""
    return text if text.isascii() else UNSEEN.sub("", unicodedata.normalize("NFKC", text))


def blotted(text: str) -> str:
    """The text without what P01 is about, hashes kept: what may stand in a log, a manifest or a message."""
    text = WORD.sub(lambda word: BLOT if any(long_numbers(word[0])) else word[0], text)
    return "\n".join(BLOT if numbered(plain(line)) else line for line in text.split("\n"))


class Names:
    """Names as they are looked for in a text: the longest at each place; `stand_in` is what stands in its place."""

    def __init__(self, stand_in: Mapping[str, str]) -> None:
        self.stand_in = stand_in
        self._sizes: dict[str, list[int]] = {}  # first character -> lengths of such names, the longest first
        for size, char in sorted({(len(name), name[0]) for name in stand_in if name}, reverse=True):
            self._sizes.setdefault(char, []).append(size)
        # only where one of these stands is there anything to look up
        self._first = re.compile(f"[{re.escape(''.join(self._sizes))}]" if self._sizes else "(?!)")

    def found(self, text: str, loose: bool = False) -> Iterator[tuple[int, str]]:
        """(place, name) of each. `loose`: a name of two characters only by itself, since so short a name may be any word."""
        past = 0
        for first in self._first.finditer(text):
            at = first.start()
            if at < past:
                continue
            sizes = self._sizes[first[0]]
            name = next((text[at : at + size] for size in sizes if text[at : at + size] in self.stand_in), "")
            if name and not (loose and len(name) < 3 and _inside(text, at, at + len(name))):
                yield at, name
                past = at + len(name)

    def standing(self, text: str) -> set[str]:
        """Every name that stands anywhere in the text, those inside of others as well."""
        near = ((found.start(), self._sizes[found[0]]) for found in self._first.finditer(text))
        return {text[at : at + size] for at, sizes in near for size in sizes if text[at : at + size] in self.stand_in}

    def replaced(self, text: str, loose: bool = False) -> str:
        """The text with what stands in the place of each name."""
        parts, last = [], 0
        for at, name in self.found(text, loose):
            parts += [text[last:at], self.stand_in[name]]
            last = at + len(name)
        return "".join([*parts, text[last:]]) if parts else text


def _inside(text: str, start: int, end: int) -> bool:
    """Whether a piece of a text stands among other Chinese characters."""
    return any(HAN.match(char) for char in (text[max(start - 1, 0) : start], text[end : end + 1]))


def mark(edition: str) -> str:
    """What the name of a run or file says of its edition; nothing of the usual one."""
    return "" if edition == INTERNAL else f"（{edition}）"
