"""The entries that make up the number of pupils of a class: the baseline, what came, what went, and the roster against them.

For rule X26: over a class and over a school all entries add up to nothing (domain.md 4.1, D01).
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ...core.policy import Policy
from ...core.tables import Town, mapping
from ...field import rolls
from ...field.references import keyed

COLUMNS = ["home", "class_id", "student_key", "name", "delta", "part", "sheet", "place"]


def entries(town: Town, policy: Policy) -> pd.DataFrame:
    """One row an entry: home, class_id, student_key, name, delta, part (base, more, less, held), sheet, place (its index).

    +1 a pupil of the baseline or one who came, -1 one who went or stands on the roster at school; 0 one who is no more at
    school, only to show where he or she stands.
    """
    roster = rolls.listed(town)
    roster = roster.assign(delta=-roster["status"].isin(rolls.AT_SCHOOL).astype("int64"), part="held", sheet="roster")
    base = _baseline(town)
    base = base[base["base_state"].isin(rolls.AT_SCHOOL)].assign(delta=1, part="base", sheet="baseline")
    frames = [frame.assign(place=list(frame.index))[COLUMNS] for frame in (base, roster)]
    moved = pd.DataFrame(list(_changes(town, policy)), columns=COLUMNS)
    return pd.concat([*frames, moved.astype({"class_id": "str"})], ignore_index=True)


def _baseline(town: Town) -> pd.DataFrame:
    base = town["baseline"].assign(class_id=keyed(town, "baseline", "class_id"))
    return base[base["student_key"].isna() | ~base.duplicated(["home", "student_key"])]


def _changes(town: Town, policy: Policy) -> Iterator[tuple]:
    """The entries of 学生变动, event by event in the order of time.

    An entry that changes nothing is left out: leaving of somebody who is on leave already, and what the baseline already holds.
    """
    base, roster = _baseline(town).dropna(subset=["student_key"]), rolls.listed(town)
    here = {pair: state in rolls.AT_SCHOOL for pair, state in _by_pupil(base, "base_state").items()}
    classes = _by_pupil(roster.dropna(subset=["student_key"]), "class_id") | _by_pupil(base, "class_id")
    frozen = base.groupby("home")["base_date"].agg(lambda days: days.mode().iloc[0] if days.notna().any() else pd.NaT)
    usual = pd.Timestamp(f"{town.year[:4]}-{policy['baseline_date']}")
    columns = ["home", "student_key", "name", "date", "kind", "class_from", "class_to"]
    for place, home, key, name, date, kind, left, joined in rolls.changes(town)[columns].itertuples(name=None):
        pair, day = (home, key), frozen.get(home, usual)
        before = date <= (usual if pd.isna(day) else day)
        at_school = here.get(pair, not before)

        def entry(
            class_id: object, delta: int, who: tuple = (key, name), pair: tuple = pair, place: tuple = place
        ) -> tuple:
            held = classes.get(pair) if pd.isna(class_id) else class_id
            return pair[0], held, *who, delta, "more" if delta > 0 else "less", "change", place

        if kind in rolls.MOVES:
            if at_school and not pd.isna(left) and not pd.isna(joined) and not before:
                yield entry(left, -1)
                yield entry(joined, 1)
        elif rolls.AFTER.get(kind) == rolls.ENROLLED:
            if not (before and here.get(pair)):
                yield entry(joined, 1)
            here[pair] = True
        else:
            if at_school:
                yield entry(left, -1)
            here[pair] = False


def _by_pupil(frame: pd.DataFrame, column: str) -> dict[tuple[str, str], object]:
    return mapping(frame, ("home", "student_key"), column)
