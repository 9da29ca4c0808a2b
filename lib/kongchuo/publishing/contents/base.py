"""One text of a finished file, and where it stands."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

SEEN, ROW, UNSEEN, SOURCE = "seen", "row", "unseen", "source"
BETWEEN = "｜"  # between the cells of a row


@dataclass(frozen=True)
class Part:
    """One text. `kind`: SEEN as it stands on the page, a whole table ROW, UNSEEN, or the SOURCE with its tags.

    `near` is what it stands under: the header of its column, the line before, of a row caption and header.
    `cells`: those of a row, "" for one that holds a number by its type.
    """

    place: str
    text: str
    kind: str = SEEN
    near: str = ""
    cells: tuple[str, ...] = ()


def row(place: str, cells: Iterable[str], near: Iterable[str], numbers: Container[int] = ()) -> Part:
    """A whole row of a table; `numbers`: the places of cells that hold a number by their type."""
    cells = tuple(cells)
    typed = tuple("" if at in numbers else text for at, text in enumerate(cells))
    return Part(place, BETWEEN.join(cells), ROW, BETWEEN.join(near), typed)
