"""One school (or the whole town) in one period: opened from the shared folder, read, judged, ready to be counted; the view of a month."""

import datetime as dt
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import pandas as pd

from ..commands import opening, records as course_records
from ..core import editions, places, years
from ..core.cells import fold
from ..core.findings import Finding, Place, UsageError, UserError
from ..core.places import ALL, OUT, RECORDS, RETURNS, SCRATCH, TOWN, WORKBOOKS
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, once
from ..core.workbooks import Workbook, identity_of
from ..facts import calendar
from ..facts.references import School, school_called, schools_in
from ..figures.attendance import school_days
from ..figures.flows import month_flow
from ..figures.scopes import Scope
from ..rules.judging import Judgement, NotJudged
from ..rules.waivers import Waived


# --- One school (or the whole town) in one period: opened from the shared folder, read, judged, ready to be measured ---
# The township is read once in a process, however many periods and schools a live page looks at.
@dataclass(frozen=True)
class View:
    """A judged township seen for one period by one school; home "" is the whole town. grade, class_id and group narrow the figures.

    `period` is written as core.years does; start and end are the days that figures are counted over;
    `edition` is one of core.editions.
    """

    town: Town
    policy: Policy
    judgement: Judgement
    home: str
    period: str
    start: dt.date
    end: dt.date
    grade: int | None = None
    class_id: str = ""
    group: str = ""
    edition: str = editions.INTERNAL
    records: dict[str, course_records.Record] = field(default_factory=dict)  # what was known of findings, by school

    @property
    def public(self) -> bool:
        """Whether anybody may read what is shown of it."""
        return self.edition == editions.PUBLIC

    @property
    def part(self) -> bool:
        """Whether it is narrowed to a grade, class or group."""
        return bool(self.grade or self.class_id or self.group)

    @property
    def homes(self) -> tuple[str, ...]:
        """The folders of the schools it is about."""
        return (self.home,) if self.home else self.town.homes

    @property
    def title(self) -> str:
        """Who reports: the school's full name, or the office's with a word that it is about the whole town."""
        return self.home or f"{self.office}（全镇）"

    @property
    def office(self) -> str:
        """The name of the 中心学校 as the registry has it."""
        rows = self.town["school"]
        names = rows.loc[rows["stage"] == CENTRE, "school_name"].dropna()
        return names.iloc[0] if len(names) else CENTRE

    @property
    def label(self) -> str:
        """2023年10月, 2023-2024学年第一学期第二轮."""
        return years.period(self.period).label

    @cached_property
    def scope(self) -> Scope:
        """The part of the town and the days that figures are counted over."""
        days, bad = (self.start, self.end), self.judgement.distrusted
        return Scope(self.town, self.policy, *days, self.homes, self.grade, self.class_id, bad, self.group)

    @cached_property
    def workbooks(self) -> tuple[Workbook, ...]:
        """The workbooks the page is made from: the schools' own and the office's, and what was read of the year before."""
        before = (book for book in self.town.before.workbooks if book.sha256) if self.town.before else ()
        return tuple(book for book in (*self.town.workbooks, *before) if book.home in (*self.homes, CENTRE))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Findings in the school's own folder; for the town, all of them."""
        return tuple(one for one in self.judgement.findings if not self.home or home_of(one, self.town) == self.home)

    @cached_property
    def waived(self) -> tuple[Waived, ...]:
        """What a waiver keeps silent of these."""
        waived = self.judgement.waived
        return tuple(one for one in waived if not self.home or home_of(one.finding, self.town) == self.home)

    @cached_property
    def course(self) -> course_records.Course | None:
        """How many of the findings are new, still open, mended lately; None where no school has a record of before."""
        found = {home: {name: set() for name in record} for home, record in self.records.items()}
        under: set[str] = set()
        for one in self.findings:
            if home_of(one, self.town) in self.records and one.workbook in self.town.by_name:
                identity = identity_of(self.town.by_name[one.workbook], one)
                home = found[home_of(one, self.town)]
                own = home.setdefault(course_records.finding_key(self.town.year, one.workbook), set())
                (under if one.caused_by else own).add(identity)
        now = {
            name: course_records.follow(self.records[home].get(name, {}), identities, self.end, under)
            for home, workbooks in found.items()
            for name, identities in workbooks.items()
            if home in (*self.homes, *([] if self.home else [CENTRE]))
            and (workbook := self.town.by_name.get(name.partition(" ")[0])) is not None
            and name == course_records.finding_key(self.town.year, workbook.name)
            and workbook.read
        }
        return course_records.course(now, self.end) if now else None

    @cached_property
    def not_judged(self) -> tuple[NotJudged, ...]:
        """What could not be judged of these schools, the office's missing workbooks included."""
        return tuple(item for item in self.judgement.not_judged if item.home in (*self.homes, CENTRE))

    def narrowed(self, grade: int | None = None, class_id: str = "", group: str = "") -> Self:
        """The same period for one grade, class or group only."""
        return replace(self, grade=grade, class_id=class_id, group=group)


def home_of(finding: Finding | Place, town: Town) -> str:
    """The school of the folder a finding lies in: 2023-2024/示例中学/学籍.xlsx -> 示例中学 (the folder itself may be missing)."""
    folder = [*finding.workbook.split("/"), ""][1]
    homes = _spelled(town)
    return homes.get(folder) or homes.get(fold(folder), folder)


@once
def _spelled(town: Town) -> dict[str, str]:
    """The schools by their names and by how a folder may spell these."""
    return {fold(home): home for home in reversed(town.homes)} | {home: home for home in town.homes}


def open_town(year: str, end: dt.date, workbooks: str | Path = "") -> tuple[Town, Policy, Judgement]:
    """The township of a school year as of a day, judged. `workbooks` empty: the environment variable KONGCHUO_WORKBOOKS.

    Raises UserError for an unknown folder, and for a year without any school.
    """
    town, held, judgement = opening.open_year(shared_folder(workbooks), year, end)
    if not town.homes:
        raise UserError(f"{year} 学年还没有一所学校。请在“基础信息”的“学校”表登记学校，或给每所学校建一个文件夹。")
    return town, held, judgement


def shared_folder(workbooks: str | Path = "") -> Path:
    """The shared folder given, else the one of the environment; raises UserError where there is neither."""
    folder = str(workbooks) or os.environ.get(WORKBOOKS, "")
    if not folder:
        raise UserError(f"没有指定共享文件夹。请在命令后加 --workbooks 和文件夹的位置，或请管理员设置 {WORKBOOKS}。")
    return Path(folder)


def records() -> dict[str, dict]:
    """What is known of findings since when, by school: as the batch has left it to its runs, on a live page as it is now."""
    scratch, out = os.environ.get(SCRATCH), os.environ.get(OUT)
    folder = Path(scratch) / RECORDS if scratch else Path(out or os.devnull) / RETURNS / RECORDS
    return {path.stem: course_records.load(path) for path in sorted(folder.glob("*.json"))}


def find_school(town: Town, school: str) -> str:
    """The folder (full name) of a school given by full name, code or usual name; "" for all. Raises UserError."""
    wanted = school.strip()
    if wanted in (TOWN, ALL):
        return ""
    name, near = school_called(wanted, (*schools_in(town.schools), *map(School, town.homes)))
    if name:
        return name
    hint = f"是不是“{near}”？" if near else f"可选：{'、'.join(town.homes[:15])}；全镇写 {TOWN}。"
    raise UsageError(f"没有名为“{wanted}”的学校。{hint}")


# --- A view of one month, which most figures are counted over -------------------------------------------------------
class Month(View):
    """A View of a month; its figures stand as of the month's last day, or today."""

    @property
    def month(self) -> str:
        """The month as the sheets write it: 2023-10."""
        return self.period

    @cached_property
    def flow(self) -> pd.DataFrame:
        """flows.month_flow of the scope; three sections and the footer use it."""
        return month_flow(self.scope)

    @cached_property
    def no_lessons(self) -> str:
        """That no day of the month up to its end is a school day, in words; "" where one is, or nobody knows which are."""
        if school_days(self.scope) or not calendar.school_days(self.town):
            return ""
        return f"{self.start:%Y-%m-%d} 至 {self.end:%Y-%m-%d} 没有上课日（按学年学期、教学日历），是假期。"


def open_month(school: str, month: str, workbooks: str | Path = "", edition: str = editions.INTERNAL) -> Month:
    """Open one month ("2023-10") of a school (full name, code or usual name; "all": the town) from the shared folder.

    `workbooks` empty: the environment variable KONGCHUO_WORKBOOKS. The figures stand as of the month's last day, or today.
    Raises UserError for an unknown school, month, folder or edition.
    """
    if not years.MONTH.fullmatch(month):
        raise UsageError(f"月份“{month}”不对，请写成 2023-10 的样子。")
    start, end = years.days_of(month)
    today = places.today()
    if start > today:
        raise UserError(f"{month} 还没有到，请选已经开始的月份。")
    edition = editions.known(edition)
    town, held, judgement = open_town(years.year_of(month), min(end, today), workbooks)
    part = find_school(town, school), month, start, min(end, today)
    return Month(town, held, judgement, *part, edition=edition, records=records())
