"""Faults of 摸底登记 and of the handover from grade six to grade seven: children nobody verified, too old and not in school, delayed or
away without papers, lost between two schools, and near misses.
"""

from __future__ import annotations

import datetime as dt

from kongchuo.core.schema import CENTRE, LAST_PRIMARY

from . import days
from .fault_pupils import away, elsewhere
from .people import birth_of, id_number
from .planting import EMPTY, Hand, Row, at, by, plain

WHO = ("student_key", "name", "sex", "birth_date", "id_no", "status_no")
AFTER_TERM = days.END + dt.timedelta(days=30)
LIMIT = dt.timedelta(days=15)  # 待核实最长天数


# --- from grade six to grade seven ------------------------------------------------------------------------------------


def _one_more(hand: Hand) -> tuple[str, Row]:
    """Another sixth-grader of last year, who is on no list of this year."""
    book, like = hand.random.choice(hand.earlier("roster"))
    number = 1 + sum(row["student_key"].startswith("XS98") for _, row in hand.earlier("roster"))
    birth = birth_of(hand.random, LAST_PRIMARY + 1)
    identity = id_number(997000 + number, birth, 500 + (like["sex"] == "男"))
    pupil = like | {
        "student_key": f"XS98{number:05d}",
        "name": f"{like['name'][0]}小{like['name'][-1]}",
        "birth_date": birth,
        "id_type": "居民身份证",
        "id_no": identity,
        "status_no": f"G{identity}",
        "status": "在读",
    }
    hand.books[book]["roster"].append(pupil)
    return book, pupil


def struck_off(hand: Hand) -> None:
    """No X23: asked after, found elsewhere, and struck off in 比对结果."""
    _, pupil = _one_more(hand)
    checker = hand.rows("school")[-1][1]["status_clerk"]
    cleared = {
        "match_type": "六年级-七年级",
        "verdict": "已就学",
        "close_type": "外地就读有学籍",
        "evidence": "学籍截图",
    }
    dates = {"found": dt.date(2023, 9, 6), "closed": dt.date(2023, 9, 8)}
    who = {name: pupil[name] for name in ("student_key", "name")}
    row = {"diff": "六年级毕业后本镇七年级名单中没有", "checker": checker} | who | cleared | dates
    hand.books[f"{days.YEAR}/{CENTRE}/适龄儿童摸底.xlsx"]["match"].append(row)


def proved(hand: Hand) -> None:
    """No X23: at school elsewhere, with a paper in the census."""
    _, child = hand.pick("census", lambda row: elsewhere(row) and row["study_grade"] == LAST_PRIMARY + 1)
    _, pupil = _one_more(hand)
    pupil |= {name: child[name] for name in WHO if name in child}


def other_key(hand: Hand) -> None:
    """No X23: the junior school gave another 学生编号; the identity number is the same."""
    before = {row["student_key"]: row for _, row in hand.earlier("roster")}
    _, pupil = hand.pick("roster", lambda row: plain(row) and row["student_key"] in before)
    before[pupil["student_key"]]["student_key"] = pupil["student_key"].replace("XS", "XSL")


def _checked(hand: Hand, grade: int) -> tuple[str, Row, Row]:
    """A plain pupil of a grade on a roster, with his or her latest row of 人籍核查."""
    classes = {row["class_id"] for _, row in hand.rows("class") if row["grade"] == grade}
    last: dict[str, Row] = {}
    for _, row in sorted(hand.rows("reconcile"), key=lambda one: one[1]["date"]):
        if "student_key" in row:
            last[row["student_key"]] = row

    def suits(row: Row) -> bool:
        check = last.get(row["student_key"])
        return row["class_id"] in classes and plain(row) and check and hand.free(check) and "diff_type" not in check

    book, pupil = hand.pick("roster", suits)
    return book, pupil, last[pupil["student_key"]]


def _not_there(hand: Hand, row: Row, kind: str) -> None:
    hand.take(row)
    row |= {"present": "不在本校", "diff_type": kind, "action": "家访核实去向", "due": AFTER_TERM}
    if kind == "有籍无人":
        row |= {"in_rollbook": False, "in_seating": False, "in_homework": False}


def ghost(hand: Hand) -> None:
    """X24: the last check found no such pupil."""
    book, pupil, check = _checked(hand, LAST_PRIMARY + 1)
    _not_there(hand, check, hand.random.choice(("有籍无人", "空挂")))
    hand.note("X24", book, "roster", pupil, "status")


def put_right(hand: Hand) -> None:
    """No X24: not there, and cleared up since."""
    _, _, check = _checked(hand, LAST_PRIMARY + 1)
    _not_there(hand, check, "有籍无人")
    check["done"] = days.shift(check["date"], 2)


def on_leave(hand: Hand) -> None:
    """No X24: on leave when the class was checked."""
    _, _, check = _checked(hand, LAST_PRIMARY + 1)
    hand.take(check)
    check["present"] = "请假"


HANDOVER = (
    at("X23", 4, "was in grade six, and is nowhere this year", "roster.student_key", of=_one_more),
    at("", 1, "had left the primary school before the year ended (X23)", "roster.status", "已转出", of=_one_more),
    by(1, struck_off), by(2, proved), by(2, other_key), by(4, ghost), by(1, put_right), by(1, on_leave),
)  # fmt: skip


# --- the census -------------------------------------------------------------------------------------------------------
def _unverified(hand: Hand) -> tuple[str, Row]:
    book, row = hand.pick("census", away)
    for name in ("study_school", "study_grade", "proof"):
        row.pop(name)
    row["study_status"] = "待核实"
    return book, row


def _too_old(hand: Hand) -> tuple[str, Row]:
    """A child who would be 已完成九年 if the schooling had gone well, and is sixteen at the start of the year."""
    book, row = hand.pick("census", lambda row: row["study_status"] == "已完成九年" and "status_no" not in row)
    born = dt.date(2007, 8, 31) - days.DAY * hand.random.randrange(300)
    number = id_number(int(row["id_no"][:6]), born, 988 + (row["sex"] == "男"))
    row |= {"birth_date": born, "id_no": number}
    return book, row


def _not_yet(row: Row) -> bool:
    return row["study_status"] == "未入学" and row["residence"] == "在家"


CENSUS = (
    at("X03", 3, "nobody verified it in time", "census.study_status", of=_unverified,
        also={"visit_date": tuple(days.END - LIMIT - days.DAY * late for late in (1, 30, 150))}),
    at("", 1, "on the last day allowed (X03)", "census.visit_date", days.END - LIMIT, of=_unverified),
    at("X43", 3, "sixteen, and not in school", "census.note", of=_too_old, also={"study_status": "未入学"}),
    at("", 1, "sixteen, and nine years done (X43)", "census.note", of=_too_old),
    at("", 1, "it is written what was arranged (X43)", "census.note", "9月已在职校报名，11月核实在校", of=_too_old,
        also={"study_status": "未入学"}),
    at("X44", 4, "no number of an approval, or a word for one", "census.delay_no", suits=_not_yet,
        also={"study_status": "延缓入学", "delay_no": (EMPTY, "待批", "村里已同意")}),
    at("", 1, "a number in Chinese numerals (X44)", "census.delay_no", suits=_not_yet,
        also={"study_status": "延缓入学", "delay_no": "示例镇教延〔二〇二三〕十七号"}),
    at("X45", 3, "no proof, or the cell is empty", "census.proof", ("无", ""), away),
    at("X45", 2, "seen more than a year ago", "census.proof", suits=away, also={"visit_date": dt.date(2023, 1, 25)}),
    at("", 1, "seen a year ago to the day (X45)", "census.visit_date", dt.date(2023, 1, 26), away),
)  # fmt: skip
