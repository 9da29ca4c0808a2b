"""Every command as a person types it, on townships of every kind: its exit code, that it says what there is to say, and no traceback.

A command or an option that is typed nowhere in this file fails the last test.
"""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from functools import partial

import openpyxl
import pytest

import townships
from kongchuo import __main__ as cli
from kongchuo.core import places
from kongchuo.excel import registry
from kongchuo.rules.questions import HEADING
from kongchuo_township import demo

YEAR, MIDDLE = "2023-2024", "示例中学"
MONTHLY = str(places.PARAMETERS / "monthly.yaml")
TYPED = set()  # (command, option) of all that was typed here; the option is "" for the command itself


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """A folder that holds one shared folder of each kind."""
    folder = tmp_path_factory.mktemp("towns")
    townships.make(folder / "faulted", 2, 60, 3, faults=True)
    townships.make(folder / "clean", 2, 40, 1)
    townships.make(folder / "whole-year", 2, 40, 1, whole_year=True)
    holiday(folder / "faulted")
    damaged = folder / "damaged" / YEAR
    shutil.copytree(folder / "clean", folder / "damaged")
    (damaged / MIDDLE / "学籍.xlsx").write_bytes((damaged / MIDDLE / "学籍.xlsx").read_bytes()[:3000])
    (damaged / "中心学校" / "基础信息.xlsx").write_text("不是工作簿", "utf-8")
    (damaged / MIDDLE / "控辍台账.xlsx").unlink()
    (damaged / "示例第一小学" / "帮扶.xlsx").rename(damaged / "示例第一小学" / "帮扶.xls")
    (folder / "empty" / YEAR).mkdir(parents=True)
    (folder / "nothing").mkdir()
    return folder


def holiday(shared):
    """A school day marked as a holiday, with every class present: a question (Q04)."""
    path = next(shared.rglob("中心学校/基础信息.xlsx"))
    book = openpyxl.load_workbook(path)
    page = book["教学日历"]
    columns = {cell.value: cell.column for cell in page[1]}
    row = next(row for row in range(60, page.max_row) if page.cell(row, columns["上课"]).value == "是")
    page.cell(row, columns["上课"]).value = "否"
    book.save(path)


def note(words):
    """Remember what is typed: every option of the command in whichever way it is written."""
    (command,) = (one for name, one in commands().items() if name == words[0])
    TYPED.add((words[0], ""))
    for action in command._actions:
        if {word.split("=")[0] for word in words} & {*action.option_strings}:
            TYPED.add((words[0], action.dest))


def commands():
    return next(action for action in cli.parser()._actions if hasattr(action, "choices") and action.choices).choices


def typed(*words):
    """Exit code, stdout, stderr; no traceback, never silence."""
    code, out, err = typed_or_silent(*words)
    assert out or err, "nothing was said"
    return code, out, err


def typed_or_silent(*words):
    words = [str(word) for word in words]
    note(words)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.main(words)
        except SystemExit as ended:
            code = ended.code
    for text in (out.getvalue(), err.getvalue()):
        assert "Traceback" not in text, text
        assert "程序问题" not in text, text
    return code, out.getvalue(), err.getvalue()


# --- check ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("town", "code"), [("clean", 0), ("whole-year", 0), ("faulted", 1), ("damaged", 3), ("empty", 3)]
)
def test_check_says_findings_questions_and_what_is_not_judged_in_text_and_json(towns, town, code):
    said, text, _ = typed("check", towns / town, "-v")
    assert said == code
    said, out, _ = typed("check", towns / town, "--json")
    assert said == code
    found = json.loads(out)
    assert found.keys() == {"year", "as_of", "findings", "waived", "questions", "not_judged", "broken"}
    causes = [one for one in found["findings"] if not one["caused_by"]]
    errors = [one for one in causes if one["severity"] == "error"]
    assert f"错误 {len(errors)} 条" in text
    for rule in {one["rule"] for one in causes}:
        assert f" {rule} " in text
    assert ("因此另有" in text) == (len(causes) < len(found["findings"]))
    if found["questions"]:
        assert f"{HEADING}：{len(found['questions'])} 条" in text
        assert all(one["text"] in text for one in found["questions"])
    assert ("尚未判定" in text) == bool(found["not_judged"])
    assert all(f"{one['home']}：{one['reason']}（" in text for one in found["not_judged"])
    assert bool(found["questions"]) == (town == "faulted")
    assert bool(found["not_judged"]) == (town in ("damaged", "empty", "faulted"))
    assert bool(errors) == (town in ("damaged", "empty", "faulted"))
    assert {"workbook", "sheet", "row", "cell"} <= set((found["findings"] or [{"workbook", "sheet", "row", "cell"}])[0])


def test_errors_alone_are_exit_code_1(towns):
    home = towns / "faulted" / YEAR / "示例第一小学" / "自查档案.xlsx"
    assert typed("check", home, "--as-of", "2024-01-26")[0] == 1
    code, text, _ = typed("check", home, "--fresh", "--waived", "--out", towns / "out")
    assert code == 1
    assert HEADING not in text, "of another workbook"


@pytest.mark.parametrize("words", [("check",), ("due",), ("mark",), ("repair",), ("papers", "--month", "2023-10")])
@pytest.mark.parametrize("where", ["nothing", "none", "file.txt"])
def test_what_is_no_shared_folder_is_said(towns, words, where):
    (towns / "file.txt").write_text("x")
    code, out, err = typed(words[0], towns / where, *words[1:])
    assert (code, out) == (3, "")
    assert err.startswith("无法继续：")


# --- the other ways to look at a township ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("town", "codes"), [("clean", (0,)), ("whole-year", (0, 1)), ("faulted", (1,)), ("damaged", (3,)), ("empty", (3,))]
)
def test_due_and_reconcile_say_whose_workbooks_are_in_no_list(towns, town, codes):
    code, out, err = typed("due", towns / town, "--within", "30")
    assert code in codes
    assert ("读不到：" in err) == (3 in codes)
    code, out, _ = typed("due", towns / town, "--json", "--as-of", "2023-12-15")
    assert isinstance(json.loads(out), list)
    lists = {"empty": 3, "damaged": 3, "clean": 0}
    code, out, err = typed("reconcile", "--workbooks", towns / town, "--as-of", "2023-12-15")
    assert code == lists.get(town, code)
    assert code in (0, 1, 3)
    code, out, _ = typed("reconcile", "--workbooks", towns / town, "--json")
    assert isinstance(json.loads(out), list)


def test_reconcile_with_a_list_writes_its_workbook(towns, tmp_path):
    listed = tmp_path / "名单.csv"
    listed.write_text("姓名,身份证号码\n甲不在,99010120110101001X\n", "utf-8")
    code, _, _ = typed("reconcile", listed, "--workbooks", towns / "clean", "--out", tmp_path / "核对结果.xlsx")
    assert code == 1
    assert (tmp_path / "核对结果.xlsx").is_file()
    (tmp_path / "空.csv").write_text("", "utf-8")
    assert typed("reconcile", tmp_path / "空.csv", "--workbooks", towns / "clean")[0] == 3


@pytest.mark.parametrize(
    ("town", "marked", "repaired"), [("clean", 0, 0), ("faulted", 1, 0), ("damaged", 3, 3), ("empty", 3, 3)]
)
def test_mark_and_repair(towns, town, marked, repaired, tmp_path):
    shared = tmp_path / "shared"
    shutil.copytree(towns / town, shared)
    code, out, err = typed("mark", shared, "--out", tmp_path / "out", "--as-of", "2024-01-26")
    assert code == marked, out + err
    if town == "faulted":
        assert any((tmp_path / "out" / "returns").rglob("*_校验.xlsx"))
        assert typed("mark", shared, "--out", tmp_path / "out", "--in-place")[0] == 1
        assert typed("mark", shared, "--out", tmp_path / "out", "--in-place", "--clear")[0] == 0
    code, out, err = typed("repair", shared, "--out", tmp_path / "out")
    assert code == repaired, out + err


# --- pages and papers -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("town", "code"), [("faulted", 0), ("damaged", 3), ("whole-year", 0)])
def test_run_and_papers(towns, town, code, tmp_path):
    school = "全镇" if town == "whole-year" else MIDDLE
    where = ("--workbooks", towns / town, "--out", tmp_path / "out")
    words = ["run", MONTHLY, "month=2023-10", f"school={school}", "--only", "monthly_self_check", *where]
    said, out, err = typed(*words)
    assert said == code, out + err
    if town == "faulted":
        assert "没有变，不用重做" in typed(*words, "--engine", "nbclient")[1]
        assert "完成 1" in typed(*words, "--engine", "nbclient", "--force")[1]
        told = [json.loads(line) for line in typed(*words, "--engine", "nbclient", "--json")[1].splitlines()]
        assert [(one["event"], one.get("outcome")) for one in told] == [
            ("begin", None),
            ("run", "unchanged"),
            ("end", None),
        ]
        code_of, out, _ = typed("status", *where)
        assert (code_of, "月自查报告 2023-10：1 份" in out) == (0, True)
        assert json.loads(typed("status", *where, "--json")[1])[0]["workbooks"] == "没有变"
        assert "<h1>示例镇控辍保学报告</h1>" in (tmp_path / "out" / "index.html").read_text("utf-8")
    assert list(
        (tmp_path / "out" / "2023-10" / "monthly_self_check").glob(
            "*示例中学.html" if school == MIDDLE else "全镇.html"
        )
    )
    words = (
        "papers",
        towns / town,
        "--month",
        "2023-10",
        "--kind",
        "月报表",
        "劝返记录",
        "--school",
        school,
        "--out",
        tmp_path / "o",
    )
    said, out, err = typed(*words)
    assert said == (3 if town == "damaged" else 0), out + err
    made = sorted(path.parent.name for path in (tmp_path / "o").rglob("*.xlsx"))
    assert made == [school], "the one that needs no ledger is there"
    assert [path.name for path in (tmp_path / "o").rglob("*") if path.is_dir() and not any(path.iterdir())] == []


@pytest.mark.parametrize("value", ["edition=内部", "kinds=月报", "month=2023-13", "school=0052"])
def test_a_value_there_is_not_is_wrong_usage(towns, tmp_path, value):
    code, _, err = typed("run", MONTHLY, value, "--workbooks", towns / "clean", "--out", tmp_path / "out")
    assert (code, value.partition("=")[2] in err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_an_office_is_made_and_a_template_copied(tmp_path, monkeypatch):
    (tmp_path / "学校.csv").write_text("学校全称\n示例中学\n", "utf-8")
    code, out, _ = typed(
        "init", tmp_path / "o", "--town", "示例镇", "--schools", tmp_path / "学校.csv", "--year", "2023-2024"
    )
    assert (code, "空白工作簿" in out) == (0, True)
    assert (typed("copy", "monthly")[0], typed("upgrade")[0]) == (3, 3), "not in an office"
    for name in (places.HOME, places.WORKBOOKS, places.OUT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path / "o")
    code, out, err = typed("copy", "没有这个", "monthly", "简报没有")
    assert (code, out.count("已复制："), err.count("没有复制：没有“")) == (2, 1, 2)
    code, out, err = typed("copy", "没有这个", "monthly", "督查通报")
    assert (code, out.count("已复制："), "monthly.yaml”已经有了" in err, "没有“没有这个”" in err) == (3, 1, True, True)
    assert typed("upgrade")[0] == 0
    (tmp_path / "名单.csv").write_text("姓名,性别,班级\n甲春,男,七(1)班\n", "utf-8")
    words = ("import", tmp_path / "名单.csv", "--into", "示例中学", "--out", tmp_path / "i")
    words += ("--workbooks", tmp_path / "o/workbooks/示例镇")
    assert [typed(*words)[0], typed(*words, "--number")[0]] == [0, 0]
    assert (tmp_path / "i" / "returns" / "示例中学" / "学籍_导入.xlsx").is_file()
    assert (tmp_path / "o" / "parameters" / "monthly.yaml").is_file()


def test_without_a_path_the_offices_shared_folder_is_meant(towns, tmp_path, monkeypatch):
    """Typed in whatever folder of the office; outside of any it is said what to write."""
    words = [("check", "--json"), ("due", "--within", "30"), ("mark",), ("repair",), ("migrate",)]
    for name in (places.HOME, places.WORKBOOKS, places.OUT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for one in words:
        code, out, err = typed(*one)
        assert (code, out, "不是办公文件夹" in err and "写上共享文件夹" in err) == (2, "", True), (one, err)
    home = tmp_path / "o"
    shutil.copytree(towns / "faulted", home / "w")
    (home / places.MARK).write_text("shared: w\nout: r\n", "utf-8")
    (home / "notebooks").mkdir()
    monkeypatch.chdir(home / "notebooks")
    assert typed(*words[0])[:2] == typed("check", towns / "faulted", "--json")[:2]
    assert [typed(*one)[0] for one in words[:3]] == [1, 1, 1]
    assert any((home / "r" / "returns").rglob("*_校验.xlsx"))


def test_workbooks_of_the_present_template_need_no_migration(towns, tmp_path):
    code, out, _ = typed("migrate", towns / "clean", "--in-place", "--out", tmp_path)
    assert (code, "旧模板的 0 个" in out, [*tmp_path.rglob("*.xlsx")]) == (0, True, [])
    assert typed("migrate", towns / "damaged", "--out", tmp_path)[0] == 3


def test_the_tutorial_begins(tmp_path):
    code, out, _ = typed("tutorial", tmp_path / "练习")
    assert (code, "第 1 题" in out) == (1, True)


def test_what_is_due_is_told_as_counts(towns):
    code, out, _ = typed("notify", towns / "faulted", "--within", "7", "--as-of", "2024-01-15")
    assert (code, "逾期" in out) == (0, True)
    assert typed("notify", towns / "faulted", "--send")[0] == 3, "nothing is sent unless an office says so"
    assert typed("notify", towns / "damaged")[0] == 3


def test_an_evening_is_an_offices(towns, tmp_path):
    where = ("--workbooks", towns / "faulted", "--out", tmp_path)
    assert typed("schedule", "--at", "18:00", "--install")[0] == 3
    assert typed("schedule", "--now", "--missed", *where)[0] == 3


def test_a_new_year_is_tried_made_and_made_once(towns, tmp_path):
    shutil.copytree(towns / "whole-year", tmp_path / "town")
    words = "newyear", tmp_path / "town", "--from", YEAR, "--out", tmp_path
    code, out, _ = typed(*words, "--dry-run")
    assert (code, "将生成" in out, (tmp_path / "town" / "2024-2025").exists()) == (0, True, False)
    assert (typed(*words)[0], typed(*words)[0]) == (0, 3)
    assert typed("newyear", tmp_path / "town", "--from", "2023")[0] == 2
    (tmp_path / "t.csv").write_text("学生编号,升入学校\n", "utf-8")
    shutil.rmtree(tmp_path / "town" / "2024-2025")
    assert typed(*words, "--to", tmp_path / "t.csv")[0] == 0


def test_a_run_on_nothing_is_said(towns, tmp_path):
    for town in ("empty", "nothing"):
        where = ("--workbooks", towns / town, "--out", tmp_path)
        code, out, err = typed("run", MONTHLY, "month=2023-10", "school=all", "--only", "monthly_self_check", *where)
        assert code in (3, 4), out + err
        assert "学年" in out + err
    code, out, _ = typed("run", MONTHLY, "month=2023-10", "school=all", "--dry-run", "--workbooks", towns / "clean")
    assert (code, out.count("将生成")) == (0, 3 * 3)
    code, out, err = typed(
        "run", MONTHLY, "month=2023-10", "school=all", "--scheduler", "没有", "--workbooks", towns / "clean"
    )
    assert (code, "集群" in out + err) == (3, True), out + err


def test_papers_of_one_class_are_those_made_class_by_class(towns, tmp_path):
    words = ("papers", towns / "clean", "--month", "2023-09", "--school", MIDDLE, "--out", tmp_path)
    assert typed(*words, "--kind", "责任书_家长")[0] == 0
    every = {path.name for path in tmp_path.rglob("*.docx")}
    shutil.rmtree(tmp_path / "papers")
    assert typed(*words, "--class", "七1班")[0] == 0
    made = {path.name for path in tmp_path.rglob("*.docx")}
    assert (
        {name for name in made if name.startswith("责任书")} == {name for name in every if "七(1)班" in name} != every
    )
    assert {name.partition("_")[0] for name in made} == {"责任书", "告家长一封信"}
    code, out, _ = typed(*words, "--kind", "月报表", "告家长一封信", "--class", "七(1)班")
    assert (code, "月报表：不是一班一份的材料，没有生成" in out) == (0, True)
    code, _, err = typed(*words, "--kind", "月报表", "--class", "七(1)班")
    assert (code, "不是一班一份的材料" in err) == (2, True)
    held = registry.rooms(towns / "clean", "2023-2024")
    assert held.pop(MIDDLE)[0] == "七(1)班"
    assert {own[0] for own in held.values()} == {"一(1)班"}
    code, _, err = typed(*words, "--kind", "责任书_家长", "--class", "一(1)班")
    assert code == 2
    assert re.search(rf"{MIDDLE}没有“一\(1\)班”，有的班是：七\(1\)班、", err), err


@pytest.mark.parametrize(
    ("school", "asked", "why"),
    [
        (MIDDLE, ("--kind", "督查通报"), rf"“督查通报”是全镇的材料，没有{MIDDLE}的，请改选全镇"),
        ("全镇", ("--kind", "责任书_家长"), "“责任书_家长”是各校的材料，没有全镇的，请改选学校"),
        ("全镇", ("--class", "七(1)班"), "一班一份的材料是各校的，没有全镇的，请改选学校"),
    ],
)
def test_a_paper_that_a_school_or_the_town_does_not_have_is_said(towns, tmp_path, school, asked, why):
    code, _, err = typed("papers", towns / "clean", "--month", "2023-09", "--school", school, "--out", tmp_path, *asked)
    assert (code, why in err) == (2, True), err


def test_papers_are_listed():
    assert typed("papers", "--list")[0] == 0


@pytest.mark.parametrize("school", ["全镇", "all", "没有的学校"])
def test_one_vocabulary_for_the_whole_town(towns, school, tmp_path):
    words = ("papers", towns / "clean", "--month", "2023-10", "--kind", "简报", "--school", school, "--out", tmp_path)
    code, out, err = typed(*words)
    made = {path.parent.name for path in tmp_path.rglob("*.docx")}
    if school == "没有的学校":
        assert (code, made) == (2, set())
        assert "全镇写 全镇" in err
    else:
        assert code == 0, out + err
        assert "全镇" in made
        assert (len(made) > 1) == (school == "all")


# --- what needs no township, or serves one ------------------------------------------------------------------------------
def test_rules_and_build():
    assert typed("rules")[0] == 0
    assert typed("rules", "X12")[0] == 0
    assert json.loads(typed("rules", "X12", "--json")[1])
    assert typed("rules", "X999")[0] == 2
    code, out, err = typed_or_silent("build", "--check")
    assert code == 0, out + err


def test_example(tmp_path):
    small = ("--schools", "2", "--pupils", "40", "--seed", "4")
    assert typed("example", tmp_path / "a", *small)[0] == 0
    assert typed("example", tmp_path / "a", *small)[0] == 3, "there is one"
    assert typed("example", tmp_path / "b", *small, "--faults")[0] == 0
    assert typed("example", tmp_path / "c", *small, "--whole-year", "--faults")[0] == 3
    assert typed("example", tmp_path / "d", "--pupils", "3")[0] == 3
    assert typed("example", tmp_path / "d", "--pupils", "-3")[0] == 2
    (tmp_path / "file").touch()
    assert typed("example", tmp_path / "file", *small)[0] == 3


@pytest.mark.parametrize("command", ["example", "demo"])
def test_what_is_not_installed_says_what_to_install(command, tmp_path, monkeypatch):
    """An office may have the product without the invented township; a checkout on the path is no reason to run it."""
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **asked: ())
    code, out, err = typed(command, tmp_path / "town")
    assert (code, out) == (3, "")
    assert "kongchuo_township" in err
    assert not (tmp_path / "town").exists()


def test_starters_and_live(towns, tmp_path):
    code, out, _ = typed("starters", tmp_path, "--out", tmp_path / "out")
    assert code == 0
    assert "已生成" in out
    assert typed("starters", tmp_path / "none")[0] == 3
    book = towns / "clean" / YEAR / MIDDLE / "学籍.xlsx"
    for words in (
        ("mark",),
        ("clear", book),
        ("report", book, "--out", tmp_path),
        ("mark", book, "--as-of", "2023-10-31"),
    ):
        code, out, err = typed("live", *words)  # no Excel here, and none is asked of whoever tests
        assert (code, out) == (3, "")
        assert err.startswith("无法继续：")
    assert typed("live", "sing")[0] == 2


def process(*words):
    note([str(word) for word in words])
    command = [sys.executable, "-m", "kongchuo", *map(str, words)]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # whoever runs the tests in the background hands down that Ctrl-C is ignored
    heard = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    return subprocess.Popen(command, env=env, start_new_session=True, preexec_fn=heard, **pipes)


def stopped(started):
    """Ctrl-C, and what came of it."""
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=120)
    assert b"Traceback" not in out + err, err.decode()
    return started.returncode, out.decode()


def test_watch_starts_and_stops(towns, tmp_path):
    watching = process("watch", towns / "clean", "--out", tmp_path)
    assert "正在看着" in watching.stdout.readline().decode()
    time.sleep(1)
    code, out = stopped(watching)
    assert code == 0
    assert "已结束" in out


def test_serve_starts_answers_and_stops(towns, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = process("serve", "--workbooks", towns / "clean", "--out", tmp_path, "--port", port)
    assert f"127.0.0.1:{port}" in serving.stdout.readline().decode()
    for _ in range(120):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
            assert answer.status == 200
            break
        time.sleep(1)
    else:
        pytest.fail("no answer")
    code, _ = stopped(serving)
    assert code in (0, 130)
    assert typed("serve", "--workbooks", tmp_path / "none", "--port", port)[0] == 3
    note(["serve", "--browser"])  # opens one


def test_users_and_the_door_to_other_computers(towns, tmp_path, monkeypatch):
    """More of both in tests/test_accounts.py."""
    (tmp_path / places.MARK).write_text("shared: workbooks\nout: runs\n", "utf-8")
    monkeypatch.setenv(places.HOME, str(tmp_path))
    there = ("--workbooks", towns / "clean")
    assert typed("users", "list", *there)[:2] == (0, "还没有账号。\n")
    assert (
        "先用 kongchuo users add 建账号" in typed("serve", *there, "--address", "192.0.2.1", "--host", "a.example")[2]
    )
    code, _, err = typed(
        "users", "add", "李", "--role", "班主任", "--school", "没有的学校", "--class", "七(1)班", *there
    )
    assert (code, "没有“没有的学校”这所学校" in err) == (3, True)
    code, out, _ = typed("users", "add", "李", "--role", "督查", "--no-password", *there)
    assert (code, "由代理认人" in out) == (0, True)
    pair = ("--certificate", tmp_path / "没有.pem", "--key", tmp_path / "没有.pem")
    code, _, err = typed("serve", *there, "--address", "192.0.2.1", *pair)
    assert (code, "找不到证书" in err) == (3, True)
    code, _, err = typed("serve", *there, "--address", "192.0.2.1", "--behind-proxy", "--proxy-names")
    assert (code, "不是这台电脑的地址" in err) == (3, True)


def test_demo(tmp_path, monkeypatch):
    made = []

    def small(folder, say):
        made.append(folder)
        return demo_of(folder, say=say, schools=2, pupils=60)

    demo_of = demo.demo
    monkeypatch.setattr(demo, "demo", small)
    monkeypatch.setattr(demo.batch, "run", partial(demo.batch.run, only=("monthly_papers",)))
    code, out, _ = typed("demo", tmp_path / "demo")
    assert (code, made) == (0, [tmp_path / "demo"]), out
    (line,) = re.findall(r"kongchuo (check .*)", out)
    assert typed(*line.split())[0] == 1, "the line that it tells people to type"


def test_every_command_and_option_is_typed_somewhere():
    """Runs after all others of this file, as it stands last and xdist keeps a file together."""
    there = {(name, "") for name in commands()} | {
        (name, action.dest)
        for name, command in commands().items()
        for action in command._actions
        if action.option_strings and action.dest != "help"
    }
    assert not there - TYPED, "no test types these"
