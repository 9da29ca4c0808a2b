"""What staff start the checks with: written for this machine, and found to work where this machine can run it."""

import os
import subprocess
import sys

import pytest

import townships
from kongchuo import __main__ as cli
from kongchuo import console
from kongchuo.commands import starting
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
    assert folders.contents(tmp_path, ["学籍"]).unknown == ["别的.bat", starting.MACROS]


def test_for_windows_in_its_own_code_page_and_line_ends(tmp_path):
    python = r"C:\用户\100%\python.exe"
    batch, macros = starting.write(tmp_path, tmp_path / "报告", system="win32", python=python)
    said = batch.read_bytes().decode("gbk")
    assert "\r\n" in said
    assert "\n" not in said.replace("\r\n", "")
    assert r'"C:\用户\100%%\python.exe" -m kongchuo mark "%~dp0." --out' in said
    assert rf'start "" "{tmp_path}/报告\returns"' in said
    module = macros.read_bytes().decode("gbk")
    assert module.startswith('Attribute VB_Name = "kongchuo"\r\n')
    assert f'PYTHON As String = "{python}"' in module
    assert [line.split()[2] for line in module.splitlines() if line.startswith("Public Sub")] == [
        "校验本工作簿()", "清除标记()", "打开报告()",
    ]  # fmt: skip
    assert "${" not in said + module


def test_the_actions_of_the_macros_are_those_of_the_command(tmp_path):
    _, macros = starting.write(tmp_path, tmp_path, system="win32")
    asked = [
        line.split('"')[1] for line in macros.read_bytes().decode("gbk").splitlines() if line.startswith('    Start "')
    ]
    for action in asked:
        assert cli.parser().parse_args(["live", action, "x.xlsx"]).action == action
    assert len(asked) == 3


def test_where_it_cannot_be_written_is_said(tmp_path):
    with pytest.raises(UserError, match="找不到文件夹"):
        starting.write(tmp_path / "没有", tmp_path)
    with pytest.raises(UserError, match="写不了的字"):
        starting.write(tmp_path, tmp_path, system="win32", python="C:\\😀\\python.exe")


def test_python_is_the_one_that_runs_this(tmp_path):
    (path,) = starting.write(tmp_path, tmp_path)
    assert sys.executable in path.read_text("utf-8")
