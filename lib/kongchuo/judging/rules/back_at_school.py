"""Rules on 复学 and 销号: whether who is back is back, and who is struck off may be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ...core.findings import ERROR, WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import casework, rolls
from ...field.deadlines.cases import follow_end
from ...field.ledgers import BACK_AGAIN
from ...field.references import keyed
from .base import Rule, Spot, at, called, rule

INTO_CLASS = ("复学(原班)", "复学(插班)", "复学(单独编班)")
TO_VOCATIONAL, WENT_THERE, ELSEWHERE = "复学(普职融合)", "已复学(普职融合)", "外地就读"  # WENT_THERE: a visit's result
DATES = {"suspected": "closed", "dropout": "back_date"}  # ledger -> the cell that says since when the pupil is back
ABSENT = ("absence.date", "absence.student_key", "absence.kind", "absence.halves", "absence.leave_slip")


def _returns(town: Town) -> pd.DataFrame:
    """Every return a ledger records by as_of: home, student_key, name, date, mode, sheet, place; the case's number as index.

    A suspected case that ended in 返校 returned on 结案日期. A dropout case in 再次辍学 says itself that it did not last.
    """
    book = casework.cases(town)
    first = book[(book["verdict"] == casework.CAME_BACK) & book["settled"].notna()]
    second = book[book["back"].notna() & (book["state"] != BACK_AGAIN)]
    parts = [
        first.assign(date=first["settled"], mode=pd.NA, sheet="suspected", place=first["suspected"]),
        second.assign(date=second["back"], mode=second["back_mode"], sheet="dropout", place=second["dropout"]),
    ]
    found = pd.concat(parts)[[*rolls.PUPIL, "name", "date", "mode", "sheet", "place"]]
    return found[found["date"] <= pd.Timestamp(town.as_of)]


def _absent_after(town: Town, returned: pd.DataFrame) -> pd.DataFrame:
    """Days without leave from the first school day back on: the return's columns, `day`, `halves`, `row` (缺勤明细), `run`.

    `run` numbers the stretches of school days that follow each other; `at_once`: the stretch began on the first day back and
    that whole day was missed, so that the pupil was never back.
    """
    days = np.array(rolls.school_days(town), "datetime64[D]")
    away = casework.unexcused(town)
    away = away[away["date"] <= pd.Timestamp(town.as_of)]
    away = away[[*rolls.PUPIL, "date", "halves"]].rename(columns={"date": "day"}).assign(row=list(away.index))
    found = returned.reset_index(names="case").merge(away, on=rolls.PUPIL)
    found["place"] = found["place"].astype(object)
    first, here = (np.searchsorted(days, found[column].to_numpy("datetime64[D]")) for column in ("date", "day"))
    found = found.assign(after=here - first)[(here >= first) & (found["day"] >= found["date"])]
    found = found.sort_values(["case", "sheet", "after"], kind="stable")
    group = found.groupby(["case", "sheet"])
    run = (group["after"].diff().fillna(0) > 1).groupby([found["case"], found["sheet"]]).cumsum()
    whole = (
        found["halves"].fillna(0).astype(int).groupby([found["case"], found["sheet"], found["after"]]).transform("sum")
        >= 2
    )
    missed = ((found["after"] == 0) & whole).groupby([found["case"], found["sheet"]]).transform("any")
    return found.assign(run=run, at_once=missed & (run == 0))


@rule(
    "X16",
    ERROR,
    needs=("dropout.back_date", "dropout.state", "suspected.verdict", "suspected.closed", *ABSENT),
    says="{school}{name}登记{date}复学，但{day}仍缺勤，没有请假",
    fix="请核实孩子到底回来没有：没有回来的，去掉复学（返校）登记，继续劝返；回来了的，改正“缺勤明细”。",
    source="domain.md 3.2 X16",
)
def back_but_absent(town: Town, policy: Policy) -> Iterator[Spot]:
    """登记复学（疑似案登记返校）的那个上课日，缺勤明细里整天无故缺勤，就是没有回来。只在台账上复学，孩子还在外面。有请假手续的不算；以后再缺勤的见X51。"""
    returned = _returns(town)
    rows = _absent_after(town, returned[returned["mode"].isna() | returned["mode"].isin(INTO_CLASS)])
    rows = rows[rows["at_once"]].drop_duplicates(["case", "sheet"])
    for home, name, date, sheet, place, day in rows[["home", "name", "date", "sheet", "place", "day"]].itertuples(
        index=False, name=None
    ):
        facts = {"school": home, "name": called(name), "date": f"{date:%Y-%m-%d}", "day": f"{day:%Y-%m-%d}"}
        yield at(sheet, place, DATES[sheet], **facts)


@rule(
    "X51",
    WARNING,
    needs=("dropout.back_date", "dropout.follow_to", "dropout.closed", "dropout.state", *ABSENT),
    says="{school}{name}{date}复学，跟踪期内{day}起又无故缺勤",
    fix="请当天联系家长、上门，问清原因；到了疑似线的列入疑似台账，确实又辍学的把状态改为“再次辍学”。",
    source="domain.md 3.2 X51",
)
def absent_again(town: Town, policy: Policy) -> Iterator[Spot]:
    """复学的孩子最容易再走。复学后跟踪期内（没有写截止的，算到下一个学期末）的每一段无故缺勤都要有人管。复学当天就没有来的见X16，不重复报。"""
    returned = _returns(town)
    returned = returned[returned["sheet"] == "dropout"]
    book = casework.cases(town).loc[returned.index]
    until = book["follow_to"].fillna(follow_end(town, policy, book["back"]))
    until = casework.earliest(until, book["struck"])
    rows = _absent_after(town, returned)
    rows = rows[~rows["at_once"] & ~(rows["day"] > casework.at(until, rows["case"]))]
    rows = rows.drop_duplicates(["case", "run"])
    for home, name, date, day, row in rows[["home", "name", "date", "day", "row"]].itertuples(index=False, name=None):
        facts = {"school": home, "name": called(name), "date": f"{date:%Y-%m-%d}", "day": f"{day:%Y-%m-%d}"}
        yield at("absence", row, "student_key", **facts)


@rule(
    "X17",
    ERROR,
    needs=("dropout.back_date", "dropout.back_mode", "suspected.verdict", "roster.status", "roster.student_key"),
    says="{school}{name}已登记{date}复学，花名册状态仍为{state}",
    fix="请核实：确已复学的，花名册“在籍状态”改为在读（送教的改送教上门），并记“学生变动”复学；没有复学的，更正台账。",
    source="domain.md 3.2 X17",
)
def back_but_not_on_the_roster(town: Town, policy: Policy) -> Iterator[Spot]:
    """台账登记复学（疑似案登记返校），花名册那天就应是在读或送教上门。两处不一样，总有一处是错的，人数和巩固率都会算错。去外地就读的不看。"""
    returned = _returns(town)
    returned = returned[returned["mode"].isna() | (returned["mode"] != ELSEWHERE)]
    spells = rolls.spells(town)[[*rolls.PUPIL, "state", "start", "end"]].dropna(subset=["student_key", "state"])
    spells = spells[spells["student_key"].isin(returned["student_key"])]
    spells = spells.assign(row=list(spells.index))
    rows = returned.merge(spells, on=rolls.PUPIL)
    rows = rows[(rows["start"] <= rows["date"]) & (rows["date"] < rows["end"])]
    rows = rows[~rows["state"].isin((*rolls.AT_SCHOOL, rolls.NOT_HERE))].drop_duplicates(rolls.PUPIL, keep="last")
    for home, name, date, state, row in rows[["home", "name", "date", "state", "row"]].itertuples(
        index=False, name=None
    ):
        facts = {"school": home, "name": called(name), "date": f"{date:%Y-%m-%d}", "state": state}
        yield at("roster", row, "status", **facts)


PROOF = "在读|就读|学籍"  # words of a paper of the vocational school: 在读证明, 就读证明, 学籍截图


@rule(
    "X46",
    WARNING,
    needs=("dropout.back_mode", "dropout.evidence", "dropout.closed", "suspected.evidence", "visit.result"),
    says="{name}登记去职校就读，“佐证”里没有在读证明",
    fix="请向职校要在读证明（或学籍截图），存档后把名称和档号写进“佐证”，如 在读证明 14-03。",
    source="domain.md 3.2 X46；方案六-6",
)
def no_proof_of_the_vocational_school(town: Town, policy: Policy) -> Iterator[Spot]:
    """普职融合复学的，人在职校，要有职校的在读证明，写在“佐证”里。检查要看原件；没有证明，就可能是名义上复学、实际在外打工。已销号而“佐证”空着的由必填检查报。"""
    book, visits, now = casework.cases(town), casework.visits(town), pd.Timestamp(town.as_of)
    went = visits.loc[(visits["result"] == WENT_THERE) & (visits["date"] <= now), "case"]
    first = book["suspected"][
        (book["verdict"] == casework.CAME_BACK) & (book["settled"] <= now) & book.index.isin(set(went.dropna()))
    ]
    second = book["dropout"][(book["back_mode"] == TO_VOCATIONAL) & ~(book["back"] > now)]
    for sheet, places in (("suspected", first), ("dropout", second)):
        rows = town[sheet][town[sheet].index.isin([place for place in places if place is not None])]
        lacking = ~rows["evidence"].fillna("").str.contains(PROOF)
        lacking &= town.known(sheet, "evidence").reindex(rows.index) & (
            rows["evidence"].notna() | rows["closed"].isna()
        )
        for index, name in rows.loc[lacking, "name"].items():
            yield at(sheet, index, "evidence", name=called(name))


NOTHING = r"[\s/\\\-—–－、。.]*(?:暂?无|没有|待补充?|后补|略|同上)?[\s/\\\-—–－、。.]*"
NO_PROOF = "{name}已销号，“佐证”只写了“{value}”，不是佐证材料"
SAME_PERSON = "{name}销号的审核人{reviewer}就是本案的包保人或记录人，缺第二人审核"
NOT_CLEAR = "{name}已销号，核查结论还是“待核实”"
HANDLERS = {"suspected": "teacher", "dropout": "bond_school"}


@rule(
    "X50",
    ERROR,
    needs=(
        *(f"{sheet}.{column}" for sheet in HANDLERS for column in ("closed", "close_type", "evidence", "reviewer")),
        "match.closed",
        "match.evidence",
        "match.verdict",
        "visit.recorder",
    ),
    says=NO_PROOF,
    fix="请写明凭什么材料销号（名称、档号），由没有经手本案的人审核；查不清的先不要销号。",
    source="domain.md 3.2 X50",
)
def struck_off_without_ground(town: Town, policy: Policy) -> Iterator[Spot]:
    """销号要有类型、佐证和第二人审核：疑似、辍学台账和比对结果都一样。审核人不能是本案的包保人或劝返记录人，佐证不能写“无”“待补”。一个人说了算，孩子就可能被错销。空着的格由必填检查报。"""
    now = pd.Timestamp(town.as_of)
    for sheet in (*HANDLERS, "match"):
        rows = town[sheet]
        rows = rows[rows["closed"] <= now]
        empty = rows["evidence"].fillna("有").str.fullmatch(NOTHING)
        for index, name, value in rows.loc[empty, ["name", "evidence"]].itertuples(name=None):
            yield at(sheet, index, "evidence", name=called(name), value=value)
        if sheet == "match":
            for index, name in rows.loc[rows["verdict"] == "待核实", "name"].items():
                yield at(sheet, index, "verdict", says=NOT_CLEAR, name=called(name))
            continue
        for index, name, reviewer in rows[_reviewed_by_handler(town, sheet, rows)][["name", "reviewer"]].itertuples(
            name=None
        ):
            yield at(sheet, index, "reviewer", says=SAME_PERSON, name=called(name), reviewer=reviewer)


def _reviewed_by_handler(town: Town, sheet: str, rows: pd.DataFrame) -> pd.Series:
    """Whether the reviewer answers for the case or wrote down one of its visits; people by number or name alike."""

    def people(of: str, column: str) -> pd.Series:
        return keyed(town, of, column).fillna(town[of][column])

    reviewer = people(sheet, "reviewer").reindex(rows.index)
    same = reviewer == people(sheet, HANDLERS[sheet]).reindex(rows.index)
    book, visits = casework.cases(town), casework.visits(town)
    visits = casework.placed(visits.assign(by=people("visit", "recorder")), "by")
    wrote = set(zip(book[sheet].reindex(visits["case"]), visits["by"], strict=True))
    recorded = [pair in wrote for pair in zip(rows.index, reviewer, strict=True)]
    return same.fillna(False).astype(bool) | pd.Series(recorded, rows.index, dtype=bool)


RULES: tuple[Rule, ...] = (
    back_but_absent,
    absent_again,
    back_but_not_on_the_roster,
    no_proof_of_the_vocational_school,
    struck_off_without_ground,
)
