"""Q01: the same long text in the records of several occasions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from ...core.policy import Policy
from ...core.tables import Town, mapping
from ...field import rolls
from .base import Rows, asker

# sheet -> the columns people write freely in, and who wrote them
WRITTEN = {
    "visit": (("barrier", "action"), "recorder"),
    "support_log": (("content", "response", "next"), "helper"),
    "home_teaching": (("content", "response"), "team"),
}
FEW = 2000  # different long texts of a school in a column; more of them are compared in stretches of like length


@asker("Q01", "文字相同")
def copied_text(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """劝返记录、帮扶记录、送教记录里一大段话完全相同或几乎相同，却是不同的日子、不同的孩子。套话和短句不算，同一天同一家、同一次辅导也不算；也许真是同一次，也许是抄的，问一问。"""
    for sheet, (columns, writer) in WRITTEN.items():
        rows = town[sheet][~(town[sheet]["date"] > pd.Timestamp(town.as_of))]
        if rows.empty:
            continue
        rows = rows.assign(writer=rows[writer], pupil=_pupil(town, sheet, rows))
        title = town.schema.sheets[sheet].title
        groups = {}
        for column in columns:
            texts = _long(rows[column], rows.get("name"), policy["question_text_least"])
            for members in _alike(texts, rows["home"], policy["question_text_alike"]):
                if _occasions(rows.loc[members], sheet) > 1:
                    groups.setdefault(tuple(members), column)
        for members, column in groups.items():
            what = town.schema.sheets[sheet].by_name[column].title
            yield (
                f"这{len(members)}条{title}的“{what}”文字相同或几乎相同，是不是同一次{'走访' if sheet == 'visit' else '活动'}？",
                [(sheet, index) for index in members],
            )


def _pupil(town: Town, sheet: str, rows: pd.DataFrame) -> pd.Series:
    """Whom a row is about: the family (guardian and telephone on the roster), else the pupil, else the plan."""
    if sheet == "support_log":
        return rows["pupil_plan"]
    roster = rolls.listed(town).dropna(subset=["student_key", "guardian_tel"])
    family = mapping(roster, "student_key", "guardian_tel")
    return pd.Series([family.get(key, key) for key in rows["student_key"].tolist()], rows.index, dtype="str")


def _occasions(rows: pd.DataFrame, sheet: str) -> int:
    """How many occasions these records are of: a talk with one family, a lesson by the same people, on one day is one."""
    together = ["date", "pupil"] if sheet == "visit" else ["date", "writer"]
    return len(rows[together].drop_duplicates())


def _long(column: pd.Series, names: pd.Series | None, least: int) -> pd.Series:
    """The texts long enough, with width, punctuation, digits and the pupil's own name taken out."""
    texts = column.dropna()
    texts = texts[texts.str.len() >= least]
    names = pd.Series("", texts.index) if names is None else names.reindex(texts.index).fillna("")
    plain = [
        re.sub(r"[\W\d_]", "", unicodedata.normalize("NFKC", text).replace(name or "\0", ""))
        for text, name in zip(texts, names, strict=True)
    ]
    plain = pd.Series(plain, texts.index, dtype="str")
    return plain[plain.str.len() >= least]


def _alike(texts: pd.Series, homes: pd.Series, alike: float) -> Iterator[list[tuple[str, int]]]:
    """Groups of rows with the same text anywhere in the township, and with nearly the same text within a school."""
    same: dict[str, list[tuple[str, int]]] = {}
    for index, text in texts.items():
        same.setdefault(text, []).append(index)
    joined = {text: text for text in same}  # a forest: each text points to one of its group

    def top(text: str) -> str:
        while joined[text] != text:
            text = joined[text]
        return text

    home_of = homes.reindex(texts.index)
    for home in home_of.unique():
        own = sorted(set(texts[home_of == home]), key=lambda text: (len(text), text))
        for one, other in _pairs(own, alike):
            first, second = sorted((top(one), top(other)))
            joined[second] = first
    groups: dict[str, list[tuple[str, int]]] = {}
    for text, rows in same.items():
        groups.setdefault(top(text), []).extend(rows)
    for rows in groups.values():
        if len(rows) > 1:
            yield sorted(rows)


def _pairs(texts: list[str], alike: float) -> Iterator[tuple[str, str]]:
    """Pairs of different texts at least `alike` per cent alike; texts sorted by length, compared in overlapping stretches."""
    for start in range(0, len(texts), FEW // 2):
        part = texts[start : start + FEW]
        scores = process.cdist(part, part, scorer=fuzz.ratio, score_cutoff=alike, dtype=np.uint8)
        for one, other in zip(*np.nonzero(np.triu(scores, 1)), strict=True):
            yield part[one], part[other]
        if start + FEW >= len(texts):
            return
