"""Lists from above as offices really send them: numbers hidden or shortened, two blocks, headers again and again, hidden parts."""

import openpyxl
import pytest
import xlsxwriter

from kongchuo.__main__ import main
from kongchuo.commands import reconcile
from kongchuo.core import schema
from kongchuo.excel.foreign_lists import read_list
from townships import known, to_compare  # noqa: F401 - the fixtures pupils and shared

SCHEMA = schema.default()
HEAD = ("姓名", "身份证号", "学校")


@pytest.fixture
def six(pupils):
    return pupils[:6]


def xlsx(path, rows, title="名单"):
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(title)
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    return path


def compared(shared, path):
    found = reconcile.compare(shared, path)
    rows = found.comparisons[0].rows
    return found, rows[rows["left"].notna()]


MASKS = {
    "星号": lambda number: f"{number[:6]}********{number[-4:]}",
    "全角星号": lambda number: f"{number[:6]}＊＊＊＊＊＊＊＊{number[-4:]}",
    "少几个星号": lambda number: f"{number[:3]}****{number[-4:]}",
    "只有末四位": lambda number: f"**************{number[-4:]}",
    "叉": lambda number: f"{number[:10]}XXXX{number[-4:]}",
    "小写叉": lambda number: f"{number[:10]}xxxx{number[-4:]}",
    "圆点": lambda number: f"{number[:6]}••••••••{number[-4:]}",
    "省略号": lambda number: f"{number[:6]}……{number[-4:]}",
}


@pytest.mark.parametrize("mask", MASKS)
def test_a_masked_number_is_no_number_but_its_end_tells(shared, six, tmp_path, mask):
    rows = [(one["name"], MASKS[mask](one["id_no"]), one["home"]) for one in six]
    found, mine = compared(shared, xlsx(tmp_path / "名单.xlsx", [HEAD, *rows]))

    assert set(mine["outcome"]) == {"相符"}
    assert mine["right"].notna().all()
    assert [(one.rule, one.cell) for one in found.findings] == [("F33", f"B{row}") for row in range(2, 8)]


def test_what_is_legible_of_a_number_and_does_not_fit_is_said(shared, six, tmp_path):
    rows = [(one["name"], f"{one['id_no'][:6]}********000X", "") for one in six]
    _, mine = compared(shared, xlsx(tmp_path / "名单.xlsx", [HEAD, *rows]))

    assert set(mine["outcome"]) == {"待核对"}
    assert mine["diff"].str.contains("号码末四位不同").all()


LOST = {
    "文字E": (lambda number: f"{int(number[:17]) * 10:.14E}".replace("+", ""), "F01"),
    "文字E+": (lambda number: "9.90001E+17", "F01"),
    "数值": (lambda number: float(int(number[:17]) * 10), "F01"),
    "太短": (lambda number: number[:9], "F33"),
    "文字": (lambda number: "证件号待补", "F33"),
    "末四位隐去": (lambda number: f"{number[:14]}****", "F33"),
}


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_number_that_is_none_is_named_and_the_name_compared(shared, six, tmp_path, kind, ending):
    damage, code = LOST[kind]
    rows = [HEAD, *((one["name"], damage(one["id_no"]), one["home"]) for one in six)]
    path = tmp_path / f"名单.{ending}"
    if ending == "xlsx":
        xlsx(path, rows)
    else:
        path.write_text("\n".join(",".join(map(str, row)) for row in rows), "utf-8")
    found, mine = compared(shared, path)

    assert [(one.rule, one.cell) for one in found.findings] == [(code, f"B{row}") for row in range(2, 8)]
    assert set(mine["reason"]) == {"仅姓名相同"}


def test_a_number_with_strokes_is_a_number(shared, six, tmp_path):
    rows = [(one["name"], f"{one['id_no'][:6]}-{one['id_no'][6:14]}-{one['id_no'][14:]}", "") for one in six]
    found, mine = compared(shared, xlsx(tmp_path / "名单.xlsx", [HEAD, *rows]))

    assert (found.findings, set(mine["outcome"])) == ((), {"相符"})


def test_two_blocks_side_by_side_are_one_list(shared, six, tmp_path, capsys):
    rows = [(one["name"], one["id_no"], one["home"]) for one in six]
    blocks = [
        (*HEAD, *HEAD),
        *((*left, *right) for left, right in zip(rows[:3], [*rows[3:5], ("", "", "")], strict=True)),
    ]
    path = xlsx(tmp_path / "名单.xlsx", [("某县疑似辍学名单",), *blocks])

    assert main(["reconcile", str(path), "--workbooks", str(shared)]) == 0
    said = capsys.readouterr().out
    assert "并排的2栏，都读了，共5人" in said
    assert "名单 5 人" in said


def test_a_second_column_of_names_is_no_second_list(tmp_path):
    rows = [("学生姓名", "身份证号", "姓名", "出生日期"), ("甲春梅", "990000201103150205", "乙父", "1980-05-08")]
    assert len(read_list(xlsx(tmp_path / "名单.xlsx", rows), SCHEMA).people) == 1


def test_a_header_printed_on_each_page_is_no_child(six, tmp_path):
    rows = [(one["name"], one["id_no"], one["home"]) for one in six]
    title = ("某县疑似辍学名单", "", "")
    listed = read_list(xlsx(tmp_path / "a.xlsx", [title, HEAD, *rows[:3], title, HEAD, *rows[3:], ("合计", 6)]), SCHEMA)

    assert listed.people["name"].tolist() == [one["name"] for one in six]
    assert any("第7行是重复的表头" in note for note in listed.notes)
    assert any("第6、11行像合计行" in note for note in listed.notes)


def test_hidden_rows_and_worksheets_are_said(shared, six, tmp_path, capsys):
    rows = [(one["name"], one["id_no"], one["home"]) for one in six]
    path = xlsx(tmp_path / "名单.xlsx", [HEAD, *rows[:4]])
    book = openpyxl.load_workbook(path)
    book.active.row_dimensions[3].hidden = True
    more = book.create_sheet("补充名单")
    for row in (HEAD, *rows[4:]):
        more.append(row)
    more.sheet_state = "hidden"
    book.save(path)

    assert main(["reconcile", str(path), "--workbooks", str(shared)]) == 1  # not all was compared
    said = capsys.readouterr().out
    assert "第3行是隐藏的，也核对了" in said
    assert "隐藏的工作表“补充名单”也像名单，有2人，没有核对" in said

    del book["名单"]
    book.create_sheet("封面")
    book.save(path)
    assert main(["reconcile", str(path), "--workbooks", str(shared)]) == 0
    assert "在隐藏的工作表“补充名单”里" in capsys.readouterr().out


@pytest.mark.parametrize("title", ["幼儿姓名", "姓名 Name", "Name 姓名", "姓名/Name", "儿童姓名", "姓  名（必填）"])
def test_headers_of_the_name(tmp_path, title):
    rows = [(title, "身份证号 ID No."), ("甲春梅", "990000201103150205")]
    (row,) = read_list(xlsx(tmp_path / "a.xlsx", rows), SCHEMA).people.to_dict("records")

    assert (row["name"], row["id_no"]) == ("甲春梅", "990000201103150205")
