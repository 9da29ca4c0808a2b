"""What needs no extra works without any, and what does says in one sentence which to install."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import townships
from kongchuo.console import EXTRAS, UNREADABLE

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
WITHOUT = """
import sys
GONE = {gone!r}
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in GONE:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Gone())
from kongchuo.__main__ import main
sys.exit(main({words!r}))
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    townships.make(folder / "town", 2, 40, 1)
    return folder


def without(gone, folder, *words):
    """A command in an environment that lacks these modules; (exit code, stdout, stderr)."""
    script = WITHOUT.format(gone=sorted(gone), words=[str(word) for word in words])
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


CORE = {
    "check": ("check", "town", "--fresh"),
    "mark": ("mark", "town", "--out", "out"),
    "due": ("due", "town"),
    "repair": ("repair", "town", "--out", "out"),
    "reconcile": ("reconcile", "--workbooks", "town"),
    "starters": ("starters", "town", "--out", "out"),
    "rules": ("rules", "X12"),
    "init": ("init", "office", "--town", "示例镇", "--year", "2024-2025"),
}


@pytest.mark.parametrize("words", CORE.values(), ids=CORE)
def test_checking_needs_no_extra(town, words):
    code, _, err = without(EXTRAS, town, *words)
    assert code in (0, 1), err
    assert "另外安装" not in err


NEEDS = {
    "report": (
        "run",
        os.path.abspath("parameters/monthly.yaml"),
        "month=2023-10",
        "--workbooks",
        "town",
        "--out",
        "out",
    ),
    "live": ("serve", "--workbooks", "town", "--out", "out", "--port", "0"),
    "excel": ("live", "mark", "town/x.xlsx"),
    "cluster": (
        "run",
        os.path.abspath("parameters/monthly.yaml"),
        "month=2023-10",
        "--workbooks",
        "town",
        "--scheduler",
        "tcp://127.0.0.1:9",
    ),
}


@pytest.mark.parametrize("extra", NEEDS)
def test_what_is_missing_is_one_sentence_with_the_extra(town, extra):
    gone = [name for name, brought in EXTRAS.items() if brought == extra]
    code, _, err = without(gone, town, *NEEDS[extra])
    assert (code, f'"kongchuo[{extra}]"' in err, err.count("\n")) == (UNREADABLE, True, 1), err


@pytest.mark.parametrize(
    ("gone", "says"), [((), ()), (("voila",), ("打开网页",)), ((*EXTRAS,), ("生成报告", "打开网页"))]
)
def test_init_says_what_is_not_installed_before_anybody_clicks_on_it(tmp_path, gone, says):
    code, out, _ = without(gone, tmp_path, "init", "office", "--town", "示例镇", "--year", "2024-2025")
    assert code == 0
    assert [line.split("”")[0].strip(" “") for line in out.splitlines() if "还要另外安装" in line] == [*says]


@pytest.mark.parametrize(
    ("gone", "how"), [(("voila",), "python -m pip install"), (("voila", "pip"), "uv tool install")]
)
def test_who_has_installed_without_pip_is_not_sent_to_it(town, gone, how):
    assert f'{how} "kongchuo[live]"' in without(gone, town, *NEEDS["live"])[2]


def test_the_extras_are_those_of_the_project():
    assert set(EXTRAS.values()) < {*PROJECT["optional-dependencies"]}
    assert json.dumps(PROJECT["dependencies"]).count(">=") == len(PROJECT["dependencies"]) <= 14
