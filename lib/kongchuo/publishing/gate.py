"""The gate: whatever leaves is read once more, as finished, for what may not be in it (P01 to P05, domain.md 3.3).

It says where, never what. It knows no rules and no reports, nor the data: who runs them hands it the names.
"""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ..core.editions import (
    EVERYBODY,
    HEADINGS,
    INTERNAL,
    SCHOOL,
    SECRET,
    SPACED,
    TOWN,
    Names,
    audience_of,
    barred,
    few_people,
    plain,
)
from ..core.findings import GATE_KINDS, UserError
from ..core.id_numbers import long_numbers, numbered, split_number
from ..core.numbers import some
from ..core.places import NAMES, today
from .finished import ROW, SEEN, SOURCE, Part, of_file, of_html

LONG = 1000  # characters from which a text is not kept to be known again
SHOWN = 5  # places a message names
CHINESE = str.maketrans("〇○零一二三四五六七八九", "000123456789")
DATE = re.compile(r"(20\d\d)[-./年](\d{1,2})[-./月](\d{1,2})")
NOTICE = re.compile("公示(期|时间|起|止|自|从|日期)")
NO_NAMES = "没有拿到本镇学生和家长的姓名，查不出公开版里有没有姓名，已阻止导出。请用 kongchuo run 重新生成"


class Blocked(UserError):
    """What was made may not leave: which rules it breaks and where, never the value."""


@dataclass(frozen=True)
class Known:
    """What the gate is told: names of pupils and parents, 公开版最小人数, the day.

    `among_staff`: the page names staff, so that a name of two characters counts only by itself: it may be any word.
    """

    names: frozenset[str] = frozenset()
    minimum: int = 0
    day: dt.date = dt.date.max
    among_staff: bool = False

    def named(self, text: str, loose: bool = False) -> bool:
        """Whether a name stands in the text, also one written with spaces between its characters; `loose`: see Names.found."""
        return any(_index(self.names).found(text if loose else SPACED.sub("", text), loose))


@lru_cache(maxsize=1)
def _index(names: frozenset[str]) -> Names:
    return Names(dict.fromkeys(names, ""))


def _digits(part: Part, known: Known) -> bool:
    if part.kind == SOURCE:  # the curves of a chart are digits in groups as well
        return any(long_numbers(part.text))
    if part.kind == ROW:  # its cells come by themselves as well
        return split_number(part.cells)
    return numbered(part.text) or (part.kind == SEEN and any(long_numbers(part.text.translate(CHINESE))))


def _names(part: Part, known: Known) -> bool:
    return part.kind != SOURCE and known.named(part.text, known.among_staff)


def _secrets(part: Part, known: Known) -> bool:
    return part.kind in (SEEN, ROW) and bool(SECRET.search(part.text + part.near)) and known.named(part.text)


def _small(part: Part, known: Known) -> bool:
    return part.kind == SEEN and few_people(part.text, part.near, known.minimum)


def _expired(part: Part, known: Known) -> bool:
    dates = [tuple(map(int, found)) for found in DATE.findall(part.text)]
    ends = max(dates, default=())
    return part.kind == SEEN and bool(ends and NOTICE.search(part.text)) and ends < known.day.timetuple()[:3]


# What is judged for which audiences; a warning lets pass
JUDGES: dict[str, tuple[tuple[str, ...], Callable[[Part, Known], bool]]] = {
    "P01": (barred("digits"), _digits),
    "P02": (barred("name"), _names),
    "P03": (barred("beside"), _secrets),
    "P04": ((EVERYBODY,), _expired),
    "P05": (barred("few"), _small),
}
WARNS = ("P04",)


def gate(
    what: str | Path, edition: str = INTERNAL, names: Iterable[str] | None = None, minimum: int = 0
) -> tuple[str, ...]:
    """Read a finished file (html, docx, xlsx, ipynb, text) or the text of a page; raise Blocked where it may not leave.

    `edition` is one of core.editions, or what the office's own page says at its head (HEADINGS[TOWN]); `names` are those of pupils and parents (names.telling_names), `minimum` the policy's
    public_minimum. Returns warnings, in Chinese. The message names places and never repeats a value. A file that cannot be
    read through does not leave either.
    """
    return passed(what, edition, None if names is None else Known(frozenset(names), minimum, dt.date.today()))


def passed(what: str | Path, edition: str, known: Known | None, page: str = "") -> tuple[str, ...]:
    """`gate` with what the runs of a batch have told. `page`: that of a notebook, of which the gate is asked as well."""
    audience = TOWN if edition == HEADINGS[TOWN] else audience_of(edition, SCHOOL)
    if known is None:
        if audience == EVERYBODY:
            raise Blocked(NO_NAMES)
        known = Known()
    known = replace(known, among_staff=audience == TOWN)
    try:
        parts = list(of_file(what, page) if isinstance(what, Path) else of_html(what))
    except ValueError as error:
        raise Blocked(f"没有读懂要导出的文件，已阻止导出（{error}）。请重新生成") from error
    found: dict[str, dict[str, None]] = {code: {} for code in JUDGES}
    judge = _judge(audience, known)
    for part in parts:
        judged = judge if len(part.text) < LONG else judge.__wrapped__
        for code in judged(part.text, part.kind, part.near, part.cells):
            found[code][_safe(part.place, known)] = None
    for places in found.values():  # the source of a page is named only where nothing better is
        if len(places) > 1:
            places.pop("页面源代码", None)
    said = {code: _said(code, list(places)) for code, places in found.items() if places}
    if stopped := [text for code, text in said.items() if code not in WARNS]:
        raise Blocked("；".join(stopped))
    return tuple(said.values())


@lru_cache(maxsize=8)
def _judge(audience: str, known: Known) -> Callable[[str, str, str, tuple[str, ...]], tuple[str, ...]]:
    """What says which codes a text breaks: judged once, though it stand on page, in notebook and 附表, and on other schools'."""
    judges = {code: judge for code, (audiences, judge) in JUDGES.items() if audience in audiences}

    @lru_cache(maxsize=1 << 15)
    def broken(text: str, kind: str, near: str, cells: tuple[str, ...]) -> tuple[str, ...]:
        read = Part("", plain(text), kind, plain(near), tuple(map(plain, cells)))
        return tuple(code for code, judge in judges.items() if judge(read, known))

    return broken


def _safe(place: str, known: Known) -> str:
    """A place that repeats nothing: a heading or a sheet may itself be called by a name."""
    text = plain(place)
    return "标题中（已隐去）" if numbered(text) or known.named(text) else place


def _said(code: str, places: list[str]) -> str:
    kind = GATE_KINDS[code]
    return f"{code} {kind.says}：{some(places, SHOWN, '处')}。{kind.fix}"


def told(scratch: Path) -> Known | None:
    """What the runs of a batch have left for its gate (opening.open_year); None where nothing was left."""
    texts = tuple(path.read_text("utf-8") for path in sorted(scratch.glob(NAMES)))
    return replace(_known(texts), day=today(scratch)) if texts else None


@lru_cache(maxsize=1)
def _known(texts: tuple[str, ...]) -> Known:
    files = list(map(json.loads, texts))
    names = frozenset(name for file in files for name in file["names"])
    return Known(names, max(file["minimum"] for file in files))
