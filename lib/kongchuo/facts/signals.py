"""Early-warning signals (domain.md 4.4): who shows which, since when and why, and the colour that follows. SIGNALS lists them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, complete, each, of_year, once, yes
from . import attendance, calendar, cases as case_facts, enrolment
from .references import class_grades, keyed

# --- What a signal is: a small function of (town, policy, day) that says which pupils show it, since when, and why ---
COLUMNS = [*enrolment.PUPIL, "points", "since", "reason", "red"]


@dataclass(frozen=True)
class Signal:
    """One signal of domain.md 4.4. `title` is its name in 重点关注; `needs` the columns without which it cannot fire.

    `belongs`: it says what a pupil is (poor, disabled, left behind, which grade), not what happened. `fires` gives COLUMNS;
    `since` is NaT where the ledger has no date, `red` says that it makes the colour red by itself. It looks at nothing later.
    """

    code: str
    title: str
    needs: tuple[str, ...]
    fires: Callable[[Town, Policy, dt.date], pd.DataFrame]
    belongs: bool = False

    @property
    def explains(self) -> str:
        """The signal in words: its function's docstring."""
        return (self.fires.__doc__ or "").strip()


def signal(code: str, title: str, *needs: str, belongs: bool = False) -> Callable[..., Signal]:
    """Make the decorated function a Signal. Nothing is registered: it must be listed in SIGNALS."""
    return lambda fires: Signal(code, title, needs, fires, belongs)


def shown(rows: pd.DataFrame, points: object, since: object, reason: object, red: object = False) -> pd.DataFrame:
    """COLUMNS for these rows, which have home and student_key; of several rows of a pupil the earliest counts."""
    values = {"points": points, "since": since, "reason": reason, "red": red}
    bare = {name: value.array if isinstance(value, pd.Series) else value for name, value in values.items()}
    return pd.DataFrame({name: rows[name].array for name in enrolment.PUPIL} | bare)


@once
def pupils(town: Town, day: dt.date) -> pd.DataFrame:
    """Whom signals are about: pupils 在读 on the day, with class and grade. Who left, rests or is taught at home is in other hands."""
    rows = enrolment.on(town, day)
    rows = complete(rows[rows["state"] == enrolment.ENROLLED], "student_key").drop_duplicates(enrolment.PUPIL)
    return rows.assign(grade=rows["class_id"].map(class_grades(town)).astype("Int64"))


def begun(rows: pd.DataFrame, column: str, day: dt.date) -> pd.DataFrame:
    """The rows that were there on a day: those dated later were not; one without a date was."""
    return rows[~(rows[column] > pd.Timestamp(day))]


def going(rows: pd.DataFrame, ended: str, day: dt.date) -> pd.DataFrame:
    """The rows that nothing had ended by a day."""
    return rows[~(rows[ended] <= pd.Timestamp(day))]


# --- Signals from 出勤: W1 to W4. Absence is absence without leave, counted as in `attendance.runs` ------------------------
ABSENCE = ("absence.date", "absence.student_key", "absence.kind", "absence.halves")
MARKET = "集日"  # in 说明 of 教学日历: a market day


def _recent(town: Town, day: dt.date, number: int) -> pd.DataFrame:
    """Absences without leave on the last `number` school days up to a day."""
    past = sum(one <= day for one in calendar.school_days(town))
    rows = attendance.absences(town)
    return rows[rows["without"] & (rows["place"] < past) & (rows["place"] >= past - number)]


def _days(number: float) -> str:
    return f"{number:g}个上课日"


@signal("W1", "连续无故缺勤", *ABSENCE, "daily.date", "calendar.date")
def consecutive(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """截至当天还没有返校的连续无故缺勤：1日、2日各有信号分，到了疑似线直接是红色。半天算半天，不满一日的不算。"""
    rows = attendance.streaks(town, day)
    rows = rows[rows["days"] >= 1]
    steps = policy["signal_streak_points"]
    points = [steps[min(int(number), len(steps)) - 1] for number in rows["days"]]
    reason = [
        f"自{since:%m-%d}起连续无故缺勤{_days(number)}"
        for since, number in zip(rows["since"], rows["days"], strict=True)
    ]
    return shown(rows, points, rows["since"], reason, rows["days"] >= policy["suspected_after"])


@signal("W2", "累计无故缺勤", *ABSENCE, "calendar.date")
def accumulated(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """最近一段上课日里无故缺勤累计到了起算日数，断断续续也算。断续缺勤不会触动连续缺勤，却常常是离校的前奏。"""
    window = policy["signal_total_window"]
    rows = _recent(town, day, window)
    each = rows.groupby([*enrolment.PUPIL, "place"]).agg(value=("value", "sum"), date=("date", "first"))
    total = each.assign(value=each["value"].clip(upper=1)).groupby(enrolment.PUPIL).agg({"value": "sum", "date": "max"})
    total = total[total["value"] >= policy["signal_total_days"]].reset_index()
    reason = [f"近{_days(window)}无故缺勤累计{number:g}日" for number in total["value"]]
    return shown(total, policy["signal_total_points"], total["date"], reason)


@signal("W3", "周一节后或集日缺勤", *ABSENCE, "calendar.date", "calendar.reason")
def patterned(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """最近一段上课日里，无故缺勤落在周一、放假后第一天或集日（教学日历说明里写了“集日”）达到起算次数。这样的缺勤有规律，多半不是偶然。"""
    rows = _recent(town, day, policy["signal_pattern_window"])
    rows = rows[rows["date"].isin(_special_days(town))].drop_duplicates([*enrolment.PUPIL, "place"])
    times = rows.groupby(enrolment.PUPIL).agg(number=("place", "size"), date=("date", "max"))
    times = times[times["number"] >= policy["signal_pattern_times"]].reset_index()
    reason = [f"逢周一、节后或集日无故缺勤{number}次" for number in times["number"]]
    return shown(times, policy["signal_pattern_points"], times["date"], reason)


@once
def _special_days(town: Town) -> frozenset[pd.Timestamp]:
    """Mondays, the first school day after any break, the first of the year, market days."""
    taught = calendar.school_days(town)
    found = {one for one in taught if one.weekday() == 0} | set(taught[:1])
    found |= {later for earlier, later in pairwise(taught) if (later - earlier).days > 1}
    entries = town["calendar"]
    markets = entries.loc[entries["reason"].fillna("").str.contains(MARKET), "date"].dropna()
    return frozenset(map(pd.Timestamp, found)) | frozenset(markets)


@signal("W4", "开学未报到或迟报到", *ABSENCE, "term.start")
def late_start(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """本学期开学没有报到、至今没有来，或者来了但迟报到超过规定日数。开学这几天是流失最多的时候。"""
    starts = calendar.terms(town)["start"]
    starts = starts[starts <= pd.Timestamp(day)]
    rows = attendance.absences(town)
    rows = rows[(rows["kind"] == "开学未报到") & (rows["date"] <= pd.Timestamp(day))]
    rows = rows[rows["date"] >= starts.iloc[-1]] if len(starts) else rows
    each = rows.groupby(enrolment.PUPIL).agg(number=("place", "nunique"), first=("date", "min"), last=("date", "max"))
    still = attendance.streaks(town, day).drop_duplicates(enrolment.PUPIL).set_index(enrolment.PUPIL)["since"]
    still = still.reindex(each.index)
    each = each[(each["last"] >= still) | (each["number"] > policy["signal_late_start_days"])].reset_index()
    reason = [f"开学{_days(number)}没有报到" for number in each["number"]]
    return shown(each, policy["signal_late_start_points"], each["first"], reason)


# --- Signals from 帮扶, 控辍台账 and 学籍: W5 to W16 ------------------------------------------------------------------------
LOW_INCOME = ("脱贫户", "监测户", "低保")
CONDUCT = ("沉迷网络", "不良交往", "早恋", "有外出打工意向")
PLAN = tuple(f"pupil_plan.{name}" for name in ("student_key", "kind", "listed", "converted"))
WATCH = ("watch.student_key", "watch.signals", "watch.found", "watch.closed")
HOUSEHOLD = ("guardian", "guardian_tel", "village")
DROPOUT = ("dropout.student_key", "dropout.confirm_date", "dropout.back_date", "dropout.closed")


# --- 帮扶 -------------------------------------------------------------------------------------------------------------
def _plans(town: Town, day: dt.date, *kinds: str) -> pd.DataFrame:
    rows = begun(_open_plans(town), "listed", day)
    return rows[rows["kind"].isin(kinds)]


@once
def _open_plans(town: Town) -> pd.DataFrame:
    """一生一案 but of those who were turned around: they show the signal no more, though no cell says since when."""
    rows = of_year(town, town["pupil_plan"])
    lost = ~town.known("pupil_plan", "converted").reindex(rows.index)
    return rows.loc[~(yes(rows["converted"]) | lost), [*enrolment.PUPIL, "kind", "listed"]]


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
    homes, keys, kinds = (rows[name].tolist() for name in (*enrolment.PUPIL, "kind"))
    pairs = set(zip(homes, keys, kinds, strict=True))
    keep = [
        kind == "学困兼厌学" or (home, key, lacking) in pairs
        for home, key, kind, lacking in zip(homes, keys, kinds, other.tolist(), strict=True)
    ]
    rows = rows[pd.Series(keep, rows.index, dtype=bool)]
    return shown(rows, policy["signal_weak_weary_points"], rows["listed"], "学困又厌学")


@signal("W8", "家庭经济困难", "family_plan.student_key", "family_plan.poor_type", belongs=True)
def poor(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """一家一案里是脱贫户、监测户或低保。这只说明要多关心，本身不是过错。"""
    rows = of_year(town, town["family_plan"])
    rows = rows.loc[rows["poor_type"].isin(LOW_INCOME), [*enrolment.PUPIL, "poor_type"]]
    return shown(rows, policy["signal_poor_points"], pd.NaT, rows["poor_type"])


@signal("W9", "双亲留守或监护差", "leftbehind.student_key", "leftbehind.left_type", "leftbehind.care", belongs=True)
def left_behind(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """留守儿童表里父母双方都外出，或者监护情况为差。"""
    rows = town["leftbehind"]
    rows = rows.loc[(rows["left_type"] == "双亲留守") | (rows["care"] == "差"), [*enrolment.PUPIL, "left_type"]]
    reason = ["双亲留守" if left == "双亲留守" else "监护情况差" for left in rows["left_type"]]
    return shown(rows, policy["signal_leftbehind_points"], pd.NaT, reason)


@signal("W11", "残疾或长期病", "disabled.student_key", "roster.health", belongs=True)
def disabled(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """在残疾儿童表里，或者花名册健康状况为残疾、有慢性病。"""
    ill = town["roster"].loc[town["roster"]["health"].isin(("残疾", "有慢性病")), enrolment.PUPIL]
    rows = pd.concat([town["disabled"][enrolment.PUPIL], ill])
    return shown(rows, policy["signal_disabled_points"], pd.NaT, "残疾或长期患病")


# --- 控辍台账 ---------------------------------------------------------------------------------------------------------
def _noted(town: Town, day: dt.date, *names: str) -> pd.DataFrame:
    """The rows of 重点关注 going on that day, one for each of these signals people wrote there (in `noted`)."""
    rows = going(begun(_notes(town), "found", day), "closed", day)
    return rows[rows["noted"].isin(names)].drop_duplicates([*enrolment.PUPIL, "noted"])


@once
def _notes(town: Town) -> pd.DataFrame:
    rows = complete(of_year(town, town["watch"]), "signals")[[*enrolment.PUPIL, "signals", "found", "closed"]]
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
    for home, key, name, since in rows[[*enrolment.PUPIL, "noted", "found"]].itertuples(index=False, name=None):
        found.setdefault((home, key), []).append((name, since))
    most = policy["signal_conduct_max"]
    points = [min(most, len(notes) * policy["signal_conduct_points"]) for notes in found.values()]
    since = [max((day for _, day in notes if not pd.isna(day)), default=pd.NaT) for notes in found.values()]
    reason = ["、".join(sorted(name for name, _ in notes)) for notes in found.values()]
    return shown(pd.DataFrame(list(found), columns=enrolment.PUPIL), points, since, reason)


@once
def _cases(town: Town) -> pd.DataFrame:
    """辍学台账 with the village's key and since when and until when each case stands; without a first date nobody knows."""
    rows = town["dropout"].assign(village=keyed(town, "dropout", "village_code"))
    return complete(case_facts.dropouts(rows), "entered")


@signal("W12", "曾辍学复学", *DROPOUT, "dropout.follow_to")
def returned(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """辍学后复学、还在跟踪期内的学生。回来的孩子最容易再次离开。"""
    rows = _cases(town)
    rows = rows[rows["returned"] & (rows["left"] <= pd.Timestamp(day)) & ~(rows["follow_to"] < pd.Timestamp(day))]
    rows = going(rows, "closed", day)
    return shown(rows, policy["signal_returned_points"], rows["left"], "辍学后复学，在跟踪期内")


@signal("W14", "同胞或同伴已辍学", *DROPOUT, "dropout.village_code", "roster.village_code", "roster.guardian_tel")
def peers_gone(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """同胞（监护人和电话相同）已辍学未返校，或者同村、年级相近的同伴已辍学未返校。一个孩子走了，常常带走身边的孩子。"""
    cases = _cases(town)
    gone = cases.loc[case_facts.open_at(cases, day), ["student_key", *HOUSEHOLD, "grade", "entered"]]
    held = _households(town)
    near = held[held["guardian_tel"].isin(gone["guardian_tel"]) | held["village"].isin(gone["village"])]
    family = near.merge(gone, on=["guardian", "guardian_tel"], suffixes=("", "_gone"))
    village = near.merge(gone, on="village", suffixes=("", "_gone"))
    village = village[(village["grade"] - village["grade_gone"]).abs() <= policy["signal_peer_grades"]]
    both = pd.concat([family.assign(reason="同胞已辍学"), village.assign(reason="同村年级相近的同伴已辍学")])
    both = both[both["student_key"] != both["student_key_gone"]]
    return shown(both, policy["signal_peer_points"], both["entered"], both["reason"])


@once
def _households(town: Town) -> pd.DataFrame:
    """Pupils with guardian, telephone, village and grade."""
    roster = enrolment.listed(town)
    village = keyed(town, "roster", "village_code").reindex(roster.index)
    rows = roster[[*enrolment.PUPIL, "guardian", "guardian_tel"]].assign(village=village)
    grade = roster["class_id"].map(class_grades(town))
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
    sits = town["roster"].loc[yes(town["roster"]["guest"]), enrolment.PUPIL]
    sits = sits.assign(since=pd.Series(pd.NaT, sits.index, dtype="datetime64[us]"), reason="借读")
    moves = going(begun(enrolment.changes(town), "sys_start", day), "sys_date", day)
    moves = moves[(moves["kind"] == "转入") & moves["sys_state"].isin(("未发起", "已发起", "已核办"))]
    moves = moves[(moves["sys_state"] != "已核办") | moves["sys_date"].notna()]
    limit = policy.parameter("transfer_within")
    late = calendar.elapsed(town, moves["sys_start"], day, limit.unit) > limit.value
    moves = moves[yes(late)]
    moves = moves[enrolment.PUPIL].assign(since=moves["sys_start"], reason="转学手续超过时限未办结")
    rows = pd.concat([moves, sits])
    return shown(rows, policy["signal_guest_points"], rows["since"], rows["reason"])


# --- all signals, and the colour that follows -------------------------------------------------------------------------
# SIGNALS is the table. A colour always comes with the reasons behind it and never with a bare score; what a pupil merely is
# (poor, disabled, left behind, in which grade) alone never makes more than 蓝. Pure; nothing dated later than the day counts.
BLUE, YELLOW, RED = "蓝", "黄", "红"
COLOURS = {BLUE: "warn_blue", YELLOW: "warn_yellow", RED: "warn_red"}  # in rising order, with their policy keys
DTYPES = {"points": float, "since": "datetime64[us]", "reason": "str", "red": bool}
SIGNALS: tuple[Signal, ...] = (consecutive, accumulated, patterned, late_start, weak, weary, weak_and_weary, poor, left_behind,
                               family_event, disabled, returned, conduct, peers_gone, upper_grades, guest)  # fmt: skip


def fired(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """Every signal of every pupil on a day: home, student_key, points, since, reason, red, code, title, belongs.

    Indexed as the roster; a pupil has as many rows as signals, in the order of SIGNALS.
    """
    parts = [one.fires(town, policy, day) for one in SIGNALS]
    rows = pd.concat(parts, ignore_index=True).astype(DTYPES)
    which = np.repeat(np.arange(len(SIGNALS)), [len(part) for part in parts])
    for name in ("code", "title", "belongs"):
        rows[name] = np.array([getattr(one, name) for one in SIGNALS])[which]
    rows = rows.sort_values("since", kind="stable").drop_duplicates([*enrolment.PUPIL, "code"]).sort_index()
    held = pupils(town, day)
    mine, theirs = (pd.MultiIndex.from_frame(frame[enrolment.PUPIL]) for frame in (held, rows))
    places = mine.get_indexer(theirs)
    return rows[places >= 0].set_axis(held.index[places[places >= 0]])


@once
def coloured(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """The pupils who reach a colour on a day: home, student_key, name, class_id, colour, since, signals, codes, reasons.

    Indexed as the roster. `signals`, `codes` and `reasons` are texts joined by 、; `since` is the day of the latest
    signal (NaT where none has a day).
    """
    rows = fired(town, policy, day)
    sums = rows.groupby(level=0, sort=False).agg({"points": "sum", "red": "any", "belongs": "all", "since": "max"})
    colour = pd.Series("", sums.index, dtype="str")
    for name, key in COLOURS.items():
        colour = colour.mask(sums["points"] >= policy[key], name)
    colour = colour.mask(sums["belongs"] & (colour != ""), BLUE).mask(sums["red"], RED)
    colour = colour[colour != ""]
    found = pupils(town, day)[[*enrolment.PUPIL, "name", "class_id"]]
    found = found[found.index.isin(colour.index)]
    told: dict[int, list[tuple]] = {index: [] for index in found.index}
    for index, *texts in each(rows[rows.index.isin(colour.index)], "title", "code", "reason"):
        told[index].append(texts)
    texts = [["、".join(part) for part in zip(*own, strict=True)] for own in told.values()]
    texts = pd.DataFrame(texts, found.index, ["signals", "codes", "reasons"], dtype="str")
    return found.assign(colour=colour, since=sums["since"]).join(texts)


def rank(colour: pd.Series) -> pd.Series:
    """Colours as numbers that rise with them; no colour is 0."""
    order = {name: place for place, name in enumerate(COLOURS, start=1)}
    return colour.map(order).fillna(0).astype(int)


@once
def moved(town: Town, policy: Policy, earlier: dt.date, later: dt.date) -> pd.DataFrame:
    """Whose colour differs between two days: home, student_key, name, class_id, before, colour, reasons, news.

    Indexed as the roster. before or colour is "" where the pupil had or has none; `news` are the titles of signals that
    fired on the later day only. Who is new: before == "". Who is worse: rank(colour) > rank(before).
    """
    first, last = (coloured(town, policy, day) for day in (earlier, later))
    who = pd.concat([last, first[~first.index.isin(last.index)]])[[*enrolment.PUPIL, "name", "class_id"]]
    now, past = (rows[["colour", "signals", "reasons"]].reindex(who.index).fillna("") for rows in (last, first))
    news = [
        "、".join(one for one in held.split("、") if one and one not in had.split("、"))
        for held, had in zip(now["signals"], past["signals"], strict=True)
    ]
    found = who.assign(before=past["colour"], colour=now["colour"], reasons=now["reasons"], news=news)
    return found[found["before"] != found["colour"]]
