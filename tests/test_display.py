"""Pages: what people typed is escaped, names and numbers are masked for who reads, nothing unjudged looks clean."""

import re
from functools import cache
from itertools import pairwise

import pytest

import handmade
from kongchuo.core import findings
from kongchuo.core.editions import SCHOOL, TOWN
from kongchuo.core.schema import Field
from kongchuo.figures.base import Measure
from kongchuo.pages import charts, display, masks
from kongchuo.pages.display import Badge, Details, Figure, Note, Section, Table, Tiles
from kongchuo.pages.monthly import PLAN, SECTIONS
from kongchuo.pages.report import Report
from kongchuo.rules.judging import NotJudged

HOSTILE = "<img src=x onerror=alert(1)>"
ID_NUMBER = "99010120120508123X"
HOMES = ("甲小学", "乙小学")
PUPILS = ("王例一", "欧阳例二", "李例三")


def sheets(name=PUPILS[0]):
    """A little of everything for one school, with a name of one's choice and an identity number in the roster."""
    who = {"student_key": "XS0000001", "name": name, "class_id": "JJ-2020-01"}
    case = who | {
        "grade": 4,
        "found": "2023-10-12",
        "last_day": "2023-10-09",
        "poor": True,
        "cause": "厌学",
        "guardian_tel": "13800001234",
    }
    return {
        "school": [
            {"school_code": "XZZX", "school_name": "示例镇中心学校", "stage": "中心学校"},
            {"school_code": "JJ", "school_name": "甲小学", "stage": "小学", "school_alias": "甲校"},
            {"school_code": "YY", "school_name": "乙小学", "stage": "小学"},
        ],
        "class": [
            {
                "school_year": handmade.YEAR,
                "school_code": "JJ",
                "class_id": "JJ-2020-01",
                "class_name": "四(1)班",
                "grade": 4,
            }
        ],
        "term": [{"school_year": handmade.YEAR, "term": "第一学期", "start": "2023-09-01", "end": "2024-01-19"}],
        "roster": {
            "甲小学": [
                who | {"id_no": ID_NUMBER, "status_no": f"G{ID_NUMBER}", "status": "在读", "status_date": "2023-09-01"}
            ]
        },
        "daily": {
            "甲小学": [{"date": "2023-10-09", "class_id": "JJ-2020-01", "due": 30, "present": 29, "unexcused": 1}]
        },
        "absence": {
            "甲小学": [
                who | {"date": f"2023-10-{day}", "kind": "旷课", "halves": 2, "leave_slip": False}
                for day in ("09", "10", "11")
            ]
        },
        "suspected": {"甲小学": [case | {"case_id": "YS-JJ-2023-001", "where": HOSTILE}]},
        "change": {"甲小学": [who | {"date": "2023-10-10", "kind": "转入", "place": HOSTILE, "sys_state": "已发起"}]},
        "watch": {"甲小学": [who | {"found": "2023-10-01", "level": "红", "signals": "厌学", "action": HOSTILE}]},
        "issue": {"甲小学": [{"issue_id": "1", "problem": HOSTILE, "due": "2023-10-20", "state": "未整改"}]},
    }


@cache
def page(home="", findings_=(), **more):
    town = handmade.town(sheets(**more), HOMES)
    report = Report(PLAN, handmade.month(town, home, findings_))
    return "\n".join(report.html(name) for name in SECTIONS)


@pytest.mark.parametrize("home", ["甲小学", ""])
def test_what_people_type_cannot_become_markup(home):
    """A name, a place, a remedy and a finding's message may hold anything; none of it is ever a tag."""
    made = handmade.town(sheets(), HOMES)
    place = made.place("roster", made["roster"].index[0], "name")
    html = page(home, (findings.KINDS["F08"].at(place, value=HOSTILE),), name=HOSTILE)

    assert "<img" not in html
    assert ("&lt;img src=x" in html) or not home


def test_every_block_escapes():
    blocks = (
        Note(HOSTILE),
        Tiles((Figure(HOSTILE, HOSTILE, HOSTILE),)),
        Table((HOSTILE,), ((HOSTILE,), (Badge("bad", HOSTILE),)), HOSTILE, (HOSTILE,), HOSTILE),
        Details(HOSTILE, (Note(HOSTILE),)),
        display.Lines((HOSTILE, Badge("warn", HOSTILE))),
        display.Blanks((HOSTILE,), HOSTILE),
        display.Chart(charts.waterfall(((HOSTILE, ((HOSTILE, 1), ("b", 1))),), HOSTILE), HOSTILE, HOSTILE),
    )
    html = display.card(Section(HOSTILE, blocks))

    assert "<img" not in html
    assert html.count("&lt;img") > 12


@pytest.mark.parametrize("home", ["甲小学", ""])
def test_no_identity_digits_for_anyone(home):
    assert not re.search(r"\d{11,}", re.sub(r"<svg.*?</svg>", "", page(home), flags=re.S))


def test_the_school_sees_its_pupils_and_the_town_their_surnames():
    assert PUPILS[0] in page("甲小学")
    town = page("")
    assert PUPILS[0] not in town
    assert "王○" in town
    assert ">厌学<" not in town  # nothing sensitive beside a name


def test_a_message_keeps_no_name_for_the_town():
    names = frozenset(PUPILS)
    said = "四(1)班王例一、欧阳例二已连续缺勤，证件99010120120508123X"

    assert masks.masked_text(said, names, TOWN) == "四(1)班王○、欧阳○已连续缺勤，证件9****X"
    assert masks.masked_text(said, names, SCHOOL).startswith("四(1)班王例一、欧阳例二")


@pytest.mark.parametrize(
    ("item", "value", "school", "town"),
    [
        (Field("name", "姓名", personal="name"), "欧阳小例", "欧阳小例", "欧阳○"),
        (Field("tel", "电话", personal="phone"), "13800001234", "138****1234", None),
        (Field("note", "备注", personal="note"), "家中有事", "家中有事", None),
        (Field("cause", "原因", personal="sensitive"), "厌学", "厌学", None),
        (Field("id_no", "证件号码", format="id_number", personal="id"), ID_NUMBER, None, None),
        (Field("place", "住址", personal="place"), "示例村", "示例村", None),
        (Field("found", "发现日期"), "2023-10-01", "2023-10-01", "2023-10-01"),
    ],
)
def test_masks_follow_the_schema(item, value, school, town):
    assert (masks.masked(value, item, SCHOOL), masks.masked(value, item, TOWN)) == (school, town)


def test_every_personal_kind_of_the_schema_is_masked_for_the_town():
    for sheet in handmade.schema.default().sheets.values():
        for item in sheet.fields:
            if item.personal:
                assert masks.masked("王小例", item, TOWN) in (None, "王○"), item


def test_a_tone_is_never_colour_alone():
    html = display.card(
        Section(
            "例", (Note("坏", "bad"), Tiles((Figure("例", 1, tone="warn"),)), Table(("甲",), ((Badge("good", "是"),),)))
        )
    )

    for tone in ("bad", "warn", "good"):
        assert display.SIGNS[tone] in html


def test_what_is_not_judged_never_looks_clean():
    """No case ledger could be read: nowhere does the page say there is none."""
    made = handmade.town(sheets(), HOMES, unread=[(home, "cases") for home in HOMES])
    reasons = [NotJudged("X12", home, "读不到“疑似辍学台账”") for home in HOMES]
    report = Report(PLAN, handmade.month(made, "", not_judged=reasons))

    for name in ("headline", "cases", "watch", "data_quality"):
        assert "尚未判定" in report.html(name), name
    assert "没有在册" not in report.html("cases")


def test_zero_report_waits_for_its_rule():
    """Nothing is declared zero before rule X41 could judge, nor where it found the school's answers against its ledgers."""
    clean = sheets() | {"suspected": {}}
    sent = {"school_code": "JJ", "report": "周报", "until": "2023-10-27", "zero": True}
    town = handmade.town(clean | {"filing": {"甲小学": [sent]}}, HOMES)
    workbook = next(one.name for one in town.workbooks if (one.home, one.book.name) == ("甲小学", "selfcheck"))
    wrong = findings.Finding(workbook, "月自查", 9, "结果", "E9", "X41", "error", "零报告与台账不符", "请核对")

    def said(**more):
        return Report(PLAN, handmade.month(town, "甲小学", **more)).html("cases")

    assert "零报告尚未判定" in said()
    assert "零报告尚未判定" in said(judged=("X41",), not_judged=[NotJudged("X41", "甲小学", "读不到“疑似辍学台账”")])
    assert "零报告与台账不符" in said(judged=("X41",), findings=[wrong])
    assert "零报告与台账相符" in said(judged=("X41",))
    town = handmade.town(clean, HOMES)
    assert "没有报零报告的：甲小学，不能当作零报告" in said(judged=("X41",))
    assert "不是零报告" in Report(PLAN, handmade.month(handmade.town(sheets(), HOMES), "甲小学", judged=("X41",))).html(
        "cases"
    )


def test_sections_have_numbers_as_official_papers_do():
    html = page("甲小学")
    headings = re.findall(r"<h2>(.*?)</h2>", html)

    assert [heading[: heading.index("、")] for heading in headings if "、" in heading[:3]] == [
        "一",
        "二",
        "三",
        "四",
        "五",
        "六",
        "七",
        "八",
        "九",
        "十",
        "十一",
        "十二",
    ]
    assert "甲小学2023年10月控辍保学自查报告" in re.sub(r"<[^>]+>", "", html)


def test_pictures_are_the_same_each_time_and_name_nothing():
    steps = (("疑似辍学", (("上月末在册", 1), ("新增", 2), ("返校", -1), ("本月末在册", 2))),)
    svg = charts.waterfall(steps, "流转")

    assert svg == charts.waterfall(steps, "流转")
    assert "<metadata" not in svg
    assert "<style" not in svg  # it would hold for the whole page
    assert ">+2<" in svg
    assert 'aria-label="流转"' in svg


def test_a_missing_day_is_written_in_the_calendar():
    import datetime as dt

    days = [dt.date(2023, 10, 9), dt.date(2023, 10, 10)]
    (svg,) = charts.calendar(
        days, [("四(1)班", [charts.Day(3), charts.Day(why="gap")]), ("四(2)班", [charts.Day(), charts.Day()])], "日历"
    )

    assert ">3<" in svg
    assert svg.count(">缺<") == 2  # the cell and the key below


def test_numbers_carry_their_counts_to_the_page():
    html = display.card(Section("例", (Table(("率",), ((Measure("D10", "出勤率", 1234, 1250),),)),)))

    assert re.sub(r"<[^>]+>|\s", "", html).endswith("98.7%（1234/1250）")


def test_a_school_sees_the_reference_line_of_its_own_stage_and_a_missed_target_never_looks_well():
    """One pupil dropped out and came back: he counts into 学年辍学率, not into 学年巩固率, and the page says why the two differ."""

    def spoil(rows):
        pupil = next(row for row in rows["baseline"] if row["home"] == rows["baseline"][0]["home"])
        days = {"drop_date": "2023-10-09", "confirm_date": "2023-10-10", "back_date": "2023-10-20"}
        rows["dropout"] = [
            {"home": pupil["home"], **{key: pupil[key] for key in ("student_key", "name")}, **days, "state": "已复学"}
        ]

    made, rows = handmade.township(3, 90, spoil=spoil)
    for home in made.homes:  # 教学点 are primary schools too
        own, other = ("初中", "小学") if "中学" in home else ("小学", "初中")
        html = Report(PLAN, handmade.month(made, home)).html("basics")
        assert f"参照线({own}辍学率)" in html
        assert f"参照线({other}辍学率)" not in html
    lost = rows["dropout"][0]["home"]
    (tiles,) = (block for block in SECTIONS["basics"](handmade.month(made, lost)).blocks if isinstance(block, Tiles))
    shown = {figure.label: figure for figure in tiles.figures}
    assert (shown["学年辍学率"].value.numerator, shown["学年辍学率"].tone) == (1, "bad")
    assert "其后返校的也算" in shown["学年辍学率"].note
    assert (shown["学年巩固率"].value.short, shown["学年巩固率"].tone) == (0, "plain")


def test_a_tile_says_once_what_is_not_counted():
    lost = Measure("D10", "出勤率", 90, 100, left_out=3)
    twice = str(display.render("tiles.html", block=display.Tiles((display.Figure("甲", lost, lost.note),))))
    alone = str(display.render("tiles.html", block=display.Tiles((display.Figure("甲", lost),))))
    nothing = Measure("D10", "出勤率", 0, 0, left_out=3)
    assert twice.count("未计入") == alone.count("未计入") == 1
    assert "尚未判定" in str(
        display.render("tiles.html", block=display.Tiles((display.Figure("甲", nothing, nothing.note),)))
    )


def test_the_steps_of_a_case_do_not_cover_one_another_nor_its_name():
    steps = [(0, word, False) for word in "列联访报"] + [(1, "镇", False), (2, "认", True), (60, "复", False)]

    (svg,) = charts.time_lines([("示例第一小学 甲例", steps)], "一件")

    boxes = sorted(
        (float(x), float(x) + float(width))
        for x, width in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    )
    (name,) = re.findall(r'<text x="([\d.]+)"[^>]*>示例第一小学 甲例<', svg)
    assert len(boxes) == 4
    assert float(name) <= boxes[0][0]
    assert all(end <= start for (_, end), (start, _) in pairwise(boxes))
