"""Lists of what is overdue and what falls due, from the one table of deadlines."""

import datetime as dt
import json
from dataclasses import replace

import pandas as pd
import pytest

import handmade
import townships
from kongchuo import __main__ as command, due
from kongchuo.due import DEADLINES, selfcheck
from kongchuo.due.base import Deadline
from kongchuo.pages import months
from kongchuo.pages.display import Failed, Note
from kongchuo.pages.monthly import next_month
from ruletables import POLICY

TOWN = handmade.town({}, as_of=dt.date(2023, 10, 10))


def deadline(title, *rows):
    """One deadline with rows of (home, start, due, done)."""
    frame = pd.DataFrame(rows, columns=["home", "start", "due", "done"]).assign(who=pd.NA, name=title)
    frame = frame.astype(dict.fromkeys(["start", "due", "done"], "datetime64[us]"))
    return Deadline("", title, (), "suspected", "found", lambda town, policy: frame)


def test_what_is_on_the_list_and_in_which_order():
    given = [
        deadline("首访", ("甲小学", "2023-10-01", "2023-10-12", None), ("乙小学", "2023-10-01", "2023-10-02", None)),
        deadline(
            "报告", ("甲小学", "2023-10-01", "2023-10-05", "2023-10-09"), ("甲小学", "2023-10-01", "2023-10-25", None)
        ),
        deadline("月报", ("甲小学", "2023-10-11", "2023-10-12", None), ("甲小学", "2023-10-01", None, None)),
        deadline("自查", ("甲小学", "2023-10-01", "2023-10-24", "2023-10-20")),
    ]
    found = due.due_of(TOWN, POLICY, 14, given)
    assert found[["home", "title", "days"]].to_records(index=False).tolist() == [
        ("乙小学", "首访", -8),
        ("甲小学", "首访", 2),
        ("甲小学", "自查", 14),  # done on a day that is not yet
    ]


def test_who_has_to_is_named_however_it_was_typed():
    town = handmade.town({"staff": [{"staff_id": "JS00001", "name": "甲老师"}]}, as_of=dt.date(2023, 10, 10))
    one = deadline("首访", ("甲小学", "2023-10-01", "2023-10-02", None), ("甲小学", "2023-10-01", "2023-10-03", None))
    rows = one.rows(town, POLICY).assign(who=["JS00001", "乙老师"])
    found = due.due_of(town, POLICY, 14, [Deadline("", "首访", (), "suspected", "found", lambda *_: rows)])
    assert found["who"].tolist() == ["甲老师", "乙老师"]


def test_a_problem_of_the_self_check_that_stands_in_the_list_of_problems_too_is_listed_once():
    day, month = dt.date(2023, 10, 5), {"school_year": "2023-2024", "month": "2023-09", "result": "否"}
    rows = {
        "issue": [{"issue_id": "ZG-1", "problem": "例会", "due": day, "state": "整改中"}],
        "selfcheck": [month | {"item_no": 4, "problem": "例会", "due": day}, month | {"item_no": 5, "problem": "日查", "due": day}],
    }  # fmt: skip
    town = handmade.town({name: {"甲小学": own} for name, own in rows.items()}, as_of=dt.date(2023, 10, 10))
    found = due.due_of(town, POLICY, 14, [selfcheck.PROBLEM, selfcheck.FAILED_ITEM])
    assert [*zip(found["title"], found["name"], strict=True)] == [("自查项目整改", "日查"), ("问题整改", "例会")]
    late = handmade.month(town, "甲小学")
    assert months.held(late)[-1].counts["月末逾期"] == {"甲小学": int((due.due(town, POLICY, 0, [])["days"] < 0).sum())}


def test_in_the_holidays_nobody_is_said_to_be_followed_on_a_day_that_cannot_be_told():
    """Behind the last school day no cell is empty or wrong; of a pupil whose 跟踪频次 is, it is still said."""

    def spoil(rows):
        rows["watch"][0]["freq"] = None

    for more, told in (({}, 0), ({"spoil": spoil}, 1)):
        town = handmade.township(2, 60, as_of=dt.date(2024, 7, 6), whole_year=True, **more)[0]
        assert town["watch"]["closed"].isna().any()
        assert (due.undated(town, POLICY)["title"] == "重点关注跟踪").sum() == told


def test_nothing_due_is_an_empty_list():
    assert due.due_of(TOWN, POLICY, 14, DEADLINES).empty


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("due")
    townships.make(folder, 2, 60, 1)
    return folder


def test_command_lists_school_by_school(shared, capsys):
    day = ["--as-of", "2023-12-15", "--within", "400"]
    assert command.main(["due", str(shared), *day]) == 0, "the clean example is late with nothing"
    assert "天内到期" in capsys.readouterr().out
    command.main(["due", str(shared), *day, "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert {"home", "title", "due", "days", "sheet", "row"} <= set(listed[0])
    home = listed[0]["home"]
    command.main(["due", str(shared / "2023-2024" / home), *day, "--json"])
    assert {one["home"] for one in json.loads(capsys.readouterr().out)} == {home}


def test_overdue_is_exit_code_1_and_a_workbook_in_no_list_3(shared, capsys):
    assert command.main(["due", str(shared), "--as-of", "2024-02-10"]) == 1
    assert "逾期" in capsys.readouterr().out
    assert command.main(["due", str(shared), "--as-of", "2024-08-30"]) == 3
    assert "读不到：2023-2024/示例中学/出勤_第二学期.xlsx" in capsys.readouterr().err


def test_a_deadline_that_fails_keeps_no_other_from_being_told(monkeypatch):
    def fails(*_):
        raise KeyError("990000201105090015")

    failing = Deadline("X99", "报告", (), "suspected", "found", fails)
    broken = []
    rest = due.due_of(TOWN, POLICY, 14, [failing, *DEADLINES], broken)
    assert rest.equals(due.due_of(TOWN, POLICY, 14, DEADLINES))
    (line,) = broken
    assert "期限“报告”没有算出来" in line
    assert "9900" not in line


def test_what_has_no_day_is_in_no_list_and_said(monkeypatch):
    monkeypatch.setattr(
        due, "DEADLINES", [deadline("首访", ("甲小学", "2023-10-01", None, None), ("乙小学", None, None, None))]
    )
    made = handmade.town({}, homes=("甲小学", "乙小学"))
    blocks = next_month.lists(handmade.month(made, "甲小学"), dt.date(2023, 11, 30))
    assert [block.text for block in blocks if isinstance(block, Note)] == [
        "另有首访1项算不出期限或是否办结（日期等空着或有误），未计入。"
    ]
    assert not any(table.rows for table in blocks[-2:])
    assert due.left_out(due.undated(made, POLICY)).startswith("另有首访2项")


def test_a_sheet_that_is_not_there_is_said_once(monkeypatch):
    """Of a workbook that could not be read `unread` tells; one without a sheet was silent."""
    one, two = "甲小学", "乙小学"
    made = handmade.town({}, homes=(one, two))
    books = [
        replace(book, tables={name: table for name, table in book.tables.items() if name != "suspected"})
        if book.home == one
        else book
        for book in made.workbooks
    ]
    made = replace(made, workbooks=tuple(books), _frames={}, _made={})
    assert due.lacking(made, (one, two)) == "没有读到甲小学的“疑似辍学台账”，其中的事项一项也没有算"
    assert due.lacking(made, (two,)) == ""


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_command_says_what_has_no_day(form, shared, monkeypatch, capfd):
    monkeypatch.setattr(due, "DEADLINES", [deadline("首访", ("示例中学", "2023-10-01", None, None))])
    assert command.main(["due", str(shared), "--as-of", "2023-12-15", *form]) == 0
    assert "另有首访1项算不出期限" in "".join(capfd.readouterr())


def test_a_deadline_that_fails_is_said_above_the_lists_of_the_page(monkeypatch):
    def fails(*_):
        raise KeyError("990000201105090015")

    failing = Deadline("X99", "报告", (), "suspected", "found", fails)
    rows = deadline("首访", ("甲小学", "2023-10-01", "2023-11-12", None))
    monkeypatch.setattr(due, "DEADLINES", [failing, rows])
    said, *tables = next_month.lists(handmade.month(handmade.town({}), "甲小学"), dt.date(2023, 11, 30))
    assert isinstance(said, Failed)
    assert "期限“报告”没有算出来" in said.items[0]
    assert [len(table.rows) for table in tables] == [0, 1]


def test_page_tells_overdue_from_upcoming(monkeypatch):
    given = [
        deadline("首访", ("甲小学", "2023-10-01", "2023-11-12", None), ("甲小学", "2023-10-01", "2023-10-02", None)),
        deadline("报告", ("乙小学", "2023-10-01", "2023-10-05", None)),
    ]
    monkeypatch.setattr(due, "due", lambda town, policy, days, broken: due.due_of(town, policy, days, given, broken))
    month = handmade.month(handmade.town({}, homes=("甲小学", "乙小学")), "甲小学")
    late, soon = next_month.lists(month, dt.date(2023, 11, 30))[-2:]
    assert [(row[0], row[-1].text) for row in late.rows] == [("首访", "逾期 29 天")]
    assert [(row[0], row[-1].text) for row in soon.rows] == [("首访", "还有 12 天")]
    *_, town, _ = next_month.lists(handmade.month(handmade.town({}, homes=("甲小学", "乙小学"))), dt.date(2023, 11, 30))
    assert [row[0] for row in town.rows] == ["甲小学", "乙小学"]
