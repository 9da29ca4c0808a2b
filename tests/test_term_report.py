"""The report of a round of inspection: its sections in both editions, and what they say where something is not there."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest

import handmade
from kongchuo.core import policy, years
from kongchuo.core.editions import INTERNAL, PUBLIC
from kongchuo.core.findings import UserError
from kongchuo.core.places import POLICY, SUMMARY
from kongchuo.figures import duty, support
from kongchuo.pages import monthly, term, year as yearly
from kongchuo.pages.report import Report
from kongchuo.pages.term.rounds import Round, open_round
from kongchuo.rules.judging import Judgement

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "term_inspection.ipynb"


def view(town, key="2023-2024-1-2", home="", edition=INTERNAL):
    """A Round over a town made without files."""
    start, end = years.period(key).days
    judgement = Judgement((), (), frozenset())
    return Round(replace(town, as_of=end), policy.load(POLICY), judgement, home, key, start, end, edition=edition)


def text(report, name):
    return re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<[^>]*>", " ", report.html(name), flags=re.S))


def texts(town, **more):
    """Every section of one view as plain text."""
    report = Report(term.PLAN, view(town, **more))
    return {name: text(report, name) for name in term.SECTIONS}


@pytest.mark.parametrize("broken", ["family_plans", "pupils_bonded", "left_behind"])
@pytest.mark.parametrize("home", ["", "示例中学"])
def test_a_measure_of_the_groups_that_fails_is_a_line_and_the_others_stand(monkeypatch, broken, home):
    """And so does the list of what each school lacks."""

    def fails(scope):
        raise ZeroDivisionError

    for module, name in ((support, "COVERED"), (duty, "FOUR_BONDS")):
        counts = tuple(fails if one.__name__ == broken else one for one in getattr(module, name))
        monkeypatch.setattr(module, name, counts)
    town, _ = handmade.township(2, 60, 4, dt.date(2024, 1, 31))

    said = text(Report(term.PLAN, view(town, home=home)), "groups")

    assert "没有算出来" in said
    assert "各校缺案" in said
    assert "残疾儿童已安置" in said
    assert "包学校" in said
    with pytest.raises(ZeroDivisionError):  # a page for everybody is whole or is not
        term.SECTIONS["groups"](view(town, edition=PUBLIC))


def without_first_round(rows):
    rows["score"] = [row for row in rows["score"] if row["round"] == 2]


def without_one_school(rows):
    home = rows["rollcall"][0]["school_code"]
    for sheet in ("score", "rollcall"):
        rows[sheet] = [row for row in rows[sheet] if row["school_code"] != home or row["round"] == 1]


def two_problems(rows):
    """Two problems of the first round, one of them not mended."""
    for place, row in enumerate(rows["issue"][:2]):
        row.update(source="督查", due=dt.date(2023, 10, 20), done=dt.date(2023, 10, 19) if place else None)


@pytest.fixture(scope="module")
def made():
    return handmade.township(2, 100, spoil=two_problems)


@pytest.fixture(scope="module")
def shown(made):
    return texts(made[0])


def test_the_ten_sections_and_three_annexes_in_their_order(shown):
    names = [name for name in term.SECTIONS if name not in ("data_quality", "footer")]
    titles = [re.search(r"([一二三四五六七八九十]+、|附件\d )", shown[name])[0] for name in names]

    assert titles == [*(f"{numeral}、" for numeral in "一二三四五六七八九十"), "附件1 ", "附件2 ", "附件3 "]
    assert "控辍保学督查通报" in shown["overview"]
    assert "第一学期第二轮" in shown["overview"]


def test_the_board_adds_up_the_rows_of_the_score_sheet(made, shown):
    town, rows = made
    for home in town.homes:
        own = [row for row in rows["score"] if row["school_code"] == home and row["round"] == 2]
        assert len(own) == 10
        assert f"{home} {sum(row['score'] for row in own):g} " in shown["board"]


def test_roll_call_sums_counted_again(made, shown):
    _, rows = made
    own = [row for row in rows["rollcall"] if row["round"] == 2]
    columns = ("n_register", "n_rollbook", "n_seating", "n_homework", "n_present", "leave_ok", "leave_no", "unknown")
    sums = " ".join(str(sum(row[name] for row in own)) for name in columns)

    assert f"合计 {len(own)} {sums} 0" in shown["roll_call"]


def test_problems_have_numbers_of_evidence_and_are_the_same_in_the_annex(made, shown):
    _, rows = made
    lost = [row for row in rows["score"] if row["round"] == 2 and row.get("reason")]
    numbers = re.findall(r"[A-Z]\w+-12-\d\d", shown["problem_list"])

    assert len(numbers) == len(lost)
    for section in ("problems", "problem_list"):  # in sentences, and with their numbers in the annex
        assert all(row["reason"] in shown[section] for row in lost)
    schools = [int(number) for number in re.findall(r"：(\d+)所学校失分", shown["problems"])]
    assert (len(schools), sum(schools)) == (len({row["item_no"] for row in lost}), len(lost))
    assert not re.search(r"[A-Z]\w+-12-\d\d", shown["problems"])


def test_mended_problems_counted_again(made, shown):
    _, rows = made
    last = max(row["date"] for row in rows["score"] if row["round"] == 2)
    due = [row for row in rows["issue"] if row["source"] == "督查" and row["due"] <= last]
    done = [row for row in due if (row.get("done") or dt.date.max) <= last]

    assert len(due) - len(done) >= 1
    assert f"整改完成率 ▲ {len(done)}/{len(due)} " in shown["comparison"]


def test_what_was_mended_after_the_round_is_under_way_in_it():
    """A page of the first round, looked at in summer, knows nothing of what was done since."""

    def spoil(rows):
        rows["issue"][0].update(
            source="督查", due=dt.date(2023, 12, 20), done=dt.date(2023, 12, 19), state="已完成", fix="后来才写的"
        )

    town, _ = handmade.township(2, 100, spoil=spoil)
    shown = text(Report(term.PLAN, view(town, "2023-2024-1-1")), "rectification")
    row = re.search(r"2023-12-20 (\S+) \S* ?(整改中|已完成|逾期)", shown)

    assert row
    assert row[1] == "—"
    assert row[2] == "整改中"
    assert "后来才写的" not in shown


def test_the_public_edition_holds_four_sections_and_no_school_score_pupil_or_row(made):
    town, rows = made
    report = Report(term.PLAN, view(town, edition=PUBLIC))
    shown = {name: str(report.html(name)) for name in term.SECTIONS}
    whole = "".join(shown.values())

    assert [name for name, html in shown.items() if html] == [
        "overview",
        "board",
        "good_practice",
        "problems",
        "footer",
    ]
    assert [title for title in ("一、督查概况", "二、总体评价", "三、主要成效", "四、存在问题") if title in whole] != []
    assert "内部资料" not in whole
    assert not [home for home in town.homes if home in whole]
    assert not {row["name"] for row in rows["roster"] if row["name"] in whole}
    assert ".xlsx" not in whole
    assert "平均得分" not in whole


def test_a_school_reads_its_own_edition_only(made):
    town, _ = made
    home, other = town.homes[:2]
    report = Report(term.PLAN, view(town, home=home))
    whole = "".join(str(report.html(name)) for name in term.SECTIONS)

    assert f"{home}2023-2024学年第一学期第二轮控辍保学督查情况反馈" in re.sub(r"<[^>]+>", "", whole)
    assert other not in whole


def test_a_term_without_an_inspection_says_so_in_words(made):
    town, _ = made
    shown = texts(town, key="2023-2024-2-1")

    assert "还没有督查记录" in shown["overview"]
    assert "没有得分和等次" in shown["board"]
    assert "尚未判定" in shown["roll_call"]
    assert "本轮是第一轮" in shown["comparison"]
    assert "按 2024-04-30 的台账预填" in shown["score_sheets"]
    assert "优秀 90" not in shown["board"]


def test_a_term_with_one_inspection_and_a_school_that_was_left_out():
    single, _ = handmade.township(2, 100, spoil=without_first_round)
    assert "没有第一轮督查的记录" in text(Report(term.PLAN, view(single)), "comparison")

    town, _ = handmade.township(2, 100, spoil=without_one_school)
    left_out = town.homes[0]
    report = Report(term.PLAN, view(town))
    assert f"本轮没有督查：{left_out}" in text(report, "overview")
    assert "未督查" in text(report, "board")
    assert "不能比较" in text(report, "comparison")
    assert f"没有点名记录的学校：{left_out}" in text(report, "roll_call")


def test_what_travels_with_the_page(made):
    bundle = Report(term.PLAN, view(made[0], home=made[0].homes[0])).footer()._repr_mimebundle_()

    assert bundle[SUMMARY]["round"] == "2023-2024-1-2"
    assert re.fullmatch(r"\d+\.\d\d", bundle[SUMMARY]["score"])
    assert bundle[SUMMARY]["grade"]


@pytest.mark.parametrize(
    ("key", "edition", "says"),
    [("2023-10", INTERNAL, "2023-2024-1-2"), ("2023-2025-1-1", INTERNAL, "不对"), ("2023-2024-1-1", "公示", "公开版")],
)
def test_what_is_no_round_or_edition_is_said_in_chinese(key, edition, says):
    with pytest.raises(UserError, match=says):
        open_round("all", key, edition, "somewhere")


def test_what_is_signed_stands_before_the_lines_to_sign_on_and_a_period_is_chosen_after_the_school_newest_first():
    for plan, signed in ((term.PLAN, "signature"), (yearly.PLAN, "register"), (monthly.PLAN, "signature")):
        order = [*plan.sections]
        assert order.index("data_quality") < order.index(signed)
    made = view(handmade.town({}))
    for module in (term, yearly):
        choices = module.choices(made)
        assert [*choices][:2] == ["学校", "学年"]
    choices = term.choices(made)
    assert [name for name, _ in choices["学期"][0]] == ["第二学期", "第一学期"]
    assert [name for name, _ in choices["轮次"][0]] == ["第二轮", "第一轮"]


def test_of_a_roster_nobody_has_filled_no_school_is_said_to_lack_no_plan():
    said = texts(handmade.town({}, ("甲小学", "乙小学")), key="2023-2024-1-1")["groups"]
    assert "花名册里还没有学生，尚未判定" in said
    assert "缺案的学校：没有" not in said
