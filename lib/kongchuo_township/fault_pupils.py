"""Faults of 学籍, 出勤 and 摸底登记: who is where, in which class, since when; counts that disagree (X of domain.md 3.2), and near misses."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable

from . import days
from .new_cases import NewCase, absent
from .people import filled, id_number
from .planting import Hand, NoPlace, Row, Rows, at, by, plain, plus

LEFT = dt.date(2023, 12, 18)  # after the last roll-call of an inspection, and long enough before the end
FAR = "邻市样例县样例学校"
OTHER_YEARS = ("2022-2023", "2024-2025", "2021-2022", "2025-2026")


# --- who may ----------------------------------------------------------------------------------------------------------


def elsewhere(row: Row) -> bool:
    """A child whose whole family lives elsewhere, by the census."""
    return (
        row["study_status"] == "镇外在读"
        and row["residence"] == "随父母外出"
        and row["hukou_status"] == "户籍在本镇举家外出"
    )


def away(row: Row) -> bool:
    """A child at school elsewhere, on no roster of ours; not in grade 7: those are looked for after grade 6."""
    elsewhere = row["study_status"] == "镇外在读" and row["hukou_status"] == "户籍在本镇举家外出"
    return elsewhere and row["study_grade"] != 7 and "status_no" in row


def _same_school(one: Row, other: Row) -> bool:
    return one["class_id"].split("-")[0] == other["class_id"].split("-")[0]


def _on_one_roster(hand: Hand) -> Callable[[Row], bool]:
    """Who is plain and stands on no other roster, as one does who has moved between schools of the township."""
    times = Counter(row["student_key"] for _, row in hand.rows("roster"))
    return lambda row: plain(row) and times[row["student_key"]] == 1


def _quiet(hand: Hand, row: Row, since: dt.date) -> bool:
    """A plain pupil without a change, whom nobody wrote down from a day on, so that he or she can be gone from then."""
    key = row["student_key"]
    logs = (
        (sheet, one)
        for sheet in ("absence", "reconcile", "change")
        for _, one in hand.rows(sheet)
        if one.get("student_key") == key
    )
    return not any(sheet == "change" or one["date"] >= since for sheet, one in logs)


def _pupil(hand: Hand, since: dt.date = LEFT) -> tuple[str, Row]:
    return hand.pick("roster", lambda row: plain(row) and _quiet(hand, row, since))


# --- between sheets ---------------------------------------------------------------------------------------------------
def change_missing(hand: Hand) -> None:
    """X26: the pupil's state was changed on the roster, and nobody wrote down the change."""
    there = {row["student_key"] for _, row in hand.rows("change") if row["kind"] == "转入"}
    book, row = hand.pick(
        "change",
        lambda row: (
            row["kind"] in ("转出", "休学") and row["student_key"] not in there and hand.free(row["class_from"])
        ),
    )
    hand.take(row["class_from"])
    hand.remove(book, "change", row)
    hand.note("X26", book, "roster", hand.of("roster", row["student_key"])[1], "status")


def not_in_census(hand: Hand) -> None:
    """X01."""
    book, row = hand.pick("roster", plain)
    place, child = hand.of("census", row["student_key"])
    hand.remove(place, "census", child)
    hand.note("X01", book, "roster", row, "student_key")


def on_two_rosters(hand: Hand) -> None:
    """X04: one temporary number at two schools."""
    book, row = hand.pick("roster", plain)
    there, other = hand.pick("roster", lambda other: plain(other) and not _same_school(row, other))
    row["status_no"] = other["status_no"] = f"L99{hand.random.randrange(10**16):016d}"
    hand.note("X04", book, "roster", row, "status_no")
    hand.note("X04", there, "roster", other, "status_no")


def two_names(hand: Hand) -> None:
    """X05: the census writes another name than the roster."""
    book, row = hand.pick("roster", _on_one_roster(hand))
    place, child = hand.of("census", row["student_key"])
    child["name"] = row["name"][0] + row["name"][:0:-1] if row["name"][1] != row["name"][2] else f"{row['name']}花"
    hand.note("X05", book, "roster", row, "name")
    hand.note("X05", place, "census", child, "name")


def two_numbers(hand: Hand) -> None:
    """X05, the warning: a child away has name and birth date of a pupil here, and another number."""
    book, row = hand.pick("roster", _on_one_roster(hand))
    place, child = hand.of("census", row["student_key"])
    compared = {row["student_key"] for _, row in hand.rows("match")}  # these stand under their own name once more
    there, twin = hand.pick("census", lambda other: elsewhere(other) and other["student_key"] not in compared)
    number = id_number(int(row["id_no"][:6]), row["birth_date"], 988 + (twin["sex"] == "男"))
    twin |= {"name": row["name"], "birth_date": row["birth_date"], "id_no": number, "status_no": f"G{number}"}
    for found in ((book, "roster", row), (place, "census", child), (there, "census", twin)):
        hand.note("X05", *found, "id_no")


def _other_class(_old: object, row: Row, hand: Hand) -> str:
    rooms = (one["class_id"] for _, one in hand.rows("class") if _same_school(one, row))
    return next(room for room in rooms if room != row["class_id"])


def _some_school(_old: object, _row: Row, hand: Hand) -> str:
    return hand.rows("school")[1][1]["school_name"]


def day_missing(hand: Hand) -> None:
    """X11: a Friday nobody counted; the day before is the nearest row."""

    def quiet_friday(row: Row) -> bool:
        day = row["date"]
        alone = day.weekday() == 4 and days.shift(day, -1) == day - days.DAY and row["present"] == row["due"]
        return alone and not days.is_school_day(day + days.DAY)

    book, row = hand.pick("daily", quiet_friday, whole_class=True)
    before = _day_of(hand.books[book], row["class_id"], row["date"] - days.DAY)
    hand.remove(book, "daily", row)
    hand.take(before)
    hand.note("X11", book, "daily", before, "date")


def _day_of(rows: Rows, class_id: str, day: dt.date) -> Row:
    return next(row for row in rows["daily"] if row["class_id"] == class_id and row["date"] == day)


def nearly_absent(hand: Hand) -> None:
    """No X12: two days and a half. In a primary, and no dropout in the village, so that nothing else adds up (X38)."""
    grades = {row["class_id"]: row["grade"] for _, row in hand.rows("class")}
    gone = {row["village_code"] for rows in hand.books.values() for row in rows.get("dropout", ())}  # planted ones too
    stay_away(hand, (1, 2, 2), lambda row: grades[row["class_id"]] < 7 and row["village_code"] not in gone)


def stay_away(hand: Hand, halves: tuple[int, ...], suits: Callable[[Row], bool] = lambda row: True) -> tuple[str, Row]:
    """Keep a plain pupil away for the last days of the term, half days counted; returns the last row of 缺勤明细."""
    last_days = days.SCHOOL_DAYS[-len(halves) :]
    before = days.shift(last_days[0], -3)
    away = {row["student_key"] for _, row in hand.rows("absence") if row["date"] >= before}
    book, pupil = hand.pick(
        "roster", lambda row: plain(row) and row["student_key"] not in away and suits(row), whole_class=True
    )
    reporter = _day_of(hand.books[book.replace("学籍", f"出勤_{days.TERM}")], pupil["class_id"], before)["reporter"]
    case = NewCase(book.rsplit("/", 1)[0], pupil, reporter, reporter, {})
    return [absent(hand, case, day, half) for day, half in zip(last_days, halves, strict=True)][-1]


LISTS = "leftbehind.{0} others.{0} pupil_plan.{0}"
SCARCE = (by(3, change_missing),)  # few moves are such that one can be missing
BETWEEN_SHEETS = (
    by(4, day_missing),
    at("X12", 3, "three days away at the end of the term, on no ledger", "absence.student_key",
        of=lambda hand: stay_away(hand, (2, 2, 2))),
    by(2, nearly_absent),
    at("X08", 4, "somebody too many, and all present", "daily.due", plus(1), also={"present": plus(1)}, whole_class=True),
    at("X09", 4, "parts that do not add up", "daily.due", also={"present": plus(-1, 1, 2)}, whole_class=True),
    at("X10", 4, "one absent whom no list names", "daily.unexcused", plus(1), also={"present": plus(-1)}, whole_class=True),
    at("X25", 3, "another number than the baseline", "class.base_count", plus(-1, 1), whole_class=True),
    by(4, not_in_census),
    at("X02", 3, "said to be at a school of the township, on no roster", "census.student_key", suits=elsewhere,
        also={"study_status": "本镇在读", "study_school": _some_school, "residence": "在家"}, without="proof"),
    by(3, on_two_rosters), by(3, two_names), by(3, two_numbers),
    at("X06", 3, "another name in a ledger", LISTS.format("name") + " aid.name",
        lambda old, *_: f"{old[:2]}{'果' if old[2] != '果' else '叶'}"),
    at("X06", 2, "a number that no pupil has", LISTS.format("student_key") + " aid.student_key",
        lambda _old, _row, hand: f"XS99{len(hand.planted):05d}"),  # each another, or two would be the same row (F18)
    at("X07", 4, "another class of the school", LISTS.format("class_id"), _other_class),
    at("X27", 4, "on a list or not, and no word of it", "reconcile.in_rollbook reconcile.in_seating reconcile.in_homework",
        False, lambda row: "diff_type" not in row, noted="diff_type"),
)  # fmt: skip


# --- changes, leave, guests, ages -------------------------------------------------------------------------------------


def _write(hand: Hand, book: str, row: Row, kind: str, day: dt.date, **more: object) -> Row:
    """A complete row of 学生变动 for a pupil, reported the same day, and at the end of the sheet."""
    rows = hand.books[book]["change"]
    school = next(one for _, one in hand.rows("school") if one["school_code"] == row["class_id"].split("-")[0])
    who = {"handler": school["status_clerk"], "approved_by": school["principal"]}
    said = {"kind": kind, "reason": "家庭原因", "sys_state": "不适用"} | who | more
    moved = {"move_id": f"BD-9{len(rows):03d}", "term": days.TERM, "date": day, "report_date": days.on_or_after(day)}
    change = filled("change", row, **moved, **said)
    rows.append(change)
    hand.take(change)
    return change


def _gone(hand: Hand, kind: str, status: str, study: str, day: dt.date, **more: object) -> tuple[str, Row, Row, Row]:
    """A pupil who is due no more from a day on, right in every sheet: workbook, roster row, change, census row."""
    book, row = _pupil(hand, day)
    row |= {"status": status, "status_date": day}
    change = _write(hand, book, row, kind, day, class_from=row["class_id"], **more)
    for _, count in hand.rows("daily"):
        if count["class_id"] == row["class_id"] and count["date"] >= day:
            count["due"], count["present"] = count["due"] - 1, count["present"] - 1
    child = hand.of("census", row["student_key"])[1]
    child["study_status"] = study
    return book, row, change, child


def transferred(hand: Hand) -> tuple[str, Row, Row, Row]:
    """A pupil who has moved far away, right in every sheet; as _gone."""
    more = {
        "place": FAR,
        "evidence": "转学联系表",
        "sys_state": "已核办",
        "sys_start": LEFT,
        "sys_date": LEFT + days.DAY * 4,
    }
    book, row, change, child = _gone(hand, "转出", "已转出", "镇外在读", LEFT, **more)
    child |= {"study_school": FAR, "residence": "随父母外出", "away_place": FAR, "proof": "学籍截图"}
    return book, row, change, child


def _transfer(hand: Hand) -> tuple[str, Row]:
    """The row of 学生变动 of a pupil who has moved far away."""
    return transferred(hand)[::2]


def transfer_unseen(hand: Hand) -> None:
    """X19: a school is named, but nothing was begun in the system, and the pupil is seen nowhere."""
    book, row, change, child = transferred(hand)
    change["sys_state"] = "未发起"
    del change["sys_date"], change["sys_start"]
    hand.remove(hand.of("census", row["student_key"])[0], "census", child)
    hand.note("X19", book, "change", change, "sys_state")


def _leave(hand: Hand) -> tuple[str, Row]:
    """The row of 学生变动 of a pupil on leave until the summer."""
    more = {
        "leave_from": LEFT,
        "leave_to": dt.date(2024, 6, 28),
        "evidence": "县医院诊断证明 12-90",
        "reason": "因病需休养",
    }
    more |= {"sys_state": "已核办", "sys_start": LEFT, "sys_date": LEFT}
    return _gone(hand, "休学", "休学", "休学", LEFT, **more)[::2]


def _noted(hand: Hand) -> tuple[str, Row]:
    """A change of a pupil's data."""
    book, row = _pupil(hand)
    return book, _write(hand, book, row, "信息变更", LEFT)


def _unsettled(hand: Hand) -> tuple[str, Row]:
    """A change of a pupil of whom remains open where he or she is, so the class has no other fault."""

    def alone(row: Row) -> bool:
        days_of = (one for _, one in hand.rows("daily") if one["class_id"] == row["class_id"])
        return plain(row) and _quiet(hand, row, LEFT) and all(map(hand.free, days_of))

    book, row = hand.pick("roster", alone, whole_class=True)
    return book, _write(hand, book, row, "信息变更", LEFT)


def class_unchecked(hand: Hand) -> None:
    """X28: no check of a class the whole term."""
    checks: dict[str, list[tuple[str, Row]]] = {}
    for book, row in hand.rows("reconcile"):
        checks.setdefault(row["class_id"], []).append((book, row))
    possible = [
        (room, rows)
        for room, rows in checks.items()
        if hand.free(room, (rows[0][0], "reconcile")) and all(hand.free(row) for _, row in rows)
    ]
    if not possible:
        raise NoPlace("reconcile")
    _, rows = hand.random.choice(possible)
    for book, row in rows:
        hand.remove(book, "reconcile", row)
    hand.take((rows[0][0], "reconcile"))
    hand.note("X28", rows[0][0], "reconcile")


def _older(hand: Hand, years: int) -> tuple[str, Row]:
    """A pupil as old as the class, made so many years older in roster and census and in every number."""
    grades = {one["class_id"]: one["grade"] for _, one in hand.rows("class")}

    def usual(row: Row) -> bool:
        born = row["birth_date"].year + (row["birth_date"].month > 8)
        grade = days.START.year - born - 5
        return plain(row) and grade == grades[row["class_id"]] <= 5 and row["status_no"][0] == "G"

    book, row = hand.pick("roster", usual)
    born = row["birth_date"] - dt.timedelta(days=365 * years)
    numbers = (id_number(int(row["id_no"][:6]), born, 990 + (row["sex"] == "男") + more) for more in (0, 2))
    number = next(one for one in numbers if not one.endswith("000"))
    for one in (row, hand.of("census", row["student_key"])[1]):
        one |= {"birth_date": born, "id_no": number, "status_no": f"G{number}"}
    return book, row


def _school_days_after(number: int) -> Callable:
    return lambda _old, row, _hand: days.shift(days.on_or_before(row["date"]), number)


CHANGES = (
    at("X18", 3, "begun in the system, never approved", "change.sys_state", "已发起", of=_transfer, without="sys_date"),
    at("X19", 2, "no school where the pupil went", "change.place", ("外地", "随父母外出", "外省某小学", "邻省样例市，学校不详"), of=_transfer),
    by(2, transfer_unseen),
    at("X20", 3, "leave that ran out", "change.leave_to",
        tuple(dt.date(2024, 1, 25) - days.DAY * number for number in range(8)), of=_leave),
    at("X21", 3, "证明材料 is filled in, with nothing", "change.evidence", ("无", "待补", "样例一村卫生室证明"), of=_leave),
    at("X22", 2, "no such kind of change", "change.kind", ("退学", "开除", "劝退"), of=_unsettled),
    at("X22", 2, "the word stands in the reason", "change.reason", "家长要求退学，改监护人电话", of=_noted),
    at("", 2, "that it is no 退学 may be said (X22)", "change.reason", "监护人变更，并非退学", of=_noted),
    at("T08", 3, "reported on the fourth school day", "change.report_date", _school_days_after(4), lambda row: row["date"] < LEFT,
        also={"received": _school_days_after(4)}),
    at("", 3, "on the third is in time (T08)", "change.report_date", _school_days_after(3), lambda row: row["date"] < LEFT,
        also={"received": _school_days_after(3)}),
    by(3, class_unchecked),
    at("X42", 3, "three years older than the class", "roster.birth_date", of=lambda hand: _older(hand, 3)),
    at("X48", 3, "a guest since the thirty-first day before", "roster.guest", True, of=_pupil,
        also={"origin_school": FAR, "status_date": days.END - days.DAY * 31}),
    at("", 3, "a guest since the thirtieth is in time (X48)", "roster.guest", True, of=_pupil,
        also={"origin_school": FAR, "status_date": days.END - days.DAY * 30}),
    at("", 2, "a transfer in good order", "change.date", of=_transfer),
    at("", 2, "leave that ends on the last day (X20)", "change.leave_to", days.END, of=_leave),
    at("", 2, "a pupil a year older than the class (X42)", "roster.birth_date", of=lambda hand: _older(hand, 1)),
)  # fmt: skip


# --- two statements that cannot both be right -------------------------------------------------------------------------


def placed_otherwise(hand: Hand) -> None:
    """X62: taught at home by the sheet, in class by the roster."""
    states = {row["student_key"]: row["status"] for _, row in hand.rows("roster")}
    book, row = hand.pick(
        "disabled", lambda row: row.get("placement") == "随班就读" and states.get(row["student_key"]) == "在读"
    )
    school = next(one for _, one in hand.rows("school") if one["school_name"] == book.split("/")[1])
    row |= {"placement": "送教上门", "home_teachers": school["principal"], "plan_per_month": 2}
    hand.note("X62", book, "disabled", row, "placement")


def lost_between_schools(hand: Hand) -> None:
    """X55: gone to another school of the township, which never took the pupil."""
    schools = [row["school_name"] for _, row in hand.rows("school") if row["stage"] == "小学"]
    book, _, change, child = transferred(hand)
    other = [name for name in schools if name != book.split("/")[1]]
    if not other:
        raise NoPlace("school")
    there = hand.random.choice(other)
    change["place"] = f"示例镇{there}"
    for name in ("proof", "away_place"):
        child.pop(name, None)
    child |= {"study_status": "本镇在读", "study_school": there, "residence": "在家"}
    hand.note("X55", book, "change", change, "place")


def register_without_child(hand: Hand) -> None:
    """X59: at school elsewhere by the census, in class here by the roster, all the time."""
    stayed = {row["student_key"] for _, row in hand.rows("baseline")}
    moved = {row["student_key"] for _, row in hand.rows("change")}
    _, row = hand.pick("roster", lambda row: plain(row) and row["student_key"] in stayed - moved)
    book, child = hand.of("census", row["student_key"])
    far = "邻市样例县样例学校"
    child |= {"study_status": "镇外在读", "study_school": far, "proof": "在读证明", "residence": "寄居亲属"}
    hand.note("X59", book, "census", child, "study_status")


def not_reviewed(hand: Hand) -> None:
    """T13: no review at the end of the term."""
    here = {row["student_key"] for _, row in hand.rows("roster") if row["status"] == "在读"}
    book, row = hand.pick("pupil_plan", lambda row: row["student_key"] in here and "review1" in row)
    row.pop("review1")
    hand.note("T13", book, "pupil_plan", row, "review1")


def not_called(hand: Hand) -> None:
    """T14: absent without leave for a day, and nobody called."""
    day = hand.random.choice(days.of_month("2023-11")[3:-3])
    counts = {row["class_id"]: row for _, row in hand.rows("daily") if row["date"] == day}
    busy = {row["student_key"] for sheet in ("absence", "change", "watch") for _, row in hand.rows(sheet)}

    def quiet(row: Row) -> bool:
        count = counts.get(row["class_id"])
        return plain(row) and row["student_key"] not in busy and bool(count) and hand.free(count)

    book, pupil = hand.pick("roster", quiet)
    hand.take(counts[pupil["class_id"]])
    head = next(row["head_teacher"] for _, row in hand.rows("class") if row["class_id"] == pupil["class_id"])
    case = NewCase(book.rsplit("/", 1)[0], pupil, head, head, {})
    place, row = absent(hand, case, day)
    row["called"] = False
    for name in ("called_at", "caller", "parent_note"):
        row.pop(name)
    hand.take(row)
    hand.note("T14", place, "absence", row, "called")


def _another_year(_old: object, _row: Row, hand: Hand) -> str:
    """One finding a sheet and year, so each has a year of its own."""
    used = {row["school_year"] for sheet in ("change", "pledge") for _, row in hand.rows(sheet)}
    return next(year for year in OTHER_YEARS if year not in used)


def changed_twice(hand: Hand) -> None:
    """X77: a transfer written down twice, under two numbers and in other words."""
    book, _, row, _ = transferred(hand)
    again = row | {"move_id": f"{row['move_id']}9", "evidence": "转学联系表、接收证明"}
    hand.books[book]["change"].append(again)
    hand.take(again)
    hand.note("X77", book, "change", again, "student_key")


def copied_row(hand: Hand) -> None:
    """F42: one thing written down twice, the second time under a number of its own where there are numbers."""
    sheet, number = hand.random.choice((("contact", ""), ("joint", ""), ("support_log", "log_id")))
    book, row = hand.pick(sheet)
    again = row | ({number: f"{row[number]}9"} if number else {})
    hand.books[book][sheet].append(again)
    hand.take(again)
    hand.note("F42", book, sheet, again, number)


CONTRADICTIONS = (
    by(3, copied_row), by(2, changed_twice),
    by(3, not_called), by(3, lost_between_schools), by(3, placed_otherwise), by(3, register_without_child),
    at("X57", 3, "the census knows that the child is not at school, no ledger does", "census.study_status", ("辍学", "未入学"),
        away, without="study_school study_grade proof"),
    at("X58", 3, "nine years of school at an age at which nobody has them", "census.study_status", "已完成九年",
        lambda row: row["study_status"] == "学前"),
    at("X63", 3, "gone three days before the transfer, by the roster", "roster.status_date",
        lambda old, *_: old - days.DAY * 3, of=lambda hand: transferred(hand)[:2]),
    at("X54", 1, "another grade than the class has", "suspected.grade", lambda old, *_: old + 1 if old < 9 else old - 1),
    at("X54", 3, "another sex", "suspected.sex disabled.sex", lambda old, *_: "女" if old == "男" else "男"),
    at("X60", 2, "signed on the telephone", "visit.signed", True, lambda row: row["mode"] == "电话"),
    at("X60", 3, "nobody called, at 08:20", "absence.called", False, lambda row: row["kind"] == "病假" and row["called"],
        noted="called_at"),
    at("G14", 3, "the number of one person, the name of another", "bond.name", lambda old, *_: f"{old[0]}无忧",
        lambda row: row["target_type"] == "班级"),
    at("T12", 3, "a transfer that took six weeks in the system", "change.sys_start", lambda old, *_: old - days.DAY * 42,
        of=_transfer, noted="sys_state"),
    by(3, not_reviewed),
    at("F36", 3, "of another school year", "change.school_year pledge.school_year", _another_year,
        lambda row: row.get("pledge_type", "学校-家长") == "学校-家长"),
    at("F37", 2, "served after the day it announces", "notice.served",
        lambda _old, row, hand: row["due"] + days.DAY * hand.random.randint(1, 5)),
    at("F37", 2, "received before it was reported", "change.received",
        lambda _old, row, _hand: row["report_date"] - days.DAY * 2),
    at("", 1, "served on the day it announces (F37)", "notice.served", lambda _old, row, _hand: row["due"]),
    at("F38", 2, "a change approved by the clerk who made it", "change.approved_by", lambda _old, row, _hand: row["handler"],
        lambda row: "handler" in row),
    at("F38", 1, "signed off by whoever had to mend it", "issue.reviewer", lambda _old, row, _hand: row["owner"]),
    at("F39", 3, "taught at home by one person", "home_teaching.team", lambda old, *_: old.split("、")[0]),
)  # fmt: skip
