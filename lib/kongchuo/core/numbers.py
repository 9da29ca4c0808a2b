"""Numbers as an office rounds, prints and counts them, and the order of names that hold numbers. Knows nothing of ours."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

NUMERALS = "〇一二三四五六七八九十"
NOISE = 9  # digits after which a float holds what arithmetic left over, not what was counted


def rounded(value: float, places: int) -> float:
    """A number to so many decimal places, halves up: 59.175 -> 59.18, where `round` gives 59.17."""
    return float(_decimal(value, places))


def fixed(value: float, places: int) -> str:
    """The same as text with all its places: 59.5 -> 59.50."""
    return str(_decimal(value, places))


def _decimal(value: float, places: int) -> Decimal:
    return Decimal(str(round(float(value), NOISE))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def some(names: Iterable[object], most: int, unit: str = "") -> str:
    """The first `most` of several, and how many there are where these are not all: 甲校、乙校等5所."""
    said = [str(name) for name in names]
    return "、".join(said[:most]) + (f"等{len(said)}{unit}" if len(said) > most else "")


def heights(rates: Sequence[Mapping[str, float]]) -> tuple[float, list[dict[str, float]]]:
    """Small bars for rates (0 to 1) by name, period by period, each as high as it stands above the foot (95 %, or the least rate);
    returns the foot and the heights. The least bar can still be seen.
    """
    foot = min([0.95, *(rate for one in rates for rate in one.values())])
    return foot, [{name: max(0.06, (rate - foot) / (1 - foot)) for name, rate in one.items()} for one in rates]


# --- The order in which people expect names: 七(2)班 before 七(10)班, 八 before 九, 第二小学 before 第十小学. Numbers count as numbers ---
_NUMBER = re.compile(r"([0-9]+|[一二三四五六七八九十]+)")
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")


def natural(text: str) -> tuple[str | int, ...]:
    """The key to sort a name by: its words and numbers in turn."""
    parts = _NUMBER.split(unicodedata.normalize("NFKC", text))
    return tuple(_value(part) if at % 2 else part for at, part in enumerate(parts))


def _value(digits: str) -> int:
    tens, ten, ones = digits.translate(_DIGITS).rpartition("十")
    if not ten:
        return int(ones)
    return (int(tens.replace("十", "0")) if tens else 1) * 10 + (int(ones) if ones else 0)


def in_order(column: pd.Series) -> pd.Series:
    """The `key` of sort_values: columns of text in this order, all others as they are; what is empty stays so."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    values = sorted({*column.dropna()}, key=lambda value: natural(str(value)))
    return column.map({value: rank for rank, value in enumerate(values)})
