"""A confirmed waiver keeps one finding silent for one value and for a time, and nothing that makes figures wrong."""

import datetime as dt
import json
from dataclasses import replace

import openpyxl
import pytest

import handmade
from kongchuo import __main__ as cli
from kongchuo.commands import remembering
from kongchuo.core import schema, workbooks
from kongchuo.core.findings import ERROR, INFO, WARNING, Finding
from kongchuo.core.places import RESULTS
from kongchuo.core.workbooks import Asked
from kongchuo.excel import result_lines, result_sheet, writing
from kongchuo.excel.parts import Package
from kongchuo.pages import display, quality
from kongchuo.rules import judging, waivers
from kongchuo.rules.judging import RULES, Judgement

BOOKS = schema.default()
NAME = f"{handmade.YEAR}/甲小学/学籍.xlsx"
DAY, LATER = dt.date(2023, 10, 31), dt.date(2024, 1, 31)
PUPILS = [{"student_key": f"XS{n:07d}", "name": f"甲春{'梅兰竹菊'[n]}", "sex": "女"} for n in range(4)]


def town(rows=PUPILS, asked=()):
    made = handmade.town({"roster": {"甲小学": rows}}, as_of=DAY)
    books = (replace(book, asked=tuple(asked)) if book.name == NAME else book for book in made.workbooks)
    return replace(made, workbooks=tuple(books))


def found(row=3, rule="X99", severity=WARNING, field="name"):
    sheet = BOOKS.sheets["roster"]
    return Finding(NAME, sheet.title, row, sheet.by_name[field].title, f"B{row}", rule, severity, "错了", "请核对")


def ask(finding, **more):
    known, held = workbooks.known_as(town().by_name[NAME], finding)
    given = {"reason": "户口簿即如此", "asked_by": "甲老师", "confirmed": True, "until": LATER} | more
    return Asked(**({"identity": known, "held": held} | given))


def settled(finding, asked, rows=PUPILS):
    return waivers.settle(town(rows, [asked]), [finding])


def test_a_confirmed_waiver_silences():
    stay, waived = settled(found(), ask(found()))
    assert stay == ()
    assert waived == (waivers.Waived(found(), "户口簿即如此", "甲老师", LATER),)


def test_it_silences_no_other():
    for other in (found(row=4), found(rule="X98"), found(field="sex")):
        assert settled(other, ask(found())) == ((other,), ())


def test_it_goes_along_with_the_row():
    moved = [PUPILS[1], PUPILS[0], *PUPILS[2:]]
    stay, waived = settled(found(row=2), ask(found(row=3)), moved)
    assert (stay, len(waived)) == ((), 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reason": ""}, "没有写理由"),
        ({"asked_by": ""}, "没有写申请人"),
        ({"confirmed": False}, "校长还没有确认"),
        ({"until": None}, "没有写到哪一天为止"),
        ({"until": None, "typed": "明年"}, "“豁免至”的日期“明年”无法识别"),
        ({"until": dt.date(2023, 10, 30)}, "已于2023-10-30到期"),
        ({"until": dt.date(2025, 1, 1)}, "太远"),
        ({"held": "0" * 16}, "改过"),
        ({"held": ""}, "改过"),
    ],
)
def test_one_that_does_not_hold_is_said_where_the_finding_is(change, why):
    stay, waived = settled(found(), ask(found(), **change))
    assert waived == ()
    said = next(one for one in stay if one.rule == "S90")
    assert found() in stay
    assert (said.workbook, said.sheet, said.row, said.cell) == (NAME, found().sheet, 3, "B3")
    assert why in said.message
    assert "X99" in said.message
    assert said.fix


def test_it_holds_on_its_last_day():
    assert settled(found(), ask(found(), until=DAY))[0] == ()


def test_it_ends_when_the_value_changes():
    changed = [PUPILS[0], {**PUPILS[1], "name": "甲春桂"}, *PUPILS[2:]]
    stay, waived = settled(found(), ask(found()), changed)
    assert waived == ()
    assert {one.rule for one in stay} == {"X99", "S90"}
    other_cell = [PUPILS[0], {**PUPILS[1], "sex": "男"}, *PUPILS[2:]]
    assert settled(found(), ask(found()), other_cell)[0] == ()


@pytest.mark.parametrize(("severity", "rule"), [(ERROR, "X99"), (WARNING, "F22"), (INFO, "R07")])
def test_what_makes_figures_wrong_cannot_be_waived_and_that_is_said(severity, rule):
    finding = found(severity=severity, rule=rule)
    stay, waived = settled(finding, ask(finding))
    assert waived == ()
    assert {one.rule for one in stay} == {rule, "S91"}


def test_some_errors_can_be():
    finding = found(severity=ERROR, rule="F03", field="id_no")
    assert len(settled(finding, ask(finding))[1]) == 1


def test_the_lists_of_codes_name_real_ones():
    from kongchuo.core.findings import KINDS

    known = {kind.code: kind.severity for kind in [*KINDS.values(), *(rule.kind for rule in RULES)]}
    assert all(known[code] == ERROR for code in waivers.MAY)
    assert all(known[code] != ERROR or code.startswith("R") for code in waivers.NEVER)


def test_rows_with_one_key_are_told_apart():
    """Two rows with the same number, or none: what is waived of one is not waived of the other."""
    rows = [{**PUPILS[0], "student_key": "XS1"}, {**PUPILS[1], "student_key": "XS1"}, {"name": "甲"}, {"name": "乙"}]
    book = town(rows).by_name[NAME]
    held = [workbooks.known_as(book, found(row=row)) for row in (2, 3, 4, 5)]
    assert len(set(held)) == 4


def test_a_key_of_numbers_may_be_empty():
    rows = [{"month": "2023-10", "item_no": number} for number in (1, None, None)]
    made = handmade.town({"selfcheck": {"甲小学": rows}}, as_of=DAY)
    sheet = BOOKS.sheets["selfcheck"]
    book = next(one for one in made.workbooks if "selfcheck" in one.tables)
    kinds = [
        Finding(book.name, sheet.title, row, sheet.by_name["month"].title, f"B{row}", "X99", WARNING, "错了", "请核对")
        for row in (2, 3, 4)
    ]
    assert len({workbooks.known_as(book, one) for one in kinds}) == 2  # the last two say the same in the same way


def test_columns_are_called_as_in_the_template():
    titles = {column.name: column.title for column in result_sheet.COLUMNS}
    assert [titles[name] for name in ("identity", "reason", "asked_by", "confirmed", "until")] == [
        waivers.IDENTITY,
        *waivers.TYPED,
    ]


HEAD = [column.title for column in result_sheet.COLUMNS]


def typed(**values):
    row = dict.fromkeys(HEAD, "")
    row |= {waivers.IDENTITY: "ab.cd", waivers.REASON: "因", waivers.CONFIRMED: "是", waivers.UNTIL: LATER} | values
    return list(row.values())


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (LATER, LATER),
        (dt.datetime(2024, 1, 31), LATER),
        (45322.0, LATER),
        ("2024-1-31", LATER),
        ("2024年1月31日", LATER),
        ("２０２４．１．３１", LATER),
        ("2024-02-30", None),
        ("明年", None),
        (20240131.0, None),
        (True, None),
        ("", None),
    ],
)
def test_the_day_as_people_write_it(value, day):
    (one,) = waivers.read([HEAD, typed(**{waivers.UNTIL: value})])
    assert one.until == day


def test_bad_lines_are_no_waivers():
    assert list(waivers.read([])) == []
    assert list(waivers.read([["别的"], ["x"]])) == []
    assert list(waivers.read([HEAD, [], [""] * 30, ["x"]])) == []
    assert list(waivers.read([HEAD, typed(**{waivers.IDENTITY: 5.0})])) == []
    nothing = {waivers.REASON: "", waivers.CONFIRMED: "", waivers.UNTIL: ""}
    assert list(waivers.read([HEAD, typed(**nothing)])) == []
    (one,) = waivers.read([HEAD, typed(**{waivers.CONFIRMED: "否"})])
    assert not one.confirmed


# --- through files ----------------------------------------------------------------------------------------------------
@pytest.fixture
def file(tmp_path, monkeypatch):
    """A workbook with one remark that may be waived (F08: a name with a digit), as the only thing in its year."""
    monkeypatch.setattr(judging, "judge", lambda *_: Judgement((), (), frozenset()))  # what reading says is enough
    path = tmp_path / "shared" / NAME
    rows = [PUPILS[0], {**PUPILS[1], "name": "甲春1"}]
    writing.write_workbook(path, BOOKS.by_stem["学籍"], {"roster": rows}, BOOKS)
    return path


def run(path, out, *more, command="mark"):
    more = (*more, "--out", str(out)) if command == "mark" else more
    return cli.main([command, str(path), "--as-of", "2023-10-31", *more])


def waive(path, rule, **values):
    book = openpyxl.load_workbook(path)
    page = book[RESULTS]
    row = next(row for row in range(2, page.max_row + 1) if page[f"{result_sheet.LETTERS['rule']}{row}"].value == rule)
    for name, value in values.items():
        page[f"{result_sheet.LETTERS[name]}{row}"] = value
    book.save(path)


def test_from_mark_to_waiver_to_silence(file, tmp_path, capsys):
    out = tmp_path / "out"
    run(file, out, "--in-place")
    waive(file, "F08", reason="户口簿上就有", asked_by="甲老师", confirmed="是", until=LATER)
    capsys.readouterr()
    run(file, out, command="check")
    printed = capsys.readouterr().out
    assert "F08" not in printed.split("已豁免")[0]
    assert "已豁免 1 条：F08 1 条" in printed
    run(file, out, "--json", command="check")
    shown = json.loads(capsys.readouterr().out)
    assert all(one["rule"] != "F08" for one in shown["findings"])
    (one,) = shown["waived"]
    assert (one["rule"], one["waiver"]["until"], one["waiver"]["asked_by"]) == ("F08", "2024-01-31", "甲老师")
    for way in ((), ("--clear",)):
        run(file, out, "--in-place", *way)
        lines = [line for line in result_lines.read(Package(file.read_bytes())) if line["rule"] == "F08"]
        assert [(line["state"], line["reason"], line["confirmed"]) for line in lines] == [
            ("已豁免", "户口簿上就有", "是")
        ]
        assert "place" not in lines[0], "no cell is lit for it"
    run(file, out, "--in-place")
    assert any(line["state"] == "待改" for line in result_lines.read(Package(file.read_bytes())))


def test_a_new_value_must_be_confirmed_again(file, tmp_path, capsys):
    run(file, tmp_path / "out", "--in-place")
    waive(file, "F08", reason="户口簿上就有", asked_by="甲老师", confirmed="是", until=LATER)
    book = openpyxl.load_workbook(file)
    page = book["学生花名册"]
    cell = next(cell for cell in page[3] if cell.value == "甲春1")
    cell.value = "甲春2"
    book.save(file)
    capsys.readouterr()
    run(file, tmp_path / "out", "--in-place")
    line = next(line for line in result_lines.read(Package(file.read_bytes())) if line["rule"] == "F08")
    assert (line["reason"], line["state"]) == ("户口簿上就有", "待改")
    assert "confirmed" not in line
    run(file, tmp_path, "--fresh", command="check")
    assert "校长还没有确认" in capsys.readouterr().out


def test_what_is_remembered_holds_the_waived(tmp_path):
    waived = (waivers.Waived(found(), "因", "甲", LATER),)
    judgement = Judgement((), (), frozenset({"X99"}), waived=waived)
    remembering.remember(tmp_path / "judged.json", "key", DAY, judgement)
    assert remembering.recall(tmp_path / "judged.json", "key") == (DAY, judgement)


def test_the_monthly_page_counts_and_lists_them():
    made = town()
    month = handmade.month(made, "甲小学")
    waived = (waivers.Waived(found(), "户口簿即如此", "甲老师", LATER),)
    month = replace(month, judgement=replace(month.judgement, waived=waived))
    html = display.card(quality.data_quality(month))
    assert "已豁免的问题：1 处" in html
    assert "户口簿即如此" in html
    assert "2024-01-31" in html
    assert quality.state(month)["waived"] == 1
    other = replace(month, home="乙小学")
    assert "户口簿即如此" not in display.card(quality.data_quality(other))
