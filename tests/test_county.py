"""Several towns in one call: each in its own folder, one index over all, one town's trouble its own."""

import json
import re
import subprocess
import sys
from urllib.parse import quote

import pandas as pd
import pytest

from kongchuo.console import UNREADABLE, USAGE
from kongchuo.core import years
from kongchuo.publishing import archive, indexes
from tiny import project

TOWNS = ("东镇", "西镇", "南镇")


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """Three towns, each with schools 甲校 and one of its own; (parameter file, their shared folders, out)."""
    folder = tmp_path_factory.mktemp("county")
    file, shared, out = project(folder, [])
    for town in TOWNS:
        for school in ("甲校", f"{town}小学"):
            (shared / town / "2023-2024" / school).mkdir(parents=True)
            (shared / town / "2023-2024" / school / "学籍.xlsx").write_bytes(town.encode())
    return file, [shared / town for town in TOWNS], out


def run(file, folders, out, *more):
    """The command as typed: exit code, lines said, errors."""
    words = ["run", file, *(word for one in folders for word in ("--workbooks", one)), "--out", out, *more]
    done = subprocess.run([sys.executable, "-m", "kongchuo", *map(str, words)], capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr


def made(out, town):
    return set(archive.Shelf(out.resolve() / town, years.period("2023-10"), "tiny").results)


def test_each_town_has_its_own_folder_and_one_index_is_over_all(county):
    file, folders, out = county
    _, said, _ = run(file, folders, out, "--json")

    for town in TOWNS:
        assert made(out, town) == {"全镇", "甲校", f"{town}小学"}
        assert f'<a href="{quote(town)}/index.html">{town}</a>' in (out / "index.html").read_text("utf-8")
    figures = pd.read_csv(out / indexes.TIDY)
    assert {*figures["乡镇"]} == {*TOWNS}
    own = pd.read_csv(out / "西镇" / "2023-10" / "tiny" / indexes.TIDY)
    assert own.values.tolist()[:2] == [["2023-10", "全镇", "数据错误", 2, pytest.approx(float("nan"), nan_ok=True)],
                                       ["2023-10", "全镇", "警告", 1, pytest.approx(float("nan"), nan_ok=True)]]  # fmt: skip
    assert len(figures) == 3 * len(own) > 3 * 3 * 2
    events = [json.loads(line) for line in said]
    runs = [one for one in events if one["event"] == "run"]
    assert [(one["made"], one["left"]) for one in runs] == [(number, 9 - number) for number in range(1, 10)]
    assert {(one["town"], one["name"]) for one in runs} >= {("东镇", "甲校"), ("西镇", "甲校"), ("南镇", "南镇小学")}
    assert [(one["event"], one["total"]) for one in (events[0], events[-1])] == [("begin", 9), ("end", 9)]


def test_a_town_that_is_at_work_keeps_no_other(county):
    file, folders, out = county
    shelf = out.resolve() / "西镇" / "2023-10" / "tiny"
    shelf.mkdir(parents=True, exist_ok=True)
    with archive.alone(shelf):
        code, said, _ = run(file, folders, out, "--force")

    assert code == UNREADABLE
    assert any(re.match("西镇 没有生成：.*另一个窗口", line) for line in said), said
    assert "南镇 共 3 份：完成 3" in said
    assert made(out, "南镇") == {"全镇", "甲校", "南镇小学"}


def test_dry_run_lists_the_runs_of_all_towns(county, tmp_path):
    file, folders, _ = county
    code, said, _ = run(file, folders, tmp_path / "out", "--dry-run", "--json")
    assert (code, said, (tmp_path / "out").exists()) == (0, [], False)


def test_what_a_town_cannot_do_is_said_before_anything_starts(county, tmp_path):
    file, folders, _ = county
    code, _, err = run(file, folders, tmp_path / "out", "school=东镇小学")
    assert (code, "西镇：登记表里没有学校“东镇小学”" in err) == (USAGE, True), err
    code, _, err = run(file, [*folders, folders[0]], tmp_path / "out")
    assert (code, "都叫“东镇”" in err) == (USAGE, True), err
    assert not (tmp_path / "out").exists()
