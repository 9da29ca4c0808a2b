"""Rules on 重点关注: who should be watched, and whether anybody does."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.findings import WARNING
from ...core.policy import Policy
from ...core.tables import Town
from ...field import deadlines, rolls, signals
from ...field.deadlines.watch import FOLLOWED
from ...field.references import class_names
from ...field.signals.absence import open_runs
from ...field.signals.base import begun, going
from .base import Spot, at, called, of_year, readable, rule
from .pupils import maybe_listed

LEDGERS = ("suspected", "dropout")
# the others stand in confidential ledgers: a message says how many there are, and where they can be looked up
TELLING = ("W1", "W2", "W3", "W4", "W15", "W16")


@rule(
    "X38",
    WARNING,
    needs=tuple(
        dict.fromkeys(
            (
                "watch.student_key",
                *(f"{sheet}.student_key" for sheet in LEDGERS),
                "roster.status",
                *(need for one in signals.SIGNALS for need in one.needs),
            )
        )
    ),
    says="{school}{class_name}{name}按苗头信号（{why}）已到{level}色预警，“重点关注”里还没有他",
    fix="请班主任核实情况，记入“重点关注”，写明帮扶措施和跟踪频次；已不需要关注的，写明解除日期和解除依据。",
    source="domain.md 3.2 X38, 4.4",
)
def signals_unwatched(town: Town, policy: Policy) -> Iterator[Spot]:
    """苗头信号合起来达到黄色或红色的在读学生，要列入重点关注，有人包、有措施、有跟踪。连续缺勤到了疑似线的由X12管，已在疑似、辍学台账上的，以及休学、送教上门、已转出的，不必再列。解除以后没有新信号的，不再提示。"""
    now = pd.Timestamp(town.as_of)
    rows = town.once_under(policy, signals.coloured, town.as_of)
    rows = rows[signals.rank(rows["colour"]) >= signals.rank(pd.Series([signals.YELLOW]))[0]]
    listed = (f"{sheet}.student_key" for sheet in ("watch", *LEDGERS))
    # without 日查 nobody can tell whether a pupil who was away came back
    rows = rows[readable(town, rows["home"], *listed, "daily.date", "daily.class_id")]
    away = open_runs(town, town.as_of)
    away = away[away["days"] >= policy["suspected_after"]]
    cases = pd.concat([_listed(town, "suspected", "found"), _listed(town, "dropout", "confirm_date")])
    for others in (away, cases):
        rows = rows[~_among(rows, others)]
    rows = rows[~_watched(town, rows, now) & ~maybe_listed(town, rows, "watch", *LEDGERS)]
    labels = class_names(town)
    columns = ["home", "class_id", "name", "colour", "codes", "signals"]
    for index, school, class_id, name, level, codes, titles in rows[columns].itertuples(name=None):
        facts = {"school": school, "class_name": labels.get(class_id, ""), "name": called(name), "level": level}
        yield at("roster", index, "student_key", why=_why(town, codes.split("、"), titles.split("、")), **facts)


def _listed(town: Town, sheet: str, since: str) -> pd.DataFrame:
    """The cases of a ledger that are open now."""
    return going(begun(town[sheet], since, town.as_of), "closed", town.as_of)


def _among(rows: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    keys = pd.MultiIndex.from_frame(others[rolls.PUPIL])
    return pd.Series(pd.MultiIndex.from_frame(rows[rolls.PUPIL]).isin(keys), rows.index)


def _watched(town: Town, rows: pd.DataFrame, now: pd.Timestamp) -> pd.Series:
    """Who is on 重点关注, or was released after the last signal: that was somebody's decision, and it stands.

    A row whose key no pupil has is the pupil's of its name: X06 says what is wrong with it.
    """
    listed = begun(of_year(town, town["watch"]), "found", town.as_of)
    closed = listed["closed"].where(listed["closed"] <= now, now)
    until = closed.groupby([listed[name] for name in rolls.PUPIL]).max()
    last = until.reindex(pd.MultiIndex.from_frame(rows[rolls.PUPIL])).set_axis(rows.index)
    strange = listed[~listed["student_key"].isin(town["roster"]["student_key"])]
    same_name = pd.MultiIndex.from_frame(rows[["home", "name"]]).isin(
        pd.MultiIndex.from_frame(strange[["home", "name"]])
    )
    return (last.notna() & ~(rows["since"] > last)) | same_name


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
    found = deadlines.state(town, policy, FOLLOWED)
    found = found[found["late"] & found["done"].isna()]
    found = found.join(town["watch"]["freq"])
    for index, name, freq, start, due, days in found[["name", "freq", "start", "due", "days"]].itertuples(name=None):
        facts = {"last": f"{start:%Y-%m-%d}", "due": f"{due:%Y-%m-%d}", "days": -days}
        yield at("watch", index, "last", name=called(name), freq=freq, **facts)


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
    colours = town.once_under(policy, signals.coloured, town.as_of)
    colours = colours.drop_duplicates(rolls.PUPIL).set_index(rolls.PUPIL)["colour"]
    due = colours.reindex(pd.MultiIndex.from_frame(rows[rolls.PUPIL])).set_axis(rows.index)
    lower = due.notna() & rows["level"].notna()
    lower &= signals.rank(due.fillna("")) > signals.rank(rows["level"].fillna(""))
    for index, name, texts, level in rows[["name", "signals", "level"]].itertuples(name=None):
        manual = [one for one in ("" if pd.isna(texts) else texts).split("、") if one in MANUAL]
        if manual:
            yield at("watch", index, "reason", name=called(name), signal="、".join(manual))
        elif lower[index]:
            yield at("watch", index, "reason", says=LOWERED, name=called(name), due=due[index], level=level)


RULES = (signals_unwatched, not_followed, reason_not_written)
