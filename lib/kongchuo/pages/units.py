"""Tables with one row a class, a grade or a school, and small things all sections use."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from typing import TypeVar

import pandas as pd

from ..core.editions import MAY_SEE, SHOWN, audience_of
from ..core.findings import UserError, fault
from ..core.names import PUPIL, other_names, personal_names
from ..core.numbers import NUMERALS, in_order, some
from ..core.tables import Town, once, row_of
from ..figures import uncounted
from ..figures.base import Measure, Ratio, beside
from ..figures.definitions import MEASURES, Count, Definition
from ..figures.scopes import KEYS, Scope, counted
from .display import Details, Failed, Note, Section, Table, Tiles, To, cell, rows_table
from .masks import masked_text
from .views import View

LETTERS = str.maketrans("0123456789abcdef", "ghijklmnopabcdef")
TITLES = {one.function: one.title for one in MEASURES}
Made = TypeVar("Made")
PRIMARY = 6  # the last grade of primary school
UNITS = {"home": "学校", "grade": "年级", "class_id": "班级"}
# a row of 教学日历 is of all schools
ELSEWHERE = {"home": "学校不明或全镇共用", "grade": "年级不明", "class_id": "班级不明"}
# P03: what a duty is called where it stands beside a child's full name; all others as the table of deadlines calls them
PEOPLE = "people"  # the notebook whose pages tell of each pupil, class and person
APART = {"学困厌学学生月帮扶": "学生月帮扶", "脱贫（监测）家庭当日报告": "当日报告中心学校"}


@dataclass(frozen=True)
class Column:
    """A column of a table by class, grade or school: whole numbers counted by KEYS, or a Ratio."""

    title: str
    parts: pd.Series | Ratio

    def values(self, by: str) -> dict:
        """The value of each unit that has one."""
        if isinstance(self.parts, Ratio):
            return self.parts.by(by)
        return {key: int(value) for key, value in self.parts.groupby(level=by).sum().items()}

    @property
    def total(self) -> object:
        """What stands below."""
        return self.parts.total if isinstance(self.parts, Ratio) else int(self.parts.sum())

    @property
    def elsewhere(self) -> object:
        """What stands where a unit has no value: no pupils is 0, no base is no rate."""
        return None if isinstance(self.parts, Ratio) else 0


def ungraded(view: View) -> str:
    """Of whom is what a grade or class chosen does not narrow: 全校, 全镇; "" where none is chosen."""
    return ("全校" if view.home else "全镇") if view.grade or view.class_id else ""


def audience(view: View) -> str:
    """Who reads the page: the school's own staff, the office for the whole town, who handles a case, or everybody.

    Seen for one group, a list of full names would say of each what P03 keeps apart from names: they are masked as for the town.
    """
    return audience_of(view.edition, "" if view.group else view.home)


def units(view: View, by: str) -> list[tuple[object, str]]:
    """(key, label) of the rows in order: schools as the registry lists them, grades, classes by grade and name."""
    if by == "home":
        return [(home, home) for home in view.homes]
    rows = _classes(view.scope)
    if by == "grade":
        return [(grade, f"{NUMERALS[grade]}年级") for grade in rows["grade"].drop_duplicates()]
    return list(zip(rows["class_id"], rows["class_name"].fillna(rows["class_id"]), strict=True))


@counted
def _classes(scope: Scope) -> pd.DataFrame:
    return scope.classes.sort_values(["grade", "class_id"], key=in_order)


def unit_table(view: View, by: str, columns: Iterable[Column], *, idle: bool = True, **more: object) -> Table:
    """A table with one row a unit ("home", "grade", "class_id") and a total; what fits no known unit stands below (ELSEWHERE).

    Without `idle`, units whose row would be all zeros and blanks are left out.
    """
    columns = list(columns)
    values = [column.values(by) for column in columns]
    rows = units(view, by)
    lost = set().union(*values) - {key for key, _ in rows}
    rows += [(key, ELSEWHERE[by]) for key in sorted(lost)]
    lines = [
        (label, *(found.get(key, column.elsewhere) for column, found in zip(columns, values, strict=True)))
        for key, label in rows
    ]
    lines = [line for line in lines if idle or any(line[1:])]
    total = ("合计", *(column.total for column in columns)) if lines else ()
    return Table((UNITS[by], *(column.title for column in columns)), tuple(lines), total=total, **more)


def parted(view: View, columns: Iterable[Column], caption: str, **more: object) -> list[Table | Details]:
    """For the town one table by school; for a school one by grade, with the classes behind it."""
    columns = list(columns)
    if not view.home:
        return [unit_table(view, "home", columns, caption=caption, **more)]
    by_class = unit_table(view, "class_id", columns, caption=f"{caption}（按班级）", **more)
    return [unit_table(view, "grade", columns, caption=caption, **more), behind("按班级", by_class)]


def attempt(view: View, title: str, make: Callable[[], Made], lines: list[str]) -> Made | None:
    """What `make` makes; where it fails None, and `lines` gets a line of it: one figure takes no others down.

    A page for everybody is whole or is not; what a UserError says is said once, in the place of the section.
    """
    try:
        return make()
    except Exception as error:
        if view.public or isinstance(error, UserError):
            raise
        lines.append(fault(f"“{title}”没有算出来", error))
        return None


def measured(view: View, functions: Iterable[Count], lines: list[str]) -> list[Ratio]:
    """The Ratios of functions of MEASURES, but for those that fail: see `attempt`."""
    made = (attempt(view, TITLES.get(one, "一项覆盖率"), partial(one, view.scope), lines) for one in functions)
    return [ratio for one in made for ratio in (one if isinstance(one, list) else [one] if one else [])]


def failed(lines: list[str]) -> list[Failed]:
    """The block of a section that says what of it failed; nothing where nothing did."""
    return [Failed(tuple(lines))] if lines else []


def uncounted_column(scope: Scope, *sheets: str) -> list[Column]:
    """A last column with the rows of these sheets that are in none of the counts before it; none where there are no such rows."""
    rows = pd.concat([uncounted.rows(scope, sheet) for sheet in sheets])
    return [Column("未计入的行", by_keys(rows))] if len(rows) else []


def uncounted_note(scope: Scope, *sheets: str) -> list[Note]:
    """What a section counts of these sheets does not hold, in words; nothing where it holds everything."""
    words = uncounted.said(scope, *sheets)
    return [Note(f"{words}。", "unknown")] if words else []


def targets(view: View, definition: Definition) -> str:
    """The targets and reference lines to print beside a measure: of the stages the view's classes are in, and no others."""
    grades = view.scope.whole.classes["grade"]
    stages = {"_primary": (grades <= PRIMARY).any(), "_junior": (grades > PRIMARY).any()}
    other = tuple(end for end, there in stages.items() if len(grades) and not there)
    return beside(view.policy, *(key for key in definition.beside if not (other and key.endswith(other))))


def missed(view: View, code: str, measure: Measure) -> str:
    """The tone of a figure of the year: what falls short of the plan's target never looks well."""
    if measure.unknown:
        return "unknown"
    lost = {"D02": measure.numerator, "D03": measure.short}.get(code, 0)
    if lost > view.policy["target_dropouts"]:
        return "bad"
    return "warn" if code == "D06" and measure.short else "plain"


def finest(view: View) -> str:
    """The level of tables that must show every unit: classes in a school's report, schools in the town's."""
    return "class_id" if view.home else "home"


def by_keys(frame: pd.DataFrame, values: pd.Series | None = None) -> pd.Series:
    """Rows (or the sum of a column) by (home, grade, class_id)."""
    if values is None:
        return frame.groupby(KEYS).size()
    return values.groupby([frame[key] for key in KEYS]).sum()


def ledger(view: View, frame: pd.DataFrame, sheet: str, names: Iterable[str], **more: object) -> Table:
    """Rows of a ledger with school or class in front, staff and classes by name, masked for who reads."""
    scope, form, names = view.scope, view.town.schema.sheets[sheet], tuple(names)
    known = {"staff": scope.staff_names, "class": scope.labels, "village": village_names(view.town)}
    shown = {
        item.name: [known[item.reference].get(value, value) for value in frame[item.name]]
        for item in (form.by_name[name] for name in names)
        if item.reference in known and not item.many
    }
    extra = {} if view.home else {"学校": frame["home"]}
    if scope.of_class(sheet) and (not len(frame) or (frame["class_id"] != "").any()):
        extra["班级"] = [scope.labels.get(key, key) or "—" for key in frame["class_id"]]
    made = rows_table(frame.assign(**shown), form, names, audience(view), extra, **more)
    return leading(view, made, frame["student_key"], form.by_name[PUPIL].title) if PUPIL in names else made


def leading(view: View, table: Table, keys: Iterable[object], title: str = "姓名") -> Table:
    """The table with the names under a title leading to the pupils of these numbers, row by row: see `child`."""
    at = table.columns.index(title) if title in table.columns else None
    if at is None:
        return table
    rows = zip(table.rows, keys, strict=True)
    return replace(table, rows=tuple((*row[:at], child(view, key, row[at]), *row[at + 1 :]) for row, key in rows))


def rows_behind(view: View, rows: pd.DataFrame, sheet: str) -> pd.DataFrame:
    """The ledger rows of a sheet behind part of a Ratio (its `base` or `lacking`), once each, with its KEYS."""
    own = rows[(rows["sheet"] == sheet) & (row_of(rows.index) > 0)]
    own = own[~own.index.duplicated()]
    return view.town[sheet].loc[own.index].assign(**{key: own[key] for key in KEYS})


def village_names(town: Town) -> dict[str, str]:
    """Village code -> name."""
    rows = town["village"].dropna(subset=["village_code"])
    return dict(zip(rows["village_code"], rows["village_name"].fillna(rows["village_code"]), strict=True))


def behind(summary: str, table: Table, printed: bool = False) -> Details:
    """The rows behind a number, folded; `printed`: on paper they stand there."""
    return Details(f"{summary}（{len(table.rows)} 行）", (table,), printed=printed)


def said(view: View, text: object, beside: str = "") -> str | None:
    """A text as the page's readers may see it, with what stands `beside` it in the same row; None for an empty cell."""
    if not isinstance(text, str):
        return None
    return masked_text(text, personal_names(view.town), audience(view), beside, other_names(view.town))


def anchor(kind: str, *key: str) -> str:
    """Where a pupil, class or person stands on a page of PEOPLE: the same every month; letters only, so that no number is in it."""
    digest = hashlib.blake2b("\0".join(key).encode(), digest_size=6).hexdigest()
    return f"{kind}-{digest.translate(LETTERS)}"


def child(view: View, key: object, shown: str) -> To | str:
    """A pupil's name on a school's own page, leading to all that is known of the pupil; others' names lead nowhere."""
    known = shown and MAY_SEE["name"][audience(view)] == SHOWN and (view.home, key) in _listed(view.town)
    return To(shown, view.home, anchor("pupil", view.home, str(key)), PEOPLE) if known else shown


@once
def _listed(town: Town) -> frozenset[tuple[str, str]]:
    rows = town["roster"].dropna(subset=["student_key"])
    return frozenset(zip(rows["home"].tolist(), rows["student_key"].tolist(), strict=True))


def duty_title(view: View, title: str) -> str:
    """What a duty is called for the view's readers: beside full names without the labels that are kept apart from them."""
    return APART.get(title, title) if MAY_SEE["name"][audience(view)] == SHOWN else title


# --- schools nobody has written a pupil down of yet ----------------------------------------------------------------------------
def unlisted(view: View) -> list[str]:
    """The schools whose roster could be read and holds no pupil yet: of these nothing is counted, and nothing of them is all clear."""
    known = {*_listing(view.town), *view.scope.missing("roster")}
    return [home for home in view.homes if home not in known]


def without_pupils(view: View) -> str:
    """`unlisted` in words; "" where there are none."""
    homes = unlisted(view)
    named = "" if len(homes) == len(view.homes) else f"（{some(homes, 5, '所')}）"
    return f"花名册里还没有学生{named}" if homes else ""


@once
def _listing(town: Town) -> frozenset[str]:
    """The schools with a pupil on their roster."""
    return frozenset(town["roster"]["home"].unique().tolist())


# 0 of these is as true of a workbook that nobody has filled in
OF_FILES = ("数据错误", "错误", "警告", "提示", "尚未判定")


def uncounted_zeros(section: Section, view: View, more: Iterable[str] = ()) -> Section:
    """The section with — for each 0 of a school that has nobody on its roster yet (its rows), or of all where no school has: it was
    not counted. `more`: other schools of which nothing of the section was.
    """
    homes = {*unlisted(view), *more}
    whole = len(homes) == len(view.homes)
    if not homes or section.key == "data_quality":
        return section
    return replace(section, blocks=tuple(_dashed(block, homes, whole) for block in section.blocks))


def _dashed(block: object, homes: set[str], whole: bool) -> object:
    if isinstance(block, Details):
        return replace(block, blocks=tuple(_dashed(one, homes, whole) for one in block.blocks))
    if isinstance(block, Tiles) and whole:
        figures = (
            replace(one, value=_dash(one.value, one.label)) if one.tone == "plain" else one for one in block.figures
        )
        return Tiles(tuple(figures))
    if isinstance(block, Table):
        rows = (_row(row, block.columns) if whole or f"{cell(row[0]).text}" in homes else row for row in block.rows)
        return replace(block, rows=tuple(rows), total=_row(block.total, block.columns) if whole else block.total)
    return block


def _row(row: tuple, columns: tuple[str, ...]) -> tuple:
    return tuple(_dash(value, title) for value, title in zip(row, columns, strict=False))


def _dash(value: object, title: str) -> object:
    zero = isinstance(value, Integral) and not isinstance(value, bool) and value == 0
    return None if zero and title not in OF_FILES else value
