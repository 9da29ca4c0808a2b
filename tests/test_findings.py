"""Findings are values with a place, a code and a remedy; reports group them."""

from dataclasses import replace

from kongchuo.core.findings import ERROR, KINDS, SEVERITIES, Place, count, grouped, report


def finding(code="F03", row=2, sheet="学生花名册", workbook="2023-2024/示例中学/学籍.xlsx"):
    return KINDS[code].at(Place(workbook, sheet, row, "证件号码", f"G{row}"))


def test_every_message_says_what_and_how_to_mend():
    for kind in KINDS.values():
        assert kind.severity in SEVERITIES
        assert kind.says
        assert kind.fix.replace("{near}", "").replace("{why}", "").endswith("。"), kind.code


def test_a_forgotten_fact_does_not_break_the_message():
    assert "〈value〉" in KINDS["F10"].at(Place("a.xlsx")).message


def test_grouped_gives_one_line_a_problem_with_first_and_last():
    first, *_ = groups = grouped([finding(row=9), finding(row=2), finding("F04", row=3)])

    assert [(g.count, g.first.cell, g.last.cell, g.first.rule) for g in groups] == [
        (2, "G2", "G9", "F03"),
        (1, "G3", "G3", "F04"),
    ]
    assert first.first.severity == ERROR


def test_findings_of_one_place_that_follow_from_one_another_end():
    """A cause and what follows from it may stand in one cell under one code; a circle has no first one."""
    cause, row = finding(row=2), finding(row=3)
    same = replace(cause, message="另一种说法", caused_by=cause.anchor)
    circle = [replace(cause, caused_by=row.anchor), replace(row, caused_by=cause.anchor)]

    (whole,) = grouped([cause, same])
    assert (whole.first, [group.first for group in whole.follows]) == (cause, [same])
    assert [(group.first, group.follows) for group in grouped([same])] == [(same, ())]
    assert {group.first for group in grouped(circle)} == {*circle}


def test_report_names_workbook_place_count_and_remedy():
    text = report([finding(row=9), finding(row=2)], "标题")

    assert "2023-2024/示例中学/学籍.xlsx" in text
    assert "F03 「学生花名册」G2 … G9 共2处" in text
    assert "请对照户口簿逐位核对" in text
    assert "错误 2 条" in text


def test_json_leaves_out_what_does_not_apply():
    value = KINDS["R02"].at(Place("2023-2024/示例中学/学籍.xlsx"), reason="x").as_json()

    assert list(value) == [
        "workbook",
        "sheet",
        "row",
        "column",
        "cell",
        "rule",
        "severity",
        "message",
        "fix",
        "caused_by",
    ]
    assert (value["sheet"], value["row"], value["cell"]) == (None, None, None)


def test_count_always_has_three_severities():
    assert count([]) == {"error": 0, "warning": 0, "info": 0}
