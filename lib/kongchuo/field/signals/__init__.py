"""Early-warning signals (domain.md 4.4): who shows which, since when and why, and the colour that follows.

SIGNALS is the table. A colour always comes with the reasons behind it and never with a bare score; what a pupil merely is
(poor, disabled, left behind, in which grade) alone never makes more than 蓝. Pure; nothing dated later than the day counts.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town
from .. import rolls
from . import absence, records
from .base import Signal, pupils

__all__ = ["BLUE", "COLOURS", "RED", "SIGNALS", "YELLOW", "Signal", "coloured", "fired", "moved", "rank"]

BLUE, YELLOW, RED = "蓝", "黄", "红"
COLOURS = {BLUE: "warn_blue", YELLOW: "warn_yellow", RED: "warn_red"}  # in rising order, with their policy keys
DTYPES = {"points": float, "since": "datetime64[us]", "reason": "str", "red": bool}
SIGNALS: tuple[Signal, ...] = tuple(
    sorted((*absence.SIGNALS, *records.SIGNALS), key=lambda one: int(one.code.removeprefix("W")))
)


def fired(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """Every signal of every pupil on a day: home, student_key, points, since, reason, red, code, title, belongs.

    Indexed as the roster; a pupil has as many rows as signals, in the order of SIGNALS.
    """
    parts = [one.fires(town, policy, day) for one in SIGNALS]
    rows = pd.concat(parts, ignore_index=True).astype({"red": "boolean"}).fillna({"red": False}).astype(DTYPES)
    which = np.repeat(np.arange(len(SIGNALS)), [len(part) for part in parts])
    for name in ("code", "title", "belongs"):
        rows[name] = np.array([getattr(one, name) for one in SIGNALS])[which]
    rows = rows.sort_values("since", kind="stable").drop_duplicates([*rolls.PUPIL, "code"]).sort_index()
    held = pupils(town, day)
    places = pd.MultiIndex.from_frame(held[rolls.PUPIL]).get_indexer(pd.MultiIndex.from_frame(rows[rolls.PUPIL]))
    return rows[places >= 0].set_axis(held.index[places[places >= 0]])


def coloured(town: Town, policy: Policy, day: dt.date) -> pd.DataFrame:
    """The pupils who reach a colour on a day: home, student_key, name, class_id, colour, since, signals, codes, reasons.

    Indexed as the roster. `signals`, `codes` and `reasons` are texts joined by 、; `since` is the day of the latest
    signal (NaT where none has a day).
    """
    rows = fired(town, policy, day)
    each = rows.groupby(level=[0, 1], sort=False).agg({"points": "sum", "red": "any", "belongs": "all", "since": "max"})
    colour = pd.Series("", each.index, dtype="str")
    for name, key in COLOURS.items():
        colour = colour.mask(each["points"] >= policy[key], name)
    colour = colour.mask(each["belongs"] & (colour != ""), BLUE).mask(each["red"], RED)
    colour = colour[colour != ""]
    found = pupils(town, day)[[*rolls.PUPIL, "name", "class_id"]]
    found = found[found.index.isin(colour.index)]
    told: dict[tuple[str, int], list[tuple]] = {index: [] for index in found.index}
    for index, *texts in rows.loc[rows.index.isin(colour.index), ["title", "code", "reason"]].itertuples(name=None):
        told[index].append(texts)
    texts = [["、".join(part) for part in zip(*each, strict=True)] for each in told.values()]
    texts = pd.DataFrame(texts, found.index, ["signals", "codes", "reasons"], dtype="str")
    return found.assign(colour=colour, since=each["since"]).join(texts)


def rank(colour: pd.Series) -> pd.Series:
    """Colours as numbers that rise with them; no colour is 0."""
    order = {name: place for place, name in enumerate(COLOURS, start=1)}
    return colour.map(order).fillna(0).astype(int)


def moved(town: Town, policy: Policy, earlier: dt.date, later: dt.date) -> pd.DataFrame:
    """Whose colour differs between two days: home, student_key, name, class_id, before, colour, reasons, news.

    Indexed as the roster. before or colour is "" where the pupil had or has none; `news` are the titles of signals that
    fired on the later day only. Who is new: before == "". Who is worse: rank(colour) > rank(before).
    """
    first, last = (coloured(town, policy, day) for day in (earlier, later))
    who = pd.concat([last, first[~first.index.isin(last.index)]])[[*rolls.PUPIL, "name", "class_id"]]
    now, past = (rows[["colour", "signals", "reasons"]].reindex(who.index).fillna("") for rows in (last, first))
    news = [
        "、".join(one for one in held.split("、") if one and one not in had.split("、"))
        for held, had in zip(now["signals"], past["signals"], strict=True)
    ]
    found = who.assign(before=past["colour"], colour=now["colour"], reasons=now["reasons"], news=news)
    return found[found["before"] != found["colour"]]
