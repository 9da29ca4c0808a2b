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
WEIGHTS, CHECKS = np.array(id_numbers.WEIGHTS), np.array([10 if one == "X" else int(one) for one in id_numbers.CHECKS])
FORM = r"[0-9]{17}[0-9X]"
TEN, OTHER = 10, 11  # an X, any other character
# by its code point, what a character stands for
MEANS = np.full(128, OTHER, "int8")
MEANS[ord("0") : ord("9") + 1] = range(10)
MEANS[ord("X")] = TEN


def _read(numbers: pd.Series) -> np.ndarray:
    """What the characters of each number stand for, row by row; OTHER everywhere in what is not 18 characters long."""
    texts = [text if isinstance(text, str) and len(text) == LENGTH else "" for text in numbers.tolist()]
    points = np.array(texts, f"U{LENGTH}").view("uint32").reshape(len(texts), LENGTH)
    return MEANS[np.minimum(points, len(MEANS) - 1)]


def _formed(read: np.ndarray) -> np.ndarray:
    return (read[:, :-1] < TEN).all(axis=1) & (read[:, -1] <= TEN)


def _right(read: np.ndarray) -> np.ndarray:
    return _formed(read) & (CHECKS[(read[:, :-1] @ WEIGHTS) % 11] == read[:, -1])


def _born(read: np.ndarray) -> np.ndarray:
    """Days, NaT where a number is not well formed or holds no day."""
    year, month, day = (
        read[:, start:end] @ 10 ** np.arange(end - start)[::-1] for start, end in ((6, 10), (10, 12), (12, 14))
    )
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    held = _formed(read) & (month >= 1) & (month <= 12) & (days.astype("datetime64[M]") == months)
    return np.where(held, days, np.datetime64("NaT")).astype("datetime64[us]")


def _sex(read: np.ndarray) -> np.ndarray:
    return np.where(read[:, -2] % 2, "男", "女")


def well_formed(numbers: pd.Series) -> pd.Series:
    """Whether each number is 17 digits and a digit or X."""
    return pd.Series(_formed(_read(numbers)), numbers.index)


def check_right(numbers: pd.Series) -> pd.Series:
    """Whether the 18th character of each well-formed number is the one the other 17 demand; False for any other text."""
    return pd.Series(_right(_read(numbers)), numbers.index)


def birth(numbers: pd.Series) -> pd.Series:
    """The birth date in each well-formed number; NaT where it holds no date."""
    return pd.Series(_born(_read(numbers)), numbers.index)


def sex(numbers: pd.Series) -> pd.Series:
    """男 or 女 by the 17th digit of each well-formed number: odd is male."""
    read = _read(numbers)
    return pd.Series(_sex(read), numbers.index, dtype="str").where(_formed(read))


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
    frame, numbers, read = town[sheet], own_numbers(town, sheet), _of_sheet(town, sheet)
    formed, right = _formed(read), _right(read)
    for index, number in numbers[numbers.notna() & ~formed].items():
        found = f"{len(number)}位" if len(number) != LENGTH else "含有不该有的字符"
        yield KINDS["F02"].at(town.place(sheet, index, "id_no"), found=found)
    for index in numbers.index[formed & ~right]:
        yield KINDS["F03"].at(town.place(sheet, index, "id_no"))
    for index in numbers.index[formed & (read[:, -3:] == 0).all(axis=1)]:
        yield KINDS["F04"].at(town.place(sheet, index, "id_no"))
    # a number known to be mistyped says nothing about birth date and sex
    for code, column, told in (("F05", "birth_date", _born(read)), ("F06", "sex", _sex(read))):
        wrong = frame.loc[right & frame[column].notna() & (told != frame[column]), "name"]
        for index, name in wrong.items():
            yield KINDS[code].at(town.place(sheet, index, column), name=called(name))


def own_numbers(town: Town, sheet: str) -> pd.Series:
    """The identity numbers of a sheet with id_no: missing where 证件类型 says it is another kind of number."""
    frame = town[sheet]
    judged = frame["id_type"].isin(JUDGED) | (frame["id_type"].isna() & town.known(sheet, "id_type"))
    if "id_type" not in town.schema.sheets[sheet].by_name:
        judged = pd.Series(True, frame.index)
    return frame["id_no"].where(judged)


@once
def _of_sheet(town: Town, sheet: str) -> np.ndarray:
    """What the numbers of a sheet say, character by character."""
    return _read(own_numbers(town, sheet))


def _status(town: Town, sheet: str) -> Iterator[Finding]:
    numbers = town[sheet]["status_no"]
    formed = yes(numbers.str.fullmatch(STATUS_NO))
    for index in numbers.index[numbers.notna() & ~formed]:
        yield KINDS["F15"].at(town.place(sheet, index, "status_no"))
    if "id_no" in town.schema.sheets[sheet].by_name:
        own = own_numbers(town, sheet)
        formal = formed & yes(numbers.str.startswith("G")) & _right(_of_sheet(town, sheet))
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
        held = complete(town[sheet].assign(number=numbers)[_right(_of_sheet(town, sheet))], "student_key")
        found |= mapping(held, "student_key", "number")
    return found
