"""`kongchuo reconcile` on files: whatever is sent from above, read without guessing; a workbook the clerk can work in."""

import io
import json
import random
import re
from dataclasses import replace

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings, strategies as st

from kongchuo.__main__ import main
from kongchuo.commands import reconcile
from kongchuo.core import schema
from kongchuo.core.findings import UserError
from kongchuo.excel import reading, tables
from kongchuo.excel.foreign_lists import read_list
from kongchuo.facts.matching import REASONS
from townships import known, to_compare  # noqa: F401 - the fixtures pupils and shared

SCHEMA = schema.default()
NUMBER = re.compile(r"\d{15,}")


def lines(*rows):
    return "\r\n".join(",".join(map(str, row)) for row in rows)


def xlsx(path, *pages):
    with xlsxwriter.Workbook(path) as book:
        for title, rows in pages:
            page = book.add_worksheet(title)
            for at, row in enumerate(rows):
                page.write_row(at, 0, row)
    return path


HEAD = ("序号", "身份证号码", "学生姓名", "学校名称")
ROW = (1, "990000201103150205", "甲春梅", "示例中学")


# --- what a list may look like ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";", "，"])
def test_csv_in_any_coding_and_with_a_title_above(tmp_path, encoding, mark):
    path = tmp_path / "名单.csv"
    text = lines(("某县疑似辍学学生名单（二○二三年十月）",), (), HEAD, ROW, ("合计", "", "", "")).replace(",", mark)
    path.write_bytes(text.encode(encoding))
    listed = read_list(path, SCHEMA)

    (row,) = listed.people.reset_index().to_dict("records")
    assert (listed.name, row["row"]) == ("名单.csv", 4)
    assert (row["id_no"], row["name"], row["school"]) == ROW[1:]
    assert not listed.findings


def test_xlsx_with_columns_in_any_order(tmp_path):
    head = ("备注", "出生年月日", "推送日期", "性别", "学籍号码", "姓 名")
    rows = [("2023年推送名单",), head, ("外出", "2011-03-15", "2023.10.8", "女生", "g990000201103150205", "甲 春梅")]
    listed = read_list(xlsx(tmp_path / "a.xlsx", ("Sheet1", rows), ("说明", [("填表说明",)]), ("空", [])), SCHEMA)

    (row,) = listed.people.to_dict("records")
    assert (row["name"], row["sex"], row["status_no"], row["note"]) == ("甲春梅", "女", "G990000201103150205", "外出")
    assert f"{row['birth_date']:%Y-%m-%d} {row['pushed']:%Y-%m-%d}" == "2011-03-15 2023-10-08"


def test_numbers_that_lost_digits_are_reported_and_never_guessed(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", ("Sheet1", [HEAD, (1, 990000201103150205, "甲春梅", "示例中学")]))
    csv = tmp_path / "a.csv"
    csv.write_text(lines(HEAD, (1, "9.9E+17", "甲春梅", ""), (2, '"=""990000201103150205"""', "乙夏竹", "")), "utf-8")

    for listed, cell in ((read_list(path, SCHEMA), "B2"), (read_list(csv, SCHEMA), "B2")):
        assert listed.people["id_no"].isna().iloc[0]
        assert [(finding.rule, finding.cell, finding.workbook) for finding in listed.findings] == [
            ("F01", cell, listed.name)
        ]
    assert listed.people["id_no"].iloc[1] == "990000201103150205"


# --- what is no list --------------------------------------------------------------------------------------------------
def locked(path):
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(64) + "EncryptedPackage".encode("utf-16-le"))


BAD = {
    "没有": (lambda path: None, "找不到名单"),
    "文件夹": (lambda path: path.mkdir(), "是文件夹"),
    "空": (lambda path: path.write_bytes(b""), "是空的"),
    "空白": (lambda path: path.write_bytes(b"\r\n \0\0"), "是空的"),
    "图片": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256))), "不是表格文件"),
    "文章": (lambda path: path.write_text("关于做好控辍保学工作的通知\n各学校：\n", "utf-8"), "找不到表头.*“姓名”一列"),
    "网页": (
        lambda path: path.write_text('<html><meta charset="gb2312"><table><tr><td>姓名', "gbk"),
        "其实是网页或 XML",
    ),
    "XML": (lambda path: path.write_text('<?xml version="1.0"?>\n<Workbook>', "utf-8"), "其实是网页或 XML"),
    "只有姓名": (lambda path: path.write_text(lines(("姓名",), ("甲春梅",)), "utf-8"), "找不到表头"),
    "没有姓名": (lambda path: path.write_text(lines(("身份证号", "学校"), ROW[1:3]), "utf-8"), "找不到表头"),
    "只有表头": (lambda path: path.write_text(lines(HEAD), "gbk"), "没有一个人"),
    "两张表": (
        lambda path: xlsx(path, ("甲校", [HEAD, ROW]), ("乙校", [HEAD, ROW])),
        "2张工作表都像名单：“甲校”、“乙校”",
    ),
    "空表": (lambda path: xlsx(path, ("Sheet1", [])), "找不到表头"),
    "打开密码": (locked, "打开密码"),
    "旧格式": (lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600)), r"另存为 \.xlsx"),
    "坏文件": (lambda path: path.write_bytes(b"PK\3\4" + bytes(100)), "已损坏"),
}


@pytest.mark.parametrize(("make", "says"), BAD.values(), ids=BAD)
def test_what_is_no_list_is_said_in_one_sentence(tmp_path, shared, capsys, make, says):
    path = tmp_path / "名单.xlsx"
    make(path)

    assert main(["reconcile", str(path), "--workbooks", str(shared)]) == 3
    said = capsys.readouterr()
    assert re.search(says, said.err)
    assert "名单.xlsx" in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert not said.out


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"PK\3\4", b"\xd0\xcf\x11\xe0", "姓名,身份证号\n".encode(), b"\xff\xfe"]),
)
def test_any_bytes_give_a_list_or_a_sentence(tmp_path, data, head):
    path = tmp_path / "a.csv"
    path.write_bytes(head + data)
    try:
        found = len(read_list(path, SCHEMA).people)
    except UserError as error:
        found = "a.csv" in str(error)
    assert found


# --- what comes of it -------------------------------------------------------------------------------------------------
def test_a_list_of_the_townships_own_pupils_has_nothing_to_look_into(tmp_path, shared, pupils, capsys):
    path = tmp_path / "全部.csv"
    chance = random.Random(1)
    rows = [(pupil["name"], pupil["id_no"], pupil["home"]) for pupil in pupils]
    chance.shuffle(rows)
    path.write_text(lines(("姓名", "证件号码", "学校"), *rows), "utf-8")

    assert main(["reconcile", str(path), "--workbooks", str(shared)]) == 0
    said = capsys.readouterr().out
    assert f"名单 {len(rows)} 人" in said
    assert "要核实 0 行" in said
    assert "待核对" not in said


def test_slips_come_to_a_terminal_a_workbook_and_json(tmp_path, shared, pupils, capsys):
    """One child with two digits changed about, one whom nobody knows; no number leaves but its last four digits."""
    one, other = pupils[:2]
    wrong = one["id_no"][:15] + one["id_no"][16] + one["id_no"][15] + one["id_no"][17]
    path, out = tmp_path / "名单.csv", tmp_path / "核对结果.xlsx"
    rows = [(one["name"], wrong, "2023-12-27"), (other["name"], other["id_no"], ""), ("某某某", "", "")]
    path.write_text(lines(("姓名", "身份证号", "推送日期"), *rows), "gbk")

    assert main(["reconcile", str(path), "--workbooks", str(shared), "--out", str(out)]) == 1
    said = capsys.readouterr().out
    assert "证件号码两位对调，第16、17位不同" in said
    assert f"尾号{wrong[-4:]}／{one['id_no'][-4:]}" in said
    assert "已30天" in said
    assert not NUMBER.search(said)

    book = openpyxl.load_workbook(out)
    assert book.sheetnames[:4] == ["填表说明", "待核对", "只在一方", "相符"]
    head = [item.title for item in SCHEMA.sheets["match"].typed]
    for sheet in book.sheetnames[1:4]:
        assert [cell.value for cell in book[sheet][1]][: len(head)] == head, "so that rows can be pasted into 比对结果"
        assert book[sheet].data_validations.dataValidation
    review = {cell.value: value.value for cell, value in zip(book["待核对"][1], book["待核对"][2], strict=True)}
    assert (review["学生编号"], review["原因"], review["已过天数"]) == (one["student_key"], "证件号码两位对调", 30)
    assert review["建议销号类型"] == "信息错误(证件或姓名)"
    assert review["核查结论"] is review["销号类型"] is None
    alone = {row[2]: row for row in book["只在一方"].iter_rows(min_row=2, values_only=True)}
    assert "某某某" in alone
    told = {cell for row in book["填表说明"].iter_rows(values_only=True) for cell in row}
    assert set(REASONS) <= told
    data = out.read_bytes()
    assert not any(
        NUMBER.search(str(cell)) for page in book for row in page.iter_rows(values_only=True) for cell in row if cell
    )

    assert main(["reconcile", str(path), "--workbooks", str(shared), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {row["match_type"] for row in found} == {"上级推送"}
    assert sum(row["left"] is not None for row in found) == 3
    assert not NUMBER.search(json.dumps(found, ensure_ascii=False))

    assert main(["reconcile", str(path), "--workbooks", str(shared), "--out", str(out)]) == 3
    assert "没有改动" in capsys.readouterr().err
    assert out.read_bytes() == data


def test_own_lists_of_a_clean_township_agree(shared, capsys, tmp_path):
    assert main(["reconcile", "--workbooks", str(shared)]) == 0
    said = capsys.readouterr().out
    assert "户籍-学籍" in said
    assert "六年级-七年级" in said

    alone = tmp_path / "alone"
    (alone / "2023-2024").parent.mkdir()
    (shared / "2023-2024").rename(alone / "2023-2024")
    try:
        assert main(["reconcile", "--workbooks", str(alone)]) == 0
        assert "尚未核对 六年级-七年级：共享文件夹里没有上学年的学籍" in capsys.readouterr().out
    finally:
        (alone / "2023-2024").rename(shared / "2023-2024")


def test_a_census_nobody_has_filled_says_nothing_of_any_child(shared):
    compared = reconcile.compare(shared)
    empty = [replace(one, sizes=(0, one.sizes[1])) if one.kind == "户籍-学籍" else one for one in compared.comparisons]
    said = "\n".join(reconcile.told(replace(compared, comparisons=tuple(empty))))

    assert "尚未核对 户籍-学籍：摸底登记里还没有一个孩子。" in said
    assert "户籍-学籍：摸底登记 0 人" not in said
    assert "六年级-七年级：" in said


@pytest.mark.parametrize(("out", "says"), [("结果.csv", r"\.xlsx"), ("没有的/结果.xlsx", "没有文件夹")])
def test_a_place_nothing_can_be_written_to_is_said_before_anything_is_read(tmp_path, capsys, out, says):
    assert main(["reconcile", "--workbooks", str(tmp_path / "none"), "--out", str(tmp_path / out)]) == 3
    assert re.search(says, capsys.readouterr().err)


def test_a_child_missing_after_grade_six_is_found_without_any_list(shared, tmp_path):
    town = reading.read_year(shared, "2023-2024")
    compared = reconcile.compare(shared)
    sixth = next(one for one in compared.comparisons if one.kind == "六年级-七年级")
    before = town.before["roster"]

    assert sixth.sizes[0] == len(before)
    assert set(sixth.rows["left"].dropna()) == set(before.index)


def test_workbook_of_results_has_the_same_bytes_each_time():
    rows = {"review": [{"match_type": "上级推送", "name": "甲春梅", "diff": "姓名同音"}]}
    first, second = (tables.comparison_bytes(rows, ["甲"], [("相符", "两边一致。", "")], SCHEMA) for _ in range(2))

    assert first == second
    assert openpyxl.load_workbook(io.BytesIO(first))["待核对"]["C2"].value == "甲春梅"
