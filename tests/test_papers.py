"""Papers: every kind is made, its figures are counted again by loops, an office may change a template, nothing personal leaves."""

import datetime as dt
import re
import zipfile
from dataclasses import replace
from itertools import pairwise

import docx
import openpyxl
import pytest

import forms
import handmade
from kongchuo import __main__ as cli, console, papers
from kongchuo.commands import building
from kongchuo.core import policy
from kongchuo.core.findings import UserError
from kongchuo.core.names import telling_names
from kongchuo.core.places import HANDBOOK, POLICY
from kongchuo.pages.views import Month
from kongchuo.papers import cases, filings, selfcheck, word_templates
from kongchuo.publishing.gate import gate
from kongchuo.rules.judging import Judgement
from validating import complaints

END = dt.date(2024, 1, 31)
TEMPLATES = word_templates.FOLDER


def opened(town, home="", month="2024-01", end=END):
    """A Month of a town without files."""
    judgement = Judgement((), (), frozenset())
    start = dt.date.fromisoformat(f"{month}-01")
    return Month(town, policy.load(POLICY), judgement, home, month, start, end)


@pytest.fixture(scope="module")
def township():
    return handmade.township(4, 300, 1, END)


@pytest.fixture(scope="module")
def middle(township):
    """The school that has a dropout case."""
    return township[0]["dropout"]["home"].iloc[0]


@pytest.fixture(scope="module")
def printed(township, middle, tmp_path_factory):
    """Everything of the town and of one school, in October (a case on hand) and January: (folder, files, what was said)."""
    folder, said = tmp_path_factory.mktemp("papers"), []
    made = []
    for month, end, home, names in (
        ("2023-10", dt.date(2023, 10, 31), "", ()),
        ("2023-10", dt.date(2023, 10, 31), middle, ()),
        ("2023-12", dt.date(2023, 12, 31), "", ("月报表",)),
        ("2023-12", dt.date(2023, 12, 31), middle, ("限期复学通知书", "劝返记录")),
        ("2024-08", dt.date(2024, 8, 31), "", ("公示稿",)),
    ):
        made += papers.make(opened(replace(township[0], as_of=end), home, month, end), names, folder, say=said.append)
    return folder, made, said


def texts(path):
    """Every text in a file: the XML of an Office package, or the page."""
    if path.suffix == ".html":
        return path.read_text("utf-8")
    with zipfile.ZipFile(path) as package:
        return "\n".join(
            package.read(name).decode("utf-8", "replace")
            for name in package.namelist()
            if name.endswith((".xml", ".rels"))
        )


# --- all of them ------------------------------------------------------------------------------------------------------
def test_every_kind_of_paper_is_made_with_its_page(printed):
    folder, made, _ = printed
    kinds = {
        path.name.split("_2023")[0].split("_2024")[0].rpartition("_")[0] for path in made if path.suffix != ".html"
    }

    assert kinds - {""} | {"入学通知书"} == set(papers.BY_NAME)  # the notices are over by October: test below
    assert all(path.exists() and path.with_suffix(".html") in made for path in made)
    assert not list(folder.glob(".part-*"))


def test_no_paper_holds_an_identity_number_and_no_file_name_a_pupil(printed, township):
    _, made, _ = printed
    roster = township[0]["roster"]
    ours = {*roster["id_no"].dropna(), *roster["status_no"].dropna()}
    for path in made:
        found = set(re.findall(r"\w{15,}", texts(path)))
        assert not found & ours, path.name
        assert not [word for word in [*roster["name"], *roster["student_key"]] if word in path.name], path.name


def test_papers_for_everybody_name_no_pupil_no_parent_no_village(printed, township):
    _, made, _ = printed
    town = township[0]
    people = {*town["roster"]["name"], *town["roster"]["guardian"].dropna()} - {
        *town["staff"]["name"],
        *town["village"]["contact"],
    }
    public = [path for path in made if path.name.startswith(("简报", "典型案例集", "督查通报公开版", "公示稿"))]
    assert public
    for path in public:
        text = re.sub(r"\s+", "", texts(path))
        assert not [word for word in (*people, *town["village"]["village_name"]) if word in text], path.name


def test_what_cannot_be_made_is_said(printed):
    assert any("入学通知书：本期没有应当打印的" in line for line in printed[2])


def test_notices_of_admission_are_made_in_september(township, middle, tmp_path):
    town = replace(township[0], as_of=dt.date(2023, 9, 30))
    made = papers.make(opened(town, middle, "2023-09", dt.date(2023, 9, 30)), ["入学通知书"], tmp_path)
    text = texts(made[0])
    due = [row for row in township[1]["notice"] if row["school_code"] == middle]

    assert due
    assert all(row["notice_no"] in text for row in due)


# --- figures ----------------------------------------------------------------------------------------------------------
def sheet(path, number):
    """The rows of a worksheet of a monthly return by (school, grade), as dictionaries by 'group/title'."""
    ws = openpyxl.load_workbook(path).worksheets[number]
    groups, titles = ([cell.value for cell in ws[row]] for row in (3, 4))
    names, group = [], ""
    for place, title in enumerate(titles):
        group = groups[place] or (group if title else "")
        names.append(f"{group}/{title}" if title else group)
    rows = {}
    for row in ws.iter_rows(min_row=5, values_only=True):
        if row[0] and row[1] and row[1] != "小计" and "：" not in str(row[0]):
            rows[row[0], row[1]] = dict(zip(names, row, strict=True))
    return rows


GRADES = "〇一二三四五六七八九"


def grade_of(rows, row):
    """The grade of a row's class by plain search."""
    return next((f"{GRADES[one['grade']]}年级" for one in rows["class"] if one["class_id"] == row["class_id"]), "")


@pytest.mark.parametrize("month", ["2023-10", "2023-12"])
def test_the_monthly_return_is_counted_again_by_loops(printed, township, month):
    folder, _, _ = printed
    rows = township[1]
    first = sheet(folder / f"月报表_全镇_{month}.xlsx", 0)
    second = sheet(folder / f"月报表_全镇_{month}.xlsx", 1)
    start = dt.date.fromisoformat(f"{month}-01")
    last = dt.date(2023, int(month[5:]), 31)
    schools = {row["school_name"] for row in rows["school"] if row["stage"] != "中心学校"}
    for (school, grade), line in first.items():
        assert school in schools
        daily = [
            row
            for row in rows["daily"]
            if row["home"] == school and start <= row["date"] <= last and grade_of(rows, row) == grade
        ]
        absent = [
            row
            for row in rows["absence"]
            if row["home"] == school and start <= row["date"] <= last and grade_of(rows, row) == grade
            and row["kind"] in ("旷课", "开学未报到", "失联")
        ]  # fmt: skip
        moves = {
            kind: sum(
                row["home"] == school and start <= row["date"] <= last and row["kind"] == kind
                and grade_of(rows, {"class_id": row.get(side)}) == grade
                for row in rows["change"]
            )
            for kind, side in (("转入", "class_to"), ("复学", "class_to"), ("转出", "class_from"), ("休学", "class_from"))
        }  # fmt: skip
        assert line["出勤人次/应到"] == sum(row["due"] for row in daily)
        assert line["出勤人次/实到"] == sum(row["present"] for row in daily)
        assert line["出勤人次/无故缺勤"] == len(absent)
        assert [line[f"增加/{name}"] for name in ("转入", "复学")] == [moves["转入"], moves["复学"]]
        assert [line[f"减少/{name}"] for name in ("转出", "休学")] == [moves["转出"], moves["休学"]]
        came = line["增加/转入"] + line["增加/复学"] + line["增加/其他"]
        went = sum(line[f"减少/{name}"] for name in ("转出", "休学", "死亡", "辍学", "其他"))
        assert line["在校/月初"] + came - went == line["在校/月末"]
    for (school, grade), line in second.items():
        suspected = [row for row in rows.get("suspected", ()) if row["home"] == school and grade_of(rows, row) == grade]
        dropouts = [row for row in rows.get("dropout", ()) if row["home"] == school and grade_of(rows, row) == grade]
        on_hand = [
            row for row in suspected if row["found"] <= last and not (row.get("closed") and row["closed"] <= last)
        ]
        out = [
            row
            for row in dropouts
            if row["confirm_date"] <= last
            and not any(row.get(day) and row[day] <= last for day in ("back_date", "closed"))
        ]
        keys = {row["student_key"] for row in (*suspected, *dropouts)}
        visits = [row for row in rows["visit"] if row["student_key"] in keys and start <= row["date"] <= last]
        assert line["疑似辍学/本月末在册"] == len(on_hand)
        assert line["疑似辍学/新增"] == sum(start <= row["found"] <= last for row in suspected)
        assert line["辍学/本月末在册"] == len(out)
        assert line["劝返与家访/劝返户次"] == len(visits)
        assert line["国家平台（辍学）/已标注"] == sum(
            bool(row.get("sys_marked")) and row["sys_marked"] <= last for row in out
        )
        assert line["国家平台（辍学）/已标注"] + line["国家平台（辍学）/未标注"] == len(out)


def test_sums_of_the_monthly_return_are_the_sums_of_its_rows(printed):
    folder, _, _ = printed
    for number in (0, 1):
        ws = openpyxl.load_workbook(folder / "月报表_全镇_2023-10.xlsx").worksheets[number]
        body = [row for row in ws.iter_rows(min_row=5, values_only=True) if row[0] and row[1]]
        (total,) = [row for row in ws.iter_rows(min_row=5, values_only=True) if row[0] == "合计"]
        for place in range(2, len(total)):
            if isinstance(total[place], int):
                assert total[place] == sum(row[place] for row in body if row[1] != "小计")
                assert total[place] == sum(row[place] for row in body if row[1] == "小计")


def test_every_day_of_a_month_lies_in_one_week_of_the_weekly_returns(township):
    months = [
        opened(township[0], "", f"{year}-{month:02}", dt.date(year, month, last))
        for year, month, last in ((2023, 9, 30), (2023, 10, 31))
    ]
    days = [week for month in months for week in filings.weeks(month)]

    assert all((later[0] - earlier[1]).days == 1 for earlier, later in pairwise(days))


# --- what is missing --------------------------------------------------------------------------------------------------
def test_an_unread_ledger_is_said_and_never_counted_as_none(tmp_path):
    staff = [{"staff_id": "J1", "name": "甲老师", "school_code": "甲小学"}]
    rows = {
        "school": [{"school_code": code, "school_name": name, "stage": "小学", "active": True} for code, name in (("A1", "甲小学"), ("A2", "乙小学"))],
        "class": [
            {"school_year": "2023-2024", "school_code": code, "class_id": f"{code}-1", "class_name": "一(1)班", "grade": 1, "head_teacher": "J1"}
            for code in ("A1", "A2")
        ],
        "staff": staff,
    }  # fmt: skip
    town = handmade.town(rows, ("甲小学", "乙小学"), unread=(("甲小学", "cases"),))
    month = opened(town, "甲小学", "2023-10", town.as_of)
    said = r"劝学通知书：没有生成，读不到.*劝返记录：没有生成，读不到"
    with pytest.raises(UserError, match=said):  # no success: exit code 3
        papers.make(month, ["月报表", "劝返记录", "劝学通知书"], tmp_path)
    made = sorted(tmp_path.iterdir(), reverse=True)
    line = sheet(made[0], 1)["甲小学", "一年级"]

    assert line["疑似辍学/本月末在册"] == line["辍学/本月末在册"] == "未读到"
    assert "没有读到“疑似辍学台账”：甲小学" in texts(made[0].with_suffix(".html"))
    assert len(made) == 2


def test_a_paper_of_what_nobody_has_filled_in_says_so(township, tmp_path):
    """月报表, 周报表 and 简报 of an office of yesterday are all 0: never without a word, nor a week without lessons that nobody knows."""
    for town, month, said in (
        (handmade.town({}, ("甲小学", "乙小学")), "2023-10", "花名册里还没有学生；“学年学期”"),
        (township[0], "2024-01", ""),
    ):
        view = opened(town, "", month, town.as_of)
        made = papers.make(view, ["月报表", "周报表", "简报"], tmp_path / month)
        for path in (path for path in made if path.suffix == ".html"):
            text = texts(path)
            assert ("没有填的不等于没有" in text) == bool(said), path.name
            assert said in text
            assert "本周没有上课日" not in text or not said


def test_what_the_ledger_does_not_say_is_left_to_write_in(township, middle, tmp_path):
    """A suspected case without a paper in 法律文书 gets a notice without number and deadline, not a guessed one."""

    def spoil(rows):
        rows["legal"] = []

    town, rows = handmade.township(4, 300, 1, dt.date(2023, 10, 31), spoil)
    made = papers.make(opened(town, middle, "2023-10", dt.date(2023, 10, 31)), ["劝学通知书"], tmp_path)
    text = "\n".join(paragraph.text for paragraph in docx.Document(made[0]).paragraphs)

    assert "请您在______前送孩子返校" in text
    assert rows["suspected"][0]["name"] in text


# --- templates --------------------------------------------------------------------------------------------------------
@pytest.fixture
def office(tmp_path):
    """A folder of templates an office may change."""
    folder = tmp_path / "office"
    folder.mkdir()
    for path in TEMPLATES.glob("*.docx"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def edited(path, old, new):
    """Somebody has changed a paragraph in Word."""
    document = docx.Document(path)
    hit = next(paragraph for paragraph in document.paragraphs if old in paragraph.text)
    hit.text = hit.text.replace(old, new)
    document.save(path)


def test_a_template_the_office_has_changed_is_used(township, middle, tmp_path, office):
    edited(office / "告家长一封信.docx", "您好！", "您好！{{ unit }}祝您全家安康。")
    month = opened(township[0], middle)
    made = papers.make(month, ["告家长一封信"], tmp_path / "out", templates=office)

    assert f"{middle}祝您全家安康" in texts(made[0])
    assert f"{middle}祝您全家安康" in texts(made[1])


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("您好！{{ 校长电话 }}", "告家长一封信.docx”用了没有的变量“校长电话"),
        ("您好！{{ one.身份证 }}", "告家长一封信.docx”用了没有的变量“身份证"),
        ("您好！{% if unit %}", "写错了：“{% if unit %}”后面没有和它成对的 endif"),
        ("您好！{{ unit", "告家长一封信.docx”里的标记写错了：“您好！{{ unit"),
        ("您好！{ unit }}", "“您好！{ unit }}.*”大括号不成对"),
        ("您好！｛｛ unit ｝｝", "中文的大括号"),
        ("您好！{{ unit one }}", "“{{ unit one }}”写错了"),
        ("您好！{%p endfr %}", "“{%p endfr %}”写错了"),
        ("您好！{% endif %}", "“{% endif %}”前面没有和它成对的 if|后面没有和它成对的 endfor"),
        ("您好！{{ unit + 1 }}", "填不出来的标记.*kongchuo build"),
    ],
)
def test_a_mistake_in_a_template_is_said_with_template_and_variable(township, middle, tmp_path, office, new, said):
    edited(office / "告家长一封信.docx", "您好！", new)

    with pytest.raises(UserError, match=said):
        papers.make(opened(township[0], middle), ["告家长一封信"], tmp_path / "out", templates=office)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 nothing"])
def test_a_template_that_is_gone_or_broken_is_said(township, middle, tmp_path, office, content):
    path = office / "责任书_行政村.docx"
    path.unlink() if content is None else path.write_bytes(content)

    with pytest.raises(UserError, match=r"责任书_行政村\.docx"):
        papers.make(opened(township[0], middle), ["责任书_行政村"], tmp_path / "out", templates=office)


def test_templates_are_a4_with_page_numbers_and_headers_that_repeat():
    for path in TEMPLATES.glob("*.docx"):
        name, document = path.name, docx.Document(path)
        section = document.sections[0]
        sides = sorted((section.page_width.mm, section.page_height.mm))
        assert [round(side) for side in sides] == [210, 297], name
        assert "PAGE" in section.footer._element.xml
        headed = [table for table in document.tables if table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")]
        looped = [
            table
            for table in document.tables
            if any("{%tr for" in cell.text for row in table.rows for cell in row.cells)
        ]
        assert len(headed) >= len(looped), name
        assert "仿宋" in document.styles["公文正文"].element.xml


def test_the_same_text_makes_the_same_template():
    text = "!wide\n# {{ unit }}表\n| 甲 | 乙 |\n|* rows as row | {{ row.a }} | {{ row.b }} |\n[ ] 填表人｜（盖章处）\n"

    assert forms.form("表", text) == forms.form("表", text)


def test_word_has_nothing_to_complain_of(printed, tmp_path):
    _, made, _ = printed
    for kind in ("劝返记录", "简报", "督查通报_", "公示稿", "档案目录"):
        path = next(path for path in made if path.suffix == ".docx" and path.name.startswith(kind))
        assert complaints(path.read_bytes(), tmp_path, "tried.docx") == set(), kind


def test_excel_has_nothing_to_complain_of(printed, tmp_path):
    for path in printed[1]:
        if path.suffix == ".xlsx" and path.name.startswith(("月报表_全镇_2023-10", "日查表")):
            assert complaints(path.read_bytes(), tmp_path, "tried.xlsx") == set(), path.name


def test_build_leaves_alone_a_template_the_office_has_saved(tmp_path):
    for name in ("parameters/papers", "workbooks"):
        (tmp_path / name).mkdir(parents=True)
    own, stale = (tmp_path / "parameters" / "papers" / f"{name}.docx" for name in ("告家长一封信", "一家一案"))
    for path in (own, stale):
        path.write_bytes((TEMPLATES / path.name).read_bytes())
    document = docx.Document(own)
    document.core_properties.modified = dt.datetime(2024, 3, 1)
    document.paragraphs[3].text = "本校自己的话"
    document.save(own)
    kept = own.read_bytes()
    data = forms.form("一家一案", "# 旧的\n")
    stale.write_bytes(data)
    left = []
    made = building.build(tmp_path, left=left.append)

    assert left == ["parameters/papers/告家长一封信.docx"]
    assert own.read_bytes() == kept
    assert "parameters/papers/一家一案.docx" in made
    assert stale.read_bytes() != data


def test_a_template_that_was_deleted_comes_back_as_it_was(tmp_path):
    """What words.REMEDY tells an office to do, with what the package has in it and no tool of a developer."""
    building.build(tmp_path)
    form = tmp_path / "parameters" / "papers" / "一家一案.docx"
    first = form.read_bytes()
    form.unlink()

    assert building.build(tmp_path) == ["parameters/papers/一家一案.docx"]
    assert form.read_bytes() == first
    assert {path.name for path in form.parent.iterdir()} == {path.name for path in TEMPLATES.glob("*.docx")}


# --- cases and the gate -----------------------------------------------------------------------------------------------
def test_a_written_case_loses_names_villages_classes_and_dates(middle, tmp_path):
    def spoil(rows):
        case = next(row for row in rows["dropout"] if row["home"] == middle)
        village = rows["village"][0]["village_name"]
        other = next(row["name"] for row in rows["roster"] if row["name"] != case["name"] and row["home"] == middle)
        story = next(row for row in rows["bulletin"] if row["kind"] == "典型案例" and row["home"] == middle)
        story |= {
            "case_id": case["ys_id"],
            "body": f"{case['name']}是九(2)班学生，家住{village}，2023年10月16日老师上门，同学{other}也来了。电话13800001234。",
        }
        seen.update(name=case["name"], village=village, other=other)

    seen = {}
    town, _ = handmade.township(4, 300, 1, END, spoil)
    made = papers.make(opened(town), ["典型案例集"], tmp_path)
    text = "\n".join(paragraph.text for paragraph in docx.Document(made[0]).paragraphs)

    assert not [word for word in (*seen.values(), "九(2)班", "10月16日", "13800001234") if word in text]
    assert re.search("小[A-D]是某班学生", text)
    steps = [table for table in docx.Document(made[0]).tables if table.cell(0, 0).text == "第几天"]
    assert steps[0].cell(1, 0).text.startswith("第")


def test_a_case_that_nobody_says_is_de_identified_is_left_out(township, tmp_path):
    def spoil(rows):
        for row in rows["bulletin"]:
            row["deidentified"] = False

    town, _ = handmade.township(4, 300, 1, END, spoil)
    (copy,) = cases.stories(opened(town))

    assert copy.content["copies"] == []
    assert "没有标明“已脱敏”，没有收入" in copy.content["preface"]


def test_small_numbers_stand_in_no_bulletin(printed):
    _, made, _ = printed
    found = 0
    for path in made:
        if path.name.startswith("简报") and path.suffix == ".docx":
            for row in docx.Document(path).tables[0].rows[1:]:
                numbers = [cell.text for cell in row.cells[1:]]
                found += "不足3" in numbers
                assert not {"1", "2", "+1", "-1", "+2", "-2"} & set(numbers), path.name
    assert found


def test_a_bulletin_says_once_why_a_change_is_not_shown(township, tmp_path):
    """Where a number is hidden, and in the first month of a year; where nothing is hidden nothing is said."""
    said = {}
    for month, last in (("2023-09", 30), ("2023-10", 31)):
        end = dt.date.fromisoformat(f"{month}-{last}")
        (copy,) = selfcheck.bulletin(opened(replace(township[0], as_of=end), "", month, end))
        said[month] = copy.content["note"]
    plenty = [{"title": "劝返户次", "before": "4", "now": "8", "change": "+4"}]

    assert "没有上月数，不比增减" in said["2023-09"]
    assert said["2023-10"].count("人数或增减少于3（0除外）的不印具体数，增减写“—”") == 1
    assert selfcheck._why(plenty, object(), 3) == ""


def test_a_school_that_tells_the_village_goes_without_its_name_in_a_case(tmp_path):
    """A 教学点, and a school that serves one village alone; who wrote the case would tell it as well. Others keep their names."""

    def spoil(rows):
        schools = [row for row in rows["school"] if row["stage"] == "小学"]
        villages = [row["village_code"] for row in rows["village"]]
        for row in rows["school"]:
            if row["stage"] != "中心学校":
                row["catchment"] = "、".join(villages[:2])
        schools[0] |= {"stage": "教学点", "school_alias": "庄头点"}
        schools[1]["catchment"] = villages[0]
        for row in rows["bulletin"]:
            row["body"] = f"{row['home']}（庄头点）的老师上门。"
        seen.update(zip(("point", "one", "other"), (row["school_name"] for row in schools), strict=False))

    seen = {}
    town, rows = handmade.township(4, 300, 1, END, spoil)
    path = papers.make(opened(town), ["典型案例集"], tmp_path)[0]
    text = texts(path)
    names = dict(town["staff"][["staff_id", "name"]].dropna().itertuples(index=False))
    authors = {
        row["home"]: names.get(row["editor"], row["editor"])
        for row in rows["bulletin"]
        if row["kind"] == "典型案例" and row["date"] <= END
    }

    assert {seen["point"], seen["one"], seen["other"]} <= set(authors)
    assert not [
        word
        for word in (seen["point"], seen["one"], "庄头点", authors[seen["point"]], authors[seen["one"]])
        if word in text
    ]
    assert "某教学点" in text
    assert "某小学" in text
    assert seen["other"] in text
    assert authors[seen["other"]] in text
    assert "校名会说出村" in text


def test_what_the_gate_refuses_does_not_come_into_the_folder_and_the_rest_does(township, middle, tmp_path):
    asked = []

    def refusing(path, edition):
        asked.append((path.name, edition))
        if path.name.startswith("一家一案"):
            raise UserError("P01 不能导出")

    with pytest.raises(UserError, match="一家一案：P01 不能导出"):
        papers.make(opened(township[0], middle), ["一家一案", "简报", "一生一案"], tmp_path, gate=refusing)
    assert {path.name.split("_")[0] for path in tmp_path.iterdir()} == {"简报", "一生一案"}
    assert {edition for _, edition in asked} == {"公开版", "个案版"}


def test_the_gate_lets_pass_what_is_made_and_stops_a_number_somebody_typed(printed, township, middle, tmp_path):
    town = township[0]
    names = telling_names(town)
    firsts = {path.name.split("_")[0]: path for path in printed[1] if path.suffix != ".html"}
    for path in firsts.values():
        edition = papers.AUDIENCES[next(one for one in papers.PAPERS if path.name.startswith(f"{one.name}_")).audience][
            1
        ]
        assert gate(path, edition, names, 3) == (), path.name

    def spoil(rows):
        next(row for row in rows["family_plan"] if row["home"] == middle)["needs"] = "证件 99010120100101123X"

    spoiled, _ = handmade.township(4, 300, 1, END, spoil)
    with pytest.raises(UserError, match="一家一案：P01"):
        papers.make(
            opened(spoiled, middle), ["一家一案"], tmp_path, gate=lambda path, edition: gate(path, edition, names, 3)
        )
    assert not tmp_path.exists(), "nor a folder in which nothing lies"


# --- the command ------------------------------------------------------------------------------------------------------
def test_the_command_lists_the_papers_and_names_those_there_are(capsys):
    assert cli.main(["papers", "--list"]) == console.CLEAN
    listed = capsys.readouterr().out
    assert all(name in listed for name in papers.BY_NAME)
    assert cli.main(["papers", "nowhere", "--month", "2023-10", "--kind", "奖状"]) == console.USAGE
    assert "没有“奖状”这种材料，可选：日查表" in capsys.readouterr().err
    assert cli.main(["papers", "nowhere"]) == console.USAGE


def test_the_handbook_has_every_paper():
    text = (HANDBOOK / "打印材料.md").read_text("utf-8")
    for paper in papers.PAPERS:
        filed = "、".join(map(str, paper.archive))
        kind = {"docx": "Word", "xlsx": "Excel"}[paper.format]
        assert re.search(rf"^\| {paper.name} \| .* \| {paper.audience} \| {kind} \| {filed} ?\|$", text, re.M), (
            paper.name
        )
