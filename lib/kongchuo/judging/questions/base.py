"""What a question is: something that may well be right and should be looked at by a person. No finding, in no score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass

import pandas as pd

from ...core.findings import Place
from ...core.policy import Policy
from ...core.tables import Town

SHOWN = 6  # rows named one by one
Rows = list[tuple[str, tuple[str, int]]]  # (sheet, index entry of town[sheet])


@dataclass(frozen=True)
class Question:
    """One question: `text` asks it in Chinese, `places` are the rows behind it, in order."""

    code: str
    text: str
    places: tuple[Place, ...]

    @property
    def key(self) -> tuple:
        """What questions are sorted by."""
        return self.code, tuple(map(astuple, self.places)), self.text

    def as_json(self) -> dict[str, object]:
        """Plain values for JSON: code, text, and the place of each row behind it."""
        return asdict(self)

    def where(self, called: Callable[[str], str] = str) -> str:
        """The rows, sheet by sheet: 2023-2024/示例中学/控辍台账.xlsx「劝返记录」第3、8行; `called` names the workbooks."""
        sheets: dict[tuple[str, str], list[int]] = {}
        for place in self.places:
            sheets.setdefault((place.workbook, place.sheet), []).append(place.row)
        return "；".join(f"{called(workbook)}「{sheet}」{_numbers(rows)}" for (workbook, sheet), rows in sheets.items())


def _numbers(rows: list[int]) -> str:
    more = f"等{len(rows)}行" if len(rows) > SHOWN else "行"
    return f"第{'、'.join(map(str, rows[:SHOWN]))}{more}"


@dataclass(frozen=True)
class Asker:
    """One kind of question: a function of (town, policy) that yields each text with its rows."""

    code: str
    title: str
    asks: Callable[[Town, Policy], Iterator[tuple[str, Rows]]]

    @property
    def explains(self) -> str:
        """The question in words: its function's docstring."""
        return (self.asks.__doc__ or "").strip()


def asker(code: str, title: str) -> Callable[..., Asker]:
    """Make the decorated function an Asker. Nothing is registered: it must be listed in QUESTIONS."""
    return lambda asks: Asker(code, title, asks)


def question(town: Town, code: str, text: str, rows: Rows) -> Question:
    """The Question about these rows."""
    places = (town.place(sheet, index) for sheet, index in sorted(rows, key=lambda one: (one[1], one[0])))
    return Question(code, text, tuple(places))


def days_of(dates: pd.Series) -> str:
    """The days of rows for a text: one by itself, of several the first and how many."""
    days = dates.drop_duplicates().sort_values()
    first = f"{days.iloc[0]:%Y-%m-%d}"
    return first if len(days) == 1 else f"{first}等{len(days)}天"
