"""Signals W1 to W16, colours and the back-test of an example township, worked out again week by week by plain loops. domain.md 4.4."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import replace
from statistics import median

import pytest

import handmade
from kongchuo.core import policy
from kongchuo.core.places import POLICY
from kongchuo.facts import signals
from kongchuo.pages import signals as pages_signals
from kongchuo.pages.monthly import attendance, cases
from kongchuo.pages.views import Month
from kongchuo.rules.judging import Judgement
from onpage import plain, table_rows, tables, tiles

HELD = policy.load(POLICY)
SUMMER = dt.date(2024, 8, 31)
DAY = dt.timedelta(days=1)
WITHOUT = ("旷课", "开学未报到", "失联")
CONDUCT = ("沉迷网络", "不良交往", "早恋", "有外出打工意向")
GROUPS = {"W8", "W9", "W11", "W15", "W16"}  # what a pupil is
COLOURS = (("红", 8), ("黄", 5), ("蓝", 3))
CALLERS = ("蓝色以上", "黄色以上", "红色", "仅按缺勤")


def spoil(rows):
    """Absences in pieces, on Mondays and without a slip; things noted by hand; a transfer that drags on; brothers and sisters."""
    quiet = {}
    cases = {row["student_key"] for sheet in ("suspected", "dropout") for row in rows[sheet]}
    seen = cases | {row["student_key"] for row in rows["absence"]}
    for row in rows["roster"]:
        if row["status"] == "在读" and row["student_key"] not in seen:
            quiet.setdefault(row["class_id"], []).append(row)
    pupils = [own[0] for own in quiet.values()]
    patterns = (
        [(dt.date(2023, 10, day), "旷课", 2) for day in (10, 12, 18)],  # three days in pieces
        [(dt.date(2023, 11, day), "旷课", 2) for day in (6, 13)],  # Mondays
        [(dt.date(2023, 10, 9), "旷课", 1), (dt.date(2023, 10, 16), "旷课", 1)],  # after the holiday, and a Monday
        [(dt.date(2023, 12, day), "事假", 2) for day in (6, 7, 8)],  # no slip
        [(dt.date(2023, 9, day), "开学未报到", 2) for day in (1, 4, 5, 6)],
        [(dt.date(2023, 9, day), "开学未报到", 2) for day in (1, 4)],
        [(dt.date(2024, 1, day), "旷课", 2) for day in (2, 8)],  # the Tuesday after a holiday, and a Monday
    )
    for pupil, pattern in zip(pupils, patterns, strict=False):
        who = {name: pupil[name] for name in ("class_id", "student_key", "name", "home")}
        rows["absence"] += [
            who | {"date": day, "kind": kind, "halves": half, "leave_slip": False} for day, kind, half in pattern
        ]
    notes = (("家庭变故、早恋", None), ("早恋、沉迷网络、不良交往", dt.date(2023, 12, 1)), ("有外出打工意向", None))
    for number, (pupil, (said, closed)) in enumerate(zip(pupils[2:], notes, strict=False)):
        who = {name: pupil[name] for name in ("class_id", "student_key", "name", "home")}
        made = {"watch_id": f"GZ-99-{number}", "school_year": "2023-2024", "found": dt.date(2023, 10, 9 + number)}
        rows["watch"].append(who | made | {"signals": said, "closed": closed})
    rows["pupil_plan"][0]["kind"] = "学困兼厌学"
    pupils[3]["health"] = "有慢性病"
    pupils[4]["guest"] = True
    lost = next(row for row in rows["dropout"] if not row.get("back_date"))
    pupils[-1].update(guardian=lost["guardian"], guardian_tel=lost["guardian_tel"], village_code="SLC002")
    moved = next(row for row in rows["change"] if row["kind"] == "转入")
    moved.update(sys_start=moved["date"], sys_date=None, sys_state="已发起")


@pytest.fixture(scope="module")
def made():
    town, rows = handmade.township(4, 400, 2, SUMMER, spoil, whole_year=True)
    return town, rows, Ledgers(rows)


# --- plain counting ---------------------------------------------------------------------------------------------------
class Ledgers:
    """The rows, looked up by pupil once, since every week asks for them again."""

    def __init__(self, rows):
        self.rows = rows
        self.taught = sorted(row["date"] for row in rows["calendar"] if row["is_school_day"])
        self.filed = {(row["class_id"], row["date"]) for row in rows["daily"]}
        self.villages = {row["village_name"]: row["village_code"] for row in rows["village"]}
        self.grades = {row["class_id"]: row["grade"] for row in rows["class"]}
        self.own = {
            sheet: by_pupil(rows[sheet])
            for sheet in (
                "absence",
                "pupil_plan",
                "family_plan",
                "leftbehind",
                "disabled",
                "watch",
                "dropout",
                "change",
            )
        }

    def village(self, said):
        return self.villages.get(said, said)


def by_pupil(rows):
    found = defaultdict(list)
    for row in rows:
        found[row["student_key"]].append(row)
    return found


def without(row):
    return row["kind"] in WITHOUT or row.get("leave_slip") is False


def enrolled(held, pupil, day):
    """The class of a pupil who is 在读 on a day, else None: the roster's present state, later changes undone."""
    state, class_id = pupil["status"], pupil["class_id"]
    for row in sorted(held.own["change"][pupil["student_key"]], key=lambda row: row["date"], reverse=True):
        if row["date"] <= day or row["home"] != pupil["home"]:
            continue
        if row["kind"] in ("新生入学", "转入", "其他增加"):
            return None
        if row["kind"] == "复学":
            state = "休学"
        elif row["kind"] in ("转出", "休学", "死亡", "毕业", "其他减少", "辍学标注"):
            state = "在读"
        elif row["kind"] == "跨班调整":
            class_id = row["class_from"]
    return class_id if state == "在读" else None


def run_of(held, pupil, class_id, day):
    """(days in a row without leave that nothing has ended by the day, the first of them)."""
    own, run, first = defaultdict(list), 0.0, None
    for row in held.own["absence"][pupil["student_key"]]:
        own[row["date"]].append(row)
    for one in held.taught:
        if one > day:
            break
        away = [row for row in own.get(one, ()) if without(row)]
        if away:
            first = first or one
            run += min(1, sum(row["halves"] for row in away) / 2)
        elif own.get(one) or (class_id, one) in held.filed:
            run, first = 0.0, None
    return run, first


def gone_on(row, day):
    """Whether a dropout case stands on a day: 认定, and neither back nor 销号."""
    left = min(row.get("back_date") or dt.date.max, row.get("closed") or dt.date.max)
    return row["confirm_date"] <= day < left


def points_of(held, pupil, day):
    """Code -> points of one pupil on a day, "red" for three days in a row; {} where he or she is not 在读."""
    class_id = enrolled(held, pupil, day)
    if class_id is None:
        return {}
    key, found = pupil["student_key"], {}
    absences = [row for row in held.own["absence"][key] if row["date"] <= day and row["date"] in held.taught]
    run, first = run_of(held, pupil, class_id, day) if absences else (0.0, None)
    if run >= 1:
        found["W1"] = 2 if run < 2 else 4
        found["red"] = run >= 3
    recent = [one for one in held.taught if one <= day][-20:]
    value = Counter()
    for row in absences:
        if without(row) and row["date"] in recent:
            value[row["date"]] += row["halves"] / 2
    if sum(min(1, number) for number in value.values()) >= 3:
        found["W2"] = 3
    if sum(special(held, one) for one in value) >= 2:
        found["W3"] = 2
    start = max((row["start"] for row in held.rows["term"] if row["start"] <= day), default=dt.date.min)
    late = {row["date"] for row in absences if row["kind"] == "开学未报到" and row["date"] >= start}
    if late and (len(late) > 3 or (first and max(late) >= first)):
        found["W4"] = 4
    kinds = {row["kind"] for row in held.own["pupil_plan"][key] if row["listed"] <= day and not row.get("converted")}
    weak, weary = kinds & {"学困", "学困兼厌学"}, kinds & {"厌学", "学困兼厌学"}
    found |= {
        code: number for code, number, said in (("W5", 1, weak), ("W6", 3, weary), ("W7", 1, weak and weary)) if said
    }
    if any(row["poor_type"] in ("脱贫户", "监测户", "低保") for row in held.own["family_plan"][key]):
        found["W8"] = 1
    if any(row["left_type"] == "双亲留守" or row.get("care") == "差" for row in held.own["leftbehind"][key]):
        found["W9"] = 2
    noted = {
        name
        for row in held.own["watch"][key]
        if row["found"] <= day < (row.get("closed") or dt.date.max)
        for name in row["signals"].split("、")
    }
    if "家庭变故" in noted:
        found["W10"] = 2
    if held.own["disabled"][key] or pupil.get("health") in ("残疾", "有慢性病"):
        found["W11"] = 1
    if any(
        (row.get("back_date") or dt.date.max) <= day <= row["follow_to"] and day < (row.get("closed") or dt.date.max)
        for row in held.own["dropout"][key]
        if row.get("back_date")
    ):
        found["W12"] = 3
    if noted & {*CONDUCT}:
        found["W13"] = min(4, 2 * len(noted & {*CONDUCT}))
    for row in held.rows["dropout"]:
        if row["student_key"] == key or not gone_on(row, day):
            continue
        family = (row["guardian"], row["guardian_tel"]) == (pupil.get("guardian"), pupil.get("guardian_tel"))
        near = abs(held.grades[pupil["class_id"]] - row["grade"]) <= 1
        if family or (near and held.village(row["village_code"]) == held.village(pupil.get("village_code"))):
            found["W14"] = 2
    if held.grades[class_id] in (8, 9):
        found["W15"] = 1
    drags = any(
        row["kind"] == "转入"
        and (row.get("sys_start") or day) < day
        and not ((row.get("sys_date") or dt.date.max) <= day)
        and working_days(row["sys_start"], day) > 10
        for row in held.own["change"][key]
        if row.get("sys_start") and row["sys_state"] in ("未发起", "已发起", "已核办")
    )
    if pupil.get("guest") or drags:
        found["W16"] = 1
    return found


def special(held, day):
    """A Monday, or the first school day after a break."""
    place = held.taught.index(day)
    return day.weekday() == 0 or place == 0 or (day - held.taught[place - 1]).days > 1


def working_days(start, end):
    """Weekdays after a start, National Day left out; the one transfer that drags on begins in autumn."""
    days = [start + number * DAY for number in range(1, (end - start).days + 1)]
    return sum(day.weekday() < 5 and not dt.date(2023, 9, 29) <= day <= dt.date(2023, 10, 6) for day in days)


def colours(held, day):
    """(home, pupil) -> colour on a day."""
    found = {}
    for pupil in held.rows["roster"]:
        own = points_of(held, pupil, day)
        red = own.pop("red", False)
        total = sum(own.values())
        colour = "红" if red else next((name for name, line in COLOURS if total >= line), "")
        if colour and not red and set(own) <= GROUPS:
            colour = "蓝"
        if colour:
            found[pupil["home"], pupil["student_key"]] = colour
    return found


def plainly(held, day):
    """Whom the plain baseline calls: away without leave for a day or more, or three days in twenty."""
    return {
        (pupil["home"], pupil["student_key"])
        for pupil in held.rows["roster"]
        if held.own["absence"][pupil["student_key"]] and plain_signals(held, pupil, day)
    }


def plain_signals(held, pupil, day):
    return {"W1", "W2"} & set(points_of(held, pupil, day))


@pytest.fixture(scope="module")
def weekly(made):
    """Last school day of each week -> who is called: caller -> set of (home, pupil)."""
    _, rows, held = made
    last = max(row["date"] for row in rows["daily"])
    ends = {day.isocalendar()[:2]: day for day in held.taught if day <= last}
    found = {}
    for day in ends.values():
        by_colour = colours(held, day)
        found[day] = {
            "蓝色以上": set(by_colour),
            "黄色以上": {one for one, colour in by_colour.items() if colour in ("黄", "红")},
            "红色": {one for one, colour in by_colour.items() if colour == "红"},
            "仅按缺勤": plainly(held, day),
        }
    return found


def became(rows, first):
    """(home, pupil) -> the day of the first entry on either ledger, of those after the first week."""
    found = {}
    for sheet, columns in (("suspected", ("found",)), ("dropout", ("confirm_date", "drop_date"))):
        for row in rows[sheet]:
            day = next(row[name] for name in columns if row.get(name))
            child = row["home"], row["student_key"]
            found[child] = min(day, found.get(child, day))
    return {child: day for child, day in found.items() if day > first}


def test_every_signal_fires_somewhere(made, weekly):
    held = made[2]
    codes = {code for day in list(weekly)[::4] for pupil in held.rows["roster"] for code in points_of(held, pupil, day)}
    assert codes == {"red", *(f"W{number}" for number in range(1, 17))}


@pytest.mark.parametrize("day", ["2023-09-06", "2023-10-16", "2023-11-13", "2023-12-08", "2024-01-08", "2024-05-20"])
def test_the_signals_of_every_pupil_counted_again(made, day):
    town, rows, held = made
    on = dt.date.fromisoformat(day)
    shown = signals.fired(town, HELD, on)
    points = Counter(dict(zip(zip(shown["student_key"], shown["code"], strict=True), shown["points"], strict=True)))
    own = {
        (pupil["student_key"], code): number
        for pupil in rows["roster"]
        for code, number in points_of(held, pupil, on).items()
        if code != "red"
    }
    assert own
    assert dict(points) == own


# --- the pages --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", ["2023-09", "2023-10", "2023-11", "2023-12", "2024-03"])
def test_colours_by_school_and_who_is_new_counted_again(made, key):
    town, _, held = made
    start = dt.date.fromisoformat(f"{key}-01")
    end = (start + 31 * DAY).replace(day=1) - DAY
    month = Month(replace(town, as_of=end), HELD, Judgement((), (), frozenset()), "", key, start, end)
    now, before = colours(held, end), colours(held, end - 7 * DAY)
    (shown,) = cases.alert_blocks(month)
    lines = {row[0]: tuple(map(plain, row[1:])) for row in (*shown.rows, shown.total)}

    assert now
    for home in (*town.homes, "合计"):
        own = {child: colour for child, colour in now.items() if home in ("合计", child[0])}
        counts = [sum(colour == name for colour in own.values()) for name, _ in COLOURS]
        expected = (*counts, sum(child not in before for child in own))
        assert lines.get(home, (0, 0, 0, 0)) == expected, home


def test_the_tile_of_a_run_is_red_from_the_line_on_that_the_office_has_set(made):
    start, end = dt.date(2023, 9, 1), dt.date(2023, 9, 30)
    tones = {}
    for line in (3, 2):
        held = HELD.tried({"suspected_after": line})
        month = Month(replace(made[0], as_of=end), held, Judgement((), (), frozenset()), "", "2023-09", start, end)
        row = attendance.attendance(month).blocks[0]
        (tile,) = (tile for tile in row.figures if tile.label == "连续2日人数")
        assert tile.value
        tones[line] = tile.tone
    assert tones == {3: "plain", 2: "bad"}


def test_the_back_test_counted_again(made, weekly):
    town, rows, _ = made
    view = pages_signals.Year(town, HELD, Judgement((), (), frozenset()), "", "2023-2024", dt.date(2023, 9, 1), SUMMER)
    summary, cases, calls = (
        section(view) for section in (pages_signals.summary, pages_signals.cases, pages_signals.calls)
    )
    days = sorted(weekly)
    later = became(rows, days[0])
    leads = {caller: {} for caller in CALLERS}
    for child, entered in later.items():
        for caller in CALLERS:
            lead = 0
            for day in reversed([day for day in days if day < entered]):
                if child not in weekly[day][caller]:
                    break
                lead += 1
            leads[caller][child] = lead
    asked = {
        caller: {day: {one for one in weekly[day][caller] if later.get(one, dt.date.max) > day} for day in days}
        for caller in CALLERS
    }
    false = {caller: {day: own - set(later) for day, own in asked[caller].items()} for caller in CALLERS}

    assert len(later) >= 5
    assert tiles(summary) == {"个案": len(later), "回看周数": len(days)}
    for row in table_rows(summary, "预警与仅按缺勤相比"):
        caller = row["预警口径"]
        seen = [lead for lead in leads[caller].values() if lead]
        calls_made = sum(map(len, asked[caller].values()))
        wrong = sum(map(len, false[caller].values()))
        assert row["提前预警的个案"] == (len(seen), len(later))
        assert row["提前周数（中位）"] == (median(seen) if seen else None)
        assert row["预警人次"] == calls_made
        assert row["每周误报人次"] == round(wrong / len(days), 1)
        assert row["命中人次"] == (calls_made - wrong, calls_made)
    assert [row["预警口径"] for row in table_rows(summary, "预警与仅按缺勤相比")] == [*CALLERS]
    shown = Counter(tuple(row) for row in next(iter(tables(cases).values()))[1])
    ledger = {(row["home"], row["student_key"]) for row in rows["suspected"]}
    assert shown == Counter(
        (
            child[0],
            day,
            "疑似辍学台账" if child in ledger else "辍学台账",
            *(leads[caller][child] for caller in CALLERS),
        )
        for child, day in later.items()
    )
    assert next(iter(tables(calls).values()))[1] == [
        (day, *(f"{len(asked[caller][day])}（误报 {len(false[caller][day])}）" for caller in CALLERS)) for day in days
    ]
