"""The example township keeps the rules: flows add up, counts agree, cases are handled in time, nobody is real."""

import datetime as dt
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

import kongchuo_township
from kongchuo.core import schema
from kongchuo_township import days, people

BOOKS = schema.default()
PYTHON_TYPES = {"string": str, "integer": int, "number": (int, float), "date": dt.date, "boolean": bool}
UNEXCUSED = ("旷课", "开学未报到", "失联")


@pytest.fixture(scope="module")
def made():
    return kongchuo_township.generate(13, 1500, 5)


@pytest.fixture(scope="module")
def town(made):
    """sheet -> all its rows of this school year, each with the folder it comes from."""
    sheets = defaultdict(list)
    for path, rows in made.items():
        if not path.startswith(days.YEAR):
            continue
        for name, found in rows.items():
            sheets[name] += [row | {"home": path.split("/")[1]} for row in found]
    return sheets


def filled(row, name):
    return row.get(name) not in (None, "")


def meets(row, condition):
    def text(value):
        return {True: "是", False: "否"}.get(value, str(value)) if isinstance(value, bool) else str(value)

    return all(filled(row, name) and ("*" in values or text(row[name]) in values) for name, values in condition.items())


def test_rows_fit_the_schema(made):
    """Every value has the column's type, every required cell is filled, every coded value is in its list."""
    wrong = []
    for path, sheets in made.items():
        book = BOOKS.by_stem[path.split("/")[-1].removesuffix(".xlsx")]
        assert set(sheets) | {"code"} >= set(book.by_name)
        for name, rows in sheets.items():
            for item in book.by_name[name].fields:
                names = BOOKS.codes[item.codes].names if item.codes else None
                for row in rows:
                    value = row.get(item.name)
                    if value in (None, ""):
                        needed = item.required or (item.required_when and meets(row, item.required_when))
                        needed = needed or (item.required_unless and not meets(row, item.required_unless))
                        if needed and not item.generated:
                            wrong.append((path, name, item.name, "empty"))
                        continue
                    typed = isinstance(value, PYTHON_TYPES[item.type])
                    if not typed or (names and not set(value.split("、") if item.many else [value]) <= set(names)):
                        wrong.append((path, name, item.name, value))
            assert not rows or set().union(*rows) <= set(book.by_name[name].by_name), (path, name)
    assert not wrong[:10]


def test_same_seed_same_township():
    assert kongchuo_township.generate(3, 120, 7) == kongchuo_township.generate(3, 120, 7)
    assert kongchuo_township.generate(3, 120, 7) != kongchuo_township.generate(3, 120, 8)


def test_identity_is_valid_and_nobodys(town):
    """Check character, sex and birth date agree; area codes begin with 99 and telephones with 10, which nobody has."""
    numbers = [row for row in town["census"] if filled(row, "id_no")]
    for row in numbers:
        number = row["id_no"]
        assert number == people.id_number(int(number[:6]), row["birth_date"], int(number[14:17]))
        assert number.startswith("99")
        assert (int(number[16]) % 2 == 1) == (row["sex"] == "男")
        assert not number.endswith("000")
    assert len({row["id_no"] for row in numbers}) == len(numbers)
    assert len({row["student_key"] for row in town["census"]}) == len(town["census"])
    assert len({(row["name"], row["birth_date"]) for row in town["census"]}) == len(town["census"])
    assert all(row["guardian_tel"].startswith("10") and len(row["guardian_tel"]) == 11 for row in town["census"])
    assert {row["name"][0] for row in town["census"]} <= set(people.STEMS)


def test_roster_and_census_agree(town):
    census = {row["student_key"]: row for row in town["census"]}
    active = Counter(row["student_key"] for row in town["roster"] if row["status"] != "已转出")
    assert max(active.values()) == 1
    for row in town["roster"]:
        there = census[row["student_key"]]
        same = ("name", "sex", "birth_date", "groups", "guardian", "guardian_tel", "status_no", "id_no")
        assert [row.get(name) for name in same] == [there.get(name) for name in same]
        if row["status"] == "在读":
            assert there["study_status"] == "本镇在读"
            assert there["study_school"] == row["home"]


def test_siblings_share_a_household(town):
    homes = Counter((row["householder"], row["guardian_tel"], row["hukou_addr"]) for row in town["census"])
    assert sum(number > 1 for number in homes.values()) > len(homes) / 10


def test_flows_add_up(town):
    """X25 and X26: the start of the year, and changes from there to the roster, for every class."""
    base = Counter(row["class_id"] for row in town["baseline"])
    here = Counter(row["class_id"] for row in town["baseline"] if row["base_state"] != "休学")
    for row in town["change"]:
        here[row.get("class_to")] += row["kind"] in ("新生入学", "转入", "复学", "其他增加", "跨班调整")
        here[row.get("class_from")] -= row["kind"] in ("转出", "休学", "辍学标注", "跨班调整")
    now = Counter(row["class_id"] for row in town["roster"] if row["status"] in ("在读", "送教上门"))
    for row in town["class"]:
        assert row["base_count"] == base[row["class_id"]]
        assert here[row["class_id"]] == now[row["class_id"]]


def test_attendance_agrees_with_the_roll(town):
    """X08-X11: a row for every class and school day, its counts, and the absentees by name."""
    due = Counter(row["class_id"] for row in town["baseline"] if row["base_state"] == "在读")
    events = defaultdict(list)
    for row in town["change"]:
        events[row["date"]].append(row)
    details = Counter((row["date"], row["class_id"], row["kind"]) for row in town["absence"])
    daily = {(row["date"], row["class_id"]): row for row in town["daily"]}
    classes = [row["class_id"] for row in town["class"]]
    assert len(daily) == len(town["daily"]) == len(days.SCHOOL_DAYS) * len(classes)
    for day in days.span(days.START, days.END):
        for row in events[day]:
            due[row.get("class_to")] += row["kind"] in ("新生入学", "转入", "复学", "其他增加", "跨班调整")
            due[row.get("class_from")] -= row["kind"] in ("转出", "休学", "辍学标注", "跨班调整")
        for item in classes if days.is_school_day(day) else ():
            row = daily[day, item]
            parts = [row[name] for name in ("present", "sick", "personal", "other_leave", "unexcused")]
            kinds = (("病假",), ("事假",), ("其他请假",), UNEXCUSED)
            assert row["due"] == due[item] == sum(parts)
            assert parts[1:] == [sum(details[day, item, one] for one in kind) for kind in kinds]


def chains(town):
    """student -> runs of school days missed without leave, both halves, as domain.md 4.3 counts them."""
    missed = defaultdict(set)
    for row in town["absence"]:
        if row["kind"] in UNEXCUSED and row["halves"] == 2:
            missed[row["student_key"]].add(row["date"])
    for key, found in missed.items():
        run = []
        for day in days.SCHOOL_DAYS:
            if day in found:
                run.append(day)
            elif run:
                yield key, run
                run = []
        if run:
            yield key, run


def test_who_stays_away_three_days_is_a_case_in_time(town):
    """X12-X14, X40: listed on the third day, visited and reported within the limits, from no poor family."""
    cases = {row["student_key"]: row for row in town["suspected"]}
    long = [(key, run) for key, run in chains(town) if len(run) >= 3]
    assert long
    for key, run in long:
        case = cases[key]
        assert case["found"] <= run[2]
        assert case["last_day"] == run[0]
        assert case["first_visit"] <= days.shift(run[2], 1)
        assert case["rep_center"] <= days.shift(run[2], 3)
        assert len(run) < 8 or case["rep_town"] <= run[0] + dt.timedelta(7)
        assert not case["poor"]
        assert not {"脱贫户", "监测户"} & set(case.get("groups", "").split("、"))
    for row in [*town["suspected"], *town["dropout"], *town["match"]]:
        closing = [filled(row, name) for name in ("closed", "close_type", "evidence")]
        assert all(closing) or not any(closing)


@pytest.mark.parametrize("as_of", [dt.date(2023, 9, 30), dt.date(2023, 10, 31), dt.date(2023, 12, 31), days.END])
def test_who_shows_signals_is_watched(town, as_of):
    """X38: whoever reaches 黄 by domain.md 4.4 on that day stands on 重点关注."""
    watched = {row["student_key"] for row in town["watch"] if row["found"] <= as_of}
    absent = defaultdict(list)
    for row in town["absence"]:
        if row["date"] <= as_of:
            absent[row["student_key"]].append(row)
    grades = {row["class_id"]: row["grade"] for row in town["class"]}
    bad_care = {row["student_key"] for row in town["leftbehind"] if row["care"] == "差"}
    past = [day for day in days.SCHOOL_DAYS if day <= as_of]
    for row in town["roster"]:
        if row["status"] != "在读":
            continue
        away = {one["date"] for one in absent[row["student_key"]] if one["kind"] in UNEXCUSED}
        run = next(number for number, day in enumerate([*past[::-1], None]) if day not in away)
        points = {0: 0, 1: 2, 2: 4}.get(run, 8)
        points += 3 * (len(away & set(past[-20:])) >= 3) + 2 * (len(away & days.AFTER_BREAK) >= 2)
        points += 4 * any(one["kind"] == "开学未报到" for one in absent[row["student_key"]])
        points += row["weak"] + 3 * row["weary"] + (row["weak"] and row["weary"])
        points += bool({"脱贫户", "监测户", "低保"} & set(row.get("groups", "").split("、")))
        points += 2 * (row["leftbehind"] == "双亲留守" or row["student_key"] in bad_care)
        points += (row["health"] in ("残疾", "有慢性病")) + (grades[row["class_id"]] > 7) + row["guest"]
        assert points < 5 or row["student_key"] in watched, (row["name"], points)


def test_dropouts_are_confirmed_visited_and_vetoed(town):
    """28 days before confirmation, X15 between visits, X16 after the return, X47 a plan, V01 a veto."""
    absent = defaultdict(list)
    for row in town["absence"]:
        absent[row["student_key"]].append(row["date"])
    plans = {row["pupil_plan"]: row["student_key"] for row in town["pupil_plan"]}
    assert {row["state"] for row in town["dropout"]} >= {"劝返中", "已复学跟踪"}
    for row in town["dropout"]:
        assert row["confirm_date"] >= row["drop_date"] + dt.timedelta(28)
        assert plans[row["plan_id"]] == row["student_key"]
        end = row.get("back_date", days.END)
        visits = [one["date"] for one in town["visit"] if one["case_id"] == row["case_id"]]
        for earlier, later in zip([row["confirm_date"], *visits], [*visits, end], strict=True):
            assert (later - earlier).days <= (7 if earlier < row["confirm_date"] + dt.timedelta(31) else 14)
        assert max(absent[row["student_key"]]) < row["confirm_date"]
        assert row["case_id"] in {veto["case_id"] for veto in town["veto"]}
        papers = [one for one in town["legal"] if one["case_id"] in (row["case_id"], row["ys_id"])]
        papers.sort(key=lambda one: one["issued"])
        for paper, following in pairwise(papers):
            assert following["issued"] <= paper["deadline"]
        assert papers[-1]["deadline"] >= end


def test_visits_are_numbered_and_planned(town):
    numbers = defaultdict(list)
    for row in town["visit"]:
        numbers[row["case_id"]].append(row["seq"])
        assert row["date"] <= days.END
        assert filled(row, "next") != row["result"].startswith("已复学")
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert {row["case_id"] for row in town["suspected"]} <= set(numbers)


def test_groups_agree_with_the_ledgers(town):
    """X29, X30, X35-X37, X49."""
    in_sheet = {
        "留守": {row["student_key"] for row in town["leftbehind"]},
        "残疾": {row["student_key"] for row in town["disabled"]},
        **{
            kind: {row["student_key"] for row in town["others"] if row["kind"] == kind}
            for kind in ("随迁", "孤儿", "单亲")
        },
        **{
            kind: {row["student_key"] for row in town["family_plan"] if row["poor_type"] == kind}
            for kind in people.POOR
        },
    }
    for kind, keys in in_sheet.items():
        assert {row["student_key"] for row in town["roster"] if kind in row.get("groups", "").split("、")} == keys
    assert {row["student_key"] for row in town["aid"]} == {row["student_key"] for row in town["family_plan"]}
    assert not any(row["migrant"] and row["leftbehind"] != "非留守" for row in town["roster"])


def test_every_month_has_its_records(town):
    """X31, X34, T01, T04: a record for each plan, two visits for each pupil taught at home, twenty items, a bulletin."""
    logs = Counter((row["pupil_plan"], f"{row['date']:%Y-%m}") for row in town["support_log"])
    lessons = Counter((row["student_key"], f"{row['date']:%Y-%m}") for row in town["home_teaching"])
    checks = Counter((row["home"], row["month"]) for row in town["selfcheck"])
    bulletins = {(row["home"], f"{row['date']:%Y-%m}") for row in town["bulletin"] if row["kind"] == "简报"}
    homes = {row["home"] for row in town["roster"]}
    for month in days.MONTHS:
        assert all(logs[row["pupil_plan"], month] >= 1 for row in town["pupil_plan"])
        assert all(
            lessons[row["student_key"], month] >= 2 for row in town["disabled"] if row["placement"] == "送教上门"
        )
        assert all(checks[home, month] == 20 and (home, month) in bulletins for home in homes)


def test_transfers_are_settled_within_ten_working_days(town):
    """X18, X19, T08."""
    for row in town["change"]:
        if row["kind"] in ("转入", "转出"):
            assert len(days.between(row["sys_start"], row["sys_date"])) <= 10
            assert filled(row, "place")
        assert len(days.between(row["date"], row["report_date"])) <= 4
        assert row["handler"] != row["approved_by"]


def test_everyone_and_everything_has_somebody_who_answers(town):
    """G01, G02, G04-G06, G08."""
    bonds = defaultdict(list)
    for row in town["bond"]:
        bonds[row["bond_type"]].append(row)
    schools = [row for row in town["school"] if row["stage"] != "中心学校"]
    assert Counter(row["target_id"] for row in bonds["包学校"]) == {row["school_code"]: 1 for row in schools}
    grades = {f"{row['school_code']}-{row['grade']}" for row in town["class"]}
    assert {row["target_id"] for row in bonds["包年级"]} == grades
    assert {row["target_id"] for row in bonds["包家长"]} == {row["village_code"] for row in town["village"]}
    staff = {row["staff_id"]: row for row in town["staff"]}
    for row in town["bond"]:
        if row["staff_id"] in staff:
            person = staff[row["staff_id"]]
            assert (row["name"], row["title"]) == (person["name"], person["title"])
    signed = {row["party_b_id"] for row in town["pledge"]}
    heads = {row["head_teacher"] for row in town["class"]}
    assert signed >= {row["staff_id"] for row in town["staff"] if row["name"] in heads}
    assert len({row["name"] for row in town["staff"]}) == len(town["staff"])


def test_inspection_scheme_and_archive(town):
    """T02, V02, V03, G09, A01, A02, T05, T06."""
    homes = {row["home"] for row in town["roster"]}
    points = (10, 8, 10, 18, 10, 14, 12, 4, 4, 10)
    rounds = Counter((row["school_code"], row["round"]) for row in town["score"])
    assert rounds == dict.fromkeys([(home, number) for home in homes for number in (1, 2)], 10)
    for row in town["score"]:
        full = points[row["item_no"] - 1]
        assert 0 <= row["score"] <= full
        assert filled(row, "reason") == (row["score"] < full)
    for row in town["rollcall"]:
        assert row["n_register"] == row["n_present"] + row["leave_ok"] + row["leave_no"] + row["unknown"]
    assert {row["school_code"] for row in town["publicity"] if row["pub_date"] <= dt.date(2023, 9, 30)} == homes
    assert all(row["copies"] > 0 or filled(row, "missing") for row in town["archive"])
    assert all(row["has_media"] for row in town["archive"] if row["archive_no"] in (6, 11, 14, 16, 18))
    assert {row["home"] for row in town["bulletin"] if row["kind"] == "典型案例"} == homes
    for row in town["issue"]:
        assert row["due"] > days.END if row["state"] != "已完成" else row["done"] <= row["due"]
        assert row.get("reviewer") != row["owner"]
    dated = [row["issued"] for row in town["body"]] + [row["signed"] for row in town["pledge"]]
    assert min(dated) >= days.START


def test_no_zero_report_while_a_case_is_open(town):
    """X41: 疑似 and 辍学 items of 月自查 are not 不适用 in a month in which a case stood in the ledger."""
    results = {(row["home"], row["month"], row["item_no"]): row["result"] for row in town["selfcheck"]}
    for item, sheet, opened in ((8, "suspected", "found"), (9, "dropout", "confirm_date")):
        for row in town[sheet]:
            for month in days.MONTHS:
                if f"{row[opened]:%Y-%m}" <= month <= f"{row.get('closed', days.END):%Y-%m}":
                    assert results[row["home"], month, item] != "不适用"


def test_children_elsewhere_guests_and_delays_have_their_papers(town):
    """X43-X45, X48."""
    for row in town["census"]:
        assert row["study_status"] != "镇外在读" or row["proof"] != "无"
        assert row["study_status"] != "延缓入学" or filled(row, "delay_no")
        if row["birth_date"] < dt.date(2008, 1, 27) and row["study_status"] not in ("本镇在读", "镇外在读"):
            assert row["study_status"] == "已完成九年"
    for row in town["roster"]:
        assert not row["guest"] or (days.END - row["status_date"]).days < 30


def test_calendar_of_autumn_2023():
    assert not days.is_school_day(dt.date(2023, 9, 29))
    assert not days.is_school_day(dt.date(2023, 10, 6))
    assert days.is_school_day(dt.date(2023, 10, 7))
    assert days.is_school_day(dt.date(2023, 10, 8))
    assert days.shift(dt.date(2023, 9, 28), 1) == dt.date(2023, 10, 7)


def test_three_hundred_schools_have_their_own_names_and_codes():
    town = kongchuo_township.Town(kongchuo_township.Register(kongchuo_township.Random(1)), 300, 12_000)
    assert len(town.schools) == 300
    for name in ("code", "name", "alias"):
        assert len({getattr(school, name) for school in town.schools}) == 300
    assert all(len(school.code) <= 6 for school in town.schools)
    assert len({village.name for village in town.villages}) == len(town.villages)
    assert [people.numeral(number) for number in (1, 10, 12, 20, 99, 101, 110, 212)] == [
        "一",
        "十",
        "十二",
        "二十",
        "九十九",
        "一百零一",
        "一百一十",
        "二百一十二",
    ]


@pytest.mark.parametrize(("schools", "pupils"), [(2, 24), (2, 300), (5, 200), (14, 3000)])
def test_any_size_gives_as_many_pupils_as_asked(schools, pupils):
    made = kongchuo_township.generate(schools, pupils, 3)
    baseline = [row for rows in made.values() for row in rows.get("baseline", ())]
    assert len(baseline) == pupils
    assert len({path.split("/")[1] for path in made}) == schools + 1
