"""Rules on who should have come from another list: last year's sixth grade, and pupils of grade seven who never came."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import ERROR
from ...core.policy import Policy
from ...core.schema import LAST_PRIMARY
from ...core.tables import Town
from ...field import deadlines, ledgers, rolls
from ...field.deadlines.handover import ELSEWHERE, HANDED_OVER
from ...field.matching.lists import sixth_graders
from ...field.references import class_grades
from .base import Spot, at, called, no, readable, rule
from .pupils import maybe_listed


@rule(
    "X23",
    ERROR,
    needs=(
        "before:roster.student_key",
        "before:roster.class_id",
        "before:roster.status",
        "before:class.class_id",
        "before:class.grade",
        "roster.student_key",
        "roster.status",
        "census.student_key",
        "census.study_status",
        "census.proof",
        "match.student_key",
        "match.closed",
        "term.start",
    ),
    says="{name}上学年在{school}六年级，本学年各校花名册上都没有，{told}",
    fix="请原小学会同初中逐户核实：在本镇就读的由学校补入花名册；在镇外就读的把证明记入“摸底登记”；没有上学的按疑似辍学处理。"
    "另有原因的在“比对结果”（六年级-七年级）写明并销号。上学年的工作簿不用改。",
    source="domain.md 3.2 X23; 方案二（目标③）",
)
def lost_after_grade_six(town: Town, policy: Policy) -> Iterator[Spot]:
    """上学年的六年级学生，开学后要么在本镇某校的花名册上，要么有镇外就读的证明，要么在比对结果里查清销号。六升七两边交接，最容易漏人。"""
    rows = deadlines.state(town, policy, HANDED_OVER)
    rows = rows[rows["late"] & rows["done"].isna()]
    keys = sixth_graders(town)["student_key"].to_dict()
    census = town["census"].dropna(subset=["student_key"]).drop_duplicates("student_key")
    states = dict(zip(census["student_key"].tolist(), census["study_status"].fillna("").tolist(), strict=True))
    for index, name, school in rows[["name", "home"]].itertuples(name=None):
        state = states.get(keys.get(index))
        told = "摸底登记里也没有" if state is None else f"摸底登记写“{state or '空着'}”"
        told += "，没有就读证明" if state == ELSEWHERE else ""
        yield at("roster", index, "student_key", name=name, school=school, told=told)


SEEN = ("在位", "请假")  # 本人在位: the school knows where the pupil is
GHOST = ("有籍无人", "空挂")
LISTS = ("in_rollbook", "in_seating", "in_homework")


@rule(
    "X24",
    ERROR,
    needs=(
        "roster.status",
        "roster.class_id",
        "class.grade",
        "reconcile.student_key",
        "reconcile.date",
        "reconcile.present",
        "reconcile.diff_type",
        "reconcile.done",
        "absence.kind",
        "suspected.student_key",
        "dropout.student_key",
        "term.start",
    ),
    says="{school}{name}七年级有学籍未到校：{evidence}",
    fix="请当天核实去向：人在外地就读的办理转学，没有上学的记入“疑似辍学台账”；已经到校的，在“人籍核查”填完成日期或补一次核查。",
    source="domain.md 3.2 X24",
)
def on_register_but_not_there(town: Town, policy: Policy) -> Iterator[Spot]:
    """七年级花名册上“在读”，人籍核查却说有籍无人，或开学起一直未报到。六升七时学籍自动转来，人没有来，空挂的学籍会掩盖真正的辍学。

    已经列入疑似或辍学台账的不再报；请假的、后来核查到本人的、已经整改完成的不报。
    """
    pupils = rolls.on(town, town.as_of)
    grades = pupils["class_id"].map(class_grades(town))
    pupils = pupils[(grades == LAST_PRIMARY + 1) & (pupils["state"] == rolls.ENROLLED) & pupils["student_key"].notna()]
    pupils = pupils[readable(town, pupils["home"], "suspected.student_key", "dropout.student_key")]
    pupils = pupils[~_on_ledger(town, pupils) & ~maybe_listed(town, pupils, "suspected", "dropout")]
    evidence = _checked(town) | _never_came(town, policy, pupils)
    for index, home, key, name in pupils[["home", "student_key", "name"]].itertuples(name=None):
        if (home, key) in evidence:
            yield at("roster", index, "status", school=home, name=called(name), evidence=evidence[home, key])


def _on_ledger(town: Town, pupils: pd.DataFrame) -> pd.Series:
    """Who is an open case of that day."""
    cases = pd.concat([ledgers.suspected(town["suspected"]), ledgers.dropouts(town["dropout"])])
    return pupils["student_key"].isin(cases.loc[ledgers.open_at(cases, town.as_of), "student_key"].dropna())


def _checked(town: Town) -> dict[tuple[str, str], str]:
    """What 人籍核查 last said of a pupil who is on the register only; not once seen, put right or not readable since."""
    rows = town["reconcile"].dropna(subset=["student_key", "date"])
    rows = rows[rows["date"] <= pd.Timestamp(town.as_of)].sort_values("date", kind="stable")
    clear = town.known("reconcile", "present").reindex(rows.index) & town.known("reconcile", "diff_type").reindex(
        rows.index
    )
    seen = rows["present"].isin(SEEN) | ~clear
    nowhere = pd.DataFrame({name: no(rows[name]) for name in LISTS}).all(axis=1)
    ghost = ~seen & (rows["diff_type"].isin(GHOST) | (rows["present"] == "不在本校") | nowhere)
    told = rows[seen | ghost].assign(ghost=ghost, mended=_mended(town).reindex(rows.index))
    # on one day who was seen was there
    told = told.sort_values(["date", "ghost"], ascending=[True, False], kind="stable")
    last = told.drop_duplicates(["home", "student_key"], keep="last")
    last = last[last["ghost"] & ~last["mended"]]
    why = last["diff_type"].fillna(last["present"])
    days = last["date"].dt.strftime("%Y-%m-%d")
    texts = days + "人籍核查为“" + why + "”，没有整改完成"
    return dict(zip(zip(last["home"], last["student_key"], strict=True), texts, strict=True))


def _mended(town: Town) -> pd.Series:
    done = town["reconcile"]["done"]
    return (done <= pd.Timestamp(town.as_of)) | ~town.known("reconcile", "done")


def _never_came(town: Town, policy: Policy, pupils: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Pupils entered as 开学未报到 whom nobody has seen since, once the days for clearing that up are over."""
    rows = town["absence"]
    rows = rows[(rows["kind"] == "开学未报到") & rows["student_key"].isin(pupils["student_key"])]
    start = rolls.terms(town)["start"]
    if rows.empty or start.empty:
        return {}
    due = deadlines.within(town, policy, start, "opening_absent_within")
    over = due[due < pd.Timestamp(town.as_of)].index
    missed = set(zip(rows["home"], rows["student_key"], strict=True))
    runs = rolls.streaks(town, town.as_of)
    runs = runs[runs["since"].isin(start[over])]
    return {
        (home, key): f"{since:%Y-%m-%d}开学未报到，至今没有到过校"
        for home, key, since in runs[["home", "student_key", "since"]].itertuples(index=False, name=None)
        if (home, key) in missed
    }


RULES = (lost_after_grade_six, on_register_but_not_there)
