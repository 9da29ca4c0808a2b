"""Every kind of fault, in the order in which they are planted; here those of cells and worksheets (F of domain.md 3.1), those of the
rules in the modules of their nouns. `at` plants what is wrong in one cell, functions what takes more.
"""

from __future__ import annotations

import datetime as dt

from . import fault_cases, fault_census, fault_office, fault_pupils, fault_selfcheck, fault_support
from .people import id_number
from .planting import HEADER, Fault, Hand, Row, at, by


def _elsewhere(row: Row) -> bool:
    """A child of the census who is on no roster, so that no other sheet has his or her number."""
    moved = row["study_status"] == "镇外在读" and row["hukou_status"] == "户籍在本镇举家外出"  # not who left this year
    return (moved or row["study_status"] in ("学前", "未入学", "已完成九年")) and bool(row.get("id_no"))


def _enrolled(row: Row) -> bool:
    return row["status"] == "在读" and bool(row.get("id_no")) and "残疾" not in row.get("groups", "")


def _g_number(row: Row) -> bool:
    return _enrolled(row) and row["status_no"][0] == "G"


def _zero(row: Row) -> bool:
    return "0" in row.get("id_no", "")[:-1] and (_enrolled(row) if "status" in row else _elsewhere(row))


def _mistyped(old: str, *_: object) -> str:
    """Two digits of the serial number changed places, or the check character mistyped."""
    swapped = old[:14] + old[15] + old[14] + old[16:]
    if swapped != old and not swapped.endswith("000"):  # that would look cut off as well
        return swapped
    return old[:-1] + ("4" if old[-1] != "4" else "5")


def _cut(row: Row) -> str:
    """A number of the same birthday that ends in 000 and yet passes the check, as one in eleven of those cut by Excel does."""
    numbers = (id_number(int(row["id_no"][:6]), row["birth_date"], hundred * 100) for hundred in range(1, 10))
    return next((number for number in numbers if number.endswith("000")), "")


def _without_brackets(_old: str, row: Row, hand: Hand) -> str:
    names = {one["class_id"]: one["class_name"] for _, one in hand.rows("class")}
    return names[row["class_id"]].replace("(", "").replace(")", "")


def _other_sex(old: str, *_: object) -> str:
    return "女" if old == "男" else "男"


LOST = (lambda old, *_: old[:-1], lambda old, *_: old[:9] + old[8:], lambda old, *_: "O".join(old.rsplit("0", 1)))
BLANK = (lambda old, *_: f"{old[0]} {old[1:]}", lambda old, *_: f"{old}\u3000", lambda old, *_: f"{old}\n")
ODD = (lambda old, *_: f"{old}2", lambda old, *_: f"{old[0]}.{old[1:]}", lambda old, *_: f"{old}A")
PHONES = (lambda old, *_: old[:-1], lambda old, *_: f"{old}0", lambda old, *_: f"{old}/{old}")
G_NUMBERS = (*LOST[:1], lambda old, *_: old[1:], lambda old, *_: old[:5] + str(9 - int(old[5])) + old[6:])
NO_DATES = ("2023.9.31", "2023年9月", "九月十五日", dt.date(2003, 9, 1), "2023-13-05")
CLASSES = "pupil_plan.class_id leftbehind.class_id others.class_id"
EARLIER = tuple(lambda old, *_, days=days: old - dt.timedelta(days=days) for days in (1, 10, 30))


def key_twice(hand: Hand) -> None:
    """F18: a number given to two rows; the second is marked."""
    sheet, name = hand.random.choice((("support_log", "log_id"), ("notice", "notice_no"), ("issue", "issue_id")))
    book, row = hand.pick(sheet)
    rows = hand.books[book][sheet]
    at = next(place for place, one in enumerate(rows) if one is row)
    if at == 0 or not hand.free(rows[at - 1]):
        return key_twice(hand)
    hand.take(rows[at - 1])
    row[name] = rows[at - 1][name]
    hand.note("F18", book, sheet, row, name)


def error_value(hand: Hand) -> None:
    """F19: a formula that found nothing."""
    sheet, name = hand.random.choice((("roster", "seat_no"), ("aid", "standard"), ("publicity_log", "n_att")))
    book, row = hand.pick(sheet, lambda row: name in row)
    hand.spoil(book, sheet).errors.append((row, name))
    hand.note("F19", book, sheet, row, name)


def title_row(hand: Hand) -> None:
    """F11: a title above the header."""
    book, rows, spoilt = hand.sheet("archive")
    spoilt.title = "控辍保学档案目录一览表"
    rows.insert(0, _header(hand, "archive"))
    hand.note("F11", book, "archive", HEADER)


def header_again(hand: Hand) -> None:
    """F11: the header once more in the middle, as where two lists were put together."""
    book, rows, _ = hand.sheet("publicity_log")
    again = _header(hand, "publicity_log")
    rows.insert(len(rows) // 2, again)
    hand.note("F11", book, "publicity_log", again)


def merged_cells(hand: Hand) -> None:
    """F11: two cells of a column merged."""
    book, rows, spoilt = hand.sheet("archive")
    row = rows[hand.random.randrange(len(rows) - 1)]
    spoilt.merged.append((row, "place"))
    hand.note("F11", book, "archive", row, "place")


def _header(hand: Hand, sheet: str) -> Row:
    return {item.name: item.title for item in hand.schema.sheets[sheet].typed}


def renamed_header(hand: Hand) -> None:
    """F12, and F26 for the column nobody knows."""
    sheet, name, text = hand.random.choice(
        (
            ("bulletin", "to", "发给谁"),
            ("archive", "place", "放在哪里"),
            ("publicity_log", "n_att", "到会多少人"),
            ("leftbehind", "relief", "享受救助"),
        )
    )
    book, _, spoilt = hand.sheet(sheet)
    spoilt.header[name] = text
    hand.note("F12", book, sheet, HEADER, name)
    hand.note("F26", book, sheet, HEADER, text)


def missing_column(hand: Hand) -> None:
    """F12 alone: the column is not there."""
    sheet, name = hand.random.choice((("bulletin", "to"), ("archive", "place"), ("publicity_log", "media_ref")))
    book, rows, spoilt = hand.sheet(sheet)
    spoilt.header[name] = ""
    for row in rows:
        row.pop(name, None)
    hand.note("F12", book, sheet, HEADER, name)


def total_row(hand: Hand) -> None:
    """F13: a total under 日查."""
    book, rows, _ = hand.sheet("daily")
    total = {"date": "合计"}
    total |= {name: sum(row[name] for row in rows) for name in ("due", "present", "sick", "personal", "unexcused")}
    rows.append(total)
    hand.note("F13", book, "daily", total)


def blank_row(hand: Hand) -> None:
    """F13: a blank row in the middle, or who filled the table in at its foot."""
    sheet = hand.random.choice(("others", "leftbehind", "support_log", "archive"))
    book, rows, _ = hand.sheet(sheet, 4)
    if hand.random.random() < 0.6:
        row: Row = {}
        rows.insert(len(rows) // 2, row)
    else:
        row = {hand.schema.sheets[sheet].fields[0].name: "填表人：甲春兰"}
        rows.append(row)
    hand.note("F13", book, sheet, row)


def hidden_rows(hand: Hand) -> None:
    """F20."""
    sheet = hand.random.choice(("leftbehind", "support_log", "baseline", "absence", "archive"))
    book, rows, spoilt = hand.sheet(sheet)
    first = hand.random.randrange(len(rows) - 2)
    spoilt.hidden += rows[first : first + 2]
    hand.note("F20", book, sheet, rows[first])


WITHIN_A_CELL = (
    at("F01", 2, "Excel took it for a number, the last digits are gone", "roster.id_no", lambda old, *_: float(old),
        lambda row: row.get("id_no", "").isdigit() and _enrolled(row)),
    at("F01", 2, "the same in the census", "census.id_no", lambda old, *_: float(old),
        lambda row: row.get("id_no", "").isdigit() and _elsewhere(row)),
    at("F01", 1, "the number of a card", "disabled.card_no", lambda old, *_: float(old),
        lambda row: row.get("card_no", "").isdigit()),
    at("F02", 5, "a digit lost, one too many, or the letter O for a zero", "roster.id_no census.id_no", LOST, _zero),
    at("F03", 3, "digits changed places, or the check character mistyped", "roster.id_no", _mistyped, _enrolled),
    at("F03", 2, "the same in the census", "census.id_no", _mistyped, _elsewhere),
    at("F04", 3, "cut off: it ends in 000", "census.id_no", lambda _old, row, _hand: _cut(row),
        lambda row: _elsewhere(row) and row["sex"] == "女" and _cut(row) != "", without="status_no"),
    at("F05", 2, "another day than the number says", "roster.birth_date", EARLIER, _enrolled),
    at("F05", 2, "the same in the census", "census.birth_date", EARLIER, _elsewhere),
    at("F06", 2, "another sex than the number says", "roster.sex", _other_sex, _enrolled),
    at("F06", 2, "the same in the census", "census.sex", _other_sex, _elsewhere),
    at("F07", 5, "blanks, wide blanks, a line break", "roster.guardian absence.name baseline.name census.mother", BLANK),
    at("F08", 4, "no name", "roster.guardian census.father census.householder", ODD),
    at("F09", 4, "no date", "publicity_log.date archive.updated aid.paid_on", NO_DATES),
    at("F09", 1, "no date", "census.visit_date", NO_DATES, _elsewhere),
    at("F10", 1, "no value of the list", "roster.boarding", ("半走读", "在亲戚家住")),
    at("F10", 1, "no value of the list", "roster.health", ("还行", "正常吧")),
    at("F10", 1, "no value of the list", "census.residence", ("在县城", "不清楚")),
    at("F10", 1, "no value of the list", "publicity_log.kind", ("村民大会", "座谈")),
    at("F10", 1, "neither yes nor no", "absence.called", ("待定", "已发短信")),
    at("F14", 5, "too short, too long, two in one cell", "roster.guardian_tel census.father_tel leftbehind.mother_tel",
        PHONES),
    at("F15", 4, "too short, no letter, another number after G", "roster.status_no", G_NUMBERS, _g_number),
    at("F17", 4, "empty", "roster.address daily.reporter pupil_plan.goal census.surveyor", ""),
    at("F17", 2, "empty, and another cell wants it", "absence.parent_note publicity_log.n_receipt", ""),
    by(3, key_twice),
    by(3, error_value),
    at("F21", 4, "text for a number", "daily.present daily.sick roster.seat_no archive.copies", lambda old, *_: f"{old}",
        lambda row: row.get("copies") != 0),
    at("F22", 3, "no class of the school", CLASSES, ("七(19)班", "十一班", "3(12)班")),
    at("", 2, "a telephone typed as a number", "roster.guardian_tel", lambda old, *_: int(old)),
    at("", 2, "a code before the word", "roster.sex", "1-男", lambda row: row["sex"] == "男"),
    at("", 2, "汉 for 汉族", "roster.ethnicity", "汉", lambda row: row["ethnicity"] == "汉族"),
    at("", 2, "a small x", "roster.id_no", lambda old, *_: old.lower(), lambda row: row.get("id_no", "").endswith("X")),
    at("", 2, "a class by its name", "pupil_plan.class_id", _without_brackets),
    at("", 1, "a name with a middle dot", "roster.guardian", lambda old, *_: f"{old[:2]}·{old[2:]}"),
    at("", 1, "a number with an area code", "census.father_tel", "0990-1234567"),
)  # fmt: skip

OF_A_SHEET = (
    by(1, title_row), by(1, header_again), by(2, merged_cells), by(3, renamed_header), by(1, missing_column), by(3, total_row),
    by(3, blank_row), by(3, hidden_rows),
)  # fmt: skip

# what changes a class or a sheet comes first, while all of them are free; before that cases, which need pupils of one village
PLANTS: tuple[Fault, ...] = (
    *fault_pupils.SCARCE,
    *fault_census.HANDOVER,  # only one grade will do
    *fault_cases.WATCH,
    *fault_cases.CASES,
    *fault_office.REGISTERS,
    *fault_office.DUTY,
    *fault_pupils.BETWEEN_SHEETS,
    *fault_office.PLEDGES,
    *fault_pupils.CHANGES,
    *fault_support.SUPPORT,
    *fault_support.DISABLED,
    *fault_census.CENSUS,
    *fault_selfcheck.FILINGS,  # one case a school and term
    *fault_selfcheck.SELF_CHECKS,
    *fault_pupils.CONTRADICTIONS,
    *OF_A_SHEET,
    *WITHIN_A_CELL,
)
