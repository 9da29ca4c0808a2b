"""An office's own tables: the notebook it copies makes a page and 附表 as all others, and tells of nobody what others would not."""

import json

import pytest

import townships
from kongchuo import __main__ as cli
from kongchuo.commands import office
from kongchuo.core import places
from kongchuo.pages import own_tables
from kongchuo.site import serve


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "shared"
    townships.make(folder, 2, 40, 1)
    return folder


@pytest.fixture
def home(tmp_path, shared, monkeypatch):
    """An office with that shared folder and the copied notebook; the working folder lies in it."""
    for name in (places.HOME, places.WORKBOOKS, places.OUT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (tmp_path / places.MARK).write_text(f'shared: {shared}\nout: runs\nmade_by: "0.1.0"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["copy", "own_tables"]) == 0
    return tmp_path


def test_the_copied_notebook_makes_a_page_and_tables_beside_it(home, capsys):
    assert cli.main(["run", "own_tables", "month=2023-10", "school=示例中学"]) == 0, capsys.readouterr()
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"打开看：{home / 'runs' / '2023-10' / 'own_tables' / 'index.html'}", (
        "who has typed it knows where to look"
    )
    assert (home / "runs" / "2023-10" / "own_tables" / "index.html").is_file()
    page = (home / "runs" / "2023-10" / "own_tables" / "示例中学.html").read_text("utf-8")
    assert "住宿生情况" in page
    assert "一、各班就读方式" in page
    assert "二、寄宿生名单" in page
    assert "七(1)班" in page
    assert "○" not in page.partition("二、寄宿生名单")[2].partition("</table>")[0], "their own school's staff see names"
    assert (home / "runs" / "2023-10" / "own_tables" / "示例中学" / "附表.xlsx").is_file()
    made = json.loads((home / "runs" / "2023-10" / "own_tables" / "示例中学.ipynb").read_text("utf-8"))
    assert made["cells"]
    kept = json.loads((home / "notebooks" / "own_tables.ipynb").read_text("utf-8"))
    assert not any(cell.get("outputs") for cell in kept["cells"]), "the office's own notebook keeps no names"


def test_the_site_offers_the_offices_own_beside_the_packages(home, tmp_path):
    (tmp_path / "scratch").mkdir()
    folder = serve._notebooks(tmp_path / "scratch")
    assert {path.name for path in folder.iterdir()} == {
        "own_tables.ipynb", *(path.name for path in places.NOTEBOOKS.glob("*.ipynb"))
    }  # fmt: skip


def test_counts_add_up_and_say_what_is_empty(shared):
    view = own_tables.own_tables("试", "示例中学", "2023-10", shared).view
    table = own_tables._count(view, "学生花名册", "班级编号", "就读方式", {"在籍状态": ["在读", "休学"]})
    assert table.total[-1] == sum(row[-1] for row in table.rows) > 0
    whole = own_tables._count(own_tables.own_tables("试", "all", "2023-10", shared).view, "学生花名册", "学校", "", {})
    assert len(whole.rows) == 2


def test_the_towns_page_names_nobody_and_says_what_it_leaves_out(shared):
    report = own_tables.own_tables("试", "all", "2023-10", shared)
    table = own_tables._rows(report.view, "学生花名册", ["姓名", "证件号码", "现住址"], {})
    assert all(row[1].endswith("○") for row in table.rows)
    assert "证件号码、现住址" in table.note
    names = set(report.view.town["roster"]["name"])
    report.rows("名单", "学生花名册", ["姓名"])
    assert not any(name in str(report.html("own1")) for name in names)


def test_what_jupyterlab_shows_and_saves_names_nobody_in_full(shared, monkeypatch):
    view = own_tables.own_tables("试", "示例中学", "2023-10", shared).view
    names = {*view.town["roster"]["name"]}
    rows = own_tables._rows(view, "学生花名册", ["姓名"], {}).rows
    assert not {row[0] for row in rows} & names
    monkeypatch.setenv(places.SCRATCH, "a batch's")
    assert {row[0] for row in own_tables._rows(view, "学生花名册", ["姓名"], {}).rows} <= names


def test_a_list_of_poor_children_names_nobody_in_full_in_their_own_school(shared, monkeypatch):
    view = own_tables.own_tables("试", "示例中学", "2023-10", shared).view
    monkeypatch.setenv(places.SCRATCH, "a batch's")
    for where in ({"学困标记": "是"}, {"学困标记": "否"}):
        table = own_tables._rows(view, "学生花名册", ["姓名"], where)
        assert all(row[0].endswith("○") for row in table.rows)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda report: report.count("x", "学生花名册表", by="性别"), "工作表没有“学生花名册表”，是不是“学生花名册”"),
        (lambda report: report.count("x", "学生花名册", by="性别别"), "是不是“性别”"),
        (lambda report: report.count("x", "学生花名册", by="姓名"), "不能按“姓名”数"),
    ],
)
def test_a_wrong_word_is_one_line_with_the_nearest_right_one(shared, call, says):
    report = own_tables.own_tables("试", "示例中学", "2023-10", shared)
    call(report)
    assert says in str(report.html("own1"))


def test_without_a_shared_folder_one_clear_sentence(monkeypatch):
    monkeypatch.delenv(places.WORKBOOKS, raising=False)
    with pytest.raises(own_tables.UserError, match="KONGCHUO_WORKBOOKS"):
        own_tables.own_tables("试", "示例中学", "2023-10")


def test_the_template_holds_no_results_and_is_found_by_name():
    path = office.source("notebooks/own_tables.ipynb")
    assert all(not cell.get("outputs") for cell in json.loads(path.read_text("utf-8"))["cells"])
    assert {"notebooks/own_tables.ipynb", "parameters/own_tables.yaml"} < {*office.packaged()}
