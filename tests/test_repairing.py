"""kongchuo repair: what pasting took out of a workbook is put back in a copy, and no cell holds anything else."""

import copy
import datetime as dt
import io
import re
import shutil
import subprocess
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings, strategies as st
from openpyxl.utils import get_column_letter, range_boundaries

from dressed import dress, edited, strange
from kongchuo import __main__ as cli, console
from kongchuo.commands import repairing as job
from kongchuo.core import schema
from kongchuo.core.workbooks import Workbook
from kongchuo.excel import ranges, reading, repairing, writing
from kongchuo.excel.parts import Package, Refused
from validating import complaints

BOOKS = schema.default()
BOOK = BOOKS.by_stem["学籍"]
SHEET = BOOKS.sheets["roster"]
LETTERS = {item.name: get_column_letter(place) for place, item in enumerate(SHEET.typed, start=1)}
LAST, HINT = (get_column_letter(len(SHEET.typed) + more) for more in (0, 1))
PUPILS = [
    {
        "student_key": f"XS{n:07d}",
        "name": "甲春梅",
        "sex": "女",
        "id_no": f"99000020110315{n:04}",
        "birth_date": dt.date(2011, 3, 15),
        "seat_no": n,
        "guardian_tel": "13800000000",
    }
    for n in range(1, 41)
]
PART = "xl/worksheets/sheet2.xml"


def fresh(finish=None):
    return writing.workbook_bytes("学籍", BOOK, {"roster": PUPILS}, BOOKS, finish)


PLAIN = fresh()


def repaired(data, tmp_path):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(data)
    workbook = reading.read_workbook(path, "2023-2024/示例中学/学籍.xlsx", BOOK, BOOKS.codes)
    assert workbook.read
    return repairing.repaired(data, workbook, BOOKS)


def parts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def instead(*pairs, part=PART, data=None):
    """A workbook with texts of a part replaced; each must be there."""

    def change(old):
        text = old.decode()
        for pattern, new in pairs:
            text, count = re.subn(pattern, new, text)
            assert count, pattern
        return text.encode()

    return edited(PLAIN if data is None else data, {part: change})


def rules(data):
    """Rules for typing as another program reads them: column -> (kind, formula, rows)."""
    page = openpyxl.load_workbook(io.BytesIO(data))[SHEET.title]
    found = {}
    for rule in page.data_validations.dataValidation:
        for part in str(rule.sqref).split():
            left, top, right, bottom = range_boundaries(part)
            for column in range(left, right + 1):
                formula = re.sub(r"\b[A-Z]{1,2}\d+\b", "@", rule.formula1 or "")
                found.setdefault(get_column_letter(column), set()).add((rule.type or "none", formula, top, bottom))
    return found


def asking(data):
    """Those rules that ask for something and do not only say what to type."""
    return {column: {rule for rule in found if rule[0] != "none"} for column, found in rules(data).items()}


def style(cell, to):
    return rf'(<c r="{cell}") s="\d+"', rf'\1 s="{to}"'


SEX, NATION, ID, PHONE, BIRTH = (LETTERS[name] for name in ("sex", "ethnicity", "id_no", "guardian_tel", "birth_date"))


@pytest.fixture(scope="module")
def pasted():
    """What a morning of pasting leaves: a drop-down cut up, one gone, one replaced; formats, hints and the red rule lost."""
    return instead(
        (rf'sqref="{SEX}2:{SEX}3000"', f'sqref="{SEX}2:{SEX}9 {SEX}21:{SEX}3000"'),
        (rf'<dataValidation [^>]*sqref="{NATION}2:{NATION}3000"><formula1>列表_民族</formula1></dataValidation>', ""),
        (r"<formula1>列表_就读方式", "<formula1>列表_性别"),
        (r'<dataValidations count="\d+">', '<dataValidations count="60">'),
        style(f"{ID}5", "0"),
        (rf'(<c r="{PHONE}7") s="\d+"', r"\1"),
        (rf'<c r="{HINT}8".*?</c>', ""),
        (f'(<conditionalFormatting sqref=")A2:{LAST}3000', rf"\1A2:{LAST}9 A13:{LAST}3000"),
        (r'(<col min="2" max="2" [^>]*) style="\d+"', r"\1"),
    )


def test_the_template_and_a_filled_workbook_need_nothing(tmp_path):
    assert repaired(PLAIN, tmp_path) == repairing.Repaired(PLAIN)
    for book in BOOKS.books:
        data = writing.workbook_bytes(book.title, book, {}, BOOKS)
        path = tmp_path / f"{book.title}.xlsx"
        path.write_bytes(data)
        workbook = reading.read_workbook(path, f"2023-2024/甲/{path.name}", book, BOOKS.codes)
        assert repairing.repaired(data, workbook, BOOKS) == repairing.Repaired(data)


def test_a_row_pasted_as_a_whole_takes_text_again_and_keeps_its_colours(tmp_path):
    """Its style covers those of the columns wherever it has no cell: a number typed there next would lose its zeros."""
    book = openpyxl.load_workbook(io.BytesIO(PLAIN))
    page = book[SHEET.title]
    yellow = openpyxl.styles.PatternFill("solid", fgColor="FFFFFF00")
    for number in (7, 60):  # among the pupils, and below them
        for cell in list(page[number]):
            if cell.value is None:
                del page._cells[cell.row, cell.column]
        page.row_dimensions[number].fill = yellow
    page.row_dimensions[1].fill = yellow
    out = io.BytesIO()
    book.save(out)
    made = repaired(out.getvalue(), tmp_path)
    (said,) = (line for line in made.done[SHEET.title] if "整行" in line)
    assert said == "放回整行粘贴盖掉的格式 2 行"
    after = openpyxl.load_workbook(io.BytesIO(made.data))[SHEET.title]
    for number in (7, 60):
        for name in ("id_no", "guardian_tel", "address", "status_date", "seat_no"):
            cell = after[f"{LETTERS[name]}{number}"]
            if cell.value is None and name != "seat_no":
                assert cell.number_format == {"status_date": "yyyy-mm-dd"}.get(name, "@"), (number, name)
                assert cell.fill.fgColor.rgb == "FFFFFF00"
        assert after.row_dimensions[number].fill.fgColor.rgb == "FFFFFF00"
    assert after[f"{ID}60"].number_format == "@"
    assert repaired(made.data, tmp_path).done == {}, "nothing is left to repair"
    assert complaints(made.data, tmp_path, "a.xlsx") <= complaints(out.getvalue(), tmp_path, "b.xlsx")


def test_everything_is_put_back_and_no_cell_holds_anything_else(pasted, tmp_path):
    made = repaired(pasted, tmp_path)
    assert rules(made.data) == rules(PLAIN) != rules(pasted)
    before, after = (openpyxl.load_workbook(io.BytesIO(data))[SHEET.title] for data in (pasted, made.data))
    for address in (f"{ID}5", f"{PHONE}7"):
        assert (before[address].number_format, after[address].number_format) == ("General", "@")
    held = [
        {c.coordinate: c.value for row in page.iter_rows() for c in row if c.value is not None}
        for page in (before, after)
    ]
    formula = after[f"{HINT}9"].value.replace("9", "8")
    assert held[1] == held[0] | {f"{HINT}8": formula}
    (lit,) = [str(one.sqref) for one in after.conditional_formatting]
    assert lit == f"A2:{LAST}3000"
    said = "。".join(made.done[SHEET.title])
    for word in ("性别", "民族", "证件号码1", "监护人电话1", "整列格式 1 列（学籍号）", "标红的条件格式", "公式 1 行"):
        assert word in said


def test_again_there_is_nothing_to_repair(pasted, tmp_path):
    made = repaired(pasted, tmp_path)
    assert repaired(made.data, tmp_path) == repairing.Repaired(made.data)


def test_only_the_worksheet_and_the_styles_are_written(pasted, tmp_path):
    before, after = parts(pasted), parts(repaired(pasted, tmp_path).data)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {PART, "xl/styles.xml"}


def test_the_validator_finds_nothing_new(pasted, tmp_path):
    assert complaints(repaired(pasted, tmp_path).data, tmp_path, "a.xlsx") <= complaints(PLAIN, tmp_path, "b.xlsx")


def test_pictures_buttons_and_extensions_survive(tmp_path):
    data = fresh(lambda sheet, page: dress(page, SHEET.title) if sheet.name == "roster" else None)
    data = instead((rf' sqref="{SEX}2:{SEX}3000"', f' sqref="{SEX}3:{SEX}3000"'), data=data)
    made = repaired(data, tmp_path)
    before, after = parts(data), parts(made.data)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {PART}
    assert "x14:dataValidation" in after[PART].decode() or "AI5" in after[PART].decode()
    assert complaints(made.data, tmp_path, "a.xlsx") <= complaints(data, tmp_path, "b.xlsx")


def test_a_rule_brought_along_gives_way(tmp_path):
    """Pasted from another workbook, also as the extension that Excel makes of a list on another worksheet."""
    other = f'<dataValidation type="list" sqref="{SEX}4:{SEX}6 AK1"><formula1>"男生,女生"</formula1></dataValidation>'
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
        '<x14:dataValidations count="1" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:dataValidation type="list">'
        f"<x14:formula1><xm:f>字典!$A$2:$A$3</xm:f></x14:formula1><xm:sqref>{NATION}2:{NATION}4</xm:sqref></x14:dataValidation>"
        "</x14:dataValidations></ext></extLst>"
    )
    data = instead(
        (rf' sqref="{SEX}2:{SEX}3000"', f' sqref="{SEX}2:{SEX}3 {SEX}7:{SEX}3000"'),
        (rf' sqref="{NATION}2:{NATION}3000"', f' sqref="{NATION}5:{NATION}3000"'),
        ("</dataValidations>", other + "</dataValidations>"),
        ("</worksheet>", extension + "</worksheet>"),
    )
    made = repaired(data, tmp_path)
    after = parts(made.data)[PART].decode()
    assert "extLst" not in after
    assert rules(made.data) == rules(PLAIN) | {"AK": {("list", '"男生,女生"', 1, 1)}}
    assert complaints(made.data, tmp_path, "a.xlsx") == complaints(PLAIN, tmp_path, "b.xlsx")


def test_digits_that_are_lost_are_named_and_not_guessed(tmp_path):
    data = instead((rf'<c r="{ID}4" s="\d+" t="s"><v>\d+</v></c>', f'<c r="{ID}4"><v>1.10101199001011E+17</v></c>'))
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(data)
    workbook = reading.read_workbook(path, "2023-2024/示例中学/学籍.xlsx", BOOK, BOOKS.codes)
    assert repairing.lost_digits(workbook) == {SHEET.title: [f"{ID}4"]}
    made = repaired(data, tmp_path)
    assert f'<c r="{ID}4" s="' in parts(made.data)[PART].decode()
    assert "<v>1.10101199001011E+17</v>" in parts(made.data)[PART].decode()


def test_what_would_be_read_as_something_else_keeps_its_format(tmp_path):
    """A real date that somebody pasted into a column of text, and a serial number in a column of dates."""
    date = re.search(rf'<c r="{BIRTH}2" s="(\d+)"', parts(PLAIN)[PART].decode())[1]
    data = instead(
        (rf'<c r="{ID}4" s="\d+" t="s"><v>\d+</v></c>', f'<c r="{ID}4" s="{date}"><v>45170</v></c>'),
        style(f"{BIRTH}6", "0"),
        (rf'<c r="{ID}5" s="\d+" t="s"><v>\d+</v></c>', f'<c r="{ID}5"><f>"9"&amp;1</f><v>0</v></c>'),
    )
    made = repaired(data, tmp_path)
    assert made.data == data
    assert made.left[SHEET.title] == [f"2 格存的是日期或数值，格式没有动：{ID}4、{BIRTH}6"]


def test_deleted_rows_are_no_damage(tmp_path):
    """Whoever deletes rows moves the end of every rule up."""
    data = instead((r'(sqref="[A-Z]+2:[A-Z]+)3000"', r'\g<1>2990"'))
    assert repaired(data, tmp_path) == repairing.Repaired(data)


def test_a_drop_down_where_none_belongs_goes(tmp_path):
    """A column of names has no rule but a prompt: alone it may be gone, with another rule in its place it is put back."""
    name = LETTERS["name"]
    gone = instead((rf' sqref="{name}2:{name}3000"', f' sqref="{name}2:{name}5 {name}7:{name}3000"'))
    assert repaired(gone, tmp_path) == repairing.Repaired(gone)
    other = f'<dataValidation type="list" sqref="{name}6"><formula1>列表_性别</formula1></dataValidation>'
    data = instead(("</dataValidations>", other + "</dataValidations>"), data=gone)
    assert rules(repaired(data, tmp_path).data) == rules(PLAIN)


def test_a_hole_below_the_data_is_found(tmp_path):
    data = instead((rf' sqref="{SEX}2:{SEX}3000"', f' sqref="{SEX}2:{SEX}60 {SEX}71:{SEX}3000"'))
    assert "性别" in repaired(data, tmp_path).done[SHEET.title][0]


def test_columns_that_have_moved_are_found_by_their_names(tmp_path):
    """Somebody has put a column of their own first: rules go where the columns are now; the red rule is left to a new template."""
    book = openpyxl.load_workbook(io.BytesIO(PLAIN))
    page = book[SHEET.title]
    page.insert_cols(1)
    page["A1"] = "自己的"
    out = io.BytesIO()
    page.data_validations.dataValidation.clear()
    book.save(out)
    made = repaired(out.getvalue(), tmp_path)
    moved = get_column_letter(range_boundaries(f"{SEX}1")[0] + 1)
    assert rules(made.data)[moved] == {("list", "列表_性别", 2, 3000), ("custom", 'EXACT(@,"性别")', 1, 1)}
    assert "位置和模板不同" in made.left[SHEET.title][-1]


def test_without_its_lists_it_is_refused(tmp_path):
    with pytest.raises(Refused, match="不是由本程序的模板做成的"):
        repaired(strange(SHEET.title, "说明"), tmp_path)


def test_a_list_the_workbook_does_not_have_is_said(tmp_path):
    data = instead((r'<definedName name="列表_民族">.*?</definedName>', ""), part="xl/workbook.xml")
    data = instead((rf' sqref="{NATION}2:{NATION}3000"', f' sqref="{NATION}2:{NATION}3"'), data=data)
    made = repaired(data, tmp_path)
    assert made.data == data
    assert "民族的下拉放不回来" in made.left[SHEET.title][0]


def test_a_file_without_results_gets_its_drop_downs_all_the_same(pasted, tmp_path):
    data = instead((r'<definedName name="校验_\w+">.*?</definedName>', ""), part="xl/workbook.xml", data=pasted)
    made = repaired(data, tmp_path)
    assert rules(made.data) == rules(PLAIN)
    assert "校验结果" in made.left
    assert "条件格式" not in "".join(made.done[SHEET.title])


BOXES = st.tuples(*[st.integers(1, 9)] * 4).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


@given(BOXES, BOXES)
def test_what_is_left_of_a_box(box, hole):
    def cells(one):
        return {(r, c) for r in range(one[0], one[2] + 1) for c in range(one[1], one[3] + 1)}

    left = ranges.without(box, hole)
    assert set().union(*map(cells, left)) == cells(box) - cells(hole)
    assert sum(len(cells(one)) for one in left) == len(cells(box) - cells(hole))
    assert ranges.parse(ranges.spelt(left)) == left


@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(BOXES, st.booleans()), min_size=1, max_size=4))
def test_wherever_something_was_pasted(tmp_path_factory, pastings):
    """Each pasting clears the rules of a box of cells, or brings a rule of its own: afterwards all are the template's."""
    package = Package(PLAIN)
    tree = package.tree(PART)
    for box, brings in pastings:
        for element, boxes in list(repairing._there(tree)):
            repairing._cut(element, boxes, [box])
        listed = tree.find(package.tag("dataValidations"))
        if brings:
            new = copy.deepcopy(listed[0])
            new.set("sqref", ranges.spelt([box]))
            listed.append(new)
    folder = tmp_path_factory.mktemp("pasted")
    made = repaired(package.data(), folder)
    assert asking(made.data) == asking(PLAIN)
    assert repaired(made.data, folder) == repairing.Repaired(made.data)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it_with_its_drop_downs(pasted, tmp_path):
    """And what LibreOffice has saved needs no repair: it writes the same rules in its own way."""
    path = tmp_path / "repaired.xlsx"
    path.write_bytes(repaired(pasted, tmp_path).data)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", tmp_path / "saved", path]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    saved = (tmp_path / "saved" / "repaired.xlsx").read_bytes()
    for column, name in ((SEX, "列表_性别"), (NATION, "列表_民族")):
        ((formula, top, bottom),) = [rule[1:] for rule in rules(saved)[column] if rule[0] == "list"]
        assert (formula, top) == (name, 2)
        assert bottom > 1000  # it leaves out what is far below the data
    assert repaired(saved, tmp_path).done == {}


# --- the command ------------------------------------------------------------------------------------------------------
@pytest.fixture
def run(tmp_path, capsys):
    folder = tmp_path / "shared" / "2023-2024" / "示例中学"
    folder.mkdir(parents=True)

    def repair(data):
        (folder / "学籍.xlsx").write_bytes(data)
        code = cli.main(["repair", str(folder), "--out", str(tmp_path / "out")])
        copy = tmp_path / "out" / "returns" / "示例中学" / "学籍_修复.xlsx"
        assert (folder / "学籍.xlsx").read_bytes() == data
        return code, capsys.readouterr().out, copy

    return repair


def test_the_command(run, pasted):
    code, said, copy = run(pasted)
    assert code == console.ERRORS
    assert rules(copy.read_bytes()) == rules(PLAIN)
    assert f"学籍.xlsx：修好的副本在 {copy}" in said
    assert said.splitlines()[-1] == "看了 1 个工作簿，修好副本 1 个，原文件没有动。"
    code, said, copy = run(PLAIN)
    assert code == console.CLEAN
    assert not copy.exists()
    assert "修好副本 0 个" in said


@pytest.mark.parametrize("data", [b"PK nothing", strange(SHEET.title, "说明")])
def test_the_command_refuses_with_a_reason(run, data):
    code, said, copy = run(data)
    assert code == console.UNREADABLE
    assert not copy.exists()
    assert "没有修复，" in said


def test_what_does_not_read_back_is_not_kept(run, pasted, monkeypatch):
    """The last look: a copy in which a cell holds something else is thrown away."""
    made = repairing.repaired

    def spoilt(data, workbook, books):
        found = made(data, workbook, books)
        found.data = instead((rf'(<c r="{BIRTH}6" [^>]*><v>)\d+', r"\g<1>40000"), data=found.data)
        return found

    monkeypatch.setattr(job, "changed_apart", lambda work, *asked, size: spoilt(*asked))
    code, said, copy = run(pasted)
    assert (code, copy.exists()) == (console.UNREADABLE, False)
    assert "不一样" in said
    other = instead((rf'(<c r="{BIRTH}6" [^>]*><v>)\d+', r"\g<1>40000"))
    with pytest.raises(Refused, match="不一样"):
        repairing.unchanged(PLAIN, other, Workbook("a", BOOK, "甲"))
