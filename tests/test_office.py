"""An office without this repository: its folder from a list of schools, what it changes of the package's, the wheel alone."""

import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import openpyxl
import pytest

from kongchuo import __main__ as cli
from kongchuo.commands import office
from kongchuo.core import declarations, places, policy
from kongchuo.core.findings import UsageError, UserError

ROOT = Path(__file__).parents[1]
SCHOOLS = "学校名称,学段\n示例中学,\n示例第一小学,小学\n样例村教学点,\n"
OWN = "  - {{key: {}, title: {}, value: {}, unit: 上课日, source: document, citation: 镇文, holds_from: 2023-09-01}}\n"


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "学校.csv"
    path.write_bytes(SCHOOLS.encode("gbk"))  # as Excel saves it here
    return path


@pytest.fixture
def home(tmp_path, listed, monkeypatch):
    """An office, with the working folder in it; the environment is as before afterwards."""
    for name in (places.HOME, places.WORKBOOKS, places.OUT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    list(office.init(tmp_path / "办公", "示例镇", listed, "2023-2024"))
    monkeypatch.chdir(tmp_path / "办公" / "notebooks")
    return tmp_path / "办公"


def test_every_school_of_the_list_gets_its_blank_workbooks_and_its_row(home):
    year = home / "workbooks" / "示例镇" / "2023-2024"
    assert {path.name for path in year.iterdir()} == {"中心学校", "示例中学", "示例第一小学", "样例村教学点"}
    assert {len(list(folder.iterdir())) for folder in year.iterdir() if folder.name != "中心学校"} == {6}
    page = openpyxl.load_workbook(year / "中心学校" / "基础信息.xlsx")["学校"]
    head = [cell.value for cell in page[1]]
    rows = [dict(zip(head, [cell.value for cell in row], strict=True)) for row in page.iter_rows(min_row=2, max_row=5)]
    assert [(row["学校全称"], row["学段"]) for row in rows] == [
        ("示例镇中心学校", "中心学校"),
        ("示例中学", "初中"),
        ("示例第一小学", "小学"),
        ("样例村教学点", "教学点"),
    ]
    assert len({row["学校代码"] for row in rows}) == 4


def test_the_blank_office_is_read_without_a_fault_of_form(home, capsys):
    assert cli.main(["check", str(home / "workbooks" / "示例镇"), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {one["rule"] for one in found} <= {"R12", "F17", "G01"}, "nothing is filled in, all else is right"
    assert not [one for one in found if one["rule"] == "R12" and "第二学期" in one["workbook"]], (
        "学年学期 is asked for first"
    )


def test_days_that_depart_from_monday_to_friday_are_listed_and_staff_decide_each(home, capsys):
    """教学日历 lists what the State Council has arranged and says 上课 of none; check asks for each until somebody has."""
    path = home / "workbooks" / "示例镇" / "2023-2024" / "中心学校" / "基础信息.xlsx"
    book = openpyxl.load_workbook(path)
    page = book["教学日历"]
    rows = [cells[:3] for cells in page.iter_rows(min_row=2, values_only=True) if cells[0]]
    days = {f"{day:%m-%d}": why for day, _, why in rows}
    assert (days["10-02"], days["10-07"]) == ("国庆节放假（国务院安排）", "调休上班（国务院安排）")
    assert not {"09-04", "10-01", "02-12"} & {*days}, "a Monday like others, a Sunday, a day of all winter vacations"
    assert {said for _, said, _ in rows} == {None}
    assert [row[:2] for row in book["学年学期"].iter_rows(min_row=2, max_row=3, values_only=True)] == [
        ("2023-2024", "第一学期"), ("2023-2024", "第二学期"),
    ]  # fmt: skip

    def asked():
        cli.main(["check", str(home / "workbooks" / "示例镇"), "--json"])
        found = json.loads(capsys.readouterr().out)["findings"]
        return {one["cell"] for one in found if one["sheet"] == "教学日历" and one["rule"] == "F17"}

    assert asked() == {f"B{row}" for row in range(2, 2 + len(rows))}
    page["B2"] = "否"
    book.save(path)
    assert asked() == {f"B{row}" for row in range(3, 2 + len(rows))}


def test_without_dates_of_a_term_due_says_what_it_could_not_count(home, capsys):
    """Not a clean list: nothing that falls due by a term is in it."""
    cli.main(["due", str(home / "workbooks" / "示例镇"), "--as-of", "2023-10-31"])
    said = capsys.readouterr().out
    assert "算得出来的事项里，没有逾期" in said
    assert "“学年学期”没有填开学日期、放假日期，按学期算的事项" in said


def test_commands_inside_use_the_folders_that_kongchuo_yaml_names(home, capsys):
    assert cli.main(["run", "monthly", "month=2023-10", "school=全镇", "--dry-run"]) == 0
    assert str(home / "runs" / "2023-10") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("示例镇", None, "2023"), "2024-2025 的样子"),
        (("示例镇", None, "2023-2025"), "2024-2025 的样子"),
        (("a/b", None, "2023-2024"), "镇名"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(tmp_path, given, says):
    with pytest.raises(UsageError, match=says):
        list(office.init(tmp_path / "x", *given))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("校长\n甲\n", "找不到“学校全称”一列"),
        ("学校全称\n", "没有一所学校"),
        ("学校全称\n甲小学\n甲小学\n", "重名的学校：甲小学"),
        ("学校全称\n甲/小学\n", "“甲/小学”不能有"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path, text, says):
    (tmp_path / "s.csv").write_text(text, "utf-8")
    with pytest.raises(UserError, match=says):
        list(office.init(tmp_path / "x", "示例镇", tmp_path / "s.csv", "2023-2024"))
    assert not (tmp_path / "x").exists()


def test_an_office_is_made_once(home, listed):
    with pytest.raises(UserError, match="已经是办公文件夹"):
        list(office.init(home, "示例镇", listed, "2024-2025"))


# --- what the office changes -------------------------------------------------------------------------------------------
def test_own_entries_of_the_policy_hold_and_the_rest_is_the_packages(home):
    before = policy.load(places.POLICY)
    with (home / "parameters" / "policy.yaml").open("a", encoding="utf-8") as file:
        file.write(OWN.format("suspected_after", "疑似线", 5) + OWN.format("from_another_version", "未知", 1))
    now = policy.current()

    assert (before["suspected_after"], now["suspected_after"]) == (3, 5)
    assert {key for key in policy.keys().by_name if now[key] != before[key]} == {"suspected_after"}
    assert policy.strangers() == ("from_another_version",)


def test_a_key_of_another_version_is_said_and_stops_nothing(home, capsys):
    with (home / "parameters" / "policy.yaml").open("a", encoding="utf-8") as file:
        file.write(OWN.format("from_another_version", "未知", 1))
    assert cli.main(["rules", "X12"]) == 0
    assert "from_another_version" in capsys.readouterr().err


def test_a_new_entry_goes_into_the_offices_own_file(home):
    packaged = places.POLICY.read_bytes()
    policy.append(policy.mine(), {"suspected_after": 4}, dt.date(2024, 1, 1), "default", "试")
    assert places.POLICY.read_bytes() == packaged
    assert policy.current()["suspected_after"] == 4


def test_a_copy_is_noted_stands_before_the_packages_and_is_made_once(home):
    (copied,) = office.copy("控辍保学简报", home)
    assert places.own(f"parameters/papers/{copied.name}") == copied
    assert [*json.loads((home / office.COPIED).read_text("utf-8"))] == [f"parameters/papers/{copied.name}"]
    with pytest.raises(UserError, match="已经有了"):
        office.copy("控辍保学简报", home)
    with pytest.raises(UsageError, match="可以复制"):
        office.copy("没有这个", home)


# --- a newer program ---------------------------------------------------------------------------------------------------
def test_an_upgrade_says_each_copy_and_touches_none_that_the_office_has_changed(home):
    """Each copy once: as it came, changed here, changed here only, removed, of a file that the package no longer has."""
    names = ("控辍保学简报", "督查通报", "档案目录", "责任书_家长")
    plain, changed, same, gone = (path for name in names for path in office.copy(name, home))
    for path, text in ((plain, b"as it came"), (changed, b"as it came"), (same, b"mine")):
        path.write_bytes(text)
    gone.unlink()
    noted = office.copies(home)
    for path in (plain, changed):
        noted[path.relative_to(home).as_posix()] = office.entry(b"as it came")
    noted["notebooks/old.ipynb"] = office.entry(b"old")
    office.note(home, noted)
    changed.write_bytes(b"mine")
    told = "\n".join(office.upgrade(home))

    def shipped(path):
        return (places.PROJECT / path.relative_to(home)).read_bytes()

    beside = changed.with_name("督查通报.新版.docx")
    assert plain.read_bytes() == shipped(plain)
    assert (changed.read_bytes(), beside.read_bytes()) == (b"mine", shipped(changed))
    assert same.read_bytes() == b"mine", "and the package's is as it was when it was copied"
    assert "控辍保学简报.docx：没有改过，已换成新的" in told
    assert "督查通报.docx：你们改过，没有动" in told
    assert "notebooks/old.ipynb：程序不再自带" in told
    assert "档案目录" not in told
    assert "责任书_家长" not in told
    assert len(list(home.rglob("*新版*"))) == 1
    assert not any("：" in line and ".docx" in line for line in office.upgrade(home)), "said once"


def test_an_upgrade_leaves_all_other_lines_of_the_offices_file(home):
    path = home / places.MARK
    before = path.read_text("utf-8").replace('made_by: "', 'made_by: "0.0.1-') + "# ours\n"
    path.write_text(before, "utf-8")
    told = [*office.upgrade(home)]
    now = metadata.version("kongchuo")
    assert any(line.startswith(f"{now} 版：") for line in told), "what it brings"
    assert (
        path.read_text("utf-8").splitlines()[1:]
        == [f'made_by: "{now}"' if line.startswith("made_by") else line for line in before.splitlines()][1:]
    )


def test_what_a_release_brings_is_said_to_offices_as_to_maintainers():
    released = set(re.findall(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M))
    assert {*declarations.load_yaml(office.NEWS)} >= released | {metadata.version("kongchuo")}


# --- the wheel alone ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """What pip installs from the wheel of this tree, in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    skipped = shutil.ignore_patterns(".*", "build", "__pycache__", "tests", "workbooks")
    shutil.copytree(ROOT, source, ignore=skipped)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    made = [*pip, "wheel", str(source), "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run(made, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--target", str(folder / "site"), "--no-deps", str(wheel)], check=True)
    return folder / "site"


@pytest.fixture
def typed(installed, tmp_path):
    """Runs kongchuo as typed, from the wheel only."""

    def kongchuo(*words, here=tmp_path, site=installed):
        held = {**os.environ, "PYTHONPATH": str(site), places.CACHE: str(tmp_path / "cache")}
        command = [sys.executable, "-m", "kongchuo", *map(str, words)]
        return subprocess.run(command, cwd=here, env=held, capture_output=True, text=True, timeout=600)

    return kongchuo


def test_an_upgrade_as_typed_and_a_program_that_is_older_than_the_office(installed, typed, tmp_path, listed):
    typed("init", "办公", "--town", "示例镇", "--schools", listed, "--year", "2023-2024")
    home = tmp_path / "办公"
    assert typed("copy", "控辍保学简报", "督查通报", here=home).returncode == 0
    (home / "parameters" / "papers" / "督查通报.docx").write_bytes(b"ours")
    newer = shutil.copytree(installed, tmp_path / "newer")
    (info,) = newer.glob("kongchuo-*.dist-info/METADATA")
    info.write_text(re.sub(r"(?m)^Version: .*", "Version: 99.1", info.read_text("utf-8")), "utf-8")
    (newer / "kongchuo" / "news.yaml").write_text('"99.1":\n  - 新的东西\n', "utf-8")
    for path in (newer / "kongchuo" / "shipped" / "parameters" / "papers").iterdir():
        path.write_bytes(b"the next version's")
    done = typed("upgrade", here=home, site=newer)

    assert done.returncode == 0, done.stderr
    assert "  - 新的东西" in done.stdout
    held = {path.name: path.read_bytes() for path in (home / "parameters" / "papers").iterdir()}
    new = b"the next version's"
    assert held == {"控辍保学简报.docx": new, "督查通报.docx": b"ours", "督查通报.新版.docx": new}
    assert "请先升级程序" in typed("rules", "X12", here=home).stderr, "said, and nothing is stopped"
    assert typed("upgrade", here=home).returncode == 3


def test_a_first_day_with_the_wheel_and_no_repository(installed, typed, tmp_path, listed):
    held = {**os.environ, "PYTHONPATH": str(installed)}
    script = "import kongchuo; print(kongchuo.__file__)"
    where = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=held, capture_output=True, text=True)
    assert Path(where.stdout.strip()).is_relative_to(installed)
    done = typed("init", "办公", "--town", "示例镇", "--schools", listed, "--year", "2023-2024")
    assert done.returncode == 0, done.stderr
    home = tmp_path / "办公"
    shutil.rmtree(home / "workbooks" / "示例镇" / "2023-2024")
    assert typed("example", "workbooks/示例镇", "--schools", "2", "--pupils", "40", here=home).returncode == 0
    assert typed("check", "workbooks/示例镇", here=home).returncode == 0
    done = typed("run", "monthly", "month=2023-10", "school=示例中学", here=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (home / "runs" / "2023-10" / "monthly_self_check" / "示例中学.html").is_file()
    assert list((home / "runs" / "2023-10" / "monthly_papers" / "示例中学").glob("*.docx"))
    assert "月自查报告 2023-10：1 份" in typed("status", here=home).stdout
