"""The shape of the project is a promise: layers, one list of dependencies, words that stay true."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import figures
from kongchuo import __main__ as cli

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lib" / "kongchuo"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def required():
    """What the package needs, and what its extras need besides."""
    project = PYPROJECT["project"]
    return [item for items in (project["dependencies"], *project["optional-dependencies"].values()) for item in items]


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_layers_hold():
    """Rules never see files, batch never sees rules: import-linter's contracts in pyproject.toml."""
    done = subprocess.run(
        [Path(__import__("sys").executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout


def test_the_package_is_not_ignored_by_git():
    done = subprocess.run(["git", "check-ignore", "-q", "lib/kongchuo/core/schema.py"], cwd=ROOT)

    assert done.returncode == 1


def test_environment_repeats_no_dependency():
    """environment.yml takes everything from pyproject.toml, so the two cannot disagree."""
    data = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, extra = data["dependencies"]

    assert python.split("=")[1] == PYPROJECT["project"]["requires-python"].removeprefix(">=")
    assert (pip, extra) == ("pip", {"pip": ["-e .[dev]"]})


def test_lock_pins_every_dependency_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = {m[1].lower() for m in re.finditer(r"^([\w.-]+)==\S+.*\\$", lock, re.M)}

    assert {re.match(r"[\w.-]+", item)[0] for item in required()} - {"kongchuo"} <= pinned
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "://" not in lock


def test_every_dependency_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for item in required():
        assert re.search(rf'"{re.escape(item)}", +# \w', text), item


def test_no_file_names_a_registry_host_or_a_path_of_this_machine():
    hosts = ["pypi" + ".org", "python" + "hosted", "npmjs" + ".org", "debian" + ".org", "/wo" + "rk/", "/ro" + "ot/"]
    for path in tracked():
        if path.suffix in (".png", ".xlsx", ".docx"):
            continue
        text = path.read_text("utf-8")
        assert not [host for host in hosts if host in text], path


def modules():
    folders = (ROOT / "lib", ROOT / "tools")
    return sorted(path for folder in folders for path in folder.rglob("*.py") if path.stat().st_size)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_module_says_its_one_job(path):
    assert path.read_text("utf-8").startswith('"""')


def test_contributing_shows_every_folder():
    """The table there is the map of the package; a folder that is not in it is lost."""
    readme = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

    assert {name for name in folders if f"| `{name}/` |" not in readme} == set()


def test_contributing_shows_every_command():
    """Rules, columns, codes and parameters stand in the pages of the handbook: tests/test_dictionary.py."""
    table = re.findall(r"^\| `kongchuo (\w+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.M)
    (commands,) = filter(None, (action.choices for action in cli.parser()._actions))

    assert sorted(table) == sorted(commands)


def test_the_commands_of_the_readmes_are_as_the_command_line_takes_them():
    for name in ("README.md", "README.zh.md"):
        typed = re.findall(r"\| `kongchuo ([^`]+)`", (ROOT / name).read_text("utf-8"))
        assert len(typed) == 5
        for words in typed:
            cli.parser().parse_args(words.split())


def test_the_ratios_of_the_benchmarks_stand_in_both_readmes_and_one_that_is_not_found_stays():
    for number, name in ((1, "README.md"), (2, "README.zh.md")):
        text = (ROOT / name).read_text("utf-8")
        first = figures.written(text, number, {"bench_reading": "4.3", "bench_marking": "11.0"})
        second = figures.written(first, number, {"bench_marking": "12.5"})
        assert figures.line(number, "bench_reading", "4.3") in second
        assert figures.line(number, "bench_marking", "12.5") in second
        assert "11.0" not in second
        assert figures.written(second, number, {}) == second


def test_every_picture_and_page_the_documents_link_to_exists():
    for path in [*ROOT.glob("*.md"), *(ROOT / "handbook").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_a_name_is_taken_from_the_module_that_has_it():
    """What one module imports is no other's to take from there: who looks for a name finds it where it is imported from."""
    paths = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
        for path in PACKAGE.rglob("*.py")
    }
    trees = {name: ast.parse(path.read_text("utf-8")) for name, path in paths.items()}
    offered = {
        name: {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
        | {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        for name, tree in trees.items()
    }
    detours = []
    for name, tree in trees.items():
        home = name.split(".") if paths[name].name == "__init__.py" else name.split(".")[:-1]
        local = {one.arg for one in ast.walk(tree) if isinstance(one, ast.arg)} | offered[name]
        read = [one for one in ast.walk(tree) if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)]
        read = {(one.value.id, one.attr) for one in read if one.value.id not in local}
        for found in (one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.level):
            source = ".".join(filter(None, [*home[: len(home) - found.level + 1], found.module or ""]))
            modules = {one.asname or one.name: f"{source}.{one.name}".lstrip(".") for one in found.names}
            taken = {(source, one.name) for one in found.names if modules[one.asname or one.name] not in trees}
            if found in tree.body:  # live.Choices, where live is a module and nothing else here
                taken |= {(modules[called], one) for called, one in read if modules.get(called) in trees}
            detours += [
                f"{name}: {one} of {module}"
                for module, one in sorted(taken)
                if one not in offered[module] and f"{module}.{one}" not in trees
            ]

    assert not detours
