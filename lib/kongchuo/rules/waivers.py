"""Waivers: a clerk gives a reason beside a finding on 校验结果, the principal confirms it, and the finding is silent for a time.

It holds for the value the cell had, until the day given. What makes figures wrong cannot be waived. A waiver that does not hold
is said at the finding's own place. Pure: reading gives what was typed (`Asked`), `settle` judges it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.cells import fold, shown
from ..core.findings import ERROR, INFO, WARNING, Finding, Kind, Place
from ..core.workbooks import Asked, known_as

if TYPE_CHECKING:
    from ..core.tables import Town

# titles of the columns of 校验结果 that are read
IDENTITY, REASON, ASKED_BY, CONFIRMED, UNTIL = "标识", "豁免理由", "申请人", "校长确认", "豁免至"
TYPED = (REASON, ASKED_BY, CONFIRMED, UNTIL)
YES = ("是", "同意", "已确认", "√", "✓", "TRUE")
LONGEST = 366  # days that a waiver may hold from the day of the data

# errors make figures wrong and are mended, but for these
MAY = {"F03": "户口簿登记的号码本身校验位不符、等公安更正时，学校改不了；号码照实登记，不影响人数和比率"}
# warnings and remarks that change what is read or counted
NEVER = {
    "R04": "旧模板缺列，缺的内容没有读到",
    "R07": "读到的是上次保存的内容",
    "R08": "两份中哪一份为准不清楚，人数就没有准数",
    "R13": "这个文件夹的学生没有算进任何学校",
    "F04": "号码被截断，和谁也对不上",
    "F13": "这一行没有算进去",
    "F22": "这个学生不在任何一个班里",
}

KINDS = {
    kind.code: kind
    for kind in (
        Kind("S90", INFO, "“{code}”的豁免没有生效：{why}", "请改“校验结果”里这一行的豁免：{mend}", "issue 4",
             why="豁免要有理由、申请人、校长确认和期限，并且只对当时那个值有效；没有生效的，问题照常列出。"),
        Kind("S91", WARNING, "“{code}”不能豁免：{why}", "请改正数据；改好以后豁免那几格会自动消失。", "issue 4",
             why="会使数字算错的问题，豁免了数字还是错的，只能改正。"),
    )
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Waived:
    """A finding that a confirmed waiver keeps silent."""

    finding: Finding
    reason: str
    asked_by: str
    until: dt.date

    def as_json(self) -> dict[str, object]:
        """Plain values for JSON: those of the finding, and of the waiver."""
        waiver = {"reason": self.reason, "asked_by": self.asked_by, "until": self.until.isoformat()}
        return {**self.finding.as_json(), "waiver": waiver}


def forbidden(finding: Finding) -> str:
    """Why a finding must not be waived; "" where it may be."""
    if finding.severity == ERROR and finding.rule not in MAY:
        return "是错误，会使数字算错"
    return NEVER.get(finding.rule, "")


def read(rows: Sequence[Sequence[object]]) -> Iterator[Asked]:
    """What people typed on 校验结果, by its rows of values; nothing where the sheet is not what it was made as."""
    heads = [fold(shown(value)) if value not in (None, "") else "" for value in (rows[0] if rows else ())]
    if any(title not in heads for title in (IDENTITY, *TYPED)):
        return
    at = {title: heads.index(title) for title in (IDENTITY, *TYPED)}
    for row in rows[1:]:
        identity, *typed = (row[at[title]] if at[title] < len(row) else "" for title in (IDENTITY, *TYPED))
        reason, asked_by, confirmed = (shown(value).strip() if value not in (None, "") else "" for value in typed[:3])
        until = typed[3]
        if isinstance(identity, str) and any((reason, asked_by, confirmed, until not in (None, ""))):
            known, _, held = identity.strip().partition(".")
            yield Asked(known, held, reason, asked_by, confirmed.upper() in YES, _day(until), str(until or "")[:20])


def _day(value: object) -> dt.date | None:
    """The day a cell holds: a date, a number as Excel counts days, or a text with year, month and day."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 36526 <= value <= 73050:  # 2000 to 2099
        return dt.date(1899, 12, 30) + dt.timedelta(int(value))
    found = (
        re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", fold(value).strip())
        if isinstance(value, str)
        else None
    )
    try:
        return dt.date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def settle(town: Town, findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """The findings that stay, with those about waivers that do not hold, and the findings that are waived."""
    asked = {(book.name, one.identity): one for book in town.workbooks for one in book.asked}
    if not asked:
        return tuple(findings), ()
    workbooks = {name for name, _ in asked}
    stay, waived = [], []
    for finding in findings:
        known, held = known_as(town.by_name[finding.workbook], finding) if finding.workbook in workbooks else ("", "")
        one = asked.get((finding.workbook, known))
        if one is None:
            stay.append(finding)
        elif said := _refusal(finding, one, held, town.as_of):
            stay += [finding, said]
        else:
            waived.append(Waived(finding, one.reason, one.asked_by, one.until))
    silent = {one.finding.anchor: one for one in waived}
    for place, finding in enumerate(stay):  # what follows goes with its cause, but what cannot be waived stands alone
        if one := silent.get(finding.caused_by):
            stay[place] = replace(finding, caused_by=())
            if not forbidden(finding):
                waived.append(replace(one, finding=finding))
    kept = {*stay} - {replace(one.finding, caused_by=()) for one in waived}
    return tuple(sorted(kept)), tuple(sorted(waived))


def _refusal(finding: Finding, one: Asked, held: str, as_of: dt.date) -> Finding | None:
    """What is to be said of a waiver that does not hold; None where it does."""
    place = Place(finding.workbook, finding.sheet, finding.row, finding.column, finding.cell)
    if why := forbidden(finding):
        return KINDS["S91"].at(place, code=finding.rule, why=why)
    for wrong, why, mend in _doubts(one, held, as_of):
        if wrong:
            return KINDS["S90"].at(place, code=finding.rule, why=why, mend=mend)
    return None


def _doubts(one: Asked, held: str, as_of: dt.date) -> Iterator[tuple[bool, str, str]]:
    yield not one.reason, "没有写理由", "填写“豁免理由”。"
    yield not one.asked_by, "没有写申请人", "填写“申请人”。"
    yield one.held != held, "格里的内容在申请以后改过", "核对理由是否还成立，由校长重新确认。"
    yield not one.confirmed, "校长还没有确认", "由校长在“校长确认”填“是”。"
    yield one.until is None and not one.typed, "没有写到哪一天为止", "填写“豁免至”，如 2024-01-31。"
    yield one.until is None, f"“豁免至”的日期“{one.typed}”无法识别", "按 2024-01-31 的样子填写。"
    if one.until is not None:
        yield one.until < as_of, f"已于{one.until}到期", "改正数据；仍有理由的，改“豁免至”并由校长重新确认。"
        longest = as_of + dt.timedelta(LONGEST)
        yield one.until > longest, f"“豁免至”{one.until}太远，最多一年", f"改为{longest}以前的日期。"


def report(waived: Sequence[Waived], *, all_of_them: bool) -> str:
    """The waived findings as text for a terminal: how many of each code, or each with its reason and until when."""
    counts = [one.finding.rule for one in waived]
    codes = "，".join(f"{code} {counts.count(code)} 条" for code in sorted({*counts}))
    lines = [f"已豁免 {len(waived)} 条：{codes}" + ("" if all_of_them else "（逐条列出请加 --waived）")]
    for one in waived if all_of_them else ():
        found = one.finding
        where = f"{found.workbook}「{found.sheet}」{found.cell or (f'第{found.row}行' if found.row else '')}"
        lines.append(f"  {found.rule} {where}  {found.message}。豁免至{one.until}，{one.asked_by}：{one.reason}")
    return "\n".join(lines)
