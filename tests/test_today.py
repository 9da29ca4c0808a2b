"""今天要办: who is named for what, in which order, and what a school's row says."""

import datetime as dt
import re
from dataclasses import replace

import pandas as pd
import pytest

import handmade
from kongchuo import due
from kongchuo.core.editions import INTERNAL, SECRET
from kongchuo.core.findings import Finding
from kongchuo.core.tables import row_of
from kongchuo.facts import calendar
from kongchuo.figures import attendance, duty, selfcheck
from kongchuo.pages import display, today, units
from kongchuo.pages.display import Agenda
from kongchuo.pages.monthly import PLAN, SECTIONS, headline, state
from kongchuo.pages.report import Report
from kongchuo.publishing import gate
from onpage import tiles

HOMES = ("甲小学", "乙小学")
STAFF = [{"staff_id": "JS00001", "name": "丁老师", "school": "甲小学"}]
SCHOOLS = [{"school_code": code, "school_name": home, "stage": "小学", "active": True}
           for code, home in zip(("JJ", "YY"), HOMES, strict=True)]  # fmt: skip
DAYS = [{"date": dt.date(2023, 9, 4), "is_school_day": True}]
PUPIL = {"甲小学": [{"student_key": "XS00003", "name": "李小苗", "status": "在读"}]}
NAMES = ("赵小花", "钱小草", "孙小树", "李小苗")


def suspected(number, home="甲小学", found="2023-10-10", **more):
    """A suspected case of which nothing has been done since it was found."""
    return {"student_key": f"XS{number:05}", "name": NAMES[number], "found": dt.date.fromisoformat(found), "source": "村级上报",
            "owner": "JS00001", "home": home} | more  # fmt: skip


def test_a_roster_nobody_has_filled_is_never_all_clear():
    """For one school, for a town of empty ones, for a town where one is empty; nor is a year without terms and calendar."""
    for view, said in (
        (handmade.month(town(calendar=DAYS), "甲小学"), "花名册里还没有学生。"),
        (handmade.month(town(calendar=DAYS)), "花名册里还没有学生。"),
        (handmade.month(town(calendar=DAYS, roster=PUPIL)), "花名册里还没有学生（乙小学）。"),
        (handmade.month(town(roster=PUPIL), "甲小学"), "：“教学日历”里还没有填。"),
        (handmade.month(town(roster=PUPIL, term=[]), "甲小学"), "：“学年学期”“教学日历”里还没有填。"),
        (
            handmade.month(town(roster=PUPIL, **calendar.begun("2023-2024")), "甲小学"),
            "：“学年学期”“教学日历”里还没有填。",
        ),
    ):
        notes = [str(block.text) for block in today.agenda(view, SECTIONS) if isinstance(block, display.Note)]
        assert any(said in note for note in notes), said
        assert not any("本期无急办事项" in note for note in notes)


def test_an_office_of_yesterday_is_told_what_is_lacking_not_that_its_rows_are_wrong():
    """init writes the schools, two terms and the days to be decided; nobody has made a mistake in them, nor is any school unknown."""
    schools = [
        {"school_code": code, "school_name": home, "stage": "小学"} for code, home in (("A", "甲小学"), ("B", "乙小学"))
    ]
    view = handmade.month(town(school=schools, **calendar.begun("2023-2024")))
    notes = {
        name: [str(block.text) for block in SECTIONS[name](view).blocks if isinstance(block, display.Note)]
        for name in SECTIONS
    }
    assert any("另有责任书签订2项算不出期限" in text for text in notes["next_month"])
    assert any("0 项不等于没有" in text for text in notes["next_month"])
    filed, bonded = attendance.filed(view.scope).total, duty.villages_bonded(view.scope).total
    assert filed.caveat.startswith("“学年学期”“教学日历”没有填，不知道哪几天上课")
    assert bonded.caveat.startswith("“学校”的“服务行政村”还没有填")
    assert duty.villages_pledged(view.scope).total.unknown
    assert "学校不明" not in display.card(SECTIONS["attendance"](view)).replace("学校不明或全镇共用", "")
    whole = handmade.month(handmade.township(2, 50)[0]).scope
    assert not any(
        one.total.why for one in (attendance.filed(whole), duty.villages_bonded(whole), duty.villages_pledged(whole))
    )


def test_of_a_roster_nobody_has_filled_a_0_is_shown_of_the_files_alone():
    """Tiles, rows, and what the front page is told: nobody counted. What a ledger does say stands, and the 0 of another school."""
    for sheets, zero in (({}, None), ({"roster": PUPIL}, 0)):
        view = handmade.month(town(suspected(1), calendar=DAYS, **sheets))
        report, known = Report(PLAN, view), state(view)
        *_, figures, board = report.section("headline").blocks
        shown = {one.label: one.value for one in figures.figures}
        assert [shown[name] for name in ("在册疑似辍学", "在册辍学", "红色预警", "数据错误")] == [1, zero, zero, 0]
        rows = {display.cell(row[0]).text: dict(zip(board.columns, row, strict=True)) for row in board.rows}
        assert display.cell(rows["甲小学"]["在册疑似"]).text == "1"
        assert [rows[home]["在册辍学"] for home in HOMES] == [zero, None]
        assert (rows["乙小学"]["数据错误"], known["red"], known["errors"]) == (0, None, 0)


def test_what_is_not_known_of_one_school_is_not_none_of_the_town_nor_is_that_of_the_office():
    whole, pupils = handmade.month(town(calendar=DAYS)), dict.fromkeys(HOMES, PUPIL["甲小学"])
    assert state(replace(whole, town=handmade.town({"roster": pupils}, HOMES)))["red"] == 0
    for unread in (HOMES, HOMES[:1]):
        made = handmade.town({"roster": pupils}, HOMES, unread=[(home, "attendance") for home in unread])
        view = replace(whole, town=made)
        assert state(view)["red"] is None
        board = today.board(view)
        assert display.cell(board.total[board.columns.index("红色预警")]).text == "尚未判定"
        assert board.total[board.columns.index("在册疑似")] == 0


def test_of_a_roster_nobody_has_filled_no_section_says_that_nothing_was_found():
    """七, 八: what the rules did not find of children nobody has written down was not looked for."""
    judged = {"judged": ("X38", "X39")}
    for view, named in (
        (handmade.month(town(calendar=DAYS), **judged), ""),
        (handmade.month(town(calendar=DAYS), "甲小学", **judged), ""),
        (handmade.month(town(calendar=DAYS, roster=PUPIL), **judged), "乙小学"),
    ):
        for name in ("groups", "watch"):
            notes = [block for block in SECTIONS[name](view).blocks if isinstance(block, display.Note)]
            assert not any(note.tone == "good" for note in notes), name
            unknown = [str(note.text) for note in notes if note.tone == "unknown"]
            assert any("花名册里还没有学生" in text and named in text for text in unknown), name
    whole = handmade.month(town(calendar=DAYS, roster=PUPIL), "甲小学", **judged)
    for name, said in (("groups", "没有发现不一致"), ("watch", "未列入的 0 人")):
        notes = [block for block in SECTIONS[name](whole).blocks if isinstance(block, display.Note)]
        assert any(said in str(note.text) and note.tone != "unknown" for note in notes)


def test_of_a_roster_nobody_has_filled_no_words_beside_a_dash_say_none():
    """— on the tile, and beside it 期初 0, 在册0人, 不变: a zero by another name."""
    nobody = ("期初 0", "净变动", "在册0人", "已复学 0", "不变", "没有达到预警")
    empty, filled = (handmade.month(town(calendar=DAYS, **more), "甲小学") for more in ({}, {"roster": PUPIL}))
    said = [
        "".join(display.card(SECTIONS[name](view)) for name in ("basics", "cases", "watch")) for view in (empty, filled)
    ]
    assert [words for words in nobody if words in said[0]] == []
    assert [words for words in nobody if words not in said[1]] == ["期初 0", "已复学 0"]


def town(*cases, **sheets):
    rows = {}
    for case in cases:
        home = case.pop("home")
        rows.setdefault(home, []).append(case)
    days = [{"school_year": "2023-2024", "term": "第一学期", "start": dt.date(2023, 9, 1), "end": dt.date(2024, 1, 20)}]
    return handmade.town({"school": SCHOOLS, "staff": STAFF, "term": days, "suspected": rows} | sheets, HOMES)


def agenda(view):
    return next((block for block in today.agenda(view, SECTIONS) if isinstance(block, Agenda)), Agenda(()))


def test_a_child_of_several_duties_is_one_line_before_every_paper():
    view = handmade.month(town(suspected(0)), "甲小学")
    lines = agenda(view).tasks
    (child,) = (task for task in lines if NAMES[0] in str(task.whom))
    assert lines[0] is child
    assert child.when.text.startswith("逾期")
    assert re.fullmatch(r"另有[2-9]项", child.more)
    assert any(task.what != child.what for task in lines[1:])  # weekly reports nobody has sent


def test_beside_a_full_name_a_duty_is_called_without_what_is_kept_apart_and_the_name_stands_whole(monkeypatch):
    """P03 reads a line with the one above it; on the school's own page the child is named, for the town neither is."""
    view = handmade.month(town(suspected(0), suspected(1)), "甲小学")
    waiting = [("pupil_plan", "学困厌学学生月帮扶", -9), ("change", "转出学籍核办", -5), ("change", "转入学籍核办", -4)]
    made = [
        today.Thing(
            "甲小学", sheet, f"{days}", NAMES[number % 2], "一(1)班", what, "丁老师", pd.Timestamp(view.end), days
        )
        for number, (sheet, what, days) in enumerate(waiting)
    ]
    monkeypatch.setattr(today, "things", lambda view: made)

    block = agenda(view)
    page = str(display.card(display.Section("今天要办", (block,))))

    assert [NAMES[number % 2] in str(task.whom) for number, task in enumerate(block.tasks)] == [True, True, True]
    assert "学困" not in page
    gate.gate(page, INTERNAL, NAMES)
    assert "学困厌学学生月帮扶" in str(agenda(replace(view, home="")).tasks)


def test_every_duty_whose_name_says_what_is_kept_apart_from_names_is_called_otherwise_beside_them():
    for one in due.DEADLINES:
        assert not SECRET.search(units.APART.get(one.title, one.title)), one.title
    assert {*units.APART} <= {one.title for one in due.DEADLINES}


def test_the_oldest_comes_first_and_what_is_due_later_than_three_days_not_at_all():
    cases = suspected(0, found="2023-10-17"), suspected(1, found="2023-10-09")
    view = handmade.month(town(*cases), "甲小学")
    lines = agenda(view).tasks
    assert [str(task.whom[0]) for task in lines[:2]] == [NAMES[1], NAMES[0]]
    children = [task.due for task in lines[:2]]
    assert children == sorted(children)
    assert all((task.due - view.end).days <= today.SOON for task in lines)


def test_the_town_says_the_same_of_several_schools_in_one_line_and_names_no_child():
    cases = [suspected(0), suspected(1), suspected(2, "乙小学")]
    page = Report(PLAN, handmade.month(town(*cases))).html("headline")
    assert not any(name in page for name in NAMES)
    (line,) = re.findall(r"<li class=\"kc-task.*?</li>", page, re.S)[:1]
    assert "3名学生" in line
    assert re.findall(r'data-page="(.*?)" data-at="cases">(.*?)<', line) == [
        ("甲小学", "甲小学（2）"),
        ("乙小学", "乙小学"),
    ]


def test_the_town_names_a_school_once_a_line_and_which_week_it_is_beside_it(monkeypatch):
    view, day = handmade.month(town()), pd.Timestamp("2023-10-01")
    due = (("bond", "甲小学", "责任书签订"), ("filing", "2023-09-08", "周报"))
    made = [today.Thing("甲小学", sheet, "", name, "", what, "丁老师", day, -9) for sheet, name, what in due]
    monkeypatch.setattr(today, "things", lambda view: made)
    assert {str(task.what) for task in agenda(view).tasks} == {"责任书签订", "周报（2023-09-08）"}


def test_a_ledger_that_cannot_be_read_is_not_one_in_which_nothing_waits(monkeypatch):
    """No green line, no 0 among the figures of the school: its 自查档案 may hold what is long overdue."""
    made = handmade.town({"school": SCHOOLS}, HOMES, unread=[("甲小学", "selfcheck")])
    monkeypatch.setattr(today, "things", lambda _: [])
    monkeypatch.setattr(today, "unfilled", lambda _: [])
    view = handmade.month(made, "甲小学")
    said, lost = today.agenda(view, SECTIONS)

    assert (said.tone, lost.tone) == ("plain", "unknown")
    assert "有的台账读不到，其中要办的事没有算：甲小学" in lost.text
    assert today.numbers(handmade.month(made))["甲小学"]["overdue"] is None
    assert today.numbers(handmade.month(made))["乙小学"]["overdue"] == 0


def test_nothing_to_do_is_said_in_words_and_what_nobody_can_tell_beside_it(monkeypatch):
    view = handmade.month(town(roster=PUPIL, calendar=DAYS), "甲小学")
    monkeypatch.setattr(today, "things", lambda _: [])
    (said,) = today.agenda(view, SECTIONS)
    assert said.text.startswith("本期无急办事项")
    assert said.tone == "good"
    monkeypatch.setattr(today.due, "left_out", lambda _: "另有查清待核实儿童2行算不出期限")
    said, beside = today.agenda(view, SECTIONS)
    assert said.tone != "good"
    assert "2行算不出期限" in beside.text


def test_who_is_away_and_on_no_ledger_is_named_with_the_days_since_the_line():
    """X12 says who; the day is the third school day away."""
    away = [{"date": dt.date(2023, 10, day), "student_key": "XS00003", "name": NAMES[3], "kind": "旷课", "halves": 2}
            for day in (23, 24, 25, 26, 27, 30, 31)]  # fmt: skip
    made = town(
        absence={"甲小学": away}, roster={"甲小学": [{"student_key": "XS00003", "name": NAMES[3], "status": "在读"}]}
    )
    book = next(one for one in made.workbooks if (one.home, one.book.name) == ("甲小学", "attendance"))
    row = made["absence"].index[-1]
    found = Finding(
        book.name,
        "缺勤明细",
        row_of(row),
        "学生编号",
        "B8",
        "X12",
        "error",
        "没有进入疑似辍学台账",
        "请家访",
    )
    first = agenda(handmade.month(made, "甲小学", [found])).tasks[0]
    assert NAMES[3] in str(first.whom)
    assert today.UNLISTED in str(first.what)
    assert first.when.text == "逾期6天"  # due on the third day away, Wednesday 25
    assert first.who == today.NOBODY
    assert agenda(handmade.month(made, "甲小学")).tasks[0].what != first.what  # without the rule's word nothing is said


def test_the_rows_of_the_schools_add_up_to_the_tiles_and_an_unread_ledger_is_not_none():
    cases = [suspected(0), suspected(1), suspected(2, "乙小学")]
    view = handmade.month(town(*cases))
    known = today.numbers(view)
    assert {home: own["suspected_open"] for home, own in known.items()} == {"甲小学": 2, "乙小学": 1, "中心学校": 0}
    assert tiles(headline(view))["逾期事项"] == sum(own["overdue"] for own in known.values())
    for home in HOMES:
        assert today.numbers(handmade.month(view.town, home))[home] == known[home]
    lost = handmade.town({"school": SCHOOLS}, HOMES, unread=[("乙小学", "cases")])
    assert today.numbers(handmade.month(lost))["乙小学"]["suspected_open"] is None
    assert "尚未判定" in display.card(headline(handmade.month(lost)))


@pytest.mark.parametrize("home", ["", "甲小学"])
def test_everybody_reads_none_of_it(home):
    view = replace(handmade.month(town(suspected(0)), home), edition="公开版")
    assert today.agenda(view, SECTIONS) == []
    assert not any(isinstance(block, Agenda) for block in headline(view).blocks)
    assert "逾期事项" not in tiles(headline(view))


@pytest.mark.parametrize(("period", "end", "title"), [("2023-09", 29, "出勤率"), ("2023-10", 31, "近2个月出勤")])
def test_small_bars_stand_from_the_second_month_on(period, end, title):
    town, _ = handmade.township(2, 40, as_of=dt.date(2023, int(period[5:]), end))
    view = replace(handmade.month(town), period=period, start=dt.date(2023, int(period[5:]), 1))
    board = today.board(view)
    assert board.columns[-1] == title
    assert {len(row) for row in (*board.rows, board.total)} == {len(board.columns)}
    assert any(isinstance(cell, display.Spark) for row in board.rows for cell in row) is (title != "出勤率")
    rates = [row[board.columns.index("出勤率")] for row in (*board.rows, board.total)]
    assert [sum(getattr(rate, name) for rate in rates[:-1]) for name in ("numerator", "denominator")] == [
        rates[-1].numerator,
        rates[-1].denominator,
    ]


def test_of_a_week_in_which_nobody_knows_the_days_no_report_is_none_due():
    nobody = handmade.month(handmade.town({"roster": PUPIL}, HOMES)).scope
    assert selfcheck.weekly(nobody).total.text.startswith("尚未判定")
    assert "不知道哪几天上课" in selfcheck.weekly(nobody).total.note
    assert selfcheck.weekly(handmade.month(town(calendar=DAYS, roster=PUPIL)).scope).total.denominator
