"""Rules on 控辍台账: who must be on a ledger and is not, who is on watch, who on one stands first, has no plan, has nobody, counts as lost."""

from collections.abc import Iterator

import pandas as pd

from ..core.cells import fold
from ..core.findings import ERROR, WARNING
from ..core.policy import Policy
from ..core.tables import Town, among, called, complete, each, mapping, of_year, row_of
from ..due import base
from ..due.cases import WATCH_FOLLOWED
from ..facts import attendance, cases, duty, enrolment, signals
from ..facts.cases import LEDGERS, losses
from ..facts.references import class_names, directory, look_up, maybe_listed, named, school_names
from .base import SCHOOL_DAYS, Spot, at, readable, rule, spots


@rule(
    "X12",
    ERROR,
    needs=("absence.kind", "absence.date", "absence.student_key", "absence.halves", "daily.date", "daily.class_id",
           "suspected.student_key", "dropout.student_key", *SCHOOL_DAYS),
    says="{school}{class_name}{name}自{since}起连续缺勤{days}个上课日，没有进入疑似辍学台账",
    fix="请当天家访、报中心学校，并记入“疑似辍学台账”；已请假的补办请假手续并改正缺勤类型。",
    source="domain.md 3.2 X12, 4.3",
)  # fmt: skip
def absent_but_on_no_ledger(town: Town, policy: Policy) -> Iterator[Spot]:
    """无故缺勤连续达到疑似线（上课日，节假日不打断）的学生，必须在疑似辍学台账或辍学台账里。这是控辍的第一道闸，漏一个就可能失去一个。"""
    rows = attendance.runs(town, town.as_of)  # one that has ended by now should have been on a ledger as well
    rows = rows[rows["days"] >= policy["suspected_after"]]
    rows = rows[readable(town, rows["home"], *(f"{sheet}.student_key" for sheet in LEDGERS))]
    listed = complete(pd.concat([town[sheet][["student_key", "closed"]] for sheet in LEDGERS]), "student_key")
    pairs = rows[["student_key", "since"]].assign(place=list(rows.index)).merge(listed, on="student_key")
    covered = set(pairs.loc[pairs["closed"].isna() | (pairs["closed"] >= pairs["since"]), "place"])
    rows = rows[~rows.index.isin(covered) & ~maybe_listed(town, rows, *LEDGERS)]
    labels = named(rows["class_id"], class_names(town)).fillna("")
    rows = rows.assign(label=labels, days=rows["days"].map("{:g}".format))
    yield from spots(rows, "absence", "student_key", class_name="label", days="days", since="since")


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
    answered = duty.answering(town, town.as_of)
    answered = answered.loc[answered["kind"] == duty.PUPILS, ["home", "unit"]].set_axis(enrolment.PUPIL, axis=1)
    bonds = duty.held_on(town, town.as_of)
    unclear = bonds.loc[(bonds["kind"] == duty.PUPILS) & bonds["target"].isna(), "target_name"]
    roster = complete(enrolment.listed(town), "student_key")
    roster = roster[roster["class_id"].isin(duty.classes_of(town)["class_id"].dropna())]
    cared = among(roster, answered, enrolment.PUPIL)
    cared |= roster["name"].map(fold, na_action="ignore").isin(set(map(fold, unclear.dropna())))
    alone = roster.loc[~cared, enrolment.PUPIL]
    for sheet, (column, closed) in ANSWERED_BY.items() if len(alone) else ():
        frame = complete(town[sheet], "student_key")
        judged = readable(town, frame["home"], "bond.target_id", "class.head_teacher")
        rows = frame[among(frame, alone, enrolment.PUPIL) & judged]
        if column:
            rows = rows[rows[column].isna() & town.known(sheet, column).reindex(rows.index)]
        if closed:
            rows = rows[rows[closed].isna()]
        yield from spots(rows, sheet, column or "student_key")


# --- one thing on two rows --------------------------------------------------------------------------------------------
LISTED = {"watch": "found", "suspected": "found", "dropout": "confirm_date"}  # ledger -> from when a child stands on it
TWICE = "{name}在“{ledger}”第{other}行还没有了结，这里又开了一行"


@rule(
    "X77",
    ERROR,
    needs=(*(f"{sheet}.{column}" for sheet, since in LISTED.items() for column in ("student_key", since, "closed")),
           "change.student_key", "change.kind", "change.date"),
    says="{name}{day}的“{kind}”记了两行（另一行是第{other}行）",
    fix="请核对：同一件事重复录入的，删去一行；前一件已经了结的，先补上结案（解除、销号）日期；人写错的改正学生编号。",
    source="domain.md 2.4、2.6 一人一行",
)  # fmt: skip
def entered_twice(town: Town, policy: Policy) -> Iterator[Spot]:
    """一个孩子的同一件事只记一行：前一案没有了结不另开一案，一次变动不记两回。记了两行，在册数、变动数、时限都会多算一份，销了一行还挂着一行。"""
    for sheet, since in LISTED.items():
        rows = complete(town[sheet], "student_key", since).sort_values([since], kind="stable")
        known = rows[town.known(sheet, "closed").reindex(rows.index)]
        before = known.assign(place=known.index).groupby(["home", "student_key"])[["place", "closed"]].shift()
        open_yet = before["place"].notna() & ~(before["closed"] <= known[since])
        rows = known[open_yet].assign(other=row_of(before["place"][open_yet].astype("int64")))
        yield from spots(
            rows, sheet, "student_key", other="other", says=TWICE, alike={"ledger": town.schema.sheets[sheet].title}
        )
    what = ["home", "student_key", "kind", "date"]
    rows = complete(town["change"], *what[1:])
    first = rows.assign(place=rows.index).groupby(what)["place"].transform("first")
    rows = rows.assign(other=row_of(first))[first != rows.index]
    yield from spots(rows, "change", "student_key", day="date", kind="kind", other="other")


@rule(
    "X78",
    WARNING,
    needs=("dropout.back_class", "dropout.back_school", "dropout.student_key", "class.class_id", "class.school_code"),
    says="{name}的复学班级“{value}”不是{receiver}的班",
    fix="请写复学学校的班级编号或名称；复学学校写错的，改“复学学校”。{near}",
    source="domain.md 2.6 复学学校、复学班级",
)
def class_of_another_school(town: Town, policy: Policy) -> Iterator[Spot]:
    """复学要落到班：复学班级是复学学校的一个班。写成别校的班、写了没有的班，孩子回来坐在哪里就说不清，也没有班主任去跟踪。去镇外学校的不看。"""
    rows, rooms = complete(town["dropout"], "back_class"), directory(town, "class")
    receivers = look_up(town, rows["back_school"].fillna(rows["home"]), "school")
    names = school_names(town)
    rows = complete(rows.assign(receiver=named(receivers["key"], names)), "receiver")
    rows = rows[readable(town, rows["receiver"], "class.class_id", "class.school_code")]
    homes = mapping(duty.classes_of(town), "class_id", "home")
    found = look_up(town, rows["back_class"], "class", rows["receiver"])
    wrong = named(found["key"], homes).fillna("") != rows["receiver"]
    for index, name, value, school in each(rows[wrong], "name", "back_class", "receiver"):
        facts = {"name": called(name), "value": value, "receiver": school}
        yield at("dropout", index, "back_class", near=rooms.near(school, value), **facts)


# --- open cases -------------------------------------------------------------------------------------------------------
def _open(town: Town, sheet: str) -> pd.DataFrame:
    """The rows of a ledger that are open at as_of: not closed, and of dropouts not back."""
    rows = {"suspected": cases.suspected, "dropout": cases.dropouts}[sheet](town[sheet])
    return rows[cases.open_at(rows, town.as_of)]


STANDS = {"suspected": ("疑似辍学", "poor"), "dropout": ("辍学", "groups")}  # ledger -> in words, the column of X40


@rule(
    "X40",
    ERROR,
    needs=(*(f"suspected.{column}" for column in ("poor", "groups", "closed", "student_key")),
           *(f"dropout.{column}" for column in ("groups", "back_date", "closed", "state", "student_key")),
           "roster.groups", "family_plan.poor_type"),
    says="{school}{name}{state}，是脱贫户或监测户家庭的孩子（见{where}），当天就要报告",
    fix="请当日报告中心学校和镇政府，落实资助和帮扶，逐日跟踪，直到复学或销号；台账没有标注的请补标。",
    source="domain.md 3.2 X40；方案四-2",
)  # fmt: skip
def poor_and_away(town: Town, policy: Policy) -> Iterator[Spot]:
    """脱贫户、监测户家庭的孩子疑似辍学或辍学，是头等大事：当日报告，在册一天就提醒一天，复学或销号才消。台账、花名册、一家一案有一处写着就算，台账漏标也看得见。"""
    book, poor = cases.cases(town), cases.poor(town)
    for sheet, (state, column) in STANDS.items():
        said = dict(zip(book[sheet], poor, strict=True))
        for index, home, name in each(_open(town, sheet), "home", "name"):
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
    rows = complete(_open(town, "dropout"), "plan_id", "student_key")
    rows = rows[readable(town, rows["home"], "pupil_plan.student_key")]
    plans = of_year(town, town["pupil_plan"])
    # a plan whose pupil nobody could read may be this one
    maybe = set(plans.loc[plans["student_key"].isna(), "pupil_plan"].dropna())
    rows = rows[~among(rows, plans, enrolment.PUPIL) & ~rows["plan_id"].isin(maybe)]
    rows = rows[~maybe_listed(town, rows, "pupil_plan")]
    yield from spots(rows, "dropout", "plan_id", plan="plan_id")


# --- 流失 -------------------------------------------------------------------------------------------------------------
WAYS_BACK = ("back_date", "closed", "close_type", "state")  # what cannot be read there may say that the child is back


@rule(
    "V01",
    ERROR,
    needs=(*(f"dropout.{column}" for column in ("student_key", "confirm_date", *WAYS_BACK)),
           *(f"baseline.{column}" for column in ("student_key", "class_id", "base_state")), "veto.case_id",
           "veto.target_id"),
    says="{school}{class_name}{name}构成流失，触发一票否决，“一票否决”表里还没有",
    fix="请中心学校核实认定，在督查奖惩“一票否决”记一行（有申诉的填申诉结果）；孩子已经回来的，先填复学日期。",
    source="domain.md 3.3 V01, 4.2；方案六-8",
)  # fmt: skip
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
    targets = complete(vetoes, "target_id")
    meant = look_up(town, targets["target_id"], "class")["key"]
    # two schools may use one number: then the veto has to name the class as well
    numbers = rows["case_id"].where(~town["dropout"]["case_id"].duplicated(keep=False).reindex(rows.index))
    decided = numbers.isin(vetoes["case_id"].dropna()) | rows["room"].isin(meant[meant != ""])
    decided |= bool((vetoes["case_id"].isna() & ~town.known("veto", "case_id").reindex(vetoes.index)).any())
    rows = rows.assign(label=named(rows["room"], class_names(town)).fillna(""))[~decided]
    yield from spots(rows, "dropout", "confirm_date", class_name="label")


# --- Rules on 重点关注: who should be watched, and whether anybody does -------------------------------------------------
# the others stand in confidential ledgers: a message says how many there are, and where they can be looked up
TELLING = ("W1", "W2", "W3", "W4", "W15", "W16")


@rule(
    "X38",
    WARNING,
    needs=(*(f"{sheet}.student_key" for sheet in ("watch", *LEDGERS)), "roster.status",
           *(need for one in signals.SIGNALS for need in one.needs)),
    says="{school}{class_name}{name}按苗头信号（{why}）已到{level}色预警，“重点关注”里还没有他",
    fix="请班主任核实情况，记入“重点关注”，写明帮扶措施和跟踪频次；已不需要关注的，写明解除日期和解除依据。",
    source="domain.md 3.2 X38, 4.4",
)  # fmt: skip
def signals_unwatched(town: Town, policy: Policy) -> Iterator[Spot]:
    """苗头信号合起来达到黄色或红色的在读学生，要列入重点关注，有人包、有措施、有跟踪。连续缺勤到了疑似线的由X12管，已在疑似、辍学台账上的，以及休学、送教上门、已转出的，不必再列。解除以后没有新信号的，不再提示。"""
    now = pd.Timestamp(town.as_of)
    rows = signals.coloured(town, policy, town.as_of)
    rows = rows[signals.rank(rows["colour"]) >= signals.rank(pd.Series([signals.YELLOW]))[0]]
    listed = (f"{sheet}.student_key" for sheet in ("watch", *LEDGERS))
    # without 日查 nobody can tell whether a pupil who was away came back
    rows = rows[readable(town, rows["home"], *listed, "daily.date", "daily.class_id")]
    away = attendance.streaks(town, town.as_of)
    away = away[away["days"] >= policy["suspected_after"]]
    cases = pd.concat([_listed(town, "suspected", "found"), _listed(town, "dropout", "confirm_date")])
    for others in (away, cases):
        rows = rows[~among(rows, others, enrolment.PUPIL)]
    rows = rows[~_watched(town, rows, now) & ~maybe_listed(town, rows, "watch", *LEDGERS)]
    why = [_why(town, codes.split("、"), titles.split("、")) for _, codes, titles in each(rows, "codes", "signals")]
    rows = rows.assign(why=why, label=named(rows["class_id"], class_names(town)).fillna(""))
    yield from spots(rows, "roster", "student_key", class_name="label", level="colour", why="why")


def _listed(town: Town, sheet: str, since: str) -> pd.DataFrame:
    """The cases of a ledger that are open now."""
    return signals.going(signals.begun(town[sheet], since, town.as_of), "closed", town.as_of)


def _watched(town: Town, rows: pd.DataFrame, now: pd.Timestamp) -> pd.Series:
    """Who is on 重点关注, or was released after the last signal: that was somebody's decision, and it stands.

    A row whose key no pupil has is the pupil's of its name: X06 says what is wrong with it.
    """
    listed = signals.begun(of_year(town, town["watch"]), "found", town.as_of)
    closed = listed["closed"].where(listed["closed"] <= now, now)
    until = closed.groupby([listed[name] for name in enrolment.PUPIL]).max()
    last = until.reindex(pd.MultiIndex.from_frame(rows[enrolment.PUPIL])).set_axis(rows.index)
    strange = listed[~listed["student_key"].isin(town["roster"]["student_key"])]
    return (last.notna() & ~(rows["since"] > last)) | among(rows, strange, ("home", "name"))


def _why(town: Town, codes: list[str], titles: list[str]) -> str:
    told = [title for code, title in zip(codes, titles, strict=True) if code in TELLING]
    rest = [one for one in signals.SIGNALS if one.code in codes and one.code not in TELLING]
    sheets = {sheet: f"“{town.schema.sheets[sheet].title}”" for one in rest for sheet in _looked_up(one)}
    where = f"{'另有' if told else ''}{len(rest)}项见{'、'.join(sheets.values())}" if rest else ""
    return "，".join(filter(None, ("、".join(told), where)))


def _looked_up(signal: signals.Signal) -> list[str]:
    """The sheets in which a signal can be looked up: its own ledger, where it has none the roster."""
    sheets = dict.fromkeys(need.partition(".")[0] for need in signal.needs)
    return [sheet for sheet in sheets if sheet not in ("roster", "class", "calendar", "term")] or ["roster"]


@rule(
    "X39",
    WARNING,
    needs=("watch.last", "watch.freq", "watch.found", "watch.closed", "calendar.date", "term.start", "term.end"),
    says="{name}定为{freq}跟踪，上次跟踪是{last}，应在{due}以前再跟踪，已过{days}天",
    fix="请马上跟踪一次，把“最近跟踪”改成当天，并更新现状；不再需要关注的，填解除日期和解除依据。",
    source="domain.md 3.2 X39",
)
def not_followed(town: Town, policy: Policy) -> Iterator[Spot]:
    """重点关注的学生要按定下的频次跟踪，间隔按上课日算，放假不算。列了名单没有人跟踪，等于没有列。已经离校、休学、辍学的不再按这里算。"""
    found = base.overdue(town, policy, WATCH_FOLLOWED)
    found = found.join(town["watch"]["freq"]).assign(over=-found["days"])
    yield from spots(found, "watch", "last", freq="freq", last="start", due="due", days="over")


MANUAL = ("家庭变故", "沉迷网络", "不良交往", "早恋", "有外出打工意向")  # W10 and W13: nothing but this row says so
LOWERED = "{name}的信号建议{due}色，这里定为{level}色，“说明”没有写理由"


@rule(
    "X66",
    WARNING,
    needs=("watch.signals", "watch.reason", "watch.level", "watch.student_key", "watch.closed"),
    says="{name}的信号“{signal}”是人工认定的，“说明”没有写依据",
    fix="请在“说明”写明事实：谁说的、什么时候、看到什么；调低等级的写明理由。",
    source="domain.md 2.6 预警等级、说明, 4.4 W10 W13",
)
def reason_not_written(town: Town, policy: Policy) -> Iterator[Spot]:
    """人工认定的信号（家庭变故、沉迷网络等）要在说明里写依据，预警等级比系统建议低的要写理由。没有依据，等级就是凭印象定的。"""
    rows = of_year(town, town["watch"])
    rows = rows[rows["reason"].isna() & town.known("watch", "reason").reindex(rows.index)]
    rows = rows[~(rows["closed"] <= pd.Timestamp(town.as_of))]
    if rows.empty:
        return
    colours = signals.coloured(town, policy, town.as_of)
    colours = colours.drop_duplicates(enrolment.PUPIL).set_index(enrolment.PUPIL)["colour"]
    due = colours.reindex(pd.MultiIndex.from_frame(rows[enrolment.PUPIL])).set_axis(rows.index)
    lower = due.notna() & rows["level"].notna()
    lower &= signals.rank(due.fillna("")) > signals.rank(rows["level"].fillna(""))
    for index, name, texts, level in each(rows, "name", "signals", "level"):
        manual = [one for one in ("" if pd.isna(texts) else texts).split("、") if one in MANUAL]
        if manual:
            yield at("watch", index, "reason", name=called(name), signal="、".join(manual))
        elif lower[index]:
            yield at("watch", index, "reason", says=LOWERED, name=called(name), due=due[index], level=level)


RULES = (absent_but_on_no_ledger, poor_and_away, dropout_without_plan, nobody_answers, lost_and_no_veto, entered_twice,
         class_of_another_school, signals_unwatched, not_followed, reason_not_written)  # fmt: skip
