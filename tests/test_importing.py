"""A school's own roster into 学生花名册: what is proposed, what a person must decide, which rows come in, why others do not."""

import datetime as dt
import shutil
import subprocess

import openpyxl
import pytest

import townships
from kongchuo import __main__ as cli
from kongchuo.commands import importing, mapping
from kongchuo.core.findings import UserError
from kongchuo.excel import foreign_lists
from kongchuo_township.people import id_number

MIDDLE = "示例中学"
BORN = dt.date(2011, 3, 9)
HEAD = ("序号", "姓名", "性别", "身份证号", "出生年月", "家长姓名", "联系电话", "家庭住址", "是否留守", "爱好")


def number(at):
    return id_number(990001, BORN, 100 + at)


def row(at, name="甲春", **more):
    held = dict(
        zip(
            HEAD,
            (at, name, None, number(at), "2011.03", "乙夏", f"1380000{at:04d}", "样例村", "是", "画画"),
            strict=True,
        )
    )
    return [(held | more)[head] for head in HEAD]


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean") / "town"
    townships.make(folder, 2, 60, 1)
    return folder


@pytest.fixture
def school(clean, tmp_path):
    """The folder of a school that has no roster yet; others of the year as they are."""
    shutil.copytree(clean, tmp_path / "town")
    (into,) = (tmp_path / "town").glob(f"2*/{MIDDLE}/学籍.xlsx")
    into.unlink()
    return into.parent


def written(path, sheets, head=HEAD):
    """A workbook as schools keep it: a title above the header, a total below, one worksheet a class."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        page.append(["示例中学学生名册"])
        page.append(list(head))
        for one in rows:
            page.append(one)
        page.append(["合计", len(rows)])
    book.save(path)
    return path


def decided(into, out, **values):
    """对照表 with what was left to a person decided, as he would in Excel; what it holds then."""
    path, _ = mapping.propose(into[0], into[1], out)
    book = openpyxl.load_workbook(path)
    for _, said, _, ours in book["对照表"].iter_rows(min_row=3):
        if said.value and said.value != mapping.EACH:
            ours.value = values.get(said.value) or None
    book.save(path)
    return mapping.held_of(path)


def read(path):
    page = openpyxl.load_workbook(path)["学生花名册"]
    head = [cell.value for cell in page[1]]
    rows = [dict(zip(head, [cell.value for cell in cells], strict=True)) for cells in page.iter_rows(min_row=2)]
    return [one for one in rows if one["姓名"]]


def test_usual_columns_are_known_and_what_is_not_is_left_to_a_person(school, tmp_path):
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1)]})
    path, lines = mapping.propose(file, school, tmp_path / "out")
    held = mapping.held_of(path)

    assert held["columns"] == {
        "序号": "班内学号", "姓名": "姓名", "性别": "性别", "身份证号": "证件号码", "出生年月": "出生日期", "家长姓名": "监护人",
        "联系电话": "监护人电话", "家庭住址": "现住址", "是否留守": "留守类型", "爱好": "",
    }  # fmt: skip
    assert held["values"]["是否留守"]["是"].startswith("？")
    assert any("爱好" in line for line in lines)
    with pytest.raises(UserError, match=r"还有猜的.*是否留守"):
        importing.take(file, school, tmp_path / "out")


def test_pupils_come_in_with_class_sex_and_birth_and_the_rest_is_accounted_for(school, tmp_path):
    sheets = {
        "七年级1班": [row(1), row(2, 家长姓名=None)],
        "初一(1)班二": [row(3), row(1, name="重号"), row(5, name=None)],
        "说明": [],
    }
    file = written(tmp_path / "名单.xlsx", sheets)
    decided((file, school), tmp_path / "out", 是="双亲留守")
    account = importing.take(file, school, tmp_path / "out")
    pupils = read(account.path)

    assert account.rows == len(pupils) == 3
    assert {one["证件号码"] for one in pupils} == {number(at) for at in (1, 2, 3)}
    assert {one["出生日期"].date() for one in pupils} == {BORN}
    assert [one["性别"] for one in pupils] == ["男" if int(one["证件号码"][16]) % 2 else "女" for one in pupils]
    assert {one["留守类型"] for one in pupils} == {"双亲留守"}
    assert len({one["班级编号"] for one in pupils}) == 1
    told = "\n".join(account.lines)
    assert "第4行：没有带入，证件号码和前面一行一样" in told
    assert "第5行：没有带入，没有姓名" in told
    assert "3 人没有学生编号" in told
    assert "出生日期“2011.03”" not in told, "the number says it"


@pytest.mark.parametrize("merged", [True, False])
def test_a_header_of_two_rows_is_read_by_what_stands_below(school, tmp_path, merged):
    """班级 and 住宿情况 stand in the upper row alone, over both or over an empty cell; a class over its pupils."""
    book = openpyxl.Workbook()
    page = book.active
    page.append(["示例中学信息采集表"])
    page.append(["班级", "学生信息", None, None, "家长信息", None, "住宿情况"])
    page.append([None, "姓名", "性别", "身份证件号", "监护人", "联系电话", None])
    for at in (1, 2, 3):
        page.append(
            ["七(1)班" if at == 1 or not merged else None, "甲春", "女", number(at), "乙夏", "13800000001", "住校"]
        )
    for area in ("B2:D2", "E2:F2", *(("A2:A3", "G2:G3", "A4:A6") if merged else ())):
        page.merge_cells(area)
    book.save(tmp_path / "名单.xlsx")
    into = tmp_path / "名单.xlsx", school
    assert decided(into, tmp_path / "out")["columns"] == {
        "班级": "班级编号", "姓名": "姓名", "性别": "性别", "身份证件号": "证件号码", "监护人": "监护人", "联系电话": "监护人电话",
        "住宿情况": "就读方式",
    }  # fmt: skip
    pupils = read(importing.take(*into, tmp_path / "out").path)
    assert len(pupils) == 3
    assert len({one["班级编号"] for one in pupils}) == 1
    assert {one["就读方式"] for one in pupils} == {"住校"}


def test_classes_one_below_the_other_each_under_a_line_that_names_it(school, tmp_path):
    """With its own header again, and 寄宿否 answered by yes and no; what is the same of many rows is one line."""
    book = openpyxl.Workbook()
    page = book.active
    head = ["编号", "学生姓名（全称）", "男/女", "公民身份号码", "寄宿否"]
    for grade in ("七", "八"):
        page.append([f"示例中学{grade}年级一班（共3人）"])
        page.merge_cells(start_row=page.max_row, end_row=page.max_row, start_column=1, end_column=5)
        page.append(head)
        for at in (1, 2, 3):
            page.append([at, "甲春", None, number(at + 10 * "七八".index(grade)), "是" if at == 1 else "否"])
        page.append([])
    page.append(["示例中学九年级9班（共3人）"])
    page.merge_cells(start_row=page.max_row, end_row=page.max_row, start_column=1, end_column=5)
    for at in (4, 5, 6):
        page.append([at, "甲春", None, number(at), "否"])
    book.save(tmp_path / "名单.xlsx")
    _, lines = mapping.propose(tmp_path / "名单.xlsx", school, tmp_path / "out")
    account = importing.take(tmp_path / "名单.xlsx", school, tmp_path / "out")
    pupils = read(account.path)

    assert "下面 9 行，分3个班：七年级一班、八年级一班、九年级9班" in lines[0]
    assert [one["就读方式"] for one in pupils] == ["住校", "走读", "走读"] * 2 + ["走读"] * 3
    assert [len({one["班级编号"] for one in pupils[at : at + 3]}) for at in (0, 3)] == [1, 1]
    assert pupils[0]["班级编号"] != pupils[3]["班级编号"]
    assert [line for line in account.lines if "对不上" in line] == [
        "“Sheet”第14—16行：班级“九年级9班”和基础信息里的班级对不上，照原样带入"
    ]


def merged(page, cells):
    """A line of one text over all columns of a page."""
    page.append(cells)
    page.merge_cells(start_row=page.max_row, end_row=page.max_row, start_column=1, end_column=4)


def test_classes_side_by_side_are_as_many_blocks(school, tmp_path):
    """Two classes beside each other under the same header, a column between them; the title over both names neither."""
    book = openpyxl.Workbook()
    page = book.active
    page.append(["示例中学七、八年级学生花名册"])
    page.append(["七年级1班", None, None, None, "八年级1班"])
    for area in ("A1:G1", "A2:C2", "E2:G2"):
        page.merge_cells(area)
    page.append(["姓名", "性别", "身份证号", None] * 2)
    page.append(["甲春", "女", number(1), None, "乙夏", "男", number(2), None])
    page.append(["丙秋", "女", number(3), None, None, None, None, None])
    book.save(tmp_path / "名单.xlsx")
    _, lines = mapping.propose(tmp_path / "名单.xlsx", school, tmp_path / "out")
    pupils = read(importing.take(tmp_path / "名单.xlsx", school, tmp_path / "out").path)

    assert [line.rpartition("，")[2] for line in lines[:2]] == ["分1个班：七年级1班", "分1个班：八年级1班"]
    assert [one["姓名"] for one in pupils] == ["甲春", "丙秋", "乙夏"]
    assert len({one["班级编号"] for one in pupils[:2]}) == 1
    assert pupils[0]["班级编号"] != pupils[2]["班级编号"]


def test_a_line_that_names_only_the_grade_and_one_that_names_none(school, tmp_path):
    """A grade of one class needs no number; a line about the teacher is no pupil, and said."""
    book = openpyxl.Workbook()
    page = book.active
    for at, grade in enumerate("78", 1):
        merged(page, [f"示例中学{grade}年级学生名单（班主任 李四）"])
        page.append(["编号", "姓 名", "性 别", "身份证号"])
        merged(page, ["以下学生住校"])
        page.append([1, "甲春", "女", number(at)])
    book.save(tmp_path / "名单.xlsx")
    _, lines = mapping.propose(tmp_path / "名单.xlsx", school, tmp_path / "out")
    rows = [row for one in mapping.listed(tmp_path / "名单.xlsx")[0] for row in one.rows]

    assert "下面 2 行，分2个班：7年级、8年级，第3、7行整行是一句话，没有读" in lines[0]
    assert [block for _, _, block in rows] == ["7年级", "8年级"]
    assert importing._class(("", "", "7年级"), ({("7", "1"): "XX-7", ("8", "1"): "XX-8"}, 2023)) == "XX-7"
    assert not mapping.CLASS.search("示例小学一、二年级学生花名册")


def test_a_narrow_heading_says_more_with_the_wide_one_above_it(school, tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["学生姓名", "性别", "身份证号", "家长信息", None])
    page.append([None, None, None, "姓名", "电话"])
    for area in ("A1:A2", "B1:B2", "C1:C2", "D1:E1"):
        page.merge_cells(area)
    page.append(["甲春", "女", number(1), "乙夏", "13800000001"])
    book.save(tmp_path / "名单.xlsx")
    columns = decided((tmp_path / "名单.xlsx", school), tmp_path / "out")["columns"]
    assert columns == {
        "学生姓名": "姓名",
        "性别": "性别",
        "身份证号": "证件号码",
        "家长姓名": "监护人",
        "电话": "监护人电话",
    }


@pytest.mark.parametrize("phone", [None, "13900000009"])
def test_a_guardian_and_a_number_in_one_cell_are_two(school, tmp_path, phone):
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1, 家长姓名="乙夏 13800000001", 联系电话=phone)]})
    decided((file, school), tmp_path / "out", 是="非留守")
    (pupil,) = read(importing.take(file, school, tmp_path / "out").path)
    assert (pupil["监护人"], pupil["监护人电话"]) == ("乙夏", phone or "13800000001")


@pytest.mark.parametrize(
    ("said", "name", "kin"),
    [("乙夏（爷爷）", "乙夏", "祖父"), ("乙夏(母亲)", "乙夏", "母亲"), ("乙夏（村长）", "乙夏（村长）", None)],
)
def test_a_relation_in_brackets_behind_the_guardian_is_one(school, tmp_path, said, name, kin):
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1, 家长姓名=said)]})
    decided((file, school), tmp_path / "out")
    (pupil,) = read(importing.take(file, school, tmp_path / "out").path)
    assert (pupil["监护人"].replace("(", "（").replace(")", "）"), pupil["关系"]) == (name, kin)


def test_numbers_go_on_from_the_highest_of_the_town_where_the_centre_asks_for_it(school, tmp_path):
    """Also beside what was imported for another school and is not in its place yet; a second run issues the same."""
    file, out = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1), row(2)]}), tmp_path / "out"
    decided((file, school), out, 是="双亲留守")
    told = importing.take(file, school, out).lines
    assert any("2 人没有学生编号：由中心学校发" in line for line in told), told
    highest = max(
        int(one["学生编号"][2:]) for path in school.parent.glob("*/学籍.xlsx") for one in read(path) if one["学生编号"]
    )
    census = openpyxl.load_workbook(school.parent / "中心学校" / "适龄儿童摸底.xlsx")["摸底登记"]
    keys = next(column for column in census.iter_cols(values_only=True) if column[0] == "学生编号")[1:]
    highest = max(highest, *(int(key[2:]) for key in keys if key))
    for _ in range(2):
        issued = [one["学生编号"] for one in read(importing.take(file, school, out, issue=True).path)]
        assert issued == [f"XS{highest + at:07d}" for at in (1, 2)]
    other = out / "returns" / "别的学校"
    shutil.copytree(out / "returns" / school.name, other)
    issued = [one["学生编号"] for one in read(importing.take(file, school, out, issue=True).path)]
    assert issued == [f"XS{highest + at:07d}" for at in (3, 4)]


def test_a_school_is_named_and_found_in_the_newest_year(school, tmp_path):
    shared = school.parents[1]
    (shared / "2001-2002" / MIDDLE).mkdir(parents=True)
    assert importing.folder(type(school)(MIDDLE), shared) == school
    assert importing.folder(school, shared) == school
    for said, what in ((b"x", "文件已损坏"), (b"", "是空的")):
        (tmp_path / "x.xlsx").write_bytes(said)
        with pytest.raises(UserError, match=what):
            mapping.propose(tmp_path / "x.xlsx", school, tmp_path / "out")
    with pytest.raises(UserError, match="不是学校的文件夹"):
        importing.enrolled(importing.folder(type(school)("没有这所"), shared))


def test_what_cannot_be_read_stays_empty_and_is_named(school, tmp_path):
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1, 身份证号="不详", 联系电话="没有")]})
    decided((file, school), tmp_path / "out", 是="非留守")
    account = importing.take(file, school, tmp_path / "out")
    assert any("第3行：出生日期“2011.03”读不出来" in line for line in account.lines)


@pytest.mark.parametrize(
    "text",
    [
        "七(1)班",
        "七年级1班",
        "七年级（一）班",
        "701",
        "初一1班",
        "初一（1）班",
        "7.1班",
        "七1",
        "七1班",
        "七一班",
        "71",
        "701班",
    ],
)
def test_a_class_in_every_spelling(text):
    assert mapping.parsed(text) == ("7", "1")


@pytest.mark.parametrize(
    ("text", "means"),
    [("1班", ("", "1")), ("九年级", ("9", "")), ("十二班", ("", "12")), ("12班", ("", "12")), ("", ("", ""))],
)
def test_half_a_class(text, means):
    assert mapping.parsed(text) == means


def test_a_roster_that_is_there_is_never_replaced(clean, tmp_path):
    (into,) = clean.glob(f"2*/{MIDDLE}")
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1)]})
    decided((file, into), tmp_path / "out", 是="非留守")
    before = (into / "学籍.xlsx").read_bytes()
    with pytest.raises(UserError, match=r"已有 .* 人，没有导入.*kongchuo reconcile"):
        importing.take(file, into, tmp_path / "out")
    assert (into / "学籍.xlsx").read_bytes() == before


def test_a_roster_that_has_changed_since_is_compared_and_nothing_taken_over(clean, tmp_path, capsys):
    (into,) = clean.glob(f"2*/{MIDDLE}")
    before = (into / "学籍.xlsx").read_bytes()
    ours = read(into / "学籍.xlsx")
    known = [
        row(at, one["姓名"], 身份证号=one["证件号码"], 出生年月=one["出生日期"]) for at, one in enumerate(ours[:-3])
    ]
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [*known, row(99, "丁秋霜")]})
    words = ["import", str(file), "--into", str(into), "--out", str(tmp_path / "out")]
    assert [cli.main(words), cli.main(words)] == [1, 1]
    told = capsys.readouterr().out
    assert f"已有 {len(ours)} 人，没有带入，先核对" in told
    assert "丁秋霜" in told
    assert (into / "学籍.xlsx").read_bytes() == before
    folder = tmp_path / "out" / "returns" / MIDDLE
    assert sorted(path.name for path in folder.iterdir()) == ["导入_核对结果.xlsx", "导入_核对结果2.xlsx"]
    texts = {
        cell.value for page in openpyxl.load_workbook(folder / "导入_核对结果.xlsx") for line in page for cell in line
    }
    assert {one["姓名"] for one in ours[-3:]} <= texts, "who is on the roster and not in the list"


def test_every_word_that_is_not_known_is_asked_about(school, tmp_path):
    words = [f"说法{at}" for at in range(60)]
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(at, 是否留守=word) for at, word in enumerate(words)]})
    path, _ = mapping.propose(file, school, tmp_path / "out")
    assert set(mapping.held_of(path)["values"]["是否留守"]) == set(words)


def test_more_words_than_a_person_reads_are_counted(school, tmp_path, monkeypatch):
    monkeypatch.setattr(mapping, "MOST_WORDS", 5)
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(at, 是否留守=f"说法{at}") for at in range(7)]})
    _, lines = mapping.propose(file, school, tmp_path / "out")
    assert any("“是否留守”有 7 种不认识的写法，多半不是“留守类型”，只列出 5 种" in line for line in lines)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not here")
def test_an_xls_as_the_register_exports_it_comes_in_like_an_xlsx(school, tmp_path):
    rows = {"七(1)班": [row(1), row(2)], "空": []}
    plain = written(tmp_path / "名单.xlsx", rows)
    home = f"-env:UserInstallation=file://{tmp_path / 'lo'}"
    command = ["soffice", home, "--headless", "--convert-to", "xls", "--outdir", str(tmp_path / "old"), str(plain)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    old = tmp_path / "old" / "名单.xls"
    assert old.read_bytes()[:4] == b"\xd0\xcf\x11\xe0"
    (title, grid, hidden), *_ = foreign_lists.grids(old)
    assert (title, hidden) == ("七(1)班", False)
    assert [grid.texts(at) for at in range(4)] == [foreign_lists.grids(plain)[0][1].texts(at) for at in range(4)]
    decided((old, school), tmp_path / "out", 是="双亲留守")
    assert importing.take(old, school, tmp_path / "out").rows == 2


def test_an_old_file_that_is_spoiled_is_said(school, tmp_path):
    (tmp_path / "名单.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"x" * 600)
    with pytest.raises(UserError, match="没有读成"):
        mapping.propose(tmp_path / "名单.xls", school, tmp_path / "out")


def test_what_is_no_roster_or_no_school_is_said(school, tmp_path):
    with pytest.raises(UserError, match="找不到花名册"):
        mapping.propose(written(tmp_path / "x.xlsx", {"表": [["甲"]]}, head=("一",)), school, tmp_path / "out")
    for said, what in ((b"x", "文件已损坏"), (b"", "是空的")):
        (tmp_path / "x.xlsx").write_bytes(said)
        with pytest.raises(UserError, match=what):
            mapping.propose(tmp_path / "x.xlsx", school, tmp_path / "out")
    with pytest.raises(UserError, match="不是学校的文件夹"):
        mapping.propose(tmp_path / "x.xlsx", school.parent, tmp_path / "out")


def test_as_typed_first_the_mapping_then_the_workbook(school, tmp_path, capsys):
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1, 是否留守=None)]})
    words = ["import", str(file), "--into", str(school), "--out", str(tmp_path / "out")]
    assert cli.main(words) == 0
    assert "对照表" in capsys.readouterr().out
    assert cli.main(words) == 0
    assert "已带入 1 人" in capsys.readouterr().out
    assert [path.name for path in school.glob("学籍*")] == [], "never among the files of staff"


def test_what_is_sure_has_its_place_before_any_guess(school, tmp_path):
    """是否独生子女 is like 随迁子女, and stands before 是否随迁子女 in the register's export."""
    head = ("姓名", "身份证件号", "是否独生子女", "是否随迁子女", "学生状态")
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [["甲春", number(1), "是", "否", "正常在校"]]}, head)
    path, _ = mapping.propose(file, school, tmp_path / "out")
    assert [mapping.held_of(path)["columns"][text] for text in head[2:]] == ["", "随迁子女", "在籍状态"]
    assert mapping.held_of(path)["values"] == {"学生状态": {"正常在校": "在读"}}


@pytest.mark.parametrize(
    ("said", "grade", "means"),
    [
        ("2023级1班", "", "XX-7"),
        ("2022级1班", "", "XX-8"),
        ("2023级1班", "八年级", "XX-8"),
        ("2020级1班", "", ""),
        ("2023-2024学年七年级1班", "", "XX-7"),
        ("2023年秋七年级1班", "", "XX-7"),
    ],
)
def test_a_class_called_by_the_year_it_entered_in(said, grade, means):
    """The 3 of 2023级1班 is no grade; which grade that is, the school year says."""
    classes = {("7", "1"): "XX-7", ("8", "1"): "XX-8", ("3", "1"): "XX-3"}
    assert importing._class((said, grade, ""), (classes, 2023)) == means
    assert importing._class(("2023级1班", "", ""), ({("7", "1"): "XX-7", ("1", "1"): "XX-1"}, 2023)) == "", (
        "of two schools"
    )


def test_a_line_of_totals_is_no_pupil(school, tmp_path):
    rows = [row(1), ["总人数", 1], [None, "27", None], ["共1人"]]
    file = written(tmp_path / "名单.xlsx", {"七(1)班": rows})
    decided((file, school), tmp_path / "out", 是="非留守")
    account = importing.take(file, school, tmp_path / "out")
    assert [one["姓名"] for one in read(account.path)] == ["甲春"]
    assert any("第5行：没有带入，“27”不是姓名" in line for line in account.lines)


def test_in_the_mapping_a_person_chooses_and_says_what_is_the_same_for_all(school, tmp_path):
    """Every row that is a choice has a drop-down that opens on real names; a guess that is left stops the import."""
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1, 是否留守="√")]})
    path, lines = mapping.propose(file, school, tmp_path / "out")
    assert "要请人定的：“是否留守”里写的“√”" in lines
    book = openpyxl.load_workbook(path)
    page, asked = book["对照表"], {}
    for rule in page.data_validations.dataValidation:
        first, last = rule.formula1.split("!")[1].replace("$", "").split(":")
        asked |= {cell: [line[0].value for line in book["字典"][first:last]] for cell in str(rule.sqref).split()}
    places = {(line[0].value, line[1].value): line[3] for line in page.iter_rows(min_row=3)}
    assert asked[places["是否留守", "√"].coordinate] == ["非留守", "单亲留守", "双亲留守"]
    assert "监护人电话" in asked[places["爱好", None].coordinate]
    assert asked[places["就读方式", mapping.EACH].coordinate] == ["走读", "住校"]
    with pytest.raises(UserError, match=r"还有猜的：“是否留守”里写的“√”.*点箭头选对"):
        importing.take(file, school, tmp_path / "out")
    places["是否留守", "√"].value = "双亲留守"
    places["就读方式", mapping.EACH].value = "走读"
    book.save(path)
    (pupil,) = read(importing.take(file, school, tmp_path / "out").path)
    assert (pupil["留守类型"], pupil["就读方式"]) == ("双亲留守", "走读")


def test_a_mapping_that_has_been_spoiled_is_said(school, tmp_path):
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1)]})
    path, _ = mapping.propose(file, school, tmp_path / "out")
    book = openpyxl.load_workbook(path)
    book["对照表"].delete_rows(2)
    book.save(path)
    with pytest.raises(UserError, match="删掉它，再运行一次"):
        importing.take(file, school, tmp_path / "out")


def test_a_column_is_called_otherwise_on_another_worksheet(school, tmp_path):
    """学生姓名 beside 姓名 would be of somebody else; on a worksheet of its own it is the name."""
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [["甲春", number(1)]]}, ("姓名", "身份证号"))
    book = openpyxl.load_workbook(file)
    for line in (("学生姓名", "身份证号码"), ("甲夏", number(2))):
        (book["八(1)班"] if "八(1)班" in book.sheetnames else book.create_sheet("八(1)班")).append(line)
    book.save(file)
    mapping.propose(file, school, tmp_path / "out")
    assert [one["姓名"] for one in read(importing.take(file, school, tmp_path / "out").path)] == ["甲春", "甲夏"]


def test_a_name_that_no_column_is_and_one_that_two_are(school, tmp_path):
    """Nobody can come in without a name; of two columns that say two names neither is taken in silence."""
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [["甲春", "春春", number(1)]]}, ("大名", "小名", "身份证号"))
    book = openpyxl.load_workbook(file)
    book["七(1)班"]["D2"], book["七(1)班"]["D3"] = "民族", "汉族"
    book.save(file)
    path, lines = mapping.propose(file, school, tmp_path / "out")
    assert any("没有认出哪一列是姓名" in line for line in lines)
    assert not any("以后要补" in line and "、姓名" in line for line in lines)
    with pytest.raises(UserError, match="没有哪一列变成“姓名”"):
        importing.take(file, school, tmp_path / "out")
    book = openpyxl.load_workbook(path)
    for line in book["对照表"].iter_rows(min_row=3):
        line[3].value = "姓名" if line[0].value in ("大名", "小名") else line[3].value
    book.save(path)
    with pytest.raises(UserError, match=r"“大名”、“小名”都变成“姓名”.*第3行写的不一样"):
        importing.take(file, school, tmp_path / "out")


def test_an_identity_number_that_the_workbook_has_shortened_stays_out(school, tmp_path):
    """Excel keeps fifteen digits of a number: what is left of eighteen is no identity number, though it is text here."""
    file = written(tmp_path / "名单.xlsx", {"七(1)班": [row(1, 身份证号=float(number(1)[:17] + "0"), 是否留守=None)]})
    mapping.propose(file, school, tmp_path / "out")
    account = importing.take(file, school, tmp_path / "out")
    assert read(account.path)[0]["证件号码"] is None
    assert any("第3行：证件号码被表格存成了数字" in line for line in account.lines)
