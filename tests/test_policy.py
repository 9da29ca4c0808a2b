"""Policy numbers are dated data with a source; changing one changes what is found, and nonsense is refused with a remedy."""

import datetime as dt
import json
import re

import pytest

import ruletables
import townships
from kongchuo import __main__ as cli, console
from kongchuo.core import places, policy
from kongchuo.core.declarations import SchemaError
from kongchuo.rules import judging

SHIPPED = places.POLICY.read_text("utf-8")
KEYS = policy.keys().by_name


def entry(key):
    """The shipped line of a key."""
    return re.search(rf"^  - {{key: {key}, .*$", SHIPPED, re.M)[0]


def written(tmp_path, old="", new="", text=SHIPPED):
    """The shipped policy with one thing changed, as a file."""
    assert old in text
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def changed(tmp_path, key, /, **values):
    """The shipped policy with other things said of one key."""
    line = entry(key)
    for name, value in values.items():
        line, times = re.subn(rf"\b{name}: (\[.*?\]|[^,}}]+)", f"{name}: {value}", line)
        assert times == 1, name
    return written(tmp_path, entry(key), line)


def dated(tmp_path, key, value, since):
    """The shipped policy with a second entry of a key, from a later day on."""
    line = re.sub(r"value: [^,]+", f"value: {value}", entry(key)).replace("2023-09-01", since)
    return written(tmp_path, entry(key), f"{entry(key)}\n{line}")


def test_the_shipped_policy_is_whole():
    held = policy.load(places.POLICY)

    assert {item.key for item in held.parameters} == set(KEYS)


def test_the_plan_own_numbers_are_in_the_shipped_policy():
    """Two inspections a term, one self-check a month, one lost pupil is a veto, eighteen archive items."""
    held = policy.load(places.POLICY)
    keys = ("inspections_per_term", "selfchecks_per_month", "veto_losses", "archive_items")

    assert [held[key] for key in keys] == [2, 1, 1, 18]
    assert {held.parameter(key).source for key in keys} == {"plan"}


@pytest.mark.parametrize(
    ("day", "value"), [("2022-03-01", 2), ("2023-09-01", 2), ("2024-08-31", 2), ("2024-09-01", 1), ("2030-01-01", 1)]
)
def test_the_value_in_force_on_a_date_is_taken(tmp_path, day, value):
    """Before the first date there is no other value than the first."""
    path = dated(tmp_path, "visit_within", 1, "2024-09-01")

    assert policy.load(path, dt.date.fromisoformat(day))["visit_within"] == value


WRONG = {
    "unknown key": ("suspected_after", {"key": "suspected_aftr"}, "是不是“suspected_after”"),
    "wrong unit": ("suspected_after", {"unit": "自然日"}, "单位是“自然日”，应为“上课日”"),
    "a list for a number": ("suspected_after", {"value": "[3, 4]"}, "应为1至250的整数"),
    "a text for a number": ("suspected_after", {"value": "3天"}, "不写单位"),
    "a quoted number": ("suspected_after", {"value": '"3"'}, "不加引号"),
    "a fraction for a whole number": ("suspected_after", {"value": "2.5"}, "整数"),
    "true for a number": ("suspected_after", {"value": "true"}, "整数"),
    "a number with a leading zero": ("suspected_after", {"value": "010"}, "整数"),
    "a negative number": ("report_town_within", {"value": "-7"}, "0至366"),
    "nothing": ("suspected_after", {"value": "~"}, "整数"),
    "a limit of none where one day is the least": ("suspected_after", {"value": "0"}, "1至250"),
    "per cent over 100": ("parents_aware_target", {"value": "190"}, "0至100"),
    "not a number": ("parents_aware_target", {"value": ".nan"}, "应为0至100的数"),
    "endless": ("parents_aware_target", {"value": ".inf"}, "应为0至100的数"),
    "a share over 1": ("unit_weight_inspection", {"value": "60"}, "0至1"),
    "weights that do not sum to 1": ("unit_weight_inspection", {"value": "0.7"}, "合计为1.1，应为1"),
    "points that do not sum to 100": ("points_keep", {"value": "50"}, "合计为110，应为100"),
    "items that do not sum to their part": ("process_item_points", {"value": "[5, 5, 5, 6]"}, "合计为21，应为20"),
    "a list too short": ("inspection_item_points", {"value": "[50, 50]"}, "一共10个"),
    "a number for a list": ("campaign_months", {"value": "3"}, "列表"),
    "an empty list": ("campaign_months", {"value": "[]"}, "列表"),
    "a month 13": ("campaign_months", {"value": "[3, 13]"}, "1至12"),
    "lists of two lengths": ("convert_goal_lines", {"value": "[70, 60]"}, "个数不同"),
    "a day of the year there is not": ("freeze_date", {"value": '"09-31"'}, "09-01"),
    "a time of day there is not": ("morning_check_by", {"value": '"25:00"'}, "17:00"),
    "yes in English": ("return_lifts_veto", {"value": "yes"}, "写 true"),
    "levels in the wrong order": ("warn_blue", {"value": "6"}, "大于“预警分.黄.（warn_yellow）”的5"),
    "an unknown source": ("suspected_after", {"source": "hearsay"}, "plan（方案）"),
    "a list as source": ("suspected_after", {"source": "[plan]"}, "plan（方案）"),
    "an empty source": ("suspected_after", {"source": "~"}, "plan（方案）"),
    "an empty citation": ("suspected_after", {"citation": '" "'}, "citation（出处）空着"),
    "an empty title": ("suspected_after", {"title": "~"}, "title（名称）空着"),
    "a day there is not": ("suspected_after", {"holds_from": "2023-02-30"}, "如 2023-09-01"),
    "a month's name": ("suspected_after", {"holds_from": "September"}, "如 2023-09-01"),
    "a day of another century": ("suspected_after", {"holds_from": "1023-09-01"}, "2005—2040年"),
    "a number as date": ("suspected_after", {"holds_from": "20230901"}, "如 2023-09-01"),
    "a list as key": ("suspected_after", {"key": "[suspected_after]"}, "不认识"),
}


@pytest.mark.parametrize(("key", "values", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_entry_is_refused_with_file_key_and_remedy(tmp_path, key, values, says):
    with pytest.raises(SchemaError, match=says) as caught:
        policy.load(changed(tmp_path, key, **values))

    said = str(caught.value)
    assert said.startswith("policy.yaml：")
    assert "\n" not in said
    assert any(name in said for name in (key, str(values.get("key")), KEYS[key].unit))


@pytest.mark.parametrize("name", policy.FIELDS)
def test_a_missing_part_is_refused(tmp_path, name):
    line = re.sub(rf"(, )?\b{name}: [^,}}]+", "", entry("visit_within")).replace("{, ", "{")

    with pytest.raises(SchemaError, match=f"缺少“{name}”一项"):
        policy.load(written(tmp_path, entry("visit_within"), line))


TWICE = "有两条都从2023-09-01起"
FILES = {
    "an unknown part": (entry("visit_within"), entry("visit_within").replace("title:", "titel:"), "是不是“title”"),
    "a key that is missing": (entry("visit_within"), "", "“visit_within”缺少"),
    "two entries with one date": (entry("visit_within"), f"{entry('visit_within')}\n{entry('visit_within')}", TWICE),
    "a text for an entry": (entry("visit_within"), "  - visit_within", "应写成"),
    "another top": ("parameters:", "parameter:", "parameters:"),
    "no list": (SHIPPED, "parameters: 3", "parameters:"),
    "nothing at all": (SHIPPED, "", "名称: 值"),
    "a part given twice": ("unit: 人,", "unit: 人, unit: 人,", "写了两次"),
    "a bracket left open": ("holds_from: 2023-09-01}", "holds_from: 2023-09-01", "不合 YAML 的写法"),
    "a list before a colon": (SHIPPED, "[a]: 1", "冒号前面"),
}


@pytest.mark.parametrize(("old", "new", "says"), FILES.values(), ids=FILES)
def test_a_wrong_file_is_refused_in_one_line(tmp_path, old, new, says):
    with pytest.raises(SchemaError, match=r"^policy\.yaml：.*" + says) as caught:
        policy.load(written(tmp_path, old, new))

    assert "\n" not in str(caught.value)


def test_two_entries_of_a_key_bear_one_title(tmp_path):
    path = dated(tmp_path, "visit_within", 1, "2024-09-01")
    text = path.read_text("utf-8")

    with pytest.raises(SchemaError, match="两个名称"):
        policy.load(written(tmp_path, "title: 家访时限", "title: 上门时限", text))


def test_weights_must_add_up_on_every_day(tmp_path):
    """Each entry is right by itself; from the day one of them changes alone, they no longer make a whole."""
    with pytest.raises(SchemaError, match=r"自2024-09-01起合计为0\.9"):
        policy.load(dated(tmp_path, "unit_weight_selfcheck", 0.1, "2024-09-01"))


def test_a_file_of_notepad_is_read_and_one_in_gbk_is_explained(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SHIPPED.encode())
    assert policy.load(path)["suspected_after"] == 3

    path.write_bytes(SHIPPED.encode("gbk", "ignore"))
    with pytest.raises(SchemaError, match="不是 UTF-8"):
        policy.load(path)

    path.unlink()
    with pytest.raises(SchemaError, match="打不开"):
        policy.load(path)


# --- what hangs on it -------------------------------------------------------------------------------------------------
def checked(capsys, monkeypatch, shared, path, *more):
    """Exit code, findings by rule, what stands on stderr: `kongchuo check` under another policy file."""
    monkeypatch.setattr(places, "POLICY", path)
    code = cli.main(["check", str(shared), "--json", *more])
    out, err = capsys.readouterr()
    return code, [item for item in (json.loads(out)["findings"] if out else ()) if item["rule"] == "X12"], err


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy") / "shared"
    townships.make(folder, 2, 200)
    return folder


def test_changing_a_threshold_changes_what_is_found(capsys, monkeypatch, tmp_path, shared):
    """疑似线 of 3 school days in a township without a fault; of 1 day, whoever stayed away for a day must be on a ledger."""
    _, now, _ = checked(capsys, monkeypatch, shared, places.POLICY)
    _, stricter, _ = checked(
        capsys, monkeypatch, shared, changed(tmp_path, "suspected_after", value=1, citation="县里新规定")
    )

    assert now == []
    assert stricter != []


@pytest.mark.parametrize(("value", "found"), [(3, 1), (4, 0), (5, 0)])
def test_three_days_away_are_too_many_only_while_the_line_is_three(tmp_path, value, found):
    case = ruletables.cases(ruletables.FOLDER / "X12.md")[0]
    held = policy.load(changed(tmp_path, "suspected_after", value=value))

    assert len(judging.judge(ruletables.build(case), held).of("X12")) == found


def test_an_old_month_is_judged_by_its_own_value(capsys, monkeypatch, tmp_path, shared):
    path = dated(tmp_path, "suspected_after", 1, "2023-11-01")

    assert checked(capsys, monkeypatch, shared, path, "--as-of", "2023-10-31")[1] == []
    assert checked(capsys, monkeypatch, shared, path, "--as-of", "2023-11-30")[1] != []


def test_check_says_in_one_line_what_is_wrong_with_the_policy(capsys, monkeypatch, tmp_path, shared):
    path = changed(tmp_path, "suspected_after", value="三")

    code, _, err = checked(capsys, monkeypatch, shared, path)

    assert code == console.UNREADABLE
    assert err.count("\n") == 1
    assert "policy.yaml：参数“suspected_after”" in err
    assert "请改正 value" in err


# no line of Python reads these: some stand in hints of the books, the others are numbers of the plan and of documents that staff look up
WAIT = {
    "target_poverty_dropouts_other_stages",
    "measures_count",
    "census_age_min",
    "midyear_date",
    "morning_check_by",
    "register_checks_per_term",
    "weak_list_bottom",
    "weary_attendance",
    "weary_window",
}
CODE = "\n".join(path.read_text("utf-8") for path in sorted(places.PACKAGE.rglob("*.py")))
READ = set(re.findall(r"""["'](\w+)["']""", CODE))


@pytest.mark.parametrize("key", KEYS)
def test_every_parameter_is_read_somewhere(key):
    """A number that nothing reads is a promise nobody keeps."""
    assert (key in READ) != (key in WAIT), "a waiting key that is read is no longer waiting"


def test_the_code_asks_for_no_parameter_there_is_not():
    asked = re.findall(r"""policy(?:\.parameter\(|\[)["'](\w+)["']""", CODE)

    assert asked
    assert set(asked) <= set(KEYS)


# --- values tried, and saved ------------------------------------------------------------------------------------------------
def test_tried_values_hold_in_memory_only():
    held = policy.load(places.POLICY)
    tried = held.tried({"return_grace_days": 10})

    assert (tried["return_grace_days"], held["return_grace_days"]) == (10, 0)
    assert tried.parameter("return_grace_days").citation == held.parameter("return_grace_days").citation
    with pytest.raises(
        SchemaError, match=r"参数“积分.巩固.、积分.转化.、积分.过程.”合计为110"
    ):  # on a page no key is known
        held.tried({"points_keep": 50})
    with pytest.raises(SchemaError, match="整数"):
        held.tried({"return_grace_days": "十"})


DAY = dt.date(2024, 9, 1)


def saved(path, values, day=DAY, source="default", citation="镇中心学校会议 2024-08-20"):
    return policy.append(path, values, day, source, citation)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_saved_value_is_one_line_more_and_everything_else_stays(tmp_path, ending):
    path = tmp_path / "policy.yaml"
    path.write_bytes(SHIPPED.replace("\n", ending).encode())
    saved(path, {"return_lifts_veto": False, "return_grace_days": 10})

    lines, before = path.read_bytes().decode().split(ending), SHIPPED.split("\n")
    added = [line for line in lines if line not in before]
    assert [line for line in lines if line not in added] == before
    assert len(added) == 2
    assert lines[lines.index(added[0]) - 1] == entry("return_lifts_veto")
    held = policy.load(path, dt.date(2024, 9, 1))
    assert (held["return_lifts_veto"], held["return_grace_days"]) == (False, 10)
    made = held.parameter("return_grace_days")
    assert (made.unit, made.source, made.citation, made.holds_from) == (
        "自然日",
        "default",
        "镇中心学校会议 2024-08-20",
        DAY,
    )
    assert policy.load(path, dt.date(2024, 8, 31))["return_grace_days"] == 0


@pytest.mark.parametrize("value", [[4, 4, 6, 6], [2.5, 2.5, 7.5, 7.5]])
def test_lists_and_a_second_change_of_a_key_are_saved_as_well(tmp_path, value):
    path = written(tmp_path)
    saved(path, {"process_item_points": value})
    saved(path, {"process_item_points": [5, 5, 5, 5]}, dt.date(2025, 9, 1), citation='会议"纪要", 第2号: 一')

    assert policy.load(path, dt.date(2024, 12, 1))["process_item_points"] == value
    assert policy.load(path).parameter("process_item_points").citation == '会议"纪要", 第2号: 一'


@pytest.mark.parametrize(
    ("values", "more", "says"),
    [
        ({"points_keep": 50}, {}, "合计为110"),
        ({"return_grace_days": 10}, {"day": dt.date(2023, 9, 1)}, "有两条都从2023-09-01起"),
        ({"return_grace_days": 10}, {"citation": " "}, "出处"),
        ({"return_grace_days": 10}, {"source": "hearsay"}, "来源"),
        ({"return_grace_day": 10}, {}, "没有参数"),
    ],
)
def test_what_does_not_hold_together_is_not_saved(tmp_path, values, more, says):
    path = written(tmp_path)
    before = path.read_bytes()

    with pytest.raises(SchemaError, match=says):
        saved(path, values, **more)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["policy.yaml"]


def test_what_somebody_else_saved_meanwhile_is_not_lost(tmp_path, monkeypatch):
    path = written(tmp_path)
    load = policy.load

    def slow(where, *more, **others):
        if where != path:
            path.write_text(SHIPPED + "# 别人写的\n", "utf-8")
        return load(where, *more, **others)

    monkeypatch.setattr(policy, "load", slow)
    with pytest.raises(SchemaError, match="刚才有人保存过"):
        saved(path, {"return_grace_days": 10})
    assert path.read_text("utf-8").endswith("# 别人写的\n")
