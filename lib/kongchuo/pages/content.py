"""All that a run of a report leaves, as one hash: two states of the books that give the same one give the same page and files."""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path

from ..core.editions import SPACED, Names, plain
from ..core.places import NAMES, SCRATCH

MADE_AT = re.compile(
    "生成于 [-0-9: ]+"
)  # as the footer says it: the one thing on a page that nothing in the books changes
TAG = re.compile("<[^>]*>")


def fingerprint(shown: Iterable[str], held: object) -> str:
    """A hash of the sections shown (HTML) but for the minute, of what else a run leaves (plain values and dataclasses), and of the
    names in all that, by which the gate may stop it though it says what it said. Raises TypeError for what is no plain value.
    """
    pages = [MADE_AT.sub("", text) for text in shown]
    rest = json.dumps(held, default=_plain, ensure_ascii=False)
    text = plain("\n".join((*(TAG.sub("", page) for page in pages), rest)))
    names = [sorted(_told().standing(one)) for one in (text, SPACED.sub("", text))]
    return hashlib.sha256(json.dumps([pages, rest, names], ensure_ascii=False).encode()).hexdigest()[:12]


def _plain(value: object) -> object:
    if is_dataclass(value):
        return [type(value).__name__, *(getattr(value, item.name) for item in fields(value))]
    if isinstance(value, frozenset):
        return sorted(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):  # a number of numpy
        return value.item()
    raise TypeError(type(value).__name__)


def _told() -> Names:
    """The names that the gate of this batch knows."""
    scratch = Path(os.environ.get(SCRATCH, os.devnull))
    return _index(tuple(path.read_text("utf-8") for path in sorted(scratch.glob(NAMES))))


@lru_cache(maxsize=1)
def _index(texts: tuple[str, ...]) -> Names:
    return Names(dict.fromkeys((name for text in texts for name in json.loads(text)["names"]), ""))
