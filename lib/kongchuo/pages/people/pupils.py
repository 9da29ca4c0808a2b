"""Of every pupil all that the ledgers say, put together; a fold for each of whom there is more to say than the roster does."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from ...core.numbers import in_order
from ...core.policy import Policy
from ...core.tables import Town, complete, of_year, once
from ...due import steps
from ...facts import attendance, calendar, cases as case_facts, duty, enrolment, signals
from ...facts.references import class_grades, keyed
from .. import charts, today
from ..display import Badge, Blocks, Chart, Counted, Details, Facts, Note, Table, To, cell, titled
from ..masks import GROUP, masked, unlabelled
from ..units import anchor, audience, duty_title, said
from ..views import Month, View

AHEAD = 30  # calendar days: what falls due by then stands in the fold
TIERS = {duty.SCHOOLS: "包学校", duty.GRADES: "包年级", duty.PUPILS: "包学生", duty.VILLAGES: "包家长"}
TONES = {signals.RED: "bad", signals.YELLOW: "warn", signals.BLUE: "plain"}
PRINTED = "monthly_papers"  # the notebook whose files the folds lead to
LEDGERS = {"suspected": ("劝返记录", "劝学通知书"), "dropout": ("劝返记录", "限期复学通知书")}
# What is done for a pupil of a group, by the sheet of the plan: the paper made of it, and what the link to it is called; the sheet of
# the deeds and what names the plan there; what a deed is called; what came of it. Beside a full name none of it says which group (P03)
PLANS = {"family_plan": "一家一案", "pupil_plan": "学困厌学一生一案", "disabled": ""}
CALLED = {"学困厌学一生一案": "一生一案"}
SUPPORT = {
    "family_plan": ("aid", "student_key"),
    "pupil_plan": ("support_log", "pupil_plan"),
    "disabled": ("home_teaching", "student_key"),
}
HELPS = dict(SUPPORT.values())
WORDS = {"family_plan": "资助发放", "pupil_plan": "帮扶", "disabled": "送教"}
OUTCOMES = {
    "family_plan": {"aid_done": "应享资助落实"},
    "pupil_plan": {"review1": "第一学期评估", "review2": "第二学期评估", "converted": "转化"},
    "disabled": {"placement": "安置"},
}


@dataclass
class Pupil:
    """What is known of a pupil of a school. `days`: date -> (days missed, whether without leave); `cases`: numbers of facts.cases."""

    place: int
    home: str
    key: str
    name: str
    class_id: str
    state: str
    village: str = ""
    colour: str = ""
    reasons: str = ""
    days: dict[pd.Timestamp, tuple[float, bool]] = field(default_factory=dict)
    moves: list[dict] = field(default_factory=list)
    watch: list[dict] = field(default_factory=list)
    plans: list[tuple[str, dict]] = field(default_factory=list)
    cases: list[int] = field(default_factory=list)
    things: list[today.Thing] = field(default_factory=list)

    @property
    def pair(self) -> tuple[str, str]:
        """What it is known by."""
        return self.home, self.key

    @property
    def id(self) -> str:
        """Where it stands on the page of its school."""
        return anchor("pupil", *self.pair)

    @property
    def tail(self) -> str:
        """The last four characters of the number, by which one of two of a name is told."""
        return self.key[-4:]

    def away(self, without: bool) -> float:
        """How many days were missed without leave, or with."""
        return sum(value for value, unexcused in self.days.values() if unexcused is without)

    @property
    def helpers(self) -> list[object]:
        """Who helps or watches the pupil, as the ledgers name them."""
        return [row["helper"] for _, row in self.plans if "helper" in row] + [row["teacher"] for row in self.watch]

    @property
    def noted(self) -> bool:
        """Whether there is more to say than a line of the class does."""
        return bool(
            self.colour or self.moves or self.watch or self.plans or self.cases or self.things or self.away(True)
        )


# --- what is known --------------------------------------------------------------------------------------------------------
@once
def _gathered(town: Town, policy: Policy) -> dict[tuple[str, str], Pupil]:
    """Every pupil of every roster as of the town's day, by school and number; what each page takes its own of."""
    now = enrolment.on(town, town.as_of).dropna(subset=["student_key"])
    villages = keyed(town, "roster", "village_code").fillna("")
    found: dict[tuple[str, str], Pupil] = {}
    for place, home, key, *texts in now[[*enrolment.PUPIL, "name", "class_id", "state"]].itertuples(name=None):
        name, class_id, state = ("" if pd.isna(text) else text for text in texts)
        if state:  # "": comes later
            found.setdefault((home, key), Pupil(place, home, key, name, class_id, state, villages[place]))
    known = signals.coloured(town, policy, town.as_of)
    for row in known.to_dict("records"):
        if one := found.get((row["home"], row["student_key"])):
            one.colour, one.reasons = row["colour"], row["reasons"]
    away = attendance.absences(town)
    without = frozenset(away.index[away["without"]])
    rows = complete(town["absence"], "student_key", "date")
    for place, home, key, day, halves in rows[[*enrolment.PUPIL, "date", "halves"]].itertuples(name=None):
        if one := found.get((home, key)):
            one.days[day] = (1.0 if pd.isna(halves) else halves / 2, place in without)
    book = case_facts.cases(town)
    for number in book.index[~(steps.known(book) > pd.Timestamp(town.as_of))]:
        if one := found.get((book.at[number, "home"], book.at[number, "student_key"])):
            one.cases.append(number)
    for name, rows in (("moves", enrolment.changes(town)), ("watch", of_year(town, town["watch"]))):
        for row in rows.to_dict("records"):
            if one := found.get((row["home"], row["student_key"])):
                getattr(one, name).append(row)
    for sheet in PLANS:
        rows = town[sheet] if sheet == "disabled" else of_year(town, town[sheet])
        for row in rows.to_dict("records"):
            if one := found.get((row["home"], row["student_key"])):
                one.plans.append((sheet, row))
    return found


@once
def answering(town: Town, day: dt.date) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Who answers for each unit of 四包: (kind, code, or school and pupil) -> name -> where it is written."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    rows = duty.answering(town, day)
    rows = rows.assign(name=rows["name"].fillna(rows["holder"])).dropna(subset=["name"])
    for kind, home, unit, name, via in rows[["kind", "home", "unit", "name", "via"]].itertuples(index=False, name=None):
        unit = f"{home}\0{unit}" if kind == duty.PUPILS else unit
        found.setdefault((kind, unit), {}).setdefault(name, []).append(via)
    return found


class People(Month):
    """A Month seen pupil by pupil; what several sections ask is worked out once."""

    @cached_property
    def pupils(self) -> dict[tuple[str, str], Pupil]:
        """Those of its schools, in the order of classes and seats, with what is due of them within AHEAD days."""
        waiting: dict[tuple[str, str], list[today.Thing]] = {}
        for thing in self.waiting:
            waiting.setdefault((thing.home, thing.key), []).append(thing)
        held = [one for one in _gathered(self.town, self.policy).values() if one.home in self.homes]
        order = pd.DataFrame({"class": [one.class_id for one in held]}, [one.place for one in held], dtype="str")
        order = order.assign(seat=self.town["roster"]["seat_no"].reindex(order.index), at=range(len(held)))
        places = order.sort_values(["class", "seat"], key=in_order)["at"]
        return {held[at].pair: replace(held[at], things=waiting.get(held[at].pair, [])) for at in places}

    @cached_property
    def villages(self) -> frozenset[str]:
        """The codes of those its schools serve; who answers for these, and for no others, stands on the page."""
        served = duty.served(self.town)
        return frozenset(served.loc[served["home"].isin(self.homes), "village"])

    @cached_property
    def waiting(self) -> list[today.Thing]:
        """What is due within AHEAD days, the most pressing first."""
        return sorted(today.waiting(self, AHEAD), key=lambda thing: thing.order)

    @cached_property
    def states(self) -> pd.Series:
        """How each case stands: due.steps.states."""
        return steps.states(self.town, self.end)

    @cached_property
    def steps(self) -> dict[int, pd.DataFrame]:
        """The steps of each case."""
        return dict(list(steps.steps(self.town, self.policy).groupby("case")))

    @cached_property
    def deeds(self) -> dict[str, dict[tuple[str, str], list[pd.Timestamp]]]:
        """By sheet of HELPS the days of what was done, by school and plan."""
        return {sheet: _days(self.town[sheet], key) for sheet, key in HELPS.items()}

    @cached_property
    def lessons(self) -> list[dt.date]:
        """The school days so far."""
        return [day for day in calendar.school_days(self.town) if day <= self.end]

    def holders(self, one: Pupil) -> Iterator[tuple[str, dict[str, list[str]]]]:
        """The four tiers of who answers for a pupil: kind, and by name where it is written."""
        code, grade = self.scope.key("school", one.home), class_grades(self.town).get(one.class_id, "")
        known, units = answering(self.town, self.end), (code, f"{code}-{grade}", f"{one.home}\0{one.key}", one.village)
        for kind, unit in zip(TIERS, units, strict=True):
            yield kind, known.get((kind, unit), {})

    def called(self, class_id: str) -> str:
        """The name of a class."""
        return self.scope.labels.get(class_id, "班级不明")

    def open_cases(self, one: Pupil) -> str:
        """How the pupil's cases stand that are not over; "" without one."""
        held = (self.states[number] for number in one.cases)
        return "、".join(dict.fromkeys(state for state in held if state not in (steps.CLOSED, steps.NONE)))

    def urgent(self, one: Pupil) -> bool:
        """Whether a pupil is to be looked at first."""
        return bool(one.colour == signals.RED or self.open_cases(one) or any(thing.days < 0 for thing in one.things))


def _days(rows: pd.DataFrame, key: str) -> dict[tuple[str, str], list[pd.Timestamp]]:
    found: dict[tuple[str, str], list[pd.Timestamp]] = {}
    day = "paid_on" if "paid_on" in rows else "date"
    for home, value, when in complete(rows, key)[["home", key, day]].itertuples(index=False, name=None):
        found.setdefault((home, value), []).append(when)
    return found


# --- the fold of a pupil ------------------------------------------------------------------------------------------------------
def fold(view: People, one: Pupil) -> Details:
    """All that is known of a pupil: what is due next, why, the steps of the cases, the year's attendance, who answers."""
    first = one.things[0] if one.things else None
    parts = (
        view.called(one.class_id),
        one.name,
        one.tail,
        one.state if one.state != enrolment.ENROLLED else "",
        f"{one.colour}色预警" if one.colour else "",
        view.open_cases(one),
        said_of(view, first) if first else "",
    )
    blocks: list = [Facts(tuple(_now(view, one))), *(_case(view, number) for number in one.cases)]
    if one.days:
        marks = {day.date(): found for day, found in sorted(one.days.items())}
        says = "，".join(f"{day:%m-%d}{'无故' if without else '请假'}" for day, (_, without) in marks.items())
        told = f"本学年出勤（一列一周）：实心为无故缺勤，{one.away(True):g}天；斜线为请假，{one.away(False):g}天"
        blocks.append(Chart(charts.year(view.lessons, marks, says), told))
    return Details("　".join(filter(None, parts)), (*blocks, Facts(tuple(_stands(view, one)))), key=one.id)


def _now(view: People, one: Pupil) -> Iterator[tuple[str, object]]:
    """What is due, why, and what is done about it."""
    for thing in one.things:
        yield "要办", (f"{said_of(view, thing)}（{thing.due:%m-%d}）", person(view, thing.who))
    if one.colour:
        yield "预警", (Badge(TONES[one.colour], f"{one.colour}色"), unlabelled(one.reasons))
    for row in one.watch:
        over = not pd.isna(row["closed"])
        until = f"{_text(row['closed'])}解除" if over else f"{_text(row['freq'])}跟踪，最近{_text(row['last'])}"
        yield "重点关注", (f"{_text(row['found'])}列入，{_text(row['level'])}色，{until}", person(view, row["teacher"]))
    for sheet, row in one.plans:
        yield "帮扶", tuple(_help(view, one, sheet, row))
    papers = [paper for number in one.cases for paper in LEDGERS[_ledger(view, number)]]
    papers += [PLANS[sheet] for sheet, _ in one.plans if PLANS[sheet]]
    if papers:
        yield "材料", tuple(To(CALLED.get(name, name), one.home, name, PRINTED) for name in dict.fromkeys(papers))


def _help(view: People, one: Pupil, sheet: str, row: dict) -> Iterator[object]:
    """A plan beside a full name: who helps, how often, what came of it; not for which group (P03)."""
    deeds, key = SUPPORT[sheet]
    days = view.deeds[deeds].get((one.home, row[key]), [])
    last = max((day for day in days if not pd.isna(day)), default=None)
    yield f"{GROUP}，{WORDS[sheet]}{len(days)}次" + (f"，最近{last:%m-%d}" if last else "")
    yield from (f"{title}：{_text(row[name])}" for name, title in OUTCOMES[sheet].items() if not pd.isna(row[name]))
    if "helper" in row:
        yield person(view, row["helper"])


def _ledger(view: People, number: int) -> str:
    return "suspected" if pd.isna(case_facts.cases(view.town).at[number, "dropout"]) else "dropout"


def _case(view: People, number: int) -> Table:
    """The steps of a case, each with its day and its limit."""
    rows = []
    for step in view.steps[number].itertuples() if number in view.steps else ():
        result = None
        if not pd.isna(step.days) and step.limit:
            done = Badge("warn", f"迟{-step.days}天") if step.days < 0 else Badge("good", "按时")
            result = Badge("bad" if step.days < 0 else "plain", left(step.days)) if step.waiting else done
        rows.append((step.date, said(view, step.step), step.limit or None, step.due, result))
    columns = ("日期", "步骤", "时限", "最后一天", "情况")
    return Table(columns, tuple(rows), f"个案：{view.states[number] or '还没有列入台账'}", empty="台账上没有日期")


def _stands(view: People, one: Pupil) -> Iterator[tuple[str, object]]:
    """Where the pupil is enrolled, whose child it is, who answers at each of the four tiers."""
    row, form = view.town["roster"].loc[one.place], view.town.schema.sheets["roster"].by_name
    since = f"，自{_text(row['status_date'])}" if not pd.isna(row["status_date"]) else ""
    yield "在读", f"{one.home}{view.called(one.class_id)}，{one.state}{since}{'，借读' * (row['guest'] is True)}"
    if one.moves:
        yield "变动", tuple(f"{_text(move['date'])}{move['kind']}" for move in one.moves)
    seen = (masked(row[name], form[name], audience(view)) for name in ("guardian", "guardian_rel", "guardian_tel"))
    yield "监护人", "　".join(str(text) for text in seen if not pd.isna(text)) or None
    for kind, people in view.holders(one):
        here = kind != duty.VILLAGES or one.village in view.villages
        held = tuple(person(view, name, "、".join(dict.fromkeys(via)), here) for name, via in people.items())
        yield TIERS[kind], held or Badge("bad", "未落实")


def named(view: View, who: object) -> str:
    """A person by name, whom a ledger names by number or name; "" for an empty cell."""
    return "" if pd.isna(who) or not who else view.scope.staff_names.get(who, who)


def person(view: View, who: object, via: str = "", here: bool = True) -> To | str:
    """A person by name, leading to all that the person answers for, where that stands on the page."""
    name = named(view, who)
    shown = f"{name}（{via}）" if via else name
    return (To(shown, at=anchor("staff", name)) if here else shown) if name else today.NOBODY


def said_of(view: View, thing: today.Thing) -> str:
    """A duty, and how late it is."""
    return f"{duty_title(view, thing.what)} {left(thing.days)}"


def left(days: int) -> str:
    """Days until a time limit, in words."""
    return f"逾期{-days}天" if days < 0 else f"还有{days}天" if days else "今天到期"


def _text(value: object) -> str:
    shown = cell(value)
    return shown.text


# --- the section --------------------------------------------------------------------------------------------------------------
KINDS: dict[str, Callable[[People, Pupil], bool]] = {
    "先看：红色预警、在册个案、逾期": People.urgent,
    "黄色预警": lambda _, one: one.colour == signals.YELLOW,
    "蓝色预警": lambda _, one: one.colour == signals.BLUE,
    "其他有记录的": lambda _, one: True,
}


@titled("学生", 0, "pupils")
def section(view: People) -> Blocks:
    """学生: a fold for each pupil of whom there is more to say, the most urgent kind first and in it the most overdue; nobody for
    the whole town.
    """
    if not view.home:
        return [Note("全镇版不列学生姓名：请点开学校，在学校的页上查。")]
    kinds: dict[str, list[Pupil]] = {title: [] for title in KINDS}
    for one in sorted(view.pupils.values(), key=lambda one: min([0, *(thing.days for thing in one.things)])):
        if one.noted:
            kinds[next(title for title, fits in KINDS.items() if fits(view, one))].append(one)
    first = next(iter(KINDS))
    made = [
        Details(f"{title}（{len(own)}人）", tuple(fold(view, one) for one in own), open=title == first)
        for title, own in kinds.items()
        if own
    ]
    how = Note("每人一折，点开看全部。没有列在这里的学生，台账上只有花名册和请假，见上面各班。")
    return Counted((how, *made), len(kinds[first]))
