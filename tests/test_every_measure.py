"""Every measure of MEASURES on random townships: counted again with plain loops, and what must hold of any of them."""

import ast
import datetime as dt
import random
from collections import Counter
from dataclasses import replace

import pytest

import handmade
from kongchuo.core.schema import CENTRE
from kongchuo.core.tables import NOWHERE, Town, row_of
from kongchuo.facts import calendar
from kongchuo.figures import enrolment as schooling
from kongchuo.figures.definitions import MEASURES

END = dt.date(2024, 1, 31)  # after the last row of the example: the roster as typed is the state of that day
AT_SCHOOL = ("在读", "送教上门")
BY_CODE = {}
for definition in MEASURES:
    BY_CODE.setdefault(definition.code, []).append(definition)
# what may be emptied or deleted: it makes figures worse, never the places the figures are counted by
LOSABLE = ("roster", "baseline", "change", "suspected", "dropout", "visit", "watch", "family_plan", "aid", "pupil_plan",
           "support_log", "disabled", "home_teaching", "leftbehind", "daily", "absence", "reconcile", "archive", "bond",
           "pledge", "census", "filing", "selfcheck", "publicity_log")  # fmt: skip
FORGETTABLE = ("called", "plan_id", "first_visit", "rep_center", "closed", "back_date", "placement", "status_no", "groups",
               "teacher", "head_teacher", "paid_on", "last_contact", "copies", "study_status", "listed", "signed")  # fmt: skip
SENT = ("周报按时报送率", "月报按时报送率", "月自查按时完成率", "其他学段因贫辍学")  # of a school as a whole
STATUS = ("休学", "辍学", "已转出", "死亡", "毕业", "送教上门")


def spoilt(seed):
    """What people do to a township: rows forgotten, cells left empty, pupils who dropped out, moved away, finished."""
    chance = random.Random(seed)

    def spoil(rows):
        for sheet in LOSABLE:
            rows[sheet] = [row for row in rows[sheet] if chance.random() > 0.08]
            for row in rows[sheet]:
                for name in FORGETTABLE:
                    if name in row and chance.random() < 0.06:
                        del row[name]
        for row in rows["roster"]:
            if chance.random() < 0.15:
                row |= {"status": chance.choice(STATUS), "status_date": dt.date(2023, 11, 6)}
        for row in rows["census"]:
            if chance.random() < 0.15:
                row["study_status"] = chance.choice(("镇外在读", "辍学", "未入学", "待核实", "已完成九年", "延缓入学"))
                row["delay_no"] = "9号" if chance.random() < 0.5 else None
            if chance.random() < 0.05:
                row["birth_date"] = dt.date(
                    chance.choice((2007, 2008, 2017, 2018)), chance.choice((8, 9)), chance.choice((1, 31 - 1))
                )
            if chance.random() < 0.05:
                row["groups"] = "残疾、留守"
        for number, row in enumerate(chance.sample(rows["roster"], 12)):
            case = {key: row[key] for key in ("student_key", "name", "class_id", "home")}
            day = chance.choice((None, dt.date(2023, 6, 1), dt.date(2023, 10, 9), dt.date(2023, 12, 4)))
            rows["dropout"].append(
                case
                | {
                    "case_id": f"CX-2023-{number:03}",
                    "grade": 8,
                    "confirm_date": day,
                    "drop_date": day,
                    "state": "劝返中",
                }
                | chance.choice(
                    ({}, {"back_date": dt.date(2023, 12, 11), "state": "已复学跟踪"}, {"closed": dt.date(2024, 1, 2)})
                )
            )
        for row in rows["pupil_plan"]:
            if chance.random() < 0.3:
                row |= {"converted": chance.random() < 0.6}
            if chance.random() < 0.2:
                row |= {"listed": dt.date(2023, 11, 1)}

    return spoil


@pytest.fixture(scope="module", params=range(3))
def township(request):
    """(Town, rows): seed 0 as made, the others spoilt."""
    seed = request.param
    return handmade.township(3, 120, seed + 1, END, spoil=spoilt(seed) if seed else None)


def scope(town, homes=None, start="2023-11-01", **more):
    return handmade.scope(town, start, f"{END}", homes, **more)


def ratios(town, homes=None, **more):
    """Every measure counted, once a town."""
    return town.once(counted, repr((homes, more)))


def counted(town, given):
    homes, more = ast.literal_eval(given)
    return [(item, made) for item in MEASURES for made in item.count(scope(town, homes, **more))]


# --- what must hold of every measure ------------------------------------------------------------------------------------
def test_every_measure_of_the_specification_is_listed_and_says_what_it_is():
    assert set(BY_CODE) == {f"D{number:02}" for number in range(1, 17)} | {
        "D17"
    }  # the last is ours: the plan's fourth target
    for item in MEASURES:
        assert "÷" in item.formula or item.code == "D01", item.title
        assert item.title, item.formula


def test_targets_come_from_the_policy():
    held = scope(handmade.town({})).policy
    (rate,) = BY_CODE["D02"]
    assert rate.targets(held) == "目标辍学人数 0人；参照线(小学辍学率) 0.6%；参照线(初中辍学率) 1.8%"
    for item in MEASURES:
        assert all(held.parameter(key) for key in item.beside)


def test_parts_add_up_to_the_total(township):
    town, _ = township
    for item, made in ratios(town):
        assert made.code == item.code
        for level in ("home", "grade", "class_id"):
            parts = made.by(level).values()
            assert sum(part.numerator for part in parts) == made.total.numerator, (made.title, level)
            assert sum(part.denominator for part in parts) == made.total.denominator, (made.title, level)
            assert sum(part.left_out for part in parts) == made.total.left_out, (made.title, level)


def test_the_town_is_the_sum_of_its_schools(township):
    """What belongs to no school (a village without one) is in the town's figure only, and shown there as such."""
    town, _ = township
    schools = {home: ratios(town, (home,)) for home in town.homes}
    for place, (_, made) in enumerate(ratios(town)):
        by_home = made.by("home")
        for home in town.homes:
            own = schools[home][place][1].total
            part = by_home.get(home)
            counts = (part.numerator, part.denominator) if part else (0, 0)
            assert (own.numerator, own.denominator) == counts, (made.title, home)


def test_no_more_than_all(township):
    town, _ = township
    for item, made in ratios(town):
        if not item.exceeds:
            assert (made.rows["numerator"] <= made.rows["denominator"]).all(), made.title
            assert all(part.numerator <= part.denominator for part in made.by("class_id").values())


def test_the_rows_behind_a_figure_give_the_figure_and_exist(township):
    town, _ = township
    for _, made in ratios(town):
        assert made.rows["numerator"].sum() == made.total.numerator
        assert made.base["denominator"].sum() == made.total.denominator
        for place, sheet in zip(made.rows.index, made.rows["sheet"], strict=True):
            assert sheet in town.schema.sheets, made.title
            if row_of(place):
                assert place in town[sheet].index, made.title
            else:  # what should have a row and has none
                assert town.book_name(place) in town.by_name or place == NOWHERE
        assert len(made.lacking) >= (made.total.numerator < made.total.denominator), made.title


def test_a_grade_has_its_part_of_the_schools_figure(township):
    """Narrowed to a grade, a figure is what the whole shows for that grade, for everything that belongs to a grade."""
    town, _ = township
    whole = ratios(town)
    narrow = ratios(town, grade=8)
    for (item, made), (_, own) in zip(whole, narrow, strict=True):
        if item.code not in ("D13", "D16") and item.title not in SENT:
            part = made.by("grade").get(8)
            counts = (part.numerator, part.denominator) if part else (0, 0)
            assert (own.total.numerator, own.total.denominator) == counts, made.title


def without(town, home, book):
    """The town with one workbook missing."""
    gone = (
        replace(one, read=False, tables={}) if (one.home, one.book.name) == (home, book) else one
        for one in town.workbooks
    )
    return Town(town.year, town.as_of, town.schema, tuple(gone))


@pytest.mark.parametrize("book", ["enrolment", "attendance", "cases", "support", "selfcheck"])
def test_what_cannot_be_read_is_never_shown_as_none(township, book):
    town, _ = township
    gone = town.homes[0]
    lost = [made for _, made in ratios(without(town, gone, book)) if gone in made.missing]
    assert lost
    for made in lost:
        assert made.by("home")[gone].text == "尚未判定", made.title
        assert gone in made.total.caveat


def test_without_a_census_nobody_knows_who_is_of_age(township):
    town, _ = township
    assert schooling.net(scope(without(town, CENTRE, "census"))).total.text == "尚未判定"


# --- counted again ------------------------------------------------------------------------------------------------------
def count(town, code, place=0, homes=None):
    made = [one for item in BY_CODE[code] for one in item.count(scope(town, homes))][place].total
    return made.numerator, made.denominator


def state_of(rows):
    """Pupil -> every (home, state) he has on the rosters."""
    found = {}
    seen = set()
    for row in rows["roster"]:
        if (row["home"], row["student_key"]) not in seen:
            seen.add((row["home"], row["student_key"]))
            found.setdefault(row["student_key"], []).append(row.get("status"))
    return found


def age_of(born):
    return 2023 - born.year - ((born.month, born.day) > (8, 31))


def test_d01_counted_again(township):
    town, rows = township
    here = sum(row.get("status") in AT_SCHOOL for row in rows["roster"])
    due = sum(row["base_state"] in AT_SCHOOL for row in rows["baseline"])
    for row in rows["change"]:
        due += row["kind"] in ("新生入学", "转入", "复学", "其他增加")
        due -= row["kind"] in ("转出", "休学", "毕业", "结业", "死亡", "辍学标注", "其他减少")
    assert count(town, "D01") == (here, due)


def lost(rows):
    """Cases open at the end, by loops."""
    found = set()
    for row in rows["dropout"]:
        back = row.get("back_date") if row["state"] != "再次辍学" or row.get("closed") else None
        left = min((day for day in (back, row.get("closed")) if day), default=None)
        if not (row.get("confirm_date") and row["confirm_date"] > END) and not (left and left <= END):
            found.add((row["home"], row["student_key"]))
    return found


def test_d02_and_d03_counted_again(township):
    town, rows = township
    base = [row for row in rows["baseline"] if row["base_state"] in AT_SCHOOL]
    out = set()
    for row in rows["dropout"]:
        day = row.get("confirm_date") or row.get("drop_date")
        returned = row.get("back_date") and not (row.get("closed") and row["closed"] < row["back_date"])
        if day and dt.date(2023, 9, 1) <= day <= END and (returned or not row.get("closed")):
            out.add((row["home"], row["student_key"]))
    assert count(town, "D02") == (len(out), len(base))
    gone = lost(rows)
    assert count(town, "D03") == (sum((row["home"], row["student_key"]) not in gone for row in base), len(base))


def test_a_pupil_who_came_back_dropped_out_and_was_kept():
    """D02 counts who dropped out in the year, D03 who is lost at its end; a case cleared as no dropout is neither."""
    base = [{"student_key": f"XS{n}", "class_id": "JJ-2020-01", "base_state": "在读"} for n in range(1, 11)]
    case = {"confirm_date": "2023-10-09", "state": "劝返中"}
    rows = [
        case | {"student_key": "XS1"},
        case | {"student_key": "XS2", "back_date": "2023-10-20", "state": "已复学跟踪"},
        case | {"student_key": "XS3", "closed": "2023-10-20", "close_type": "信息错误(证件或姓名)", "state": "已销号"},
        case | {"student_key": "XS4", "confirm_date": "2023-05-10"},  # last year's
        case | {"student_key": "XS5", "confirm_date": "2023-11-02"},  # not yet
        case | {"student_key": "XS6", "confirm_date": None},  # nobody knows when
    ]
    made = handmade.town({"baseline": {"甲小学": base}, "dropout": {"甲小学": rows}})
    dropped = schooling.dropped(handmade.scope(made)).total
    assert (dropped.text, dropped.left_out) == ("20.0 %（2/10）", 1)
    assert schooling.kept(handmade.scope(made)).total.text == "70.0 %（7/10）"  # XS1, XS4, XS6


def junior(year, grade, keys, *, changes=()):
    """The lists of one school year of 甲小学, made a school of grades seven to nine: keys on the locked list, and changes."""
    classes = [
        {"class_id": f"ZX-{grade}", "class_name": "班", "grade": grade, "school_code": "JJ", "school_year": year}
    ]
    base = [
        {"school_year": year, "class_id": f"ZX-{grade}", "student_key": key, "name": "学生", "base_state": "在读"}
        for key in keys
    ]
    schools = [{"school_code": "JJ", "school_name": "甲小学", "stage": "九年一贯"}]
    own = {"baseline": {"甲小学": base}, "change": {"甲小学": list(changes)}}
    return {"school": schools, "class": classes} | own


def test_a_stage_is_counted_from_the_lists_of_all_its_years():
    """D04: entered ÷ graduated pupil by pupil: who came in since counts, who transferred out does not, who was lost does."""
    came = {"date": "2022-03-01", "student_key": "XS7", "kind": "转入", "class_to": "ZX-7", "sys_state": "已核办"}
    left = {"date": "2022-10-01", "student_key": "XS2", "kind": "转出", "class_from": "ZX-8", "sys_state": "已核办"}
    asked = {"date": "2022-10-01", "student_key": "XS3", "kind": "转出", "class_from": "ZX-8", "sys_state": "已申请"}
    past = (
        handmade.town(junior("2022-2023", 8, ("XS2", "XS3", "XS4", "XS7"), changes=(left, asked)), year="2022-2023"),
        handmade.town(junior("2021-2022", 7, ("XS1", "XS2", "XS3", "XS4"), changes=(came,)), year="2021-2022"),
    )
    now = junior("2023-2024", 9, ("XS3", "XS4", "XS7", "XS8"))
    now["roster"] = {
        "甲小学": [
            {"student_key": key, "class_id": "ZX-9", "status": "毕业", "status_date": "2024-06-30"}
            for key in ("XS3", "XS7", "XS8")
        ]
    }
    made = handmade.town(now, as_of=dt.date(2024, 7, 31))
    whole = handmade.scope(replace(made, past=past), "2024-07-01", "2024-07-31")
    primary, found = schooling.stages_kept(whole)
    assert found.total.text == "3/5"  # XS1, XS3, XS4, XS7, XS8 entered or came; XS1 is lost, XS4 still here
    assert {whole.town.by_name[book].home for book in whole.town.book_names(found.rows.index)} == {
        "甲小学"
    }  # each row has a place
    early = handmade.scope(whole.town, "2023-10-01", "2023-10-31")
    assert "学年末" in schooling.stages_kept(early)[1].why
    assert "2018-2019学年一年级" in primary.why
    assert "2015-2016学年一年级" in schooling.nine_years_kept(whole).why

    lacking = replace(made, past=past[:1])
    for town, lost in ((made, "2021-2022、2022-2023学年"), (lacking, "读不到：2021-2022学年")):
        item = schooling.stages_kept(handmade.scope(town, "2024-07-01", "2024-07-31"))[1]
        assert item.total.text == "尚未判定"
        assert lost in item.why
    holes = handmade.town(junior("2022-2023", 8, ()), year="2022-2023")  # the class is there, its list is not
    item = schooling.stages_kept(handmade.scope(replace(made, past=(holes, past[1])), "2024-07-01", "2024-07-31"))
    assert "2022-2023学年" in item[1].why


def at_school(rows, row):
    """Whether a child of the census is at school, by loops (every roster is read here)."""
    states = state_of(rows).get(row.get("student_key"), [])
    if any(state in AT_SCHOOL for state in states):
        return True
    if None in states:
        return None
    if "毕业" in states:
        return True
    if any(state in ("休学", "辍学", "死亡") for state in states):
        return False
    elsewhere = row.get("study_status") in ("镇外在读", "已完成九年")
    if "已转出" in states:
        moved = {c["student_key"] for c in rows["change"] if c["kind"] == "转出" and c["sys_state"] == "已核办"}
        return elsewhere or row["student_key"] in moved
    return elsewhere


def children(rows, low, high):
    return [
        row
        for row in rows["census"]
        if low <= age_of(row["birth_date"]) <= high and "死亡" not in state_of(rows).get(row["student_key"], [])
    ]


def test_d06_counted_again(township):
    town, rows = township
    answers = Counter(at_school(rows, row) for row in children(rows, 6, 15))
    assert count(town, "D06") == (answers[True], answers[True] + answers[False])


def test_d07_and_d08_counted_again(township):
    town, rows = township
    grade = {row["class_id"]: row["grade"] for row in rows["class"]}
    here = [grade[row["class_id"]] for row in rows["roster"] if row.get("status") in AT_SCHOOL]
    assert count(town, "D07", 0) == (sum(g <= 6 for g in here), len(children(rows, 6, 11)))
    assert count(town, "D07", 1) == (sum(g > 6 for g in here), len(children(rows, 12, 14)))
    reached = {}
    for key, g in [(row["student_key"], grade[row["class_id"]]) for row in (*rows["roster"], *rows["dropout"])]:
        reached[key] = max(g, reached.get(key, 0))
    old = children(rows, 15, 15)
    done = [
        row
        for row in old
        if max(row.get("study_grade") or 0, reached.get(row["student_key"], 0)) > 6
        or row.get("study_status") == "已完成九年"
    ]
    assert count(town, "D08", 0) == (len(done), len(old))
    assert [item.total.text for item in schooling.completed(scope(town))][1] == "尚未判定"


@pytest.mark.parametrize(
    ("born", "inside"),
    [("2017-08-31", True), ("2017-09-01", False), ("2007-09-01", True), ("2007-08-31", False), (None, False)],
)
def test_of_age_is_a_window_of_birth_dates(born, inside):
    """适龄 of the autumn of 2023: born from 2007-09-01 to 2017-08-31, both days included (domain.md 2.1)."""
    rows = [{"student_key": "XS1", "birth_date": born, "study_status": "镇外在读"}]
    rate = schooling.net(handmade.scope(handmade.town({"census": rows}))).total
    assert (rate.denominator, rate.left_out) == (int(inside), int(born is None))


@pytest.mark.parametrize(("visited", "counted"), [("2024-01-08", 0), ("2023-08-20", 1)])
def test_a_child_who_came_and_was_found_after_the_month_is_not_yet_one_of_its_children(visited, counted):
    """D06 of October: who moved here in January is in no base of October, unless the summer's census had found the child."""
    child = {"student_key": "XS1", "birth_date": "2012-01-01", "study_status": "本镇在读", "visit_date": visited}
    came = {"student_key": "XS1", "date": "2024-01-08", "kind": "转入", "class_to": "JJ-2023-01", "sys_state": "已核办"}
    pupil = {"student_key": "XS1", "status": "在读", "class_id": "JJ-2023-01", "status_date": "2024-01-08"}
    town = handmade.town({"census": [child], "roster": {"甲小学": [pupil]}, "change": {"甲小学": [came]}}, as_of=END)

    assert schooling.net(handmade.scope(town)).total.denominator == counted
    assert schooling.net(handmade.scope(town, "2024-01-01", "2024-01-31")).total.text == "1/1"


def test_who_is_on_leave_or_may_be_on_an_unread_roster_is_not_at_school():
    row = {"birth_date": "2012-01-01", "study_status": "本镇在读"}
    census = [row | {"student_key": f"XS{n}"} for n in range(1, 5)] + [
        row | {"student_key": "XS5", "study_school": "乙小学"}
    ]
    roster = [
        {"student_key": "XS1", "status": "在读"},
        {"student_key": "XS2", "status": "休学", "status_date": "2023-09-01"},
    ]
    sheets = {"census": census, "roster": {"甲小学": roster}, "school": [
        {"school_code": "JJ", "school_name": "甲小学", "stage": "小学"}, {"school_code": "YY", "school_name": "乙小学", "stage": "小学"}]}  # fmt: skip
    read = schooling.net(handmade.scope(handmade.town(sheets, ("甲小学", "乙小学")))).total
    assert (read.numerator, read.denominator) == (1, 5)
    unread = handmade.town(sheets, ("甲小学", "乙小学"), unread=[("乙小学", "enrolment")])
    rate = schooling.net(handmade.scope(unread)).total
    assert (rate.numerator, rate.denominator, rate.left_out) == (1, 2, 3)


def test_d09_counted_again(township):
    town, rows = township
    done = due = delayed = 0
    own = set()
    for row in rows["disabled"]:
        if row["student_key"] in own:
            continue
        own.add(row["student_key"])
        if 6 <= age_of(row["birth_date"]) <= 15 and "死亡" not in state_of(rows).get(row["student_key"], []):
            due += 1
            placed = row.get("placement") in ("随班就读", "特殊教育学校就读", "普通学校特教班")
            done += placed or (row.get("placement") == "送教上门" and row.get("status_no") is not None)
    for row in children(rows, 6, 15):
        if "残疾" in (row.get("groups") or "").split("、") and row["student_key"] not in own:
            answer = at_school(rows, row)
            if answer is not None:
                due += 1
                done += answer
                delayed += row.get("study_status") == "延缓入学" and bool(row.get("delay_no")) and not answer
    assert count(town, "D09", 0) == (done, due)
    assert count(town, "D09", 1)[1] == due - delayed


def test_an_approved_delay_is_in_the_first_line_only():
    child = {"birth_date": "2016-05-01"}
    rows = [
        child | {"student_key": "XS1", "placement": "随班就读"},
        child | {"student_key": "XS2", "placement": "送教上门"},  # without 学籍
        child | {"student_key": "XS3", "placement": "送教上门", "status_no": "G990101201605010013"},
        child | {"student_key": "XS4", "placement": "延缓入学(已批准)", "delay_no": "镇教延1号"},
        child | {"student_key": "XS5", "placement": "延缓入学(已批准)"},  # not approved
        child | {"student_key": "XS6", "placement": "未安置"},
        {"student_key": "XS7", "placement": "未安置", "birth_date": "2018-05-01"},  # not of age yet
    ]
    census = [{"student_key": "XS8", "birth_date": "2015-05-01", "groups": "残疾", "study_status": "未入学"},
              {"student_key": "XS9", "birth_date": "2015-05-01", "groups": "残疾人子女", "study_status": "未入学"}]  # fmt: skip
    made = handmade.town({"disabled": {"甲小学": rows}, "census": census})
    assert [item.total.text for item in schooling.disabled(handmade.scope(made))] == ["2/7", "2/6"]


def test_d14_counted_again(township):
    town, rows = township
    plans = {}
    for row in rows["pupil_plan"]:
        plans.setdefault((row["home"], row["student_key"]), row)
    listed = [row for row in plans.values() if not row.get("listed") or row["listed"] <= dt.date(2023, 9, 30)]
    assert count(town, "D14") == (sum(row.get("converted") is True for row in listed), len(listed))


def test_d13_pledges_and_plans_counted_again(township):
    """责任书 of schools, class teachers and parents; 一家一案, 资助 and 一生一案: each by a loop over the rows."""
    town, rows = township
    signed = [row for row in rows["pledge"] if row.get("signed") and row["signed"] <= END]
    by_title = {made.title: made.total for item in BY_CODE["D13"] for made in item.count(scope(town))}

    def check(title, done, due):
        assert (by_title[title].numerator, by_title[title].denominator) == (done, due), title

    schools = [row for row in rows["school"] if row["stage"] != CENTRE]
    codes = {row["party_b_id"] for row in signed if row["pledge_type"] == "中心校-学校"}
    check("责任书：中心校—学校", sum(row["school_code"] in codes for row in schools), len(schools))
    heads = {row["party_b_id"] for row in signed if row["pledge_type"] == "学校-班主任"}
    staff = {row["name"]: row["staff_id"] for row in rows["staff"]} | {
        row["staff_id"]: row["staff_id"] for row in rows["staff"]
    }
    check(
        "责任书：学校—班主任",
        sum(staff.get(row.get("head_teacher")) in heads for row in rows["class"]),
        len(rows["class"]),
    )
    here = [row for row in rows["roster"] if row.get("status") in AT_SCHOOL]
    done = due = 0
    for item in rows["class"]:
        number = sum(row["class_id"] == item["class_id"] for row in here)
        copies = sum(
            row.get("copies") or 0  # a class's row without a number is left out, and said
            for row in signed
            if row["pledge_type"] == "学校-家长" and row["party_b_id"] == item["class_id"]
        )
        done, due = done + min(copies, number), due + number
    check("责任书：学校—家长", done, due)

    poor = [
        row
        for row in here
        if {"脱贫户", "监测户", "低保", "特困供养", "孤儿"} & set((row.get("groups") or "").split("、"))
    ]
    plans = {row["student_key"] for row in rows["family_plan"]}
    check("一家一案", sum(row["student_key"] in plans for row in poor), len(poor))
    families = {(row["home"], row["student_key"]) for row in rows["family_plan"]}
    paid = {row["student_key"] for row in rows["aid"] if row["term"] == "第一学期" and row.get("paid_on")}
    check("本学期资助已发放", sum(key in paid for _, key in families), len(families))
    marked = [row for row in here if row.get("weak") or row.get("weary")]
    planned = {row["student_key"] for row in rows["pupil_plan"]}
    check("一生一案（学困厌学）", sum(row["student_key"] in planned for row in marked), len(marked))


def test_d15_reports_counted_again(township):
    """On time ÷ due in the scope's days: a loop over weeks and months with lessons and the rows that are there."""
    town, rows = township
    start, lessons = dt.date(2023, 11, 1), calendar.school_days(town)
    by_title = {made.title: made.total for item in BY_CODE["D15"] for made in item.count(scope(town))}
    mondays = {day - dt.timedelta(days=day.weekday()) for day in lessons}
    weeks = {day: day + dt.timedelta(days=4) for day in mondays}
    firsts = {day.replace(day=1) for day in lessons}
    months = {day: (day + dt.timedelta(days=31)).replace(day=5) for day in firsts}
    for title, kind, due in (("周报按时报送率", "周报", weeks), ("月报按时报送率", "月报", months)):
        on_time = total = 0
        for home in town.homes:
            for period, last in due.items():
                if not start <= last <= END:
                    continue
                last = max([last, *(day for day in lessons if kind == "周报" and 0 <= (day - period).days < 7)])
                sent = [
                    row["date"]
                    for row in rows["filing"]
                    if (row["home"], row["report"]) == (home, kind)
                    and (
                        row["until"] - dt.timedelta(days=row["until"].weekday())
                        if kind == "周报"
                        else row["until"].replace(day=1)
                    )
                    == period
                ]
                total += 1
                on_time += bool(sent) and min(sent) <= last
        assert (by_title[title].numerator, by_title[title].denominator) == (on_time, total), title
    on_time = total = 0
    for home in town.homes:
        for first, last in months.items():
            if start <= last <= END:
                own = [row for row in rows["selfcheck"] if (row["home"], row["month"]) == (home, f"{first:%Y-%m}")]
                whole = len({row["item_no"] for row in own}) == 20 and all(row["confirmed"] for row in own)
                total += 1
                on_time += whole and max(row["date"] for row in own) <= last
    assert (by_title["月自查按时完成率"].numerator, by_title["月自查按时完成率"].denominator) == (on_time, total)


def test_d13_parents_aware_counted_again(township):
    town, rows = township
    letters = [row for row in rows["publicity_log"] if row["kind"] == "告家长一封信" and row["date"] <= END]
    (made,) = [made for item in BY_CODE["D13"] for made in item.count(scope(town)) if made.title == "家长知晓率"]
    counts = sum(row["n_receipt"] for row in letters), sum(row["n_due"] for row in letters)
    assert (made.total.numerator, made.total.denominator) == counts
