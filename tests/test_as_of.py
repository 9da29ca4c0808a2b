"""The town as it stood on a day: rows dated later and cells filled later change nothing of it; what cannot be known is said."""

import datetime as dt
import random
import re
from dataclasses import replace

import pandas as pd
import pytest

import handmade
from kongchuo.core import policy
from kongchuo.core.places import POLICY
from kongchuo.core.tables import book_of, row_of
from kongchuo.facts import asof, enrolment
from kongchuo.figures import selfcheck, support
from kongchuo.pages import monthly, term, year as annual
from kongchuo.pages.term.rounds import Round
from kongchuo.pages.views import Month
from kongchuo.pages.year.years import Year
from kongchuo.papers import BY_NAME, inspection
from kongchuo.rules import checks, judging
from kongchuo.rules.judging import Judgement

DAY, END = dt.date(2023, 10, 31), dt.date(2024, 1, 26)
HELD = policy.load(POLICY)
OWN = ("change", "dropout", "suspected")  # made by hand below, since copies of their rows would contradict each other


def year(seed, spoil=None):
    made, _ = handmade.township(2, 70, seed, END, spoil)
    return made


def written_later(seed, last=DAY):
    """More rows in every sheet whose rows are dated, and cells filled after `last` in rows that were there before."""

    def spoil(rows):
        pick = random.Random(seed)

        def day():
            return last + dt.timedelta(days=pick.randrange(1, 80))

        for sheet in handmade.schema.default().sheets.values():
            lines = rows.get(sheet.name, [])
            if not sheet.dated or not lines or sheet.name in OWN:
                continue
            for number in range(4):
                row = dict(pick.choice(lines))
                for item in sheet.fields:
                    if item.past and item.name in row:
                        row[item.name] = day()
                    if item.unique or (item.name in sheet.primary_key and item.type == "string"):
                        row[item.name] = f"{row.get(item.name)}X{number}"
                lines.append(row | {sheet.dated: day()})
        for row in rows["suspected"]:
            if row["found"] <= last and "closed" not in row:
                row.update(closed=day(), verdict="返校", close_type="已复学", evidence="佐证", reviewer="甲")
        for row in rows["issue"]:
            if row.get("done") is None:
                row.update(done=day(), state="已完成", fix="已改", reviewer="甲")
        for row in rows["pupil_plan"]:
            said = {
                "review1": "有进步",
                "review2": "有进步",
                "converted": True,
                "goal_met": True,
                "conv_basis": "两学期均有进步",
            }
            row.update({name: value for name, value in said.items() if row.get(name) is None})
        here = {row["student_key"] for row in rows["change"]}
        gone = next(row for row in rows["roster"] if row["status"] == "在读" and row["student_key"] not in here)
        gone.update(status="已转出", status_date=day())
        left = {
            "student_key": gone["student_key"],
            "name": gone["name"],
            "class_from": gone["class_id"],
            "home": gone["home"],
        }
        left |= {"date": gone["status_date"], "kind": "转出", "move_id": "BD-X", "sys_state": "已核办"}
        rows["change"].append(left)
        case = {"case_id": "YS-2024-999", "source": "村报告", "found": day(), "student_key": gone["student_key"]}
        rows["suspected"].append(
            case | {"name": gone["name"], "last_day": last + dt.timedelta(days=1), "home": gone["home"]}
        )

    return spoil


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_written_later_is_not_there(seed):
    before, after = (asof.at(made, DAY) for made in (year(seed), year(seed, written_later(seed))))

    for name, sheet in before.schema.sheets.items():
        unsure = [item.name for item in sheet.fields if item.overwritten] + ["status_date"] * (name == "roster")
        pd.testing.assert_frame_equal(before[name].drop(columns=unsure), after[name].drop(columns=unsure), obj=name)
        assert {*before[name].columns} >= {item.name for item in sheet.fields}
        if sheet.dated:
            assert not (before[name][sheet.dated] > pd.Timestamp(DAY)).any(), name
    assert len(year(seed, written_later(seed))["visit"]) > len(after["visit"]), "the test adds nothing"


def test_the_tables_of_a_day_are_parts_of_one_frame_and_say_what_the_town_says():
    made = asof.at(year(1, written_later(1)), DAY)
    for workbook in made.workbooks:
        for name, table in workbook.tables.items():
            rows = made[name][book_of(made[name].index) == made.place_of(workbook.name)]
            assert not len(table) or not isinstance(table.held, pd.DataFrame), "a county would hold its rows twice"
            assert table.frame.index.tolist() == row_of(rows.index).tolist()
            assert table.frame.astype(str).to_dict("list") == rows[[*table.frame]].astype(str).to_dict("list"), name
            assert {row for row, _ in table.unread | table.later} <= {*table.frame.index}, name


def test_equal_texts_of_a_large_town_are_one_and_no_cell_changes():
    made, plain = (asof.at(year(1), DAY) for _ in range(2))
    for name in made.schema.sheets:  # each ledger is read by itself, so its texts are its own
        for column in made[name].select_dtypes("str"):
            own = [text if pd.isna(text) else f"{text} "[:-1] for text in made[name][column]]
            made[name][column] = pd.array(own, "str")
    made.share_texts()
    texts = {}
    for name in made.schema.sheets:
        pd.testing.assert_frame_equal(made[name], plain[name])
        for book in made.workbooks:
            if name in book.tables:
                pd.testing.assert_frame_equal(book.tables[name].frame, plain.by_name[book.name].tables[name].frame)
        for column in made[name].select_dtypes("str"):
            for text in made[name][column].dropna().tolist():
                assert texts.setdefault(text, text) is text, (name, column)
    assert len(texts) > 500


def test_no_finding_section_or_paper_of_the_month_changes():
    before, after = (asof.at(made, DAY) for made in (year(5), year(5, written_later(5))))
    judged = [judging.judge(made, HELD) for made in (before, after)]
    found = [replace(one, findings=tuple(sorted({*one.findings, *checks.check(made)}))) for one, made in zip(judged, (before, after), strict=True)]  # fmt: skip

    assert not any(one.broken for one in found)
    assert found[0].findings == found[1].findings
    home = before.homes[0]
    views = [
        Month(made, HELD, one, home, "2023-10", dt.date(2023, 10, 1), DAY)
        for made, one in zip((before, after), found, strict=True)
    ]
    for name, section in monthly.SECTIONS.items():
        assert said(section(views[0])) == said(section(views[1])), name
    for name in ("月报表", "简报", "劝学通知书", "劝返记录", "一生一案", "一家一案", "包保责任一览表", "档案目录"):
        assert said(list(BY_NAME[name].make(views[0]))) == said(list(BY_NAME[name].make(views[1]))), name


NOTHING = Judgement((), (), frozenset())


def at_the_round(seed, spoil=None):
    """The first round of inspection as a page of the end of its month sees it; its schools were inspected weeks before."""
    town = asof.at(year(seed, spoil), DAY)
    return Round(town, HELD, NOTHING, "", "2023-2024-1-1", dt.date(2023, 9, 1), DAY)


@pytest.mark.parametrize("seed", [6])
def test_no_section_or_paper_of_a_round_or_a_year_changes(seed):
    rounds = [at_the_round(seed, spoil) for spoil in (None, written_later(seed))]
    for name, section in term.SECTIONS.items():
        assert said(section(rounds[0])) == said(section(rounds[1])), name
    years = [Year(view.town, HELD, NOTHING, "", "2023-2024", dt.date(2023, 9, 1), DAY) for view in rounds]
    for name, section in annual.SECTIONS.items():
        assert said(section(years[0])) == said(section(years[1])), name
    months = [Month(view.town, HELD, NOTHING, "", "2023-10", dt.date(2023, 10, 1), DAY) for view in rounds]
    for name in ("督查通报", "督查通报公开版"):
        made = [said(list(BY_NAME[name].make(month))) for month in months]
        assert made[0] == made[1] != "[]", name
    august = [said(list(inspection.rewards(replace(month, period="2023-08")))) for month in months]
    assert august[0] == august[1] != "[]"


@pytest.mark.parametrize("seed", [7])
def test_a_school_s_sheet_stands_as_of_its_inspection(seed):
    """What was written down between the inspection and the end of the round is not in the score sheets, cases and groups."""
    inspected = at_the_round(seed).last
    assert inspected < DAY - dt.timedelta(days=14)
    later = written_later(seed, inspected)

    def spoilt(copies, more=lambda rows: None):
        def spoil(rows):
            more(rows)
            for row in rows["archive"]:  # brought up to date since: what it says now is not what the inspectors saw
                row.update(copies=copies, updated=inspected + dt.timedelta(days=9))

        return spoil

    first, second = (at_the_round(seed, spoil) for spoil in (spoilt(1), spoilt(0, later)))

    more, less = (sum(len(one.town[name]) for name in one.town.schema.sheets) for one in (second, first))
    assert more > less, "the test adds nothing"
    assert first.sheets == second.sheets
    assert [score.system for score in first.sheets[0].scores if score.number in (2, 10)] == [None, None]
    for name in ("score_sheets", "board", "cases", "groups"):
        assert said(term.SECTIONS[name](first)) == said(term.SECTIONS[name](second)), name


def test_a_day_of_a_past_day_is_that_day():
    """The sheet of an inspection on the page of a year (cut twice) is that of the page of its round."""
    made = year(8)
    once, twice = asof.at(made, DAY), asof.at(asof.at(made, dt.date(2023, 12, 29)), DAY)

    for name in made.schema.sheets:
        pd.testing.assert_frame_equal(once[name], twice[name], obj=name)
    for one, other in zip(once.workbooks, twice.workbooks, strict=True):
        for name, table in one.tables.items():
            assert (table.unread, table.later) == (other.tables[name].unread, other.tables[name].later), name
    assert asof.on(made, DAY) is asof.on(made, DAY), "worked out once a day"


def test_the_year_before_is_looked_at_as_of_the_day_too():
    pupil = {"student_key": "XS1", "name": "甲", "status": "毕业", "status_date": dt.date(2024, 1, 10)}
    before = handmade.town({"roster": {"甲小学": [pupil]}}, year="2022-2023", as_of=END)
    made = replace(handmade.town({}, as_of=END), before=before)

    assert asof.at(made, END).before["roster"]["status_date"].notna().all()
    assert asof.at(made, DAY).before["roster"]["status_date"].isna().all()


def said(made):
    """Everything a section or paper holds, as text; where objects lie in memory says nothing, nor the minute it was made."""
    return re.sub(r" at 0x[0-9a-f]+|(?<=\d{4}-\d\d-\d\d) \d\d:\d\d", "", repr(made))


def test_a_clean_year_is_clean_on_every_day():
    made = year(4)
    for day in (dt.date(2023, 10, 13), DAY, dt.date(2023, 12, 29)):
        town = asof.at(made, day)
        assert checks.check(town) == []
        assert judging.judge(town, HELD).findings == ()


def test_states_are_those_of_the_day():
    made = year(3)
    town = asof.at(made, DAY)
    then = enrolment.on(made, DAY).set_index(["home", "student_key"])["state"]
    now = enrolment.on(town, DAY).set_index(["home", "student_key"])["state"]

    assert (then[then != ""].sort_index() == now.sort_index()).all()
    assert not (then[then != ""] == "").any()
    known = town["roster"].set_index(["home", "student_key"])["status"]
    assert (known.sort_index() == now.sort_index()).all(), "在籍状态 is what it was"


def test_the_state_of_a_case_is_that_of_the_day():
    def row(**cells):
        return {"case_id": "CX-2023-001", "student_key": "XS1", "drop_date": dt.date(2023, 9, 20)} | cells

    back, closed = dt.date(2023, 12, 1), dt.date(2024, 1, 10)
    ended = row(
        confirm_date=dt.date(2023, 10, 20), back_date=back, back_mode="复学(原班)", closed=closed, state="已销号"
    )
    made = handmade.town({"dropout": {"甲小学": [ended]}}, as_of=END)
    states = {
        day: asof.at(made, day)["dropout"]["state"].tolist()
        for day in (dt.date(2023, 10, 1), DAY, dt.date(2023, 12, 31), closed)
    }

    assert list(states.values()) == [[], ["劝返中"], ["已复学跟踪"], ["已销号"]]
    assert asof.at(made, DAY)["dropout"]["back_mode"].isna().all()


def test_what_a_cell_said_before_it_was_written_anew_is_not_guessed():
    later = dt.date(2024, 1, 5)
    left = {"student_key": "XS1", "name": "甲", "last_contact": later}
    archive = {"school_year": "2023-2024", "archive_no": 1, "copies": 3, "updated": later}
    made = handmade.town({"leftbehind": {"甲小学": [left]}, "archive": {"甲小学": [archive]}}, as_of=END)
    scope = handmade.scope(asof.at(made, dt.date(2023, 10, 31)))

    contacted, filed = support.leftbehind_contacted(scope).total, selfcheck.archived(scope).total
    assert (contacted.text, contacted.left_out) == ("尚未判定", 1)
    assert "不知道本期" in contacted.note
    assert filed.left_out == 1
    assert not scope.town.known("archive", "copies").any()
    empty = {one.column for one in checks.check(scope.town) if one.rule == "F17"}
    assert not empty & {"份数", "更新日期", "最近联系父母日期"}, "nobody left the cell empty"
    logged = {"date": dt.date(2023, 10, 12), "student_key": "XS1", "name": "甲"}
    made = handmade.town({"leftbehind": {"甲小学": [left]}, "contact": {"甲小学": [logged]}}, as_of=END)
    months = [("2023-10-01", "2023-10-31"), ("2023-11-01", "2023-11-30")]
    rates = [support.leftbehind_contacted(handmade.scope(asof.at(made, dt.date.fromisoformat(end)), start, end)).total for start, end in months]  # fmt: skip
    assert [(rate.numerator, rate.denominator) for rate in rates] == [(1, 1), (0, 1)]


def test_a_problem_counts_from_the_day_it_was_found():
    issues = [
        {"issue_id": "1", "due": dt.date(2023, 12, 20), "found": dt.date(2023, 10, 20), "state": "整改中"},
        {"issue_id": "2", "due": dt.date(2024, 3, 20), "found": dt.date(2024, 3, 1), "state": "整改中"},
        {"issue_id": "3", "due": dt.date(2023, 10, 20), "state": "整改中"},  # due by then, so it was there
        {"issue_id": "4", "due": dt.date(2024, 3, 20), "state": "整改中"},  # who knows
    ]
    made = handmade.town({"issue": {"甲小学": issues}}, as_of=END)
    rows, unsure = selfcheck.problems(handmade.scope(asof.at(made, dt.date(2023, 10, 31))))
    now, nothing = selfcheck.problems(handmade.scope(made))

    assert (rows["issue_id"].tolist(), len(unsure)) == (["1", "3"], 1)
    assert (len(now), len(nothing)) == (4, 0), "of the present day all are there"


def test_references_to_what_is_not_there_yet_are_empty():
    case = {
        "case_id": "CX-2023-001",
        "confirm_date": dt.date(2023, 10, 20),
        "order_no": "令1",
        "order_due": dt.date(2024, 2, 1),
    }
    order = {"doc_no": "令1", "issued": dt.date(2024, 1, 15)}
    made = handmade.town({"dropout": {"甲小学": [case]}, "legal": {"甲小学": [order]}}, as_of=END)
    town = asof.at(made, DAY)

    assert town["dropout"][["order_no", "order_due"]].isna().all(axis=None)
    assert not [one for one in checks.check(town) if one.column in ("限期复学文书号", "限期")]
