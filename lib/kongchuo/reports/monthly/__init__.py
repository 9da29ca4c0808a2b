"""月自查报告 (domain.md 6.1, R1): one method a section, the same in a batch run and on a live page.

In a batch run a section is a Page of HTML; on a live page (Voila) it is a widget that follows the drop-downs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .. import display
from ..display import Page, Section, live
from ..months import Month, open_month
from . import attendance, cases, checklist, duties, pupils, quality

# The report in its order: the name of the method a notebook calls -> the function that makes the section
SECTIONS: dict[str, Callable[[Month], Section]] = {
    "headline": quality.headline,
    "basics": pupils.basics,
    "organisation": duties.organisation,
    "attendance": attendance.attendance,
    "cases": cases.cases,
    "reconcile": pupils.reconcile,
    "changes": pupils.changes,
    "groups": pupils.groups,
    "watch": cases.watch,
    "checklist": checklist.checklist,
    "issues": duties.issues,
    "next_month": duties.next_month,
    "signature": duties.signature,
    "data_quality": quality.data_quality,
    "footer": quality.provenance,
}


class MonthlySelfCheck:
    """The report of one month. Each method shows one section; `month` is what it shows now."""

    def __init__(self, month: Month, workbooks: str | Path = "") -> None:
        self.month = month
        self._workbooks = workbooks
        self._shown: list[tuple[object, str]] = []  # on a live page: the widgets and their sections

    def html(self, name: str) -> str:
        """The HTML of one section of SECTIONS."""
        body = display.card(SECTIONS[name](self.month))
        if name != "headline":
            return body
        return display.render(
            "headline.html", title=quality.title(self.month), meta=quality.meta(self.month), body=body
        )

    def _show(self, name: str) -> object:
        if live.is_live():
            widget = live.section(self.html(name))
            self._shown.append((widget, name))
            return widget
        data = quality.state(self.month) if name == "footer" else {}
        return Page(self.html(name), f"{quality.title(self.month)}：{name}", data)

    def controls(self) -> object:
        """On a live page the drop-downs 学校, 月份, 年级, 班级; nothing in a batch run."""
        return live.Controls(self.month, self._workbooks, self._redraw).widget if live.is_live() else None

    def _redraw(self, month: Month) -> None:
        self.month = month
        pages = [str(self.html(name)) for _, name in self._shown]  # all first: never half a page of another month
        for (widget, _), page in zip(self._shown, pages, strict=True):
            widget.value = page

    def headline(self) -> object:
        """Title, what needs action first, the first figures."""
        return self._show("headline")

    def basics(self) -> object:
        """一、基本情况."""
        return self._show("basics")

    def organisation(self) -> object:
        """二、自查组织."""
        return self._show("organisation")

    def attendance(self) -> object:
        """三、出勤与流生."""
        return self._show("attendance")

    def cases(self) -> object:
        """四、疑似与辍学."""
        return self._show("cases")

    def reconcile(self) -> object:
        """五、人籍一致."""
        return self._show("reconcile")

    def changes(self) -> object:
        """六、学生变动."""
        return self._show("changes")

    def groups(self) -> object:
        """七、特殊群体."""
        return self._show("groups")

    def watch(self) -> object:
        """八、重点关注."""
        return self._show("watch")

    def checklist(self) -> object:
        """九、自查清单."""
        return self._show("checklist")

    def issues(self) -> object:
        """十、存在问题与整改."""
        return self._show("issues")

    def next_month(self) -> object:
        """十一、下月工作."""
        return self._show("next_month")

    def signature(self) -> object:
        """十二、签字盖章."""
        return self._show("signature")

    def data_quality(self) -> object:
        """数据质量."""
        return self._show("data_quality")

    def footer(self) -> object:
        """数据来源; in a batch run its output also carries application/vnd.kongchuo+json."""
        return self._show("footer")


def monthly_self_check(school: str = "all", month: str = "", workbooks: str | Path = "") -> MonthlySelfCheck:
    """Open the report of a school ("all": the town) for a month such as "2023-10".

    `workbooks` empty: the folder in KONGCHUO_WORKBOOKS. On a live page ?school= and ?month= of the address come first.
    Raises UserError, in Chinese, for an unknown school, month or folder.
    """
    if live.is_live():
        school, month = live.asked(school, month)
    return MonthlySelfCheck(open_month(school, month, workbooks), workbooks)
