"""What an office's machine does every evening, the entry that has it do so, and a log that names nobody."""

import datetime as dt
import json
import subprocess
import xml.etree.ElementTree as ET

import pytest

import townships
from kongchuo import __main__ as cli
from kongchuo.commands import office
from kongchuo.core import places
from kongchuo.core.findings import UserError
from kongchuo.excel import reading
from kongchuo.publishing import archive, batch, notifying, scheduling

NS = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
NOW = dt.datetime(2023, 11, 1, 18, 0)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An office with a space, a quote and a sign in its name, holding an example township."""
    for name in (places.HOME, places.WORKBOOKS, places.OUT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    folder = tmp_path / "办公 & '室' 100%"
    list(office.init(folder, "示例镇", None, "2030-2031"))
    monkeypatch.chdir(folder)
    return folder


def test_the_task_of_windows_is_what_its_scheduler_reads(home):
    path, line = scheduling.write(home, dt.time(17, 30), system="win32", python=r"C:\程序 & x\python.exe")
    tree = ET.fromstring(path.read_bytes())
    said = {
        tag: tree.find(f".//t:{tag}", NS).text for tag in ("Command", "Arguments", "WorkingDirectory", "StartBoundary")
    }
    assert said == {
        "Command": r"C:\程序 & x\python.exe",
        "Arguments": "-X utf8 -P -m kongchuo schedule --now",
        "WorkingDirectory": f"{home.resolve()}",
        "StartBoundary": "2024-09-01T17:30:00",
    }
    assert tree.find(".//t:StartWhenAvailable", NS).text == "true", "an evening that was missed is made up for"
    assert path.read_bytes()[:2] == b"\xff\xfe"
    assert line == f'schtasks /Create /TN "控辍保学" /XML "{path}" /F'


def test_a_line_of_cron_runs_in_the_office_whatever_its_name(home, tmp_path):
    script = tmp_path / "my python"
    script.write_text('#!/bin/sh\npwd > "$OUT"\necho "$@" >> "$OUT"\n', "utf-8")
    script.chmod(0o755)
    path, _ = scheduling.write(home, dt.time(6, 5), system="linux", python=str(script))
    daily, boot = path.read_text("utf-8").splitlines()
    assert daily.startswith("5 6 * * * ")
    assert boot.startswith("@reboot sleep 300 && ")
    command = daily.split(" ", 5)[5].replace(r"\%", "%")  # as cron does
    subprocess.run(["sh", "-c", command], env={"OUT": str(tmp_path / "said"), "PATH": "/usr/bin:/bin"}, check=True)
    assert (tmp_path / "said").read_text("utf-8").splitlines() == [f"{home.resolve()}", "-P -m kongchuo schedule --now"]


def test_a_file_of_the_office_stands_for_no_module(home):
    """As cron does it, in the office's folder, where argparse.py is whatever somebody has laid there."""
    (home / "argparse.py").write_text("open('run', 'w').close()\nraise SystemExit(9)\n", "utf-8")
    path, _ = scheduling.write(home, dt.time(6, 5), system="linux")
    command = path.read_text("utf-8").splitlines()[0].split(" ", 5)[5].replace(r"\%", "%")
    done = subprocess.run(["sh", "-c", command])
    assert (done.returncode, (home / "run").exists()) == (0, False)
    assert "检查、标红" in (home / "runs" / scheduling.LOGS / scheduling.LOG).read_text("utf-8")


def test_the_line_that_puts_cron_in_force_may_be_run_again(home, tmp_path):
    table, tool = tmp_path / "table", tmp_path / "bin" / "crontab"
    tool.parent.mkdir()
    tool.write_text(
        f'#!/bin/sh\nif [ "$1" = -l ]; then cat "{table}"; else cat > "{table}.new"; mv "{table}.new" "{table}"; fi\n',
        "utf-8",
    )
    tool.chmod(0o755)
    table.write_text("0 1 * * * mine\n", "utf-8")
    for hour in (6, 7):
        path, line = scheduling.write(home, dt.time(hour), system="linux", python="/usr/bin/python3")
        subprocess.run(["sh", "-c", line], env={"PATH": f"{tool.parent}:/usr/bin:/bin"}, check=True)
    assert table.read_text("utf-8") == "0 1 * * * mine\n" + path.read_text("utf-8")
    assert "0 7 * * * cd" in table.read_text("utf-8")


def test_it_is_put_in_force_at_once_where_that_is_asked_for(home, tmp_path, monkeypatch, capsys):
    tool = tmp_path / "bin" / "crontab"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\n[ "$1" = -l ] || cat > "{tmp_path}/table"\n', "utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    assert cli.main(["schedule", "--at", "6:05", "--install"]) == 0
    assert "5 6 * * * cd" in (tmp_path / "table").read_text("utf-8")
    tool.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    assert cli.main(["schedule", "--install"]) == 3
    assert "没有登记成" in capsys.readouterr().err


def test_the_entry_as_typed(home, capsys):
    assert cli.main(["schedule", "--at", "6:05"]) == 0
    assert "每天 06:05 自动做" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        cli.main(["schedule", "--at", "25:00"])


# --- an evening -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def made(home, monkeypatch):
    """The office's shared folder with a township of faults, its folder of reports, and which batches were asked for."""
    shared, asked = home / "workbooks" / "示例镇", []
    townships.make(shared, 2, 60, 3, faults=True)
    (shared / "2030-2031").rename(home / "leer")

    def run(file, overrides, workbooks, out, **_):
        asked.append((file.name, overrides, workbooks))
        return batch.Outcome(out / "index.html", 0)

    monkeypatch.setattr(batch, "run", run)
    return shared, home / "runs", asked


def test_an_evening_marks_makes_the_month_once_and_names_nobody(home, made, monkeypatch):
    shared, out, asked = made
    well, told = scheduling.evening(home, shared, out, now=NOW)
    assert (well, len(told)) == (True, 2)
    assert list((out / "returns" / "示例中学").glob("*_校验.xlsx"))
    assert asked == [("monthly", {"month": "2023-10", "school": "all"}, shared)]

    log = (out / "日志" / "kongchuo.log").read_text("utf-8")
    roster = reading.read_year(shared, "2023-2024")["roster"]
    names = {*roster["name"].dropna(), *roster["guardian"].dropna()}
    assert "问题" in log
    assert len(names) > 50
    assert not [name for name in names if len(name) > 1 and name in log]

    assert scheduling.evening(home, shared, out, missed=True, now=NOW + dt.timedelta(hours=3)) == (True, [])
    shelf = type("Shelf", (), {"notebook": archive.FIRST, "period": type("P", (), {"key": "2023-10"})})
    monkeypatch.setattr(archive, "shelves", lambda out: [shelf])
    monkeypatch.setattr(scheduling, "_mark", lambda *_: (True, ""))
    assert scheduling.evening(home, shared, out, missed=True, now=NOW + dt.timedelta(days=2)) == (True, [])
    assert len(asked) == 1, "a month is made once"
    assert json.loads((out / "日志" / "上次.json").read_text("utf-8"))["last"].startswith("2023-11-03")


def test_what_fails_keeps_nothing_else_from_being_done(home, made, monkeypatch):
    shared, out, asked = made

    def refuses(*_, **__):
        raise UserError("共享断开了")

    def breaks(*_, **__):
        raise ValueError("甲春梅")

    monkeypatch.setattr(scheduling.returning, "mark", refuses)
    monkeypatch.setattr(notifying, "wanted", breaks)
    well, told = scheduling.evening(home, shared, out, now=NOW)
    assert (well, len(asked)) == (False, 1)
    assert told[0] == "检查、标红：没有做，共享断开了"
    assert told[2].startswith("提醒：没有做完（程序问题，请报告）：ValueError")
    assert "甲春梅" not in (out / "日志" / "kongchuo.log").read_text("utf-8")


def test_the_log_does_not_grow_for_ever(home, made, monkeypatch):
    shared, out, _ = made
    monkeypatch.setattr(scheduling, "SIZE", 300)
    monkeypatch.setattr(scheduling, "_mark", lambda *_: (True, "一" * 100))
    for _ in range(20):
        scheduling.evening(home, shared, out, now=NOW)
    kept = sorted(path.name for path in (out / "日志").glob("kongchuo.log*"))
    assert kept == ["kongchuo.log", *(f"kongchuo.log.{at}" for at in range(1, scheduling.KEPT + 1))]


def test_an_evening_as_typed(home, made, capsys):
    assert cli.main(["schedule", "--now"]) == 0
    assert "检查、标红" in capsys.readouterr().out
    assert cli.main(["schedule", "--now", "--missed"]) == 0
    assert capsys.readouterr().out == ""
