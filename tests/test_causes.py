"""One mistake, one finding: each of the mistakes an office makes gives few findings, and names where it was made."""

import datetime as dt
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

import handmade
from kongchuo.core import findings as values, policy
from kongchuo.core.findings import KINDS, Place, caused, count, following, grouped, report
from kongchuo.core.places import POLICY
from kongchuo.core.schema import CENTRE
from kongchuo.core.sheets import Grid, shape
from kongchuo.core.tables import row_of
from kongchuo.excel import marking_plan as excel_plan
from kongchuo.rules import causes, suspected_causes
from kongchuo.rules.judging import examine
from kongchuo.rules.misnamed import departed
from kongchuo.rules.suspected_causes import edited, exchanged

AS_OF = dt.date(2024, 1, 26)
MOST = 20  # findings one mistake may give
FEW = 6  # mistakes judged together: of many at once not all are tried as causes
JUNIOR, PRIMARY, SECOND = "示例中学", "示例第一小学", "示例第二小学"
CLASS = "SLX01-2021-01"


# --- mistakes in values -------------------------------------------------------------------------------------------------
def retyped(sheet, column, old, new):
    """One name or number of the registry written another way; everywhere else it stays."""

    def spoil(rows):
        (row,) = [row for row in rows[sheet] if row.get(column) == old]
        row[column] = new

    return spoil


def of(rows, sheet, home):
    return [row for row in rows[sheet] if row["home"] == home]


def busiest_teacher(rows):
    name = Counter(row["reporter"] for row in rows["daily"]).most_common(1)[0][0]
    (row,) = [row for row in rows["staff"] if row["name"] == name]
    row["name"] = name[:-1] + "丽"


def everywhere_but_the_registry(rows):
    name = Counter(row["reporter"] for row in rows["daily"]).most_common(1)[0][0]
    for sheet in rows:
        for row in rows[sheet] if sheet != "staff" else ():
            for column, value in row.items():
                if value == name:
                    row[column] = name[:-1] + "丽"


def term(column, day):
    return lambda rows: rows["term"][0].update({column: day})


def holiday_as_school_day(rows):
    next(row for row in rows["calendar"] if row["date"] == dt.date(2023, 10, 3))["is_school_day"] = True


def month_lacking(sheet="daily", home=SECOND, month=10):
    def spoil(rows):
        rows[sheet][:] = [row for row in rows[sheet] if row["home"] != home or row["date"].month != month]

    return spoil


def fifth_pupil(change):
    return lambda rows: change(rows, of(rows, "roster", PRIMARY)[5])


def head_teacher_left(rows):
    (room,) = [row for row in rows["class"] if row["class_id"] == "SLZ01-2022-01"]
    (person,) = [row for row in rows["staff"] if row["name"] == room["head_teacher"]]
    person.update(active=False, to=dt.date(2023, 11, 30))


def slipped(sheet, home, column, start, way):
    """A cell of one column inserted, or deleted, at a row: all below it move."""

    def spoil(rows):
        own = of(rows, sheet, home)
        held = [row.get(column) for row in own]
        moved = [*held[:start], None, *held[start:-1]] if way == "down" else [*held[:start], *held[start + 1 :], None]
        for row, value in zip(own, moved, strict=True):
            row[column] = value

    return spoil


def headers_of_one_kind(sheet, home, one, other):
    def spoil(rows):
        for row in of(rows, sheet, home):
            row[one], row[other] = row.get(other), row.get(one)

    return spoil


def sorted_alone(sheet, home, column):
    """One column sorted, and nothing else."""

    def spoil(rows):
        own = of(rows, sheet, home)
        for row, value in zip(own, sorted(row[column] for row in own), strict=True):
            row[column] = value

    return spoil


def emptied(rows):
    for row in of(rows, "roster", JUNIOR):
        row["address"] = None


REGISTRY = "中心学校/基础信息.xlsx"
MISTAKES = {
    "放假日期早了一个月": (term("end", dt.date(2023, 12, 26)), "X71", REGISTRY, "学年学期", "放假日期", 100),
    "开学日期晚了一个月": (term("start", dt.date(2023, 10, 1)), "X71", REGISTRY, "学年学期", "开学日期", 100),
    "放假日期年份错": (term("end", dt.date(2023, 1, 26)), "X71", REGISTRY, "学年学期", "放假日期", 100),
    "假日写成上课": (holiday_as_school_day, "X72", REGISTRY, "教学日历", "上课", 10),
    "教职工姓名错一字": (busiest_teacher, "X70", REGISTRY, "教职工", "姓名", 50),
    "别处的姓名都错一字": (everywhere_but_the_registry, "X70", REGISTRY, "教职工", "姓名", 50),
    "班级编号改了": (retyped("class", "class_id", CLASS, "SLX01-2021-1"), "X70", REGISTRY, "班级", "班级编号", 50),
    "村名改了": (retyped("village", "village_name", "样例一村", "样例壹村"), "X70", REGISTRY, "行政村", "村名", 20),
    "村代码改了": (retyped("village", "village_code", "SLC001", "SLC01"), "X70", REGISTRY, "行政村", "村代码", 20),
    "学校代码写成另一所的": (retyped("school", "school_code", "SLX02", "SLX01"), "F18", REGISTRY, "学校", "学校代码", 20),
    "只给姓名列排了序": (sorted_alone("roster", JUNIOR, "name"), "X76", f"{JUNIOR}/学籍.xlsx", "学生花名册", "姓名", 20),
    "只给证件号码列排了序": (sorted_alone("roster", JUNIOR, "id_no"), "X76", f"{JUNIOR}/学籍.xlsx", "学生花名册", "证件号码", 20),
    "只给缺勤明细的姓名排了序": (sorted_alone("absence", JUNIOR, "name"), "X76", f"{JUNIOR}/出勤_第一学期.xlsx", "缺勤明细", "姓名", 20),
    "病假和事假的列名对调": (headers_of_one_kind("daily", JUNIOR, "sick", "personal"), "F40", f"{JUNIOR}/出勤_第一学期.xlsx", "日查", "事假", 8),
    "学校代码改了": (retyped("school", "school_code", "SLX01", "SLX91"), "X70", REGISTRY, "学校", "学校代码", 20),
    "一所学校缺一个月日查": (month_lacking(), "X11", f"{SECOND}/出勤_第一学期.xlsx", "日查", "日期", 50),
    "两校都有": (
        fifth_pupil(lambda rows, row: rows["roster"].append({**row, "home": SECOND, "class_id": "SLX02-2021-01"})),
        "X04", "学籍.xlsx", "学生花名册", None, 50,
    ),
    "花名册少一行": (
        fifth_pupil(lambda rows, row: rows["roster"].remove(row)), "X02", "中心学校/适龄儿童摸底.xlsx", "摸底登记", None, 50,
    ),
    "状态写成送教": (
        fifth_pupil(lambda rows, row: row.update(status="送教上门")), "X73", f"{PRIMARY}/学籍.xlsx", "学生花名册", "在籍状态", 50,
    ),
    "状态写成休学": (
        fifth_pupil(lambda rows, row: row.update(status="休学")), "X26", f"{PRIMARY}/学籍.xlsx", "学生花名册", "在籍状态", 50,
    ),
    "班级写成别班": (
        fifth_pupil(lambda rows, row: row.update(class_id="SLX01-2018-01")), "X26", f"{PRIMARY}/学籍.xlsx", None, None, 100,
    ),
    "班主任离岗没有换人": (head_teacher_left, "G05", REGISTRY, "班级", "班主任", 30),
    "出生日期下移一格": (
        slipped("roster", JUNIOR, "birth_date", 10, "down"), "F41", f"{JUNIOR}/学籍.xlsx", "学生花名册", "出生日期", 15,
    ),
    "出生日期上移一格": (
        slipped("roster", JUNIOR, "birth_date", 10, "up"), "F41", f"{JUNIOR}/学籍.xlsx", "学生花名册", "出生日期", 15,
    ),
    "应到下移一格": (
        slipped("daily", JUNIOR, "due", 100, "down"), "F41", f"{JUNIOR}/出勤_第一学期.xlsx", "日查", "应到", 20,
    ),
    "姓名和监护人列名对调": (
        headers_of_one_kind("roster", JUNIOR, "name", "guardian"), "F40", f"{JUNIOR}/学籍.xlsx", "学生花名册", "姓名", 20,
    ),
    "应到和实到列名对调": (
        headers_of_one_kind("daily", JUNIOR, "due", "present"), "F40", f"{JUNIOR}/出勤_第一学期.xlsx", "日查", "应到", 20,
    ),
    "整列空着": (emptied, "F17", f"{JUNIOR}/学籍.xlsx", "学生花名册", "现住址", 20),
}  # fmt: skip


def judged(town):
    made = examine(town, policy.load(POLICY, on=town.as_of))
    assert not made.broken
    return made.findings


def names_its_cause(found, code, workbook, sheet, column, least):
    """Few findings stand by themselves, and one of them, at the right place, has nearly all others under it."""
    alone = [one for one in found if not one.caused_by]
    assert 0 < len(alone) <= MOST
    after = following(found)
    cause = max(alone, key=lambda one: len(after.get(one.anchor, ())))
    assert cause.rule == code, (cause, Counter(one.rule for one in alone))
    assert cause.workbook.endswith(workbook)
    assert sheet in (None, cause.sheet)
    assert column in (None, cause.column)
    assert len(after[cause.anchor]) >= least
    assert {one.anchor for one in alone} >= after.keys()
    return cause, after


@pytest.fixture(scope="module")
def plain():
    return handmade.township(3, 120, 5, AS_OF)[0]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gives_few_findings_and_names_its_cause(name):
    spoil, *expected = MISTAKES[name]
    town, _ = handmade.township(3, 120, 5, AS_OF, spoil)

    names_its_cause(judged(town), *expected)


def test_a_mistake_of_one_school_is_judged_again_in_that_school_alone_and_says_the_same(monkeypatch):
    """Where schools are many, judging all of them again for each suspect would take minutes."""
    town, _ = handmade.township(3, 120, 5, AS_OF, MISTAKES["应到下移一格"][0])
    gone, seen = causes._gone, []

    def compared(suspect, before, loose, again, codes, sheet=""):
        def counted(part, asked, sheet):
            seen.append({book.home for book in part.workbooks})
            return again(part, asked, sheet)

        said = gone(suspect, before, loose, counted, codes, sheet)
        assert said == causes._less(loose, loose, again(suspect.town, codes, sheet))
        return said

    monkeypatch.setattr(causes, "_gone", compared)

    assert any(one.rule == "F41" for one in judged(town))
    assert {JUNIOR, CENTRE} in seen
    assert causes._part not in {key[0] for key in town._made}  # nor is that school kept with the town


def test_what_one_school_repeats_in_many_rows_does_not_hide_the_mistake_of_another():
    """The most frequent code of the whole town was asked of each suspect."""

    def spoil(rows):
        slipped("daily", JUNIOR, "due", 100, "down")(rows)
        sorted_alone("roster", PRIMARY, "name")(rows)

    found = judged(handmade.township(3, 120, 5, AS_OF, spoil)[0])

    causes_named = {(one.rule, one.workbook.split("/")[1]) for one in found if one.rule in ("F41", "X76")}
    assert causes_named == {("F41", JUNIOR), ("X76", PRIMARY)}


def test_who_has_left_and_is_named_still_is_suspected():
    town, _ = handmade.township(3, 120, 5, AS_OF, head_teacher_left)
    loose = frozenset(replace(one, caused_by=()) for one in judged(town))

    (suspect,) = departed(town, policy.load(POLICY, on=AS_OF), loose)

    assert (suspect.cause.rule, suspect.cause.sheet) == ("G05", "班级")


def test_a_school_renamed_in_the_registry_only(plain):
    index = next(iter(plain["school"].index[plain["school"]["school_name"] == PRIMARY]))

    found = judged(edited(plain, "school", index, school_name="示例镇第一小学"))

    names_its_cause(found, "X70", REGISTRY, "学校", "学校全称", 3)


def test_a_change_dated_in_the_future_is_the_cause_of_the_days_it_lacks(plain):
    frame = plain["change"]
    index = next(iter(frame.index[frame["kind"] == "辍学标注"]))
    other = edited(plain, "change", index, date=frame.at[index, "date"] + pd.DateOffset(years=1))

    found = judged(other)

    alone = [one for one in found if not one.caused_by]
    assert 0 < len(alone) <= MOST
    assert sum(one.rule == "X08" for one in found) > MOST


# --- dates that are wrong by years ----------------------------------------------------------------------------------------
# of these nothing says how early they may be: an assessment of long ago stays true; a birth date is told by the number or the roster
ANY_YEAR = {("disabled", "assessed"), ("roster", "birth_date"), ("dropout", "birth_date"), ("disabled", "birth_date")}
RECORDED = [
    (sheet.name, item.name)
    for book in handmade.schema.default().books
    if book.name in ("cases", "support", "enrolment", "attendance")
    for sheet in book.sheets
    for item in sheet.recorded
    if (sheet.name, item.name) not in ANY_YEAR
]


@pytest.fixture(scope="module")
def sound():
    """A township in which every column that a test changes holds a date."""

    def fill(rows):
        rows["watch"][0].update(closed=dt.date(2024, 1, 12), close_basis="连续四周没有缺勤")
        rows["reconcile"][0].update(done=rows["reconcile"][0]["date"])

    return handmade.township(3, 120, 5, AS_OF, fill)[0]


KIN = {"absence": "daily", "visit": "dropout", "legal": "dropout"}


def apart(recorded):
    """Lists of a few (sheet, column), so that a judgement takes a wrong date of each: no two of one sheet, nor of sheets
    that tell of the same days or cases.
    """
    lists = []
    for sheet, column in recorded:
        kin = KIN.get(sheet, sheet)
        fit = next((one for one in lists if len(one) < FEW and kin not in one), None)
        if fit is None:
            lists.append(fit := {})
        fit[kin] = sheet, column
    return [list(one.values()) for one in lists]


@pytest.mark.parametrize("columns", apart(RECORDED), ids=lambda columns: " ".join(map(".".join, columns)))
def test_a_date_ten_years_back_is_one_finding_at_its_cell(sound, columns):
    town, cells = sound, set()
    for sheet, column in columns:
        filled = sound[sheet][column].dropna()
        if filled.empty:  # no row of the township has one
            continue
        index = filled.index[len(filled) // 2]
        town = edited(town, sheet, index, **{column: filled[index] - pd.DateOffset(years=10)})
        known = sound.schema.sheets[sheet]
        cells.add((known.title, row_of(index), known.by_name[column].title))

    found = judged(town)

    causes = [one for one in found if not one.caused_by]
    assert sorted((one.sheet, one.row, one.column) for one in causes) == sorted(cells)
    assert {one.caused_by for one in found} <= {(), *(one.anchor for one in causes)}


def test_what_a_wrong_year_brings_with_it_is_folded_under_its_cell(sound):
    index = sound["dropout"].index[0]
    day = sound["dropout"].at[index, "confirm_date"]

    found = judged(edited(sound, "dropout", index, confirm_date=day - pd.DateOffset(years=10)))

    (cause,) = [one for one in found if not one.caused_by]
    assert (cause.rule, cause.column) == ("X52", "认定日期")
    assert {one.rule for one in found} > {"T11", "X41"}
    assert count(found) == {"error": 1, "warning": 0, "info": 0}


def test_a_workbook_of_last_year_is_no_slip_of_the_pen():
    """Each of its dates by itself would be a cause with consequences of its own; the whole column is one."""
    town, _ = handmade.township(2, 60, 5, AS_OF)
    frame = town["contact"]
    for index in frame.index:
        town = edited(town, "contact", index, date=frame.at[index, "date"] - pd.DateOffset(years=1))

    found = [one for one in judged(town) if one.rule == "F36"]

    assert len([one for one in found if not one.caused_by]) <= len(town.homes)


# --- mistakes of headers ------------------------------------------------------------------------------------------------
def read_again(town, workbook, sheet_name, change):
    """The town with one worksheet read anew from its cells, which `change` has changed: rows of values, the header first."""
    book = next(book for book in town.workbooks if book.name.endswith(workbook))
    sheet, frame = town.schema.sheets[sheet_name], book.tables[sheet_name].frame
    rows = [[item.title for item in sheet.typed]]
    for _, row in frame.iterrows():
        rows.append([_raw(row[item.name]) for item in sheet.typed])
    change(rows)
    table, found = shape(Grid(rows), sheet, book.name, town.schema.codes)
    read = replace(book, tables=book.tables | {sheet_name: table}, findings=(*book.findings, *found))
    books = tuple(read if one is book else one for one in town.workbooks)
    return replace(town, workbooks=books, _frames={}, _made={})


def _raw(value):
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return ("否", "是")[value] if isinstance(value, bool) else value if isinstance(value, str) else float(value)


def swapped(one, other):
    def change(rows):
        head = rows[0]
        a, b = head.index(one), head.index(other)
        head[a], head[b] = head[b], head[a]

    return change


@pytest.mark.parametrize(
    ("one", "other", "workbook", "sheet"),
    [
        ("监护人", "关系", f"{JUNIOR}/学籍.xlsx", "roster"),
        ("姓名", "性别", f"{JUNIOR}/学籍.xlsx", "roster"),
        ("在籍状态", "状态日期", f"{PRIMARY}/学籍.xlsx", "roster"),
        ("缺勤类型", "半日数", f"{PRIMARY}/出勤_第一学期.xlsx", "absence"),
    ],
)
def test_two_headers_exchanged_are_one_finding_at_the_header(plain, one, other, workbook, sheet):
    title = plain.schema.sheets[sheet].title

    found = judged(read_again(plain, workbook, sheet, swapped(one, other)))

    cause, _ = names_its_cause(found, "F40", workbook, title, None, 10)
    assert cause.column in (one, other)
    assert cause.row == 1


def test_cells_read_again_unchanged_give_nothing(plain):
    """Else the tests of headers would prove nothing."""

    assert not judged(read_again(plain, f"{JUNIOR}/学籍.xlsx", "roster", lambda rows: None))


# --- what is no cause -----------------------------------------------------------------------------------------------------
def test_separate_mistakes_of_one_kind_stay_separate():
    def spoil(rows):
        for place, row in enumerate(of(rows, "daily", PRIMARY)[10:400:97]):
            row["due"] += 1 + place % 2
        for place, row in enumerate(of(rows, "roster", PRIMARY)[3:30:9]):
            row["guardian_tel"] = f"138000000{place}"
        for row in of(rows, "absence", JUNIOR)[3:30:9]:
            row["caller"] += "某" * (1 + of(rows, "absence", JUNIOR).index(row) % 4)

    town, _ = handmade.township(3, 120, 5, AS_OF, spoil)

    found = judged(town)

    assert len(found) > 8
    assert not [one for one in found if one.caused_by]


def test_a_first_day_on_which_nobody_answers_for_a_grade_is_no_two_headers_exchanged():
    """Nine findings at 年级, which the sizes of small classes under that header would halve; but no grade is 12."""

    def spoil(rows):
        rows["bond"] = [row for row in rows["bond"] if row["bond_type"] != "包年级"]
        for place, row in enumerate(rows["class"]):
            row["base_count"] = 12 if place == 0 else 5

    town, _ = handmade.township(3, 120, 5, AS_OF, spoil)
    loose = frozenset(replace(one, caused_by=()) for one in judged(town))
    assert sum((one.rule, one.column) == ("G02", "年级") for one in loose) >= suspected_causes.LEAST
    assert "年级" not in {one.cause.column for one in exchanged(town, policy.load(POLICY, on=AS_OF), loose)}


# --- how they are said ----------------------------------------------------------------------------------------------------
def _example():
    cause = KINDS["F40"].at(
        Place("2023-2024/示例中学/学籍.xlsx", "学生花名册", 1, "关系", "Q1"), other="监护人", near="P列"
    )
    places = [Place("2023-2024/示例中学/出勤_第一学期.xlsx", "日查", row, "应到", f"C{row}") for row in range(2, 102)]
    return cause, [caused(KINDS["F27"].at(place, value=1, why="x"), cause) for place in places]


def test_only_causes_are_counted_and_consequences_are_said():
    cause, after = _example()
    found = [*after, cause]

    assert count(found) == {"error": 1, "warning": 0, "info": 0}
    (group,) = grouped(found)
    assert (group.count, group.follows[0].count) == (1, 100)
    assert "因此另有 100 处" in group.also
    assert group.also in report(found, "标题")
    assert "错误 1 条" in report(found, "标题")
    assert after[0].as_json()["caused_by"] == {
        name: cause.as_json()[name] for name in ("workbook", "sheet", "row", "column", "cell", "rule")
    }
    assert cause.as_json()["caused_by"] is None


def test_where_the_cause_is_not_shown_its_place_is_said():
    _cause, after = _example()

    (group,) = grouped(after)

    assert group.count == 100
    assert values.cause_of(group.first) in report(after, "标题")
    assert values.cause_of(group.first) == "示例中学/学籍.xlsx「学生花名册」Q1（F40）"


def test_a_clerk_sees_one_line_for_what_a_mistake_elsewhere_does():
    town, _ = handmade.township(3, 120, 5, AS_OF, term("end", dt.date(2023, 12, 26)))
    found = judged(town)
    name = f"{handmade.YEAR}/{JUNIOR}/出勤_第一学期.xlsx"
    plan = excel_plan.plan(town, name, found)
    office = excel_plan.plan(town, f"{handmade.YEAR}/{REGISTRY}", found)

    assert plan.open == 0
    assert [entry.under for entry in plan.entries] == [True] * len(plan.entries)
    assert {entry.sheet for entry in plan.entries} == {"日查", "缺勤明细"}
    assert len(plan.under) == sum(one.workbook == name for one in found)
    assert all("学年学期" in entry.fix for entry in plan.entries)
    (entry,) = office.entries
    assert entry.lit
    assert "因此另有" in entry.message
    again = judged(edited(town, "term", town["term"].index[0], end=pd.Timestamp("2024-01-26")))
    assert not again, "mended, nothing of it is left"


@pytest.mark.parametrize(("part", "code"), [("sick", "X64"), ("other_leave", "X64"), ("unexcused", "X10")])
def test_who_has_exchanged_two_numbers_of_a_day_is_not_sent_to_list_the_class_as_absent(part, code):
    town, _ = handmade.township(2, 60, 5, AS_OF)
    daily = town["daily"]
    index = daily.index[(daily["due"] == daily["present"]) & (daily["due"] > 3)][3]

    (found,) = judged(edited(town, "daily", index, **{"present": 0, part: daily.at[index, "due"]}))

    title = town.schema.sheets["daily"].by_name[part].title
    assert (found.rule, found.row, found.column) == (code, row_of(index), title)
    assert f"“实到”和“{title}”像是填反了" in found.fix
    (plain,) = judged(edited(town, "daily", index, **{"present": daily.at[index, "due"] - 1, part: 1}))
    assert "填反" not in plain.fix


def test_a_kind_of_cause_that_explains_nothing_is_given_up_after_a_few(monkeypatch):
    """Each suspect costs a whole judgement: a town as of long after its last row has thousands of findings, and must not take minutes."""
    town, _ = handmade.township(2, 30)
    found = [KINDS["F17"].at(Place("w", "s", row, "c", f"A{row}")) for row in range(2, 60)]
    judged = []

    def suspecting(town, policy, findings):
        yield from (causes.Suspect(replace(one, rule="F40"), town, code="F17") for one in found[:30])

    def again(town, codes, sheet):
        judged.append(codes)
        return set(), codes  # what it says of its own goes, and as much comes anew

    monkeypatch.setattr(causes, "CAUSES", (suspecting, suspecting))
    monkeypatch.setattr(causes, "NEW", -1)

    causes.fold(town, policy.load(POLICY), found, (), again)

    assert len(judged) == 2 * 3 * causes.MISSED  # by its own code, by the schema's, by all
