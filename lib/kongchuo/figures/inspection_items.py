"""The ten items of an inspection sheet: what in the ledgers costs points (domain.md 5.4), each gap with the row it is read from; ITEMS lists them.

A Scope of one school goes in: from the day after the round before (or the first day of term) to the day of the inspection, on a
Town as of that day. What cannot be read is a reason in words, never a full mark. Knows no files.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, by_place, each, once
from ..due import base, duty, enrolment, selfcheck, steps
from ..facts import calendar, cases, duty as duties
from ..facts.enrolment import grade_due
from ..facts.references import keyed
from ..rules.base import Rule, Spot
from ..rules.cases import absent_but_on_no_ledger
from ..rules.census import away_without_proof
from . import attendance, duty as bonds, support
from .base import Ratio
from .scopes import Scope
from .selfcheck import archived

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


def groups(scope: Scope) -> Evidence:
    """特殊群体: pupils without a plan, a placement or a place on the list of their group."""
    found = [find(scope) for _, find in GROUPS]
    gaps = tuple(replace(gap, group=number) for number, one in enumerate(found) for gap in one.gaps)
    return Evidence(gaps, "；".join(one.why for one in found if one.why), sum(one.left_out for one in found))


GROUPS = (  # the four kinds of 特殊群体, in the order of policy's inspection_group_points
    ("贫困", lacking(support.family_plans)),
    ("残疾", lacking(support.disabled_placed)),
    ("学困厌学", lacking(support.pupil_plans)),
    ("留守", lacking(support.left_behind)),
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
