"""A roster as a school keeps it, or as 学籍系统 exports it, into 学生花名册: first a mapping that a person reads and changes, then a
workbook beside the reports, never over a file of staff.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import count, zip_longest
from pathlib import Path

import pandas as pd
import yaml

from ..core import declarations
from ..core.cells import closest, fold
from ..core.columns import as_array, typed
from ..core.findings import UserError
from ..core.id_numbers import is_person
from ..core.places import RETURNS
from ..core.schema import CENTRE, Field, default
from ..core.sheets import Grid
from ..core.tables import complete
from ..excel import folders, lists, reading, saving, writing

SHEET, BOOK = "roster", "enrolment"
GUESSED = "？"  # before what is only guessed
GRADE = "年级"  # not a column of ours: with 班级 it says which class
# what columns are called in 学籍系统 and in schools' own lists, beside our titles and aliases
ALSO = lists.MORE_ALIASES | {
    "id_type": ("身份证件类型", "证件类别"),
    "class_id": ("班号", "班别", "所在班级", "行政班", "现在班级"),
    "seat_no": ("序号", "学号", "班级学号", "座号"),
    "entry_ym": ("入学时间", "入学日期"),
    "boarding": ("是否住校", "是否寄宿", "住宿情况", "走读住宿", "寄宿否", "住校否"),
    "hukou_type": ("户口类别", "户籍性质"),
    "address": ("家庭住址", "家庭地址", "住址", "详细地址", "现家庭住址", "家庭详细住址"),
    "guardian": ("家长姓名", "家长", "成员1姓名", "成员姓名1", "监护人(家长)", "家长(监护人)姓名"),
    "guardian_rel": ("成员1关系", "与家长关系", "家长关系", "称谓", "关系"),
    "guardian_tel": ("联系电话", "电话", "手机", "手机号", "成员1联系电话", "家长联系电话", "监护人手机"),
    "leftbehind": ("是否留守", "是否留守儿童", "留守儿童", "留守情况"),
    "migrant": ("是否随迁子女", "是否随迁", "随迁", "是否进城务工人员随迁子女"),
    "village_code": ("户籍村", "村组", "所属村", "行政村名称"),
    "ethnicity": ("民族名称",),
    "sex": ("男/女", "男女"),
    "guest": ("是否借读",),
}
YES = {"boarding": {"是": "住校", "否": "走读"}}  # what an answer to 是否… means, where the code list does not say it
CLASS = re.compile(  # 七年级二班; where a grade is one class: 2年级, but neither 一、二年级 nor 2024年级
    r"(?:[一二三四五六七八九1-9]|初[一二三])(?:年级)?[(（-]?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})[)）]?班"
    r"|(?<![、,，和与及至到~—\d-])(?:初[一二三]|[一二三四五六七八九1-9]年级)(?![、,，和与及至到~—-])"
)
ABOVE = "信息|情况|资料|基本"  # words of an upper header that say nothing of the columns below: 家长信息 above 姓名
MOST_WORDS = 200  # of one column, that a person is asked about
SHOWN, MOST_ROWS = "学籍_导入.xlsx", 8  # the workbook made; of how many rows a note names each
BOTH = re.compile(r"([^\d\s]{2,})[\s,，、:：/]*(1\d{10})")  # a name and its mobile number
NAMED = re.compile(r"(.+?)\s*[(（](.+)[)）]")  # a name and what stands in brackets behind it
TOTALS = "合计|总计|小计|共计"
KEY = "学生编号"  # issued by the centre: made up here only where the centre asks for it
ISSUED = "XS{:07d}"
NUMERALS = {char: str(number) for number, char in enumerate("一二三四五六七八九十", 1)}
JUNIOR = (("初一", "七"), ("初二", "八"), ("初三", "九"))
NOTE = """\
# 名单“{name}”怎样变成“{title}”。看一遍，改好，再运行同一条命令。
# columns：左边是名单里的列，右边是我们的列；“？”开头的是猜的，请改对或去掉“？”；空着（""）就是不要这一列。
# values：名单里的写法 -> 我们的写法。fixed：名单里没有、每个人都一样的列。
"""


@dataclass(frozen=True)
class Listed:
    """A worksheet of the list: its title, its grid, the first row of its header and of how many rows that is."""

    title: str
    grid: Grid
    header: int
    deep: int = 1

    @cached_property
    def heads(self) -> list[str]:
        """The texts of the header; one that stands there again is numbered, so that no column hides another: 联系电话, 联系电话2."""
        seen: Counter[str] = Counter()
        heads = []
        for text in _header(self.grid, self.header, self.deep):
            seen[text] += 1
            heads.append(f"{text}{seen[text]}" if text and seen[text] > 1 else text)
        return heads

    @cached_property
    def rows(self) -> list[tuple[int, dict[str, str], str]]:
        """Excel row, texts by header and the class that a line above says; no empty rows, headers once more, such lines, totals.

        A line above a block of pupils is one text over all columns, in which a class stands: 七年级二班（共8人）.
        """
        found, block, end = [], "", self.header + self.deep
        again = [{fold(text) for text in self.grid.texts(at) if text} for at in range(self.header, end)]
        for at in range(len(self.grid.rows)):
            texts = self.grid.texts(at)
            filled = [fold(text) for text in texts if text]
            if len({*filled}) == 1 and (named := CLASS.search(filled[0])):
                block = named[0]
            elif at >= end and filled and {*filled} not in again and not re.match(TOTALS, filled[0]):
                found.append((self.grid.first_row + at, dict(zip(self.heads, texts, strict=False)), block))
        return [row for row in found if row[0] not in self.notes]

    @cached_property
    def notes(self) -> list[int]:
        """The Excel rows below the header that are one text over all columns and name no class: 班主任：张三."""
        across = [top for top, left, _, right in self.grid.merged if left == 1 and right >= len(self.heads) > 2]
        texts = {row: "".join(dict.fromkeys(self.grid.texts(row - self.grid.first_row))) for row in across}
        end = self.grid.first_row + self.header + self.deep
        return [row for row, text in sorted(texts.items()) if row >= end and text and not CLASS.search(fold(text))]

    @property
    def classes(self) -> list[str]:
        """The classes that lines above the pupils say; none where they do not say it of all."""
        blocks = list(dict.fromkeys(block for _, _, block in self.rows))
        return blocks if all(blocks) else []

    @property
    def said(self) -> str:
        """How it was read, in words."""
        classes = f"，分{len(self.classes)}个班：{'、'.join(self.classes)}" if self.classes else ""
        notes = f"，第{_numbers(self.notes)}行整行是一句话，没有读" if self.notes else ""
        return (
            f"“{self.title}”：第{self.grid.first_row + self.header}行是表头，下面 {len(self.rows)} 行{classes}{notes}"
        )


@dataclass(frozen=True)
class Account:
    """What an import came to: the file written, how many came in, and a line for each thing to be looked at."""

    path: Path
    rows: int
    lines: tuple[str, ...]


def propose(file: Path, into: Path, out: Path) -> tuple[Path, tuple[str, ...]]:
    """Write the mapping of a list, as far as it can be proposed, unless it is there; its path and an account of the list.

    Raises UserError for a list or a school's folder that cannot be read.
    """
    path, (sheets, unread) = _mapping(_home(into), out), _listed(file)
    columns: dict[str, str] = {}
    for text in dict.fromkeys(head for one in sheets for head in one.heads if head):
        columns[text] = _proposed(text, _taken(columns))
    values, many = _values(sheets, columns)
    missing = [title for title, item in _fields().items() if item.required and title not in _taken(columns)]
    usual = {"在籍状态": "在读", "状态日期": f"{into.parent.name[:4]}-09-01", "借读": "否"}
    fixed = {title: text for title, text in usual.items() if title in missing}
    if not path.exists():
        held = {"file": file.name, "columns": columns, "values": values, "fixed": fixed}
        note = NOTE.format(name=file.name, title=default().sheets[SHEET].title)
        path.parent.mkdir(parents=True, exist_ok=True)
        saving.write_copy(path, (note + yaml.safe_dump(held, allow_unicode=True, sort_keys=False)).encode())
    worked_out = {*fixed, "性别", "出生日期", "证件类型", KEY}
    if all(any(_parsed(one.title)) or one.classes for one in sheets):  # a worksheet, or a block of rows, for each class
        worked_out.add("班级编号")
    said = {
        "不要的列": [text for text, title in columns.items() if not title],
        "要请人定的": _guesses(held_of(path)),
        "名单里没有、以后要补的列": [title for title in missing if title not in worked_out],
    }
    lines = [*(one.said for one in sheets), *unread, *many]
    return path, (*lines, *(f"{what}：{'、'.join(words)}" for what, words in said.items() if words))


def _values(sheets: list[Listed], columns: Mapping[str, str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """By column of the list, what its words that no code list knows stand for; and, in words, of which columns there are too many."""
    found, many = {}, []
    for text, title in columns.items():
        item = _fields().get(title.removeprefix(GUESSED))
        codes = default().codes.get(item.codes) if item and not item.many else None
        if not codes:
            continue
        known = {fold(name) for value in codes.values for name in (value.name, *value.aliases)}
        words = {raw.get(text, "") for one in sheets for _, raw, _ in one.rows}
        odd = sorted(said for said in words if said and fold(said) not in known)
        means = {} if "走读" in text else YES.get(item.name, {})
        if odd:
            asked = odd[:MOST_WORDS]
            found[text] = {said: means.get(said) or GUESSED + closest(said, codes.names) for said in asked}
        if len(odd) > MOST_WORDS:
            many.append(f"“{text}”有 {len(odd)} 种不认识的写法，多半不是“{item.title}”，只列出 {MOST_WORDS} 种")
    return found, many


def known(into: Path, out: Path) -> bool:
    """Whether a mapping is there already."""
    return _mapping(_home(into), out).is_file()


def held_of(path: Path) -> dict[str, dict]:
    """A mapping as a person has left it. Raises UserError, naming the file, for one that cannot be read."""
    try:
        held = declarations.load_yaml(path)
        declarations.strict(path, "file", held, ("file", "columns", "values", "fixed"), ("columns",))
    except declarations.SchemaError as error:
        raise UserError(f"对照表“{path}”写错了：{error}。改不好就删掉它，再运行一次，会重新生成。") from error
    parts = {name: held.get(name) or {} for name in ("columns", "values", "fixed")}
    if not all(isinstance(one, dict) for one in (*parts.values(), *(pairs or {} for pairs in _pairs(parts)))):
        raise UserError(f"对照表“{path}”写错了：冒号前后的两栏乱了。改不好就删掉它，再运行一次，会重新生成。")
    words = {head: {str(said): ours for said, ours in (pairs or {}).items()} for head, pairs in parts["values"].items()}
    return parts | {"values": words}


def _pairs(parts: Mapping[str, Mapping]) -> list[object]:
    return [*parts["values"].values()] if isinstance(parts["values"], dict) else []


def _guesses(held: Mapping[str, Mapping]) -> list[str]:
    """What is still only guessed in a mapping, as words."""
    found = [f"columns 里“{text}”" for text, title in held["columns"].items() if str(title or "").startswith(GUESSED)]
    found += [
        f"values 里“{text}”的“{said}”"
        for text, pairs in held["values"].items()
        for said, ours in pairs.items()
        if str(ours or "").startswith(GUESSED)
    ]
    return found


def take(file: Path, into: Path, out: Path, issue: bool = False) -> Account:
    """Write the workbook that a list and its mapping make, 学籍_导入.xlsx under returns/<school>/.

    `issue`: who has no 学生编号 gets the next one of the town, as the centre issues them.
    Raises UserError where the mapping still guesses or names a column there is not, and where the school's roster holds rows:
    what has changed since is for `reconcile` to say.
    """
    home = _home(into)
    path = _mapping(home, out)
    held = _finished(path)
    if existing := enrolled(into):
        raise UserError(
            f"“{into.name}”的学籍.xlsx 里已有 {existing} 人，没有导入。请先核对有哪些变动：kongchuo reconcile {file}"
        )
    classes = _classes(into)
    sheets, lines = _listed(file)
    new = dict.fromkeys(head for one in sheets for head in one.heads if head and head not in held["columns"])
    if new:
        lines.append(f"对照表里没有、没有带入的列：{'、'.join(new)}。要带入就写进对照表；换了名单的，删掉对照表重来")
    if not classes:
        lines.append(
            "“基础信息”里还没有本校的班级，班级照名单上的写。先由中心学校填好“班级”，再运行一次，班级编号就填上"
        )
    rows, told = _pupils(sheets, held, classes, _keys(into))
    lines += told
    if not rows:
        raise UserError(f"“{file.name}”里没有一个人能带入。{lines[0] if lines else ''}")
    lines += _numbered([row for row in rows if not row.get("student_key")], _free(home, out) if issue else None)
    target = path.with_name(SHOWN)
    book = next(book for book in default().books if book.name == BOOK)
    saving.write_copy(target, writing.workbook_bytes(book.stems[0], book, {SHEET: rows}, default()))
    return Account(target, len(rows), tuple(lines))


def _finished(path: Path) -> dict[str, dict]:
    """A mapping in which nothing is guessed any more and every column is one of ours. Raises UserError."""
    held = held_of(path)
    if guesses := _guesses(held):
        raise UserError(f"对照表“{path}”里还有猜的：{'、'.join(guesses[:6])}。请改对，或去掉“{GUESSED}”，再运行。")
    for title in (*held["columns"].values(), *held["fixed"]):
        if title and title not in (*_fields(), GRADE):
            near = closest(str(title), _fields())
            raise UserError(f"对照表“{path}”里没有“{title}”这样的列。{f'是不是“{near}”？' if near else ''}")
    return held


def _pupils(
    sheets: list[Listed],
    held: Mapping[str, Mapping],
    classes: Mapping[tuple[str, str], str],
    keys: Mapping[str, str],
) -> tuple[list[dict[str, object]], list[str]]:
    """The pupils of the list by our columns, each once, with the numbers that the census gives; in words what is to be looked at."""
    rows, lines, seen = [], [], Counter()
    for one in sheets:
        told: dict[str, list[int]] = {}
        for number, raw, block in one.rows:
            title = next((text for text in (block, one.title) if all(_parsed(text))), block or one.title)
            row, notes = _pupil(raw, held, classes, title)
            id_no = str(row.get("id_no", ""))
            seen[id_no] += bool(id_no)
            stops = "没有姓名" if not row.get("name") else "证件号码和前面一行一样" if seen[id_no] > 1 else ""
            for note in [f"没有带入，{stops}"] if stops else notes:
                told.setdefault(note, []).append(number)
            if not stops:
                row |= {"student_key": keys[id_no]} if id_no in keys and not row.get("student_key") else {}
                rows.append(row)
        lines += [f"“{one.title}”第{_numbers(numbers)}行：{note}" for note, numbers in told.items()]
    return rows, lines


def _numbered(without: list[dict[str, object]], free: Iterator[int] | None) -> list[str]:
    """Give pupils without 学生编号 theirs out of the `free` ones, if there are any to give; what is to be said of it."""
    if without and free is None:
        return [f"{len(without)} 人没有{KEY}：由中心学校发；中心学校运行时加 --number，就接着全镇最大的往下编"]
    for row in without:
        row["student_key"] = ISSUED.format(next(free))
    ends = [row["student_key"] for row in without]
    said = (
        f"{len(without)} 人没有{KEY}，接着全镇最大的编了：{ends[0]} 到 {ends[-1]}，请中心学校记入摸底登记"
        if ends
        else ""
    )
    return [said] if said else []


def _numbers(rows: list[int]) -> str:
    """Rows of a list as people say them: 4; 4—11; 4、9、12等20."""
    if len(rows) > 2 and rows == [*range(rows[0], rows[-1] + 1)]:
        return f"{rows[0]}—{rows[-1]}"
    return "、".join(map(str, rows[:MOST_ROWS])) + (f"等{len(rows)}" if len(rows) > MOST_ROWS else "")


def _pupil(
    raw: Mapping[str, str], held: Mapping[str, Mapping], classes: Mapping[tuple[str, str], str], title: str
) -> tuple[dict[str, object], list[str]]:
    """A pupil by our columns, with the class, and what the identity number says where the list does not; what is to be looked at."""
    row, unread = _row(raw, held)
    notes, id_no = [], str(row.get("id_no", ""))
    said = (str(row.pop("class_id", "")), raw.get(_grade_of(held), ""), title)
    row["class_id"] = _class(said, classes) or said[0]
    if classes and row["class_id"] not in classes.values():
        notes.append(f"班级“{said[0] or title}”和基础信息里的班级对不上，照原样带入")
    if is_person(id_no):
        row.setdefault("id_type", "居民身份证")
        row.setdefault("birth_date", dt.date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14])))
        row.setdefault("sex", "男" if int(id_no[16]) % 2 else "女")
    return row, notes + [note for column, note in unread.items() if _fields()[column].name not in row]


# --- The list ------------------------------------------------------------------------------------------------------------
@cache
def _fields() -> dict[str, Field]:
    """The columns of the roster that people fill in, by title."""
    return {item.title: item for item in default().sheets[SHEET].typed}


def _listed(file: Path) -> tuple[list[Listed], list[str]]:
    """The worksheets that are rosters, and in words those that were not read."""
    found, unread = [], []
    for title, grid, hidden in lists.grids(file):
        scores = [
            (*_meant(_header(grid, at, deep)), -deep, -at) for at in range(min(20, len(grid.rows))) for deep in (1, 2)
        ]
        sure, guessed, deep, at = max(scores, default=(0, 0, 0, 0))
        if sure + guessed >= 2 and not hidden:
            found += [Listed(title, part, -at, -deep) for part in _beside(grid, _header(grid, -at, -deep))]
        elif any(value not in ("", None) for row in grid.rows for value in row):
            unread.append(f"没有读工作表“{title}”：{'它是隐藏的' if hidden else '找不到花名册的表头'}")
    if not found:
        raise UserError(f"“{file.name}”里找不到花名册：一行表头里要有“姓名”和另外至少一列（身份证号、性别、班级……）。")
    return found, unread


def _meant(texts: list[str]) -> tuple[int, int]:
    """How many of our columns a header names, and how many more it may mean."""
    meant = {_proposed(text, set()) for text in texts if text} - {""}
    guessed = {title for title in meant if title.startswith(GUESSED) and title.removeprefix(GUESSED) not in meant}
    return sum(not title.startswith(GUESSED) for title in meant), len(guessed)


def _header(grid: Grid, at: int, deep: int) -> list[str]:
    """The texts of a header of one row, or of two: what stands below counts, above it only where nothing is.

    Where two columns mean the same by what stands below, both texts count: 姓名 under 家长信息 is 家长姓名.
    """
    rows = [list(map(fold, grid.texts(place))) for place in range(at, min(at + deep, len(grid.rows)))]
    pairs = [*zip_longest(rows[0], rows[-1], fillvalue="")]
    plain, names = [low or high for high, low in pairs], _names()
    means = Counter(names.get(text) for text in plain)
    whole = [re.sub(ABOVE, "", high) + low if low and high != low else "" for high, low in pairs]
    return [
        both if both in names and means[names.get(text)] > 1 else text for text, both in zip(plain, whole, strict=True)
    ]


def _beside(grid: Grid, header: list[str]) -> list[Grid]:
    """The blocks of a worksheet that stand side by side, each with the same header; the worksheet itself where it is one."""
    starts = [column for column, text in enumerate(header) if text and text == header[0]]
    parts = [header[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    if len(parts) < 2 or len({tuple(filter(None, part)) for part in parts}) > 1 or len(parts[0]) < 2:
        return [grid]
    return [_columns(grid, start, len(part)) for start, part in zip(starts, parts, strict=True)]


def _columns(grid: Grid, start: int, width: int) -> Grid:
    """Some columns of a grid, as a grid; a merged range that goes beyond them is cut where they end."""
    merged = [
        (top, max(left - start, 1), bottom, min(right - start, width))
        for top, left, bottom, right in grid.merged
        if left <= start + width and right > start
    ]
    # what a range shows stands in its first cell, which may lie before the columns
    rows = [grid.texts(at)[start : start + width] for at in range(len(grid.rows))]
    return replace(grid, rows=rows, merged=merged)


@cache
def _names() -> dict[str, str]:
    """What our columns are called, here and elsewhere -> the title of each."""
    known = {title: (*ALSO.get(item.name, ()), *item.aliases, title) for title, item in _fields().items()}
    return {fold(name): title for title, names in known.items() for name in names} | {GRADE: GRADE}


def _proposed(text: str, taken: set[str]) -> str:
    """Which of our columns a header means: its title; with GUESSED before it one that it is like; "" for none."""
    bare, names = re.sub(r"\(.*?\)|[:：*]", "", text), _names()
    if sure := names.get(text) or names.get(bare):
        return "" if sure in taken else sure
    near = closest(bare, names) if len(bare) > 2 else ""
    return GUESSED + names[near] if near and names[near] not in taken else ""


def _taken(columns: Mapping[str, str]) -> set[str]:
    return {title.removeprefix(GUESSED) for title in columns.values()}


def _row(raw: Mapping[str, str], held: Mapping[str, Mapping]) -> tuple[dict[str, object], dict[str, str]]:
    """A pupil by our columns, read as a workbook would be; by column, in words, what could not be read."""
    texts = {str(title): str(text) for title, text in held["fixed"].items()}
    for head, title in held["columns"].items():
        said = raw.get(fold(str(head)), "")
        said = str(held["values"].get(head, {}).get(said, said) or "")
        if title and title != GRADE and said:
            texts[str(title)] = said
    guardian, phone, kin = (
        default().sheets[SHEET].by_name[name].title for name in ("guardian", "guardian_tel", "guardian_rel")
    )
    # who it is of the pupil, behind the name: 乙夏(爷爷), which is no part of it where the list has the name of a relation
    known = {fold(name) for value in default().codes["guardian_rel"].values for name in (value.name, *value.aliases)}
    if (named := NAMED.fullmatch(texts.get(guardian, ""))) and named[2] in known:
        texts |= {guardian: named[1], kin: texts.get(kin) or named[2]}
    for title in (guardian, phone):  # both in one cell: 乙夏 13800000001
        if both := BOTH.fullmatch(texts.get(title, "")):
            texts |= {guardian: both[1], phone: texts[phone] if title == guardian and texts.get(phone) else both[2]}
    row, notes = {}, {}
    for title, text in texts.items():
        item = _fields()[title]
        if item.format == "entry_month":  # 2021年9月, 2021-09-01
            parts = re.findall(r"\d+", text)
            text = f"{parts[0]}{int(parts[1]):02d}" if len(parts) > 1 and len(parts[0]) == 4 else text[:6]
        values, problems = typed([text], item, default().codes.get(item.codes))
        value = as_array(values, item)[0]
        if any(problem.lost for problem in problems) or pd.isna(value):
            notes[title] = f"{title}“{text}”读不出来，空着"
        else:
            row[item.name] = (
                value.date() if isinstance(value, pd.Timestamp) else value.item() if hasattr(value, "item") else value
            )
    return row, notes


def _grade_of(held: Mapping[str, Mapping]) -> str:
    return next((fold(str(head)) for head, title in held["columns"].items() if title == GRADE), "")


# --- The school ----------------------------------------------------------------------------------------------------------
def folder(into: Path, shared: Path) -> Path:
    """The school's folder: as it is, or, where a school is only named, that of the newest year in the shared folder."""
    if into.is_dir() or into.name != str(into):
        return into
    found = sorted(path for path in shared.glob(f"*/{into}") if folders.is_year(path.parent.name))
    return found[-1] if found else into


def _home(into: Path) -> Path:
    if not into.is_dir() or not folders.is_year(into.parent.name) or into.name == CENTRE:
        raise UserError(
            f"“{into}”不是学校的文件夹。请写共享文件夹里有的校名，或写到 共享文件夹/学年/学校，如 workbooks/示例镇/2024-2025/示例中学。"
        )
    return into


def _mapping(home: Path, out: Path) -> Path:
    return out / RETURNS / home.name / "导入_学生花名册.yaml"


def enrolled(into: Path) -> int:
    """How many children the school's roster holds already."""
    return len(_table(_home(into) / "学籍.xlsx", BOOK, SHEET))


def _table(path: Path, book: str, sheet: str) -> pd.DataFrame:
    """The rows of a sheet as read; empty where the workbook is not there or has none."""
    declared = next(one for one in default().books if one.name == book)
    if not path.is_file():
        return pd.DataFrame()
    tables = reading.read_workbook(path, path.name, declared, default().codes).tables
    return tables[sheet].frame if sheet in tables else pd.DataFrame()


def _classes(into: Path) -> dict[tuple[str, str], str]:
    """(grade, number in the grade) -> the code of the school's class, as 基础信息 has it."""
    path = into.parent / CENTRE / "基础信息.xlsx"
    schools, rows = _table(path, "registry", "school"), _table(path, "registry", "class")
    if not len(schools) or not len(rows):
        return {}
    own = schools[schools["school_name"].map(lambda name: fold(str(name)) == fold(into.name))]
    codes = {fold(str(code)) for column in ("school_code", "school_name") for code in own[column]}
    mine = complete(rows[rows["school_code"].map(lambda code: fold(str(code)) in codes)], "class_id", "class_name")
    return {_parsed(str(name)): str(code) for code, name in zip(mine["class_id"], mine["class_name"], strict=True)}


def _keys(into: Path) -> dict[str, str]:
    """Identity number -> the number that 摸底登记 gives a child."""
    rows = _table(into.parent / CENTRE / "适龄儿童摸底.xlsx", "census", "census")
    if not len(rows):
        return {}
    rows = complete(rows, "id_no", "student_key")
    return dict(zip(rows["id_no"].astype(str), rows["student_key"].astype(str), strict=True))


def _free(home: Path, out: Path) -> Iterator[int]:
    """The numbers that no child of the town has: neither in the census nor on a roster, nor in what was imported for another school."""
    year = home.parent
    rosters = [
        *year.glob("*/学籍.xlsx"),
        *(path for path in (out / RETURNS).glob(f"*/{SHOWN}") if path.parent.name != home.name),
    ]
    frames = [_table(path, BOOK, SHEET) for path in rosters]
    frames.append(_table(year / CENTRE / "适龄儿童摸底.xlsx", "census", "census"))
    keys = [str(key) for frame in frames if "student_key" in frame for key in frame["student_key"].dropna()]
    return count(1 + max((int(key[2:]) for key in keys if re.fullmatch(r"XS\d+", key)), default=0))


@cache
def _parsed(text: str) -> tuple[str, str]:
    """(grade, number) of a class as people write it: 七(1)班, 七年级1班, 701, 初一（1）班, 7.1; "" for what it does not say."""
    said = fold(text)
    for junior, grade in JUNIOR:
        said = said.replace(junior, grade)
    said = re.sub("^([一二三四五六七八九])(?=[0-9(]|[一二三四五六七八九]班)", r"\1-", said)  # 七1, 七(1), 七一班
    said = re.sub("十([一二三四五六七八九])", r"1\1", said)
    said = "".join(NUMERALS.get(char, char) for char in said)
    if plain := re.fullmatch(r"([1-9])(\d{2})班?|([1-9])(\d)", said):  # 701, 701班, 71; 12班 is the twelfth
        plain = [part for part in plain.groups(default="") if part]
        return plain[0], str(int(plain[1]))
    if both := re.search(r"([1-9])\D+0?(\d{1,2})", said):
        return both[1], str(int(both[2]))
    if alone := re.search(r"0?(\d{1,2})班", said):
        return "", str(int(alone[1]))
    grade = re.search(r"([1-9])年?级?$", said)
    return (grade[1], "") if grade else ("", "")


def _class(said: tuple[str, str, str], classes: Mapping[tuple[str, str], str]) -> str:
    """The class that a cell, beside it the grade, or the worksheet's title mean; "" where none or several may be meant."""
    text, grade, title = said
    if text in classes.values():
        return text
    for words in filter(None, (text, title)):
        own, number = _parsed(words)
        own = own or (_parsed(grade)[0] if grade else "") or _parsed(title)[0]
        found = [code for (one, at), code in classes.items() if own == one and number in ("", at)]
        if own and len(found) == 1:
            return found[0]
    return ""


def told(account: Account, most: int = 40) -> Iterator[str]:
    """The account in words."""
    yield f"已带入 {account.rows} 人：{account.path}"
    yield from account.lines[:most]
    if len(account.lines) > most:
        yield f"……共 {len(account.lines)} 条要看"
    yield "打开看过以后，另存为学校文件夹里的 学籍.xlsx，再运行 kongchuo check。"
