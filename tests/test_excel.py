"""Live in an open Excel: unsaved edits are judged, and the marks are those that a file gets.

The Excel is tests/open_excel.py, an engine with openpyxl inside; test_calc.py does the same over LibreOffice, which calculates. What
only a real one shows is a checklist in handbook/在Excel里校验.md.
"""

import ast
import datetime as dt
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
import xlwings as xw
from openpyxl.worksheet.filters import FilterColumn, Filters

import open_excel
import townships
from kongchuo import __main__ as cli, console
from kongchuo.commands import live as open_workbook, opening, returning
from kongchuo.core import schema, years
from kongchuo.core.findings import UserError
from kongchuo.core.places import HINT, PACKAGE, RESULTS
from kongchuo.excel import live as excel_live, marking, parsing, reading, result_lines, result_sheet
from kongchuo.publishing import archive
from kongchuo.rules.judging import Judgement
from kongchuo_township import YEAR
from test_marking import BOOK, COLUMNS, PLAIN, ROSTER, entry, lines, plan

DAY = dt.date(2023, 10, 31)


@pytest.fixture(scope="module", autouse=True)
def engine():
    before = xw.engines.active
    yield open_excel.start()
    xw.engines.active = before


@pytest.fixture
def opened(engine):
    """Opens a workbook in Excel; closes all of them afterwards."""
    yield lambda path: xw.books.open(str(path))
    engine.apps[0].books.open_ones.clear()


def saved(book):
    """The workbook as Excel would save it, in bytes."""
    out = io.BytesIO()
    book.impl.file.save(out)
    return out.getvalue()


def page(data):
    """All that stands on 校验结果 below its header, formulas as such; where a link leads beside what it shows."""
    sheet = openpyxl.load_workbook(io.BytesIO(data))[RESULTS]
    rows = []
    for row in sheet.iter_rows(min_row=2, max_col=len(result_sheet.COLUMNS)):
        values = [cell.value for cell in row]
        link, shown = row[4].hyperlink, row[4].value
        if link is not None:
            values[4] = ("#" + link.location, shown)
        elif isinstance(shown, str) and shown.startswith("=HYPERLINK("):
            values[4] = tuple(ast.literal_eval(shown.removeprefix("=HYPERLINK")))
        rows.append(
            [(value.date() - result_lines.EPOCH).days if isinstance(value, dt.datetime) else value for value in values]
        )
    return [row for row in rows if any(value is not None for value in row)]


def show(book, shown):
    cells = excel_live.grids(book)
    assert excel_live.is_ours(book, cells, BOOK)
    excel_live.show(book, shown, cells, BOOK)


PLANS = {
    "one": plan(entry("name", 2)),
    "dates, texts and empty cells": plan(*(entry(name, 3) for name in ("birth_date", "id_no", "address", "sex"))),
    "below the last row": plan(entry("name", 40)),
    "many in one row": plan(*(entry("name", 2, f"错{n}", rule=f"X{n:02}") for n in range(12))),
    "words that Excel would take for something else": plan(
        *(entry("name", 2, said, rule="1E5") for said in ("=1+1", "2023-10", "12e4", "-5", "TRUE", "'引号", "10月1日"))
    ),
    "nothing": plan(),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_same_lines_as_in_a_file(name, opened, tmp_path):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(PLAIN)
    book = opened(path)
    show(book, PLANS[name])
    assert page(saved(book)) == page(marking.marked(PLAIN, PLANS[name], BOOK))
    assert path.read_bytes() == PLAIN, "nothing is saved"


def test_over_the_marks_of_a_file_and_what_people_typed_beside_them(opened, tmp_path):
    """A file marked, a waiver typed, a filter and links there: the lines of now stand there as in a file, and clear takes all."""
    first = openpyxl.load_workbook(io.BytesIO(marking.marked(PLAIN, plan(entry("name", 2), entry("id_no", 3)), BOOK)))
    sheet = first[RESULTS]
    for letter, value in zip("KLMN", ("12-1", "甲老师", "是", dt.date(2024, 1, 31)), strict=True):
        sheet[f"{letter}3"] = value
    sheet.auto_filter.filterColumn = [FilterColumn(colId=1, filters=Filters(filter=["错误"]))]
    path = tmp_path / "学籍.xlsx"
    first.save(path)
    book = opened(path)

    later = plan(entry("sex", 2), entry("id_no", 3), as_of=dt.date(2023, 11, 30))
    show(book, later)
    live, filed = page(saved(book)), page(marking.marked(path.read_bytes(), later, BOOK))
    assert live == filed
    assert "12-1" in live[1]
    assert not book.impl.file[RESULTS].auto_filter.filterColumn
    assert [line["since"] for line in lines(saved(book))] == [
        str((day - result_lines.EPOCH).days) for day in (dt.date(2023, 11, 30), DAY)
    ]

    show(book, plan())
    assert page(saved(book)) == []
    assert [cell.value for cell in book.impl.file[RESULTS][1]] == [
        cell.value for cell in openpyxl.load_workbook(io.BytesIO(PLAIN))[RESULTS][1]
    ]


def test_clear_leaves_every_other_cell_and_look_as_it_was(opened, tmp_path):
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(PLAIN)
    book = opened(path)

    def everything():
        return {
            (sheet.title, cell.coordinate): (cell.value, cell.style_id)
            for sheet in book.impl.file
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }

    before = everything()
    show(book, plan(entry("name", 2), entry("birth_date", 3)))
    assert {sheet for sheet, _ in everything().items() ^ before.items() for sheet in [sheet[0]]} == {RESULTS}
    show(book, plan())
    assert everything() == before


def test_what_an_open_workbook_holds_is_read_as_from_the_file(opened, tmp_path):
    """The two readers give the same table and the same findings, merged cells and error values among them."""
    changed = openpyxl.load_workbook(io.BytesIO(PLAIN))
    sheet = changed[ROSTER]
    sheet["B3"], sheet["C4"], sheet["D5"] = "#N/A", 12345678901234567, True
    sheet.merge_cells("B4:D5")
    path = tmp_path / "学籍.xlsx"
    changed.save(path)
    book = opened(path)
    codes = schema.default().codes
    filed = reading.read_workbook(path, "a/b/学籍.xlsx", BOOK, codes)
    cells = excel_live.grids(book)
    live, findings = parsing.tables(cells, cells.get, "a/b/学籍.xlsx", BOOK, codes)
    assert {one.rule for one in findings} >= {"F11", "F19"}
    assert sorted(findings) == sorted(one for one in filed.findings if one.rule != "R04")
    for name, table in filed.tables.items():
        assert live[name].frame.equals(table.frame), name
        assert live[name].unread == table.unread


# --- the job -------------------------------------------------------------------------------------------------------------
pytestmark = pytest.mark.usefixtures("judged_once")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    townships.make(folder, 2, 40, 1, faults=True)
    return folder


@pytest.fixture
def census(made, tmp_path):
    """The workbook of the example that has most faults."""
    shared = Path(shutil.copytree(made, tmp_path / "shared"))
    (shared / "planted.json").unlink(missing_ok=True)
    return shared / YEAR / "中心学校" / "适龄儿童摸底.xlsx"


@pytest.fixture
def reading_only(monkeypatch):
    """Without the rules, which take their time."""
    monkeypatch.setattr(opening, "examine", found_in_reading)


def found_in_reading(town, policy, before):
    return Judgement(tuple(one for book in town.workbooks for one in book.findings), (), frozenset())


def test_a_workbook_without_unsaved_edits_gets_the_marks_of_its_file(census, opened, tmp_path):
    """The lock file that Excel lays beside it is no finding: what is read here is what stands there now."""
    book, shared = opened(census), census.parents[2]
    twin = Path(shutil.copytree(shared, tmp_path / "twin")) / census.relative_to(shared)
    returning.mark([twin], tmp_path / "out", in_place=True, as_of=DAY)
    (census.parent / "~$适龄儿童摸底.xlsx").write_bytes(b"")
    said = open_workbook.mark(book, as_of=DAY)
    filed = page(twin.read_bytes())
    live = page(saved(book))
    assert len(live) > 20
    assert live == filed
    assert f"标出问题 {len(live)} 条" in said


def test_unsaved_edits_are_what_is_judged(census, opened, reading_only):
    """A cell spoilt in Excel is marked, a mended one no more, and the file on disk is as it was."""
    before, book = census.read_bytes(), opened(census)
    title, sheet = "摸底登记", book.impl.file["摸底登记"]
    letter = next(cell.column_letter for cell in sheet[1] if cell.value == "性别")
    row = next(cell.row for cell in sheet[letter][1:] if cell.value == "女")

    def marked():
        open_workbook.mark(book, as_of=DAY)
        return [
            line
            for line in page(saved(book))
            if line[2:5] == ["F10", title, (f"#'{title}'!{letter}{row}", f"{letter}{row}")]
        ]

    assert marked() == []
    open_excel.type_in(book, title, f"{letter}{row}", "不知道")
    (own,) = marked()
    assert own[16].startswith("不知道" + result_sheet.BETWEEN)
    open_excel.type_in(book, title, f"{letter}{row}", "男")
    assert marked() == []
    assert census.read_bytes() == before


def test_unsaved_words_of_the_office_count_in_its_other_workbooks(census, opened, reading_only):
    """代码表 of 基础信息 says what other workbooks may write; that it is read from the open one shows in the open one itself."""
    registry = opened(census.with_name("基础信息.xlsx"))
    sheet = registry.impl.file["学校"]
    letter = next(cell.column_letter for cell in sheet[1] if cell.value == "学段")
    open_excel.type_in(registry, "学校", f"{letter}2", "星际学院")
    assert not any("星际学院" in line[5] for line in page(saved(registry)))
    open_workbook.mark(registry, as_of=DAY)
    assert [line[2] for line in page(saved(registry)) if "星际学院" in line[5]] == ["F10"]
    codes = registry.impl.file["代码表"]
    titles = {cell.value: cell.column_letter for cell in codes[1]}
    last = codes.max_row + 1
    for title, value in (("类别", "学段"), ("名称", "小学"), ("别名", "星际学院")):
        codes[f"{titles[title]}{last}"].value = value
    open_workbook.mark(registry, as_of=DAY)
    assert not any("星际学院" in line[5] for line in page(saved(registry)))


def test_what_only_a_file_tells_is_not_taken_for_mended(census, opened, tmp_path, reading_only):
    """Hidden rows and filters (F20) are not asked of Excel: what was listed stays, without a mark and not counted."""
    changed = openpyxl.load_workbook(census)
    changed["摸底登记"].row_dimensions[3].hidden = True
    changed.save(census)
    returning.mark([census], tmp_path / "out", as_of=DAY, in_place=True)
    book = opened(census)
    before = [line for line in page(saved(book)) if line[2] == "F20"]
    said = open_workbook.mark(book, as_of=DAY)
    live = page(saved(book))
    assert [line[8] for line in before] == ["待改"]
    assert [line[8] for line in live if line[2] == "F20"] == ["尚未判定"]
    assert f"标出问题 {len(live) - 1} 条" in said
    assert "F20" in said, "what was not judged is said"
    assert "F20" not in open_workbook.mark(book, clear=True, as_of=DAY)


def test_clear_takes_the_marks_out(census, opened, reading_only):
    book = opened(census)
    before = page(saved(book))
    open_workbook.mark(book, as_of=DAY)
    assert page(saved(book)) != before
    assert "标记已清除" in open_workbook.mark(book, clear=True, as_of=DAY)
    assert page(saved(book)) == before == []


def test_what_cannot_be_marked_live_is_said_in_one_sentence(
    census, opened, tmp_path, capsys, monkeypatch, reading_only
):
    def say(*args):
        code = cli.main(["live", *map(str, args), "--out", str(tmp_path / "out")])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        assert code == console.UNREADABLE
        return printed.err

    assert say("mark") == "无法继续：工作簿没有在 Excel 里打开，请先打开它。\n"
    assert say("mark", census) == f"无法继续：“{census}”没有在 Excel 里打开，请先打开它。\n"
    outside = opened(shutil.copy(census, tmp_path))
    assert "不在学年文件夹里" in say("mark")
    opened(shutil.copy(census, census.with_name("适龄儿童摸底(1).xlsx")))
    assert "不是台账工作簿的名字" in say("mark")
    outside.close()
    openpyxl.Workbook().save(census)
    book = opened(census)
    assert "不是由本程序的模板做成的" in say("mark")
    assert "还没有“全镇”的报告" in say("report")
    monkeypatch.setattr(book.app.impl.api, "Path", r"C:\Users\a\AppData\Local\Kingsoft\WPS Office\office6")
    assert "这是 WPS 表格" in say("mark")


def test_what_excel_refuses_is_no_traceback(census, opened, capsys, monkeypatch, reading_only):
    com_error = type("com_error", (Exception,), {})

    def protected(self):
        raise com_error(-2147352567, "发生意外。")

    opened(census)
    monkeypatch.setattr(open_excel.Range, "clear_contents", protected)
    assert cli.main(["live", "mark", "--as-of", "2023-10-31"]) == console.UNREADABLE
    assert capsys.readouterr().err.startswith("无法继续：Excel 没有接受")
    monkeypatch.setattr(open_excel.Range, "clear_contents", lambda self: 1 / 0)
    assert cli.main(["live", "mark", "--as-of", "2023-10-31"]) == console.FAILED, "a fault of ours, not Excel's"
    assert "（程序问题，请报告）：ZeroDivisionError" in capsys.readouterr().err


def test_report_opens_the_newest_page_of_the_workbooks_school(census, opened, tmp_path, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr(archive.webbrowser, "open", seen.append)
    done, failed, report = archive.DONE, archive.FAILED, "monthly_self_check"
    made = (("2023-09", done, report), ("2023-10", done, report), ("2023-10", done, "people"), ("2023-11", failed, report),
            ("2024-08", done, "monthly_papers"))  # fmt: skip
    for period, outcome, notebook in made:
        shelf = archive.Shelf(tmp_path / "out", years.period(period), notebook)
        shelf.path.mkdir(parents=True)
        result = archive.Result(
            "全镇", {}, "2023-12-01T08:00:00+08:00", 1.0, outcome, page="全镇.html" if outcome == archive.DONE else ""
        )
        shelf.save([result])
    opened(census)
    assert cli.main(["live", "report", "--out", str(tmp_path / "out")]) == console.CLEAN
    (address,) = seen
    assert "2023-10/monthly_self_check" in address
    assert "2023-10" in capsys.readouterr().out


def test_without_excel_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(xw.engines, "active", None)
    for name in ("", "学籍.xlsx"):
        with pytest.raises(UserError, match=r"校验\.bat"):
            excel_live.attach(name)


# --- licences ------------------------------------------------------------------------------------------------------------
CLOSED = ("xlwings.pro", "xlwings.server", "xlwings.reports")


def imported(tree):
    """The modules, and the names in them, that a module asks for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_module_imports_the_parts_of_xlwings_under_another_licence():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        if "xlwings" in text:
            assert not [name for name in imported(ast.parse(text)) if name.startswith(CLOSED)], path
            assert "XLWINGS_LICENSE_KEY" not in text, path


def test_of_xlwings_only_what_is_open_source_is_used():
    """Book(mode="r") and Book(json=…) would be the reader and the server, so no Book is ever made; only those open are looked at."""
    tree = ast.parse((PACKAGE / "excel" / "live.py").read_text("utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    assert {node.attr for node in nodes if node.value.id == "xw"} == {
        "Book",
        "Range",
        "Sheet",
        "XlwingsError",
        "apps",
        "books",
    }
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [func for func in called if ast.unparse(func).endswith(("Book", "books.open", "books.add"))]


def test_only_the_live_way_imports_xlwings():
    """What import-linter cannot say of modules yet to come."""
    found = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "import xlwings" in path.read_text("utf-8")
    ]
    assert found == ["excel/live.py"]


def test_nothing_of_them_is_loaded_when_an_open_workbook_is_marked(tmp_path):
    """In a process of its own. xlwings itself looks at pro.utils, which says that there is no licence; it gets no further."""
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(PLAIN)
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import kongchuo.commands.live, open_excel, xlwings
from test_excel import show, plan, entry
open_excel.start()
show(xlwings.books.open({str(path)!r}), plan(entry("name", 2)))
print(*sorted(name for name in sys.modules if name.startswith({CLOSED!r})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_environment())
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= {"xlwings.pro.utils"}


def test_without_the_live_way_xlwings_is_not_loaded():
    """Every other command starts without it."""
    code = "import sys, kongchuo.__main__, kongchuo.commands.returning; print('xlwings' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_environment())
    assert done.stdout.strip() == "False", done.stderr


def _environment():
    own = {name: value for name, value in os.environ.items() if name != "XLWINGS_LICENSE_KEY"}
    return own | {"PYTHONPATH": str(PACKAGE.parent)}


# --- a program that calculates ---------------------------------------------------------------------------------------------
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_the_marks_are_alive_in_a_program_that_calculates(opened, tmp_path):
    """Marked live, saved, one cell mended, calculated by LibreOffice: the mended finding says so, the other still stands."""
    path = tmp_path / "学籍.xlsx"
    path.write_bytes(PLAIN)
    book = opened(path)
    show(book, plan(entry("name", 2), entry("birth_date", 3)))
    open_excel.type_in(book, ROSTER, f"{COLUMNS['name']}2", "甲春雪")
    book.save(str(path))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", tmp_path / "calculated", path]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    book = openpyxl.load_workbook(tmp_path / "calculated" / "学籍.xlsx", data_only=True)
    columns = {cell.value: cell.column_letter for cell in book[RESULTS][1]}
    assert [book[RESULTS][f"{columns['状态']}{row}"].value for row in (2, 3)] == ["已改", "待改"]
    assert book[RESULTS][f"{columns['单元格']}3"].value == f"{COLUMNS['birth_date']}3", "what the link shows"
    hint = next(cell.column_letter for cell in book[ROSTER][1] if cell.value == HINT)
    assert [book[ROSTER][f"{hint}{row}"].value or "" for row in (2, 3, 4)] == ["", "【错误】错了。请核对", ""]
