"""Lists of children laid side by side: everybody once, nobody merged in silence, and the order of rows is nothing."""

import datetime as dt
import random
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import handmade
from kongchuo.core import policy
from kongchuo.core.places import POLICY
from kongchuo.core.schema import default
from kongchuo.core.tables import NOWHERE, book_of, by_place, row_of
from kongchuo.facts import child_lists, matching, pairing
from kongchuo.facts.matching import AGREES, LEFT, PUSHED, REASONS, REVIEW, RIGHT
from kongchuo_township.people import id_number

TOWN, HELD = handmade.town({}), policy.load(POLICY)
OWN = book_of(2023_0001_0000002)  # the workbook of the township's own list
COLUMNS = ["student_key", "name", "id_no", "status_no", "birth_date", "sex", "school"]


def child(number, name, day="2011-03-15", sex="女", **more):
    birth = dt.date.fromisoformat(day)
    return {
        "name": name,
        "id_no": id_number(990001, birth, number * 2 + (sex == "男")),
        "birth_date": birth,
        "sex": sex,
    } | more


def people(rows, workbook=NOWHERE):
    frame = pd.DataFrame(rows).reindex(columns=COLUMNS)
    frame["birth_date"] = pd.to_datetime(frame["birth_date"]).astype("datetime64[us]")
    frame = frame.astype(dict.fromkeys((name for name in COLUMNS if name != "birth_date"), "str"))
    return frame.set_axis(by_place(range(workbook + 2, workbook + len(rows) + 2)))


def compare(left, right, kind=PUSHED):
    return matching.compare(TOWN, HELD, kind, people(left), people(right, OWN)).rows


NAMES = ("甲春梅", "甲春枚", "甲春兰", "乙夏竹", "乙夏", "丙秋菊", "劉秋菊", "刘秋菊", "曾小明", "增晓明")


def some(chance, most=9):
    """A few children who are easily taken for each other; anything may be missing or mistyped."""
    found = []
    for _ in range(chance.randrange(most)):
        one = child(
            chance.randrange(40, 45), chance.choice(NAMES), chance.choice(("2011-03-15", "2011-05-13", "2012-03-15"))
        )
        lot = chance.random()
        if lot < 0.2:
            at = chance.randrange(16)
            one["id_no"] = one["id_no"][:at] + one["id_no"][at + 1] + one["id_no"][at] + one["id_no"][at + 2 :]
        elif lot < 0.3:
            one["id_no"] = one["id_no"][:-1]
        for column in ("id_no", "birth_date", "sex", "name"):
            if chance.random() < 0.15:
                one[column] = None
        if chance.random() < 0.3:
            one |= {"student_key": f"XS{chance.randrange(3)}", "status_no": f"G{one['id_no']}"}
        found.append(one)
    return found


@settings(max_examples=20, deadline=None)
@given(st.integers(), st.sampled_from([matching.PUSHED, matching.CENSUS, matching.HANDOVER]))
def test_every_child_of_each_list_stands_in_exactly_one_row(seed, kind):
    chance = random.Random(seed)
    left, right = some(chance), some(chance)
    rows = compare(left, right, kind)

    for side, given_rows in (("left", left), ("right", right)):
        held = sorted(map(row_of, rows[side].dropna()))
        assert held == list(range(2, len(given_rows) + 2))
    assert set(rows["outcome"]) <= {AGREES, REVIEW, LEFT, RIGHT}
    assert set(rows["reason"]) <= set(REASONS)
    alone = rows[rows["outcome"].isin([LEFT, RIGHT])]
    assert (alone["left"].isna() != alone["right"].isna()).all()
    assert not rows["diff"].str.contains(r"\d{7,}").any(), "no identity number in words"


@settings(max_examples=20, deadline=None)
@given(st.integers())
def test_order_of_rows_changes_nothing(seed):
    chance = random.Random(seed)
    left, right = some(chance), some(chance)
    before = compare(left, right)
    chance.shuffle(left)
    chance.shuffle(right)
    after = compare(left, right)

    said = ["outcome", "reason", "name", "other_name", "left_tail", "right_tail"]
    assert Counter(map(tuple, before[said].fillna("").to_numpy())) == Counter(
        map(tuple, after[said].fillna("").to_numpy())
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(), st.integers(0, 40))
def test_an_exact_list_gives_no_difference(seed, number):
    chance = random.Random(seed)
    own = [
        child(place, chance.choice(NAMES), f"201{place % 4}-0{place % 9 + 1}-1{place % 7}") for place in range(number)
    ]
    listed = own[:]
    chance.shuffle(listed)

    assert set(compare(listed, own)["outcome"]) <= {AGREES}


OTHERS = [
    child(place, name, day) for place, (name, day) in enumerate((("丁无", "2010-01-02"), ("戊无双", "2012-12-30")), 70)
]


def swapped(text, at):
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


BASE = child(49, "曾春梅")  # …0988: neighbouring digits differ
SLIPS = {
    "证件号码两位对调": {"id_no": swapped(BASE["id_no"], 15)},
    "证件号码末位不同": {"id_no": BASE["id_no"][:-1] + ("1" if BASE["id_no"][-1] != "1" else "2")},
    "证件号码差一位": {"id_no": BASE["id_no"][:3] + "7" + BASE["id_no"][4:]},
    "证件号码缺失": {"id_no": None},
    "证件号码不同": {"id_no": id_number(990007, BASE["birth_date"], 222)},
    "姓名同音": {"name": "增春枚"},
    "姓名相近": {"name": "曾春花"},
    "姓名不同": {"name": "癸一二"},
    "出生日期不同": {"birth_date": dt.date(2011, 3, 16)},
    "性别不同": {"sex": "男"},
    "仅姓名相同": {"id_no": None, "birth_date": None},
}


@pytest.mark.parametrize(("reason", "slip"), SLIPS.items(), ids=SLIPS)
def test_a_slip_lands_in_review_with_its_reason(reason, slip):
    rows = compare([BASE | slip, OTHERS[0]], [OTHERS[1], BASE, OTHERS[0]])
    first = (rows["left"] == 2).fillna(False)
    row = rows[first].iloc[0]

    assert (row["outcome"], row["reason"], row["right"]) == (REVIEW, reason, OWN + 3)
    assert set(rows.loc[~first, "outcome"]) == {AGREES, RIGHT}


@pytest.mark.parametrize(("one", "other"), [("劉國峯", "刘国峰"), ("裏衛", "里卫"), ("阿·依", "阿依")])
def test_variant_characters_are_a_reason_of_their_own(one, other):
    (reason,) = compare([child(1, one)], [child(1, other)])["reason"]

    assert reason == "姓名异体字"


@pytest.mark.parametrize("nameless", [(0,), (1,), (0, 1)])
def test_where_a_side_has_no_names_they_are_not_said_to_differ(nameless):
    sides = [
        [child(1, None if place in nameless else "甲春梅") | more] for place, more in enumerate(({}, {"sex": "男"}))
    ]

    (reason,) = compare(*sides)["reason"]

    assert reason == "性别不同"


def test_twins_are_two_children():
    """Same birthday, one character apart, each with a number that is right in itself."""
    rows = compare([child(1, "甲春梅")], [child(2, "甲春兰")])

    assert sorted(rows["outcome"]) == sorted([LEFT, RIGHT])


@pytest.mark.parametrize("seen", ["甲*梅", "甲**", "甲某某", "甲某", "*春梅", "甲春*"])
def test_a_name_with_characters_hidden_fits_what_is_seen_of_it(seen):
    whole, other = child(1, "甲春梅"), child(2, "丁夏竹")
    fits = seen != "甲某"  # two characters are no three
    (row,) = compare([whole | {"name": seen}], [whole, other]).query("outcome != @RIGHT").to_dict("records")

    assert (row["outcome"], row["right"]) == (AGREES if fits else REVIEW, OWN + 2)


@pytest.mark.parametrize("name", ["甲*梅", "甲**", "*春梅"])
def test_name_and_number_both_hidden_are_looked_up_and_never_taken_for_certain(name):
    whole = child(1, "甲春梅")
    others = [child(2, "甲春兰"), child(3, "乙夏竹"), child(4, "甲春梅", "2012-05-01")]
    number = whole["id_no"]
    listed = people([{"name": name}]).assign(legible=pd.array([f"{number[:6]}*{number[-4:]}"], dtype="str"))
    rows = matching.compare(TOWN, HELD, PUSHED, listed, people([*others, whole], OWN)).rows
    (row,) = rows[rows["outcome"] != RIGHT].to_dict("records")

    assert (row["outcome"], row["reason"], row["right"]) == (REVIEW, "证件号码缺失", OWN + 5)


def test_the_better_pair_wins_and_the_others_are_counted():
    listed = {"name": "甲春梅", "school": "示例中学"}
    rows = compare(
        [listed],
        [child(1, "甲春梅", "2010-01-01"), child(2, "甲春梅", school="示例中学"), child(3, "甲春梅", "2012-01-01")],
    )

    (row,) = rows[rows["outcome"] == REVIEW].to_dict("records")
    assert row["right"] == OWN + 3
    assert "另有2人也相近" in row["diff"]


def test_one_child_twice_on_a_list_is_said_once():
    again = BASE | {"id_no": swapped(BASE["id_no"], 15)}
    rows = compare([BASE, BASE, again], [BASE])

    assert Counter(rows["outcome"]) == {AGREES: 1, REVIEW: 2}
    assert set(rows.loc[rows["outcome"] == REVIEW, "reason"]) == {"重复"}


def test_who_is_on_one_list_only_gets_the_reason_that_can_be_seen():
    rows = compare(
        [
            child(1, "甲一一"),
            child(2, "甲二二", "2006-01-01"),
            {"name": "甲三三"},
            child(4, "甲四四") | {"id_no": "99000120110315"},
        ],
        [],
    )

    assert dict(zip(rows["name"], rows["reason"], strict=True)) == {
        "甲一一": "仅一方有",
        "甲二二": "超龄",
        "甲三三": "证件缺失",
        "甲四四": "证件号码有误",
    }


def test_names_sound_alike_under_any_reading():
    assert pairing.name_likeness("曾晓", "增小") == pairing.SOUND
    assert pairing.name_likeness("张三", "章山") == pairing.SOUND
    assert pairing.name_likeness("甲春梅", "甲春") == pairing.CLOSE
    assert pairing.name_likeness("甲春", "甲夏") == pairing.OTHER, "of two characters one is too little"


# --- the township's own lists -----------------------------------------------------------------------------------------
def census_row(key, name, status, **more):
    return {"student_key": key, "name": name, "study_status": status, "birth_date": dt.date(2011, 3, 15)} | more


def roster_row(key, name, status="在读", **more):
    return {"student_key": key, "name": name, "status": status, "village_code": "SLC001"} | more


def own(rows, **more):
    found = matching.own(handmade.town(rows, homes=("甲小学", "乙小学"), **more), HELD)
    return {one.kind: one.rows for one in found}


def test_census_and_rosters_each_child_once_with_what_the_lists_say():
    rows = own(
        {
            "census": [
                census_row("K1", "甲一", "本镇在读"),
                census_row("K2", "甲二", "镇外在读", proof="学籍截图"),
                census_row("K3", "甲三", "镇外在读", proof="无"),
                census_row("K4", "甲四", "本镇在读", id_no=child(4, "")["id_no"]),
                census_row("K5", "甲五", "学前"),
                census_row("K7", "甲七", "本镇在读"),
            ],
            "roster": {
                "甲小学": [
                    roster_row("K1", "甲一", "已转出"),
                    roster_row("K6", "甲六", village_code=None),
                    roster_row("K7", "甲七"),
                ],
                "乙小学": [roster_row("K1", "甲一"), roster_row("K7", "甲七")],
            },
        }
    )["户籍-学籍"]
    said = {row["name"]: (row["outcome"], row["reason"], row["where"]) for row in rows.to_dict("records")}

    assert said == {
        "甲一": (AGREES, "相符", "乙小学"),
        "甲二": (LEFT, "镇外在读有证明", "镇外在读有证明"),
        "甲三": (LEFT, "镇外在读无证明", "镇外在读无证明"),
        "甲四": (LEFT, "仅一方有", ""),
        "甲五": (LEFT, "未到龄", "未到龄"),
        "甲六": (RIGHT, "户籍不在本镇", "甲小学 户籍不在本镇"),
        "甲七": (REVIEW, "重复学籍", "甲小学"),
    }


def test_ageing_runs_from_the_day_it_was_found_and_ends_when_struck_off():
    day = dt.date(2023, 10, 1)
    rows = own(
        {
            "census": [census_row(key, f"甲{key}", "本镇在读") for key in ("K1", "K2", "K3", "K4")],
            "match": [
                {"match_type": "户籍-学籍", "student_key": "K1", "found": day},
                {"match_type": "户籍-学籍", "student_key": "K2", "found": day, "closed": day, "close_type": "死亡"},
                {"match_type": "上级推送", "student_key": "K3", "found": day, "closed": day},
                {"match_type": "户籍-学籍", "student_key": "K4", "found": day, "closed": dt.date(2023, 11, 5)},
            ],
        }
    )["户籍-学籍"].set_index("student_key")

    assert rows["days"].to_dict() == {"K1": 30, "K2": 30, "K3": 0, "K4": 30}
    assert rows["reason"].to_dict() == {"K1": "证件缺失", "K2": "已销号", "K3": "证件缺失", "K4": "证件缺失"}
    assert rows.loc["K2", "diff"].startswith("已销号：死亡")


def test_reasons_suggest_only_what_the_code_list_has():
    known = default().codes["close_type"].names

    assert {reason.close_type for reason in REASONS.values()} - {""} <= set(known)
    assert set(child_lists.STATUS) == set(default().codes["roster_status"].names)
    assert set(child_lists.STUDY) <= set(default().codes["study_status"].names)
