"""The schema's loader is strict: what cannot be meant is refused with file and key."""

import io
import re
import shutil
import zipfile

import pytest

from kongchuo.core import declarations, places, schema as schemas
from kongchuo.excel import writing


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped books, to be broken."""
    return shutil.copytree(schemas.BOOKS, tmp_path / "books")


def edit(folder, name, old, new):
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_nine_workbooks_with_the_sheets_of_the_architecture():
    schema = schemas.default()

    sheets = {book.title: [sheet.title for sheet in book.sheets] for book in schema.books}

    assert sheets == {
        "基础信息": ["学校", "班级", "教职工", "行政村", "学年学期", "教学日历", "代码表"],
        "适龄儿童摸底": ["摸底登记", "入学通知与见证", "比对结果"],
        "包保责任": ["机制项目", "组织机构", "包保责任", "责任书签订", "联防联控"],
        "督查奖惩": ["督查评分", "督查点名", "班级积分申诉", "一票否决", "奖惩兑现", "方案公示"],
        "学籍": ["学生花名册", "学年初基准", "学生变动", "人籍核查"],
        "出勤": ["日查", "缺勤明细"],
        "控辍台账": ["重点关注", "疑似辍学台账", "辍学台账", "劝返记录", "法律文书"],
        "帮扶": [
            "家庭困难_一家一案",
            "资助发放",
            "学困厌学_一生一案",
            "帮扶记录",
            "残疾儿童",
            "送教记录",
            "留守儿童",
            "联系记录",
            "其他学段",
            "随迁与孤困",
        ],
        "自查档案": ["月自查", "报送登记", "问题整改", "档案目录", "宣传会议", "措施纪实", "简报案例"],
    }


def test_every_date_says_whether_it_is_past_or_planned():
    schema = schemas.default()
    dates = [item for sheet in schema.sheets.values() for item in sheet.fields if item.type == "date"]

    assert len(dates) > 50
    assert all(isinstance(item.past, bool) for item in dates)
    planned = {item.title for item in dates if not item.past}
    assert {"期限", "限期日期", "下次时间", "整改期限", "应报到日期", "复学后跟踪截止", "休学止"} <= planned
    assert not planned & {
        "发现日期",
        "停学日期",
        "认定日期",
        "变动日期",
        "核查日期",
        "状态日期",
        "报送日期",
        "送达日期",
    }


def test_a_date_that_does_not_say_so_is_refused(folder):
    edit(folder, "duty.yaml", "type: date, past: true", "type: date")

    with pytest.raises(declarations.SchemaError, match="past"):
        schemas.load(folder)


def test_attendance_exists_once_a_term():
    assert schemas.default().by_stem["出勤_第二学期"].name == "attendance"


def test_identity_numbers_stand_in_two_sheets_only():
    """domain.md section 9: data minimisation."""
    holders = {
        sheet.name for sheet in schemas.default().sheets.values() for f in sheet.fields if f.format == "id_number"
    }

    assert holders == {"census", "roster"}


def test_every_column_about_a_child_is_marked_personal():
    """A pupil's name, number, birth date, home and phone are masked by audience, so each must be marked."""
    about = {"student_key", "id_no", "birth_date", "guardian", "guardian_tel", "address", "hukou_addr", "groups"}
    for sheet in schemas.default().sheets.values():
        pupil_sheet = "student_key" in sheet.by_name
        for item in sheet.fields:
            if item.name in about or (pupil_sheet and item.title in ("姓名", "儿童姓名")):
                assert item.personal, (sheet.title, item.title)


def test_hints_fit_the_prompt_of_a_cell():
    """Excel cuts a prompt's title at 32 and its text at 255 characters."""
    for sheet in schemas.default().sheets.values():
        for item in sheet.fields:
            assert len(item.title) <= 32
            assert len(item.hint) <= 120


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("enrolment.yaml", "title: 学籍\n", "titel: 学籍\n", "unknown key 'titel' in file; did you mean 'title'"),
        ("enrolment.yaml", "title: 学籍\n", "title: 学籍\ntitle: 学生\n", "“title”写了两次"),
        ("enrolment.yaml", "owner: school", "owner: pupil", "owner"),
        ("enrolment.yaml", "codes: boarding", "codes: bording", "code list 'bording' is not in codes.yaml"),
        ("enrolment.yaml", "- student_key", "- student_kee", "uses 'student_kee'"),
        ("enrolment.yaml", "primaryKey: [student_key]", "primaryKey: [pupil]", "mentions column 'pupil'"),
        ("codes.yaml", "name: sex", "nmae: sex", "unknown key 'nmae'"),
        ("common.yaml", "name: sex", "name: sexx", "sex"),
    ],
)
def test_what_cannot_be_meant_is_refused(folder, name, old, new, says):
    edit(folder, name, old, new)

    with pytest.raises(declarations.SchemaError, match=r"(?s).*" + says):
        schemas.load(folder)


def test_yes_and_dates_in_yaml_stay_text(tmp_path):
    """YAML 1.1 would turn `no` into False and a date into an object."""
    path = tmp_path / "x.yaml"
    path.write_text("a: no\nb: 2023-09-01\nc: true\nd: 3\ne: 010\nf: 17:00\ng: -2\nh: 0.5\n", "utf-8")

    assert declarations.load_yaml(path) == {
        "a": "no",
        "b": "2023-09-01",
        "c": True,
        "d": 3,
        "e": "010",
        "f": "17:00",
        "g": -2,
        "h": 0.5,
    }


# --- numbers of the policy in hints ----------------------------------------------------------------------------------------
def test_a_changed_threshold_changes_what_staff_read(tmp_path):
    numbers = tmp_path / "policy.yaml"
    text = places.POLICY.read_text("utf-8")
    for key, old, new in (
        ("home_teaching_per_month", "2", "5"),
        ("week_report_due_weekday", "5", "4"),
        ("freeze_date", '"09-20"', '"10-08"'),
        ("media_archive_items", "[6, 11, 14, 16, 18]", "[7]"),
    ):
        assert f"key: {key}," in text
        line = next(line for line in text.splitlines() if f"key: {key}," in line)
        assert f"value: {old}," in line
        text = text.replace(line, line.replace(f"value: {old},", f"value: {new},"))
    numbers.write_text(text, "utf-8")

    changed, shipped = schemas.load(numbers=numbers), schemas.default()

    def hint(schema, sheet, name):
        return schema.sheets[sheet].by_name[name].hint

    assert hint(shipped, "disabled", "plan_per_month") == "送教上门的必填，每月至少2次"
    assert hint(changed, "disabled", "plan_per_month") == "送教上门的必填，每月至少5次"
    assert "周报当周星期四前" in hint(changed, "filing", "date")
    assert hint(changed, "term", "freeze_date").startswith("一般为10月8日")
    assert hint(changed, "archive", "has_media").startswith("第7项")
    book = changed.book_of["disabled"]
    (sheets,) = {
        b"".join(package.read(name) for name in package.namelist() if "worksheets" in name)
        for package in [zipfile.ZipFile(io.BytesIO(writing.workbook_bytes(book.title, book, {}, changed)))]
    }
    assert "每月至少5次".encode() in sheets, "the prompt beside the cell"
    assert "每月至少2次".encode() not in sheets


@pytest.mark.parametrize("key", ["home_teaching_per_month", "support_logs_per_month"])  # of a hint, of a description
def test_a_hint_may_not_name_a_parameter_there_is_not(folder, key):
    edit(folder, "support.yaml", key, f"{key}s")
    with pytest.raises(declarations.SchemaError, match=rf"support\.yaml：“.*”里的参数“{key}s”不认识.*{key}"):
        schemas.load(folder)


def test_no_hint_repeats_a_limit_that_the_policy_has():
    """A number with a unit of time, people or shares stands in policy.yaml, so that there is one place to change it."""
    limit = re.compile(r"\d+个?(上课日|工作日|自然日|天|周|日前|月\d+日|岁|%|学期|次)|至少[一两二三四五]次")
    for path in schemas.BOOKS.glob("*.yaml"):
        for text in re.findall(r"(?:hint|description): ?(.*?)(?:, \w+:|\}$|$)", path.read_text("utf-8"), re.M):
            assert not limit.search(text.replace("出勤率92%", "")), f"{path.name}: {text}"  # a pupil's, for example
