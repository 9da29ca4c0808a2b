"""Which column of a school's own roster is which of ours: the list as it is, what is proposed of it, and 对照表, in which a person decides."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import zip_longest
from pathlib import Path

from ..core.cells import closest, fold
from ..core.findings import UserError
from ..core.numbers import some
from ..core.places import RETURNS
from ..core.schema import CENTRE, Field, default
from ..core.sheets import Grid
from ..excel import folders, foreign_lists, saving, tables

SHEET, KEY, NAME = "roster", "学生编号", "姓名"
GUESSED = "？"  # before what is only guessed
GRADE = "年级"  # not a column of ours: with 班级 it says which class
# what columns are called in 学籍系统 and in schools' own lists, beside our titles and aliases
ALSO = foreign_lists.MORE_ALIASES | {
    "id_type": ("身份证件类型", "证件类别"),
    "class_id": ("班", "班号", "班别", "所在班级", "行政班", "现在班级"),
    "seat_no": ("序号", "学号", "班级学号", "座号"),
    "entry_ym": ("入学时间", "入学日期"),
    "boarding": ("住宿", "住读", "是否住校", "是否寄宿", "住宿情况", "走读住宿", "寄宿否", "住校否"),
    "hukou_type": ("户口类别", "户籍性质"),
    "address": ("家庭住址", "家庭地址", "住址", "详细地址", "现家庭住址", "家庭详细住址"),
    "guardian": (
        "家长姓名",
        "家长姓名及电话",
        "家长姓名及联系电话",
        "家长及电话",
        "监护人及电话",
        "监护人姓名及电话",
        "家长",
        "成员1姓名",
        "成员姓名1",
        "监护人(家长)",
        "家长(监护人)姓名",
    ),
    "guardian_rel": ("成员1关系", "与家长关系", "家长关系", "称谓", "关系"),
    "guardian_tel": (
        "联系电话",
        "联系方式",
        "手机号码",
        "电话号码",
        "电话",
        "手机",
        "手机号",
        "成员1联系电话",
        "家长联系电话",
        "监护人手机",
    ),
    "leftbehind": ("是否留守", "是否留守儿童", "留守儿童", "留守情况"),
    "migrant": ("是否随迁子女", "是否随迁", "随迁", "是否进城务工人员随迁子女"),
    "village_code": ("户籍村", "村组", "所属村", "行政村名称"),
    "ethnicity": ("民族名称",),
    "sex": ("男/女", "男女"),
    "guest": ("是否借读",),
    "status": ("学生状态", "学籍状态", "当前状态", "在校状态", "就读状态"),
}
# what an answer means, where the code list does not say it
YES = {
    "boarding": {"是": "住校", "√": "住校", "否": "走读"},
    "status": {"正常": "在读", "正常在校": "在读", "在籍在校": "在读"},
}
CLASS = re.compile(  # 七年级二班; where a grade is one class: 2年级, but neither 一、二年级 nor 2024年级
    r"(?:[一二三四五六七八九1-9]|初[一二三])(?:年级)?[(（-]?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})[)）]?班"
    r"|(?<![、,，和与及至到~—\d-])(?:初[一二三]|[一二三四五六七八九1-9]年级)(?![、,，和与及至到~—-])"
)
ABOVE = "信息|情况|资料|基本"  # words of an upper header that say nothing of the columns below: 家长信息 above 姓名
MOST_WORDS = 200  # of one column, that a person is asked about
TOTALS = r"合计|总计|小计|共计|总?人数|总数|共\d+人"
MOST_ROWS = 8  # of how many rows a note names each
NUMERALS = {char: str(number) for number, char in enumerate("一二三四五六七八九十", 1)}
JUNIOR = (("初一", "七"), ("初二", "八"), ("初三", "九"))
TITLE, SHOWN = "对照表", "导入_对照表.xlsx"
NOTE = (
    "名单“{name}”怎样变成“{title}”：左边是名单里的列和写法，最右一列点箭头选我们的。黄的、“？”开头的是猜的，请选对；空着就是不要。"
    "名单里没有、每个人都一样的，在“{each}”那一行选一个。看完保存、关闭，再导入一次。"
)
HEAD = {"名单里的列": 22, "名单里的写法": 22, "例子": 26, "变成（点箭头选）": 24}  # of 对照表, with their widths
EACH = "（每人都是）"  # in place of what the list writes: a column of ours that it lacks, the same for everybody


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
        notes = f"，第{numbers(self.notes)}行整行是一句话，没有读" if self.notes else ""
        return (
            f"“{self.title}”：第{self.grid.first_row + self.header}行是表头，下面 {len(self.rows)} 行{classes}{notes}"
        )


def propose(file: Path, into: Path, out: Path) -> tuple[Path, tuple[str, ...]]:
    """Write 对照表 of a list, as far as it can be proposed, unless it is there; its path and an account of the list.

    Raises UserError for a list or a school's folder that cannot be read.
    """
    path, (sheets, unread) = path_of(home(into), out), listed(file)
    columns = _meanings(sheets)
    values, many = _values(sheets, columns)
    missing = [title for title, item in fields().items() if item.required and title not in _taken(columns)]
    usual = {"在籍状态": "在读", "状态日期": f"{into.parent.name[:4]}-09-01", "借读": "否"}
    fixed = {title: text for title, text in usual.items() if title in missing}
    worked_out = {*fixed, "性别", "出生日期", "证件类型", KEY}
    if GRADE in _taken(columns) or all(any(parsed(one.title)) or one.classes for one in sheets):
        worked_out.add(
            "班级编号"
        )  # of a school where a grade is one class; of a worksheet, or a block of rows, for each
    later = [title for title in missing if title not in (*worked_out, NAME)]
    if not path.exists():
        note = NOTE.format(name=file.name, title=default().sheets[SHEET].title, each=EACH)
        rows = [*_asked(sheets, columns, values), *_same(fixed | {title: "" for title in later if _choices(title)})]
        path.parent.mkdir(parents=True, exist_ok=True)
        saving.write_copy(path, tables.choices_bytes(TITLE, note, HEAD, rows, GUESSED))
    said = {
        "不要的列": [text for text, title in columns.items() if not title],
        "要请人定的": guesses(held_of(path)),
        "名单里没有、以后要补的列": later,
    }
    lines = [*(one.said for one in sheets), *unread, *many]
    if NAME in missing:
        lines.append(f"没有认出哪一列是{NAME}：请在对照表里选一列变成“{NAME}”，没有它一个人也带不进来")
    return path, (*lines, *(f"{what}：{'、'.join(words)}" for what, words in said.items() if words))


def _meanings(sheets: Iterable[Listed]) -> dict[str, str]:
    """What is proposed for each header: first what is sure, so that no guess takes its place; of two worksheets both may be 姓名."""
    lines = [{head for head in one.heads if head} for one in sheets]
    columns = dict.fromkeys((head for one in sheets for head in one.heads if head), "")
    for sure in (True, False):
        for text in columns:
            beside = {head: columns[head] for line in lines if text in line for head in line}
            title = columns[text] or _proposed(text, _taken(beside))
            columns[text] = "" if sure and title.startswith(GUESSED) else title
    return columns


def _values(sheets: list[Listed], columns: Mapping[str, str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """By column of the list, what its words that no code list knows stand for; and, in words, of which columns there are too many."""
    found, many = {}, []
    for text, title in columns.items():
        item = fields().get(title.removeprefix(GUESSED))
        codes = default().codes.get(item.codes) if item and not item.many else None
        if not codes:
            continue
        known = {fold(name) for value in codes.values for name in (value.name, *value.aliases)}
        words = {raw.get(text, "") for one in sheets for _, raw, _ in one.rows}
        odd = sorted(said for said in words if said and fold(said) not in known)
        means = {} if "走读" in text else YES.get(item.name, {})
        if odd:
            asked = odd[:MOST_WORDS]
            found[text] = {said: means.get(said) or GUESSED + _near(said, codes.names) for said in asked}
        if len(odd) > MOST_WORDS:
            many.append(f"“{text}”有 {len(odd)} 种不认识的写法，多半不是“{item.title}”，只列出 {MOST_WORDS} 种")
    return found, many


def _near(said: str, names: tuple[str, ...]) -> str:
    """The name that a word is like, or the only one that it is a part of: 住, 住校; "" for none."""
    holding = [name for name in names if said in name]
    return closest(said, names) or (holding[0] if len(holding) == 1 else "")


# --- 对照表: a row for each column of the list, below it one for each word that nobody knows; then what the list lacks ------
def _asked(
    sheets: list[Listed], columns: Mapping[str, str], values: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The rows for what the list has, each with what may be chosen."""
    for text, title in columns.items():
        sample = next((raw[text] for one in sheets for _, raw, _ in one.rows if raw.get(text)), "")
        yield (text, "", sample, title), (*fields(), GRADE)
        for said, ours in values.get(text, {}).items():
            yield (text, said, "", ours), _choices(title.removeprefix(GUESSED))


def _same(fixed: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The rows for what the list lacks."""
    for title, text in fixed.items():
        yield (title, EACH, "", text), _choices(title)


def _choices(title: str) -> tuple[str, ...]:
    """What may stand in a column of ours; none where that is no choice."""
    item = fields()[title]
    return default().codes[item.codes].names if item.codes else ("是", "否") if item.type == "boolean" else ()


def known(into: Path, out: Path) -> bool:
    """Whether 对照表 is there already."""
    return path_of(home(into), out).is_file()


def held_of(path: Path) -> dict[str, dict[str, str]]:
    """对照表 as a person has left it: `columns`, `values` by column, and `fixed`. Raises UserError for one that cannot be read."""
    grid = next((grid for title, grid, _ in foreign_lists.grids(path) if title == TITLE), Grid([]))
    lines = [[*grid.texts(at), *[""] * len(HEAD)][: len(HEAD)] for at in range(len(grid.rows))]
    starts = [at for at, line in enumerate(lines) if line == [*HEAD]]
    if not starts:
        raise UserError(f"“{path}”里找不到原来的表头。改不好就删掉它，再运行一次，会重新生成。")
    held: dict[str, dict] = {"columns": {}, "values": {}, "fixed": {}}
    for column, said, _, ours in lines[starts[0] + 1 :]:
        if said == EACH:
            held["fixed"] |= {column: ours} if ours else {}
        elif said:
            held["values"].setdefault(fold(column), {})[fold(said)] = ours
        elif column:
            held["columns"][fold(column)] = ours
    return held


def guesses(held: Mapping[str, Mapping]) -> list[str]:
    """What is still only guessed, as words."""
    found = [f"“{text}”这一列" for text, title in held["columns"].items() if title.startswith(GUESSED)]
    found += [
        f"“{text}”里写的“{said}”"
        for text, pairs in held["values"].items()
        for said, ours in pairs.items()
        if ours.startswith(GUESSED)
    ]
    return found


def home(into: Path) -> Path:
    """The folder itself, where it is a school's. Raises UserError."""
    if not into.is_dir() or not folders.is_year(into.parent.name) or into.name == CENTRE:
        raise UserError(
            f"“{into}”不是学校的文件夹。请写共享文件夹里有的校名，或写到 共享文件夹/学年/学校，如 workbooks/示例镇/2024-2025/示例中学。"
        )
    return into


def path_of(school: Path, out: Path) -> Path:
    """Where 对照表 of a school lies."""
    return out / RETURNS / school.name / SHOWN


# --- The list ------------------------------------------------------------------------------------------------------------
@cache
def fields() -> dict[str, Field]:
    """The columns of the roster that people fill in, by title."""
    return {item.title: item for item in default().sheets[SHEET].typed}


def listed(file: Path) -> tuple[list[Listed], list[str]]:
    """The worksheets that are rosters, and in words those that were not read."""
    found, unread = [], []
    for title, grid, hidden in foreign_lists.grids(file):
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
    known = {title: (*ALSO.get(item.name, ()), *item.aliases, title) for title, item in fields().items()}
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


YEARS = re.compile(r"(?:20\d\d[-—–~至]?)+(?:[年级届]|学年)?度?")  # 2026-2027学年, 2026年, 2021级


@cache
def parsed(text: str) -> tuple[str, str]:
    """(grade, number) of a class as people write it: 七(1)班, 七年级1班, 701, 初一（1）班, 7.1; "" for what it does not say."""
    said = YEARS.sub("", fold(text))
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


def numbers(rows: list[int]) -> str:
    """Rows of a list as people say them: 4; 4—11; 4、9、12等20."""
    if len(rows) > 2 and rows == [*range(rows[0], rows[-1] + 1)]:
        return f"{rows[0]}—{rows[-1]}"
    return some(rows, MOST_ROWS)
