"""催办文字: one text a person, each finding in one of them, and nothing in it that says whose row it is."""

import re
from dataclasses import replace

import handmade
from kongchuo.core.editions import PUBLIC
from kongchuo.core.findings import ERROR, WARNING, Finding
from kongchuo.core.names import personal_names
from kongchuo.pages import quality, reminders
from kongchuo.pages.display import At, Details, Letters


def finding(home, stem, sheet, row, column, severity=ERROR, fix="请核对。", rule="X06", year="2023-2024"):
    return Finding(
        f"{year}/{home}/{stem}.xlsx", sheet, row, column, f"A{row}", rule, severity, f"赵小花在第{row}行", fix
    )


MADE, ROWS = handmade.township()
HOME = MADE.homes[0]


def view(*findings, home=HOME):
    return handmade.month(MADE, home, findings)


def letters(view):
    section = quality.data_quality(view)
    folds = (block for block in section.blocks if isinstance(block, Details))
    return [one for fold in folds for block in fold.blocks if isinstance(block, Letters) for one in block.items]


def test_each_person_gets_one_text_with_counts_and_rows():
    found = [finding(HOME, "学籍", "学生花名册", row, "姓名") for row in (4, 5, 6, 9)]
    found.append(finding(HOME, "学籍", "学生花名册", 3, "性别", WARNING))
    found.append(finding(HOME, "控辍台账", "辍学台账", 2, "认定日期", fix="请中心学校核实认定。"))
    first, office = letters(view(*found))
    assert (first.to, first.about, office.to) == ("学籍管理员", "错误 4 处、警告 1 处", "中心学校")
    assert "有5处请您改" in first.text
    assert "学籍「学生花名册」“姓名”第4—6、9行，错误4处" in first.text
    assert "学籍「学生花名册」“性别”第3行，警告1处" in first.text
    assert f"“2023-2024/{HOME}”" in first.text


def test_a_text_holds_no_name_of_a_family_and_no_message():
    every = [row for row in ROWS["suspected"] if row["home"] == HOME] or ROWS["suspected"]
    found = [finding(every[0]["home"], "控辍台账", "疑似辍学台账", 2 + at, "姓名") for at in range(3)]
    text = "\n".join(one.text for one in letters(view(*found, home="")))
    assert "在第" not in text
    assert not any(name in text for name in personal_names(MADE) - {one.to for one in letters(view(*found, home=""))})
    assert not re.search(r"\d{7,}", text)


def test_what_follows_from_another_mistake_is_in_no_text():
    cause = finding(HOME, "学籍", "学生花名册", 4, "姓名")
    after = replace(finding(HOME, "学籍", "学生花名册", 5, "姓名"), caused_by=cause.anchor)
    assert ["第4行" in one.text and "5" not in one.text.split("2.")[0][-8:] for one in letters(view(cause, after))] == [
        True
    ]
    assert sum(map(len, reminders.menders(view(cause, after)).values())) == 1


def test_a_workbook_of_last_year_is_not_to_be_opened():
    (one,) = letters(view(finding(HOME, "学籍", "学生花名册", 4, "学生编号", year="2022-2023")))
    assert "上学年学籍「学生花名册」" in one.text
    assert "请打开" not in one.text


def test_the_list_of_findings_leads_to_the_cell_and_to_the_text():
    section = quality.data_quality(view(finding(HOME, "学籍", "学生花名册", 4, "姓名")))
    table = next(block for block in section.blocks if getattr(block, "caption", "").startswith("问题清单"))
    (row,) = table.rows
    cell = row[table.columns.index("单元格")]
    assert cell == At("A4", f"2023-2024/{HOME}/学籍.xlsx", "'学生花名册'!A4")
    assert (
        row[table.columns.index("谁来改（首处）")].at
        == letters(view(finding(HOME, "学籍", "学生花名册", 4, "姓名")))[0].key
    )


def test_the_public_edition_sends_nobody_anything():
    found = finding(HOME, "学籍", "学生花名册", 4, "姓名")
    assert letters(replace(view(found), edition=PUBLIC)) == []
