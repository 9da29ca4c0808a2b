"""Identity numbers (GB 11643-1999): form, check character, the birth date and sex they hold, and what is wrong with them.

Pure and column-wise: a Series of texts goes in, a Series with the same index comes out; a missing number is never wrong.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from ..core import id_numbers
from ..core.findings import KINDS, WARNING, Finding
from ..core.tables import Town, called, complete, mapping, once, yes
from .references import named

LENGTH = 18
WEIGHTS, CHECKS = np.array(id_numbers.WEIGHTS), np.array(list(id_numbers.CHECKS))
FORM = r"[0-9]{17}[0-9X]"


def well_formed(numbers: pd.Series) -> pd.Series:
    """Whether each number is 17 digits and a digit or X."""
    return yes(numbers.str.fullmatch(FORM))


def check_right(numbers: pd.Series) -> pd.Series:
    """Whether the 18th character of each well-formed number is the one the other 17 demand; False for any other text."""
    right = well_formed(numbers)
    held = numbers[right]
    if len(held):
        characters = np.array(held, dtype=f"U{LENGTH}").view("U1").reshape(-1, LENGTH)
        due = CHECKS[(characters[:, :-1].astype(int) @ WEIGHTS) % 11]
        right[right] = characters[:, -1] == due
    return right


def birth(numbers: pd.Series) -> pd.Series:
    """The birth date in each well-formed number; NaT where it holds no date."""
    digits = numbers.where(well_formed(numbers)).str.slice(6, 14)
    return pd.to_datetime(digits, format="%Y%m%d", errors="coerce").astype("datetime64[us]")


def sex(numbers: pd.Series) -> pd.Series:
    """男 or 女 by the 17th digit of each well-formed number: odd is male."""
    digits = pd.to_numeric(numbers.where(well_formed(numbers)).str.slice(16, 17), errors="coerce")
    return named(digits % 2, {1: "男", 0: "女"})


# --- what is wrong with them ------------------------------------------------------------------------------------------
JUDGED = ("居民身份证", "户口簿")  # 证件类型 whose number is an identity number
STATUS_NO = r"[GJL][0-9]{17}[0-9X]"
CARD = rf"{FORM}[1-7][1-4]"
OTHER_TAIL = replace(
    KINDS["F15"],
    severity=WARNING,
    says="学籍号G后18位与证件号码不同",
    fix="请核对学籍号和证件号码；证件号码变更过的，请在备注中说明。",
)


def check(town: Town) -> Iterator[Finding]:
    """F02-F06 on identity numbers, F15 on 学籍号, F16 on 残疾证号, over every sheet that has such columns."""
    for sheet in town.filled:
        yield from town.of_sheet(_alone, sheet.name)
        if "card_no" in sheet.by_name:
            yield from _cards(town, sheet.name)


def _alone(town: Town, sheet: str) -> tuple[Finding, ...]:
    """What a sheet says by itself of its numbers."""
    judges = {"id_no": _numbers, "status_no": _status}
    columns = town.schema.sheets[sheet].by_name
    return tuple(found for column, judge in judges.items() if column in columns for found in judge(town, sheet))


def _numbers(town: Town, sheet: str) -> Iterator[Finding]:
    frame, numbers = town[sheet], own_numbers(town, sheet)
    formed, right = well_formed(numbers), _right(town, sheet)
    for index, number in numbers[numbers.notna() & ~formed].items():
        found = f"{len(number)}位" if len(number) != LENGTH else "含有不该有的字符"
        yield KINDS["F02"].at(town.place(sheet, index, "id_no"), found=found)
    for index in numbers.index[formed & ~right]:
        yield KINDS["F03"].at(town.place(sheet, index, "id_no"))
    for index in numbers.index[formed & yes(numbers.str.endswith("000"))]:
        yield KINDS["F04"].at(town.place(sheet, index, "id_no"))
    # a number known to be mistyped says nothing about birth date and sex
    held = frame[right].assign(born=birth(numbers[right]), told=sex(numbers[right]))
    wrong = held[held["birth_date"].notna() & (held["born"] != held["birth_date"])]
    for index, name in wrong["name"].items():
        yield KINDS["F05"].at(town.place(sheet, index, "birth_date"), name=called(name))
    wrong = held[held["sex"].notna() & (held["told"] != held["sex"])]
    for index, name in wrong["name"].items():
        yield KINDS["F06"].at(town.place(sheet, index, "sex"), name=called(name))


def own_numbers(town: Town, sheet: str) -> pd.Series:
    """The identity numbers of a sheet with id_no: missing where 证件类型 says it is another kind of number."""
    frame = town[sheet]
    judged = frame["id_type"].isin(JUDGED) | (frame["id_type"].isna() & town.known(sheet, "id_type"))
    if "id_type" not in town.schema.sheets[sheet].by_name:
        judged = pd.Series(True, frame.index)
    return frame["id_no"].where(judged)


@once
def _right(town: Town, sheet: str) -> pd.Series:
    return check_right(own_numbers(town, sheet))


def _status(town: Town, sheet: str) -> Iterator[Finding]:
    numbers = town[sheet]["status_no"]
    formed = yes(numbers.str.fullmatch(STATUS_NO))
    for index in numbers.index[numbers.notna() & ~formed]:
        yield KINDS["F15"].at(town.place(sheet, index, "status_no"))
    if "id_no" in town.schema.sheets[sheet].by_name:
        own = own_numbers(town, sheet)
        formal = formed & yes(numbers.str.startswith("G")) & _right(town, sheet)
        for index in numbers.index[formal & (numbers.str.slice(1) != own)]:
            yield OTHER_TAIL.at(town.place(sheet, index, "status_no"))


def _cards(town: Town, sheet: str) -> Iterator[Finding]:
    """F16: 20 characters = identity number of the pupil (from roster or census) + 残疾类别 + 残疾等级."""
    frame = town[sheet]
    cards, own = frame["card_no"], named(frame["student_key"], _number_of(town))
    wrong = ~yes(cards.str.fullmatch(CARD))
    wrong |= own.notna() & (cards.str.slice(0, LENGTH) != own)
    for place, item in ((LENGTH, "dis_type"), (LENGTH + 1, "dis_level")):
        code = named(frame[item], {value.name: value.code for value in town.schema.codes[item].values})
        wrong |= code.notna() & (cards.str.slice(place, place + 1) != code)
    for index in frame.index[cards.notna() & wrong]:
        yield KINDS["F16"].at(town.place(sheet, index, "card_no"))


def _number_of(town: Town) -> dict[str, str]:
    """Pupil -> identity number that is right in itself; the roster's wins over the census's."""
    found: dict[str, str] = {}
    for sheet in ("census", "roster"):
        numbers = own_numbers(town, sheet)
        held = complete(town[sheet].assign(number=numbers)[_right(town, sheet)], "student_key")
        found |= mapping(held, "student_key", "number")
    return found
