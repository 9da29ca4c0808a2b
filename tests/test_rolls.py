"""The roll on a day, the school days, the chains of absence: against small tables written by hand and plain loops."""

import datetime as dt
import time

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import handmade
from kongchuo.core import schema
from kongchuo.core.schema import CENTRE
from kongchuo.core.tables import Town
from kongchuo.core.workbooks import Workbook
from kongchuo.facts import attendance, calendar, enrolment

HOME = "示例中学"
SCHOOL = {"school_code": "SLZ01", "school_name": HOME, "stage": "初中"}
CLASSES = [
    {"school_year": handmade.YEAR, "school_code": "SLZ01", "class_id": f"SLZ01-2023-0{n}", "class_name": f"七({n})班"}
    for n in (1, 2)
]
ONE, TWO = (item["class_id"] for item in CLASSES)
TERM = {"school_year": handmade.YEAR, "term": "第一学期", "start": dt.date(2023, 9, 1), "end": dt.date(2023, 9, 29)}
KEY = "XS0000001"


def day(number, month=9):
    return dt.date(2023, month, number)


SEPTEMBER_1, SEPTEMBER_15 = day(1), day(15)


def town(as_of=SEPTEMBER_15, **rows):
    """A town of one school with only these sheets: rows = lists of dictionaries by sheet."""
    rows = {"school": [SCHOOL], "class": CLASSES, "term": [TERM], "calendar": [], "roster": []} | rows
    made, books = schema.default(), {}
    for name, cells in rows.items():
        tables = books.setdefault(made.book_of[name].name, {})
        tables[name] = handmade.table(made.sheets[name], cells)
    workbooks = []
    for book in made.books:
        home = CENTRE if book.owner == "centre" else HOME
        workbooks.append(
            Workbook(f"{handmade.YEAR}/{home}/{book.stems[0]}.xlsx", book, home, tables=books.get(book.name, {}))
        )
    return Town(handmade.YEAR, as_of, made, tuple(workbooks))


def pupil(status="在读", since=SEPTEMBER_1, class_id=ONE, key=KEY):
    return {"student_key": key, "name": "甲春梅", "class_id": class_id, "status": status, "status_date": since}


def change(number, kind, class_from=None, class_to=None, key=KEY):
    given = {"date": day(number), "kind": kind, "class_from": class_from, "class_to": class_to}
    return {"move_id": f"BD{number}", "student_key": key, "name": "甲春梅", **given}


def states(made, days=range(1, 15)):
    """The state and class of the one pupil, day by day."""
    found = []
    for number in days:
        rows = enrolment.on(made, day(number))
        assert len(rows) == 1
        found.append((rows["state"].iloc[0], rows["class_id"].iloc[0]))
    return found


@pytest.mark.parametrize(
    ("present", "events", "expected"),
    [
        (pupil(), [], [("在读", ONE)] * 14),
        (pupil("已转出", day(5)), [change(5, "转出", ONE)], [("在读", ONE)] * 4 + [("已转出", ONE)] * 10),
        (pupil(), [change(5, "转入", None, ONE)], [("", ONE)] * 4 + [("在读", ONE)] * 10),
        (pupil("休学", day(5)), [], [("在读", ONE)] * 4 + [("休学", ONE)] * 10),
        (pupil("送教上门", dt.date(2022, 9, 1)), [], [("送教上门", ONE)] * 14),
        (pupil(class_id=TWO), [change(5, "跨班调整", ONE, TWO)], [("在读", ONE)] * 4 + [("在读", TWO)] * 10),
        (
            pupil(),
            [change(3, "休学", ONE), change(9, "复学", None, ONE)],
            [("在读", ONE)] * 2 + [("休学", ONE)] * 6 + [("在读", ONE)] * 6,
        ),
        (pupil(), [change(9, "复学", None, ONE)], [("休学", ONE)] * 8 + [("在读", ONE)] * 6),
        (
            pupil("辍学", day(10), TWO),
            [change(10, "辍学标注", TWO), change(4, "跨班调整", ONE, TWO), change(2, "转入", None, ONE)],
            [("", ONE)] + [("在读", ONE)] * 2 + [("在读", TWO)] * 6 + [("辍学", TWO)] * 5,
        ),
        (pupil("已转出", day(8)), [change(8, "其他减少", ONE)], [("在读", ONE)] * 7 + [("已转出", ONE)] * 7),
        (pupil(), [change(5, "信息变更")], [("在读", ONE)] * 14),
    ],
    ids=[
        "steady",
        "left",
        "came",
        "no event",
        "taught at home",
        "moved",
        "leave and back",
        "back",
        "a story",
        "other",
        "data",
    ],
)
def test_state_day_by_day(present, events, expected):
    assert states(town(roster=[present], change=events)) == expected


def test_before_a_transfer_out_of_somebody_on_leave():
    base = {"student_key": KEY, "name": "甲春梅", "class_id": ONE, "base_state": "休学"}

    made = town(roster=[pupil("已转出", day(5))], change=[change(5, "转出", ONE)], baseline=[base])

    assert states(made) == [("休学", ONE)] * 4 + [("已转出", ONE)] * 10


def test_class_unknown_on_the_roster_is_taken_from_the_baseline():
    base = {"student_key": KEY, "name": "甲春梅", "class_id": "七2班", "base_state": "在读"}

    assert states(town(roster=[pupil(class_id="火箭班")], baseline=[base])) == [("在读", TWO)] * 14


def test_due_counts_classes_and_days_and_says_what_is_in_doubt():
    roster = [pupil(), pupil("已转出", day(5), ONE, "XS0000002"), pupil(None, None, TWO, "XS0000003"), pupil(key=None)]
    made = town(roster=roster, change=[change(5, "转出", ONE, key="XS0000002")])

    held = enrolment.due(
        made, pd.Series([ONE, ONE, TWO]), pd.Series(pd.to_datetime(["2023-09-04", "2023-09-05", "2023-09-05"]))
    )

    assert held["number"].tolist() == [3, 2, 0]
    assert held["slack"].tolist() == [1, 1, 1]


def test_a_repeated_key_counts_once():
    made = town(roster=[pupil(), pupil()])

    assert len(enrolment.on(made, day(4))) == 1
    assert enrolment.due(made, pd.Series([ONE]), pd.Series([pd.Timestamp(day(4))])).to_numpy().tolist() == [[1, 1]]


# --- school days ------------------------------------------------------------------------------------------------------
def entry(number, school):
    return {"date": day(number) if number else None, "is_school_day": school}


def test_school_days_are_weekdays_unless_the_calendar_says_otherwise():
    made = town(calendar=[entry(6, False), entry(9, True), entry(7, None)])

    assert calendar.school_days(made) == [
        day(n) for n in (1, 4, 5, 8, 9, *range(11, 16), *range(18, 23), *range(25, 30))
    ]


def test_a_calendar_that_lists_every_day_loses_only_the_day_whose_date_is_lost():
    listed = [entry(n, n not in (2, 3)) for n in range(1, 30) if n != 12]

    assert day(12) not in calendar.school_days(town(calendar=[*listed, entry(None, False)]))
    assert day(12) in calendar.school_days(town(calendar=listed))


# --- absence ----------------------------------------------------------------------------------------------------------
def absent(number, kind="旷课", halves=2, slip=False, key=KEY):
    given = {"date": day(number), "kind": kind, "halves": halves, "leave_slip": slip}
    return {"class_id": ONE, "student_key": key, "name": "甲春梅", **given}


def chain(as_of, absence, filled=range(1, 30)):
    """(school days, since) of the one pupil, or None."""
    daily = [{"date": day(n), "class_id": ONE} for n in filled if day(n).weekday() < 5]
    found = attendance.streaks(town(roster=[pupil()], absence=absence, daily=daily), as_of)
    return (found["days"].iloc[0], found["since"].iloc[0].date()) if len(found) else None


@pytest.mark.parametrize(
    ("absence", "expected"),
    [
        ([], None),
        ([absent(15)], (1, day(15))),
        ([absent(14)], None),
        ([absent(14), absent(15)], (2, day(14))),
        ([absent(8), absent(11), absent(12), absent(13), absent(14), absent(15)], (6, day(8))),
        ([absent(13), absent(14, halves=1), absent(15)], (2.5, day(13))),
        ([absent(13), absent(14, "病假", slip=True), absent(15)], (1, day(15))),
        ([absent(13), absent(14, "病假"), absent(15)], (3, day(13))),
        ([absent(13), absent(14, "事假", slip=None), absent(15)], (1, day(15))),
        ([absent(15, "旷课", 1), absent(15, "病假", 1, slip=True)], (0.5, day(15))),
        ([absent(n) for n in (1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15)], (11, day(1))),
        ([absent(15), absent(15)], (1, day(15))),
        ([absent(14), absent(15), absent(16)], (2, day(14))),
    ],
)
def test_chain_of_absence(absence, expected):
    assert chain(day(15), absence) == expected


def test_a_day_without_count_neither_counts_nor_ends_the_chain():
    assert chain(day(15), [absent(11), absent(13)], filled=[11, 13]) == (2, day(11))


def by_hand(as_of, absence, filled):
    """Section 4.3 of domain.md, day by day, as it is written there."""
    total, since, current = 0.0, None, as_of
    while current >= day(1):
        rows = [row for row in absence if row["date"] == current]
        if current.weekday() < 5:
            without = [row for row in rows if row["kind"] in attendance.UNEXCUSED or row["leave_slip"] is False]
            if without:
                total += min(1, sum(row["halves"] for row in without) / 2)
                since = current
            elif rows or current.day in filled:
                break
        current -= dt.timedelta(days=1)
    return (total, since) if since else None


ROWS = st.builds(
    absent,
    st.integers(1, 20),
    st.sampled_from(["旷课", "失联", "病假", "事假"]),
    st.integers(1, 2),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, max_size=12), st.sets(st.integers(1, 20)), st.integers(1, 20))
def test_chain_agrees_with_the_rule_as_written(absence, filled, last):
    assert chain(day(last), absence, filled) == by_hand(day(last), absence, filled)


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 28),
        st.sampled_from([*enrolment.AFTER, *enrolment.MOVES, "信息变更"]),
        st.sampled_from([ONE, TWO, None]),
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.sampled_from(["在读", "休学", "已转出", "送教上门"]), st.integers(1, 28))
def test_every_day_has_one_state_whatever_happened(events, status, since):
    """Stretches leave no gap and do not overlap; the last is the present; the order of the rows does not matter."""
    rows = [change(number, kind, class_from, TWO) for number, kind, class_from in events]
    made, other = (town(roster=[pupil(status, day(since))], change=given) for given in (rows, rows[::-1]))

    spells = enrolment.spells(made).sort_values("start")
    assert spells["start"].iloc[0] == enrolment.FIRST
    assert spells["end"].iloc[-1] == enrolment.LAST
    assert (spells["start"].iloc[1:].to_numpy() == spells["end"].iloc[:-1].to_numpy()).all()
    assert (spells["state"].iloc[-1], spells["class_id"].iloc[-1]) == (status, ONE)
    assert spells.equals(enrolment.spells(other).sort_values("start"))


def test_a_township_is_counted_in_well_under_a_second():
    """4,000 pupils in 110 classes over a term of 100 days, 400 of them with changes."""
    classes = [dict(CLASSES[0], class_id=f"SLZ01-2023-{n:03}", class_name=f"{n}班") for n in range(110)]
    keys = [f"XS{n:07}" for n in range(4000)]
    roster = [pupil(class_id=classes[n % 110]["class_id"], key=key) for n, key in enumerate(keys)]
    events = [change(n % 25 + 1, "转入", None, roster[n]["class_id"], keys[n]) for n in range(400)]
    made = town(**{"class": classes, "roster": roster, "change": events})
    pairs = [(f"SLZ01-2023-{n:03}", day(1) + dt.timedelta(days=d)) for n in range(110) for d in range(100)]
    ids, days = pd.Series([pair[0] for pair in pairs]), pd.Series(pd.to_datetime([pair[1] for pair in pairs]))

    start = time.process_time()
    held = enrolment.due(made, ids, days)
    assert time.process_time() - start < 2  # 0.2 s on an idle machine; tests run on busy ones
    assert held["number"].iloc[-1] == sum(n % 110 == 109 for n in range(4000))
