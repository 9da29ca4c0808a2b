"""逐月变化: each month counted again by plain loops; the last month is what the page's own lists say."""

import datetime as dt
import re
from itertools import pairwise

import pandas as pd
import pytest

import handmade
from kongchuo import due
from kongchuo.pages import charts, display, months, today
from kongchuo.pages.display import Chart


def month(made, home=""):
    view = handmade.month(made, home)
    return (
        type(view)(**{**vars(view), "start": dt.date(2024, 1, 1), "period": "2024-01"})
        if made.as_of.year == 2024
        else view
    )


def test_every_month_counted_again():
    made, rows = handmade.township(3, 90)
    view = month(made)
    held = months.held(view)

    assert [one.label for one in held] == ["9月", "10月", "11月", "12月", "1月"]
    for number, one in zip((9, 10, 11, 12, 1), held, strict=True):
        start = dt.date(2023 + (number < 9), number, 1)
        end = (start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        for home in made.homes:
            daily = [row for row in rows["daily"] if row["home"] == home and start <= row["date"] <= end]
            rate = one.attendance[home]
            assert (rate.numerator, rate.denominator) == (
                sum(row["present"] for row in daily),
                sum(row["due"] for row in daily),
            )
            away = [row for row in rows.get("absence", ()) if row["home"] == home and start <= row["date"] <= end]
            away = [row for row in away if row["kind"] in ("旷课", "开学未报到", "失联")]
            assert one.counts["无故缺勤人次"].get(home, 0) == len(away)
            cases = [row for row in rows["suspected"] if row["home"] == home and row["found"] <= end]
            still = [row for row in cases if not row.get("closed") or row["closed"] > end]
            assert one.counts["月末在册疑似"].get(home, 0) == len(still)


def test_what_was_overdue_at_the_end_of_the_last_month_is_the_list_of_what_is_due():
    made, _ = handmade.township(
        3, 90, spoil=lambda rows: rows.update(filing=[row for at, row in enumerate(rows["filing"]) if at % 7])
    )
    view = month(made)
    late = due.due(made, view.policy, 0, [])
    late = late[late["days"] < 0]["home"].value_counts().to_dict()
    assert sum(late.values()) > 3
    assert months.held(view)[-1].counts["月末逾期"] == late
    deeds = pd.concat([one.rows(made, view.policy) for one in due.DEADLINES])
    day = pd.Timestamp(2023, 10, 31)
    before = [row for row in deeds.itertuples() if row.start <= day and row.due < day and not row.done <= day]
    assert sum(months.held(view)[1].counts["月末逾期"].values()) == len(before)


def test_what_names_no_day_from_which_it_runs_is_overdue_in_the_chart_as_on_the_tile():
    problem = {"problem": "座次表没有调整", "owner": "E001", "due": dt.date(2023, 10, 20), "state": "整改中"}
    late = [problem, problem | {"due": dt.date(2023, 9, 15)}, problem | {"done": dt.date(2023, 10, 25)}]
    view = handmade.month(handmade.town({"issue": {"甲小学": late}}))
    assert today.overdue(view)["甲小学"] == 2
    assert [one.counts["月末逾期"].get("甲小学", 0) for one in months.held(view)] == [1, 2]


def test_a_school_shows_its_own_months_and_the_town_a_map_of_its_schools():
    made, _ = handmade.township(3, 90)
    whole, own = months.section(month(made)), months.section(month(made, made.homes[0]))
    assert [type(block) for block in whole.blocks] == [Chart, Chart]
    (chart,) = own.blocks
    one = months.held(month(made))[-1]
    absent = one.counts["无故缺勤人次"].get(made.homes[0], 0)
    assert f"1月{absent}" in chart.svg.split("无故缺勤人次：")[1].split("；")[0]
    assert all(home in display.card(whole) for home in made.homes)
    first = handmade.month(handmade.town({}, as_of=dt.date(2023, 9, 20)))
    assert "只有一个月" in display.card(months.section(first))


def placed(svg, word):
    """How far from the left each place of a word stands, in the width of the picture."""
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
    return [float(x) / width for x in re.findall(rf'<text x="([\d.]+)"[^>]*>{word}</text>', svg)]


@pytest.mark.parametrize(("count", "panels"), [(2, 3), (3, 3), (4, 2), (5, 2), (6, 1), (10, 1)])
def test_few_months_leave_no_room_empty(count, panels):
    labels = [f"月{at}" for at in range(count)]
    names = [f"行{at}" for at in range(6)]
    for svg in (
        charts.multiples([(name, [1.0] * count, ()) for name in names], labels, "x"),
        charts.heat([(name, [99.5] * count) for name in names], labels, "x"),
    ):
        last = placed(svg, labels[-1])
        assert len(last) == panels
        assert 0.55 < max(last) < 1
        assert all(len(placed(svg, name)) == 1 for name in names)


def test_numbers_of_many_weeks_stand_apart_and_the_highest_is_there():
    values = [100 + week for week in range(39)] + [999]
    weeks = charts.multiples([("全镇", values, ())], [""] * 40, "x")
    at = sorted(place for value in values[:-1] for place in placed(weeks, value))
    apart = min(b - a for a, b in pairwise(at)) * charts.WIDTH * charts.POINTS
    assert apart > 3 * 0.55 * 7 + 0.5  # three figures of 7 points, and a gap
    assert placed(weeks, 999)
    months = charts.multiples([("出勤率", [98.7] * 10, ())], [""] * 10, "x")
    assert len(placed(months, "98.7")) == 10


def test_a_ledger_that_could_not_be_read_is_no_month_without_cases():
    homes = ("甲小学", "乙小学")
    made = handmade.town({}, homes, unread=[("乙小学", "cases")])
    card = display.card(months.section(handmade.month(made, "乙小学")))
    assert "月末在册疑似：9月—，10月—" in card
    assert "读不到出勤或控辍台账：乙小学" in card
    assert "读不到出勤或控辍台账：乙小学" in display.card(months.section(handmade.month(made)))


def test_nothing_is_counted_of_a_roster_without_pupils_and_a_ledger_that_is_lost_is_said_of_what_is_overdue():
    homes = ("甲小学", "乙小学")
    card = display.card(months.section(handmade.month(handmade.town({}, homes))))
    for title in months.TITLES:
        assert f"{title}：9月—，10月—" in card
    lost = display.card(
        months.section(handmade.month(handmade.town({}, homes, unread=[("乙小学", "support")]), "乙小学"))
    )
    assert "有期限的台账没有读全：乙小学，月末逾期只算了读到的" in lost
    assert "读不到出勤或控辍台账" not in lost
