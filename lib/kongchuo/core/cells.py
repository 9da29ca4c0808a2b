"""One raw cell to a typed value, or why not. A whole column: columns."""

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from .schema import Codes, Field
from .years import FIRST, LAST


# --- One raw cell to a typed value, or why not. A raw cell is what a reader of spreadsheets gives: None or "" (empty), str, int, float, bool, a date, datetime,
# time or timedelta, CellError (#N/A ...) or STALE (a formula nobody has calculated). What is understood without doubt is accepted,
# with a finding that says so; what could be meant in two ways, or has lost digits, is never repaired.
@dataclass(frozen=True)
class CellError:
    """A cell that shows an error value, such as #N/A."""

    text: str


@dataclass(frozen=True)
class Stale:
    """A formula that was never calculated, so that the file holds no value for it."""


@dataclass(frozen=True)
class Picture:
    """A picture laid into a cell, as Excel and WPS do; the cell holds no value."""


STALE, PICTURE = Stale(), Picture()
Wrong = tuple[tuple[str, dict[str, object]], ...]  # codes with their facts
Read = tuple[object, Wrong]  # the typed value (None when empty or lost) and what was wrong

EPOCH = dt.date(1899, 12, 30)  # day 0 of Excel's serial numbers
EXACT = 1e15  # Excel keeps 15 digits: a number from here on has lost some
ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
KEYS = ("identifier", "id_number", "status_no", "disability_no")  # never a number
UPPER = KEYS[1:]  # their letters are capitals; a small x is put right without a word
YES = ("是", "1", "true", "yes", "y", "√", "✓", "✔", "对", "有")
NO = ("否", "0", "false", "no", "n", "×", "✗", "✘", "x", "错", "无")

_INVISIBLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_BRACKETS = str.maketrans("（）", "()")  # Chinese input methods give these; nobody means anything else by them
# what is typed for the middle dot of a name: other dots anywhere, a full stop only between Chinese characters
_DOTS = re.compile("[•‧∙⋅⸱・･᛫]|(?<=[\u3400-\u9fff])[.．﹒●](?=[\u3400-\u9fff])")
# full-width letters, digits and brackets in a person's name
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PICTURE = re.compile(r"=\s*(_xlfn\.)?(DISPIMG|IMAGE)\(", re.I)  # what the cell says of it where it is text
_DAY_NOUGHT = "1900-01-00"  # what Excel shows of the date of number 0
# midnight in Beijing, as programs write it that take it for Greenwich (16:00), or count by the local time of 1900 (8:05:43)
GREENWICH = (dt.time(16), dt.time(15, 54, 17), dt.time(15, 59, 17), dt.time(23, 59, 17))
ZONE = dt.timedelta(hours=8, minutes=6)  # brings each of them into the day that was meant
_SECOND = 1.2 / 86400  # of a day: so much before midnight a sum of days and hours means the next day
_QUOTES = "'’‘`"
_SEPARATORS = re.compile(r"[、,，;；/\s]+")
_CODE_NAME = re.compile(r"([0-9a-z]+)[-—–_.、:]?(.+)")
_NAME_CODE = re.compile(r"(.+?)[-—–_.、:(]?([0-9a-z]+)\)?")
# a grade in words; 七年级 means 7 and nothing else
_GRADES = {
    said: at
    for at, words in enumerate(("一", "二", "三", "四", "五", "六", "七 初一", "八 初二", "九 初三"), 1)
    for word in (str(at), *words.split())
    for said in (word, f"{word}年级")
}
_NUMBER = re.compile(r"([-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?)[人名个次天日份元节户分]?")
_DATE = re.compile(
    r"(\d{4})\s*[-./年。]\s*(\d{1,2})\s*[-./月。]\s*(\d{1,2})\s*[日号]?"
    r"(?:[T\s]*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*(?:\(?(?:星期|周)[一二三四五六日天]\)?)?|(\d{4})(\d{2})(\d{2})"
)
_MONTH = re.compile(r"(\d{4})(?:[-./年](\d{1,2})|(\d{2}))月?")
_YEARS = re.compile(r"(\d{4})(?:学年度?|(?:[-—–~/至]+(\d{4}|\d{2})(?:学年度?)?))")


def clean(text: str) -> str:
    """The text as the eye sees it: no invisible characters, no blanks (of any width) at either end."""
    return _INVISIBLE.sub("", text).replace("\r\n", "\n").strip()


def fold(text: str) -> str:
    """The text for comparing, on both sides: full-width characters and brackets, blanks and middle dots folded."""
    return _DOTS.sub("·", _narrow(text))


def _narrow(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    return "".join(unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).split())


def shown(value: object) -> str:
    """A raw value as text for a message or a text column: numbers to 15 digits, dates as 2023-09-01, times as 08:10."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return format(value, ".15g")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "minutes") if value.time() else value.date().isoformat()
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    if isinstance(value, CellError):
        return value.text
    return str(value)


def quoted(value: object) -> str:
    """A raw value for a message: short, and never with the digits of an identity number."""
    text = re.sub(r"\d{12,}[\dXx]*", "〈号码〉", _narrow(shown(value)))
    return text if len(text) <= 20 else f"{text[:20]}…"


def _bad(code: str, value: object, **facts: object) -> Read:
    return None, ((code, {"value": quoted(value), **facts}),)


def _folded(raw: str, text: str) -> Wrong:
    """F25 where the cell's own text is not the one that was understood."""
    return () if raw.translate(_BRACKETS) == text.translate(_BRACKETS) else (("F25", {}),)


def _plain(value: object, item: Field) -> Read:
    if isinstance(value, int | float) and abs(value) >= EXACT:
        return _bad("F01", value)
    return _matching(shown(value), (), item)


def _matching(text: str, wrong: Wrong, item: Field) -> Read:
    """The text, with F27 beside it where it breaks the column's pattern (it is kept: others may refer to it)."""
    if text and item.pattern and not re.fullmatch(item.pattern, text):
        wrong += (("F27", {"value": quoted(text), "why": item.hint or "格式不对"}),)
    return text or None, wrong


def _formatted(value: object, item: Field) -> Read:
    """Keys, phone numbers and class names: folded. A key that is a number has lost zeros or digits; a phone number has not."""
    if not isinstance(value, str):
        return _bad("F01", value) if item.format in KEYS else _plain(value, item)
    text, raw = fold(value).strip(_QUOTES), value
    if item.format in UPPER:
        text, raw = text.upper(), value.upper()
    return _matching(text, _folded(raw, text), item)


def _person(value: object, item: Field) -> Read:
    if not isinstance(value, str):
        return _plain(value, item)
    parts = _INVISIBLE.sub("", value).split()
    # blanks separate the parts of a foreign name, and nothing in a Chinese one
    name = (" " if all(part.isascii() for part in parts) else "").join(parts)
    kept = _DOTS.sub("·", name.translate(_WIDE))
    dots = [
        f"第{place}个字是“{typed}”（U+{ord(typed):04X}），应为“·”"
        for place, (typed, meant) in enumerate(zip(name, kept, strict=True), 1)
        if meant == "·" != typed
    ]
    wrong: Wrong = () if name == value else (("F07", {"value": quoted(kept)}),)
    wrong += (("F08", {"value": quoted(name), "odd": f"：{'，'.join(dots)}"}),) if dots else _folded(name, kept)
    return kept or None, wrong


@cache
def _lookup(codes: Codes) -> dict[str, str]:
    """Every way to say a value, folded, to its name: names first, then aliases, what a value has replaced, codes; what is refused
    stands for itself.
    """
    ways = {fold(value.name).casefold(): value.name for value in codes.values}
    for value in codes.values:
        ways |= {fold(alias).casefold(): value.name for alias in value.aliases if fold(alias).casefold() not in ways}
    for old, now in codes.replaced:
        ways.setdefault(fold(old).casefold(), now)
    for value in codes.values:
        for code in (value.code.casefold(), value.code.lstrip("0").casefold()):
            if code:
                ways.setdefault(code, value.name)
    return {fold(word).casefold(): word for word in codes.refused} | ways


def _named(text: str, codes: Codes) -> str | None:
    """The name in a code list that `text` (folded) means: 男, 男生, 1, 1-男, 男(1)."""
    ways, text = _lookup(codes), text.casefold()
    if text in ways:
        return ways[text]
    for match, code, name in ((_CODE_NAME.fullmatch(text), 1, 2), (_NAME_CODE.fullmatch(text), 2, 1)):
        if match and match[name] in ways and ways.get(match[code]) == ways[match[name]]:
            return ways[match[name]]
    return None


def renewed(value: object, codes: Codes) -> object:
    """A raw value with the codes in it that are no more replaced by those that stand for them; anything else as it is."""
    now = {fold(old).casefold(): new for old, new in codes.replaced}
    if not now or not isinstance(value, str):
        return value
    whole = fold(value).casefold()
    parts = [whole] if whole in now else [part for part in _SEPARATORS.split(clean(value)) if fold(part)]
    if not any(fold(part).casefold() in now for part in parts):
        return value
    return "、".join(dict.fromkeys(now.get(fold(part).casefold(), part) for part in parts))


def closest(text: str, names: Iterable[str]) -> str:
    """Which of these names a text was perhaps to be; "" where none is like it."""
    return next(iter(difflib.get_close_matches(text, list(names), 1, 0.5)), "")


def _near(text: str, names: Sequence[str]) -> str:
    close = closest(text, names)
    return f"是不是“{close}”？" if close else f"可选：{'、'.join(names)}。" if len(names) <= 8 else ""


def _coded(value: object, item: Field, codes: Codes) -> Read:
    text = ("是" if value else "否") if isinstance(value, bool) else fold(shown(value))
    name = _named(text, codes)
    if name is None:
        return _bad("F10", value, near=_near(text, codes.names))
    return name, _folded(value, text) if isinstance(value, str) else ()


def _several(value: object, item: Field, codes: Codes | None) -> Read:
    """Several values in one cell, to one text joined by 、. One that is not known spoils the cell."""
    if not isinstance(value, str):
        return _coded(value, item, codes) if codes else _formatted(value, item)
    whole = _named(fold(value), codes) if codes else None  # a name may itself hold a separator
    parts = [whole] if whole else [fold(part) for part in _SEPARATORS.split(clean(value)) if fold(part)]
    if codes:
        if parts == ["无"]:
            return None, ()
        names = [_named(part, codes) for part in parts]
        if None in names:
            lost = parts[names.index(None)]
            return _bad("F10", lost, near=_near(lost, codes.names))
        parts = names
    return "、".join(dict.fromkeys(parts)) or None, ()


def _boolean(value: object, item: Field) -> Read:
    text = fold(shown(value)).casefold()
    if text in YES or text in NO:
        return text in YES, _folded(value.casefold(), text) if isinstance(value, str) else ()
    return _bad("F10", value, near="可选：是、否。")


def _number(value: object, item: Field) -> Read:
    wrong: Wrong = ()
    if isinstance(value, str) and item.name == "grade":
        value = str(_GRADES.get(fold(value), value))
    if isinstance(value, str) and (match := _NUMBER.fullmatch(fold(value))):
        wrong = (("F21", {"value": match[1]}),)
        value = float(match[1].replace(",", ""))
    whole = item.type == "integer"
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < EXACT
    if not number or (whole and value != int(value)):
        return _bad("F27", value, why="应为整数" if whole else "应为数字")
    if item.minimum is not None and value < item.minimum:
        return _bad("F27", value, why=f"应不小于{item.minimum:g}")
    if item.maximum is not None and value > item.maximum:
        return _bad("F27", value, why=f"应不大于{item.maximum:g}")
    return int(value) if whole else float(value), wrong


def _day(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _date(value: object, item: Field) -> Read:
    day = (value + dt.timedelta(days=_SECOND)).date() if isinstance(value, dt.datetime) else value
    typed = isinstance(day, dt.date)
    day = day if typed else None
    if not typed and isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < EXACT:
        serial = int(value + _SECOND)
        if (LAST - EPOCH).days >= serial >= (FIRST - EPOCH).days:
            day = EPOCH + dt.timedelta(days=serial)
        elif serial == value:
            value = str(serial)  # 20230901 typed as a number reads like the text
    if day is None and isinstance(value, str):
        # folding is done blank by blank here: "2023 9 1" is no date, "2023 . 9 . 1" is one
        match = _DATE.fullmatch(unicodedata.normalize("NFKC", clean(value)))
        day = _day(*(part for part in match.groups() if part)) if match else None
    if day is None or not FIRST <= day <= LAST:
        return _bad(
            "F09", _DAY_NOUGHT if value == dt.time(0) or (type(value) in (int, float) and value == 0) else value
        )
    return day, () if typed else (("F24", {"value": day.isoformat()}),)


def _month(value: object, item: Field) -> Read:
    """A month (2023-09) or the month of entry (202309); Excel makes a date of it, which says the same."""
    if isinstance(value, dt.date):
        value = f"{value:%Y-%m}"
    # the number 2023.1 may be January or October; the text is what was typed
    doubtful = isinstance(value, float) and shown(value).endswith(".1")
    match = None if doubtful else _MONTH.fullmatch(fold(shown(value)))
    day = _day(match[1], match[2] or match[3], 1) if match else None
    form = "{:%Y-%m}" if item.format == "month" else "{:%Y%m}"
    if day is None or not FIRST <= day <= LAST:
        return _bad("F27", value, why=f"应写成 {form.format(dt.date(2023, 9, 1))}")
    return form.format(day), ()


def _school_year(value: object, item: Field) -> Read:
    match = _YEARS.fullmatch(fold(shown(value)))
    first = int(match[1]) if match else 0
    if not match or (match[2] or str(first + 1)) not in (str(first + 1), str(first + 1)[2:]):
        return _bad("F27", value, why="应写成 2023-2024")
    return f"{first}-{first + 1}", ()


# how to read a cell, by the column's format, else its type
_READERS: dict[str, Callable[[object, Field], Read]] = {
    **dict.fromkeys((*KEYS, "phone", "class_name"), _formatted),
    "person_name": _person,
    "month": _month,
    "entry_month": _month,
    "school_year": _school_year,
    "string": _plain,
    "date": _date,
    "boolean": _boolean,
    "integer": _number,
    "number": _number,
}


def reader(item: Field, codes: Codes | None) -> Callable[[object], Read]:
    """The function that reads one raw cell of this column: its typed value (None when empty or lost) and what was wrong."""
    if item.many:
        read = partial(_several, item=item, codes=codes)
    elif codes:
        read = partial(_coded, item=item, codes=codes)
    else:
        read = partial(_READERS[item.format or item.type], item=item)
    # a date may stand in a remark, where it is what somebody wrote; in other texts it is what Excel made of 7-1
    months = item.format in ("month", "entry_month", "school_year")
    dated = months or item.type != "string" or item.name == "note" or item.personal == "note"
    return partial(_read, read=read, dated=dated)


def _read(value: object, read: Callable[[object], Read], dated: bool) -> Read:
    if value is None or value == "" or value != value:
        return None, ()
    if isinstance(value, Stale):
        return None, (("F23", {}),)
    if isinstance(value, CellError) or (isinstance(value, str) and clean(value) in ERRORS):
        return _bad("F19", value)
    if isinstance(value, str) and not clean(value):
        return None, ()
    if isinstance(value, Picture) or (isinstance(value, str) and _PICTURE.match(clean(value))):
        return None, (("F32", {}),)
    if not dated and isinstance(value, dt.date) and not (isinstance(value, dt.datetime) and value.time()):
        return _bad("F35", value, typed=f"{value.month}-{value.day}")
    return read(value)


# --- Characters that look right and are others: radicals for characters, private use, invisible marks. Knows no files ---
# radicals that a converter of PDF files writes for the character (CJK Radicals Supplement); the Kangxi radicals NFKC knows
_ODD_RADICALS = "⺠⺟⻄⻅⻆⻉⻋⻓⻔⻗⻘⻙⻚⻛⻜⻝⻡⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳⺓⺩⺮⺼⻁⻑"
_RADICALS = dict(
    zip(_ODD_RADICALS, "民母西见角贝车长门雨青韦页风飞食首马骨鬼鱼鸟卤麦黄齐齿龙龟幺王竹肉虎長", strict=True)
)
_UNSEEN = ("Cf", "Mn", "Cc", "Zl", "Zp")  # categories of characters that show nothing of their own


def meant(character: str) -> str:
    """The character that stands for a radical or another form; "" where nothing is known."""
    if character in _RADICALS:
        return _RADICALS[character]
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain != character and len(plain) == 1 else ""


def strange(text: str, usual: str) -> str:
    """The first character that the pattern `usual` does not match, said so that a clerk can mend it; "" where none is.

    Plain letters, digits and signs show what they are and need no word.
    """
    for place, character in enumerate(text, 1):
        if not character.isascii() and not re.fullmatch(usual, character):
            return f"：第{place}个字{_what(character)}"
    return ""


def _what(character: str) -> str:
    code, category, right = f"U+{ord(character):04X}", unicodedata.category(character), meant(character)
    if category in _UNSEEN:
        return f"是看不见的字符（{code}），请删去"
    if category in ("Co", "Cn"):
        return f"（{code}）是自造字，换一台电脑就看不到，请用输入法重新录入"
    radical = "部首" if 0x2E80 <= ord(character) <= 0x2FDF else ""
    return f"是{radical}“{character}”（{code}）" + (f"，应为“{right}”" if right else "，请核对")
