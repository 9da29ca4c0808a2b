"""Numbers that name one person, found in a text: identity, student-status (学籍号) and disability (残疾证号) numbers. Pure.

What a cell of a column may hold of them, and has lost of a number: cells; whether one is right: facts.identity.

GB 11643-1999: area (6 digits), birth date (8), serial number (3), check character by ISO 7064 MOD 11-2. A 学籍号 is a letter
and 18 characters, a 残疾证号 an identity number and 2 digits.

A page is full of counts, so digits that are written apart are a number only where they are one exactly: a real date at its
place and the right check character, which of random digits one in twenty thousand is. Cells of counts, rates and dates are
never read on into the next one. What no count is, a run of 15 or more digits, is a number whatever its check character, since
that may be mistyped (F03).
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
DIGITS = "0123456789"

WORD = re.compile(r"[0-9A-Za-z]+")
SHORTEST = 15  # digits of the shortest number
RUN = re.compile(rf"\d{{{SHORTEST},}}")
HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
FRACTION = re.compile(r"\d\.$")  # before the decimals of a number
PERSON = re.compile(r"[1-9]\d{5}(19\d\d|20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
CARD = re.compile(r"[1-7][1-4]")  # 残疾类别 and 残疾等级 after the identity number
BETWEEN = r"[\s\-‐-―−·._/]{1,8}"
GROUPED = re.compile(rf"\d+(?:{BETWEEN}[0-9Xx]+)+")
# area, birth date and the rest, each in one piece: no counts stand so, whatever the check character
NATURAL = re.compile(rf"(?<!\d)([1-9]\d{{5}}){BETWEEN}(\d{{8}}){BETWEEN}(\d{{3}}[\dXx])(?![\dA-Za-z])")
# a 学籍号 that is no identity number says of itself only its letter and its length
STATUS_BEGINS = re.compile(r"[GJLgjl][0-9]{3}")
STATUS = re.compile(rf"(?<![A-Za-z])[GJLgjl](\d{{3,}}(?:{BETWEEN}[0-9Xx]+)+)")
# a cell that counts, measures or dates: 1,234; 12.5; 18/18; 98.7 %（1234/1250）; 2023-10-01
COUNT = r"\d{1,8}|\d{1,3}(,\d{3})+"
FIGURE = re.compile(
    rf"[^\w]*([-+<>≥≤]?({COUNT})(\.\d+)?\s*[%‰]?|\d{{1,8}}/\d{{1,8}}|[\d.]+\s*%\W*\d{{1,8}}/\d{{1,8}}|\d{{4}}([-./]\d{{1,2}}){{1,2}})\W*"
)


def check_character(body: str) -> str:
    """The 18th character that the first 17 digits demand."""
    return CHECKS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def is_person(text: str) -> bool:
    """Whether a text without blanks is an identity number, or that of a disability card, right in date and check character."""
    number, rest = text[:18], text[18:]
    return (
        PERSON.fullmatch(number) is not None
        and _is_date(number[6:14])
        and number[17].upper() == check_character(number[:17])
        and (not rest or CARD.fullmatch(rest) is not None)
    )


def numbered(text: str) -> bool:
    """P01: whether a text, its digits plain, holds a number in one piece or in groups."""
    # most texts, in a fraction of the time
    if sum(map(text.count, DIGITS)) < SHORTEST and not STATUS_BEGINS.search(text):
        return False
    return any(long_numbers(text)) or _apart(text) or split_number([cell.strip() for cell in text.split("|")])


def split_number(cells: Sequence[str]) -> bool:
    """P01: whether a number that is whole in neither stands in two neighbouring cells of a row, one of which is no figure.

    Or in three, its parts by themselves: area, birth date, the rest. A cell that is "" (a number by its type) parts its neighbours.
    """
    for three in zip(cells, cells[1:], cells[2:], strict=False):
        if [*map(len, three)] == [6, 8, 4] and is_person("".join(three)):
            return True
    for left, right in pairwise(cells):
        if len(left) + len(right) < 18 or not (left and right and left[-1] in DIGITS and right[0] in f"{DIGITS}Xx"):
            continue
        if FIGURE.fullmatch(left) and FIGURE.fullmatch(right):
            continue
        if _apart(f"{left} {right}"):
            return True
    return False


def long_numbers(text: str) -> Iterator[re.Match]:
    """Words with a run of 15 or more digits that are no hash and no decimals: a number of a person, or more."""
    for word in WORD.finditer(text) if RUN.search(text) else ():
        run = RUN.search(word[0])
        if run and not HASH.fullmatch(word[0]):
            decimals = FRACTION.search(text[max(word.start() - 2, 0) : word.start()])
            if not decimals or is_person(run[0]) or is_person(word[0][:18]):
                yield word


def _is_date(digits: str) -> bool:
    try:
        dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _apart(text: str) -> bool:
    """Whether groups of digits together are a number."""
    return _grouped(text) or _natural(text) or _status(text)


def _grouped(text: str) -> bool:
    """Whether some neighbouring groups of digits, whole, make one number."""
    return any(any(map(is_person, _joined(found[0]))) for found in GROUPED.finditer(text))


def _natural(text: str) -> bool:
    return any(_is_date(found[2]) and found[2][:2] in ("19", "20") for found in NATURAL.finditer(text))


def _status(text: str) -> bool:
    return any(
        len(joined) == 18 and found[1].startswith(joined[:3])
        for found in STATUS.finditer(text)
        for joined in _joined(found[1], first_only=True)
    )


def _joined(text: str, first_only: bool = False) -> Iterator[str]:
    """What neighbouring groups make together, as long as 18 or 20 characters."""
    groups = re.findall(r"[0-9Xx]+", text)
    for first in range(1 if first_only else len(groups)):
        joined = ""
        for group in groups[first:]:
            joined += group
            if len(joined) > 20:
                break
            if len(joined) in (18, 20):
                yield joined
