"""Rules on 控辍台账: who must be on a ledger and is not, who on one stands first, has no plan, has nobody, counts as lost."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.cells import fold
from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import casework, duties, ledgers, rolls
from ...field.losses import losses
from ...field.references import class_names, look_up
from .base import Spot, at, called, of_year, readable, rule
from .pupils import maybe_listed

LEDGERS = ("suspected", "dropout")


@rule(
    "X12",
    ERROR,
    needs=(
        "absence.kind",
        "absence.date",
        "absence.student_key",
        "absence.halves",
        "daily.date",
        "daily.class_id",
        "suspected.student_key",
        "dropout.student_key",
        "calendar.date",
        "calendar.is_school_day",
        "term.start",
        "term.end",
    ),
    says="{school}{class_name}{name}自{since}起连续缺勤{days}个上课日，没有进入疑似辍学台账",
    fix="请当天家访、报中心学校，并记入“疑似辍学台账”；已请假的补办请假手续并改正缺勤类型。",
    source="domain.md 3.2 X12, 4.3",
)
def absent_but_on_no_ledger(town: Town, policy: Policy) -> Iterator[Spot]:
    """无故缺勤连续达到疑似线（上课日，节假日不打断）的学生，必须在疑似辍学台账或辍学台账里。这是控辍的第一道闸，漏一个就可能失去一个。"""
    rows = rolls.runs(town, town.as_of)  # one that has ended by now should have been on a ledger as well
    rows = rows[rows["days"] >= policy["suspected_after"]]
    rows = rows[readable(town, rows["home"], *(f"{sheet}.student_key" for sheet in LEDGERS))]
    listed = pd.concat([town[sheet][["student_key", "closed"]] for sheet in LEDGERS]).dropna(subset=["student_key"])
    pairs = rows[["student_key", "since"]].assign(place=list(rows.index)).merge(listed, on="student_key")
    covered = set(pairs.loc[pairs["closed"].isna() | (pairs["closed"] >= pairs["since"]), "place"])
    rows = rows[~rows.index.isin(covered) & ~maybe_listed(town, rows, *LEDGERS)]
    labels = class_names(town)
    for index, school, name, class_id, days, since in rows[["home", "name", "class_id", "days", "since"]].itertuples(
        name=None
    ):
        facts = {"school": school, "class_name": labels.get(class_id, ""), "name": called(name)}
        yield at("absence", index, "student_key", days=f"{days:g}", since=f"{since:%Y-%m-%d}", **facts)


# ledger -> the column that names its own teacher ("" where it has none) and the date it was closed
ANSWERED_BY = {
    "watch": ("teacher", "closed"),
    "suspected": ("teacher", "closed"),
    "dropout": ("bond_school", "closed"),
    "pupil_plan": ("helper", ""),
    "leftbehind": ("teacher", ""),
    "others": ("helper", ""),
    "disabled": ("", ""),
}


@rule(
    "G03",
    WARNING,
    needs=("roster.student_key", "class.head_teacher", "bond.target_id"),
    says="{name}在{sheet}中，没有包保教师：台账、花名册、包保责任和班主任都没有人",
    fix="请确定一名包保教师，填入台账；不另外指定的，由班主任包保，请补填班主任。",
    source="domain.md 3.3 G03; 方案五（四包③）",
)
def nobody_answers(town: Town, policy: Policy) -> Iterator[Spot]:
    """台账上的每个学生都要有一位教师包保；没有另外指定的，就是班主任。没有人包，就没有人去家访。"""
    answered = duties.answering(town, town.as_of)
    answered = answered.loc[answered["kind"] == duties.PUPILS, ["home", "unit"]]
    bonds = duties.held_on(town, town.as_of)
    unclear = bonds.loc[(bonds["kind"] == duties.PUPILS) & bonds["target"].isna(), "target_name"]
    roster = rolls.listed(town).dropna(subset=["student_key"])
    roster = roster[roster["class_id"].isin(duties.classes_of(town)["class_id"].dropna())]
    cared = pd.MultiIndex.from_frame(roster[["home", "student_key"]]).isin(pd.MultiIndex.from_frame(answered))
    cared |= roster["name"].map(fold, na_action="ignore").isin(set(map(fold, unclear.dropna())))
    alone = pd.MultiIndex.from_frame(roster.loc[~cared, ["home", "student_key"]])
    for sheet, (column, closed) in ANSWERED_BY.items() if len(alone) else ():
        frame = town[sheet].dropna(subset=["student_key"])
        judged = readable(town, frame["home"], "bond.target_id", "class.head_teacher")
        rows = frame[pd.MultiIndex.from_frame(frame[["home", "student_key"]]).isin(alone) & judged]
        if column:
            rows = rows[rows[column].isna() & town.known(sheet, column).reindex(rows.index)]
        if closed:
            rows = rows[rows[closed].isna()]
        for index, name in rows["name"].items():
            yield at(sheet, index, column or "student_key", name=called(name))


# --- open cases -------------------------------------------------------------------------------------------------------
def _open(town: Town, sheet: str) -> pd.DataFrame:
    """The rows of a ledger that are open at as_of: not closed, and of dropouts not back."""
    rows = {"suspected": ledgers.suspected, "dropout": ledgers.dropouts}[sheet](town[sheet])
    return rows[ledgers.open_at(rows, town.as_of)]


STANDS = {"suspected": ("疑似辍学", "poor"), "dropout": ("辍学", "groups")}  # ledger -> in words, the column of X40


@rule(
    "X40",
    ERROR,
    needs=(
        *(f"suspected.{column}" for column in ("poor", "groups", "closed", "student_key")),
        *(f"dropout.{column}" for column in ("groups", "back_date", "closed", "state", "student_key")),
        "roster.groups",
        "family_plan.poor_type",
    ),
    says="{school}{name}{state}，是脱贫户或监测户家庭的孩子（见{where}），当天就要报告",
    fix="请当日报告中心学校和镇政府，落实资助和帮扶，逐日跟踪，直到复学或销号；台账没有标注的请补标。",
    source="domain.md 3.2 X40；方案四-2",
)
def poor_and_away(town: Town, policy: Policy) -> Iterator[Spot]:
    """脱贫户、监测户家庭的孩子疑似辍学或辍学，是头等大事：当日报告，在册一天就提醒一天，复学或销号才消。台账、花名册、一家一案有一处写着就算，台账漏标也看得见。"""
    book, poor = casework.cases(town), casework.poor(town)
    for sheet, (state, column) in STANDS.items():
        said = dict(zip(book[sheet], poor, strict=True))
        for index, home, name in _open(town, sheet)[["home", "name"]].itertuples(name=None):
            if said[index]:
                yield at(sheet, index, column, school=home, name=called(name), state=state, where=said[index])


@rule(
    "X47",
    ERROR,
    needs=("dropout.student_key", "dropout.plan_id", "dropout.back_date", "dropout.closed", "pupil_plan.student_key"),
    says="{name}在册辍学，帮扶“学困厌学_一生一案”里没有他的一生一案（编号{plan}）",
    fix="请为该生建一生一案，登记在帮扶“学困厌学_一生一案”，编号与辍学台账一致；编号写错的请改正。",
    source="domain.md 3.2 X47",
)
def dropout_without_plan(town: Town, policy: Policy) -> Iterator[Spot]:
    """在册的每个辍学学生都要有一生一案：为什么走、谁去劝、怎么帮。编号空着的由必填检查报，这里看的是填了编号、帮扶里却没有这个案的。"""
    rows = _open(town, "dropout").dropna(subset=["plan_id", "student_key"])
    rows = rows[readable(town, rows["home"], "pupil_plan.student_key")]
    plans = of_year(town, town["pupil_plan"])
    held = pd.MultiIndex.from_frame(plans.dropna(subset=["student_key"])[rolls.PUPIL])
    # a plan whose pupil nobody could read may be this one
    maybe = set(plans.loc[plans["student_key"].isna(), "pupil_plan"].dropna())
    rows = rows[~pd.MultiIndex.from_frame(rows[rolls.PUPIL]).isin(held) & ~rows["plan_id"].isin(maybe)]
    rows = rows[~maybe_listed(town, rows, "pupil_plan")]
    for index, name, plan in rows[["name", "plan_id"]].itertuples(name=None):
        yield at("dropout", index, "plan_id", name=called(name), plan=plan)


# --- 流失 -------------------------------------------------------------------------------------------------------------
WAYS_BACK = ("back_date", "closed", "close_type", "state")  # what cannot be read there may say that the child is back


@rule(
    "V01",
    ERROR,
    needs=(
        *(f"dropout.{column}" for column in ("student_key", "confirm_date", *WAYS_BACK)),
        *(f"baseline.{column}" for column in ("student_key", "class_id", "base_state")),
        "veto.case_id",
        "veto.target_id",
    ),
    says="{school}{class_name}{name}构成流失，触发一票否决，“一票否决”表里还没有",
    fix="请中心学校核实认定，在督查奖惩“一票否决”记一行（有申诉的填申诉结果）；孩子已经回来的，先填复学日期。",
    source="domain.md 3.3 V01, 4.2；方案六-8",
)
def lost_and_no_veto(town: Town, policy: Policy) -> Iterator[Spot]:
    """学年初在册的学生认定为辍学，没有复学也没有销号，就是流失；一个班流失的人数到了参数，触发一票否决，由中心学校认定。

    转学、休学批准、死亡等销号的不是流失；复学的是不是免否决，照参数。程序只提出，不作认定。
    """
    rows = losses(town, town.as_of, policy)
    told = [town.known("dropout", column).reindex(rows.index) for column in ("confirm_date", *WAYS_BACK)]
    rows = rows[rows["lost"] & pd.concat(told, axis=1).all(axis=1)]
    rows = rows[readable(town, rows["home"], "veto.case_id", "veto.target_id", "baseline.class_id")]
    sizes = rows.groupby("room", dropna=False)["home"].transform("size")
    rows = rows[rows["room"].isna() | (sizes >= policy["veto_losses"])]
    vetoes = of_year(town, town["veto"])
    vetoes = vetoes[~(vetoes["date"] > pd.Timestamp(town.as_of))]
    targets = vetoes.dropna(subset=["target_id"])
    meant = look_up(town, pd.DataFrame({"value": targets["target_id"], "home": ""}), "class")["key"]
    # two schools may use one number: then the veto has to name the class as well
    numbers = rows["case_id"].where(~town["dropout"]["case_id"].duplicated(keep=False).reindex(rows.index))
    decided = numbers.isin(vetoes["case_id"].dropna()) | rows["room"].isin(meant[meant != ""])
    decided |= bool((vetoes["case_id"].isna() & ~town.known("veto", "case_id").reindex(vetoes.index)).any())
    labels = class_names(town)
    for index, home, room, name in rows.loc[~decided, ["home", "room", "name"]].itertuples(name=None):
        yield at("dropout", index, "confirm_date", school=home, class_name=labels.get(room, ""), name=called(name))


RULES = (absent_but_on_no_ledger, poor_and_away, dropout_without_plan, nobody_answers, lost_and_no_veto)
