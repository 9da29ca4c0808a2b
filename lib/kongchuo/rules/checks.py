"""What the schema alone can judge: required cells, repeated keys, names, telephones, references to rows that do not exist.

Pure. Each function yields Findings over the whole township, sheet by sheet; identity numbers have a module of their own.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import cache, reduce, wraps
from operator import and_

import numpy as np
import pandas as pd

from ..core.cells import quoted, strange
from ..core.findings import KINDS, Finding, Kind, Place, fault
from ..core.schema import LAST_PRIMARY, Field, Sheet
from ..core.sheets import only_displayed
from ..core.tables import Town, book_of, complete, each, mapping, once, row_of, yes
from ..core.workbooks import Workbook
from ..core.years import MONTH, TERMS, usual_begin
from ..facts import identity
from ..facts.calendar import terms
from ..facts.cases import LEDGERS
from ..facts.enrolment import PUPIL, listed
from ..facts.references import dangling, directory, look_up, meant, resolve

CHARACTER = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007\U00020000-\U0003134f·]"  # Chinese, or the middle dot
NAME = f"{CHARACTER}+"
PHONE = r"1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8}"
# sheet that must have rows -> from which day: always, from the beginning of the first term, from 基准锁定日 (by then the year is
# set up), at the end of the first term. A sheet that is not here may be empty, or a rule says what is missing in it: T01 月自查,
# T02 督查评分, T03 报送登记, T04 简报案例, X28 人籍核查, A01 档案目录, V03 方案公示, X10 X64 缺勤明细, X29 to X36 and X49 帮扶.
ALWAYS, OPENING, SET_UP, TERM_END = "", "start", "freeze_date", "end"
ROWS_FROM = {
    **dict.fromkeys(("school", "class", "staff", "village", "term", "calendar", "roster", "baseline"), ALWAYS),
    **dict.fromkeys(("daily", "census"), ALWAYS),
    "notice": OPENING,
    **dict.fromkeys(("body", "bond", "pledge"), SET_UP),
    **dict.fromkeys(("joint", "publicity_log"), TERM_END),
}
JUDGED_BY_RULES = ("staff", "class", "roster")  # references that are no F10: G05, F22, X06
# 对象类型 -> sheet; pupils: X06
BOND_TARGETS = {"学校": "school", "年级": "school", "班级": "class", "行政村": "village"}
# 一票否决: 对象类型 -> the sheet that knows the 对象
TARGETS = {"班级": ("class",), "学校": ("school",), "个人": ("staff",)}
CASE_NUMBERS = ("visit", "legal", "bulletin")  # sheets whose 台账编号 may be of either ledger


def check(town: Town, broken: list[str] | None = None, codes: Collection[str] = ()) -> list[Finding]:
    """All findings that the schema alone can give: F02-F06, F08, F10, F14-F18, F22, F28, F34, F36-F39, F42, R12; in order.

    Only what gives some of `codes`, where any are given. A check that fails keeps no other from being made: `broken` gets a
    line of it (without the list it is raised).
    """
    found: list[Finding] = []
    for given, judge in CHECKS.items():
        if codes and not {*given.split("、")} & {*codes}:
            continue
        try:
            found += judge(town)
        except Exception as error:
            if broken is None:
                raise
            broken.append(fault(f"检查 {given} 没有运行成功", error))
    return sorted(displays(town, found, not codes or "F34" in codes))


def sheet_by_sheet(judge: Callable[[Town, Sheet], Iterable[Finding]]) -> Callable[[Town], Iterator[Finding]]:
    """A check of a town that looks at each filled sheet by itself: where one sheet is changed, it judges only that one again."""

    def found(town: Town, sheet_name: str) -> tuple[Finding, ...]:
        return tuple(judge(town, town.schema.sheets[sheet_name]))

    @wraps(judge)
    def check(town: Town) -> Iterator[Finding]:
        for sheet in town.filled:
            yield from town.of_sheet(found, sheet.name)

    return check


# --- F34 --------------------------------------------------------------------------------------------------------------
def displays(town: Town, found: list[Finding], alone: bool) -> Iterator[Finding]:
    """The findings, those at cells that show another thing with what they show; F34 for the other such cells (`alone`)."""
    shows = {
        workbook.place(table.sheet, row, table.sheet.by_name[name]): seen
        for workbook in town.workbooks
        for table in workbook.tables.values()
        for (row, name), seen in table.displays.items()
    }
    said = set()
    for finding in [*found, *(one for workbook in town.workbooks for one in workbook.findings)] if shows else ():
        said.add(Place(finding.workbook, finding.sheet, finding.row, finding.column, finding.cell))
    for finding in found:
        place = Place(finding.workbook, finding.sheet, finding.row, finding.column, finding.cell)
        yield only_displayed(finding, *shows[place]) if place in shows else finding
    for place, (seen, held) in shows.items():
        if alone and place not in said:
            yield KINDS["F34"].at(place, shown=seen, value=held)


# --- R12 --------------------------------------------------------------------------------------------------------------
def empty_sheets(town: Town) -> Iterator[Finding]:
    """R12: a sheet that must have rows by now (ROWS_FROM) has none. 日查 of a term that has not begun may be empty, and that of the
    second term as long as 学年学期 is: of that it is said there.
    """
    unsaid = TERMS[1:] if terms(town).empty else ()
    later = [term for term in TERMS if term in unsaid or _begins(town, term) > town.as_of]
    for workbook in town.workbooks:
        if workbook.book.per_term and any(term in workbook.name for term in later):
            continue
        for name, since in ROWS_FROM.items():
            table = workbook.tables.get(name)
            if table is not None and not len(table) and _by_now(town, since):
                yield _without_rows(workbook, table.sheet)
    # who was inspected was called: 督查点名 is filled in with 督查评分
    rounds = town["score"]["date"]
    for workbook in town.holding("rollcall"):
        table = workbook.tables.get("rollcall")
        if table is not None and not len(table) and (rounds <= pd.Timestamp(town.as_of)).any():
            yield _without_rows(workbook, table.sheet)


def _without_rows(workbook: Workbook, sheet: Sheet) -> Finding:
    """R12 of a sheet; who keeps the workbook of the centre has nobody to ask whether there is nothing to fill in."""
    own = workbook.book.owner == "centre"
    kind = replace(KINDS["R12"], fix="请中心学校填写数据，这张表不能空着。") if own else KINDS["R12"]
    return kind.at(workbook.place(sheet))


def _by_now(town: Town, column: str) -> bool:
    """Whether the first day of that column of 学年学期 is past; "": always."""
    if not column:
        return True
    days = terms(town)[column].dropna()
    return len(days) > 0 and days.iloc[0] < pd.Timestamp(town.as_of)


def _begins(town: Town, term: str) -> dt.date:
    held = terms(town).loc[lambda frame: frame["term"] == term, "start"]
    return held.iloc[0].date() if len(held) else usual_begin(town.year, term)


# --- F17 --------------------------------------------------------------------------------------------------------------
@sheet_by_sheet
def empty_cells(town: Town, sheet: Sheet) -> Iterator[Finding]:
    """F17: a required cell is empty. Cells that could not be read are not empty, nor those filled after the day; a missing column is F12's business."""
    judged = [item for item in sheet.typed if item.required or item.required_when or item.required_unless]
    for item in judged:
        empty = town[sheet.name][item.name].array.isna()
        if empty.any():  # nearly none has a hole
            yield from _empty(town, sheet, item, empty)
    for group in {item.required_one_of for item in sheet.typed} - {""}:
        yield from _empty_group(town, sheet, [item for item in sheet.typed if item.required_one_of == group])


def _empty(town: Town, sheet: Sheet, item: Field, empty: np.ndarray) -> Iterator[Finding]:
    empty = empty & town.known(sheet.name, item.name).to_numpy()
    if town.any_later(sheet.name):
        empty &= ~town.later(sheet.name, item.name).to_numpy()
    why = ""
    if not item.required:
        condition = item.required_when or item.required_unless
        met, told = _met(town, sheet, condition)
        empty &= told & (met if item.required_when else ~met)
        why = f"{sheet.when(item)}。"
    for index in town[sheet.name].index[empty]:
        yield KINDS["F17"].at(town.place(sheet.name, index, item.name), why=why)


WRITTEN = {True: "是", False: "否"}


def _met(town: Town, sheet: Sheet, condition: dict[str, tuple[str, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Whether all fields of a condition hold one of their values ("*": any), and whether they could all be read."""
    met = told = np.ones(len(town[sheet.name]), bool)
    for name, values in condition.items():
        column = town[sheet.name][name]
        if "*" in values:
            met = met & ~column.array.isna()
        else:
            texts = map(WRITTEN.get if sheet.by_name[name].type == "boolean" else str, column.tolist())
            met = met & np.array([text in values for text in texts], bool)
        told = told & town.known(sheet.name, name).to_numpy()
    return met, told


def _empty_group(town: Town, sheet: Sheet, items: list[Field]) -> Iterator[Finding]:
    """At least one of these columns must be filled; where one of them is required anyway, its own F17 says so."""
    if any(item.required for item in items):
        return
    frame = town[sheet.name]
    empty = reduce(and_, (frame[item.name].isna() & town.known(sheet.name, item.name) for item in items))
    why = f"{sheet.when(items[0])}。"
    for index in frame.index[empty]:
        yield KINDS["F17"].at(town.place(sheet.name, index, items[0].name), why=why)


# --- F18 --------------------------------------------------------------------------------------------------------------
def repeated_keys(town: Town) -> Iterator[Finding]:
    """F18: a primary key or a unique value occurs again in the same workbook; the first row is taken as the right one."""
    for sheet in town.filled:
        said: set[tuple[int, int]] = set()  # a row copied as a whole repeats several columns, but is one fault
        unique = [(item.name,) for item in sheet.typed if item.unique and (item.name,) != sheet.primary_key]
        for names in ((sheet.primary_key,) if sheet.primary_key else ()) + tuple(unique):
            for index, other in _repeats(town, sheet, names):
                if (index, other) in said:
                    continue
                said.add((index, other))
                kind = KINDS["F18"]
                if len(names) > 1:
                    titles = "、".join(sheet.by_name[name].title for name in names)
                    kind = replace(kind, says=f"“{titles}”都与第{{other}}行相同")
                # the last part of a key is the one that tells rows apart
                yield kind.at(town.place(sheet.name, index, names[-1]), other=other)


def _repeats(town: Town, sheet: Sheet, names: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The rows whose key has occurred in the same workbook, each with the Excel row where it occurred first."""
    frame = town[sheet.name]
    items = [sheet.by_name[name] for name in names]
    parts = {
        item.name: meant(town, sheet.name, item.name) if item.reference and not item.many else frame[item.name]
        for item in items
    }
    if not _repeating(parts.values()):
        return
    again = np.ones(len(frame), bool)
    for item in items:
        again = again & town.known(sheet.name, item.name).to_numpy()
        if item.required or len(names) == 1:
            again = again & parts[item.name].notna().to_numpy()
    keys = pd.DataFrame(parts)[again]
    if keys.empty:
        return
    keys = keys.assign(workbook=book_of(keys.index), place=keys.index)
    repeated = keys[keys.duplicated(["workbook", *names], keep=False)].sort_values("place")
    first = repeated.groupby(["workbook", *names], dropna=False)["place"].transform("first")
    for place, other in zip(repeated["place"], first, strict=True):
        if place != other:
            yield place, row_of(other)


def _repeating(columns: Iterable[pd.Series]) -> bool:
    """Whether two rows say the same in all columns, over all workbooks: nearly never, and mostly told by a few of them.

    Missing texts are filled: once a town was pickled each is an object of its own, equal to none.
    """
    said: np.ndarray | int = 0  # of each row by a number, what the columns so far say
    for one in columns:
        numbers, values = pd.factorize((one.fillna("") if one.dtype == "str" else one).array, use_na_sentinel=False)
        said, different = pd.factorize(said * len(values) + numbers)
        if len(different) == len(numbers):
            return False
    return True


@sheet_by_sheet
def copied_rows(town: Town, sheet: Sheet) -> Iterator[Finding]:
    """F42: a row says in every column, its own number apart, what an earlier one of its workbook says; whole keys are F18's."""
    first = [sheet.by_name[name] for name in sheet.primary_key[:1]]
    own = [item.name for item in first if item.format == "identifier" and not item.reference]
    if sheet.primary_key and own in ([], ["student_key"]):
        return
    frame = town[sheet.name][[item.name for item in sheet.typed if item.name not in own]]
    if not _repeating(frame[name] for name in frame):
        return
    read = reduce(and_, (_told(town, sheet, name) for name in frame.columns))
    frame = frame[read & (frame.notna().sum(axis=1) >= TELLING)].astype("str")
    frame = frame.assign(workbook=book_of(frame.index))
    repeated = frame[frame.duplicated(keep=False)].sort_index()
    if own:  # where the number is the same as well, F18 says so
        numbers = town[sheet.name].loc[repeated.index, own].assign(workbook=repeated["workbook"])
        repeated = repeated[~numbers.duplicated(keep=False)]
    says = KINDS["F42"].says if own else "这一行和第{other}行样样相同"
    places = repeated.assign(place=repeated.index).groupby(list(frame.columns), dropna=False)["place"]
    for place, other in places.transform("first").items():
        if place != other:
            yield replace(KINDS["F42"], says=says).at(town.place(sheet.name, place, *own), other=row_of(other))


def _told(town: Town, sheet: Sheet, name: str) -> pd.Series:
    """Which cells of a column could be read; in a workbook that does not have the column, all are equally empty."""
    known = town.known(sheet.name, name)
    return known | ~known.groupby(book_of(known.index)).transform("any")


TELLING = 3  # so many filled cells say which thing a row is about


# --- F08, F14 ---------------------------------------------------------------------------------------------------------
@sheet_by_sheet
def odd_names(town: Town, sheet: Sheet) -> Iterator[Finding]:
    """F08: a person's name holds something that is neither a Chinese character nor the middle dot."""
    yield from _unlike(town, sheet, "person_name", NAME, "F08", CHARACTER)


@sheet_by_sheet
def odd_phones(town: Town, sheet: Sheet) -> Iterator[Finding]:
    """F14: a telephone number is neither eleven digits beginning with 1 nor a landline with its area code."""
    yield from _unlike(town, sheet, "phone", PHONE, "F14", "[0-9-]")


def _unlike(town: Town, sheet: Sheet, form: str, pattern: str, code: str, usual: str) -> Iterator[Finding]:
    fits = re.compile(pattern).fullmatch
    for item in sheet.typed:
        if item.format == form:
            column = town[sheet.name][item.name]
            unlike = {value for value in set(column.tolist()) if isinstance(value, str) and not fits(value)}
            for index, value in column[column.isin(unlike)].items() if unlike else ():
                place, odd = town.place(sheet.name, index, item.name), strange(value, usual)
                yield KINDS[code].at(place, value=quoted(value), odd=odd)


# --- F10, F22 ---------------------------------------------------------------------------------------------------------
def lost_references(town: Town) -> Iterator[Finding]:
    """F22 for a class that the registry does not have, F10 for a school, village, case or paper that does not exist."""
    for sheet_name, field_name, cells, target in references(town):
        yield from _lost(town, sheet_name, field_name, cells, target)
    yield from _lost_targets(town)


def references(town: Town) -> Iterator[tuple[str, str, pd.DataFrame, str]]:
    """(sheet, column, looked-up cells, sheet they refer to) of every column that names a row elsewhere, but for staff and pupils."""
    for sheet in town.filled:
        for item in sheet.typed:
            if item.reference == "class" or (item.reference and item.reference not in JUDGED_BY_RULES):
                yield sheet.name, item.name, resolve(town, sheet.name, item.name), item.reference
    frame = complete(town["bond"], "target_type", "target_id")
    for kind, target in BOND_TARGETS.items():
        values = frame.loc[frame["target_type"] == kind, "target_id"]
        if kind == "年级":
            values = values.str.rpartition("-")[0] if len(values) else values
        yield "bond", "target_id", look_up(town, values, target, frame["home"].reindex(values.index)), target


def _lost_targets(town: Town) -> Iterator[Finding]:
    """F10 where the number in a cell may be one of several sheets: 对象 of 一票否决 and 奖惩兑现, 台账编号."""
    veto, reward = complete(town["veto"], "target_type"), town["reward"]
    for kind, targets in TARGETS.items():
        yield from _in_none(town, "veto", veto.loc[veto["target_type"] == kind, "target_id"], targets, "")
    yield from _in_none(town, "reward", reward["target_id"], ("school", "class", "staff"), "")
    for sheet in CASE_NUMBERS:
        yield from _in_none(town, sheet, town[sheet]["case_id"], LEDGERS, town[sheet]["home"])


def _in_none(
    town: Town, sheet: str, values: pd.Series, targets: tuple[str, ...], homes: pd.Series | str
) -> Iterator[Finding]:
    """The cells that stand for nothing in any of the sheets they may refer to; the last one says what is near."""
    column = str(values.name)
    for target in targets[:-1]:
        cells = dangling(town, look_up(town, values, target, homes), target)
        values, homes = cells["value"], cells["home"]
    yield from _lost(town, sheet, column, look_up(town, values, targets[-1], homes), targets[-1])


def _lost(town: Town, sheet_name: str, field_name: str, cells: pd.DataFrame, target: str) -> Iterator[Finding]:
    kind = KINDS["F22"] if target == "class" else _not_in(town, target)
    lost = dangling(town, cells, target)
    for index, value, home in each(lost, "value", "home"):
        near = directory(town, target).near(home, value)
        yield kind.at(town.place(sheet_name, index, field_name), value=quoted(value), near=near)


def _not_in(town: Town, target: str) -> Kind:
    """F10 of a cell that names a row of another sheet: there are no options to choose from, but that sheet to look into."""
    title = town.schema.sheets[target].title
    fix = f"请核对写法；写得没错、是“{title}”表漏了或写错的，改那张表。{{near}}"
    return replace(KINDS["F10"], says=f"“{{column}}”写的“{{value}}”在“{title}”表里找不到", fix=fix)


# --- F28 --------------------------------------------------------------------------------------------------------------
def outside_term(town: Town) -> Iterator[Finding]:
    """F28: a day in the attendance workbook of another term, as when last term's file was copied; it would count twice."""
    for term in terms(town).itertuples():
        days = {"start": f"{term.start:%Y-%m-%d}", "end": f"{term.end:%Y-%m-%d}"}
        own = [book for book in town.workbooks if book.book.per_term and term.term in book.name]
        places = [town.place_of(book.name) for book in own]
        for sheet in dict.fromkeys(name for book in own for name in book.tables):
            dates = town[sheet]["date"].dropna()
            dates = dates[book_of(dates.index).isin(places) & ~dates.between(term.start, term.end)]
            for index, day in dates.items():
                place = town.place(sheet, index, "date")
                yield KINDS["F28"].at(place, value=f"{day:%Y-%m-%d}", term=term.term, **days)


# --- F36 --------------------------------------------------------------------------------------------------------------
SHOWN = 5  # rows in a message
ENTRY_MONTH = re.compile(r"20\d\d(0[1-9]|1[0-2])")
SUMMER = (6, 1)  # month and day from which on what is done may be of the school year that begins


@sheet_by_sheet
def other_year(town: Town, sheet: Sheet) -> Iterator[Finding]:
    """F36: 学年, 月份 or a day (`since: year`) is not of the folder's school year.

    Rows of a sheet with one wrong year or month are said once, at the first; a day is said at its own cell. 学年学期 may hold
    other years beside this one. The August before the term belongs to either year, and so does what is done in the summer.
    """
    first, last = f"{town.year[:4]}-08", f"{town.year[5:]}-08"
    for item in sheet.typed:
        if item.format not in ("school_year", "month"):
            continue
        values = town[sheet.name][item.name]
        if item.format == "school_year":
            wrong = values.notna() & (values != town.year)
            if sheet.name == "term" and not wrong.all():
                continue
        else:
            wrong = values.str.fullmatch(MONTH.pattern).fillna(False) & ~values.between(first, last)
        wrong = values[wrong.astype(bool)]
        for (_, value), own in wrong.groupby([book_of(wrong.index), wrong]) if len(wrong) else ():
            rows = row_of(own.index).tolist()
            told = f"（第{'、'.join(map(str, rows[:SHOWN]))}{'…' if len(rows) > SHOWN else ''}行，共{len(rows)}行）"
            facts = {"value": value, "year": town.year, "rows": told if len(rows) > 1 else ""}
            yield KINDS["F36"].at(town.place(sheet.name, own.index[0], item.name), **facts)
    frame, summer = town[sheet.name], pd.Timestamp(int(town.year[:4]), *SUMMER)
    for item in (item for item in sheet.recorded if item.since == "year"):
        days = frame[item.name]
        early = days < summer
        for name in item.not_before if early.any() else ():  # there F37 says what is wrong
            early &= ~(days < frame[name])
        for index, day in days[early].items() if early.any() else ():
            facts = {"value": f"{day:%Y-%m-%d}", "year": town.year, "rows": ""}
            yield KINDS["F36"].at(town.place(sheet.name, index, item.name), **facts)


# --- F37 --------------------------------------------------------------------------------------------------------------
def wrong_order(town: Town) -> Iterator[Finding]:
    """F37: a date lies on the wrong side of another of its row (`not_before`, `not_after`), or before the pupil came to school
    (`since: entry`); the steps of a case: rule X52.
    """
    for sheet in town.filled:
        frame = town[sheet.name]
        for item in sheet.typed:
            pairs = [(name, "早于", frame[item.name] < frame[name]) for name in item.not_before]
            pairs += [(name, "晚于", frame[item.name] > frame[name]) for name in item.not_after]
            for name, than, wrong in pairs:
                for index in frame.index[wrong]:
                    day, limit = (f"{frame.at[index, column]:%Y-%m-%d}" for column in (item.name, name))
                    facts = {"value": day, "than": than, "other": sheet.by_name[name].title, "limit": limit}
                    yield KINDS["F37"].at(town.place(sheet.name, index, item.name), **facts)
        for item in (item for item in sheet.recorded if item.since == "entry"):
            entered, came = _entries(town), KINDS["F37"]
            keys = zip(frame["home"].tolist(), frame["student_key"].tolist(), strict=True)
            limits = pd.to_datetime(pd.Series([entered.get(key) for key in keys], frame.index))
            for index in frame.index[frame[item.name] < limits - pd.DateOffset(years=1)]:
                facts = {"value": f"{frame.at[index, item.name]:%Y-%m-%d}", "limit": f"{limits[index]:%Y-%m}"}
                yield came.at(town.place(sheet.name, index, item.name), than="早于", other="花名册入学年月", **facts)


@once
def _entries(town: Town) -> dict[tuple[str, str], pd.Timestamp]:
    """The month in which a pupil of a school came to its stage at the latest: of 入学年月 and the year of the class the earlier.

    A school of nine years may keep what began in its primary grades.
    """
    grades = mapping(town["class"], "class_id", "grade")
    whole = set(town["school"].loc[town["school"]["stage"] == "九年一贯", "school_name"])
    year = int(town.year[:4])

    @cache  # a class has come in one month or two
    def entry(month: str, grade: object, both: bool) -> pd.Timestamp | None:
        if pd.isna(grade) or not ENTRY_MONTH.fullmatch(month):
            return None
        first = 1 if grade <= LAST_PRIMARY or both else LAST_PRIMARY + 1
        kept = LAST_PRIMARY if first == 1 < LAST_PRIMARY < grade else 0
        return min(
            pd.Timestamp(year - int(grade) + first, 9, 1), pd.Timestamp(int(month[:4]) - kept, int(month[4:]), 1)
        )

    rows = each(complete(listed(town), "student_key", "entry_ym", "class_id"), *PUPIL, "entry_ym", "class_id")
    return {
        (home, key): came
        for _, home, key, month, room in rows
        if (came := entry(month, grades.get(room), home in whole)) is not None
    }


# --- F38, F39 ---------------------------------------------------------------------------------------------------------
def same_person(town: Town) -> Iterator[Finding]:
    """F38: one person where two are asked, known by number or name alike."""
    for sheet in town.filled:
        for item in sheet.typed:
            for name in item.other_than:
                one, other = (meant(town, sheet.name, column) for column in (item.name, name))
                for index, value in town[sheet.name].loc[yes(one == other), item.name].items():
                    facts = {"value": value, "other": sheet.by_name[name].title}
                    yield KINDS["F38"].at(town.place(sheet.name, index, item.name), **facts)


@sheet_by_sheet
def too_few_people(town: Town, sheet: Sheet) -> Iterator[Finding]:
    """F39: a text holds fewer names than `people` asks for; a name written twice is one person."""
    for item in (item for item in sheet.typed if item.people):
        for index, text in town[sheet.name][item.name].dropna().items():
            names = {name for name in BETWEEN_NAMES.split(text) if name}
            # names may stand side by side without a mark between them: no single one is that long
            if len(names) < item.people and max(map(len, names), default=0) < 2 * LONGEST_NAME:
                facts = {"value": quoted(text), "found": len(names), "least": item.people}
                yield KINDS["F39"].at(town.place(sheet.name, index, item.name), **facts)


BETWEEN_NAMES = re.compile(r"[、，,;；/／\s]+|(?<=..)[和与及](?=..)")  # 和 may be part of a name of three characters
LONGEST_NAME = 3  # of most people, in characters


CHECKS: dict[str, Callable[[Town], Iterable[Finding]]] = {  # by the codes that each gives
    "R12": empty_sheets,
    "F17": empty_cells,
    "F18": repeated_keys,
    "F42": copied_rows,
    "F08": odd_names,
    "F14": odd_phones,
    "F02、F03、F04、F05、F06、F15、F16": identity.check,
    "F10、F22": lost_references,
    "F28": outside_term,
    "F36": other_year,
    "F37": wrong_order,
    "F38": same_person,
    "F39": too_few_people,
}
