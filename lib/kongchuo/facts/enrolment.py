"""Who was in which class on which day, and how old a child is."""

import datetime as dt

import numpy as np
import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, among, by_place, complete, mapping, once, yes
from .references import homes_of, keyed, tally


# --- How old a child is on the policy's day of the school year, and what follows: 适龄, 超龄, the grade due (domain.md 2.1). Pure ---
# The one definition for rules, figures, points and comparisons of lists. `born` is a column of birth dates, NaT where unknown.
def age_day(town: Town, policy: Policy) -> pd.Timestamp:
    """The day ages are counted on: age_date in the autumn of the school year."""
    return pd.Timestamp(f"{town.year[:4]}-{policy['age_date']}")


def ages(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """Full years of age on that day (Int64); missing where the birth date is."""
    day = age_day(town, policy)
    later = (born.dt.month > day.month) | ((born.dt.month == day.month) & (born.dt.day > day.day))
    return (day.year - born.dt.year - later.astype(int)).where(born.notna()).astype("Int64")


def grade_due(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """The grade a child of that age is due in (Int64): 1 at age_min; 0 and less before school, 10 and more after grade nine."""
    return ages(town, policy, born) - policy["age_min"] + 1


def too_young(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """未到龄: younger than age_min; no answer (NaT) is not too young."""
    return yes(ages(town, policy, born) < policy["age_min"])


def over_age(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """超龄: older than 适龄 on that day; whoever gets so old within the school year is 适龄 to its end."""
    return yes(ages(town, policy, born) > policy["age_max"])


def of_age(town: Town, policy: Policy, born: pd.Series) -> pd.Series:
    """适龄: from age_min to age_max years old on that day."""
    return born.notna() & ~too_young(town, policy, born) & ~over_age(town, policy, born)


# --- who is at school, and what changes it ----------------------------------------------------------------------------
# Pure. The roster holds the present state, 学生变动 what happened; the state on a day is the present one with the later events
# undone. An event holds from its day on: who leaves on a day is not due on that day, who joins is.
ENROLLED = "在读"
AT_SCHOOL = (ENROLLED, "送教上门")  # who is at school counts into 在校; who is 在读 is due in class
AFTER = {  # 变动类别 -> 在籍状态 from that day on
    "新生入学": ENROLLED, "转入": ENROLLED, "复学": ENROLLED, "其他增加": ENROLLED,
    "转出": "已转出", "休学": "休学", "毕业": "毕业", "结业": "毕业", "死亡": "死亡", "辍学标注": "辍学", "其他减少": "其他减少",
}  # fmt: skip
JOINING = ("新生入学", "转入", "其他增加")  # before these the pupil was not here at all
RETURN = "复学"
MOVES = ("跨班调整", "跳级", "特教降级")
NOT_HERE = ""  # the state of a pupil who has not come yet
FIRST, LAST = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")
PUPIL = ["home", "student_key"]


# --- the roll ---------------------------------------------------------------------------------------------------------
def on(town: Town, day: dt.date) -> pd.DataFrame:
    """The state of every pupil on a day: home, student_key, name, class_id, state (在读, 休学 ...; "" when not here yet).

    One row a pupil and school, indexed as the roster.
    """
    rows, day = spells(town), pd.Timestamp(day)
    return rows.loc[(rows["start"] <= day) & (day < rows["end"]), [*PUPIL, "name", "class_id", "state"]]


@once
def spells(town: Town) -> pd.DataFrame:
    """Stretches of days in one state and class: home, student_key, name, class_id, state, start, end (the end not included).

    Indexed as the roster; a pupil has as many rows as stretches. class_id is missing where the class is unknown, state where
    在籍状态 could not be read. Of rows that repeat a key in one school only the first counts.
    """
    roster, events, states = listed(town), _events(town), _base_states(town)
    # a state reached this year without an event began on its own date
    stated = (roster["status"] != ENROLLED) & (roster["status_date"] >= f"{town.year[:4]}-08-01")
    pupils = zip(roster["home"].tolist(), roster["student_key"].tolist(), strict=True)
    changed = stated.to_numpy() | np.array([pupil in events for pupil in pupils], bool)
    columns = [*PUPIL, "name", "class_id"]
    steady = roster.loc[~changed, [*columns, "status"]].rename(columns={"status": "state"})
    steady = steady.assign(start=FIRST, end=LAST)
    rows, index = [], []
    moving = roster.loc[changed, [*columns, "status", "status_date"]]
    for place, home, key, name, class_id, status, since in moving.itertuples(name=None):
        history = _history(events.get((home, key), []), class_id, status, since, states.get((home, key)))
        for state, held, start, end in history:
            rows.append((home, key, name, held, state, start, end))
            index.append(place)
    moved = pd.DataFrame(rows, columns=steady.columns)
    found = pd.concat([steady.reset_index(drop=True), moved], ignore_index=True)
    found.index = by_place([*steady.index, *index])
    kinds = dict.fromkeys([*columns, "state"], "str") | dict.fromkeys(["start", "end"], "datetime64[us]")
    return found.astype(kinds)


def each_once(rows: pd.DataFrame, keep: str = "first") -> pd.DataFrame:
    """The rows with each pupil of a school once, the first or the last of those that repeat the key; who has no key is not left out."""
    return rows[rows["student_key"].isna() | ~rows.duplicated(PUPIL, keep=keep)]


@once
def listed(town: Town) -> pd.DataFrame:
    """The roster with class ids; where the class is unknown, the one of 学年初基准. Repeated keys are left out."""
    roster = each_once(town["roster"].assign(class_id=keyed(town, "roster", "class_id")))
    base = town["baseline"][PUPIL].assign(class_id=keyed(town, "baseline", "class_id")).dropna()
    rooms = mapping(base.drop_duplicates(PUPIL), tuple(PUPIL), "class_id")
    pupils = zip(roster["home"].tolist(), roster["student_key"].tolist(), strict=True)
    held = pd.Series([rooms.get(pupil) for pupil in pupils], roster.index, dtype="str")
    return roster.assign(class_id=roster["class_id"].fillna(held))


@once
def changes(town: Town) -> pd.DataFrame:
    """学生变动 with class ids, without rows that lack date, pupil or a known kind, in order; on one day joining comes first."""
    keys = {name: keyed(town, "change", name) for name in ("class_from", "class_to")}
    frame = complete(town["change"].assign(**keys), "date", "student_key")
    frame = frame[frame["kind"].isin((*AFTER, *MOVES))]
    order = [0 if AFTER.get(kind) == ENROLLED else 1 if kind in MOVES else 2 for kind in frame["kind"]]
    return frame.assign(order=order).sort_values(["date", "order", "kind", "class_from", "class_to"])


def _events(town: Town) -> dict[tuple[str, str], list[tuple]]:
    """What happened to a pupil (school, key): (date, kind, class from, class to), in order."""
    found: dict[tuple[str, str], list[tuple]] = {}
    columns = [*PUPIL, "date", "kind", "class_from", "class_to"]
    for home, key, *event in changes(town)[columns].itertuples(index=False, name=None):
        found.setdefault((home, key), []).append(tuple(event))
    return found


def _base_states(town: Town) -> dict[tuple[str, str], str]:
    base = complete(town["baseline"], "student_key", "base_state").drop_duplicates(PUPIL)
    return mapping(base, ("home", "student_key"), "base_state")


def _history(
    events: list[tuple], class_id: object, status: object, since: pd.Timestamp, base: str | None
) -> list[tuple]:
    """The stretches (state, class, start, end) of one pupil, latest first: the present state, then event by event undone."""
    reached = [AFTER[kind] for _, kind, _, _ in events if kind in AFTER]
    explained = pd.isna(status) or status in (ENROLLED, *reached) or reached[-1:] == ["其他减少"]
    if not explained and not pd.isna(since):
        events = sorted([*events, (since, "", None, None)], key=lambda event: event[0])
    stretches, end = [], LAST
    for place in range(len(events) - 1, -1, -1):
        date, kind, class_from, class_to = events[place]
        if date < end:
            stretches.append((status, class_id, date, end))
            end = date
        if kind in MOVES:
            class_id = class_id if pd.isna(class_from) or pd.isna(class_to) else class_from
        else:
            earlier = [AFTER[before] for _, before, _, _ in events[:place] if before in AFTER]
            status = _before(kind, earlier, base)
    return [*stretches, (status, class_id, FIRST, end)]


def _before(kind: str, earlier: list[str], base: str | None) -> str:
    """The state before an event: what the event before led to, else that of 学年初基准, else what the event implies."""
    if kind in JOINING:
        return NOT_HERE
    if earlier:
        return earlier[-1]
    if kind == RETURN:
        return base if base and base != ENROLLED else "休学"
    return base or ENROLLED


# --- how many are due -------------------------------------------------------------------------------------------------
def due(town: Town, class_ids: pd.Series, days: pd.Series) -> pd.DataFrame:
    """For each (class, day): `number`, the pupils who are 在读 that day, and `slack`, by how many it may be wrong.

    Indexed as `class_ids`, of which none may be missing. See `doubts` for the slack.
    """
    rows = spells(town)
    rows = rows[(rows["state"] == ENROLLED) & rows["class_id"].notna()]
    classes = pd.Index(pd.concat([rows["class_id"], class_ids]).unique())
    asked = _stamps(classes, class_ids, days)
    earlier = _stamps(classes, class_ids, pd.Series(FIRST - pd.Timedelta(days=1), class_ids.index))
    came, gone = (
        np.searchsorted(stamps, asked, "right") - np.searchsorted(stamps, earlier, "right")
        for stamps in (np.sort(_stamps(classes, rows["class_id"], rows[column])) for column in ("start", "end"))
    )
    by_class, by_home = doubts(town)
    homes = dict(zip(town["class"]["class_id"], homes_of(town, "class"), strict=True))
    slack = tally(class_ids, by_class) + tally(class_ids.map(homes), by_home)
    return pd.DataFrame({"number": came - gone, "slack": slack}, class_ids.index)


def _stamps(classes: pd.Index, class_ids: pd.Series, days: pd.Series) -> np.ndarray:
    """(class, day) as one number, so that a class's days lie together and in order."""
    return classes.get_indexer(class_ids).astype("int64") * 1_000_000 + days.to_numpy("datetime64[D]").astype("int64")


@once
def doubts(town: Town) -> tuple[dict[str, int], dict[str, int]]:
    """How many pupils cannot be placed for sure: by class (no state, no key, key repeated), by school (no class, bad change)."""
    roster = town["roster"].assign(class_id=keyed(town, "roster", "class_id"))
    repeated = roster["student_key"].notna() & roster.duplicated(PUPIL)
    doubtful = roster["status"].isna() | roster["student_key"].isna() | repeated
    unplaced = listed(town).loc[lambda frame: frame["class_id"].isna(), "home"]
    change = town["change"]
    unclear = change.loc[change[["date", "kind", "student_key"]].isna().any(axis=1), "home"]
    by_home = pd.concat([unplaced, unclear]).value_counts().to_dict()
    # 退学: gone, but by no procedure there is
    refused = change[change["kind"].isin(town.schema.codes["change_kind"].refused)]
    doubtful |= among(roster, refused[PUPIL].dropna(), PUPIL)
    return roster.loc[doubtful, "class_id"].value_counts().to_dict(), by_home
