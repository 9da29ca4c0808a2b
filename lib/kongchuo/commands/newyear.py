"""The new school year: the old one stays untouched, what still holds goes over into blank workbooks, what a person must decide is said."""

import csv
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path

import pandas as pd

from ..core.cells import fold
from ..core.findings import UsageError, UserError
from ..core.schema import CENTRE, LAST_PRIMARY, Schema, Sheet
from ..core.tables import Town, complete, mapping, yes
from ..excel import folders, foreign_lists, reading, saving, writing
from ..facts import calendar

LAST_JUNIOR = 9
STAYS = ("在读", "休学", "送教上门", "辍学")  # of 在籍状态: who is still ours; the others are gone
GRADES = "〇一二三四五六七八九"


@dataclass
class Passage:
    """What goes over: the rows by home and sheet, and by home what is to be said of it."""

    town: Town
    year: str
    to: dict[str, str] = field(default_factory=dict)  # pupil -> junior school, as the office has filled it in
    asked: list[tuple[str, ...]] = field(default_factory=list)  # of whom it must be filled in: a line of COLUMNS each
    rows: dict[str, dict[str, list[dict[str, object]]]] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)
    moved: dict[object, str] = field(default_factory=dict)  # pupil -> the school that he or she goes on to

    @cached_property
    def finished(self) -> dict[str, int]:
        """Class -> its grade, for those that leave their school: grade nine, and grade six where the school ends with it."""
        town = self.town
        whole = {fold(str(code)) for code in town.schools.loc[town.schools["stage"] == "九年一贯", "school_code"]}
        found = {}
        for code, grade, school in town["class"][["class_id", "grade", "school_code"]].itertuples(
            index=False, name=None
        ):
            if pd.notna(grade) and (grade == LAST_JUNIOR or (grade == LAST_PRIMARY and fold(str(school)) not in whole)):
                found[code] = int(grade)
        return found

    @property
    def ours(self) -> set[object]:
        """The pupils who are on a roster of the new year."""
        return {row.get("student_key") for rows in self.rows.values() for row in rows.get("roster", ())} - {None}

    def say(self, home: str, text: str) -> None:
        """Note what somebody must look at."""
        self.said.setdefault(home, []).append(text)

    def count(self, rows: pd.DataFrame, text: str) -> None:
        """Note for each school how many of these rows are its own."""
        for home, number in rows.groupby("home").size().items():
            self.say(str(home), text.format(number))

    def put(self, sheet: str, frame: pd.DataFrame, **new: object) -> None:
        """Take rows over with these cells new; a child who changes school takes his or her rows along, without the old class."""
        declared = self.town.schema.sheets[sheet]
        for row in frame.to_dict("records"):
            home = self.moved.get(row.get("student_key"), "")
            ended = home or row.get("class_id") in self.finished
            held = _row(row, declared, self.year) | ({"class_id": None} if ended else {}) | new
            held = {name: value for name, value in held.items() if name in declared.by_name}
            self.rows.setdefault(home or str(row["home"]), {}).setdefault(sheet, []).append(held)


def _row(row: Mapping[str, object], sheet: Sheet, year: str) -> dict[str, object]:
    """A row for the new year: its year the new one, days that belong to the old one and sums of it left empty."""
    held = {}
    for item in sheet.typed:
        value = row[item.name]
        if pd.isna(value) or (item.type == "date" and item.since == "year"):
            continue
        value = value.date() if isinstance(value, pd.Timestamp) else value
        held[item.name] = year if item.name == "school_year" else value
    return held


def newyear(
    shared: Path, before: str, dry_run: bool = False, to: Path | None = None
) -> tuple[list[Path], dict[str, list[str]], list[tuple[str, ...]]]:
    """Make the year after `before` in a shared folder; the workbooks made, by home what is to be decided or filled in, and the lines
    of COLUMNS for pupils of whom nobody has said yet which junior school they go to.

    `to`: that table, filled in. Nothing of the old year is changed. `dry_run` makes nothing. Raises UserError where the old year is
    not there, the new one holds workbooks already, or the table names a school there is not.
    """
    if not folders.is_year(before):
        raise UsageError(f"学年“{before}”应写成 2023-2024 的样子")
    year = f"{before[5:]}-{int(before[5:]) + 1}"
    root = shared / year
    if any(root.rglob("*.xlsx")):
        raise UserError(f"“{root}”里已经有工作簿，没有动。")
    town = reading.read_year(shared, before)
    passage = Passage(town, year, _filled(to, _juniors(town)) if to else {})
    for move in MOVES:
        move(passage)
    _unread(passage)
    homes = [CENTRE, *town.schools.loc[yes(town.schools["active"]), "school_name"].astype(str)]
    for home in passage.rows.keys() - {*homes}:  # closed, or in no list
        pupils = len(passage.rows[home].get("roster", ()))
        passage.say(CENTRE, f"要定：“{home}”停用了，或不在学校表里，{pupils} 名学生和别的行没有带入")
    made = []
    for home, stem, data in _books(passage, homes, town.schema):
        made.append(root / home / f"{stem}.xlsx")
        if not dry_run:
            made[-1].parent.mkdir(parents=True, exist_ok=True)
            saving.write_copy(made[-1], data)
    return made, passage.said, passage.asked


def _books(passage: Passage, homes: list[str], schema: Schema) -> Iterator[tuple[str, str, bytes]]:
    for home in homes:
        rows = passage.rows.get(home, {})
        for book in schema.books:
            if (book.owner == "centre") == (home == CENTRE):
                own = {sheet.name: rows[sheet.name] for sheet in book.sheets if rows.get(sheet.name)}
                for stem in book.stems:
                    yield home, stem, writing.workbook_bytes(stem, book, own, schema)


# --- Which junior school each pupil goes to, where there are several: a table for the office to fill ---------------------------
COLUMNS = ("学生编号", "姓名", "毕业学校", "毕业班级", "升入学校")
TABLE = "升学去向.csv"


def ask(asked: list[tuple[str, ...]], out: Path) -> str:
    """Write the table to be filled, unless one that somebody may have begun is there; what to do with it."""
    path = out / TABLE
    if not path.exists():
        text = StringIO()
        csv.writer(text).writerows([COLUMNS, *((*row, "") for row in asked)])
        path.parent.mkdir(parents=True, exist_ok=True)
        saving.write_copy(path, text.getvalue().encode("utf-8-sig"))
    return f"“{path}”里是这 {len(asked)} 名毕业生：用 Excel 填上“升入学校”、保存，再加 --to {path} 运行。"


def _filled(path: Path, juniors: list[str]) -> dict[str, str]:
    """Pupil -> junior school, from the table as filled; a name may be spelled in another way. Raises UserError."""
    known = {fold(name): name for name in juniors}
    for _, grid, _ in foreign_lists.grids(path):
        rows = [grid.texts(at) for at in range(len(grid.rows))]
        at = next((at for at, row in enumerate(rows) if {COLUMNS[0], COLUMNS[-1]} <= {*row}), None)
        if at is None:
            continue
        key, school = rows[at].index(COLUMNS[0]), rows[at].index(COLUMNS[-1])
        said = {row[key]: row[school] for row in rows[at + 1 :] if row[key] and row[school]}
        if wrong := [name for name in said.values() if fold(name) not in known]:
            raise UserError(f"“{path.name}”写的“{wrong[0]}”不是本镇在用的初中。可以写：{'、'.join(juniors)}。")
        return {pupil: known[fold(name)] for pupil, name in said.items()}
    raise UserError(f"“{path.name}”里找不到“{COLUMNS[0]}”和“{COLUMNS[-1]}”两列。")


# --- What goes over --------------------------------------------------------------------------------------------------------
def _registry(passage: Passage) -> None:
    """Schools, staff, villages and words of the township as they are; terms and calendar begin as those of any new year."""
    for sheet in ("school", "staff", "village", "code"):
        passage.put(sheet, passage.town[sheet])
    passage.rows.setdefault(CENTRE, {}).update(calendar.begun(passage.year))
    passage.say(CENTRE, f"基础信息：学年学期要填新学年的日期；{calendar.DECIDED}；七年级、一年级新班要添")


def _classes(passage: Passage) -> None:
    """Classes one grade up under their own code; those that have finished go."""
    rows = complete(passage.town["class"], "grade")
    if without := len(passage.town["class"]) - len(rows):
        passage.say(
            CENTRE,
            f"要看：班级表有 {without} 个班没有年级，或者读不出来，没有带入，学生也没有升级、毕业。先在旧学年改好再建",
        )
    has = rows.groupby("school_code")["grade"].agg(set)
    names = mapping(passage.town.schools, "school_code", "school_name")
    rows = rows[~rows["class_id"].isin(passage.finished)]
    for school, grades in rows.groupby("school_code")["grade"]:
        for grade in sorted({int(grade) + 1 for grade in grades} - {*map(int, has[school])}):
            passage.say(
                str(names.get(school, school)),
                f"要定：{GRADES[grade]}年级是上学年没有的年级。本校不办这个年级的，请把班级表里的班删掉，学生转到去的学校的花名册",
            )
    for row in rows.to_dict("records"):
        frame, grade = pd.DataFrame([row]), int(row["grade"]) + 1
        name = str(row["class_name"] or "").replace(GRADES[grade - 1], GRADES[grade], 1)
        passage.put("class", frame, grade=grade, class_name=name, base_count=None)


def _pupils(passage: Passage) -> None:
    """Who is still ours, in his or her class; grade six to the junior school where there is one, grade nine has finished."""
    town = passage.town
    roster = town["roster"]
    stays = roster["status"].isin(STAYS) | roster["status"].isna()
    left = roster["class_id"].map(passage.finished)
    lost = (roster["status"] == "辍学") & (left == LAST_JUNIOR)  # a case that is open does not end with grade nine
    passage.put("roster", roster[stays & (left.isna() | lost)])
    passage.count(roster[lost], "要定：九年级辍学没有销的 {} 人仍在花名册里，班级空着")
    _handed_over(passage, roster[stays & (left == LAST_PRIMARY)])
    for home, part in roster.groupby("home"):
        own, gone = part[stays[part.index]], left[part.index]
        counts = {
            "带入": int(gone[own.index].isna().sum()),
            "六年级毕业": int((gone[own.index] == LAST_PRIMARY).sum()),
            "九年级毕业": int((gone[own.index] == LAST_JUNIOR).sum()),
            "已转出、毕业、死亡，不带": len(part) - len(own),
        }
        passage.say(str(home), "学生：" + "，".join(f"{word} {number} 人" for word, number in counts.items() if number))
        looks = {
            "休学（期满的要复学或续办）": (own["status"] == "休学"),
            "没有在籍状态": own["status"].isna(),
            "没有班级": own["class_id"].isna(),
        }
        for word, found in looks.items():
            if found.any():
                passage.say(str(home), f"要看：{word} {int(found.sum())} 人")
    passage.say(CENTRE, "学籍：学年初基准等 9 月锁定后再填")


def _juniors(town: Town) -> list[str]:
    """The junior schools in use."""
    schools = town.schools
    return [
        *schools.loc[schools["stage"].isin(["初中", "九年一贯"]) & yes(schools["active"]), "school_name"].astype(str)
    ]


def _handed_over(passage: Passage, sixth: pd.DataFrame) -> None:
    """Grade six to its junior schools: to the only one, else as the office has said; of whom it has not, it is asked."""
    juniors = _juniors(passage.town)
    goes = dict.fromkeys(sixth["student_key"].dropna(), juniors[0]) if len(juniors) == 1 else passage.to
    passage.moved = {key: goes[key] for key in sixth["student_key"].dropna() if key in goes}
    moves, keyless = sixth[sixth["student_key"].isin(passage.moved)], sixth[sixth["student_key"].isna()]
    first = dt.date(int(passage.year[:4]), 9, 1)
    for rows in (moves, keyless if len(juniors) == 1 else keyless[:0]):
        passage.put("roster", rows, seat_no=None, teacher=None, entry_ym=f"{first:%Y%m}", status_date=first)
    for school, number in moves["student_key"].map(passage.moved).value_counts().items():
        passage.say(school, f"六年级升入 {number} 人，已写进花名册：班级、班内学号要填；没有来报到的照实改")
    if len(keyless) and juniors:
        stay = "留在原校的花名册里，班级空着" if len(juniors) == 1 else "没有带入"
        passage.say(CENTRE, f"要定：六年级有 {len(keyless)} 人没有学生编号，{stay}")
    rest = sixth[sixth["student_key"].notna() & ~sixth["student_key"].isin(passage.moved)]
    if len(rest) and juniors:
        passage.say(CENTRE, f"要定：六年级毕业 {len(rest)} 人，有几所初中，没有写升入哪一所，没有带入")
        lines = rest[["student_key", "name", "home", "class_id"]].astype(object).fillna("")
        passage.asked = [tuple(map(str, line)) for line in lines.itertuples(index=False)]
    elif len(rest):
        passage.say(CENTRE, f"六年级毕业 {len(rest)} 人：本镇没有在用的初中，没有带入")


def _duties(passage: Passage) -> None:
    """Standing duties, without those that have ended and those for pupils and classes that have left."""
    town = passage.town
    passage.put("mechanism", town["mechanism"])
    passage.put("body", town["body"])
    bonds = town["bond"]
    left = set(town["roster"]["student_key"].dropna()) - passage.ours
    gone = bonds["target_id"].isin([*left, *passage.finished])
    passage.put("bond", bonds[bonds["to"].isna() & ~gone])
    passage.say(CENTRE, f"包保责任：带入 {int((bonds['to'].isna() & ~gone).sum())} 条，请逐条核定；责任书要重新签订")


def _cases(passage: Passage) -> None:
    """Cases that are open, with their visits and papers; closed ones stay in the old year."""
    town = passage.town
    kept = {sheet: town[sheet][town[sheet]["closed"].isna()] for sheet in ("watch", "dropout", "suspected")}
    kept["watch"] = kept["watch"][kept["watch"]["student_key"].isin(passage.ours)]
    # a dropout's suspected case is closed, and belongs to the history of the open one
    begun = town["suspected"]["case_id"].isin(set(kept["dropout"]["ys_id"].dropna()))
    kept["suspected"] = town["suspected"][begun | town["suspected"]["closed"].isna()]
    for sheet, rows in kept.items():
        passage.put(sheet, rows)
        passage.count(rows, f"{town.schema.sheets[sheet].title}：带入 {{}} 行（没有销的，和它们的来历）")
    cases = {case for sheet in ("dropout", "suspected") for case in kept[sheet]["case_id"].dropna()}
    for sheet in ("visit", "legal"):
        passage.put(sheet, town[sheet][town[sheet]["case_id"].isin(cases)])


def _support(passage: Passage) -> None:
    """Families and pupils who are helped, as far as they are still ours; records and payments are the new year's own."""
    town = passage.town
    for sheet in ("family_plan", "pupil_plan", "disabled", "leftbehind", "others"):
        rows = town[sheet]
        ended = rows["closed"].notna() if "closed" in rows else pd.Series(False, rows.index)
        kept = rows[rows["student_key"].isin(passage.ours) & ~ended]
        passage.put(sheet, kept)
        passage.count(kept, f"{town.schema.sheets[sheet].title}：带入 {{}} 行，请核实还在不在")


MOVES: tuple[Callable[[Passage], None], ...] = (_registry, _classes, _pupils, _duties, _cases, _support)


def _unread(passage: Passage) -> None:
    """Cells of the old year that could not be read stay empty in the new one."""
    taken = {sheet for rows in passage.rows.values() for sheet in rows}
    for book in passage.town.workbooks:
        lost = sum(len(table.unread) for name, table in book.tables.items() if name in taken)
        if lost:
            passage.say(book.home, f"{Path(book.name).name}：有 {lost} 格读不出来，带入后空着；旧工作簿里还在")
        if not book.read:
            passage.say(book.home, f"{Path(book.name).name}：读不了，没有带入。改好以后删掉新学年，再运行一次")


def told(made: list[Path], said: Mapping[str, list[str]], dry_run: bool) -> Iterator[str]:
    """The account in words, the centre first."""
    yield (
        f"{'将生成' if dry_run else '已生成'} {len(made)} 个工作簿，在 {made[0].parents[1]}；旧学年没有动。"
        if made
        else "没有学校。"
    )
    for home in sorted(said, key=lambda home: (home != CENTRE, home)):
        yield f"{home}"
        yield from (f"  {text}" for text in said[home])
