"""Questions: each does what its page in tests/questions says; they never are findings; what an earlier snapshot did not have."""

import datetime as dt
import random
import time
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import handmade
from kongchuo.commands import opening, remembering
from kongchuo.core import years
from kongchuo.pages import quality
from kongchuo.publishing import archive
from kongchuo.rules import questions
from kongchuo.rules.judging import examine
from ruletables import FOLDER, POLICY, build, cases, shown

PAGES = sorted(path for path in FOLDER.with_name("questions").glob("Q*.md"))
CASES = [case for page in PAGES for case in cases(page)]
BY_CODE = {one.code: one for one in questions.QUESTIONS}
HOME, CLASS = "甲小学", "JX-2023-01"


def asked(town, code=""):
    found = questions.ask(town, POLICY)
    assert found.broken == ()
    return [one for one in found.questions if one.code.startswith(code)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_case(case):
    found = asked(build(case), case.title.split()[0])
    rows = [replace(place, column="") for one in found for place in one.places]
    assert shown(case, rows) == sorted(case.expected)
    assert bool(case.expected) == case.bad
    assert all(one.text.endswith("？") for one in found)


def test_questions_are_worded_as_questions_and_explain_themselves():
    assert [one.code for one in questions.QUESTIONS] == ["Q01", "Q02", "Q03", "Q04", "Q05", "Q07", "Q08", "Q09"]
    assert {page.stem for page in PAGES} | {"Q05"} == set(BY_CODE)
    for words in (*(one.explains for one in questions.QUESTIONS), questions.backdated.__doc__):
        assert words.endswith("。")


def test_a_question_is_no_finding():
    town = build(next(case for case in CASES if case.title.startswith("Q04 问")))
    judgement = examine(town, POLICY)
    assert [one.code for one in judgement.questions] == ["Q04"]
    assert not {finding.rule for finding in judgement.findings} & {*BY_CODE, "Q06"}


def test_one_that_fails_keeps_no_other_from_being_asked(monkeypatch):
    def fails(town, policy):
        raise KeyError("99000020110509001X")
        yield

    broken = questions.Asker("Q99", "", fails)
    monkeypatch.setattr(questions, "QUESTIONS", (broken, *questions.QUESTIONS))
    found = questions.ask(build(next(case for case in CASES if case.title.startswith("Q04 问"))), POLICY)
    assert [one.code for one in found.questions] == ["Q04"]
    assert "Q99" in found.broken[0]
    assert "990000" not in found.broken[0]


# --- a class that is always complete ----------------------------------------------------------------------------------
def full_term(days=60, size=20, absence=(), last=None):
    first = dt.date(2023, 9, 1)
    dates = [day.date() for day in pd.bdate_range(first, periods=days)]
    rows = [{"date": day, "class_id": CLASS, "due": size, "present": size} for day in dates]
    rows[-1] |= last or {}
    school = [{"school_code": "JX", "school_name": HOME, "stage": "小学"}]
    classes = [{"school_code": "JX", "class_id": CLASS, "class_name": "一(1)班", "school_year": handmade.YEAR}]
    term = [{"school_year": handmade.YEAR, "term": "第一学期", "start": first, "end": dt.date(2024, 1, 19)}]
    tables = {"school": school, "class": classes, "term": term, "daily": {HOME: rows}, "absence": {HOME: list(absence)}}
    return handmade.town(tables, (HOME, "乙小学"), dt.date(2024, 1, 19))


def test_a_whole_term_without_anybody_absent():
    (found,) = asked(full_term(), "Q05")
    assert "一(1)班60个上课日" in found.text
    assert len(found.places) == 60
    assert found.where().endswith("「日查」第2、3、4、5、6、7等60行")


@pytest.mark.parametrize(
    "given",
    [
        {"days": 59},
        {"size": 14},
        {"last": {"present": 19}},
        {"absence": [{"date": dt.date(2023, 10, 9), "class_id": CLASS, "kind": "病假"}]},
        {"absence": [{"date": dt.date(2023, 10, 9), "class_id": None, "kind": "病假"}]},
    ],
)
def test_near_misses_of_a_whole_term(given):
    assert asked(full_term(**given), "Q05") == []


# --- an earlier snapshot ----------------------------------------------------------------------------------------------
TAKEN = dt.date(2023, 10, 31)
PUPILS = [{"student_key": f"XS000000{number}", "name": f"甲{number}"} for number in range(4)]


def visit(number, date, key="XS0000001"):
    return {"visit_id": f"QF-{number}", "student_key": key, "date": date}


def with_visits(*visits, pupils=PUPILS, **more):
    return handmade.town({"roster": {HOME: pupils}, "visit": {HOME: list(visits)}}, as_of=dt.date(2023, 12, 31), **more)


OLD, EDGE, LATE = visit(1, dt.date(2023, 9, 20)), visit(2, dt.date(2023, 10, 17)), visit(3, dt.date(2023, 10, 16))


def backdated(now, earlier, taken=TAKEN):
    return [[place.row for place in one.places] for one in questions.backdated(now, earlier, taken, POLICY)]


def test_a_row_written_for_a_day_long_before_the_snapshot():
    now, earlier = with_visits(OLD, LATE), with_visits(OLD)
    (found,) = questions.backdated(now, earlier, TAKEN, POLICY)
    assert [place.row for place in found.places] == [3]
    assert found.text == "1条劝返记录写的是10-16，2023-10-31那份快照里还没有，是不是后来补记的？"
    assert found.code == "Q06"
    assert questions.ask(now, POLICY, (earlier, TAKEN)).questions == (found,)


@pytest.mark.parametrize(
    ("now", "earlier"),
    [
        ([OLD, EDGE], [OLD]),  # two weeks to the day
        ([OLD, visit(9, dt.date(2023, 11, 20))], [OLD]),
        ([LATE, OLD], [OLD, LATE]),
        ([OLD | {"visit_id": "QF-77"}], [OLD]),  # numbered anew
        ([OLD | {"date": dt.date(2023, 9, 21)}], [OLD]),  # a date put right
        ([OLD, visit(9, None)], [OLD]),
    ],
)
def test_rows_that_were_there_or_are_new(now, earlier):
    assert backdated(with_visits(*now), with_visits(*earlier)) == []


def test_no_question_where_nobody_knows_what_the_snapshot_held():
    now = with_visits(OLD, LATE)
    assert backdated(now, with_visits(unread=[(HOME, "cases")])) == []
    assert backdated(now, with_visits(pupils=[row | {"name": "乙"} for row in PUPILS])) == []  # another township
    assert backdated(now, with_visits(pupils=[])) == []


def test_the_newest_snapshot_of_an_earlier_month(tmp_path):
    def kept(month, snapshot, started):
        made = archive.Shelf(tmp_path, years.period(month), "monthly")
        (made.path / "inputs" / snapshot / handmade.YEAR).mkdir(parents=True)
        made.save([archive.Result("甲小学", {}, started, 1.0, archive.DONE, snapshot=snapshot)])
        return made.path / "inputs" / snapshot

    first = kept("2023-09", "aa", "2023-10-02T08:00:00+08:00")
    second = kept("2023-10", "bb", "2023-11-03T08:00:00+08:00")
    assert archive.snapshots(tmp_path) == [(second, dt.date(2023, 11, 3)), (first, dt.date(2023, 10, 2))]
    assert archive.snapshots(tmp_path, years.period("2023-10")) == [(first, dt.date(2023, 10, 2))]
    assert archive.snapshots(tmp_path, years.period("2023-09")) == []
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for month, found in (("2024-11", None), ("2023-11", (second, dt.date(2023, 11, 3)))):
        archive.tell(scratch, archive.Shelf(tmp_path, years.period(month), "monthly"), dt.date(2024, 12, 1))
        assert opening._earlier(scratch) == found


def test_questions_are_remembered_with_the_judgement(tmp_path):
    judgement = examine(full_term(), POLICY)
    remembering.remember(tmp_path / "judged.json", "key", dt.date(2024, 1, 19), judgement)
    assert remembering.recall(tmp_path / "judged.json", "key")[1].questions == judgement.questions


def test_only_what_was_asked_for_is_asked_about():
    judgement = examine(full_term(), POLICY)
    assert judgement.questions
    for wanted, expected in (
        ((), judgement.questions),
        ((f"{handmade.YEAR}/{HOME}",), judgement.questions),
        ((f"{handmade.YEAR}/乙小学",), ()),
    ):
        checked = opening.Checked(handmade.YEAR, dt.date(2024, 1, 19), judgement, wanted)
        assert checked.questions == expected


def test_the_page_asks_under_a_heading_of_its_own_and_names_no_pupil_to_the_town():
    made = full_term()
    judgement = examine(made, POLICY)
    for home, where in (("甲小学", "出勤_第一学期.xlsx"), ("", "甲小学/出勤_第一学期.xlsx")):
        month = replace(handmade.month(made, home), judgement=judgement)
        (details,) = [block for block in quality.data_quality(month).blocks if getattr(block, "open", False)][:1]
        assert details.summary == f"{questions.HEADING}：1 条"
        (line,) = details.blocks[0].items
        assert f"（{where}「日查」" in line
    elsewhere = replace(handmade.month(made, "乙小学"), judgement=judgement)
    assert questions.HEADING not in str(quality.data_quality(elsewhere))


def test_the_command_line_asks_below_the_findings():
    text = questions.report(asked(full_term(), "Q05"))
    assert text.startswith(f"\n{questions.HEADING}：1 条\n  Q05 ")
    assert f"{handmade.YEAR}/甲小学/出勤_第一学期.xlsx「日查」" in text


# --- speed and order --------------------------------------------------------------------------------------------------
WORDS = (
    "孩子家长老师学校上学回来说明约定每天早上电话祖父母亲父亲外省打工游戏手机功课数学语文辅导周一周五到校请假天气路远"
)


@settings(max_examples=8, deadline=None)
@given(st.integers())
def test_the_order_of_rows_changes_nothing(seed):
    chance = random.Random(seed)
    case = replace(chance.choice([case for case in CASES if case.bad]))
    mixed = []
    for table in case.tables:
        order = chance.sample(table.rows[1:], len(table.rows) - 1)
        mixed.append(replace(table, rows=[table.rows[0], *order]))

    def rows(town, found):
        return sorted(
            str(
                sorted(
                    town[sheet].loc[[town.place_of(place.workbook, place.row)]].iloc[0].dropna().astype(str).tolist()
                )
            )
            for one in found
            for place in one.places
            for sheet in [next(s.name for s in town.schema.sheets.values() if s.title == place.sheet)]
        )

    first, second = build(case), build(replace(case, tables=mixed))
    code = case.title.split()[0]
    assert rows(first, asked(first, code)) == rows(second, asked(second, code))


def test_copies_among_thousands_of_texts_are_found_in_seconds():
    chance = random.Random(1)
    many = ["".join(chance.choices(WORDS, k=chance.randint(40, 90))) for _ in range(3000)]
    many.append(many[0][:20] + "又" + many[0][21:])
    began = time.process_time()
    assert [set(pair) for pair in questions._pairs(sorted(many, key=len), 90)] == [{many[0], many[-1]}]
    assert time.process_time() - began < 10
