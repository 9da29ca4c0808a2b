"""What a command says when something goes wrong that nobody expected, and where its output goes: as processes, as people start them."""

import errno
import io
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from kongchuo import __main__ as cli, console
from kongchuo.core import places
from kongchuo.core.findings import UsageError, UserError

SECRET = "99000020110509001X"


def kongchuo(*args, env=(), **given):
    """A process, as a shell starts it."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 120} | given
    return subprocess.run([sys.executable, "-m", "kongchuo", *args], env={**os.environ, **dict(env)}, **given)


def ended(raised):
    def command():
        raise raised

    return console.guarded(command)


# --- what went wrong becomes a sentence -------------------------------------------------------------------------------
@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(places.CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "faults"


def test_a_fault_of_ours_is_one_sentence_and_the_traceback_lies_where_only_this_user_reads(cache, capsys):
    code = ended(KeyError(SECRET))
    out, err = capsys.readouterr()
    assert code == console.FAILED == 4
    assert out == ""
    assert "程序出错，没有做完（程序问题，请报告）：KeyError，" in err
    assert "console.py 第" in err
    assert SECRET not in err
    assert "Traceback" not in err
    (log,) = cache.iterdir()
    assert str(log) in err
    assert SECRET in log.read_text("utf-8")
    assert "Traceback" in log.read_text("utf-8")
    if os.name != "nt":
        assert (log.stat().st_mode & 0o077, cache.stat().st_mode & 0o077) == (0, 0)


def test_logs_do_not_pile_up(cache, capsys):
    for _ in range(console.KEPT + 5):
        ended(KeyError())
    assert len(list(cache.iterdir())) == console.KEPT


def test_a_log_that_cannot_be_written_is_no_second_fault(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv(places.CACHE, str(tmp_path / "file"))
    assert ended(KeyError()) == console.FAILED
    err = capsys.readouterr().err
    assert "程序出错" in err
    assert "Traceback" not in err
    assert "详细经过" not in err


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (UserError("请看这里"), 3, "无法继续：请看这里\n"),
        (UsageError("没有这个月"), 2, "无法继续：没有这个月\n"),
        (MemoryError(), 3, "无法继续：内存不够"),
        (ModuleNotFoundError("x", name="pandas"), 4, "无法继续：程序没有装全（缺少 pandas）"),
        (
            ModuleNotFoundError("x", name="papermill"),
            3,
            f"这个功能要另外安装（缺少 papermill）：{console.brings('report')}",
        ),
        (PermissionError(errno.EACCES, "x", "某校/学籍.xlsx"), 3, "无法继续：“某校/学籍.xlsx”：没有权限"),
        (PermissionError(errno.EACCES, "x", "某校/.~学籍.xlsx.tmp"), 3, "无法继续：“某校”：没有权限"),
        (OSError(errno.EIO, "x"), 4, "（程序问题，请报告）：OSError"),
        (RecursionError(), 4, "（程序问题，请报告）：RecursionError"),
        (KeyboardInterrupt(), 130, "已停止（Ctrl-C）"),
    ],
)
def test_whatever_ends_a_command_is_said_and_is_never_1(raised, code, said, cache, capsys):
    assert ended(raised) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1 + ("详细经过" in err)


def test_wrong_usage_stays_argparse_s_own(capsys):
    for words in (["check", "x", "--as-of", "2023-13-01"], ["due", "x", "--within", "99999999999"], ["chek"], []):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        assert ended.value.code == console.USAGE
    err = capsys.readouterr().err
    assert "日期“2023-13-01”应写成" in err
    assert "“99999999999”应是 0 到" in err


def test_streams_are_given_back():
    before = sys.stdout, sys.stderr
    ended(KeyError())
    assert (sys.stdout, sys.stderr) == before


# --- where it goes ----------------------------------------------------------------------------------------------------
def test_a_reader_that_has_enough_ends_it_quietly():
    process = subprocess.Popen(
        [sys.executable, "-m", "kongchuo", "rules", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == console.UNHEARD
    process.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a disk that is full, as only Linux has it")
def test_a_full_disk_is_said():
    with open("/dev/full", "w") as full:
        done = kongchuo("rules", stdout=full)
    assert done.returncode == console.UNREADABLE
    assert "结果写不出去" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.skipif(os.name == "nt", reason="a shell's way to close a stream")
@pytest.mark.parametrize(("words", "code"), [("rules >&-", 0), ("rules X9999 2>&-", 2), ("rules <&- >&- 2>&-", 0)])
def test_closed_streams(words, code, tmp_path):
    done = subprocess.run(["sh", "-c", f'"{sys.executable}" -m kongchuo {words}'], capture_output=True, timeout=120)
    assert done.returncode == code
    assert b"Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("env", "words", "encoding"),
    [
        ({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, ("rules", "X12"), "utf-8"),  # cannot: UTF-8
        ({"PYTHONIOENCODING": "cp1252"}, ("rules", "X12"), "utf-8"),
        ({"PYTHONIOENCODING": "gbk"}, ("rules", "X12"), "gbk"),  # can: as the console has it
        ({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, ("rules", "X12", "--json"), "utf-8"),
    ],
)
def test_what_is_said_can_be_read_whatever_the_console(env, words, encoding):
    done = kongchuo(*words, env=env)
    assert done.returncode == 0
    assert "人和台账对不上" in done.stdout.decode(encoding) or "疑似辍学台账" in done.stdout.decode(encoding)
    wrong = kongchuo("rules", "X9999", env=env)
    assert "没有代码“X9999”" in wrong.stderr.decode(encoding)


def test_json_is_utf8_where_the_console_is_not(monkeypatch):
    written = io.TextIOWrapper(io.BytesIO(), encoding="gbk")
    monkeypatch.setattr(sys, "stdout", written)
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    assert cli.main(["rules", "X12", "--json"]) == 0
    assert "疑似辍学台账" in written.buffer.getvalue().decode("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C as a signal to one process")
def test_ctrl_c_is_one_sentence(tmp_path):
    (tmp_path / "2023-2024").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "kongchuo", "watch", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # whoever runs the tests in the background hands down that Ctrl-C is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert "正在看着" in process.stdout.readline().decode()
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert "已结束" in out.decode()


# --- how far a batch is ------------------------------------------------------------------------------------------------
@pytest.mark.skipif(os.name == "nt", reason="a pseudo terminal is POSIX")
def test_a_terminal_gets_a_bar_below_the_lines_and_a_pipe_none():
    import fcntl
    import pty
    import struct
    import termios

    script = (
        "from kongchuo import console\n"
        "with console.progress() as show:\n"
        "    show({'total': 4, 'left': 2, 'failed': 1})\n"
        "    console.say('一行')"
    )
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=theirs, timeout=120)
    shown = os.read(mine, 9999).decode()
    assert done.stdout.decode().split() == ["一行"]
    assert "失败 1，2/4 份" in shown

    quiet = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
    assert (quiet.stdout.decode().split(), quiet.stderr) == (["一行"], b"")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chekc", "x"], "没有 'chekc'，可以写 'check'"),
        (["import"], "还要写 FILE, --into"),
        (["check", "x", "--zz"], "没有这样的选项：--zz"),
        (["import", "x", "--into"], "--into：后面要写一个值"),
        (["serve", "--port", "z"], "--port：“z”应是 0 到 65535 之间的整数"),
        (["run", "monthly", "--engine", "z"], "--engine：没有 'z'，可以写"),
    ],
)
def test_what_is_typed_wrongly_is_said_in_chinese(words, says, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert says in said
    assert not re.search("usage|error|invalid|required|expected|argument", said)


def test_the_help_speaks_chinese(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    said = capsys.readouterr().out
    assert "写法：kongchuo" in said
    assert "退出码：0 没有问题" in said
    assert not re.search("usage|positional|options|show this|Exit codes", said)
