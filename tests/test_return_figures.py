"""月报表 and 简报 of a township with odd absences and cases: columns that a clean town leaves at 0, counted again by plain loops."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import replace

import docx
import openpyxl
import pytest

import handmade
from kongchuo import papers
from kongchuo.core.places import POLICY
from kongchuo.core.policy import load
from kongchuo.pages.views import Month
from kongchuo.rules.judging import Judgement

WITHOUT = ("旷课", "开学未报到", "失联")
MONTHS = {"2023-10": 31, "2023-11": 30}
GRADES = "〇一二三四五六七八九"


def at(month, day):
    return dt.date(2023, month, day)


# pupil by pupil, in other classes each: (date, 缺勤类型, 半日数, 请假手续); None for a day whose class has no 日查
AWAY = (
    ([(at(10, 30), "旷课", 2, False), (at(10, 31), "旷课", 2, False), (at(11, 1), "旷课", 2, False)], "over the month's end"),
    ([(at(10, 17), "旷课", 1, False)], "half a day"),
    ([(at(10, 17), "失联", 1, False), (at(10, 18), "失联", 2, False)], "a day and a half"),
    ([(at(10, 18), "旷课", 2, False), (at(10, 19), "病假", 2, True), (at(10, 20), "旷课", 2, False)], "leave between"),
    ([(at(10, 18), "旷课", 2, False), None, (at(10, 20), "旷课", 2, False)], "no count between"),
    ([(at(10, 18), "事假", 2, False), (at(10, 19), "事假", 2, False), (at(10, 20), "旷课", 2, False)], "no slip"),
    ([(at(10, 10), "旷课", 2, False), (at(10, 19), "旷课", 2, False), (at(10, 20), "旷课", 2, False)], "two runs"),
    ([(at(10, 27), "旷课", 2, False), (at(10, 30), "旷课", 2, False)], "a weekend between"),
)  # fmt: skip


def spoil(rows):
    """Absences as above, homes visited without a 劝返记录, a case that runs into November, groups on ledger and roster."""
    seen = {row["student_key"] for row in rows["absence"] if row["date"] >= at(10, 1)}
    cases = {row["student_key"] for row in rows["suspected"]}
    quiet = {}
    for row in rows["roster"]:
        if row["status"] == "在读" and row["student_key"] not in seen | cases:
            quiet.setdefault(row["class_id"], row)
    assert len(quiet) >= len(AWAY)
    for number, ((days, _), pupil) in enumerate(zip(AWAY, quiet.values(), strict=False)):
        who = {name: pupil[name] for name in ("class_id", "student_key", "name", "home")}
        for entry in days:
            if entry is None:
                unfiled = pupil["class_id"], at(10, 19)
                rows["daily"] = [row for row in rows["daily"] if (row["class_id"], row["date"]) != unfiled]
                continue
            date, kind, halves, slip = entry
            made = {"date": date, "kind": kind, "halves": halves, "leave_slip": slip, "visited": number % 2 == 0}
            rows["absence"].append(who | made | ({"visit_id": "QF-SLZ01-001-01"} if number == 0 else {}))
    third = next(row for row in rows["suspected"] if row["home"] == "示例第三小学")
    third.update(closed=at(11, 3), groups="残疾、监测户")
    first = next(row for row in rows["suspected"] if row["verdict"] == "转辍学台账")
    for row in rows["roster"]:
        if row["student_key"] == third["student_key"]:
            row.update(leftbehind="单亲留守", groups="脱贫户")
        if row["student_key"] == first["student_key"]:
            row.update(groups="脱贫户、残疾人子女", leftbehind="非留守")


@pytest.fixture(scope="module")
def made():
    return handmade.township(4, 600, 1, spoil=spoil)


@pytest.fixture(scope="module")
def printed(made, tmp_path_factory):
    """Month -> {kind: file} of the town."""
    folder, found = tmp_path_factory.mktemp("returns"), {}
    for key, last in MONTHS.items():
        start = dt.date.fromisoformat(f"{key}-01")
        end = start.replace(day=last)
        town = replace(made[0], as_of=end)
        month = Month(town, load(POLICY), Judgement((), (), frozenset()), "", key, start, end)
        files = papers.make(month, ["月报表", "简报"], folder)
        found[key] = {path.name.split("_")[0]: path for path in files if path.suffix != ".html"}
    return found


def table(path, number):
    """(school, grade) -> 'group/title' -> cell of one sheet of a 月报表; the sums of schools under 小计, of all under 合计."""
    sheet = openpyxl.load_workbook(path).worksheets[number]
    groups, titles = ([cell.value for cell in sheet[row]] for row in (3, 4))
    names, group = [], ""
    for above, title in zip(groups, titles, strict=True):
        group = above or group
        names.append(f"{group}/{title}" if title else group)
    rows = (dict(zip(names, row, strict=True)) for row in sheet.iter_rows(min_row=5, values_only=True))
    return {(row["学校"], row["年级"]): row for row in rows if row["学校"] and (row["年级"] or row["学校"] == "合计")}


# --- plain counting ---------------------------------------------------------------------------------------------------
def days_of(key):
    start = dt.date.fromisoformat(f"{key}-01")
    return start, start.replace(day=MONTHS[key])


def places_of(rows):
    """Class -> (school, grade as printed)."""
    homes = {row["school_code"]: row["school_name"] for row in rows["school"]}
    return {row["class_id"]: (homes[row["school_code"]], f"{GRADES[row['grade']]}年级") for row in rows["class"]}


def longest_runs(rows, start, end):
    """(pupil's class, longest run that reaches into the days), of everybody away without leave in them."""
    taught = [row["date"] for row in rows["calendar"] if row["is_school_day"] and row["date"] <= end]
    filed = {(row["class_id"], row["date"]) for row in rows["daily"]}
    own = defaultdict(lambda: defaultdict(list))
    for row in rows["absence"]:
        own[row["student_key"]][row["date"]].append(row)
    found = []
    for days in own.values():
        class_id, run, best, last = "", 0.0, 0.0, None
        for day in sorted(taught):
            away = [row for row in days.get(day, ()) if row["kind"] in WITHOUT or row.get("leave_slip") is False]
            if away:
                class_id, last = away[0]["class_id"], day
                run += min(1, sum(row["halves"] for row in away) / 2)
                best = max(best, run) if day >= start else best
            elif days.get(day) or (class_id, day) in filed:
                run = 0.0
        if last and last >= start:
            found.append((class_id, best))
    return found


def on_hand(rows, end):
    """The pupils on either ledger at the end of a day: key -> (school, class, groups written anywhere)."""
    found = {}
    for sheet, entered, left in (
        ("suspected", "found", ("closed",)),
        ("dropout", "confirm_date", ("back_date", "closed")),
    ):
        for row in rows[sheet]:
            if row[entered] <= end and not any(row.get(name) and row[name] <= end for name in left):
                pupil = next(one for one in rows["roster"] if one["student_key"] == row["student_key"])
                said = {*(row.get("groups") or "").split("、"), *(pupil.get("groups") or "").split("、")}
                said |= {"留守"} if pupil["leftbehind"] != "非留守" else set()
                found[row["student_key"]] = row["home"], row["class_id"], said
    return found


def at_school(rows, day):
    """Class -> pupils at school: the baseline, and who has come and gone since."""
    held = {
        row["student_key"]: row["class_id"] for row in rows["baseline"] if row["base_state"] in ("在读", "送教上门")
    }
    for row in sorted(rows["change"], key=lambda row: row["date"]):
        if row["date"] > day:
            continue
        if row.get("class_to") and row["kind"] in ("新生入学", "转入", "复学", "其他增加", "跨班调整"):
            held[row["student_key"]] = row["class_to"]
        elif row["kind"] in ("转出", "休学", "死亡", "辍学标注", "毕业", "其他减少"):
            held.pop(row["student_key"], None)
    return Counter(held.values())


def counted(rows, key):
    """Column -> Counter by (school, grade) of the columns that no other test counts again."""
    start, end = days_of(key)
    places, found = places_of(rows), defaultdict(Counter)
    for class_id, run in longest_runs(rows, start, end):
        if run >= 1:
            step = "1日" if run < 2 else "2日" if run < 3 else "3日以上"
            found[f"连续无故缺勤（人）/{step}"][places[class_id]] += 1
    class_of = {row["student_key"]: row["class_id"] for row in rows["roster"]}
    for row in rows["visit"]:
        if start <= row["date"] <= end:
            where = places[class_of[row["student_key"]]]
            found["劝返与家访/劝返户次"][where] += 1
            found["劝返与家访/劝返成功"][where] += row["result"].startswith("已复学")
            found["劝返与家访/家访户次"][where] += row["mode"] == "家访"
    for row in rows["absence"]:
        if start <= row["date"] <= end and row.get("visited") and not row.get("visit_id"):
            found["劝返与家访/家访户次"][places[row["class_id"]]] += 1
    cases = {row["case_id"]: row for sheet in ("suspected", "dropout") for row in rows[sheet]}
    for row in rows["legal"]:
        if start <= row["issued"] <= end and row["doc_type"] in ("限期复学通知书", "责令限期改正通知书"):
            found["劝返与家访/限期文书"][places[cases[row["case_id"]]["class_id"]]] += 1
    for _, class_id, said in on_hand(rows, end).values():
        for group in ("脱贫户", "残疾", "留守"):
            found[f"月末在册中/{group}"][places[class_id]] += group in said
    return found


# --- the papers -------------------------------------------------------------------------------------------------------
COLUMNS = (
    *(f"连续无故缺勤（人）/{name}" for name in ("1日", "2日", "3日以上")),
    *(f"劝返与家访/{name}" for name in ("劝返户次", "劝返成功", "限期文书", "家访户次")),
    *(f"月末在册中/{name}" for name in ("脱贫户", "残疾", "留守")),
)


@pytest.mark.parametrize("key", MONTHS)
def test_runs_of_absence_visits_papers_and_groups_counted_again(made, printed, key):
    rows = made[1]
    own = counted(rows, key)
    shown = table(printed[key]["月报表"], 0)
    for place, line in table(printed[key]["月报表"], 1).items():
        shown[place] = shown[place] | line
    schools = {row["school_name"] for row in rows["school"] if row["stage"] != "中心学校"}

    assert {home for home, _ in shown} == schools | {"合计"}
    for column in COLUMNS:
        for (home, grade), line in shown.items():
            parts = {"小计": lambda one, home=home: one[0] == home, None: lambda one: True}
            chosen = parts.get(grade, lambda one, home=home, grade=grade: one == (home, grade))
            assert line[column] == sum(n for one, n in own[column].items() if chosen(one)), (column, home, grade)
    known = {column for column in COLUMNS if sum(own[column].values())}
    assert known == set(COLUMNS) if key == "2023-10" else len(known) > 5  # nothing stands at 0 throughout


@pytest.mark.parametrize("key", MONTHS)
def test_the_bulletin_shows_the_towns_totals_and_how_they_moved(made, printed, key):
    rows, figures = made[1], {}
    for month in ("2023-09", "2023-10", "2023-11"):
        start, end = dt.date.fromisoformat(f"{month}-01"), dt.date.fromisoformat(f"{month}-{MONTHS.get(month, 30)}")
        daily = [row for row in rows["daily"] if start <= row["date"] <= end]
        present, due = sum(row["present"] for row in daily), sum(row["due"] for row in daily)
        closed = [row for row in rows["suspected"] if start <= (row.get("closed") or end.max) <= end]
        figures[month] = {
            "月末在校学生": sum(at_school(rows, end).values()),
            "出勤率（实到／应到）": f"{100 * present / due:.1f}%（{present}/{due}）",
            "无故缺勤人次": sum(row["kind"] in WITHOUT for row in rows["absence"] if start <= row["date"] <= end),
            "本月新增疑似辍学": sum(start <= row["found"] <= end for row in rows["suspected"]),
            "本月疑似返校": sum(row["verdict"] == "返校" for row in closed),
            "月末在册疑似辍学": sum(row["found"] <= end < (row.get("closed") or end.max) for row in rows["suspected"]),
            "月末在册辍学": sum(
                row["confirm_date"] <= end < min(row.get("back_date") or end.max, row.get("closed") or end.max)
                for row in rows["dropout"]
            ),
            "劝返户次": sum(start <= row["date"] <= end for row in rows["visit"]),
            "家访户次": sum(start <= row["date"] <= end and row["mode"] == "家访" for row in rows["visit"])
            + sum(
                start <= row["date"] <= end and bool(row.get("visited")) and not row.get("visit_id")
                for row in rows["absence"]
            ),
        }
    before = f"2023-{int(key[5:]) - 1:02}"
    cells = docx.Document(printed[key]["简报"]).tables[0].rows
    shown = {row.cells[0].text: [cell.text for cell in row.cells[1:4]] for row in cells[1:]}

    assert list(shown) == list(figures[key])
    for title, now in figures[key].items():
        then = figures[before][title]
        if isinstance(now, str):
            assert shown[title] == [then, now, ""]
            continue
        small = [0 < abs(number) < 3 for number in (then, now, now - then)]
        told = ["不足3" if few else str(number) for few, number in zip(small, (then, now), strict=False)]
        assert shown[title][:2] == told
        assert shown[title][2] == ("—" if any(small) else f"{now - then:+d}" if now != then else "不变")
