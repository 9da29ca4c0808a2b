"""kongchuo tutorial: typed again it says what is mended and what comes next, whatever has been done to the files meanwhile."""

import datetime as dt
import json
import shutil

import openpyxl
import pytest

from kongchuo import __main__ as cli
from kongchuo_township import tutorial


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Types the command in a folder of its own: exit code, what it said."""
    monkeypatch.chdir(tmp_path)

    def kongchuo(*words):
        code = cli.main(["tutorial", *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return kongchuo


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder as the first call leaves it."""
    folder = tmp_path_factory.mktemp("made") / "练习"
    tutorial.tutorial(folder, say=lambda line: None)
    return folder


def mend(folder, tasks, **instead):
    """Write into the workbooks what was right, as the command says it."""
    for task in tasks:
        _, workbook, sheet, row, _ = task["place"]
        path = folder / tutorial.SHARED / workbook
        book = openpyxl.load_workbook(path)
        page = book[sheet]
        at = {cell.value: cell.column for cell in page[1]}
        for title, text in (task["right"] | instead).items():
            value = dt.datetime.fromisoformat(text) if text.count("-") == 2 and "日期" in title else text
            page.cell(row, at[title]).value = int(text) if title == "实到" else value
        book.save(path)


def test_the_command_to_type_again_is_in_quotes_where_its_folder_holds_a_space(typed):
    assert 'kongchuo tutorial "练 习"' in typed("练 习")[1]


def test_ten_mistakes_are_mended_one_after_the_other(typed, tmp_path):
    code, told = typed("练习")
    tasks = json.loads((tmp_path / "练习" / tutorial.TASKS).read_text("utf-8"))["tasks"]
    assert (code, len(tasks), "第 1 题" in told, "还剩 10 处" in told) == (1, 10, True, True)
    first = tasks[0]
    assert all(text in told for text in (first["says"], *first["right"].values(), first["place"][1]))

    mend(tmp_path / "练习", tasks[:1] + tasks[2:9])
    code, told = typed("练习")
    assert (code, "已改好 8 处：第 1、3、4、5、6、7、8、9 题" in told, "第 2 题" in told) == (1, True, True)

    mend(tmp_path / "练习", tasks[1:2], 姓名="")  # mended, and another cell spoiled
    mend(tmp_path / "练习", tasks[9:])
    code, told = typed("练习")
    assert (code, "多出 1 处原来没有的问题" in told, "“姓名”为必填项" in told) == (1, True, True)
    assert "改好了" in told


def test_what_nobody_can_read_is_not_mended(made, typed, tmp_path):
    folder = shutil.copytree(made, tmp_path / "控辍保学练习")
    tasks = json.loads((folder / tutorial.TASKS).read_text("utf-8"))["tasks"]
    (folder / tutorial.SHARED / tasks[0]["place"][1]).write_bytes(b"")
    code, told = typed()
    assert (code, "第 1 题" in told, "看不出改好没有" in told) == (1, True, True)


def test_all_mended_is_said_and_ends_well(made, typed, tmp_path):
    shutil.copytree(made, tmp_path / "练习")
    mend(tmp_path / "练习", json.loads((tmp_path / "练习" / tutorial.TASKS).read_text("utf-8"))["tasks"])
    code, told = typed("练习")
    assert (code, "10 处全部改好了" in told) == (0, True)


def test_a_folder_with_something_else_is_left_alone(typed, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "我的.txt").write_text("我的", "utf-8")
    code, told = typed("x")
    assert (code, "没有动" in told, [path.name for path in (tmp_path / "x").iterdir()]) == (3, True, ["我的.txt"])
