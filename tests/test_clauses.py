"""方案落实: the plan line by line, each with what the ledgers say, counted again; what is lacking is never shown as none."""

import datetime as dt
from collections import Counter
from dataclasses import replace

import pytest

import handmade
from kongchuo import figures
from kongchuo.core.schema import CENTRE
from kongchuo.figures.plan import blamed, item, poor_beyond, written
from kongchuo.pages.display import Badge, Details, Table
from kongchuo.pages.monthly import plan
from kongchuo_township.office import MECHANISMS

LIABLE = ("无", "拒收贫困学生", "人籍不一", "空挂学籍", "无", "管理行为不当")


def spoil(rows):
    """Dropouts of several causes, an item of the archive that one school lacks, a young man who left school for want of money."""
    pupils = rows["roster"]
    for number, cause in enumerate(LIABLE):
        own = {key: pupils[number * 7][key] for key in ("student_key", "name", "class_id", "home")}
        rows["dropout"].append(
            own
            | {
                "case_id": f"CX-2023-9{number:02}",
                "liable": cause,
                "confirm_date": dt.date(2023, 10, 9),
                "state": "劝返中",
            }
        )
    first = rows["archive"][0]["home"]
    rows["archive"] = [row for row in rows["archive"] if (row["home"], row["archive_no"]) != (first, 13)]
    rows["beyond"][0] |= {"left": dt.date(2023, 10, 9), "cause": "家庭经济困难", "action": "联系复学"}
    rows["beyond"][1] |= {"left": dt.date(2023, 10, 9), "cause": "疾病", "action": "治疗"}
    rows["mechanism"] = [row for row in rows["mechanism"] if (row["kind"], row["no"]) != ("八项制度", 3)]
    for row in rows["mechanism"]:
        if (row["kind"], row["no"]) == ("十项措施", 6):
            row["title"] = "普职融合控辍"


@pytest.fixture(scope="module")
def made():
    return handmade.township(2, 50, spoil=spoil)


def lines(view):
    """Title -> what the section says of that line."""
    section = plan.section(view)
    tables = [block for fold in section.blocks if isinstance(fold, Details) for block in fold.blocks]
    return {
        row[0]: dict(zip(table.columns, row, strict=True))
        for table in tables
        if table.columns == plan.COLUMNS
        for row in table.rows
    }


def test_every_line_of_the_plan_is_there():
    parts = Counter(clause.part for clause in plan.CLAUSES)
    assert [*parts.values()] == [4, 2, 2, 3, 4, 8, 10, 7, 18]
    for kind, titles in MECHANISMS.items():
        assert [clause.no for clause in plan.CLAUSES if clause.kind == kind] == [*range(1, len(titles) + 1)], kind
    assert all(
        clause.full or clause.never or clause.told or clause.must or clause.rows or clause.story
        for clause in plan.CLAUSES
    )


def test_sections_and_sheets_that_lines_name_exist(made):
    town, _ = made
    assert {clause.at for clause in plan.CLAUSES} - {""} <= handmade_sections()
    assert {sheet for clause in plan.CLAUSES for sheet in (*clause.must, *clause.rows)} <= town.schema.sheets.keys()


def handmade_sections():
    from kongchuo.pages.monthly import SECTIONS

    return set(SECTIONS)


def test_words_and_who_answers_come_from_the_office(made):
    town, rows = made
    found = lines(handmade.month(town))
    assert "普职融合控辍" in found
    assert "融合控辍" not in found
    owner = next(row["owner"] for row in rows["mechanism"] if row["kind"] == "四包" and row["no"] == 1)
    assert found["中心学校人员包学校"]["负责人"] == owner
    assert "“机制项目”没有列" in found["学生变动即时报告制度"]["差距"].text


def test_causes_items_and_sentences_counted_again(made):
    town, rows = made
    scope = handmade.scope(town, end="2024-01-31")
    own = [row.get("liable") for row in rows["dropout"]]
    for causes in ((), ("拒收贫困学生",), ("人籍不一", "空挂学籍")):
        wanted = sum(cause in causes if causes else cause not in ("无", None) for cause in own)
        total = blamed(scope, *causes).total
        assert (total.numerator, total.denominator) == (wanted, len(own)), causes
    for number in (1, 13):
        there = {
            row["home"]
            for row in rows["archive"]
            if row["archive_no"] == number and (row["copies"] or row.get("missing"))
        }
        total = item(number)(scope).total
        assert (total.numerator, total.denominator) == (len(there), len(town.homes))
    assert item(13)(scope).total.short == 1
    for measure in ("均衡控辍", "融合控辍"):
        homes = {row["home"] for row in rows["story"] if row["measure"] == measure}
        due = (
            {row["school_name"] for row in rows["school"] if row["stage"] == "初中"}
            if measure == "融合控辍"
            else set(town.homes)
        )
        total = written(measure)(scope).total
        assert (total.numerator, total.denominator) == (len(homes & due), len(due))


def test_d17_counted_again_and_is_a_gap(made):
    town, rows = made
    total = poor_beyond(handmade.scope(town)).total
    wanted = sum(row.get("cause") == "家庭经济困难" and bool(row.get("left")) for row in rows["beyond"])
    assert (total.numerator, total.denominator) == (wanted, len(rows["beyond"])) == (1, len(rows["beyond"]))
    before = handmade.scope(town, "2023-09-01", "2023-09-30")
    assert poor_beyond(before).total.numerator == 0, "who leaves later has not left yet"
    assert lines(handmade.month(town))["其他学段无一例因贫辍学"]["差距"] == Badge("bad", "其他学段因贫辍学 1")


def test_a_school_without_a_sentence_or_a_row_has_a_gap():
    def bare(rows):
        for sheet in ("story", "publicity_log", "beyond", "visit"):
            rows[sheet] = []

    town, _ = handmade.township(2, 50, spoil=bare)
    found = lines(handmade.month(town, town.homes[0]))
    assert "写了做法差 1" in found["均衡控辍"]["差距"].text
    assert "没有宣传会议" in found["宣传控辍"]["差距"].text
    assert "没有其他学段" in found["其他学段无一例因贫辍学"]["差距"].text
    assert "劝返记录" not in found["谁的学生谁劝返"]["差距"].text, "no case, no visit: that is well"
    whole = lines(handmade.month(town))
    assert f"{len(town.homes)}校没有宣传会议" in whole["宣传控辍"]["差距"].text


def test_an_item_of_the_archive_that_nobody_could_read_is_not_lacking(made):
    town, _ = made
    book = next(one for one in town.workbooks if one.book.name == "selfcheck" and one.home == town.homes[0])
    table = book.tables["archive"]
    place = table.frame.index[table.frame["archive_no"] == 1][0]
    frame = table.frame.assign(copies=table.frame["copies"].mask(table.frame.index == place))
    lost = replace(table, frame=frame, unread=table.unread | {(place, "copies")})
    own = tuple(replace(one, tables=one.tables | {"archive": lost}) if one is book else one for one in town.workbooks)
    view = handmade.month(replace(town, workbooks=own, _frames={}, _made={}), book.home)
    assert lines(view)["上级控辍保学文件"]["差距"] == plan.UNKNOWN


def test_what_cannot_be_read_is_not_judged(made):
    town, _ = made
    gone = [
        replace(book, read=False, tables={}) if book.book.name in ("support", "selfcheck") else book
        for book in town.workbooks
    ]
    found = lines(handmade.month(replace(town, workbooks=tuple(gone), _frames={}, _made={})))
    for title in ("其他学段无一例因贫辍学", "贫困家庭学生", "均衡控辍"):
        assert found[title]["差距"] == plan.UNKNOWN, title


def parts(view):
    """Part of the plan -> (what the summary says of its gaps, how many of its lines nobody could judge)."""
    table = next(block for block in plan.section(view).blocks if isinstance(block, Table))
    return {row[0]: row[2:] for row in table.rows}


def test_a_part_of_which_a_line_is_not_judged_has_no_green_none(made):
    town, _ = made
    home = town.homes[0]
    gone = [
        replace(book, read=False, tables={}) if (book.book.name, book.home) == ("selfcheck", home) else book
        for book in town.workbooks
    ]
    view = handmade.month(replace(town, workbooks=tuple(gone), _frames={}, _made={}), home)
    assert parts(view)[plan.ARCHIVE] == (plan.UNKNOWN, 18)
    summaries = [block.summary for block in plan.section(view).blocks if isinstance(block, Details)]
    assert f"{plan.ARCHIVE}（18 条，有差距 0 条，尚未判定 18 条）" in summaries


def test_nothing_filled_is_not_judged_and_nothing_registered_is_no_green_none():
    known, found = parts(handmade.month(handmade.town({}))), lines(handmade.month(handmade.town({})))
    assert known[plan.NEVER] == (plan.UNKNOWN, 7)
    assert not any(state.tone == "good" for state, _ in known.values())
    assert found["残疾儿童少年学生"]["差距"] == plan.UNKNOWN

    def bare(rows):
        for row in rows["roster"]:
            row["groups"] = None
        for sheet in ("suspected", "dropout", "visit", "disabled", "family_plan", "pupil_plan", "support_log"):
            rows[sheet] = []

    view = handmade.month(handmade.township(2, 50, spoil=bare)[0])
    assert parts(view)[plan.NEVER] == (plan.NOTHING, 0)
    assert lines(view)["谁的学生谁劝返"]["差距"] == plan.NOTHING
    assert lines(view)["谁的学生谁负责"]["差距"].tone != "plain"


def test_the_schools_own_words_are_printed_and_only_those_of_the_period(made):
    town, _ = made
    (fold,) = (
        block
        for block in plan.section(handmade.month(town, town.homes[0])).blocks
        if isinstance(block, Details) and block.printed
    )
    (table,) = fold.blocks
    assert isinstance(table, Table)
    assert {row[1] for row in table.rows} == {town.homes[0]}
    early = handmade.scope(town, "2023-09-01", "2023-09-10")
    assert not len(figures.plan.stories(early, "均衡控辍"))
    assert CENTRE not in town.homes
