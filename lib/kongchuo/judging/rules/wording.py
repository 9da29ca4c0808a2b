"""The rule on characters: traditional and variant ones, and words that are commonly mistyped, in texts people write freely."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import opencc
import pandas as pd

from ...core.findings import INFO
from ...core.policy import Policy
from ...core.schema import Field
from ...core.tables import Town
from .base import Spot, at, rule

# word as it is mistyped (a pattern, where a longer word of its own must be left alone) -> the word there is
WORDS = {
    "坐次表": "座次表",
    "坐位表": "座位表",
    "(?<![年等高低])级段": "学段",
    "帮辅(?!导)": "帮扶",
    "帮抚": "帮扶",
    "缀学": "辍学",
    "掇学": "辍学",
    "控缀": "控辍",
    "劝反": "劝返",
    "学藉": "学籍",
    "藉贯": "籍贯",
    "留首": "留守",
    "残级": "残疾",
    "随班就渎": "随班就读",
    "影全镇": "影响全镇",
    "(?<!县、)乡、校三级": "县、乡、校三级",
}
# characters that serve in simplified writing as well: 乾隆, 瞭望, 於菟, 宫商角徵羽; and those restored for names in 2013
KEPT = frozenset("乾瞭於徵麽夥后拚捱摺榘菸薹袷醣麴吒皙瞋噘蹚溧勠昇陞甯邨氾堃犇龢迺椀仝淼喆剋鉅谿祕甦脩釐")
PEOPLE = r"(?=[\u4e00-\u9fff]{0,2}(?:老师|校长|主任|书记|同学|教师|先生|女士|某))"  # 於老师: a surname in its own right


@cache
def _variants() -> dict[str, str]:
    """Every character that has another, common form -> that form."""
    characters = [chr(number) for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for number in range(first, last)]
    common = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {one: other for one, other in zip(characters, common, strict=True) if one != other and one not in KEPT}


def _free(item: Field) -> bool:
    """A column people write in their own words: no list, no key, no name of a person, no address."""
    listed = item.codes or item.reference or item.format or item.pattern
    return item.type == "string" and not listed and item.personal in ("", "note", "sensitive")


@rule(
    "F29",
    INFO,
    needs=(),
    says="“{written}”一般写作“{word}”",
    fix="请改成通行的写法，以免查找、统计时漏掉，印发的文件也统一。",
    source="domain.md 1.6",
)
def unusual_words(town: Town, policy: Policy) -> Iterator[Spot]:
    """文字里的繁体字、异体字和常见别字（如“坐次表”）。同一件事两种写法，查找和汇总时就会漏掉一半。人名不算。"""
    wanted = re.compile("|".join([*(f"(?:{word})" for word in WORDS), f"[{''.join(_variants())}]"]))
    for sheet in town.filled:
        if sheet.name == "code":  # written by us
            continue
        for item in filter(_free, sheet.typed):
            column = town[sheet.name][item.name].dropna()
            if len(column) and wanted.search("\n".join(column.unique())):
                yield from _in_column(town, sheet.name, item.name, column[column.str.contains(wanted)])


def _in_column(town: Town, sheet: str, name: str, column: pd.Series) -> Iterator[Spot]:
    people = town.once(_people)
    for index, text in column.items():
        plain = people.sub("", text) if people else text
        plain = re.sub(f"[{''.join(_variants())}]{PEOPLE}", "", plain)
        for written, word in _found(plain):
            yield at(sheet, index, name, written=written, word=word)
            break  # one remark for a cell is enough: whoever opens it sees the rest


def _found(text: str) -> Iterator[tuple[str, str]]:
    for pattern, word in WORDS.items():
        for match in re.finditer(pattern, text):
            yield match[0], word
    variants = _variants()
    run = re.search(f"[{''.join(variants)}]+", text)  # 幫輔 as a whole, not character by character
    if run:
        yield run[0], "".join(variants[character] for character in run[0])


def _people(town: Town) -> re.Pattern[str] | None:
    """Names of people that hold such a character."""
    columns = [("staff", "name"), ("roster", "name"), ("census", "name"), ("village", "contact"), ("village", "village_name"),
               ("school", "school_name"), ("school", "school_alias")]  # fmt: skip
    odd = re.compile(f"[{''.join(_variants())}]")
    names = {name for sheet, column in columns for name in town[sheet][column].dropna().unique() if odd.search(name)}
    return re.compile("|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name))))) if names else None


RULES = (unusual_words,)
