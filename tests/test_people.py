"""A page a pupil, a class, a person: everybody is found once, every link lands, nothing stands beside a name that may not."""

import datetime as dt
import re
from dataclasses import fields

import pytest

import handmade
import odd
from kongchuo.core import places
from kongchuo.core.editions import HEADINGS, INTERNAL, SECRET, TOWN
from kongchuo.core.names import telling_names
from kongchuo.facts import attendance, duty, enrolment
from kongchuo.pages import people, today, units
from kongchuo.pages.display import Details, Tiles
from kongchuo.pages.monthly import PLAN as MONTHLY
from kongchuo.pages.people import classes, pupils, staff
from kongchuo.pages.people.pupils import People
from kongchuo.pages.report import Report
from kongchuo.publishing import gate
from onpage import tiles

ID = re.compile(r'\bid="((?:pupil|class|staff|school)-[^"]*)"')


def opened(made, home=""):
    month = handmade.month(made, home)
    return People(**{item.name: getattr(month, item.name) for item in fields(month)})


def page(view, plan=people.PLAN):
    """The HTML of all sections."""
    report = Report(plan, view)
    made = "".join(str(report.html(name)) for name in plan.sections)
    assert not report._broken
    return made


@pytest.fixture(scope="module")
def town():
    """A township at the end of its first term, with cases, plans and absences, and no report sent in."""
    return handmade.township(2, 120, as_of=dt.date(2024, 1, 12), spoil=lambda rows: rows["filing"].clear())[0]


@pytest.fixture(scope="module")
def home(town):
    return max(town.homes, key=lambda name: (town["suspected"]["home"] == name).sum())


@pytest.fixture(scope="module")
def school(town, home):
    view = opened(town, home)
    return view, page(view)


def test_every_pupil_class_and_person_stands_once_and_every_way_within_the_page_lands(town, home, school):
    view, text = school
    ids = ID.findall(text)
    assert len(ids) == len({*ids})
    roster = enrolment.on(town, view.end)
    roster = roster[(roster["home"] == home) & (roster["state"] != "")].dropna(subset=["student_key"])
    assert {units.anchor("pupil", home, key) for key in roster["student_key"]} == {
        one for one in ids if one.startswith("pupil-")
    }
    ways = {*re.findall(r'href="#([^"]+)"', text)}
    assert {way for way in ways if way.startswith("pupil-")}
    assert ways <= {*ids, *people.SECTIONS}


def test_who_answers_for_a_village_of_another_school_is_named_and_no_way_ends_nowhere(home):
    """As of a child who has moved here from another school of the town."""

    def spoil(rows):
        rows["filing"].clear()
        for row in rows["school"]:
            row["catchment"] = None if row["school_name"] == home else row.get("catchment")

    view = opened(handmade.township(2, 120, as_of=dt.date(2024, 1, 12), spoil=spoil)[0], home)
    text = page(view)
    names = {name for one in view.pupils.values() for name in dict(view.holders(one))[duty.VILLAGES] if one.noted}
    elsewhere = names - {*staff.held(view)}
    assert elsewhere
    assert all(name in text for name in elsewhere)
    assert {*re.findall(r'href="#([^"]+)"', text)} <= {*re.findall(r'id="([^"]+)"', text), *people.SECTIONS}


def test_people_stand_by_post_and_who_has_most_overdue_first_within(school):
    view, _ = school
    people = [*staff.held(view).values()]
    order = [(one.rank, -one.late) for one in people]
    heads = {*classes.heads(view).values()}
    assert order == sorted(order)
    assert f"{view.home}校长" in people[0].posts
    assert {one.rank for one in people} >= {0, 4}
    assert all(one.rank < 4 or one.name in heads for one in people if one.rank < 5)


def test_of_the_pupils_to_be_looked_at_first_the_most_overdue_stands_first(town, home):
    def first():
        return [
            fold.key
            for fold in next(block for block in pupils.section(view).blocks if isinstance(block, Details)).blocks
        ]

    view = opened(town, home)
    before, last = first(), [*view.pupils.values()][-1]
    assert last.id not in before[:1]
    last.things.insert(0, today.Thing(home, "visit", last.key, last.name, "", "首次家访", "", view.end, -300))
    assert first() == [last.id, *(key for key in before if key != last.id)]


@pytest.mark.parametrize(
    ("post", "rank"), [("校长", 0), ("副校长", 1), ("教导主任", 2), ("学籍管理员", 3), ("班主任", 5), ("教师", 5)]
)
def test_a_deputy_is_no_principal_and_a_head_teacher_no_head_of_an_office(post, rank):
    assert staff.Person("甲", posts={f"某小学{post}": None}).rank == rank


def test_the_page_of_a_class_has_all_its_pupils_and_nobody_of_another(school):
    view, _ = school
    made = classes.pages(view)
    rooms = {view.called(key): own for (_, key), own in classes.held(view).items() if key}
    assert {name.removesuffix(".html") for name in made} == {*rooms}
    for name, own in rooms.items():
        page = made[f"{name}.html"]
        others = {one.name for room, pupils in rooms.items() if room != name for one in pupils} - {
            one.name for one in own
        }
        staff = {*view.town["staff"]["name"].dropna(), *view.town["roster"]["guardian"].dropna()}
        assert [one for one in others - staff if one and one in page] == []
        assert all(one.name in page for one in own)
        assert re.search(r"生成于 \d{4}-\d\d-\d\d \d\d:\d\d", page)
        folds = re.findall(r'<details[^>]* id="(pupil-[^"]*)"', page)
        assert {*folds} == {one.id for one in own if one.noted}
        assert {*re.findall(r'href="#([^"]+)"', page)} <= {*re.findall(r'id="([^"]+)"', page)}
        assert gate.passed(page, INTERNAL, gate.Known(telling_names(view.town), 5)) == ()


def test_a_batch_run_of_a_school_leaves_a_page_of_each_class_and_that_of_the_town_none(
    town, home, tmp_path, monkeypatch
):
    monkeypatch.setenv(places.FILES, str(tmp_path / "files"))
    for of in (home, ""):
        report = people.PeopleReport(people.PLAN, opened(town, of))
        report.tables()
        left = {path.name for path in (tmp_path / "files").glob("*")} if of else set()
        assert {*report._state().get("files", {})} == left
    assert left == set()
    assert len([*(tmp_path / "files").iterdir()]) > 2


def test_a_school_s_page_leads_to_that_of_each_class_which_its_run_leaves(town, home, school, monkeypatch):
    view, text = school
    led = re.findall(r'<a data-page="([^"]*)" data-at="([^"]*\.html)" data-of="people">', text)
    assert led == [(home, name) for name in classes.pages(view)]
    assert len(led) == len({*led}) > 2
    assert not re.search(r'data-at="[^"]*\.html"', page(opened(town))), (
        "the page of the town names no pupil and has none"
    )
    monkeypatch.setattr(People, "called", lambda view, key: "七(1)班" if key else "")
    assert 'data-of="people"' not in page(view), "classes of one name have no page, and no way to one"


def test_an_anchor_tells_no_number_and_is_the_same_every_month(school):
    assert not re.search(r"\d", "".join(ID.findall(school[1])))
    assert units.anchor("pupil", "甲小学", "XS00001") == units.anchor("pupil", "甲小学", "XS00001")
    assert units.anchor("pupil", "甲小学", "XS00001") != units.anchor("pupil", "乙小学", "XS00001")


def test_days_missed_are_those_of_the_ledger_counted_by_hand(town, home, school):
    days = {}
    for row in town["absence"].to_dict("records"):
        if row["home"] == home:
            without = row["kind"] in attendance.UNEXCUSED or row["leave_slip"] is False
            days.setdefault((row["student_key"], without), []).append(row["halves"] / 2)
    assert any(without for _, without in days)
    for one in school[0].pupils.values():
        for without in (True, False):
            assert one.away(without) == sum(days.get((one.key, without), ())), one.key


def test_who_answers_for_a_child_at_each_of_the_four_tiers_is_what_the_ledgers_say(town, school):
    view, _ = school
    rows = duty.answering(town, view.end)
    one = next(one for one in view.pupils.values() if one.village and one.noted)
    held = {kind: {*names} for kind, names in view.holders(one)}
    assert held[duty.PUPILS] == {*rows.loc[(rows["unit"] == one.key) & (rows["home"] == one.home), "name"]}
    assert held[duty.VILLAGES] == {*rows.loc[(rows["kind"] == duty.VILLAGES) & (rows["unit"] == one.village), "name"]}
    assert held[duty.SCHOOLS]
    assert held[duty.GRADES]


def test_beside_full_names_stands_nothing_that_is_kept_apart_and_the_towns_page_names_no_child(town, school):
    view, text = school
    assert any(one.plans for one in view.pupils.values())
    body = text[: text.index('id="footer"')]
    assert not SECRET.search(re.sub(r"<[^>]*>", "", body))
    names = telling_names(town)
    gate.gate(text, INTERNAL, names)
    whole = page(opened(town))
    gate.gate(whole, HEADINGS[TOWN], names)
    assert not any(one.startswith("pupil-") for one in ID.findall(whole))


def test_the_months_page_leads_to_each_child_it_names_and_the_towns_to_none(town, home, school):
    month = page(handmade.month(town, home), MONTHLY)
    ways = re.findall(rf'data-page="{home}" data-at="(pupil-\w+)" data-of="people"', month)
    assert ways
    assert {*ways} <= {*ID.findall(school[1])}
    assert "pupil-" not in page(handmade.month(town), MONTHLY)


@pytest.mark.parametrize("home", ["", "甲小学"])
def test_an_empty_township_and_unread_ledgers_say_so(home):
    empty = page(opened(handmade.town({}), home))
    assert "读不到" not in empty
    unread = page(opened(handmade.town({}, unread=[("甲小学", "enrolment"), ("甲小学", "cases")]), home))
    assert "有台账读不到：甲小学" in unread


def test_of_a_roster_that_could_not_be_read_no_pupil_is_counted_as_none():
    made = handmade.town({"class": [{"class_id": "A-1", "school_code": "A", "class_name": "一(1)班", "grade": 1}],
                          "school": [{"school_code": "A", "school_name": "甲小学"}]}, unread=[("甲小学", "enrolment")])  # fmt: skip
    view = opened(made, "甲小学")
    report = Report(people.PLAN, view)
    shown = {
        one.label: one.value
        for block in report.section("school").blocks
        if isinstance(block, Tiles)
        for one in block.figures
    }
    assert (shown["在校"], shown["红色"], shown["在册个案"]) == (None, None, None)
    room = report.section("classes").blocks[0]
    assert room.rows[0][room.columns.index("在校")] is None
    assert "在校0人" not in page(view)


def test_a_pupil_without_a_number_is_said_and_two_of_one_name_are_told_apart():
    roster = [
        {"student_key": key, "name": "赵小花", "class_id": "JJ-1", "status": "在读", "status_date": dt.date(2023, 9, 1)}
        for key in ("XS00001", "XS00002", None)
    ]
    rooms = [{"school_year": "2023-2024", "class_id": "JJ-1", "class_name": "一(1)班", "grade": 1, "school_code": "JJ"}]
    schools = [{"school_code": "JJ", "school_name": "甲小学", "stage": "小学", "active": True}]
    text = page(opened(handmade.town({"roster": {"甲小学": roster}, "class": rooms, "school": schools}), "甲小学"))
    assert "花名册有1行没有学生编号" in text
    assert len([one for one in ID.findall(text) if one.startswith("pupil-")]) == 2
    assert "0001" in text
    assert "0002" in text


@pytest.mark.parametrize("name", ["three pupils", "no staff", "headers only", *odd.UNREAD])
def test_the_page_of_an_odd_township_is_whole_and_in_words(name):
    made = odd.town(name, dt.date(2023, 10, 31))
    for home in ("", made.homes[-1]):
        assert odd.broken(page(opened(made, home))) == [], home


def test_what_is_overdue_is_one_number_on_the_page_of_the_month_and_here(town, home, school):
    """Of children and of papers; what is overdue of pupils alone is called so."""
    view = school[0]
    here = tiles(people.school(view))
    month = tiles(MONTHLY.sections["headline"](handmade.month(town, home)))

    assert number(here["逾期事项"]) == number(month["逾期事项"]) > number(here["学生逾期"])


def number(value):
    """A figure, whatever it is set in."""
    return int(re.search(r"\d+", str(getattr(value, "text", value)))[0])
