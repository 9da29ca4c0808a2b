"""No figure drops a row in silence: a cell that nobody could read changes no count without a word beside it."""

import datetime as dt
import random
import re
from dataclasses import replace

import pandas as pd
import pytest

import handmade
from kongchuo.core.tables import Town, row_of
from kongchuo.figures import duty, selfcheck, support, uncounted
from kongchuo.figures.class_points import class_points
from kongchuo.figures.definitions import MEASURES
from kongchuo.pages import monthly
from kongchuo.pages.display import cell
from kongchuo.papers import BY_NAME


def unread(town, sheet, place, column):
    """The town with one cell that could not be read."""
    books = []
    for book in town.workbooks:
        if book.name == town.book_name(place):
            table = book.tables[sheet]
            frame = table.frame.assign(**{column: table.frame[column].mask(table.frame.index == row_of(place))})
            lost = replace(table, frame=frame, unread=table.unread | {(row_of(place), column)})
            book = replace(book, tables=book.tables | {sheet: lost})
        books.append(book)
    return replace(town, workbooks=tuple(books), _frames={}, _made={})


def counted(town, measures=MEASURES, wrong=()):
    """The figures of a month; `wrong`: the row with the error, as reading says one of each cell it could not read."""
    scope = handmade.scope(town, "2023-11-01", "2023-11-30", distrusted=frozenset(wrong))
    return {(one.code, number, ratio.title): ratio for one in measures for number, ratio in enumerate(one.count(scope))}


def read_by(town, monkeypatch):
    """Measure -> the sheets it reads."""
    seen, get = {}, Town.__getitem__
    for one in MEASURES:
        seen[one] = set()
        with monkeypatch.context() as patched:
            patched.setattr(Town, "__getitem__", lambda town, name, own=seen[one]: own.add(name) or get(town, name))
            one.count(handmade.scope(replace(town, _frames={}, _made={}), "2023-11-01", "2023-11-30"))
    return seen


def silent(town, clean, cells, reads):
    """Of the cells (sheet, place, column) those that change a count while nothing is said beside the figure."""
    found = []
    for sheet, place, column in cells:
        spoilt = unread(town, sheet, place, column)
        wrong = (town.book_name(place), town.schema.sheets[sheet].title, row_of(place))
        for key, ratio in counted(spoilt, [one for one in MEASURES if sheet in reads[one]], [wrong]).items():
            was, now = clean[key].total, ratio.total
            changed = (was.numerator, was.denominator) != (now.numerator, now.denominator)
            if changed and was.caveat == now.caveat:
                found.append(f"{key[0]} {key[2]} {was.text} -> {now.text}: {sheet}.{column} {row_of(place)}")
    return found


def cells_of(town, seed, of=None):
    """One cell of every column of every sheet that has rows."""
    pick, found = random.Random(seed), []
    for sheet in town.schema.sheets.values():
        places = list(town[sheet.name].index)
        for item in sheet.typed if places else ():
            filled = [place for place in places if pd.notna(town[sheet.name].at[place, item.name])]
            if filled:
                found.append((sheet.name, pick.choice(filled), item.name))
    return found if of is None else pick.sample(found, of)


def test_an_activity_whose_kind_nobody_could_read_may_have_been_a_letter():
    """No figure says 100 % of the letters whose answers can be counted, and nothing of one that may be among the others."""
    town, _ = handmade.township(2, 40, 0, dt.date(2023, 11, 30))
    frame = town["publicity_log"]
    letter = frame.index[frame["kind"] == "告家长一封信"][0]
    wrong = (town.book_name(letter), town.schema.sheets["publicity_log"].title, row_of(letter))
    whole = selfcheck.parents_aware(handmade.scope(town, "2023-11-01", "2023-11-30")).total
    spoilt = unread(town, "publicity_log", letter, "kind")
    scope = handmade.scope(spoilt, "2023-11-01", "2023-11-30", distrusted=frozenset([wrong]))

    total = selfcheck.parents_aware(scope).total

    assert total.denominator < whole.denominator
    assert total.left_out == whole.left_out + 1


def with_faults(rows):
    """Rows nobody can count, in two schools: no day, no kind, no holder, no target, a ledger entry without its first day."""
    first, second = rows["school"][1]["school_name"], rows["school"][2]["school_name"]
    for sheet, column in (("change", "date"), ("absence", "kind"), ("visit", "date"), ("support_log", "date")):
        for home in (first, second):
            line = next((row for row in rows[sheet] if row["home"] == home), None) or rows[sheet][0] | {"home": home}
            rows[sheet].append(line | {"date": dt.date(2023, 11, 14)} | {column: None})
    rows["bond"].append(
        rows["bond"][0]
        | {"bond_type": "包年级", "target_type": "年级", "target_id": "没有这个年级", "target_name": None}
    )
    rows["pledge"].append(rows["pledge"][0] | {"signed": None})
    rows["watch"].append(rows["watch"][0] | {"found": None, "level": None, "closed": None})


@pytest.fixture(scope="module")
def faulty():
    return handmade.township(2, 60, 3, dt.date(2023, 11, 30), with_faults)[0]


@pytest.fixture(scope="module")
def month(faulty):
    made = handmade.month(faulty)
    return replace(made, period="2023-11", start=dt.date(2023, 11, 1))


def test_a_school_says_of_its_own_rows_what_the_town_says_of_all(faulty):
    scope = handmade.scope(faulty, "2023-11-01", "2023-11-30")
    logged = support.plans_logged(scope)

    assert logged.total.left_out == 2
    assert [part.left_out for part in logged.by("home").values()] == [1, 1]
    shown = cell(logged.by("home")[faulty.homes[0]])
    assert shown.counts.endswith("未计入1行）")
    one = support.plans_logged(replace(scope, homes=faulty.homes[:1])).total
    assert one.left_out == 1


def test_bonds_that_name_nothing_are_said_and_so_are_pledges_without_a_day(faulty):
    scope = handmade.scope(faulty, "2023-11-01", "2023-11-30")

    assert [ratio(scope).total.left_out for ratio in duty.FOUR_BONDS] == [0, 1, 2, 0], (
        "2 changes of no kind may be of anybody"
    )
    assert duty.grades_bonded(replace(scope, homes=faulty.homes[:1])).total.left_out == 1, "each school's may be"
    assert [one.total.left_out for one in duty.pledges(scope) if "家长" not in one.title] == [1, 0, 0, 0], (
        "or 2 changes of no kind"
    )


def test_counts_of_pages_and_papers_say_what_is_in_none_of_them(faulty, month):
    scope = month.scope
    assert uncounted.said(scope, "change", "visit") == "另有“学生变动”2行、“劝返记录”2行日期、类别等空着或有误，未计入"
    assert uncounted.said(scope, "watch") == "“重点关注”1行日期空着或有误，按在册计"

    for name in ("basics", "organisation", "cases", "changes", "watch"):
        assert re.search("空着或有误，(未计入|按在册计)", repr(monthly.SECTIONS[name](month))), name
    assert "等级不明" in repr(monthly.SECTIONS["watch"](month))
    flows = next(block for block in monthly.SECTIONS["basics"](month).blocks if getattr(block, "columns", ()))
    assert (flows.columns[-1], flows.total[-1]) == ("未计入的行", 2)
    for paper in ("月报表", "周报表", "简报"):
        assert "未计入" in repr(list(BY_NAME[paper].make(month))), paper
    assert (
        uncounted.said(handmade.scope(handmade.township(2, 40, 4, dt.date(2023, 11, 30))[0]), *uncounted.BY_SHEET) == ""
    )


def test_a_visit_of_which_nobody_knows_what_came_is_said_beside_those_that_won_a_pupil_back():
    visits = [
        {"date": dt.date(2023, 10, day), "mode": "家访", "result": result}
        for day, result in ((9, "已复学(原班)"), (10, None), (11, "家长不同意"))
    ] + [{"date": dt.date(2023, 9, 9), "mode": "家访"}]
    month = handmade.month(handmade.town({"visit": {"甲小学": visits}}), "甲小学")
    words = "另有“劝返记录（结果）”1行日期、类别等空着或有误，未计入"

    assert f"其中记为已复学 1 次；{words}" in repr(monthly.SECTIONS["cases"](month))
    assert words in repr(list(BY_NAME["月报表"].make(month)))
    assert words not in repr(list(BY_NAME["周报表"].make(month))), "it has no count of what came of them"


PARENTS = "责任书：学校—家长"


@pytest.mark.parametrize("column", ["pledge_type", "copies", "party_b_id", "signed"])
def test_parents_pledges_that_nobody_can_count_are_said(column):
    town, _ = handmade.township(2, 40, 4, dt.date(2023, 11, 30))
    rows = town["pledge"]
    place = rows.index[rows["pledge_type"] == "学校-家长"][0]

    def parents(made):
        scope = handmade.scope(made, "2023-11-01", "2023-11-30")
        return duty.parents_pledged(scope).total, duty.parents_pledged(replace(scope, homes=made.homes[:1])).total

    whole, one = parents(town)
    assert whole.numerator == whole.denominator
    assert (whole.left_out, one.left_out) == (0, 0)
    lost, own = parents(unread(town, "pledge", place, column))
    assert lost.numerator < whole.numerator
    assert (lost.left_out, own.left_out) == (1, 1)


def test_a_pledge_of_one_pupil_counts_for_the_pupil_without_a_number_of_copies():
    pupils = [{"student_key": f"XS{number}", "name": "甲", "class_id": "甲-1", "status": "在读"} for number in (1, 2)]
    pledges = [
        {
            "pledge_type": "学校-家长",
            "party_a": "甲小学",
            "party_b": "家长",
            "party_b_id": key,
            "signed": dt.date(2023, 9, 5),
        }
        for key in ("XS1", "XS9")
    ]
    rows = {
        "roster": {"甲小学": pupils},
        "class": [{"class_id": "甲-1", "school_code": "1", "class_name": "一(1)班", "grade": 1}],
        "school": [{"school_code": "1", "school_name": "甲小学", "stage": "小学"}],
        "pledge": pledges,
    }
    rate = duty.parents_pledged(handmade.scope(handmade.town(rows))).total
    assert (rate.numerator, rate.denominator, rate.left_out) == (1, 2, 1), "XS9 is nobody"


def test_an_unread_decision_is_in_no_rate_of_conversion():
    plans = [
        {"student_key": f"XS{number}", "name": "甲", "listed": dt.date(2023, 9, 10), "converted": number < 3}
        for number in range(4)
    ]
    town = handmade.town({"pupil_plan": {"甲小学": plans}}, as_of=dt.date(2024, 8, 31))
    place = town.place_of("2023-2024/甲小学/帮扶.xlsx", 2)
    scope = handmade.scope(unread(town, "pupil_plan", place, "converted"), "2024-08-01", "2024-08-31")
    rate = support.converted(scope).total

    assert (rate.numerator, rate.denominator, rate.left_out) == (2, 3, 1)


def test_a_class_says_of_its_points_what_they_leave_out(faulty):
    points = class_points(handmade.scope(faulty, "2023-09-01", "2023-11-30"))

    assert len(points) > 2
    assert {one.part("logs").measure.left_out for one in points} == {1}, "of no known class: each one's may be"


@pytest.mark.parametrize("seed", [5])
def test_no_unread_cell_changes_a_figure_without_a_word(seed, monkeypatch):
    town, _ = handmade.township(2, 40, seed, dt.date(2023, 11, 30))
    reads, clean = read_by(town, monkeypatch), counted(town)

    assert silent(town, clean, cells_of(town, seed, of=20), reads) == []


# sheet and column of the registry -> the figures that can no longer count a school, a class or a village
OF_THE_REGISTRY = {
    ("school", "school_name"): {
        "包学校",
        "包年级",
        "包家长（校—村）",
        "责任书：中心校—学校",
        "责任书：学校—村",
        "日查填报率",
    },
    ("school", "school_code"): {"包家长（校—村）", "责任书：学校—村", "日查填报率"},
    ("school", "catchment"): {"包家长（校—村）", "责任书：学校—村"},
    ("class", "school_code"): {"包年级", "责任书：学校—班主任", "责任书：学校—家长", "日查填报率"},
    ("class", "class_id"): {"包年级", "责任书：学校—班主任", "日查填报率"},
    ("class", "grade"): {"包年级"},
    ("class", "head_teacher"): {"责任书：学校—班主任"},
}


@pytest.fixture(scope="module")
def sound():
    """A township and its figures."""
    town, _ = handmade.township(3, 60, 3, dt.date(2023, 11, 30))
    return town, counted(town)


@pytest.mark.parametrize(("sheet", "column"), OF_THE_REGISTRY)
def test_a_cell_of_the_registry_that_nobody_could_read_is_said_beside_what_it_lacks(sound, sheet, column):
    town, clean = sound
    place = town[sheet].index[2]

    now = counted(unread(town, sheet, place, column))

    said = {key[2] for key in clean if now[key].total.left_out > clean[key].total.left_out}
    assert said >= OF_THE_REGISTRY[sheet, column]
    for key, was in clean.items():
        short = now[key].total.short > was.total.short
        assert not short or now[key].total.caveat, key  # what is lacking is not only so because nobody could read it


def test_visits_of_which_nobody_knows_how_they_were_made_are_no_home_visits():
    """Nor are two rows of one visit two."""
    days = [dt.date(2023, 10, day) for day in (9, 10, 11, 12)]
    modes = ("家访", None, "电话", "校村联合")
    visits = [
        {"visit_id": f"QF-{number}", "date": day, "mode": mode, "result": "家长不同意"}
        for number, (day, mode) in enumerate(zip(days, modes, strict=True))
    ]
    absences = [
        {"date": days[0], "kind": "旷课", "visited": True, "visit_id": "QF-0"},
        {"date": days[1], "kind": "旷课", "visited": True},
        {"date": days[2], "kind": "旷课", "visited": None},
    ]
    town = handmade.town({"visit": {"甲小学": visits}, "absence": {"甲小学": absences}})
    place = town.place_of("2023-2024/甲小学/出勤_第一学期.xlsx", 4)
    month = handmade.month(unread(town, "absence", place, "visited"), "甲小学")

    page = repr(monthly.SECTIONS["organisation"](month))
    assert "Figure(label='家访', value=3" in page
    assert "“缺勤明细（家访）”1行、“劝返记录（方式）”1行" in page
    assert "“劝返记录（方式）”1行" in repr(list(BY_NAME["月报表"].make(month)))
    assert "未计入本期数据" in repr(list(BY_NAME["简报"].make(month)))
