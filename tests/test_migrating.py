"""kongchuo migrate: filled workbooks of an older template in the present one, every cell accounted for; and what reading says of both."""

import datetime as dt
import shutil

import openpyxl
import pytest

import townships
from kongchuo import __main__ as cli
from kongchuo.commands import repairing as job
from kongchuo.core import places, schema
from kongchuo.core.findings import ERROR, INFO
from kongchuo.excel import migrating, reading, writing
from kongchuo.excel.parts import Refused

OLD = schema.load()
NAME = "2023-2024/示例中学/学籍.xlsx"
PUPILS = [
    {
        "student_key": f"XS{at:07d}",
        "name": "甲春梅",
        "seat_no": at,
        "id_no": f"99000020110315{at:04}",
        "birth_date": dt.date(2011, 3, 15),
        "address": "样例村 3 组",
        "leftbehind": "单亲留守" if at % 2 else "非留守",
        "status": "在读",
    }
    for at in range(1, 6)
]
# a column added, one renamed with the old title as an alias, one without, a code that another stands for now
EDITS = {
    "enrolment.yaml": (
        ("version: 1", "version: 2"),
        (
            "title: 班内学号,   type: integer,",
            "title: 座位号, aliases: [班内学号], type: integer,",
        ),
        ("title: 现住址, ", "title: 居住地址, "),
        (
            "      - {name: boarding, ",
            "      - {name: bus, title: 校车线路, type: string, required: true}\n      - {name: boarding, ",
        ),
    ),
    "codes.yaml": (
        ("name: 单亲留守,", "name: 一方外出留守,"),
        ("    title: 留守类型\n", "    title: 留守类型\n    replaced: {单亲留守: 一方外出留守}\n"),
    ),
}


def edit(books):
    """The next version of the schema, in a folder of its books."""
    for name, pairs in EDITS.items():
        text = (books / name).read_text("utf-8")
        for was, now in pairs:
            assert was in text, was
            text = text.replace(was, now, 1)
        (books / name).write_text(text, "utf-8")


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    """The next version's schema, which this process and those apart take for the program's own."""
    books = shutil.copytree(places.PACKAGE / "books", tmp_path_factory.mktemp("newer") / "books")
    edit(books)
    made = schema.load(books)
    schema.take_over(made)
    yield made
    schema.take_over(OLD)


def old(tmp_path, change=None, rows=PUPILS):
    """A filled workbook of the old template, changed by hand."""
    path = tmp_path / "共享" / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(writing.workbook_bytes("学籍", OLD.by_stem["学籍"], {"roster": rows}, OLD))
    if change:
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)
    return path


def read(path, by):
    return reading.read_workbook(path, NAME, by.by_stem["学籍"], by.codes)


def moved(path, by):
    return migrating.moved(path.read_bytes(), read(path, by), "学籍", by)


def cells(path, sheet="学生花名册"):
    """The rows of a worksheet by its headers, as openpyxl sees them."""
    page = openpyxl.load_workbook(path, data_only=True)[sheet]
    head = [cell.value for cell in page[1]]
    return [
        {title: cell.value for title, cell in zip(head, row, strict=True) if title and cell.value not in (None, " ")}
        for row in page.iter_rows(min_row=2)
        if any(cell.value not in (None, " ") for cell in row)
    ]


# --- reading ------------------------------------------------------------------------------------------------------------
def test_a_template_that_lacks_columns_is_one_mistake(newer, tmp_path):
    book = read(old(tmp_path), newer)
    (cause,) = [one for one in book.findings if not one.caused_by]
    assert (cause.rule, cause.severity, "kongchuo migrate" in cause.fix) == ("R04", ERROR, True)
    assert {one.rule for one in book.findings if one.caused_by == cause.anchor} == {"F12", "F26"}
    assert set(book.tables["roster"].frame["leftbehind"]) == {"一方外出留守", "非留守"}, "read as what stands for it"
    assert not book.tables["roster"].unread


def test_an_older_template_that_has_every_column_is_a_hint(newer, tmp_path):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(writing.workbook_bytes("学籍", newer.by_stem["学籍"], {"roster": PUPILS}, newer))
    book = openpyxl.load_workbook(path)
    book.custom_doc_props["kongchuo_version"].value = 1
    book.save(path)
    (one,) = read(path, newer).findings
    assert (one.rule, one.severity) == ("R04", INFO)


def test_a_workbook_of_a_newer_program_says_that_and_nothing_else(newer, tmp_path):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(writing.workbook_bytes("学籍", newer.by_stem["学籍"], {"roster": PUPILS}, newer))
    book = read(path, OLD)
    assert [(one.rule, "请先升级程序" in one.fix) for one in book.findings] == [("R17", True)]
    assert (book.read, book.tables) == (False, {})


# --- moving -------------------------------------------------------------------------------------------------------------
def test_every_cell_goes_along(newer, tmp_path):
    path = old(tmp_path)
    done = "\n".join(moved(path, newer).done)
    out = tmp_path / "new.xlsx"
    out.write_bytes(moved(path, newer).data)
    renamed = {"班内学号": "座位号"}
    codes = {"单亲留守": "一方外出留守"}
    assert cells(out) == [
        {renamed.get(title, title): codes.get(value, value) for title, value in row.items()} for row in cells(path)
    ]
    assert "“班内学号”现在叫“座位号”" in done
    assert "单亲留守 改为 一方外出留守，3 格" in done
    assert "新加的列空着：校车线路、居住地址" in done
    assert "多出的列照抄在最右边：现住址" in done
    assert moved(path, newer).left == ()
    again = read(out, newer)
    assert {one.rule for one in again.findings} == {"F26"}
    places = [again.tables["roster"].columns[item.name] for item in newer.sheets["roster"].typed]
    assert places == [*range(1, len(places) + 1)]


def typed_by_hand(book):
    """What clerks leave in a sheet: texts where a date is asked, numbers as texts, totals, an error, a formula, an own column."""
    page = book["学生花名册"]
    at = {cell.value: cell.column for cell in page[1]}
    page.cell(2, at["出生日期"], "二〇一一年三月")
    page.cell(3, at["班内学号"], "十二")
    page.cell(4, at["民族"], "#N/A")
    page.cell(5, at["证件号码"], 990000201103150004)
    page.cell(6, at["班级编号"], dt.datetime(2023, 7, 1))
    page.cell(7, at["学生编号"], "合计")
    page.cell(7, at["班内学号"], 5)
    page.cell(1, page.max_column + 1, "校车")
    for row, value in ((2, "一号线"), (4, 12.5), (5, dt.datetime(2023, 9, 1))):
        page.cell(row, page.max_column, value)


def test_cells_that_cannot_be_read_go_along_as_they_are(newer, tmp_path):
    path = old(tmp_path, typed_by_hand)
    out = tmp_path / "学籍.xlsx"
    out.write_bytes(moved(path, newer).data)
    was, now = read(path, newer), read(out, newer)

    def said(book):
        texts = {(one.row, one.message) for one in book.findings if one.row > 1 and one.rule != "R04"}
        return {(row, text.replace("班内学号", "座位号")) for row, text in texts}

    assert said(was) == said(now)
    assert len(said(now)) >= 5
    assert was.tables["roster"].unread == now.tables["roster"].unread
    own = [row.get("校车") for row in cells(out)]
    assert own == ["一号线", None, 12.5, "2023-09-01", None, None]


def test_waivers_go_along(newer, tmp_path):
    def waive(book):
        page = book[places.RESULTS]
        heads = [cell.value for cell in page[1]]
        held = {"编号": "F03", "标识": "abc.def", "豁免理由": "户口簿如此", "申请人": "乙夏", "校长确认": "是"}
        for title, value in held.items():
            page.cell(2, heads.index(title) + 1, value)

    path = old(tmp_path, waive)
    made = moved(path, newer)
    out = tmp_path / "学籍.xlsx"
    out.write_bytes(made.data)
    assert read(out, newer).asked == read(path, newer).asked
    assert len(read(out, newer).asked) == 1
    assert any("豁免 1 条" in line for line in made.done)


def merge(book):
    book["学生花名册"].merge_cells("C3:C4")


def no_header(book):
    page = book["学年初基准"]
    page.delete_rows(1)
    page.append(["甲春梅", 1])


@pytest.mark.parametrize(("change", "why"), [(merge, "合并的单元格"), (no_header, "找不到表头")])
def test_what_cannot_go_along_whole_is_refused_with_the_reason(newer, tmp_path, change, why):
    with pytest.raises(Refused, match=why):
        moved(old(tmp_path, change), newer)


def test_a_difference_is_never_passed_over(newer, tmp_path, monkeypatch):
    """The proof itself: a writer that loses a cell is caught."""
    path, write = old(tmp_path), writing.workbook_bytes

    def lossy(stem, book, rows, *rest):
        first, *others = rows["roster"]
        return write(stem, book, rows | {"roster": [first | {"guardian": "丙"}, *others]}, *rest)

    monkeypatch.setattr(writing, "workbook_bytes", lossy)
    with pytest.raises(Refused, match=r"读回来不一样.*监护人"):
        moved(path, newer)


def drafts(book):
    book.create_sheet("草稿")["A1"] = "要记住的"
    book["学生花名册"]["A2"].comment = openpyxl.comments.Comment("问过了", "乙夏")


def test_in_place_only_where_nothing_stays_behind(newer, tmp_path, capsys):
    path, out = old(tmp_path, drafts), tmp_path / "out"
    before = path.read_bytes()
    words = ["migrate", str(path), "--out", str(out)]
    assert cli.main([*words, "--in-place"]) == 1
    told = capsys.readouterr().out
    assert path.read_bytes() == before
    assert "没有带过来，原件里还在：多出的工作表“草稿”" in told
    assert "没有带过来，原件里还在：批注" in told
    copy = out / "returns" / "示例中学" / "学籍_新模板.xlsx"
    assert copy.is_file()

    plain = old(tmp_path)
    before = plain.read_bytes()
    assert cli.main([*words, "--in-place"]) == 0
    assert read(plain, newer).version == 2
    (kept,) = (out / "returns" / "原件").rglob("*.xlsx")
    assert kept.read_bytes() == before
    assert not copy.exists()
    assert cli.main(words) == 0, "and nothing is left to be done"


def test_a_township_as_typed(newer, tmp_path, capsys):
    schema.take_over(OLD)
    townships.make(tmp_path / "共享", 2, 40, 1)
    schema.take_over(newer)
    words = [str(tmp_path / "共享"), "--out", str(tmp_path / "out")]
    assert cli.main(["migrate", *words]) == 1
    assert "旧模板的 2 个，搬进新模板 2 个" in capsys.readouterr().out
    assert len(list((tmp_path / "out" / "returns").rglob("*_新模板.xlsx"))) == 2
    assert job.migrate([tmp_path / "共享"], tmp_path / "out", in_place=True)
    assert not list((tmp_path / "out" / "returns").rglob("*_新模板.xlsx"))
    cli.main(["check", *words, "--json"])
    assert '"R04"' not in capsys.readouterr().out
