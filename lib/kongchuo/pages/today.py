"""今天要办: what is overdue and due at once, for whom, by whom, by when; and the few figures of each school that the office looks at first."""

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import pandas as pd

from .. import due
from ..core.findings import ERROR
from ..core.numbers import heights
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, once
from ..due.selfcheck import MONTHLY_REPORT, WEEKLY_REPORT
from ..facts import attendance, calendar, cases as case_facts, duty, signals
from ..figures import flows
from . import months
from .display import Agenda, Badge, Details, Note, Spark, Table, Task, To
from .units import child, duty_title, said, without_pupils
from .views import View, home_of

SOON = 3  # calendar days: what falls due by then is to be done now
WHOM = 5  # children or schools that a line names
MONTHS = 6  # of the small bars of attendance
NOBODY = "未落实责任人"
UNSURE = "还不能判断有没有要办的事"

# Sheets whose rows are one child each, with the section that shows them: children stand before papers
CHILDREN = {
    **dict.fromkeys(("suspected", "dropout", "visit", "legal", "absence"), "cases"),
    **dict.fromkeys(("census", "notice", "roster"), "next_month"),
    "change": "changes",
    "watch": "watch",
    **dict.fromkeys(("family_plan", "pupil_plan", "disabled"), "groups"),
}
UNLISTED, UNWATCHED = "连续缺勤已到疑似线，列入疑似台账", "红色预警，列入重点关注"


@dataclass(frozen=True)
class Thing:
    """What one child, school or paper has still to wait for; `key` is the child, "" where it is a paper. `days` left, negative when late."""

    home: str
    sheet: str
    key: str
    name: str
    label: str
    what: str
    who: str
    due: pd.Timestamp
    days: int
    others: int = 0

    @property
    def order(self) -> tuple:
        """Children before papers, the most overdue first."""
        return not self.key, self.days, self.what


def agenda(view: View, sections: Container[str]) -> list[Agenda | Note]:
    """What is to be done now, a line a thing; in words where there is nothing, or what nobody can tell.

    `sections`: the keys of those this report has, which the lines lead to. Nothing in the public edition.
    """
    if view.public:
        return []
    broken: list[str] = []
    due.due(view.town, view.policy, SOON, broken)
    undated = due.undated(view.town, view.policy)
    lost = due.left_out(undated[undated["home"].isin((*view.homes, *(() if view.home else (CENTRE,))))])
    tasks = tuple(_tasks(view, sections))
    held: list = [Agenda(tasks)] if tasks else []
    if empty := unfilled(view):
        held.append(
            Note(f"{UNSURE}：{'；'.join(empty)}。没有查到的不等于没有，下面的0、“—”不等于没有问题。", "unknown")
        )
    absent = unread(view)
    if not tasks and not broken and not empty:
        words = "读得到的台账里，没有逾期的事" if absent else "没有逾期的事"
        tone = "plain" if lost or absent else "good"
        held = [Note(f"本期无急办事项：{words}，三天内也没有到期的。", tone)]
    more = f"有的台账读不到，其中要办的事没有算：{'、'.join(absent[:3])}" if absent else ""
    told = "；".join(filter(None, (*broken, lost, more)))
    return [*held, *([Note(f"{told}。", "unknown")] if told else [])]


def unread(view: View) -> tuple[str, ...]:
    """The schools of the view (the office's own folder) that lack a sheet in which things to be done stand."""
    return tuple(
        home
        for home in view.scope.whole.missing(*sorted({one.sheet for one in due.DEADLINES}))
        if home in (*view.homes, *(() if view.home else (CENTRE,)))
    )


def unfilled(view: View) -> list[str]:
    """What has not been filled in yet, without which nothing can be found, in words: pupils of a school, terms, the calendar."""
    town = view.town  # a new year begins with rows of both sheets in which nothing is decided yet
    blank = {"term": calendar.terms(town).empty, "calendar": town["calendar"]["is_school_day"].isna().all()}
    titles = [f"“{town.schema.sheets[name].title}”" for name, empty in blank.items() if empty]
    said = (without_pupils(view), f"{''.join(titles)}里还没有填" if titles else "")
    return [*filter(None, said)]


def folded(view: View, sections: Container[str]) -> list[Details]:
    """`agenda` behind a summary line that stands open, for reports that begin with something else."""
    held = agenda(view, sections)
    return [Details(f"今天要办（截至 {view.end:%Y-%m-%d}）", tuple(held), open=True)] if held else []


# --- what is to be done ---------------------------------------------------------------------------------------------------
@once
def _due(town: Town, policy: Policy, within: int) -> tuple[Thing, ...]:
    """Every row of `due` for the whole town as a Thing."""
    rows = due.due(town, policy, within, [])
    pupils = {sheet: _pupils(town, sheet) for sheet in {*rows["sheet"]} & {*CHILDREN}}
    found = []
    columns = rows["home"], rows["sheet"], rows["name"], rows["title"], rows["who"], rows["due"], rows["days"]
    for place, home, sheet, name, title, who, day, days in zip(rows.index, *columns, strict=True):
        key, label = pupils[sheet].get(place, (f"{place}", "")) if sheet in CHILDREN else ("", "")
        texts = ("" if pd.isna(text) else str(text) for text in (name, title, who))
        name, title, who = texts
        found.append(Thing(home, sheet, key, name, label, title, who, day, int(days)))
    return tuple(found)


def _pupils(town: Town, sheet: str) -> dict[int, tuple[str, str]]:
    """Place of a row -> the child it is about, and the class; a row that names no child stands for one by itself."""
    towns = [
        one for one in (town.before, town) if one and "student_key" in one[sheet]
    ]  # the year before may lack the sheet
    labels = dict(zip(town["class"]["class_id"], town["class"]["class_name"], strict=True))
    found = {}
    for one in towns:
        if not one or "student_key" not in one[sheet]:  # a sheet that could not be read has no columns
            continue
        frame = one[sheet].dropna(subset=["student_key"])
        classes = frame["class_id"] if "class_id" in frame and one is town else pd.Series("", frame.index)
        for place, key, class_id in zip(frame.index, frame["student_key"], classes, strict=True):
            found[place] = (key, labels.get(class_id, ""))
    return found


@once
def _unlisted(town: Town, policy: Policy) -> dict[int, Thing]:
    """Runs of absence that have come to the line of 疑似, by place; whether they are on a ledger is for rule X12 to say."""
    rows = attendance.runs(town, town.as_of)
    rows = rows[rows["days"] >= policy["suspected_after"]]
    last = due.within(town, policy, rows["since"] - pd.Timedelta(days=1), "suspected_after")
    return _answered(town, rows.assign(due=last), "absence", UNLISTED)


@once
def _red(town: Town, policy: Policy) -> dict[int, Thing]:
    """The pupils whose signals make 红, by place; whether they are on 重点关注 is for rule X38 to say."""
    rows = signals.coloured(town, policy, town.as_of)
    rows = rows[rows["colour"] == signals.RED]
    return _answered(town, rows.assign(due=pd.Timestamp(town.as_of)), "roster", UNWATCHED)


def _answered(town: Town, rows: pd.DataFrame, sheet: str, what: str) -> dict[int, Thing]:
    held = duty.answering(town, town.as_of)
    held = held[(held["kind"] == duty.PUPILS) & held["unit"].isin(rows["student_key"])].dropna(subset=["name"])
    who = dict(zip(held["unit"][::-1], held["name"][::-1], strict=True))
    labels = dict(zip(town["class"]["class_id"], town["class"]["class_name"], strict=True))
    now, found = pd.Timestamp(town.as_of), {}
    columns = (rows[name] for name in ("home", "student_key", "name", "class_id", "due"))
    for place, home, key, name, class_id, day in zip(rows.index, *columns, strict=True):
        day = now if pd.isna(day) else day
        names = "" if pd.isna(name) else name, labels.get(class_id, "")
        found[place] = Thing(home, sheet, key, *names, what, who.get(key, ""), day, (day - now).days)
    return found


def _signalled(view: View) -> Iterator[Thing]:
    for code, made in (("X12", _unlisted), ("X38", _red)):
        if places := [view.town.place_of(one.workbook, one.row) for one in view.judgement.of(code) if one.row]:
            held = made(view.town, view.policy)
            yield from (held[place] for place in places if place in held)


def waiting(view: View, within: int = SOON) -> list[Thing]:
    """What is overdue, or due within so many calendar days, in the view's schools."""
    homes = {*view.homes, *(() if view.home else (CENTRE,))}
    return [one for one in (*_signalled(view), *_due(view.town, view.policy, within)) if one.home in homes]


def things(view: View) -> list[Thing]:
    """What is to be done now in the view's schools, each child once, by what is most urgent of it."""
    found: dict[object, Thing] = {}
    for number, one in enumerate(sorted(waiting(view), key=lambda one: one.order)):
        key = (one.home, one.key) if one.key else number
        first = found.get(key)
        found[key] = replace(first, others=first.others + 1) if first else one
    return [*found.values()]


def _tasks(view: View, sections: Container[str]) -> Iterator[Task]:
    """The lines: for the town the same thing of several schools is one, for a school that of three and more children."""

    def same(one: Thing) -> tuple:
        return *one.order, one.due, *((one.who,) if view.home else ())

    above = ""
    for _, group in groupby(sorted(things(view), key=same), key=same):
        own = list(group)
        for part in [[one] for one in own] if view.home and len(own) < 3 else [own]:
            yield _task(view, part, sections, above)
            above = duty_title(view, part[0].what)


def _task(view: View, own: list[Thing], sections: Container[str], above: str) -> Task:
    """One line; `above` is what the line before says, beside which a full name may not stand either (P03)."""
    first = own[0]
    days, late = abs(first.days), first.days < 0
    words = f"逾期{days}天" if late else f"还有{days}天" if days else "今天到期"
    when = Badge("bad" if late else "plain" if days else "warn", words)
    section = CHILDREN.get(first.sheet, "next_month")
    at = section if section in sections else "next_month" if "next_month" in sections else ""
    names = list(dict.fromkeys(one.who or NOBODY for one in own))
    who = "、".join(names[:2]) + (f"等{len(names)}人" if len(names) > 2 else "")
    others = sum(one.others for one in own)
    more = [f"另有{others}项"] if others else []
    if view.home:
        what = duty_title(view, first.what)
        whom = (child(view, one.key, f"{one.label}{said(view, one.name, above + what) or ''}") for one in own[:WHOM])
        whom = (one for one in whom if one)
        more = [f"等{len(own)}{'人' if first.key else '项'}"] * (len(own) > WHOM) + more
        return Task(when, To(what, "", at) if at else what, tuple(whom), who, first.due.date(), "，".join(more))
    counts = Counter(one.home for one in own)
    homes = sorted(counts, key=[*view.homes, CENTRE].index)
    whom = [To(home + (f"（{counts[home]}）" if counts[home] > 1 else ""), home, at) for home in homes[:WHOM]]
    more = [f"等{len(homes)}所"] * (len(homes) > WHOM) + more
    what = first.what + (
        f"（{said(view, first.name, first.what)}）"
        if not first.key and first.name and {one.name for one in own} == {first.name} - {*counts}
        else ""
    )
    if first.key:
        what = f"{len(own)}名学生：{what}"
    return Task(when, what, tuple(whom), who, first.due.date(), "，".join(more))


# --- the figures of each school ---------------------------------------------------------------------------------------------
FIGURES = {
    "overdue": ("逾期", "headline", "bad"),
    "suspected_open": ("在册疑似", "cases", "bad"),
    "dropout_open": ("在册辍学", "cases", "bad"),
    "red": ("红色预警", "watch", "bad"),
    "errors": ("数据错误", "data_quality", "bad"),
    "late_reports": ("晚报", "next_month", "warn"),
}


def overdue(view: View) -> Counter[str]:
    """School (or the office's own folder) -> how much of it is overdue, of children and of papers: 逾期事项 on every page."""
    rows = due.due(view.town, view.policy, SOON, [])
    return Counter(rows.loc[rows["days"] < 0, "home"])


def numbers(view: View) -> dict[str, dict[str, int | None]]:
    """School -> FIGURES; None where a ledger that holds them could not be read. For the town the office's own folder as well."""
    scope, town, policy = view.scope.whole, view.town, view.policy
    homes = (*view.homes, *(() if view.home else (CENTRE,)))
    filed = pd.concat([due.state(town, policy, one) for one in (WEEKLY_REPORT, MONTHLY_REPORT)])
    now = signals.coloured(town, policy, view.end)
    suspected, dropouts = (
        book[case_facts.open_at(book, scope.end)] for book in (flows.suspected(scope), flows.dropouts(scope))
    )
    counts = {
        "suspected_open": suspected["home"],
        "dropout_open": dropouts["home"],
        "red": now[now["colour"] == signals.RED]["home"],
        "errors": pd.Series(
            [home_of(f, town) for f in view.findings if f.severity == ERROR and not f.caused_by], dtype="str"
        ),
        "late_reports": filed[filed["late"] & scope.in_days(filed["due"])]["home"],
    }
    lost = {
        "suspected_open": scope.missing("suspected"),
        "dropout_open": scope.missing("dropout"),
        "red": scope.missing("roster", "absence"),
        "late_reports": scope.missing("filing"),
    }
    summed = {name: homes_of.value_counts().to_dict() for name, homes_of in counts.items()} | {"overdue": overdue(view)}
    lost["overdue"] = [
        home for home in unread(view) if not summed["overdue"][home]
    ]  # one found is one, whatever is unread
    return {
        home: {name: None if home in lost.get(name, ()) else int(summed[name].get(home, 0)) for name in FIGURES}
        for home in homes
    }


def board(view: View) -> Table:
    """各校: a row a school, each figure a way to its place on that school's page."""
    held, past = numbers(view), months.held(view)[-MONTHS:]
    shares = [
        {home: one.numerator / one.denominator for home, one in each.attendance.items() if one.denominator}
        for each in past
    ]
    foot, bars = heights(shares)
    rows = []
    for home in view.homes:
        shown = [_counted(home, name, number) for name, number in held[home].items()]
        says = "，".join(
            f"{label}{rates[home].percent or '—'}"
            for label, rates in ((one.label, one.attendance) for one in past)
            if home in rates
        )
        spark = tuple(month.get(home) for month in bars)
        rate = past[-1].attendance.get(home) if past else None
        rows.append((To(home, home), *shown, rate, Spark(spark, says or "—")))
    if any(held.get(CENTRE, {}).values()):
        rows.append((CENTRE, *(_plain(name, number) for name, number in held[CENTRE].items()), None, None))
    sums = {name: [own[name] for own in held.values()] for name in FIGURES}
    total = [sum(filter(None, own)) or _plain(name, None if None in own else 0) for name, own in sums.items()]
    columns = ("学校", *(title for title, _, _ in FIGURES.values()), "出勤率", f"近{len(past)}个月出勤")
    bottom = ("合计", *total, past[-1].whole if past else None, None)
    note = f"逾期、预警截至 {view.end:%Y-%m-%d}；晚报：本期到期没有按时报的周报、月报。"
    if len(past) > 1:
        note = f"小条：{'、'.join(one.label for one in past)}的出勤率，条底 {foot * 100:.0f} %。{note}"
    else:  # one bar shows nothing
        columns, rows, bottom = columns[:-1], [row[:-1] for row in rows], bottom[:-1]
    return Table(columns, tuple(rows), "各校", bottom, note)


def _plain(name: str, number: int | None) -> object:
    if number is None:
        return Badge("unknown", "尚未判定")
    return Badge(FIGURES[name][2], f"{number}") if number else 0


def _counted(home: str, name: str, number: int | None) -> object:
    shown = _plain(name, number)
    return To(shown, home, FIGURES[name][1]) if number else shown
