"""Signals from 帮扶, 控辍台账 and 学籍: W5 to W16."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import clocks, ledgers, rolls
from ..references import keyed
from .base import Signal, begun, going, grades, of_year, pupils, shown, signal

POOR = ("脱贫户", "监测户", "低保")
CONDUCT = ("沉迷网络", "不良交往", "早恋", "有外出打工意向")
PLAN = tuple(f"pupil_plan.{name}" for name in ("student_key", "kind", "listed", "converted"))
WATCH = ("watch.student_key", "watch.signals", "watch.found", "watch.closed")
HOUSEHOLD = ("guardian", "guardian_tel", "village")
DROPOUT = ("dropout.student_key", "dropout.confirm_date", "dropout.back_date", "dropout.closed")


# --- 帮扶 -------------------------------------------------------------------------------------------------------------
def _plans(town: Town, day: dt.date, *kinds: str) -> pd.DataFrame:
    rows = begun(town.once(_open_plans), "listed", day)
    return rows[rows["kind"].isin(kinds)]


def _open_plans(town: Town) -> pd.DataFrame:
    """一生一案 but of those who were turned around: they show the signal no more, though no cell says since when."""
    rows = of_year(town, "pupil_plan")
    lost = ~town.known("pupil_plan", "converted").reindex(rows.index)
    return rows.loc[~(rows["converted"].fillna(False).astype(bool) | lost), [*rolls.PUPIL, "kind", "listed"]]


@signal("W5", "学困", *PLAN)
def weak(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """一生一案认定为学困（含学困兼厌学），还没有认定转化。"""
    rows = _plans(town, day, "学困", "学困兼厌学")
    return shown(rows, policy["signal_weak_points"], rows["listed"], "认定为学困")


@signal("W6", "厌学", *PLAN)
def weary(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """一生一案认定为厌学（含学困兼厌学），还没有认定转化。厌学是初中辍学的第一原因。"""
    rows = _plans(town, day, "厌学", "学困兼厌学")
    return shown(rows, policy["signal_weary_points"], rows["listed"], "认定为厌学")


@signal("W7", "学困且厌学", *PLAN)
def weak_and_weary(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """学困和厌学同时认定的，另加信号分。"""
    rows = _plans(town, day, "学困", "厌学", "学困兼厌学")
    other = rows["kind"].map({"学困": "厌学", "厌学": "学困"})
    pairs = set(zip(rows["home"], rows["student_key"], rows["kind"], strict=True))
    keep = [
        kind == "学困兼厌学" or (home, key, lacking) in pairs
        for home, key, kind, lacking in zip(rows["home"], rows["student_key"], rows["kind"], other, strict=True)
    ]
    rows = rows[pd.Series(keep, rows.index, dtype=bool)]
    return shown(rows, policy["signal_weak_weary_points"], rows["listed"], "学困又厌学")


@signal("W8", "家庭经济困难", "family_plan.student_key", "family_plan.poor_type", belongs=True)
def poor(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """一家一案里是脱贫户、监测户或低保。这只说明要多关心，本身不是过错。"""
    rows = of_year(town, "family_plan")
    rows = rows.loc[rows["poor_type"].isin(POOR), [*rolls.PUPIL, "poor_type"]]
    return shown(rows, policy["signal_poor_points"], pd.NaT, rows["poor_type"])


@signal("W9", "双亲留守或监护差", "leftbehind.student_key", "leftbehind.left_type", "leftbehind.care", belongs=True)
def left_behind(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """留守儿童表里父母双方都外出，或者监护情况为差。"""
    rows = town["leftbehind"]
    rows = rows.loc[(rows["left_type"] == "双亲留守") | (rows["care"] == "差"), [*rolls.PUPIL, "left_type"]]
    reason = ["双亲留守" if left == "双亲留守" else "监护情况差" for left in rows["left_type"]]
    return shown(rows, policy["signal_leftbehind_points"], pd.NaT, reason)


@signal("W11", "残疾或长期病", "disabled.student_key", "roster.health", belongs=True)
def disabled(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """在残疾儿童表里，或者花名册健康状况为残疾、有慢性病。"""
    ill = town["roster"].loc[town["roster"]["health"].isin(("残疾", "有慢性病")), rolls.PUPIL]
    rows = pd.concat([town["disabled"][rolls.PUPIL], ill])
    return shown(rows, policy["signal_disabled_points"], pd.NaT, "残疾或长期患病")


# --- 控辍台账 ---------------------------------------------------------------------------------------------------------
def _noted(town: Town, day: dt.date, *names: str) -> pd.DataFrame:
    """The rows of 重点关注 going on that day, one for each of these signals people wrote there (in `noted`)."""
    rows = going(begun(town.once(_notes), "found", day), "closed", day)
    return rows[rows["noted"].isin(names)].drop_duplicates([*rolls.PUPIL, "noted"])


def _notes(town: Town) -> pd.DataFrame:
    rows = of_year(town, "watch").dropna(subset=["signals"])[[*rolls.PUPIL, "signals", "found", "closed"]]
    return rows.assign(noted=rows["signals"].str.split("、")).explode("noted").drop(columns="signals")


@signal("W10", "家庭变故", *WATCH)
def family_event(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """重点关注里由人认定的家庭变故（亲人去世、离异、重病、服刑等），解除以后不再算。"""
    rows = _noted(town, day, "家庭变故")
    return shown(rows, policy["signal_family_event_points"], rows["found"], "家庭变故")


@signal("W13", "沉迷网络、交往或外出打工意向", *WATCH)
def conduct(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """重点关注里由人认定的沉迷网络、不良交往、早恋、有外出打工意向，每项计分，有上限。"""
    rows = _noted(town, day, *CONDUCT)
    found: dict[tuple[str, str], list] = {}
    for home, key, name, since in rows[[*rolls.PUPIL, "noted", "found"]].itertuples(index=False, name=None):
        found.setdefault((home, key), []).append((name, since))
    most = policy["signal_conduct_max"]
    points = [min(most, len(notes) * policy["signal_conduct_points"]) for notes in found.values()]
    since = [max((day for _, day in notes if not pd.isna(day)), default=pd.NaT) for notes in found.values()]
    reason = ["、".join(sorted(name for name, _ in notes)) for notes in found.values()]
    return shown(pd.DataFrame(list(found), columns=rolls.PUPIL), points, since, reason)


def _cases(town: Town) -> pd.DataFrame:
    """辍学台账 with the village's key and since when and until when each case stands; without a first date nobody knows."""
    rows = town["dropout"].assign(village=keyed(town, "dropout", "village_code"))
    return ledgers.dropouts(rows).dropna(subset=["entered"])


@signal("W12", "曾辍学复学", *DROPOUT, "dropout.follow_to")
def returned(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """辍学后复学、还在跟踪期内的学生。回来的孩子最容易再次离开。"""
    rows = town.once(_cases)
    rows = rows[rows["returned"] & (rows["left"] <= pd.Timestamp(day)) & ~(rows["follow_to"] < pd.Timestamp(day))]
    rows = going(rows, "closed", day)
    return shown(rows, policy["signal_returned_points"], rows["left"], "辍学后复学，在跟踪期内")


@signal("W14", "同胞或同伴已辍学", *DROPOUT, "dropout.village_code", "roster.village_code", "roster.guardian_tel")
def peers_gone(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """同胞（监护人和电话相同）已辍学未返校，或者同村、年级相近的同伴已辍学未返校。一个孩子走了，常常带走身边的孩子。"""
    cases = town.once(_cases)
    gone = cases.loc[ledgers.open_at(cases, day), ["student_key", *HOUSEHOLD, "grade", "entered"]]
    held = town.once(_households)
    near = held[held["guardian_tel"].isin(gone["guardian_tel"]) | held["village"].isin(gone["village"])]
    family = near.merge(gone, on=["guardian", "guardian_tel"], suffixes=("", "_gone"))
    village = near.merge(gone, on="village", suffixes=("", "_gone"))
    village = village[(village["grade"] - village["grade_gone"]).abs() <= policy["signal_peer_grades"]]
    both = pd.concat([family.assign(reason="同胞已辍学"), village.assign(reason="同村年级相近的同伴已辍学")])
    both = both[both["student_key"] != both["student_key_gone"]]
    return shown(both, policy["signal_peer_points"], both["entered"], both["reason"])


def _households(town: Town) -> pd.DataFrame:
    """Pupils with guardian, telephone, village and grade."""
    roster = rolls.listed(town)
    village = keyed(town, "roster", "village_code").reindex(roster.index)
    rows = roster[[*rolls.PUPIL, "guardian", "guardian_tel"]].assign(village=village)
    grade = roster["class_id"].map(town.once(grades))
    # what is missing is nobody's household
    return rows.assign(grade=grade.astype("Int64")).fillna(dict.fromkeys(HOUSEHOLD, "\0"))


# --- 学籍 -------------------------------------------------------------------------------------------------------------
@signal("W15", "八九年级", "roster.class_id", "class.grade", belongs=True)
def upper_grades(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """方案规定的重点年级。初中后两年辍学最多。"""
    rows = pupils(town, day)
    rows = rows[rows["grade"].isin(policy["signal_upper_grades"])]
    return shown(rows, policy["signal_upper_grades_points"], pd.NaT, "在重点年级")


@signal("W16", "借读或转学在办", "roster.guest", "change.sys_start", "change.sys_date", belongs=True)
def guest(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """在本校借读，或者转入手续发起后超过核办时限还没有办结。人和学籍不在一处，走了没有人知道。"""
    sits = town["roster"].loc[town["roster"]["guest"].fillna(False).astype(bool), rolls.PUPIL]
    sits = sits.assign(since=pd.Series(pd.NaT, sits.index, dtype="datetime64[us]"), reason="借读")
    moves = going(begun(rolls.changes(town), "sys_start", day), "sys_date", day)
    moves = moves[(moves["kind"] == "转入") & moves["sys_state"].isin(("未发起", "已发起", "已核办"))]
    moves = moves[(moves["sys_state"] != "已核办") | moves["sys_date"].notna()]
    limit = policy.parameter("transfer_within")
    late = clocks.elapsed(town, moves["sys_start"], day, limit.unit) > limit.value
    moves = moves[late.fillna(False).astype(bool)]
    moves = moves[rolls.PUPIL].assign(since=moves["sys_start"], reason="转学手续超过时限未办结")
    rows = pd.concat([moves, sits])
    return shown(rows, policy["signal_guest_points"], rows["since"], rows["reason"])


SIGNALS: tuple[Signal, ...] = (
    weak,
    weary,
    weak_and_weary,
    poor,
    left_behind,
    family_event,
    disabled,
    returned,
    conduct,
    peers_gone,
    upper_grades,
    guest,
)
