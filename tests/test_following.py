"""A finding is new once, then open since its first day, then mended; looking back undoes nothing."""

import datetime as dt
from dataclasses import replace

import pytest

import handmade
from kongchuo.commands import records
from kongchuo.core import places, workbooks, years
from kongchuo.core.findings import Finding
from kongchuo.pages import display, quality, views
from kongchuo.publishing import archive

FIRST, SECOND, THIRD = dt.date(2023, 9, 30), dt.date(2023, 10, 31), dt.date(2023, 11, 30)


def after(*looks):
    known = {}
    for found, day in looks:
        known = records.follow(known, found, day)
    return known


def stands(known, day):
    made = records.course({"a.xlsx": known}, day)
    return made.new, made.still, made.since, made.mended


def test_new_then_open_then_mended():
    known = after(({"x"}, FIRST))
    assert stands(known, FIRST) == (1, 0, None, 0)
    known = after(({"x"}, FIRST), ({"x", "y"}, SECOND))
    assert stands(known, SECOND) == (1, 1, FIRST, 0)
    known = after(({"x"}, FIRST), ({"x", "y"}, SECOND), ({"y"}, THIRD))
    assert stands(known, THIRD) == (0, 1, SECOND, 1)


def test_the_same_day_again_changes_nothing():
    assert after(({"x"}, FIRST), ({"x"}, FIRST)) == after(({"x"}, FIRST))


def test_what_comes_back_is_not_new():
    known = after(({"x"}, FIRST), (set(), SECOND), ({"x"}, THIRD))
    assert stands(known, THIRD) == (0, 1, FIRST, 0)


def test_looking_back_mends_nothing():
    known = after(({"x"}, SECOND), (set(), FIRST))
    assert stands(known, SECOND) == (1, 0, None, 0)
    known = after(({"x"}, FIRST), (set(), THIRD), ({"x"}, SECOND))
    assert stands(known, THIRD)[3] == 1, "it was mended after the day looked back to"


def test_what_was_mended_long_ago_is_forgotten():
    assert after(({"x"}, FIRST), (set(), SECOND), ({"y"}, SECOND + dt.timedelta(400))).keys() == {"y"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 9}', '{"format": 1, "workbooks": {"a": {"x": {"first": 5}}}}']
)
def test_a_file_that_cannot_be_understood_is_none(tmp_path, text):
    (tmp_path / "a.json").write_text(text, "utf-8")
    assert records.load(tmp_path / "a.json") == {}
    assert records.load(tmp_path / "b.json") == {}


def test_kept_and_read_again(tmp_path):
    record = {"a.xlsx": after(({"x"}, FIRST), (set(), SECOND))}
    (tmp_path / "a.json").write_bytes(records.dump(record))
    assert records.load(tmp_path / "a.json") == record


def test_the_monthly_page_says_how_findings_stand():
    town = handmade.town(
        {"roster": {"甲小学": [{"student_key": f"XS{n}", "name": "甲"} for n in range(3)]}}, as_of=SECOND
    )
    name = f"{handmade.YEAR}/甲小学/学籍.xlsx"
    old, new, gone = (
        Finding(name, "学生花名册", row, "姓名", f"B{row}", "X99", "error", "错了", "改") for row in (2, 3, 4)
    )
    was = [workbooks.identity_of(town.by_name[name], one) for one in (old, gone)]
    month = handmade.month(town, "甲小学", [old, new])
    assert month.course is None
    assert "和以前比" not in display.card(quality.data_quality(month))
    month = replace(month, records={"甲小学": {name: after((was, FIRST))}, "乙小学": {"x": after((["z"], FIRST))}})
    assert month.course == records.Course(new=1, still=1, since=FIRST, mended=1)
    assert "上次就有、还没有改 1 条（最早 2023-09-30 起）" in display.card(quality.data_quality(month))


def test_a_batch_leaves_the_records_to_its_runs(tmp_path):
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    shelf = archive.Shelf(out, years.period("2023-10"), "monthly_self_check")
    scratch.mkdir()
    archive.tell(scratch, shelf, FIRST)
    assert not (scratch / places.RECORDS).exists(), "nothing was marked yet"
    kept = out / places.RETURNS / places.RECORDS
    kept.mkdir(parents=True)
    (kept / "甲小学.json").write_bytes(records.dump({"a.xlsx": after(({"x"}, FIRST))}))
    archive.tell(scratch, shelf, FIRST)
    assert records.load(scratch / places.RECORDS / "甲小学.json") == {"a.xlsx": after(({"x"}, FIRST))}


def test_a_live_page_sees_the_records_as_they_are_now(tmp_path, monkeypatch):
    """It runs in no batch: `kongchuo serve` tells its kernels where the reports lie."""
    kept = tmp_path / places.RETURNS / places.RECORDS
    kept.mkdir(parents=True)
    (kept / "甲小学.json").write_bytes(records.dump({"a.xlsx": after(({"x"}, FIRST))}))
    monkeypatch.delenv(places.SCRATCH, raising=False)
    monkeypatch.setenv(places.OUT, str(tmp_path))
    assert views.records() == {"甲小学": {"a.xlsx": after(({"x"}, FIRST))}}
    monkeypatch.setenv(places.SCRATCH, str(tmp_path / "scratch"))
    assert views.records() == {}, "a run of a batch sees what the batch has left to it"


def test_what_this_year_says_of_last_years_workbook_is_kept_apart():
    assert records.finding_key("2023-2024", "2023-2024/甲/学籍.xlsx") == "2023-2024/甲/学籍.xlsx"
    assert records.finding_key("2023-2024", "2022-2023/甲/学籍.xlsx") != records.finding_key(
        "2022-2023", "2022-2023/甲/学籍.xlsx"
    )
