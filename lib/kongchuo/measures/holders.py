"""四包 seen from the people: who holds what, how much one person answers for, who has left, what changed and when nobody did.

From `duties.answering`, so that it cannot disagree with the rules on duties. A Load beyond the policy's line is a question to the
office, not a finding: the lines are our defaults. Knows no files.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import pandas as pd

from ..core.tables import Town, mapping, yes
from ..field import duties
from ..field.references import keyed, named
from . import bonds
from .flows import dropouts, open_at, suspected
from .scopes import Scope

PUPIL = ["home", "student_key"]
UNNAMED = "姓名读不到"
# what one person may hold: column of `loads` -> the policy key of its line, the word for it
LINES = {
    "schools": ("bond_max_schools", "所学校"),
    "grades": ("bond_max_grades", "个年级"),
    "pupils": ("bond_max_pupils", "名台账学生"),
    "villages": ("bond_max_villages", "个村"),
}
# who answers for an open entry of a ledger is written there; where it is not, the roster's 包保教师, else the 班主任
LEDGERS = {"watch": "teacher", "suspected": "teacher", "dropout": "bond_school", "pupil_plan": "helper"}


# --- who holds what -------------------------------------------------------------------------------------------------------
def held(scope: Scope, day: dt.date | None = None) -> pd.DataFrame:
    """The four duties of the scope's schools on a day (its last one): as duties.answering, `name` never empty.

    A village counts to every school that serves it, so it stands once for each of them.
    """
    rows = duties.answering(scope.town, day or scope.end)
    rows = rows[rows["holder"].notna() | rows["name"].notna()]
    of_village = rows["kind"] == duties.VILLAGES
    pairs = duties.served(scope.town)[["home", "village"]]
    shared = (
        rows[of_village].drop(columns="home").merge(pairs, left_on="unit", right_on="village").drop(columns="village")
    )
    rows = pd.concat([rows[~of_village], shared], ignore_index=True)
    rows = rows[rows["home"].isin(scope.homes)]
    return rows.assign(
        name=rows["name"].fillna(rows["holder"]).fillna(UNNAMED), holder=rows["holder"].fillna(rows["name"])
    )


def names_by(rows: pd.DataFrame, *keys: str) -> dict:
    """The holders' names of each unit (or school and unit), each once, joined as people read them."""
    rows = rows.drop_duplicates([*keys, "holder"])
    return {key: "、".join(own["name"]) for key, own in rows.groupby(keys[0] if len(keys) == 1 else list(keys))}


def gone(scope: Scope) -> pd.DataFrame:
    """What is held by people who have left by the scope's last day: kind, home, holder, name, left, units (how many)."""
    rows = held(scope)
    rows = rows[rows["left"] < pd.Timestamp(scope.end)]
    return rows.groupby(["kind", "home", "holder", "name", "left"])["unit"].nunique().rename("units").reset_index()


def doubles(scope: Scope) -> pd.DataFrame:
    """Schools and grades with more than one holder, pupils for whom two teachers are named: kind, home, unit, names.

    A village has one of its own and one of each school that serves it, a pupil a 班主任 besides the teacher named: no doubles.
    """
    rows = pd.concat(
        [held(scope).loc[lambda f: f["kind"].isin((duties.SCHOOLS, duties.GRADES))], named_for_pupils(scope)]
    )
    several = rows.groupby(["kind", "home", "unit"])["holder"].transform("nunique") > 1
    found = names_by(rows[several], "kind", "home", "unit")
    return pd.DataFrame([(*key, names) for key, names in found.items()], columns=["kind", "home", "unit", "names"])


def named_for_pupils(scope: Scope) -> pd.DataFrame:
    """Who is named for one pupil alone: by the roster's 包保教师 or a bond of that pupil. kind, home, unit, holder, name."""
    rows = held(scope)
    rows = rows[(rows["kind"] == duties.PUPILS) & (rows["via"] == duties.BY_ROSTER)]
    own = duties.held_on(scope.town, scope.end)
    own = own[(own["kind"] == duties.PUPILS) & (own["target_type"] == duties.PUPIL) & own["home"].isin(scope.homes)]
    own = own.rename(columns={"target": "unit"}).dropna(subset=["unit", "holder"])
    columns = ["kind", "home", "unit", "holder", "name"]
    return pd.concat([rows[columns], own[columns]], ignore_index=True).drop_duplicates(["home", "unit", "holder"])


# --- how much one person answers for -----------------------------------------------------------------------------------------
def on_ledgers(scope: Scope) -> pd.DataFrame:
    """Every pupil with an open entry in 重点关注, 疑似辍学, 辍学 or 学困厌学, once a person who answers: PUPIL, holder."""
    parts, end = [], pd.Timestamp(scope.end)
    for sheet, column in LEDGERS.items():
        if sheet in ("suspected", "dropout"):
            rows = {"suspected": suspected, "dropout": dropouts}[sheet](scope)
            rows = rows[open_at(rows, scope.end)]
        elif sheet == "watch":
            rows = scope.rows(sheet)
            rows = rows[~(rows["found"] > end) & ~(rows["closed"] <= end)]
        else:
            rows = scope.rows(sheet)
            rows = rows[~(rows["listed"] > end) & ~yes(rows["converted"])]
        keys = keyed(scope.town, sheet, column).fillna(scope.town[sheet][column])
        parts.append(rows[PUPIL].assign(holder=keys.reindex(rows.index)))
    rows = pd.concat(parts, ignore_index=True).dropna(subset=["student_key"]).drop_duplicates()
    return _answered_else(scope, rows)


def _answered_else(scope: Scope, rows: pd.DataFrame) -> pd.DataFrame:
    """Entries that name nobody go to who is named for the pupil elsewhere, else to the 班主任."""
    heads = held(scope)
    heads = heads[(heads["kind"] == duties.PUPILS) & (heads["via"] == duties.BY_CLASS)]
    for others in (named_for_pupils(scope), heads):
        others = others.rename(columns={"unit": "student_key", "holder": "other"})[[*PUPIL, "other"]]
        rows = rows.merge(others.drop_duplicates(PUPIL), "left", PUPIL)
        rows = rows.assign(holder=rows["holder"].fillna(rows["other"])).drop(columns="other")
    return rows.dropna(subset=["holder"]).drop_duplicates([*PUPIL, "holder"])


@dataclass(frozen=True)
class Load:
    """What one person answers for on a day, and in words what of it is beyond the policy's lines."""

    holder: str
    name: str
    home: str
    counts: dict[str, int]
    over: str = ""


def loads(scope: Scope) -> list[Load]:
    """Everybody who holds something of the scope, the most burdened first, with all he holds in the town.

    Pupils are those on ledgers (`on_ledgers`).
    """
    town, own = scope.town, held(scope)["holder"]
    whole = replace(scope.whole, homes=town.homes)
    rows, entries = held(whole), on_ledgers(whole)
    own = {*own, *entries.loc[entries["home"].isin(scope.homes), "holder"]}
    kinds = {"schools": duties.SCHOOLS, "grades": duties.GRADES, "villages": duties.VILLAGES}
    counts = {column: rows[rows["kind"] == kind].groupby("holder")["unit"].nunique() for column, kind in kinds.items()}
    counts["pupils"] = entries.groupby("holder").size()
    table = pd.DataFrame(counts).reindex(columns=list(LINES)).fillna(0).astype(int)
    table = table[table.index.isin(own)]
    names = mapping(rows, "holder", "name") | scope.staff_names
    homes = town.once(_home_of_staff)
    found = []
    for holder, numbers in zip(table.index, table.to_dict("records"), strict=True):
        over = [
            f"{numbers[column]}{word}（上限{scope.policy[key]}）"
            for column, (key, word) in LINES.items()
            if numbers[column] > scope.policy[key]
        ]
        found.append(Load(holder, names.get(holder, holder), homes.get(holder, ""), numbers, "、".join(over)))
    return sorted(found, key=lambda load: (not load.over, -sum(load.counts.values()), load.holder))


def _home_of_staff(town: Town) -> dict[str, str]:
    schools = named(
        keyed(town, "staff", "school_code"),
        dict(zip(town["school"]["school_code"], town["school"]["school_name"], strict=True)),
    )
    return dict(zip(town["staff"]["staff_id"], schools.fillna(""), strict=True))


# --- by date ------------------------------------------------------------------------------------------------------------------
def history(town: Town, kind: str, target: str) -> pd.DataFrame:
    """Who has held a target this school year, bond by bond in order of time: holder, name, title, from, to, left, note."""
    rows = duties.bonds(town)
    rows = rows[(rows["kind"] == kind) & (rows["target"] == target)]
    return rows[["holder", "name", "title", "from", "to", "left", "note"]].sort_values("from", kind="stable")


def turnover(scope: Scope) -> pd.DataFrame:
    """What began and what ended in 包保责任 within the scope's days: date, what, and the bond's columns; indexed as the sheet."""
    rows = duties.bonds(scope.town)
    rows = rows[rows["home"].isin(scope.homes) | rows["target"].isin(set(bonds.villages(scope)["village"]))]
    parts = [
        rows[scope.in_days(rows[column])].assign(date=lambda f, column=column: f[column], what=what)
        for column, what in (("from", "开始"), ("to", "结束"))
    ]
    return pd.concat(parts).sort_values("date", kind="stable")


def vacancies(scope: Scope) -> pd.DataFrame:
    """Stretches of the scope's days on which nobody held a school, a grade or a village: kind, home, unit, first, last."""
    due = [
        (duties.SCHOOLS, bonds.schools(scope).rename(columns={"code": "unit"})),
        (duties.GRADES, bonds.grades(scope)),
        (duties.VILLAGES, bonds.villages(scope).rename(columns={"village": "unit"})),
    ]
    due = pd.concat([rows[["home", "unit"]].assign(kind=kind) for kind, rows in due], ignore_index=True)
    keys = ["kind", "home", "unit"]
    every = duties.bonds(scope.town)
    edges = {pd.Timestamp(scope.start), *every["from"].dropna(), *(every["to"].dropna() + pd.Timedelta(days=1))}
    edges = sorted(day for day in edges if pd.Timestamp(scope.start) <= day <= pd.Timestamp(scope.end))
    parts = []
    for first, after in zip(edges, [*edges[1:], pd.Timestamp(scope.end) + pd.Timedelta(days=1)], strict=True):
        taken = pd.MultiIndex.from_frame(held(scope, first.date())[keys])
        open_ = due[~pd.MultiIndex.from_frame(due[keys]).isin(taken)]
        parts.append(open_.assign(first=first, last=after - pd.Timedelta(days=1)))
    found = pd.concat(parts, ignore_index=True).sort_values([*keys, "first"])
    # stretches that touch are one
    fresh = (found[keys] != found[keys].shift()).any(axis=1) | (
        found["first"] != found["last"].shift() + pd.Timedelta(days=1)
    )
    ends = {"first": ("first", "min"), "last": ("last", "max")}
    return found.groupby([*keys, fresh.cumsum().rename("stretch")]).agg(**ends).reset_index().drop(columns="stretch")
