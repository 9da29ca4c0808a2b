"""A case of 控辍台账: the days it stands on a ledger, its visits and papers, and whether it is a loss (流失) of a class."""

import datetime as dt

import pandas as pd

from ..core.policy import Policy
from ..core.tables import Town, among, complete, no, of_year, once, yes
from . import attendance, enrolment
from .references import keyed

# --- The entries of 控辍台账 as stretches of days: from which day a case is on its ledger, on which it left it, which are open ---
# Pure. One definition for the rules that ask whether a child is on a ledger and for the figures that count them.
LEDGERS = ("suspected", "dropout")  # a case may stand on both, on the second after the first
BACK_AGAIN, DONE_BACK = "再次辍学", "已复学"  # 现状; 结案类型


def suspected(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of 疑似辍学台账 with entered (发现日期) and left (结案日期); NaT: unknown, or still open."""
    return rows.assign(entered=rows["found"], left=rows["closed"])


def dropouts(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of 辍学台账 with entered (认定日期), left (复学日期 or 销号日期, the earlier) and returned, whether by coming back.

    Without 认定日期 a case has entered on its 辍学日期: it stands on the ledger. One closed as 已复学 without a 复学日期 was back
    when it was closed. A case in state 再次辍学 that is not closed is open whatever its 复学日期 says.
    """
    back = rows["back_date"].where((rows["state"] != BACK_AGAIN) | rows["closed"].notna())
    left = pd.concat([back, rows["closed"]], axis=1).min(axis=1)
    returned = back.notna() & (rows["closed"].isna() | (back <= rows["closed"]))
    returned |= back.isna() & rows["closed"].notna() & (rows["close_type"] == DONE_BACK)
    return rows.assign(entered=rows["confirm_date"].fillna(rows["drop_date"]), left=left, returned=returned)


def open_at(cases: pd.DataFrame, day: object) -> pd.Series:
    """Which cases are open at the end of a day (one for all, or one for each). A case without its first date counts as long
    open: it must not be lost.
    """
    day = day if isinstance(day, pd.Series) else pd.Timestamp(day)
    return (cases["entered"].isna() | (cases["entered"] <= day)) & (cases["left"].isna() | (cases["left"] > day))


# --- What belongs to one case: its row on 疑似辍学台账, the row on 辍学台账 it became, its 劝返记录 and its 法律文书 ------------------
# Pure. A case is known by its number within its school; a visit whose number nobody could read, or that names no case there
# is, is put to the pupil's latest case.
FROM_ABSENCE = ("连续缺勤", "开学未报到")  # sources of a case whose first day away was known at once
TO_DROPOUT, CAME_BACK = "转辍学台账", "返校"
PHONE = "电话"  # 劝返方式: contact, but nobody went there
HANDED_ON = ("移送镇政府", "起诉")  # 劝返结果 that takes the case a step further
# 劝返结果 of a visit that succeeded
RETURNED = ("已复学(原班)", "已复学(插班)", "已复学(单独编班)", "已复学(普职融合)")
AT_SCHOOL_AGAIN = (*RETURNED, "转入送教上门", "外地就读已核实")
MONITORED = ("脱贫户", "监测户")

_FIRST = {  # column of a case -> column of 疑似辍学台账
    "number": "case_id", "key": "student_key", "called_name": "name", "room": "class_id", "source": "source", "away": "last_day",
    "found": "found", "first_call": "first_call", "first_visit": "first_visit", "rep_center": "rep_center",
    "rep_town": "rep_town", "verdict": "verdict", "settled": "closed", "settled_as": "close_type", "owner": "teacher",
}  # fmt: skip
_SECOND = {  # column of a case -> column of 辍学台账
    "number2": "case_id", "key2": "student_key", "name2": "name", "room2": "class_id", "away2": "drop_date",
    "confirmed": "confirm_date", "back": "back_date", "back_mode": "back_mode", "follow_to": "follow_to", "state": "state",
    "struck": "closed", "struck_as": "close_type", "owner2": "bond_school",
}  # fmt: skip


@once
def cases(town: Town) -> pd.DataFrame:
    """Every case once, numbered from 0: home, student_key, name, class_id, where it stands, and the dates of its steps.

    `suspected` and `dropout` are the places of its rows on the two ledgers, missing where it has none; `away` the first
    day away; `settled` when the suspected case was closed, `verdict` how; `confirmed` (where 认定日期 cannot be read: the day it
    was handed on, else the first day away), `back`, `struck` (销号) and `relapsed`
    of the dropout case. `relapsed` is told from 缺勤明细 where the ledger says 再次辍学, else it is the day of coming back.
    """
    first = _rows(town, "suspected", _FIRST)
    second = _rows(town, "dropout", _SECOND).assign(came_from=keyed(town, "dropout", "ys_id").to_numpy())
    # of numbers that repeat (F18) only the first leads on; what has no number leads nowhere
    mark = [f"?{place}" for place in range(len(first))]
    leads = first["number"].notna() & ~first.duplicated(["home", "number"])
    first = first.assign(link=first["number"].where(leads, pd.Series(mark, first.index, dtype="str")))
    mark = pd.Series([f"!{place}" for place in range(len(second))], second.index, dtype="str")
    second = second.assign(link=second["came_from"].fillna(mark))
    found = first.merge(second, "outer", ["home", "link"], sort=False).sort_values(["home", "number", "number2"])
    found = found.reset_index(drop=True).rename(columns={"number": "ys_id", "number2": "cx_id"})
    for column, other in (("key", "key2"), ("called_name", "name2"), ("room", "room2"), ("away", "away2")):
        found[column] = found[column].fillna(found[other])
    # a row of 辍学台账 without a date that can be is a case all the same: since it was handed on, else since the first day away
    on_ledger = found["dropout"].notna()
    found["confirmed"] = found["confirmed"].fillna(found["settled"].fillna(found["away"]).where(on_ledger))
    found = found.rename(columns={"key": "student_key", "called_name": "name", "room": "class_id"})
    found = found.drop(columns=["key2", "name2", "room2", "away2", "link", "came_from"])
    return found.assign(relapsed=_relapsed(town, found))


@once
def standing(town: Town, sheet: str) -> pd.DataFrame:
    """The cases that stand on a ledger ("suspected", "dropout")."""
    book = cases(town)
    book = book[book[sheet].notna()]
    return book.assign(**{sheet: book[sheet].astype("int64")})


def settled(book: pd.DataFrame) -> pd.Series:
    """When a suspected case was over for good: closed, and not handed on to 辍学台账."""
    handed_on = (book["verdict"] == TO_DROPOUT) | book["confirmed"].notna()
    return book["settled"].where(~handed_on)


def _rows(town: Town, sheet: str, columns: dict[str, str]) -> pd.DataFrame:
    frame = town[sheet].assign(class_id=keyed(town, sheet, "class_id"))
    found = frame[["home", *columns.values()]].set_axis(["home", *columns], axis=1)
    return found.assign(**{sheet: pd.array(frame.index, dtype="Int64")}).reset_index(drop=True)


def _relapsed(town: Town, found: pd.DataFrame) -> pd.Series:
    again = found[(found["state"] == BACK_AGAIN) & found["back"].notna()]
    away = unexcused(town)[[*enrolment.PUPIL, "date"]]
    pairs = again.reset_index(names="case")[["case", *enrolment.PUPIL, "back"]].merge(away, on=enrolment.PUPIL)
    first = pairs[pairs["date"] > pairs["back"]].groupby("case")["date"].min()
    return first.reindex(found.index).fillna(again["back"].reindex(found.index))


@once
def unexcused(town: Town) -> pd.DataFrame:
    """The 缺勤明细 rows without leave (旷课, 开学未报到, 失联, or leave nobody wrote a slip for) of pupils who have a case."""
    keys = pd.concat([town[sheet]["student_key"] for sheet in LEDGERS]).dropna()
    rows = town["absence"]
    rows = complete(rows[rows["student_key"].isin(keys)], "date", "kind")
    return rows[rows["kind"].isin(attendance.UNEXCUSED) | no(rows["leave_slip"])]


# --- visits and papers ------------------------------------------------------------------------------------------------
@once
def visits(town: Town) -> pd.DataFrame:
    """劝返记录 with `case` (the number in `cases`, NA where none fits) and `faced`: whether somebody went there."""
    rows = _of_cases(town, "visit")
    return rows.assign(faced=rows["mode"].notna() & (rows["mode"] != PHONE))


@once
def papers(town: Town) -> pd.DataFrame:
    """法律文书 with `case` (the number in `cases`, NA where none fits)."""
    return _of_cases(town, "legal")


def _of_cases(town: Town, sheet: str) -> pd.DataFrame:
    rows, book = town[sheet], cases(town)
    found = _look_up(_numbers(book, "ys_id") | _numbers(book, "cx_id"), rows, "case_id")
    for column in ("student_key", "name") if "student_key" in rows else ():
        found = found.fillna(_look_up(_numbers(book, column), rows, column))
    return rows.assign(case=found)


def _numbers(book: pd.DataFrame, column: str) -> dict[tuple[str, str], int]:
    """The number of a case by its school and what the column says; of several, the last."""
    rows = book[["home", column]].dropna()
    return dict(zip(zip(rows["home"].tolist(), rows[column].tolist(), strict=True), rows.index.tolist(), strict=True))


def _look_up(numbers: dict[tuple[str, str], int], rows: pd.DataFrame, column: str) -> pd.Series:
    pairs = zip(rows["home"].tolist(), rows[column].tolist(), strict=True)
    return pd.Series([numbers.get(pair) for pair in pairs], rows.index, dtype="Int64")


def placed(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The visits or papers that belong to a case and have these columns, their case as a plain number."""
    rows = complete(rows, "case", *columns)
    return rows.assign(case=rows["case"].astype("int64"))


def at(by_case: pd.Series, cases: pd.Series) -> pd.Series:
    """What each row's case has, indexed as the rows."""
    return by_case.reindex(cases).set_axis(cases.index)


def earliest(*columns: pd.Series) -> pd.Series:
    """The first of several dates of each row."""
    return pd.concat(columns, axis=1).min(axis=1)


@once
def unsure(town: Town) -> pd.Series:
    """Of which cases something of the visits cannot be told: one has no date or mode, or the school's sheet was not read.

    Indexed as `cases`. Nobody may be blamed for a visit that is missing there.
    """
    book, rows = cases(town), visits(town)
    vague = rows[rows["date"].isna() | rows["mode"].isna()]
    lost = rows.loc[rows[["case", "student_key", "name"]].isna().all(axis=1), "home"]  # of whom, nobody can tell
    unread = town.unread_homes("visit", "case_id", "date", "mode")
    return book.index.to_series().isin(set(placed(vague)["case"])) | book["home"].isin([*unread, *lost])


# --- poor families ----------------------------------------------------------------------------------------------------
@once
def poor(town: Town) -> pd.Series:
    """What says that a case is one of a 脱贫户 or 监测户 family ("" where nothing does), indexed as `cases`."""
    book = cases(town)
    said = pd.Series("", book.index, dtype="str")
    roster, plans = town["roster"], town["family_plan"]
    for where, rows in (
        ("帮扶“家庭困难_一家一案”", plans[plans["poor_type"].isin(MONITORED)]),
        ("花名册", roster[_names_poor(roster["groups"])]),
    ):
        said = said.mask(among(book, rows[enrolment.PUPIL].dropna(), enrolment.PUPIL), where)
    for sheet in ("dropout", "suspected"):
        own = _names_poor(town[sheet]["groups"])
        if sheet == "suspected":
            own |= yes(town[sheet]["poor"])
        said = said.mask(book[sheet].isin(own.index[own]), "台账")
    return said


def _names_poor(groups: pd.Series) -> pd.Series:
    return groups.fillna("").str.contains("|".join(MONITORED)).astype(bool)


# --- 流失 (domain.md 4.2; 方案六-8): which cases of 辍学台账 are a loss of the class a pupil stood in when the school year began ---
# The one definition for the rule that proposes a veto (V01), the points of classes and the share of pupils kept (D03). Pure.
def baseline_day(rows: pd.DataFrame, year: str, policy: Policy) -> pd.Timestamp:
    """The day that rows of 学年初基准 stand for: 基准日期 as most of them have it, else 统计基准日 of policy."""
    days = rows["base_date"].dropna()
    return days.mode().iloc[0] if len(days) else pd.Timestamp(f"{year[:4]}-{policy['baseline_date']}")


def losses(town: Town, day: dt.date, policy: Policy) -> pd.DataFrame:
    """The rows of 辍学台账 whose pupil was at school on 学年初基准 and who, by `day`, had dropped out and was not struck off.

    With the columns of `dropouts` and `room` (class id on the baseline), `away` (not back by `day`: LS of D03), `in_time`
    (back, and for return_grace_days) and `lost`: away, or back in a way that policy does not let count (return_lifts_veto).
    Without a row: a pupil of no baseline, one there as 休学, a case over before the baseline's day, one closed for a reason
    other than coming back (转学, 死亡, 数据错误 …).
    """
    day = pd.Timestamp(day)
    base = of_year(town, town["baseline"].assign(class_id=keyed(town, "baseline", "class_id")))
    begun = baseline_day(base, town.year, policy)
    base = complete(base[base["base_state"].isin(enrolment.AT_SCHOOL)], "student_key")
    rooms = base.drop_duplicates(enrolment.PUPIL).set_index(enrolment.PUPIL)["class_id"]
    rows = dropouts(town["dropout"])
    over = rows["left"] <= day
    keys = pd.MultiIndex.from_frame(rows[enrolment.PUPIL])
    counts = keys.isin(rooms.index) & ~(rows["entered"] > day) & ~(rows["left"] < begun) & ~(over & ~rows["returned"])
    in_time = over & (rows["left"] <= day - pd.Timedelta(days=policy["return_grace_days"]))
    lost = ~in_time if policy["return_lifts_veto"] else pd.Series(True, rows.index)
    rows = rows.assign(room=rooms.reindex(keys).to_numpy(), away=~over, in_time=in_time, lost=lost)
    return rows[counts]
