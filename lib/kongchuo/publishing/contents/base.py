"""One text of a finished file, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass

SEEN, ROW, UNSEEN, SOURCE = "seen", "row", "unseen", "source"
BETWEEN = "｜"  # between the cells of a row


@dataclass(frozen=True)
class Part:
    """One text. `kind`: SEEN as it stands on the page, a whole table ROW, UNSEEN, or the SOURCE with its tags.

    `near` is what it stands under: the header of its column, the line before, of a row caption and header.
    """

    place: str
    text: str
    kind: str = SEEN
    near: str = ""
