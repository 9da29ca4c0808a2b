"""`kongchuo reconcile`: a list from above, or the township's own lists, laid side by side; what is printed and written of it.

Reads through reading, compares with matching, writes with writing; judges nothing itself. Identity numbers never come out of
here but for their last four digits.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pandas as pd

from ..core import policy
from ..core.findings import Finding, UserError, report
from ..core.tables import Town, row_of
from ..excel import folders, foreign_lists, reading, tables, writing
from ..facts import matching
from ..facts.matching import AGREES, LEFT, OUTCOMES, REASONS, REVIEW, RIGHT, SIDES, Comparison
from . import opening

SHOWN = 40  # rows of one comparison on a terminal; the workbook has them all
TITLES = {"census": "摸底登记", "roster": "学生花名册"}
# columns of a comparison that stand in 核对结果.xlsx as they are
SAME_NAME = ("match_type", "student_key", "name", "diff", "reason", "suggestion", "other_name", "left_tail", "right_tail", "where")  # fmt: skip
OF_SHEET = {"review": (REVIEW,), "alone": (LEFT, RIGHT), "agreed": (AGREES,)}  # sheets of 核对结果.xlsx -> outcomes


@dataclass(frozen=True)
class Compared:
    """What was compared and as of which day; `file`: the list from above, `findings` its cells that could not be read.

    `notes`: how the list was read; `aside`: what looks like a list and was not compared, so that nobody takes it for clean.
    """

    town: Town
    comparisons: tuple[Comparison, ...]
    file: str = ""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def unread(self) -> tuple[Finding, ...]:
        """Workbooks with lists of children that are missing or could not be read."""
        return opening.unread(self.town, *TITLES)

    @property
    def open(self) -> int:
        """How many rows somebody has to look into."""
        return sum(len(one.open) for one in self.comparisons)


def compare(workbooks: Path, file: Path | None = None, as_of: dt.date | None = None) -> Compared:
    """Compare a list from above with all the children the township knows; without one, the township's own lists with each other.

    Raises UserError for a list that is none, and where the shared folder cannot be found.
    """
    shared, year, _ = folders.locate([workbooks])
    town = reading.read_year(shared, year, as_of=as_of)
    held = policy.current(town.as_of)
    if file is None:
        return Compared(town, matching.own(town, held))
    listed = foreign_lists.read_list(file, town.schema)
    return Compared(
        town, (matching.pushed(town, held, listed.people),), listed.name, listed.findings, listed.notes, listed.unread
    )


def of_school(into: Path, file: Path) -> Compared:
    """Compare a school's own list with all children the township knows; of those it lacks, only the ones on the school's roster."""
    compared = compare(into, file)
    (one,) = compared.comparisons
    whose = f"{compared.town.year}/{into.name}/"
    mine = [not pd.isna(at) and (compared.town.book_name(at) or "").startswith(whose) for at in one.rows["right"]]
    rows = one.rows[one.rows["left"].notna() | pd.Series(mine, one.rows.index)].reset_index(drop=True)
    return replace(compared, comparisons=(replace(one, rows=rows),))


# --- for a terminal ---------------------------------------------------------------------------------------------------
def told(compared: Compared) -> Iterator[str]:
    """Lines of text: what was compared, how it came out, and the first of the rows somebody has to look into."""
    yield from said_of_list(compared)
    for one in compared.comparisons:
        yield ""
        if one.kind == matching.CENSUS and not one.sizes[0]:  # that a child is not in it says nothing of the child
            yield f"尚未核对 {one.kind}：摸底登记里还没有一个孩子。"
            continue
        yield summary(one)
        counts = one.rows.groupby(["outcome", "reason"], sort=False).size()
        for outcome in OUTCOMES:
            parts = [f"{reason} {number}" for (found, reason), number in counts.items() if found == outcome]
            if parts:
                yield f"  {_named(one, outcome)}：{'，'.join(parts)}"
        rows = one.open
        yield from (f"    {_line(compared, one, row)}" for row in rows.head(SHOWN).to_dict("records"))
        if len(rows) > SHOWN:
            yield f"    ……还有 {len(rows) - SHOWN} 行，加 --out 核对结果.xlsx 看全部"
    if compared.town.before is None and [one.kind for one in compared.comparisons] == [matching.CENSUS]:
        yield f"\n尚未核对 {matching.HANDOVER}：共享文件夹里没有上学年的学籍。"


def said_of_list(compared: Compared) -> Iterator[str]:
    """Lines of text on the list from above: cells that could not be used, and what a reader of the file may not have seen."""
    if compared.findings:
        yield report(compared.findings, "名单里有读不出的单元格（没有猜，按空着比对）：")
    yield from (f"注意：{note}" for note in (*compared.aside, *compared.notes))


def summary(one: Comparison) -> str:
    """What was compared with what, in one sentence."""
    (left, right), (mine, theirs) = SIDES[one.kind], one.sizes
    return f"{one.kind}：{left} {mine} 人，{right} {theirs} 人，要核实 {len(one.open)} 行"


def _named(one: Comparison, outcome: str) -> str:
    left, right = SIDES[one.kind]
    return {LEFT: f"只在{left}", RIGHT: f"只在{right}"}.get(outcome, outcome)


def _line(compared: Compared, one: Comparison, row: dict) -> str:
    """One row: who, why, the ends of the numbers, where it stands. Names in full: a clerk must be able to ask for the child."""
    names = dict.fromkeys(name for name in (row["name"], row["other_name"]) if isinstance(name, str) and name)
    tails = dict.fromkeys(filter(None, (row["left_tail"], row["right_tail"])))
    parts = [
        _named(one, row["outcome"]),
        "／".join(names) or "（无姓名）",
        row["diff"] if row["outcome"] == REVIEW else row["reason"],
        f"尾号{'／'.join(tails)}" if tails else "无证件号码",
        "；".join(filter(None, (_place(compared, row, side) for side in ("left", "right")))),
        f"已{row['days']}天" if row["days"] else "",
    ]
    return "　".join(filter(None, parts))


def _place(compared: Compared, row: dict, side: str) -> str:
    place = row[side]
    if pd.isna(place):
        return ""
    sheet = TITLES.get(row[f"{side}_sheet"], "")
    workbook = compared.town.book_name(place) or compared.file
    return f"{workbook}{f'「{sheet}」' if sheet else ''}第{row_of(place)}行"


def records(compared: Compared) -> list[dict[str, object]]:
    """Every row as plain values for JSON."""
    found = []
    for one in compared.comparisons:
        for row in one.rows.to_dict("records"):
            plain = {name: None if _empty(value) else value for name, value in row.items()}
            plain["found"] = f"{row['found']:%Y-%m-%d}"
            plain |= {side: _place(compared, row, side) or None for side in ("left", "right")}
            found.append(plain)
    return found


def _empty(value: object) -> bool:
    return value is None or value == "" or bool(pd.isna(value))


# --- for a clerk ------------------------------------------------------------------------------------------------------
def check_target(path: Path) -> None:
    """Raises UserError where no new workbook can be written: another ending, or a file that is there and may have been worked in."""
    if path.suffix.lower() != ".xlsx":
        raise UserError(f"--out 要写 .xlsx 文件，例如 核对结果.xlsx，现在是“{path.name}”。")
    if path.exists():
        raise UserError(f"“{path}”已经有了，没有改动。请换一个文件名，或先移走原来的。")
    if not path.absolute().parent.is_dir():
        raise UserError(f"没有文件夹“{path.absolute().parent}”。请先建立，或换一个位置。")


def free(path: Path) -> Path:
    """The path, or where there is such a file already, one with the next free number behind its name."""
    numbered = (path.with_name(f"{path.stem}{number}{path.suffix}") for number in count(2))
    return path if not path.exists() else next(one for one in numbered if not one.exists())


def write(compared: Compared, path: Path) -> None:
    """核对结果.xlsx: all rows, for a clerk to work in and to paste into 比对结果. Raises UserError as check_target does."""
    check_target(path)
    rows = {
        sheet: [
            _cells(compared, one, row) for one in compared.comparisons for row in one.of(*outcomes).to_dict("records")
        ]
        for sheet, outcomes in OF_SHEET.items()
    }
    said = [
        f"{summary(one)}。前一份是{SIDES[one.kind][0]}，后一份是{SIDES[one.kind][1]}。" for one in compared.comparisons
    ]
    said += [*compared.aside, *compared.notes]
    said.append(f"{compared.town.year} 学年，数据截至 {compared.town.as_of}。")
    means = [(reason.name, f"{reason.means}。", reason.close_type) for reason in REASONS.values()]
    writing.save(path, tables.comparison_bytes(rows, said, means, compared.town.schema))


def _cells(compared: Compared, one: Comparison, row: dict) -> dict[str, object]:
    """A row of 核对结果.xlsx; empty cells are left out."""
    cells = {name: row[name] for name in SAME_NAME} | {
        "outcome": _named(one, row["outcome"]),
        "found": row["found"].date(),
        "days": int(row["days"]),
        "left_place": _place(compared, row, "left"),
        "right_place": _place(compared, row, "right"),
    }
    return {name: value for name, value in cells.items() if not _empty(value)}
