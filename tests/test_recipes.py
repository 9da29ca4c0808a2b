"""“Where do I add …” of CONTRIBUTING carried out in a copy of the tree: a column, a rule and a section, as few places as it says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).parents[1]
TREE = ("lib", "tools", "notebooks", "workbooks", "parameters", "handbook", "tests", "pyproject.toml", "README.md")
BOOK, RULES, PLANTS = "lib/kongchuo/books/selfcheck.yaml", "lib/kongchuo/rules", "lib/kongchuo_township"
PAGES = "lib/kongchuo/pages/monthly"
MIDDLE = "示例中学"

# what is added -> (file, the text before which it is put; "" for a new file, what is put there)
RECIPES = {
    "column": (
        (
            BOOK,
            "      - {name: done,     title: 完成日期",
            "      - {name: cost, title: 整改费用, type: integer, minimum: 0, hint: 写整数，单位元}\n",
        ),
    ),
    "rule": (
        (
            f"{RULES}/selfcheck.py",
            "RULES = (",
            """@rule(
    "X99",
    WARNING,
    needs=("issue.fix",),
    says="{school}的整改情况只写“已整改”，看不出做了什么",
    fix="请写明做了什么、谁做的。",
    source="方案六",
)
def mended_in_a_word(town: Town, policy: Policy) -> Iterator[Spot]:
    \"\"\"整改情况要写做了什么，只写“已整改”等于没有写。\"\"\"
    rows = town["issue"]
    yield from spots(rows[rows["fix"].eq("已整改")], "issue", "fix")


""",
        ),
        (f"{RULES}/selfcheck.py", "report_late, no_bulletin", "mended_in_a_word, "),
        (
            "tests/rules/X99.md",
            "",
            """# X99 整改情况只写“已整改”

只写“已整改”的报；写了做什么的不报。

## 错：只有三个字
截至：2023-09-28
### 示例中学/自查档案.xlsx 问题整改

| 编号 | 问题 | 整改情况 |
|---|---|---|
| ZG-2023-001 | 日查有两天未报 | 已整改 |

期望：
- 示例中学/自查档案.xlsx 问题整改 第2行 整改情况

## 对：写了做什么
截至：2023-09-28
### 示例中学/自查档案.xlsx 问题整改

| 编号 | 问题 | 整改情况 |
|---|---|---|
| ZG-2023-001 | 日查有两天未报 | 已补报，并定了代报人 |
""",
        ),
        (
            f"{PLANTS}/fault_selfcheck.py",
            '    at("T06", 2, "an item that was not mended"',
            '    at("X99", 3, "says nothing of what was done", "issue.fix", "已整改", _mended),\n',
        ),
    ),
    "section": (
        (
            f"{PAGES}/selfcheck.py",
            "def full(",
            """@titled("整改费用", 0, "costs")
def costs(month: Month) -> Blocks:
    \"\"\"Section 整改费用: what mending cost.\"\"\"
    rows = month.town["issue"]
    return [Note(f"登记了 {len(rows)} 个问题。")]


""",
        ),
        (f"{PAGES}/__init__.py", '    "signature": signature', '    "costs": selfcheck.costs,\n'),
    ),
}
PLACES = {"column": 1, "rule": 3, "section": 2}  # files touched, as CONTRIBUTING promises


def python(tree, *command):
    """Run python with the copy's package; returns what ended."""
    held = {**os.environ, "PYTHONPATH": str(tree / "lib"), "KONGCHUO_CACHE": str(tree / "cache")}
    return subprocess.run([sys.executable, *command], cwd=tree, env=held, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree in which every recipe was carried out, and what is made from declarations made again."""
    tree = tmp_path_factory.mktemp("recipes") / "kongchuo"
    tree.mkdir()
    for name in TREE:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tree / name)
    for path, before, text in (edit for recipe in RECIPES.values() for edit in recipe):
        target = tree / path
        if before:
            whole = target.read_text("utf-8")
            assert whole.count(before) == 1, f"{path}: {before}"
            text = whole.replace(before, text + before)
        target.write_text(text, "utf-8")
    done = python(tree, "tools/products.py")
    assert done.returncode == 0, done.stderr[-2000:]
    return tree


@pytest.fixture(scope="module")
def town(tree):
    done = python(tree, "-m", "kongchuo", "example", "town", "--schools", "2", "--pupils", "120", "--faults")
    assert done.returncode == 0, done.stderr[-2000:]
    return tree / "town"


@pytest.mark.parametrize("what", RECIPES)
def test_recipe_touches_no_more_places_than_promised(what):
    assert len({path for path, _, _ in RECIPES[what]}) <= PLACES[what]


@pytest.fixture(scope="module")
def findings(tree, town):
    """What is found in the town once a word stands where the new column holds numbers."""
    path = next(town.rglob(f"{MIDDLE}/自查档案.xlsx"))
    book = openpyxl.load_workbook(path)
    (column,) = [cell.column for cell in book["问题整改"][1] if cell.value == "整改费用"]
    book["问题整改"].cell(2, column).value = "很贵"
    book.save(path)
    return json.loads(python(tree, "-m", "kongchuo", "check", "town", "--json").stdout)["findings"]


def test_column_is_in_template_dictionary_and_reading(tree, findings):
    page = openpyxl.load_workbook(tree / "workbooks/templates/学校/自查档案.xlsx")["问题整改"]
    assert "整改费用" in [cell.value for cell in page[1]]
    assert "整改费用" in (tree / "handbook/数据字典.html").read_text("utf-8")
    assert [(one["sheet"], one["row"]) for one in findings if one["column"] == "整改费用"] == [("问题整改", 2)]


def test_rule_is_in_the_catalogue_keeps_its_page_and_finds_what_is_planted(tree, town, findings):
    assert "已整改" in python(tree, "-m", "kongchuo", "rules", "X99").stdout
    assert "X99" in (tree / "handbook/规则目录.html").read_text("utf-8")

    done = python(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_rules.py", "-k", "X99")
    assert done.returncode == 0, done.stdout[-2000:]
    planted = [one for one in json.loads((town / "planted.json").read_text("utf-8")) if one["rule"] == "X99"]
    assert len(planted) == 3
    assert sorted(one["row"] for one in findings if one["rule"] == "X99") == sorted(one["row"] for one in planted)


def test_section_is_on_the_page(tree, town):
    done = python(
        tree, "-m", "kongchuo", "run", "parameters/monthly.yaml", "month=2023-10", f"school={MIDDLE}",
        "--only", "monthly_self_check", "--workbooks", "town", "--out", "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    (page,) = (tree / "out").rglob(f"*{MIDDLE}*.html")
    assert "整改费用" in page.read_text("utf-8")
