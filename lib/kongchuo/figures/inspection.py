"""The inspection sheet of one school in one round (domain.md 5.4): what in the ledgers costs points, the inspector's scores, total, grade."""

import datetime as dt
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby

import pandas as pd

from ..core import processes, years
from ..core.numbers import rounded
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, by_place, complete, each, once
from ..due import base, duty, enrolment, inspection as rounds, selfcheck, steps
from ..facts import asof, calendar, cases, duty as duties
from ..facts.enrolment import grade_due
from ..facts.references import keyed
from ..rules.base import Rule, Spot
from ..rules.cases import absent_but_on_no_ledger
from ..rules.census import away_without_proof
from . import attendance, duty as bonds, support
from .base import Measure, Ratio
from .flows import dropouts
from .scopes import Scope
from .selfcheck import archived

# --- What in the ledgers costs points at an inspection: for each of the ten items the gaps, each with the row it is read from ---
# domain.md 5.4. A Scope of one school goes in: from the day after the round before (or the first day of term) to the day of the
# inspection, on a Town as of that day. What cannot be read is a reason in words, never a full mark. Knows no files.
SYSTEMS = 4  # 档案第4项: 各项制度建立材料; how many 制度 there are stands in policy (systems_count)
# title of a measure -> its gap
UNMET = {"残疾儿童已安置": "残疾儿童未安置", "档案完备率": "档案缺项", "没有日查": "没有日查"}
LEADERS, HIDDEN, UNPROVED = "领导组", "应列未列疑似台账", "镇外就读没有证明或证明过期"


@dataclass(frozen=True)
class Gap:
    """Something that is lacking: what, how many, and the place of the row (Excel row 0: there is none) of the sheet that shows it."""

    what: str
    sheet: str
    place: int
    count: int = 1
    about: str = ""  # the class, the day or the paper; never a pupil's name
    group: int | None = None  # which of the GROUPS, whose points it cannot exceed
    short: str = ""  # what has not been done with it: 未落实, 逾期; "" where `what` says it all

    @property
    def said(self) -> str:
        """What is wrong, in words of a sentence: 包年级未落实, 周报逾期, 残疾儿童未安置."""
        return UNMET.get(self.what, f"{self.what}{self.short}")


@dataclass(frozen=True)
class Evidence:
    """The gaps of one item, why the ledgers cannot judge it ("" when they can), and how many rows nobody could count."""

    gaps: tuple[Gap, ...] = ()
    why: str = ""
    left_out: int = 0


Find = Callable[[Scope], Evidence]


def both(*finds: Find) -> Find:
    """All gaps of several; what one of them cannot judge, all cannot."""

    def find(scope: Scope) -> Evidence:
        found = [one(scope) for one in finds]
        gaps = tuple(gap for evidence in found for gap in evidence.gaps)
        why = dict.fromkeys(evidence.why for evidence in found if evidence.why)
        return Evidence(gaps, "；".join(why), sum(evidence.left_out for evidence in found))

    return find


def unread(scope: Scope, *needs: str) -> str:
    """Why nothing can be judged: which sheets are missing; "" when none is."""
    titles = [scope.town.schema.sheets[need.partition(".")[0]].title for need in needs if scope.missing(need)]
    return f"读不到{'、'.join(dict.fromkeys(titles))}" if titles else ""


def lacking(*counts: Callable[[Scope], Ratio]) -> Find:
    """The rows that a measure still lacks."""

    def find(scope: Scope) -> Evidence:
        gaps, why, figures = [], [], [count(scope) for count in counts]
        for made in figures:
            rows = made.lacking
            numbers = rows["denominator"] - rows["numerator"]
            labels = [scope.labels.get(key, "") for key in rows["class_id"]]
            gaps += [
                Gap(made.title, sheet, place, int(number), about, short="未落实")
                for place, sheet, number, about in zip(rows.index, rows["sheet"], numbers, labels, strict=True)
            ]
            if made.missing or made.why:
                why.append(f"{made.title}：{made.why or '读不到台账'}")
        return Evidence(tuple(gaps), "；".join(why), sum(made.total.left_out for made in figures))

    return find


def late(*limits: base.Deadline) -> Find:
    """What was due by the day and is not done, and what was done late since the round before."""

    def find(scope: Scope) -> Evidence:
        gaps = []
        for limit in limits:
            rows = base.state(scope.town, scope.policy, limit)
            rows = rows[rows["late"] & (rows["done"].isna() | (rows["due"] >= pd.Timestamp(scope.start)))]
            rows = rows[_own(scope, limit.sheet, rows)]
            for place, due, done, days in each(rows, "due", "done", "days"):
                said = f"{due:%Y-%m-%d} 到期，{_how(pd.isna(done), days)}"
                gaps.append(Gap(limit.title, limit.sheet, place, about=said, short="逾期"))
        return Evidence(tuple(gaps), unread(scope, *dict.fromkeys(limit.sheet for limit in limits), "term"))

    return find


@once
def _spots(town: Town, policy: Policy, rule: Rule) -> tuple[Spot, ...]:
    return tuple(rule.judge(town, policy))


def _own(scope: Scope, sheet: str, rows: pd.DataFrame) -> pd.Series:
    """Which rows are the school's: those of its folder; of the census, children of its villages in the age of its grades."""
    if sheet != "census":
        return rows["home"].isin(scope.homes)
    served = duties.served(scope.town)
    villages = set(served.loc[served["home"].isin(scope.homes), "village"])
    frame = scope.town["census"].reindex(rows.index)
    grade = grade_due(scope.town, scope.policy, frame["birth_date"])
    here = grade.isna() | grade.isin(set(scope.classes["grade"]))
    return keyed(scope.town, "census", "village_code").reindex(rows.index).isin(villages) & here


# --- the ten items ----------------------------------------------------------------------------------------------------
def leaders(scope: Scope) -> Evidence:
    """领导组: the office's list names one."""
    rows = scope.town["body"]
    gap = Gap("没有领导组名单", "body", scope.nowhere("body", CENTRE))
    return Evidence(() if (rows["body"] == LEADERS).any() else (gap,), unread(scope, "body"))


def systems(scope: Scope) -> Evidence:
    """八项制度: the ledgers know only whether there is any paper of them at all (档案第4项); each is looked at on the spot."""
    rows = scope.rows("archive")
    rows = rows[rows["archive_no"] == SYSTEMS]
    unsure = not scope.town.known("archive", "copies").reindex(rows.index).all()
    why = unread(scope, "archive") or ("档案第4项的份数读不到，或在督查以后改写过" if unsure else "")
    if why or (rows["copies"] > 0).any():
        return Evidence((), why or "档案第4项有材料，各项制度是否健全须督查组现场逐项看")
    place = rows.index[0] if len(rows) else scope.nowhere("archive", scope.homes[0])
    gap = Gap("档案第4项没有制度材料", "archive", place, scope.policy["systems_count"])
    return Evidence((gap,))


def unproved(scope: Scope) -> Evidence:
    """Children said to be at school elsewhere with nothing to show for it, or a paper that is too old (rule X45)."""
    spots = _spots(scope.town, scope.policy, away_without_proof)
    rows = scope.town["census"].loc[by_place(spot.index for spot in spots)]
    own = rows.index[_own(scope, "census", rows)]
    return Evidence(tuple(Gap(UNPROVED, "census", place) for place in own), unread(scope, "census"))


def called(scope: Scope) -> Evidence:
    """人籍一致: each difference of 点名册、座次表、作业 from the 学籍数 and each pupil away without a paper, class by class."""
    rows = scope.rows("rollcall")
    rows = rows[_of_round(scope, rows)]
    if unread(scope, "rollcall") or rows.empty:
        return Evidence((), unread(scope, "rollcall") or "本轮没有督查点名的记录")
    found = (_counted(scope, rows, numbers, what) for what, numbers in differences(rows).items())
    return Evidence(tuple(gap for gaps in found for gap in gaps), left_out=int(incomplete(rows).sum()))


def incomplete(rows: pd.DataFrame) -> pd.Series:
    """Which rows of 督查点名 lack a number that `differences` compares; nobody knows whether it would have been another."""
    return rows[["n_register", "n_rollbook", "n_seating", "n_homework", "leave_no", "unknown"]].isna().any(axis=1)


def differences(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """What is apart -> how many, for each row of 督查点名: the lists against the 学籍数, pupils away without a paper or unaccounted for."""
    lists = (("点名册", "n_rollbook"), ("座次表", "n_seating"), ("作业", "n_homework"))
    found = {f"{title}与学籍数不一致": (rows[column] - rows["n_register"]).abs().fillna(0) for title, column in lists}
    return found | {"请假无据": rows["leave_no"].fillna(0), "去向不明": rows["unknown"].fillna(0)}


def _counted(scope: Scope, rows: pd.DataFrame, numbers: pd.Series, what: str) -> list[Gap]:
    labels = [scope.labels.get(key, key) for key in rows["class_id"]]
    return [
        Gap(what, "rollcall", place, int(number), label)
        for place, number, label in zip(rows.index, numbers, labels, strict=True)
        if number
    ]


def _of_round(scope: Scope, rows: pd.DataFrame) -> pd.Series:
    """The rows of the round that the scope's last day belongs to: the one inspected on that day."""
    held = scope.rows("score")
    held = held[held["date"] == pd.Timestamp(scope.end)].drop_duplicates(["term", "round"])
    pairs = set(zip(held["term"], held["round"], strict=True))
    return pd.Series([pair in pairs for pair in zip(rows["term"], rows["round"], strict=True)], rows.index, dtype=bool)


def daily(scope: Scope) -> Ratio:
    """日查 of every class and school day since the round before."""
    return attendance.filed(scope).with_title("没有日查")


def breaches(scope: Scope) -> Evidence:
    """疑似处置与劝返: every step of a case after its time limit (or not taken), and every pupil away who stands on no ledger."""
    told = steps.steps(scope.town, scope.policy)
    told = told[told["late"] & (told["waiting"] | (told["due"] >= pd.Timestamp(scope.start)))]
    homes = cases.cases(scope.town)["home"]
    told = told[told["case"].map(homes).isin(scope.homes)]
    gaps = [
        Gap(row.step, row.sheet, row.place, about=f"限 {row.due:%Y-%m-%d}，{_how(row.waiting, row.days)}", short="逾期")
        for row in told.assign(step=steps.limited(told)).itertuples()
    ]
    return Evidence((*gaps, *concealed(scope)), unread(scope, "suspected", "dropout", "visit", "legal", "absence"))


def _how(undone: bool, days: int) -> str:
    return "没有办" if undone else f"晚 {-days} 天"


def concealed(scope: Scope) -> list[Gap]:
    """Pupils away without leave up to the line of suspicion who stand on no ledger (rule X12)."""
    spots = _spots(scope.town, scope.policy, absent_but_on_no_ledger)
    return [
        Gap(HIDDEN, spot.sheet, spot.index, about=f"自 {spot.facts['since']} 起连续 {spot.facts['days']} 个上课日")
        for spot in spots
        if spot.facts["school"] in scope.homes
    ]


def left_behind(scope: Scope) -> Ratio:
    """留守: pupils marked so on the roster with a row in 留守儿童 ÷ those pupils."""
    return support.listed(
        scope,
        "留守儿童登记",
        ("leftbehind",),
        lambda rows: rows["leftbehind"].notna() & (rows["leftbehind"] != "非留守"),
        ("roster", "leftbehind"),
    )


# the figures of the four groups that the report of a round gives as of the inspection
COVERED = (support.family_plans, support.disabled_placed, support.pupil_plans, left_behind, support.aid_paid)


def groups(scope: Scope) -> Evidence:
    """特殊群体: pupils without a plan, a placement or a place on the list of their group."""
    found = [find(scope) for _, find in GROUPS]
    gaps = tuple(replace(gap, group=number) for number, one in enumerate(found) for gap in one.gaps)
    return Evidence(gaps, "；".join(one.why for one in found if one.why), sum(one.left_out for one in found))


GROUPS = (  # the four kinds of 特殊群体, in the order of policy's inspection_group_points
    ("贫困", lacking(support.family_plans)),
    ("残疾", lacking(support.disabled_placed)),
    ("学困厌学", lacking(support.pupil_plans)),
    ("留守", lacking(left_behind)),
)

CHANGES = (enrolment.REPORTED, enrolment.TRANSFERRED, enrolment.RECEIVED, enrolment.LEAVE, enrolment.OLD_LEAVE,
           enrolment.GUESTS)  # fmt: skip
ITEMS: tuple[Find, ...] = (
    both(leaders, lacking(*bonds.FOUR_BONDS), late(duty.PLEDGED)),
    systems,
    both(late(enrolment.UNVERIFIED, enrolment.HANDED_OVER), unproved),
    called,
    both(lacking(daily), late(selfcheck.WEEKLY_REPORT, selfcheck.MONTHLY_REPORT)),
    breaches,
    groups,
    late(*CHANGES),
    lambda scope: Evidence((), "宣传效果、简报和案例由督查组现场评定，台账不测算"),
    lacking(archived),
)


def of(scope: Scope) -> Iterable[Evidence]:
    """The evidence of the ten items, in their order; where no class or no term is registered, nothing in it is a full mark."""
    lacks = {"“班级”里没有本校的班": scope.classes.empty, "“学年学期”没有填": calendar.terms(scope.town).empty}
    why = "，".join(said for said, lack in lacks.items() if lack)
    found = (find(scope) for find in ITEMS)
    return (replace(one, why=one.why or why) for one in found)


# --- The inspection sheet of one school in one round: 系统测算, the inspector's scores, the total and the grade (domain.md 5.4) ---
# 系统测算 of an item is its points less what policy takes for each gap in the ledgers as of the day of the inspection. What the
# ledgers cannot judge has none. The inspector's 得分 stands where it says why it differs (扣分理由). Knows no files.
GRADES = ("优秀", "良好", "合格", "不合格")
FAILED = GRADES[-1]
NOT_HELD, UNDECIDED = "未督查", "尚未判定"
CODES = "inspection_item"  # the code list with the titles of the ten items


@dataclass(frozen=True)
class Score:
    """One of the ten items: its points, what the ledgers say, what the inspector gave, and what stands.

    `system` is None where the ledgers cannot judge (`why`); `given` where the inspector gave nothing; `final` where nobody
    knows. `stands` says which of the two counts and why. `place` is the row of 督查评分; `left_out`: how many rows of the
    ledgers 系统测算 could not count.
    """

    number: int
    title: str
    points: float
    gaps: tuple[Gap, ...]
    system: float | None
    why: str = ""
    given: float | None = None
    reason: str = ""
    proof: str = ""
    place: int | None = None
    left_out: int = 0

    @property
    def stands(self) -> tuple[float | None, str]:
        """The score that counts, and what is to be said of it."""
        given = self.given
        if given is not None and given > self.points:
            return self.system, f"得分 {given:g} 超过分值，没有采用"
        if given is None:
            return self.system, "" if self.system is None else "督查组没有打分，按系统测算"
        if self.reason or given == self.system or (self.system is None and given == self.points):
            return given, ""
        if self.system is None:
            return given, "没得满分，缺扣分理由"
        return self.system, f"督查组打 {given:g} 分，与系统测算不同而没有写理由，按系统测算"

    @property
    def final(self) -> float | None:
        """The score that counts."""
        return self.stands[0]

    @property
    def lost(self) -> float:
        """The points lost; 0 where nobody knows."""
        return 0.0 if self.final is None else self.points - self.final


@dataclass(frozen=True)
class Sheet:
    """One school in one round. `day` None: not inspected; its scores are then only what the ledgers say on `as_of`.

    `fatal`: what makes it 不合格 whatever the total: in words, with how many.
    """

    home: str
    day: dt.date | None
    as_of: dt.date
    since: dt.date
    team: str
    scores: tuple[Score, ...]
    fatal: tuple[str, ...]
    lines: tuple[float, float, float]

    @property
    def total(self) -> float | None:
        """The sum of the ten; None where the school was not inspected or an item is undecided."""
        finals = [score.final for score in self.scores]
        return None if self.day is None or None in finals else rounded(sum(finals), 2)

    @property
    def undecided(self) -> tuple[Score, ...]:
        """The items nobody has judged."""
        return tuple(score for score in self.scores if score.final is None)

    @property
    def grade(self) -> str:
        """优秀, 良好, 合格, 不合格; 未督查; 尚未判定."""
        if self.day is None:
            return NOT_HELD
        if self.fatal:
            return FAILED
        if self.total is None:
            return UNDECIDED
        return next((name for name, line in zip(GRADES, self.lines, strict=False) if self.total >= line), FAILED)


def sheets(
    town: Town,
    policy: Policy,
    asked: Iterable[tuple[str, str, int]],
    as_of: dt.date,
    covers: Callable[[str, dt.date], Iterable[tuple]] = lambda home, day: (),
) -> dict[tuple[str, str, int], Sheet]:
    """The sheets (see `inspect`) that are asked for, each by school, term and number; what an inspection led to is kept as well (`walked`),
    and what of a school and its day `covered` is to be asked.

    Day by day, since what the ledgers were on a day is as large as the ledgers: a process holds one at a time, and two share the days.
    """
    days = {one: _day(town, *one) or as_of for one in asked}
    missing = sorted(one for one in days if not town.has_under(policy, inspect.__wrapped__, *one, as_of))
    grouped = [(day, [*group]) for day, group in groupby(sorted(missing, key=days.get), days.get)]

    def work(days: Iterable[tuple[dt.date, list[tuple[str, str, int]]]]) -> list[tuple[Callable, tuple, object]]:
        """What is called for each of these days, with what, and what it gives."""
        found = []
        for day, group in days:
            calls = [(inspect, (*one, as_of)) for one in group]
            calls.append((walked, (day, *looked_at(town, day, *(home for home, *_ in group)))))
            found += [(make, given, make(town, policy, *given)) for make, given in calls]
            for given in (given for home, *_ in group for given in covers(home, day)):
                with suppress(Exception):  # whoever asks for it meets it, and says it
                    found.append((covered, given, covered(town, policy, *given)))
            asof.forget(town, day)
        return found

    share = (lambda: work(grouped[::2])), (lambda: work(grouped[1::2]))
    for make, given, value in processes.both(*share)[1] if len(grouped) > 1 else share[0]():
        town.keep_under(policy, value, make.__wrapped__, *given)
    return {one: inspect(town, policy, *one, as_of) for one in days}


@once
def inspect(town: Town, policy: Policy, home: str, term: str, number: int, as_of: dt.date) -> Sheet:
    """The sheet of a school in a round of a term (第一学期, 2). Where it was not inspected the ledgers stand as of `as_of`.

    The town must have been read as of the day of the inspection or later.
    """
    day = _day(town, home, term, number)
    end = day or as_of
    since = _since(town, home, term, number, end)
    scope = Scope(asof.on(town, end, *looked_at(town, end, home)), policy, since, end, (home,))
    rows = held(town, home, term, number).drop_duplicates("item_no")
    rows = rows.assign(place=list(rows.index)).set_index("item_no", drop=False)
    titles = [value.name for value in town.schema.codes[CODES].values]
    facts = zip(titles, policy["inspection_item_points"], policy["inspection_deductions"], of(scope), strict=True)
    scores = tuple(
        _score(item, title, points, worth(found, each, policy), found, rows)
        for item, (title, points, each, found) in enumerate(facts, start=1)
    )
    team = "、".join(dict.fromkeys(rows["team"].dropna()))
    lines = tuple(policy[key] for key in ("grade_excellent", "grade_good", "grade_pass"))
    return Sheet(home, day, end, since, team, scores, fatal(scope), lines)


def looked_at(town: Town, day: dt.date, *homes: str) -> tuple[str, ...]:
    """The schools that were inspected on a day, where these are among them; () stands for all, of which then some was not."""
    rows = rounds.inspected(town)
    there = {*rows.loc[rows["date"] == pd.Timestamp(day), "home"]} - {""}
    return tuple(sorted(there)) if {*homes} <= there else ()


@once
def walked(town: Town, policy: Policy, day: dt.date, *homes: str) -> pd.DataFrame:
    """due.steps.steps as of a day of the cases of the schools that were inspected on it (none given: of all).

    `case` is the place of the case on its ledger, since each day numbers the cases it knows; with its home, first day away and state.
    """
    then = asof.on(town, day, *homes)
    book, rows = cases.cases(then), steps.steps(then, policy)
    rows = rows.assign(state=rows["case"].map(steps.states(then, day))).join(book[["home", "away"]], on="case")
    rows = rows[rows["home"].isin(homes)] if homes else rows
    return rows.assign(case=rows["case"].map(book["suspected"].fillna(book["dropout"])))


@once
def covered(town: Town, policy: Policy, count: Callable, *part: object) -> tuple[Measure, ...]:
    """The measures of a figure of a part of the town (`Scope.part`) whose ledgers stand as of its last day."""
    scope = Scope(town, policy, *part)
    near = looked_at(town, scope.end, *scope.homes)
    made = count(replace(scope, town=asof.on(town, scope.end, *near)))
    return tuple(one.total for one in (made if isinstance(made, list) else [made]))


def _day(town: Town, home: str, term: str, number: int) -> dt.date | None:
    """The day a school was inspected in a round."""
    days = held(town, home, term, number)["date"].dropna()
    return days.max().date() if len(days) else None


def held(town: Town, home: str, term: str, number: int) -> pd.DataFrame:
    """The rows of 督查评分 of a school in a round, those dated after the town's day left out."""
    rows = rounds.inspected(town)
    rows = rows[(rows["home"] == home) & (rows["term"] == term) & (rows["round"] == number)]
    return complete(rows[~(rows["date"] > pd.Timestamp(town.as_of))], "item_no")


def worth(found: Evidence, each: float, policy: Policy) -> float:
    """The points that the gaps of an item cost; those of one group of pupils no more than policy says."""
    counts: dict[int | None, int] = {}
    for gap in found.gaps:
        counts[gap.group] = counts.get(gap.group, 0) + gap.count
    most = policy["inspection_group_points"]
    return sum(count * each if group is None else min(count * each, most[group]) for group, count in counts.items())


def fatal(scope: Scope) -> tuple[str, ...]:
    """What makes a school 不合格: pupils who have dropped out, not back and not 销号; cases kept off the ledgers."""
    away = int(cases.open_at(dropouts(scope.whole), scope.end).sum())
    hidden = len(concealed(scope))
    said = (f"辍学未返校、未销号 {away} 人" if away else "", f"应列未列疑似台账 {hidden} 人" if hidden else "")
    return tuple(filter(None, said))


def _since(town: Town, home: str, term: str, number: int, end: dt.date) -> dt.date:
    """The day after the round before in the same term, else the first day of the term; never after the end."""
    earlier = held(town, home, term, number - 1)["date"].dropna()
    terms = calendar.terms(town)
    starts = terms.loc[terms["term"] == term, "start"].dropna()
    start = starts.iloc[0].date() if len(starts) else years.usual_begin(town.year, term)
    return min(end, earlier.max().date() + dt.timedelta(days=1) if len(earlier) else start)


def _score(item: int, title: str, points: float, cost: float, found: Evidence, rows: pd.DataFrame) -> Score:
    system = None if found.why else max(0.0, rounded(points - cost, 2))
    if item not in rows.index:
        return Score(item, title, points, found.gaps, system, found.why, left_out=found.left_out)
    row = rows.loc[item]
    given, reason, proof = (None if pd.isna(row[name]) else row[name] for name in ("score", "reason", "evidence"))
    given = None if given is None else float(given)
    said = given, reason or "", proof or "", row["place"]
    return Score(item, title, points, found.gaps, system, found.why, *said, found.left_out)
