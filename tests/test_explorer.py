"""The tables of a live page as they are offered to sort, search and download; test_serve.py uses them in a browser."""

from kongchuo.measures import Measure
from kongchuo.reports.display import Badge, Details, Section, Table, explorer

CLASSES = Table(
    ("班级", "人数", "出勤率"), (("甲班", 12, Measure("D10", "出勤率", 11, 12)), ("乙班", 9, None)), caption="各班"
)


def test_every_table_with_rows_is_found_behind_a_summary_too():
    hidden = Details("有问题的行", (Table(("行",), ((3,),)), Table(("行",), ())))
    found = explorer.tables([Section("出勤", (CLASSES, hidden, CLASSES), 3), Section("空", (Table(("列",), ()),))])

    assert list(found) == ["三、出勤：各班", "三、出勤：有问题的行", "三、出勤：各班（3）"]
    assert found["三、出勤：各班"] is CLASSES


def test_numbers_sort_as_numbers_and_a_rate_keeps_its_counts():
    shown = explorer.frame(CLASSES)

    assert shown["人数"].tolist() == [12, 9]
    assert shown["出勤率"].tolist()[0].endswith("（11/12）")
    assert shown["出勤率"].tolist()[1] == "—"


def test_a_badge_is_its_word():
    assert explorer.frame(Table(("状态",), ((Badge("bad", "超期"),),)))["状态"].tolist() == ["超期"]
