"""kongchuo mark: findings go back to the clerks, by default as marked copies, on request in their own files."""

import datetime as dt
import errno
import hashlib
import io
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

import townships
from kongchuo import __main__ as cli, console
from kongchuo.commands import opening, returning, watching
from kongchuo.core import processes
from kongchuo.core.findings import SEVERITIES
from kongchuo.core.places import RESULTS
from kongchuo.excel import result_lines, result_sheet
from kongchuo.excel.parts import Package
from kongchuo.rules.judging import NotJudged
from kongchuo_township import YEAR

pytestmark = pytest.mark.usefixtures("judged_once")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    townships.make(folder, 2, 40, 1, faults=True)
    return folder


@pytest.fixture
def shared(made, tmp_path):
    return Path(shutil.copytree(made / YEAR, tmp_path / "shared" / YEAR)).parent


@pytest.fixture
def roster(shared):
    """One school's 学籍: only it is marked in most tests, though all is judged."""
    return sorted((shared / YEAR).rglob("学籍.xlsx"))[0]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def mark(roster, out, capsys):
    def run(*more, path=roster):
        code = cli.main(["mark", str(path), "--out", str(out), "--as-of", "2023-10-31", *more])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err + printed.out
        return code, printed.out, printed.err

    return run


def copy_of(roster, out):
    return out / "returns" / roster.parent.name / "学籍_校验.xlsx"


def listed(path):
    return list(result_lines.read(Package(path.read_bytes())))


def everything(folder):
    return {
        path.relative_to(folder): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_marked_copy_and_the_staffs_own_files_untouched(mark, shared, roster, out):
    before = everything(shared)
    code, printed, _ = mark(path=shared)
    assert code == console.ERRORS
    assert everything(shared) == before
    assert listed(copy_of(roster, out))
    assert f"{YEAR}/{roster.parent.name}/学籍.xlsx：标出问题 {len(listed(copy_of(roster, out)))} 条" in printed
    assert printed.splitlines()[-1].endswith("条。")


def test_copies_list_the_gravest_first_and_lead_to_the_originals(mark, shared, out):
    mark(path=shared)
    copies = sorted((out / "returns").rglob("*_校验.xlsx"))
    ranks = [[list(SEVERITIES.values()).index(line["severity"]) for line in listed(copy)] for copy in copies]
    assert ranks == [sorted(rank) for rank in ranks]
    assert any(len({*rank}) > 1 for rank in ranks)
    page = openpyxl.load_workbook(copies[-1])[RESULTS]
    address = page["D2"].value.split('"')[1]
    stem = copies[-1].name.replace("_校验", "")
    assert (copies[-1].parent / address).resolve() == (shared / YEAR / copies[-1].parent.name / stem).resolve()


def test_again_gives_the_same_copy(mark, roster, out):
    mark()
    before = copy_of(roster, out).read_bytes()
    mark()
    assert copy_of(roster, out).read_bytes() == before


def test_what_was_typed_into_the_copy_is_not_lost(mark, roster, out):
    mark()
    copy = copy_of(roster, out)
    book = openpyxl.load_workbook(copy)
    book[RESULTS]["K3"], book[RESULTS]["L3"] = "户口簿即如此", "甲老师"
    book.save(copy)
    mark()
    first, *others = listed(copy)
    assert (first["reason"], first["asked_by"]) == ("户口簿即如此", "甲老师")
    assert not any("reason" in line for line in others)


def test_in_place_and_back(mark, roster, out):
    old = roster.read_bytes()
    code, _, _ = mark("--in-place")
    assert code == console.ERRORS
    assert listed(roster)
    assert [path.read_bytes() for path in (out / "returns" / "原件").rglob("*.xlsx")] == [old]
    assert not copy_of(roster, out).exists()
    code, printed, _ = mark("--in-place", "--clear")
    assert code == console.CLEAN
    assert "标记已清除" in printed
    assert listed(roster) == []
    assert mark("--in-place", "--clear")[0] == console.CLEAN


def test_a_file_that_is_not_made_from_our_template_is_marked_in_a_copy_only(mark, roster, out):
    book = openpyxl.load_workbook(roster)
    del book[RESULTS]
    for name in result_sheet.ranges():
        del book.defined_names[name]
    book.save(roster)
    old = roster.read_bytes()
    code, printed, _ = mark("--in-place")
    assert code == console.ERRORS
    assert "不是由本程序的模板做成的，原件没有改动，只做了副本" in printed
    assert roster.read_bytes() == old
    assert listed(copy_of(roster, out))
    shutil.copyfile(copy_of(roster, out), roster)  # the clerk goes on working in the copy
    again = listed(copy_of(roster, out))
    mark()
    assert listed(copy_of(roster, out)) == again, "marks and notes are not findings"
    code, printed, _ = mark("--clear")
    assert "标记已清除" in printed
    assert RESULTS not in openpyxl.load_workbook(copy_of(roster, out)).sheetnames


def test_open_in_excel(mark, roster, out):
    roster.with_name("~$学籍.xlsx").touch()
    old = roster.read_bytes()
    code, printed, err = mark("--in-place")
    assert code == console.UNREADABLE
    assert "没有标记，有人正打开着“学籍.xlsx”" in printed
    assert "1 个没有标记" in printed
    assert err == ""
    assert roster.read_bytes() == old
    findings = out / "returns" / roster.parent.name / "学籍_校验结果.xlsx"
    assert openpyxl.load_workbook(findings)[RESULTS].max_row > 1
    roster.with_name("~$学籍.xlsx").unlink()
    assert mark("--in-place")[0] == console.ERRORS
    assert not findings.exists(), "a list of yesterday's findings must not lie there for ever"


def test_saved_between_check_and_mark(mark, roster, monkeypatch):
    judged = opening.judged

    def then_saved(*given):
        found = judged(*given)
        roster.write_bytes(roster.read_bytes() + b"\0")
        return found

    monkeypatch.setattr(opening, "judged", then_saved)
    for way in ((), ("--in-place",)):
        code, printed, _ = mark(*way)
        assert code == console.UNREADABLE
        assert "再运行一次" in printed


def test_gone_between_check_and_mark(mark, roster, monkeypatch):
    judged = opening.judged

    def then_gone(*given):
        found = judged(*given)
        roster.unlink()
        return found

    monkeypatch.setattr(opening, "judged", then_gone)
    code, printed, _ = mark("--in-place")
    assert code == console.UNREADABLE
    assert "没有标记，读不到" in printed


def test_a_share_that_is_gone_after_the_check_is_one_sentence(mark, shared, monkeypatch, capsys, tmp_path, out, roster):
    judged = opening.judged

    def then_unplugged(*args, **kwargs):
        found = judged(*args, **kwargs)
        shared.rename(tmp_path / "away")
        return found

    monkeypatch.setattr(opening, "judged", then_unplugged)
    assert cli.main(["mark", str(roster), "--in-place", "--out", str(out)]) == console.UNREADABLE
    told = capsys.readouterr().err
    assert told.startswith("无法继续：")
    assert "共享断开" in told
    assert told.count("\n") == 1, "no traceback"


def test_a_full_disk_is_one_sentence(mark, roster, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    old = roster.read_bytes()
    for way in ((), ("--in-place",)):
        code, _, err = mark(*way)
        assert code == console.UNREADABLE
        assert len(err.splitlines()) == 1
        assert err.startswith("无法继续：")
        assert "磁盘已满" in err
        assert roster.read_bytes() == old


def test_an_out_folder_that_cannot_be_written(mark, out):
    out.write_text("a file")
    code, _, err = mark()
    assert code == console.UNREADABLE
    assert len(err.splitlines()) == 1
    assert "--out" in err


def test_a_workbook_that_cannot_be_read_gets_a_list(mark, roster, out):
    roster.write_bytes(roster.read_bytes()[:5000])
    code, printed, _ = mark()
    assert code == console.UNREADABLE
    assert "没有标记" in printed
    assert (out / "returns" / roster.parent.name / "学籍_校验结果.xlsx").exists()


def damaged(data):
    """A workbook as another program writes it, with values only, whose worksheets are not closed: it is read, and cannot be changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, part in parts.items():
            made.writestr(name, part.replace(b"</worksheet>", b"") if "worksheets/sheet" in name else part)
    return out.getvalue()


def test_what_cannot_be_changed_costs_nobody_else_his_marks(mark, shared, roster, out):
    """It gets a list of its findings beside the others' copies; before, one such file ended the whole run."""
    mark(path=shared)
    others = {path.name for path in copy_of(roster, out).parent.iterdir()} - {copy_of(roster, out).name}
    shutil.rmtree(out)
    roster.write_bytes(damaged(roster.read_bytes()))
    code, said, _ = mark(path=shared)
    there = {path.name for path in copy_of(roster, out).parent.iterdir()}

    assert code == console.UNREADABLE
    assert f"{roster.name}：没有标记，文件里有不合规范的内容" in said
    assert others <= there
    assert "学籍_校验结果.xlsx" in there


def test_one_that_is_ended_costs_nobody_else_his_marks(mark, shared, roster, out, monkeypatch):
    def ended(work, *asked, size):
        if data in asked[1:2]:
            raise processes.Died(processes.TOO_MUCH)
        return work(*asked)

    data = roster.read_bytes()
    monkeypatch.setattr(processes, "call", lambda work, *asked, size=0: ended(work, *asked, size=size))
    code, said, _ = mark(path=roster.parent)

    assert code == console.UNREADABLE
    assert f"{roster.name}：没有标记，要用的内存太多" in said
    assert said.count("标出问题") > 1


def test_a_copy_of_what_is_mended_shows_nothing_any_more(mark, shared, roster, out):
    mark()
    assert listed(copy_of(roster, out))
    code, printed, _ = mark("--clear")
    assert code == console.CLEAN
    assert listed(copy_of(roster, out)) == []
    assert "标记已清除" in printed


def test_nothing_there(mark, shared):
    code, _, err = mark(path=shared / "没有")
    assert code == console.UNREADABLE
    assert err.startswith("无法继续：找不到")


def test_a_link_in_the_shared_folder_is_not_written_through(mark, roster, tmp_path):
    outside = tmp_path / "别处.xlsx"
    roster.rename(outside)
    roster.symlink_to(outside)
    old = outside.read_bytes()
    code, _, _ = mark("--in-place", path=roster.parent)
    assert code == console.UNREADABLE
    assert outside.read_bytes() == old
    assert roster.is_symlink()


def test_what_is_new_and_what_was_mended(mark, roster, out):
    _, printed, _ = mark()
    open_now = len(listed(copy_of(roster, out)))
    assert f"{roster.parent.name}：新发现 {open_now} 条，上次就有、还没有改 0 条" in printed
    record = (out / "returns" / "记录" / f"{roster.parent.name}.json").read_text("utf-8")
    assert not any(name in record for name in ("甲", "乙", "G9", "XS")), "hashes and days, nothing of anybody"


def test_what_was_mended_stays_listed_for_a_month(mark, shared, out, monkeypatch):
    """With the day on which it was no longer found; the record, not the copy, knows since when the others are known."""
    town, policy, judgement = opening.judged(shared, YEAR, dt.date(2023, 10, 31))
    names = [one.workbook for one in judgement.findings if one.cell and one.workbook.startswith(YEAR)]
    name = max(names, key=names.count)
    gone = next(one for one in judgement.findings if one.workbook == name and one.cell)
    left = replace(judgement, findings=tuple(one for one in judgement.findings if one != gone))
    path = shared / name
    copy = out / "returns" / path.parent.name / f"{path.stem}_校验.xlsx"
    mark(path=path)
    before = listed(copy)
    for day, seen in ((dt.date(2023, 11, 20), True), (dt.date(2023, 12, 10), True), (dt.date(2023, 12, 22), False)):
        monkeypatch.setattr(opening, "judged", lambda *_, day=day: (replace(town, as_of=day), policy, left))
        if not seen:
            copy.unlink()  # the days come from the record
        _, printed, _ = mark(path=path)
        found = listed(copy)
        mended = [line for line in found if line["state"] == "已改好 11-20"]
        assert [line["message"] for line in mended] == ([gone.message] if seen else [])
        assert {line["since"] for line in found} == {before[0]["since"]}
        assert f"标出问题 {len(before) - 1} 条" in printed
        assert f"改好 {len(mended)} 条" in printed


def test_last_years_roster_is_marked_in_a_copy_of_its_own(made, tmp_path, out, capsys):
    """A pupil of last year's grade six who is nowhere this year is shown there, and never in place."""
    shared = Path(shutil.copytree(made, tmp_path / "both"))
    before = everything(shared)
    roster = next(path for path in sorted((shared / "2022-2023").rglob("学籍.xlsx")) if "第一小学" in str(path))
    own = [str(shared / YEAR / roster.parent.name), "--out", str(out), "--as-of", "2023-10-31"]
    cli.main(["mark", *own])
    copy = out / "returns" / roster.parent.name / "上学年学籍_校验.xlsx"
    lines = listed(copy)
    assert {line["rule"] for line in lines} == {"X23"}
    assert f"2022-2023/{roster.parent.name}/学籍.xlsx：标出问题 {len(lines)} 条，{copy}" in capsys.readouterr().out
    cli.main(["mark", "--in-place", "--clear", *own])
    assert listed(copy) == []
    assert {path: kept for path, kept in everything(shared).items() if YEAR not in str(path)} == {
        path: kept for path, kept in before.items() if YEAR not in str(path)
    }


def test_each_school_year_has_returns_of_its_own(tmp_path):
    """The newest year's lie where they always lay; when a new one begins they move away, and nothing is written over."""
    shared, out = tmp_path / "shared", tmp_path / "out"
    (shared / "2023-2024").mkdir(parents=True)
    name = "2023-2024/甲小学/学籍.xlsx"
    first = returning.shelf_of(out, shared, "2023-2024")
    copy = first.path(name, "_校验.xlsx")
    assert copy == out / "returns" / "甲小学" / "学籍_校验.xlsx"
    copy.parent.mkdir()
    copy.write_bytes(b"old")
    (out / "returns" / "原件").mkdir()
    assert returning.shelf_of(out, shared, "2023-2024") == first
    assert copy.is_file()
    (shared / "2024-2025").mkdir()
    new = returning.shelf_of(out, shared, "2024-2025")
    assert new.path("2024-2025/甲小学/学籍.xlsx", "_校验.xlsx") == copy
    assert not copy.exists()
    old = returning.shelf_of(out, shared, "2023-2024")
    assert old.path(name, "_校验.xlsx") == out / "returns" / "2023-2024" / "甲小学" / "学籍_校验.xlsx"
    assert old.path(name, "_校验.xlsx").read_bytes() == b"old"
    assert new.path(name, "_校验.xlsx") == out / "returns" / "甲小学" / "上学年学籍_校验.xlsx"
    assert sorted(path.name for path in (out / "returns").iterdir()) == ["2023-2024", "原件", "记录"]


def test_a_returns_folder_somebody_has_open_is_copied_into_its_year(tmp_path, monkeypatch):
    """Windows renames no folder while a file in it is open: this year's copies must not go over last year's all the same."""
    out, shared = tmp_path / "out", tmp_path / "shared"
    (shared / "2023-2024").mkdir(parents=True)
    returning.shelf_of(out, shared, "2023-2024")
    for home in ("乙小学", "甲小学"):
        path = out / "returns" / home / "学籍_校验.xlsx"
        path.parent.mkdir(parents=True)
        path.write_text("去年")
    rename = type(out).rename

    def held(path, to):
        if path.name == "乙小学":
            raise PermissionError
        return rename(path, to)

    monkeypatch.setattr(type(out), "rename", held)
    monkeypatch.setattr(returning.shutil, "rmtree", lambda *_, **__: None)  # nor can it be removed
    (shared / "2024-2025").mkdir()
    returning.shelf_of(out, shared, "2024-2025")
    assert all(
        (out / "returns/2023-2024" / home / "学籍_校验.xlsx").read_text() == "去年" for home in ("甲小学", "乙小学")
    )
    assert not (out / "returns/甲小学").exists()


def test_refresh_takes_each_year_by_itself_and_no_copy(shared, roster, out, monkeypatch):
    asked = []
    monkeypatch.setattr(returning, "mark", lambda paths, out, say: asked.append([path.name for path in paths]))
    other = shared / "2022-2023" / "甲" / "学籍.xlsx"
    paths = [roster, other, out / YEAR / "学籍_校验.xlsx", shared / "别的.xlsx"]
    returning.refresh(paths, out, print)
    assert asked == [["学籍.xlsx"], ["学籍.xlsx"]]


def test_watch_ends_with_ctrl_c_and_without_a_folder_says_so(shared, out, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "watch", interrupted)
    assert cli.main(["watch", str(shared), "--out", str(out)]) == console.CLEAN
    assert capsys.readouterr().out.endswith("已结束。\n")
    assert cli.main(["watch", str(shared / "没有"), "--out", str(out)]) == console.UNREADABLE
    assert capsys.readouterr().err.startswith("无法继续：找不到共享文件夹")


@pytest.mark.parametrize("why", ["failed", "lacks a sheet", "lacks a cell"])
def test_what_a_rule_found_stays_listed_while_it_cannot_judge(mark, shared, out, monkeypatch, why):
    """With what people typed beside it, but without a mark; one cell in the way of others keeps nothing."""
    town, policy, judgement = opening.judged(shared, YEAR, dt.date(2023, 10, 31))
    one = next(one for one in judgement.findings if one.rule in judgement.judged and one.row and one.cell)
    rule, book = one.rule, shared / one.workbook
    path = out / "returns" / book.parent.name / f"{book.stem}_校验.xlsx"
    mark(path=book)
    number = sum(line["rule"] == rule for line in listed(path))
    typed = openpyxl.load_workbook(path)
    (row, *_) = (cell.row for cell in typed[RESULTS][result_sheet.LETTERS["rule"]] if cell.value == rule)
    typed[RESULTS][f"{result_sheet.LETTERS['reason']}{row}"] = "户口簿即如此"
    typed.save(path)

    cells = (("", "", "A1"),) if why == "lacks a cell" else ()
    lost = {
        "findings": tuple(one for one in judgement.findings if one.rule != rule),
        "judged": judgement.judged - {rule},
        "broken": (f"规则 {rule} 没有运行成功（程序问题，请报告）：KeyError",) if why == "failed" else (),
        "not_judged": () if why == "failed" else (NotJudged(rule, book.parent.name, "读不到", cells),),
    }
    monkeypatch.setattr(opening, "judged", lambda *_: (town, policy, replace(judgement, **lost)))
    code, _, err = mark(path=book)

    kept = [line for line in listed(path) if line["rule"] == rule and not line["state"].startswith(result_sheet.GONE)]
    assert len(kept) == (0 if why == "lacks a cell" else number)
    assert {line["state"] for line in kept} <= {"尚未判定"}
    assert not any("place" in line for line in kept)
    assert [line["reason"] for line in kept if "reason" in line] == ([] if why == "lacks a cell" else ["户口簿即如此"])
    assert (code == console.FAILED) == (why == "failed") == (rule in err)
    again = [line for line in listed(path) if line["rule"] == rule]
    mark(path=book)
    assert [line for line in listed(path) if line["rule"] == rule] == again
