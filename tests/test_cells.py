"""Raw cells to typed values: what is accepted, with which finding, and what is never repaired."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from kongchuo.core import columns, schema as schemas
from kongchuo.core.cells import PICTURE, STALE, CellError
from kongchuo.core.columns import DTYPES
from kongchuo.core.schema import Field

SCHEMA = schemas.default()
TEXT = Field("x", "列")
NOTE = Field("note", "备注")
MANY = Field("x", "列", many=True)
DATE = Field("x", "列", "date")
WHOLE = Field("x", "列", "integer", minimum=0, maximum=60)
GRADE = Field("grade", "年级", "integer", minimum=1, maximum=9)
YES_NO = Field("x", "列", "boolean")
ID = Field("x", "列", format="id_number")
KEY = Field("x", "列", format="identifier")
PHONE = Field("x", "列", format="phone")
PERSON = Field("x", "列", format="person_name")
MONTH = Field("x", "列", format="month")
ENTRY = Field("x", "列", format="entry_month")
YEAR = Field("x", "列", format="school_year")
CLASS = Field("x", "列", format="class_name")
SEX = Field("x", "列", codes="sex")
ETHNICITY = Field("x", "列", codes="ethnicity")
ID_TYPE = Field("x", "列", codes="id_type")
GROUPS = Field("x", "列", codes="groups", many=True)
STAFF = Field("x", "列", format="identifier", reference="staff", many=True)
CASE = Field("x", "列", format="identifier", pattern="^YS-[0-9]{4}-[0-9]{3}$")
DAY = dt.date(2023, 9, 1)


def convert(values, item, codes=None):
    """The array of a column, and its problems."""
    found, problems = columns.typed(values, item, codes)
    return columns.as_array(found, item), problems


def one(value, item):
    """(typed value, codes of the problems) of a single cell."""
    typed, problems = convert([value], item, SCHEMA.codes.get(item.codes))
    kept = None if pd.isna(typed[0]) else typed[0]
    assert all(problem.lost == (kept is None) for problem in problems)
    return (kept.date() if isinstance(kept, pd.Timestamp) else kept), [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("item", "raw", "value", "codes"),
    [
        # empty is empty, whatever makes it look so
        *((item, raw, None, []) for item in (TEXT, DATE, WHOLE, YES_NO, ID, SEX) for raw in (None, "", "  ", "\u3000\u200b", float("nan"))),
        # what a formula left
        *((item, CellError("#N/A"), None, ["F19"]) for item in (TEXT, DATE, WHOLE, YES_NO, ID, SEX, GROUPS)),
        *((item, STALE, None, ["F23"]) for item in (TEXT, DATE, WHOLE, YES_NO, ID, SEX, GROUPS)),
        (TEXT, "#REF!", None, ["F19"]),
        # identifiers are text, and lost digits stay lost
        (ID, 990000201010110017.0, None, ["F01"]),
        (KEY, 7.0, None, ["F01"]),
        (KEY, DAY, None, ["F35"]),  # 9-1, made a date by Excel
        (TEXT, 990000201010110017.0, None, ["F01"]),
        (ID, "99000020101011001X", "99000020101011001X", []),
        (ID, "99000020101011001x", "99000020101011001X", []),
        (ID, "'990000201010110017", "990000201010110017", ["F25"]),
        (ID, " 990000 20101011 0017\u3000", "990000201010110017", ["F25"]),
        (ID, "９９００００201010110017", "990000201010110017", ["F25"]),
        (ID, "12", "12", []),
        (KEY, "XS0000001", "XS0000001", []),
        (KEY, "XS0000001\u200b", "XS0000001", ["F25"]),
        (KEY, "七（1）班", "七(1)班", []),
        (KEY, "007", "007", []),
        (CASE, "YS-2023-001", "YS-2023-001", []),
        (CASE, "YS-2023-1", "YS-2023-1", ["F27"]),
        (PHONE, 13900000000.0, "13900000000", []),
        (PHONE, "139 0000 0000", "13900000000", ["F25"]),
        (PHONE, "0557-1234567", "0557-1234567", []),
        (CLASS, "七（1）班", "七(1)班", []),
        (CLASS, "七１班 ", "七1班", ["F25"]),
        # names
        (PERSON, "示甲", "示甲", []),
        (PERSON, "示　甲", "示甲", ["F07"]),
        (PERSON, "示\n甲 ", "示甲", ["F07"]),
        (PERSON, "示\u200b甲", "示甲", ["F07"]),
        (PERSON, "阿依·示例", "阿依·示例", []),
        (PERSON, "Anna  Lee", "Anna Lee", ["F07"]),
        # code lists
        (SEX, "男", "男", []),
        (SEX, "1-男", "男", []),
        (SEX, "１－男", "男", ["F25"]),
        (SEX, "男(1)", "男", []),
        (SEX, "男生", "男", []),
        (SEX, "1", "男", []),
        (SEX, 1.0, "男", []),
        (SEX, " 男", "男", ["F25"]),
        (SEX, "2-男", None, ["F10"]),
        (SEX, "难", None, ["F10"]),
        (SEX, DAY, None, ["F35"]),
        (ETHNICITY, "汉", "汉族", []),
        (ETHNICITY, "01", "汉族", []),
        (ETHNICITY, 1.0, "汉族", []),
        (ID_TYPE, "香港特区护照/身份证明", "香港证件", []),
        (GROUPS, "留守，脱贫户", "留守、脱贫户", []),
        (GROUPS, "留守 脱贫户；留守", "留守、脱贫户", []),
        (GROUPS, "留守、没有的", None, ["F10"]),
        (GROUPS, "无", None, []),
        (STAFF, "示甲，示乙", "示甲、示乙", []),
        (STAFF, 12.0, None, ["F01"]),
        *((PERSON, raw, "阿依·丙", ["F08"]) for raw in ("阿依•丙", "阿依・丙", "阿依･丙", "阿依‧丙", "阿依∙丙", "阿依.丙", "阿依．丙")),
        (PERSON, "甲（大）", "甲(大)", []),
        (PERSON, "甲Ａ", "甲A", ["F25"]),
        (PERSON, "Mary J. Li", "Mary J. Li", []),
        *((YES_NO, raw, True, []) for raw in ("是", True, 1.0, "√", "Y", "有")),
        *((YES_NO, raw, False, []) for raw in ("否", False, 0.0, "无", "FALSE")),
        (YES_NO, " 是", True, ["F25"]),
        (YES_NO, "不知", None, ["F10"]),
        # numbers
        (WHOLE, 3.0, 3, []),
        (WHOLE, 0.0, 0, []),
        (WHOLE, "3", 3, ["F21"]),
        (WHOLE, "３人", 3, ["F21"]),
        (GRADE, "七年级", 7, ["F21"]),
        (GRADE, "7年级", 7, ["F21"]),
        (GRADE, "初一", 7, ["F21"]),
        (GRADE, "三", 3, ["F21"]),
        (GRADE, "十年级", None, ["F27"]),
        (WHOLE, "七年级", None, ["F27"]),
        (WHOLE, 3.5, None, ["F27"]),
        (WHOLE, 61.0, None, ["F27"]),
        (WHOLE, -1.0, None, ["F27"]),
        (WHOLE, "七", None, ["F27"]),
        (WHOLE, True, None, ["F27"]),
        (WHOLE, DAY, None, ["F27"]),
        (WHOLE, float("inf"), None, ["F27"]),
        (Field("x", "列", "number"), "1,200.5", 1200.5, ["F21"]),
        # dates
        (DATE, DAY, DAY, []),
        (DATE, dt.datetime(2023, 9, 1, 8, 30), DAY, []),
        (DATE, dt.datetime(2023, 8, 31, 23, 59, 59, 136000), DAY, []),
        (DATE, dt.datetime(2023, 8, 31, 23, 58), dt.date(2023, 8, 31), []),
        (DATE, 45169.99999, DAY, ["F24"]),
        *(
            (DATE, raw, DAY, ["F24"])
            for raw in (
                "2023.9.1", "2023/9/1", "2023-9-1", "2023-09-01", "2023年9月1日", "2023年09月01号", "20230901", 20230901.0, 45170.0,
                "２０２３．９．１", "2023。9。1", " 2023 . 9 . 1 ", "2023-09-01 08:30", "2023-09-01T00:00:00", "2023年9月1日 星期五",
            )
        ),
        *(
            (DATE, raw, None, ["F09"])
            for raw in (
                "2023.9.31", "2023年9月", 2023.9, 2023.0, "2023", "9月1日", "9/1/2023", "23.9.1", "2004-12-31", "2041-01-01", "20231301",
                dt.date(1900, 1, 1), 1.0, -1.0, 1e300, True, dt.time(8, 10), dt.timedelta(hours=30), "2023 9 1", "昨天", "2023.9.1.",
            )
        ),
        (MONTH, "2023-09", "2023-09", []),
        *((MONTH, raw, "2023-09", []) for raw in ("2023年9月", "2023.9", "2023/09", "202309", 202309.0, 2023.9, DAY)),
        *((MONTH, raw, None, ["F27"]) for raw in (2023.1, "2023-13", "九月", "2023-2024")),
        (MONTH, "2023.1", "2023-01", []),
        *((ENTRY, raw, "202109", []) for raw in ("202109", 202109.0, "2021年9月", "2021-09", dt.date(2021, 9, 1))),
        (ENTRY, "2109", None, ["F27"]),
        *((YEAR, raw, "2023-2024", []) for raw in ("2023-2024", "2023-2024学年", "2023—2024学年度", "２０２３－２０２４", "2023-24", "2023学年")),
        *((YEAR, raw, None, ["F27"]) for raw in ("2023-2025", 2023.0, "2023", "去年")),
        # plain text keeps what was written
        *((TEXT, raw, raw, []) for raw in ("NA", "None", "nan", "null", "示例村3组", "两行\n文字", "0012")),
        (TEXT, " 前后有空格\u00a0", "前后有空格", []),
        (TEXT, 5.0, "5", []),
        (TEXT, 0.1 + 0.2, "0.3", []),
        (TEXT, DAY, None, ["F35"]),
        (TEXT, dt.datetime(2023, 9, 1, 8, 30), "2023-09-01 08:30", []),
        (NOTE, DAY, "2023-09-01", []),
        *((item, raw, None, ["F32"]) for item in (TEXT, KEY, STAFF, DATE, SEX, NOTE, MANY) for raw in (PICTURE, '=DISPIMG("ID_1A",1)')),
        (TEXT, dt.time(8, 10), "08:10", []),
        (TEXT, True, "TRUE", []),
    ],
)  # fmt: skip
def test_one_cell(item, raw, value, codes):
    assert one(raw, item) == (value, codes)


def test_a_message_never_shows_an_identity_number():
    for item in (SEX, DATE, WHOLE, YES_NO, GROUPS, MONTH, CASE):
        _, problems = convert(["99000020101011001X"], item, SCHEMA.codes.get(item.codes))
        assert problems
        assert "99000020101011001" not in str(problems)


def test_an_unknown_value_comes_with_the_nearest_or_with_the_choice():
    assert "土家族" in convert(["土家苗族"], ETHNICITY, SCHEMA.codes["ethnicity"])[1][0].facts["near"]
    assert convert(["？"], SEX, SCHEMA.codes["sex"])[1][0].facts["near"].startswith("可选：男、女")


RAW = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(
        ["男", "2023.9.1", "是", "1-男", "3", "XS0000001", "2023-09", "留守、残疾", "#N/A", "１２", "2023年2月30日"]
    ),
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.builds(CellError, st.text(max_size=5)),
    st.just(STALE),
)
FIELDS = [item for sheet in SCHEMA.sheets.values() for item in sheet.fields]


@given(st.lists(RAW, max_size=8), st.sampled_from(FIELDS))
def test_any_cell_in_any_column_gives_a_value_or_a_problem(values, item):
    typed, problems = convert(values, item, SCHEMA.codes.get(item.codes))

    assert len(typed) == len(values)
    assert str(typed.dtype) == DTYPES[item.type]
    lost = {problem.position for problem in problems if problem.lost}
    assert all(pd.isna(typed[position]) for position in lost)


@given(st.lists(RAW, min_size=1, max_size=8), st.sampled_from(FIELDS))
def test_a_column_reads_like_its_cells_one_by_one(values, item):
    """The quick look at a clean column and the slow one agree, and cells do not see each other."""
    codes = SCHEMA.codes.get(item.codes)
    whole, problems = convert(values, item, codes)
    for position, value in enumerate(values):
        # a cell that cannot be clean beside it forces the slow way
        alone, wrong = convert([value, STALE], item, codes)
        assert (pd.isna(alone[0]) and pd.isna(whole[position])) or alone[0] == whole[position]
        assert [p.code for p in wrong if p.position == 0] == [p.code for p in problems if p.position == position]


@given(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3), st.dates(dt.date(2005, 1, 1), dt.date(2040, 12, 31)))
def test_what_was_typed_reads_back_the_same(items, day):
    """A value written as this program writes it is read without a finding, and reads the same again."""
    for item in items:
        codes = SCHEMA.codes.get(item.codes)
        value = {
            "date": day,
            "boolean": "是",
            "integer": float(item.minimum or 1),
            "number": float(item.minimum or 1),
        }.get(item.type)
        made = {"month": f"{day:%Y-%m}", "entry_month": f"{day:%Y%m}", "school_year": f"{day.year}-{day.year + 1}"}
        value = value or (codes.names[0] if codes else made.get(item.format, "XZ01"))
        typed, problems = convert([value], item, codes)
        if not item.pattern:
            assert not problems
            assert typed[0] == (pd.Timestamp(day) if item.type == "date" else True if item.type == "boolean" else value)


def test_what_is_refused_is_read_as_it_stands_and_offered_nowhere():
    """退学 is no 变动类别, and rule X22 must be able to say so: it is neither lost nor F10 on top."""
    kind = Field("x", "列", codes="change_kind")
    assert one("退 学", kind)[0] == "退学"
    assert "F10" not in one("退学", kind)[1]
    assert "退学" not in SCHEMA.codes["change_kind"].names
    assert one("肄业", kind) == (None, ["F10"])
