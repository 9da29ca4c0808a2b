"""A column of raw cells to a typed column, with what was wrong in it. Knows no files.

Nearly every column of nearly every workbook is clean, and a clean column is recognised at one look; only the
others are read cell by cell, each distinct value once. What is typed is plain and small (`Values`), and goes from one process to
another at little cost; `as_array` makes of it what a frame holds.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .cells import EXACT, GREENWICH, KEYS, UPPER, ZONE, reader
from .schema import Codes, Field
from .years import FIRST, LAST

if TYPE_CHECKING:  # what types a column needs none of it, and it takes long to import
    from pandas.api.extensions import ExtensionArray

# a typed column: its values with None for missing ones; or, by the type of the column, days since 1970 (_NAT: missing), numbers
# (NaN: missing), 1 and 0 for 是 and 否 (-1: missing)
Values = list[object] | array

# dtype of a column by its type; a missing value is NA/NaT in each
DTYPES = {"string": "str", "integer": "Int64", "number": "Float64", "date": "datetime64[us]", "boolean": "boolean"}

_DAY_0 = dt.date(1970, 1, 1).toordinal()
_NAT = -(2**63)  # how numpy writes a missing date


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell of a column. `position` counts from 0; `lost`: no value could be kept."""

    position: int
    code: str
    facts: dict[str, object]
    lost: bool


# A text column is looked at joined by NUL, which no workbook can hold. What matches may need work; what does not, needs none.
_UNSAFE = "\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_HAN = "\u4e00-\u9fff\u3400-\u4dbf"
_PICTURES = r"(?:DISPIMG|IMAGE)\("
_WORK = {
    **dict.fromkeys(KEYS, re.compile(rf"[^\x00!\"$-&(-,\-/-_{{-~a-z{_HAN}]|{_PICTURES}")),
    **dict.fromkeys(UPPER, re.compile(r"[^\x00A-Z0-9]")),
    "phone": re.compile(r"[^\x000-9+()-]"),
    "class_name": re.compile(rf"[^\x000-9A-Za-z(){_HAN}]|{_PICTURES}"),
    "person_name": re.compile(rf"[\s#.{_UNSAFE}•‧∙⋅⸱・･᛫﹒●\uff01-\uff5e]"),
    "": re.compile(rf"[\s#{_UNSAFE}]|{_PICTURES}", re.I),
}


def typed(values: Sequence[object], item: Field, codes: Codes | None = None) -> tuple[Values, list[Problem]]:
    """Type a column. `codes` is the list the column names (None for a column without one).

    Returns its values, as `as_array` takes them: NA where a cell is empty or lost; and the problems by position. Never raises,
    whatever the cells hold.
    """
    found = _clean(values, item, codes)
    return _cell_by_cell(values, item, codes) if found is None else (found, [])


def as_array(values: Values, item: Field) -> ExtensionArray:
    """The array of a column, of its dtype, of what was typed."""
    import numpy as np
    import pandas as pd

    if isinstance(values, list):
        return pd.array(values, dtype=DTYPES[item.type], copy=False)
    held = np.array(values)
    if item.type == "boolean":
        return pd.arrays.BooleanArray(held == 1, held == -1)
    if item.type == "date":
        return pd.array(held.view("datetime64[D]").astype("datetime64[us]"), copy=False)
    empty = np.isnan(held)
    if item.type == "number":
        return pd.arrays.FloatingArray(held, empty)
    return pd.arrays.IntegerArray(np.where(empty, 0, held).astype("int64"), empty)


def stacked(columns: Sequence[Values], item: Field) -> ExtensionArray:
    """The array of typed columns of one field, one below the other."""
    import pandas as pd

    kinds = {type(values) for values in columns}
    if len(kinds) > 1:  # some were clean (`typed`), others read cell by cell
        return pd.concat([pd.Series(as_array(values, item)) for values in columns]).array
    whole = columns[0][:0]
    for values in columns:
        whole.extend(values)
    return as_array(whole, item)


def filled(values: Values, item: Field) -> int:
    """How many values of a typed column are not missing."""
    if isinstance(values, list):
        return len(values) - values.count(None)
    if item.type in ("integer", "number"):
        return sum(not math.isnan(value) for value in values)
    return len(values) - values.count(_NAT if item.type == "date" else -1)


def _cell_by_cell(values: Sequence[object], item: Field, codes: Codes | None) -> tuple[list[object], list[Problem]]:
    read = reader(item, codes)
    if item.type == "date" and _of_greenwich(values):
        days = [(value + ZONE).date() if isinstance(value, dt.datetime) else value for value in values]
        typed, problems = _cell_by_cell(days, item, codes)
        at = [place for place, day in enumerate(typed) if day is not None and isinstance(values[place], dt.datetime)]
        told = [Problem(place, "F24", {"value": typed[place].isoformat()}, lost=False) for place in at]
        return typed, sorted([*problems, *told], key=lambda problem: problem.position)
    cells = list(zip(map(type, values), values, strict=True))  # 1, 1.0 and True are equal, but not the same cell
    known = {cell: read(cell[1]) for cell in set(cells)}
    typed = [known[cell][0] for cell in cells]
    if not any(wrong for _, wrong in known.values()):
        return typed, []
    found = ((position, *known[cell]) for position, cell in enumerate(cells))
    return typed, [
        Problem(position, *wrong, lost=value is None) for position, value, wrongs in found for wrong in wrongs
    ]


def _of_greenwich(values: Sequence[object]) -> bool:
    """Whether all days of a column are the evenings before, at the hour in Greenwich when Beijing has midnight.

    One such hour beside plain days may be what somebody typed.
    """
    days = [value for value in values if isinstance(value, dt.date)]
    return bool(days) and all(
        isinstance(value, dt.datetime) and value.replace(microsecond=0).time() in GREENWICH for value in days
    )


def _clean(values: Sequence[object], item: Field, codes: Codes | None) -> Values | None:
    """The typed column when every cell is already as it should be, else None."""
    if item.many or item.pattern:
        return None
    if codes:
        return _clean_names(values, dict(zip(codes.names, codes.names, strict=True)))
    if item.type == "boolean":
        known = _clean_names(values, {"是": 1, "否": 0})
        if known is None:
            return None
        return array("b", [-1 if value is None else value for value in known])
    if item.type == "date":
        return _clean_dates(values)
    if item.type in ("integer", "number"):
        return _clean_numbers(values, item)
    return _clean_texts(values, _WORK.get(item.format))


def _clean_names(values: Sequence[object], names: dict[object, object]) -> list[object] | None:
    known = {**names, "": None, None: None}
    distinct = set(values)
    if not distinct <= known.keys():
        return None
    if all(known[value] is value for value in distinct):  # nothing to replace: spare a walk over the column
        return list(values)
    return [known[value] for value in values]


def _clean_texts(values: Sequence[object], work: re.Pattern[str] | None) -> list[object] | None:
    try:
        joined = "\x00".join(values)
    except TypeError:  # not all are text
        return None
    return None if work is None or work.search(joined) else [value or None for value in values]


def _clean_dates(values: Sequence[object]) -> array | None:
    distinct = set(values) - {"", None}
    if not all(type(value) is dt.date and FIRST <= value <= LAST for value in distinct):
        return None
    known = {value: value.toordinal() - _DAY_0 for value in distinct} | {"": _NAT, None: _NAT}
    return array("q", [known[value] for value in values])


def _clean_numbers(values: Sequence[object], item: Field) -> array | None:
    kinds = set(map(type, values))
    if not kinds <= {float, int, str, type(None)} or any(isinstance(value, str) for value in set(values) - {""}):
        return None
    numbers = array("d", [math.nan if value in ("", None) else value for value in values])
    held = {number for number in numbers if not math.isnan(number)}
    low = -EXACT if item.minimum is None else item.minimum
    high = EXACT if item.maximum is None else item.maximum
    if any(not low <= number <= high or abs(number) >= EXACT for number in held):
        return None
    return numbers if item.type == "number" or all(number.is_integer() for number in held) else None
