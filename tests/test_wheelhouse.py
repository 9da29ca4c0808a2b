"""The installers of `make wheelhouse`: the one for this system installs for real, from a wheelhouse of one small wheel."""

import ensurepip
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import wheelhouse

ROOT = Path(__file__).parents[1]
WHEEL = {
    "kongchuo/__init__.py": "",
    "kongchuo/__main__.py": "def main():\n    print('你好')\n",
    "kongchuo-9.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "kongchuo-9.dist-info/METADATA": "Metadata-Version: 2.1\nName: kongchuo\nVersion: 9\nProvides-Extra: live\nProvides-Extra: excel\n",
    "kongchuo-9.dist-info/entry_points.txt": "[console_scripts]\nkongchuo = kongchuo.__main__:main\n",
    "kongchuo-9.dist-info/RECORD": "",
}


@pytest.fixture
def stick(tmp_path):
    """What `make wheelhouse` makes, with a small kongchuo and the pip that Python brings."""
    folder = tmp_path / "U 盘"
    (folder / "wheels").mkdir(parents=True)
    wheelhouse.lay(folder)
    with zipfile.ZipFile(folder / "wheels" / "kongchuo-9-py3-none-any.whl", "w") as wheel:
        for name, text in WHEEL.items():
            wheel.writestr(name, text)
    (pip,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    shutil.copy(pip, folder / "wheels")
    return folder


@pytest.mark.skipif(os.name == "nt" or sys.version_info[:2] != (3, 11), reason="a shell, and the Python of the wheels")
def test_install_sh_installs_twice_without_network_from_a_path_with_blanks(stick, tmp_path):
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"HOME": str(tmp_path / "家")}
    for _ in range(2):
        done = subprocess.run(
            ["sh", stick / "install.sh", tmp_path / "装 在这里"],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "装好了" in done.stdout
    said = subprocess.run(
        [tmp_path / "家" / ".local" / "bin" / "kongchuo"], env=env, capture_output=True, text=True
    ).stdout
    assert said == "你好\n"


def test_install_sh_says_what_is_missing(stick, tmp_path):
    shutil.rmtree(stick / "wheels")
    done = subprocess.run(["sh", stick / "install.sh", tmp_path / "x"], capture_output=True, text=True)
    assert (done.returncode, "整个安装文件夹拷来" in done.stderr) == (1, True)


def test_install_bat_is_read_in_any_code_page(stick):
    data = (stick / "安装.bat").read_bytes()
    assert b"\n" not in data.replace(b"\r\n", b"")
    first, second, *rest = data.splitlines()
    assert (first + second).isascii()
    assert b"65001" in second
    for line in rest:
        said = line.decode()
        assert not said.startswith(":"), "labels are looked for by bytes, and lost after Chinese ones"
        assert said.isascii() or re.match(r"(if .*)?echo ", said), "nothing but what is said may be Chinese"


def test_both_installers_take_what_is_gathered():
    for path in (ROOT / "tools" / "installers").iterdir():
        assert (
            wheelhouse.PYTHON if path.suffix != ".py" else f'"kongchuo[{",".join(wheelhouse.EXTRAS)}]"'
        ) in path.read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {*wheelhouse.EXTRAS} <= project["optional-dependencies"].keys()
