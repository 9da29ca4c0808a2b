"""What staff start the checks with: written for this machine, and found to work where this machine can run it."""

import datetime as dt
import io
import os
import re
import subprocess
import sys

import pytest

import townships
from kongchuo import __main__ as cli, console, desk
from kongchuo.commands import starting
from kongchuo.core import places
from kongchuo.core.findings import UserError
from kongchuo.core.places import PACKAGE
from kongchuo.excel import folders


def test_a_double_click_marks_the_folder_it_lies_in_and_opens_the_returns(tmp_path, capsys):
    """Run as the desktop would, with a stand-in for what opens folders."""
    townships.make(tmp_path / "共享 文件夹", 2, 40, 1, faults=True)
    (home, *_) = sorted(path for path in (tmp_path / "共享 文件夹").glob("2023-2024/*小学"))
    out = tmp_path / "it's out"
    assert cli.main(["starters", str(home), "--out", str(out)]) == console.CLEAN
    assert capsys.readouterr().out == f"已生成：{home / '校验.command'}\n"

    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "xdg-open").write_text(f'#!/bin/sh\nprintf "%s" "$1" > "{tmp_path}/opened"\n')
    (bin / "xdg-open").chmod(0o755)
    env = os.environ | {"PATH": f"{bin}:{os.environ['PATH']}", "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [home / "校验.command"], input="\n", capture_output=True, text=True, env=env, cwd="/", timeout=300
    )

    assert "标出问题" in done.stdout, done.stderr
    assert (tmp_path / "opened").read_text() == str(out / "returns")
    assert list((out / "returns" / home.name).glob("*_校验.xlsx"))


def test_among_the_workbooks_they_are_no_strangers(tmp_path):
    starting.write(tmp_path, tmp_path)
    starting.write(tmp_path, tmp_path, system="win32")
    (tmp_path / "别的.bat").write_bytes(b"")
    assert folders.contents(tmp_path, ["学籍"]).unknown == ["别的.bat"]


def test_for_windows_in_utf_8_that_the_first_line_sets_with_its_line_ends(tmp_path):
    python = r"C:\用户\100%\python.exe"
    (batch,) = starting.write(tmp_path, tmp_path / "报告 1", system="win32", python=python)
    data = batch.read_bytes()
    assert b"\n" not in data.replace(b"\r\n", b"")
    first, second, *rest = data.splitlines()
    assert (first + second).isascii(), "what stands before the code page is set is read in any"
    assert b"65001" in second
    said = b"\n".join(rest).decode()
    assert (
        f'"C:\\用户\\100%%\\python.exe" -X utf8 -P -m kongchuo.desk --out "{tmp_path}/报告 1" check "%~dp0." -- %*'
        in said
    )
    assert not re.search(r"\$\{|^:|goto", said, re.M), "labels are looked for by bytes, and lost after Chinese ones"


def test_python_where_the_installer_puts_it_is_said_in_a_way_that_holds_for_every_account(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCALAPPDATA", r"C:\Users\王小明\AppData\Local")
    python = r"c:\users\王小明\AppData\Local\kongchuo\python.exe"
    (batch,) = starting.write(tmp_path, tmp_path, system="win32", python=python)
    assert '"%LOCALAPPDATA%\\kongchuo\\python.exe" -X' in batch.read_bytes().decode()


def test_an_office_gets_all_of_them_and_may_be_moved(tmp_path):
    (tmp_path / "kongchuo.yaml").write_text("")
    for system, end in (("win32", ".bat"), ("linux", ".command")):
        made = starting.write(tmp_path, tmp_path / "runs", system=system, python="/python")
        assert [path.name for path in made] == [f"{name}{end}" for name in starting.OFFICE]
        assert not any(str(tmp_path) in path.read_text("utf-8") for path in made)
    assert {*starting.OFFICE.values()} == desk.WHAT.keys() - {"first"}


@pytest.mark.parametrize("page", ["gbk", "utf-8"])
def test_macros_in_the_code_page_of_windows(tmp_path, page):
    path = starting.macros(tmp_path, tmp_path, python="C:\\用户\\python.exe", page=page)
    module = path.read_bytes().decode(page)
    assert module.startswith('Attribute VB_Name = "kongchuo"\r\n')
    assert 'PYTHON As String = "C:\\用户\\python.exe"' in module
    assert [line.split()[2] for line in module.splitlines() if line.startswith("Public Sub")] == [
        "校验本工作簿()", "清除标记()", "打开报告()",
    ]  # fmt: skip
    assert "${" not in module
    assert "-X utf8" in module, "the macro reads what was said as UTF-8"


@pytest.mark.parametrize(("page", "python"), [("cp1252", "C:\\python.exe"), ("gbk", "C:\\😀\\python.exe")])
def test_macros_that_this_windows_cannot_read_are_not_made(tmp_path, page, python):
    with pytest.raises(UserError, match="双击“校验”照样能用"):
        starting.macros(tmp_path, tmp_path, python=python, page=page)
    assert not list(tmp_path.iterdir())


def test_the_actions_of_the_macros_are_those_of_the_command(tmp_path):
    macros = starting.macros(tmp_path, tmp_path)
    asked = [
        line.split('"')[1] for line in macros.read_bytes().decode("gbk").splitlines() if line.startswith('    Start "')
    ]
    for action in asked:
        assert cli.parser().parse_args(["live", action, "x.xlsx"]).action == action
    assert len(asked) == 3


def test_where_it_cannot_be_written_is_said(tmp_path):
    with pytest.raises(UserError, match="找不到文件夹"):
        starting.write(tmp_path / "没有", tmp_path)


def test_python_is_the_one_that_runs_this(tmp_path):
    (path,) = starting.write(tmp_path, tmp_path)
    assert sys.executable in path.read_text("utf-8")


def test_a_python_that_is_gone_is_said(tmp_path):
    (path,) = starting.write(tmp_path, tmp_path, python=str(tmp_path / "没有了"))
    done = subprocess.run([path], input="\n", capture_output=True, text=True)
    assert (done.returncode, done.stdout[:5]) == (3, "找不到程序")


# --- what the clicked files run: the commands as a stand-in of the command line hears them --------------------------------
@pytest.fixture
def clicked(tmp_path, monkeypatch):
    """Clicks in an office whose shared folder holds two years, with what is typed; returns what was run and opened."""
    heard, opened = [], []
    for name in (places.HOME, places.WORKBOOKS, places.OUT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for year in ("2022-2023", "2023-2024"):
        (tmp_path / "共享" / year).mkdir(parents=True)
    (tmp_path / "runs" / "returns").mkdir(parents=True)
    (tmp_path / "kongchuo.yaml").write_text('shared: 共享\nout: runs\nmade_by: "0"\n', "utf-8")
    monkeypatch.setattr(cli, "main", lambda words: heard.append(words) or 0)
    monkeypatch.setattr(desk, "_open", opened.append)

    def click(what, typed="", *given):
        heard.clear(), opened.clear()
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        assert desk.main([what, str(tmp_path), "--", *given]) == 0
        return [[word.replace(str(tmp_path), "~") for word in words] for words in heard]

    click.opened = opened
    return click


def test_check_takes_the_shared_folder_or_what_was_dropped(clicked, tmp_path):
    assert clicked("check") == [["mark", "~/共享"]]
    assert clicked.opened == [tmp_path / "runs" / "returns"]
    assert clicked("check", "", "a b.xlsx", "c.xlsx") == [["mark", "a b.xlsx", "c.xlsx"]]


def test_a_month_is_asked_for_until_it_is_one(clicked):
    usual = f"{dt.date.today() - dt.timedelta(24):%Y-%m}"
    assert clicked("month", "\n") == [["run", "monthly", f"month={usual}", "school=all"]]
    assert clicked("month", "十月\n2023-13\n2023年9月\n") == [["run", "monthly", "month=2023-09", "school=all"]]
    assert clicked("papers", "2023.10\n") == [["papers", "--month", "2023-10"]]


def test_a_new_year_is_made_only_after_a_yes(clicked):
    listed = ["newyear", "~/共享", "--from", "2023-2024", "--dry-run"]
    assert clicked("newyear", "\n") == [listed]
    assert clicked("newyear", "是\n") == [listed, listed[:-1]]
    assert clicked("newyear", "", "升学去向.csv") == [[*listed[:-1], "--to=升学去向.csv", "--dry-run"]]


def test_pages_and_watching(clicked):
    assert clicked("pages") == [["serve", "--browser"]]
    assert clicked("watch") == [["watch", "~/共享"]]


def test_lists_are_dropped_on_the_icon_or_into_the_window(clicked, tmp_path):
    taken = ["import", "a b.xls", "--into", "示例中学", "--workbooks", "~/共享"]
    assert clicked("roster", "示例中学\n", "a b.xls") == [taken]
    assert clicked("roster", "'a b.xls'\n示例中学\n是\n") == [[*taken, "--number"]]
    assert clicked("roster", "\n") == []
    made = ["--workbooks", "~/共享", "--out", "~/runs/核对结果.xlsx"]
    assert clicked("compare", "", "a b.xls") == [["reconcile", "a b.xls", *made]]
    assert clicked("compare") == [["reconcile", *made]]


def test_a_round_and_a_year_are_chosen_by_a_number(clicked):
    assert clicked("period", "2\n") == [["run", "term", "round=2023-2024-1-2"]]
    assert clicked("period", "5\n") == [["run", "year", "year=2023-2024"]]
    assert clicked("period", "七\n") == []


def test_an_evenings_work_is_put_in_force_only_after_a_yes(clicked):
    assert clicked("daily", "7：30\n是\n") == [["schedule", "--at", "7:30", "--install"]]
    assert clicked("daily", "六点\n\n") == [["schedule", "--at", "18:00"]]


def test_reminders_practice_and_a_newer_program(clicked, tmp_path):
    assert clicked("reminders") == [["notify", "~/共享"]]
    assert clicked("tutorial") == [["tutorial", "~/练习"]]
    assert clicked("upgrade") == [["upgrade"]]


def test_an_office_is_made_from_three_answers(clicked, tmp_path):
    typed = f"示例镇\n2024-2025\n'{tmp_path}/学校 名单.csv'\n\n"
    made = ["--town", "示例镇", "--year", "2024-2025", "--schools", "~/学校 名单.csv"]
    assert clicked("first", typed) == [["init", "~/共享/控辍保学", *made]]


def test_what_it_runs_is_as_the_command_line_takes_it(clicked):
    for what in desk.WHAT:
        for words in clicked(what, "2023-10\n是\n"):
            cli.parser().parse_args([word for word in words if "=" not in word])
