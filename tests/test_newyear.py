"""The new school year: the old one byte for byte as it was, everybody in the right place, and only what must be filled in is wrong."""

import datetime as dt
import hashlib
import shutil
from collections import Counter

import openpyxl
import pytest

import townships
from kongchuo.commands import newyear, opening
from kongchuo.core import places
from kongchuo.core.findings import UserError
from kongchuo.excel import reading

OLD, NEW, MIDDLE = "2023-2024", "2024-2025", "示例中学"
# what nobody can know for them: the new class, and what has happened since
TO_FILL = {("F17", "班级编号"), ("F17", "最近跟踪"), ("F17", "最近联系父母日期"), ("F17", "最近帮扶日期")}
# and what the new year itself begins with: two terms without dates, days of which staff must say whether there is school
TO_DECIDE = {("F17", column) for column in ("开学日期", "放假日期", "统计基准日", "基准锁定日", "上课")}


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old") / "town"
    townships.make(folder, 3, 120, 1, whole_year=True)
    return folder


@pytest.fixture(scope="module")
def turned(old, tmp_path_factory):
    """The township with its new year, what was made and what was said."""
    shared = tmp_path_factory.mktemp("new") / "town"
    shutil.copytree(old, shared)
    made, said, _ = newyear.newyear(shared, OLD)
    return shared, made, said


def hashes(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.xlsx"))}


def test_the_old_year_is_untouched_and_every_school_has_its_workbooks(old, turned):
    shared, made, _ = turned
    assert hashes(shared / OLD) == hashes(old / OLD)
    assert {path.relative_to(shared / NEW) for path in made} == {
        path.relative_to(old / OLD) for path in (old / OLD).rglob("*.xlsx")
    }


def test_everybody_is_where_he_or_she_goes_on(old, turned):
    before, after = reading.read_year(old, OLD), reading.read_year(turned[0], NEW)
    grade = before["roster"]["class_id"].map(
        dict(zip(before["class"]["class_id"], before["class"]["grade"], strict=True))
    )
    then = {
        key: (home, status, int(grade))
        for key, home, status, grade in zip(
            *(before["roster"][name] for name in ("student_key", "home", "status")), grade, strict=True
        )
    }
    now = dict(zip(after["roster"]["student_key"], after["roster"]["home"], strict=True))
    for key, (home, status, was) in then.items():
        goes = status in newyear.STAYS and (was != 9 or status == "辍学")
        assert now.get(key) == ((MIDDLE if was == 6 else home) if goes else None), (status, was)
    assert len(now) == len(after["roster"])


def test_classes_are_one_grade_up_under_their_own_code(old, turned):
    before, after = (
        reading.read_year(*which)["class"].set_index("class_id") for which in ((old, OLD), (turned[0], NEW))
    )
    assert set(after.index) == set(before.index[~before["grade"].isin([6, 9])])
    for code, row in after.iterrows():
        was = before.loc[code]
        assert (row["grade"], row["school_year"]) == (was["grade"] + 1, NEW)
        assert row["class_name"] == was["class_name"].replace(
            newyear.GRADES[was["grade"]], newyear.GRADES[row["grade"]]
        )


def test_only_what_must_be_filled_in_is_wrong(turned):
    _, _, judgement = opening.judged(turned[0], NEW, dt.date(2024, 9, 10))
    found = Counter((one.rule, one.column) for one in judgement.findings)
    assert {(rule, column) for rule, column in found if rule not in ("R12", "X15")} - TO_FILL == TO_DECIDE
    terms = reading.read_year(turned[0], NEW)["term"]
    assert [*zip(terms["school_year"], terms["term"], strict=True)] == [(NEW, "第一学期"), (NEW, "第二学期")]


def test_made_in_august_its_first_of_september_is_no_slip_of_the_pen(turned, monkeypatch):
    """Grade six stands on the junior school's roster from that day: F30 had been said of each of them all summer."""
    monkeypatch.setattr(places, "today", lambda scratch=None: dt.date(2024, 8, 20))
    town = reading.read_year(turned[0], NEW)
    assert (town["roster"]["status_date"] == "2024-09-01").any()
    assert not [one for book in town.workbooks for one in book.findings if one.rule == "F30"]


def test_open_cases_keep_their_history(old, turned):
    before, after = reading.read_year(old, OLD), reading.read_year(turned[0], NEW)
    going = before["dropout"][before["dropout"]["closed"].isna()]
    assert len(going)
    assert set(after["dropout"]["case_id"]) == set(going["case_id"])
    assert set(going["ys_id"].dropna()) <= set(after["suspected"]["case_id"])
    for sheet in ("visit", "legal"):
        kept = before[sheet]["case_id"].isin({*after["dropout"]["case_id"], *after["suspected"]["case_id"]})
        assert len(after[sheet]) == kept.sum()


def test_what_a_person_must_decide_is_said_without_names(old, turned):
    lines = "\n".join(newyear.told(turned[1], turned[2], dry_run=False))
    assert "六年级升入" in lines
    assert "九年级毕业" in lines
    names = set(reading.read_year(old, OLD)["roster"]["name"].dropna())
    assert not [name for name in names if name in lines]


def test_a_dry_run_makes_nothing_and_says_the_same(old, turned):
    made, said, _ = newyear.newyear(old, OLD, dry_run=True)
    assert said == turned[2]
    assert len(made) == len(turned[1])
    assert not (old / NEW).exists()


def test_a_cell_that_cannot_be_read_is_said(old, tmp_path):
    shutil.copytree(old, tmp_path / "town")
    (path,) = (tmp_path / "town" / OLD / MIDDLE).glob("学籍.xlsx")
    book = openpyxl.load_workbook(path)
    page = book["学生花名册"]
    (column,) = [cell.column for cell in page[1] if cell.value == "出生日期"]
    page.cell(3, column).value = "不知道"
    book.save(path)
    _, said, _ = newyear.newyear(tmp_path / "town", OLD, dry_run=True)
    assert "学籍.xlsx：有 1 格读不出来，带入后空着；旧工作簿里还在" in said[MIDDLE]


def test_classes_without_a_grade_are_said(old, tmp_path):
    """Nobody could know who leaves: they do not go over, and the centre is told before the new year is made."""
    shutil.copytree(old, tmp_path / "town")
    path = next((tmp_path / "town").rglob("基础信息.xlsx"))
    book = openpyxl.load_workbook(path)
    page = book["班级"]
    column = next(cell.column for cell in page[1] if cell.value == "年级")
    page.cell(2, column).value, page.cell(3, column).value = "七、八年级", None
    book.save(path)
    _, said, _ = newyear.newyear(tmp_path / "town", OLD, dry_run=True)
    assert any("有 2 个班没有年级" in line for line in said["中心学校"])


def test_a_grade_that_a_school_has_not_had_is_for_a_person_to_decide(old, turned, tmp_path):
    """A teaching point of three grades: its third goes to another school, which no list says."""
    assert not [line for lines in turned[2].values() for line in lines if "上学年没有的年级" in line]
    shared = tmp_path / "town"
    shutil.copytree(old, shared)
    path = shared / OLD / "中心学校" / "基础信息.xlsx"
    book = openpyxl.load_workbook(path)
    page = book["班级"]
    head = [cell.value for cell in page[1]]
    code, grade = head.index("学校代码") + 1, head.index("年级") + 1
    schools = {row[1].value: row[0].value for row in book["学校"].iter_rows(min_row=2)}
    for row in range(page.max_row, 1, -1):
        if page.cell(row, code).value == schools["示例第一小学"] and page.cell(row, grade).value > 3:
            page.delete_rows(row)
    book.save(path)
    _, said, _ = newyear.newyear(shared, OLD, dry_run=True)
    assert [home for home, lines in said.items() if any("四年级是上学年没有的年级" in line for line in lines)] == [
        "示例第一小学"
    ]


def test_pupils_of_a_closed_school_are_said(old, tmp_path):
    shutil.copytree(old, tmp_path / "town")
    (path,) = (tmp_path / "town" / OLD / "中心学校").glob("基础信息.xlsx")
    book = openpyxl.load_workbook(path)
    page = book["学校"]
    columns = {cell.value: cell.column for cell in page[1]}
    (at,) = [row for row in range(2, page.max_row) if page.cell(row, columns["学校全称"]).value == "示例第二小学"]
    page.cell(at, columns["在用"]).value = "否"
    book.save(path)
    made, said, _ = newyear.newyear(tmp_path / "town", OLD, dry_run=True)
    assert not [path for path in made if path.parent.name == "示例第二小学"]
    assert any("“示例第二小学”停用了" in text and "35 名学生" in text for text in said["中心学校"])


@pytest.mark.parametrize(
    ("day", "there", "said"),
    [
        ("2024-08-31", (OLD,), False),
        ("2024-09-01", (OLD,), True),
        ("2024-09-01", (OLD, NEW), False),
        ("2026-09-01", (OLD,), False),
    ],
)
def test_a_year_that_has_begun_without_a_folder_is_said(tmp_path, day, there, said):
    for name in there:
        (tmp_path / name).mkdir()
    assert ("kongchuo newyear --from 2023-2024" in opening.begun(tmp_path, dt.date.fromisoformat(day))) == said


@pytest.fixture
def two(old, tmp_path):
    """The township with a second junior school."""
    shutil.copytree(old, tmp_path / "town")
    (path,) = (tmp_path / "town" / OLD / "中心学校").glob("基础信息.xlsx")
    book = openpyxl.load_workbook(path)
    page = book["学校"]
    columns = {cell.value: cell.column for cell in page[1]}
    at = next(row for row in range(2, 100) if page.cell(row, columns["学校全称"]).value is None)
    for title, value in {"学校代码": "SLZ99", "学校全称": "示例镇第二中学", "学段": "初中", "在用": "是"}.items():
        page.cell(at, columns[title]).value = value
    book.save(path)
    return tmp_path / "town"


def test_grade_six_goes_where_the_office_says(two, tmp_path):
    _, said, asked = newyear.newyear(two, OLD, dry_run=True)
    assert len(asked) > 1
    assert any(f"六年级毕业 {len(asked)} 人，有几所初中" in text for text in said["中心学校"])
    assert f"{len(asked)} 名毕业生" in newyear.ask(asked, tmp_path / "out")
    table = tmp_path / "out" / newyear.TABLE
    lines = table.read_text("utf-8-sig").splitlines()
    assert lines[0] == ",".join(newyear.COLUMNS)

    filled = [line + MIDDLE for line in lines[1:2]] + [line + "示例镇第二中学" for line in lines[2:-1]] + lines[-1:]
    table.write_bytes("\r\n".join([lines[0], *filled]).encode("gbk"))  # as Excel saves it here
    newyear.ask(asked, tmp_path / "out")
    assert table.read_bytes().decode("gbk").endswith(lines[-1]), "what the office has begun stays"
    _, said, still = newyear.newyear(two, OLD, to=table)
    homes = dict(zip(*(reading.read_year(two, NEW)["roster"][name] for name in ("student_key", "home")), strict=True))
    assert homes[asked[0][0]] == MIDDLE
    assert {homes[one[0]] for one in asked[1:-1]} == {"示例镇第二中学"}
    assert (still, asked[-1][0] in homes) == (asked[-1:], False)
    assert any(f"六年级升入 {len(asked) - 2} 人" in text for text in said["示例镇第二中学"])


@pytest.mark.parametrize(
    ("text", "says"), [("学生编号,升入学校\nXS1,某某中学\n", "“某某中学”不是"), ("姓名,学校\n甲,乙\n", "找不到")]
)
def test_a_table_that_names_no_school_of_ours_is_refused(two, tmp_path, text, says):
    (tmp_path / "t.csv").write_text(text, "utf-8")
    with pytest.raises(UserError, match=says):
        newyear.newyear(two, OLD, to=tmp_path / "t.csv")
    assert not (two / NEW).exists()


def test_what_is_there_is_never_replaced(turned):
    before = hashes(turned[0])
    with pytest.raises(UserError, match="已经有工作簿，没有动"):
        newyear.newyear(turned[0], OLD)
    assert hashes(turned[0]) == before


def test_a_year_that_is_none_or_not_there_is_said(old):
    with pytest.raises(UserError, match="2023-2024 的样子"):
        newyear.newyear(old, "2023")
    with pytest.raises(UserError, match="没有学年“2020-2021”"):
        newyear.newyear(old, "2020-2021")
