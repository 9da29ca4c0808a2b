"""One mistake that stands in many cells: the first place says it, the others follow from it. Nothing is judged again. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pandas as pd

from ..core.findings import Finding
from ..core.policy import Policy
from ..core.tables import Town
from .attendance import expected_days, missing_days
from .misnamed import steady
from .suspects import DAY, ENOUGH, of

Fold = tuple[Finding, list[Finding]]  # what stands for all of them, and those that follow from it
MANY = 8  # findings of one code in a column that hold for most of its cells: the whole column is wrong
LACKING_DAYS = 5  # 日查 that one class lacks in a row, or all classes on a day
EMPTY = 5  # required cells empty in one row
WORDLESS = (
    "F01",
    "F03",
    "F04",
    "F05",
    "F06",
    "F11",
    "F12",
    "F13",
    "F15",
    "F16",
    "F17",
    "F20",
    "F25",
    "F26",
)  # do not quote what stands there


def same_value(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """The same wrong value again and again in one column: what is said of it is word for word the same.

    Not what a rule says of the rows of a list of children: two rows with one name there are two children.
    """
    keys = {sheet.title: sheet.primary_key for sheet in town.schema.sheets.values()}
    children = {title for title, key in keys.items() if "student_key" in key and "date" not in key}
    rows = [
        one
        for one in findings
        if one.row and one.rule not in WORDLESS and not (one.rule[0] == "X" and one.sheet in children)
    ]
    yield from _grouped(rows, lambda one: (one.rule, one.workbook, one.sheet, one.column, one.message), ENOUGH)


def same_person(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """A member of staff who is not there or has left, named in many sheets: what the office's own workbooks say comes first."""
    said = {one: one.message.partition("“")[2] for one in of(findings, "G05")}
    yield from _grouped(list(said), said.__getitem__, ENOUGH)


def whole_column(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """Most cells of a column with the same mistake: an empty column, numbers that lost their digits, one wrong form."""
    sizes = {
        (book.name, table.sheet.title): len(table.frame) for book in town.workbooks for table in book.tables.values()
    }
    rows = [one for one in findings if one.row and one.column and one.rule[0] == "F"]
    for first, others in _grouped(rows, lambda one: (one.rule, one.workbook, one.sheet, one.column), MANY):
        if 2 * (len(others) + 1) >= sizes.get((first.workbook, first.sheet), 0):
            yield first, others


def empty_row(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """A row of which nearly nothing is filled in, as when one cell slipped below the last row."""
    yield from _grouped(of(findings, "F17"), lambda one: (one.workbook, one.sheet, one.row), EMPTY)


def days_lacking(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """日查 that is missing for a class over many school days, for all classes of a school over some."""
    found = of(findings, "X11")
    if len(found) < LACKING_DAYS:
        return
    expected = expected_days(town)
    missing = missing_days(town, expected)
    # which of the expected days of its class a day is: two that follow each other lie in one stretch
    order = expected.assign(nth=expected.sort_values("date").groupby(["workbook", "class_id"]).cumcount())
    missing = missing.merge(order[["workbook", "class_id", "date", "nth"]], on=["workbook", "class_id", "date"])
    missing = missing.sort_values(["workbook", "class_id", "date"])
    stretch = ((missing["nth"].diff() != 1) | (missing["class_id"] != missing["class_id"].shift())).cumsum()
    missing = missing.assign(stretch=stretch)
    by_text = {(one.workbook, one.message): one for one in found}
    # stretches of classes of one workbook that begin on the same day are one gap
    missing["begin"] = missing.groupby("stretch")["date"].transform("min")
    for (workbook, _), own in missing.groupby(["workbook", "begin"]):
        if len(own) < LACKING_DAYS:
            continue
        days = {f"{day:%Y-%m-%d}" for day in own["date"]}
        labels = _labels(town, own["class_id"])
        members = [
            one
            for (book, text), one in by_text.items()
            if book == town.book_name(workbook)
            and any(day in text for day in days)
            and any(label in text for label in labels)
        ]
        if len(members) >= LACKING_DAYS:
            first, *others = sorted(members, key=lambda one: (DAY.search(one.message)[0], one.row))
            yield first, others


def _labels(town: Town, class_ids: pd.Series) -> set[str]:
    rows = town["class"]
    return set(rows.loc[rows["class_id"].isin(class_ids), "class_name"].dropna())


def steady_difference(town: Town, policy: Policy, findings: frozenset[Finding]) -> Iterator[Fold]:
    """应到 that differs from the roster by the same number for days on end: so many days are not all wrong, the roster is."""
    rows = steady(town, findings) if len(of(findings, "X08")) else pd.DataFrame()
    for _, own in rows.groupby("run") if len(rows) else ():
        first, *others = own.sort_values("date")["finding"]
        delta, last = int(own["delta"].iloc[0]), own["date"].max()
        way = "花名册可能少了人" if delta > 0 else "花名册可能多了人"
        fix = (
            f"到{last:%Y-%m-%d}连续{len(own)}天都差这{abs(delta)}人，{way}：请先核对这个班的花名册和“学生变动”，"
            "应到和当天实有人数一致的不要改。"
        )
        yield replace(first, fix=fix), others


def _grouped(rows: list[Finding], same: Callable[[Finding], object], least: int) -> Iterator[Fold]:
    groups: dict[object, list[Finding]] = {}
    for one in sorted(rows, key=lambda one: ("/中心学校/" not in one.workbook, one)):
        groups.setdefault(same(one), []).append(one)
    for first, *others in groups.values():
        if len(others) + 1 >= least:
            yield first, others


REPEATS = (steady_difference, days_lacking, same_person, same_value, whole_column, empty_row)
