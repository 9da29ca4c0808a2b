"""催办文字: for each person who is to mend something one text to be sent: how much, in which rows. No name of a child, no value of a cell."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from ..core.findings import SEVERITIES, Finding, count
from ..core.numbers import natural
from ..core.places import RESULTS
from ..core.schema import CENTRE
from ..excel.marking_plan import mender
from .display import Details, Letter, Letters
from .views import View, home_of

MOST = 12  # rows that are spelt out

Menders = dict[tuple[str, str], list[Finding]]  # by school and person


def menders(view: View) -> Menders:
    """What is to be mended and by whom, most first; what only follows from another mistake is nobody's."""
    found: Menders = {}
    for one in view.findings:
        if not one.caused_by:
            who = mender(view.town, one)
            found.setdefault((CENTRE if who == CENTRE else home_of(one, view.town), who), []).append(one)

    def weight(item: tuple[tuple[str, str], list[Finding]]) -> tuple:
        return *(-number for number in count(item[1]).values()), natural(item[0][0]), item[0][1]

    return dict(sorted(found.items(), key=weight))


def section(view: View, held: Menders) -> list[Details]:
    """The texts, folded; nothing where nothing is to be mended."""
    letters = tuple(
        Letter(
            key_of(at),
            who if who == CENTRE or view.home == home else f"{home}　{who}",
            _about(own),
            _text(view, home, who, own),
        )
        for at, ((home, who), own) in enumerate(held.items(), 1)
    )
    return [Details(f"催办文字：{len(letters)} 人，每人一段", (Letters(letters),))] if letters else []


def key_of(number: int) -> str:
    """By what the page leads to a text."""
    return f"say-{number}"


def _about(findings: Iterable[Finding]) -> str:
    return "、".join(f"{SEVERITIES[severity]} {number} 处" for severity, number in count(findings).items() if number)


def _text(view: View, home: str, who: str, findings: list[Finding]) -> str:
    whose = "" if who == CENTRE else f"（{home}）"
    begin = f"{who}{whose}：控辍保学台账校验（数据截至{view.end:%Y-%m-%d}），有{len(findings)}处请您改（{_about(findings)}）："
    lines = [f"{at}. {line}" for at, line in enumerate(_lines(view, findings), 1)]
    own = dict.fromkeys(f"“{one.workbook.rpartition('/')[0]}”" for one in findings if _of_year(view, one))
    open_it = f"请打开共享文件夹{'、'.join(own)}里的原件改正、保存；" if own else ""
    how = f"{open_it}每处的问题和改法，见退回的校验副本“{RESULTS}”。群里不发学生姓名和号码。"
    return "\n".join((begin, *lines, how))


def _of_year(view: View, finding: Finding) -> bool:
    return finding.workbook.startswith(f"{view.town.year}/")


def _lines(view: View, findings: list[Finding]) -> Iterator[str]:
    def place(one: Finding) -> tuple[str, str, str]:
        return one.workbook, one.sheet, one.column

    for (workbook, sheet, column), same in groupby(sorted(findings, key=lambda one: (*place(one), one.row)), place):
        own = list(same)
        stem = workbook.rpartition("/")[2].removesuffix(".xlsx")
        stem = stem if _of_year(view, own[0]) else f"上学年{stem}"
        where = f"{stem}{f'「{sheet}」' if sheet else ''}{f'“{column}”' if column else ''}"
        yield f"{where}{_rows(own)}，{_about(own).replace(' ', '')}"


def _rows(findings: Iterable[Finding]) -> str:
    """第4、7—9行; "" for what is of a whole worksheet."""
    rows = sorted({one.row for one in findings if one.row})
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    said = [f"{run[0]}—{run[-1]}" if len(run) > 2 else "、".join(map(str, run)) for run in runs]
    return f"第{'、'.join(said[:MOST])}{'等' if len(said) > MOST else ''}行" if said else ""
