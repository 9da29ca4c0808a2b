"""The pages of two rounds of inspection, every figure counted again by plain loops over the rows of the workbooks."""

import datetime as dt
import re
from collections import Counter, defaultdict
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest

import handmade
import kongchuo_township
from kongchuo.core import policy, years
from kongchuo.core.places import POLICY
from kongchuo.facts import asof
from kongchuo.figures import inspection
from kongchuo.pages.display import Chart, Lines
from kongchuo.pages.term import checks, findings, scores
from kongchuo.pages.term.rounds import Round
from kongchuo.rules.judging import Judgement
from onpage import blocks, table_rows, tables, tiles

DAY = dt.timedelta(days=1)
JUNIOR, FIRST, SECOND, THIRD = "示例中学", "示例第一小学", "示例第二小学", "示例第三小学"
POINTS = (10, 8, 10, 18, 10, 14, 12, 4, 4, 10)
ON_THE_SPOT = (2, 9)  # what the ledgers cannot judge in a clean town
TITLES = {"优秀": 90, "良好": 80, "合格": 60}
GONE = ("已转出", "死亡")


def case_of(rows, home, number=0):
    return [row for row in rows["suspected"] if row["home"] == home][number]


def spoil_census(rows):
    """Children nobody has verified, proofs too old, none at all, and sixth-graders who are nowhere."""
    by_grade = {}
    for row in rows["census"]:
        if row["study_status"] == "本镇在读" and 1 <= grade_by_age(row["birth_date"]) <= 9:
            by_grade.setdefault((row["village_code"], grade_by_age(row["birth_date"])), []).append(row)
    for (village, grade), own in by_grade.items():
        if grade == 3 or (grade == 8 and village in ("SLC001", "SLC004")):
            own[0].update(study_status="待核实", visit_date=dt.date(2023, 8, 20))
            own[1].update(study_status="待核实", visit_date=dt.date(2023, 9, 20))  # in time for the first round
    away = [row for row in rows["census"] if row["study_status"] == "镇外在读"]
    for row in away[:6]:
        row["visit_date"] = dt.date(2022, 9, 10)
    away[6]["proof"] = "无"
    away[7]["proof"] = away[8]["proof"] = None
    missed = rows["match"].pop()["student_key"]
    rows["census"] = [row for row in rows["census"] if row["student_key"] != missed]


def spoil_cases(rows):
    """A report, a call, a visit and a paper too late, a fortnight without a visit, and a case that was kept off the ledger."""
    long, short, third = case_of(rows, JUNIOR), case_of(rows, JUNIOR, 1), case_of(rows, THIRD)
    long["rep_center"] = dt.date(2023, 10, 23)
    short["first_call"] = dt.date(2023, 9, 19)
    own = [row for row in rows["visit"] if row["student_key"] == long["student_key"]]
    left_out = [row for row in own if row["date"] == dt.date(2023, 11, 21)]
    after = next(row for row in own if row["date"] == dt.date(2023, 11, 27))
    rows["visit"].append(after | {"visit_id": "QF-SLZ01-001-99", "mode": "送达文书"})  # twice on one day
    third["first_visit"] = dt.date(2023, 10, 26)
    left_out += [row for row in rows["visit"] if row["case_id"] == third["case_id"] and row["date"] == third["found"]]
    hidden = case_of(rows, FIRST)
    left_out += [row for row in rows["visit"] if row["case_id"] == hidden["case_id"]]
    assert len(left_out) == 4
    rows["visit"] = [row for row in rows["visit"] if row not in left_out]
    rows["suspected"].remove(hidden)
    paper = next(row for row in rows["legal"] if row["doc_type"] == "限期复学通知书")
    paper["issued"] = paper["served"] = dt.date(2023, 11, 1)
    rows["legal"] = [row for row in rows["legal"] if row["doc_type"] != "民事起诉状"]  # nothing followed on the third


def spoil(rows):
    """The above, and an inspector who agrees with the ledgers here, overrules them there, and forgets an item."""
    spoil_census(rows)
    spoil_cases(rows)
    for row in rows["score"]:
        where = row["school_code"], row["round"], row["item_no"]
        if row["item_no"] in (3, 6):
            row.pop("reason", None)
            row["score"] = None
        if where == (JUNIOR, 1, 6):
            row.update(score=13, reason="已当场补报")
        elif where == (SECOND, 1, 7):
            row.update(score=9, reason=None)  # without a reason the ledgers stand
        elif where == (THIRD, 2, 9):
            row.update(score=None, reason=None)  # nobody has judged
    for place, row in enumerate(row for row in rows["issue"] if row["source"] == "督查"):
        if place == 1:
            row.update(done=None, state="整改中")
        elif place == 2:
            row["done"] = dt.date(2023, 12, 20)  # after the second round


@pytest.fixture(scope="module")
def made():
    """(town with last year's sixth grade, rows of this year, rows of last year)."""
    town, rows = handmade.township(4, 600, 1, spoil=spoil)
    earlier = {}
    for path, sheets in kongchuo_township.workbooks(4, 600, 1):
        year, home, _ = path.split("/")
        if year != handmade.YEAR:
            for sheet, own in sheets.items():
                earlier.setdefault(sheet, {})[home] = own
    before = handmade.town(earlier, town.homes, dt.date(2023, 8, 31), year="2022-2023")
    return replace(town, before=before), rows, earlier


def view(town, number, home=""):
    key = f"2023-2024-1-{number}"
    start, end = years.period(key).days
    return Round(replace(town, as_of=end), policy.load(POLICY), Judgement((), (), frozenset()), home, key, start, end)


@pytest.fixture(scope="module")
def rounds(made):
    return {number: view(made[0], number) for number in (1, 2)}


# --- plain counting ---------------------------------------------------------------------------------------------------
def inspected(rows, home, number):
    return next(row["date"] for row in rows["score"] if row["school_code"] == home and row["round"] == number)


def since(rows, home, number):
    return dt.date(2023, 9, 1) if number == 1 else inspected(rows, home, 1) + DAY


def school_days(rows):
    return sorted(row["date"] for row in rows["calendar"] if row["is_school_day"])


def taught(rows, day, number):
    """The number-th school day after a day."""
    return [one for one in school_days(rows) if one > day][number - 1]


def grade_by_age(birth):
    """The grade a child of this birth date belongs to, six years old by 31 August being grade one."""
    return 2023 - birth.year - ((birth.month, birth.day) > (8, 31)) - 5


def village_of(rows, said):
    return next(row["village_code"] for row in rows["village"] if said in (row["village_code"], row["village_name"]))


def unverified(rows, earlier, home, number):
    """Item 3: children nobody has verified in 15 days, those away with an old proof or none, sixth-graders gone astray."""
    day, start = inspected(rows, home, number), since(rows, home, number)
    school = next(row for row in rows["school"] if row["school_name"] == home)
    grades = {row["grade"] for row in rows["class"] if row["school_code"] == school["school_code"]}
    found = Counter()
    for row in rows["census"]:
        if village_of(rows, row["village_code"]) not in school["catchment"].split("、"):
            continue
        if grade_by_age(row["birth_date"]) not in grades or row["visit_date"] > day:
            continue
        if row["study_status"] == "待核实":
            found["待核实"] += row["visit_date"] + 15 * DAY < day
        if row["study_status"] == "镇外在读":
            nothing = row.get("proof") in (None, "无")
            found["证明"] += nothing or row["visit_date"].replace(year=row["visit_date"].year + 1) < day
    known = {row["student_key"]: dt.date(2023, 9, 1) for row in rows["roster"]}
    known |= {row["student_key"]: row["closed"] for row in rows["match"]}
    known |= {row["student_key"]: row["visit_date"] for row in rows["census"] if row.get("proof") not in (None, "无")}
    joined = {row["student_key"]: row["date"] for row in rows["change"] if row["kind"] in ("新生入学", "转入")}
    for row in earlier["roster"].get(home, ()):
        when = known.get(row["student_key"])
        when = max(when, joined.get(row["student_key"], when)) if when else None
        due = dt.date(2023, 9, 1) + 7 * DAY
        if row["status"] in GONE or due >= day:
            continue
        astray = when is None or when > day
        found["六升七"] += astray or (when > due >= start)
    return found


def limited(rows, home, day):
    """Every step of a school's cases that has a time limit: (case, what, last day in time, when it was done or None)."""
    for case in [row for row in rows["suspected"] if row["home"] == home and row["last_day"] <= day]:
        later = next((row for row in rows["dropout"] if row.get("ys_id") == case["case_id"]), None)
        names = {case["case_id"], later["case_id"] if later else None}
        visits = {row["date"] for row in rows["visit"] if row["case_id"] in names and row["date"] <= day}
        over, missed = case.get("closed"), case["source"] in ("连续缺勤", "开学未报到")
        noticed = case["last_day"] if missed else case["found"]
        decided = case["last_day"] + 28 * DAY
        while decided.weekday() > 4:
            decided += DAY
        steps = [
            ("首次家访", taught(rows, case["found"], 1), case.get("first_visit")),
            ("书面报中心学校", taught(rows, case["found"], 3), case.get("rep_center")),
            ("首次联系", taught(rows, noticed, 1), case.get("first_call")),
            ("报镇政府", noticed + 7 * DAY, case.get("rep_town")),
            ("疑似结案", decided, over),
        ]
        if missed:
            steps.append(("列入疑似", taught(rows, case["last_day"] - DAY, 3), case["found"]))
        for what, due, written in steps:
            if written or not over or over > due:  # else it was over before anything had to be done
                yield case["case_id"], what, due, written
        if later and later["confirm_date"] <= day:
            points = [later["confirm_date"], *sorted(one for one in visits if one > later["confirm_date"])]
            for at, then in zip(points, [*points[1:], None], strict=True):
                first_month = at < later["confirm_date"] + 30 * DAY
                yield case["case_id"], "下一次劝返", at + (7 if first_month else 14) * DAY, then
        papers = sorted(
            (row["served"], row["deadline"], row["doc_type"])
            for row in rows["legal"]
            if row["case_id"] in names and row["served"] <= day
        )
        for place, (_, deadline, kind) in enumerate(papers):
            following = papers[place + 1][0] if papers[place + 1 :] else None if later else over
            yield case["case_id"], f"{kind}限期", deadline, following


def breaches(rows, home, number):
    """Item 6: steps of a case after their limit or not taken, gaps between visits, papers without a next step, hidden cases."""
    day, start = inspected(rows, home, number), since(rows, home, number)
    found = Counter()
    for _, what, due, done in limited(rows, home, day):
        done = done if done and done <= day else None
        found[what] += (done is None and due < day) or (done is not None and done > due >= start)
    absent = defaultdict(list)
    for row in rows["absence"]:
        if row["home"] == home and row["kind"] in ("旷课", "开学未报到", "失联") and row["date"] <= day:
            absent[row["student_key"]].append(row["date"])
    listed = {row["student_key"] for sheet in ("suspected", "dropout") for row in rows[sheet]}
    places = {one: place for place, one in enumerate(school_days(rows))}
    for key, own in absent.items():
        longest = max(map(len, runs(sorted(places[one] for one in own))))
        found["应列未列"] += longest >= 3 and key not in listed
    return found


def runs(places):
    """Stretches of numbers without a gap."""
    run = []
    for place in places:
        if run and place != run[-1] + 1:
            yield run
            run = []
        run.append(place)
    yield run


def system(made, home, number):
    """系统测算 of the ten items: two cost points here, two cannot be told, the rest of the town is clean.

    What 档案目录 said on the day cannot be told either, where a row has been brought up to date since.
    """
    _, rows, earlier = made
    day = inspected(rows, home, number)
    rewritten = any(row["home"] == home and row["updated"] > day for row in rows["archive"])
    unknown = (*ON_THE_SPOT, 10) if rewritten else ON_THE_SPOT
    cost = {3: sum(unverified(rows, earlier, home, number).values()), 6: 3 * sum(breaches(rows, home, number).values())}
    return {
        item: None if item in unknown else max(0, points - cost.get(item, 0))
        for item, points in enumerate(POINTS, start=1)
    }


def final(made, home, number):
    """What stands of each item: the inspector's score with a reason or where both agree, else the ledgers'."""
    held, found = system(made, home, number), {}
    for row in made[1]["score"]:
        if row["school_code"] == home and row["round"] == number:
            item, given, own = row["item_no"], row["score"], held[row["item_no"]]
            agreed = row.get("reason") or given == own or own is None
            found[item] = own if given is None or not agreed else given
    return found


def graded(made, home, number):
    """The grade: a dropout who is not back, or a case off the ledgers, fails whatever the points."""
    _, rows, _ = made
    day, points = inspected(rows, home, number), final(made, home, number)
    lost = sum(
        row["home"] == home
        and row["confirm_date"] <= day
        and not any(row.get(name) and row[name] <= day for name in ("back_date", "closed"))
        for row in rows["dropout"]
    )
    if lost or breaches(rows, home, number)["应列未列"]:
        return "不合格"
    if None in points.values():
        return "尚未判定"
    return next((name for name, line in TITLES.items() if sum(points.values()) >= line), "不合格")


def total(made, home, number):
    points = final(made, home, number).values()
    return None if None in points else sum(points)


# --- the score sheet --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 2])
def test_unverified_children_and_breaches_of_cases_counted_again(made, rounds, number):
    _, rows, earlier = made
    for sheet in rounds[number].sheets:
        gaps = Counter()
        for gap in sheet.scores[2].gaps:
            gaps[gap.what] += gap.count
        told = unverified(rows, earlier, sheet.home, number)
        assert sum(gaps.values()) == sum(told.values()), (sheet.home, gaps, told)
        assert gaps["查清待核实儿童"] == told["待核实"]
        gaps = Counter(gap.what for gap in sheet.scores[5].gaps)
        told = breaches(rows, sheet.home, number)
        assert sum(gaps.values()) == sum(told.values()), (sheet.home, gaps, told)
        assert gaps["应列未列疑似台账"] == told["应列未列"]
        assert {score.number: score.system for score in sheet.scores} == system(made, sheet.home, number)


# --- the pages --------------------------------------------------------------------------------------------------------
def test_the_board_of_schools_and_its_grades_counted_again(made, rounds):
    town, rows, _ = made
    for number, held in rounds.items():
        page = scores.board(held)
        totals = {home: total(made, home, number) for home in town.homes}
        grades = {home: graded(made, home, number) for home in town.homes}
        known = [points for points in totals.values() if points is not None]
        by_home = {row["学校"]: row for row in table_rows(page, "各校得分和等次")}

        assert len(by_home) == len(town.homes)
        for home, row in by_home.items():
            assert (row["总分"], row["等次"]) == (totals[home], grades[home])
            assert row["督查日期"] == inspected(rows, home, number)
            better = (
                sum(
                    points > totals[home]
                    for other, points in totals.items()
                    if points is not None and grades[other] != "不合格"
                )
                if totals[home] is not None
                else 0
            )
            placed = totals[home] is not None and grades[home] != "不合格"
            assert row["名次"] == (better + 1 if placed else None)
        assert tiles(page)["平均得分"] == f"{handmade.half_up(sum(known) / len(known)):.2f}"
        assert {name: tiles(page)[name] for name in (*TITLES, "不合格")} == {
            name: sum(grade == name for grade in grades.values()) for name in (*TITLES, "不合格")
        }
        assert {row["等次"]: row["校数"] for row in table_rows(page, "等次分布")} == Counter(grades.values())


def test_the_heat_map_and_the_items_counted_again(made, rounds):
    town, _, _ = made
    for number, held in rounds.items():
        page = scores.board(held)
        points = {home: final(made, home, number) for home in town.homes}
        for row in table_rows(page, "各项得失分"):
            item = int(row["项目"].split()[0])
            known = [own[item] for own in points.values() if own[item] is not None]
            assert row["分值"] == POINTS[item - 1]
            assert row["平均得分"] == handmade.half_up(sum(known) / len(known))
            assert row["满分校数"] == sum(one == POINTS[item - 1] for one in known)
            assert row["失分校数"] == sum(one < POINTS[item - 1] for one in known)
            assert row["尚未判定校数"] == len(points) - len(known)
        (chart,) = [block for block in blocks(page) if isinstance(block, Chart)]
        drawn = [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", chart.svg)]
        for home, own in points.items():
            at = drawn.index(home) + 1
            assert drawn[at : at + 10] == ["未判" if one is None else f"{one:g}" for one in own.values()]


def test_score_sheets_problems_and_good_practice_counted_again(made, rounds):
    town, rows, _ = made
    for number, held in rounds.items():
        sheets = tables(scores.score_sheets(held))
        listed = table_rows(findings.problem_list(held), "问题清单")
        counted = {row["学校"]: row for row in table_rows(findings.problems(held), "各校问题")}
        good = {row["学校"]: row for row in table_rows(findings.good_practice(held), "各校")}
        _, _, whole = tables(findings.problems(held))["各校问题"]
        lost = {
            home: {
                item: POINTS[item - 1] - one
                for item, one in final(made, home, number).items()
                if one is not None and one < POINTS[item - 1]
            }
            for home in town.homes
        }
        for home in town.homes:
            day, start = inspected(rows, home, number), since(rows, home, number)
            (caption,) = [name for name in sheets if name.startswith(f"{home}：")]
            columns, lines_, below = sheets[caption]
            adopted = {row[0]: dict(zip(columns, row, strict=True)) for row in lines_}
            held_by = final(made, home, number)
            assert [adopted[item]["采用"] for item in range(1, 11)] == [
                "尚未判定" if held_by[item] is None else held_by[item] for item in range(1, 11)
            ]
            assert [adopted[item]["系统测算"] for item in range(1, 11)] == [
                "不能测算" if one is None else one for one in system(made, home, number).values()
            ]
            assert below[5] == ("尚未判定" if total(made, home, number) is None else total(made, home, number))
            own = [row for row in listed if row["学校"] == home]
            assert [row["失分"] for row in own] == list(lost[home].values())
            assert (counted[home]["问题数"], counted[home]["失分"]) == (len(lost[home]), sum(lost[home].values()))
            full = [item for item, one in held_by.items() if one == POINTS[item - 1]]
            assert good[home]["满分项目数"] == len(full)
            assert good[home]["本轮时段内劝返复学（人）"] == sum(
                row["home"] == home and start <= row["back_date"] <= day
                for row in rows["dropout"]
                if row.get("back_date")
            )
        assert whole[1:3] == (sum(map(len, lost.values())), sum(sum(own.values()) for own in lost.values()))
        told = next(block for block in blocks(findings.problems(held)) if isinstance(block, Lines)).items
        by_item = {item: [own[item] for own in lost.values() if item in own] for item in range(1, 11)}
        assert [re.search(r"：(\d+)所学校失分，共([\d.]+)分。", line).groups() for line in told] == [
            (str(len(own)), f"{sum(own):g}") for own in by_item.values() if own
        ]


def test_cases_against_their_limits_counted_again(made, rounds):
    town, rows, _ = made
    for number, held in rounds.items():
        page = checks.cases(held)
        counts, on_hand = defaultdict(Counter), set()
        for home in town.homes:
            start, day = since(rows, home, number), inspected(rows, home, number)
            own = {
                row["case_id"]
                for row in rows["suspected"]
                if row["home"] == home and row["found"] <= day and row.get("closed", day) >= start
            }
            on_hand |= own
            for case, what, due, done in limited(rows, home, day):
                if case in own:
                    known = done is not None and done <= day
                    late = "晚办" if known else "逾期未办"
                    in_time = "按时" if known else "未到期"
                    counts[what][late if (done if known else day) > due else in_time] += 1
        shown = {row["步骤"]: row for row in table_rows(page, "各步骤与时限")}

        assert set(shown) == set(counts)
        for what, own in counts.items():
            assert shown[what]["件数"] == sum(own.values())
            assert {name: shown[what][name] for name in ("按时", "晚办", "逾期未办", "未到期")} == {
                name: own[name] for name in ("按时", "晚办", "逾期未办", "未到期")
            }, what
        whole = sum(counts.values(), Counter())
        late = [row for row in table_rows(page, "") if "晚几天" in row]
        assert len(late) == whole["晚办"] + whole["逾期未办"]
        for row in late:  # when it was done, not when its paper was served
            done = row["实际"] or pd.Timestamp(inspected(rows, row["个案"].rstrip("0123456789"), number))
            assert row["晚几天"] == (done - row["应在"]).days > 0
        assert tiles(page) == {
            "个案": len(on_hand),
            "有时限的步骤": sum(whole.values()),
            **{name: whole[name] for name in ("按时", "晚办", "逾期未办", "未到期")},
        }
        assert number == 1 or min(whole.values()) > 0  # each of the four is there


def test_what_is_to_be_mended_counted_again(made, rounds):
    town, rows, _ = made
    for number, held in rounds.items():
        page = findings.rectification(held)
        first = min(since(rows, home, number) for home in town.homes)
        own = [row for row in rows["issue"] if row["source"] == "督查"]
        done = {row["issue_id"]: row["done"] for row in own if row.get("done") and row["done"] <= held.end}
        shown = [row for row in own if done.get(row["issue_id"], held.end) >= first]
        problems = sum(
            one is not None and one < POINTS[item - 1]
            for home in town.homes
            for item, one in final(made, home, number).items()
        )

        assert shown
        assert tiles(page) == {
            "本轮问题": problems,
            "已列入问题整改": sum(row["due"] > inspected(rows, row["home"], number) for row in shown),
            "本轮时段内完成": sum(row["issue_id"] in done for row in shown),
            "逾期": sum(row["issue_id"] not in done and row["due"] < held.end for row in shown),
        }
        told = {row["编号"]: row["状态"] for row in table_rows(page, "整改清单（问题整改，来源为督查）")}
        assert set(told) == {row["issue_id"] for row in shown}
        for row in shown:
            if row["issue_id"] in done:
                assert told[row["issue_id"]] == "已完成"
            elif row["due"] < held.end:
                assert told[row["issue_id"]] == f"逾期 {(held.end - row['due']).days} 天"


def test_the_second_round_beside_the_first_counted_again(made, rounds):
    town, rows, _ = made
    page, last = scores.comparison(rounds[2]), max(inspected(rows, home, 2) for home in town.homes)
    shown = {row["学校"]: row for row in table_rows(page, "两轮得分")}
    for home in town.homes:
        old, new = total(made, home, 1), total(made, home, 2)
        row = shown[home]
        assert (row["第一轮"], row["第二轮"]) == (old, new)
        assert (row["第一轮等次"], row["第二轮等次"]) == (graded(made, home, 1), graded(made, home, 2))
        change = "不能比较" if None in (old, new) else f"{new - old:+g}" if new != old else "不变"
        assert row["增减"] == change
        pairs = zip(final(made, home, 1).values(), final(made, home, 2).values(), strict=True)
        moved = [b - a for a, b in pairs if None not in (a, b) and a != b]
        assert [float(one) for one in re.findall(r"[+-][\d.]+", row["失分有变化的项目"])] == moved
    due = [row for row in rows["issue"] if row["source"] == "督查" and dt.date(2023, 9, 1) <= row["due"] <= last]
    done = [row for row in due if row.get("done") and row["done"] <= last]

    assert len(done) < len(due)
    assert tiles(page)["整改完成率"] == (len(done), len(due))
    for row in table_rows(page, "各校整改"):
        own = [one for one in due if one["home"] == row["学校"]]
        assert row["整改完成率"] == (sum(one in done for one in own), len(own))


def test_roll_calls_class_by_class_and_in_sum(made, rounds):
    _, rows, _ = made
    names = ("n_register", "n_rollbook", "n_seating", "n_homework", "n_present", "leave_ok", "leave_no", "unknown")
    for number, held in rounds.items():
        page, annex = checks.roll_call(held), checks.roll_sheets(held)
        own = [row for row in rows["rollcall"] if row["round"] == number]
        _, by_school, whole = tables(page)["四表与点名"]
        assert whole[1:-1] == (len(own), *(sum(row[name] for row in own) for name in names))
        for line in by_school:
            mine = [row for row in own if row["home"] == line[0] or row["school_code"] == line[0]]
            assert line[1:-1] == (len(mine), *(sum(row[name] for row in mine) for name in names))
        (rows_shown,) = [table[1] for table in tables(annex).values()]
        assert Counter(line[2:10] for line in rows_shown) == Counter(tuple(row[name] for name in names) for row in own)


@pytest.mark.parametrize("number", [1, 2])
def test_the_schools_of_a_day_alone_come_to_what_all_together_come_to(made, monkeypatch, number):
    alone, together = (view(replace(made[0], _made={}), number) for _ in range(2))
    sheets, told = alone.sheets, checks.told(alone)
    assert not [key for key in alone.town._made if key[0] is asof._on]  # of no day the town is kept

    monkeypatch.setattr(inspection, "looked_at", lambda *_: ())
    assert sheets == together.sheets
    pd.testing.assert_frame_equal(
        told, checks.told(together), check_dtype=False
    )  # of a day without cases the frame has no texts


def test_a_school_s_own_page_says_what_the_town_s_page_says_of_it(made, rounds):
    town, _, _ = made
    for number, held in rounds.items():
        whole = {row["学校"]: row for row in table_rows(scores.board(held), "各校得分和等次")}
        for home in town.homes[:2]:
            own = tiles(scores.board(view(town, number, home)))
            said = whole[home]["总分"]
            assert (own["总分"], own["等次"]) == ("尚未判定" if said is None else said, whole[home]["等次"])


def test_the_overview_counted_again(made, rounds):
    town, rows, _ = made
    for number, held in rounds.items():
        called = [row for row in rows["rollcall"] if row["round"] == number]
        seen = {row["school_code"] for row in rows["score"] if row["round"] == number}
        assert tiles(scores.overview(held)) == {
            "督查校数": f"{len(seen)}/{len(town.homes)}",
            "点名班数": len(called),
            "核对学籍": sum(row["n_register"] for row in called),
            "台账数据": f"{max(inspected(rows, home, number) for home in town.homes)}",
        }
