"""What a number format makes a cell show, where that is another thing than the cell holds: [=0]"女";[=1]"男", "G"@, "XS"0000000, ;;;

Knows no files. Formats that only write a number or a date in the usual ways are left alone, and so is what is not understood.
"""

import datetime as dt
import operator
import re

from .cells import shown

_PART = re.compile(r'"[^"]*"|\\.|!.|_.|\*.|\[[^\]]*\]|General|G/通用格式|[0#?][0#?,.]*%?|.', re.I | re.S)
_CONDITION = re.compile(r"\[(<=|>=|<>|=|<|>)(-?\d+(?:\.\d+)?)\]")
_PLACES = re.compile(r"[0#?]")
_HOLDS = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def odd(code: str) -> bool:
    """Whether a format may show something else: it has words of its own, conditions, filled-up zeros, or hides what is there."""
    parts = _PART.findall(code)
    if any(part[0] in "yYmMdDhHsSeE年月日" and len(part) == 1 for part in parts):
        return False
    words = any(part[0] in '"\\!' and any(c.isalnum() for c in part) for part in parts)
    zeros = any(part.startswith("00") for part in parts)
    return words or zeros or bool(_CONDITION.search(code)) or ";;" in code


def displayed(value: object, code: str) -> str | None:
    """The text a cell shows by a format that is `odd`; None where that cannot be told."""
    if isinstance(value, bool | dt.date | dt.time | dt.timedelta) or not isinstance(value, str | int | float):
        return None
    sections = _sections(code)
    if isinstance(value, str):
        with_text = next((section for section in sections if "@" in _PART.findall(section)), "@")
        return _rendered(sections[3] if len(sections) > 3 else with_text, value)
    number, section, signed = float(value), None, True
    conditions = [_CONDITION.search(one) for one in sections[:3]]
    if any(conditions):
        for one, condition in zip(sections, conditions, strict=False):
            if condition is None or _HOLDS[condition[1]](number, float(condition[2])):
                section = one
                break
        if section is None:
            return None
    elif number < 0 and len(sections) > 1:
        section, signed = sections[1], False
    else:
        section = sections[2] if number == 0 and len(sections) > 2 else sections[0]
    return _rendered(section, number if signed else abs(number))


def _sections(code: str) -> list[str]:
    found = [""]
    for part in _PART.findall(code):
        if part == ";":
            found.append("")
        else:
            found[-1] += part
    return found


def _rendered(section: str, value: str | float) -> str | None:
    text, placed = "", False
    for part in _PART.findall(section):
        if part[0] == '"':
            text += part[1:-1]
        elif part[0] in "\\!" and len(part) > 1:
            text += part[1]
        elif part[0] in "_*" and len(part) > 1:
            continue
        elif part[0] == "[":
            text += part[2:].rstrip("]").split("-")[0] if part.startswith("[$") else ""
        elif part == "@" or part.lower() in ("general", "g/通用格式"):
            text += shown(value)
        elif _PLACES.match(part):
            if placed or isinstance(value, str):
                return None
            text, placed = text + _digits(part, value), True
        elif part in "Ee/":
            return None
        else:
            text += part
    return text


def _digits(pattern: str, number: float) -> str:
    whole, _, decimals = pattern.rstrip("%").partition(".")
    number *= 100 if pattern.endswith("%") else 1
    text = f"{abs(number):{',' if ',' in whole else ''}.{len(decimals)}f}"
    least = whole.count("0")
    head, point, tail = text.partition(".")
    return ("-" if number < 0 else "") + head.rjust(least, "0") + point + tail + ("%" if pattern.endswith("%") else "")
