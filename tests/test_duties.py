"""Who answers for what: however people write it, one answer for rules and figures."""

import datetime as dt

import pandas as pd
import pytest

import handmade
from kongchuo.facts import duty
from kongchuo.figures import duty as bonds
from kongchuo.rules import judging
from ruletables import POLICY

DAY = dt.date(2023, 10, 31)
REGISTRY = {
    "school": [
        {
            "school_code": "JJ",
            "school_name": "甲小学",
            "school_alias": "甲小",
            "stage": "小学",
            "catchment": "C01、乙村",
        },
        {"school_code": "ZZ", "school_name": "示例镇中心学校", "stage": "中心学校"},
    ],
    "class": [
        {"school_code": "JJ", "class_id": "JJ-2020-01", "class_name": "四(1)班", "grade": 4, "head_teacher": "甲老师"},
        {"school_code": "JJ", "class_id": "JJ-2019-01", "class_name": "五(1)班", "grade": 5},
    ],
    "staff": [
        {"staff_id": "T1", "name": "甲老师", "active": True},
        {"staff_id": "T2", "name": "乙老师", "active": False, "to": "2023-10-10"},
    ],
    "village": [
        {"village_code": "C01", "village_name": "甲村", "contact": "己主任"},
        {"village_code": "C02", "village_name": "乙村", "contact": "庚主任"},
    ],
    "roster": {
        "甲小学": [
            {"student_key": "XS0000001", "name": "甲春梅", "class_id": "JJ-2020-01", "status": "在读"},
            {"student_key": "XS0000002", "name": "乙夏竹", "class_id": "五(1)班", "status": "在读"},
            {"student_key": "XS0000003", "name": "丙秋菊", "class_id": "JJ-2019-01", "status": "在读", "teacher": "T2"},
        ]
    },
}
BOND = {"school_year": handmade.YEAR, "staff_id": "T1", "from": "2023-09-01"}


def town(*bonds, **sheets):
    return handmade.town(REGISTRY | {"bond": [BOND | bond for bond in bonds]} | sheets)


def answered(made, kind, day=DAY):
    rows = duty.answering(made, day)
    rows = rows[rows["kind"] == kind]
    return sorted(zip(rows["unit"], rows["holder"], rows["via"], strict=True))


@pytest.mark.parametrize(
    ("bond", "target"),
    [
        ({"bond_type": "包学校", "target_type": "学校", "target_id": "JJ"}, "JJ"),
        ({"bond_type": "包学校", "target_type": "学校", "target_name": "甲小"}, "JJ"),  # by its name only
        ({"bond_type": "包年级", "target_type": "年级", "target_id": "JJ-4"}, "JJ-4"),
        ({"bond_type": "包年级", "target_type": "年级", "target_name": "甲小学四年级"}, "JJ-4"),
        ({"bond_type": "包年级", "target_type": "学校", "target_id": "甲小学"}, "JJ"),
        ({"bond_type": "包学生", "target_type": "班级", "target_id": "四(1)班"}, "JJ-2020-01"),
        ({"bond_type": "包学生", "target_id": "XS0000001"}, "XS0000001"),
        ({"bond_type": "包学生", "target_type": "学生", "target_name": "甲春梅"}, None),  # others may bear the name
        ({"bond_type": "包家长", "target_type": "行政村", "target_name": "乙村"}, "C02"),
    ],
)
def test_a_target_is_known_by_number_or_name(bond, target):
    rows = duty.bonds(town(bond))
    assert [None if pd.isna(key) else key for key in rows["target"]] == [target]
    assert list(rows["home"]) == ["甲小学" if target and target != "C02" else ""]


def test_a_village_may_answer_for_itself_and_a_stranger_keeps_the_name_that_was_typed():
    kinds = {"bond_type": "包家长", "target_type": "行政村", "target_id": "C02"}
    rows = duty.bonds(town(*(kinds | {"staff_id": who} for who in ("C02", "庚主任", "甲老师", "无名氏"))))
    assert list(rows["holder"]) == ["C02", "C02", "T1", "无名氏"]
    assert list(rows["officer"]) == [True, True, False, False]
    assert list(rows["name"].fillna("")) == ["庚主任", "庚主任", "甲老师", ""]


def test_a_bond_holds_from_its_first_to_its_last_day_and_not_in_another_year():
    kinds = {"bond_type": "包学校", "target_id": "JJ"}
    made = town(
        kinds | {"to": "2023-10-10"},
        kinds | {"staff_id": "T2", "from": "2023-10-11"},
        kinds | {"staff_id": "T2", "school_year": "2022-2023"},
    )
    assert answered(made, duty.SCHOOLS, dt.date(2023, 10, 10)) == [("JJ", "T1", "包保责任")]
    assert answered(made, duty.SCHOOLS, dt.date(2023, 10, 11)) == [("JJ", "T2", "包保责任")]
    assert list(duty.held_on(made, DAY)["left"]) == [pd.Timestamp("2023-10-10")]


def test_whoever_holds_a_school_holds_its_grades():
    made = town({"bond_type": "包年级", "target_type": "学校", "target_id": "JJ"})
    assert answered(made, duty.GRADES) == [("JJ-4", "T1", "包保责任"), ("JJ-5", "T1", "包保责任")]


def test_a_pupil_is_held_by_roster_bond_or_class_teacher():
    made = town({"bond_type": "包学生", "target_type": "学生", "target_id": "XS0000001", "staff_id": "T2"})
    assert answered(made, duty.PUPILS) == [
        ("XS0000001", "T1", "班主任"),
        ("XS0000001", "T2", "包保责任"),
        ("XS0000003", "T2", "学生花名册"),
    ]


def test_rule_and_figure_agree_on_a_bond_that_names_its_school_only():
    """They read it each in its own way once, and the page said 0/1 while the rule was content."""
    made = town(
        {"bond_type": "包学校", "target_type": "学校", "target_name": "甲小学"},
        {"bond_type": "包年级", "target_type": "年级", "target_name": "甲小学四年级"},
        {"bond_type": "包年级", "target_type": "年级", "target_name": "甲小学五年级"},
        {"bond_type": "包家长", "target_name": "甲村"},
        {"bond_type": "包家长", "target_name": "乙村"},
    )
    scope = handmade.scope(made)
    for figure in (bonds.schools_bonded, bonds.grades_bonded, bonds.villages_bonded):
        total = figure(scope).total
        assert (total.numerator, total.denominator) in ((1, 1), (2, 2)), figure.__name__
    assert judging.judge(made, POLICY).of("G01", "G02", "G04") == ()


def test_signed_knows_both_parties_by_any_name():
    rows = duty.signed(
        town(
            pledge=[
                {"pledge_type": "中心校-学校", "party_a": "示例镇中心校", "party_b": "甲小"},
                {"pledge_type": "学校-班主任", "party_a": "甲小学", "party_b": "甲老师", "signed": "2023-09-06"},
                {"pledge_type": "学校-村", "party_a": "JJ", "party_b": "某村", "party_b_id": "C02"},
                {"pledge_type": "学校-村", "party_a": "JJ", "party_b": "某村", "school_year": "2022-2023"},
            ]
        )
    )
    assert list(zip(rows["school"], rows["other"], strict=True)) == [("ZZ", "JJ"), ("JJ", "T1"), ("JJ", "C02")]
