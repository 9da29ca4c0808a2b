"""What people type for a class, and identity numbers by the standard."""

import pandas as pd
import pytest

from kongchuo.facts import identity
from kongchuo.facts.references import class_label


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("七(1)班", "七(1)班"),
        ("七1班", "七(1)班"),
        ("7(1)班", "七(1)班"),
        ("七（1）班", "七(1)班"),
        ("七年级1班", "七(1)班"),
        ("七年级（１）班", "七(1)班"),
        ("七 年级 1 班", "七(1)班"),
        ("7.1班", "七(1)班"),
        ("7-1", "七(1)班"),
        ("七（一）班", "七(1)班"),
        ("初一(1)班", "七(1)班"),
        ("九12班", "九(12)班"),
        ("九(十二)班", "九(12)班"),
        ("三(二十)班", "三(20)班"),
        ("七年级", "七年级"),
        ("火箭班", "火箭班"),
        ("初四(1)班", "初四(1)班"),
        ("SLZ01-2023-01", "SLZ01-2023-01"),
        ("", ""),
    ],
)
def test_class_label(typed, label):
    assert class_label(typed) == label


def test_identity_numbers():
    numbers = pd.Series(
        ["990000201103150205", "99000020110509012X", "990000201013010218", "99000020110315020", None], dtype="str"
    )

    assert identity.well_formed(numbers).tolist() == [True, True, True, False, False]
    assert identity.check_right(numbers).tolist() == [True, True, False, False, False]
    assert identity.birth(numbers).dt.strftime("%Y-%m-%d").tolist()[:2] == ["2011-03-15", "2011-05-09"]
    assert identity.birth(numbers).isna().tolist() == [False, False, True, True, True]
    assert identity.sex(numbers).tolist()[:3] == ["女", "女", "男"]
    assert identity.check_right(numbers.iloc[:0]).empty
    odd = [
        "99000020110230021X",
        "990000201113150212",
        "99000020110509012x",
        "9900002011０509012X",
        "99000020110509012XX",
    ]
    odd = pd.Series(odd, dtype="str")
    assert identity.well_formed(odd).tolist() == [True, True, False, False, False]
    assert identity.birth(odd).isna().all()
    assert identity.sex(odd).isna().tolist() == [False, False, True, True, True]
