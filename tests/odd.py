"""Townships in which something that is usually there is not, and what on a page looks broken. For test_odd_townships."""

import datetime as dt
import re
from dataclasses import replace

import handmade

CASES = ("absence", "watch", "suspected", "dropout", "visit", "legal", "issue", "change", "veto")
GROUPS = ("family_plan", "aid", "pupil_plan", "support_log", "disabled", "home_teaching", "leftbehind", "others")
MARKS = ("groups", "weak_tag", "leftbehind", "disability", "health", "poor_type")  # of the roster: who is of a group


# --- what is not there ------------------------------------------------------------------------------------------------
def without(*sheets):
    """No row in these sheets."""

    def spoil(rows):
        rows.update({sheet: [] for sheet in sheets})

    return spoil


def clean(rows):
    """No absence, case, visit or move; everybody is there every day, and on the roster."""
    without(*CASES)(rows)
    for row in rows["daily"]:
        row.update(present=row["due"], sick=0, personal=0, other_leave=0, unexcused=0)
    for row in rows["filing"]:
        row.update(zero=True)


def without_groups(rows):
    """Nobody of any group, on the roster and on the sheets."""
    without(*GROUPS)(rows)
    for row in rows["roster"]:
        for name in MARKS:
            row.pop(name, None)


def first_round_only(rows):
    """The second round was not held."""
    for sheet in ("score", "rollcall"):
        rows[sheet] = [row for row in rows[sheet] if row["round"] == 1]


def three_pupils(rows):
    """The last school has one class, with three pupils."""
    school = rows["school"][-1]
    home, code = school["school_name"], school["school_code"]
    first = next(row["class_id"] for row in rows["class"] if row["school_code"] == code)
    kept = [row["student_key"] for row in rows["roster"] if row["class_id"] == first][:3]
    rows["class"] = [row for row in rows["class"] if row["school_code"] != code or row["class_id"] == first]
    for sheet, lines in rows.items():
        rows[sheet] = [
            row
            for row in lines
            if row["home"] != home
            or (row["student_key"] in kept if "student_key" in row else row.get("class_id", first) == first)
        ]
    for row in rows["daily"]:
        if row["home"] == home:
            row.update(due=3, present=3, sick=0, personal=0, other_leave=0, unexcused=0)


def headers_only(rows):
    """Every sheet is there, with nothing below its header; only the schools are registered."""
    without(*(sheet for sheet in rows if sheet != "school"))(rows)


SPOILT = {
    "usual": lambda rows: None,
    "clean": clean,
    "three pupils": three_pupils,
    "no groups": without_groups,
    "one round": first_round_only,
    "no inspection": without("score", "rollcall", "veto", "reward", "appeal"),
    "no staff": without("staff", "bond", "pledge", "body", "mechanism"),
    "headers only": headers_only,
}
UNREAD = {  # what could not be read -> which workbooks, by (the last school, workbook)
    "no ledger": lambda last, book: book.book.name == "cases",
    "a school without files": lambda last, book: book.home == last,
    "nothing read": lambda last, book: True,
}
TOWNS = (*SPOILT, *UNREAD)


def town(name, as_of=dt.date(2024, 1, 31)):
    """A township of two schools of this kind."""
    made, _ = handmade.township(2, 26, as_of=as_of, spoil=SPOILT.get(name))
    if name in SPOILT:
        return made
    unread = (UNREAD[name](made.homes[-1], book) for book in made.workbooks)
    books = zip(made.workbooks, unread, strict=True)
    return replace(made, workbooks=tuple(replace(b, read=False, sha256="", tables={}) if no else b for b, no in books))


# --- what looks broken ------------------------------------------------------------------------------------------------
PROGRAM = re.compile(r"(?<![A-Za-z])(nan|NaN|None|NaT|inf|<NA>|&lt;NA&gt;|Traceback|Timestamp)(?![A-Za-z])")
NOTHING = re.compile(r"(?<![\d/-])0/0(?!\d)|—\s*%|^%|[：；，、]{2,}|（）|“”|[，、]$|^[，、；。]")
HOLDERS = ("p", "li", "td", "th", "summary", "caption", "figcaption", "h1", "h2", "ol", "ul", "tbody", "div")


def broken(html):
    """What on a section looks broken: words of the program, a fraction of nothing, an element with nothing in it."""
    found = [f"picture: {hit}" for svg in re.findall(r"<svg.*?</svg>", html, re.S) for hit in PROGRAM.findall(svg)]
    drawn = ("<text", "<rect")  # small bars have no words of their own, only what is read aloud
    found += ["empty picture"] * sum(
        not any(mark in svg for mark in drawn) for svg in re.findall(r"<svg.*?</svg>", html, re.S)
    )
    bare = re.sub(r"<svg.*?</svg>", "（图）", html, flags=re.S)
    for part in re.split(rf"</?(?:{'|'.join(HOLDERS)}|tr|section|details)\b[^>]*>", bare):
        words = re.sub(r"<[^>]+>", "", part).strip()
        found += [f"{hit[0]} in {words[:60]}" for hit in (PROGRAM.search(words), NOTHING.search(words)) if hit]
    for tag in HOLDERS:
        found += re.findall(rf"<{tag}\b[^>]*>\s*</{tag}>", bare)
    found += re.findall(r"<h2>[^<]*</h2>\s*</section>", bare) + re.findall(r"</summary>\s*</details>", bare)
    return found
