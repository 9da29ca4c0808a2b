"""What a paper is, and what is taken out of a text that the public reads."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from ..core.names import personal_names
from ..core.numbers import in_order
from ..core.tables import Town, once
from ..excel.tables import Grid
from ..facts.references import schools_in
from ..figures import uncounted
from ..figures.scopes import Scope
from ..figures.support import pupils
from ..pages import today
from ..pages.views import Month

# --- What a paper is: its line in the table PAPERS, the copies it is made in, and how a value stands on paper. Knows no files ---
BLANK = "______"  # to be filled by hand: what the ledgers do not say is never guessed
INTERNAL, CASE, FAMILY, PUBLIC = "内部", "个案", "个别送达", "公开"
SCHOOL = "学校"  # with places.TOWN the editions that a paper is made in
DOCX, XLSX = "docx", "xlsx"


@dataclass(frozen=True)
class Linked:
    """Words some of which lead to a file: (text, address as a page writes it), address "" for what leads nowhere."""

    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "".join(text for text, _ in self.parts)


@dataclass(frozen=True)
class Copy:
    """One file of a paper: what tells it from the others in its name (never a pupil), and what it holds.

    `content` is the context of a Word template, or the Grids of a workbook.
    """

    content: Mapping[str, object] | tuple[Grid, ...]
    part: str = ""


@dataclass(frozen=True)
class Paper:
    """One kind of paper. `per`: what a page of it is about; `needs`: the sheets without which it is not made; `archive`: the
    items of the eighteen it is filed under; `make`: what it holds, no copies where there is nothing to make; `months`: those
    of the year in which it is due, all where none is named.
    """

    name: str
    title: str
    per: str
    editions: tuple[str, ...]
    audience: str
    make: Callable[[Month], Iterable[Copy]]
    format: str = DOCX
    template: str = ""
    needs: tuple[str, ...] = ()
    archive: tuple[int, ...] = ()
    period: str = field(default="月")
    months: tuple[str, ...] = ()

    def due(self, month: str) -> bool:
        """Whether it is to be printed in a month (2023-10)."""
        return not self.months or month[5:] in self.months


def said(value: object) -> str:
    """A cell as it stands on paper: text, 2023年10月16日, 是/否; BLANK where there is nothing."""
    if value is None or (not isinstance(value, str) and pd.isna(value)) or value == "":
        return BLANK
    if pd.api.types.is_bool(value):
        return "是" if value else "否"
    if isinstance(value, (dt.date, pd.Timestamp)):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def short(value: object) -> str:
    """A day as 2023-10-16, as it stands in a narrow column; everything else as `said`."""
    return f"{value:%Y-%m-%d}" if isinstance(value, dt.date) and not pd.isna(value) else said(value)


def by_name(month: Month) -> Callable[[object], str]:
    """Writes a member of staff by name, whichever of number and name was typed; several stay joined by 、."""
    names = month.scope.staff_names

    def named(value: object) -> str:
        return "、".join(names.get(part, part) for part in value.split("、")) if isinstance(value, str) else BLANK

    return named


def until(month: Month, rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Rows with what lies after the month's last day taken out: a paper of October knows nothing of November."""
    end = pd.Timestamp(month.end)
    return rows.assign(**{name: rows[name].where(~(rows[name] > end)) for name in columns})


def shared(month: Month, **more: object) -> dict[str, object]:
    """What every template may use: unit (who reports), year, term, month, date (the day the ledgers are seen on)."""
    return {
        "unit": month.home or month.office,
        "office": month.office,
        "year": month.town.year,
        "term": month.scope.term,
        "month": month.label,
        "date": said(month.end),
        **more,
    }


def paged(month: Month, copies: list[dict], part: str = "") -> Iterator[Copy]:
    """A paper with a page for each of these; none where there are none."""
    if copies:
        yield Copy(shared(month, copies=copies), part)


def by_class(month: Month) -> Iterator[tuple]:
    """Each class in order, with its pupils who are at school on the month's last day, as they sit."""
    rows = pupils(month.scope).sort_values(["class_id", "seat_no", "name"], key=in_order, na_position="last")
    for one in month.scope.classes.sort_values(["grade", "class_id"], key=in_order).itertuples():
        yield one, list(rows[rows["class_id"] == one.class_id].itertuples())


def lacking(month: Month, *sheets: str) -> str:
    """Which of these sheets could not be read, in words; "" when all could."""
    titles = month.town.schema.sheets
    found = [(titles[name].title, month.scope.missing(name)) for name in sheets]
    return "；".join(f"没有读到“{title}”：{'、'.join(homes)}" for title, homes in found if homes)


def unfilled(month: Month) -> str:
    """As a sentence, what nobody has filled in yet, so that a 0 of the paper is no figure; "" where all is filled in."""
    words = "；".join(today.unfilled(month))
    return f"{words}。没有填的不等于没有，表中的0不能当作没有。" if words else ""


def left_out(scope: Scope, *sheets: str) -> str:
    """How many rows of these sheets are in no count of the scope's days, as a sentence; "" where none is."""
    words = uncounted.said(scope, *sheets)
    return f"{words}。" if words else ""


# --- Free text for papers that leave the office: names, villages, classes, days and long numbers taken out. domain.md 9, 6.6 ---
# A second pair of eyes, not the only one: the editor reads, and the gate reads after.
NUMERALS = "一二三四五六七八九十0-9"
ONE = f"[{NUMERALS}]{{1,2}}"
PATTERNS = (
    (re.compile(r"(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号]|\d{4}[-./]\d{1,2}[-./]\d{1,2}"), "某日"),
    (re.compile(rf"{ONE}(?:年级)?[（(]{ONE}[)）]班|{ONE}年级{ONE}班"), "某班"),
    (re.compile(r"\d{7,}[\dXx]?"), "****"),
)


def scrubbed(month: Month, text: str, code: str = "", name: str = "") -> str:
    """The text without what tells who a child is; `name` (the child it is about) becomes `code`, other names 某某.

    A school keeps its name, also one that is called by its village or by a family.
    """
    if name and code:
        text = text.replace(name, code)
    words, instead = _words(month.town)
    text = words.sub(lambda found: instead[found[0]], text)
    for pattern, word in PATTERNS:
        text = pattern.sub(word, text)
    return text


@once
def _words(town: Town) -> tuple[re.Pattern[str], dict[str, str]]:
    """Every name there is, the longest first, and what stands in its place."""
    instead = {name: name for one in schools_in(town["school"]) for name in (one.name, *one.aliases)}
    instead |= dict.fromkeys(personal_names(town), "某某")
    instead |= dict.fromkeys((name for name in town["village"]["village_name"].dropna() if len(name) > 1), "某村")
    instead |= dict.fromkeys(town["class"]["class_id"].dropna(), "某班")
    found = sorted(filter(None, instead), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, found)) or "(?!)"), instead
