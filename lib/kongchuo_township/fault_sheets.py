"""Faults of a whole worksheet: titles, headers, totals, blank and hidden rows (F11-F13, F20 of domain.md 3.1)."""

from __future__ import annotations

from .faults import HEADER, Hand, Row


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


PLANTS = {
    title_row: 1,
    header_again: 1,
    merged_cells: 2,
    renamed_header: 3,
    missing_column: 1,
    total_row: 3,
    blank_row: 3,
    hidden_rows: 3,
}
