"""The public edition: no names, no rows, no very small numbers, and what is left still passes the gate."""

import datetime as dt
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given, strategies as st
from markupsafe import Markup

import handmade
import test_display
from kongchuo import __main__ as cli
from kongchuo.commands import opening
from kongchuo.core import places, years
from kongchuo.core.editions import (
    AUDIENCES,
    CASE,
    CASEWORK,
    EVERYBODY,
    HEADINGS,
    INTERNAL,
    MASKED,
    MAY_SEE,
    PUBLIC,
    SCHOOL,
    TOWN,
    audience_of,
    barred,
)
from kongchuo.core.findings import Finding, UserError
from kongchuo.core.names import other_names, personal_names, telling_names
from kongchuo.core.schema import PERSONAL, Field
from kongchuo.excel import reading
from kongchuo.figures.base import Measure
from kongchuo.pages import display, masks
from kongchuo.pages.display import (
    Badge,
    Chart,
    Details,
    Figure,
    Lines,
    Note,
    Section,
    Table,
    Tiles,
)
from kongchuo.pages.monthly import PLAN, PUBLISHED, SECTIONS
from kongchuo.pages.public import MERGED, public, rate
from kongchuo.pages.report import Report
from kongchuo.pages.views import open_month
from kongchuo.papers import base
from kongchuo.publishing import archive, batch, execution, finished, gate, indexes
from kongchuo.publishing.archive import WITHHELD, Run
from kongchuo.publishing.press import OUTPUT, Press

NAMES = frozenset(test_display.PUPILS)


@cache
def monthly(edition, home=""):
    town = handmade.town(test_display.sheets(), test_display.HOMES)
    report = Report(PLAN, replace(handmade.month(town, home), edition=edition))
    return {name: str(report.html(name)) for name in SECTIONS}


@pytest.mark.parametrize("home", ["", "甲小学"])
def test_the_public_monthly_report_names_nobody_and_passes_the_gate(home):
    pages = monthly(PUBLIC, home)
    text = "".join(pages.values())

    assert [
        name for name in NAMES if name in "".join(monthly(INTERNAL, "甲小学").values())
    ]  # else the test tests nothing
    assert not [name for name in NAMES if name in text]
    assert "王○" not in text
    assert [name for name, page in pages.items() if page] == [name for name in SECTIONS if name in PUBLISHED]
    assert "内部资料" not in text
    assert "公开版" in text
    assert gate.gate(text, PUBLIC, NAMES, 3) == ()


def test_what_is_left_is_numbered_without_leaps():
    text = "".join(monthly(PUBLIC).values())

    assert re.findall("<h2[^>]*>([一二三四五六七八九十]+)、", text) == ["一", "二", "三", "四", "五"]


@pytest.mark.parametrize("home", ["", "甲小学"])
def test_the_internal_report_keeps_names_and_secrets_apart(home):
    assert gate.gate("".join(monthly(INTERNAL, home).values()), INTERNAL, NAMES, 3) == ()


def test_what_is_known_to_be_harmless_stays_and_nothing_else():
    blocks = (
        Tiles((Figure("辍学", 2, "其中 1 人已找到", "bad"), Figure("在校生", 605, "期初 604"), Figure("班数", 2))),
        Table(("学校", "辍学"), (("甲", 1), ("乙", 7)), total=("合计", 8)),
        Table(("学校", "疑似", "在校生"), (("甲", 1, 300), ("乙", 0, 305)), total=("合计", 1, 605)),
        Table(("姓名", "状态"), (("王例一", "在读"),)),
        Table(("学校", "上月末", "本月末"), (("甲", 7, 8),), internal=True),
        Details("名单", (Table(("姓名",), (("王例一",),)),)),
        Lines((Badge("bad", "王例一"),)),
        Chart("", "图"),
        Note("疑似 2 人"),
        Note("增减与花名册相符。"),
    )

    tiles, merged, dropped, note = public(Section("例", blocks), 3).blocks

    assert [(figure.value, figure.note) for figure in tiles.figures] == [("不足3", ""), (605, "期初 604"), (2, "")]
    assert merged.rows == (("甲", MERGED), ("乙", MERGED))
    assert merged.total == ("合计", 8)
    assert dropped.columns == ("学校", "在校生")
    assert dropped.rows == (("甲", 300), ("乙", 305))
    assert "合并" in dropped.note
    assert note.text == "增减与花名册相符。"


def test_a_rate_that_tells_of_few_is_left_out_whichever_side_they_are_on():
    rates = (
        Measure("D", "甲", 2, 50),
        Measure("D", "乙", 49, 50),
        Measure("D", "丙", 50, 50),
        Measure("D", "丁", 25, 50),
    )
    (tiles,) = public(Section("例", (Tiles(tuple(Figure(rate.title, rate) for rate in rates)),)), 3).blocks

    assert [isinstance(figure.value, Measure) for figure in tiles.figures] == [False, False, True, True]


def test_what_is_not_judged_never_becomes_clean():
    shown = public(Section("例", (Note("疑似 2 人以外尚未判定", "unknown"),)), 3)

    assert [block.tone for block in shown.blocks] == ["unknown"]


NUMBERS = st.integers(0, 30)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=6), st.integers(2, 6))
def test_whatever_the_numbers_the_gate_lets_the_public_table_pass(rows, minimum):
    lines = tuple((f"{'甲乙丙丁戊己'[at]}校", *row) for at, row in enumerate(rows))
    total = ("合计", *(sum(column) for column in zip(*rows, strict=True)))
    section = Section("例", (Table(("学校", "疑似", "辍学", "返校"), lines, total=total),))

    gate.gate(str(display.card(public(section, minimum))), PUBLIC, NAMES, minimum)
    for table in public(section, minimum).blocks:  # nothing can be worked out from the total
        for column, last in zip(list(zip(*table.rows, strict=True))[1:], table.total[1:], strict=True):
            assert not 0 < last < minimum
            assert set(column) == {MERGED} or sum(column) == last


# --- masks ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("edition", "home", "audience"),
    [
        (INTERNAL, "甲小学", SCHOOL),
        (INTERNAL, "", TOWN),
        (PUBLIC, "甲小学", EVERYBODY),
        (PUBLIC, "", EVERYBODY),
        (CASE, "甲小学", CASEWORK),
    ],
)
def test_who_reads_follows_from_edition_and_home(edition, home, audience):
    assert audience_of(edition, home) == audience


def test_everybody_sees_nothing_personal_and_who_handles_a_case_all_but_digits():
    for sheet in handmade.schema.default().sheets.values():
        for item in sheet.fields:
            if item.personal:
                assert masks.masked("王小例", item, EVERYBODY) is None, item
            digits = item.format in masks.NEVER
            assert (masks.masked("13800001234", item, CASEWORK) is None) == digits, item


def test_a_message_with_a_secret_keeps_no_name_for_the_school_either():
    said = "王例一花名册标为残疾，帮扶表里没有"

    assert masks.masked_text(said, NAMES, SCHOOL) == "王○花名册标为残疾，帮扶表里没有"
    assert masks.masked_text(said, NAMES, CASEWORK) == said
    assert masks.masked_text("王例一旷课", NAMES, EVERYBODY) == "王○旷课"


def test_beside_a_name_stands_no_secret_but_in_a_case():
    suspected = test_display.handmade.schema.default().sheets["suspected"]
    frame = handmade.table(suspected, [{"name": "王例一", "poor": True, "cause": "厌学"}]).frame
    signals = frame.assign(cause="学困、厌学")

    school = display.rows_table(signals, suspected, ("name", "poor", "cause"), SCHOOL)
    case = display.rows_table(signals, suspected, ("name", "poor", "cause"), CASEWORK)

    assert school.rows == (("王例一", "特殊群体、厌学"),)
    assert case.rows == (("王例一", True, "学困、厌学"),)


def test_an_edition_that_is_none_is_said(tmp_path):
    with pytest.raises(UserError, match="公开版"):
        open_month("all", "2023-10", tmp_path, "公开")


# --- names on their way to the gate -----------------------------------------------------------------------------------
def test_names_that_tell_nothing_are_no_canaries():
    sheets = test_display.sheets() | {"staff": [{"staff_id": "JS001", "name": "李例三"}]}
    sheets["roster"]["甲小学"].append({"student_key": "XS2", "name": "甲小"})  # part of a school's name
    sheets["roster"]["甲小学"].append({"student_key": "XS3", "name": "李例三"})  # a teacher's name as well
    town = handmade.town(sheets, test_display.HOMES)

    assert personal_names(town) == {"王例一", "甲小", "李例三"}
    assert telling_names(town) == {"王例一"}


def test_names_that_only_a_text_holds_are_known():
    sheets = test_display.sheets() | {
        "staff": [{"staff_id": "JS001", "name": "李例三"}],
        "pledge": [
            {"pledge_type": "学校-家长", "party_b": "家长王例七"},
            {"pledge_type": "学校-班主任", "party_b": "李例八"},  # staff
        ],
        "bond": [{"target_type": "学生", "target_name": "王例九"}, {"target_type": "学校", "target_name": "甲例小"}],
    }
    sheets["visit"] = {"甲小学": [{"visit_id": "QF1", "with": "外公王例六、教师李例三"}]}
    town = handmade.town(sheets, test_display.HOMES)

    assert telling_names(town) == {"王例一", "王例六", "王例七", "王例九"}


def executed(html):
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": "1"}
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}
    return json.dumps({"cells": [cell | {"outputs": [output]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def pressed(folder, run, html, told=True):
    """A Press and its run, executed to this page."""
    scratch = folder / "scratch"
    (scratch / run.stem).mkdir(parents=True)
    if told:
        text = json.dumps({"names": ["王例一"], "minimum": 3})
        (scratch / places.NAMES.replace("*", "a")).write_text(text, "utf-8")
    shelf = archive.Shelf(folder / "out", years.period("2023-10"), "monthly_self_check")
    (shelf.path / "logs").mkdir(parents=True, exist_ok=True)
    (scratch / run.stem / OUTPUT).write_text(executed(html), "utf-8")  # as execution leaves it
    return Press(
        places.NOTEBOOKS / "monthly_self_check.ipynb", shelf, "a", scratch, execution.Stock(execution.Limits())
    ), run


@pytest.mark.parametrize(
    ("html", "summary", "told", "reason"),
    [
        ("<p>好</p>", {}, True, ""),
        ("<p>王例一</p>", {}, True, "P02"),
        ("<p>好</p>", {"unreadable": ["王例一.xlsx"]}, True, "P02"),
        ("<p>好</p>", {}, False, "没有拿到"),
    ],
)
def test_a_public_run_is_looked_over_with_the_names_its_reports_have_left(tmp_path, html, summary, told, reason):
    press, run = pressed(tmp_path, Run("全镇（公开版）", {"school": "all", "edition": PUBLIC}), html, told)
    shelf = press.shelf
    result = press.publish(run, dt.datetime.now(), 1.0, execution.Verdict(executed(html), summary))

    assert result.reason.startswith(reason)
    assert bool(result.reason) == bool(reason)
    assert "王例一" not in json.dumps(result.reason, ensure_ascii=False)
    assert [path.name for path in shelf.path.glob("*.html")] == ([] if reason else ["全镇（公开版）.html"])


def test_a_paper_that_may_not_leave_stops_nothing_else(tmp_path):
    """The page stays without the link and says which paper was refused and where; so do batch line, index and exit code."""
    names = [f"{paper}_甲小学_2023-10.{ending}" for paper in ("简报", "月报表") for ending in ("docx", "html")]
    links = "".join(f'<a href="{quote(f"甲小学/{name}")}">{name}</a>' for name in names)
    press, run = pressed(tmp_path, Run("甲小学", {"school": "甲小学"}), f"<section>{links}</section>")
    left = execution.left_by(press.scratch / run.stem / OUTPUT)
    left.mkdir()
    for name in names:
        (left / name).write_text("<p>好</p>", "utf-8")
    (left / names[1]).write_text(
        "<table><tr><th>学校</th><th>辍学</th></tr><tr><td>甲</td><td>2</td></tr></table>", "utf-8"
    )
    files = dict(zip(names, (PUBLIC, PUBLIC, INTERNAL, INTERNAL), strict=True))

    result = press.publish(
        run,
        dt.datetime.now().astimezone(),
        1.0,
        execution.Verdict(executed(f"<section>{links}</section>"), {"files": files}),
    )

    assert result.outcome == archive.DONE
    ((name, why),) = result.summary[WITHHELD].items()
    assert name == "简报_甲小学_2023-10"
    assert why.startswith("P05 ")
    assert "表格第2行第2列" in why
    assert sorted(result.summary["files"]) == sorted(path.name for path in (press.shelf.path / "甲小学").iterdir())
    assert sorted(result.summary["files"]) == sorted(names[2:])
    page = (press.shelf.path / "甲小学.html").read_text("utf-8")
    assert [*re.findall('href="([^"#]*2023-10[^"]*)"', page)] == [quote(f"甲小学/{name}") for name in names[2:]]
    assert f"没有放行 {name}：P05 " in page
    press.shelf.save([result])
    for index in (
        indexes.index(press.shelf, "打印材料"),
        indexes.overview([press.shelf]),
        batch._line(result),
    ):
        assert "没有放行" in index
    outcome = batch.Outcome(tmp_path, results=[result])
    assert not outcome.failed
    assert outcome.withheld == (result,)


def linking(folder, names):
    """A paper and its page in a folder that lead to the files named."""
    document = docx.Document()
    for name in names:
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), document.part.relate_to(quote(name), RT.HYPERLINK, is_external=True))
        run = document.add_paragraph("另见")._p.add_r()
        run.text = Path(name).stem.partition("_")[0]
        link.append(run)
        document.paragraphs[-1]._p.append(link)
    document.save(str(folder / "档案目录_甲小学_2023-10.docx"))
    links = "".join(f'<p><a href="{quote(name)}">{name.partition("_")[0]}</a></p>' for name in names)
    (folder / "档案目录_甲小学_2023-10.html").write_text(links, "utf-8")


def test_the_index_of_the_archive_leads_to_no_paper_that_was_refused(tmp_path):
    papers = [f"{paper}_甲小学_2023-10.docx" for paper in ("简报", "月报表")]
    press, run = pressed(tmp_path, Run("甲小学", {"school": "甲小学"}), "<section></section>")
    left = execution.left_by(press.scratch / run.stem / OUTPUT)
    left.mkdir()
    linking(left, papers)
    for name in papers:
        docx.Document().save(str(left / name))
    (left / "简报_甲小学_2023-10.html").write_text("<p>110101199003078515</p>", "utf-8")
    files = dict.fromkeys(sorted(path.name for path in left.iterdir()), INTERNAL)

    result = press.publish(run, dt.datetime.now(), 1.0, execution.Verdict(executed("<p>好</p>"), {"files": files}))

    assert list(result.summary[WITHHELD]) == ["简报_甲小学_2023-10"]
    kept = press.shelf.path / "甲小学"
    document = docx.Document(str(kept / "档案目录_甲小学_2023-10.docx"))
    assert [link.address for paragraph in document.paragraphs for link in paragraph.hyperlinks] == [quote(papers[1])]
    assert [paragraph.text for paragraph in document.paragraphs] == ["另见简报（没有放行）", "另见月报表"]
    assert "简报" not in {unquote(rel.target_ref) for rel in document.part.rels.values() if rel.is_external}
    page = (kept / "档案目录_甲小学_2023-10.html").read_text("utf-8")
    assert page == f'<p>简报（没有放行）</p><p><a href="{quote(papers[1])}">月报表</a></p>'


def test_a_batch_with_a_paper_withheld_ends_in_four(monkeypatch, tmp_path):
    result = archive.Result("甲小学", {}, "", 1.0, archive.DONE, summary={WITHHELD: {"简报": "P05"}})
    monkeypatch.setattr(batch, "run", lambda *_, **__: batch.Outcome(tmp_path, results=[result]))

    assert cli.main(["run", "parameters/monthly.yaml", "--workbooks", str(tmp_path), "--out", str(tmp_path)]) == 4


def test_a_field_no_mask_knows_is_shown():
    assert masks.masked(3, Field("seq", "次数"), EVERYBODY) == 3


# --- colours on the page ----------------------------------------------------------------------------------------------
@cache
def watched(edition, home):
    sheets = test_display.sheets() | {
        "pupil_plan": {"甲小学": [{"student_key": "XS0000001", "kind": "学困兼厌学", "listed": "2023-09-15"}]},
        "calendar": [],
    }
    view = replace(handmade.month(handmade.town(sheets, test_display.HOMES), home), edition=edition)
    return str(Report(PLAN, view).html("watch"))


def test_a_school_sees_who_has_a_colour_and_why_and_the_town_how_many():
    school, town = watched(INTERNAL, "甲小学"), watched(INTERNAL, "")

    assert "系统测算的预警" in school
    assert "系统测算的预警" in town
    assert "达到预警的学生和原因（1 人）" in school
    assert "认定为厌学" in school  # the reason, not a bare score
    assert "达到预警的学生" not in town
    assert not [name for name in NAMES if name in town]
    assert gate.gate(school, INTERNAL, NAMES, 3) == ()  # 学困 beside the name stands as 特殊群体
    assert watched(PUBLIC, "甲小学") == ""


def test_papers_tell_the_gate_the_names(monkeypatch, tmp_path):
    from kongchuo import papers

    told = []
    view = handmade.month(handmade.town(test_display.sheets(), test_display.HOMES), "甲小学")
    monkeypatch.setattr(papers, "open_month", lambda *_: view)
    monkeypatch.setattr(papers, "make", lambda *_, gate, **__: [gate(tmp_path / "x", PUBLIC)])
    papers.print_out(
        "甲小学",
        "2023-10",
        tmp_path,
        (),
        tmp_path,
        gate=lambda path, edition, names, minimum: told.append((edition, set(names), minimum)) or (),
    )

    assert told == [(PUBLIC, {"王例一"}, view.policy["public_minimum"])]


def test_a_rate_on_a_public_paper_tells_of_few_no_more_than_on_a_page():
    few, many = Measure("D10", "出勤率", 1234, 1236), Measure("D10", "出勤率", 1234, 1240)

    assert rate(few, 3) == "略（有不足3的人数）"
    assert rate(many, 3) == many.text
    assert gate.gate(f"<table><tr><th>本月</th></tr><tr><td>{rate(few, 3)}</td></tr></table>", PUBLIC, (), 3) == ()


def test_a_school_keeps_its_name_where_its_village_loses_it():
    """One rule on every public paper: schools are called by name, villages and people are not."""
    sheets = test_display.sheets()
    sheets["school"] = [
        {"school_code": "A", "school_name": "十六村教学点", "school_alias": "十六点", "stage": "教学点"}
    ]
    sheets["village"] = [{"village_code": "C16", "village_name": "十六村"}]
    view = handmade.month(handmade.town(sheets, (*test_display.HOMES, "十六村教学点")), "")
    text = "十六村教学点10月简报：十六点的王例一家在十六村"

    assert base.scrubbed(view, text) == "十六村教学点10月简报：十六点的某某家在某村"


# --- names of earlier years and of staff ------------------------------------------------------------------------------
LAST_YEAR, LONG_AGO, SHARED = "孙去年", "周前年", "李例三"
TEACHER, PARENT = "王例一梅", "吴例七"  # the one's name holds a pupil's, the other's is a parent's as well


def with_earlier_years(home=""):
    """A month of a town with a teacher who bears a pupil's name, and canaries that only earlier years' workbooks name."""
    sheets = test_display.sheets() | {
        "staff": [{"staff_id": f"JS{n}", "name": name} for n, name in enumerate((SHARED, TEACHER, PARENT))]
    }
    sheets["roster"]["甲小学"].append({"student_key": "XS3", "name": SHARED, "guardian": PARENT})
    before = handmade.town({"roster": {"甲小学": [{"student_key": "XS8", "name": LAST_YEAR}]}}, year="2022-2023")
    past = handmade.town({"baseline": {"甲小学": [{"student_key": "XS9", "name": LONG_AGO}]}}, year="2021-2022")
    town = replace(handmade.town(sheets, test_display.HOMES), before=before)
    personal_names(town)  # what is kept of it must not outlive the years that come later
    town = replace(town, past=(past,))
    said = f"{LAST_YEAR}、{LONG_AGO}去年在六年级，今年没有升入；请{SHARED}、{TEACHER}核实"
    finding = Finding("2023-2024/甲小学/学籍.xlsx", "学生花名册", 2, "姓名", "A2", "X23", "error", said, "请核实")
    return handmade.month(town, home, (finding,))


def test_names_of_earlier_years_are_known_to_masks_and_gate(monkeypatch, tmp_path):
    month = with_earlier_years()
    report = Report(PLAN, month)
    page = "".join(str(report.html(name)) for name in SECTIONS)
    monkeypatch.setenv(places.FILES, str(tmp_path))
    report.tables()
    annex = "".join(part.text for part in finished.of_file(tmp_path / "附表.xlsx"))

    assert {LAST_YEAR, LONG_AGO} <= telling_names(month.town)
    for text in (page, annex):
        assert "孙○、周○去年在六年级" in text
        assert not [name for name in (LAST_YEAR, LONG_AGO, SHARED) if name in text]
    assert report._state()["files"] == {"附表.xlsx": HEADINGS[TOWN]}
    assert base.scrubbed(month, f"{LAST_YEAR}和{LONG_AGO}") == "某某和某某"
    for edition, stops in ((HEADINGS[TOWN], True), (PUBLIC, True), (INTERNAL, False), (CASE, False)):
        for name in (LAST_YEAR, LONG_AGO):
            try:
                gate.gate(f"<p>{name}没有升入</p>", edition, telling_names(month.town), 3)
                passed = True
            except gate.Blocked as blocked:
                passed = not str(blocked).startswith("P02 ")
            assert passed != stops, edition


def test_a_run_of_the_year_leaves_the_gate_the_names_of_all_years(monkeypatch, tmp_path):
    monkeypatch.setenv(places.SCRATCH, str(tmp_path))
    month = with_earlier_years()
    monkeypatch.setattr(reading, "past", lambda *_: month.town.past)
    monkeypatch.setattr(opening, "_shared", lambda folder, _: folder)
    opening.with_past(tmp_path, replace(month.town, past=()))

    assert {LAST_YEAR, LONG_AGO} <= gate.told(tmp_path).names


def test_a_name_is_masked_in_all_places_of_a_page_or_in_none():
    """A teacher stands open, also one whose name holds a pupil's; one who shares it with a pupil is masked wherever he stands."""
    month = with_earlier_years()
    rows = ((SHARED, f"{SHARED}的期限", SHARED), (TEACHER, f"请{TEACHER}核实", "王例一"))
    section = Section(
        "例",
        (Table(("谁来办", "事项", "对象"), rows), Note(f"{TEACHER}、{SHARED}、{PARENT}"), Chart(Markup(SHARED), "图")),
    )
    shown = display.masked_page(section, personal_names(month.town), other_names(month.town))

    table, note, chart = shown.blocks
    assert table.rows == (("李○", "李○的期限", "李○"), (TEACHER, f"请{TEACHER}核实", "王○"))
    assert note.text == f"{TEACHER}、李○、{PARENT}"
    assert chart.svg == SHARED  # a drawing is not taken apart: the gate reads it
    for name in (SHARED, TEACHER, PARENT):  # nobody can say whose name it is: no page is stopped for it
        assert gate.gate(f"<p>{name}</p>", HEADINGS[TOWN], telling_names(month.town), 3) == ()


def test_a_short_name_is_no_word_of_a_page():
    """A child called 周一 or 高度 stops no page of the office and changes no sentence; by itself the name is masked."""
    names = frozenset({"高度"})

    assert display.masked_page(("高度重视", "高度", "高度、王"), names, frozenset()) == ("高度重视", "高○", "高○、王")
    assert gate.gate("<p>各校高度重视</p>", HEADINGS[TOWN], names, 3) == ()
    with pytest.raises(gate.Blocked, match="P02"):
        gate.gate("<table><tr><td>高度</td></tr></table>", HEADINGS[TOWN], names, 3)


def test_the_page_of_the_town_is_read_as_one_without_names(tmp_path):
    press, run = pressed(tmp_path, Run("全镇", {"school": "all"}), "<p>王例一没有升入</p>")
    result = press.publish(
        run, dt.datetime.now().astimezone(), 1.0, execution.Verdict(executed("<p>王例一没有升入</p>"), {})
    )
    assert result.reason.startswith("P02 ")

    press, run = pressed(tmp_path / "school", Run("甲小学", {"school": "甲小学"}), "<p>王例一没有升入</p>")
    result = press.publish(
        run, dt.datetime.now().astimezone(), 1.0, execution.Verdict(executed("<p>王例一没有升入</p>"), {})
    )
    assert result.outcome == archive.DONE


def test_what_each_audience_sees_is_one_table():
    """Every mark of the schema, and nothing that the code that masks has no way to mask."""
    assert set(PERSONAL) - {""} <= set(MAY_SEE)
    assert set(HEADINGS) == set(AUDIENCES)
    masked = {mark for mark, seen in MAY_SEE.items() if MASKED in seen.values()}
    assert masked <= {*masks.MASKS, "beside", "few"}
    assert barred("name") == (TOWN, EVERYBODY)
    assert barred("digits") == AUDIENCES
