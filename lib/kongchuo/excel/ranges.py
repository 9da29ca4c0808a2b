"""Ranges of cells as sqref attributes name them: cut, and looked at column by column. Pure."""

import re
from collections.abc import Iterable

from ..core.workbooks import column_letters
from .package_guard import LAST_COLUMN, LAST_ROW
from .parts import split

Box = tuple[int, int, int, int]  # first row, first column, last row, last column
_ENDS = re.compile(r"\$?([A-Z]{0,3})\$?(\d*)")


def parse(sqref: str) -> list[Box]:
    """The boxes of "A2:A10 C5", and of whole columns and rows ("D:D", "3:3")."""
    ends = (text.partition(":")[::2] for text in (sqref or "").split())
    return [(*_end(first, 1, 1), *_end(last or first, LAST_ROW, LAST_COLUMN)) for first, last in ends]


def _end(text: str, row: int, column: int) -> tuple[int, int]:
    letters, digits = _ENDS.fullmatch(text).groups()
    return int(digits or row), split(f"{letters}1")[1] if letters else column


def spelt(boxes: Iterable[Box]) -> str:
    """Boxes as a sqref."""
    return " ".join(
        first if first == last else f"{first}:{last}"
        for top, left, bottom, right in boxes
        for first, last in [(f"{column_letters(left)}{top}", f"{column_letters(right)}{bottom}")]
    )


def without(box: Box, hole: Box) -> list[Box]:
    """What is left of a box once the cells of another are taken out, at most four boxes."""
    top, left, bottom, right = box
    up, west, down, east = max(top, hole[0]), max(left, hole[1]), min(bottom, hole[2]), min(right, hole[3])
    if up > down or west > east:
        return [box]
    pieces = [
        (top, left, up - 1, right),
        (down + 1, left, bottom, right),
        (up, left, down, west - 1),
        (up, east + 1, down, right),
    ]
    return [piece for piece in pieces if piece[0] <= piece[2] and piece[1] <= piece[3]]


def rows_in(boxes: Iterable[Box], column: int) -> list[tuple[int, int]]:
    """The stretches of rows that boxes cover in a column, joined and in order."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted((box[0], box[2]) for box in boxes if box[1] <= column <= box[3]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def covers(stretches: Iterable[tuple[int, int]], first: int, last: int) -> bool:
    """Whether one of the joined stretches holds all rows from `first` to `last`."""
    return any(start <= first and last <= end for start, end in stretches)
