"""The plan's own inconsistencies (domain.md 1.6) are found by the rules at their cells in the workbooks typed from it."""

import datetime as dt
from pathlib import Path

import pytest

from kongchuo.commands import opening

ROOT = Path(__file__).parents[1]
YEAR = "2023-2024"
COLUMN_OF_TITLES = ["E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11", "E12", "E13", "E14"]
EXPECTED = {
    # one person is 副校长 in annexes 1 and 2 and 校长 in annex 3; another 小教员, 学籍管理员 and 学籍员
    "G06": {("包保责任", cell) for cell in ("E4", "E5", "E8", "E9")} | {("组织机构", "D7")},
    # the unit is written both 中心学校 and 中心校
    "G07": {("包保责任", cell) for cell in COLUMN_OF_TITLES}
    | {("组织机构", cell) for cell in ("D6", "D7", "D8")}
    | {("教职工", f"C{row}") for row in (5, 8, 9, 10, 11, 12)},
    # annex 1 is dated a year before the plan
    "G09": {("组织机构", f"F{row}") for row in (2, 3, 4, 5)},
    # 乡、校三级, 影全镇, 级段, 坐次表, 帮辅
    "F29": {("机制项目", cell) for cell in ("D23", "D24", "C29", "C31", "C34")},
}


@pytest.fixture(scope="module")
def found():
    return opening.check([ROOT / "workbooks" / "新庄镇"], dt.date(2023, 9, 1), remembered=False).findings


@pytest.mark.parametrize("code", EXPECTED)
def test_each_is_found_at_its_cell_and_nothing_else(found, code):
    assert {(one.sheet, one.cell) for one in found if one.rule == code} == EXPECTED[code]


@pytest.mark.parametrize(
    ("sheet", "cell", "words"),
    [
        ("包保责任", "E4", ["张昌永", "校长", "副校长"]),
        ("包保责任", "E8", ["郭绍将", "学籍员", "小教员"]),
        ("组织机构", "D7", ["郭绍将", "学籍管理员", "小教员"]),
        ("组织机构", "F2", ["2022-03-28", "2023-03-28"]),
        ("教职工", "C5", ["新庄镇中心校", "新庄镇中心学校"]),
        ("机制项目", "C31", ["坐次表", "座次表"]),
        ("机制项目", "C29", ["级段", "学段"]),
        ("机制项目", "C34", ["帮辅", "帮扶"]),
    ],
)
def test_the_message_says_what_is_at_odds(found, sheet, cell, words):
    said = "".join(one.message for one in found if (one.sheet, one.cell) == (sheet, cell))
    assert all(word in said for word in words), said
