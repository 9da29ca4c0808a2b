"""A school's own roster into 学生花名册, as 对照表 (mapping) says: a workbook beside the reports, never over a file of staff."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path

import pandas as pd

from ..core import places
from ..core.cells import closest, fold
from ..core.columns import as_array, typed
from ..core.findings import UserError
from ..core.id_numbers import is_person
from ..core.places import RETURNS
from ..core.schema import CENTRE, default
from ..core.tables import complete
from ..excel import folders, foreign_lists, reading, saving, writing
from . import mapping
from .mapping import GRADE, KEY, NAME, SHEET, fields, numbers, parsed

BOOK, SHOWN = "enrolment", "学籍_导入.xlsx"
ISSUED = "XS{:07d}"
BOTH = re.compile(r"([^\d\s]{2,})[\s,，、:：/]*(1\d{10})")  # a name and its mobile number
# (grade, number) -> the code of the class; in which year the school year begins
Classes = tuple[Mapping[tuple[str, str], str], int]
NAMED = re.compile(r"(.+?)\s*[(（](.+)[)）]")  # a name and what stands in brackets behind it


@dataclass(frozen=True)
class Account:
    """What an import came to: the file written, how many came in, and a line for each thing to be looked at."""

    path: Path
    rows: int
    lines: tuple[str, ...]


def take(file: Path, into: Path, out: Path, issue: bool = False) -> Account:
    """Write the workbook that a list and its mapping make, 学籍_导入.xlsx under returns/<school>/.

    `issue`: who has no 学生编号 gets the next one of the town, as the centre issues them.
    Raises UserError where the mapping still guesses or names a column there is not, and where the school's roster holds rows:
    what has changed since is for `reconcile` to say.
    """
    home = mapping.home(into)
    path = mapping.path_of(home, out)
    held = _finished(path)
    if existing := enrolled(into):
        raise UserError(
            f"“{into.name}”的学籍.xlsx 里已有 {existing} 人，没有导入。请先核对有哪些变动：kongchuo reconcile {places.typed(file)}"
        )
    classes = _classes(into)
    sheets, lines = mapping.listed(file)
    _each_once(sheets, held["columns"], path)
    new = dict.fromkeys(head for one in sheets for head in one.heads if head and head not in held["columns"])
    if new:
        lines.append(f"对照表里没有、没有带入的列：{'、'.join(new)}。要带入就写进对照表；换了名单的，删掉对照表重来")
    if not classes:
        lines.append(
            "“基础信息”里还没有本校的班级，班级照名单上的写。先由中心学校填好“班级”，再运行一次，班级编号就填上"
        )
    rows, told = _pupils(sheets, held, (classes, int(into.parent.name[:4])), _keys(into))
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
    held = mapping.held_of(path)
    if guessed := mapping.guesses(held):
        raise UserError(
            f"对照表“{path}”里还有猜的：{'、'.join(guessed[:6])}。请打开它，点箭头选对，保存、关闭，再运行。"
        )
    for title in (*held["columns"].values(), *held["fixed"]):
        if title and title not in (*fields(), GRADE):
            near = closest(title, fields())
            raise UserError(f"对照表“{path}”里没有“{title}”这样的列。{f'是不是“{near}”？' if near else ''}")
    return held


def _each_once(sheets: list[mapping.Listed], columns: Mapping[str, str], path: Path) -> None:
    """Raise UserError where no column is the name, or a row fills two columns that both become the same one of ours."""
    if NAME not in columns.values():
        raise UserError(
            f"对照表“{path}”里没有哪一列变成“{NAME}”。请打开它，在写{NAME}的那一列选它，保存、关闭，再运行。"
        )
    for one in sheets:
        meant = {head: columns.get(head, "") for head in one.heads}
        doubled = [title for title, times in Counter(filter(None, meant.values())).items() if times > 1]
        for title, (number, raw, _) in product(doubled, one.rows):
            same = [head for head, ours in meant.items() if ours == title and raw.get(head)]
            if len({fold(raw[head]) for head in same}) > 1:
                raise UserError(
                    f"对照表“{path}”里{'、'.join(f'“{head}”' for head in same)}都变成“{title}”，“{one.title}”第{number}行写的不一样。"
                    "请打开它，只留一列，保存、关闭，再运行。"
                )


def _pupils(
    sheets: list[mapping.Listed],
    held: Mapping[str, Mapping],
    classes: Classes,
    keys: Mapping[str, str],
) -> tuple[list[dict[str, object]], list[str]]:
    """The pupils of the list by our columns, each once, with the numbers that the census gives; in words what is to be looked at."""
    rows, lines, seen = [], [], Counter()
    for one in sheets:
        told: dict[str, list[int]] = {}
        for number, raw, block in one.rows:
            title = next((text for text in (block, one.title) if all(parsed(text))), block or one.title)
            row, notes = _pupil(raw, held, classes, title)
            id_no = str(row.get("id_no", ""))
            seen[id_no] += bool(id_no)
            named = str(row.get("name", ""))
            stops = f"“{named}”不是姓名" if named.isdigit() else "" if named else "没有姓名"
            stops = stops or ("证件号码和前面一行一样" if seen[id_no] > 1 else "")
            for note in [f"没有带入，{stops}"] if stops else notes:
                told.setdefault(note, []).append(number)
            if not stops:
                row |= {"student_key": keys[id_no]} if id_no in keys and not row.get("student_key") else {}
                rows.append(row)
        lines += [f"“{one.title}”第{numbers(at)}行：{note}" for note, at in told.items()]
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


def _pupil(
    raw: Mapping[str, str], held: Mapping[str, Mapping], classes: Classes, title: str
) -> tuple[dict[str, object], list[str]]:
    """A pupil by our columns, with the class, and what the identity number says where the list does not; what is to be looked at."""
    row, unread = _row(raw, held)
    notes, id_no = [], str(row.get("id_no", ""))
    said = (str(row.pop("class_id", "")), raw.get(_grade_of(held), ""), title)
    row["class_id"] = _class(said, classes) or said[0]
    if classes[0] and row["class_id"] not in classes[0].values():
        notes.append(f"班级“{said[0] or said[1] or title}”和基础信息里的班级对不上，照原样带入")
    if is_person(id_no):
        row.setdefault("id_type", "居民身份证")
        row.setdefault("birth_date", dt.date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14])))
        row.setdefault("sex", "男" if int(id_no[16]) % 2 else "女")
    return row, notes + [note for column, note in unread.items() if fields()[column].name not in row]


def _row(raw: Mapping[str, str], held: Mapping[str, Mapping]) -> tuple[dict[str, object], dict[str, str]]:
    """A pupil by our columns, read as a workbook would be; by column, in words, what could not be read."""
    texts = dict(held["fixed"])
    for head, title in held["columns"].items():
        said = raw.get(head, "")
        said = held["values"].get(head, {}).get(fold(said), said)
        if title and title != GRADE and said:
            texts[title] = said
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
        item = fields()[title]
        if item.format == "entry_month":  # 2021年9月, 2021-09-01
            parts = re.findall(r"\d+", text)
            text = f"{parts[0]}{int(parts[1]):02d}" if len(parts) > 1 and len(parts[0]) == 4 else text[:6]
        values, problems = typed([text], item, default().codes.get(item.codes))
        value = as_array(values, item)[0]
        if item.type == "string" and foreign_lists.SHORTENED.fullmatch(text):  # 9.9E+17
            notes[title] = f"{title}被表格存成了数字，末几位丢了，空着：请从原始名单照抄"
        elif any(problem.lost for problem in problems) or pd.isna(value):
            notes[title] = f"{title}“{text}”读不出来，空着"
        else:
            row[item.name] = (
                value.date() if isinstance(value, pd.Timestamp) else value.item() if hasattr(value, "item") else value
            )
    return row, notes


def _grade_of(held: Mapping[str, Mapping]) -> str:
    return next((head for head, title in held["columns"].items() if title == GRADE), "")


# --- The school ----------------------------------------------------------------------------------------------------------
def folder(into: Path, shared: Path) -> Path:
    """The school's folder: as it is, or, where a school is only named, that of the newest year in the shared folder."""
    if into.is_dir() or into.name != str(into):
        return into
    found = sorted(path for path in shared.glob(f"*/{into}") if folders.is_year(path.parent.name))
    return found[-1] if found else into


def enrolled(into: Path) -> int:
    """How many children the school's roster holds already."""
    return len(_table(mapping.home(into) / "学籍.xlsx", BOOK, SHEET))


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
    return {parsed(str(name)): str(code) for code, name in zip(mine["class_id"], mine["class_name"], strict=True)}


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


def _class(said: tuple[str, str, str], classes: Classes) -> str:
    """The class that a cell, beside it the grade, or the worksheet's title mean; "" where none or several may be meant."""
    (text, grade, title), (known, begun) = said, classes
    if text in known.values():
        return text
    for words in filter(None, (text, title)):
        own, number = parsed(words)
        own = own or parsed(grade)[0] or _entered(words, {one for one, _ in known}, begun) or parsed(title)[0]
        found = [code for (one, at), code in known.items() if own == one and number in ("", at)]
        if own and len(found) == 1:
            return found[0]
    return ""


def _entered(words: str, grades: set[str], begun: int) -> str:
    """The grade of the school that entered in the year that a class is called by: 2021级1班; "" where none or two may be meant."""
    since = re.search(r"(20\d\d)级", words)
    found = {str(begun - int(since[1]) + first) for first in (1, 7)} & grades if since else ()
    return min(found) if len(found) == 1 else ""


def told(account: Account, most: int = 40) -> Iterator[str]:
    """The account in words."""
    yield f"已带入 {account.rows} 人：{account.path}"
    yield from account.lines[:most]
    if len(account.lines) > most:
        yield f"……共 {len(account.lines)} 条要看"
    yield "打开看过以后，另存为学校文件夹里的 学籍.xlsx，再运行 kongchuo check。"
