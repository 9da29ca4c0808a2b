"""Batch: parameter file to runs, runs to results; every way a run can go wrong ends in a Chinese reason and in no false success."""

import contextlib
import datetime as dt
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import types
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, strategies as st

import townships
from kongchuo.__main__ import main
from kongchuo.commands import opening
from kongchuo.console import UNREADABLE, USAGE
from kongchuo.core import places, schema, years
from kongchuo.core.findings import UsageError, UserError
from kongchuo.core.names import telling_names
from kongchuo.excel import registry, writing
from kongchuo.facts import references
from kongchuo.pages.report import MADE_AT
from kongchuo.publishing import archive, batch, execution, gate, indexes, status, unchanged
from kongchuo.publishing.archive import DONE, FAILED, safe_name
from tiny import CELLS, SUMMARY, going_on, notebook, project, twice

ROOT = Path(__file__).parents[1]
SCHOOLS = (references.School("示例中学", "SLZX", ("示例初中",)), references.School("示例小学", "SLXX"))
NOTEBOOK = Path("notebooks/tiny.ipynb")
NAMES = ("school", "month", "workbooks")
MONTH = years.period("2023-10")


def monthly(**values):
    return batch.Batch(NOTEBOOK, {"month": "2023-10", "school": "all", **values})


# --- expand: pure ---------------------------------------------------------------------------------


def test_all_means_the_town_and_every_school_of_the_registry():
    runs = batch.expand(monthly(), {}, SCHOOLS, MONTH)

    assert [(run.name, run.parameters["school"], run.stem) for run in runs] == [
        ("全镇", "all", "全镇"),
        ("示例中学", "示例中学", "示例中学"),
        ("示例小学", "示例小学", "示例小学"),
    ]


@pytest.mark.parametrize("text", ["示例中学", "SLZX", "示例初中", "SLZX,示例中学", "示例中学，"])
def test_a_school_by_name_code_or_usual_name(text):
    assert [run.parameters for run in batch.expand(monthly(), {"school": text}, SCHOOLS, MONTH)] == [
        {"month": "2023-10", "school": "示例中学"}
    ]


def test_several_schools_joined_by_comma_and_the_town_alone():
    assert [run.name for run in batch.expand(monthly(), {"school": "SLXX,示例中学"}, SCHOOLS, MONTH)] == [
        "示例小学",
        "示例中学",
    ]
    assert [run.name for run in batch.expand(monthly(), {"school": "全镇"}, SCHOOLS, MONTH)] == ["全镇"]


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"school": "示列中学"}, "是不是“示例中学”"),
        ({"school": ""}, "没有指定学校"),
    ],
)
def test_what_cannot_be_meant_is_said_in_chinese(overrides, says):
    with pytest.raises(UsageError, match=says):
        batch.expand(monthly(), overrides, SCHOOLS, MONTH)


@pytest.mark.parametrize("text", ["2023-13", "../x", "", "2023-2024-1-1", "2023-2025"])
def test_what_is_no_month_is_said_in_chinese(text):
    with pytest.raises(UsageError, match="应写成 2023-10"):
        batch.wanted(monthly(), {"month": text})


def test_what_is_no_school_year_is_called_one_also_for_the_pages_of_months(tmp_path):
    with pytest.raises(UsageError, match="学年“2023”应写成 2023-2024 的样子"):
        batch.plan(batch.load(places.PARAMETERS / "year.yaml"), {"year": "2023"}, tmp_path, tmp_path)


def test_a_school_year_stands_for_its_months_with_lessons_and_for_its_rounds():
    months = [period.key for period in batch.wanted(monthly(), {"month": "2023-2024"})]
    rounds = batch.wanted(batch.Batch(NOTEBOOK, {"round": "2023-2024", "school": "all"}), {})

    assert (months[0], months[-1], len(months)) == ("2023-09", "2024-06", 10)
    assert [period.short for period in rounds] == [
        "第一学期第一轮",
        "第一学期第二轮",
        "第二学期第一轮",
        "第二学期第二轮",
    ]
    assert [period.days[1].isoformat() for period in rounds] == ["2023-10-31", "2024-01-31", "2024-04-30", "2024-07-31"]


def test_another_edition_is_another_page():
    public = batch.expand(monthly(edition="公开版", school="全镇"), {}, SCHOOLS, MONTH)

    assert [(run.name, run.stem) for run in public] == [("全镇（公开版）", "全镇（公开版）")]


def test_a_plan_makes_each_page_once_and_gives_an_override_to_those_that_know_it(tmp_path):
    file, shared, out = project(tmp_path, ["甲校", "乙校"])
    (file.parents[1] / "notebooks" / "round.ipynb").write_text(
        notebook([CELLS[0], ("parameters", 'school = ""\nround = ""\nworkbooks = ""')]), "utf-8"
    )
    file.write_text(
        "make:\n"
        "- notebook: tiny\n  for: {month: '2023-09,2023-10', school: all}\n"
        "- notebook: tiny\n  for: {month: '2023-10', school: 甲校}\n"
        "- notebook: round\n  for: {round: 2023-2024-1-1, school: all}\n",
        "utf-8",
    )

    made = batch.plan(batch.load(file), {"round": "2023-2024-2-2"}, shared, out)

    assert [(shelf.period.key, shelf.notebook, len(runs)) for shelf, (_, _, runs) in made.items()] == [
        ("2023-09", "tiny", 3),
        ("2023-10", "tiny", 3),
        ("2023-2024-2-2", "round", 3),
    ]
    with pytest.raises(UsageError, match="没有参数“rond”"):
        batch.plan(batch.load(file), {"rond": "2023-2024-2-2"}, shared, out)


@pytest.mark.parametrize(
    ("values", "overrides", "says"),
    [
        ({}, {"mont": "2023-10"}, "没有参数“mont”，是不是“month”"),
        ({"shcool": "all"}, {}, "没有参数“shcool”，是不是“school”"),
        ({}, {"workbooks": "x"}, "--workbooks"),
        ({}, {"x=0;f();y": "1"}, "没有参数“x=0;f\\(\\);y”"),
    ],
)
def test_names_are_checked_against_the_notebook(values, overrides, says):
    with pytest.raises(UsageError, match=says):
        batch.check_names(monthly(**values), overrides, NAMES)


def test_what_was_mistyped_is_wrong_usage_and_what_is_not_there_unreadable(tmp_path, capsys):
    file, _, _ = project(tmp_path, [])

    assert main(["run", str(file), "mont=2023-10", "--workbooks", str(tmp_path)]) == USAGE
    assert "是不是“month”" in capsys.readouterr().err
    assert main(["run", str(file), "month=2020-10", "--workbooks", str(tmp_path)]) == UNREADABLE


def test_a_parameter_of_the_notebook_missing_in_the_file_is_said():
    with pytest.raises(UserError, match="grade"):
        batch.check_names(monthly(), {}, (*NAMES, "grade"))


@pytest.mark.parametrize(
    ("month", "year"), [("2023-09", "2023-2024"), ("2024-08", "2023-2024"), ("2024-09", "2024-2025")]
)
def test_school_year_of_a_month(month, year):
    assert years.year_of(month) == year


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("notebook: tiny\nfor: {month: 2023, school: all}\n", "加引号"),
        ("notebook: ../tiny\nfor: {month: '2023-10', school: all}\n", "不带文件夹"),
        ("notebook: none\nfor: {month: '2023-10', school: all}\n", "找不到笔记本"),
        ("notebook: tiny\nfro: {}\nfor: {}\n", "fro"),
        ("notebook: tiny\nnotebook: tiny\nfor: {}\n", "写了两次"),
        ("make: []\n", "各写一条"),
        ("make: [{notebook: tiny}]\n", "for"),
        ("make: [tiny]\n", "make"),
        ("make: []\nnotebook: tiny\n", "notebook"),
    ],
)
def test_parameter_file_is_read_strictly(tmp_path, text, says):
    file, _, _ = project(tmp_path, [])
    file.write_text(text, "utf-8")

    with pytest.raises(UserError, match=says):
        batch.load(file)


def test_the_shipped_parameter_file_names_what_its_notebook_declares():
    shipped = batch.load(ROOT / "parameters" / "monthly.yaml")

    for entry in shipped:
        batch.check_names(entry, {}, execution.parameters(entry.notebook))


def a_registry(folder, rows):
    book = schema.default().book_of["school"]
    writing.write_workbook(
        folder / "2023-2024" / "中心学校" / "基础信息.xlsx", book, {"school": rows}, schema.default()
    )


def test_schools_come_from_the_registry_in_its_order(tmp_path):
    school = {
        "school_code": "SLZX",
        "school_name": "示例中学",
        "school_alias": "示例初中、初中",
        "stage": "初中",
        "active": True,
    }
    centre = {"school_code": "SLJZ", "school_name": "示例镇中心学校", "stage": "中心学校", "active": True}
    closed = {"school_code": "SLJX", "school_name": "旧小学", "stage": "完小", "active": False}
    (tmp_path / "2023-2024" / "中心学校").mkdir(parents=True)
    (tmp_path / "2023-2024" / "别的小学").mkdir()
    a_registry(tmp_path, [centre, school, closed, {"school_code": "SLXX", "school_name": "示例小学", "stage": "完小"}])

    assert registry.registered(tmp_path, "2023-2024") == (
        references.School("示例中学", "SLZX", ("示例初中", "初中")),
        references.School("示例小学", "SLXX"),
    )


def test_without_a_readable_registry_the_folders_are_the_schools(tmp_path):
    for name in ("中心学校", "甲校", "乙校"):
        (tmp_path / "2023-2024" / name).mkdir(parents=True)
    (tmp_path / "2023-2024" / "中心学校" / "基础信息.xlsx").write_text("不是工作簿", "utf-8")

    assert {school.name for school in registry.registered(tmp_path, "2023-2024")} == {"甲校", "乙校"}


# --- names and snapshots --------------------------------------------------------------------------

NASTY = [
    "../../../etc/x",
    "..\\x",
    "/etc/passwd",
    "C:\\x",
    "a:b",
    "CON",
    "nul",
    "com1",
    "index",
    "inputs",
    "全镇",
    "{month}",
    "-x",
]
NASTY += [
    "x\0y",
    "a" * 300,
    " ",
    "",
    ".",
    "..",
    "~$x",
    "中学.",
    "中 学",
    "中学\n",
    "学校/分校",
    "x\u202ey",
    "\ud800",
    "$(id)",
    "100%",
]


@pytest.mark.parametrize("text", NASTY)
def test_nasty_names_become_plain_ones(text):
    name = safe_name(text)

    assert re.fullmatch(r"[\w()（）-]+", name)
    assert name.split(".")[0].upper() not in ("CON", "NUL", "COM1")
    assert name not in ("index", "inputs", "全镇")
    assert len(name.encode()) < 200


@pytest.mark.parametrize("text", ["示例中学", "新庄镇中心小学", "蓝天幼儿园（附设班）", "第2小学", "东风(分校)"])
def test_ordinary_names_stay(text):
    assert safe_name(text) == text


@given(
    st.lists(
        st.sampled_from([*NASTY, "示例", "A", "a", "é", "e\u0301"]) | st.text(max_size=6),
        min_size=2,
        max_size=2,
        unique=True,
    )
)
def test_no_two_texts_share_a_name(texts):
    first, second = (safe_name(text).casefold() for text in texts)

    assert first != second


def test_snapshot_keeps_content_of_workbooks_and_names_of_the_rest(tmp_path):
    _, shared, _ = project(tmp_path, ["甲校"])
    home = shared / "2023-2024" / "甲校"
    (home / "~$学籍.xlsx").write_bytes(b"somebody")
    (home / "名单.docx").write_bytes(b"text")
    inputs = tmp_path / "inputs"

    first, second = (archive.snapshot(shared, "2023-2024", inputs) for _ in range(2))

    assert first == second
    assert [path.name for path in inputs.iterdir()] == [first]
    kept = {path.name: path.read_bytes() for path in (inputs / first).rglob("*") if path.is_file()}
    assert kept == {"学籍.xlsx": "甲校".encode(), "~$学籍.xlsx": b"", "名单.docx": b""}
    if os.name != "nt":
        assert stat.S_IMODE(inputs.stat().st_mode) == 0o700


def test_snapshot_holds_what_is_read_of_the_year_before(tmp_path):
    """Else a report would judge by other lists than the check."""
    _, shared, _ = project(tmp_path, ["甲校"])
    for name in ("甲校/学籍.xlsx", "中心学校/基础信息.xlsx", "甲校/帮扶.xlsx", "甲校/~$学籍.xlsx"):
        path = shared / "2022-2023" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    first = archive.snapshot(shared, "2023-2024", tmp_path / "inputs")

    kept = set(archive.hashes(tmp_path / "inputs" / first))
    assert kept >= {"2022-2023/甲校/学籍.xlsx", "2022-2023/中心学校/基础信息.xlsx"}
    assert not {"2022-2023/甲校/帮扶.xlsx", "2022-2023/甲校/~$学籍.xlsx"} & kept
    (shared / "2022-2023" / "甲校" / "学籍.xlsx").write_bytes(b"changed")
    assert archive.snapshot(shared, "2023-2024", tmp_path / "inputs") != first


def test_a_month_is_made_by_one_batch_at_a_time(tmp_path):
    with archive.alone(tmp_path), pytest.raises(UserError, match="另一个窗口"), archive.alone(tmp_path):
        pass


# --- runs -----------------------------------------------------------------------------------------

BAD = {
    "用户错误": r"缺少工作簿“学籍.xlsx”，请从模板复制一份",
    "程序错误": r"程序故障（ValueError），详见 logs/程序错误.log",
    "提前退出": r"程序故障（没有算完就结束了）",
    "内核死亡": r"意外中断",
    "超时": r"超过8秒",
    "没有汇总": r"缺少末尾的汇总",
    "泄露": r"P01 .*“二、出勤”一节",
}


@pytest.fixture(scope="module", params=batch.ENGINES)
def ran(request, tmp_path_factory):
    """One batch with a school for every way to fail; (month folder, lines said, outcome, paths)."""
    if request.param != "nbclient" and batch.BEST == "nbclient":
        pytest.skip("this system has the stock engine only")
    folder = tmp_path_factory.mktemp("带{braces} 和空格")
    paths = project(folder, ["正常中学", "a{b}小学", *BAD])
    said = []
    limits = execution.Limits(60, 8, 120)
    outcome = batch.run(paths[0], {}, paths[1], paths[2], say=said.append, limits=limits, with_engine=request.param)
    return archive.Shelf(paths[2].resolve(), MONTH, "tiny"), said, outcome, paths


def test_good_runs_are_done_whatever_becomes_of_the_others(ran):
    month, said, outcome, _ = ran
    good = {result.name: result for result in month.results.values() if result.outcome == DONE}

    assert set(good) == {"全镇", "正常中学", "a{b}小学"}
    assert good["正常中学"].summary["school"] == "正常中学"
    assert "读到 9 个工作簿" in (month.path / good["正常中学"].page).read_text("utf-8")
    assert len(outcome.results) == 10
    assert any(re.fullmatch(r"\[\d+/10\] 完成 正常中学 \d+ 秒：错误 2，警告 1", line) for line in said)


def test_what_could_not_be_read_is_said_once_and_known_to_the_caller(ran):
    _, said, outcome, _ = ran

    assert outcome.unreadable == ("甲校/学籍.xlsx：缺少工作簿。请从模板复制",)
    assert [line for line in said if "读不到" in line] == ["读不到：甲校/学籍.xlsx：缺少工作簿。请从模板复制"]


@pytest.mark.parametrize("school", BAD)
def test_a_failed_run_says_why_and_publishes_nothing(ran, school):
    month, _, outcome, _ = ran
    result = month.results[school]

    assert result.outcome == FAILED
    assert result.page == ""
    assert re.search(BAD[school], result.reason), result.reason
    assert school in [failed.name for failed in outcome.failed]
    assert not list(month.path.glob(f"{school}.*"))


def test_manifest_says_what_each_run_has_read_and_who_made_it(ran):
    month, _, _, _ = ran
    data = json.loads((month.path / "manifest.json").read_text("utf-8"))
    runs = data["runs"]

    assert {run["snapshot"] for run in runs} == set(data["inputs"])
    assert len(data["inputs"][runs[0]["snapshot"]]["2023-2024/正常中学/学籍.xlsx"]) == 64
    assert all(
        run["code"] and run["schema"] and len(run["notebook_sha256"]) == 64 and run["seconds"] > 0 for run in runs
    )
    assert runs[0]["name"] == "全镇"
    assert runs[0]["parameters"] == {"month": "2023-10", "school": "all"}


def test_no_identity_number_in_anything_a_run_leaves(ran):
    month, said, _, _ = ran
    left = [path for path in month.path.rglob("*") if path.suffix in (".json", ".log", ".html", ".ipynb")]

    assert len(left) > 6
    for text in (*said, *(path.read_text("utf-8") for path in left)):
        assert "990101200001011234" not in text
        assert "99010120000101123X" not in text


def test_index_lists_every_run_with_its_state(ran):
    month, _, outcome, _ = ran
    text = outcome.index.read_text("utf-8")

    assert text.count("✓ 完成") == 3
    assert text.count("✗ 失败") == 7
    assert "缺少工作簿“学籍.xlsx”" in text
    assert "tiny/index.html" in (month.out / "index.html").read_text("utf-8")


def test_a_failing_rerun_keeps_the_last_good_page_and_the_other_runs(ran, tmp_path):
    month, _, _, (file, shared, out) = ran
    before = (month.path / "正常中学.html").read_bytes()

    limits = execution.Limits(60, 8, 0.001)
    outcome = batch.run(file, {"school": "正常中学"}, shared, out, limits=limits, say=lambda _: None, force=True)

    after = month.results["正常中学"]
    assert outcome.failed[0].reason.startswith("整份报告超过")
    assert (after.outcome, after.page, after.shown["page"]) == (FAILED, "", "正常中学.html")
    assert (month.path / "正常中学.html").read_bytes() == before
    assert len(month.results) == 10
    assert "旧报告" in outcome.index.read_text("utf-8")


class AtOnce(execution.Stock):
    """An engine whose runs end at once, for tests of what a batch remembers of its runs."""

    def execute(self, notebook, output, parameters):
        if parameters["school"] == "用户错误":
            return execution.Verdict(reason="缺少工作簿")
        counts = dict.fromkeys(("errors", "warnings", "infos", "not_judged"), 0)
        return execution.Verdict(EXECUTED, {**parameters, **counts, "unreadable": []})


EXECUTED = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setitem(batch.ENGINES, batch.BEST, AtOnce)


@pytest.mark.usefixtures("at_once")
def test_what_has_not_changed_is_not_made_again(tmp_path):
    file, shared, out = project(tmp_path, ["正常中学", "乙校"])
    shelf = archive.Shelf(out.resolve(), MONTH, "tiny")

    def made(**given):
        """The runs that were executed, and why."""
        said = []
        before = [*shelf.results]
        given = {"overrides": {}, **given}
        outcome = batch.run(file, given.pop("overrides"), shared, out, say=said.append, **given)
        assert not outcome.failed
        done = [name for name in before if f"没有变，不用重做 {name}" not in " ".join(said)]
        return {name: shelf.results[name].why for name in done}

    made()
    assert {result.why for result in shelf.results.values()} == {"第一次生成"}
    pages = {path: path.stat().st_mtime_ns for path in shelf.path.glob("*.html") if path.stem != "index"}
    assert made() == {}
    assert {path: path.stat().st_mtime_ns for path in pages} == pages

    (shelf.path / "乙校.html").unlink()
    assert set(made()) == {"乙校"}
    started = shelf.results["乙校"].started, shelf.results["全镇"].started
    time.sleep(1)
    made(overrides={"school": "乙校"}, force=True)
    assert [one != shelf.results[name].started for one, name in zip(started, ("乙校", "全镇"), strict=True)] == [
        True,
        False,
    ]
    (shared / "2023-2024" / "乙校" / "学籍.xlsx").write_bytes(b"changed")
    assert made() == {"全镇": "台账变了", "正常中学": "别的学校的台账变了", "乙校": "本校的台账变了"}
    notebook_file = file.parents[1] / "notebooks" / "tiny.ipynb"
    notebook_file.write_text(notebook([*CELLS, ("code", "1")]), "utf-8")
    assert made() == dict.fromkeys(("全镇", "正常中学", "乙校"), "笔记本变了")


@pytest.mark.usefixtures("at_once")
def test_a_scheduler_reads_events_and_only_what_failed_is_made_again(tmp_path):
    file, shared, out = project(tmp_path, ["正常中学", "用户错误"])

    def events(**given):
        told = []
        batch.run(file, {}, shared, out, say=lambda _: None, tell=told.append, **given)
        assert (told[0]["event"], told[-1]["event"]) == ("begin", "end")
        for number, one in enumerate(told[1:-1], 1):
            assert one["made"] + one["unchanged"] + one["failed"] == number == one["total"] - one["left"]
        return {one["name"]: (one["outcome"], bool(one["page"]), bool(one["reason"])) for one in told[1:-1]}

    failed = {"用户错误": ("failed", False, True)}
    assert events() == {"全镇": ("made", True, False), "正常中学": ("made", True, False)} | failed
    assert events(only=["failed"]) == failed
    assert events() == {"全镇": ("unchanged", True, False), "正常中学": ("unchanged", True, False)} | failed
    (one,) = status.status(out, shared)
    assert (one["made"], [*one["failed"]], one["workbooks"]) == (2, ["用户错误"], status.NEW)
    (shared / "2023-2024" / "正常中学" / "学籍.xlsx").write_bytes(b"changed")
    (one,) = status.status(out, shared)
    assert one["workbooks"] == status.CHANGED
    assert status.REDO in " ".join(status.told([one]))


def test_nothing_failed_is_said(tmp_path):
    file, shared, out = project(tmp_path, ["正常中学"])
    with pytest.raises(UserError, match="没有上次失败的报告"):
        batch.run(file, {}, shared, out, only=["failed"], say=lambda _: None)
    with pytest.raises(UserError, match="还没有报告"):
        status.status(out, shared)


def test_a_value_that_does_not_exist_is_refused_before_anything_starts(tmp_path):
    file, shared, out = project(tmp_path, ["正常中学"])

    def no(text):
        raise UserError(f"没有“{text}”")

    with pytest.raises(UserError, match="没有“2023-10”"):
        batch.run(file, {}, shared, out, say=lambda _: None, checks={"month": no})
    assert not out.exists()


@pytest.mark.usefixtures("at_once")
def test_all_of_a_command_sees_one_state_of_the_shared_folder(tmp_path):
    """Two notebooks: while the first runs, somebody saves a workbook."""
    file, shared, out = project(tmp_path, ["甲校"])
    twice(file)

    outcome = batch.run(
        file, {}, shared, out, say=lambda _: (shared / "2023-2024" / "甲校" / "学籍.xlsx").write_bytes(b"saved")
    )

    assert len(outcome.results) == 4
    assert len({result.snapshot for result in outcome.results}) == 1


def test_all_of_a_command_stands_on_one_day(tmp_path, monkeypatch):
    """Two notebooks of a month that goes on: midnight passes after the first report. The runs themselves have the machine's clock."""
    file, shared, out = project(tmp_path, ["甲校"])
    told = "from kongchuo.core import places\ndisplay(HTML(f'<p>{places.today()}</p>'))"
    cells = notebook([*CELLS[:3], ("code", told), CELLS[3]])
    (file.parents[1] / "notebooks" / "tiny.ipynb").write_text(cells, "utf-8")
    twice(file)

    class Clock(dt.date):
        now = dt.date(2023, 10, 20)

        @classmethod
        def today(cls):
            return cls.now

    def midnight(_):
        Clock.now = dt.date(2023, 10, 21)

    for module in (batch, places):
        monkeypatch.setattr(module, "dt", types.SimpleNamespace(**{**vars(dt), "date": Clock}))
    outcome = batch.run(file, {}, shared, out, say=midnight)
    pages = [path.read_text("utf-8") for path in out.glob("2023-10/*/*校.html")]
    assert [re.findall("<p>(20[-0-9]+)</p>", page) for page in pages] == [["2023-10-20"]] * 2
    assert {one.depends["今天的日期"] for one in outcome.results} == {"2023-10-20"}
    again = batch.run(file, {}, shared, out, say=lambda _: None)
    assert {one.depends["今天的日期"] for one in again.results} == {"2023-10-21"}


def test_a_full_disk_at_the_snapshot_is_a_sentence(tmp_path, monkeypatch, capfd):
    file, shared, out = project(tmp_path, ["甲校"])
    write = Path.write_bytes

    def full(path, content):
        if path.suffix == ".xlsx":
            raise OSError(28, "No space left on device", str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    words = ["run", str(file), "--workbooks", str(shared), "--out", str(out)]
    assert main(words) == UNREADABLE
    said = capfd.readouterr()
    assert "磁盘已满" in said.out + said.err
    assert "Traceback" not in said.out + said.err
    assert not list(out.rglob("*.xlsx"))
    twice(file)
    assert main(words) == UNREADABLE
    assert capfd.readouterr().out.count("磁盘已满") == 2


@pytest.mark.parametrize("engine", batch.ENGINES)
def test_reports_that_cannot_be_kept_take_no_others_down(engine, tmp_path, monkeypatch):
    file, shared, out = project(tmp_path, [])
    (shared / "2023-2024").mkdir(parents=True)
    twice(file)
    save = archive.Shelf.save

    def full(shelf, results):
        if shelf.notebook == "tiny":
            raise OSError(28, "No space left on device")
        save(shelf, results)

    monkeypatch.setattr(archive.Shelf, "save", full)
    outcome = batch.run(file, {}, shared, out, say=lambda _: None, with_engine=engine)

    assert [text.partition("：")[0] for text in outcome.lost] == ["小报告 2023-10"]
    assert {result.name: result.reason for result in outcome.results} == {"全镇": ""}
    assert (out / "2023-10" / "other" / "全镇.html").is_file()


@pytest.mark.parametrize("engine", batch.ENGINES)
def test_after_ctrl_c_the_next_call_goes_on(engine, tmp_path):
    """As typed: what is done stands and is listed, no process goes on, and only the rest is made."""
    file, shared, out = project(tmp_path, ["正常中学", "超时"])
    words = ["run", file, "school=正常中学,超时", "--workbooks", shared, "--out", out, "--engine", engine]
    command = [sys.executable, "-m", "kongchuo", *map(str, words)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # however this run was started
    ) as running:
        assert "完成 正常中学" in running.stdout.readline()
        os.killpg(running.pid, signal.SIGINT)
        try:
            assert running.wait(30) == 130
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    assert "正常中学" in (out / "2023-10" / "tiny" / "index.html").read_text("utf-8")
    assert not going_on(str(tmp_path))

    said = []
    limits = execution.Limits(60, 1, 120)
    batch.run(file, {"school": "正常中学,超时"}, shared, out, say=said.append, limits=limits, with_engine=engine)
    assert [line.partition("：")[0] for line in said[:2]] == ["[1/2] 没有变，不用重做 正常中学", "[2/2] 失败 超时"]


@pytest.mark.parametrize(
    ("schools", "lists", "order"),
    [
        (60, False, ["open 2023-09", "open 2023-10", "run 2023-09", "open 2023-11", "run 2023-10", "run 2023-11"]),
        (0, False, ["open 2023-09", "run 2023-09", "open 2023-10", "run 2023-10", "open 2023-11", "run 2023-11"]),
        (60, True, ["open 2023-09", "run 2023-09", "open 2023-10", "run 2023-10", "open 2023-11", "run 2023-11"]),
    ],
)
def test_while_reports_are_made_the_books_of_the_next_are_read(tmp_path, monkeypatch, schools, lists, order):
    """But not for many schools, nor for papers, which list what has been made before them."""
    done = []

    class Noting(execution.Stock):
        def open(self, notebook, scratch, parameters, runs):
            done.append(f"open {parameters['month']}")

        def execute(self, notebook, output, parameters):
            done.append(f"run {parameters['month']}")
            return execution.Verdict(notebook.read_text("utf-8"), {"errors": 0, "warnings": 0})

    monkeypatch.setattr(batch.prepared, "Prepared", Noting)
    monkeypatch.setitem(batch.ENGINES, batch.engine.NAME, Noting)
    monkeypatch.setattr(batch, "FEW", schools)
    monkeypatch.setattr(unchanged, "LISTING", ("tiny",) if lists else ())
    file, shared, out = project(tmp_path, ["甲校"])
    given = {"school": "甲校", "month": "2023-09,2023-10,2023-11"}
    said = []
    outcome = batch.run(file, given, shared, out, say=said.append, with_engine=batch.engine.NAME)
    assert done == order
    assert [result.outcome for result in outcome.results] == [DONE] * 3
    assert "共 3 份：完成 3" in said


def test_books_read_ahead_are_let_go_when_the_reports_before_are_stopped(tmp_path, monkeypatch):
    """Their reports are not begun: they stand in no index, and the next call takes their folder."""
    ended = []

    class Stopped(execution.Stock):
        def __exit__(self, *_):
            ended.append(1)

        def execute(self, notebook, output, parameters):
            raise KeyboardInterrupt

    monkeypatch.setattr(batch.prepared, "Prepared", Stopped)
    monkeypatch.setitem(batch.ENGINES, batch.engine.NAME, Stopped)
    file, shared, out = project(tmp_path, ["甲校"])
    given = {"school": "甲校", "month": "2023-09,2023-10"}
    with pytest.raises(KeyboardInterrupt):
        batch.run(file, given, shared, out, say=lambda _: None, with_engine=batch.engine.NAME)
    assert ended == [1, 1]
    assert not list(out.rglob("index.html"))
    with archive.alone(out / "2023-10" / "tiny"):
        pass


def test_a_template_open_in_word_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "PARAMETERS", tmp_path)
    monkeypatch.setattr(places, "POLICY", tmp_path / "policy.yaml")
    places.POLICY.write_text("1")
    (tmp_path / "papers" / "旧").mkdir(parents=True)
    (tmp_path / "papers" / "简报.docx").write_bytes(b"office")
    before = unchanged.made_from()
    (tmp_path / "papers" / "~$简报.docx").write_bytes(b"somebody")
    assert unchanged.made_from() == before
    (tmp_path / "papers" / "简报.docx").write_bytes(b"changed")
    assert unchanged.made_from() != before


def test_what_a_killed_batch_has_left_is_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for number in (gone.pid, os.getpid()):
        (tmp_path / f"kongchuo-{number}-x").mkdir()
        (tmp_path / f"kongchuo-{number}-x" / "judged.pickle").write_bytes(b"pupils")

    with archive.scratch() as scratch:
        left = sorted(path.name for path in tmp_path.iterdir())

    assert left == sorted([f"kongchuo-{os.getpid()}-x", Path(scratch).name])


def test_what_a_killed_batch_has_half_written_is_removed_by_the_next(tmp_path):
    out = tmp_path / "runs"
    shelf = archive.Shelf(out, MONTH, "tiny")
    (shelf.path / "甲校").mkdir(parents=True)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for folder, name in ((out, "index.html"), (shelf.path, "甲校.html"), (shelf.path / "甲校", "附表.xlsx")):
        for number in (gone.pid, os.getpid()):
            (folder / f".{name}.{number}.part").write_bytes(b"pupils")

    archive.sweep(shelf)

    assert {path.name.split(".")[-2] for path in out.rglob("*.part")} == {str(os.getpid())}
    assert len([*out.rglob("*.part")]) == 3


def test_dry_run_lists_and_makes_nothing(tmp_path):
    file, shared, out = project(tmp_path, ["甲校", "乙校"])
    said = []

    outcome = batch.run(file, {"month": "2024-03"}, shared, out, dry_run=True, say=said.append)

    assert [line.split("：")[0] for line in said] == [
        "将生成 全镇 2024-03",
        "将生成 乙校 2024-03",
        "将生成 甲校 2024-03",
    ]
    assert not out.exists()
    assert not outcome.failed


def test_a_month_without_workbooks_is_refused_before_anything_starts(tmp_path):
    file, shared, out = project(tmp_path, ["甲校"])

    with pytest.raises(UserError, match="2020-2021"):
        batch.run(file, {"month": "2020-10"}, shared, out)
    assert not out.exists()


def test_output_folder_that_cannot_be_written_is_no_success(tmp_path, monkeypatch):
    file, shared, out = project(tmp_path, ["甲校"])
    monkeypatch.setattr(execution, "execute", lambda *_: execution.Verdict(EXECUTED, {"errors": 0}))

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write_whole", full)
    with pytest.raises(UserError, match="磁盘已满"):  # the manifest cannot be written either: nothing may claim success
        batch.run(file, {}, shared, out, say=lambda _: None, with_engine="nbclient")
    assert not list(out.rglob("*.html"))


def test_plain_papermill_runs_the_same_notebook(tmp_path):
    file, shared, _ = project(tmp_path, ["甲校"])
    notebook = file.parents[1] / "notebooks" / "tiny.ipynb"
    out = tmp_path / "out.ipynb"
    command = [
        sys.executable,
        "-m",
        "papermill",
        notebook,
        out,
        "-r",
        "school",
        "甲校",
        "-r",
        "month",
        "2023-10",
        "-r",
        "workbooks",
        shared,
    ]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    said = [
        o["data"]
        for cell in json.loads(out.read_text("utf-8"))["cells"]
        for o in cell.get("outputs", ())
        if "data" in o
    ]
    assert said[-1][SUMMARY]["school"] == "甲校"


# --- the real report ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """An example township of two schools, one of them with a workbook missing."""
    folder = tmp_path_factory.mktemp("town")
    townships.make(folder / "shared", 2, 120)
    known = registry.registered(folder / "shared", "2023-2024")
    next((folder / "shared" / "2023-2024" / known[1].name).glob("学籍.xlsx")).unlink()
    return folder, known


def test_the_monthly_report_runs_for_town_and_schools(town):
    folder, known = town
    said = []

    outcome = batch.run(
        ROOT / "parameters" / "monthly.yaml",
        {},
        folder / "shared",
        folder / "runs",
        only=("monthly_self_check",),
        say=said.append,
    )

    assert [result.reason for result in outcome.failed] == []
    assert {result.name for result in outcome.results} == {"全镇", *(school.name for school in known)}
    month = archive.Shelf((folder / "runs").resolve(), MONTH, "monthly_self_check")
    for result in month.results.values():
        page = (month.path / result.page).read_text("utf-8")
        assert "2023年10月" in page
        assert page.count("<script") == page.count(f"<script>{indexes.script()}</script>") == 1
        assert result.summary["month"] == "2023-10"
        assert result.summary["workbooks"].items() <= {
            (name, digest) for name, digest in archive.hashes(month.path / "inputs" / result.snapshot).items()
        }
    assert "学籍.xlsx" in (month.path / month.results[known[1].name].page).read_text("utf-8")


def roster(shared, school):
    """The worksheet of a school's 学生花名册, the column of names and a row with a pupil; `.parent` is the workbook."""
    book = openpyxl.load_workbook(shared / "2023-2024" / school / "学籍.xlsx")
    rows = book["学生花名册"]
    head = next(cell for row in rows.iter_rows(max_row=4) for cell in row if cell.value == "姓名")
    return rows, head.column, next(row for row in range(head.row + 1, 99) if rows.cell(row, head.column).value)


def left(folder, stem):
    """All that a run has left for people, by its path: pages without the minute, files."""
    found = [folder / f"{stem}.html", *sorted((folder / stem).glob("*"))]
    texts = {path.name: path.read_text("utf-8") for path in found if path.suffix == ".html"}
    made = {name: MADE_AT.sub("", text) for name, text in texts.items()}
    return made | {path.name: path.read_bytes() for path in found if path.suffix == ".xlsx"}


@pytest.mark.skipif(batch.BEST == "nbclient", reason="only what holds the books can tell what a page would hold")
def test_what_one_school_changes_makes_its_own_runs_and_the_towns_again(tmp_path):
    """And what is not made again is what would be made: byte for byte, but for the minute. (The centre's workbooks hold errors
    already: that there are any, each school's page says.)
    """
    townships.make(tmp_path / "shared", 2, 40, 1, faults=True)
    shared, out = tmp_path / "shared", (tmp_path / "runs").resolve()
    one, other = (school.name for school in registry.registered(shared, "2023-2024"))
    shelves = [archive.Shelf(out, MONTH, name) for name in ("monthly_self_check", "monthly_papers")]

    def made(**given):
        values = {"school": f"全镇,{one},{other}"} | given.pop("values", {})
        values |= {"kinds": "月报表,简报,劝返记录"} if "only" not in given else {}
        given = {"only": [shelf.notebook for shelf in shelves]} | given
        outcome = batch.run(ROOT / "parameters" / "monthly.yaml", values, shared, out, say=print, **given)
        assert not outcome.failed
        return {(shelf.notebook, name): result for shelf in shelves for name, result in shelf.results.items()}

    first = made()
    rows, column, row = roster(shared, other)
    rows.cell(row, column).value = "欧阳测测"
    rows.parent.save(shared / "2023-2024" / other / "学籍.xlsx")
    second = made()
    for (_, name), result in second.items():
        again = result.started != first[_, name].started
        stood = "别的学校的台账变了，这一份的内容不受影响" if name == one else ""
        assert (again, result.stood) == (name != one, stood)
        assert result.why == {"全镇": "台账变了", one: "第一次生成", other: "本校的台账变了"}[name]
    assert len({result.snapshot for result in second.values()}) == 1
    assert {result.stood for result in made().values()} == {unchanged.SAME}

    kept = {shelf: left(shelf.path, one) for shelf in shelves}
    forced = made(force=True, values={"school": one})
    assert all((forced[at].started != result.started) == (at[1] == one) for at, result in second.items())
    for shelf, before in kept.items():
        now = left(shelf.path, one)
        assert before.keys() == now.keys()
        assert len(before) > 1
        assert [name for name, content in now.items() if content != before[name]] == []

    # two rosters hold the same child: each school's page says so of its own row
    (own, _, row), (others, _, place) = roster(shared, one), roster(shared, other)
    for at in range(1, own.max_column + 1):
        if own.cell(row, at).data_type != "f":
            others.cell(place, at).value = own.cell(row, at).value
    others.parent.save(shared / "2023-2024" / other / "学籍.xlsx")
    again = made(values={"school": one}, only=["monthly_self_check"])["monthly_self_check", one]
    assert (again.stood, again.why) == ("", "别的学校的台账变了")


def test_the_public_edition_stands_beside_the_internal_one_and_holds_no_name(town):
    folder, _ = town
    values = {"school": "全镇", "edition": "公开版"}

    outcome = batch.run(
        ROOT / "parameters" / "monthly.yaml",
        values,
        folder / "shared",
        folder / "runs",
        only=("monthly_self_check",),
        say=print,
    )

    (result,) = outcome.results
    assert (result.name, result.reason) == ("全镇（公开版）", "")
    month = outcome.index.parent
    read, _, _ = opening.judged(folder / "shared", "2023-2024", dt.date(2023, 10, 31))
    names = telling_names(read)
    assert len(names) > 100
    for name in ("全镇（公开版）.html", "全镇（公开版）.ipynb"):
        assert gate.gate(month / name, "公开版", names, 3) == ()
    kept = [path for path in month.rglob("*") if path.is_file() and "inputs" not in path.parts]
    assert not [path for path in kept if "names" in path.name]  # the list of names itself never stays


def test_plain_papermill_runs_the_monthly_report(town, tmp_path):
    folder, known = town
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", "notebooks/monthly_self_check.ipynb", out]
    command += ["-r", "school", known[0].name, "-r", "month", "2023-10"]

    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"KONGCHUO_WORKBOOKS": str(folder / "shared")},
    )

    assert done.returncode == 0, done.stderr[-3000:]
    cells = json.loads(out.read_text("utf-8"))["cells"]
    said = [output["data"] for cell in cells for output in cell.get("outputs", ()) if SUMMARY in output.get("data", {})]
    assert said[-1][SUMMARY]["school"] == known[0].name
