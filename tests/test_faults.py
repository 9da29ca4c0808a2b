"""Faults of ours, planted one at a time: what goes wrong stays with its rule, section, paper, run; the rest is done; the exit code is 4.

No line ever holds what the error itself says, which may be a pupil's data.
"""

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import handmade
import townships
from kongchuo import __main__ as cli, console, papers
from kongchuo.commands import watching
from kongchuo.core import policy
from kongchuo.core.findings import UserError
from kongchuo.core.numbers import in_order, natural
from kongchuo.core.places import FILES, POLICY
from kongchuo.figures import definitions, duty as bonds, enrolment as pupils
from kongchuo.pages import monthly, units, views
from kongchuo.pages.display import Page
from kongchuo.pages.monthly import enrolment, selfcheck
from kongchuo.pages.report import Report
from kongchuo.pages.year import years
from kongchuo.papers import printing
from kongchuo.publishing import archive, execution, indexes, press
from kongchuo.rules import checks, judging, waivers
from tiny import project, twice

SECRET = "9900002011" + "0509001X"
HELD = policy.load(POLICY)


def fails(*_, **__):
    raise KeyError(SECRET)


def told(lines, *words):
    """One line that names the words and the type of the error, and not what it says."""
    text = "\n".join([lines] if isinstance(lines, str) else lines)
    found = [line for line in text.splitlines() if all(word in line for word in words)]
    assert len(found) == 1, text
    assert (
        "（程序问题，请报告）：KeyError，test_faults.py" in found[0] or "（程序问题，请报告）：KeyError，" in found[0]
    )
    assert "9900" not in text
    assert "Traceback" not in text
    return found[0]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults") / "shared"
    townships.make(folder, 2, 40, 1)
    return folder


# --- judging ----------------------------------------------------------------------------------------------------------
def test_one_check_that_fails_keeps_no_other_from_being_made(monkeypatch):
    made = handmade.town({"roster": {"甲小学": [{"name": "甲1", "student_key": "XS0000001"}]}})
    whole = {finding.rule for finding in judging.examine(made, HELD).findings}
    assert {"F08", "F17"} <= whole
    monkeypatch.setitem(checks.CHECKS, "F17", fails)
    judgement = judging.examine(made, HELD)
    assert "F08" in {finding.rule for finding in judgement.findings}
    told(judgement.broken, "检查 F17 没有运行成功")
    assert judgement.failed == {"F17"}, "its marks of before stay"


@pytest.mark.parametrize("beside", [True, False])
def test_a_large_town_is_judged_in_two_shares_as_a_small_one_is_in_one(beside, monkeypatch):
    code = next(rule.code for rule in judging.RULES if (rule.code in judging.BESIDE) == beside)
    made, _ = handmade.township(2, 60, 1, spoil=lambda rows: [row.update(id_no="") for row in rows["roster"][:5]])
    rules = [replace(rule, judge=fails) if rule.code == code else rule for rule in judging.RULES]
    monkeypatch.setattr(judging, "RULES", tuple(rules))
    whole = judging.examine(made, HELD)
    assert whole.findings
    assert whole.questions or whole.not_judged
    asked = []
    monkeypatch.setattr(judging, "aside", lambda work: asked.append(work) or work())
    monkeypatch.setattr(judging, "MANY", 0)
    assert (judging.examine(made, HELD), len(asked)) == (whole, 1)
    told(whole.broken, f"规则 {code} 没有运行成功")


def test_waivers_that_fail_keep_no_finding_silent(monkeypatch):
    made = handmade.town({"roster": {"甲小学": [{"name": "甲1", "student_key": "XS0000001"}]}})
    monkeypatch.setattr(waivers, "settle", fails)
    judgement = judging.examine(made, HELD)
    assert "F08" in {finding.rule for finding in judgement.findings}
    told(judgement.broken, "豁免 没有运行成功")


@pytest.fixture
def broken_rule(monkeypatch):
    rule = next(rule for rule in judging.RULES if rule.code == "X12")
    others = tuple(one for one in judging.RULES if one is not rule)[:4]

    class Failing:
        code, needs, kind, current = rule.code, rule.needs, rule.kind, rule.current
        judge = staticmethod(fails)

    monkeypatch.setattr(judging, "RULES", (Failing(), *others))


@pytest.mark.parametrize("command", ["check", "mark"])
def test_a_rule_that_fails_is_said_and_ends_in_4(command, shared, broken_rule, tmp_path, capfd):
    more = ("--out", str(tmp_path)) if command == "mark" else ("--fresh",)
    assert cli.main([command, str(shared), *more]) == console.FAILED
    out, err = capfd.readouterr()
    told(err, "规则 X12 没有运行成功")
    assert "错误 0 条" in out or "问题 0 条" in out, "the rest is said"
    assert SECRET not in out


def test_a_rule_that_fails_stands_in_the_json(shared, broken_rule, capfd):
    assert cli.main(["check", str(shared), "--json", "--fresh"]) == console.FAILED
    told(json.loads(capfd.readouterr().out)["broken"], "规则 X12 没有运行成功")


# --- pages ------------------------------------------------------------------------------------------------------------
def report(made, **sections):
    plan = monthly.PLAN
    return Report(
        type(plan)(**{**plan.__dict__, "sections": {**plan.sections, **sections}}), handmade.month(made, "甲小学")
    )


def test_a_section_that_fails_is_said_in_its_place(monkeypatch):
    names = [*monthly.PLAN.sections]
    made = report(handmade.town({}), **{names[1]: fails})
    assert names[2] not in str(made.html(names[1]))
    told(str(made.html(names[1])).replace("<", "\n<"), f"{names[1]} 一节没有生成")
    assert "kc-card" in str(made.html(names[2])), "the next is there"
    page = getattr(made, names[-1])()
    assert isinstance(page, Page)
    told(made._state()["broken"], f"{names[1]} 一节没有生成")
    assert made.section(names[1]) is made.section(names[1]), "it is not tried again and again"


LISTS = (  # of measures: the section, where the list stands, how the first is called, what stands beside it
    ("groups", enrolment, "GROUPS", "“某项”", ("资助", "适龄残疾儿童入学率")),
    ("checklist", selfcheck, "EVIDENCE", "“自查清单第1项”", ("程序问题，没有算出来", "四包", "档案")),
    ("organisation", bonds, "FOUR_BONDS", "“某项”", ("包年级", "责任书：学校—村")),
)


@pytest.mark.parametrize(("name", "module", "table", "called", "others"), LISTS)
def test_a_measure_that_fails_takes_no_other_of_its_section_down(name, module, table, called, others, monkeypatch):
    monkeypatch.setitem(units.TITLES, fails, "某项")
    monkeypatch.setattr(module, table, (fails, *getattr(module, table)[1:]))
    made = report(handmade.town({}))
    shown = str(made.html(name))
    told(shown.replace("<", "\n<"), f"{called}没有算出来")
    assert "这一节没有生成" not in shown
    assert [word for word in others if word not in shown] == []
    told(made._state()["broken"], f"{called}没有算出来")


def test_the_rates_of_the_year_fail_one_by_one(monkeypatch):
    monkeypatch.setitem(units.TITLES, fails, "某项")
    monkeypatch.setattr(pupils, "net", fails)
    shown = str(report(handmade.town({})).html("basics"))
    told(shown.replace("<", "\n<"), "“某项”没有算出来")
    assert "学年辍学率" in shown


def test_a_figure_of_the_year_that_fails_leaves_the_others_in_the_table(monkeypatch):
    monkeypatch.setitem(units.TITLES, fails, "某项")
    broken = [replace(one, function=fails) if one.code == "D03" else one for one in definitions.MEASURES]
    monkeypatch.setattr(definitions, "MEASURES", broken)
    said, table = years.figures(handmade.month(handmade.town({}))).blocks
    told(said.items, "“某项”没有算出来")
    shown = {row[0] for row in table.rows}
    assert shown >= {"学年辍学率", "小学学段巩固率", "九年义务教育巩固率", "适龄残疾儿童入学率", "学困厌学转化率"}
    assert "学年巩固率" not in shown


def test_a_page_for_everybody_lacks_no_measure_in_silence(monkeypatch):
    monkeypatch.setitem(units.TITLES, fails, "某项")
    monkeypatch.setattr(enrolment, "GROUPS", (fails, *enrolment.GROUPS))
    made = report(handmade.town({}))
    made.view = type(made.view)(**{**made.view.__dict__, "edition": "公开版"})
    with pytest.raises(KeyError):
        made.section("groups")


def test_a_section_that_cannot_be_shown_is_said_in_its_place(monkeypatch):
    names = [*monthly.PLAN.sections]
    made = report(handmade.town({}), **{names[1]: lambda view: object()})
    assert "没有生成" in str(made.html(names[1]))
    assert made._state()["broken"]


def test_a_page_for_everybody_is_whole_or_is_not():
    names = [*monthly.PLAN.sections]
    made = report(handmade.town({}), **{names[1]: fails})
    made.view = type(made.view)(**{**made.view.__dict__, "edition": "公开版"})
    with pytest.raises(KeyError):
        made._failed(names[1], KeyError())


# --- papers -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def broken_paper(monkeypatch):
    """月报表 fails, 周报表 does not."""
    changed = tuple(
        type(paper)(**{**paper.__dict__, "make": fails}) if paper.name == "月报表" else paper for paper in papers.PAPERS
    )
    monkeypatch.setattr(papers, "PAPERS", changed)


def test_a_paper_that_fails_takes_no_other_down(shared, broken_paper, tmp_path, capfd):
    words = ["papers", str(shared), "--month", "2023-10", "--kind", "月报表", "简报", "--school", "全镇"]
    assert cli.main([*words, "--out", str(tmp_path)]) == console.FAILED
    err = capfd.readouterr().err
    told(err, "月报表：没有生成")
    assert {path.name for path in tmp_path.rglob("*.*") if path.is_file()} == {
        "简报_全镇_2023-10.docx",
        "简报_全镇_2023-10.html",
    }


def test_a_paper_that_fails_on_a_page_is_said_there(shared, broken_paper, tmp_path, monkeypatch):
    monkeypatch.setenv(FILES, str(tmp_path / "files"))
    view = printing.opened("全镇", "2023-10", "简报、月报表", shared)
    state = printing.state(view)
    assert {name.split("_")[0] for name in state["files"]} == {"简报"}
    told(state["broken"], "月报表：没有生成")


def test_papers_that_cannot_be_written_are_said_with_why_and_are_no_fault_of_ours(shared, tmp_path):
    (tmp_path / "papers").write_text("")  # in the way of their folder, as are rights that somebody has not
    told, quiet = [], {"gate": lambda *_: (), "say": lambda _: None, "warn": lambda line: told.append(line)}
    with pytest.raises(UserError, match=r"写不进.*换一个 --out 文件夹"):
        papers.print_out("全镇", "2023-10", shared, ["月报表"], tmp_path, **quiet)
    assert told == []


def test_no_folder_is_left_in_which_nothing_lies(shared, tmp_path):
    papers.print_out("all", "2023-10", shared, ["公示稿"], tmp_path, gate=lambda *_: (), say=lambda _: None)
    assert not [path for path in tmp_path.rglob("*") if path.is_dir() and not any(path.iterdir())]


# --- runs -------------------------------------------------------------------------------------------------------------
VERDICT = execution.Verdict(
    json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), {"errors": 0, "warnings": 0}
)


def run(tmp_path, monkeypatch, execute=lambda *_: VERDICT, schools=("甲校", "乙校")):
    file, folder, out = project(tmp_path, list(schools))
    monkeypatch.setattr(execution, "execute", execute)
    said = []
    code = cli.main(["run", str(file), "--engine", "nbclient", "--workbooks", str(folder), "--out", str(out)])
    return code, out / "2023-10" / "tiny", said


def test_a_run_that_fails_in_this_process_takes_no_other_down(tmp_path, monkeypatch, capfd):
    def execute(notebook, output, parameters, limits):
        return fails() if parameters["school"] == "甲校" else VERDICT

    code, shelf, _ = run(tmp_path, monkeypatch, execute)
    assert code == console.FAILED
    told(capfd.readouterr().out, "失败 甲校")
    assert sorted(path.name for path in shelf.glob("*.html")) == ["index.html", "乙校.html", "全镇.html"]


def test_a_page_that_cannot_be_made_takes_no_other_down(tmp_path, monkeypatch, capfd):
    render = press.render
    monkeypatch.setattr(press, "render", lambda text, title: fails() if "甲校" in title else render(text, title))
    code, shelf, _ = run(tmp_path, monkeypatch)
    assert code == console.FAILED
    told(capfd.readouterr().out, "失败 甲校")
    assert (shelf / "乙校.html").is_file()


def test_an_index_that_cannot_be_made_is_said_and_the_pages_are_there(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(indexes, "index", fails)
    code, shelf, _ = run(tmp_path, monkeypatch)
    assert code == console.FAILED
    told(capfd.readouterr().out, "没有做完")
    assert (shelf / "甲校.html").is_file()


def test_a_fault_on_a_page_that_is_there_ends_in_4_as_well(tmp_path, monkeypatch, capfd):
    line = "甲校：cases 一节没有生成（程序问题，请报告）：KeyError，cases.py 第1行"
    broken = execution.Verdict(VERDICT.notebook, {"errors": 0, "warnings": 0, "broken": [line]})
    code, shelf, _ = run(tmp_path, monkeypatch, lambda *_: broken)
    assert code == console.FAILED
    assert capfd.readouterr().out.count(line) == 1
    assert (shelf / "甲校.html").is_file()


def test_a_notebook_that_somebody_else_runs_keeps_no_other_from_being_run(tmp_path, monkeypatch, capfd):
    file, folder, out = project(tmp_path, ["甲校"])
    twice(file)
    monkeypatch.setattr(execution, "execute", lambda *_: VERDICT)
    (out / "2023-10" / "tiny").mkdir(parents=True)
    with archive.alone(out / "2023-10" / "tiny"):
        assert (
            cli.main(["run", str(file), "--engine", "nbclient", "--workbooks", str(folder), "--out", str(out)])
            == console.UNREADABLE
        )
    assert "另一个窗口" in capfd.readouterr().out
    assert (out / "2023-10" / "other" / "甲校.html").is_file()


def test_a_paper_open_in_word_stays_as_it_was_and_keeps_no_other_from_its_place(tmp_path, monkeypatch, capfd):
    """Windows refuses to rename over, or to remove, a file that somebody has open."""

    def left(text, names):
        def execute(notebook, output, parameters, limits):
            folder = execution.left_by(output)
            folder.mkdir()
            for name in names:
                (folder / name).write_text(text)
            return execution.Verdict(
                VERDICT.notebook, {"errors": 0, "warnings": 0, "files": dict.fromkeys(names, "内部版")}
            )

        return execute

    file, folder, out = project(tmp_path, ["甲校"])
    words = ["run", str(file), "--engine", "nbclient", "school=甲校", "--workbooks", str(folder), "--out", str(out)]
    monkeypatch.setattr("kongchuo.publishing.gate.passed", lambda *_: ())
    monkeypatch.setattr(execution, "execute", left("old", ["a.html", "b.html", "c.html", "gone.html", "held.html"]))
    assert cli.main(words) == 0
    replace, unlink = os.replace, Path.unlink
    opened = ("b.html", "held.html")

    def refused(source, target):
        if Path(target).name in opened:
            raise PermissionError(13, "in use", str(target))
        replace(source, target)

    def kept(path, missing_ok=False):
        if path.name in opened:
            raise PermissionError(13, "in use", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(os, "replace", refused)
    monkeypatch.setattr(Path, "unlink", kept)
    monkeypatch.setattr(execution, "execute", left("new", ["a.html", "b.html", "c.html"]))
    capfd.readouterr()
    assert cli.main([*words, "--force"]) == console.UNREADABLE
    out_said = capfd.readouterr().out
    assert "没有换新 甲校：“b.html”可能有人正开着" in out_said
    assert "“held.html”可能有人正开着" in out_said
    lying = {path.name: path.read_text() for path in (out / "2023-10" / "tiny" / "甲校").iterdir()}
    assert lying == {"a.html": "new", "b.html": "old", "c.html": "new", "held.html": "old"}
    opened = ()
    assert cli.main(words) == 0, "closed in Word, it is made again though nothing has changed"
    lying = {path.name: path.read_text() for path in (out / "2023-10" / "tiny" / "甲校").iterdir()}
    assert lying == {"a.html": "new", "b.html": "new", "c.html": "new"}
    monkeypatch.undo()


# --- reading and looking on ---------------------------------------------------------------------------------------------
def test_watching_goes_on_after_a_fault_of_ours(tmp_path):
    (tmp_path / "2023-2024").mkdir()
    book, said, looks = tmp_path / "2023-2024" / "a.xlsx", [], []

    def sleep(_):
        looks.append(1)
        if len(looks) == 1:
            with zipfile.ZipFile(book, "w") as package:
                package.writestr("a", "a")
        if len(looks) > 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watching.watch(tmp_path, fails, said.append, sleep=sleep)
    told(said, "这次没有做成")


def test_all_and_the_town_mean_the_same_view(shared):
    for school in ("全镇", "all", " 全镇 "):
        assert views.open_month(school, "2023-10", shared).home == ""
    with pytest.raises(UserError, match="全镇写 全镇"):
        views.open_month("没有的学校", "2023-10", shared)


# --- the order of names -------------------------------------------------------------------------------------------------
def test_names_stand_in_the_order_people_expect():
    names = ["七(1)班", "七(2)班", "七(10)班", "八(1)班", "九(1)班", "十二小学", "第二小学", "第十小学", "第十二小学"]
    assert sorted({*names}, key=natural) == names
    assert sorted(["10月", "9月", "二十一村", "十村", "两村"], key=natural) == [
        "9月",
        "10月",
        "十村",
        "二十一村",
        "两村",
    ]


def test_a_class_with_a_longer_number_comes_later():
    frame = pd.DataFrame({"grade": [7, 7, 7, 6], "class_id": ["SLZX-2023-10", "SLZX-2023-2", None, "SLZX-2024-1"]})
    assert frame.sort_values(["grade", "class_id"], key=in_order).index.tolist() == [3, 1, 0, 2]
